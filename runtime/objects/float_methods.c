// float_methods.c: the methods of float.
//
// All work on numbers that never change.
// Mirrors Objects/floatobject.c (CPython 3.13); departs: no fromhex.

#include "rtcore_long.h"

#include "rt_errors.h"
#include "rtcore_format.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static RtObject *
float_is_integer(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    double value = RtFloat_VALUE(self);
    return RtBool_FromInt(isfinite(value) && floor(value) == value);
}

static RtObject *
float_self(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return RtFloat_FromDouble(RtFloat_VALUE(self));
}

// 0, or -1 with the exception that CPython raises for what no int can be.
static int
check_finite(double value, const char *what)
{
    if (isfinite(value)) {
        return 0;
    }
    RtErr_Format(isnan(value) ? &RtExc_ValueError : &RtExc_OverflowError,
                 "cannot convert %s to %s",
                 isnan(value) ? (*what == 'i' ? "float NaN" : "NaN")
                              : (*what == 'i' ? "float infinity"
                                              : "Infinity"), what);
    return -1;
}

static RtObject *
to_int(double value)
{
    return check_finite(value, "integer") < 0 ? NULL
                                              : RtLong_FromDouble(value);
}

static RtObject *
float_trunc(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return to_int(trunc(RtFloat_VALUE(self)));
}

static RtObject *
float_floor(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return to_int(floor(RtFloat_VALUE(self)));
}

static RtObject *
float_ceil(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return to_int(ceil(RtFloat_VALUE(self)));
}

static RtObject *
float_as_integer_ratio(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    double value = RtFloat_VALUE(self);
    if (!isfinite(value)) {
        RtErr_Format(isnan(value) ? &RtExc_ValueError : &RtExc_OverflowError,
                     "cannot convert %s to integer ratio",
                     isnan(value) ? "NaN" : "Infinity");
        return NULL;
    }
    int exponent;
    double mantissa = frexp(value, &exponent);
    for (int i = 0; i < 300 && mantissa != floor(mantissa); i++) {
        mantissa *= 2.0;
        exponent--;
    }
    RtObject *items[2] = {
        RtLong_FromDouble(mantissa), RtLong_FromInt64(1),
    };
    int scaled = exponent > 0 ? 0 : 1;
    RtObject *shifted = items[0] == NULL ? NULL
        : RtLong_ShiftLeft(items[scaled], (size_t)abs(exponent));
    if (shifted == NULL) {
        Rt_XDECREF(items[0]);
        return NULL;
    }
    Rt_DECREF(items[scaled]);
    items[scaled] = shifted;
    RtObject *pair = RtTuple_FromArray(items, 2);
    Rt_DECREF(items[0]);
    Rt_DECREF(items[1]);
    return pair;
}

// To a multiple of 10**n, n > 0.
static double
round_to_power(double value, int n)
{
    char text[DBL_DIG + 32];
    int size = snprintf(text, sizeof(text), "%.16e", fabs(value));
    int exponent = atoi((char *)memchr(text, 'e', (size_t)size) + 1);
    // Of the digits before the point all but n stay.
    int digits = exponent + 1 - n;
    if (digits < 0) {
        return copysign(0.0, value);
    }
    if (digits == 0) {
        // One half of 10**n rounds to even, which is 0.
        double unit = pow(10.0, n);
        return copysign(fabs(value) > unit / 2 ? unit : 0.0, value);
    }
    if (digits > DBL_DIG + 2) {
        return value;
    }
    snprintf(text, sizeof(text), "%.*e", digits - 1, value);
    return strtod(text, NULL);
}

static RtObject *
round_to_digits(double value, int64_t n)
{
    if (!isfinite(value) || value == 0.0 || n > 323) {
        return RtFloat_FromDouble(value);
    }
    if (n < -310) {
        return RtFloat_FromDouble(copysign(0.0, value));
    }
    double result;
    if (n < 0) {
        result = round_to_power(value, (int)-n);
    }
    else {
        char text[DBL_MAX_10_EXP + 340];
        snprintf(text, sizeof(text), "%.*f", (int)n, value);
        result = strtod(text, NULL);
    }
    if (isinf(result)) {
        RtErr_SetString(&RtExc_OverflowError,
                        "rounded value too large to represent");
        return NULL;
    }
    return RtFloat_FromDouble(result);
}

static RtObject *
float_round(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    double value = RtFloat_VALUE(self);
    if (nargs == 0 || args[0] == Rt_None) {
        // rint() rounds ties to even.
        return to_int(isfinite(value) ? rint(value) : value);
    }
    RtObject *digits = RtNumber_Index(args[0]);
    if (digits == NULL) {
        return NULL;
    }
    int64_t n = RtLong_VALUE(digits);
    Rt_DECREF(digits);
    return round_to_digits(value, n);
}

// 0x1.8p+1
static RtObject *
float_hex(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    double value = RtFloat_VALUE(self);
    if (!isfinite(value)) {
        return RtObject_Repr(self);
    }
    const char *sign = signbit(value) ? "-" : "";
    if (value == 0.0) {
        return RtStr_FromFormat("%s0x0.0p+0", sign);
    }
    int exponent;
    (void)frexp(value, &exponent);
    exponent = exponent < DBL_MIN_EXP ? DBL_MIN_EXP - 1 : exponent - 1;
    double mantissa = ldexp(fabs(value), -exponent);
    int lead = (int)mantissa;
    uint64_t rest = (uint64_t)ldexp(mantissa - lead, 52);
    return RtStr_FromFormat("%s0x%d.%013llxp%+d", sign, lead,
                            (unsigned long long)rest, exponent);
}

RtMethodDef rt_float_methods[] = {
    {"as_integer_ratio", float_as_integer_ratio, 0, 0},
    {"conjugate", float_self, 0, 0},
    {"hex", float_hex, 0, 0},
    {"is_integer", float_is_integer, 0, 0},
    {"__ceil__", float_ceil, 0, 0},
    {"__format__", RtFormat_Method, 1, 1},
    {"__float__", float_self, 0, 0},
    {"__floor__", float_floor, 0, 0},
    {"__int__", float_trunc, 0, 0},
    {"__round__", float_round, 0, 1},
    {"__trunc__", float_trunc, 0, 0},
    {NULL, NULL, 0, 0},
};

static RtObject *
float_real(RtObject *self)
{
    return RtFloat_FromDouble(RtFloat_VALUE(self));
}

static RtObject *
float_imag(RtObject *self)
{
    (void)self;
    return RtFloat_FromDouble(0.0);
}

const RtGetSetDef rt_float_getset[] = {
    {"real", float_real, NULL},
    {"imag", float_imag, NULL},
    {NULL, NULL, NULL},
};

RtMethodDef rt_float_class_methods[] = {
    {NULL, NULL, 0, 0},
};

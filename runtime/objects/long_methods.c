// long_methods.c: the methods of int.
//
// All work on numbers that never change.
// Mirrors Objects/longobject.c (CPython 3.13); departs: to_bytes and from_bytes
// take bytes only.

#include "rtcore_long.h"

#include "rt_errors.h"
#include "rtcore_format.h"

#include <string.h>

static RtObject *
long_self(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return RtLong_Exact(self);
}

static RtObject *
long_float(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    double value = RtLong_ToDouble(self);
    return RtErr_Occurred() != NULL ? NULL : RtFloat_FromDouble(value);
}

static RtObject *
long_bit_length(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    RtLongView view;
    RtLong_GetView(self, &view);
    return RtLong_FromInt64((int64_t)RtLong_NumBits(&view));
}

static RtObject *
long_bit_count(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    RtLongView view;
    RtLong_GetView(self, &view);
    int64_t count = 0;
    for (ssize_t i = 0; i < view.size; i++) {
        count += __builtin_popcountll(view.limb[i]);
    }
    return RtLong_FromInt64(count);
}

static RtObject *
long_as_integer_ratio(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    RtObject *items[2] = { RtLong_Exact(self), RtLong_FromInt64(1) };
    if (items[0] == NULL) {
        return NULL;
    }
    RtObject *pair = RtTuple_FromArray(items, 2);
    Rt_DECREF(items[0]);
    return pair;
}

static RtObject *
long_is_integer(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)args, (void)nargs;
    return Rt_True;
}

// round(x, -n): to a multiple of 10**n, ties to even.
static RtObject *
round_to_power(RtObject *self, RtObject *digits)
{
    RtObject *n = RtLong_Type.nb_negative(digits);
    RtObject *unit = n == NULL ? NULL
                     : RtLong_Power(RtLong_FromInt64(10), n, NULL);
    Rt_XDECREF(n);
    RtObject *q = NULL;
    RtObject *r = NULL;
    RtObject *twice = NULL;
    RtObject *result = NULL;
    if (unit != NULL && RtLong_DivmodBig(self, unit, &q, &r) == 0) {
        twice = RtLong_Type.nb_add(r, r);
    }
    if (twice != NULL) {
        int order = RtLong_Compare(twice, unit);
        RtLongView view;
        RtLong_GetView(q, &view);
        bool odd = view.size > 0 && (view.limb[0] & 1) != 0;
        RtObject *down = RtLong_Type.nb_subtract(self, r);
        bool up = order > 0 || (order == 0 && odd);
        result = down != NULL && up ? RtLong_Type.nb_add(down, unit)
                                    : Rt_XNewRef(down);
        Rt_XDECREF(down);
    }
    Rt_XDECREF(unit);
    Rt_XDECREF(q);
    Rt_XDECREF(r);
    Rt_XDECREF(twice);
    return result;
}

static RtObject *
long_round(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    if (nargs == 0 || args[0] == Rt_None) {
        return RtLong_Exact(self);
    }
    RtObject *digits = RtNumber_Index(args[0]);
    if (digits == NULL) {
        return NULL;
    }
    RtObject *result = RtLong_VALUE(digits) >= 0
        ? RtLong_Exact(self) : round_to_power(self, digits);
    Rt_DECREF(digits);
    return result;
}

RtMethodDef rt_long_methods[] = {
    {"as_integer_ratio", long_as_integer_ratio, 0, 0},
    {"bit_count", long_bit_count, 0, 0},
    {"bit_length", long_bit_length, 0, 0},
    {"conjugate", long_self, 0, 0},
    {"is_integer", long_is_integer, 0, 0},
    {"to_bytes", RT_KEYWORDS(RtLong_ToBytesMethod), 0, RT_METH_KEYWORDS},
    {"__ceil__", long_self, 0, 0},
    {"__format__", RtFormat_Method, 1, 1},
    {"__float__", long_float, 0, 0},
    {"__floor__", long_self, 0, 0},
    {"__index__", long_self, 0, 0},
    {"__int__", long_self, 0, 0},
    {"__round__", long_round, 0, 1},
    {"__trunc__", long_self, 0, 0},
    {NULL, NULL, 0, 0},
};

static RtObject *
long_value(RtObject *self)
{
    return RtLong_Exact(self);
}

static RtObject *
long_zero(RtObject *self)
{
    (void)self;
    return RtLong_FromInt64(0);
}

static RtObject *
long_one(RtObject *self)
{
    (void)self;
    return RtLong_FromInt64(1);
}

const RtGetSetDef rt_long_getset[] = {
    {"real", long_value, NULL},
    {"imag", long_zero, NULL},
    {"numerator", long_value, NULL},
    {"denominator", long_one, NULL},
    {NULL, NULL, NULL},
};

RtMethodDef rt_long_class_methods[] = {
    {"from_bytes", RT_KEYWORDS(RtLong_FromBytesMethod), 0, RT_METH_KEYWORDS},
    {NULL, NULL, 0, 0},
};

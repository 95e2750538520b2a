// float.c: float.
//
// A double that never changes.
// Mirrors Objects/floatobject.c (CPython 3.13); departs: no free list; without
// complex numbers a fractional power of a negative number is a ValueError.

#include "rtcore_long.h"

#include "rt_errors.h"
#include "rtcore_bytes.h"
#include "rtcore_type.h"

#include <float.h>
#include <math.h>

static RtObject *
float_of_type(RtTypeObject *type, double value)
{
    RtFloatObject *op = (RtFloatObject *)RtObject_New(type, 0);
    if (op != NULL) {
        op->value = value;
    }
    return (RtObject *)op;
}

RtObject *
RtFloat_FromDouble(double value)
{
    return float_of_type(&RtFloat_Type, value);
}

// What op.__float__() says. 1, 0 if it has none, -1.
static int
by_method(RtObject *op, double *value)
{
    RtObject *result;
    int found = RtObject_CallSpecial(op, rt_name_float, &result);
    if (found <= 0) {
        return found;
    }
    bool is_float = RtFloat_Check(result);
    if (is_float) {
        *value = RtFloat_VALUE(result);
    }
    else {
        RtErr_Format(&RtExc_TypeError,
                     "%s.__float__ returned non-float (type %s)",
                     Rt_TYPE(op)->tp_name, Rt_TYPE(result)->tp_name);
    }
    Rt_DECREF(result);
    return is_float ? 1 : -1;
}

double
RtFloat_AsDouble(RtObject *op)
{
    if (RtFloat_Check(op)) {
        return RtFloat_VALUE(op);
    }
    if (RtLong_CheckExact(op)) {
        return RtLong_ToDouble(op);
    }
    double value;
    int found = by_method(op, &value);
    if (found != 0) {
        return found < 0 ? -1.0 : value;
    }
    if (!RtIndex_Check(op)) {
        RtErr_Format(&RtExc_TypeError, "must be real number, not %s",
                     Rt_TYPE(op)->tp_name);
        return -1.0;
    }
    RtObject *number = RtNumber_Index(op);
    if (number == NULL) {
        return -1.0;
    }
    value = RtLong_ToDouble(number);
    Rt_DECREF(number);
    return value;
}

// ---------------------------------------------------------------------------
// Arithmetic.

// 1: a double, 0: no number, -1: it does not fit.
static inline int
to_double(RtObject *op, double *value)
{
    if (RtFloat_Check(op)) {
        *value = RtFloat_VALUE(op);
        return 1;
    }
    if (!RtLong_Check(op)) {
        return 0;
    }
    *value = RtLong_ToDouble(op);
    return *value == -1.0 && RtErr_Occurred() != NULL ? -1 : 1;
}

// 0, or leaves the function.
#define OPERANDS(a, b, x, y) \
    do { \
        int rt_status = to_double(a, &(x)); \
        if (rt_status > 0) { \
            rt_status = to_double(b, &(y)); \
        } \
        if (rt_status <= 0) { \
            return rt_status == 0 ? Rt_NotImplemented : NULL; \
        } \
    } while (0)

static RtObject *
float_add(RtObject *a, RtObject *b)
{
    double x;
    double y;
    OPERANDS(a, b, x, y);
    return RtFloat_FromDouble(x + y);
}

static RtObject *
float_subtract(RtObject *a, RtObject *b)
{
    double x;
    double y;
    OPERANDS(a, b, x, y);
    return RtFloat_FromDouble(x - y);
}

static RtObject *
float_multiply(RtObject *a, RtObject *b)
{
    double x;
    double y;
    OPERANDS(a, b, x, y);
    return RtFloat_FromDouble(x * y);
}

static RtObject *
zero_division(const char *message)
{
    RtErr_SetString(&RtExc_ZeroDivisionError, message);
    return NULL;
}

static RtObject *
float_true_divide(RtObject *a, RtObject *b)
{
    double x;
    double y;
    OPERANDS(a, b, x, y);
    return y == 0.0 ? zero_division("float division by zero")
                    : RtFloat_FromDouble(x / y);
}

// The quotient rounded towards minus infinity, and a remainder with the sign
// of the divisor.
static void
divide(double x, double y, double *quotient, double *remainder)
{
    double mod = fmod(x, y);
    double div = (x - mod) / y;
    if (mod != 0.0 && (y < 0) != (mod < 0)) {
        mod += y;
        div -= 1.0;
    }
    else if (mod == 0.0) {
        mod = copysign(0.0, y);
    }
    if (div == 0.0) {
        *quotient = copysign(0.0, x / y);
    }
    else {
        *quotient = floor(div);
        if (div - *quotient > 0.5) {
            *quotient += 1.0;
        }
    }
    *remainder = mod;
}

static RtObject *
float_floor_divide(RtObject *a, RtObject *b)
{
    double x;
    double y;
    OPERANDS(a, b, x, y);
    if (y == 0.0) {
        return zero_division("float floor division by zero");
    }
    double quotient;
    double remainder;
    divide(x, y, &quotient, &remainder);
    return RtFloat_FromDouble(quotient);
}

static RtObject *
float_remainder(RtObject *a, RtObject *b)
{
    double x;
    double y;
    OPERANDS(a, b, x, y);
    if (y == 0.0) {
        return zero_division("float modulo by zero");
    }
    double mod = fmod(x, y);
    if (mod == 0.0) {
        mod = copysign(0.0, y);
    }
    else if ((y < 0) != (mod < 0)) {
        mod += y;
    }
    return RtFloat_FromDouble(mod);
}

static RtObject *
float_divmod(RtObject *a, RtObject *b)
{
    double x;
    double y;
    OPERANDS(a, b, x, y);
    if (y == 0.0) {
        return zero_division("float divmod()");
    }
    divide(x, y, &x, &y);
    RtObject *items[2] = { RtFloat_FromDouble(x), NULL };
    items[1] = items[0] == NULL ? NULL : RtFloat_FromDouble(y);
    RtObject *pair = items[1] == NULL ? NULL : RtTuple_FromArray(items, 2);
    Rt_XDECREF(items[0]);
    Rt_XDECREF(items[1]);
    return pair;
}

RtObject *
RtFloat_Power(double x, double y)
{
    if (x == 0.0 && y < 0.0) {
        return zero_division("0.0 cannot be raised to a negative power");
    }
    if (x < 0.0 && isfinite(x) && isfinite(y) && y != floor(y)) {
        RtErr_SetString(&RtExc_ValueError, "negative number cannot be "
                        "raised to a fractional power");
        return NULL;
    }
    double result = pow(x, y);
    if (isinf(result) && isfinite(x) && isfinite(y)) {
        RtErr_SetString(&RtExc_OverflowError,
                        "(34, 'Numerical result out of range')");
        return NULL;
    }
    return RtFloat_FromDouble(result);
}

static RtObject *
float_power(RtObject *a, RtObject *b)
{
    double x;
    double y;
    OPERANDS(a, b, x, y);
    return RtFloat_Power(x, y);
}

static RtObject *
float_negative(RtObject *op)
{
    return RtFloat_FromDouble(-RtFloat_VALUE(op));
}

static RtObject *
float_positive(RtObject *op)
{
    return RtFloat_CheckExact(op) ? Rt_NewRef(op)
                                  : RtFloat_FromDouble(RtFloat_VALUE(op));
}

static RtObject *
float_absolute(RtObject *op)
{
    return RtFloat_FromDouble(fabs(RtFloat_VALUE(op)));
}

static int
float_bool(RtObject *op)
{
    return RtFloat_VALUE(op) != 0.0;
}

// ---------------------------------------------------------------------------
// Protocol slots.

static RtObject *
float_repr(RtObject *op)
{
    char *text = RtFloat_ToText(RtFloat_VALUE(op), 'r', 0, false, true);
    if (text == NULL) {
        return NULL;
    }
    RtObject *result = RtStr_FromString(text);
    RtMem_Free(text);
    return result;
}

// Equal to that of an int of the same value.
static ssize_t
float_hash(RtObject *op)
{
    double value = RtFloat_VALUE(op);
    if (isnan(value)) {
        return RtBaseObject_Type.tp_hash(op);
    }
    if (isinf(value)) {
        return value > 0 ? 314159 : -314159;
    }
    const int bits = 61;
    const uint64_t modulus = ((uint64_t)1 << bits) - 1;
    int exponent;
    double m = frexp(fabs(value), &exponent);
    uint64_t x = 0;
    while (m != 0.0) {          // 28 bits at a time
        x = ((x << 28) & modulus) | x >> (bits - 28);
        m *= 268435456.0;
        exponent -= 28;
        uint64_t y = (uint64_t)m;
        m -= (double)y;
        x += y;
        if (x >= modulus) {
            x -= modulus;
        }
    }
    exponent = exponent >= 0 ? exponent % bits
                             : bits - 1 - (-1 - exponent) % bits;
    x = ((x << exponent) & modulus) | x >> (bits - exponent);
    ssize_t hash = value < 0 ? -(ssize_t)x : (ssize_t)x;
    return hash == -1 ? -2 : hash;
}

static RtObject *
float_richcompare(RtObject *a, RtObject *b, int op)
{
    if (!RtFloat_Check(a)) {
        return Rt_NotImplemented;
    }
    double x = RtFloat_VALUE(a);
    if (RtLong_Check(b)) {
        return isnan(x) ? RtBool_FromInt(op == RT_NE)
                        : RtCompare_Answer(-RtLong_CompareDouble(b, x), op);
    }
    if (!RtFloat_Check(b)) {
        return Rt_NotImplemented;
    }
    double y = RtFloat_VALUE(b);
    if (isnan(x) || isnan(y)) {
        return RtBool_FromInt(op == RT_NE);
    }
    return RtCompare_Answer((x > y) - (x < y), op);
}

static void
float_dealloc(RtObject *op)
{
    RtObject_Free(op);
}

// Takes the text of the bytes-like object x.
static RtObject *
from_bytes(RtTypeObject *type, RtObject *x, RtObject *text)
{
    RtObject *parsed = RtFloat_FromText(text);
    Rt_DECREF(text);
    if (parsed == NULL && RtErr_ExceptionMatches(&RtExc_ValueError)) {
        RtErr_Clear();
        RtObject *shown = RtObject_Repr(x);
        if (shown != NULL) {
            RtErr_Format(&RtExc_ValueError, "could not convert string to "
                         "float: %s", RtStr_AsUTF8(shown));
            Rt_DECREF(shown);
        }
    }
    if (parsed == NULL || type == &RtFloat_Type) {
        return parsed;
    }
    double value = RtFloat_VALUE(parsed);
    Rt_DECREF(parsed);
    return float_of_type(type, value);
}

// float(x)
static RtObject *
float_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    if (RtArg_CheckMax("float", nargs, 1) < 0) {
        return NULL;
    }
    double value = 0.0;
    if (nargs == 1 && RtStr_Check(args[0])) {
        RtObject *parsed = RtFloat_FromText(args[0]);
        if (parsed == NULL || type == &RtFloat_Type) {
            return parsed;
        }
        value = RtFloat_VALUE(parsed);
        Rt_DECREF(parsed);
    }
    else if (nargs == 1) {
        RtObject *x = args[0];
        if (type == &RtFloat_Type && RtFloat_CheckExact(x)) {
            return Rt_NewRef(x);
        }
        RtObject *text = RtBytes_AsText(x);
        if (text != NULL) {
            return from_bytes(type, x, text);
        }
        if (RtErr_Occurred() != NULL) {
            return NULL;
        }
        value = RtFloat_AsDouble(x);
        if (value == -1.0 && RtErr_Occurred() != NULL) {
            if (RtErr_ExceptionMatches(&RtExc_TypeError) &&
                !RtType_IsHeap(Rt_TYPE(x)))
            {
                RtErr_Format(&RtExc_TypeError, "float() argument must be a "
                             "string or a real number, not '%s'",
                             Rt_TYPE(x)->tp_name);
            }
            return NULL;
        }
    }
    return float_of_type(type, value);
}

RtTypeObject RtFloat_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "float",
    .tp_basicsize = sizeof(RtFloatObject),
    .tp_flags = RT_TPFLAGS_BASETYPE,
    .tp_dealloc = float_dealloc,
    .tp_repr = float_repr,
    .tp_hash = float_hash,
    .tp_richcompare = float_richcompare,
    .tp_new = float_new,
    .nb_add = float_add,
    .nb_subtract = float_subtract,
    .nb_multiply = float_multiply,
    .nb_floor_divide = float_floor_divide,
    .nb_remainder = float_remainder,
    .nb_true_divide = float_true_divide,
    .nb_power = float_power,
    .nb_divmod = float_divmod,
    .nb_negative = float_negative,
    .nb_positive = float_positive,
    .nb_absolute = float_absolute,
    .nb_bool = float_bool,
    .tp_methods = rt_float_methods,
    .tp_class_methods = rt_float_class_methods,
    .tp_getset = rt_float_getset,
};

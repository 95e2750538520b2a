// long_float.c: between ints and doubles, rounded as IEEE 754 has it.
//
// A quotient or a value of many bits is first cut to 64 bits, of which the last
// also tells whether anything below was cut off (sticky); so rounding to the
// nearest double, ties to even, happens once.
// Mirrors Objects/longobject.c (CPython 3.13); departs: none.

#include "rtcore_long.h"

#include "rt_errors.h"

#include <float.h>
#include <math.h>

// mantissa * 2**exponent as a double, ties to even. The lowest bit is sticky
// unless the value is exact.
static double
round_scaled(uint64_t mantissa, long exponent)
{
    if (mantissa == 0) {
        return 0.0;
    }
    long bits = 64 - __builtin_clzll(mantissa);
    long extra = bits - DBL_MANT_DIG;
    long lowest = DBL_MIN_EXP - DBL_MANT_DIG;   // exponent of subnormals
    if (exponent + extra < lowest) {
        extra = lowest - exponent;
    }
    if (extra > 64) {
        return 0.0;
    }
    if (extra > 0) {
        uint64_t half = (uint64_t)1 << (extra - 1);
        uint64_t rest = extra == 64 ? mantissa : mantissa & (2 * half - 1);
        mantissa = extra == 64 ? 0 : mantissa >> extra;
        mantissa += rest > half || (rest == half && (mantissa & 1) != 0);
        exponent += extra;
    }
    return exponent > 2000 ? HUGE_VAL
                           : ldexp((double)mantissa, (int)exponent);
}

// The upper 64 bits of a magnitude, and what to multiply them with.
static uint64_t
upper_bits(const RtLongView *view, long *exponent)
{
    size_t bits = RtLong_NumBits(view);
    *exponent = 0;
    if (bits <= 64) {
        return view->size == 0 ? 0 : view->limb[0];
    }
    size_t drop = bits - 64;
    size_t whole = drop / RT_LIMB_BITS;
    unsigned shift = drop % RT_LIMB_BITS;
    uint64_t top = view->limb[whole] >> shift;
    if (shift != 0) {
        top |= view->limb[whole + 1] << (RT_LIMB_BITS - shift);
    }
    *exponent = (long)drop;
    return top | RtLong_HasBitsBelow(view, drop);
}

double
RtLong_ToDouble(RtObject *op)
{
    if (RtLong_IsCompact(op)) {
        return (double)RtLong_VALUE(op);
    }
    RtLongView view;
    RtLong_GetView(op, &view);
    long exponent;
    uint64_t top = upper_bits(&view, &exponent);
    double value = round_scaled(top, exponent);
    if (isinf(value)) {
        RtErr_SetString(&RtExc_OverflowError,
                        "int too large to convert to float");
        return -1.0;
    }
    return view.negative ? -value : value;
}

RtObject *
RtLong_FromDouble(double value)
{
    if (value > -9223372036854775809.0 && value < 9223372036854775808.0) {
        return RtLong_FromInt64((int64_t)value);
    }
    int exponent;
    double mantissa = frexp(fabs(value), &exponent);
    int64_t bits = (int64_t)ldexp(mantissa, DBL_MANT_DIG);
    RtObject *base = RtLong_FromInt64(value < 0 ? -bits : bits);
    if (base == NULL) {
        return NULL;
    }
    RtObject *result =
        RtLong_ShiftLeft(base, (size_t)(exponent - DBL_MANT_DIG));
    Rt_DECREF(base);
    return result;
}

int
RtLong_CompareDouble(RtObject *op, double value)
{
    if (isinf(value)) {
        return value > 0 ? -1 : 1;
    }
    // Both exact as doubles.
    const int64_t limit = (int64_t)1 << DBL_MANT_DIG;
    if (RtLong_VALUE(op) <= limit && RtLong_VALUE(op) >= -limit) {
        double x = (double)RtLong_VALUE(op);
        return (x > value) - (x < value);
    }
    // Beyond 2**53 an integral part that differs decides; a double with a
    // fraction is smaller than that.
    if (fabs(value) < 9007199254740992.0) {
        return RtLong_VALUE(op) > 0 ? 1 : -1;
    }
    if (RtLong_IsCompact(op)) {
        if (value >= 9223372036854775808.0) {
            return -1;
        }
        if (value < -9223372036854775808.0) {
            return 1;
        }
        int64_t y = (int64_t)value;
        return (RtLong_VALUE(op) > y) - (RtLong_VALUE(op) < y);
    }
    // A big int: its upper bits, and whether there are more below.
    RtLongView view;
    RtLong_GetView(op, &view);
    if (view.negative != (value < 0)) {
        return view.negative ? -1 : 1;
    }
    int exponent;
    double mantissa = frexp(fabs(value), &exponent);
    size_t bits = RtLong_NumBits(&view);
    int order;
    if (bits != (size_t)exponent) {
        order = bits < (size_t)exponent ? -1 : 1;
    }
    else {
        size_t drop = bits - 64;
        size_t whole = drop / RT_LIMB_BITS;
        unsigned shift = drop % RT_LIMB_BITS;
        uint64_t top = view.limb[whole] >> shift;
        if (shift != 0) {
            top |= view.limb[whole + 1] << (RT_LIMB_BITS - shift);
        }
        uint64_t other = (uint64_t)ldexp(mantissa, 64);
        order = top != other ? (top < other ? -1 : 1)
                             : RtLong_HasBitsBelow(&view, drop);
    }
    return view.negative ? -order : order;
}

// ---------------------------------------------------------------------------
// a / b

static RtObject *
quotient_too_large(void)
{
    RtErr_SetString(&RtExc_OverflowError,
                    "integer division result too large for a float");
    return NULL;
}

// The magnitudes, scaled so that the quotient has 64 bits or a little less or
// more, are divided as ints.
static RtObject *
divide_scaled(RtObject *a, RtObject *b, bool negative)
{
    RtLongView x;
    RtLongView y;
    RtLong_GetView(a, &x);
    RtLong_GetView(b, &y);
    long shift = 62 - ((long)RtLong_NumBits(&x) - (long)RtLong_NumBits(&y));
    if (shift < -2100) {
        return quotient_too_large();
    }
    if (shift > 2100) {
        return RtFloat_FromDouble(negative ? -0.0 : 0.0);
    }
    RtObject *scaled = shift >= 0 ? RtLong_ShiftLeft(a, (size_t)shift)
                                  : RtLong_ShiftLeft(b, (size_t)-shift);
    if (scaled == NULL) {
        return NULL;
    }
    RtObject *q;
    RtObject *r;
    int status = RtLong_DivmodBig(shift >= 0 ? scaled : a,
                                  shift >= 0 ? b : scaled, &q, &r);
    Rt_DECREF(scaled);
    if (status < 0) {
        return NULL;
    }
    rt_assert(RtLong_IsCompact(q));
    uint64_t mantissa = (uint64_t)RtLong_VALUE(q);
    mantissa |= !RtLong_IsCompact(r) || RtLong_VALUE(r) != 0;
    Rt_DECREF(q);
    Rt_DECREF(r);
    double value = round_scaled(mantissa, -shift);
    if (isinf(value)) {
        return quotient_too_large();
    }
    return RtFloat_FromDouble(negative ? -value : value);
}

RtObject *
RtLong_TrueDivide(RtObject *a, RtObject *b)
{
    int64_t x = RtLong_VALUE(a);
    int64_t y = RtLong_VALUE(b);
    const int64_t limit = (int64_t)1 << DBL_MANT_DIG;
    if (y == 0) {
        RtErr_SetString(&RtExc_ZeroDivisionError, "division by zero");
        return NULL;
    }
    if (x <= limit && x >= -limit && y <= limit && y >= -limit) {
        return RtFloat_FromDouble((double)x / (double)y);
    }
    bool negative = (x < 0) != (y < 0);
    RtObject *left = x < 0 ? RtLong_NegateBig(a, false) : Rt_NewRef(a);
    RtObject *right = y < 0 ? RtLong_NegateBig(b, false) : Rt_NewRef(b);
    RtObject *result = left == NULL || right == NULL
        ? NULL : divide_scaled(left, right, negative);
    Rt_XDECREF(left);
    Rt_XDECREF(right);
    return result;
}

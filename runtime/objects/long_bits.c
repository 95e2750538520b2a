// long_bits.c: shifts, bitwise operations and powers of ints.
//
// Bitwise operations see negative ints as two's complement with endless sign
// bits; they work on copies of one limb more than the longer operand has.
// Mirrors Objects/longobject.c (CPython 3.13); departs: powers by squaring
// only, no windows.

#include "rtcore_long.h"

#include "rt_errors.h"

#include <gmp.h>
#include <string.h>

RtObject *
RtLong_ShiftLeft(RtObject *a, size_t n)
{
    RtLongView view;
    RtLong_GetView(a, &view);
    if (view.size == 0) {
        return RtLong_FromInt64(0);
    }
    if (n / RT_LIMB_BITS > RT_LONG_MAX_LIMBS) {
        return RtErr_NoMemory();
    }
    ssize_t whole = (ssize_t)(n / RT_LIMB_BITS);
    unsigned bits = n % RT_LIMB_BITS;
    ssize_t size = view.size + whole + 1;
    RtLongLimbs *limbs = RtLimbs_New(size);
    if (limbs == NULL) {
        return NULL;
    }
    memset(limbs->limb, 0, (size_t)whole * sizeof(uint64_t));
    uint64_t top = 0;
    if (bits != 0) {
        top = mpn_lshift((mp_limb_t *)limbs->limb + whole,
                         (const mp_limb_t *)view.limb, view.size, bits);
    }
    else {
        memcpy(limbs->limb + whole, view.limb,
               (size_t)view.size * sizeof(uint64_t));
    }
    limbs->limb[size - 1] = top;
    return RtLong_FromLimbs(limbs, size, view.negative);
}

// Rounds towards minus infinity.
RtObject *
RtLong_ShiftRight(RtObject *a, size_t n)
{
    RtLongView view;
    RtLong_GetView(a, &view);
    if (n >= RtLong_NumBits(&view)) {
        return RtLong_FromInt64(view.negative ? -1 : 0);
    }
    ssize_t whole = (ssize_t)(n / RT_LIMB_BITS);
    unsigned bits = n % RT_LIMB_BITS;
    ssize_t size = view.size - whole;
    RtLongLimbs *limbs = RtLimbs_New(size + 1);
    if (limbs == NULL) {
        return NULL;
    }
    if (bits != 0) {
        (void)mpn_rshift((mp_limb_t *)limbs->limb,
                         (const mp_limb_t *)view.limb + whole, size, bits);
    }
    else {
        memcpy(limbs->limb, view.limb + whole,
               (size_t)size * sizeof(uint64_t));
    }
    limbs->limb[size] = 0;
    if (view.negative && RtLong_HasBitsBelow(&view, n)) {
        (void)mpn_add_1((mp_limb_t *)limbs->limb, (mp_limb_t *)limbs->limb,
                        size + 1, 1);
    }
    return RtLong_FromLimbs(limbs, size + 1, view.negative);
}

// ---------------------------------------------------------------------------
// and, or, xor

// The two's complement of n limbs.
static void
to_complement(const RtLongView *view, mp_limb_t *to, ssize_t n)
{
    memset(to, 0, (size_t)n * sizeof(mp_limb_t));
    if (view->size > 0) {
        memcpy(to, view->limb, (size_t)view->size * sizeof(mp_limb_t));
    }
    if (view->negative) {
        (void)mpn_neg(to, to, n);
    }
}

static void
combine(mp_limb_t *to, const mp_limb_t *other, ssize_t n, char op)
{
    for (ssize_t i = 0; i < n; i++) {
        switch (op) {
        case '&': to[i] &= other[i]; break;
        case '|': to[i] |= other[i]; break;
        default: to[i] ^= other[i]; break;
        }
    }
}

RtObject *
RtLong_Bitwise(RtObject *a, RtObject *b, char op)
{
    RtLongView x;
    RtLongView y;
    RtLong_GetView(a, &x);
    RtLong_GetView(b, &y);
    ssize_t n = (x.size > y.size ? x.size : y.size) + 1;
    RtLongLimbs *left = RtLimbs_New(n);
    RtLongLimbs *right = left == NULL ? NULL : RtLimbs_New(n);
    if (right == NULL) {
        RtLimbs_Free(left);
        return NULL;
    }
    mp_limb_t *result = (mp_limb_t *)left->limb;
    to_complement(&x, result, n);
    to_complement(&y, (mp_limb_t *)right->limb, n);
    combine(result, (mp_limb_t *)right->limb, n, op);
    RtLimbs_Free(right);
    bool negative = result[n - 1] >> (RT_LIMB_BITS - 1) != 0;
    if (negative) {
        (void)mpn_neg(result, result, n);
    }
    return RtLong_FromLimbs(left, n, negative);
}

// ---------------------------------------------------------------------------
// Powers.

static RtObject *
multiply(RtObject *a, RtObject *b, RtObject *modulus)
{
    RtObject *product = RtLong_Type.nb_multiply(a, b);
    if (product == NULL || modulus == NULL) {
        return product;
    }
    RtObject *reduced = RtLong_Type.nb_remainder(product, modulus);
    Rt_DECREF(product);
    return reduced;
}

// *place = *place * factor. 0, or -1.
static int
multiply_into(RtObject **place, RtObject *factor, RtObject *modulus)
{
    RtObject *product = multiply(*place, factor, modulus);
    if (product == NULL) {
        return -1;
    }
    Rt_DECREF(*place);
    *place = product;
    return 0;
}

// From the top bit of the exponent down, so that no square is made in vain.
static RtObject *
power(RtObject *base, const RtLongView *exponent, RtObject *modulus)
{
    RtObject *result = multiply(RtLong_FromInt64(1), RtLong_FromInt64(1),
                                modulus);
    size_t bit = RtLong_NumBits(exponent);
    while (result != NULL && bit-- > 0) {
        uint64_t limb = exponent->limb[bit / RT_LIMB_BITS];
        bool set = (limb >> bit % RT_LIMB_BITS & 1) != 0;
        if (multiply_into(&result, result, modulus) < 0 ||
            (set && multiply_into(&result, base, modulus) < 0))
        {
            Rt_CLEAR(result);
        }
    }
    return result;
}

// x with base * x == 1 modulo modulus: Euclid's algorithm. NULL: ValueError.
static RtObject *
inverse(RtObject *base, RtObject *modulus)
{
    RtObject *r0 = Rt_NewRef(modulus);
    RtObject *r1 = RtLong_Type.nb_remainder(base, modulus);
    RtObject *x0 = RtLong_FromInt64(0);
    RtObject *x1 = RtLong_FromInt64(1);
    bool failed = r1 == NULL;
    while (!failed && RtLong_VALUE(r1) != 0) {
        RtObject *q;
        RtObject *r2;
        if (RtLong_DivmodBig(r0, r1, &q, &r2) < 0) {
            failed = true;
            break;
        }
        RtObject *step = RtLong_Type.nb_multiply(q, x1);
        RtObject *x2 = step == NULL ? NULL
                       : RtLong_Type.nb_subtract(x0, step);
        Rt_XDECREF(step);
        Rt_DECREF(q);
        if (x2 == NULL) {
            Rt_DECREF(r2);
            failed = true;
            break;
        }
        Rt_DECREF(r0);
        Rt_DECREF(x0);
        r0 = r1;
        x0 = x1;
        r1 = r2;
        x1 = x2;
    }
    bool unit = !failed && RtLong_IsCompact(r0) &&
                (RtLong_VALUE(r0) == 1 || RtLong_VALUE(r0) == -1);
    RtObject *result = NULL;
    if (unit) {
        result = RtLong_VALUE(r0) == 1 ? Rt_NewRef(x0)
                                       : RtLong_Type.nb_negative(x0);
    }
    else if (!failed) {
        RtErr_SetString(&RtExc_ValueError,
                        "base is not invertible for the given modulus");
    }
    Rt_DECREF(r0);
    Rt_XDECREF(r1);
    Rt_DECREF(x0);
    Rt_DECREF(x1);
    return result;
}

// With a modulus, or a modulus NULL and an exponent that is not negative.
RtObject *
RtLong_Power(RtObject *base, RtObject *exponent, RtObject *modulus)
{
    RtLongView view;
    RtLong_GetView(exponent, &view);
    if (modulus != NULL && RtLong_VALUE(modulus) == 0) {
        RtErr_SetString(&RtExc_ValueError, "pow() 3rd argument cannot be 0");
        return NULL;
    }
    if (!view.negative) {
        // Anything but 0, 1 and -1 to such a power fits no memory.
        bool tiny = RtLong_VALUE(base) >= -1 && RtLong_VALUE(base) <= 1;
        if (modulus == NULL && !tiny && view.size > 1) {
            return RtErr_NoMemory();
        }
        return power(base, &view, modulus);
    }
    rt_assert(modulus != NULL);
    RtObject *inverted = inverse(base, modulus);
    if (inverted == NULL) {
        return NULL;
    }
    RtObject *result = power(inverted, &view, modulus);
    Rt_DECREF(inverted);
    return result;
}

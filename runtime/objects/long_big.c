// long_big.c: arithmetic of ints that do not fit 64 bits.
//
// Magnitudes are arrays of limbs in blocks of our own allocator; GMP's mpn
// functions work on them. What is computed belongs to the computing thread
// until it is an int. (For operands of thousands of limbs GMP takes temporary
// memory of its own, and gives it back before it returns.)
// Mirrors Objects/longobject.c (CPython 3.13); departs: limbs of 64 bits, sign
// beside the magnitude, results beyond RT_LONG_MAX_LIMBS are MemoryError.

#include "rtcore_long.h"

#include "rt_errors.h"

#include <gmp.h>
#include <string.h>

_Static_assert(sizeof(mp_limb_t) == sizeof(uint64_t) && GMP_NAIL_BITS == 0,
               "a limb of GMP is one of ours");

static inline mp_limb_t *
limbs_of(RtLongLimbs *limbs)
{
    return (mp_limb_t *)limbs->limb;
}

static inline const mp_limb_t *
view_of(const RtLongView *view)
{
    return (const mp_limb_t *)view->limb;
}

void
RtLong_GetView(RtObject *op, RtLongView *view)
{
    const RtLongLimbs *limbs = ((RtLongObject *)op)->limbs;
    if (limbs != NULL) {
        view->limb = limbs->limb;
        view->size = limbs->size;
        view->negative = limbs->negative;
        return;
    }
    int64_t value = RtLong_VALUE(op);
    view->negative = value < 0;
    view->small = value < 0 ? -(uint64_t)value : (uint64_t)value;
    view->limb = &view->small;
    view->size = value != 0;
}

RtLongLimbs *
RtLimbs_New(ssize_t n)
{
    if (n > RT_LONG_MAX_LIMBS) {
        return RtErr_NoMemory();
    }
    RtLongLimbs *limbs =
        RtMem_Malloc(sizeof(RtLongLimbs) + (size_t)n * sizeof(uint64_t));
    return limbs != NULL ? limbs : RtErr_NoMemory();
}

void
RtLimbs_Free(RtLongLimbs *limbs)
{
    RtMem_Free(limbs);
}

// Whether the magnitude fits an int64_t with its sign, and which.
static bool
fits(const uint64_t *limb, ssize_t n, bool negative, int64_t *value)
{
    uint64_t magnitude = n == 0 ? 0 : limb[0];
    if (n > 1 || magnitude > (uint64_t)INT64_MAX + negative) {
        return false;
    }
    *value = (int64_t)(negative ? -magnitude : magnitude);
    return true;
}

RtObject *
RtLong_FromLimbs(RtLongLimbs *limbs, ssize_t n, bool negative)
{
    while (n > 0 && limbs->limb[n - 1] == 0) {
        n--;
    }
    int64_t value;
    if (fits(limbs->limb, n, negative, &value)) {
        RtLimbs_Free(limbs);
        return RtLong_FromInt64(value);
    }
    RtLongObject *op = (RtLongObject *)RtObject_New(&RtLong_Type, 0);
    if (op == NULL) {
        RtLimbs_Free(limbs);
        return NULL;
    }
    limbs->size = n;
    limbs->negative = negative;
    op->value = negative ? INT64_MIN : INT64_MAX;
    op->limbs = limbs;
    return (RtObject *)op;
}

RtObject *
RtLong_FromInt128(__int128 value)
{
    if (value >= INT64_MIN && value <= INT64_MAX) {
        return RtLong_FromInt64((int64_t)value);
    }
    RtLongLimbs *limbs = RtLimbs_New(2);
    if (limbs == NULL) {
        return NULL;
    }
    unsigned __int128 magnitude = (unsigned __int128)value;
    if (value < 0) {
        magnitude = -magnitude;
    }
    limbs->limb[0] = (uint64_t)magnitude;
    limbs->limb[1] = (uint64_t)(magnitude >> 64);
    return RtLong_FromLimbs(limbs, 2, value < 0);
}

int
RtLong_CompareMagnitudes(const RtLongView *a, const RtLongView *b)
{
    if (a->size != b->size) {
        return a->size < b->size ? -1 : 1;
    }
    return a->size == 0 ? 0 : mpn_cmp(view_of(a), view_of(b), a->size);
}

int
RtLong_CompareBig(RtObject *a, RtObject *b)
{
    RtLongView x;
    RtLongView y;
    RtLong_GetView(a, &x);
    RtLong_GetView(b, &y);
    if (x.negative != y.negative) {
        return x.negative ? -1 : 1;
    }
    int order = RtLong_CompareMagnitudes(&x, &y);
    return x.negative ? -order : order;
}

size_t
RtLong_NumBits(const RtLongView *view)
{
    if (view->size == 0) {
        return 0;
    }
    uint64_t top = view->limb[view->size - 1];
    return (size_t)view->size * RT_LIMB_BITS - (size_t)__builtin_clzll(top);
}

bool
RtLong_HasBitsBelow(const RtLongView *view, size_t n)
{
    size_t whole = n / RT_LIMB_BITS;
    for (size_t i = 0; i < whole && i < (size_t)view->size; i++) {
        if (view->limb[i] != 0) {
            return true;
        }
    }
    uint64_t mask = ((uint64_t)1 << n % RT_LIMB_BITS) - 1;
    return whole < (size_t)view->size && (view->limb[whole] & mask) != 0;
}

// ---------------------------------------------------------------------------
// Arithmetic.

// The sum of magnitudes, with a sign.
static RtObject *
add_magnitudes(const RtLongView *a, const RtLongView *b, bool negative)
{
    if (a->size < b->size) {
        const RtLongView *swap = a;
        a = b;
        b = swap;
    }
    RtLongLimbs *sum = RtLimbs_New(a->size + 1);
    if (sum == NULL) {
        return NULL;
    }
    sum->limb[a->size] = 0;
    if (b->size == 0) {
        memcpy(sum->limb, a->limb, (size_t)a->size * sizeof(uint64_t));
    }
    else {
        sum->limb[a->size] = mpn_add(limbs_of(sum), view_of(a), a->size,
                                     view_of(b), b->size);
    }
    return RtLong_FromLimbs(sum, a->size + 1, negative);
}

// |a| - |b|, negated on request.
static RtObject *
subtract_magnitudes(const RtLongView *a, const RtLongView *b, bool negative)
{
    int order = RtLong_CompareMagnitudes(a, b);
    if (order == 0) {
        return RtLong_FromInt64(0);
    }
    if (order < 0) {
        const RtLongView *swap = a;
        a = b;
        b = swap;
        negative = !negative;
    }
    RtLongLimbs *difference = RtLimbs_New(a->size);
    if (difference == NULL) {
        return NULL;
    }
    if (b->size == 0) {
        memcpy(difference->limb, a->limb,
               (size_t)a->size * sizeof(uint64_t));
    }
    else {
        (void)mpn_sub(limbs_of(difference), view_of(a), a->size, view_of(b),
                      b->size);
    }
    return RtLong_FromLimbs(difference, a->size, negative);
}

RtObject *
RtLong_AddBig(RtObject *a, RtObject *b, bool subtract)
{
    RtLongView x;
    RtLongView y;
    RtLong_GetView(a, &x);
    RtLong_GetView(b, &y);
    bool y_negative = y.negative != subtract;
    return x.negative == y_negative
        ? add_magnitudes(&x, &y, x.negative)
        : subtract_magnitudes(&x, &y, x.negative);
}

RtObject *
RtLong_MultiplyBig(RtObject *a, RtObject *b)
{
    RtLongView x;
    RtLongView y;
    RtLong_GetView(a, &x);
    RtLong_GetView(b, &y);
    if (x.size == 0 || y.size == 0) {
        return RtLong_FromInt64(0);
    }
    RtLongLimbs *product = RtLimbs_New(x.size + y.size);
    if (product == NULL) {
        return NULL;
    }
    if (x.size >= y.size) {
        (void)mpn_mul(limbs_of(product), view_of(&x), x.size, view_of(&y),
                      y.size);
    }
    else {
        (void)mpn_mul(limbs_of(product), view_of(&y), y.size, view_of(&x),
                      x.size);
    }
    return RtLong_FromLimbs(product, x.size + y.size,
                            x.negative != y.negative);
}

RtObject *
RtLong_NegateBig(RtObject *a, bool negative)
{
    RtLongView view;
    RtLong_GetView(a, &view);
    RtLongLimbs *limbs = RtLimbs_New(view.size);
    if (limbs == NULL) {
        return NULL;
    }
    memcpy(limbs->limb, view.limb, (size_t)view.size * sizeof(uint64_t));
    return RtLong_FromLimbs(limbs, view.size, negative);
}

// ---------------------------------------------------------------------------
// Division.

// Quotient and remainder of magnitudes, |a| >= |b|; q and r are large enough.
// Towards minus infinity if the signs differ.
static void
divide(const RtLongView *a, const RtLongView *b, RtLongLimbs *q,
       RtLongLimbs *r)
{
    ssize_t nq = a->size - b->size + 1;
    mpn_tdiv_qr(limbs_of(q), limbs_of(r), 0, view_of(a), a->size, view_of(b),
                b->size);
    q->limb[nq] = 0;
    if (a->negative != b->negative &&
        !mpn_zero_p(limbs_of(r), b->size))
    {
        (void)mpn_add_1(limbs_of(q), limbs_of(q), nq + 1, 1);
        (void)mpn_sub_n(limbs_of(r), view_of(b), limbs_of(r), b->size);
    }
}

// |a| < |b|: the quotient is 0 or -1.
static int
divmod_by_larger(RtObject *a, RtObject *b, bool exact, RtObject **quotient,
                 RtObject **remainder)
{
    *quotient = RtLong_FromInt64(exact ? 0 : -1);
    *remainder = exact ? RtLong_AddBig(a, RtLong_FromInt64(0), false)
                       : RtLong_AddBig(a, b, false);
    return *remainder == NULL ? -1 : 0;
}

static int
divmod_views(const RtLongView *x, const RtLongView *y, RtObject **quotient,
             RtObject **remainder)
{
    RtLongLimbs *q = RtLimbs_New(x->size - y->size + 2);
    RtLongLimbs *r = q == NULL ? NULL : RtLimbs_New(y->size);
    if (r == NULL) {
        RtLimbs_Free(q);
        return -1;
    }
    divide(x, y, q, r);
    *quotient = RtLong_FromLimbs(q, x->size - y->size + 2,
                                 x->negative != y->negative);
    *remainder = RtLong_FromLimbs(r, y->size, y->negative);
    if (*quotient != NULL && *remainder != NULL) {
        return 0;
    }
    Rt_XDECREF(*quotient);
    Rt_XDECREF(*remainder);
    return -1;
}

int
RtLong_DivmodBig(RtObject *a, RtObject *b, RtObject **quotient,
                 RtObject **remainder)
{
    RtLongView x;
    RtLongView y;
    RtObject *results[2] = { NULL, NULL };
    RtLong_GetView(a, &x);
    RtLong_GetView(b, &y);
    rt_assert(y.size > 0);
    int status;
    if (RtLong_CompareMagnitudes(&x, &y) < 0) {
        bool exact = x.size == 0 || x.negative == y.negative;
        status = divmod_by_larger(a, b, exact, &results[0], &results[1]);
    }
    else {
        status = divmod_views(&x, &y, &results[0], &results[1]);
    }
    if (status < 0) {
        return -1;
    }
    RtObject **places[2] = { quotient, remainder };
    for (int i = 0; i < 2; i++) {
        if (places[i] != NULL) {
            *places[i] = results[i];
        }
        else {
            Rt_DECREF(results[i]);
        }
    }
    return 0;
}

// The value modulo the Mersenne prime 2**61 - 1, with its sign.
ssize_t
RtLong_HashBig(RtObject *op)
{
    const uint64_t modulus = ((uint64_t)1 << 61) - 1;
    RtLongView view;
    RtLong_GetView(op, &view);
    ssize_t hash = (ssize_t)mpn_mod_1(view_of(&view), view.size, modulus);
    if (view.negative) {
        hash = -hash;
    }
    return hash == -1 ? -2 : hash;
}

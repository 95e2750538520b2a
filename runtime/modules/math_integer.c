// math_integer.c: the functions of math that compute with ints.
//
// Nothing here has state.
// Mirrors Modules/mathmodule.c (CPython 3.13); departs: plain algorithms.

#include "module.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_long.h"

#include <gmp.h>

// Takes a and b, which are not negative. NULL: an exception.
static RtObject *
gcd_of(RtObject *a, RtObject *b)
{
    while (a != NULL && b != NULL && RtLong_VALUE(b) != 0) {
        RtObject *rest = RtLong_Type.nb_remainder(a, b);
        Rt_DECREF(a);
        a = b;
        b = rest;
    }
    if (b == NULL) {
        Rt_CLEAR(a);
    }
    Rt_XDECREF(b);
    return a;
}

static RtObject *
magnitude(RtObject *op)
{
    RtObject *number = RtNumber_Index(op);
    RtObject *result = number == NULL ? NULL
                       : RtLong_Type.nb_absolute(number);
    Rt_XDECREF(number);
    return result;
}

static RtObject *
math_gcd(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    RtObject *result = RtLong_FromInt64(0);
    for (ssize_t i = 0; i < nargs && result != NULL; i++) {
        RtObject *next = magnitude(args[i]);
        if (next == NULL) {
            Rt_DECREF(result);
            return NULL;
        }
        result = gcd_of(result, next);
    }
    return result;
}

// a * b / gcd(a, b); takes both.
static RtObject *
lcm_of(RtObject *a, RtObject *b)
{
    RtObject *result = NULL;
    if (b != NULL && (RtLong_VALUE(a) == 0 || RtLong_VALUE(b) == 0)) {
        result = RtLong_FromInt64(0);
    }
    else if (b != NULL) {
        RtObject *gcd = gcd_of(Rt_NewRef(a), Rt_NewRef(b));
        RtObject *part = gcd == NULL ? NULL
                         : RtLong_Type.nb_floor_divide(a, gcd);
        result = part == NULL ? NULL : RtLong_Type.nb_multiply(part, b);
        Rt_XDECREF(gcd);
        Rt_XDECREF(part);
    }
    Rt_DECREF(a);
    Rt_XDECREF(b);
    return result;
}

static RtObject *
math_lcm(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    RtObject *result = RtLong_FromInt64(1);
    for (ssize_t i = 0; i < nargs && result != NULL; i++) {
        result = lcm_of(result, magnitude(args[i]));
    }
    return result;
}

// *total *= factor. 0, or -1 and *total is NULL.
static int
multiply_by(RtObject **total, int64_t factor)
{
    RtObject *number = RtLong_FromInt64(factor);
    RtObject *product = number == NULL ? NULL
                        : RtLong_Type.nb_multiply(*total, number);
    Rt_XDECREF(number);
    Rt_DECREF(*total);
    *total = product;
    return product == NULL ? -1 : 0;
}

static int
get_count(RtObject *op, const char *message, int64_t *n)
{
    *n = RtLong_AsInt64(op);
    if (*n >= 0) {
        return 0;
    }
    if (RtErr_Occurred() == NULL) {
        RtErr_SetString(&RtExc_ValueError, message);
    }
    return -1;
}

static RtObject *
math_factorial(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    int64_t n;
    if (get_count(args[0],
                  "factorial() not defined for negative values", &n) < 0) {
        return NULL;
    }
    RtObject *result = RtLong_FromInt64(1);
    for (int64_t i = 2; i <= n && multiply_by(&result, i) == 0; i++) {
    }
    return result;
}

// n * (n - 1) * … of k factors, divided by k! if asked for.
static RtObject *
choose(RtObject *const *args, ssize_t nargs, bool divide)
{
    int64_t n;
    int64_t k;
    if (get_count(args[0], "n must be a non-negative integer", &n) < 0) {
        return NULL;
    }
    k = n;
    if (nargs > 1 && args[1] != Rt_None &&
        get_count(args[1], "k must be a non-negative integer", &k) < 0)
    {
        return NULL;
    }
    if (k > n) {
        return RtLong_FromInt64(0);
    }
    if (divide && k > n - k) {
        k = n - k;
    }
    RtObject *result = RtLong_FromInt64(1);
    for (int64_t i = 0; i < k && multiply_by(&result, n - i) == 0; i++) {
        if (!divide) {
            continue;
        }
        RtObject *divisor = RtLong_FromInt64(i + 1);
        RtObject *quotient = divisor == NULL ? NULL
            : RtLong_Type.nb_floor_divide(result, divisor);
        Rt_XDECREF(divisor);
        Rt_DECREF(result);
        result = quotient;
        if (result == NULL) {
            break;
        }
    }
    return result;
}

static RtObject *
math_comb(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    return choose(args, nargs, true);
}

static RtObject *
math_perm(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    return choose(args, nargs, false);
}

static RtObject *
math_isqrt(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    RtObject *number = RtNumber_Index(args[0]);
    if (number == NULL) {
        return NULL;
    }
    RtObject *result = NULL;
    RtLongView view;
    RtLong_GetView(number, &view);
    if (view.negative) {
        RtErr_SetString(&RtExc_ValueError,
                        "isqrt() argument must be nonnegative");
    }
    else if (view.size == 0) {
        result = RtLong_FromInt64(0);
    }
    else {
        ssize_t n = (view.size + 1) / 2;
        RtLongLimbs *limbs = RtLimbs_New(n);
        if (limbs != NULL) {
            (void)mpn_sqrtrem((mp_limb_t *)limbs->limb, NULL,
                              (const mp_limb_t *)view.limb, view.size);
            result = RtLong_FromLimbs(limbs, n, false);
        }
    }
    Rt_DECREF(number);
    return result;
}

// prod(iterable, *, start=1)
static RtObject *
math_prod(RtObject *self, RtObject *const *args, ssize_t nargs,
          RtObject *kwnames)
{
    (void)self;
    static const char *const names[] = { "", "start", NULL };
    RtObject *values[2];
    if (RtArg_Unpack("prod", names, 1, 1, args, nargs, kwnames, values) < 0) {
        return NULL;
    }
    RtObject *iter = RtObject_GetIter(values[0]);
    if (iter == NULL) {
        return NULL;
    }
    RtObject *total = values[1] == NULL ? RtLong_FromInt64(1)
                                        : Rt_NewRef(values[1]);
    RtObject *item;
    while (total != NULL && (item = RtIter_Next(iter)) != NULL) {
        RtObject *next = RtNumber_BinaryOp(total, item, RT_NB_MULTIPLY);
        Rt_DECREF(total);
        Rt_DECREF(item);
        total = next;
    }
    Rt_DECREF(iter);
    if (total != NULL && RtErr_Occurred() != NULL) {
        Rt_CLEAR(total);
    }
    return total;
}

RtMethodDef rt_math_integer_functions[] = {
    { "comb", math_comb, 2, 2 },
    { "factorial", math_factorial, 1, 1 },
    { "gcd", math_gcd, 0, -1 },
    { "isqrt", math_isqrt, 1, 1 },
    { "lcm", math_lcm, 0, -1 },
    { "perm", math_perm, 1, 2 },
    { "prod", RT_KEYWORDS(math_prod), 0, RT_METH_KEYWORDS },
    { NULL, NULL, 0, 0 },
};

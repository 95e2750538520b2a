// math_module.c: math.
//
// Nothing here has state. Functions of floats are those of the C library; what
// they cannot compute is "math domain error" or "math range error".
// Mirrors Modules/mathmodule.c (CPython 3.13); departs: no special functions
// (gamma, erf), no fsum, dist, sumprod, nextafter, ulp.

#include "module.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_long.h"
#include "rtcore_type.h"

#include <math.h>

// 0, or -1 with an exception.
static int
get_double(RtObject *op, double *value)
{
    *value = RtFloat_AsDouble(op);
    return *value == -1.0 && RtErr_Occurred() != NULL ? -1 : 0;
}

static RtObject *
domain_error(void)
{
    RtErr_SetString(&RtExc_ValueError, "math domain error");
    return NULL;
}

// The result of a function of finite arguments or not.
static RtObject *
checked(double result, bool finite)
{
    if (isnan(result) && finite) {
        return domain_error();
    }
    if (isinf(result) && finite) {
        RtErr_SetString(&RtExc_OverflowError, "math range error");
        return NULL;
    }
    return RtFloat_FromDouble(result);
}

static RtObject *
call_unary(RtObject *op, double (*func)(double), bool singular)
{
    double x;
    if (get_double(op, &x) < 0) {
        return NULL;
    }
    double result = func(x);
    if (isnan(result) && !isnan(x)) {
        return domain_error();
    }
    if (isinf(result) && isfinite(x) && singular) {
        return domain_error();
    }
    return checked(result, isfinite(x));
}

#define UNARY(name, singular) \
    static RtObject *math_##name(RtObject *self, RtObject *const *args, \
                                 ssize_t nargs) \
    { \
        (void)self, (void)nargs; \
        return call_unary(args[0], name, singular); \
    }

UNARY(sqrt, true)
UNARY(cbrt, true)
UNARY(exp, false)
UNARY(exp2, false)
UNARY(expm1, false)
UNARY(log1p, true)
UNARY(sin, true)
UNARY(cos, true)
UNARY(tan, true)
UNARY(asin, true)
UNARY(acos, true)
UNARY(atan, true)
UNARY(sinh, false)
UNARY(cosh, false)
UNARY(tanh, true)
UNARY(asinh, true)
UNARY(acosh, true)
UNARY(atanh, true)
UNARY(fabs, true)

static RtObject *
call_binary(RtObject *const *args, double (*func)(double, double))
{
    double x;
    double y;
    if (get_double(args[0], &x) < 0 || get_double(args[1], &y) < 0) {
        return NULL;
    }
    return checked(func(x, y), isfinite(x) && isfinite(y));
}

#define BINARY(name) \
    static RtObject *math_##name(RtObject *self, RtObject *const *args, \
                                 ssize_t nargs) \
    { \
        (void)self, (void)nargs; \
        return call_binary(args, name); \
    }

BINARY(atan2)
BINARY(copysign)
BINARY(fmod)

static RtObject *
math_pow(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    double x;
    double y;
    if (get_double(args[0], &x) < 0 || get_double(args[1], &y) < 0) {
        return NULL;
    }
    return x == 0.0 && y < 0.0 && isfinite(y) ? domain_error()
           : checked(pow(x, y), isfinite(x) && isfinite(y));
}

static RtObject *
math_hypot(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    double result = 0.0;
    for (ssize_t i = 0; i < nargs; i++) {
        double x;
        if (get_double(args[i], &x) < 0) {
            return NULL;
        }
        result = hypot(result, x);
    }
    return RtFloat_FromDouble(result);
}

static RtObject *
math_degrees(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    double x;
    return get_double(args[0], &x) < 0 ? NULL
           : RtFloat_FromDouble(x * (180.0 / M_PI));
}

static RtObject *
math_radians(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    double x;
    return get_double(args[0], &x) < 0 ? NULL
           : RtFloat_FromDouble(x * (M_PI / 180.0));
}

// ---------------------------------------------------------------------------
// Logarithms: of ints of any size.

static int
get_log(RtObject *op, double (*func)(double), double factor, double *result)
{
    double x;
    double extra = 0.0;
    if (RtLong_Check(op) && !RtLong_IsCompact(op) && RtLong_VALUE(op) > 0) {
        RtLongView view;
        RtLong_GetView(op, &view);
        size_t drop = RtLong_NumBits(&view) - 62;
        RtObject *top = RtLong_ShiftRight(op, drop);
        if (top == NULL) {
            return -1;
        }
        x = (double)RtLong_VALUE(top);
        extra = (double)drop * factor;
        Rt_DECREF(top);
    }
    else if (get_double(op, &x) < 0) {
        return -1;
    }
    if (x <= 0.0) {
        (void)domain_error();
        return -1;
    }
    *result = func(x) + extra;
    return 0;
}

static RtObject *
math_log(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    double x;
    double base;
    if (get_log(args[0], log, M_LN2, &x) < 0) {
        return NULL;
    }
    if (nargs == 1) {
        return RtFloat_FromDouble(x);
    }
    if (get_log(args[1], log, M_LN2, &base) < 0) {
        return NULL;
    }
    if (base == 0.0) {
        RtErr_SetString(&RtExc_ZeroDivisionError, "float division by zero");
        return NULL;
    }
    return RtFloat_FromDouble(x / base);
}

static RtObject *
math_log2(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    double x;
    return get_log(args[0], log2, 1.0, &x) < 0 ? NULL : RtFloat_FromDouble(x);
}

static RtObject *
math_log10(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    double x;
    return get_log(args[0], log10, M_LN2 / M_LN10, &x) < 0
        ? NULL : RtFloat_FromDouble(x);
}

// ---------------------------------------------------------------------------
// Rounding and kinds.

static RtObject *
to_integer(RtObject *op, const char *method, double (*func)(double))
{
    if (RtFloat_CheckExact(op) || !RtType_IsHeap(Rt_TYPE(op))) {
        double x;
        if (RtLong_Check(op)) {
            return RtLong_Exact(op);
        }
        if (get_double(op, &x) < 0) {
            return NULL;
        }
        RtObject *rounded = RtFloat_FromDouble(func(x));
        RtObject *result = rounded == NULL ? NULL : RtNumber_Long(rounded);
        Rt_XDECREF(rounded);
        return result;
    }
    RtObject *name = RtStr_FromString(method);
    RtObject *result = name == NULL ? NULL
                       : RtObject_CallMethod(op, name, NULL, 0);
    Rt_XDECREF(name);
    return result;
}

static RtObject *
math_floor(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    return to_integer(args[0], "__floor__", floor);
}

static RtObject *
math_ceil(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    return to_integer(args[0], "__ceil__", ceil);
}

static RtObject *
math_trunc(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    return to_integer(args[0], "__trunc__", trunc);
}

static RtObject *
math_isnan(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    double x;
    return get_double(args[0], &x) < 0 ? NULL : RtBool_FromInt(isnan(x));
}

static RtObject *
math_isinf(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    double x;
    return get_double(args[0], &x) < 0 ? NULL : RtBool_FromInt(isinf(x) != 0);
}

static RtObject *
math_isfinite(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    double x;
    return get_double(args[0], &x) < 0 ? NULL : RtBool_FromInt(isfinite(x));
}

// isclose(a, b, *, rel_tol=1e-09, abs_tol=0.0)
static RtObject *
math_isclose(RtObject *self, RtObject *const *args, ssize_t nargs,
             RtObject *kwnames)
{
    (void)self;
    static const char *const names[] = { "a", "b", "rel_tol", "abs_tol",
                                         NULL };
    RtObject *values[4];
    double x[4] = { 0.0, 0.0, 1e-9, 0.0 };
    if (RtArg_Unpack("isclose", names, 2, 2, args, nargs, kwnames,
                     values) < 0) {
        return NULL;
    }
    for (int i = 0; i < 4; i++) {
        if (values[i] != NULL && get_double(values[i], &x[i]) < 0) {
            return NULL;
        }
    }
    if (x[0] == x[1] || isinf(x[0]) || isinf(x[1])) {
        return RtBool_FromInt(x[0] == x[1]);
    }
    double difference = fabs(x[0] - x[1]);
    return RtBool_FromInt(difference <= fabs(x[2] * x[1]) ||
                          difference <= fabs(x[2] * x[0]) ||
                          difference <= x[3]);
}

static RtObject *
pair_of(RtObject *a, RtObject *b)
{
    RtObject *items[2] = { a, b };
    RtObject *pair = a == NULL || b == NULL ? NULL
                     : RtTuple_FromArray(items, 2);
    Rt_XDECREF(a);
    Rt_XDECREF(b);
    return pair;
}

static RtObject *
math_modf(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    double x;
    double whole;
    if (get_double(args[0], &x) < 0) {
        return NULL;
    }
    double rest = modf(x, &whole);
    return pair_of(RtFloat_FromDouble(rest), RtFloat_FromDouble(whole));
}

static RtObject *
math_frexp(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    double x;
    int exponent = 0;
    if (get_double(args[0], &x) < 0) {
        return NULL;
    }
    double mantissa = isfinite(x) ? frexp(x, &exponent) : x;
    return pair_of(RtFloat_FromDouble(mantissa), RtLong_FromInt64(exponent));
}

static RtObject *
math_ldexp(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    double x;
    if (get_double(args[0], &x) < 0) {
        return NULL;
    }
    int64_t exponent = RtLong_AsInt64(args[1]);
    if (exponent == -1 && RtErr_Occurred() != NULL) {
        return NULL;
    }
    int clipped = exponent > 5000 ? 5000 : exponent < -5000 ? -5000
                                                            : (int)exponent;
    return checked(ldexp(x, clipped), isfinite(x));
}

RtMethodDef rt_math_functions[] = {
    { "acos", math_acos, 1, 1 }, { "acosh", math_acosh, 1, 1 },
    { "asin", math_asin, 1, 1 }, { "asinh", math_asinh, 1, 1 },
    { "atan", math_atan, 1, 1 }, { "atan2", math_atan2, 2, 2 },
    { "atanh", math_atanh, 1, 1 }, { "cbrt", math_cbrt, 1, 1 },
    { "ceil", math_ceil, 1, 1 }, { "copysign", math_copysign, 2, 2 },
    { "cos", math_cos, 1, 1 }, { "cosh", math_cosh, 1, 1 },
    { "degrees", math_degrees, 1, 1 }, { "exp", math_exp, 1, 1 },
    { "exp2", math_exp2, 1, 1 }, { "expm1", math_expm1, 1, 1 },
    { "fabs", math_fabs, 1, 1 }, { "floor", math_floor, 1, 1 },
    { "fmod", math_fmod, 2, 2 }, { "frexp", math_frexp, 1, 1 },
    { "hypot", math_hypot, 0, -1 },
    { "isclose", RT_KEYWORDS(math_isclose), 0, RT_METH_KEYWORDS },
    { "isfinite", math_isfinite, 1, 1 }, { "isinf", math_isinf, 1, 1 },
    { "isnan", math_isnan, 1, 1 }, { "ldexp", math_ldexp, 2, 2 },
    { "log", math_log, 1, 2 }, { "log10", math_log10, 1, 1 },
    { "log1p", math_log1p, 1, 1 }, { "log2", math_log2, 1, 1 },
    { "modf", math_modf, 1, 1 }, { "pow", math_pow, 2, 2 },
    { "radians", math_radians, 1, 1 }, { "sin", math_sin, 1, 1 },
    { "sinh", math_sinh, 1, 1 }, { "sqrt", math_sqrt, 1, 1 },
    { "tan", math_tan, 1, 1 }, { "tanh", math_tanh, 1, 1 },
    { "trunc", math_trunc, 1, 1 },
    { NULL, NULL, 0, 0 },
};

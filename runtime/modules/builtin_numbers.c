// builtin_numbers.c: built-in functions of numbers and characters.
//
// Nothing here has state.
// Mirrors Python/bltinmodule.c (CPython 3.13); departs: sum() adds floats one
// by one, as before 3.12.

#include "module.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_bytes.h"
#include "rtcore_long.h"
#include "rtcore_type.h"
#include "rtcore_types.h"

static RtObject *
builtin_abs(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    return RtNumber_Absolute(args[0]);
}

static RtObject *
builtin_divmod(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    return RtNumber_Divmod(args[0], args[1]);
}

// pow(base, exp, mod=None)
static RtObject *
builtin_pow(RtObject *self, RtObject *const *args, ssize_t nargs,
            RtObject *kwnames)
{
    (void)self;
    static const char *const names[] = { "base", "exp", "mod", NULL };
    RtObject *values[3];
    if (RtArg_Unpack("pow", names, 3, 2, args, nargs, kwnames, values) < 0) {
        return NULL;
    }
    if (values[2] == NULL || values[2] == Rt_None) {
        return RtNumber_BinaryOp(values[0], values[1], RT_NB_POWER);
    }
    for (int i = 0; i < 3; i++) {
        if (!RtLong_Check(values[i])) {
            RtErr_SetString(&RtExc_TypeError, "pow() 3rd argument not allowed "
                            "unless all arguments are integers");
            return NULL;
        }
    }
    return RtLong_Power(values[0], values[1], values[2]);
}

// round(number, ndigits=None)
static RtObject *
builtin_round(RtObject *self, RtObject *const *args, ssize_t nargs,
              RtObject *kwnames)
{
    (void)self;
    static const char *const names[] = { "number", "ndigits", NULL };
    RtObject *values[2];
    if (RtArg_Unpack("round", names, 2, 1, args, nargs, kwnames, values) < 0) {
        return NULL;
    }
    RtObject *method = RtType_LookupRef(Rt_TYPE(values[0]), rt_name_round);
    if (method == NULL) {
        RtErr_Format(&RtExc_TypeError,
                     "type %s doesn't define __round__ method",
                     Rt_TYPE(values[0])->tp_name);
        return NULL;
    }
    bool digits = values[1] != NULL && values[1] != Rt_None;
    RtObject *result = RtObject_CallAttribute(method, values[0], &values[1],
                                              digits);
    Rt_DECREF(method);
    return result;
}

// Sequences of characters are joined. false with an exception.
static bool
may_sum(RtObject *start)
{
    if (RtStr_Check(start)) {
        RtErr_SetString(&RtExc_TypeError, "sum() can't sum strings [use "
                        "''.join(seq) instead]");
        return false;
    }
    if (RtBytes_Check(start) || RtByteArray_Check(start)) {
        RtErr_Format(&RtExc_TypeError, "sum() can't sum %s [use "
                     "b''.join(seq) instead]", Rt_TYPE(start)->tp_name);
        return false;
    }
    return true;
}

static RtObject *
sum_items(RtObject *iter, RtObject *start)
{
    RtObject *total = Rt_NewRef(start);
    RtObject *item;
    while ((item = RtIter_Next(iter)) != NULL) {
        RtObject *next = RtNumber_BinaryOp(total, item, RT_NB_ADD);
        Rt_DECREF(total);
        Rt_DECREF(item);
        if (next == NULL) {
            return NULL;
        }
        total = next;
    }
    if (RtErr_Occurred() != NULL) {
        Rt_DECREF(total);
        return NULL;
    }
    return total;
}

// sum(iterable, /, start=0)
static RtObject *
builtin_sum(RtObject *self, RtObject *const *args, ssize_t nargs,
            RtObject *kwnames)
{
    (void)self;
    static const char *const names[] = { "", "start", NULL };
    RtObject *values[2];
    if (RtArg_Unpack("sum", names, 2, 1, args, nargs, kwnames, values) < 0) {
        return NULL;
    }
    RtObject *iter = RtObject_GetIter(values[0]);
    if (iter == NULL) {
        return NULL;
    }
    RtObject *start = values[1] == NULL ? RtLong_FromInt64(0) : values[1];
    RtObject *result = may_sum(start) ? sum_items(iter, start) : NULL;
    Rt_DECREF(iter);
    return result;
}

static RtObject *
builtin_chr(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    int64_t c = RtLong_AsInt64(args[0]);
    if (c == -1 && RtErr_Occurred() != NULL &&
        !RtErr_ExceptionMatches(&RtExc_OverflowError))
    {
        return NULL;
    }
    if (c < 0 || c > 0x10ffff) {
        RtErr_SetString(&RtExc_ValueError,
                        "chr() arg not in range(0x110000)");
        return NULL;
    }
    return RtStr_FromChar((uint32_t)c);
}

static RtObject *
builtin_ord(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    RtObject *op = args[0];
    if (!RtStr_Check(op)) {
        RtErr_Format(&RtExc_TypeError, "ord() expected string of length 1, "
                     "but %s found", Rt_TYPE(op)->tp_name);
        return NULL;
    }
    if (RtStr_LENGTH(op) != 1) {
        RtErr_Format(&RtExc_TypeError, "ord() expected a character, but "
                     "string of length %zd found", RtStr_LENGTH(op));
        return NULL;
    }
    return RtLong_FromInt64(RtUtf8_Decode(RtStr_DATA(op)));
}

static RtObject *
in_base(RtObject *op, int base)
{
    RtObject *number = RtNumber_Index(op);
    if (number == NULL) {
        return NULL;
    }
    RtObject *text = RtLong_Format(number, base, true);
    Rt_DECREF(number);
    return text;
}

static RtObject *
builtin_hex(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    return in_base(args[0], 16);
}

static RtObject *
builtin_oct(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    return in_base(args[0], 8);
}

static RtObject *
builtin_bin(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    return in_base(args[0], 2);
}

RtMethodDef rt_builtin_number_functions[] = {
    { "abs", builtin_abs, 1, 1 },
    { "divmod", builtin_divmod, 2, 2 },
    { "pow", RT_KEYWORDS(builtin_pow), 0, RT_METH_KEYWORDS },
    { "round", RT_KEYWORDS(builtin_round), 0, RT_METH_KEYWORDS },
    { "sum", RT_KEYWORDS(builtin_sum), 0, RT_METH_KEYWORDS },
    { "chr", builtin_chr, 1, 1 },
    { "ord", builtin_ord, 1, 1 },
    { "hex", builtin_hex, 1, 1 },
    { "oct", builtin_oct, 1, 1 },
    { "bin", builtin_bin, 1, 1 },
    { NULL, NULL, 0, 0 },
};

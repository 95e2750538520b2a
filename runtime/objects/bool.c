// bool.c: True and False.
//
// The only two instances of a subtype of int; immortal, so code compares them
// by address and may skip their reference counts.
// Mirrors Objects/boolobject.c (CPython 3.13).

#include "rtcore_types.h"
#include "rt_errors.h"

static RtLongObject true_struct = {
    .ob_base = RT_OBJECT_HEAD_IMMORTAL(&RtBool_Type),
    .value = 1,
};
static RtLongObject false_struct = {
    .ob_base = RT_OBJECT_HEAD_IMMORTAL(&RtBool_Type),
    .value = 0,
};

RtObject *rt_true_object = &true_struct.ob_base;
RtObject *rt_false_object = &false_struct.ob_base;

RtObject *
RtBool_FromInt(int truth)
{
    return truth ? Rt_True : Rt_False;
}

static RtObject *
bool_repr(RtObject *op)
{
    return RtStr_FromString(op == Rt_True ? "True" : "False");
}

static RtObject *
bool_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    (void)type;
    if (RtArg_CheckMax("bool", nargs, 1) < 0) {
        return NULL;
    }
    int truth = nargs == 0 ? 0 : RtObject_IsTrue(args[0]);
    return truth < 0 ? NULL : RtBool_FromInt(truth);
}

static bool
both_bool(RtObject *a, RtObject *b)
{
    return Rt_IS_TYPE(a, &RtBool_Type) && Rt_IS_TYPE(b, &RtBool_Type);
}

static RtObject *
bool_and(RtObject *a, RtObject *b)
{
    if (!both_bool(a, b)) {
        return RtLong_Type.nb_and(a, b);
    }
    return RtBool_FromInt(a == Rt_True && b == Rt_True);
}

static RtObject *
bool_or(RtObject *a, RtObject *b)
{
    if (!both_bool(a, b)) {
        return RtLong_Type.nb_or(a, b);
    }
    return RtBool_FromInt(a == Rt_True || b == Rt_True);
}

static RtObject *
bool_xor(RtObject *a, RtObject *b)
{
    if (!both_bool(a, b)) {
        return RtLong_Type.nb_xor(a, b);
    }
    return RtBool_FromInt(a != b);
}

RtTypeObject RtBool_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "bool",
    .tp_basicsize = sizeof(RtLongObject),
    .tp_flags = RT_TPFLAGS_LONG_SUBCLASS,
    .tp_base = &RtLong_Type,
    .tp_repr = bool_repr,
    .tp_str = bool_repr,
    .tp_new = bool_new,
    .nb_and = bool_and,
    .nb_or = bool_or,
    .nb_xor = bool_xor,
};

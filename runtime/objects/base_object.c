// base_object.c: object, the base of all types: what every instance can do.
//
// Nothing of it changes: it is a static type.
// Mirrors Objects/typeobject.c, PyBaseObject_Type (CPython 3.13).

#include "rtcore_type.h"

#include "rt_errors.h"
#include "rt_types.h"

static RtObject *
object_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    if (nargs > 0) {
        RtErr_Format(&RtExc_TypeError, "%s() takes no arguments",
                     type->tp_name);
        return NULL;
    }
    return RtObject_New(type, 0);
}

static void
object_dealloc(RtObject *self)
{
    RtObject_Free(self);
}

static RtObject *
object_repr(RtObject *self)
{
    RtObject *name = RtType_FullName(Rt_TYPE(self));
    RtObject *result = name == NULL ? NULL
        : RtStr_FromFormat("<%s object at 0x%llx>", RtStr_AsUTF8(name),
                           (unsigned long long)RtAddress_Key(self));
    Rt_XDECREF(name);
    return result;
}

static RtObject *
object_str(RtObject *self)
{
    return RtObject_Repr(self);
}

static ssize_t
object_hash(RtObject *self)
{
    // The low bits of addresses are all alike.
    size_t key = RtAddress_Key(self);
    ssize_t hash = (ssize_t)(key >> 4 | key << (8 * sizeof(key) - 4));
    return hash == -1 ? -2 : hash;
}

static RtObject *
object_richcompare(RtObject *a, RtObject *b, int op)
{
    if (op == RT_EQ) {
        return a == b ? Rt_True : Rt_NotImplemented;
    }
    richcmpfunc compare = Rt_TYPE(a)->tp_richcompare;
    if (op != RT_NE || compare == NULL) {
        return Rt_NotImplemented;
    }
    // Not equal is the contrary of what the type says of equality.
    RtObject *equal = compare(a, b, RT_EQ);
    if (equal == NULL || equal == Rt_NotImplemented) {
        return equal;
    }
    int truth = RtObject_IsTrue(equal);
    Rt_DECREF(equal);
    return truth < 0 ? NULL : RtBool_FromInt(!truth);
}

RtTypeObject RtBaseObject_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "object",
    .tp_basicsize = sizeof(RtObject),
    .tp_flags = RT_TPFLAGS_BASETYPE,
    .tp_dealloc = object_dealloc,
    .tp_repr = object_repr,
    .tp_str = object_str,
    .tp_hash = object_hash,
    .tp_richcompare = object_richcompare,
    .tp_getattro = RtObject_GenericGetAttr,
    .tp_setattro = RtObject_GenericSetAttr,
    .tp_new = object_new,
    .tp_methods = rt_object_methods,
    .tp_class_methods = rt_object_class_methods,
};

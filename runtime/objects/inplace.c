// inplace.c: a op= b for the built-in containers that change.
//
// Each does what its method does, which holds the object's lock.
// Mirrors the nb_inplace_ and sq_inplace_ slots of Objects/listobject.c,
// setobject.c, dictobject.c and Modules/_collectionsmodule.c (CPython 3.13);
// departs: no slots, by the kind of the object.

#include "rtcore_types.h"

#include "rt_errors.h"
#include "rtcore_bytes.h"
#include "rtcore_deque.h"
#include "rtcore_set.h"
#include "rtcore_weakref.h"

// a.name(b), then a itself.
static RtObject *
by_method(RtObject *a, RtTypeObject *type, const char *name, RtObject *b)
{
    RtObject *key = RtStr_FromString(name);
    RtObject *method = key == NULL ? NULL : RtType_LookupRef(type, key);
    RtObject *args[2] = { a, b };
    RtObject *result = method == NULL ? NULL
                       : RtObject_Vectorcall(method, args, 2);
    Rt_XDECREF(key);
    Rt_XDECREF(method);
    Rt_XDECREF(result);
    return result == NULL ? NULL : Rt_NewRef(a);
}

static RtObject *
list_inplace(RtObject *a, RtObject *b, RtBinaryOp op)
{
    if (op == RT_NB_ADD) {
        return RtList_Extend(a, b) < 0 ? NULL : Rt_NewRef(a);
    }
    return op == RT_NB_MULTIPLY ? RtList_MultiplyInPlace(a, b)
                                : Rt_NotImplemented;
}

static RtObject *
set_inplace(RtObject *a, RtObject *b, RtBinaryOp op)
{
    const char *name = op == RT_NB_OR ? "update"
        : op == RT_NB_AND ? "intersection_update"
        : op == RT_NB_SUBTRACT ? "difference_update"
        : op == RT_NB_XOR ? "symmetric_difference_update" : NULL;
    return name == NULL || !RtAnySet_Check(b)
        ? Rt_NotImplemented : by_method(a, &RtSet_Type, name, b);
}

// A sequence is extended when the other operand has no say.
static bool
is_sequence(RtObject *a)
{
    return RtType_HasFeature(Rt_TYPE(a), RT_TPFLAGS_LIST_SUBCLASS |
                                         RT_TPFLAGS_DEQUE_SUBCLASS) ||
           RtByteArray_Check(a);
}

RtObject *
RtNumber_InPlaceBuiltin(RtObject *a, RtObject *b, RtBinaryOp op)
{
    const RtTypeObject *type = Rt_TYPE(a);
    if (RtWeakProxy_Check(a)) {
        return RtWeakProxy_InPlaceOp(a, b, op);
    }
    if (op == RT_NB_ADD && is_sequence(a) && RtSequence_AsksOther(b)) {
        RtObject *result = Rt_TYPE(b)->nb_add(a, b);
        if (result != Rt_NotImplemented) {
            return result;
        }
    }
    if (RtType_HasFeature(type, RT_TPFLAGS_LIST_SUBCLASS)) {
        return list_inplace(a, b, op);
    }
    if (RtType_HasFeature(type, RT_TPFLAGS_SET_SUBCLASS)) {
        return set_inplace(a, b, op);
    }
    if (RtType_HasFeature(type, RT_TPFLAGS_DICT_SUBCLASS) && op == RT_NB_OR) {
        return by_method(a, &RtDict_Type, "update", b);
    }
    if (RtType_HasFeature(type, RT_TPFLAGS_DEQUE_SUBCLASS) &&
        op == RT_NB_ADD)
    {
        return by_method(a, &RtDeque_Type, "extend", b);
    }
    if (RtByteArray_Check(a) && op == RT_NB_ADD) {
        if (!RtBytes_Check(b) && !RtByteArray_Check(b)) {
            return RtSequence_BadConcat(a, b);
        }
        return RtByteArray_Extend(a, b) < 0 ? NULL : Rt_NewRef(a);
    }
    return Rt_NotImplemented;
}

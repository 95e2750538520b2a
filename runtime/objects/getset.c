// getset.c: attributes of static types that functions in C read and set.
//
// A descriptor stands in the dict of a static type and never changes.
// Mirrors Objects/descrobject.c, PyGetSetDescr (CPython 3.13); departs: none.

#include "rtcore_type.h"

#include "rt_errors.h"

typedef struct GetSetDescr {
    RtObject ob_base;
    RtTypeObject *d_type;       // static
    const RtGetSetDef *d_getset;
} GetSetDescr;

RtObject *
RtGetSetDescr_New(RtTypeObject *type, const RtGetSetDef *def)
{
    GetSetDescr *descr =
        (GetSetDescr *)RtObject_New(&RtGetSetDescr_Type, 0);
    if (descr != NULL) {
        descr->d_type = type;
        descr->d_getset = def;
    }
    return (RtObject *)descr;
}

static void
getset_dealloc(RtObject *op)
{
    RtObject_Free(op);
}

static RtObject *
getset_repr(RtObject *op)
{
    GetSetDescr *descr = (GetSetDescr *)op;
    return RtStr_FromFormat("<attribute '%s' of '%s' objects>",
                            descr->d_getset->name, descr->d_type->tp_name);
}

static int
check_object(const GetSetDescr *descr, RtObject *op)
{
    if (RtType_IsSubtype(Rt_TYPE(op), descr->d_type)) {
        return 0;
    }
    RtErr_Format(&RtExc_TypeError,
                 "descriptor '%s' for '%s' objects doesn't apply to a '%s' "
                 "object", descr->d_getset->name, descr->d_type->tp_name,
                 Rt_TYPE(op)->tp_name);
    return -1;
}

static RtObject *
getset_get(RtObject *self, RtObject *op, RtObject *type)
{
    (void)type;
    GetSetDescr *descr = (GetSetDescr *)self;
    if (op == NULL) {
        return Rt_NewRef(self);
    }
    return check_object(descr, op) < 0 ? NULL : descr->d_getset->get(op);
}

static int
getset_set(RtObject *self, RtObject *op, RtObject *value)
{
    GetSetDescr *descr = (GetSetDescr *)self;
    if (check_object(descr, op) < 0) {
        return -1;
    }
    if (descr->d_getset->set != NULL) {
        return descr->d_getset->set(op, value);
    }
    RtErr_Format(&RtExc_AttributeError,
                 "attribute '%s' of '%s' objects is not writable",
                 descr->d_getset->name, descr->d_type->tp_name);
    return -1;
}

RtTypeObject RtGetSetDescr_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "getset_descriptor",
    .tp_basicsize = sizeof(GetSetDescr),
    .tp_dealloc = getset_dealloc,
    .tp_repr = getset_repr,
    .tp_descr_get = getset_get,
    .tp_descr_set = getset_set,
};

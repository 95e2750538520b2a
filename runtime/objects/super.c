// super.c: super(type, object): attributes as the classes behind a type have
// them in the MRO of the object's class.
//
// It holds the class that the object had when it was made, and of that the MRO
// while it walks it: others may change bases meanwhile.
// Mirrors superobject in Objects/typeobject.c (CPython 3.13); departs: it is
// not bound as a descriptor; no second __init__.

#include "rtcore_type.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_assert.h"
#include "rtcore_types.h"

typedef struct RtSuperObject {
    RtObject ob_base;
    RtTypeObject *type;         // the search begins behind it
    RtObject *obj;
    RtTypeObject *obj_type;     // whose MRO it is: the class of obj, or obj
} RtSuperObject;

static int
super_traverse(RtObject *self, visitproc visit, void *arg)
{
    RtSuperObject *super = (RtSuperObject *)self;
    Rt_VISIT(super->type);
    Rt_VISIT(super->obj);
    Rt_VISIT(super->obj_type);
    return 0;
}

static void
super_dealloc(RtObject *self)
{
    RtSuperObject *super = (RtSuperObject *)self;
    RtGC_Untrack(self);
    Rt_CLEAR(super->type);
    Rt_CLEAR(super->obj);
    Rt_CLEAR(super->obj_type);
    RtObject_Free(self);
}

// Borrowed from obj; TypeError.
static RtTypeObject *
start_type(RtTypeObject *type, RtObject *obj)
{
    if (RtType_Check(obj) && RtType_IsSubtype((RtTypeObject *)obj, type)) {
        return (RtTypeObject *)obj;
    }
    if (RtType_IsSubtype(Rt_TYPE(obj), type)) {
        return Rt_TYPE(obj);
    }
    bool is_type = RtType_Check(obj);
    RtErr_Format(&RtExc_TypeError, "super(type, obj): obj (%s %s) is not an "
                 "instance or subtype of type (%s).",
                 is_type ? "type" : "instance of",
                 is_type ? ((RtTypeObject *)obj)->tp_name
                         : Rt_TYPE(obj)->tp_name, type->tp_name);
    return NULL;
}

static RtObject *
super_new(RtTypeObject *cls, RtObject *const *args, ssize_t nargs)
{
    if (nargs < 1 || nargs > 2 || !RtType_Check(args[0])) {
        RtErr_SetString(&RtExc_TypeError,
                        "super() takes a type and an object");
        return NULL;
    }
    RtObject *self = RtObject_New(cls, 0);
    if (self == NULL) {
        return NULL;
    }
    RtSuperObject *super = (RtSuperObject *)self;
    super->type = (RtTypeObject *)Rt_NewRef(args[0]);
    RtGC_Track(self);
    if (nargs == 1 || args[1] == Rt_None) {
        return self;            // unbound
    }
    RtTypeObject *obj_type = start_type(super->type, args[1]);
    if (obj_type == NULL) {
        Rt_DECREF(self);
        return NULL;
    }
    super->obj = Rt_NewRef(args[1]);
    super->obj_type = (RtTypeObject *)Rt_NewRef(obj_type);
    return self;
}

// In the dicts of the MRO behind `type`. 1 and a new reference, 0, or -1.
static int
lookup_behind(RtObject *mro, RtTypeObject *type, RtObject *name,
              RtObject **result)
{
    ssize_t n = RtTuple_Size(mro);
    ssize_t i = 0;
    while (i < n && RtTuple_GetItem(mro, i) != (RtObject *)type) {
        i++;
    }
    for (i++; i < n; i++) {
        RtTypeObject *base = (RtTypeObject *)RtTuple_GetItem(mro, i);
        int found = base->tp_dict == NULL       // cleared by the collector
            ? 0 : RtDict_GetItemRef(base->tp_dict, name, result);
        if (found != 0) {
            return found;
        }
    }
    *result = NULL;
    return 0;
}

static RtObject *
super_getattro(RtObject *self, RtObject *name)
{
    RtSuperObject *super = (RtSuperObject *)self;
    // No MRO: unbound, or the collector has cleared the class.
    RtObject *mro = super->obj_type == NULL
                    ? NULL : Rt_XNewRef(super->obj_type->tp_mro);
    if (mro == NULL || !RtStr_Check(name) ||
        RtStr_Equal(name, rt_name_class))
    {
        Rt_XDECREF(mro);
        return RtObject_GenericGetAttr(self, name);
    }
    RtObject *found;
    int status = lookup_behind(mro, super->type, name, &found);
    Rt_DECREF(mro);
    if (status <= 0) {
        return status < 0 ? NULL : RtObject_GenericGetAttr(self, name);
    }
    descrgetfunc get = Rt_TYPE(found)->tp_descr_get;
    if (get == NULL) {
        return found;
    }
    bool of_class = super->obj == (RtObject *)super->obj_type;
    RtObject *result = get(found, of_class ? NULL : super->obj,
                           (RtObject *)super->obj_type);
    Rt_DECREF(found);
    return result;
}

static RtObject *
super_repr(RtObject *self)
{
    RtSuperObject *super = (RtSuperObject *)self;
    if (super->obj_type == NULL) {
        return RtStr_FromFormat("<super: <class '%s'>, NULL>",
                                super->type->tp_name);
    }
    return RtStr_FromFormat("<super: <class '%s'>, <%s object>>",
                            super->type->tp_name,
                            super->obj_type->tp_name);
}

RtTypeObject RtSuper_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "super",
    .tp_basicsize = sizeof(RtSuperObject),
    .tp_flags = RT_TPFLAGS_HAVE_GC,
    .tp_dealloc = super_dealloc,
    .tp_traverse = super_traverse,
    .tp_repr = super_repr,
    .tp_getattro = super_getattro,
    .tp_new = super_new,
};

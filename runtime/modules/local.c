// local.c: threading.local: attributes that each thread has for itself.
//
// Mirrors localobject of Modules/_threadmodule.c (CPython 3.13); departs: no
// class derives from local, so no __init__ runs for each thread.

#include "sync_objects.h"

#include "rt_errors.h"
#include "rtcore_object.h"
#include "rtcore_local.h"
#include "rtcore_type.h"

typedef struct RtLocalObject {
    RtObject ob_base;
    RtLocalDicts dicts;
    RtWeakReference *weakreflist;
} RtLocalObject;

static bool
names_dict(RtObject *name)
{
    return RtType_HasFeature(Rt_TYPE(name), RT_TPFLAGS_STR_SUBCLASS) &&
           RtStr_Equal(name, rt_name_dict);
}

static RtObject *
local_getattro(RtObject *op, RtObject *name)
{
    RtObject *dict = RtLocalDicts_Get(&((RtLocalObject *)op)->dicts);
    if (dict == NULL) {
        return NULL;
    }
    if (names_dict(name)) {
        return dict;
    }
    RtObject *value = NULL;
    int found = 0;
    if (RtType_HasFeature(Rt_TYPE(name), RT_TPFLAGS_STR_SUBCLASS)) {
        found = RtDict_GetItemRef(dict, name, &value);
    }
    Rt_DECREF(dict);
    return found != 0 ? value : RtObject_GenericGetAttr(op, name);
}

static int
delete_attribute(RtObject *dict, RtObject *name)
{
    int result = RtDict_DelItem(dict, name);
    if (result < 0 && RtErr_ExceptionMatches(&RtExc_KeyError)) {
        RtErr_Clear();
        RtErr_Format(&RtExc_AttributeError,
                     "'_thread._local' object has no attribute '%s'",
                     RtStr_AsUTF8(name));
    }
    return result;
}

static int
local_setattro(RtObject *op, RtObject *name, RtObject *value)
{
    if (!RtType_HasFeature(Rt_TYPE(name), RT_TPFLAGS_STR_SUBCLASS)) {
        RtErr_Format(&RtExc_TypeError,
                     "attribute name must be string, not '%s'",
                     Rt_TYPE(name)->tp_name);
        return -1;
    }
    if (RtStr_Equal(name, rt_name_class)) {
        return RtObject_GenericSetAttr(op, name, value);
    }
    if (names_dict(name)) {
        RtErr_SetString(&RtExc_AttributeError, "'_thread._local' object "
                        "attribute '__dict__' is read-only");
        return -1;
    }
    RtObject *dict = RtLocalDicts_Get(&((RtLocalObject *)op)->dicts);
    if (dict == NULL) {
        return -1;
    }
    int result = value != NULL ? RtDict_SetItem(dict, name, value)
                               : delete_attribute(dict, name);
    Rt_DECREF(dict);
    return result;
}

static RtObject *
local_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    if (nargs != 0) {
        RtErr_SetString(&RtExc_TypeError,
                        "Initialization arguments are not supported");
        return NULL;
    }
    RtObject *self = RtObject_New(type, 0);
    if (self != NULL) {
        RtGC_Track(self);
    }
    return self;
}

static int
local_traverse(RtObject *op, visitproc visit, void *arg)
{
    return RtLocalDicts_Traverse(&((RtLocalObject *)op)->dicts, visit, arg);
}

static int
local_clear(RtObject *op)
{
    RtLocalDicts_Drop(&((RtLocalObject *)op)->dicts);
    return 0;
}

static void
local_dealloc(RtObject *op)
{
    RtGC_Untrack(op);
    RtObject_ClearWeakRefs(op);
    RtLocalDicts_Drop(&((RtLocalObject *)op)->dicts);
    RtObject_Free(op);
}

RtTypeObject RtLocal_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "_thread._local",
    .tp_basicsize = sizeof(RtLocalObject),
    .tp_flags = RT_TPFLAGS_HAVE_GC,
    .tp_weaklistoffset = offsetof(RtLocalObject, weakreflist),
    .tp_dealloc = local_dealloc,
    .tp_traverse = local_traverse,
    .tp_clear = local_clear,
    .tp_getattro = local_getattro,
    .tp_setattro = local_setattro,
    .tp_new = local_new,
};

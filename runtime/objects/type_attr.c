// type_attr.c: reading, writing and deleting attributes of classes.
//
// The dict of a class changes here only, under the type lock and its own: first
// the versions of the class and its subclasses are taken away, then the dict
// changes, then the slots follow, then the old value is dropped. So no cache
// entry outlives its value, and nobody who runs because of the drop sees a
// class that is not in step with itself.
// Mirrors Objects/typeobject.c, type_update_dict (CPython 3.13); departs: slots
// follow in a stopped world (as in 3.14), after the type lock is released.

#include "rtcore_type.h"

#include <string.h>

#include "rt_critical_section.h"
#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_types.h"

// A type of the interpreter has its module in its name, as "collections.deque",
// unless it is of builtins.
static RtObject *
static_name(RtTypeObject *type)
{
    const char *dot = strrchr(type->tp_name, '.');
    return RtStr_FromString(dot == NULL ? type->tp_name : dot + 1);
}

static RtObject *
static_module(RtTypeObject *type)
{
    const char *dot = strrchr(type->tp_name, '.');
    return dot == NULL ? RtStr_FromString("builtins")
                       : RtStr_FromStringAndSize(type->tp_name,
                                                 dot - type->tp_name);
}

// What the type itself says; none of these can be missing or hidden. NULL
// without an exception: not one of them.
static RtObject *
get_special(RtTypeObject *type, RtObject *name)
{
    if (RtStr_Equal(name, rt_name_name)) {
        return type->tp_heap_name == NULL ? static_name(type)
                                          : Rt_NewRef(type->tp_heap_name);
    }
    if (RtStr_Equal(name, rt_name_qualname)) {
        return type->tp_qualname == NULL ? static_name(type)
                                         : Rt_NewRef(type->tp_qualname);
    }
    if (RtStr_Equal(name, rt_name_bases)) {
        return Rt_XNewRef(type->tp_bases);
    }
    if (RtStr_Equal(name, rt_name_mro)) {
        return Rt_XNewRef(type->tp_mro);
    }
    if (!RtType_IsHeap(type) && RtStr_Equal(name, rt_name_module)) {
        return static_module(type);
    }
    return NULL;
}

RtObject *
RtType_FullName(RtTypeObject *type)
{
    if (!RtType_IsHeap(type)) {
        return RtStr_FromString(type->tp_name);
    }
    RtObject *module = RtType_LookupRef(type, rt_name_module);
    RtObject *name = get_special(type, rt_name_qualname);
    RtObject *result = NULL;
    if (name != NULL) {
        bool known = module != NULL && RtStr_Check(module);
        result = RtStr_FromFormat(
            "%s.%s", known ? RtStr_AsUTF8(module) : "__main__",
            RtStr_AsUTF8(name));
    }
    Rt_XDECREF(name);
    Rt_XDECREF(module);
    return result;
}

static bool
may_be_special(RtObject *name)
{
    const char *text = RtStr_AsUTF8(name);
    return text[0] == '_' && text[1] == '_';
}

RtObject *
RtType_GetAttro(RtObject *self, RtObject *name)
{
    RtTypeObject *type = (RtTypeObject *)self;
    if (!RtStr_Check(name)) {
        return RtObject_GenericGetAttr(self, name);
    }
    if (may_be_special(name)) {
        RtObject *special = get_special(type, name);
        if (special != NULL || RtErr_Occurred() != NULL) {
            return special;
        }
    }
    RtObject *result = RtType_LookupRef(type, name);
    return result != NULL ? RtDescr_Bind(result, NULL, type)
                          : RtObject_GenericGetAttr(self, name);
}

// True if it is one of those: then *result is 0, or -1 with an exception.
static bool
set_special(RtTypeObject *type, RtObject *name, RtObject *value, int *result)
{
    if (RtStr_Equal(name, rt_name_bases)) {
        *result = RtType_SetBases(type, value);
        return true;
    }
    if (RtStr_Equal(name, rt_name_class)) {
        *result = RtObject_SetClass((RtObject *)type, value);
        return true;
    }
    bool qualified = RtStr_Equal(name, rt_name_qualname);
    if (qualified || RtStr_Equal(name, rt_name_name)) {
        *result = RtType_SetName(type, value, qualified);
        return true;
    }
    return false;
}

// The locks of the type and of the dict are held. What was replaced goes to
// *old_key and *old_value. 1: done, 0: there is nothing to delete, -1: error.
static int
change_dict(RtDictObject *dict, RtObject *name, RtObject *value,
            RtObject **old_key, RtObject **old_value)
{
    ssize_t hash = RtStr_HASH(name);
    if (value != NULL) {
        return RtDict_InsertLocked(dict, name, hash, value, old_value) < 0
            ? -1 : 1;
    }
    ssize_t ix = RtDict_LookupLocked(dict, name, hash);
    if (ix < 0) {
        return ix == RT_DICT_EMPTY ? 0 : -1;
    }
    RtDict_RemoveLocked(dict, ix, old_key, old_value);
    return 1;
}

static int
update_dict(RtTypeObject *type, RtObject *name, RtObject *value)
{
    RtTypesState *types = &RtThreadState_Get()->interp->types;
    RtObject *old_key = NULL;
    RtObject *old_value = NULL;
    int result;
    bool special = false;
    RT_BEGIN_CRITICAL_SECTION2_MUT(&types->mutex, type->tp_dict);
    RtType_ModifiedLocked(type);
    result = change_dict((RtDictObject *)type->tp_dict, name, value, &old_key,
                         &old_value);
    // A dict that grows may wait and so release the lock: by now somebody may
    // have given the type a version for its old state.
    RtType_ModifiedLocked(type);
    types->class_changes++;
    if (result > 0 && RtTypeSlots_IsSpecial(name)) {
        special = true;
        types->slots_behind++;
    }
    RT_END_CRITICAL_SECTION2();
    if (special) {
        RtTypeSlots_UpdateSubtypes(type);
    }
    Rt_XDECREF(old_key);
    Rt_XDECREF(old_value);
    return result;
}

int
RtType_SetAttro(RtObject *self, RtObject *name, RtObject *value)
{
    RtTypeObject *type = (RtTypeObject *)self;
    if (!RtStr_CheckExact(name)) {
        RtErr_Format(&RtExc_TypeError,
                     "attribute name must be string, not '%s'",
                     Rt_TYPE(name)->tp_name);
        return -1;
    }
    if (!RtType_IsHeap(type)) {
        RtErr_Format(&RtExc_TypeError,
                     "cannot set '%s' attribute of immutable type '%s'",
                     RtStr_AsUTF8(name), type->tp_name);
        return -1;
    }
    if (RtStr_Equal(name, rt_name_dict)) {
        RtErr_SetString(&RtExc_AttributeError, "attribute '__dict__' of "
                        "'type' objects is not writable");
        return -1;
    }
    int result;
    if (may_be_special(name) && set_special(type, name, value, &result)) {
        return result;
    }
    result = update_dict(type, name, value);
    if (result == 0) {
        RtErr_Format(&RtExc_AttributeError,
                     "type object '%s' has no attribute '%s'",
                     type->tp_name, RtStr_AsUTF8(name));
    }
    return result > 0 ? 0 : -1;
}

// Mirrors method_is_overloaded (CPython 3.13); departs: methods differ if they
// are not the same object.
bool
RtType_Overloads(RtObject *right, RtObject *left, RtObject *name)
{
    if (!RtType_IsSubtype(Rt_TYPE(right), Rt_TYPE(left))) {
        return false;
    }
    RtObject *own = RtType_LookupRef(Rt_TYPE(right), name);
    RtObject *inherited = RtType_LookupRef(Rt_TYPE(left), name);
    bool overloads = own != NULL && own != inherited;
    Rt_XDECREF(own);
    Rt_XDECREF(inherited);
    return overloads;
}

// type_hooks.c: who is told that a class has been made.
//
// What stands in its dict hears __set_name__, then its bases hear
// __init_subclass__; the class is complete by then, and others may see it.
// Before, methods that are static by their name are made so.
// Mirrors type_new_set_names and type_new_init_subclass of
// Objects/typeobject.c (CPython 3.13); departs: no keywords.

#include "rtcore_type.h"

#include "rt_critical_section.h"
#include "rt_errors.h"
#include "rtcore_types.h"

// What a class body defines as a function under the name is a static method or
// a class method without being called so. 0, or -1.
static int
wrap_implicit(RtObject *dict, RtObject *name, RtTypeObject *wrapper)
{
    RtObject *value;
    int found = RtDict_GetItemRef(dict, name, &value);
    if (found <= 0) {
        return found;
    }
    int result = 0;
    if (Rt_IS_TYPE(value, &RtFunction_Type)) {
        RtObject *method = RtObject_CallOneArg((RtObject *)wrapper, value);
        result = method == NULL ? -1 : RtDict_SetItem(dict, name, method);
        Rt_XDECREF(method);
    }
    Rt_DECREF(value);
    return result;
}

int
RtType_WrapImplicit(RtObject *dict)
{
    if (wrap_implicit(dict, rt_name_new, &RtStaticMethod_Type) < 0) {
        return -1;
    }
    return wrap_implicit(dict, rt_name_init_subclass, &RtClassMethod_Type);
}

static int
set_name(RtTypeObject *type, RtObject *name, RtObject *value)
{
    if (!RtType_IsHeap(Rt_TYPE(value))) {
        return 0;
    }
    RtObject *method = RtType_LookupRef(Rt_TYPE(value), rt_name_set_name);
    if (method == NULL) {
        return 0;
    }
    RtObject *args[2] = { (RtObject *)type, name };
    RtObject *result = RtObject_CallAttribute(method, value, args, 2);
    Rt_DECREF(method);
    Rt_XDECREF(result);
    return result == NULL ? -1 : 0;
}

static int
set_names(RtTypeObject *type)
{
    RtObject *items = RtDict_Snapshot((RtDictObject *)type->tp_dict,
                                      RT_DICT_ITEMS);
    if (items == NULL) {
        return -1;
    }
    int status = 0;
    for (ssize_t i = 0; i < Rt_SIZE(items) && status == 0; i++) {
        RtObject *pair = RtList_GetItemRef(items, i);
        status = set_name(type, RtTuple_GetItem(pair, 0),
                          RtTuple_GetItem(pair, 1));
        Rt_DECREF(pair);
    }
    Rt_DECREF(items);
    return status;
}

// super(type, type).__init_subclass__()
static int
init_subclass(RtTypeObject *type)
{
    RtObject *found = RtType_LookupRef(type, rt_name_init_subclass);
    bool only_of_object = found == NULL ||
                          Rt_IS_TYPE(found, &RtClassMethodDescr_Type);
    Rt_XDECREF(found);
    if (only_of_object) {
        return 0;
    }
    RtObject *args[2] = { (RtObject *)type, (RtObject *)type };
    RtObject *super = RtObject_Vectorcall((RtObject *)&RtSuper_Type, args, 2);
    RtObject *result = super == NULL ? NULL
        : RtObject_CallMethod(super, rt_name_init_subclass, NULL, 0);
    Rt_XDECREF(super);
    Rt_XDECREF(result);
    return result == NULL ? -1 : 0;
}

// Most dicts have nothing that wants to know its name, and most classes no
// base of a program.
static bool
wants_names(RtTypeObject *type)
{
    RtDictObject *dict = (RtDictObject *)type->tp_dict;
    ssize_t i = 0;
    RtObject *key;
    RtObject *value;
    bool wanted = false;
    RT_BEGIN_CRITICAL_SECTION(dict);
    while (!wanted && RtDict_NextLocked(dict, &i, &key, &value)) {
        wanted = RtType_IsHeap(Rt_TYPE(value));
        Rt_DECREF(key);
        Rt_DECREF(value);
    }
    RT_END_CRITICAL_SECTION();
    return wanted;
}

int
RtType_TellOthers(RtTypeObject *type)
{
    if (wants_names(type) && set_names(type) < 0) {
        return -1;
    }
    return RtType_HasHeapBase(type->tp_bases) ? init_subclass(type) : 0;
}

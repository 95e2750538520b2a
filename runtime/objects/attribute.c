// attribute.c: reading and setting attributes by the generic protocol.
//
// The type's MRO is looked at first: a data descriptor found there decides.
// Then come the instance's own attributes (instance_dict.c), then what was
// found: a descriptor is asked, so that a function becomes a bound method.
// Whether something is a descriptor its type says, whose slots change in a
// stopped world only.
// Mirrors Objects/object.c (CPython 3.13).

#include "rtcore_object.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_dict.h"
#include "rtcore_type.h"

static int
check_name(RtObject *name)
{
    if (RtType_HasFeature(Rt_TYPE(name), RT_TPFLAGS_STR_SUBCLASS)) {
        return 0;
    }
    RtErr_Format(&RtExc_TypeError,
                 "attribute name must be string, not '%s'",
                 Rt_TYPE(name)->tp_name);
    return -1;
}

static void
raise_no_attribute(RtObject *op, RtObject *name)
{
    if (RtType_Check(op)) {
        RtErr_Format(&RtExc_AttributeError,
                     "type object '%s' has no attribute '%s'",
                     ((RtTypeObject *)op)->tp_name, RtStr_AsUTF8(name));
        return;
    }
    RtErr_Format(&RtExc_AttributeError, "'%s' object has no attribute '%s'",
                 Rt_TYPE(op)->tp_name, RtStr_AsUTF8(name));
}

// Whether it is op.__dict__ that is meant.
static inline bool
names_dict(RtObject *op, RtObject *name)
{
    return (name == rt_name_dict
            || (RtStr_HASH(name) == RtStr_HASH(rt_name_dict)
                && RtStr_Equal(name, rt_name_dict)))
           && Rt_TYPE(op)->tp_dictoffset != 0;
}

RtObject *
RtDescr_Bind(RtObject *attribute, RtObject *op, RtTypeObject *type)
{
    descrgetfunc get = Rt_TYPE(attribute)->tp_descr_get;
    if (get == NULL) {
        return attribute;
    }
    RtObject *bound = get(attribute, op, (RtObject *)type);
    Rt_DECREF(attribute);
    return bound;
}

// Asks a descriptor of the type of op (stolen). 1 and the result, or -1.
static int
ask_descriptor(descrgetfunc get, RtObject *descr, RtObject *op,
               RtObject **result)
{
    RtTypeObject *type = Rt_TYPE(op);
    Rt_INCREF(type);            // op may become another's instance meanwhile
    *result = get(descr, op, (RtObject *)type);
    Rt_DECREF(type);
    Rt_DECREF(descr);
    return *result == NULL ? -1 : 1;
}

// 1 and a new reference, 0 if there is no such attribute, -1 on error. With
// `unbound` methods are not bound: *unbound tells whether it is one.
static int
generic_lookup(RtObject *op, RtObject *name, RtObject **result, bool *unbound)
{
    *result = NULL;
    if (names_dict(op, name)) {
        *result = RtInstance_GetDict(op);
        return *result == NULL ? -1 : 1;
    }
    RtObject *attribute = RtType_LookupRef(Rt_TYPE(op), name);
    descrgetfunc get = NULL;
    if (attribute != NULL) {
        get = Rt_TYPE(attribute)->tp_descr_get;
        if (get != NULL && Rt_TYPE(attribute)->tp_descr_set != NULL) {
            return ask_descriptor(get, attribute, op, result);
        }
    }
    int found = RtInstance_GetAttr(op, name, result);
    if (found != 0) {
        Rt_XDECREF(attribute);
        return found;
    }
    if (attribute == NULL) {
        if (!RtStr_Equal(name, rt_name_class)) {
            return 0;
        }
        *result = Rt_NewRef(Rt_TYPE(op));
        return 1;
    }
    bool leave = unbound != NULL && RtType_IsMethod(attribute);
    if (leave) {
        *unbound = true;
    }
    if (leave || get == NULL) {
        *result = attribute;
        return 1;
    }
    return ask_descriptor(get, attribute, op, result);
}

RtObject *
RtObject_GenericGetAttr(RtObject *op, RtObject *name)
{
    if (check_name(name) < 0) {
        return NULL;
    }
    RtObject *result;
    if (generic_lookup(op, name, &result, NULL) == 0) {
        raise_no_attribute(op, name);
    }
    return result;
}

// There is nothing to delete (value NULL), or the instance has no dict.
static void
raise_not_settable(RtObject *op, RtObject *name, RtObject *value)
{
    bool has_dict = Rt_TYPE(op)->tp_dictoffset != 0;
    RtObject *attribute = has_dict && value == NULL
        ? NULL : RtType_LookupRef(Rt_TYPE(op), name);
    if (attribute == NULL && has_dict) {
        raise_no_attribute(op, name);
        return;
    }
    if (attribute == NULL) {
        RtErr_Format(&RtExc_AttributeError, "'%s' object has no attribute "
                     "'%s' and no __dict__ for setting new attributes",
                     Rt_TYPE(op)->tp_name, RtStr_AsUTF8(name));
        return;
    }
    Rt_DECREF(attribute);
    RtErr_Format(&RtExc_AttributeError,
                 "'%s' object attribute '%s' is read-only",
                 Rt_TYPE(op)->tp_name, RtStr_AsUTF8(name));
}

int
RtObject_GenericSetAttr(RtObject *op, RtObject *name, RtObject *value)
{
    if (check_name(name) < 0) {
        return -1;
    }
    if (RtStr_Equal(name, rt_name_class)) {
        return RtObject_SetClass(op, value);
    }
    if (names_dict(op, name)) {
        return RtInstance_SetDict(op, value);
    }
    RtObject *attribute = RtType_LookupRef(Rt_TYPE(op), name);
    if (attribute != NULL) {
        descrsetfunc set = Rt_TYPE(attribute)->tp_descr_set;
        int status = set == NULL ? 0 : set(attribute, op, value);
        Rt_DECREF(attribute);
        if (set != NULL) {
            return status;
        }
    }
    int status = RtInstance_SetAttr(op, name, value);
    if (status == 0) {
        raise_not_settable(op, name, value);
    }
    return status == 1 ? 0 : -1;
}

RtObject *
RtObject_GetAttr(RtObject *op, RtObject *name)
{
    getattrofunc getattro = Rt_TYPE(op)->tp_getattro;
    if (getattro == NULL) {
        return RtObject_GenericGetAttr(op, name);
    }
    return getattro(op, name);
}

int
RtObject_SetAttr(RtObject *op, RtObject *name, RtObject *value)
{
    setattrofunc setattro = Rt_TYPE(op)->tp_setattro;
    if (setattro == NULL) {
        return RtObject_GenericSetAttr(op, name, value);
    }
    return setattro(op, name, value);
}

static bool
has_generic_getattr(RtObject *op)
{
    getattrofunc getattro = Rt_TYPE(op)->tp_getattro;
    return getattro == NULL || getattro == RtObject_GenericGetAttr;
}

int
RtObject_GetOptionalAttr(RtObject *op, RtObject *name, RtObject **result)
{
    *result = NULL;
    if (check_name(name) < 0) {
        return -1;
    }
    if (has_generic_getattr(op)) {
        int found = generic_lookup(op, name, result, NULL);
        if (found >= 0) {
            return found;
        }
    }
    else {
        *result = RtObject_GetAttr(op, name);
        if (*result != NULL) {
            return 1;
        }
    }
    // A descriptor may say so, too.
    if (!RtErr_ExceptionMatches(&RtExc_AttributeError)) {
        return -1;
    }
    RtErr_Clear();
    return 0;
}

int
RtObject_GetMethod(RtObject *op, RtObject *name, RtObject **method)
{
    *method = NULL;
    if (check_name(name) < 0) {
        return -1;
    }
    if (!has_generic_getattr(op)) {
        *method = RtObject_GetAttr(op, name);
        return *method == NULL ? -1 : 0;
    }
    bool unbound = false;
    int found = generic_lookup(op, name, method, &unbound);
    if (found == 0) {
        raise_no_attribute(op, name);
    }
    return found <= 0 ? -1 : unbound;
}

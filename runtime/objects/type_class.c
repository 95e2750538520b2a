// type_class.c: assigning to __class__ of an instance, __name__ and
// __qualname__ of a class; which layouts may stand for each other.
//
// The type of an object is read everywhere, without atomics and without holding
// it: it changes in a stopped world only, and nobody who may have to wait
// meanwhile relies on having read it. The same holds for the name of a class.
// The attributes of an instance leave it first, for its dict: where they stand
// in it is what the keys of its class say.
// Mirrors Objects/typeobject.c, object_set_class, compatible_for_assignment,
// type_set_name (CPython 3.13); departs: the world is stopped (as in 3.14).

#include "rtcore_type.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_dict.h"
#include "rtcore_types.h"

RtTypeObject *
RtType_SolidBase(RtTypeObject *type)
{
    while (RtType_IsHeap(type) && type->tp_nslots == 0) {
        type = type->tp_base;
    }
    while (!RtType_IsHeap(type) && type->tp_base != NULL &&
           type->tp_basicsize == type->tp_base->tp_basicsize &&
           type->tp_itemsize == type->tp_base->tp_itemsize)
    {
        type = type->tp_base;
    }
    return type;
}

const char *
RtType_Incompatible(RtTypeObject *from, RtTypeObject *to)
{
    if (from->tp_dealloc != to->tp_dealloc) {
        return "%s assignment: '%s' deallocator differs from '%s'";
    }
    if (RtType_SolidBase(from) != RtType_SolidBase(to) ||
        from->tp_basicsize != to->tp_basicsize ||
        from->tp_dictoffset != to->tp_dictoffset)
    {
        return "%s assignment: '%s' object layout differs from '%s'";
    }
    return NULL;
}

// Why not, or NULL. What was true of the types once stays so: an object changes
// between classes that are compatible, and so do the bases of a class.
static const char *
cannot_switch(RtTypeObject *from, RtTypeObject *to)
{
    if (!RtType_IsHeap(from) || !RtType_IsHeap(to)) {
        return "%s assignment only supported for mutable types or "
               "ModuleType subclasses";
    }
    return RtType_Incompatible(from, to);
}

// Becomes the type of op. *old receives a reference to what was. Why not, as
// RtType_Incompatible(), or NULL: done.
static const char *
switch_class(RtObject *op, RtTypeObject *type, RtTypeObject **old)
{
    RtInterpreterState *interp = RtThreadState_Get()->interp;
    RtEval_StopTheWorld(interp);
    *old = Rt_TYPE(op);
    const char *error = cannot_switch(*old, type);
    if (error != NULL) {
        Rt_INCREF(*old);        // for the message
    }
    else {
        rt_assert(!RtType_HasInlineValues(type) ||
                  !RtInstance_ValuesAreValid(op));
        Rt_INCREF(type);
        op->ob_type = type;     // its reference to the old one is the caller's
        RtType_NoteClass(op);
    }
    RtEval_StartTheWorld(interp);
    return error;
}

int
RtObject_SetClass(RtObject *op, RtObject *value)
{
    if (value == NULL) {
        RtErr_SetString(&RtExc_TypeError, "can't delete __class__ attribute");
        return -1;
    }
    if (!RtType_Check(value)) {
        RtErr_Format(&RtExc_TypeError,
                     "__class__ must be set to a class, not '%s' object",
                     Rt_TYPE(value)->tp_name);
        return -1;
    }
    RtTypeObject *type = (RtTypeObject *)value;
    if (cannot_switch(Rt_TYPE(op), type) == NULL &&
        RtType_HasInlineValues(type) && RtInstance_DetachValues(op) < 0)
    {
        return -1;
    }
    RtTypeObject *old;
    const char *error = switch_class(op, type, &old);
    if (error != NULL) {
        RtErr_Format(&RtExc_TypeError, error, "__class__",
                     type->tp_name, old->tp_name);
    }
    Rt_DECREF(old);
    return error == NULL ? 0 : -1;
}

// ---------------------------------------------------------------------------
// Names.

static int
check_name(RtTypeObject *type, RtObject *value, const char *what)
{
    if (!RtType_IsHeap(type)) {
        RtErr_Format(&RtExc_TypeError,
                     "cannot set '%s' attribute of immutable type '%s'", what,
                     type->tp_name);
        return -1;
    }
    if (value == NULL) {
        RtErr_Format(&RtExc_TypeError, "cannot delete '%s' attribute of type "
                     "'%s'", what, type->tp_name);
        return -1;
    }
    if (!RtStr_Check(value)) {
        RtErr_Format(&RtExc_TypeError,
                     "can only assign string to %s.%s, not '%s'",
                     type->tp_name, what, Rt_TYPE(value)->tp_name);
        return -1;
    }
    return 0;
}

int
RtType_SetName(RtTypeObject *type, RtObject *value, bool qualified)
{
    if (check_name(type, value, qualified ? "__qualname__" : "__name__") < 0) {
        return -1;
    }
    RtInterpreterState *interp = RtThreadState_Get()->interp;
    RtEval_StopTheWorld(interp);
    RtObject **slot = qualified ? &type->tp_qualname : &type->tp_heap_name;
    RtObject *old = *slot;
    *slot = Rt_NewRef(value);
    if (!qualified) {
        type->tp_name = RtStr_AsUTF8(value);
    }
    RtEval_StartTheWorld(interp);
    Rt_DECREF(old);
    return 0;
}

int
RtType_TakeQualname(RtTypeObject *type)
{
    RtObject *value;
    int found = RtDict_GetItemRef(type->tp_dict, rt_name_qualname, &value);
    if (found <= 0) {
        return found;
    }
    if (!RtStr_Check(value)) {
        RtErr_Format(&RtExc_TypeError,
                     "type __qualname__ must be a str, not %s",
                     Rt_TYPE(value)->tp_name);
        Rt_DECREF(value);
        return -1;
    }
    Rt_DECREF(type->tp_qualname);
    type->tp_qualname = value;
    return RtDict_DelItem(type->tp_dict, rt_name_qualname);
}

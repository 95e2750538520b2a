// member.c: __slots__: fields of instances that are no part of a dict, and the
// descriptors that stand for them in their class.
//
// Where the slots of a class stand never changes. A slot is written under the
// lock of the instance; a reader takes its reference without, and with the lock
// if that fails, so that it never counts what a writer has just dropped.
// Mirrors structmember.c, type_new_slots and clear_slots (CPython 3.13);
// departs: 3.13.0 reads a slot as a borrowed reference (gh-119368); classes
// whose slots are alike are not interchangeable; names are not mangled.

#include "rtcore_type.h"

#include "rt_critical_section.h"
#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_assert.h"
#include "rtcore_str_methods.h"
#include "rtcore_types.h"

typedef struct RtMemberObject {
    RtObject ob_base;
    RtTypeObject *d_type;       // the class that names the slot
    RtObject *d_name;
    ssize_t d_offset;
} RtMemberObject;

static RtObject **
slot_at(RtObject *op, ssize_t offset)
{
    return (RtObject **)((char *)op + offset);
}

// ---------------------------------------------------------------------------
// The descriptor.

static int
member_traverse(RtObject *self, visitproc visit, void *arg)
{
    RtMemberObject *member = (RtMemberObject *)self;
    Rt_VISIT(member->d_type);
    Rt_VISIT(member->d_name);
    return 0;
}

static void
member_dealloc(RtObject *self)
{
    RtMemberObject *member = (RtMemberObject *)self;
    RtGC_Untrack(self);
    Rt_CLEAR(member->d_type);
    Rt_CLEAR(member->d_name);
    RtObject_Free(self);
}

static RtObject *
member_repr(RtObject *self)
{
    RtMemberObject *member = (RtMemberObject *)self;
    return RtStr_FromFormat("<member '%s' of '%s' objects>",
                            RtStr_AsUTF8(member->d_name),
                            member->d_type->tp_name);
}

// Whether op has the slot; TypeError. It has it for life, whatever happens to
// its class: the layout stays.
static bool
check_instance(const RtMemberObject *member, RtObject *op)
{
    if (RtType_IsSubtype(Rt_TYPE(op), member->d_type)) {
        return true;
    }
    RtErr_Format(&RtExc_TypeError,
                 "descriptor '%s' for '%s' objects doesn't apply to a '%s' "
                 "object", RtStr_AsUTF8(member->d_name),
                 member->d_type->tp_name, Rt_TYPE(op)->tp_name);
    return false;
}

static void
raise_unset(const RtMemberObject *member, RtObject *op)
{
    RtErr_Format(&RtExc_AttributeError, "'%s' object has no attribute '%s'",
                 Rt_TYPE(op)->tp_name, RtStr_AsUTF8(member->d_name));
}

// A new reference, or NULL: it is unset.
static RtObject *
read_slot(RtObject *op, RtObject **slot)
{
#ifdef RT_GIL_DISABLED
    RtObject *value = RtObject_TryXGetRef(slot);
    if (value != NULL || rt_atomic_load_ptr_acquire(slot) == NULL) {
        return value;
    }
    RT_BEGIN_CRITICAL_SECTION(op);
    value = *slot;
    if (value != NULL) {
        value = RtObject_NewRefWithLock(value);
    }
    RT_END_CRITICAL_SECTION();
    return value;
#else
    (void)op;
    return Rt_XNewRef(*slot);
#endif
}

static RtObject *
member_get(RtObject *self, RtObject *op, RtObject *type)
{
    (void)type;
    RtMemberObject *member = (RtMemberObject *)self;
    if (op == NULL || op == Rt_None) {
        return Rt_NewRef(self);
    }
    if (!check_instance(member, op)) {
        return NULL;
    }
    RtObject *value = read_slot(op, slot_at(op, member->d_offset));
    if (value == NULL) {
        raise_unset(member, op);
    }
    return value;
}

static int
member_set(RtObject *self, RtObject *op, RtObject *value)
{
    RtMemberObject *member = (RtMemberObject *)self;
    if (!check_instance(member, op)) {
        return -1;
    }
    RtObject **slot = slot_at(op, member->d_offset);
    RtObject *old;
    RT_BEGIN_CRITICAL_SECTION(op);
    old = *slot;
    RT_FT_ATOMIC_STORE_PTR_RELEASE(slot, Rt_XNewRef(value));
    RT_END_CRITICAL_SECTION();
    RT_NOTE(SLOT_STORED, op, value != NULL);
    if (value == NULL && old == NULL) {
        RtErr_SetString(&RtExc_AttributeError, RtStr_AsUTF8(member->d_name));
        return -1;
    }
    Rt_XDECREF(old);
    return 0;
}

RtTypeObject RtMember_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "member_descriptor",
    .tp_basicsize = sizeof(RtMemberObject),
    .tp_flags = RT_TPFLAGS_HAVE_GC,
    .tp_dealloc = member_dealloc,
    .tp_traverse = member_traverse,
    .tp_repr = member_repr,
    .tp_descr_get = member_get,
    .tp_descr_set = member_set,
};

static RtObject *
new_member(RtTypeObject *type, RtObject *name, ssize_t offset)
{
    RtObject *self = RtObject_New(&RtMember_Type, 0);
    if (self == NULL) {
        return NULL;
    }
    RtMemberObject *member = (RtMemberObject *)self;
    Rt_INCREF(type);
    member->d_type = type;
    member->d_name = Rt_NewRef(name);
    member->d_offset = offset;
    RtGC_Track(self);
    return self;
}

// ---------------------------------------------------------------------------
// Making a class with slots.

// 0, or -1 with an exception.
static int
check_slot_name(RtObject *name)
{
    if (!RtStr_CheckExact(name)) {
        RtErr_Format(&RtExc_TypeError,
                     "__slots__ items must be strings, not '%s'",
                     Rt_TYPE(name)->tp_name);
        return -1;
    }
    if (RtStr_IsIdentifier(name, NULL, 0) != Rt_True) {
        RtErr_SetString(&RtExc_TypeError, "__slots__ must be identifiers");
        return -1;
    }
    return 0;
}

// Each name once, in a tuple: a new reference, or NULL with an exception. One
// string is one name; all else is gone through.
static RtObject *
slot_names(RtObject *value)
{
    RtObject *names = RtList_New(0);
    RtObject *given = names == NULL ? NULL
        : RtStr_Check(value) ? RtTuple_FromArray(&value, 1)
                             : RtTuple_FromIterable(value);
    int status = given == NULL ? -1 : 0;
    for (ssize_t i = 0; status == 0 && i < RtTuple_Size(given); i++) {
        RtObject *name = RtTuple_GetItem(given, i);
        status = check_slot_name(name);
        int known = status < 0 ? -1 : RtSequence_Contains(names, name);
        if (known <= 0) {
            status = known < 0 ? -1 : RtList_Append(names, name);
        }
    }
    RtObject *result = status < 0 ? NULL : RtList_AsTuple(names);
    Rt_XDECREF(given);
    Rt_XDECREF(names);
    return result;
}

int
RtType_FindSlots(RtObject *dict, RtSlotSpec *spec)
{
    RtObject *value;
    *spec = (RtSlotSpec){ .dict = true, .weakref = true };
    int found = RtDict_GetItemRef(dict, rt_name_slots, &value);
    if (found <= 0) {
        return found;
    }
    spec->names = slot_names(value);
    Rt_DECREF(value);
    if (spec->names == NULL) {
        return -1;
    }
    spec->dict = spec->weakref = false;
    for (ssize_t i = 0; i < RtTuple_Size(spec->names); i++) {
        RtObject *name = RtTuple_GetItem(spec->names, i);
        if (RtStr_Equal(name, rt_name_dict)) {
            spec->dict = true;
        }
        else if (RtStr_Equal(name, rt_name_weakref)) {
            spec->weakref = true;
        }
        else {
            spec->count++;
        }
    }
    return 0;
}

int
RtType_AddMembers(RtTypeObject *type, const RtSlotSpec *spec)
{
    ssize_t offset = type->tp_slots_offset;
    for (ssize_t i = 0; spec->count > 0 && i < RtTuple_Size(spec->names); i++)
    {
        RtObject *name = RtTuple_GetItem(spec->names, i);
        if (RtStr_Equal(name, rt_name_dict) ||
            RtStr_Equal(name, rt_name_weakref))
        {
            continue;
        }
        int known = RtDict_Contains(type->tp_dict, name);
        if (known > 0) {
            RtErr_Format(&RtExc_ValueError,
                         "'%s' in __slots__ conflicts with class variable",
                         RtStr_AsUTF8(name));
        }
        RtObject *member =
            known == 0 ? new_member(type, name, offset) : NULL;
        if (member == NULL) {
            return -1;
        }
        int status = RtDict_SetItem(type->tp_dict, name, member);
        Rt_DECREF(member);
        if (status < 0) {
            return -1;
        }
        offset += (ssize_t)sizeof(RtObject *);
    }
    return 0;
}

// ---------------------------------------------------------------------------
// The slots of instances.

int
RtSlots_Traverse(RtObject *self, visitproc visit, void *arg)
{
    for (RtTypeObject *type = Rt_TYPE(self); RtType_IsHeap(type);
         type = type->tp_base)
    {
        RtObject **slots = slot_at(self, type->tp_slots_offset);
        for (ssize_t i = 0; i < type->tp_nslots; i++) {
            Rt_VISIT(slots[i]);
        }
    }
    return 0;
}

// Takes a value out; NULL: all are unset.
static RtObject *
take_slot(RtObject *self)
{
    for (RtTypeObject *type = Rt_TYPE(self); RtType_IsHeap(type);
         type = type->tp_base)
    {
        RtObject **slots = slot_at(self, type->tp_slots_offset);
        for (ssize_t i = 0; i < type->tp_nslots; i++) {
            RtObject *value = slots[i];
            if (value != NULL) {
                RT_FT_ATOMIC_STORE_PTR_RELEASE(&slots[i], NULL);
                return value;
            }
        }
    }
    return NULL;
}

// From the beginning each time: what runs because of a drop may give the class
// other bases.
void
RtSlots_Clear(RtObject *self)
{
    RtObject *value;
    while ((value = take_slot(self)) != NULL) {
        Rt_DECREF(value);
    }
}

// type_slots.c: special methods: the slots of heap types, and keeping slots in
// step with the methods.
//
// Invariant: each slot listed in type_slots.def agrees with the first class
// along the MRO that has a say: a function that looks the method up and calls
// it, if that is a heap type with such a method in its dict, else the slot of
// the static type. Slots that other threads may read are written only while the
// world is stopped.
// Mirrors Objects/typeobject.c, slotdefs and update_slot (CPython 3.13);
// departs: slots change under a stop of the world (as in 3.14).

#include "rtcore_type.h"

#include <string.h>

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_types.h"

typedef void (*slotfunc)(void);

typedef enum SpecialName {
#define RT_SLOT(field, function, name, text) NAME_##name,
#include "type_slots.def"
    NAME_COUNT
} SpecialName;

// Immortal strs; written at start-up only.
static RtObject *names[NAME_COUNT];

static slotfunc
get_slot(const RtTypeObject *type, size_t offset)
{
    return *(const slotfunc *)((const char *)type + offset);
}

static void
set_slot(RtTypeObject *type, size_t offset, slotfunc function)
{
    *(slotfunc *)((char *)type + offset) = function;
}

// The slot of the nearest static base, for what the class does not define.
static slotfunc
static_slot(RtObject *self, size_t offset)
{
    return get_slot(RtType_StaticBase(Rt_TYPE(self)), offset);
}

// ---------------------------------------------------------------------------
// Calling a special method.

typedef enum Answer {
    MISSING,                    // there is no such method (any more)
    REFUSED,                    // it is a descriptor that does not give it
    CALLED,
} Answer;

// type(self).name(self, *args). MISSING: NULL without an exception.
static RtObject *
call_optional(RtObject *self, SpecialName name, RtObject *const *args,
              ssize_t nargs, Answer *answer)
{
    RtObject *func = RtType_LookupRef(Rt_TYPE(self), names[name]);
    *answer = func == NULL ? MISSING : CALLED;
    if (func == NULL) {
        return NULL;
    }
    RtObject *result = NULL;
    if (RtType_IsMethod(func)) {
        result = RtObject_CallAttribute(func, self, args, nargs);
    }
    else if (RtRecursion_Enter(rt_while_calling) == 0) {
        func = RtDescr_Bind(func, self, Rt_TYPE(self));
        *answer = func == NULL ? REFUSED : CALLED;
        result = func == NULL ? NULL : RtObject_Vectorcall(func, args, nargs);
        RtRecursion_Leave();
    }
    Rt_XDECREF(func);
    return result;
}

static void
raise_missing(SpecialName name)
{
    RtErr_SetObject(&RtExc_AttributeError, names[name]);
}

static RtObject *
call_special(RtObject *self, SpecialName name, RtObject *const *args,
             ssize_t nargs)
{
    Answer answer;
    RtObject *result = call_optional(self, name, args, nargs, &answer);
    if (answer == MISSING) {
        raise_missing(name);
    }
    return result;
}

static RtObject *
slot_repr(RtObject *self)
{
    return call_special(self, NAME_repr, NULL, 0);
}

static RtObject *
slot_str(RtObject *self)
{
    return call_special(self, NAME_str, NULL, 0);
}

static ssize_t
slot_hash(RtObject *self)
{
    Answer answer;
    RtObject *result = call_optional(self, NAME_hash, NULL, 0, &answer);
    if (answer != CALLED) {
        return RtObject_HashNotImplemented(self);
    }
    if (result == NULL) {
        return -1;
    }
    ssize_t hash = -1;
    if (RtType_HasFeature(Rt_TYPE(result), RT_TPFLAGS_LONG_SUBCLASS)) {
        hash = (ssize_t)RtLong_AsInt64(result);
        hash = hash == -1 ? -2 : hash;
    }
    else {
        RtErr_SetString(&RtExc_TypeError,
                        "__hash__ method should return an integer");
    }
    Rt_DECREF(result);
    return hash;
}

static RtObject *
slot_richcompare(RtObject *self, RtObject *other, int op)
{
    static const SpecialName by_op[] = {
        [RT_LT] = NAME_lt, [RT_LE] = NAME_le, [RT_EQ] = NAME_eq,
        [RT_NE] = NAME_ne, [RT_GT] = NAME_gt, [RT_GE] = NAME_ge,
    };
    Answer answer;
    RtObject *result = call_optional(self, by_op[op], &other, 1, &answer);
    if (answer == REFUSED) {
        RtErr_Clear();
        return Rt_NotImplemented;
    }
    if (answer == CALLED) {
        return result;
    }
    richcmpfunc compare = (richcmpfunc)static_slot(
        self, offsetof(RtTypeObject, tp_richcompare));
    return compare == NULL ? Rt_NotImplemented : compare(self, other, op);
}

// Whether the method is a program's, not the wrapper of a slot.
static RtObject *
lookup_own(RtTypeObject *type, SpecialName name)
{
    RtObject *func = RtType_LookupRef(type, names[name]);
    if (func != NULL && Rt_IS_TYPE(func, &RtSlotWrapper_Type)) {
        Rt_CLEAR(func);
    }
    return func;
}

// The slot of the static base that decides about attributes.
static RtObject *
get_attribute(RtObject *self, RtObject *name)
{
    RtObject *func = lookup_own(Rt_TYPE(self), NAME_getattribute);
    if (func == NULL) {
        getattrofunc get = (getattrofunc)static_slot(
            self, offsetof(RtTypeObject, tp_getattro));
        return get(self, name);
    }
    RtObject *result = RtObject_CallAttribute(func, self, &name, 1);
    Rt_DECREF(func);
    return result;
}

static RtObject *
slot_getattro(RtObject *self, RtObject *name)
{
    RtObject *result = get_attribute(self, name);
    if (result != NULL || !RtErr_ExceptionMatches(&RtExc_AttributeError)) {
        return result;
    }
    RtObject *exc = RtErr_GetRaisedException();
    RtObject *func = RtType_LookupRef(Rt_TYPE(self), names[NAME_getattr]);
    if (func == NULL) {
        RtErr_SetRaisedException(exc);
        return NULL;
    }
    Rt_DECREF(exc);
    result = RtObject_CallAttribute(func, self, &name, 1);
    Rt_DECREF(func);
    return result;
}

static int
slot_setattro(RtObject *self, RtObject *name, RtObject *value)
{
    RtObject *func = lookup_own(Rt_TYPE(self),
                                value == NULL ? NAME_delattr : NAME_setattr);
    if (func == NULL) {
        setattrofunc set = (setattrofunc)static_slot(
            self, offsetof(RtTypeObject, tp_setattro));
        return set(self, name, value);
    }
    RtObject *args[] = { name, value };
    RtObject *result = RtObject_CallAttribute(func, self, args,
                                              value == NULL ? 1 : 2);
    Rt_DECREF(func);
    Rt_XDECREF(result);
    return result == NULL ? -1 : 0;
}

// The method is static: the class is its first argument.
static RtObject *
slot_new_kw(RtTypeObject *type, RtObject *const *args, ssize_t nargs,
            RtObject *kwnames)
{
    RtObject *found = RtType_LookupRef(type, names[NAME_new]);
    RtObject *func = found == NULL ? NULL : RtDescr_Bind(found, NULL, type);
    if (func == NULL) {
        if (found == NULL) {
            RtErr_Format(&RtExc_TypeError, "cannot create '%s' instances",
                         type->tp_name);
        }
        return NULL;
    }
    RtObject *result = NULL;
    if (RtRecursion_Enter(rt_while_calling) == 0) {
        result = RtObject_CallPrependKw(func, (RtObject *)type, args, nargs,
                                        kwnames);
        RtRecursion_Leave();
    }
    Rt_DECREF(func);
    return result;
}

static RtObject *
slot_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    return slot_new_kw(type, args, nargs, NULL);
}

bool
RtTypeSlots_HasNew(const RtTypeObject *type)
{
    return type->tp_new == slot_new;
}

static RtObject *
slot_iter(RtObject *self)
{
    return call_special(self, NAME_iter, NULL, 0);
}

static RtObject *
slot_iternext(RtObject *self)
{
    return call_special(self, NAME_next, NULL, 0);
}

static RtObject *
slot_call(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    return call_special(self, NAME_call, args, nargs);
}

static void
slot_finalize(RtObject *self)
{
    Answer answer;
    RtObject *result = call_optional(self, NAME_del, NULL, 0, &answer);
    if (answer == MISSING) {
        return;
    }
    if (result == NULL) {
        RtObject *method = RtType_LookupRef(Rt_TYPE(self), names[NAME_del]);
        RtErr_WriteUnraisable(method);
        Rt_XDECREF(method);
        return;
    }
    Rt_DECREF(result);
}

static int
slot_bool(RtObject *self)
{
    RtObject *result = call_special(self, NAME_bool, NULL, 0);
    if (result == NULL) {
        return -1;
    }
    int truth = -1;
    if (Rt_IS_TYPE(result, &RtBool_Type)) {
        truth = result == Rt_True;
    }
    else {
        RtErr_Format(&RtExc_TypeError,
                     "__bool__ should return bool, returned %s",
                     Rt_TYPE(result)->tp_name);
    }
    Rt_DECREF(result);
    return truth;
}

static ssize_t
slot_length(RtObject *self)
{
    RtObject *result = call_special(self, NAME_len, NULL, 0);
    if (result == NULL) {
        return -1;
    }
    ssize_t length = -1;
    if (!RtType_HasFeature(Rt_TYPE(result), RT_TPFLAGS_LONG_SUBCLASS)) {
        RtErr_Format(&RtExc_TypeError,
                     "'%s' object cannot be interpreted as an integer",
                     Rt_TYPE(result)->tp_name);
    }
    else {
        length = (ssize_t)RtLong_AsInt64(result);
        if (length < 0) {
            RtErr_SetString(&RtExc_ValueError,
                            "__len__() should return >= 0");
            length = -1;
        }
    }
    Rt_DECREF(result);
    return length;
}

static RtObject *
slot_subscript(RtObject *self, RtObject *key)
{
    return call_special(self, NAME_getitem, &key, 1);
}

static int
slot_ass_subscript(RtObject *self, RtObject *key, RtObject *value)
{
    SpecialName name = value == NULL ? NAME_delitem : NAME_setitem;
    RtObject *args[] = { key, value };
    Answer answer;
    RtObject *result =
        call_optional(self, name, args, value == NULL ? 1 : 2, &answer);
    if (answer == MISSING) {
        objobjargproc assign = (objobjargproc)static_slot(
            self, offsetof(RtTypeObject, mp_ass_subscript));
        if (assign != NULL) {
            return assign(self, key, value);
        }
        raise_missing(name);
        return -1;
    }
    Rt_XDECREF(result);
    return result == NULL ? -1 : 0;
}

static int
slot_contains(RtObject *self, RtObject *value)
{
    RtObject *result = call_special(self, NAME_contains, &value, 1);
    if (result == NULL) {
        return -1;
    }
    int truth = RtObject_IsTrue(result);
    Rt_DECREF(result);
    return truth;
}

static RtObject *
slot_negative(RtObject *self)
{
    return call_special(self, NAME_neg, NULL, 0);
}

static RtObject *
slot_positive(RtObject *self)
{
    return call_special(self, NAME_pos, NULL, 0);
}

static RtObject *
slot_invert(RtObject *self)
{
    return call_special(self, NAME_invert, NULL, 0);
}

static RtObject *
slot_absolute(RtObject *self)
{
    return call_special(self, NAME_abs, NULL, 0);
}

// The method is called as it is found, not as an attribute of the descriptor.
static RtObject *
slot_descr_get(RtObject *self, RtObject *op, RtObject *type)
{
    RtObject *func = RtType_LookupRef(Rt_TYPE(self), names[NAME_get]);
    if (func == NULL) {
        return Rt_NewRef(self);         // no descriptor any more
    }
    RtObject *args[] = {
        self, op == NULL ? Rt_None : op, type == NULL ? Rt_None : type,
    };
    RT_NOTE(DESCRIPTOR_ASKED, self, 0);
    RtObject *result = RtObject_CallCounted(func, args, 3, NULL);
    Rt_DECREF(func);
    return result;
}

static int
slot_descr_set(RtObject *self, RtObject *op, RtObject *value)
{
    RtObject *args[] = { op, value };
    RT_NOTE(DESCRIPTOR_ASKED, self, 1);
    RtObject *result = call_special(self,
                                    value == NULL ? NAME_delete : NAME_set,
                                    args, value == NULL ? 1 : 2);
    Rt_XDECREF(result);
    return result == NULL ? -1 : 0;
}

// ---------------------------------------------------------------------------
// Binary operators. One slot serves x.__add__(y) and y.__radd__(x).

static RtObject *
call_or_not_implemented(RtObject *self, SpecialName name, RtObject *other)
{
    Answer answer;
    RtObject *result = call_optional(self, name, &other, 1, &answer);
    return answer == MISSING ? Rt_NotImplemented : result;
}

static RtObject *
call_left(RtObject *a, RtObject *b, size_t offset, SpecialName name)
{
    Answer answer;
    RtObject *result = call_optional(a, name, &b, 1, &answer);
    if (answer != MISSING) {
        return result;
    }
    binaryfunc inherited = (binaryfunc)static_slot(a, offset);
    return inherited == NULL ? Rt_NotImplemented : inherited(a, b);
}

static RtObject *
call_binary(RtObject *a, RtObject *b, size_t offset, slotfunc self_slot,
            SpecialName name, SpecialName reflected)
{
    bool a_mine = get_slot(Rt_TYPE(a), offset) == self_slot;
    bool b_mine = Rt_TYPE(a) != Rt_TYPE(b) &&
                  get_slot(Rt_TYPE(b), offset) == self_slot;
    if (a_mine) {
        if (b_mine && RtType_Overloads(b, a, names[reflected])) {
            RtObject *result = call_or_not_implemented(b, reflected, a);
            if (result != Rt_NotImplemented) {
                return result;
            }
            b_mine = false;
        }
        RtObject *result = call_left(a, b, offset, name);
        if (result != Rt_NotImplemented) {
            return result;
        }
    }
    return b_mine ? call_or_not_implemented(b, reflected, a)
                  : Rt_NotImplemented;
}

#define BINARY_SLOT(function, field, name) \
    static RtObject * \
    function(RtObject *a, RtObject *b) \
    { \
        return call_binary(a, b, offsetof(RtTypeObject, field), \
                           (slotfunc)function, NAME_##name, NAME_r##name); \
    }

BINARY_SLOT(slot_add, nb_add, add)
BINARY_SLOT(slot_subtract, nb_subtract, sub)
BINARY_SLOT(slot_multiply, nb_multiply, mul)
BINARY_SLOT(slot_floor_divide, nb_floor_divide, floordiv)
BINARY_SLOT(slot_remainder, nb_remainder, mod)
BINARY_SLOT(slot_and, nb_and, and)
BINARY_SLOT(slot_or, nb_or, or)
BINARY_SLOT(slot_xor, nb_xor, xor)
BINARY_SLOT(slot_true_divide, nb_true_divide, truediv)
BINARY_SLOT(slot_power, nb_power, pow)
BINARY_SLOT(slot_lshift, nb_lshift, lshift)
BINARY_SLOT(slot_rshift, nb_rshift, rshift)
BINARY_SLOT(slot_matrix_multiply, nb_matrix_multiply, matmul)
BINARY_SLOT(slot_divmod, nb_divmod, divmod)

// Of operators in place only the methods; no type has a slot.
static const char *const inplace_texts[RT_NB_COUNT] = {
    "__iadd__", "__isub__", "__imul__", "__ifloordiv__", "__imod__",
    "__iand__", "__ior__", "__ixor__", "__itruediv__", "__ipow__",
    "__ilshift__", "__irshift__", "__imatmul__",
};

// Immortal; written at start-up only.
static RtObject *inplace_names[RT_NB_COUNT];

RtObject *
RtTypeSlots_CallInPlace(RtObject *a, RtObject *b, RtBinaryOp op)
{
    RtObject *func = RtType_LookupRef(Rt_TYPE(a), inplace_names[op]);
    if (func == NULL) {
        return Rt_NotImplemented;
    }
    RtObject *result = RtObject_CallAttribute(func, a, &b, 1);
    Rt_DECREF(func);
    return result;
}

// ---------------------------------------------------------------------------
// Filling slots.

typedef struct SlotRow {
    size_t offset;
    slotfunc function;
    const char *name;
} SlotRow;

static const SlotRow rows[NAME_COUNT] = {
#define RT_SLOT(field, function, name, text) \
    { offsetof(RtTypeObject, field), (slotfunc)function, "__" #name "__" },
#include "type_slots.def"
};

int
RtTypeSlots_Initialize(void)
{
    for (int i = 0; i < NAME_COUNT; i++) {
        names[i] = RtStr_InternStatic(rows[i].name);
        if (names[i] == NULL) {
            return -1;
        }
    }
    for (int i = 0; i < RT_NB_COUNT; i++) {
        inplace_names[i] = RtStr_InternStatic(inplace_texts[i]);
        if (inplace_names[i] == NULL) {
            return -1;
        }
    }
    return 0;
}

bool
RtTypeSlots_IsSpecial(RtObject *name)
{
    const char *text = RtStr_AsUTF8(name);
    if (strncmp(text, "__", 2) != 0) {
        return false;
    }
    for (int i = 0; i < NAME_COUNT; i++) {
        if (strcmp(text, rows[i].name) == 0) {
            return true;
        }
    }
    return false;
}

void
RtTypeSlots_Inherit(RtTypeObject *type)
{
    const RtTypeObject *base = type->tp_base;
    if (base == NULL) {
        return;
    }
    bool both = type->tp_hash == NULL && type->tp_richcompare == NULL;
    if (!both && type->tp_hash == NULL) {
        // Equality of its own, so the base's hash would be wrong.
        type->tp_hash = RtObject_HashNotImplemented;
    }
    for (int i = 0; i < NAME_COUNT; i++) {
        // Without a tp_new of its own a type is not meant to be instantiated.
        if (rows[i].offset != offsetof(RtTypeObject, tp_new) &&
            get_slot(type, rows[i].offset) == NULL)
        {
            set_slot(type, rows[i].offset, get_slot(base, rows[i].offset));
        }
    }
    const size_t others[] = {
        offsetof(RtTypeObject, tp_dealloc), offsetof(RtTypeObject, tp_clear),
        offsetof(RtTypeObject, tp_traverse),
        offsetof(RtTypeObject, tp_getattro),
        offsetof(RtTypeObject, tp_setattro),
        offsetof(RtTypeObject, tp_call_kw),
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (get_slot(type, others[i]) == NULL) {
            set_slot(type, others[i], get_slot(base, others[i]));
        }
    }
}

// What the static type itself says of a slot: NULL if nothing, or only what
// every object has.
static slotfunc
own_static_slot(const RtTypeObject *type, size_t offset)
{
    slotfunc slot = get_slot(type, offset);
    bool is_default = slot == get_slot(&RtBaseObject_Type, offset);
    return is_default && type != &RtBaseObject_Type ? NULL : slot;
}

// The slot that the rows [first, end) describe.
static slotfunc
resolve_slot(const RtTypeObject *type, int first, int end)
{
    for (ssize_t i = 0; i < RtTuple_Size(type->tp_mro); i++) {
        RtTypeObject *base =
            (RtTypeObject *)RtTuple_GetItem(type->tp_mro, i);
        if (!RtType_IsHeap(base)) {
            slotfunc slot = own_static_slot(base, rows[first].offset);
            if (slot != NULL) {
                return slot;
            }
            continue;
        }
        for (int row = first; row < end; row++) {
            RtObject *value =
                RtDict_GetItemImmutable(base->tp_dict, names[row]);
            if (value == NULL) {
                continue;
            }
            if (row == NAME_hash && value == Rt_None) {
                return (slotfunc)RtObject_HashNotImplemented;
            }
            return rows[row].function;
        }
    }
    return NULL;
}

// The end of the rows of one slot.
static int
end_of_slot(int first)
{
    int end = first + 1;
    while (end < NAME_COUNT && rows[end].offset == rows[first].offset) {
        end++;
    }
    return end;
}

void
RtTypeSlots_Update(RtTypeObject *type)
{
    rt_assert(RtType_IsHeap(type));
    for (int first = 0, end; first < NAME_COUNT; first = end) {
        end = end_of_slot(first);
        set_slot(type, rows[first].offset, resolve_slot(type, first, end));
    }
    type->tp_new_kw = RtTypeSlots_HasNew(type)
        ? slot_new_kw : RtType_StaticBase(type)->tp_new_kw;
}

bool
RtTypeSlots_Agree(const RtTypeObject *type)
{
    for (int first = 0, end; first < NAME_COUNT; first = end) {
        end = end_of_slot(first);
        if (get_slot(type, rows[first].offset) !=
            resolve_slot(type, first, end))
        {
            return false;
        }
    }
    return true;
}

// What the collector has cleared has no MRO and needs no slots.
void
RtTypeSlots_UpdateWithSubclasses(RtTypeObject *type)
{
    if (type->tp_mro != NULL) {
        RtTypeSlots_Update(type);
    }
    for (ssize_t i = 0; i < type->tp_subclasses.count; i++) {
        RtTypeSlots_UpdateWithSubclasses(type->tp_subclasses.items[i]);
    }
}

void
RtTypeSlots_UpdateSubtypes(RtTypeObject *type)
{
    RtInterpreterState *interp = RtThreadState_Get()->interp;
    RtEval_StopTheWorld(interp);
    RtTypeSlots_UpdateWithSubclasses(type);
    rt_assert(interp->types.slots_behind > 0);
    interp->types.slots_behind--;
    RtEval_StartTheWorld(interp);
}

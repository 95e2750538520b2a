// type.c: type: readying static types, making classes, making instances.
//
// A heap type is complete before other threads can see it, except for its MRO
// and slots, which follow its bases and their dicts (type_bases.c,
// type_slots.c).
// Mirrors Objects/typeobject.c (CPython 3.13); departs: one metatype; dicts
// of classes have only str keys.

#include "rtcore_type.h"

#include "rt_critical_section.h"
#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_dict.h"
#include "rtcore_gc.h"
#include "rtcore_types.h"
#include "rtcore_weakref.h"

enum {                          // flags that a type has from its base
    INHERITED_FLAGS = RT_TPFLAGS_LONG_SUBCLASS | RT_TPFLAGS_STR_SUBCLASS |
                      RT_TPFLAGS_TUPLE_SUBCLASS | RT_TPFLAGS_LIST_SUBCLASS |
                      RT_TPFLAGS_DICT_SUBCLASS | RT_TPFLAGS_TYPE_SUBCLASS |
                      RT_TPFLAGS_BASE_EXC_SUBCLASS |
                      RT_TPFLAGS_SET_SUBCLASS |
                      RT_TPFLAGS_FROZENSET_SUBCLASS |
                      RT_TPFLAGS_DEQUE_SUBCLASS |
                      RT_TPFLAGS_WEAKREF_SUBCLASS,
};

// ---------------------------------------------------------------------------
// Kinship.

// Bases change in a stopped world only, and nothing blocks in here.
bool
RtType_IsSubtype(RtTypeObject *a, RtTypeObject *b)
{
    if (a == b) {
        return true;
    }
    RtObject *mro = a->tp_mro;
    if (mro == NULL) {
        // Not ready yet, or cleared by the collector.
        for (RtTypeObject *t = a; t != NULL; t = t->tp_base) {
            if (t == b) {
                return true;
            }
        }
        return b == &RtBaseObject_Type;
    }
    for (ssize_t i = 1; i < RtTuple_Size(mro); i++) {
        if (RtTuple_GetItem(mro, i) == (RtObject *)b) {
            return true;
        }
    }
    return false;
}

// ---------------------------------------------------------------------------
// Static types.

// The tuple (type, *base's MRO), immortal.
static RtObject *
static_mro(RtTypeObject *type)
{
    RtObject *base_mro = type->tp_base == NULL ? NULL : type->tp_base->tp_mro;
    ssize_t n = base_mro == NULL ? 0 : RtTuple_Size(base_mro);
    RtObject *mro = RtTuple_New(n + 1);
    if (mro == NULL) {
        return NULL;
    }
    RtTuple_SetItem(mro, 0, (RtObject *)type);
    for (ssize_t i = 0; i < n; i++) {
        RtTuple_SetItem(mro, i + 1, RtTuple_GetItem(base_mro, i));
    }
    RtObject_SetImmortal(mro);
    return mro;
}

static RtObject *
static_bases(RtTypeObject *type)
{
    RtObject *base = (RtObject *)type->tp_base;
    RtObject *bases = RtTuple_FromArray(&base, base == NULL ? 0 : 1);
    if (bases != NULL) {
        RtObject_SetImmortal(bases);
    }
    return bases;
}

typedef RtObject *NewDescr(RtTypeObject *type, RtMethodDef *def);

// Puts the methods of a table into a type's dict, immortal. 0, or -1.
static int
add_methods(RtObject *dict, RtTypeObject *type, RtMethodDef *def,
            NewDescr *new_descr)
{
    for (; def != NULL && def->ml_name != NULL; def++) {
        RtObject *name = RtStr_InternStatic(def->ml_name);
        RtObject *descr = new_descr(type, def);
        if (name == NULL || descr == NULL) {
            return -1;
        }
        RtObject_SetImmortal(descr);
        if (RtDict_SetItem(dict, name, descr) < 0) {
            return -1;
        }
    }
    return 0;
}

static int
add_getset(RtObject *dict, RtTypeObject *type)
{
    const RtGetSetDef *def = type->tp_getset;
    for (; def != NULL && def->name != NULL; def++) {
        RtObject *name = RtStr_InternStatic(def->name);
        RtObject *descr = RtGetSetDescr_New(type, def);
        if (name == NULL || descr == NULL) {
            return -1;
        }
        RtObject_SetImmortal(descr);
        if (RtDict_SetItem(dict, name, descr) < 0) {
            return -1;
        }
    }
    return 0;
}

static RtObject *
static_dict(RtTypeObject *type)
{
    RtObject *dict = RtDict_New();
    if (dict == NULL || add_getset(dict, type) < 0 ||
        add_methods(dict, type, type->tp_methods, RtMethodDescr_New) < 0 ||
        add_methods(dict, type, type->tp_class_methods,
                    RtClassMethodDescr_New) < 0 ||
        (type == &RtBaseObject_Type && RtObject_AddNew(dict) < 0) ||
        RtSlotWrapper_AddAll(type, dict) < 0)
    {
        return NULL;
    }
    RtObject_SetImmortal(dict);
    return dict;
}

static void
inherit_layout(RtTypeObject *type)
{
    const RtTypeObject *base = type->tp_base;
    if (base == NULL) {
        return;
    }
    type->tp_flags |= base->tp_flags & INHERITED_FLAGS;
    if (type->tp_basicsize == 0) {
        type->tp_basicsize = base->tp_basicsize;
    }
    if (type->tp_itemsize == 0) {
        type->tp_itemsize = base->tp_itemsize;
    }
    if (type->tp_dictoffset == 0) {
        type->tp_dictoffset = base->tp_dictoffset;
    }
    if (type->tp_traverse == NULL && type->tp_clear == NULL) {
        type->tp_flags |= base->tp_flags & RT_TPFLAGS_HAVE_GC;
    }
    // What is not meant to be instantiated has no tp_new, and does not get
    // object's.
    if (type->tp_new == NULL && base != &RtBaseObject_Type) {
        type->tp_new = base->tp_new;
        type->tp_new_kw = base->tp_new_kw;
    }
}

int
RtType_Ready(RtTypeObject *type)
{
    if (RtType_HasFeature(type, RT_TPFLAGS_READY)) {
        return 0;
    }
    rt_assert(Rt_IsImmortal((RtObject *)type));
    if (type->tp_base == NULL && type != &RtBaseObject_Type) {
        type->tp_base = &RtBaseObject_Type;
    }
    if (type->tp_base != NULL && RtType_Ready(type->tp_base) < 0) {
        return -1;
    }
    inherit_layout(type);
    RtTypeSlots_Inherit(type);
    type->tp_mro = static_mro(type);
    type->tp_bases = static_bases(type);
    type->tp_dict = static_dict(type);
    if (type->tp_mro == NULL || type->tp_bases == NULL ||
        type->tp_dict == NULL)
    {
        return -1;
    }
    rt_assert(type->tp_basicsize >= (ssize_t)sizeof(RtObject));
    rt_assert(!RtType_HasFeature(type, RT_TPFLAGS_HAVE_GC) ||
              type->tp_traverse != NULL);
    type->tp_flags |= RT_TPFLAGS_READY;
    return 0;
}

// ---------------------------------------------------------------------------
// Heap types: bases.

RtTypeObject *
RtType_BestBase(RtObject *bases)
{
    RtTypeObject *best = NULL;
    RtTypeObject *winner = NULL;
    for (ssize_t i = 0; i < RtTuple_Size(bases); i++) {
        RtTypeObject *base = (RtTypeObject *)RtTuple_GetItem(bases, i);
        RtTypeObject *candidate = RtType_SolidBase(base);
        if (winner == NULL || (candidate != winner &&
                               RtType_IsSubtype(candidate, winner)))
        {
            winner = candidate;
            best = base;
        }
        else if (!RtType_IsSubtype(winner, candidate)) {
            RtErr_SetString(&RtExc_TypeError,
                            "multiple bases have instance lay-out conflict");
            return NULL;
        }
    }
    return best;
}

static int
check_base(RtObject *bases, ssize_t i)
{
    RtObject *base = RtTuple_GetItem(bases, i);
    if (!RtType_Check(base)) {
        RtErr_SetString(&RtExc_TypeError, "bases must be types");
        return -1;
    }
    RtTypeObject *type = (RtTypeObject *)base;
    if (!RtType_HasFeature(type, RT_TPFLAGS_BASETYPE)) {
        RtErr_Format(&RtExc_TypeError,
                     "type '%s' is not an acceptable base type",
                     type->tp_name);
        return -1;
    }
    return 0;
}

int
RtType_CheckBases(RtObject *bases)
{
    for (ssize_t i = 0; i < RtTuple_Size(bases); i++) {
        if (check_base(bases, i) < 0) {
            return -1;
        }
    }
    return 0;
}

// The tuple of bases to use: a new reference.
static RtObject *
prepare_bases(RtObject *bases)
{
    if (RtTuple_Size(bases) == 0) {
        RtObject *object = (RtObject *)&RtBaseObject_Type;
        return RtTuple_FromArray(&object, 1);
    }
    return RtType_CheckBases(bases) < 0 ? NULL : Rt_NewRef(bases);
}

// ---------------------------------------------------------------------------
// Heap types: making one.

// The class's own copy of the dict, with str keys only: lookups of names must
// not run code of the program.
static RtObject *
prepare_dict(RtObject *dict)
{
    RtObject *copy = RtDict_New();
    if (copy == NULL) {
        return NULL;
    }
    int result;
    RT_BEGIN_CRITICAL_SECTION2(copy, dict);
    result = RtDict_CloneLocked((RtDictObject *)copy, (RtDictObject *)dict);
    RT_END_CRITICAL_SECTION2();
    if (result == 0 && !((RtDictObject *)copy)->ma_keys->all_str) {
        RtErr_SetString(&RtExc_TypeError,
                        "the keys of a class's dict must be strings");
        result = -1;
    }
    if (result == 0 && RtDict_Contains(copy, rt_name_eq) == 1 &&
        RtDict_Contains(copy, rt_name_hash) == 0)
    {
        // Equal objects must have equal hashes, which the default cannot give.
        result = RtDict_SetItem(copy, rt_name_hash, Rt_None);
    }
    if (result == 0) {
        result = RtType_WrapImplicit(copy);
    }
    if (result < 0) {
        Rt_DECREF(copy);
        return NULL;
    }
    return copy;
}

// Room for pointers behind all else in instances; the offset of the first.
static ssize_t
append_pointers(RtTypeObject *type, ssize_t count)
{
    ssize_t align = (ssize_t)sizeof(void *);
    ssize_t offset = (type->tp_basicsize + align - 1) / align * align;
    type->tp_basicsize = offset + count * align;
    return offset;
}

static void
set_layout(RtTypeObject *type, RtTypeObject *base, const RtSlotSpec *slots)
{
    type->tp_base = Rt_NewRef(base);
    type->tp_basicsize = base->tp_basicsize;
    type->tp_itemsize = base->tp_itemsize;
    type->tp_dictoffset = base->tp_dictoffset;
    type->tp_weaklistoffset = base->tp_weaklistoffset;
    type->tp_flags = RT_TPFLAGS_HEAPTYPE | RT_TPFLAGS_BASETYPE |
                     RT_TPFLAGS_HAVE_GC | RT_TPFLAGS_READY |
                     (base->tp_flags & (INHERITED_FLAGS |
                                        RT_TPFLAGS_INLINE_VALUES));
    if (slots->count > 0) {
        type->tp_nslots = slots->count;
        type->tp_slots_offset = append_pointers(type, slots->count);
    }
    if (slots->dict && type->tp_dictoffset == 0 && type->tp_itemsize == 0) {
        type->tp_dictoffset = append_pointers(type, 1);
        type->tp_flags |= RT_TPFLAGS_INLINE_VALUES;
    }
    if (slots->weakref && type->tp_weaklistoffset == 0 &&
        type->tp_itemsize == 0)
    {
        type->tp_weaklistoffset = append_pointers(type, 1);
    }
    type->tp_dealloc = RtSubtype_Dealloc;
    type->tp_traverse = RtSubtype_Traverse;
    type->tp_clear = RtSubtype_Clear;
    type->tp_new = base->tp_new;
    type->tp_new_kw = base->tp_new_kw;
    type->tp_getattro = base->tp_getattro;
    type->tp_setattro = base->tp_setattro;
}

// Each class refers to itself, so that only the collector frees it anyway.
static void
show_to_collector(RtTypeObject *type)
{
    RtGC_Track((RtObject *)type);
#ifdef RT_GIL_DISABLED
    RtObject_SetDeferredRefcount((RtObject *)type);
#endif
}

// The last step where another thread may be changing a base. The MRO is made
// anew if one has changed meanwhile. 0, or -1 with an exception.
static int
publish_with_bases(RtTypeObject *type)
{
    RtInterpreterState *interp = RtThreadState_Get()->interp;
    RtTypes_WaitAtGate(&interp->types);
    for (;;) {
        uint32_t changes = interp->types.bases_changes;
        RtObject *mro = RtType_MroC3(type, type->tp_bases, NULL, 0);
        if (mro == NULL) {
            return -1;
        }
        int result = -1;
        RtEval_StopTheWorld(interp);
        bool current = interp->types.bases_changes == changes;
        if (current) {
            result = RtSubclasses_AddLocked(type, type->tp_bases);
        }
        if (result == 0) {
            type->tp_mro = mro;
            interp->types.classes_made++;
            RtTypeSlots_Update(type);
            show_to_collector(type);
        }
        RtEval_StartTheWorld(interp);
        if (result == 0) {
            return 0;
        }
        Rt_DECREF(mro);
        if (current) {
            RtErr_NoMemory();
            return -1;
        }
    }
}

// Sets MRO and slots, and lets the collector see the type.
static int
publish_type(RtTypeObject *type)
{
    if (RtType_HasHeapBase(type->tp_bases)) {
        return publish_with_bases(type);
    }
    type->tp_mro = RtType_MroC3(type, type->tp_bases, NULL, 0);
    if (type->tp_mro == NULL) {
        return -1;
    }
    RtTypeSlots_Update(type);
    show_to_collector(type);
    return 0;
}

static int
fill_type(RtTypeObject *type, RtObject *name, RtObject *bases, RtObject *dict,
          const RtSlotSpec *slots)
{
    type->tp_heap_name = Rt_NewRef(name);
    type->tp_qualname = Rt_NewRef(name);
    type->tp_name = RtStr_AsUTF8(name);
    type->tp_bases = prepare_bases(bases);
    if (type->tp_bases == NULL) {
        return -1;
    }
    RtTypeObject *base = RtType_BestBase(type->tp_bases);
    if (base == NULL) {
        return -1;
    }
    // Slots would stand where its items begin: none is a base.
    rt_assert(base->tp_itemsize == 0);
    set_layout(type, base, slots);
    if (type->tp_dictoffset != 0 &&
        (type->ht_cached_keys = RtSharedKeys_New()) == NULL)
    {
        return -1;
    }
    type->tp_dict = prepare_dict(dict);
    if (type->tp_dict == NULL || RtType_TakeQualname(type) < 0) {
        return -1;
    }
    return RtType_AddMembers(type, slots);
}

// The descriptors of its slots refer to a class that the collector does not
// know yet.
static void
discard_type(RtTypeObject *type)
{
    RtObject *exc = RtErr_GetRaisedException();
    if (type->tp_dict != NULL) {
        (void)RtDict_Clear(type->tp_dict);
    }
    Rt_DECREF(type);
    RtErr_SetRaisedException(exc);
}

RtObject *
RtType_New(RtObject *name, RtObject *bases, RtObject *dict)
{
    if (!RtStr_Check(name) || !RtTuple_Check(bases) || !RtDict_Check(dict)) {
        RtErr_SetString(&RtExc_TypeError,
                        "type() takes a str, a tuple of types and a dict");
        return NULL;
    }
    RtTypeObject *type = (RtTypeObject *)RtObject_New(&RtType_Type, 0);
    if (type == NULL) {
        return NULL;
    }
    RtSlotSpec slots;
    int status = RtType_FindSlots(dict, &slots);
    if (status == 0) {
        status = fill_type(type, name, bases, dict, &slots);
    }
    if (status == 0) {
        status = publish_type(type);
    }
    Rt_XDECREF(slots.names);
    if (status < 0) {
        discard_type(type);
        return NULL;
    }
    if (RtType_TellOthers(type) < 0) {
        Rt_DECREF(type);
        return NULL;
    }
    return (RtObject *)type;
}

RtObject *
RtType_FromCall(RtTypeObject *metatype, RtObject *const *args, ssize_t nargs)
{
    (void)metatype;
    if (nargs == 1) {
        return Rt_NewRef(Rt_TYPE(args[0]));
    }
    if (nargs == 3) {
        return RtType_New(args[0], args[1], args[2]);
    }
    RtErr_SetString(&RtExc_TypeError, "type() takes 1 or 3 arguments");
    return NULL;
}

// ---------------------------------------------------------------------------
// Instances.

// Calls __init__. 0, or -1 with an exception.
static int
initialize(RtObject *init, RtObject *op, RtObject *const *args, ssize_t nargs,
           RtObject *kwnames)
{
    RtObject *result =
        RtObject_CallAttributeKw(init, op, args, nargs, kwnames);
    if (result == NULL) {
        return -1;
    }
    int status = 0;
    if (result != Rt_None) {
        RtErr_Format(&RtExc_TypeError,
                     "__init__() should return None, not '%s'",
                     Rt_TYPE(result)->tp_name);
        status = -1;
    }
    Rt_DECREF(result);
    return status;
}

// Whether tp_new leaves the arguments to __init__ if the class has one.
static bool
new_ignores_args(const RtTypeObject *type)
{
    if (RtTypeSlots_HasNew(type)) {
        return false;
    }
    return type->tp_new == RtBaseObject_Type.tp_new ||
           RtType_HasFeature(type, RT_TPFLAGS_LIST_SUBCLASS |
                                   RT_TPFLAGS_DICT_SUBCLASS |
                                   RT_TPFLAGS_SET_SUBCLASS |
                                   RT_TPFLAGS_DEQUE_SUBCLASS);
}

// Whether tp_new takes any keywords, for __init__.
static bool
new_ignores_keywords(const RtTypeObject *type)
{
    return new_ignores_args(type) ||
           RtType_HasFeature(type, RT_TPFLAGS_BASE_EXC_SUBCLASS);
}

static RtObject *
call_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs,
         RtObject *kwnames)
{
    if (kwnames == NULL) {
        return type->tp_new(type, args, nargs);
    }
    if (type->tp_new_kw == NULL) {
        RtErr_Format(&RtExc_TypeError, "%s() takes no keyword arguments",
                     type->tp_name);
        return NULL;
    }
    return type->tp_new_kw(type, args, nargs, kwnames);
}

// An instance of a heap type.
static RtObject *
instantiate_heap(RtTypeObject *type, RtObject *const *args, ssize_t nargs,
                 RtObject *kwnames)
{
    RtObject *init = RtType_LookupRef(type, rt_name_init);
    if (init != NULL && Rt_IS_TYPE(init, &RtMethodDescr_Type)) {
        Rt_CLEAR(init);         // in C: tp_new has done it
    }
    bool without_args = init != NULL && new_ignores_args(type);
    bool without_names = init != NULL && new_ignores_keywords(type);
    RtObject *op = call_new(type, args, without_args ? 0 : nargs,
                            without_names ? NULL : kwnames);
    if (op != NULL && !RtType_IsSubtype(Rt_TYPE(op), type)) {
        Rt_XDECREF(init);       // __new__ has made something else
        return op;
    }
    if (op != NULL && !RtGC_IsTracked(op)) {
        RtGC_Track(op);
    }
    if (op != NULL && init != NULL &&
        initialize(init, op, args, nargs, kwnames) < 0)
    {
        Rt_CLEAR(op);
    }
    Rt_XDECREF(init);
    return op;
}

// kwnames is NULL or not empty.
static RtObject *
type_call_kw(RtObject *self, RtObject *const *args, ssize_t nargs,
             RtObject *kwnames)
{
    RtTypeObject *type = (RtTypeObject *)self;
    if (type->tp_new == NULL) {
        RtErr_Format(&RtExc_TypeError, "cannot create '%s' instances",
                     type->tp_name);
        return NULL;
    }
    return RtType_IsHeap(type) ? instantiate_heap(type, args, nargs, kwnames)
                               : call_new(type, args, nargs, kwnames);
}

static RtObject *
type_call(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    return type_call_kw(self, args, nargs, NULL);
}

// ---------------------------------------------------------------------------
// The life of heap types.

static RtObject *
type_repr(RtObject *self)
{
    RtObject *name = RtType_FullName((RtTypeObject *)self);
    RtObject *result = name == NULL ? NULL
        : RtStr_FromFormat("<class '%s'>", RtStr_AsUTF8(name));
    Rt_XDECREF(name);
    return result;
}

static int
type_traverse(RtObject *self, visitproc visit, void *arg)
{
    RtTypeObject *type = (RtTypeObject *)self;
    rt_assert(RtType_IsHeap(type));
    Rt_VISIT(type->tp_dict);
    Rt_VISIT(type->tp_mro);
    Rt_VISIT(type->tp_bases);
    Rt_VISIT(type->tp_base);
    Rt_VISIT(type->tp_heap_name);
    Rt_VISIT(type->tp_qualname);
    return 0;
}

static int
type_clear(RtObject *self)
{
    // The cycles of a class go through its MRO and the functions in its dict.
    // Base and layout stay: instances in the same garbage still need them.
    RtTypeObject *type = (RtTypeObject *)self;
    RtTypesState *types = &RtThreadState_Get()->interp->types;
    RtObject *mro;
    // Without an MRO it gets no version again.
    RT_BEGIN_CRITICAL_SECTION_MUT(&types->mutex);
    RtType_ModifiedLocked(type);
    mro = type->tp_mro;
    type->tp_mro = NULL;
    RT_END_CRITICAL_SECTION();
    Rt_XDECREF(mro);
    return RtDict_Clear(type->tp_dict);
}

static void
type_dealloc(RtObject *self)
{
    RtTypeObject *type = (RtTypeObject *)self;
    RtGC_Untrack(self);
    // First of all: others find it by its bases and go through its fields.
    RtSubclasses_Forget(type);
    RtObject_ClearWeakRefs(self);
    Rt_CLEAR(type->tp_dict);
    Rt_CLEAR(type->tp_mro);
    Rt_CLEAR(type->tp_bases);
    Rt_CLEAR(type->tp_base);
    Rt_CLEAR(type->tp_heap_name);
    Rt_CLEAR(type->tp_qualname);
    RtSharedKeys_DecRef(type->ht_cached_keys);
    RtObject_Free(self);
}

RtTypeObject RtType_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "type",
    .tp_basicsize = sizeof(RtTypeObject),
    .tp_weaklistoffset = offsetof(RtTypeObject, tp_weaklist),
    .tp_flags = RT_TPFLAGS_HAVE_GC | RT_TPFLAGS_TYPE_SUBCLASS,
    .tp_dealloc = type_dealloc,
    .tp_traverse = type_traverse,
    .tp_clear = type_clear,
    .tp_repr = type_repr,
    .tp_call = type_call,
    .tp_call_kw = type_call_kw,
    .tp_getattro = RtType_GetAttro,
    .tp_setattro = RtType_SetAttro,
    .tp_new = RtType_FromCall,
    .tp_methods = rt_type_methods,
};

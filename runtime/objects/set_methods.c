// set_methods.c: the types set and frozenset: life, slots and the methods that
// concern one set.
//
// A key's __hash__ runs before the section, its __eq__ may run inside. A set
// that is asked for as a key stands for the frozenset of its items. The hash of
// a frozenset is computed by whoever asks first: all store the same number.
// Mirrors Objects/setobject.c (CPython 3.13; repr: 3.13.3, emptiness and items
// are of one instant); departs: no pickling, no in-place operators.

#include "rtcore_set.h"
#include "rt_critical_section.h"
#include "rt_errors.h"
#include "rtcore_weakref.h"

static inline RtSetObject *
as_set(RtObject *op)
{
    rt_assert(RtAnySet_Check(op));
    return (RtSetObject *)op;
}

// ---------------------------------------------------------------------------
// Life.

static void
set_dealloc(RtObject *op)
{
    RtGC_Untrack(op);
    RtObject_ClearWeakRefs(op);
    RtSet_FreeContents(as_set(op));
    RtObject_Free(op);
}

static int
set_traverse(RtObject *op, visitproc visit, void *arg)
{
    RtSetObject *so = as_set(op);
    rt_assert(so->table != NULL);
    for (ssize_t i = 0; i <= so->mask; i++) {
        if (so->table[i].key != rt_set_dummy) {
            Rt_VISIT(so->table[i].key);
        }
    }
    return 0;
}

static RtObject *
set_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    if (RtArg_CheckMax("set", nargs, 1) < 0) {
        return NULL;
    }
    return RtSet_FromIterable(type, nargs == 1 ? args[0] : NULL);
}

static RtObject *
frozenset_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    if (RtArg_CheckMax("frozenset", nargs, 1) < 0) {
        return NULL;
    }
    if (nargs == 1 && type == &RtFrozenSet_Type
        && Rt_IS_TYPE(args[0], &RtFrozenSet_Type)) {
        return Rt_NewRef(args[0]);
    }
    return RtSet_FromIterable(type, nargs == 1 ? args[0] : NULL);
}

// ---------------------------------------------------------------------------
// Printing and hashing.

// "{1, 2}", in the brackets that the type has.
static int
write_items(RtStrWriter *w, RtObject *op, RtObject *items)
{
    bool plain = Rt_IS_TYPE(op, &RtSet_Type);
    if (!plain) {
        RtStrWriter_WriteString(w, Rt_TYPE(op)->tp_name);
        RtStrWriter_Write(w, "(", 1);
    }
    RtStrWriter_Write(w, "{", 1);
    for (ssize_t i = 0; i < Rt_SIZE(items); i++) {
        if (i > 0) {
            RtStrWriter_Write(w, ", ", 2);
        }
        RtObject *item = ((RtListObject *)items)->ob_item[i];
        if (RtStrWriter_WriteRepr(w, item) < 0) {
            return -1;
        }
    }
    RtStrWriter_WriteString(w, plain ? "}" : "})");
    return 0;
}

static RtObject *
repr_of_items(RtObject *op, RtObject *items)
{
    RtStrWriter w;
    RtStrWriter_Init(&w);
    if (Rt_SIZE(items) == 0) {
        RtStrWriter_WriteString(&w, Rt_TYPE(op)->tp_name);
        RtStrWriter_Write(&w, "()", 2);
    }
    else if (write_items(&w, op, items) < 0) {
        RtStrWriter_Discard(&w);
        return NULL;
    }
    return RtStrWriter_Finish(&w);
}

// All that is printed, emptiness too, comes from one snapshot.
static RtObject *
set_repr(RtObject *op)
{
    RtReprEntry entry;
    int entered = RtRepr_Enter(&entry, op);
    if (entered > 0) {
        return RtStr_FromFormat("%s(...)", Rt_TYPE(op)->tp_name);
    }
    if (entered < 0) {
        return NULL;
    }
    RtObject *result = NULL;
    RtObject *items = RtSet_Snapshot(as_set(op));
    if (items != NULL) {
        result = repr_of_items(op, items);
        Rt_DECREF(items);
    }
    RtRepr_Leave(&entry);
    return result;
}

// The same for equal sets, whatever order their tables have.
static uint64_t
hash_items(RtSetObject *so)
{
    uint64_t hash = 0;
    for (ssize_t i = 0; i <= so->mask; i++) {
        if (RtSetKey_IsItem(so->table[i].key)) {
            uint64_t h = (uint64_t)so->table[i].hash;
            hash ^= ((h ^ 89869747u) ^ (h << 16)) * 3644798167u;
        }
    }
    hash ^= ((uint64_t)so->used + 1) * 1927868237u;
    hash ^= (hash >> 11) ^ (hash >> 25);
    return hash * 69069u + 907133923u;
}

static ssize_t
frozenset_hash(RtObject *op)
{
    RtSetObject *so = as_set(op);
    ssize_t hash = RT_FT_ATOMIC_LOAD_SSIZE_RELAXED(&so->hash);
    if (hash == -1) {
        hash = (ssize_t)hash_items(so);
        if (hash == -1) {
            hash = 590923713;
        }
        RT_FT_ATOMIC_STORE_SSIZE_RELAXED(&so->hash, hash);
    }
    return hash;
}

// ---------------------------------------------------------------------------
// Keys that are sets.

// After RtDict_HashKey(key) has raised: the frozenset that stands for the key,
// or NULL with the exception.
static RtObject *
frozen_key(RtObject *key)
{
    if (!RtAnySet_Check(key) || RtFrozenSet_Check(key)
        || !RtErr_ExceptionMatches(&RtExc_TypeError)) {
        return NULL;
    }
    RtErr_Clear();
    return RtFrozenSet_New(key);
}

int
RtSet_Contains(RtObject *op, RtObject *key)
{
    ssize_t hash = RtDict_HashKey(key);
    if (hash != -1) {
        return RtSet_ContainsKnownHash(as_set(op), key, hash);
    }
    RtObject *frozen = frozen_key(key);
    if (frozen == NULL) {
        return -1;
    }
    int found = RtSet_ContainsKnownHash(as_set(op), frozen,
                                        frozenset_hash(frozen));
    Rt_DECREF(frozen);
    return found;
}

// 1 if it was there, 0, -1.
static int
discard(RtObject *op, RtObject *key)
{
    int found = RtSet_Discard(op, key);
    if (found >= 0 || !RtAnySet_Check(key)) {
        return found;
    }
    RtObject *frozen = frozen_key(key);
    if (frozen == NULL) {
        return -1;
    }
    found = RtSet_Discard(op, frozen);
    Rt_DECREF(frozen);
    return found;
}

// ---------------------------------------------------------------------------
// Methods.

static RtObject *
set_add(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    return RtSet_Add(self, args[0]) < 0 ? NULL : Rt_None;
}

static RtObject *
set_discard(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    return discard(self, args[0]) < 0 ? NULL : Rt_None;
}

static RtObject *
set_remove(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    int found = discard(self, args[0]);
    if (found == 0) {
        RtErr_SetObject(&RtExc_KeyError, args[0]);
    }
    return found == 1 ? Rt_None : NULL;
}

static RtObject *
set_pop(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return RtSet_Pop(self);
}

static RtObject *
set_clear(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return RtSet_Clear(self) < 0 ? NULL : Rt_None;
}

static RtObject *
set_copy(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    if (Rt_IS_TYPE(self, &RtFrozenSet_Type)) {
        return Rt_NewRef(self);
    }
    return RtSet_FromIterable(RtFrozenSet_Check(self) ? &RtFrozenSet_Type
                                                      : &RtSet_Type, self);
}

static RtObject *
set_init(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    if (RtSet_Clear(self) < 0) {
        return NULL;
    }
    return rt_set_update(self, args, nargs);
}

#define METHOD_ROW(name, min, max) { #name, rt_set_##name, min, max },
static RtMethodDef set_methods[] = {
    {"__init__", set_init, 0, 1},
    {"add", set_add, 1, 1},
    {"clear", set_clear, 0, 0},
    {"copy", set_copy, 0, 0},
    {"discard", set_discard, 1, 1},
    {"pop", set_pop, 0, 0},
    {"remove", set_remove, 1, 1},
    RT_SET_ALGEBRA_METHODS(METHOD_ROW)
    RT_SET_UPDATE_METHODS(METHOD_ROW)
    {NULL, NULL, 0, 0},
};

static RtMethodDef frozenset_methods[] = {
    {"copy", set_copy, 0, 0},
    RT_SET_ALGEBRA_METHODS(METHOD_ROW)
    {NULL, NULL, 0, 0},
};

RtTypeObject RtSet_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "set",
    .tp_basicsize = sizeof(RtSetObject),
    .tp_weaklistoffset = offsetof(RtSetObject, weakreflist),
    .tp_flags = RT_TPFLAGS_BASETYPE | RT_TPFLAGS_HAVE_GC
                | RT_TPFLAGS_SET_SUBCLASS,
    .tp_dealloc = set_dealloc,
    .tp_traverse = set_traverse,
    .tp_clear = RtSet_Clear,
    .tp_repr = set_repr,
    .tp_hash = RtObject_HashNotImplemented,
    .tp_richcompare = RtSet_RichCompare,
    .tp_iter = RtSetIter_New,
    .tp_new = set_new,
    .nb_subtract = RtSet_Sub,
    .nb_and = RtSet_And,
    .nb_or = RtSet_Or,
    .nb_xor = RtSet_Xor,
    .mp_length = RtSet_Size,
    .sq_contains = RtSet_Contains,
    .tp_methods = set_methods,
};

RtTypeObject RtFrozenSet_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "frozenset",
    .tp_basicsize = sizeof(RtSetObject),
    .tp_weaklistoffset = offsetof(RtSetObject, weakreflist),
    .tp_flags = RT_TPFLAGS_BASETYPE | RT_TPFLAGS_HAVE_GC
                | RT_TPFLAGS_FROZENSET_SUBCLASS,
    .tp_dealloc = set_dealloc,
    .tp_traverse = set_traverse,
    .tp_clear = RtSet_Clear,
    .tp_repr = set_repr,
    .tp_hash = frozenset_hash,
    .tp_richcompare = RtSet_RichCompare,
    .tp_iter = RtSetIter_New,
    .tp_new = frozenset_new,
    .nb_subtract = RtSet_Sub,
    .nb_and = RtSet_And,
    .nb_or = RtSet_Or,
    .nb_xor = RtSet_Xor,
    .mp_length = RtSet_Size,
    .sq_contains = RtSet_Contains,
    .tp_methods = frozenset_methods,
};

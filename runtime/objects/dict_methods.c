// dict_methods.c: the slots and methods of dict.
//
// Each method that changes the dict is one critical section; update, == and |
// hold both dicts. Keys' __hash__ runs before the section, keys' and values'
// __eq__ may run inside and suspend it. What is taken out is dropped after.
// Mirrors Objects/dictobject.c (CPython 3.13); departs: positional arguments
// only.

#include "rtcore_dict.h"
#include "rt_critical_section.h"
#include "rt_errors.h"
#include "rtcore_type.h"
#include "rtcore_unbroken.h"

static inline RtDictObject *
as_dict(RtObject *op)
{
    rt_assert(RtDict_Check(op));
    return (RtDictObject *)op;
}

// ---------------------------------------------------------------------------
// Life.

static void
dict_dealloc(RtObject *op)
{
    RtGC_Untrack(op);
    RtDict_FreeContents(as_dict(op));
    RtObject_Free(op);
}

static int
dict_traverse(RtObject *op, visitproc visit, void *arg)
{
    RtDictKeysObject *keys = as_dict(op)->ma_keys;
    RtDictEntry *entries = RtDict_ENTRIES(keys);
    RtDictValues *values = as_dict(op)->ma_values;
    if (values != NULL) {
        // The names are the keys' own. An instance visits its dict, which
        // visits the values even if they are embedded in the instance.
        for (uint8_t i = 0; i < values->capacity; i++) {
            Rt_VISIT(values->values[i]);
        }
        return 0;
    }
    for (ssize_t i = 0; i < keys->nentries; i++) {
        if (entries[i].value != NULL) {
            Rt_VISIT(entries[i].key);
            Rt_VISIT(entries[i].value);
        }
    }
    return 0;
}

// ---------------------------------------------------------------------------
// Merging.

int
RtDict_MergeLocked(RtDictObject *mp, RtDictObject *other)
{
    if (mp == other) {
        return 0;
    }
    if (mp->ma_keys == rt_dict_empty_keys) {
        return RtDict_CloneLocked(mp, other);
    }
    ssize_t pos = 0;
    RtObject *key;
    RtObject *value;
    while (RtDict_NextLocked(other, &pos, &key, &value)) {
        RtObject *old;
        uintptr_t generation = other->ma_generation;
        ssize_t positions = RtDict_CountPositions(other);
        ssize_t hash = RtDict_HashBefore(other, pos);
        int status = RtDict_InsertLocked(mp, key, hash, value, &old);
        Rt_XDECREF(old);
        Rt_DECREF(key);
        Rt_DECREF(value);
        if (status < 0) {
            return -1;
        }
        if (other->ma_generation != generation
            || RtDict_CountPositions(other) != positions) {
            RtErr_SetString(&RtExc_RuntimeError, "dict mutated during update");
            return -1;
        }
    }
    return 0;
}

int
RtDict_Update(RtObject *op, RtObject *other)
{
    int status;
    RT_BEGIN_CRITICAL_SECTION2(op, other);
    status = RtDict_MergeLocked(as_dict(op), as_dict(other));
    RT_END_CRITICAL_SECTION2();
    return status;
}

// A dict of the same keys with values of its own. The caller holds the lock.
static RtObject *
copy_split_locked(RtDictObject *mp)
{
    RtDictValues *from = mp->ma_values;
    RtDictValues *values = RtDictValues_New(from->capacity);
    if (values == NULL) {
        return NULL;
    }
    for (uint8_t i = 0; i < from->size; i++) {
        uint8_t ix = RtDictValues_Order(from)[i];
        (void)RtDictValues_Set(values, ix, from->values[ix]);
    }
    RtObject *copy = RtDict_NewSplit(mp->ma_keys, values);
    if (copy == NULL) {
        for (uint8_t i = 0; i < values->capacity; i++) {
            Rt_XDECREF(values->values[i]);
        }
        RtMem_Free(values);
    }
    return copy;
}

RtObject *
RtDict_Copy(RtObject *op)
{
    RtObject *split = NULL;
    bool is_split;
    RT_BEGIN_CRITICAL_SECTION(op);
    is_split = as_dict(op)->ma_values != NULL;
    if (is_split) {
        split = copy_split_locked(as_dict(op));
    }
    RT_END_CRITICAL_SECTION();
    if (is_split) {
        return split;
    }
    RtObject *copy = RtDict_New();
    if (copy == NULL) {
        return NULL;
    }
    int status;
    RT_BEGIN_CRITICAL_SECTION(op);
    status = RtDict_CloneLocked(as_dict(copy), as_dict(op));
    RT_END_CRITICAL_SECTION();
    if (status < 0) {
        Rt_DECREF(copy);
        return NULL;
    }
    return copy;
}

// (source, **items): 0, or -1.
static int
update_from_call(RtObject *op, const char *name, RtObject *const *args,
                 ssize_t nargs, RtObject *kwnames)
{
    if (RtArg_CheckMax(name, nargs, 1) < 0 ||
        (nargs == 1 && RtDict_UpdateFrom(op, args[0]) < 0))
    {
        return -1;
    }
    ssize_t n = kwnames == NULL ? 0 : RtTuple_Size(kwnames);
    for (ssize_t i = 0; i < n; i++) {
        if (RtDict_SetItem(op, RtTuple_GetItem(kwnames, i),
                           args[nargs + i]) < 0) {
            return -1;
        }
    }
    return 0;
}

static RtObject *
dict_new_kw(RtTypeObject *type, RtObject *const *args, ssize_t nargs,
            RtObject *kwnames)
{
    RtObject *op = RtObject_New(type, 0);
    if (op == NULL) {
        return NULL;
    }
    RtDict_InitEmpty((RtDictObject *)op);
    RtGC_Track(op);
    if (update_from_call(op, "dict", args, nargs, kwnames) < 0) {
        Rt_DECREF(op);
        return NULL;
    }
    return op;
}

static RtObject *
dict_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    return dict_new_kw(type, args, nargs, NULL);
}

static RtObject *
dict_init(RtObject *self, RtObject *const *args, ssize_t nargs,
          RtObject *kwnames)
{
    return update_from_call(self, "dict", args, nargs, kwnames) < 0
        ? NULL : Rt_None;
}

// ---------------------------------------------------------------------------
// Printing and comparing.

static int
write_items_locked(RtStrWriter *w, RtDictObject *mp)
{
    ssize_t pos = 0;
    RtObject *key;
    RtObject *value;
    bool first = true;
    while (RtDict_NextLocked(mp, &pos, &key, &value)) {
        if (!first) {
            RtStrWriter_Write(w, ", ", 2);
        }
        first = false;
        int status = RtStrWriter_WriteRepr(w, key);
        if (status == 0) {
            RtStrWriter_Write(w, ": ", 2);
            status = RtStrWriter_WriteRepr(w, value);
        }
        Rt_DECREF(key);
        Rt_DECREF(value);
        if (status < 0) {
            return -1;
        }
    }
    return 0;
}

static RtObject *
dict_repr(RtObject *op)
{
    RtReprEntry entry;
    int entered = RtRepr_Enter(&entry, op);
    if (entered != 0) {
        return entered > 0 ? RtStr_FromString("{...}") : NULL;
    }
    RtStrWriter w;
    RtStrWriter_Init(&w);
    RtStrWriter_Write(&w, "{", 1);
    int status;
    RT_BEGIN_CRITICAL_SECTION(op);
    status = write_items_locked(&w, as_dict(op));
    RT_END_CRITICAL_SECTION();
    RtStrWriter_Write(&w, "}", 1);
    RtRepr_Leave(&entry);
    if (status < 0) {
        RtStrWriter_Discard(&w);
        return NULL;
    }
    return RtStrWriter_Finish(&w);
}

// Whether b has the key, with an equal value.
static int
has_item_locked(RtDictObject *b, RtObject *key, ssize_t hash, RtObject *value)
{
    ssize_t ix = RtDict_LookupLocked(b, key, hash);
    if (ix < 0) {
        return ix == RT_DICT_ERROR ? -1 : 0;
    }
    RtObject *other = Rt_NewRef(*RtDict_ValueSlot(b, ix));
    int equal = RtObject_EqualBool(other, value);
    Rt_DECREF(other);
    return equal;
}

static int
equal_locked(RtDictObject *a, RtDictObject *b)
{
    if (a->ma_used != b->ma_used) {
        return 0;
    }
    ssize_t pos = 0;
    RtObject *key;
    RtObject *value;
    int equal = 1;
    while (equal == 1 && RtDict_NextLocked(a, &pos, &key, &value)) {
        ssize_t hash = RtDict_HashBefore(a, pos);
        equal = has_item_locked(b, key, hash, value);
        Rt_DECREF(key);
        Rt_DECREF(value);
    }
    return equal;
}

static RtObject *
dict_richcompare(RtObject *a, RtObject *b, int op)
{
    if (!RtDict_Check(a) || !RtDict_Check(b)
        || (op != RT_EQ && op != RT_NE)) {
        return Rt_NotImplemented;
    }
    if (RtRecursion_Enter(" in comparison") < 0) {
        return NULL;
    }
    int equal;
    RT_BEGIN_CRITICAL_SECTION2(a, b);
    equal = equal_locked(as_dict(a), as_dict(b));
    RT_END_CRITICAL_SECTION2();
    RtRecursion_Leave();
    return equal < 0 ? NULL : RtBool_FromInt(equal == (op == RT_EQ));
}

// ---------------------------------------------------------------------------
// Subscripts and operators.

// What a subclass gives for a key that is not there.
static RtObject *
ask_missing(RtObject *op, RtObject *key)
{
    RtObject *method = RtType_LookupRef(Rt_TYPE(op), rt_name_missing);
    if (method == NULL) {
        RtErr_SetObject(&RtExc_KeyError, key);
        return NULL;
    }
    RtObject *result = RtObject_CallAttribute(method, op, &key, 1);
    Rt_DECREF(method);
    return result;
}

static RtObject *
dict_subscript(RtObject *op, RtObject *key)
{
    RtObject *value;
    if (RtDict_GetItemRef(op, key, &value) != 0) {
        return value;
    }
    if (!Rt_IS_TYPE(op, &RtDict_Type)) {
        return ask_missing(op, key);
    }
    RtErr_SetObject(&RtExc_KeyError, key);
    return NULL;
}

static int
dict_ass_subscript(RtObject *op, RtObject *key, RtObject *value)
{
    return value == NULL ? RtDict_DelItem(op, key)
                         : RtDict_SetItem(op, key, value);
}

static RtObject *
dict_or(RtObject *a, RtObject *b)
{
    if (!RtDict_Check(a) || !RtDict_Check(b)) {
        return Rt_NotImplemented;
    }
    RtObject *result = RtDict_Copy(a);
    if (result != NULL && RtDict_Update(result, b) < 0) {
        Rt_DECREF(result);
        return NULL;
    }
    return result;
}

static RtObject *
dict_iter(RtObject *op)
{
    return RtDictIter_New(op, RT_DICT_KEYS);
}

// ---------------------------------------------------------------------------
// Methods.

static RtObject *
dict_get(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    RtObject *value;
    int found = RtDict_GetItemRef(self, args[0], &value);
    if (found == 0) {
        return Rt_NewRef(nargs > 1 ? args[1] : Rt_None);
    }
    return value;
}

// What pop(key[, default]) gives if there is no such key.
static RtObject *
pop_absent(RtObject *const *args, ssize_t nargs)
{
    if (nargs > 1) {
        return Rt_NewRef(args[1]);
    }
    RtErr_SetObject(&RtExc_KeyError, args[0]);
    return NULL;
}

static RtObject *
dict_pop(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    // An empty dict does not ask the key for its hash, which may raise.
    if (RtDict_Size(self) == 0) {
        return pop_absent(args, nargs);
    }
    ssize_t hash = RtDict_HashKey(args[0]);
    if (hash == -1) {
        return NULL;
    }
    RtObject *key = NULL;
    RtObject *value = NULL;
    ssize_t ix;
    RT_BEGIN_CRITICAL_SECTION(self);
    ix = RtDict_LookupLocked(as_dict(self), args[0], hash);
    if (ix >= 0) {
        RtDict_RemoveLocked(as_dict(self), ix, &key, &value);
    }
    RT_END_CRITICAL_SECTION();
    Rt_XDECREF(key);
    return ix != RT_DICT_EMPTY ? value : pop_absent(args, nargs);
}

static RtObject *
setdefault_locked(RtDictObject *mp, RtObject *key, ssize_t hash,
                  RtObject *value)
{
    ssize_t ix = RtDict_LookupLocked(mp, key, hash);
    uint64_t begun = RtUnbroken_Begin();
    if (ix >= 0) {
        return Rt_NewRef(*RtDict_ValueSlot(mp, ix));
    }
    if (ix == RT_DICT_ERROR
        || RtDict_InsertAbsentLocked(mp, key, hash, value) < 0) {
        return NULL;
    }
    rt_assert(RtUnbroken_Holds(begun));
    return Rt_NewRef(value);
}

static RtObject *
dict_setdefault(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    ssize_t hash = RtDict_HashKey(args[0]);
    if (hash == -1) {
        return NULL;
    }
    RtObject *value;
    RT_BEGIN_CRITICAL_SECTION(self);
    value = setdefault_locked(as_dict(self), args[0], hash,
                              nargs > 1 ? args[1] : Rt_None);
    RT_END_CRITICAL_SECTION();
    return value;
}

static RtObject *
dict_update(RtObject *self, RtObject *const *args, ssize_t nargs,
            RtObject *kwnames)
{
    return update_from_call(self, "update", args, nargs, kwnames) < 0
        ? NULL : Rt_None;
}

static RtObject *
dict_clear(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return RtDict_Clear(self) < 0 ? NULL : Rt_None;
}

static RtObject *
dict_copy(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return RtDict_Copy(self);
}

// The tuple first: no memory is needed once the item is out.
static RtObject *
dict_popitem(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    RtObject *pair = RtTuple_New(2);
    if (pair == NULL) {
        return NULL;
    }
    RtObject *key = NULL;
    RtObject *value = NULL;
    int status;
    RT_BEGIN_CRITICAL_SECTION(self);
    status = RtDict_CombineLocked(as_dict(self));
    ssize_t ix = status < 0 ? RT_DICT_ERROR
                            : RtDict_LastLocked(as_dict(self));
    if (ix >= 0) {
        RtDict_RemoveLocked(as_dict(self), ix, &key, &value);
    }
    RT_END_CRITICAL_SECTION();
    if (status < 0) {
        Rt_DECREF(pair);
        return NULL;
    }
    if (key == NULL) {
        Rt_DECREF(pair);
        RtErr_SetString(&RtExc_KeyError, "popitem(): dictionary is empty");
        return NULL;
    }
    RtTuple_SetItem(pair, 0, key);
    RtTuple_SetItem(pair, 1, value);
    return pair;
}

// The keys of another dict, all with one value.
static int
set_keys_locked(RtDictObject *mp, RtDictObject *keys, RtObject *value)
{
    ssize_t pos = 0;
    RtObject *key;
    int status = 0;
    while (status == 0 && RtDict_NextLocked(keys, &pos, &key, NULL)) {
        RtObject *old;
        ssize_t hash = RtDict_HashBefore(keys, pos);
        status = RtDict_InsertLocked(mp, key, hash, value, &old);
        Rt_XDECREF(old);
        Rt_DECREF(key);
    }
    return status;
}

static int
set_keys_from(RtObject *op, RtObject *iterable, RtObject *value)
{
    int status = 0;
    if (Rt_IS_TYPE(op, &RtDict_Type) && Rt_IS_TYPE(iterable, &RtDict_Type)) {
        RT_BEGIN_CRITICAL_SECTION2(op, iterable);
        status = set_keys_locked(as_dict(op), as_dict(iterable), value);
        RT_END_CRITICAL_SECTION2();
        return status;
    }
    RtObject *iter = RtObject_GetIter(iterable);
    if (iter == NULL) {
        return -1;
    }
    RtObject *key;
    while (status == 0 && (key = RtIter_Next(iter)) != NULL) {
        status = RtObject_SetItem(op, key, value);
        Rt_DECREF(key);
    }
    Rt_DECREF(iter);
    return RtErr_Occurred() != NULL ? -1 : status;
}

// cls.fromkeys(iterable[, value])
static RtObject *
dict_fromkeys(RtObject *cls, RtObject *const *args, ssize_t nargs)
{
    RtObject *op = RtObject_CallNoArgs(cls);
    if (op != NULL &&
        set_keys_from(op, args[0], nargs > 1 ? args[1] : Rt_None) < 0)
    {
        Rt_DECREF(op);
        return NULL;
    }
    return op;
}

static RtObject *
dict_reversed(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return RtDictIter_NewReverse(self, RT_DICT_KEYS);
}

static RtObject *
dict_keys(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return RtDictView_New(self, RT_DICT_KEYS);
}

static RtObject *
dict_values(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return RtDictView_New(self, RT_DICT_VALUES);
}

static RtObject *
dict_items(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return RtDictView_New(self, RT_DICT_ITEMS);
}

static RtMethodDef dict_methods[] = {
    {"__reversed__", dict_reversed, 0, 0},
    {"clear", dict_clear, 0, 0},
    {"copy", dict_copy, 0, 0},
    {"get", dict_get, 1, 2},
    {"items", dict_items, 0, 0},
    {"keys", dict_keys, 0, 0},
    {"pop", dict_pop, 1, 2},
    {"popitem", dict_popitem, 0, 0},
    {"setdefault", dict_setdefault, 1, 2},
    {"update", RT_KEYWORDS(dict_update), 0, RT_METH_KEYWORDS},
    {"__init__", RT_KEYWORDS(dict_init), 0, RT_METH_KEYWORDS},
    {"values", dict_values, 0, 0},
    {NULL, NULL, 0, 0},
};

static RtMethodDef dict_class_methods[] = {
    {"fromkeys", dict_fromkeys, 1, 2},
    {NULL, NULL, 0, 0},
};

RtTypeObject RtDict_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "dict",
    .tp_basicsize = sizeof(RtDictObject),
    .tp_flags = RT_TPFLAGS_BASETYPE | RT_TPFLAGS_HAVE_GC
                | RT_TPFLAGS_DICT_SUBCLASS,
    .tp_dealloc = dict_dealloc,
    .tp_traverse = dict_traverse,
    .tp_clear = RtDict_Clear,
    .tp_repr = dict_repr,
    .tp_hash = RtObject_HashNotImplemented,
    .tp_richcompare = dict_richcompare,
    .tp_iter = dict_iter,
    .tp_new = dict_new,
    .tp_new_kw = dict_new_kw,
    .nb_or = dict_or,
    .mp_length = RtDict_Size,
    .mp_subscript = dict_subscript,
    .mp_ass_subscript = dict_ass_subscript,
    .sq_contains = RtDict_Contains,
    .tp_methods = dict_methods,
    .tp_class_methods = dict_class_methods,
};

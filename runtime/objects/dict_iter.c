// dict_iter.c: the iterators of a dict, forwards and backwards, and snapshots.
//
// An iterator holds the dict, a position, the size that the dict had and how
// many items are left; threads that share one may skip or repeat items, but
// each store is whole and the reference to the dict is given up by the
// destructor alone (free-threaded build): nobody drops it twice. A step
// forwards takes no lock if it can (dict_lookup.c), one backwards the dict's.
// Mirrors dictiter and dictreviter of Objects/dictobject.c (CPython 3.13);
// departs: an iterator that is behind the end of a dict that has been compacted
// goes on from its end.

#include "rtcore_dict.h"
#include "rt_critical_section.h"
#include "rt_errors.h"
#include "rtcore_unbroken.h"

typedef struct DictIter {
    RtObject ob_base;
    RtObject *dict;             // GIL build: NULL once exhausted
    ssize_t used;               // size to be found; -1 for ever an error
    ssize_t position;           // forwards: of the next entry; backwards: how
                                // many entries are before; -1 once exhausted
    ssize_t left;               // forwards
} DictIter;

static RtTypeObject *const iter_types[] = {
    [RT_DICT_KEYS] = &RtDictKeyIter_Type,
    [RT_DICT_VALUES] = &RtDictValueIter_Type,
    [RT_DICT_ITEMS] = &RtDictItemIter_Type,
};

static RtTypeObject *const reverse_types[] = {
    [RT_DICT_KEYS] = &RtDictRevKeyIter_Type,
    [RT_DICT_VALUES] = &RtDictRevValueIter_Type,
    [RT_DICT_ITEMS] = &RtDictRevItemIter_Type,
};

// ---------------------------------------------------------------------------
// Steps under the dict's lock.

ssize_t
RtDict_CountPositions(RtDictObject *mp)
{
    return mp->ma_values != NULL ? mp->ma_values->size
                                 : mp->ma_keys->nentries;
}

// The entry at a position from *pos on, and the position after it in *pos; or
// RT_DICT_EMPTY.
static ssize_t
next_entry(RtDictObject *mp, ssize_t *pos)
{
    RtDictValues *values = mp->ma_values;
    ssize_t i = *pos;
    if (values != NULL) {
        *pos = i + 1;
        return i < values->size ? RtDictValues_Order(values)[i]
                                : RT_DICT_EMPTY;
    }
    RtDictKeysObject *keys = mp->ma_keys;
    RtDictEntry *entries = RtDict_ENTRIES(keys);
    while (i < keys->nentries && entries[i].value == NULL) {
        i++;
    }
    *pos = i + 1;
    return i < keys->nentries ? i : RT_DICT_EMPTY;
}

static inline RtObject *
new_ref_with_lock(RtObject *op)
{
#ifdef RT_GIL_DISABLED
    return RtObject_NewRefWithLock(op);
#else
    return Rt_NewRef(op);
#endif
}

static void
take_entry(RtDictObject *mp, ssize_t ix, RtObject **key, RtObject **value)
{
    if (key != NULL) {
        *key = new_ref_with_lock(RtDict_ENTRIES(mp->ma_keys)[ix].key);
    }
    if (value != NULL) {
        *value = new_ref_with_lock(*RtDict_ValueSlot(mp, ix));
    }
}

bool
RtDict_NextLocked(RtDictObject *mp, ssize_t *pos, RtObject **key,
                  RtObject **value)
{
    rt_assert(RtContainer_IsHeld((RtObject *)mp));
    ssize_t ix = next_entry(mp, pos);
    if (ix < 0) {
        return false;
    }
    take_entry(mp, ix, key, value);
    return true;
}

ssize_t
RtDict_HashBefore(RtDictObject *mp, ssize_t pos)
{
    ssize_t i = pos - 1;
    ssize_t ix = mp->ma_values == NULL ? i
                                       : RtDictValues_Order(mp->ma_values)[i];
    return RtDict_ENTRIES(mp->ma_keys)[ix].hash;
}

bool
RtDict_PreviousLocked(RtDictObject *mp, ssize_t *pos, RtObject **key,
                      RtObject **value)
{
    rt_assert(RtContainer_IsHeld((RtObject *)mp));
    ssize_t n = RtDict_CountPositions(mp);
    for (ssize_t i = *pos < n ? *pos : n; i > 0; i--) {
        ssize_t ix = mp->ma_values != NULL
            ? RtDictValues_Order(mp->ma_values)[i - 1] : i - 1;
        if (*RtDict_ValueSlot(mp, ix) != NULL) {
            *pos = i - 1;
            take_entry(mp, ix, key, value);
            return true;
        }
    }
    return false;
}

// ---------------------------------------------------------------------------
// Snapshots.

static RtObject *
pack_pair(RtObject *key, RtObject *value)
{
    RtObject *pair = RtTuple_New(2);
    if (pair == NULL) {
        Rt_DECREF(key);
        Rt_DECREF(value);
        return NULL;
    }
    RtTuple_SetItem(pair, 0, key);
    RtTuple_SetItem(pair, 1, value);
    return pair;
}

static int
fill_snapshot(RtObject *list, RtDictObject *mp, RtDictPart part)
{
    ssize_t pos = 0;
    RtObject *key = NULL;
    RtObject *value = NULL;
    for (ssize_t i = 0;
         RtDict_NextLocked(mp, &pos, part == RT_DICT_VALUES ? NULL : &key,
                           part == RT_DICT_KEYS ? NULL : &value); i++) {
        RtObject *item = part == RT_DICT_KEYS     ? key
                         : part == RT_DICT_VALUES ? value
                                                  : pack_pair(key, value);
        if (item == NULL) {
            return -1;
        }
        RtList_SetItemNew(list, i, item);
    }
    return 0;
}

RtObject *
RtDict_Snapshot(RtDictObject *mp, RtDictPart part)
{
    RtObject *list;
    int status = 0;
    RT_BEGIN_CRITICAL_SECTION(mp);
    list = RtList_New(mp->ma_used);
    if (list != NULL) {
        status = fill_snapshot(list, mp, part);
    }
    RT_END_CRITICAL_SECTION();
    if (status < 0) {
        Rt_DECREF(list);
        return NULL;
    }
    return list;
}

// ---------------------------------------------------------------------------
// Iterators.

static DictIter *
new_iterator(RtTypeObject *type, RtObject *dict)
{
    DictIter *it = (DictIter *)RtObject_New(type, 0);
    if (it == NULL) {
        return NULL;
    }
    it->dict = Rt_NewRef(dict);
    it->used = RtDict_Size(dict);
    it->left = it->used;
    return it;
}

RtObject *
RtDictIter_New(RtObject *dict, RtDictPart part)
{
    DictIter *it = new_iterator(iter_types[part], dict);
    if (it != NULL) {
        RtGC_Track((RtObject *)it);
    }
    return (RtObject *)it;
}

RtObject *
RtDictIter_NewReverse(RtObject *dict, RtDictPart part)
{
    DictIter *it = new_iterator(reverse_types[part], dict);
    if (it == NULL) {
        return NULL;
    }
    RT_BEGIN_CRITICAL_SECTION(dict);
    it->position = RtDict_CountPositions((RtDictObject *)dict);
    RT_END_CRITICAL_SECTION();
    RtGC_Track((RtObject *)it);
    return (RtObject *)it;
}

static void
dictiter_dealloc(RtObject *op)
{
    RtGC_Untrack(op);
    Rt_XDECREF(((DictIter *)op)->dict);
    RtObject_Free(op);
}

static int
dictiter_traverse(RtObject *op, visitproc visit, void *arg)
{
    Rt_VISIT(((DictIter *)op)->dict);
    return 0;
}

static RtObject *
iter_self(RtObject *op)
{
    return Rt_NewRef(op);
}

static void
exhaust(DictIter *it)
{
    RT_FT_ATOMIC_STORE_SSIZE_RELAXED(&it->position, -1);
#ifndef RT_GIL_DISABLED
    Rt_CLEAR(it->dict);
#endif
}

static void
raise_changed_size(DictIter *it)
{
    RT_FT_ATOMIC_STORE_SSIZE_RELAXED(&it->used, -1);
    RtErr_SetString(&RtExc_RuntimeError,
                    "dictionary changed size during iteration");
}

// The next entry into *key and *value (NULL: not wanted). True if there is one.
static bool
step(DictIter *it, RtObject **key, RtObject **value)
{
    ssize_t position = RT_FT_ATOMIC_LOAD_SSIZE_RELAXED(&it->position);
    if (position < 0) {
        return false;
    }
    RtDictObject *mp = (RtDictObject *)it->dict;
    ssize_t used = RT_FT_ATOMIC_LOAD_SSIZE_RELAXED(&it->used);
    if (used != RT_FT_ATOMIC_LOAD_SSIZE_RELAXED(&mp->ma_used)) {
        raise_changed_size(it);
        return false;
    }
    if (RtDict_NextRef(mp, &position, key, value) == 0) {
        exhaust(it);
        return false;
    }
    RT_FT_ATOMIC_STORE_SSIZE_RELAXED(&it->position, position);
    ssize_t left = RT_FT_ATOMIC_LOAD_SSIZE_RELAXED(&it->left);
    if (left <= 0) {
        // As many items were there, but not these.
        if (key != NULL) {
            Rt_DECREF(*key);
        }
        if (value != NULL) {
            Rt_DECREF(*value);
        }
        exhaust(it);
        RtErr_SetString(&RtExc_RuntimeError,
                        "dictionary keys changed during iteration");
        return false;
    }
    RT_FT_ATOMIC_STORE_SSIZE_RELAXED(&it->left, left - 1);
    return true;
}

// The lock of the dict guards the iterator too.
static bool
step_back_locked(DictIter *it, RtDictObject *mp, RtObject **key,
                 RtObject **value)
{
    if (it->position < 0) {
        return false;
    }
    if (it->used != mp->ma_used) {
        raise_changed_size(it);
        return false;
    }
    if (!RtDict_PreviousLocked(mp, &it->position, key, value)) {
        it->position = -1;
        return false;
    }
    return true;
}

static bool
step_back(DictIter *it, RtObject **key, RtObject **value)
{
    RtObject *dict = it->dict;
    if (dict == NULL) {
        return false;
    }
    bool found;
    RT_BEGIN_CRITICAL_SECTION(dict);
    found = step_back_locked(it, (RtDictObject *)dict, key, value);
    RT_END_CRITICAL_SECTION();
#ifndef RT_GIL_DISABLED
    if (it->position < 0) {
        Rt_CLEAR(it->dict);
    }
#endif
    return found;
}

static RtObject *
keyiter_next(RtObject *op)
{
    RtObject *key;
    return step((DictIter *)op, &key, NULL) ? key : NULL;
}

static RtObject *
valueiter_next(RtObject *op)
{
    RtObject *value;
    return step((DictIter *)op, NULL, &value) ? value : NULL;
}

static RtObject *
itemiter_next(RtObject *op)
{
    RtObject *key;
    RtObject *value;
    return step((DictIter *)op, &key, &value) ? pack_pair(key, value) : NULL;
}

static RtObject *
revkeyiter_next(RtObject *op)
{
    RtObject *key;
    return step_back((DictIter *)op, &key, NULL) ? key : NULL;
}

static RtObject *
revvalueiter_next(RtObject *op)
{
    RtObject *value;
    return step_back((DictIter *)op, NULL, &value) ? value : NULL;
}

static RtObject *
revitemiter_next(RtObject *op)
{
    RtObject *key;
    RtObject *value;
    return step_back((DictIter *)op, &key, &value) ? pack_pair(key, value)
                                                   : NULL;
}

#define ITER_TYPE(name, next) \
    { \
        .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type), \
        .tp_name = name, \
        .tp_basicsize = sizeof(DictIter), \
        .tp_flags = RT_TPFLAGS_HAVE_GC, \
        .tp_dealloc = dictiter_dealloc, \
        .tp_traverse = dictiter_traverse, \
        .tp_iter = iter_self, \
        .tp_iternext = next, \
    }

RtTypeObject RtDictKeyIter_Type = ITER_TYPE("dict_keyiterator", keyiter_next);
RtTypeObject RtDictValueIter_Type =
    ITER_TYPE("dict_valueiterator", valueiter_next);
RtTypeObject RtDictItemIter_Type =
    ITER_TYPE("dict_itemiterator", itemiter_next);
RtTypeObject RtDictRevKeyIter_Type =
    ITER_TYPE("dict_reversekeyiterator", revkeyiter_next);
RtTypeObject RtDictRevValueIter_Type =
    ITER_TYPE("dict_reversevalueiterator", revvalueiter_next);
RtTypeObject RtDictRevItemIter_Type =
    ITER_TYPE("dict_reverseitemiterator", revitemiter_next);

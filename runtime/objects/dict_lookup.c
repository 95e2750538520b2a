// dict_lookup.c: reading a dict without its lock.
//
// A lookup loads the keys block, probes it, takes the value with a try-incref
// that looks at the slot again, and makes sure that the block is still the
// dict's; whenever anything has changed it asks again under the lock. The first
// read by a thread that is not the owner takes the lock too and marks the dict
// SHARED: from then on blocks are freed by QSBR. The values of a split dict may
// move while its keys stay: it is they that must still be the dict's. The GIL
// build has the lock.
// Mirrors _Py_dict_lookup_threadsafe in Objects/dictobject.c (CPython 3.13);
// departs: the generation guards the block across comparisons.

#include "rtcore_dict.h"
#include "rt_critical_section.h"
#include "rt_errors.h"
#include "rtcore_unbroken.h"

#include <string.h>

#ifdef RT_GIL_DISABLED
// What a probe by identity cannot tell.
enum { UNDECIDED = RT_DICT_CHANGED };

// Finds a key by identity among strs; no other object is touched.
static ssize_t
lookup_identity(RtDictKeysObject *keys, RtObject *key, ssize_t hash)
{
    RtDictEntry *entries = RtDict_ENTRIES(keys);
    for (RtDictProbe p = RtDictProbe_Start(keys, hash);; RtDictProbe_Next(&p)) {
        ssize_t ix = RtDictKeys_LoadIndex(keys, p.i);
        if (ix == RT_DICT_EMPTY) {
            return RT_DICT_EMPTY;
        }
        if (ix < 0 || entries[ix].hash != hash) {
            continue;
        }
        RtObject *found = rt_atomic_load_ptr_acquire(&entries[ix].key);
        if (found == key) {
            return ix;
        }
        if (found != NULL) {
            return UNDECIDED;
        }
    }
}

// As compare_key_locked(), with the key of an entry of `keys`, which was the
// dict's block in that generation.
static int
compare_key_lockfree(RtDictObject *mp, RtDictKeysObject *keys,
                     uintptr_t generation, RtDictEntry *ep, RtObject *key)
{
    RtObject *found = rt_atomic_load_ptr_acquire(&ep->key);
    if (found == key) {
        return 1;
    }
    if (found == NULL) {
        return 0;
    }
    if (!RtObject_TryIncrefCompare(&ep->key, found)) {
        return RT_DICT_CHANGED;
    }
    int equal = RtObject_EqualBool(found, key);
    Rt_DECREF(found);
    if (equal < 0) {
        return RT_DICT_ERROR;
    }
    // The comparison or the decref may have been a quiescent state: `keys` is
    // only an address until it is known to be the dict's block all the time.
    // The order of the loads mirrors RtDict_PublishLocked().
    if (rt_atomic_load_ptr_acquire(&mp->ma_keys) != keys
        || rt_atomic_load_uintptr_acquire(&mp->ma_generation) != generation
        || rt_atomic_load_ptr_acquire(&ep->key) != found) {
        return RT_DICT_CHANGED;
    }
    return equal;
}

static ssize_t
lookup_lockfree(RtDictObject *mp, RtObject *key, ssize_t hash,
                RtDictKeysObject **block)
{
    uintptr_t generation = rt_atomic_load_uintptr_acquire(&mp->ma_generation);
    RtDictKeysObject *keys = rt_atomic_load_ptr_acquire(&mp->ma_keys);
    RtDictEntry *entries = RtDict_ENTRIES(keys);
    *block = keys;
    for (RtDictProbe p = RtDictProbe_Start(keys, hash);; RtDictProbe_Next(&p)) {
        ssize_t ix = RtDictKeys_LoadIndex(keys, p.i);
        if (ix == RT_DICT_EMPTY) {
            return RT_DICT_EMPTY;
        }
        if (ix < 0 || entries[ix].hash != hash) {
            continue;
        }
        int equal = compare_key_lockfree(mp, keys, generation, &entries[ix],
                                         key);
        if (equal != 0) {
            return equal == 1 ? ix : equal;
        }
    }
}

static int
get_locked(RtDictObject *mp, RtObject *key, ssize_t hash, RtObject **result)
{
    ssize_t ix;
    RT_NOTE(READ_LOCKED, mp, 0);
    RT_BEGIN_CRITICAL_SECTION(mp);
    if (!RtObject_IsOwnedByCurrentThread((RtObject *)mp)) {
        RtContainer_SetShared((RtObject *)mp);
    }
    ix = RtDict_LookupLocked(mp, key, hash);
    if (ix >= 0) {
        *result = RtObject_NewRefWithLock(*RtDict_ValueSlot(mp, ix));
    }
    RT_END_CRITICAL_SECTION();
    return ix >= 0 ? 1 : ix == RT_DICT_ERROR ? -1 : 0;
}

// Takes the value of a split dict for entry ix: 1, 0 if there is none, -1 if
// that cannot be told without the lock.
static int
take_split_value(RtDictObject *mp, ssize_t ix, RtObject **result)
{
    // NULL if the dict is a combined one by now.
    RtDictValues *values = rt_atomic_load_ptr_acquire(&mp->ma_values);
    if (values == NULL || ix >= values->capacity) {
        return -1;
    }
    RtObject **slot = &values->values[ix];
    RtObject *value = rt_atomic_load_ptr_acquire(slot);
    if (value != NULL && !RtObject_TryIncrefCompare(slot, value)) {
        return -1;
    }
    // Values that have moved leave NULLs behind, after the move.
    if (rt_atomic_load_ptr_acquire(&mp->ma_values) == values) {
        *result = value;
        return value != NULL;
    }
    Rt_XDECREF(value);
    return -1;
}

// The same of a dict whose block was `keys`.
static int
take_value(RtDictObject *mp, RtDictKeysObject *keys, ssize_t ix,
           RtObject **result)
{
    if (keys->split) {
        return take_split_value(mp, ix, result);
    }
    RtObject *value = RtObject_TryXGetRef(&RtDict_ENTRIES(keys)[ix].value);
    if (value == NULL) {
        return -1;
    }
    if (rt_atomic_load_ptr_acquire(&mp->ma_keys) == keys) {
        *result = value;
        return 1;
    }
    // The block was replaced: its slot may be out of date.
    Rt_DECREF(value);
    return -1;
}

int
RtDict_GetItemKnownHash(RtDictObject *mp, RtObject *key, ssize_t hash,
                        RtObject **result)
{
    *result = NULL;
    if (!RtContainer_CanRead((RtObject *)mp)) {
        return get_locked(mp, key, hash, result);
    }
    RtDictKeysObject *keys = rt_atomic_load_ptr_acquire(&mp->ma_keys);
    uint64_t begun = RtLockFree_Begin();
    ssize_t ix = UNDECIDED;
    if (keys->all_str && RtStr_CheckExact(key)) {
        ix = lookup_identity(keys, key, hash);
    }
    if (ix == UNDECIDED) {
        ix = lookup_lockfree(mp, key, hash, &keys);
        begun = RtLockFree_Begin();     // as it was after each comparison
    }
    if (ix == RT_DICT_EMPTY || ix == RT_DICT_ERROR) {
        return ix == RT_DICT_ERROR ? -1 : 0;
    }
    int found = ix >= 0 ? take_value(mp, keys, ix, result) : -1;
    rt_assert(found < 0 || RtLockFree_Holds(begun));
    return found >= 0 ? found : get_locked(mp, key, hash, result);
}

static int
next_locked(RtDictObject *mp, ssize_t *pos, RtObject **key, RtObject **value)
{
    int found;
    RT_NOTE(READ_LOCKED, mp, 0);
    RT_BEGIN_CRITICAL_SECTION(mp);
    if (!RtObject_IsOwnedByCurrentThread((RtObject *)mp)) {
        RtContainer_SetShared((RtObject *)mp);
    }
    found = RtDict_NextLocked(mp, pos, key, value);
    RT_END_CRITICAL_SECTION();
    return found;
}

// Takes what is wanted of a live entry; false if it changed meanwhile. `values`
// is NULL unless the keys are split.
static bool
take_entry(RtDictObject *mp, RtDictKeysObject *keys, RtDictValues *values,
           ssize_t ix, RtObject **key, RtObject **value)
{
    RtDictEntry *ep = &RtDict_ENTRIES(keys)[ix];
    RtObject *k = NULL;
    RtObject *v = NULL;
    bool taken = true;
    if (value != NULL) {
        v = RtObject_TryXGetRef(values != NULL ? &values->values[ix]
                                               : &ep->value);
        taken = v != NULL;
    }
    if (taken && key != NULL) {
        k = RtObject_TryXGetRef(&ep->key);
        taken = k != NULL;
    }
    if (taken && rt_atomic_load_ptr_acquire(&mp->ma_keys) == keys
        && (values == NULL
            || rt_atomic_load_ptr_acquire(&mp->ma_values) == values)) {
        if (key != NULL) {
            *key = k;
        }
        if (value != NULL) {
            *value = v;
        }
        return true;
    }
    Rt_XDECREF(k);
    Rt_XDECREF(v);
    return false;
}

// As next_entry() in dict.c, of a combined table.
static ssize_t
next_combined(RtDictKeysObject *keys, ssize_t *pos)
{
    RtDictEntry *entries = RtDict_ENTRIES(keys);
    // Pairs with the release in insert_combined().
    ssize_t n = rt_atomic_load_ssize_acquire(&keys->nentries);
    ssize_t i = *pos;
    while (i < n && rt_atomic_load_ptr_acquire(&entries[i].value) == NULL) {
        i++;
    }
    *pos = i + 1;
    return i < n ? i : RT_DICT_EMPTY;
}

// The same of split values. An item that is deleted meanwhile moves the others:
// one may come twice or not at all, as in CPython.
static ssize_t
next_split(RtDictValues *values, ssize_t *pos)
{
    ssize_t i = *pos;
    *pos = i + 1;
    if (i >= rt_atomic_load_uint8_acquire(&values->size)) {
        return RT_DICT_EMPTY;
    }
    return rt_atomic_load_uint8_relaxed(&RtDictValues_Order(values)[i]);
}

int
RtDict_NextRef(RtDictObject *mp, ssize_t *pos, RtObject **key,
               RtObject **value)
{
    if (!RtContainer_CanRead((RtObject *)mp)) {
        return next_locked(mp, pos, key, value);
    }
    RtDictKeysObject *keys = rt_atomic_load_ptr_acquire(&mp->ma_keys);
    RtDictValues *values = NULL;
    if (keys->split) {
        values = rt_atomic_load_ptr_acquire(&mp->ma_values);
        if (values == NULL) {
            return next_locked(mp, pos, key, value);
        }
    }
    ssize_t start = *pos;
    uint64_t begun = RtLockFree_Begin();
    ssize_t ix = values != NULL ? next_split(values, pos)
                                : next_combined(keys, pos);
    if (ix == RT_DICT_EMPTY) {
        return 0;
    }
    if (take_entry(mp, keys, values, ix, key, value)) {
        rt_assert(RtLockFree_Holds(begun));
        return 1;
    }
    *pos = start;
    return next_locked(mp, pos, key, value);
}
#else
int
RtDict_GetItemKnownHash(RtDictObject *mp, RtObject *key, ssize_t hash,
                        RtObject **result)
{
    *result = NULL;
    ssize_t ix = RtDict_LookupLocked(mp, key, hash);
    if (ix >= 0) {
        *result = Rt_NewRef(*RtDict_ValueSlot(mp, ix));
        return 1;
    }
    return ix == RT_DICT_ERROR ? -1 : 0;
}

int
RtDict_NextRef(RtDictObject *mp, ssize_t *pos, RtObject **key,
               RtObject **value)
{
    return RtDict_NextLocked(mp, pos, key, value);
}
#endif

ssize_t
RtDict_GuessEntry(RtDictObject *mp, RtObject *key)
{
    RtDictKeysObject *keys = RT_FT_ATOMIC_LOAD_PTR_ACQUIRE(&mp->ma_keys);
    RtDictEntry *entries = RtDict_ENTRIES(keys);
    ssize_t hash = RtStr_HASH(key);
    for (RtDictProbe p = RtDictProbe_Start(keys, hash);; RtDictProbe_Next(&p)) {
        ssize_t ix = RtDictKeys_LoadIndex(keys, p.i);
        if (ix == RT_DICT_EMPTY) {
            return RT_DICT_EMPTY;
        }
        if (ix >= 0
            && RT_FT_ATOMIC_LOAD_PTR_ACQUIRE(&entries[ix].key) == key) {
            return ix;
        }
    }
}

// ---------------------------------------------------------------------------
// The C API.

ssize_t
RtDict_HashKey(RtObject *key)
{
    return RtStr_CheckExact(key) ? RtStr_HASH(key) : RtObject_Hash(key);
}

int
RtDict_GetItemRef(RtObject *op, RtObject *key, RtObject **result)
{
    ssize_t hash = RtDict_HashKey(key);
    if (hash == -1) {
        *result = NULL;
        return -1;
    }
    return RtDict_GetItemKnownHash((RtDictObject *)op, key, hash, result);
}

int
RtDict_Contains(RtObject *op, RtObject *key)
{
    RtObject *value;
    int found = RtDict_GetItemRef(op, key, &value);
    Rt_XDECREF(value);
    return found;
}

RtObject *
RtDict_GetItemImmutable(RtObject *op, RtObject *key)
{
    RtDictKeysObject *keys = ((RtDictObject *)op)->ma_keys;
    RtDictEntry *entries = RtDict_ENTRIES(keys);
    ssize_t hash = RtStr_HASH(key);
    for (RtDictProbe p = RtDictProbe_Start(keys, hash);; RtDictProbe_Next(&p)) {
        ssize_t ix = RtDictKeys_GetIndex(keys, p.i);
        if (ix == RT_DICT_EMPTY) {
            return NULL;
        }
        if (ix >= 0 && entries[ix].hash == hash
            && RtStr_Equal(entries[ix].key, key)) {
            return entries[ix].value;
        }
    }
}

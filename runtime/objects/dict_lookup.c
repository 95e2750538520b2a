// dict_lookup.c: reading a dict without its lock, and checking one.
//
// A lookup loads the keys block, probes it, takes the value with a try-incref
// that looks at the slot again, and makes sure that the block is still the
// dict's; whenever anything has changed it asks again under the lock. The first
// read by a thread that is not the owner takes the lock too and marks the dict
// SHARED: from then on blocks are freed by QSBR. The GIL build has the lock.
// Mirrors _Py_dict_lookup_threadsafe in Objects/dictobject.c (CPython 3.13);
// departs: the generation guards the block across comparisons.

#include "rtcore_dict.h"
#include "rt_critical_section.h"
#include "rt_errors.h"

#include <string.h>

#ifdef RT_GIL_DISABLED
// What a probe by identity cannot tell.
enum { UNDECIDED = RT_DICT_CHANGED };

static inline ssize_t
load_index(const RtDictKeysObject *keys, size_t i)
{
    const void *indices = RtDictKeys_Indices(keys);
    if (keys->log2_size < 8) {
        return (int8_t)rt_atomic_load_uint8_acquire(
            (const uint8_t *)indices + i);
    }
    if (keys->log2_size < 16) {
        return (int16_t)rt_atomic_load_uint16_acquire(
            (const uint16_t *)indices + i);
    }
    return (int32_t)rt_atomic_load_uint32_acquire(
        (const uint32_t *)indices + i);
}

// Finds a key by identity among strs; no other object is touched.
static ssize_t
lookup_identity(RtDictKeysObject *keys, RtObject *key, ssize_t hash)
{
    RtDictEntry *entries = RtDict_ENTRIES(keys);
    for (RtDictProbe p = RtDictProbe_Start(keys, hash);; RtDictProbe_Next(&p)) {
        ssize_t ix = load_index(keys, p.i);
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
    // The order of the loads mirrors publish_keys().
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
        ssize_t ix = load_index(keys, p.i);
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
    RT_BEGIN_CRITICAL_SECTION(mp);
    if (!RtObject_IsOwnedByCurrentThread((RtObject *)mp)) {
        RtContainer_SetShared((RtObject *)mp);
    }
    ix = RtDict_LookupLocked(mp, key, hash);
    if (ix >= 0) {
        *result = RtObject_NewRefWithLock(
            RtDict_ENTRIES(mp->ma_keys)[ix].value);
    }
    RT_END_CRITICAL_SECTION();
    return ix >= 0 ? 1 : ix == RT_DICT_ERROR ? -1 : 0;
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
    ssize_t ix = UNDECIDED;
    if (keys->all_str && RtStr_CheckExact(key)) {
        ix = lookup_identity(keys, key, hash);
    }
    if (ix == UNDECIDED) {
        ix = lookup_lockfree(mp, key, hash, &keys);
    }
    if (ix == RT_DICT_EMPTY || ix == RT_DICT_ERROR) {
        return ix == RT_DICT_ERROR ? -1 : 0;
    }
    if (ix >= 0) {
        RtObject *value = RtObject_TryXGetRef(&RtDict_ENTRIES(keys)[ix].value);
        if (value != NULL) {
            if (rt_atomic_load_ptr_acquire(&mp->ma_keys) == keys) {
                *result = value;
                return 1;
            }
            // The block was replaced: its slot may be out of date.
            Rt_DECREF(value);
        }
    }
    return get_locked(mp, key, hash, result);
}

static int
next_locked(RtDictObject *mp, ssize_t *pos, RtObject **key, RtObject **value)
{
    int found;
    RT_BEGIN_CRITICAL_SECTION(mp);
    if (!RtObject_IsOwnedByCurrentThread((RtObject *)mp)) {
        RtContainer_SetShared((RtObject *)mp);
    }
    found = RtDict_NextLocked(mp, pos, key, value);
    RT_END_CRITICAL_SECTION();
    return found;
}

// Takes what is wanted of a live entry; false if it changed meanwhile.
static bool
take_entry(RtDictObject *mp, RtDictKeysObject *keys, RtDictEntry *ep,
           RtObject **key, RtObject **value)
{
    RtObject *k = NULL;
    RtObject *v = NULL;
    bool taken = true;
    if (value != NULL) {
        v = RtObject_TryXGetRef(&ep->value);
        taken = v != NULL;
    }
    if (taken && key != NULL) {
        k = RtObject_TryXGetRef(&ep->key);
        taken = k != NULL;
    }
    if (taken && rt_atomic_load_ptr_acquire(&mp->ma_keys) == keys) {
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

int
RtDict_NextRef(RtDictObject *mp, ssize_t *pos, RtObject **key,
               RtObject **value)
{
    if (!RtContainer_CanRead((RtObject *)mp)) {
        return next_locked(mp, pos, key, value);
    }
    RtDictKeysObject *keys = rt_atomic_load_ptr_acquire(&mp->ma_keys);
    RtDictEntry *entries = RtDict_ENTRIES(keys);
    // Pairs with the release in RtDict_InsertAbsentLocked().
    ssize_t n = rt_atomic_load_ssize_acquire(&keys->nentries);
    ssize_t i = *pos;
    while (i < n && rt_atomic_load_ptr_acquire(&entries[i].value) == NULL) {
        i++;
    }
    *pos = i + 1;
    if (i >= n) {
        return 0;
    }
    if (take_entry(mp, keys, &entries[i], key, value)) {
        return 1;
    }
    *pos = i;
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
        *result = Rt_NewRef(RtDict_ENTRIES(mp->ma_keys)[ix].value);
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

// ---------------------------------------------------------------------------
// The audit's view. Plain reads: the world is stopped.

RT_NO_INSTRUMENT static ssize_t
audit_index(const RtDictKeysObject *keys, size_t i)
{
    const void *indices = keys + 1;
    if (keys->log2_size < 8) {
        return ((const int8_t *)indices)[i];
    }
    if (keys->log2_size < 16) {
        return ((const int16_t *)indices)[i];
    }
    return ((const int32_t *)indices)[i];
}

// Whether probing for the hash of entry ix comes to it.
RT_NO_INSTRUMENT static bool
audit_reachable(const RtDictKeysObject *keys, ssize_t hash, ssize_t ix)
{
    size_t mask = ((size_t)1 << keys->log2_size) - 1;
    size_t perturb = (size_t)hash;
    size_t i = perturb & mask;
    for (size_t step = 0; step <= mask + 64; step++) {
        ssize_t found = audit_index(keys, i);
        if (found == ix) {
            return true;
        }
        if (found == RT_DICT_EMPTY) {
            return false;
        }
        perturb >>= RT_DICT_PERTURB_SHIFT;
        i = (i * 5 + perturb + 1) & mask;
    }
    return false;
}

RT_NO_INSTRUMENT RtObject *
RtDict_AuditGet(RtObject *op, RtObject *name)
{
    RtDictKeysObject *keys = ((RtDictObject *)op)->ma_keys;
    RtDictEntry *entries = (RtDictEntry *)((char *)(keys + 1) +
                                           ((size_t)1 <<
                                            keys->log2_index_bytes));
    const RtStrObject *text = (const RtStrObject *)name;
    for (ssize_t i = 0; i < keys->nentries; i++) {
        const RtStrObject *key = (const RtStrObject *)entries[i].key;
        if (key != NULL && key->hash == text->hash &&
            key->ob_base.ob_size == text->ob_base.ob_size &&
            memcmp(key->data, text->data, (size_t)Rt_SIZE(name)) == 0)
        {
            return entries[i].value;
        }
    }
    return NULL;
}

RT_NO_INSTRUMENT bool
RtDict_IsValid(RtObject *op)
{
    RtDictObject *mp = (RtDictObject *)op;
    RtDictKeysObject *keys = mp->ma_keys;
    if (keys == NULL || keys == rt_dict_empty_keys) {
        return keys != NULL && mp->ma_used == 0;
    }
    size_t size = (size_t)1 << keys->log2_size;
    RtDictEntry *entries = (RtDictEntry *)((char *)(keys + 1) +
                                           ((size_t)1 <<
                                            keys->log2_index_bytes));
    ssize_t live = 0;
    if (keys->nentries < 0 || keys->usable < 0
        || (size_t)(keys->nentries + keys->usable) != size * 2 / 3) {
        return false;
    }
    for (ssize_t i = 0; i < keys->nentries; i++) {
        if ((entries[i].key == NULL) != (entries[i].value == NULL)) {
            return false;
        }
        if (entries[i].value != NULL) {
            live++;
            if (i >= keys->last
                || !audit_reachable(keys, entries[i].hash, i)) {
                return false;
            }
        }
    }
    // As many indices as live entries, each reachable: a bijection.
    ssize_t indices = 0;
    for (size_t i = 0; i < size; i++) {
        indices += audit_index(keys, i) >= 0;
    }
    return live == mp->ma_used && indices == live;
}

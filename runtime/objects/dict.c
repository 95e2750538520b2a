// dict.c: the hash table of dict, changed under its lock, and its C API.
//
// Writers hold the dict's critical section; dict_lookup.c reads without it. In
// a keys block an entry is filled before its index is stored, deleted by NULLs,
// and never used again: who has matched a key in an entry can only find that
// key's value beside it. Blocks that readers may hold (SHARED) are freed by
// QSBR. Old keys and values are dropped when the dict is whole again.
//
// Comparing keys can run user code, after which the block may be gone and
// another one at its address: ma_generation, stored before ma_keys, tells, and
// the lookup starts again.
// Mirrors Objects/dictobject.c (CPython 3.13); departs: combined tables only,
// entries always carry the hash and are not reused by popitem, the generation.

#include "rtcore_dict.h"
#include "rt_critical_section.h"
#include "rt_errors.h"

#include <string.h>

#ifdef RT_TINY_LIMITS
enum { LOG2_MIN_SIZE = 2 };
#else
enum { LOG2_MIN_SIZE = 3 };
#endif

static struct {
    RtDictKeysObject keys;
    int8_t indices[8];
} empty_block = {
    .keys = { .log2_index_bytes = 3, .all_str = true },
    .indices = { -1, -1, -1, -1, -1, -1, -1, -1 },
};
#define EMPTY_KEYS (&empty_block.keys)
RtDictKeysObject *const rt_dict_empty_keys = EMPTY_KEYS;

static inline RtDictObject *
as_dict(RtObject *op)
{
    rt_assert(RtDict_Check(op));
    return (RtDictObject *)op;
}

static inline void
store_ptr(void *slot, void *value)
{
    RT_FT_ATOMIC_STORE_PTR_RELEASE((void **)slot, value);
}

static inline void
store_used(RtDictObject *mp, ssize_t used)
{
    RT_FT_ATOMIC_STORE_SSIZE_RELAXED(&mp->ma_used, used);
}

// ---------------------------------------------------------------------------
// Keys blocks.

// Pairs with the acquire in load_index(): the entry is filled.
static inline void
set_index(RtDictKeysObject *keys, size_t i, ssize_t ix)
{
#ifdef RT_GIL_DISABLED
    if (keys->log2_size < 8) {
        rt_atomic_store_uint8_release((uint8_t *)RtDictKeys_Indices(keys) + i,
                                      (uint8_t)ix);
    }
    else if (keys->log2_size < 16) {
        rt_atomic_store_uint16_release((uint16_t *)RtDictKeys_Indices(keys) + i,
                                       (uint16_t)ix);
    }
    else {
        rt_atomic_store_uint32_release((uint32_t *)RtDictKeys_Indices(keys) + i,
                                       (uint32_t)ix);
    }
#else
    RtDictKeys_PutIndex(keys, i, ix);
#endif
}

static RtDictKeysObject *
new_keys(uint8_t log2_size, bool all_str)
{
    uint8_t log2_bytes = log2_size;
    log2_bytes += log2_size < 8 ? 0 : log2_size < 16 ? 1 : 2;
    if (log2_bytes < 3) {
        log2_bytes = 3;
    }
    size_t usable = ((size_t)2 << log2_size) / 3;
    RtDictKeysObject *keys = NULL;
    if (usable <= (size_t)RT_SEQUENCE_SIZE_MAX) {
        keys = RtMem_Malloc(sizeof(RtDictKeysObject)
                            + ((size_t)1 << log2_bytes)
                            + usable * sizeof(RtDictEntry));
    }
    if (keys == NULL) {
        return RtErr_NoMemory();
    }
    keys->log2_size = log2_size;
    keys->log2_index_bytes = log2_bytes;
    keys->all_str = all_str;
    keys->usable = (ssize_t)usable;
    keys->nentries = 0;
    keys->last = 0;
    memset(RtDictKeys_Indices(keys), 0xff, (size_t)1 << log2_bytes);
    memset(RtDict_ENTRIES(keys), 0, usable * sizeof(RtDictEntry));
    return keys;
}

static void
free_keys(RtDictKeysObject *keys, bool delayed)
{
    if (keys == EMPTY_KEYS) {
        return;
    }
    if (delayed) {
        RtMem_FreeDelayed(keys);
    }
    else {
        RtMem_Free(keys);
    }
}

// The old block is still the caller's to free.
static void
publish_keys(RtDictObject *mp, RtDictKeysObject *keys)
{
    RtContainer_EnsureSharedOnResize((RtObject *)mp);
#ifdef RT_GIL_DISABLED
    // The generation first; pairs with compare_key_lockfree().
    rt_atomic_store_uintptr_release(&mp->ma_generation,
                                    mp->ma_generation + 1);
#else
    mp->ma_generation++;
#endif
    store_ptr(&mp->ma_keys, keys);
}

static uint8_t
log2_size_for(ssize_t used)
{
    uint8_t log2_size = LOG2_MIN_SIZE;
    while (((ssize_t)1 << log2_size) < used * 3) {
        log2_size++;
    }
    return log2_size;
}

// A new block with the live entries of `old` in their order. References are
// not counted.
static RtDictKeysObject *
compact_copy(RtDictKeysObject *old, ssize_t used, bool all_str)
{
    RtDictKeysObject *keys = new_keys(log2_size_for(used), all_str);
    if (keys == NULL) {
        return NULL;
    }
    RtDictEntry *from = RtDict_ENTRIES(old);
    RtDictEntry *to = RtDict_ENTRIES(keys);
    ssize_t n = 0;
    for (ssize_t i = 0; i < old->nentries; i++) {
        if (from[i].value == NULL) {
            continue;
        }
        to[n] = from[i];
        RtDictProbe p = RtDictProbe_Start(keys, from[i].hash);
        while (RtDictKeys_GetIndex(keys, p.i) != RT_DICT_EMPTY) {
            RtDictProbe_Next(&p);
        }
        RtDictKeys_PutIndex(keys, p.i, n);
        n++;
    }
    rt_assert(n == used);
    keys->nentries = n;
    keys->last = n;
    keys->usable -= n;
    return keys;
}

static int
resize(RtDictObject *mp, bool all_str)
{
    RtDictKeysObject *old = mp->ma_keys;
    RtDictKeysObject *keys = compact_copy(old, mp->ma_used, all_str);
    if (keys == NULL) {
        return -1;
    }
    publish_keys(mp, keys);
    free_keys(old, RtContainer_IsShared((RtObject *)mp));
    return 0;
}

// ---------------------------------------------------------------------------
// Under the lock.

// Compares the key of entry ep. 1, 0, RT_DICT_ERROR, or RT_DICT_CHANGED if the
// table is another one afterwards.
static int
compare_key_locked(RtDictObject *mp, RtDictEntry *ep, RtObject *key)
{
    int equal = RtObject_EqualFast(ep->key, key);
    if (equal >= 0) {
        return equal;
    }
    RtDictKeysObject *keys = mp->ma_keys;
    uintptr_t generation = mp->ma_generation;
    RtObject *start_key = Rt_NewRef(ep->key);
    equal = RtObject_RichCompareBool(start_key, key, RT_EQ);
    Rt_DECREF(start_key);
    if (equal < 0) {
        return RT_DICT_ERROR;
    }
    if (mp->ma_keys != keys || mp->ma_generation != generation
        || ep->key != start_key) {
        return RT_DICT_CHANGED;
    }
    return equal;
}

ssize_t
RtDict_LookupLocked(RtDictObject *mp, RtObject *key, ssize_t hash)
{
    RtDictKeysObject *keys = mp->ma_keys;
    RtDictEntry *entries = RtDict_ENTRIES(keys);
    RtDictProbe p = RtDictProbe_Start(keys, hash);
    for (;;) {
        ssize_t ix = RtDictKeys_GetIndex(keys, p.i);
        if (ix == RT_DICT_EMPTY) {
            return RT_DICT_EMPTY;
        }
        if (ix >= 0 && entries[ix].hash == hash) {
            if (entries[ix].key == key) {
                return ix;
            }
            int equal = compare_key_locked(mp, &entries[ix], key);
            if (equal == RT_DICT_ERROR) {
                return RT_DICT_ERROR;
            }
            if (equal == RT_DICT_CHANGED) {
                keys = mp->ma_keys;
                entries = RtDict_ENTRIES(keys);
                p = RtDictProbe_Start(keys, hash);
                continue;
            }
            if (equal) {
                return ix;
            }
        }
        RtDictProbe_Next(&p);
    }
}

int
RtDict_InsertAbsentLocked(RtDictObject *mp, RtObject *key, ssize_t hash,
                          RtObject *value)
{
    bool all_str = mp->ma_keys->all_str && RtStr_CheckExact(key);
    if ((mp->ma_keys->usable <= 0 || mp->ma_keys->all_str != all_str)
        && resize(mp, all_str) < 0) {
        return -1;
    }
    RtDictKeysObject *keys = mp->ma_keys;
    ssize_t ix = keys->nentries;
    RtDictProbe p = RtDictProbe_Start(keys, hash);
    while (RtDictKeys_GetIndex(keys, p.i) >= 0) {
        RtDictProbe_Next(&p);
    }
    // Nobody looks at an entry before its index or the count says that it is
    // there: the release stores below publish these plain ones.
    RtDictEntry *ep = &RtDict_ENTRIES(keys)[ix];
    rt_assert(ep->key == NULL);
    *ep = (RtDictEntry){ hash, Rt_NewRef(key), Rt_NewRef(value) };
    set_index(keys, p.i, ix);
    RT_FT_ATOMIC_STORE_SSIZE_RELEASE(&keys->nentries, ix + 1);
    keys->last = ix + 1;
    keys->usable--;
    store_used(mp, mp->ma_used + 1);
    return 0;
}

int
RtDict_InsertLocked(RtDictObject *mp, RtObject *key, ssize_t hash,
                    RtObject *value, RtObject **old)
{
    *old = NULL;
    ssize_t ix = RtDict_LookupLocked(mp, key, hash);
    if (ix == RT_DICT_ERROR) {
        return -1;
    }
    if (ix == RT_DICT_EMPTY) {
        return RtDict_InsertAbsentLocked(mp, key, hash, value);
    }
    RtDictEntry *ep = &RtDict_ENTRIES(mp->ma_keys)[ix];
    *old = ep->value;
    store_ptr(&ep->value, Rt_NewRef(value));
    return 0;
}

void
RtDict_RemoveLocked(RtDictObject *mp, ssize_t ix, RtObject **key,
                    RtObject **value)
{
    RtDictKeysObject *keys = mp->ma_keys;
    RtDictEntry *ep = &RtDict_ENTRIES(keys)[ix];
    rt_assert(ix >= 0 && ix < keys->nentries);
    rt_assert(ep->value != NULL);
    RtDictProbe p = RtDictProbe_Start(keys, ep->hash);
    while (RtDictKeys_GetIndex(keys, p.i) != ix) {
        RtDictProbe_Next(&p);
    }
    *key = ep->key;
    *value = ep->value;
    set_index(keys, p.i, RT_DICT_DUMMY);
    store_ptr(&ep->key, NULL);
    store_ptr(&ep->value, NULL);
    store_used(mp, mp->ma_used - 1);
}

ssize_t
RtDict_LastLocked(RtDictObject *mp)
{
    RtDictKeysObject *keys = mp->ma_keys;
    if (mp->ma_used == 0) {
        return RT_DICT_EMPTY;
    }
    RtDictEntry *entries = RtDict_ENTRIES(keys);
    while (entries[keys->last - 1].value == NULL) {
        keys->last--;
    }
    return keys->last - 1;
}

bool
RtDict_NextLocked(RtDictObject *mp, ssize_t *pos, RtObject **key,
                  RtObject **value)
{
    RtDictKeysObject *keys = mp->ma_keys;
    RtDictEntry *entries = RtDict_ENTRIES(keys);
    ssize_t i = *pos;
    while (i < keys->nentries && entries[i].value == NULL) {
        i++;
    }
    *pos = i + 1;
    if (i >= keys->nentries) {
        return false;
    }
#ifdef RT_GIL_DISABLED
#define RT_TAKE(op) RtObject_NewRefWithLock(op)
#else
#define RT_TAKE(op) Rt_NewRef(op)
#endif
    if (key != NULL) {
        *key = RT_TAKE(entries[i].key);
    }
    if (value != NULL) {
        *value = RT_TAKE(entries[i].value);
    }
#undef RT_TAKE
    return true;
}

int
RtDict_CloneLocked(RtDictObject *mp, RtDictObject *other)
{
    rt_assert(mp->ma_keys == EMPTY_KEYS);
    if (other->ma_used == 0) {
        return 0;
    }
    RtDictKeysObject *keys = compact_copy(other->ma_keys, other->ma_used,
                                          other->ma_keys->all_str);
    if (keys == NULL) {
        return -1;
    }
    RtDictEntry *entries = RtDict_ENTRIES(keys);
    for (ssize_t i = 0; i < keys->nentries; i++) {
        Rt_INCREF(entries[i].key);
        Rt_INCREF(entries[i].value);
    }
    publish_keys(mp, keys);
    store_used(mp, keys->nentries);
    return 0;
}

// ---------------------------------------------------------------------------
// The C API.

void
RtDict_InitEmpty(RtDictObject *mp)
{
    mp->ma_keys = EMPTY_KEYS;
}

RtObject *
RtDict_New(void)
{
    RtDictObject *mp = (RtDictObject *)RtObject_New(&RtDict_Type, 0);
    if (mp == NULL) {
        return NULL;
    }
    RtDict_InitEmpty(mp);
    RtGC_Track((RtObject *)mp);
    return (RtObject *)mp;
}

ssize_t
RtDict_Size(RtObject *op)
{
    return RT_FT_ATOMIC_LOAD_SSIZE_RELAXED(&as_dict(op)->ma_used);
}

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
    return RtDict_GetItemKnownHash(as_dict(op), key, hash, result);
}

int
RtDict_Contains(RtObject *op, RtObject *key)
{
    RtObject *value;
    int found = RtDict_GetItemRef(op, key, &value);
    Rt_XDECREF(value);
    return found;
}

int
RtDict_SetItem(RtObject *op, RtObject *key, RtObject *value)
{
    ssize_t hash = RtDict_HashKey(key);
    if (hash == -1) {
        return -1;
    }
    RtObject *old;
    int status;
    RT_BEGIN_CRITICAL_SECTION(op);
    status = RtDict_InsertLocked(as_dict(op), key, hash, value, &old);
    RT_END_CRITICAL_SECTION();
    Rt_XDECREF(old);
    return status;
}

int
RtDict_DelItem(RtObject *op, RtObject *key)
{
    ssize_t hash = RtDict_HashKey(key);
    if (hash == -1) {
        return -1;
    }
    RtObject *old_key = NULL;
    RtObject *old_value = NULL;
    ssize_t ix;
    RT_BEGIN_CRITICAL_SECTION(op);
    ix = RtDict_LookupLocked(as_dict(op), key, hash);
    if (ix >= 0) {
        RtDict_RemoveLocked(as_dict(op), ix, &old_key, &old_value);
    }
    RT_END_CRITICAL_SECTION();
    if (ix == RT_DICT_EMPTY) {
        RtErr_SetObject(&RtExc_KeyError, key);
    }
    Rt_XDECREF(old_key);
    Rt_XDECREF(old_value);
    return ix >= 0 ? 0 : -1;
}

// Drops every reference of a block that is no longer the dict's. If readers may
// still hold it, slots are cleared first.
static void
drop_entries(RtDictKeysObject *keys, bool shared)
{
    RtDictEntry *entries = RtDict_ENTRIES(keys);
    for (ssize_t i = 0; i < keys->nentries; i++) {
        RtObject *key = entries[i].key;
        RtObject *value = entries[i].value;
        if (value == NULL) {
            continue;
        }
        if (shared) {
            store_ptr(&entries[i].key, NULL);
            store_ptr(&entries[i].value, NULL);
        }
        Rt_DECREF(key);
        Rt_DECREF(value);
    }
}

int
RtDict_Clear(RtObject *op)
{
    RtDictObject *mp = as_dict(op);
    RtDictKeysObject *old;
    bool shared = false;
    RT_BEGIN_CRITICAL_SECTION(mp);
    old = mp->ma_keys;
    if (old != EMPTY_KEYS) {
        publish_keys(mp, EMPTY_KEYS);
        store_used(mp, 0);
        shared = RtContainer_IsShared((RtObject *)mp);
    }
    RT_END_CRITICAL_SECTION();
    drop_entries(old, shared);
    free_keys(old, shared);
    return 0;
}

void
RtDict_FreeContents(RtDictObject *mp)
{
    drop_entries(mp->ma_keys, false);
    free_keys(mp->ma_keys, false);
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

// dict.c: the hash table of dict, changed under its lock, and its C API.
//
// Writers hold the dict's critical section; dict_lookup.c reads without it. In
// a keys block an entry is filled before its index is stored, deleted by NULLs,
// and never used again: who has matched a key in an entry can only find that
// key's value beside it. Blocks that readers may hold (SHARED) are freed by
// QSBR. Old keys and values are dropped when the dict is whole again.
//
// A split dict has its values apart from its keys, which dict_split.c shares
// between the instances of a class; it is combined when it gets a key that does
// not fit there, or when popitem() wants its last one.
//
// Comparing keys can run user code, after which the block may be gone and
// another one at its address: ma_generation, stored before ma_keys, tells, and
// the lookup starts again.
// Mirrors Objects/dictobject.c (CPython 3.13); departs: entries always carry
// the hash and are not reused by popitem, the generation.

#include "rtcore_dict.h"
#include "rt_critical_section.h"
#include "rt_errors.h"
#include "rtcore_unbroken.h"

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
    keys->split = false;
    keys->mutex.bits = 0;
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

void
RtDict_PublishLocked(RtDictObject *mp, RtDictKeysObject *keys,
                     RtDictValues *values, ssize_t used)
{
    rt_assert(keys->split == (values != NULL));
    RtContainer_EnsureSharedOnResize((RtObject *)mp);
#ifdef RT_GIL_DISABLED
    // What only the owner and holders of the lock have seen is freed at once.
    rt_assert(RtContainer_IsShared((RtObject *)mp) ||
              RtObject_IsOwnedByCurrentThread((RtObject *)mp));
#endif
    if (used < mp->ma_used) {
        store_used(mp, used);
    }
#ifdef RT_GIL_DISABLED
    // The generation first: the stores that follow bring it along to
    // compare_key_lockfree().
    rt_atomic_store_uintptr_relaxed(&mp->ma_generation,
                                    mp->ma_generation + 1);
#else
    mp->ma_generation++;
#endif
    if (keys != mp->ma_keys) {
        store_ptr(&mp->ma_keys, keys);
    }
    if (values != mp->ma_values) {
        store_ptr(&mp->ma_values, values);
    }
    if (used > mp->ma_used) {
        store_used(mp, used);
    }
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

// Puts an entry in a block that nobody else sees yet.
static void
put_entry(RtDictKeysObject *keys, RtDictEntry entry)
{
    RtDictProbe p = RtDictProbe_Start(keys, entry.hash);
    while (RtDictKeys_GetIndex(keys, p.i) != RT_DICT_EMPTY) {
        RtDictProbe_Next(&p);
    }
    RtDictKeys_PutIndex(keys, p.i, keys->nentries);
    RtDict_ENTRIES(keys)[keys->nentries++] = entry;
    keys->last++;
    keys->usable--;
}

// A new combined block with the live entries of the dict in their order.
// References are not counted.
static RtDictKeysObject *
compact_copy(RtDictObject *mp, bool all_str)
{
    RtDictKeysObject *keys = new_keys(log2_size_for(mp->ma_used), all_str);
    if (keys == NULL) {
        return NULL;
    }
    RtDictKeysObject *old = mp->ma_keys;
    RtDictValues *values = mp->ma_values;
    ssize_t n = values == NULL ? old->nentries : values->size;
    for (ssize_t i = 0; i < n; i++) {
        ssize_t ix = values == NULL ? i : RtDictValues_Order(values)[i];
        RtDictEntry entry = RtDict_ENTRIES(old)[ix];
        if (values != NULL) {
            entry.value = values->values[ix];
        }
        if (entry.value != NULL) {
            put_entry(keys, entry);
        }
    }
    rt_assert(keys->nentries == mp->ma_used);
    return keys;
}

// What a dict has left behind, to be freed when the change is complete: waiting
// for readers may suspend the lock.
typedef struct Garbage {
    RtDictKeysObject *keys;     // NULL: nothing
    RtDictValues *values;
    bool shared;
} Garbage;

static void
free_garbage(Garbage *garbage)
{
    if (garbage->keys == NULL) {
        return;
    }
    if (garbage->keys->split) {
        RtSharedKeys_DecRef(garbage->keys);
    }
    else {
        free_keys(garbage->keys, garbage->shared);
    }
    if (garbage->values == NULL || garbage->values->embedded) {
        return;                 // an instance's block frees what is embedded
    }
    if (garbage->shared) {
        RtMem_FreeDelayed(garbage->values);
    }
    else {
        RtMem_Free(garbage->values);
    }
}

static Garbage
current_storage(RtDictObject *mp)
{
    return (Garbage){ mp->ma_keys, mp->ma_values, false };
}

// The values are in a combined table now. Whoever looks here finds nothing, and
// then finds out why.
static void
abandon_values(RtDictValues *values)
{
    if (values->embedded) {
        RT_FT_ATOMIC_STORE_UINT8_RELEASE(&values->valid, 0);
    }
    RtObject *taken[RT_SHARED_KEYS_MAX];
    (void)RtDictValues_TakeAll(values, taken);
}

// Moves the items to a new combined block.
static int
resize(RtDictObject *mp, bool all_str, Garbage *garbage)
{
    RtDictKeysObject *keys = compact_copy(mp, all_str);
    if (keys == NULL) {
        return -1;
    }
    *garbage = current_storage(mp);
    if (mp->ma_values != NULL) {
        for (ssize_t i = 0; i < keys->nentries; i++) {
            Rt_INCREF(RtDict_ENTRIES(keys)[i].key);
        }
    }
    RtDict_PublishLocked(mp, keys, NULL, mp->ma_used);
    garbage->shared = RtContainer_IsShared((RtObject *)mp);
    if (garbage->values != NULL) {
        abandon_values(garbage->values);
        RT_NOTE(DICT_COMBINED, mp, 0);
    }
    return 0;
}

int
RtDict_CombineLocked(RtDictObject *mp)
{
    rt_assert(RtContainer_IsHeld((RtObject *)mp));
    Garbage garbage = { NULL, NULL, false };
    if (mp->ma_values != NULL && resize(mp, true, &garbage) < 0) {
        return -1;
    }
    free_garbage(&garbage);
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

// Other dicts with the same split keys have other locks.
static inline ssize_t
index_locked(const RtDictKeysObject *keys, size_t i)
{
    return keys->split ? RtDictKeys_LoadIndex(keys, i)
                       : RtDictKeys_GetIndex(keys, i);
}

// The key is that of entry ix, for which a split dict need not have a value.
static inline ssize_t
found_entry(RtDictObject *mp, ssize_t ix)
{
    RtDictValues *values = mp->ma_values;
    bool absent = values != NULL
                  && (ix >= values->capacity || values->values[ix] == NULL);
    return absent ? RT_DICT_EMPTY : ix;
}

ssize_t
RtDict_LookupLocked(RtDictObject *mp, RtObject *key, ssize_t hash)
{
    rt_assert(RtContainer_IsHeld((RtObject *)mp));
    RtDictKeysObject *keys = mp->ma_keys;
    RtDictEntry *entries = RtDict_ENTRIES(keys);
    RtDictProbe p = RtDictProbe_Start(keys, hash);
    for (;;) {
        ssize_t ix = index_locked(keys, p.i);
        if (ix == RT_DICT_EMPTY) {
            return RT_DICT_EMPTY;
        }
        if (ix >= 0 && entries[ix].hash == hash) {
            if (entries[ix].key == key) {
                return found_entry(mp, ix);
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
                return found_entry(mp, ix);
            }
        }
        RtDictProbe_Next(&p);
    }
}

// Whether the key has gone into the split table.
static bool
insert_split(RtDictObject *mp, RtObject *key, RtObject *value)
{
    if (!RtStr_CheckExact(key)) {
        return false;
    }
    ssize_t ix = RtSharedKeys_Insert(mp->ma_keys, key);
    if (ix == RT_DICT_EMPTY || ix >= mp->ma_values->capacity) {
        return false;
    }
    RtObject *old = RtDictValues_Set(mp->ma_values, ix, value);
    rt_assert(old == NULL);
    (void)old;
    store_used(mp, mp->ma_used + 1);
    return true;
}

static void
insert_combined(RtDictObject *mp, RtObject *key, ssize_t hash, RtObject *value)
{
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
    RtDictKeys_SetIndex(keys, p.i, ix);
    RT_FT_ATOMIC_STORE_SSIZE_RELEASE(&keys->nentries, ix + 1);
    keys->last = ix + 1;
    keys->usable--;
    store_used(mp, mp->ma_used + 1);
}

int
RtDict_InsertAbsentLocked(RtDictObject *mp, RtObject *key, ssize_t hash,
                          RtObject *value)
{
    rt_assert(RtContainer_IsHeld((RtObject *)mp));
    if (mp->ma_values != NULL && insert_split(mp, key, value)) {
        return 0;
    }
    Garbage garbage = { NULL, NULL, false };
    uint64_t begun = RtUnbroken_Begin();        // the key is absent
    bool all_str = mp->ma_keys->all_str && RtStr_CheckExact(key);
    if ((mp->ma_values != NULL || mp->ma_keys->usable <= 0
         || mp->ma_keys->all_str != all_str)
        && resize(mp, all_str, &garbage) < 0) {
        return -1;
    }
    insert_combined(mp, key, hash, value);
    rt_assert(RtUnbroken_Holds(begun));
    free_garbage(&garbage);
    return 0;
}

RtObject *
RtDict_ReplaceLocked(RtDictObject *mp, ssize_t ix, RtObject *value)
{
    rt_assert(RtContainer_IsHeld((RtObject *)mp));
    RtObject **slot = RtDict_ValueSlot(mp, ix);
    RtObject *old = *slot;
    store_ptr(slot, Rt_NewRef(value));
    return old;
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
    *old = RtDict_ReplaceLocked(mp, ix, value);
    return 0;
}

void
RtDict_RemoveLocked(RtDictObject *mp, ssize_t ix, RtObject **key,
                    RtObject **value)
{
    rt_assert(RtContainer_IsHeld((RtObject *)mp));
    RtDictKeysObject *keys = mp->ma_keys;
    RtDictEntry *ep = &RtDict_ENTRIES(keys)[ix];
    rt_assert(ix >= 0);
    if (keys->split) {
        *key = Rt_NewRef(ep->key);
        *value = RtDictValues_Set(mp->ma_values, ix, NULL);
        rt_assert(*value != NULL);
        store_used(mp, mp->ma_used - 1);
        return;
    }
    rt_assert(ix < keys->nentries);
    rt_assert(ep->value != NULL);
    RtDictProbe p = RtDictProbe_Start(keys, ep->hash);
    while (RtDictKeys_GetIndex(keys, p.i) != ix) {
        RtDictProbe_Next(&p);
    }
    *key = ep->key;
    *value = ep->value;
    RtDictKeys_SetIndex(keys, p.i, RT_DICT_DUMMY);
    store_ptr(&ep->key, NULL);
    store_ptr(&ep->value, NULL);
    store_used(mp, mp->ma_used - 1);
}

ssize_t
RtDict_LastLocked(RtDictObject *mp)
{
    rt_assert(RtContainer_IsHeld((RtObject *)mp));
    RtDictKeysObject *keys = mp->ma_keys;
    rt_assert(!keys->split);
    if (mp->ma_used == 0) {
        return RT_DICT_EMPTY;
    }
    RtDictEntry *entries = RtDict_ENTRIES(keys);
    while (entries[keys->last - 1].value == NULL) {
        keys->last--;
    }
    return keys->last - 1;
}

int
RtDict_CloneLocked(RtDictObject *mp, RtDictObject *other)
{
    rt_assert(RtContainer_IsHeld((RtObject *)other));
    rt_assert(mp->ma_keys == EMPTY_KEYS);
    if (other->ma_used == 0) {
        return 0;
    }
    RtDictKeysObject *keys = compact_copy(other, other->ma_keys->all_str);
    if (keys == NULL) {
        return -1;
    }
    RtDictEntry *entries = RtDict_ENTRIES(keys);
    for (ssize_t i = 0; i < keys->nentries; i++) {
        Rt_INCREF(entries[i].key);
        Rt_INCREF(entries[i].value);
    }
    RtDict_PublishLocked(mp, keys, NULL, keys->nentries);
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

// The same of the values of a split dict, and its instance's if they are there
// still: the caller is the only one to change them.
static void
drop_values(RtDictValues *values)
{
    RtObject *taken[RT_SHARED_KEYS_MAX];
    uint8_t n = RtDictValues_TakeAll(values, taken);
    for (uint8_t i = 0; i < n; i++) {
        Rt_DECREF(taken[i]);
    }
}

static void
drop_storage(Garbage *garbage)
{
    if (garbage->values != NULL) {
        drop_values(garbage->values);
    }
    else {
        drop_entries(garbage->keys, garbage->shared);
    }
    free_garbage(garbage);
}

// Takes out the values that are embedded in an instance, which stay so.
static uint8_t
clear_embedded(RtDictObject *mp, RtObject *taken[static RT_SHARED_KEYS_MAX])
{
    uint8_t n = RtDictValues_TakeAll(mp->ma_values, taken);
    store_used(mp, 0);
    return n;
}

int
RtDict_Clear(RtObject *op)
{
    RtDictObject *mp = as_dict(op);
    RtObject *taken[RT_SHARED_KEYS_MAX];
    uint8_t ntaken = 0;
    Garbage garbage = { NULL, NULL, false };
    RT_BEGIN_CRITICAL_SECTION(mp);
    if (mp->ma_values != NULL && mp->ma_values->embedded) {
        ntaken = clear_embedded(mp, taken);
    }
    else if (mp->ma_keys != EMPTY_KEYS) {
        garbage = current_storage(mp);
        RtDict_PublishLocked(mp, EMPTY_KEYS, NULL, 0);
        garbage.shared = RtContainer_IsShared((RtObject *)mp);
    }
    RT_END_CRITICAL_SECTION();
    for (uint8_t i = 0; i < ntaken; i++) {
        Rt_DECREF(taken[i]);
    }
    if (garbage.keys != NULL) {
        drop_storage(&garbage);
    }
    return 0;
}

void
RtDict_FreeContents(RtDictObject *mp)
{
    // An instance detaches its values before it gives its dict up.
    rt_assert(mp->ma_values == NULL || !mp->ma_values->embedded);
    Garbage garbage = current_storage(mp);
    drop_storage(&garbage);
}

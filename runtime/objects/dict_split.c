// dict_split.c: the keys that the instances of a class share, and the values
// that each of them has.
//
// Names are only ever added, under a mutex whose holder neither waits nor runs
// code of a program, so that it need not detach. The entry is filled before the
// counts say that it is there, and its index, which readers find without the
// mutex, comes last. A block is freed when neither the class nor a dict uses it
// any more, and always by QSBR: a reader of one dict may be in the block while
// the last other user gives it up.
// Mirrors insert_split_key and PyDictValues in Objects/dictobject.c (CPython
// 3.13); departs: an index is stored after its entry, not before (gh-132869);
// freed by QSBR where 3.13 frees at once.

#include "rtcore_dict.h"

#include "rt_errors.h"
#include "rtcore_lock_order.h"

#include <string.h>

#ifdef RT_TINY_LIMITS
enum { LOG2_SIZE = 3 };
#else
enum { LOG2_SIZE = 6 };
#endif
_Static_assert(RT_SHARED_KEYS_MAX <= (2 << LOG2_SIZE) / 3, "load factor");

// ---------------------------------------------------------------------------
// Keys.

RtDictKeysObject *
RtSharedKeys_New(void)
{
    size_t entries = RT_SHARED_KEYS_MAX * sizeof(RtDictEntry);
    RtDictKeysObject *keys = RtMem_Calloc(
        1, sizeof(RtDictKeysObject) + (1 << LOG2_SIZE) + entries);
    if (keys == NULL) {
        return RtErr_NoMemory();
    }
    keys->log2_size = LOG2_SIZE;
    keys->log2_index_bytes = LOG2_SIZE;
    keys->all_str = true;
    keys->split = true;
    keys->usable = RT_SHARED_KEYS_MAX;
    keys->refcnt = 1;
    memset(RtDictKeys_Indices(keys), 0xff, 1 << LOG2_SIZE);
    return keys;
}

void
RtSharedKeys_IncRef(RtDictKeysObject *keys)
{
    rt_assert(keys->split);
#ifdef RT_GIL_DISABLED
    ssize_t before = rt_atomic_add_ssize(&keys->refcnt, 1);
    rt_assert(before > 0);
    (void)before;
#else
    keys->refcnt++;
#endif
}

void
RtSharedKeys_DecRef(RtDictKeysObject *keys)
{
    if (keys == NULL) {
        return;
    }
    rt_assert(keys->split);
#ifdef RT_GIL_DISABLED
    ssize_t before = rt_atomic_add_ssize(&keys->refcnt, -1);
#else
    ssize_t before = keys->refcnt--;
#endif
    rt_assert(before > 0);
    if (before > 1) {
        return;
    }
    // A reader that is late finds no name in the block.
    RtDictEntry *entries = RtDict_ENTRIES(keys);
    for (ssize_t i = 0; i < keys->nentries; i++) {
        RtObject *name = entries[i].key;
        RT_FT_ATOMIC_STORE_PTR_RELEASE(&entries[i].key, NULL);
        Rt_DECREF(name);
    }
    RtMem_FreeDelayed(keys);
}

ssize_t
RtSharedKeys_Lookup(const RtDictKeysObject *keys, RtObject *name)
{
    rt_assert(keys->split && RtStr_CheckExact(name));
    ssize_t hash = RtStr_HASH(name);
    RtDictEntry *entries = RtDict_ENTRIES(keys);
    RtDictProbe p = RtDictProbe_Start(keys, hash);
    for (;;) {
        ssize_t ix = RtDictKeys_LoadIndex(keys, p.i);
        if (ix == RT_DICT_EMPTY) {
            return RT_DICT_EMPTY;
        }
        rt_assert(ix >= 0);
        RtDictEntry *ep = &entries[ix];
        if (ep->key == name
            || (ep->hash == hash && RtStr_Equal(ep->key, name))) {
            return ix;
        }
        RtDictProbe_Next(&p);
    }
}

static inline void
lock_keys(RtDictKeysObject *keys)
{
#ifdef RT_GIL_DISABLED
    RtMutex_LockRankedAttached(&keys->mutex, RT_RANK_DICT_KEYS);
#else
    (void)keys;
#endif
}

static inline void
unlock_keys(RtDictKeysObject *keys)
{
#ifdef RT_GIL_DISABLED
    RtMutex_UnlockRanked(&keys->mutex, RT_RANK_DICT_KEYS);
#else
    (void)keys;
#endif
}

// The mutex is held, the name is not in the keys.
static ssize_t
add_name(RtDictKeysObject *keys, RtObject *name)
{
    if (keys->usable <= 0) {
        return RT_DICT_EMPTY;
    }
    ssize_t hash = RtStr_HASH(name);
    ssize_t ix = keys->nentries;
    RtDictProbe p = RtDictProbe_Start(keys, hash);
    while (RtDictKeys_GetIndex(keys, p.i) >= 0) {
        RtDictProbe_Next(&p);
    }
    rt_assert(ix < RT_SHARED_KEYS_MAX);
#ifdef RT_GIL_DISABLED
    // Many threads will compare it through the block.
    RtObject_SetMaybeWeakref(name);
#endif
    RtDict_ENTRIES(keys)[ix] = (RtDictEntry){ hash, Rt_NewRef(name), NULL };
    // One more used before one less to use: see RtSharedKeys_Capacity().
    RT_FT_ATOMIC_STORE_SSIZE_RELEASE(&keys->nentries, ix + 1);
    RT_FT_ATOMIC_STORE_SSIZE_RELEASE(&keys->usable, keys->usable - 1);
    RtDictKeys_SetIndex(keys, p.i, ix);
    RT_NOTE(DICT_SHARED_KEY, keys, (uintptr_t)ix);
    return ix;
}

ssize_t
RtSharedKeys_Insert(RtDictKeysObject *keys, RtObject *name)
{
    ssize_t ix = RtSharedKeys_Lookup(keys, name);
    // Once nothing is left, it is so for ever.
    if (ix != RT_DICT_EMPTY
        || RT_FT_ATOMIC_LOAD_SSIZE_RELAXED(&keys->usable) <= 0) {
        return ix;
    }
    lock_keys(keys);
    ix = RtSharedKeys_Lookup(keys, name);
    if (ix == RT_DICT_EMPTY) {
        ix = add_name(keys, name);
    }
    unlock_keys(keys);
    return ix;
}

// What is usable goes down after what is used has gone up, and is read first:
// the sum may be too large, but never too small. It never grows.
uint8_t
RtSharedKeys_Capacity(const RtDictKeysObject *keys)
{
    ssize_t usable = RT_FT_ATOMIC_LOAD_SSIZE_ACQUIRE(&keys->usable);
    ssize_t used = RT_FT_ATOMIC_LOAD_SSIZE_ACQUIRE(&keys->nentries);
    ssize_t capacity = usable + used;
    rt_assert(capacity >= 0);
    return (uint8_t)(capacity > RT_SHARED_KEYS_MAX ? RT_SHARED_KEYS_MAX
                                                   : capacity);
}

void
RtSharedKeys_CountInstance(RtDictKeysObject *keys)
{
    if (RT_FT_ATOMIC_LOAD_SSIZE_RELAXED(&keys->usable) <= 1) {
        return;
    }
    lock_keys(keys);
    if (keys->usable > 1) {
        RT_FT_ATOMIC_STORE_SSIZE_RELEASE(&keys->usable, keys->usable - 1);
    }
    unlock_keys(keys);
}

// ---------------------------------------------------------------------------
// Values.

size_t
RtDictValues_Bytes(uint8_t capacity)
{
    size_t bytes = sizeof(RtDictValues)
                   + capacity * (sizeof(RtObject *) + 1);
    return (bytes + sizeof(RtObject *) - 1) & ~(sizeof(RtObject *) - 1);
}

void
RtDictValues_Init(RtDictValues *values, uint8_t capacity, bool embedded)
{
    memset(values, 0, RtDictValues_Bytes(capacity));
    values->capacity = capacity;
    values->embedded = embedded;
    values->valid = embedded;
}

RtDictValues *
RtDictValues_New(uint8_t capacity)
{
    RtDictValues *values = RtMem_Malloc(RtDictValues_Bytes(capacity));
    if (values == NULL) {
        return RtErr_NoMemory();
    }
    RtDictValues_Init(values, capacity, false);
    return values;
}

static void
append_to_order(RtDictValues *values, ssize_t ix)
{
    uint8_t size = values->size;
    rt_assert(size < values->capacity);
    RT_FT_ATOMIC_STORE_UINT8_RELAXED(&RtDictValues_Order(values)[size],
                                     (uint8_t)ix);
    // A reader that sees the size sees the byte and the value.
    RT_FT_ATOMIC_STORE_UINT8_RELEASE(&values->size, (uint8_t)(size + 1));
}

static void
remove_from_order(RtDictValues *values, ssize_t ix)
{
    uint8_t *order = RtDictValues_Order(values);
    uint8_t last = (uint8_t)(values->size - 1);
    uint8_t i = 0;
    while (order[i] != ix) {
        rt_assert(i < last);
        i++;
    }
    for (; i < last; i++) {
        RT_FT_ATOMIC_STORE_UINT8_RELAXED(&order[i], order[i + 1]);
    }
    RT_FT_ATOMIC_STORE_UINT8_RELEASE(&values->size, last);
}

RtObject *
RtDictValues_Set(RtDictValues *values, ssize_t ix, RtObject *value)
{
    rt_assert(ix >= 0 && ix < values->capacity);
    RtObject *old = values->values[ix];
    RT_FT_ATOMIC_STORE_PTR_RELEASE(&values->values[ix], Rt_XNewRef(value));
    if (old == NULL && value != NULL) {
        append_to_order(values, ix);
    }
    else if (old != NULL && value == NULL) {
        remove_from_order(values, ix);
    }
    return old;
}

uint8_t
RtDictValues_TakeAll(RtDictValues *values,
                     RtObject *taken[static RT_SHARED_KEYS_MAX])
{
    uint8_t n = 0;
    RT_FT_ATOMIC_STORE_UINT8_RELEASE(&values->size, 0);
    for (uint8_t i = 0; i < values->capacity; i++) {
        RtObject **slot = &values->values[i];
        if (*slot != NULL) {
            rt_assert(n < RT_SHARED_KEYS_MAX);
            taken[n++] = *slot;
            RT_FT_ATOMIC_STORE_PTR_RELEASE(slot, NULL);
        }
    }
    return n;
}

RtObject *
RtDict_NewSplit(RtDictKeysObject *keys, RtDictValues *values)
{
    RtDictObject *mp = (RtDictObject *)RtObject_New(&RtDict_Type, 0);
    if (mp == NULL) {
        return NULL;
    }
    RtSharedKeys_IncRef(keys);
    mp->ma_keys = keys;
    mp->ma_values = values;
    mp->ma_used = values->size;
    RtGC_Track((RtObject *)mp);
    return (RtObject *)mp;
}

// rtcore_dict.h: the index table of a dict's keys block and how it is probed;
// keys that the instances of a class share; the attributes of instances.

#ifndef RT_INTERNAL_DICT_H
#define RT_INTERNAL_DICT_H

#include "rtcore_types.h"

enum { RT_DICT_PERTURB_SHIFT = 5 };

// The block of every empty dict. Never written, never freed.
extern RtDictKeysObject *const rt_dict_empty_keys;

// 1, 2 or 4 bytes a slot.
static inline size_t
RtDictKeys_Mask(const RtDictKeysObject *keys)
{
    return ((size_t)1 << keys->log2_size) - 1;
}

static inline void *
RtDictKeys_Indices(const RtDictKeysObject *keys)
{
    return (void *)(keys + 1);
}

// For who holds the lock: the only writer.
static inline ssize_t
RtDictKeys_GetIndex(const RtDictKeysObject *keys, size_t i)
{
    if (keys->log2_size < 8) {
        return ((int8_t *)RtDictKeys_Indices(keys))[i];
    }
    if (keys->log2_size < 16) {
        return ((int16_t *)RtDictKeys_Indices(keys))[i];
    }
    return ((int32_t *)RtDictKeys_Indices(keys))[i];
}

// Without the lock. Pairs with RtDictKeys_SetIndex(): the entry is filled.
static inline ssize_t
RtDictKeys_LoadIndex(const RtDictKeysObject *keys, size_t i)
{
#ifdef RT_GIL_DISABLED
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
#else
    return RtDictKeys_GetIndex(keys, i);
#endif
}

// For a block that nobody else sees yet.
static inline void
RtDictKeys_PutIndex(RtDictKeysObject *keys, size_t i, ssize_t ix)
{
    if (keys->log2_size < 8) {
        ((int8_t *)RtDictKeys_Indices(keys))[i] = (int8_t)ix;
    }
    else if (keys->log2_size < 16) {
        ((int16_t *)RtDictKeys_Indices(keys))[i] = (int16_t)ix;
    }
    else {
        ((int32_t *)RtDictKeys_Indices(keys))[i] = (int32_t)ix;
    }
}

// The entry is filled: publishes it to RtDictKeys_LoadIndex().
static inline void
RtDictKeys_SetIndex(RtDictKeysObject *keys, size_t i, ssize_t ix)
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

// The sequence of slots that belong to a hash.
typedef struct RtDictProbe {
    size_t mask;
    size_t perturb;
    size_t i;
} RtDictProbe;

static inline RtDictProbe
RtDictProbe_Start(const RtDictKeysObject *keys, ssize_t hash)
{
    size_t mask = RtDictKeys_Mask(keys);
    return (RtDictProbe){ mask, (size_t)hash, (size_t)hash & mask };
}

static inline void
RtDictProbe_Next(RtDictProbe *p)
{
    p->perturb >>= RT_DICT_PERTURB_SHIFT;
    p->i = (p->i * 5 + p->perturb + 1) & p->mask;
}

// ---------------------------------------------------------------------------
// dict_split.c: shared keys and values.

#ifdef RT_TINY_LIMITS
enum { RT_SHARED_KEYS_MAX = 4 };
#else
enum { RT_SHARED_KEYS_MAX = 30 };
#endif

// Keys without names, and one reference to them. NULL: MemoryError.
RtDictKeysObject *RtSharedKeys_New(void);
void RtSharedKeys_IncRef(RtDictKeysObject *keys);
void RtSharedKeys_DecRef(RtDictKeysObject *keys);       // may be NULL
// The index of a name (exactly a str), or RT_DICT_EMPTY. No lock; the caller
// keeps the keys alive.
ssize_t RtSharedKeys_Lookup(const RtDictKeysObject *keys, RtObject *name);
// The same, with the name put in if there is room: RT_DICT_EMPTY if not.
ssize_t RtSharedKeys_Insert(RtDictKeysObject *keys, RtObject *name);
// How many values an instance must have room for, now and ever after.
uint8_t RtSharedKeys_Capacity(const RtDictKeysObject *keys);
// One more instance: the room of later ones shrinks towards what is used.
void RtSharedKeys_CountInstance(RtDictKeysObject *keys);

static inline uint8_t *
RtDictValues_Order(RtDictValues *values)
{
    return (uint8_t *)&values->values[values->capacity];
}

size_t RtDictValues_Bytes(uint8_t capacity);
void RtDictValues_Init(RtDictValues *values, uint8_t capacity, bool embedded);
RtDictValues *RtDictValues_New(uint8_t capacity);       // NULL: MemoryError
// Under the lock of the values. Of the store of a value, Set keeps the order
// and the size; the caller drops what it returns, which may be NULL.
RtObject *RtDictValues_Set(RtDictValues *values, ssize_t ix, RtObject *value);
// Moves every value to `taken`, in the order of insertion; how many.
uint8_t RtDictValues_TakeAll(RtDictValues *values,
                             RtObject *taken[static RT_SHARED_KEYS_MAX]);

// A dict of these keys and values; counts a reference to the keys. Owns the
// values from then on, unless it fails.
RtObject *RtDict_NewSplit(RtDictKeysObject *keys, RtDictValues *values);

// ---------------------------------------------------------------------------
// dict.c: where a dict's value stands, and what a change leaves behind.

static inline RtObject **
RtDict_ValueSlot(RtDictObject *mp, ssize_t ix)
{
    return mp->ma_values != NULL ? &mp->ma_values->values[ix]
                                 : &RtDict_ENTRIES(mp->ma_keys)[ix].value;
}

// The dict's lock is held. Publishes another block, other values, or both.
void RtDict_PublishLocked(RtDictObject *mp, RtDictKeysObject *keys,
                          RtDictValues *values, ssize_t used);

// ---------------------------------------------------------------------------
// instance_dict.c: the attributes of an instance, in it or in its dict.

static inline bool
RtType_HasInlineValues(const RtTypeObject *type)
{
    return RtType_HasFeature(type, RT_TPFLAGS_INLINE_VALUES);
}

// The values behind an instance of a type that has them inline.
static inline RtDictValues *
RtInstance_Values(RtObject *op, const RtTypeObject *type)
{
    return (RtDictValues *)((char *)op + type->tp_basicsize);
}

// Bytes that an instance needs behind its tp_basicsize, and their capacity.
size_t RtInstance_ReserveValues(RtTypeObject *type, uint8_t *capacity);
void RtInstance_InitValues(RtObject *op, uint8_t capacity);
// 1 and *result (new reference), 0 if the instance has none, -1.
int RtInstance_GetAttr(RtObject *op, RtObject *name, RtObject **result);
// value NULL deletes. 1, 0 if there is none to delete, -1.
int RtInstance_SetAttr(RtObject *op, RtObject *name, RtObject *value);
// op.__dict__, made when first asked for: a new reference. The type has one.
RtObject *RtInstance_GetDict(RtObject *op);
// op.__dict__ = dict, or del op.__dict__ if NULL. 0, or -1.
int RtInstance_SetDict(RtObject *op, RtObject *dict);
// The class is about to change, and the shared keys with it: the values move to
// the dict for ever. 0, or -1 with MemoryError.
int RtInstance_DetachValues(RtObject *op);
// Whether the attributes still stand behind the instance: in a stopped world,
// or with the locks that guard them.
bool RtInstance_ValuesAreValid(RtObject *op);
// What RtSubtype_* do for a type with inline values.
int RtInstance_Traverse(RtObject *op, visitproc visit, void *arg);
void RtInstance_Clear(RtObject *op);
void RtInstance_Finish(RtObject *op);   // no references to op are left
// For audits, with the world stopped.
bool RtInstance_IsValid(RtObject *op);

#endif  // RT_INTERNAL_DICT_H

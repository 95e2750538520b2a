// rtcore_dict.h: the index table of a dict's keys block and how it is probed.

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

#endif  // RT_INTERNAL_DICT_H

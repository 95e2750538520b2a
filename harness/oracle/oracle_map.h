// oracle_map.h: from an address to what an oracle knows of it, for one run.
// Open addressing; clearing costs time proportional to what was used. Keys are
// never reused within a run (freed blocks are kept until its end), so there is
// no deletion.

#ifndef FZ_ORACLE_MAP_H
#define FZ_ORACLE_MAP_H

#include <stddef.h>
#include <stdint.h>

typedef struct FzMapEntry {
    uintptr_t key;              // 0: free
    uint64_t value;
    uint64_t extra;
} FzMapEntry;

typedef struct FzMap {
    FzMapEntry *entries;        // power of two
    uint32_t *used;             // slots in order of insertion
    size_t capacity, count;
} FzMap;

void FzMap_Clear(FzMap *map);
FzMapEntry *FzMap_Find(const FzMap *map, const void *key);      // or NULL
FzMapEntry *FzMap_Get(FzMap *map, const void *key);     // made with zeros
static inline FzMapEntry *
FzMap_At(const FzMap *map, size_t i)    // i-th in order of insertion
{
    return &map->entries[map->used[i]];
}

#endif  // FZ_ORACLE_MAP_H

// oracle_map.c: see oracle_map.h. Addresses decide only where an entry lies;
// every iteration is in order of insertion, so no address reaches a verdict.

#include <stdlib.h>
#include <string.h>

#include "fz_base.h"
#include "oracle_map.h"

static size_t
slot_of(const FzMap *map, uintptr_t key)
{
    return (size_t)((key >> 4) * 0x9e3779b97f4a7c15u >> 20) &
           (map->capacity - 1);
}

static FzMapEntry *
probe(const FzMap *map, uintptr_t key)
{
    size_t i = slot_of(map, key);
    while (map->entries[i].key != 0 && map->entries[i].key != key) {
        i = (i + 1) & (map->capacity - 1);
    }
    return &map->entries[i];
}

static void
grow(FzMap *map)
{
    FzMap old = *map;
    map->capacity = old.capacity != 0 ? old.capacity * 2 : 1024;
    map->entries = calloc(map->capacity, sizeof(*map->entries));
    map->used = calloc(map->capacity, sizeof(*map->used));
    FZ_ASSERT(map->entries != NULL && map->used != NULL);
    for (size_t i = 0; i < old.count; i++) {
        FzMapEntry *from = &old.entries[old.used[i]];
        FzMapEntry *to = probe(map, from->key);
        *to = *from;
        map->used[i] = (uint32_t)(to - map->entries);
    }
    free(old.entries);
    free(old.used);
}

void
FzMap_Clear(FzMap *map)
{
    for (size_t i = 0; i < map->count; i++) {
        map->entries[map->used[i]] = (FzMapEntry){0};
    }
    map->count = 0;
}

FzMapEntry *
FzMap_Find(const FzMap *map, const void *key)
{
    if (map->count == 0) {
        return NULL;
    }
    FzMapEntry *entry = probe(map, (uintptr_t)key);
    return entry->key != 0 ? entry : NULL;
}

FzMapEntry *
FzMap_Get(FzMap *map, const void *key)
{
    if (map->count * 2 >= map->capacity) {
        grow(map);
    }
    FzMapEntry *entry = probe(map, (uintptr_t)key);
    if (entry->key == 0) {
        entry->key = (uintptr_t)key;
        map->used[map->count++] = (uint32_t)(entry - map->entries);
    }
    return entry;
}

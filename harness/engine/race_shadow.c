// race_shadow.c: the race detector's shadow memory: a hash table of pages, and
// the pools of access records and sync variables that cells point into.
//
// Invariant: a slot's cells are valid only while slot->generation is the
// current one; they are cleared when a run first touches the page. Pages are
// kept for the process: memory under test is reused from run to run.

#include <stdlib.h>
#include <string.h>

#include "race_internal.h"

enum {
    FIRST_SLOTS_LOG2 = 10,
    FIRST_RECORDS = 4096,
    FIRST_SYNCS = 512,
};

FzRaceShadow fz_race_shadow;

static void
allocate_slots(uint32_t log2)
{
    FzRaceShadow *shadow = &fz_race_shadow;
    shadow->slots = calloc((size_t)1 << log2, sizeof(FzRaceSlot));
    FZ_ASSERT(shadow->slots != NULL);
    shadow->shift = 64 - log2;
}

// The slot of a page, or the free one where it belongs.
static FzRaceSlot *
find_slot(uintptr_t number)
{
    size_t mask = ((size_t)1 << (64 - fz_race_shadow.shift)) - 1;
    size_t i = FzRaceShadow_Home(number);
    while (fz_race_shadow.slots[i].number != 0 &&
           fz_race_shadow.slots[i].number != number)
    {
        i = (i + 1) & mask;
    }
    return &fz_race_shadow.slots[i];
}

static void
grow_slots(void)
{
    FzRaceSlot *old = fz_race_shadow.slots;
    uint32_t log2 = 64 - fz_race_shadow.shift;
    allocate_slots(log2 + 1);
    for (size_t i = 0; i < (size_t)1 << log2; i++) {
        if (old[i].number != 0) {
            *find_slot(old[i].number) = old[i];
        }
    }
    free(old);
}

FzRaceCell *
FzRaceShadow_CellsSlow(uintptr_t number)
{
    FzRaceShadow *shadow = &fz_race_shadow;
    FzRaceSlot *slot = find_slot(number);
    if (slot->number == 0) {
        // Kept at most a quarter full: nearly every look-up is at home.
        if (shadow->used * 4 >= (size_t)1 << (64 - shadow->shift)) {
            grow_slots();
            slot = find_slot(number);
        }
        slot->cells = malloc(FZ_RACE_CELLS * sizeof(FzRaceCell));
        FZ_ASSERT(slot->cells != NULL);
        slot->number = number;
        slot->generation = shadow->generation - 1;
        shadow->used++;
    }
    if (slot->generation != shadow->generation) {
        memset(slot->cells, 0, FZ_RACE_CELLS * sizeof(FzRaceCell));
        slot->generation = shadow->generation;
    }
    return slot->cells;
}

FzRaceCell *
FzRaceShadow_FindCells(uintptr_t number)
{
    FzRaceSlot *slot = find_slot(number);
    bool touched = slot->number == number &&
                   slot->generation == fz_race_shadow.generation;
    return touched ? slot->cells : NULL;
}

uint32_t
FzRaceShadow_GrowRecords(void)
{
    FzRaceShadow *shadow = &fz_race_shadow;
    shadow->records_capacity *= 2;
    shadow->records = realloc(shadow->records, shadow->records_capacity *
                                                   sizeof(FzRaceRecord));
    FZ_ASSERT(shadow->records != NULL);
    return shadow->nrecords++;
}

uint32_t
FzRaceShadow_GrowSyncs(void)
{
    FzRaceShadow *shadow = &fz_race_shadow;
    shadow->syncs_capacity *= 2;
    shadow->syncs =
        realloc(shadow->syncs, shadow->syncs_capacity * sizeof(FzRaceSync));
    FZ_ASSERT(shadow->syncs != NULL);
    return shadow->nsyncs++;
}

static void
allocate(void)
{
    FzRaceShadow *shadow = &fz_race_shadow;
    allocate_slots(FIRST_SLOTS_LOG2);
    shadow->records = malloc(FIRST_RECORDS * sizeof(FzRaceRecord));
    shadow->syncs = malloc(FIRST_SYNCS * sizeof(FzRaceSync));
    FZ_ASSERT(shadow->records != NULL);
    FZ_ASSERT(shadow->syncs != NULL);
    shadow->records_capacity = FIRST_RECORDS;
    shadow->syncs_capacity = FIRST_SYNCS;
}

void
FzRaceShadow_Reset(void)
{
    FzRaceShadow *shadow = &fz_race_shadow;
    if (shadow->slots == NULL) {
        allocate();
    }
    shadow->generation++;
    if (shadow->generation == 0) {
        // The counter wrapped round: no page may look current by accident.
        for (size_t i = 0; i < (size_t)1 << (64 - shadow->shift); i++) {
            shadow->slots[i].generation = 0;
        }
        shadow->generation = 1;
    }
    shadow->nrecords = 1;
    shadow->nsyncs = 1;
    shadow->free_record = 0;
    shadow->free_sync = 0;
}

// race_internal.h: shadow memory and clocks of the race detector.
//
// Shadow: application memory is cut into pages of 1 KiB and granules of 8
// bytes; a cell holds the accesses of its granule (a short list of records,
// each for some of the 8 bytes) and the sync variables in it. A page's cells
// count only if its generation is the current run's, so that forgetting a run
// is one increment.

#ifndef FZ_RACE_INTERNAL_H
#define FZ_RACE_INTERNAL_H

#include "fz_race.h"
#include "fz_schedule.h"        // FZ_MAX_THREADS

enum {
    FZ_RACE_PAGE_BITS = 10,
    FZ_RACE_CELLS = 1 << (FZ_RACE_PAGE_BITS - 3),
};

// Ordered so that `write` is bit 0 and `plain` is bit 1.
typedef enum FzRaceClass {
    FZ_RACE_ATOMIC_READ = 0,
    FZ_RACE_ATOMIC_WRITE = 1,
    FZ_RACE_PLAIN_READ = 2,
    FZ_RACE_PLAIN_WRITE = 3,
    FZ_RACE_FREE = 5,           // checked as an atomic write
    FZ_RACE_ALLOC = 7,          // as a plain one
} FzRaceClass;

typedef struct FzRaceClock {
    int32_t at[FZ_MAX_THREADS];
} FzRaceClock;

// What an access is, in one word: thread, class, mask (bytes of the granule),
// size of the whole access (255: or more).
typedef uint32_t FzRaceWhat;

static inline FzRaceWhat
FzRaceWhat_Make(uint32_t thread, FzRaceClass class, size_t size)
{
    return thread | (uint32_t)class << 8 |
           (uint32_t)(size < 255 ? size : 255) << 24;
}

static inline uint32_t
FzRaceWhat_Thread(FzRaceWhat what)
{
    return what & 0xff;
}

static inline uint32_t
FzRaceWhat_Class(FzRaceWhat what)
{
    return what >> 8 & 0xff;
}

static inline uint32_t
FzRaceWhat_Mask(FzRaceWhat what)
{
    return what >> 16 & 0xff;
}

static inline uint32_t
FzRaceWhat_Size(FzRaceWhat what)
{
    return what >> 24;
}

typedef struct FzRaceRecord {
    uintptr_t site;
    FzRaceWhat what;            // its mask is not 0
    int32_t clock;              // of its thread, when it happened
    uint32_t context;           // call stack (race_stack.c)
    uint32_t next;              // index; 0: last
} FzRaceRecord;

typedef struct FzRaceSync {
    FzRaceClock clock;          // what an acquire of it learns
    uint32_t next;
    uint8_t key;                // byte in the granule; + 8 for semaphores
} FzRaceSync;

typedef struct FzRaceCell {
    uint32_t records;           // index of the first; 0: none
    uint32_t syncs;
} FzRaceCell;

typedef struct FzRaceSlot {
    uintptr_t number;           // address >> FZ_RACE_PAGE_BITS, + 1; 0: free
    FzRaceCell *cells;
    uint32_t generation;        // the run that `cells` speak of
} FzRaceSlot;

typedef struct FzRaceShadow {
    FzRaceSlot *slots;          // open addressing, a power of two
    uint32_t shift;             // 64 - log2(number of slots)
    size_t used;
    uint32_t generation;
    FzRaceRecord *records;      // [0] is not used
    uint32_t nrecords, records_capacity, free_record;
    FzRaceSync *syncs;
    uint32_t nsyncs, syncs_capacity, free_sync;
} FzRaceShadow;

extern FzRaceShadow fz_race_shadow;

// race.c, for loads of older values (weak.c).
// What a thread has seen of each thread.
const FzRaceClock *FzRace_Now(uint32_t thread);
// What an acquire of the atomic object learns; NULL: nothing.
const FzRaceClock *FzRace_Released(const void *addr);
// A load that read a store which released that, or nothing (NULL).
void FzRace_LoadOlder(uint32_t thread, const void *addr, size_t size,
                      unsigned order, const FzRaceClock *released,
                      uintptr_t site);

// race_shadow.c
void FzRaceShadow_Reset(void);
FzRaceCell *FzRaceShadow_CellsSlow(uintptr_t number);
// The cells of a page that this run has touched, or NULL.
FzRaceCell *FzRaceShadow_FindCells(uintptr_t number);
// These may move the arrays: hold no pointer into them across a call.
uint32_t FzRaceShadow_GrowRecords(void);
uint32_t FzRaceShadow_GrowSyncs(void);

static inline size_t
FzRaceShadow_Home(uintptr_t number)
{
    return (size_t)(((uint64_t)number * 0x9e3779b97f4a7c15u) >>
                    fz_race_shadow.shift);
}

// The cell of the granule that addr lies in, made if need be.
static inline FzRaceCell *
FzRaceShadow_Cell(uintptr_t addr)
{
    uintptr_t number = (addr >> FZ_RACE_PAGE_BITS) + 1;
    FzRaceSlot *slot = &fz_race_shadow.slots[FzRaceShadow_Home(number)];
    FzRaceCell *cells = slot->cells;
    if (slot->number != number ||
        slot->generation != fz_race_shadow.generation)
    {
        cells = FzRaceShadow_CellsSlow(number);
    }
    return &cells[addr >> 3 & (FZ_RACE_CELLS - 1)];
}

static inline uint32_t
FzRaceShadow_NewRecord(void)
{
    FzRaceShadow *shadow = &fz_race_shadow;
    uint32_t index = shadow->free_record;
    if (index != 0) {
        shadow->free_record = shadow->records[index].next;
        return index;
    }
    if (shadow->nrecords < shadow->records_capacity) {
        return shadow->nrecords++;
    }
    return FzRaceShadow_GrowRecords();
}

static inline void
FzRaceShadow_FreeRecord(uint32_t index)
{
    fz_race_shadow.records[index].next = fz_race_shadow.free_record;
    fz_race_shadow.free_record = index;
}

static inline uint32_t
FzRaceShadow_NewSync(void)
{
    FzRaceShadow *shadow = &fz_race_shadow;
    uint32_t index = shadow->free_sync;
    if (index != 0) {
        shadow->free_sync = shadow->syncs[index].next;
        return index;
    }
    if (shadow->nsyncs < shadow->syncs_capacity) {
        return shadow->nsyncs++;
    }
    return FzRaceShadow_GrowSyncs();
}

#if defined(RT_COMPILER_POINTS) || defined(RT_TRACE_ACCESSES)
// Which instrumentation tells of plain accesses. Naming it links its file,
// whose callbacks the linker would else take from a sanitizer's library.
extern const char fz_race_source[];
#endif

// race_stack.c: call stacks as nodes of a tree; node 0 is "unknown".
extern uint32_t fz_race_context[FZ_MAX_THREADS];
void FzRaceStack_Reset(void);
uint32_t FzRaceStack_Unwind(uint32_t context, uintptr_t *stack, uint32_t max);

// race_report.c
void FzRaceReport_Reset(void);
// Both accesses touch the byte at addr.
void FzRaceReport_Found(const void *addr, const FzRaceRecord *now,
                        const FzRaceRecord *before);

#endif  // FZ_RACE_INTERNAL_H

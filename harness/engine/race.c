// race.c: the race detector: clocks of threads and sync variables, the check
// of every access against the accesses of its bytes that still count.
//
// Invariant of a cell: for every earlier access A of a byte there is a record R
// of that byte (A's own or a later one) such that whoever races with A races
// with R. A new access takes the place of an old one that is ordered before it
// and conflicts with no more than it does.
//
// Release sequences are those of C23: a store that does not release ends the
// sequence, whichever thread makes it; read-modify-writes carry it on.
// Sequentially consistent operations order as acquire-release ones do.

#include <string.h>

#include "engine_internal.h"
#include "race_internal.h"
#include "rtcore_hooks.h"       // RtPoint, RtOrder
#include "weak.h"

typedef struct ThreadClocks {
    FzRaceClock now;            // what this thread has seen of each thread
    FzRaceClock fence_release;  // `now` at its last release fence
    FzRaceClock pending;        // what relaxed loads saw, for an acquire fence
    int32_t last_access;        // its own clock at its last access
    bool has_fence_release;
    bool has_pending;
    bool live;
} ThreadClocks;

static ThreadClocks threads[FZ_MAX_THREADS];
static uint32_t nlive;          // threads that have not ended

// Thread 0 is alone, and all that others did is ordered before what it does
// now: then it races with nobody, nor with threads that it starts later, and
// no event need be remembered.
static bool solo;

bool fz_race_plain_points;

static inline void
join(FzRaceClock *into, const FzRaceClock *from)
{
    for (int i = 0; i < FZ_MAX_THREADS; i++) {
        into->at[i] =
            into->at[i] > from->at[i] ? into->at[i] : from->at[i];
    }
}

// What follows a release is not covered by it.
static inline void
tick(uint32_t thread)
{
    threads[thread].now.at[thread]++;
}

// Called when thread 0 may have learnt of the last that others did.
static void
update_solo(void)
{
    for (uint32_t i = 1; i < FZ_MAX_THREADS; i++) {
        if (threads[i].last_access > threads[0].now.at[i]) {
            return;
        }
    }
    solo = true;
}

// What thread t learns from a clock.
static inline void
learn(uint32_t thread, const FzRaceClock *clock)
{
    join(&threads[thread].now, clock);
    if (nlive == 1 && threads[0].live) {
        update_solo();
    }
}

void
FzRace_Begin(void)
{
#if defined(RT_COMPILER_POINTS) || defined(RT_TRACE_ACCESSES)
    FZ_ASSERT(fz_race_source[0] != '\0');
#endif
    FzRaceShadow_Reset();
    FzRaceStack_Reset();
    FzRaceReport_Reset();
    memset(threads, 0, sizeof(threads));
    for (uint32_t i = 0; i < FZ_MAX_THREADS; i++) {
        threads[i].now.at[i] = 1;
    }
    threads[0].live = true;
    nlive = 1;
    solo = true;
}

void
FzRace_ThreadStart(uint32_t parent, uint32_t child)
{
    FZ_ASSERT(parent < FZ_MAX_THREADS);
    FZ_ASSERT(child < FZ_MAX_THREADS);
    join(&threads[child].now, &threads[parent].now);
    tick(parent);
    threads[child].live = true;
    nlive++;
    solo = false;
}

void
FzRace_ThreadEnd(uint32_t thread)
{
    FZ_ASSERT(thread < FZ_MAX_THREADS);
    FZ_ASSERT(threads[thread].live);
    fz_race_context[thread] = 0;
    threads[thread].live = false;
    nlive--;
    if (nlive == 1 && threads[0].live) {
        update_solo();
    }
}

// ---- Accesses.

// One access on its way through the cells that it touches.
typedef struct Access {
    uintptr_t site;
    FzRaceWhat what;            // without its mask
    int32_t clock;
    uint32_t context;
} Access;

// Whether two accesses may not be unordered: one writes, one is plain.
static inline bool
conflicts(unsigned a, unsigned b)
{
    return ((a | b) & 3) == 3;
}

// Whether everything that conflicts with b conflicts with a.
static inline bool
covers(unsigned a, unsigned b)
{
    return (a & FZ_RACE_PLAIN_WRITE) == FZ_RACE_PLAIN_WRITE || a == b ||
           b == FZ_RACE_ATOMIC_READ;
}

// Takes the bytes of `mask` away from the record at *link. True if it went.
static inline bool
shrink(uint32_t *link, uint32_t mask)
{
    uint32_t index = *link;
    FzRaceRecord *record = &fz_race_shadow.records[index];
    record->what &= ~(mask << 16);
    if (FzRaceWhat_Mask(record->what) != 0) {
        return false;
    }
    *link = record->next;
    FzRaceShadow_FreeRecord(index);
    return true;
}

static inline void
fill(FzRaceRecord *record, const Access *access, uint32_t mask)
{
    record->site = access->site;
    record->what = access->what | mask << 16;
    record->clock = access->clock;
    record->context = access->context;
}

static __attribute__((noinline, cold)) void
report(uintptr_t base, uint32_t common, const Access *access, uint32_t mask,
       uint32_t old_index)
{
    FzRaceRecord before = fz_race_shadow.records[old_index];
    FzRaceRecord now = {.next = 0};
    fill(&now, access, mask);
    FzRaceReport_Found((void *)(base + (uintptr_t)__builtin_ctz(common)),
                       &now, &before);
}

// Checks an access against the records of its cell and puts it in the place of
// those that it stands for. base: address of the granule.
static inline __attribute__((always_inline)) void
access_granule(const Access *access, uintptr_t base, uint32_t mask)
{
    FzRaceCell *cell = FzRaceShadow_Cell(base);
    uint32_t class = FzRaceWhat_Class(access->what);
    uint32_t thread = FzRaceWhat_Thread(access->what);
    const int32_t *seen = threads[thread].now.at;
    bool placed = false;
    uint32_t *link = &cell->records;
    while (*link != 0) {
        FzRaceRecord *old = &fz_race_shadow.records[*link];
        uint32_t old_mask = FzRaceWhat_Mask(old->what);
        uint32_t old_class = FzRaceWhat_Class(old->what);
        uint32_t old_thread = FzRaceWhat_Thread(old->what);
        uint32_t common = old_mask & mask;
        if (common != 0) {
            bool ordered = old->clock <= seen[old_thread];
            if (!ordered) {
                if (conflicts(old_class, class)) {
                    report(base, common, access, mask, *link);
                }
            }
            else if (covers(class, old_class)) {
                if (!placed && old_mask == mask) {
                    fill(old, access, mask);
                    placed = true;
                }
                else if (shrink(link, common)) {
                    continue;
                }
            }
            else if (old_thread == thread && old->clock == access->clock &&
                     common == mask && covers(old_class, class))
            {
                // Whoever else was here since then met this record.
                return;
            }
        }
        link = &fz_race_shadow.records[*link].next;
    }
    if (!placed) {
        uint32_t index = FzRaceShadow_NewRecord();
        FzRaceRecord *record = &fz_race_shadow.records[index];
        fill(record, access, mask);
        record->next = cell->records;
        cell->records = index;
    }
}

static __attribute__((noinline)) void
access_granules(const Access *access, uintptr_t addr, size_t size)
{
    unsigned offset = addr & 7;
    uintptr_t end = addr + size;
    for (uintptr_t base = addr - offset; base < end; base += 8) {
        uint32_t mask = 0xff;
        if (base < addr) {
            mask &= 0xffu << offset;
        }
        if (end - base < 8) {
            mask &= (1u << (end - base)) - 1;
        }
        access_granule(access, base, mask);
    }
}

static inline __attribute__((always_inline)) void
access_bytes(uint32_t thread, FzRaceClass class, uintptr_t addr, size_t size,
             uintptr_t site)
{
    Access access = {
        .site = site,
        .what = FzRaceWhat_Make(thread, class, size),
        .clock = threads[thread].now.at[thread],
        .context = fz_race_context[thread],
    };
    threads[thread].last_access = access.clock;
    unsigned offset = addr & 7;
    if (offset + size <= 8) {
        access_granule(&access, addr - offset, ((1u << size) - 1) << offset);
    }
    else {
        access_granules(&access, addr, size);
    }
}

void
FzRace_Plain(uint32_t thread, const void *addr, size_t size, bool write,
             uintptr_t site)
{
    // Fibers have one such block between them; each finds its own values in it.
    uintptr_t local = (uintptr_t)addr - fz_engine.locals;
    if (solo || size == 0 || local < fz_engine.locals_size) {
        return;
    }
    access_bytes(thread, write ? FZ_RACE_PLAIN_WRITE : FZ_RACE_PLAIN_READ,
                 (uintptr_t)addr, size, site);
}

void
FzRace_AllocBlock(uint32_t thread, const void *addr, size_t size,
                  uintptr_t site)
{
    if (solo || size == 0) {
        return;
    }
    access_bytes(thread, FZ_RACE_ALLOC, (uintptr_t)addr, size, site);
}

void
FzRace_FreeBlock(uint32_t thread, const void *addr, size_t size,
                 uintptr_t site)
{
    if (solo || size == 0) {
        return;
    }
    access_bytes(thread, FZ_RACE_FREE, (uintptr_t)addr, size, site);
}

// ---- Sync variables.

enum { SEMAPHORE_KEY = 8 };     // beside the 8 bytes of a granule

static inline FzRaceSync *
find_sync(FzRaceCell *cell, uint8_t key)
{
    for (uint32_t i = cell->syncs; i != 0; i = fz_race_shadow.syncs[i].next) {
        if (fz_race_shadow.syncs[i].key == key) {
            return &fz_race_shadow.syncs[i];
        }
    }
    return NULL;
}

static FzRaceSync *
get_sync(FzRaceCell *cell, uint8_t key)
{
    FzRaceSync *sync = find_sync(cell, key);
    if (sync == NULL) {
        uint32_t index = FzRaceShadow_NewSync();
        sync = &fz_race_shadow.syncs[index];
        sync->clock = (FzRaceClock){{0}};
        sync->key = key;
        sync->next = cell->syncs;
        cell->syncs = index;
    }
    return sync;
}

void
FzRace_Release(uint32_t thread, const void *sync)
{
    if (solo) {
        return;
    }
    uintptr_t addr = (uintptr_t)sync;
    FzRaceSync *s =
        get_sync(FzRaceShadow_Cell(addr), SEMAPHORE_KEY + (addr & 7));
    join(&s->clock, &threads[thread].now);
    tick(thread);
}

void
FzRace_Acquire(uint32_t thread, const void *sync)
{
    uintptr_t addr = (uintptr_t)sync;
    FzRaceSync *s =
        find_sync(FzRaceShadow_Cell(addr), SEMAPHORE_KEY + (addr & 7));
    if (s != NULL) {
        learn(thread, &s->clock);
    }
}

static inline bool
acquires(unsigned order)
{
    return order == RT_ORDER_ACQUIRE || order >= RT_ORDER_ACQ_REL;
}

static inline bool
releases(unsigned order)
{
    return order >= RT_ORDER_RELEASE;
}

static void
fence(ThreadClocks *t, uint32_t thread, unsigned order)
{
    if (acquires(order) && t->has_pending) {
        learn(thread, &t->pending);
        t->has_pending = false;
        t->pending = (FzRaceClock){{0}};
    }
    if (releases(order)) {
        t->fence_release = t->now;
        t->has_fence_release = true;
        tick(thread);
    }
}

static inline void
read_clock(ThreadClocks *t, uint32_t thread, const FzRaceClock *released,
           unsigned order)
{
    if (acquires(order)) {
        learn(thread, released);
    }
    else {
        join(&t->pending, released);
        t->has_pending = true;
    }
}

static inline void
read_sync(ThreadClocks *t, uint32_t thread, FzRaceCell *cell, uint8_t key,
          unsigned order)
{
    FzRaceSync *sync = find_sync(cell, key);
    if (sync != NULL) {
        read_clock(t, thread, &sync->clock, order);
    }
}

// A store begins anew what can be learnt from the variable; a read-modify-write
// adds to it.
static inline void
write_sync(ThreadClocks *t, uint32_t thread, FzRaceCell *cell, uint8_t key,
           bool rmw, unsigned order)
{
    const FzRaceClock *given = releases(order)        ? &t->now
                               : t->has_fence_release ? &t->fence_release
                                                      : NULL;
    if (given == NULL) {
        FzRaceSync *sync = rmw ? NULL : find_sync(cell, key);
        if (sync != NULL) {
            sync->clock = (FzRaceClock){{0}};
        }
        return;
    }
    FzRaceSync *sync = get_sync(cell, key);
    if (rmw) {
        join(&sync->clock, given);
    }
    else {
        sync->clock = *given;
    }
    if (releases(order)) {
        tick(thread);
    }
}

void
FzRace_Atomic(uint32_t thread, const void *addr, size_t size, unsigned kind,
              unsigned order, uintptr_t site)
{
    if (solo) {
        return;
    }
    ThreadClocks *t = &threads[thread];
    if (kind == RT_POINT_FENCE) {
        fence(t, thread, order);
        return;
    }
    FzRaceCell *cell = FzRaceShadow_Cell((uintptr_t)addr);
    uint8_t key = (uintptr_t)addr & 7;
    // What was written plainly before the value that is read now was stored
    // happened before this access: it learns first and is checked then.
    if (kind != RT_POINT_STORE) {
        read_sync(t, thread, cell, key, order);
    }
    access_bytes(
        thread,
        kind == RT_POINT_LOAD ? FZ_RACE_ATOMIC_READ : FZ_RACE_ATOMIC_WRITE,
        (uintptr_t)addr, size, site);
    if (kind != RT_POINT_LOAD) {
        write_sync(t, thread, cell, key, kind == RT_POINT_RMW, order);
    }
}

const FzRaceClock *
FzRace_Now(uint32_t thread)
{
    return &threads[thread].now;
}

const FzRaceClock *
FzRace_Released(const void *addr)
{
    FzRaceSync *sync = find_sync(FzRaceShadow_Cell((uintptr_t)addr),
                                 (uintptr_t)addr & 7);
    return sync != NULL ? &sync->clock : NULL;
}

void
FzRace_LoadOlder(uint32_t thread, const void *addr, size_t size,
                 unsigned order, const FzRaceClock *released, uintptr_t site)
{
    ThreadClocks *t = &threads[thread];
    if (released != NULL) {
        read_clock(t, thread, released, order);
    }
    access_bytes(thread, FZ_RACE_ATOMIC_READ, (uintptr_t)addr, size, site);
}

// ---- Forgetting.

static void
forget_cell(FzRaceCell *cell, uint32_t mask)
{
    uint32_t *link = &cell->records;
    while (*link != 0) {
        if (!shrink(link, mask)) {
            link = &fz_race_shadow.records[*link].next;
        }
    }
    link = &cell->syncs;
    while (*link != 0) {
        uint32_t index = *link;
        FzRaceSync *sync = &fz_race_shadow.syncs[index];
        if (mask >> (sync->key & 7) & 1) {
            *link = sync->next;
            sync->next = fz_race_shadow.free_sync;
            fz_race_shadow.free_sync = index;
        }
        else {
            link = &sync->next;
        }
    }
}

static void
forget_in_page(FzRaceCell *cells, uintptr_t addr, uintptr_t end)
{
    for (uintptr_t base = addr & ~(uintptr_t)7; base < end; base += 8) {
        unsigned mask = 0xff;
        if (base < addr) {
            mask &= 0xffu << (addr & 7);
        }
        if (end - base < 8) {
            mask &= (1u << (end - base)) - 1;
        }
        FzRaceCell *cell = &cells[base >> 3 & (FZ_RACE_CELLS - 1)];
        if (cell->records != 0 || cell->syncs != 0) {
            forget_cell(cell, mask);
        }
    }
}

void
FzRace_ForgetBlock(uint32_t thread, const void *addr, size_t size)
{
    (void)thread;
    if (fz_weak) {
        FzWeak_Forget(addr, size);
    }
    uintptr_t at = (uintptr_t)addr;
    uintptr_t end = at + size;
    while (at < end) {
        uintptr_t page_end = ((at >> FZ_RACE_PAGE_BITS) + 1)
                             << FZ_RACE_PAGE_BITS;
        uintptr_t stop = page_end < end ? page_end : end;
        FzRaceCell *cells =
            FzRaceShadow_FindCells((at >> FZ_RACE_PAGE_BITS) + 1);
        if (cells != NULL) {
            forget_in_page(cells, at, stop);
        }
        at = stop;
    }
}

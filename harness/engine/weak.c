// weak.c: the last stores to each atomic object, and who has seen which.
//
// Stores of an object are numbered from 0 in modification order; the last
// MAX_STORES are kept. Everything is of one run.

#include "weak.h"

#include <string.h>

#include "engine_internal.h"
#include "race_internal.h"
#include "rtcore_hooks.h"       // RtOrder

enum {
    MAX_OBJECTS = 128, MAX_STORES = 8, MAX_READS = 8, MAX_FENCES = 16,
    MAX_SIZE = 16,
    GRANULE = 16, GRANULES = 1024,      // of memory, by address modulo
    MAX_STALE = 3,              // loads of an old value on end
    NOBODY = UINT32_MAX,        // stored before anything was remembered
};

typedef struct Store {
    unsigned char value[MAX_SIZE];
    uint32_t thread;
    int32_t clock;              // of that thread
    uint64_t time;
    bool is_sc;
    bool releases;
    FzRaceClock released;       // what an acquire of it learns
} Store;

// A load of a thread: when, by its clock, and which store it read.
typedef struct Read {
    int32_t clock;
    uint32_t store;
} Read;

typedef struct Reader {
    Read reads[MAX_READS];      // by clock, the last at each
    uint32_t nreads;
    uint32_t seen;              // the newest store that it read or made
    uint32_t stale;             // old values read on end
} Reader;

typedef struct Object {
    uint32_t count;             // stores so far
    Store stores[MAX_STORES];   // [number % MAX_STORES]
    Reader readers[FZ_MAX_THREADS];
} Object;

typedef struct Fence {
    uint32_t thread;
    int32_t clock;              // of that thread
    uint64_t time;
    FzRaceClock now;            // what it had seen, with the fence
} Fence;

// Where the objects are, in no order, apart from what is known of them: each
// plain store asks. An object lies in one granule: what is not aligned is not
// remembered.
static uintptr_t starts[MAX_OBJECTS];
static uint32_t sizes[MAX_OBJECTS];
static Object *known[MAX_OBJECTS];      // behind nobjects: those not in use
static uint32_t nobjects;
static uint8_t in_granule[GRANULES];    // how many objects
static Object objects[MAX_OBJECTS];
static Fence fences[MAX_FENCES];        // [number % MAX_FENCES]
static uint32_t nfences;
static uint64_t time_now;       // stores and fences so far
static FzRng rng;

bool fz_weak;

static uint8_t *
granule(uintptr_t at)
{
    return &in_granule[at / GRANULE % GRANULES];
}

void
FzWeak_Begin(uint64_t seed)
{
    fz_weak = seed != 0;
    if (fz_weak) {
        nobjects = 0;
        memset(in_granule, 0, sizeof(in_granule));
        for (uint32_t i = 0; i < MAX_OBJECTS; i++) {
            known[i] = &objects[i];
        }
        nfences = 0;
        time_now = 0;
        FzRng_Seed(&rng, seed);
    }
}

static Object *
find(const void *addr, size_t size)
{
    uintptr_t start = (uintptr_t)addr;
    if (*granule(start) == 0) {
        return NULL;
    }
    for (uint32_t i = 0; i < nobjects; i++) {
        if (starts[i] == start) {
            return sizes[i] == size ? known[i] : NULL;
        }
    }
    return NULL;
}

static Store *
store_of(Object *object, uint32_t number)
{
    return &object->stores[number % MAX_STORES];
}

// A store whose value was there before anything was remembered: it happens
// before everything.
static Object *
make_object(const void *addr, size_t size, const void *value)
{
    FzWeak_Forget(addr, size);
    uintptr_t start = (uintptr_t)addr;
    if (nobjects == MAX_OBJECTS ||
        start / GRANULE != (start + size - 1) / GRANULE) {
        return NULL;
    }
    ++*granule(start);
    starts[nobjects] = start;
    sizes[nobjects] = (uint32_t)size;
    Object *object = known[nobjects++];
    object->count = 1;
    object->stores[0] = (Store){.thread = NOBODY};
    memcpy(object->stores[0].value, value, size);
    for (uint32_t t = 0; t < FZ_MAX_THREADS; t++) {
        object->readers[t].nreads = 0;
        object->readers[t].seen = 0;
        object->readers[t].stale = 0;
    }
    return object;
}

static bool
may_hold_objects(uintptr_t start, uintptr_t end)
{
    uintptr_t first = start / GRANULE, last = (end - 1) / GRANULE;
    if (last - first >= GRANULES) {
        return true;
    }
    for (uintptr_t g = first; g <= last; g++) {
        if (in_granule[g % GRANULES] != 0) {
            return true;
        }
    }
    return false;
}

void
FzWeak_Forget(const void *addr, size_t size)
{
    uintptr_t start = (uintptr_t)addr, end = start + size;
    if (size == 0 || !may_hold_objects(start, end)) {
        return;
    }
    for (uint32_t i = nobjects; i-- > 0;) {
        if (starts[i] >= end || start >= starts[i] + sizes[i]) {
            continue;
        }
        --*granule(starts[i]);
        Object *gone = known[i];
        nobjects--;
        starts[i] = starts[nobjects];
        sizes[i] = sizes[nobjects];
        known[i] = known[nobjects];
        known[nobjects] = gone;
    }
}

// ---------------------------------------------------------------------------
// What a load may read

static bool
happened(const FzRaceClock *now, const Store *store)
{
    return store->thread == NOBODY || store->clock <= now->at[store->thread];
}

// The number of the first fence that is remembered.
static uint32_t
first_fence(void)
{
    return nfences > MAX_FENCES ? nfences - MAX_FENCES : 0;
}

// The time of the last fence that happens before what a thread does now; 0:
// there is none.
static uint64_t
last_fence(const FzRaceClock *now)
{
    for (uint32_t i = nfences; i-- > first_fence();) {
        const Fence *fence = &fences[i % MAX_FENCES];
        if (fence->clock <= now->at[fence->thread]) {
            return fence->time;
        }
    }
    return first_fence() > 0 ? fences[nfences % MAX_FENCES].time : 0;
}

// Whether fences order a store before what comes after the fence at `until`.
static bool
is_fenced(const Store *store, uint64_t until)
{
    if (store->time >= until) {
        return false;
    }
    if (store->is_sc) {
        return true;
    }
    // Of forgotten fences it is assumed.
    if (first_fence() > 0 && store->time < fences[nfences % MAX_FENCES].time) {
        return true;
    }
    for (uint32_t i = first_fence(); i < nfences; i++) {
        const Fence *fence = &fences[i % MAX_FENCES];
        if (fence->time <= until && fence->time > store->time &&
            happened(&fence->now, store))
        {
            return true;
        }
    }
    return false;
}

// The oldest store that the load may read.
static uint32_t
oldest(Object *object, uint32_t thread)
{
    const FzRaceClock *now = FzRace_Now(thread);
    uint64_t until = last_fence(now);
    uint32_t first =
        object->count > MAX_STORES ? object->count - MAX_STORES : 0;
    uint32_t found = object->readers[thread].seen;
    found = found > first ? found : first;
    for (uint32_t t = 0; t < fz_engine.nthreads; t++) {
        const Reader *reader = &object->readers[t];
        for (uint32_t i = 0; i < reader->nreads; i++) {
            const Read *read = &reader->reads[i];
            if (read->clock <= now->at[t] && read->store > found) {
                found = read->store;
            }
        }
    }
    for (uint32_t i = object->count; i-- > found;) {
        const Store *store = store_of(object, i);
        if (happened(now, store) || is_fenced(store, until)) {
            return i;
        }
    }
    return found;
}

// Where there is no place left, the first reads are put together: it counts as
// if the newer store had been read at the earlier time.
static void
remember_read(Reader *reader, int32_t clock, uint32_t store)
{
    reader->seen = store;
    Read *last = reader->nreads > 0 ? &reader->reads[reader->nreads - 1]
                                    : NULL;
    if (last != NULL && last->clock == clock) {
        last->store = store;
        return;
    }
    if (reader->nreads == MAX_READS) {
        int32_t first = reader->reads[0].clock;
        memmove(&reader->reads[0], &reader->reads[1],
                (MAX_READS - 1) * sizeof(Read));
        reader->reads[0].clock = first;
        reader->nreads--;
    }
    reader->reads[reader->nreads++] = (Read){clock, store};
}

static uint32_t
draw(Object *object, Reader *reader, uint32_t thread)
{
    uint32_t latest = object->count - 1;
    uint32_t from = oldest(object, thread);
    if (from == latest || reader->stale == MAX_STALE ||
        FzRng_Below(&rng, 2) == 0)
    {
        reader->stale = 0;
        return latest;
    }
    reader->stale++;
    return from + FzRng_Below(&rng, latest - from);
}

bool
FzWeak_Load(const void *addr, size_t size, int order, void *value,
            uintptr_t site)
{
    Object *object = find(addr, size);
    if (object == NULL) {
        return false;
    }
    uint32_t latest = object->count - 1;
    if (memcmp(store_of(object, latest)->value, value, size) != 0) {
        FzWeak_Forget(addr, size);
        return false;
    }
    uint32_t thread = fz_engine.current;
    Reader *reader = &object->readers[thread];
    uint32_t chosen = order == RT_ORDER_SEQ_CST ? latest
                                                : draw(object, reader, thread);
    remember_read(reader, FzRace_Now(thread)->at[thread], chosen);
    if (chosen == latest) {
        return false;
    }
    const Store *store = store_of(object, chosen);
    memcpy(value, store->value, size);
    FzRace_LoadOlder(thread, addr, size, (unsigned)order,
                     store->releases ? &store->released : NULL, site);
    return true;
}

void
FzWeak_Store(const void *addr, size_t size, unsigned kind, unsigned order,
             const void *before, const void *after, uintptr_t site)
{
    uint32_t thread = fz_engine.current;
    int32_t clock = FzRace_Now(thread)->at[thread];
    Object *object = find(addr, size);
    if (object != NULL &&
        memcmp(store_of(object, object->count - 1)->value, before, size) != 0)
    {
        object = NULL;
    }
    if (object == NULL) {
        object = make_object(addr, size, before);
    }
    FzRace_Atomic(thread, addr, size, kind, order, site);
    if (object == NULL) {
        return;
    }
    uint32_t number = object->count++;
    Store *store = store_of(object, number);
    const FzRaceClock *released = FzRace_Released(addr);
    store->thread = thread;
    store->clock = clock;
    store->time = ++time_now;
    store->is_sc = order == RT_ORDER_SEQ_CST;
    store->releases = released != NULL;
    if (released != NULL) {
        store->released = *released;
    }
    memcpy(store->value, after, size);
    object->readers[thread].seen = number;
    object->readers[thread].stale = 0;
}

void
FzWeak_Fence(void)
{
    uint32_t thread = fz_engine.current;
    Fence *fence = &fences[nfences++ % MAX_FENCES];
    fence->thread = thread;
    fence->time = ++time_now;
    fence->now = *FzRace_Now(thread);
    // It released, so that what follows has a later clock.
    fence->clock = fence->now.at[thread] - 1;
}

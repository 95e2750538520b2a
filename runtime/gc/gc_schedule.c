// gc_schedule.c: when the free-threaded build collects.
//
// Each thread counts what it makes and frees by itself, and adds that to the
// shared count from time to time: the shared count is exact within so many
// objects for each thread. It never goes below zero.
// Mirrors record_allocation() and gc_should_collect() of
// Python/gc_free_threading.c (CPython 3.13); departs: whoever asks for the
// count makes the test too (gh-157377), and an ending thread adds what it has.

#include "rtcore_gc.h"

#include "rtcore_assert.h"

#ifdef RT_GIL_DISABLED

// Allocations that a thread collects before it adds them to the shared count.
#ifdef RT_TINY_LIMITS
enum { LOCAL_ALLOC_COUNT_THRESHOLD = 8 };
#else
enum { LOCAL_ALLOC_COUNT_THRESHOLD = 512 };
#endif

bool
RtGC_ShouldCollect(RtGcState *gc)
{
    ssize_t count = rt_atomic_load_int_relaxed(&gc->generations[0].count);
    int threshold =
        rt_atomic_load_int_relaxed(&gc->generations[0].threshold);
    if (count <= threshold || threshold == 0 ||
        !rt_atomic_load_int_relaxed(&gc->enabled))
    {
        return false;
    }
    // Against quadratic cost: a collection visits every live object.
    ssize_t long_lived = rt_atomic_load_ssize_relaxed(&gc->long_lived_total);
    return count > long_lived / 4 ||
           rt_atomic_load_int_relaxed(&gc->generations[1].threshold) == 0;
}

// Only for assertions: the shared count lacks less than what is added at once.
__attribute__((unused)) static bool
is_nearly_exact(const RtThreadState *tstate)
{
    return tstate->gc_alloc_count > -LOCAL_ALLOC_COUNT_THRESHOLD &&
           tstate->gc_alloc_count < LOCAL_ALLOC_COUNT_THRESHOLD;
}

void
RtGC_RecordAllocation(RtThreadState *tstate)
{
    if (tstate == NULL) {
        return;
    }
    if (++tstate->gc_alloc_count >= LOCAL_ALLOC_COUNT_THRESHOLD) {
        RtGC_FoldCount(tstate);
    }
    rt_assert(is_nearly_exact(tstate));
}

void
RtGC_FoldCount(RtThreadState *tstate)
{
    RtGcState *gc = &tstate->interp->gc;
    if (tstate->gc_alloc_count != 0) {
        (void)rt_atomic_add_int(&gc->generations[0].count,
                                tstate->gc_alloc_count);
        tstate->gc_alloc_count = 0;
    }
    if (RtGC_ShouldCollect(gc) &&
        !rt_atomic_load_int_relaxed(&gc->collecting))
    {
        RtGC_Schedule(tstate);
    }
}

void
RtGC_RecordDeallocation(RtThreadState *tstate)
{
    if (tstate == NULL) {
        return;
    }
    if (--tstate->gc_alloc_count > -LOCAL_ALLOC_COUNT_THRESHOLD) {
        rt_assert(is_nearly_exact(tstate));
        return;
    }
    // Never below zero: the next collection must not have to wait until as
    // many objects were made as this one has freed.
    int *shared = &tstate->interp->gc.generations[0].count;
    int count = rt_atomic_load_int_relaxed(shared);
    int desired;
    do {
        desired = count + tstate->gc_alloc_count;
    } while (count > 0 &&
             !rt_atomic_compare_exchange_int(shared, &count,
                                             desired < 0 ? 0 : desired));
    tstate->gc_alloc_count = 0;
}

void
RtGC_GetCounts(RtThreadState *tstate, int counts[RT_GC_GENERATIONS])
{
    RtGcState *gc = &tstate->interp->gc;
    // With the test: a thread that asks all the time must not put off the
    // collection for ever (gh-157377).
    RtGC_FoldCount(tstate);
    for (int i = 0; i < RT_GC_GENERATIONS; i++) {
        counts[i] = rt_atomic_load_int_relaxed(&gc->generations[i].count);
    }
}

#else

// The GIL build counts in gc.c.
typedef int rt_gc_schedule_unused;

#endif

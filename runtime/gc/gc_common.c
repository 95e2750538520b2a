// gc_common.c: what both collectors do alike: when to run, marking objects as
// tracked or finalized, breaking cycles.
//
// ob_gc_bits has one writer at a time: the thread that alone can reach the
// object (new or dying), the holder of the object's lock, or the collector.
// FINALIZED may be set beside a holder of the lock, so it is set atomically.
// Mirrors Python/gc.c, gc_free_threading.c (CPython 3.13); departs: FINALIZED
// is set by an atomic operation before the finalizer runs.

#include "rtcore_gc.h"

#include "rt_errors.h"
#include "rt_types.h"

#ifdef RT_TINY_LIMITS
enum {
    YOUNG_THRESHOLD = 30, FREE_THREADED_THRESHOLD = 60,
    OLD_THRESHOLD = 3,
};
#else
enum {
    YOUNG_THRESHOLD = 700, FREE_THREADED_THRESHOLD = 2000,
    OLD_THRESHOLD = 10,
};
#endif

void
RtGC_InitState(RtInterpreterState *interp)
{
    RtGcState *gc = &interp->gc;
    gc->enabled = 1;
    gc->collecting = 0;
#ifdef RT_GIL_DISABLED
    gc->generations[0].threshold = FREE_THREADED_THRESHOLD;
    (void)YOUNG_THRESHOLD;
#else
    gc->generations[0].threshold = YOUNG_THRESHOLD;
    (void)FREE_THREADED_THRESHOLD;
#endif
    gc->generations[1].threshold = OLD_THRESHOLD;
    gc->generations[2].threshold = OLD_THRESHOLD;
    for (int i = 0; i < 3; i++) {
        gc->generations[i].count = 0;
        gc->stats[i] = (RtGcStats){ 0, 0 };
        gc->heads[i].next = &gc->heads[i];
        gc->heads[i].prev = (uintptr_t)&gc->heads[i];
    }
    gc->frozen = false;
    gc->permanent.next = &gc->permanent;
    gc->permanent.prev = (uintptr_t)&gc->permanent;
    gc->running = NULL;
    gc->callbacks = NULL;
    gc->long_lived_total = 0;
    gc->long_lived_pending = 0;
    gc->collections = 0;
}

void
RtGC_Schedule(RtThreadState *tstate)
{
    uintptr_t bits = rt_atomic_load_uintptr_owned(&tstate->eval_breaker);
    if ((bits & RT_GC_SCHEDULED_BIT) == 0) {
        RtThreadState_SetEvalBreakerBit(tstate, RT_GC_SCHEDULED_BIT);
    }
    // Only the thread itself takes it away: nothing else asks it again.
    rt_assert((rt_atomic_load_uintptr_owned(&tstate->eval_breaker) &
               RT_GC_SCHEDULED_BIT) != 0);
}

bool
RtGC_TryBegin(RtThreadState *tstate)
{
    RtGcState *gc = &tstate->interp->gc;
    int expected = 0;
    if (!rt_atomic_compare_exchange_int(&gc->collecting, &expected, 1)) {
        return false;
    }
    gc->collector = tstate;
    return true;
}

void
RtGC_End(RtThreadState *tstate)
{
    RtGcState *gc = &tstate->interp->gc;
    rt_assert(rt_atomic_load_int_owned(&gc->collecting) == 1);
    rt_assert(gc->collector == tstate);
    gc->collector = NULL;
    rt_atomic_store_int(&gc->collecting, 0);
}

void
RtGC_GiveUp(RtInterpreterState *interp)
{
    RtGcState *gc = &interp->gc;
    gc->running = NULL;
    gc->collector = NULL;
    rt_atomic_store_int(&gc->collecting, 0);
}

bool
RtGC_OthersCollect(const RtThreadState *tstate)
{
    const RtGcState *gc = &tstate->interp->gc;
    return rt_atomic_load_int_owned(&gc->collecting) != 0 &&
           gc->collector != tstate;
}

// Whether a tuple that contains op may be in a cycle.
static bool
may_be_in_cycle(RtObject *op)
{
    if (Rt_IsImmortal(op) || !RtObject_IsGc(op)) {
        return false;
    }
    return !Rt_IS_TYPE(op, &RtTuple_Type) || RtGC_IsTracked(op);
}

bool
RtGC_CanUntrack(RtObject *op)
{
    // Without references it waits to be merged, and to be found by the
    // collector.
    if (!Rt_IS_TYPE(op, &RtTuple_Type) || Rt_REFCNT(op) <= 0) {
        return false;
    }
    for (ssize_t i = 0; i < RtTuple_Size(op); i++) {
        RtObject *item = RtTuple_GetItem(op, i);
        if (item == NULL || may_be_in_cycle(item)) {
            return false;       // or not complete yet
        }
    }
    return true;
}

void
RtGC_CountCollection(RtInterpreterState *interp, int generation,
                     ssize_t collected)
{
    // One writer at a time: whoever collects.
    RtGcStats *stats = &interp->gc.stats[generation];
    ssize_t n = rt_atomic_load_ssize_relaxed(&stats->collections);
    rt_atomic_store_ssize_relaxed(&stats->collections, n + 1);
    n = rt_atomic_load_ssize_relaxed(&stats->collected);
    rt_atomic_store_ssize_relaxed(&stats->collected, n + collected);
    interp->gc.collections++;
}

void
RtGC_ClearObject(RtObject *op)
{
    RT_NOTE(GC_CLEAR, op, 0);
    inquiry clear = Rt_TYPE(op)->tp_clear;
    if (clear == NULL) {
        return;
    }
    (void)clear(op);
    if (RtErr_Occurred() != NULL) {
        RtErr_WriteUnraisable(NULL);
    }
}

#ifdef RT_GIL_DISABLED

bool
RtGC_IsTracked(RtObject *op)
{
    return (rt_atomic_load_uint8_owned(&op->ob_gc_bits) &
            RT_GC_BITS_TRACKED) != 0;
}

void
RtGC_Track(RtObject *op)
{
    uint8_t bits = rt_atomic_load_uint8_owned(&op->ob_gc_bits);
    rt_assert(RtObject_IsGc(op));
    rt_assert((bits & RT_GC_BITS_TRACKED) == 0);
    rt_assert(!Rt_IsImmortal(op));
    rt_atomic_store_uint8_owned(&op->ob_gc_bits, bits | RT_GC_BITS_TRACKED);
}

void
RtGC_Untrack(RtObject *op)
{
    uint8_t bits = rt_atomic_load_uint8_owned(&op->ob_gc_bits);
    if ((bits & RT_GC_BITS_TRACKED) != 0) {
        rt_atomic_store_uint8_owned(&op->ob_gc_bits,
                                    bits & ~RT_GC_BITS_TRACKED);
    }
}

bool
RtGC_IsFinalized(RtObject *op)
{
    return (rt_atomic_load_uint8_owned(&op->ob_gc_bits) &
            RT_GC_BITS_FINALIZED) != 0;
}

void
RtGC_SetFinalized(RtObject *op)
{
    (void)rt_atomic_or_uint8(&op->ob_gc_bits, RT_GC_BITS_FINALIZED);
}

#else

bool
RtGC_IsTracked(RtObject *op)
{
    return RtGC_AsHead(op)->next != NULL;
}

void
RtGC_Track(RtObject *op)
{
    rt_assert(RtObject_IsGc(op));
    rt_assert(!RtGC_IsTracked(op));
    rt_assert(!Rt_IsImmortal(op));
    RtGcHead *gc = RtGC_AsHead(op);
    RtGcHead *young = &RtThreadState_Get()->interp->gc.heads[0];
    RtGcHead *last = (RtGcHead *)young->prev;
    last->next = gc;
    gc->prev = (uintptr_t)last | (gc->prev & RT_GC_PREV_FINALIZED);
    gc->next = young;
    young->prev = (uintptr_t)gc;
}

void
RtGC_Untrack(RtObject *op)
{
    RtGcHead *gc = RtGC_AsHead(op);
    if (gc->next == NULL) {
        return;
    }
    uintptr_t flags = RT_GC_PREV_FINALIZED | RT_GC_PREV_COLLECTING;
    RtGcHead *prev = (RtGcHead *)(gc->prev & ~flags);
    prev->next = gc->next;
    gc->next->prev = (uintptr_t)prev | (gc->next->prev & flags);
    gc->next = NULL;
    gc->prev &= RT_GC_PREV_FINALIZED;
}

bool
RtGC_IsFinalized(RtObject *op)
{
    return (RtGC_AsHead(op)->prev & RT_GC_PREV_FINALIZED) != 0;
}

void
RtGC_SetFinalized(RtObject *op)
{
    RtGC_AsHead(op)->prev |= RT_GC_PREV_FINALIZED;
}

#endif

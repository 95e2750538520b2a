// ceval_gil.c: the GIL, and what the eval breaker asks for.
//
// GIL: `locked` changes under gil->mutex; last_holder and switch_number change
// under switch_mutex as well, by the thread that has just taken the lock. While
// the GIL is locked its last_holder is alive: it cannot end without gil->mutex.
// A holder that was asked to drop the GIL does not go on before another thread
// has had it. Each bit of the breaker is cleared before its work is done, so
// that a request made meanwhile is not lost.
// Mirrors Python/ceval_gil.c (CPython 3.13); departs: no signals, pending calls
// or async exceptions.

#include "rtcore_state.h"

#include "rtcore_assert.h"
#include "rtcore_object.h"      // RtBrc_MergeRefcounts(), RtGC_RunScheduled()

#define DEFAULT_INTERVAL_NS 5000000

void
RtEval_InitGil(RtInterpreterState *interp)
{
    RtGil *gil = &interp->gil;
    *gil = (RtGil){
        .locked = 0,
        .interval_ns = DEFAULT_INTERVAL_NS,
    };
}

void
RtEval_SetSwitchInterval(RtInterpreterState *interp, int64_t ns)
{
    rt_assert(ns > 0);
    rt_atomic_store_int64_relaxed(&interp->gil.interval_ns, ns);
}

// ---------------------------------------------------------------------------
// Taking and dropping.

#ifndef RT_GIL_DISABLED

// gil->mutex is held and the GIL is locked: its holder is alive.
static void
request_drop(RtGil *gil)
{
    RtThreadState *holder = rt_atomic_load_ptr_relaxed(&gil->last_holder);
    rt_assert(holder != NULL);
    RtThreadState_SetEvalBreakerBit(holder, RT_GIL_DROP_REQUEST_BIT);
    RT_NOTE(GIL_DROP_REQUESTED, holder, 0);
}

// gil->mutex is held.
static void
wait_until_unlocked(RtThreadState *tstate, RtGil *gil)
{
    RT_NOTE(GIL_WAIT, tstate, 0);
    while (rt_atomic_load_int_relaxed(&gil->locked) != 0) {
        uint64_t switch_number = gil->switch_number;
        int64_t interval =
            rt_atomic_load_int64_relaxed(&gil->interval_ns);
        RtWaitResult result = RtCond_Wait(&gil->cond, &gil->mutex, interval);
        // A whole interval has passed and the same thread has the GIL.
        if (result == RT_WAIT_TIMEOUT &&
            rt_atomic_load_int_relaxed(&gil->locked) != 0 &&
            gil->switch_number == switch_number) {
            request_drop(gil);
        }
    }
}

void
RtEval_TakeGil(RtThreadState *tstate)
{
    RtGil *gil = &tstate->interp->gil;
    rt_assert(!tstate->holds_gil);
    RtRawMutex_LockRanked(&gil->mutex, RT_RANK_GIL);
    rt_assert(rt_atomic_load_int_owned(&gil->locked) >= 0);
    if (rt_atomic_load_int_relaxed(&gil->locked) != 0) {
        wait_until_unlocked(tstate, gil);
    }
    RtRawMutex_LockRanked(&gil->switch_mutex, RT_RANK_GIL_SWITCH);
    rt_atomic_store_int_relaxed(&gil->locked, 1);
    if (rt_atomic_load_ptr_relaxed(&gil->last_holder) != tstate) {
        rt_atomic_store_ptr_relaxed(&gil->last_holder, tstate);
        gil->switch_number++;
    }
    RtCond_Signal(&gil->switch_cond);
    RtRawMutex_UnlockRanked(&gil->switch_mutex, RT_RANK_GIL_SWITCH);
    tstate->holds_gil = true;
    // It was asked as the holder that it was before.
    RtThreadState_UnsetEvalBreakerBit(tstate, RT_GIL_DROP_REQUEST_BIT);
    RT_NOTE(GIL_TAKEN, tstate, 0);
    RtRawMutex_UnlockRanked(&gil->mutex, RT_RANK_GIL);
}

// Forced switching: waits until another thread has taken the GIL. The thread
// that asked is still waiting for it, so there is one.
static void
wait_for_switch(RtThreadState *tstate, RtGil *gil)
{
    RtRawMutex_LockRanked(&gil->switch_mutex, RT_RANK_GIL_SWITCH);
    if (rt_atomic_load_ptr_relaxed(&gil->last_holder) == tstate) {
        RtThreadState_UnsetEvalBreakerBit(tstate, RT_GIL_DROP_REQUEST_BIT);
        RtCond_Wait(&gil->switch_cond, &gil->switch_mutex, -1);
    }
    RtRawMutex_UnlockRanked(&gil->switch_mutex, RT_RANK_GIL_SWITCH);
}

static bool
drop_is_requested(RtThreadState *tstate)
{
    uintptr_t bits = rt_atomic_load_uintptr_relaxed(&tstate->eval_breaker);
    return (bits & RT_GIL_DROP_REQUEST_BIT) != 0;
}

void
RtEval_DropGil(RtThreadState *tstate, bool final_release)
{
    RtGil *gil = &tstate->interp->gil;
    rt_assert(tstate->holds_gil);
    rt_assert(rt_atomic_load_int_owned(&gil->locked) == 1);
    RtRawMutex_LockRanked(&gil->mutex, RT_RANK_GIL);
    // Requests are made under the mutex.
    RT_NOTE(GIL_DROPPED, tstate,
            (rt_atomic_load_uintptr_owned(&tstate->eval_breaker) &
             RT_GIL_DROP_REQUEST_BIT) != 0);
    tstate->holds_gil = false;
    rt_atomic_store_int_relaxed(&gil->locked, 0);
    RtCond_Signal(&gil->cond);
    RtRawMutex_UnlockRanked(&gil->mutex, RT_RANK_GIL);
    // After a final release neither the GIL nor the interpreter may be touched:
    // the thread that has it now may be deleting them.
    if (!final_release && drop_is_requested(tstate)) {
        wait_for_switch(tstate, gil);
    }
}

#endif  // !RT_GIL_DISABLED

// ---------------------------------------------------------------------------
// Eval breaker.

int
RtEval_HandlePending(RtThreadState *tstate)
{
    rt_assert(tstate == RtThreadState_Get());
    uintptr_t bits = rt_atomic_load_uintptr(&tstate->eval_breaker);
#ifdef RT_GIL_DISABLED
    if ((bits & RT_EVAL_PLEASE_STOP_BIT) != 0) {
        RtThreadState_UnsetEvalBreakerBit(tstate, RT_EVAL_PLEASE_STOP_BIT);
        RtThreadState_Suspend(tstate);
    }
    if ((bits & RT_EVAL_EXPLICIT_MERGE_BIT) != 0) {
        RtThreadState_UnsetEvalBreakerBit(tstate, RT_EVAL_EXPLICIT_MERGE_BIT);
        RtBrc_MergeRefcounts(tstate);
    }
#endif
    if ((bits & RT_GC_SCHEDULED_BIT) != 0) {
        RtThreadState_UnsetEvalBreakerBit(tstate, RT_GC_SCHEDULED_BIT);
        RtGC_RunScheduled(tstate);
    }
    // The bit itself is cleared by whoever takes the GIL next, or by the wait
    // for it.
    if ((bits & RT_GIL_DROP_REQUEST_BIT) != 0) {
        RtThreadState_Detach(tstate);
        RtThreadState_Attach(tstate);
    }
    return 0;
}

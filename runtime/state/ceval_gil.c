// ceval_gil.c: the GIL, and what the eval breaker asks for.
//
// GIL: `locked` changes under gil->mutex; last_holder and switch_number change
// under switch_mutex as well, by the thread that has just taken the lock. While
// the GIL is locked its last_holder is alive: it cannot end without gil->mutex.
// A holder that was asked to drop the GIL does not go on before another thread
// has had it. In the free-threaded build the GIL may be off (gil_toggle.c):
// then nobody takes it, and who waits for it goes on without. Only a holder is
// asked, under gil->mutex, and the request ends when it drops the GIL. Each bit
// of the breaker is cleared before its work is done, so that a request made
// meanwhile is not lost. A thread that must exit neither takes the GIL nor asks
// for it.
// Mirrors Python/ceval_gil.c (CPython 3.13); departs: there the request stays
// until the thread takes the GIL again, and if the GIL is switched off before
// that, the thread detaches at each check from then on; the drop request of a
// thread that switches the GIL off is forgotten with it; the holder is
// signalled under gil->mutex, so that it is alive.

#include "rtcore_interp.h"

#include <limits.h>

#include "rtcore_assert.h"
#include "rtcore_contention.h"
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
#ifdef RT_GIL_DISABLED
    gil->enabled = RtConfig_GetGil() == 1 ? INT_MAX : 0;
#endif
}

void
RtEval_SetSwitchInterval(RtInterpreterState *interp, int64_t ns)
{
    rt_assert(ns > 0);
    rt_atomic_store_int64_relaxed(&interp->gil.interval_ns, ns);
}

int64_t
RtEval_GetSwitchInterval(RtInterpreterState *interp)
{
    return rt_atomic_load_int64_relaxed(&interp->gil.interval_ns);
}

RtGilStats
RtEval_GetGilStats(RtInterpreterState *interp)
{
    RtGil *gil = &interp->gil;
    RtRawMutex_LockRanked(&gil->mutex, RT_RANK_GIL);
    RtGilStats stats = { gil->waited_ns, gil->waits, gil->switch_number };
    RtRawMutex_UnlockRanked(&gil->mutex, RT_RANK_GIL);
    return stats;
}

// ---------------------------------------------------------------------------
// Taking and dropping.

// gil->mutex is held: the answer does not change.
static bool
drop_is_requested(RtThreadState *tstate)
{
    uintptr_t bits = rt_atomic_load_uintptr_owned(&tstate->eval_breaker);
    return (bits & RT_GIL_DROP_REQUEST_BIT) != 0;
}

// gil->mutex is held and the GIL is locked: its holder is alive.
static void
request_drop(RtGil *gil)
{
    RtThreadState *holder = rt_atomic_load_ptr_relaxed(&gil->last_holder);
    rt_assert(holder != NULL);
    RtThreadState_SetEvalBreakerBit(holder, RT_GIL_DROP_REQUEST_BIT);
    RT_NOTE(GIL_DROP_REQUESTED, holder, 0);
}

// gil->mutex is held. How long that took; less if the thread must exit.
static int64_t
wait_until_unlocked(RtThreadState *tstate, RtGil *gil)
{
    RT_NOTE(GIL_WAIT, tstate, 0);
    int64_t start = rt_world->now_ns();
    while (!RtThreadState_MustExit(tstate) &&
           rt_atomic_load_int_relaxed(&gil->locked) != 0)
    {
        uint64_t switch_number = gil->switch_number;
        int64_t interval =
            rt_atomic_load_int64_relaxed(&gil->interval_ns);
        RtWaitResult result = RtCond_Wait(&gil->cond, &gil->mutex, interval);
        // A whole interval has passed and the same thread has the GIL.
        if (result == RT_WAIT_TIMEOUT && !RtThreadState_MustExit(tstate) &&
            rt_atomic_load_int_relaxed(&gil->locked) != 0 &&
            gil->switch_number == switch_number) {
            request_drop(gil);
        }
    }
    int64_t waited = rt_world->now_ns() - start;
    gil->waits++;
    gil->waited_ns += waited;
    return waited;
}

// What was asked of the interpreter while none of its threads held the GIL.
static void
update_eval_breaker(RtThreadState *tstate)
{
    if (RtEval_HasPendingCalls(tstate)) {
        RtThreadState_SetEvalBreakerBit(tstate, RT_CALLS_TO_DO_BIT);
    }
}

// The GIL is free and gil->mutex is held.
static void
become_holder(RtThreadState *tstate, RtGil *gil)
{
    RtRawMutex_LockRanked(&gil->switch_mutex, RT_RANK_GIL_SWITCH);
    rt_atomic_store_int_relaxed(&gil->locked, 1);
    if (rt_atomic_load_ptr_relaxed(&gil->last_holder) != tstate) {
        rt_atomic_store_ptr_relaxed(&gil->last_holder, tstate);
        gil->switch_number++;
    }
    RtCond_Signal(&gil->switch_cond);
    RtRawMutex_UnlockRanked(&gil->switch_mutex, RT_RANK_GIL_SWITCH);
    tstate->holds_gil = 1;
    // Nobody has asked for it yet.
    rt_assert(!drop_is_requested(tstate));
    update_eval_breaker(tstate);
    RT_NOTE(GIL_TAKEN, tstate, 0);
}

// Without the mutex the answer is a hint: who attaches looks again.
static bool
is_on(const RtGil *gil)
{
#ifdef RT_GIL_DISABLED
    return rt_atomic_load_int_hint(&gil->enabled) != 0;
#else
    (void)gil;
    return true;
#endif
}

void
RtEval_TakeGil(RtThreadState *tstate)
{
    RtGil *gil = &tstate->interp->gil;
    rt_assert(!tstate->holds_gil);
    if (!is_on(gil)) {
        return;
    }
    RtRawMutex_LockRanked(&gil->mutex, RT_RANK_GIL);
    rt_assert(rt_atomic_load_int_owned(&gil->locked) >= 0);
    int64_t waited = 0;
    if (rt_atomic_load_int_relaxed(&gil->locked) != 0) {
        waited = wait_until_unlocked(tstate, gil);
    }
    if (RtThreadState_MustExit(tstate)) {
        // The drop may have woken this thread: the next one is to have it.
        RtCond_Signal(&gil->cond);
        RtRawMutex_UnlockRanked(&gil->mutex, RT_RANK_GIL);
        RtThreadState_ExitThread(tstate);
    }
    if (is_on(gil)) {
        become_holder(tstate, gil);
        if (rt_contention_gauge != NULL) {
            gil->taken_ns = rt_world->now_ns();
            rt_contention_gauge->gil_taken(tstate->interp, waited);
        }
    }
    else {
        // Switched off meanwhile. The drop woke one waiter; there may be more.
        RtCond_Signal(&gil->cond);
    }
    RtRawMutex_UnlockRanked(&gil->mutex, RT_RANK_GIL);
}

bool
RtEval_IsGilHolder(const RtThreadState *tstate)
{
    const RtGil *gil = &tstate->interp->gil;
    return tstate->holds_gil &&
           rt_atomic_load_int_owned(&gil->locked) == 1 &&
           rt_atomic_load_ptr_owned(&gil->last_holder) == tstate;
}

// Forced switching: waits until another thread has taken the GIL. The thread
// that asked is still waiting for it, so there is one.
static void
wait_for_switch(RtThreadState *tstate, RtGil *gil)
{
    RtRawMutex_LockRanked(&gil->switch_mutex, RT_RANK_GIL_SWITCH);
    if (rt_atomic_load_ptr_relaxed(&gil->last_holder) == tstate) {
        RtCond_Wait(&gil->switch_cond, &gil->switch_mutex, -1);
    }
    RtRawMutex_UnlockRanked(&gil->switch_mutex, RT_RANK_GIL_SWITCH);
}

void
RtEval_DropGil(RtThreadState *tstate, bool final_release)
{
    RtGil *gil = &tstate->interp->gil;
    rt_assert(tstate->holds_gil);
    rt_assert(RtEval_IsGilHolder(tstate));
    RtRawMutex_LockRanked(&gil->mutex, RT_RANK_GIL);
    bool requested = drop_is_requested(tstate);
    if (requested) {
        RtThreadState_UnsetEvalBreakerBit(tstate, RT_GIL_DROP_REQUEST_BIT);
    }
    // If it is off nobody takes it: there is no switch to wait for. Who asked
    // the finalizing thread may have had to exit since (bug EB04 of 3.13).
    bool forced =
        requested && is_on(gil) &&
        rt_atomic_load_ptr_relaxed(&rt_runtime.finalizer) != tstate;
    RT_NOTE(GIL_DROPPED, tstate, forced);
    tstate->holds_gil = 0;
    rt_atomic_store_int_relaxed(&gil->locked, 0);
    if (rt_contention_gauge != NULL) {
        rt_contention_gauge->gil_dropped(tstate->interp,
                                         rt_world->now_ns() - gil->taken_ns);
    }
    RtCond_Signal(&gil->cond);
    RtRawMutex_UnlockRanked(&gil->mutex, RT_RANK_GIL);
    // After a final release neither the GIL nor the interpreter may be touched:
    // the thread that has it now may be deleting them.
    if (!final_release && forced) {
        wait_for_switch(tstate, gil);
    }
}

#ifndef RT_GIL_DISABLED

void
RtEval_SignalActiveThreads(RtInterpreterState *interp, uintptr_t bit)
{
    RtGil *gil = &interp->gil;
    RtRawMutex_LockRanked(&gil->mutex, RT_RANK_GIL);
    // If nobody holds the GIL, the next to take it looks for requests.
    if (rt_atomic_load_int_relaxed(&gil->locked) != 0) {
        RtThreadState *holder = rt_atomic_load_ptr_relaxed(&gil->last_holder);
        RtThreadState_SetEvalBreakerBit(holder, bit);
    }
    RtRawMutex_UnlockRanked(&gil->mutex, RT_RANK_GIL);
}

#else

void
RtEval_SignalActiveThreads(RtInterpreterState *interp, uintptr_t bit)
{
    RT_HEAD_LOCK();
    for (RtThreadState *t = interp->threads; t != NULL; t = t->next) {
        RtThreadState_SetEvalBreakerBit(t, bit);
    }
    RT_HEAD_UNLOCK();
}

#endif

// ---------------------------------------------------------------------------
// Eval breaker.

// What the program is to see of other threads: handlers of signals, pending
// calls. May run any code.
static int
handle_calls(RtThreadState *tstate, uintptr_t bits)
{
    if ((bits & RT_SIGNALS_PENDING_BIT) != 0 &&
        RtEval_HandleSignals(tstate) < 0) {
        return -1;
    }
    if ((bits & RT_CALLS_TO_DO_BIT) != 0) {
        RtThreadState_UnsetEvalBreakerBit(tstate, RT_CALLS_TO_DO_BIT);
        RT_NOTE(EVAL_WORK, tstate, RT_CALLS_TO_DO_BIT);
        if (RtEval_HandlePendingCalls(tstate) < 0) {
            return -1;
        }
    }
    return 0;
}

int
RtEval_HandleCheck(RtThreadState *tstate, uintptr_t bits)
{
#ifdef RT_GIL_DISABLED
    if (tstate->attention != 0 && tstate->delayed_pressure > 0) {
        RtMem_RelievePressure(tstate);
    }
    if (tstate->delayed_pressure == 0 && RtRuntime_IsSingleThreaded()) {
        tstate->attention = 0;
    }
#endif
    return bits != 0 ? RtEval_HandlePending(tstate) : 0;
}

bool
RtEval_MustStop(RtThreadState *tstate)
{
    return (rt_atomic_load_uintptr_relaxed(&tstate->eval_breaker) &
            RT_EVAL_PLEASE_STOP_BIT) != 0;
}

int
RtEval_HandlePending(RtThreadState *tstate)
{
    rt_assert(tstate == RtThreadState_Get());
    rt_assert(RtEval_IsGilHolder(tstate) || !tstate->holds_gil);
    uintptr_t bits = rt_atomic_load_uintptr(&tstate->eval_breaker);
#ifdef RT_GIL_DISABLED
    if ((bits & RT_EVAL_PLEASE_STOP_BIT) != 0) {
        RtThreadState_UnsetEvalBreakerBit(tstate, RT_EVAL_PLEASE_STOP_BIT);
        RT_NOTE(EVAL_WORK, tstate, RT_EVAL_PLEASE_STOP_BIT);
        RtThreadState_Suspend(tstate);
    }
#endif
    if ((bits & (RT_SIGNALS_PENDING_BIT | RT_CALLS_TO_DO_BIT)) != 0 &&
        handle_calls(tstate, bits) < 0) {
        return -1;
    }
#ifdef RT_GIL_DISABLED
    if ((bits & RT_EVAL_EXPLICIT_MERGE_BIT) != 0) {
        RtThreadState_UnsetEvalBreakerBit(tstate, RT_EVAL_EXPLICIT_MERGE_BIT);
        RT_NOTE(EVAL_WORK, tstate, RT_EVAL_EXPLICIT_MERGE_BIT);
        RtBrc_MergeRefcounts(tstate);
    }
#endif
    if ((bits & RT_GC_SCHEDULED_BIT) != 0) {
        RtThreadState_UnsetEvalBreakerBit(tstate, RT_GC_SCHEDULED_BIT);
        RT_NOTE(EVAL_WORK, tstate, RT_GC_SCHEDULED_BIT);
        RtGC_RunScheduled(tstate);
    }
    // The bit itself is cleared when the GIL is dropped.
    if ((bits & RT_GIL_DROP_REQUEST_BIT) != 0) {
        RtThreadState_Detach(tstate);
        RtThreadState_Attach(tstate);
    }
    if ((bits & RT_ASYNC_EXCEPTION_BIT) != 0) {
        RtThreadState_UnsetEvalBreakerBit(tstate, RT_ASYNC_EXCEPTION_BIT);
        RT_NOTE(EVAL_WORK, tstate, RT_ASYNC_EXCEPTION_BIT);
        return RtEval_HandleAsyncExc(tstate);
    }
    return 0;
}

// stop_the_world.c: bringing every other thread of an interpreter to a halt.
//
// Invariant, under HEAD_LOCK: while a stop is requested, thread_countdown is
// the number of other states that existed at the request, still exist, and have
// not been parked here or said themselves that they are SUSPENDED. Whoever
// brings it to 0 elsewhere notifies the event, under HEAD_LOCK too, so that the
// event can be made anew for the next stop. stw->mutex is held from the request
// to the restart.
// Mirrors Python/pystate.c (CPython 3.13); departs: one interpreter, so no lock
// between global and per-interpreter stops.

#include "rtcore_state.h"

#include "rt_lock.h"
#include "rtcore_assert.h"

#ifdef RT_GIL_DISABLED

// How long the requester sleeps before it looks for detached threads again.
#define POLL_INTERVAL_NS 1000000

void
RtEval_DecrementCountdown(RtStopTheWorldState *stw)
{
    rt_assert(stw->requested);
    rt_assert(stw->thread_countdown > 0);
    if (--stw->thread_countdown == 0) {
        RtEvent_Notify(&stw->stop_event);
    }
}

// HEAD_LOCK is held. Parks the threads that are DETACHED and asks the attached
// ones to stop. True if that was the last of them.
static bool
park_detached_threads(RtInterpreterState *interp, RtStopTheWorldState *stw)
{
    ssize_t num_parked = 0;
    for (RtThreadState *t = interp->threads; t != NULL; t = t->next) {
        int state = rt_atomic_load_int_relaxed(&t->state);
        if (state == RT_THREAD_DETACHED) {
            if (rt_atomic_compare_exchange_int(&t->state, &state,
                                               RT_THREAD_SUSPENDED)) {
                RT_NOTE(TSTATE_SUSPENDED, t, 0);
                num_parked++;
            }
        }
        else if (state == RT_THREAD_ATTACHED && t != stw->requester) {
            RtThreadState_SetEvalBreakerBit(t, RT_EVAL_PLEASE_STOP_BIT);
        }
    }
    rt_assert(num_parked <= stw->thread_countdown);
    stw->thread_countdown -= num_parked;
    return num_parked > 0 && stw->thread_countdown == 0;
}

// HEAD_LOCK is held. The number of threads to wait for.
static ssize_t
begin_stop(RtInterpreterState *interp, RtStopTheWorldState *stw)
{
    rt_assert(!stw->requested);
    rt_assert(!stw->world_stopped);
    stw->requested = true;
    stw->stop_event = (RtEvent){ 0 };
    stw->requester = RtThreadState_Get();
    stw->thread_countdown = 0;
    for (RtThreadState *t = interp->threads; t != NULL; t = t->next) {
        if (t != stw->requester) {
            stw->thread_countdown++;
        }
    }
    RT_NOTE(STW_REQUESTED, stw->requester, interp);
    return stw->thread_countdown;
}

// Only for assertions: makes no scheduling point.
__attribute__((unused)) static bool
all_suspended(RtInterpreterState *interp, RtStopTheWorldState *stw)
{
    for (RtThreadState *t = interp->threads; t != NULL; t = t->next) {
        if (t != stw->requester &&
            rt_atomic_load_int_owned(&t->state) != RT_THREAD_SUSPENDED) {
            return false;
        }
    }
    return true;
}

void
RtEval_StopTheWorld(RtInterpreterState *interp)
{
    RtStopTheWorldState *stw = &interp->stoptheworld;
    // May detach, as any wait for a mutex.
    RtMutex_LockRanked(&stw->mutex, RT_RANK_STOP_THE_WORLD);
    RT_HEAD_LOCK();
    bool stopped = begin_stop(interp, stw) == 0;
    while (!stopped) {
        stopped = park_detached_threads(interp, stw);
        RT_HEAD_UNLOCK();
        // Attached all the while. If it detached, it would have to lock its
        // critical sections again afterwards, and a suspended thread may have
        // been handed their locks.
        if (!stopped) {
            stopped = RtEvent_WaitTimed(&stw->stop_event, POLL_INTERVAL_NS,
                                        false);
        }
        RT_HEAD_LOCK();
    }
    rt_assert(stw->thread_countdown == 0);
    stw->world_stopped = true;
    RT_NOTE(STW_STOPPED, stw->requester, interp);
    // Under HEAD_LOCK still: new states may be linked during a stop.
    rt_assert(all_suspended(interp, stw));
    RT_HEAD_UNLOCK();
}

void
RtEval_StartTheWorld(RtInterpreterState *interp)
{
    RtStopTheWorldState *stw = &interp->stoptheworld;
    rt_assert(stw->world_stopped);
    rt_assert(stw->requester == RtThreadState_Get());
    RT_HEAD_LOCK();
    stw->requested = false;
    stw->world_stopped = false;
    RT_NOTE(STW_STARTED, stw->requester, interp);
    for (RtThreadState *t = interp->threads; t != NULL; t = t->next) {
        if (t != stw->requester) {
            rt_assert(rt_atomic_load_int_owned(&t->state) ==
                      RT_THREAD_SUSPENDED);
            rt_atomic_store_int(&t->state, RT_THREAD_DETACHED);
            RtParkingLot_UnparkAll(&t->state);
        }
    }
    stw->requester = NULL;
    RT_HEAD_UNLOCK();
    RtMutex_UnlockRanked(&stw->mutex, RT_RANK_STOP_THE_WORLD);
}

#else  // !RT_GIL_DISABLED

void
RtEval_DecrementCountdown(RtStopTheWorldState *stw)
{
    (void)stw;
}

void
RtEval_StopTheWorld(RtInterpreterState *interp)
{
    (void)interp;
}

void
RtEval_StartTheWorld(RtInterpreterState *interp)
{
    (void)interp;
}

#endif

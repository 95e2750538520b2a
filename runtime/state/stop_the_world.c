// stop_the_world.c: bringing all other threads to a halt: those of an
// interpreter, or those of every interpreter.
//
// Invariant, under HEAD_LOCK: while a stop is requested, thread_countdown is
// the number of other states that existed at the request, still exist, and have
// not been parked here or said themselves that they are SUSPENDED. Whoever
// brings it to 0 elsewhere notifies the event, under HEAD_LOCK too, so that the
// event can be made anew for the next stop. stw->mutex is held from the request
// to the restart, and before it rt_runtime.stop_mutex: a global stop excludes
// all others, those of different interpreters go on at once. The two are taken
// in this order by everybody (3.13 had it the other way round: bug TS17).
// Whoever asks for the stop of one interpreter is attached to it or not at all:
// two threads that stop each other's interpreter would wait for ever.
// Mirrors Python/pystate.c (CPython 3.13); departs: stops of one thread nest;
// a thread that one stop kept from attaching is not kept from it by the next.

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

// ---------------------------------------------------------------------------
// The threads of a stop: interp's, or everybody's if it is NULL. HEAD_LOCK is
// held; while it is, the walk sees each state once.

static RtThreadState *
first_from(RtInterpreterState *interp)
{
    while (interp != NULL && interp->threads == NULL) {
        interp = interp->next;
    }
    return interp != NULL ? interp->threads : NULL;
}

static RtThreadState *
first_thread(RtInterpreterState *interp)
{
    return interp != NULL ? interp->threads
                          : first_from(rt_runtime.interpreters);
}

static RtThreadState *
next_thread(RtInterpreterState *interp, RtThreadState *t)
{
    if (t->next != NULL || interp != NULL) {
        return t->next;
    }
    return first_from(t->interp->next);
}

// Threads that must exit are as good as gone: they never attach again.
static bool
takes_part(const RtThreadState *t, const RtStopTheWorldState *stw)
{
    return t != stw->requester && !RtThreadState_MustExit(t);
}

// Whether a thread that waits to attach was kept out by the last stop: it is
// let in first, and stops like an attached one.
static bool
has_turn(RtThreadState *t)
{
    if (t->attach_turn && !rt_atomic_load_int(&t->attach_waits)) {
        t->attach_turn = false;
    }
    return t->attach_turn;
}

// Parks the threads that are DETACHED and asks all others to stop, also those
// that attach while it looks, which CPython finds at the next poll. True if
// nobody is left to wait for: those before may have said so themselves, and are
// done with the event.
static bool
park_detached_threads(RtInterpreterState *interp, RtStopTheWorldState *stw)
{
    ssize_t num_parked = 0;
    for (RtThreadState *t = first_thread(interp); t != NULL;
         t = next_thread(interp, t))
    {
        int state = rt_atomic_load_int_relaxed(&t->state);
        if (state == RT_THREAD_DETACHED && !has_turn(t) &&
            rt_atomic_compare_exchange_int(&t->state, &state,
                                           RT_THREAD_SUSPENDED))
        {
            RT_NOTE(TSTATE_SUSPENDED, t, 0);
            num_parked++;
        }
        else if (state != RT_THREAD_SUSPENDED && takes_part(t, stw)) {
            // Attached, if only since a moment ago, or about to be.
            RtThreadState_SetEvalBreakerBit(t, RT_EVAL_PLEASE_STOP_BIT);
        }
    }
    rt_assert(num_parked <= stw->thread_countdown);
    stw->thread_countdown -= num_parked;
    return stw->thread_countdown == 0;
}

// The number of threads to wait for.
static ssize_t
begin_stop(RtInterpreterState *interp, RtStopTheWorldState *stw)
{
    rt_assert(!stw->requested);
    rt_assert(!stw->world_stopped);
    stw->requested = true;
    stw->stop_event = (RtEvent){ 0 };
    stw->requester = RtThreadState_Get();
    stw->thread_countdown = 0;
    for (RtThreadState *t = first_thread(interp); t != NULL;
         t = next_thread(interp, t))
    {
        if (takes_part(t, stw)) {
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
    for (RtThreadState *t = first_thread(interp); t != NULL;
         t = next_thread(interp, t))
    {
        if (takes_part(t, stw) &&
            rt_atomic_load_int_owned(&t->state) != RT_THREAD_SUSPENDED) {
            return false;
        }
    }
    return true;
}

// interp: NULL for a global stop. Its locks are held.
static void
stop_threads(RtInterpreterState *interp, RtStopTheWorldState *stw)
{
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
        // Whoever was the last to stop has notified the requester.
        rt_assert(stopped || stw->thread_countdown > 0 ||
                  RtEvent_WasSet(&stw->stop_event));
    }
    rt_assert(stw->thread_countdown == 0);
    stw->world_stopped = true;
    if (stw->requester != NULL) {
        stw->requester->stops = 1;
    }
    RT_NOTE(STW_STOPPED, stw->requester, interp);
    // Under HEAD_LOCK still: new states may be linked during a stop.
    rt_assert(all_suspended(interp, stw));
    RT_HEAD_UNLOCK();
}

static void
start_threads(RtInterpreterState *interp, RtStopTheWorldState *stw)
{
    rt_assert(stw->world_stopped);
    rt_assert(stw->requester == RtThreadState_Get());
    RT_HEAD_LOCK();
    stw->requested = false;
    stw->world_stopped = false;
    if (stw->requester != NULL) {
        stw->requester->stops = 0;
    }
    RT_NOTE(STW_STARTED, stw->requester, interp);
    for (RtThreadState *t = first_thread(interp); t != NULL;
         t = next_thread(interp, t))
    {
        if (takes_part(t, stw)) {
            rt_assert(rt_atomic_load_int_owned(&t->state) ==
                      RT_THREAD_SUSPENDED);
            t->attach_turn = rt_atomic_load_int(&t->attach_waits) != 0;
            rt_atomic_store_int(&t->state, RT_THREAD_DETACHED);
        }
        if (t != stw->requester) {
            RtParkingLot_UnparkAll(&t->state);
        }
    }
    stw->requester = NULL;
    RT_HEAD_UNLOCK();
}

// True if the caller's stop of the same threads is in effect: one more of it.
static bool
nests(bool global)
{
    RtThreadState *me = RtThreadState_Get();
    if (me == NULL || me->stops == 0) {
        return false;
    }
    rt_assert(!global || rt_runtime.stoptheworld.requester == me);
    (void)global;
    me->stops++;
    return true;
}

// True if an outer stop of the caller goes on.
static bool
unnests(void)
{
    RtThreadState *me = RtThreadState_Get();
    if (me == NULL || me->stops <= 1) {
        return false;
    }
    me->stops--;
    return true;
}

void
RtEval_StopTheWorld(RtInterpreterState *interp)
{
    RtThreadState *me = RtThreadState_Get();
    rt_assert(me == NULL || me->interp == interp);
    (void)me;
    if (nests(false)) {
        return;
    }
    // May detach, as any wait for a mutex.
    RtLockOrder_Asks(RT_RANK_STOP_ALL, &rt_runtime.stop_mutex);
    RtRWMutex_RLock(&rt_runtime.stop_mutex);
    RtLockOrder_Has(RT_RANK_STOP_ALL);
    RtMutex_LockRanked(&interp->stoptheworld.mutex, RT_RANK_STOP_THE_WORLD);
    stop_threads(interp, &interp->stoptheworld);
}

void
RtEval_StartTheWorld(RtInterpreterState *interp)
{
    if (unnests()) {
        return;
    }
    start_threads(interp, &interp->stoptheworld);
    RtMutex_UnlockRanked(&interp->stoptheworld.mutex, RT_RANK_STOP_THE_WORLD);
    RtLockOrder_GivesBack(RT_RANK_STOP_ALL);
    RtRWMutex_RUnlock(&rt_runtime.stop_mutex);
}

void
RtEval_StopTheWorldAll(void)
{
    if (nests(true)) {
        return;
    }
    RtLockOrder_Asks(RT_RANK_STOP_ALL, &rt_runtime.stop_mutex);
    RtRWMutex_Lock(&rt_runtime.stop_mutex);
    RtLockOrder_Has(RT_RANK_STOP_ALL);
    RtMutex_LockRanked(&rt_runtime.stoptheworld.mutex,
                       RT_RANK_STOP_THE_WORLD);
    stop_threads(NULL, &rt_runtime.stoptheworld);
}

void
RtEval_StartTheWorldAll(void)
{
    if (unnests()) {
        return;
    }
    start_threads(NULL, &rt_runtime.stoptheworld);
    RtMutex_UnlockRanked(&rt_runtime.stoptheworld.mutex,
                         RT_RANK_STOP_THE_WORLD);
    RtLockOrder_GivesBack(RT_RANK_STOP_ALL);
    RtRWMutex_Unlock(&rt_runtime.stop_mutex);
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

void
RtEval_StopTheWorldAll(void)
{
}

void
RtEval_StartTheWorldAll(void)
{
}

#endif

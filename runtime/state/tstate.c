// tstate.c: the life of a thread state, and its transitions.
//
// Invariants: the list of an interpreter's states changes under HEAD_LOCK only;
// a state is linked when it is fully initialised, and stays ATTACHED until it
// is unlinked. Only transitions of the table in rtcore_state.h happen.
// Mirrors Python/pystate.c (CPython 3.13); departs: a state claims a QSBR slot
// in one step, before it is linked; Suspend also attaches again.

#include "rtcore_interp.h"

#include "rt_lock.h"
#include "rtcore_assert.h"
#include "rtcore_code.h"        // RT_RECURSION_LIMIT
#include "rtcore_heap.h"
#include "rtcore_local.h"
#include "rtcore_object.h"      // the merge queue, references

// ---------------------------------------------------------------------------
// Making and linking.

// HEAD_LOCK is held.
static bool
stop_is_requested(RtInterpreterState *interp)
{
    return interp->stoptheworld.requested || rt_runtime.stoptheworld.requested;
}

// HEAD_LOCK is held.
static void
link_tstate(RtInterpreterState *interp, RtThreadState *tstate)
{
    tstate->id = ++interp->next_thread_id;
    tstate->prev = NULL;
    tstate->next = interp->threads;
    if (tstate->next != NULL) {
        rt_assert(tstate->next->prev == NULL);
        tstate->next->prev = tstate;
    }
    interp->threads = tstate;
    RT_NOTE(TSTATE_NEW, tstate, interp);
    // The stop does not count the new state, so it must not be able to attach.
    if (stop_is_requested(interp)) {
        tstate->state = RT_THREAD_SUSPENDED;
        RT_NOTE(TSTATE_SUSPENDED, tstate, 0);
    }
}

// C code may be deeper than the calls of functions: several pieces of it, whose
// frames are small, may lie between two of these.
enum { C_CALLS_PER_CALL = 2 };

// Written before the runtime starts.
static int recursion_limit = RT_RECURSION_LIMIT;

void
RtConfig_SetRecursionLimit(int limit)
{
    recursion_limit = limit;
}

int
RtConfig_GetRecursionLimit(void)
{
    return recursion_limit;
}

bool
RtThreadState_IsAtTop(const RtThreadState *tstate)
{
    return tstate->current_frame == NULL &&
           tstate->recursion_remaining == recursion_limit &&
           tstate->c_recursion_remaining ==
               C_CALLS_PER_CALL * recursion_limit;
}

#if defined(RT_GIL_DISABLED) && !defined(RT_WITH_HOOKS)
enum { ONE_THREAD = 1, SEVERAL_THREADS = 2, MAYBE_SEVERAL = 3 };

// All worlds are stopped.
static void
demand_attention(void)
{
    RT_HEAD_LOCK();
    for (RtInterpreterState *interp = rt_runtime.interpreters; interp != NULL;
         interp = interp->next)
    {
        for (RtThreadState *t = interp->threads; t != NULL; t = t->next) {
            t->attention = 1;
        }
    }
    RT_HEAD_UNLOCK();
}

// Before a state exists that is not the first: nobody relies on being the only
// thread any more (RtRuntime_IsSingleThreaded()). If it is not the only thread
// itself that asks, that one may be in the middle of a change without a lock
// until it has stopped once. Returns whether the new state needs attention.
static int
count_thread(void)
{
    int *seen = &rt_runtime.threads_seen;
    int now = 0;
    if (rt_atomic_load_int(seen) == SEVERAL_THREADS) {
        return 1;
    }
    if (rt_atomic_compare_exchange_int(seen, &now, ONE_THREAD)) {
        return 0;
    }
    RtThreadState *caller = RtThreadState_Get();
    if (caller != NULL) {
        caller->attention = 1;
    }
    else {
        rt_atomic_store_int(seen, MAYBE_SEVERAL);
        RtEval_StopTheWorldAll();
        demand_attention();
        RtEval_StartTheWorldAll();
    }
    rt_atomic_store_int(seen, SEVERAL_THREADS);
    return 1;
}
#else
static int
count_thread(void)
{
    return 1;
}
#endif

void
RtThreadState_NoteCCalls(RtThreadState *tstate)
{
    tstate->c_calls = 0;
    RT_NOTE(C_CALLS, tstate, RT_C_CALLS_NOTED);
}

RtThreadState *
RtThreadState_New(RtInterpreterState *interp)
{
    // Allocated before HEAD_LOCK is taken: an allocation may do anything.
    RtThreadState *tstate = RtMem_Calloc(1, sizeof(RtThreadState));
    if (tstate == NULL) {
        return NULL;
    }
    tstate->interp = interp;
    tstate->state = RT_THREAD_DETACHED;
    tstate->recursion_remaining = recursion_limit;
    tstate->c_recursion_remaining = C_CALLS_PER_CALL * recursion_limit;
    RtLong_InitFreeList(tstate);
    // RtGILState_Release() ends only states that RtGILState_Ensure() made.
    tstate->gilstate_counter = 1;
#ifdef RT_GIL_DISABLED
    // The last step that can fail: nothing has to give the slot back.
    if (RtQsbr_Reserve(tstate) < 0) {
        RtMem_Free(tstate);
        return NULL;
    }
#endif
    tstate->attention = count_thread();
    RT_HEAD_LOCK();
    link_tstate(interp, tstate);
    RT_HEAD_UNLOCK();
    return tstate;
}

void
RtThreadState_Bind(RtThreadState *tstate)
{
    rt_assert(!tstate->bound);
    rt_assert(RtThreadState_Get() == NULL);
    tstate->thread_id = RtThread_Id();
    tstate->heaps = RtHeap_Bind(tstate->interp);
#ifdef RT_GIL_DISABLED
    RtBrc_InitThread(tstate);
#endif
    tstate->bound = true;
    // The first state of a thread is the one that RtGILState_Ensure() finds.
    if (rt_thread_local.gilstate == NULL) {
        rt_thread_local.gilstate = tstate;
    }
    RT_NOTE(TSTATE_BOUND, tstate, tstate->thread_id);
}

// ---------------------------------------------------------------------------
// Attaching and detaching.

#ifdef RT_GIL_DISABLED
static bool
try_attach(RtThreadState *tstate)
{
    int expected = RT_THREAD_DETACHED;
    return rt_atomic_compare_exchange_int(&tstate->state, &expected,
                                          RT_THREAD_ATTACHED);
}

// The state is SUSPENDED until the requester of the stop makes it DETACHED, or
// the finalizing thread makes it SHUTTING_DOWN.
// Seeing that somebody waits, it has the next stop wait for this thread: stops
// that follow each other closely would keep it out for ever (gh-151518).
static void
wait_attach(RtThreadState *tstate)
{
    rt_atomic_store_int(&tstate->attach_waits, 1);
    RT_NOTE(ATTACH_WAIT, tstate, 1);
    do {
        if (RtThreadState_MustExit(tstate)) {
            if (tstate->holds_gil) {
                RtEval_DropGil(tstate, true);
            }
            RtThreadState_ExitThread(tstate);
        }
        int expected = RT_THREAD_SUSPENDED;
        RtParkingLot_Park(&tstate->state, &expected, sizeof(expected), -1,
                          NULL, false);
    } while (!try_attach(tstate));
    RT_NOTE(ATTACH_WAIT, tstate, 0);
    rt_atomic_store_int(&tstate->attach_waits, 0);
}
#endif

void
RtThreadState_Attach(RtThreadState *tstate)
{
    rt_assert(RtThreadState_Get() == NULL);
    rt_assert(tstate->bound);
    rt_assert(tstate->thread_id == RtThread_Id());
    // Another interpreter's, if the thread has a state in it too.
    rt_thread_local.heaps = tstate->heaps;
#ifdef RT_GIL_DISABLED
    for (;;) {
        RtEval_TakeGil(tstate);
        rt_thread_local.tstate = tstate;
        if (!try_attach(tstate)) {
            wait_attach(tstate);
        }
        if (tstate->holds_gil || !RtEval_IsGILEnabled(tstate->interp)) {
            break;
        }
        // The GIL was switched on on our way. No object was touched yet.
        rt_thread_local.tstate = NULL;
        rt_atomic_store_int(&tstate->state, RT_THREAD_DETACHED);
    }
    RT_NOTE(TSTATE_ATTACHED, tstate, 0);
    // Online before anything is read without a lock.
    RtQsbr_Attach(tstate);
    if (tstate->critical_section != 0) {
        RtCriticalSection_Resume(tstate);
    }
#else
    RtEval_TakeGil(tstate);
    rt_thread_local.tstate = tstate;
    rt_assert(rt_atomic_load_int_owned(&tstate->state) == RT_THREAD_DETACHED);
    rt_atomic_store_int_owned(&tstate->state, RT_THREAD_ATTACHED);
    RT_NOTE(TSTATE_ATTACHED, tstate, 0);
#endif
}

#ifdef RT_GIL_DISABLED
static void
detach_thread(RtThreadState *tstate, int detached_state)
{
    rt_assert(tstate == RtThreadState_Get());
    rt_assert(rt_atomic_load_int_owned(&tstate->state) == RT_THREAD_ATTACHED);
    rt_assert(detached_state != RT_THREAD_ATTACHED);
    if (tstate->critical_section != 0) {
        RtCriticalSection_SuspendAll(tstate);
    }
    RtQsbr_Detach(tstate);
    if (detached_state == RT_THREAD_DETACHED) {
        RT_NOTE(TSTATE_DETACHED, tstate, 0);
    }
    tstate->detaches++;
    // Pairs with the compare-exchange in park_detached_threads().
    rt_atomic_store_int(&tstate->state, detached_state);
    if (detached_state == RT_THREAD_SUSPENDED) {
        RT_NOTE(TSTATE_SUSPENDED, tstate, 0);
    }
    rt_thread_local.tstate = NULL;
    if (tstate->holds_gil) {
        RtEval_DropGil(tstate, false);
    }
}
#endif

void
RtThreadState_Detach(RtThreadState *tstate)
{
    RtLockOrder_CheckDetach(tstate);
#ifdef RT_GIL_DISABLED
    detach_thread(tstate, RT_THREAD_DETACHED);
#else
    rt_assert(tstate == RtThreadState_Get());
    rt_assert(rt_atomic_load_int_owned(&tstate->state) == RT_THREAD_ATTACHED);
    tstate->detaches++;
    RT_NOTE(TSTATE_DETACHED, tstate, 0);
    rt_atomic_store_int_owned(&tstate->state, RT_THREAD_DETACHED);
    rt_thread_local.tstate = NULL;
    RtEval_DropGil(tstate, false);
#endif
}

void
RtThreadState_Suspend(RtThreadState *tstate)
{
    RtLockOrder_CheckDetach(tstate);
#ifdef RT_GIL_DISABLED
    RtInterpreterState *interp = tstate->interp;
    RtStopTheWorldState *stw = NULL;
    RT_HEAD_LOCK();
    if (rt_runtime.stoptheworld.requested) {
        stw = &rt_runtime.stoptheworld;
    }
    if (interp->stoptheworld.requested) {
        stw = &interp->stoptheworld;
    }
    RT_HEAD_UNLOCK();
    if (stw == NULL) {
        // The stop that set the bit is over.
        detach_thread(tstate, RT_THREAD_DETACHED);
    }
    else {
        // The stop cannot end meanwhile: it waits for this thread.
        detach_thread(tstate, RT_THREAD_SUSPENDED);
        RT_HEAD_LOCK();
        RtEval_DecrementCountdown(stw);
        RT_HEAD_UNLOCK();
    }
    RtThreadState_Attach(tstate);
#else
    RtThreadState_Detach(tstate);
    RtThreadState_Attach(tstate);
#endif
}

RtThreadState *
RtThreadState_Swap(RtThreadState *next)
{
    RtThreadState *tstate = RtThreadState_Get();
    if (tstate != NULL) {
        RtThreadState_Detach(tstate);
    }
    if (next != NULL) {
        RtThreadState_Attach(next);
    }
    return tstate;
}

RtThreadState *
RtEval_SaveThread(void)
{
    RtThreadState *tstate = RtThreadState_Get();
    rt_assert(tstate != NULL);
    RtThreadState_Detach(tstate);
    return tstate;
}

void
RtEval_RestoreThread(RtThreadState *tstate)
{
    rt_assert(tstate != NULL);
    RtThreadState_Attach(tstate);
}

// ---------------------------------------------------------------------------
// The end of a state.

// Nothing that the thread was in the middle of is undone, but that somebody
// may just have handed it a mutex. The stack is forgotten: no list leads there.
_Noreturn void
RtThreadState_ExitThread(RtThreadState *tstate)
{
    rt_assert(tstate->daemon);
    rt_assert(!tstate->holds_gil);
    rt_thread_local.tstate = NULL;
    rt_thread_local.gilstate = NULL;
    RT_NOTE(THREAD_EXITED, tstate, 0);
    rt_assert(rt_thread_local.held_ranks == 0);
    if (tstate->handed_over != NULL) {
        RtMutex_Unlock(tstate->handed_over);
    }
    if (tstate->heaps != NULL) {
        RtHeap_Release(tstate->heaps);
    }
    tstate->on_exit(tstate->exit_arg);
    rt_world->thread_exit();
    __builtin_unreachable();
}

void
RtThreadState_Clear(RtThreadState *tstate)
{
    rt_assert(tstate == RtThreadState_Get());
    rt_assert(tstate->current_frame == NULL);
    // Destructors may enter again and leave (bug TS05).
    rt_assert(tstate->gilstate_counter >= 1);
    RtObject *exception = tstate->current_exception;
    tstate->current_exception = NULL;
    Rt_XDECREF(exception);
    RtLocalDicts_DropThread(tstate);
    RtThreadState_CloseAsyncExc(tstate);
#ifdef RT_GIL_DISABLED
    // From here on the thread touches no reference count.
    RtBrc_RemoveThread(tstate);
#endif
    // After the last finalizer, which may have made objects.
    RtGC_FoldCount(tstate);
    RtLong_CloseFreeList(tstate);
    RtMem_AbandonDelayed(tstate);
}

// HEAD_LOCK is held. A stop in progress counted the state unless it is
// SUSPENDED already, and must not wait for it any more.
static void
unlink_tstate(RtThreadState *tstate)
{
    RtInterpreterState *interp = tstate->interp;
    if (tstate->prev != NULL) {
        rt_assert(tstate->prev->next == tstate);
        tstate->prev->next = tstate->next;
    }
    else {
        rt_assert(interp->threads == tstate);
        interp->threads = tstate->next;
    }
    if (tstate->next != NULL) {
        rt_assert(tstate->next->prev == tstate);
        tstate->next->prev = tstate->prev;
    }
    RT_NOTE(TSTATE_DELETED, tstate, 0);
    if (rt_atomic_load_int_owned(&tstate->state) == RT_THREAD_SUSPENDED) {
        return;
    }
    if (interp->stoptheworld.requested) {
        RtEval_DecrementCountdown(&interp->stoptheworld);
    }
    if (rt_runtime.stoptheworld.requested) {
        RtEval_DecrementCountdown(&rt_runtime.stoptheworld);
    }
}

static void
free_tstate(RtThreadState *tstate)
{
    rt_assert(tstate->current_exception == NULL);
    rt_assert(tstate->async_exc == NULL);
    rt_assert(tstate->locals == NULL);
    rt_assert(tstate->delayed_head == NULL);
    rt_assert(RtLimbo_IsEmpty(&tstate->limbo));
#ifdef RT_GIL_DISABLED
    rt_assert(RtObjectStack_IsEmpty(&tstate->brc.local_objects_to_merge));
    rt_assert(RtObjectStack_IsEmpty(&tstate->brc.objects_to_merge));
    rt_assert(tstate->brc.in_flight == NULL);
    RtQsbr_Release(tstate);
#endif
    RtMem_Free(tstate);
}

void
RtThreadState_DeleteCurrent(RtThreadState *tstate)
{
    rt_assert(tstate == RtThreadState_Get());
    rt_assert(tstate->critical_section == 0);
    rt_assert(tstate->stops == 0);
    RtHeapSet *heaps = tstate->heaps;
#ifdef RT_GIL_DISABLED
    RtQsbr_Detach(tstate);
#endif
    rt_thread_local.tstate = NULL;
    if (rt_thread_local.gilstate == tstate) {
        rt_thread_local.gilstate = NULL;
    }
    // ATTACHED until it is unlinked: no stop completes with this state in the
    // list half deleted.
    RT_HEAD_LOCK();
    RT_NOTE(TSTATE_DETACHED, tstate, 0);
    unlink_tstate(tstate);
    RT_HEAD_UNLOCK();
    if (tstate->holds_gil) {
        RtEval_DropGil(tstate, true);
    }
    free_tstate(tstate);
    if (heaps != NULL) {
        RtHeap_Release(heaps);
    }
}

// What a thread that is gone has left in its state.
static void
clear_removed(RtThreadState *t)
{
    RtObject *exception = t->current_exception;
    t->current_exception = NULL;
    Rt_XDECREF(exception);
    RtLocalDicts_DropThread(t);
    RtThreadState_CloseAsyncExc(t);
    RtObject_DestroyTrash(t);
    RtGC_FoldCount(t);
#ifdef RT_GIL_DISABLED
    RtBrc_FinishQueueing(t);
    RtBrc_RemoveThread(t);
#endif
}

void
RtThreadState_DeleteRemoved(RtThreadState *tstate)
{
    RtInterpreterState *interp = tstate->interp;
    rt_assert(interp->alone);
    RtMem_ProcessAllDelayed(interp);
    RtThreadState *next;
    for (RtThreadState *t = interp->threads; t != NULL; t = next) {
        next = t->next;
        if (t == tstate) {
            continue;
        }
        rt_assert(RtThreadState_MustExit(t));
        clear_removed(t);
        RT_HEAD_LOCK();
        unlink_tstate(t);
        RT_HEAD_UNLOCK();
        free_tstate(t);
    }
}

void
RtThreadState_Delete(RtThreadState *tstate)
{
    rt_assert(!tstate->bound);
    RT_HEAD_LOCK();
    unlink_tstate(tstate);
    RT_HEAD_UNLOCK();
    free_tstate(tstate);
}

// ---------------------------------------------------------------------------
// Eval breaker.

void
RtThreadState_SetEvalBreakerBit(RtThreadState *tstate, uintptr_t bit)
{
    rt_atomic_or_uintptr(&tstate->eval_breaker, bit);
    RT_NOTE(EVAL_BIT_SET, tstate, bit);
}

void
RtThreadState_UnsetEvalBreakerBit(RtThreadState *tstate, uintptr_t bit)
{
    rt_atomic_and_uintptr(&tstate->eval_breaker, ~bit);
    RT_NOTE(EVAL_BIT_CLEARED, tstate, bit);
}

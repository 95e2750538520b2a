// pending_calls.c: calls that any thread queues for one that runs bytecode.
//
// A queue belongs to an interpreter; one more is for the main thread alone.
// Under its mutex: `npending` is added - taken, at most one thread is
// `handling_thread`, and that one is alive, since it resigns before it ends.
// The mutex is free while a call runs. A thread that finds another handling
// passes its request on to it, so that no call is left without anybody who
// looks for it.
// Mirrors Python/ceval_gil.c (CPython 3.13); departs: a handler clears its own
// bit only, and the main thread's queue has a handler of its own: there, a
// handler that is not the main thread could take the main thread's bit away,
// and calls for the main thread then waited for the next request. A queue is
// closed before its interpreter goes, so that late callers are refused.

#include "rtcore_state.h"

#include "rt_errors.h"          // RtErr_WriteUnraisable()
#include "rtcore_assert.h"
#include "rtcore_object.h"      // references

// Rounds at finalization: a call may queue another, but not for ever.
#define MAX_FINAL_ROUNDS 16

void
RtPendingCalls_Init(RtPendingCalls *pending, RtPendingCall *calls, int max,
                    int max_loop)
{
    *pending = (RtPendingCalls){
        .calls = calls,
        .max = max,
        .max_loop = max_loop,
    };
}

static bool
is_main_thread(RtThreadState *tstate)
{
    return tstate == rt_runtime.main_tstate;
}

// ---------------------------------------------------------------------------
// The ring. Its mutex is held.

__attribute__((unused)) static bool
is_consistent(const RtPendingCalls *pending)
{
    int npending = rt_atomic_load_int_owned(&pending->npending);
    return npending >= 0 && npending <= pending->max &&
           pending->added - pending->taken == (uint64_t)npending;
}

static RtPendingCall *
place(RtPendingCalls *pending, uint64_t number)
{
    return &pending->calls[number % (uint64_t)pending->max];
}

// Whether the call was accepted.
static bool
push(RtPendingCalls *pending, RtPendingCall call)
{
    rt_assert(is_consistent(pending));
    int npending = rt_atomic_load_int_owned(&pending->npending);
    if (pending->closed || npending == pending->max) {
        return false;
    }
    *place(pending, pending->added) = call;
    RT_NOTE(PENDING_ADDED, pending, pending->added);
    pending->added++;
    rt_atomic_store_int_relaxed(&pending->npending, npending + 1);
    return true;
}

// Whether there was one.
static bool
pop(RtPendingCalls *pending, RtPendingCall *call, uint64_t *number)
{
    rt_assert(is_consistent(pending));
    int npending = rt_atomic_load_int_owned(&pending->npending);
    if (npending == 0) {
        return false;
    }
    *number = pending->taken;
    *call = *place(pending, pending->taken);
    pending->taken++;
    rt_atomic_store_int_relaxed(&pending->npending, npending - 1);
    return true;
}

// ---------------------------------------------------------------------------
// Adding.

// The mutex is held: the interpreter, or the main thread's state, is there as
// long as the queue is open.
static void
signal_handlers(RtInterpreterState *interp, int flags)
{
    if ((flags & RT_PENDING_MAINTHREADONLY) != 0) {
        RtThreadState_SetEvalBreakerBit(rt_runtime.main_tstate,
                                        RT_CALLS_TO_DO_BIT);
    }
    else {
        RtEval_SignalActiveThreads(interp, RT_CALLS_TO_DO_BIT);
    }
}

int
RtEval_AddPendingCall(RtInterpreterState *interp, RtPendingFunc func,
                      void *arg, int flags)
{
    rt_assert(func != NULL);
    RtPendingCalls *pending = (flags & RT_PENDING_MAINTHREADONLY) != 0
        ? &rt_runtime.pending_main : &interp->pending;
    RtMutex_LockRanked(&pending->mutex, RT_RANK_PENDING_CALLS);
    bool accepted = push(pending, (RtPendingCall){ func, arg, flags });
    // Of a closed queue what is left is discarded, and then nobody looks.
    rt_assert(!accepted || !pending->closed);
    if (accepted) {
        signal_handlers(interp, flags);
    }
    RtMutex_UnlockRanked(&pending->mutex, RT_RANK_PENDING_CALLS);
    return accepted ? 0 : -1;
}

// ---------------------------------------------------------------------------
// Handling.

static void
drop_argument(const RtPendingCall *call)
{
    if ((call->flags & RT_PENDING_RAWFREE) != 0) {
        RtMem_Free(call->arg);
    }
    if ((call->flags & RT_PENDING_OWNED) != 0) {
        Rt_DECREF(call->arg);
    }
}

// Destructors that the argument's end runs must find no exception set.
static int
run_call(const RtPendingCall *call)
{
    int result = call->func(call->arg);
    RtObject *exc = result < 0 ? RtErr_GetRaisedException() : NULL;
    drop_argument(call);
    if (exc != NULL) {
        RtErr_SetRaisedException(exc);
    }
    return result;
}

// Whether the caller is now the handler. If another thread is, it has been
// told that there is more to do.
static bool
begin_handling(RtThreadState *tstate, RtPendingCalls *pending)
{
    RtMutex_LockRanked(&pending->mutex, RT_RANK_PENDING_CALLS);
    RtThreadState *handler = pending->handling_thread;
    if (handler == NULL) {
        pending->handling_thread = tstate;
        RT_NOTE(PENDING_HANDLER, pending, (uintptr_t)tstate);
    }
    else if (handler != tstate) {
        // Alive: it resigns under this mutex.
        RtThreadState_SetEvalBreakerBit(handler, RT_CALLS_TO_DO_BIT);
    }
    RtMutex_UnlockRanked(&pending->mutex, RT_RANK_PENDING_CALLS);
    return handler == NULL;
}

// If calls are left, all who may handle them are told.
static void
end_handling(RtThreadState *tstate, RtPendingCalls *pending)
{
    RtMutex_LockRanked(&pending->mutex, RT_RANK_PENDING_CALLS);
    rt_assert(pending->handling_thread == tstate);
    pending->handling_thread = NULL;
    RT_NOTE(PENDING_HANDLER, pending, 0);
    if (rt_atomic_load_int_owned(&pending->npending) > 0) {
        bool main_only = pending == &rt_runtime.pending_main;
        signal_handlers(tstate->interp,
                        main_only ? RT_PENDING_MAINTHREADONLY : 0);
    }
    RtMutex_UnlockRanked(&pending->mutex, RT_RANK_PENDING_CALLS);
}

// Up to max_loop calls. Stops at the first that fails.
static int
run_calls(RtPendingCalls *pending)
{
    rt_assert(pending != &rt_runtime.pending_main ||
              is_main_thread(RtThreadState_Get()));
    for (int i = 0; i < pending->max_loop; i++) {
        RtPendingCall call;
        uint64_t number;
        RtMutex_LockRanked(&pending->mutex, RT_RANK_PENDING_CALLS);
        bool found = pop(pending, &call, &number);
        if (found) {
            RT_NOTE(PENDING_RUN, pending, number);
        }
        RtMutex_UnlockRanked(&pending->mutex, RT_RANK_PENDING_CALLS);
        if (!found) {
            break;
        }
        if (run_call(&call) < 0) {
            return -1;
        }
    }
    return 0;
}

static int
handle_queue(RtThreadState *tstate, RtPendingCalls *pending)
{
    if (!begin_handling(tstate, pending)) {
        return 0;
    }
    int result = run_calls(pending);
    RtObject *exc = result < 0 ? RtErr_GetRaisedException() : NULL;
    // May wait for the mutex, and so detach.
    end_handling(tstate, pending);
    if (exc != NULL) {
        RtErr_SetRaisedException(exc);
    }
    return result;
}

int
RtEval_HandlePendingCalls(RtThreadState *tstate)
{
    rt_assert(tstate == RtThreadState_Get());
    if (handle_queue(tstate, &tstate->interp->pending) < 0) {
        // The other queue has not been looked at.
        RtThreadState_SetEvalBreakerBit(tstate, RT_CALLS_TO_DO_BIT);
        return -1;
    }
    if (is_main_thread(tstate)) {
        return handle_queue(tstate, &rt_runtime.pending_main);
    }
    return 0;
}

int
RtEval_MakePendingCalls(RtThreadState *tstate)
{
    if (RtEval_HandleSignals(tstate) < 0) {
        return -1;
    }
    RtThreadState_UnsetEvalBreakerBit(tstate, RT_CALLS_TO_DO_BIT);
    return RtEval_HandlePendingCalls(tstate);
}

bool
RtEval_HasPendingCalls(RtThreadState *tstate)
{
    return rt_atomic_load_int_relaxed(&tstate->interp->pending.npending) > 0 ||
           (is_main_thread(tstate) &&
            rt_atomic_load_int_relaxed(&rt_runtime.pending_main.npending) > 0);
}

// ---------------------------------------------------------------------------
// Finalization.

void
RtEval_ForgetHandlers(RtThreadState *tstate)
{
    RtPendingCalls *pending = &tstate->interp->pending;
    RtMutex_LockRanked(&pending->mutex, RT_RANK_PENDING_CALLS);
    if (pending->handling_thread != NULL) {
        rt_assert(pending->handling_thread != tstate);
        pending->handling_thread = NULL;
        RT_NOTE(PENDING_HANDLER, pending, 0);
    }
    RtMutex_UnlockRanked(&pending->mutex, RT_RANK_PENDING_CALLS);
}

static void
close_and_discard(RtPendingCalls *pending)
{
    for (;;) {
        RtPendingCall call;
        uint64_t number;
        RtMutex_LockRanked(&pending->mutex, RT_RANK_PENDING_CALLS);
        rt_assert(pending->handling_thread == NULL);
        pending->closed = true;
        bool found = pop(pending, &call, &number);
        if (found) {
            RT_NOTE(PENDING_DISCARDED, pending, number);
        }
        RtMutex_UnlockRanked(&pending->mutex, RT_RANK_PENDING_CALLS);
        if (!found) {
            return;
        }
        drop_argument(&call);
    }
}

void
RtEval_FinishPendingCalls(RtThreadState *tstate)
{
    rt_assert(tstate == RtThreadState_Get());
    // A call that fails does not keep the others from running.
    for (int i = 0; i < MAX_FINAL_ROUNDS * RT_PENDING_MAX; i++) {
        if (!RtEval_HasPendingCalls(tstate)) {
            break;
        }
        if (RtEval_HandlePendingCalls(tstate) < 0) {
            RtErr_WriteUnraisable(NULL);
        }
    }
}

void
RtEval_ClosePendingCalls(RtThreadState *tstate)
{
    rt_assert(tstate == RtThreadState_Get());
    close_and_discard(&tstate->interp->pending);
    if (is_main_thread(tstate)) {
        close_and_discard(&rt_runtime.pending_main);
    }
    RtThreadState_UnsetEvalBreakerBit(tstate, RT_CALLS_TO_DO_BIT);
}

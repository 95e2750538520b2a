// finalize.c: ending daemon threads, wherever they are.
//
// When nothing of the program is left to wait for, the finalizing thread stops
// the world and removes all other states: from then on who wants to attach has
// to exit instead (RtThreadState_ExitThread), in the middle of whatever it was
// doing. Invariant: no thread exits while it holds an internal lock, because
// the two that may be held detached (the slots of QSBR, the right to stop) are
// the finalizing thread's own at that moment; nor is a state freed before its
// thread is gone. Afterwards the finalizing thread is alone: what objects and
// programs had locked is free for it, a collection that was under way is given
// up, and what only dead stacks refer to is lost.
// Mirrors Python/pylifecycle.c and _PyThreadState_RemoveExcept() (CPython
// 3.13); departs: waits until each daemon has noticed, so that none uses a
// state that was freed (bugs TS06, TS11); daemons that wait for something are
// woken; the last collections take place although a thread exited in the middle
// of one (bug GC14); locks of threads that are gone are seized (bug TS17).

#include "rtcore_interp.h"

#include "rt_lock.h"
#include "rtcore_assert.h"
#include "rtcore_code.h"        // RtImport_ForgetOthers()
#include "rtcore_object.h"      // RtGC_KeepRunning()

bool
RtFinalize_IsSurvivor(void)
{
    RtThreadState *tstate = RtThreadState_Get();
    return tstate != NULL && rt_runtime.survivor == tstate;
}

// The world is stopped, or the GIL is held: nobody else is attached.
static void
remove_states(RtThreadState *tstate)
{
    RtInterpreterState *interp = tstate->interp;
    RT_HEAD_LOCK();
    RT_NOTE(FINALIZING, tstate, interp);
    rt_atomic_store_ptr(&rt_runtime.finalizer, tstate);
    RtGC_KeepRunning(interp);
    for (RtThreadState *t = interp->threads; t != NULL; t = t->next) {
        if (t != tstate) {
            rt_assert(rt_atomic_load_int_owned(&t->state) !=
                      RT_THREAD_ATTACHED);
            rt_atomic_store_int(&t->state, RT_THREAD_SHUTTING_DOWN);
        }
    }
    RT_HEAD_UNLOCK();
}

// Whoever waits for a lock, an event or the GIL has nothing to wait for.
static void
wake_all(RtInterpreterState *interp)
{
    RtGil *gil = &interp->gil;
    RtParkingLot_UnparkExiting();
    RtRawMutex_LockRanked(&gil->mutex, RT_RANK_GIL);
    RtCond_Broadcast(&gil->cond);
    RtRawMutex_UnlockRanked(&gil->mutex, RT_RANK_GIL);
}

// Detached: one of them may still stop the world before it finds out.
static void
wait_for_daemons(RtThreadState *tstate)
{
    RtInterpreterState *interp = tstate->interp;
    RtEval_SaveThread();
    RtRawMutex_LockRanked(&interp->live_mutex, RT_RANK_LIVE_THREADS);
    while (interp->live_daemons > 0) {
        RtCond_Wait(&interp->live_cond, &interp->live_mutex, -1);
    }
    RtRawMutex_UnlockRanked(&interp->live_mutex, RT_RANK_LIVE_THREADS);
    RtEval_RestoreThread(tstate);
}

static bool
has_daemons(RtInterpreterState *interp)
{
    RtRawMutex_LockRanked(&interp->live_mutex, RT_RANK_LIVE_THREADS);
    bool result = interp->live_daemons > 0 || rt_runtime.exited > 0;
    RtRawMutex_UnlockRanked(&interp->live_mutex, RT_RANK_LIVE_THREADS);
    return result;
}

void
RtFinalize_RemoveOthers(RtThreadState *tstate)
{
    RtInterpreterState *interp = tstate->interp;
    rt_assert(interp == &rt_runtime.main_interp);
    rt_assert(interp->next == NULL && rt_runtime.interpreters == interp);
    if (!has_daemons(interp)) {
        interp->alone = true;
        return;
    }
#ifdef RT_GIL_DISABLED
    RtMutex_LockRanked(&interp->qsbr.mutex, RT_RANK_QSBR);
#endif
    RtEval_StopTheWorldAll();
    remove_states(tstate);
    RtEval_StartTheWorldAll();
#ifdef RT_GIL_DISABLED
    RtMutex_UnlockRanked(&interp->qsbr.mutex, RT_RANK_QSBR);
#endif
    wake_all(interp);
    wait_for_daemons(tstate);
    interp->alone = true;
    if (rt_runtime.exited > 0) {
        rt_runtime.survivor = tstate;
    }
    RtEval_ForgetHandlers(tstate);
    RtImport_ForgetOthers(tstate);
    RtThreadState_DeleteRemoved(tstate);
}

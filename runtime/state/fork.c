// fork.c: fork() by one thread of many.
//
// The forking thread stops all others and holds the raw locks of the lists that
// the child goes on with, so that the child's copy is between two changes of
// each. In the child, where it is the only thread, everything that said
// something about the others is made anew before any code runs: locks, parking
// lot, GIL, slots of QSBR, merge queues, handles (marked as ended: bug TS23),
// the stop itself; only then are their states cleared, in the stopped world
// (design mutant DM52). Invariant at the end (T11): one thread state, nobody
// parked, no stop, no runtime lock held. What only the other threads' stacks
// refer to is lost, other interpreters and their queues are forgotten, and what
// other threads had locked is the child's for the taking, as long as it starts
// no thread.
// Mirrors PyOS_BeforeFork() and PyOS_AfterFork_Child() of
// Modules/posixmodule.c (CPython 3.13); departs: locks of programs are freed
// too; no hooks (os.register_at_fork).

#include "rtcore_interp.h"

#include "rt_lock.h"
#include "rtcore_assert.h"
#include "rtcore_code.h"        // RtThreads_AfterFork()
#include "rtcore_gc.h"          // RtGC_TakeOver()
#include "rtcore_object.h"      // RtBrc_AfterFork()
#include "rtcore_type.h"        // RtTypeCache_AfterFork()

static void
before_fork(RtThreadState *tstate)
{
    // While the world runs: one that stands still may have been handed it.
    RtMutex_Lock(&tstate->interp->pending.mutex);
    RtMutex_Lock(&rt_runtime.pending_main.mutex);
    RtEval_StopTheWorldAll();
    // Whoever has one of these has no thread state to stop, and is done soon.
    RtRawMutex_Lock(&rt_runtime.handles_mutex);
    RtRawMutex_Lock(&tstate->interp->live_mutex);
    RT_HEAD_LOCK();
}

static void
after_fork_parent(RtThreadState *tstate)
{
    RT_HEAD_UNLOCK();
    RtRawMutex_Unlock(&tstate->interp->live_mutex);
    RtRawMutex_Unlock(&rt_runtime.handles_mutex);
    RtMutex_Unlock(&rt_runtime.pending_main.mutex);
    RtMutex_Unlock(&tstate->interp->pending.mutex);
    RtEval_StartTheWorldAll();
}

// ---------------------------------------------------------------------------
// The child.

static void
remake_gil(RtThreadState *tstate)
{
    RtGil *gil = &tstate->interp->gil;
    RtRawMutex_AfterFork(&gil->mutex);
    RtRawMutex_AfterFork(&gil->switch_mutex);
    RtCond_AfterFork(&gil->cond);
    RtCond_AfterFork(&gil->switch_cond);
    gil->locked = tstate->holds_gil;
    if (tstate->holds_gil) {
        gil->last_holder = tstate;
    }
    // Nobody is left who asked for it.
    RtThreadState_UnsetEvalBreakerBit(tstate, RT_GIL_DROP_REQUEST_BIT);
}

static void
free_stop(RtStopTheWorldState *stw)
{
    RtMutex_AfterFork(&stw->mutex);
    stw->requested = false;
    stw->world_stopped = false;
    stw->thread_countdown = 0;
    stw->requester = NULL;
}

static void
free_runtime_locks(void)
{
    RtRawMutex_AfterFork(&rt_runtime.head_mutex);
    RtRawMutex_AfterFork(&rt_runtime.handles_mutex);
    RtRawMutex_AfterFork(&rt_runtime.queues_mutex);
    RtRWMutex_AfterFork(&rt_runtime.stop_mutex);
    RtMutex_AfterFork(&rt_runtime.pending_main.mutex);
}

static void
free_interpreter_locks(RtInterpreterState *interp)
{
    RtRawMutex_AfterFork(&interp->live_mutex);
    RtCond_AfterFork(&interp->live_cond);
    RtRawMutex_AfterFork(&interp->locals_mutex);
    RtMutex_AfterFork(&interp->pending.mutex);
    RtMutex_AfterFork(&interp->delayed_mutex);
    RtMutex_AfterFork(&interp->threads_mutex);
    RtMutex_AfterFork(&interp->import_mutex);
    RtMutex_AfterFork(&interp->types.mutex);
    for (int i = 0; i < RT_NUM_WEAKREF_STRIPES; i++) {
        RtMutex_AfterFork(&interp->weakref_stripes[i]);
    }
}

// No list leads to a thread, an interpreter or a queue that is gone.
static void
forget_others(RtThreadState *tstate)
{
    RtInterpreterState *interp = tstate->interp;
    rt_assert(interp->next == NULL);    // the main one, which is the oldest
    rt_runtime.interpreters = interp;
    rt_runtime.queues = NULL;
    rt_runtime.main_tstate = tstate;
    interp->live_threads = 0;
    interp->live_daemons = 0;
    interp->pending.handling_thread = NULL;
    rt_runtime.pending_main.handling_thread = NULL;
    for (RtThreadState *t = interp->threads; t != NULL; t = t->next) {
        if (t != tstate) {
            t->state = RT_THREAD_SHUTTING_DOWN;
        }
    }
#ifdef RT_GIL_DISABLED
    RtQsbr_AfterFork(tstate);
    RtBrc_AfterFork(interp);
    RtTypeCache_AfterFork(interp);
#endif
}

static void
check_child(RtThreadState *tstate)
{
    (void)tstate;
    rt_assert(tstate->interp->threads == tstate);
    rt_assert(tstate->next == NULL);
    rt_assert(tstate->interp->live_threads == 0);
    rt_assert(tstate->interp->live_daemons == 0);
    rt_assert(tstate->stops == 0);
    rt_assert((tstate->interp->gc.collector != NULL) ==
              (tstate->interp->gc.collecting != 0));
    rt_assert(!tstate->interp->alone);
    rt_assert(!RtGC_OthersCollect(tstate));
    rt_assert(!rt_runtime.stoptheworld.requested);
    rt_assert(!tstate->interp->stoptheworld.requested);
    rt_assert(rt_runtime.stoptheworld.mutex.bits == 0);
    rt_assert(tstate->interp->stoptheworld.mutex.bits == 0);
    rt_assert(RtParkingLot_IsEmpty());
    rt_assert(rt_runtime.head_mutex.v == 0);
    rt_assert(rt_runtime.stop_mutex.bits == 0);
}

static void
after_fork_child(RtThreadState *tstate)
{
    RtInterpreterState *interp = tstate->interp;
    RtParkingLot_Reset();
    RT_NOTE(FORKED, tstate, interp);
    rt_thread_local.held_ranks = 0;
    rt_thread_local.gilstate = tstate;
    free_runtime_locks();
    free_interpreter_locks(interp);
    remake_gil(tstate);
    forget_others(tstate);
    RtThreads_AfterFork(tstate);
    RtImport_ForgetOthers(tstate);
    // The world is started in that there is nobody to be stopped.
    free_stop(&rt_runtime.stoptheworld);
    free_stop(&interp->stoptheworld);
    tstate->stops = 0;
    rt_runtime.survivor = tstate;
    // While the others' states are cleared nobody reads what is freed.
    interp->alone = true;
    // The collector's stack is still what it was.
    if (interp->gc.collector != tstate) {
        RtGC_TakeOver(interp);
    }
    RtThreadState_DeleteRemoved(tstate);
    interp->alone = false;
    check_child(tstate);
}

int
RtOS_Fork(RtThreadState *tstate)
{
    rt_assert(tstate == RtThreadState_Get());
    rt_assert(tstate->interp == &rt_runtime.main_interp);
    before_fork(tstate);
    int pid = rt_world->fork();
    if (pid == 0) {
        after_fork_child(tstate);
    }
    else {
        after_fork_parent(tstate);
    }
    return pid;
}

// lifecycle.c: starting the runtime, and ending it and each interpreter.
//
// What RtRuntime_Initialize() makes (static types, singletons, builtins) is
// immortal and never changes; all else lives in rt_runtime and is gone, or
// forgotten, before the next RtRuntime_Start().
// Order of the end, as in CPython: the program's threads are waited for,
// pending calls run, then what atexit has; other interpreters end; daemons have
// to exit (finalize.c); then nothing runs but finalizers.
// Mirrors Python/pylifecycle.c (CPython 3.13); departs: other interpreters end
// before daemons do (3.14).

#include "rtcore_interp.h"

#include <string.h>

#include "rt_errors.h"          // RtErr_Init()
#include "rt_lock.h"
#include "rtcore_assert.h"
#include "rtcore_code.h"        // RtBuiltins_New()
#include "rtcore_gc.h"          // RtGC_VisitTracked()
#include "rtcore_heap.h"
#include "rtcore_object.h"
#include "rtcore_type.h"         // RtTypeCache_Close()

// Collections at shutdown: finalizers may make new garbage, but not for ever.
#define MAX_FINAL_COLLECTIONS 8

// The dict of builtins; immortal.
static RtObject *builtins;

// ---------------------------------------------------------------------------
// Threads that the interpreter waits for.

int
RtThreads_Started(RtInterpreterState *interp, bool daemon)
{
    RtRawMutex_LockRanked(&interp->live_mutex, RT_RANK_LIVE_THREADS);
    int result = -1;
    if (!rt_atomic_load_int_owned(&interp->finalizing)) {
        ++*(daemon ? &interp->live_daemons : &interp->live_threads);
        if (rt_runtime.survivor != NULL) {
            rt_runtime.survivor = NULL;         // a forked child's
        }
        result = 0;
    }
    RtRawMutex_UnlockRanked(&interp->live_mutex, RT_RANK_LIVE_THREADS);
    return result;
}

void
RtThreads_Ended(RtInterpreterState *interp, bool daemon)
{
    RtRawMutex_LockRanked(&interp->live_mutex, RT_RANK_LIVE_THREADS);
    ssize_t *live = daemon ? &interp->live_daemons : &interp->live_threads;
    rt_assert(*live > 0);
    if (--*live == 0) {
        RtCond_Signal(&interp->live_cond);
    }
    // Once the mutex is free the interpreter may be gone.
    RtRawMutex_UnlockRanked(&interp->live_mutex, RT_RANK_LIVE_THREADS);
}

void
RtThreads_Exited(RtInterpreterState *interp)
{
    RtRawMutex_LockRanked(&interp->live_mutex, RT_RANK_LIVE_THREADS);
    rt_runtime.exited++;
    RtRawMutex_UnlockRanked(&interp->live_mutex, RT_RANK_LIVE_THREADS);
    RtThreads_Ended(interp, true);
}

int
RtThreads_Close(RtInterpreterState *interp)
{
    RtRawMutex_LockRanked(&interp->live_mutex, RT_RANK_LIVE_THREADS);
    int result = interp->live_threads == 0 ? 0 : -1;
    if (result == 0) {
        rt_atomic_store_int(&interp->finalizing, 1);
    }
    RtRawMutex_UnlockRanked(&interp->live_mutex, RT_RANK_LIVE_THREADS);
    return result;
}

// Returns when no thread is left and none can be started any more.
static void
wait_for_threads(RtThreadState *tstate)
{
    RtInterpreterState *interp = tstate->interp;
    RtEval_SaveThread();
    RtRawMutex_LockRanked(&interp->live_mutex, RT_RANK_LIVE_THREADS);
    while (interp->live_threads > 0) {
        RtCond_Wait(&interp->live_cond, &interp->live_mutex, -1);
    }
    rt_atomic_store_int(&interp->finalizing, 1);
    RtRawMutex_UnlockRanked(&interp->live_mutex, RT_RANK_LIVE_THREADS);
    RtEval_RestoreThread(tstate);
}

// ---------------------------------------------------------------------------
// Interpreters.

static void
init_runtime(void)
{
    memset(&rt_runtime, 0, sizeof(rt_runtime));
    RtParkingLot_Reset();
    RtPendingCalls_Init(&rt_runtime.pending_main,
                        rt_runtime.pending_main_calls, RT_PENDING_MAX_MAIN,
                        RT_PENDING_MAX_MAIN);
    RtInterpreter_Init(&rt_runtime.main_interp, builtins);
    rt_atomic_store_int(&rt_runtime.started, 1);
}

static void
fini_runtime(void)
{
    RtInterpreter_Fini(&rt_runtime.main_interp);
    rt_assert(rt_runtime.interpreters == NULL);
    rt_atomic_store_int(&rt_runtime.started, 0);
}

// Deletes the last thread state and with it what the interpreter owns.
static void
end_interpreter(RtThreadState *tstate)
{
    RtInterpreterState *interp = tstate->interp;
    rt_assert(interp->threads == tstate);
    rt_assert(tstate->next == NULL);
    // Nobody reads without a lock any more; frees by the clearing below wait
    // for nobody.
    rt_assert(interp->alone);
    RtMem_ProcessAllDelayed(interp);
    RtTypeCache_Close(interp);
    if (interp == &rt_runtime.main_interp) {
        rt_atomic_store_ptr(&rt_runtime.main_tstate, NULL);
    }
    RtThreadState_Clear(tstate);
    RtThreadState_DeleteCurrent(tstate);
}

RtThreadState *
RtRuntime_Start(void)
{
    rt_assert(!rt_atomic_load_int_owned(&rt_runtime.started));
    rt_assert(RtThreadState_Get() == NULL);
    init_runtime();
    RtThreadState *tstate = RtThreadState_New(&rt_runtime.main_interp);
    if (tstate == NULL) {
        fini_runtime();
        return NULL;
    }
    rt_atomic_store_ptr(&rt_runtime.main_tstate, tstate);
    RtThreadState_Bind(tstate);
    RtThreadState_Attach(tstate);
    return tstate;
}

static bool
note_tracked(RtObject *op, void *arg)
{
    (void)op;
    *(bool *)arg = true;
    return false;
}

// Collects until no container is left. One that frees nothing is no end: a
// finalizer may have saved everything, which then dies by the next one. What
// still has references from elsewhere stays. 0, or -1 without memory.
static int
collect_all(RtThreadState *tstate)
{
    // Of a thread that hung in the middle of it.
    RtGC_TakeOver(tstate->interp);
    rt_assert(!RtGC_OthersCollect(tstate));
    for (int i = 0; i < MAX_FINAL_COLLECTIONS; i++) {
        bool some_left = false;
        // A finalizer may have asked for the list, and so have made a new one,
        // or have frozen what is left.
        RtGC_DropCallbacks(tstate->interp);
        if (tstate->interp->gc.frozen) {
            RtGC_Unfreeze(tstate->interp);
        }
        RtGC_VisitTracked(tstate->interp, note_tracked, &some_left);
        if (!some_left) {
            break;
        }
        if (RtGC_Collect(tstate, 2) < 0) {
            return -1;
        }
    }
    return 0;
}

int
RtInterpreter_Finalize(RtThreadState *tstate)
{
    rt_assert(tstate == RtThreadState_Get());
    rt_assert(RtThreadState_IsAtTop(tstate));
    wait_for_threads(tstate);
    RtEval_FinishPendingCalls(tstate);
    RtAtExit_Call(tstate);
    rt_assert(tstate->interp->live_daemons == 0);
    tstate->interp->alone = true;
    RtEval_ClosePendingCalls(tstate);
    RtAtExit_Close(tstate->interp);
    RtImport_Fini(tstate->interp);
    int result = collect_all(tstate);
    end_interpreter(tstate);
    return result;
}

// The interpreters that the program has left; none of its threads is. 0, or -1
// if one of them was not clean.
static int
end_subinterpreters(void)
{
    int result = 0;
    RtInterpreterState *interp;
    while ((interp = rt_runtime.interpreters) != &rt_runtime.main_interp) {
        bool found;
        interp = RtInterpreter_Claim(interp->id, RT_INTERPRETER_ENDING, &found);
        rt_assert(interp != NULL);
        if (RtInterpreterState_Delete(interp) < 0) {
            result = -1;
        }
    }
    return result;
}

int
RtRuntime_Finish(RtThreadState *tstate)
{
    rt_assert(rt_atomic_load_int_owned(&rt_runtime.started));
    rt_assert(tstate == RtThreadState_Get());
    wait_for_threads(tstate);
    RtEval_FinishPendingCalls(tstate);
    RtAtExit_Call(tstate);
    int result = end_subinterpreters();
    RtFinalize_RemoveOthers(tstate);
    RtEval_ClosePendingCalls(tstate);
    RtAtExit_Close(tstate->interp);
    RtInterpQueues_Fini();
    RtSignals_Fini();
    RtImport_Fini(tstate->interp);
    if (collect_all(tstate) < 0) {
        result = -1;
    }
    end_interpreter(tstate);
    fini_runtime();
    return result;
}

void
RtRuntime_Abandon(void)
{
    memset(&rt_runtime, 0, sizeof(rt_runtime));
    RtParkingLot_Reset();
    RtHeap_ReleaseAll();
    rt_thread_local.tstate = NULL;
    rt_thread_local.held_ranks = 0;
    rt_thread_local.gilstate = NULL;
}

// ---------------------------------------------------------------------------
// The process.

// Threads of every run use the builtins: their counts must not move.
static int
make_builtins(void)
{
    builtins = RtBuiltins_New();
    if (builtins == NULL) {
        return -1;
    }
    RtObject_SetImmortal(builtins);
    return RtBuiltins_InitModules(builtins);
}

#if RT_DEBUG_LEVEL >= 1
static bool
check_immortal(RtObject *op, void *arg)
{
    (void)arg;
    rt_assert(Rt_IsImmortal(op));
    return true;
}
#endif

int
RtRuntime_Initialize(void)
{
    rt_assert(builtins == NULL);
    RtEval_InitLoop();
    if (RtConfig_ReadEnvironment() < 0) {
        return -1;
    }
    RtThreadState *tstate = RtRuntime_Start();
    if (tstate == NULL) {
        return -1;
    }
    int result = 0;
    if (RtTypes_Initialize() < 0 || RtErr_Init() < 0 || make_builtins() < 0) {
        result = -1;
    }
    wait_for_threads(tstate);
    tstate->interp->alone = true;
#if RT_DEBUG_LEVEL >= 1
    if (result == 0) {
        RtHeap_VisitGc(tstate->interp, check_immortal, NULL);
    }
#endif
    end_interpreter(tstate);
    fini_runtime();
    RtHeap_Freeze();
    return result;
}

// test_gil.c: one holder at a time; a thread that wants the GIL gets it from
// one that never blocks; shutdown waits for threads.

#include "check.h"
#include "rt_lock.h"
#include "rtcore_heap.h"
#include "rtcore_interp.h"

enum { NTHREADS = 3, ROUNDS = 2000 };

static RtInterpreterState *const interp = &rt_runtime.main_interp;

static RtThreadState *
enter(void)
{
    RtThreadState *tstate = RtThreadState_New(interp);
    CHECK(tstate != NULL);
    RtThreadState_Bind(tstate);
    RtThreadState_Attach(tstate);
    return tstate;
}

static void
leave(RtThreadState *tstate)
{
    RtThreadState_Clear(tstate);
    RtThreadState_DeleteCurrent(tstate);
}

#ifndef RT_GIL_DISABLED

static long counter;            // plain: the GIL
static int inside;              // atomic
static int turns;               // atomic

static void
count(int index, void *arg)
{
    (void)arg;
    RtThreadState *tstate = enter();
    for (int i = 0; i < ROUNDS; i++) {
        CHECK(tstate->holds_gil);
        CHECK(rt_atomic_add_int(&inside, 1) == 0);
        counter++;
        CHECK(rt_atomic_add_int(&inside, -1) == 1);
        if (i % 4 == index) {
            RtEval_RestoreThread(RtEval_SaveThread());
        }
        else {
            RtEval_CheckBreaker(tstate);
        }
    }
    leave(tstate);
}

static void
test_exclusion(RtThreadState *me)
{
    counter = 0;
    RtEval_SetSwitchInterval(interp, 1000);
    RtThreadState_Detach(me);
    CheckThread_RunAll(NTHREADS, count, NULL);
    RtThreadState_Attach(me);
    CHECK(counter == (long)NTHREADS * ROUNDS);
    CHECK(interp->gil.switch_number > 0);
}

// Runs until every thread has had its turn, without ever blocking: only drop
// requests and forced switching let the others in.
static void
hog(int index, void *arg)
{
    (void)index;
    (void)arg;
    RtThreadState *tstate = enter();
    rt_atomic_add_int(&turns, 1);
    while (rt_atomic_load_int(&turns) < NTHREADS) {
        RtEval_CheckBreaker(tstate);
    }
    leave(tstate);
}

static void
test_forced_switch(RtThreadState *me)
{
    RtEval_SetSwitchInterval(interp, 50000);
    for (int i = 0; i < 20; i++) {
        rt_atomic_store_int(&turns, 0);
        RtThreadState_Detach(me);
        CheckThread_RunAll(NTHREADS, hog, NULL);
        RtThreadState_Attach(me);
    }
    RtEval_SetSwitchInterval(interp, 5000000);
}

static void
test_states(RtThreadState *me)
{
    CHECK(me->holds_gil);
    CHECK(rt_atomic_load_int(&me->state) == RT_THREAD_ATTACHED);
    CHECK(rt_atomic_load_int(&interp->gil.locked) == 1);
    CHECK(RtEval_SaveThread() == me);
    CHECK(RtThreadState_Get() == NULL);
    CHECK(!me->holds_gil);
    CHECK(rt_atomic_load_int(&interp->gil.locked) == 0);
    RtEval_RestoreThread(me);
    CHECK(RtThreadState_Get() == me);
    // Nobody else took it.
    CHECK(rt_atomic_load_ptr(&interp->gil.last_holder) == me);
}

#else

static void
test_states(RtThreadState *me)
{
    CHECK(rt_atomic_load_int(&me->state) == RT_THREAD_ATTACHED);
    CHECK(me->qsbr->seq != 0);
    CHECK(RtEval_SaveThread() == me);
    CHECK(RtThreadState_Get() == NULL);
    CHECK(rt_atomic_load_int(&me->state) == RT_THREAD_DETACHED);
    CHECK(me->qsbr->seq == 0);
    RtEval_RestoreThread(me);
    CHECK(RtThreadState_Get() == me);
}

static void
test_exclusion(RtThreadState *me)
{
    (void)me;
}

static void
test_forced_switch(RtThreadState *me)
{
    (void)me;
}

#endif

static int ended;               // atomic

static void
run_and_end(void *arg)
{
    (void)arg;
    RtThreadState *tstate = enter();
    for (int i = 0; i < 100; i++) {
        RtEval_CheckBreaker(tstate);
        rt_world->yield();
    }
    leave(tstate);
    rt_atomic_add_int(&ended, 1);
    RtThreads_Ended(interp, false);
}

static void
test_finish_waits(RtThreadState *me)
{
    rt_atomic_store_int(&ended, 0);
    for (int i = 0; i < NTHREADS; i++) {
        CHECK(RtThreads_Started(interp, false) == 0);
        CHECK(rt_world->thread_start(run_and_end, NULL) == 0);
    }
    CHECK(RtRuntime_Finish(me) == 0);
    CHECK(rt_atomic_load_int(&ended) == NTHREADS);
    // An interpreter that is finalizing takes no new threads.
    CHECK(RtThreads_Started(interp, false) == -1);
}

static void
test_abandon(void)
{
    RtThreadState *me = RtRuntime_Start();
    CHECK(me != NULL);
    RT_HEAD_LOCK();
    CHECK(RtMutex_TryLockFast(&interp->threads_mutex));
    RtRuntime_Abandon();
    RtMem_ReleaseBlock(me);
    // The next run knows nothing of it.
    me = RtRuntime_Start();
    CHECK(me != NULL);
    CHECK(me->id == 1);
    CHECK(RtRuntime_Finish(me) == 0);
}

int
main(void)
{
    ssize_t before = RtMem_LiveBlocks();
    for (int i = 0; i < 3; i++) {
        RtThreadState *me = RtRuntime_Start();
        CHECK(me != NULL);
        test_states(me);
        test_exclusion(me);
        test_forced_switch(me);
        test_finish_waits(me);
        CHECK(RtMem_LiveBlocks() == before);
    }
    test_abandon();
    return 0;
}

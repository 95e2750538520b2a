// test_stop_the_world.c: while the world is stopped nobody else moves; threads
// that come, go, detach or ask for a stop themselves never hang it.

#include "check.h"
#include "rt_lock.h"
#include "rtcore_state.h"

#ifdef RT_GIL_DISABLED

enum { NWORKERS = 3, NSTOPS = 60 };

static RtInterpreterState *const interp = &rt_runtime.main_interp;
static long progress[NWORKERS];         // plain: its worker, or a stopped world
static int finished;                    // atomic: workers should end
static int started;                     // atomic: workers that are attached

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

// Detached while it waits: a new thread may have to stop the world.
static void
start_workers(CheckThread *threads, int count, void (*func)(int, void *))
{
    RtThreadState *tstate = RtEval_SaveThread();
    rt_atomic_store_int(&finished, 0);
    rt_atomic_store_int(&started, 0);
    for (int i = 0; i < count; i++) {
        CheckThread_Start(&threads[i], func, NULL, i);
    }
    while (rt_atomic_load_int(&started) < count) {
        rt_world->yield();
    }
    RtEval_RestoreThread(tstate);
}

// The caller is attached, so it must let the workers stop the world.
static void
join_workers(RtThreadState *tstate, CheckThread *threads, int count)
{
    rt_atomic_store_int(&finished, 1);
    RtThreadState_Detach(tstate);
    for (int i = 0; i < count; i++) {
        CheckThread_Join(&threads[i]);
    }
    RtThreadState_Attach(tstate);
}

static void
check_all_stopped(RtThreadState *me)
{
    CHECK(interp->stoptheworld.world_stopped);
    RT_HEAD_LOCK();
    for (RtThreadState *t = interp->threads; t != NULL; t = t->next) {
        int expected = t == me ? RT_THREAD_ATTACHED : RT_THREAD_SUSPENDED;
        CHECK(rt_atomic_load_int(&t->state) == expected);
    }
    RT_HEAD_UNLOCK();
}

static void
run_and_check(int index, void *arg)
{
    (void)arg;
    RtThreadState *tstate = enter();
    rt_atomic_add_int(&started, 1);
    while (!rt_atomic_load_int(&finished)) {
        progress[index]++;
        RtEval_CheckBreaker(tstate);
        if (index == 1) {
            RtEval_RestoreThread(RtEval_SaveThread());
        }
    }
    leave(tstate);
}

static void
test_nobody_moves(RtThreadState *me)
{
    CheckThread threads[NWORKERS];
    start_workers(threads, NWORKERS, run_and_check);
    for (int i = 0; i < NSTOPS; i++) {
        RtEval_StopTheWorld(interp);
        check_all_stopped(me);
        long seen[NWORKERS];
        for (int w = 0; w < NWORKERS; w++) {
            seen[w] = progress[w];
        }
        rt_world->yield();
        for (int w = 0; w < NWORKERS; w++) {
            CHECK(progress[w] == seen[w]);
        }
        RtEval_StartTheWorld(interp);
    }
    join_workers(me, threads, NWORKERS);
}

// A stop has no thread to wait for: it is over at once.
static void
test_alone(RtThreadState *me)
{
    RtEval_StopTheWorld(interp);
    check_all_stopped(me);
    RtEval_StartTheWorld(interp);
    CHECK(!interp->stoptheworld.world_stopped);
    CHECK(!RtMutex_IsLocked(&interp->stoptheworld.mutex));
}

// ---------------------------------------------------------------------------
// Threads that are born during a stop.

static RtThreadState *newborn;          // atomic
static int newborn_ran;                 // atomic

static void
be_born(int index, void *arg)
{
    (void)index;
    (void)arg;
    RtThreadState *tstate = RtThreadState_New(interp);
    RtThreadState_Bind(tstate);
    rt_atomic_store_ptr(&newborn, tstate);
    RtThreadState_Attach(tstate);
    rt_atomic_store_int(&newborn_ran, 1);
    leave(tstate);
}

static void
test_born_suspended(RtThreadState *me)
{
    CheckThread thread;
    RtEval_StopTheWorld(interp);
    CheckThread_Start(&thread, be_born, NULL, 0);
    RtThreadState *tstate;
    while ((tstate = rt_atomic_load_ptr(&newborn)) == NULL) {
        rt_world->yield();
    }
    for (int i = 0; i < 100; i++) {
        rt_world->yield();
        CHECK(rt_atomic_load_int(&tstate->state) == RT_THREAD_SUSPENDED);
        CHECK(!rt_atomic_load_int(&newborn_ran));
    }
    check_all_stopped(me);
    RtEval_StartTheWorld(interp);
    CheckThread_Join(&thread);
    CHECK(rt_atomic_load_int(&newborn_ran));
}

// A thread that could not be started leaves nothing behind.
static void
test_stillborn(RtThreadState *me)
{
    RtThreadState *tstate = RtThreadState_New(interp);
    CHECK(interp->threads == tstate);
    RtThreadState_Delete(tstate);
    CHECK(interp->threads == me);
    CHECK(me->prev == NULL);
}

// ---------------------------------------------------------------------------
// Threads that come and go, and requesters that compete.

static void
come_and_go(int index, void *arg)
{
    (void)index;
    (void)arg;
    rt_atomic_add_int(&started, 1);
    while (!rt_atomic_load_int(&finished)) {
        RtThreadState *tstate = enter();
        RtEval_CheckBreaker(tstate);
        leave(tstate);
    }
}

static void
test_churn(RtThreadState *me)
{
    CheckThread threads[NWORKERS];
    start_workers(threads, NWORKERS, come_and_go);
    for (int i = 0; i < NSTOPS; i++) {
        RtEval_StopTheWorld(interp);
        check_all_stopped(me);
        RtEval_StartTheWorld(interp);
        rt_world->yield();
    }
    join_workers(me, threads, NWORKERS);
    CHECK(interp->threads == me && me->next == NULL);
}

static long stops;                      // plain: a stopped world

static void
stop_often(int index, void *arg)
{
    (void)index;
    (void)arg;
    RtThreadState *tstate = enter();
    rt_atomic_add_int(&started, 1);
    for (int i = 0; i < NSTOPS; i++) {
        RtEval_StopTheWorld(interp);
        check_all_stopped(tstate);
        stops++;
        RtEval_StartTheWorld(interp);
        RtEval_CheckBreaker(tstate);
    }
    leave(tstate);
}

static void
test_competing_requesters(RtThreadState *me)
{
    CheckThread threads[NWORKERS];
    stops = 0;
    start_workers(threads, NWORKERS, stop_often);
    join_workers(me, threads, NWORKERS);
    CHECK(stops == (long)NWORKERS * NSTOPS);
}

// ---------------------------------------------------------------------------
// A requester inside a critical section that others want.

static RtMutex wanted;

static void
want_section(int index, void *arg)
{
    (void)arg;
    RtThreadState *tstate = enter();
    rt_atomic_add_int(&started, 1);
    while (!rt_atomic_load_int(&finished)) {
        RtCriticalSection section;
        RtCriticalSection_BeginMutex(&section, &wanted);
        progress[index]++;
        RtCriticalSection_End(&section);
        RtEval_CheckBreaker(tstate);
    }
    leave(tstate);
}

static void
test_stop_inside_section(RtThreadState *me)
{
    CheckThread threads[NWORKERS];
    start_workers(threads, NWORKERS, want_section);
    for (int i = 0; i < NSTOPS; i++) {
        RtCriticalSection section;
        RtCriticalSection_BeginMutex(&section, &wanted);
        RtEval_StopTheWorld(interp);
        check_all_stopped(me);
        RtEval_StartTheWorld(interp);
        RtCriticalSection_End(&section);
    }
    join_workers(me, threads, NWORKERS);
    CHECK(!RtMutex_IsLocked(&wanted));
}

int
main(void)
{
    RtThreadState *me = RtRuntime_Start();
    CHECK(me != NULL);
    test_alone(me);
    test_nobody_moves(me);
    test_born_suspended(me);
    test_stillborn(me);
    test_churn(me);
    test_competing_requesters(me);
    test_stop_inside_section(me);
    CHECK(RtRuntime_Finish(me) == 0);
    CHECK(RtParkingLot_IsEmpty());
    return 0;
}

#else

int
main(void)
{
    RtThreadState *me = RtRuntime_Start();
    CHECK(me != NULL);
    // Holding the GIL is the stop.
    RtEval_StopTheWorld(me->interp);
    RtEval_StartTheWorld(me->interp);
    CHECK(RtRuntime_Finish(me) == 0);
    return 0;
}

#endif

// test_stop_the_world.c: while the world is stopped nobody else moves; threads
// that come, go, detach or ask for a stop themselves never hang it.

#include "check.h"
#include "rt_lock.h"
#include "rtcore_interp.h"

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

// ---------------------------------------------------------------------------
// All worlds at once, beside stops of one.

static RtInterpreterState *others[2];
// Plain: its worker, or a stopped world.
static long other_progress[2];
static int other_steps;                 // atomic

// Claimed for good: nobody finds it.
static RtInterpreterState *
new_interpreter(void)
{
    bool found;
    int64_t id = RtInterpreterState_New();
    CHECK(id > 0);
    return RtInterpreter_Claim(id, RT_INTERPRETER_ENDING, &found);
}

static void
work_elsewhere(int index, void *arg)
{
    (void)arg;
    RtThreadState *tstate = RtThreadState_New(others[index]);
    CHECK(tstate != NULL);
    RtThreadState_Bind(tstate);
    RtThreadState_Attach(tstate);
    rt_atomic_add_int(&started, 1);
    while (!rt_atomic_load_int(&finished)) {
        other_progress[index]++;
        rt_atomic_add_int(&other_steps, 1);
        RtEval_CheckBreaker(tstate);
        if (other_progress[index] % 8 == 0) {
            RtEval_StopTheWorld(others[index]);
            CHECK(!rt_runtime.stoptheworld.world_stopped);
            RtEval_StartTheWorld(others[index]);
        }
    }
    leave(tstate);
}

static void
test_global(RtThreadState *me)
{
    CheckThread threads[2];
    others[0] = new_interpreter();
    others[1] = new_interpreter();
    start_workers(threads, 2, work_elsewhere);
    for (int i = 0; i < NSTOPS; i++) {
        RtEval_StopTheWorldAll();
        CHECK(RtEval_HasStopped(me));
        CHECK(!others[0]->stoptheworld.requested);
        long seen[2] = { other_progress[0], other_progress[1] };
        rt_world->yield();
        CHECK(seen[0] == other_progress[0] && seen[1] == other_progress[1]);
        // One of one's own nests inside it.
        RtEval_StopTheWorld(interp);
        CHECK(me->stops == 2);
        RtEval_StartTheWorld(interp);
        CHECK(RtEval_HasStopped(me));
        RtEval_StartTheWorldAll();
        CHECK(!RtEval_HasStopped(me));
    }
    // A stop of one interpreter is none of the others: they go on.
    RtEval_StopTheWorld(interp);
    int steps = rt_atomic_load_int(&other_steps);
    while (rt_atomic_load_int(&other_steps) == steps) {
        rt_world->yield();
    }
    RtEval_StartTheWorld(interp);
    join_workers(me, threads, 2);
    CHECK(RtInterpreterState_Delete(others[0]) == 0);
    CHECK(RtInterpreterState_Delete(others[1]) == 0);
}

static void
stop_all_often(int index, void *arg)
{
    (void)arg;
    RtThreadState *tstate = enter();
    rt_atomic_add_int(&started, 1);
    for (int i = 0; i < NSTOPS; i++) {
        if ((index + i) % 2 == 0) {
            RtEval_StopTheWorldAll();
            CHECK(rt_runtime.stoptheworld.requester == tstate);
            stops++;
            RtEval_StartTheWorldAll();
        }
        else {
            RtEval_StopTheWorld(interp);
            CHECK(!rt_runtime.stoptheworld.requested);
            stops++;
            RtEval_StartTheWorld(interp);
        }
        RtEval_CheckBreaker(tstate);
    }
    leave(tstate);
}

// Global and other stops compete: one at a time.
static void
test_competing_global(RtThreadState *me)
{
    CheckThread threads[NWORKERS];
    stops = 0;
    start_workers(threads, NWORKERS, stop_all_often);
    join_workers(me, threads, NWORKERS);
    CHECK(stops == (long)NWORKERS * NSTOPS);
    CHECK(rt_runtime.stop_mutex.bits == 0);
}

// An interpreter and its threads that are made during a global stop wait.
static void
be_born_elsewhere(int index, void *arg)
{
    (void)arg;
    others[index] = new_interpreter();
}

static void
test_born_in_global_stop(RtThreadState *me)
{
    CheckThread thread;
    RtEval_StopTheWorldAll();
    CheckThread_RunAll(1, be_born_elsewhere, NULL);
    CHECK(others[0]->ender->state == RT_THREAD_SUSPENDED);
    rt_atomic_store_int(&started, 0);
    rt_atomic_store_int(&finished, 1);
    CheckThread_Start(&thread, work_elsewhere, NULL, 0);
    for (int i = 0; i < 100; i++) {
        rt_world->yield();
        CHECK(!rt_atomic_load_int(&started));
    }
    RtEval_StartTheWorldAll();
    RtThreadState_Detach(me);
    CheckThread_Join(&thread);
    RtThreadState_Attach(me);
    CHECK(rt_atomic_load_int(&started) == 1);
    CHECK(RtInterpreterState_Delete(others[0]) == 0);
}

// A thread without a state may stop an interpreter too.
static void
test_requester_without_state(RtThreadState *me)
{
    RtThreadState_Detach(me);
    RtEval_StopTheWorld(interp);
    CHECK(interp->stoptheworld.requester == NULL);
    CHECK(rt_atomic_load_int(&me->state) == RT_THREAD_SUSPENDED);
    RtEval_StartTheWorld(interp);
    RtThreadState_Attach(me);
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
    test_global(me);
    test_competing_global(me);
    test_born_in_global_stop(me);
    test_requester_without_state(me);
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

// test_vain_wait.c: who only looks again and again at what no other thread can
// do any more is part of a deadlock, found when it looks a second time.
//
// One thread holds a mutex, detached; another waits for it attached. So the
// world cannot stop (free-threaded build), and the GIL comes back to nobody.
// The clean twin detaches to wait.

#include "engine_bodies.h"
#include "fz_oracle.h"
#include "rtcore_state.h"

#ifdef RT_WITH_HOOKS

#ifdef RT_GIL_DISABLED
enum { HOLDER, WAITER, STOPPER, NMEMBERS };
#else
enum { HOLDER, WAITER, NMEMBERS };
#endif

static RtThreadState *tstates[NMEMBERS];
static RtMutex mutex;
static int held;
static bool broken;

// Once another has been seen to wait for it.
static void
wait_for_waiter(void)
{
    while ((rt_atomic_load_uint8(&mutex.bits) & RT_MUTEX_HAS_PARKED) == 0) {
        rt_world->yield();
    }
}

static void
hold(RtThreadState *tstate)
{
    RtMutex_Lock(&mutex);
    RtThreadState_Detach(tstate);
    store(&held, 1);
    wait_for_waiter();
#ifdef RT_GIL_DISABLED
    // Until the stop has kept it out, or its turn to attach has come.
    while (rt_atomic_load_int(&tstate->state) == RT_THREAD_DETACHED) {
        rt_world->yield();
    }
#endif
    RtThreadState_Attach(tstate);
    RtMutex_Unlock(&mutex);
}

static void
wait(void)
{
    while (load(&held) == 0) {
        rt_world->yield();
        RtThreadState *tstate = RtThreadState_Get();
        CHECK(RtEval_CheckBreaker(tstate) == 0);
    }
    CHECK(RtMutex_LockTimed(&mutex, -1, broken ? RT_LOCK_DONT_DETACH
                                               : RT_LOCK_DETACH) ==
          RT_LOCK_ACQUIRED);
    RtMutex_Unlock(&mutex);
}

static void
act(int index)
{
    RtThreadState *tstate = tstates[index];
    RtThreadState_Bind(tstate);
    RtThreadState_Attach(tstate);
    if (index == HOLDER) {
        hold(tstate);
    }
    else if (index == WAITER) {
        wait();
    }
#ifdef RT_GIL_DISABLED
    else {
        RtThreadState_Detach(tstate);
        wait_for_waiter();
        RtThreadState_Attach(tstate);
        RtEval_StopTheWorld(tstate->interp);
        RtEval_StartTheWorld(tstate->interp);
    }
#endif
    RtThreadState_Clear(tstate);
    RtThreadState_DeleteCurrent(tstate);
}

static void
body(void *arg)
{
    (void)arg;
    mutex = (RtMutex){0};
    held = 0;
    RtThreadState *tstate = RtRuntime_Start();
    CHECK(tstate != NULL);
    for (int i = 0; i < NMEMBERS; i++) {
        tstates[i] = RtThreadState_New(tstate->interp);
        CHECK(tstates[i] != NULL);
    }
    (void)RtEval_SaveThread();
    run_team(NMEMBERS, act);
    RtEval_RestoreThread(tstate);
    CHECK(RtRuntime_Finish(tstate) == 0);
}

int
main(void)
{
    enum { SEEDS = 40, STEPS = 20000 };
    char why[200];
    CHECK(FzEngine_Init(why, sizeof(why)));
    CHECK(RtRuntime_Initialize() == 0);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        broken = false;
        execute(&fz_strategy_random, seed, body, NULL);
        CHECK_EQUAL(run.nviolations, 0);
        CHECK(run.completed);
        broken = true;
        execute(&fz_strategy_random, seed, body, NULL);
        CHECK_EQUAL(run.nviolations, 1);
        CHECK_EQUAL(run.violations[0].rule, FZ_RULE_DEADLOCK);
        CHECK(run.steps < STEPS);
    }
    FzRun_Free(&run);
    return 0;
}

#else

int
main(void)
{
    return 0;                   // threads of the system are not looked at
}

#endif

// test_gil_toggle.c: the GIL of a free-threaded build goes on while others run
// and off again; while it is on, whoever is attached holds it.

#include "objects.h"

#include <limits.h>

#include "rtcore_heap.h"

#ifdef RT_GIL_DISABLED

enum { NTHREADS = 3, NTOGGLES = 60 };

static int
enabled(void)
{
    return rt_atomic_load_int(
        &rt_runtime.main_interp.gil.enabled);
}

static void
test_alone(void)
{
    RtThreadState *me = RtThreadState_Get();
    CHECK(!RtEval_IsGILEnabled(me->interp));
    CHECK(!me->holds_gil);
    CHECK(RtEval_EnableGILTransient(me) == 1);
    CHECK(me->holds_gil);
    CHECK(enabled() == 1);
    // Once more: it is only counted.
    CHECK(RtEval_EnableGILTransient(me) == 0);
    CHECK(enabled() == 2);
    RtThreadState_Detach(me);
    CHECK(!me->holds_gil);
    RtThreadState_Attach(me);
    CHECK(me->holds_gil);
    CHECK(RtEval_DisableGIL(me) == 0);
    CHECK(me->holds_gil);
    CHECK(RtEval_DisableGIL(me) == 1);
    CHECK(!me->holds_gil);
    CHECK(rt_atomic_load_int(&me->interp->gil.locked) == 0);
    CHECK(!RtEval_IsGILEnabled(me->interp));
}

static void
test_permanent(void)
{
    RtThreadState *me = RtThreadState_Get();
    CHECK(RtEval_EnableGILTransient(me) == 1);
    CHECK(RtEval_EnableGILPermanent(me) == 1);
    CHECK(RtEval_EnableGILPermanent(me) == 0);
    CHECK(RtEval_EnableGILTransient(me) == 0);
    CHECK(RtEval_DisableGIL(me) == 0);
    CHECK(enabled() == INT_MAX);
    CHECK(me->holds_gil);
}

// ---------------------------------------------------------------------------
// Others run meanwhile.

static int finished;            // atomic
static int inside;              // atomic; threads that run under the GIL
static int seen_on;             // atomic; times one saw it on

static void
run_and_look(int index, void *arg)
{
    (void)index;
    (void)arg;
    RtThreadState *me = RtThreadState_Get();
    while (!rt_atomic_load_int(&finished)) {
        // It cannot go on while we are attached.
        if (me->holds_gil) {
            CHECK(rt_atomic_add_int(&inside, 1) == 0);
            rt_atomic_add_int(&seen_on, 1);
            CHECK(rt_atomic_add_int(&inside, -1) == 1);
        }
        Breathe();
        RtEval_RestoreThread(RtEval_SaveThread());
    }
}

static void
toggle_often(int index, void *arg)
{
    RtThreadState *me = RtThreadState_Get();
    for (int i = 0; i < NTOGGLES || !rt_atomic_load_int(&seen_on); i++) {
        RtEval_EnableGILTransient(me);
        CHECK(me->holds_gil);
        CHECK(enabled() > 0);
        CHECK(rt_atomic_add_int(&inside, 1) == 0);
        CHECK(rt_atomic_add_int(&inside, -1) == 1);
        RtEval_RestoreThread(RtEval_SaveThread());
        CHECK(me->holds_gil);
        RtEval_DisableGIL(me);
        Breathe();
    }
    if (rt_atomic_add_int(arg, -1) == 1) {
        rt_atomic_store_int(&finished, 1);
    }
    (void)index;
}

static void
run_one(int index, void *arg)
{
    (index < 2 ? toggle_often : run_and_look)(index, arg);
}

static void
test_while_others_run(void)
{
    int togglers = 2;
    rt_atomic_store_int(&finished, 0);
    rt_atomic_store_int(&seen_on, 0);
    RunAttached(2 + NTHREADS, run_one, &togglers);
    CHECK(enabled() == 0);
    CHECK(rt_atomic_load_int(&rt_runtime.main_interp.gil.locked) == 0);
}

// ---------------------------------------------------------------------------
// A waiter goes on without the GIL when it is switched off.

static int step;                // atomic

static void
wait_for_gil(int index, void *arg)
{
    (void)index;
    (void)arg;
    RtThreadState *me = RtThreadState_Get();
    RtThreadState_Detach(me);
    rt_atomic_store_int(&step, 1);
    while (rt_atomic_load_int(&step) < 2) {
        rt_world->yield();
    }
    rt_atomic_store_int(&step, 3);
    RtThreadState_Attach(me);
    CHECK(!me->holds_gil);
}

static void
test_waiter_is_released(void)
{
    RtThreadState *me = RtThreadState_Get();
    AttachedCall call = { wait_for_gil, NULL };
    CheckThread threads[2];
    rt_atomic_store_int(&step, 0);
    CheckThread_Start(&threads[0], attached_main, &call, 0);
    RT_BEGIN_ALLOW_THREADS
    while (rt_atomic_load_int(&step) < 1) {
        rt_world->yield();
    }
    RT_END_ALLOW_THREADS
    CHECK(RtEval_EnableGILTransient(me) == 1);
    uint64_t waits = RtEval_GetGilStats(me->interp).waits;
    rt_atomic_store_int(&step, 2);
    while (rt_atomic_load_int(&step) < 3) {
        rt_world->yield();
    }
    // It waits in take_gil, or will find the GIL off.
    for (int i = 0; i < 100; i++) {
        rt_world->yield();
    }
    CHECK(RtEval_DisableGIL(me) == 1);
    RT_BEGIN_ALLOW_THREADS
    CheckThread_Join(&threads[0]);
    RT_END_ALLOW_THREADS
    CHECK(RtEval_GetGilStats(me->interp).waits <= waits + 1);
    CHECK(rt_atomic_load_int(&me->interp->gil.locked) == 0);
}

static void
check_choice(int choice, bool on)
{
    CHECK(RtConfig_SetGil(choice) == 0);
    RtThreadState *me = RtRuntime_Start();
    CHECK(RtEval_IsGILEnabled(me->interp) == on);
    CHECK(RtEval_EnableGILTransient(me) == 0);
    CHECK(RtEval_EnableGILPermanent(me) == 0);
    CHECK(RtEval_DisableGIL(me) == 0);
    CHECK(RtEval_IsGILEnabled(me->interp) == on);
    CHECK(me->holds_gil == on);
    CHECK(RtRuntime_Finish(me) == 0);
}

int
main(void)
{
    static void (*const tests[])(void) = {
        test_alone, test_permanent, test_while_others_run,
        test_waiter_is_released,
    };
    int result = RunTests(tests, sizeof(tests) / sizeof(tests[0]));
    check_choice(0, false);
    check_choice(1, true);
    return result;
}

#else

static void
test_always_on(void)
{
    RtThreadState *me = RtThreadState_Get();
    CHECK(RtEval_IsGILEnabled(me->interp));
    CHECK(RtEval_EnableGILTransient(me) == 0);
    CHECK(RtEval_DisableGIL(me) == 0);
    CHECK(RtEval_IsGILEnabled(me->interp));
    CHECK(me->holds_gil);
}

int
main(void)
{
    static void (*const tests[])(void) = { test_always_on };
    CHECK(RtConfig_SetGil(0) == -1);
    CHECK(RtConfig_SetGil(1) == 0);
    return RunTests(tests, 1);
}

#endif

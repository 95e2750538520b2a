// test_gilstate.c: threads that the runtime did not start enter it, call into
// it from inside, and leave; and the switch interval's counters.

#include "objects.h"

#include "rt_gilstate.h"
#include "rtcore_heap.h"

static ssize_t
count_states(void)
{
    ssize_t n = 0;
    RT_HEAD_LOCK();
    for (RtThreadState *t = rt_runtime.main_interp.threads; t != NULL;
         t = t->next) {
        n++;
    }
    RT_HEAD_UNLOCK();
    return n;
}

// On a thread that has a state: nothing is made and nothing ends.
static void
test_own_state(void)
{
    RtThreadState *me = RtThreadState_Get();
    RtGILState_STATE state = RtGILState_Ensure();
    CHECK(state == RtGILState_LOCKED);
    CHECK(me->gilstate_counter == 2);
    RtGILState_Release(state);
    CHECK(RtThreadState_Get() == me);
    RtThreadState_Detach(me);
    state = RtGILState_Ensure();
    CHECK(state == RtGILState_UNLOCKED);
    CHECK(RtThreadState_Get() == me);
    RtGILState_Release(state);
    CHECK(RtThreadState_Get() == NULL);
    RtThreadState_Attach(me);
    CHECK(me->gilstate_counter == 1);
}

static void
nested(int index, void *arg)
{
    (void)index;
    (void)arg;
    CHECK(RtThreadState_Get() == NULL);
    RtGILState_STATE outer = RtGILState_Ensure();
    CHECK(outer == RtGILState_UNLOCKED);
    RtThreadState *tstate = RtThreadState_Get();
    CHECK(tstate->gilstate_counter == 1);
    RT_BEGIN_ALLOW_THREADS
    RtGILState_STATE inner = RtGILState_Ensure();
    CHECK(inner == RtGILState_UNLOCKED);
    CHECK(RtThreadState_Get() == tstate);
    RtGILState_STATE innermost = RtGILState_Ensure();
    CHECK(innermost == RtGILState_LOCKED);
    CHECK(tstate->gilstate_counter == 3);
    RtGILState_Release(innermost);
    CHECK(RtThreadState_Get() == tstate);
    RtGILState_Release(inner);
    CHECK(RtThreadState_Get() == NULL);
    RT_END_ALLOW_THREADS
    RtGILState_Release(outer);
    CHECK(RtThreadState_Get() == NULL);
    // The state is gone: the next one is new.
    RtGILState_STATE again = RtGILState_Ensure();
    CHECK(RtThreadState_Get()->gilstate_counter == 1);
    RtGILState_Release(again);
}

static void
test_foreign(void)
{
    CHECK(count_states() == 1);
    RT_BEGIN_ALLOW_THREADS
    CheckThread_RunAll(4, nested, NULL);
    RT_END_ALLOW_THREADS
    CHECK(count_states() == 1);
    CHECK(rt_runtime.main_interp.live_threads == 0);
}

// ---------------------------------------------------------------------------
// A destructor that runs while the state is being cleared.

static int destroyed;

static RtObject *
call_back(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    RtThreadState *tstate = RtThreadState_Get();
    CHECK(tstate->gilstate_counter == 1);
    RtGILState_STATE state = RtGILState_Ensure();
    CHECK(state == RtGILState_LOCKED);
    CHECK(RtThreadState_Get() == tstate);
    RtGILState_Release(state);
    CHECK(RtThreadState_Get() == tstate);
    CHECK(tstate->gilstate_counter == 1);
    destroyed++;
    return Rt_NewRef(Rt_None);
}

static RtMethodDef methods[] = {
    { "__del__", call_back, 0, 0 },
    { NULL, NULL, 0, 0 },
};

static void
leave_an_exception(int index, void *arg)
{
    (void)index;
    RtGILState_STATE state = RtGILState_Ensure();
    RtObject *instance = RtObject_CallNoArgs(arg);
    CHECK(instance != NULL);
    RtErr_SetObject(&RtExc_ValueError, instance);
    Rt_DECREF(instance);
    RtGILState_Release(state);
    CHECK(RtThreadState_Get() == NULL);
    CHECK(destroyed == 1);
}

static void
test_destructor_while_clearing(void)
{
    RtObject *type = Class("C", NULL, methods);
    destroyed = 0;
    RT_BEGIN_ALLOW_THREADS
    CheckThread_RunAll(1, leave_an_exception, type);
    RT_END_ALLOW_THREADS
    CHECK(destroyed == 1);
    CHECK(count_states() == 1);
    Rt_DECREF(type);
}

// ---------------------------------------------------------------------------
// Too late.

static int phase;               // atomic

static void
stays_long(void *arg)
{
    (void)arg;
    RtGILState_STATE state = RtGILState_Ensure();
    CHECK(state == RtGILState_UNLOCKED);
    rt_atomic_store_int(&phase, 1);
    for (int i = 0; i < 100; i++) {
        RT_BEGIN_ALLOW_THREADS
        rt_world->yield();
        RT_END_ALLOW_THREADS
    }
    rt_atomic_store_int(&phase, 2);
    RtGILState_Release(state);
}

static void
comes_late(int index, void *arg)
{
    (void)index;
    (void)arg;
    RtGILState_STATE state = RtGILState_Ensure();
    CHECK(state == RtGILState_REFUSED);
    CHECK(RtThreadState_Get() == NULL);
    RtGILState_Release(state);
}

static void
check_finish(void)
{
    rt_atomic_store_int(&phase, 0);
    RtThreadState *me = RtRuntime_Start();
    CHECK(me != NULL);
    CHECK(rt_world->thread_start(stays_long, NULL) == 0);
    RT_BEGIN_ALLOW_THREADS
    while (rt_atomic_load_int(&phase) == 0) {
        rt_world->yield();
    }
    RT_END_ALLOW_THREADS
    CHECK(RtRuntime_Finish(me) == 0);
    // It was waited for.
    CHECK(rt_atomic_load_int(&phase) == 2);
    CheckThread_RunAll(1, comes_late, NULL);
}

int
main(void)
{
    static void (*const tests[])(void) = {
        test_own_state, test_foreign, test_destructor_while_clearing,
    };
    int result = RunTests(tests, sizeof(tests) / sizeof(tests[0]));
    check_finish();
    return result;
}

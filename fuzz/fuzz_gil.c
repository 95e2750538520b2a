// fuzz_gil.c: the GIL and the eval breaker: threads give way and come back,
// ask each other for pending calls and exceptions, send signals, and enter by
// GILState.
// Free-threaded, the same requests without a GIL. Whether there is one is read
// from the environment.

#include <stdlib.h>

#include "mechanism.h"
#include "rt_gilstate.h"
#include "rt_lock.h"
#include "rtcore_semaphore.h"

enum { SENDERS = 3 };

static uint64_t ids[FUZZ_MAX_THREADS];  // atomic; 0: not there
static int asked, called;               // atomic
// Atomic: how many threads send signals to the main thread in the end.
static int senders;
static RtSemaphore sent;

static int
pending(void *arg)
{
    (void)arg;
    rt_atomic_add_int(&called, 1);
    return 0;
}

static void
add_pending(RtThreadState *tstate, uint8_t a)
{
    int flags = a % 4 == 0 ? RT_PENDING_MAINTHREADONLY : 0;
    rt_atomic_add_int(&asked, 1);
    if (RtEval_AddPendingCall(tstate->interp, pending, NULL, flags) != 0) {
        rt_atomic_add_int(&asked, -1);
    }
}

static void
nest(RtThreadState *tstate, uint8_t a)
{
    RtGILState_STATE state = RtGILState_Ensure();
    if (a % 2 == 0) {
        RtEval_SaveThread();
        RtEval_RestoreThread(tstate);
    }
    RtGILState_Release(state);
}

// What is raised is of the runtime, or of a class that may have no other
// reference: the last one is dropped by the target, at its end at the latest.
static void
ask_exception(uint8_t thread, uint8_t a)
{
    uint64_t id = rt_atomic_load_uint64(&ids[thread % FUZZ_MAX_THREADS]);
    if (id == 0) {
        return;
    }
    RtObject *exc = a % 2 == 0 ? Fuzz_NewClass(&RtExc_ValueError)
                               : Rt_NewRef(&RtExc_ValueError);
    if (exc != NULL) {
        RtThreadState_SetAsyncExc(id, exc);
        Rt_DECREF(exc);
    }
}

static void
step(uint32_t thread, const FuzzStep *st)
{
    static const int64_t intervals[4] = {1000, 100000, 5000000, 50000000};
    RtThreadState *tstate = RtThreadState_Get();
    rt_atomic_store_uint64(&ids[thread], tstate->id);
    switch (st->what % 7) {
    case 0:
        RtEval_SaveThread();
        rt_world->yield();
        RtEval_RestoreThread(tstate);
        break;
    case 1:
        RtEval_SetSwitchInterval(tstate->interp, intervals[st->a % 4]);
        break;
    case 2:
        add_pending(tstate, st->a);
        break;
    case 3:
        ask_exception(st->a, st->b);
        break;
    case 4:
        nest(tstate, st->a);
        break;
    case 5:
        rt_atomic_store_int(&senders, 1 + st->a % SENDERS);
        break;
    default:
        for (int i = 0; i < st->a % 8; i++) {
            if (RtEval_CheckBreaker(tstate) != 0) {
                RtErr_Clear();
            }
        }
        break;
    }
}

static void
leave(uint32_t thread)
{
    rt_atomic_store_uint64(&ids[thread], 0);
}

// A choice that was made before stands.
static void
read_environment(const char *text, int made, int result, int choice)
{
    RtConfig_SetGil(made);
    setenv("RT_GIL", text, 1);
    if (RtConfig_ReadEnvironment() != result || RtConfig_GetGil() != choice) {
        Rt_FatalError("fuzz_gil", "the environment says something else");
    }
    unsetenv("RT_GIL");
}

// Nobody looks at the choice meanwhile.
static void
check_environment(void)
{
#ifdef RT_GIL_DISABLED
    const int without = 0, chosen = 0;
#else
    const int without = -1, chosen = -1;    // impossible here
#endif
    int choice = RtConfig_GetGil();
    read_environment("", -1, 0, -1);
    read_environment("0", -1, without, chosen);
    read_environment("1", -1, 0, 1);
    read_environment("2", -1, -1, -1);
    read_environment("10", -1, -1, -1);
    read_environment("0", 1, 0, 1);
    RtConfig_SetGil(choice);
}

static void
begin(void)
{
    check_environment();
    asked = called = senders = 0;
    for (int i = 0; i < FUZZ_MAX_THREADS; i++) {
        ids[i] = 0;
    }
}

static void
send_signal(void *arg)
{
    RtSignals_Trip(1 + (int)(uintptr_t)arg);
    RtSemaphore_Post(&sent);
}

static void
check_breaker(RtThreadState *tstate, int times)
{
    for (int i = 0; i < times; i++) {
        if (RtEval_CheckBreaker(tstate) != 0) {
            RtErr_Clear();
        }
    }
}

// Each signal of its own thread, while the main thread looks for signals.
static void
receive_signals(RtThreadState *tstate)
{
    int started = 0;
    rt_world->sem_init(&sent);
    for (int i = 0; i < senders; i++) {
        started += rt_world->thread_start(send_signal,
                                          (void *)(uintptr_t)i) == 0;
    }
    check_breaker(tstate, 8);
    RtEval_SaveThread();
    for (int i = 0; i < started; i++) {
        RtSemaphore_Wait(&sent, -1);
    }
    RtEval_RestoreThread(tstate);
    rt_world->sem_destroy(&sent);
    check_breaker(tstate, 1);
    for (int i = 0; i < senders; i++) {
        if (rt_runtime.signals.tripped[1 + i] != 0) {
            Rt_FatalError("fuzz_gil", "a signal was lost");
        }
    }
}

static void
end(void)
{
    RtThreadState *tstate = RtThreadState_Get();
    check_breaker(tstate, 64);
    if (rt_atomic_load_int(&asked) != rt_atomic_load_int(&called)) {
        Rt_FatalError("fuzz_gil", "a pending call was lost");
    }
    receive_signals(tstate);
}

const FuzzMechanism fuzz_gil = {"fuzz_gil", begin, step, leave, end};

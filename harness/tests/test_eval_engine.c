// test_eval_engine.c: what one thread asks of another, under scripted
// schedules: pending calls, asynchronous exceptions, signals, entering from the
// outside. The oracles watch.

#include "preempt_pairs.h"
#include "rt_gilstate.h"
#include "rt_types.h"

#ifdef RT_WITH_HOOKS

static void
run_checks(int index)
{
    for (int i = 0; i < 5; i++) {
        check_breaker(index);
    }
}

// ---------------------------------------------------------------------------
// Pending calls: each that was accepted runs once, and in its turn.

enum { MAX_CALLS = 16 };

static int accepted;            // calls; each has a number from 0
static int ran[MAX_CALLS];      // numbers, in the order in which they ran
static int nran;
static int failing;             // number of the call that raises, or -1

static int
run_number(void *arg)
{
    CHECK(nran < MAX_CALLS);
    ran[nran++] = (int)(intptr_t)arg;
    if ((int)(intptr_t)arg == failing) {
        RtErr_SetString(&RtExc_ValueError, "a call that fails");
        return -1;
    }
    return 0;
}

static void
add_numbered(int n)
{
    for (int i = 0; i < n; i++) {
        if (RtEval_AddPendingCall(interp, run_number,
                                  (void *)(intptr_t)accepted, 0) == 0) {
            accepted++;
        }
    }
}

static void
add_calls(int index)
{
    (void)index;
    add_numbered(3);
}

static void
no_calls(void)
{
    accepted = nran = 0;
    failing = -1;
}

static void
two_calls(void)
{
    no_calls();
    add_numbered(2);
}

static void
one_fails(void)
{
    two_calls();
    failing = 0;
}

static void
check_calls(void)
{
    while (RtEval_HasPendingCalls(RtThreadState_Get())) {
        if (RtEval_MakePendingCalls(RtThreadState_Get()) < 0) {
            RtErr_Clear();
            delivered[0]++;
        }
    }
    CHECK_EQUAL(nran, accepted);
    for (int i = 0; i < nran; i++) {
        CHECK_EQUAL(ran[i], i);
    }
    CHECK_EQUAL(delivered[0] + delivered[1], failing >= 0);
}

// Accepted by one thread, run by another, added by both: add_numbered() is one
// step only under a lock, so the numbers are given where they are accepted.
static int added_by_two;
static int ran_by_any;          // atomic

static int
count_run(void *arg)
{
    (void)arg;
    rt_atomic_add_int(&ran_by_any, 1);
    return 0;
}

static void
add_anonymous(int index)
{
    for (int i = 0; i < 3; i++) {
        if (RtEval_AddPendingCall(interp, count_run, NULL, 0) == 0) {
            rt_atomic_add_int(&added_by_two, 1);
        }
    }
    check_breaker(index);
}

static void
none_added(void)
{
    added_by_two = ran_by_any = 0;
}

static void
check_anonymous(void)
{
    while (RtEval_HasPendingCalls(RtThreadState_Get())) {
        CHECK(RtEval_MakePendingCalls(RtThreadState_Get()) == 0);
    }
    CHECK(added_by_two >= 3);
    CHECK_EQUAL(ran_by_any, added_by_two);
}

static void
test_pending_calls(void)
{
    static const Pair pairs[] = {
        { { add_calls, run_checks }, no_calls, check_calls },
        { { run_checks, run_checks }, two_calls, check_calls },
        { { run_checks, run_checks }, one_fails, check_calls },
        { { add_anonymous, add_anonymous }, none_added, check_anonymous },
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        sweep(&pairs[i]);
    }
}

// ---------------------------------------------------------------------------
// Asynchronous exceptions: at most one comes of each that was set, and none of
// one that was taken back before.

static int found;               // threads, by those that set

static void
set_on_other(int index)
{
    found += RtThreadState_SetAsyncExc(ids[1 - index],
                                       (RtObject *)&RtExc_KeyError);
}

static void
set_and_take_back(int index)
{
    set_on_other(index);
    RtThreadState_SetAsyncExc(ids[1 - index], NULL);
}

static void
none_found(void)
{
    found = 0;
}

static void
check_delivered(void)
{
    CHECK(found == 0 || found == 1);
    CHECK(delivered[0] + delivered[1] <= found);
}

// On each other: both are found or have ended.
static void
set_and_check(int index)
{
    set_on_other(index);
    run_checks(index);
}

static void
check_both(void)
{
    CHECK(delivered[0] + delivered[1] <= found);
    CHECK(delivered[0] <= 1 && delivered[1] <= 1);
}

static void
test_async_exc(void)
{
    static const Pair pairs[] = {
        { { run_checks, set_on_other }, none_found, check_delivered },
        { { run_checks, set_and_take_back }, none_found, check_delivered },
        { { set_and_check, set_and_check }, none_found, check_both },
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        sweep(&pairs[i]);
    }
}

// ---------------------------------------------------------------------------
// With the main thread as an actor: it starts the other.

static int tripped;             // atomic
static int seen_by_handler;
static int handled;
static int all_tripped;         // atomic

static void (*main_action)(void);
static void (*other_action)(void);      // without a thread state

static void
other_main(void *arg)
{
    other_action();
    RtSemaphore_Post(arg);
}

static void
main_body(void *arg)
{
    (void)arg;
    RtThreadState *tstate = RtRuntime_Start();
    CHECK(tstate != NULL);
    none_added();
    tripped = handled = seen_by_handler = all_tripped = 0;
    RtSemaphore done;
    rt_world->sem_init(&done);
    CHECK(rt_world->thread_start(other_main, &done) == 0);
    main_action();
    CHECK(RtErr_Occurred() == NULL);
    CHECK(RtRuntime_Finish(tstate) == 0);
    CHECK(RtSemaphore_Wait(&done, -1) == RT_WAIT_OK);
    rt_world->sem_destroy(&done);
}

static void
sweep_main(void (*action)(void), void (*other)(void))
{
    main_action = action;
    other_action = other;
    for (preempted = 0; preempted < 2; preempted++) {
        preempting = 1 - preempted;
        sweep_preemptions(main_body, NULL);
    }
    preempted = 1;
    preempting = 2;
}

// A signal that arrives after a handler has begun is handled once more: the
// last handler that runs has seen all of them.
static RtObject *
handle_signal(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)nargs;
    CHECK(RtLong_AsInt64(args[0]) == 3);
    seen_by_handler = rt_atomic_load_int(&tripped);
    handled++;
    return Rt_NewRef(Rt_None);
}

static RtMethodDef handler_def = { "handle", handle_signal, 2, 2 };

static void
trip_twice(void)
{
    for (int i = 0; i < 2; i++) {
        rt_atomic_add_int(&tripped, 1);
        RtSignals_Trip(3);
    }
    rt_atomic_store_int(&all_tripped, 1);
}

static void
handle_all(void)
{
    RtThreadState *tstate = RtThreadState_Get();
    RtObject *handler = RtCFunction_New(&handler_def, NULL);
    RtObject *old = RtSignals_SetHandler(3, handler);
    CHECK(old == NULL);
    while (!rt_atomic_load_int(&all_tripped)) {
        CHECK(RtEval_CheckBreaker(tstate) == 0);
        RT_BEGIN_ALLOW_THREADS
        rt_world->yield();
        RT_END_ALLOW_THREADS
    }
    CHECK(RtEval_CheckBreaker(tstate) == 0);
    CHECK(handled == 1 || handled == 2);
    CHECK_EQUAL(seen_by_handler, 2);
}

// What comes while the runtime ends is run or refused: not lost (an oracle
// counts), and touches nothing that is gone.
static void
end_at_once(void)
{
}

static void
add_late(void)
{
    for (int i = 0; i < 3; i++) {
        (void)RtEval_AddPendingCall(interp, count_run, NULL, 0);
        (void)RtEval_AddPendingCall(interp, count_run, NULL,
                                    RT_PENDING_MAINTHREADONLY);
    }
}

static void
use_nested(void)
{
    RtGILState_STATE inner = RtGILState_Ensure();
    CHECK(inner == RtGILState_UNLOCKED);
    RtGILState_STATE again = RtGILState_Ensure();
    CHECK(again == RtGILState_LOCKED);
    RtObject *list = RtList_New(0);
    CHECK(list != NULL);
    Rt_DECREF(list);
    RtGILState_Release(again);
    RtGILState_Release(inner);
}

// From the outside: let in, and out again, or refused.
static void
enter_twice(void)
{
    for (int i = 0; i < 2; i++) {
        RtGILState_STATE state = RtGILState_Ensure();
        if (state == RtGILState_REFUSED) {
            CHECK(RtThreadState_Get() == NULL);
            continue;
        }
        CHECK(state == RtGILState_UNLOCKED);
        RtThreadState *tstate = RtEval_SaveThread();
        use_nested();
        RtEval_RestoreThread(tstate);
        RtGILState_Release(state);
        CHECK(RtThreadState_Get() == NULL);
    }
}

static void
check_and_end(void)
{
    for (int i = 0; i < 4; i++) {
        CHECK(RtEval_CheckBreaker(RtThreadState_Get()) == 0);
        RtEval_RestoreThread(RtEval_SaveThread());
    }
}

static void
test_with_main(void)
{
    sweep_main(handle_all, trip_twice);
    sweep_main(end_at_once, add_late);
    sweep_main(check_and_end, add_late);
    sweep_main(end_at_once, enter_twice);
    sweep_main(check_and_end, enter_twice);
}

int
main(void)
{
    char why[200];
    CHECK(FzEngine_Init(why, sizeof(why)));
    CHECK(RtRuntime_Initialize() == 0);
    test_pending_calls();
    test_async_exc();
    test_with_main();
    FzRun_Free(&run);
    return 0;
}

#else

int
main(void)
{
    return 0;
}

#endif

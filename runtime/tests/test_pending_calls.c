// test_pending_calls.c: pending calls, asynchronous exceptions and signals:
// order, limits, one handler at a time, nothing lost and nothing left. Where
// two threads meet, each step of one waits for a step of the other.

#include "objects.h"

#include "rtcore_heap.h"

static int order[2 * RT_PENDING_MAX];
static int norder;

static RtInterpreterState *
interp(void)
{
    return RtThreadState_Get()->interp;
}

static int
record(void *arg)
{
    order[norder++] = (int)(intptr_t)arg;
    return 0;
}

static int
fail(void *arg)
{
    record(arg);
    RtErr_SetString(&RtExc_ValueError, "pending");
    return -1;
}

static int
add(RtPendingFunc func, int number, int flags)
{
    return RtEval_AddPendingCall(interp(), func, (void *)(intptr_t)number,
                                 flags);
}

static uintptr_t
bits_of(RtThreadState *tstate)
{
    return rt_atomic_load_uintptr(&tstate->eval_breaker);
}

static void
test_order_and_limits(void)
{
    norder = 0;
    for (int i = 0; i < RT_PENDING_MAX; i++) {
        CHECK(add(record, i, 0) == 0);
    }
    CHECK(add(record, 99, 0) == -1);
    CHECK(bits_of(RtThreadState_Get()) & RT_CALLS_TO_DO_BIT);
    int rounds = 0;
    while (norder < RT_PENDING_MAX) {
        Breathe();
        rounds++;
        CHECK(norder <= rounds * RT_PENDING_MAX_LOOP);
    }
    CHECK(rounds == (RT_PENDING_MAX + RT_PENDING_MAX_LOOP - 1) /
                        RT_PENDING_MAX_LOOP);
    for (int i = 0; i < RT_PENDING_MAX; i++) {
        CHECK(order[i] == i);
    }
    CHECK((bits_of(RtThreadState_Get()) & RT_CALLS_TO_DO_BIT) == 0);
    CHECK(interp()->pending.handling_thread == NULL);
}

// A call that fails ends the round; what is behind it is not lost.
static void
test_failure(void)
{
    norder = 0;
    CHECK(add(fail, 1, 0) == 0);
    CHECK(add(record, 2, 0) == 0);
    CHECK(add(record, 3, RT_PENDING_MAINTHREADONLY) == 0);
    RtThreadState *tstate = RtThreadState_Get();
    CHECK(RtEval_CheckBreaker(tstate) == -1);
    expect_error("ValueError: pending", __FILE__, __LINE__);
    CHECK(norder == 1);
    CHECK(interp()->pending.handling_thread == NULL);
    Breathe();
    CHECK(norder == 3);
    CHECK(order[1] == 2 && order[2] == 3);
}

static int
add_more(void *arg)
{
    record(arg);
    CHECK(add(record, 20, 0) == 0);
    // Nobody else may handle it now, this thread inside itself least of all.
    Breathe();
    CHECK(norder == 1);
    return 0;
}

static void
test_add_while_handling(void)
{
    norder = 0;
    CHECK(add(add_more, 10, 0) == 0);
    Breathe();
    Breathe();
    CHECK(norder == 2);
    CHECK(order[1] == 20);
}

// ---------------------------------------------------------------------------
// Two threads.

static int step;                // atomic

static void
wait_for_step(int number)
{
    RT_BEGIN_ALLOW_THREADS
    while (rt_atomic_load_int(&step) < number) {
        rt_world->yield();
    }
    RT_END_ALLOW_THREADS
}

static RtThreadState *ran_by;

static int
note_thread(void *arg)
{
    record(arg);
    ran_by = RtThreadState_Get();
    return 0;
}

// Step 1: this thread handles; until step 2 the other passes a check.
static int
handle_slowly(void *arg)
{
    record(arg);
    rt_atomic_store_int(&step, 1);
    wait_for_step(2);
    CHECK(norder == 1);
    return 0;
}

static void
second_handler(int index, void *arg)
{
    (void)index;
    RtThreadState *main_tstate = arg;
    wait_for_step(1);
    CHECK(interp()->pending.handling_thread == main_tstate);
    CHECK(add(note_thread, 2, 0) == 0);
    RtThreadState_UnsetEvalBreakerBit(main_tstate, RT_CALLS_TO_DO_BIT);
    RtThreadState_SetEvalBreakerBit(RtThreadState_Get(), RT_CALLS_TO_DO_BIT);
    Breathe();
    // The request has been handed on, and is not ours any more.
    CHECK(norder == 1);
    CHECK(bits_of(main_tstate) & RT_CALLS_TO_DO_BIT);
    CHECK((bits_of(RtThreadState_Get()) & RT_CALLS_TO_DO_BIT) == 0);
    rt_atomic_store_int(&step, 2);
}


// Runs func on another attached thread while `mine` runs here.
static void
run_beside(void (*func)(int, void *), void (*mine)(void))
{
    AttachedCall call = { func, RtThreadState_Get() };
    CheckThread thread;
    rt_atomic_store_int(&step, 0);
    norder = 0;
    CheckThread_Start(&thread, attached_main, &call, 0);
    mine();
    RT_BEGIN_ALLOW_THREADS
    CheckThread_Join(&thread);
    RT_END_ALLOW_THREADS
}

static void
handle_first(void)
{
    CHECK(add(handle_slowly, 1, 0) == 0);
    while (norder < 2) {
        Breathe();
    }
    CHECK(ran_by == RtThreadState_Get());
}

static void
test_two_handlers(void)
{
    run_beside(second_handler, handle_first);
    CHECK(norder == 2);
}

// A thread that is not the main one leaves the main thread's calls alone.
static void
add_for_main(int index, void *arg)
{
    (void)index;
    RtThreadState *main_tstate = arg;
    CHECK(add(note_thread, 5, RT_PENDING_MAINTHREADONLY) == 0);
    CHECK(add(record, 6, 0) == 0);
    RtThreadState_SetEvalBreakerBit(RtThreadState_Get(), RT_CALLS_TO_DO_BIT);
    Breathe();
    CHECK(norder == 1 && order[0] == 6);
    CHECK(bits_of(main_tstate) & RT_CALLS_TO_DO_BIT);
    rt_atomic_store_int(&step, 1);
}

static void
wait_and_breathe(void)
{
    wait_for_step(1);
    Breathe();
    CHECK(norder == 2 && order[1] == 5);
    CHECK(ran_by == RtThreadState_Get());
}

static void
test_main_only(void)
{
    run_beside(add_for_main, wait_and_breathe);
}

// What is queued when the runtime ends runs or is discarded, with its argument.
static void
test_left_at_the_end(void)
{
    norder = 0;
    CHECK(add(fail, 1, 0) == 0);
    CHECK(add(record, 2, RT_PENDING_MAINTHREADONLY) == 0);
    void *block = RtMem_Malloc(16);
    CHECK(RtEval_AddPendingCall(interp(), record, block,
                                RT_PENDING_RAWFREE) == 0);
    RtObject *list = RtList_New(0);
    CHECK(RtEval_AddPendingCall(interp(), record, list,
                                RT_PENDING_OWNED) == 0);
    RtEval_FinishPendingCalls(RtThreadState_Get());
    CHECK(norder == 4);
    CHECK(add(record, 5, 0) == 0);
    RtEval_ClosePendingCalls(RtThreadState_Get());
    CHECK(norder == 4);
    CHECK(add(record, 5, 0) == -1);
    CHECK(add(record, 5, RT_PENDING_MAINTHREADONLY) == -1);
}

// ---------------------------------------------------------------------------
// Asynchronous exceptions.

static void
test_async_exc(void)
{
    RtThreadState *me = RtThreadState_Get();
    RtObject *value_error = (RtObject *)&RtExc_ValueError;
    CHECK(RtThreadState_SetAsyncExc(me->id, value_error) == 1);
    CHECK(RtEval_CheckBreaker(me) == -1);
    expect_error("ValueError: ", __FILE__, __LINE__);
    Breathe();
    // The last one counts.
    CHECK(RtThreadState_SetAsyncExc(me->id, value_error) == 1);
    CHECK(RtThreadState_SetAsyncExc(me->id,
                                    (RtObject *)&RtExc_KeyError) == 1);
    CHECK(RtEval_CheckBreaker(me) == -1);
    expect_error("KeyError: ", __FILE__, __LINE__);
    // Taken back.
    CHECK(RtThreadState_SetAsyncExc(me->id, value_error) == 1);
    CHECK(RtThreadState_SetAsyncExc(me->id, NULL) == 1);
    Breathe();
    CHECK(RtThreadState_SetAsyncExc(me->id + 1000, value_error) == 0);
}

// A class of the run: its last reference may be the request's.
static RtObject *
new_exception_type(void)
{
    static RtMethodDef none[] = { { NULL, NULL, 0, 0 } };
    return Class("Stop", &RtExc_ValueError, none);
}

// Set on a thread that then ends without another check.
static void
ends_without_check(int index, void *arg)
{
    (void)index;
    (void)arg;
    RtObject *type = new_exception_type();
    CHECK(RtThreadState_SetAsyncExc(RtThreadState_Get()->id, type) == 1);
    Rt_DECREF(type);
}

// Set on a thread that is past the clearing of its state: no such thread.
static void
is_cleared(int index, void *arg)
{
    (void)index;
    RtThreadState *tstate = RtThreadState_Get();
    RtThreadState_CloseAsyncExc(tstate);
    *(uint64_t *)arg = tstate->id;
    rt_atomic_store_int(&step, 1);
    wait_for_step(2);
}

static void
test_async_exc_and_exit(void)
{
    RunAttached(2, ends_without_check, NULL);
    uint64_t id = 0;
    AttachedCall call = { is_cleared, &id };
    CheckThread thread;
    rt_atomic_store_int(&step, 0);
    CheckThread_Start(&thread, attached_main, &call, 0);
    wait_for_step(1);
    RtObject *type = new_exception_type();
    CHECK(RtThreadState_SetAsyncExc(id, type) == 0);
    rt_atomic_store_int(&step, 2);
    RT_BEGIN_ALLOW_THREADS
    CheckThread_Join(&thread);
    RT_END_ALLOW_THREADS
    CHECK(RtThreadState_SetAsyncExc(id, type) == 0);
    Rt_DECREF(type);
}

// ---------------------------------------------------------------------------
// Signals.

static RtObject *
signal_handler(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    CHECK(nargs == 2);
    CHECK(args[1] == Rt_None);
    order[norder++] = (int)RtLong_AsInt64(args[0]);
    if (order[norder - 1] == 3) {
        RtErr_SetString(&RtExc_KeyError, "handler");
        return NULL;
    }
    return Rt_NewRef(Rt_None);
}

static RtMethodDef handler_def = { "handler", signal_handler, 2, 2 };

static void
trip_all(int index, void *arg)
{
    (void)index;
    (void)arg;
    for (int i = 2; i <= 5; i++) {
        RtSignals_Trip(i);
    }
    Breathe();
    CHECK(norder == 0);
}

static void
test_signals(void)
{
    norder = 0;
    for (int i = 2; i <= 4; i++) {
        RtObject *func = RtCFunction_New(&handler_def, NULL);
        CHECK(func != NULL);
        CHECK(RtSignals_SetHandler(i, func) == NULL);
    }
    RunAttached(1, trip_all, NULL);
    // Removed after it arrived: ignored, as number 5 is.
    RtObject *old = RtSignals_SetHandler(4, NULL);
    Rt_DECREF(old);
    RtThreadState *me = RtThreadState_Get();
    CHECK(RtEval_CheckBreaker(me) == -1);
    expect_error("KeyError: 'handler'", __FILE__, __LINE__);
    Breathe();
    CHECK(norder == 2);
    CHECK(order[0] == 2 && order[1] == 3);
    CHECK((bits_of(me) & RT_SIGNALS_PENDING_BIT) == 0);
}

int
main(void)
{
    static void (*const tests[])(void) = {
        test_order_and_limits, test_failure, test_add_while_handling,
        test_two_handlers, test_main_only, test_left_at_the_end,
        test_async_exc, test_async_exc_and_exit, test_signals,
    };
    return RunTests(tests, sizeof(tests) / sizeof(tests[0]));
}

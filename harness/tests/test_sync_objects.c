// test_sync_objects.c: the locks of programs in the interleavings that their
// rules are about. A waiter that an exception takes out of its wait neither
// keeps nor loses what it was to have, wherever that happens in the other
// thread's call; a timeout has one of two outcomes, never half of each; a
// signal's handler runs while the main thread waits; a threading.local and a
// thread that has used it end at once.

#include "script.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_object.h"

#ifdef RT_WITH_HOOKS

// With the GIL most points are no choice: the others wait for it.
#ifdef RT_GIL_DISABLED
enum { FEWEST_CHOICES = 10 };
#else
enum { FEWEST_CHOICES = 1 };
#endif
enum { NOT_YET, TRUE, FALSE, INTERRUPTED, BROKEN };

static RtTypeObject *type;
static int64_t argument;        // of the type; -1: none
static RtObject *object;
static int outcome[4];
static uint64_t at;

static RtObject *
call(const char *name, ssize_t nargs, int64_t arg)
{
    RtObject *method = RtStr_FromString(name);
    RtObject *args[2] = { Rt_True, RtLong_FromInt64(arg) };
    RtObject *result = RtObject_CallMethod(object, method,
                                           args + (nargs == 1), nargs);
    Rt_DECREF(args[1]);
    Rt_DECREF(method);
    return result;
}

static void
act(const char *name)
{
    RtObject *result = call(name, 0, 0);
    CHECK(result != NULL);
    Rt_DECREF(result);
}

static int
outcome_of(RtObject *result)
{
    if (result == NULL) {
        bool broken = RtErr_ExceptionMatches(&RtExc_BrokenBarrierError);
        CHECK(broken || RtErr_ExceptionMatches(&RtExc_ValueError));
        RtErr_Clear();
        return broken ? BROKEN : INTERRUPTED;
    }
    int truth = result == Rt_False ? FALSE : TRUE;
    Rt_DECREF(result);
    return truth;
}

static bool
is_a(const RtTypeObject *t)
{
    return type == t;
}

// Waits as long as it takes, or for a program's second.
static void
wait_for_it(uint32_t self, bool timed)
{
    if (is_a(&RtLock_Type) || is_a(&RtRLock_Type) ||
        is_a(&RtSemaphore_Type)) {
        outcome[self] = outcome_of(call("acquire", timed ? 2 : 0, 1));
        if (outcome[self] == TRUE && !is_a(&RtSemaphore_Type)) {
            act("release");
        }
        return;
    }
    if (is_a(&RtCondition_Type)) {
        act("acquire");
    }
    outcome[self] = outcome_of(call("wait", timed ? 1 : 0, 1));
    if (is_a(&RtCondition_Type)) {
        act("release");         // it has its lock again, whatever happened
    }
}

// What ends the wait of one waiter.
static void
give(void)
{
    if (is_a(&RtCondition_Type)) {
        act("acquire");
        act("notify");
        act("release");
    }
    else if (is_a(&RtEvent_Type)) {
        act("set");
    }
    else if (is_a(&RtBarrier_Type)) {
        outcome[A] = outcome_of(call("wait", 0, 0));
    }
    else {
        act("release");
    }
}

static bool
has_owner(void)                 // which A is
{
    return is_a(&RtLock_Type) || is_a(&RtRLock_Type);
}

static void
make_object(void)
{
    RtObject *arg = RtLong_FromInt64(argument);
    object = RtObject_Vectorcall((RtObject *)type, &arg, argument >= 0);
    CHECK(object != NULL);
    Rt_DECREF(arg);
}

static void
drop_object(void)
{
    Rt_CLEAR(object);
}

static void
raise_in(uint32_t thread)
{
    CHECK(RtThreadState_SetAsyncExc(states[thread]->id,
                                    (RtObject *)&RtExc_ValueError) == 1);
    RT_HEAD_LOCK();
    RtInterrupt_Request(&states[thread]->interrupt);
    RT_HEAD_UNLOCK();
}

static void
run_with(RtTypeObject *t, int64_t arg, void (*func)(int))
{
    type = t;
    argument = arg;
    memset(outcome, 0, sizeof(outcome));
    before_team = make_object;
    after_team = drop_object;
    run_attached(func);
    check_clean();
    before_team = after_team = NULL;
}

// ---------------------------------------------------------------------------
// Interruptions. B came first, then C. A gives once, and again if B took it;
// B runs when A has passed so many points of that, or just before.

static void
interrupt_b(int index)
{
    uint32_t self = (uint32_t)index + 1;
    attach(self);
    if (self != A) {
        if (self == B || !is_a(&RtBarrier_Type)) {
            wait_for_it(self, false);
        }
        detach(self);
        return;
    }
    if (has_owner()) {
        act("acquire");
    }
    let_attached(A, B);
    let_attached(A, C);
    preempt(at, B);
    raise_in(B);
    if (at == 0) {
        let_attached(A, B);     // with the GIL, B runs only if A detaches
    }
    give();
    preempt_in = 0;
    let_attached(A, B);
    CHECK(outcome[B] != NOT_YET);
    let_attached(A, C);
    if (is_a(&RtCondition_Type) || is_a(&RtSemaphore_Type)) {
        CHECK_EQUAL(outcome[C], outcome[B] == TRUE ? NOT_YET : TRUE);
        if (outcome[B] == TRUE) {
            give();
        }
    }
    detach(A);
}

// Counts the schedules in which B was interrupted, and in which it was not.
static void
interrupt_everywhere(RtTypeObject *t, int64_t arg, int seen[5])
{
    uint64_t passed_on = 0;
    memset(seen, 0, 5 * sizeof(int));
    for (at = 0; at < 2 || preempted; at++) {
        uint64_t before = FzEngine_CountNotes(RT_NOTE_QUEUE_WOKEN);
        run_with(t, arg, interrupt_b);
        CHECK(outcome[B] == TRUE || outcome[B] == INTERRUPTED);
        seen[outcome[B]]++;
        passed_on += outcome[B] == INTERRUPTED &&
                     FzEngine_CountNotes(RT_NOTE_QUEUE_WOKEN) - before > 1;
        if (is_a(&RtBarrier_Type)) {
            // Both pass, or B has left and broken it; or B has passed, and
            // heard of the exception on its way.
            CHECK(outcome[A] == TRUE ||
                  (outcome[A] == BROKEN && outcome[B] == INTERRUPTED));
        }
        else {
            CHECK_EQUAL(outcome[C], TRUE);
        }
    }
    CHECK(at > FEWEST_CHOICES);
#ifdef RT_GIL_DISABLED
    // With the GIL, B hears of the exception before A can give.
    bool hands_on = is_a(&RtCondition_Type) || is_a(&RtSemaphore_Type);
    CHECK(passed_on > 0 || !hands_on);
#else
    (void)passed_on;
#endif
}

static void
test_interrupts(void)
{
    int seen[5];
    interrupt_everywhere(&RtCondition_Type, -1, seen);
    CHECK(seen[INTERRUPTED] > 0);
    interrupt_everywhere(&RtSemaphore_Type, 0, seen);
    CHECK(seen[INTERRUPTED] > 0);
    interrupt_everywhere(&RtEvent_Type, -1, seen);
    CHECK(seen[INTERRUPTED] > 0);
    interrupt_everywhere(&RtBarrier_Type, 2, seen);
    CHECK(seen[INTERRUPTED] > 0);
    interrupt_everywhere(&RtLock_Type, -1, seen);
    CHECK(seen[INTERRUPTED] > 0);
    interrupt_everywhere(&RtRLock_Type, -1, seen);
    CHECK(seen[INTERRUPTED] > 0);
}

// ---------------------------------------------------------------------------
// Timeouts. A gives around the time at which B's wait is over.

#ifdef RT_TINY_LIMITS

static int delay_us;

static void
time_out_b(int index)
{
    uint32_t self = (uint32_t)index + 1;
    attach(self);
    if (self == B) {
        wait_for_it(B, true);
    }
    else if (self == A) {
        if (has_owner()) {
            act("acquire");
        }
        let_attached(A, B);
        prefer(B);
        spend_us(delay_us);
        give();
        let_attached(A, B);
        CHECK(outcome[B] == TRUE || outcome[B] == FALSE);
        if (is_a(&RtSemaphore_Type)) {
            // The permit is with B or in the semaphore.
            RtObject *left = call("acquire", 2, 0);
            CHECK(left == (outcome[B] == TRUE ? Rt_False : Rt_True));
            Rt_DECREF(left);
        }
    }
    detach(self);
}

static void
time_out_around(RtTypeObject *t, int64_t arg)
{
    int seen[5] = { 0 };
    for (delay_us = 860; delay_us < 1010; delay_us++) {
        run_with(t, arg, time_out_b);
        seen[outcome[B]]++;
    }
    CHECK(seen[TRUE] > 0);
#ifdef RT_GIL_DISABLED
    // Else A has the GIL all the while, and gives before B can see the clock.
    CHECK(seen[FALSE] > 0);
#endif
}

static void
test_timeouts(void)
{
    time_out_around(&RtCondition_Type, -1);
    time_out_around(&RtSemaphore_Type, 0);
    time_out_around(&RtEvent_Type, -1);
    time_out_around(&RtLock_Type, -1);
    time_out_around(&RtRLock_Type, -1);
}

#endif  // RT_TINY_LIMITS

// ---------------------------------------------------------------------------
// A barrier is broken for all, and may be used again after a reset.

static void
break_barrier(int index)
{
    uint32_t self = (uint32_t)index + 1;
    attach(self);
    if (self != A) {
        wait_for_it(self, false);
        detach(self);
        return;
    }
    let_attached(A, B);
    let_attached(A, C);
    act("abort");
    let_attached(A, B);
    let_attached(A, C);
    CHECK_EQUAL(outcome[B], BROKEN);
    CHECK_EQUAL(outcome[C], BROKEN);
    CHECK_EQUAL(outcome_of(call("wait", 0, 0)), BROKEN);
    act("reset");
    CHECK_EQUAL(outcome_of(call("wait", 1, 0)), BROKEN);        // times out
    detach(A);
}

// ---------------------------------------------------------------------------
// Signals. Thread 0 is the main thread and waits; A trips the signal, at once
// or when the main thread has passed so many points. The handler ends the wait
// or raises.

static bool handler_raises;
static bool trips_early;
static RtSemaphore tripped;

static RtObject *
handler(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    event('h');
    if (handler_raises) {
        RtErr_SetString(&RtExc_ValueError, "from the handler");
        return NULL;
    }
    if (is_a(&RtBarrier_Type)) {
        act("abort");
    }
    else {
        give();
    }
    return Rt_NewRef(Rt_None);
}

static RtMethodDef handler_def = { "handler", handler, 2, 2 };

static void
trip(void *arg)
{
    (void)arg;
    if (!trips_early) {
        let(0);
        prefer(A);
    }
    event('t');
    RtSignals_Trip(10);
    prefer(0);
    RtSemaphore_Post(&tripped);
}

static void
main_waits(void *arg)
{
    (void)arg;
    RtThreadState *tstate = RtRuntime_Start();
    CHECK(tstate != NULL);
    make_object();
    CHECK(RtSignals_SetHandler(10, RtCFunction_New(&handler_def, NULL)) ==
          NULL);
    if (is_a(&RtLock_Type)) {
        act("acquire");
    }
    rt_world->sem_init(&tripped);
    CHECK(rt_world->thread_start(trip, NULL) == 0);
    preempt(at, A);
    wait_for_it(0, false);
    preempt_in = 0;
    event('w');
    RtThreadState_Detach(tstate);
    CHECK(RtSemaphore_Wait(&tripped, -1) == RT_WAIT_OK);
    RtThreadState_Attach(tstate);
    rt_world->sem_destroy(&tripped);
    drop_object();
    CHECK(RtRuntime_Finish(tstate) == 0);
}

static void
signal_main(RtTypeObject *t, int64_t arg)
{
    type = t;
    argument = arg;
    memset(outcome, 0, sizeof(outcome));
    execute(&script, 0, main_waits, NULL);
    check_clean();
    CHECK(strcmp(events, "thw") == 0);
    CHECK_EQUAL(outcome[0], handler_raises ? INTERRUPTED
                            : is_a(&RtBarrier_Type) ? BROKEN : TRUE);
}

static void
signal_everywhere(RtTypeObject *t, int64_t arg)
{
    trips_early = false;
    at = 0;
    signal_main(t, arg);
    trips_early = true;
    for (at = 1; at == 1 || preempted; at++) {
        signal_main(t, arg);
    }
    CHECK(at > FEWEST_CHOICES);
}

static void
test_signals(void)
{
    for (int raises = 0; raises < 2; raises++) {
        handler_raises = raises != 0;
        signal_everywhere(&RtLock_Type, -1);
        signal_everywhere(&RtEvent_Type, -1);
        signal_everywhere(&RtSemaphore_Type, 0);
        signal_everywhere(&RtCondition_Type, -1);
        signal_everywhere(&RtBarrier_Type, 2);
    }
}

// ---------------------------------------------------------------------------
// threading.local: A drops it at any point of the end of B, which has used it.

static void
set_attribute(void)
{
    RtObject *name = RtStr_FromString("x");
    RtObject *value = RtList_New(0);
    CHECK(value != NULL && RtObject_SetAttr(object, name, value) == 0);
    Rt_DECREF(value);
    RtObject *got = RtObject_GetAttr(object, name);
    CHECK(got == value);
    Rt_DECREF(got);
    Rt_DECREF(name);
}

static void
end_together(int index)
{
    uint32_t self = (uint32_t)index + 1;
    attach(self);
    if (self == A) {
        set_attribute();
        let_attached(A, B);
        drop_object();
    }
    else if (self == B) {
        set_attribute();
        let_attached(B, A);
        preempt(at, A);
    }
    detach(self);
    preempt_in = 0;
}

static void
test_local(void)
{
    for (at = 1; at == 1 || preempted; at++) {
        run_with(&RtLocal_Type, -1, end_together);
    }
    CHECK(at > FEWEST_CHOICES);
}

int
main(void)
{
    char why[200];
    if (!FzExec_Init(why, sizeof(why))) {
        fprintf(stderr, "test_sync_objects: %s\n", why);
        return 1;
    }
    test_interrupts();
#ifdef RT_TINY_LIMITS
    test_timeouts();
#endif
    run_with(&RtBarrier_Type, 3, break_barrier);
    test_signals();
    test_local();
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

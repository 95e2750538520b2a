// test_finalize.c: daemon threads have to exit wherever they are, what they had
// locked or were collecting is free for the thread that is left, and what
// atexit has is called once, last in, first out. Each thread says where it is
// before the next one goes on.

#include "objects.h"

#include "rtcore_code.h"
#include "rtcore_gc.h"
#include "rtcore_heap.h"
#include "rtcore_state.h"

static int steps;               // atomic; made by daemons
static int finalized;           // atomic
static RtObject *lock;          // held by main at the end, or by a daemon
static RtObject *other_lock;

static void
wait_for_step(int n)
{
    RT_BEGIN_ALLOW_THREADS
    while (rt_atomic_load_int(&steps) < n) {
        rt_world->yield();
    }
    RT_END_ALLOW_THREADS
}

static void
step(void)
{
    (void)rt_atomic_add_int(&steps, 1);
}

static RtObject *
builtin(const char *name)
{
    RtObject *key = Str(name);
    RtObject *value;
    CHECK(RtDict_GetItemRef(RtThreadState_Get()->interp->builtins, key,
                            &value) == 1);
    Rt_DECREF(key);
    return value;
}

static RtObject *
call_builtin(const char *name, RtObject *const *args, ssize_t nargs)
{
    RtObject *func = builtin(name);
    RtObject *result = RtObject_Vectorcall(func, args, nargs);
    Rt_DECREF(func);
    return result;
}

static void
drop(RtObject *result)
{
    CHECK(result != NULL);
    Rt_DECREF(result);
}

// Thread(function(), (), daemon), started.
static RtObject *
start(RtMethodDef *def, bool daemon)
{
    RtObject *func = RtCFunction_New(def, NULL);
    RtObject *thread = New(&RtThread_Type, 3, func, RtTuple_New(0),
                           RtBool_FromInt(daemon));
    CHECK(thread != NULL);
    drop(Call(thread, "start", 0));
    return thread;
}

static RtThreadState *
begin(void)
{
    RtThreadState *me = RtRuntime_Start();
    CHECK(me != NULL);
    steps = 0;
    finalized = 0;
    lock = New(&RtLock_Type, 0);
    other_lock = New(&RtLock_Type, 0);
    return me;
}

// The number of daemons that had to exit.
static ssize_t
finish(RtThreadState *me)
{
    Rt_CLEAR(lock);
    Rt_CLEAR(other_lock);
    CHECK(RtRuntime_Finish(me) == 0);
    CHECK(RtParkingLot_IsEmpty());
    return rt_runtime.exited;
}

#define FUNCTION(name) \
    static RtObject *name(RtObject *self, RtObject *const *args, \
                          ssize_t nargs); \
    __attribute__((unused)) \
    static RtMethodDef name##_def = { #name, name, 0, -1 }; \
    static RtObject *name(__attribute__((unused)) RtObject *self, \
                          __attribute__((unused)) RtObject *const *args, \
                          __attribute__((unused)) ssize_t nargs)

// ---------------------------------------------------------------------------
// Where a daemon may be.

FUNCTION(run_for_ever)
{
    step();
    for (;;) {
        if (RtEval_CheckBreaker(RtThreadState_Get()) < 0) {
            return NULL;
        }
    }
}

// The main thread may have dropped its lock by the time it is waited for.
static void
step_and_wait(void)
{
    RtObject *waited_for = Rt_NewRef(lock);
    step();
    drop(Call(waited_for, "acquire", 0));
    Rt_DECREF(waited_for);
}

FUNCTION(wait_for_lock)
{
    step_and_wait();
    CHECK(!"nobody releases it");
    return NULL;
}

// Comes back when the states are gone.
FUNCTION(work_outside)
{
    step();
    RT_BEGIN_ALLOW_THREADS
    while (rt_atomic_load_ptr(&rt_runtime.finalizer) == NULL) {
        rt_world->yield();
    }
    RT_END_ALLOW_THREADS
    CHECK(!"the thread is attached");
    return NULL;
}

FUNCTION(wait_for_other)
{
    RtObject *thread = start(&wait_for_lock_def, true);
    step();
    drop(Call(thread, "join", 0));
    CHECK(!"it does not end");
    return NULL;
}

FUNCTION(end)
{
    step();
    return Rt_NewRef(Rt_None);
}

static void
test_places(RtMethodDef *def, int nsteps, ssize_t exits)
{
    for (int round = 0; round < 20; round++) {
        RtThreadState *me = begin();
        drop(Call(lock, "acquire", 0));
        for (int i = 0; i < 3; i++) {
            Rt_DECREF(start(def, true));
        }
        wait_for_step(3 * nsteps);
        CHECK(finish(me) == 3 * exits);
    }
}

// A daemon that has ended by itself is not missed.
static void
test_ended(void)
{
    ssize_t blocks = RtMem_LiveBlocks();
    RtThreadState *me = begin();
    RtObject *thread = start(&end_def, true);
    drop(Call(thread, "join", 0));
    Rt_DECREF(thread);
    CHECK(finish(me) == 0);
    CHECK(RtMem_LiveBlocks() == blocks);
}

// Others are waited for, whatever daemons do.
static void
test_waits(void)
{
    RtThreadState *me = begin();
    Rt_DECREF(start(&run_for_ever_def, true));
    wait_for_step(1);
    Rt_DECREF(start(&end_def, false));
    CHECK(finish(me) == 1);
    CHECK(steps == 2);
}

// ---------------------------------------------------------------------------
// What is left behind.

static RtObject *left_thread;

FUNCTION(take_and_wait)
{
    drop(Call(other_lock, "acquire", 0));
    step_and_wait();
    return NULL;
}

// Nobody will ever release other_lock, nor mark the thread as ended.
FUNCTION(use_what_is_left)
{
    RtObject *left_lock = rt_runtime.finalizer != NULL ? other_lock : NULL;
    if (left_lock != NULL) {
        drop(Call(left_lock, "acquire", 0));
        drop(Call(left_lock, "release", 0));
        drop(Call(left_thread, "join", 0));
        (void)rt_atomic_add_int(&finalized, 1);
    }
    return Rt_NewRef(Rt_None);
}

FUNCTION(wait_while_collecting)
{
    if (rt_runtime.finalizer == NULL &&
        RtThreadState_Get() != rt_runtime.main_tstate)
    {
        step_and_wait();
        CHECK(!"nobody releases it");
    }
    (void)rt_atomic_add_int(&finalized, 1);
    return Rt_NewRef(Rt_None);
}

static RtMethodDef user_methods[] = {
    { "__del__", use_what_is_left, 0, 1 },
    { NULL, NULL, 0, 0 },
};
static RtMethodDef waiter_methods[] = {
    { "__del__", wait_while_collecting, 0, 1 },
    { NULL, NULL, 0, 0 },
};

// An instance that refers to itself.
static void
make_garbage(RtMethodDef *methods)
{
    RtObject *cls = Class("C", NULL, methods);
    RtObject *op = New((RtTypeObject *)cls, 0);
    CHECK(op != NULL);
    RtObject *name = Str("me");
    CHECK(RtObject_SetAttr(op, name, op) == 0);
    Rt_DECREF(name);
    Rt_DECREF(op);
    Rt_DECREF(cls);
}

static void
test_locks(void)
{
    RtThreadState *me = begin();
    drop(Call(lock, "acquire", 0));
    left_thread = start(&take_and_wait_def, true);
    wait_for_step(1);
    make_garbage(user_methods);
    RtObject *mine = other_lock;
    Rt_INCREF(mine);
    Rt_CLEAR(lock);
    CHECK(RtRuntime_Finish(me) == 0);
    CHECK(rt_runtime.exited == 1);
    CHECK(finalized == 1);
}

FUNCTION(collect)
{
    make_garbage(waiter_methods);
    CHECK(RtGC_Collect(RtThreadState_Get(), 2) >= 0);
    CHECK(!"its finalizer does not return");
    return NULL;
}

// The last collections take place although one of a daemon has not ended.
static void
check_last_collections(RtMethodDef *collect_in_daemon)
{
    RtThreadState *me = begin();
    drop(Call(lock, "acquire", 0));
    Rt_DECREF(start(collect_in_daemon, true));
    wait_for_step(1);
    make_garbage(waiter_methods);
    CHECK(RtGC_Collect(me, 2) == 0);
    CHECK(finalized == 0);
    CHECK(finish(me) == 1);
    CHECK(finalized == 1);
}

static void
test_collection(void)
{
    check_last_collections(&collect_def);
}

// A callback of gc.callbacks.
FUNCTION(wait_in_callback)
{
    step_and_wait();
    CHECK(!"nobody releases it");
    return NULL;
}

FUNCTION(collect_with_callback)
{
    RtThreadState *tstate = RtThreadState_Get();
    RtObject *list = RtGC_GetCallbacks(tstate->interp);
    RtObject *callback = RtCFunction_New(&wait_in_callback_def, NULL);
    CHECK(RtList_Append(list, callback) == 0);
    Rt_DECREF(callback);
    Rt_DECREF(list);
    CHECK(RtGC_Collect(tstate, 2) >= 0);
    CHECK(!"its callback does not return");
    return NULL;
}

// It has not even begun to look.
static void
test_collection_called_back(void)
{
    check_last_collections(&collect_with_callback_def);
}

static int
pending_wait(void *arg)
{
    (void)arg;
    step_and_wait();
    return 0;
}

static int
pending_count(void *arg)
{
    (void)arg;
    (void)rt_atomic_add_int(&finalized, 1);
    return 0;
}

FUNCTION(handle_calls)
{
    CHECK(RtEval_AddPendingCall(&rt_runtime.main_interp, pending_wait, NULL,
                                0) == 0);
    return run_for_ever(self, args, nargs);
}

// A daemon that exits in a pending call is its handler no more.
static void
test_pending_calls(void)
{
    RtThreadState *me = begin();
    drop(Call(lock, "acquire", 0));
    Rt_DECREF(start(&handle_calls_def, true));
    wait_for_step(2);
    CHECK(RtEval_AddPendingCall(me->interp, pending_count, NULL, 0) == 0);
    CHECK(finish(me) == 1);
    CHECK(finalized == 0);
    CHECK(rt_runtime.main_interp.pending.npending == 0);
}

// ---------------------------------------------------------------------------
// Who is a daemon, and what it may not do.

static RtObject *inherited;

FUNCTION(start_another)
{
    RtObject *thread = New(&RtThread_Type, 2,
                           RtCFunction_New(&run_for_ever_def, NULL),
                           RtTuple_New(0));
    drop(Call(thread, "start", 0));
    Rt_DECREF(thread);
    EXPECT_ERROR(call_builtin("interp_create", NULL, 0), "RuntimeError: "
                 "a daemon thread may not use other interpreters");
    step();
    return Rt_NewRef(Rt_None);
}

static void
test_inherits(void)
{
    RtThreadState *me = begin();
    RtObject *thread = start(&start_another_def, true);
    wait_for_step(2);
    drop(Call(thread, "join", 0));
    Rt_DECREF(thread);
    CHECK(finish(me) == 1);
    (void)inherited;
}

// ---------------------------------------------------------------------------
// atexit.

static char order[32];

FUNCTION(note_letter)
{
    size_t n = strlen(order);
    order[n] = RtStr_AsUTF8(args[0])[0];
    return Rt_NewRef(Rt_None);
}

FUNCTION(fail)
{
    RtErr_SetString(&RtExc_ValueError, "at exit");
    return NULL;
}

static void
at_exit(RtMethodDef *def, const char *text)
{
    RtObject *call[] = { RtCFunction_New(def, NULL), Str(text) };
    drop(call_builtin("atexit_register", call, 2));
    Rt_DECREF(call[0]);
    Rt_DECREF(call[1]);
}

FUNCTION(register_more)
{
    note_letter(self, args, nargs);
    at_exit(&note_letter_def, "n");
    return Rt_NewRef(Rt_None);
}

FUNCTION(start_late)
{
    RtObject *thread = New(&RtThread_Type, 2,
                           RtCFunction_New(&end_def, NULL), RtTuple_New(0));
    EXPECT_ERROR(Call(thread, "start", 0), "RuntimeError: "
                 "can't create new thread at interpreter shutdown");
    Rt_DECREF(thread);
    return note_letter(self, args, nargs);
}

static void
test_atexit(void)
{
    ssize_t blocks = RtMem_LiveBlocks();
    RtThreadState *me = begin();
    RtObject *one = Int(1);
    EXPECT_ERROR(call_builtin("atexit_register", &one, 1),
                 "TypeError: the first argument must be callable");
    Rt_DECREF(one);
    EXPECT_REPR(call_builtin("atexit_ncallbacks", NULL, 0), "0");
    at_exit(&note_letter_def, "a");
    at_exit(&fail_def, "");
    at_exit(&register_more_def, "b");
    at_exit(&start_late_def, "c");
    at_exit(&note_letter_def, "d");
    EXPECT_REPR(call_builtin("atexit_ncallbacks", NULL, 0), "5");
    CHECK(finish(me) == 0);
    CHECK(strcmp(order, "dcbna") == 0);
    CHECK(RtMem_LiveBlocks() == blocks);
}

// Threads register all the while, one of them a daemon that has to exit.
FUNCTION(register_many)
{
    for (int i = 0; i < 50; i++) {
        at_exit(&end_def, "");
    }
    return Rt_NewRef(Rt_None);
}

static void
test_atexit_threads(void)
{
    RtThreadState *me = begin();
    for (int i = 0; i < 4; i++) {
        Rt_DECREF(start(&register_many_def, false));
    }
    CHECK(finish(me) == 0);
    CHECK(steps == 200);
}

static void
ignore_output(const char *bytes, size_t length)
{
    (void)bytes;
    (void)length;
}

int
main(void)
{
    // Threads that exit still use it after main() has returned.
    static RtWorld world;
    world = rt_native_world;
    world.write = ignore_output;
    RtHooks_Install(NULL, &world);
    CHECK(RtRuntime_Initialize() == 0);
    test_ended();
    test_atexit();
    test_atexit_threads();
    test_waits();
    test_places(&run_for_ever_def, 1, 1);
    test_places(&wait_for_lock_def, 1, 1);
    test_places(&work_outside_def, 1, 1);
    test_places(&wait_for_other_def, 2, 2);
    test_locks();
    test_collection();
    test_collection_called_back();
    test_pending_calls();
    test_inherits();
    return 0;
}

// test_fork.c: fork() while other threads wait, run, hold locks, collect, start
// and end threads: the child goes on alone with everything they had, its
// handles of them are marked as ended, and it ends as any process does. Each
// child is a real one; its status says whether it found what it should.

#include "objects.h"

#include "rtcore_code.h"
#include "rtcore_gc.h"
#include "rtcore_heap.h"
#include "rtcore_interp.h"

enum { NTHREADS = 3, ROUNDS = 5 };

static int steps;               // atomic
static int stop;                // atomic
static int called_back;         // atomic; by collections
static int watching;            // atomic; threads that may have a callback
static RtObject *lock;          // locked by main
static RtObject *taken;         // locked by another thread
static RtObject *shared;        // a list that others change
static RtObject *threads[NTHREADS];

#define FUNCTION(name) \
    static RtObject *name(RtObject *self, RtObject *const *args, \
                          ssize_t nargs); \
    __attribute__((unused)) \
    static RtMethodDef name##_def = { #name, name, 0, -1 }; \
    static RtObject *name(__attribute__((unused)) RtObject *self, \
                          __attribute__((unused)) RtObject *const *args, \
                          __attribute__((unused)) ssize_t nargs)

static void
drop(RtObject *result)
{
    CHECK(result != NULL);
    Rt_DECREF(result);
}

static RtObject *
start(RtMethodDef *def)
{
    RtObject *func = RtCFunction_New(def, NULL);
    RtObject *thread = New(&RtThread_Type, 2, func, RtTuple_New(0));
    drop(Call(thread, "start", 0));
    return thread;
}

static void
wait_for_step(int n)
{
    RT_BEGIN_ALLOW_THREADS
    while (rt_atomic_load_int(&steps) < n) {
        rt_world->yield();
    }
    RT_END_ALLOW_THREADS
}

FUNCTION(wait_with_lock)
{
    if (rt_atomic_add_int(&steps, 1) == 0) {
        drop(Call(taken, "acquire", 0));
    }
    drop(Call(lock, "acquire", 0));
    drop(Call(lock, "release", 0));
    return Rt_NewRef(Rt_None);
}

static void
make_cycle(void)
{
    RtObject *cycle = RtList_New(0);
    CHECK(RtList_Append(cycle, cycle) == 0);
    Rt_DECREF(cycle);
}

static void
work(void)
{
    drop(Call(shared, "append", 1, List(1, Int(1))));
    if (RtList_Size(shared) > 20) {
        drop(Call(shared, "clear", 0));
    }
    make_cycle();
    Breathe();
}

FUNCTION(keep_working)
{
    (void)rt_atomic_add_int(&steps, 1);
    while (!rt_atomic_load_int(&stop)) {
        work();
    }
    return Rt_NewRef(Rt_None);
}

FUNCTION(keep_collecting)
{
    (void)rt_atomic_add_int(&steps, 1);
    while (!rt_atomic_load_int(&stop)) {
        work();
        CHECK(RtGC_Collect(RtThreadState_Get(), 2) >= 0);
    }
    return Rt_NewRef(Rt_None);
}

// Of the collections of one thread, once.
FUNCTION(wait_in_callback)
{
    if (rt_atomic_add_int(&called_back, 1) == 0) {
        return wait_with_lock(self, args, nargs);
    }
    return Rt_NewRef(Rt_None);
}

FUNCTION(collect_with_callback)
{
    RtThreadState *tstate = RtThreadState_Get();
    if (rt_atomic_add_int(&watching, 1) == 0) {
        RtObject *list = RtGC_GetCallbacks(tstate->interp);
        RtObject *callback = RtCFunction_New(&wait_in_callback_def, NULL);
        CHECK(RtList_Append(list, callback) == 0);
        Rt_DECREF(callback);
        Rt_DECREF(list);
        CHECK(RtGC_Collect(tstate, 2) >= 0);
    }
    return wait_with_lock(self, args, nargs);
}

FUNCTION(do_nothing)
{
    return Rt_NewRef(Rt_None);
}

FUNCTION(keep_starting)
{
    (void)rt_atomic_add_int(&steps, 1);
    while (!rt_atomic_load_int(&stop)) {
        RtObject *thread = start(&do_nothing_def);
        drop(Call(thread, "join", 0));
        Rt_DECREF(thread);
    }
    return Rt_NewRef(Rt_None);
}

// What the child does; it is the only thread.
static void
check_alone(RtThreadState *me)
{
    CHECK(me == RtThreadState_Get());
    CHECK(me->interp->threads == me && me->next == NULL);
    CHECK(me->stops == 0);
    CHECK(RtParkingLot_IsEmpty());
    for (int i = 0; i < NTHREADS; i++) {
        drop(Call(threads[i], "join", 0));
        EXPECT_REPR(Call(threads[i], "is_alive", 0), "False");
    }
    for (int i = 0; i < 10; i++) {
        work();
    }
    // Whoever had it will not release it.
    drop(Call(taken, "acquire", 0));
    drop(Call(taken, "release", 0));
    make_cycle();
    CHECK(RtGC_Collect(me, 2) >= 1);
    RtEval_StopTheWorld(me->interp);
    RtEval_StartTheWorld(me->interp);
    CHECK(RtErr_Occurred() == NULL);
}

FUNCTION(check_in_child)
{
    check_alone(RtThreadState_Get());
    return Rt_NewRef(Rt_None);
}

// A child may have threads of its own; then locks are only its threads' again.
FUNCTION(start_in_child)
{
    check_alone(RtThreadState_Get());
    RtObject *thread = start(&do_nothing_def);
    drop(Call(thread, "join", 0));
    Rt_DECREF(thread);
    work();
    return Rt_NewRef(Rt_None);
}

FUNCTION(fail_in_child)
{
    RtErr_SetString(&RtExc_ValueError, "in the child");
    return NULL;
}

static int64_t
fork_call(RtMethodDef *def)
{
    RtObject *key = Str("fork_call");
    RtObject *func;
    CHECK(RtDict_GetItemRef(RtThreadState_Get()->interp->builtins, key,
                            &func) == 1);
    RtObject *target = RtCFunction_New(def, NULL);
    RtObject *result = RtObject_Vectorcall(func, &target, 1);
    CHECK(result != NULL);
    int64_t status = RtLong_AsInt64(result);
    Rt_DECREF(result);
    Rt_DECREF(target);
    Rt_DECREF(func);
    Rt_DECREF(key);
    return status;
}

// The child ends the runtime instead of exiting at once.
static void
fork_and_finish(RtThreadState *me)
{
    int pid = RtOS_Fork(me);
    CHECK(pid >= 0);
    if (pid == 0) {
        check_alone(me);
        CHECK(RtRuntime_Finish(me) == 0);
        rt_world->exit_child(0);
    }
    CHECK(rt_world->wait_child(pid) == 0);
}

#ifdef RT_TSAN
// A child starts threads: ThreadSanitizer is to let it.
const char *__tsan_default_options(void);

const char *
__tsan_default_options(void)
{
    return "die_after_fork=0";
}
#endif

static void
test_with(RtMethodDef *def)
{
    RtThreadState *me = RtRuntime_Start();
    CHECK(me != NULL);
    rt_atomic_store_int(&steps, 0);
    rt_atomic_store_int(&stop, 0);
    rt_atomic_store_int(&called_back, 0);
    rt_atomic_store_int(&watching, 0);
    lock = New(&RtLock_Type, 0);
    taken = New(&RtLock_Type, 0);
    shared = RtList_New(0);
    drop(Call(lock, "acquire", 0));
    for (int i = 0; i < NTHREADS; i++) {
        threads[i] = start(def);
    }
    wait_for_step(NTHREADS);
    for (int i = 0; i < ROUNDS; i++) {
        CHECK(fork_call(&check_in_child_def) == 0);
        Breathe();
    }
    CHECK(fork_call(&start_in_child_def) == 0);
    CHECK(fork_call(&fail_in_child_def) == 1);
    fork_and_finish(me);
    // The parent goes on as if nothing had been.
    rt_atomic_store_int(&stop, 1);
    drop(Call(lock, "release", 0));
    for (int i = 0; i < NTHREADS; i++) {
        drop(Call(threads[i], "join", 0));
        Rt_DECREF(threads[i]);
    }
    Rt_DECREF(lock);
    Rt_DECREF(taken);
    Rt_DECREF(shared);
    CHECK(RtRuntime_Finish(me) == 0);
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
    ssize_t blocks = RtMem_LiveBlocks();
    test_with(&wait_with_lock_def);
    test_with(&keep_working_def);
    test_with(&keep_collecting_def);
    test_with(&keep_starting_def);
    test_with(&collect_with_callback_def);
    CHECK(RtMem_LiveBlocks() == blocks);
    return 0;
}

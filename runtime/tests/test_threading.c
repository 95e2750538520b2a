// test_threading.c: Thread and Lock on the threads of the native world.

#include "asm.h"

static char output[4096];
static size_t output_size;
static RtMutex output_mutex;
static bool starts_fail;
static RtWorld test_world;

static void
capture_write(const char *bytes, size_t length)
{
    RtMutex_Lock(&output_mutex);
    CHECK(output_size + length < sizeof(output));
    memcpy(output + output_size, bytes, length);
    output_size += length;
    output[output_size] = '\0';
    RtMutex_Unlock(&output_mutex);
}

static int
maybe_start(void (*func)(void *), void *arg)
{
    return starts_fail ? -1 : rt_native_world.thread_start(func, arg);
}

static int64_t
take_int(RtObject *result)
{
    if (result == NULL) {
        print_error("unexpected exception");
        exit(1);
    }
    int64_t value = RtLong_AsInt64(result);
    Rt_DECREF(result);
    return value;
}

static void
emit_method(Asm *a, const char *name)
{
    Asm_Emit(a, RT_OP_LOAD_METHOD, Asm_Name(a, name));
    Asm_Emit(a, RT_OP_CALL_METHOD, 0);
    Asm_Emit(a, RT_OP_POP_TOP, 0);
}

static void
emit_global_method(Asm *a, const char *global, const char *name)
{
    Asm_Global(a, global);
    emit_method(a, name);
}

// def work(n):
//     for i in range(n):
//         lock.acquire(); counter[0] = counter[0] + 1; lock.release()
//         if yields: sched_yield()
static RtObject *
make_work(bool yields)
{
    Asm a;
    Asm_Init(&a, "work", 1, 2);
    Asm_Global(&a, "range");
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    Asm_Emit(&a, RT_OP_CALL, 1);
    Asm_Emit(&a, RT_OP_GET_ITER, 0);
    uint32_t top = Asm_Emit(&a, RT_OP_FOR_ITER, 0);
    Asm_Emit(&a, RT_OP_STORE_FAST, 1);
    emit_global_method(&a, "lock", "acquire");
    Asm_Global(&a, "counter");
    Asm_LoadInt(&a, 0);
    Asm_Emit(&a, RT_OP_BINARY_SUBSCR, 0);
    if (yields) {
        Asm_Global(&a, "sched_yield");
        Asm_Emit(&a, RT_OP_CALL, 0);
        Asm_Emit(&a, RT_OP_POP_TOP, 0);
    }
    Asm_LoadInt(&a, 1);
    Asm_Emit(&a, RT_OP_BINARY_OP, RT_NB_ADD);
    Asm_Global(&a, "counter");
    Asm_LoadInt(&a, 0);
    Asm_Emit(&a, RT_OP_STORE_SUBSCR, 0);
    emit_global_method(&a, "lock", "release");
    Asm_Emit(&a, RT_OP_JUMP_BACKWARD, top);
    Asm_Land(&a, top);
    Asm_LoadNone(&a);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    return Asm_Finish(&a);
}

// Thread(target, (arg,))
static void
emit_thread(Asm *a, const char *target, int64_t arg)
{
    Asm_Global(a, "Thread");
    Asm_Global(a, target);
    Asm_LoadInt(a, arg);
    Asm_Emit(a, RT_OP_BUILD_TUPLE, 1);
    Asm_Emit(a, RT_OP_CALL, 2);
}

static void
test_counter(int64_t rounds, bool yields)
{
    static const char *const names[] = { "t0", "t1", "t2", "t3" };
    Asm a;
    Asm_Init(&a, "m", 0, 0);
    Asm_LoadInt(&a, 0);
    Asm_Emit(&a, RT_OP_BUILD_LIST, 1);
    Asm_StoreGlobal(&a, "counter");
    Asm_Global(&a, "Lock");
    Asm_Emit(&a, RT_OP_CALL, 0);
    Asm_StoreGlobal(&a, "lock");
    Asm_Function(&a, make_work(yields), "work");
    for (int i = 0; i < 4; i++) {
        emit_thread(&a, "work", rounds);
        Asm_StoreGlobal(&a, names[i]);
        emit_global_method(&a, names[i], "start");
    }
    for (int i = 0; i < 4; i++) {
        emit_global_method(&a, names[i], "join");
    }
    Asm_Global(&a, "counter");
    Asm_LoadInt(&a, 0);
    Asm_Emit(&a, RT_OP_BINARY_SUBSCR, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    CHECK(take_int(Asm_Run(&a, NULL)) == 4 * rounds);
}

// Runs `t = Thread(f, (0,))` and then the named methods of t.
static RtObject *
run_methods(RtObject *code, const char *const *methods)
{
    Asm a;
    Asm_Init(&a, "m", 0, 0);
    Asm_Function(&a, code, "f");
    emit_thread(&a, "f", 0);
    Asm_StoreGlobal(&a, "t");
    for (; *methods != NULL; methods++) {
        emit_global_method(&a, "t", *methods);
    }
    Asm_LoadInt(&a, 1);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    return Asm_Run(&a, NULL);
}

// def f(x): return x
static RtObject *
make_identity(void)
{
    Asm a;
    Asm_Init(&a, "f", 1, 1);
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    return Asm_Finish(&a);
}

static void
test_misuse(void)
{
    static const char *const join_first[] = { "join", NULL };
    EXPECT_ERROR(run_methods(make_identity(), join_first), "RuntimeError: "
                 "cannot join thread before it is started");
    static const char *const start_twice[] = {
        "start", "join", "join", "start", NULL
    };
    EXPECT_ERROR(run_methods(make_identity(), start_twice), "RuntimeError: "
                 "threads can only be started once");
    static const char *const never[] = { NULL };
    CHECK(take_int(run_methods(make_identity(), never)) == 1);

    starts_fail = true;
    static const char *const start[] = { "start", NULL };
    EXPECT_ERROR(run_methods(make_identity(), start),
                 "RuntimeError: can't start new thread");
    starts_fail = false;
    // Not joined: the end of the runtime waits.
    CHECK(take_int(run_methods(make_identity(), start)) == 1);
}

static void
test_uncaught(void)
{
    static const char *const run[] = { "start", "join", NULL };
    output_size = 0;
    Asm f;
    Asm_Init(&f, "f", 1, 1);
    Asm_Global(&f, "ValueError");
    Asm_LoadStr(&f, "lost");
    Asm_Emit(&f, RT_OP_CALL, 1);
    Asm_Emit(&f, RT_OP_RAISE, 1);
    CHECK(take_int(run_methods(Asm_Finish(&f), run)) == 1);
    CHECK(strcmp(output, "Exception in thread: ValueError: lost\n") == 0);

    // A thread that joins itself.
    output_size = 0;
    Asm_Init(&f, "f", 1, 1);
    emit_global_method(&f, "t", "join");
    Asm_LoadNone(&f);
    Asm_Emit(&f, RT_OP_RETURN_VALUE, 0);
    CHECK(take_int(run_methods(Asm_Finish(&f), run)) == 1);
    CHECK(strcmp(output, "Exception in thread: RuntimeError: "
                 "cannot join current thread\n") == 0);
}

static void
test_lock(void)
{
    Asm a;
    // locked() before and after acquire(), acquire(False) while locked.
    Asm_Init(&a, "m", 0, 0);
    Asm_Global(&a, "Lock");
    Asm_Emit(&a, RT_OP_CALL, 0);
    Asm_StoreGlobal(&a, "lock");
    Asm_Global(&a, "lock");
    Asm_Emit(&a, RT_OP_LOAD_METHOD, Asm_Name(&a, "locked"));
    Asm_Emit(&a, RT_OP_CALL_METHOD, 0);
    emit_global_method(&a, "lock", "acquire");
    Asm_Global(&a, "lock");
    Asm_Emit(&a, RT_OP_LOAD_METHOD, Asm_Name(&a, "locked"));
    Asm_Emit(&a, RT_OP_CALL_METHOD, 0);
    Asm_Emit(&a, RT_OP_COMPARE_OP, RT_LT);
    Asm_Global(&a, "lock");
    Asm_Emit(&a, RT_OP_LOAD_METHOD, Asm_Name(&a, "acquire"));
    Asm_Emit(&a, RT_OP_LOAD_CONST, Asm_Const(&a, Rt_NewRef(Rt_False)));
    Asm_Emit(&a, RT_OP_CALL_METHOD, 1);
    Asm_Emit(&a, RT_OP_COMPARE_OP, RT_GT);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    CHECK(take_int(Asm_Run(&a, NULL)) == 1);

    Asm_Init(&a, "m", 0, 0);
    Asm_Global(&a, "Lock");
    Asm_Emit(&a, RT_OP_CALL, 0);
    emit_method(&a, "release");
    Asm_LoadNone(&a);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    EXPECT_ERROR(Asm_Run(&a, NULL), "RuntimeError: release unlocked lock");
}

// A thread collects while others run; a cycle through the thread object.
static void
test_collect(void)
{
    Asm f;
    Asm_Init(&f, "f", 1, 1);
    Asm_Global(&f, "gc_collect");
    Asm_Emit(&f, RT_OP_CALL, 0);
    Asm_Emit(&f, RT_OP_RETURN_VALUE, 0);
    static const char *const run[] = { "start", "join", NULL };
    RtObject *code = Asm_Finish(&f);
    for (int i = 0; i < 5; i++) {
        CHECK(take_int(run_methods(Rt_NewRef(code), run)) == 1);
    }
    Rt_DECREF(code);
}

// def f(): return value
static RtObject *
make_constant(int64_t value)
{
    Asm a;
    Asm_Init(&a, "constant", 0, 0);
    Asm_LoadInt(&a, value);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    return Asm_Finish(&a);
}

// Emits range(n), the start of a loop over it; returns its FOR_ITER.
static uint32_t
emit_loop(Asm *a, int64_t n)
{
    Asm_Global(a, "range");
    Asm_LoadInt(a, n);
    Asm_Emit(a, RT_OP_CALL, 1);
    Asm_Emit(a, RT_OP_GET_ITER, 0);
    uint32_t top = Asm_Emit(a, RT_OP_FOR_ITER, 0);
    Asm_Emit(a, RT_OP_POP_TOP, 0);
    return top;
}

// One thread calls g() while another replaces its code.
static void
test_replace_code(void)
{
    Asm f;
    // for ...: g.__code__ = MAKE_FUNCTION(value).__code__
    Asm_Init(&f, "replace", 1, 1);
    uint32_t top = emit_loop(&f, 1000);
    for (int64_t value = 1; value <= 2; value++) {
        Asm_Emit(&f, RT_OP_MAKE_FUNCTION,
                 Asm_Const(&f, make_constant(value)));
        Asm_Emit(&f, RT_OP_LOAD_ATTR, Asm_Name(&f, "__code__"));
        Asm_Global(&f, "g");
        Asm_Emit(&f, RT_OP_STORE_ATTR, Asm_Name(&f, "__code__"));
    }
    Asm_Emit(&f, RT_OP_JUMP_BACKWARD, top);
    Asm_Land(&f, top);
    Asm_LoadNone(&f);
    Asm_Emit(&f, RT_OP_RETURN_VALUE, 0);

    Asm a;
    Asm_Init(&a, "m", 0, 1);
    Asm_Function(&a, make_constant(1), "g");
    Asm_Function(&a, Asm_Finish(&f), "replace");
    emit_thread(&a, "replace", 0);
    Asm_StoreGlobal(&a, "t");
    emit_global_method(&a, "t", "start");
    // 7 + the sum of g() * 0: each call must give some int.
    Asm_LoadInt(&a, 7);
    Asm_Emit(&a, RT_OP_STORE_FAST, 0);
    top = emit_loop(&a, 2000);
    Asm_Global(&a, "g");
    Asm_Emit(&a, RT_OP_CALL, 0);
    Asm_LoadInt(&a, 0);
    Asm_Emit(&a, RT_OP_BINARY_OP, RT_NB_MULTIPLY);
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    Asm_Emit(&a, RT_OP_BINARY_OP, RT_NB_ADD);
    Asm_Emit(&a, RT_OP_STORE_FAST, 0);
    Asm_Emit(&a, RT_OP_JUMP_BACKWARD, top);
    Asm_Land(&a, top);
    emit_global_method(&a, "t", "join");
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    CHECK(take_int(Asm_Run(&a, NULL)) == 7);
}

// Each allocation of making, starting and joining a thread fails in turn.
static void
test_out_of_memory(void)
{
    static const char *const run[] = { "start", "join", NULL };
    for (int64_t n = 1; n < 80; n++) {
        output_size = 0;
        Asm a;
        Asm_Init(&a, "m", 0, 0);
        Asm_Function(&a, make_identity(), "f");
        emit_thread(&a, "f", 0);
        Asm_StoreGlobal(&a, "t");
        for (int i = 0; run[i] != NULL; i++) {
            emit_global_method(&a, "t", run[i]);
        }
        Asm_LoadInt(&a, 1);
        Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
        RtObject *module = Asm_Finish(&a);
        RtObject *globals = RtDict_New();
        CHECK(globals != NULL);
        RtMem_FailAllocation(n);
        RtObject *result = RtEval_EvalCode(module, globals);
        RtMem_FailAllocation(0);
        if (result == NULL) {
            CHECK(RtErr_ExceptionMatches(&RtExc_MemoryError));
            RtErr_Clear();
        }
        Rt_XDECREF(result);
        Rt_DECREF(globals);
        Rt_DECREF(module);
    }
}

int
main(void)
{
    test_world = rt_native_world;
    test_world.write = capture_write;
    test_world.thread_start = maybe_start;
    RtHooks_Install(NULL, &test_world);
    CHECK(RtRuntime_Initialize() == 0);
    for (int round = 0; round < 3; round++) {
        ssize_t blocks = RtMem_LiveBlocks();
        RtThreadState *tstate = RtRuntime_Start();
        CHECK(tstate != NULL);
        test_misuse();
        test_uncaught();
        test_lock();
        test_counter(500, false);
        test_counter(20, true);
        test_collect();
        test_replace_code();
        test_out_of_memory();
        CHECK(RtErr_Occurred() == NULL);
        CHECK(RtRuntime_Finish(tstate) == 0);
        CHECK(RtMem_LiveBlocks() == blocks);
    }
    return 0;
}

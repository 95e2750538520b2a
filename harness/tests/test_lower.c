// test_lower.c: every operation lowers to code that verifies, and programs run
// on the native world without leaving a block behind.

#include <string.h>

#include "../program/lower_internal.h"
#include "check.h"
#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_atomic.h"
#include "rtcore_code.h"
#include "rtcore_heap.h"
#include "rtcore_hooks.h"
#include "rtcore_object.h"
#include "rtcore_state.h"

static RtWorld test_world;

static void
discard_output(const char *bytes, size_t length)
{
    (void)bytes;
    (void)length;
}

static void
report_exception(void)
{
    RtObject *exc = RtErr_GetRaisedException();
    RtObject *text = exc == NULL ? NULL : RtObject_Str(exc);
    if (text != NULL) {
        fprintf(stderr, "%s: %s\n", Rt_TYPE(exc)->tp_name,
                RtStr_AsUTF8(text));
    }
    Rt_XDECREF(text);
    Rt_XDECREF(exc);
}

// Whether a thread may raise an exception in the code of the module: a pending
// call runs where it is noticed.
static bool
main_may_raise(const FzProgram *program)
{
    for (int block = FZ_BLOCK_BODY; block < FZ_BLOCK_LIMIT; block++) {
        const FzBlockOps *ops = FzProgram_BlockConst(program, block);
        for (int i = 0; i < ops->nops; i++) {
            if (ops->ops[i].op == FZ_OP_PENDING_CALL ||
                ops->ops[i].op == FZ_OP_MAIN_PENDING_CALL ||
                ops->ops[i].op == FZ_OP_RAISE_SIGNAL)
            {
                return true;
            }
        }
    }
    return false;
}

// Whether it is what a daemon does to the module that shows objects which it
// still changes: "changed size during iteration", "mutated during iteration".
static bool
is_daemons_doing(const FzProgram *program)
{
    bool result = false;
    if (FzProgram_UsesDaemons(program) &&
        RtErr_ExceptionMatches(&RtExc_RuntimeError))
    {
        RtObject *exc = RtErr_GetRaisedException();
        RtObject *text = RtObject_Str(exc);
        result = text != NULL &&
                 strstr(RtStr_AsUTF8(text), "during iteration") != NULL;
        Rt_XDECREF(text);
        RtErr_SetRaisedException(exc);
    }
    return result;
}

// Lowers the program in a runtime of its own; runs it if asked.
static void
run(const FzProgram *program, bool execute)
{
    ssize_t before = RtMem_LiveBlocks();
    RtThreadState *tstate = RtRuntime_Start();
    CHECK(tstate != NULL);
    RtObject *code = FzProgram_Lower(program);
    if (code == NULL) {
        report_exception();
    }
    CHECK(code != NULL);
    if (execute) {
        RtObject *globals = RtDict_New();
        CHECK(globals != NULL);
        RtObject *result = RtEval_EvalCode(code, globals);
        if (result == NULL && !main_may_raise(program) &&
            !is_daemons_doing(program))
        {
            report_exception();
            CHECK(result != NULL);
        }
        RtErr_Clear();
        Rt_XDECREF(result);
        Rt_DECREF(globals);
    }
    Rt_DECREF(code);
    CHECK(RtRuntime_Finish(tstate) == 0);
    // What only the stack of a daemon that had to exit led to is lost.
    if (rt_runtime.exited == 0) {
        CHECK_EQUAL(RtMem_LiveBlocks(), before);
    }
}

// A program of all kinds of objects around one operation.
static void
make_program(FzProgram *p, uint8_t op, uint8_t salt, int block)
{
    memset(p, 0, sizeof(*p));
    p->nclasses = 2;
    p->nfunctions = 2;
    p->nshared = 6;
    p->classes[0] = (FzClass){ .eq = (uint8_t)(salt % FZ_EQ_COUNT),
                               .hash = (uint8_t)(salt % FZ_HASH_COUNT),
                               .del = (uint8_t)(salt % FZ_DEL_COUNT) };
    p->classes[1] = (FzClass){ .base = 1 };
    static const uint8_t lasts[4] = {
        FZ_SHARED_SET, FZ_SHARED_SYNC, FZ_SHARED_DEQUE, FZ_SHARED_ITER,
    };
    const uint8_t kinds[6] = {
        FZ_SHARED_LIST, FZ_SHARED_DICT, FZ_SHARED_INSTANCE, FZ_SHARED_LOCK,
        FZ_SHARED_TUPLE, lasts[salt / 6 % 4],
    };
    for (int i = 0; i < 6; i++) {
        p->shared[(i + salt) % 6] = (FzShared){ .kind = kinds[i],
                                                .initial = salt };
    }
    p->functions[1] = (FzBlockOps){ .nops = 1,
                                    .ops = { { .op = FZ_OP_RAISE } } };
    FzBlockOps *ops = FzProgram_Block(p, block);
    ops->nops = 1;
    ops->ops[0] = (FzOp){ .op = op, .a = salt, .b = (uint8_t)(salt / 2),
                          .c = (uint8_t)(salt / 3) };
    if (FzOp_Opens(&ops->ops[0])) {
        ops->ops[1] = (FzOp){ .op = FZ_OP_RAISE, .a = salt };
        ops->ops[2] = (FzOp){ .op = FZ_OP_LIST_APPEND };
        ops->ops[3] = (FzOp){ .op = FZ_OP_END };
        ops->nops = 4;
    }
    if (block < FZ_BLOCK_MAIN) {
        p->main = (FzBlockOps){ .nops = 1,
                                .ops = { { .op = FZ_OP_CALL } } };
    }
    FzProgram_Fixup(p);
}

static void
test_every_op(void)
{
    static FzProgram program;
    for (uint8_t op = 0; op < FZ_OP_COUNT; op++) {
        bool seen = op == FZ_OP_END;
        for (uint8_t salt = 0; salt < 36; salt++) {
            for (int block = 0; block <= FZ_BLOCK_MAIN;
                 block += FZ_BLOCK_MAIN)
            {
                make_program(&program, op, salt, block);
                seen |= FzProgram_Block(&program, block)->ops[0].op == op;
                run(&program, true);
            }
        }
        if (!seen) {
            fprintf(stderr, "never lowered: %s\n", fz_op_info[op].name);
        }
        CHECK(seen);
    }
}

// As many of each as a block can hold.
static void
test_full_blocks(void)
{
    static FzProgram program;
    for (uint8_t op = 0; op < FZ_OP_COUNT; op++) {
        for (int block = 0; block <= FZ_BLOCK_MAIN; block += FZ_BLOCK_MAIN) {
            make_program(&program, op, 1, block);
            FzBlockOps *ops = FzProgram_Block(&program, block);
            uint8_t n = ops->nops;
            while (n > 0 && ops->nops + n <= FZ_MAX_OPS) {
                memcpy(&ops->ops[ops->nops], ops->ops, n * sizeof(FzOp));
                ops->nops += n;
            }
            FzProgram_Fixup(&program);
            run(&program, false);
        }
    }
}

static void
test_single_thread(void)
{
    static FzProgram program;
    for (uint64_t seed = 0; seed < 2000; seed++) {
        FzRng rng;
        FzRng_Seed(&rng, seed);
        FzProgram_Generate(&program, &rng);
        if (program.nbodies > 1) {
            program.nbodies = 1;
        }
        if (program.nbodies == 1) {
            program.main.nops = 0;
        }
        run(&program, true);
    }
}

static void
test_lower_only(void)
{
    static FzProgram program;
    uint8_t bytes[600];
    FzRng rng;
    FzRng_Seed(&rng, 7);
    for (int i = 0; i < 3000; i++) {
        for (size_t k = 0; k < sizeof(bytes); k++) {
            bytes[k] = (uint8_t)FzRng_Next(&rng);
        }
        FzProgram_Decode(&program, bytes, sizeof(bytes));
        run(&program, false);
    }
}

static void
test_threads(void)
{
    static FzProgram program;
    for (uint64_t seed = 5000; seed < 5100; seed++) {
        FzRng rng;
        FzRng_Seed(&rng, seed);
        FzProgram_Generate(&program, &rng);
        run(&program, true);
    }
}

// Each allocation of the lowering fails once.
static void
test_no_memory(void)
{
    static FzProgram program;
    for (uint64_t seed = 0; seed < 4; seed++) {
        FzRng rng;
        FzRng_Seed(&rng, seed);
        FzProgram_Generate(&program, &rng);
        bool failed = true;
        for (int64_t nth = 1; failed; nth++) {
            CHECK(nth < 10000);
            ssize_t before = RtMem_LiveBlocks();
            RtThreadState *tstate = RtRuntime_Start();
            CHECK(tstate != NULL);
            RtMem_FailAllocation(nth);
            RtObject *code = FzProgram_Lower(&program);
            RtMem_FailAllocation(0);
            failed = code == NULL;
            CHECK(failed == (RtErr_Occurred() != NULL));
            RtErr_Clear();
            Rt_XDECREF(code);
            CHECK(RtRuntime_Finish(tstate) == 0);
            CHECK_EQUAL(RtMem_LiveBlocks(), before);
        }
    }
}

// Time runs faster, so that waits for what does not come end soon.
enum { TIMES_FASTER = 2000 };

static int64_t
fast_now(void)
{
    return rt_native_world.now_ns() * TIMES_FASTER;
}

static RtWaitResult
fast_wait(RtSemaphore *sem, int64_t timeout_ns)
{
    return rt_native_world.sem_wait(
        sem, timeout_ns > 0 ? timeout_ns / TIMES_FASTER : timeout_ns);
}

// On a busy machine each one that is real costs a time slice.
static void
yield_rarely(void)
{
    static int calls;
    if (__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) % 64 == 0) {
        rt_native_world.yield();
    }
}

int
main(void)
{
    test_world = rt_native_world;
    test_world.yield = yield_rarely;
    test_world.write = discard_output;
    test_world.now_ns = fast_now;
    test_world.sem_wait = fast_wait;
    RtHooks_Install(NULL, &test_world);
    CHECK(RtRuntime_Initialize() == 0);
    FzProgram_LowerInit();
    test_lower_only();
    test_every_op();
    test_full_blocks();
    test_single_thread();
    test_threads();
    test_no_memory();
    return 0;
}

// test_interpreters.c: interpreters are made, run code, and end; what crosses
// between them is copied; nobody runs in one that another has claimed; nothing
// is left of one that has ended, nor of one for which there was no memory.

#include "asm.h"
#include "rtcore_gc.h"
#include "rtcore_heap.h"
#include "rtcore_interp.h"

enum { NTHREADS = 4, ROUNDS = 20 };

// The allocation of the next call() that fails; 0: none.
static int64_t fail_at;

static RtObject *
call(const char *name, RtObject *const *args, ssize_t nargs)
{
    int64_t failing = fail_at;
    RtMem_FailAllocation(0);
    RtObject *key = RtStr_FromString(name);
    RtObject *func;
    CHECK(RtDict_GetItemRef(RtThreadState_Get()->interp->builtins, key,
                            &func) == 1);
    Rt_DECREF(key);
    RtMem_FailAllocation(failing);
    RtObject *result = RtObject_Vectorcall(func, args, nargs);
    RtMem_FailAllocation(0);
    Rt_DECREF(func);
    return result;
}

static RtObject *
create(void)
{
    RtObject *id = call("interp_create", NULL, 0);
    CHECK(id != NULL);
    return id;
}

static RtObject *
run(RtObject *id, RtObject *func, RtObject *arg)
{
    RtObject *args[] = { id, func, arg };
    return call("interp_run", args, arg != NULL ? 3 : 2);
}

static RtObject *
destroy(RtObject *id)
{
    return call("interp_destroy", &id, 1);
}

static void
drop(RtObject *result)
{
    if (result == NULL) {
        print_error("unexpected exception");
    }
    CHECK(result != NULL);
    Rt_DECREF(result);
}

static RtObject *
function_of(Asm *a)
{
    RtObject *code = Asm_Finish(a);
    RtObject *globals = RtDict_New();
    RtObject *name = RtStr_FromString("f");
    RtObject *func = RtFunction_New(code, globals, name);
    CHECK(func != NULL);
    Rt_DECREF(code);
    Rt_DECREF(globals);
    Rt_DECREF(name);
    return func;
}

// def f(x): return x
static RtObject *
make_identity(void)
{
    Asm a;
    Asm_Init(&a, "identity", 1, 1);
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    return function_of(&a);
}

// def f(): return interp_current()
static RtObject *
make_where(void)
{
    Asm a;
    Asm_Init(&a, "where", 0, 0);
    Asm_Global(&a, "interp_current");
    Asm_Emit(&a, RT_OP_CALL, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    return function_of(&a);
}

// def f(x): global kept; kept = [x, f]: garbage that the end has to find
static RtObject *
make_keeper(void)
{
    Asm a;
    Asm_Init(&a, "keeper", 1, 1);
    Asm inner;
    Asm_Init(&inner, "inner", 0, 0);
    Asm_LoadStr(&inner, "a text of its own");
    Asm_Emit(&inner, RT_OP_RETURN_VALUE, 0);
    Asm_Function(&a, Asm_Finish(&inner), "inner");
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    Asm_Global(&a, "inner");
    Asm_Emit(&a, RT_OP_BUILD_LIST, 2);
    Asm_StoreGlobal(&a, "kept");
    Asm_Global(&a, "kept");
    Asm_Emit(&a, RT_OP_LOAD_METHOD, Asm_Name(&a, "append"));
    Asm_Global(&a, "kept");
    Asm_Emit(&a, RT_OP_CALL_METHOD, 1);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    return function_of(&a);
}

// def f(): return missing
static RtObject *
make_failing(void)
{
    Asm a;
    Asm_Init(&a, "failing", 0, 0);
    Asm_Global(&a, "missing");
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    return function_of(&a);
}

static void
test_data(void)
{
    RtObject *id = create();
    RtObject *identity = make_identity();
    RtObject *items[] = { RtLong_FromInt64(123456), RtStr_FromString("text"),
                          Rt_None, Rt_True };
    RtObject *tuple = RtTuple_FromArray(items, 4);
    RtObject *copy = run(id, identity, tuple);
    CHECK(copy != NULL && copy != tuple);
    CHECK(RtTuple_Size(copy) == 4);
    CHECK(RtTuple_GetItem(copy, 0) != items[0]);
    CHECK(RtLong_AsInt64(RtTuple_GetItem(copy, 0)) == 123456);
    CHECK(RtStr_Equal(RtTuple_GetItem(copy, 1), items[1]));
    CHECK(RtTuple_GetItem(copy, 2) == Rt_None);
    CHECK(RtTuple_GetItem(copy, 3) == Rt_True);
    Rt_DECREF(copy);
    Rt_DECREF(tuple);
    Rt_DECREF(items[0]);
    Rt_DECREF(items[1]);
    RtObject *list = RtList_New(0);
    EXPECT_ERROR(run(id, identity, list), "ValueError: list object cannot be "
                 "shared with another interpreter");
    Rt_DECREF(list);
    drop(destroy(id));
    EXPECT_ERROR(destroy(id), "RuntimeError: unrecognized interpreter ID 1");
    Rt_DECREF(identity);
    Rt_DECREF(id);
}

static void
test_run(void)
{
    RtObject *id = create();
    RtObject *where = make_where();
    RtObject *failing = make_failing();
    EXPECT_INT(run(id, where, NULL), RtLong_AsInt64(id));
    EXPECT_INT(call("interp_current", NULL, 0), 0);
    EXPECT_ERROR(run(id, failing, NULL), "RuntimeError: NameError: name "
                 "'missing' is not defined");
    EXPECT_ERROR(run(Rt_None, where, NULL), "TypeError: interpreter ID must "
                 "be an int, not NoneType");
    RtObject *zero = RtLong_FromInt64(0);
    EXPECT_ERROR(run(zero, where, NULL),
                 "RuntimeError: interpreter already running");
    EXPECT_ERROR(destroy(zero), "RuntimeError: interpreter already running");
    drop(destroy(id));
    Rt_DECREF(where);
    Rt_DECREF(failing);
    Rt_DECREF(id);
}

// Who has an interpreter has it alone.
static void
test_claims(void)
{
    RtObject *id = create();
    RtObject *where = make_where();
    bool found;
    RtInterpreterState *interp = RtInterpreter_Claim(
        RtLong_AsInt64(id), RT_INTERPRETER_RUNNING, &found);
    CHECK(interp != NULL && found);
    EXPECT_ERROR(run(id, where, NULL),
                 "RuntimeError: interpreter already running");
    EXPECT_ERROR(destroy(id), "RuntimeError: interpreter already running");
    CHECK(call("interp_is_running", &id, 1) == Rt_True);
    RtInterpreter_Unclaim(interp);
    CHECK(call("interp_is_running", &id, 1) == Rt_False);
    // As if a thread of its own still ran.
    CHECK(RtThreads_Started(interp, false) == 0);
    EXPECT_ERROR(destroy(id),
                 "RuntimeError: interpreter still has running threads");
    RtThreads_Ended(interp, false);
    drop(destroy(id));
    Rt_DECREF(where);
    Rt_DECREF(id);
}

// ---------------------------------------------------------------------------
// Heaps.

static bool
count_object(RtObject *op, void *arg)
{
    (void)op;
    ++*(size_t *)arg;
    return true;
}

static size_t
count_tracked(RtInterpreterState *interp)
{
    size_t count = 0;
    RtEval_StopTheWorld(interp);
    RtGC_VisitTracked(interp, count_object, &count);
    RtEval_StartTheWorld(interp);
    return count;
}

// What lives in one interpreter is not seen by another's collector, and is gone
// when it ends.
static void
test_heaps(RtThreadState *me)
{
    RtObject *keeper = make_keeper();
    RtObject *value = RtLong_FromInt64(100000);
    // Functions of the tests before: their references are deferred.
    CHECK(RtGC_Collect(me, 2) >= 0);
    size_t before = count_tracked(me->interp);
    ssize_t live = RtMem_LiveBlocks();
    RtObject *ids[3];
    for (int i = 0; i < 3; i++) {
        ids[i] = create();
        drop(run(ids[i], keeper, value));
    }
    CHECK(count_tracked(me->interp) == before);
    CHECK(RtGC_Collect(me, 2) == 0);
    CHECK(RtMem_LiveBlocks() > live);
    for (int i = 2; i >= 0; i--) {
        drop(destroy(ids[i]));
        Rt_DECREF(ids[i]);
    }
    CHECK(count_tracked(me->interp) == before);
#ifndef RT_GIL_DISABLED
    CHECK(RtMem_LiveBlocks() == live);
#endif
    Rt_DECREF(keeper);
    Rt_DECREF(value);
}

// Each allocation on the way fails once: MemoryError, nothing broken.
static void
test_no_memory(void)
{
    RtObject *keeper = make_keeper();
    RtObject *value = RtLong_FromInt64(100000);
    bool failed = true;
    for (int64_t nth = 1; failed; nth++) {
        CHECK(nth < 1000);
        fail_at = nth;
        RtObject *id = call("interp_create", NULL, 0);
        fail_at = 0;
        failed = id == NULL;
        if (failed) {
            EXPECT_ERROR(id, "MemoryError");
            continue;
        }
        drop(destroy(id));
        Rt_DECREF(id);
    }
    RtObject *id = create();
    failed = true;
    for (int64_t nth = 1; failed; nth++) {
        CHECK(nth < 1000);
        fail_at = nth;
        RtObject *result = run(id, keeper, value);
        fail_at = 0;
        failed = result == NULL;
        // Inside, it is an exception as any other.
        CHECK(!failed || RtErr_ExceptionMatches(&RtExc_MemoryError) ||
              RtErr_ExceptionMatches(&RtExc_RuntimeError));
        RtErr_Clear();
        Rt_XDECREF(result);
    }
    drop(destroy(id));
    Rt_DECREF(id);
    Rt_DECREF(keeper);
    Rt_DECREF(value);
}

// ---------------------------------------------------------------------------
// Threads that run, destroy and create at once.

static void
use_interpreters(int index, void *arg)
{
    RtObject **ids = arg;
    (void)index;
    RtThreadState *tstate = RtThreadState_New(&rt_runtime.main_interp);
    RtThreadState_Bind(tstate);
    RtThreadState_Attach(tstate);
    RtObject *where = make_where();
    for (int i = 0; i < ROUNDS; i++) {
        RtObject *id = ids[i % 2];
        RtObject *result = run(id, where, NULL);
        if (result != NULL) {
            EXPECT_INT(result, RtLong_AsInt64(id));
        }
        RtErr_Clear();
        RtObject *mine = create();
        EXPECT_INT(run(mine, where, NULL), RtLong_AsInt64(mine));
        drop(destroy(mine));
        Rt_DECREF(mine);
        if (i == ROUNDS - 1) {
            result = destroy(id);
            Rt_XDECREF(result);
            RtErr_Clear();
        }
    }
    Rt_DECREF(where);
    RtThreadState_Clear(tstate);
    RtThreadState_DeleteCurrent(tstate);
}

static void
test_together(RtThreadState *me)
{
    RtObject *ids[] = { create(), create() };
    RtThreadState_Detach(me);
    CheckThread_RunAll(NTHREADS, use_interpreters, ids);
    RtThreadState_Attach(me);
    // The second one was destroyed by one of them, unless all met another.
    Rt_XDECREF(destroy(ids[1]));
    RtErr_Clear();
    RtInterpreterClaim claim;
    CHECK(RtInterpreter_Look(RtLong_AsInt64(ids[1]), &claim) < 0);
    CHECK(RtInterpreter_Look(RtLong_AsInt64(ids[0]), &claim) == 0);
    CHECK(claim == RT_INTERPRETER_READY);
    Rt_DECREF(ids[0]);
    Rt_DECREF(ids[1]);
    // The first one is left to RtRuntime_Finish().
}

int
main(void)
{
    CHECK(RtRuntime_Initialize() == 0);
    ssize_t blocks = RtMem_LiveBlocks();
    RtThreadState *me = RtRuntime_Start();
    CHECK(me != NULL);
    test_data();
    test_run();
    test_claims();
    test_heaps(me);
    test_no_memory();
    test_together(me);
    CHECK(RtRuntime_Finish(me) == 0);
    CHECK(RtMem_LiveBlocks() == blocks);
    CHECK(RtParkingLot_IsEmpty());
    return 0;
}

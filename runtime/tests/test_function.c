// test_function.c: functions: closures and the cells they share, defaults, and
// replacing the code and the defaults while threads call.

#include "asm.h"
#include "attached.h"

#include "rtcore_audit.h"
#include "rtcore_gc.h"

// ---------------------------------------------------------------------------
// Cells.

// def step(by): n = n + by; return n       with n in the closure
static RtObject *
step_code(void)
{
    Asm a;
    Asm_Init(&a, "step", 1, 1);
    a.nfreevars = 1;
    Asm_Emit(&a, RT_OP_COPY_FREE_VARS, 0);
    Asm_Emit(&a, RT_OP_LOAD_DEREF, 0);
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    Asm_Emit(&a, RT_OP_BINARY_OP, RT_NB_ADD);
    Asm_Emit(&a, RT_OP_STORE_DEREF, 0);
    Asm_Emit(&a, RT_OP_LOAD_DEREF, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    return Asm_Finish(&a);
}

// Two functions of one cell, in a tuple.
static RtObject *
two_steps(bool set)
{
    Asm a;
    Asm_Init(&a, "m", 0, 0);
    a.ncellvars = 1;
    uint32_t step = Asm_Const(&a, step_code());
    Asm_Emit(&a, RT_OP_MAKE_CELL, 0);
    if (set) {
        Asm_LoadInt(&a, 100);
        Asm_Emit(&a, RT_OP_STORE_DEREF, 0);
    }
    for (int i = 0; i < 2; i++) {
        Asm_Emit(&a, RT_OP_LOAD_CLOSURE, 0);
        Asm_Emit(&a, RT_OP_BUILD_TUPLE, 1);
        Asm_Emit(&a, RT_OP_MAKE_CLOSURE, step);
    }
    Asm_Emit(&a, RT_OP_BUILD_TUPLE, 2);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    RtObject *both = Asm_Run(&a, NULL);
    CHECK(both != NULL);
    return both;
}

static RtObject *
call_int(RtObject *func, int64_t value)
{
    RtObject *arg = RtLong_FromInt64(value);
    RtObject *result = RtObject_CallOneArg(func, arg);
    Rt_DECREF(arg);
    return result;
}

static RtObject *
attribute(RtObject *op, const char *text)
{
    RtObject *name = RtStr_FromString(text);
    RtObject *value = RtObject_GetAttr(op, name);
    CHECK(value != NULL);
    Rt_DECREF(name);
    return value;
}

static int
set_attribute(RtObject *op, const char *text, RtObject *value)
{
    RtObject *name = RtStr_FromString(text);
    int status = RtObject_SetAttr(op, name, value);
    Rt_DECREF(name);
    return status;
}

static void
test_cells(void)
{
    RtObject *both = two_steps(true);
    RtObject *one = RtTuple_GetItem(both, 0);
    RtObject *two = RtTuple_GetItem(both, 1);
    EXPECT_INT(call_int(one, 1), 101);
    EXPECT_INT(call_int(two, 10), 111);
    EXPECT_INT(call_int(one, 100), 211);
    // A code that needs no cell, or the other way round, does not suit.
    Asm a;
    Asm_Init(&a, "plain", 1, 1);
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    RtObject *plain = Asm_Finish(&a);
    CHECK(set_attribute(one, "__code__", plain) < 0);
    EXPECT_ERROR(NULL, "ValueError: step() requires a code object with 1 free "
                       "vars, not 0");
    Rt_DECREF(plain);
    Rt_DECREF(both);
    both = two_steps(false);
    EXPECT_ERROR(call_int(RtTuple_GetItem(both, 0), 1),
                 "NameError: variable 0 of a function is used before it is "
                 "set");
    Rt_DECREF(both);
}

// A function in its own cell is garbage that the collector breaks up.
static void
test_cell_cycle(void)
{
    RtObject *both = two_steps(true);
    RtObject *closure = attribute(RtTuple_GetItem(both, 0), "__closure__");
    RtObject *cell = RtTuple_GetItem(closure, 0);
    CHECK(RtCell_Set(cell, Rt_NewRef(both)));
    Rt_DECREF(closure);
    Rt_DECREF(both);
    RtThreadState *tstate = RtThreadState_Get();
    CHECK(RtAudit_Heap(tstate->interp) == 0);
    CHECK(RtGC_Collect(tstate, 2) >= 4);
    CHECK(RtGC_Collect(tstate, 2) == 0);
}

// ---------------------------------------------------------------------------
// Defaults and code.

// def f(a, b): return a + b
static RtObject *
make_add(void)
{
    Asm a;
    Asm_Init(&a, "f", 2, 2);
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    Asm_Emit(&a, RT_OP_LOAD_FAST, 1);
    Asm_Emit(&a, RT_OP_BINARY_OP, RT_NB_ADD);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    RtObject *code = Asm_Finish(&a);
    RtObject *globals = RtDict_New();
    RtObject *name = RtStr_FromString("f");
    RtObject *func = RtFunction_New(code, globals, name);
    CHECK(func != NULL);
    Rt_DECREF(name);
    Rt_DECREF(globals);
    Rt_DECREF(code);
    return func;
}

static RtObject *
ints(int n, int64_t first)
{
    RtObject *tuple = RtTuple_New(n);
    for (int i = 0; i < n; i++) {
        RtTuple_SetItem(tuple, i, RtLong_FromInt64(first + i));
    }
    return tuple;
}

static void
set_defaults(RtObject *func, RtObject *tuple)           // steals
{
    CHECK(set_attribute(func, "__defaults__", tuple) == 0);
    Rt_DECREF(tuple);
}

static void
test_defaults(void)
{
    RtObject *func = make_add();
    EXPECT_ERROR(call_int(func, 1),
                 "TypeError: f() takes 2 positional arguments but 1 was given");
    set_defaults(func, ints(1, 40));
    EXPECT_INT(call_int(func, 2), 42);
    EXPECT_ERROR(RtObject_CallNoArgs(func),
                 "TypeError: f() takes 2 positional arguments but 0 were "
                 "given");
    set_defaults(func, ints(2, 1));
    EXPECT_INT(RtObject_CallNoArgs(func), 3);
    // The last ones belong to the last arguments.
    set_defaults(func, ints(3, 10));
    EXPECT_INT(RtObject_CallNoArgs(func), 23);
    CHECK(set_attribute(func, "__defaults__", func) < 0);
    EXPECT_ERROR(NULL, "TypeError: __defaults__ must be set to a tuple object");
    CHECK(set_attribute(func, "__defaults__", NULL) == 0);
    RtObject *value = attribute(func, "__defaults__");
    CHECK(value == Rt_None);
    Rt_DECREF(value);
    Rt_DECREF(func);
}

// A function among its own defaults.
static void
test_default_cycle(void)
{
    RtObject *func = make_add();
    set_defaults(func, RtTuple_FromArray(&func, 1));
    Rt_DECREF(func);
    RtThreadState *tstate = RtThreadState_Get();
    CHECK(RtAudit_Heap(tstate->interp) == 0);
    CHECK(RtGC_Collect(tstate, 2) >= 2);
    CHECK(RtGC_Collect(tstate, 2) == 0);
}

// Threads call while others replace: each call sees one or the other.

enum { ROUNDS = 400, CALLERS = 3 };

static RtObject *
constant_code(int64_t value)
{
    Asm a;
    Asm_Init(&a, "c", 2, 2);
    Asm_LoadInt(&a, value);
    Asm_Emit(&a, RT_OP_LOAD_FAST, 1);
    Asm_Emit(&a, RT_OP_BINARY_OP, RT_NB_ADD);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    return Asm_Finish(&a);
}

static void
call_or_replace(RtThreadState *tstate, int index, void *arg)
{
    RtObject *func = arg;
    for (int i = 0; i < ROUNDS; i++) {
        if (index == 0) {
            RtObject *code = constant_code(i % 2 == 0 ? 1000 : 2000);
            CHECK(set_attribute(func, "__code__", code) == 0);
            Rt_DECREF(code);
            set_defaults(func, ints(1, i % 3 == 0 ? 10 : 20));
        }
        else {
            RtObject *result = call_int(func, 0);
            int64_t value = RtLong_AsInt64(result);
            CHECK(value == 1010 || value == 1020 || value == 2010 ||
                  value == 2020);
            Rt_DECREF(result);
        }
        CHECK(RtEval_CheckBreaker(tstate) == 0);
    }
}

static void
test_replaced_while_called(void)
{
    RtObject *func = make_add();
    RtObject *code = constant_code(1000);
    CHECK(set_attribute(func, "__code__", code) == 0);
    Rt_DECREF(code);
    set_defaults(func, ints(1, 10));
    AttachedThreads_RunAll(RtThreadState_Get(), CALLERS, call_or_replace,
                           func);
    Rt_DECREF(func);
}

static void (*const tests[])(void) = {
    test_cells, test_cell_cycle, test_defaults, test_default_cycle,
    test_replaced_while_called,
};

int
main(void)
{
    CHECK(RtRuntime_Initialize() == 0);
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        ssize_t blocks = RtMem_LiveBlocks();
        RtThreadState *tstate = RtRuntime_Start();
        CHECK(tstate != NULL);
        tests[i]();
        CHECK(RtErr_Occurred() == NULL);
        CHECK(RtRuntime_Finish(tstate) == 0);
        CHECK(RtMem_LiveBlocks() == blocks);
    }
    return 0;
}

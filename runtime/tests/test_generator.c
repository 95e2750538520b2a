// test_generator.c: generators: what resuming, throwing and closing give, that
// one thread at a time runs the frame, and what a suspended frame keeps alive.

#include "asm.h"
#include "attached.h"

#include "rtcore_audit.h"
#include "rtcore_gc.h"

static RtObject *
ended(RtObject *self, RtObject *const *args, ssize_t nargs);

static int nended;
static RtMethodDef ended_def = { "ended", ended, 0, 0 };

// Called by handlers of the generators below.
static RtObject *
ended(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    nended++;
    return Rt_NewRef(Rt_None);
}

static void
call_c(Asm *a, RtMethodDef *def)
{
    Asm_Emit(a, RT_OP_LOAD_CONST, Asm_Const(a, RtCFunction_New(def, NULL)));
    Asm_Emit(a, RT_OP_CALL, 0);
    Asm_Emit(a, RT_OP_POP_TOP, 0);
}

static void
init_gen(Asm *a, int argcount)
{
    Asm_Init(a, "g", argcount, argcount);
    a->flags = RT_CO_GENERATOR;
}

// A generator of the code, called with an argument or none (NULL).
static RtObject *
make(Asm *a, RtObject *globals, RtObject *arg)
{
    RtObject *code = Asm_Finish(a);
    RtObject *own = globals == NULL ? RtDict_New() : Rt_NewRef(globals);
    RtObject *name = RtStr_FromString("g");
    RtObject *func = RtFunction_New(code, own, name);
    RtObject *gen = RtObject_Vectorcall(func, &arg, arg != NULL);
    CHECK(gen != NULL && Rt_IS_TYPE(gen, &RtGen_Type));
    Rt_DECREF(func);
    Rt_DECREF(name);
    Rt_DECREF(own);
    Rt_DECREF(code);
    return gen;
}

static int
state(RtObject *gen)
{
    return rt_atomic_load_int(&((RtGenObject *)gen)->gi_frame_state);
}

// Sends an int (0: None) and expects an int.
static void
expect_send(RtObject *gen, int64_t value, RtGenResult status, int64_t wanted)
{
    RtObject *sent = value == 0 ? Rt_NewRef(Rt_None)
                                : RtLong_FromInt64(value);
    RtObject *result;
    CHECK(RtGen_Send(gen, sent, &result) == status);
    Rt_DECREF(sent);
    if (wanted == 0) {
        CHECK(result == Rt_None);
        Rt_DECREF(result);
        return;
    }
    EXPECT_INT(result, wanted);
}

static RtObject *
exception(RtTypeObject *type)
{
    RtErr_SetString(type, "thrown");
    return RtErr_GetRaisedException();
}

// Throws; what comes of it.
static RtObject *
throw(RtObject *gen, RtTypeObject *type, RtGenResult status)
{
    RtObject *exc = exception(type);
    RtObject *result;
    CHECK(RtGen_Throw(gen, exc, &result) == status);
    Rt_DECREF(exc);
    return result;
}

// def g(): return (yield (yield 1))
static RtObject *
echo(void)
{
    Asm a;
    init_gen(&a, 0);
    Asm_LoadInt(&a, 1);
    Asm_Emit(&a, RT_OP_YIELD_VALUE, 0);
    Asm_Emit(&a, RT_OP_YIELD_VALUE, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    return make(&a, NULL, NULL);
}

// def g():
//     try: yield 1
//     except <type>: ended(); yield 2
//     return 3
static RtObject *
catching(const char *type, bool yields)
{
    Asm a;
    init_gen(&a, 0);
    Asm_LoadInt(&a, 1);
    Asm_Emit(&a, RT_OP_YIELD_VALUE, 0);
    Asm_Emit(&a, RT_OP_POP_TOP, 0);
    uint32_t over = Asm_Emit(&a, RT_OP_JUMP_FORWARD, 0);
    Asm_Except(&a, 0, over, 0);
    Asm_Emit(&a, RT_OP_PUSH_EXC_INFO, 0);
    Asm_Global(&a, type);
    Asm_Emit(&a, RT_OP_CHECK_EXC_MATCH, 0);
    uint32_t other = Asm_Emit(&a, RT_OP_POP_JUMP_IF_FALSE, 0);
    call_c(&a, &ended_def);
    if (yields) {
        Asm_LoadInt(&a, 2);
        Asm_Emit(&a, RT_OP_YIELD_VALUE, 0);
        Asm_Emit(&a, RT_OP_POP_TOP, 0);
    }
    Asm_Emit(&a, RT_OP_POP_EXCEPT, 0);
    Asm_Land(&a, over);
    Asm_LoadInt(&a, 3);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    Asm_Land(&a, other);
    Asm_Emit(&a, RT_OP_RERAISE, 0);
    return make(&a, NULL, NULL);
}

// def g(x): return (yield from x)
static RtObject *
delegating(RtObject *to)
{
    Asm a;
    init_gen(&a, 1);
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    Asm_Emit(&a, RT_OP_GET_ITER, 0);
    Asm_LoadNone(&a);
    Asm_Emit(&a, RT_OP_YIELD_FROM, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    return make(&a, NULL, to);
}

// ---------------------------------------------------------------------------

static void
test_send(void)
{
    RtObject *gen = echo();
    CHECK(state(gen) == RT_GEN_CREATED);
    RtObject *value = RtLong_FromInt64(5);
    RtObject *result;
    CHECK(RtGen_Send(gen, value, &result) == RT_GEN_ERROR);
    Rt_DECREF(value);
    EXPECT_ERROR(result, "TypeError: can't send non-None value to a "
                         "just-started generator");
    CHECK(state(gen) == RT_GEN_CREATED);
    expect_send(gen, 0, RT_GEN_NEXT, 1);
    CHECK(state(gen) == RT_GEN_SUSPENDED);
    expect_send(gen, 8, RT_GEN_NEXT, 8);
    expect_send(gen, 9, RT_GEN_RETURN, 9);
    CHECK(state(gen) == RT_GEN_CLEARED);
    expect_send(gen, 4, RT_GEN_RETURN, 0);
    Rt_DECREF(gen);
    // As an iterator: what is returned is lost, the end is no exception.
    gen = echo();
    EXPECT_INT(RtIter_Next(gen), 1);
    result = RtIter_Next(gen);
    CHECK(result == Rt_None);
    Rt_DECREF(result);
    CHECK(RtIter_Next(gen) == NULL && RtErr_Occurred() == NULL);
    Rt_DECREF(gen);
}

static void
test_throw(void)
{
    // Before it began: nothing of it runs.
    RtObject *gen = catching("ValueError", true);
    EXPECT_ERROR(throw(gen, &RtExc_ValueError, RT_GEN_ERROR),
                 "ValueError: thrown");
    CHECK(state(gen) == RT_GEN_CLEARED);
    EXPECT_ERROR(throw(gen, &RtExc_ValueError, RT_GEN_ERROR),
                 "ValueError: thrown");
    CHECK(nended == 0);
    Rt_DECREF(gen);
    // Handled, then thrown into the handler.
    gen = catching("ValueError", true);
    expect_send(gen, 0, RT_GEN_NEXT, 1);
    EXPECT_INT(throw(gen, &RtExc_ValueError, RT_GEN_NEXT), 2);
    CHECK(nended == 1);
    EXPECT_ERROR(throw(gen, &RtExc_KeyError, RT_GEN_ERROR),
                 "KeyError: 'thrown'");
    CHECK(state(gen) == RT_GEN_CLEARED);
    Rt_DECREF(gen);
    // StopIteration does not leave a generator.
    gen = catching("ValueError", true);
    expect_send(gen, 0, RT_GEN_NEXT, 1);
    EXPECT_ERROR(throw(gen, &RtExc_StopIteration, RT_GEN_ERROR),
                 "RuntimeError: generator raised StopIteration");
    Rt_DECREF(gen);
    nended = 0;
}

static void
test_close(void)
{
    RtObject *gen = catching("GeneratorExit", false);
    RtObject *result = RtGen_Close(gen);
    CHECK(result == Rt_None && nended == 0);
    Rt_DECREF(gen);
    gen = catching("GeneratorExit", false);
    expect_send(gen, 0, RT_GEN_NEXT, 1);
    EXPECT_INT(RtGen_Close(gen), 3);
    CHECK(nended == 1 && state(gen) == RT_GEN_CLEARED);
    CHECK(RtGen_Close(gen) == Rt_None);
    Rt_DECREF(gen);
    gen = catching("ValueError", false);
    expect_send(gen, 0, RT_GEN_NEXT, 1);
    CHECK(RtGen_Close(gen) == Rt_None);
    Rt_DECREF(gen);
    gen = catching("GeneratorExit", true);
    expect_send(gen, 0, RT_GEN_NEXT, 1);
    EXPECT_ERROR(RtGen_Close(gen),
                 "RuntimeError: generator ignored GeneratorExit");
    CHECK(state(gen) == RT_GEN_SUSPENDED);
    Rt_DECREF(gen);             // suspended: closed again, and obeys
    CHECK(nended == 2);
    nended = 0;
}

static void
test_delegation(void)
{
    RtObject *inner = echo();
    RtObject *gen = delegating(inner);
    expect_send(gen, 0, RT_GEN_NEXT, 1);
    CHECK(state(gen) == RT_GEN_SUSPENDED_YIELD_FROM);
    expect_send(gen, 6, RT_GEN_NEXT, 6);
    CHECK(state(inner) == RT_GEN_SUSPENDED);
    expect_send(gen, 7, RT_GEN_RETURN, 7);
    CHECK(state(inner) == RT_GEN_CLEARED);
    Rt_DECREF(gen);
    Rt_DECREF(inner);
    // Thrown through, handled below; then the inner one ends the outer one.
    inner = catching("ValueError", true);
    gen = delegating(inner);
    expect_send(gen, 0, RT_GEN_NEXT, 1);
    EXPECT_INT(throw(gen, &RtExc_ValueError, RT_GEN_NEXT), 2);
    CHECK(state(gen) == RT_GEN_SUSPENDED_YIELD_FROM);
    EXPECT_ERROR(throw(gen, &RtExc_ValueError, RT_GEN_ERROR),
                 "ValueError: thrown");
    CHECK(state(gen) == RT_GEN_CLEARED && state(inner) == RT_GEN_CLEARED);
    Rt_DECREF(gen);
    Rt_DECREF(inner);
    // The inner one returns because of what was thrown.
    inner = catching("ValueError", false);
    gen = delegating(inner);
    expect_send(gen, 0, RT_GEN_NEXT, 1);
    EXPECT_INT(throw(gen, &RtExc_ValueError, RT_GEN_RETURN), 3);
    Rt_DECREF(gen);
    Rt_DECREF(inner);
    // Closing closes both.
    inner = catching("GeneratorExit", false);
    gen = delegating(inner);
    expect_send(gen, 0, RT_GEN_NEXT, 1);
    CHECK(RtGen_Close(gen) == Rt_None);
    CHECK(state(inner) == RT_GEN_CLEARED && nended == 3);
    Rt_DECREF(gen);
    Rt_DECREF(inner);
    nended = 0;
}

// An iterator that is no generator has no send() and no throw().
static void
test_delegation_to_iterator(void)
{
    RtObject *list = RtList_New(2);
    RtList_SetItemNew(list, 0, RtLong_FromInt64(1));
    RtList_SetItemNew(list, 1, RtLong_FromInt64(2));
    RtObject *gen = delegating(list);
    expect_send(gen, 0, RT_GEN_NEXT, 1);
    expect_send(gen, 0, RT_GEN_NEXT, 2);
    expect_send(gen, 0, RT_GEN_RETURN, 0);
    Rt_DECREF(gen);
    gen = delegating(list);
    expect_send(gen, 0, RT_GEN_NEXT, 1);
    EXPECT_ERROR(throw(gen, &RtExc_ValueError, RT_GEN_ERROR),
                 "ValueError: thrown");
    Rt_DECREF(gen);
    gen = delegating(list);
    expect_send(gen, 0, RT_GEN_NEXT, 1);
    RtObject *value = RtLong_FromInt64(5);
    RtObject *result;
    CHECK(RtGen_Send(gen, value, &result) == RT_GEN_ERROR);
    CHECK(RtErr_ExceptionMatches(&RtExc_AttributeError));
    RtErr_Clear();
    Rt_DECREF(value);
    Rt_DECREF(gen);
    Rt_DECREF(list);
}

// ---------------------------------------------------------------------------
// One runs it.

static RtObject *running;       // the generator under test, borrowed

static RtObject *
resume_running(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    CHECK(state(running) == RT_GEN_EXECUTING);
    RtObject *result;
    CHECK(RtGen_Send(running, Rt_None, &result) == RT_GEN_ERROR);
    return result;
}

// The caller runs the generator; another thread tries all that there is.
static void
try_from_thread(RtThreadState *tstate, int index, void *arg)
{
    (void)index;
    (void)arg;
    RtObject *gen = Rt_NewRef(running);
    EXPECT_ERROR(resume_running(NULL, NULL, 0),
                 "ValueError: generator already executing");
    EXPECT_ERROR(throw(gen, &RtExc_KeyError, RT_GEN_ERROR),
                 "ValueError: generator already executing");
    EXPECT_ERROR(RtGen_Close(gen),
                 "ValueError: generator already executing");
    // A collection leaves the running frame alone.
    CHECK(RtGC_Collect(tstate, 2) == 0);
    CHECK(state(gen) == RT_GEN_EXECUTING);
    Rt_DECREF(gen);
}

static RtObject *
try_elsewhere(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    AttachedThreads_RunAll(RtThreadState_Get(), 2, try_from_thread, NULL);
    return Rt_NewRef(Rt_None);
}

static RtMethodDef resume_def = { "resume", resume_running, 0, 0 };
static RtMethodDef try_def = { "try", try_elsewhere, 0, 0 };

static RtObject *
calling(RtMethodDef *def)
{
    Asm a;
    init_gen(&a, 0);
    call_c(&a, def);
    Asm_LoadInt(&a, 4);
    Asm_Emit(&a, RT_OP_YIELD_VALUE, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    return make(&a, NULL, NULL);
}

static void
test_executing(void)
{
    RtObject *result;
    running = calling(&resume_def);
    CHECK(RtGen_Send(running, Rt_None, &result) == RT_GEN_ERROR);
    EXPECT_ERROR(result, "ValueError: generator already executing");
    CHECK(state(running) == RT_GEN_CLEARED);
    Rt_DECREF(running);
    RtGC_Collect(RtThreadState_Get(), 2);       // of what is not counted
    running = calling(&try_def);
    expect_send(running, 0, RT_GEN_NEXT, 4);
    CHECK(state(running) == RT_GEN_SUSPENDED);
    Rt_DECREF(running);
}

// Threads share the iteration: each item comes once, whoever gets it.

enum { ITEMS = 600, SHARERS = 3 };

static int got[ITEMS];

static void
share(RtThreadState *tstate, int index, void *arg)
{
    (void)index;
    RtObject *gen = arg;
    for (;;) {
        RtObject *result;
        RtGenResult status = RtGen_Send(gen, Rt_None, &result);
        if (status == RT_GEN_NEXT) {
            rt_atomic_add_int(&got[RtLong_AsInt64(result)], 1);
            Rt_DECREF(result);
        }
        else if (status == RT_GEN_RETURN) {
            Rt_DECREF(result);
            return;
        }
        else {
            EXPECT_ERROR(result, "ValueError: generator already executing");
        }
        CHECK(RtEval_CheckBreaker(tstate) == 0);
    }
}

// def g(items):
//     for item in items: yield item
static RtObject *
yielding(RtObject *items)
{
    Asm a;
    init_gen(&a, 1);
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    Asm_Emit(&a, RT_OP_GET_ITER, 0);
    uint32_t head = Asm_Emit(&a, RT_OP_FOR_ITER, 0);
    Asm_Emit(&a, RT_OP_YIELD_VALUE, 0);
    Asm_Emit(&a, RT_OP_POP_TOP, 0);
    Asm_Emit(&a, RT_OP_JUMP_BACKWARD, head);
    Asm_Land(&a, head);
    Asm_LoadNone(&a);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    return make(&a, NULL, items);
}

static void
test_shared(void)
{
    RtObject *list = RtList_New(ITEMS);
    for (ssize_t i = 0; i < ITEMS; i++) {
        RtList_SetItemNew(list, i, RtLong_FromInt64(i));
    }
    RtObject *gen = yielding(list);
    AttachedThreads_RunAll(RtThreadState_Get(), SHARERS, share, gen);
    for (int i = 0; i < ITEMS; i++) {
        CHECK(got[i] == 1);
    }
    CHECK(state(gen) == RT_GEN_CLEARED);
    Rt_DECREF(gen);
    Rt_DECREF(list);
}

// ---------------------------------------------------------------------------
// What a suspended generator holds.

static void
test_dies_suspended(void)
{
    RtObject *gen = catching("GeneratorExit", false);
    expect_send(gen, 0, RT_GEN_NEXT, 1);
    Rt_DECREF(gen);
    CHECK(nended == 1);
    // As part of a cycle: the collector closes it.
    RtObject *list = RtList_New(0);
    RtObject *inner = catching("GeneratorExit", false);
    CHECK(RtList_Append(list, inner) == 0);
    Rt_DECREF(inner);
    gen = yielding(list);
    CHECK(RtList_Append(list, gen) == 0);
    RtObject *first = RtIter_Next(gen);
    CHECK(first == inner);
    expect_send(inner, 0, RT_GEN_NEXT, 1);
    Rt_DECREF(first);
    Rt_DECREF(gen);
    Rt_DECREF(list);
    CHECK(nended == 1);
    RtThreadState *tstate = RtThreadState_Get();
    CHECK(RtAudit_Heap(tstate->interp) == 0);
    // Closing ends the cycle: what is left for the collector is its affair.
    CHECK(RtGC_Collect(tstate, 2) >= 0);
    CHECK(nended == 2);
    CHECK(RtGC_Collect(tstate, 2) == 0);
    nended = 0;
}

// Only the suspended frame holds the function; it need not count it.
static void
test_keeps_uncounted(void)
{
    Asm a;
    Asm_Init(&a, "f", 0, 0);
    Asm_LoadInt(&a, 11);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    RtObject *code = Asm_Finish(&a);
    Asm m;
    Asm_Init(&m, "m", 0, 0);
    Asm_Function(&m, code, "f");
    Asm_LoadNone(&m);
    Asm_Emit(&m, RT_OP_RETURN_VALUE, 0);
    RtObject *globals;
    RtObject *none = Asm_Run(&m, &globals);
    CHECK(none == Rt_None);
    init_gen(&a, 0);
    Asm_Global(&a, "f");
    Asm_Emit(&a, RT_OP_DELETE_GLOBAL, Asm_Name(&a, "f"));
    Asm_LoadInt(&a, 1);
    Asm_Emit(&a, RT_OP_YIELD_VALUE, 0);
    Asm_Emit(&a, RT_OP_POP_TOP, 0);
    Asm_Emit(&a, RT_OP_CALL, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    RtObject *gen = make(&a, globals, NULL);
    RtThreadState *tstate = RtThreadState_Get();
    RtGC_Collect(tstate, 2);
    expect_send(gen, 0, RT_GEN_NEXT, 1);
    CHECK(RtAudit_Heap(tstate->interp) == 0);
    CHECK(RtGC_Collect(tstate, 2) == 0);
    CHECK(RtAudit_Heap(tstate->interp) == 0);
    expect_send(gen, 0, RT_GEN_RETURN, 11);
    Rt_DECREF(gen);
    Rt_DECREF(globals);
}

static void
test_attributes(void)
{
    RtObject *gen = echo();
    static const char *const flags[] = { "gi_running", "gi_suspended" };
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 2; i++) {
            RtObject *name = RtStr_FromString(flags[i]);
            RtObject *value = RtObject_GetAttr(gen, name);
            CHECK(value == (round == 1 && i == 1 ? Rt_True : Rt_False));
            Rt_DECREF(name);
        }
        if (round == 0) {
            expect_send(gen, 0, RT_GEN_NEXT, 1);
        }
    }
    Rt_DECREF(gen);
}

static void (*const tests[])(void) = {
    test_send, test_throw, test_close, test_delegation,
    test_delegation_to_iterator, test_executing, test_shared,
    test_dies_suspended, test_keeps_uncounted, test_attributes,
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

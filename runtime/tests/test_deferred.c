// test_deferred.c: deferred reference counting: who gets the mark, that frames
// keep what they do not count alive, that the heap counts, that the collector
// frees what nobody holds any more.

#include "asm.h"
#include "attached.h"

#include "rtcore_audit.h"
#include "rtcore_heap.h"

static bool
is_deferred(RtObject *op)
{
#ifdef RT_GIL_DISABLED
    return RtObject_HasDeferredRefcount(op);
#else
    (void)op;
    return false;
#endif
}

#ifdef RT_GIL_DISABLED
enum { DEFERS = 1 };
#else
enum { DEFERS = 0 };
#endif

static RtObject *
code_returning(int64_t value)
{
    Asm a;
    Asm_Init(&a, "f", 0, 0);
    Asm_LoadInt(&a, value);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    return Asm_Finish(&a);
}

// Functions of C for the programs below.

static ssize_t collected;

static RtObject *
collect(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    RtThreadState *tstate = RtThreadState_Get();
    CHECK(RtAudit_Heap(tstate->interp) == 0);
    collected = RtGC_Collect(tstate, 2);
    return Rt_NewRef(Rt_None);
}

static void
collect_on_thread(RtThreadState *tstate, int index, void *arg)
{
    (void)tstate;
    (void)index;
    (void)arg;
    Rt_DECREF(collect(NULL, NULL, 0));
}

// The caller's frames stand still, detached, while another thread collects.
static RtObject *
collect_elsewhere(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    AttachedThreads_RunAll(RtThreadState_Get(), 1, collect_on_thread, NULL);
    return Rt_NewRef(Rt_None);
}

static RtMethodDef collect_def = { "collect", collect, 0, 0 };
static RtMethodDef elsewhere_def = { "elsewhere", collect_elsewhere, 0, 0 };

static void
call_c(Asm *a, RtMethodDef *def)
{
    Asm_Emit(a, RT_OP_LOAD_CONST, Asm_Const(a, RtCFunction_New(def, NULL)));
    Asm_Emit(a, RT_OP_CALL, 0);
    Asm_Emit(a, RT_OP_POP_TOP, 0);
}

// ---------------------------------------------------------------------------

static RtObject *
new_class(void)
{
    RtObject *name = RtStr_FromString("C");
    RtObject *bases = RtTuple_New(0);
    RtObject *dict = RtDict_New();
    RtObject *type = RtType_New(name, bases, dict);
    CHECK(type != NULL);
    Rt_DECREF(dict);
    Rt_DECREF(bases);
    Rt_DECREF(name);
    return type;
}

static void
test_marks(void)
{
    RtObject *type = new_class();
    Asm inner;
    Asm_Init(&inner, "outer", 0, 0);
    Asm_Emit(&inner, RT_OP_MAKE_FUNCTION,
             Asm_Const(&inner, code_returning(1)));
    Asm_Emit(&inner, RT_OP_RETURN_VALUE, 0);
    Asm a;
    Asm_Init(&a, "m", 0, 0);
    Asm_Function(&a, Asm_Finish(&inner), "outer");
    Asm_Global(&a, "outer");
    Asm_Emit(&a, RT_OP_CALL, 0);
    Asm_StoreGlobal(&a, "nested");
    Asm_Global(&a, "outer");
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    RtObject *globals;
    RtObject *outer = Asm_Run(&a, &globals);
    CHECK(outer != NULL);
    CHECK(is_deferred(outer) == DEFERS);
    CHECK(is_deferred(((RtFunctionObject *)outer)->func_code) == DEFERS);
    // The global and this one; what frames held was given back.
    CHECK(Rt_REFCNT(outer) == 2);
    RtObject *name = RtStr_FromString("nested");
    RtObject *nested = RtObject_GetItem(globals, name);
    CHECK(nested != NULL);
    Rt_DECREF(name);
    CHECK(!is_deferred(nested));
    CHECK(Rt_REFCNT(nested) == 2);
    CHECK(is_deferred(type) == DEFERS);
    Rt_DECREF(type);
    Rt_DECREF(nested);
    Rt_DECREF(outer);
    Rt_DECREF(globals);
}

// The value stack alone holds the function while somebody collects.
static void
run_with_stack_alone(RtMethodDef *collector)
{
    Asm a;
    Asm_Init(&a, "m", 0, 0);
    Asm_Function(&a, code_returning(7), "f");
    Asm_Global(&a, "f");
    Asm_Emit(&a, RT_OP_DELETE_GLOBAL, Asm_Name(&a, "f"));
    call_c(&a, collector);
    Asm_Emit(&a, RT_OP_CALL, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    RtGC_Collect(RtThreadState_Get(), 2);
    EXPECT_INT(Asm_Run(&a, NULL), 7);
    CHECK(collected == 0);
}

static void
test_stack(void)
{
    run_with_stack_alone(&collect_def);
    run_with_stack_alone(&elsewhere_def);
}

// f deletes itself and its code's other holders, collects, and goes on.
static void
test_running_function(void)
{
    Asm f;
    Asm_Init(&f, "f", 0, 1);
    Asm_Emit(&f, RT_OP_DELETE_GLOBAL, Asm_Name(&f, "f"));
    call_c(&f, &elsewhere_def);
    Asm_LoadInt(&f, 5);
    Asm_Emit(&f, RT_OP_RETURN_VALUE, 0);
    Asm a;
    Asm_Init(&a, "m", 0, 0);
    Asm_Function(&a, Asm_Finish(&f), "f");
    Asm_Global(&a, "f");
    Asm_Emit(&a, RT_OP_CALL, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    RtGC_Collect(RtThreadState_Get(), 2);
    EXPECT_INT(Asm_Run(&a, NULL), 5);
    CHECK(collected == 0);
}

// A local holds it uncounted; the list and the local of the callee count or
// not, as they may, and all is well when they are gone.
static void
test_heap_counts(void)
{
    Asm a;
    Asm_Init(&a, "m", 0, 0);
    Asm_Function(&a, code_returning(3), "f");
    Asm_Global(&a, "f");
    Asm_Emit(&a, RT_OP_COPY, 0);
    Asm_Emit(&a, RT_OP_COPY, 0);
    Asm_Emit(&a, RT_OP_BUILD_LIST, 3);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    RtObject *globals;
    RtObject *list = Asm_Run(&a, &globals);
    CHECK(list != NULL);
    RtObject *f = RtList_GetItemRef(list, 0);
    CHECK(Rt_REFCNT(f) == 5);
    Rt_DECREF(globals);
    RtThreadState *tstate = RtThreadState_Get();
    CHECK(RtAudit_Heap(tstate->interp) == 0);
    RtGC_Collect(tstate, 2);
    EXPECT_INT(RtObject_CallNoArgs(f), 3);
    Rt_DECREF(list);
    Rt_DECREF(f);
}

// Counting alone does not free it, the collector does.
static void
test_only_collector(void)
{
    RtThreadState *tstate = RtThreadState_Get();
    RtGC_Collect(tstate, 2);
    RtObject *code = code_returning(1);
    RtObject *globals = RtDict_New();
    RtObject *name = RtStr_FromString("f");
    RtObject *f = RtFunction_New(code, globals, name);
    Rt_DECREF(name);
    Rt_DECREF(globals);
#ifdef RT_GIL_DISABLED
    RtObject_SetDeferredRefcount(f);
    CHECK(Rt_REFCNT(f) == 1);
    Rt_DECREF(f);
    Rt_DECREF(code);
    CHECK(Rt_REFCNT(f) == 0);
    EXPECT_INT(RtObject_CallNoArgs(f), 1);
    CHECK(RtAudit_Heap(tstate->interp) == 0);
    CHECK(RtGC_Collect(tstate, 2) >= 2);
    CHECK(RtGC_Collect(tstate, 2) == 0);
#else
    Rt_DECREF(f);
    Rt_DECREF(code);
    CHECK(RtGC_Collect(tstate, 2) == 0);
#endif
}

int
main(void)
{
    CHECK(RtRuntime_Initialize() == 0);
    ssize_t blocks = RtMem_LiveBlocks();
    RtThreadState *tstate = RtRuntime_Start();
    CHECK(tstate != NULL);
    test_marks();
    test_stack();
    test_running_function();
    test_heap_counts();
    test_only_collector();
    CHECK(RtErr_Occurred() == NULL);
    CHECK(RtRuntime_Finish(tstate) == 0);
    CHECK(RtMem_LiveBlocks() == blocks);
    return 0;
}

// test_gc_engine.c: a thread collects while another one does something to what
// is collected, under scripted schedules (scripted.h): finalizers run once,
// what they save lives, what frames hold uncounted lives, and all is gone in
// the end.

#include "attached.h"
#include "scripted.h"
#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_code.h"
#include "rtcore_gc.h"
#include "rtcore_object.h"
#include "rtcore_weakref.h"

#ifdef RT_WITH_HOOKS

static RtObject *type;          // its instances put themselves in `saved`
static RtObject *object;        // one reference, which an action may drop
static RtObject *saved;         // a list
static RtObject *ref;           // weak, to object
static RtObject *globals;       // of the code below
static RtObject *call_code;     // return f()
static int finalized;
static int callbacks;

// ---------------------------------------------------------------------------
// Preparations.

static RtObject *
save_self(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    (void)nargs;
    finalized++;
    CHECK(RtList_Append(saved, self) == 0);
    return Rt_NewRef(Rt_None);
}

static RtObject *
count_only(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    finalized++;
    return Rt_NewRef(Rt_None);
}

static RtObject *
count_callback(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    callbacks++;
    // One collection at a time.
    CHECK(RtGC_Collect(RtThreadState_Get(), 0) == 0);
    return Rt_NewRef(Rt_None);
}

static RtMethodDef save_def = { "__del__", save_self, 0, 0 };
static RtMethodDef count_def = { "__del__", count_only, 0, 0 };
static RtMethodDef callback_def = { "callback", count_callback, 2, 2 };

static RtObject *
make_class(RtMethodDef *del)
{
    RtObject *name = RtStr_FromString("C");
    RtObject *bases = RtTuple_New(0);
    RtObject *dict = RtDict_New();
    RtObject *key = RtStr_FromString("__del__");
    RtObject *method = RtMethodDescr_New(&RtBaseObject_Type, del);
    CHECK(RtDict_SetItem(dict, key, method) == 0);
    RtObject *made = RtType_New(name, bases, dict);
    CHECK(made != NULL);
    Rt_DECREF(method);
    Rt_DECREF(key);
    Rt_DECREF(name);
    Rt_DECREF(bases);
    Rt_DECREF(dict);
    return made;
}

static void
make_cyclic(RtObject *op)
{
    RtObject *name = RtStr_FromString("me");
    CHECK(RtObject_SetAttr(op, name, op) == 0);
    Rt_DECREF(name);
}

// Code without arguments that has one constant and uses the name f.
static RtObject *
make_code(const RtInstruction *instructions, uint32_t count, RtObject *constant)
{
    RtObject *name = RtStr_FromString("f");
    uint32_t lines[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
    RtCodeSpec spec = {
        .name = "code",
        .filename = "test",
        .instructions = instructions,
        .ninstructions = count,
        .lines = lines,
        .consts = RtTuple_FromArray(&constant, 1),
        .names = RtTuple_FromArray(&name, 1),
    };
    RtObject *code = RtCode_New(&spec);
    CHECK(code != NULL);
    Rt_DECREF(spec.consts);
    Rt_DECREF(spec.names);
    Rt_DECREF(name);
    Rt_DECREF(constant);
    return code;
}

// `f = lambda: 7` in globals; call_code calls it.
static void
make_function(void)
{
    const RtInstruction body[] = {
        RtInstruction_Make(RT_OP_LOAD_CONST, 0),
        RtInstruction_Make(RT_OP_RETURN_VALUE, 0),
    };
    const RtInstruction module[] = {
        RtInstruction_Make(RT_OP_MAKE_FUNCTION, 0),
        RtInstruction_Make(RT_OP_STORE_GLOBAL, 0),
        RtInstruction_Make(RT_OP_LOAD_GLOBAL, 0),
        RtInstruction_Make(RT_OP_CALL, 0),
        RtInstruction_Make(RT_OP_RETURN_VALUE, 0),
    };
    const RtInstruction call[] = {
        RtInstruction_Make(RT_OP_LOAD_GLOBAL, 0),
        RtInstruction_Make(RT_OP_CALL, 0),
        RtInstruction_Make(RT_OP_RETURN_VALUE, 0),
    };
    RtObject *inner = make_code(body, 2, RtLong_FromInt64(7));
    RtObject *code = make_code(module, 5, inner);
    call_code = make_code(call, 3, Rt_NewRef(Rt_None));
    RtObject *result = RtEval_EvalCode(code, globals);
    CHECK(result != NULL);
    Rt_DECREF(result);
    Rt_DECREF(code);
}

// ---------------------------------------------------------------------------
// Actions.

static void
collect(int index)
{
    (void)index;
    CHECK(RtGC_Collect(RtThreadState_Get(), 2) >= 0);
}

static void
collect_young(int index)
{
    (void)index;
    CHECK(RtGC_Collect(RtThreadState_Get(), 0) >= 0);
}

static void
drop_object(int index)
{
    (void)index;
    Rt_CLEAR(object);
}

// Uses what a finalizer has saved, and lets it go.
static void
take_saved(int index)
{
    (void)index;
    if (RtList_Size(saved) == 0) {
        return;
    }
    RtObject *op = RtList_GetItemRef(saved, 0);
    if (op == NULL) {
        RtErr_Clear();
        return;
    }
    RtObject *name = RtStr_FromString("me");
    RtObject *me = RtObject_GetAttr(op, name);
    CHECK(me == op);
    CHECK(RtObject_SetAttr(op, name, Rt_None) == 0);
    CHECK(RtList_SetItem(saved, 0, NULL) == 0);
    RtObject *weak = RtWeakref_NewRef(op, NULL);
    CHECK(weak != NULL);
    Rt_DECREF(weak);
    Rt_DECREF(name);
    Rt_DECREF(me);
    Rt_DECREF(op);
}

static void
ask(int index)
{
    (void)index;
    RtObject *op = RtWeakref_GetRef(ref);
    Rt_XDECREF(op);
}

static void
list_objects(int index)
{
    (void)index;
    RtObject *list = RtGC_GetObjects(-1);
    CHECK(list != NULL);
    Rt_DECREF(list);
}

static void
list_referrers(int index)
{
    (void)index;
    RtObject *list = RtGC_GetReferrers(&type, 1);
    CHECK(list != NULL);
    Rt_DECREF(list);
}

static void
watch(int index)
{
    (void)index;
    RtObject *list = RtGC_GetCallbacks(RtThreadState_Get()->interp);
    RtObject *f = RtCFunction_New(&callback_def, NULL);
    CHECK(list != NULL && f != NULL);
    CHECK(RtList_Append(list, f) == 0);
    Rt_DECREF(f);
    Rt_DECREF(list);
}

static void
call_function(int index)
{
    (void)index;
    RtObject *result = RtEval_EvalCode(call_code, globals);
    if (result == NULL) {
        CHECK(RtErr_ExceptionMatches(&RtExc_NameError));
        RtErr_Clear();
        return;
    }
    CHECK(RtLong_AsInt64(result) == 7);
    Rt_DECREF(result);
}

static void
delete_function(int index)
{
    RtObject *name = RtStr_FromString("f");
    CHECK(RtDict_DelItem(globals, name) == 0);
    Rt_DECREF(name);
    collect(index);
}

// ---------------------------------------------------------------------------
// A pair of actions.

typedef struct Pair {
    void (*actions[2])(int index);
    RtMethodDef *del;
    bool dropped;               // object is garbage at the start
    bool function;              // there is f
} Pair;

static const Pair *pair;

static void
act(int index)
{
    RtThreadState *tstate = attach_new();
    pair->actions[index](index);
    CHECK(RtEval_CheckBreaker(tstate) == 0);
    CHECK(RtErr_Occurred() == NULL);
    delete_attached(tstate);
}

static void
set_up(void)
{
    finalized = callbacks = 0;
    saved = RtList_New(0);
    globals = RtDict_New();
    call_code = NULL;
    type = make_class(pair->del);
    object = RtObject_CallNoArgs(type);
    make_cyclic(object);
    ref = RtWeakref_NewRef(object, NULL);
    if (pair->function) {
        make_function();
    }
    if (pair->dropped) {
        Rt_CLEAR(object);
    }
}

// The object is dropped, if it is not yet, finalized once, and gone at last.
static void
tear_down(RtThreadState *tstate)
{
    Rt_CLEAR(object);
    CHECK(RtEval_CheckBreaker(tstate) == 0);
    CHECK(RtGC_Collect(tstate, 2) >= 0);
    CHECK_EQUAL(finalized, 1);
    while (RtList_Size(saved) > 0) {
        CHECK(RtList_SetItem(saved, 0, NULL) == 0);
    }
    CHECK(RtGC_Collect(tstate, 2) >= 0);
    CHECK_EQUAL(finalized, 1);
    RtObject *op = RtWeakref_GetRef(ref);
    CHECK(op == NULL);
    Rt_CLEAR(ref);
    Rt_CLEAR(type);
    Rt_CLEAR(saved);
    Rt_CLEAR(globals);
    Rt_CLEAR(call_code);
}

static void
pair_body(void *arg)
{
    (void)arg;
    RtThreadState *tstate = RtRuntime_Start();
    CHECK(tstate != NULL);
    set_up();
    (void)RtEval_SaveThread();
    run_team(2, act);
    RtEval_RestoreThread(tstate);
    tear_down(tstate);
    CHECK(RtRuntime_Finish(tstate) == 0);
}

static const Pair pairs[] = {
    { .actions = { collect, collect }, .del = &count_def, .dropped = true },
    { .actions = { collect, collect }, .del = &save_def, .dropped = true },
    { .actions = { collect_young, collect }, .del = &save_def,
      .dropped = true },
    { .actions = { collect, drop_object }, .del = &count_def },
    { .actions = { drop_object, collect }, .del = &save_def },
    // What the finalizer saves is taken, used and dropped by the other.
    { .actions = { collect, take_saved }, .del = &save_def, .dropped = true },
    { .actions = { take_saved, collect }, .del = &save_def, .dropped = true },
    { .actions = { collect, ask }, .del = &save_def, .dropped = true },
    { .actions = { ask, collect }, .del = &save_def, .dropped = true },
    { .actions = { collect, list_objects }, .del = &save_def,
      .dropped = true },
    { .actions = { collect, list_referrers }, .del = &save_def,
      .dropped = true },
    { .actions = { list_referrers, collect }, .del = &count_def },
    { .actions = { collect, watch }, .del = &count_def, .dropped = true },
    { .actions = { watch, watch }, .del = &count_def },
    // A frame holds a function that nobody else holds.
    { .actions = { call_function, delete_function }, .del = &count_def,
      .function = true },
    { .actions = { delete_function, call_function }, .del = &count_def,
      .function = true },
};

int
main(void)
{
    char why[200];
    CHECK(FzEngine_Init(why, sizeof(why)));
    CHECK(RtRuntime_Initialize() == 0);
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        pair = &pairs[i];
        sweep_preemptions(1, pair_body, NULL);
    }
    FzRun_Free(&run);
    return 0;
}

#else

int
main(void)
{
    char why[200] = "";
    CHECK(!FzEngine_Init(why, sizeof(why)));
    return 0;
}

#endif

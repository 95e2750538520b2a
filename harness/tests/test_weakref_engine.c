// test_weakref_engine.c: two threads at one object and its weak references,
// under scripted schedules (scripted.h). The oracles and the audit watch; each
// pair of actions says what may come of it.

#include "attached.h"
#include "scripted.h"
#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_gc.h"
#include "rtcore_object.h"
#include "rtcore_weakref.h"

#ifdef RT_WITH_HOOKS

// ---------------------------------------------------------------------------
// What is shared.

static RtObject *type;
static RtObject *object;        // one reference, which an action may drop
static RtObject *ref;           // to it, with or without a callback
static RtObject *made[2];       // references that actions made
static RtObject *got;
static int calls;

static RtObject *
count_call(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)nargs;
    calls++;
    RtObject *op = RtWeakref_GetRef(args[0]);
    CHECK(op == NULL);
    return Rt_NewRef(Rt_None);
}

static RtMethodDef count_def = { "count", count_call, 1, 1 };

static RtObject *
make_class(void)
{
    RtObject *name = RtStr_FromString("C");
    RtObject *bases = RtTuple_New(0);
    RtObject *dict = RtDict_New();
    RtObject *made_type = RtType_New(name, bases, dict);
    CHECK(made_type != NULL);
    Rt_DECREF(name);
    Rt_DECREF(bases);
    Rt_DECREF(dict);
    return made_type;
}

static void
make_cyclic(RtObject *op)
{
    RtObject *name = RtStr_FromString("me");
    CHECK(RtObject_SetAttr(op, name, op) == 0);
    Rt_DECREF(name);
}

// ---------------------------------------------------------------------------
// Actions.

static void
ask(int index)
{
    (void)index;
    got = RtWeakref_GetRef(ref);
    if (got != NULL) {
        CHECK(Rt_TYPE(got) == (RtTypeObject *)type);
    }
    Rt_CLEAR(got);
}

static void
drop_object(int index)
{
    (void)index;
    RtObject *op = object;
    object = NULL;
    Rt_DECREF(op);
}

static void
drop_ref(int index)
{
    (void)index;
    RtObject *op = ref;
    ref = NULL;
    Rt_DECREF(op);
}

static void
make_ref(int index)
{
    made[index] = RtWeakref_NewRef(object, NULL);
    CHECK(made[index] != NULL);
}

static void
make_from_ref(int index)
{
    RtObject *op = RtWeakref_GetRef(ref);
    if (op != NULL) {
        made[index] = RtWeakref_NewRef(op, NULL);
        CHECK(made[index] != NULL);
        Rt_DECREF(op);
    }
}

static void
collect(int index)
{
    (void)index;
    CHECK(RtGC_Collect(RtThreadState_Get(), 2) >= 0);
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
freeze(int index)
{
    (void)index;
    RtGC_Freeze(RtThreadState_Get()->interp);
}

// ---------------------------------------------------------------------------
// A pair of actions.

typedef struct Pair {
    void (*actions[2])(int index);
    bool callback;              // ref has one
    bool cyclic;                // object is garbage as soon as it is dropped
    bool dropped;               // at the start
    bool own_ref;               // there is `ref` at the start
    bool same_refs;             // both actions made one and the same reference
    int calls;                  // of the callback, in the end; -1: any
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
    calls = 0;
    made[0] = made[1] = got = ref = NULL;
    type = make_class();
    object = RtObject_CallNoArgs(type);
    if (pair->cyclic) {
        make_cyclic(object);
    }
    if (pair->own_ref) {
        RtObject *f =
            pair->callback ? RtCFunction_New(&count_def, NULL) : NULL;
        ref = RtWeakref_NewRef(object, f);
        Rt_XDECREF(f);
    }
    if (pair->dropped) {
        Rt_CLEAR(object);
    }
}

static void
tear_down(RtThreadState *tstate)
{
    CHECK(RtEval_CheckBreaker(tstate) == 0);
    if (pair->same_refs) {
        CHECK(made[0] == made[1]);
        CHECK(RtWeakref_Count(object) == 1);
    }
    Rt_CLEAR(made[0]);
    Rt_CLEAR(made[1]);
    Rt_CLEAR(object);
    RtGC_Unfreeze(tstate->interp);
    CHECK(RtGC_Collect(tstate, 2) >= 0);
    if (pair->calls >= 0) {
        CHECK_EQUAL(calls, pair->calls);
    }
    Rt_CLEAR(ref);
    Rt_CLEAR(type);
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

static void
sweep(const Pair *p)
{
    pair = p;
    sweep_preemptions(1, pair_body, NULL);
}

int
main(void)
{
    static const Pair pairs[] = {
        // Deref against the last decref, both ways round.
        { .actions = { ask, drop_object }, .own_ref = true },
        { .actions = { drop_object, ask }, .own_ref = true,
          .callback = true, .calls = 1 },
        // Two threads make the reference that all share.
        { .actions = { make_ref, make_ref }, .same_refs = true },
        // The shared one dies while another thread asks for it.
        { .actions = { drop_ref, make_ref }, .own_ref = true },
        { .actions = { make_ref, drop_ref }, .own_ref = true },
        // The object dies while its reference does: no callback, or one.
        { .actions = { drop_ref, drop_object }, .own_ref = true,
          .callback = true, .calls = -1 },
        { .actions = { drop_object, drop_ref }, .own_ref = true,
          .callback = true, .calls = -1 },
        // The object dies while another is made from the first.
        { .actions = { make_from_ref, drop_object }, .own_ref = true,
          .callback = true, .calls = 1 },
        { .actions = { drop_object, make_from_ref }, .own_ref = true },
        // The collector finds the object while another thread asks.
        { .actions = { collect, ask }, .own_ref = true, .cyclic = true,
          .dropped = true, .callback = true, .calls = 1 },
        { .actions = { ask, collect }, .own_ref = true, .cyclic = true,
          .dropped = true, .callback = true, .calls = 1 },
        { .actions = { collect, make_from_ref }, .own_ref = true,
          .cyclic = true, .dropped = true, .callback = true, .calls = 1 },
        // The reference dies while the collector clears it.
        { .actions = { collect, drop_ref }, .own_ref = true, .cyclic = true,
          .dropped = true, .callback = true, .calls = -1 },
        { .actions = { collect, collect }, .own_ref = true, .cyclic = true,
          .dropped = true, .callback = true, .calls = 1 },
        // Lists and freezing while another thread collects.
        { .actions = { collect, list_objects }, .own_ref = true,
          .cyclic = true, .dropped = true, .callback = true, .calls = 1 },
        { .actions = { list_objects, collect }, .own_ref = true,
          .cyclic = true, .dropped = true, .callback = true, .calls = 1 },
        { .actions = { collect, freeze }, .own_ref = true, .cyclic = true,
          .dropped = true, .callback = true, .calls = 1 },
        { .actions = { freeze, drop_object }, .own_ref = true,
          .callback = true, .calls = 1 },
        { .actions = { list_objects, drop_object }, .own_ref = true,
          .callback = true, .calls = 1 },
    };
    char why[200];
    CHECK(FzEngine_Init(why, sizeof(why)));
    CHECK(RtRuntime_Initialize() == 0);
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        sweep(&pairs[i]);
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

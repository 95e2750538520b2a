// test_heap_engine.c: the heaps of a thread when it ends, and walks of all
// heaps, under scripted schedules (scripted.h): objects of an ended thread are
// found, freed by others, and their memory is used by the thread that takes the
// heaps over; a walk shows each live object once, whatever another thread was
// doing to its heaps when the world stopped.

#include "attached.h"
#include "scripted.h"
#include "rt_types.h"
#include "rtcore_gc.h"
#include "rtcore_heap.h"
#include "rtcore_object.h"
#include "rtcore_state.h"

#if defined(RT_WITH_HOOKS) && defined(RT_GIL_DISABLED)

enum { COUNT = 6 };

static RtObject *shared;        // a list of lists

// ---------------------------------------------------------------------------
// Actions.

static void
make_objects(int index)
{
    (void)index;
    for (int i = 0; i < COUNT; i++) {
        RtObject *op = RtList_New(0);
        CHECK(op != NULL);
        CHECK(RtList_Append(shared, op) == 0);
        Rt_DECREF(op);
    }
}

static void
make_and_free(int index)
{
    (void)index;
    for (int i = 0; i < COUNT; i++) {
        Rt_DECREF(RtTuple_New(1));
        Rt_DECREF(RtList_New(0));
    }
}

static void
drop_objects(int index)
{
    (void)index;
    while (RtList_Size(shared) > 0) {
        CHECK(RtList_SetItem(shared, 0, NULL) == 0);
    }
}

static void
collect(int index)
{
    (void)index;
    CHECK(RtGC_Collect(RtThreadState_Get(), 2) >= 0);
}

static bool
count_visitor(RtObject *op, void *arg)
{
    CHECK(RtObject_IsGc(op));
    CHECK(RtObject_Block(op)->magic == RT_BLOCK_MAGIC);
    ++*(int *)arg;
    return true;
}

static void
walk(int index)
{
    (void)index;
    RtInterpreterState *interp = RtThreadState_Get()->interp;
    for (int i = 0; i < 3; i++) {
        int first = 0;
        int second = 0;
        RtEval_StopTheWorld(interp);
        RtGC_VisitTracked(interp, count_visitor, &first);
        RtGC_VisitTracked(interp, count_visitor, &second);
        RtEval_StartTheWorld(interp);
        CHECK_EQUAL(first, second);
        CHECK(first >= 1);      // `shared`
    }
}

// ---------------------------------------------------------------------------

typedef struct Pair {
    void (*actions[2])(int index);
} Pair;

static const Pair *pair;

static void
act(int index)
{
    RtThreadState *tstate = attach_new();
    pair->actions[index](index);
    delete_attached(tstate);
}

// The state of a third thread, after the two: it takes over heaps of theirs.
static void
take_over(int index)
{
    (void)index;
    RtThreadState *tstate = attach_new();
    ssize_t before = RtList_Size(shared);
    make_objects(0);
    CHECK(RtList_Size(shared) == before + COUNT);
    walk(0);
    drop_objects(0);
    delete_attached(tstate);
}

static void
body(void *arg)
{
    (void)arg;
    RtThreadState *tstate = RtRuntime_Start();
    CHECK(tstate != NULL);
    shared = RtList_New(0);
    (void)RtEval_SaveThread();
    run_team(2, act);
    run_team(1, take_over);
    RtEval_RestoreThread(tstate);
    CHECK(RtList_Size(shared) == 0);
    CHECK(RtEval_CheckBreaker(tstate) == 0);
    CHECK(RtGC_Collect(tstate, 2) >= 0);
    int left = 0;
    RtGC_VisitTracked(tstate->interp, count_visitor, &left);
    CHECK_EQUAL(left, 1);
    Rt_CLEAR(shared);
    CHECK(RtRuntime_Finish(tstate) == 0);
}

static const Pair pairs[] = {
    { { make_objects, walk } },
    { { walk, make_objects } },
    { { make_and_free, walk } },
    { { walk, make_and_free } },
    { { make_objects, drop_objects } },
    { { drop_objects, make_objects } },
    { { make_objects, make_objects } },
    { { make_and_free, collect } },
    { { collect, make_objects } },
};

int
main(void)
{
    char why[200];
    CHECK(FzEngine_Init(why, sizeof(why)));
    CHECK(RtRuntime_Initialize() == 0);
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        pair = &pairs[i];
        sweep_preemptions(1, body, NULL);
    }
    FzRun_Free(&run);
    return 0;
}

#else

// The lists of the GIL build need no walk of the heaps.
int
main(void)
{
    CHECK(RtRuntime_Initialize() == 0);
    RtThreadState *tstate = RtRuntime_Start();
    CHECK(tstate != NULL);
    RtObject *op = RtList_New(0);
    CHECK(op != NULL);
    CHECK(RtGC_Collect(tstate, 2) == 0);
    Rt_DECREF(op);
    CHECK(RtRuntime_Finish(tstate) == 0);
    return 0;
}

#endif

// test_gc.c: cycles, finalizers, resurrection, automatic collections, threads
// that work while others collect, no memory for the collector.

#include "attached.h"
#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_audit.h"
#include "rtcore_heap.h"
#include "rtcore_object.h"

static RtObject *kept;
static int finalized;           // atomic

static RtObject *
count_finalized(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    (void)rt_atomic_add_int(&finalized, 1);
    return Rt_NewRef(Rt_None);
}

static RtObject *
keep_self(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    kept = Rt_NewRef(self);
    return count_finalized(self, args, nargs);
}

static RtMethodDef count_def = { "__del__", count_finalized, 0, 0 };
static RtMethodDef keep_def = { "__del__", keep_self, 0, 0 };

static RtObject *
class_with_del(RtMethodDef *def)
{
    RtObject *dict = RtDict_New();
    RtObject *name = RtStr_FromString("__del__");
    RtObject *method = RtMethodDescr_New(&RtBaseObject_Type, def);
    RtObject *bases = RtTuple_New(0);
    CHECK(RtDict_SetItem(dict, name, method) == 0);
    RtObject *type = RtType_New(name, bases, dict);
    CHECK(type != NULL);
    Rt_DECREF(bases);
    Rt_DECREF(method);
    Rt_DECREF(name);
    Rt_DECREF(dict);
    return type;
}

// A list that contains itself and `content`.
static RtObject *
make_cycle(RtObject *content)
{
    RtObject *list = RtList_New(0);
    CHECK(list != NULL);
    CHECK(RtList_Append(list, list) == 0);
    CHECK(RtList_Append(list, content) == 0);
    return list;
}

// An instance that refers to itself.
static RtObject *
make_instance(RtObject *type)
{
    RtObject *op = RtObject_CallNoArgs(type);
    RtObject *name = RtStr_FromString("me");
    CHECK(op != NULL);
    CHECK(RtObject_SetAttr(op, name, op) == 0);
    Rt_DECREF(name);
    return op;
}

static void
test_cycles(RtThreadState *tstate)
{
    RtObject *reachable = RtList_New(0);
    RtObject *a = make_cycle(reachable);
    RtObject *b = make_cycle(a);
    CHECK(RtGC_Collect(tstate, 2) == 0);
    Rt_DECREF(a);
    CHECK(RtGC_Collect(tstate, 2) == 0);
    CHECK(RtAudit_Heap(tstate->interp) == 0);
    Rt_DECREF(b);
    CHECK(RtGC_Collect(tstate, 2) == 2);
    CHECK(Rt_REFCNT(reachable) == 1);
    Rt_DECREF(reachable);
}

static void
test_finalizers(RtThreadState *tstate)
{
    RtObject *type = class_with_del(&count_def);
    finalized = 0;
    RtObject *op = make_instance(type);
    Rt_DECREF(op);
    CHECK(RtGC_Collect(tstate, 2) == 1);
    CHECK(finalized == 1);
    Rt_DECREF(type);
    // The class itself: its MRO, bases, dict.
    CHECK(RtGC_Collect(tstate, 2) > 0);
    CHECK(RtGC_Collect(tstate, 2) == 0);
}

static void
test_resurrection(RtThreadState *tstate)
{
    RtObject *type = class_with_del(&keep_def);
    finalized = 0;
    RtObject *op = make_instance(type);
    RtObject *bystander = make_cycle(op);
    Rt_DECREF(op);
    Rt_DECREF(bystander);
    // The list that leads to the instance is garbage still.
    CHECK(RtGC_Collect(tstate, 2) == 1);
    CHECK(finalized == 1);
    CHECK(kept == op);
    CHECK(RtGC_IsTracked(kept));
    CHECK(RtAudit_Heap(tstate->interp) == 0);
    CHECK(RtGC_Collect(tstate, 2) == 0);
    Rt_CLEAR(kept);
    CHECK(RtGC_Collect(tstate, 2) == 1);
    CHECK(finalized == 1);
    CHECK(kept == NULL);
    Rt_DECREF(type);
}

static void
test_automatic(RtThreadState *tstate)
{
    int64_t collections = tstate->interp->gc.collections;
    for (int i = 0; i < 10000; i++) {
        Rt_DECREF(make_cycle(Rt_None));
        CHECK(RtEval_CheckBreaker(tstate) == 0);
    }
    CHECK(tstate->interp->gc.collections > collections);
    collections = tstate->interp->gc.collections;
    tstate->interp->gc.enabled = 0;
    for (int i = 0; i < 10000; i++) {
        Rt_DECREF(make_cycle(Rt_None));
        CHECK(RtEval_CheckBreaker(tstate) == 0);
    }
    CHECK(tstate->interp->gc.collections == collections);
    tstate->interp->gc.enabled = 1;
    CHECK(RtGC_Collect(tstate, 2) >= 10000);
}

static void
test_no_memory(RtThreadState *tstate)
{
#ifdef RT_GIL_DISABLED
    enum { COUNT = 500 };       // more than the table on the stack has rows
    RtObject *lists[COUNT];
    for (int i = 0; i < COUNT; i++) {
        lists[i] = make_cycle(Rt_None);
    }
    RtMem_FailAllocation(1);
    CHECK(RtGC_Collect(tstate, 2) == -1);
    RtMem_FailAllocation(0);
    CHECK(RtErr_ExceptionMatches(&RtExc_MemoryError));
    RtErr_Clear();
    CHECK(RtAudit_Heap(tstate->interp) == 0);
    for (int i = 0; i < COUNT; i++) {
        Rt_DECREF(lists[i]);
    }
    CHECK(RtGC_Collect(tstate, 2) == COUNT);
#else
    (void)tstate;
#endif
}

enum { THREADS = 4, ROUNDS = 150 };

static void
make_garbage(RtThreadState *tstate, int index, void *arg)
{
    RtObject *type = arg;
    for (int i = 0; i < ROUNDS; i++) {
        RtObject *op = make_instance(type);
        RtObject *list = make_cycle(op);
        Rt_DECREF(op);
        Rt_DECREF(list);
        if ((i + index) % 16 == 0) {
            CHECK(RtGC_Collect(tstate, 2) >= 0);
        }
        CHECK(RtEval_CheckBreaker(tstate) == 0);
    }
}

static void
test_threads(RtThreadState *tstate)
{
    RtObject *type = class_with_del(&count_def);
    finalized = 0;
    AttachedThreads_RunAll(tstate, THREADS, make_garbage, type);
    CHECK(RtGC_Collect(tstate, 2) >= 0);
    CHECK(RtEval_CheckBreaker(tstate) == 0);
    CHECK(RtGC_Collect(tstate, 2) >= 0);
    CHECK(finalized == THREADS * ROUNDS);
    Rt_DECREF(type);
}

int
main(void)
{
    CHECK(RtRuntime_Initialize() == 0);
    ssize_t before = RtMem_LiveBlocks();
    RtThreadState *tstate = RtRuntime_Start();
    CHECK(tstate != NULL);
    test_cycles(tstate);
    test_finalizers(tstate);
    test_resurrection(tstate);
    test_automatic(tstate);
    test_no_memory(tstate);
    test_threads(tstate);
    CHECK(RtAudit_Heap(tstate->interp) == 0);
    CHECK(RtRuntime_Finish(tstate) == 0);
    CHECK(RtMem_LiveBlocks() == before);
    return 0;
}

// test_refcount.c: counts of one thread, immortality, references from slots,
// destruction of deep structures, finalizers and resurrection.

#include "attached.h"
#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_audit.h"
#include "rtcore_heap.h"
#include "rtcore_object.h"

static RtObject *kept;          // what the finalizer resurrects
static int finalized;

static RtObject *
keep_self(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    (void)nargs;
    finalized++;
    kept = Rt_NewRef(self);
    return Rt_NewRef(Rt_None);
}

static RtObject *
fail(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    finalized++;
    RtErr_SetString(&RtExc_ValueError, "from a finalizer");
    return NULL;
}

static RtMethodDef keep_def = { "__del__", keep_self, 0, 0 };
static RtMethodDef fail_def = { "__del__", fail, 0, 0 };

// A class whose __del__ is the given function in C.
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

static void
test_counts(void)
{
    RtObject *op = RtList_New(0);
    CHECK(Rt_REFCNT(op) == 1);
    Rt_IncRef(op);
    CHECK(Rt_REFCNT(op) == 2);
    RtObject *outer = RtList_New(0);
    CHECK(RtList_Append(outer, op) == 0);
    CHECK(Rt_REFCNT(op) == 3);
    Rt_DecRef(op);
    Rt_DecRef(op);
    CHECK(Rt_REFCNT(op) == 1);
    Rt_DecRef(outer);
    Rt_DecRef(NULL);
}

static void
test_immortal(void)
{
    ssize_t before = Rt_REFCNT(Rt_None);
    CHECK(Rt_IsImmortal(Rt_None));
    Rt_INCREF(Rt_None);
    CHECK(Rt_REFCNT(Rt_None) == before);
    for (int i = 0; i < 10; i++) {
        Rt_DECREF(Rt_None);
    }
    CHECK(Rt_REFCNT(Rt_None) == before);
    CHECK(Rt_IsImmortal((RtObject *)&RtList_Type));
}

// Far deeper than any stack.
static void
test_trashcan(void)
{
    RtObject *inner = RtList_New(0);
    for (int i = 0; i < 200000; i++) {
        RtObject *outer = RtList_New(1);
        RtList_SetItemNew(outer, 0, inner);
        inner = outer;
    }
    Rt_DECREF(inner);
}

static void
test_finalizer(void)
{
    RtObject *type = class_with_del(&keep_def);
    RtObject *op = RtObject_CallNoArgs(type);
    finalized = 0;
    Rt_DECREF(op);
    CHECK(finalized == 1);
    CHECK(kept == op);
    CHECK(Rt_REFCNT(kept) == 1);
    CHECK(RtGC_IsTracked(kept));
    CHECK(RtAudit_Heap(RtThreadState_Get()->interp) == 0);
    Rt_CLEAR(kept);             // not finalized again
    CHECK(finalized == 1);
    Rt_DECREF(type);

    type = class_with_del(&fail_def);
    op = RtObject_CallNoArgs(type);
    RtErr_SetString(&RtExc_KeyError, "raised before");
    Rt_DECREF(op);
    CHECK(finalized == 2);
    CHECK(RtErr_ExceptionMatches(&RtExc_KeyError));
    RtErr_Clear();
    Rt_DECREF(type);
}

static void
test_object_stack(void)
{
    enum { COUNT = 600 };
    RtObjectStack a = { NULL };
    RtObjectStack b = { NULL };
    CHECK(RtObjectStack_Pop(&a) == NULL);
    for (uintptr_t i = 1; i <= COUNT; i++) {
        CHECK(RtObjectStack_Push(i % 2 ? &a : &b, (RtObject *)i) == 0);
    }
    RtObjectStack_Merge(&a, &b);
    CHECK(RtObjectStack_IsEmpty(&b));
    uintptr_t sum = 0;
    for (int i = 0; i < COUNT; i++) {
        RtObject *op = RtObjectStack_Pop(&a);
        CHECK(op != NULL);
        sum += (uintptr_t)op;
    }
    CHECK(sum == (uintptr_t)COUNT * (COUNT + 1) / 2);
    CHECK(RtObjectStack_IsEmpty(&a));
}

#ifdef RT_GIL_DISABLED

static void
read_slot(RtThreadState *tstate, int index, void *arg)
{
    (void)tstate;
    (void)index;
    RtObject **slot = arg;
    // Owned by another thread and never shared: could be dying.
    CHECK(RtObject_TryXGetRef(slot) == NULL);
    CHECK(RtObject_NewRefWithLock(*slot) == *slot);
    CHECK((*slot)->ob_ref_shared ==
          (1 << RT_REF_SHARED_SHIFT | RT_REF_MAYBE_WEAKREF));
    CHECK(RtObject_TryXGetRef(slot) == *slot);
    CHECK(RtObject_XGetRef(slot) == *slot);
    Rt_DECREF(*slot);
    Rt_DECREF(*slot);
    CHECK((*slot)->ob_ref_shared ==
          (1 << RT_REF_SHARED_SHIFT | RT_REF_MAYBE_WEAKREF));
}

static void
test_slots(RtThreadState *tstate)
{
    RtObject *op = RtList_New(0);
    RtObject *slot = op;
    CHECK(RtObject_TryXGetRef(&slot) == op);
    Rt_DECREF(op);
    AttachedThreads_RunAll(tstate, 1, read_slot, &slot);
    CHECK(Rt_REFCNT(op) == 2);
    RtObject *other = Rt_None;
    CHECK(!RtObject_TryIncRefShared(other));
    // Merging makes the thread's reference and the other's one count.
    CHECK(RtObject_ExplicitMergeRefcount(op, 0) == 2);
    CHECK(op->ob_tid == 0);
    CHECK(op->ob_ref_local == 0);
    CHECK(op->ob_ref_shared == (2 << RT_REF_SHARED_SHIFT | RT_REF_MERGED));
    CHECK(!RtObject_TryIncrefCompare(&other, op));
    CHECK(Rt_REFCNT(op) == 2);
    Rt_DECREF(op);
    Rt_DECREF(op);

    op = RtList_New(0);
    RtObject_SetMaybeWeakref(op);
    CHECK(op->ob_ref_shared == RT_REF_MAYBE_WEAKREF);
    Rt_DECREF(op);              // merges, then dies
}

#else

static void
test_slots(RtThreadState *tstate)
{
    (void)tstate;
}

#endif

int
main(void)
{
    CHECK(RtRuntime_Initialize() == 0);
    ssize_t before = RtMem_LiveBlocks();
    RtThreadState *tstate = RtRuntime_Start();
    CHECK(tstate != NULL);
    test_counts();
    test_immortal();
    test_trashcan();
    test_finalizer();
    test_object_stack();
    test_slots(tstate);
    CHECK(RtAudit_Heap(tstate->interp) == 0);
    CHECK(RtRuntime_Finish(tstate) == 0);
    CHECK(RtMem_LiveBlocks() == before);
    return 0;
}

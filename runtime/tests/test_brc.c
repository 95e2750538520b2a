// test_brc.c: merge queues: an owner merges what others have queued, owners
// that have ended, no memory for the queue, and all of it at once.

#include "attached.h"
#include "rt_types.h"
#include "rtcore_audit.h"
#include "rtcore_heap.h"
#include "rtcore_object.h"

#ifdef RT_GIL_DISABLED

static uintptr_t
breaker_bits(RtThreadState *tstate)
{
    return rt_atomic_load_uintptr_relaxed(&tstate->eval_breaker);
}

static void
drop(RtThreadState *tstate, int index, void *arg)
{
    (void)tstate;
    (void)index;
    Rt_DECREF(arg);
}

// What each list made below contains: its count tells how many are alive.
static RtObject *member;

static RtObject *
make_witness(void)
{
    RtObject *list = RtList_New(1);
    CHECK(list != NULL);
    RtList_SetItemNew(list, 0, RtObject_NewRefWithLock(member));
    return list;
}

static void
test_queue(RtThreadState *tstate)
{
    RtObject *op = make_witness();
    Rt_INCREF(op);
    AttachedThreads_RunAll(tstate, 1, drop, op);
    CHECK((breaker_bits(tstate) & RT_EVAL_EXPLICIT_MERGE_BIT) != 0);
    CHECK(op->ob_ref_shared == RT_REF_QUEUED);
    CHECK(op->ob_tid == RtThread_Id());
    CHECK(Rt_REFCNT(op) == 2);
    CHECK(RtAudit_Heap(tstate->interp) == 0);
    CHECK(RtEval_CheckBreaker(tstate) == 0);
    CHECK(op->ob_tid == 0);
    CHECK(Rt_REFCNT(op) == 1);
    Rt_DECREF(op);
    CHECK(Rt_REFCNT(member) == 1);
}

// The thread drops the reference that was the last: the owner destroys.
static void
test_owner_destroys(RtThreadState *tstate)
{
    RtObject *op = make_witness();
    AttachedThreads_RunAll(tstate, 1, drop, op);
    CHECK(Rt_REFCNT(member) == 2);
    CHECK(RtEval_CheckBreaker(tstate) == 0);
    CHECK(Rt_REFCNT(member) == 1);
}

static void
make_list(RtThreadState *tstate, int index, void *arg)
{
    (void)tstate;
    ((RtObject **)arg)[index] = make_witness();
}

static void
test_orphan(RtThreadState *tstate)
{
    RtObject *made[1];
    AttachedThreads_RunAll(tstate, 1, make_list, made);
    CHECK(made[0]->ob_tid != 0);
    Rt_INCREF(made[0]);
    Rt_DECREF(made[0]);
    CHECK(Rt_REFCNT(member) == 2);
    Rt_DECREF(made[0]);         // merged here: nobody else can
    CHECK(Rt_REFCNT(member) == 1);
}

static void
drop_without_memory(RtThreadState *tstate, int index, void *arg)
{
    (void)tstate;
    (void)index;
    RtMem_FailAllocation(1);
    Rt_DECREF(arg);
    RtMem_FailAllocation(0);
}

static void
test_no_memory(RtThreadState *tstate)
{
    RtObject *op = RtList_New(0);
    Rt_INCREF(op);
    AttachedThreads_RunAll(tstate, 1, drop_without_memory, op);
    CHECK(op->ob_tid == 0);
    CHECK(Rt_REFCNT(op) == 1);
    Rt_DECREF(op);
}

static void
test_merge_all(RtThreadState *tstate)
{
    // One object of a type that the collector does not see, one that it does.
    RtObject *text = RtStr_FromString("a text");
    RtObject *list = RtList_New(0);
    AttachedThreads_RunAll(tstate, 1, drop, text);
    AttachedThreads_RunAll(tstate, 1, drop, list);
    RtObjectStack zeroed = { NULL };
    RtEval_StopTheWorld(tstate->interp);
    RtBrc_MergeAllQueued(tstate->interp, &zeroed);
    RtEval_StartTheWorld(tstate->interp);
    CHECK(RtObjectStack_IsEmpty(&tstate->brc.objects_to_merge));
    CHECK(RtObjectStack_Pop(&zeroed) == text);
    CHECK(RtObjectStack_IsEmpty(&zeroed));
    Rt_DECREF(text);
    CHECK(Rt_REFCNT(list) == 0);
    CHECK(RtGC_Collect(tstate, 2) == 1);
    CHECK(RtEval_CheckBreaker(tstate) == 0);
}

enum { THREADS = 4, ROUNDS = 300, SHARED = 16 };

// Every thread makes objects that the next one drops.
static void
pass_on(RtThreadState *tstate, int index, void *arg)
{
    RtObject **slots = arg;
    for (int round = 0; round < ROUNDS; round++) {
        RtObject *op = RtList_New(0);
        RtObject **slot = &slots[(index * 5 + round) % SHARED];
        RtObject *old = rt_atomic_exchange_ptr(slot, op);
        if (old != NULL) {
            Rt_INCREF(old);
            Rt_DECREF(old);
            Rt_DECREF(old);
        }
        CHECK(RtEval_CheckBreaker(tstate) == 0);
        if (round % 100 == 50) {
            RtGC_Collect(tstate, 2);
        }
    }
}

static void
test_all_at_once(RtThreadState *tstate)
{
    RtObject *slots[SHARED] = { NULL };
    AttachedThreads_RunAll(tstate, THREADS, pass_on, slots);
    for (int i = 0; i < SHARED; i++) {
        Rt_XDECREF(slots[i]);
    }
}

static void
run_tests(RtThreadState *tstate)
{
    member = RtList_New(0);
    RtObject_SetMaybeWeakref(member);
    test_queue(tstate);
    test_owner_destroys(tstate);
    test_orphan(tstate);
    test_no_memory(tstate);
    test_merge_all(tstate);
    test_all_at_once(tstate);
    Rt_CLEAR(member);
}

#else

static void
run_tests(RtThreadState *tstate)
{
    (void)tstate;               // counts are plain, nothing is queued
}

#endif

int
main(void)
{
    CHECK(RtRuntime_Initialize() == 0);
    ssize_t before = RtMem_LiveBlocks();
    RtThreadState *tstate = RtRuntime_Start();
    CHECK(tstate != NULL);
    run_tests(tstate);
    CHECK(RtAudit_Heap(tstate->interp) == 0);
    CHECK(RtRuntime_Finish(tstate) == 0);
    CHECK(RtMem_LiveBlocks() == before);
    return 0;
}

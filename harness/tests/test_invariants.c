// test_invariants.c: what breaks an invariant is reported, by the assertion or
// the rule that checks it, and what keeps it is not. Each body does to the
// runtime what a mistake in it would do. The rules of locks, of the GIL and of
// the collectors have tests of their own.

#include <string.h>

#include "engine_bodies.h"
#include "rt_critical_section.h"
#include "rt_types.h"
#include "rtcore_code.h"        // states of generators
#include "rtcore_gc.h"
#include "rtcore_heap.h"
#include "rtcore_object.h"
#include "rtcore_state.h"
#include "rtcore_type.h"
#include "rtcore_unbroken.h"
#include "rtcore_weakref.h"

#ifdef RT_WITH_HOOKS

static RtThreadState *me;       // of the thread that runs the body

typedef struct Case {
    void (*func)(void);
    int rule;                   // -1: none
    const char *says;           // part of the message
} Case;

static void
body(void *arg)
{
    const Case *c = arg;
    me = RtRuntime_Start();
    CHECK(me != NULL);
    c->func();
    CHECK(RtRuntime_Finish(me) == 0);
}

// The same run, but that the rule is not reported: it is the same up to where
// it ended, and goes on.
static void
run_ignoring(const Case *c, FzRule rule)
{
    FzEngineConfig config = config_of(&fz_strategy_pos, 1);
    FzRuleSet_Add(&config.ignored, rule);
    config.step_budget = 100000;
    uint64_t steps = run.steps;
    FzEngine_Run(&config, body, (void *)c, &run);
    CHECK(run.steps >= steps);
    for (uint32_t i = 0; i < run.nviolations; i++) {
        CHECK(run.violations[i].rule != rule);
    }
    config.ignored = (FzRuleSet){0};
    FzEngine_Run(&config, body, (void *)c, &run);
    CHECK(run.violations[0].rule == rule && run.steps == steps);
}

static void
run_case(const Case *c)
{
    execute(&fz_strategy_pos, 1, body, (void *)c);
    bool found = run.nviolations > 0;
    bool ok = c->rule < 0 ? !found
        : found && run.violations[0].rule == (FzRule)c->rule &&
          strstr(run.violations[0].message, c->says) != NULL;
    if (!ok) {
        fprintf(stderr, "expected %s %s, not %s\n",
                c->rule < 0 ? "nothing" : FzRule_Name((FzRule)c->rule),
                c->rule < 0 ? "" : c->says,
                found ? run.violations[0].message : "nothing");
        exit(1);
    }
    // Who is abandoned in an assertion or at freed memory cannot go on.
    if (c->rule >= 0 && c->rule != FZ_RULE_FATAL &&
        c->rule != FZ_RULE_USE_AFTER_FREE) {
        run_ignoring(c, (FzRule)c->rule);
    }
}
#define KEPT(func) { func, -1, "" }
#define BROKEN(func, rule, says) { func, FZ_RULE_##rule, says }

static RtObject *
make_class(void)
{
    RtObject *name = RtStr_FromString("C");
    RtObject *bases = RtTuple_New(0);
    RtObject *dict = RtDict_New();
    RtObject *type = RtType_New(name, bases, dict);
    CHECK(type != NULL);
    Rt_DECREF(name);
    Rt_DECREF(bases);
    Rt_DECREF(dict);
    return type;
}

static void
set_attribute(RtObject *op, const char *name, RtObject *value)
{
    RtObject *key = RtStr_FromString(name);
    CHECK(RtObject_SetAttr(op, key, value) == 0);
    Rt_DECREF(key);
}

// The audit runs in both builds.
static void
have_heap_audited(void)
{
    CHECK(RtGC_Collect(me, 2) >= 0);
}

// ---------------------------------------------------------------------------
// What was found under a lock (C6).

static void
know_when_lock_was_lost(void)
{
    RtObject *op = RtList_New(0);
    RT_BEGIN_CRITICAL_SECTION(op)
    uint64_t begun = RtUnbroken_Begin();
    CHECK(RtEval_CheckBreaker(me) == 0);
    CHECK(RtUnbroken_Holds(begun));
    RtThreadState_Detach(me);
    RtThreadState_Attach(me);
    CHECK(!RtUnbroken_Holds(begun));
    RT_END_CRITICAL_SECTION()
    Rt_DECREF(op);
}

// ---------------------------------------------------------------------------
// Collectors (G6), slots (Y5), generators (N1).

static void
allocate(RtObject *self)
{
    (void)self;
    RtMem_Free(RtMem_Malloc(8));
}

static void (*at_traverse)(RtObject *self);

static int
traverse_and_act(RtObject *self, visitproc visit, void *arg)
{
    if (RtLockOrder_Holds(RT_RANK_TRAVERSE)) {
        at_traverse(self);
    }
    return RtSubtype_Traverse(self, visit, arg);
}

// An instance that refers to itself, and what the type's functions are.
static void
collect_one(traverseproc traverse, destructor finalize)
{
    RtObject *type = make_class();
    if (traverse != NULL) {
        ((RtTypeObject *)type)->tp_traverse = traverse;
    }
    if (finalize != NULL) {
        me->interp->types.slots_behind++;
        ((RtTypeObject *)type)->tp_finalize = finalize;
    }
    RtObject *op = RtObject_CallNoArgs(type);
    set_attribute(op, "me", op);
    Rt_DECREF(op);
    CHECK(RtGC_Collect(me, 2) > 0);
    Rt_DECREF(type);
}

static void
do_nothing(RtObject *self)
{
    (void)self;
}

static void
traverse_only(void)
{
    at_traverse = do_nothing;
    collect_one(traverse_and_act, do_nothing);
}

static void
allocate_in_traverse(void)
{
    at_traverse = allocate;
    collect_one(traverse_and_act, NULL);
}

static RtObject *
return_none(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    return Rt_NewRef(Rt_None);
}

static RtMethodDef repr_def = { "__repr__", return_none, 0, 1 };

static void
change_special_method(void)
{
    RtObject *type = make_class();
    RtObject *func = RtCFunction_New(&repr_def, NULL);
    set_attribute(type, "__repr__", func);
    have_heap_audited();
    set_attribute(type, "__repr__", NULL);
    have_heap_audited();
    Rt_DECREF(func);
    Rt_DECREF(type);
}

static void
forget_slot(void)
{
    RtObject *type = make_class();
    ((RtTypeObject *)type)->tp_repr = NULL;
    have_heap_audited();
}

static void
run_generator(void)
{
    RT_NOTE(GEN_CLAIMED, me, RT_GEN_CREATED);
    RT_NOTE(GEN_RELEASED, me, RT_GEN_SUSPENDED);
    RT_NOTE(GEN_CLAIMED, me, RT_GEN_SUSPENDED);
    RT_NOTE(GEN_RELEASED, me, RT_GEN_CLEARED);
}

static void
claim_twice(void)
{
    RT_NOTE(GEN_CLAIMED, me, RT_GEN_CREATED);
    RT_NOTE(GEN_CLAIMED, me, RT_GEN_CREATED);
}

static void
claim_what_has_ended(void)
{
    run_generator();
    RT_NOTE(GEN_CLAIMED, me, RT_GEN_CLEARED);
}

static void
release_unclaimed(void)
{
    RT_NOTE(GEN_RELEASED, me, RT_GEN_SUSPENDED);
}

#ifdef RT_GIL_DISABLED

static void
stop_and_start(void)
{
    RtEval_StopTheWorld(me->interp);
    RtEval_StartTheWorld(me->interp);
}

// ---------------------------------------------------------------------------
// Counts and merge queues (H4, H7, B1, B2, B4, B5, B6).

static void
give_to_another(RtObject *op)
{
    op->ob_tid = RtThread_Id() + 1;
}

static void
merge_when_stopped(void)
{
    RtObject *op = RtList_New(0);
    give_to_another(op);
    RtEval_StopTheWorld(me->interp);
    CHECK(RtObject_ExplicitMergeRefcount(op, 0) == 1);
    RtEval_StartTheWorld(me->interp);
    Rt_DECREF(op);
}

static void
merge_anothers(void)
{
    RtObject *op = RtList_New(0);
    give_to_another(op);
    (void)RtObject_ExplicitMergeRefcount(op, 0);
}

static void
count_unregistered(void)
{
    me->brc.tid = 0;
    (void)RtList_New(0);
}

static void
free_what_is_queued(void)
{
    RtObject *op = RtStr_FromString("a text");
    op->ob_ref_local = 0;
    op->ob_ref_shared = RT_REF_QUEUED;
    RtObject_Free(op);
}

// As another thread that has dropped the last reference of its own would.
static RtObject *
queue_object(ssize_t flags)
{
    RtObject *op = RtList_New(0);
    op->ob_ref_shared = flags;
    CHECK(RtObjectStack_Push(&me->brc.objects_to_merge, op) == 0);
    RT_NOTE(REF_QUEUED, op, me->brc.tid);
    return op;
}

static void
queue_and_tell(void)
{
    queue_object(RT_REF_QUEUED);
    stop_and_start();
    RtThreadState_SetEvalBreakerBit(me, RT_EVAL_EXPLICIT_MERGE_BIT);
    CHECK(RtEval_CheckBreaker(me) == 0);
}

static void
queue_unflagged(void)
{
    queue_object(RT_REF_MAYBE_WEAKREF);
    RtBrc_MergeRefcounts(me);
}

static void
queue_in_silence(void)
{
    queue_object(RT_REF_QUEUED);
    (void)RtEval_CheckBreaker(me);
}

static void
be_on_the_way(void)
{
    RtObject *op = RtList_New(0);
    op->ob_ref_shared = RT_REF_QUEUED;
    me->brc.in_flight = op;
    stop_and_start();
    me->brc.in_flight = NULL;
    op->ob_ref_shared = 0;
    Rt_DECREF(op);
}

static void
flag_and_forget(void)
{
    RtObject *op = RtList_New(0);
    op->ob_ref_shared = RT_REF_QUEUED;
    stop_and_start();
}

static void
queue_twice(void)
{
    RtObject *op = queue_object(RT_REF_QUEUED);
    me->brc.in_flight = op;
    stop_and_start();
}

static void
take_what_lives(void)
{
    RtObject *op = RtList_New(0);
    op->ob_ref_shared = RT_REF_MAYBE_WEAKREF;
    CHECK(RtObject_TryIncRefShared(op));
    Rt_DECREF(op);
    Rt_DECREF(op);
}

// As a late reader that does not look at the word would.
static void
take_what_is_freed(void)
{
    RtObject *op = RtList_New(0);
    Rt_DECREF(op);
    RT_NOTE(REF_TAKEN, op, RT_REF_INIT);
}

static void
take_what_dies(void)
{
    RtObject *op = RtList_New(0);
    op->ob_ref_local = 0;
    RT_NOTE(OBJECT_DEALLOC, op, (uintptr_t)Rt_TYPE(op));
    op->ob_ref_shared = 1 << RT_REF_SHARED_SHIFT;
    RT_NOTE(REF_TAKEN, op, RT_REF_INIT);
}

// ---------------------------------------------------------------------------
// Weak references (W3, W5), memory that waits (Q3, Q4, Q5, Q8), walks (A6).

static void
clear_when_stopped(void)
{
    RtObject *op = RtSet_New(NULL);
    RtObject *ref = RtWeakref_NewRef(op, NULL);
    RtEval_StopTheWorld(me->interp);
    RtWeakref_Clear((RtWeakReference *)ref);
    RtEval_StartTheWorld(me->interp);
    Rt_DECREF(ref);
    Rt_DECREF(op);
}

// As a thread would that increments the count of what another destroys.
static void
give_out(bool alive)
{
    RtObject *op = RtSet_New(NULL);
    RtObject *ref = RtWeakref_NewRef(op, NULL);
    CHECK(RtObject_ExplicitMergeRefcount(op, alive ? 1 : 0) > 0);
    RT_NOTE(WEAKREF_GOT, ref, op);
    if (alive) {
        Rt_DECREF(op);
    }
    Rt_DECREF(ref);
    Rt_DECREF(op);
}

static void
give_out_what_lives(void)
{
    give_out(true);
}

static void
give_out_what_dies(void)
{
    give_out(false);
}

static void
clear_without_stripe(void)
{
    RtObject *op = RtSet_New(NULL);
    RtWeakref_Clear((RtWeakReference *)RtWeakref_NewRef(op, NULL));
}

static void
know_when_reader_was_quiescent(void)
{
    uint64_t begun = RtLockFree_Begin();
    Rt_DECREF(RtList_New(0));
    CHECK(RtLockFree_Holds(begun));
    CHECK(RtEval_CheckBreaker(me) == 0);
    CHECK(!RtLockFree_Holds(begun));
    begun = RtLockFree_Begin();
    RtThreadState_Detach(me);
    RtThreadState_Attach(me);
    CHECK(!RtLockFree_Holds(begun));
}

static void
process_queues_when_stopped(void)
{
    RtEval_StopTheWorld(me->interp);
    RtMem_ProcessAllDelayed(me->interp);
    RtEval_StartTheWorld(me->interp);
}

static void
process_queues_of_others(void)
{
    RtMem_ProcessAllDelayed(me->interp);
}

static void
lose_slot(void)
{
    me->qsbr->tstate = NULL;
    stop_and_start();
}

static void
share_slot(void)
{
    RtQsbrThreadState slot = *me->qsbr;
    me->qsbr = &slot;
    stop_and_start();
}

static void
be_offline(void)
{
    me->qsbr->seq = 0;
    stop_and_start();
}

static void
be_online_without_thread(void)
{
    CHECK(me->interp->qsbr.size > 1);
    me->interp->qsbr.slots[1].seq = 1;
    stop_and_start();
}

static bool
allocate_for_each(RtObject *op, void *arg)
{
    (void)arg;
    allocate(op);
    return true;
}

static void
allocate_in_walk(void)
{
    RtObject *op = RtList_New(0);
    RtEval_StopTheWorld(me->interp);
    RtHeap_VisitGc(me->interp, allocate_for_each, NULL);
    RtEval_StartTheWorld(me->interp);
    Rt_DECREF(op);
}

// ---------------------------------------------------------------------------
// Collections (G6, G7, G9).

static void
count(RtObject *self)
{
    Rt_INCREF(self);
    Rt_DECREF(self);
}

static void
count_in_traverse(void)
{
    at_traverse = count;
    collect_one(traverse_and_act, NULL);
}

static void
take(RtObject *self)
{
    self->ob_tid = RtThread_Id();
}

static void
own_what_is_garbage(void)
{
    collect_one(NULL, take);
}

static void
freeze(RtObject *self)
{
    self->ob_gc_bits |= RT_GC_BITS_FROZEN;
}

static void
freeze_what_is_garbage(void)
{
    collect_one(NULL, freeze);
}

#endif

static const Case cases[] = {
    KEPT(know_when_lock_was_lost),
    KEPT(traverse_only),
    BROKEN(allocate_in_traverse, LOCK_ORDER, "TRAVERSE"),
    KEPT(change_special_method),
    BROKEN(forget_slot, HEAP_INVALID, "slots"),
    KEPT(run_generator),
    BROKEN(claim_twice, GENERATOR_SHARED, "running"),
    BROKEN(claim_what_has_ended, GENERATOR_SHARED, "another state"),
    BROKEN(release_unclaimed, GENERATOR_SHARED, "without a claim"),
#ifdef RT_GIL_DISABLED
    KEPT(merge_when_stopped),
    BROKEN(merge_anothers, FATAL, "may_merge"),
    BROKEN(count_unregistered, FATAL, "is_registered"),
    BROKEN(free_what_is_queued, FATAL, "RT_REF_QUEUED"),
    KEPT(queue_and_tell),
    BROKEN(queue_unflagged, FATAL, "has_queued_flag"),
    BROKEN(queue_in_silence, QUEUE_UNANNOUNCED, "was not told"),
    KEPT(be_on_the_way),
    BROKEN(flag_and_forget, REF_STATE, "in no queue"),
    BROKEN(queue_twice, REF_STATE, "or in two"),
    KEPT(take_what_lives),
    BROKEN(take_what_is_freed, USE_AFTER_FREE, "had freed"),
    BROKEN(take_what_dies, FREED_REFERENCED, "was destroying"),
    KEPT(give_out_what_lives),
    BROKEN(give_out_what_dies, WEAKREF_STATE, "no reference any more"),
    KEPT(clear_when_stopped),
    BROKEN(clear_without_stripe, FATAL, "has_stripe"),
    KEPT(know_when_reader_was_quiescent),
    KEPT(process_queues_when_stopped),
    BROKEN(process_queues_of_others, FATAL, "has_no_readers"),
    BROKEN(lose_slot, QSBR_STATE, "half in use"),
    BROKEN(share_slot, QSBR_STATE, "not that of"),
    BROKEN(be_offline, QSBR_STATE, "is offline"),
    BROKEN(be_online_without_thread, QSBR_STATE, "is online"),
    BROKEN(allocate_in_walk, LOCK_ORDER, "HEAP_WALK"),
    BROKEN(count_in_traverse, LOCK_ORDER, "TRAVERSE"),
    BROKEN(own_what_is_garbage, REF_STATE, "has an owner"),
    BROKEN(freeze_what_is_garbage, FATAL, "IsFrozen"),
#endif
};

int
main(void)
{
    char why[200];
    CHECK(FzEngine_Init(why, sizeof(why)));
    CHECK(RtRuntime_Initialize() == 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        run_case(&cases[i]);
    }
    FzRun_Free(&run);
    return 0;
}

#else

// Without hooks there is nobody to report to.
int
main(void)
{
    return 0;
}

#endif

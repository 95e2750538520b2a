// gc.c: the collector of the GIL build: three generations in linked lists.
//
// Every tracked object is in one list: of its generation, or of the running
// collection. Whoever holds the GIL may change the lists. While references are
// being counted `prev` holds a count instead of a link, and `next` may carry
// NEXT_UNREACHABLE; nothing else runs during that time. Wherever the GIL may be
// given up the collection's own lists are whole and bear no marks.
// Mirrors Python/gc.c (CPython 3.13); departs: dicts are never untracked (as in
// 3.14); no gc.garbage, because no type has a finalizer of the old kind.

#include "rtcore_gc.h"

#ifndef RT_GIL_DISABLED

#include "rt_errors.h"
#include "rtcore_sanitizer.h"
#include "rtcore_type.h"
#include "rtcore_weakref.h"

#define NEXT_UNREACHABLE ((uintptr_t)1)

// ---------------------------------------------------------------------------
// Lists. A head that is no object stands at each end.

static uintptr_t
prev_flags(const RtGcHead *gc)
{
    return gc->prev & (RT_GC_PREV_FINALIZED | RT_GC_PREV_COLLECTING);
}

static RtGcHead *
get_prev(const RtGcHead *gc)
{
    return (RtGcHead *)(gc->prev & ~(uintptr_t)(RT_GC_PREV_FINALIZED |
                                                RT_GC_PREV_COLLECTING));
}

static void
set_prev(RtGcHead *gc, RtGcHead *prev)
{
    gc->prev = (uintptr_t)prev | prev_flags(gc);
}

static bool
is_collecting(const RtGcHead *gc)
{
    return (gc->prev & RT_GC_PREV_COLLECTING) != 0;
}

static ssize_t
get_refs(const RtGcHead *gc)
{
    return (ssize_t)(gc->prev >> RT_GC_PREV_SHIFT);
}

static void
set_refs(RtGcHead *gc, ssize_t refs)
{
    gc->prev = prev_flags(gc) | (uintptr_t)refs << RT_GC_PREV_SHIFT;
}

static void
list_init(RtGcHead *list)
{
    list->next = list;
    list->prev = (uintptr_t)list;
}

static bool
list_is_empty(const RtGcHead *list)
{
    return list->next == list;
}

static void
list_append(RtGcHead *gc, RtGcHead *list)
{
    RtGcHead *last = (RtGcHead *)list->prev;
    set_prev(gc, last);
    last->next = gc;
    gc->next = list;
    list->prev = (uintptr_t)gc;
}

static void
list_remove(RtGcHead *gc)
{
    RtGcHead *prev = get_prev(gc);
    prev->next = gc->next;
    set_prev(gc->next, prev);
}

// Appends all of `from` to `to`.
void
RtGcList_Merge(RtGcHead *from, RtGcHead *to)
{
    rt_assert(from != to);
    if (list_is_empty(from)) {
        return;
    }
    RtGcHead *to_last = (RtGcHead *)to->prev;
    RtGcHead *from_last = (RtGcHead *)from->prev;
    to_last->next = from->next;
    set_prev(from->next, to_last);
    from_last->next = to;
    to->prev = (uintptr_t)from_last;
    list_init(from);
}

ssize_t
RtGcList_Size(const RtGcHead *list)
{
    ssize_t n = 0;
    for (RtGcHead *gc = list->next; gc != list; gc = gc->next) {
        n++;
    }
    return n;
}

// What a collection has in its hands while other threads may run.
typedef struct RtCollection {
    RtGcHead unreachable;       // judged so
    RtGcHead seen;              // and their finalizers have run
    RtGcHead garbage;           // condemned
    RtWeakrefChain callbacks;   // cleared, to be called
    RtObject *held;             // it has a reference to this one, or NULL
} RtCollection;

static void
hold(RtCollection *c, RtObject *op)
{
    rt_assert(c->held == NULL);
    c->held = Rt_NewRef(op);
}

static void
let_go(RtCollection *c)
{
    RtObject *op = c->held;
    c->held = NULL;
    Rt_DECREF(op);
}

// ---------------------------------------------------------------------------
// Which objects of a list have no references from outside the list.

// Immortal objects are never tracked, and the static types among them have no
// head.
static bool
may_be_collecting(const RtObject *op)
{
    return !Rt_IsImmortal(op) &&
           RtType_HasFeature(Rt_TYPE(op), RT_TPFLAGS_HAVE_GC);
}

static int
visit_decref(RtObject *op, void *arg)
{
    (void)arg;
    if (may_be_collecting(op)) {
        RtGcHead *gc = RtGC_AsHead(op);
        if (is_collecting(gc)) {
            rt_assert(get_refs(gc) > 0);
            set_refs(gc, get_refs(gc) - 1);
        }
    }
    return 0;
}

// Leaves in `prev` the number of references from outside the list. `prev` is
// no link any more.
static void
compute_refs(RtGcHead *containers)
{
    RtGcHead *gc;
    for (gc = containers->next; gc != containers; gc = gc->next) {
        RtObject *op = RtGC_FromHead(gc);
        rt_assert(!Rt_IsImmortal(op));
        rt_assert(op->ob_refcnt > 0);
        gc->prev = (gc->prev & RT_GC_PREV_FINALIZED) | RT_GC_PREV_COLLECTING;
        set_refs(gc, op->ob_refcnt);
    }
    RtLockOrder_Has(RT_RANK_TRAVERSE);
    for (gc = containers->next; gc != containers; gc = gc->next) {
        RtObject *op = RtGC_FromHead(gc);
        (void)Rt_TYPE(op)->tp_traverse(op, visit_decref, NULL);
    }
    RtLockOrder_GivesBack(RT_RANK_TRAVERSE);
}

// Something reachable refers to op.
static int
visit_reachable(RtObject *op, void *arg)
{
    RtGcHead *reachable = arg;
    if (!may_be_collecting(op)) {
        return 0;
    }
    RtGcHead *gc = RtGC_AsHead(op);
    if (!is_collecting(gc)) {
        return 0;               // in another generation, or done already
    }
    if (((uintptr_t)gc->next & NEXT_UNREACHABLE) != 0) {
        // It was moved away too early: back to the end, to be traversed.
        RtGcHead *prev = get_prev(gc);
        RtGcHead *next = (RtGcHead *)((uintptr_t)gc->next & ~NEXT_UNREACHABLE);
        prev->next = gc->next;
        set_prev(next, prev);
        list_append(gc, reachable);
        set_refs(gc, 1);
    }
    else if (get_refs(gc) == 0) {
        set_refs(gc, 1);        // still ahead of the walk
    }
    return 0;
}

static void
move_to_unreachable(RtGcHead *gc, RtGcHead *prev, RtGcHead *unreachable)
{
    prev->next = gc->next;
    RtGcHead *last = (RtGcHead *)unreachable->prev;
    last->next = (RtGcHead *)((uintptr_t)gc | NEXT_UNREACHABLE);
    gc->prev = prev_flags(gc) | (uintptr_t)last;
    gc->next = (RtGcHead *)((uintptr_t)unreachable | NEXT_UNREACHABLE);
    unreachable->prev = (uintptr_t)gc;
}

// Moves what nothing reachable refers to from `young` to `unreachable` (tagged
// links, still COLLECTING). The links of `young` are whole again.
static void
move_unreachable(RtGcHead *young, RtGcHead *unreachable)
{
    RtGcHead *prev = young;
    RtGcHead *gc = young->next;
    RtLockOrder_Has(RT_RANK_TRAVERSE);
    while (gc != young) {
        if (get_refs(gc) != 0) {
            RtObject *op = RtGC_FromHead(gc);
            // The end of the list grows while objects come back.
            (void)Rt_TYPE(op)->tp_traverse(op, visit_reachable, young);
            gc->prev = (gc->prev & RT_GC_PREV_FINALIZED) | (uintptr_t)prev;
            prev = gc;
        }
        else {
            move_to_unreachable(gc, prev, unreachable);
        }
        gc = prev->next;
    }
    RtLockOrder_GivesBack(RT_RANK_TRAVERSE);
    young->prev = (uintptr_t)prev;
}

// Makes the list of unreachable objects an ordinary one again; they stay
// COLLECTING.
static void
clear_unreachable_tags(RtGcHead *unreachable)
{
    RtGcHead *gc = unreachable;
    do {
        gc->next = (RtGcHead *)((uintptr_t)gc->next & ~NEXT_UNREACHABLE);
        gc = gc->next;
    } while (gc != unreachable);
}

static void
clear_collecting(RtGcHead *unreachable)
{
    RtGcHead *gc = unreachable;
    do {
        gc->prev &= ~(uintptr_t)RT_GC_PREV_COLLECTING;
        gc = gc->next;
    } while (gc != unreachable);
}

static void
deduce_unreachable(RtGcHead *base, RtGcHead *unreachable)
{
    compute_refs(base);
    list_init(unreachable);
    move_unreachable(base, unreachable);
    clear_unreachable_tags(unreachable);
}

// Tuples that can be in no cycle need not be looked at again.
static void
untrack_tuples(RtGcHead *reachable)
{
    RtGcHead *gc = reachable->next;
    while (gc != reachable) {
        RtObject *op = RtGC_FromHead(gc);
        gc = gc->next;
        if (RtGC_CanUntrack(op)) {
            RtGC_Untrack(op);
            RT_NOTE(GC_UNTRACKED, op, 0);
        }
    }
}

// ---------------------------------------------------------------------------
// What becomes of them.

static bool
is_garbage(RtObject *ref)
{
    return is_collecting(RtGC_AsHead(ref));
}

// Clears weak references to garbage and those that are garbage; the former's
// callbacks are called before any finalizer runs.
static void
handle_weakrefs(RtCollection *c)
{
    RtGcHead *unreachable = &c->unreachable;
    RtGcHead *gc;
    for (gc = unreachable->next; gc != unreachable; gc = gc->next) {
        RtObject *op = RtGC_FromHead(gc);
        if (RtWeakref_Check(op)) {
            RtWeakref_Clear((RtWeakReference *)op);
        }
        if (RtType_Check(op)) {
            RtSubclasses_Hide((RtTypeObject *)op);
        }
        RtWeakref_ClearAll(op, is_garbage, &c->callbacks);
    }
    clear_collecting(unreachable);
    RtWeakref_CallCallbacks(&c->callbacks);
}

static void
finalize_garbage(RtCollection *c)
{
    // Finalizers may untrack or destroy other members: each object is moved
    // to a list of those that were seen before its finalizer runs.
    while (!list_is_empty(&c->unreachable)) {
        RtGcHead *gc = c->unreachable.next;
        RtObject *op = RtGC_FromHead(gc);
        list_remove(gc);
        list_append(gc, &c->seen);
        if (!RtGC_IsFinalized(op) && Rt_TYPE(op)->tp_finalize != NULL) {
            hold(c, op);
            RtObject_CallFinalizer(op);
            let_go(c);
        }
    }
}

// Moves what finalizers made reachable to `old`; the rest is garbage.
static void
handle_resurrected(RtCollection *c, RtGcHead *old)
{
    RtGcHead *candidates = &c->seen;
    RtGcHead *unreachable = &c->garbage;
    deduce_unreachable(candidates, unreachable);
    clear_collecting(unreachable);
    RtGcHead *gc;
    // Those that finalizers have made (3.14): what is being taken apart shall
    // not be seen through them.
    for (gc = unreachable->next; gc != unreachable; gc = gc->next) {
        RtWeakref_ClearAll(RtGC_FromHead(gc), NULL, NULL);
    }
    for (gc = candidates->next; gc != candidates; gc = gc->next) {
        RT_NOTE(GC_RESCUED, RtGC_FromHead(gc), 0);
    }
    RtGcList_Merge(candidates, old);
}

static void
delete_garbage(RtCollection *c, RtGcHead *old)
{
    while (!list_is_empty(&c->garbage)) {
        RtGcHead *gc = c->garbage.next;
        hold(c, RtGC_FromHead(gc));
        RtGC_ClearObject(c->held);
        let_go(c);
        if (c->garbage.next == gc) {
            // Alive still: the clearing of another object will free it.
            list_remove(gc);
            list_append(gc, old);
        }
    }
}

// ---------------------------------------------------------------------------
// Collections.

static void
merge_younger(RtGcState *gcstate, int generation)
{
    if (generation + 1 < RT_GC_GENERATIONS) {
        gcstate->generations[generation + 1].count++;
    }
    for (int i = 0; i <= generation; i++) {
        gcstate->generations[i].count = 0;
    }
    for (int i = 0; i < generation; i++) {
        RtGcList_Merge(&gcstate->heads[i], &gcstate->heads[generation]);
    }
}

static void
note_unreachable(RtInterpreterState *interp, const RtGcHead *unreachable)
{
    ssize_t n = 0;
    RtGcHead *gc = unreachable->next;
    for (; gc != unreachable; gc = gc->next) {
        RT_NOTE(GC_UNREACHABLE, RtGC_FromHead(gc), 0);
        n++;
    }
    // Before any count changes.
    RT_NOTE(GC_JUDGED, interp, n);
}

// Number of objects found unreachable for good.
static ssize_t
collect_generation(RtThreadState *tstate, int generation, RtCollection *c)
{
    RtGcState *gcstate = &tstate->interp->gc;
    merge_younger(gcstate, generation);
    bool full = generation == RT_GC_GENERATIONS - 1;
    RtGcHead *young = &gcstate->heads[generation];
    RtGcHead *old = full ? young : &gcstate->heads[generation + 1];
    deduce_unreachable(young, &c->unreachable);
    untrack_tuples(young);
    if (!full) {
        gcstate->long_lived_pending +=
            generation == RT_GC_GENERATIONS - 2 ? RtGcList_Size(young) : 0;
        RtGcList_Merge(young, old);
    }
    else {
        gcstate->long_lived_pending = 0;
        gcstate->long_lived_total = RtGcList_Size(young);
    }
    note_unreachable(tstate->interp, &c->unreachable);
    handle_weakrefs(c);
    finalize_garbage(c);
    handle_resurrected(c, old);
    ssize_t collected = RtGcList_Size(&c->garbage);
    RT_NOTE(GC_CONDEMNED, tstate->interp, collected);
    delete_garbage(c, old);
    return collected;
}

static RtCollection kept;       // of a thread whose stack goes

static void
keep_list(RtGcHead *from, RtGcHead *to)
{
    list_init(to);
    RtGcList_Merge(from, to);
}

void
RtGC_KeepRunning(RtInterpreterState *interp)
{
    RtCollection *c = interp->gc.running;
    if (c != NULL) {
        kept.callbacks = c->callbacks;
        kept.held = c->held;
        keep_list(&c->unreachable, &kept.unreachable);
        keep_list(&c->seen, &kept.seen);
        keep_list(&c->garbage, &kept.garbage);
        interp->gc.running = &kept;
    }
}

void
RtGC_TakeOver(RtInterpreterState *interp)
{
    RtGcState *gcstate = &interp->gc;
    RtCollection *c = gcstate->running;
    if (c == NULL) {
        // None, or it is in a callback of the program and holds nothing.
        RtGC_GiveUp(interp);
        return;
    }
    RtGcHead *lists[] = { &c->unreachable, &c->seen, &c->garbage };
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        RtGcList_Merge(lists[i], &gcstate->heads[RT_GC_GENERATIONS - 1]);
    }
    RT_NOTE(GC_TAKEN_OVER, interp, 0);
    RtGC_GiveUp(interp);
    RtWeakref_DropChain(&c->callbacks);
    if (c->held != NULL) {
        let_go(c);
    }
}

ssize_t
RtGC_Collect(RtThreadState *tstate, int generation)
{
    rt_assert(generation >= 0);
    rt_assert(generation < RT_GC_GENERATIONS);
    if (!RtGC_TryBegin(tstate)) {
        return 0;
    }
    RtInterpreterState *interp = tstate->interp;
    RtObject *exc = RtErr_GetRaisedException();
    RtGC_CallCallbacks(tstate, RT_GC_START, generation, 0);
    RtCollection c = { .held = NULL };
    list_init(&c.unreachable);
    list_init(&c.seen);
    list_init(&c.garbage);
    RT_NOTE(GC_BEGIN, interp, generation);
    interp->gc.running = &c;
    ssize_t collected = collect_generation(tstate, generation, &c);
    interp->gc.running = NULL;
    RT_NOTE(GC_END, interp, collected);
    RtGC_CountCollection(interp, generation, collected);
    RtGC_CallCallbacks(tstate, RT_GC_STOP, generation, collected);
    RtErr_SetRaisedException(exc);
    RtGC_End(tstate);
    return collected;
}

// The oldest generation that is over its threshold, or -1. A full collection
// must also be worth its cost: it visits all long-lived objects.
static int
choose_generation(const RtGcState *gcstate)
{
    for (int i = RT_GC_GENERATIONS - 1; i >= 0; i--) {
        const RtGcGeneration *generation = &gcstate->generations[i];
        if (generation->threshold == 0) {
            continue;
        }
        if (generation->count <= generation->threshold) {
            continue;
        }
        if (i == RT_GC_GENERATIONS - 1 &&
            gcstate->long_lived_pending < gcstate->long_lived_total / 4)
        {
            continue;
        }
        return i;
    }
    return -1;
}

void
RtGC_RunScheduled(RtThreadState *tstate)
{
    RtGcState *gcstate = &tstate->interp->gc;
    int generation = choose_generation(gcstate);
    if (generation >= 0 && rt_atomic_load_int_relaxed(&gcstate->enabled)) {
        RtGC_Collect(tstate, generation);
    }
}

void
RtGC_RecordAllocation(RtThreadState *tstate)
{
    if (tstate == NULL) {
        return;
    }
    RtGcState *gcstate = &tstate->interp->gc;
    RtGcGeneration *young = &gcstate->generations[0];
    young->count++;
    if (young->count > young->threshold && young->threshold != 0 &&
        gcstate->enabled && !gcstate->collecting)
    {
        RtGC_Schedule(tstate);
    }
}

void
RtGC_RecordDeallocation(RtThreadState *tstate)
{
    if (tstate != NULL && tstate->interp->gc.generations[0].count > 0) {
        tstate->interp->gc.generations[0].count--;
    }
    // Else it would take as many more until a collection is due.
    rt_assert(tstate == NULL || tstate->interp->gc.generations[0].count >= 0);
}

// Whether to go on.
RT_NO_COVERAGE static bool
visit_list(RtGcHead *head, RtHeapVisitor visit, void *arg)
{
    for (RtGcHead *gc = head->next; gc != head; gc = gc->next) {
        if (!visit(RtGC_FromHead(gc), arg)) {
            return false;
        }
    }
    return true;
}

RT_NO_COVERAGE void
RtGC_VisitTracked(RtInterpreterState *interp, RtHeapVisitor visit, void *arg)
{
    for (int i = 0; i < RT_GC_GENERATIONS; i++) {
        if (!visit_list(&interp->gc.heads[i], visit, arg)) {
            return;
        }
    }
    (void)visit_list(&interp->gc.permanent, visit, arg);
}

void
RtGC_VisitGeneration(RtInterpreterState *interp, int generation,
                     RtHeapVisitor visit, void *arg)
{
    for (int i = 0; i < RT_GC_GENERATIONS; i++) {
        if ((generation == i || generation < 0) &&
            !visit_list(&interp->gc.heads[i], visit, arg))
        {
            return;
        }
    }
}

void
RtGC_FoldCount(RtThreadState *tstate)
{
    (void)tstate;               // nothing is counted apart
}

void
RtGC_GetCounts(RtThreadState *tstate, int counts[RT_GC_GENERATIONS])
{
    for (int i = 0; i < RT_GC_GENERATIONS; i++) {
        counts[i] = tstate->interp->gc.generations[i].count;
    }
}

#endif

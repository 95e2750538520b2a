// gc_free_threading.c: the collector of the free-threaded build: stops the
// world, looks at all tracked objects of all heaps, has no generations.
//
// The world is stopped twice: to find what is unreachable, and, after the
// finalizers have run, to find what they made reachable again. While it is
// stopped, ob_tid of each object in question points to its row in a table that
// holds the owner and counts references. Between the stops the unreachable
// objects are merged, without owner, flagged UNREACHABLE, and held by one
// reference of the collector each, so that no other thread can destroy one.
// What frames hold without counting is looked for in the frames of all threads;
// the deferred mark of an unreachable object ends before the world starts.
// Mirrors Python/gc_free_threading.c (CPython 3.13); departs: a table of rows,
// because this allocator cannot tell the owner of a block. It replaces the
// lists through ob_tid too, and its order is that of allocation, so that
// finalizers run in an order that does not depend on addresses.

#include "rtcore_gc.h"

#ifdef RT_GIL_DISABLED

#include <string.h>

#include "rt_errors.h"
#include "rtcore_weakref.h"
#include "rtcore_code.h"        // frames

// Allocations that a thread collects before it adds them to the shared count.
#ifdef RT_TINY_LIMITS
enum { LOCAL_ALLOC_COUNT_THRESHOLD = 8 };
#else
enum { LOCAL_ALLOC_COUNT_THRESHOLD = 512 };
#endif

enum { SMALL_TABLE = 256 };     // rows on the collector's C stack

typedef struct GcRow {
    RtObject *op;
    uintptr_t tid;              // what stood in ob_tid
    ssize_t refs;               // references from outside the table
    struct GcRow *next;         // objects found reachable, to be traversed
} GcRow;

typedef struct Collection {
    RtInterpreterState *interp;
    GcRow *rows;                // after the search: the unreachable first
    size_t capacity;
    size_t count;               // objects seen; may exceed capacity
    size_t unreachable;
    RtObjectStack zeroed;       // dead objects of the merge queues, held once
    RtWeakrefChain callbacks;   // cleared, to be called
    GcRow small[SMALL_TABLE];
} Collection;

// ---------------------------------------------------------------------------
// Bits. Here the world is stopped, or nobody else can reach the object.

static bool
is_unreachable(RtObject *op)
{
    return (rt_atomic_load_uint8_owned(&op->ob_gc_bits) &
            RT_GC_BITS_UNREACHABLE) != 0;
}

static void
set_unreachable(RtObject *op)
{
    uint8_t bits = rt_atomic_load_uint8_owned(&op->ob_gc_bits);
    rt_atomic_store_uint8_owned(&op->ob_gc_bits,
                                bits | RT_GC_BITS_UNREACHABLE);
}

static void
clear_unreachable(RtObject *op)
{
    uint8_t bits = rt_atomic_load_uint8_owned(&op->ob_gc_bits);
    rt_atomic_store_uint8_owned(&op->ob_gc_bits,
                                bits & ~RT_GC_BITS_UNREACHABLE);
}

// ---------------------------------------------------------------------------
// The table.

static bool
gather_visitor(RtObject *op, void *arg)
{
    Collection *c = arg;
    rt_assert(!Rt_IsImmortal(op));
    rt_assert(!is_unreachable(op));
    if (RtGC_IsFrozen(op)) {
        return true;            // nor is it ever counted: see visit_decref()
    }
    if (RtGC_CanUntrack(op)) {
        RtGC_Untrack(op);
        RT_NOTE(GC_UNTRACKED, op, 0);
        return true;
    }
    if (c->count < c->capacity) {
        c->rows[c->count].op = op;
    }
    c->count++;
    return true;
}

static int
resize_table(Collection *c, size_t capacity)
{
    GcRow *rows = RtMem_Malloc(capacity * sizeof(GcRow));
    if (rows == NULL) {
        return -1;
    }
    if (c->rows != c->small) {
        RtMem_Free(c->rows);
    }
    c->rows = rows;
    c->capacity = capacity;
    return 0;
}

// Lists all tracked objects that are not frozen. 0, or -1 if there is no memory
// for the table.
static int
gather_objects(Collection *c)
{
    c->rows = c->small;
    c->capacity = SMALL_TABLE;
    size_t expected = (size_t)c->interp->gc.long_lived_total + SMALL_TABLE / 2;
    if (expected > SMALL_TABLE) {
        (void)resize_table(c, expected);
    }
    c->count = 0;
    RtGC_VisitTracked(c->interp, gather_visitor, c);
    if (c->count > c->capacity) {
        // The walk itself must not allocate: once more, with enough room.
        if (resize_table(c, c->count) < 0) {
            return -1;
        }
        c->count = 0;
        RtGC_VisitTracked(c->interp, gather_visitor, c);
        rt_assert(c->count == c->capacity);
    }
    return 0;
}

static void
free_table(Collection *c)
{
    if (c->rows != c->small) {
        RtMem_Free(c->rows);
    }
}

static GcRow *
row_of(RtObject *op)
{
    GcRow *row = (GcRow *)rt_atomic_load_uintptr_owned(&op->ob_tid);
    rt_assert(row->op == op);
    return row;
}

// Saves the owner and puts the row in its place. `held` references are not
// counted.
static void
borrow_tid(GcRow *row, ssize_t held)
{
    RtObject *op = row->op;
    row->tid = rt_atomic_load_uintptr_owned(&op->ob_tid);
    rt_assert((row->tid == 0) == RtObject_IsMerged(op));
    row->refs = Rt_REFCNT(op) - held;
    row->next = NULL;
    rt_atomic_store_uintptr_owned(&op->ob_tid, (uintptr_t)row);
    set_unreachable(op);
}

static void
restore_tid(GcRow *row)
{
    rt_atomic_store_uintptr_owned(&row->op->ob_tid, row->tid);
}

static int
visit_decref(RtObject *op, void *arg)
{
    (void)arg;
    if (is_unreachable(op)) {
        row_of(op)->refs--;
    }
    return 0;
}

static void
mark_reachable(GcRow *row, GcRow **pending)
{
    clear_unreachable(row->op);
    row->next = *pending;
    *pending = row;
}

typedef struct FrameWalk {
    RtThreadState *tstate;
    size_t found;
} FrameWalk;

// A reference that the object's count does not include.
static void
visit_uncounted(RtStackRef ref, void *arg)
{
    FrameWalk *walk = arg;
    RtObject *op = RtStackRef_AsObjectBorrow(ref);
    rt_assert(RtObject_HasDeferredRefcount(op));
    rt_assert(RtGC_IsTracked(op));
    if (is_unreachable(op)) {
        RT_NOTE(REF_UNCOUNTED_ROOT, op, walk->tstate->id);
        row_of(op)->refs++;
        walk->found++;
    }
}

// Number of references to objects in question.
static size_t
add_uncounted(RtInterpreterState *interp)
{
    FrameWalk walk = { .found = 0 };
    RT_HEAD_LOCK();
    for (walk.tstate = interp->threads; walk.tstate != NULL;
         walk.tstate = walk.tstate->next)
    {
        for (const RtFrame *frame = walk.tstate->current_frame; frame != NULL;
             frame = frame->previous)
        {
            RtFrame_VisitUncounted(frame, visit_uncounted, &walk);
        }
    }
    RT_HEAD_UNLOCK();
    return walk.found;
}

static int
visit_mark(RtObject *op, void *arg)
{
    if (is_unreachable(op)) {
        mark_reachable(row_of(op), arg);
    }
    return 0;
}

static void
visit_uncounted_mark(RtStackRef ref, void *arg)
{
    (void)visit_mark(RtStackRef_AsObjectBorrow(ref), arg);
}

// Clears UNREACHABLE on all of the first `count` objects that have references
// from outside, and on what they lead to; moves the others to the front.
// Returns their number.
static size_t
deduce_unreachable(Collection *c, size_t count, ssize_t held)
{
    GcRow *rows = c->rows;
    for (size_t i = 0; i < count; i++) {
        borrow_tid(&rows[i], held);
    }
    for (size_t i = 0; i < count; i++) {
        RtObject *op = rows[i].op;
        (void)Rt_TYPE(op)->tp_traverse(op, visit_decref, NULL);
    }
    size_t uncounted = add_uncounted(c->interp);
    // What was judged before has no deferred mark any more.
    rt_assert(uncounted == 0 || held == 0);
    (void)uncounted;
    GcRow *pending = NULL;
    for (size_t i = 0; i < count; i++) {
        rt_assert(rows[i].refs >= 0);
        if (rows[i].refs > 0 && is_unreachable(rows[i].op)) {
            mark_reachable(&rows[i], &pending);
        }
        while (pending != NULL) {
            RtObject *op = pending->op;
            pending = pending->next;
            (void)Rt_TYPE(op)->tp_traverse(op, visit_mark, &pending);
            if (RtType_HasFeature(Rt_TYPE(op), RT_TPFLAGS_HOLDS_UNCOUNTED)) {
                RtGen_VisitUncounted(op, visit_uncounted_mark, &pending);
            }
        }
    }
    for (size_t i = 0; i < count; i++) {
        restore_tid(&rows[i]);
    }
    size_t unreachable = 0;
    for (size_t i = 0; i < count; i++) {
        GcRow row = rows[i];
        if (is_unreachable(row.op)) {
            rows[i] = rows[unreachable];
            rows[unreachable++] = row;
        }
    }
    return unreachable;
}

// ---------------------------------------------------------------------------
// The phases.

// The world is stopped. Weak references to garbage are cleared before any
// finalizer runs, as those that are garbage: none shall be called.
static void
clear_weakrefs(Collection *c)
{
    for (size_t i = 0; i < c->unreachable; i++) {
        RtObject *op = c->rows[i].op;
        if (RtWeakref_Check(op)) {
            RtWeakref_Clear((RtWeakReference *)op);
        }
        RtWeakref_ClearAll(op, is_unreachable, &c->callbacks);
    }
}

// The world is stopped. 0, or -1 without memory.
static int
find_unreachable(Collection *c)
{
    RtBrc_MergeAllQueued(c->interp, &c->zeroed);
    RtMem_ProcessAllDelayed(c->interp);
    if (gather_objects(c) < 0) {
        return -1;
    }
    c->unreachable = deduce_unreachable(c, c->count, 0);
    for (size_t i = 0; i < c->unreachable; i++) {
        RtObject *op = c->rows[i].op;
        if (RtType_HasFeature(Rt_TYPE(op), RT_TPFLAGS_HOLDS_UNCOUNTED)) {
            // A finalizer may save it, when its functions are not deferred
            // any more.
            RtGen_CountUncounted(op);
        }
    }
    for (size_t i = 0; i < c->unreachable; i++) {
        RtObject_DisableDeferredRefcount(c->rows[i].op);
    }
    for (size_t i = 0; i < c->unreachable; i++) {
        RtObject *op = c->rows[i].op;
        RT_NOTE(GC_UNREACHABLE, op, 0);
        (void)RtObject_ExplicitMergeRefcount(op, 1);
    }
    RT_NOTE(GC_JUDGED, c->interp, c->unreachable);
    c->interp->gc.long_lived_total = (ssize_t)(c->count - c->unreachable);
    clear_weakrefs(c);
    return 0;
}

static void
drop_zeroed(Collection *c)
{
    RtObject *op;
    while ((op = RtObjectStack_Pop(&c->zeroed)) != NULL) {
        Rt_DECREF(op);
    }
}

static void
finalize_garbage(Collection *c)
{
    for (size_t i = 0; i < c->unreachable; i++) {
        RtObject_CallFinalizer(c->rows[i].op);
    }
}

// The world is stopped again.
static void
handle_resurrected(Collection *c)
{
    size_t count = c->unreachable;
    c->unreachable = deduce_unreachable(c, count, 1);
    for (size_t i = c->unreachable; i < count; i++) {
        RtObject *op = c->rows[i].op;
        RT_NOTE(GC_RESCUED, op, 0);
        // Not the last one: what is reachable has another.
        ssize_t old = rt_atomic_add_ssize(&op->ob_ref_shared,
                                          -(1 << RT_REF_SHARED_SHIFT));
        rt_assert(old >> RT_REF_SHARED_SHIFT > 1);
        (void)old;
    }
    // Those that finalizers have made (3.14): what is being taken apart shall
    // not be seen through them.
    for (size_t i = 0; i < c->unreachable; i++) {
        RtWeakref_ClearAll(c->rows[i].op, NULL, NULL);
    }
}

static void
delete_garbage(Collection *c)
{
    for (size_t i = 0; i < c->unreachable; i++) {
        RtObject *op = c->rows[i].op;
        rt_assert(RtObject_IsMerged(op));
        clear_unreachable(op);
        if (RtGC_IsTracked(op)) {
            RtGC_ClearObject(op);
        }
        Rt_DECREF(op);
    }
}

static ssize_t
collect(RtInterpreterState *interp)
{
    Collection c;
    c.interp = interp;
    c.unreachable = 0;
    c.zeroed.head = NULL;
    c.callbacks = (RtWeakrefChain){ NULL, NULL };
    RtEval_StopTheWorld(interp);
    rt_atomic_store_int(&interp->gc.generations[0].count, 0);
    int result = find_unreachable(&c);
    RtEval_StartTheWorld(interp);
    drop_zeroed(&c);
    if (result < 0) {
        free_table(&c);
        return -1;
    }
    RtWeakref_CallCallbacks(&c.callbacks);
    finalize_garbage(&c);
    RtEval_StopTheWorld(interp);
    handle_resurrected(&c);
    RtEval_StartTheWorld(interp);
    delete_garbage(&c);
    free_table(&c);
    return (ssize_t)c.unreachable;
}

// ---------------------------------------------------------------------------
// When to collect.

static bool
should_collect(RtGcState *gc)
{
    ssize_t count = rt_atomic_load_int_relaxed(&gc->generations[0].count);
    int threshold =
        rt_atomic_load_int_relaxed(&gc->generations[0].threshold);
    if (count <= threshold || threshold == 0 ||
        !rt_atomic_load_int_relaxed(&gc->enabled))
    {
        return false;
    }
    // Against quadratic cost: a collection visits every live object.
    ssize_t long_lived = rt_atomic_load_ssize_relaxed(&gc->long_lived_total);
    return count > long_lived / 4 ||
           rt_atomic_load_int_relaxed(&gc->generations[1].threshold) == 0;
}

static ssize_t
collect_main(RtThreadState *tstate, int generation, bool automatic)
{
    RtInterpreterState *interp = tstate->interp;
    if (!RtGC_TryBegin(tstate)) {
        return 0;
    }
    if (automatic && !should_collect(&interp->gc)) {
        RtGC_End(tstate);       // another thread has just collected
        return 0;
    }
    RT_NOTE(GC_BEGIN, interp, generation);
    RtObject *exc = RtErr_GetRaisedException();
    ssize_t collected = collect(interp);
    RtErr_SetRaisedException(exc);
    if (collected < 0 && !automatic) {
        RtErr_NoMemory();
    }
    interp->gc.collections++;
    RT_NOTE(GC_END, interp, collected < 0 ? 0 : collected);
    RtGC_End(tstate);
    return collected;
}

ssize_t
RtGC_Collect(RtThreadState *tstate, int generation)
{
    return collect_main(tstate, generation, false);
}

void
RtGC_RunScheduled(RtThreadState *tstate)
{
    (void)collect_main(tstate, 1, true);
}

void
RtGC_RecordAllocation(RtThreadState *tstate)
{
    if (tstate == NULL) {
        return;
    }
    if (++tstate->gc_alloc_count >= LOCAL_ALLOC_COUNT_THRESHOLD) {
        RtGC_FoldCount(tstate);
    }
}

void
RtGC_FoldCount(RtThreadState *tstate)
{
    RtGcState *gc = &tstate->interp->gc;
    if (tstate->gc_alloc_count != 0) {
        (void)rt_atomic_add_int(&gc->generations[0].count,
                                tstate->gc_alloc_count);
        tstate->gc_alloc_count = 0;
    }
    if (should_collect(gc) && !rt_atomic_load_int_relaxed(&gc->collecting)) {
        RtGC_Schedule(tstate);
    }
}

void
RtGC_RecordDeallocation(RtThreadState *tstate)
{
    if (tstate == NULL) {
        return;
    }
    if (--tstate->gc_alloc_count > -LOCAL_ALLOC_COUNT_THRESHOLD) {
        return;
    }
    // Never below zero: the next collection must not have to wait until as many
    // objects were made as this one has freed.
    int *shared = &tstate->interp->gc.generations[0].count;
    int count = rt_atomic_load_int_relaxed(shared);
    int desired;
    do {
        desired = count + tstate->gc_alloc_count;
    } while (count > 0 &&
             !rt_atomic_compare_exchange_int(shared, &count,
                                             desired < 0 ? 0 : desired));
    tstate->gc_alloc_count = 0;
}

void
RtGC_GetCounts(RtThreadState *tstate, int counts[RT_GC_GENERATIONS])
{
    RtGcState *gc = &tstate->interp->gc;
    // With the test: a thread that asks all the time must not put off the
    // collection for ever (gh-157377).
    RtGC_FoldCount(tstate);
    for (int i = 0; i < RT_GC_GENERATIONS; i++) {
        counts[i] = rt_atomic_load_int_relaxed(&gc->generations[i].count);
    }
}

// ---------------------------------------------------------------------------
// Walking.

typedef struct TrackedWalk {
    RtHeapVisitor visit;
    void *arg;
    bool all;                   // frozen and unreachable ones too
} TrackedWalk;

static bool
visit_if_tracked(RtObject *op, void *arg)
{
    const TrackedWalk *walk = arg;
    if (!RtGC_IsTracked(op) ||
        (!walk->all && (RtGC_IsFrozen(op) || is_unreachable(op))))
    {
        return true;
    }
    return walk->visit(op, walk->arg);
}

void
RtGC_VisitTracked(RtInterpreterState *interp, RtHeapVisitor visit, void *arg)
{
    TrackedWalk walk = { visit, arg, true };
    RtHeap_VisitGc(interp, visit_if_tracked, &walk);
}

void
RtGC_VisitGeneration(RtInterpreterState *interp, int generation,
                     RtHeapVisitor visit, void *arg)
{
    (void)generation;
    TrackedWalk walk = { visit, arg, false };
    RtHeap_VisitGc(interp, visit_if_tracked, &walk);
}

#else

// The GIL build has the other collector.
typedef int rt_gc_free_threading_unused;

#endif

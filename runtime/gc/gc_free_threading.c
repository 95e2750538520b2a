// gc_free_threading.c: the collector of the free-threaded build: stops the
// world, looks at all tracked objects of all heaps, has no generations.
//
// The world is stopped twice: to find what is unreachable, and, after the
// finalizers have run, to find what they made reachable again. While it is
// stopped, ob_tid of each object in question points to its row in a table that
// holds the owner and counts references. Between the stops the unreachable
// objects are merged, without owner, flagged UNREACHABLE, and held by one
// reference of the collector each, so that no other thread can destroy one.
// Before any reference is counted, what the frames of all threads lead to is
// marked alive: that is most of the heap, and need not be counted (3.14).
// Frames may hold references that they do not count; the deferred mark of an
// unreachable object ends before the world starts.
// Mirrors Python/gc_free_threading.c (CPython 3.13); departs: a table of rows,
// because this allocator cannot tell the owner of a block. It replaces the
// lists through ob_tid too, its links spare the marking a stack that could
// find no memory, and its order is that of allocation, so that finalizers run
// in an order that does not depend on addresses. Roots are what a frame holds
// to its end and what it does not count: a counted operand may be dying.

#include "rtcore_gc.h"

#ifdef RT_GIL_DISABLED

#include <string.h>

#include "rt_errors.h"
#include "rtcore_sanitizer.h"
#include "rtcore_type.h"
#include "rtcore_weakref.h"
#include "rtcore_code.h"        // frames

enum { SMALL_TABLE = 256 };     // rows on the collector's C stack

typedef struct GcRow {
    RtObject *op;
    uintptr_t tid;              // what stood in ob_tid
    ssize_t refs;               // references from outside the table
    struct GcRow *next;         // objects found reachable, to be traversed
} GcRow;

typedef struct RtCollection {
    RtInterpreterState *interp;
    GcRow *rows;                // after the search: the unreachable first
    size_t capacity;
    size_t count;               // objects seen; may exceed capacity
    size_t unreachable;
    size_t deleted;             // the first of those: not held any more
    GcRow *pending;             // found reachable, to be traversed
    RtObjectStack zeroed;       // dead objects of the merge queues, held once
    RtWeakrefChain callbacks;   // cleared, to be called
    GcRow small[SMALL_TABLE];
} RtCollection;

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
    RtCollection *c = arg;
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
resize_table(RtCollection *c, size_t capacity)
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
gather_objects(RtCollection *c)
{
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
        // Less if the first walk has untracked what a tuple holds, and with
        // that the tuple.
        rt_assert(c->count <= c->capacity);
    }
    return 0;
}

static void
free_table(RtCollection *c)
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
    // What the collector holds nobody else has owned since.
    rt_assert(held == 0 || row->tid == 0);
    rt_assert(Rt_REFCNT(op) >= held);
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
mark_reachable(RtCollection *c, GcRow *row)
{
    clear_unreachable(row->op);
    row->next = c->pending;
    c->pending = row;
}

static int
visit_mark(RtObject *op, void *arg)
{
    if (is_unreachable(op)) {
        mark_reachable(arg, row_of(op));
    }
    return 0;
}

static void
visit_uncounted_mark(RtStackRef ref, void *arg)
{
    (void)visit_mark(RtStackRef_AsObjectBorrow(ref), arg);
}

static void
mark_pending(RtCollection *c)
{
    RtLockOrder_Has(RT_RANK_TRAVERSE);
    while (c->pending != NULL) {
        RtObject *op = c->pending->op;
        c->pending = c->pending->next;
        (void)Rt_TYPE(op)->tp_traverse(op, visit_mark, c);
        if (RtType_HasFeature(Rt_TYPE(op), RT_TPFLAGS_HOLDS_UNCOUNTED)) {
            RtGen_VisitUncounted(op, visit_uncounted_mark, c);
        }
    }
    RtLockOrder_GivesBack(RT_RANK_TRAVERSE);
}

// ---------------------------------------------------------------------------
// What frames hold.

typedef struct FrameWalk {
    RtCollection *c;
    RtThreadState *tstate;
    size_t found;
    bool mark;                  // marks at once; else counts
} FrameWalk;

// A reference that the object's count does not include.
static void
visit_uncounted(RtStackRef ref, void *arg)
{
    FrameWalk *walk = arg;
    RtObject *op = RtStackRef_AsObjectBorrow(ref);
    rt_assert(RtObject_HasDeferredRefcount(op));
    rt_assert(RtGC_IsTracked(op));
    if (!is_unreachable(op)) {
        return;
    }
    RT_NOTE(REF_UNCOUNTED_ROOT, op, walk->tstate->id);
    if (walk->mark) {
        mark_reachable(walk->c, row_of(op));
    }
    else {
        row_of(op)->refs++;
    }
    walk->found++;
}

// What is held until the frame is unlinked, counted or not.
static void
mark_frame(RtCollection *c, const RtFrame *frame)
{
    RtObject *func = RtStackRef_AsObjectBorrow(frame->f_funcobj);
    visit_mark(RtStackRef_AsObjectBorrow(frame->f_executable), c);
    visit_mark(frame->globals, c);
    if (func != NULL) {
        visit_mark(func, c);
    }
}

static void
walk_frames(FrameWalk *walk)
{
    RT_HEAD_LOCK();
    for (walk->tstate = walk->c->interp->threads; walk->tstate != NULL;
         walk->tstate = walk->tstate->next)
    {
        for (const RtFrame *frame = walk->tstate->current_frame; frame != NULL;
             frame = frame->previous)
        {
            RtFrame_VisitUncounted(frame, visit_uncounted, walk);
            if (walk->mark) {
                mark_frame(walk->c, frame);
            }
        }
    }
    RT_HEAD_UNLOCK();
}

// Number of references to objects in question.
static size_t
add_uncounted(RtCollection *c)
{
    FrameWalk walk = { .c = c };
    walk_frames(&walk);
    return walk.found;
}

// All of the first `count` rows that frames lead to.
static void
mark_alive(RtCollection *c, size_t count)
{
    FrameWalk walk = { .c = c, .mark = true };
    walk_frames(&walk);
    mark_pending(c);
    size_t alive = 0;
    for (size_t i = 0; i < count; i++) {
        alive += !is_unreachable(c->rows[i].op);
    }
    RT_NOTE(GC_ALIVE, c->interp, alive);
}

// ---------------------------------------------------------------------------
// The search.

// Moves the objects that are UNREACHABLE to the front. Returns their number.
static size_t
partition_rows(GcRow *rows, size_t count)
{
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

// Clears UNREACHABLE on all of the first `count` objects that have references
// from outside, and on what they lead to; moves the others to the front.
// Returns their number. `held` references to each are the collector's own.
static size_t
deduce_unreachable(RtCollection *c, size_t count, ssize_t held)
{
    GcRow *rows = c->rows;
    c->pending = NULL;
    for (size_t i = 0; i < count; i++) {
        borrow_tid(&rows[i], held);
    }
    // Where much is frozen, marking first gains nothing (3.14). What was judged
    // before is not what frames lead to, and has no deferred mark any more.
    if (held == 0 && !c->interp->gc.frozen) {
        mark_alive(c, count);
    }
    RtLockOrder_Has(RT_RANK_TRAVERSE);
    for (size_t i = 0; i < count; i++) {
        RtObject *op = rows[i].op;
        if (is_unreachable(op)) {
            (void)Rt_TYPE(op)->tp_traverse(op, visit_decref, NULL);
        }
    }
    RtLockOrder_GivesBack(RT_RANK_TRAVERSE);
    size_t uncounted = add_uncounted(c);
    rt_assert(uncounted == 0 || (held == 0 && c->interp->gc.frozen));
    (void)uncounted;
    for (size_t i = 0; i < count; i++) {
        if (is_unreachable(rows[i].op)) {
            rt_assert(rows[i].refs >= 0);
            if (rows[i].refs > 0) {
                mark_reachable(c, &rows[i]);
            }
        }
        mark_pending(c);
    }
    for (size_t i = 0; i < count; i++) {
        restore_tid(&rows[i]);
    }
    return partition_rows(rows, count);
}

// ---------------------------------------------------------------------------
// The phases.

// The world is stopped. Weak references to garbage are cleared before any
// finalizer runs, as those that are garbage: none shall be called.
static void
clear_weakrefs(RtCollection *c)
{
    for (size_t i = 0; i < c->unreachable; i++) {
        RtObject *op = c->rows[i].op;
        if (RtWeakref_Check(op)) {
            RtWeakref_Clear((RtWeakReference *)op);
        }
        if (RtType_Check(op)) {
            RtSubclasses_Hide((RtTypeObject *)op);
        }
        RtWeakref_ClearAll(op, is_unreachable, &c->callbacks);
    }
}

// The world is stopped. 0, or -1 without memory.
static int
find_unreachable(RtCollection *c)
{
    RtBrc_MergeAllQueued(c->interp, &c->zeroed);
    rt_assert(RtBrc_IsDrained(c->interp));
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
        rt_assert(!RtGC_IsFrozen(op));
        (void)RtObject_ExplicitMergeRefcount(op, 1);
    }
    RT_NOTE(GC_JUDGED, c->interp, c->unreachable);
    c->interp->gc.long_lived_total = (ssize_t)(c->count - c->unreachable);
    clear_weakrefs(c);
    return 0;
}

static void
drop_zeroed(RtCollection *c)
{
    RtObject *op;
    while ((op = RtObjectStack_Pop(&c->zeroed)) != NULL) {
        Rt_DECREF(op);
    }
}

static void
finalize_garbage(RtCollection *c)
{
    for (size_t i = 0; i < c->unreachable; i++) {
        RtObject_CallFinalizer(c->rows[i].op);
    }
}

// The world is stopped again.
static void
handle_resurrected(RtCollection *c)
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
delete_garbage(RtCollection *c)
{
    for (size_t i = 0; i < c->unreachable; i++) {
        RtObject *op = c->rows[i].op;
        rt_assert(RtObject_IsMerged(op));
        rt_assert(!RtGC_IsFrozen(op));
        clear_unreachable(op);
        if (RtGC_IsTracked(op)) {
            RtGC_ClearObject(op);
        }
        c->deleted = i + 1;
        Rt_DECREF(op);
    }
}

// From here on, until its end, the objects that it holds can be found.
static void
begin_collection(RtCollection *c, RtInterpreterState *interp)
{
    c->interp = interp;
    c->rows = c->small;
    c->unreachable = 0;
    c->deleted = 0;
    c->zeroed.head = NULL;
    c->callbacks = (RtWeakrefChain){ NULL, NULL };
    interp->gc.running = c;
}

static void
end_collection(RtCollection *c)
{
    c->interp->gc.running = NULL;
    free_table(c);
}

static ssize_t
collect(RtInterpreterState *interp)
{
    RtCollection c;
    begin_collection(&c, interp);
    RtEval_StopTheWorld(interp);
    rt_atomic_store_int(&interp->gc.generations[0].count, 0);
    int result = find_unreachable(&c);
    RtEval_StartTheWorld(interp);
    drop_zeroed(&c);
    if (result < 0) {
        end_collection(&c);
        return -1;
    }
    RtWeakref_CallCallbacks(&c.callbacks);
    finalize_garbage(&c);
    RtEval_StopTheWorld(interp);
    handle_resurrected(&c);
    RT_NOTE(GC_CONDEMNED, interp, c.unreachable);
    RtEval_StartTheWorld(interp);
    delete_garbage(&c);
    end_collection(&c);
    return (ssize_t)c.unreachable;
}

static RtCollection kept;       // of a thread whose stack goes

void
RtGC_KeepRunning(RtInterpreterState *interp)
{
    RtCollection *c = interp->gc.running;
    if (c != NULL) {
        kept = *c;
        if (c->rows == c->small) {
            kept.rows = kept.small;
        }
        interp->gc.running = &kept;
    }
}

void
RtGC_TakeOver(RtInterpreterState *interp)
{
    RtCollection *c = interp->gc.running;
    if (c == NULL) {
        // None, or it is in a callback of the program and holds nothing.
        RtGC_GiveUp(interp);
        return;
    }
    for (size_t i = c->deleted; i < c->unreachable; i++) {
        clear_unreachable(c->rows[i].op);
    }
    RT_NOTE(GC_TAKEN_OVER, interp, c->unreachable - c->deleted);
    RtGC_GiveUp(interp);
    // Destructors may run from here on.
    drop_zeroed(c);
    RtWeakref_DropChain(&c->callbacks);
    while (c->deleted < c->unreachable) {
        Rt_DECREF(c->rows[c->deleted++].op);
    }
    free_table(c);
}

static ssize_t
collect_main(RtThreadState *tstate, int generation, bool automatic)
{
    RtInterpreterState *interp = tstate->interp;
    if (!RtGC_TryBegin(tstate)) {
        return 0;
    }
    if (automatic && !RtGC_ShouldCollect(&interp->gc)) {
        RtGC_End(tstate);       // another thread has just collected
        return 0;
    }
    RtObject *exc = RtErr_GetRaisedException();
    RtGC_CallCallbacks(tstate, RT_GC_START, generation, 0);
    RT_NOTE(GC_BEGIN, interp, generation);
    ssize_t collected = collect(interp);
    ssize_t n = collected < 0 ? 0 : collected;
    RT_NOTE(GC_END, interp, n);
    RtGC_CountCollection(interp, generation, n);
    RtGC_CallCallbacks(tstate, RT_GC_STOP, generation, n);
    RtErr_SetRaisedException(exc);
    if (collected < 0 && !automatic) {
        RtErr_NoMemory();
    }
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

// ---------------------------------------------------------------------------
// Walking.

typedef struct TrackedWalk {
    RtHeapVisitor visit;
    void *arg;
    bool all;                   // frozen and unreachable ones too
} TrackedWalk;

RT_NO_COVERAGE static bool
visit_if_tracked(RtObject *op, void *arg)
{
    const TrackedWalk *walk = arg;
    // Not by RtGC_IsTracked(), whose calls are counted: how many blocks there
    // are that are none depends on what ran before.
    uint8_t bits = rt_atomic_load_uint8_owned(&op->ob_gc_bits);
    if ((bits & RT_GC_BITS_TRACKED) == 0 ||
        (!walk->all && (RtGC_IsFrozen(op) || is_unreachable(op))))
    {
        return true;
    }
    return walk->visit(op, walk->arg);
}

RT_NO_COVERAGE void
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

// brc.c: the merge queues of biased reference counting.
//
// A thread that drops the last shared reference of another thread's object
// cannot tell whether the owner has any left: it hands its reference to the
// owner, who merges both counts. Threads are registered by id in buckets. The
// bucket's mutex guards the list and the `objects_to_merge` of its threads; an
// owner is registered before its first and until after its last reference
// operation. No destructor runs under a bucket's mutex.
// Mirrors Python/brc.c (CPython 3.13); departs: while the world is stopped the
// queues are emptied in place, so that nothing needs to be allocated; frozen
// objects, which no collection finds, are not left to the collector.

#include "rtcore_object.h"

#ifdef RT_GIL_DISABLED

#include "rtcore_gc.h"
#include "rtcore_object_stack.h"
#include "rtcore_sanitizer.h"
#include "rtcore_state.h"

static RtBrcBucket *
get_bucket(RtInterpreterState *interp, uintptr_t tid)
{
    rt_assert(tid != 0);
    return &interp->brc_table[tid % RT_BRC_NUM_BUCKETS];
}

// The bucket's mutex is held.
static RtThreadState *
find_thread_state(const RtBrcBucket *bucket, uintptr_t tid)
{
    RtThreadState *tstate = bucket->root;
    while (tstate != NULL && tstate->brc.tid != tid) {
        tstate = tstate->brc.next_in_bucket;
    }
    return tstate;
}

void
RtBrc_InitState(RtInterpreterState *interp)
{
    for (int i = 0; i < RT_BRC_NUM_BUCKETS; i++) {
        interp->brc_table[i].mutex.bits = 0;
        interp->brc_table[i].root = NULL;
    }
}

void
RtBrc_InitThread(RtThreadState *tstate)
{
    RtBrcThreadState *brc = &tstate->brc;
    rt_assert(RtObjectStack_IsEmpty(&brc->objects_to_merge));
    rt_assert(RtObjectStack_IsEmpty(&brc->local_objects_to_merge));
    brc->tid = RtThread_Id();
    RtBrcBucket *bucket = get_bucket(tstate->interp, brc->tid);
    RtMutex_LockRanked(&bucket->mutex, RT_RANK_BRC_BUCKET);
    rt_assert(find_thread_state(bucket, brc->tid) == NULL);
    brc->next_in_bucket = bucket->root;
    bucket->root = tstate;
    RtMutex_UnlockRanked(&bucket->mutex, RT_RANK_BRC_BUCKET);
}

// ---------------------------------------------------------------------------
// Queueing.

// The owner is gone, so no one else can merge. Takes the caller's reference;
// true if it was the last. The bucket's mutex keeps a new thread with the same
// id from becoming the owner meanwhile.
static bool
merge_orphan(RtObject *op)
{
    return RtObject_ExplicitMergeRefcount(op, -1) == 0;
}

// There is no memory for the queue: while the world is stopped the owner
// cannot count, so anybody may merge.
static void
merge_with_world_stopped(RtInterpreterState *interp, RtObject *op)
{
    RtEval_StopTheWorld(interp);
    ssize_t count = RtObject_ExplicitMergeRefcount(op, -1);
    RtThreadState_Get()->brc.in_flight = NULL;
    RtEval_StartTheWorld(interp);
    if (count == 0) {
        RtObject_Dealloc(op);
    }
}

// Only for assertions: what is queued says so, or was merged meanwhile.
__attribute__((unused)) static bool
has_queued_flag(const RtObject *op)
{
    ssize_t flags = rt_atomic_load_ssize_owned(&op->ob_ref_shared) &
                    RT_REF_SHARED_FLAG_MASK;
    return flags == RT_REF_QUEUED || flags == RT_REF_MERGED;
}

// Only for assertions: or its owner has just dropped its last reference.
__attribute__((unused)) static bool
is_owned_by(const RtObject *op, uintptr_t tid)
{
    uintptr_t owner = rt_atomic_load_uintptr_owned(&op->ob_tid);
    return owner == tid || owner == 0;
}

void
RtBrc_QueueObject(RtObject *op)
{
    RtThreadState *me = RtThreadState_Get();
    RtInterpreterState *interp = me->interp;
    uintptr_t tid = rt_atomic_load_uintptr_relaxed(&op->ob_tid);
    if (tid == 0) {
        // The owner has merged since: an ordinary reference again.
        Rt_DECREF(op);
        return;
    }
    RtBrcBucket *bucket = get_bucket(interp, tid);
    rt_assert(me->brc.in_flight == NULL);
    me->brc.in_flight = op;
    RtMutex_LockRanked(&bucket->mutex, RT_RANK_BRC_BUCKET);
    RtThreadState *owner = find_thread_state(bucket, tid);
    if (owner == NULL) {
        me->brc.in_flight = NULL;
        bool dead = merge_orphan(op);
        RtMutex_UnlockRanked(&bucket->mutex, RT_RANK_BRC_BUCKET);
        if (dead) {
            RtObject_Dealloc(op);
        }
        return;
    }
    if (RtObjectStack_Push(&owner->brc.objects_to_merge, op) < 0) {
        RtMutex_UnlockRanked(&bucket->mutex, RT_RANK_BRC_BUCKET);
        merge_with_world_stopped(interp, op);
        return;
    }
    me->brc.in_flight = NULL;
    rt_assert(has_queued_flag(op));
    rt_assert(is_owned_by(op, tid));
    RT_NOTE(REF_QUEUED, op, tid);
    // Under the mutex: it keeps the owner's thread state in existence.
    RtThreadState_SetEvalBreakerBit(owner, RT_EVAL_EXPLICIT_MERGE_BIT);
    RtMutex_UnlockRanked(&bucket->mutex, RT_RANK_BRC_BUCKET);
}

// ---------------------------------------------------------------------------
// Merging.

static void
merge_queued_objects(RtObjectStack *to_merge)
{
    RtObject *op;
    while ((op = RtObjectStack_Pop(to_merge)) != NULL) {
        RT_NOTE(REF_DEQUEUED, op, 0);
        rt_assert(has_queued_flag(op));
        // The queue had a reference. Destructors may come back here for the
        // rest of the stack.
        if (RtObject_ExplicitMergeRefcount(op, -1) == 0) {
            RtObject_Dealloc(op);
        }
    }
}

void
RtBrc_MergeRefcounts(RtThreadState *tstate)
{
    RtBrcThreadState *brc = &tstate->brc;
    rt_assert(brc->tid == RtThread_Id());
    RtBrcBucket *bucket = get_bucket(tstate->interp, brc->tid);
    RtMutex_LockRanked(&bucket->mutex, RT_RANK_BRC_BUCKET);
    RtObjectStack_Merge(&brc->local_objects_to_merge, &brc->objects_to_merge);
    RtMutex_UnlockRanked(&bucket->mutex, RT_RANK_BRC_BUCKET);
    merge_queued_objects(&brc->local_objects_to_merge);
}

// The bucket's mutex is held.
static void
unlink_thread(RtBrcBucket *bucket, RtThreadState *tstate)
{
    RtThreadState **link = &bucket->root;
    while (*link != tstate) {
        rt_assert(*link != NULL);
        link = &(*link)->brc.next_in_bucket;
    }
    *link = tstate->brc.next_in_bucket;
    tstate->brc.next_in_bucket = NULL;
}

void
RtBrc_RemoveThread(RtThreadState *tstate)
{
    RtBrcThreadState *brc = &tstate->brc;
    if (brc->tid == 0) {
        return;                 // never bound
    }
    RtBrcBucket *bucket = get_bucket(tstate->interp, brc->tid);
    bool empty = false;
    while (!empty) {
        // Merging may run destructors, and others may queue more meanwhile:
        // the thread leaves only with both stacks seen empty.
        merge_queued_objects(&brc->local_objects_to_merge);
        RtMutex_LockRanked(&bucket->mutex, RT_RANK_BRC_BUCKET);
        empty = RtObjectStack_IsEmpty(&brc->objects_to_merge);
        if (empty) {
            unlink_thread(bucket, tstate);
        }
        else {
            RtObjectStack_Merge(&brc->local_objects_to_merge,
                                &brc->objects_to_merge);
        }
        RtMutex_UnlockRanked(&bucket->mutex, RT_RANK_BRC_BUCKET);
    }
    rt_assert(RtObjectStack_IsEmpty(&brc->local_objects_to_merge));
    brc->tid = 0;
}

// The thread had to exit, or was lost in a fork, before it had queued it.
void
RtBrc_FinishQueueing(RtThreadState *gone)
{
    RtObject *op = gone->brc.in_flight;
    gone->brc.in_flight = NULL;
    if (op != NULL && RtObject_ExplicitMergeRefcount(op, -1) == 0) {
        RtObject_Dealloc(op);
    }
}

// A thread may have been in the middle of registering.
void
RtBrc_AfterFork(RtInterpreterState *interp)
{
    RtBrc_InitState(interp);
    for (RtThreadState *t = interp->threads; t != NULL; t = t->next) {
        if (t->brc.tid != 0) {
            RtBrcBucket *bucket = get_bucket(interp, t->brc.tid);
            t->brc.next_in_bucket = bucket->root;
            bucket->root = t;
        }
    }
}

// ---------------------------------------------------------------------------
// With the world stopped.

// Whether the collection that stopped the world finds op if it is dead.
static bool
is_left_to_collector(RtObject *op)
{
    return RtObject_IsGc(op) && RtGC_IsTracked(op) && !RtGC_IsFrozen(op);
}

// Merges what is queued in one chunk. Keeps, with one reference each, those
// that have none left and that the collector will not find by itself.
static void
merge_chunk(RtObjectStackChunk *chunk)
{
    ssize_t kept = 0;
    for (ssize_t i = 0; i < chunk->n; i++) {
        RtObject *op = chunk->objs[i];
        RT_NOTE(REF_DEQUEUED, op, 0);
        rt_assert(has_queued_flag(op));
        ssize_t count = RtObject_ExplicitMergeRefcount(op, -1);
        if (count == 0 && !is_left_to_collector(op)) {
            rt_atomic_add_ssize(&op->ob_ref_shared,
                                1 << RT_REF_SHARED_SHIFT);
            chunk->objs[kept++] = op;
        }
    }
    chunk->n = kept;
}

void
RtBrc_MergeAllQueued(RtInterpreterState *interp, RtObjectStack *zeroed)
{
    // A bucket's mutex may belong to a thread that is suspended in the middle
    // of taking it, so no bucket is locked here. The queues of a thread that
    // is just being made are empty and stay so.
    RtObjectStack queued = { NULL };
    RT_HEAD_LOCK();
    for (RtThreadState *t = interp->threads; t != NULL; t = t->next) {
        RtObjectStack_Merge(&queued, &t->brc.local_objects_to_merge);
        RtObjectStack_Merge(&queued, &t->brc.objects_to_merge);
    }
    RT_HEAD_UNLOCK();
    RtObjectStackChunk *chunk = queued.head;
    while (chunk != NULL) {
        RtObjectStackChunk *prev = chunk->prev;
        merge_chunk(chunk);
        if (chunk->n == 0) {
            RtMem_Free(chunk);
        }
        else {
            chunk->prev = zeroed->head;
            zeroed->head = chunk;
        }
        chunk = prev;
    }
}

RT_NO_INSTRUMENT static int
count_in_stack(const RtObjectStack *stack, const RtObject *op)
{
    int found = 0;
    for (const RtObjectStackChunk *chunk = stack->head; chunk != NULL;
         chunk = chunk->prev)
    {
        for (ssize_t i = 0; i < chunk->n; i++) {
            found += chunk->objs[i] == op;
        }
    }
    return found;
}

bool
RtBrc_IsDrained(const RtInterpreterState *interp)
{
    bool drained = true;
    // States are linked and unlinked while the world is stopped, too.
    RT_HEAD_LOCK();
    for (const RtThreadState *t = interp->threads; t != NULL; t = t->next) {
        drained = drained && RtObjectStack_IsEmpty(&t->brc.objects_to_merge) &&
                  RtObjectStack_IsEmpty(&t->brc.local_objects_to_merge);
    }
    RT_HEAD_UNLOCK();
    return drained;
}

RT_NO_INSTRUMENT bool
RtBrc_IsQueued(const RtInterpreterState *interp, const RtObject *op)
{
    int found = 0;
    for (const RtThreadState *t = interp->threads; t != NULL; t = t->next) {
        found += count_in_stack(&t->brc.objects_to_merge, op) +
                 count_in_stack(&t->brc.local_objects_to_merge, op) +
                 (t->brc.in_flight == op);
    }
    return found == 1;
}

#else

// In the GIL build counts are plain and nothing is ever queued.
typedef int rt_brc_unused;

#endif

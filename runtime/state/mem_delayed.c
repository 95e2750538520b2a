// mem_delayed.c: queues of memory that waits for its last reader.
//
// Each thread state has a queue of chunks that only its thread touches, in the
// order of their goals; queues of ended threads join the interpreter's,
// under delayed_mutex. While the world is stopped, or nobody else exists, there
// are no readers: memory is freed at once.
// Mirrors the delayed-free part of Objects/obmalloc.c (CPython 3.13); departs:
// an ending thread first frees what is due in its own queue; without memory for
// the queue the block waits in the limbo, where CPython stops the world, which
// releases the locks of the caller in the middle of its work; too many bytes
// are looked after at the next eval-breaker check (3.14).

#include "rtcore_state.h"

#include "rt_lock.h"
#include "rtcore_assert.h"
#include "rtcore_heap.h"
#include "rtcore_sanitizer.h"

#ifdef RT_GIL_DISABLED

#ifdef RT_TINY_LIMITS
#define WORK_ITEMS_PER_CHUNK 4
#else
#define WORK_ITEMS_PER_CHUNK 254
#endif

enum { CHECKS_BETWEEN_TRIES = 8 };

typedef struct DelayedItem {
    void *ptr;
    uint64_t qsbr_goal;
} DelayedItem;

typedef struct RtDelayedChunk {
    struct RtDelayedChunk *next;
    int rd_idx;                 // items before it are freed
    int wr_idx;
    DelayedItem items[WORK_ITEMS_PER_CHUNK];
} RtDelayedChunk;

RT_NO_INSTRUMENT static size_t
size_of(void *ptr)
{
    return RtBlock_FromPointer(ptr)->size;
}

// Frees what is due, oldest first. Returns what is left of the queue. An empty
// last chunk is kept for the next items if keep_empty. *bytes decreases by what
// was freed.
static RtDelayedChunk *
process_queue(RtThreadState *tstate, RtDelayedChunk *head, bool keep_empty,
              size_t *bytes)
{
    while (head != NULL) {
        rt_assert(0 <= head->rd_idx && head->rd_idx <= head->wr_idx &&
                  head->wr_idx <= WORK_ITEMS_PER_CHUNK);
        while (head->rd_idx < head->wr_idx) {
            DelayedItem *item = &head->items[head->rd_idx];
            if (!RtQsbr_Poll(tstate, item->qsbr_goal)) {
                return head;
            }
            head->rd_idx++;
            *bytes -= size_of(item->ptr);
            RtMem_Free(item->ptr);
        }
        rt_assert(head->rd_idx == head->wr_idx);
        if (keep_empty && head->next == NULL) {
            head->rd_idx = 0;
            head->wr_idx = 0;
            return head;
        }
        RtDelayedChunk *next = head->next;
        RtMem_Free(head);
        head = next;
    }
    return NULL;
}

static void
process_thread_queue(RtThreadState *tstate, bool keep_empty)
{
    tstate->delayed_head =
        process_queue(tstate, tstate->delayed_head, keep_empty,
                      &tstate->delayed_bytes);
    if (tstate->delayed_head == NULL) {
        tstate->delayed_tail = NULL;
    }
}

void
RtMem_ReclaimDelayed(RtThreadState *tstate)
{
    process_thread_queue(tstate, true);
    RtLimbo_Process(tstate);
}

void
RtMem_RelievePressure(RtThreadState *tstate)
{
    rt_assert(tstate == RtThreadState_Get());
    if (--tstate->delayed_pressure > 0) {
        return;
    }
    size_t bytes = tstate->delayed_bytes + tstate->limbo.bytes;
    RT_NOTE(MEM_PRESSURE, tstate, bytes);
    RtMem_ProcessDelayed(tstate);
    if (tstate->delayed_bytes + tstate->limbo.bytes > RT_MEM_PRESSURE_LIMIT) {
        // Some reader has not been quiescent: to ask at each check is too dear.
        tstate->delayed_pressure = CHECKS_BETWEEN_TRIES;
    }
}

// The chunk to put the next item in, or NULL if there is no memory.
static RtDelayedChunk *
get_chunk(RtThreadState *tstate)
{
    RtDelayedChunk *tail = tstate->delayed_tail;
    if (tail != NULL && tail->wr_idx < WORK_ITEMS_PER_CHUNK) {
        return tail;
    }
    RtDelayedChunk *chunk = RtMem_Calloc(1, sizeof(RtDelayedChunk));
    if (chunk == NULL) {
        return NULL;
    }
    if (tail != NULL) {
        rt_assert(tail->next == NULL);
        tail->next = chunk;
    }
    else {
        rt_assert(tstate->delayed_head == NULL);
        tstate->delayed_head = chunk;
    }
    tstate->delayed_tail = chunk;
    return chunk;
}

// Whether nobody can be reading without a lock.
static bool
has_no_readers(RtThreadState *tstate)
{
    // Without a thread state: before the first thread or after the last one.
    return tstate == NULL || RtEval_HasStopped(tstate) ||
           tstate->interp->alone;
}

void
RtMem_FreeDelayed(void *ptr)
{
    RtThreadState *tstate = RtThreadState_Get();
    if (ptr == NULL) {
        return;
    }
    if (has_no_readers(tstate)) {
        RtMem_Free(ptr);
        return;
    }
    RtDelayedChunk *chunk = get_chunk(tstate);
    if (chunk == NULL) {
        RT_NOTE(BLOCK_DELAYED, ptr, 0);
        RtLimbo_AddLive(tstate, ptr);
        return;
    }
    tstate->delayed_bytes += size_of(ptr);
    uint64_t goal;
    if (tstate->delayed_bytes > RT_MEM_PRESSURE_LIMIT &&
        tstate->delayed_pressure == 0)
    {
        // A goal that is reached as soon as all have been quiescent.
        goal = RtQsbr_Advance(tstate->interp);
        tstate->delayed_pressure = 1;
    }
    else {
        goal = RtQsbr_DeferredAdvance(tstate);
    }
    RT_NOTE(BLOCK_DELAYED, ptr, goal);
    chunk->items[chunk->wr_idx].ptr = ptr;
    chunk->items[chunk->wr_idx].qsbr_goal = goal;
    chunk->wr_idx++;
    if (chunk->wr_idx == WORK_ITEMS_PER_CHUNK) {
        RtMem_ProcessDelayed(tstate);
    }
}

// delayed_mutex is held.
static void
process_abandoned(RtThreadState *tstate)
{
    RtInterpreterState *interp = tstate->interp;
    size_t bytes = 0;           // nobody counts those
    interp->delayed_abandoned =
        process_queue(tstate, interp->delayed_abandoned, false, &bytes);
    RtLimbo_ProcessAbandoned(tstate);
    bool left = interp->delayed_abandoned != NULL ||
                !RtLimbo_IsEmpty(&interp->limbo);
    rt_atomic_store_int_relaxed(&interp->has_abandoned, left);
}

void
RtMem_ProcessDelayed(RtThreadState *tstate)
{
    RtInterpreterState *interp = tstate->interp;
    process_thread_queue(tstate, true);
    RtLimbo_Process(tstate);
    // Whoever has the mutex is at it.
    if (rt_atomic_load_int_relaxed(&interp->has_abandoned) &&
        RtMutex_TryLockRanked(&interp->delayed_mutex, RT_RANK_DELAYED)) {
        process_abandoned(tstate);
        RtMutex_UnlockRanked(&interp->delayed_mutex, RT_RANK_DELAYED);
    }
}

// delayed_mutex is held.
static void
abandon_queue(RtThreadState *tstate)
{
    RtDelayedChunk **last = &tstate->interp->delayed_abandoned;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = tstate->delayed_head;
    tstate->delayed_bytes = 0;
    tstate->delayed_head = NULL;
    tstate->delayed_tail = NULL;
}

void
RtMem_AbandonDelayed(RtThreadState *tstate)
{
    RtInterpreterState *interp = tstate->interp;
    process_thread_queue(tstate, false);
    if (tstate->delayed_head == NULL && RtLimbo_IsEmpty(&tstate->limbo)) {
        return;
    }
    RtMutex_LockRanked(&interp->delayed_mutex, RT_RANK_DELAYED);
    abandon_queue(tstate);
    RtLimbo_Abandon(tstate);
    // Nobody may look at the queue for long: take what is due now.
    process_abandoned(tstate);
    RtMutex_UnlockRanked(&interp->delayed_mutex, RT_RANK_DELAYED);
}

// Frees every item and chunk of a queue, whatever its goals.
static void
free_queue(RtDelayedChunk *head)
{
    while (head != NULL) {
        while (head->rd_idx < head->wr_idx) {
            RtMem_Free(head->items[head->rd_idx++].ptr);
        }
        RtDelayedChunk *next = head->next;
        RtMem_Free(head);
        head = next;
    }
}

void
RtMem_ProcessAllDelayed(RtInterpreterState *interp)
{
    // A thread that waits for delayed_mutex may have been handed it and then
    // been suspended: the stop stands for the mutex. Nothing is freed under
    // HEAD_LOCK.
    RtThreadState *me = RtThreadState_Get();
    rt_assert(me == NULL || me->interp == interp);
    // Queues of other threads are touched: they stand still, or are no more.
    rt_assert(has_no_readers(me));
    if (me != NULL) {
        // The caller is the only reader left, and has nothing in its hands.
        RtQsbr_Advance(interp);
        RtQsbr_QuiescentState(me);
    }
    free_queue(interp->delayed_abandoned);
    interp->delayed_abandoned = NULL;
    RtLimbo_ReleaseAll(&interp->limbo);
    RT_HEAD_LOCK();
    RtThreadState *first = interp->threads;
    RT_HEAD_UNLOCK();
    // New states are linked before `first`; none is unlinked during a stop.
    for (RtThreadState *t = first; t != NULL; t = t->next) {
        RtDelayedChunk *queue = t->delayed_head;
        t->delayed_head = NULL;
        t->delayed_bytes = 0;
        t->delayed_tail = NULL;
        free_queue(queue);
        RtLimbo_ReleaseAll(&t->limbo);
    }
}

#else  // !RT_GIL_DISABLED

void
RtMem_FreeDelayed(void *ptr)
{
    RtMem_Free(ptr);
}

void
RtMem_ProcessDelayed(RtThreadState *tstate)
{
    (void)tstate;
}

void
RtMem_ReclaimDelayed(RtThreadState *tstate)
{
    (void)tstate;
}

void
RtMem_AbandonDelayed(RtThreadState *tstate)
{
    (void)tstate;
}

void
RtMem_ProcessAllDelayed(RtInterpreterState *interp)
{
    (void)interp;
}

#endif

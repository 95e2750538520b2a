// qsbr.c: when is a block that was unlinked out of every reader's hands?
//
// The write sequence counts goals; each online thread publishes the value that
// it saw at its last quiescent state. A goal is reached when no online thread
// shows a smaller one. Sequences are odd; a slot of 0 is offline. Slots are
// claimed, moved and given back under shared->mutex, and moved only while the
// world is stopped: an attached thread reads tstate->qsbr and shared->slots
// without a lock.
// Mirrors Python/qsbr.c (CPython 3.13); departs: no free list of slots, reserve
// and register are one step.

#include "rtcore_state.h"

#include "rt_lock.h"
#include "rtcore_assert.h"
#include "rtcore_heap.h"

#ifdef RT_GIL_DISABLED

enum {
    QSBR_OFFLINE = 0,
    QSBR_INITIAL = 1,
    QSBR_INCR = 2,
};

#ifdef RT_TINY_LIMITS
#define MIN_SLOTS 2
#define DEFERRED_LIMIT 1
#else
#define MIN_SLOTS 8
#define DEFERRED_LIMIT 10
#endif

// The sequence may wrap.
static bool
seq_lt(uint64_t a, uint64_t b)
{
    return (int64_t)(a - b) < 0;
}

// Only for assertions. What readers have reached is loaded first: both grow.
__attribute__((unused)) static bool
is_behind(const RtQsbrShared *shared)
{
    uint64_t rd_seq = rt_atomic_load_uint64_owned(&shared->rd_seq);
    uint64_t wr_seq = rt_atomic_load_uint64_owned(&shared->wr_seq);
    return rd_seq % 2 == 1 && !seq_lt(wr_seq, rd_seq);
}

void
RtQsbr_Init(RtInterpreterState *interp)
{
    RtQsbrShared *shared = &interp->qsbr;
    rt_assert(shared->slots == NULL);
    shared->wr_seq = QSBR_INITIAL;
    shared->rd_seq = QSBR_INITIAL;
}

void
RtQsbr_Fini(RtInterpreterState *interp)
{
    RtQsbrShared *shared = &interp->qsbr;
    for (ssize_t i = 0; i < shared->size; i++) {
        rt_assert(!shared->slots[i].allocated);
    }
    RtMem_Free(shared->slots);
    shared->slots = NULL;
    shared->size = 0;
}

// ---------------------------------------------------------------------------
// Slots.

// The mutex is held.
static RtQsbrThreadState *
find_free_slot(RtQsbrShared *shared)
{
    for (ssize_t i = 0; i < shared->size; i++) {
        if (!shared->slots[i].allocated) {
            return &shared->slots[i];
        }
    }
    return NULL;
}

// The world is stopped. Threads that are in the middle of being created or
// deleted reach their slot under the mutex only.
static RtQsbrThreadState *
move_slots(RtQsbrShared *shared, RtQsbrThreadState *slots, ssize_t size)
{
    RtQsbrThreadState *old = shared->slots;
    for (ssize_t i = 0; i < shared->size; i++) {
        rt_assert(old[i].allocated);
        rt_assert(old[i].tstate->qsbr == &old[i]);
        slots[i] = old[i];
        slots[i].tstate->qsbr = &slots[i];
    }
    shared->slots = slots;
    shared->size = size;
    return old;
}

// The mutex is held. 0, or -1 if out of memory.
static int
grow_slots(RtInterpreterState *interp)
{
    RtQsbrShared *shared = &interp->qsbr;
    ssize_t size = shared->size == 0 ? MIN_SLOTS : shared->size * 2;
    RtQsbrThreadState *slots =
        RtMem_Calloc((size_t)size, sizeof(RtQsbrThreadState));
    if (slots == NULL) {
        return -1;
    }
    if (shared->size == 0) {
        move_slots(shared, slots, size);
        return 0;
    }
    RtEval_StopTheWorld(interp);
    RtQsbrThreadState *old = move_slots(shared, slots, size);
    RtEval_StartTheWorld(interp);
    RtMem_Free(old);
    return 0;
}

int
RtQsbr_Reserve(RtThreadState *tstate)
{
    RtQsbrShared *shared = &tstate->interp->qsbr;
    rt_assert(tstate->qsbr == NULL);
    RtMutex_LockRanked(&shared->mutex, RT_RANK_QSBR);
    RtQsbrThreadState *slot = find_free_slot(shared);
    if (slot == NULL && grow_slots(tstate->interp) == 0) {
        slot = find_free_slot(shared);
        rt_assert(slot != NULL);
    }
    if (slot != NULL) {
        rt_assert(slot->tstate == NULL);
        rt_assert(slot->seq == QSBR_OFFLINE);
        slot->allocated = true;
        slot->deferrals = 0;
        slot->deferred_limit = DEFERRED_LIMIT;
        slot->tstate = tstate;
        tstate->qsbr = slot;
    }
    RtMutex_UnlockRanked(&shared->mutex, RT_RANK_QSBR);
    return slot != NULL ? 0 : -1;
}

void
RtQsbr_Release(RtThreadState *tstate)
{
    RtQsbrShared *shared = &tstate->interp->qsbr;
    RtMutex_LockRanked(&shared->mutex, RT_RANK_QSBR);
    // Read only now: the slots may just have been moved.
    RtQsbrThreadState *slot = tstate->qsbr;
    if (slot != NULL) {         // else it was lost in a fork
        rt_assert(slot->tstate == tstate);
        rt_assert(slot->allocated);
        rt_assert(rt_atomic_load_uint64_owned(&slot->seq) == QSBR_OFFLINE);
        slot->tstate = NULL;
        slot->allocated = false;
    }
    RtMutex_UnlockRanked(&shared->mutex, RT_RANK_QSBR);
}

// Others may have been in the middle of giving a slot back.
void
RtQsbr_AfterFork(RtThreadState *tstate)
{
    RtQsbrShared *shared = &tstate->interp->qsbr;
    RtMutex_AfterFork(&shared->mutex);
    for (ssize_t i = 0; i < shared->size; i++) {
        RtQsbrThreadState *slot = &shared->slots[i];
        if (slot != tstate->qsbr) {
            *slot = (RtQsbrThreadState){ 0 };
        }
    }
    for (RtThreadState *t = tstate->interp->threads; t != NULL; t = t->next) {
        if (t != tstate) {
            t->qsbr = NULL;
        }
    }
}

// ---------------------------------------------------------------------------
// Readers.

void
RtQsbr_Attach(RtThreadState *tstate)
{
    RtQsbrThreadState *slot = tstate->qsbr;
    rt_assert(slot->tstate == tstate);
    rt_assert(rt_atomic_load_uint64_owned(&slot->seq) == QSBR_OFFLINE);
    uint64_t seq = rt_atomic_load_uint64_acquire(&tstate->interp->qsbr.wr_seq);
    rt_assert(seq % 2 == 1);
    // Release: who sees this one must have seen the end of earlier reads.
    rt_atomic_store_uint64_release(&slot->seq, seq);
    // Pairs with the fence in poll_scan(): either the scan sees this thread
    // online, or this thread sees everything unlinked before the scan. A
    // sequentially consistent store is not enough, because the reads that
    // follow are weaker and might come before it.
    rt_atomic_fence_seq_cst();
    RT_NOTE(QSBR_ONLINE, tstate, seq);
}

void
RtQsbr_Detach(RtThreadState *tstate)
{
    RtQsbrThreadState *slot = tstate->qsbr;
    rt_assert(slot->tstate == tstate);
    rt_assert(rt_atomic_load_uint64_owned(&slot->seq) != QSBR_OFFLINE);
    tstate->quiescences++;
    RT_NOTE(QSBR_OFFLINE, tstate, 0);
    // Pairs with the load in poll_scan(): reads come before the free.
    rt_atomic_store_uint64_release(&slot->seq, QSBR_OFFLINE);
}

// ---------------------------------------------------------------------------
// Those who free.

uint64_t
RtQsbr_Advance(RtInterpreterState *interp)
{
    RtThreadState *caller = RtThreadState_Get();
    if (caller != NULL) {
        caller->attention = 1;  // its own quiescence will be news
    }
    // Sequentially consistent: what was unlinked before is unlinked for every
    // thread that sees the new sequence.
    uint64_t old = rt_atomic_add_uint64(&interp->qsbr.wr_seq, QSBR_INCR);
    rt_assert(old % 2 == 1);
    return old + QSBR_INCR;
}

void
RtQsbr_SetDeferredLimit(RtThreadState *tstate, int limit)
{
    rt_assert(limit > 0);
    tstate->qsbr->deferred_limit = limit;
}

uint64_t
RtQsbr_DeferredAdvance(RtThreadState *tstate)
{
    RtQsbrThreadState *slot = tstate->qsbr;
    RtInterpreterState *interp = tstate->interp;
    if (++slot->deferrals < slot->deferred_limit) {
        // Reached after the next real advance, whoever makes it. No thread that
        // shows that sequence finds what was unlinked before: each has a fence
        // between showing it and its next read.
        rt_atomic_fence_beside();
        return rt_atomic_load_uint64_acquire(&interp->qsbr.wr_seq) + QSBR_INCR;
    }
    slot->deferrals = 0;
    return RtQsbr_Advance(interp);
}

// Raises rd_seq to the smallest sequence of the online threads; returns it.
static uint64_t
poll_scan(RtQsbrShared *shared)
{
    // Pairs with the store in RtQsbr_Attach(): a thread that came online before
    // is not seen offline.
    rt_atomic_fence_seq_cst();
    uint64_t min_seq = rt_atomic_load_uint64(&shared->wr_seq);
    for (ssize_t i = 0; i < shared->size; i++) {
        uint64_t seq = rt_atomic_load_uint64(&shared->slots[i].seq);
        if (seq != QSBR_OFFLINE && seq_lt(seq, min_seq)) {
            min_seq = seq;
        }
    }
    uint64_t rd_seq = rt_atomic_load_uint64(&shared->rd_seq);
    if (seq_lt(rd_seq, min_seq)) {
        // If it fails, another thread has raised it: no harm.
        (void)rt_atomic_compare_exchange_uint64(&shared->rd_seq, &rd_seq,
                                                min_seq);
        rd_seq = min_seq;
    }
    rt_assert(is_behind(shared));
    return rd_seq;
}

bool
RtQsbr_Poll(RtThreadState *tstate, uint64_t goal)
{
    rt_assert(rt_atomic_load_int_owned(&tstate->state) == RT_THREAD_ATTACHED);
    rt_assert(goal % 2 == 1);
    RtQsbrShared *shared = &tstate->interp->qsbr;
    // Pairs with the compare-exchange in poll_scan().
    uint64_t rd_seq = rt_atomic_load_uint64_acquire(&shared->rd_seq);
    if (!seq_lt(rd_seq, goal)) {
        return true;
    }
    return !seq_lt(poll_scan(shared), goal);
}

#endif  // RT_GIL_DISABLED

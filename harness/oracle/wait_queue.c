// wait_queue.c: who waits in a queue (of a condition, an event, a semaphore or
// a barrier) is woken in turn, and leaves as if it had been woken if and only
// if it was.
//
// A signal handler may wait while its thread is in a queue; then the outer wait
// is not followed any more.

#include "oracle_internal.h"
#include "rt_lock.h"

typedef struct Place {
    const void *queue;          // that the thread is in, or NULL
    const void *waiter;         // by which it waits there
    uint64_t turn;
    bool woken;
} Place;

static struct {
    Place places[FZ_MAX_THREADS];
    uint32_t nthreads;          // touched by this run
    uint64_t turns;             // threads that have entered a queue
} state;

static void
begin(void)
{
    for (uint32_t t = 0; t < state.nthreads; t++) {
        state.places[t].queue = NULL;
    }
    state.nthreads = 0;
}

const void *
FzOracleWaitQueue_Of(uint32_t thread)
{
    return state.places[thread].queue;
}

static void
enters(uint32_t thread, const void *queue, const void *waiter)
{
    if (thread >= state.nthreads) {
        state.nthreads = thread + 1;
    }
    Place *place = &state.places[thread];
    place->queue = place->queue == NULL ? queue : NULL;
    place->waiter = waiter;
    place->turn = state.turns++;
    place->woken = false;
}

static void
wakes(const void *queue, const void *waiter)
{
    Place *chosen = NULL;
    for (uint32_t t = 0; t < state.nthreads; t++) {
        if (state.places[t].queue == queue &&
            state.places[t].waiter == waiter) {
            chosen = &state.places[t];
        }
    }
    if (chosen == NULL) {
        return;
    }
    chosen->woken = true;
    for (uint32_t t = 0; t < state.nthreads; t++) {
        const Place *other = &state.places[t];
        if (other->queue == queue && !other->woken &&
            other->turn < chosen->turn) {
            FzEngine_Violation(FZ_RULE_WAIT_QUEUE, t,
                               "thread %u is woken from the queue of %s "
                               "before thread %u, which came first",
                               (unsigned)(chosen - state.places),
                               FzName_Of(queue).text, t);
            FzEngine_Stop();
        }
    }
}

static void
leaves(uint32_t thread, const void *queue, RtLockStatus status)
{
    Place *place = &state.places[thread];
    if (place->queue != queue) {
        return;
    }
    place->queue = NULL;
    if (status != RT_LOCK_INTR &&
        place->woken != (status == RT_LOCK_ACQUIRED)) {
        FzEngine_Violation(FZ_RULE_WAIT_QUEUE, UINT32_MAX,
                           "thread %u leaves the queue of %s as if it had %s",
                           thread, FzName_Of(queue).text,
                           place->woken ? "not been woken" : "been woken");
        FzEngine_Stop();
    }
}

// The others are gone.
static void
forked(uint32_t thread)
{
    for (uint32_t t = 0; t < state.nthreads; t++) {
        if (t != thread) {
            state.places[t].queue = NULL;
        }
    }
}

static bool
note(uint32_t thread, unsigned kind, const void *a, uintptr_t b)
{
    switch (kind) {
    case RT_NOTE_QUEUE_ENTERED:
        enters(thread, a, (const void *)b);
        return true;
    case RT_NOTE_QUEUE_WOKEN:
        wakes(a, (const void *)b);
        return true;
    case RT_NOTE_QUEUE_LEFT:
        leaves(thread, a, (RtLockStatus)b);
        return true;
    case RT_NOTE_THREAD_EXITED:
        state.places[thread].queue = NULL;
        return true;
    case RT_NOTE_FORKED:
        forked(thread);
        return true;
    default:
        return false;
    }
}

const FzOracleOps fz_oracle_wait_queue = {
    .name = "wait_queue",
    .begin = begin,
    .note = note,
};

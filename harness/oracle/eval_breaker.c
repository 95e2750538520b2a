// eval_breaker.c: pending calls run once, in order, by one thread at a time;
// asynchronous exceptions are raised once, by the thread they were set on, and
// soon (invariants E3, E4, E5, E7).

#include <string.h>

#include "oracle_internal.h"
#include "oracle_map.h"
#include "rtcore_ceval.h"
#include "rtcore_hooks.h"

enum {
    // A check may serve another request first, and one that is set after the
    // breaker was loaded is seen at the next.
    CHECKS_ALLOWED = 8,
    MAX_QUEUES = 8,             // one for each interpreter, and the main one
};
#define ASKED_FOR ((uint64_t)1 << 32)

typedef struct Queue {
    const void *queue;          // NULL: free
    const void *handler;        // thread state, or NULL
    uint32_t handler_thread;
    uint64_t added;
    uint64_t taken;
} Queue;

static struct {
    Queue queues[MAX_QUEUES];
    // Thread state -> exception that is set on it; checks passed since its bit
    // was set, too (ASKED_FOR): whoever sets both may be held up in between.
    FzMap exceptions;
    unsigned nset;              // thread states with an exception
} state;

static void
begin(void)
{
    memset(state.queues, 0, sizeof(state.queues));
    FzMap_Clear(&state.exceptions);
    state.nset = 0;
}

// NULL: more queues than this oracle follows.
static Queue *
find_queue(const void *address)
{
    for (int i = 0; i < MAX_QUEUES; i++) {
        Queue *q = &state.queues[i];
        if (q->queue == NULL) {
            q->queue = address;
        }
        if (q->queue == address) {
            return q;
        }
    }
    return NULL;
}

static void
added(Queue *q, uint32_t thread, uint64_t number)
{
    if (number != q->added) {
        FzEngine_Violation(FZ_RULE_PENDING_ORDER, UINT32_MAX,
                           "thread %u added pending call %llu, after %llu",
                           thread, (unsigned long long)number,
                           (unsigned long long)q->added);
        FzEngine_Stop();
    }
    q->added++;
}

static void
taken(Queue *q, uint32_t thread, uint64_t number)
{
    if (number != q->taken || number >= q->added) {
        FzEngine_Violation(FZ_RULE_PENDING_ORDER, UINT32_MAX,
                           "thread %u runs pending call %llu; next is %llu "
                           "of %llu",
                           thread, (unsigned long long)number,
                           (unsigned long long)q->taken,
                           (unsigned long long)q->added);
        FzEngine_Stop();
    }
    q->taken++;
}

static void
handler(Queue *q, uint32_t thread, const void *tstate)
{
    if (tstate != NULL && q->handler != NULL) {
        FzEngine_Violation(FZ_RULE_PENDING_TWO_HANDLERS, q->handler_thread,
                           "thread %u handles pending calls while thread %u "
                           "does",
                           thread, q->handler_thread);
        FzEngine_Stop();
    }
    q->handler = tstate;
    q->handler_thread = thread;
}

static void
queue_note(uint32_t thread, unsigned kind, const void *a, uintptr_t b)
{
    Queue *q = find_queue(a);
    if (q == NULL) {
        return;
    }
    switch (kind) {
    case RT_NOTE_PENDING_ADDED:
        added(q, thread, b);
        break;
    case RT_NOTE_PENDING_HANDLER:
        handler(q, thread, (const void *)b);
        break;
    default:
        taken(q, thread, b);
        break;
    }
}

static void
exception_set(const void *tstate, uintptr_t exc)
{
    if (exc == 0 && FzMap_Find(&state.exceptions, tstate) == NULL) {
        return;
    }
    FzMapEntry *entry = FzMap_Get(&state.exceptions, tstate);
    state.nset += (exc != 0) - (entry->value != 0);
    entry->value = exc;
    entry->extra = 0;
}

static void
exception_asked_for(const void *tstate, uintptr_t bits)
{
    FzMapEntry *entry = (bits & RT_ASYNC_EXCEPTION_BIT) == 0
                            ? NULL
                            : FzMap_Find(&state.exceptions, tstate);
    if (entry != NULL && entry->value != 0) {
        entry->extra |= ASKED_FOR;
    }
}

static void
exception_delivered(uint32_t thread, const void *tstate, uintptr_t exc)
{
    const FzMapEntry *entry = FzMap_Find(&state.exceptions, tstate);
    if (entry == NULL || entry->value != exc) {
        FzEngine_Violation(FZ_RULE_ASYNC_EXC_WRONG, UINT32_MAX,
                           "thread %u raises an asynchronous exception that "
                           "is not set on it",
                           thread);
        FzEngine_Stop();
    }
    exception_set(tstate, 0);
}

static void
checked(uint32_t thread, const void *tstate)
{
    if (state.nset == 0) {
        return;
    }
    FzMapEntry *entry = FzMap_Find(&state.exceptions, tstate);
    if (entry == NULL || entry->value == 0 ||
        (entry->extra & ASKED_FOR) == 0) {
        return;
    }
    if ((++entry->extra & ~ASKED_FOR) > CHECKS_ALLOWED) {
        FzEngine_Violation(FZ_RULE_ASYNC_EXC_IGNORED, UINT32_MAX,
                           "thread %u passed %llu eval-breaker checks and has "
                           "not raised the exception that was set on it",
                           thread,
                           (unsigned long long)(entry->extra & ~ASKED_FOR));
        FzEngine_Stop();
    }
}

static void
deleted(uint32_t thread, const void *tstate)
{
    exception_set(tstate, 0);
    for (int i = 0; i < MAX_QUEUES; i++) {
        if (state.queues[i].handler == tstate && tstate != NULL) {
            FzEngine_Violation(FZ_RULE_PENDING_TWO_HANDLERS, UINT32_MAX,
                               "the state of thread %u ends while it handles "
                               "pending calls",
                               thread);
            FzEngine_Stop();
        }
    }
}

static bool
note(uint32_t thread, unsigned kind, const void *a, uintptr_t b)
{
    switch (kind) {
    case RT_NOTE_PENDING_ADDED:
    case RT_NOTE_PENDING_HANDLER:
    case RT_NOTE_PENDING_RUN:
    case RT_NOTE_PENDING_DISCARDED:
        queue_note(thread, kind, a, b);
        break;
    case RT_NOTE_ASYNC_EXC_SET:
        exception_set(a, b);
        break;
    case RT_NOTE_EVAL_BIT_SET:
        exception_asked_for(a, b);
        break;
    case RT_NOTE_ASYNC_EXC_DELIVERED:
        exception_delivered(thread, a, b);
        break;
    case RT_NOTE_EVAL_BREAKER:
        checked(thread, a);
        break;
    case RT_NOTE_FORKED:
        for (int i = 0; i < MAX_QUEUES; i++) {
            state.queues[i].handler = NULL;
        }
        break;
    case RT_NOTE_TSTATE_DELETED:
        deleted(thread, a);
        break;
    default:
        return false;
    }
    return true;
}

static void
end(void)
{
    for (int i = 0; i < MAX_QUEUES; i++) {
        const Queue *q = &state.queues[i];
        if (q->taken != q->added) {
            FzEngine_Violation(FZ_RULE_PENDING_LOST, UINT32_MAX,
                               "%llu pending calls were accepted, %llu ran or "
                               "were discarded",
                               (unsigned long long)q->added,
                               (unsigned long long)q->taken);
        }
    }
}

const FzOracleOps fz_oracle_eval_breaker = {
    .name = "eval-breaker",
    .begin = begin,
    .note = note,
    .end = end,
};

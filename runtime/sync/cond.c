// cond.c: a condition variable over a raw mutex.
//
// A FIFO of waiters on their threads' stacks, guarded by the raw mutex that
// the callers hold. Signal unlinks the oldest waiter and posts it exactly once
// before the mutex is released: whoever finds itself unlinked owns a post and
// consumes it. Never detaches.
// Mirrors Python/condvar.h and the PyCOND_* uses of Python/ceval_gil.c
// (CPython 3.13); departs: built on the runtime's semaphores.

#include "rtcore_lock.h"

#include "rtcore_assert.h"
#include "rtcore_semaphore.h"

typedef struct RtCondWaiter {
    struct RtCondWaiter *prev, *next;   // the mutex
    bool linked;                        // the mutex
    RtSemaphore sem;
} RtCondWaiter;

static void
append_waiter(RtCond *c, RtCondWaiter *waiter)
{
    waiter->prev = c->tail;
    waiter->next = NULL;
    waiter->linked = true;
    if (c->tail != NULL) {
        rt_assert(c->head != NULL);
        c->tail->next = waiter;
    }
    else {
        rt_assert(c->head == NULL);
        c->head = waiter;
    }
    c->tail = waiter;
}

static void
remove_waiter(RtCond *c, RtCondWaiter *waiter)
{
    rt_assert(waiter->linked);
    if (waiter->prev != NULL) {
        rt_assert(waiter->prev->next == waiter);
        waiter->prev->next = waiter->next;
    }
    else {
        rt_assert(c->head == waiter);
        c->head = waiter->next;
    }
    if (waiter->next != NULL) {
        rt_assert(waiter->next->prev == waiter);
        waiter->next->prev = waiter->prev;
    }
    else {
        rt_assert(c->tail == waiter);
        c->tail = waiter->prev;
    }
    waiter->linked = false;
}

// Waits for the post or the deadline; interruptions only shorten one wait.
static RtWaitResult
wait_until(RtSemaphore *sem, int64_t timeout_ns)
{
    int64_t deadline = 0;
    if (timeout_ns >= 0) {
        deadline = RtDeadline_Init(timeout_ns);
    }
    for (;;) {
        RtWaitResult result = RtSemaphore_Wait(sem, timeout_ns);
        if (result != RT_WAIT_INTERRUPTED) {
            return result;
        }
        if (timeout_ns >= 0) {
            timeout_ns = RtDeadline_Get(deadline);
        }
    }
}

RtWaitResult
RtCond_Wait(RtCond *c, RtRawMutex *m, int64_t timeout_ns)
{
    RtCondWaiter waiter;
    rt_world->sem_init(&waiter.sem);
    append_waiter(c, &waiter);
    RtRawMutex_Unlock(m);
    RtWaitResult result = wait_until(&waiter.sem, timeout_ns);
    RtRawMutex_Lock(m);
    if (result == RT_WAIT_OK) {
        rt_assert(!waiter.linked);
    }
    else if (waiter.linked) {
        remove_waiter(c, &waiter);
    }
    else {
        // Signalled after the timeout: the signal must not be lost.
        result = wait_until(&waiter.sem, -1);
        rt_assert(result == RT_WAIT_OK);
    }
    rt_world->sem_destroy(&waiter.sem);
    return result;
}

void
RtCond_Signal(RtCond *c)
{
    RtCondWaiter *waiter = c->head;
    if (waiter != NULL) {
        remove_waiter(c, waiter);
        RtSemaphore_Post(&waiter->sem);
    }
}

void
RtCond_Broadcast(RtCond *c)
{
    while (c->head != NULL) {
        RtCond_Signal(c);
    }
}

void
RtCond_AfterFork(RtCond *c)
{
    c->head = NULL;
    c->tail = NULL;
}

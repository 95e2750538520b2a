// wait_queue.c: a queue of threads, each of which another will wake with a
// word.
//
// Invariant, under the mutex: a waiter that is linked has not been woken, and
// one that is not linked is woken exactly once, by whoever unlinked it, before
// the mutex is free. So a waiter that leaves for another reason finds out under
// the mutex whether it was woken, and nothing can come between the two halves
// of a wake-up (TH16).
// Mirrors the waiters of Lib/threading.py (CPython 3.13), there a deque of
// locks; departs: in C, and a wake-up says what for.

#include "rtcore_wait_queue.h"

#include "rtcore_assert.h"
#include "rtcore_lock_order.h"
#include "rtcore_semaphore.h"   // deadlines
#include "rtcore_state.h"       // an interrupted wait handles what is pending

void
RtWaitQueue_Lock(RtWaitQueue *queue)
{
    RtMutex_LockRanked(&queue->mutex, RT_RANK_WAIT_QUEUE);
}

void
RtWaitQueue_Unlock(RtWaitQueue *queue)
{
    RtMutex_UnlockRanked(&queue->mutex, RT_RANK_WAIT_QUEUE);
}

void
RtWaitQueue_Fini(RtWaitQueue *queue)
{
    rt_assert(queue->head == NULL);
    rt_assert(queue->count == 0);
    rt_assert(rt_atomic_load_uint8_owned(&queue->mutex.bits) ==
              RT_MUTEX_UNLOCKED);
    (void)queue;
}

void
RtWaitQueue_Enter(RtWaitQueue *queue, RtWaiter *waiter)
{
    rt_assert((queue->head == NULL) == (queue->count == 0));
    *waiter = (RtWaiter){ .prev = queue->tail, .linked = true };
    if (queue->tail != NULL) {
        rt_assert(queue->tail->next == NULL);
        queue->tail->next = waiter;
    }
    else {
        queue->head = waiter;
    }
    queue->tail = waiter;
    queue->count++;
    RT_NOTE(QUEUE_ENTERED, queue, waiter);
}

static void
unlink_waiter(RtWaitQueue *queue, RtWaiter *waiter)
{
    rt_assert(waiter->linked);
    rt_assert(queue->count > 0);
    if (waiter->prev != NULL) {
        rt_assert(waiter->prev->next == waiter);
        waiter->prev->next = waiter->next;
    }
    else {
        rt_assert(queue->head == waiter);
        queue->head = waiter->next;
    }
    if (waiter->next != NULL) {
        rt_assert(waiter->next->prev == waiter);
        waiter->next->prev = waiter->prev;
    }
    else {
        rt_assert(queue->tail == waiter);
        queue->tail = waiter->prev;
    }
    waiter->linked = false;
    queue->count--;
}

// Until it is woken, the deadline, or an exception.
static RtLockStatus
wait_for_word(RtWaiter *waiter, int64_t timeout_ns)
{
    int64_t deadline = timeout_ns > 0 ? RtDeadline_Init(timeout_ns) : 0;
    for (;;) {
        RtLockStatus status =
            RtEvent_WaitInterruptible(&waiter->woken, timeout_ns);
        if (status != RT_LOCK_INTR ||
            RtEval_HandlePending(RtThreadState_Get()) < 0) {
            return status;
        }
        if (timeout_ns > 0) {
            timeout_ns = RtDeadline_Get(deadline);
        }
    }
}

RtLockStatus
RtWaitQueue_Wait(RtWaitQueue *queue, RtWaiter *waiter, int64_t timeout_ns,
                 bool *woken)
{
    RtLockStatus status = wait_for_word(waiter, timeout_ns);
    *woken = true;
    if (status == RT_LOCK_ACQUIRED) {
        RT_NOTE(QUEUE_LEFT, queue, RT_LOCK_ACQUIRED);
        return RT_LOCK_ACQUIRED;
    }
    RtWaitQueue_Lock(queue);
    if (waiter->linked) {
        unlink_waiter(queue, waiter);
        *woken = false;
    }
    else if (status == RT_LOCK_FAILURE) {
        // Woken after its time: it has what it waited for.
        RtWaitQueue_Unlock(queue);
        status = RT_LOCK_ACQUIRED;
    }
    RT_NOTE(QUEUE_LEFT, queue, status);
    return status;
}

bool
RtWaitQueue_WakeOne(RtWaitQueue *queue, int word)
{
    RtWaiter *waiter = queue->head;
    if (waiter == NULL) {
        return false;
    }
    unlink_waiter(queue, waiter);
    waiter->word = word;
    RT_NOTE(QUEUE_WOKEN, queue, waiter);
    RtEvent_Notify(&waiter->woken);
    return true;
}

ssize_t
RtWaitQueue_WakeAll(RtWaitQueue *queue, int word)
{
    ssize_t count = 0;
    while (RtWaitQueue_WakeOne(queue, word)) {
        count++;
    }
    return count;
}

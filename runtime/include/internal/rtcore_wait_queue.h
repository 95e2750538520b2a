// rtcore_wait_queue.h: waiting for what another thread will say: the core of
// Condition, Event, Semaphore and Barrier (sync/wait_queue.c).

#ifndef RT_INTERNAL_WAIT_QUEUE_H
#define RT_INTERNAL_WAIT_QUEUE_H

#include "rtcore_lock.h"

// Of the thread that waits. Not on its stack: what a thread sleeps on decides
// its bucket in the parking lot, and stacks differ from build to build.
typedef struct RtWaiter {
    struct RtWaiter *prev, *next;       // the queue's mutex
    bool linked;                        // the queue's mutex
    int word;                   // what the waker says; before `woken` is set
    RtEvent woken;
} RtWaiter;

typedef struct RtWaitQueue {
    RtMutex mutex;              // also guards what its owner waits for
    RtWaiter *head, *tail;      // first in, first out
    ssize_t count;
} RtWaitQueue;

// Nobody waits in it or uses it any more.
void RtWaitQueue_Fini(RtWaitQueue *queue);
// Nothing is allocated, destroyed or waited for under the mutex.
void RtWaitQueue_Lock(RtWaitQueue *queue);
void RtWaitQueue_Unlock(RtWaitQueue *queue);
// The caller holds the mutex, and gives it back before it waits.
void RtWaitQueue_Enter(RtWaitQueue *queue, RtWaiter *waiter);
// Detached. ACQUIRED: woken; waiter->word says what for. FAILURE: timed out.
// INTR: an exception was raised meanwhile; *woken tells whether the waiter was
// woken as well. In the last two cases the mutex is held again. The waiter is
// out of the queue.
RtLockStatus RtWaitQueue_Wait(RtWaitQueue *queue, RtWaiter *waiter,
                              int64_t timeout_ns, bool *woken);
// The caller holds the mutex. Whether there was one; how many.
bool RtWaitQueue_WakeOne(RtWaitQueue *queue, int word);
ssize_t RtWaitQueue_WakeAll(RtWaitQueue *queue, int word);

#endif  // RT_INTERNAL_WAIT_QUEUE_H

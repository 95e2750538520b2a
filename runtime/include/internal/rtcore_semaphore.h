// rtcore_semaphore.h: waiting on and posting the world's semaphores, with
// their scheduling points, and deadlines on the world's clock.
//
// Only sync/ includes this: everything else blocks on a lock, a condition or
// an event.

#ifndef RT_INTERNAL_SEMAPHORE_H
#define RT_INTERNAL_SEMAPHORE_H

#include "rtcore_hooks.h"

static inline RtWaitResult
RtSemaphore_Wait(RtSemaphore *sem, int64_t timeout_ns)
{
    RT_SCHED_POINT(SEM_WAIT, sem);
    return rt_world->sem_wait(sem, timeout_ns);
}

// The waiter may have destroyed the semaphore when this returns.
static inline void
RtSemaphore_Post(RtSemaphore *sem)
{
    rt_world->sem_post(sem);
    RT_SCHED_POINT(SEM_POST, sem);
}

// The caller keeps the semaphore in existence until this returns.
static inline void
RtSemaphore_Interrupt(RtSemaphore *sem)
{
    rt_world->sem_interrupt(sem);
    RT_SCHED_POINT(SEM_POST, sem);
}

// The time at which timeout_ns (not negative) from now is over.
static inline int64_t
RtDeadline_Init(int64_t timeout_ns)
{
    int64_t deadline;
    if (__builtin_add_overflow(rt_world->now_ns(), timeout_ns, &deadline)) {
        return INT64_MAX;
    }
    return deadline;
}

// What is left until the deadline, 0 if it is over.
static inline int64_t
RtDeadline_Get(int64_t deadline)
{
    int64_t now = rt_world->now_ns();
    return deadline > now ? deadline - now : 0;
}

#endif  // RT_INTERNAL_SEMAPHORE_H

// raw_mutex.c: the lock below the parking lot.
//
// Word: bit 0 locked; the other bits point to the newest of a LIFO list of
// waiters, each on its thread's stack. Anyone may push; only the holder pops,
// so a waiter's link is stable while it is in the list. Not fair: a woken
// waiter competes again. Never detaches, so it may be taken in any state.
// Mirrors the _PyRawMutex part of Python/lock.c (CPython 3.13); departs: a
// waiter leaves its wait only when it has consumed the unlocker's post.

#include "rtcore_lock.h"

#include <assert.h>             // static_assert

#include "rt_errors.h"          // Rt_FatalError()
#include "rtcore_assert.h"
#include "rtcore_semaphore.h"

#define RAW_LOCKED ((uintptr_t)1)

typedef struct RawWaiter {
    struct RawWaiter *next;     // owned by the list while linked
    RtSemaphore sem;
} RawWaiter;

static_assert(_Alignof(RawWaiter) > 1, "bit 0 of a waiter's address is free");

// Takes the lock, or links `waiter` and sleeps until an unlocker pops it.
// True if the lock was taken.
static bool
lock_or_wait(RtRawMutex *m, RawWaiter *waiter)
{
    uintptr_t v = rt_atomic_load_uintptr_hint(&m->v);
    for (;;) {
        if ((v & RAW_LOCKED) == 0) {
            if (rt_atomic_compare_exchange_uintptr(&m->v, &v,
                                                   v | RAW_LOCKED)) {
                return true;
            }
            continue;
        }
        waiter->next = (RawWaiter *)(v & ~RAW_LOCKED);
        if (rt_atomic_compare_exchange_uintptr(
                &m->v, &v, (uintptr_t)waiter | RAW_LOCKED)) {
            break;
        }
    }
    RT_NOTE(LOCK_WAIT, m, RT_LOCK_RAW);
    // The unlocker that pops the entry still has to post: the semaphore must
    // live until then, whatever else interrupts the wait.
    while (RtSemaphore_Wait(&waiter->sem, -1) != RT_WAIT_OK) {
    }
    return false;
}

static __attribute__((noinline)) void
lock_slow(RtRawMutex *m)
{
    RawWaiter waiter;
    waiter.next = NULL;
    rt_world->sem_init(&waiter.sem);
    while (!lock_or_wait(m, &waiter)) {
    }
    RT_NOTE(LOCK_ACQUIRED, m, RT_LOCK_RAW);
    rt_world->sem_destroy(&waiter.sem);
}

void
RtRawMutex_Lock(RtRawMutex *m)
{
    uintptr_t unlocked = 0;
    if (rt_atomic_compare_exchange_uintptr(&m->v, &unlocked, RAW_LOCKED)) {
        RT_NOTE(LOCK_ACQUIRED, m, RT_LOCK_RAW);
        return;
    }
    lock_slow(m);
}

static __attribute__((noinline)) void
unlock_slow(RtRawMutex *m, uintptr_t v)
{
    for (;;) {
        if ((v & RAW_LOCKED) == 0) {
            Rt_FatalError("RtRawMutex_Unlock", "unlocking an unlocked mutex");
        }
        RawWaiter *waiter = (RawWaiter *)(v & ~RAW_LOCKED);
        uintptr_t rest = 0;
        if (waiter != NULL) {
            rest = (uintptr_t)waiter->next;
            rt_assert((rest & RAW_LOCKED) == 0);
        }
        if (rt_atomic_compare_exchange_uintptr(&m->v, &v, rest)) {
            if (waiter != NULL) {
                RtSemaphore_Post(&waiter->sem);
            }
            return;
        }
    }
}

void
RtRawMutex_Unlock(RtRawMutex *m)
{
    RT_NOTE(LOCK_RELEASED, m, RT_LOCK_RAW);
    uintptr_t v = RAW_LOCKED;
    if (!rt_atomic_compare_exchange_uintptr(&m->v, &v, 0)) {
        unlock_slow(m, v);
    }
}

// Waiters that are in the list have no thread any more.
void
RtRawMutex_AfterFork(RtRawMutex *m)
{
    m->v = 0;
}

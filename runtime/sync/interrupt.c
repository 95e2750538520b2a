// interrupt.c: ending another thread's wait.
//
// A wait that may be interrupted says where it sleeps. Invariant, under the
// state's mutex: `waits_on` is alive; while it is set, a request has been given
// to that semaphore. A request that no wait has answered stays for the next, so
// one that comes just before the thread falls asleep is not lost.
// Mirrors the EINTR of sem_wait() in Python/parking_lot.c (CPython 3.13);
// departs: threads are interrupted by name, and no interruption is lost.

#include "rtcore_lock.h"

#include "rtcore_assert.h"
#include "rtcore_lock_order.h"
#include "rtcore_semaphore.h"

void
RtInterrupt_Request(RtInterruptState *state)
{
    RtRawMutex_LockRanked(&state->mutex, RT_RANK_INTERRUPT);
    state->requested = true;
    RT_NOTE(INTERRUPT, state->waits_on, 0);
    if (state->waits_on != NULL) {
        RtSemaphore_Interrupt(state->waits_on);
    }
    RtRawMutex_UnlockRanked(&state->mutex, RT_RANK_INTERRUPT);
}

bool
RtInterrupt_Begin(RtInterruptState *state, RtSemaphore *sem)
{
    RtRawMutex_LockRanked(&state->mutex, RT_RANK_INTERRUPT);
    rt_assert(state->waits_on == NULL);
    state->waits_on = sem;
    bool may_wait = !state->requested;
    RtRawMutex_UnlockRanked(&state->mutex, RT_RANK_INTERRUPT);
    return may_wait;
}

void
RtInterrupt_End(RtInterruptState *state, bool answered)
{
    RtRawMutex_LockRanked(&state->mutex, RT_RANK_INTERRUPT);
    rt_assert(state->waits_on != NULL);
    state->waits_on = NULL;
    if (answered) {
        state->requested = false;
    }
    RtRawMutex_UnlockRanked(&state->mutex, RT_RANK_INTERRUPT);
}

// rw_mutex.c: many readers or one writer, writers first.
//
// Word: WRITER, HAS_PARKED, and the number of readers above. Invariants: WRITER
// excludes readers; while HAS_PARKED is set no reader enters. Only the end of a
// writer clears HAS_PARKED, and then wakes everybody. So a writer that parks
// while readers are inside waits for those only: the last of them wakes it, and
// it finds itself alone with other writers. After the end of a writer all who
// wait compete; a writer that loses to readers parks again, and from then on
// waits for those only. What cannot starve a writer is the readers (PM04).
// Mirrors _PyRWMutex of Python/lock.c (CPython 3.13).

#include "rtcore_lock.h"

#include "rt_errors.h"          // Rt_FatalError()
#include "rtcore_assert.h"

#define RW_WRITER ((uintptr_t)1)
#define RW_HAS_PARKED ((uintptr_t)2)
#define RW_READER ((uintptr_t)4)

// Parks while the word is `v`, with HAS_PARKED, which is set if need be.
static void
park(RtRWMutex *rw, uintptr_t v, RtLockKind kind)
{
    uintptr_t parked = v | RW_HAS_PARKED;
    if (v != parked &&
        !rt_atomic_compare_exchange_uintptr(&rw->bits, &v, parked)) {
        return;
    }
    RT_NOTE(LOCK_WAIT, rw, kind);
    (void)kind;
    RtParkingLot_Park(&rw->bits, &parked, sizeof(parked), -1, NULL,
                      RT_PARK_DETACH);
}

void
RtRWMutex_RLock(RtRWMutex *rw)
{
    uintptr_t v = rt_atomic_load_uintptr_relaxed(&rw->bits);
    for (;;) {
        if ((v & (RW_WRITER | RW_HAS_PARKED)) != 0) {
            park(rw, v, RT_LOCK_RW_READ);
            v = rt_atomic_load_uintptr_relaxed(&rw->bits);
        }
        else if (rt_atomic_compare_exchange_uintptr(&rw->bits, &v,
                                                    v + RW_READER)) {
            RT_NOTE(LOCK_ACQUIRED, rw, RT_LOCK_RW_READ);
            return;
        }
    }
}

void
RtRWMutex_RUnlock(RtRWMutex *rw)
{
    RT_NOTE(LOCK_RELEASED, rw, RT_LOCK_RW_READ);
    uintptr_t v = rt_atomic_add_uintptr(&rw->bits, -RW_READER);
    if (v < RW_READER) {
        Rt_FatalError("RtRWMutex_RUnlock", "no reader to release");
    }
    rt_assert((v & RW_WRITER) == 0);
    v -= RW_READER;
    if (v == RW_HAS_PARKED) {
        RtParkingLot_UnparkAll(&rw->bits);
    }
}

void
RtRWMutex_Lock(RtRWMutex *rw)
{
    uintptr_t v = rt_atomic_load_uintptr_relaxed(&rw->bits);
    for (;;) {
        if ((v & ~RW_HAS_PARKED) != 0) {
            park(rw, v, RT_LOCK_RW_WRITE);
            v = rt_atomic_load_uintptr_relaxed(&rw->bits);
        }
        else if (rt_atomic_compare_exchange_uintptr(&rw->bits, &v,
                                                    v | RW_WRITER)) {
            RT_NOTE(LOCK_ACQUIRED, rw, RT_LOCK_RW_WRITE);
            return;
        }
    }
}

void
RtRWMutex_Unlock(RtRWMutex *rw)
{
    RT_NOTE(LOCK_RELEASED, rw, RT_LOCK_RW_WRITE);
    uintptr_t old = rt_atomic_exchange_uintptr(&rw->bits, 0);
    RT_NOTE(WRITER_LEFT, rw, 0);
    if ((old & RW_WRITER) == 0) {
        Rt_FatalError("RtRWMutex_Unlock", "not locked for writing");
    }
    rt_assert((old & ~(RW_WRITER | RW_HAS_PARKED)) == 0);
    if ((old & RW_HAS_PARKED) != 0) {
        RtParkingLot_UnparkAll(&rw->bits);
    }
}

void
RtRWMutex_AfterFork(RtRWMutex *rw)
{
    rw->bits = 0;
}

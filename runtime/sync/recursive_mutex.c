// recursive_mutex.c: a mutex that its owner may lock again.
//
// Invariant: owner and level are written by the thread that holds the mutex,
// and only it finds its own id there; so it alone sees that it need not lock.
// Others may read both at any time and get two values that never were together.
// Mirrors _PyRecursiveMutex of Python/lock.c (CPython 3.13); departs: level is
// atomic too, for whoever prints the lock (PM07); AfterFork renames the owner
// where fork gives it another id (TS22).

#include "rtcore_lock.h"

#include "rt_errors.h"          // Rt_FatalError()
#include "rtcore_assert.h"

bool
RtRecursiveMutex_IsLockedByCurrentThread(RtRecursiveMutex *m)
{
    return rt_atomic_load_uintptr_relaxed(&m->owner) == RtThread_Id();
}

static size_t
get_level(RtRecursiveMutex *m)
{
    return rt_atomic_load_uintptr_owned((uintptr_t *)&m->level);
}

static void
set_level(RtRecursiveMutex *m, size_t level)
{
    rt_atomic_store_uintptr_relaxed((uintptr_t *)&m->level, level);
}

RtLockStatus
RtRecursiveMutex_LockTimed(RtRecursiveMutex *m, const struct RtObject *owner,
                           int64_t timeout_ns, int flags)
{
    if (RtRecursiveMutex_IsLockedByCurrentThread(m)) {
        rt_assert((rt_atomic_load_uint8_owned(&m->mutex.bits) &
                   RT_MUTEX_LOCKED) != 0);
        set_level(m, get_level(m) + 1);
        RT_NOTE(LOCK_ACQUIRED, m, RT_LOCK_RECURSIVE);
        return RT_LOCK_ACQUIRED;
    }
    RtLockStatus status =
        RtMutex_LockOfObject(&m->mutex, owner, timeout_ns, flags);
    if (status == RT_LOCK_ACQUIRED) {
        RT_NOTE(LOCK_ACQUIRED, m, RT_LOCK_RECURSIVE);
        if (RtFinalize_IsSurvivor()) {
            set_level(m, 0);    // seized from a thread that is gone
        }
        rt_assert(get_level(m) == 0);
        rt_atomic_store_uintptr_relaxed(&m->owner, RtThread_Id());
    }
    return status;
}

void
RtRecursiveMutex_Lock(RtRecursiveMutex *m)
{
    RtLockStatus status = RtRecursiveMutex_LockTimed(m, NULL, -1,
                                                     RT_LOCK_DETACH);
    rt_assert(status == RT_LOCK_ACQUIRED);
    (void)status;
}

int
RtRecursiveMutex_TryUnlock(RtRecursiveMutex *m)
{
    if (!RtRecursiveMutex_IsLockedByCurrentThread(m)) {
        return -1;
    }
    size_t level = get_level(m);
    RT_NOTE(LOCK_RELEASED, m, RT_LOCK_RECURSIVE);
    if (level > 0) {
        set_level(m, level - 1);
        return 0;
    }
    // Before the mutex is free: nobody else may find this id in it.
    rt_atomic_store_uintptr_relaxed(&m->owner, 0);
    RtMutex_Unlock(&m->mutex);
    return 0;
}

void
RtRecursiveMutex_Unlock(RtRecursiveMutex *m)
{
    if (RtRecursiveMutex_TryUnlock(m) < 0) {
        Rt_FatalError("RtRecursiveMutex_Unlock",
                      "unlocking a recursive mutex that is not owned by the "
                      "current thread");
    }
}

size_t
RtRecursiveMutex_Release(RtRecursiveMutex *m)
{
    rt_assert(rt_atomic_load_uintptr_owned(&m->owner) == RtThread_Id());
    size_t times = get_level(m) + 1;
    for (size_t i = 0; i < times; i++) {
        RtRecursiveMutex_Unlock(m);
    }
    return times;
}

void
RtRecursiveMutex_Restore(RtRecursiveMutex *m, size_t times)
{
    rt_assert(times > 0);
    for (size_t i = 0; i < times; i++) {
        RtRecursiveMutex_Lock(m);
    }
}

uintptr_t
RtRecursiveMutex_Owner(RtRecursiveMutex *m, size_t *times)
{
    uintptr_t owner = rt_atomic_load_uintptr_relaxed(&m->owner);
    uintptr_t level = rt_atomic_load_uintptr_relaxed((uintptr_t *)&m->level);
    *times = owner != 0 ? level + 1 : 0;
    return owner;
}

void
RtRecursiveMutex_AfterFork(RtRecursiveMutex *m, uintptr_t parent_id)
{
    RtMutex_AfterFork(&m->mutex);
    if (m->owner == parent_id) {
        m->mutex.bits = RT_MUTEX_LOCKED;
        m->owner = RtThread_Id();
        return;
    }
    m->owner = 0;
    m->level = 0;
}

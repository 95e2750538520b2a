// sct_pthread.c: the pthread functions of mutexes, condition variables,
// readers-writer locks, barriers, spin locks and once flags. Outside of a run
// there is one thread, and none of them waits.

#include "sct_internal.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#define SITE FZ_SCT_SITE

static inline bool
active(void)
{
    return fz_engine.active;
}

// ---------------------------------------------------------------------------
// Mutexes

FZ_SCT_EXPORT int
pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attr)
{
    int type = PTHREAD_MUTEX_NORMAL;
    if (attr != NULL) {
        pthread_mutexattr_gettype(attr, &type);
    }
    *mutex = (pthread_mutex_t){.__data = {.__kind = type}};
    if (active()) {
        FzSctSync *sync = FzSctSync_New(mutex, FZ_SCT_MUTEX);
        sync->type = type == PTHREAD_MUTEX_RECURSIVE    ? FZ_SCT_RECURSIVE
                     : type == PTHREAD_MUTEX_ERRORCHECK ? FZ_SCT_ERRORCHECK
                                                        : FZ_SCT_NORMAL;
    }
    return 0;
}

FZ_SCT_EXPORT int
pthread_mutex_destroy(pthread_mutex_t *mutex)
{
    if (active()) {
        FzSctSync_Destroy(mutex, FZ_SCT_MUTEX);
    }
    return 0;
}

FZ_SCT_EXPORT int
pthread_mutex_lock(pthread_mutex_t *mutex)
{
    return active() ? FzSctMutex_Lock(mutex, FZ_SCT_FOREVER, SITE) : 0;
}

FZ_SCT_EXPORT int
pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *when)
{
    return active() ? FzSctMutex_Lock(mutex, FzSctTime_Until(when, true), SITE)
                    : 0;
}

FZ_SCT_EXPORT int
pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock,
                        const struct timespec *when)
{
    int64_t timeout_ns = FzSctTime_Until(when, clock == CLOCK_REALTIME);
    return active() ? FzSctMutex_Lock(mutex, timeout_ns, SITE) : 0;
}

FZ_SCT_EXPORT int
pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    return active() ? FzSctMutex_TryLock(mutex, SITE) : 0;
}

FZ_SCT_EXPORT int
pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    return active() ? FzSctMutex_Unlock(mutex, SITE) : 0;
}

// ---------------------------------------------------------------------------
// Condition variables. The clock of one lies in the program's object, behind
// the number.

static int32_t *
cond_clock(pthread_cond_t *cond)
{
    return (int32_t *)(void *)cond + 1;
}

FZ_SCT_EXPORT int
pthread_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attr)
{
    clockid_t clock = CLOCK_REALTIME;
    if (attr != NULL) {
        pthread_condattr_getclock(attr, &clock);
    }
    *cond = (pthread_cond_t){0};
    *cond_clock(cond) = clock;
    if (active()) {
        FzSctSync_New(cond, FZ_SCT_COND);
    }
    return 0;
}

FZ_SCT_EXPORT int
pthread_cond_destroy(pthread_cond_t *cond)
{
    if (active()) {
        FzSctSync_Destroy(cond, FZ_SCT_COND);
    }
    return 0;
}

FZ_SCT_EXPORT int
pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
    return active() ? FzSctCond_Wait(cond, mutex, FZ_SCT_FOREVER, SITE) : 0;
}

FZ_SCT_EXPORT int
pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                       const struct timespec *when)
{
    bool realtime = *cond_clock(cond) == CLOCK_REALTIME;
    int64_t timeout_ns = FzSctTime_Until(when, realtime);
    return active() ? FzSctCond_Wait(cond, mutex, timeout_ns, SITE)
                    : ETIMEDOUT;
}

FZ_SCT_EXPORT int
pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                       clockid_t clock, const struct timespec *when)
{
    int64_t timeout_ns = FzSctTime_Until(when, clock == CLOCK_REALTIME);
    return active() ? FzSctCond_Wait(cond, mutex, timeout_ns, SITE)
                    : ETIMEDOUT;
}

FZ_SCT_EXPORT int
pthread_cond_signal(pthread_cond_t *cond)
{
    return active() ? FzSctCond_Wake(cond, false, SITE) : 0;
}

FZ_SCT_EXPORT int
pthread_cond_broadcast(pthread_cond_t *cond)
{
    return active() ? FzSctCond_Wake(cond, true, SITE) : 0;
}

// ---------------------------------------------------------------------------
// Readers-writer locks. What a reader gives back orders writers, not readers:
// the race detector has a second sync variable for it, behind the number.

static inline void *
given_by_readers(pthread_rwlock_t *lock)
{
    return (char *)lock + 4;
}

FZ_SCT_EXPORT int
pthread_rwlock_init(pthread_rwlock_t *lock, const pthread_rwlockattr_t *attr)
{
    (void)attr;
    *lock = (pthread_rwlock_t){0};
    if (active()) {
        FzSctSync_New(lock, FZ_SCT_RWLOCK);
    }
    return 0;
}

FZ_SCT_EXPORT int
pthread_rwlock_destroy(pthread_rwlock_t *lock)
{
    if (active()) {
        FzSctSync_Destroy(lock, FZ_SCT_RWLOCK);
    }
    return 0;
}

static int
lock_rw(pthread_rwlock_t *lock, bool write, int64_t timeout_ns,
        int timeout_error, uintptr_t site)
{
    if (!active()) {
        return 0;
    }
    FzSct_Point(RT_POINT_SEM_WAIT, lock, site);
    FzSctSync *sync = FzSctSync_Get(lock, FZ_SCT_RWLOCK);
    uint32_t self = fz_engine.current;
    if (sync->owner == self + 1 && timeout_error != EBUSY) {
        return EDEADLK;
    }
    while (sync->owner != 0 || (write && sync->readers != 0)) {
        if (!FzSctSync_Wait(sync, timeout_ns)) {
            return timeout_error;
        }
    }
    if (write) {
        sync->owner = self + 1;
    }
    else {
        sync->readers |= FzThreadSet_Of(self);
        sync->count++;
    }
    if (fz_engine.races) {
        FzRace_Acquire(self, lock);
        if (write) {
            FzRace_Acquire(self, given_by_readers(lock));
        }
    }
    return 0;
}

FZ_SCT_EXPORT int
pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
    return lock_rw(lock, false, FZ_SCT_FOREVER, 0, SITE);
}

FZ_SCT_EXPORT int
pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
    return lock_rw(lock, true, FZ_SCT_FOREVER, 0, SITE);
}

FZ_SCT_EXPORT int
pthread_rwlock_tryrdlock(pthread_rwlock_t *lock)
{
    return lock_rw(lock, false, 0, EBUSY, SITE);
}

FZ_SCT_EXPORT int
pthread_rwlock_trywrlock(pthread_rwlock_t *lock)
{
    return lock_rw(lock, true, 0, EBUSY, SITE);
}

FZ_SCT_EXPORT int
pthread_rwlock_timedrdlock(pthread_rwlock_t *lock, const struct timespec *when)
{
    return lock_rw(lock, false, FzSctTime_Until(when, true), ETIMEDOUT, SITE);
}

FZ_SCT_EXPORT int
pthread_rwlock_timedwrlock(pthread_rwlock_t *lock, const struct timespec *when)
{
    return lock_rw(lock, true, FzSctTime_Until(when, true), ETIMEDOUT, SITE);
}

FZ_SCT_EXPORT int
pthread_rwlock_unlock(pthread_rwlock_t *lock)
{
    if (!active()) {
        return 0;
    }
    FzSct_Point(RT_POINT_SEM_POST, lock, SITE);
    FzSctSync *sync = FzSctSync_Get(lock, FZ_SCT_RWLOCK);
    uint32_t self = fz_engine.current;
    bool write = sync->owner == self + 1;
    if (write) {
        sync->owner = 0;
    }
    else if (sync->count > 0 && FzThreadSet_Has(sync->readers, self)) {
        sync->count--;
        // A thread that has it twice for reading stays a reader.
        if (sync->count < FzThreadSet_Count(sync->readers)) {
            sync->readers &= ~FzThreadSet_Of(self);
        }
    }
    else {
        return EPERM;
    }
    if (fz_engine.races) {
        FzRace_Release(self, write ? (void *)lock : given_by_readers(lock));
    }
    FzSctSync_WakeAll(sync);
    return 0;
}

// ---------------------------------------------------------------------------
// Barriers

FZ_SCT_EXPORT int
pthread_barrier_init(pthread_barrier_t *barrier,
                     const pthread_barrierattr_t *attr, unsigned count)
{
    (void)attr;
    if (count == 0 || !active()) {
        return EINVAL;
    }
    FzSctSync_New(barrier, FZ_SCT_BARRIER)->limit = count;
    return 0;
}

FZ_SCT_EXPORT int
pthread_barrier_destroy(pthread_barrier_t *barrier)
{
    FzSctSync_Destroy(barrier, FZ_SCT_BARRIER);
    return 0;
}

FZ_SCT_EXPORT int
pthread_barrier_wait(pthread_barrier_t *barrier)
{
    FzSct_Point(RT_POINT_SEM_WAIT, barrier, SITE);
    FzSctSync *sync = FzSctSync_Get(barrier, FZ_SCT_BARRIER);
    if (fz_engine.races) {
        FzRace_Release(fz_engine.current, barrier);
    }
    bool last = ++sync->count == sync->limit;
    if (last) {
        sync->count = 0;
        FzSctSync_WakeAll(sync);
    }
    else {
        FzSctSync_Wait(sync, FZ_SCT_FOREVER);
    }
    if (fz_engine.races) {
        FzRace_Acquire(fz_engine.current, barrier);
    }
    return last ? PTHREAD_BARRIER_SERIAL_THREAD : 0;
}

// ---------------------------------------------------------------------------
// Spin locks: waiting for one is blocking, or a spinning thread would fill the
// whole execution.

FZ_SCT_EXPORT int
pthread_spin_init(pthread_spinlock_t *lock, int shared)
{
    (void)shared;
    *lock = 0;
    if (active()) {
        FzSctSync_New((void *)lock, FZ_SCT_SPIN);
    }
    return 0;
}

FZ_SCT_EXPORT int
pthread_spin_destroy(pthread_spinlock_t *lock)
{
    if (active()) {
        FzSctSync_Destroy((void *)lock, FZ_SCT_SPIN);
    }
    return 0;
}

static int
lock_spin(void *lock, bool wait, uintptr_t site)
{
    if (!active()) {
        return 0;
    }
    FzSct_Point(RT_POINT_SEM_WAIT, lock, site);
    FzSctSync *sync = FzSctSync_Get(lock, FZ_SCT_SPIN);
    if (sync->owner != 0 && !wait) {
        return EBUSY;
    }
    return FzSctSync_Take(sync, lock, FZ_SCT_FOREVER);
}

FZ_SCT_EXPORT int
pthread_spin_lock(pthread_spinlock_t *lock)
{
    return lock_spin((void *)lock, true, SITE);
}

FZ_SCT_EXPORT int
pthread_spin_trylock(pthread_spinlock_t *lock)
{
    return lock_spin((void *)lock, false, SITE);
}

FZ_SCT_EXPORT int
pthread_spin_unlock(pthread_spinlock_t *lock)
{
    if (!active()) {
        return 0;
    }
    FzSct_Point(RT_POINT_SEM_POST, (void *)lock, SITE);
    FzSctSync_Release(FzSctSync_Get((void *)lock, FZ_SCT_SPIN), (void *)lock);
    return 0;
}

// ---------------------------------------------------------------------------
// Once

enum { ONCE_NEW, ONCE_RUNNING, ONCE_DONE };

FZ_SCT_EXPORT int
pthread_once(pthread_once_t *control, void (*function)(void))
{
    if (!active()) {
        function();
        return 0;
    }
    FzSct_Point(RT_POINT_SEM_WAIT, control, SITE);
    FzSctSync *sync = FzSctSync_Get(control, FZ_SCT_ONCE);
    if (sync->count == ONCE_NEW) {
        sync->count = ONCE_RUNNING;
        sync->owner = fz_engine.current + 1;
        function();
        sync->count = ONCE_DONE;
        sync->owner = 0;
        if (fz_engine.races) {
            FzRace_Release(fz_engine.current, control);
        }
        FzSctSync_WakeAll(sync);
    }
    while (sync->count != ONCE_DONE) {
        FzSctSync_Wait(sync, FZ_SCT_FOREVER);
    }
    if (fz_engine.races) {
        FzRace_Acquire(fz_engine.current, control);
    }
    return 0;
}

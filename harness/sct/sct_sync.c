// sct_sync.c: mutexes, condition variables and what they share with everything
// else that a thread can wait for.
//
// An unlock makes every waiter runnable, and whoever runs first takes the lock:
// the schedule decides, as POSIX leaves it open. The others are blocked again
// at once: with a hundred threads their vain attempts would be most of a run.

#include "sct_internal.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

enum { MAX_SYNCS = 1 << 16, DESTROYED = -1 };

static FzSctSync syncs[MAX_SYNCS];
static uint32_t nsyncs = 1;     // [0] is not used

void
FzSctSync_Begin(void)
{
    nsyncs = fz_sct_one_run ? nsyncs : 1;
}

const char *
FzSctKind_Name(FzSctKind kind)
{
    static const char *const names[] = {
        "mutex", "condition variable", "readers-writer lock", "barrier",
        "semaphore", "spin lock", "once flag", "futex", "end of a thread",
    };
    return names[kind];
}

static _Noreturn void
misuse(const void *addr, FzSctKind kind, const char *what)
{
    char name[128];
    FzEngine_Violation(FZ_RULE_LOCK_MISUSE, UINT32_MAX, "the %s %s %s",
                       FzSctKind_Name(kind),
                       FzSct_Name(addr, name, sizeof(name)), what);
    FzEngine_Stop();
}

FzSctSync *
FzSctSync_New(void *slot, FzSctKind kind)
{
    if (nsyncs == MAX_SYNCS) {
        misuse(slot, kind, "is one of more than 65,535 in one execution");
    }
    uint32_t number = nsyncs++;
    syncs[number] = (FzSctSync){.kind = kind, .addr = slot};
    memcpy(slot, &number, sizeof(number));
    return &syncs[number];
}

// The kind of a mutex that its static initialiser gives it.
static FzSctMutexType
initial_type(const void *mutex)
{
    // As the C library lays out a pthread_mutex_t.
    switch (((const struct __pthread_mutex_s *)mutex)->__kind & 3) {
    case PTHREAD_MUTEX_RECURSIVE_NP:
        return FZ_SCT_RECURSIVE;
    case PTHREAD_MUTEX_ERRORCHECK_NP:
        return FZ_SCT_ERRORCHECK;
    default:
        return FZ_SCT_NORMAL;
    }
}

FzSctSync *
FzSctSync_Get(void *slot, FzSctKind kind)
{
    int32_t number;
    memcpy(&number, slot, sizeof(number));
    if (number == 0) {
        FzSctSync *sync = FzSctSync_New(slot, kind);
        if (kind == FZ_SCT_MUTEX) {
            sync->type = initial_type(slot);
        }
        return sync;
    }
    if (number == DESTROYED) {
        misuse(slot, kind, "was used after it had been destroyed");
    }
    if (number < 0 || (uint32_t)number >= nsyncs ||
        syncs[number].addr != slot || syncs[number].kind != kind)
    {
        misuse(slot, kind, "was used but never initialised");
    }
    return &syncs[number];
}

void
FzSctSync_Destroy(void *slot, FzSctKind kind)
{
    FzSctSync *sync = FzSctSync_Get(slot, kind);
    if (sync->owner != 0 || sync->waiters != 0 || sync->readers != 0) {
        misuse(slot, kind, "was destroyed while it was in use");
    }
    int32_t destroyed = DESTROYED;
    memcpy(slot, &destroyed, sizeof(destroyed));
}

void
FzSct_Point(RtPoint kind, const void *addr, uintptr_t site)
{
    FzEngine_PointFromCompiler(kind, addr, site);
}

bool
FzSctSync_Wait(FzSctSync *sync, int64_t timeout_ns)
{
    FzSctThread *self = &fz_sct_threads[fz_engine.current];
    if (timeout_ns == 0) {
        return false;
    }
    self->waits_for = sync;
    RtWaitResult result = FzWait_Block(&sync->waiters, timeout_ns,
                                       FzTarget_SyncKey(sync->addr));
    self->waits_for = NULL;
    return result == RT_WAIT_OK;
}

void
FzSctSync_WakeOne(FzSctSync *sync)
{
    if (sync->waiters != 0) {
        FzWait_Wake(FzWait_First(sync->waiters), RT_WAIT_OK);
    }
}

void
FzSctSync_WakeAll(FzSctSync *sync)
{
    while (sync->waiters != 0) {
        FzWait_Wake(FzThreadSet_First(sync->waiters), RT_WAIT_OK);
    }
}

// ---------------------------------------------------------------------------
// Mutexes

static inline void
acquired(const void *slot)
{
    if (fz_engine.races) {
        FzRace_Acquire(fz_engine.current, slot);
    }
}

static inline void
released(const void *slot)
{
    if (fz_engine.races) {
        FzRace_Release(fz_engine.current, slot);
    }
}

// Waiters with a deadline stay awake: they have to look at the time.
static void
block_woken(FzSctSync *sync)
{
    for (FzThreadSet rest = sync->woken; rest != 0; rest &= rest - 1) {
        uint32_t thread = FzThreadSet_First(rest);
        if (!fz_sct_threads[thread].has_deadline) {
            FzWait_Reblock(thread, &sync->waiters);
        }
    }
    sync->woken = 0;
}

int
FzSctSync_Take(FzSctSync *sync, void *slot, int64_t timeout_ns)
{
    uint32_t self = fz_engine.current + 1;
    int64_t deadline = timeout_ns > 0 ? FzWait_Now() + timeout_ns : 0;
    fz_sct_threads[self - 1].has_deadline = timeout_ns > 0;
    while (sync->owner != 0) {
        bool woken = FzSctSync_Wait(sync, timeout_ns);
        sync->woken &= ~FzThreadSet_Of(self - 1);
        if (!woken) {
            return ETIMEDOUT;
        }
        if (timeout_ns > 0) {
            int64_t left = deadline - FzWait_Now();
            timeout_ns = left > 0 ? left : 0;
        }
    }
    sync->owner = self;
    sync->count = 1;
    block_woken(sync);
    acquired(slot);
    return 0;
}

int
FzSctMutex_Lock(void *slot, int64_t timeout_ns, uintptr_t site)
{
    FzSct_Point(RT_POINT_SEM_WAIT, slot, site);
    FzSctSync *sync = FzSctSync_Get(slot, FZ_SCT_MUTEX);
    if (sync->owner == fz_engine.current + 1) {
        if (sync->type == FZ_SCT_RECURSIVE) {
            sync->count++;
            return 0;
        }
        if (sync->type == FZ_SCT_ERRORCHECK) {
            return EDEADLK;
        }
    }
    return FzSctSync_Take(sync, slot, timeout_ns);
}

int
FzSctMutex_TryLock(void *slot, uintptr_t site)
{
    FzSct_Point(RT_POINT_SEM_WAIT, slot, site);
    FzSctSync *sync = FzSctSync_Get(slot, FZ_SCT_MUTEX);
    if (sync->owner == fz_engine.current + 1 &&
        sync->type == FZ_SCT_RECURSIVE)
    {
        sync->count++;
        return 0;
    }
    return sync->owner != 0 ? EBUSY : FzSctSync_Take(sync, slot, 0);
}

void
FzSctSync_Release(FzSctSync *sync, void *slot)
{
    sync->owner = 0;
    sync->count = 0;
    released(slot);
    sync->woken |= sync->waiters;
    FzSctSync_WakeAll(sync);
}

int
FzSctMutex_Unlock(void *slot, uintptr_t site)
{
    FzSct_Point(RT_POINT_SEM_POST, slot, site);
    FzSctSync *sync = FzSctSync_Get(slot, FZ_SCT_MUTEX);
    if (sync->owner != fz_engine.current + 1) {
        if (sync->type != FZ_SCT_NORMAL) {
            return EPERM;
        }
        misuse(slot, FZ_SCT_MUTEX,
               sync->owner == 0
                   ? "was unlocked while nobody held it"
                   : "was unlocked by a thread that does not hold it");
    }
    if (--sync->count == 0) {
        FzSctSync_Release(sync, slot);
    }
    return 0;
}

// ---------------------------------------------------------------------------
// Condition variables. They order nothing for the race detector; their mutexes
// do.

int
FzSctCond_Wait(void *slot, void *mutex, int64_t timeout_ns, uintptr_t site)
{
    FzSct_Point(RT_POINT_SEM_WAIT, slot, site);
    FzSctSync *cond = FzSctSync_Get(slot, FZ_SCT_COND);
    FzSctSync *lock = FzSctSync_Get(mutex, FZ_SCT_MUTEX);
    if (lock->owner != fz_engine.current + 1) {
        misuse(slot, FZ_SCT_COND, "was waited for without its mutex");
    }
    uint32_t depth = lock->count;
    FzSctSync_Release(lock, mutex);
    bool woken = FzSctSync_Wait(cond, timeout_ns);
    FzSctSync_Take(lock, mutex, FZ_SCT_FOREVER);
    lock->count = depth;
    return woken ? 0 : ETIMEDOUT;
}

int
FzSctCond_Wake(void *slot, bool all, uintptr_t site)
{
    FzSct_Point(RT_POINT_SEM_POST, slot, site);
    FzSctSync *cond = FzSctSync_Get(slot, FZ_SCT_COND);
    if (all) {
        FzSctSync_WakeAll(cond);
    }
    else {
        FzSctSync_WakeOne(cond);
    }
    return 0;
}

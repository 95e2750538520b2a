// lock.c: the one-byte mutex, the event and the once flag.
//
// Mutex byte: LOCKED, HAS_PARKED. Waiters park on the byte's address. Unlocking
// with waiters runs under the bucket's lock: it hands the mutex over, still
// locked, to a first waiter that is older than RT_MUTEX_TIME_TO_BE_FAIR_NS, and
// releases it otherwise. HAS_PARKED may be set without a waiter (a timeout, a
// shared bucket), never clear with one.
// Mirrors Python/lock.c (CPython 3.13); departs: a spinning thread reads the
// byte again and parks at once if the world is to stop, no thread spins under a
// driver, and an interrupted wait handles all that the eval breaker asks for.

#include "rtcore_lock.h"

#include "rt_errors.h"          // Rt_FatalError()
#include "rtcore_assert.h"
#include "rtcore_contention.h"
#include "rtcore_semaphore.h"   // deadlines
#include "rtcore_state.h"       // an interrupted wait handles what is pending

#ifdef RT_GIL_DISABLED
#define MAX_SPIN_COUNT 40
#else
// The holder may need the GIL to go on.
#define MAX_SPIN_COUNT 0
#endif

typedef struct MutexEntry {
    int64_t time_to_be_fair;    // written before parking
    bool handed_off;            // written by the unlocker before its post
} MutexEntry;

// ---------------------------------------------------------------------------
// Mutex.

static int
spin_limit(void)
{
#ifdef RT_WITH_HOOKS
    // A driver decides who runs: to spin is to ask it again.
    if (rt_hooks != NULL) {
        return 0;
    }
#endif
    return MAX_SPIN_COUNT;
}

bool
RtMutex_TryLockFast(RtMutex *m)
{
    uint8_t unlocked = RT_MUTEX_UNLOCKED;
    if (rt_atomic_compare_exchange_uint8(&m->bits, &unlocked,
                                         RT_MUTEX_LOCKED)) {
        RT_NOTE(LOCK_ACQUIRED, m, RT_LOCK_MUTEX);
        return true;
    }
    return false;
}

bool
RtMutex_IsLocked(RtMutex *m)
{
    return (rt_atomic_load_uint8_relaxed(&m->bits) & RT_MUTEX_LOCKED) != 0;
}

void
RtMutex_Lock(RtMutex *m)
{
    if (!RtMutex_TryLockFast(m)) {
        RtLockStatus status = RtMutex_LockTimed(m, -1, RT_LOCK_DETACH);
        rt_assert(status == RT_LOCK_ACQUIRED);
        (void)status;
    }
}

// Sets LOCKED while it is clear. True if the mutex was taken, else *v has the
// byte with LOCKED set.
static bool
try_lock(RtMutex *m, uint8_t *v)
{
    while ((*v & RT_MUTEX_LOCKED) == 0) {
        if (rt_atomic_compare_exchange_uint8(&m->bits, v,
                                             *v | RT_MUTEX_LOCKED)) {
            RT_NOTE(LOCK_ACQUIRED, m, RT_LOCK_MUTEX);
            return true;
        }
    }
    return false;
}

bool
RtMutex_WasHandedOver(const void *park_arg)
{
    return ((const MutexEntry *)park_arg)->handed_off;
}

// Nobody else is left, so nobody will ever unlock the mutex, unless it is the
// caller's own in a section that a wait suspends.
static void
seize(RtMutex *m, int flags)
{
    RtThreadState *tstate = RtThreadState_Get();
    if ((flags & RT_LOCK_DETACH) != 0) {
        RtThreadState_Detach(tstate);
    }
    if ((rt_atomic_load_uint8_owned(&m->bits) & RT_MUTEX_LOCKED) != 0) {
        RT_NOTE(LOCK_SEIZED, m, RT_LOCK_MUTEX);
    }
    rt_atomic_store_uint8_release(&m->bits, RT_MUTEX_LOCKED);
    RT_NOTE(LOCK_ACQUIRED, m, RT_LOCK_MUTEX);
    if ((flags & RT_LOCK_DETACH) != 0) {
        RtThreadState_Attach(tstate);
    }
}

static int
park_flags(int flags)
{
    int interruptible = RT_LOCK_HANDLE_SIGNALS | RT_LOCK_FAIL_IF_INTERRUPTED;
    return ((flags & RT_LOCK_DETACH) != 0 ? RT_PARK_DETACH : 0) |
           ((flags & interruptible) != 0 ? RT_PARK_INTERRUPTIBLE : 0);
}

// Whether an interrupted wait goes on.
static bool
handle_interrupt(int flags)
{
    return (flags & RT_LOCK_FAIL_IF_INTERRUPTED) == 0 &&
           ((flags & RT_LOCK_HANDLE_SIGNALS) == 0 ||
            RtEval_HandlePending(RtThreadState_Get()) == 0);
}

// Parks on the mutex, whose byte was last seen as v, locked. True if it was
// handed over; else *result is what the parking lot said (AGAIN: look again).
static bool
park_on_mutex(RtMutex *m, uint8_t v, int64_t timeout_ns, int flags,
              MutexEntry *entry, RtParkResult *result)
{
    uint8_t parked = v | RT_MUTEX_HAS_PARKED;
    if (v != parked &&
        !rt_atomic_compare_exchange_uint8(&m->bits, &v, parked)) {
        *result = RT_PARK_AGAIN;
        return false;
    }
    RT_NOTE(LOCK_WAIT, m, RT_LOCK_MUTEX);
    *result = RtParkingLot_Park(&m->bits, &parked, sizeof(parked), timeout_ns,
                                entry, park_flags(flags) | RT_PARK_MUTEX);
    if (*result == RT_PARK_OK && entry->handed_off) {
        rt_assert(rt_atomic_load_uint8_owned(&m->bits) & RT_MUTEX_LOCKED);
        RT_NOTE(LOCK_ACQUIRED, m, RT_LOCK_MUTEX);
        return true;
    }
    return false;
}

// The world waits for this thread, which would detach if it parked. To spin on
// keeps it waiting for many slices of a busy processor, and the holder with it
// if that is who stops the world.
static bool
keeps_world_waiting(int flags)
{
    RtThreadState *tstate = RtThreadState_Get();
    return (flags & RT_LOCK_DETACH) != 0 && tstate != NULL &&
           RtEval_MustStop(tstate);
}

// The mutex was last seen locked, as v. timeout_ns is not 0.
static RtLockStatus
lock_slow(RtMutex *m, uint8_t v, int64_t timeout_ns, int flags)
{
    int64_t deadline = timeout_ns > 0 ? RtDeadline_Init(timeout_ns) : 0;
    MutexEntry entry = {
        .time_to_be_fair = RtDeadline_Init(RT_MUTEX_TIME_TO_BE_FAIR_NS),
        .handed_off = false,
    };
    int spins = spin_limit();
    for (;;) {
        if (try_lock(m, &v)) {
            return RT_LOCK_ACQUIRED;
        }
        if ((v & RT_MUTEX_HAS_PARKED) == 0 && spins > 0 &&
            !keeps_world_waiting(flags))
        {
            spins--;
            rt_world->yield();
        }
        else {
            if (timeout_ns == 0) {
                return RT_LOCK_FAILURE;
            }
            RtParkResult result;
            if (park_on_mutex(m, v, timeout_ns, flags, &entry, &result)) {
                return RT_LOCK_ACQUIRED;
            }
            if (result == RT_PARK_TIMEOUT) {
                return RT_LOCK_FAILURE;
            }
            if (result == RT_PARK_INTR && !handle_interrupt(flags)) {
                return RT_LOCK_INTR;
            }
            if (timeout_ns > 0) {
                timeout_ns = RtDeadline_Get(deadline);
            }
        }
        v = rt_atomic_load_uint8_relaxed(&m->bits);
    }
}

static RtLockStatus
lock_for(RtMutex *m, const RtObject *owner, const char *name,
         int64_t timeout_ns, int flags)
{
    uint8_t v = rt_atomic_load_uint8_relaxed(&m->bits);
    if (try_lock(m, &v)) {
        return RT_LOCK_ACQUIRED;
    }
    if (timeout_ns == 0) {
        return RT_LOCK_FAILURE;
    }
    if (timeout_ns < 0 && RtFinalize_IsSurvivor()) {
        seize(m, flags);
        return RT_LOCK_ACQUIRED;
    }
    int64_t began = RtContention_Begin();
    RtLockStatus status = lock_slow(m, v, timeout_ns, flags);
    if (status != RT_LOCK_ACQUIRED) {
        RT_NOTE(LOCK_GIVEN_UP, m, RT_LOCK_MUTEX);
    }
    RtContention_End(m, owner, name, began);
    return status;
}

RtLockStatus
RtMutex_LockOfObject(RtMutex *m, const RtObject *owner, int64_t timeout_ns,
                     int flags)
{
    return lock_for(m, owner, NULL, timeout_ns, flags);
}

void
RtMutex_LockNamed(RtMutex *m, const char *name)
{
    if (!RtMutex_TryLockFast(m)) {
        RtLockStatus status = lock_for(m, NULL, name, -1, RT_LOCK_DETACH);
        rt_assert(status == RT_LOCK_ACQUIRED);
        (void)status;
    }
}

RtLockStatus
RtMutex_LockTimed(RtMutex *m, int64_t timeout_ns, int flags)
{
    return lock_for(m, NULL, NULL, timeout_ns, flags);
}

// Under the bucket's lock: nobody can park on this mutex, or leave, meanwhile.
static void
mutex_unpark(void *arg, void *park_arg, bool has_more_waiters)
{
    RtMutex *m = arg;
    MutexEntry *entry = park_arg;
    uint8_t v = RT_MUTEX_UNLOCKED;
    rt_assert((rt_atomic_load_uint8_owned(&m->bits) & RT_MUTEX_LOCKED) != 0);
    if (entry != NULL) {
        rt_assert(!entry->handed_off);
        if (rt_world->now_ns() > entry->time_to_be_fair) {
            entry->handed_off = true;
            v |= RT_MUTEX_LOCKED;
            RT_NOTE(LOCK_HANDED_OFF, m, RT_LOCK_MUTEX);
        }
        else {
            RT_NOTE(LOCK_OPENED, m, RT_LOCK_MUTEX);
        }
        if (has_more_waiters) {
            v |= RT_MUTEX_HAS_PARKED;
        }
    }
    rt_atomic_store_uint8_release(&m->bits, v);
}

// The release has been noted. The byte was last seen as v.
static int
unlock_from(RtMutex *m, uint8_t v)
{
    while ((v & RT_MUTEX_LOCKED) != 0) {
        if ((v & RT_MUTEX_HAS_PARKED) != 0) {
            RtParkingLot_Unpark(&m->bits, mutex_unpark, m);
            return 0;
        }
        if (rt_atomic_compare_exchange_uint8(&m->bits, &v,
                                             RT_MUTEX_UNLOCKED)) {
            return 0;
        }
    }
    return -1;
}

int
RtMutex_TryUnlock(RtMutex *m)
{
    uint8_t v = rt_atomic_load_uint8_relaxed(&m->bits);
    if ((v & RT_MUTEX_LOCKED) == 0) {
        return -1;
    }
    RT_NOTE(LOCK_RELEASED, m, RT_LOCK_MUTEX);
    return unlock_from(m, v);
}

void
RtMutex_Unlock(RtMutex *m)
{
    RT_NOTE(LOCK_RELEASED, m, RT_LOCK_MUTEX);
    uint8_t v = RT_MUTEX_LOCKED;
    if (rt_atomic_compare_exchange_uint8(&m->bits, &v, RT_MUTEX_UNLOCKED)) {
        return;
    }
    if (unlock_from(m, v) < 0) {
        Rt_FatalError("RtMutex_Unlock", "unlocking an unlocked mutex");
    }
}

// A waiter in the parking lot is forgotten there.
void
RtMutex_AfterFork(RtMutex *m)
{
    m->bits = RT_MUTEX_UNLOCKED;
}

// ---------------------------------------------------------------------------
// Event.

enum {
    EVENT_UNSET = 0,
    EVENT_SET = 1,
    EVENT_HAS_PARKED = 2,
};

bool
RtEvent_IsSet(RtEvent *e)
{
    return rt_atomic_load_uint8(&e->v) == EVENT_SET;
}

bool
RtEvent_WasSet(const RtEvent *e)
{
    return rt_atomic_load_uint8_owned(&e->v) == EVENT_SET;
}

void
RtEvent_Notify(RtEvent *e)
{
    uint8_t old = rt_atomic_exchange_uint8(&e->v, EVENT_SET);
    if (old == EVENT_HAS_PARKED) {
        // A waiter that sees SET may free the event: only its address is used.
        RtParkingLot_UnparkAll(&e->v);
    }
    else {
        rt_assert(old == EVENT_UNSET || old == EVENT_SET);
    }
}

static RtLockStatus
event_wait(RtEvent *e, int64_t timeout_ns, int flags)
{
    int64_t deadline = timeout_ns >= 0 ? RtDeadline_Init(timeout_ns) : 0;
    for (;;) {
        uint8_t v = rt_atomic_load_uint8(&e->v);
        if (v == EVENT_SET) {
            return RT_LOCK_ACQUIRED;
        }
        if (v == EVENT_UNSET &&
            !rt_atomic_compare_exchange_uint8(&e->v, &v, EVENT_HAS_PARKED)) {
            continue;
        }
        uint8_t parked = EVENT_HAS_PARKED;
        RtParkResult result = RtParkingLot_Park(
            &e->v, &parked, sizeof(parked), timeout_ns, NULL, flags);
        if (result == RT_PARK_TIMEOUT) {
            return RtEvent_IsSet(e) ? RT_LOCK_ACQUIRED : RT_LOCK_FAILURE;
        }
        if (result == RT_PARK_INTR && (flags & RT_PARK_INTERRUPTIBLE) != 0) {
            return RtEvent_IsSet(e) ? RT_LOCK_ACQUIRED : RT_LOCK_INTR;
        }
        if (timeout_ns >= 0) {
            timeout_ns = RtDeadline_Get(deadline);
        }
    }
}

bool
RtEvent_WaitTimed(RtEvent *e, int64_t timeout_ns, bool detach)
{
    return event_wait(e, timeout_ns, detach ? RT_PARK_DETACH : 0) ==
           RT_LOCK_ACQUIRED;
}

RtLockStatus
RtEvent_WaitInterruptible(RtEvent *e, int64_t timeout_ns)
{
    return event_wait(e, timeout_ns, RT_PARK_DETACH | RT_PARK_INTERRUPTIBLE);
}

void
RtEvent_AfterFork(RtEvent *e)
{
    if (e->v == EVENT_HAS_PARKED) {
        e->v = EVENT_UNSET;
    }
}

void
RtEvent_Wait(RtEvent *e)
{
    bool is_set = RtEvent_WaitTimed(e, -1, true);
    rt_assert(is_set);
    (void)is_set;
}

// ---------------------------------------------------------------------------
// Once flag.

enum {
    ONCE_UNSET = 0,
    ONCE_RUNNING = 1,
    ONCE_HAS_PARKED = 2,        // beside RUNNING
    ONCE_DONE = 4,
};

static void
once_finish(RtOnceFlag *flag, uint8_t v)
{
    rt_assert(v == ONCE_DONE || v == ONCE_UNSET);
    uint8_t old = rt_atomic_exchange_uint8(&flag->v, v);
    // Nobody else finishes it, so it is done once.
    rt_assert((old & ~ONCE_HAS_PARKED) == ONCE_RUNNING);
    if ((old & ONCE_HAS_PARKED) != 0) {
        // After a failure one of them is to try again, the others wait for it.
        RtParkingLot_UnparkAll(&flag->v);
    }
}

// Sleeps while the flag is RUNNING, as it was last seen in v.
static void
once_wait(RtOnceFlag *flag, uint8_t v)
{
    if (RtFinalize_IsSurvivor()) {
        RtOnceFlag_AfterFork(flag);     // the call ended with its thread
        return;
    }
    uint8_t parked = v | ONCE_HAS_PARKED;
    rt_assert((v & ONCE_RUNNING) != 0);
    if (v != parked &&
        !rt_atomic_compare_exchange_uint8(&flag->v, &v, parked)) {
        return;
    }
    RtParkingLot_Park(&flag->v, &parked, sizeof(parked), -1, NULL,
                      RT_PARK_DETACH);
}

int
RtOnceFlag_CallOnce(RtOnceFlag *flag, int (*fn)(void *), void *arg)
{
    for (;;) {
        // Pairs with the exchange in once_finish().
        uint8_t v = rt_atomic_load_uint8_acquire(&flag->v);
        if (v == ONCE_DONE) {
            return 0;
        }
        if (v != ONCE_UNSET) {
            once_wait(flag, v);
        }
        else if (rt_atomic_compare_exchange_uint8(&flag->v, &v,
                                                  ONCE_RUNNING)) {
            int result = fn(arg);
            once_finish(flag, result == 0 ? ONCE_DONE : ONCE_UNSET);
            return result;
        }
    }
}

bool
RtOnceFlag_IsDone(const RtOnceFlag *flag)
{
    // Pairs with the exchange in once_finish().
    return rt_atomic_load_uint8_acquire(&flag->v) == ONCE_DONE;
}

void
RtOnceFlag_AfterFork(RtOnceFlag *flag)
{
    if (flag->v != ONCE_DONE) {
        flag->v = ONCE_UNSET;
    }
}

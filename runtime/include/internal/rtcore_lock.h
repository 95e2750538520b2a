// rtcore_lock.h: raw mutex, parking lot, mutex, event, once flag, condition,
// recursive mutex, readers-writer mutex, sequence lock, interruptible waits.
//
// Layers, bottom first: semaphore (rt_world) -> RtRawMutex -> parking lot ->
// RtMutex, RtEvent, RtOnceFlag, RtRWMutex -> RtRecursiveMutex. RtCond waits on
// an RtRawMutex.
//
// The *_AfterFork functions are for the only thread of a forked child: waiters
// and owners are gone, except the caller.
// Source: CPython 3.13 Python/lock.c, Python/parking_lot.c.

#ifndef RT_INTERNAL_LOCK_H
#define RT_INTERNAL_LOCK_H

#include "rt_lock.h"            // RtMutex
#include "rtcore_hooks.h"       // RtSemaphore, RtWaitResult
#include "rtcore_atomic.h"

// ---------------------------------------------------------------------------
// Raw mutex (sync/raw_mutex.c). Never detaches, not fair. Word: bit 0 locked,
// the rest points to a LIFO list of waiters on their stacks.
typedef struct RtRawMutex {
    uintptr_t v;
} RtRawMutex;

void RtRawMutex_Lock(RtRawMutex *m);
void RtRawMutex_Unlock(RtRawMutex *m);          // fatal if not locked
void RtRawMutex_AfterFork(RtRawMutex *m);       // unlocked

// ---------------------------------------------------------------------------
// Condition variable over a raw mutex (sync/cond.c). FIFO. Never detaches.
typedef struct RtCond {
    struct RtCondWaiter *head;
    struct RtCondWaiter *tail;
} RtCond;

// The caller holds m, which is released while it waits. timeout_ns < 0: ever.
RtWaitResult RtCond_Wait(RtCond *c, RtRawMutex *m, int64_t timeout_ns);
void RtCond_Signal(RtCond *c);                  // the caller holds m
void RtCond_Broadcast(RtCond *c);               // the caller holds m
void RtCond_AfterFork(RtCond *c);

// ---------------------------------------------------------------------------
// Parking lot (sync/parking_lot.c): 257 buckets (3 with RT_TINY_LIMITS) by
// RtAddress_Key(address).
typedef enum RtParkResult {
    RT_PARK_OK = 0,             // woken by Unpark
    RT_PARK_AGAIN = -1,         // *addr was not `expected`
    RT_PARK_TIMEOUT = -2,
    RT_PARK_INTR = -3,
} RtParkResult;

enum {                          // flags of RtParkingLot_Park
    RT_PARK_DETACH = 1,         // detach the thread state meanwhile
    RT_PARK_INTERRUPTIBLE = 2,  // RtInterrupt_Request() ends the wait: INTR
    RT_PARK_MUTEX = 4,          // addr is an RtMutex's, park_arg its waiter's
};

// Blocks if the `size` (1, 2, 4, 8) bytes at addr equal those at expected,
// compared under the bucket's lock. park_arg is handed to the unparker's
// callback. The flags mean something for attached threads only.
RtParkResult RtParkingLot_Park(const void *addr, const void *expected,
                               size_t size, int64_t timeout_ns,
                               void *park_arg, int flags);

// Called under the bucket's lock: park_arg of the waiter that was dequeued
// (NULL: there was none), whether the bucket has more waiters. Stores the new
// value of the word.
typedef void (*RtUnparkCallback)(void *arg, void *park_arg,
                                 bool has_more_waiters);
// Wakes the first waiter on addr, if any. The callback runs in any case.
void RtParkingLot_Unpark(const void *addr, RtUnparkCallback callback,
                         void *arg);
void RtParkingLot_UnparkAll(const void *addr);
// Wakes all threads that must exit when they attach again.
void RtParkingLot_UnparkExiting(void);
// Whether no thread is parked anywhere; for checks when all threads ended.
bool RtParkingLot_IsEmpty(void);
// Forgets every waiter: after a run was abandoned, or in a forked child.
void RtParkingLot_Reset(void);

// ---------------------------------------------------------------------------
// Interruptible waits (sync/interrupt.c): one for each thread state.
typedef struct RtInterruptState {
    RtRawMutex mutex;
    RtSemaphore *waits_on;      // mutex; of the wait in progress, or NULL
    bool requested;             // mutex; not answered yet
} RtInterruptState;

// Ends the interruptible wait of a thread, or its next one if it is in none.
// The caller keeps the thread state in existence (HEAD_LOCK).
void RtInterrupt_Request(RtInterruptState *state);
// For the parking lot. Begin: false if an interruption was requested already.
bool RtInterrupt_Begin(RtInterruptState *state, RtSemaphore *sem);
// answered: the wait ended as interrupted. Afterwards nobody uses `sem`.
void RtInterrupt_End(RtInterruptState *state, bool answered);

// ---------------------------------------------------------------------------
// RtMutex (sync/lock.c).
enum {
    RT_MUTEX_UNLOCKED = 0,
    RT_MUTEX_LOCKED = 1,
    RT_MUTEX_HAS_PARKED = 2,
};

typedef enum RtLockStatus {
    RT_LOCK_FAILURE = 0,        // timed out, or would have had to wait
    RT_LOCK_ACQUIRED = 1,
    RT_LOCK_INTR = 2,
} RtLockStatus;

enum {                          // flags of RtMutex_LockTimed
    RT_LOCK_DONT_DETACH = 0,
    RT_LOCK_DETACH = 1,         // detach the thread state while parked
    // An interrupted wait does what the eval breaker asks for and goes on, or
    // is RT_LOCK_INTR, with an exception, if that fails.
    RT_LOCK_HANDLE_SIGNALS = 2,
    RT_LOCK_FAIL_IF_INTERRUPTED = 4,    // is RT_LOCK_INTR at once
};

// A waiter older than this is handed the lock at the next unlock.
#define RT_MUTEX_TIME_TO_BE_FAIR_NS 1000000

// timeout_ns 0: try once; < 0: wait for ever.
RtLockStatus RtMutex_LockTimed(RtMutex *m, int64_t timeout_ns, int flags);
// The same, of a mutex that is part of an object, for the gauge of contention.
RtLockStatus RtMutex_LockOfObject(RtMutex *m, const struct RtObject *owner,
                                  int64_t timeout_ns, int flags);
// RtMutex_Lock() of one that is known to the gauge by a name.
void RtMutex_LockNamed(RtMutex *m, const char *name);
// 0, or -1 if it was not locked.
int RtMutex_TryUnlock(RtMutex *m);
// Whether an unlocker, which set the park_arg that RtParkingLot_Park() was
// given, has handed the mutex over.
bool RtMutex_WasHandedOver(const void *park_arg);
// state/finalize.c: whether the caller is alone because all others had to exit:
// nobody else will ever unlock what is locked.
bool RtFinalize_IsSurvivor(void);
// True if the lock was taken at once. Notes LOCK_ACQUIRED.
bool RtMutex_TryLockFast(RtMutex *m);
void RtMutex_AfterFork(RtMutex *m);             // unlocked

// ---------------------------------------------------------------------------
// Event (sync/lock.c): 0 unset, 1 set, 2 waited for. Set once.
typedef struct RtEvent {
    uint8_t v;
} RtEvent;

void RtEvent_Notify(RtEvent *e);
bool RtEvent_IsSet(RtEvent *e);
// The same for assertions: makes no scheduling point.
bool RtEvent_WasSet(const RtEvent *e);
void RtEvent_Wait(RtEvent *e);                  // detaches while it waits
// True if set in time. timeout_ns < 0: for ever.
bool RtEvent_WaitTimed(RtEvent *e, int64_t timeout_ns, bool detach);
// ACQUIRED: set. INTR: interrupted; nothing has been handled.
RtLockStatus RtEvent_WaitInterruptible(RtEvent *e, int64_t timeout_ns);
void RtEvent_AfterFork(RtEvent *e);             // as it was, without waiters

// ---------------------------------------------------------------------------
// Once flag (sync/lock.c): 0, 1 running, 2 waited for, 4 done.
typedef struct RtOnceFlag {
    uint8_t v;
} RtOnceFlag;
// Calls fn(arg) unless a call has already returned 0. Returns 0 or fn's error.
int RtOnceFlag_CallOnce(RtOnceFlag *flag, int (*fn)(void *), void *arg);
bool RtOnceFlag_IsDone(const RtOnceFlag *flag);
// A call that was under way elsewhere counts as failed.
void RtOnceFlag_AfterFork(RtOnceFlag *flag);

// ---------------------------------------------------------------------------
// Recursive mutex (sync/recursive_mutex.c). Waits detach.
typedef struct RtRecursiveMutex {
    uintptr_t owner;            // thread id, 0: none; atomic, its owner writes
    size_t level;               // times locked beyond the first; likewise
    RtMutex mutex;
} RtRecursiveMutex;

bool RtRecursiveMutex_IsLockedByCurrentThread(RtRecursiveMutex *m);
void RtRecursiveMutex_Lock(RtRecursiveMutex *m);
// owner: the object that it is part of, or NULL.
RtLockStatus RtRecursiveMutex_LockTimed(RtRecursiveMutex *m,
                                        const struct RtObject *owner,
                                        int64_t timeout_ns, int flags);
// 0, or -1 if the calling thread does not own it.
int RtRecursiveMutex_TryUnlock(RtRecursiveMutex *m);
void RtRecursiveMutex_Unlock(RtRecursiveMutex *m);      // fatal if not owned
// Gives it back however often it is locked, and takes it again as often. The
// caller owns it.
size_t RtRecursiveMutex_Release(RtRecursiveMutex *m);
void RtRecursiveMutex_Restore(RtRecursiveMutex *m, size_t times);
// For diagnostics: owner (0: none) and times locked, read by whomever.
uintptr_t RtRecursiveMutex_Owner(RtRecursiveMutex *m, size_t *times);
// Stays locked if the forking thread, then of id parent_id, owned it.
void RtRecursiveMutex_AfterFork(RtRecursiveMutex *m, uintptr_t parent_id);

// ---------------------------------------------------------------------------
// Readers-writer mutex (sync/rw_mutex.c). Writers first. Waits detach.
typedef struct RtRWMutex {
    uintptr_t bits;             // 1 writer, 2 someone is parked, 4 a reader
} RtRWMutex;

void RtRWMutex_RLock(RtRWMutex *rw);
void RtRWMutex_RUnlock(RtRWMutex *rw);
void RtRWMutex_Lock(RtRWMutex *rw);
void RtRWMutex_Unlock(RtRWMutex *rw);
void RtRWMutex_AfterFork(RtRWMutex *rw);        // unlocked

// ---------------------------------------------------------------------------
// Sequence lock (sync/seq_lock.c): odd while a writer is inside. Writers spin;
// inside nothing blocks, allocates or drops a reference. The guarded fields are
// written and read atomically.
typedef struct RtSeqLock {
    uint32_t sequence;
} RtSeqLock;

void RtSeqLock_LockWrite(RtSeqLock *s);
void RtSeqLock_AbandonWrite(RtSeqLock *s);      // nothing was written
void RtSeqLock_UnlockWrite(RtSeqLock *s);
// The sequence to give to EndRead(); waits for a writer.
uint32_t RtSeqLock_BeginRead(RtSeqLock *s);
// Whether all that was read since belongs to one write.
bool RtSeqLock_EndRead(RtSeqLock *s, uint32_t previous);
// True if a thread that is gone was writing: what it guards is to be cleared.
bool RtSeqLock_AfterFork(RtSeqLock *s);

#endif  // RT_INTERNAL_LOCK_H

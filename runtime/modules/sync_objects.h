// sync_objects.h: what the files of Lock, RLock, Condition, Event, Semaphore,
// Barrier and local share.

#ifndef RT_MODULES_SYNC_OBJECTS_H
#define RT_MODULES_SYNC_OBJECTS_H

#include "rt_types.h"
#include "rtcore_wait_queue.h"
#include "rtcore_weakref.h"

typedef struct RtLockObject {
    RtObject ob_base;
    RtMutex lock;
    RtWeakReference *weakreflist;
} RtLockObject;

typedef struct RtRLockObject {
    RtObject ob_base;
    RtRecursiveMutex lock;
    RtWeakReference *weakreflist;
} RtRLockObject;

// The length of a program's second, for timeouts: short where limits are, so
// that waits expire in the middle of things.
#ifdef RT_TINY_LIMITS
#define RT_PROGRAM_SECOND_NS INT64_C(1000000)
#else
#define RT_PROGRAM_SECOND_NS INT64_C(1000000000)
#endif

// What Condition does with its lock. Arguments as from a program.
RtObject *RtLock_Acquire(RtObject *op, RtObject *const *args, ssize_t nargs);
RtObject *RtLock_Release(RtObject *op, RtObject *const *args, ssize_t nargs);
RtObject *RtRLock_Acquire(RtObject *op, RtObject *const *args, ssize_t nargs);
RtObject *RtRLock_Release(RtObject *op, RtObject *const *args, ssize_t nargs);

// waiting.c: the arguments of acquire(blocking=True, timeout=-1) and of
// wait(timeout=None), as a timeout: 0 try once, < 0 for ever. 0, or -1 with an
// exception.
int RtTimeout_OfAcquire(RtObject *const *args, ssize_t nargs, int64_t *ns);
int RtTimeout_OfWait(RtObject *const *args, ssize_t nargs, int64_t *ns);
// A number of seconds, in nanoseconds. TypeError, ValueError, OverflowError.
int RtTime_AsNanoseconds(RtObject *arg, int64_t *ns);
double RtTime_Seconds(int64_t ns);
// The same functions with keywords: acquire(blocking, timeout), wait(timeout).
RtObject *RtWaiting_CallAcquire(RtCFunction acquire, RtObject *op,
                                RtObject *const *args, ssize_t nargs,
                                RtObject *kwnames);
RtObject *RtWaiting_CallWait(RtCFunction wait, const char *name, RtObject *op,
                             RtObject *const *args, ssize_t nargs,
                             RtObject *kwnames);
// The methods of a lock that `with` and keywords need, over two plain ones.
#define RT_LOCK_METHODS(acquire, release) \
    static RtObject * \
    acquire##_kw(RtObject *op, RtObject *const *args, ssize_t nargs, \
                 RtObject *kwnames) \
    { \
        return RtWaiting_CallAcquire(acquire, op, args, nargs, kwnames); \
    } \
    static RtObject * \
    acquire##_enter(RtObject *op, RtObject *const *args, ssize_t nargs) \
    { \
        return acquire(op, args, nargs); \
    } \
    static RtObject * \
    release##_exit(RtObject *op, RtObject *const *args, ssize_t nargs) \
    { \
        (void)args; \
        (void)nargs; \
        return release(op, NULL, 0); \
    }
#define RT_LOCK_ROWS(acquire, release) \
    { "acquire", RT_KEYWORDS(acquire##_kw), 0, RT_METH_KEYWORDS }, \
    { "__enter__", acquire##_enter, 0, 0 }, \
    { "__exit__", release##_exit, 0, 3 },
// NULL with MemoryError.
RtWaiter *RtWaiter_New(void);
void RtWaiter_Free(RtWaiter *waiter);

#endif  // RT_MODULES_SYNC_OBJECTS_H

// condition.c: Condition, over a Lock or an RLock.
//
// Whoever waits is in the queue before it gives the lock back, so no
// notification that comes after that is missed. A notification that finds its
// waiter interrupted by an exception is passed on to the next one.
// Mirrors Condition of Lib/threading.py (CPython 3.13); departs: the lock is a
// Lock or an RLock and nothing else; no wait_for().

#include "sync_objects.h"

#include "rt_errors.h"
#include "rtcore_object.h"

typedef struct RtConditionObject {
    RtObject ob_base;
    RtObject *lock;             // never changes
    RtWaitQueue queue;
} RtConditionObject;

// ---------------------------------------------------------------------------
// The lock.

static RtMutex *
plain_mutex(RtConditionObject *self)    // NULL: it is an RLock
{
    return Rt_IS_TYPE(self->lock, &RtLock_Type)
               ? &((RtLockObject *)self->lock)->lock
               : NULL;
}

static RtRecursiveMutex *
recursive_mutex(RtConditionObject *self)
{
    return &((RtRLockObject *)self->lock)->lock;
}

// A Lock knows no owner: that it is taken must do.
static int
check_owned(RtConditionObject *self, const char *message)
{
    RtMutex *plain = plain_mutex(self);
    bool owned = plain != NULL
                     ? RtMutex_IsLocked(plain)
                     : RtRecursiveMutex_IsLockedByCurrentThread(
                           recursive_mutex(self));
    if (!owned) {
        RtErr_SetString(&RtExc_RuntimeError, message);
        return -1;
    }
    return 0;
}

// How often the lock was taken; 0: another thread has released the Lock.
static size_t
release_save(RtConditionObject *self)
{
    RtMutex *plain = plain_mutex(self);
    if (plain != NULL) {
        return RtMutex_TryUnlock(plain) == 0;
    }
    return RtRecursiveMutex_Release(recursive_mutex(self));
}

static void
acquire_restore(RtConditionObject *self, size_t times)
{
    RtMutex *plain = plain_mutex(self);
    if (plain != NULL) {
        RtMutex_Lock(plain);
    }
    else {
        RtRecursiveMutex_Restore(recursive_mutex(self), times);
    }
}

static RtObject *
condition_acquire(RtObject *op, RtObject *const *args, ssize_t nargs)
{
    RtConditionObject *self = (RtConditionObject *)op;
    return plain_mutex(self) != NULL
               ? RtLock_Acquire(self->lock, args, nargs)
               : RtRLock_Acquire(self->lock, args, nargs);
}

static RtObject *
condition_release(RtObject *op, RtObject *const *args, ssize_t nargs)
{
    RtConditionObject *self = (RtConditionObject *)op;
    return plain_mutex(self) != NULL
               ? RtLock_Release(self->lock, args, nargs)
               : RtRLock_Release(self->lock, args, nargs);
}

// ---------------------------------------------------------------------------
// Waiting and notifying.

// With the waiter in the queue: gives the lock back, waits, takes it again.
static RtObject *
wait_unlocked(RtConditionObject *self, RtWaiter *waiter, int64_t timeout)
{
    size_t times = release_save(self);
    if (times == 0) {
        timeout = 0;
    }
    bool woken;
    RtLockStatus status =
        RtWaitQueue_Wait(&self->queue, waiter, timeout, &woken);
    if (status != RT_LOCK_ACQUIRED) {
        if (woken) {
            RtWaitQueue_WakeOne(&self->queue, 0);
        }
        RtWaitQueue_Unlock(&self->queue);
    }
    if (times != 0) {
        acquire_restore(self, times);
    }
    else if (status != RT_LOCK_INTR) {
        RtErr_SetString(&RtExc_RuntimeError, "release unlocked lock");
        return NULL;
    }
    return status == RT_LOCK_INTR ? NULL
                                  : RtBool_FromInt(status == RT_LOCK_ACQUIRED);
}

static RtObject *
wait_for_ns(RtConditionObject *self, int64_t timeout)
{
    if (check_owned(self, "cannot wait on un-acquired lock") < 0) {
        return NULL;
    }
    RtWaiter *waiter = RtWaiter_New();
    if (waiter == NULL) {
        return NULL;
    }
    RtWaitQueue_Lock(&self->queue);
    RtWaitQueue_Enter(&self->queue, waiter);
    RtWaitQueue_Unlock(&self->queue);
    RtObject *result = wait_unlocked(self, waiter, timeout);
    RtWaiter_Free(waiter);
    return result;
}

// wait(timeout=None)
static RtObject *
condition_wait(RtObject *op, RtObject *const *args, ssize_t nargs)
{
    int64_t timeout;
    if (RtTimeout_OfWait(args, nargs, &timeout) < 0) {
        return NULL;
    }
    return wait_for_ns((RtConditionObject *)op, timeout);
}

// wait_for(predicate, timeout=None)
static RtObject *
condition_wait_for(RtObject *op, RtObject *const *args, ssize_t nargs,
                   RtObject *kwnames)
{
    static const char *const names[] = { "predicate", "timeout", NULL };
    RtObject *given[2];
    int64_t timeout;
    if (RtArg_Unpack("wait_for", names, 2, 1, args, nargs, kwnames, given) < 0
        || RtTimeout_OfWait(&given[1], given[1] != NULL, &timeout) < 0)
    {
        return NULL;
    }
    int64_t started = rt_world->now_ns();
    for (;;) {
        RtObject *value = RtObject_CallNoArgs(given[0]);
        int truth = value == NULL ? -1 : RtObject_IsTrue(value);
        if (truth != 0) {
            if (truth < 0) {
                Rt_CLEAR(value);
            }
            return value;
        }
        int64_t left = timeout < 0
            ? -1 : timeout - (rt_world->now_ns() - started);
        if (timeout >= 0 && left <= 0) {
            return value;
        }
        Rt_DECREF(value);
        RtObject *woken = wait_for_ns((RtConditionObject *)op, left);
        if (woken == NULL) {
            return NULL;
        }
        Rt_DECREF(woken);
    }
}

static RtObject *
notify(RtConditionObject *self, int64_t n)
{
    if (check_owned(self, "cannot notify on un-acquired lock") < 0) {
        return NULL;
    }
    RtWaitQueue_Lock(&self->queue);
    while (n-- > 0 && RtWaitQueue_WakeOne(&self->queue, 0)) {
    }
    RtWaitQueue_Unlock(&self->queue);
    return Rt_NewRef(Rt_None);
}

// notify(n=1)
static RtObject *
condition_notify(RtObject *op, RtObject *const *args, ssize_t nargs)
{
    int64_t n = nargs > 0 ? RtLong_AsInt64(args[0]) : 1;
    if (n == -1 && RtErr_Occurred() != NULL) {
        return NULL;
    }
    return notify((RtConditionObject *)op, n);
}

static RtObject *
condition_notify_all(RtObject *op, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    (void)nargs;
    return notify((RtConditionObject *)op, INT64_MAX);
}

// ---------------------------------------------------------------------------
// The type.

// Condition(lock=None)
static RtObject *
condition_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    if (nargs > 1) {
        RtErr_Format(&RtExc_TypeError, "Condition() takes at most 1 argument "
                     "(%zd given)", nargs);
        return NULL;
    }
    RtObject *lock = nargs == 1 && args[0] != Rt_None ? args[0] : NULL;
    if (lock != NULL && !Rt_IS_TYPE(lock, &RtLock_Type) &&
        !Rt_IS_TYPE(lock, &RtRLock_Type)) {
        RtErr_Format(&RtExc_TypeError, "Condition() argument must be a Lock or "
                     "an RLock, not '%s'", Rt_TYPE(lock)->tp_name);
        return NULL;
    }
    lock = lock != NULL ? Rt_NewRef(lock) : RtObject_New(&RtRLock_Type, 0);
    if (lock == NULL) {
        return NULL;
    }
    RtConditionObject *self = (RtConditionObject *)RtObject_New(type, 0);
    if (self == NULL) {
        Rt_DECREF(lock);
        return NULL;
    }
    self->lock = lock;
    return (RtObject *)self;
}

static void
condition_dealloc(RtObject *op)
{
    RtWaitQueue_Fini(&((RtConditionObject *)op)->queue);
    Rt_XDECREF(((RtConditionObject *)op)->lock);
    RtObject_Free(op);
}

RT_LOCK_METHODS(condition_acquire, condition_release)

static RtObject *
condition_wait_kw(RtObject *op, RtObject *const *args, ssize_t nargs,
                  RtObject *kwnames)
{
    return RtWaiting_CallWait(condition_wait, "wait", op, args, nargs, kwnames);
}

static RtMethodDef condition_methods[] = {
    RT_LOCK_ROWS(condition_acquire, condition_release)
    { "release", condition_release, 0, 0 },
    { "wait", RT_KEYWORDS(condition_wait_kw), 0, RT_METH_KEYWORDS },
    { "wait_for", RT_KEYWORDS(condition_wait_for), 0, RT_METH_KEYWORDS },
    { "notify", condition_notify, 0, 1 },
    { "notify_all", condition_notify_all, 0, 0 },
    { NULL, NULL, 0, 0 },
};

// No cycle can go through a lock: the collector need not know.
RtTypeObject RtCondition_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "Condition",
    .tp_basicsize = sizeof(RtConditionObject),
    .tp_dealloc = condition_dealloc,
    .tp_new = condition_new,
    .tp_methods = condition_methods,
};

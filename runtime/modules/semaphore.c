// semaphore.c: Semaphore, a number of permits.
//
// Invariant, under the queue's mutex: while there are permits nobody is in the
// queue; a release hands its permits to the longest waiters and keeps the rest.
// A permit that finds its waiter interrupted by an exception is given back.
// Mirrors Semaphore of Lib/threading.py (CPython 3.13); departs: permits are
// handed over, where CPython's waiters compete for them once more.

#include "sync_objects.h"

#include "rt_errors.h"
#include "rtcore_object.h"

typedef struct RtSemaphoreObject {
    RtObject ob_base;
    int64_t permits;            // queue.mutex
    RtWaitQueue queue;
} RtSemaphoreObject;

// A permit, if there is one; else the waiter, unless NULL, enters the queue.
static bool
take_or_enter(RtSemaphoreObject *self, RtWaiter *waiter)
{
    RtWaitQueue_Lock(&self->queue);
    bool taken = self->permits > 0;
    if (taken) {
        self->permits--;
    }
    else if (waiter != NULL) {
        RtWaitQueue_Enter(&self->queue, waiter);
    }
    RtWaitQueue_Unlock(&self->queue);
    return taken;
}

static RtLockStatus
wait_for_permit(RtSemaphoreObject *self, RtWaiter *waiter, int64_t timeout)
{
    bool woken;
    RtLockStatus status =
        RtWaitQueue_Wait(&self->queue, waiter, timeout, &woken);
    if (status != RT_LOCK_ACQUIRED) {
        if (woken && !RtWaitQueue_WakeOne(&self->queue, 0)) {
            self->permits++;
        }
        RtWaitQueue_Unlock(&self->queue);
    }
    return status;
}

// acquire(blocking=True, timeout=-1)
static RtObject *
semaphore_acquire(RtObject *op, RtObject *const *args, ssize_t nargs)
{
    RtSemaphoreObject *self = (RtSemaphoreObject *)op;
    int64_t timeout;
    if (RtTimeout_OfAcquire(args, nargs, &timeout) < 0) {
        return NULL;
    }
    bool taken = take_or_enter(self, NULL);
    if (taken || timeout == 0) {
        return RtBool_FromInt(taken);
    }
    RtWaiter *waiter = RtWaiter_New();
    if (waiter == NULL) {
        return NULL;
    }
    RtLockStatus status = RT_LOCK_ACQUIRED;
    if (!take_or_enter(self, waiter)) {
        status = wait_for_permit(self, waiter, timeout);
    }
    RtWaiter_Free(waiter);
    return status == RT_LOCK_INTR ? NULL
                                  : RtBool_FromInt(status == RT_LOCK_ACQUIRED);
}

// release(n=1)
static RtObject *
semaphore_release(RtObject *op, RtObject *const *args, ssize_t nargs)
{
    RtSemaphoreObject *self = (RtSemaphoreObject *)op;
    int64_t n = nargs > 0 ? RtLong_AsInt64(args[0]) : 1;
    if (n == -1 && RtErr_Occurred() != NULL) {
        return NULL;
    }
    if (n < 1) {
        RtErr_SetString(&RtExc_ValueError, "n must be one or more");
        return NULL;
    }
    RtWaitQueue_Lock(&self->queue);
    int64_t permits;
    bool too_many = __builtin_add_overflow(self->permits, n, &permits);
    if (!too_many) {
        while (n > 0 && RtWaitQueue_WakeOne(&self->queue, 0)) {
            n--;
        }
        self->permits += n;
    }
    RtWaitQueue_Unlock(&self->queue);
    if (too_many) {
        RtErr_SetString(&RtExc_OverflowError, "too many permits");
        return NULL;
    }
    return Rt_NewRef(Rt_None);
}

// Semaphore(value=1)
static RtObject *
semaphore_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    if (nargs > 1) {
        RtErr_Format(&RtExc_TypeError, "Semaphore() takes at most 1 argument "
                     "(%zd given)", nargs);
        return NULL;
    }
    int64_t permits = nargs == 1 ? RtLong_AsInt64(args[0]) : 1;
    if (permits == -1 && RtErr_Occurred() != NULL) {
        return NULL;
    }
    if (permits < 0) {
        RtErr_SetString(&RtExc_ValueError,
                        "semaphore initial value must be >= 0");
        return NULL;
    }
    RtSemaphoreObject *self = (RtSemaphoreObject *)RtObject_New(type, 0);
    if (self != NULL) {
        self->permits = permits;
    }
    return (RtObject *)self;
}

static void
semaphore_dealloc(RtObject *op)
{
    RtWaitQueue_Fini(&((RtSemaphoreObject *)op)->queue);
    RtObject_Free(op);
}

RT_LOCK_METHODS(semaphore_acquire, semaphore_release)

static RtMethodDef semaphore_methods[] = {
    RT_LOCK_ROWS(semaphore_acquire, semaphore_release)
    { "release", semaphore_release, 0, 1 },
    { NULL, NULL, 0, 0 },
};

RtTypeObject RtSemaphore_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "Semaphore",
    .tp_basicsize = sizeof(RtSemaphoreObject),
    .tp_dealloc = semaphore_dealloc,
    .tp_new = semaphore_new,
    .tp_methods = semaphore_methods,
};

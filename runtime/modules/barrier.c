// barrier.c: Barrier, where a fixed number of threads wait for each other.
//
// Invariant, under the queue's mutex: the queue holds those who have arrived,
// fewer than `parties`, and none if the barrier is broken. The last to arrive
// wakes them all; who gives up breaks the barrier for all of them. Whoever is
// woken is told which, so the next round may begin before they have run.
// Mirrors Barrier of Lib/threading.py (CPython 3.13); departs: no action, and
// no draining state, which that leaves out of use.

#include "sync_objects.h"

#include "rt_errors.h"
#include "rtcore_assert.h"
#include "rtcore_object.h"

enum { BARRIER_FULL, BARRIER_BROKEN };  // what is said to those who wait

typedef struct RtBarrierObject {
    RtObject ob_base;
    int64_t parties;            // never changes
    bool broken;                // queue.mutex
    RtWaitQueue queue;
} RtBarrierObject;

// The mutex is held.
static void
break_barrier(RtBarrierObject *self)
{
    self->broken = true;
    RtWaitQueue_WakeAll(&self->queue, BARRIER_BROKEN);
}

static RtObject *
raise_broken(void)
{
    RtErr_SetNone(&RtExc_BrokenBarrierError);
    return NULL;
}

// How many had arrived before; -1: broken. If it is not the last, `waiter` is
// in the queue.
static int64_t
arrive(RtBarrierObject *self, RtWaiter *waiter)
{
    int64_t index = -1;
    RtWaitQueue_Lock(&self->queue);
    if (!self->broken) {
        index = self->queue.count;
        rt_assert(index < self->parties);
        if (index == self->parties - 1) {
            RtWaitQueue_WakeAll(&self->queue, BARRIER_FULL);
        }
        else {
            RtWaitQueue_Enter(&self->queue, waiter);
        }
    }
    RtWaitQueue_Unlock(&self->queue);
    return index;
}

static RtObject *
wait_for_others(RtBarrierObject *self, RtWaiter *waiter, int64_t timeout)
{
    int64_t index = arrive(self, waiter);
    if (index < 0) {
        return raise_broken();
    }
    if (index == self->parties - 1) {
        return RtLong_FromInt64(index);
    }
    bool woken;
    RtLockStatus status =
        RtWaitQueue_Wait(&self->queue, waiter, timeout, &woken);
    if (status != RT_LOCK_ACQUIRED) {
        // The others cannot be complete any more, unless they are already.
        if (!woken) {
            break_barrier(self);
        }
        RtWaitQueue_Unlock(&self->queue);
        return status == RT_LOCK_INTR ? NULL : raise_broken();
    }
    return waiter->word == BARRIER_BROKEN ? raise_broken()
                                          : RtLong_FromInt64(index);
}

// wait(timeout=None)
static RtObject *
barrier_wait(RtObject *op, RtObject *const *args, ssize_t nargs)
{
    int64_t timeout;
    if (RtTimeout_OfWait(args, nargs, &timeout) < 0) {
        return NULL;
    }
    RtWaiter *waiter = RtWaiter_New();
    if (waiter == NULL) {
        return NULL;
    }
    RtObject *result = wait_for_others((RtBarrierObject *)op, waiter, timeout);
    RtWaiter_Free(waiter);
    return result;
}

static RtObject *
barrier_abort(RtObject *op, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    (void)nargs;
    RtBarrierObject *self = (RtBarrierObject *)op;
    RtWaitQueue_Lock(&self->queue);
    break_barrier(self);
    RtWaitQueue_Unlock(&self->queue);
    return Rt_NewRef(Rt_None);
}

static RtObject *
barrier_reset(RtObject *op, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    (void)nargs;
    RtBarrierObject *self = (RtBarrierObject *)op;
    RtWaitQueue_Lock(&self->queue);
    RtWaitQueue_WakeAll(&self->queue, BARRIER_BROKEN);
    self->broken = false;
    RtWaitQueue_Unlock(&self->queue);
    return Rt_NewRef(Rt_None);
}

// Barrier(parties)
static RtObject *
barrier_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    if (nargs != 1) {
        RtErr_Format(&RtExc_TypeError, "Barrier() takes 1 argument "
                     "(%zd given)", nargs);
        return NULL;
    }
    int64_t parties = RtLong_AsInt64(args[0]);
    if (parties == -1 && RtErr_Occurred() != NULL) {
        return NULL;
    }
    if (parties < 1) {
        RtErr_SetString(&RtExc_ValueError, "parties must be >= 1");
        return NULL;
    }
    RtBarrierObject *self = (RtBarrierObject *)RtObject_New(type, 0);
    if (self != NULL) {
        self->parties = parties;
    }
    return (RtObject *)self;
}

static void
barrier_dealloc(RtObject *op)
{
    RtWaitQueue_Fini(&((RtBarrierObject *)op)->queue);
    RtObject_Free(op);
}

static RtObject *
barrier_wait_kw(RtObject *op, RtObject *const *args, ssize_t nargs,
                RtObject *kwnames)
{
    return RtWaiting_CallWait(barrier_wait, "wait", op, args, nargs, kwnames);
}

static RtMethodDef barrier_methods[] = {
    { "wait", RT_KEYWORDS(barrier_wait_kw), 0, RT_METH_KEYWORDS },
    { "abort", barrier_abort, 0, 0 },
    { "reset", barrier_reset, 0, 0 },
    { NULL, NULL, 0, 0 },
};

RtTypeObject RtBarrier_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "Barrier",
    .tp_basicsize = sizeof(RtBarrierObject),
    .tp_dealloc = barrier_dealloc,
    .tp_new = barrier_new,
    .tp_methods = barrier_methods,
};

// event.c: Event, a flag to wait for.
//
// The flag changes under the queue's mutex, and nobody is in the queue while it
// is set.
// Mirrors Event of Lib/threading.py (CPython 3.13); departs: is_set() takes no
// lock and reads atomically.

#include "sync_objects.h"

#include "rt_errors.h"
#include "rtcore_object.h"

typedef struct RtEventObject {
    RtObject ob_base;
    int flag;                   // atomic; queue.mutex to write
    RtWaitQueue queue;
} RtEventObject;

static RtObject *
event_is_set(RtObject *op, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    (void)nargs;
    return RtBool_FromInt(rt_atomic_load_int(&((RtEventObject *)op)->flag));
}

static RtObject *
set_flag(RtEventObject *self, int flag)
{
    RtWaitQueue_Lock(&self->queue);
    rt_atomic_store_int(&self->flag, flag);
    if (flag) {
        RtWaitQueue_WakeAll(&self->queue, 0);
    }
    RtWaitQueue_Unlock(&self->queue);
    return Rt_NewRef(Rt_None);
}

static RtObject *
event_set(RtObject *op, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    (void)nargs;
    return set_flag((RtEventObject *)op, 1);
}

static RtObject *
event_clear(RtObject *op, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    (void)nargs;
    return set_flag((RtEventObject *)op, 0);
}

static RtObject *
wait_for_flag(RtEventObject *self, RtWaiter *waiter, int64_t timeout)
{
    RtWaitQueue_Lock(&self->queue);
    if (rt_atomic_load_int(&self->flag)) {
        RtWaitQueue_Unlock(&self->queue);
        return Rt_NewRef(Rt_True);
    }
    RtWaitQueue_Enter(&self->queue, waiter);
    RtWaitQueue_Unlock(&self->queue);
    bool woken;
    RtLockStatus status =
        RtWaitQueue_Wait(&self->queue, waiter, timeout, &woken);
    if (status != RT_LOCK_ACQUIRED) {
        RtWaitQueue_Unlock(&self->queue);
    }
    return status == RT_LOCK_INTR ? NULL
                                  : RtBool_FromInt(status == RT_LOCK_ACQUIRED);
}

// wait(timeout=None)
static RtObject *
event_wait(RtObject *op, RtObject *const *args, ssize_t nargs)
{
    RtEventObject *self = (RtEventObject *)op;
    int64_t timeout;
    if (RtTimeout_OfWait(args, nargs, &timeout) < 0) {
        return NULL;
    }
    if (rt_atomic_load_int(&self->flag)) {
        return Rt_NewRef(Rt_True);
    }
    RtWaiter *waiter = RtWaiter_New();
    if (waiter == NULL) {
        return NULL;
    }
    RtObject *result = wait_for_flag(self, waiter, timeout);
    RtWaiter_Free(waiter);
    return result;
}

static RtObject *
event_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    if (nargs != 0) {
        RtErr_Format(&RtExc_TypeError, "Event() takes no arguments "
                     "(%zd given)", nargs);
        return NULL;
    }
    return RtObject_New(type, 0);
}

static void
event_dealloc(RtObject *op)
{
    RtWaitQueue_Fini(&((RtEventObject *)op)->queue);
    RtObject_Free(op);
}

static RtObject *
event_wait_kw(RtObject *op, RtObject *const *args, ssize_t nargs,
              RtObject *kwnames)
{
    return RtWaiting_CallWait(event_wait, "wait", op, args, nargs, kwnames);
}

static RtMethodDef event_methods[] = {
    { "is_set", event_is_set, 0, 0 },
    { "set", event_set, 0, 0 },
    { "clear", event_clear, 0, 0 },
    { "wait", RT_KEYWORDS(event_wait_kw), 0, RT_METH_KEYWORDS },
    { NULL, NULL, 0, 0 },
};

RtTypeObject RtEvent_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "Event",
    .tp_basicsize = sizeof(RtEventObject),
    .tp_dealloc = event_dealloc,
    .tp_new = event_new,
    .tp_methods = event_methods,
};

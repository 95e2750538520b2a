// async_exc.c: an exception that one thread raises in another.
//
// The request is one word of the target's state, an owned exception type,
// exchanged atomically. HEAD_LOCK is held from the search for the target until
// its bit is set: the state cannot go meanwhile. A state that is being cleared
// takes no request, so none is left in it.
// Mirrors Python/pystate.c (CPython 3.13); departs: there the bit is set after
// HEAD_LOCK was dropped, when the target may be gone, and a request that comes
// after the target was cleared is never dropped; threads are named by the
// unique id of their state.

#include "rtcore_state.h"

#include "rt_errors.h"
#include "rtcore_assert.h"
#include "rtcore_object.h"      // references

// HEAD_LOCK is held.
static RtThreadState *
find_thread(RtInterpreterState *interp, uint64_t id)
{
    RtThreadState *t = interp->threads;
    while (t != NULL && t->id != id) {
        t = t->next;
    }
    return t != NULL && !t->async_exc_closed ? t : NULL;
}

int
RtThreadState_SetAsyncExc(uint64_t id, RtObject *exc)
{
    RtThreadState *tstate = RtThreadState_Get();
    rt_assert(tstate != NULL);
    Rt_XINCREF(exc);
    RtObject *unused = exc;
    RT_HEAD_LOCK();
    RtThreadState *target = find_thread(tstate->interp, id);
    if (target != NULL) {
        unused = rt_atomic_exchange_ptr(&target->async_exc, exc);
        RT_NOTE(ASYNC_EXC_SET, target, (uintptr_t)exc);
        if (exc != NULL) {
            RtThreadState_SetEvalBreakerBit(target, RT_ASYNC_EXCEPTION_BIT);
        }
    }
    RT_HEAD_UNLOCK();
    // May be the last reference: not under the lock.
    Rt_XDECREF(unused);
    return target != NULL;
}

int
RtEval_HandleAsyncExc(RtThreadState *tstate)
{
    rt_assert(tstate == RtThreadState_Get());
    RtObject *exc = rt_atomic_exchange_ptr(&tstate->async_exc, NULL);
    if (exc == NULL) {
        return 0;
    }
    RT_NOTE(ASYNC_EXC_DELIVERED, tstate, (uintptr_t)exc);
    RtErr_SetNone((RtTypeObject *)exc);
    RtObject *raised = RtErr_GetRaisedException();
    Rt_DECREF(exc);
    RtErr_SetRaisedException(raised);
    return -1;
}

void
RtThreadState_CloseAsyncExc(RtThreadState *tstate)
{
    RT_HEAD_LOCK();
    tstate->async_exc_closed = true;
    RtObject *exc = rt_atomic_exchange_ptr(&tstate->async_exc, NULL);
    if (exc != NULL) {
        RT_NOTE(ASYNC_EXC_SET, tstate, 0);
    }
    RT_HEAD_UNLOCK();
    Rt_XDECREF(exc);
}

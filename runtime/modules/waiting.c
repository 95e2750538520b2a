// waiting.c: what the waits of programs share: timeouts in whole seconds, and
// the records by which threads wait.
//
// A record is a block of its own, as CPython's waiter is a lock of its own:
// what a thread sleeps on decides its bucket in the parking lot, and addresses
// on stacks are not the same in every build.
// Mirrors lock_acquire_parse_args of Modules/_threadmodule.c (CPython 3.13);
// departs: a timeout is an int.

#include "sync_objects.h"

#include "rt_errors.h"
#include "rtcore_heap.h"

static int
as_seconds(RtObject *arg, int64_t *seconds)
{
    *seconds = RtLong_AsInt64(arg);
    return *seconds == -1 && RtErr_Occurred() != NULL ? -1 : 0;
}

static int
as_timeout(int64_t seconds, int64_t *ns)
{
    if (__builtin_mul_overflow(seconds, RT_PROGRAM_SECOND_NS, ns)) {
        RtErr_SetString(&RtExc_OverflowError, "timeout value is too large");
        return -1;
    }
    return 0;
}

int
RtTimeout_OfAcquire(RtObject *const *args, ssize_t nargs, int64_t *ns)
{
    int blocking = nargs > 0 ? RtObject_IsTrue(args[0]) : 1;
    int64_t seconds = -1;
    if (blocking < 0 || (nargs > 1 && as_seconds(args[1], &seconds) < 0)) {
        return -1;
    }
    if (seconds == -1) {
        *ns = blocking ? -1 : 0;
        return 0;
    }
    if (!blocking) {
        RtErr_SetString(&RtExc_ValueError,
                        "can't specify a timeout for a non-blocking call");
        return -1;
    }
    if (seconds < 0) {
        RtErr_SetString(&RtExc_ValueError,
                        "timeout value must be a non-negative number");
        return -1;
    }
    return as_timeout(seconds, ns);
}

int
RtTimeout_OfWait(RtObject *const *args, ssize_t nargs, int64_t *ns)
{
    *ns = -1;
    if (nargs == 0 || args[0] == Rt_None) {
        return 0;
    }
    int64_t seconds;
    if (as_seconds(args[0], &seconds) < 0) {
        return -1;
    }
    return as_timeout(seconds > 0 ? seconds : 0, ns);
}

RtWaiter *
RtWaiter_New(void)
{
    RtWaiter *waiter = RtMem_Malloc(sizeof(RtWaiter));
    return waiter != NULL ? waiter : RtErr_NoMemory();
}

void
RtWaiter_Free(RtWaiter *waiter)
{
    RtMem_Free(waiter);
}

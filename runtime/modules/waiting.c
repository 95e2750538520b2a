// waiting.c: what the waits of programs share: their arguments, and the records
// by which threads wait.
//
// A record is a block of its own, as CPython's waiter is a lock of its own:
// what a thread sleeps on decides its bucket in the parking lot, and addresses
// on stacks are not the same in every build.
// Mirrors lock_acquire_parse_args of Modules/_threadmodule.c (CPython 3.13);
// departs: how long a second is can be chosen.

#include "sync_objects.h"

#include "rt_errors.h"
#include "rtcore_code.h"
#include "rtcore_heap.h"
#include "rtcore_object.h"
#include "rtcore_types.h"

// Written before the runtime starts.
static int64_t second_ns = RT_PROGRAM_SECOND_NS;

void
RtConfig_SetProgramSecond(int64_t ns)
{
    second_ns = ns;
}

double
RtTime_Seconds(int64_t ns)
{
    return (double)ns / (double)second_ns;
}

static int
too_large(void)
{
    RtErr_SetString(&RtExc_OverflowError, "timeout value is too large");
    return -1;
}

int
RtTime_AsNanoseconds(RtObject *arg, int64_t *ns)
{
    if (RtType_HasFeature(Rt_TYPE(arg), RT_TPFLAGS_LONG_SUBCLASS)) {
        int64_t seconds = RtLong_AsInt64(arg);
        if (seconds == -1 && RtErr_Occurred() != NULL) {
            return -1;
        }
        return __builtin_mul_overflow(seconds, second_ns, ns) ? too_large()
                                                              : 0;
    }
    if (!RtFloat_Check(arg)) {
        RtErr_Format(&RtExc_TypeError,
                     "'%s' object cannot be interpreted as an integer",
                     Rt_TYPE(arg)->tp_name);
        return -1;
    }
    double value = RtFloat_AsDouble(arg) * (double)second_ns;
    if (value != value) {
        RtErr_SetString(&RtExc_ValueError,
                        "Invalid value NaN (not a number)");
        return -1;
    }
    if (value >= 9.2e18 || value <= -9.2e18) {
        return too_large();
    }
    // Up, so that a wait is never too short.
    *ns = (int64_t)value;
    *ns += (double)*ns < value;
    return 0;
}

int
RtTimeout_OfAcquire(RtObject *const *args, ssize_t nargs, int64_t *ns)
{
    int blocking = nargs > 0 ? RtObject_IsTrue(args[0]) : 1;
    int64_t timeout = -second_ns;
    if (blocking < 0 ||
        (nargs > 1 && RtTime_AsNanoseconds(args[1], &timeout) < 0))
    {
        return -1;
    }
    if (timeout == -second_ns) {
        *ns = blocking ? -1 : 0;
        return 0;
    }
    if (!blocking) {
        RtErr_SetString(&RtExc_ValueError,
                        "can't specify a timeout for a non-blocking call");
        return -1;
    }
    if (timeout < 0) {
        RtErr_SetString(&RtExc_ValueError,
                        "timeout value must be a non-negative number");
        return -1;
    }
    *ns = timeout;
    return 0;
}

int
RtTimeout_OfWait(RtObject *const *args, ssize_t nargs, int64_t *ns)
{
    *ns = -1;
    if (nargs == 0 || args[0] == Rt_None) {
        return 0;
    }
    if (RtTime_AsNanoseconds(args[0], ns) < 0) {
        return -1;
    }
    *ns = *ns > 0 ? *ns : 0;
    return 0;
}

RtObject *
RtWaiting_CallAcquire(RtCFunction acquire, RtObject *op, RtObject *const *args,
                      ssize_t nargs, RtObject *kwnames)
{
    static const char *const names[] = { "blocking", "timeout", NULL };
    if (kwnames == NULL && nargs <= 2) {
        return acquire(op, args, nargs);
    }
    RtObject *given[2];
    if (RtArg_Unpack("acquire", names, 2, 0, args, nargs, kwnames, given) < 0)
    {
        return NULL;
    }
    ssize_t n = given[1] != NULL ? 2 : given[0] != NULL;
    given[0] = given[0] != NULL ? given[0] : Rt_True;
    return acquire(op, given, n);
}

RtObject *
RtWaiting_CallWait(RtCFunction wait, const char *name, RtObject *op,
                   RtObject *const *args, ssize_t nargs, RtObject *kwnames)
{
    static const char *const names[] = { "timeout", NULL };
    RtObject *given[1];
    if (RtArg_Unpack(name, names, 1, 0, args, nargs, kwnames, given) < 0) {
        return NULL;
    }
    return wait(op, given, given[0] != NULL);
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

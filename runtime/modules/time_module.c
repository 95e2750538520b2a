// time_module.c: time: clocks and sleep.
//
// All clocks are the world's: under the engine time is virtual, and the same in
// every process. A sleeping thread is detached and wakes for signals.
// Mirrors Modules/timemodule.c (CPython 3.13); departs: one clock, whatever is
// asked for; time() begins where RtConfig_SetEpoch() says.

#include "module.h"
#include "sync_objects.h"

#include <string.h>

#include "rt_errors.h"
#include "rt_lock.h"
#include "rt_types.h"
#include "rtcore_code.h"
#include "rtcore_heap.h"
#include "rtcore_object.h"

// Written before the runtime starts. 2024-01-01.
static int64_t epoch_ns = INT64_C(1704067200000000000);

void
RtConfig_SetEpoch(int64_t ns)
{
    epoch_ns = ns;
}

static RtObject *
time_monotonic(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    return RtFloat_FromDouble(RtTime_Seconds(rt_world->now_ns()));
}

static RtObject *
time_monotonic_ns(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    return RtLong_FromInt64(rt_world->now_ns());
}

static RtObject *
time_time(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    return RtFloat_FromDouble(RtTime_Seconds(epoch_ns + rt_world->now_ns()));
}

static RtObject *
time_time_ns(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    return RtLong_FromInt64(epoch_ns + rt_world->now_ns());
}

// Nobody ever sets the event. 0, or -1 with the exception of a handler.
static int
sleep_until(RtEvent *event, int64_t deadline)
{
    for (;;) {
        int64_t left = deadline - rt_world->now_ns();
        if (left <= 0) {
            return 0;
        }
        RtLockStatus status = RtEvent_WaitInterruptible(event, left);
        if (status != RT_LOCK_INTR) {
            return 0;
        }
        if (RtEval_HandlePending(RtThreadState_Get()) < 0) {
            return -1;
        }
    }
}

static RtObject *
time_sleep(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)nargs;
    int64_t ns;
    if (RtTime_AsNanoseconds(args[0], &ns) < 0) {
        return NULL;
    }
    if (ns < 0) {
        RtErr_SetString(&RtExc_ValueError,
                        "sleep length must be non-negative");
        return NULL;
    }
    if (ns == 0) {
        RT_BEGIN_ALLOW_THREADS
        rt_world->yield();
        RT_END_ALLOW_THREADS
        return Rt_NewRef(Rt_None);
    }
    RtEvent *event = RtMem_Calloc(1, sizeof(RtEvent));
    if (event == NULL) {
        return RtErr_NoMemory();
    }
    int status = sleep_until(event, rt_world->now_ns() + ns);
    RtMem_Free(event);
    return status < 0 ? NULL : Rt_NewRef(Rt_None);
}

// An exception that ended a thread: a headline, then as it ends a program.
static RtObject *
report_exception(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)nargs;
    RtObject *line = RtObject_Str(args[0]);
    if (line == NULL) {
        return NULL;
    }
    rt_world->write_error(RtStr_AsUTF8(line), strlen(RtStr_AsUTF8(line)));
    rt_world->write_error("\n", 1);
    Rt_DECREF(line);
    if (!RtType_HasFeature(Rt_TYPE(args[1]), RT_TPFLAGS_BASE_EXC_SUBCLASS)) {
        RtErr_SetString(&RtExc_TypeError, "an exception is needed");
        return NULL;
    }
    RtErr_SetRaisedException(Rt_NewRef(args[1]));
    (void)RtRun_ReportException();
    return Rt_NewRef(Rt_None);
}

RtMethodDef rt_time_functions[] = {
    { "time_time", time_time, 0, 0 },
    { "time_time_ns", time_time_ns, 0, 0 },
    { "time_monotonic", time_monotonic, 0, 0 },
    { "time_monotonic_ns", time_monotonic_ns, 0, 0 },
    { "time_sleep", time_sleep, 1, 1 },
    { "_report_exception", report_exception, 2, 2 },
    { NULL, NULL, 0, 0 },
};

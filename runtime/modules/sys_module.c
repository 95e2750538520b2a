// sys_module.c: the functions of sys that concern threads, reference counts and
// handled exceptions.
//
// Mirrors Python/sysmodule.c (CPython 3.13); departs: the switch interval is a
// whole number of microseconds; _is_gil_enabled() is is_gil_enabled() as a flat
// name.

#include "module.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_code.h"        // RtFrame_GetHandled()
#include "rtcore_object.h"
#include "rtcore_state.h"
#include "rtcore_traceback.h"

#define NS_PER_US 1000
#define MAX_INTERVAL_US 1000000000

static RtObject *
sys_setswitchinterval(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)nargs;
    int64_t us = RtLong_AsInt64(args[0]);
    if (us == -1 && RtErr_Occurred() != NULL) {
        return NULL;
    }
    if (us <= 0 || us > MAX_INTERVAL_US) {
        RtErr_SetString(&RtExc_ValueError,
                        "switch interval must be strictly positive");
        return NULL;
    }
    RtEval_SetSwitchInterval(RtThreadState_Get()->interp, us * NS_PER_US);
    return Rt_NewRef(Rt_None);
}

static RtObject *
sys_getswitchinterval(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    RtInterpreterState *interp = RtThreadState_Get()->interp;
    return RtLong_FromInt64(RtEval_GetSwitchInterval(interp) / NS_PER_US);
}

static RtObject *
sys_is_gil_enabled(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    return RtBool_FromInt(
        RtEval_IsGILEnabled(RtThreadState_Get()->interp));
}

// The counts of an object that others use are read one after the other: their
// sum may never have been the count.
static RtObject *
sys_getrefcount(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)nargs;
    return RtLong_FromInt64(Rt_REFCNT(args[0]));
}

// The innermost exception that a handler of this thread deals with; or None.
static RtObject *
sys_exception(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    RtObject *exc = RtFrame_GetHandled(RtThreadState_Get()->current_frame);
    return Rt_NewRef(exc != NULL ? exc : Rt_None);
}

// (type, exception, traceback)
static RtObject *
sys_exc_info(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    RtObject *exc = RtFrame_GetHandled(RtThreadState_Get()->current_frame);
    RtObject *items[3] = { Rt_None, Rt_None, Rt_None };
    RtObject *traceback = NULL;
    if (exc != NULL) {
        items[0] = (RtObject *)Rt_TYPE(exc);
        items[1] = exc;
        traceback = RtException_GetTraceback(exc);
        items[2] = traceback != NULL ? traceback : Rt_None;
    }
    RtObject *result = RtTuple_FromArray(items, 3);
    Rt_XDECREF(traceback);
    return result;
}

// excepthook(type, exception, traceback): what is done with an exception that
// nobody handles.
static RtObject *
sys_excepthook(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    if (RtType_HasFeature(Rt_TYPE(args[1]), RT_TPFLAGS_BASE_EXC_SUBCLASS)) {
        RtErr_Print(args[1]);
    }
    return Rt_None;
}

// The text that is printed of an exception.
static RtObject *
sys_format_exception(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    if (!RtType_HasFeature(Rt_TYPE(args[0]), RT_TPFLAGS_BASE_EXC_SUBCLASS)) {
        RtErr_SetString(&RtExc_TypeError, "an exception is required");
        return NULL;
    }
    return RtErr_FormatTraceback(args[0]);
}

RtMethodDef rt_sys_functions[] = {
    { "excepthook", sys_excepthook, 3, 3 },
    { "_format_exception", sys_format_exception, 1, 1 },
    { "setswitchinterval", sys_setswitchinterval, 1, 1 },
    { "getswitchinterval", sys_getswitchinterval, 0, 0 },
    { "is_gil_enabled", sys_is_gil_enabled, 0, 0 },
    { "getrefcount", sys_getrefcount, 1, 1 },
    { "exception", sys_exception, 0, 0 },
    { "exc_info", sys_exc_info, 0, 0 },
    { NULL, NULL, 0, 0 },
};

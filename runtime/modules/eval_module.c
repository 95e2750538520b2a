// eval_module.c: what programs may ask of other threads: pending calls,
// asynchronous exceptions, signals, a call from a thread of the outside.
//
// Mirrors Modules/_testinternalcapi.c, Modules/_testcapimodule.c and
// Modules/signalmodule.c (CPython 3.13), which have these for CPython's tests;
// departs: flat names; signals that the operating system sends do not arrive.

#include "module.h"

#include "rt_errors.h"
#include "rt_gilstate.h"
#include "rt_types.h"
#include "rtcore_code.h"
#include "rtcore_object.h"
#include "rtcore_state.h"
#include "rtcore_types.h"       // RtTupleObject

// ---------------------------------------------------------------------------
// Pending calls.

// arg is a tuple: the callable and its arguments.
static int
run_program_call(void *arg)
{
    RtTupleObject *call = arg;
    RtObject *result = RtObject_Vectorcall(call->ob_item[0],
                                           call->ob_item + 1,
                                           Rt_SIZE(call) - 1);
    if (result == NULL) {
        return -1;
    }
    Rt_DECREF(result);
    return 0;
}

static RtObject *
add_pending_call(RtObject *const *args, ssize_t nargs, int flags)
{
    RtObject *call = RtTuple_FromArray(args, nargs);
    if (call == NULL) {
        return NULL;
    }
    int status = RtEval_AddPendingCall(RtThreadState_Get()->interp,
                                       run_program_call, call,
                                       flags | RT_PENDING_OWNED);
    if (status < 0) {
        Rt_DECREF(call);
    }
    return RtBool_FromInt(status == 0);
}

// pending_call(func, *args): whether it was queued. Any thread may run it.
static RtObject *
pending_call(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    return add_pending_call(args, nargs, 0);
}

// What other threads of the main interpreter are to run must be its objects.
static bool
is_main_interpreter(void)
{
    if (RtThreadState_Get()->interp == &rt_runtime.main_interp) {
        return true;
    }
    RtErr_SetString(&RtExc_RuntimeError, "only in the main interpreter");
    return false;
}

static RtObject *
main_pending_call(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    if (!is_main_interpreter()) {
        return NULL;
    }
    return add_pending_call(args, nargs, RT_PENDING_MAINTHREADONLY);
}

// ---------------------------------------------------------------------------
// Asynchronous exceptions.

static bool
is_exception_type(RtObject *op)
{
    return RtType_HasFeature(Rt_TYPE(op), RT_TPFLAGS_TYPE_SUBCLASS) &&
           RtType_HasFeature((RtTypeObject *)op,
                             RT_TPFLAGS_BASE_EXC_SUBCLASS);
}

// set_async_exc(thread or None, exception type or None): whether there was
// such a thread. None: the calling thread; no exception any more.
static RtObject *
set_async_exc(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)nargs;
    uint64_t id;
    if (args[0] == Rt_None) {
        id = RtThreadState_Get()->id;
    }
    else if (Rt_IS_TYPE(args[0], &RtThread_Type)) {
        id = RtThread_GetStateId(args[0]);
    }
    else {
        RtErr_SetString(&RtExc_TypeError, "a thread is needed");
        return NULL;
    }
    RtObject *exc = args[1] == Rt_None ? NULL : args[1];
    if (exc != NULL && !is_exception_type(exc)) {
        RtErr_SetString(&RtExc_TypeError, "an exception type is needed");
        return NULL;
    }
    return RtBool_FromInt(RtThreadState_SetAsyncExc(id, exc));
}

// ---------------------------------------------------------------------------
// Signals.

// The number of a signal, or -1 with an exception.
static int
signal_number(RtObject *op)
{
    int64_t value = RtLong_AsInt64(op);
    if (value == -1 && RtErr_Occurred() != NULL) {
        return -1;
    }
    if (value < 1 || value >= RT_NSIG) {
        RtErr_SetString(&RtExc_ValueError, "signal number out of range");
        return -1;
    }
    return (int)value;
}

// set_signal_handler(number, func): the old handler. The handler is called
// with the number and None. None ignores the signal.
static RtObject *
set_signal_handler(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)nargs;
    int signum = signal_number(args[0]);
    if (signum < 0) {
        return NULL;
    }
    RtThreadState *tstate = RtThreadState_Get();
    if (tstate != rt_runtime.main_tstate) {
        RtErr_SetString(&RtExc_ValueError,
                        "signal only works in main thread of the main "
                        "interpreter");
        return NULL;
    }
    RtObject *handler = args[1] == Rt_None ? NULL : Rt_NewRef(args[1]);
    RtObject *old = RtSignals_SetHandler(signum, handler);
    return old != NULL ? old : Rt_NewRef(Rt_None);
}

static RtObject *
raise_signal(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)nargs;
    int signum = signal_number(args[0]);
    if (signum < 0) {
        return NULL;
    }
    RtSignals_Trip(signum);
    return Rt_NewRef(Rt_None);
}

// ---------------------------------------------------------------------------
// A call from a thread that the runtime does not know.

typedef struct ForeignCall {
    RtObject *func;             // owned by the caller, which waits
    RtObject *args;
    RtEvent done;
    bool refused;               // written before `done` is set
} ForeignCall;

static void
report(void)
{
    RtObject *exc = RtErr_GetRaisedException();
    RtObject *text = RtErr_FormatException(exc);
    if (text != NULL) {
        static const char head[] = "Exception in foreign thread: ";
        rt_world->write(head, sizeof(head) - 1);
        rt_world->write(RtStr_AsUTF8(text), (size_t)Rt_SIZE(text));
        rt_world->write("\n", 1);
    }
    RtErr_Clear();
    Rt_XDECREF(text);
    Rt_DECREF(exc);
}

// Nested, as a library does that calls back from deep inside.
static void
call_nested(ForeignCall *call)
{
    RtGILState_STATE state = RtGILState_Ensure();
    RtTupleObject *args = (RtTupleObject *)call->args;
    RtObject *result = RtObject_Vectorcall(call->func, args->ob_item,
                                           Rt_SIZE(args));
    if (result == NULL) {
        report();
    }
    Rt_XDECREF(result);
    RtGILState_Release(state);
}

static void
foreign_main(void *arg)
{
    ForeignCall *call = arg;
    RtGILState_STATE state = RtGILState_Ensure();
    call->refused = state == RtGILState_REFUSED;
    if (!call->refused) {
        RT_BEGIN_ALLOW_THREADS
        call_nested(call);
        RT_END_ALLOW_THREADS
        RtGILState_Release(state);
    }
    RtEvent_Notify(&call->done);
}

// foreign_call(func, args): what it raises is reported, not raised here.
static RtObject *
foreign_call(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)nargs;
    if (!is_main_interpreter()) {
        return NULL;
    }
    if (!RtTuple_CheckExact(args[1])) {
        RtErr_SetString(&RtExc_TypeError, "arguments must be a tuple");
        return NULL;
    }
    ForeignCall *call = RtMem_Calloc(1, sizeof(ForeignCall));
    if (call == NULL) {
        return RtErr_NoMemory();
    }
    call->func = args[0];
    call->args = args[1];
    if (rt_world->thread_start(foreign_main, call) < 0) {
        RtMem_Free(call);
        RtErr_SetString(&RtExc_RuntimeError, "can't start new thread");
        return NULL;
    }
    RtEvent_Wait(&call->done);
    bool refused = call->refused;
    RtMem_Free(call);
    return RtBool_FromInt(!refused);
}

RtMethodDef rt_eval_functions[] = {
    { "pending_call", pending_call, 1, -1 },
    { "main_pending_call", main_pending_call, 1, -1 },
    { "set_async_exc", set_async_exc, 2, 2 },
    { "set_signal_handler", set_signal_handler, 2, 2 },
    { "raise_signal", raise_signal, 1, 1 },
    { "foreign_call", foreign_call, 2, 2 },
    { NULL, NULL, 0, 0 },
};

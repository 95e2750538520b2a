// interpreters.c: interp_create(), interp_run(), interp_destroy() and others.
//
// Programs name interpreters by id. interp_run(id, func, *args) copies the
// function's code and the arguments into the other interpreter, runs it there
// in a thread state of its own on the same OS-level thread, with the other's
// main namespace as globals, and copies a plain result back; an exception comes
// back as a RuntimeError with its text. Who runs in an interpreter, or destroys
// it, has claimed it: the others are refused. An interpreter with threads left
// is not destroyed either: to wait for them could be to wait for oneself. While
// a thread is in another interpreter its state in this one is detached. Daemon
// threads stay in the main interpreter: others end before daemons do.
// Mirrors Modules/_interpretersmodule.c (CPython 3.13); departs: flat names, a
// function may take arguments and return a value.

#include "cross_data.h"
#include "module.h"
#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_assert.h"
#include "rtcore_code.h"
#include "rtcore_interp.h"
#include "rtcore_object.h"
#include "rtcore_types.h"       // RtTupleObject

// The id in args[0]. -1 with TypeError: not an int.
static int64_t
get_id(RtObject *op)
{
    if (!Rt_IS_TYPE(op, &RtLong_Type)) {
        RtErr_Format(&RtExc_TypeError, "interpreter ID must be an int, not %s",
                     Rt_TYPE(op)->tp_name);
        return -1;
    }
    int64_t id = RtLong_AsInt64(op);
    return id < 0 ? INT64_MAX : id;     // there is none with that id
}

// Whether the calling thread is in the interpreter already: a thread has one
// state in each at most.
static bool
is_inside(int64_t id)
{
    const RtThreadState *tstate = RtThreadState_Get();
    while (tstate != NULL && tstate->interp->id != id) {
        tstate = tstate->host;
    }
    return tstate != NULL;
}

// Nobody would wait for it at the end. 0, or -1 with RuntimeError.
static int
check_not_daemon(void)
{
    if (RtThreadState_Get()->daemon) {
        RtErr_SetString(&RtExc_RuntimeError,
                        "a daemon thread may not use other interpreters");
        return -1;
    }
    return 0;
}

// NULL with RuntimeError if it cannot be had.
static RtInterpreterState *
claim(RtObject *op, RtInterpreterClaim wanted)
{
    int64_t id = get_id(op);
    if (id < 0 || check_not_daemon() < 0) {
        return NULL;
    }
    if (is_inside(id)) {
        RtErr_SetString(&RtExc_RuntimeError, "interpreter already running");
        return NULL;
    }
    bool found;
    RtInterpreterState *interp = RtInterpreter_Claim(id, wanted, &found);
    if (interp == NULL && !found) {
        RtErr_Format(&RtExc_RuntimeError, "unrecognized interpreter ID %lld",
                     (long long)id);
    }
    else if (interp == NULL) {
        RtErr_SetString(&RtExc_RuntimeError, "interpreter already running");
    }
    return interp;
}

static RtObject *
interp_create(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    if (check_not_daemon() < 0) {
        return NULL;
    }
    int64_t id = RtInterpreterState_New();
    return id < 0 ? RtErr_NoMemory() : RtLong_FromInt64(id);
}

static RtObject *
interp_destroy(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)nargs;
    RtInterpreterState *interp = claim(args[0], RT_INTERPRETER_ENDING);
    if (interp == NULL) {
        return NULL;
    }
    if (RtThreads_Close(interp) < 0) {
        RtInterpreter_Unclaim(interp);
        RtErr_SetString(&RtExc_RuntimeError,
                        "interpreter still has running threads");
        return NULL;
    }
    if (RtInterpreterState_Delete(interp) < 0) {
        RtErr_SetString(&RtExc_RuntimeError,
                        "interpreter could not be cleaned up");
        return NULL;
    }
    return Rt_NewRef(Rt_None);
}

// ---------------------------------------------------------------------------
// Running.

// A call on its way into the other interpreter, and what comes of it.
typedef struct Call {
    RtCrossData data;           // code, name, arguments; then the result
    ssize_t nargs;
    bool failed;                // the result is the text of an exception
    bool no_memory;             // not even that
} Call;

// The function's code, its name and the arguments. 0, or -1.
static int
pack_call(Call *call, RtObject *func, RtObject *const *args, ssize_t nargs)
{
    if (!Rt_IS_TYPE(func, &RtFunction_Type)) {
        RtErr_Format(&RtExc_TypeError,
                     "interp_run() argument 2 must be a function, not %s",
                     Rt_TYPE(func)->tp_name);
        return -1;
    }
    RtCodeObject *code = RtFunction_GetCode((RtFunctionObject *)func);
    if (code->co_nfreevars > 0) {
        Rt_DECREF(code);
        RtErr_SetString(&RtExc_ValueError, "a function with free variables "
                        "cannot be shared with another interpreter");
        return -1;
    }
    int result = RtCrossData_Add(&call->data, (RtObject *)code, RT_CROSS_CODE);
    Rt_DECREF(code);
    if (result == 0) {
        result = RtCrossData_Add(&call->data,
                                 ((RtFunctionObject *)func)->func_name,
                                 RT_CROSS_PLAIN);
    }
    for (ssize_t i = 0; i < nargs && result == 0; i++) {
        result = RtCrossData_Add(&call->data, args[i], RT_CROSS_PLAIN);
    }
    call->nargs = nargs;
    return result;
}

// In the other interpreter: a function over its main namespace.
static RtObject *
unpack_function(Call *call, size_t *at)
{
    RtInterpreterState *interp = RtThreadState_Get()->interp;
    if (interp->main_dict == NULL) {
        interp->main_dict = RtDict_New();
        if (interp->main_dict == NULL) {
            return NULL;
        }
    }
    RtObject *code = RtCrossData_Load(&call->data, at);
    RtObject *name = code != NULL ? RtCrossData_Load(&call->data, at) : NULL;
    RtObject *func =
        name != NULL ? RtFunction_New(code, interp->main_dict, name) : NULL;
    Rt_XDECREF(name);
    Rt_XDECREF(code);
    return func;
}

static RtObject *
unpack_and_call(Call *call)
{
    size_t at = 0;
    RtObject *func = unpack_function(call, &at);
    if (func == NULL) {
        return NULL;
    }
    RtObject *result = NULL;
    RtObject *args = RtTuple_New(call->nargs);
    ssize_t n = 0;
    while (args != NULL && n < call->nargs) {
        RtObject *arg = RtCrossData_Load(&call->data, &at);
        if (arg == NULL) {
            break;
        }
        RtTuple_SetItem(args, n++, arg);
    }
    if (args != NULL && n == call->nargs) {
        result = RtObject_Vectorcall(func, ((RtTupleObject *)args)->ob_item,
                                     n);
    }
    Rt_XDECREF(args);
    Rt_DECREF(func);
    return result;
}

// The raised exception becomes its text.
static void
pack_exception(Call *call)
{
    call->failed = true;
    RtObject *exc = RtErr_GetRaisedException();
    RtObject *text = RtErr_FormatException(exc);
    if (text == NULL ||
        RtCrossData_Add(&call->data, text, RT_CROSS_PLAIN) < 0)
    {
        call->no_memory = true;
        RtErr_Clear();
    }
    Rt_XDECREF(text);
    Rt_DECREF(exc);
}

// Attached to the other interpreter.
static void
run_call(Call *call)
{
    RtObject *result = unpack_and_call(call);
    call->data.size = 0;
    if (result == NULL ||
        RtCrossData_Add(&call->data, result, RT_CROSS_PLAIN) < 0)
    {
        pack_exception(call);
    }
    Rt_XDECREF(result);
}

// Runs the call in a new thread state of `interp`. False: out of memory.
static bool
run_inside(RtInterpreterState *interp, Call *call)
{
    // Not attached while the state is made: that may stop interp's world.
    RtThreadState *caller = RtThreadState_Swap(NULL);
    RtThreadState *tstate = RtThreadState_New(interp);
    if (tstate != NULL) {
        tstate->host = caller;
        tstate->recursion_remaining = caller->recursion_remaining;
        tstate->c_recursion_remaining = caller->c_recursion_remaining;
        RtThreadState_Bind(tstate);
        RtThreadState_Attach(tstate);
        run_call(call);
        RtThreadState_Clear(tstate);
        RtThreadState_DeleteCurrent(tstate);
    }
    (void)RtThreadState_Swap(caller);
    return tstate != NULL;
}

// What the caller gets; attached to its interpreter again.
static RtObject *
unpack_result(const Call *call)
{
    if (call->no_memory) {
        return RtErr_NoMemory();
    }
    size_t at = 0;
    RtObject *result = RtCrossData_Load(&call->data, &at);
    if (result != NULL && call->failed) {
        RtErr_SetObject(&RtExc_RuntimeError, result);
        Rt_DECREF(result);
        return NULL;
    }
    return result;
}

// interp_run(id, func, *args)
static RtObject *
interp_run(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    RtObject *result = NULL;
    Call call = { 0 };
    if (pack_call(&call, args[1], args + 2, nargs - 2) == 0) {
        RtInterpreterState *interp = claim(args[0], RT_INTERPRETER_RUNNING);
        if (interp != NULL) {
            bool ran = run_inside(interp, &call);
            RtInterpreter_Unclaim(interp);
            result = ran ? unpack_result(&call) : RtErr_NoMemory();
        }
    }
    RtCrossData_Clear(&call.data);
    return result;
}

// ---------------------------------------------------------------------------
// Questions.

static RtObject *
interp_current(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    return RtLong_FromInt64(RtThreadState_Get()->interp->id);
}

// True while code runs in its main namespace. RuntimeError: no such id.
static RtObject *
interp_is_running(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)nargs;
    int64_t id = get_id(args[0]);
    if (id < 0) {
        return NULL;
    }
    RtInterpreterClaim state;
    if (RtInterpreter_Look(id, &state) < 0) {
        RtErr_Format(&RtExc_RuntimeError, "unrecognized interpreter ID %lld",
                     (long long)id);
        return NULL;
    }
    return RtBool_FromInt(state == RT_INTERPRETER_RUNNING);
}

RtMethodDef rt_interpreter_functions[] = {
    { "interp_create", interp_create, 0, 0 },
    { "interp_run", interp_run, 2, -1 },
    { "interp_destroy", interp_destroy, 1, 1 },
    { "interp_current", interp_current, 0, 0 },
    { "interp_is_running", interp_is_running, 1, 1 },
    { NULL, NULL, 0, 0 },
};

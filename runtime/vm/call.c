// call.c: calling functions and running modules.
//
// Locals and value stack of a frame are one array on the C stack, or on the
// heap if it is large: threads have small stacks, and the recursion limit is
// such that frames of FRAME_STACK_SLOTS fit. A frame holds its code, because
// the function's may be replaced meanwhile.
// Mirrors _PyEval_Vector() in Python/ceval.c (CPython 3.13); departs: frames
// lie on the C stack.

#include "ceval_ops.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_assert.h"
#include "rtcore_heap.h"
#include "rtcore_object.h"

#include <alloca.h>
#include <string.h>

enum {
    FRAME_STACK_SLOTS = 48,     // larger frames live on the heap
    SMALL_CALL = 6,             // arguments that are copied to the C stack
};

// Whether one more call fits; RecursionError.
static inline bool
enter_call(RtThreadState *tstate)
{
    if (tstate->recursion_remaining <= 0) {
        RtErr_SetString(&RtExc_RecursionError,
                        "maximum recursion depth exceeded");
        return false;
    }
    tstate->recursion_remaining--;
    return true;
}

// Copies the arguments and unsets the other locals.
static void
set_locals(const RtCodeObject *code, RtObject **locals, RtObject *const *args)
{
    int nargs = code->co_argcount;
    for (int i = 0; i < nargs; i++) {
        locals[i] = args[i];
    }
    for (int i = nargs; i < code->co_nlocals; i++) {
        locals[i] = NULL;
    }
}

// Runs `code`, which the caller holds, as are function and globals. Takes the
// references of the arguments, if it gets so far: *taken.
static RtObject *
run_code(RtThreadState *tstate, RtCodeObject *code, RtFunctionObject *func,
         RtObject *globals, RtObject *const *args, bool *taken)
{
    size_t nlocals = (size_t)code->co_nlocals;
    size_t nslots = nlocals + (size_t)code->co_stacksize;
    size_t size = nslots * sizeof(RtObject *) +
                  code->co_nhandlers * sizeof(RtHandledException);
    bool on_heap = size > FRAME_STACK_SLOTS * sizeof(RtObject *);
    RtObject **locals = on_heap ? RtMem_Malloc(size) : alloca(size);
    if (locals == NULL) {
        return RtErr_NoMemory();
    }
    set_locals(code, locals, args);
    *taken = true;

    RtFrame frame = {
        .previous = tstate->current_frame,
        .code = code,
        .function = func,
        .handled = (RtHandledException *)(locals + nslots),
        .globals = globals,
    };
    tstate->current_frame = &frame;
    RtObject *result = RtEvalOp_RunFrame(tstate, &frame, locals,
                                         locals + nlocals);
    // Destructors still see the frame, and no exception.
    RtObject *exc = result == NULL ? RtErr_GetRaisedException() : NULL;
    RtFrame_DropHandled(&frame, 0);
    RtEvalOp_DropItems(locals, locals + nlocals);
    if (exc != NULL) {
        RtErr_SetRaisedException(exc);
    }
    rt_assert(tstate->current_frame == &frame);
    tstate->current_frame = frame.previous;
    if (on_heap) {
        RtMem_Free(locals);
    }
    return result;
}

static void
wrong_argument_count(const RtFunctionObject *func, int argcount,
                     ssize_t nargs)
{
    RtErr_Format(&RtExc_TypeError,
                 "%s() takes %d positional argument%s but %zd %s given",
                 RtStr_AsUTF8(func->func_name), argcount,
                 argcount == 1 ? "" : "s", nargs, nargs == 1 ? "was" : "were");
}

RtObject *
RtEvalOp_CallFunction(RtFunctionObject *func, RtObject **args, ssize_t nargs)
{
    RtThreadState *tstate = RtThreadState_Get();
    rt_assert(tstate != NULL);
    if (!enter_call(tstate)) {
        return NULL;
    }
    RtObject *result = NULL;
    RtCodeObject *code = RtFunction_GetCode(func);
    if (nargs == code->co_argcount) {
        bool taken = false;
        result = run_code(tstate, code, func, func->func_globals, args,
                          &taken);
        if (taken) {
            memset(args, 0, (size_t)nargs * sizeof(RtObject *));
        }
    }
    else {
        wrong_argument_count(func, code->co_argcount, nargs);
    }
    Rt_DECREF(code);
    tstate->recursion_remaining++;
    return result;
}

RtObject *
RtEval_CallFunction(RtFunctionObject *func, RtObject *const *args,
                    ssize_t nargs)
{
    RtObject *copies[SMALL_CALL];
    RtObject **all = copies;
    if (nargs > SMALL_CALL) {
        all = RtMem_Malloc((size_t)nargs * sizeof(RtObject *));
        if (all == NULL) {
            return RtErr_NoMemory();
        }
    }
    for (ssize_t i = 0; i < nargs; i++) {
        all[i] = Rt_NewRef(args[i]);
    }
    RtObject *result = RtEvalOp_CallFunction(func, all, nargs);
    for (ssize_t i = 0; i < nargs; i++) {
        Rt_XDECREF(all[i]);
    }
    if (all != copies) {
        RtMem_Free(all);
    }
    return result;
}

RtObject *
RtEval_EvalCode(RtObject *op, RtObject *globals)
{
    RtThreadState *tstate = RtThreadState_Get();
    rt_assert(tstate != NULL);
    rt_assert(Rt_IS_TYPE(op, &RtCode_Type));
    RtCodeObject *code = (RtCodeObject *)op;
    if (!Rt_IS_TYPE(globals, &RtDict_Type)) {
        RtErr_SetString(&RtExc_TypeError, "globals must be a dict");
        return NULL;
    }
    if (code->co_argcount != 0) {
        RtErr_SetString(&RtExc_TypeError, "module code takes no arguments");
        return NULL;
    }
    if (!enter_call(tstate)) {
        return NULL;
    }
    Rt_INCREF(code);
    Rt_INCREF(globals);
    bool taken = false;
    RtObject *result = run_code(tstate, code, NULL, globals, NULL, &taken);
    Rt_DECREF(globals);
    Rt_DECREF(code);
    tstate->recursion_remaining++;
    return result;
}

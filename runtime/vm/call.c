// call.c: calling functions and running modules.
//
// Locals and value stack of a frame are one array on the C stack, or on the
// heap if it is large: threads have small stacks, and the recursion limit is
// such that frames of FRAME_STACK_SLOTS fit. A frame holds its code, because
// the function's may be replaced meanwhile, and its function; it does not count
// them if their counts are deferred, and so is shown to the collector before
// its thread can be stopped.
// Mirrors _PyEval_Vector() in Python/ceval.c (CPython 3.13); departs: frames
// lie on the C stack.

#include "ceval_ops.h"

#include "fused_int.h"
#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_assert.h"
#include "rtcore_heap.h"
#include "rtcore_object.h"

#include <alloca.h>

enum {
    FRAME_STACK_SLOTS = 48,     // larger frames live on the heap
    SMALL_CALL = 6,             // arguments that are copied to the C stack
};

static void
recursion_error(void)
{
    RtErr_SetString(&RtExc_RecursionError,
                    "maximum recursion depth exceeded");
}

// What a frame that nobody can see yet holds must be counted where the thread
// may be stopped.
static void
count_held(RtFrame *frame)
{
    RtObject *code = RtStackRef_AsObjectSteal(frame->f_executable);
    frame->f_executable = RtStackRef_FromObjectSteal(code);
    if (!RtStackRef_IsNull(frame->f_funcobj)) {
        RtObject *func = RtStackRef_AsObjectSteal(frame->f_funcobj);
        frame->f_funcobj = RtStackRef_FromObjectSteal(func);
    }
}

// The code's count is not deferred (any more): getting it may take a lock.
static void
get_code_counted(RtFrame *frame)
{
    RtObject *func = RtStackRef_AsObjectSteal(frame->f_funcobj);
    frame->f_funcobj = RtStackRef_FromObjectSteal(func);
    RtObject *code = (RtObject *)RtFunction_GetCode((RtFunctionObject *)func);
    frame->f_executable = RtStackRef_FromObjectSteal(code);
}

// Unsets slots.
static inline void
clear_slots(RtStackRef *from, RtStackRef *to)
{
    while (from < to) {
        *from++ = RT_STACKREF_NULL;
    }
}

// Runs a new frame whose arguments are in place, and drops its locals.
static RtObject *
run_frame(RtThreadState *tstate, RtFrame *frame)
{
    const RtCodeObject *code = RtFrame_GetCode(frame);
    size_t nlocals = RtCode_NumLocalsPlus(code);
    clear_slots(frame->localsplus + code->co_nparams,
                frame->localsplus + nlocals);
    frame->instr_ptr = code->co_targets;
    frame->stackpointer = frame->localsplus + nlocals;
    frame->handled = (RtHandledException *)(frame->stackpointer +
                                            code->co_stacksize);
    frame->nhandled = 0;
    frame->yielded = false;
    frame->previous = tstate->current_frame;
    // From here on the collector sees what the frame does not count.
    tstate->current_frame = frame;
    RtObject *result = RtEvalOp_RunFrame(tstate, frame,
                                         RT_RUN_START);
    frame->stackpointer = frame->localsplus + nlocals;
    // Destructors still see the frame, and no exception.
    RtObject *exc = result == NULL ? RtErr_GetRaisedException() : NULL;
    if (frame->nhandled > 0) {
        RtFrame_DropHandled(frame, 0);
    }
    RtFused_DropItems(tstate, frame->localsplus,
                      frame->localsplus + nlocals);
    if (exc != NULL) {
        RtErr_SetRaisedException(exc);
    }
    rt_assert(tstate->current_frame == frame);
    tstate->current_frame = frame->previous;
    return result;
}

static inline size_t
frame_size(const RtCodeObject *code)
{
    return (RtCode_NumLocalsPlus(code) + (size_t)code->co_stacksize) *
               sizeof(RtStackRef) +
           code->co_nhandlers * sizeof(RtHandledException);
}

static inline void
take_arguments(RtFrame *frame, RtStackRef *args, ssize_t nargs)
{
    for (ssize_t i = 0; i < nargs; i++) {
        frame->localsplus[i] = args[i];
        args[i] = RT_STACKREF_NULL;
    }
}

// A frame too large for the C stack. Before the frame can be seen the thread
// may be stopped: code and function are counted.
static RtObject *
run_large(RtThreadState *tstate, RtFrame *frame, RtStackRef *args,
          ssize_t nargs)
{
    count_held(frame);
    RtStackRef *slots = RtMem_Malloc(frame_size(RtFrame_GetCode(frame)));
    if (slots == NULL) {
        return RtErr_NoMemory();
    }
    frame->localsplus = slots;
    take_arguments(frame, args, nargs);
    RtObject *result = run_frame(tstate, frame);
    RtMem_Free(slots);
    return result;
}

// Runs the code of `frame`, of which code, function and globals are set. The
// references of the arguments may be taken: their slots are NULL then.
static inline RtObject *
run_code(RtThreadState *tstate, RtFrame *frame, RtStackRef *args,
         ssize_t nargs)
{
    size_t size = frame_size(RtFrame_GetCode(frame));
    if (size > FRAME_STACK_SLOTS * sizeof(RtStackRef)) {
        return run_large(tstate, frame, args, nargs);
    }
    frame->localsplus = alloca(size);
    take_arguments(frame, args, nargs);
    return run_frame(tstate, frame);
}

// A call of a generator's code makes a generator.
static RtObject *
make_generator(RtFrame *frame, RtStackRef *args, ssize_t nargs)
{
    count_held(frame);
    frame->previous = NULL;
    frame->nhandled = 0;
    frame->yielded = false;
    RtObject *gen = RtGen_New(frame, args, nargs);
    if (gen != NULL) {
        frame->f_executable = RT_STACKREF_NULL;
        frame->f_funcobj = RT_STACKREF_NULL;
    }
    return gen;
}

// As many arguments as the code has.
static inline RtObject *
call_with_code(RtThreadState *tstate, RtFrame *frame, RtStackRef *args,
               ssize_t nargs)
{
    if ((RtFrame_GetCode(frame)->co_flags & RT_CO_GENERATOR) != 0) {
        return make_generator(frame, args, nargs);
    }
    tstate->recursion_remaining--;
    RtObject *result = run_code(tstate, frame, args, nargs);
    tstate->recursion_remaining++;
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

// Code whose parameters have names: any call.
static RtObject *
call_binding(RtThreadState *tstate, RtFrame *frame, const RtStackRef *args,
             ssize_t nargs, RtObject *kwnames)
{
    enum { SMALL = 12 };
    const RtCodeObject *code = RtFrame_GetCode(frame);
    ssize_t n = code->co_nparams;
    RtStackRef small[SMALL];
    RtStackRef *all = small;
    if (n > SMALL) {
        all = RtMem_Malloc((size_t)n * sizeof(RtStackRef));
        if (all == NULL) {
            return RtErr_NoMemory();
        }
    }
    RtObject *result = NULL;
    if (RtEvalOp_BindArguments(
            (RtFunctionObject *)RtStackRef_AsObjectBorrow(frame->f_funcobj),
            code, args, nargs, kwnames, all) == 0)
    {
        result = call_with_code(tstate, frame, all, n);
    }
    RtObject *exc = result == NULL ? RtErr_GetRaisedException() : NULL;
    RtEvalOp_DropItems(all, all + n);
    if (all != small) {
        RtMem_Free(all);
    }
    if (exc != NULL) {
        RtErr_SetRaisedException(exc);
    }
    return result;
}

// Fewer arguments than the code has: the last ones from the defaults. The
// recursion limit, and what cannot be called at all.
static RtObject *
call_unusual(RtThreadState *tstate, RtFrame *frame, RtStackRef *args,
             ssize_t nargs, RtObject *kwnames)
{
    count_held(frame);
    RtFunctionObject *func =
        (RtFunctionObject *)RtStackRef_AsObjectBorrow(frame->f_funcobj);
    int argcount = RtFrame_GetCode(frame)->co_argcount;
    if (tstate->recursion_remaining <= 0) {
        recursion_error();
        return NULL;
    }
    if (RtFrame_GetCode(frame)->co_varnames != NULL) {
        return call_binding(tstate, frame, args, nargs, kwnames);
    }
    if (kwnames != NULL) {
        RtErr_Format(&RtExc_TypeError, "%s() takes no keyword arguments",
                     RtStr_AsUTF8(func->func_name));
        return NULL;
    }
    RtObject *defaults = RtFunction_GetDefaults(func);
    ssize_t n = defaults == NULL ? 0 : RtTuple_Size(defaults);
    if (nargs > argcount || nargs + n < argcount) {
        Rt_XDECREF(defaults);
        wrong_argument_count(func, argcount, nargs);
        return NULL;
    }
    RtStackRef *all = RtMem_Malloc((size_t)argcount * sizeof(RtStackRef));
    if (all == NULL) {
        Rt_DECREF(defaults);
        return RtErr_NoMemory();
    }
    for (ssize_t i = 0; i < argcount; i++) {
        // Counted: no frame shows these slots.
        RtObject *value = i < nargs
            ? RtStackRef_AsObjectBorrow(args[i])
            : RtTuple_GetItem(defaults, n - argcount + i);
        all[i] = RtStackRef_FromObjectSteal(Rt_NewRef(value));
    }
    Rt_DECREF(defaults);
    // The code stays the one that was taken, whatever the function has now.
    RtObject *result = call_with_code(tstate, frame, all, argcount);
    RtEvalOp_DropItems(all, all + argcount);
    RtMem_Free(all);
    return result;
}

// kwnames: NULL or not empty.
static inline RtObject *
call_function(RtThreadState *tstate, RtStackRef funcref, RtStackRef *args,
              ssize_t nargs, RtObject *kwnames)
{
    RtFunctionObject *func =
        (RtFunctionObject *)RtStackRef_AsObjectBorrow(funcref);
    RtFrame frame;
    frame.f_funcobj = funcref;
    frame.f_executable = RtFunction_TryGetCodeStackRef(func);
    if (RtStackRef_IsNull(frame.f_executable)) {
        get_code_counted(&frame);
    }
    frame.globals = func->func_globals;
    RtCodeObject *code = RtFrame_GetCode(&frame);
    RtObject *result = NULL;
    if (nargs == code->co_fastargs && tstate->recursion_remaining > 0 &&
        kwnames == NULL)
    {
        result = call_with_code(tstate, &frame, args, nargs);
    }
    else {
        result = call_unusual(tstate, &frame, args, nargs, kwnames);
    }
    RtStackRef_XClose(frame.f_executable);
    RtStackRef_XClose(frame.f_funcobj);
    return result;
}

RtObject *
RtEvalOp_CallFunction(RtThreadState *tstate, RtStackRef funcref,
                      RtStackRef *args, ssize_t nargs)
{
    return call_function(tstate, funcref, args, nargs, NULL);
}

RtObject *
RtEval_CallFunctionKw(RtFunctionObject *func, RtObject *const *args,
                      ssize_t nargs, RtObject *kwnames)
{
    ssize_t n = nargs + (kwnames == NULL ? 0 : RtTuple_Size(kwnames));
    RtStackRef copies[SMALL_CALL];
    RtStackRef *all = copies;
    if (n > SMALL_CALL) {
        all = RtMem_Malloc((size_t)n * sizeof(RtStackRef));
        if (all == NULL) {
            return RtErr_NoMemory();
        }
    }
    for (ssize_t i = 0; i < n; i++) {
        // Counted: no frame shows these slots.
        all[i] = RtStackRef_FromObjectSteal(Rt_NewRef(args[i]));
    }
    RtStackRef funcref = RtStackRef_FromObjectSteal(Rt_NewRef(func));
    RtObject *result =
        call_function(RtThreadState_Get(), funcref, all, nargs, kwnames);
    RtEvalOp_DropItems(all, all + n);
    if (all != copies) {
        RtMem_Free(all);
    }
    return result;
}

RtObject *
RtEval_CallFunction(RtFunctionObject *func, RtObject *const *args,
                    ssize_t nargs)
{
    return RtEval_CallFunctionKw(func, args, nargs, NULL);
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
    if (code->co_nfreevars != 0 || (code->co_flags & RT_CO_GENERATOR) != 0) {
        RtErr_SetString(&RtExc_TypeError,
                        "module code has no closure and yields nothing");
        return NULL;
    }
    if (code->co_nparams != 0) {
        RtErr_SetString(&RtExc_TypeError, "module code takes no arguments");
        return NULL;
    }
    if (tstate->recursion_remaining <= 0) {
        recursion_error();
        return NULL;
    }
    tstate->recursion_remaining--;
    RtFrame frame;
    frame.f_executable = RtStackRef_FromObjectSteal(Rt_NewRef(code));
    frame.f_funcobj = RT_STACKREF_NULL;
    frame.globals = Rt_NewRef(globals);
    RtObject *result = run_code(tstate, &frame, NULL, 0);
    Rt_DECREF(globals);
    RtStackRef_Close(frame.f_executable);
    tstate->recursion_remaining++;
    return result;
}

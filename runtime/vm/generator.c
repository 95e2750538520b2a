// generator.c: generators: frames that stop and go on; claiming, running,
// delegating, throwing, closing.
//
// The frame lies in the generator. Whoever resumes it claims it by one
// compare-exchange of gi_frame_state to EXECUTING, in both builds, and gives it
// back by a store when the frame has left the chain of its thread, so that of
// two threads one wins and the other gets ValueError. Only the claimer looks
// inside; the collector does while the frame is claimed by nobody, the world
// being stopped.
// Mirrors Objects/genobject.c (CPython 3.13); departs: the claim is atomic
// (3.13's is not: gh-120321); one instruction, YIELD_FROM, delegates, as before
// 3.11; no gi_frame, so nobody makes a frame object of a frame that ends.

#include "ceval_ops.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_assert.h"
#include "rtcore_object.h"
#include "rtcore_type.h"        // names
#include "rtcore_types.h"

static inline RtGenObject *
as_gen(RtObject *op)
{
    rt_assert(RtGen_CheckAny(op));
    return (RtGenObject *)op;
}

static inline bool
is_coroutine(const RtGenObject *gen)
{
    return Rt_IS_TYPE((const RtObject *)gen, &RtCoro_Type);
}

// ---------------------------------------------------------------------------
// The claim.

// Claims the frame. The state before, or EXECUTING if another has it; then
// ValueError is raised. A generator that has ended is not claimed.
static int
claim(RtGenObject *gen)
{
    int state = rt_atomic_load_int_acquire(&gen->gi_frame_state);
    do {
        if (state == RT_GEN_EXECUTING) {
            RT_NOTE(GEN_BUSY, gen, 0);
            RtErr_Format(&RtExc_ValueError, "%s already executing",
                         Rt_TYPE(gen)->tp_name);
            return state;
        }
        if (state == RT_GEN_CLEARED) {
            return state;
        }
    } while (!rt_atomic_compare_exchange_int(&gen->gi_frame_state, &state,
                                             RT_GEN_EXECUTING));
    RT_NOTE(GEN_CLAIMED, gen, state);
    return state;
}

// From here on another thread may run the frame.
static void
release(RtGenObject *gen, int state)
{
    rt_assert(rt_atomic_load_int_owned(&gen->gi_frame_state) ==
              RT_GEN_EXECUTING);
    RT_NOTE(GEN_RELEASED, gen, state);
    rt_atomic_store_int(&gen->gi_frame_state, state);
}

static void
enter_frame(RtThreadState *tstate, RtGenObject *gen)
{
    rt_assert(gen->gi_frame.previous == NULL);
    gen->gi_frame.previous = tstate->current_frame;
    tstate->current_frame = &gen->gi_frame;
}

static void
leave_frame(RtThreadState *tstate, RtGenObject *gen)
{
    rt_assert(tstate->current_frame == &gen->gi_frame);
    tstate->current_frame = gen->gi_frame.previous;
    gen->gi_frame.previous = NULL;
}

// Ends the claimed generator: drops what the frame holds, but for its code and
// function. The raised exception stays.
static void
clear_frame(RtGenObject *gen)
{
    RtObject *exc = RtErr_GetRaisedException();
    release(gen, RT_GEN_CLEARED);
    // Nobody else looks inside any more.
    RtFrame *frame = &gen->gi_frame;
    RtFrame_DropHandled(frame, 0);
    RtStackRef *end = frame->stackpointer;
    frame->stackpointer = frame->localsplus;
    RtEvalOp_DropItems(frame->localsplus, end);
    if (exc != NULL) {
        RtErr_SetRaisedException(exc);
    }
}

// ---------------------------------------------------------------------------
// Running.

// What a claimed generator is to do.
typedef enum Resume {
    RESUME_SEND, RESUME_THROW,
} Resume;

static int
yielded_state(const RtGenObject *gen)
{
    const RtFrame *frame = &gen->gi_frame;
    RtInstruction at = RtFrame_GetCode(frame)->co_code[RtFrame_GetPc(frame)];
    return RtInstruction_Opcode(at) == RT_OP_YIELD_FROM
        ? RT_GEN_SUSPENDED_YIELD_FROM : RT_GEN_SUSPENDED;
}

// StopIteration must not leave a generator: it would end the loop over it.
static void
replace_stop_iteration(const RtGenObject *gen)
{
    if (!RtErr_ExceptionMatches(&RtExc_StopIteration)) {
        return;
    }
    RtObject *stop = RtErr_GetRaisedException();
    RtErr_Format(&RtExc_RuntimeError, "%s raised StopIteration",
                 Rt_TYPE(gen)->tp_name);
    RtObject *exc = RtErr_GetRaisedException();
    if (RtException_SetCause(exc, stop) < 0) {
        RtErr_Clear();
    }
    RtException_SetContext(exc, stop);
    Rt_DECREF(stop);
    RtErr_SetRaisedException(exc);
}

// Runs the claimed frame, which is in the chain of its thread, until it yields
// or ends, and gives the claim back.
static RtGenResult
run_claimed(RtThreadState *tstate, RtGenObject *gen, Resume resume,
            RtObject **result)
{
    RtFrame *frame = &gen->gi_frame;
    frame->yielded = false;
    *result = RtEvalOp_RunFrame(tstate, frame,
                                resume == RESUME_THROW ? RT_RUN_THROW
                                                       : RT_RUN_RESUME);
    leave_frame(tstate, gen);
    if (*result != NULL && frame->yielded) {
        release(gen, yielded_state(gen));
        return RT_GEN_NEXT;
    }
    if (*result == NULL) {
        replace_stop_iteration(gen);
    }
    clear_frame(gen);
    return *result == NULL ? RT_GEN_ERROR : RT_GEN_RETURN;
}

// Whether one more call fits; RecursionError.
static bool
enter_call(RtThreadState *tstate)
{
    if (tstate->recursion_remaining > 0) {
        tstate->recursion_remaining--;
        return true;
    }
    RtErr_SetString(&RtExc_RecursionError,
                    "maximum recursion depth exceeded");
    return false;
}

// Pushes what is sent; the instruction that has yielded is over, unless it
// delegates.
static void
push_sent(RtGenObject *gen, int state, RtObject *value)
{
    RtFrame *frame = &gen->gi_frame;
    if (state == RT_GEN_CREATED) {
        return;
    }
    *frame->stackpointer++ = RtStackRef_FromObjectSteal(Rt_NewRef(value));
    if (state == RT_GEN_SUSPENDED) {
        frame->instr_ptr++;
    }
}

static void
raise_reused(void)
{
    RtErr_SetString(&RtExc_RuntimeError,
                    "cannot reuse already awaited coroutine");
}

RtGenResult
RtGen_Send(RtObject *self, RtObject *value, RtObject **result)
{
    RtGenObject *gen = as_gen(self);
    RtThreadState *tstate = RtThreadState_Get();
    *result = NULL;
    int state = claim(gen);
    if (state == RT_GEN_EXECUTING) {
        return RT_GEN_ERROR;
    }
    if (state == RT_GEN_CLEARED && is_coroutine(gen)) {
        raise_reused();
        return RT_GEN_ERROR;
    }
    if (state == RT_GEN_CLEARED) {
        *result = Rt_NewRef(Rt_None);
        return RT_GEN_RETURN;
    }
    enter_frame(tstate, gen);
    if (state == RT_GEN_CREATED && value != Rt_None) {
        RtErr_Format(&RtExc_TypeError,
                     "can't send non-None value to a just-started %s",
                     Rt_TYPE(gen)->tp_name);
    }
    else if (enter_call(tstate)) {
        push_sent(gen, state, value);
        RtGenResult status = run_claimed(tstate, gen, RESUME_SEND, result);
        tstate->recursion_remaining++;
        return status;
    }
    leave_frame(tstate, gen);
    release(gen, state);
    return RT_GEN_ERROR;
}

// What the frame deals with is the context of what is thrown into it; what its
// caller deals with is not.
static void
chain_with_handled(const RtGenObject *gen)
{
    if (gen->gi_frame.nhandled > 0) {
        RtObject *exc = RtErr_GetRaisedException();
        RtErr_SetContext(exc);
        RtErr_SetRaisedException(exc);
    }
}

// Raises the raised exception in the claimed frame, which is in the chain.
static RtGenResult
throw_claimed(RtThreadState *tstate, RtGenObject *gen, int state,
              RtObject **result)
{
    *result = NULL;
    if (state == RT_GEN_CREATED || !enter_call(tstate)) {
        // It ends before it began, or cannot go on.
        leave_frame(tstate, gen);
        replace_stop_iteration(gen);
        clear_frame(gen);
        return RT_GEN_ERROR;
    }
    chain_with_handled(gen);
    RtGenResult status = run_claimed(tstate, gen, RESUME_THROW, result);
    tstate->recursion_remaining++;
    return status;
}

// ---------------------------------------------------------------------------
// Delegation: the iterator on top of the suspended frame's stack.

static RtObject *
delegate(const RtGenObject *gen)
{
    return RtStackRef_AsObjectBorrow(gen->gi_frame.stackpointer[-1]);
}

// The value of a raised StopIteration, which is cleared. NULL: something else
// is raised.
static RtObject *
take_stop_value(void)
{
    if (!RtErr_ExceptionMatches(&RtExc_StopIteration)) {
        return NULL;
    }
    RtObject *exc = RtErr_GetRaisedException();
    RtObject *args = RtException_GetArgs(exc);
    RtObject *value = NULL;
    if (args != NULL) {
        value = RtTuple_Size(args) > 0 ? RtTuple_GetItem(args, 0) : Rt_None;
        Rt_INCREF(value);
        Rt_DECREF(args);
    }
    Rt_DECREF(exc);
    return value;
}

// A method of the iterator with one argument, if it has one. 1, 0, or -1 with
// an exception.
static int
call_method(RtObject *iter, RtObject *name, RtObject *arg, RtObject **result)
{
    RtObject *method;
    *result = NULL;
    int found = RtObject_GetOptionalAttr(iter, name, &method);
    if (found <= 0) {
        return found;
    }
    *result = arg == NULL ? RtObject_CallNoArgs(method)
                          : RtObject_CallOneArg(method, arg);
    Rt_DECREF(method);
    return *result == NULL ? -1 : 1;
}

// YIELD_FROM: the next value of the iterator, or its return value.
RtGenResult
RtGen_SendTo(RtObject *iter, RtObject *value, RtObject **result)
{
    if (RtGen_CheckAny(iter)) {
        return RtGen_Send(iter, value, result);
    }
    if (value == Rt_None) {
        *result = Rt_TYPE(iter)->tp_iternext == NULL
            ? RtIter_Next(iter) : Rt_TYPE(iter)->tp_iternext(iter);
    }
    else if (call_method(iter, rt_name_send, value, result) == 0) {
        RtErr_Format(&RtExc_AttributeError,
                     "'%s' object has no attribute 'send'",
                     Rt_TYPE(iter)->tp_name);
    }
    if (*result != NULL) {
        return RT_GEN_NEXT;
    }
    *result = RtErr_Occurred() == NULL ? Rt_NewRef(Rt_None)
                                       : take_stop_value();
    return *result == NULL ? RT_GEN_ERROR : RT_GEN_RETURN;
}

// Closes an iterator that is delegated to. 0, or -1 with an exception.
static int
close_delegate(RtObject *iter)
{
    RtObject *result;
    int status = call_method(iter, rt_name_close, NULL, &result);
    Rt_XDECREF(result);
    return status < 0 ? -1 : 0;
}

// The claimed frame goes on after YIELD_FROM, with its value (stolen).
static RtGenResult
finish_delegation(RtThreadState *tstate, RtGenObject *gen, RtObject *value,
                  RtObject **result)
{
    RtFrame *frame = &gen->gi_frame;
    RtStackRef iter = frame->stackpointer[-1];
    frame->stackpointer[-1] = RtStackRef_FromObjectSteal(value);
    frame->instr_ptr++;
    RtStackRef_Close(iter);
    *result = NULL;
    if (!enter_call(tstate)) {
        leave_frame(tstate, gen);
        clear_frame(gen);
        return RT_GEN_ERROR;
    }
    RtGenResult status = run_claimed(tstate, gen, RESUME_SEND, result);
    tstate->recursion_remaining++;
    return status;
}

// Throws into the delegate of the claimed frame. *done: what came of it is the
// result; otherwise an exception is raised, to be thrown into the frame.
static RtGenResult
throw_into_delegate(RtThreadState *tstate, RtGenObject *gen, RtObject *exc,
                    RtObject **result, bool *done)
{
    RtObject *iter = delegate(gen);
    *done = false;
    if (RtType_IsSubtype(Rt_TYPE(exc), &RtExc_GeneratorExit)) {
        if (close_delegate(iter) == 0) {
            RtErr_SetRaisedException(Rt_NewRef(exc));
        }
        return RT_GEN_ERROR;
    }
    int found = call_method(iter, rt_name_throw, exc, result);
    if (found == 0) {
        RtErr_SetRaisedException(Rt_NewRef(exc));
        return RT_GEN_ERROR;
    }
    if (found > 0) {
        *done = true;
        leave_frame(tstate, gen);
        release(gen, RT_GEN_SUSPENDED_YIELD_FROM);
        return RT_GEN_NEXT;
    }
    RtObject *value = take_stop_value();
    if (value == NULL) {
        return RT_GEN_ERROR;
    }
    *done = true;
    return finish_delegation(tstate, gen, value, result);
}

RtGenResult
RtGen_Throw(RtObject *self, RtObject *exc, RtObject **result)
{
    RtGenObject *gen = as_gen(self);
    RtThreadState *tstate = RtThreadState_Get();
    *result = NULL;
    int state = claim(gen);
    if (state == RT_GEN_EXECUTING) {
        return RT_GEN_ERROR;
    }
    if (state == RT_GEN_CLEARED && is_coroutine(gen)) {
        raise_reused();
        return RT_GEN_ERROR;
    }
    if (state == RT_GEN_CLEARED) {
        RtErr_SetRaisedException(Rt_NewRef(exc));
        return RT_GEN_ERROR;
    }
    enter_frame(tstate, gen);
    if (state == RT_GEN_SUSPENDED_YIELD_FROM) {
        if (!enter_call(tstate)) {
            leave_frame(tstate, gen);
            release(gen, state);
            return RT_GEN_ERROR;
        }
        bool done;
        RtGenResult status =
            throw_into_delegate(tstate, gen, exc, result, &done);
        tstate->recursion_remaining++;
        if (done) {
            return status;
        }
    }
    else {
        RtErr_SetRaisedException(Rt_NewRef(exc));
    }
    return throw_claimed(tstate, gen, state, result);
}

// ---------------------------------------------------------------------------
// Ends.

// Ends it before it began. False: it has begun.
static bool
close_unstarted(RtGenObject *gen)
{
    int state = RT_GEN_CREATED;
    if (!rt_atomic_compare_exchange_int(&gen->gi_frame_state, &state,
                                        RT_GEN_EXECUTING)) {
        return state == RT_GEN_CLEARED;
    }
    RT_NOTE(GEN_CLAIMED, gen, state);
    clear_frame(gen);
    return true;
}

RtObject *
RtGen_Close(RtObject *self)
{
    RtGenObject *gen = as_gen(self);
    if (close_unstarted(gen)) {
        return Rt_NewRef(Rt_None);
    }
    RtErr_SetNone(&RtExc_GeneratorExit);
    RtObject *exc = RtErr_GetRaisedException();
    if (exc == NULL) {
        return NULL;
    }
    RtObject *result;
    RtGenResult status = RtGen_Throw(self, exc, &result);
    Rt_DECREF(exc);
    if (status == RT_GEN_NEXT) {
        Rt_DECREF(result);
        RtErr_SetString(&RtExc_RuntimeError,
                        "generator ignored GeneratorExit");
        return NULL;
    }
    if (status == RT_GEN_ERROR &&
        RtErr_ExceptionMatches(&RtExc_GeneratorExit))
    {
        RtErr_Clear();
        return Rt_NewRef(Rt_None);
    }
    return result;
}

void
RtGen_End(RtObject *self)
{
    RtGenObject *gen = as_gen(self);
    int state = rt_atomic_load_int_relaxed(&gen->gi_frame_state);
    while (state < RT_GEN_EXECUTING) {
        if (rt_atomic_compare_exchange_int(&gen->gi_frame_state, &state,
                                           RT_GEN_EXECUTING))
        {
            RT_NOTE(GEN_CLAIMED, gen, state);
            clear_frame(gen);
            return;
        }
    }
}

// generator_type.c: the types generator and coroutine: methods, attributes,
// life.
//
// A suspended frame's references that are not counted are not seen by
// tp_traverse: the free-threaded collector asks for them
// (RtGen_VisitUncounted), and counts them when the generator is garbage; so
// does the trashcan while the generator waits there. A generator that dies
// suspended is closed.
// Mirrors Objects/genobject.c (CPython 3.13); departs: no gi_frame, gi_code or
// gi_yieldfrom.

#include "ceval_ops.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_assert.h"
#include "rtcore_gc.h"
#include "rtcore_object.h"

#include <stdio.h>
#include <string.h>

static inline RtGenObject *
as_gen(RtObject *op)
{
    rt_assert(RtGen_CheckAny(op));
    return (RtGenObject *)op;
}

static inline bool
is_suspended(int state)
{
    return state == RT_GEN_SUSPENDED || state == RT_GEN_SUSPENDED_YIELD_FROM;
}

// ---------------------------------------------------------------------------
// Methods.

// What a call returns: the value, or StopIteration with what was returned.
static RtObject *
finish_call(RtGenResult status, RtObject *result)
{
    if (status != RT_GEN_RETURN) {
        return result;
    }
    if (result == Rt_None) {
        RtErr_SetNone(&RtExc_StopIteration);
    }
    else {
        RtErr_SetObject(&RtExc_StopIteration, result);
    }
    Rt_DECREF(result);
    return NULL;
}

RtObject *
RtGen_CallSend(RtObject *self, RtObject *value)
{
    RtObject *result;
    RtGenResult status = RtGen_Send(self, value, &result);
    return finish_call(status, result);
}

static RtObject *
gen_iternext(RtObject *self)
{
    RtObject *result;
    RtGenResult status = RtGen_Send(self, Rt_None, &result);
    if (status == RT_GEN_RETURN && result == Rt_None) {
        return NULL;            // the end, without an exception
    }
    return finish_call(status, result);
}

static RtObject *
gen_send(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    return RtGen_CallSend(self, args[0]);
}

static bool
is_exception(RtObject *op)
{
    return RtType_HasFeature(Rt_TYPE(op), RT_TPFLAGS_BASE_EXC_SUBCLASS);
}

static bool
is_exception_type(RtObject *op)
{
    return RtType_HasFeature(Rt_TYPE(op), RT_TPFLAGS_TYPE_SUBCLASS) &&
           RtType_HasFeature((RtTypeObject *)op,
                             RT_TPFLAGS_BASE_EXC_SUBCLASS);
}

// The exception, without a context: that of the frame it is thrown into, not
// its caller's, will be. What making it raises is thrown instead. NULL: nothing
// can be thrown.
static RtObject *
make_exception(RtObject *what)
{
    if (is_exception(what)) {
        return Rt_NewRef(what);
    }
    if (!is_exception_type(what)) {
        RtErr_Format(&RtExc_TypeError,
                     "exceptions must be classes or instances deriving from "
                     "BaseException, not %s", Rt_TYPE(what)->tp_name);
        return NULL;
    }
    RtObject *exc = RtObject_CallNoArgs(what);
    if (exc != NULL && !is_exception(exc)) {
        RtErr_Format(&RtExc_TypeError,
                     "calling %s should have returned an instance of "
                     "BaseException, not %s", ((RtTypeObject *)what)->tp_name,
                     Rt_TYPE(exc)->tp_name);
        Rt_CLEAR(exc);
    }
    return exc != NULL ? exc : RtErr_GetRaisedException();
}

RtObject *
RtGen_CallThrow(RtObject *self, RtObject *what)
{
    RtObject *exc = make_exception(what);
    if (exc == NULL) {
        return NULL;
    }
    RtObject *result;
    RtGenResult status = RtGen_Throw(self, exc, &result);
    result = finish_call(status, result);
    Rt_DECREF(exc);
    return result;
}

static RtObject *
gen_throw(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    return RtGen_CallThrow(self, args[0]);
}

static RtObject *
gen_close(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    (void)nargs;
    return RtGen_Close(self);
}

static RtMethodDef gen_methods[] = {
    { "send", gen_send, 1, 1 },
    { "throw", gen_throw, 1, 1 },
    { "close", gen_close, 0, 0 },
    { NULL, NULL, 0, 0 },
};

static RtObject *
coro_await(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    (void)nargs;
    return RtCoro_Await(self);
}

static RtMethodDef coro_methods[] = {
    { "send", gen_send, 1, 1 },
    { "throw", gen_throw, 1, 1 },
    { "close", gen_close, 0, 0 },
    { "__await__", coro_await, 0, 0 },
    { NULL, NULL, 0, 0 },
};

static RtObject *
gen_getattro(RtObject *self, RtObject *name)
{
    RtGenObject *gen = as_gen(self);
    if (Rt_IS_TYPE(name, &RtStr_Type)) {
        const char *text = RtStr_AsUTF8(name);
        int state = rt_atomic_load_int_relaxed(&gen->gi_frame_state);
        const char *own = Rt_IS_TYPE(self, &RtCoro_Type) ? "cr_" : "gi_";
        if (strncmp(text, own, 3) != 0) {
            text = strcmp(text, "__name__") == 0 ? text : "";
        }
        else {
            text += 3;
        }
        if (strcmp(text, "running") == 0) {
            return RtBool_FromInt(state == RT_GEN_EXECUTING);
        }
        if (strcmp(text, "suspended") == 0) {
            return RtBool_FromInt(is_suspended(state));
        }
        if (strcmp(text, "__name__") == 0) {
            return Rt_NewRef(gen->gi_name);
        }
    }
    return RtObject_GenericGetAttr(self, name);
}

static RtObject *
gen_repr(RtObject *self)
{
    return RtStr_FromFormat("<%s object %s at 0x%llx>", Rt_TYPE(self)->tp_name,
                            RtStr_AsUTF8(as_gen(self)->gi_name),
                            (unsigned long long)RtAddress_Key(self));
}

static RtObject *
gen_iter(RtObject *self)
{
    return Rt_NewRef(self);
}

// ---------------------------------------------------------------------------
// Life.

static int
visit_counted(RtStackRef ref, visitproc visit, void *arg)
{
    if (RtStackRef_IsNull(ref) || RtStackRef_IsUncounted(ref)) {
        return 0;
    }
    return visit(RtStackRef_AsObjectBorrow(ref), arg);
}

static int
gen_traverse(RtObject *self, visitproc visit, void *arg)
{
    RtGenObject *gen = as_gen(self);
    const RtFrame *frame = &gen->gi_frame;
    Rt_VISIT(gen->gi_name);
    int status = visit_counted(frame->f_executable, visit, arg);
    if (status == 0) {
        status = visit_counted(frame->f_funcobj, visit, arg);
    }
    // A frame that runs is its thread's: what it holds is held from outside.
    int state = rt_atomic_load_int_owned(&gen->gi_frame_state);
    if (status != 0 || state >= RT_GEN_EXECUTING) {
        return status;
    }
    for (const RtStackRef *slot = frame->localsplus;
         slot < frame->stackpointer && status == 0; slot++)
    {
        status = visit_counted(*slot, visit, arg);
    }
    for (uint32_t i = 0; i < frame->nhandled && status == 0; i++) {
        status = visit(frame->handled[i].exc, arg);
    }
    return status;
}

// Closes a generator that is suspended and nobody can resume.
static void
gen_finalize(RtObject *self)
{
    int state = rt_atomic_load_int_relaxed(&as_gen(self)->gi_frame_state);
    if (!is_suspended(state)) {
        return;
    }
    RtObject *result = gen_close(self, NULL, 0);
    if (result == NULL) {
        RtErr_WriteUnraisable(self);
    }
    Rt_XDECREF(result);
}

static int
gen_clear(RtObject *self)
{
    RtGen_End(self);
    return 0;
}

static void
warn_never_awaited(RtGenObject *gen)
{
    if (rt_atomic_load_int_relaxed(&gen->gi_frame_state) != RT_GEN_CREATED) {
        return;
    }
    char text[128];
    int n = snprintf(text, sizeof(text), "RuntimeWarning: coroutine '%.60s' "
                     "was never awaited\n", RtStr_AsUTF8(gen->gi_name));
    rt_world->write_error(text, (size_t)n);
}

static void
gen_dealloc(RtObject *self)
{
    RtGenObject *gen = as_gen(self);
    RtGC_Untrack(self);
    if (is_suspended(rt_atomic_load_int_relaxed(&gen->gi_frame_state))) {
        // As for instances with __del__: tracked while it may live on.
        RtGC_Track(self);
        if (RtObject_CallFinalizerFromDealloc(self) < 0) {
            return;
        }
        RtGC_Untrack(self);
    }
    if (Rt_IS_TYPE(self, &RtCoro_Type)) {
        warn_never_awaited(gen);
    }
    (void)gen_clear(self);
    RtStackRef_XClose(gen->gi_frame.f_funcobj);
    RtStackRef_XClose(gen->gi_frame.f_executable);
    Rt_XDECREF(gen->gi_name);
    RtObject_Free(self);
}

RtTypeObject RtGen_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "generator",
    .tp_basicsize = sizeof(RtGenObject),
    .tp_itemsize = sizeof(RtStackRef),
    .tp_flags = RT_TPFLAGS_HAVE_GC | RT_TPFLAGS_HOLDS_UNCOUNTED,
    .tp_dealloc = gen_dealloc,
    .tp_traverse = gen_traverse,
    .tp_clear = gen_clear,
    .tp_finalize = gen_finalize,
    .tp_repr = gen_repr,
    .tp_iter = gen_iter,
    .tp_iternext = gen_iternext,
    .tp_getattro = gen_getattro,
    .tp_methods = gen_methods,
};

RtTypeObject RtCoro_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "coroutine",
    .tp_basicsize = sizeof(RtGenObject),
    .tp_itemsize = sizeof(RtStackRef),
    .tp_flags = RT_TPFLAGS_HAVE_GC | RT_TPFLAGS_HOLDS_UNCOUNTED,
    .tp_dealloc = gen_dealloc,
    .tp_traverse = gen_traverse,
    .tp_clear = gen_clear,
    .tp_finalize = gen_finalize,
    .tp_repr = gen_repr,
    .tp_getattro = gen_getattro,
    .tp_methods = coro_methods,
};

RtObject *
RtGen_New(const RtFrame *start, RtStackRef *args, ssize_t nargs)
{
    // Counted from the beginning: making it may stop the thread, and code and
    // function stay after the frame was cleared.
    const RtCodeObject *code = RtFrame_GetCode(start);
    size_t nlocals = RtCode_NumLocalsPlus(code);
    size_t nslots = nlocals + (size_t)code->co_stacksize;
    size_t handled = code->co_nhandlers * sizeof(RtHandledException) /
                     sizeof(RtStackRef);
    RtTypeObject *type = (code->co_flags & RT_CO_COROUTINE) != 0
                         ? &RtCoro_Type : &RtGen_Type;
    RtGenObject *gen = (RtGenObject *)RtObject_New(
        type, (ssize_t)(nslots + handled));
    if (gen == NULL) {
        return NULL;
    }
    gen->gi_name = Rt_NewRef(code->co_name);
    gen->gi_frame_state = RT_GEN_CREATED;
    RtFrame *frame = &gen->gi_frame;
    *frame = *start;
    frame->localsplus = gen->gi_slots;
    for (ssize_t i = 0; i < nargs; i++) {
        frame->localsplus[i] = args[i];
        args[i] = RT_STACKREF_NULL;
    }
    frame->instr_ptr = code->co_targets;
    frame->stackpointer = frame->localsplus + nlocals;
    frame->handled = (RtHandledException *)(frame->localsplus + nslots);
    RtGC_Track((RtObject *)gen);
    return (RtObject *)gen;
}

#ifdef RT_GIL_DISABLED

void
RtGen_VisitUncounted(RtObject *self, RtUncountedVisitor visit, void *arg)
{
    RtGenObject *gen = as_gen(self);
    if (rt_atomic_load_int_owned(&gen->gi_frame_state) < RT_GEN_EXECUTING) {
        RtFrame_VisitUncounted(&gen->gi_frame, visit, arg);
    }
}

void
RtGen_CountUncounted(RtObject *self)
{
    RtGenObject *gen = as_gen(self);
    if (rt_atomic_load_int_owned(&gen->gi_frame_state) < RT_GEN_EXECUTING) {
        RtFrame_CountUncounted(&gen->gi_frame);
    }
}

#endif

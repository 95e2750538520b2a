// coroutine.c: awaiting: what an object gives to `await`, and the iterator that
// a coroutine's __await__() gives.
//
// The wrapper holds its coroutine for life; what it does the coroutine does,
// whose frame is claimed by whoever resumes it (generator.c).
// Mirrors _PyCoro_GetAwaitableIter and coro_wrapper of Objects/genobject.c
// (CPython 3.13); departs: no coroutines made of generators, no asynchronous
// generators, no origin tracking.

#include "module.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_assert.h"
#include "rtcore_code.h"
#include "rtcore_gc.h"
#include "rtcore_type.h"
#include "rtcore_object.h"

typedef struct CoroWrapper {
    RtObject ob_base;
    RtObject *coroutine;
} CoroWrapper;

static RtObject *
coroutine_of(RtObject *self)
{
    rt_assert(Rt_IS_TYPE(self, &RtCoroWrapper_Type));
    return ((CoroWrapper *)self)->coroutine;
}

RtObject *
RtCoro_Await(RtObject *coroutine)
{
    CoroWrapper *self = (CoroWrapper *)RtObject_New(&RtCoroWrapper_Type, 0);
    if (self != NULL) {
        self->coroutine = Rt_NewRef(coroutine);
        RtGC_Track((RtObject *)self);
    }
    return (RtObject *)self;
}

static void
wrapper_dealloc(RtObject *self)
{
    RtGC_Untrack(self);
    Rt_DECREF(coroutine_of(self));
    RtObject_Free(self);
}

static int
wrapper_traverse(RtObject *self, visitproc visit, void *arg)
{
    Rt_VISIT(coroutine_of(self));
    return 0;
}

static RtObject *
wrapper_iter(RtObject *self)
{
    return Rt_NewRef(self);
}

static RtObject *
wrapper_next(RtObject *self)
{
    return RtGen_CallSend(coroutine_of(self), Rt_None);
}

static RtObject *
wrapper_send(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    return RtGen_CallSend(coroutine_of(self), args[0]);
}

static RtObject *
wrapper_throw(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    return RtGen_CallThrow(coroutine_of(self), args[0]);
}

static RtObject *
wrapper_close(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    (void)nargs;
    return RtGen_Close(coroutine_of(self));
}

static RtMethodDef wrapper_methods[] = {
    { "send", wrapper_send, 1, 1 },
    { "throw", wrapper_throw, 1, 1 },
    { "close", wrapper_close, 0, 0 },
    { NULL, NULL, 0, 0 },
};

RtTypeObject RtCoroWrapper_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "coroutine_wrapper",
    .tp_basicsize = sizeof(CoroWrapper),
    .tp_flags = RT_TPFLAGS_HAVE_GC,
    .tp_dealloc = wrapper_dealloc,
    .tp_traverse = wrapper_traverse,
    .tp_iter = wrapper_iter,
    .tp_iternext = wrapper_next,
    .tp_methods = wrapper_methods,
};

// ---------------------------------------------------------------------------
// await

static RtObject *
await_coroutine(RtObject *coroutine)
{
    int state = rt_atomic_load_int_relaxed(
        &((RtGenObject *)coroutine)->gi_frame_state);
    if (state == RT_GEN_SUSPENDED_YIELD_FROM) {
        RtErr_SetString(&RtExc_RuntimeError,
                        "coroutine is being awaited already");
        return NULL;
    }
    return Rt_NewRef(coroutine);
}

// Steals the result of __await__().
static RtObject *
check_iterator(RtObject *iter)
{
    if (Rt_IS_TYPE(iter, &RtCoro_Type)) {
        RtErr_SetString(&RtExc_TypeError,
                        "__await__() returned a coroutine");
    }
    else if (Rt_TYPE(iter)->tp_iternext == NULL) {
        RtErr_Format(&RtExc_TypeError,
                     "__await__() returned non-iterator of type '%s'",
                     Rt_TYPE(iter)->tp_name);
    }
    else {
        return iter;
    }
    Rt_DECREF(iter);
    return NULL;
}

// _get_awaitable(object): the iterator that `await object` goes through; a
// coroutine is its own.
static RtObject *
get_awaitable(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)nargs;
    RtObject *op = args[0];
    if (Rt_IS_TYPE(op, &RtCoro_Type)) {
        return await_coroutine(op);
    }
    RtObject *name = RtStr_FromString("__await__");
    RtObject *method =
        name != NULL ? RtType_LookupRef(Rt_TYPE(op), name) : NULL;
    Rt_XDECREF(name);
    if (method == NULL) {
        if (RtErr_Occurred() == NULL) {
            RtErr_Format(&RtExc_TypeError,
                         "object %s can't be used in 'await' expression",
                         Rt_TYPE(op)->tp_name);
        }
        return NULL;
    }
    RtObject *iter = RtObject_CallAttribute(method, op, NULL, 0);
    Rt_DECREF(method);
    return iter != NULL ? check_iterator(iter) : NULL;
}

RtMethodDef rt_coroutine_functions[] = {
    { "_get_awaitable", get_awaitable, 1, 1 },
    { NULL, NULL, 0, 0 },
};

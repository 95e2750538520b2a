// atexit.c: functions to be called when an interpreter ends, last in, first
// out.
//
// An interpreter's callbacks are tuples, function and arguments, in a list,
// whose own lock guards it: who takes one out calls it, so each is called once,
// although threads may register others all the while. The list is made by the
// first who needs one. What is registered when the callbacks have
// been called is dropped.
// Mirrors Modules/atexitmodule.c (CPython 3.14, where the list replaces an
// array that threads overran); departs: flat names, no keyword arguments.

#include "module.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_code.h"
#include "rtcore_object.h"
#include "rtcore_state.h"
#include "rtcore_types.h"       // RtTupleObject

// Borrowed: it stays until nobody else is there. NULL: MemoryError.
static RtObject *
get_callbacks(RtInterpreterState *interp)
{
    RtObject *list = rt_atomic_load_ptr_acquire(&interp->atexit_callbacks);
    if (list != NULL) {
        return list;
    }
    RtObject *made = RtList_New(0);
    if (made == NULL) {
        return NULL;
    }
    void *expected = NULL;
    if (rt_atomic_compare_exchange_ptr(&interp->atexit_callbacks, &expected,
                                       made)) {
        return made;
    }
    Rt_DECREF(made);
    return expected;
}

// atexit_register(func, *args)
static RtObject *
atexit_register(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    RtInterpreterState *interp = RtThreadState_Get()->interp;
    if (Rt_TYPE(args[0])->tp_call == NULL) {
        RtErr_SetString(&RtExc_TypeError,
                        "the first argument must be callable");
        return NULL;
    }
    if (rt_atomic_load_int(&interp->atexit_closed)) {
        return Rt_NewRef(args[0]);
    }
    RtObject *list = get_callbacks(interp);
    RtObject *callback = list != NULL ? RtTuple_New(nargs) : NULL;
    if (callback == NULL) {
        return NULL;
    }
    for (ssize_t i = 0; i < nargs; i++) {
        RtTuple_SetItem(callback, i, Rt_NewRef(args[i]));
    }
    int result = RtList_Append(list, callback);
    Rt_DECREF(callback);
    return result == 0 ? Rt_NewRef(args[0]) : NULL;
}

static RtObject *
atexit_ncallbacks(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    RtInterpreterState *interp = RtThreadState_Get()->interp;
    RtObject *list = rt_atomic_load_ptr_acquire(&interp->atexit_callbacks);
    return RtLong_FromInt64(list != NULL ? RtList_Size(list) : 0);
}

static void
call_callback(RtInterpreterState *interp, RtObject *callback)
{
    RtTupleObject *tuple = (RtTupleObject *)callback;
    RT_NOTE(ATEXIT_CALLED, callback, (uintptr_t)interp);
    (void)interp;
    RtObject *result = RtObject_Vectorcall(
        tuple->ob_item[0], tuple->ob_item + 1, Rt_SIZE(tuple) - 1);
    if (result == NULL) {
        RtErr_WriteUnraisable(tuple->ob_item[0]);
    }
    Rt_XDECREF(result);
}

void
RtAtExit_Call(RtThreadState *tstate)
{
    RtInterpreterState *interp = tstate->interp;
    RtObject *list = rt_atomic_load_ptr_acquire(&interp->atexit_callbacks);
    // A callback may register others, and daemons may all the while.
    while (list != NULL && RtList_Size(list) > 0) {
        RtObject *callback = RtList_Pop(list, -1);
        if (callback == NULL) {
            RtErr_Clear();
            break;
        }
        call_callback(interp, callback);
        Rt_DECREF(callback);
    }
}

void
RtAtExit_Close(RtInterpreterState *interp)
{
    rt_atomic_store_int(&interp->atexit_closed, 1);
    RtObject *list = rt_atomic_load_ptr_acquire(&interp->atexit_callbacks);
    rt_atomic_store_ptr(&interp->atexit_callbacks, NULL);
    Rt_XDECREF(list);
}

RtMethodDef rt_atexit_functions[] = {
    { "atexit_register", atexit_register, 1, -1 },
    { "atexit_ncallbacks", atexit_ncallbacks, 0, 0 },
    { NULL, NULL, 0, 0 },
};

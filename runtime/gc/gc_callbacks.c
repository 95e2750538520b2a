// gc_callbacks.c: functions of the program that learn when a collection begins
// and when it ends.
//
// The list is made when it is first asked for, and is the same one until the
// interpreter ends. It is the program's: any thread changes it at any time, so
// each item is read anew, and owned while it is called. While callbacks run,
// no other collection begins.
// Mirrors invoke_gc_callback() of Python/gc.c (CPython 3.13); departs: no names
// are imported; the items of the list are not borrowed (3.13 does).

#include "rtcore_gc.h"

#include "rt_errors.h"
#include "rt_types.h"

RtObject *
RtGC_GetCallbacks(RtInterpreterState *interp)
{
    RtObject *list = rt_atomic_load_ptr_acquire(&interp->gc.callbacks);
    if (list != NULL) {
        return Rt_NewRef(list);
    }
    RtObject *made = RtList_New(0);
    if (made == NULL) {
        return NULL;
    }
    if (rt_atomic_compare_exchange_ptr(&interp->gc.callbacks, &list,
                                       Rt_NewRef(made)))
    {
        return made;
    }
    Rt_DECREF(made);
    Rt_DECREF(made);
    return Rt_NewRef(list);
}

// 0, or -1 with an exception.
static int
set_number(RtObject *dict, const char *key, ssize_t number)
{
    RtObject *name = RtStr_FromString(key);
    RtObject *value = name == NULL ? NULL : RtLong_FromInt64(number);
    int result = value == NULL ? -1 : RtDict_SetItem(dict, name, value);
    Rt_XDECREF(name);
    Rt_XDECREF(value);
    return result;
}

// A new dict, or NULL.
static RtObject *
make_info(int generation, ssize_t collected)
{
    RtObject *info = RtDict_New();
    if (info == NULL || set_number(info, "generation", generation) < 0 ||
        set_number(info, "collected", collected) < 0 ||
        set_number(info, "uncollectable", 0) < 0)
    {
        Rt_CLEAR(info);
    }
    return info;
}

static void
call_each(RtObject *list, RtObject *const *args)
{
    for (ssize_t i = 0; i < RtList_Size(list); i++) {
        RtObject *callback = RtList_GetItemRef(list, i);
        if (callback == NULL) {
            RtErr_Clear();      // it has become shorter
            return;
        }
        RtObject *result = RtObject_Vectorcall(callback, args, 2);
        if (result == NULL) {
            RtErr_WriteUnraisable(callback);
        }
        Rt_XDECREF(result);
        Rt_DECREF(callback);
    }
}

void
RtGC_CallCallbacks(RtThreadState *tstate, RtGcPhase phase, int generation,
                   ssize_t collected)
{
    RtInterpreterState *interp = tstate->interp;
    RtObject *list = rt_atomic_load_ptr_acquire(&interp->gc.callbacks);
    if (list == NULL || RtList_Size(list) == 0) {
        return;
    }
    RT_NOTE(GC_CALLBACKS, interp, phase);
    RtObject *args[2] = {
        RtStr_FromString(phase == RT_GC_START ? "start" : "stop"), NULL,
    };
    if (args[0] != NULL) {
        args[1] = make_info(generation, collected);
    }
    if (args[1] != NULL) {
        call_each(list, args);
    }
    else {
        RtErr_WriteUnraisable(NULL);
    }
    Rt_XDECREF(args[1]);
    Rt_XDECREF(args[0]);
}

void
RtGC_DropCallbacks(RtInterpreterState *interp)
{
    RtObject *list = rt_atomic_exchange_ptr(&interp->gc.callbacks, NULL);
    Rt_XDECREF(list);
}

// errors.c: raising exceptions.
//
// The raised exception is a field of the attached thread state, which owns it;
// only its thread touches it. An exception is made by calling its type, except
// MemoryError: one immortal instance exists from the start, so that raising it
// needs no memory.
// What is raised while a handler of the thread's frames deals with another
// exception has that as its context.
// Mirrors Python/errors.c (CPython 3.13); departs: none.

#include "rt_errors.h"

#include "rt_types.h"
#include "rtcore_assert.h"
#include "rtcore_code.h"
#include "rtcore_hooks.h"
#include "rtcore_object.h"
#include "rtcore_types.h"

#include <stdarg.h>
#include <stdio.h>

enum { MESSAGE_MAX = 256 };

// Written during start-up only.
static RtObject *last_resort_memory_error;

int
RtErr_Init(void)
{
    if (last_resort_memory_error != NULL) {
        return 0;
    }
    RtObject *exc = RtObject_CallNoArgs((RtObject *)&RtExc_MemoryError);
    if (exc == NULL) {
        return -1;
    }
    RtObject *args = RtException_GetArgs(exc);
    if (args == NULL) {
        return -1;
    }
    RtObject_SetImmortal(args);
    RtObject_SetImmortal(exc);
    last_resort_memory_error = exc;
    return 0;
}

void
RtErr_SetRaisedException(RtObject *exc)
{
    RtThreadState *tstate = RtThreadState_Get();
    rt_assert(tstate != NULL);
    rt_assert(exc == NULL ||
              RtType_HasFeature(Rt_TYPE(exc), RT_TPFLAGS_BASE_EXC_SUBCLASS));
    RtObject *old = tstate->current_exception;
    tstate->current_exception = exc;
    Rt_XDECREF(old);
}

RtObject *
RtErr_GetRaisedException(void)
{
    RtThreadState *tstate = RtThreadState_Get();
    rt_assert(tstate != NULL);
    RtObject *exc = tstate->current_exception;
    tstate->current_exception = NULL;
    return exc;
}

RtTypeObject *
RtErr_Occurred(void)
{
    RtThreadState *tstate = RtThreadState_Get();
    rt_assert(tstate != NULL);
    RtObject *exc = tstate->current_exception;
    return exc == NULL ? NULL : Rt_TYPE(exc);
}

void
RtErr_Clear(void)
{
    RtErr_SetRaisedException(NULL);
}

int
RtErr_ExceptionMatches(RtTypeObject *type)
{
    RtTypeObject *raised = RtErr_Occurred();
    return raised != NULL && RtType_IsSubtype(raised, type);
}

// Whether `exc` stands in the chain of contexts that starts at `from`, which
// may run in a circle already: then the link to it is cut.
static void
cut_context(RtObject *from, RtObject *exc)
{
    RtObject *o = Rt_NewRef(from);
    RtObject *slow = Rt_NewRef(from);
    bool step = false;
    RtObject *context;
    while ((context = RtException_GetContext(o)) != NULL) {
        if (context == exc) {
            RtException_SetContext(o, NULL);
            break;
        }
        Rt_DECREF(o);
        o = Rt_NewRef(context);
        if (o == slow) {
            break;              // it met itself
        }
        if (step) {
            RtObject *next = RtException_GetContext(slow);
            Rt_DECREF(slow);
            slow = next != NULL ? next : Rt_NewRef(o);
        }
        step = !step;
        Rt_CLEAR(context);
    }
    Rt_XDECREF(context);
    Rt_DECREF(o);
    Rt_DECREF(slow);
}

void
RtErr_SetContext(RtObject *exc)
{
    RtObject *handled = RtFrame_GetHandled(RtThreadState_Get()->current_frame);
    // Damaged code may handle what is no exception.
    if (handled == NULL || handled == exc || Rt_IsImmortal(exc) ||
        !RtType_HasFeature(Rt_TYPE(handled), RT_TPFLAGS_BASE_EXC_SUBCLASS))
    {
        return;
    }
    Rt_INCREF(handled);
    cut_context(handled, exc);
    RtException_SetContext(exc, handled);
    Rt_DECREF(handled);
}

// Raises what calling the type made, or the exception that the call raised.
static void
raise_instance(RtTypeObject *type, RtObject *instance)
{
    if (instance == NULL) {
        return;
    }
    if (!RtType_HasFeature(Rt_TYPE(instance), RT_TPFLAGS_BASE_EXC_SUBCLASS)) {
        Rt_DECREF(instance);
        RtErr_Format(&RtExc_TypeError,
                     "calling %s should have returned an instance of "
                     "BaseException", type->tp_name);
        return;
    }
    RtErr_SetContext(instance);
    RtErr_SetRaisedException(instance);
}

void
RtErr_SetNone(RtTypeObject *type)
{
    RtErr_Clear();
    raise_instance(type, RtObject_CallNoArgs((RtObject *)type));
}

void
RtErr_SetObject(RtTypeObject *type, RtObject *value)
{
    RtErr_Clear();
    raise_instance(type, RtObject_CallOneArg((RtObject *)type, value));
}

void
RtErr_SetString(RtTypeObject *type, const char *message)
{
    RtErr_Clear();
    RtObject *text = RtStr_FromString(message);
    if (text == NULL) {
        return;
    }
    raise_instance(type, RtObject_CallOneArg((RtObject *)type, text));
    Rt_DECREF(text);
}

void
RtErr_Format(RtTypeObject *type, const char *format, ...)
{
    char small[MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(small, sizeof(small), format, args);
    va_end(args);
    char *message = small;
    if (size >= MESSAGE_MAX) {
        message = RtMem_Malloc((size_t)size + 1);
        if (message == NULL) {
            (void)RtErr_NoMemory();
            return;
        }
        va_start(args, format);
        vsnprintf(message, (size_t)size + 1, format, args);
        va_end(args);
    }
    RtErr_SetString(type, message);
    if (message != small) {
        RtMem_Free(message);
    }
}

void *
RtErr_NoMemory(void)
{
    if (last_resort_memory_error == NULL) {
        Rt_FatalError(__func__, "out of memory during start-up");
    }
    RtErr_SetRaisedException(Rt_NewRef(last_resort_memory_error));
    return NULL;
}

RtObject *
RtErr_FormatException(RtObject *exc)
{
    const char *type_name = Rt_TYPE(exc)->tp_name;
    RtObject *text = RtObject_Str(exc);
    if (text == NULL) {
        RtErr_Clear();
        return RtStr_FromFormat("%s: <exception str() failed>", type_name);
    }
    const char *message = RtStr_AsUTF8(text);
    RtObject *result = message[0] == '\0'
        ? RtStr_FromString(type_name)
        : RtStr_FromFormat("%s: %s", type_name, message);
    Rt_DECREF(text);
    return result;
}

void
RtErr_WriteUnraisable(RtObject *context)
{
    RtObject *exc = RtErr_GetRaisedException();
    rt_assert(exc != NULL);
    RtObject *where = context == NULL ? NULL : RtObject_Repr(context);
    RtErr_Clear();
    RtObject *text = RtErr_FormatTraceback(exc);
    RtErr_Clear();
    RtStrWriter w;
    RtStrWriter_Init(&w);
    RtStrWriter_WriteString(&w, "Exception ignored in: ");
    RtStrWriter_WriteString(&w, where == NULL ? "?" : RtStr_AsUTF8(where));
    RtStrWriter_WriteString(&w, "\n");
    RtStrWriter_WriteString(&w, text == NULL ? Rt_TYPE(exc)->tp_name
                                             : RtStr_AsUTF8(text));
    if (text == NULL) {
        RtStrWriter_WriteString(&w, "\n");
    }
    if (!w.failed) {
        rt_world->write_error(w.data, (size_t)w.size);
    }
    RtStrWriter_Discard(&w);
    Rt_XDECREF(where);
    Rt_XDECREF(text);
    Rt_DECREF(exc);
}

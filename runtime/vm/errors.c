// errors.c: raising exceptions.
//
// The raised exception is a field of the attached thread state, which owns it;
// only its thread touches it. An exception is made by calling its type, except
// MemoryError: one immortal instance exists from the start, so that raising it
// needs no memory.
// Mirrors Python/errors.c (CPython 3.13); departs: no traceback, no context.

#include "rt_errors.h"

#include "rt_types.h"
#include "rtcore_assert.h"
#include "rtcore_code.h"
#include "rtcore_hooks.h"
#include "rtcore_object.h"

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
    char message[MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    RtErr_SetString(type, message);
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
    if (exc == NULL) {
        return;
    }
    RtObject *text = RtErr_FormatException(exc);
    if (text == NULL) {
        RtErr_Clear();
    }
    const char *where = "?";
    if (context != NULL) {
        where = Rt_IS_TYPE(context, &RtFunction_Type)
            ? RtStr_AsUTF8(((RtFunctionObject *)context)->func_name)
            : Rt_TYPE(context)->tp_name;
    }
    char line[MESSAGE_MAX];
    int n = snprintf(line, sizeof(line), "Exception ignored in %s: %s\n",
                     where, text == NULL ? Rt_TYPE(exc)->tp_name
                                         : RtStr_AsUTF8(text));
    if (n >= (int)sizeof(line)) {
        n = (int)sizeof(line) - 1;
        line[n - 1] = '\n';
    }
    rt_world->write(line, (size_t)n);
    Rt_XDECREF(text);
    Rt_DECREF(exc);
}

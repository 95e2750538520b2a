// exceptions.c: BaseException and the types that derive from it.
//
// An exception holds a tuple, args, which a program may replace: it is taken
// and exchanged under the object's lock, and used through a reference of one's
// own. The types differ only in their names, except where exc_str() and
// exc_getattro() say so.
// Mirrors Objects/exceptions.c (CPython 3.13); departs: no traceback, cause or
// context, no fields besides args and StopIteration.value.

#include "rtcore_types.h"
#include "rt_critical_section.h"
#include "rt_errors.h"
#include "rtcore_traceback.h"

#include <string.h>

static inline RtExceptionObject *
as_exception(RtObject *op)
{
    rt_assert(RtType_HasFeature(Rt_TYPE(op), RT_TPFLAGS_BASE_EXC_SUBCLASS));
    return (RtExceptionObject *)op;
}

// An empty tuple if the collector has cleared them.
RtObject *
RtException_GetArgs(RtObject *exc)
{
    RtObject *args;
    RT_BEGIN_CRITICAL_SECTION(exc);
    args = Rt_XNewRef(as_exception(exc)->args);
    RT_END_CRITICAL_SECTION();
    return args != NULL ? args : RtTuple_New(0);
}

// Steals args, which may be NULL.
static void
set_args(RtObject *exc, RtObject *args)
{
    RtObject *old;
    RT_BEGIN_CRITICAL_SECTION(exc);
    old = as_exception(exc)->args;
    as_exception(exc)->args = args;
    RT_END_CRITICAL_SECTION();
    Rt_XDECREF(old);
}

void
RtException_SetTraceback(RtObject *exc, RtObject *traceback)
{
    RtObject *old;
    Rt_XINCREF(traceback);
    RT_BEGIN_CRITICAL_SECTION(exc);
    old = as_exception(exc)->traceback;
    as_exception(exc)->traceback = traceback;
    RT_END_CRITICAL_SECTION();
    Rt_XDECREF(old);
}

RtObject *
RtException_GetTraceback(RtObject *exc)
{
    RtObject *traceback;
    RT_BEGIN_CRITICAL_SECTION(exc);
    traceback = Rt_XNewRef(as_exception(exc)->traceback);
    RT_END_CRITICAL_SECTION();
    return traceback;
}

static RtObject *
exc_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    RtObject *tuple = RtTuple_FromArray(args, nargs);
    if (tuple == NULL) {
        return NULL;
    }
    RtExceptionObject *exc = (RtExceptionObject *)RtObject_New(type, 0);
    if (exc == NULL) {
        Rt_DECREF(tuple);
        return NULL;
    }
    exc->args = tuple;
    RtGC_Track((RtObject *)exc);
    return (RtObject *)exc;
}

static void
exc_dealloc(RtObject *op)
{
    RtGC_Untrack(op);
    Rt_CLEAR(as_exception(op)->args);
    Rt_CLEAR(as_exception(op)->dict);
    Rt_CLEAR(as_exception(op)->traceback);
    RtObject_Free(op);
}

static int
exc_traverse(RtObject *op, visitproc visit, void *arg)
{
    Rt_VISIT(as_exception(op)->args);
    Rt_VISIT(as_exception(op)->dict);
    Rt_VISIT(as_exception(op)->traceback);
    return 0;
}

// The dict stays: attribute lookup reads the pointer without a lock, and the
// collector clears the dict itself.
static int
exc_clear(RtObject *op)
{
    set_args(op, NULL);
    RtException_SetTraceback(op, NULL);
    return 0;
}

static RtObject *
str_of_args(RtObject *exc, RtObject *args)
{
    if (RtTuple_Size(args) == 0) {
        return RtStr_FromStringAndSize("", 0);
    }
    if (RtTuple_Size(args) > 1) {
        return RtObject_Str(args);
    }
    // So that str(KeyError('')) is not empty.
    if (RtType_IsSubtype(Rt_TYPE(exc), &RtExc_KeyError)) {
        return RtObject_Repr(RtTuple_GetItem(args, 0));
    }
    return RtObject_Str(RtTuple_GetItem(args, 0));
}

static RtObject *
exc_str(RtObject *op)
{
    RtObject *args = RtException_GetArgs(op);
    if (args == NULL) {
        return NULL;
    }
    RtObject *result = NULL;
    if (RtRecursion_Enter(" while getting the str of an object") == 0) {
        result = str_of_args(op, args);
        RtRecursion_Leave();
    }
    Rt_DECREF(args);
    return result;
}

static RtObject *
repr_of_args(RtObject *exc, RtObject *args)
{
    bool single = RtTuple_Size(args) == 1;
    RtStrWriter w;
    RtStrWriter_Init(&w);
    RtStrWriter_WriteString(&w, Rt_TYPE(exc)->tp_name);
    if (single) {
        RtStrWriter_Write(&w, "(", 1);
    }
    int status = RtStrWriter_WriteRepr(
        &w, single ? RtTuple_GetItem(args, 0) : args);
    if (single) {
        RtStrWriter_Write(&w, ")", 1);
    }
    if (status < 0) {
        RtStrWriter_Discard(&w);
        return NULL;
    }
    return RtStrWriter_Finish(&w);
}

static RtObject *
exc_repr(RtObject *op)
{
    RtObject *args = RtException_GetArgs(op);
    if (args == NULL) {
        return NULL;
    }
    RtObject *result = NULL;
    if (RtRecursion_Enter(" while getting the repr of an object") == 0) {
        result = repr_of_args(op, args);
        RtRecursion_Leave();
    }
    Rt_DECREF(args);
    return result;
}

static bool
is_name(RtObject *name, const char *text)
{
    return RtStr_Check(name) && strcmp(RtStr_AsUTF8(name), text) == 0;
}

static RtObject *
exc_getattro(RtObject *op, RtObject *name)
{
    if (is_name(name, "args")) {
        return RtException_GetArgs(op);
    }
    if (is_name(name, "value")
        && RtType_IsSubtype(Rt_TYPE(op), &RtExc_StopIteration)) {
        RtObject *args = RtException_GetArgs(op);
        if (args == NULL) {
            return NULL;
        }
        RtObject *value = Rt_NewRef(
            RtTuple_Size(args) > 0 ? RtTuple_GetItem(args, 0) : Rt_None);
        Rt_DECREF(args);
        return value;
    }
    return RtObject_GenericGetAttr(op, name);
}

static int
exc_setattro(RtObject *op, RtObject *name, RtObject *value)
{
    if (!is_name(name, "args")) {
        return RtObject_GenericSetAttr(op, name, value);
    }
    if (value == NULL) {
        RtErr_SetString(&RtExc_TypeError, "args may not be deleted");
        return -1;
    }
    RtObject *args = RtObject_CallOneArg((RtObject *)&RtTuple_Type, value);
    if (args == NULL) {
        return -1;
    }
    set_args(op, args);
    return 0;
}

RtTypeObject RtExc_BaseException = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "BaseException",
    .tp_basicsize = sizeof(RtExceptionObject),
    .tp_flags = RT_TPFLAGS_BASETYPE | RT_TPFLAGS_HAVE_GC
                | RT_TPFLAGS_BASE_EXC_SUBCLASS,
    .tp_dictoffset = offsetof(RtExceptionObject, dict),
    .tp_dealloc = exc_dealloc,
    .tp_traverse = exc_traverse,
    .tp_clear = exc_clear,
    .tp_repr = exc_repr,
    .tp_str = exc_str,
    .tp_getattro = exc_getattro,
    .tp_setattro = exc_setattro,
    .tp_new = exc_new,
};

// Everything else comes from the base when the type is readied.
#define DEFINE_EXCEPTION(name, base) \
    RtTypeObject RtExc_##name = { \
        .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type), \
        .tp_name = #name, \
        .tp_flags = RT_TPFLAGS_BASETYPE | RT_TPFLAGS_BASE_EXC_SUBCLASS, \
        .tp_base = &RtExc_##base, \
    };
RT_EXCEPTION_ROWS(DEFINE_EXCEPTION)

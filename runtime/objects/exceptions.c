// exceptions.c: BaseException and the types that derive from it.
//
// What an exception holds (args, traceback, cause, context) a program may
// replace, and so may several threads that raise one exception at once: it is
// taken and exchanged under the object's lock, and used through a reference of
// one's own. The types differ only in their names, except where exc_str() and
// the tables of attributes say so. The MemoryError that exists from the start
// is immortal and keeps nothing.
// Mirrors Objects/exceptions.c (CPython 3.13); departs: fields of the types of
// errors are made of args when they are asked for; no ExceptionGroup.

#include "rtcore_types.h"
#include "rt_critical_section.h"
#include "rt_errors.h"
#include "rtcore_traceback.h"
#include "rtcore_type.h"

static inline RtExceptionObject *
as_exception(RtObject *op)
{
    rt_assert(RtType_HasFeature(Rt_TYPE(op), RT_TPFLAGS_BASE_EXC_SUBCLASS));
    return (RtExceptionObject *)op;
}

// A reference to what stands in the field, or NULL.
static RtObject *
get_field(RtObject *exc, RtObject **field)
{
    RtObject *value;
    RT_BEGIN_CRITICAL_SECTION(exc);
    value = Rt_XNewRef(*field);
    RT_END_CRITICAL_SECTION();
    return value;
}

// Steals the value, which may be NULL.
static void
set_field(RtObject *exc, RtObject **field, RtObject *value)
{
    RtObject *old = value;
    if (!Rt_IsImmortal(exc)) {
        RT_BEGIN_CRITICAL_SECTION(exc);
        old = *field;
        *field = value;
        RT_END_CRITICAL_SECTION();
    }
    Rt_XDECREF(old);
}

// An empty tuple if the collector has cleared them.
RtObject *
RtException_GetArgs(RtObject *exc)
{
    RtObject *args = get_field(exc, &as_exception(exc)->args);
    return args != NULL ? args : RtTuple_New(0);
}

void
RtException_SetTraceback(RtObject *exc, RtObject *traceback)
{
    set_field(exc, &as_exception(exc)->traceback, Rt_XNewRef(traceback));
}

RtObject *
RtException_GetTraceback(RtObject *exc)
{
    return get_field(exc, &as_exception(exc)->traceback);
}

RtObject *
RtException_GetCause(RtObject *exc)
{
    return get_field(exc, &as_exception(exc)->cause);
}

RtObject *
RtException_GetContext(RtObject *exc)
{
    return get_field(exc, &as_exception(exc)->context);
}

static void
set_suppress_context(RtObject *exc, bool value)
{
    if (!Rt_IsImmortal(exc)) {
        RT_BEGIN_CRITICAL_SECTION(exc);
        as_exception(exc)->suppress_context = value;
        RT_END_CRITICAL_SECTION();
    }
}

bool
RtException_GetSuppressContext(RtObject *exc)
{
    bool value;
    RT_BEGIN_CRITICAL_SECTION(exc);
    value = as_exception(exc)->suppress_context;
    RT_END_CRITICAL_SECTION();
    return value;
}

void
RtException_SetContext(RtObject *exc, RtObject *context)
{
    set_field(exc, &as_exception(exc)->context, Rt_XNewRef(context));
}

static bool
is_exception(RtObject *op)
{
    return RtType_HasFeature(Rt_TYPE(op), RT_TPFLAGS_BASE_EXC_SUBCLASS);
}

int
RtException_SetCause(RtObject *exc, RtObject *cause)
{
    if (cause == Rt_None) {
        cause = NULL;
    }
    if (cause != NULL && !is_exception(cause)) {
        RtErr_SetString(&RtExc_TypeError, "exception cause must be None or "
                        "derive from BaseException");
        return -1;
    }
    set_suppress_context(exc, true);
    set_field(exc, &as_exception(exc)->cause, Rt_XNewRef(cause));
    return 0;
}

// ---------------------------------------------------------------------------
// Life.

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
    RtExceptionObject *exc = as_exception(op);
    RtGC_Untrack(op);
    Rt_CLEAR(exc->args);
    Rt_CLEAR(exc->dict);
    Rt_CLEAR(exc->traceback);
    Rt_CLEAR(exc->cause);
    Rt_CLEAR(exc->context);
    RtObject_Free(op);
}

static int
exc_traverse(RtObject *op, visitproc visit, void *arg)
{
    RtExceptionObject *exc = as_exception(op);
    Rt_VISIT(exc->args);
    Rt_VISIT(exc->dict);
    Rt_VISIT(exc->traceback);
    Rt_VISIT(exc->cause);
    Rt_VISIT(exc->context);
    return 0;
}

// The dict stays: attribute lookup reads the pointer without a lock, and the
// collector clears the dict itself.
static int
exc_clear(RtObject *op)
{
    RtExceptionObject *exc = as_exception(op);
    set_field(op, &exc->args, NULL);
    set_field(op, &exc->traceback, NULL);
    set_field(op, &exc->cause, NULL);
    set_field(op, &exc->context, NULL);
    return 0;
}

// ---------------------------------------------------------------------------
// Text.

// [Errno 2] text: 'file'
static RtObject *
str_of_os_error(RtObject *args)
{
    RtStrWriter w;
    RtStrWriter_Init(&w);
    ssize_t n = RtTuple_Size(args);
    int status = 0;
    for (int i = 0; i < 2 && status == 0; i++) {
        RtObject *text = RtObject_Str(RtTuple_GetItem(args, i));
        if (text == NULL) {
            status = -1;
            break;
        }
        RtStrWriter_WriteString(&w, i == 0 ? "[Errno " : "] ");
        RtStrWriter_Write(&w, RtStr_DATA(text), Rt_SIZE(text));
        Rt_DECREF(text);
    }
    if (status == 0 && n > 2) {
        RtStrWriter_WriteString(&w, ": ");
        status = RtStrWriter_WriteRepr(&w, RtTuple_GetItem(args, 2));
    }
    if (status < 0) {
        RtStrWriter_Discard(&w);
        return NULL;
    }
    return RtStrWriter_Finish(&w);
}

static RtObject *
str_of_args(RtObject *exc, RtObject *args)
{
    if (RtTuple_Size(args) == 0) {
        return RtStr_FromStringAndSize("", 0);
    }
    if (RtTuple_Size(args) > 1) {
        bool os_error = RtType_IsSubtype(Rt_TYPE(exc), &RtExc_OSError) &&
                        RtTuple_Size(args) <= 5;
        return os_error ? str_of_os_error(args) : RtObject_Str(args);
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

// ---------------------------------------------------------------------------
// Attributes.

static RtObject *
none_if_null(RtObject *value)
{
    return value != NULL ? value : Rt_NewRef(Rt_None);
}

static int
cannot_delete(const char *name)
{
    RtErr_Format(&RtExc_TypeError, "%s may not be deleted", name);
    return -1;
}

static int
set_args(RtObject *op, RtObject *value)
{
    if (value == NULL) {
        return cannot_delete("args");
    }
    RtObject *args = RtObject_CallOneArg((RtObject *)&RtTuple_Type, value);
    if (args == NULL) {
        return -1;
    }
    set_field(op, &as_exception(op)->args, args);
    return 0;
}

static RtObject *
get_traceback(RtObject *op)
{
    return none_if_null(RtException_GetTraceback(op));
}

static int
set_traceback(RtObject *op, RtObject *value)
{
    if (value == NULL) {
        return cannot_delete("__traceback__");
    }
    if (value != Rt_None && !Rt_IS_TYPE(value, &RtTraceback_Type)) {
        RtErr_SetString(&RtExc_TypeError,
                        "__traceback__ must be a traceback or None");
        return -1;
    }
    RtException_SetTraceback(op, value == Rt_None ? NULL : value);
    return 0;
}

static RtObject *
get_cause(RtObject *op)
{
    return none_if_null(RtException_GetCause(op));
}

static int
set_cause(RtObject *op, RtObject *value)
{
    return value == NULL ? cannot_delete("__cause__")
                         : RtException_SetCause(op, value);
}

static RtObject *
get_context(RtObject *op)
{
    return none_if_null(RtException_GetContext(op));
}

static int
set_context(RtObject *op, RtObject *value)
{
    if (value == NULL) {
        return cannot_delete("__context__");
    }
    if (value != Rt_None && !is_exception(value)) {
        RtErr_SetString(&RtExc_TypeError, "exception context must be None or "
                        "derive from BaseException");
        return -1;
    }
    RtException_SetContext(op, value == Rt_None ? NULL : value);
    return 0;
}

static RtObject *
get_suppress(RtObject *op)
{
    return RtBool_FromInt(RtException_GetSuppressContext(op));
}

static int
set_suppress(RtObject *op, RtObject *value)
{
    int truth = value == NULL ? -1 : RtObject_IsTrue(value);
    if (value == NULL) {
        RtErr_SetString(&RtExc_TypeError,
                        "can't delete numeric/char attribute");
    }
    if (truth < 0) {
        return -1;
    }
    set_suppress_context(op, truth != 0);
    return 0;
}

static const RtGetSetDef exc_getset[] = {
    {"args", RtException_GetArgs, set_args},
    {"__traceback__", get_traceback, set_traceback},
    {"__cause__", get_cause, set_cause},
    {"__context__", get_context, set_context},
    {"__suppress_context__", get_suppress, set_suppress},
    {NULL, NULL, NULL},
};

// The i-th of args, None if there are fewer than `least`.
static RtObject *
item_of_args(RtObject *op, ssize_t i, ssize_t least)
{
    RtObject *args = RtException_GetArgs(op);
    if (args == NULL) {
        return NULL;
    }
    ssize_t n = RtTuple_Size(args);
    RtObject *item = Rt_NewRef(n > i && n >= least ? RtTuple_GetItem(args, i)
                                                   : Rt_None);
    Rt_DECREF(args);
    return item;
}

static RtObject *
first_of_args(RtObject *op)
{
    return item_of_args(op, 0, 1);
}

static RtObject *
os_errno(RtObject *op)
{
    return item_of_args(op, 0, 2);
}

static RtObject *
os_strerror(RtObject *op)
{
    return item_of_args(op, 1, 2);
}

static RtObject *
os_filename(RtObject *op)
{
    return item_of_args(op, 2, 3);
}

// SystemExit(a, b).code is a tuple.
static RtObject *
exit_code(RtObject *op)
{
    RtObject *args = RtException_GetArgs(op);
    if (args == NULL || RtTuple_Size(args) > 1) {
        return args;
    }
    Rt_DECREF(args);
    return first_of_args(op);
}

static const RtGetSetDef stop_getset[] = {
    {"value", first_of_args, NULL},
    {NULL, NULL, NULL},
};

static const RtGetSetDef exit_getset[] = {
    {"code", exit_code, NULL},
    {NULL, NULL, NULL},
};

static const RtGetSetDef os_getset[] = {
    {"errno", os_errno, NULL},
    {"strerror", os_strerror, NULL},
    {"filename", os_filename, NULL},
    {NULL, NULL, NULL},
};

static const RtGetSetDef import_getset[] = {
    {"msg", first_of_args, NULL},
    {NULL, NULL, NULL},
};

// ---------------------------------------------------------------------------
// Methods.

static RtObject *
exc_init(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    RtObject *tuple = RtTuple_FromArray(args, nargs);
    if (tuple == NULL) {
        return NULL;
    }
    set_field(self, &as_exception(self)->args, tuple);
    return Rt_None;
}

static RtObject *
exc_with_traceback(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    return set_traceback(self, args[0]) < 0 ? NULL : Rt_NewRef(self);
}

// The list of notes, made if there is none. New reference.
static RtObject *
notes_of(RtObject *self, RtObject *name)
{
    RtObject *notes;
    if (RtObject_GetOptionalAttr(self, name, &notes) != 0) {
        return notes;
    }
    notes = RtList_New(0);
    if (notes != NULL && RtObject_SetAttr(self, name, notes) < 0) {
        Rt_CLEAR(notes);
    }
    return notes;
}

static RtObject *
exc_add_note(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    if (!RtStr_Check(args[0])) {
        RtErr_Format(&RtExc_TypeError, "note must be a str, not '%s'",
                     Rt_TYPE(args[0])->tp_name);
        return NULL;
    }
    RtObject *name = RtStr_FromString("__notes__");
    RtObject *notes = name == NULL ? NULL : notes_of(self, name);
    Rt_XDECREF(name);
    if (notes == NULL) {
        return NULL;
    }
    int status = -1;
    if (RtList_Check(notes)) {
        status = RtList_Append(notes, args[0]);
    }
    else {
        RtErr_SetString(&RtExc_TypeError,
                        "Cannot add note: __notes__ is not a list");
    }
    Rt_DECREF(notes);
    return status < 0 ? NULL : Rt_None;
}

static RtMethodDef exc_methods[] = {
    {"__init__", exc_init, 0, -1},
    {"add_note", exc_add_note, 1, 1},
    {"with_traceback", exc_with_traceback, 1, 1},
    {NULL, NULL, 0, 0},
};

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
    .tp_new = exc_new,
    .tp_methods = exc_methods,
    .tp_getset = exc_getset,
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

void
RtExc_AddAttributes(void)
{
    RtExc_StopIteration.tp_getset = stop_getset;
    RtExc_SystemExit.tp_getset = exit_getset;
    RtExc_OSError.tp_getset = os_getset;
    RtExc_ImportError.tp_getset = import_getset;
}

// observe.c: values and exceptions as text that does not depend on addresses,
// hashes or the order of sets, and that runs nothing of the program. One
// program at a time. reference.py has the same in Python: change both.

#include "observe.h"

#include <stdlib.h>
#include <string.h>

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_code.h"
#include "rtcore_deque.h"
#include "rtcore_object.h"
#include "rtcore_state.h"

enum { MAX_DEPTH = 4, MAX_VALUES = 100, MAX_CHAIN = 3 };

static FzBuf *log_out;
static bool with_messages;
static int values_left;         // of the value that is being written

static void write_value(FzBuf *out, RtObject *value, int depth);

static void
write_text(FzBuf *out, const char *text)
{
    FzBuf_Append(out, text, strlen(text));
}

// As __name__ has it: without the module.
static const char *
name_of(const RtTypeObject *type)
{
    const char *dot = strrchr(type->tp_name, '.');
    return dot != NULL ? dot + 1 : type->tp_name;
}

// Steals the str, which may be NULL; its addresses are left out.
static void
write_str(FzBuf *out, RtObject *str)
{
    if (str == NULL) {
        RtErr_Clear();
        write_text(out, "<error>");
        return;
    }
    const char *at = RtStr_AsUTF8(str);
    for (const char *mark; (mark = strstr(at, "0x")) != NULL; ) {
        FzBuf_Append(out, at, (size_t)(mark + 2 - at));
        at = mark + 2 + strspn(mark + 2, "0123456789abcdef");
    }
    write_text(out, at);
    Rt_DECREF(str);
}

static void
write_int(FzBuf *out, RtObject *value)
{
    int64_t small = RtLong_AsInt64(value);
    if (small != -1 || RtErr_Occurred() == NULL) {
        FzBuf_Printf(out, "%lld", (long long)small);
        return;
    }
    RtErr_Clear();
    RtObject *spec = RtStr_FromString("#x");
    write_str(out, spec != NULL ? RtObject_Format(value, spec) : NULL);
    Rt_XDECREF(spec);
}

static int
compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// Steals the iterable: its items, by their text if sorted.
static void
write_items(FzBuf *out, RtObject *items, int depth, bool sorted)
{
    char *texts[MAX_VALUES];
    size_t n = 0;
    RtObject *iter = items != NULL ? RtObject_GetIter(items) : NULL;
    RtObject *item;
    while (iter != NULL && n < MAX_VALUES &&
           (item = RtIter_Next(iter)) != NULL)
    {
        FzBuf text = { 0 };
        write_value(&text, item, depth);
        texts[n] = strdup(FzBuf_CString(&text));
        FZ_ASSERT(texts[n] != NULL);
        n++;
        FzBuf_Free(&text);
        Rt_DECREF(item);
    }
    if (RtErr_Occurred() != NULL) {
        RtErr_Clear();
        write_text(out, "<error>");
    }
    if (sorted) {
        qsort(texts, n, sizeof(texts[0]), compare_texts);
    }
    for (size_t i = 0; i < n; i++) {
        FzBuf_Printf(out, "%s%s", i > 0 ? ", " : "", texts[i]);
        free(texts[i]);
    }
    Rt_XDECREF(iter);
    Rt_XDECREF(items);
}

static void
write_dict(FzBuf *out, RtObject *dict, int depth)
{
    RtObject *name = RtStr_FromString("items");
    RtObject *items =
        name != NULL ? RtObject_CallMethod(dict, name, NULL, 0) : NULL;
    Rt_XDECREF(name);
    write_text(out, "{");
    write_items(out, items, depth, false);
    write_text(out, "}");
}

static void
write_deque(FzBuf *out, RtObject *deque, int depth)
{
    write_text(out, "deque(");
    write_items(out, Rt_NewRef(deque), depth, false);
    FzBuf_Printf(out, ")%zd", ((RtDequeObject *)deque)->maxlen);
}

static void
write_instance(FzBuf *out, RtObject *op, int depth)
{
    FzBuf_Printf(out, "<%s ", name_of(Rt_TYPE(op)));
    RtObject *name = RtStr_FromString("__dict__");
    RtObject *dict =
        name != NULL ? RtObject_GenericGetAttr(op, name) : NULL;
    Rt_XDECREF(name);
    if (dict != NULL && Rt_IS_TYPE(dict, &RtDict_Type)) {
        write_dict(out, dict, depth);
    }
    RtErr_Clear();
    Rt_XDECREF(dict);
    write_text(out, ">");
}

// A container, or an object of a class of the program.
static void
write_compound(FzBuf *out, RtObject *value, int depth)
{
    const RtTypeObject *type = Rt_TYPE(value);
    if (depth == 0 || values_left <= 0) {
        FzBuf_Printf(out, "%s...", name_of(type));
    }
    else if (type == &RtList_Type || type == &RtTuple_Type) {
        write_text(out, type == &RtList_Type ? "[" : "(");
        write_items(out, Rt_NewRef(value), depth - 1, false);
        write_text(out, type == &RtList_Type ? "]" : ")");
    }
    else if (type == &RtDict_Type) {
        write_dict(out, value, depth - 1);
    }
    else if (type == &RtSet_Type || type == &RtFrozenSet_Type) {
        FzBuf_Printf(out, "%s(", name_of(type));
        write_items(out, Rt_NewRef(value), depth - 1, true);
        write_text(out, ")");
    }
    else if (type == &RtDeque_Type) {
        write_deque(out, value, depth - 1);
    }
    else if (RtType_HasFeature(type, RT_TPFLAGS_BASE_EXC_SUBCLASS)) {
        FzBuf_Printf(out, "%s(", name_of(type));
        write_items(out, RtException_GetArgs(value), depth - 1, false);
        write_text(out, ")");
    }
    else {
        write_instance(out, value, depth - 1);
    }
}

static void
write_value(FzBuf *out, RtObject *value, int depth)
{
    const RtTypeObject *type = Rt_TYPE(value);
    values_left--;
    if (type == &RtLong_Type) {
        write_int(out, value);
    }
    else if (value == Rt_None || type == &RtBool_Type ||
             type == &RtFloat_Type || type == &RtStr_Type ||
             type == &RtBytes_Type || type == &RtByteArray_Type ||
             type == &RtRange_Type)
    {
        write_str(out, RtObject_Repr(value));
    }
    else if (type == &RtList_Type || type == &RtTuple_Type ||
             type == &RtDict_Type || type == &RtSet_Type ||
             type == &RtFrozenSet_Type || type == &RtDeque_Type ||
             RtType_HasFeature(type, RT_TPFLAGS_BASE_EXC_SUBCLASS) ||
             (type->tp_flags & RT_TPFLAGS_HEAPTYPE) != 0)
    {
        write_compound(out, value, depth);
    }
    else if (RtType_HasFeature(type, RT_TPFLAGS_TYPE_SUBCLASS)) {
        FzBuf_Printf(out, "<class %s>", name_of((RtTypeObject *)value));
    }
    else {
        // CPython has more types of iterators.
        FzBuf_Printf(out, "<%s>", type->tp_iternext != NULL ? "iterator"
                                                            : name_of(type));
    }
}

static void
write_whole(RtObject *value)
{
    values_left = MAX_VALUES;
    write_value(log_out, value, MAX_DEPTH);
}

// Copies the text; every `from` in it becomes `to`.
static void
write_replaced(FzBuf *out, const char *text, const char *from, const char *to)
{
    for (const char *mark; (mark = strstr(text, from)) != NULL; ) {
        FzBuf_Append(out, text, (size_t)(mark - text));
        write_text(out, to);
        text = mark + strlen(from);
    }
    write_text(out, text);
}

// As to_message() in reference.py.
static void
write_message(FzBuf *out, RtObject *exc)
{
    FzBuf text = { 0 }, plain = { 0 };
    write_str(&text, RtObject_Str(exc));
    if (strstr(FzBuf_CString(&text), " positional argument") != NULL) {
        write_text(out, "wrong arguments");
    }
    else {
        write_replaced(&plain, FzBuf_CString(&text), "doesn't support item",
                       "does not support item");
        write_replaced(out, FzBuf_CString(&plain), "reversed", "iterator");
    }
    FzBuf_Free(&text);
    FzBuf_Free(&plain);
}

// Takes the reference; what it was raised from, or while what was handled.
static void
write_exception(RtObject *exc, int depth)
{
    write_text(log_out, name_of(Rt_TYPE(exc)));
    if (with_messages) {
        write_text(log_out, ": ");
        write_message(log_out, exc);
    }
    RtObject *other = RtException_GetCause(exc);
    const char *how = " from ";
    if (other == NULL && !RtException_GetSuppressContext(exc)) {
        other = RtException_GetContext(exc);
        how = " after ";
    }
    Rt_DECREF(exc);
    if (other != NULL && depth > 1) {
        write_text(log_out, how);
        write_exception(other, depth - 1);
    }
    else {
        Rt_XDECREF(other);
    }
}

static RtObject *
observe_caught(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    RtObject *exc = RtFrame_GetHandled(RtThreadState_Get()->current_frame);
    write_text(log_out, "! ");
    if (exc != NULL) {
        write_exception(Rt_NewRef(exc), MAX_CHAIN);
    }
    write_text(log_out, "\n");
    return Rt_NewRef(Rt_None);
}

static RtObject *
observe_seen(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)nargs;
    write_text(log_out, "= ");
    write_whole(args[0]);
    write_text(log_out, "\n");
    return Rt_NewRef(Rt_None);
}

static RtMethodDef functions[] = {
    { "caught", observe_caught, 0, 0 },
    { "seen", observe_seen, 1, 1 },
    { 0 },
};

int
FzObserve_AddNames(RtObject *globals)
{
    for (RtMethodDef *def = functions; def->ml_name != NULL; def++) {
        RtObject *name = RtStr_FromString(def->ml_name);
        RtObject *function = RtCFunction_New(def, NULL);
        int result = name == NULL || function == NULL
                     ? -1 : RtDict_SetItem(globals, name, function);
        Rt_XDECREF(name);
        Rt_XDECREF(function);
        if (result < 0) {
            return -1;
        }
    }
    return 0;
}

void
FzObserve_Begin(FzBuf *out, bool messages)
{
    log_out = out;
    with_messages = messages;
}

void
FzObserve_Final(const char *name, RtObject *value)
{
    FzBuf_Printf(log_out, "%s = ", name);
    write_whole(value);
    write_text(log_out, "\n");
}

void
FzObserve_Escaped(RtObject *exc)
{
    write_text(log_out, "escaped ");
    write_exception(exc, MAX_CHAIN);
    write_text(log_out, "\n");
}

void
FzObserve_Output(const char *bytes, size_t length)
{
    FzBuf_Append(log_out, bytes, length);
}

// Of messages it is seen only that an exception went nowhere.
void
FzObserve_Message(const char *bytes, size_t length)
{
    static const char ignored[] = "Exception ignored";
    if (length >= sizeof(ignored) - 1 &&
        memcmp(bytes, ignored, sizeof(ignored) - 1) == 0)
    {
        write_text(log_out, "ignored\n");
    }
}

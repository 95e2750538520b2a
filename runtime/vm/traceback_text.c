// traceback_text.c: what is printed of an exception that nobody handles.
//
// The chain of exceptions and the entries of each are held while their text is
// made; lines of source are read from the files that the code names. Nothing of
// this fails loudly: what cannot be told is left out.
// Mirrors Lib/traceback.py and Python/pythonrun.c (CPython 3.13); departs: no
// marks under the part of a line, no suggestions.

#include "rtcore_traceback.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_type.h"
#include "rtcore_types.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    MAX_CHAIN = 100,
    MAX_REPEATED = 3,           // equal entries that are shown
    MAX_SOURCE_LINE = 400,
};

// ---------------------------------------------------------------------------
// Lines of source.

// Copies the line without the white space around it. False: there is none.
static bool
read_line(const char *filename, uint32_t number, char *line)
{
    int fd = open(filename, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    char buffer[512];
    uint32_t at = 1;
    size_t n = 0;
    ssize_t got;
    while (at <= number && (got = read(fd, buffer, sizeof(buffer))) > 0) {
        for (ssize_t i = 0; i < got && at <= number; i++) {
            bool blank = n == 0 && strchr(" \t\f", buffer[i]) != NULL;
            if (buffer[i] == '\n') {
                at++;
            }
            else if (at == number && !blank && n < MAX_SOURCE_LINE - 1) {
                line[n++] = buffer[i];
            }
        }
    }
    close(fd);
    while (n > 0 && strchr(" \t\f\r", line[n - 1]) != NULL) {
        n--;
    }
    line[n] = '\0';
    return n > 0;
}

// ---------------------------------------------------------------------------
// One traceback.

static bool
same_place(const RtTracebackObject *a, const RtTracebackObject *b)
{
    return a != NULL && a->tb_lineno == b->tb_lineno &&
           RtStr_Equal(a->tb_code->co_filename, b->tb_code->co_filename) &&
           RtStr_Equal(a->tb_code->co_name, b->tb_code->co_name);
}

static void
write_entry(RtStrWriter *w, const RtTracebackObject *tb)
{
    const char *filename = RtStr_AsUTF8(tb->tb_code->co_filename);
    char number[16];
    char line[MAX_SOURCE_LINE];
    snprintf(number, sizeof(number), "%u", tb->tb_lineno);
    RtStrWriter_WriteString(w, "  File \"");
    RtStrWriter_WriteString(w, filename);
    RtStrWriter_WriteString(w, "\", line ");
    RtStrWriter_WriteString(w, number);
    RtStrWriter_WriteString(w, ", in ");
    RtStrWriter_WriteString(w, RtStr_AsUTF8(tb->tb_code->co_name));
    RtStrWriter_WriteString(w, "\n");
    if (read_line(filename, tb->tb_lineno, line)) {
        RtStrWriter_WriteString(w, "    ");
        RtStrWriter_WriteString(w, line);
        RtStrWriter_WriteString(w, "\n");
    }
}

static void
write_repeated(RtStrWriter *w, int count)
{
    if (count <= MAX_REPEATED) {
        return;
    }
    char text[64];
    count -= MAX_REPEATED;
    snprintf(text, sizeof(text), "  [Previous line repeated %d more time%s]\n",
             count, count == 1 ? "" : "s");
    RtStrWriter_WriteString(w, text);
}

static void
write_traceback(RtStrWriter *w, const RtTracebackObject *tb)
{
    const RtTracebackObject *last = NULL;
    int count = 0;
    if (tb != NULL) {
        RtStrWriter_WriteString(w, "Traceback (most recent call last):\n");
    }
    for (; tb != NULL; tb = tb->tb_next) {
        if (!same_place(last, tb)) {
            write_repeated(w, count);
            count = 0;
        }
        last = tb;
        if (++count <= MAX_REPEATED) {
            write_entry(w, tb);
        }
    }
    write_repeated(w, count);
}

// ---------------------------------------------------------------------------
// One exception.

// The name of the type, with its module unless that is understood.
static void
write_type(RtStrWriter *w, RtTypeObject *type)
{
    if (!RtType_IsHeap(type)) {
        RtStrWriter_WriteString(w, type->tp_name);
        return;
    }
    RtObject *module;
    int found = RtObject_GetOptionalAttr((RtObject *)type, rt_name_module,
                                         &module);
    if (found > 0 && RtStr_Check(module) &&
        strcmp(RtStr_AsUTF8(module), "__main__") != 0 &&
        strcmp(RtStr_AsUTF8(module), "builtins") != 0)
    {
        RtStrWriter_WriteString(w, RtStr_AsUTF8(module));
        RtStrWriter_WriteString(w, ".");
    }
    Rt_XDECREF(module);
    RtObject *name = RtObject_GetAttr((RtObject *)type, rt_name_qualname);
    RtStrWriter_WriteString(w, name != NULL && RtStr_Check(name)
                            ? RtStr_AsUTF8(name) : type->tp_name);
    Rt_XDECREF(name);
    RtErr_Clear();
}

static void
write_notes(RtStrWriter *w, RtObject *exc)
{
    RtObject *name = RtStr_FromString("__notes__");
    RtObject *notes = NULL;
    if (name != NULL) {
        (void)RtObject_GetOptionalAttr(exc, name, &notes);
        Rt_DECREF(name);
    }
    ssize_t n = notes != NULL && RtList_Check(notes) ? RtList_Size(notes) : 0;
    for (ssize_t i = 0; i < n; i++) {
        RtObject *note = RtList_GetItemRef(notes, i);
        RtObject *text = note == NULL ? NULL : RtObject_Str(note);
        if (text != NULL) {
            RtStrWriter_Write(w, RtStr_DATA(text), Rt_SIZE(text));
            RtStrWriter_WriteString(w, "\n");
        }
        Rt_XDECREF(text);
        Rt_XDECREF(note);
    }
    Rt_XDECREF(notes);
    RtErr_Clear();
}

static void
write_exception(RtStrWriter *w, RtObject *exc)
{
    RtObject *tb = RtException_GetTraceback(exc);
    write_traceback(w, (RtTracebackObject *)tb);
    Rt_XDECREF(tb);
    write_type(w, Rt_TYPE(exc));
    RtObject *text = RtObject_Str(exc);
    if (text == NULL) {
        RtErr_Clear();
        RtStrWriter_WriteString(w, ": <exception str() failed>");
    }
    else if (Rt_SIZE(text) > 0) {
        RtStrWriter_WriteString(w, ": ");
        RtStrWriter_Write(w, RtStr_DATA(text), Rt_SIZE(text));
    }
    Rt_XDECREF(text);
    RtStrWriter_WriteString(w, "\n");
    write_notes(w, exc);
}

// ---------------------------------------------------------------------------
// The chain.

typedef struct Chain {
    RtObject *exceptions[MAX_CHAIN];    // owned; the first is the last raised
    bool by_cause[MAX_CHAIN];           // how the next is connected
    int n;
} Chain;

static bool
has_seen(const Chain *chain, RtObject *exc)
{
    for (int i = 0; i < chain->n; i++) {
        if (chain->exceptions[i] == exc) {
            return true;
        }
    }
    return false;
}

// What exc was raised from, or what was handled meanwhile: a new reference.
static RtObject *
next_in_chain(RtObject *exc, bool *by_cause)
{
    RtObject *cause = RtException_GetCause(exc);
    *by_cause = cause != NULL;
    if (cause != NULL || RtException_GetSuppressContext(exc)) {
        return cause;
    }
    return RtException_GetContext(exc);
}

static void
collect(Chain *chain, RtObject *exc)
{
    chain->n = 0;
    RtObject *next = Rt_NewRef(exc);
    while (next != NULL && chain->n < MAX_CHAIN && !has_seen(chain, next)) {
        int i = chain->n++;
        chain->exceptions[i] = next;
        next = next_in_chain(next, &chain->by_cause[i]);
    }
    Rt_XDECREF(next);
}

RtObject *
RtErr_FormatTraceback(RtObject *exc)
{
    Chain *chain = RtMem_Malloc(sizeof(Chain));
    if (chain == NULL) {
        return RtErr_NoMemory();
    }
    collect(chain, exc);
    RtStrWriter w;
    RtStrWriter_Init(&w);
    for (int i = chain->n; i-- > 0;) {
        write_exception(&w, chain->exceptions[i]);
        if (i > 0) {
            RtStrWriter_WriteString(&w, chain->by_cause[i - 1]
                ? "\nThe above exception was the direct cause of the "
                  "following exception:\n\n"
                : "\nDuring handling of the above exception, another "
                  "exception occurred:\n\n");
        }
        Rt_DECREF(chain->exceptions[i]);
    }
    RtMem_Free(chain);
    return RtStrWriter_Finish(&w);
}

void
RtErr_Print(RtObject *exc)
{
    RtObject *raised = RtErr_GetRaisedException();
    RtObject *text = RtErr_FormatTraceback(exc);
    if (text != NULL) {
        rt_world->write_error(RtStr_DATA(text), (size_t)Rt_SIZE(text));
        Rt_DECREF(text);
    }
    RtErr_SetRaisedException(raised);
}

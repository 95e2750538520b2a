// str_writer.c: collects text for a str, and what reprs and nested calls share.
//
// A writer belongs to the thread whose stack it is on. A failed allocation is
// remembered, so that only Finish needs to be checked.
// Mirrors _PyUnicodeWriter and Py_ReprEnter (CPython 3.13); departs: the list
// of containers being printed is linked through the C stack.

#include "rtcore_types.h"
#include "rt_errors.h"

#include <string.h>

// The text of a container that is in another twice doubles at each level. With
// RT_TINY_LIMITS one operation of a small program does not use up what all of
// an execution may allocate: MemoryError comes sooner.
#ifdef RT_TINY_LIMITS
enum { REPR_SIZE_MAX = 1 << 14 };
#else
enum { REPR_SIZE_MAX = RT_SEQUENCE_SIZE_MAX };
#endif

void
RtStrWriter_Init(RtStrWriter *w)
{
    w->data = w->small;
    w->size = 0;
    w->capacity = sizeof(w->small);
    w->failed = false;
}

static void
release_buffer(RtStrWriter *w)
{
    if (w->data != w->small) {
        RtMem_Free(w->data);
    }
    w->data = w->small;
}

static bool
writer_grow(RtStrWriter *w, ssize_t needed)
{
    ssize_t capacity = w->capacity;
    while (capacity < needed && capacity <= RT_SEQUENCE_SIZE_MAX) {
        capacity *= 2;
    }
    char *data = NULL;
    if (needed <= RT_SEQUENCE_SIZE_MAX) {
        data = RtMem_Malloc((size_t)capacity);
    }
    if (data == NULL) {
        w->failed = true;
        return false;
    }
    memcpy(data, w->data, (size_t)w->size);
    release_buffer(w);
    w->data = data;
    w->capacity = capacity;
    return true;
}

void
RtStrWriter_Write(RtStrWriter *w, const char *bytes, ssize_t size)
{
    if (w->failed
        || (w->size + size > w->capacity && !writer_grow(w, w->size + size))) {
        return;
    }
    memcpy(w->data + w->size, bytes, (size_t)size);
    w->size += size;
}

void
RtStrWriter_WriteString(RtStrWriter *w, const char *text)
{
    RtStrWriter_Write(w, text, (ssize_t)strlen(text));
}

int
RtStrWriter_WriteRepr(RtStrWriter *w, RtObject *op)
{
    RtObject *text = RtObject_Repr(op);
    if (text == NULL) {
        return -1;
    }
    RtStrWriter_Write(w, RtStr_AsUTF8(text), Rt_SIZE(text));
    Rt_DECREF(text);
    if (w->size > REPR_SIZE_MAX) {
        RtErr_NoMemory();
        return -1;
    }
    return 0;
}

RtObject *
RtStrWriter_Finish(RtStrWriter *w)
{
    RtObject *result;
    if (w->failed) {
        result = RtErr_NoMemory();
    }
    else {
        result = RtStr_FromStringAndSize(w->data, w->size);
    }
    release_buffer(w);
    return result;
}

void
RtStrWriter_Discard(RtStrWriter *w)
{
    release_buffer(w);
}

// ---------------------------------------------------------------------------

const char rt_while_calling[] = " while calling a Python object";

int
RtRecursion_Enter(const char *where)
{
    RtThreadState *tstate = RtThreadState_Get();
    if (tstate->c_recursion_remaining <= 0) {
        RtErr_Format(&RtExc_RecursionError,
                     "maximum recursion depth exceeded%s", where);
        return -1;
    }
    tstate->c_recursion_remaining--;
#ifdef RT_WITH_HOOKS
    if (++tstate->c_calls == RT_C_CALLS_NOTED) {
        RtThreadState_NoteCCalls(tstate);
    }
#endif
    return 0;
}

void
RtRecursion_Leave(void)
{
    RtThreadState_Get()->c_recursion_remaining++;
}

int
RtRepr_Enter(RtReprEntry *entry, RtObject *op)
{
    RtThreadState *tstate = RtThreadState_Get();
    for (RtReprEntry *e = tstate->repr_top; e != NULL; e = e->previous) {
        if (e->op == op) {
            return 1;
        }
    }
    if (RtRecursion_Enter(" while getting the repr of an object") < 0) {
        return -1;
    }
    entry->op = op;
    entry->previous = tstate->repr_top;
    tstate->repr_top = entry;
    return 0;
}

void
RtRepr_Leave(RtReprEntry *entry)
{
    RtThreadState *tstate = RtThreadState_Get();
    rt_assert(tstate->repr_top == entry);
    tstate->repr_top = entry->previous;
    RtRecursion_Leave();
}

int
RtArg_CheckMax(const char *name, ssize_t nargs, ssize_t max)
{
    if (nargs <= max) {
        return 0;
    }
    RtErr_Format(&RtExc_TypeError, "%s expected at most %zd argument%s, "
                 "got %zd", name, max, max == 1 ? "" : "s", nargs);
    return -1;
}

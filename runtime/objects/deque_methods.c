// deque_methods.c: the type deque: life, slots and methods.
//
// A search compares inside the section; the comparison may run user code, which
// suspends the section and may change the deque: then the search gives up with
// RuntimeError (remove: IndexError), as `state` tells. An item is owned while
// it is compared. Bounds are made from the length inside the section.
// Mirrors Modules/_collectionsmodule.c (CPython 3.13); departs: no pickling, no
// in-place operators, positional arguments only.

#include "rtcore_deque.h"
#include "rt_critical_section.h"
#include "rt_errors.h"
#include "rtcore_weakref.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NOT_FOUND = -1, FAILED = -2, MUTATED = -3 };

static inline RtDequeObject *
as_deque(RtObject *op)
{
    rt_assert(RtDeque_Check(op));
    return (RtDequeObject *)op;
}

// ---------------------------------------------------------------------------
// Life.

static void
deque_dealloc(RtObject *op)
{
    RtGC_Untrack(op);
    RtObject_ClearWeakRefs(op);
    RtDeque_FreeContents(as_deque(op));
    RtObject_Free(op);
}

static int
deque_traverse(RtObject *op, visitproc visit, void *arg)
{
    RtDequeObject *d = as_deque(op);
    RtDequeCursor c = { d->leftblock, d->leftindex };
    for (ssize_t n = d->size; n > 0; n--) {
        Rt_VISIT(*RtDequeCursor_Slot(&c));
        RtDequeCursor_Right(&c);
    }
    return 0;
}

static int
parse_maxlen(RtObject *arg, ssize_t *maxlen)
{
    if (arg == Rt_None) {
        return 0;
    }
    if (!RtLong_Check(arg)) {
        RtErr_SetString(&RtExc_TypeError, "an integer is required");
        return -1;
    }
    if (RtLong_AsIndex(arg, maxlen, "an integer is required") < 0) {
        return -1;
    }
    if (*maxlen < 0) {
        RtErr_SetString(&RtExc_ValueError, "maxlen must be non-negative");
        return -1;
    }
    return 0;
}

// deque([iterable[, maxlen]])
static RtObject *
deque_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    ssize_t maxlen = -1;
    if (RtArg_CheckMax("deque", nargs, 2) < 0
        || (nargs == 2 && parse_maxlen(args[1], &maxlen) < 0)) {
        return NULL;
    }
    return RtDeque_FromIterable(type, nargs > 0 ? args[0] : NULL, maxlen);
}

static RtObject *
deque_new_kw(RtTypeObject *type, RtObject *const *args, ssize_t nargs,
             RtObject *kwnames)
{
    static const char *const names[] = { "iterable", "maxlen", NULL };
    RtObject *given[2];
    ssize_t maxlen = -1;
    if (RtArg_Unpack("deque", names, 2, 0, args, nargs, kwnames, given) < 0 ||
        (given[1] != NULL && parse_maxlen(given[1], &maxlen) < 0))
    {
        return NULL;
    }
    return RtDeque_FromIterable(type, given[0], maxlen);
}

// ---------------------------------------------------------------------------
// Searching.

// 1, 0, -1. May run user code.
static int
equals(RtObject *item, RtObject *value)
{
    int equal = RtObject_EqualFast(item, value);
    if (equal < 0) {
        Rt_INCREF(item);
        equal = RtObject_RichCompareBool(item, value, RT_EQ);
        Rt_DECREF(item);
    }
    return equal;
}

// The first item from start on, before stop, that equals value, or one of the
// numbers above. With `count` not NULL it goes on and counts them all.
static ssize_t
search_locked(RtDequeObject *d, RtObject *value, ssize_t start, ssize_t stop,
              int64_t *count)
{
    if (start >= stop) {
        return NOT_FOUND;
    }
    size_t state = d->state;
    RtDequeCursor c = RtDeque_FindLocked(d, start);
    for (ssize_t i = start; i < stop; i++) {
        int equal = equals(*RtDequeCursor_Slot(&c), value);
        if (equal < 0) {
            return FAILED;
        }
        if (equal > 0 && count == NULL) {
            return i;
        }
        if (d->state != state) {
            return MUTATED;
        }
        if (equal > 0) {
            ++*count;
        }
        RtDequeCursor_Right(&c);
    }
    return NOT_FOUND;
}

static ssize_t
clamp(ssize_t i, ssize_t size)
{
    if (i < 0) {
        i += size;
    }
    return i < 0 ? 0 : i > size ? size : i;
}

// As search_locked(), with the bounds of a slice. The exception of FAILED and
// MUTATED is set.
static ssize_t
search(RtDequeObject *d, RtObject *value, ssize_t start, ssize_t stop,
       int64_t *count)
{
    ssize_t i;
    RT_BEGIN_CRITICAL_SECTION(d);
    i = search_locked(d, value, clamp(start, d->size), clamp(stop, d->size),
                      count);
    RT_END_CRITICAL_SECTION();
    if (i == MUTATED) {
        RtErr_SetString(&RtExc_RuntimeError,
                        "deque mutated during iteration");
    }
    return i;
}

static RtObject *
not_in_deque(RtObject *value)
{
    RtObject *repr = RtObject_Repr(value);
    if (repr != NULL) {
        RtErr_Format(&RtExc_ValueError, "%s is not in deque",
                     RtStr_AsUTF8(repr));
        Rt_DECREF(repr);
    }
    return NULL;
}

static RtObject *
deque_index(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    const char *what = "slice indices must be integers";
    ssize_t start = 0;
    ssize_t stop = RT_SEQUENCE_SIZE_MAX;
    if ((nargs > 1 && RtLong_AsIndex(args[1], &start, what) < 0)
        || (nargs > 2 && RtLong_AsIndex(args[2], &stop, what) < 0)) {
        return NULL;
    }
    ssize_t i = search(as_deque(self), args[0], start, stop, NULL);
    if (i >= 0) {
        return RtLong_FromInt64(i);
    }
    return i == NOT_FOUND ? not_in_deque(args[0]) : NULL;
}

static RtObject *
deque_count(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    int64_t count = 0;
    ssize_t i = search(as_deque(self), args[0], 0, RT_SEQUENCE_SIZE_MAX,
                       &count);
    return i == NOT_FOUND ? RtLong_FromInt64(count) : NULL;
}

static int
deque_contains(RtObject *self, RtObject *value)
{
    ssize_t i = search(as_deque(self), value, 0, RT_SEQUENCE_SIZE_MAX, NULL);
    return i >= 0 ? 1 : i == NOT_FOUND ? 0 : -1;
}

static RtObject *
deque_remove(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    RtDequeObject *d = as_deque(self);
    RtObject *removed = NULL;
    ssize_t i;
    RT_BEGIN_CRITICAL_SECTION(d);
    size_t state = d->state;
    i = search_locked(d, args[0], 0, d->size, NULL);
    if (i >= 0 && d->state != state) {
        i = MUTATED;
    }
    if (i >= 0) {
        removed = RtDeque_RemoveLocked(d, i);
    }
    RT_END_CRITICAL_SECTION();
    Rt_XDECREF(removed);
    if (i >= 0) {
        return Rt_None;
    }
    if (i == MUTATED) {
        RtErr_SetString(&RtExc_IndexError, "deque mutated during iteration");
    }
    return i == NOT_FOUND ? not_in_deque(args[0]) : NULL;
}

// ---------------------------------------------------------------------------
// Ends and places.

static RtObject *
deque_append(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    return RtDeque_Append(self, args[0]) < 0 ? NULL : Rt_None;
}

static RtObject *
deque_appendleft(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    return RtDeque_AppendLeft(self, args[0]) < 0 ? NULL : Rt_None;
}

static RtObject *
deque_pop(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return RtDeque_Pop(self);
}

static RtObject *
deque_popleft(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return RtDeque_PopLeft(self);
}

static RtObject *
deque_extend(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    return RtDeque_Extend(as_deque(self), RT_DEQUE_RIGHT, args[0]) < 0
           ? NULL : Rt_None;
}

static RtObject *
deque_extendleft(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    return RtDeque_Extend(as_deque(self), RT_DEQUE_LEFT, args[0]) < 0
           ? NULL : Rt_None;
}

static RtObject *
deque_insert(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    RtDequeObject *d = as_deque(self);
    ssize_t i;
    if (RtLong_AsIndex(args[0], &i, "an integer is required") < 0) {
        return NULL;
    }
    int status = 0;
    bool full;
    RT_BEGIN_CRITICAL_SECTION(d);
    full = d->size == d->maxlen;
    if (!full) {
        status = RtDeque_InsertLocked(d, clamp(i, d->size), args[1]);
    }
    RT_END_CRITICAL_SECTION();
    if (full) {
        RtErr_SetString(&RtExc_IndexError,
                        "deque already at its maximum size");
    }
    return full || status < 0 ? NULL : Rt_None;
}

static RtObject *
deque_rotate(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    ssize_t n = 1;
    if (nargs > 0
        && RtLong_AsIndex(args[0], &n, "an integer is required") < 0) {
        return NULL;
    }
    int status;
    RT_BEGIN_CRITICAL_SECTION(self);
    status = RtDeque_RotateLocked(as_deque(self), n);
    RT_END_CRITICAL_SECTION();
    return status < 0 ? NULL : Rt_None;
}

static RtObject *
deque_reverse(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    RT_BEGIN_CRITICAL_SECTION(self);
    RtDeque_ReverseLocked(as_deque(self));
    RT_END_CRITICAL_SECTION();
    return Rt_None;
}

static RtObject *
deque_clear(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return RtDeque_Clear(self) < 0 ? NULL : Rt_None;
}

static RtObject *
deque_copy(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    RtDequeObject *d = as_deque(self);
    if (Rt_IS_TYPE(self, &RtDeque_Type)) {
        return RtDeque_Copy(d);
    }
    RtObject *type = (RtObject *)Rt_TYPE(self);
    if (d->maxlen < 0) {
        return RtObject_CallOneArg(type, self);
    }
    RtObject *maxlen = RtLong_FromInt64(d->maxlen);
    if (maxlen == NULL) {
        return NULL;
    }
    RtObject *both[2] = { self, maxlen };
    RtObject *copy = RtObject_Vectorcall(type, both, 2);
    Rt_DECREF(maxlen);
    return copy;
}

static RtObject *
deque_reversed(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return RtDequeIter_New(self, RT_DEQUE_RIGHT);
}

static RtObject *
deque_iter(RtObject *self)
{
    return RtDequeIter_New(self, RT_DEQUE_LEFT);
}

// 0, or -1 with TypeError or IndexError.
static int
get_index(RtObject *key, ssize_t *i)
{
    if (!RtIndex_Check(key)) {
        RtErr_Format(&RtExc_TypeError, "sequence index must be integer, "
                     "not '%s'", Rt_TYPE(key)->tp_name);
        return -1;
    }
    return RtLong_AsIndex(key, i, "sequence index must be integer");
}

static RtObject *
deque_subscript(RtObject *self, RtObject *key)
{
    RtDequeObject *d = as_deque(self);
    RtObject *item = NULL;
    ssize_t i;
    if (get_index(key, &i) < 0) {
        return NULL;
    }
    RT_BEGIN_CRITICAL_SECTION(d);
    if (i < 0) {
        i += d->size;
    }
    if (i >= 0 && i < d->size) {
        RtDequeCursor c = RtDeque_FindLocked(d, i);
        item = Rt_NewRef(*RtDequeCursor_Slot(&c));
    }
    RT_END_CRITICAL_SECTION();
    if (item == NULL) {
        RtErr_SetString(&RtExc_IndexError, "deque index out of range");
    }
    return item;
}

static int
deque_ass_subscript(RtObject *self, RtObject *key, RtObject *value)
{
    RtDequeObject *d = as_deque(self);
    RtObject *old = NULL;
    ssize_t i;
    if (get_index(key, &i) < 0) {
        return -1;
    }
    RT_BEGIN_CRITICAL_SECTION(d);
    if (i < 0) {
        i += d->size;
    }
    if (i >= 0 && i < d->size) {
        if (value == NULL) {
            old = RtDeque_RemoveLocked(d, i);
        }
        else {
            RtDequeCursor c = RtDeque_FindLocked(d, i);
            old = *RtDequeCursor_Slot(&c);
            *RtDequeCursor_Slot(&c) = Rt_NewRef(value);
        }
    }
    RT_END_CRITICAL_SECTION();
    if (old == NULL) {
        RtErr_SetString(&RtExc_IndexError, "deque index out of range");
        return -1;
    }
    Rt_DECREF(old);
    return 0;
}

// ---------------------------------------------------------------------------
// Whole deques.

static RtObject *
deque_add(RtObject *a, RtObject *b)
{
    if (!RtDeque_Check(a)) {
        return Rt_NotImplemented;
    }
    if (!RtDeque_Check(b)) {
        return RtSequence_AsksOther(b) ? Rt_NotImplemented
                                       : RtSequence_BadConcat(a, b);
    }
    RtObject *sum = RtDeque_Copy(as_deque(a));
    if (sum != NULL && RtDeque_Extend(as_deque(sum), RT_DEQUE_RIGHT, b) < 0) {
        Rt_CLEAR(sum);
    }
    return sum;
}

// `times` copies of the items one after the other.
static RtObject *
repeat(RtDequeObject *d, ssize_t times)
{
    RtObject *items = RtDeque_Snapshot(d);
    if (items == NULL) {
        return NULL;
    }
    ssize_t size = RtList_Size(items);
    ssize_t most = d->maxlen >= 0 ? d->maxlen : RT_SEQUENCE_SIZE_MAX;
    RtObject *result = NULL;
    if (size > 0 && times > most / size && d->maxlen < 0) {
        (void)RtErr_NoMemory();
    }
    else {
        result = RtDeque_FromIterable(&RtDeque_Type, NULL, d->maxlen);
    }
    if (size == 0) {
        times = 0;
    }
    else if (times > most / size + 1) {
        times = most / size + 1;        // what comes before is trimmed
    }
    for (ssize_t i = 0; result != NULL && i < times; i++) {
        if (RtDeque_Extend(as_deque(result), RT_DEQUE_RIGHT, items) < 0) {
            Rt_CLEAR(result);
        }
    }
    Rt_DECREF(items);
    return result;
}

static RtObject *
deque_multiply(RtObject *a, RtObject *b)
{
    if (!RtDeque_Check(a)) {
        RtObject *other = a;
        a = b;
        b = other;
    }
    if (!RtLong_Check(b)) {
        return Rt_NotImplemented;
    }
    return repeat(as_deque(a), (ssize_t)RtLong_VALUE(b));
}

static RtObject *
repr_of_items(RtDequeObject *d, RtObject *items)
{
    RtStrWriter w;
    RtStrWriter_Init(&w);
    RtStrWriter_WriteString(&w, Rt_IS_TYPE((RtObject *)d, &RtDeque_Type)
                                ? "deque" : Rt_TYPE(d)->tp_name);
    RtStrWriter_Write(&w, "(", 1);
    if (RtStrWriter_WriteRepr(&w, items) < 0) {
        RtStrWriter_Discard(&w);
        return NULL;
    }
    if (d->maxlen >= 0) {
        char text[40];
        snprintf(text, sizeof(text), ", maxlen=%" PRId64, (int64_t)d->maxlen);
        RtStrWriter_WriteString(&w, text);
    }
    RtStrWriter_Write(&w, ")", 1);
    return RtStrWriter_Finish(&w);
}

static RtObject *
deque_repr(RtObject *op)
{
    RtReprEntry entry;
    int entered = RtRepr_Enter(&entry, op);
    if (entered != 0) {
        return entered > 0 ? RtStr_FromString("[...]") : NULL;
    }
    RtObject *result = NULL;
    RtObject *items = RtDeque_Snapshot(as_deque(op));
    if (items != NULL) {
        result = repr_of_items(as_deque(op), items);
        Rt_DECREF(items);
    }
    RtRepr_Leave(&entry);
    return result;
}

// The answer once one of two iterators has come to its end: NULL for it.
static RtObject *
compare_ends(RtObject *x, RtObject *y, int op)
{
    return RtCompare_Answer(x != NULL ? 1 : y != NULL ? -1 : 0, op);
}

// The next items of both; the answer, or NULL to go on or with an exception.
static RtObject *
compare_step(RtObject *a, RtObject *b, int op)
{
    RtObject *x = RtIter_Next(a);
    if (x == NULL && RtErr_Occurred() != NULL) {
        return NULL;
    }
    RtObject *y = RtIter_Next(b);
    RtObject *answer = NULL;
    if (y == NULL && RtErr_Occurred() != NULL) {
        Rt_XDECREF(x);
        return NULL;
    }
    if (x == NULL || y == NULL) {
        answer = compare_ends(x, y, op);
    }
    else {
        int equal = RtObject_EqualBool(x, y);
        if (equal == 0) {
            int truth = op == RT_EQ   ? 0
                        : op == RT_NE ? 1
                                      : RtObject_RichCompareBool(x, y, op);
            answer = truth < 0 ? NULL : RtBool_FromInt(truth);
        }
    }
    Rt_XDECREF(x);
    Rt_XDECREF(y);
    return answer;
}

// The deques may hold each other, or themselves.
static RtObject *
compare_items(RtObject *a, RtObject *b, int op)
{
    if (RtRecursion_Enter(" in comparison") < 0) {
        return NULL;
    }
    RtObject *answer = NULL;
    RtObject *left = RtDequeIter_New(a, RT_DEQUE_LEFT);
    RtObject *right = left == NULL ? NULL : RtDequeIter_New(b, RT_DEQUE_LEFT);
    while (right != NULL && answer == NULL && RtErr_Occurred() == NULL) {
        answer = compare_step(left, right, op);
    }
    Rt_XDECREF(left);
    Rt_XDECREF(right);
    RtRecursion_Leave();
    return answer;
}

static RtObject *
deque_richcompare(RtObject *a, RtObject *b, int op)
{
    if (!RtDeque_Check(a) || !RtDeque_Check(b)) {
        return Rt_NotImplemented;
    }
    if (op == RT_EQ || op == RT_NE) {
        if (a == b) {
            return RtBool_FromInt(op == RT_EQ);
        }
        if (RtDeque_Size(a) != RtDeque_Size(b)) {
            return RtBool_FromInt(op == RT_NE);
        }
    }
    return compare_items(a, b, op);
}

// ---------------------------------------------------------------------------
// The type.

static RtObject *
deque_getattro(RtObject *op, RtObject *name)
{
    if (Rt_IS_TYPE(name, &RtStr_Type)
        && strcmp(RtStr_AsUTF8(name), "maxlen") == 0) {
        ssize_t maxlen = as_deque(op)->maxlen;
        return maxlen < 0 ? Rt_NewRef(Rt_None) : RtLong_FromInt64(maxlen);
    }
    return RtObject_GenericGetAttr(op, name);
}

static RtMethodDef deque_methods[] = {
    {"__copy__", deque_copy, 0, 0},
    {"__reversed__", deque_reversed, 0, 0},
    {"append", deque_append, 1, 1},
    {"appendleft", deque_appendleft, 1, 1},
    {"clear", deque_clear, 0, 0},
    {"copy", deque_copy, 0, 0},
    {"count", deque_count, 1, 1},
    {"extend", deque_extend, 1, 1},
    {"extendleft", deque_extendleft, 1, 1},
    {"index", deque_index, 1, 3},
    {"insert", deque_insert, 2, 2},
    {"pop", deque_pop, 0, 0},
    {"popleft", deque_popleft, 0, 0},
    {"remove", deque_remove, 1, 1},
    {"reverse", deque_reverse, 0, 0},
    {"rotate", deque_rotate, 0, 1},
    {NULL, NULL, 0, 0},
};

RtTypeObject RtDeque_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "collections.deque",
    .tp_basicsize = sizeof(RtDequeObject),
    .tp_flags = RT_TPFLAGS_BASETYPE | RT_TPFLAGS_HAVE_GC
                | RT_TPFLAGS_DEQUE_SUBCLASS,
    .tp_weaklistoffset = offsetof(RtDequeObject, weakreflist),
    .tp_dealloc = deque_dealloc,
    .tp_traverse = deque_traverse,
    .tp_clear = RtDeque_Clear,
    .tp_repr = deque_repr,
    .tp_hash = RtObject_HashNotImplemented,
    .tp_richcompare = deque_richcompare,
    .tp_iter = deque_iter,
    .tp_getattro = deque_getattro,
    .tp_new = deque_new,
    .tp_new_kw = deque_new_kw,
    .nb_add = deque_add,
    .nb_multiply = deque_multiply,
    .mp_length = RtDeque_Size,
    .mp_subscript = deque_subscript,
    .mp_ass_subscript = deque_ass_subscript,
    .sq_contains = deque_contains,
    .tp_methods = deque_methods,
};

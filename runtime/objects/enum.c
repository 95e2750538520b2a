// enum.c: enumerate and reversed.
//
// The state of both is one index, loaded and stored whole: threads that share
// one may skip or repeat, no more. enumerate (and zip) fill their last result
// again if its only reference is their own: counted by the thread that owns the
// tuple, and none by others. A count of one alone would not do: two threads
// could both see it.
// Mirrors Objects/enumobject.c (CPython 3.13, with the repair of gh-123271);
// departs: 64 bits; a cycle through the last result is collected; one type of
// reversed iterator for list, tuple and str.

#include "rtcore_iter.h"
#include "rt_errors.h"
#include "rtcore_type.h"

#include <string.h>

RtObject *
RtIter_Self(RtObject *op)
{
    return Rt_NewRef(op);
}

// ---------------------------------------------------------------------------
// Results that are used again.

RtObject *
RtIter_NewResult(ssize_t n)
{
    RtObject *tuple = RtTuple_New(n);
    for (ssize_t i = 0; tuple != NULL && i < n; i++) {
        RtTuple_SetItem(tuple, i, Rt_NewRef(Rt_None));
    }
    return tuple;
}

// From the test on nothing blocks until the tuple is whole again.
static RtObject *
reuse(RtObject *last, RtObject **items, ssize_t n)
{
    RtTupleObject *tuple = (RtTupleObject *)Rt_NewRef(last);
    rt_assert(Rt_REFCNT(last) == 2);
    RtIter_NoteTupleReused(last);
    for (ssize_t i = 0; i < n; i++) {
        RtObject *old = tuple->ob_item[i];
        tuple->ob_item[i] = items[i];
        items[i] = old;
    }
    // A collection may have judged that it needs not be seen (bpo-42536).
    if (!RtGC_IsTracked(last)) {
        RtGC_Track(last);
    }
    for (ssize_t i = 0; i < n; i++) {
        Rt_DECREF(items[i]);
    }
    return last;
}

RtObject *
RtIter_ResultTuple(RtObject *last, RtObject **items, ssize_t n)
{
    rt_assert(last == NULL || Rt_SIZE(last) == n);
    if (last != NULL && RtObject_IsUniquelyReferenced(last)) {
        return reuse(last, items, n);
    }
    RtObject *tuple = RtTuple_New(n);
    for (ssize_t i = 0; i < n; i++) {
        if (tuple == NULL) {
            Rt_DECREF(items[i]);
        }
        else {
            RtTuple_SetItem(tuple, i, items[i]);
        }
    }
    return tuple;
}

// ---------------------------------------------------------------------------
// enumerate

typedef struct Enumerate {
    RtObject ob_base;
    int64_t index;              // of the next item; relaxed
    RtObject *iter;
    RtObject *result;           // the last one; NULL once it is garbage
} Enumerate;

// enumerate(iterable[, start])
static RtObject *
enum_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    ssize_t start = 0;
    if (nargs < 1 || nargs > 2) {
        RtErr_Format(&RtExc_TypeError,
                     "enumerate() takes 1 or 2 arguments (%zd given)", nargs);
        return NULL;
    }
    if (nargs == 2
        && RtLong_AsIndex(args[1], &start, "an integer is required") < 0) {
        return NULL;
    }
    RtObject *iter = RtObject_GetIter(args[0]);
    RtObject *result = iter == NULL ? NULL : RtIter_NewResult(2);
    Enumerate *en = result == NULL ? NULL
                    : (Enumerate *)RtObject_New(type, 0);
    if (en == NULL) {
        Rt_XDECREF(iter);
        Rt_XDECREF(result);
        return NULL;
    }
    en->index = start;
    en->iter = iter;
    en->result = result;
    RtGC_Track((RtObject *)en);
    return (RtObject *)en;
}

// enumerate(iterable, start=0)
static RtObject *
enum_new_kw(RtTypeObject *type, RtObject *const *args, ssize_t nargs,
            RtObject *kwnames)
{
    static const char *const names[] = { "iterable", "start", NULL };
    RtObject *given[2];
    if (RtArg_Unpack("enumerate", names, 2, 1, args, nargs, kwnames,
                     given) < 0)
    {
        return NULL;
    }
    return enum_new(type, given, given[1] != NULL ? 2 : 1);
}

static void
enum_dealloc(RtObject *op)
{
    Enumerate *en = (Enumerate *)op;
    RtGC_Untrack(op);
    Rt_DECREF(en->iter);
    Rt_XDECREF(en->result);
    RtObject_Free(op);
}

// The last result may hold a tuple that holds the iterator: of these, only the
// iterator can give up what it has.
static int
enum_clear(RtObject *op)
{
    Rt_CLEAR(((Enumerate *)op)->result);
    return 0;
}

static int
enum_traverse(RtObject *op, visitproc visit, void *arg)
{
    Enumerate *en = (Enumerate *)op;
    Rt_VISIT(en->iter);
    Rt_VISIT(en->result);
    return 0;
}

static RtObject *
enum_next(RtObject *op)
{
    Enumerate *en = (Enumerate *)op;
    RtObject *items[2];
    items[1] = RtIter_NextOfInner(en->iter);
    if (items[1] == NULL) {
        return NULL;
    }
    int64_t index = RT_FT_ATOMIC_LOAD_SSIZE_RELAXED(&en->index);
    if (index == INT64_MAX) {
        RtErr_SetString(&RtExc_OverflowError,
                        "int result does not fit 64 bits");
        Rt_DECREF(items[1]);
        return NULL;
    }
    items[0] = RtLong_FromInt64(index);
    if (items[0] == NULL) {
        Rt_DECREF(items[1]);
        return NULL;
    }
    RT_FT_ATOMIC_STORE_SSIZE_RELAXED(&en->index, index + 1);
    return RtIter_ResultTuple(en->result, items, 2);
}

RtTypeObject RtEnumerate_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "enumerate",
    .tp_basicsize = sizeof(Enumerate),
    .tp_flags = RT_TPFLAGS_HAVE_GC,
    .tp_dealloc = enum_dealloc,
    .tp_traverse = enum_traverse,
    .tp_clear = enum_clear,
    .tp_iter = RtIter_Self,
    .tp_iternext = enum_next,
    .tp_new = enum_new,
    .tp_new_kw = enum_new_kw,
};

// ---------------------------------------------------------------------------
// reversed

typedef struct Reversed {
    RtObject ob_base;
    ssize_t index;              // of the next item, -1 once exhausted; relaxed
    RtObject *seq;              // GIL build: NULL once exhausted
} Reversed;

// 1 and *result is what op.__reversed__() gives; 0: it has none; -1.
static int
call_reversed(RtObject *op, RtObject **result)
{
    RtObject *name = RtStr_FromString("__reversed__");
    if (name == NULL) {
        return -1;
    }
    RtObject *method = RtType_LookupRef(Rt_TYPE(op), name);
    Rt_DECREF(name);
    if (method == NULL) {
        return RtErr_Occurred() != NULL ? -1 : 0;
    }
    *result = NULL;
    if (method == Rt_None) {
        RtErr_Format(&RtExc_TypeError, "'%s' object is not reversible",
                     Rt_TYPE(op)->tp_name);
    }
    else {
        *result = RtObject_CallOneArg(method, op);
    }
    Rt_DECREF(method);
    return *result == NULL ? -1 : 1;
}

static bool
is_sequence(RtObject *op)
{
    const RtTypeObject *type = Rt_TYPE(op);
    return type->mp_length != NULL && type->mp_subscript != NULL
           && !RtType_HasFeature(type, RT_TPFLAGS_DICT_SUBCLASS);
}

RtObject *
RtReversed_New(RtObject *seq)
{
    ssize_t size = RtObject_Length(seq);
    if (size < 0) {
        return NULL;
    }
    Reversed *it = (Reversed *)RtObject_New(&RtReversed_Type, 0);
    if (it != NULL) {
        it->index = size - 1;
        it->seq = Rt_NewRef(seq);
        RtGC_Track((RtObject *)it);
    }
    return (RtObject *)it;
}

// reversed(sequence)
static RtObject *
reversed_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    RtObject *result;
    if (nargs != 1) {
        RtErr_Format(&RtExc_TypeError,
                     "reversed expected 1 argument, got %zd", nargs);
        return NULL;
    }
    int found = call_reversed(args[0], &result);
    if (found != 0) {
        return found > 0 ? result : NULL;
    }
    if (!is_sequence(args[0])) {
        RtErr_Format(&RtExc_TypeError, "'%s' object is not reversible",
                     Rt_TYPE(args[0])->tp_name);
        return NULL;
    }
    (void)type;
    return RtReversed_New(args[0]);
}

static void
reversed_dealloc(RtObject *op)
{
    RtGC_Untrack(op);
    Rt_XDECREF(((Reversed *)op)->seq);
    RtObject_Free(op);
}

static int
reversed_traverse(RtObject *op, visitproc visit, void *arg)
{
    Rt_VISIT(((Reversed *)op)->seq);
    return 0;
}

// NULL with or without an exception if there is none.
static RtObject *
item_at(RtObject *seq, ssize_t i)
{
    if (RtList_CheckExact(seq)) {
        return RtList_TryGetItemRef((RtListObject *)seq, i);
    }
    RtObject *key = RtLong_FromInt64(i);
    if (key == NULL) {
        return NULL;
    }
    RtObject *item = RtObject_GetItem(seq, key);
    Rt_DECREF(key);
    return item;
}

static RtObject *
reversed_next(RtObject *op)
{
    Reversed *it = (Reversed *)op;
    ssize_t i = RT_FT_ATOMIC_LOAD_SSIZE_RELAXED(&it->index);
    if (i < 0) {
        return NULL;
    }
    RtObject *seq = RT_ITER_HOLD(it->seq);
    RtObject *item = item_at(seq, i);
    RT_ITER_RELEASE(seq);
    if (item != NULL) {
        RT_FT_ATOMIC_STORE_SSIZE_RELAXED(&it->index, i - 1);
        return item;
    }
    if (RtErr_Occurred() != NULL) {
        if (!RtErr_ExceptionMatches(&RtExc_IndexError)
            && !RtErr_ExceptionMatches(&RtExc_StopIteration)) {
            return NULL;
        }
        RtErr_Clear();
    }
    RT_FT_ATOMIC_STORE_SSIZE_RELAXED(&it->index, -1);
    RT_ITER_GIVE_UP(it->seq);
    return NULL;
}

RtTypeObject RtReversed_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "reversed",
    .tp_basicsize = sizeof(Reversed),
    .tp_flags = RT_TPFLAGS_HAVE_GC,
    .tp_dealloc = reversed_dealloc,
    .tp_traverse = reversed_traverse,
    .tp_iter = RtIter_Self,
    .tp_iternext = reversed_next,
    .tp_new = reversed_new,
};

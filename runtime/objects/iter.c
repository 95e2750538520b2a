// iter.c: the iterator over a list, tuple or str, and iter(callable, sentinel).
//
// It holds the sequence and an index, -1 once exhausted. Threads that share it
// may skip or repeat items, but never read outside: the index is checked by the
// sequence at each step. In the free-threaded build only the destructor drops
// the sequence, so that nobody drops it twice. What a callable iterator holds
// never changes; threads that share one may call once more after its end.
// Mirrors Objects/iterobject.c and listiter of Objects/listobject.c (CPython
// 3.13); departs: one type for list, tuple, str and whatever a
// program can subscript.

#include "rtcore_iter.h"
#include "rt_errors.h"

typedef struct SeqIter {
    RtObject ob_base;
    ssize_t index;              // in a str: of a byte
    RtObject *seq;              // GIL build: NULL once exhausted
} SeqIter;

RtObject *
RtSeqIter_New(RtObject *seq)
{
    SeqIter *it = (SeqIter *)RtObject_New(&RtSeqIter_Type, 0);
    if (it == NULL) {
        return NULL;
    }
    it->seq = Rt_NewRef(seq);
    RtGC_Track((RtObject *)it);
    return (RtObject *)it;
}

static void
seqiter_dealloc(RtObject *op)
{
    RtGC_Untrack(op);
    Rt_XDECREF(((SeqIter *)op)->seq);
    RtObject_Free(op);
}

static int
seqiter_traverse(RtObject *op, visitproc visit, void *arg)
{
    Rt_VISIT(((SeqIter *)op)->seq);
    return 0;
}

static RtObject *
seqiter_iter(RtObject *op)
{
    return Rt_NewRef(op);
}

// x[i] of a class that has __getitem__ and no __iter__.
static RtObject *
item_of_program(RtObject *seq, ssize_t i)
{
    RtObject *key = RtLong_FromInt64(i);
    if (key == NULL) {
        return NULL;
    }
    RtObject *item = RtObject_GetItem(seq, key);
    Rt_DECREF(key);
    if (item == NULL && (RtErr_ExceptionMatches(&RtExc_IndexError) ||
                         RtErr_ExceptionMatches(&RtExc_StopIteration)))
    {
        RtErr_Clear();
    }
    return item;
}

// NULL without an exception past the end.
static RtObject *
item_at(RtObject *seq, ssize_t i)
{
    if (RtList_Check(seq)) {
        return RtList_TryGetItemRef((RtListObject *)seq, i);
    }
    if (RtStr_Check(seq)) {
        return RtStr_TryGetItem(seq, i);
    }
    return RtTuple_Check(seq) ? (i < Rt_SIZE(seq)
                                 ? Rt_NewRef(RtTuple_GetItem(seq, i)) : NULL)
                              : item_of_program(seq, i);
}

static RtObject *
seqiter_next(RtObject *op)
{
    SeqIter *it = (SeqIter *)op;
    ssize_t i = RT_FT_ATOMIC_LOAD_SSIZE_RELAXED(&it->index);
    if (i < 0) {
        return NULL;
    }
    RtObject *seq = RT_ITER_HOLD(it->seq);
    RtObject *item = item_at(seq, i);
    ssize_t step = item != NULL && RtStr_Check(seq) ? Rt_SIZE(item) : 1;
    RT_ITER_RELEASE(seq);
    if (item != NULL) {
        RT_FT_ATOMIC_STORE_SSIZE_RELAXED(&it->index, i + step);
        return item;
    }
    if (RtErr_Occurred() == NULL) {
        RT_FT_ATOMIC_STORE_SSIZE_RELAXED(&it->index, -1);
#ifndef RT_GIL_DISABLED
        Rt_CLEAR(it->seq);
#endif
    }
    return NULL;
}

RtTypeObject RtSeqIter_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "iterator",
    .tp_basicsize = sizeof(SeqIter),
    .tp_flags = RT_TPFLAGS_HAVE_GC,
    .tp_dealloc = seqiter_dealloc,
    .tp_traverse = seqiter_traverse,
    .tp_iter = seqiter_iter,
    .tp_iternext = seqiter_next,
};

// ---------------------------------------------------------------------------
// iter(callable, sentinel)

typedef struct CallIter {
    RtObject ob_base;
    RtObject *callable;
    RtObject *sentinel;
    ssize_t exhausted;          // relaxed
} CallIter;

RtObject *
RtCallIter_New(RtObject *callable, RtObject *sentinel)
{
    if (Rt_TYPE(callable)->tp_call == NULL) {
        RtErr_SetString(&RtExc_TypeError,
                        "iter(v, w): v must be callable");
        return NULL;
    }
    CallIter *it = (CallIter *)RtObject_New(&RtCallIter_Type, 0);
    if (it != NULL) {
        it->callable = Rt_NewRef(callable);
        it->sentinel = Rt_NewRef(sentinel);
        RtGC_Track((RtObject *)it);
    }
    return (RtObject *)it;
}

static void
calliter_dealloc(RtObject *op)
{
    RtGC_Untrack(op);
    Rt_DECREF(((CallIter *)op)->callable);
    Rt_DECREF(((CallIter *)op)->sentinel);
    RtObject_Free(op);
}

static int
calliter_traverse(RtObject *op, visitproc visit, void *arg)
{
    Rt_VISIT(((CallIter *)op)->callable);
    Rt_VISIT(((CallIter *)op)->sentinel);
    return 0;
}

static RtObject *
calliter_next(RtObject *op)
{
    CallIter *it = (CallIter *)op;
    if (RT_FT_ATOMIC_LOAD_SSIZE_RELAXED(&it->exhausted)) {
        return NULL;
    }
    RtObject *result = RtObject_CallNoArgs(it->callable);
    int end = 1;
    if (result != NULL) {
        end = RtObject_EqualBool(it->sentinel, result);
        if (end == 0) {
            return result;
        }
        Rt_DECREF(result);
    }
    else if (!RtErr_ExceptionMatches(&RtExc_StopIteration)) {
        end = -1;
    }
    else {
        RtErr_Clear();
    }
    if (end > 0) {
        RT_FT_ATOMIC_STORE_SSIZE_RELAXED(&it->exhausted, 1);
    }
    return NULL;
}

RtTypeObject RtCallIter_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "callable_iterator",
    .tp_basicsize = sizeof(CallIter),
    .tp_flags = RT_TPFLAGS_HAVE_GC,
    .tp_dealloc = calliter_dealloc,
    .tp_traverse = calliter_traverse,
    .tp_iter = RtIter_Self,
    .tp_iternext = calliter_next,
};

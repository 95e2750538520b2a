// range.c: range and its iterator.
//
// A range never changes. The iterator's only state is an index, loaded and
// stored whole: threads that share it may skip or repeat numbers, no more.
// Mirrors Objects/rangeobject.c (CPython 3.13); departs: 64 bits;
// the iterator computes each number from the index.

#include "rtcore_iter.h"
#include "rt_errors.h"

#include <inttypes.h>

typedef struct RangeObject {
    RtObject ob_base;
    int64_t start;
    int64_t stop;
    int64_t step;
    ssize_t length;
} RangeObject;

static inline RangeObject *
as_range(RtObject *op)
{
    rt_assert(Rt_IS_TYPE(op, &RtRange_Type));
    return (RangeObject *)op;
}

// In unsigned arithmetic: the span of two int64_t may not fit one. -1 if the
// number of items does not.
static ssize_t
range_count(int64_t start, int64_t stop, int64_t step)
{
    uint64_t span;
    uint64_t stride;
    if (step > 0) {
        span = start < stop ? (uint64_t)stop - (uint64_t)start : 0;
        stride = (uint64_t)step;
    }
    else {
        span = stop < start ? (uint64_t)start - (uint64_t)stop : 0;
        stride = -(uint64_t)step;
    }
    uint64_t count = span == 0 ? 0 : (span - 1) / stride + 1;
    return count > (uint64_t)INT64_MAX ? -1 : (ssize_t)count;
}

static RtObject *
range_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    int64_t numbers[3] = { 0 };
    if (RtArg_CheckMax("range", nargs, 3) < 0) {
        return NULL;
    }
    if (nargs == 0) {
        RtErr_SetString(&RtExc_TypeError,
                        "range expected at least 1 argument, got 0");
        return NULL;
    }
    for (ssize_t i = 0; i < nargs; i++) {
        numbers[i] = RtLong_AsInt64(args[i]);
        if (numbers[i] == -1 && RtErr_Occurred() != NULL) {
            return NULL;
        }
    }
    int64_t start = nargs == 1 ? 0 : numbers[0];
    int64_t stop = nargs == 1 ? numbers[0] : numbers[1];
    int64_t step = nargs == 3 ? numbers[2] : 1;
    if (step == 0) {
        RtErr_SetString(&RtExc_ValueError, "range() arg 3 must not be zero");
        return NULL;
    }
    ssize_t length = range_count(start, stop, step);
    if (length < 0) {
        RtErr_SetString(&RtExc_OverflowError,
                        "range has more items than 64 bits can count");
        return NULL;
    }
    RangeObject *range = (RangeObject *)RtObject_New(type, 0);
    if (range != NULL) {
        range->start = start;
        range->stop = stop;
        range->step = step;
        range->length = length;
    }
    return (RtObject *)range;
}

static void
range_dealloc(RtObject *op)
{
    RtObject_Free(op);
}

static RtObject *
range_repr(RtObject *op)
{
    RangeObject *range = as_range(op);
    if (range->step == 1) {
        return RtStr_FromFormat("range(%" PRId64 ", %" PRId64 ")",
                                range->start, range->stop);
    }
    return RtStr_FromFormat("range(%" PRId64 ", %" PRId64 ", %" PRId64 ")",
                            range->start, range->stop, range->step);
}

// As ranges compare: as sequences, whatever their arguments were.
static RtObject *
range_richcompare(RtObject *a, RtObject *b, int op)
{
    if (!Rt_IS_TYPE(a, &RtRange_Type) || !Rt_IS_TYPE(b, &RtRange_Type)
        || (op != RT_EQ && op != RT_NE)) {
        return Rt_NotImplemented;
    }
    RangeObject *x = as_range(a);
    RangeObject *y = as_range(b);
    bool equal = x->length == y->length
                 && (x->length == 0
                     || (x->start == y->start
                         && (x->length == 1 || x->step == y->step)));
    return RtBool_FromInt(equal == (op == RT_EQ));
}

// The hash of the tuple (length, start, step), without what does not matter.
static ssize_t
range_hash(RtObject *op)
{
    RangeObject *range = as_range(op);
    RtObject *key = RtTuple_New(3);
    if (key == NULL) {
        return -1;
    }
    RtObject *fields[3] = {
        RtLong_FromInt64(range->length),
        range->length > 0 ? RtLong_FromInt64(range->start) : Rt_None,
        range->length > 1 ? RtLong_FromInt64(range->step) : Rt_None,
    };
    ssize_t hash = -1;
    bool complete = true;
    for (int i = 0; i < 3; i++) {
        complete &= fields[i] != NULL;
        RtTuple_SetItem(key, i, fields[i]);
    }
    if (complete) {
        hash = RtObject_Hash(key);
    }
    Rt_DECREF(key);
    return hash;
}

static ssize_t
range_length(RtObject *op)
{
    return as_range(op)->length;
}

static RtObject *
range_slice(RangeObject *range, RtObject *slice)
{
    RtSliceRange part;
    if (RtSlice_Unpack(slice, &part) < 0) {
        return NULL;
    }
    ssize_t n = RtSlice_Adjust(&part, range->length);
    RangeObject *result = (RangeObject *)RtObject_New(&RtRange_Type, 0);
    if (result != NULL) {
        result->start =
            RtRange_NumberAt(range->start, range->step, part.start);
        result->stop =
            RtRange_NumberAt(range->start, range->step, part.stop);
        result->step = (int64_t)((uint64_t)range->step * (uint64_t)part.step);
        result->length = n;
    }
    return (RtObject *)result;
}

static RtObject *
range_subscript(RtObject *op, RtObject *key)
{
    RangeObject *range = as_range(op);
    ssize_t i;
    if (RtSlice_Check(key)) {
        return range_slice(range, key);
    }
    if (RtLong_AsIndex(key, &i, "range indices must be integers or slices")
        < 0) {
        if (RtErr_ExceptionMatches(&RtExc_IndexError)) {
            RtErr_SetString(&RtExc_IndexError,
                            "range object index out of range");
        }
        return NULL;
    }
    if (i < 0) {
        i += range->length;
    }
    if (i < 0 || i >= range->length) {
        RtErr_SetString(&RtExc_IndexError, "range object index out of range");
        return NULL;
    }
    return RtLong_FromInt64(RtRange_NumberAt(range->start, range->step, i));
}

static bool
has_number(RangeObject *range, int64_t value)
{
    int64_t low = range->step > 0 ? range->start : value;
    int64_t high = range->step > 0 ? value : range->start;
    bool before_stop = range->step > 0 ? value < range->stop
                                       : value > range->stop;
    uint64_t stride = range->step > 0 ? (uint64_t)range->step
                                      : -(uint64_t)range->step;
    return low <= high && before_stop
           && ((uint64_t)high - (uint64_t)low) % stride == 0;
}

static int
range_contains(RtObject *op, RtObject *value)
{
    RangeObject *range = as_range(op);
    if (RtLong_Check(value)
        && !RtType_HasFeature(Rt_TYPE(value), RT_TPFLAGS_HEAPTYPE)) {
        return RtLong_IsCompact(value)
               && has_number(range, RtLong_VALUE(value));
    }
    int equal = 0;
    for (ssize_t i = 0; i < range->length && equal == 0; i++) {
        RtObject *number = RtLong_FromInt64(
            RtRange_NumberAt(range->start, range->step, i));
        if (number == NULL) {
            return -1;
        }
        equal = RtObject_EqualBool(number, value);
        Rt_DECREF(number);
    }
    return equal;
}

static RtObject *
range_iter(RtObject *op)
{
    RangeObject *range = as_range(op);
    RtRangeIterObject *it =
        (RtRangeIterObject *)RtObject_New(&RtRangeIter_Type, 0);
    if (it != NULL) {
        it->start = range->start;
        it->step = range->step;
        it->length = range->length;
    }
    return (RtObject *)it;
}

static RtObject *
range_reversed(RtObject *op, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    RangeObject *range = as_range(op);
    RtRangeIterObject *it =
        (RtRangeIterObject *)RtObject_New(&RtRangeIter_Type, 0);
    if (it != NULL) {
        it->start =
            RtRange_NumberAt(range->start, range->step, range->length - 1);
        it->step = (int64_t)-(uint64_t)range->step;
        it->length = range->length;
    }
    return (RtObject *)it;
}

static RtObject *
rangeiter_iter(RtObject *op)
{
    return Rt_NewRef(op);
}

static RtObject *
rangeiter_next(RtObject *op)
{
    RtRangeIterObject *it = (RtRangeIterObject *)op;
    ssize_t i = RT_FT_ATOMIC_LOAD_SSIZE_RELAXED(&it->index);
    if (i >= it->length) {
        return NULL;
    }
    RT_FT_ATOMIC_STORE_SSIZE_RELAXED(&it->index, i + 1);
    return RtLong_FromInt64(RtRange_NumberAt(it->start, it->step, i));
}

// The position of a value, or -1; -2 with an exception.
static ssize_t
find_number(RangeObject *range, RtObject *value)
{
    if (RtLong_CheckExact(value)) {
        if (!RtLong_IsCompact(value)
            || !has_number(range, RtLong_VALUE(value))) {
            return -1;
        }
        int64_t distance = (int64_t)((uint64_t)RtLong_VALUE(value)
                                     - (uint64_t)range->start);
        return (ssize_t)(distance / range->step);
    }
    for (ssize_t i = 0; i < range->length; i++) {
        RtObject *number = RtLong_FromInt64(
            RtRange_NumberAt(range->start, range->step, i));
        int equal = number == NULL ? -1 : RtObject_EqualBool(number, value);
        Rt_XDECREF(number);
        if (equal != 0) {
            return equal < 0 ? -2 : i;
        }
    }
    return -1;
}

static RtObject *
range_index(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    ssize_t i = find_number(as_range(self), args[0]);
    if (i >= 0) {
        return RtLong_FromInt64(i);
    }
    RtObject *repr = i == -2 ? NULL : RtObject_Repr(args[0]);
    if (repr != NULL) {
        RtErr_Format(&RtExc_ValueError, "%s is not in range",
                     RtStr_AsUTF8(repr));
        Rt_DECREF(repr);
    }
    return NULL;
}

static RtObject *
range_count_of(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    ssize_t i = find_number(as_range(self), args[0]);
    return i == -2 ? NULL : RtLong_FromInt64(i >= 0);
}

static RtObject *
range_start(RtObject *op)
{
    return RtLong_FromInt64(as_range(op)->start);
}

static RtObject *
range_stop(RtObject *op)
{
    return RtLong_FromInt64(as_range(op)->stop);
}

static RtObject *
range_step(RtObject *op)
{
    return RtLong_FromInt64(as_range(op)->step);
}

static const RtGetSetDef range_getset[] = {
    {"start", range_start, NULL},
    {"stop", range_stop, NULL},
    {"step", range_step, NULL},
    {NULL, NULL, NULL},
};

static RtMethodDef range_methods[] = {
    {"count", range_count_of, 1, 1},
    {"index", range_index, 1, 1},
    {"__reversed__", range_reversed, 0, 0},
    {NULL, NULL, 0, 0},
};

RtTypeObject RtRange_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "range",
    .tp_basicsize = sizeof(RangeObject),
    .tp_dealloc = range_dealloc,
    .tp_repr = range_repr,
    .tp_hash = range_hash,
    .tp_richcompare = range_richcompare,
    .tp_iter = range_iter,
    .tp_new = range_new,
    .mp_length = range_length,
    .mp_subscript = range_subscript,
    .sq_contains = range_contains,
    .tp_methods = range_methods,
    .tp_getset = range_getset,
};

RtTypeObject RtRangeIter_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "range_iterator",
    .tp_basicsize = sizeof(RtRangeIterObject),
    .tp_dealloc = range_dealloc,
    .tp_iter = rangeiter_iter,
    .tp_iternext = rangeiter_next,
};

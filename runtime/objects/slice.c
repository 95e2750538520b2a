// slice.c: slice objects, and what they mean for a sequence of some length.
//
// A slice never changes. Its fields are turned into numbers before a sequence
// is locked, since that may run code of the program; the numbers are fitted to
// the length under the lock.
// Mirrors Objects/sliceobject.c (CPython 3.13); departs: no cached object.

#include "rtcore_types.h"

#include "rt_errors.h"

typedef struct SliceObject {
    RtObject ob_base;
    RtObject *fields[3];        // start, stop, step
} SliceObject;

RtObject *
RtSlice_New(RtObject *start, RtObject *stop, RtObject *step)
{
    SliceObject *op = (SliceObject *)RtObject_New(&RtSlice_Type, 0);
    if (op == NULL) {
        return NULL;
    }
    RtObject *fields[3] = { start, stop, step };
    for (int i = 0; i < 3; i++) {
        op->fields[i] = Rt_NewRef(fields[i] == NULL ? Rt_None : fields[i]);
    }
    RtGC_Track((RtObject *)op);
    return (RtObject *)op;
}

static void
slice_dealloc(RtObject *op)
{
    RtGC_Untrack(op);
    for (int i = 0; i < 3; i++) {
        Rt_DECREF(((SliceObject *)op)->fields[i]);
    }
    RtObject_Free(op);
}

static int
slice_traverse(RtObject *op, visitproc visit, void *arg)
{
    for (int i = 0; i < 3; i++) {
        Rt_VISIT(((SliceObject *)op)->fields[i]);
    }
    return 0;
}

// Numbers that no length reaches are cut.
int
RtSlice_Argument(RtObject *field, ssize_t *value)
{
    if (!RtIndex_Check(field)) {
        RtErr_SetString(&RtExc_TypeError, "slice indices must be integers or "
                        "None or have an __index__ method");
        return -1;
    }
    RtObject *number = RtNumber_Index(field);
    if (number == NULL) {
        return -1;
    }
    *value = (ssize_t)RtLong_VALUE(number);
    Rt_DECREF(number);
    return 0;
}

int
RtSlice_Unpack(RtObject *slice, RtSliceRange *range)
{
    RtObject **fields = ((SliceObject *)slice)->fields;
    range->step = 1;
    if (fields[2] != Rt_None) {
        if (RtSlice_Argument(fields[2], &range->step) < 0) {
            return -1;
        }
        if (range->step == 0) {
            RtErr_SetString(&RtExc_ValueError, "slice step cannot be zero");
            return -1;
        }
        if (range->step < -PTRDIFF_MAX) {
            range->step = -PTRDIFF_MAX;
        }
    }
    bool down = range->step < 0;
    range->start = down ? PTRDIFF_MAX : 0;
    range->stop = down ? PTRDIFF_MIN : PTRDIFF_MAX;
    if (fields[0] != Rt_None &&
        RtSlice_Argument(fields[0], &range->start) < 0)
    {
        return -1;
    }
    return fields[1] == Rt_None ? 0 : RtSlice_Argument(fields[1], &range->stop);
}

static ssize_t
fit(ssize_t i, ssize_t size, ssize_t step)
{
    if (i < 0) {
        i += size;
        return i >= 0 ? i : step < 0 ? -1 : 0;
    }
    return i < size ? i : step < 0 ? size - 1 : size;
}

ssize_t
RtSlice_Adjust(RtSliceRange *range, ssize_t size)
{
    range->start = fit(range->start, size, range->step);
    range->stop = fit(range->stop, size, range->step);
    if (range->step < 0) {
        return range->stop < range->start
            ? (range->start - range->stop - 1) / -range->step + 1 : 0;
    }
    return range->start < range->stop
        ? (range->stop - range->start - 1) / range->step + 1 : 0;
}

// ---------------------------------------------------------------------------
// The type.

static RtObject *
slice_repr(RtObject *op)
{
    RtObject **fields = ((SliceObject *)op)->fields;
    RtStrWriter w;
    RtStrWriter_Init(&w);
    RtStrWriter_WriteString(&w, "slice(");
    for (int i = 0; i < 3; i++) {
        RtStrWriter_WriteString(&w, i > 0 ? ", " : "");
        if (RtStrWriter_WriteRepr(&w, fields[i]) < 0) {
            RtStrWriter_Discard(&w);
            return NULL;
        }
    }
    RtStrWriter_WriteString(&w, ")");
    return RtStrWriter_Finish(&w);
}

static RtObject *
slice_richcompare(RtObject *a, RtObject *b, int op)
{
    if (!Rt_IS_TYPE(a, &RtSlice_Type) || !Rt_IS_TYPE(b, &RtSlice_Type)) {
        return Rt_NotImplemented;
    }
    RtObject *x = RtTuple_FromArray(((SliceObject *)a)->fields, 3);
    RtObject *y = x == NULL ? NULL
                  : RtTuple_FromArray(((SliceObject *)b)->fields, 3);
    RtObject *answer = y == NULL ? NULL : RtObject_RichCompare(x, y, op);
    Rt_XDECREF(x);
    Rt_XDECREF(y);
    return answer;
}

static ssize_t
slice_hash(RtObject *op)
{
    RtObject *fields = RtTuple_FromArray(((SliceObject *)op)->fields, 3);
    if (fields == NULL) {
        return -1;
    }
    ssize_t hash = RtObject_Hash(fields);
    Rt_DECREF(fields);
    return hash;
}

static RtObject *
slice_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    (void)type;
    if (nargs == 0) {
        RtErr_SetString(&RtExc_TypeError,
                        "slice expected at least 1 argument, got 0");
        return NULL;
    }
    if (RtArg_CheckMax("slice", nargs, 3) < 0) {
        return NULL;
    }
    return nargs == 1 ? RtSlice_New(NULL, args[0], NULL)
                      : RtSlice_New(args[0], args[1],
                                    nargs == 3 ? args[2] : NULL);
}

static RtObject *
slice_start(RtObject *op)
{
    return Rt_NewRef(((SliceObject *)op)->fields[0]);
}

static RtObject *
slice_stop(RtObject *op)
{
    return Rt_NewRef(((SliceObject *)op)->fields[1]);
}

static RtObject *
slice_step(RtObject *op)
{
    return Rt_NewRef(((SliceObject *)op)->fields[2]);
}

// slice.indices(length)
static RtObject *
slice_indices(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    int64_t length = RtLong_AsInt64(args[0]);
    if (length < 0) {
        if (RtErr_Occurred() == NULL) {
            RtErr_SetString(&RtExc_ValueError,
                            "length should not be negative");
        }
        return NULL;
    }
    RtSliceRange range;
    if (RtSlice_Unpack(self, &range) < 0) {
        return NULL;
    }
    (void)RtSlice_Adjust(&range, (ssize_t)length);
    RtObject *result = RtTuple_New(3);
    const int64_t numbers[3] = { range.start, range.stop, range.step };
    for (int i = 0; result != NULL && i < 3; i++) {
        RtObject *number = RtLong_FromInt64(numbers[i]);
        if (number == NULL) {
            Rt_CLEAR(result);
            break;
        }
        RtTuple_SetItem(result, i, number);
    }
    return result;
}

static RtMethodDef slice_methods[] = {
    {"indices", slice_indices, 1, 1},
    {NULL, NULL, 0, 0},
};

static const RtGetSetDef slice_getset[] = {
    {"start", slice_start, NULL},
    {"stop", slice_stop, NULL},
    {"step", slice_step, NULL},
    {NULL, NULL, NULL},
};

RtTypeObject RtSlice_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "slice",
    .tp_basicsize = sizeof(SliceObject),
    .tp_flags = RT_TPFLAGS_HAVE_GC,
    .tp_dealloc = slice_dealloc,
    .tp_traverse = slice_traverse,
    .tp_repr = slice_repr,
    .tp_hash = slice_hash,
    .tp_richcompare = slice_richcompare,
    .tp_new = slice_new,
    .tp_methods = slice_methods,
    .tp_getset = slice_getset,
};

// tee.c: tee(iterable, n): iterators that remember for each other.
//
// A tee is a place in a list of blocks; the blocks hold what the iterator below
// gave, and live as long as a tee stands in or before them. A block is filled
// by one thread at a time: `running` is set in the block's section, which is
// left while the iterator takes its step; who comes meanwhile gets
// RuntimeError. Values are written once, in order. The place of a tee is read
// and written in the section of the tee.
// Mirrors Modules/itertoolsmodule.c (CPython 3.13, which takes no lock here);
// departs: the sections; long lists of blocks are left to the trashcan.

#include "module.h"

#include "rt_critical_section.h"
#include "rt_errors.h"
#include "rtcore_iter.h"

#ifdef RT_TINY_LIMITS
enum { LINKCELLS = 3 };
#else
enum { LINKCELLS = 57 };
#endif

typedef struct TeeData {
    RtObject ob_base;
    RtObject *iter;
    ssize_t numread;            // these four: section
    bool running;
    struct TeeData *nextlink;
    RtObject *values[LINKCELLS];
} TeeData;

typedef struct Tee {
    RtObject ob_base;
    TeeData *data;              // section
    ssize_t index;              // in that block; section
} Tee;

// ---------------------------------------------------------------------------
// Blocks.

static TeeData *
data_new(RtObject *iter)
{
    TeeData *data = (TeeData *)RtObject_New(&RtTeeData_Type, 0);
    if (data != NULL) {
        data->iter = Rt_NewRef(iter);
        RtGC_Track((RtObject *)data);
    }
    return data;
}

static int
data_traverse(RtObject *op, visitproc visit, void *arg)
{
    TeeData *data = (TeeData *)op;
    Rt_VISIT(data->iter);
    for (ssize_t i = 0; i < data->numread; i++) {
        Rt_VISIT(data->values[i]);
    }
    Rt_VISIT((RtObject *)data->nextlink);
    return 0;
}

static int
data_clear(RtObject *op)
{
    TeeData *data = (TeeData *)op;
    RtObject *values[LINKCELLS];
    ssize_t n;
    RT_BEGIN_CRITICAL_SECTION(op);
    n = data->numread;
    for (ssize_t i = 0; i < n; i++) {
        values[i] = data->values[i];
    }
    data->numread = 0;
    RT_END_CRITICAL_SECTION();
    for (ssize_t i = 0; i < n; i++) {
        Rt_DECREF(values[i]);
    }
    return 0;
}

static void
data_dealloc(RtObject *op)
{
    TeeData *data = (TeeData *)op;
    RtGC_Untrack(op);
    Rt_DECREF(data->iter);
    for (ssize_t i = 0; i < data->numread; i++) {
        Rt_DECREF(data->values[i]);
    }
    Rt_XDECREF((RtObject *)data->nextlink);
    RtObject_Free(op);
}

// The block after this one, which is full. NULL: no memory.
static TeeData *
data_next(TeeData *data)
{
    TeeData *next;
    RT_BEGIN_CRITICAL_SECTION(data);
    if (data->nextlink == NULL) {
        data->nextlink = data_new(data->iter);
    }
    next = (TeeData *)Rt_XNewRef((RtObject *)data->nextlink);
    RT_END_CRITICAL_SECTION();
    return next;
}

// As far as that can be done at once: the value, or *turn: it is for the caller
// to read it, and to call data_put().
static RtObject *
data_try(TeeData *data, ssize_t i, bool *turn)
{
    RtObject *value = NULL;
    RT_BEGIN_CRITICAL_SECTION(data);
    *turn = false;
    if (i < data->numread) {
        value = Rt_NewRef(data->values[i]);
    }
    else if (!data->running) {
        data->running = *turn = true;
    }
    RT_END_CRITICAL_SECTION();
    return value;
}

// value may be NULL.
static void
data_put(TeeData *data, RtObject *value)
{
    RT_BEGIN_CRITICAL_SECTION(data);
    rt_assert(data->running && data->numread < LINKCELLS);
    data->running = false;
    if (value != NULL) {
        data->values[data->numread++] = Rt_NewRef(value);
    }
    RT_END_CRITICAL_SECTION();
}

static RtObject *
data_get(TeeData *data, ssize_t i)
{
    bool turn;
    RtObject *value = data_try(data, i, &turn);
    if (value != NULL) {
        return value;
    }
    if (!turn) {
        RtErr_SetString(&RtExc_RuntimeError,
                        "cannot re-enter the tee iterator");
        return NULL;
    }
    value = RtIter_NextOfInner(data->iter);
    data_put(data, value);
    return value;
}

RtTypeObject RtTeeData_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "itertools._tee_dataobject",
    .tp_basicsize = sizeof(TeeData),
    .tp_flags = RT_TPFLAGS_HAVE_GC,
    .tp_dealloc = data_dealloc,
    .tp_traverse = data_traverse,
    .tp_clear = data_clear,
};

// ---------------------------------------------------------------------------
// Tees.

// Steals data, which may be NULL.
static RtObject *
tee_at(TeeData *data, ssize_t index)
{
    Tee *tee = data == NULL ? NULL : (Tee *)RtObject_New(&RtTee_Type, 0);
    if (tee == NULL) {
        Rt_XDECREF((RtObject *)data);
        return NULL;
    }
    tee->data = data;
    tee->index = index;
    RtGC_Track((RtObject *)tee);
    return (RtObject *)tee;
}

static void
tee_dealloc(RtObject *op)
{
    RtGC_Untrack(op);
    Rt_DECREF((RtObject *)((Tee *)op)->data);
    RtObject_Free(op);
}

static int
tee_traverse(RtObject *op, visitproc visit, void *arg)
{
    Rt_VISIT((RtObject *)((Tee *)op)->data);
    return 0;
}

static TeeData *
tee_place(Tee *tee, ssize_t *index)
{
    TeeData *data;
    RT_BEGIN_CRITICAL_SECTION(tee);
    data = (TeeData *)Rt_NewRef((RtObject *)tee->data);
    *index = tee->index;
    RT_END_CRITICAL_SECTION();
    return data;
}

// Unless another thread has moved the tee. The caller keeps its references.
static void
tee_move(Tee *tee, TeeData *from, ssize_t index, TeeData *to, ssize_t to_index)
{
    TeeData *old = NULL;
    RT_BEGIN_CRITICAL_SECTION(tee);
    if (tee->data == from && tee->index == index) {
        old = from;
        tee->data = (TeeData *)Rt_NewRef((RtObject *)to);
        tee->index = to_index;
    }
    RT_END_CRITICAL_SECTION();
    Rt_XDECREF((RtObject *)old);
}

static RtObject *
tee_next(RtObject *op)
{
    Tee *tee = (Tee *)op;
    ssize_t i;
    TeeData *data = tee_place(tee, &i);
    if (i == LINKCELLS) {
        TeeData *next = data_next(data);
        if (next != NULL) {
            tee_move(tee, data, i, next, 0);
        }
        Rt_DECREF((RtObject *)data);
        if (next == NULL) {
            return NULL;
        }
        data = next;
        i = 0;
    }
    RtObject *value = data_get(data, i);
    if (value != NULL) {
        tee_move(tee, data, i, data, i + 1);
    }
    Rt_DECREF((RtObject *)data);
    return value;
}

static RtObject *
tee_copy(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    ssize_t index;
    TeeData *data = tee_place((Tee *)self, &index);
    return tee_at(data, index);
}

static RtMethodDef tee_methods[] = {
    {"__copy__", tee_copy, 0, 0},
    {NULL, NULL, 0, 0},
};

RtTypeObject RtTee_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "itertools._tee",
    .tp_basicsize = sizeof(Tee),
    .tp_flags = RT_TPFLAGS_HAVE_GC,
    .tp_dealloc = tee_dealloc,
    .tp_traverse = tee_traverse,
    .tp_iter = RtIter_Self,
    .tp_iternext = tee_next,
    .tp_methods = tee_methods,
};

// ---------------------------------------------------------------------------
// The function.

// A tee over iter, which may be one: then it stands for itself.
static RtObject *
first_tee(RtObject *iter)
{
    return Rt_IS_TYPE(iter, &RtTee_Type) ? Rt_NewRef(iter)
                                         : tee_at(data_new(iter), 0);
}

// tee(iterable[, n])
static RtObject *
itertools_tee(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    ssize_t n = 2;
    if (nargs == 2
        && RtLong_AsIndex(args[1], &n, "an integer is required") < 0) {
        return NULL;
    }
    if (n < 0) {
        RtErr_SetString(&RtExc_ValueError, "n must be >= 0");
        return NULL;
    }
    if (n > RT_SEQUENCE_SIZE_MAX) {
        return RtErr_NoMemory();
    }
    RtObject *iter = n == 0 ? Rt_NewRef(Rt_None) : RtObject_GetIter(args[0]);
    RtObject *result = iter == NULL ? NULL : RtTuple_New(n);
    for (ssize_t i = 0; result != NULL && i < n; i++) {
        RtObject *tee = i == 0 ? first_tee(iter)
                               : tee_copy(RtTuple_GetItem(result, 0), NULL, 0);
        RtTuple_SetItem(result, i, tee);
        if (tee == NULL) {
            Rt_CLEAR(result);
        }
    }
    Rt_XDECREF(iter);
    return result;
}

RtMethodDef rt_itertools_functions[] = {
    {"tee", itertools_tee, 1, 2},
    {NULL, NULL, 0, 0},
};

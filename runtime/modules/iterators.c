// iterators.c: zip, map and filter.
//
// What they hold never changes: a tuple of iterators and a function. Each step
// is one step of every iterator, so threads that share one may mix the items of
// one step with those of another; there is nothing that they could break. zip
// uses its last result again if it may (enum.c).
// Mirrors Python/bltinmodule.c (CPython 3.13, with the repair of gh-123271);
// departs: zip takes all items before it touches its last result.

#include "rtcore_iter.h"

#include "rt_errors.h"

typedef struct Zip {
    RtObject ob_base;
    RtObject *func;             // map and filter; zip: the last result, NULL
                                // once it is garbage
    RtObject *iters;            // tuple; filter: the iterator
    bool strict;                // zip: all must end at once
} Zip;

// A tuple of iterators over args.
static RtObject *
get_iters(RtObject *const *args, ssize_t n)
{
    RtObject *iters = RtTuple_New(n);
    for (ssize_t i = 0; iters != NULL && i < n; i++) {
        RtObject *iter = RtObject_GetIter(args[i]);
        RtTuple_SetItem(iters, i, iter);
        if (iter == NULL) {
            Rt_CLEAR(iters);
        }
    }
    return iters;
}

// Steals both, which may be NULL: an exception is set.
static RtObject *
make(RtTypeObject *type, RtObject *func, RtObject *iters)
{
    Zip *it = func == NULL || iters == NULL ? NULL
              : (Zip *)RtObject_New(type, 0);
    if (it == NULL) {
        Rt_XDECREF(func);
        Rt_XDECREF(iters);
        return NULL;
    }
    it->func = func;
    it->iters = iters;
    RtGC_Track((RtObject *)it);
    return (RtObject *)it;
}

static void
zip_dealloc(RtObject *op)
{
    RtGC_Untrack(op);
    Rt_XDECREF(((Zip *)op)->func);
    Rt_DECREF(((Zip *)op)->iters);
    RtObject_Free(op);
}

static int
zip_traverse(RtObject *op, visitproc visit, void *arg)
{
    Rt_VISIT(((Zip *)op)->func);
    Rt_VISIT(((Zip *)op)->iters);
    return 0;
}

// As enum_clear().
static int
zip_clear(RtObject *op)
{
    if (Rt_IS_TYPE(op, &RtZip_Type)) {
        Rt_CLEAR(((Zip *)op)->func);
    }
    return 0;
}

// ---------------------------------------------------------------------------
// One step of several iterators.

typedef struct Step {
    RtObject *small[RT_ITER_SMALL];
    RtObject **items;           // NULL: none
    ssize_t n;
    ssize_t ended;              // the first that was at its end
} Step;

static void
end_step(Step *step)
{
    if (step->items != step->small) {
        RtMem_Free(step->items);
    }
}

// The next item of each. False: one is at its end, or an exception is set, and
// there is nothing to end.
static bool
begin_step(Step *step, RtObject *iters)
{
    step->n = RtTuple_Size(iters);
    step->items = step->small;
    if (step->n > RT_ITER_SMALL) {
        step->items = RtMem_Malloc((size_t)step->n * sizeof(RtObject *));
        if (step->items == NULL) {
            (void)RtErr_NoMemory();
            return false;
        }
    }
    ssize_t i = 0;
    while (i < step->n) {
        step->items[i] = RtIter_NextOfInner(RtTuple_GetItem(iters, i));
        if (step->items[i] == NULL) {
            break;
        }
        i++;
    }
    if (i == step->n) {
        return true;
    }
    step->ended = i;
    while (i > 0) {
        Rt_DECREF(step->items[--i]);
    }
    end_step(step);
    return false;
}

// ---------------------------------------------------------------------------
// zip(*iterables)

static RtObject *
zip_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    RtObject *iters = get_iters(args, nargs);
    return make(type, iters == NULL ? NULL : RtIter_NewResult(nargs), iters);
}

// zip(*iterables, strict=False)
static RtObject *
zip_new_kw(RtTypeObject *type, RtObject *const *args, ssize_t nargs,
           RtObject *kwnames)
{
    static const char *const names[] = { "strict", NULL };
    RtObject *given[1];
    if (RtArg_Unpack("zip", names, 0, 0, args + nargs, 0, kwnames,
                     given) < 0)
    {
        return NULL;
    }
    int strict = given[0] != NULL ? RtObject_IsTrue(given[0]) : 0;
    RtObject *self = strict < 0 ? NULL : zip_new(type, args, nargs);
    if (self != NULL) {
        ((Zip *)self)->strict = strict;
    }
    return self;
}

static void
raise_length(ssize_t i, const char *how)
{
    RtErr_Format(&RtExc_ValueError,
                 "zip() argument %zd is %s than argument%s%zd", i + 1, how,
                 i == 1 ? " " : "s 1-", i);
}

// Of a strict zip: the first iterator that is at its end must be the first of
// all, and so must the others be.
static void
check_ends(RtObject *iters, ssize_t ended)
{
    if (ended > 0) {
        raise_length(ended, "shorter");
        return;
    }
    for (ssize_t i = 1; i < RtTuple_Size(iters); i++) {
        RtObject *item = RtIter_NextOfInner(RtTuple_GetItem(iters, i));
        if (item != NULL) {
            Rt_DECREF(item);
            raise_length(i, "longer");
        }
        if (RtErr_Occurred() != NULL) {
            return;
        }
    }
}

static RtObject *
zip_next(RtObject *op)
{
    Zip *it = (Zip *)op;
    Step step;
    if (RtTuple_Size(it->iters) == 0) {
        return NULL;
    }
    if (!begin_step(&step, it->iters)) {
        if (it->strict && RtErr_Occurred() == NULL) {
            check_ends(it->iters, step.ended);
        }
        return NULL;
    }
    RtObject *result = RtIter_ResultTuple(it->func, step.items, step.n);
    end_step(&step);
    return result;
}

// ---------------------------------------------------------------------------
// map(func, *iterables)

static RtObject *
map_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    if (nargs < 2) {
        RtErr_SetString(&RtExc_TypeError,
                        "map() must have at least two arguments.");
        return NULL;
    }
    RtObject *iters = get_iters(args + 1, nargs - 1);
    return make(type, iters == NULL ? NULL : Rt_NewRef(args[0]), iters);
}

static RtObject *
map_next(RtObject *op)
{
    Zip *it = (Zip *)op;
    Step step;
    if (!begin_step(&step, it->iters)) {
        return NULL;
    }
    RtObject *result = RtObject_Vectorcall(it->func, step.items, step.n);
    for (ssize_t i = 0; i < step.n; i++) {
        Rt_DECREF(step.items[i]);
    }
    end_step(&step);
    return result;
}

// ---------------------------------------------------------------------------
// filter(func or None, iterable)

static RtObject *
filter_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    if (nargs != 2) {
        RtErr_Format(&RtExc_TypeError, "filter expected 2 arguments, got %zd",
                     nargs);
        return NULL;
    }
    RtObject *iter = RtObject_GetIter(args[1]);
    return make(type, iter == NULL ? NULL : Rt_NewRef(args[0]), iter);
}

// 1, 0, -1.
static int
passes(RtObject *func, RtObject *item)
{
    if (func == Rt_None || func == (RtObject *)&RtBool_Type) {
        return RtObject_IsTrue(item);
    }
    RtObject *answer = RtObject_CallOneArg(func, item);
    if (answer == NULL) {
        return -1;
    }
    int truth = RtObject_IsTrue(answer);
    Rt_DECREF(answer);
    return truth;
}

static RtObject *
filter_next(RtObject *op)
{
    Zip *it = (Zip *)op;
    RtObject *item;
    while ((item = RtIter_NextOfInner(it->iters)) != NULL) {
        int truth = passes(it->func, item);
        if (truth > 0) {
            return item;
        }
        Rt_DECREF(item);
        if (truth < 0) {
            return NULL;
        }
    }
    return NULL;
}

#define ITER_TYPE(name, new, new_kw, next) \
    { \
        .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type), \
        .tp_name = name, \
        .tp_basicsize = sizeof(Zip), \
        .tp_flags = RT_TPFLAGS_HAVE_GC, \
        .tp_dealloc = zip_dealloc, \
        .tp_traverse = zip_traverse, \
        .tp_clear = zip_clear, \
        .tp_iter = RtIter_Self, \
        .tp_iternext = next, \
        .tp_new = new, \
        .tp_new_kw = new_kw, \
    }

RtTypeObject RtZip_Type = ITER_TYPE("zip", zip_new, zip_new_kw, zip_next);
RtTypeObject RtMap_Type = ITER_TYPE("map", map_new, NULL, map_next);
RtTypeObject RtFilter_Type =
    ITER_TYPE("filter", filter_new, NULL, filter_next);

// itertools.c: count, cycle, chain and islice.
//
// count is one atomic number: each value is handed out once. The words of a
// chain or islice are read and written in its own section, which is left while
// an iterator below takes its step (that may run user code): what was read is
// compared when the section is entered again. islice reserves its places before
// it takes them, so that threads that share one never get more than it has.
// cycle appends to a list of its own, then walks over it by an index.
// Mirrors Modules/itertoolsmodule.c (CPython 3.13; 3.13 takes no lock here, the
// sections are 3.15's); departs: count has 64 bits; no from_iterable.

#include "rtcore_iter.h"

#include <inttypes.h>

#include "rt_critical_section.h"
#include "rt_errors.h"

static int
check_count(const char *name, ssize_t nargs, ssize_t least, ssize_t most)
{
    if (nargs >= least && nargs <= most) {
        return 0;
    }
    RtErr_Format(&RtExc_TypeError, "%s expected %s %zd argument%s, got %zd",
                 name, nargs < least ? "at least" : "at most",
                 nargs < least ? least : most,
                 (nargs < least ? least : most) == 1 ? "" : "s", nargs);
    return -1;
}

// ---------------------------------------------------------------------------
// count([start[, step]])

typedef struct Count {
    RtObject ob_base;
    int64_t next;               // atomic
    int64_t step;
} Count;

static RtObject *
count_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    ssize_t numbers[2] = { 0, 1 };
    if (check_count("count", nargs, 0, 2) < 0) {
        return NULL;
    }
    for (ssize_t i = 0; i < nargs; i++) {
        if (RtLong_AsIndex(args[i], &numbers[i], "a number is required")
            < 0) {
            return NULL;
        }
    }
    Count *it = (Count *)RtObject_New(type, 0);
    if (it != NULL) {
        it->next = numbers[0];
        it->step = numbers[1];
    }
    return (RtObject *)it;
}

static void
count_dealloc(RtObject *op)
{
    RtObject_Free(op);
}

// False if the number after it does not fit.
static bool
take_number(Count *it, int64_t *value)
{
    int64_t after;
#ifdef RT_GIL_DISABLED
    *value = rt_atomic_load_int64_relaxed(&it->next);
    do {
        if (__builtin_add_overflow(*value, it->step, &after)) {
            return false;
        }
    } while (!rt_atomic_compare_exchange_int64(&it->next, value, after));
#else
    *value = it->next;
    if (__builtin_add_overflow(*value, it->step, &after)) {
        return false;
    }
    it->next = after;
#endif
    return true;
}

static RtObject *
count_next(RtObject *op)
{
    int64_t value;
    if (!take_number((Count *)op, &value)) {
        RtErr_SetString(&RtExc_OverflowError,
                        "int result does not fit 64 bits");
        return NULL;
    }
    return RtLong_FromInt64(value);
}

static RtObject *
count_repr(RtObject *op)
{
    Count *it = (Count *)op;
    int64_t next = RT_FT_ATOMIC_LOAD_SSIZE_RELAXED(&it->next);
    if (it->step == 1) {
        return RtStr_FromFormat("count(%" PRId64 ")", next);
    }
    return RtStr_FromFormat("count(%" PRId64 ", %" PRId64 ")", next, it->step);
}

RtTypeObject RtCount_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "itertools.count",
    .tp_basicsize = sizeof(Count),
    .tp_dealloc = count_dealloc,
    .tp_repr = count_repr,
    .tp_iter = RtIter_Self,
    .tp_iternext = count_next,
    .tp_new = count_new,
};

// ---------------------------------------------------------------------------
// cycle(iterable)

typedef struct Cycle {
    RtObject ob_base;
    RtObject *iter;             // GIL build: NULL once exhausted
    RtObject *saved;            // list of what it gave
    ssize_t index;              // in `saved`; -1: iter goes on; relaxed
} Cycle;

static RtObject *
cycle_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    if (check_count("cycle", nargs, 1, 1) < 0) {
        return NULL;
    }
    RtObject *iter = RtObject_GetIter(args[0]);
    RtObject *saved = iter == NULL ? NULL : RtList_New(0);
    Cycle *it = saved == NULL ? NULL : (Cycle *)RtObject_New(type, 0);
    if (it == NULL) {
        Rt_XDECREF(iter);
        Rt_XDECREF(saved);
        return NULL;
    }
    it->iter = iter;
    it->saved = saved;
    it->index = -1;
    RtGC_Track((RtObject *)it);
    return (RtObject *)it;
}

static void
cycle_dealloc(RtObject *op)
{
    RtGC_Untrack(op);
    Rt_XDECREF(((Cycle *)op)->iter);
    Rt_DECREF(((Cycle *)op)->saved);
    RtObject_Free(op);
}

static int
cycle_traverse(RtObject *op, visitproc visit, void *arg)
{
    Rt_VISIT(((Cycle *)op)->iter);
    Rt_VISIT(((Cycle *)op)->saved);
    return 0;
}

// The next item of the first pass, or NULL: see whether an exception is set.
static RtObject *
first_pass(Cycle *it)
{
    RtObject *iter = RT_ITER_HOLD(it->iter);
    RtObject *item = RtIter_NextOfInner(iter);
    RT_ITER_RELEASE(iter);
    if (item != NULL && RtList_Append(it->saved, item) < 0) {
        Rt_CLEAR(item);
    }
    return item;
}

static RtObject *
cycle_next(RtObject *op)
{
    Cycle *it = (Cycle *)op;
    ssize_t i = RT_FT_ATOMIC_LOAD_SSIZE_RELAXED(&it->index);
    if (i < 0) {
        RtObject *item = first_pass(it);
        if (item != NULL || RtErr_Occurred() != NULL) {
            return item;
        }
        i = 0;
        RT_FT_ATOMIC_STORE_SSIZE_RELAXED(&it->index, 0);
        RT_ITER_GIVE_UP(it->iter);
    }
    RtObject *item = RtList_TryGetItemRef((RtListObject *)it->saved, i);
    if (item != NULL) {
        bool last = i + 1 >= RtList_Size(it->saved);
        RT_FT_ATOMIC_STORE_SSIZE_RELAXED(&it->index, last ? 0 : i + 1);
    }
    return item;
}

RtTypeObject RtCycle_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "itertools.cycle",
    .tp_basicsize = sizeof(Cycle),
    .tp_flags = RT_TPFLAGS_HAVE_GC,
    .tp_dealloc = cycle_dealloc,
    .tp_traverse = cycle_traverse,
    .tp_iter = RtIter_Self,
    .tp_iternext = cycle_next,
    .tp_new = cycle_new,
};

// ---------------------------------------------------------------------------
// chain(*iterables)

typedef struct Chain {
    RtObject ob_base;
    RtObject *sources;          // tuple, NULL at the end; section
    ssize_t at;                 // in `sources`; section
    RtObject *active;           // iterator over that one, or NULL; section
} Chain;

static RtObject *
chain_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    RtObject *sources = RtTuple_FromArray(args, nargs);
    Chain *it = sources == NULL ? NULL : (Chain *)RtObject_New(type, 0);
    if (it == NULL) {
        Rt_XDECREF(sources);
        return NULL;
    }
    it->sources = sources;
    RtGC_Track((RtObject *)it);
    return (RtObject *)it;
}

static void
chain_dealloc(RtObject *op)
{
    RtGC_Untrack(op);
    Rt_XDECREF(((Chain *)op)->sources);
    Rt_XDECREF(((Chain *)op)->active);
    RtObject_Free(op);
}

static int
chain_traverse(RtObject *op, visitproc visit, void *arg)
{
    Rt_VISIT(((Chain *)op)->sources);
    Rt_VISIT(((Chain *)op)->active);
    return 0;
}

// Makes `iter` (NULL: none) the active iterator in place of `old`, unless
// another thread was first. Steals iter.
static void
replace_active(Chain *it, ssize_t at, RtObject *old, RtObject *iter,
               ssize_t next_at)
{
    bool same;
    RT_BEGIN_CRITICAL_SECTION(it);
    same = it->at == at && it->active == old;
    if (same) {
        it->active = iter;
        it->at = next_at;
    }
    RT_END_CRITICAL_SECTION();
    Rt_XDECREF(same ? old : iter);
}

static void
finish_chain(Chain *it)
{
    RtObject *sources;
    RT_BEGIN_CRITICAL_SECTION(it);
    sources = it->sources;
    it->sources = NULL;
    RT_END_CRITICAL_SECTION();
    Rt_XDECREF(sources);
}

// The active iterator, or else the next source; or neither at the end.
static RtObject *
look_at_chain(Chain *it, ssize_t *at, RtObject **source)
{
    RtObject *active;
    *source = NULL;
    RT_BEGIN_CRITICAL_SECTION(it);
    *at = it->at;
    active = Rt_XNewRef(it->active);
    if (active == NULL && it->sources != NULL &&
        *at < RtTuple_Size(it->sources)) {
        *source = Rt_NewRef(RtTuple_GetItem(it->sources, *at));
    }
    RT_END_CRITICAL_SECTION();
    return active;
}

// The active iterator, or NULL at the end: without an exception, or because a
// source is not iterable.
static RtObject *
get_active(Chain *it, ssize_t *at)
{
    for (;;) {
        RtObject *source;
        RtObject *active = look_at_chain(it, at, &source);
        if (active != NULL) {
            return active;
        }
        RtObject *iter = source != NULL ? RtObject_GetIter(source) : NULL;
        Rt_XDECREF(source);
        if (iter == NULL) {
            finish_chain(it);
            return NULL;
        }
        replace_active(it, *at, NULL, iter, *at);
    }
}

static RtObject *
chain_next(RtObject *op)
{
    Chain *it = (Chain *)op;
    RtObject *active;
    ssize_t at;
    while ((active = get_active(it, &at)) != NULL) {
        RtObject *item = RtIter_NextOfInner(active);
        if (item == NULL && RtErr_Occurred() == NULL) {
            replace_active(it, at, active, NULL, at + 1);
            Rt_DECREF(active);
            continue;
        }
        Rt_DECREF(active);
        return item;
    }
    return NULL;
}

RtTypeObject RtChain_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "itertools.chain",
    .tp_basicsize = sizeof(Chain),
    .tp_flags = RT_TPFLAGS_HAVE_GC,
    .tp_dealloc = chain_dealloc,
    .tp_traverse = chain_traverse,
    .tp_iter = RtIter_Self,
    .tp_iternext = chain_next,
    .tp_new = chain_new,
};

// ---------------------------------------------------------------------------
// islice(iterable, stop), islice(iterable, start, stop[, step])

typedef struct Islice {
    RtObject ob_base;
    RtObject *iter;             // NULL once done; section
    ssize_t next;               // place of the next item; all these: section
    ssize_t stop;               // or -1; fixed
    ssize_t step;               // fixed
    ssize_t count;              // items reserved so far
    bool done;
} Islice;

// None leaves *number as it is.
static int
parse_number(RtObject *arg, ssize_t least, const char *what, ssize_t *number)
{
    if (arg == Rt_None) {
        return 0;
    }
    if (!RtLong_Check(arg) || RtLong_VALUE(arg) < least) {
        RtErr_Format(&RtExc_ValueError,
                     "%s for islice() must be None or an integer: %zd <= x "
                     "<= sys.maxsize.", what, least);
        return -1;
    }
    *number = (ssize_t)RtLong_VALUE(arg);
    return 0;
}

static RtObject *
islice_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    ssize_t start = 0, stop = -1, step = 1;
    if (check_count("islice", nargs, 2, 4) < 0
        || (nargs > 2
            && parse_number(args[1], 0, "Indices", &start) < 0)
        || parse_number(args[nargs == 2 ? 1 : 2], 0, "Stop argument", &stop)
           < 0
        || (nargs > 3
            && parse_number(args[3], 1, "Step", &step) < 0)) {
        return NULL;
    }
    RtObject *iter = RtObject_GetIter(args[0]);
    Islice *it = iter == NULL ? NULL : (Islice *)RtObject_New(type, 0);
    if (it == NULL) {
        Rt_XDECREF(iter);
        return NULL;
    }
    it->iter = iter;
    it->next = start;
    it->stop = stop;
    it->step = step;
    RtGC_Track((RtObject *)it);
    return (RtObject *)it;
}

static void
islice_dealloc(RtObject *op)
{
    RtGC_Untrack(op);
    Rt_XDECREF(((Islice *)op)->iter);
    RtObject_Free(op);
}

static int
islice_traverse(RtObject *op, visitproc visit, void *arg)
{
    Rt_VISIT(((Islice *)op)->iter);
    return 0;
}

// How many items to skip, and whether to take the one after them.
static ssize_t
reserve_locked(Islice *it, bool *take)
{
    if (it->done) {
        *take = false;
        return 0;
    }
    // Where start lies beyond stop, as much is skipped as CPython skips.
    ssize_t reached = it->next > it->count ? it->next : it->count;
    ssize_t skip = reached - it->count;
    *take = it->stop < 0 || reached < it->stop;
    it->count = reached < PTRDIFF_MAX ? reached + *take : reached;
    it->done = !*take;
    ssize_t next;
    if (__builtin_add_overflow(it->next, it->step, &next)
        || (it->stop >= 0 && next > it->stop)) {
        next = it->stop >= 0 ? it->stop : PTRDIFF_MAX;
    }
    it->next = next;
    return skip;
}

static void
finish(Islice *it)
{
    RtObject *iter;
    RT_BEGIN_CRITICAL_SECTION(it);
    it->done = true;
    iter = it->iter;
    it->iter = NULL;
    RT_END_CRITICAL_SECTION();
    Rt_XDECREF(iter);
}

static RtObject *
islice_next(RtObject *op)
{
    Islice *it = (Islice *)op;
    ssize_t skip;
    bool take;
    RtObject *iter;
    RT_BEGIN_CRITICAL_SECTION(it);
    skip = reserve_locked(it, &take);
    iter = Rt_XNewRef(it->iter);
    RT_END_CRITICAL_SECTION();
    if (iter == NULL) {
        return NULL;
    }
    RtObject *item = NULL;
    for (; skip > 0; skip--) {
        item = RtIter_NextOfInner(iter);
        if (item == NULL) {
            break;
        }
        Rt_CLEAR(item);
    }
    if (skip == 0 && take) {
        item = RtIter_NextOfInner(iter);
    }
    if (item == NULL) {
        finish(it);
    }
    Rt_DECREF(iter);
    return item;
}

RtTypeObject RtIslice_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "itertools.islice",
    .tp_basicsize = sizeof(Islice),
    .tp_flags = RT_TPFLAGS_HAVE_GC,
    .tp_dealloc = islice_dealloc,
    .tp_traverse = islice_traverse,
    .tp_iter = RtIter_Self,
    .tp_iternext = islice_next,
    .tp_new = islice_new,
};

// gc_module.c: the collector as programs see it.
//
// It has no state of its own. Names are those of CPython's module with gc_ in
// front.
// Mirrors Modules/gcmodule.c (CPython 3.13); departs: no debugging flags, no
// gc.garbage; gc_callbacks() returns the list.

#include "module.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_gc.h"

static RtInterpreterState *
interpreter(void)
{
    return RtThreadState_Get()->interp;
}

static RtObject *
none(void)
{
    return Rt_NewRef(Rt_None);
}

// 0, or -1 with an exception.
static int
as_int(RtObject *op, int *value)
{
    int64_t wide = RtLong_AsInt64(op);
    if (wide == -1 && RtErr_Occurred() != NULL) {
        return -1;
    }
    if (wide != (int)wide) {
        RtErr_SetString(&RtExc_OverflowError, "value does not fit an int");
        return -1;
    }
    *value = (int)wide;
    return 0;
}

static int
as_generation(RtObject *op, int lowest, int *generation)
{
    if (as_int(op, generation) < 0) {
        return -1;
    }
    if (*generation < lowest || *generation >= RT_GC_GENERATIONS) {
        RtErr_SetString(&RtExc_ValueError, "invalid generation");
        return -1;
    }
    return 0;
}

static RtObject *
tuple_of_ints(const int *values, int count)
{
    RtObject *tuple = RtTuple_New(count);
    for (int i = 0; i < count && tuple != NULL; i++) {
        RtObject *value = RtLong_FromInt64(values[i]);
        if (value == NULL) {
            Rt_CLEAR(tuple);
            break;
        }
        RtTuple_SetItem(tuple, i, value);
    }
    return tuple;
}

// gc_collect([generation])
static RtObject *
gc_collect(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    int generation = RT_GC_GENERATIONS - 1;
    if (nargs > 0 && as_generation(args[0], 0, &generation) < 0) {
        return NULL;
    }
    ssize_t n = RtGC_Collect(RtThreadState_Get(), generation);
    return n < 0 ? NULL : RtLong_FromInt64((int64_t)n);
}

static RtObject *
gc_enable(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    rt_atomic_store_int(&interpreter()->gc.enabled, 1);
    return none();
}

static RtObject *
gc_disable(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    rt_atomic_store_int(&interpreter()->gc.enabled, 0);
    return none();
}

static RtObject *
gc_isenabled(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    return RtBool_FromInt(rt_atomic_load_int(&interpreter()->gc.enabled));
}

static RtObject *
gc_freeze(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    RtGC_Freeze(interpreter());
    return none();
}

static RtObject *
gc_unfreeze(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    RtGC_Unfreeze(interpreter());
    return none();
}

static RtObject *
gc_get_freeze_count(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    return RtLong_FromInt64((int64_t)RtGC_FrozenCount(interpreter()));
}

static RtObject *
gc_get_count(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    int counts[RT_GC_GENERATIONS];
    RtGC_GetCounts(RtThreadState_Get(), counts);
    return tuple_of_ints(counts, RT_GC_GENERATIONS);
}

static RtObject *
gc_get_threshold(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    int thresholds[RT_GC_GENERATIONS];
    for (int i = 0; i < RT_GC_GENERATIONS; i++) {
        thresholds[i] = rt_atomic_load_int_relaxed(
            &interpreter()->gc.generations[i].threshold);
    }
    return tuple_of_ints(thresholds, RT_GC_GENERATIONS);
}

// gc_set_threshold(t0[, t1[, t2]])
static RtObject *
gc_set_threshold(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    int thresholds[RT_GC_GENERATIONS];
    for (ssize_t i = 0; i < nargs; i++) {
        if (as_int(args[i], &thresholds[i]) < 0) {
            return NULL;
        }
    }
    for (ssize_t i = 0; i < nargs; i++) {
        rt_atomic_store_int_relaxed(
            &interpreter()->gc.generations[i].threshold, thresholds[i]);
    }
    return none();
}

// gc_get_objects([generation]): None and -1 mean all.
static RtObject *
gc_get_objects(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    int generation = -1;
    if (nargs > 0 && args[0] != Rt_None &&
        as_generation(args[0], -1, &generation) < 0)
    {
        return NULL;
    }
    return RtGC_GetObjects(generation);
}

static RtObject *
gc_get_referrers(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    return RtGC_GetReferrers(args, nargs);
}

static RtObject *
gc_get_referents(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    return RtGC_GetReferents(args, nargs);
}

// 0, or -1 with an exception. Takes value, which may be NULL: an exception.
static int
set_value(RtObject *dict, const char *key, RtObject *value)
{
    RtObject *name = value == NULL ? NULL : RtStr_FromString(key);
    int result = name == NULL ? -1 : RtDict_SetItem(dict, name, value);
    Rt_XDECREF(name);
    Rt_XDECREF(value);
    return result;
}

static RtObject *
stats_of(RtGcStats *stats)
{
    RtObject *dict = RtDict_New();
    ssize_t collections = rt_atomic_load_ssize_relaxed(&stats->collections);
    ssize_t collected = rt_atomic_load_ssize_relaxed(&stats->collected);
    if (dict == NULL ||
        set_value(dict, "collections", RtLong_FromInt64(collections)) < 0 ||
        set_value(dict, "collected", RtLong_FromInt64(collected)) < 0 ||
        set_value(dict, "uncollectable", RtLong_FromInt64(0)) < 0)
    {
        Rt_CLEAR(dict);
    }
    return dict;
}

static RtObject *
gc_get_stats(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    RtObject *list = RtList_New(0);
    for (int i = 0; i < RT_GC_GENERATIONS && list != NULL; i++) {
        RtObject *dict = stats_of(&interpreter()->gc.stats[i]);
        if (dict == NULL || RtList_Append(list, dict) < 0) {
            Rt_CLEAR(list);
        }
        Rt_XDECREF(dict);
    }
    return list;
}

static RtObject *
gc_callbacks(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    return RtGC_GetCallbacks(interpreter());
}

static RtObject *
gc_is_tracked(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)nargs;
    return RtBool_FromInt(RtObject_IsGc(args[0]) && !Rt_IsImmortal(args[0]) &&
                          RtGC_IsTracked(args[0]));
}

static RtObject *
gc_is_finalized(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)nargs;
    return RtBool_FromInt(RtObject_IsGc(args[0]) && !Rt_IsImmortal(args[0]) &&
                          RtGC_IsFinalized(args[0]));
}

RtMethodDef rt_gc_functions[] = {
    { "gc_collect", gc_collect, 0, 1 },
    { "gc_enable", gc_enable, 0, 0 },
    { "gc_disable", gc_disable, 0, 0 },
    { "gc_isenabled", gc_isenabled, 0, 0 },
    { "gc_freeze", gc_freeze, 0, 0 },
    { "gc_unfreeze", gc_unfreeze, 0, 0 },
    { "gc_get_freeze_count", gc_get_freeze_count, 0, 0 },
    { "gc_get_count", gc_get_count, 0, 0 },
    { "gc_get_threshold", gc_get_threshold, 0, 0 },
    { "gc_set_threshold", gc_set_threshold, 1, RT_GC_GENERATIONS },
    { "gc_get_objects", gc_get_objects, 0, 1 },
    { "gc_get_referrers", gc_get_referrers, 0, -1 },
    { "gc_get_referents", gc_get_referents, 0, -1 },
    { "gc_get_stats", gc_get_stats, 0, 0 },
    { "gc_callbacks", gc_callbacks, 0, 0 },
    { "gc_is_tracked", gc_is_tracked, 1, 1 },
    { "gc_is_finalized", gc_is_finalized, 1, 1 },
    { NULL, NULL, 0, 0 },
};

// builtin_sequences.c: built-in functions that go through iterables.
//
// Nothing here has state. Keys and comparisons run code of the program; what is
// compared is owned meanwhile.
// Mirrors Python/bltinmodule.c (CPython 3.13); departs: none.

#include "module.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_type.h"
#include "rtcore_types.h"

// Whether all (or any) items are true, as `all` says.
static RtObject *
test_items(RtObject *iterable, bool all)
{
    RtObject *iter = RtObject_GetIter(iterable);
    if (iter == NULL) {
        return NULL;
    }
    int truth = all;
    RtObject *item;
    while (truth == all && (item = RtIter_Next(iter)) != NULL) {
        truth = RtObject_IsTrue(item);
        Rt_DECREF(item);
        if (truth > 0) {
            truth = 1;
        }
    }
    Rt_DECREF(iter);
    return truth < 0 || RtErr_Occurred() != NULL ? NULL
                                                 : RtBool_FromInt(truth);
}

static RtObject *
builtin_all(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    return test_items(args[0], true);
}

static RtObject *
builtin_any(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    return test_items(args[0], false);
}

// ---------------------------------------------------------------------------
// min, max

typedef struct Best {
    RtObject *item;             // owned, or NULL: none yet
    RtObject *value;            // its key; owned
    RtObject *key;              // function, or NULL
    int op;                     // RT_LT or RT_GT
} Best;

static void
drop_best(Best *best)
{
    Rt_XDECREF(best->item);
    Rt_XDECREF(best->value);
}

// Takes the item. 0, or -1.
static int
offer(Best *best, RtObject *item)
{
    RtObject *value = best->key == NULL
        ? Rt_NewRef(item) : RtObject_CallOneArg(best->key, item);
    if (value == NULL) {
        Rt_DECREF(item);
        return -1;
    }
    int better = 1;
    if (best->item != NULL) {
        RtObject *answer = RtObject_RichCompare(value, best->value, best->op);
        better = answer == NULL ? -1 : RtObject_IsTrue(answer);
        Rt_XDECREF(answer);
    }
    if (better <= 0) {
        Rt_DECREF(item);
        Rt_DECREF(value);
        return better;
    }
    drop_best(best);
    best->item = item;
    best->value = value;
    return 0;
}

static int
offer_all(Best *best, RtObject *iterable)
{
    RtObject *iter = RtObject_GetIter(iterable);
    if (iter == NULL) {
        return -1;
    }
    int status = 0;
    RtObject *item;
    while (status == 0 && (item = RtIter_Next(iter)) != NULL) {
        status = offer(best, item);
    }
    Rt_DECREF(iter);
    return status < 0 || RtErr_Occurred() != NULL ? -1 : 0;
}

// min(iterable, *[, key, default]), min(a, b, *rest[, key])
static RtObject *
find_best(const char *name, int op, RtObject *const *args, ssize_t nargs,
          RtObject *kwnames)
{
    static const char *const names[] = { "key", "default", NULL };
    RtObject *values[2];
    if (nargs == 0) {
        RtErr_Format(&RtExc_TypeError,
                     "%s expected at least 1 argument, got 0", name);
        return NULL;
    }
    if (RtArg_Unpack(name, names, 0, 0, args + nargs, 0, kwnames,
                     values) < 0) {
        return NULL;
    }
    if (nargs > 1 && values[1] != NULL) {
        RtErr_Format(&RtExc_TypeError, "Cannot specify a default for %s() "
                     "with multiple positional arguments", name);
        return NULL;
    }
    Best best = { .key = values[0] == Rt_None ? NULL : values[0], .op = op };
    int status = 0;
    if (nargs == 1) {
        status = offer_all(&best, args[0]);
    }
    for (ssize_t i = 0; nargs > 1 && i < nargs && status == 0; i++) {
        status = offer(&best, Rt_NewRef(args[i]));
    }
    if (status == 0 && best.item == NULL && values[1] == NULL) {
        RtErr_Format(&RtExc_ValueError, "%s() iterable argument is empty",
                     name);
        status = -1;
    }
    if (status < 0) {
        drop_best(&best);
        return NULL;
    }
    Rt_XDECREF(best.value);
    return best.item != NULL ? best.item : Rt_NewRef(values[1]);
}

static RtObject *
builtin_min(RtObject *self, RtObject *const *args, ssize_t nargs,
            RtObject *kwnames)
{
    (void)self;
    return find_best("min", RT_LT, args, nargs, kwnames);
}

static RtObject *
builtin_max(RtObject *self, RtObject *const *args, ssize_t nargs,
            RtObject *kwnames)
{
    (void)self;
    return find_best("max", RT_GT, args, nargs, kwnames);
}

// sorted(iterable, /, *, key=None, reverse=False)
static RtObject *
builtin_sorted(RtObject *self, RtObject *const *args, ssize_t nargs,
               RtObject *kwnames)
{
    (void)self;
    if (nargs != 1) {
        RtErr_Format(&RtExc_TypeError, "sorted expected 1 argument, got %zd",
                     nargs);
        return NULL;
    }
    RtObject *list = RtList_New(0);
    if (list == NULL) {
        return NULL;
    }
    if (RtList_Extend(list, args[0]) < 0 ||
        RtList_Sort(list, args + 1, 0, kwnames) == NULL)
    {
        Rt_DECREF(list);
        return NULL;
    }
    return list;
}

RtMethodDef rt_builtin_sequence_functions[] = {
    { "all", builtin_all, 1, 1 },
    { "any", builtin_any, 1, 1 },
    { "min", RT_KEYWORDS(builtin_min), 0, RT_METH_KEYWORDS },
    { "max", RT_KEYWORDS(builtin_max), 0, RT_METH_KEYWORDS },
    { "sorted", RT_KEYWORDS(builtin_sorted), 0, RT_METH_KEYWORDS },
    { NULL, NULL, 0, 0 },
};

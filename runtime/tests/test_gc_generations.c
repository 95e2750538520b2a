// test_gc_generations.c: what a collection of each generation looks at, where
// survivors go, when each is due, what is counted of them. In the free-threaded
// build, which has no generations: that all are one.

#include "objects.h"

#include "rtcore_audit.h"
#include "rtcore_gc.h"

static RtThreadState *
me(void)
{
    return RtThreadState_Get();
}

static RtGcState *
gc(void)
{
    return &me()->interp->gc;
}

// A list that contains itself.
static RtObject *
cycle(void)
{
    RtObject *list = RtList_New(0);
    CHECK(list != NULL);
    CHECK(RtList_Append(list, list) == 0);
    return list;
}

static void
set_thresholds(int young, int middle, int old)
{
    gc()->generations[0].threshold = young;
    gc()->generations[1].threshold = middle;
    gc()->generations[2].threshold = old;
}

#ifndef RT_GIL_DISABLED

static bool
is_in(RtObject *op, int generation)
{
    RtObject *list = RtGC_GetObjects(generation);
    bool found = false;
    for (ssize_t i = 0; i < RtList_Size(list); i++) {
        RtObject *item = RtList_GetItemRef(list, i);
        found = found || item == op;
        Rt_DECREF(item);
    }
    Rt_DECREF(list);
    return found;
}

static void
check_generation(RtObject *op, int generation)
{
    for (int i = 0; i < RT_GC_GENERATIONS; i++) {
        CHECK(is_in(op, i) == (i == generation));
    }
    CHECK(RtAudit_Heap(me()->interp) == 0);
}

static void
test_promotion(void)
{
    set_thresholds(0, 0, 0);
    RtObject *op = cycle();
    check_generation(op, 0);
    CHECK(RtGC_Collect(me(), 0) == 0);
    check_generation(op, 1);
    // Not a second time: it is not young any more.
    CHECK(RtGC_Collect(me(), 0) == 0);
    check_generation(op, 1);
    CHECK(RtGC_Collect(me(), 1) == 0);
    check_generation(op, 2);
    CHECK(RtGC_Collect(me(), 2) == 0);
    check_generation(op, 2);
    Rt_DECREF(op);
    // Young ones do not see old garbage.
    CHECK(RtGC_Collect(me(), 0) == 0);
    CHECK(RtGC_Collect(me(), 1) == 0);
    CHECK(RtGC_Collect(me(), 2) == 1);
}

// An old object keeps a young one; an old garbage object does, too, until a
// full collection.
static void
test_old_to_young(void)
{
    set_thresholds(0, 0, 0);
    RtObject *old = cycle();
    CHECK(RtGC_Collect(me(), 1) == 0);
    check_generation(old, 2);
    RtObject *young = cycle();
    CHECK(RtList_Append(old, young) == 0);
    Rt_DECREF(young);
    CHECK(RtGC_Collect(me(), 0) == 0);
    check_generation(young, 1);
    Rt_DECREF(old);
    CHECK(RtGC_Collect(me(), 1) == 0);
    check_generation(young, 2);
    CHECK(RtGC_Collect(me(), 2) == 2);
}

// A finalizer saves a young object: it is old then, and not finalized again.
static RtObject *rescued;
static int finalized;

static RtObject *
save_self(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    (void)nargs;
    finalized++;
    rescued = Rt_NewRef(self);
    return Rt_NewRef(Rt_None);
}

static void
test_resurrected_is_older(void)
{
    static RtMethodDef methods[] = {
        { "__del__", save_self, 0, 0 }, { NULL, NULL, 0, 0 }
    };
    set_thresholds(0, 0, 0);
    RtObject *type = Class("C", NULL, methods);
    CHECK(RtGC_Collect(me(), 2) >= 0);
    RtObject *op = RtObject_CallNoArgs(type);
    RtObject *name = Str("me");
    CHECK(RtObject_SetAttr(op, name, op) == 0);
    Rt_DECREF(op);
    finalized = 0;
    CHECK(RtGC_Collect(me(), 0) == 0);
    CHECK(finalized == 1);
    CHECK(rescued == op);
    check_generation(rescued, 1);
    Rt_CLEAR(rescued);
    CHECK(RtGC_Collect(me(), 0) == 0);
    CHECK(RtGC_Collect(me(), 1) > 0);
    CHECK(finalized == 1);
    Rt_DECREF(name);
    Rt_DECREF(type);
    CHECK(RtGC_Collect(me(), 2) > 0);
}

static void
test_counts(void)
{
    set_thresholds(0, 0, 0);
    CHECK(RtGC_Collect(me(), 2) == 0);
    int counts[RT_GC_GENERATIONS];
    RtGC_GetCounts(me(), counts);
    CHECK(counts[0] == 0 && counts[1] == 0 && counts[2] == 0);
    RtObject *a = cycle();
    RtObject *b = cycle();
    RtGC_GetCounts(me(), counts);
    CHECK(counts[0] == 2);
    Rt_DECREF(RtList_New(0));   // one made and one freed
    RtGC_GetCounts(me(), counts);
    CHECK(counts[0] == 2);
    CHECK(RtGC_Collect(me(), 0) == 0);
    CHECK(RtGC_Collect(me(), 0) == 0);
    RtGC_GetCounts(me(), counts);
    CHECK(counts[0] == 0 && counts[1] == 2 && counts[2] == 0);
    CHECK(RtGC_Collect(me(), 1) == 0);
    RtGC_GetCounts(me(), counts);
    CHECK(counts[0] == 0 && counts[1] == 0 && counts[2] == 1);
    // Freeing more than was made leaves none, not less.
    CHECK(RtList_SetItem(a, 0, NULL) == 0);
    CHECK(RtList_SetItem(b, 0, NULL) == 0);
    Rt_DECREF(a);
    Rt_DECREF(b);
    RtGC_GetCounts(me(), counts);
    CHECK(counts[0] == 0);
    CHECK(RtGC_Collect(me(), 2) == 0);
    RtGC_GetCounts(me(), counts);
    CHECK(counts[2] == 0);
}

static ssize_t
collections_of(int generation)
{
    return gc()->stats[generation].collections;
}

static void
make_and_keep(RtObject *kept, int count)
{
    for (int i = 0; i < count; i++) {
        RtObject *list = cycle();
        CHECK(RtList_Append(kept, list) == 0);
        Rt_DECREF(list);
        Breathe();
    }
}

// Eleven young ones make a collection, three of those one of the middle, and
// three of those a full one if enough has become old since the last.
static void
test_thresholds(void)
{
    RtObject *kept = RtList_New(0);
    CHECK(RtGC_Collect(me(), 2) == 0);
    CHECK(gc()->long_lived_total == 1);
    set_thresholds(10, 2, 2);
    ssize_t before[RT_GC_GENERATIONS];
    for (int i = 0; i < RT_GC_GENERATIONS; i++) {
        before[i] = collections_of(i);
    }
    make_and_keep(kept, 10);
    CHECK(collections_of(0) == before[0]);
    make_and_keep(kept, 1);
    CHECK(collections_of(0) == before[0] + 1);
    make_and_keep(kept, 33);
    CHECK(collections_of(0) == before[0] + 3);
    CHECK(collections_of(1) == before[1] + 1);
    CHECK(collections_of(2) == before[2]);
    // Three more rounds of the middle: then the third is a full one.
    make_and_keep(kept, 3 * 44);
    CHECK(collections_of(1) == before[1] + 3);
    CHECK(collections_of(2) == before[2] + 1);
    CHECK(gc()->long_lived_total > 100);
    CHECK(gc()->long_lived_pending == 0);
    set_thresholds(0, 0, 0);
    Rt_DECREF(kept);
    CHECK(RtGC_Collect(me(), 2) > 100);
}

// A full collection visits everything: it waits until a quarter is new.
static void
test_full_ones_are_rare(void)
{
    set_thresholds(0, 0, 0);
    RtObject *kept = RtList_New(0);
    make_and_keep(kept, 2000);
    CHECK(RtGC_Collect(me(), 2) == 0);
    ssize_t total = gc()->long_lived_total;
    CHECK(total >= 2000);
    ssize_t before = collections_of(2);
    set_thresholds(10, 1, 1);
    RtObject *more = RtList_New(0);
    while (gc()->long_lived_pending < total / 4 - 40) {
        make_and_keep(more, 10);
        CHECK(collections_of(2) == before);
    }
    make_and_keep(more, 200);
    CHECK(collections_of(2) == before + 1);
    set_thresholds(0, 0, 0);
    Rt_DECREF(more);
    Rt_DECREF(kept);
    CHECK(RtGC_Collect(me(), 2) > 2000);
}

#else

static void
test_one_generation(void)
{
    set_thresholds(0, 0, 0);
    RtObject *op = cycle();
    CHECK(RtGC_Collect(me(), 2) == 0);
    Rt_DECREF(op);
    CHECK(RtGC_Collect(me(), 0) == 1);
    CHECK(RtAudit_Heap(me()->interp) == 0);
}

#endif

// What has been done in each generation.
static void
test_stats(void)
{
    set_thresholds(0, 0, 0);
    RtGcStats before[RT_GC_GENERATIONS];
    for (int i = 0; i < RT_GC_GENERATIONS; i++) {
        before[i] = gc()->stats[i];
    }
    Rt_DECREF(cycle());
    Rt_DECREF(cycle());
    CHECK(RtGC_Collect(me(), 0) == 2);
    CHECK(RtGC_Collect(me(), 1) == 0);
    Rt_DECREF(cycle());
    CHECK(RtGC_Collect(me(), 1) == 1);
    CHECK(gc()->stats[0].collections == before[0].collections + 1);
    CHECK(gc()->stats[0].collected == before[0].collected + 2);
    CHECK(gc()->stats[1].collections == before[1].collections + 2);
    CHECK(gc()->stats[1].collected == before[1].collected + 1);
    CHECK(gc()->stats[2].collections == before[2].collections);
}

int
main(void)
{
    static void (*const tests[])(void) = {
        test_stats,
#ifndef RT_GIL_DISABLED
        test_promotion, test_old_to_young, test_resurrected_is_older,
        test_counts, test_thresholds, test_full_ones_are_rare,
#else
        test_one_generation,
#endif
    };
    return RunTests(tests, sizeof(tests) / sizeof(tests[0]));
}

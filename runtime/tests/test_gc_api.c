// test_gc_api.c: what programs ask of the collector: freezing, thresholds and
// counts, lists of objects, untracked tuples, objects of ended threads; from
// several threads while others collect; without memory.

#include "objects.h"

#include "rtcore_audit.h"
#include "rtcore_gc.h"
#include "rtcore_weakref.h"

static RtMethodDef no_methods = { NULL, NULL, 0, 0 };

static RtThreadState *
me(void)
{
    return RtThreadState_Get();
}

static RtInterpreterState *
interp(void)
{
    return me()->interp;
}

static void
check_heap(void)
{
    CHECK(RtAudit_Heap(interp()) == 0);
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

static bool
contains(RtObject *list, RtObject *op)
{
    for (ssize_t i = 0; i < RtList_Size(list); i++) {
        RtObject *item = RtList_GetItemRef(list, i);
        bool same = item == op;
        Rt_DECREF(item);
        if (same) {
            return true;
        }
    }
    return false;
}

// ---------------------------------------------------------------------------
// Freezing.

static void
test_freeze(void)
{
    RtObject *garbage = cycle();
    RtObject *target = cycle();
    RtObject *holder = List(1, Rt_NewRef(target));
    RtGC_Freeze(interp());
    CHECK(RtGC_FrozenCount(interp()) == 3);
    check_heap();
    // Frozen garbage is not found; new garbage is.
    Rt_DECREF(garbage);
    Rt_DECREF(cycle());
    CHECK(RtGC_Collect(me(), 2) == 1);
    CHECK(RtGC_FrozenCount(interp()) == 3);
    // What only a frozen object refers to stays.
    RtObject *fresh = cycle();
    CHECK(RtList_Append(holder, fresh) == 0);
    Rt_DECREF(fresh);
    Rt_DECREF(target);
    CHECK(RtGC_Collect(me(), 2) == 0);
    CHECK(contains(holder, fresh));
    // A frozen object dies by its count as any other.
    Rt_DECREF(holder);
    CHECK(RtGC_FrozenCount(interp()) == 2);
    check_heap();
    RtGC_Unfreeze(interp());
    CHECK(RtGC_FrozenCount(interp()) == 0);
    CHECK(RtGC_Collect(me(), 2) == 3);
    check_heap();
}

// Shutdown finds what was frozen: RunTests() counts blocks.
static void
test_frozen_at_shutdown(void)
{
    Rt_DECREF(cycle());
    RtGC_Freeze(interp());
    CHECK(RtGC_Collect(me(), 2) == 0);
}

// An instance that refers to itself and that nobody else refers to; borrowed,
// for comparison only.
static const RtObject *
drop_cycle_of(RtObject *type)
{
    RtObject *op = RtObject_CallNoArgs(type);
    RtObject *name = Str("me");
    CHECK(RtObject_SetAttr(op, name, op) == 0);
    Rt_DECREF(name);
    Rt_DECREF(op);
    return op;
}

static int frozen_in_finalizer;

static RtObject *
freeze_all(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    RtGC_Freeze(interp());
    frozen_in_finalizer = (int)RtGC_FrozenCount(interp());
    return Rt_NewRef(Rt_None);
}

// What the running collection has judged is not frozen under its hands.
static void
test_freeze_during_collection(void)
{
    static RtMethodDef methods[] = {
        { "__del__", freeze_all, 0, 0 }, { NULL, NULL, 0, 0 }
    };
    RtObject *type = Class("C", NULL, methods);
    drop_cycle_of(type);
    frozen_in_finalizer = -1;
    CHECK(RtGC_Collect(me(), 2) >= 1);
    CHECK(frozen_in_finalizer > 0);
    CHECK(RtGC_FrozenCount(interp()) == frozen_in_finalizer);
    check_heap();
    RtGC_Unfreeze(interp());
    Rt_DECREF(type);
    CHECK(RtGC_Collect(me(), 2) > 0);
}

static RtObject *
leave_frozen_garbage(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    Rt_DECREF(cycle());
    return freeze_all(self, args, nargs);
}

// The same at shutdown, whose next collection finds what was frozen: RunTests()
// counts blocks.
static void
test_freeze_at_shutdown(void)
{
    static RtMethodDef methods[] = {
        { "__del__", leave_frozen_garbage, 0, 0 }, { NULL, NULL, 0, 0 }
    };
    RtObject *type = Class("C", NULL, methods);
    drop_cycle_of(type);
    Rt_DECREF(type);
}

// ---------------------------------------------------------------------------
// Counts.

static void
make_garbage(int count)
{
    while (count-- > 0) {
        Rt_DECREF(cycle());
        Breathe();
    }
}

static void
test_thresholds(void)
{
    RtGcState *gc = &interp()->gc;
    int64_t before = gc->collections;
    gc->generations[0].threshold = 0;   // never
    make_garbage(3000);
    CHECK(gc->collections == before);
    CHECK(RtGC_Collect(me(), 2) == 3000);
    before = gc->collections;
    gc->generations[0].threshold = 500;
    make_garbage(400);
    CHECK(gc->collections == before);
    make_garbage(1000);
    CHECK(gc->collections > before);
    before = gc->collections;
    gc->enabled = 0;
    make_garbage(1500);
    CHECK(gc->collections == before);
    gc->enabled = 1;
    CHECK(RtGC_Collect(me(), 2) > 0);
}

// A thread that asks for the count does not put off the collection for ever.
static void
test_count_does_not_hide(void)
{
    RtGcState *gc = &interp()->gc;
    gc->generations[0].threshold = 100;
    int64_t before = gc->collections;
    int counts[RT_GC_GENERATIONS];
    for (int i = 0; i < 2000; i++) {
        Rt_DECREF(cycle());
        RtGC_GetCounts(me(), counts);
        Breathe();
    }
    CHECK(gc->collections > before);
    RtGC_GetCounts(me(), counts);
    int first = counts[0];
    RtObject *list = RtList_New(0);
    RtGC_GetCounts(me(), counts);
    CHECK(counts[0] == first + 1);
    Rt_DECREF(list);
}

static void
end_with_few(int index, void *arg)
{
    (void)index;
    (void)arg;
    Rt_DECREF(cycle());
}

// What a thread has counted is not lost when it ends.
static void
test_count_of_ended_thread(void)
{
    int before[RT_GC_GENERATIONS];
    int after[RT_GC_GENERATIONS];
    CHECK(RtGC_Collect(me(), 2) == 0);
    RtGC_GetCounts(me(), before);
    RunAttached(1, end_with_few, NULL);
    RtGC_GetCounts(me(), after);
    CHECK(after[0] == before[0] + 1);
    // Its garbage is found: heaps outlive threads.
    CHECK(RtGC_Collect(me(), 2) == 1);
}

// ---------------------------------------------------------------------------
// Lists.

static void
test_lists(void)
{
    RtObject *a = cycle();
    RtObject *b = List(1, Rt_NewRef(a));
    RtObject *all = RtGC_GetObjects(-1);
    CHECK(contains(all, a));
    CHECK(contains(all, b));
    CHECK(!contains(all, all));
    Rt_DECREF(all);
    RtObject *who = RtGC_GetReferrers(&a, 1);
    CHECK(RtList_Size(who) == 2);
    CHECK(contains(who, a));
    CHECK(contains(who, b));
    Rt_DECREF(who);
    RtObject *what = RtGC_GetReferents(&b, 1);
    CHECK(RtList_Size(what) == 1);
    CHECK(contains(what, a));
    Rt_DECREF(what);
    RtObject *type = (RtObject *)&RtList_Type;
    what = RtGC_GetReferents(&type, 1);
    CHECK(RtList_Size(what) == 0);
    Rt_DECREF(what);
    RtGC_Freeze(interp());
    all = RtGC_GetObjects(-1);
    CHECK(!contains(all, a));
    Rt_DECREF(all);
    RtGC_Unfreeze(interp());
    CHECK(Rt_REFCNT(a) == 3);
    Rt_DECREF(a);
    Rt_DECREF(b);
    CHECK(RtGC_Collect(me(), 2) == 1);
}

static void
test_lists_without_memory(void)
{
    RtObject *a = cycle();
    ssize_t count = Rt_REFCNT(a);
    int k = 1;
    for (;; k++) {
        RtMem_FailAllocation(k);
        RtObject *all = RtGC_GetObjects(-1);
        RtMem_FailAllocation(0);
        if (all != NULL) {
            Rt_DECREF(all);
            break;
        }
        CHECK(RtErr_ExceptionMatches(&RtExc_MemoryError));
        RtErr_Clear();
        CHECK(Rt_REFCNT(a) == count);
        check_heap();
    }
    CHECK(k > 2);
    Rt_DECREF(a);
    CHECK(RtGC_Collect(me(), 2) == 1);
}

static RtObject *seen_in_finalizer;
static RtObject *dying;         // borrowed, for comparison only

static RtObject *
list_all(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    (void)nargs;
    dying = self;
    seen_in_finalizer = RtGC_GetObjects(-1);
    return Rt_NewRef(Rt_None);
}

// What a running collection has judged unreachable is in nobody's list.
static void
test_list_during_collection(void)
{
    static RtMethodDef methods[] = {
        { "__del__", list_all, 0, 0 }, { NULL, NULL, 0, 0 }
    };
    RtObject *type = Class("C", NULL, methods);
    const RtObject *op = drop_cycle_of(type);
    CHECK(RtGC_Collect(me(), 2) >= 1);
    CHECK(dying == op);
    CHECK(!contains(seen_in_finalizer, dying));
    CHECK(contains(seen_in_finalizer, type));
    Rt_CLEAR(seen_in_finalizer);
    Rt_DECREF(type);
    CHECK(RtGC_Collect(me(), 2) > 0);
    check_heap();
}

// ---------------------------------------------------------------------------
// Tuples.

static void
test_untracking(void)
{
    RtObject *inner = Tuple(2, Int(1000), Str("a"));
    RtObject *outer = Tuple(1, Rt_NewRef(inner));
    RtObject *list = RtList_New(0);
    RtObject *tracked = Tuple(1, Rt_NewRef(list));
    CHECK(RtGC_IsTracked(inner));
    CHECK(RtGC_Collect(me(), 2) == 0);
    CHECK(!RtGC_IsTracked(inner));
    // It may take a second look: outer may have come before inner.
    CHECK(RtGC_Collect(me(), 2) == 0);
    CHECK(!RtGC_IsTracked(outer));
    CHECK(RtGC_IsTracked(tracked));
    check_heap();
    Rt_DECREF(outer);
    Rt_DECREF(inner);
    Rt_DECREF(tracked);
    Rt_DECREF(list);
}

static void
drop_foreign(int index, void *arg)
{
    RtObject **slot = arg;
    (void)index;
    Rt_DECREF(*slot);           // its owner has not merged it yet
}

// A tuple without references that waits for its owner stays tracked until it is
// destroyed, by whichever of the two comes first.
static void
test_untracking_of_the_dead(void)
{
    RtObject *tuple = Tuple(1, Int(1000));
    RunAttached(1, drop_foreign, &tuple);
    CHECK(RtGC_Collect(me(), 2) >= 0);
    Breathe();
}

// ---------------------------------------------------------------------------
// Threads.

enum { THREADS = 4, ROUNDS = 40 };

static void
do_everything(int index, void *arg)
{
    RtObject *shared = arg;
    for (int i = 0; i < ROUNDS; i++) {
        RtObject *list = cycle();
        CHECK(RtList_SetItem(shared, index, list) == 0);
        Rt_DECREF(list);
        RtObject *found = NULL;
        switch ((i + index) % 6) {
        case 0:
            RtGC_Freeze(interp());
            break;
        case 1:
            RtGC_Unfreeze(interp());
            break;
        case 2:
            found = RtGC_GetObjects(-1);
            break;
        case 3:
            found = RtGC_GetReferrers(&shared, 1);
            break;
        case 4:
            found = RtGC_GetReferents(&shared, 1);
            break;
        default:
            CHECK(RtGC_Collect(me(), 2) >= 0);
            break;
        }
        Rt_XDECREF(found);
        Breathe();
    }
}

static void
test_threads(void)
{
    RtObject *shared = List(4, Rt_NewRef(Rt_None), Rt_NewRef(Rt_None),
                            Rt_NewRef(Rt_None), Rt_NewRef(Rt_None));
    RunAttached(THREADS, do_everything, shared);
    RtGC_Unfreeze(interp());
    Rt_DECREF(shared);
    CHECK(RtGC_Collect(me(), 2) >= 0);
    Breathe();
    check_heap();
}

static void
leave_objects(int index, void *arg)
{
    RtObject *shared = arg;
    RtObject *type = Class("C", NULL, &no_methods);
    RtObject *op = RtObject_CallNoArgs(type);
    RtObject *name = Str("type");
    CHECK(RtObject_SetAttr(op, name, type) == 0);
    RtObject *ref = RtWeakref_NewRef(op, NULL);
    RtObject *left = List(5, op, ref, RtTuple_FromArray(&type, 1), type, name);
    CHECK(RtList_SetItem(shared, index, left) == 0);
    Rt_DECREF(left);
}

// Objects of every kind outlive the thread that made them: they are listed,
// looked at, collected.
static void
test_objects_of_ended_threads(void)
{
    RtObject *shared = List(2, Rt_NewRef(Rt_None), Rt_NewRef(Rt_None));
    RunAttached(2, leave_objects, shared);
    CHECK(RtGC_Collect(me(), 2) >= 0);
    check_heap();
    RtObject *all = RtGC_GetObjects(-1);
    for (ssize_t i = 0; i < 2; i++) {
        RtObject *left = RtList_GetItemRef(shared, i);
        CHECK(contains(all, left));
        for (ssize_t j = 0; j < 4; j++) {
            RtObject *op = RtList_GetItemRef(left, j);
            CHECK(contains(all, op));
            Rt_DECREF(op);
        }
        Rt_DECREF(left);
    }
    Rt_DECREF(all);
    Rt_DECREF(shared);
    CHECK(RtGC_Collect(me(), 2) > 0);
    Breathe();
    all = RtGC_GetObjects(-1);
    CHECK(RtList_Size(all) == 0);
    Rt_DECREF(all);
}

int
main(void)
{
    static void (*const tests[])(void) = {
        test_freeze, test_frozen_at_shutdown, test_freeze_during_collection,
        test_freeze_at_shutdown,
        test_thresholds, test_count_does_not_hide, test_count_of_ended_thread,
        test_lists, test_lists_without_memory, test_list_during_collection,
        test_untracking, test_untracking_of_the_dead, test_threads,
        test_objects_of_ended_threads,
    };
    return RunTests(tests, sizeof(tests) / sizeof(tests[0]));
}

// test_type_cache.c: versions of types and the cache of lookups: hits, misses,
// what a change makes void, versions that run out, the lists of subclasses.

#include "objects.h"

#include "attached.h"
#include "rtcore_audit.h"
#include "rtcore_type.h"

// ---------------------------------------------------------------------------
// Counting what the cache says it does, where builds have notes.

static int notes[RT_NOTE_COUNT];

#ifdef RT_WITH_HOOKS
static void
count_note(RtNote kind, const void *a, uintptr_t b)
{
    (void)a;
    (void)b;
    rt_atomic_add_int(&notes[kind], 1);
}

static void
ignore_point(RtPoint kind, const void *addr)
{
    (void)kind;
    (void)addr;
}

static uintptr_t
plain_key(const void *addr)
{
    return (uintptr_t)addr;
}

#if defined(RT_COMPILER_POINTS) || defined(RT_TRACE_ACCESSES)
static void
ignore_atomic(RtPoint kind, const void *addr, unsigned size, RtOrder order)
{
    (void)kind;
    (void)addr;
    (void)size;
    (void)order;
}
#else
#define ignore_atomic NULL
#endif

static bool
keep_nothing(void *block, size_t size)
{
    (void)block;
    (void)size;
    return false;
}

static const RtHooks hooks = {
    .point = ignore_point,
    .atomic = ignore_atomic,
    .address_key = plain_key,
    .keep_freed = keep_nothing,
};

// The counter counts its own atomics' points: hence another table for notes.
static RtHooks counting;

static void
count_notes(bool on)
{
    memset(notes, 0, sizeof(notes));
    counting = hooks;
    counting.note = count_note;
    rt_hooks = on ? &counting : NULL;
}
#define EXPECT_NOTES(kind, n) CHECK(notes[RT_NOTE_##kind] == (n))
#else
static void
count_notes(bool on)
{
    (void)on;
}
#define EXPECT_NOTES(kind, n) ((void)notes)
#endif

// ---------------------------------------------------------------------------

static RtMethodDef no_methods[] = { { NULL, NULL, 0, 0 } };

static RtTypeObject *
make_class(const char *name, RtTypeObject *base)
{
    Rt_XINCREF(base);           // Class() steals it
    return (RtTypeObject *)Class(name, base, no_methods);
}

static void
set(RtTypeObject *type, RtObject *name, RtObject *value)
{
    CHECK(RtObject_SetAttr((RtObject *)type, name, value) == 0);
}

// Whether a lookup on the type finds this value (NULL: nothing).
static bool
finds(RtTypeObject *type, RtObject *name, RtObject *value)
{
    RtObject *found = RtType_LookupRef(type, name);
    Rt_XDECREF(found);
    return found == value;
}

static void
test_hit_and_miss(void)
{
    RtTypeObject *type = make_class("C", NULL);
    RtObject *x = Str("x");
    RtObject *value = ListOfInts(1);
    set(type, x, value);
    CHECK(RtType_Version(type) == 0);
    count_notes(true);
    CHECK(finds(type, x, value));
    uint32_t version = RtType_Version(type);
    CHECK(version != 0);
    EXPECT_NOTES(TYPE_CACHE_MISS, 1);
    EXPECT_NOTES(TYPE_CACHE_FILL, 1);
    CHECK(finds(type, x, value));
    CHECK(finds(type, x, value));
    EXPECT_NOTES(TYPE_CACHE_HIT, 2);
    // That there is nothing is an answer too.
    RtObject *nothing = Str("nothing");
    CHECK(finds(type, nothing, NULL));
    CHECK(finds(type, nothing, NULL));
    EXPECT_NOTES(TYPE_CACHE_HIT, 3);
    CHECK(RtType_Version(type) == version);
    // An equal name that is another object is answered by a walk.
    RtObject *other_x = Str("x");
    CHECK(finds(type, other_x, value));
    EXPECT_NOTES(TYPE_CACHE_MISS, 3);
    count_notes(false);
    // The cache holds names, but not values.
    set(type, x, Rt_None);
    CHECK(Rt_REFCNT(value) == 1);
    Rt_DECREF(value);
    Rt_DECREF(x);
    Rt_DECREF(other_x);
    Rt_DECREF(nothing);
    Rt_DECREF(type);
}

static void
test_invalidation(void)
{
    RtTypeObject *base = make_class("B", NULL);
    RtTypeObject *middle = make_class("M", base);
    RtTypeObject *type = make_class("C", middle);
    RtTypeObject *other = make_class("O", NULL);
    RtObject *x = Str("x");
    RtObject *y = Str("y");
    set(base, x, Rt_True);
    CHECK(finds(type, x, Rt_True));
    CHECK(finds(other, x, NULL));
    // A type that has a version has bases that have one.
    CHECK(RtType_Version(middle) != 0);
    CHECK(RtType_Version(base) != 0);
    uint32_t version = RtType_Version(type);
    uint32_t other_version = RtType_Version(other);
    set(base, x, Rt_False);
    CHECK(RtType_Version(base) == 0);
    CHECK(RtType_Version(middle) == 0);
    CHECK(RtType_Version(type) == 0);
    CHECK(RtType_Version(other) == other_version);
    CHECK(finds(type, x, Rt_False));
    CHECK(RtType_Version(type) > version);
    // A class in between hides the value; a deletion shows it again.
    set(middle, x, Rt_None);
    CHECK(finds(type, x, Rt_None));
    CHECK(finds(base, x, Rt_False));
    CHECK(RtObject_SetAttr((RtObject *)middle, x, NULL) == 0);
    CHECK(finds(type, x, Rt_False));
    CHECK(finds(type, y, NULL));
    set(type, y, Rt_True);
    CHECK(finds(type, y, Rt_True));
    CHECK(finds(middle, y, NULL));
    CHECK(RtAudit_Heap(RtThreadState_Get()->interp) == 0);
    Rt_DECREF(x);
    Rt_DECREF(y);
    Rt_DECREF(type);
    Rt_DECREF(middle);
    Rt_DECREF(base);
    Rt_DECREF(other);
}

// Without a version nothing is cached, and everything is found all the same.
static void
test_exhaustion(void)
{
    RtTypeObject *base = make_class("B", NULL);
    RtTypeObject *type = make_class("C", base);
    RtObject *x = Str("x");
    int changes = 0;
    count_notes(true);
    do {
        CHECK(changes <= 1000);
        RtObject *value = Int(1000 + changes++);
        set(base, x, value);
        CHECK(finds(type, x, value));
        CHECK(finds(type, x, value));
        Rt_DECREF(value);
    } while (RtType_Version(type) != 0);
    CHECK(RtType_Version(base) == 0);
    CHECK(notes[RT_NOTE_TYPE_VERSION_EXHAUSTED] > 0 ||
          notes[RT_NOTE_TYPE_CACHE_MISS] == 0);
    // Other classes have versions until the interpreter has none.
    RtTypeObject *other = make_class("O", NULL);
    set(other, x, Rt_True);
    CHECK(finds(other, x, Rt_True));
    CHECK(RtType_Version(other) != 0);
    count_notes(false);
    Rt_DECREF(other);
    Rt_DECREF(x);
    Rt_DECREF(type);
    Rt_DECREF(base);
}

static ssize_t
count_subclasses(RtTypeObject *type)
{
    RtObject *list = RtType_Subclasses(type);
    CHECK(list != NULL);
    ssize_t n = RtList_Size(list);
    Rt_DECREF(list);
    CHECK(n == type->tp_subclasses.count);
    return n;
}

static void
test_subclasses(void)
{
    enum { N = 9 };
    RtTypeObject *base = make_class("B", NULL);
    RtTypeObject *types[N];
    CHECK(count_subclasses(base) == 0);
    for (int i = 0; i < N; i++) {
        types[i] = make_class("C", base);
    }
    CHECK(count_subclasses(base) == N);
    // A class that lives in a cycle of its own goes with the collector.
    for (int i = 0; i < N; i += 2) {
        Rt_DECREF(types[i]);
    }
    CHECK(RtGC_Collect(RtThreadState_Get(), 2) >= 0);
    CHECK(count_subclasses(base) == N / 2);
    for (int i = 1; i < N; i += 2) {
        CHECK(types[i]->tp_base == base);
        Rt_DECREF(types[i]);
    }
    CHECK(RtGC_Collect(RtThreadState_Get(), 2) >= 0);
    CHECK(count_subclasses(base) == 0);
    Rt_DECREF(base);
}

// A class that gets no other bases for lack of memory keeps its place among the
// subclasses of those that it has.
static void
test_no_memory_for_bases(void)
{
    RtTypeObject *a = make_class("A", NULL);
    RtTypeObject *first = make_class("C", a);
    RtTypeObject *second = make_class("E", a);
    bool done = false;
    for (int n = 1; !done; n++) {
        RtTypeObject *fresh = make_class("D", NULL);
        RtObject *bases = Tuple(2, Rt_NewRef(a), Rt_NewRef(fresh));
        CHECK(n < 200);
        RtMem_FailAllocation(n);
        done = RtType_SetBases(first, bases) == 0;
        RtMem_FailAllocation(0);
        CHECK(a->tp_subclasses.count == 2);
        CHECK(a->tp_subclasses.items[done] == first);
        CHECK(a->tp_subclasses.items[!done] == second);
        CHECK(fresh->tp_subclasses.count == done);
        RtErr_Clear();
        Rt_DECREF(bases);
        Rt_DECREF(fresh);
    }
    Rt_DECREF(second);
    Rt_DECREF(first);
    Rt_DECREF(a);
}

// Every allocation of making a class, reading and writing its attributes may
// fail: then there is no class and no entry, or no change.
static void
test_no_memory(void)
{
    RtTypeObject *base = make_class("B", NULL);
    RtObject *name = Str("C");
    RtObject *x = Str("x");
    RtObject *bases = Tuple(1, Rt_NewRef(base));
    RtObject *dict = RtDict_New();
    bool done = false;
    for (int n = 1; !done; n++) {
        CHECK(n < 200);
        RtMem_FailAllocation(n);
        RtObject *type = RtType_New(name, bases, dict);
        bool was_set = type != NULL && RtObject_SetAttr(type, x, Rt_True) == 0;
        RtObject *list = was_set ? RtType_Subclasses(base) : NULL;
        done = list != NULL;
        RtMem_FailAllocation(0);
        if (!done) {
            CHECK(RtErr_ExceptionMatches(&RtExc_MemoryError));
            RtErr_Clear();
        }
        if (type != NULL) {
            CHECK(finds((RtTypeObject *)type, x, was_set ? Rt_True : NULL));
        }
        CHECK(base->tp_subclasses.count == (type != NULL));
        Rt_XDECREF(list);
        Rt_XDECREF(type);
        CHECK(RtGC_Collect(RtThreadState_Get(), 2) >= 0);
        CHECK(base->tp_subclasses.count == 0);
    }
    Rt_DECREF(dict);
    Rt_DECREF(bases);
    Rt_DECREF(x);
    Rt_DECREF(name);
    Rt_DECREF(base);
}

// ---------------------------------------------------------------------------
// Threads: one changes a base, others look it up on a subclass. The values are
// objects that die when they are replaced, numbered in the order of changes:
// nobody sees a number smaller than one that he saw before.

enum { ROUNDS = 400 };

typedef struct Race {
    RtTypeObject *base, *type;
    RtObject *x;
    int done;                   // atomic
} Race;

static void
change(Race *race)
{
    for (int i = 1; i <= ROUNDS; i++) {
        RtObject *value = ListOfInts(i);
        set(race->base, race->x, value);
        Rt_DECREF(value);
        CHECK(finds(race->type, race->x, value));
        Breathe();
    }
    rt_atomic_store_int(&race->done, 1);
}

static void
look_up(Race *race)
{
    ssize_t last = 0;
    while (rt_atomic_load_int(&race->done) == 0) {
        RtObject *value = RtType_LookupRef(race->type, race->x);
        CHECK(value != NULL);
        ssize_t size = RtList_Size(value);
        CHECK(size >= last);
        last = size;
        Rt_DECREF(value);
        Breathe();
    }
}

// Subclasses that come and go in the list of the base meanwhile.
static void
derive(Race *race)
{
    while (rt_atomic_load_int(&race->done) == 0) {
        RtTypeObject *type = make_class("D", race->type);
        RtObject *value = RtType_LookupRef(type, race->x);
        CHECK(value != NULL);
        Rt_DECREF(value);
        RtObject *list = RtType_Subclasses(race->type);
        CHECK(RtList_Size(list) >= 1);
        Rt_DECREF(list);
        Rt_DECREF(type);
        Breathe();
    }
}

static void
run_race(int index, void *arg)
{
    if (index == 0) {
        change(arg);
    }
    else if (index == 1) {
        derive(arg);
    }
    else {
        look_up(arg);
    }
}

static void
test_threads(void)
{
    Race race = {
        .base = make_class("B", NULL),
        .x = Str("x"),
    };
    race.type = make_class("C", race.base);
    RtObject *first = ListOfInts(0);
    set(race.base, race.x, first);
    Rt_DECREF(first);
    RunAttached(4, run_race, &race);
    CHECK(RtAudit_Heap(RtThreadState_Get()->interp) == 0);
    RtObject *last = RtType_LookupRef(race.base, race.x);
    CHECK(RtList_Size(last) == ROUNDS);
    Rt_DECREF(last);
    Rt_DECREF(race.x);
    Rt_DECREF(race.type);
    Rt_DECREF(race.base);
}

int
main(void)
{
    static void (*const tests[])(void) = {
        test_hit_and_miss, test_invalidation, test_exhaustion,
        test_subclasses, test_no_memory_for_bases, test_no_memory,
        test_threads,
    };
    return RunTests(tests, sizeof(tests) / sizeof(tests[0]));
}

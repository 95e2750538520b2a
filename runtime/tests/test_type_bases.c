// test_type_bases.c: assigning to __bases__, __class__ and __name__: what may
// be assigned, what follows from it, and that an error changes nothing.

#include "objects.h"

#include "attached.h"
#include "rtcore_audit.h"
#include "rtcore_type.h"

static RtMethodDef no_methods[] = { { NULL, NULL, 0, 0 } };

static RtTypeObject *
make_class(const char *name, RtTypeObject *base)
{
    Rt_XINCREF(base);           // Class() steals it
    return (RtTypeObject *)Class(name, base, no_methods);
}

static int
set_attr(void *op, const char *name, void *value)
{
    RtObject *key = Str(name);
    int result = RtObject_SetAttr(op, key, value);
    Rt_DECREF(key);
    return result;
}

static RtObject *
get_attr(void *op, const char *name)
{
    RtObject *key = Str(name);
    RtObject *result = RtObject_GetAttr(op, key);
    Rt_DECREF(key);
    return result;
}

// Steals the tuple.
static int
set_bases(RtTypeObject *type, RtObject *bases)
{
    int result = set_attr(type, "__bases__", bases);
    Rt_DECREF(bases);
    return result;
}

static RtObject *
one(RtTypeObject *type)
{
    return Tuple(1, Rt_NewRef(type));
}

static void
audit(void)
{
    CHECK(RtAudit_Heap(RtThreadState_Get()->interp) == 0);
}

static void
expect_mro(RtTypeObject *type, const char *text)
{
    EXPECT_REPR(get_attr(type, "__mro__"), text);
}

#define CLASS(name) "<class '__main__." name "'>"
#define OBJECT "<class 'object'>"

static void
test_bases(void)
{
    RtTypeObject *a = make_class("A", NULL);
    RtTypeObject *b = make_class("B", NULL);
    RtTypeObject *c = make_class("C", a);
    RtTypeObject *d = make_class("D", c);
    CHECK(set_attr(a, "x", Rt_True) == 0);
    CHECK(set_attr(b, "x", Rt_False) == 0);
    RtObject *op = New(d, 0);
    CHECK(get_attr(op, "x") == Rt_True);
    CHECK(RtType_IsSubtype(d, a));
    CHECK(set_bases(c, one(b)) == 0);
    CHECK(c->tp_base == b);
    CHECK(get_attr(op, "x") == Rt_False);
    CHECK(!RtType_IsSubtype(d, a));
    CHECK(RtType_IsSubtype(d, b));
    expect_mro(d, "(" CLASS("D") ", " CLASS("C") ", " CLASS("B") ", " OBJECT
                  ")");
    CHECK(a->tp_subclasses.count == 0);
    CHECK(b->tp_subclasses.count == 1);
    audit();
    // Both, in either order; then what was a base is one again.
    CHECK(set_bases(c, Tuple(2, Rt_NewRef(a), Rt_NewRef(b))) == 0);
    CHECK(get_attr(op, "x") == Rt_True);
    CHECK(set_bases(c, Tuple(2, Rt_NewRef(b), Rt_NewRef(a))) == 0);
    CHECK(get_attr(op, "x") == Rt_False);
    CHECK(a->tp_subclasses.count == 1);
    CHECK(set_attr(b, "x", NULL) == 0);
    CHECK(get_attr(op, "x") == Rt_True);
    audit();
    Rt_DECREF(op);
    Rt_DECREF(d);
    Rt_DECREF(c);
    Rt_DECREF(b);
    Rt_DECREF(a);
}

static RtObject *
return_seven(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    return RtLong_FromInt64(7);
}

static RtMethodDef seven_methods[] = {
    { "__len__", return_seven, 0, -1 }, { NULL, NULL, 0, 0 },
};

// Slots follow the bases.
static void
test_slots_follow(void)
{
    RtTypeObject *a = make_class("A", NULL);
    RtTypeObject *b = (RtTypeObject *)Class("B", NULL, seven_methods);
    RtTypeObject *c = make_class("C", a);
    RtTypeObject *d = make_class("D", c);
    RtObject *op = New(d, 0);
    EXPECT_ERROR_INT(RtObject_Length(op),
                     "TypeError: object of type 'D' has no len()");
    CHECK(set_bases(c, one(b)) == 0);
    CHECK(RtObject_Length(op) == 7);
    CHECK(set_bases(c, one(a)) == 0);
    EXPECT_ERROR_INT(RtObject_Length(op),
                     "TypeError: object of type 'D' has no len()");
    Rt_DECREF(op);
    Rt_DECREF(d);
    Rt_DECREF(c);
    Rt_DECREF(b);
    Rt_DECREF(a);
}

// A class below two that derive from the changed one.
static void
test_diamond(void)
{
    RtTypeObject *x = make_class("X", NULL);
    RtTypeObject *y = make_class("Y", NULL);
    RtTypeObject *top = make_class("T", x);
    RtTypeObject *left = make_class("L", top);
    RtTypeObject *right = make_class("R", top);
    RtTypeObject *low = make_class("D", left);
    CHECK(set_bases(low, Tuple(2, Rt_NewRef(left), Rt_NewRef(right))) == 0);
    // In any other order than top, left and right, low there would be no MRO
    // in between.
    CHECK(set_bases(top, Tuple(2, Rt_NewRef(x), Rt_NewRef(y))) == 0);
    CHECK(set_bases(top, Tuple(2, Rt_NewRef(y), Rt_NewRef(x))) == 0);
    expect_mro(low, "(" CLASS("D") ", " CLASS("L") ", " CLASS("R") ", "
                    CLASS("T") ", " CLASS("Y") ", " CLASS("X") ", " OBJECT
                    ")");
    // No order serves top and what comes below: nothing changes.
    CHECK(set_bases(right, Tuple(2, Rt_NewRef(top), Rt_NewRef(y))) == 0);
    CHECK(set_bases(left, Tuple(2, Rt_NewRef(top), Rt_NewRef(x))) == 0);
    EXPECT_ERROR_INT(set_bases(low, Tuple(2, Rt_NewRef(top),
                                          Rt_NewRef(left))),
                     "TypeError: Cannot create a consistent method resolution "
                     "order (MRO) for bases T, L");
    CHECK(low->tp_base == left);
    CHECK(RtTuple_Size(low->tp_mro) == 7);
    audit();
    Rt_DECREF(low);
    Rt_DECREF(left);
    Rt_DECREF(right);
    Rt_DECREF(top);
    Rt_DECREF(x);
    Rt_DECREF(y);
}

// An error far below: T's new MRO contradicts that of a class under it.
static void
test_error_below(void)
{
    RtTypeObject *x = make_class("X", NULL);
    RtTypeObject *y = make_class("Y", NULL);
    RtTypeObject *top = make_class("T", x);
    RtTypeObject *middle = make_class("M", top);
    RtTypeObject *low = make_class("D", middle);
    CHECK(set_bases(low, Tuple(3, Rt_NewRef(middle), Rt_NewRef(x),
                               Rt_NewRef(y))) == 0);
    RtObject *mros[] = { top->tp_mro, middle->tp_mro, low->tp_mro };
    EXPECT_ERROR_INT(set_bases(top, Tuple(2, Rt_NewRef(y), Rt_NewRef(x))),
                     "TypeError: Cannot create a consistent method resolution "
                     "order (MRO) for bases Y, X");
    CHECK(top->tp_base == x);
    CHECK(top->tp_mro == mros[0]);
    CHECK(middle->tp_mro == mros[1]);
    CHECK(low->tp_mro == mros[2]);
    CHECK(y->tp_subclasses.count == 1);
    audit();
    Rt_DECREF(low);
    Rt_DECREF(middle);
    Rt_DECREF(top);
    Rt_DECREF(x);
    Rt_DECREF(y);
}

static void
test_refused_bases(void)
{
    RtTypeObject *a = make_class("A", NULL);
    RtTypeObject *c = make_class("C", a);
    RtTypeObject *l = make_class("L", &RtList_Type);
    EXPECT_ERROR_INT(set_bases(a, one(c)),
                     "TypeError: a __bases__ item causes an inheritance "
                     "cycle");
    EXPECT_ERROR_INT(set_bases(c, one(c)),
                     "TypeError: a __bases__ item causes an inheritance "
                     "cycle");
    EXPECT_ERROR_INT(set_bases(c, Tuple(0)),
                     "TypeError: can only assign non-empty tuple to "
                     "C.__bases__, not ()");
    EXPECT_ERROR_INT(set_attr(c, "__bases__", Rt_None),
                     "TypeError: can only assign tuple to C.__bases__, not "
                     "NoneType");
    EXPECT_ERROR_INT(set_attr(c, "__bases__", NULL),
                     "TypeError: cannot delete '__bases__' attribute of type "
                     "'C'");
    EXPECT_ERROR_INT(set_bases(c, Tuple(1, Rt_None)),
                     "TypeError: C.__bases__ must be tuple of classes, not "
                     "'NoneType'");
    EXPECT_ERROR_INT(set_bases(c, Tuple(2, Rt_NewRef(a), Rt_NewRef(a))),
                     "TypeError: duplicate base class A");
    EXPECT_ERROR_INT(set_bases(a, Tuple(2, Rt_NewRef(l), Rt_NewRef(l))),
                     "TypeError: __bases__ assignment: 'L' deallocator "
                     "differs from 'object'");
    EXPECT_ERROR_INT(set_bases(a, one(l)),
                     "TypeError: __bases__ assignment: 'L' deallocator "
                     "differs from 'object'");
    EXPECT_ERROR_INT(set_bases(c, one(l)),
                     "TypeError: __bases__ assignment: 'L' object layout "
                     "differs from 'A'");
    EXPECT_ERROR_INT(set_bases(&RtList_Type, one(a)),
                     "TypeError: cannot set '__bases__' attribute of "
                     "immutable type 'list'");
    CHECK(c->tp_base == a);
    CHECK(a->tp_subclasses.count == 1);
    audit();
    Rt_DECREF(l);
    Rt_DECREF(c);
    Rt_DECREF(a);
}

static void
test_class(void)
{
    RtTypeObject *a = make_class("A", NULL);
    RtTypeObject *b = (RtTypeObject *)Class("B", NULL, seven_methods);
    RtTypeObject *l = make_class("L", &RtList_Type);
    RtObject *op = New(a, 0);
    CHECK(set_attr(op, "x", Rt_True) == 0);
    CHECK(set_attr(op, "__class__", b) == 0);
    CHECK(Rt_IS_TYPE(op, b));
    CHECK(RtObject_Length(op) == 7);
    CHECK(get_attr(op, "x") == Rt_True);
    RtObject *type = get_attr(op, "__class__");
    CHECK(type == (RtObject *)b);
    Rt_DECREF(type);
    EXPECT_ERROR_INT(set_attr(op, "__class__", l),
                     "TypeError: __class__ assignment: 'L' object layout "
                     "differs from 'B'");
    EXPECT_ERROR_INT(set_attr(op, "__class__", &RtBaseObject_Type),
                     "TypeError: __class__ assignment only supported for "
                     "mutable types or ModuleType subclasses");
    EXPECT_ERROR_INT(set_attr(op, "__class__", Rt_None),
                     "TypeError: __class__ must be set to a class, not "
                     "'NoneType' object");
    EXPECT_ERROR_INT(set_attr(op, "__class__", NULL),
                     "TypeError: can't delete __class__ attribute");
    EXPECT_ERROR_INT(set_attr(a, "__class__", b),
                     "TypeError: __class__ assignment only supported for "
                     "mutable types or ModuleType subclasses");
    CHECK(Rt_IS_TYPE(op, b));
    audit();
    Rt_DECREF(op);
    Rt_DECREF(l);
    Rt_DECREF(a);
    Rt_DECREF(b);
}

static void
test_names(void)
{
    RtTypeObject *a = make_class("A", NULL);
    RtObject *name = Str("other");
    CHECK(set_attr(a, "__name__", name) == 0);
    CHECK(strcmp(a->tp_name, "other") == 0);
    EXPECT_REPR(get_attr(a, "__name__"), "'other'");
    EXPECT_REPR(get_attr(a, "__qualname__"), "'A'");
    CHECK(set_attr(a, "__qualname__", name) == 0);
    EXPECT_REPR(get_attr(a, "__qualname__"), "'other'");
    EXPECT_ERROR_INT(set_attr(a, "__name__", Rt_None),
                     "TypeError: can only assign string to other.__name__, "
                     "not 'NoneType'");
    EXPECT_ERROR_INT(set_attr(a, "__qualname__", NULL),
                     "TypeError: cannot delete '__qualname__' attribute of "
                     "type 'other'");
    EXPECT_ERROR_INT(set_attr(&RtList_Type, "__name__", name),
                     "TypeError: cannot set '__name__' attribute of "
                     "immutable type 'list'");
    Rt_DECREF(name);
    Rt_DECREF(a);
}

// Whichever allocation fails, the bases are the old or the new ones.
static void
test_no_memory(void)
{
    RtTypeObject *a = make_class("A", NULL);
    RtTypeObject *b = make_class("B", NULL);
    RtTypeObject *c = make_class("C", a);
    RtTypeObject *d = make_class("D", c);
    RtObject *name = Str("__bases__");
    RtObject *bases = Tuple(2, Rt_NewRef(b), Rt_NewRef(a));
    int result = -1;
    int n = 0;
    while (result < 0) {
        CHECK(++n < 100);
        RtMem_FailAllocation(n);
        result = RtObject_SetAttr((RtObject *)c, name, bases);
        RtMem_FailAllocation(0);
        if (result < 0) {
            CHECK(RtErr_ExceptionMatches(&RtExc_MemoryError));
            RtErr_Clear();
            CHECK(c->tp_base == a);
            CHECK(b->tp_subclasses.count == 0);
        }
        CHECK(RtTuple_Size(d->tp_mro) == (result < 0 ? 4 : 5));
        CHECK(a->tp_subclasses.count == 1);
        audit();
    }
    CHECK(n > 5);
    Rt_DECREF(bases);
    Rt_DECREF(name);
    Rt_DECREF(d);
    Rt_DECREF(c);
    Rt_DECREF(b);
    Rt_DECREF(a);
}

// ---------------------------------------------------------------------------
// Threads: one changes bases or classes, others look up, derive and name.

enum { ROUNDS = 200 };

// On a busy machine each stop of the world waits for a slice of every reader:
// then fewer rounds must do.
#define ROUNDS_NS (10 * INT64_C(1000000000))

typedef struct Race {
    RtTypeObject *a, *b, *c;
    RtObject *op, *x;
    int done;                   // atomic
} Race;

static void
change(Race *race)
{
    RtObject *name = Str("n");
    int64_t end = rt_world->now_ns() + ROUNDS_NS;
    for (int i = 0; i < ROUNDS && (i == 0 || rt_world->now_ns() < end); i++) {
        CHECK(set_bases(race->c, one(i % 2 ? race->a : race->b)) == 0);
        CHECK(set_attr(race->op, "__class__", i % 3 ? race->c : race->a)
              == 0);
        CHECK(set_attr(race->a, "__name__", name) == 0);
        Breathe();
    }
    Rt_DECREF(name);
    rt_atomic_store_int(&race->done, 1);
}

static void
look_up(Race *race)
{
    while (rt_atomic_load_int(&race->done) == 0) {
        RtObject *value = RtObject_GetAttr(race->op, race->x);
        CHECK(value == Rt_True || value == Rt_False);
        RtObject *name = get_attr(race->a, "__name__");
        CHECK(RtStr_Check(name));
        Rt_DECREF(name);
        Breathe();
    }
}

static void
derive(Race *race)
{
    // Each class that is made before the collector runs makes a change of the
    // bases longer, which starts anew if one was made meanwhile: the gate of
    // RtTypes_WaitAtGate() lets it end.
    while (rt_atomic_load_int(&race->done) == 0) {
        RtTypeObject *type = make_class("E", race->c);
        RtObject *mro = get_attr(type, "__mro__");
        CHECK(RtTuple_Size(mro) == 4);
        Rt_DECREF(mro);
        RtObject *value = RtType_LookupRef(type, race->x);
        CHECK(value == Rt_True || value == Rt_False);
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
        .a = make_class("A", NULL),
        .b = make_class("B", NULL),
        .x = Str("x"),
    };
    race.c = make_class("C", race.a);
    race.op = New(race.c, 0);
    CHECK(set_attr(race.a, "x", Rt_True) == 0);
    CHECK(set_attr(race.b, "x", Rt_False) == 0);
    RunAttached(4, run_race, &race);
    audit();
    Rt_DECREF(race.op);
    Rt_DECREF(race.x);
    Rt_DECREF(race.c);
    Rt_DECREF(race.b);
    Rt_DECREF(race.a);
}

int
main(void)
{
    static void (*const tests[])(void) = {
        test_bases, test_slots_follow, test_diamond, test_error_below,
        test_refused_bases, test_class, test_names, test_no_memory,
        test_threads,
    };
    return RunTests(tests, sizeof(tests) / sizeof(tests[0]));
}

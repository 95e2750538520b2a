// test_descriptor.c: descriptors: in which order an attribute is looked for,
// property, classmethod, staticmethod, super, methods of programs, and
// __slots__, alone and while threads race.

#include "objects.h"

#include "rtcore_audit.h"
#include "rtcore_code.h"
#include "rtcore_gc.h"
#include "rtcore_type.h"

static RtMethodDef no_methods[] = { { NULL, NULL, 0, 0 } };

static RtTypeObject *
make_class(const char *name, RtTypeObject *base)
{
    Rt_XINCREF(base);           // Class() steals it
    return (RtTypeObject *)Class(name, base, no_methods);
}

// With a tuple of slots (stolen).
static RtObject *
class_with_slots(const char *name, RtTypeObject *base, RtObject *slots)
{
    RtObject *dict = RtDict_New();
    CHECK(SetItem(dict, Str("__slots__"), slots) == 0);
    RtObject *bases = base == NULL ? Tuple(0) : Tuple(1, Rt_NewRef(base));
    RtObject *text = Str(name);
    RtObject *type = RtType_New(text, bases, dict);
    Rt_DECREF(text);
    Rt_DECREF(bases);
    Rt_DECREF(dict);
    return type;
}

static RtTypeObject *
slots_xy(const char *name, RtTypeObject *base)
{
    RtObject *type = class_with_slots(name, base,
                                      Tuple(2, Str("x"), Str("y")));
    CHECK(type != NULL);
    return (RtTypeObject *)type;
}

static int
set_attr(void *op, const char *name, RtObject *value)   // steals the value
{
    RtObject *key = Str(name);
    int result = RtObject_SetAttr(op, key, value);
    Rt_DECREF(key);
    Rt_XDECREF(value);
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

// Functions in C that the descriptors below call.

static RtObject *
seven(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    return Int(70 + nargs);
}

static RtObject *
all_args(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    return RtTuple_FromArray(args, nargs);
}

// (op, value): op.kept = value
static RtObject *
keep(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    if (set_attr(args[0], "kept", Rt_NewRef(args[nargs - 1])) < 0) {
        return NULL;
    }
    return Rt_NewRef(Rt_None);
}

static RtMethodDef seven_def = { "seven", seven, 0, -1 };
static RtMethodDef all_def = { "all", all_args, 0, -1 };
static RtMethodDef keep_def = { "keep", keep, 1, 2 };

static RtObject *
func(RtMethodDef *def)
{
    return RtCFunction_New(def, NULL);
}

// ---------------------------------------------------------------------------

static void
test_property(void)
{
    RtTypeObject *c = make_class("C", NULL);
    CHECK(set_attr(c, "p", New(&RtProperty_Type, 3, func(&seven_def),
                               func(&keep_def), func(&keep_def))) == 0);
    CHECK(set_attr(c, "q", New(&RtProperty_Type, 0)) == 0);
    RtObject *op = New(c, 0);
    EXPECT_REPR(get_attr(op, "p"), "71");
    CHECK(set_attr(op, "p", Int(5)) == 0);
    EXPECT_REPR(get_attr(op, "kept"), "5");
    EXPECT_REPR(get_attr(op, "p"), "71");
    CHECK(set_attr(op, "p", NULL) == 0);        // the deleter gets one argument
    RtObject *prop = get_attr(c, "p");
    CHECK(Rt_IS_TYPE(prop, &RtProperty_Type));
    Rt_DECREF(prop);
    EXPECT_ERROR(get_attr(op, "q"),
                 "AttributeError: property of 'C' object has no getter");
    EXPECT_ERROR_INT(set_attr(op, "q", Int(1)),
                     "AttributeError: property of 'C' object has no setter");
    EXPECT_ERROR_INT(set_attr(op, "q", NULL),
                     "AttributeError: property of 'C' object has no deleter");
    Rt_DECREF(op);
    Rt_DECREF(c);
}

// A data descriptor comes before the instance's dict, which comes before any
// other descriptor.
static void
test_order(void)
{
    RtTypeObject *c = make_class("C", NULL);
    RtObject *op = New(c, 0);
    CHECK(set_attr(op, "p", Int(1)) == 0);
    CHECK(set_attr(op, "s", Int(2)) == 0);
    CHECK(set_attr(c, "p", New(&RtProperty_Type, 1, func(&seven_def))) == 0);
    CHECK(set_attr(c, "s", New(&RtStaticMethod_Type, 1,
                               func(&seven_def))) == 0);
    EXPECT_REPR(get_attr(op, "p"), "71");
    EXPECT_REPR(get_attr(op, "s"), "2");
    EXPECT_ERROR_INT(set_attr(op, "p", Int(3)),
                     "AttributeError: property of 'C' object has no setter");
    CHECK(set_attr(c, "p", NULL) == 0);
    EXPECT_REPR(get_attr(op, "p"), "1");
    Rt_DECREF(op);
    Rt_DECREF(c);
}

static void
test_class_and_static_methods(void)
{
    RtTypeObject *c = make_class("C", NULL);
    RtTypeObject *d = make_class("D", c);
    CHECK(set_attr(c, "m", New(&RtClassMethod_Type, 1, func(&all_def))) == 0);
    CHECK(set_attr(c, "s", New(&RtStaticMethod_Type, 1, func(&all_def))) == 0);
    RtObject *op = New(d, 0);
    EXPECT_REPR(Call(op, "m", 1, Int(3)), "(<class '__main__.D'>, 3)");
    EXPECT_REPR(Call((RtObject *)c, "m", 0), "(<class '__main__.C'>,)");
    EXPECT_REPR(Call(op, "s", 1, Int(3)), "(3,)");
    EXPECT_REPR(Call((RtObject *)d, "s", 0), "()");
    // As a special method.
    CHECK(set_attr(c, "__call__", New(&RtStaticMethod_Type, 1,
                                      func(&all_def))) == 0);
    EXPECT_REPR(RtObject_CallNoArgs(op), "()");
    CHECK(set_attr(c, "__call__", New(&RtClassMethod_Type, 1,
                                      func(&all_def))) == 0);
    EXPECT_REPR(RtObject_CallNoArgs(op), "(<class '__main__.D'>,)");
    EXPECT_ERROR(New(&RtStaticMethod_Type, 0),
                 "TypeError: staticmethod expected 1 argument, got 0");
    Rt_DECREF(op);
    Rt_DECREF(d);
    Rt_DECREF(c);
}

// Descriptors whose methods a program has written; they may cease to be such.
static void
test_methods_of_programs(void)
{
    RtTypeObject *c = make_class("C", NULL);
    RtTypeObject *descr = make_class("Descr", NULL);
    RtObject *value = New(descr, 0);
    RtObject *op = New(c, 0);
    CHECK(set_attr(c, "a", Rt_NewRef(value)) == 0);
    RtObject *found = get_attr(op, "a");
    CHECK(found == value);
    Rt_DECREF(found);
    // __get__ is called with the descriptor itself as first argument.
    CHECK(set_attr(descr, "__get__", func(&seven_def)) == 0);
    EXPECT_REPR(get_attr(op, "a"), "73");
    EXPECT_REPR(get_attr(c, "a"), "73");
    CHECK(set_attr(op, "a", Int(1)) == 0);      // no data descriptor
    EXPECT_REPR(get_attr(op, "a"), "1");
    CHECK(set_attr(descr, "__set__", New(&RtStaticMethod_Type, 1,
                                         func(&keep_def))) == 0);
    EXPECT_REPR(get_attr(op, "a"), "73");
    CHECK(set_attr(op, "a", Int(9)) == 0);
    EXPECT_REPR(get_attr(op, "kept"), "9");
    EXPECT_ERROR_INT(set_attr(op, "a", NULL),
                     "AttributeError: __delete__");
    CHECK(set_attr(descr, "__set__", NULL) == 0);
    EXPECT_REPR(get_attr(op, "a"), "1");
    CHECK(set_attr(op, "a", NULL) == 0);
    CHECK(set_attr(descr, "__get__", NULL) == 0);
    found = get_attr(op, "a");
    CHECK(found == value);
    Rt_DECREF(found);
    Rt_DECREF(value);
    Rt_DECREF(op);
    Rt_DECREF(descr);
    Rt_DECREF(c);
}

static void
test_super(void)
{
    RtTypeObject *a = make_class("A", NULL);
    RtTypeObject *b = make_class("B", a);
    CHECK(set_attr(a, "x", Int(1)) == 0);
    CHECK(set_attr(b, "x", Int(2)) == 0);
    CHECK(set_attr(a, "m", New(&RtClassMethod_Type, 1, func(&all_def))) == 0);
    RtObject *op = New(b, 0);
    RtObject *super = New(&RtSuper_Type, 2, Rt_NewRef(b), Rt_NewRef(op));
    EXPECT_REPR(get_attr(super, "x"), "1");
    EXPECT_REPR(Call(super, "m", 0), "(<class '__main__.B'>,)");
    EXPECT_ERROR(get_attr(super, "y"),
                 "AttributeError: 'super' object has no attribute 'y'");
    Rt_DECREF(super);
    super = New(&RtSuper_Type, 2, Rt_NewRef(b), Rt_NewRef(b));
    EXPECT_REPR(get_attr(super, "x"), "1");
    Rt_DECREF(super);
    RtObject *other = New(a, 0);
    EXPECT_ERROR(New(&RtSuper_Type, 2, Rt_NewRef(b), other),
                 "TypeError: super(type, obj): obj (instance of A) is not an "
                 "instance or subtype of type (B).");
    Rt_DECREF(op);
    Rt_DECREF(b);
    Rt_DECREF(a);
}

// ---------------------------------------------------------------------------
// __slots__.

static void
test_slots(void)
{
    RtTypeObject *c = slots_xy("C", NULL);
    CHECK(c->tp_dictoffset == 0 && c->tp_weaklistoffset == 0);
    RtObject *op = New(c, 0);
    EXPECT_ERROR(get_attr(op, "x"),
                 "AttributeError: 'C' object has no attribute 'x'");
    CHECK(set_attr(op, "x", Int(1)) == 0);
    CHECK(set_attr(op, "y", Str("two")) == 0);
    EXPECT_REPR(get_attr(op, "x"), "1");
    EXPECT_REPR(get_attr(op, "y"), "'two'");
    CHECK(set_attr(op, "x", NULL) == 0);
    EXPECT_ERROR_INT(set_attr(op, "x", NULL), "AttributeError: x");
    EXPECT_ERROR_INT(set_attr(op, "z", Int(1)),
                     "AttributeError: 'C' object has no attribute 'z' and no "
                     "__dict__ for setting new attributes");
    EXPECT_REPR(get_attr(c, "x"), "<member 'x' of 'C' objects>");
    // The descriptor looks at whom it is asked for.
    RtTypeObject *other = make_class("Other", NULL);
    CHECK(set_attr(other, "stolen", get_attr(c, "x")) == 0);
    RtObject *stranger = New(other, 0);
    EXPECT_ERROR(get_attr(stranger, "stolen"),
                 "TypeError: descriptor 'x' for 'C' objects doesn't apply to "
                 "a 'Other' object");
    Rt_DECREF(stranger);
    Rt_DECREF(other);
    Rt_DECREF(op);
    Rt_DECREF(c);
}

static void
test_slots_and_bases(void)
{
    RtTypeObject *c = slots_xy("C", NULL);
    RtTypeObject *d = slots_xy("D", c);         // hides the base's
    RtTypeObject *e = make_class("E", d);       // has a dict again
    CHECK(d->tp_basicsize ==
          c->tp_basicsize + 2 * (ssize_t)sizeof(RtObject *));
    CHECK(e->tp_dictoffset != 0);
    RtObject *op = New(e, 0);
    CHECK(set_attr(op, "x", Int(1)) == 0);
    CHECK(set_attr(op, "z", Int(3)) == 0);
    RtObject *super = New(&RtSuper_Type, 2, Rt_NewRef(d), Rt_NewRef(op));
    EXPECT_ERROR(get_attr(super, "x"),
                 "AttributeError: 'E' object has no attribute 'x'");
    Rt_DECREF(super);
    EXPECT_REPR(get_attr(op, "x"), "1");
    EXPECT_REPR(get_attr(op, "z"), "3");
    // Layouts that do not go together.
    RtTypeObject *f = slots_xy("F", NULL);
    EXPECT_ERROR_INT(set_attr(op, "__class__", Rt_NewRef(f)),
                     "TypeError: __class__ assignment: 'F' object layout "
                     "differs from 'E'");
    RtObject *bases = Tuple(2, Rt_NewRef(c), Rt_NewRef(f));
    RtObject *name = Str("G");
    RtObject *dict = RtDict_New();
    EXPECT_ERROR(RtType_New(name, bases, dict),
                 "TypeError: multiple bases have instance lay-out conflict");
    Rt_DECREF(dict);
    Rt_DECREF(name);
    Rt_DECREF(bases);
    Rt_DECREF(op);
    Rt_DECREF(f);
    Rt_DECREF(e);
    Rt_DECREF(d);
    Rt_DECREF(c);
}

static void
test_slots_errors(void)
{
    EXPECT_ERROR(class_with_slots("C", NULL, Int(1)),
                 "TypeError: 'int' object is not iterable");
    EXPECT_ERROR(class_with_slots("C", NULL, Tuple(1, Int(1))),
                 "TypeError: __slots__ items must be strings, not 'int'");
    EXPECT_ERROR(class_with_slots("C", NULL, Str("x y")),
                 "TypeError: __slots__ must be identifiers");
    RtTypeObject *b = (RtTypeObject *)class_with_slots(
        "B", NULL, Tuple(2, Str("x"), Str("x")));
    CHECK(b != NULL && b->tp_nslots == 1);
    Rt_DECREF(b);
    RtTypeObject *c = (RtTypeObject *)class_with_slots(
        "C", NULL, Tuple(3, Str("x"), Str("__dict__"), Str("__weakref__")));
    CHECK(c->tp_dictoffset != 0 && c->tp_weaklistoffset != 0);
    CHECK(c->tp_nslots == 1);
    Rt_DECREF(c);
}

// Slots are seen by the collector, and emptied when the instance dies.
static void
test_slots_die(void)
{
    RtTypeObject *c = slots_xy("C", NULL);
    RtTypeObject *d = slots_xy("D", c);
    RtObject *op = New(d, 0);
    CHECK(set_attr(op, "x", Rt_NewRef(op)) == 0);
    CHECK(set_attr(op, "y", List(1, Rt_NewRef(op))) == 0);
    Rt_DECREF(op);
    op = New(d, 0);
    CHECK(set_attr(op, "y", List(1, Int(1000))) == 0);
    Rt_DECREF(op);
    RtThreadState *tstate = RtThreadState_Get();
    CHECK(RtAudit_Heap(tstate->interp) == 0);
    CHECK(RtGC_Collect(tstate, 2) == 2);
    CHECK(RtAudit_Heap(tstate->interp) == 0);
    Rt_DECREF(d);
    Rt_DECREF(c);
}

// ---------------------------------------------------------------------------
// Races.

enum { ROUNDS = 300, RACERS = 4 };

// Two write fresh objects into a slot, one deletes, one reads.
static void
race_slot(int index, void *arg)
{
    RtObject *op = arg;
    RtObject *name = Str("x");
    for (int i = 0; i < ROUNDS; i++) {
        if (index <= 1) {
            RtObject *value = List(1, Int(1000 + i));
            CHECK(RtObject_SetAttr(op, name, value) == 0);
            Rt_DECREF(value);
        }
        else {
            RtObject *value = NULL;
            int found = index == 3 ? RtObject_GetOptionalAttr(op, name, &value)
                                   : RtObject_SetAttr(op, name, NULL);
            if (value != NULL) {
                CHECK(RtList_Size(value) == 1);
                Rt_DECREF(value);
            }
            else if (found < 0) {
                CHECK(RtErr_ExceptionMatches(&RtExc_AttributeError));
                RtErr_Clear();
            }
        }
        Breathe();
    }
    Rt_DECREF(name);
}

static void
test_slot_race(void)
{
    RtTypeObject *c = slots_xy("C", NULL);
    RtObject *op = New(c, 0);
    RunAttached(RACERS, race_slot, op);
    Rt_DECREF(op);
    Rt_DECREF(c);
}

// One changes what an attribute of the class is, and what its descriptor does;
// the others ask instances: each answer is one of those that ever were right.
typedef struct ClassRace {
    RtTypeObject *type;
    RtTypeObject *descr;
} ClassRace;

static void
change_class(ClassRace *race, int i)
{
    switch (i % 4) {
    case 0:
        CHECK(set_attr(race->type, "p", New(&RtProperty_Type, 1,
                                            func(&seven_def))) == 0);
        break;
    case 1:
        CHECK(set_attr(race->type, "p", New(race->descr, 0)) == 0);
        CHECK(set_attr(race->descr, "__get__", func(&seven_def)) == 0);
        break;
    case 2:
        CHECK(set_attr(race->descr, "__set__", func(&keep_def)) == 0);
        break;
    default:
        CHECK(set_attr(race->descr, "__set__", NULL) == 0);
        CHECK(set_attr(race->descr, "__get__", NULL) == 0);
        CHECK(set_attr(race->type, "p", Int(5)) == 0);
        break;
    }
}

static void
race_class(int index, void *arg)
{
    ClassRace *race = arg;
    RtObject *op = New(race->type, 0);
    for (int i = 0; i < ROUNDS; i++) {
        if (index == 0) {
            change_class(race, i);
        }
        else {
            RtObject *value = get_attr(op, "p");
            CHECK(value != NULL);
            if (!Rt_IS_TYPE(value, race->descr)) {
                int64_t number = RtLong_AsInt64(value);
                CHECK(number == 71 || number == 73 || number == 5);
            }
            Rt_DECREF(value);
        }
        Breathe();
    }
    Rt_DECREF(op);
}

static void
test_class_race(void)
{
    ClassRace race = { make_class("C", NULL), make_class("D", NULL) };
    CHECK(set_attr(race.type, "p", Int(5)) == 0);
    RunAttached(RACERS, race_class, &race);
    Rt_DECREF(race.descr);
    Rt_DECREF(race.type);
}

static void (*const tests[])(void) = {
    test_property, test_order, test_class_and_static_methods,
    test_methods_of_programs, test_super, test_slots, test_slots_and_bases,
    test_slots_errors, test_slots_die, test_slot_race, test_class_race,
};

int
main(void)
{
    return RunTests(tests, sizeof(tests) / sizeof(tests[0]));
}

// test_set.c: set and frozenset on one thread: what CPython gives, a model,
// re-entrancy through keys, failing allocations.

#include "objects.h"
#include "rtcore_set.h"

#define Set(...) New(&RtSet_Type, 1, Tuple(__VA_ARGS__))
// Keeps its operands.
#define Operate RtNumber_BinaryOp
#define Frozen(...) New(&RtFrozenSet_Type, 1, Tuple(__VA_ARGS__))

static int
Has(RtObject *set, int64_t value)
{
    RtObject *key = Int(value);
    int found = RtSequence_Contains(set, key);
    Rt_DECREF(key);
    return found;
}

static void
Add(RtObject *set, RtObject *key)       // steals key
{
    CHECK(RtSet_Add(set, key) == 0);
    Rt_DECREF(key);
}

static int
Discard(RtObject *set, int64_t value)
{
    RtObject *key = Int(value);
    int found = RtSet_Discard(set, key);
    Rt_DECREF(key);
    return found;
}

// ---------------------------------------------------------------------------
// One thread. What CPython gives.

static void
test_items(void)
{
    RtObject *s = RtSet_New(NULL);
    EXPECT_OBJECT(s, "set()");
    EXPECT_REPR(Call(s, "add", 1, Int(3)), "None");
    EXPECT_REPR(Call(s, "add", 1, Int(1)), "None");
    EXPECT_REPR(Call(s, "add", 1, Int(3)), "None");
    EXPECT_OBJECT(s, "{1, 3}");
    CHECK(Has(s, 3) == 1 && Has(s, 2) == 0);
    EXPECT_ERROR(Call(s, "add", 1, RtList_New(0)),
                 "TypeError: unhashable type: 'list'");
    EXPECT_ERROR(Call(s, "remove", 1, Int(2)), "KeyError: 2");
    EXPECT_REPR(Call(s, "discard", 1, Int(2)), "None");
    EXPECT_REPR(Call(s, "remove", 1, Int(1)), "None");
    EXPECT_REPR(Call(s, "pop", 0), "3");
    EXPECT_ERROR(Call(s, "pop", 0), "KeyError: 'pop from an empty set'");
    EXPECT_ERROR(New(&RtSet_Type, 1, Int(1)),
                 "TypeError: 'int' object is not iterable");
    EXPECT_ERROR(New(&RtSet_Type, 1, List(1, RtList_New(0))),
                 "TypeError: unhashable type: 'list'");
    CHECK(RtSet_IsValid(s));
    // A set stands for the frozenset of its items.
    Add(s, Frozen(2, Int(1), Int(2)));
    RtObject *key = Set(2, Int(2), Int(1));
    CHECK(RtSequence_Contains(s, key) == 1);
    EXPECT_ERROR(Call(s, "add", 1, Rt_NewRef(key)),
                 "TypeError: unhashable type: 'set'");
    EXPECT_OBJECT(s, "{frozenset({1, 2})}");
    EXPECT_REPR(Call(s, "remove", 1, Rt_NewRef(key)), "None");
    EXPECT_ERROR(Call(s, "remove", 1, key), "KeyError: {1, 2}");
    CHECK(RtSet_Size(s) == 0);
    Rt_DECREF(s);
}

static void
test_algebra(void)
{
    RtObject *a = Set(4, Int(1), Int(2), Int(3), Int(4));
    RtObject *b = Frozen(3, Int(3), Int(4), Int(5));
    EXPECT_REPR(Operate(a, b, RT_NB_OR), "{1, 2, 3, 4, 5}");
    EXPECT_REPR(Operate(a, b, RT_NB_AND), "{3, 4}");
    EXPECT_REPR(Operate(a, b, RT_NB_SUBTRACT), "{1, 2}");
    EXPECT_REPR(Operate(b, a, RT_NB_SUBTRACT), "frozenset({5})");
    EXPECT_REPR(Operate(a, b, RT_NB_XOR), "{1, 2, 5}");
    EXPECT_REPR(Operate(a, a, RT_NB_XOR), "set()");
    EXPECT_REPR(Operate(b, b, RT_NB_AND), "frozenset({3, 4, 5})");
    RtObject *list = List(3, Int(4), Int(4), Int(9));
    EXPECT_ERROR(Operate(a, list, RT_NB_OR), "TypeError: unsupported operand "
                 "type(s) for |: 'set' and 'list'");
    EXPECT_REPR(Call(a, "union", 2, Rt_NewRef(list), Rt_NewRef(b)),
                "{1, 2, 3, 4, 5, 9}");
    EXPECT_REPR(Call(a, "intersection", 1, Rt_NewRef(list)), "{4}");
    EXPECT_REPR(Call(a, "intersection", 0), "{1, 2, 3, 4}");
    EXPECT_REPR(Call(a, "difference", 1, Rt_NewRef(list)), "{1, 2, 3}");
    EXPECT_REPR(Call(a, "symmetric_difference", 1, Rt_NewRef(list)),
                "{1, 2, 3, 9}");
    EXPECT_REPR(Call(a, "isdisjoint", 1, Rt_NewRef(list)), "False");
    EXPECT_REPR(Call(b, "isdisjoint", 1, Tuple(1, Int(1))), "True");
    EXPECT_REPR(Call(a, "isdisjoint", 1, Rt_NewRef(b)), "False");
    EXPECT_REPR(Call(a, "issuperset", 1, Tuple(2, Int(1), Int(2))), "True");
    EXPECT_REPR(Call(a, "issubset", 1, Tuple(2, Int(1), Int(2))), "False");
    EXPECT_REPR(Call(a, "issubset", 1, New(&RtRange_Type, 1, Int(9))), "True");
    EXPECT_ERROR(Call(a, "isdisjoint", 1, Int(3)),
                 "TypeError: 'int' object is not iterable");
    EXPECT_REPR(Call(a, "intersection_update", 1, Rt_NewRef(b)), "None");
    EXPECT_OBJECT(a, "{3, 4}");
    EXPECT_REPR(Call(a, "update", 2, Rt_NewRef(list), Tuple(1, Int(0))),
                "None");
    EXPECT_OBJECT(a, "{0, 9, 3, 4}");
    EXPECT_REPR(Call(a, "difference_update", 1, Rt_NewRef(b)), "None");
    EXPECT_OBJECT(a, "{0, 9}");
    EXPECT_REPR(Call(a, "symmetric_difference_update", 1, Rt_NewRef(list)),
                "None");
    EXPECT_OBJECT(a, "{0, 4}");
    EXPECT_REPR(Call(a, "intersection_update", 1, Rt_NewRef(list)), "None");
    EXPECT_OBJECT(a, "{4}");
    EXPECT_REPR(Call(a, "difference_update", 1, Rt_NewRef(a)), "None");
    EXPECT_OBJECT(a, "set()");
    CHECK(RtSet_IsValid(a));
    Rt_DECREF(list);
    Rt_DECREF(a);
    Rt_DECREF(b);
}

static void
test_comparison(void)
{
    static const char *const answers[3][6] = {
        // <, <=, ==, !=, >, >= of {1, 2} with each of the others
        { "True", "True", "False", "True", "False", "False" },
        { "False", "True", "True", "False", "False", "True" },
        { "False", "False", "False", "True", "False", "False" },
    };
    RtObject *a = Set(2, Int(1), Int(2));
    RtObject *others[3] = { Set(3, Int(1), Int(2), Int(3)),
                            Frozen(2, Int(2), Int(1)),
                            Set(2, Int(1), Int(3)) };
    for (int i = 0; i < 3; i++) {
        for (int op = RT_LT; op <= RT_GE; op++) {
            EXPECT_REPR(RtObject_RichCompare(a, others[i], op),
                        answers[i][op]);
        }
    }
    RtObject *list = RtList_New(0);
    EXPECT_REPR(RtObject_RichCompare(a, list, RT_EQ), "False");
    EXPECT_ERROR(RtObject_RichCompare(a, list, RT_LT), "TypeError: '<' not "
                 "supported between instances of 'set' and 'list'");
    for (int i = 0; i < 3; i++) {
        Rt_DECREF(others[i]);
    }
    Rt_DECREF(list);
    Rt_DECREF(a);
}

static void
test_frozenset(void)
{
    RtObject *f = Frozen(3, Int(3), Int(1), Int(2));
    RtObject *g = Frozen(3, Int(1), Int(2), Int(3));
    RtObject *e = RtFrozenSet_New(NULL);
    CHECK(RtObject_Hash(f) == -272375401224217160);     // CPython's
    CHECK(RtObject_Hash(g) == RtObject_Hash(f));
    CHECK(RtObject_Hash(e) == 133146708735736);
    CHECK(RtObject_Hash(f) == ((RtSetObject *)f)->hash);
    EXPECT_OBJECT(e, "frozenset()");
    RtObject *same = New(&RtFrozenSet_Type, 1, Rt_NewRef(f));
    CHECK(same == f);
    Rt_DECREF(same);
    same = Call(f, "copy", 0);
    CHECK(same == f);
    Rt_DECREF(same);
    EXPECT_ERROR(Call(f, "add", 1, Int(1)),
                 "AttributeError: 'frozenset' object has no attribute 'add'");
    CHECK(Has(f, 2) == 1 && Has(f, 9) == 0);
    RtObject *set = RtSet_New(NULL);
    CHECK(RtObject_Hash(set) == -1);
    expect_error("TypeError: unhashable type: 'set'", __FILE__, __LINE__);
    RtObject *dict = RtDict_New();
    CHECK(RtDict_SetItem(dict, f, Rt_None) == 0);
    CHECK(RtDict_Contains(dict, g) == 1);
    Rt_DECREF(dict);
    Rt_DECREF(set);
    Rt_DECREF(f);
    Rt_DECREF(g);
    Rt_DECREF(e);
}

static void
test_subclass(void)
{
    RtMethodDef none[] = { {0} };
    RtObject *type = Class("S", &RtSet_Type, none);
    RtObject *s = RtObject_CallNoArgs(type);
    EXPECT_OBJECT(s, "S()");
    Add(s, Int(1));
    EXPECT_OBJECT(s, "S({1})");
    EXPECT_REPR(Operate(s, s, RT_NB_OR), "{1}");
    EXPECT_REPR(Call(s, "copy", 0), "{1}");
    CHECK(RtSet_IsValid(s));
    // A cycle through the set.
    Rt_DECREF(s);
    Rt_DECREF(type);
}

// Against a table of bits; every size, and many dummies.
static void
test_model(void)
{
    enum { VALUES = 96, STEPS = 6000 };
    bool model[VALUES] = { false };
    ssize_t count = 0;
    uint32_t random = 12345;
    RtObject *s = RtSet_New(NULL);
    for (int i = 0; i < STEPS; i++) {
        random = random * 1664525 + 1013904223;
        int range = i / 500 % 2 == 0 ? VALUES : 6;
        int value = (int)(random >> 16) % range;
        if (random >> 30 != 0) {
            Add(s, Int(value * 1000003));
            count += !model[value];
            model[value] = true;
        }
        else if ((random >> 8 & 255) == 0) {
            CHECK(RtSet_Clear(s) == 0);
            memset(model, 0, sizeof(model));
            count = 0;
        }
        else {
            CHECK(Discard(s, value * 1000003) == model[value]);
            count -= model[value];
            model[value] = false;
        }
        CHECK(RtSet_Size(s) == count);
        CHECK(RtSet_IsValid(s));
    }
    for (int i = 0; i < VALUES; i++) {
        CHECK(Has(s, i * 1000003) == model[i]);
    }
    while (RtSet_Size(s) > 0) {
        Rt_DECREF(RtSet_Pop(s));
        CHECK(RtSet_IsValid(s));
    }
    Rt_DECREF(s);
}

static void
test_iterator(void)
{
    RtObject *s = Set(3, Int(1), Int(2), Int(3));
    ssize_t count = Rt_REFCNT(s);
    RtObject *it = RtObject_GetIter(s);
    EXPECT_REPR(Call(it, "__length_hint__", 0), "3");
    EXPECT_REPR(RtIter_Next(it), "1");
    EXPECT_REPR(Call(it, "__length_hint__", 0), "2");
    EXPECT_REPR(RtIter_Next(it), "2");
    EXPECT_REPR(RtIter_Next(it), "3");
    CHECK(RtIter_Next(it) == NULL && RtErr_Occurred() == NULL);
    Add(s, Int(4));
    CHECK(RtIter_Next(it) == NULL && RtErr_Occurred() == NULL);
    EXPECT_REPR(Call(it, "__length_hint__", 0), "0");
    Rt_DECREF(it);
    CHECK(Rt_REFCNT(s) == count);
    it = RtObject_GetIter(s);
    EXPECT_REPR(RtIter_Next(it), "1");
    Add(s, Int(5));
    for (int i = 0; i < 2; i++) {
        EXPECT_ERROR(RtIter_Next(it),
                     "RuntimeError: Set changed size during iteration");
        CHECK(Discard(s, 5) == (i == 0));
    }
    Rt_DECREF(it);
    Rt_DECREF(s);
}

// ---------------------------------------------------------------------------
// Keys that change the set while they are compared.

static RtObject *victim;
static int calls;

static RtObject *
hash_one(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)args, (void)nargs;
    return Int(1);
}

static RtObject *
eq_clears_once(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)args, (void)nargs;
    if (calls++ == 0) {
        CHECK(RtSet_Clear(victim) == 0);
        for (int i = 0; i < 3; i++) {
            Add(victim, Int(i + 50));
        }
    }
    return Rt_False;
}

static RtObject *
eq_grows(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)args, (void)nargs;
    for (int i = 0; i < 6 && calls < 60; i++) {
        Add(victim, Int(100 + calls++));
    }
    return Rt_False;
}

static RtObject *
eq_raises(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)args, (void)nargs;
    RtErr_SetString(&RtExc_RuntimeError, "no");
    return NULL;
}

// What each operation leaves; a key like `key` is not in the victim.
static void
check_changing_key(RtCFunction eq, int size)
{
    RtMethodDef methods[] = { { "__eq__", eq, 1, 1 },
                              { "__hash__", hash_one, 0, 0 }, {0} };
    RtObject *type = Class("C", NULL, methods);
    RtObject *key = RtObject_CallNoArgs(type);
    RtObject *other = Set(1, Rt_NewRef(key));
    for (int operation = 0; operation < 6; operation++) {
        victim = Set(1, Int(1));
        calls = 0;
        int added = 0;
        switch (operation) {
        case 0:
            CHECK(RtSet_Contains(victim, key) == 0);
            break;
        case 1:
            CHECK(RtSet_Add(victim, key) == 0);
            added = 1;
            break;
        case 2:
            CHECK(RtSet_Discard(victim, key) == 0);
            break;
        case 3:
            CHECK(RtSet_Update((RtSetObject *)victim, other) == 0);
            added = 1;
            break;
        case 4:
            Rt_DECREF(Operate(other, victim, RT_NB_SUBTRACT));
            break;
        case 5:
            Rt_DECREF(Operate(victim, other, RT_NB_XOR));
            break;
        }
        // ^ works on a copy: its comparisons change the victim all the same.
        CHECK(calls > 0);
        CHECK(size < 0 ? RtSet_Size(victim) > 2
                       : RtSet_Size(victim) == size + added);
        CHECK(RtSet_IsValid(victim));
        Rt_DECREF(victim);
    }
    Rt_DECREF(other);
    Rt_DECREF(key);
    Rt_DECREF(type);
}

static void
test_changing_keys(void)
{
    check_changing_key(eq_clears_once, 3);
    check_changing_key(eq_grows, -1);
    RtMethodDef methods[] = { { "__eq__", eq_raises, 1, 1 },
                              { "__hash__", hash_one, 0, 0 }, {0} };
    RtObject *type = Class("R", NULL, methods);
    RtObject *key = RtObject_CallNoArgs(type);
    victim = Set(1, Int(1));
    RtObject *other = Set(1, Rt_NewRef(key));
    EXPECT_ERROR_INT(RtSet_Add(victim, key), "RuntimeError: no");
    EXPECT_ERROR_INT(RtSet_Contains(victim, key), "RuntimeError: no");
    EXPECT_ERROR(Operate(victim, other, RT_NB_OR), "RuntimeError: no");
    EXPECT_ERROR(Operate(victim, other, RT_NB_AND), "RuntimeError: no");
    EXPECT_ERROR(Operate(victim, other, RT_NB_XOR), "RuntimeError: no");
    EXPECT_ERROR(Call(victim, "intersection_update", 1, Rt_NewRef(other)),
                 "RuntimeError: no");
    EXPECT_ERROR(Call(victim, "isdisjoint", 1, Tuple(1, Rt_NewRef(key))),
                 "RuntimeError: no");
    CHECK(RtSet_IsValid(victim));
    EXPECT_OBJECT(victim, "{1}");
    Rt_DECREF(other);
    Rt_DECREF(victim);
    Rt_DECREF(key);
    Rt_DECREF(type);
}

static RtObject *
del_adds(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)args, (void)nargs;
    Add(victim, Int(++calls));
    return Rt_None;
}

static void
test_finalizers(void)
{
    RtMethodDef methods[] = { {"__del__", del_adds, 0, 0}, {0} };
    RtObject *type = Class("D", NULL, methods);
    victim = RtSet_New(NULL);
    calls = 0;
    for (int i = 0; i < 12; i++) {
        Add(victim, RtObject_CallNoArgs(type));
    }
    CHECK(RtSet_Clear(victim) == 0);
    CHECK(calls == 12 && RtSet_Size(victim) == 12);
    CHECK(RtSet_IsValid(victim));
    Add(victim, RtObject_CallNoArgs(type));
    EXPECT_REPR(Call(victim, "intersection_update", 1, Tuple(1, Int(2))),
                "None");
    EXPECT_OBJECT(victim, "{2, 13}");
    Rt_DECREF(type);
    Rt_DECREF(victim);
}

// ---------------------------------------------------------------------------
// Each allocation of a scenario fails once: MemoryError, and sets are whole.

static bool
scenario(RtObject *s)
{
    for (int i = 0; i < 40; i++) {
        RtObject *key = Int(i * 7);
        int status = key == NULL ? -1 : RtSet_Add(s, key);
        Rt_XDECREF(key);
        if (status < 0) {
            return false;
        }
    }
    RtObject *copy = RtSet_New(s);
    RtObject *both = copy == NULL ? NULL : Operate(copy, s, RT_NB_AND);
    RtObject *none = both == NULL ? NULL : Operate(both, s, RT_NB_XOR);
    RtObject *repr = none == NULL ? NULL : RtObject_Repr(both);
    bool done = repr != NULL
                && RtSet_Update((RtSetObject *)none, s) == 0
                && RtSet_Size(none) == 40;
    CHECK(copy == NULL || RtSet_IsValid(copy));
    CHECK(none == NULL || RtSet_IsValid(none));
    Rt_XDECREF(copy);
    Rt_XDECREF(both);
    Rt_XDECREF(none);
    Rt_XDECREF(repr);
    return done;
}

static void
test_no_memory(void)
{
    bool done = false;
    for (int nth = 1; !done; nth++) {
        CHECK(nth < 200);
        RtObject *s = RtSet_New(NULL);
        RtMem_FailAllocation(nth);
        done = scenario(s);
        RtMem_FailAllocation(0);
        // An add goes on in a table that should have grown.
        CHECK(done || RtErr_ExceptionMatches(&RtExc_MemoryError));
        RtErr_Clear();
        CHECK(RtSet_IsValid(s));
        Rt_DECREF(s);
    }
}

int
main(void)
{
    void (*const tests[])(void) = {
        test_items, test_algebra, test_comparison, test_frozenset,
        test_subclass, test_model, test_iterator, test_changing_keys,
        test_finalizers, test_no_memory,
    };
    return RunTests(tests, sizeof(tests) / sizeof(tests[0]));
}

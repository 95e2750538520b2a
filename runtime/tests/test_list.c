// test_list.c: list, re-entrancy through user code, and many threads on one.

#include "objects.h"

static void
test_items(void)
{
    RtObject *l = ListOfInts(4);
    EXPECT_OBJECT(l, "[0, 1, 2, 3]");
    EXPECT_REPR(Item(l, Int(-1)), "3");
    EXPECT_ERROR(Item(l, Int(4)), "IndexError: list index out of range");
    EXPECT_ERROR(Item(l, Int(-5)), "IndexError: list index out of range");
    EXPECT_ERROR(Item(l, Str("x")), "TypeError: list indices must be integers "
                 "or slices, not str");
    CHECK(SetItem(l, Int(-4), Str("a")) == 0);
    CHECK(SetItem(l, Int(1), NULL) == 0);
    EXPECT_OBJECT(l, "['a', 2, 3]");
    EXPECT_ERROR_INT(SetItem(l, Int(3), Int(1)),
                     "IndexError: list assignment index out of range");
    EXPECT_ERROR_INT(SetItem(l, Int(-4), NULL),
                     "IndexError: list assignment index out of range");
    CHECK(RtObject_Length(l) == 3);
    CHECK(RtSequence_Contains(l, Int(3)) == 1);
    CHECK(RtSequence_Contains(l, Int(4)) == 0);
    CHECK(RtObject_Hash(l) == -1);
    expect_error("TypeError: unhashable type: 'list'", __FILE__, __LINE__);
    Rt_DECREF(l);
}

static void
test_operators(void)
{
    EXPECT_REPR(Binary(ListOfInts(2), ListOfInts(1), RT_NB_ADD), "[0, 1, 0]");
    EXPECT_REPR(Binary(ListOfInts(2), Int(2), RT_NB_MULTIPLY),
                "[0, 1, 0, 1]");
    EXPECT_REPR(Binary(Int(-1), ListOfInts(2), RT_NB_MULTIPLY), "[]");
    EXPECT_ERROR(Binary(ListOfInts(1), Int(2), RT_NB_ADD), "TypeError: can "
                 "only concatenate list (not \"int\") to list");
    EXPECT_ERROR(Binary(ListOfInts(1), Int(INT64_MAX), RT_NB_MULTIPLY),
                 "MemoryError: ");
    EXPECT_REPR(Compare(ListOfInts(2), ListOfInts(2), RT_EQ), "True");
    EXPECT_REPR(Compare(ListOfInts(2), ListOfInts(3), RT_LT), "True");
    EXPECT_REPR(Compare(List(1, Int(5)), ListOfInts(3), RT_GT), "True");
    EXPECT_REPR(Compare(ListOfInts(0), Int(1), RT_EQ), "False");
    EXPECT_ERROR(Compare(List(1, Str("a")), List(1, Int(1)), RT_LT),
                 "TypeError: '<' not supported between instances of 'str' and "
                 "'int'");
    RtObject *l = ListOfInts(1);
    RtObject *self = Rt_NewRef(l);
    CHECK(RtList_Append(l, self) == 0);
    EXPECT_OBJECT(l, "[0, [...]]");
    EXPECT_REPR(Binary(Rt_NewRef(l), Rt_NewRef(l), RT_NB_ADD),
                "[0, [0, [...]], 0, [0, [...]]]");
    Rt_DECREF(self);
    Rt_DECREF(l);               // for the collector
}

static void
test_methods(void)
{
    RtObject *l = RtList_New(0);
    EXPECT_ERROR(Call(l, "pop", 0), "IndexError: pop from empty list");
    EXPECT_REPR(Call(l, "append", 1, Int(5)), "None");
    EXPECT_REPR(Call(l, "extend", 1, Tuple(2, Int(6), Int(7))), "None");
    EXPECT_REPR(Call(l, "extend", 1, Rt_NewRef(l)), "None");
    EXPECT_REPR(Call(l, "insert", 2, Int(-100), Str("x")), "None");
    EXPECT_REPR(Call(l, "insert", 2, Int(100), Str("y")), "None");
    EXPECT_REPR(Call(l, "insert", 2, Int(-1), Str("z")), "None");
    EXPECT_OBJECT(l, "['x', 5, 6, 7, 5, 6, 7, 'z', 'y']");
    EXPECT_REPR(Call(l, "index", 1, Int(6)), "2");
    EXPECT_REPR(Call(l, "count", 1, Int(6)), "2");
    EXPECT_REPR(Call(l, "remove", 1, Int(6)), "None");
    EXPECT_REPR(Call(l, "pop", 1, Int(0)), "'x'");
    EXPECT_REPR(Call(l, "pop", 1, Int(-2)), "'z'");
    EXPECT_REPR(Call(l, "reverse", 0), "None");
    EXPECT_OBJECT(l, "['y', 7, 6, 5, 7, 5]");
    EXPECT_ERROR(Call(l, "pop", 1, Int(6)),
                 "IndexError: pop index out of range");
    EXPECT_ERROR(Call(l, "remove", 1, Int(9)),
                 "ValueError: list.remove(x): x not in list");
    EXPECT_ERROR(Call(l, "index", 1, Str("q")),
                 "ValueError: 'q' is not in list");
    EXPECT_ERROR(Call(l, "extend", 1, Int(1)),
                 "TypeError: 'int' object is not iterable");
    EXPECT_ERROR(Call(l, "insert", 2, Str("a"), Int(1)), "TypeError: 'str' "
                 "object cannot be interpreted as an integer");
    EXPECT_REPR(Call(l, "copy", 0), "['y', 7, 6, 5, 7, 5]");
    CHECK(RtList_IsValid(l));
    EXPECT_REPR(Call(l, "clear", 0), "None");
    EXPECT_OBJECT(l, "[]");
    CHECK(RtList_IsValid(l));
    Rt_DECREF(l);
    EXPECT_ERROR(New(&RtList_Type, 2, Int(1), Int(2)),
                 "TypeError: list expected at most 1 argument, got 2");
}

// Growing and shrinking keep the invariant of slots at every size.
static void
test_sizes(void)
{
    RtObject *l = RtList_New(0);
    for (int i = 0; i < 200; i++) {
        RtObject *item = Int(1000 + i);
        CHECK(RtList_Insert(l, i / 2, item) == 0);
        Rt_DECREF(item);
        CHECK(RtList_IsValid(l));
    }
    for (int i = 200; i-- > 0;) {
        RtObject *item = RtList_Pop(l, i / 3);
        CHECK(item != NULL);
        Rt_DECREF(item);
        CHECK(RtList_IsValid(l));
    }
    CHECK(RtList_Size(l) == 0);
    Rt_DECREF(l);
}

// ---------------------------------------------------------------------------
// Sorting.

static uint32_t random_state = 12345;

static uint32_t
next_random(void)
{
    random_state = random_state * 1664525 + 1013904223;
    return random_state >> 8;
}

static void
test_sort(void)
{
    for (int n = 0; n < 300; n += n < 10 ? 1 : 29) {
        RtObject *l = RtList_New(n);
        for (int i = 0; i < n; i++) {
            // Pairs that compare by the first item show stability: the
            // second grows with the position.
            RtList_SetItemNew(l, i, Tuple(2, Int(next_random() % 20), Int(i)));
        }
        EXPECT_REPR(Call(l, "sort", 0), "None");
        CHECK(RtList_IsValid(l));
        for (int i = 0; i + 1 < n; i++) {
            EXPECT_REPR(Compare(RtList_GetItemRef(l, i),
                                RtList_GetItemRef(l, i + 1), RT_LT), "True");
        }
        Rt_DECREF(l);
    }
    RtObject *l = List(3, Int(2), Str("a"), Int(1));
    EXPECT_ERROR(Call(l, "sort", 0), "TypeError: '<' not supported between "
                 "instances of 'str' and 'int'");
    CHECK(RtList_Size(l) == 3);
    CHECK(RtList_IsValid(l));
    Rt_DECREF(l);
}

static RtObject *victim;        // what user code below changes
static int calls;

static RtObject *
lt_appends(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)args, (void)nargs;
    CHECK(RtList_Size(victim) == calls);
    calls++;
    return RtList_Append(victim, Rt_None) < 0 ? NULL : Rt_False;
}

static void
test_sort_modified(void)
{
    RtMethodDef methods[] = { {"__lt__", lt_appends, 1, 1}, {0} };
    RtObject *type = Class("C", NULL, methods);
    victim = List(3, RtObject_CallNoArgs(type), RtObject_CallNoArgs(type),
                  RtObject_CallNoArgs(type));
    calls = 0;
    EXPECT_ERROR(Call(victim, "sort", 0),
                 "ValueError: list modified during sort");
    CHECK(RtList_Size(victim) == 3);
    CHECK(RtList_IsValid(victim));
    Rt_DECREF(victim);
    Rt_DECREF(type);
}

// ---------------------------------------------------------------------------
// User code that empties the list under an operation.

static RtObject *
eq_clears(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)args, (void)nargs;
    calls++;
    return RtList_Clear(victim) < 0 ? NULL : Rt_False;
}

static RtObject *
repr_clears(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)args, (void)nargs;
    CHECK(RtList_Clear(victim) == 0);
    return Str("<C>");
}

static RtObject *
del_appends(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)args, (void)nargs;
    calls++;
    return RtList_Append(victim, Rt_None) < 0 ? NULL : Rt_None;
}

static void
fill_victim(RtObject *type)
{
    CHECK(RtList_Clear(victim) == 0);
    for (int i = 0; i < 5; i++) {
        RtObject *item = RtObject_CallNoArgs(type);
        CHECK(RtList_Append(victim, item) == 0);
        Rt_DECREF(item);
    }
    calls = 0;
}

static void
test_reentrancy(void)
{
    RtMethodDef methods[] = {
        {"__eq__", eq_clears, 1, 1}, {"__repr__", repr_clears, 0, 0}, {0},
    };
    RtObject *type = Class("C", NULL, methods);
    victim = RtList_New(0);
    fill_victim(type);
    CHECK(RtSequence_Contains(victim, Rt_None) == 0);
    fill_victim(type);
    EXPECT_ERROR(Call(victim, "remove", 1, Rt_None),
                 "ValueError: list.remove(x): x not in list");
    fill_victim(type);
    EXPECT_REPR(Call(victim, "count", 1, Rt_None), "0");
    fill_victim(type);
    RtObject *other = Call(victim, "copy", 0);
    CHECK(SetItem(other, Int(0), Int(1)) == 0);
    EXPECT_REPR(Compare(Rt_NewRef(victim), other, RT_EQ), "False");
    CHECK(calls == 1);
    fill_victim(type);
    EXPECT_OBJECT(victim, "[<C>]");
    Rt_DECREF(type);

    RtMethodDef del[] = { {"__del__", del_appends, 0, 0}, {0} };
    type = Class("D", NULL, del);
    fill_victim(type);
    CHECK(RtList_Clear(victim) == 0);
    EXPECT_OBJECT(victim, "[None, None, None, None, None]");
    fill_victim(type);
    CHECK(SetItem(victim, Int(0), Int(1)) == 0);
    CHECK(SetItem(victim, Int(1), NULL) == 0);
    CHECK(RtList_Size(victim) == 6);
    CHECK(calls == 2);
    CHECK(RtList_IsValid(victim));
    Rt_DECREF(type);
    RtObject *dying = victim;
    victim = RtList_New(0);
    Rt_DECREF(dying);
    CHECK(RtList_Size(victim) == 3);
    Rt_DECREF(victim);
}

static void
test_subclass_and_cycles(void)
{
    RtMethodDef none[] = { {0} };
    RtObject *type = Class("L", &RtList_Type, none);
    RtObject *items = ListOfInts(3);
    RtObject *l = RtObject_CallOneArg(type, items);
    CHECK(l != NULL);
    EXPECT_OBJECT(l, "[0, 1, 2]");
    EXPECT_REPR(Call(l, "pop", 0), "2");
    CHECK(RtList_Append(l, l) == 0);
    EXPECT_OBJECT(l, "[0, 1, [...]]");
    Rt_DECREF(l);
    Rt_DECREF(items);
    Rt_DECREF(type);
    // Nested deeper than any stack allows.
    RtObject *deep = RtList_New(0);
    for (int i = 0; i < 100000; i++) {
        deep = List(1, deep);
    }
    EXPECT_ERROR(RtObject_Repr(deep), "RecursionError: maximum recursion depth"
                 " exceeded while getting the repr of an object");
    RtObject *other = List(1, Rt_NewRef(deep));
    RtObject *twin = List(1, List(1, Rt_NewRef(deep)));
    EXPECT_ERROR(Compare(other, twin, RT_EQ), "RecursionError: maximum "
                 "recursion depth exceeded in comparison");
    Rt_DECREF(deep);
}

// ---------------------------------------------------------------------------
// Each allocation of a scenario fails once: MemoryError, and the list is whole.

static bool
scenario(RtObject *l, RtObject *items)
{
    RtObject *result = NULL;
    bool done = RtList_Extend(l, items) == 0 && RtList_Append(l, l) == 0
                && RtList_Insert(l, 0, Rt_None) == 0
                && (result = RtNumber_BinaryOp(l, items, RT_NB_ADD));
    Rt_XDECREF(result);
    result = NULL;
    done = done && (result = RtList_Pop(l, 0)) != NULL;
    Rt_XDECREF(result);
    result = NULL;
    done = done && (result = RtList_AsTuple(l)) != NULL;
    Rt_XDECREF(result);
    done = done && (result = RtList_Pop(l, -1)) == l;
    Rt_XDECREF(done ? result : NULL);
    return done && RtObject_RichCompareBool(l, items, RT_EQ) == 1
           && RtList_Sort(l, NULL, 0, NULL) != NULL;
}

static void
test_no_memory(void)
{
    RtObject *items = List(9, Int(9), Int(8), Int(7), Int(6), Int(5), Int(4),
                           Int(3), Int(2), Int(1));
    bool done = false;
    for (int nth = 1; !done; nth++) {
        CHECK(nth < 100);
        RtObject *l = RtList_New(0);
        RtMem_FailAllocation(nth);
        done = scenario(l, items);
        RtMem_FailAllocation(0);
        CHECK(done || RtErr_ExceptionMatches(&RtExc_MemoryError));
        RtErr_Clear();
        CHECK(RtList_IsValid(l));
        if (done) {
            EXPECT_OBJECT(l, "[1, 2, 3, 4, 5, 6, 7, 8, 9]");
        }
        Rt_DECREF(l);
    }
    Rt_DECREF(items);
}

// ---------------------------------------------------------------------------
// Threads.

// Stock ThreadSanitizer is some twenty times slower.
#ifdef RT_TSAN
enum { THREADS = 4, ROUNDS = 300 };
#else
enum { THREADS = 4, ROUNDS = 1500 };
#endif

typedef struct Shared {
    RtObject *list;
    RtObject *other;
    int64_t pushed[THREADS];
    int64_t popped[THREADS];
} Shared;

// What is appended is what is popped or left.
static void
push_and_pop(int index, void *arg)
{
    Shared *s = arg;
    for (int i = 0; i < ROUNDS; i++) {
        RtObject *item = Int(1000 + index * ROUNDS + i);
        s->pushed[index] += RtLong_AsInt64(item);
        int status = i % 3 == 0 ? RtList_Insert(s->list, i % 5, item)
                                : RtList_Append(s->list, item);
        CHECK(status == 0);
        Rt_DECREF(item);
        if (i % 4 != 0) {
            RtObject *got = RtList_Pop(s->list, i % 2 ? -1 : 0);
            if (got == NULL) {
                RtErr_Clear();
            }
            else {
                s->popped[index] += RtLong_AsInt64(got);
                Rt_DECREF(got);
            }
        }
        Breathe();
    }
}

static void
test_conservation(void)
{
    Shared s = { .list = RtList_New(0) };
    RunAttached(THREADS, push_and_pop, &s);
    CHECK(RtList_IsValid(s.list));
    int64_t balance = 0;
    for (int i = 0; i < THREADS; i++) {
        balance += s.pushed[i] - s.popped[i];
    }
    for (ssize_t i = 0; i < RtList_Size(s.list); i++) {
        RtObject *item = RtList_GetItemRef(s.list, i);
        balance -= RtLong_AsInt64(item);
        Rt_DECREF(item);
    }
    CHECK(balance == 0);
    Rt_DECREF(s.list);
}

static void
check_item(RtObject *item)
{
    if (item == NULL) {
        RtErr_Clear();
        return;
    }
    CHECK(RtTuple_CheckExact(item));
    CHECK(RtTuple_Size(item) == 2);
    CHECK(RtTuple_GetItem(item, 0) != NULL);
    Rt_DECREF(item);
}

static void
change_list(Shared *s, int i, int kind)
{
    RtObject *item = Tuple(2, Int(5000 + i), Int(i));
    RtObject *result = NULL;
    switch (kind) {
    case 0: CHECK(RtList_Append(s->list, item) == 0); break;
    case 1: CHECK(RtList_Extend(s->list, s->other) == 0); break;
    case 2: result = RtList_Pop(s->list, 0); break;
    case 3: CHECK(RtList_Clear(s->list) == 0); break;
    case 4: (void)RtList_SetItem(s->list, 1, item); break;
    case 5: result = Call(s->list, "reverse", 0); break;
    case 6: result = Call(s->list, "sort", 0); break;
    case 7: result = Call(s->list, "copy", 0); break;
    }
    // Some are out of range or come during a sort.
    if (RtErr_Occurred() != NULL) {
        CHECK(RtErr_ExceptionMatches(&RtExc_IndexError)
              || RtErr_ExceptionMatches(&RtExc_ValueError));
        RtErr_Clear();
    }
    Rt_XDECREF(result);
    Rt_DECREF(item);
}

static void
read_and_write(int index, void *arg)
{
    Shared *s = arg;
    for (int i = 0; i < ROUNDS; i++) {
        if (index < THREADS / 2) {
            for (int at = 0; at < 4; at++) {
                check_item(RtList_GetItemRef(s->list, at));
            }
            (void)RtSequence_Contains(s->list, Rt_None);
        }
        else {
            change_list(s, i, i % 8);
        }
        Breathe();
    }
}

static void
test_readers_and_writers(void)
{
    Shared s = { .list = RtList_New(0), .other = RtList_New(0) };
    for (int i = 0; i < 5; i++) {
        RtObject *item = Tuple(2, Int(7000 + i), Int(i));
        CHECK(RtList_Append(s.other, item) == 0);
        Rt_DECREF(item);
    }
    RunAttached(THREADS, read_and_write, &s);
    CHECK(RtList_IsValid(s.list));
    Rt_DECREF(s.list);
    Rt_DECREF(s.other);
}

static void
extend_both_ways(int index, void *arg)
{
    Shared *s = arg;
    RtObject *to = index % 2 ? s->list : s->other;
    RtObject *from = index % 2 ? s->other : s->list;
    for (int i = 0; i < ROUNDS / 8; i++) {
        CHECK(RtList_Extend(to, from) == 0);
        RtObject *answer = Compare(Rt_NewRef(to), Rt_NewRef(from), RT_EQ);
        CHECK(answer != NULL);
        if (RtList_Size(to) > 100) {
            CHECK(RtList_Clear(to) == 0);
            CHECK(RtList_Append(to, Rt_None) == 0);
        }
        Breathe();
    }
}

static void
test_two_locks(void)
{
    Shared s = { .list = ListOfInts(3), .other = ListOfInts(2) };
    RunAttached(THREADS, extend_both_ways, &s);
    CHECK(RtList_IsValid(s.list));
    CHECK(RtList_IsValid(s.other));
    Rt_DECREF(s.list);
    Rt_DECREF(s.other);
}

int
main(void)
{
    void (*const tests[])(void) = {
        test_items, test_operators, test_methods, test_sizes, test_sort,
        test_sort_modified, test_reentrancy, test_subclass_and_cycles,
        test_no_memory, test_conservation, test_readers_and_writers,
        test_two_locks,
    };
    return RunTests(tests, sizeof(tests) / sizeof(tests[0]));
}

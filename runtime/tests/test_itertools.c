// test_itertools.c: the iterators that iterate over others, on one thread: what
// CPython gives, results that are used again, failing allocations.

#include "objects.h"
#include "rtcore_gc.h"
#include "rtcore_iter.h"

// The list of what an iterator gives; steals it.
static RtObject *
Drain(RtObject *iter)
{
    return iter == NULL ? NULL : New(&RtList_Type, 1, iter);
}

// Borrowed.
static RtObject *
Builtin(RtObject *name)
{
    RtObject *builtins = RtThreadState_Get()->interp->builtins;
    return RtDict_GetItemImmutable(builtins, name);
}

static RtObject *
Global(const char *name, int nargs, ...)        // steals the arguments
{
    RtObject *args[4];
    va_list list;
    va_start(list, nargs);
    for (int i = 0; i < nargs; i++) {
        args[i] = va_arg(list, RtObject *);
    }
    va_end(list);
    RtObject *key = Str(name);
    RtObject *func = Builtin(key);
    CHECK(func != NULL);
    RtObject *result = RtObject_Vectorcall(func, args, nargs);
    Rt_DECREF(key);
    for (int i = 0; i < nargs; i++) {
        Rt_DECREF(args[i]);
    }
    return result;
}

static void
test_enumerate(void)
{
    EXPECT_REPR(Drain(New(&RtEnumerate_Type, 1, Str("ab"))),
                "[(0, 'a'), (1, 'b')]");
    EXPECT_REPR(Drain(New(&RtEnumerate_Type, 2, Str("a"), Int(7))),
                "[(7, 'a')]");
    EXPECT_ERROR(New(&RtEnumerate_Type, 1, Int(1)),
                 "TypeError: 'int' object is not iterable");
    EXPECT_ERROR(New(&RtEnumerate_Type, 2, Str("a"), Str("b")),
                 "TypeError: an integer is required, not str");
    RtObject *it = New(&RtEnumerate_Type, 2, Str("ab"), Int(INT64_MAX - 1));
    EXPECT_REPR(RtIter_Next(it), "(9223372036854775806, 'a')");
    EXPECT_ERROR(RtIter_Next(it),
                 "OverflowError: int result does not fit 64 bits");
    Rt_DECREF(it);
}

// A result that somebody keeps is not touched; one that nobody keeps is.
static void
test_results(void)
{
    RtObject *it = New(&RtEnumerate_Type, 1, Str("abcd"));
    RtObject *kept = RtIter_Next(it);
    RtObject *second = RtIter_Next(it);
    CHECK(second != kept);
    Rt_DECREF(second);
    RtObject *third = RtIter_Next(it);
    EXPECT_OBJECT(kept, "(0, 'a')");
    EXPECT_OBJECT(third, "(2, 'c')");
    Rt_DECREF(kept);
    RtObject *fourth = RtIter_Next(it);
    CHECK(fourth == kept);              // the iterator's own
    EXPECT_OBJECT(fourth, "(3, 'd')");
    EXPECT_OBJECT(third, "(2, 'c')");
    Rt_DECREF(third);
    Rt_DECREF(fourth);
    Rt_DECREF(it);
    it = New(&RtZip_Type, 1, ListOfInts(2));
    RtObject *first = RtIter_Next(it);
    RtObject *shown = first;
    Rt_DECREF(first);
    first = RtIter_Next(it);
    CHECK(first == shown);
    EXPECT_REPR(first, "(1,)");
    Rt_DECREF(it);
}

static void
test_zip_map_filter(void)
{
    EXPECT_REPR(Drain(New(&RtZip_Type, 2, ListOfInts(3), Str("ab"))),
                "[(0, 'a'), (1, 'b')]");
    EXPECT_REPR(Drain(New(&RtZip_Type, 0)), "[]");
    EXPECT_ERROR(New(&RtZip_Type, 2, Str(""), Int(1)),
                 "TypeError: 'int' object is not iterable");
    // The longer one has lost an item.
    RtObject *list = ListOfInts(5);
    RtObject *it = RtObject_GetIter(list);
    EXPECT_REPR(Drain(New(&RtZip_Type, 2, Rt_NewRef(it), Str("a"))),
                "[(0, 'a')]");
    EXPECT_REPR(RtIter_Next(it), "2");
    Rt_DECREF(it);
    EXPECT_REPR(Drain(New(&RtMap_Type, 2, Rt_NewRef(&RtStr_Type),
                          Rt_NewRef(list))), "['0', '1', '2', '3', '4']");
    EXPECT_REPR(Drain(New(&RtMap_Type, 3, Rt_NewRef(&RtRange_Type),
                          ListOfInts(2), Rt_NewRef(list))),
                "[range(0, 0), range(1, 1)]");
    EXPECT_ERROR(New(&RtMap_Type, 1, Rt_NewRef(&RtStr_Type)),
                 "TypeError: map() must have at least two arguments.");
    it = New(&RtMap_Type, 2, Int(1), Rt_NewRef(list));
    EXPECT_ERROR(RtIter_Next(it), "TypeError: 'int' object is not callable");
    Rt_DECREF(it);
    EXPECT_REPR(Drain(New(&RtFilter_Type, 2, Rt_NewRef(Rt_None),
                          Rt_NewRef(list))), "[1, 2, 3, 4]");
    EXPECT_REPR(Drain(New(&RtFilter_Type, 2, Rt_NewRef(&RtRange_Type),
                          Rt_NewRef(list))), "[1, 2, 3, 4]");
    EXPECT_ERROR(Drain(New(&RtFilter_Type, 2, Int(3), list)),
                 "TypeError: 'int' object is not callable");
    // More iterators than fit on the C stack.
    RtObject *many[12];
    for (int i = 0; i < 12; i++) {
        many[i] = Str("z");
    }
    it = RtObject_Vectorcall((RtObject *)&RtZip_Type, many, 12);
    RtObject *row = RtIter_Next(it);
    CHECK(RtTuple_Size(row) == 12);
    Rt_DECREF(row);
    CHECK(RtIter_Next(it) == NULL && RtErr_Occurred() == NULL);
    Rt_DECREF(it);
    for (int i = 0; i < 12; i++) {
        Rt_DECREF(many[i]);
    }
}

static void
test_reversed(void)
{
    EXPECT_REPR(Drain(New(&RtReversed_Type, 1, ListOfInts(3))), "[2, 1, 0]");
    EXPECT_REPR(Drain(New(&RtReversed_Type, 1, Str("ab"))), "['b', 'a']");
    EXPECT_REPR(Drain(New(&RtReversed_Type, 1,
                          New(&RtRange_Type, 3, Int(1), Int(8), Int(3)))),
                "[7, 4, 1]");
    EXPECT_REPR(Drain(New(&RtReversed_Type, 1,
                          New(&RtRange_Type, 1, Int(0)))), "[]");
    EXPECT_REPR(Drain(New(&RtReversed_Type, 1,
                          RtDeque_New(NULL, -1))), "[]");
    EXPECT_ERROR(New(&RtReversed_Type, 1, RtSet_New(NULL)),
                 "TypeError: 'set' object is not reversible");
    EXPECT_ERROR(New(&RtReversed_Type, 1, Int(1)),
                 "TypeError: 'int' object is not reversible");
    // A list that shrinks under it ends it for ever; one that grows does not.
    RtObject *list = ListOfInts(4);
    ssize_t count = Rt_REFCNT(list);
    RtObject *it = New(&RtReversed_Type, 1, Rt_NewRef(list));
    EXPECT_REPR(RtIter_Next(it), "3");
    CHECK(RtList_Append(list, Rt_None) == 0);
    EXPECT_REPR(RtIter_Next(it), "2");
    CHECK(RtList_Clear(list) == 0);
    CHECK(RtIter_Next(it) == NULL && RtErr_Occurred() == NULL);
    CHECK(RtList_Append(list, Rt_None) == 0);
    CHECK(RtIter_Next(it) == NULL && RtErr_Occurred() == NULL);
    Rt_DECREF(it);
    CHECK(Rt_REFCNT(list) == count);
    Rt_DECREF(list);
}

// iter(callable, sentinel)
static void
test_call_iterator(void)
{
    RtObject *list = ListOfInts(4);
    RtObject *name = Str("pop");
    RtObject *pop = RtObject_GetAttr(list, name);
    RtObject *it = Global("iter", 2, Rt_NewRef(pop), Int(1));
    EXPECT_REPR(Drain(Rt_NewRef(it)), "[3, 2]");
    CHECK(RtIter_Next(it) == NULL && RtErr_Occurred() == NULL);
    EXPECT_OBJECT(list, "[0]");
    Rt_DECREF(it);
    it = Global("iter", 2, pop, Int(1));
    EXPECT_REPR(RtIter_Next(it), "0");
    EXPECT_ERROR(RtIter_Next(it), "IndexError: pop from empty list");
    Rt_DECREF(it);
    EXPECT_ERROR(Global("iter", 2, Int(1), Int(1)),
                 "TypeError: iter(v, w): v must be callable");
    Rt_DECREF(name);
    Rt_DECREF(list);
}

static RtObject *
Slice(RtObject *iterable, RtObject *stop)
{
    return Drain(New(&RtIslice_Type, 2, iterable, stop));
}

static void
test_count_cycle_chain(void)
{
    RtObject *it = New(&RtCount_Type, 2, Int(5), Int(-2));
    EXPECT_REPR(Slice(Rt_NewRef(it), Int(3)), "[5, 3, 1]");
    EXPECT_REPR(it, "count(-1, -2)");
    EXPECT_REPR(New(&RtCount_Type, 0), "count(0)");
    it = New(&RtCount_Type, 1, Int(INT64_MAX));
    EXPECT_ERROR(RtIter_Next(it),
                 "OverflowError: int result does not fit 64 bits");
    Rt_DECREF(it);
    EXPECT_ERROR(New(&RtCount_Type, 1, Str("a")),
                 "TypeError: a number is required, not str");
    EXPECT_REPR(Slice(New(&RtCycle_Type, 1, Str("abc")), Int(7)),
                "['a', 'b', 'c', 'a', 'b', 'c', 'a']");
    EXPECT_REPR(Slice(New(&RtCycle_Type, 1, Str("")), Int(7)), "[]");
    EXPECT_REPR(Drain(New(&RtChain_Type, 3, Str("ab"), Tuple(0),
                          ListOfInts(2))), "['a', 'b', 0, 1]");
    EXPECT_REPR(Drain(New(&RtChain_Type, 0)), "[]");
    it = New(&RtChain_Type, 3, Str("a"), Int(1), Str("b"));
    EXPECT_REPR(RtIter_Next(it), "'a'");
    EXPECT_ERROR(RtIter_Next(it), "TypeError: 'int' object is not iterable");
    CHECK(RtIter_Next(it) == NULL && RtErr_Occurred() == NULL);
    Rt_DECREF(it);
}

static void
test_islice(void)
{
    EXPECT_REPR(Slice(ListOfInts(5), Int(2)), "[0, 1]");
    EXPECT_REPR(Slice(ListOfInts(2), Rt_NewRef(Rt_None)), "[0, 1]");
    EXPECT_REPR(Drain(New(&RtIslice_Type, 3, ListOfInts(5), Int(1), Int(3))),
                "[1, 2]");
    EXPECT_REPR(Drain(New(&RtIslice_Type, 4, ListOfInts(9), Int(1), Int(8),
                          Int(3))), "[1, 4, 7]");
    EXPECT_REPR(Drain(New(&RtIslice_Type, 4, ListOfInts(4), Int(1),
                          Rt_NewRef(Rt_None), Int(INT64_MAX))), "[1]");
    EXPECT_ERROR(Slice(ListOfInts(1), Int(-1)),
                 "ValueError: Stop argument for islice() must be None or an "
                 "integer: 0 <= x <= sys.maxsize.");
    EXPECT_ERROR(New(&RtIslice_Type, 4, Str(""), Int(0), Int(0), Int(0)),
                 "ValueError: Step for islice() must be None or an integer: "
                 "1 <= x <= sys.maxsize.");
    EXPECT_ERROR(New(&RtIslice_Type, 1, Str("")),
                 "TypeError: islice expected at least 2 arguments, got 1");
    // What it takes from below is what CPython's takes.
    RtObject *list = ListOfInts(9);
    RtObject *below = RtObject_GetIter(list);
    EXPECT_REPR(Drain(New(&RtIslice_Type, 4, Rt_NewRef(below), Int(0), Int(5),
                          Int(3))), "[0, 3]");
    EXPECT_REPR(RtIter_Next(below), "5");
    EXPECT_REPR(Drain(New(&RtIslice_Type, 3, Rt_NewRef(below), Int(2),
                          Int(1))), "[]");
    EXPECT_REPR(RtIter_Next(below), "8");
    Rt_DECREF(below);
    Rt_DECREF(list);
}

static void
test_tee(void)
{
    RtObject *both = Global("tee", 1, ListOfInts(9));
    RtObject *a = RtTuple_GetItem(both, 0);
    RtObject *b = RtTuple_GetItem(both, 1);
    EXPECT_REPR(Slice(Rt_NewRef(a), Int(7)), "[0, 1, 2, 3, 4, 5, 6]");
    EXPECT_REPR(RtIter_Next(b), "0");
    RtObject *copy = Call(b, "__copy__", 0);
    EXPECT_REPR(Drain(copy), "[1, 2, 3, 4, 5, 6, 7, 8]");
    EXPECT_REPR(Drain(Rt_NewRef(a)), "[7, 8]");
    EXPECT_REPR(Slice(Rt_NewRef(b), Int(2)), "[1, 2]");
    // A tee of a tee is a copy.
    RtObject *again = Global("tee", 1, Rt_NewRef(b));
    CHECK(RtTuple_GetItem(again, 0) == b);
    EXPECT_REPR(Drain(Rt_NewRef(RtTuple_GetItem(again, 1))),
                "[3, 4, 5, 6, 7, 8]");
    EXPECT_REPR(RtIter_Next(b), "3");
    Rt_DECREF(again);
    Rt_DECREF(both);
    EXPECT_REPR(Global("tee", 2, Str(""), Int(0)), "()");
    EXPECT_ERROR(Global("tee", 2, Str(""), Int(-1)),
                 "ValueError: n must be >= 0");
    EXPECT_ERROR(Global("tee", 1, Int(1)),
                 "TypeError: 'int' object is not iterable");
    // A long list of blocks dies without recursion.
    both = Global("tee", 1, New(&RtRange_Type, 1, Int(100000)));
    b = RtTuple_GetItem(both, 0);
    RtObject *item;
    while ((item = RtIter_Next(b)) != NULL) {
        Rt_DECREF(item);
    }
    Rt_DECREF(both);
}

static RtObject *inner_tee;

static RtObject *
call_enters(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)args, (void)nargs;
    return RtIter_Next(inner_tee);
}

static void
test_tee_reentered(void)
{
    RtMethodDef methods[] = {
        {"__call__", call_enters, 1, 1}, {"__hash__", call_enters, 0, 0}, {0},
    };
    RtObject *type = Class("F", NULL, methods);
    RtObject *it = New(&RtMap_Type, 2, RtObject_CallNoArgs(type),
                       ListOfInts(2));
    RtObject *both = Global("tee", 1, it);
    inner_tee = RtTuple_GetItem(both, 1);
    EXPECT_ERROR(RtIter_Next(RtTuple_GetItem(both, 0)),
                 "RuntimeError: cannot re-enter the tee iterator");
    EXPECT_ERROR(RtIter_Next(inner_tee),
                 "RuntimeError: cannot re-enter the tee iterator");
    CHECK(RtIter_Next(inner_tee) == NULL && RtErr_Occurred() == NULL);
    Rt_DECREF(both);
    Rt_DECREF(type);
}

// Cycles through every kind of iterator are collected.
static void
test_garbage(void)
{
    RtTypeObject *types[] = {
        &RtEnumerate_Type, &RtZip_Type, &RtReversed_Type, &RtCycle_Type,
        &RtChain_Type,
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        RtObject *list = ListOfInts(3);
        RtObject *it = New(types[i], 1, list);
        CHECK(RtList_Append(list, it) == 0);
        Rt_XDECREF(RtIter_Next(it));
        Rt_DECREF(it);
        CHECK(RtGC_Collect(RtThreadState_Get(), 2) >= 2);
    }
    // A result that a collection no longer sees is seen when it is used again.
    for (size_t i = 0; i < 2; i++) {
        RtObject *list = RtList_New(0);
        RtObject *it = New(types[i], 1, Rt_NewRef(list));
        CHECK(RtList_Append(list, it) == 0);
        (void)RtGC_Collect(RtThreadState_Get(), 2);
        Rt_DECREF(RtIter_Next(it));
        Rt_DECREF(list);
        Rt_DECREF(it);
        CHECK(RtGC_Collect(RtThreadState_Get(), 2) >= 3);
    }
    // Of an iterator, its last result and a tuple: nothing else can be cleared.
    for (size_t i = 0; i < 2; i++) {
        RtObject *list = RtList_New(0);
        RtObject *it = New(types[i], 1, Rt_NewRef(list));
        CHECK(RtList_Append(list, Rt_None) == 0);
        RtObject *tuple = Tuple(1, it);
        CHECK(RtList_SetItem(list, 0, tuple) == 0);
        Rt_DECREF(tuple);
        Rt_DECREF(RtIter_Next(it));
        Rt_DECREF(list);
        CHECK(RtList_Clear(list) == 0);
        CHECK(RtGC_Collect(RtThreadState_Get(), 2) >= 4);
    }
    RtObject *list = ListOfInts(1);
    RtObject *both = Global("tee", 1, Rt_NewRef(list));
    RtObject *it = New(&RtMap_Type, 2, Rt_NewRef(&RtStr_Type),
                       Rt_NewRef(RtTuple_GetItem(both, 0)));
    it = New(&RtFilter_Type, 2, Rt_NewRef(Rt_None), it);
    it = New(&RtIslice_Type, 2, it, Int(3));
    CHECK(RtList_Append(list, it) == 0);
    Rt_DECREF(it);
    Rt_DECREF(list);
    // The tee's block holds the list, whose item holds the tee.
    list = List(1, Rt_NewRef(both));
    RtObject *tees = Global("tee", 1, Tuple(1, list));
    CHECK(RtList_Append(list, RtTuple_GetItem(tees, 0)) == 0);
    Rt_DECREF(RtIter_Next(RtTuple_GetItem(tees, 0)));
    Rt_DECREF(tees);
    Rt_DECREF(both);
    CHECK(RtGC_Collect(RtThreadState_Get(), 2) >= 8);
}

// ---------------------------------------------------------------------------
// Each allocation of a scenario fails once.

// list(type(a[, b])), and drops a and b.
static RtObject *
drain(RtTypeObject *type, RtObject *a, RtObject *b)
{
    RtObject *args[2] = { a, b };
    RtObject *it = a == NULL ? NULL
                   : RtObject_Vectorcall((RtObject *)type, args,
                                         b == NULL ? 1 : 2);
    RtObject *list = it == NULL ? NULL
                     : RtObject_Vectorcall((RtObject *)&RtList_Type, &it, 1);
    Rt_XDECREF(it);
    Rt_XDECREF(a);
    Rt_XDECREF(b);
    return list;
}

static bool
scenario(RtObject *source)
{
    RtObject *list = drain(&RtEnumerate_Type, Rt_NewRef(source), NULL);
    list = drain(&RtZip_Type, list, Rt_NewRef(source));
    list = list == NULL ? NULL
           : drain(&RtMap_Type, Rt_NewRef(&RtList_Type), list);
    list = list == NULL ? NULL
           : drain(&RtFilter_Type, Rt_NewRef(Rt_None), list);
    list = drain(&RtReversed_Type, list, NULL);
    list = drain(&RtChain_Type, list, Rt_NewRef(source));
    list = drain(&RtIslice_Type, list, Int(20));
    bool done = list != NULL && RtList_Size(list) == 18;
    Rt_XDECREF(list);
    return done;
}

static bool
tee_scenario(RtObject *source)
{
    RtObject *key = RtStr_FromString("tee");
    if (key == NULL) {
        return false;
    }
    RtObject *tee = Builtin(key);
    Rt_DECREF(key);
    RtObject *both = RtObject_CallOneArg(tee, source);
    RtObject *list = both == NULL ? NULL
                     : drain(&RtChain_Type,
                             Rt_NewRef(RtTuple_GetItem(both, 0)),
                             Rt_NewRef(RtTuple_GetItem(both, 1)));
    RtObject *args[1] = { source };
    RtObject *it = list == NULL ? NULL
                   : RtObject_Vectorcall((RtObject *)&RtCycle_Type, args, 1);
    bool done = list != NULL && RtList_Size(list) == 18 && it != NULL;
    for (int i = 0; done && i < 12; i++) {
        RtObject *item = RtIter_Next(it);
        done = item != NULL;
        Rt_XDECREF(item);
    }
    Rt_XDECREF(it);
    Rt_XDECREF(both);
    Rt_XDECREF(list);
    return done;
}

static void
test_no_memory(void)
{
    bool (*const scenarios[2])(RtObject *) = { scenario, tee_scenario };
    RtObject *source = ListOfInts(9);
    for (int i = 0; i < 2; i++) {
        bool done = false;
        for (int nth = 1; !done; nth++) {
            CHECK(nth < 400);
            RtMem_FailAllocation(nth);
            done = scenarios[i](source);
            RtMem_FailAllocation(0);
            CHECK(done || RtErr_ExceptionMatches(&RtExc_MemoryError));
            RtErr_Clear();
        }
    }
    Rt_DECREF(source);
}

// Iterators over iterators over iterators: no deeper than C code may be.
static void
test_too_deep(void)
{
    RtTypeObject *const types[] = { &RtEnumerate_Type, &RtChain_Type };
    for (int t = 0; t < 2; t++) {
        RtObject *it = ListOfInts(3);
        for (int i = 0; i < 5000; i++) {
            it = New(types[t], 1, it);
        }
        EXPECT_ERROR(RtIter_Next(it), "RecursionError: maximum recursion depth "
                     "exceeded while calling a Python object");
        Rt_DECREF(it);
    }
    RtObject *method = Int(5);
    for (int i = 0; i < 5000; i++) {
        RtObject *outer = RtMethod_New(method, Rt_True);
        Rt_DECREF(method);
        method = outer;
    }
    EXPECT_ERROR(RtObject_CallNoArgs(method), "RecursionError: maximum "
                 "recursion depth exceeded while calling a Python object");
    EXPECT_ERROR_INT((int)RtObject_Hash(method), "RecursionError: maximum "
                     "recursion depth exceeded while calling a Python object");
    Rt_DECREF(method);
}

int
main(void)
{
    void (*const tests[])(void) = {
        test_enumerate, test_results, test_zip_map_filter, test_reversed,
        test_call_iterator, test_count_cycle_chain, test_islice, test_tee,
        test_tee_reentered, test_too_deep, test_garbage, test_no_memory,
    };
    return RunTests(tests, sizeof(tests) / sizeof(tests[0]));
}

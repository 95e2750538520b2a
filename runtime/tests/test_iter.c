// test_iter.c: iterators, alone and shared by threads.

#include "objects.h"

static RtObject *
next_of(RtObject *iter)
{
    return RtIter_Next(iter);
}

static void
test_sequences(void)
{
    RtObject *l = ListOfInts(2);
    RtObject *iter = RtObject_GetIter(l);
    EXPECT_REPR(next_of(iter), "0");
    CHECK(RtList_Append(l, Rt_None) == 0);
    EXPECT_REPR(next_of(iter), "1");
    EXPECT_REPR(next_of(iter), "None");
    CHECK(next_of(iter) == NULL);
    CHECK(RtErr_Occurred() == NULL);
    CHECK(RtList_Append(l, Rt_None) == 0);
    CHECK(next_of(iter) == NULL);       // once exhausted, for ever
    Rt_DECREF(iter);
    Rt_DECREF(l);
    RtObject *text = Str("ab");
    iter = RtObject_GetIter(text);
    Rt_DECREF(text);
    EXPECT_REPR(next_of(iter), "'a'");
    RtObject *same = RtObject_GetIter(iter);
    CHECK(same == iter);
    Rt_DECREF(same);
    EXPECT_REPR(New(&RtTuple_Type, 1, iter), "('b',)");
    RtObject *t = Tuple(2, Int(1), Int(2));
    EXPECT_REPR(New(&RtList_Type, 1, RtObject_GetIter(t)), "[1, 2]");
    Rt_DECREF(t);
}

static void
test_dict_iteration(void)
{
    RtObject *d = RtDict_New();
    CHECK(SetItem(d, Str("a"), Int(1)) == 0);
    CHECK(SetItem(d, Str("b"), Int(2)) == 0);
    RtObject *iter = RtObject_GetIter(d);
    EXPECT_REPR(next_of(iter), "'a'");
    CHECK(SetItem(d, Str("a"), Int(3)) == 0);
    EXPECT_REPR(next_of(iter), "'b'");
    CHECK(next_of(iter) == NULL);
    Rt_DECREF(iter);
    iter = RtObject_GetIter(d);
    EXPECT_REPR(next_of(iter), "'a'");
    CHECK(SetItem(d, Str("c"), Int(3)) == 0);
    EXPECT_ERROR(next_of(iter),
                 "RuntimeError: dictionary changed size during iteration");
    CHECK(SetItem(d, Str("c"), NULL) == 0);
    EXPECT_ERROR(next_of(iter),
                 "RuntimeError: dictionary changed size during iteration");
    Rt_DECREF(iter);
    // The size is the same each time, the keys are not.
    iter = RtObject_GetIter(d);
    EXPECT_REPR(next_of(iter), "'a'");
    CHECK(SetItem(d, Str("a"), NULL) == 0);
    CHECK(SetItem(d, Str("x"), Int(1)) == 0);
    EXPECT_REPR(next_of(iter), "'b'");
    EXPECT_ERROR(next_of(iter),
                 "RuntimeError: dictionary keys changed during iteration");
    Rt_DECREF(iter);
    Rt_DECREF(d);
}

// ---------------------------------------------------------------------------
// Threads that share one iterator: what it yields is of the sequence, the
// iterator comes to an end, and nothing is dropped twice.

// Stock ThreadSanitizer is some twenty times slower.
#ifdef RT_TSAN
enum { THREADS = 4, LENGTH = 200 };
#else
enum { THREADS = 4, LENGTH = 1000 };
#endif

typedef struct Shared {
    RtObject *source;
    RtObject *iter;
    int yields;                 // atomic
} Shared;

static void
drain(int index, void *arg)
{
    Shared *s = arg;
    (void)index;
    RtObject *item;
    for (int again = 0; again < 2; again++) {
        while ((item = RtIter_Next(s->iter)) != NULL) {
            rt_atomic_add_int(&s->yields, 1);
            if (RtTuple_CheckExact(item)) {
                CHECK(RtTuple_Size(item) == 2);
            }
            else if (RtLong_CheckExact(item)) {
                CHECK(RtLong_AsInt64(item) >= 0);
                CHECK(RtLong_AsInt64(item) < LENGTH);
            }
            Rt_DECREF(item);
            Breathe();
        }
        if (RtErr_Occurred() != NULL) {
            CHECK(RtErr_ExceptionMatches(&RtExc_RuntimeError));
            RtErr_Clear();
        }
    }
}

static void
share_iterator(RtObject *source, RtObject *iterable)     // steals both
{
    ssize_t count = Rt_REFCNT(source);
    Shared s = { .source = source, .iter = RtObject_GetIter(iterable) };
    CHECK(s.iter != NULL);
    RunAttached(THREADS, drain, &s);
    // No upper bound: a late store of a small index repeats many items.
    CHECK(s.yields > 0);
    Rt_DECREF(s.iter);
    Breathe();                  // merges what other threads gave up
    CHECK(Rt_REFCNT(source) == count);
    Rt_DECREF(iterable);
    Rt_DECREF(source);
}

static void
test_shared(void)
{
    RtObject *l = ListOfInts(LENGTH);
    share_iterator(l, Rt_NewRef(l));
    RtObject *t = ListOfInts(LENGTH);
    RtObject *tuple = RtList_AsTuple(t);
    Rt_DECREF(t);
    share_iterator(tuple, Rt_NewRef(tuple));
    RtObject *range = New(&RtRange_Type, 1, Int(LENGTH));
    share_iterator(range, Rt_NewRef(range));
    RtObject *d = RtDict_New();
    for (int i = 0; i < LENGTH; i++) {
        CHECK(SetItem(d, Int(i), Int(i)) == 0);
    }
    share_iterator(Rt_NewRef(d), Rt_NewRef(d));
    share_iterator(Rt_NewRef(d), Call(d, "values", 0));
    share_iterator(d, Call(d, "items", 0));
    RtObject *text = Binary(Str("x"), Int(LENGTH), RT_NB_MULTIPLY);
    share_iterator(text, Rt_NewRef(text));
}

int
main(void)
{
    void (*const tests[])(void) = {
        test_sequences, test_dict_iteration, test_shared,
    };
    return RunTests(tests, sizeof(tests) / sizeof(tests[0]));
}

// test_slice.c: slices of lists, tuples, strs and ranges, beside CPython.

#include "objects.h"

// NONE stands for None.
enum { NONE = 1000 };

static RtObject *
Slice(int start, int stop, int step)
{
    const int numbers[3] = { start, stop, step };
    RtObject *fields[3];
    for (int i = 0; i < 3; i++) {
        fields[i] = numbers[i] == NONE ? Rt_None : Int(numbers[i]);
    }
    RtObject *slice = RtSlice_New(fields[0], fields[1], fields[2]);
    for (int i = 0; i < 3; i++) {
        Rt_DECREF(fields[i]);
    }
    return slice;
}

static void
test_reading(void)
{
    RtObject *list = ListOfInts(6);
    EXPECT_REPR(Item(list, Slice(1, 4, NONE)), "[1, 2, 3]");
    EXPECT_REPR(Item(list, Slice(NONE, NONE, -1)), "[5, 4, 3, 2, 1, 0]");
    EXPECT_REPR(Item(list, Slice(-2, NONE, NONE)), "[4, 5]");
    EXPECT_REPR(Item(list, Slice(4, 1, -2)), "[4, 2]");
    EXPECT_REPR(Item(list, Slice(4, 1, NONE)), "[]");
    EXPECT_REPR(Item(list, Slice(-100, 100, 4)), "[0, 4]");
    EXPECT_ERROR(Item(list, Slice(0, 1, 0)),
                 "ValueError: slice step cannot be zero");
    RtObject *bad = Str("x");
    EXPECT_ERROR(Item(list, RtSlice_New(bad, NULL, NULL)), "TypeError: slice "
                 "indices must be integers or None or have an __index__ "
                 "method");
    Rt_DECREF(bad);
    Rt_DECREF(list);
    RtObject *tuple = Tuple(3, Int(1), Int(2), Int(3));
    EXPECT_REPR(Item(tuple, Slice(1, NONE, NONE)), "(2, 3)");
    EXPECT_REPR(Item(tuple, Slice(NONE, NONE, -1)), "(3, 2, 1)");
    Rt_DECREF(tuple);
    RtObject *range = New(&RtRange_Type, 3, Int(0), Int(20), Int(3));
    EXPECT_REPR(Item(range, Slice(1, 4, 2)), "range(3, 12, 6)");
    EXPECT_REPR(Item(range, Slice(NONE, NONE, -1)), "range(18, -3, -3)");
    Rt_DECREF(range);
}

static void
test_str(void)
{
    RtObject *text = Str("h\u00e9llo w\u00f6rld \u20ac\U0001f600");
    CHECK(RtObject_Length(text) == 14);
    EXPECT_REPR(Item(text, Slice(1, 5, NONE)), "'\u00e9llo'");
    EXPECT_REPR(Item(text, Slice(NONE, NONE, -3)),
                "'\U0001f600d\u00f6o\u00e9'");
    EXPECT_REPR(Item(text, Int(-2)), "'\u20ac'");
    EXPECT_REPR(New(&RtTuple_Type, 1, Item(text, Slice(-3, NONE, NONE))),
                "(' ', '\u20ac', '\U0001f600')");
    Rt_DECREF(text);
    EXPECT_REPR(Str("\x01\u00a0\u00ad'\u2028"), "\"\\x01\\xa0\\xad'\\u2028\"");
}

static void
test_assigning(void)
{
    RtObject *list = ListOfInts(6);
    CHECK(SetItem(list, Slice(1, 3, NONE), List(1, Str("a"))) == 0);
    EXPECT_OBJECT(list, "[0, 'a', 3, 4, 5]");
    CHECK(SetItem(list, Slice(2, 2, NONE), ListOfInts(2)) == 0);
    EXPECT_OBJECT(list, "[0, 'a', 0, 1, 3, 4, 5]");
    CHECK(SetItem(list, Slice(NONE, NONE, 3),
                  Tuple(3, Int(7), Int(8), Int(9))) == 0);
    EXPECT_OBJECT(list, "[7, 'a', 0, 8, 3, 4, 9]");
    CHECK(SetItem(list, Slice(5, 1, NONE), List(1, Int(-1))) == 0);
    EXPECT_OBJECT(list, "[7, 'a', 0, 8, 3, -1, 4, 9]");
    CHECK(SetItem(list, Slice(NONE, NONE, NONE), Rt_NewRef(list)) == 0);
    CHECK(SetItem(list, Slice(100, NONE, NONE), Str("xy")) == 0);
    EXPECT_OBJECT(list, "[7, 'a', 0, 8, 3, -1, 4, 9, 'x', 'y']");
    CHECK(SetItem(list, Slice(NONE, NONE, 2), NULL) == 0);
    EXPECT_OBJECT(list, "['a', 8, -1, 9, 'y']");
    CHECK(SetItem(list, Slice(NONE, NONE, -3), NULL) == 0);
    EXPECT_OBJECT(list, "['a', -1, 9]");
    CHECK(SetItem(list, Slice(1, 1, NONE), NULL) == 0);
    EXPECT_ERROR_INT(SetItem(list, Slice(NONE, NONE, 2), RtList_New(0)),
                     "ValueError: attempt to assign sequence of size 0 to "
                     "extended slice of size 2");
    EXPECT_ERROR_INT(SetItem(list, Slice(0, 1, NONE), Int(1)),
                     "TypeError: must assign iterable to extended "
                     "slice");
    CHECK(SetItem(list, Slice(NONE, NONE, NONE), NULL) == 0);
    EXPECT_OBJECT(list, "[]");
    CHECK(RtList_IsValid(list));
    Rt_DECREF(list);
}

static void
test_slice_objects(void)
{
    EXPECT_REPR(Slice(1, NONE, 2), "slice(1, None, 2)");
    EXPECT_REPR(New(&RtSlice_Type, 1, Int(3)), "slice(None, 3, None)");
    EXPECT_REPR(Compare(Slice(1, 2, 3), Slice(1, 2, 3), RT_EQ), "True");
    RtObject *slice = Slice(NONE, -1, NONE);
    EXPECT_REPR(Call(slice, "indices", 1, Int(5)), "(0, 4, 1)");
    RtObject *name = Str("stop");
    EXPECT_REPR(RtObject_GetAttr(slice, name), "-1");
    EXPECT_ERROR_INT(RtObject_SetAttr(slice, name, Rt_None),
                     "AttributeError: attribute 'stop' of 'slice' objects is "
                     "not writable");
    Rt_DECREF(name);
    Rt_DECREF(slice);
}

static void
test_in_place(void)
{
    RtObject *list = ListOfInts(2);
    EXPECT_REPR(RtNumber_InPlaceOp(list, Int(2), RT_NB_MULTIPLY),
                "[0, 1, 0, 1]");
    EXPECT_REPR(RtNumber_InPlaceOp(list, Int(0), RT_NB_MULTIPLY), "[]");
    CHECK(RtList_IsValid(list));
    Rt_DECREF(list);
}

int
main(void)
{
    void (*const tests[])(void) = {
        test_reading, test_str, test_assigning, test_slice_objects,
        test_in_place,
    };
    return RunTests(tests, sizeof(tests) / sizeof(tests[0]));
}

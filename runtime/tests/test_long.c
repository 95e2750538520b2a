// test_long.c: int, bool and range.

#include "objects.h"

static void
test_arithmetic(void)
{
    EXPECT_REPR(Binary(Int(-7), Int(2), RT_NB_FLOOR_DIVIDE), "-4");
    EXPECT_REPR(Binary(Int(-7), Int(2), RT_NB_REMAINDER), "1");
    EXPECT_REPR(Binary(Int(7), Int(-2), RT_NB_FLOOR_DIVIDE), "-4");
    EXPECT_REPR(Binary(Int(7), Int(-2), RT_NB_REMAINDER), "-1");
    EXPECT_REPR(Binary(Int(-8), Int(2), RT_NB_FLOOR_DIVIDE), "-4");
    EXPECT_REPR(Binary(Int(INT64_MIN), Int(-1), RT_NB_REMAINDER), "0");
    EXPECT_REPR(Binary(Int(12), Int(10), RT_NB_AND), "8");
    EXPECT_REPR(Binary(Int(12), Int(10), RT_NB_OR), "14");
    EXPECT_REPR(Binary(Int(12), Int(10), RT_NB_XOR), "6");
    EXPECT_REPR(Binary(Int(1000), Int(-1000), RT_NB_ADD), "0");
    RtObject *least = Int(INT64_MIN);
    EXPECT_REPR(RtNumber_Negative(least), "9223372036854775808");
    EXPECT_REPR(least, "-9223372036854775808");
    EXPECT_REPR(Binary(Int(INT64_MIN), Int(-1), RT_NB_FLOOR_DIVIDE),
                "9223372036854775808");
    EXPECT_ERROR(Binary(Int(1), Int(0), RT_NB_FLOOR_DIVIDE),
                 "ZeroDivisionError: integer division or modulo by zero");
    EXPECT_ERROR(Binary(Int(1), Int(0), RT_NB_REMAINDER),
                 "ZeroDivisionError: integer modulo by zero");
    EXPECT_ERROR(Binary(Int(1), Str("a"), RT_NB_ADD), "TypeError: unsupported "
                 "operand type(s) for +: 'int' and 'str'");
}

static void
test_comparing(void)
{
    EXPECT_REPR(Compare(Int(1), Rt_True, RT_EQ), "True");
    EXPECT_REPR(Compare(Int(1000), Int(1001), RT_LT), "True");
    EXPECT_REPR(Compare(Int(1), Str("1"), RT_EQ), "False");
    EXPECT_ERROR(Compare(Int(1), Str("1"), RT_LT), "TypeError: '<' not "
                 "supported between instances of 'int' and 'str'");
    CHECK(RtObject_Hash(Int(-1)) == -2);
    CHECK(RtObject_Hash(Rt_True) == 1);
    RtObject *big = Int(INT64_MAX);
    CHECK(RtObject_Hash(big) == 3);
    Rt_DECREF(big);
    CHECK(RtLong_FromInt64(256) == RtLong_FromInt64(256));
}

static void
test_constructors(void)
{
    EXPECT_REPR(New(&RtLong_Type, 0), "0");
    EXPECT_REPR(New(&RtLong_Type, 1, Str("  -1_000 ")), "-1000");
    EXPECT_REPR(New(&RtLong_Type, 1, Str("-9223372036854775808")),
                "-9223372036854775808");
    EXPECT_REPR(New(&RtLong_Type, 1, Rt_True), "1");
    EXPECT_ERROR(New(&RtLong_Type, 1, Str("1__0")), "ValueError: invalid "
                 "literal for int() with base 10: '1__0'");
    EXPECT_ERROR(New(&RtLong_Type, 1, Str("")), "ValueError: invalid "
                 "literal for int() with base 10: ''");
    EXPECT_ERROR(New(&RtLong_Type, 1, RtList_New(0)), "TypeError: int() "
                 "argument must be a string, a bytes-like object or a real "
                 "number, not 'list'");
    EXPECT_REPR(New(&RtBool_Type, 1, RtList_New(0)), "False");
    EXPECT_REPR(New(&RtBool_Type, 1, Int(2)), "True");
    EXPECT_REPR(Binary(Rt_True, Rt_False, RT_NB_OR), "True");
    EXPECT_REPR(Binary(Rt_True, Rt_True, RT_NB_XOR), "False");
    EXPECT_REPR(Binary(Rt_True, Rt_True, RT_NB_ADD), "2");
    EXPECT_REPR(Binary(Rt_True, Int(6), RT_NB_AND), "0");
}

static void
test_range(void)
{
    RtObject *range = New(&RtRange_Type, 3, Int(10), Int(0), Int(-3));
    EXPECT_OBJECT(range, "range(10, 0, -3)");
    CHECK(RtObject_Length(range) == 4);
    EXPECT_REPR(New(&RtList_Type, 1, Rt_NewRef(range)), "[10, 7, 4, 1]");
    EXPECT_REPR(Item(range, Int(-1)), "1");
    CHECK(RtSequence_Contains(range, Int(7)) == 1);
    CHECK(RtSequence_Contains(range, Int(8)) == 0);
    CHECK(RtSequence_Contains(range, Int(13)) == 0);
    CHECK(RtSequence_Contains(range, Int(-2)) == 0);
    EXPECT_ERROR(Item(range, Int(4)),
                 "IndexError: range object index out of range");
    EXPECT_REPR(Compare(range, New(&RtRange_Type, 3, Int(10), Int(1), Int(-3)),
                        RT_EQ), "False");
    EXPECT_REPR(Compare(New(&RtRange_Type, 2, Int(3), Int(3)),
                        New(&RtRange_Type, 1, Int(0)), RT_EQ), "True");
    EXPECT_ERROR(New(&RtRange_Type, 3, Int(0), Int(1), Int(0)),
                 "ValueError: range() arg 3 must not be zero");
    EXPECT_ERROR(New(&RtRange_Type, 1, Str("x")), "TypeError: 'str' object "
                 "cannot be interpreted as an integer");
    RtObject *wide = New(&RtRange_Type, 3, Int(INT64_MIN), Int(INT64_MAX),
                         Int(INT64_MAX));
    EXPECT_REPR(New(&RtTuple_Type, 1, wide), "(-9223372036854775808, -1, "
                "9223372036854775806)");
}

int
main(void)
{
    void (*const tests[])(void) = {
        test_arithmetic, test_comparing, test_constructors, test_range,
    };
    return RunTests(tests, sizeof(tests) / sizeof(tests[0]));
}

// test_str.c: str, tuple and exceptions.

#include "objects.h"

static void
test_basics(void)
{
    EXPECT_REPR(Str("it's"), "\"it's\"");
    EXPECT_REPR(Str("a\n\x01'\"\\"), "'a\\n\\x01\\'\"\\\\'");
    EXPECT_REPR(Binary(Str("ab"), Str("cd"), RT_NB_ADD), "'abcd'");
    EXPECT_REPR(Binary(Str("ab"), Int(3), RT_NB_MULTIPLY), "'ababab'");
    EXPECT_REPR(Binary(Int(-1), Str("ab"), RT_NB_MULTIPLY), "''");
    EXPECT_ERROR(Binary(Str("a"), Int(1), RT_NB_ADD), "TypeError: can only "
                 "concatenate str (not \"int\") to str");
    EXPECT_REPR(Compare(Str("ab"), Str("abc"), RT_LT), "True");
    EXPECT_REPR(Compare(Str("b"), Str("abc"), RT_LE), "False");
    RtObject *s = Str("hello");
    CHECK(RtObject_Length(s) == 5);
    EXPECT_REPR(Item(s, Int(-1)), "'o'");
    EXPECT_ERROR(Item(s, Int(5)), "IndexError: string index out of range");
    EXPECT_ERROR(Item(s, Str("x")), "TypeError: string indices must be "
                 "integers, not 'str'");
    RtObject *piece = Str("ell");
    CHECK(RtSequence_Contains(s, piece) == 1);
    EXPECT_ERROR_INT(RtSequence_Contains(s, Int(1)), "TypeError: 'in "
                     "<string>' requires string as left operand, not int");
    Rt_DECREF(piece);
    EXPECT_REPR(New(&RtList_Type, 1, s), "['h', 'e', 'l', 'l', 'o']");
}

static void
test_methods(void)
{
    RtObject *s = Str("a,b,,C");
    EXPECT_REPR(Call(s, "upper", 0), "'A,B,,C'");
    EXPECT_REPR(Call(s, "lower", 0), "'a,b,,c'");
    EXPECT_REPR(Call(s, "split", 1, Str(",")), "['a', 'b', '', 'C']");
    EXPECT_ERROR(Call(s, "split", 1, Str("")), "ValueError: empty separator");
    EXPECT_REPR(Call(s, "startswith", 1, Str("a,")), "True");
    EXPECT_REPR(Call(s, "endswith", 1, Str("c")), "False");
    EXPECT_REPR(Call(s, "find", 1, Str(",,")), "3");
    EXPECT_REPR(Call(s, "find", 1, Str("x")), "-1");
    EXPECT_REPR(Call(s, "replace", 2, Str(","), Str("--")), "'a--b----C'");
    Rt_DECREF(s);
    s = Str(" ab  c ");
    EXPECT_REPR(Call(s, "split", 0), "['ab', 'c']");
    Rt_DECREF(s);
    s = Str("ab");
    EXPECT_REPR(Call(s, "replace", 2, Str(""), Str("-")), "'-a-b-'");
    EXPECT_REPR(Call(s, "join", 1, List(3, Str("x"), Str("y"), Str("z"))),
                "'xabyabz'");
    EXPECT_ERROR(Call(s, "join", 1, List(2, Str("x"), Int(1))), "TypeError: "
                 "sequence item 1: expected str instance, int found");
    Rt_DECREF(s);
}

static void
test_interning_and_format(void)
{
    RtObject *a = RtStr_InternStatic("__init__");
    CHECK(a == RtStr_InternStatic("__init__"));
    RtObject *copy = Str("__init__");
    CHECK(copy != a);
    CHECK(RtStr_Equal(copy, a));
    CHECK(RtStr_HASH(copy) == RtStr_HASH(a));
    Rt_DECREF(copy);
    EXPECT_REPR(RtStr_FromFormat("%d-%s", 5, "x"), "'5-x'");
    char big[600];
    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    RtObject *text = RtStr_FromFormat("%s!", big);
    CHECK(Rt_SIZE(text) == sizeof(big));
    Rt_DECREF(text);
    CHECK(RtErr_Occurred() == NULL);
}

static void
test_tuple(void)
{
    EXPECT_REPR(Tuple(0), "()");
    EXPECT_REPR(Tuple(1, Int(1)), "(1,)");
    EXPECT_REPR(Binary(Tuple(1, Int(1)), Tuple(2, Int(2), Str("x")),
                       RT_NB_ADD), "(1, 2, 'x')");
    EXPECT_REPR(Binary(Tuple(1, Int(1)), Int(3), RT_NB_MULTIPLY),
                "(1, 1, 1)");
    EXPECT_REPR(Compare(Tuple(2, Int(1), Int(2)), Tuple(2, Int(1), Int(3)),
                        RT_LT), "True");
    EXPECT_REPR(Compare(Tuple(1, Int(1)), Tuple(2, Int(1), Int(3)), RT_GE),
                "False");
    EXPECT_REPR(Compare(Tuple(1, Int(1)), Tuple(1, Rt_True), RT_EQ), "True");
    RtObject *t = Tuple(3, Int(1), Int(2), Int(3));
    // The value that CPython has for hash((1, 2, 3)).
    CHECK(RtObject_Hash(t) == 529344067295497451);
    EXPECT_ERROR(Item(t, Int(3)), "IndexError: tuple index out of range");
    EXPECT_ERROR(Item(t, Str("a")), "TypeError: tuple indices must be integers"
                 " or slices, not str");
    EXPECT_REPR(Item(t, Int(-3)), "1");
    EXPECT_REPR(Call(t, "index", 1, Int(3)), "2");
    EXPECT_REPR(Call(t, "count", 1, Int(9)), "0");
    EXPECT_ERROR(Call(t, "index", 1, Int(9)),
                 "ValueError: tuple.index(x): x not in tuple");
    RtObject *same = New(&RtTuple_Type, 1, Rt_NewRef(t));
    CHECK(same == t);
    Rt_DECREF(same);
    RtObject *bad = Tuple(1, RtList_New(0));
    CHECK(RtObject_Hash(bad) == -1);
    expect_error("TypeError: unhashable type: 'list'", __FILE__, __LINE__);
    Rt_DECREF(bad);
    Rt_DECREF(t);
}

static void
test_exceptions(void)
{
    EXPECT_REPR(New(&RtExc_ValueError, 0), "ValueError()");
    EXPECT_REPR(New(&RtExc_ValueError, 1, Str("x")), "ValueError('x')");
    EXPECT_REPR(New(&RtExc_ValueError, 2, Str("x"), Int(2)),
                "ValueError('x', 2)");
    RtObject *exc = New(&RtExc_IndexError, 0);
    EXPECT_REPR(RtObject_Str(exc), "''");
    CHECK(RtType_IsSubtype(Rt_TYPE(exc), &RtExc_LookupError));
    Rt_DECREF(exc);
}

static void
test_exception_attributes(void)
{
    RtObject *exc = New(&RtExc_KeyError, 1, Str("k"));
    EXPECT_REPR(RtObject_Str(exc), "\"'k'\"");
    RtObject *name = Str("args");
    EXPECT_REPR(RtObject_GetAttr(exc, name), "('k',)");
    RtObject *list = List(2, Int(1), Int(2));
    CHECK(RtObject_SetAttr(exc, name, list) == 0);
    EXPECT_REPR(RtObject_GetAttr(exc, name), "(1, 2)");
    EXPECT_REPR(RtObject_Str(exc), "'(1, 2)'");
    Rt_DECREF(list);
    Rt_DECREF(name);
    name = Str("note");
    CHECK(RtObject_SetAttr(exc, name, exc) == 0);       // a cycle
    Rt_DECREF(name);
    Rt_DECREF(exc);
    exc = New(&RtExc_StopIteration, 1, Int(7));
    name = Str("value");
    EXPECT_REPR(RtObject_GetAttr(exc, name), "7");
    Rt_DECREF(name);
    Rt_DECREF(exc);
}

int
main(void)
{
    void (*const tests[])(void) = {
        test_basics, test_methods, test_interning_and_format, test_tuple,
        test_exceptions, test_exception_attributes,
    };
    return RunTests(tests, sizeof(tests) / sizeof(tests[0]));
}

// test_dict_view.c: views of dicts as sets, iteration forwards and backwards
// while the dict changes, fromkeys, __missing__.

#include "objects.h"
#include "rtcore_dict.h"

static RtObject *
Dict(int n, ...)                        // keys; the values are their numbers
{
    va_list args;
    va_start(args, n);
    RtObject *dict = RtDict_New();
    for (int i = 0; i < n; i++) {
        CHECK(SetItem(dict, Str(va_arg(args, const char *)), Int(i)) == 0);
    }
    va_end(args);
    return dict;
}

static void
test_set_operators(void)
{
    RtObject *d = Dict(3, "a", "b", "c");
    RtObject *e = Dict(2, "b", "d");
#define KEYS(x) Call(x, "keys", 0)
#define ITEMS(x) Call(x, "items", 0)
    EXPECT_REPR(Binary(KEYS(d), KEYS(e), RT_NB_AND), "{'b'}");
    EXPECT_REPR(Binary(ITEMS(d), ITEMS(e), RT_NB_AND), "set()");
    EXPECT_REPR(Binary(KEYS(e), KEYS(d), RT_NB_SUBTRACT), "{'d'}");
    RtObject *all = Binary(KEYS(d), KEYS(e), RT_NB_OR);
    CHECK(RtSet_Size(all) == 4);
    Rt_DECREF(all);
    RtObject *either = Binary(KEYS(d), KEYS(e), RT_NB_XOR);
    CHECK(RtSet_Size(either) == 3);
    Rt_DECREF(either);
    EXPECT_REPR(Binary(KEYS(d), List(1, Str("c")), RT_NB_AND), "{'c'}");
    EXPECT_REPR(Binary(List(2, Str("c"), Str("x")), KEYS(d),
                        RT_NB_SUBTRACT), "{'x'}");
    EXPECT_ERROR(Binary(KEYS(d), Int(1), RT_NB_AND),
                 "TypeError: 'int' object is not iterable");
    EXPECT_ERROR(Binary(List(1, RtList_New(0)), KEYS(d), RT_NB_OR),
                 "TypeError: unhashable type: 'list'");
    Rt_DECREF(d);
    Rt_DECREF(e);
}

static void
test_set_comparisons(void)
{
    RtObject *d = Dict(2, "a", "b");
    RtObject *e = Dict(3, "b", "a", "c");
    EXPECT_REPR(Compare(KEYS(d), KEYS(e), RT_LT), "True");
    EXPECT_REPR(Compare(KEYS(d), KEYS(e), RT_LE), "True");
    EXPECT_REPR(Compare(KEYS(d), KEYS(e), RT_EQ), "False");
    EXPECT_REPR(Compare(KEYS(d), KEYS(e), RT_NE), "True");
    EXPECT_REPR(Compare(KEYS(e), KEYS(d), RT_GT), "True");
    EXPECT_REPR(Compare(KEYS(d), KEYS(d), RT_GE), "True");
    EXPECT_REPR(Compare(KEYS(d), KEYS(d), RT_GT), "False");
    EXPECT_REPR(Compare(ITEMS(d), ITEMS(e), RT_LE), "False");
    EXPECT_REPR(Compare(KEYS(d), New(&RtSet_Type, 1, KEYS(d)), RT_EQ), "True");
    EXPECT_ERROR(Compare(KEYS(d), Int(1), RT_LT), "TypeError: '<' not "
                 "supported between instances of 'dict_keys' and 'int'");
    RtObject *keys = KEYS(d);
    EXPECT_REPR(Call(keys, "isdisjoint", 1, KEYS(e)), "False");
    EXPECT_REPR(Call(keys, "isdisjoint", 1, List(1, Str("z"))), "True");
    EXPECT_REPR(Call(keys, "isdisjoint", 1, Rt_NewRef(keys)), "False");
    EXPECT_ERROR_INT((int)RtObject_Hash(keys),
                     "TypeError: unhashable type: 'dict_keys'");
    Rt_DECREF(keys);
    Rt_DECREF(d);
    Rt_DECREF(e);
}

// What an iterator gives until it ends or raises; steals it.
static RtObject *
Drain(RtObject *iter)
{
    RtObject *list = RtList_New(0);
    RtObject *item;
    while ((item = RtIter_Next(iter)) != NULL) {
        CHECK(RtList_Append(list, item) == 0);
        Rt_DECREF(item);
    }
    CHECK(RtErr_Occurred() != NULL || RtIter_Next(iter) == NULL);
    Rt_DECREF(iter);
    return list;
}

static void
test_reversed(void)
{
    RtObject *d = Dict(3, "a", "b", "c");
    CHECK(SetItem(d, Str("b"), NULL) == 0);
    EXPECT_REPR(Drain(Call(d, "__reversed__", 0)), "['c', 'a']");
    RtObject *items = ITEMS(d);
    EXPECT_REPR(Drain(Call(items, "__reversed__", 0)), "[('c', 2), ('a', 0)]");
    Rt_DECREF(items);
    RtObject *values = Call(d, "values", 0);
    EXPECT_REPR(Drain(Call(values, "__reversed__", 0)), "[2, 0]");
    Rt_DECREF(values);
    Rt_DECREF(d);
    d = Dict(0);
    EXPECT_REPR(Drain(Call(d, "__reversed__", 0)), "[]");
    Rt_DECREF(d);
}

// An iterator that has begun goes on as CPython's does.
static RtObject *
begin(RtObject *d, bool backwards)
{
    RtObject *iter = backwards ? Call(d, "__reversed__", 0)
                               : RtObject_GetIter(d);
    RtObject *key = RtIter_Next(iter);
    CHECK(key != NULL);
    Rt_DECREF(key);
    return iter;
}

static void
test_changed(void)
{
    for (int backwards = 0; backwards < 2; backwards++) {
        RtObject *d = Dict(3, "a", "b", "c");
        RtObject *iter = begin(d, backwards);
        CHECK(SetItem(d, Str("d"), Int(1)) == 0);
        EXPECT_ERROR(RtIter_Next(iter), "RuntimeError: dictionary changed "
                     "size during iteration");
        // For ever, even if the size is right again.
        CHECK(SetItem(d, Str("d"), NULL) == 0);
        EXPECT_ERROR(RtIter_Next(iter), "RuntimeError: dictionary changed "
                     "size during iteration");
        Rt_DECREF(iter);
        // The size is the same, the items are others.
        iter = begin(d, backwards);
        CHECK(SetItem(d, Str("b"), NULL) == 0);
        CHECK(SetItem(d, Str("e"), Int(1)) == 0);
        RtObject *rest = Drain(iter);
        if (backwards) {
            EXPECT_REPR(rest, "['a']");
        }
        else {
            EXPECT_REPR(rest, "['c', 'e']");
        }
        Rt_DECREF(d);
    }
}

// As many keys as before, one of them in an entry that was not there.
static void
test_keys_changed(void)
{
    RtObject *d = Dict(1, "a");
    RtObject *iter = begin(d, false);
    CHECK(SetItem(d, Str("a"), NULL) == 0);
    CHECK(SetItem(d, Str("b"), Int(1)) == 0);
    EXPECT_ERROR(RtIter_Next(iter), "RuntimeError: dictionary keys changed "
                 "during iteration");
    CHECK(RtIter_Next(iter) == NULL && RtErr_Occurred() == NULL);
    Rt_DECREF(iter);
    Rt_DECREF(d);
}

static RtObject *
missing(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    return Tuple(2, Str("missing"), Rt_NewRef(args[nargs - 1]));
}

static RtMethodDef missing_def = { "__missing__", missing, 1, 2 };

static RtObject *
make_subclass(void)
{
    RtObject *func = RtCFunction_New(&missing_def, NULL);
    RtObject *body = RtDict_New();
    CHECK(SetItem(body, Str("__missing__"), func) == 0);
    RtObject *name = Str("D");
    RtObject *bases = Tuple(1, Rt_NewRef((RtObject *)&RtDict_Type));
    RtObject *type = RtType_New(name, bases, body);
    CHECK(type != NULL);
    Rt_DECREF(name);
    Rt_DECREF(bases);
    Rt_DECREF(body);
    return type;
}

static void
test_fromkeys(void)
{
    RtObject *type = (RtObject *)&RtDict_Type;
    EXPECT_REPR(Call(type, "fromkeys", 1, List(2, Int(1), Str("a"))),
                "{1: None, 'a': None}");
    EXPECT_REPR(Call(type, "fromkeys", 2, Dict(2, "a", "b"), Int(7)),
                "{'a': 7, 'b': 7}");
    RtObject *d = Dict(1, "a");
    EXPECT_REPR(Call(d, "fromkeys", 1, Rt_NewRef(d)), "{'a': None}");
    EXPECT_ERROR(Call(d, "fromkeys", 1, Int(1)),
                 "TypeError: 'int' object is not iterable");
    EXPECT_ERROR(Call(d, "fromkeys", 1, List(1, RtList_New(0))),
                 "TypeError: unhashable type: 'list'");
    Rt_DECREF(d);
    RtObject *subclass = make_subclass();
    RtObject *made = Call(subclass, "fromkeys", 1, List(1, Str("a")));
    CHECK(made != NULL && (RtObject *)Rt_TYPE(made) == subclass);
    EXPECT_REPR(Item(made, Str("a")), "None");
    EXPECT_REPR(Item(made, Str("z")), "('missing', 'z')");
    EXPECT_REPR(Call(made, "get", 1, Str("z")), "None");
    Rt_DECREF(made);
    Rt_DECREF(subclass);
}

static RtObject *
try_all(RtObject *fromkeys, RtObject *d, RtObject *keys, RtObject *others)
{
    RtObject *results[3] = { NULL, NULL, NULL };
    results[0] = RtObject_CallOneArg(fromkeys, d);
    if (results[0] != NULL) {
        results[1] = RtDictIter_NewReverse(d, RT_DICT_ITEMS);
    }
    if (results[1] != NULL) {
        results[2] = RtNumber_BinaryOp(keys, others, RT_NB_XOR);
    }
    Rt_XDECREF(results[0]);
    Rt_XDECREF(results[1]);
    return results[2];
}

// Each allocation fails in turn.
static void
test_no_memory(void)
{
    RtObject *d = Dict(3, "a", "b", "c");
    RtObject *e = Dict(2, "b", "x");
    RtObject *keys = KEYS(d);
    RtObject *others = KEYS(e);
    RtObject *name = Str("fromkeys");
    RtObject *fromkeys = RtObject_GetAttr((RtObject *)&RtDict_Type, name);
    RtObject *result = NULL;
    for (int64_t nth = 1; result == NULL; nth++) {
        CHECK(nth < 200);
        RtMem_FailAllocation(nth);
        result = try_all(fromkeys, d, keys, others);
        RtMem_FailAllocation(0);
        CHECK(result != NULL || RtErr_ExceptionMatches(&RtExc_MemoryError));
        RtErr_Clear();
        CHECK(RtDict_IsValid(d));
    }
    CHECK(RtSet_Size(result) == 3);
    Rt_DECREF(result);
    Rt_DECREF(fromkeys);
    Rt_DECREF(name);
    Rt_DECREF(keys);
    Rt_DECREF(others);
    Rt_DECREF(d);
    Rt_DECREF(e);
}

int
main(void)
{
    void (*const tests[])(void) = {
        test_set_operators, test_set_comparisons, test_reversed, test_changed,
        test_keys_changed, test_fromkeys, test_no_memory,
    };
    return RunTests(tests, sizeof(tests) / sizeof(tests[0]));
}

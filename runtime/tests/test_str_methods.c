// test_str_methods.c: the methods of str, beside CPython.

#include "objects.h"

static RtObject *
Dict(int n, ...)                        // steals keys and values
{
    va_list list;
    va_start(list, n);
    RtObject *dict = RtDict_New();
    for (int i = 0; i < n; i++) {
        RtObject *key = va_arg(list, RtObject *);
        CHECK(SetItem(dict, key, va_arg(list, RtObject *)) == 0);
    }
    va_end(list);
    return dict;
}

// The repr of the result, or "Type: message" of what was raised.
static void
Method(const char *self, const char *name, const char *wanted, int nargs, ...)
{
    RtObject *args[4];
    va_list list;
    va_start(list, nargs);
    for (int i = 0; i < nargs; i++) {
        args[i] = va_arg(list, RtObject *);
    }
    va_end(list);
    RtObject *text = Str(self);
    RtObject *method = Str(name);
    RtObject *result = RtObject_CallMethod(text, method, args, nargs);
    if (result == NULL) {
        expect_error(wanted, self, 0);
    }
    else {
        expect_repr(result, wanted, name, 0);
    }
    Rt_DECREF(method);
    Rt_DECREF(text);
    for (int i = 0; i < nargs; i++) {
        Rt_DECREF(args[i]);
    }
}

static void
test_methods_1(void)
{
    Method("Hello World", "upper", "'HELLO WORLD'", 0);
    Method("Hello", "swapcase", "'hELLO'", 0);
    Method("éCOLE straße", "upper", "'ÉCOLE STRASSE'", 0);
    Method("École", "lower", "'école'", 0);
    Method("hello world", "title", "'Hello World'", 0);
    Method("hELLO", "capitalize", "'Hello'", 0);
    Method("straße", "casefold", "'strasse'", 0);
    Method(" a b  c ", "split", "['a', 'b', 'c']", 0);
    Method("a,b,,c", "split", "['a', 'b', '', 'c']", 1, Str(","));
    Method("a,b,,c", "split", "['a', 'b', ',c']", 2, Str(","), Int(2));
    Method(" a b  c ", "split", "['a', 'b  c ']", 2, Rt_None, Int(1));
    Method("a,b,c", "rsplit", "['a,b', 'c']", 2, Str(","), Int(1));
    Method(" a b c ", "rsplit", "[' a b', 'c']", 2, Rt_None, Int(1));
    Method("a\nb\r\nc\013d", "splitlines", "['a', 'b', 'c', 'd']", 0);
    Method("a\nb\n", "splitlines", "['a\\n', 'b\\n']", 1, Rt_True);
    Method("a-b-c", "partition", "('a', '-', 'b-c')", 1, Str("-"));
    Method("a-b-c", "rpartition", "('a-b', '-', 'c')", 1, Str("-"));
    Method("abc", "partition", "('abc', '', '')", 1, Str("x"));
    Method("abc", "rpartition", "('', '', 'abc')", 1, Str("x"));
    Method("abc", "partition", "ValueError: empty separator", 1, Str(""));
    Method("  ab  ", "strip", "'ab'", 0);
    Method("xxabxx", "strip", "'ab'", 1, Str("x"));
    Method("xyab", "lstrip", "'ab'", 1, Str("yx"));
    Method("ab  ", "rstrip", "'ab'", 0);
    Method(" a ", "strip", "'a'", 0);
    Method("ab", "center", "'   ab  '", 1, Int(7));
    Method("abc", "center", "'*abc**'", 2, Int(6), Str("*"));
}

static void
test_methods_2(void)
{
    Method("ab", "center", "'  ab '", 1, Int(5));
    Method("ab", "ljust", "'ab..'", 2, Int(4), Str("."));
    Method("ab", "rjust", "'  ab'", 1, Int(4));
    Method("-42", "zfill", "'-00042'", 1, Int(6));
    Method("+4", "zfill", "'+4'", 1, Int(1));
    Method("a\tbc\td", "expandtabs", "'a       bc      d'", 0);
    Method("a\tb", "expandtabs", "'a  b'", 1, Int(3));
    Method("foobar", "removeprefix", "'bar'", 1, Str("foo"));
    Method("foobar", "removesuffix", "'foo'", 1, Str("bar"));
    Method("foobar", "removesuffix", "'foobar'", 1, Str("x"));
    Method("abcabc", "find", "2", 1, Str("c"));
    Method("abcabc", "rfind", "5", 1, Str("c"));
    Method("abcabc", "find", "5", 2, Str("c"), Int(3));
    Method("abcabc", "find", "-1", 1, Str("x"));
    Method("abc", "find", "0", 1, Str(""));
    Method("abc", "find", "-1", 2, Str(""), Int(10));
    Method("abc", "rfind", "3", 1, Str(""));
    Method("héllo", "find", "2", 1, Str("l"));
    Method("abcabc", "index", "4", 3, Str("b"), Int(2), Int(5));
    Method("abc", "index", "ValueError: substring not found", 1, Str("z"));
    Method("aaaa", "count", "2", 1, Str("aa"));
    Method("abc", "count", "4", 1, Str(""));
    Method("abcabc", "count", "1", 2, Str("b"), Int(2));
    Method("abc", "startswith", "True", 1, Str("ab"));
    Method("abc", "startswith", "True", 1, Tuple(2, Str("x"), Str("a")));
    Method("abc", "startswith", "True", 2, Str("b"), Int(1));
    Method("abc", "endswith", "False", 3, Str("c"), Int(0), Int(2));
}

static void
test_methods_3(void)
{
    Method("abc", "endswith", "True", 1, Tuple(1, Str("c")));
    Method("abc", "startswith",
           "TypeError: startswith first arg must be str or a tuple of s"
           "tr, not int",
           1, Int(1));
    Method("aXbX", "replace", "'ayybyy'", 2, Str("X"), Str("yy"));
    Method("aXbX", "replace", "'aybX'", 3, Str("X"), Str("y"), Int(1));
    Method("ab", "replace", "'-a-b-'", 2, Str(""), Str("-"));
    Method("ab", "replace", "'-a-b'", 3, Str(""), Str("-"), Int(2));
    Method("abc", "isalpha", "True", 0);
    Method("ab1", "isalnum", "True", 0);
    Method("12", "isdigit", "True", 0);
    Method("²", "isdigit", "True", 0);
    Method("²", "isdecimal", "False", 0);
    Method("½", "isnumeric", "True", 0);
    Method("", "isalpha", "False", 0);
    Method(" \t", "isspace", "True", 0);
    Method("Abc", "istitle", "True", 0);
    Method("ABC", "isupper", "True", 0);
    Method("aBC", "islower", "False", 0);
    Method("_a1", "isidentifier", "True", 0);
    Method("1a", "isidentifier", "False", 0);
    Method("a\n", "isprintable", "False", 0);
    Method("abc", "isascii", "True", 0);
    Method("abc", "translate",
           "'Xc'", 1, Dict(2, Int(97), Str("X"), Int(98), Rt_None));
    Method("a", "join", "'1a2a3'", 1, List(3, Str("1"), Str("2"), Str("3")));
    Method("a", "join",
           "TypeError: sequence item 0: expected str instance, int found",
           1, List(1, Int(1)));
    Method("a", "join", "TypeError: can only join an iterable", 1, Int(1));
    Method("abc", "zfill",
           "TypeError: 'str' object cannot be interpreted as an integer",
           1, Str("x"));
    Method("abc", "split",
           "TypeError: must be str or None, not int", 1, Int(1));
}

static void
test_methods_4(void)
{
    Method("abc", "split", "ValueError: empty separator", 1, Str(""));
}

int
main(void)
{
    void (*const tests[])(void) = {
        test_methods_1, test_methods_2, test_methods_3, test_methods_4,
    };
    return RunTests(tests, sizeof(tests) / sizeof(tests[0]));
}

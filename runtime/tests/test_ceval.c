// test_ceval.c: the interpreter on small programs assembled by hand.

#include "asm.h"

#include <ctype.h>

static void
test_arithmetic(void)
{
    Asm a;
    Asm_Init(&a, "m", 0, 1);
    Asm_LoadInt(&a, 7);
    Asm_LoadInt(&a, 3);
    Asm_Emit(&a, RT_OP_BINARY_OP, RT_NB_MULTIPLY);
    Asm_LoadInt(&a, 4);
    Asm_Emit(&a, RT_OP_BINARY_OP, RT_NB_SUBTRACT);
    Asm_Emit(&a, RT_OP_UNARY_NEGATIVE, 0);
    Asm_Emit(&a, RT_OP_COPY, 0);
    Asm_Emit(&a, RT_OP_STORE_FAST, 0);
    Asm_LoadInt(&a, 5);
    Asm_Emit(&a, RT_OP_SWAP, 0);
    Asm_Emit(&a, RT_OP_BINARY_OP, RT_NB_FLOOR_DIVIDE);
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    Asm_Emit(&a, RT_OP_BINARY_OP, RT_NB_ADD);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    EXPECT_INT(Asm_Run(&a, NULL), -18);

    Asm_Init(&a, "m", 0, 0);
    Asm_LoadInt(&a, 1);
    Asm_LoadInt(&a, 0);
    Asm_Emit(&a, RT_OP_BINARY_OP, RT_NB_REMAINDER);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    RtObject *result = Asm_Run(&a, NULL);
    CHECK(result == NULL);
    CHECK(RtErr_ExceptionMatches(&RtExc_ZeroDivisionError));
    RtErr_Clear();
}

// total = 0; for i in range(10): if i == 7: break; total += i
static void
test_loop(void)
{
    Asm a;
    Asm_Init(&a, "m", 0, 2);
    Asm_LoadInt(&a, 0);
    Asm_Emit(&a, RT_OP_STORE_FAST, 0);
    Asm_Global(&a, "range");
    Asm_LoadInt(&a, 10);
    Asm_Emit(&a, RT_OP_CALL, 1);
    Asm_Emit(&a, RT_OP_GET_ITER, 0);
    uint32_t top = Asm_Emit(&a, RT_OP_FOR_ITER, 0);
    Asm_Emit(&a, RT_OP_COPY, 0);
    Asm_LoadInt(&a, 7);
    Asm_Emit(&a, RT_OP_COMPARE_OP, RT_EQ);
    uint32_t go = Asm_Emit(&a, RT_OP_POP_JUMP_IF_FALSE, 0);
    Asm_Emit(&a, RT_OP_POP_TOP, 0);
    Asm_Emit(&a, RT_OP_POP_TOP, 0);
    uint32_t out = Asm_Emit(&a, RT_OP_JUMP_FORWARD, 0);
    Asm_Land(&a, go);
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    Asm_Emit(&a, RT_OP_BINARY_OP, RT_NB_ADD);
    Asm_Emit(&a, RT_OP_STORE_FAST, 0);
    Asm_Emit(&a, RT_OP_JUMP_BACKWARD, top);
    Asm_Land(&a, top);
    Asm_Land(&a, out);
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    EXPECT_INT(Asm_Run(&a, NULL), 21);
}

// def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
static RtObject *
make_fib(void)
{
    Asm a;
    Asm_Init(&a, "fib", 1, 1);
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    Asm_LoadInt(&a, 2);
    Asm_Emit(&a, RT_OP_COMPARE_OP, RT_LT);
    uint32_t big = Asm_Emit(&a, RT_OP_POP_JUMP_IF_FALSE, 0);
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    Asm_Land(&a, big);
    for (int i = 1; i <= 2; i++) {
        Asm_Global(&a, "fib");
        Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
        Asm_LoadInt(&a, i);
        Asm_Emit(&a, RT_OP_BINARY_OP, RT_NB_SUBTRACT);
        Asm_Emit(&a, RT_OP_CALL, 1);
    }
    Asm_Emit(&a, RT_OP_BINARY_OP, RT_NB_ADD);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    return Asm_Finish(&a);
}

static void
test_calls(void)
{
    Asm a;
    Asm_Init(&a, "m", 0, 0);
    Asm_Function(&a, make_fib(), "fib");
    Asm_Global(&a, "fib");
    Asm_LoadInt(&a, 15);
    Asm_Emit(&a, RT_OP_CALL, 1);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    EXPECT_INT(Asm_Run(&a, NULL), 610);

    Asm_Init(&a, "m", 0, 0);
    Asm_Function(&a, make_fib(), "fib");
    Asm_Global(&a, "fib");
    Asm_Emit(&a, RT_OP_CALL, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    EXPECT_ERROR(Asm_Run(&a, NULL), "TypeError: fib() takes 1 positional "
                 "argument but 0 were given");

    Asm_Init(&a, "m", 0, 0);
    Asm_LoadInt(&a, 3);
    Asm_Emit(&a, RT_OP_CALL, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    EXPECT_ERROR(Asm_Run(&a, NULL), "TypeError: 'int' object is not callable");

    Asm_Init(&a, "m", 0, 0);
    Asm_Global(&a, "len");
    Asm_Emit(&a, RT_OP_CALL, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    EXPECT_ERROR(Asm_Run(&a, NULL),
                 "TypeError: len() takes exactly one argument (0 given)");
}

static void
test_names(void)
{
    Asm a;
    Asm_Init(&a, "m", 0, 0);
    Asm_Global(&a, "nothing");
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    EXPECT_ERROR(Asm_Run(&a, NULL),
                 "NameError: name 'nothing' is not defined");

    Asm_Init(&a, "m", 0, 0);
    Asm_Emit(&a, RT_OP_DELETE_GLOBAL, Asm_Name(&a, "g"));
    Asm_LoadNone(&a);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    EXPECT_ERROR(Asm_Run(&a, NULL), "NameError: name 'g' is not defined");

    Asm_Init(&a, "m", 0, 1);
    Asm_LoadInt(&a, 1);
    Asm_Emit(&a, RT_OP_STORE_FAST, 0);
    Asm_Emit(&a, RT_OP_DELETE_FAST, 0);
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    RtObject *result = Asm_Run(&a, NULL);
    CHECK(result == NULL && RtErr_ExceptionMatches(&RtExc_NameError));
    RtErr_Clear();

    // A global hides the builtin until it is deleted.
    Asm_Init(&a, "m", 0, 0);
    Asm_LoadInt(&a, 5);
    Asm_StoreGlobal(&a, "len");
    Asm_Global(&a, "len");
    Asm_Emit(&a, RT_OP_DELETE_GLOBAL, Asm_Name(&a, "len"));
    Asm_Global(&a, "len");
    Asm_LoadStr(&a, "abc");
    Asm_Emit(&a, RT_OP_CALL, 1);
    Asm_Emit(&a, RT_OP_BINARY_OP, RT_NB_ADD);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    EXPECT_INT(Asm_Run(&a, NULL), 8);
}

// def f(kind):
//     try: raise what
//     except (KeyError, ValueError): return 1
//     except TypeError: return 2
// `kind` is called to get what is raised.
static RtObject *
make_catcher(void)
{
    Asm a;
    Asm_Init(&a, "catcher", 1, 1);
    uint32_t start = a.n;
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    Asm_Emit(&a, RT_OP_RAISE, 1);
    Asm_Except(&a, start, a.n, 0);
    Asm_Emit(&a, RT_OP_PUSH_EXC_INFO, 0);
    Asm_Global(&a, "KeyError");
    Asm_Global(&a, "ValueError");
    Asm_Emit(&a, RT_OP_BUILD_TUPLE, 2);
    Asm_Emit(&a, RT_OP_CHECK_EXC_MATCH, 0);
    uint32_t next = Asm_Emit(&a, RT_OP_POP_JUMP_IF_FALSE, 0);
    Asm_Emit(&a, RT_OP_POP_EXCEPT, 0);
    Asm_LoadInt(&a, 1);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    Asm_Land(&a, next);
    Asm_Global(&a, "TypeError");
    Asm_Emit(&a, RT_OP_CHECK_EXC_MATCH, 0);
    next = Asm_Emit(&a, RT_OP_POP_JUMP_IF_FALSE, 0);
    // Returns from inside of the handler, with the exception on the stack.
    Asm_LoadInt(&a, 2);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    Asm_Land(&a, next);
    Asm_Emit(&a, RT_OP_RERAISE, 0);
    return Asm_Finish(&a);
}

static RtObject *
run_catcher(const char *raised)
{
    Asm a;
    Asm_Init(&a, "m", 0, 0);
    Asm_Function(&a, make_catcher(), "catcher");
    Asm_Global(&a, "catcher");
    Asm_Global(&a, raised);
    // Exceptions as instances, everything else as it is.
    if (isupper((unsigned char)raised[0]) && strcmp(raised, "KeyError") != 0) {
        Asm_LoadStr(&a, "why");
        Asm_Emit(&a, RT_OP_CALL, 1);
    }
    Asm_Emit(&a, RT_OP_CALL, 1);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    return Asm_Run(&a, NULL);
}

static void
test_try(void)
{
    EXPECT_INT(run_catcher("KeyError"), 1);
    EXPECT_INT(run_catcher("ValueError"), 1);
    EXPECT_INT(run_catcher("TypeError"), 2);
    EXPECT_ERROR(run_catcher("IndexError"), "IndexError: why");
    // Raising what is no exception is itself a TypeError.
    EXPECT_INT(run_catcher("len"), 2);
    EXPECT_INT(run_catcher("int"), 2);
}

// Nested handlers: the inner one is left by an exception, then a bare raise in
// the outer handler raises the outer exception again.
static void
test_reraise(void)
{
    Asm a;
    Asm_Init(&a, "m", 0, 0);
    uint32_t start = a.n;
    Asm_Global(&a, "KeyError");
    Asm_LoadStr(&a, "outer");
    Asm_Emit(&a, RT_OP_CALL, 1);
    Asm_Emit(&a, RT_OP_RAISE, 1);
    Asm_Except(&a, start, a.n, 0);
    Asm_Emit(&a, RT_OP_PUSH_EXC_INFO, 0);
    uint32_t inner = a.n;
    Asm_Global(&a, "ValueError");
    Asm_LoadStr(&a, "inner");
    Asm_Emit(&a, RT_OP_CALL, 1);
    Asm_Emit(&a, RT_OP_RAISE, 1);
    Asm_Except(&a, inner, a.n, 1);
    Asm_Emit(&a, RT_OP_PUSH_EXC_INFO, 0);
    Asm_Emit(&a, RT_OP_POP_EXCEPT, 0);
    Asm_Emit(&a, RT_OP_RAISE, 0);
    EXPECT_ERROR(Asm_Run(&a, NULL), "KeyError: 'outer'");

    // The same, but raised again in a function called by the inner handler.
    Asm f;
    Asm_Init(&f, "f", 0, 0);
    Asm_Emit(&f, RT_OP_RAISE, 0);
    Asm_Init(&a, "m", 0, 0);
    Asm_Function(&a, Asm_Finish(&f), "f");
    start = a.n;
    Asm_Global(&a, "nothing");
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    Asm_Except(&a, start, a.n, 0);
    Asm_Emit(&a, RT_OP_PUSH_EXC_INFO, 0);
    Asm_Global(&a, "f");
    Asm_Emit(&a, RT_OP_CALL, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    EXPECT_ERROR(Asm_Run(&a, NULL),
                 "NameError: name 'nothing' is not defined");

    Asm_Init(&a, "m", 0, 0);
    Asm_Emit(&a, RT_OP_RAISE, 0);
    EXPECT_ERROR(Asm_Run(&a, NULL),
                 "RuntimeError: No active exception to reraise");

    // Popped without POP_EXCEPT: no longer handled.
    Asm_Init(&a, "m", 0, 0);
    Asm_Global(&a, "nothing");
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    Asm_Except(&a, 0, 1, 0);
    Asm_Emit(&a, RT_OP_PUSH_EXC_INFO, 0);
    Asm_Emit(&a, RT_OP_POP_TOP, 0);
    Asm_Emit(&a, RT_OP_RAISE, 0);
    EXPECT_ERROR(Asm_Run(&a, NULL),
                 "RuntimeError: No active exception to reraise");
}

static void
test_containers(void)
{
    Asm a;
    // a, b, c = (1, [2], 3) with 1 on top; b[0] + a - c
    Asm_Init(&a, "m", 0, 1);
    Asm_LoadInt(&a, 1);
    Asm_LoadInt(&a, 20);
    Asm_Emit(&a, RT_OP_BUILD_LIST, 1);
    Asm_LoadInt(&a, 3);
    Asm_Emit(&a, RT_OP_BUILD_TUPLE, 3);
    Asm_Emit(&a, RT_OP_UNPACK_SEQUENCE, 3);
    Asm_Emit(&a, RT_OP_SWAP, 0);
    Asm_LoadInt(&a, 0);
    Asm_Emit(&a, RT_OP_BINARY_SUBSCR, 0);
    Asm_Emit(&a, RT_OP_BINARY_OP, RT_NB_ADD);
    Asm_Emit(&a, RT_OP_SWAP, 0);
    Asm_Emit(&a, RT_OP_BINARY_OP, RT_NB_SUBTRACT);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    EXPECT_INT(Asm_Run(&a, NULL), 18);

    // d = {'a': 1, 'b': 2}; d['c'] = 3; del d['a']; ('a' not in d) * len(d)
    Asm_Init(&a, "m", 0, 1);
    Asm_LoadStr(&a, "a");
    Asm_LoadInt(&a, 1);
    Asm_LoadStr(&a, "b");
    Asm_LoadInt(&a, 2);
    Asm_Emit(&a, RT_OP_BUILD_MAP, 2);
    Asm_Emit(&a, RT_OP_STORE_FAST, 0);
    Asm_LoadInt(&a, 3);
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    Asm_LoadStr(&a, "c");
    Asm_Emit(&a, RT_OP_STORE_SUBSCR, 0);
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    Asm_LoadStr(&a, "a");
    Asm_Emit(&a, RT_OP_DELETE_SUBSCR, 0);
    Asm_LoadStr(&a, "a");
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    Asm_Emit(&a, RT_OP_CONTAINS_OP, 1);
    Asm_Global(&a, "len");
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    Asm_Emit(&a, RT_OP_CALL, 1);
    Asm_Emit(&a, RT_OP_BINARY_OP, RT_NB_MULTIPLY);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    EXPECT_INT(Asm_Run(&a, NULL), 2);

    for (int64_t n = 1; n <= 3; n += 2) {
        Asm_Init(&a, "m", 0, 0);
        Asm_Global(&a, "range");
        Asm_LoadInt(&a, n);
        Asm_Emit(&a, RT_OP_CALL, 1);
        Asm_Emit(&a, RT_OP_UNPACK_SEQUENCE, 2);
        Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
        EXPECT_ERROR(Asm_Run(&a, NULL), n == 1
                     ? "ValueError: not enough values to unpack "
                       "(expected 2, got 1)"
                     : "ValueError: too many values to unpack (expected 2)");
    }
}

static void
test_booleans(void)
{
    Asm a;
    // (not 0) is True
    Asm_Init(&a, "m", 0, 0);
    Asm_LoadInt(&a, 0);
    Asm_Emit(&a, RT_OP_UNARY_NOT, 0);
    Asm_Emit(&a, RT_OP_LOAD_CONST, Asm_Const(&a, Rt_NewRef(Rt_True)));
    Asm_Emit(&a, RT_OP_IS_OP, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    EXPECT_INT(Asm_Run(&a, NULL), 1);

    Asm_Init(&a, "m", 0, 0);
    Asm_LoadInt(&a, 0);
    Asm_LoadNone(&a);
    Asm_Emit(&a, RT_OP_IS_OP, 1);
    uint32_t yes = Asm_Emit(&a, RT_OP_POP_JUMP_IF_TRUE, 0);
    Asm_LoadInt(&a, 10);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    Asm_Land(&a, yes);
    Asm_LoadInt(&a, 11);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    EXPECT_INT(Asm_Run(&a, NULL), 11);
}

// def add(self, x): self.total = self.total + x; return self.total
static RtObject *
make_add(void)
{
    Asm a;
    Asm_Init(&a, "add", 2, 2);
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    Asm_Emit(&a, RT_OP_LOAD_ATTR, Asm_Name(&a, "total"));
    Asm_Emit(&a, RT_OP_LOAD_FAST, 1);
    Asm_Emit(&a, RT_OP_BINARY_OP, RT_NB_ADD);
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    Asm_Emit(&a, RT_OP_STORE_ATTR, Asm_Name(&a, "total"));
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    Asm_Emit(&a, RT_OP_LOAD_ATTR, Asm_Name(&a, "total"));
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    return Asm_Finish(&a);
}

// Emits o = type('C', (), {'add': add, 'total': 100})()
static void
emit_instance(Asm *a)
{
    Asm_Global(a, "type");
    Asm_LoadStr(a, "C");
    Asm_Emit(a, RT_OP_BUILD_TUPLE, 0);
    Asm_LoadStr(a, "add");
    Asm_Emit(a, RT_OP_MAKE_FUNCTION, Asm_Const(a, make_add()));
    Asm_LoadStr(a, "total");
    Asm_LoadInt(a, 100);
    Asm_Emit(a, RT_OP_BUILD_MAP, 2);
    Asm_Emit(a, RT_OP_CALL, 3);
    Asm_Emit(a, RT_OP_CALL, 0);
    Asm_StoreGlobal(a, "o");
}

static void
test_methods(void)
{
    Asm a;
    // o.add(1); m = o.add; m(2)
    Asm_Init(&a, "m", 0, 0);
    emit_instance(&a);
    Asm_Global(&a, "o");
    Asm_Emit(&a, RT_OP_LOAD_METHOD, Asm_Name(&a, "add"));
    Asm_LoadInt(&a, 1);
    Asm_Emit(&a, RT_OP_CALL_METHOD, 1);
    Asm_Emit(&a, RT_OP_POP_TOP, 0);
    Asm_Global(&a, "o");
    Asm_Emit(&a, RT_OP_LOAD_ATTR, Asm_Name(&a, "add"));
    Asm_LoadInt(&a, 2);
    Asm_Emit(&a, RT_OP_CALL, 1);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    EXPECT_INT(Asm_Run(&a, NULL), 103);

    // o.add = len: an instance attribute comes before the method.
    Asm_Init(&a, "m", 0, 0);
    emit_instance(&a);
    Asm_Global(&a, "len");
    Asm_Global(&a, "o");
    Asm_Emit(&a, RT_OP_STORE_ATTR, Asm_Name(&a, "add"));
    Asm_Global(&a, "o");
    Asm_Emit(&a, RT_OP_LOAD_METHOD, Asm_Name(&a, "add"));
    Asm_LoadStr(&a, "four");
    Asm_Emit(&a, RT_OP_CALL_METHOD, 1);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    EXPECT_INT(Asm_Run(&a, NULL), 4);

    // del o.total of an attribute that is not there; a missing method.
    Asm_Init(&a, "m", 0, 0);
    emit_instance(&a);
    Asm_Global(&a, "o");
    Asm_Emit(&a, RT_OP_LOAD_METHOD, Asm_Name(&a, "sub"));
    Asm_Emit(&a, RT_OP_CALL_METHOD, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    EXPECT_ERROR(Asm_Run(&a, NULL),
                 "AttributeError: 'C' object has no attribute 'sub'");

    // [].append(9) through the descriptor, and its result.
    Asm_Init(&a, "m", 0, 1);
    Asm_Emit(&a, RT_OP_BUILD_LIST, 0);
    Asm_Emit(&a, RT_OP_COPY, 0);
    Asm_Emit(&a, RT_OP_STORE_FAST, 0);
    Asm_Emit(&a, RT_OP_LOAD_METHOD, Asm_Name(&a, "append"));
    Asm_LoadInt(&a, 9);
    Asm_Emit(&a, RT_OP_CALL_METHOD, 1);
    Asm_Emit(&a, RT_OP_POP_TOP, 0);
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    Asm_LoadInt(&a, -1);
    Asm_Emit(&a, RT_OP_BINARY_SUBSCR, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    EXPECT_INT(Asm_Run(&a, NULL), 9);

    Asm_Init(&a, "m", 0, 0);
    Asm_Emit(&a, RT_OP_BUILD_LIST, 0);
    Asm_Emit(&a, RT_OP_LOAD_METHOD, Asm_Name(&a, "append"));
    Asm_Emit(&a, RT_OP_CALL_METHOD, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    EXPECT_ERROR(Asm_Run(&a, NULL), "TypeError: list.append() takes exactly "
                 "one argument (0 given)");
}

// f.__code__ = g.__code__ changes what the next call runs.
static void
test_set_code(void)
{
    Asm f;
    Asm_Init(&f, "one", 0, 0);
    Asm_LoadInt(&f, 1);
    Asm_Emit(&f, RT_OP_RETURN_VALUE, 0);
    Asm g;
    Asm_Init(&g, "two", 0, 0);
    Asm_LoadInt(&g, 2);
    Asm_Emit(&g, RT_OP_RETURN_VALUE, 0);
    Asm a;
    Asm_Init(&a, "m", 0, 0);
    Asm_Function(&a, Asm_Finish(&f), "f");
    Asm_Function(&a, Asm_Finish(&g), "g");
    Asm_Global(&a, "g");
    Asm_Emit(&a, RT_OP_LOAD_ATTR, Asm_Name(&a, "__code__"));
    Asm_Global(&a, "f");
    Asm_Emit(&a, RT_OP_STORE_ATTR, Asm_Name(&a, "__code__"));
    Asm_Global(&a, "f");
    Asm_Emit(&a, RT_OP_CALL, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    EXPECT_INT(Asm_Run(&a, NULL), 2);
}

// def down(n): return 0 if n == 0 else down(n - 1)
static RtObject *
run_down(int64_t depth, int nlocals)
{
    Asm f;
    Asm_Init(&f, "down", 1, nlocals);
    Asm_Emit(&f, RT_OP_LOAD_FAST, 0);
    uint32_t zero = Asm_Emit(&f, RT_OP_POP_JUMP_IF_FALSE, 0);
    Asm_Global(&f, "down");
    Asm_Emit(&f, RT_OP_LOAD_FAST, 0);
    Asm_LoadInt(&f, 1);
    Asm_Emit(&f, RT_OP_BINARY_OP, RT_NB_SUBTRACT);
    Asm_Emit(&f, RT_OP_CALL, 1);
    Asm_Emit(&f, RT_OP_RETURN_VALUE, 0);
    Asm_Land(&f, zero);
    Asm_LoadInt(&f, 0);
    Asm_Emit(&f, RT_OP_RETURN_VALUE, 0);
    Asm a;
    Asm_Init(&a, "m", 0, 0);
    Asm_Function(&a, Asm_Finish(&f), "down");
    Asm_Global(&a, "down");
    Asm_LoadInt(&a, depth);
    Asm_Emit(&a, RT_OP_CALL, 1);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    return Asm_Run(&a, NULL);
}

static void
test_recursion(RtThreadState *tstate)
{
    EXPECT_INT(run_down(RT_RECURSION_LIMIT - 2, 1), 0);
    EXPECT_ERROR(run_down(RT_RECURSION_LIMIT - 1, 1),
                 "RecursionError: maximum recursion depth exceeded");
    EXPECT_ERROR(run_down(100000, RT_CODE_MAX_LOCALS),
                 "RecursionError: maximum recursion depth exceeded");
    CHECK(tstate->recursion_remaining == RT_RECURSION_LIMIT);
    CHECK(tstate->current_frame == NULL);
}

static uint32_t line_seen;

static RtObject *
see_line(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    line_seen = RtFrame_GetLine(RtThreadState_Get()->current_frame);
    return Rt_NewRef(Rt_None);
}

static RtMethodDef see_line_def = { "see_line", see_line, 0, 0 };

static void
test_lines(void)
{
    Asm a;
    Asm_Init(&a, "m", 0, 0);
    Asm_Emit(&a, RT_OP_NOP, 0);
    Asm_Emit(&a, RT_OP_LOAD_CONST,
             Asm_Const(&a, RtCFunction_New(&see_line_def, NULL)));
    Asm_Emit(&a, RT_OP_NOP, 0);
    Asm_Emit(&a, RT_OP_CALL, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    RtObject *result = Asm_Run(&a, NULL);
    CHECK(result == Rt_None);
    CHECK(line_seen == 4);
}

static void
test_disassemble(void)
{
    RtObject *code = make_fib();
    char *text = RtCode_Disassemble(code);
    CHECK(text != NULL);
    CHECK(strstr(text, "fib: 1 locals, 1 arguments, stack 4") != NULL);
    CHECK(strstr(text, "LOAD_GLOBAL        0 (fib)") != NULL);
    CHECK(strstr(text, "POP_JUMP_IF_FALSE  6 (to 6)") != NULL);
    CHECK(strstr(text, "BINARY_OP          0 (+)") != NULL);
    free(text);
    Rt_DECREF(code);
}

// Every allocation of a program fails in turn: an exception, nothing else.
static void
test_out_of_memory(void)
{
    for (int64_t n = 1;; n++) {
        CHECK(n < 1000);
        Asm a;
        Asm_Init(&a, "m", 0, 0);
        emit_instance(&a);
        Asm_Global(&a, "o");
        Asm_Emit(&a, RT_OP_LOAD_METHOD, Asm_Name(&a, "add"));
        Asm_LoadInt(&a, 1000);
        Asm_Emit(&a, RT_OP_CALL_METHOD, 1);
        Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
        RtObject *code = Asm_Finish(&a);
        RtObject *globals = RtDict_New();
        CHECK(globals != NULL);
        RtMem_FailAllocation(n);
        RtObject *result = RtEval_EvalCode(code, globals);
        RtMem_FailAllocation(0);
        CHECK((result == NULL) == (RtErr_Occurred() != NULL));
        bool done = result != NULL;
        if (!done) {
            CHECK(RtErr_ExceptionMatches(&RtExc_MemoryError));
            RtErr_Clear();
        }
        Rt_XDECREF(result);
        Rt_DECREF(globals);
        Rt_DECREF(code);
        if (done) {
            break;
        }
    }
}

int
main(void)
{
    CHECK(RtRuntime_Initialize() == 0);
    for (int round = 0; round < 2; round++) {
        ssize_t blocks = RtMem_LiveBlocks();
        RtThreadState *tstate = RtRuntime_Start();
        CHECK(tstate != NULL);
        test_arithmetic();
        test_loop();
        test_calls();
        test_names();
        test_try();
        test_reraise();
        test_containers();
        test_booleans();
        test_methods();
        test_set_code();
        test_recursion(tstate);
        test_lines();
        test_disassemble();
        test_out_of_memory();
        CHECK(RtErr_Occurred() == NULL);
        CHECK(RtRuntime_Finish(tstate) == 0);
        CHECK(RtMem_LiveBlocks() == blocks);
    }
    return 0;
}

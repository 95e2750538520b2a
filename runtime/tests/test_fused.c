// test_fused.c: sequences of instructions that one handler does give what the
// instructions give one by one; ints of locals that have no object.

#include "sequences.h"

// The same value of the same type, or the same exception. Consumes both.
static void
expect_same(RtObject *got, RtObject *got_exc, RtObject *wanted,
            RtObject *wanted_exc)
{
    CHECK((got == NULL) == (wanted == NULL));
    if (got == NULL) {
        CHECK(Rt_TYPE(got_exc) == Rt_TYPE(wanted_exc));
        Rt_DECREF(got_exc);
        Rt_DECREF(wanted_exc);
        return;
    }
    CHECK(Rt_TYPE(got) == Rt_TYPE(wanted));
    CHECK(RtObject_RichCompareBool(got, wanted, RT_EQ) == 1);
    Rt_DECREF(got);
    Rt_DECREF(wanted);
}

// ---------------------------------------------------------------------------
// Ints.

enum { VALUES = 18, FORMS = 8 };

static void
make_values(RtObject *values[VALUES])
{
    const int64_t numbers[] = {
        0, 1, -1, -5, -6, 256, 257, 1000, INT64_MAX, INT64_MIN, 1 << 30,
        // The largest and smallest that need no object, and their neighbours.
        (INT64_C(1) << 61) - 1, INT64_C(1) << 61, -(INT64_C(1) << 61),
        -(INT64_C(1) << 61) - 1,
    };
    int n = 0;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        values[n++] = Int(numbers[i]);
    }
    values[n++] = Rt_True;
    values[n++] = Str("text");
    values[n++] = Rt_None;
    CHECK(n == VALUES);
}

// a op b: stored and read, pushed and stored, with a constant on the right.
static RtObject *
make_binary(int form, RtBinaryOp op, RtObject *right, RtObject *globals)
{
    Asm a;
    begin(&a, 4);
    local(&a, RT_OP_LOAD_FAST, 0);
    if ((form & 1) == 0) {
        local(&a, RT_OP_LOAD_FAST, 1);
    }
    else {
        Asm_Emit(&a, RT_OP_LOAD_CONST, Asm_Const(&a, Rt_NewRef(right)));
    }
    if ((form & 2) != 0) {
        Asm_Emit(&a, RT_OP_NOP, 0);     // what follows is a sequence too
    }
    Asm_Emit(&a, (form & 4) != 0 ? RT_OP_INPLACE_OP : RT_OP_BINARY_OP, op);
    local(&a, RT_OP_STORE_FAST, (form & 1) != 0 ? 3 : 0);
    local(&a, RT_OP_LOAD_FAST, (form & 1) != 0 ? 3 : 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    return finish(&a, globals);
}

static void
test_binary(RtObject *globals)
{
    RtObject *values[VALUES];
    make_values(values);
    const RtBinaryOp ops[] = {
        RT_NB_ADD, RT_NB_SUBTRACT, RT_NB_MULTIPLY, RT_NB_FLOOR_DIVIDE,
        RT_NB_REMAINDER, RT_NB_AND, RT_NB_OR, RT_NB_XOR,
    };
    for (size_t at = 0; at < sizeof(ops) / sizeof(ops[0]); at++) {
        RtBinaryOp op = ops[at];
        for (int k = 0; k < FORMS * VALUES; k++) {
            RtObject *y = values[k / FORMS];
            RtObject *func = make_binary(k % FORMS, op, y, globals);
            for (int i = 0; i < VALUES; i++) {
                RtObject *wanted =
                    RtNumber_BinaryOp(values[i], y, op);
                RtObject *wanted_exc = RtErr_GetRaisedException();
                RtObject *got = call(func, values[i], y, NULL);
                RtObject *got_exc = RtErr_GetRaisedException();
                expect_same(got, got_exc, wanted, wanted_exc);
            }
            Rt_DECREF(func);
        }
    }
    for (int i = 0; i < VALUES; i++) {
        Rt_DECREF(values[i]);
    }
}

// return 1 if a op b else 0, with either jump.
static RtObject *
make_compare(bool if_true, int op, RtObject *right, RtObject *globals)
{
    Asm a;
    begin(&a, 3);
    local(&a, RT_OP_LOAD_FAST, 0);
    if (right == NULL) {
        local(&a, RT_OP_LOAD_FAST, 1);
    }
    else {
        Asm_Emit(&a, RT_OP_LOAD_CONST, Asm_Const(&a, Rt_NewRef(right)));
    }
    Asm_Emit(&a, RT_OP_COMPARE_OP, (uint32_t)op);
    uint32_t jump = Asm_Emit(
        &a, if_true ? RT_OP_POP_JUMP_IF_TRUE : RT_OP_POP_JUMP_IF_FALSE, 0);
    Asm_LoadInt(&a, !if_true);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    Asm_Land(&a, jump);
    Asm_LoadInt(&a, if_true);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    return finish(&a, globals);
}

static void
test_compare(RtObject *globals)
{
    RtObject *values[VALUES];
    make_values(values);
    for (int k = 0; k < 6 * 4 * VALUES; k++) {
        int op = k % 6;
        RtObject *y = values[k / 24];
        RtObject *func = make_compare((k / 6 & 1) != 0, op,
                                      (k / 12 & 1) != 0 ? y : NULL, globals);
        for (int i = 0; i < VALUES; i++) {
            int wanted = RtObject_RichCompareBool(values[i], y, op);
            RtObject *wanted_exc = RtErr_GetRaisedException();
            RtObject *got = call(func, values[i], y, NULL);
            RtObject *got_exc = RtErr_GetRaisedException();
            RtObject *truth = wanted < 0 ? NULL : Int(wanted);
            if (Rt_TYPE(values[i]) == Rt_TYPE(y) || op == RT_EQ) {
                expect_same(got, got_exc, truth, wanted_exc);
            }
            else {
                CHECK((got == NULL) == (truth == NULL));
                Rt_XDECREF(got);
                Rt_XDECREF(got_exc);
                Rt_XDECREF(truth);
                Rt_XDECREF(wanted_exc);
            }
        }
        Rt_DECREF(func);
    }
    for (int i = 0; i < VALUES; i++) {
        Rt_DECREF(values[i]);
    }
}

// x = a; a = a + 1000; return (x, a): an int that two locals have keeps its
// value.
static void
test_not_in_place(RtObject *globals)
{
    Asm a;
    begin(&a, 4);
    local(&a, RT_OP_LOAD_FAST, 0);
    Asm_LoadInt(&a, 5000);
    Asm_Emit(&a, RT_OP_BINARY_OP, RT_NB_ADD);
    local(&a, RT_OP_STORE_FAST, 0);
    local(&a, RT_OP_LOAD_FAST, 0);
    local(&a, RT_OP_STORE_FAST, 3);
    for (int i = 0; i < 2; i++) {
        local(&a, RT_OP_LOAD_FAST, 0);
        Asm_LoadInt(&a, 1000);
        Asm_Emit(&a, RT_OP_BINARY_OP, RT_NB_ADD);
        local(&a, RT_OP_STORE_FAST, 0);
    }
    local(&a, RT_OP_LOAD_FAST, 3);
    local(&a, RT_OP_LOAD_FAST, 0);
    Asm_Emit(&a, RT_OP_BUILD_TUPLE, 2);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    RtObject *func = finish(&a, globals);
    for (int i = 0; i < 3; i++) {
        RtObject *start = Int(300);
        expect_repr(call(func, start, NULL, NULL), "(5300, 7300)");
        Rt_DECREF(start);
    }
    Rt_DECREF(func);
}

// for i in a: b[i - 1000] = i: numbers that are kept stay what they are.
static void
test_range(RtObject *globals)
{
    Asm a;
    begin(&a, 5);
    local(&a, RT_OP_LOAD_FAST, 0);
    Asm_Emit(&a, RT_OP_GET_ITER, 0);
    uint32_t top = Asm_Emit(&a, RT_OP_FOR_ITER, 0);
    local(&a, RT_OP_STORE_FAST, 3);
    local(&a, RT_OP_LOAD_FAST, 3);
    Asm_LoadInt(&a, 1000);
    Asm_Emit(&a, RT_OP_BINARY_OP, RT_NB_SUBTRACT);
    local(&a, RT_OP_STORE_FAST, 4);
    local(&a, RT_OP_LOAD_FAST, 3);
    local(&a, RT_OP_LOAD_FAST, 1);
    local(&a, RT_OP_LOAD_FAST, 4);
    Asm_Emit(&a, RT_OP_STORE_SUBSCR, 0);
    Asm_Emit(&a, RT_OP_JUMP_BACKWARD, top);
    Asm_Land(&a, top);
    local(&a, RT_OP_LOAD_FAST, 1);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    RtObject *func = finish(&a, globals);
    RtObject *args[2] = { Int(1000), Int(1005) };
    RtObject *range = RtObject_Vectorcall((RtObject *)&RtRange_Type, args, 2);
    RtObject *list = list_of_ints(5);
    expect_repr(call(func, range, list, NULL),
                "[1000, 1001, 1002, 1003, 1004]");
    RtObject *numbers = RtList_New(0);
    for (int i = 0; i < 3; i++) {
        CHECK(RtList_Append(numbers, args[i % 2]) == 0);
    }
    CHECK(call(func, numbers, list, NULL) == NULL);
    CHECK(RtErr_ExceptionMatches(&RtExc_IndexError));   // 1005 - 1000
    RtErr_Clear();
    Rt_DECREF(numbers);
    Rt_DECREF(list);
    Rt_DECREF(range);
    Rt_DECREF(args[0]);
    Rt_DECREF(args[1]);
    Rt_DECREF(func);
}

// c = a * b; c = c + 1; then the local is deleted, kept by a generator over a
// collection, or read by what needs an object.
static void
begin_with_int(Asm *a)
{
    begin(a, 4);
    local(a, RT_OP_LOAD_FAST, 0);
    local(a, RT_OP_LOAD_FAST, 1);
    Asm_Emit(a, RT_OP_BINARY_OP, RT_NB_MULTIPLY);
    local(a, RT_OP_STORE_FAST, 3);
    local(a, RT_OP_LOAD_FAST, 3);
    Asm_LoadInt(a, 1);
    Asm_Emit(a, RT_OP_BINARY_OP, RT_NB_ADD);
    local(a, RT_OP_STORE_FAST, 3);
}

static void
test_int_locals(RtObject *globals)
{
    RtObject *x = Int(1000);
    Asm a;
    begin_with_int(&a);
    Asm_Emit(&a, RT_OP_DELETE_FAST, 3);
    local(&a, RT_OP_LOAD_FAST, 3);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    RtObject *func = finish(&a, globals);
    CHECK(call(func, x, x, NULL) == NULL);
    CHECK(RtErr_ExceptionMatches(&RtExc_NameError));
    RtErr_Clear();
    Rt_DECREF(func);

    // Twice the same object, which is an int like others.
    begin_with_int(&a);
    local(&a, RT_OP_LOAD_FAST, 3);
    local(&a, RT_OP_LOAD_FAST, 3);
    Asm_Emit(&a, RT_OP_IS_OP, 0);
    local(&a, RT_OP_LOAD_FAST, 3);
    Asm_Emit(&a, RT_OP_BUILD_TUPLE, 2);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    func = finish(&a, globals);
    expect_repr(call(func, x, x, NULL), "(True, 1000001)");
    Rt_DECREF(func);

    begin_with_int(&a);
    a.flags = RT_CO_GENERATOR;
    local(&a, RT_OP_LOAD_FAST, 2);
    Asm_Emit(&a, RT_OP_YIELD_VALUE, 0);
    Asm_Emit(&a, RT_OP_POP_TOP, 0);
    local(&a, RT_OP_LOAD_FAST, 3);
    Asm_Emit(&a, RT_OP_YIELD_VALUE, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    func = finish(&a, globals);
    for (int whole = 0; whole < 2; whole++) {
        RtObject *gen = call(func, x, x, NULL);
        CHECK(RtIter_Next(gen) == Rt_None);
        CHECK(RtGC_Collect(RtThreadState_Get(), 2) >= 0);
        if (whole) {
            RtObject *value = RtIter_Next(gen);
            CHECK(value != NULL && RtLong_AsInt64(value) == 1000001);
            Rt_DECREF(value);
        }
        Rt_DECREF(gen);
    }
    Rt_DECREF(func);
    Rt_DECREF(x);
}

static void
test_unset_locals(RtObject *globals)
{
    const RtOpcode ops[] = {
        RT_OP_BINARY_OP, RT_OP_BINARY_SUBSCR, RT_OP_COMPARE_OP,
    };
    for (int i = 0; i < 3; i++) {
        for (uint32_t unset = 0; unset < 2; unset++) {
            Asm a;
            begin(&a, 3);
            Asm_Emit(&a, RT_OP_DELETE_FAST, unset);
            local(&a, RT_OP_LOAD_FAST, 0);
            local(&a, RT_OP_LOAD_FAST, 1);
            Asm_Emit(&a, ops[i], 0);
            local(&a, RT_OP_STORE_FAST, 2);
            local(&a, RT_OP_LOAD_FAST, 2);
            Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
            RtObject *func = finish(&a, globals);
            RtObject *x = Int(1000);
            CHECK(call(func, x, x, NULL) == NULL);
            CHECK(RtErr_ExceptionMatches(&RtExc_NameError));
            RtErr_Clear();
            Rt_DECREF(x);
            Rt_DECREF(func);
        }
    }
}

static void
tests(RtThreadState *tstate, RtObject *globals)
{
    (void)tstate;
    test_binary(globals);
    test_compare(globals);
    test_not_in_place(globals);
    test_range(globals);
    test_unset_locals(globals);
    test_int_locals(globals);
}

int
main(void)
{
    return run_twice(tests);
}

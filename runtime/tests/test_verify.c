// test_verify.c: no damaged code gets past the verifier, and what it accepts
// cannot crash the interpreter.

#include "asm.h"

static void
expect(const RtCodeSpec *spec, const char *message, int line)
{
    char why[200] = "";
    int depth = RtCode_Verify(spec, why, sizeof(why));
    bool ok = message == NULL ? depth >= 0
                              : depth < 0 && strstr(why, message) != NULL;
    if (!ok) {
        fprintf(stderr, "%s:%d: depth %d, \"%s\"; expected \"%s\"\n",
                __FILE__, line, depth, why, message == NULL ? "" : message);
        exit(1);
    }
}

// Verifies what `a` holds; message NULL: it must be accepted.
static void
check_asm(Asm *a, const char *message, int line)
{
    RtCodeSpec spec = Asm_Spec(a);
    expect(&spec, message, line);
    Asm_FreeSpec(&spec);
    Asm_Fini(a);
}
#define REJECTED(a, message) check_asm((a), (message), __LINE__)
#define ACCEPTED(a) check_asm((a), NULL, __LINE__)

static void
test_operands(void)
{
    Asm a;
    Asm_Init(&a, "f", 0, 0);
    REJECTED(&a, "no instructions");

    Asm_Init(&a, "f", 0, 0);
    Asm_LoadNone(&a);
    REJECTED(&a, "instruction 0 (LOAD_CONST): runs off the end");

    Asm_Init(&a, "f", 0, 0);
    Asm_Emit(&a, RT_OP_LOAD_CONST, 1);
    REJECTED(&a, "constant 1 does not exist");

    Asm_Init(&a, "f", 0, 0);
    Asm_Emit(&a, RT_OP_LOAD_GLOBAL, 0);
    REJECTED(&a, "name 0 does not exist");

    Asm_Init(&a, "f", 0, 2);
    Asm_Emit(&a, RT_OP_LOAD_FAST, 2);
    REJECTED(&a, "local 2 is not below 2");

    Asm_Init(&a, "f", 3, 2);
    Asm_LoadNone(&a);
    REJECTED(&a, "bad number of arguments");

    Asm_Init(&a, "f", 0, 0);
    Asm_Emit(&a, RT_OP_COUNT, 0);
    REJECTED(&a, "unknown opcode");

    Asm_Init(&a, "f", 0, 0);
    Asm_Emit(&a, (RtOpcode)255, 0);
    REJECTED(&a, "instruction 0 (?): unknown opcode 255");

    Asm_Init(&a, "f", 0, 0);
    Asm_Emit(&a, RT_OP_NOP, 1);
    REJECTED(&a, "unused argument 1");

    Asm_Init(&a, "f", 0, 0);
    Asm_Emit(&a, RT_OP_MAKE_FUNCTION, Asm_Const(&a, Rt_NewRef(Rt_None)));
    REJECTED(&a, "constant 0 is not code");

    Asm_Init(&a, "f", 0, 0);
    a.names[a.nnames++] = RtLong_FromInt64(7);
    Asm_Emit(&a, RT_OP_LOAD_GLOBAL, 0);
    REJECTED(&a, "name 0 is not a str");

    Asm_Init(&a, "f", 0, 0);
    Asm_LoadInt(&a, 1);
    Asm_LoadInt(&a, 1);
    Asm_Emit(&a, RT_OP_BINARY_OP, RT_NB_COUNT);
    REJECTED(&a, "operation 13");

    Asm_Init(&a, "f", 0, 0);
    Asm_Emit(&a, RT_OP_COMPARE_OP, RT_GE + 1);
    REJECTED(&a, "comparison 6");
}

static void
test_counts(void)
{
    Asm a;
    Asm_Init(&a, "f", 0, 0);
    Asm_Emit(&a, RT_OP_RAISE, 3);
    REJECTED(&a, "count 3");

    Asm_Init(&a, "f", 0, 0);
    Asm_Emit(&a, RT_OP_COPY_AT, 0);
    REJECTED(&a, "count 0 is below 1");

    Asm_Init(&a, "f", 0, 0);
    Asm_Emit(&a, RT_OP_BUILD_SLICE, 4);
    REJECTED(&a, "count 4");

    Asm_Init(&a, "f", 0, 0);
    Asm_LoadInt(&a, 1);
    Asm_Emit(&a, RT_OP_UNPACK_EX, 0xffff);
    Asm_Emit(&a, RT_OP_LIST_APPEND, 513);
    REJECTED(&a, "instruction 2 (LIST_APPEND): pops 514 of 511 items");
}

static void
test_jumps(void)
{
    Asm a;
    Asm_Init(&a, "f", 0, 0);
    Asm_Emit(&a, RT_OP_JUMP_FORWARD, 9);
    REJECTED(&a, "target 9 is outside");

    Asm_Init(&a, "f", 0, 0);
    Asm_Emit(&a, RT_OP_NOP, 0);
    Asm_Emit(&a, RT_OP_JUMP_FORWARD, 0);
    REJECTED(&a, "instruction 1 (JUMP_FORWARD): target 0 is in the wrong");

    Asm_Init(&a, "f", 0, 0);
    Asm_Emit(&a, RT_OP_JUMP_FORWARD, 0);
    REJECTED(&a, "wrong direction");

    Asm_Init(&a, "f", 0, 0);
    Asm_Emit(&a, RT_OP_JUMP_BACKWARD, 0);
    ACCEPTED(&a);

    Asm_Init(&a, "f", 0, 0);
    Asm_Emit(&a, RT_OP_JUMP_BACKWARD, 1);
    REJECTED(&a, "outside");

    // A loop that leaves an item on the stack each time.
    Asm_Init(&a, "f", 0, 0);
    Asm_LoadNone(&a);
    Asm_Emit(&a, RT_OP_JUMP_BACKWARD, 0);
    REJECTED(&a, "is reached with stack depth 0 and 1");

    // Two ways to one place with different depths.
    Asm_Init(&a, "f", 1, 1);
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    uint32_t jump = Asm_Emit(&a, RT_OP_POP_JUMP_IF_FALSE, 0);
    Asm_LoadNone(&a);
    Asm_Land(&a, jump);
    Asm_LoadNone(&a);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    REJECTED(&a, "instruction 3 is reached with stack depth");
}

// Loops of jumps that do not check: endless ones are refused, however long.
static void
test_unchecked_loops(void)
{
    Asm a;
    Asm_Init(&a, "f", 0, 0);
    Asm_Emit(&a, RT_OP_JUMP_BACKWARD_NO_INTERRUPT, 0);
    REJECTED(&a, "instruction 0 (JUMP_BACKWARD_NO_INTERRUPT): a loop that");

    // Two of them, one inside the other's way, and a way out that is not
    // taken.
    Asm_Init(&a, "f", 1, 1);
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    uint32_t out = Asm_Emit(&a, RT_OP_POP_JUMP_IF_FALSE, 0);
    uint32_t over = Asm_Emit(&a, RT_OP_JUMP_FORWARD, 4);
    Asm_Emit(&a, RT_OP_JUMP_BACKWARD_NO_INTERRUPT, 0);
    Asm_Land(&a, over);
    Asm_Emit(&a, RT_OP_JUMP_BACKWARD_NO_INTERRUPT, 3);
    Asm_Land(&a, out);
    Asm_LoadNone(&a);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    REJECTED(&a, "a loop that never passes the eval breaker");

    // The same with a check on its way.
    Asm_Init(&a, "f", 1, 1);
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    Asm_Emit(&a, RT_OP_CALL, 0);
    Asm_Emit(&a, RT_OP_POP_TOP, 0);
    Asm_Emit(&a, RT_OP_JUMP_BACKWARD_NO_INTERRUPT, 0);
    ACCEPTED(&a);

    // A call that raises has not checked: its handler goes round.
    Asm_Init(&a, "f", 1, 1);
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    Asm_Emit(&a, RT_OP_CALL, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    Asm_Except(&a, 0, 3, 0);
    Asm_Emit(&a, RT_OP_POP_TOP, 0);
    Asm_Emit(&a, RT_OP_JUMP_BACKWARD_NO_INTERRUPT, 0);
    REJECTED(&a, "a loop that never passes the eval breaker");

    // Out of a handler, to what follows its range: no loop.
    Asm_Init(&a, "f", 1, 1);
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    Asm_Emit(&a, RT_OP_POP_TOP, 0);
    Asm_LoadNone(&a);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    Asm_Except(&a, 0, 2, 0);
    Asm_Emit(&a, RT_OP_POP_TOP, 0);
    Asm_Emit(&a, RT_OP_JUMP_BACKWARD_NO_INTERRUPT, 2);
    ACCEPTED(&a);
}

static void
test_stack(void)
{
    Asm a;
    Asm_Init(&a, "f", 0, 0);
    Asm_Emit(&a, RT_OP_POP_TOP, 0);
    REJECTED(&a, "instruction 0 (POP_TOP): pops 1 of 0 items");

    Asm_Init(&a, "f", 0, 0);
    Asm_LoadNone(&a);
    Asm_Emit(&a, RT_OP_CALL, 1);
    REJECTED(&a, "pops 2 of 1 items");

    Asm_Init(&a, "f", 0, 0);
    Asm_LoadNone(&a);
    Asm_Emit(&a, RT_OP_BUILD_MAP, RT_CODE_MAX_STACK);
    REJECTED(&a, "pops 2048 of 1 items");

    Asm_Init(&a, "f", 0, 0);
    Asm_LoadNone(&a);
    Asm_Emit(&a, RT_OP_UNPACK_SEQUENCE, RT_CODE_MAX_STACK + 1);
    REJECTED(&a, "count 1025");

    Asm_Init(&a, "f", 0, 0);
    Asm_LoadNone(&a);
    Asm_Emit(&a, RT_OP_COPY, 0);
    Asm_Emit(&a, RT_OP_UNPACK_SEQUENCE, RT_CODE_MAX_STACK);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    REJECTED(&a, "the stack grows beyond 1024");

    Asm_Init(&a, "f", 0, 0);
    Asm_Emit(&a, RT_OP_PUSH_EXC_INFO, 0);
    REJECTED(&a, "the stack is empty");

    // Not reached, so the stack does not matter; operands still do.
    Asm_Init(&a, "f", 0, 0);
    Asm_LoadNone(&a);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    Asm_Emit(&a, RT_OP_POP_TOP, 0);
    ACCEPTED(&a);
    Asm_Init(&a, "f", 0, 0);
    Asm_LoadNone(&a);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    REJECTED(&a, "instruction 2 (LOAD_FAST): local 0");
}

// The slot that LOAD_METHOD may leave NULL.
static void
test_method_slots(void)
{
    static const RtOpcode users[] = {
        RT_OP_POP_TOP, RT_OP_COPY, RT_OP_SWAP, RT_OP_RETURN_VALUE,
        RT_OP_IS_OP, RT_OP_LOAD_ATTR, RT_OP_UNARY_NOT, RT_OP_PUSH_EXC_INFO,
        RT_OP_CALL, RT_OP_GET_ITER, RT_OP_LOAD_METHOD,
    };
    Asm a;
    for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
        Asm_Init(&a, "f", 0, 0);
        Asm_LoadNone(&a);
        Asm_Emit(&a, RT_OP_LOAD_METHOD, Asm_Name(&a, "x"));
        Asm_Emit(&a, users[i], 0);
        REJECTED(&a, "uses the self slot of a method");
    }
    Asm_Init(&a, "f", 0, 0);
    Asm_LoadNone(&a);
    Asm_Emit(&a, RT_OP_LOAD_METHOD, Asm_Name(&a, "x"));
    Asm_LoadNone(&a);
    Asm_Emit(&a, RT_OP_CALL_METHOD, 0);
    REJECTED(&a, "uses the self slot of a method");

    Asm_Init(&a, "f", 0, 0);
    Asm_LoadNone(&a);
    Asm_Emit(&a, RT_OP_LOAD_METHOD, Asm_Name(&a, "x"));
    Asm_LoadNone(&a);
    Asm_Emit(&a, RT_OP_LOAD_METHOD, Asm_Name(&a, "y"));
    Asm_Emit(&a, RT_OP_CALL_METHOD, 0);
    Asm_Emit(&a, RT_OP_CALL_METHOD, 1);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    ACCEPTED(&a);

    // One branch leaves a method, the other two plain items.
    Asm_Init(&a, "f", 0, 0);
    Asm_LoadNone(&a);
    Asm_Emit(&a, RT_OP_COPY, 0);
    uint32_t jump = Asm_Emit(&a, RT_OP_POP_JUMP_IF_TRUE, 0);
    Asm_Emit(&a, RT_OP_LOAD_METHOD, Asm_Name(&a, "x"));
    uint32_t over = Asm_Emit(&a, RT_OP_JUMP_FORWARD, 0);
    Asm_Land(&a, jump);
    Asm_LoadNone(&a);
    Asm_Land(&a, over);
    Asm_Emit(&a, RT_OP_CALL_METHOD, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    REJECTED(&a, "different method slots");
}

static void
test_exceptions(void)
{
    Asm a;
    RtExceptionEntry bad[] = {
        { 0, 0, 2, 0 }, { 1, 0, 2, 0 }, { 0, 9, 2, 0 }, { 0, 1, 9, 0 },
        { 0, 2, 1, 0 }, { 0, 1, 2, RT_CODE_MAX_STACK },
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        Asm_Init(&a, "f", 0, 0);
        Asm_Global(&a, "x");
        Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
        Asm_Emit(&a, RT_OP_RERAISE, 0);
        a.exceptions[a.nexceptions++] = bad[i];
        REJECTED(&a, "exception entry 0");
    }
    // The handler would need an item that is not there.
    Asm_Init(&a, "f", 0, 0);
    Asm_Global(&a, "x");
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    Asm_Except(&a, 0, 1, 1);
    Asm_Emit(&a, RT_OP_RERAISE, 0);
    REJECTED(&a, "may raise with 0 items on the stack");

    // Handler with depth + 1.
    Asm_Init(&a, "f", 0, 0);
    Asm_Global(&a, "x");
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    Asm_Except(&a, 0, 1, 0);
    Asm_Emit(&a, RT_OP_POP_TOP, 0);
    Asm_Emit(&a, RT_OP_POP_TOP, 0);
    REJECTED(&a, "instruction 3 (POP_TOP): pops 1 of 0 items");
}

// ---------------------------------------------------------------------------
// Random damage.

static uint64_t random_state = 1;

static uint32_t
below(uint32_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 20) % bound;
}

// f(x): return x + 1
static RtObject *
make_helper(void)
{
    Asm a;
    Asm_Init(&a, "helper", 1, 1);
    Asm_Emit(&a, RT_OP_LOAD_FAST, 0);
    Asm_LoadInt(&a, 1);
    Asm_Emit(&a, RT_OP_BINARY_OP, RT_NB_ADD);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    return Asm_Finish(&a);
}

// Something of everything: a call in a try, a method, a loop, containers.
static void
make_template(Asm *a, unsigned kind)
{
    Asm_Init(a, "mutant", 0, 3);
    Asm_Function(a, make_helper(), "helper");
    Asm_LoadInt(a, 2);
    Asm_LoadStr(a, "ab");
    Asm_Emit(a, RT_OP_BUILD_LIST, 2);
    Asm_Emit(a, RT_OP_STORE_FAST, 0);
    if (kind == 0) {
        uint32_t start = a->n;
        Asm_Global(a, "helper");
        Asm_Emit(a, RT_OP_LOAD_FAST, 0);
        Asm_Emit(a, RT_OP_CALL, 1);
        Asm_Emit(a, RT_OP_STORE_FAST, 1);
        uint32_t end = a->n;
        uint32_t over = Asm_Emit(a, RT_OP_JUMP_FORWARD, 0);
        Asm_Except(a, start, end, 0);
        Asm_Emit(a, RT_OP_PUSH_EXC_INFO, 0);
        Asm_Global(a, "TypeError");
        Asm_Emit(a, RT_OP_CHECK_EXC_MATCH, 0);
        uint32_t no = Asm_Emit(a, RT_OP_POP_JUMP_IF_FALSE, 0);
        Asm_Emit(a, RT_OP_POP_EXCEPT, 0);
        uint32_t done = Asm_Emit(a, RT_OP_JUMP_FORWARD, 0);
        Asm_Land(a, no);
        Asm_Emit(a, RT_OP_RERAISE, 0);
        Asm_Land(a, over);
        Asm_Land(a, done);
    }
    else if (kind == 1) {
        Asm_Emit(a, RT_OP_LOAD_FAST, 0);
        Asm_Emit(a, RT_OP_LOAD_METHOD, Asm_Name(a, "append"));
        Asm_Global(a, "len");
        Asm_Emit(a, RT_OP_LOAD_FAST, 0);
        Asm_Emit(a, RT_OP_CALL, 1);
        Asm_Emit(a, RT_OP_CALL_METHOD, 1);
        Asm_Emit(a, RT_OP_POP_TOP, 0);
        Asm_Emit(a, RT_OP_LOAD_FAST, 0);
        Asm_Emit(a, RT_OP_UNPACK_SEQUENCE, 3);
        Asm_Emit(a, RT_OP_SWAP, 0);
        Asm_Emit(a, RT_OP_BUILD_TUPLE, 3);
        Asm_Emit(a, RT_OP_STORE_GLOBAL, Asm_Name(a, "t"));
    }
    else {
        Asm_Emit(a, RT_OP_LOAD_FAST, 0);
        Asm_Emit(a, RT_OP_GET_ITER, 0);
        uint32_t top = a->n;
        uint32_t next = Asm_Emit(a, RT_OP_FOR_ITER, 0);
        Asm_Emit(a, RT_OP_STORE_FAST, 2);
        Asm_Emit(a, RT_OP_LOAD_FAST, 2);
        Asm_LoadInt(a, 3);
        Asm_Emit(a, RT_OP_COMPARE_OP, RT_EQ);
        uint32_t skip = Asm_Emit(a, RT_OP_POP_JUMP_IF_TRUE, 0);
        Asm_Emit(a, RT_OP_JUMP_BACKWARD, top);
        Asm_Land(a, skip);
        Asm_Emit(a, RT_OP_JUMP_BACKWARD, top);
        Asm_Land(a, next);
        Asm_LoadStr(a, "k");
        Asm_LoadInt(a, 1);
        Asm_Emit(a, RT_OP_BUILD_MAP, 1);
        Asm_LoadStr(a, "k");
        Asm_Emit(a, RT_OP_BINARY_SUBSCR, 0);
        Asm_Emit(a, RT_OP_RAISE, 1);
    }
    Asm_LoadNone(a);
    Asm_Emit(a, RT_OP_RETURN_VALUE, 0);
}

static void
mutate(RtInstruction *code, size_t n, RtExceptionEntry *exceptions,
       size_t nexceptions)
{
    uint32_t count = 1 + below(4);
    while (count-- > 0) {
        uint32_t i = below((uint32_t)n);
        RtOpcode op = RtInstruction_Opcode(code[i]);
        switch (below(8)) {
        case 0:
            code[i] = RtInstruction_Make((RtOpcode)below(RT_OP_COUNT + 1),
                                         RtInstruction_Arg(code[i]));
            break;
        case 1:
            code[i] = RtInstruction_Make((RtOpcode)below(RT_OP_COUNT), 0);
            break;
        case 2:
            code[i] = RtInstruction_Make(op, below(8));
            break;
        case 3:
            code[i] = RtInstruction_Make(op, below((uint32_t)n + 2));
            break;
        case 4:
            code[i] ^= 1u << below(32);
            break;
        case 5: {
            uint32_t j = below((uint32_t)n);
            RtInstruction other = code[j];
            code[j] = code[i];
            code[i] = other;
            break;
        }
        case 6:
            code[i] = RtInstruction_Make(RT_OP_NOP, 0);
            break;
        default:
            if (nexceptions > 0) {
                uint32_t *fields = (uint32_t *)&exceptions[0];
                fields[below(4)] = below((uint32_t)n + 2);
            }
        }
    }
}

static bool
has_backward_jump(const RtInstruction *code, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        RtOpcode op = RtInstruction_Opcode(code[i]);
        if (op == RT_OP_JUMP_BACKWARD ||
            op == RT_OP_JUMP_BACKWARD_NO_INTERRUPT) {
            return true;
        }
    }
    return false;
}

static void
run_mutant(const RtCodeSpec *spec)
{
    RtObject *code = RtCode_New(spec);
    CHECK(code != NULL);
    RtObject *globals = RtDict_New();
    CHECK(globals != NULL);
    RtObject *result = RtEval_EvalCode(code, globals);
    CHECK((result == NULL) == (RtErr_Occurred() != NULL));
    RtErr_Clear();
    Rt_XDECREF(result);
    Rt_DECREF(globals);
    Rt_DECREF(code);
}

static void
test_mutants(int count)
{
    Asm templates[3];
    RtCodeSpec specs[3];
    for (unsigned i = 0; i < 3; i++) {
        make_template(&templates[i], i);
        specs[i] = Asm_Spec(&templates[i]);
        expect(&specs[i], NULL, __LINE__);
    }
    int accepted = 0;
    int run = 0;
    for (int i = 0; i < count; i++) {
        RtCodeSpec spec = specs[i % 3];
        RtInstruction code[ASM_MAX];
        RtExceptionEntry exceptions[ASM_MAX_ITEMS];
        memcpy(code, spec.instructions,
               spec.ninstructions * sizeof(RtInstruction));
        memcpy(exceptions, spec.exceptions,
               spec.nexceptions * sizeof(RtExceptionEntry));
        spec.instructions = code;
        spec.exceptions = exceptions;
        mutate(code, spec.ninstructions, exceptions, spec.nexceptions);
        if (below(16) == 0) {
            spec.nlocals = (int)below(4);
        }
        char why[200] = "";
        if (RtCode_Verify(&spec, why, sizeof(why)) < 0) {
            CHECK(why[0] != '\0');
            CHECK(strchr(why, '\n') == NULL);
            continue;
        }
        accepted++;
        if (!has_backward_jump(code, spec.ninstructions)) {
            run_mutant(&spec);
            run++;
        }
    }
    CHECK(accepted > count / 100);
    CHECK(run > count / 100);
    for (unsigned i = 0; i < 3; i++) {
        Asm_FreeSpec(&specs[i]);
        Asm_Fini(&templates[i]);
    }
}

int
main(void)
{
    CHECK(RtRuntime_Initialize() == 0);
    ssize_t blocks = RtMem_LiveBlocks();
    RtThreadState *tstate = RtRuntime_Start();
    CHECK(tstate != NULL);
    test_operands();
    test_counts();
    test_jumps();
    test_unchecked_loops();
    test_stack();
    test_method_slots();
    test_exceptions();
    test_mutants(200000);
    CHECK(RtRuntime_Finish(tstate) == 0);
    CHECK(RtMem_LiveBlocks() == blocks);
    return 0;
}

// test_builtins.c: the functions that every program has.

#include "asm.h"

static char output[4096];
static size_t output_size;
static RtWorld test_world;

static void
capture_write(const char *bytes, size_t length)
{
    CHECK(output_size + length < sizeof(output));
    memcpy(output + output_size, bytes, length);
    output_size += length;
    output[output_size] = '\0';
}

static void
test_print(void)
{
    output_size = 0;
    Asm a;
    Asm_Init(&a, "m", 0, 0);
    Asm_Global(&a, "print");
    Asm_LoadStr(&a, "a");
    Asm_LoadInt(&a, 2);
    Asm_LoadNone(&a);
    Asm_LoadStr(&a, "q");
    Asm_Emit(&a, RT_OP_BUILD_LIST, 1);
    Asm_Emit(&a, RT_OP_CALL, 4);
    Asm_Emit(&a, RT_OP_POP_TOP, 0);
    Asm_Global(&a, "print");
    Asm_Emit(&a, RT_OP_CALL, 0);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    RtObject *result = Asm_Run(&a, NULL);
    CHECK(result == Rt_None);
    CHECK(strcmp(output, "a 2 None ['q']\n\n") == 0);
}

static void
test_builtins(void)
{
    Asm a;
    // isinstance(True, (str, int)) + next(iter([5])) + next(iter([]), 6)
    Asm_Init(&a, "m", 0, 0);
    Asm_Global(&a, "isinstance");
    Asm_Emit(&a, RT_OP_LOAD_CONST, Asm_Const(&a, Rt_NewRef(Rt_True)));
    Asm_Global(&a, "str");
    Asm_Global(&a, "int");
    Asm_Emit(&a, RT_OP_BUILD_TUPLE, 2);
    Asm_Emit(&a, RT_OP_CALL, 2);
    for (uint32_t n = 0; n < 2; n++) {
        Asm_Global(&a, "next");
        Asm_Global(&a, "iter");
        Asm_LoadInt(&a, 5);
        if (n == 1) {
            Asm_Emit(&a, RT_OP_POP_TOP, 0);
        }
        Asm_Emit(&a, RT_OP_BUILD_LIST, 1 - n);
        Asm_Emit(&a, RT_OP_CALL, 1);
        Asm_LoadInt(&a, 6);
        Asm_Emit(&a, RT_OP_CALL, 2);
        Asm_Emit(&a, RT_OP_BINARY_OP, RT_NB_ADD);
    }
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    EXPECT_INT(Asm_Run(&a, NULL), 12);

    Asm_Init(&a, "m", 0, 0);
    Asm_Global(&a, "next");
    Asm_Global(&a, "iter");
    Asm_LoadStr(&a, "");
    Asm_Emit(&a, RT_OP_CALL, 1);
    Asm_Emit(&a, RT_OP_CALL, 1);
    Asm_Emit(&a, RT_OP_RETURN_VALUE, 0);
    EXPECT_ERROR(Asm_Run(&a, NULL), "StopIteration");
}

int
main(void)
{
    test_world = rt_native_world;
    test_world.write = capture_write;
    RtHooks_Install(NULL, &test_world);
    CHECK(RtRuntime_Initialize() == 0);
    ssize_t blocks = RtMem_LiveBlocks();
    RtThreadState *tstate = RtRuntime_Start();
    CHECK(tstate != NULL);
    test_print();
    test_builtins();
    CHECK(RtRuntime_Finish(tstate) == 0);
    CHECK(RtMem_LiveBlocks() == blocks);
    return 0;
}

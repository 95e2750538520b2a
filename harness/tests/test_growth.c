// test_growth.c: what an operation makes, put back into what it was made of, as
// often as a program can, stays small: programs that fuzzers keep must not grow
// into strings or trees of a hundred megabytes; and what an operation is given,
// it does not walk if that could be of any size.

#include <stdio.h>
#include <sys/resource.h>

#include "../program/program_internal.h"
#include "check.h"
#include "fz_exec.h"

enum { LIST, DICT, SET, DEQUE, INSTANCE, TUPLE, NSHARED };

static const uint8_t kinds[NSHARED] = {
    FZ_SHARED_LIST, FZ_SHARED_DICT, FZ_SHARED_SET, FZ_SHARED_DEQUE,
    FZ_SHARED_INSTANCE, FZ_SHARED_TUPLE,
};

static long
peak_kb(void)
{
    struct rusage usage;
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
    return usage.ru_maxrss;
}

// Puts v0 into a container.
static FzOp
put_back(int container)
{
    switch (container) {
    case LIST:
        return (FzOp){FZ_OP_LIST_APPEND, LIST, FZ_REF_LOCAL, 0};
    case DICT:
        return (FzOp){FZ_OP_DICT_WRITE, DICT, FZ_REF_LOCAL, FZ_REF_LOCAL};
    case SET:
        return (FzOp){FZ_OP_SET_ADD, SET, FZ_REF_LOCAL, 0};
    default:
        return (FzOp){FZ_OP_DEQUE_APPEND, DEQUE, FZ_REF_LOCAL, 0};
    }
}

// What the operation works on: the container, wherever it takes one.
static uint8_t
operand(FzArg arg, int container)
{
    return arg == FZ_ARG_LOCAL ? 0
           : FzArg_IsReference(arg) ? (uint8_t)container : 1;
}

static void
fill(FzProgram *program, uint8_t op, int container)
{
    *program = (FzProgram){.nclasses = 1, .nshared = NSHARED, .nbodies = 1};
    for (int i = 0; i < NSHARED; i++) {
        program->shared[i] = (FzShared){.kind = kinds[i], .initial = 7};
    }
    FzBlockOps *body = &program->bodies[0];
    while (body->nops < FZ_MAX_OPS) {
        FzOp made = {.op = op};
        for (int k = 0; k < 3; k++) {
            *FzOp_Operand(&made, k) =
                operand(fz_op_info[op].args[k], container);
        }
        body->ops[body->nops++] = made;
        body->ops[body->nops++] = put_back(container);
    }
    FzProgram_Fixup(program);
}

// A tree of 4 to the power of 30 leaves, in 30 dicts, as the operand: nothing
// may walk it.
static void
fill_with_tree(FzProgram *program, uint8_t op)
{
    enum { DEPTH = 30, TREE = FZ_REF_LOCAL + 1 };
    *program = (FzProgram){.nclasses = 1, .nshared = NSHARED, .nbodies = 1};
    for (int i = 0; i < NSHARED; i++) {
        program->shared[i] = (FzShared){.kind = kinds[i], .initial = 4};
    }
    FzBlockOps *body = &program->bodies[0];
    while (body->nops < DEPTH) {
        body->ops[body->nops++] =
            (FzOp){FZ_OP_DICT_FROMKEYS, 1, TUPLE, TREE};
    }
    FzOp use = {.op = op};
    for (int k = 0; k < 3; k++) {
        FzArg arg = fz_op_info[op].args[k];
        bool any = arg == FZ_ARG_VALUE || arg == FZ_ARG_KEY ||
                   arg == FZ_ARG_ANY || arg == FZ_ARG_SEQ;
        *FzOp_Operand(&use, k) =
            any ? TREE : arg == FZ_ARG_DICT ? DICT : arg == FZ_ARG_SET ? SET
            : arg == FZ_ARG_DEQUE ? DEQUE : arg == FZ_ARG_INST ? INSTANCE : 0;
    }
    body->ops[body->nops++] = use;
    FzProgram_Fixup(program);
}

static void
test_trees(const FzEngineConfig *config, FzRun *run)
{
    static FzProgram program;
    for (int op = 0; op < FZ_OP_COUNT; op++) {
        if (FzOp_Opens(&(FzOp){.op = (uint8_t)op}) || op == FZ_OP_END) {
            continue;
        }
        fill_with_tree(&program, (uint8_t)op);
        FzExec_RunProgram(&program, config, run);
        if (run->nviolations != 0) {
            fprintf(stderr, "%s: %s\n", fz_op_info[op].name,
                    run->violations[0].message);
        }
        CHECK_EQUAL(run->nviolations, 0);
    }
}

int
main(void)
{
    #ifdef RT_ASAN
    enum { LIMIT_KB = 128 * 1024 };     // it keeps what was freed
#else
    enum { LIMIT_KB = 32 * 1024 };      // interpreters have heaps of their own
#endif
    char why[200];
    CHECK(FzExec_Init(why, sizeof(why)));
    if (!FzExec_IsDeterministic()) {
        return 0;               // what threads need depends on their timing
    }
    static FzProgram program;
    FzEngineConfig config = FzExec_DefaultConfig();
    config.schedule.strategy = &fz_strategy_sticky;
    FzRun run = {0};
    long before = 0;
    bool grew = false;
    for (int op = 0; op < FZ_OP_COUNT; op++) {
        if (fz_op_info[op].args[0] != FZ_ARG_LOCAL || FzOp_IsForBodies(op)) {
            continue;
        }
        for (int container = LIST; container <= DEQUE; container++) {
            fill(&program, (uint8_t)op, container);
            FzExec_RunProgram(&program, &config, &run);
            CHECK_EQUAL(run.nviolations, 0);
            long now = peak_kb();
            // What the first runs need, any run does.
            if (before != 0 && now - before > LIMIT_KB) {
                fprintf(stderr, "%s: %ld KB more\n", fz_op_info[op].name,
                        now - before);
                grew = true;
            }
            before = now;
        }
    }
    CHECK(!grew);
    test_trees(&config, &run);
    FzRun_Free(&run);
    return 0;
}

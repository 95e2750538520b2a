// test_program.c: programs are valid whatever made them, the binary face loses
// nothing, and all randomness is the generator's.

#include <string.h>

#include "../program/program_internal.h"
#include "check.h"

static void
check_valid(const FzProgram *program)
{
    char why[160] = "";
    bool valid = FzProgram_Validate(program, why, sizeof(why));
    if (!valid) {
        fprintf(stderr, "invalid: %s\n", why);
    }
    CHECK(valid);
}

// Encode and decode again; Fixup changes nothing.
static void
check_identity(const FzProgram *program)
{
    FzBuf bytes = { 0 };
    FzProgram_Encode(program, &bytes);
    static FzProgram again;
    FzProgram_Decode(&again, bytes.data, bytes.size);
    CHECK(FzProgram_Equal(program, &again));
    CHECK_EQUAL(FzProgram_Hash(program), FzProgram_Hash(&again));
    again = *program;
    FzProgram_Fixup(&again);
    CHECK(FzProgram_Equal(program, &again));
    FzBuf_Free(&bytes);
}

static void
test_random_bytes(void)
{
    static FzProgram program;
    uint8_t bytes[700];
    FzRng rng;
    FzRng_Seed(&rng, 1);
    for (int i = 0; i < 10000; i++) {
        size_t n = FzRng_Below(&rng, sizeof(bytes) + 1);
        for (size_t k = 0; k < n; k++) {
            bytes[k] = (uint8_t)FzRng_Next(&rng);
        }
        FzProgram_Decode(&program, bytes, n);
        check_valid(&program);
        check_identity(&program);
    }
    FzProgram_Decode(&program, NULL, 0);
    check_valid(&program);
}

// Structures that no decoder makes.
static void
test_fixup_of_garbage(void)
{
    static FzProgram program;
    FzRng rng;
    FzRng_Seed(&rng, 2);
    for (int i = 0; i < 2000; i++) {
        uint8_t *bytes = (uint8_t *)&program;
        for (size_t k = 0; k < sizeof(program); k++) {
            bytes[k] = (uint8_t)FzRng_Next(&rng);
        }
        FzProgram_Fixup(&program);
        check_valid(&program);
        check_identity(&program);
    }
}

static void
test_generate(void)
{
    static FzProgram program;
    bool seen[FZ_OP_COUNT] = { false };
    uint64_t total = 0, large = 0;
    for (uint64_t seed = 0; seed < 6000; seed++) {
        uint64_t before = total;
        FzRng rng;
        FzRng_Seed(&rng, seed);
        FzProgram_Generate(&program, &rng);
        check_valid(&program);
        check_identity(&program);
        for (int i = 0; i < FZ_BLOCK_LIMIT; i++) {
            if (FzProgram_HasBlock(&program, i)) {
                const FzBlockOps *ops = FzProgram_Block(&program, i);
                for (int k = 0; k < ops->nops; k++) {
                    seen[ops->ops[k].op] = true;
                    total++;
                }
            }
        }
        large += total - before >= 25;
    }
    // Many are tiny, and many are not.
    CHECK(total / 6000 >= 15);
    CHECK(large >= 1600);
    for (int op = 0; op < FZ_OP_COUNT; op++) {
        if (!seen[op]) {
            fprintf(stderr, "never generated: %s\n", fz_op_info[op].name);
        }
        CHECK(seen[op]);
    }
}

// What is about two shared lists mostly meets two.
static void
test_two_objects(void)
{
    static FzProgram program;
    int two = 0, one = 0;
    for (uint64_t seed = 0; seed < 20000; seed++) {
        FzRng rng;
        FzRng_Seed(&rng, seed);
        FzProgram_Generate(&program, &rng);
        const FzBlockOps *ops = &program.bodies[0];
        for (int k = 0; program.nbodies > 0 && k < ops->nops; k++) {
            const FzOp *op = &ops->ops[k];
            if (op->op == FZ_OP_LIST_EXTEND_SHARED &&
                op->a < FZ_REF_LOCAL && op->b < FZ_REF_LOCAL) {
                *(op->a != op->b ? &two : &one) += 1;
            }
        }
    }
    if (two <= one) {
        fprintf(stderr, "%d with two lists, %d with one\n", two, one);
    }
    CHECK(two > one && one > 0);
}

static void
test_same_seed(void)
{
    static FzInput a, b;
    for (uint64_t seed = 0; seed < 300; seed++) {
        FzRng x, y;
        FzRng_Seed(&x, seed);
        FzRng_Seed(&y, seed);
        memset(&b, 0xa5, sizeof(b));
        FzInput_Generate(&a, &x);
        FzInput_Generate(&b, &y);
        CHECK(FzProgram_Equal(&a.program, &b.program));
        for (int i = 0; i < 10; i++) {
            FzInput_Mutate(&a, &x);
            FzInput_Mutate(&b, &y);
        }
        CHECK(FzProgram_Equal(&a.program, &b.program));
        CHECK_EQUAL(a.seed, b.seed);
        CHECK_EQUAL(a.noverrides, b.noverrides);
        CHECK_EQUAL(FzRng_Next(&x), FzRng_Next(&y));
    }
}

static void
test_mutate(void)
{
    static FzProgram program, other, before;
    FzRng rng;
    FzRng_Seed(&rng, 3);
    int changed = 0;
    for (int round = 0; round < 100; round++) {
        FzProgram_Generate(&program, &rng);
        FzProgram_Generate(&other, &rng);
        for (int i = 0; i < 60; i++) {
            before = program;
            FzProgram_Mutate(&program, &rng);
            check_valid(&program);
            check_identity(&program);
            changed += !FzProgram_Equal(&before, &program);
            if (i % 10 == 9) {
                FzProgram_CrossOver(&program, &other, &rng);
                check_valid(&program);
                check_identity(&program);
            }
        }
    }
    // Most mutations do something.
    CHECK(changed > 100 * 60 * 3 / 4);
}

static bool
has_op(const FzProgram *program, uint8_t op)
{
    for (int block = 0; block < FZ_BLOCK_LIMIT; block++) {
        for (int i = 0; FzProgram_HasBlock(program, block) &&
             i < FzProgram_BlockConst(program, block)->nops; i++) {
            if (FzProgram_BlockConst(program, block)->ops[i].op == op) {
                return true;
            }
        }
    }
    return false;
}

// Operations of the one that the other does not have, but for those that close
// a block, or that Fixup() puts in the place of one that may recurse.
static int
count_new(const FzProgram *program, const FzProgram *before)
{
    int n = 0;
    for (int op = 0; op < FZ_OP_COUNT; op++) {
        n += op != FZ_OP_END && op != FZ_OP_FUNC_RECODE &&
             has_op(program, (uint8_t)op) && !has_op(before, (uint8_t)op);
    }
    return n;
}

// Neighbours do the same operations, strangers other ones, in as many threads.
static void
test_vary(void)
{
    static FzProgram program, before;
    FzRng rng;
    FzRng_Seed(&rng, 5);
    int changed = 0, replaced = 0;
    enum { ROUNDS = 2000 };
    for (int round = 0; round < ROUNDS; round++) {
        FzProgram_Generate(&before, &rng);
        program = before;
        FzProgram_Vary(&program, &rng);
        check_valid(&program);
        check_identity(&program);
        CHECK_EQUAL(count_new(&program, &before), 0);
        changed += !FzProgram_Equal(&program, &before);
        program = before;
        FzProgram_Replace(&program, &rng);
        check_valid(&program);
        check_identity(&program);
        CHECK_EQUAL(program.nbodies, before.nbodies);
        CHECK_EQUAL(program.nshared, before.nshared);
        replaced += count_new(&program, &before) > 0;
    }
    CHECK(changed > ROUNDS / 2);
    CHECK(replaced > ROUNDS * 9 / 10);
}

static void
test_input(void)
{
    static FzInput input, again, other;
    FzRng rng;
    FzRng_Seed(&rng, 4);
    FzBuf bytes = { 0 };
    FzInput_Generate(&input, &rng);
    for (int i = 0; i < 3000; i++) {
        FzInput_Mutate(&input, &rng);
        if (i % 50 == 0) {
            FzInput_Generate(&other, &rng);
            FzInput_CrossOver(&input, &other, &rng);
        }
        FzBuf_Clear(&bytes);
        FzInput_Encode(&input, &bytes);
        FzInput_Decode(&again, bytes.data, bytes.size);
        CHECK_EQUAL(input.seed, again.seed);
        CHECK_EQUAL(input.strategy, again.strategy);
        CHECK(FzProgram_Equal(&input.program, &again.program));
        CHECK_EQUAL(input.noverrides, again.noverrides);
        CHECK(memcmp(input.overrides, again.overrides, input.noverrides) ==
              0);
        // Any prefix decodes as well.
        FzInput_Decode(&again, bytes.data,
                       FzRng_Below(&rng, (uint32_t)bytes.size + 1));
        check_valid(&again.program);
    }
    FzInput_Decode(&again, NULL, 0);
    check_valid(&again.program);
    FzBuf_Free(&bytes);
}

static void
test_validate_rejects(void)
{
    static FzProgram program;
    char why[160];
    FzRng rng;
    FzRng_Seed(&rng, 5);
    FzProgram_Generate(&program, &rng);
    program.main.nops = 1;
    program.main.ops[0] = (FzOp){ .op = FZ_OP_END };
    CHECK(!FzProgram_Validate(&program, why, sizeof(why)));
    program.main.ops[0] = (FzOp){ .op = FZ_OP_LOOP, .a = 2 };
    CHECK(!FzProgram_Validate(&program, why, sizeof(why)));
    program.main.ops[0] = (FzOp){ .op = FZ_OP_LEN, .a = FZ_MAX_LOCALS };
    CHECK(!FzProgram_Validate(&program, why, sizeof(why)));
    program.main.ops[0] = (FzOp){ .op = FZ_OP_COUNT };
    CHECK(!FzProgram_Validate(&program, NULL, 0));
    program.main.nops = 0;
    program.nshared = 2;
    program.shared[0] = program.shared[1] =
        (FzShared){ .kind = FZ_SHARED_LOCK };
    program.nclasses = program.nfunctions = program.nbodies = 0;
    program.main = (FzBlockOps){
        .nops = 4,
        .ops = { { .op = FZ_OP_WITH, .a = 1 }, { .op = FZ_OP_WITH, .a = 0 },
                 { .op = FZ_OP_END }, { .op = FZ_OP_END } },
    };
    CHECK(!FzProgram_Validate(&program, why, sizeof(why)));
    CHECK(strstr(why, "out of order") != NULL);
}

// Each alone leaves the code of a function behind it; both would not.
static void
test_functions_change(void)
{
    static FzProgram p;
    char why[256];
    memset(&p, 0, sizeof(p));
    p.nshared = 1;
    p.nfunctions = 3;
    p.main.nops = 2;
    p.main.ops[0] = (FzOp){ .op = FZ_OP_FUNC_REPLACE, .a = 0, .b = 2 };
    p.main.ops[1] = (FzOp){ .op = FZ_OP_FUNC_RECODE, .a = 0, .b = 1 };
    CHECK(!FzProgram_Validate(&p, why, sizeof(why)));
    FzProgram_Fixup(&p);
    CHECK(FzProgram_Validate(&p, why, sizeof(why)));
    CHECK(p.main.ops[0].op == FZ_OP_FUNC_RECODE);
}

int
main(void)
{
    test_functions_change();
    test_random_bytes();
    test_fixup_of_garbage();
    test_generate();
    test_two_objects();
    test_same_seed();
    test_mutate();
    test_vary();
    test_input();
    test_validate_rejects();
    return 0;
}

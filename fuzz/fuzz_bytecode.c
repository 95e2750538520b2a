// fuzz_bytecode.c: the fuzz target of loader, verifier, interpreter. An input
// damages code objects (fz_bytecode.h); what the loader takes is run, and what
// an oracle sees then, or a crash, is a bug. At its end the process says what
// has become of them.

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_targets.h"
#include "fz_bytecode.h"

static void
print_counts(void)
{
    const FzBytecodeCounts *c = &fz_bytecode_counts;
    if (c->objects == 0) {
        return;
    }
    double all = (double)c->objects / 100;
    fprintf(stderr, "fuzz_bytecode: %" PRIu64 " code objects, %.1f%% taken by "
            "the verifier, %.1f%% run, %.1f%% returned, %.1f%% endless, %.0f "
            "steps each\n", c->objects, (double)c->loaded / all,
            (double)c->called / all, (double)c->returned / all,
            (double)c->endless / all, (double)c->steps / all / 100);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    Fuzz_Init((*argv)[0]);
    atexit(print_counts);
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static FzRun run;
    static FzInput input;
    (void)FzBytecode_Run(data, size, &run);
    Fuzz_Check(&input, NULL, &run);
    return 0;
}

// Code objects with a change, then a whole module.
size_t
FuzzTarget_Seed(uint32_t number, uint8_t *out, size_t size)
{
    enum { SIZE = 14 };
    if (number >= FUZZ_SEEDS || size < SIZE) {
        return number == FUZZ_SEEDS ? FzBytecode_Whole(out, size) : 0;
    }
    const uint8_t bytes[SIZE] = {(uint8_t)(number / 8), (uint8_t)(number * 37),
                                 0, (uint8_t)(number * 5), 0, 0, 0,
                                 0, (uint8_t)(number + 4), 2, 0,
                                 (uint8_t)(number * 11), 0, 0x1c};
    memcpy(out, bytes, SIZE);
    return SIZE;
}

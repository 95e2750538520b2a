// fuzz_bytecode.c: the fuzz target of loader, verifier, interpreter. An input
// damages a code file (fz_bytecode.h); what the loader takes is run, and what
// an oracle sees then, or a crash, is a bug.

#include <string.h>

#include "fuzz_targets.h"
#include "fz_bytecode.h"

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    Fuzz_Init((*argv)[0]);
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

// Modules as they are and with a byte changed, then a whole one.
size_t
FuzzTarget_Seed(uint32_t number, uint8_t *out, size_t size)
{
    if (number >= FUZZ_SEEDS || size < 5) {
        return number == FUZZ_SEEDS ? FzBytecode_Whole(out, size) : 0;
    }
    const uint8_t bytes[] = {(uint8_t)(number / 2), (uint8_t)(number * 37), 1,
                             (uint8_t)(number % 4), (uint8_t)(number * 5)};
    memcpy(out, bytes, sizeof(bytes));
    return number % 2 == 0 ? 1 : sizeof(bytes);
}

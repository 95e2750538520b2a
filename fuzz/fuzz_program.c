// fuzz_program.c: the fuzz target of programs. An input is a program and a
// schedule (FzInput).

#include <string.h>

#include "fuzz_targets.h"

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
    static FzInput input;
    static FzRun run;
    FzInput_Decode(&input, data, size);
    FzEngineConfig config = Fuzz_Config();
    config.schedule = FzExec_ScheduleOf(&input);
    FzExec_Carry(&input.program, &config, &run);
    Fuzz_Check(&input, &config.schedule, &run);
    return 0;
}

size_t
FuzzTarget_Seed(uint32_t number, uint8_t *out, size_t size)
{
    static FzInput input;
    FzRng rng;
    FzBuf bytes = {0};
    if (number >= FUZZ_SEEDS) {
        return 0;
    }
    FzRng_Seed(&rng, number + 1);
    FzInput_Generate(&input, &rng);
    FzInput_Encode(&input, &bytes);
    size_t n = bytes.size < size ? bytes.size : size;
    memcpy(out, bytes.data, n);
    FzBuf_Free(&bytes);
    return n;
}

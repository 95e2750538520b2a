// fuzz_program.c: the fuzz target. An input is a program and a schedule
// (FzInput); a violation of any oracle prints its report and aborts, which is
// what fuzzers take for a crash.
//
// Beside the edges of the runtime, libFuzzer sees interleavings: pairs of
// scheduling points across thread switches, counted in its extra counters.

#include <stdio.h>
#include <stdlib.h>

#include "fuzz_targets.h"
#include "fz_exec.h"
#include "fz_finding.h"

__attribute__((section("__libfuzzer_extra_counters"), used))
static uint8_t interleavings[FZ_COVERAGE_SIZE];

static void
report(const FzInput *input, const FzRun *run)
{
    FzBuf text = { 0 };
    FzReport_Text(input, run, &text);
    fwrite(text.data, 1, text.size, stderr);
    fflush(stderr);
    FzBuf_Free(&text);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    char why[200];
    if (!FzExec_Init(why, sizeof(why))) {
        fprintf(stderr, "fuzz_program: %s\n", why);
        abort();
    }
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static FzInput input;
    static FzRun run;
    FzInput_Decode(&input, data, size);
    FzEngineConfig config = FzExec_DefaultConfig();
    config.schedule = FzExec_ScheduleOf(&input);
    config.coverage = interleavings;
    config.coverage_size = sizeof(interleavings);
    FzExec_Carry(&input.program, &config, &run);
    if (run.nviolations > 0) {
        report(&input, &run);
        abort();
    }
    return 0;
}

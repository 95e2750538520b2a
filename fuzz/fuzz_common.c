// fuzz_common.c: what every fuzz target does alike: it starts the engine,
// counts interleavings, and reports what an oracle has seen.

#include <stdio.h>
#include <stdlib.h>

#include "fuzz_targets.h"
#include "fz_finding.h"

// Beside the edges of the runtime, fuzzers see interleavings: pairs of
// scheduling points across thread switches. libFuzzer watches this section;
// afl_main.c hands it to AFL++.
__attribute__((section("__libfuzzer_extra_counters"), used))
static uint8_t interleavings[FZ_COVERAGE_SIZE];

void
Fuzz_Init(const char *target)
{
    char why[200];
    if (!FzExec_Init(why, sizeof(why))) {
        fprintf(stderr, "%s: %s\n", target, why);
        abort();
    }
}

FzEngineConfig
Fuzz_Config(void)
{
    FzEngineConfig config = FzExec_DefaultConfig();
    config.coverage = interleavings;
    config.coverage_size = sizeof(interleavings);
    return config;
}

static void
save(const FzInput *input, const FzSchedule *schedule, const FzRun *run)
{
    const char *folder = getenv("FTFUZZ_FINDINGS");
    char path[4200], why[512];
    if (folder == NULL || schedule == NULL) {
        return;
    }
    if (FzFinding_Save(folder, input, schedule, run, NULL, path, sizeof(path),
                       why, sizeof(why))) {
        fprintf(stderr, "finding: %s\n", path);
    }
    else {
        fprintf(stderr, "not saved: %s\n", why);
    }
}

void
Fuzz_Check(const FzInput *input, const FzSchedule *schedule, const FzRun *run)
{
    if (run->nviolations == 0) {
        return;
    }
    FzBuf text = {0};
    char signature[400];
    FzReport_Text(input, run, &text);
    FzFinding_Signature(&run->violations[0], signature, sizeof(signature));
    fwrite(text.data, 1, text.size, stderr);
    fprintf(stderr, "signature: %s\n", signature);
    save(input, schedule, run);
    fflush(stderr);
    FzBuf_Free(&text);
    abort();
}

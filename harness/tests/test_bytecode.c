// test_bytecode.c: damaged code objects do no harm: the loader refuses them, or
// what it takes may be run. Of the changes many are such that it is run, and
// some returns. `test_bytecode N SEED` tries N inputs.

#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "fz_bytecode.h"
#include "fz_finding.h"

int
main(void)
{
    uint64_t n = 150;
    const uint64_t seed = 1;
    if (!FzExec_IsDeterministic()) {
        return 0;
    }
    char why[200];
    CHECK(FzExec_Init(why, sizeof(why)));
    FzRng rng;
    FzRng_Seed(&rng, seed);
    static FzInput input;
    FzRun run = {0};
    const FzBytecodeCounts *counts = &fz_bytecode_counts;
    for (uint64_t i = 0; i < n; i++) {
        uint8_t data[7 + 7 * 8];
        size_t size = 7 + 7 * (size_t)(1 + FzRng_Below(&rng, 8));
        for (size_t k = 0; k < size; k++) {
            data[k] = (uint8_t)FzRng_Below(&rng, 256);
        }
        data[0] %= 0xf0;
        (void)FzBytecode_Run(data, size, &run);
        if (run.nviolations > 0) {
            FzBuf text = {0};
            FzReport_Text(&input, &run, &text);
            fprintf(stderr, "input %llu of seed %llu:\n%s",
                    (unsigned long long)i, (unsigned long long)seed,
                    FzBuf_CString(&text));
            return 1;
        }
    }
    FzRun_Free(&run);
    n = counts->objects;
    CHECK(counts->loaded > n / 4 && counts->loaded < n);
    CHECK(counts->called == counts->loaded);
    CHECK(counts->returned > n / 20 && counts->returned < counts->called);
    return 0;
}

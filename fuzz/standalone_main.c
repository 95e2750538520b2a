// standalone_main.c: runs a fuzz target on files, without a fuzzer: for
// reproducing in builds that have none, and for gdb; or on random bytes, which
// shows in seconds that a target works.
//
//   fuzz_list_standalone FILE…
//   fuzz_list_standalone --random N [SEED]

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_targets.h"
#include "fz_base.h"

static int
run_random(const char *target, unsigned long count, uint64_t seed)
{
    static uint8_t bytes[700];
    FzRng rng;
    FzRng_Seed(&rng, seed);
    for (unsigned long i = 0; i < count; i++) {
        size_t size = FzRng_Below(&rng, sizeof(bytes) + 1);
        for (size_t k = 0; k < size; k++) {
            bytes[k] = (uint8_t)FzRng_Next(&rng);
        }
        // Mostly no allocation fails.
        if (size > 10 && FzRng_Below(&rng, 8) != 0) {
            bytes[9] = bytes[10] = 0;
        }
        LLVMFuzzerTestOneInput(bytes, size);
    }
    fprintf(stderr, "%s: %lu random inputs, no violation\n", target, count);
    return 0;
}

static int
run_files(int argc, char **argv)
{
    FzBuf bytes = { 0 };
    for (int i = 1; i < argc; i++) {
        char why[200];
        FzBuf_Clear(&bytes);
        if (!FzFile_Read(argv[i], &bytes, why, sizeof(why))) {
            fprintf(stderr, "%s: %s\n", argv[i], why);
            return 2;
        }
        fprintf(stderr, "running %s (%zu bytes)\n", argv[i], bytes.size);
        LLVMFuzzerTestOneInput(bytes.data, bytes.size);
    }
    fprintf(stderr, "%d inputs, no violation\n", argc - 1);
    FzBuf_Free(&bytes);
    return 0;
}

int
main(int argc, char **argv)
{
    bool random = argc > 2 && strcmp(argv[1], "--random") == 0;
    if (argc < 2 || (strncmp(argv[1], "--", 2) == 0 && !random)) {
        fprintf(stderr, "usage: %s FILE... | --random N [SEED]\n", argv[0]);
        return 2;
    }
    LLVMFuzzerInitialize(&argc, &argv);
    return random ? run_random(argv[0], strtoul(argv[2], NULL, 10),
                               argc > 3 ? strtoull(argv[3], NULL, 10) : 1)
                  : run_files(argc, argv);
}

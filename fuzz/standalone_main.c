// standalone_main.c: runs a fuzz target on files, without a fuzzer: for
// reproducing in builds that have none, and for gdb; or on random bytes, which
// shows in seconds that a target works. Writes the inputs to begin from. Tells
// whether an input always takes the same edges, as fuzzers need it.
//
//   fuzz_list_standalone FILE…
//   fuzz_list_standalone --stable FILE…
//   fuzz_list_standalone --random N [SEED [KEEP]]
//   fuzz_list_standalone --seeds DIR
//
// The random input in hand is in the file KEEP, whatever becomes of all that.

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz_targets.h"
#include "fz_coverage.h"
#include "fz_finding.h"

enum { MAX_RANDOM = 700 };

// Keeps the input in hand, whatever becomes of the process.
static void
keep_input(int fd, const uint8_t *bytes, size_t size)
{
    if (fd >= 0 && (pwrite(fd, bytes, size, 0) != (ssize_t)size ||
                    ftruncate(fd, (off_t)size) != 0))
    {
        perror("keeping the input");
        exit(2);
    }
}

static int
run_random(const char *target, unsigned long count, uint64_t seed,
           const char *keep)
{
    static uint8_t bytes[MAX_RANDOM];
    int fd = keep == NULL ? -1 : open(keep, O_RDWR | O_CREAT | O_TRUNC, 0666);
    if (keep != NULL && fd < 0) {
        perror(keep);
        return 2;
    }
    FzRng rng;
    FzRng_Seed(&rng, seed);
    for (unsigned long i = 0; i < count; i++) {
        size_t size = FzRng_Below(&rng, MAX_RANDOM + 1);
        for (size_t k = 0; k < size; k++) {
            bytes[k] = (uint8_t)FzRng_Next(&rng);
        }
        // Mostly no allocation fails.
        if (size > 10 && FzRng_Below(&rng, 8) != 0) {
            bytes[9] = bytes[10] = 0;
        }
        keep_input(fd, bytes, size);
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

// Edges that were not taken as often as before; named, the first few.
static unsigned
compare_edges(const char *path, const uint8_t *before, const uint8_t *now,
              size_t n)
{
    size_t npcs;
    unsigned different = 0;
    const FzCoveragePc *pcs = FzCoverage_Pcs(&npcs);
    for (size_t i = 0; i < n; i++) {
        if (before[i] == now[i] || ++different > 4) {
            continue;
        }
        char name[400] = "?";
        if (i < npcs) {
            // As a return address.
            FzSymbol_Name((void *)(pcs[i].pc + 1), name, sizeof(name));
        }
        fprintf(stderr, "%s: first %u times, then %u times: %s\n", path,
                before[i], now[i], name);
    }
    return different;
}

static int
check_stability(int argc, char **argv)
{
    size_t n;
    unsigned different = 0;
    uint8_t *edges = FzCoverage_Edges(&n), *before = malloc(n + 1);
    FzBuf bytes = {0};
    for (int i = 2; i < argc && before != NULL; i++) {
        char why[200];
        FzBuf_Clear(&bytes);
        if (!FzFile_Read(argv[i], &bytes, why, sizeof(why))) {
            fprintf(stderr, "%s: %s\n", argv[i], why);
            return 2;
        }
        for (int round = 0; round < 3; round++) {
            memset(edges, 0, n);
            LLVMFuzzerTestOneInput(bytes.data, bytes.size);
            if (round > 0) {
                different += compare_edges(argv[i], before, edges, n);
            }
            memcpy(before, edges, n);
        }
    }
    fprintf(stderr, "%d inputs, %zu edges, %u differences\n", argc - 2, n,
            different);
    free(before);
    FzBuf_Free(&bytes);
    return different == 0 ? 0 : 1;
}

static int
write_seeds(const char *folder)
{
    static uint8_t bytes[FUZZ_SEED_SIZE];
    size_t size;
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "%s: %s\n", folder, strerror(errno));
        return 2;
    }
    for (uint32_t i = 0;
         (size = FuzzTarget_Seed(i, bytes, sizeof(bytes))) > 0; i++) {
        char path[4096], why[200];
        FzBuf whole = {0};
        snprintf(path, sizeof(path), "%s/seed-%02u", folder, i);
        FzBuf_Append(&whole, bytes, size);
        bool ok = FzFile_Write(path, whole.data, whole.size, why,
                               sizeof(why));
        FzBuf_Free(&whole);
        if (!ok) {
            fprintf(stderr, "%s: %s\n", path, why);
            return 2;
        }
    }
    return 0;
}

int
main(int argc, char **argv)
{
    bool random = argc > 2 && strcmp(argv[1], "--random") == 0;
    bool seeds = argc == 3 && strcmp(argv[1], "--seeds") == 0;
    bool stable = argc > 2 && strcmp(argv[1], "--stable") == 0;
    if (argc < 2 || (argv[1][0] == '-' && !random && !seeds && !stable)) {
        fprintf(stderr, "usage: %s [--stable] FILE... | --random N [SEED "
                        "[KEEP]] | --seeds DIR\n", argv[0]);
        return 2;
    }
    LLVMFuzzerInitialize(&argc, &argv);
    if (stable) {
        return check_stability(argc, argv);
    }
    if (seeds) {
        return write_seeds(argv[2]);
    }
    return random ? run_random(argv[0], strtoul(argv[2], NULL, 10),
                               argc > 3 ? strtoull(argv[3], NULL, 10) : 1,
                               argc > 4 ? argv[4] : NULL)
                  : run_files(argc, argv);
}

// standalone_main.c: runs the fuzz target on files, without a fuzzer: for
// reproducing in builds that have none, and for gdb.
//
//   fuzz_program_standalone FILE…

#include <stdio.h>

#include "fuzz_targets.h"
#include "fz_base.h"

int
main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s FILE...\n", argv[0]);
        return 2;
    }
    LLVMFuzzerInitialize(&argc, &argv);
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

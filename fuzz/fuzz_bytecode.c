// fuzz_bytecode.c: the fuzz target of loader, verifier, interpreter. An input
// damages a code file (fz_bytecode.h); what the loader takes is run, and what
// an oracle sees then, or a crash, is a bug.

#include <stdio.h>
#include <stdlib.h>

#include "fuzz_targets.h"
#include "fz_bytecode.h"
#include "fz_finding.h"

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    char why[200];
    if (!FzExec_Init(why, sizeof(why))) {
        fprintf(stderr, "fuzz_bytecode: %s\n", why);
        abort();
    }
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static FzRun run;
    static FzInput input;
    (void)FzBytecode_Run(data, size, &run);
    if (run.nviolations > 0) {
        FzBuf text = { 0 };
        FzReport_Text(&input, &run, &text);
        fwrite(text.data, 1, text.size, stderr);
        FzBuf_Free(&text);
        abort();
    }
    return 0;
}

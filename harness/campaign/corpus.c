// corpus.c: inputs that reached something new, kept as files named after their
// contents, so that two workers that keep the same input write the same file.

#include <unistd.h>

#include "fz_finding.h"
#include "worker_internal.h"

void
FzCorpus_Add(const char *dir, const FzInput *input)
{
    static bool failed;
    if (failed) {
        return;
    }
    FzBuf bytes = {0};
    FzInputFile_Encode(input, &bytes);
    char path[4200], why[512];
    snprintf(path, sizeof(path), "%s/%016llx.ftz", dir,
             (unsigned long long)FzHash_Bytes(bytes.data, bytes.size));
    if (access(path, F_OK) != 0 &&
        !FzFile_Write(path, bytes.data, bytes.size, why, sizeof(why))) {
        fprintf(stderr, "ftfuzz: the corpus is not kept: %s\n", why);
        failed = true;
    }
    FzBuf_Free(&bytes);
}

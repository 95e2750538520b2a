// corpus_internal.h: the parts of `ftfuzz corpus`.

#ifndef FZ_CORPUS_INTERNAL_H
#define FZ_CORPUS_INTERNAL_H

#include "cli.h"

typedef struct FzCorpusOptions {
    const char *dir;            // of regressions
    const char *name;
    const char *to;             // where inputs are kept
    uint64_t schedules;
    uint64_t limit;             // of inputs to keep
    bool text;
    bool json;
    bool quiet;
} FzCorpusOptions;

// minimize (into an empty folder) or merge (what the folder lacks). Exit codes.
int FzCorpus_CmdKeep(const FzCorpusOptions *o, bool merge,
                     const char *const *paths, int npaths);
int FzCorpus_CmdStats(const FzCorpusOptions *o, const char *const *paths,
                      int npaths);

#endif  // FZ_CORPUS_INTERNAL_H

// fz_corpus.h: folders of inputs: the few that reach what all of them reach,
// and what that is.

#ifndef FZ_CORPUS_H
#define FZ_CORPUS_H

#include "fz_exec.h"

typedef struct FzCorpusEntry {
    char *path;                 // owned
    FzInput input;
    uint32_t *features;         // of its execution, ascending; owned
    size_t nfeatures;
    uint64_t steps;
    bool fails;                 // a rule was broken: no input to begin from
    bool chosen;
} FzCorpusEntry;

typedef struct FzCorpus {
    FzCorpusEntry *entries;
    size_t count, capacity;
} FzCorpus;

// Adds every input of the folder (or the one file), in the order of names.
// False with a reason: a file that is unreadable or no input.
FZ_WARN_UNUSED bool FzCorpus_Read(FzCorpus *corpus, const char *path,
                                  char *why, size_t why_size);
// Runs each under its own schedule; after FzExec_Init(). progress, if not NULL,
// is called after each with their number.
void FzCorpus_Execute(FzCorpus *corpus, void (*progress)(size_t done));
// Marks as chosen: one that reaches most of what no chosen one reaches, the
// shorter of two equals, and so on until all is reached or `limit` are chosen.
// Entries before `given` count as chosen already. Returns how many were marked.
size_t FzCorpus_Choose(FzCorpus *corpus, size_t given, size_t limit);
// Distinct features of those that `chosen_only`, or all; of edges alone in
// *edges.
size_t FzCorpus_CountFeatures(const FzCorpus *corpus, bool chosen_only,
                              size_t *edges);
void FzCorpus_Free(FzCorpus *corpus);

#endif  // FZ_CORPUS_H

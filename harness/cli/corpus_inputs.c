// corpus_inputs.c: ftfuzz corpus minimize, merge and stats: folders of inputs
// that campaigns begin from.

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "corpus_internal.h"
#include "fz_corpus.h"
#include "fz_finding.h"

static size_t total;

static void
show_progress(size_t done)
{
    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r%zu of %zu inputs%s", done, total,
                done == total ? "\n" : "");
    }
}

static bool
read_all(FzCorpus *corpus, const char *const *paths, int npaths)
{
    char why[4600];
    for (int i = 0; i < npaths; i++) {
        if (!FzCorpus_Read(corpus, paths[i], why, sizeof(why))) {
            FzCli_Error("%s", why);
            return false;
        }
    }
    if (corpus->count == 0) {
        FzCli_Error("corpus: no inputs (*.ftz, *.txt) in %s", paths[0]);
        return false;
    }
    return true;
}

// Under the hash of its bytes, as campaigns do.
static bool
write_input(const FzCorpusOptions *o, const FzInput *input)
{
    FzBuf bytes = {0};
    char path[4300], why[4600];
    FzInputFile_Encode(input, &bytes);
    uint64_t id = FzHash_Bytes(bytes.data, bytes.size);
    if (o->text) {
        FzBuf_Clear(&bytes);
        FzInputText_Print(input, NULL, &bytes);
    }
    snprintf(path, sizeof(path), "%.4000s/%016" PRIx64 ".%s", o->to, id,
             o->text ? "txt" : "ftz");
    bool ok = FzFile_Write(path, bytes.data, bytes.size, why, sizeof(why));
    if (!ok) {
        FzCli_Error("%s", why);
    }
    FzBuf_Free(&bytes);
    return ok;
}

// Those that break a rule are named, and not kept: they are findings.
static size_t
name_failing(const FzCorpus *corpus)
{
    size_t failing = 0;
    for (size_t i = 0; i < corpus->count; i++) {
        if (corpus->entries[i].fails) {
            FzCli_Error("%s breaks a rule and is left out: ftfuzz run it",
                        corpus->entries[i].path);
            failing++;
        }
    }
    return failing;
}

static int
keep(const FzCorpusOptions *o, FzCorpus *corpus, size_t given)
{
    total = corpus->count;
    FzCorpus_Execute(corpus, show_progress);
    size_t failing = name_failing(corpus);
    size_t kept = FzCorpus_Choose(corpus, given, o->limit);
    bool ok = true;
    for (size_t i = given; i < corpus->count && ok; i++) {
        ok = !corpus->entries[i].chosen ||
             write_input(o, &corpus->entries[i].input);
    }
    size_t edges, all_edges;
    size_t features = FzCorpus_CountFeatures(corpus, true, &edges);
    size_t all = FzCorpus_CountFeatures(corpus, false, &all_edges);
    printf("%zu of %zu inputs written to %s; %zu of %zu edges and %zu of %zu "
           "interleavings are reached%s\n",
           kept, corpus->count - given, o->to, edges, all_edges,
           features - edges, all - all_edges,
           given > 0 ? ", with those that were there" : "");
    if (!ok) {
        return FZ_EXIT_USAGE;
    }
    return failing > 0 ? FZ_EXIT_FINDING : FZ_EXIT_CLEAN;
}

static bool
has_inputs(const char *folder)
{
    FzCorpus corpus = {0};
    char why[4600];
    bool ok = FzCorpus_Read(&corpus, folder, why, sizeof(why));
    bool some = !ok || corpus.count > 0;
    FzCorpus_Free(&corpus);
    return some;
}

int
FzCorpus_CmdKeep(const FzCorpusOptions *o, bool merge,
                 const char *const *paths, int npaths)
{
    FzCorpus corpus = {0};
    if (o->to == NULL || npaths == 0) {
        FzCli_Error("corpus: give folders to read and --to FOLDER");
        return FZ_EXIT_USAGE;
    }
    if (mkdir(o->to, 0777) != 0 && errno != EEXIST) {
        FzCli_Error("%s: %s", o->to, strerror(errno));
        return FZ_EXIT_USAGE;
    }
    if (!merge && has_inputs(o->to)) {
        FzCli_Error("corpus: %s has inputs already: give an empty folder, or "
                    "merge instead of minimize", o->to);
        return FZ_EXIT_USAGE;
    }
    int code = FZ_EXIT_USAGE;
    char why[4600];
    if (merge && !FzCorpus_Read(&corpus, o->to, why, sizeof(why))) {
        FzCli_Error("%s", why);
    }
    else {
        size_t given = corpus.count;
        if (read_all(&corpus, paths, npaths)) {
            code = keep(o, &corpus, given);
        }
    }
    FzCorpus_Free(&corpus);
    return code;
}

int
FzCorpus_CmdStats(const FzCorpusOptions *o, const char *const *paths,
                  int npaths)
{
    FzCorpus corpus = {0};
    if (npaths == 0 || !read_all(&corpus, paths, npaths)) {
        if (npaths == 0) {
            FzCli_Error("corpus: stats of which folder?");
        }
        FzCorpus_Free(&corpus);
        return FZ_EXIT_USAGE;
    }
    total = corpus.count;
    FzCorpus_Execute(&corpus, o->json ? NULL : show_progress);
    size_t failing = name_failing(&corpus), edges;
    size_t features = FzCorpus_CountFeatures(&corpus, false, &edges);
    size_t needed = FzCorpus_Choose(&corpus, 0, SIZE_MAX);
    uint64_t steps = 0, longest = 0;
    for (size_t i = 0; i < corpus.count; i++) {
        uint64_t n = corpus.entries[i].steps;
        steps += n;
        longest = n > longest ? n : longest;
    }
    const char *format =
        o->json ? "{\"build\": \"%s\", \"inputs\": %zu, \"failing\": %zu, "
                  "\"edges\": %zu, \"interleavings\": %zu, \"needed\": %zu, "
                  "\"points\": %" PRIu64 ", \"longest\": %" PRIu64 "}\n"
                : "%s: %zu inputs, %zu fail\n%zu edges and %zu interleavings, "
                  "classes of hit counts each; %zu of the inputs\nreach them "
                  "all\n%" PRIu64 " scheduling points, %" PRIu64
                  " in the longest execution\n";
    printf(format, FzExec_BuildName(), corpus.count, failing, edges,
           features - edges, needed, steps, longest);
    FzCorpus_Free(&corpus);
    return failing > 0 ? FZ_EXIT_FINDING : FZ_EXIT_CLEAN;
}

// distil.c: which inputs of a corpus are worth keeping.

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "features.h"
#include "fz_corpus.h"
#include "fz_finding.h"

// ---------------------------------------------------------------------------
// Reading

static bool
add_file(FzCorpus *corpus, const char *path, char *why, size_t why_size)
{
    if (corpus->count == corpus->capacity) {
        corpus->capacity = 2 * corpus->capacity + 64;
        corpus->entries = realloc(corpus->entries, corpus->capacity *
                                                       sizeof(FzCorpusEntry));
        FZ_ASSERT(corpus->entries != NULL);
    }
    FzCorpusEntry *entry = &corpus->entries[corpus->count];
    memset(entry, 0, sizeof(*entry));
    if (!FzInputFile_Read(path, false, &entry->input, why, why_size)) {
        return false;
    }
    entry->path = strdup(path);
    FZ_ASSERT(entry->path != NULL);
    corpus->count++;
    return true;
}

static int
is_input(const struct dirent *entry)
{
    return FzInputFile_IsInput(entry->d_name);
}

bool
FzCorpus_Read(FzCorpus *corpus, const char *path, char *why, size_t why_size)
{
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode)) {
        return add_file(corpus, path, why, why_size);
    }
    struct dirent **names;
    int n = scandir(path, &names, is_input, alphasort);
    if (n < 0) {
        snprintf(why, why_size, "%s cannot be read", path);
        return false;
    }
    bool ok = true;
    for (int i = 0; i < n; i++) {
        char file[4200];
        snprintf(file, sizeof(file), "%.3900s/%s", path, names[i]->d_name);
        ok = ok && add_file(corpus, file, why, why_size);
        free(names[i]);
    }
    free(names);
    return ok;
}

void
FzCorpus_Free(FzCorpus *corpus)
{
    for (size_t i = 0; i < corpus->count; i++) {
        free(corpus->entries[i].path);
        free(corpus->entries[i].features);
    }
    free(corpus->entries);
    *corpus = (FzCorpus){0};
}

// ---------------------------------------------------------------------------
// Running and choosing

static void
execute(const FzCorpusEntry *entry, FzRun *run)
{
    FzEngineConfig config = FzExec_DefaultConfig();
    config.schedule = FzExec_ScheduleOf(&entry->input);
    FzFeatures_Begin(&config);
    FzExec_Carry(&entry->input.program, &config, run);
}

void
FzCorpus_Execute(FzCorpus *corpus, void (*progress)(size_t done))
{
    FzFeatures seen;
    FzFeatures_Init(&seen);
    FzRun run = {0};
    // The first execution of a process makes what all later ones find (names,
    // heaps, stacks), and so is not like any other: it is not counted.
    if (corpus->count > 0) {
        execute(&corpus->entries[0], &run);
    }
    for (size_t i = 0; i < corpus->count; i++) {
        FzCorpusEntry *entry = &corpus->entries[i];
        execute(entry, &run);
        entry->nfeatures = FzFeatures_List(&entry->features);
        entry->steps = run.steps;
        entry->fails = run.nviolations > 0;
        if (progress != NULL) {
            progress(i + 1);
        }
    }
    FzRun_Free(&run);
    FzFeatures_Free(&seen);
}

static size_t
gain_of(const FzCorpusEntry *entry, const uint8_t *reached)
{
    size_t gain = 0;
    for (size_t i = 0; i < entry->nfeatures; i++) {
        gain += reached[entry->features[i]] == 0;
    }
    return gain;
}

static void
reach(const FzCorpusEntry *entry, uint8_t *reached)
{
    for (size_t i = 0; i < entry->nfeatures; i++) {
        reached[entry->features[i]] = 1;
    }
}

// Gains only fall as more is reached: one that is still the largest after it
// was counted again is the largest of all.
static FzCorpusEntry *
best_of(FzCorpus *corpus, size_t *gains, const uint8_t *reached)
{
    for (;;) {
        FzCorpusEntry *best = NULL;
        size_t most = 0, at = 0;
        for (size_t i = 0; i < corpus->count; i++) {
            FzCorpusEntry *entry = &corpus->entries[i];
            if (entry->chosen || entry->fails || gains[i] < most ||
                (gains[i] == most &&
                 (best == NULL || entry->steps >= best->steps))) {
                continue;
            }
            best = entry;
            most = gains[i];
            at = i;
        }
        if (best == NULL) {
            return NULL;
        }
        gains[at] = gain_of(best, reached);
        if (gains[at] == most) {
            return best;
        }
    }
}

size_t
FzCorpus_Choose(FzCorpus *corpus, size_t given, size_t limit)
{
    uint8_t *reached = calloc(FzFeatures_Limit() + 1, 1);
    size_t *gains = calloc(corpus->count + 1, sizeof(*gains));
    FZ_ASSERT(reached != NULL && gains != NULL);
    for (size_t i = 0; i < given; i++) {
        corpus->entries[i].chosen = true;
        reach(&corpus->entries[i], reached);
    }
    for (size_t i = given; i < corpus->count; i++) {
        gains[i] = gain_of(&corpus->entries[i], reached);
    }
    size_t marked = 0;
    for (; marked < limit; marked++) {
        FzCorpusEntry *best = best_of(corpus, gains, reached);
        if (best == NULL) {
            break;
        }
        best->chosen = true;
        reach(best, reached);
    }
    free(gains);
    free(reached);
    return marked;
}

size_t
FzCorpus_CountFeatures(const FzCorpus *corpus, bool chosen_only, size_t *edges)
{
    uint32_t limit = FzFeatures_Limit();
    uint8_t *reached = calloc(limit + 1, 1);
    FZ_ASSERT(reached != NULL);
    for (size_t i = 0; i < corpus->count; i++) {
        if (corpus->entries[i].chosen || !chosen_only) {
            reach(&corpus->entries[i], reached);
        }
    }
    size_t count = 0;
    *edges = 0;
    for (uint32_t i = 0; i < limit; i++) {
        count += reached[i];
        *edges += i < limit - 8 * FZ_COVERAGE_SIZE ? reached[i] : 0;
    }
    free(reached);
    return count;
}

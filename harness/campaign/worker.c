// worker.c: the loop of one fuzzing process: take an input (fresh, or a mutant
// of one that reached something new), run it, look at coverage and verdict. A
// fresh tiny one is run under several schedules.

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fz_finding.h"
#include "worker_internal.h"

enum {
    MAX_CORPUS = 4096,
    MAX_KEPT_COST = 8000,
    BYTES_OF_A_STEP = 64,       // allocating them takes about as long
    RECHECK_EVERY = 1024,       // each so many executions, one runs twice
    CPU_EVERY = 8,              // executions
    TINY = 12,                  // operations of a program, at most
    TINY_SCHEDULES = 8,         // that a new one is run under
};

static FzWorker worker;         // the process is one

// What the process is forked for that FzConfirm_Fails() asks.
static uint64_t
execute_elsewhere(const FzInput *input)
{
    static FzRun run;
    FzEngineConfig config = FzWorker_Config(&worker, input);
    FzExec_Carry(&input->program, &config, &run);
    return run.nviolations > 0 ? FzWorker_SignatureOf(&run.violations[0]) : 0;
}

// One of two, of those from `first` on: the cheaper, or the dearer. Many
// mutants of cheap executions teach more than few of dear ones.
static size_t
pick_kept(FzWorker *w, size_t first, bool dearer)
{
    uint32_t n = (uint32_t)(w->ncorpus - first);
    size_t a = first + FzRng_Below(&w->rng, n);
    size_t b = first + FzRng_Below(&w->rng, n);
    return (w->corpus[a].cost > w->corpus[b].cost) == dearer ? a : b;
}

static void
forget_one(FzWorker *w)
{
    size_t victim = pick_kept(w, 0, true);
    free(w->corpus[victim].input);
    w->ncorpus--;
    memmove(&w->corpus[victim], &w->corpus[victim + 1],
            (w->ncorpus - victim) * sizeof(*w->corpus));
}

static void
keep_if_new(FzWorker *w, const FzInput *input)
{
    unsigned new_edges, new_pairs;
    FzFeatures_Add(&w->seen, &new_edges, &new_pairs);
    w->shared->edges += new_edges;
    w->shared->interleavings += new_pairs;
    w->shared->species = w->seen.species;
    w->shared->singletons = w->seen.once;
    w->shared->doubletons = w->seen.twice;
    // Long executions reach more and teach less for their time: their mutants
    // would crowd out the others.
    uint64_t cost = w->run.steps + w->run.allocated / BYTES_OF_A_STEP;
    if (new_edges + new_pairs == 0 || cost > MAX_KEPT_COST) {
        return;
    }
    if (w->ncorpus == MAX_CORPUS) {
        forget_one(w);
    }
    FzInput *copy = malloc(sizeof(*copy));
    FZ_ASSERT(copy != NULL);
    *copy = *input;
    w->corpus[w->ncorpus++] = (FzKept){copy, cost};
    w->shared->corpus = w->ncorpus;
    if (w->options->corpus_dir != NULL) {
        FzCorpus_Add(w->options->corpus_dir, input);
    }
}

bool
FzCampaign_SameTrace(const FzRun *first, FzRun *second)
{
    if (first->trace_hash == second->trace_hash) {
        return true;
    }
    FzViolation *v = &second->violations[0];
    *v = (FzViolation){.rule = FZ_RULE_NONDETERMINISM,
                       .other_thread = UINT32_MAX};
    snprintf(v->message, sizeof(v->message),
             "one input gave the traces %016llx and %016llx",
             (unsigned long long)first->trace_hash,
             (unsigned long long)second->trace_hash);
    second->nviolations = 1;
    return false;
}

// The same input again must give the same trace: else it is a finding itself.
static void
recheck(FzWorker *w, const FzInput *input)
{
    FzWorker_Execute(w, input, &w->second);
    w->shared->rechecks++;
    if (!FzCampaign_SameTrace(&w->run, &w->second)) {
        FzWorker_Report(w, input, &w->second);
    }
}

// Executions of tiny programs cost a fraction of others.
static bool
is_tiny(const FzProgram *program)
{
    uint32_t nops = program->main.nops;
    for (int i = 0; i < program->nbodies; i++) {
        const FzBlockOps *body = &program->bodies[i];
        bool in_rounds = body->nops > 0 && body->ops[0].op == FZ_OP_LOOP;
        nops += body->nops - (in_rounds ? 2u : 0u);
    }
    return program->nbodies > 0 && nops <= TINY;
}

static void
choose_input(FzWorker *w, FzInput *input)
{
    if (w->again > 0) {
        w->again--;
        input->seed = FzRng_Next(&w->rng);
        input->strategy = (uint8_t)FzRng_Next(&w->rng);
        return;
    }
    if (w->ncorpus == 0 || FzRng_Chance(&w->rng, (FzRatio){2, 5})) {
        FzInput_Generate(input, &w->rng);
        w->again = is_tiny(&input->program) ? TINY_SCHEDULES - 1 : 0;
        return;
    }
    // Half of the picks are among the newest eighth: they lead on.
    size_t first = FzRng_Chance(&w->rng, (FzRatio){1, 2})
                       ? w->ncorpus - (w->ncorpus + 7) / 8
                       : 0;
    *input = *w->corpus[pick_kept(w, first, false)].input;
    if (FzRng_Chance(&w->rng, (FzRatio){1, 10})) {
        size_t other = FzRng_Below(&w->rng, (uint32_t)w->ncorpus);
        FzInput_CrossOver(input, w->corpus[other].input, &w->rng);
    }
    else {
        FzInput_Mutate(input, &w->rng);
    }
}

// Of all processes that this worker has been.
static void
count_cpu_time(FzWorker *w)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    uint64_t now = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
    __atomic_fetch_add(&w->shared->cpu_ns, now - w->cpu_ns, __ATOMIC_RELAXED);
    w->cpu_ns = now;
}

static bool
take_budget(FzWorker *w)
{
    if (w->shared->executions % CPU_EVERY == 0) {
        count_cpu_time(w);
    }
    if (__atomic_load_n(&w->all->stop, __ATOMIC_RELAXED) != 0 || w->failed ||
        w->spoilt) {
        return false;
    }
    if (w->options->executions == 0) {
        return true;
    }
    uint64_t left =
        __atomic_fetch_sub(&w->all->executions_left, 1, __ATOMIC_RELAXED);
    return left != 0 && left <= w->options->executions;
}

static void
one_execution(FzWorker *w, FzInput *input)
{
    FzWorker_Execute(w, input, &w->run);
    if (w->run.nviolations > 0) {
        FzWorker_Report(w, input, &w->run);
        FzWorker_LookBeyond(w, input);
        return;
    }
    keep_if_new(w, input);
    if (FzExec_IsDeterministic() &&
        w->shared->executions % RECHECK_EVERY == 1) {
        recheck(w, input);
    }
}

// An input that is known to damage memory would end each worker that begins
// with it.
static bool
is_damaging_file(const FzWorker *w, uint64_t name)
{
    for (unsigned i = 0; i < FZ_DAMAGING_FILES; i++) {
        if (w->all->damaging_files[i] == name) {
            return true;
        }
    }
    return false;
}

static void
load_one(FzWorker *w, const char *file, FzInput *input)
{
    uint64_t name = FzHash_Bytes(file, strlen(file));
    if (is_damaging_file(w, name)) {
        return;
    }
    one_execution(w, input);
    count_cpu_time(w);
    if (FzRun_MayDamage(&w->run)) {
        unsigned n = __atomic_fetch_add(&w->all->ndamaging_files, 1,
                                        __ATOMIC_RELAXED);
        if (n < FZ_DAMAGING_FILES) {
            w->all->damaging_files[n] = name;
        }
    }
}

static void
load_corpus(FzWorker *w)
{
    DIR *dir = opendir(w->options->corpus_dir);
    if (dir == NULL) {
        return;
    }
    struct dirent *entry;
    FzInput input;
    while ((entry = readdir(dir)) != NULL &&
           __atomic_load_n(&w->all->stop, __ATOMIC_RELAXED) == 0 &&
           !w->spoilt) {
        char path[4200], why[512];
        if (!FzInputFile_IsInput(entry->d_name)) {
            continue;
        }
        snprintf(path, sizeof(path), "%s/%s", w->options->corpus_dir,
                 entry->d_name);
        if (!FzInputFile_Read(path, false, &input, why, sizeof(why))) {
            fprintf(stderr, "ftfuzz: skipped: %s\n", why);
            continue;
        }
        load_one(w, entry->d_name, &input);
    }
    closedir(dir);
}

int
FzWorker_Run(const FzCampaignOptions *options, FzCampaignShared *shared,
             unsigned index, uint64_t seed)
{
    FzWorker *w = &worker;
    char why[512];
    if (!FzExec_Init(why, sizeof(why))) {
        fprintf(stderr, "ftfuzz: %s\n", why);
        return FZ_WORKER_UNUSABLE;
    }
    FzCrash_Install(&shared->workers[index]);
    w->options = options;
    w->all = shared;
    w->shared = &shared->workers[index];
    // A restarted worker has seen nothing yet.
    w->shared->edges = w->shared->interleavings = w->shared->corpus = 0;
    w->corpus = calloc(MAX_CORPUS, sizeof(*w->corpus));
    FZ_ASSERT(w->corpus != NULL);
    FzFeatures_Init(&w->seen);
    w->shared->edges_total = w->seen.nedges;
    FzRng_Seed(&w->rng, seed);
    if (options->strategy != NULL) {
        w->strategy = FzStrategy_Find(options->strategy);
    }
    if (FzExec_IsDeterministic()) {
        FzConfirm_Start(execute_elsewhere);
    }
    if (options->corpus_dir != NULL) {
        load_corpus(w);
    }
    FzInput input;
    while (take_budget(w)) {
        choose_input(w, &input);
        one_execution(w, &input);
    }
    FzConfirm_Stop();
    count_cpu_time(w);
    return w->failed ? FZ_WORKER_UNUSABLE : w->spoilt ? FZ_WORKER_SPOILT : 0;
}

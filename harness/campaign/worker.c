// worker.c: the loop of one fuzzing process: take an input (fresh, or a mutant
// of one that reached something new), run it, look at coverage and verdict. A
// fresh tiny one is run under several schedules.

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "features.h"
#include "fz_campaign.h"
#include "fz_finding.h"
#include "fz_race.h"
#include "fz_signature.h"
#include "worker_internal.h"

enum {
    MAX_CORPUS = 4096,
    MAX_KEPT_COST = 8000,
    BYTES_OF_A_STEP = 64,       // allocating them takes about as long
    RECHECK_EVERY = 1024,       // each so many executions, one runs twice
    CPU_EVERY = 8,              // executions
    TINY = 12,                  // operations of a program, at most
    TINY_SCHEDULES = 8,         // that a new one is run under
    BEYOND_ALL = 64,            // failing executions that are looked beyond,
    BEYOND_EVERY = 4,           // and one in so many of those that follow
    BEYOND_RULES = 4,           // in one execution
    BEYOND_STEPS = 200000,
    HUNTS = 3,                  // for one failure
    HUNT_SCHEDULES = 48,
    RACE_HUNTS = 1,             // one mistake may make dozens of races
    RACES = 2 * FZ_MAX_SIGNATURES,
    MANY_IN_A_ROW = 16,         // failing executions; is it the process?
};

// A failure that was seen behind others.
typedef struct Hunted {
    uint64_t signature;
    unsigned hunts;
    bool told;                  // a finding says that it was seen behind it
} Hunted;

// An input that reached something new, and what its execution costs.
typedef struct Kept {
    FzInput *input;
    uint64_t cost;              // in steps
} Kept;

typedef struct Worker {
    const FzCampaignOptions *options;
    FzCampaignShared *all;
    FzWorkerShared *shared;
    FzRng rng;
    FzRun run, second;
    const FzStrategy *strategy; // forced, or NULL
    Kept *corpus;               // the oldest first
    size_t ncorpus;
    FzFeatures seen;
    uint64_t races[RACES];      // pairs of sites that were told; 0: none
    size_t nraces;
    Hunted hunted[FZ_MAX_SIGNATURES];
    size_t nhunted;
    uint64_t failing;           // executions
    unsigned again;             // schedules of the last input yet to be run
    bool failed;                // a finding could not be written
    bool damaged, was_damaged;  // memory may be, after and before the last
    bool spoilt;                // it is: an execution failed by that
    unsigned in_a_row;          // failing executions, up to the last
    uint64_t cpu_ns;            // of this process, as last asked
} Worker;

static Worker worker;           // the process is one

static FzEngineConfig
config_for(const Worker *w, const FzInput *input)
{
    FzEngineConfig config = FzExec_DefaultConfig();
    config.schedule = FzExec_ScheduleOf(input);
    if (w->strategy != NULL) {
        config.schedule.strategy = w->strategy;
    }
    return config;
}

static void
execute(Worker *w, const FzInput *input, FzRun *run)
{
    w->shared->current = *input;
    FzEngineConfig config = config_for(w, input);
    FzFeatures_Begin(&config);
    FzCrash_Arm(w->options->findings_dir, &w->shared->current,
                &config.schedule, run);
    FzExec_Carry(&input->program, &config, run);
    FzCrash_Disarm();
    w->shared->executions++;
    w->shared->steps += run->steps;
    w->shared->switches += run->switches;
    w->was_damaged = w->damaged;
    w->damaged = w->damaged || FzRun_MayDamage(run);
    w->in_a_row = run->nviolations > 0 ? w->in_a_row + 1 : 0;
}

// One of two, of those from `first` on: the cheaper, or the dearer. Many
// mutants of cheap executions teach more than few of dear ones.
static size_t
pick_kept(Worker *w, size_t first, bool dearer)
{
    uint32_t n = (uint32_t)(w->ncorpus - first);
    size_t a = first + FzRng_Below(&w->rng, n);
    size_t b = first + FzRng_Below(&w->rng, n);
    return (w->corpus[a].cost > w->corpus[b].cost) == dearer ? a : b;
}

static void
forget_one(Worker *w)
{
    size_t victim = pick_kept(w, 0, true);
    free(w->corpus[victim].input);
    w->ncorpus--;
    memmove(&w->corpus[victim], &w->corpus[victim + 1],
            (w->ncorpus - victim) * sizeof(*w->corpus));
}

static void
keep_if_new(Worker *w, const FzInput *input)
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
    w->corpus[w->ncorpus++] = (Kept){copy, cost};
    w->shared->corpus = w->ncorpus;
    if (w->options->corpus_dir != NULL) {
        FzCorpus_Add(w->options->corpus_dir, input);
    }
}

// Rules seen only at the end of a run share a stack: their messages, without
// the numbers, tell them apart.
static uint64_t
hash_words(uint64_t h, const char *text)
{
    for (; *text != '\0' && *text != ','; text++) {
        if (*text < '0' || *text > '9') {
            h = FzHash_Mix(h, (uint8_t)*text);
        }
    }
    return h;
}

static uint64_t
signature_of(const FzViolation *v)
{
    uint64_t h = FzHash_Mix(v->rule, 0);
    for (int i = 0; i < 3; i++) {
        h = FzHash_Mix(h, (uint64_t)(uintptr_t)v->stack[i]);
        h = FzHash_Mix(h, (uint64_t)(uintptr_t)v->other_stack[i]);
    }
    if (v->rule == FZ_RULE_LEAK || v->rule == FZ_RULE_REF_LOST_QUEUE ||
        v->rule == FZ_RULE_FATAL) {
        h = hash_words(h, v->message);
    }
    return h;
}

static bool
is_known(const Worker *w, uint64_t signature)
{
    for (size_t i = 0; i < w->shared->nsignatures; i++) {
        if (w->shared->signatures[i] == signature) {
            return true;
        }
    }
    return false;
}

static void
remember(Worker *w, uint64_t signature)
{
    if (!is_known(w, signature) && w->shared->nsignatures < FZ_MAX_SIGNATURES) {
        w->shared->signatures[w->shared->nsignatures++] = signature;
    }
}

// The same run once more, with the stacks that are not kept in every run. If it
// ends otherwise, the first one stands.
static const FzRun *
with_detail(Worker *w, const FzInput *input, const FzRun *run)
{
    static FzRun detailed;
    if (!FzExec_IsDeterministic() ||
        run->violations[0].rule == FZ_RULE_NONDETERMINISM) {
        return run;
    }
    FzEngineConfig config = config_for(w, input);
    config.detail = true;
    FzCrash_Arm(w->options->findings_dir, &w->shared->current,
                &config.schedule, &detailed);
    FzExec_Carry(&input->program, &config, &detailed);
    FzCrash_Disarm();
    bool same = detailed.trace_hash == run->trace_hash &&
                detailed.nviolations > 0 &&
                detailed.violations[0].rule == run->violations[0].rule;
    return same ? &detailed : run;
}

// Whether one more may be written where all are to be; stops after the last.
static bool
take_one_of_every(Worker *w)
{
    uint64_t left =
        __atomic_fetch_sub(&w->all->every_left, 1, __ATOMIC_RELAXED);
    if (left == 0 || left > w->options->every) {
        return false;
    }
    if (left == 1) {
        __atomic_store_n(&w->all->stop, 1, __ATOMIC_RELAXED);
    }
    return true;
}

// What the process is forked for that FzConfirm_Fails() asks.
static uint64_t
execute_elsewhere(const FzInput *input)
{
    static FzRun run;
    FzEngineConfig config = config_for(&worker, input);
    FzExec_Carry(&input->program, &config, &run);
    return run.nviolations > 0 ? signature_of(&run.violations[0]) : 0;
}

// Where an execution before this one has damaged memory, what fails may fail by
// that. Such a worker ends: of what it finds nothing would come back. A trace
// that changes is no other mistake either.
static bool
fails_by_itself(Worker *w, const FzInput *input, const FzRun *run)
{
    const FzViolation *v = &run->violations[0];
    if (!w->was_damaged || !FzExec_IsDeterministic()) {
        return true;
    }
    if (w->spoilt) {
        return false;
    }
    w->spoilt = v->rule == FZ_RULE_NONDETERMINISM ||
                !FzConfirm_Fails(input, signature_of(v));
    w->in_a_row = 0;
    return !w->spoilt;
}

static void
report(Worker *w, const FzInput *input, const FzRun *run)
{
    uint64_t signature = signature_of(&run->violations[0]);
    bool known = is_known(w, signature);
    bool wanted = w->options->every > 0 || !known;
    if ((wanted || w->in_a_row >= MANY_IN_A_ROW) &&
        !fails_by_itself(w, input, run)) {
        return;
    }
    remember(w, signature);
    if (w->options->every > 0 ? !take_one_of_every(w) : known) {
        w->shared->duplicates++;
        return;
    }
    FzEngineConfig config = config_for(w, input);
    run = with_detail(w, input, run);
    char path[1024], why[512];
    if (!FzFinding_Save(w->options->findings_dir, input, &config.schedule, run,
                        NULL, path, sizeof(path), why, sizeof(why))) {
        fprintf(stderr, "ftfuzz: %s\n", why);
        w->failed = true;
        return;
    }
    FzWorker_Announce(w->shared, FzRule_Name(run->violations[0].rule), path);
    if (w->options->stop_on_finding) {
        __atomic_store_n(&w->all->stop, 1, __ATOMIC_RELAXED);
    }
}

// ---------------------------------------------------------------------------
// What hides behind a failure that any execution ends in: the execution goes on
// without the rule. What it shows then may be a consequence, and it would not
// fail so by itself: a finding is what fails so first, under another schedule.

// NULL: there are too many.
static Hunted *
hunted(Worker *w, uint64_t signature)
{
    Hunted *known = w->hunted;
    while (known < w->hunted + w->nhunted && known->signature != signature) {
        known++;
    }
    if (known == w->hunted + w->nhunted) {
        if (w->nhunted == FZ_MAX_SIGNATURES) {
            return NULL;
        }
        w->hunted[w->nhunted++] = (Hunted){.signature = signature};
    }
    return known;
}

static void
hunt(Worker *w, const FzInput *input, uint64_t signature)
{
    static FzInput other;
    other = *input;
    other.noverrides = 0;
    for (int i = 0; i < HUNT_SCHEDULES && !w->spoilt; i++) {
        other.seed = FzRng_Next(&w->rng);
        other.strategy = (uint8_t)FzRng_Next(&w->rng);
        execute(w, &other, &w->second);
        if (w->second.nviolations > 0 &&
            signature_of(&w->second.violations[0]) == signature) {
            report(w, &other, &w->second);
            return;
        }
    }
}

// What no schedule showed first may follow from what did, or be another mistake
// that always comes behind it. The finding says so.
static void
tell(Worker *w, const FzInput *input, const FzViolation *behind, size_t n)
{
    FzEngineConfig config = config_for(w, input);
    FzBuf report = {0}, members = {0};
    char text[FZ_SIGNATURE_TEXT], path[4200], why[512];
    FzBuf_Printf(&members, ",\n  \"behind\": [");
    for (size_t i = 0; i < n; i++) {
        FzFinding_Signature(&behind[i], text, sizeof(text));
        FzBuf_Printf(&report,
                     "\nBehind it, where the run goes on without the rule, and "
                     "never first:\n  %s: %s\n",
                     text, behind[i].message);
        FzBuf_Printf(&members, "%s", i > 0 ? ", " : "");
        FzBuf_JsonString(&members, text);
    }
    FzBuf_Printf(&members, "]");
    FzFinding_Signature(&w->run.violations[0], text, sizeof(text));
    FzFindingExtra extra = {FzBuf_CString(&report), FzBuf_CString(&members),
                            text};
    if (!FzFinding_Save(w->options->findings_dir, input, &config.schedule,
                        with_detail(w, input, &w->run), &extra, path,
                        sizeof(path), why, sizeof(why))) {
        fprintf(stderr, "ftfuzz: %s\n", why);
        w->failed = true;
    }
    FzBuf_Free(&report);
    FzBuf_Free(&members);
}

// Whether no race of these two sites was told before.
static bool
is_new_race(Worker *w, const FzRaceReport *race)
{
    uintptr_t a = race->now.site, b = race->before.site;
    uint64_t key = FzHash_Mix(FzHash_Mix(1, a < b ? a : b), a < b ? b : a);
    size_t i = key % RACES;
    while (w->races[i] != 0 && w->races[i] != key) {
        i = (i + 1) % RACES;
    }
    if (w->races[i] == key || w->nraces == FZ_MAX_SIGNATURES / 2) {
        return false;
    }
    w->races[i] = key;
    w->nraces++;
    return true;
}

typedef struct Beyond {
    Worker *worker;
    FzViolation found[BEYOND_RULES];
    size_t n;
} Beyond;

static void
note_race(const FzRaceReport *race, void *arg)
{
    Beyond *beyond = arg;
    // The last place is for what ends the run.
    if (beyond->n < BEYOND_RULES - 1 && is_new_race(beyond->worker, race)) {
        FzRace_Record(race);
        beyond->n++;
    }
}

// A race leaves all as it is: the run goes on, and tells of others.
static void
look_beyond_race(Beyond *beyond, const FzInput *input, FzEngineConfig *config)
{
    Worker *w = beyond->worker;
    FzRace_SetReporter(note_race, beyond);
    FzExec_Carry(&input->program, config, &w->second);
    FzRace_SetReporter(NULL, NULL);
    w->shared->executions++;
    w->damaged = w->damaged || FzRun_MayDamage(&w->second);
    beyond->n = 0;
    for (uint32_t i = 0; i < w->second.nviolations; i++) {
        const FzViolation *v = &w->second.violations[i];
        if (v->rule != FZ_RULE_STEP_BUDGET && !is_known(w, signature_of(v))) {
            beyond->found[beyond->n++] = *v;
        }
    }
}

static void
look_beyond_rules(Beyond *beyond, const FzInput *input, FzEngineConfig *config)
{
    Worker *w = beyond->worker;
    FzRule rule = w->run.violations[0].rule;
    for (int i = 0; i < BEYOND_RULES && !FzRule_MayDamage(rule) &&
         !FzRuleSet_Has(&config->ignored, rule); i++) {
        FzRuleSet_Add(&config->ignored, rule);
        FzExec_Carry(&input->program, config, &w->second);
        w->shared->executions++;
        w->damaged = w->damaged || FzRun_MayDamage(&w->second);
        if (w->second.nviolations == 0) {
            break;
        }
        const FzViolation *v = &w->second.violations[0];
        rule = v->rule;
        if (rule != FZ_RULE_STEP_BUDGET && !is_known(w, signature_of(v))) {
            beyond->found[beyond->n++] = *v;
        }
    }
}

static void
look_beyond(Worker *w, const FzInput *input)
{
    static Beyond beyond;
    FzEngineConfig config = config_for(w, input);
    bool race = w->run.violations[0].rule == FZ_RULE_DATA_RACE;
    bool sound = !w->was_damaged;
    size_t untold = 0;
    config.step_budget = BEYOND_STEPS;
    beyond.worker = w;
    beyond.n = 0;
    (race ? look_beyond_race : look_beyond_rules)(&beyond, input, &config);
    FzViolation *behind = beyond.found;
    for (size_t i = 0; i < beyond.n; i++) {
        uint64_t signature = signature_of(&behind[i]);
        Hunted *known = hunted(w, signature);
        if (known != NULL && known->hunts++ < (race ? RACE_HUNTS : HUNTS) &&
            !is_known(w, signature)) {
            hunt(w, input, signature);
        }
        if (known != NULL && sound && !known->told && !is_known(w, signature)) {
            known->told = true;
            behind[untold++] = behind[i];
        }
    }
    if (untold > 0 && !w->spoilt) {
        tell(w, input, behind, untold);
    }
}

// A sanitizer's report would end the process, in a run that is no finding.
static bool
may_look_beyond(Worker *w)
{
#if defined(RT_ASAN) || defined(RT_TSAN)
    (void)w;
    return false;
#else
    return FzExec_IsDeterministic() && !w->options->stop_on_finding &&
           (w->failing++ < BEYOND_ALL || w->failing % BEYOND_EVERY == 0);
#endif
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
recheck(Worker *w, const FzInput *input)
{
    execute(w, input, &w->second);
    w->shared->rechecks++;
    if (!FzCampaign_SameTrace(&w->run, &w->second)) {
        report(w, input, &w->second);
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
choose_input(Worker *w, FzInput *input)
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
count_cpu_time(Worker *w)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    uint64_t now = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
    __atomic_fetch_add(&w->shared->cpu_ns, now - w->cpu_ns, __ATOMIC_RELAXED);
    w->cpu_ns = now;
}

static bool
take_budget(Worker *w)
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
one_execution(Worker *w, FzInput *input)
{
    execute(w, input, &w->run);
    if (w->run.nviolations > 0) {
        report(w, input, &w->run);
        if (!w->spoilt && may_look_beyond(w)) {
            look_beyond(w, input);
        }
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
is_damaging_file(const Worker *w, uint64_t name)
{
    for (unsigned i = 0; i < FZ_DAMAGING_FILES; i++) {
        if (w->all->damaging_files[i] == name) {
            return true;
        }
    }
    return false;
}

static void
load_one(Worker *w, const char *file, FzInput *input)
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
load_corpus(Worker *w)
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
    Worker *w = &worker;
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

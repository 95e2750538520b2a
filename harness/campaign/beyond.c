// beyond.c: what hides behind a failure that any execution ends in: the
// execution goes on without the rule. What it shows then may be a consequence,
// and it would not fail so by itself: a finding is what fails so first, under
// another schedule.

#include "fz_finding.h"
#include "fz_race.h"
#include "worker_internal.h"

enum {
    BEYOND_ALL = 64,            // failing executions that are looked beyond,
    BEYOND_EVERY = 4,           // and one in so many of those that follow
    BEYOND_RULES = 4,           // in one execution
    BEYOND_STEPS = 200000,
    HUNTS = 3,                  // for one failure
    HUNT_SCHEDULES = 48,
    RACE_HUNTS = 1,             // one mistake may make dozens of races
};

// NULL: there are too many.
static FzHunted *
hunted(FzWorker *w, uint64_t signature)
{
    FzHunted *known = w->hunted;
    while (known < w->hunted + w->nhunted && known->signature != signature) {
        known++;
    }
    if (known == w->hunted + w->nhunted) {
        if (w->nhunted == FZ_MAX_SIGNATURES) {
            return NULL;
        }
        w->hunted[w->nhunted++] = (FzHunted){.signature = signature};
    }
    return known;
}

static void
hunt(FzWorker *w, const FzInput *input, uint64_t signature)
{
    static FzInput other;
    other = *input;
    other.noverrides = 0;
    for (int i = 0; i < HUNT_SCHEDULES && !w->spoilt; i++) {
        other.seed = FzRng_Next(&w->rng);
        other.strategy = (uint8_t)FzRng_Next(&w->rng);
        FzWorker_Execute(w, &other, &w->second);
        if (w->second.nviolations > 0 &&
            FzWorker_SignatureOf(&w->second.violations[0]) == signature) {
            FzWorker_Report(w, &other, &w->second);
            return;
        }
    }
}

// Whether no race of these two sites was told before.
static bool
is_new_race(FzWorker *w, const FzRaceReport *race)
{
    uintptr_t a = race->now.site, b = race->before.site;
    uint64_t key = FzHash_Mix(FzHash_Mix(1, a < b ? a : b), a < b ? b : a);
    size_t i = key % FZ_RACES;
    while (w->races[i] != 0 && w->races[i] != key) {
        i = (i + 1) % FZ_RACES;
    }
    if (w->races[i] == key || w->nraces == FZ_MAX_SIGNATURES / 2) {
        return false;
    }
    w->races[i] = key;
    w->nraces++;
    return true;
}

typedef struct Beyond {
    FzWorker *worker;
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

// Nothing failed so first; and that it did not end is no failure.
static bool
is_new(const FzWorker *w, const FzViolation *v)
{
    return v->rule != FZ_RULE_STEP_BUDGET &&
           !FzWorker_IsKnown(w, FzWorker_SignatureOf(v));
}

// A race leaves all as it is: the run goes on, and tells of others.
static void
look_beyond_race(Beyond *beyond, const FzInput *input, FzEngineConfig *config)
{
    FzWorker *w = beyond->worker;
    FzRace_SetReporter(note_race, beyond);
    FzExec_Carry(&input->program, config, &w->second);
    FzRace_SetReporter(NULL, NULL);
    w->shared->executions++;
    w->damaged = w->damaged || FzRun_MayDamage(&w->second);
    beyond->n = 0;
    for (uint32_t i = 0; i < w->second.nviolations; i++) {
        const FzViolation *v = &w->second.violations[i];
        if (is_new(w, v)) {
            beyond->found[beyond->n++] = *v;
        }
    }
}

static void
look_beyond_rules(Beyond *beyond, const FzInput *input, FzEngineConfig *config)
{
    FzWorker *w = beyond->worker;
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
        if (is_new(w, v)) {
            beyond->found[beyond->n++] = *v;
        }
    }
}

static void
look_beyond(FzWorker *w, const FzInput *input)
{
    static Beyond beyond;
    FzEngineConfig config = FzWorker_Config(w, input);
    bool race = w->run.violations[0].rule == FZ_RULE_DATA_RACE;
    bool sound = !w->was_damaged;
    size_t untold = 0;
    config.step_budget = BEYOND_STEPS;
    beyond.worker = w;
    beyond.n = 0;
    (race ? look_beyond_race : look_beyond_rules)(&beyond, input, &config);
    FzViolation *behind = beyond.found;
    for (size_t i = 0; i < beyond.n; i++) {
        uint64_t signature = FzWorker_SignatureOf(&behind[i]);
        FzHunted *known = hunted(w, signature);
        if (known != NULL && known->hunts++ < (race ? RACE_HUNTS : HUNTS) &&
            !FzWorker_IsKnown(w, signature)) {
            hunt(w, input, signature);
        }
        if (known != NULL && sound && !known->told &&
            !FzWorker_IsKnown(w, signature)) {
            known->told = true;
            behind[untold++] = behind[i];
        }
    }
    if (untold > 0 && !w->spoilt) {
        FzWorker_Tell(w, input, behind, untold);
    }
}

// A sanitizer's report would end the process, in a run that is no finding.
static bool
may_look_beyond(FzWorker *w)
{
#if defined(RT_ASAN) || defined(RT_TSAN)
    (void)w;
    return false;
#else
    return FzExec_IsDeterministic() && !w->options->stop_on_finding &&
           (w->failing++ < BEYOND_ALL || w->failing % BEYOND_EVERY == 0);
#endif
}

void
FzWorker_LookBeyond(FzWorker *w, const FzInput *input)
{
    if (!w->spoilt && may_look_beyond(w)) {
        look_beyond(w, input);
    }
}

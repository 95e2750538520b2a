// twins.c: all twins, and whether a pair does what its rule promises: the clean
// one is silent, the broken one is reported first by this rule, by the thread
// that acts, and when the rule says that it looks.

#include "twins_internal.h"

#include <string.h>

#ifdef RT_WITH_HOOKS

static const FzTwin *const groups[] = {
    fz_twins_memory, fz_twins_lock, fz_twins_world, fz_twins_object,
    fz_twins_gc, fz_twins_eval, fz_twins_run,
    fz_twins_process,
};

const char *
FzTwinPromise_Name(FzTwinPromise promise)
{
    static const char *const names[] = {
        "at once", "at the next look", "at the end",
    };
    return names[promise];
}

bool
FzTwin_Has(FzRule rule)
{
    for (size_t i = 0; FzTwin_Nth(i) != NULL; i++) {
        if (FzTwin_Nth(i)->rule == rule) {
            return true;
        }
    }
    return false;
}

const FzTwin *
FzTwin_Nth(size_t n)
{
    for (int rule = 0; rule < FZ_RULE_COUNT; rule++) {
        for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++) {
            for (const FzTwin *t = groups[g]; t->rule != FZ_RULE_COUNT; t++) {
                if (t->rule == (FzRule)rule && n-- == 0) {
                    return t;
                }
            }
        }
    }
    return NULL;
}

static void
execute(const FzTwin *twin, bool broken, FzRun *run)
{
    fz_stage = (FzTwinState){ .broken = broken, .run = run };
    FzEngineConfig config = {
        .schedule = {
            .kind = FZ_SCHEDULE_STRATEGY,
            .strategy = &fz_twin_script,
            .time_step_ns = 1000,
        },
        .step_budget = 20000,
        .record_events = true,
        .oracles = true,
        .races = twin->rule == FZ_RULE_DATA_RACE,
    };
    FzEngine_Run(&config, FzTwin_Body, (void *)twin, run);
}

static const char *
check_clean(const FzRun *run)
{
    return run->nviolations != 0 ? "the clean twin is reported"
         : !run->completed ? "the clean twin does not end"
         : fz_stage.phase != FZ_TWIN_PAST ? "the clean twin misses the place"
         : NULL;
}

static const char *
check_broken(const FzTwin *twin, const FzRun *run)
{
    if (run->nviolations == 0) {
        return "the broken twin is not reported";
    }
    if (run->violations[0].rule != twin->rule) {
        return "the broken twin is reported by another rule";
    }
    switch (twin->promise) {
    case FZ_TWIN_AT_END:
        return run->completed && fz_stage.phase == FZ_TWIN_PAST
                   ? NULL : "it is reported before the end";
    case FZ_TWIN_AT_LOOK:
        if (fz_stage.phase != FZ_TWIN_LOOKING) {
            return "it is not reported when the oracle looks";
        }
        break;
    default:
        if (fz_stage.phase != FZ_TWIN_WITHIN) {
            return fz_stage.phase == FZ_TWIN_BEFORE
                       ? "it is reported before the mistake"
                       : "it is reported too late";
        }
        break;
    }
    return run->violations[0].thread == fz_stage.thread
               ? NULL : "it is reported on another thread";
}

static void
describe(const FzRun *run, char *buf, size_t size)
{
    snprintf(buf, size, "%s", run->nviolations == 0
                                  ? "silent"
                                  : FzRule_Name(run->violations[0].rule));
}

static void
ask_both(const FzTwin *twin, FzTwinResult *result)
{
    int clean = twin->verdict(false);
    int broken = twin->verdict(true);
    snprintf(result->clean, sizeof(result->clean), "%s",
             clean < 0 ? "silent" : FzRule_Name((FzRule)clean));
    snprintf(result->broken, sizeof(result->broken), "%s",
             broken < 0 ? "silent" : FzRule_Name((FzRule)broken));
    result->why = clean >= 0 ? "the clean twin is reported"
                : broken < 0 ? "the broken twin is not reported"
                : (FzRule)broken != twin->rule
                      ? "the broken twin is reported by another rule"
                : NULL;
    result->as_expected = result->why == NULL;
}

void
FzTwin_Run(const FzTwin *twin, FzTwinResult *result)
{
    static FzRun run;
    *result = (FzTwinResult){0};
    if (twin->stage == FZ_TWIN_PROCESS) {
        ask_both(twin, result);
        return;
    }
    execute(twin, false, &run);
    result->why = check_clean(&run);
    describe(&run, result->clean, sizeof(result->clean));
    if (run.nviolations != 0) {
        snprintf(result->message, sizeof(result->message), "%.299s",
                 run.violations[0].message);
        return;
    }
    execute(twin, true, &run);
    describe(&run, result->broken, sizeof(result->broken));
    if (run.nviolations != 0) {
        result->seen_step = run.violations[0].step;
        result->events = run.nevents - fz_stage.event;
        snprintf(result->message, sizeof(result->message), "%.299s",
                 run.violations[0].message);
    }
    result->wrong_step = fz_stage.step;
    if (result->why == NULL) {
        result->why = check_broken(twin, &run);
    }
    result->as_expected = result->why == NULL;
}

#else

const FzTwin *
FzTwin_Nth(size_t n)
{
    (void)n;
    return NULL;
}

bool
FzTwin_Has(FzRule rule)
{
    (void)rule;
    return false;
}

const char *
FzTwinPromise_Name(FzTwinPromise promise)
{
    (void)promise;
    return "";
}

void
FzTwin_Run(const FzTwin *twin, FzTwinResult *result)
{
    (void)twin;
    *result = (FzTwinResult){0};
}

#endif

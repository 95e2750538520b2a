// insight.c: what else a minimised program says of its mistake: which
// preemption matters, how else it fails, and what goes wrong in the same runs.
// It is there for triage: findings of one mistake have the one or the other in
// common.

#include <string.h>

#include "trial_internal.h"

static bool
fails_as(const char *signature)
{
    char text[FZ_SIGNATURE_TEXT];
    if (fz_trial.run.nviolations == 0) {
        return false;
    }
    FzFinding_Signature(&fz_trial.run.violations[0], text, sizeof(text));
    return strcmp(text, signature) == 0;
}

// How often it still fails so (NULL: as the target) with this preemption one or
// two points off.
static int
count_loose(const FzTask *task, const FzCause *cause, const FzGuide *guide,
            const char *signature)
{
    int failing = 0;
    for (int shift = -2; shift <= 2; shift++) {
        FzGuide moved = {0};
        for (size_t i = 0; i < guide->count; i++) {
            FzTurn turn = guide->turns[i];
            if (turn.thread == cause->thread && turn.at == cause->own &&
                turn.preempts) {
                turn.at += (uint64_t)(int64_t)shift;
            }
            FzGuide_Add(&moved, turn);
        }
        FzSchedule schedule = FzTrial_Guided(task, &moved);
        if (shift != 0) {
            FzTrial_RunOnce(&task->reduction.program, &schedule);
            failing += signature != NULL
                           ? fails_as(signature)
                           : FzTrial_Judge(fz_trial.shared, &fz_trial.run);
        }
        FzGuide_Free(&moved);
    }
    return failing;
}

typedef struct Job {
    FzTask *task;
    const FzGuide *guide;
} Job;

// The preemption that matters is the one that must be where it is: the others
// only bring the threads there.
static void
choose_cause(void *arg)
{
    const Job *job = arg;
    FzProfile *p = &fz_trial.shared->profile;
    FzSchedule schedule = FzTrial_Guided(job->task, job->guide);
    FzTrial_RunOnce(&job->task->reduction.program, &schedule);
    if (!FzTrial_Judge(fz_trial.shared, &fz_trial.run)) {
        return;
    }
    FzCause all[FZ_CAUSES];
    size_t n = FzCause_All(&fz_trial.run, &fz_trial.turns, all, FZ_CAUSES);
    int least = 100;
    for (size_t i = 0; i < n; i++) {
        int loose = count_loose(job->task, &all[i], job->guide, NULL);
        int order = loose * 2 + !all[i].conflicts;
        if (order <= least) {
            least = order;
            p->cause = all[i];
            p->tight = loose <= 1;
        }
    }
}

enum {
    PROFILE_STEPS = 2000000, KIN_TRIES = 16, MAX_BESIDE = 6,
    MAX_DAMAGING = 100,         // runs of a child: a new one takes its time
    MAX_CHILDREN = 30,          // some die of each run
};

static bool
is_same_place(const FzCause *a, const FzCause *b)
{
    return strcmp(a->function, b->function) == 0 &&
           strcmp(a->field, b->field) == 0;
}

// Whether the run that has just failed as `alias` has the preemption that
// causes the target, must have it exactly there, and no other one as exactly:
// that would be the cause of another mistake. That it does not fail without it
// says less: any change of a schedule may do that.
static bool
is_kin(const FzTask *task, const FzAlias *alias, const FzCause *cause)
{
    FzCause all[FZ_CAUSES];
    FzGuide turns = {0};
    int same = 100, other = 100;
    size_t n = FzCause_All(&fz_trial.run, &fz_trial.turns, all, FZ_CAUSES);
    for (size_t i = 0; i < fz_trial.turns.count; i++) {
        FzGuide_Add(&turns, fz_trial.turns.turns[i]);
    }
    for (size_t i = 0; i < n; i++) {
        int *least = is_same_place(&all[i], cause) ? &same : &other;
        int loose = count_loose(task, &all[i], &turns, alias->signature);
        *least = loose < *least ? loose : *least;
    }
    FzGuide_Free(&turns);
    return same <= 1 && same < other;
}

static FzAlias *
find_alias(FzAlias *aliases, size_t *n)
{
    for (size_t i = 0; i < *n; i++) {
        if (fails_as(aliases[i].signature)) {
            return &aliases[i];
        }
    }
    if (*n == FZ_PROFILE_ALIASES) {
        return NULL;
    }
    FzAlias *alias = &aliases[(*n)++];
    *alias = (FzAlias){0};
    FzFinding_Signature(&fz_trial.run.violations[0], alias->signature,
                        sizeof(alias->signature));
    return alias;
}

// A few that never end are to be among them.
static void
count_steps(FzProfile *p)
{
    p->steps += fz_trial.run.steps < PROFILE_STEPS / 8 ? fz_trial.run.steps
                                                     : PROFILE_STEPS / 8;
}

// The run has failed. What else is wrong in it shows when it goes on: the same
// again, without the rules by which it has failed.
static void
look_beside(FzProfile *p, const FzTask *task, const FzSchedule *schedule,
            FzAlias *first)
{
    FzAlias *seen[MAX_BESIDE] = {first};
    size_t n = 1;
    bool target = FzTrial_Judge(fz_trial.shared, &fz_trial.run);
    fz_trial.step_budget = 4 * task->best.steps + 10000;
    while (n < MAX_BESIDE) {
        FzRule rule = fz_trial.run.violations[0].rule;
        if (FzRuleSet_Has(&fz_trial.ignored, rule)) {
            break;              // it cannot be ignored
        }
        FzRuleSet_Add(&fz_trial.ignored, rule);
        FzTrial_RunOnce(&task->reduction.program, schedule);
        count_steps(p);
        if (fz_trial.run.nviolations == 0 ||
            fz_trial.run.violations[0].rule == FZ_RULE_STEP_BUDGET) {
            break;
        }
        target = target || FzTrial_Judge(fz_trial.shared, &fz_trial.run);
        FzAlias *alias = find_alias(p->aliases, &p->n);
        if (alias == NULL) {
            break;
        }
        seen[n++] = alias;
    }
    fz_trial.ignored = (FzRuleSet){0};
    fz_trial.step_budget = 0;
    p->failing += target;
    for (size_t i = 0; i < n; i++) {
        bool again = false;
        for (size_t k = 0; k < i; k++) {
            again = again || seen[k] == seen[i];
        }
        seen[i]->runs += !again;
        seen[i]->beside += !again && target;
    }
}

static void
print_profile(const FzProfile *p, FzInsight *insight)
{
    for (size_t i = 0; i < p->n; i++) {
        const FzAlias *alias = &p->aliases[i];
        FzBuf *lists[] = {alias->first ? &insight->aliases : NULL,
                          alias->kin ? &insight->kin : NULL};
        for (size_t k = 0; k < 2; k++) {
            if (lists[k] != NULL) {
                FzBuf_Printf(lists[k], "%s", lists[k]->size > 0 ? ", " : "");
                FzBuf_JsonString(lists[k], alias->signature);
            }
        }
        if (alias->beside > 0) {
            FzBuf_Printf(&insight->beside, "%s{\"signature\": ",
                         insight->beside.size > 0 ? ", " : "");
            FzBuf_JsonString(&insight->beside, alias->signature);
            FzBuf_Printf(&insight->beside,
                         ", \"of\": %d, \"runs\": %d, \"failing\": %d, "
                         "\"both\": %d}",
                         p->runs, alias->runs, p->failing, alias->beside);
        }
    }
}

static bool
has_more(const FzProfile *p)
{
    return p->runs < FZ_PROFILE_RUNS && p->steps < PROFILE_STEPS;
}

// How else the result fails: other signatures of the same mistake, for there is
// hardly anything else in it. Kin are those that the same preemption causes.
// Ends where memory may be damaged too much: it is to be called again.
static void
find_aliases(void *arg)
{
    FzTask *task = ((Job *)arg)->task;
    FzProfile *p = &fz_trial.shared->profile;
    const FzCause *cause = &p->cause;
    for (int damaging = 0; has_more(p) && damaging < MAX_DAMAGING;) {
        FzTrial_GrantTime();
        uint32_t number = (uint32_t)p->runs++;
        FzSchedule schedule = FzTrial_Random(task, number);
        // A race would end the run before it shows what else is wrong.
        fz_trial.any_rule = number % 2 == 0;
        FzTrial_RunOnce(&task->reduction.program, &schedule);
        count_steps(p);
        FzAlias *alias = fz_trial.run.nviolations == 0
                           ? NULL
                           : find_alias(p->aliases, &p->n);
        if (alias == NULL) {
            continue;
        }
        damaging += FzRun_MayDamage(&fz_trial.run);
        alias->first = true;
        if (!alias->kin && cause->preempted &&
            schedule.kind == FZ_SCHEDULE_GUIDE && alias->tries < KIN_TRIES) {
            alias->tries++;
            alias->kin = is_kin(task, alias, cause);
            FzTrial_RunOnce(&task->reduction.program, &schedule);
        }
        look_beside(p, task, &schedule, alias);
    }
    fz_trial.any_rule = false;
}

void
FzInsight_Of(FzTask *task, const FzGuide *guide, FzInsight *insight)
{
    FzProfile *p = &fz_trial.shared->profile;
    Job job = {task, guide};
    FzTrial_Aside(choose_cause, &job);
    task->turns_at_most = 3;
    FzTrial_LearnPoints(task);
    for (int i = 0; i < MAX_CHILDREN && has_more(p); i++) {
        FzTrial_Aside(find_aliases, &job);
    }
    insight->cause = p->cause;
    insight->tight = p->tight;
    print_profile(p, insight);
    FzNear_Look(task, &insight->near);
}

void
FzInsight_Free(FzInsight *insight)
{
    FzBuf_Free(&insight->aliases);
    FzBuf_Free(&insight->kin);
    FzBuf_Free(&insight->beside);
    FzBuf_Free(&insight->near);
}

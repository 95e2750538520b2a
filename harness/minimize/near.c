// near.c: how programs fail that differ by little from a minimised one, and do
// the same operations. Such a program is little more than one mistake: what its
// neighbours show are other faces of that, which the program itself has no room
// for; unless strangers, of the same size but with other operations, show it as
// well: then it is everywhere.

#include <string.h>

#include "trial_internal.h"

enum {
    PROGRAMS = 300, SCHEDULES = 4,      // of each
    MOST_CHANGES = 3,
    MOST_BESIDE = 2,
    STEPS = 3000000,
    MOST_STEPS = 500000,        // of one run
    MAX_DAMAGING = 100,         // runs of a child: a new one takes its time
    MAX_DEATHS = 5,             // of children; by a hang, after seconds
};

static bool
has_more(const FzNear *near)
{
    return near->programs < PROGRAMS && near->steps < STEPS;
}

static FzNearFailure *
find_failure(FzNear *near)
{
    char text[FZ_SIGNATURE_TEXT];
    FzFinding_Signature(&fz_trial.run.violations[0], text, sizeof(text));
    for (size_t i = 0; i < near->n; i++) {
        if (strcmp(near->failures[i].signature, text) == 0) {
            return &near->failures[i];
        }
    }
    if (near->n == FZ_NEAR_FAILURES) {
        return NULL;
    }
    FzNearFailure *failure = &near->failures[near->n++];
    *failure = (FzNearFailure){0};
    memcpy(failure->signature, text, sizeof(text));
    return failure;
}

// What the run failed by, for this program, once. false: nothing, or it just
// did not end.
static bool
count_failure(FzNear *near, FzNearKind kind)
{
    if (fz_trial.run.nviolations == 0 ||
        fz_trial.run.violations[0].rule == FZ_RULE_STEP_BUDGET) {
        return false;
    }
    FzNearFailure *failure = find_failure(near);
    if (failure != NULL && failure->last[kind] != near->programs) {
        failure->last[kind] = near->programs;
        failure->programs[kind]++;
    }
    return true;
}

// A run, and what else is wrong in it: the same again, without the rules by
// which it has failed. How many of these may have damaged memory.
static int
run_schedule(FzNear *near, const FzProgram *program,
             const FzSchedule *schedule, FzNearKind kind)
{
    int damaging = 0;
    bool failed = true;
    fz_trial.ignored = (FzRuleSet){0};
    for (int i = 0; failed && i <= MOST_BESIDE; i++) {
        FzTrial_GrantTime();
        FzTrial_RunOnce(program, schedule);
        near->steps += fz_trial.run.steps;
        damaging += FzRun_MayDamage(&fz_trial.run);
        failed = count_failure(near, kind) &&
                 !FzRuleSet_Has(&fz_trial.ignored,
                                fz_trial.run.violations[0].rule);
        if (failed) {
            FzRuleSet_Add(&fz_trial.ignored, fz_trial.run.violations[0].rule);
        }
    }
    fz_trial.ignored = (FzRuleSet){0};
    return damaging;
}

static int
run_program(FzNear *near, const FzTask *task, const FzProgram *program,
            FzNearKind kind)
{
    int damaging = 0;
    for (int i = 0; i < SCHEDULES; i++) {
        FzSchedule schedule = FzTrial_Random(
            task, (uint32_t)(near->programs * SCHEDULES + i));
        // A race would end the run before it shows what else is wrong.
        fz_trial.any_rule = i % 2 == 0;
        damaging += run_schedule(near, program, &schedule, kind);
    }
    return damaging;
}

// Runs strangers and neighbours until enough were seen, or memory may be
// damaged too much: it is to be called again. Who dies over a neighbour has
// seen the stranger: there are never too few of these.
static void
look(void *arg)
{
    static FzProgram program;
    const FzTask *task = arg;
    FzNear *near = &fz_trial.shared->near;
    FzRng rng;
    // One that never ends is no other face, it is another program.
    fz_trial.step_budget = 4 * task->best.steps + 10000;
    if (fz_trial.step_budget > MOST_STEPS) {
        fz_trial.step_budget = MOST_STEPS;
    }
    near->died = true;
    for (int damaging = 0; has_more(near) && damaging < MAX_DAMAGING;) {
        FzRng_Seed(&rng, FzHash_Mix(task->seed, (uint64_t)near->programs++));
        program = task->reduction.program;
        FzProgram_Replace(&program, &rng);
        damaging += run_program(near, task, &program, FZ_NEAR_STRANGER);
        program = task->reduction.program;
        uint32_t changes = 1 + FzRng_Below(&rng, MOST_CHANGES);
        for (uint32_t i = 0; i < changes; i++) {
            FzProgram_Vary(&program, &rng);
        }
        damaging += run_program(near, task, &program, FZ_NEAR_NEIGHBOUR);
    }
    near->died = false;
    fz_trial.any_rule = false;
    fz_trial.step_budget = 0;
}

static void
print_failures(const FzNear *near, FzBuf *out)
{
    for (size_t i = 0; i < near->n; i++) {
        const FzNearFailure *failure = &near->failures[i];
        FzBuf_Printf(out, "%s{\"signature\": ", i > 0 ? ", " : "");
        FzBuf_JsonString(out, failure->signature);
        FzBuf_Printf(out,
                     ", \"of\": %d, \"neighbours\": %d, \"strangers\": %d}",
                     near->programs, failure->programs[FZ_NEAR_NEIGHBOUR],
                     failure->programs[FZ_NEAR_STRANGER]);
    }
}

void
FzNear_Look(FzTask *task, FzBuf *out)
{
    FzNear *near = &fz_trial.shared->near;
    // A worker before this one was killed over it: what that saw is all.
    bool again = near->programs > 0;
    for (int deaths = 0; !again && has_more(near) && deaths < MAX_DEATHS;) {
        FzTrial_Aside(look, task);
        deaths += near->died;
    }
    print_failures(near, out);
}

// trial_internal.h: what trial.c and insight.c share: the worker process and
// its runs.

#ifndef FZ_TRIAL_INTERNAL_H
#define FZ_TRIAL_INTERNAL_H

#include "fz_cause.h"
#include "minimize_internal.h"

// What the worker is doing, for the report of a dying process.
typedef struct FzTrialWorker {
    FzBoard *shared;
    FzSlot *slot;
    FzRun run;
    FzGuide turns;              // of the run in progress
    FzSchedule schedule;
    const FzProgram *program;
    bool any_rule;              // races and details, whatever the target is
    FzRuleSet ignored;
    uint64_t step_budget;       // FzEngineConfig.step_budget
    bool damaged, was_damaged;  // memory may be, after and before the last run
    char report_path[128];
} FzTrialWorker;
extern FzTrialWorker fz_trial;

// ---- aside.c
// Calls it in a child, which ends with it, or dies over it.
void FzTrial_Aside(void (*run)(void *arg), void *arg);
// The child is killed a few seconds after it was last granted time.
void FzTrial_GrantTime(void);

// ---- trial.c
// One run, into fz_trial.run.
void FzTrial_RunOnce(const FzProgram *program, const FzSchedule *schedule);
// Whether it failed as it should.
bool FzTrial_Judge(FzBoard *shared, const FzRun *run);
FzSchedule FzTrial_Guided(const FzTask *task, const FzGuide *guide);
// The i-th of the task.
FzSchedule FzTrial_Random(const FzTask *task, uint32_t i);
// The points that the best passes, once for each best.
void FzTrial_LearnPoints(FzTask *task);

// ---- insight.c: what is said of a result beyond its run.
typedef struct FzInsight {
    FzCause cause;
    bool tight;                 // one point earlier or later, and it is gone
    FzBuf aliases;              // JSON strings, separated by commas
    FzBuf kin;                  // those of them with the same cause
    FzBuf beside;               // JSON objects: what is in one run with it
    FzBuf near;                 // and how its neighbours fail
} FzInsight;
// Of the run that follows the guide. Nothing is run in the worker itself.
void FzInsight_Of(FzTask *task, const FzGuide *guide, FzInsight *insight);
void FzInsight_Free(FzInsight *insight);

// ---- near.c: how neighbours of the result fail, as JSON objects.
void FzNear_Look(FzTask *task, FzBuf *out);

#endif  // FZ_TRIAL_INTERNAL_H

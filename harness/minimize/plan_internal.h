// plan_internal.h: the plan of minimization and its steps. A step looks for a
// candidate that is less than the best and fails alike, and makes it the best;
// true: it did. Which candidates are tried, and when it is given up, depends on
// the finding and the seed alone, unless the time ends first.

#ifndef FZ_MINIMIZE_PLAN_INTERNAL_H
#define FZ_MINIMIZE_PLAN_INTERNAL_H

#include "minimize_internal.h"

enum {
    FEW_THREADS = 2, FEW_OPERATIONS = 8, FEW_PREEMPTIONS = 3,   // the aim
    ROUNDS = 4,
    QUICK_ROUND = 2,            // rounds before it are quick
};

typedef struct Minimizer {
    const FzMinimizeOptions *options;
    FzPool pool;
    FzWitness best;
    uint64_t number;            // changes with the best
    FzInput input;
    uint32_t attempt;
    uint64_t seed;              // of this attempt
    double started, deadline;
    double last_status;
    unsigned round;
    bool profile;               // FzTask.profile
    uint32_t random;            // schedules for a candidate
    bool hasty;                 // half of the candidates, chosen at random, and
                                // a few schedules for each
    // The candidates in progress.
    FzReducePass pass;
    uint32_t chunk;
    uint32_t max_preemptions;
} Minimizer;

// ---- minimize.c
FzSize FzMinimize_SizeOf(const FzWitness *w);
void FzMinimize_ShowStatus(Minimizer *m, bool last);

// ---- plan.c
// From a best that fails to the smallest that is found.
void FzPlan_Run(Minimizer *m);
void FzPlan_Adopt(Minimizer *m, const FzWitness *witness);
// The time has come, or as much was tried as is ever tried.
bool FzPlan_IsOver(const Minimizer *m);
// The best itself, as a candidate.
void FzPlan_FillTask(const Minimizer *m, FzTask *task);
bool FzPlan_IsWithinAim(const FzWitness *w);
// Of the candidates from `from` on, the first that fails as it should, or -1.
int64_t FzPlan_First(Minimizer *m, FzTaskMaker make, int64_t from,
                     const FzAnswer **answer);

// ---- programs.c
// One round of all passes.
bool FzPrograms_Reduce(Minimizer *m);
// Of those only that leave less threads.
bool FzPrograms_ReduceThreads(Minimizer *m);
// What the program runs under: an allocation that fails, how fast time passes.
void FzPrograms_ReduceConditions(Minimizer *m);

// ---- schedules.c
// Leaves out turns of the schedule until none can go.
void FzSchedules_Reduce(Minimizer *m);
// Another schedule, whatever it takes.
bool FzSchedules_Other(Minimizer *m);
// Looks for schedules of fewer preemptions that are no part of this one.
bool FzSchedules_Search(Minimizer *m);
// For one of at most so many.
bool FzSchedules_SearchBelow(Minimizer *m, uint32_t limit);

#endif  // FZ_MINIMIZE_PLAN_INTERNAL_H

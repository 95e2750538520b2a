// fz_regression.h: a failure of the past that must not come back: its program
// by names, and the choices that made it fail, in one text file.
//
//   ftfuzz regression 1
//   rule USE_AFTER_FREE
//   signature USE_AFTER_FREE|mem|list_get|list_resize
//   build fuzz-ft
//   gil -1
//   time-step-ns 1000
//   fail-allocation 0
//   turn 1 17 0 preempts          thread 1, when it has passed 17 points,
//   turn 0 4 1                    gives way to thread 0; then 0 to 1
//   program
//   class base 0 eq 1 hash 0 del 2
//   …
//   end
//
// Points move as the runtime changes, and the turns then say less and less; so
// a regression also runs under other schedules.

#ifndef FZ_REGRESSION_H
#define FZ_REGRESSION_H

#include "fz_engine.h"
#include "fz_program.h"

typedef struct FzRegression {
    char rule[48];
    char signature[400];
    char build[32];
    int gil;                    // FzExec_SetGil()
    uint32_t time_step_ns;
    uint32_t fail_allocation;
    uint32_t weak_seed;         // of the first schedule; 0: loads are not weak
    FzGuide turns;
    FzProgram program;
} FzRegression;

// Of a finding: runs it, to learn its turns. True: it fails in this build.
struct FzFinding;
bool FzRegression_OfFinding(const struct FzFinding *finding,
                            FzRegression *out);
void FzRegression_Print(const FzRegression *regression, FzBuf *out);
FZ_WARN_UNUSED bool FzRegression_Parse(const char *text, FzRegression *out,
                                       char *why, size_t why_size);
void FzRegression_Free(FzRegression *regression);
// Runs it as it failed, then under `schedules` others. True: nothing was wrong;
// else run->violations says what.
bool FzRegression_Check(const FzRegression *regression, uint64_t schedules,
                        FzRun *run);

#endif  // FZ_REGRESSION_H

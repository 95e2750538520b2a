// fz_explain.h: what a finding comes from, found out by running it again in
// other ways.

#ifndef FZ_EXPLAIN_H
#define FZ_EXPLAIN_H

#include "fz_cause.h"
#include "fz_finding.h"

enum { FZ_MOMENTS = 24, FZ_MOMENT_TRIALS = 20 };

// From a step on, other schedules are tried: how many still fail?
typedef struct FzMoment {
    uint64_t step;
    uint32_t failed;            // of FZ_MOMENT_TRIALS
} FzMoment;

// Where a thread is at a step.
typedef struct FzPlace {
    uint32_t thread;
    uint32_t line;              // of the program; 0: none
    uintptr_t site;             // offset in the image; 0: unknown
} FzPlace;

typedef struct FzExplanation {
    FzCause cause;
    size_t preemptions;
    // The smallest change of the schedule that avoids the failure.
    bool avoidable;             // one was found
    FzTurn turn;                // of this
    int64_t shift;              // by so many points; 0: it is not made at all
    FzMoment moments[FZ_MOMENTS];
    size_t nmoments;
    bool has_no_return;         // from here on, every schedule fails
    uint64_t no_return;         // step
    FzPlace no_return_place;
} FzExplanation;

// False with a reason: it does not fail in this build.
FZ_WARN_UNUSED bool FzExplain_Run(const FzFinding *finding, FzRun *run,
                                  FzExplanation *out, char *why,
                                  size_t why_size);
// In words. run: of FzExplain_Run(), with events.
void FzExplain_Print(const FzFinding *finding, const FzRun *run,
                     const FzExplanation *explanation, FzBuf *out);

#endif  // FZ_EXPLAIN_H

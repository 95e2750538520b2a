// fz_minimize.h: makes a failing program and its schedule small together.
//
// What is accepted fails with the signature of the finding: never with another
// one. Candidates run in worker processes, so that one which ends its process
// (a sanitizer's report, an endless loop) is a result like another. Candidates
// are judged in their order, whatever the number of workers: same finding, same
// seed, same result, if the time suffices.

#ifndef FZ_MINIMIZE_H
#define FZ_MINIMIZE_H

#include "fz_finding.h"

enum { FZ_MINIMIZE_MAX_JOBS = 64 };

typedef struct FzMinimizeOptions {
    double seconds;             // at most; then the best so far is the result
    uint64_t seed;
    uint64_t jobs;
    bool progress;              // a status line on standard error
    void (*body)(void *);       // runs a program; NULL: FzExec_Body
} FzMinimizeOptions;

typedef struct FzSize {
    uint32_t threads;           // that do something, main included
    uint32_t operations;        // of the longest thread or function
    uint32_t preemptions;
    uint64_t steps;
} FzSize;

typedef struct FzMinimizeResult {
    FzSize before, after;
    uint64_t executions;
    double seconds;
    double cpu_seconds;         // of all workers
    bool interrupted;           // by a signal, or by the end of the time
    char signature[400];        // FZ_SIGNATURE_TEXT
    char cause[256];
} FzMinimizeResult;

// What to start from: an input and the schedule that makes it fail (of a
// finding, or the input's own). Writes the finding to `folder`. False with a
// reason: it does not fail, or cannot be written.
FZ_WARN_UNUSED bool FzMinimize_Run(const FzInput *input,
                                   const FzSchedule *schedule,
                                   const char *rule, const char *folder,
                                   const FzMinimizeOptions *options,
                                   FzMinimizeResult *result, char *why,
                                   size_t why_size);

#endif  // FZ_MINIMIZE_H

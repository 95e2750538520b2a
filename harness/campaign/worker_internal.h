// worker_internal.h: a worker, and its parts that are not its loop. Of one
// process there is one.

#ifndef FZ_WORKER_INTERNAL_H
#define FZ_WORKER_INTERNAL_H

#include "features.h"
#include "fz_campaign.h"
#include "fz_exec.h"

enum { FZ_RACES = 2 * FZ_MAX_SIGNATURES };

// A failure that was seen behind others.
typedef struct FzHunted {
    uint64_t signature;
    unsigned hunts;
    bool told;                  // a finding says that it was seen behind it
} FzHunted;

// An input that reached something new, and what its execution costs.
typedef struct FzKept {
    FzInput *input;
    uint64_t cost;              // in steps
} FzKept;

typedef struct FzWorker {
    const FzCampaignOptions *options;
    FzCampaignShared *all;
    FzWorkerShared *shared;
    FzRng rng;
    FzRun run, second;
    const FzStrategy *strategy; // forced, or NULL
    FzKept *corpus;             // the oldest first
    size_t ncorpus;
    FzFeatures seen;
    uint64_t races[FZ_RACES];   // pairs of sites that were told; 0: none
    size_t nraces;
    FzHunted hunted[FZ_MAX_SIGNATURES];
    size_t nhunted;
    uint64_t failing;           // executions
    unsigned again;             // schedules of the last input yet to be run
    bool failed;                // a finding could not be written
    bool damaged, was_damaged;  // memory may be, after and before the last
    bool spoilt;                // it is: an execution failed by that
    unsigned in_a_row;          // failing executions, up to the last
    uint64_t cpu_ns;            // of this process, as last asked
} FzWorker;

// worker_report.c
FzEngineConfig FzWorker_Config(const FzWorker *w, const FzInput *input);
// Counts it; a sanitizer's report ends the process, and is a finding.
void FzWorker_Execute(FzWorker *w, const FzInput *input, FzRun *run);
// What of a failure does not change; not 0.
uint64_t FzWorker_SignatureOf(const FzViolation *v);
// Of all processes that this worker has been.
bool FzWorker_IsKnown(const FzWorker *w, uint64_t signature);
// The run has failed: a finding, or a duplicate.
void FzWorker_Report(FzWorker *w, const FzInput *input, const FzRun *run);
// Writes the finding of w->run with what is behind it, and never came first.
void FzWorker_Tell(FzWorker *w, const FzInput *input,
                   const FzViolation *behind, size_t n);

// beyond.c: w->run has failed; whether it is looked at depends on how many did.
void FzWorker_LookBeyond(FzWorker *w, const FzInput *input);

// crash.c: writes a finding from inside a dying process (a sanitizer's report).
void FzCrash_Install(FzWorkerShared *shared);
void FzCrash_Arm(const char *findings_dir, const FzInput *input,
                 const FzSchedule *schedule, FzRun *run);
void FzCrash_Disarm(void);

// campaign.c: tells the parent of a finding.
void FzWorker_Announce(FzWorkerShared *shared, const char *rule,
                       const char *path);
// corpus.c: writes the input under the hash of its bytes. Errors are shown
// once: a campaign goes on without a corpus.
void FzCorpus_Add(const char *dir, const FzInput *input);

// confirm.c: executes an input; what of its first violation does not change, or
// 0: it does not fail.
typedef uint64_t (*FzConfirmExecute)(const FzInput *input);
enum { FZ_CONFIRM_DIED = 1 };   // an answer that no execution gives
// Before the first execution of the process. False: it cannot be asked.
bool FzConfirm_Start(FzConfirmExecute execute);
// Ends the process that is asked.
void FzConfirm_Stop(void);
// Whether the input fails so in a process in which nothing was executed before,
// or cannot be asked. What kills that process is a failure, too.
bool FzConfirm_Fails(const FzInput *input, uint64_t signature);

#endif  // FZ_WORKER_INTERNAL_H

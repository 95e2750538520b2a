// worker_internal.h: the parts of a worker that are not its loop.

#ifndef FZ_WORKER_INTERNAL_H
#define FZ_WORKER_INTERNAL_H

#include "fz_campaign.h"

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

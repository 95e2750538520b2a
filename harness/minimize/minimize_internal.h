// minimize_internal.h: what the files of minimize/ share: the tasks of workers
// and their answers, in memory shared with the parent.

#ifndef FZ_MINIMIZE_INTERNAL_H
#define FZ_MINIMIZE_INTERNAL_H

#include <signal.h>
#include <sys/types.h>

#include "fz_cause.h"
#include "fz_minimize.h"
#include "fz_signature.h"

enum {
    FZ_TASK_TURNS = 8192,       // more are left out, the last first
    FZ_TASK_TAPE = 1 << 16,
    FZ_RUN_COST = 150,          // beside one for each point
    FZ_STUCK_COST = 60000000,   // a worker that stands still is waited for
};

typedef enum FzTaskKind {
    FZ_TASK_FIRST,              // replay the tape, or run the input; any
                                // violation of the rule is the target
    FZ_TASK_TRY,                // the candidate, guided and then at random
    FZ_TASK_COUNT_HITS,         // how many of `random` schedules fail
    FZ_TASK_SAVE,               // follow the turns and write the finding
} FzTaskKind;

// The best so far, or what becomes it.
typedef struct FzWitness {
    FzProgram program;
    uint32_t fail_allocation;
    uint32_t weak_seed;
    uint32_t time_step_ns;
    uint64_t steps;
    uint32_t preemptions;
    uint32_t nturns;
    FzTurn turns[FZ_TASK_TURNS];
} FzWitness;

typedef struct FzTask {
    FzTaskKind kind;
    uint64_t number;            // of the best; another number, another best
    FzWitness best;
    // The candidate: a reduction of the best, or the best with these turns.
    FzReduction reduction;
    uint32_t fail_allocation;
    uint32_t weak_seed;
    uint32_t time_step_ns;
    bool remap;                 // the turns are those of the best, moved as
                                // the reduction moves them
    uint32_t nturns;
    FzTurn turns[FZ_TASK_TURNS];
    uint32_t random;            // schedules to try after the guide
    uint64_t seed;
    uint32_t max_preemptions;   // more are no success
    uint32_t turns_at_most;     // not 0: the random schedules are guides of
                                // so many turns, at racy points of the best
    FzInput input;              // FIRST: of the finding
    bool profile;               // SAVE: how else does it fail?
    bool replay;                // FIRST: the tape, else the input's schedule
    FzSchedule schedule;        // FIRST; its pointers are not used
    uint32_t ntape;
    uint8_t tape[FZ_TASK_TAPE];
} FzTask;

typedef struct FzAnswer {
    bool failed;                // with the target's signature
    bool doubtful;              // after a run that may have damaged memory
    uint32_t hits;
    uint64_t cost;              // of its runs, as FzPool.cost
    bool saved;
    char why[512];
    char cause[256];
    FzWitness witness;
} FzAnswer;

typedef struct FzSlot {
    volatile bool cancelled;
    volatile uint64_t executions;       // grows; a worker that stands is stuck
    FzTask task;
    FzAnswer answer;
} FzSlot;

// What a sanitizer's report means, by the hash of its addresses: naming them
// takes longer than hundreds of executions. Rows are only added.
enum { FZ_KNOWN_REPORTS = 256 };
typedef struct FzKnownReport {
    uint64_t hash;              // 0: none; 1: being written
    bool known;
    FzSignature signature;
} FzKnownReport;

// How else the result fails (insight.c): in how many runs of how many.
enum { FZ_PROFILE_RUNS = 1000, FZ_PROFILE_ALIASES = 64 };
typedef struct FzAlias {
    char signature[FZ_SIGNATURE_TEXT];
    int tries;
    bool first;                 // a run ended in it
    bool kin;
    int runs, beside;           // in how many it was; with the target
} FzAlias;
typedef struct FzProfile {
    FzAlias aliases[FZ_PROFILE_ALIASES];
    size_t n;
    int runs, failing;          // all; as the target
    uint64_t steps;
    FzCause cause;
    bool tight;                 // one point earlier or later, and it is gone
} FzProfile;

// How programs fail that are nearly the result (near.c).
enum { FZ_NEAR_FAILURES = 64 };
typedef enum FzNearKind {
    FZ_NEAR_NEIGHBOUR, FZ_NEAR_STRANGER, FZ_NEAR_KINDS
} FzNearKind;
typedef struct FzNearFailure {
    char signature[FZ_SIGNATURE_TEXT];
    int programs[FZ_NEAR_KINDS];        // that fail so, under some schedule
    int last[FZ_NEAR_KINDS];    // of these
} FzNearFailure;
typedef struct FzNear {
    FzNearFailure failures[FZ_NEAR_FAILURES];
    size_t n;
    int programs;               // looked at, of each kind
    bool died;                  // the child that looks, or it is at it
    uint64_t steps;
} FzNear;

typedef struct FzBoard {
    char rule[64];              // "": any
    FzSignature target;         // after FIRST
    bool has_target;
    bool deadly;                // the target ends the process
    char folder[4096];          // SAVE
    void (*body)(void *);
    FzKnownReport reports[FZ_KNOWN_REPORTS];
    FzProfile profile;          // outlives a process that dies over it
    FzNear near;                // so does it
    FzSlot slots[FZ_MINIMIZE_MAX_JOBS];
} FzBoard;

// ---- worker.c
typedef struct FzWorkerHandle {
    pid_t pid;                  // 0: none
    int to, from;
    bool busy;
    uint64_t index;             // of the candidate
    uint64_t seen;              // executions when last looked
    double seen_at;
} FzWorkerHandle;

typedef struct FzPool {
    FzBoard *shared;
    FzWorkerHandle workers[FZ_MINIMIZE_MAX_JOBS];
    unsigned jobs;
    uint64_t executions;        // of workers that are gone
    // Of the candidates up to those that were taken: what time they take, but
    // the same for any number of workers.
    uint64_t cost;
} FzPool;

FZ_WARN_UNUSED bool FzPool_Start(FzPool *pool, unsigned jobs, char *why,
                                 size_t why_size);
void FzPool_Stop(FzPool *pool);
uint64_t FzPool_Executions(const FzPool *pool);
double FzPool_Now(void);

// Fills `task` with candidate `index`; false: there is none any more.
// *skip: there is one, but not worth a run.
typedef bool (*FzTaskMaker)(void *arg, uint64_t index, FzTask *task,
                            bool *skip);
// Runs candidates from `from` on; the first in order that fails as it should,
// in a new worker too if it is doubtful; or -1. *answer points to its answer
// until the next call. Ends early, as if none were left, when *stop is set or
// the deadline has come.
int64_t FzPool_First(FzPool *pool, FzTaskMaker make, void *arg, uint64_t from,
                     double deadline, const FzAnswer **answer);
// One task in a new worker, whatever comes of it.
const FzAnswer *FzPool_One(FzPool *pool, FzTaskMaker make, void *arg);

// ---- trial.c, in the worker
void FzTrial_Run(FzBoard *shared, FzSlot *slot);
void FzTrial_InstallReports(FzBoard *shared, FzSlot *slot);

// ---- own_points.c: the points of a run, by thread.
typedef struct FzOwnPoint {
    uint64_t object;
    uint16_t line;
    bool write;
} FzOwnPoint;
typedef struct FzRacyPoint {
    uint16_t thread;
    uint32_t own;               // FzTurn.at
} FzRacyPoint;
typedef struct FzOwnPoints {
    FzOwnPoint *points[FZ_MAX_THREADS];         // [thread][own - 1]
    size_t count[FZ_MAX_THREADS];
    uint32_t nthreads;
    // Points of thread 0 before it started the second of the others.
    size_t until_second;
    FzRacyPoint *racy;          // touch what another thread touches, and one
    size_t nracy;               // of them may write; in no order
    FzRacyPoint *hot;           // those of what the run was preempted at
    size_t nhot;
} FzOwnPoints;
// Without points; in memory that is shared with children. NULL: there is none.
FzOwnPoints *FzOwnPoints_New(void);
// turns: of the run. Of a run of too many points there are none.
void FzOwnPoints_Of(const FzRun *run, const FzTurn *turns, uint32_t nturns,
                    FzOwnPoints *own);

// ---- remap.c
// Moves the turns of the best to where they belong in the reduction. own: of
// the best's run.
void FzRemap(const FzProgram *before, const FzReduction *reduction,
             const FzOwnPoints *own, const FzTurn *turns, uint32_t nturns,
             FzGuide *out);

// ---- draw.c
// A guide of at most `most` turns: some of the best's, or at racy points.
void FzDraw_Guide(const FzOwnPoints *own, const FzWitness *best, uint32_t most,
                  FzRng *rng, FzGuide *out);

extern volatile sig_atomic_t fz_minimize_interrupted;

#endif  // FZ_MINIMIZE_INTERNAL_H

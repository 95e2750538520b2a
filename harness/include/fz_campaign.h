// fz_campaign.h: many executions, guided by coverage.
//
// A campaign is one parent and a worker process for each job. Workers run
// executions and write findings; they share counters and the input of the
// execution in progress with the parent through one mapping, so that a worker's
// death loses nothing. The parent draws the status line, restarts dead workers
// and stops all on a signal.

#ifndef FZ_CAMPAIGN_H
#define FZ_CAMPAIGN_H

#include "fz_exec.h"

enum { FZ_MAX_JOBS = 64, FZ_FOUND_RING = 64, FZ_DAMAGING_FILES = 256,
       FZ_MAX_SIGNATURES = 256 };

typedef struct FzCampaignOptions {
    double seconds;             // 0: no limit
    double cpu_seconds;         // of processor time, of all workers; ditto
    uint64_t executions;        // of all workers; 0: no limit
    uint64_t seed;
    uint64_t jobs;
    const char *corpus_dir;     // read at start, added to; NULL: none
    const char *findings_dir;
    const char *strategy;       // NULL: the mix of the inputs
    uint64_t every;             // write every failing execution, so many in
                                // all; 0: the first of each kind
    double hang;                // seconds without an execution that are too
                                // many; 0: none are
    bool stop_on_finding;
    bool json;                  // status and summary as JSON lines
    bool quiet;                 // no status, only findings and the summary
} FzCampaignOptions;

// What a worker shares with the parent. Counters only grow; each has one
// writer, and the parent reads them relaxed.
typedef struct FzWorkerShared {
    uint64_t executions;
    uint64_t cpu_ns;            // processor time, now and then
    uint64_t steps;
    uint64_t switches;
    uint64_t edges;             // distinct edge buckets covered
    uint64_t edges_total;       // edge counters in this binary; 0: none
    uint64_t interleavings;     // distinct interleaving buckets covered
    uint64_t corpus;
    uint64_t rechecks;          // executions made twice and compared
    uint64_t species;           // edges and interleavings reached, and those
    uint64_t singletons;        // … by one execution only
    uint64_t doubletons;        // … by two
    uint64_t findings;          // distinct, written
    uint64_t duplicates;        // violations seen again
    // Of those seen; the worker that takes the place of another knows them.
    uint64_t signatures[FZ_MAX_SIGNATURES];
    size_t nsignatures;
    char found[FZ_FOUND_RING][512];     // "RULE\tpath", by findings % ring
    FzInput current;            // of the execution in progress
} FzWorkerShared;

typedef struct FzCampaignShared {
    int stop;                   // set by the parent or a worker
    uint64_t executions_left;   // if limited
    uint64_t every_left;        // failing executions still to be written
    // Of the corpus: hashes of the names of those that damage memory.
    uint64_t damaging_files[FZ_DAMAGING_FILES];
    unsigned ndamaging_files;
    FzWorkerShared workers[FZ_MAX_JOBS];
} FzCampaignShared;

// What a worker exits with when it can do nothing here: no engine, or no place
// to write a finding. It has said why.
// SPOILT: what it executed has damaged its memory; another one is to go on.
enum { FZ_WORKER_UNUSABLE = 3, FZ_WORKER_SPOILT };

// Runs until told to stop; the worker process's whole life. Exit code 0, one of
// these, or a sanitizer's.
int FzWorker_Run(const FzCampaignOptions *options, FzCampaignShared *shared,
                 unsigned index, uint64_t seed);

// Whether two executions of one input were the same; else `second` gets the
// violation in the place of its own.
bool FzCampaign_SameTrace(const FzRun *first, FzRun *second);

// The parent. Returns the exit code of `ftfuzz fuzz`.
int FzCampaign_Run(const FzCampaignOptions *options);

#endif  // FZ_CAMPAIGN_H

// fz_fleet.h: `ftfuzz campaign`: targets, builds and fuzzers together, on all
// cores, for a given time.
//
// A *job* is a target of a build under a fuzzer. Cores are given to jobs in
// *turns* of some seconds; who paid lately gets more of them. All that is known
// is on disk: a folder with the journal (what happened, one JSON object a
// line), the corpora, the findings. A campaign that was killed goes on from it.

#ifndef FZ_FLEET_H
#define FZ_FLEET_H

#include "fz_base.h"

typedef struct FzFleetOptions {
    const char *folder;         // of the state
    const char *builds;         // folders, separated by commas; NULL: those
                                // beside this program
    const char *targets;        // names, likewise; NULL: all
    const char *engines;        // own, libfuzzer, afl; NULL: all
    const char *canary;         // seeded bugs "0001 0005"; "none"
    const char *root;           // of the project: where patched builds are
    double seconds;             // of the campaign, over all its sessions
    double turn;                // seconds; 0: by the number of jobs
    uint64_t jobs;              // cores; 0: all
    uint64_t seed;
    uint64_t disk, memory;      // MB: of the folder, of one worker
    bool json, quiet;
    bool page_only;             // writes the page of what is there
} FzFleetOptions;

// The exit code of `ftfuzz campaign`.
int FzFleet_Run(const FzFleetOptions *options);

#endif  // FZ_FLEET_H

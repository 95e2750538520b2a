// fleet_internal.h: the parts of `ftfuzz campaign` (fz_fleet.h). One process,
// one thread; what takes time is done by children, of which each core has one.

#ifndef FLEET_INTERNAL_H
#define FLEET_INTERNAL_H

#include <stdarg.h>
#include <sys/types.h>

#include "fz_fleet.h"
#include "fz_json.h"

enum {
    FLEET_MAX_JOBS = 400, FLEET_MAX_SLOTS = 64, FLEET_PATH = 3000,
    FLEET_LONG_PATH = 4096, FLEET_TEXT = 400,
};

typedef enum FleetEngine {
    FLEET_OWN, FLEET_LIBFUZZER, FLEET_AFL, FLEET_ENGINES
} FleetEngine;
extern const char *const fleet_engine_names[FLEET_ENGINES];

typedef struct FleetJob {
    char name[160];             // "fuzz-ft/fuzz_list/afl"
    char build[40];             // "fuzz-ft"
    char folder[FLEET_PATH];    // of the build
    char target[64];            // "fuzz_list"; of the own fuzzer "programs"
    FleetEngine engine;
    bool running, broken;
    // Sums over all turns.
    uint64_t turns, executions, steps, rechecks, findings;
    uint64_t reached, most_reached;     // in the last turn, at most
    uint64_t singletons, doubletons, species;   // of the last (own fuzzer)
    double seconds, last_turn;
    uint64_t steps_noted, rechecks_noted;       // before the last turn
    double pays;                // what it found for each second, lately
    uint64_t corpus_before;     // files when its turn began
} FleetJob;

typedef enum FleetWork {
    FLEET_TURN, FLEET_CONFIRM, FLEET_MINIMIZE, FLEET_MERGE, FLEET_PRUNE,
    FLEET_CANARY, FLEET_TRIAGE, FLEET_PAGE
} FleetWork;

// What waits for a core, or has one.
typedef struct FleetTask {
    FleetWork work;
    FleetJob *job;              // NULL: of none
    char subject[FLEET_PATH];   // a crash file, a finding, a bug
} FleetTask;

typedef struct FleetChild {
    FleetTask task;
    pid_t pid;                  // leader of its process group; 0: free
    double started, deadline;
    bool asked;                 // to stop
    const char *killed;         // why, or NULL
    char log[FLEET_PATH];
} FleetChild;

typedef struct FleetFinding {
    char id[17];
    char rule[64], signature[FLEET_TEXT], job[160];
    uint64_t count;             // turns that saw it
    double first;               // second of the campaign
    bool minimized;
} FleetFinding;

// One turn, for the curves.
typedef struct FleetSample {
    double at, seconds;
    size_t job;
    uint64_t executions, reached, kept, findings;
} FleetSample;

typedef struct Fleet {
    const FzFleetOptions *options;
    char folder[FLEET_PATH];
    FleetJob jobs[FLEET_MAX_JOBS];
    size_t njobs;
    FleetChild children[FLEET_MAX_SLOTS];
    size_t nslots;
    FleetTask *tasks;           // first in, first out
    size_t ntasks, tasks_capacity;
    FleetFinding *findings;
    size_t nfindings, findings_capacity;
    FleetSample *samples;
    size_t nsamples, samples_capacity;
    int journal, lock;
    double before;              // seconds of earlier sessions
    double began;               // clock at the begin of this one
    double turn;
    double busy;                // seconds that cores had a child
    uint64_t sessions, canaries_ok, rechecks, hung;
    FzRng rng;
    const char *stopping;       // why, or NULL
    double last_view, last_triage, last_bounds;
    bool terminal, over;        // over: an earlier session has ended it
    size_t lines_shown;
} Fleet;

// fleet_journal.c
FZ_WARN_UNUSED bool Fleet_Open(Fleet *fleet, char *why, size_t why_size);
// Appends ", member…}" after the event's name and time; on disk when it
// returns. The members are printed by the caller.
void Fleet_Note(Fleet *fleet, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
double Fleet_Elapsed(const Fleet *fleet);
double Fleet_Clock(void);
void Fleet_AddSample(Fleet *fleet, const FleetSample *sample);

// fleet_jobs.c
FZ_WARN_UNUSED bool Fleet_FindJobs(Fleet *fleet, char *why, size_t why_size);
FleetJob *Fleet_FindJob(Fleet *fleet, const char *name);
FleetJob *Fleet_ChooseJob(Fleet *fleet);
// The program of a job: target, with what comes behind its name.
void FleetJob_Program(const FleetJob *job, const char *suffix, char *out,
                      size_t size);
// A value of the target's .options file, or the fallback.
uint64_t FleetJob_Option(const FleetJob *job, const char *name,
                         uint64_t fallback);
void FleetJob_Corpus(const Fleet *fleet, const FleetJob *job, char *out,
                     size_t size);
// Its own folder in the state: "jobs/fuzz-ft.fuzz_list.afl".
void FleetJob_Folder(const Fleet *fleet, const FleetJob *job, char *out,
                     size_t size);

// fleet_child.c
// environment: "NAME=value" strings, NULL-terminated, in addition.
bool Fleet_Spawn(Fleet *fleet, const FleetTask *task, char *const argv[],
                 char *const environment[], double seconds);
FleetChild *Fleet_FreeSlot(Fleet *fleet);
// Kills what hangs or takes too much memory, and ends what has ended.
void Fleet_Watch(Fleet *fleet);
void Fleet_StopAll(Fleet *fleet);
size_t Fleet_CountRunning(const Fleet *fleet);

// fleet_turn.c
bool Fleet_Start(Fleet *fleet, const FleetTask *task);
void Fleet_Queue(Fleet *fleet, FleetWork work, FleetJob *job,
                 const char *subject);
// A child has ended; status as waitpid() gives it.
void Fleet_Ended(Fleet *fleet, FleetChild *child, int status);

// fleet_result.c: what a turn says of itself.
void Fleet_ReadResult(const FleetChild *child, FleetSample *sample);

// fleet_corpus.c
size_t Fleet_CountFiles(const char *folder);
bool Fleet_PrepareCorpus(Fleet *fleet, FleetJob *job);
void Fleet_SyncPrograms(Fleet *fleet, const FleetJob *job);
void Fleet_RemoveFolder(const char *folder);
// Up to n files of the folder, as links in another.
void Fleet_Sample(Fleet *fleet, const char *from, const char *to, size_t n);
uint64_t Fleet_DiskUsed(const char *folder);
// The pruned corpus takes the place of the corpus.
void Fleet_Swap(const char *corpus);

// fleet_finding.c
// New findings of a turn: folders are taken, crash files queued.
void Fleet_Collect(Fleet *fleet, FleetJob *job);
// A crash file was run again.
void Fleet_Confirmed(Fleet *fleet, FleetChild *child, int status);
// Findings that are on disk but not in the journal, work that was under way.
void Fleet_Recover(Fleet *fleet);
// `ftfuzz show --html` of a finding, if there is none.
void Fleet_WantPage(Fleet *fleet, FleetJob *job, const char *folder);
FleetFinding *Fleet_AddFinding(Fleet *fleet, const char *id);
void FleetFinding_Path(const Fleet *fleet, const char *id, char *out,
                       size_t size);

// fleet_canary.c: seeded bugs must be found before anything is believed.
FZ_WARN_UNUSED bool Fleet_Canary(Fleet *fleet);

// fleet_view.c
void Fleet_View(Fleet *fleet, bool force);
void Fleet_Say(Fleet *fleet, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void Fleet_ShowTurn(Fleet *fleet, const FleetJob *job,
                    const FleetSample *sample);
void Fleet_Summary(Fleet *fleet);

// fleet_page.c, fleet_charts.c
void Fleet_WritePage(Fleet *fleet);
void Fleet_DrawCurves(const Fleet *fleet, FzBuf *out);
void Fleet_DrawDiscovery(const Fleet *fleet, FzBuf *out);

// fleet_estimate.c
// Chao's lower bound of how many kinds there are, from those seen and how many
// were seen once and twice; in units of samples.
double Fleet_Richness(uint64_t seen, uint64_t once, uint64_t twice,
                      uint64_t samples);
// Of findings: seen in one turn, in two.
void Fleet_CountOnce(const Fleet *fleet, uint64_t *once, uint64_t *twice);
// The chance that `runs` schedules of PCT miss a bug of this depth that all
// programs have.
double Fleet_PctMiss(double threads, double steps, int depth, double runs);

#endif  // FLEET_INTERNAL_H

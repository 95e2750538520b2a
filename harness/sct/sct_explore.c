// sct_explore.c: executes the program again and again, each time under another
// schedule, until something is found or the budget is spent.

#include "sct_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "sct_search.h"

// Exit statuses of the process, as those of `ftfuzz`.
enum { STATUS_CLEAN = 0, STATUS_USAGE = 2, STATUS_FOUND = 77 };
// No point is passed for this long: the program computes for ever, or waits for
// something outside.
enum { HANG_SECONDS = 10 };

static struct {
    FzSctMain function;
    int argc;
    char **argv, **envp;
    const FzSctOptions *options;
    FzRun run, again;
    uint8_t *coverage;          // of the search
    size_t coverage_size;
    uint64_t program_hash;
    int out;                    // what was stdout
} explorer;

static void
body(void *arg)
{
    (void)arg;
    FzSctProcess_Exit(
        explorer.function(explorer.argc, explorer.argv, explorer.envp) & 0xff);
}

// ---------------------------------------------------------------------------
// Hangs: a timer looks whether points are still passed.

static uint64_t last_steps;
static unsigned idle_ticks;

static void
on_tick(int number)
{
    (void)number;
    uint64_t steps = fz_engine.steps;
    if (!fz_engine.active || steps != last_steps) {
        last_steps = steps;
        idle_ticks = 0;
        return;
    }
    if (++idle_ticks >= HANG_SECONDS) {
        idle_ticks = 0;
        FzEngine_Violation(FZ_RULE_STEP_BUDGET, UINT32_MAX,
                           "thread %u has passed no scheduling point for %d "
                           "seconds", fz_engine.current, HANG_SECONDS);
        FzEngine_Stop();
    }
}

static void
start_ticking(void)
{
    struct sigaction action = {
        .sa_handler = on_tick,
        .sa_flags = SA_RESTART | SA_ONSTACK | SA_NODEFER,
    };
    struct itimerval interval = {{1, 0}, {1, 0}};
    sigemptyset(&action.sa_mask);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &interval, NULL);
}

// ---------------------------------------------------------------------------
// One execution

static FzEngineConfig
make_config(const FzSchedule *schedule)
{
    const FzSctOptions *options = explorer.options;
    fz_race_plain_points = options->plain_points;
    return (FzEngineConfig){
        .schedule = *schedule,
        .step_budget = options->budget,
        .oracles = true,
        .races = options->races || schedule->weak_seed != 0,
        .coverage = schedule->kind == FZ_SCHEDULE_STRATEGY ? explorer.coverage
                                                           : NULL,
        .coverage_size = explorer.coverage_size,
    };
}

static void
execute(const FzSchedule *schedule, FzRun *run)
{
    FzEngineConfig config = make_config(schedule);
    FzEngine_Run(&config, body, NULL, run);
    if (!explorer.options->exit_status && run->nviolations == 1 &&
        run->violations[0].rule == FZ_RULE_EXIT_STATUS)
    {
        run->nviolations = 0;
    }
}

static FzSchedule
replay_of(const FzRun *run, const FzSchedule *of)
{
    return (FzSchedule){
        .kind = FZ_SCHEDULE_REPLAY,
        .time_step_ns = of->time_step_ns,
        .weak_seed = of->weak_seed,
        .tape = run->tape.bytes.data,
        .ntape = run->tape.bytes.size,
    };
}

// Executes again by the tape; a different trace is a finding of its own.
static void
check(const FzSchedule *schedule)
{
    FzSchedule replay = replay_of(&explorer.run, schedule);
    execute(&replay, &explorer.again);
    if (explorer.again.trace_hash == explorer.run.trace_hash) {
        return;
    }
    FzRun *run = &explorer.run;
    run->nviolations = 1;
    run->violations[0] = (FzViolation){.rule = FZ_RULE_NONDETERMINISM};
    snprintf(run->violations[0].message, sizeof(run->violations[0].message),
             "two executions by one schedule differ: %llu points and %llu",
             (unsigned long long)run->steps,
             (unsigned long long)explorer.again.steps);
}

// ---------------------------------------------------------------------------
// What is found

static uint64_t
hash_of_program(void)
{
    FzBuf bytes = {0};
    uint64_t hash = 0;
    if (FzFile_Read("/proc/self/exe", &bytes, NULL, 0)) {
        hash = FzHash_Bytes(bytes.data, bytes.size);
    }
    FzBuf_Free(&bytes);
    return hash;
}

static bool
write_into(const char *folder, const char *name, const FzBuf *text)
{
    char path[4096];
    char why[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (!FzFile_Write(path, text->data, text->size, why, sizeof(why))) {
        dprintf(STDERR_FILENO, "sct: %s\n", why);
        return false;
    }
    return true;
}

static void
save(const FzSchedule *schedule, const FzBuf *report)
{
    const FzRun *run = &explorer.run;
    char folder[3072];
    mkdir(explorer.options->findings, 0777);
    snprintf(folder, sizeof(folder), "%s/%s-%016llx",
             explorer.options->findings,
             FzRule_Name(run->violations[0].rule),
             (unsigned long long)run->trace_hash);
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        dprintf(STDERR_FILENO, "sct: cannot make %s: %s\n", folder,
                strerror(errno));
        return;
    }
    FzBuf text = {0};
    FzSchedule replay = replay_of(run, schedule);
    replay.strategy = schedule->strategy;
    replay.seed = schedule->seed;
    replay.depth = schedule->depth;
    FzSchedule_Print(&replay, &run->tape, explorer.program_hash,
                     run->trace_hash, &text);
    if (write_into(folder, "schedule.txt", &text) &&
        write_into(folder, "report.txt", report))
    {
        dprintf(explorer.out, "sct: saved in %s\n", folder);
    }
    FzBuf_Free(&text);
}

static void
report(const FzSchedule *schedule)
{
    const FzSctOptions *options = explorer.options;
    FzBuf text = {0};
    if (options->quiet && options->findings == NULL) {
        return;
    }
    FzSctReport_Text(&explorer.run, &text);
    if (!options->quiet) {
        FZ_ASSERT(write(explorer.out, text.data, text.size) >= 0);
    }
    if (options->findings != NULL) {
        save(schedule, &text);
    }
    FzBuf_Free(&text);
}

// ---------------------------------------------------------------------------
// Trials

typedef struct Totals {
    uint64_t executions, steps, found;
    double seconds;
} Totals;

static bool
time_is_up(const Totals *totals, double start)
{
    double limit = explorer.options->seconds;
    return limit > 0 && totals->executions % 64 == 0 &&
           FzSctTime_Elapsed() - start > limit;
}

// One search from a seed of its own. False: time is up.
static bool
run_trial(uint32_t trial, double start, Totals *totals)
{
    const FzSctOptions *options = explorer.options;
    FzSctSearch *search = FzSctSearch_New(options->strategy,
                                          options->seed + trial,
                                          options->depth);
    explorer.coverage = FzSctSearch_Coverage(search, &explorer.coverage_size);
    bool in_time = true;
    uint64_t first = 0;
    uint64_t n = 0;
    while (n < options->executions && in_time) {
        FzSchedule schedule;
        if (!FzSctSearch_Next(search, &schedule)) {
            break;
        }
        schedule.weak_seed = options->weak ? (uint32_t)schedule.seed | 1 : 0;
        execute(&schedule, &explorer.run);
        n++;
        totals->executions++;
        totals->steps += explorer.run.steps;
        FzSctSearch_Learn(search, &explorer.run);
        if (options->check && explorer.run.nviolations == 0) {
            check(&schedule);
        }
        if (explorer.run.nviolations != 0) {
            totals->found++;
            report(&schedule);
            first = first == 0 ? n : first;
            if (!options->go_on) {
                break;
            }
        }
        in_time = !time_is_up(totals, start);
    }
    dprintf(explorer.out, "trial=%u found_at=%llu executions=%llu rule=%s%s\n",
            trial, (unsigned long long)first, (unsigned long long)n,
            first != 0 && !options->go_on
                ? FzRule_Name(explorer.run.violations[0].rule)
                : "-",
            first == 0 && FzSctSearch_IsExhausted(search) ? " exhausted"
                                                          : "");
    FzSctSearch_Free(search);
    return in_time;
}

static int
explore(void)
{
    Totals totals = {0};
    double start = FzSctTime_Elapsed();
    for (uint32_t t = 0; t < explorer.options->trials; t++) {
        if (!run_trial(t, start, &totals)) {
            break;
        }
    }
    totals.seconds = FzSctTime_Elapsed() - start;
    dprintf(explorer.out,
            "total executions=%llu points=%llu seconds=%.3f per_second=%.0f "
            "found=%llu\n",
            (unsigned long long)totals.executions,
            (unsigned long long)totals.steps, totals.seconds,
            totals.seconds > 0 ? (double)totals.executions / totals.seconds
                               : 0.0,
            (unsigned long long)totals.found);
    return totals.found != 0 ? STATUS_FOUND : STATUS_CLEAN;
}

static int
replay(void)
{
    FzBuf text = {0};
    FzScheduleFile file;
    char why[256];
    const char *path = explorer.options->replay;
    if (!FzFile_Read(path, &text, why, sizeof(why)) ||
        !FzScheduleFile_Parse((const char *)text.data, text.size, &file, why,
                              sizeof(why)))
    {
        dprintf(STDERR_FILENO, "sct: %s: %s\n", path, why);
        return STATUS_USAGE;
    }
    if (file.program_hash != explorer.program_hash) {
        dprintf(STDERR_FILENO, "sct: note: the schedule was recorded with "
                "another build of this program\n");
    }
    execute(&file.schedule, &explorer.run);
    bool same = explorer.run.trace_hash == file.trace_hash;
    if (explorer.run.nviolations != 0) {
        report(&file.schedule);
    }
    dprintf(explorer.out, "replay trace=%s rule=%s\n",
            same ? "same" : "different",
            explorer.run.nviolations != 0
                ? FzRule_Name(explorer.run.violations[0].rule)
                : "-");
    FzScheduleFile_Free(&file);
    FzBuf_Free(&text);
    return explorer.run.nviolations != 0 ? STATUS_FOUND : STATUS_CLEAN;
}

// Older values need the race detector's clocks, not its reports.
static void
leave_unreported(const FzRaceReport *race, void *arg)
{
    (void)race;
    (void)arg;
}

// What the program prints goes nowhere, unless it is wanted.
static bool
divert_output(void)
{
    explorer.out = dup(STDOUT_FILENO);
    if (explorer.options->output) {
        return explorer.out >= 0;
    }
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    return explorer.out >= 0 && null >= 0 && dup2(null, STDOUT_FILENO) >= 0 &&
           close(null) == 0;
}

int
FzSct_Explore(FzSctMain function, int argc, char **argv, char **envp,
              const FzSctOptions *options)
{
    char why[256];
    explorer.function = function;
    explorer.argc = argc;
    explorer.argv = argv;
    explorer.envp = envp;
    explorer.options = options;
    explorer.program_hash = hash_of_program();
    if (!divert_output() || !FzSctImage_Init(why, sizeof(why)) ||
        !FzEngine_Init(why, sizeof(why)))
    {
        dprintf(STDERR_FILENO, "sct: cannot begin: %s\n", why);
        return STATUS_USAGE;
    }
    if (!options->races) {
        FzRace_SetReporter(leave_unreported, NULL);
    }
    start_ticking();
    return options->replay != NULL ? replay() : explore();
}

// throughput.c: executions per second of the deterministic engine and of OS
// threads, on the same generated programs.
//
// The ways of running take turns in short slices, so that whatever else the
// machine does hits all of them alike; each figure is the median of its slices.

#include "fz_bench.h"

#include <stdlib.h>
#include <time.h>

#include "fz_exec.h"
#include "fz_native.h"
#include "fz_program.h"

enum {
    PROGRAMS = 16,
    THREADS = 3,                // beside the main thread
    MIN_OPS = 15, MAX_OPS = 25, // of each thread, on average
    TRIAL_RUNS = 20,
    ROUNDS = 15,
    MAX_SEEDS = 100000,
};

typedef struct Way {
    const char *name;
    const char *sentence;
    FzNativeMode mode;
    bool engine;
    bool oracles;
} Way;

static const Way ways[] = {
    {"engine", "deterministic engine, all oracles", FZ_NATIVE_TOKEN, true,
     true},
    {"engine-bare", "deterministic engine, no oracles", FZ_NATIVE_TOKEN, true,
     false},
    {"token", "pooled OS threads, one runs at a time", FZ_NATIVE_TOKEN, false,
     false},
    {"free", "pooled OS threads, all run", FZ_NATIVE_FREE, false, false},
    {"created", "OS threads created for each run, all run",
     FZ_NATIVE_CREATED, false, false},
};
enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

typedef struct Bench {
    FzInput inputs[PROGRAMS];
    FzRun runs[WAYS][PROGRAMS];
    double rates[WAYS][ROUNDS];
    uint64_t executions[WAYS];
    uint64_t points, switches;  // of the engine with oracles
    uint64_t next_seed;
} Bench;

static double
now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool
can_run(const Way *way)
{
    return FzNative_Supports(way->mode);
}

static void
run_once(Bench *bench, size_t w, size_t p)
{
    const Way *way = &ways[w];
    FzInput *input = &bench->inputs[p];
    FzRun *run = &bench->runs[w][p];
    FzSchedule schedule = FzExec_ScheduleOf(input);
    schedule.seed = bench->next_seed++;
    if (way->engine) {
        FzEngineConfig config = FzExec_DefaultConfig();
        config.schedule = schedule;
        config.oracles = way->oracles;
        config.races = config.races && way->oracles;
        FzExec_RunProgram(&input->program, &config, run);
    }
    else if (way->mode == FZ_NATIVE_TOKEN) {
        FzNative_Run(way->mode, &schedule, FzExec_Body, &input->program, run);
    }
    else {
        FzNative_Run(way->mode, NULL, FzExec_Body, &input->program, run);
    }
    if (way->engine && way->oracles) {
        bench->points += run->steps;
        bench->switches += run->switches;
    }
    bench->executions[w]++;
}

// ---------------------------------------------------------------------------
// The programs

static bool
uses_locks(const FzProgram *program)
{
    for (uint32_t i = 0; i < program->nshared; i++) {
        if (program->shared[i].kind == FZ_SHARED_LOCK) {
            return true;
        }
    }
    return false;
}

// Programs with locks may deadlock, which free OS threads never come back from.
static bool
is_typical(const FzProgram *program)
{
    uint32_t ops = 0;
    for (uint32_t i = 0; i < program->nbodies; i++) {
        ops += program->bodies[i].nops;
    }
    return program->nbodies == THREADS && ops >= THREADS * MIN_OPS &&
           ops <= THREADS * MAX_OPS && !uses_locks(program);
}

// Ends without a finding under each of some schedules.
static bool
runs_cleanly(const FzInput *input)
{
    if (!FzExec_IsDeterministic()) {
        return true;
    }
    FzRun run = {0};
    FzEngineConfig config = FzExec_DefaultConfig();
    config.schedule = FzExec_ScheduleOf(input);
    bool clean = true;
    for (uint64_t i = 0; clean && i < TRIAL_RUNS; i++) {
        config.schedule.seed = i;
        FzExec_RunProgram(&input->program, &config, &run);
        clean = run.completed && run.nviolations == 0;
    }
    FzRun_Free(&run);
    return clean;
}

static bool
choose_programs(Bench *bench)
{
    size_t chosen = 0;
    for (uint64_t seed = 1; seed < MAX_SEEDS && chosen < PROGRAMS; seed++) {
        FzInput *input = &bench->inputs[chosen];
        FzRng rng;
        FzRng_Seed(&rng, seed);
        FzInput_Generate(input, &rng);
        if (is_typical(&input->program) && runs_cleanly(input)) {
            chosen++;
        }
    }
    return chosen == PROGRAMS;
}

// ---------------------------------------------------------------------------
// Measuring

static double
measure_slice(Bench *bench, size_t w, double seconds)
{
    uint64_t executions = 0;
    double start = now();
    double elapsed;
    do {
        for (size_t p = 0; p < PROGRAMS; p++) {
            run_once(bench, w, p);
        }
        executions += PROGRAMS;
        elapsed = now() - start;
    } while (elapsed < seconds);
    return (double)executions / elapsed;
}

static void
measure(Bench *bench, double seconds)
{
    for (size_t w = 0; w < WAYS; w++) {
        if (can_run(&ways[w])) {
            measure_slice(bench, w, 0);         // warms up
        }
    }
    double slice = seconds / (ROUNDS * WAYS);
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t w = 0; w < WAYS; w++) {
            if (can_run(&ways[w])) {
                bench->rates[w][round] = measure_slice(bench, w, slice);
            }
        }
    }
}

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

// ---------------------------------------------------------------------------
// Printing

static void
print_table(const Bench *bench, const double *median, FILE *out)
{
    fprintf(out,
            "%d programs, %d threads and main, %d to %d operations each; "
            "build %s\n",
            PROGRAMS, THREADS, MIN_OPS, MAX_OPS, FzExec_BuildName());
    if (bench->executions[0] != 0) {
        fprintf(out, "%.0f points and %.0f switches in an execution\n",
                (double)bench->points / (double)bench->executions[0],
                (double)bench->switches / (double)bench->executions[0]);
    }
    fprintf(out, "\n%-42s %12s %10s\n", "", "exec/s", "x created");
    for (size_t w = 0; w < WAYS; w++) {
        if (!can_run(&ways[w])) {
            fprintf(out, "%-42s %12s\n", ways[w].sentence, "-");
            continue;
        }
        fprintf(out, "%-42s %12.0f %10.2f\n", ways[w].sentence, median[w],
                median[w] / median[WAYS - 1]);
    }
}

static void
print_json(const Bench *bench, const double *median, FILE *out)
{
    fprintf(out, "{\"build\": \"%s\", \"programs\": %d, \"threads\": %d",
            FzExec_BuildName(), PROGRAMS, THREADS);
    for (size_t w = 0; w < WAYS; w++) {
        if (can_run(&ways[w])) {
            fprintf(out,
                    ", \"%s\": {\"executions\": %llu, "
                    "\"executions_per_second\": %.1f, "
                    "\"ratio_to_created\": %.3f}",
                    ways[w].name, (unsigned long long)bench->executions[w],
                    median[w], median[w] / median[WAYS - 1]);
        }
    }
    fprintf(out, "}\n");
}

int
FzBench_Throughput(bool json, double seconds, FILE *out)
{
    Bench *bench = calloc(1, sizeof(Bench));
    FZ_ASSERT(bench != NULL);
    bool ready = choose_programs(bench);
    if (ready) {
        measure(bench, seconds);
        double median[WAYS];
        for (size_t w = 0; w < WAYS; w++) {
            qsort(bench->rates[w], ROUNDS, sizeof(double), by_value);
            median[w] = bench->rates[w][ROUNDS / 2];
        }
        (json ? print_json : print_table)(bench, median, out);
    }
    for (size_t w = 0; w < WAYS; w++) {
        for (size_t p = 0; p < PROGRAMS; p++) {
            FzRun_Free(&bench->runs[w][p]);
        }
    }
    free(bench);
    return ready ? 0 : 1;
}

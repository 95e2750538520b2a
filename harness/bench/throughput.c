// throughput.c: executions per second of the deterministic engine and of OS
// threads, on the same generated programs.
//
// The ways of running take turns in short slices, so that whatever else the
// machine does hits all of them alike; each figure is the median of its slices.
// Processor time is that of all threads of the process; what threads wait for
// each other is in the rates only.

#include "fz_bench.h"

#include <stdlib.h>

#include "bench_clock.h"
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
    double cpu_us[WAYS][ROUNDS];        // of one execution
    uint64_t executions[WAYS];
    uint64_t points, switches;  // of the engine with oracles
    uint64_t operations;        // of all programs together
    uint64_t next_seed;
} Bench;

typedef struct Medians {
    double rate[WAYS];
    double cpu_us[WAYS];
} Medians;

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

// Of the threads beside the main one. A loop counts as one.
static uint32_t
count_operations(const FzProgram *program)
{
    uint32_t ops = 0;
    for (uint32_t i = 0; i < program->nbodies; i++) {
        ops += program->bodies[i].nops;
    }
    return ops;
}

// Programs with locks may deadlock, which free OS threads never come back from.
static bool
is_typical(const FzProgram *program)
{
    uint32_t ops = count_operations(program);
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
            bench->operations += count_operations(&input->program);
            chosen++;
        }
    }
    return chosen == PROGRAMS;
}

// ---------------------------------------------------------------------------
// Measuring

static void
measure_slice(Bench *bench, size_t w, size_t round, double seconds)
{
    uint64_t executions = 0;
    double start = FzBench_Clock(CLOCK_MONOTONIC);
    double cpu_start = FzBench_Clock(CLOCK_PROCESS_CPUTIME_ID);
    double elapsed;
    do {
        for (size_t p = 0; p < PROGRAMS; p++) {
            run_once(bench, w, p);
        }
        executions += PROGRAMS;
        elapsed = FzBench_Clock(CLOCK_MONOTONIC) - start;
    } while (elapsed < seconds);
    double cpu = FzBench_Clock(CLOCK_PROCESS_CPUTIME_ID) - cpu_start;
    bench->rates[w][round] = (double)executions / elapsed;
    bench->cpu_us[w][round] = 1e6 * cpu / (double)executions;
}

static void
measure(Bench *bench, double seconds)
{
    for (size_t w = 0; w < WAYS; w++) {
        if (can_run(&ways[w])) {
            measure_slice(bench, w, 0, 0);      // warms up
        }
    }
    double slice = seconds / (ROUNDS * WAYS);
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t w = 0; w < WAYS; w++) {
            if (can_run(&ways[w])) {
                measure_slice(bench, w, round, slice);
            }
        }
    }
}

// ---------------------------------------------------------------------------
// Printing

static void
print_table(const Bench *bench, const Medians *medians, FILE *out)
{
    fprintf(out,
            "%d programs, %d threads and main, %.0f operations in all "
            "threads; build %s\n",
            PROGRAMS, THREADS, (double)bench->operations / PROGRAMS,
            FzExec_BuildName());
    if (bench->executions[0] != 0) {
        fprintf(out, "%.0f points and %.0f switches in an execution\n",
                (double)bench->points / (double)bench->executions[0],
                (double)bench->switches / (double)bench->executions[0]);
    }
    fprintf(out, "\n%-42s %10s %10s %10s\n", "", "exec/s", "x created",
            "CPU us");
    for (size_t w = 0; w < WAYS; w++) {
        if (!can_run(&ways[w])) {
            fprintf(out, "%-42s %10s\n", ways[w].sentence, "-");
            continue;
        }
        fprintf(out, "%-42s %10.0f %10.2f %10.1f\n", ways[w].sentence,
                medians->rate[w], medians->rate[w] / medians->rate[WAYS - 1],
                medians->cpu_us[w]);
    }
}

static void
print_json(const Bench *bench, const Medians *medians, FILE *out)
{
    fprintf(out,
            "{\"build\": \"%s\", \"programs\": %d, \"threads\": %d, "
            "\"operations\": %.1f",
            FzExec_BuildName(), PROGRAMS, THREADS,
            (double)bench->operations / PROGRAMS);
    if (bench->executions[0] != 0) {
        fprintf(out, ", \"points\": %.1f, \"switches\": %.1f",
                (double)bench->points / (double)bench->executions[0],
                (double)bench->switches / (double)bench->executions[0]);
    }
    for (size_t w = 0; w < WAYS; w++) {
        if (can_run(&ways[w])) {
            fprintf(out,
                    ", \"%s\": {\"executions\": %llu, "
                    "\"executions_per_second\": %.1f, "
                    "\"ratio_to_created\": %.3f, "
                    "\"cpu_microseconds\": %.2f}",
                    ways[w].name, (unsigned long long)bench->executions[w],
                    medians->rate[w],
                    medians->rate[w] / medians->rate[WAYS - 1],
                    medians->cpu_us[w]);
        }
    }
    fprintf(out, "}\n");
}

static Medians
find_medians(Bench *bench)
{
    Medians medians;
    for (size_t w = 0; w < WAYS; w++) {
        medians.rate[w] = FzBench_Median(bench->rates[w], ROUNDS);
        medians.cpu_us[w] = FzBench_Median(bench->cpu_us[w], ROUNDS);
    }
    return medians;
}

int
FzBench_Throughput(bool json, double seconds, FILE *out)
{
    Bench *bench = calloc(1, sizeof(Bench));
    FZ_ASSERT(bench != NULL);
    bool ready = choose_programs(bench);
    if (ready) {
        measure(bench, seconds);
        Medians medians = find_medians(bench);
        (json ? print_json : print_table)(bench, &medians, out);
    }
    for (size_t w = 0; w < WAYS; w++) {
        for (size_t p = 0; p < PROGRAMS; p++) {
            FzRun_Free(&bench->runs[w][p]);
        }
    }
    free(bench);
    return ready ? 0 : 1;
}

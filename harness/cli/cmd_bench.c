// cmd_bench.c: ftfuzz bench: measurements beside their baselines, in one run.

#include <string.h>

#include "cli.h"
#include "fz_bench.h"
#include "fz_exec.h"

typedef struct Bench {
    const char *name;
    bool needs_engine;
    int (*run)(bool json, double seconds, FILE *out);
} Bench;

static const Bench benches[] = {
    {"throughput", true, FzBench_Throughput},
    {"locks", false, FzBench_Locks},
    {"loops", false, FzBench_Loops},
    {"collector", false, FzBench_Collector},
    {"memory", false, FzBench_Memory},
    {"attributes", false, FzBench_Attributes},
};
enum { NBENCHES = sizeof(benches) / sizeof(benches[0]) };

static const Bench *
find(const char *name)
{
    for (int i = 0; i < NBENCHES; i++) {
        if (strcmp(benches[i].name, name) == 0) {
            return &benches[i];
        }
    }
    return NULL;
}

static int
run(int argc, char **argv)
{
    bool json = false;
    double seconds = 20;
    FzBenchSct sct = {.trials = 20, .executions = 10000};
    const char *what[1];
    const FzOption options[] = {
        {"seconds", "N", FZ_OPT_SECONDS, &seconds,
         "measure for about N seconds (default 20)"},
        {"json", NULL, FZ_OPT_FLAG, &json, "print one JSON object"},
        {"strategy", "NAME", FZ_OPT_STRING, &sct.strategy,
         "sct: this one only (default: all)"},
        {"trials", "N", FZ_OPT_NUMBER, &sct.trials,
         "sct: searches of each program (default 20)"},
        {"executions", "N", FZ_OPT_NUMBER, &sct.executions,
         "sct: at most N of each search (default 10000)"},
        {0},
    };
    int n = FzCli_Parse(&fz_command_bench, options, argc, argv, what, 1);
    if (n < 0) {
        return n == -2 ? FZ_EXIT_CLEAN : FZ_EXIT_USAGE;
    }
    if (n == 1 && strcmp(what[0], "sct") == 0) {
        sct.json = json;
        sct.seconds = seconds;
        return FzBench_Sct(&sct, stdout);
    }
    const Bench *bench = n == 1 ? find(what[0]) : NULL;
    if (bench == NULL) {
        FzCli_Error("bench: say what to measure; see ftfuzz bench --help");
        return FZ_EXIT_USAGE;
    }
    if (bench->needs_engine && !FzCli_NeedsEngine("bench")) {
        return FZ_EXIT_USAGE;
    }
    char why[512];
    if (!FzExec_Init(why, sizeof(why))) {
        FzCli_Error("%s", why);
        return FZ_EXIT_USAGE;
    }
    return bench->run(json, seconds, stdout);
}

const FzCommand fz_command_bench = {
    "bench", "WHAT", "measure, beside a baseline in the same run",
    "throughput: executions per second of the deterministic engine, beside "
    "the same\nprograms on pooled and on created OS threads.\n"
    "locks: uncontended locks beside pthread_mutex.\n"
    "loops: small loops of bytecode, and the speed-up of two threads.\n"
    "collector: full collections over a heap of a million objects.\n"
    "memory: bytes of objects of each kind.\n"
    "attributes: reading and storing attributes and items.\n"
    "sct: every strategy on the programs of the benchmark of schedule search, "
    "beside\nfree OS threads; --seconds is for each strategy and program.\n"
    "All but throughput and sct mean something in the release builds only; "
    "scripts/bench\nsets the two builds side by side.",
    run,
};

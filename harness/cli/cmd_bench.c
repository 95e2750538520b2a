// cmd_bench.c: ftfuzz bench: measurements beside their baselines, in one run.

#include <string.h>

#include "cli.h"
#include "fz_bench.h"
#include "fz_exec.h"

static int
run(int argc, char **argv)
{
    bool json = false;
    double seconds = 20;
    const char *what[1];
    const FzOption options[] = {
        {"seconds", "N", FZ_OPT_SECONDS, &seconds,
         "measure for about N seconds (default 20)"},
        {"json", NULL, FZ_OPT_FLAG, &json, "print one JSON object"},
        {0},
    };
    int n = FzCli_Parse(&fz_command_bench, options, argc, argv, what, 1);
    if (n < 0) {
        return n == -2 ? FZ_EXIT_CLEAN : FZ_EXIT_USAGE;
    }
    if (n != 1 || strcmp(what[0], "throughput") != 0) {
        FzCli_Error("bench: say what to measure: throughput");
        return FZ_EXIT_USAGE;
    }
    if (!FzCli_NeedsEngine("bench")) {
        return FZ_EXIT_USAGE;
    }
    char why[512];
    if (!FzExec_Init(why, sizeof(why))) {
        FzCli_Error("%s", why);
        return FZ_EXIT_USAGE;
    }
    return FzBench_Throughput(json, seconds, stdout);
}

const FzCommand fz_command_bench = {
    "bench", "throughput", "measure, beside a baseline in the same run",
    "throughput: executions per second of the deterministic engine, beside "
    "the same\nprograms on pooled and on created OS threads.",
    run,
};

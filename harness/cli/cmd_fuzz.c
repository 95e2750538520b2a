// cmd_fuzz.c: ftfuzz fuzz: a campaign.

#include <unistd.h>

#include "cli.h"
#include "fz_campaign.h"

static int
run(int argc, char **argv)
{
    FzCampaignOptions o = {
        .seed = 1,
        .jobs = 0,
        .findings_dir = "findings",
        .hang = 60,
    };
    const char *gil = NULL;
    bool os_threads = false, weak = false;
    const FzOption options[] = {
        {"seconds", "N", FZ_OPT_SECONDS, &o.seconds,
         "stop after N seconds (default: run until Ctrl-C)"},
        {"cpu-seconds", "N", FZ_OPT_SECONDS, &o.cpu_seconds,
         "stop after N seconds of processor time of all jobs together"},
        {"executions", "N", FZ_OPT_NUMBER, &o.executions,
         "stop after N executions of all jobs together"},
        {"seed", "N", FZ_OPT_NUMBER, &o.seed,
         "seed of everything random (default 1)"},
        {"jobs", "N", FZ_OPT_NUMBER, &o.jobs,
         "worker processes (default: one for each processor)"},
        {"strategy", "NAME", FZ_OPT_STRING, &o.strategy,
         "one for all: pos, sticky, pct, … (default: mostly pos and sticky)"},
        {"corpus", "DIR", FZ_OPT_STRING, &o.corpus_dir,
         "read inputs from DIR and add those that reach something new"},
        {"findings", "DIR", FZ_OPT_STRING, &o.findings_dir,
         "write findings to DIR (default: findings)"},
        {"gil", "0|1", FZ_OPT_STRING, &gil,
         "free-threaded build: the GIL is never (0) or always (1) on"},
        {"os-threads", NULL, FZ_OPT_FLAG, &os_threads,
         "the system schedules: nothing replays, but all cores run at once"},
        {"weak", NULL, FZ_OPT_FLAG, &weak,
         "race builds: atomic loads may return older values, as C11 allows"},
        {"every", "N", FZ_OPT_NUMBER, &o.every,
         "write N failing executions and stop; else the first of each kind"},
        {"hang", "N", FZ_OPT_SECONDS, &o.hang,
         "an execution that takes N seconds is a finding (default 60; 0: not)"},
        {"stop-on-finding", NULL, FZ_OPT_FLAG, &o.stop_on_finding,
         "stop at the first finding"},
        {"quiet", NULL, FZ_OPT_FLAG, &o.quiet, "no status line"},
        {"json", NULL, FZ_OPT_FLAG, &o.json,
         "status, findings and summary as one JSON object a line"},
        {0},
    };
    int n = FzCli_Parse(&fz_command_fuzz, options, argc, argv, NULL, 0);
    if (n < 0) {
        return n == -2 ? FZ_EXIT_CLEAN : FZ_EXIT_USAGE;
    }
    if (o.jobs == 0) {
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        o.jobs = processors > 0 ? (uint64_t)processors : 1;
    }
    if (o.jobs > FZ_MAX_JOBS) {
        FzCli_Error("--jobs is at most %d", FZ_MAX_JOBS);
        return FZ_EXIT_USAGE;
    }
    if (!FzCli_CheckStrategy(o.strategy)) {
        return FZ_EXIT_USAGE;
    }
    if (!FzCli_SetGil(gil)) {
        return FZ_EXIT_USAGE;
    }
    if (!FzExec_UseWeakLoads(weak)) {
        FzCli_Error("--weak needs a build that sees every atomic access: "
                    "scripts/build race-ft, then build/race-ft/ftfuzz");
        return FZ_EXIT_USAGE;
    }
    FzExec_UseOsThreads(os_threads);
    return FzCampaign_Run(&o);
}

const FzCommand fz_command_fuzz = {
    "fuzz", "",
    "run generated programs under chosen schedules and look for bugs",
    "Shows executions, executions per second, code coverage, interleaving\n"
    "coverage, corpus and findings. Ctrl-C stops it cleanly.",
    run,
};

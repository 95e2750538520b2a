// cmd_campaign.c: ftfuzz campaign: many targets, builds and fuzzers together.

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "fz_fleet.h"

// "90", "90s", "10m", "8h"; negative: none of these.
static double
parse_time(const char *text)
{
    char *end;
    double value = strtod(text, &end);
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (end != text && strcmp(end, units[i].unit) == 0) {
            return value * units[i].seconds;
        }
    }
    return -1;
}

static bool
check(const FzFleetOptions *o, const char *time)
{
    if (o->seconds <= 0) {
        FzCli_Error("--time %s: a time is like 90s, 10m or 8h", time);
        return false;
    }
    if (o->disk == 0 || o->memory == 0) {
        FzCli_Error("--disk and --memory are numbers of megabytes above 0");
        return false;
    }
    return true;
}

static int
run(int argc, char **argv)
{
    const char *time = "10m";
    FzFleetOptions o = {
        .folder = "campaign", .canary = "0001 0005 0013", .root = FZ_ROOT,
        .seed = 1, .disk = 4000, .memory = 2500,
    };
    const FzOption options[] = {
        {"time", "N", FZ_OPT_STRING, &time,
         "how long in all, like 90s, 10m or 8h (default 10m)"},
        {"state", "DIR", FZ_OPT_STRING, &o.folder,
         "where everything is kept; one that is there goes on (default: "
         "campaign)"},
        {"build", "DIR,…", FZ_OPT_STRING, &o.builds,
         "folders of builds (default: those beside this program)"},
        {"targets", "NAME,…", FZ_OPT_STRING, &o.targets,
         "like programs,fuzz_list (default: all)"},
        {"engines", "NAME,…", FZ_OPT_STRING, &o.engines,
         "of own, libfuzzer, afl (default: all)"},
        {"jobs", "N", FZ_OPT_NUMBER, &o.jobs,
         "processes at a time (default: one for each processor)"},
        {"turn", "N", FZ_OPT_SECONDS, &o.turn,
         "seconds of a turn (default: by the number of jobs, 2 to 30)"},
        {"seed", "N", FZ_OPT_NUMBER, &o.seed, "seed of the fuzzers' seeds"},
        {"canary", "BUGS", FZ_OPT_STRING, &o.canary,
         "seeded bugs, or programs with one, to find first; or none (default: "
         "\"0001 0005 0013\")"},
        {"disk", "MB", FZ_OPT_NUMBER, &o.disk,
         "stop when DIR takes more (default 4000)"},
        {"memory", "MB", FZ_OPT_NUMBER, &o.memory,
         "stop a process that takes more (default 2500)"},
        {"page", NULL, FZ_OPT_FLAG, &o.page_only,
         "only write DIR/index.html of what is there"},
        {"quiet", NULL, FZ_OPT_FLAG, &o.quiet, "findings and summary only"},
        {"json", NULL, FZ_OPT_FLAG, &o.json,
         "what happens, one JSON object a line"},
        {0},
    };
    int n = FzCli_Parse(&fz_command_campaign, options, argc, argv, NULL, 0);
    if (n < 0) {
        return n == -2 ? FZ_EXIT_CLEAN : FZ_EXIT_USAGE;
    }
    o.seconds = parse_time(time);
    if (!check(&o, time)) {
        return FZ_EXIT_USAGE;
    }
    if (o.jobs == 0) {
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        o.jobs = processors > 0 ? (uint64_t)processors : 1;
    }
    return FzFleet_Run(&o);
}

const FzCommand fz_command_campaign = {
    "campaign", "",
    "run targets, builds and fuzzers together for a given time",
    "Every target of every build that is there, under our own fuzzer,\n"
    "libFuzzer and AFL++, in turns; who finds more gets more. Findings are\n"
    "confirmed, minimised and triaged on the way. Killed, it goes on where it\n"
    "was when it is started again. DIR/index.html tells of it.",
    run,
};

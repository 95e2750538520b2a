// cmd_replay.c: ftfuzz replay: makes the recorded choices again and compares
// the verdict with the recorded one.

#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "fz_exec.h"
#include "fz_finding.h"

#if defined(RT_ASAN) || defined(RT_TSAN)
#include <sanitizer/common_interface_defs.h>
#endif

#if defined(RT_ASAN) || defined(RT_TSAN)
static bool crash_is_recorded;

// A sanitizer's report ends the process before replay can compare.
static void
on_sanitizer_report(void)
{
    fflush(NULL);
    _exit(crash_is_recorded ? FZ_EXIT_FINDING : FZ_EXIT_NONDETERMINISM);
}

static void
expect_report(const FzFinding *finding)
{
    crash_is_recorded = strcmp(finding->rule, "CRASH") == 0;
    __sanitizer_set_death_callback(on_sanitizer_report);
}
#else
static void
expect_report(const FzFinding *finding)
{
    (void)finding;
}
#endif

typedef struct Tally {
    uint64_t same;              // failed as recorded
    uint64_t other;             // failed, but differently
    uint64_t clean;             // did not fail
} Tally;

// The same rule, seen at the end of the same trace.
static bool
is_same(const FzFinding *finding, const FzRun *run)
{
    return strcmp(FzRule_Name(run->violations[0].rule), finding->rule) == 0 &&
           run->trace_hash == finding->schedule.trace_hash;
}

static void
replay_once(const FzFinding *finding, FzRun *run, Tally *tally, bool verbose)
{
    FzEngineConfig config = FzFinding_Config(finding);
    FzExec_Carry(&finding->input.program, &config, run);
    if (run->nviolations == 0) {
        tally->clean++;
    }
    else if (is_same(finding, run)) {
        tally->same++;
    }
    else {
        tally->other++;
    }
    if (verbose && run->nviolations > 0) {
        FzBuf text = {0};
        FzReport_Text(&finding->input, run, &text);
        fputs(FzBuf_CString(&text), stdout);
        FzBuf_Free(&text);
    }
}

static int
conclude(const FzFinding *finding, const Tally *tally, uint64_t times,
         bool json)
{
    if (json) {
        printf("{\"rule\": \"%s\", \"build\": \"%s\", \"times\": %llu, "
               "\"same\": %llu, \"other\": %llu, \"clean\": %llu}\n",
               finding->rule, FzExec_BuildName(), (unsigned long long)times,
               (unsigned long long)tally->same,
               (unsigned long long)tally->other,
               (unsigned long long)tally->clean);
    }
    else {
        printf("replayed %llu times on %s: %llu failed as recorded (%s), %llu "
               "failed otherwise, %llu did not fail\n",
               (unsigned long long)times, FzExec_BuildName(),
               (unsigned long long)tally->same, finding->rule,
               (unsigned long long)tally->other,
               (unsigned long long)tally->clean);
    }
    if (tally->same == times) {
        return FZ_EXIT_FINDING;
    }
    return tally->clean == times ? FZ_EXIT_CLEAN : FZ_EXIT_NONDETERMINISM;
}

static int
run(int argc, char **argv)
{
    uint64_t times = 1;
    bool json = false, quiet = false;
    const char *path[1];
    const char *gil = NULL;
    const FzOption options[] = {
        {"times", "N", FZ_OPT_NUMBER, &times, "replay N times (default 1)"},
        {"gil", "0|1", FZ_OPT_STRING, &gil,
         "free-threaded build: the GIL is never (0) or always (1) on (default: "
         "as recorded)"},
        {"quiet", NULL, FZ_OPT_FLAG, &quiet, "do not print the report"},
        {"json", NULL, FZ_OPT_FLAG, &json, "print the tally as JSON"},
        {0},
    };
    int n = FzCli_Parse(&fz_command_replay, options, argc, argv, path, 1);
    if (n < 0) {
        return n == -2 ? FZ_EXIT_CLEAN : FZ_EXIT_USAGE;
    }
    if (n != 1 || times == 0) {
        FzCli_Error("replay: give the folder of one finding");
        return FZ_EXIT_USAGE;
    }
    if (!FzCli_NeedsEngine("replay")) {
        return FZ_EXIT_USAGE;
    }
    FzFinding finding;
    if (!FzCli_OpenFinding(path[0], gil, &finding)) {
        return FZ_EXIT_USAGE;
    }
    expect_report(&finding);
    Tally tally = {0};
    FzRun result = {0};
    for (uint64_t i = 0; i < times; i++) {
        replay_once(&finding, &result, &tally, i == 0 && !quiet && !json);
    }
    int code = conclude(&finding, &tally, times, json);
    FzRun_Free(&result);
    FzFinding_Free(&finding);
    return code;
}

const FzCommand fz_command_replay = {
    "replay", "FINDING", "repeat a finding, choice by choice",
    "Exit code 77: it failed as recorded (every time); 0: it did not fail; "
    "78: it\nfailed in another way, or not every time. A sanitizer's report "
    "ends the process\nat its first replay.",
    run,
};

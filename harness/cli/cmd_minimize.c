// cmd_minimize.c: ftfuzz minimize: a smaller program and a simpler schedule
// that fail as a finding does.

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "fz_exec.h"
#include "fz_minimize.h"

typedef struct Options {
    double seconds;
    uint64_t seed;
    uint64_t jobs;
    const char *output;
    bool raw, json, quiet;
} Options;

static void
print_size(const char *name, const FzSize *size, const char *end)
{
    printf("\"%s\": {\"threads\": %u, \"operations\": %u, \"preemptions\": "
           "%u, \"steps\": %llu}%s",
           name, size->threads, size->operations, size->preemptions,
           (unsigned long long)size->steps, end);
}

static void
print_result(const Options *o, const FzMinimizeResult *r, const char *folder)
{
    if (o->json) {
        FzBuf out = {0};
        FzBuf_JsonString(&out, folder);
        FzBuf_Printf(&out, ", \"signature\": ");
        FzBuf_JsonString(&out, r->signature);
        FzBuf_Printf(&out, ", \"cause\": ");
        FzBuf_JsonString(&out, r->cause);
        printf("{\"finding\": %s, ", FzBuf_CString(&out));
        print_size("before", &r->before, ", ");
        print_size("after", &r->after, ", ");
        printf("\"executions\": %llu, \"seconds\": %.2f, \"cpu_seconds\": "
               "%.2f, \"interrupted\": %s}\n",
               (unsigned long long)r->executions, r->seconds, r->cpu_seconds,
               r->interrupted ? "true" : "false");
        FzBuf_Free(&out);
        return;
    }
    printf("%s\n  %u threads of at most %u operations, %u preemptions, %llu "
           "steps\n  (it had %u threads, %u operations, %u preemptions, %llu "
           "steps)\n  fails as before: %s\n",
           folder, r->after.threads, r->after.operations,
           r->after.preemptions, (unsigned long long)r->after.steps,
           r->before.threads, r->before.operations, r->before.preemptions,
           (unsigned long long)r->before.steps, r->signature);
    if (r->cause[0] != '\0') {
        printf("  preempted: %s\n", r->cause);
    }
    printf("  %llu executions in %.1f s (%.1f s of processor time)%s\n",
           (unsigned long long)r->executions, r->seconds, r->cpu_seconds,
           r->interrupted ? ", then stopped: it may become smaller yet" : "");
}

static int
minimize(const Options *o, const char *path)
{
    char why[5000], folder[4200];
    static FzFinding finding;
    struct stat status;
    bool is_folder = stat(path, &status) == 0 && S_ISDIR(status.st_mode);
    bool ok = is_folder ? FzFinding_Load(path, &finding, why, sizeof(why))
                        : FzInputFile_Read(path, o->raw, &finding.input, why,
                                           sizeof(why));
    if (!ok) {
        FzCli_Error("%s", why);
        return FZ_EXIT_USAGE;
    }
    // The workers inherit it.
    if (is_folder && !FzCli_SetGilOf(NULL, finding.gil)) {
        return FZ_EXIT_USAGE;
    }
    snprintf(folder, sizeof(folder), is_folder ? "%s/minimized" : "%s.min",
             path);
    FzMinimizeOptions options = {
        .seconds = o->seconds,
        .seed = o->seed,
        .jobs = o->jobs,
        .progress = !o->quiet && !o->json,
    };
    FzMinimizeResult result = {0};
    ok = FzMinimize_Run(&finding.input,
                        is_folder ? &finding.schedule.schedule : NULL,
                        finding.rule, o->output != NULL ? o->output : folder,
                        &options, &result, why, sizeof(why));
    if (ok) {
        print_result(o, &result, o->output != NULL ? o->output : folder);
    }
    else {
        FzCli_Error("%s: %s", path, why);
    }
    FzFinding_Free(&finding);
    return ok ? FZ_EXIT_CLEAN : FZ_EXIT_NONDETERMINISM;
}

// Thousands of reports are to come: the names in them are looked up by us, once
// each (report_symbols.c). A sanitizer reads its options at start only.
static void
without_symbols(char **argv)
{
#if defined(RT_ASAN)
    const char *given = getenv("ASAN_OPTIONS");
    char options[4096];
    if (given == NULL || strstr(given, "symbolize=") == NULL) {
        snprintf(options, sizeof(options), "%s%ssymbolize=0",
                 given != NULL ? given : "", given != NULL ? ":" : "");
        setenv("ASAN_OPTIONS", options, 1);
        execv("/proc/self/exe", argv - 2);  // the whole command line
    }
#else
    (void)argv;
#endif
}

static int
run(int argc, char **argv)
{
    without_symbols(argv);
    Options o = {.seconds = 60, .seed = 1};
    const char *path[1];
    const FzOption options[] = {
        {"output", "DIR", FZ_OPT_STRING, &o.output,
         "folder of the result (default: FINDING/minimized, INPUT.min)"},
        {"seconds", "N", FZ_OPT_SECONDS, &o.seconds,
         "stop after N seconds; 0: no limit (default 60)"},
        {"seed", "N", FZ_OPT_NUMBER, &o.seed,
         "seed of the schedules that are tried (default 1)"},
        {"jobs", "N", FZ_OPT_NUMBER, &o.jobs,
         "worker processes (default: one for each processor)"},
        {"raw", NULL, FZ_OPT_FLAG, &o.raw,
         "INPUT is a libFuzzer or AFL++ input (any bytes)"},
        {"quiet", NULL, FZ_OPT_FLAG, &o.quiet, "no status line"},
        {"json", NULL, FZ_OPT_FLAG, &o.json, "print the result as JSON"},
        {0},
    };
    int n = FzCli_Parse(&fz_command_minimize, options, argc, argv, path, 1);
    if (n < 0) {
        return n == -2 ? FZ_EXIT_CLEAN : FZ_EXIT_USAGE;
    }
    if (n != 1) {
        FzCli_Error("minimize: give the folder of one finding, or an input");
        return FZ_EXIT_USAGE;
    }
    if (!FzCli_NeedsEngine("minimize")) {
        return FZ_EXIT_USAGE;
    }
    if (o.jobs == 0) {
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        o.jobs = processors > 0 ? (uint64_t)processors : 1;
    }
    if (o.jobs > FZ_MINIMIZE_MAX_JOBS) {
        o.jobs = FZ_MINIMIZE_MAX_JOBS;
    }
    return minimize(&o, path[0]);
}

const FzCommand fz_command_minimize = {
    "minimize", "FINDING|INPUT",
    "make a finding small: program and schedule together",
    "Threads, operations, objects, operands and preemptions go as long as the "
    "same\nfailure (same signature) stays. The finding itself is not changed. "
    "Ctrl-C ends it\nwith the best so far. Same seed, same result, if the time "
    "suffices.\nExit code 0: done; 78: it does not fail in this build.",
    run,
};

// cmd_failalloc.c: ftfuzz failalloc: every allocation of a program fails in
// turn. A run that follows must end as any other: no crash, no leak, no wrong
// count, no lock left held.

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "fz_exec.h"
#include "fz_finding.h"

typedef struct Options {
    uint64_t programs;
    uint64_t seed;
    uint64_t max_findings;
    const char *findings_dir;
    const char *gil;
    bool json;
} Options;

typedef struct Tally {
    const Options *options;
    FzRun run;
    uint64_t programs;
    uint64_t executions;        // in which an allocation failed
    uint64_t findings;
    bool unusable;              // a finding could not be written
} Tally;

static void
report(Tally *tally, const FzInput *input, const FzEngineConfig *config)
{
    const FzViolation *v = &tally->run.violations[0];
    char path[4200] = "", why[512];
    tally->findings++;
    if (tally->options->findings_dir != NULL &&
        !FzFinding_Save(tally->options->findings_dir, input, &config->schedule,
                        &tally->run, NULL, path, sizeof(path), why,
                        sizeof(why))) {
        FzCli_Error("%s", why);
        tally->unusable = true;
    }
    if (!tally->options->json) {
        fprintf(stderr, "%s when allocation %u fails: %.200s%s%s\n",
                FzRule_Name(v->rule), config->schedule.fail_allocation,
                v->message, path[0] != '\0' ? "\n  " : "", path);
    }
}

static bool
goes_on(const Tally *tally)
{
    return !tally->unusable && tally->findings < tally->options->max_findings;
}

// Until the execution ends before the allocation that was to fail.
static void
fail_each(Tally *tally, FzInput *input)
{
    FzEngineConfig config = FzExec_DefaultConfig();
    tally->programs++;
    for (uint32_t nth = 1; nth <= UINT16_MAX && goes_on(tally); nth++) {
        input->fail_allocation = (uint16_t)nth;
        config.schedule = FzExec_ScheduleOf(input);
        FzExec_RunProgram(&input->program, &config, &tally->run);
        if (!tally->run.allocation_failed && tally->run.nviolations == 0) {
            FZ_ASSERT(nth > 1);     // there is no program without one
            return;
        }
        tally->executions++;
        if (tally->run.nviolations > 0) {
            report(tally, input, &config);
        }
    }
}

static void
show_progress(const Tally *tally)
{
    if (isatty(STDERR_FILENO) && !tally->options->json) {
        fprintf(stderr, "\r%llu programs, %llu executions ",
                (unsigned long long)tally->programs,
                (unsigned long long)tally->executions);
    }
}

static bool
fail_file(Tally *tally, const char *path)
{
    FzInput input;
    char why[4600];
    if (!FzInputFile_Read(path, false, &input, why, sizeof(why))) {
        FzCli_Error("%s", why);
        return false;
    }
    fail_each(tally, &input);
    show_progress(tally);
    return true;
}

static int
is_input(const struct dirent *entry)
{
    return FzInputFile_IsInput(entry->d_name);
}

static bool
fail_path(Tally *tally, const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode)) {
        return fail_file(tally, path);
    }
    struct dirent **entries;
    int n = scandir(path, &entries, is_input, alphasort);
    if (n < 0) {
        FzCli_Error("%s cannot be read", path);
        return false;
    }
    bool ok = true;
    for (int i = 0; i < n; i++) {
        char file[4200];
        snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
        ok = ok && goes_on(tally) && fail_file(tally, file);
        free(entries[i]);
    }
    free(entries);
    return ok || !goes_on(tally);
}

static void
fail_generated(Tally *tally)
{
    FzRng rng;
    FzInput input;
    FzRng_Seed(&rng, tally->options->seed);
    while (tally->programs < tally->options->programs && goes_on(tally)) {
        FzInput_Generate(&input, &rng);
        fail_each(tally, &input);
        show_progress(tally);
    }
}

static int
conclude(Tally *tally)
{
    if (tally->options->json) {
        printf("{\"build\": \"%s\", \"programs\": %llu, \"executions\": %llu, "
               "\"findings\": %llu}\n",
               FzExec_BuildName(), (unsigned long long)tally->programs,
               (unsigned long long)tally->executions,
               (unsigned long long)tally->findings);
    }
    else {
        printf("%s%llu programs, %llu executions with a failed allocation, "
               "%llu findings\n",
               isatty(STDERR_FILENO) ? "\n" : "",
               (unsigned long long)tally->programs,
               (unsigned long long)tally->executions,
               (unsigned long long)tally->findings);
    }
    FzRun_Free(&tally->run);
    if (tally->unusable) {
        return FZ_EXIT_USAGE;
    }
    return tally->findings > 0 ? FZ_EXIT_FINDING : FZ_EXIT_CLEAN;
}

static int
run(int argc, char **argv)
{
    Options o = { .programs = 20, .seed = 1, .max_findings = 10 };
    const char *paths[64];
    const FzOption options[] = {
        {"programs", "N", FZ_OPT_NUMBER, &o.programs,
         "without FILE: generate N programs (default 20)"},
        {"seed", "N", FZ_OPT_NUMBER, &o.seed,
         "seed of the generated programs (default 1)"},
        {"findings", "DIR", FZ_OPT_STRING, &o.findings_dir,
         "write findings to DIR"},
        {"max-findings", "N", FZ_OPT_NUMBER, &o.max_findings,
         "stop after N findings (default 10)"},
        {"gil", "0|1", FZ_OPT_STRING, &o.gil,
         "free-threaded build: the GIL is never (0) or always (1) on"},
        {"json", NULL, FZ_OPT_FLAG, &o.json, "print one JSON object"},
        {0},
    };
    int n = FzCli_Parse(&fz_command_failalloc, options, argc, argv, paths, 64);
    if (n < 0) {
        return n == -2 ? FZ_EXIT_CLEAN : FZ_EXIT_USAGE;
    }
    if (!FzCli_SetGil(o.gil) || !FzCli_NeedsEngine("failalloc")) {
        return FZ_EXIT_USAGE;
    }
    char why[512];
    if (!FzExec_Init(why, sizeof(why))) {
        FzCli_Error("%s", why);
        return FZ_EXIT_USAGE;
    }
    Tally tally = { .options = &o };
    if (n == 0) {
        fail_generated(&tally);
    }
    bool ok = true;
    for (int i = 0; i < n && ok; i++) {
        ok = fail_path(&tally, paths[i]);
    }
    int code = conclude(&tally);
    return ok ? code : FZ_EXIT_USAGE;
}

const FzCommand fz_command_failalloc = {
    "failalloc", "[FILE|DIR …]", "fail every allocation of programs in turn",
    "Each FILE is an input (.ftz or .txt), each DIR a folder of them. For "
    "k = 1, 2, …\nthe k-th allocation of the execution fails, until there is "
    "no k-th.",
    run,
};

// cmd_differ.c: ftfuzz differ: generated programs of one thread on the GIL
// build, the free-threaded build and CPython.

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "fz_differ.h"
#include "fz_exec.h"
#include "fz_finding.h"

typedef struct Options {
    FzDifferOptions differ;
    const char *other;
    bool json;
    bool worker;
    char self[PATH_MAX];
    char sibling[PATH_MAX];
} Options;

// This executable's path in the folder of the other variant: fuzz-ft for
// fuzz-gil. False: it does not lie in a folder of that kind.
static bool
find_sibling(const char *self, char *path, size_t size)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof(folder), "%s", self);
    char *name = strrchr(folder, '/');
    if (name == NULL) {
        return false;
    }
    *name++ = '\0';
    size_t n = strlen(folder);
    if (n > 3 && strcmp(folder + n - 3, "-ft") == 0) {
        snprintf(path, size, "%.*s-gil/%s", (int)(n - 3), folder, name);
        return true;
    }
    if (n > 4 && strcmp(folder + n - 4, "-gil") == 0) {
        snprintf(path, size, "%.*s-ft/%s", (int)(n - 4), folder, name);
        return true;
    }
    return false;
}

static bool
choose_builds(Options *o)
{
    ssize_t n = readlink("/proc/self/exe", o->self, sizeof(o->self) - 1);
    if (n < 0) {
        FzCli_Error("differ: cannot tell where this program lies");
        return false;
    }
    o->self[n] = '\0';
    o->differ.builds[0] = o->self;
    if (o->other != NULL) {
        o->differ.builds[1] = strcmp(o->other, "none") == 0 ? NULL : o->other;
    }
    else if (find_sibling(o->self, o->sibling, sizeof(o->sibling))) {
        o->differ.builds[1] = o->sibling;
    }
    else {
        FzCli_Error("differ: this build lies beside no other: name one with "
                    "--other");
        return false;
    }
    if (o->differ.builds[1] != NULL && access(o->differ.builds[1], X_OK) != 0)
    {
        FzCli_Error("differ: there is no %s: build it, or name another with "
                    "--other", o->differ.builds[1]);
        return false;
    }
    return true;
}

static void
print_result(const Options *o, const FzDifferResult *r)
{
    double per_core =
        r->cpu_seconds > 0 ? (double)r->programs / r->cpu_seconds : 0;
    if (o->json) {
        printf("{\"build\": \"%s\", \"python\": \"%s\", \"messages\": %s, "
               "\"programs\": %llu, \"findings\": %llu, \"duplicates\": %llu, "
               "\"unusable\": %llu, \"once\": %llu, \"seconds\": %.2f, "
               "\"cpu_seconds\": %.2f, \"programs_per_cpu_second\": %.1f}\n",
               FzExec_BuildName(), r->python, r->messages ? "true" : "false",
               (unsigned long long)r->programs,
               (unsigned long long)r->findings,
               (unsigned long long)r->duplicates,
               (unsigned long long)r->unusable, (unsigned long long)r->once,
               r->seconds, r->cpu_seconds,
               per_core);
        return;
    }
    printf("%llu programs beside CPython %s (%s), %.1f s, %.0f programs/s of "
           "one core\n%llu differences, %llu more of the same, %llu that did "
           "not happen again,\n%llu programs that CPython did not survive\n",
           (unsigned long long)r->programs, r->python,
           r->messages ? "messages, too" : "without messages", r->seconds,
           per_core, (unsigned long long)r->findings,
           (unsigned long long)r->duplicates, (unsigned long long)r->once,
           (unsigned long long)r->unusable);
}

static int
compare_file(const Options *o, const char *path)
{
    FzInput input;
    FzBuf text = {0};
    char why[4600];
    bool agree = true;
    if (!FzInputFile_Read(path, false, &input, why, sizeof(why)) ||
        !FzDiffer_Compare(&o->differ, &input.program, &agree, &text, why,
                          sizeof(why))) {
        FzCli_Error("%s", why);
        return FZ_EXIT_USAGE;
    }
    fwrite(text.data, 1, text.size, stdout);
    printf("---- %s\n", agree ? "all agree" : "they differ");
    FzBuf_Free(&text);
    return agree ? FZ_EXIT_CLEAN : FZ_EXIT_FINDING;
}

static int
compare_generated(const Options *o)
{
    FzDifferResult result;
    char why[512];
    if (!FzDiffer_Run(&o->differ, &result, why, sizeof(why))) {
        FzCli_Error("%s", why);
        return FZ_EXIT_USAGE;
    }
    print_result(o, &result);
    return result.findings > 0 ? FZ_EXIT_FINDING : FZ_EXIT_CLEAN;
}

static int
run(int argc, char **argv)
{
    static Options o = {
        .differ = {.executions = 10000, .seed = 1, .jobs = 1,
                   .max_findings = 10, .python = "python3"},
    };
    const char *paths[1];
    const FzOption options[] = {
        {"executions", "N", FZ_OPT_NUMBER, &o.differ.executions,
         "compare N programs (default 10000)"},
        {"seed", "N", FZ_OPT_NUMBER, &o.differ.seed,
         "seed of the first program; the next has N + 1 (default 1)"},
        {"jobs", "N", FZ_OPT_NUMBER, &o.differ.jobs,
         "N times the processes (default 1)"},
        {"python", "PATH", FZ_OPT_STRING, &o.differ.python,
         "the CPython to compare with (default python3)"},
        {"other", "PATH", FZ_OPT_STRING, &o.other,
         "the ftfuzz of the other variant, or none (default: the sibling)"},
        {"findings", "DIR", FZ_OPT_STRING, &o.differ.findings,
         "write a folder for each difference to DIR"},
        {"max-findings", "N", FZ_OPT_NUMBER, &o.differ.max_findings,
         "stop after N differences (default 10)"},
        {"json", NULL, FZ_OPT_FLAG, &o.json, "print one JSON object"},
        {"worker", NULL, FZ_OPT_FLAG, &o.worker,
         "be one of the children: programs on standard input"},
        {0},
    };
    int n = FzCli_Parse(&fz_command_differ, options, argc, argv, paths, 1);
    if (n < 0) {
        return n == -2 ? FZ_EXIT_CLEAN : FZ_EXIT_USAGE;
    }
    if (o.worker) {
        return FzDiffer_Work();
    }
    if (o.differ.jobs < 1 || o.differ.jobs > FZ_DIFFER_MAX_JOBS) {
        FzCli_Error("--jobs is 1 to %d", FZ_DIFFER_MAX_JOBS);
        return FZ_EXIT_USAGE;
    }
    o.differ.progress = !o.json;
    if (!choose_builds(&o)) {
        return FZ_EXIT_USAGE;
    }
    return n == 1 ? compare_file(&o, paths[0]) : compare_generated(&o);
}

const FzCommand fz_command_differ = {
    "differ", "[FILE]", "compare with CPython and the other variant",
    "Generated programs of one thread run on this build, on the same preset "
    "of the\nother variant (fuzz-ft beside fuzz-gil) and on CPython. What they "
    "print, the\nexceptions, each value that is assigned and the final state "
    "of the shared objects\nmust be equal; what exceptions say, too, if it is "
    "CPython 3.13. A program on which\nthey differ is made small. FILE, an "
    "input (.ftz or .txt), is compared alone.",
    run,
};

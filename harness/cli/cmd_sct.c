// cmd_sct.c: ftfuzz sct: any program, its threads run as the engine decides.
// The program has been linked with libfzsct, which does the work
// (harness/sct/); this compiles it if need be and tells it what to do.

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "fz_schedule.h"

typedef struct Options {
    const char *strategy, *findings, *replay, *seconds;
    uint64_t seed, depth, executions, trials, budget;
    bool go_on, races, weak, atomics_only, any_status, quiet, output, check;
    bool list_strategies, flags;
} Options;

// The folder that this executable and the library lie in.
static void
own_folder(char *out, size_t size)
{
    ssize_t n = readlink("/proc/self/exe", out, size - 1);
    out[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(out, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
}

static void
print_flags(const char *folder)
{
    printf("-g -fsanitize=thread -fno-sanitize-link-runtime "
           "-L%s -lfzsct -Wl,-rpath,%s\n", folder, folder);
}

static int
list_strategies(void)
{
    const FzStrategy *strategy;
    for (size_t i = 0; (strategy = FzStrategy_Nth(i)) != NULL; i++) {
        printf("%-12s %s\n", strategy->name, strategy->sentence);
    }
    printf("%-12s %s\n", "portfolio", "several of these, by what they bring");
    return FZ_EXIT_CLEAN;
}

static bool
is_source(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot != NULL && (strcmp(dot, ".c") == 0 || strcmp(dot, ".cc") == 0 ||
                           strcmp(dot, ".cpp") == 0);
}

static bool
run_compiler(char *const *arguments)
{
    pid_t child = fork();
    if (child == 0) {
        execvp(arguments[0], arguments);
        FzCli_Error("cannot run %s: %s; run scripts/bootstrap, or compile the "
                    "program yourself with the flags that `ftfuzz sct "
                    "--flags` prints", arguments[0], strerror(errno));
        _exit(127);
    }
    int status;
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

// Compiles a source file into `out`, a path that it makes.
static bool
compile(const char *source, const char *folder, char *out, size_t size)
{
    char library_path[4200], run_path[4200];
    bool cxx = strcmp(strrchr(source, '.'), ".c") != 0;
    snprintf(out, size, "/tmp/ftfuzz-sct-XXXXXX");
    int fd = mkstemp(out);
    if (fd < 0) {
        FzCli_Error("cannot make a file in /tmp: %s", strerror(errno));
        return false;
    }
    close(fd);
    snprintf(library_path, sizeof(library_path), "-L%s", folder);
    snprintf(run_path, sizeof(run_path), "-Wl,-rpath,%s", folder);
    char *const arguments[] = {
        cxx ? "clang++-19" : "clang-19", "-g", "-O1", "-fsanitize=thread",
        "-fno-sanitize-link-runtime", "-o", out, (char *)source,
        library_path, "-lfzsct", run_path, "-lm", NULL,
    };
    if (!run_compiler(arguments)) {
        FzCli_Error("%s does not compile (above)", source);
        unlink(out);
        return false;
    }
    return true;
}

static void
make_settings(const Options *o, FzBuf *out)
{
    FzBuf_Printf(out, "seed=%llu;depth=%llu;executions=%llu;trials=%llu;"
                 "budget=%llu", (unsigned long long)o->seed,
                 (unsigned long long)o->depth,
                 (unsigned long long)o->executions,
                 (unsigned long long)o->trials,
                 (unsigned long long)o->budget);
    FzBuf_Printf(out, ";continue=%d;races=%d;weak=%d;plain=%d;status=%d;"
                 "quiet=%d;output=%d;check=%d", o->go_on, o->races, o->weak,
                 !o->atomics_only, !o->any_status, o->quiet, o->output,
                 o->check);
    if (o->strategy != NULL) {
        FzBuf_Printf(out, ";strategy=%s", o->strategy);
    }
    if (o->seconds != NULL) {
        FzBuf_Printf(out, ";seconds=%s", o->seconds);
    }
    if (o->findings != NULL) {
        FzBuf_Printf(out, ";findings=%s", o->findings);
    }
    if (o->replay != NULL) {
        FzBuf_Printf(out, ";replay=%s", o->replay);
    }
}

// The program's own arguments follow "--".
static int
run_program(const char *program, char **arguments, const Options *o)
{
    FzBuf settings = {0};
    make_settings(o, &settings);
    setenv("FZ_SCT", FzBuf_CString(&settings), 1);
    FzBuf_Free(&settings);
    arguments[0] = (char *)program;
    pid_t child = fork();
    if (child == 0) {
        execv(program, arguments);
        FzCli_Error("cannot run %s: %s", program, strerror(errno));
        _exit(FZ_EXIT_USAGE);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child) {
        FzCli_Error("cannot start %s: %s", program, strerror(errno));
        return FZ_EXIT_USAGE;
    }
    if (WIFSIGNALED(status)) {
        FzCli_Error("%s died of signal %d outside of an execution: was it "
                    "linked with libfzsct (ftfuzz sct --flags)?", program,
                    WTERMSIG(status));
        return FZ_EXIT_USAGE;
    }
    return WEXITSTATUS(status);
}

static int
run_operand(const char *operand, char **arguments, const Options *o)
{
    char folder[4096], compiled[64];
    own_folder(folder, sizeof(folder));
    if (!is_source(operand)) {
        return run_program(operand, arguments, o);
    }
    if (!compile(operand, folder, compiled, sizeof(compiled))) {
        return FZ_EXIT_USAGE;
    }
    int status = run_program(compiled, arguments, o);
    unlink(compiled);
    return status;
}

static int
run(int argc, char **argv)
{
    Options o = {
        .seed = 1, .depth = 3, .executions = 100000, .trials = 1,
        .budget = 20000,
    };
    const char *operand;
    const FzOption options[] = {
        {"strategy", "NAME", FZ_OPT_STRING, &o.strategy,
         "who chooses (default portfolio)"},
        {"strategies", NULL, FZ_OPT_FLAG, &o.list_strategies,
         "list the strategies"},
        {"flags", NULL, FZ_OPT_FLAG, &o.flags,
         "print the flags to compile and link a program with"},
        {"executions", "N", FZ_OPT_NUMBER, &o.executions,
         "at most N of each trial (default 100000)"},
        {"seconds", "S", FZ_OPT_STRING, &o.seconds, "stop after S seconds"},
        {"seed", "N", FZ_OPT_NUMBER, &o.seed, "seed (default 1)"},
        {"depth", "N", FZ_OPT_NUMBER, &o.depth,
         "depth of pct, bound of delay and preemption (default 3)"},
        {"trials", "N", FZ_OPT_NUMBER, &o.trials,
         "N searches, each with a seed of its own (default 1)"},
        {"budget", "N", FZ_OPT_NUMBER, &o.budget,
         "points of one execution, at most (default 20000)"},
        {"continue", NULL, FZ_OPT_FLAG, &o.go_on, "go on after a finding"},
        {"races", NULL, FZ_OPT_FLAG, &o.races, "report data races"},
        {"weak", NULL, FZ_OPT_FLAG, &o.weak,
         "atomic loads may return older values where C11 allows it"},
        {"atomics-only", NULL, FZ_OPT_FLAG, &o.atomics_only,
         "plain accesses are no scheduling points"},
        {"any-status", NULL, FZ_OPT_FLAG, &o.any_status,
         "an exit status other than 0 is no finding"},
        {"findings", "DIR", FZ_OPT_STRING, &o.findings,
         "write findings to DIR"},
        {"replay", "FILE", FZ_OPT_STRING, &o.replay,
         "execute once, by the schedule.txt of a finding"},
        {"check", NULL, FZ_OPT_FLAG, &o.check,
         "execute each schedule twice and compare the traces"},
        {"output", NULL, FZ_OPT_FLAG, &o.output,
         "show what the program prints"},
        {"quiet", NULL, FZ_OPT_FLAG, &o.quiet, "print results only"},
        {0},
    };
    int own = 0;
    while (own < argc && strcmp(argv[own], "--") != 0) {
        own++;
    }
    int n = FzCli_Parse(&fz_command_sct, options, own, argv, &operand, 1);
    if (n < 0) {
        return n == -2 ? FZ_EXIT_CLEAN : FZ_EXIT_USAGE;
    }
    if (o.list_strategies) {
        return list_strategies();
    }
    if (o.flags) {
        char folder[4096];
        own_folder(folder, sizeof(folder));
        print_flags(folder);
        return FZ_EXIT_CLEAN;
    }
    if (n != 1) {
        FzCli_Error("sct needs a program or its source; see ftfuzz sct "
                    "--help");
        return FZ_EXIT_USAGE;
    }
    // The arguments of the program, with a place in front for its name.
    char *none[2] = {NULL, NULL};
    return run_operand(operand, own < argc ? argv + own : none, &o);
}

const FzCommand fz_command_sct = {
    .name = "sct",
    .arguments = "PROGRAM|FILE.c [-- ARGUMENTS]",
    .sentence = "run any C or C++ program under chosen interleavings",
    .details =
        "Compile the program with the flags that --flags prints, or give its\n"
        "source. It is executed many times in one process, each time under\n"
        "another schedule; its variables are reset before each. Assertions,\n"
        "crashes, deadlocks, lost signals, uses of freed memory, misuse of\n"
        "locks and exit statuses other than 0 are findings.\n"
        "Exit status: 0 nothing found, 77 something found, 2 wrong usage.\n",
    .run = run,
};

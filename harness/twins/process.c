// process.c: twins of what no single execution can answer: a process that
// hangs, is asked by another one; two traces that differ, by whoever compares
// them; what only programs do, by `ftfuzz sct`. Each asks the real thing.

#include "twins_internal.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../campaign/fleet_internal.h"
#include "fz_campaign.h"

#ifdef RT_WITH_HOOKS

enum { SILENT = -1, TEXT_SIZE = 8192 };

static const char *
own_path(void)
{
    static char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
    path[n > 0 ? n : 0] = '\0';
    return path;
}

// Starts this program anew; *out: what it will write.
static pid_t
start_self(char *const *arguments, int *out)
{
    int ends[2];
    if (pipe(ends) != 0) {
        return -1;
    }
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        execv(own_path(), arguments);
        _exit(127);
    }
    close(ends[1]);
    *out = ends[0];
    return child;
}

// Reads until it has ended. Its exit code; -1: it was not started, or died.
static int
wait_for(pid_t child, int out, char *text)
{
    size_t used = 0;
    char rest[512];
    for (;;) {
        bool full = used == TEXT_SIZE - 1;
        ssize_t n = full ? read(out, rest, sizeof(rest))
                         : read(out, text + used, TEXT_SIZE - 1 - used);
        if (n <= 0) {
            break;
        }
        used += full ? 0 : (size_t)n;
    }
    close(out);
    text[used] = '\0';
    int status;
    return child > 0 && waitpid(child, &status, 0) == child &&
                   WIFEXITED(status)
               ? WEXITSTATUS(status) : -1;
}

// The rule that the text names between these two.
static int
rule_in(const char *text, const char *before, const char *behind)
{
    for (int rule = 0; rule < FZ_RULE_COUNT; rule++) {
        char words[64];
        snprintf(words, sizeof(words), "%s%s%s", before,
                 FzRule_Name((FzRule)rule), behind);
        if (strstr(text, words) != NULL) {
            return rule;
        }
    }
    return FZ_RULE_COUNT;
}

// ---------------------------------------------------------------------------
// A worker of a campaign is stopped from outside. The clean one has more time:
// the machine may be busy.

static pid_t
first_child_of(pid_t parent)
{
    char path[64], line[64] = "";
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", parent, parent);
    struct timespec tick = {0, 5 * 1000 * 1000};
    for (int i = 0; i < 4000; i++) {
        FILE *file = fopen(path, "r");
        bool found = file != NULL && fgets(line, sizeof(line), file) != NULL;
        if (file != NULL) {
            fclose(file);
        }
        if (found && atoi(line) > 0) {
            return atoi(line);
        }
        nanosleep(&tick, NULL);
    }
    return -1;
}

static int
stop_worker(bool broken)
{
    char folder[] = "/tmp/ftfuzz-twins-XXXXXX", text[TEXT_SIZE];
    if (mkdtemp(folder) == NULL) {
        return FZ_RULE_COUNT;
    }
    char *const arguments[] = {
        "ftfuzz", "fuzz", "--jobs", "1", "--quiet", "--stop-on-finding",
        "--findings", folder, "--executions", broken ? "100000000" : "200",
        "--hang", broken ? "0.5" : "60", NULL,
    };
    int out;
    pid_t child = start_self(arguments, &out);
    if (broken && child > 0) {
        pid_t worker = first_child_of(child);
        if (worker > 0) {
            kill(worker, SIGSTOP);
        }
    }
    int code = wait_for(child, out, text);
    Fleet_RemoveFolder(folder);
    return code == 0 ? SILENT : rule_in(text, "", "-");
}

// ---------------------------------------------------------------------------
// What outlives a run decides in the next.

static int outlives;

static void
pass_points(void *broken)
{
    int count = *(bool *)broken ? ++outlives : 1;
    FzTwin_SpendMicroseconds(count);
}

static int
remember_run(bool broken)
{
    static FzRun runs[2];
    FzEngineConfig config = {
        .schedule = {
            .kind = FZ_SCHEDULE_STRATEGY,
            .strategy = &fz_twin_script,
            .time_step_ns = 1000,
        },
    };
    for (int i = 0; i < 2; i++) {
        FzEngine_Run(&config, pass_points, &broken, &runs[i]);
    }
    return FzCampaign_SameTrace(&runs[0], &runs[1])
               ? SILENT : (int)runs[1].violations[0].rule;
}

// ---------------------------------------------------------------------------
// Programs: those of tests/sct, built beside this one.

#ifdef FZ_HAS_SCT

static int
run_program(const char *name, bool broken)
{
    char path[4200], text[TEXT_SIZE];
    snprintf(path, sizeof(path), "%s", own_path());
    char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return FZ_RULE_COUNT;
    }
    snprintf(slash, sizeof(path) - (size_t)(slash - path), "/twins/%s%s", name,
             broken ? "" : "_fixed");
    char *const arguments[] = {
        "ftfuzz", "sct", "--strategy", "random", "--executions", "100", path,
        NULL,
    };
    int out;
    pid_t child = start_self(arguments, &out);
    int code = wait_for(child, out, text);
    return code == 0 ? SILENT : rule_in(text, "rule=", "\n");
}

static int
count_unlocked(bool broken)
{
    return run_program("counter", broken);
}

static int
leave_with_status(bool broken)
{
    return run_program("status", broken);
}

static int
unlock_anothers(bool broken)
{
    return run_program("stranger", broken);
}

static int
cancel_thread(bool broken)
{
    return run_program("cancel", broken);
}

#endif

#define PROCESS(rule, func, mistake) \
    { FZ_RULE_##rule, FZ_TWIN_PROCESS, FZ_TWIN_AT_END, mistake, NULL, NULL, \
      func }
#ifdef FZ_HAS_SCT
#define PROGRAM(rule, func, mistake) PROCESS(rule, func, mistake)
#else
#define PROGRAM(rule, func, mistake) \
    FZ_TWIN_ELSEWHERE(rule, "fuzz-ft, which has ftfuzz sct")
#endif

const FzTwin fz_twins_process[] = {
    PROCESS(HANG, stop_worker, "a worker of a campaign stops"),
    PROCESS(NONDETERMINISM, remember_run,
            "a variable outlives its run and decides in the next"),
    PROGRAM(ASSERTION, count_unlocked, "a counter is raised without a lock"),
    PROGRAM(EXIT_STATUS, leave_with_status,
            "the status depends on who is first"),
    PROGRAM(LOCK_MISUSE, unlock_anothers,
            "a thread unlocks a mutex that it has not locked"),
    PROGRAM(UNSUPPORTED, cancel_thread, "a thread is cancelled"),
    FZ_TWINS_END,
};

#endif

// differ.c: the parent of a comparison. Each job is a process with children of
// its own; jobs take the next programs from a counter that they share, so that
// the programs are the same whatever their number.

#include "differ_internal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TICK_MS = 100, STATUS_SECONDS = 2 };

// What jobs and parent share. The text is written by whoever has `speaks`.
typedef struct Shared {
    uint64_t next;              // program
    uint64_t programs, findings, duplicates, unusable, once;
    int stop;
    int speaks;
    bool failed;
    bool messages;
    char why[512];
    char python[64];
    char last[4200];
} Shared;

typedef struct Parent {
    const FzDifferOptions *options;
    Shared *shared;
    pid_t pids[FZ_DIFFER_MAX_JOBS];
    double started;
    bool terminal;
} Parent;

static volatile sig_atomic_t interrupted;

static void
on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

static double
now_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
cpu_seconds(int who)
{
    struct rusage usage;
    getrusage(who, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void
add(uint64_t *counter, uint64_t n)
{
    __atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

static bool
asked_to_stop(const Shared *shared)
{
    return __atomic_load_n(&shared->stop, __ATOMIC_RELAXED) != 0;
}

// Only the first who fails says why.
static void
fail(Shared *shared, const char *why)
{
    if (__atomic_exchange_n(&shared->speaks, 1, __ATOMIC_ACQ_REL) == 0) {
        snprintf(shared->why, sizeof(shared->why), "%s", why);
        shared->failed = true;
    }
    __atomic_store_n(&shared->stop, 1, __ATOMIC_RELEASE);
}

// ---------------------------------------------------------------------------
// A job.

static void
found(const FzDifferOptions *options, Shared *shared, FzComparer *c,
      const FzProgram *program)
{
    FzProgram small = *program;
    char last[4200], why[512];
    // A child that was too slow, most of all.
    if (!FzDiffer_Reduce(c, &small)) {
        add(&shared->once, 1);
        return;
    }
    FzReported reported =
        FzDiffer_Report(c, &small, options->findings, last, sizeof(last), why,
                        sizeof(why));
    if (reported == FZ_NOT_WRITTEN) {
        fail(shared, why);
    }
    else if (reported == FZ_KNOWN) {
        add(&shared->duplicates, 1);
    }
    else {
        add(&shared->findings, 1);
        snprintf(shared->last, sizeof(shared->last), "%s", last);
        // With --json nothing but its object is to be on the output.
        FILE *out = options->progress ? stdout : stderr;
        fprintf(out, "difference: %s%s", last, options->findings ? "\n" : "");
        fflush(out);
        if (shared->findings >= options->max_findings) {
            __atomic_store_n(&shared->stop, 1, __ATOMIC_RELAXED);
        }
    }
}

static void
judge(const FzDifferOptions *options, Shared *shared, FzComparer *c,
      const FzProgram *programs, int n)
{
    FzAgreement agreements[FZ_SIDE_MAX_BATCH];
    bool unusable[FZ_SIDE_MAX_BATCH];
    for (int i = 0; i < n; i++) {
        agreements[i] = FzComparer_Agreement(c, i);
        unusable[i] = FzComparer_IsUnusable(c, i);
    }
    for (int i = 0; i < n && !asked_to_stop(shared); i++) {
        if (unusable[i]) {
            add(&shared->unusable, 1);
        }
        else if (agreements[i] != 0) {
            found(options, shared, c, &programs[i]);
        }
    }
}

static void
work(const FzDifferOptions *options, Shared *shared)
{
    static FzComparer comparer;
    static FzProgram programs[FZ_SIDE_MAX_BATCH];
    char why[512];
    if (!FzComparer_Start(&comparer, options, why, sizeof(why))) {
        fail(shared, why);
        return;
    }
    snprintf(shared->python, sizeof(shared->python), "%s",
             comparer.sides[0].name);
    shared->messages = comparer.messages;
    while (!asked_to_stop(shared)) {
        uint64_t first = __atomic_fetch_add(&shared->next, FZ_SIDE_MAX_BATCH,
                                            __ATOMIC_RELAXED);
        if (first >= options->executions) {
            break;
        }
        uint64_t left = options->executions - first;
        int n = left < FZ_SIDE_MAX_BATCH ? (int)left : FZ_SIDE_MAX_BATCH;
        for (int i = 0; i < n; i++) {
            FzDiffer_Generate(&programs[i],
                              options->seed + first + (uint64_t)i,
                              comparer.messages);
        }
        FzComparer_Run(&comparer, programs, n);
        add(&shared->programs, (uint64_t)n);
        judge(options, shared, &comparer, programs, n);
    }
    FzComparer_Stop(&comparer);
}

// ---------------------------------------------------------------------------
// The parent.

static bool
start_job(Parent *p, uint64_t index)
{
    pid_t parent = getpid();
    fflush(stdout);
    fflush(stderr);
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGINT, SIG_IGN);
        signal(SIGTERM, SIG_DFL);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == parent) {
            work(p->options, p->shared);
        }
        fflush(stdout);
        _exit(0);
    }
    p->pids[index] = pid > 0 ? pid : 0;
    return pid > 0;
}

static void
show_status(const Parent *p, double elapsed)
{
    fprintf(stderr, "%s%02d:%02d:%02d  programs %llu (%.0f/s)  differences "
            "%llu%s", p->terminal ? "\r\033[K" : "",
            (int)elapsed / 3600, (int)elapsed / 60 % 60, (int)elapsed % 60,
            (unsigned long long)p->shared->programs,
            elapsed > 0 ? (double)p->shared->programs / elapsed : 0.0,
            (unsigned long long)p->shared->findings,
            p->terminal ? "" : "\n");
}

static bool
any_running(Parent *p)
{
    bool any = false;
    for (uint64_t i = 0; i < p->options->jobs; i++) {
        int status;
        if (p->pids[i] == 0) {
            continue;
        }
        if (waitpid(p->pids[i], &status, WNOHANG) != p->pids[i]) {
            any = true;
            continue;
        }
        p->pids[i] = 0;
        if (!WIFEXITED(status)) {
            fail(p->shared, "a job has died");
        }
    }
    return any;
}

static void
watch(Parent *p)
{
    struct timespec tick = { .tv_nsec = TICK_MS * 1000000L };
    double shown = p->started;
    while (any_running(p)) {
        nanosleep(&tick, NULL);
        if (interrupted) {
            __atomic_store_n(&p->shared->stop, 1, __ATOMIC_RELAXED);
        }
        double now = now_seconds();
        if (p->options->progress && now - shown >= STATUS_SECONDS) {
            show_status(p, now - p->started);
            shown = now;
        }
    }
    if (p->options->progress && p->terminal) {
        fprintf(stderr, "\r\033[K");
    }
}

static void
sum_up(const Parent *p, FzDifferResult *result)
{
    const Shared *shared = p->shared;
    *result = (FzDifferResult){
        .programs = shared->programs, .findings = shared->findings,
        .duplicates = shared->duplicates, .unusable = shared->unusable,
        .once = shared->once,
        .seconds = now_seconds() - p->started,
        .cpu_seconds = cpu_seconds(RUSAGE_SELF) +
                       cpu_seconds(RUSAGE_CHILDREN),
        .messages = shared->messages,
    };
    snprintf(result->python, sizeof(result->python), "%s", shared->python);
    snprintf(result->last, sizeof(result->last), "%s", shared->last);
}

bool
FzDiffer_Run(const FzDifferOptions *options, FzDifferResult *result, char *why,
             size_t why_size)
{
    Parent p = { .options = options, .started = now_seconds(),
                 .terminal = isatty(STDERR_FILENO) };
    p.shared = mmap(NULL, sizeof(Shared), PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    FZ_ASSERT(p.shared != MAP_FAILED);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    for (uint64_t i = 0; i < options->jobs; i++) {
        if (!start_job(&p, i)) {
            fail(p.shared, "no process can be started");
        }
    }
    watch(&p);
    sum_up(&p, result);
    bool failed = p.shared->failed;
    snprintf(why, why_size, "%s", p.shared->why);
    munmap(p.shared, sizeof(Shared));
    return !failed;
}

bool
FzDiffer_Compare(const FzDifferOptions *options, const FzProgram *program,
                 bool *agree, FzBuf *out, char *why, size_t why_size)
{
    static FzComparer c;
    signal(SIGPIPE, SIG_IGN);
    if (!FzComparer_Start(&c, options, why, why_size)) {
        return false;
    }
    FzComparer_Run(&c, program, 1);
    *agree = FzComparer_Agreement(&c, 0) == 0;
    for (int i = 0; i < (*agree ? 1 : c.nsides); i++) {
        FzBuf_Printf(out, "---- %s%s\n", i == 0 ? "CPython " : "",
                     c.sides[i].name);
        FzBuf_Append(out, c.texts[i][0].data, c.texts[i][0].size);
    }
    FzComparer_Stop(&c);
    return true;
}

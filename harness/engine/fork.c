// fork.c: forks of a program under the engine.
//
// A fork is one of this process: the child goes on, on the fiber that forked,
// with that thread alone, and under the same oracles; the parent waits until
// the child has ended, in no time of the run's. What the child does follows
// from what was before, so the parent's run is as deterministic as ever: the
// child's trace hash and what it found come back through a pipe and become part
// of the parent's run. A violation in the child is one of the run.

#include "engine_internal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fz_oracle.h"

// What a child says at its end.
typedef struct ForkReport {
    uint64_t hash;
    int status;
    uint32_t nviolations;
    FzViolation violation;
} ForkReport;

// A child under way, whose parent's thread has not asked for its end yet.
typedef struct ForkedChild {
    int pid;                    // 0: none
    int fd;                     // where it reports
} ForkedChild;

static int report_fd = -1;      // in a child: where to report
static ForkedChild children[FZ_MAX_THREADS];

static ForkedChild *
find_child(int pid)
{
    for (int i = 0; i < FZ_MAX_THREADS; i++) {
        if (children[i].pid == pid) {
            return &children[i];
        }
    }
    return NULL;
}

int
FzFork_Fork(void)
{
    FzEngine *e = &fz_engine;
    int ends[2];
    ForkedChild *child = find_child(0);
    if (!e->active || e->in_child || child == NULL || pipe(ends) < 0) {
        return -1;
    }
    int pid = (int)fork();
    if (pid != 0) {
        close(ends[1]);
        if (pid < 0) {
            close(ends[0]);
        }
        else {
            *child = (ForkedChild){pid, ends[0]};
        }
        return pid;
    }
    close(ends[0]);
    for (int i = 0; i < FZ_MAX_THREADS; i++) {
        if (children[i].pid != 0) {     // of the parent
            close(children[i].fd);
            children[i] = (ForkedChild){0};
        }
    }
    report_fd = ends[1];
    e->in_child = true;
    // What others did before is ordered by there being no others any more.
    e->races = false;
    e->run->nviolations = 0;    // the parent's
    FzThreadSet self = FzThreadSet_Of(e->current);
    for (uint32_t t = 0; t < e->nthreads; t++) {
        e->threads[t].ended = e->threads[t].ended || t != e->current;
    }
    e->runnable = self;
    e->timed = 0;
    FzEngine_UpdateDue();
    return 0;
}

static _Noreturn void
report_and_exit(int status)
{
    FzEngine *e = &fz_engine;
    ForkReport report = {.hash = e->hash, .status = status};
    report.nviolations = e->run->nviolations;
    if (report.nviolations > 0) {
        report.violation = e->run->violations[0];
    }
    const char *at = (const char *)&report;
    size_t left = sizeof(report);
    while (left > 0) {
        ssize_t n = write(report_fd, at, left);
        if (n < 0 && errno != EINTR) {
            break;
        }
        at += n > 0 ? n : 0;
        left -= n > 0 ? (size_t)n : 0;
    }
    _exit(0);
}

void
FzFork_ExitChild(int status)
{
    FZ_ASSERT(fz_engine.in_child);
    report_and_exit(status);
}

// True if the whole report came.
static bool
read_report(int fd, ForkReport *report)
{
    char *at = (char *)report;
    size_t left = sizeof(*report);
    while (left > 0) {
        ssize_t n = read(fd, at, left);
        if (n == 0 || (n < 0 && errno != EINTR)) {
            return false;
        }
        at += n > 0 ? n : 0;
        left -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

// What the child found, where it found it: addresses mean the same here.
static void
repeat_violation(const FzViolation *of_child)
{
    FzRun *run = fz_engine.run;
    uint32_t n = run->nviolations;
    FzEngine_Violation(of_child->rule, UINT32_MAX, "%.1100s (in a forked "
                                                   "child)",
                       of_child->message);
    if (run->nviolations > n) {
        FzViolation *v = &run->violations[n];
        v->other_thread = of_child->other_thread;
        memcpy(v->stack, of_child->stack, sizeof(v->stack));
        memcpy(v->other_stack, of_child->other_stack, sizeof(v->other_stack));
    }
}

int
FzFork_WaitChild(int pid)
{
    FzEngine *e = &fz_engine;
    ForkReport report;
    ForkedChild *child = find_child(pid);
    FZ_ASSERT(child != NULL);
    bool complete = read_report(child->fd, &report);
    close(child->fd);
    *child = (ForkedChild){0};
    int status;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!complete) {
        FzEngine_Violation(FZ_RULE_CRASH, UINT32_MAX,
                           "a forked child died (wait status %d)", status);
        FzEngine_Stop();
    }
    e->hash = FzHash_Mix(e->hash, report.hash);
    if (report.nviolations > 0) {
        repeat_violation(&report.violation);
        FzEngine_Stop();
    }
    return report.status;
}

void
FzFork_End(void)
{
    for (int i = 0; i < FZ_MAX_THREADS; i++) {
        ForkedChild *child = &children[i];
        if (child->pid != 0) {
            close(child->fd);
            kill(child->pid, SIGKILL);
            while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR) {
            }
            *child = (ForkedChild){0};
        }
    }
}

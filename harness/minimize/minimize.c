// minimize.c: a minimization from its first run to the finding that it writes.

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fz_exec.h"
#include "fz_finding.h"
#include "plan_internal.h"

static void
on_signal(int signal_number)
{
    (void)signal_number;
    fz_minimize_interrupted = 1;
}

FzSize
FzMinimize_SizeOf(const FzWitness *w)
{
    return (FzSize){
        .threads = FzProgram_CountActive(&w->program),
        .operations = FzProgram_LongestBlock(&w->program),
        .preemptions = w->preemptions,
        .steps = w->steps,
    };
}

void
FzMinimize_ShowStatus(Minimizer *m, bool last)
{
    bool terminal = isatty(STDERR_FILENO);
    double now = FzPool_Now();
    if (!m->options->progress ||
        (!last && now - m->last_status < (terminal ? 0.2 : 5.0))) {
        return;
    }
    m->last_status = now;
    FzSize size = FzMinimize_SizeOf(&m->best);
    fprintf(stderr,
            "%s%5.1f s  %u threads, %u operations, %u preemptions, %llu "
            "steps  (%llu executions)%s",
            terminal ? "\r\033[K" : "", now - m->started, size.threads,
            size.operations, size.preemptions, (unsigned long long)size.steps,
            (unsigned long long)FzPool_Executions(&m->pool),
            terminal && !last ? "" : "\n");
    fflush(stderr);
}

static bool
make_first(void *arg, uint64_t index, FzTask *task, bool *skip)
{
    const Minimizer *m = arg;
    (void)index;
    (void)skip;
    const FzSchedule schedule = task->schedule;
    FzPlan_FillTask(m, task);
    task->schedule = schedule;
    task->fail_allocation = schedule.fail_allocation;
    task->weak_seed = schedule.weak_seed;
    task->time_step_ns = schedule.time_step_ns;
    task->kind = FZ_TASK_FIRST;
    task->random = m->random;
    task->seed = m->seed;
    return true;
}

static bool
make_save(void *arg, uint64_t index, FzTask *task, bool *skip)
{
    const Minimizer *m = arg;
    (void)index;
    (void)skip;
    FzPlan_FillTask(m, task);
    task->kind = FZ_TASK_SAVE;
    task->seed = FzHash_Mix(m->seed, m->number);
    task->profile = m->profile;
    task->nturns = m->best.nturns;
    memcpy(task->turns, m->best.turns, m->best.nturns * sizeof(FzTurn));
    return true;
}

static bool
begin(Minimizer *m, const FzSchedule *schedule, const char *rule,
      const char *folder, char *why, size_t why_size)
{
    FzBoard *shared = m->pool.shared;
    snprintf(shared->rule, sizeof(shared->rule), "%s", rule);
    snprintf(shared->folder, sizeof(shared->folder), "%s", folder);
    FzTask *task = &shared->slots[0].task;
    task->replay = schedule != NULL;
    if (schedule != NULL) {
        if (schedule->ntape > FZ_TASK_TAPE) {
            snprintf(why, why_size, "the schedule is too long");
            return false;
        }
        task->schedule = *schedule;
        task->ntape = (uint32_t)schedule->ntape;
        if (schedule->ntape > 0) {
            memcpy(task->tape, schedule->tape, schedule->ntape);
        }
    }
    m->random = schedule != NULL ? 0 : 1000;
    const FzAnswer *answer = FzPool_One(&m->pool, make_first, m);
    if (!answer->failed) {
        snprintf(why, why_size,
                 schedule != NULL
                     ? "it does not fail as recorded in this build"
                     : "it does not fail under its own schedule nor 1000 "
                       "others");
        return false;
    }
    FzPlan_Adopt(m, &answer->witness);
    return true;
}

enum { SAVES = 5 };

// A run for the profile may stand still, of which the worker is killed: the
// next one goes on after that, the last one with nothing.
static const FzAnswer *
save(Minimizer *m)
{
    const FzAnswer *answer;
    for (int i = 0; i < SAVES; i++) {
        m->profile = i < SAVES - 1;
        answer = FzPool_One(&m->pool, make_save, m);
        if (answer->saved) {
            break;
        }
    }
    return answer;
}

// The workers' processor time is known when they have ended.
static void
stop_and_count(Minimizer *m, FzMinimizeResult *result)
{
    struct rusage usage;
    FzPool_Stop(&m->pool);
    getrusage(RUSAGE_CHILDREN, &usage);
    result->cpu_seconds =
        (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
        (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void
install_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    fz_minimize_interrupted = 0;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

bool
FzMinimize_Run(const FzInput *input, const FzSchedule *schedule,
               const char *rule, const char *folder,
               const FzMinimizeOptions *options, FzMinimizeResult *result,
               char *why, size_t why_size)
{
    static Minimizer minimizer;
    Minimizer *m = &minimizer;
    memset(m, 0, sizeof(*m));
    m->options = options;
    m->seed = options->seed;
    m->input = *input;
    m->best.program = input->program;
    m->started = m->last_status = FzPool_Now();
    m->deadline = options->seconds > 0 ? m->started + options->seconds
                                       : INFINITY;
    install_signals();
    FzSymbol_Share();
    if (!FzPool_Start(&m->pool, (unsigned)options->jobs, why, why_size)) {
        return false;
    }
    m->pool.shared->body = options->body != NULL ? options->body : FzExec_Body;
    bool ok = begin(m, schedule, rule, folder, why, why_size);
    if (ok) {
        result->before = FzMinimize_SizeOf(&m->best);
        FzPlan_Run(m);
        FzMinimize_ShowStatus(m, true);
        result->interrupted = fz_minimize_interrupted ||
                              FzPool_Now() >= m->deadline;
        const FzAnswer *answer = save(m);
        ok = answer->saved;
        snprintf(why, why_size, "%s", answer->why);
        snprintf(result->cause, sizeof(result->cause), "%s", answer->cause);
        result->after = FzMinimize_SizeOf(&m->best);
        result->executions = FzPool_Executions(&m->pool);
        result->seconds = FzPool_Now() - m->started;
        FzSignature_Print(&m->pool.shared->target, result->signature,
                          sizeof(result->signature));
        stop_and_count(m, result);
    }
    else {
        FzPool_Stop(&m->pool);
    }
    return ok;
}

// minimize.c: the plan of minimization. A schedule of few preemptions is found
// first: its turns can follow the program as that shrinks. Then the program
// shrinks, part by part, until nothing more can go; then both again, with more
// schedules for each candidate. What is not small after the quick rounds is
// tried again from the beginning, with other random schedules: which part goes
// first decides what can go later. The best of these attempts goes on.

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fz_exec.h"
#include "fz_finding.h"
#include "minimize_internal.h"

enum { MAX_PAIRED = 40 };       // turns of which all pairs are tried

typedef struct Minimizer {
    const FzMinimizeOptions *options;
    FzPool pool;
    FzWitness best;
    uint64_t number;            // changes with the best
    FzInput input;
    uint64_t seed;              // of this attempt
    double started, deadline;
    double last_status;
    unsigned round;
    bool profile;               // FzTask.profile
    uint32_t random;            // schedules for a candidate
    // The candidates in progress.
    FzReducePass pass;
    uint32_t chunk;
    uint32_t max_preemptions;
} Minimizer;

static void
on_signal(int signal_number)
{
    (void)signal_number;
    fz_minimize_interrupted = 1;
}

static bool
out_of_time(const Minimizer *m)
{
    return fz_minimize_interrupted || FzPool_Now() >= m->deadline;
}

static FzSize
size_of(const FzWitness *w)
{
    return (FzSize){
        .threads = FzProgram_CountActive(&w->program),
        .operations = FzProgram_LongestBlock(&w->program),
        .preemptions = w->preemptions,
        .steps = w->steps,
    };
}

static void
show_status(Minimizer *m, bool last)
{
    bool terminal = isatty(STDERR_FILENO);
    double now = FzPool_Now();
    if (!m->options->progress ||
        (!last && now - m->last_status < (terminal ? 0.2 : 5.0))) {
        return;
    }
    m->last_status = now;
    FzSize size = size_of(&m->best);
    fprintf(stderr,
            "%s%5.1f s  %u threads, %u operations, %u preemptions, %llu "
            "steps  (%llu executions)%s",
            terminal ? "\r\033[K" : "", now - m->started, size.threads,
            size.operations, size.preemptions, (unsigned long long)size.steps,
            (unsigned long long)FzPool_Executions(&m->pool),
            terminal && !last ? "" : "\n");
    fflush(stderr);
}

static void
copy_witness(FzWitness *to, const FzWitness *from)
{
    memcpy(to, from,
           offsetof(FzWitness, turns) + from->nturns * sizeof(FzTurn));
}

static void
adopt(Minimizer *m, const FzAnswer *answer)
{
    copy_witness(&m->best, &answer->witness);
    m->number++;
    show_status(m, false);
}

static void
fill_task(const Minimizer *m, FzTask *task)
{
    task->kind = FZ_TASK_TRY;
    task->number = m->number;
    copy_witness(&task->best, &m->best);
    task->fail_allocation = m->best.fail_allocation;
    task->weak_seed = m->best.weak_seed;
    task->time_step_ns = m->best.time_step_ns;
    task->remap = false;
    task->nturns = 0;
    task->random = m->random;
    task->max_preemptions = UINT32_MAX;
    task->turns_at_most = 0;
    task->input = m->input;
    memset(&task->reduction, 0, sizeof(task->reduction));
    task->reduction.gone_body = task->reduction.joined_by = -1;
    task->reduction.program = m->best.program;
}

// ---------------------------------------------------------------------------
// Programs

enum { FEW_THREADS = 2, FEW_PREEMPTIONS = 3, QUICK_ROUND = 2 };

// A smaller program is not to need more preemptions, beyond the few that are
// always allowed.
static uint32_t
preemptions_allowed(const Minimizer *m)
{
    uint32_t n = m->best.preemptions;
    return n > FEW_PREEMPTIONS ? n : FEW_PREEMPTIONS;
}

static uint32_t
few_turns(const Minimizer *m)
{
    uint32_t n = m->best.preemptions;
    return n < 1 ? 1 : n > FEW_PREEMPTIONS ? FEW_PREEMPTIONS : n;
}

static bool
make_reduction(void *arg, uint64_t index, FzTask *task, bool *skip)
{
    const Minimizer *m = arg;
    fill_task(m, task);
    FzReduceResult result =
        FzProgram_Reduce(&m->best.program, m->pass, m->chunk,
                         (uint32_t)index, &task->reduction);
    *skip = result == FZ_REDUCE_NOTHING;
    task->remap = true;
    task->max_preemptions = preemptions_allowed(m);
    task->turns_at_most = few_turns(m);
    task->seed = FzHash_Mix(m->seed,
                            FzProgram_Hash(&task->reduction.program));
    return result != FZ_REDUCE_END;
}

// All candidates of the pass; true if one was taken.
static bool
run_pass(Minimizer *m, FzReducePass pass, uint32_t chunk)
{
    const FzAnswer *answer;
    bool any = false;
    int64_t index = 0;
    m->pass = pass;
    m->chunk = chunk;
    while (!out_of_time(m)) {
        index = FzPool_First(&m->pool, make_reduction, m, (uint64_t)index,
                             m->deadline, &answer);
        if (index < 0) {
            break;
        }
        adopt(m, answer);
        any = true;
    }
    show_status(m, false);
    return any;
}

static bool
is_within_aim(const FzWitness *w)
{
    FzSize size = size_of(w);
    return size.threads <= FEW_THREADS && size.operations <= 8 &&
           size.preemptions <= FEW_PREEMPTIONS;
}

// In the end time may pass quickly, where it is not small enough: who waits for
// a time then needs no others that let it pass.
static bool
make_conditions(void *arg, uint64_t index, FzTask *task, bool *skip)
{
    static const uint32_t steps[] = {1000, 50000, 200000, 2000000};
    const Minimizer *m = arg;
    fill_task(m, task);
    task->remap = true;
    task->seed = FzHash_Mix(m->seed, index);
    if (index == 0) {
        *skip = m->best.fail_allocation == 0;
        task->fail_allocation = 0;
        return true;
    }
    if (index > 4) {
        return false;
    }
    task->time_step_ns = steps[index - 1];
    *skip = index < 4 ? task->time_step_ns >= m->best.time_step_ns
                      : m->round < QUICK_ROUND ||
                            m->best.time_step_ns >= task->time_step_ns ||
                            is_within_aim(&m->best);
    return true;
}

static void
reduce_conditions(Minimizer *m)
{
    const FzAnswer *answer;
    int64_t index = 0;
    while (index >= 0 && !out_of_time(m)) {
        index = FzPool_First(&m->pool, make_conditions, m,
                             (uint64_t)index, m->deadline, &answer);
        if (index >= 0) {
            adopt(m, answer);
            index++;
        }
    }
}

// One round of all passes. True if anything changed.
static bool
reduce_program(Minimizer *m)
{
    bool any = run_pass(m, FZ_REDUCE_BODIES, 1);
    for (uint32_t chunk = 32; chunk > 0; chunk /= 2) {
        if (chunk == 1 ||
            chunk <= FzProgram_LongestBlock(&m->best.program)) {
            any |= run_pass(m, FZ_REDUCE_OPS, chunk);
        }
    }
    for (int pass = 0; pass < FZ_REDUCE_COUNT; pass++) {
        if (pass != FZ_REDUCE_BODIES && pass != FZ_REDUCE_OPS) {
            any |= run_pass(m, (FzReducePass)pass, 1);
        }
    }
    return any;
}

// ---------------------------------------------------------------------------
// Schedules

// Without `chunk` turns in a row, from the end.
static bool
make_fewer_turns(void *arg, uint64_t index, FzTask *task, bool *skip)
{
    const Minimizer *m = arg;
    uint64_t chunks = (m->best.nturns + m->chunk - 1) / m->chunk;
    if (index >= chunks) {
        return false;
    }
    (void)skip;
    fill_task(m, task);
    task->random = 0;
    task->max_preemptions = m->best.preemptions;
    uint64_t start = (chunks - 1 - index) * m->chunk;
    for (uint32_t i = 0; i < m->best.nturns; i++) {
        if (i < start || i >= start + m->chunk) {
            task->turns[task->nturns++] = m->best.turns[i];
        }
    }
    return true;
}

// Without two turns, wherever they are: a thread that is not preempted is not
// to be preempted for either.
static bool
make_without_pair(void *arg, uint64_t index, FzTask *task, bool *skip)
{
    const Minimizer *m = arg;
    uint32_t n = m->best.nturns;
    uint32_t a = (uint32_t)(index / n), b = (uint32_t)(index % n);
    if (a >= n) {
        return false;
    }
    *skip = b <= a;
    if (*skip) {
        return true;
    }
    fill_task(m, task);
    task->random = 0;
    task->max_preemptions = m->best.preemptions;
    for (uint32_t i = 0; i < n; i++) {
        if (i != a && i != b) {
            task->turns[task->nturns++] = m->best.turns[i];
        }
    }
    return true;
}

static bool
make_no_turns(void *arg, uint64_t index, FzTask *task, bool *skip)
{
    const Minimizer *m = arg;
    fill_task(m, task);
    task->random = 0;
    task->max_preemptions = m->best.preemptions;
    (void)skip;
    return index == 0;
}

// A run may make turns that its guide did not have (the guide missed): the
// number of turns must fall, or the number of preemptions.
static bool
is_less(const FzWitness *a, const FzWitness *b)
{
    return a->preemptions < b->preemptions ||
           (a->preemptions == b->preemptions && a->nturns < b->nturns);
}

// All candidates of a kind; true if one made the schedule less.
static bool
reduce_turns(Minimizer *m, FzTaskMaker make)
{
    const FzAnswer *answer;
    int64_t index = 0;
    bool any = false;
    while (m->best.nturns > 0 && !out_of_time(m)) {
        index = FzPool_First(&m->pool, make, m, (uint64_t)index, m->deadline,
                             &answer);
        if (index < 0) {
            break;
        }
        if (is_less(&answer->witness, &m->best)) {
            adopt(m, answer);
            any = true;
        }
        else {
            index++;
        }
    }
    return any;
}

static void
reduce_schedule(Minimizer *m)
{
    bool again = true;
    reduce_turns(m, make_no_turns);
    for (uint32_t chunk = m->best.nturns / 2; chunk > 1; chunk /= 2) {
        m->chunk = chunk;
        reduce_turns(m, make_fewer_turns);
    }
    while (again && !out_of_time(m)) {
        m->chunk = 1;
        again = reduce_turns(m, make_fewer_turns);
        if (m->best.nturns <= MAX_PAIRED) {
            again |= reduce_turns(m, make_without_pair);
        }
    }
}

enum { SEARCH_BATCH = 256 };

static bool
make_search(void *arg, uint64_t index, FzTask *task, bool *skip)
{
    const Minimizer *m = arg;
    (void)skip;
    fill_task(m, task);
    // The guide that is tried first is the empty one.
    task->max_preemptions = m->max_preemptions;
    task->turns_at_most = m->max_preemptions < 3 ? m->max_preemptions : 3;
    task->random = SEARCH_BATCH;
    task->seed = FzHash_Mix(m->seed, m->number << 32 | index);
    // Long runs have too many places for few preemptions.
    uint64_t batches = m->best.steps < 800 ? 24 : m->best.steps < 1600 ? 8 : 2;
    return index < (m->round < QUICK_ROUND ? batches : 6 * batches);
}

static bool
search_below(Minimizer *m, uint32_t limit)
{
    const FzAnswer *answer;
    m->max_preemptions = limit;
    if (out_of_time(m) || FzPool_First(&m->pool, make_search, m, 0,
                                       m->deadline, &answer) < 0) {
        return false;
    }
    adopt(m, answer);
    reduce_schedule(m);
    return true;
}

// Looks for a schedule of fewer preemptions that is no part of this one.
static bool
search_schedule(Minimizer *m)
{
    bool any = false, found = true;
    while (found && m->best.preemptions > 1) {
        uint32_t limit = m->best.preemptions - 1;
        found = search_below(m, limit < 3 ? limit : 3) ||
                (limit > 3 && search_below(m, limit));
        any |= found;
    }
    return any;
}

// ---------------------------------------------------------------------------
// The plan

static bool
make_first(void *arg, uint64_t index, FzTask *task, bool *skip)
{
    const Minimizer *m = arg;
    (void)index;
    (void)skip;
    const FzSchedule schedule = task->schedule;
    fill_task(m, task);
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
make_count(void *arg, uint64_t index, FzTask *task, bool *skip)
{
    const Minimizer *m = arg;
    (void)index;
    (void)skip;
    fill_task(m, task);
    task->kind = FZ_TASK_COUNT_HITS;
    task->random = 100;
    task->seed = FzHash_Mix(m->seed, m->number);
    return true;
}

enum { ROUNDS = 4, ATTEMPTS = 4, POINTS_OF_ONE = 1200000 };

// Enough schedules for a candidate that fails as often as the best does.
static void
choose_random(Minimizer *m)
{
    static const uint32_t floors[ROUNDS] = {12, 60, 400, 3000};
    static const uint32_t ceilings[ROUNDS] = {60, 300, 1500, 6000};
    const FzAnswer *answer = FzPool_One(&m->pool, make_count, m);
    uint32_t wanted = answer->hits > 0 ? 400 / answer->hits : UINT32_MAX;
    uint32_t n = wanted > floors[m->round] ? wanted : floors[m->round];
    m->random = n < ceilings[m->round] ? n : ceilings[m->round];
    // Not as many where each takes long: such programs are to shrink first.
    uint64_t affordable = POINTS_OF_ONE / (m->best.steps + 1) + floors[0];
    if (affordable < m->random) {
        m->random = (uint32_t)affordable;
    }
}

static void
run_round(Minimizer *m)
{
    choose_random(m);
    bool changed = true;
    while (changed && !out_of_time(m)) {
        reduce_conditions(m);
        changed = reduce_program(m);
        reduce_schedule(m);
        changed |= search_schedule(m);
    }
}

// From the schedule that is there, to the end of the quick rounds.
static void
run_quick_rounds(Minimizer *m)
{
    m->round = 0;
    reduce_schedule(m);
    if (m->best.preemptions > FEW_PREEMPTIONS) {
        search_below(m, FEW_PREEMPTIONS);
    }
    for (; m->round < QUICK_ROUND && !out_of_time(m); m->round++) {
        run_round(m);
    }
}

// What is beyond the aim counts first.
static bool
is_smaller(const FzWitness *a, const FzWitness *b)
{
    FzSize x = size_of(a), y = size_of(b);
    uint64_t sizes[2][5] = {
        {!is_within_aim(a), x.threads, x.preemptions, x.operations, x.steps},
        {!is_within_aim(b), y.threads, y.preemptions, y.operations, y.steps},
    };
    for (int i = 0; i < 5; i++) {
        if (sizes[0][i] != sizes[1][i]) {
            return sizes[0][i] < sizes[1][i];
        }
    }
    return false;
}

static void
become(Minimizer *m, const FzWitness *witness)
{
    copy_witness(&m->best, witness);
    m->number++;
}

static void
minimize(Minimizer *m)
{
    static FzWitness first, smallest;
    copy_witness(&first, &m->best);
    run_quick_rounds(m);
    copy_witness(&smallest, &m->best);
    for (uint64_t i = 1; i < ATTEMPTS && !is_within_aim(&smallest) &&
         !out_of_time(m); i++) {
        m->seed = FzHash_Mix(m->options->seed, i);
        become(m, &first);
        run_quick_rounds(m);
        if (is_smaller(&m->best, &smallest)) {
            copy_witness(&smallest, &m->best);
        }
    }
    become(m, &smallest);
    for (m->round = QUICK_ROUND; m->round < ROUNDS && !out_of_time(m) &&
         !is_within_aim(&m->best); m->round++) {
        run_round(m);
    }
}

static bool
make_save(void *arg, uint64_t index, FzTask *task, bool *skip)
{
    const Minimizer *m = arg;
    (void)index;
    (void)skip;
    fill_task(m, task);
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
    adopt(m, answer);
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
        result->before = size_of(&m->best);
        minimize(m);
        show_status(m, true);
        result->interrupted = out_of_time(m);
        const FzAnswer *answer = save(m);
        ok = answer->saved;
        snprintf(why, why_size, "%s", answer->why);
        snprintf(result->cause, sizeof(result->cause), "%s", answer->cause);
        result->after = size_of(&m->best);
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

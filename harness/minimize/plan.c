// plan.c: in what order things are tried. A schedule of few preemptions comes
// first: its turns can follow the program as that shrinks. Then the program
// shrinks, part by part, until nothing more can go; then both again, with more
// schedules for each candidate.
//
// Which part goes first decides what can go later. So what is not small after
// the quick rounds is tried again with other schedules, from the beginning or
// from a program on the way; only the smallest of these attempts is worth the
// slow rounds.

#include <string.h>

#include "plan_internal.h"

enum { STARTS = 6, SEEN = 32, ATTEMPTS = 60, SLOW_EVERY = 12,
       THREADS_RANDOM = 200, NEAR_AIM = 4 };

// Of FzPool.cost: half a minute to a minute.
static const uint64_t most_cost = UINT64_C(300000000);

// Where attempts begin: where the first did, and where its run had become
// shorter, each by a quarter of the one before.
static FzWitness starts[STARTS];
static uint32_t nstarts;
static FzWitness smallest;

static void
copy_witness(FzWitness *to, const FzWitness *from)
{
    memcpy(to, from,
           offsetof(FzWitness, turns) + from->nturns * sizeof(FzTurn));
}

static uint32_t
excess(uint32_t n, uint32_t aim)
{
    return n > aim ? n - aim : 0;
}

static uint32_t
beyond_aim(FzSize size)
{
    return excess(size.threads, FEW_THREADS) +
           excess(size.operations, FEW_OPERATIONS) +
           excess(size.preemptions, FEW_PREEMPTIONS);
}

bool
FzPlan_IsWithinAim(const FzWitness *w)
{
    return beyond_aim(FzMinimize_SizeOf(w)) == 0;
}

static bool
is_near_aim(const FzWitness *w)
{
    return beyond_aim(FzMinimize_SizeOf(w)) <= NEAR_AIM;
}

// Of two of the same size, neither.
static bool
is_smaller(const FzWitness *a, const FzWitness *b)
{
    FzSize x = FzMinimize_SizeOf(a), y = FzMinimize_SizeOf(b);
    uint32_t beyond_x = beyond_aim(x), beyond_y = beyond_aim(y);
    return beyond_x != beyond_y    ? beyond_x < beyond_y
           : x.threads != y.threads ? x.threads < y.threads
                                    : x.operations < y.operations;
}

static void
become(Minimizer *m, const FzWitness *witness)
{
    copy_witness(&m->best, witness);
    m->number++;
}

void
FzPlan_Adopt(Minimizer *m, const FzWitness *witness)
{
    become(m, witness);
    if (!is_smaller(&smallest, witness)) {
        copy_witness(&smallest, witness);
    }
    if (m->attempt == 0 && nstarts > 0 && nstarts < STARTS &&
        witness->steps <= starts[nstarts - 1].steps * 3 / 4) {
        copy_witness(&starts[nstarts++], witness);
    }
    FzMinimize_ShowStatus(m, false);
}

bool
FzPlan_IsOver(const Minimizer *m)
{
    return fz_minimize_interrupted || m->pool.cost >= most_cost ||
           FzPool_Now() >= m->deadline;
}

void
FzPlan_FillTask(const Minimizer *m, FzTask *task)
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

int64_t
FzPlan_First(Minimizer *m, FzTaskMaker make, int64_t from,
             const FzAnswer **answer)
{
    return FzPool_First(&m->pool, make, m, (uint64_t)from, m->deadline,
                        answer);
}

// ---------------------------------------------------------------------------
// Rounds

static bool
make_count(void *arg, uint64_t index, FzTask *task, bool *skip)
{
    const Minimizer *m = arg;
    (void)index;
    (void)skip;
    FzPlan_FillTask(m, task);
    task->kind = FZ_TASK_COUNT_HITS;
    task->random = 100;
    task->seed = FzHash_Mix(m->seed, m->number);
    return true;
}

enum { POINTS_OF_ONE = 1200000, HASTY_RANDOM = 24 };

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
    if (m->hasty && m->random > HASTY_RANDOM) {
        m->random = HASTY_RANDOM;
    }
}

// What one step makes less may give room to another to make it more: a round
// that comes back to where it was would not end.
static bool
was_here(const Minimizer *m, uint64_t seen[SEEN], uint32_t *nseen)
{
    uint64_t here = FzProgram_Hash(&m->best.program);
    here = FzHash_Mix(here, m->best.preemptions);
    here = FzHash_Mix(here, m->best.time_step_ns);
    here = FzHash_Mix(here, m->best.fail_allocation);
    for (uint32_t i = 0; i < *nseen; i++) {
        if (seen[i] == here) {
            return true;
        }
    }
    if (*nseen == SEEN) {
        return true;
    }
    seen[(*nseen)++] = here;
    return false;
}

static void
run_round(Minimizer *m)
{
    uint64_t seen[SEEN];
    uint32_t nseen = 0;
    choose_random(m);
    bool changed = true;
    while (changed && !was_here(m, seen, &nseen) && !FzPlan_IsOver(m)) {
        FzPrograms_ReduceConditions(m);
        changed = FzPrograms_Reduce(m);
        FzSchedules_Reduce(m);
        changed |= FzSchedules_Search(m);
    }
}

// What is far from the aim is better begun again.
static void
run_second_round(Minimizer *m)
{
    m->round = 1;
    if (is_near_aim(&m->best)) {
        run_round(m);
    }
}

// From the schedule that is there.
static void
run_first_attempt(Minimizer *m)
{
    m->round = 0;
    FzSchedules_Reduce(m);
    copy_witness(&starts[nstarts++], &m->best);
    if (m->best.preemptions > FEW_PREEMPTIONS) {
        FzSchedules_SearchBelow(m, FEW_PREEMPTIONS);
    }
    run_round(m);
    run_second_round(m);
}

// From another schedule, in another order.
static void
run_attempt(Minimizer *m)
{
    m->seed = FzHash_Mix(m->options->seed, m->attempt);
    m->round = 0;
    m->hasty = true;
    become(m, &starts[m->attempt / 2 % nstarts]);
    FzSchedules_Other(m);
    FzSchedules_Reduce(m);
    if (m->best.preemptions > FEW_PREEMPTIONS) {
        FzSchedules_SearchBelow(m, FEW_PREEMPTIONS);
    }
    if (m->attempt % 2 != 0) {
        m->random = THREADS_RANDOM;
        FzPrograms_ReduceThreads(m);
        FzSchedules_Reduce(m);
    }
    run_round(m);
    m->hasty = false;
    if (!is_smaller(&smallest, &m->best)) {
        run_second_round(m);
    }
}

static void
run_slow_rounds(Minimizer *m)
{
    become(m, &smallest);
    for (m->round = QUICK_ROUND; m->round < ROUNDS && !FzPlan_IsOver(m) &&
         !FzPlan_IsWithinAim(&m->best); m->round++) {
        run_round(m);
    }
}

void
FzPlan_Run(Minimizer *m)
{
    static FzWitness slowly;    // went through the slow rounds
    bool any_slowly = false;
    nstarts = 0;
    copy_witness(&smallest, &m->best);
    run_first_attempt(m);
    for (m->attempt = 1; m->attempt < ATTEMPTS && !FzPlan_IsOver(m) &&
         !FzPlan_IsWithinAim(&smallest); m->attempt++) {
        if (m->attempt % SLOW_EVERY == 0 && is_near_aim(&smallest) &&
            (!any_slowly || is_smaller(&smallest, &slowly))) {
            run_slow_rounds(m);
            copy_witness(&slowly, &smallest);
            any_slowly = true;
        }
        else {
            run_attempt(m);
        }
    }
    become(m, &smallest);
}

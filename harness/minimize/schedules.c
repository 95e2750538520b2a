// schedules.c: schedules of fewer preemptions for the same program.

#include "plan_internal.h"

enum { MAX_PAIRED = 40 };       // turns of which all pairs are tried

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
    FzPlan_FillTask(m, task);
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
    FzPlan_FillTask(m, task);
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
    FzPlan_FillTask(m, task);
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
    while (m->best.nturns > 0 && !FzPlan_IsOver(m)) {
        index = FzPlan_First(m, make, index, &answer);
        if (index < 0) {
            break;
        }
        if (is_less(&answer->witness, &m->best)) {
            FzPlan_Adopt(m, &answer->witness);
            any = true;
        }
        else {
            index++;
        }
    }
    return any;
}

void
FzSchedules_Reduce(Minimizer *m)
{
    bool again = true;
    reduce_turns(m, make_no_turns);
    for (uint32_t chunk = m->best.nturns / 2; chunk > 1; chunk /= 2) {
        m->chunk = chunk;
        reduce_turns(m, make_fewer_turns);
    }
    while (again && !FzPlan_IsOver(m)) {
        m->chunk = 1;
        again = reduce_turns(m, make_fewer_turns);
        if (m->best.nturns <= MAX_PAIRED) {
            again |= reduce_turns(m, make_without_pair);
        }
    }
}

enum { SEARCH_BATCH = 256, OTHER_BATCHES = 2 };

static bool
make_other(void *arg, uint64_t index, FzTask *task, bool *skip)
{
    const Minimizer *m = arg;
    (void)skip;
    FzPlan_FillTask(m, task);
    task->random = SEARCH_BATCH;
    task->seed = FzHash_Mix(m->seed, m->number << 32 | index);
    return index < OTHER_BATCHES;
}

bool
FzSchedules_Other(Minimizer *m)
{
    const FzAnswer *answer;
    if (FzPlan_IsOver(m) || FzPlan_First(m, make_other, 0, &answer) < 0) {
        return false;
    }
    FzPlan_Adopt(m, &answer->witness);
    return true;
}

static bool
make_search(void *arg, uint64_t index, FzTask *task, bool *skip)
{
    const Minimizer *m = arg;
    (void)skip;
    FzPlan_FillTask(m, task);
    // The guide that is tried first is the empty one.
    task->max_preemptions = m->max_preemptions;
    task->turns_at_most = m->max_preemptions < 3 ? m->max_preemptions : 3;
    task->random = SEARCH_BATCH;
    task->seed = FzHash_Mix(m->seed, m->number << 32 | index);
    // Long runs have too many places for few preemptions.
    uint64_t batches = m->best.steps < 800 ? 24 : m->best.steps < 1600 ? 8 : 2;
    return index < (m->hasty                 ? (batches + 3) / 4
                    : m->round < QUICK_ROUND ? batches
                                             : 6 * batches);
}

bool
FzSchedules_SearchBelow(Minimizer *m, uint32_t limit)
{
    const FzAnswer *answer;
    m->max_preemptions = limit;
    if (FzPlan_IsOver(m) || FzPlan_First(m, make_search, 0, &answer) < 0) {
        return false;
    }
    FzPlan_Adopt(m, &answer->witness);
    FzSchedules_Reduce(m);
    return true;
}

bool
FzSchedules_Search(Minimizer *m)
{
    bool any = false, found = true;
    while (found && m->best.preemptions > 1) {
        uint32_t limit = m->best.preemptions - 1;
        uint32_t less = limit - limit / 4;
        found = FzSchedules_SearchBelow(m, limit < 3 ? limit : 3) ||
                (less > 3 && FzSchedules_SearchBelow(m, less));
        any |= found;
    }
    return any;
}

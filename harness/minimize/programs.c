// programs.c: smaller programs, and simpler conditions to run them under.

#include <string.h>

#include "plan_internal.h"

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

// Which parts go first is another choice in each attempt.
static bool
is_left_out(const Minimizer *m, uint64_t index)
{
    uint64_t which = FzHash_Mix(m->number, (uint64_t)m->pass << 8 | m->chunk);
    return m->hasty && FzHash_Mix(FzHash_Mix(m->seed, which), index) % 2 != 0;
}

static bool
make_reduction(void *arg, uint64_t index, FzTask *task, bool *skip)
{
    const Minimizer *m = arg;
    FzPlan_FillTask(m, task);
    FzReduceResult result =
        FzProgram_Reduce(&m->best.program, m->pass, m->chunk,
                         (uint32_t)index, &task->reduction);
    *skip = result == FZ_REDUCE_NOTHING || is_left_out(m, index);
    task->remap = true;
    task->max_preemptions = preemptions_allowed(m);
    task->turns_at_most = few_turns(m);
    if (m->hasty && m->pass >= FZ_REDUCE_CALLS) {
        task->random = 0;       // these hardly make it smaller
    }
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
    while (!FzPlan_IsOver(m)) {
        index = FzPlan_First(m, make_reduction, index, &answer);
        if (index < 0) {
            break;
        }
        FzPlan_Adopt(m, &answer->witness);
        any = true;
    }
    FzMinimize_ShowStatus(m, false);
    return any;
}

// In the end time may pass quickly, where it is not small enough: who waits for
// a time then needs no others that let it pass.
static bool
make_conditions(void *arg, uint64_t index, FzTask *task, bool *skip)
{
    static const uint32_t steps[] = {1000, 50000, 200000, 2000000};
    const Minimizer *m = arg;
    FzPlan_FillTask(m, task);
    task->remap = true;
    task->max_preemptions = preemptions_allowed(m);
    task->turns_at_most = few_turns(m);
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
                            FzPlan_IsWithinAim(&m->best);
    return true;
}

void
FzPrograms_ReduceConditions(Minimizer *m)
{
    const FzAnswer *answer;
    int64_t index = 0;
    while (index >= 0 && !FzPlan_IsOver(m)) {
        index = FzPlan_First(m, make_conditions, index, &answer);
        if (index >= 0) {
            FzPlan_Adopt(m, &answer->witness);
            index++;
        }
    }
}

bool
FzPrograms_ReduceThreads(Minimizer *m)
{
    bool any = run_pass(m, FZ_REDUCE_BODIES, 1);
    any |= run_pass(m, FZ_REDUCE_JOINED, 1);
    return run_pass(m, FZ_REDUCE_MAIN, 1) || any;
}

bool
FzPrograms_Reduce(Minimizer *m)
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

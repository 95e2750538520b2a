// fair_pct.c: PCT for twice as many steps as an execution usually has, then
// random: a thread that spins for one of lower priority gets its turn at last.
// Source: the idea of Coyote's fair PCT (Microsoft, documentation).

#include "priorities.h"

enum { UNKNOWN_LENGTH = 1024 };

typedef struct FairPct {
    FzPriorities priorities;
    uint64_t unfair;            // steps
} FairPct;

static void
fair_pct_begin(void *state, const FzSchedule *schedule)
{
    FairPct *fair = state;
    uint64_t length = schedule->expected_steps;
    FzPriorities_Begin(&fair->priorities, schedule->seed, schedule->depth,
                       length);
    fair->unfair = 2 * (length != 0 ? length : UNKNOWN_LENGTH);
}

static void
fair_pct_thread_created(void *state, uint32_t thread)
{
    FzPriorities_Draw(&((FairPct *)state)->priorities, thread);
}

static uint32_t
fair_pct_next(void *state, const FzPointView *view)
{
    FairPct *fair = state;
    FzPriorities *p = &fair->priorities;
    FzPriorities_Change(p, view->step, view->running);
    if (view->yielding) {
        FzPriorities_Sink(p, view->running);
    }
    if (view->step > fair->unfair) {
        FzPriorities_Draw(p, view->running);
    }
    return FzPriorities_Best(p, view->runnable);
}

const FzStrategy fz_strategy_fair_pct = {
    .name = "fair-pct",
    .sentence = "pct, then random for what has run longer than usual",
    .state_size = sizeof(FairPct),
    .begin = fair_pct_begin,
    .thread_created = fair_pct_thread_created,
    .next = fair_pct_next,
};

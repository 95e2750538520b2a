// pct.c: PCT: random priorities of threads, and d-1 points at which the running
// thread falls below all others. Finds a bug of depth d in n threads and k
// steps with probability at least 1/(n k^(d-1)).
//
// A thread that asks others to run falls below all others too: a spinning
// thread would else keep the one it waits for from running.
// Source: Burckhardt, Kothari, Musuvathi, Nagarakatte (ASPLOS 2010).

#include "priorities.h"

static void
pct_begin(void *state, const FzSchedule *schedule)
{
    FzPriorities_Begin(state, schedule->seed, schedule->depth,
                       schedule->expected_steps);
}

static void
pct_thread_created(void *state, uint32_t thread)
{
    FzPriorities_Draw(state, thread);
}

static uint32_t
pct_next(void *state, const FzPointView *view)
{
    FzPriorities *pct = state;
    FzPriorities_Change(pct, view->step, view->running);
    if (view->yielding) {
        FzPriorities_Sink(pct, view->running);
    }
    return FzPriorities_Best(pct, view->runnable);
}

const FzStrategy fz_strategy_pct = {
    .name = "pct",
    .sentence = "random priorities, lowered at depth-1 random steps",
    .state_size = sizeof(FzPriorities),
    .begin = pct_begin,
    .thread_created = pct_thread_created,
    .next = pct_next,
};

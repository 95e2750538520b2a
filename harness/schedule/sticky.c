// sticky.c: random, but the running thread goes on with a probability that is
// drawn for each execution: long bursts build up states that a walk which
// switches at every point never reaches (a queue with ten entries).

#include "fz_schedule.h"

typedef struct Sticky {
    FzRng rng;
    uint32_t one_in;            // a switch in so many points
} Sticky;

static void
sticky_begin(void *state, const FzSchedule *schedule)
{
    Sticky *sticky = state;
    FzRng_Seed(&sticky->rng, schedule->seed);
    sticky->one_in = 2u << FzRng_Below(&sticky->rng, 6);
}

static void
sticky_thread_created(void *state, uint32_t thread)
{
    (void)state;
    (void)thread;
}

static uint32_t
sticky_next(void *state, const FzPointView *view)
{
    Sticky *sticky = state;
    if (FzThreadSet_Has(view->runnable, view->running) &&
        FzRng_Below(&sticky->rng, sticky->one_in) != 0)
    {
        return view->running;
    }
    return FzThreadSet_Any(view->runnable, &sticky->rng);
}

const FzStrategy fz_strategy_sticky = {
    .name = "sticky",
    .sentence = "random, in bursts whose length is drawn for each execution",
    .state_size = sizeof(Sticky),
    .begin = sticky_begin,
    .thread_created = sticky_thread_created,
    .next = sticky_next,
};

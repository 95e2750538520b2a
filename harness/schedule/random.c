// random.c: any runnable thread, each as likely as the others. The baseline.

#include "fz_schedule.h"

typedef struct Random {
    FzRng rng;
} Random;

static void
random_begin(void *state, const FzSchedule *schedule)
{
    FzRng_Seed(&((Random *)state)->rng, schedule->seed);
}

static void
random_thread_created(void *state, uint32_t thread)
{
    (void)state;
    (void)thread;
}

static uint32_t
random_next(void *state, const FzPointView *view)
{
    return FzThreadSet_Any(view->runnable, &((Random *)state)->rng);
}

const FzStrategy fz_strategy_random = {
    .name = "random",
    .sentence = "each runnable thread with the same probability at each point",
    .state_size = sizeof(Random),
    .begin = random_begin,
    .thread_created = random_thread_created,
    .next = random_next,
};

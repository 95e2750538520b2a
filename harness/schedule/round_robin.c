// round_robin.c: threads take turns of so many points each; the length of a
// turn is drawn for each execution. What an ordinary scheduler does.

#include "fz_schedule.h"

typedef struct RoundRobin {
    uint32_t turn;              // points
    uint32_t left;
    uint32_t last;              // whose turn it is
} RoundRobin;

static void
round_robin_begin(void *state, const FzSchedule *schedule)
{
    RoundRobin *robin = state;
    FzRng rng;
    FzRng_Seed(&rng, schedule->seed);
    robin->turn = 1 + FzRng_Below(&rng, 32);
    robin->left = robin->turn;
    robin->last = 0;
}

static void
round_robin_thread_created(void *state, uint32_t thread)
{
    (void)state;
    (void)thread;
}

static uint32_t
round_robin_next(void *state, const FzPointView *view)
{
    RoundRobin *robin = state;
    if (view->running != robin->last) {
        robin->last = view->running;
        robin->left = robin->turn;
    }
    if (robin->left > 0 && FzThreadSet_Has(view->runnable, robin->last)) {
        robin->left--;
        return robin->last;
    }
    robin->left = robin->turn;
    uint32_t next = robin->last;
    do {
        next = (next + 1) % view->nthreads;
    } while (!FzThreadSet_Has(view->runnable, next));
    robin->last = next;
    return next;
}

const FzStrategy fz_strategy_round_robin = {
    .name = "round-robin",
    .sentence = "threads take turns of a length drawn for each execution",
    .state_size = sizeof(RoundRobin),
    .begin = round_robin_begin,
    .thread_created = round_robin_thread_created,
    .next = round_robin_next,
};

// bounded.c: schedules with few preemptions or delays, drawn at random: most
// bugs need one or two. Between them a thread runs until it blocks.
//
// Preemption: at a random point another thread, any, goes on. Delay: at a
// random point the thread that would run is passed over in favour of the next
// in the order of their numbers, the order that also decides who follows a
// thread that blocks; so there are fewer schedules for each bound.
// Source: Musuvathi, Qadeer (PLDI 2007); Emmi, Qadeer, Rakamaric (POPL 2011).

#include "fz_schedule.h"

enum { MAX_BOUND = 16, UNKNOWN_LENGTH = 128 };

typedef struct Bounded {
    FzRng rng;
    bool delays;                // else preemptions
    uint32_t left;              // changes still to come
    uint64_t moments[MAX_BOUND];        // steps, descending
} Bounded;

static void
insert(Bounded *b, uint64_t moment)
{
    uint32_t i = b->left++;
    for (; i > 0 && b->moments[i - 1] < moment; i--) {
        b->moments[i] = b->moments[i - 1];
    }
    b->moments[i] = moment;
}

static void
bounded_begin(void *state, const FzSchedule *schedule)
{
    Bounded *b = state;
    FzRng_Seed(&b->rng, schedule->seed);
    b->delays = false;
    b->left = 0;
    uint32_t most = schedule->depth > 0 ? schedule->depth : 1;
    uint32_t bound = 1 + FzRng_Below(&b->rng, most);
    uint64_t length = schedule->expected_steps != 0
                          ? schedule->expected_steps
                          : UNKNOWN_LENGTH;
    for (uint32_t i = 0; i < bound && i < MAX_BOUND; i++) {
        insert(b, 1 + FzRng_Next(&b->rng) % length);
    }
}

static void
delay_begin(void *state, const FzSchedule *schedule)
{
    bounded_begin(state, schedule);
    ((Bounded *)state)->delays = true;
}

static void
bounded_thread_created(void *state, uint32_t thread)
{
    (void)state;
    (void)thread;
}

// The first of `threads` after `from` in cyclic order.
static uint32_t
next_in_order(FzThreadSet threads, uint32_t from, uint32_t nthreads)
{
    uint32_t thread = from;
    do {
        thread = (thread + 1) % nthreads;
    } while (!FzThreadSet_Has(threads, thread));
    return thread;
}

static uint32_t
any_of(Bounded *b, FzThreadSet threads)
{
    uint32_t skip = FzRng_Below(&b->rng, FzThreadSet_Count(threads));
    while (skip-- > 0) {
        threads &= threads - 1;
    }
    return FzThreadSet_First(threads);
}

static uint32_t
bounded_next(void *state, const FzPointView *view)
{
    Bounded *b = state;
    bool can_go_on = FzThreadSet_Has(view->runnable, view->running);
    uint32_t thread = view->running;
    if (!can_go_on) {
        thread = b->delays ? next_in_order(view->runnable, view->running,
                                           view->nthreads)
                           : any_of(b, view->runnable);
    }
    while (b->left > 0 && b->moments[b->left - 1] <= view->step) {
        b->left--;
        FzThreadSet others = view->runnable & ~FzThreadSet_Of(thread);
        if (others != 0) {
            thread = b->delays
                         ? next_in_order(others, thread, view->nthreads)
                         : any_of(b, others);
        }
    }
    return thread;
}

const FzStrategy fz_strategy_preemption = {
    .name = "preemption",
    .sentence = "at most depth preemptions, at random points",
    .state_size = sizeof(Bounded),
    .begin = bounded_begin,
    .thread_created = bounded_thread_created,
    .next = bounded_next,
};

const FzStrategy fz_strategy_delay = {
    .name = "delay",
    .sentence = "at most depth delays, at random points, of a fixed order",
    .state_size = sizeof(Bounded),
    .begin = delay_begin,
    .thread_created = bounded_thread_created,
    .next = bounded_next,
};

// hold.c: a thread that comes to one of a few places is held there while the
// others run: it was about to do the second half of something, and what they
// do meanwhile takes as long as it takes. A place is the k-th point after a
// note of some kind. Which places, one of how many, and how long is drawn for
// each execution; when a burst is over, another thread goes on.
//
// A window of one instruction is met with the chance that its place is drawn,
// however many points an execution has; PCT's moments have to hit the point.
// Source: the postponed threads of RaceFuzzer (Sen, PLDI 2008), without knowing
// where the race is.

#include "fz_schedule.h"

typedef struct Hold {
    FzRng rng;
    uint32_t salt;
    uint32_t one_in;            // of so many places, one is held at
    uint32_t burst;             // a switch in so many points, besides
    uint64_t points;            // so far
    FzThreadSet held;
    uint64_t until[FZ_MAX_THREADS];     // in points
} Hold;

static void
hold_begin(void *state, const FzSchedule *schedule)
{
    Hold *hold = state;
    FzRng_Seed(&hold->rng, schedule->seed);
    hold->salt = (uint32_t)FzRng_Next(&hold->rng);
    hold->one_in = 8u << FzRng_Below(&hold->rng, 4);
    hold->burst = 8u << FzRng_Below(&hold->rng, 5);
    hold->points = 0;
    hold->held = 0;
}

static void
hold_thread_created(void *state, uint32_t thread)
{
    (void)state;
    (void)thread;
}

static bool
is_chosen(const Hold *hold, uint32_t place)
{
    uint32_t h = (place ^ hold->salt) * 0x9e3779b1u;
    h = (h ^ h >> 15) * 0x85ebca77u;
    return ((h ^ h >> 13) & (hold->one_in - 1)) == 0;
}

static void
release(Hold *hold)
{
    for (FzThreadSet rest = hold->held; rest != 0; rest &= rest - 1) {
        uint32_t thread = FzThreadSet_First(rest);
        if (hold->until[thread] <= hold->points) {
            hold->held &= ~FzThreadSet_Of(thread);
        }
    }
}

static uint32_t
hold_next(void *state, const FzPointView *view)
{
    Hold *hold = state;
    FzThreadSet self = FzThreadSet_Of(view->running);
    hold->points++;
    release(hold);
    bool can_go_on = (view->runnable & self) != 0;
    if (can_go_on && is_chosen(hold, view->next[view->running].place) &&
        FzRng_Below(&hold->rng, 2) == 0)
    {
        hold->held |= self;
        hold->until[view->running] =
            hold->points + (8u << FzRng_Below(&hold->rng, 8));
    }
    FzThreadSet free = view->runnable & ~hold->held;
    uint32_t thread;
    if ((free & self) != 0 && FzRng_Below(&hold->rng, hold->burst) != 0) {
        thread = view->running;
    }
    else {
        thread = FzThreadSet_Any(free != 0 ? free : view->runnable, &hold->rng);
    }
    hold->held &= ~FzThreadSet_Of(thread);
    return thread;
}

const FzStrategy fz_strategy_hold = {
    .name = "hold",
    .sentence = "threads are held at a few places, drawn for each execution",
    .state_size = sizeof(Hold),
    .begin = hold_begin,
    .thread_created = hold_thread_created,
    .next = hold_next,
};

// pct.c: PCT: random priorities of threads, and d-1 points at which the running
// thread falls below all others. Finds a bug of depth d in n threads and k
// steps with probability at least 1/(n k^(d-1)).
//
// A thread that asks others to run falls below all others too: a spinning
// thread would else keep the one it waits for from running.
// Source: Burckhardt, Kothari, Musuvathi, Nagarakatte (ASPLOS 2010).

#include "fz_schedule.h"

enum { MAX_CHANGES = 15 };

typedef struct Pct {
    FzRng rng;
    int64_t priority[FZ_MAX_THREADS];   // the highest runs
    int64_t lowest;             // of any thread, so far
    uint32_t nchanges;
    uint32_t pending;           // bit set of the changes still to come
    uint64_t next_change;       // the earliest of them
    uint64_t change[MAX_CHANGES];       // step
} Pct;

static void
find_next_change(Pct *pct)
{
    pct->next_change = UINT64_MAX;
    for (uint32_t rest = pct->pending; rest != 0; rest &= rest - 1) {
        uint64_t step = pct->change[__builtin_ctz(rest)];
        if (step < pct->next_change) {
            pct->next_change = step;
        }
    }
}

static void
pct_begin(void *state, uint64_t seed, uint32_t depth, uint64_t expected_steps)
{
    Pct *pct = state;
    FzRng_Seed(&pct->rng, seed);
    pct->lowest = 0;
    pct->nchanges = depth > 0 ? depth - 1 : 0;
    if (pct->nchanges > MAX_CHANGES) {
        pct->nchanges = MAX_CHANGES;
    }
    for (uint32_t i = 0; i < pct->nchanges; i++) {
        // Without a guess at the length, one of any order of magnitude.
        uint64_t steps = expected_steps != 0
                             ? expected_steps
                             : UINT64_C(16) << FzRng_Below(&pct->rng, 10);
        pct->change[i] = 1 + FzRng_Next(&pct->rng) % steps;
    }
    pct->pending = (1u << pct->nchanges) - 1;
    find_next_change(pct);
}

static void
pct_thread_created(void *state, uint32_t thread)
{
    Pct *pct = state;
    // Above what any change gives.
    pct->priority[thread] =
        MAX_CHANGES + 1 + (int64_t)(FzRng_Next(&pct->rng) >> 2);
}

static void
apply_changes(Pct *pct, const FzPointView *view)
{
    for (uint32_t rest = pct->pending; rest != 0; rest &= rest - 1) {
        uint32_t i = (uint32_t)__builtin_ctz(rest);
        if (pct->change[i] <= view->step) {
            pct->priority[view->running] = (int64_t)i + 1;
            pct->pending &= ~(1u << i);
        }
    }
    find_next_change(pct);
}

static uint32_t
pct_next(void *state, const FzPointView *view)
{
    Pct *pct = state;
    if (view->step >= pct->next_change) {
        apply_changes(pct, view);
    }
    if (view->yielding) {
        pct->priority[view->running] = --pct->lowest;
    }
    uint32_t best = FzThreadSet_First(view->runnable);
    for (FzThreadSet rest = view->runnable; rest != 0; rest &= rest - 1) {
        uint32_t thread = FzThreadSet_First(rest);
        if (pct->priority[thread] > pct->priority[best]) {
            best = thread;
        }
    }
    return best;
}

const FzStrategy fz_strategy_pct = {
    .name = "pct",
    .sentence = "random priorities, lowered at depth-1 random steps",
    .state_size = sizeof(Pct),
    .begin = pct_begin,
    .thread_created = pct_thread_created,
    .next = pct_next,
};

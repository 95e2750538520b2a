// uniform.c: URW and SURW: threads are chosen in proportion to the events that
// each still has before it, so that all interleavings are about equally likely
// (choosing threads uniformly favours those in which short threads end early).
// SURW counts only the events on one object, drawn anew for each execution: the
// order of those is uniform, and the rest is random.
//
// How many events a thread has is the mean of the executions before.
// Source: Zhao and others, Selectively Uniform Concurrency Testing (ASPLOS
// 2025).

#include "objects.h"

enum { SCALE = 16 };            // of the means; a power of two

typedef struct UniformMemory {
    FzStrategyMemory head;
    FzObjects objects;          // SURW
    uint32_t mean[FZ_MAX_THREADS];      // events, times SCALE
    // Of the object that the last execution had drawn.
    uint64_t object;
} UniformMemory;

typedef struct Uniform {
    FzRng rng;
    UniformMemory *memory;
    uint64_t object;            // 0: every event counts
    uint32_t expected[FZ_MAX_THREADS];  // events of the thread
    uint32_t done[FZ_MAX_THREADS];
    bool selective;
    bool has_intended;
    uint32_t intended;          // who does the next event that counts
} Uniform;

static void
uniform_begin(void *state, const FzSchedule *schedule)
{
    Uniform *u = state;
    FzRng_Seed(&u->rng, schedule->seed);
    u->memory = (UniformMemory *)schedule->memory;
    u->object = 0;
    u->selective = false;
    u->has_intended = false;
}

static void
surw_begin(void *state, const FzSchedule *schedule)
{
    Uniform *u = state;
    uniform_begin(state, schedule);
    u->selective = true;
    UniformMemory *m = u->memory;
    if (m == NULL || m->objects.nracy == 0) {
        return;
    }
    // Each object is kept for some executions: the first of them counts its
    // events.
    if (m->object == 0 || FzRng_Below(&u->rng, 8) == 0) {
        m->object = m->objects.racy[FzRng_Below(&u->rng, m->objects.nracy)];
        for (uint32_t t = 0; t < FZ_MAX_THREADS; t++) {
            m->mean[t] = 0;
        }
    }
    u->object = m->object;
}

static void
uniform_thread_created(void *state, uint32_t thread)
{
    Uniform *u = state;
    u->done[thread] = 0;
    u->expected[thread] =
        u->memory != NULL ? u->memory->mean[thread] / SCALE : 0;
}

static inline bool
counts(const Uniform *u, const FzEvent *event)
{
    return u->object == 0 || event->object == u->object;
}

static uint32_t
weight(const Uniform *u, uint32_t thread)
{
    uint32_t done = u->done[thread];
    return u->expected[thread] > done ? u->expected[thread] - done : 1;
}

// In proportion to the weights.
static uint32_t
draw_weighted(Uniform *u, FzThreadSet threads)
{
    uint64_t total = 0;
    for (FzThreadSet rest = threads; rest != 0; rest &= rest - 1) {
        total += weight(u, FzThreadSet_First(rest));
    }
    uint64_t at = FzRng_Next(&u->rng) % total;
    FzThreadSet rest = threads;
    for (;;) {
        uint32_t thread = FzThreadSet_First(rest);
        uint32_t w = weight(u, thread);
        if (at < w) {
            return thread;
        }
        at -= w;
        rest &= rest - 1;
    }
}

static uint32_t
draw_uniform(Uniform *u, FzThreadSet threads)
{
    uint32_t skip = FzRng_Below(&u->rng, FzThreadSet_Count(threads));
    while (skip-- > 0) {
        threads &= threads - 1;
    }
    return FzThreadSet_First(threads);
}

// Threads whose next event does not count run at any time; of those whose does,
// only the intended one.
static uint32_t
draw_selective(Uniform *u, const FzPointView *view)
{
    if (!u->has_intended || !FzThreadSet_Has(view->runnable, u->intended)) {
        u->intended = draw_weighted(u, view->runnable);
        u->has_intended = true;
    }
    FzThreadSet allowed = FzThreadSet_Of(u->intended);
    for (FzThreadSet rest = view->runnable; rest != 0; rest &= rest - 1) {
        uint32_t thread = FzThreadSet_First(rest);
        if (!counts(u, &view->next[thread])) {
            allowed |= FzThreadSet_Of(thread);
        }
    }
    uint32_t thread = draw_uniform(u, allowed);
    if (thread == u->intended && counts(u, &view->next[thread])) {
        u->has_intended = false;
    }
    return thread;
}

static uint32_t
uniform_next(void *state, const FzPointView *view)
{
    Uniform *u = state;
    uint32_t thread;
    if (view->yielding) {
        // It waits for others: they need not be likely.
        thread = draw_uniform(u, view->runnable);
    }
    else if (u->object != 0) {
        thread = draw_selective(u, view);
    }
    else {
        thread = draw_weighted(u, view->runnable);
    }
    if (counts(u, &view->next[thread])) {
        u->done[thread]++;
    }
    if (u->selective && u->memory != NULL) {
        FzObjects_Note(&u->memory->objects, thread, &view->next[thread]);
    }
    return thread;
}

static void
uniform_end(void *state, FzStrategyMemory *memory, uint64_t steps, bool found)
{
    Uniform *u = state;
    UniformMemory *m = (UniformMemory *)memory;
    (void)steps;
    (void)found;
    if (u->selective && u->object == 0) {
        return;
    }
    for (uint32_t t = 0; t < FZ_MAX_THREADS; t++) {
        uint32_t now = u->done[t] * SCALE;
        m->mean[t] = m->mean[t] == 0 ? now : (m->mean[t] * 7 + now) / 8;
        u->done[t] = 0;
    }
}

const FzStrategy fz_strategy_urw = {
    .name = "urw",
    .sentence = "each interleaving about equally likely",
    .state_size = sizeof(Uniform),
    .memory_size = sizeof(UniformMemory),
    .begin = uniform_begin,
    .thread_created = uniform_thread_created,
    .next = uniform_next,
    .end = uniform_end,
};

const FzStrategy fz_strategy_surw = {
    .name = "surw",
    .sentence = "each order of the events on one shared object equally likely",
    .state_size = sizeof(Uniform),
    .memory_size = sizeof(UniformMemory),
    .begin = surw_begin,
    .thread_created = uniform_thread_created,
    .next = uniform_next,
    .end = uniform_end,
};

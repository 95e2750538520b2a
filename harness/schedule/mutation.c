// mutation.c: the recorded choices of an execution, changed a little: switches
// moved, dropped, added or taken from another. Those under which an access
// followed a write that it never had followed before are kept, and changed
// again: what a fuzzer does with bytes, its coverage being which access reads
// from which.
//
// A choice is a switch where the thread that runs is left for another; its
// place is the number of the point. Between switches a thread goes on as long
// as it can.

#include <string.h>

#include "kept.h"
#include "reads_from.h"

enum {
    MAX_SWITCHES = 64,          // of one execution; later ones are not recorded
    MAX_PLACES = 2048,          // points on objects that threads share
};

typedef struct Switch {
    uint32_t at;                // point
    uint16_t to;                // thread
} Switch;

typedef struct Recorded {
    Switch switches[MAX_SWITCHES];      // in the order of time
    uint32_t count;
} Recorded;

typedef struct MutationMemory {
    FzStrategyMemory head;
    FzReadsFrom reads_from;
    FzKept kept;
    Recorded recorded[FZ_MAX_KEPT];
    Recorded plan, now;         // what is to be done; what was
    // Where the last execution touched what threads share.
    uint32_t places[MAX_PLACES];
    uint32_t nplaces;
    uint32_t nthreads;
    bool has_new;
} MutationMemory;

typedef struct Mutation {
    FzRng rng;
    MutationMemory *memory;     // NULL: a random walk in bursts
    uint32_t point;             // points so far
    uint32_t next;              // of the plan
    uint32_t one_in;            // a random switch in so many points; 0: none
} Mutation;

// ---------------------------------------------------------------------------
// Changes

static void
remove_at(Recorded *plan, uint32_t at)
{
    plan->count--;
    memmove(&plan->switches[at], &plan->switches[at + 1],
            (plan->count - at) * sizeof(Switch));
}

static void
insert(Recorded *plan, Switch added)
{
    if (plan->count == MAX_SWITCHES) {
        return;
    }
    uint32_t at = plan->count++;
    while (at > 0 && plan->switches[at - 1].at > added.at) {
        plan->switches[at] = plan->switches[at - 1];
        at--;
    }
    plan->switches[at] = added;
}

static Switch
draw_switch(Mutation *mutation)
{
    MutationMemory *m = mutation->memory;
    uint32_t n = m->nplaces < MAX_PLACES ? m->nplaces : MAX_PLACES;
    return (Switch){m->places[FzRng_Below(&mutation->rng, n)],
                    (uint16_t)FzRng_Below(&mutation->rng, m->nthreads)};
}

static void
change(Mutation *mutation, Recorded *plan)
{
    MutationMemory *m = mutation->memory;
    FzRng *rng = &mutation->rng;
    uint32_t n = plan->count;
    uint32_t how = FzRng_Below(rng, 8);
    if (n == 0 || how < 2) {
        insert(plan, draw_switch(mutation));
        return;
    }
    uint32_t at = FzRng_Below(rng, n);
    Switch moved = plan->switches[at];
    switch (how) {
    case 2:
        remove_at(plan, at);
        break;
    case 3:
        plan->switches[at].to = (uint16_t)FzRng_Below(rng, m->nthreads);
        break;
    case 4:
        plan->count = at;       // what followed is left to chance
        break;
    case 5: {
        const Recorded *other = &m->recorded[FzRng_Below(rng, m->kept.count)];
        plan->count = at;
        for (uint32_t i = 0; i < other->count; i++) {
            if (other->switches[i].at >= moved.at) {
                insert(plan, other->switches[i]);
            }
        }
        break;
    }
    default:
        remove_at(plan, at);
        moved.at += FzRng_Below(rng, 9);
        moved.at -= moved.at < 4 ? moved.at : 4;
        insert(plan, moved);
    }
}

// ---------------------------------------------------------------------------
// The strategy

static void
mutation_begin(void *state, const FzSchedule *schedule)
{
    Mutation *mutation = state;
    MutationMemory *m = (MutationMemory *)schedule->memory;
    *mutation = (Mutation){.memory = m};
    FzRng_Seed(&mutation->rng, schedule->seed);
    mutation->one_in = 2u << FzRng_Below(&mutation->rng, 6);
    if (m == NULL) {
        return;
    }
    bool fresh = m->kept.count == 0 || m->nplaces == 0 ||
                 FzRng_Below(&mutation->rng, 8) == 0;
    m->plan.count = 0;
    if (!fresh) {
        m->plan = m->recorded[FzKept_Choose(&m->kept, &mutation->rng)];
        do {
            change(mutation, &m->plan);
        } while (FzRng_Below(&mutation->rng, 2) == 0);
        if (FzRng_Below(&mutation->rng, 4) != 0) {
            mutation->one_in = 0;
        }
    }
    m->now.count = 0;
    m->nplaces = 0;
    m->nthreads = 1;
    m->has_new = false;
    FzReadsFrom_Begin(&m->reads_from);
}

static void
mutation_thread_created(void *state, uint32_t thread)
{
    Mutation *mutation = state;
    if (mutation->memory != NULL) {
        mutation->memory->nthreads = thread + 1;
    }
}

static void
mutation_end(void *state, FzStrategyMemory *memory, uint64_t steps, bool found)
{
    Mutation *mutation = state;
    MutationMemory *m = (MutationMemory *)memory;
    (void)steps;
    (void)found;
    if (m->has_new) {
        m->recorded[FzKept_Add(&m->kept, &mutation->rng)] = m->now;
    }
}

// The thread that the plan names, if its time has come and it can run.
static bool
planned(Mutation *mutation, const FzPointView *view, uint32_t *thread)
{
    MutationMemory *m = mutation->memory;
    bool has = false;
    while (mutation->next < m->plan.count &&
           m->plan.switches[mutation->next].at <= mutation->point)
    {
        *thread = m->plan.switches[mutation->next++].to;
        has = true;
    }
    return has && FzThreadSet_Has(view->runnable, *thread);
}

static uint32_t
draw_thread(Mutation *mutation, FzThreadSet threads)
{
    uint32_t skip = FzRng_Below(&mutation->rng, FzThreadSet_Count(threads));
    while (skip-- > 0) {
        threads &= threads - 1;
    }
    return FzThreadSet_First(threads);
}

// A plan has its switches, then chance what follows its last.
static uint32_t
choose(Mutation *mutation, const FzPointView *view)
{
    MutationMemory *m = mutation->memory;
    uint32_t thread;
    if (m != NULL && planned(mutation, view, &thread)) {
        return thread;
    }
    bool has_plan = m != NULL && mutation->next < m->plan.count;
    bool goes_on = FzThreadSet_Has(view->runnable, view->running);
    if (goes_on && (has_plan || mutation->one_in == 0 ||
                    FzRng_Below(&mutation->rng, mutation->one_in) != 0))
    {
        return view->running;
    }
    return draw_thread(mutation, view->runnable);
}

static uint32_t
mutation_next(void *state, const FzPointView *view)
{
    Mutation *mutation = state;
    MutationMemory *m = mutation->memory;
    uint32_t thread = choose(mutation, view);
    if (m != NULL) {
        if (thread != view->running && m->now.count < MAX_SWITCHES) {
            m->now.switches[m->now.count++] =
                (Switch){mutation->point, (uint16_t)thread};
        }
        FzPair pair;
        bool is_new;
        if (FzReadsFrom_Note(&m->reads_from, thread, &view->next[thread],
                             &pair, &is_new))
        {
            m->has_new = m->has_new || is_new;
            m->places[m->nplaces++ % MAX_PLACES] = mutation->point;
        }
    }
    mutation->point++;
    return thread;
}

const FzStrategy fz_strategy_mutation = {
    .name = "mutation",
    .sentence = "recorded choices, changed a little where they showed more",
    .asked_always = true,
    .state_size = sizeof(Mutation),
    .memory_size = sizeof(MutationMemory),
    .begin = mutation_begin,
    .thread_created = mutation_thread_created,
    .next = mutation_next,
    .end = mutation_end,
};

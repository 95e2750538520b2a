// race_pct.c: PCT whose moments are counted in events on objects that several
// threads touch: with k' such events of k, the chance to hit a bug of depth d
// grows by (k/k')^(d-1). Which objects these are is learnt from the executions
// before.
// Source: Ozkan, Majumdar, Oraee, trace-aware PCT (OOPSLA 2018, 2019).

#include "objects.h"
#include "priorities.h"

typedef struct RacePctMemory {
    FzStrategyMemory head;
    FzObjects objects;
    uint64_t events;            // racy ones of the longest execution
} RacePctMemory;

typedef struct RacePct {
    FzPriorities priorities;
    RacePctMemory *memory;      // NULL: every event counts
    uint64_t events;            // racy ones so far
} RacePct;

static void
race_pct_begin(void *state, const FzSchedule *schedule)
{
    RacePct *pct = state;
    pct->memory = (RacePctMemory *)schedule->memory;
    pct->events = 0;
    uint64_t length = schedule->expected_steps;
    if (pct->memory != NULL && pct->memory->events != 0) {
        length = pct->memory->events;
    }
    FzPriorities_Begin(&pct->priorities, schedule->seed, schedule->depth,
                       length);
}

static void
race_pct_thread_created(void *state, uint32_t thread)
{
    FzPriorities_Draw(&((RacePct *)state)->priorities, thread);
}

static uint32_t
race_pct_next(void *state, const FzPointView *view)
{
    RacePct *pct = state;
    const FzEvent *event = &view->next[view->running];
    bool counts = true;
    if (pct->memory != NULL) {
        FzObjects_Note(&pct->memory->objects, view->running, event);
        counts = FzObjects_IsRacy(&pct->memory->objects, event->object);
    }
    if (counts) {
        FzPriorities_Change(&pct->priorities, ++pct->events, view->running);
    }
    if (view->yielding) {
        FzPriorities_Sink(&pct->priorities, view->running);
    }
    return FzPriorities_Best(&pct->priorities, view->runnable);
}

static void
race_pct_end(void *state, FzStrategyMemory *memory, uint64_t steps, bool found)
{
    const RacePct *pct = state;
    RacePctMemory *m = (RacePctMemory *)memory;
    (void)steps;
    (void)found;
    m->events = pct->events > m->events ? pct->events : m->events;
}

const FzStrategy fz_strategy_race_pct = {
    .name = "race-pct",
    .sentence = "pct that counts only events on objects that threads share",
    .state_size = sizeof(RacePct),
    .memory_size = sizeof(RacePctMemory),
    .begin = race_pct_begin,
    .thread_created = race_pct_thread_created,
    .next = race_pct_next,
    .end = race_pct_end,
};

// choice.c: asks the schedule which thread runs next, and puts the answer on
// the tape as a rank (fz_schedule.h).
//
// What decides, in this order: a replayed tape up to its end; in the fair part
// of a run, round-robin; an override byte; the strategy (a replay past its end:
// rank 0).

#include "engine_internal.h"

#include <assert.h>

enum { THREADS_MASK = (1 << FZ_MAX_THREADS) - 1 };
static_assert(FZ_MAX_THREADS == 16, "the rotation below is one of 16 bits");

// The threads after `running` in cyclic order as bits 0 to 14; `running` itself
// is bit 15.
static inline uint32_t
rotate(uint32_t threads, uint32_t running)
{
    uint32_t shift = (running + 1) & 15;
    return (threads >> shift | threads << (16 - shift)) & THREADS_MASK;
}

static inline uint32_t
rank_of(uint32_t candidates, uint32_t running, uint32_t thread)
{
    if (thread == running) {
        return 0;
    }
    uint32_t order = rotate(candidates, running);
    uint32_t position = (thread - running - 1) & 15;
    uint32_t before = order & ((1u << position) - 1);
    bool can_go_on = (candidates >> running & 1) != 0;
    return (uint32_t)__builtin_popcount(before) + can_go_on;
}

static uint32_t
thread_of(uint32_t candidates, uint32_t running, uint32_t rank)
{
    rank %= (uint32_t)__builtin_popcount(candidates);
    if ((candidates >> running & 1) != 0) {
        if (rank == 0) {
            return running;
        }
        rank--;
    }
    uint32_t order = rotate(candidates & ~(1u << running), running);
    while (rank-- > 0) {
        order &= order - 1;
    }
    return (running + 1 + (uint32_t)__builtin_ctz(order)) & 15;
}

static uint32_t
fair_rank(uint32_t candidates)
{
    const FzEngine *e = &fz_engine;
    bool can_go_on = (candidates >> e->current & 1) != 0;
    return can_go_on && e->steps - e->slice_start >= FZ_FAIR_SLICE;
}

static uint32_t
strategy_choice(uint32_t candidates, bool yielding)
{
    FzEngine *e = &fz_engine;
    const FzSchedule *schedule = &e->config->schedule;
    FzPointView view = {
        .running = e->current,
        .runnable = candidates,
        .yielding = yielding,
        .next = e->next,
        .nthreads = e->nthreads,
        .step = e->steps,
    };
    // Asked even if overridden, so that one changed byte does not shift the
    // random numbers of all later choices.
    uint32_t thread = schedule->strategy->next(e->strategy_state, &view);
    if (e->overrides_used < schedule->noverrides) {
        uint8_t byte = schedule->overrides[e->overrides_used++];
        if (byte >= 0x80) {
            thread = thread_of(candidates, e->current, byte & 7);
        }
    }
    return thread;
}

void
FzChoice_Begin(void)
{
    FzEngine *e = &fz_engine;
    const FzSchedule *schedule = &e->config->schedule;
    e->overrides_used = 0;
    if (schedule->kind == FZ_SCHEDULE_REPLAY) {
        FzTapeReader_Init(&e->reader, schedule->tape, schedule->ntape);
        return;
    }
    FZ_ASSERT(schedule->strategy != NULL);
    FZ_ASSERT(schedule->strategy->state_size <= FZ_STRATEGY_STATE_SIZE);
    schedule->strategy->begin(e->strategy_state, schedule->seed,
                              schedule->depth, schedule->expected_steps);
}

void
FzChoice_ThreadCreated(uint32_t thread)
{
    FzEngine *e = &fz_engine;
    const FzSchedule *schedule = &e->config->schedule;
    if (schedule->kind == FZ_SCHEDULE_STRATEGY) {
        schedule->strategy->thread_created(e->strategy_state, thread);
    }
}

uint32_t
FzChoice_Next(uint32_t candidates, bool yielding)
{
    FzEngine *e = &fz_engine;
    uint32_t running = e->current;
    if ((candidates & (candidates - 1)) == 0) {
        return (uint32_t)__builtin_ctz(candidates);
    }
    bool replay = e->config->schedule.kind == FZ_SCHEDULE_REPLAY;
    uint32_t thread;
    if (replay && !FzTapeReader_AtEnd(&e->reader)) {
        thread = thread_of(candidates, running, FzTapeReader_Next(&e->reader));
    }
    else if (e->fair) {
        thread = thread_of(candidates, running, fair_rank(candidates));
    }
    else if (replay) {
        thread = thread_of(candidates, running, 0);
    }
    else {
        thread = strategy_choice(candidates, yielding);
    }
    FzTape_Record(&e->run->tape, rank_of(candidates, running, thread));
    return thread;
}

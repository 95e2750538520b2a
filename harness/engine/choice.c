// choice.c: asks the schedule which thread runs next, and puts the answer on
// the tape as a rank (fz_schedule.h).
//
// What decides, in this order: a replayed tape up to its end; in the fair part
// of a run, round-robin; a guide (rank 0 where it says nothing); an override
// byte; the strategy (a replay past its end: rank 0).

#include "engine_internal.h"

#include <assert.h>

enum { LAST_THREAD = FZ_MAX_THREADS - 1 };
static_assert((FZ_MAX_THREADS & LAST_THREAD) == 0, "numbers wrap by masking");

// The threads after `running` in cyclic order as bits from 0; `running` itself
// is the highest bit.
static inline FzThreadSet
rotate(FzThreadSet threads, uint32_t running)
{
    const FzThreadSet all = ((FzThreadSet)1 << LAST_THREAD << 1) - 1;
    uint32_t shift = (running + 1) & LAST_THREAD;
    return (threads >> shift | threads << 1 << (LAST_THREAD - shift)) & all;
}

static inline uint32_t
rank_of(FzThreadSet candidates, uint32_t running, uint32_t thread)
{
    if (thread == running) {
        return 0;
    }
    FzThreadSet order = rotate(candidates, running);
    uint32_t position = (thread - running - 1) & LAST_THREAD;
    FzThreadSet before = order & (FzThreadSet_Of(position) - 1);
    return FzThreadSet_Count(before) + FzThreadSet_Has(candidates, running);
}

static uint32_t
thread_of(FzThreadSet candidates, uint32_t running, uint32_t rank)
{
    rank %= FzThreadSet_Count(candidates);
    if (FzThreadSet_Has(candidates, running)) {
        if (rank == 0) {
            return running;
        }
        rank--;
    }
    FzThreadSet order =
        rotate(candidates & ~FzThreadSet_Of(running), running);
    while (rank-- > 0) {
        order &= order - 1;
    }
    return (running + 1 + FzThreadSet_First(order)) & LAST_THREAD;
}

static uint32_t
fair_rank(FzThreadSet candidates)
{
    const FzEngine *e = &fz_engine;
    bool can_go_on = FzThreadSet_Has(candidates, e->current);
    return can_go_on && e->steps - e->slice_start >= FZ_FAIR_SLICE;
}

static uint32_t
strategy_choice(FzThreadSet candidates, bool yielding)
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
    e->asked_always = schedule->kind == FZ_SCHEDULE_STRATEGY &&
                      schedule->strategy->asked_always;
    if (schedule->kind == FZ_SCHEDULE_REPLAY) {
        FzTapeReader_Init(&e->reader, schedule->tape, schedule->ntape);
        if (schedule->prefix_steps == 0) {
            return;
        }
    }
    if (schedule->kind == FZ_SCHEDULE_GUIDE) {
        FzGuideReader_Init(&e->guide, schedule->guide);
        return;
    }
    FZ_ASSERT(schedule->strategy != NULL);
    FZ_ASSERT(schedule->strategy->state_size <= FZ_STRATEGY_STATE_SIZE);
    schedule->strategy->begin(e->strategy_state, schedule);
}

void
FzChoice_End(void)
{
    FzEngine *e = &fz_engine;
    const FzSchedule *schedule = &e->config->schedule;
    FzStrategyMemory *memory = schedule->memory;
    if (schedule->kind == FZ_SCHEDULE_STRATEGY && memory != NULL) {
        memory->executions++;
        if (schedule->strategy->end != NULL) {
            schedule->strategy->end(e->strategy_state, memory, e->steps,
                                    e->run->nviolations != 0);
        }
    }
}

void
FzChoice_ThreadCreated(uint32_t thread)
{
    FzEngine *e = &fz_engine;
    const FzSchedule *schedule = &e->config->schedule;
    if (schedule->kind == FZ_SCHEDULE_STRATEGY || schedule->prefix_steps != 0) {
        schedule->strategy->thread_created(e->strategy_state, thread);
    }
}

// Points that the running thread has passed, as FzTurn counts them.
static uint64_t
own_points(void)
{
    const FzEngine *e = &fz_engine;
    uint64_t own = e->threads[e->current].ran + e->steps - e->slice_start;
    return e->current == 0 ? own - e->alone : own;
}

// A wait whose time is up counts as a wait: its point was the one before.
static bool
can_go_on(FzThreadSet candidates)
{
    const FzEngine *e = &fz_engine;
    return !e->waiting && FzThreadSet_Has(candidates, e->current);
}

static uint32_t
guided_choice(FzThreadSet candidates)
{
    FzEngine *e = &fz_engine;
    const FzTurn *turn = FzGuideReader_Next(
        &e->guide, e->current, own_points(), can_go_on(candidates));
    if (turn != NULL && FzThreadSet_Has(candidates, turn->to)) {
        return turn->to;
    }
    return thread_of(candidates, e->current, 0);
}

static void
record_turn(FzThreadSet candidates, uint32_t to)
{
    const FzEngine *e = &fz_engine;
    FzTurn turn = {
        .at = own_points(),
        .thread = (uint16_t)e->current,
        .to = (uint16_t)to,
        .preempts = can_go_on(candidates),
    };
    FzGuide_Add(e->config->turns, turn);
}

uint32_t
FzChoice_Next(FzThreadSet candidates, bool yielding)
{
    FzEngine *e = &fz_engine;
    uint32_t running = e->current;
    if ((candidates & (candidates - 1)) == 0) {
        if (e->asked_always && !e->fair) {
            strategy_choice(candidates, yielding);
        }
        return FzThreadSet_First(candidates);
    }
    FzScheduleKind kind = e->config->schedule.kind;
    uint64_t prefix = e->config->schedule.prefix_steps;
    bool replay = kind == FZ_SCHEDULE_REPLAY;
    bool recorded = replay && (prefix != 0 ? e->steps <= prefix
                                           : !FzTapeReader_AtEnd(&e->reader));
    uint32_t thread;
    if (recorded) {
        thread = thread_of(candidates, running, FzTapeReader_Next(&e->reader));
    }
    else if (e->fair) {
        thread = thread_of(candidates, running, fair_rank(candidates));
    }
    else if (kind == FZ_SCHEDULE_GUIDE) {
        thread = guided_choice(candidates);
    }
    else if (replay && prefix == 0) {
        thread = thread_of(candidates, running, 0);
    }
    else {
        thread = strategy_choice(candidates, yielding);
    }
    uint32_t rank = rank_of(candidates, running, thread);
    FzTape_Record(&e->run->tape, rank);
    if (rank != 0 && e->config->turns != NULL) {
        record_turn(candidates, thread);
    }
    return thread;
}

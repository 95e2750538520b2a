// engine.c: one run: points, scheduling and its end.
//
// A thread is suspended at a point before the access that the point announces;
// the access takes effect when the point returns. So whatever is said about the
// access (trace, coverage, oracles) is said after the thread was chosen.

#include "engine_internal.h"

#include <stdlib.h>

#include "fz_oracle.h"
#include "fz_race.h"
#include "weak.h"

enum { DEFAULT_STEP_BUDGET = 2000000 };

FzEngine fz_engine;

// Points that may change what they are about.
#define WRITES_MASK \
    (1u << RT_POINT_STORE | 1u << RT_POINT_RMW | 1u << RT_POINT_SEM_WAIT | \
     1u << RT_POINT_SEM_POST)

// ---------------------------------------------------------------------------
// Points

static inline uint64_t
point_key(RtPoint kind, const void *addr)
{
    if (kind >= RT_POINT_SEM_WAIT) {
        return FzTarget_SyncKey(addr);
    }
    return FzAddress_EventKey(addr);
}

void
FzEngine_PointFromCompiler(RtPoint kind, const void *addr, uintptr_t site)
{
    FzEngine *e = &fz_engine;
    if (!e->active) {
        return;
    }
    uint32_t self = e->current;
    uint64_t key = point_key(kind, addr);
    bool write = (WRITES_MASK >> kind & 1) != 0;
    e->next[self] = (FzEvent){key, write, ++e->threads[self].place};
    e->threads[self].site = site;
    if (++e->steps >= e->due_step) {
        FzEngine_StepDue();
    }
    if ((e->runnable & ~FzThreadSet_Of(self)) != 0 || e->asked_always) {
        FzEngine_Reschedule(kind == RT_POINT_YIELD);
    }
    FzTrace_Mix(kind, key);
    if (e->covering && key != 0) {
        FzCoverage_Access(key, write, site);
    }
    if (e->recording) {
        FzTrace_Record(FZ_TRACE_POINT, kind, key, 0);
    }
    // A post has happened already; its semaphore may be gone by now.
    if (e->oracles && FzShadow_MayBeFreed(addr) && addr != NULL &&
        kind != RT_POINT_SEM_POST) {
        FzOracle_Access(self, addr, write);
    }
}

// ---------------------------------------------------------------------------
// Scheduling

static void
switch_to(uint32_t to)
{
    FzEngine *e = &fz_engine;
    uint32_t from = e->current;
    FzTarget_SaveThread(from);
    FzTarget_LoadThread(to);
    e->threads[from].ran += e->steps - e->slice_start;
    e->current = to;
    e->slice_start = e->steps;
    e->run->switches++;
    if (e->covering) {
        FzCoverage_Switch(e->threads[from].site, e->threads[to].site);
    }
    if (e->recording) {
        FzTrace_Record(FZ_TRACE_SWITCH, 0, e->next[from].object, from);
    }
    if (e->threads[from].ended) {
        FzFiber_Leave(&e->fibers[from], &e->fibers[to]);
    }
    FzFiber_Switch(&e->fibers[from], &e->fibers[to]);
}

void
FzEngine_Reschedule(bool yielding)
{
    FzEngine *e = &fz_engine;
    FzThreadSet candidates = e->runnable;
    FzThreadSet others = candidates & ~FzThreadSet_Of(e->current);
    if (yielding && others != 0) {
        candidates = others;
    }
    uint32_t to = FzChoice_Next(candidates, yielding);
    if (to != e->current) {
        e->run->preemptions += !yielding;
        switch_to(to);
    }
}

static _Noreturn void
stuck(void)
{
    FzEngine *e = &fz_engine;
    bool ended[FZ_MAX_THREADS];
    for (uint32_t t = 0; t < e->nthreads; t++) {
        ended[t] = e->threads[t].ended;
    }
    if (e->oracles) {
        FzOracle_Stuck(e->nthreads, ended);
    }
    if (e->run->nviolations == 0) {
        FzEngine_Violation(FZ_RULE_DEADLOCK, UINT32_MAX,
                           "no thread can run and no timeout is pending");
    }
    FzEngine_Stop();
}

// Whether the running thread, which blocks, is the only one that will ever run,
// only to look again at what others must do, and did so before in vain.
static bool
polls_in_vain(void)
{
    FzEngine *e = &fz_engine;
    // A look that sees an old value is in vain for once only.
    if (fz_weak || !e->oracles || e->timed != FzThreadSet_Of(e->current) ||
        !FzOracle_IsPolling(e->current))
    {
        return false;
    }
    bool again = e->polled_slice == e->slice_start;
    e->polled_slice = e->slice_start;
    return again;
}

void
FzEngine_Block(void)
{
    FzEngine *e = &fz_engine;
    if (e->runnable == 0) {
        if (e->timed == 0 || polls_in_vain()) {
            stuck();
        }
        FzWait_SkipToDeadline();
    }
    e->waiting = true;
    uint32_t to = FzChoice_Next(e->runnable, false);
    e->waiting = false;
    if (to != e->current) {
        switch_to(to);
    }
}

void
FzEngine_UpdateDue(void)
{
    FzEngine *e = &fz_engine;
    uint64_t due = e->budget + 1;
    uint64_t fair_from = e->budget - e->budget / 4;
    if (!e->fair && fair_from < due) {
        due = fair_from;
    }
    uint32_t time_step = e->config->schedule.time_step_ns;
    if (e->timed != 0 && time_step != 0) {
        int64_t left = FzWait_EarliestDeadline() - FzWait_Now();
        uint64_t steps = left <= 0 ? 1 : ((uint64_t)left - 1) / time_step + 1;
        if (steps < due - e->steps) {
            due = e->steps + steps;
        }
    }
    e->due_step = due;
}

void
FzEngine_StepDue(void)
{
    FzEngine *e = &fz_engine;
    if (e->steps > e->budget) {
        FzEngine_Violation(FZ_RULE_STEP_BUDGET, UINT32_MAX,
                           "the execution has not ended after %llu points, "
                           "the last quarter of them under a fair schedule",
                           (unsigned long long)e->budget);
        FzEngine_Stop();
    }
    if (e->steps >= e->budget - e->budget / 4) {
        e->fair = true;
    }
    FzWait_Expire();
    FzEngine_UpdateDue();
}

// ---------------------------------------------------------------------------
// Threads

_Noreturn void
FzEngine_Complete(void)
{
    FzEngine *e = &fz_engine;
    e->run->completed = true;
    if (e->oracles) {
        FzOracle_End();
    }
    FzEngine_Stop();
}

_Noreturn void
FzEngine_EndThread(void)
{
    FzEngine *e = &fz_engine;
    uint32_t self = e->current;
    e->runnable &= ~FzThreadSet_Of(self);
    FzTrace_Mix(0xff, 0);
    if (e->recording) {
        FzTrace_Record(FZ_TRACE_THREAD_END, 0, 0, 0);
    }
    if (e->oracles) {
        FzOracle_ThreadEnd(self);
    }
    if (e->races) {
        FzRace_ThreadEnd(self);
    }
    e->threads[self].ended = true;
    if (e->runnable == 0 && e->timed == 0) {
        bool all_ended = true;
        for (uint32_t t = 0; t < e->nthreads; t++) {
            all_ended = all_ended && e->threads[t].ended;
        }
        if (!all_ended) {
            stuck();
        }
        FzEngine_Complete();
    }
    FzEngine_Block();
    FZ_ASSERT(!"an ended thread was resumed");
    __builtin_unreachable();
}

_Noreturn void
FzEngine_ThreadMain(void *arg)
{
    FzThread *thread = arg;
    thread->func(thread->arg);
    FzEngine_EndThread();
}

uint32_t
FzEngine_NewThread(void (*func)(void *), void *arg)
{
    FzEngine *e = &fz_engine;
    uint32_t number = e->nthreads;
    if (number == FZ_MAX_THREADS) {
        return FZ_NO_THREAD;
    }
    e->nthreads++;
    if (number == 1) {
        e->alone = e->steps;
    }
    FzThread *thread = &e->threads[number];
    *thread = (FzThread){
        .func = func,
        .arg = arg,
        .deadline_ns = FZ_NO_DEADLINE,
    };
    e->next[number] = (FzEvent){0};
    e->runnable |= FzThreadSet_Of(number);
    FzTarget_NewThread(number);
    FzFiber_Prepare(&e->fibers[number], FzEngine_ThreadMain, thread);
    FzChoice_ThreadCreated(number);
    return number;
}

// ---------------------------------------------------------------------------
// A run

bool
FzEngine_Init(char *why, size_t why_size)
{
#ifdef RT_WITH_HOOKS
    FzEngine *e = &fz_engine;
    if (e->initialised) {
        return true;
    }
    if (!FzFiberPool_Map(&e->stacks, e->fibers, FZ_MAX_THREADS, why,
                         why_size) ||
        !FzAddress_Init(why, why_size) || !FzShadow_Init(why, why_size)) {
        return false;
    }
    FzViolation_InstallHandlers();
    FzTarget_Install();
    e->initialised = true;
    return true;
#else
    snprintf(why, why_size, "this build has no scheduling points");
    return false;
#endif
}

static void
begin_run(const FzEngineConfig *config, FzRun *run)
{
    FzEngine *e = &fz_engine;
    e->config = config;
    e->run = run;
    e->oracles = config->oracles;
    e->races = config->races;
    e->recording = config->record_events;
    e->covering = config->coverage != NULL;
    e->fair = e->waiting = e->ignoring = false;
    e->current = 0;
    e->nthreads = 0;
    e->runnable = 0;
    e->timed = 0;
    e->shared_stacks = 0;
    e->steps = 0;
    e->hash = 0;
    e->slice_start = 0;
    e->polled_slice = UINT64_MAX;
    e->alone = 0;
    e->c_calls = 0;
    e->waits = 0;
    e->skipped_ns = 0;
    e->budget =
        config->step_budget != 0 ? config->step_budget : DEFAULT_STEP_BUDGET;
    run->trace_hash = 0;
    run->steps = 0;
    run->nthreads = 0;
    run->switches = 0;
    run->preemptions = 0;
    run->completed = false;
    run->nviolations = 0;
    run->nevents = 0;
    run->allocated = 0;
    FzTape_Clear(&run->tape);
    FzBuf_Clear(&run->output);
    if (config->turns != NULL) {
        config->turns->count = 0;
    }
    FzEngine_UpdateDue();
    FzTarget_Begin(&config->schedule);
    FzShadow_Begin(config->block_budget);
    FzAddress_Begin();
    FzViolation_Begin();
    FzCoverage_Begin();
    FzChoice_Begin();
    if (e->oracles) {
        FzOracle_Begin();
    }
    if (e->races) {
        FzRace_Begin();
    }
    FzWeak_Begin(e->races ? config->schedule.weak_seed : 0);
}

static void
end_run(void)
{
    FzEngine *e = &fz_engine;
    FzRun *run = e->run;
    run->trace_hash = e->hash;
    run->steps = e->steps;
    run->nthreads = e->nthreads;
    FzChoice_End();
    FzTarget_End(run->completed && run->nviolations == 0, run);
    for (uint32_t t = 0; t < e->nthreads; t++) {
        if (!e->threads[t].ended) {
            e->fibers[t].abandoned = true;
        }
    }
    FzFork_End();
    FzShadow_End();
    FzTarget_Ended();
    e->run = NULL;
    e->config = NULL;
}

void
FzEngine_Run(const FzEngineConfig *config, void (*body)(void *), void *arg,
             FzRun *run)
{
    FzEngine *e = &fz_engine;
    FZ_ASSERT(e->initialised);
    FZ_ASSERT(e->run == NULL);
    begin_run(config, run);
    FzEngine_NewThread(body, arg);
    FzTarget_SaveThread(FZ_MAX_THREADS);
    FzTarget_LoadThread(0);
    e->active = true;
    FzFiber_Switch(&e->host, &e->fibers[0]);
    // FzEngine_Stop() comes back here.
    FzTarget_LoadThread(FZ_MAX_THREADS);
    end_run();
}

_Noreturn void
FzEngine_Stop(void)
{
    FzEngine *e = &fz_engine;
    FZ_ASSERT(e->active);
    if (e->ignoring && FzOracle_MayGoOn()) {
        e->ignoring = false;
        FzOracle_GoOn();
    }
    if (e->in_child) {
        FzFork_ExitChild(1);
    }
    e->active = false;
    FzTarget_SaveThread(e->current);
    FzFiber_Leave(&e->fibers[e->current], &e->host);
}

bool
FzEngine_IgnoresAny(void)
{
    return !FzRuleSet_IsEmpty(&fz_engine.config->ignored);
}

bool
FzEngine_Ignores(FzRule rule)
{
    return FzRuleSet_Has(&fz_engine.config->ignored, rule);
}

bool
FzEngine_IsRunning(void)
{
    return fz_engine.active;
}

bool
FzEngine_HasWeakLoads(void)
{
    return fz_weak;
}

uint32_t
FzEngine_CurrentThread(void)
{
    return fz_engine.current;
}

uint64_t
FzEngine_Step(void)
{
    return fz_engine.steps;
}

void
FzRun_Free(FzRun *run)
{
    FzTape_Free(&run->tape);
    FzBuf_Free(&run->output);
    free(run->events);
    *run = (FzRun){0};
}

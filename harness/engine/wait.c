// wait.c: threads that block, and virtual time.

#include "engine_internal.h"

int64_t
FzWait_Now(void)
{
    const FzEngine *e = &fz_engine;
    if (e->config == NULL) {
        return FZ_START_TIME_NS;
    }
    return FZ_START_TIME_NS + e->skipped_ns +
           (int64_t)(e->steps * e->config->schedule.time_step_ns);
}

int64_t
FzWait_EarliestDeadline(void)
{
    const FzEngine *e = &fz_engine;
    int64_t earliest = FZ_NO_DEADLINE;
    for (FzThreadSet rest = e->timed; rest != 0; rest &= rest - 1) {
        int64_t deadline = e->threads[FzThreadSet_First(rest)].deadline_ns;
        if (deadline < earliest) {
            earliest = deadline;
        }
    }
    return earliest;
}

void
FzWait_Wake(uint32_t number, RtWaitResult result)
{
    FzEngine *e = &fz_engine;
    FzThread *thread = &e->threads[number];
    *thread->waits_in &= ~FzThreadSet_Of(number);
    thread->waits_in = NULL;
    thread->deadline_ns = FZ_NO_DEADLINE;
    thread->wait_result = result;
    e->timed &= ~FzThreadSet_Of(number);
    e->runnable |= FzThreadSet_Of(number);
    if (e->recording) {
        FzTrace_Record(FZ_TRACE_WAKE, (uint8_t)result, 0, number);
    }
}

void
FzWait_Reblock(uint32_t number, FzThreadSet *waiters)
{
    FzEngine *e = &fz_engine;
    FZ_ASSERT(FzThreadSet_Has(e->runnable, number));
    FZ_ASSERT(number != e->current);
    e->threads[number].waits_in = waiters;
    *waiters |= FzThreadSet_Of(number);
    e->runnable &= ~FzThreadSet_Of(number);
}

void
FzWait_Expire(void)
{
    FzEngine *e = &fz_engine;
    int64_t now = FzWait_Now();
    for (FzThreadSet rest = e->timed; rest != 0; rest &= rest - 1) {
        uint32_t number = FzThreadSet_First(rest);
        if (e->threads[number].deadline_ns <= now) {
            FzWait_Wake(number, RT_WAIT_TIMEOUT);
        }
    }
}

void
FzWait_SkipToDeadline(void)
{
    FzEngine *e = &fz_engine;
    int64_t left = FzWait_EarliestDeadline() - FzWait_Now();
    if (left > 0) {
        e->skipped_ns += left;
    }
    FzWait_Expire();
    FzEngine_UpdateDue();
}

RtWaitResult
FzWait_Block(FzThreadSet *waiters, int64_t timeout_ns, uint64_t object)
{
    FzEngine *e = &fz_engine;
    uint32_t self = e->current;
    FzThread *thread = &e->threads[self];
    thread->waits_in = waiters;
    thread->wait_order = e->waits++;
    *waiters |= FzThreadSet_Of(self);
    e->runnable &= ~FzThreadSet_Of(self);
    if (timeout_ns > 0) {
        if (__builtin_add_overflow(FzWait_Now(), timeout_ns,
                                   &thread->deadline_ns)) {
            thread->deadline_ns = FZ_NO_DEADLINE - 1;
        }
        e->timed |= FzThreadSet_Of(self);
        FzEngine_UpdateDue();
    }
    if (e->recording) {
        FzTrace_Record(FZ_TRACE_BLOCK, RT_POINT_SEM_WAIT, object,
                       (uint64_t)timeout_ns);
    }
    FzEngine_Block();
    return thread->wait_result;
}

uint32_t
FzWait_First(FzThreadSet waiters)
{
    const FzEngine *e = &fz_engine;
    uint32_t first = FzThreadSet_First(waiters);
    for (FzThreadSet rest = waiters; rest != 0; rest &= rest - 1) {
        uint32_t number = FzThreadSet_First(rest);
        if (e->threads[number].wait_order < e->threads[first].wait_order) {
            first = number;
        }
    }
    return first;
}

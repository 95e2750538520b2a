// world.c: the world of the runtime on fibers: semaphores, threads, virtual
// time, output.
//
// Time is 1 s plus time_step_ns for each point, plus what was skipped while all
// threads waited. Outside a run (start-up of the runtime) nothing blocks.

#include "engine_internal.h"

#include <assert.h>
#include <string.h>

#include "fz_oracle.h"
#include "fz_race.h"

enum { SEMAPHORE_MAGIC = 0x465a534d };

// What RtSemaphore.impl holds.
typedef struct FzSemaphore {
    uint32_t magic;
    uint32_t waiters;           // bit set of blocked threads
    uint64_t count;
    uint64_t number;            // n-th semaphore of the run
    bool interrupted;           // the next wait ends at once
} FzSemaphore;
static_assert(sizeof(FzSemaphore) <= sizeof(RtSemaphore),
              "a semaphore fits the place that the runtime gives it");

// Semaphores of the start-up keep their numbers; those of a run count on.
static struct {
    uint64_t last_number;
    uint64_t permanent;
} semaphores;

static inline FzSemaphore *
semaphore_of(const RtSemaphore *sem)
{
    return (FzSemaphore *)sem;
}

void
FzWorld_Begin(void)
{
    semaphores.last_number = semaphores.permanent;
}

uint64_t
FzWorld_SemaphoreKey(const RtSemaphore *sem)
{
    const FzSemaphore *s = semaphore_of(sem);
    if (s->magic != SEMAPHORE_MAGIC) {
        return FzAddress_EventKey(sem);
    }
    return FZ_KEY_SEMAPHORES + s->number * FZ_KEY_STEP;
}

int64_t
FzWorld_Now(void)
{
    const FzEngine *e = &fz_engine;
    if (e->config == NULL) {
        return FZ_START_TIME_NS;
    }
    return FZ_START_TIME_NS + e->skipped_ns +
           (int64_t)(e->steps * e->config->schedule.time_step_ns);
}

int64_t
FzWorld_EarliestDeadline(void)
{
    const FzEngine *e = &fz_engine;
    int64_t earliest = FZ_NO_DEADLINE;
    for (uint32_t rest = e->timed; rest != 0; rest &= rest - 1) {
        int64_t deadline = e->threads[__builtin_ctz(rest)].deadline_ns;
        if (deadline < earliest) {
            earliest = deadline;
        }
    }
    return earliest;
}

// Makes a blocked thread runnable.
static void
wake(uint32_t number, RtWaitResult result)
{
    FzEngine *e = &fz_engine;
    FzThread *thread = &e->threads[number];
    semaphore_of(thread->waits_on)->waiters &= ~(1u << number);
    thread->waits_on = NULL;
    thread->deadline_ns = FZ_NO_DEADLINE;
    thread->wait_result = result;
    e->timed &= ~(1u << number);
    e->runnable |= 1u << number;
    if (e->recording) {
        FzTrace_Record(FZ_TRACE_WAKE, (uint8_t)result, 0, number);
    }
}

void
FzWorld_ExpireWaits(void)
{
    FzEngine *e = &fz_engine;
    int64_t now = FzWorld_Now();
    for (uint32_t rest = e->timed; rest != 0; rest &= rest - 1) {
        uint32_t number = (uint32_t)__builtin_ctz(rest);
        if (e->threads[number].deadline_ns <= now) {
            wake(number, RT_WAIT_TIMEOUT);
        }
    }
}

void
FzWorld_SkipToDeadline(void)
{
    FzEngine *e = &fz_engine;
    int64_t left = FzWorld_EarliestDeadline() - FzWorld_Now();
    if (left > 0) {
        e->skipped_ns += left;
    }
    FzWorld_ExpireWaits();
    FzEngine_UpdateDue();
}

static void
sem_init(RtSemaphore *sem)
{
    uint64_t number = ++semaphores.last_number;
    if (!fz_engine.active) {
        semaphores.permanent = number;
    }
    if (fz_engine.active && fz_engine.races) {
        // Posts to a semaphore that lay here before order nothing.
        FzRace_ForgetBlock(fz_engine.current, sem, sizeof(*sem));
    }
    memset(sem, 0, sizeof(*sem));
    *semaphore_of(sem) = (FzSemaphore){
        .magic = SEMAPHORE_MAGIC,
        .number = number,
    };
}

static void
sem_destroy(RtSemaphore *sem)
{
    FzSemaphore *s = semaphore_of(sem);
    FZ_ASSERT(!fz_engine.active || s->waiters == 0);
    s->magic = 0;
}

// Blocks the running thread until a post, an interruption or its deadline.
static RtWaitResult
block_on(RtSemaphore *sem, int64_t timeout_ns)
{
    FzEngine *e = &fz_engine;
    uint32_t self = e->current;
    FzThread *thread = &e->threads[self];
    thread->waits_on = sem;
    thread->wait_order = e->waits++;
    semaphore_of(sem)->waiters |= 1u << self;
    e->runnable &= ~(1u << self);
    if (timeout_ns > 0) {
        if (__builtin_add_overflow(FzWorld_Now(), timeout_ns,
                                   &thread->deadline_ns)) {
            thread->deadline_ns = FZ_NO_DEADLINE - 1;
        }
        e->timed |= 1u << self;
        FzEngine_UpdateDue();
    }
    if (e->recording) {
        FzTrace_Record(FZ_TRACE_BLOCK, RT_POINT_SEM_WAIT,
                       FzWorld_SemaphoreKey(sem), (uint64_t)timeout_ns);
    }
    FzEngine_Block();
    return thread->wait_result;
}

static RtWaitResult
sem_wait(RtSemaphore *sem, int64_t timeout_ns)
{
    FzEngine *e = &fz_engine;
    FzSemaphore *s = semaphore_of(sem);
    FZ_ASSERT(s->magic == SEMAPHORE_MAGIC);
    if (s->count > 0) {
        s->count--;
    }
    else if (s->interrupted) {
        s->interrupted = false;
        return RT_WAIT_INTERRUPTED;
    }
    else if (timeout_ns == 0) {
        return RT_WAIT_TIMEOUT;
    }
    else {
        FZ_ASSERT(e->active);   // else nobody could ever post
        RtWaitResult result = block_on(sem, timeout_ns);
        if (result != RT_WAIT_OK) {
            return result;
        }
    }
    if (e->active && e->races) {
        FzRace_Acquire(e->current, sem);
    }
    return RT_WAIT_OK;
}

static uint32_t
first_waiter(const FzSemaphore *s)
{
    const FzEngine *e = &fz_engine;
    uint32_t first = (uint32_t)__builtin_ctz(s->waiters);
    for (uint32_t rest = s->waiters; rest != 0; rest &= rest - 1) {
        uint32_t number = (uint32_t)__builtin_ctz(rest);
        if (e->threads[number].wait_order < e->threads[first].wait_order) {
            first = number;
        }
    }
    return first;
}

static void
sem_post(RtSemaphore *sem)
{
    FzEngine *e = &fz_engine;
    FzSemaphore *s = semaphore_of(sem);
    if (e->active) {
        e->threads[e->current].site = (uintptr_t)__builtin_return_address(0);
        if (e->oracles) {
            FzOracle_Access(e->current, sem, true);
        }
        if (e->races) {
            FzRace_Release(e->current, sem);
        }
    }
    FZ_ASSERT(s->magic == SEMAPHORE_MAGIC);
    if (s->waiters != 0) {
        wake(first_waiter(s), RT_WAIT_OK);
    }
    else {
        s->count++;
    }
}

static void
sem_interrupt(RtSemaphore *sem)
{
    FzSemaphore *s = semaphore_of(sem);
    FZ_ASSERT(s->magic == SEMAPHORE_MAGIC);
    if (s->waiters != 0) {
        wake(first_waiter(s), RT_WAIT_INTERRUPTED);
    }
    else {
        s->interrupted = true;
    }
}

static int
thread_start(void (*func)(void *), void *arg)
{
    FzEngine *e = &fz_engine;
    if (!e->active) {
        return -1;
    }
    uint32_t number = FzEngine_NewThread(func, arg);
    if (number == FZ_NO_THREAD) {
        return -1;
    }
    if (e->races) {
        FzRace_ThreadStart(e->current, number);
    }
    FzEngine_PointFromCompiler(RT_POINT_THREAD_START, NULL,
                               (uintptr_t)__builtin_return_address(0));
    return 0;
}

static uintptr_t
thread_id(void)
{
    return fz_engine.active ? fz_engine.current + 1 : FZ_MAX_THREADS + 1;
}

static void
yield(void)
{
    FzEngine_PointFromCompiler(RT_POINT_YIELD, NULL,
                               (uintptr_t)__builtin_return_address(0));
}

static void
write_output(const char *bytes, size_t length)
{
    if (fz_engine.active) {
        FzBuf_Append(&fz_engine.run->output, bytes, length);
    }
    else {
        fwrite(bytes, 1, length, stdout);
    }
}

const RtWorld fz_world = {
    .sem_init = sem_init,
    .sem_destroy = sem_destroy,
    .sem_wait = sem_wait,
    .sem_post = sem_post,
    .sem_interrupt = sem_interrupt,
    .thread_start = thread_start,
    .thread_id = thread_id,
    .now_ns = FzWorld_Now,
    .yield = yield,
    .write = write_output,
};

// world.c: the world of the runtime on fibers: semaphores, threads, output.
// Outside a run (start-up of the runtime) nothing blocks. Each post is consumed
// before its semaphore ends, and none comes after (invariant M5).

#include "engine_internal.h"

#include <assert.h>
#include <string.h>

#include "fz_oracle.h"
#include "fz_race.h"

enum { SEMAPHORE_MAGIC = 0x465a534d };

// What RtSemaphore.impl holds.
typedef struct FzSemaphore {
    uint32_t magic;
    FzThreadSet waiters;
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
FzTarget_SyncKey(const void *sem)
{
    const FzSemaphore *s = semaphore_of(sem);
    if (s->magic != SEMAPHORE_MAGIC) {
        return FzAddress_EventKey(sem);
    }
    return FZ_KEY_SEMAPHORES + s->number * FZ_KEY_STEP;
}

static void
broken(const char *what)
{
    // At start-up there is nobody to tell.
    FZ_ASSERT(fz_engine.active);
    FzEngine_Violation(FZ_RULE_SEMAPHORE_LIFE, UINT32_MAX, "%s", what);
    FzEngine_Stop();
}

static void
check_alive(const FzSemaphore *s, const char *what)
{
    if (s->magic != SEMAPHORE_MAGIC) {
        broken(what);
    }
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
    check_alive(s, "a semaphore ends twice");
    if (fz_engine.active && (s->waiters != 0 || s->count != 0)) {
        broken(s->waiters != 0 ? "a semaphore ends while a thread waits"
                               : "a semaphore ends with a post left");
    }
    s->magic = 0;
}

static RtWaitResult
sem_wait(RtSemaphore *sem, int64_t timeout_ns)
{
    FzEngine *e = &fz_engine;
    FzSemaphore *s = semaphore_of(sem);
    check_alive(s, "a thread waits on a semaphore that has ended");
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
        RtWaitResult result =
            FzWait_Block(&s->waiters, timeout_ns, FzTarget_SyncKey(sem));
        if (result != RT_WAIT_OK) {
            return result;
        }
    }
    if (e->active && e->races) {
        FzRace_Acquire(e->current, sem);
    }
    return RT_WAIT_OK;
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
    check_alive(s, "a semaphore is posted that has ended");
    if (s->waiters != 0) {
        FzWait_Wake(FzWait_First(s->waiters), RT_WAIT_OK);
    }
    else {
        s->count++;
    }
}

static void
sem_interrupt(RtSemaphore *sem)
{
    FzSemaphore *s = semaphore_of(sem);
    check_alive(s, "a wait on a semaphore that has ended is interrupted");
    if (s->waiters != 0) {
        FzWait_Wake(FzWait_First(s->waiters), RT_WAIT_INTERRUPTED);
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

static _Noreturn void
thread_exit(void)
{
    FZ_ASSERT(fz_engine.active);
    fz_engine.fibers[fz_engine.current].abandoned = true;
    FzEngine_EndThread();
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
    .thread_exit = thread_exit,
    .fork = FzFork_Fork,
    .exit_child = FzFork_ExitChild,
    .wait_child = FzFork_WaitChild,
    .now_ns = FzWait_Now,
    .yield = yield,
    .write = write_output,
    .write_error = write_output,
};

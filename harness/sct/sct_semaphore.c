// sct_semaphore.c: POSIX semaphores, and the futex system call.

#include "sct_internal.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <semaphore.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SITE FZ_SCT_SITE

static int
fail(int error)
{
    errno = error;
    return -1;
}

FZ_SCT_EXPORT int
sem_init(sem_t *sem, int shared, unsigned value)
{
    (void)shared;
    if ((!fz_engine.active && !fz_sct_one_run) || value > SEM_VALUE_MAX) {
        return fail(EINVAL);
    }
    FzSctSync_New(sem, FZ_SCT_SEM)->count = value;
    return 0;
}

FZ_SCT_EXPORT int
sem_destroy(sem_t *sem)
{
    FzSctSync_Destroy(sem, FZ_SCT_SEM);
    return 0;
}

static int
wait_sem(sem_t *sem, int64_t timeout_ns, int timeout_error, uintptr_t site)
{
    FzSct_Point(RT_POINT_SEM_WAIT, sem, site);
    FzSctSync *sync = FzSctSync_Get(sem, FZ_SCT_SEM);
    while (sync->count == 0) {
        if (!FzSctSync_Wait(sync, timeout_ns)) {
            return fail(timeout_error);
        }
    }
    sync->count--;
    if (fz_engine.races) {
        FzRace_Acquire(fz_engine.current, sem);
    }
    return 0;
}

FZ_SCT_EXPORT int
sem_wait(sem_t *sem)
{
    return wait_sem(sem, FZ_SCT_FOREVER, 0, SITE);
}

FZ_SCT_EXPORT int
sem_trywait(sem_t *sem)
{
    return wait_sem(sem, 0, EAGAIN, SITE);
}

FZ_SCT_EXPORT int
sem_timedwait(sem_t *sem, const struct timespec *when)
{
    return wait_sem(sem, FzSctTime_Until(when, true), ETIMEDOUT, SITE);
}

FZ_SCT_EXPORT int
sem_clockwait(sem_t *sem, clockid_t clock, const struct timespec *when)
{
    return wait_sem(sem, FzSctTime_Until(when, clock == CLOCK_REALTIME),
                    ETIMEDOUT, SITE);
}

FZ_SCT_EXPORT int
sem_post(sem_t *sem)
{
    FzSct_Point(RT_POINT_SEM_POST, sem, SITE);
    FzSctSync *sync = FzSctSync_Get(sem, FZ_SCT_SEM);
    if (sync->count == SEM_VALUE_MAX) {
        return fail(EOVERFLOW);
    }
    sync->count++;
    if (fz_engine.races) {
        FzRace_Release(fz_engine.current, sem);
    }
    FzSctSync_WakeAll(sync);
    return 0;
}

FZ_SCT_EXPORT int
sem_getvalue(sem_t *sem, int *value)
{
    FzSct_Point(RT_POINT_LOAD, sem, SITE);
    *value = (int)FzSctSync_Get(sem, FZ_SCT_SEM)->count;
    return 0;
}

// ---------------------------------------------------------------------------
// Futexes: the word is the program's, so its waiters are found by address.

enum { MAX_FUTEXES = 1024 };

static FzSctSync futexes[MAX_FUTEXES];
static uint32_t nfutexes;

void
FzSctFutex_Begin(void)
{
    nfutexes = 0;
}

static FzSctSync *
futex_at(const void *addr)
{
    for (uint32_t i = 0; i < nfutexes; i++) {
        if (futexes[i].addr == addr) {
            return &futexes[i];
        }
    }
    if (nfutexes == MAX_FUTEXES) {
        FzEngine_Violation(FZ_RULE_UNSUPPORTED, UINT32_MAX,
                           "more than %d futex words in one execution",
                           MAX_FUTEXES);
        FzEngine_Stop();
    }
    FzSctSync *futex = &futexes[nfutexes++];
    *futex = (FzSctSync){.kind = FZ_SCT_FUTEX, .addr = addr};
    return futex;
}

static long
wait_futex(uint32_t *word, uint32_t expected, int64_t timeout_ns,
           uintptr_t site)
{
    FzSct_Point(RT_POINT_SEM_WAIT, word, site);
    if (__atomic_load_n(word, __ATOMIC_SEQ_CST) != expected) {
        return fail(EAGAIN);
    }
    if (!FzSctSync_Wait(futex_at(word), timeout_ns)) {
        return fail(ETIMEDOUT);
    }
    return 0;
}

static long
wake_futex(uint32_t *word, uint32_t count, uintptr_t site)
{
    FzSct_Point(RT_POINT_SEM_POST, word, site);
    FzSctSync *futex = futex_at(word);
    long woken = 0;
    while (futex->waiters != 0 && (uint32_t)woken < count) {
        FzSctSync_WakeOne(futex);
        woken++;
    }
    return woken;
}

static long
futex(const long *args, uintptr_t site)
{
    uint32_t *word = (uint32_t *)args[0];
    int flags = (int)args[1];
    uint32_t value = (uint32_t)args[2];
    const struct timespec *time = (const struct timespec *)args[3];
    int64_t timeout_ns = FZ_SCT_FOREVER;
    switch (flags & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
        if (time != NULL) {
            timeout_ns = time->tv_sec * INT64_C(1000000000) + time->tv_nsec;
        }
        return wait_futex(word, value, timeout_ns, site);
    case FUTEX_WAIT_BITSET:
        if (time != NULL) {
            timeout_ns =
                FzSctTime_Until(time, (flags & FUTEX_CLOCK_REALTIME) != 0);
        }
        return wait_futex(word, value, timeout_ns, site);
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET:
        return wake_futex(word, value, site);
    default:
        FzEngine_Violation(FZ_RULE_UNSUPPORTED, UINT32_MAX,
                           "futex operation %d cannot be run under control",
                           flags & FUTEX_CMD_MASK);
        FzEngine_Stop();
    }
}

FZ_SCT_EXPORT long
syscall(long number, ...)
{
    static long (*next)(long, ...);
    long args[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++) {
        args[i] = va_arg(list, long);
    }
    va_end(list);
    if (number == SYS_futex && fz_engine.active) {
        return futex(args, SITE);
    }
    long result;
    if (FzSctProcess_SystemCall(number, args, &result)) {
        return result;
    }
    if (next == NULL) {
        next = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    }
    return next(number, args[0], args[1], args[2], args[3], args[4], args[5]);
}

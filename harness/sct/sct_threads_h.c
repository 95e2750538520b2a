// sct_threads_h.c: the functions of C11's <threads.h>, over those of pthread.h.

#include "sct_internal.h"

#include <errno.h>
#include <pthread.h>
#include <threads.h>
#include <time.h>

#define SITE FZ_SCT_SITE

static int
to_c11(int error)
{
    switch (error) {
    case 0:
        return thrd_success;
    case EBUSY:
        return thrd_busy;
    case ETIMEDOUT:
        return thrd_timedout;
    case ENOMEM:
        return thrd_nomem;
    default:
        return thrd_error;
    }
}

// What a thread returns is an int; the engine's threads return a pointer.
typedef struct Start {
    thrd_start_t function;
    void *arg;
} Start;

static Start starts[FZ_MAX_THREADS];

static void *
start_thread(void *arg)
{
    const Start *start = arg;
    return (void *)(intptr_t)start->function(start->arg);
}

FZ_SCT_EXPORT int
thrd_create(thrd_t *out, thrd_start_t function, void *arg)
{
    uint32_t number = fz_engine.nthreads;
    if (!fz_engine.active || number == FZ_MAX_THREADS) {
        return thrd_error;
    }
    starts[number] = (Start){function, arg};
    *out = (thrd_t)number + 1;
    return to_c11(FzSctThread_Create(start_thread, &starts[number], false,
                                     &number, SITE));
}

FZ_SCT_EXPORT int
thrd_join(thrd_t thread, int *result)
{
    void *value = NULL;
    if (!fz_engine.active || thread == 0) {
        return thrd_error;
    }
    int error = FzSctThread_Join((uint32_t)(thread - 1), &value, SITE);
    if (error == 0 && result != NULL) {
        *result = (int)(intptr_t)value;
    }
    return to_c11(error);
}

FZ_SCT_EXPORT int
thrd_detach(thrd_t thread)
{
    return to_c11(pthread_detach(thread));
}

FZ_SCT_EXPORT thrd_t
thrd_current(void)
{
    return (thrd_t)pthread_self();
}

FZ_SCT_EXPORT _Noreturn void
thrd_exit(int result)
{
    FzSctThread_Exit((void *)(intptr_t)result);
}

FZ_SCT_EXPORT void
thrd_yield(void)
{
    if (fz_engine.active) {
        FzSct_Point(RT_POINT_YIELD, NULL, SITE);
    }
}

// A mtx_t is as large as a pthread_mutex_t, and the engine keeps one number in
// either.
FZ_SCT_EXPORT int
mtx_init(mtx_t *mutex, int type)
{
    if (!fz_engine.active) {
        return thrd_error;
    }
    *mutex = (mtx_t){0};
    FzSctSync *sync = FzSctSync_New(mutex, FZ_SCT_MUTEX);
    sync->type = (type & mtx_recursive) != 0 ? FZ_SCT_RECURSIVE
                                             : FZ_SCT_NORMAL;
    return thrd_success;
}

FZ_SCT_EXPORT void
mtx_destroy(mtx_t *mutex)
{
    if (fz_engine.active) {
        FzSctSync_Destroy(mutex, FZ_SCT_MUTEX);
    }
}

FZ_SCT_EXPORT int
mtx_lock(mtx_t *mutex)
{
    return fz_engine.active
               ? to_c11(FzSctMutex_Lock(mutex, FZ_SCT_FOREVER, SITE))
               : thrd_success;
}

FZ_SCT_EXPORT int
mtx_timedlock(mtx_t *mutex, const struct timespec *when)
{
    return to_c11(FzSctMutex_Lock(mutex, FzSctTime_Until(when, true), SITE));
}

FZ_SCT_EXPORT int
mtx_trylock(mtx_t *mutex)
{
    return to_c11(FzSctMutex_TryLock(mutex, SITE));
}

FZ_SCT_EXPORT int
mtx_unlock(mtx_t *mutex)
{
    return fz_engine.active ? to_c11(FzSctMutex_Unlock(mutex, SITE))
                            : thrd_success;
}

FZ_SCT_EXPORT int
cnd_init(cnd_t *cond)
{
    if (!fz_engine.active) {
        return thrd_error;
    }
    *cond = (cnd_t){0};
    FzSctSync_New(cond, FZ_SCT_COND);
    return thrd_success;
}

FZ_SCT_EXPORT void
cnd_destroy(cnd_t *cond)
{
    if (fz_engine.active) {
        FzSctSync_Destroy(cond, FZ_SCT_COND);
    }
}

FZ_SCT_EXPORT int
cnd_wait(cnd_t *cond, mtx_t *mutex)
{
    return to_c11(FzSctCond_Wait(cond, mutex, FZ_SCT_FOREVER, SITE));
}

FZ_SCT_EXPORT int
cnd_timedwait(cnd_t *cond, mtx_t *mutex, const struct timespec *when)
{
    return to_c11(
        FzSctCond_Wait(cond, mutex, FzSctTime_Until(when, true), SITE));
}

FZ_SCT_EXPORT int
cnd_signal(cnd_t *cond)
{
    return to_c11(FzSctCond_Wake(cond, false, SITE));
}

FZ_SCT_EXPORT int
cnd_broadcast(cnd_t *cond)
{
    return to_c11(FzSctCond_Wake(cond, true, SITE));
}

FZ_SCT_EXPORT void
call_once(once_flag *flag, void (*function)(void))
{
    pthread_once((pthread_once_t *)(void *)flag, function);
}

FZ_SCT_EXPORT int
tss_create(tss_t *key, tss_dtor_t destructor)
{
    return to_c11(pthread_key_create(key, destructor));
}

FZ_SCT_EXPORT void
tss_delete(tss_t key)
{
    pthread_key_delete(key);
}

FZ_SCT_EXPORT void *
tss_get(tss_t key)
{
    return pthread_getspecific(key);
}

FZ_SCT_EXPORT int
tss_set(tss_t key, void *value)
{
    return to_c11(pthread_setspecific(key, value));
}

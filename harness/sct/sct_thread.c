// sct_thread.c: threads of the program: start, end, join, keys.

#include "sct_internal.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <string.h>

enum { MAX_KEYS = 128 };

FzSctThread fz_sct_threads[FZ_MAX_THREADS];

static struct {
    bool used;
    void (*destructor)(void *);
} keys[MAX_KEYS];
static uint32_t nkeys;          // highest in use + 1

static void
reset_thread(uint32_t number)
{
    FzSctThread *thread = &fz_sct_threads[number];
    memset(thread->values, 0, thread->nvalues * sizeof(void *));
    thread->nvalues = 0;
    thread->waits_for = NULL;
    thread->result = NULL;
    thread->cleanups = NULL;
    thread->ended = thread->joined = thread->detached = false;
    thread->join = (FzSctSync){.kind = FZ_SCT_JOIN, .addr = thread};
}

void
FzSctThread_Begin(void)
{
    if (fz_sct_one_run) {
        fz_sct_threads[0].join =
            (FzSctSync){.kind = FZ_SCT_JOIN, .addr = &fz_sct_threads[0]};
        return;
    }
    memset(keys, 0, nkeys * sizeof(keys[0]));
    nkeys = 0;
    reset_thread(0);
}

// Destructors may set values again: repeated as often as POSIX asks for.
static void
destroy_values(FzSctThread *self)
{
    for (int round = 0; round < 4; round++) {
        bool any = false;
        for (uint32_t k = 0; k < self->nvalues; k++) {
            void *value = self->values[k];
            if (value != NULL && keys[k].used && keys[k].destructor != NULL) {
                self->values[k] = NULL;
                any = true;
                keys[k].destructor(value);
            }
        }
        if (!any) {
            break;
        }
    }
}

_Noreturn void
FzSctThread_Exit(void *result)
{
    FzSctThread *self = &fz_sct_threads[fz_engine.current];
    self->result = result;
    if (self->cleanups != NULL) {
        // The handler runs in the frame that pushed it, and comes back by
        // __pthread_unwind_next().
        __pthread_unwind_buf_t *buffer = self->cleanups;
        self->cleanups = buffer->__pad[0];
        siglongjmp((struct __jmp_buf_tag *)(void *)buffer, 1);
    }
    destroy_values(self);
    self->ended = true;
    if (fz_engine.races) {
        FzRace_Release(fz_engine.current, &self->join);
    }
    FzSctSync_WakeAll(&self->join);
    FzEngine_EndThread();
}

static void
thread_main(void *arg)
{
    FzSctThread *self = arg;
    FzSctThread_Exit(self->start(self->arg));
}

int
FzSctThread_Create(void *(*start)(void *), void *arg, bool detached,
                   uint32_t *number, uintptr_t site)
{
    uint32_t child = fz_engine.nthreads;
    if (child == FZ_MAX_THREADS) {
        return EAGAIN;
    }
    reset_thread(child);
    FzSctThread *thread = &fz_sct_threads[child];
    thread->start = start;
    thread->arg = arg;
    thread->detached = detached;
    *number = FzEngine_NewThread(thread_main, thread);
    if (fz_engine.races) {
        FzRace_ThreadStart(fz_engine.current, child);
    }
    FzSct_Point(RT_POINT_THREAD_START, NULL, site);
    return 0;
}

int
FzSctThread_Join(uint32_t number, void **result, uintptr_t site)
{
    if (number >= fz_engine.nthreads) {
        return ESRCH;
    }
    FzSctThread *thread = &fz_sct_threads[number];
    if (thread->detached || thread->joined) {
        return EINVAL;
    }
    if (number == fz_engine.current) {
        return EDEADLK;
    }
    FzSct_Point(RT_POINT_SEM_WAIT, &thread->join, site);
    while (!thread->ended) {
        FzSctSync_Wait(&thread->join, FZ_SCT_FOREVER);
    }
    thread->joined = true;
    if (fz_engine.races) {
        FzRace_Acquire(fz_engine.current, &thread->join);
    }
    if (result != NULL) {
        *result = thread->result;
    }
    return 0;
}

// ---------------------------------------------------------------------------
// What the program calls. A pthread_t is the number of the thread + 1.

FZ_SCT_EXPORT int
pthread_create(pthread_t *out, const pthread_attr_t *attr,
               void *(*start)(void *), void *arg)
{
    if (!fz_engine.active) {
        return EAGAIN;
    }
    int state = PTHREAD_CREATE_JOINABLE;
    if (attr != NULL) {
        pthread_attr_getdetachstate(attr, &state);
    }
    // The new thread may run, and read it, before this call returns.
    *out = (pthread_t)fz_engine.nthreads + 1;
    uint32_t number;
    return FzSctThread_Create(start, arg, state == PTHREAD_CREATE_DETACHED,
                              &number, FZ_SCT_SITE);
}

FZ_SCT_EXPORT int
pthread_join(pthread_t thread, void **result)
{
    if (!fz_engine.active || thread == 0) {
        return ESRCH;
    }
    return FzSctThread_Join((uint32_t)(thread - 1), result, FZ_SCT_SITE);
}

FZ_SCT_EXPORT int
pthread_detach(pthread_t thread)
{
    if (thread == 0 || thread > fz_engine.nthreads) {
        return ESRCH;
    }
    fz_sct_threads[thread - 1].detached = true;
    return 0;
}

FZ_SCT_EXPORT pthread_t
pthread_self(void)
{
    return (pthread_t)fz_engine.current + 1;
}

FZ_SCT_EXPORT _Noreturn void
pthread_exit(void *result)
{
    FZ_ASSERT(fz_engine.active);
    FzSctThread_Exit(result);
}

FZ_SCT_EXPORT void
__pthread_register_cancel(__pthread_unwind_buf_t *buffer)
{
    FzSctThread *self = &fz_sct_threads[fz_engine.current];
    buffer->__pad[0] = self->cleanups;
    self->cleanups = buffer;
}

FZ_SCT_EXPORT void
__pthread_unregister_cancel(__pthread_unwind_buf_t *buffer)
{
    fz_sct_threads[fz_engine.current].cleanups = buffer->__pad[0];
}

FZ_SCT_EXPORT void
__pthread_unwind_next(__pthread_unwind_buf_t *buffer)
{
    (void)buffer;
    FzSctThread_Exit(fz_sct_threads[fz_engine.current].result);
}

// A thread that is cancelled in the middle of a wait is not modelled, and a run
// without it would be another program.
FZ_SCT_EXPORT int
pthread_cancel(pthread_t thread)
{
    (void)thread;
    FzEngine_Violation(FZ_RULE_UNSUPPORTED, UINT32_MAX,
                       "pthread_cancel() cannot be run under control");
    FzEngine_Stop();
}

// ---------------------------------------------------------------------------
// Keys

FZ_SCT_EXPORT int
pthread_key_create(pthread_key_t *key, void (*destructor)(void *))
{
    for (uint32_t k = 0; k < MAX_KEYS; k++) {
        if (!keys[k].used) {
            keys[k].used = true;
            keys[k].destructor = destructor;
            nkeys = k >= nkeys ? k + 1 : nkeys;
            *key = k;
            return 0;
        }
    }
    return EAGAIN;
}

FZ_SCT_EXPORT int
pthread_key_delete(pthread_key_t key)
{
    if (key >= MAX_KEYS || !keys[key].used) {
        return EINVAL;
    }
    keys[key].used = false;
    for (uint32_t t = 0; t < fz_engine.nthreads; t++) {
        fz_sct_threads[t].values[key] = NULL;
    }
    return 0;
}

FZ_SCT_EXPORT void *
pthread_getspecific(pthread_key_t key)
{
    return key < MAX_KEYS ? fz_sct_threads[fz_engine.current].values[key]
                          : NULL;
}

FZ_SCT_EXPORT int
pthread_setspecific(pthread_key_t key, const void *value)
{
    if (key >= MAX_KEYS || !keys[key].used) {
        return EINVAL;
    }
    FzSctThread *self = &fz_sct_threads[fz_engine.current];
    self->values[key] = (void *)value;
    self->nvalues = key >= self->nvalues ? key + 1 : self->nvalues;
    return 0;
}

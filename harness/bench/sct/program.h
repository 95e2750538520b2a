// program.h: what the programs of the benchmark share. Each has one bug; built
// with FIXED it has none. N and other sizes come from programs.txt.

#ifndef FZ_SCT_PROGRAM_H
#define FZ_SCT_PROGRAM_H

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#ifdef FIXED
enum { FIXED_TWIN = 1 };
#else
enum { FIXED_TWIN = 0 };
#endif

#define MUTEX PTHREAD_MUTEX_INITIALIZER
#define COND PTHREAD_COND_INITIALIZER

static inline pthread_t
spawn(void *(*function)(void *), void *arg)
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, function, arg);
    assert(error == 0);
    return thread;
}

static inline void
join(pthread_t thread)
{
    int error = pthread_join(thread, NULL);
    assert(error == 0);
}

static inline void
lock(pthread_mutex_t *mutex)
{
    pthread_mutex_lock(mutex);
}

static inline void
unlock(pthread_mutex_t *mutex)
{
    pthread_mutex_unlock(mutex);
}

// Code of the fixed twin only.
static inline void
lock_if_fixed(pthread_mutex_t *mutex)
{
    if (FIXED_TWIN) {
        pthread_mutex_lock(mutex);
    }
}

static inline void
unlock_if_fixed(pthread_mutex_t *mutex)
{
    if (FIXED_TWIN) {
        pthread_mutex_unlock(mutex);
    }
}

#endif  // FZ_SCT_PROGRAM_H

// races.h: what the programs of the comparison with ThreadSanitizer share. Each
// case is a few threads and what they touch; cases.def says of each whether the
// standard (C23) calls it a data race. A case runs once in a process: all
// variables are what they were before main().

#ifndef FZ_RACES_H
#define FZ_RACES_H

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { RACE_THREADS = 6 };

typedef struct RaceCase {
    void (*threads[RACE_THREADS])(void);    // started, then joined
    void (*body)(void);         // else all that there is
} RaceCase;

// What cases have to share; those that need more have their own.
extern int data, other;
extern atomic_int flag, turn;
extern int *_Atomic pointer;
extern pthread_mutex_t mutex, mutex2;
extern pthread_cond_t cond;
extern pthread_rwlock_t rwlock;

#define SET(value, order) \
    atomic_store_explicit(&flag, value, memory_order_##order)
#define GET(order) atomic_load_explicit(&flag, memory_order_##order)
#define FENCE(order) atomic_thread_fence(memory_order_##order)

// A case of two or three threads, each a block.
#define RACE2(name, first, second) \
    static void name##_first(void) first \
    static void name##_second(void) second \
    extern const RaceCase race_##name; \
    const RaceCase race_##name = {.threads = {name##_first, name##_second}};

#define RACE3(name, first, second, third) \
    static void name##_first(void) first \
    static void name##_second(void) second \
    static void name##_third(void) third \
    extern const RaceCase race_##name; \
    const RaceCase race_##name = { \
        .threads = {name##_first, name##_second, name##_third}};

// A case that starts its threads itself.
#define RACE_BODY(name) \
    static void name##_body(void); \
    extern const RaceCase race_##name; \
    const RaceCase race_##name = {.body = name##_body}; \
    static void name##_body(void)

// A plain read happens for the sake of its value.
static inline void
use(long value)
{
    __asm__ volatile("" : : "r"(value) : "memory");
}

static inline void
use_pointer(const void *value)
{
    __asm__ volatile("" : : "r"(value) : "memory");
}

static inline pthread_t
spawn(void *(*function)(void *), void *arg)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, function, arg) != 0) {
        abort();
    }
    return thread;
}

static inline void
join(pthread_t thread)
{
    pthread_join(thread, NULL);
}

static inline void
lock(pthread_mutex_t *m)
{
    pthread_mutex_lock(m);
}

static inline void
unlock(pthread_mutex_t *m)
{
    pthread_mutex_unlock(m);
}

// Orders nothing.
static inline void
nap(void)
{
    usleep(1000);
}

static inline struct timespec
in_a_while(void)
{
    struct timespec when;
    clock_gettime(CLOCK_REALTIME, &when);
    when.tv_sec++;
    return when;
}

#endif  // FZ_RACES_H

// check.h: what the unit tests of the runtime share: CHECK, and running a
// function on several threads of the world until all have returned.

#ifndef RT_TESTS_CHECK_H
#define RT_TESTS_CHECK_H

#include <stdio.h>
#include <stdlib.h>

#include "rtcore_atomic.h"
#include "rtcore_hooks.h"

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, \
                    #condition); \
            exit(1); \
        } \
    } while (0)

typedef struct CheckThread {
    void (*func)(int index, void *arg);
    void *arg;
    int index;
    int done;                   // atomic; the last thing the thread touches
} CheckThread;

static inline void
CheckThread_Main(void *arg)
{
    CheckThread *thread = arg;
    thread->func(thread->index, thread->arg);
    rt_atomic_store_int(&thread->done, 1);
}

static inline void
CheckThread_Start(CheckThread *thread, void (*func)(int, void *), void *arg,
                  int index)
{
    *thread = (CheckThread){.func = func, .arg = arg, .index = index};
    CHECK(rt_world->thread_start(CheckThread_Main, thread) == 0);
}

// Afterwards the thread touches neither the runtime nor the world.
static inline void
CheckThread_Join(CheckThread *thread)
{
    while (rt_atomic_load_int(&thread->done) == 0) {
        rt_world->yield();
    }
}

enum { CHECK_MAX_THREADS = 8 };

// Runs func(0, arg) … func(count - 1, arg), each on a thread of its own.
static inline void
CheckThread_RunAll(int count, void (*func)(int, void *), void *arg)
{
    CheckThread threads[CHECK_MAX_THREADS];
    CHECK(count <= CHECK_MAX_THREADS);
    for (int i = 0; i < count; i++) {
        CheckThread_Start(&threads[i], func, arg, i);
    }
    for (int i = 0; i < count; i++) {
        CheckThread_Join(&threads[i]);
    }
}

#endif  // RT_TESTS_CHECK_H

// locks.c: an uncontended lock beside pthread_mutex in the same loop.
//
// The ways take turns in rounds; each figure is the median of its rounds.

#include "fz_bench.h"

#include <pthread.h>

#include "bench_clock.h"
#include "fz_exec.h"
#include "rt_critical_section.h"
#include "rt_lock.h"
#include "rt_types.h"
#include "rtcore_object.h"
#include "rtcore_state.h"

enum { ROUNDS = 31, ITERATIONS = 100000 };

static RtMutex mutex;
static RtRawMutex raw_mutex;
static pthread_mutex_t pthread_lock = PTHREAD_MUTEX_INITIALIZER;
static RtObject *first, *second;

static void
use_pthread(void)
{
    pthread_mutex_lock(&pthread_lock);
    pthread_mutex_unlock(&pthread_lock);
}

static void
use_mutex(void)
{
    RtMutex_Lock(&mutex);
    RtMutex_Unlock(&mutex);
}

static void
use_raw_mutex(void)
{
    RtRawMutex_Lock(&raw_mutex);
    RtRawMutex_Unlock(&raw_mutex);
}

static void
use_section(void)
{
    RT_BEGIN_CRITICAL_SECTION(first);
    RT_END_CRITICAL_SECTION();
}

static void
use_section2(void)
{
    RT_BEGIN_CRITICAL_SECTION2(first, second);
    RT_END_CRITICAL_SECTION2();
}

static const struct {
    const char *name;
    void (*use)(void);
} ways[] = {
    {"pthread_mutex", use_pthread},
    {"RtMutex", use_mutex},
    {"RtRawMutex", use_raw_mutex},
    {"critical section", use_section},
    {"critical section of two", use_section2},
};
enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

static double
measure(void (*use)(void))
{
    double start = FzBench_Clock(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < ITERATIONS; i++) {
        use();
        // The loop stays a loop where a section is empty.
        __asm__ volatile("" ::: "memory");
    }
    double end = FzBench_Clock(CLOCK_THREAD_CPUTIME_ID);
    return 1e9 * (end - start) / ITERATIONS;
}

static void *
do_nothing(void *arg)
{
    return arg;
}

// The C library's locks are not atomic in a process that never had a second
// thread.
static void
have_had_threads(void)
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, do_nothing, NULL);
    FZ_ASSERT(error == 0);
    pthread_join(thread, NULL);
}

int
FzBench_Locks(bool json, double seconds, FILE *out)
{
    (void)seconds;
    double ns[WAYS][ROUNDS];
    have_had_threads();
    RtThreadState *tstate = RtRuntime_Start();
    FZ_ASSERT(tstate != NULL);
    first = RtList_New(0);
    second = RtList_New(0);
    FZ_ASSERT(first != NULL && second != NULL);
    for (int round = 0; round < ROUNDS; round++) {
        for (int w = 0; w < WAYS; w++) {
            ns[w][round] = measure(ways[w].use);
        }
    }
    Rt_DECREF(first);
    Rt_DECREF(second);
    RtRuntime_Finish(tstate);
    fprintf(out, json ? "{\"build\": \"%s\", \"nanoseconds\": {"
                      : "lock and unlock, uncontended, one thread; build %s\n",
            FzExec_BuildName());
    double base = 0;
    for (int w = 0; w < WAYS; w++) {
        double median = FzBench_Median(ns[w], ROUNDS);
        base = w == 0 ? median : base;
        if (json) {
            fprintf(out, "%s\"%s\": %.3f", w > 0 ? ", " : "", ways[w].name,
                    median);
        }
        else {
            fprintf(out, "%-26s %8.2f ns %8.2f x pthread_mutex\n",
                    ways[w].name, median, median / base);
        }
    }
    if (json) {
        fprintf(out, "}}\n");
    }
    return 0;
}

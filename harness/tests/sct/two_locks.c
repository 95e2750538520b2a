// two_locks.c: two threads and two locks taken in one order: few orders of
// conflicting events, all of which can be executed.
//
// expect: -
#include <assert.h>
#include <pthread.h>

#include "threads.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t b = PTHREAD_MUTEX_INITIALIZER;
static int counters[2];

static void *
raise_both(void *arg)
{
    pthread_mutex_lock(&a);
    counters[0]++;
    pthread_mutex_lock(&b);
    counters[1]++;
    pthread_mutex_unlock(&b);
    pthread_mutex_unlock(&a);
    return arg;
}

int
main(void)
{
    run_threads(2, raise_both);
    assert(counters[0] == 2 && counters[1] == 2);
    return 0;
}

// counter_fixed.c: the same with a mutex, an atomic, a spin lock and a
// recursive mutex.
//
// expect: -
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

#include "threads.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_spinlock_t spin;
static int counter[3];
static atomic_int atomic;

static void *
raise_counters(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&mutex);
    counter[0]++;
    pthread_mutex_unlock(&mutex);
    pthread_spin_lock(&spin);
    counter[1]++;
    pthread_spin_unlock(&spin);
    pthread_mutex_lock(&recursive);
    pthread_mutex_lock(&recursive);
    counter[2]++;
    pthread_mutex_unlock(&recursive);
    pthread_mutex_unlock(&recursive);
    atomic_fetch_add(&atomic, 1);
    return NULL;
}

int
main(void)
{
    pthread_spin_init(&spin, 0);
    run_threads(3, raise_counters);
    for (int i = 0; i < 3; i++) {
        assert(counter[i] == 3);
    }
    assert(atomic == 3);
    pthread_spin_destroy(&spin);
    return 0;
}

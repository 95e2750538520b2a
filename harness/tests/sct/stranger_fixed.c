// stranger_fixed.c: a mutex that the thread unlocks which has locked it.
//
// expect: -
#include <pthread.h>

#include "threads.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *
lock_and_unlock(void *arg)
{
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    return arg;
}

int
main(void)
{
    run_threads(2, lock_and_unlock);
    return 0;
}

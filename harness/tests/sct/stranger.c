// stranger.c: a mutex that a thread which does not hold it unlocks.
//
// expect: LOCK_MISUSE
#include <pthread.h>

#include "threads.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *
unlock_it(void *arg)
{
    pthread_mutex_unlock(&mutex);
    return arg;
}

int
main(void)
{
    pthread_mutex_lock(&mutex);
    run_threads(1, unlock_it);
    return 0;
}

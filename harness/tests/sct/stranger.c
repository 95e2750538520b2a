// stranger.c: a mutex that a thread which does not hold it unlocks.
//
// expect: LOCK_MISUSE
#include <pthread.h>

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
    pthread_t thread;
    pthread_mutex_lock(&mutex);
    pthread_create(&thread, NULL, unlock_it, NULL);
    pthread_join(thread, NULL);
    return 0;
}

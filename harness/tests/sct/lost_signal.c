// lost_signal.c: a signal sent before the other thread waits, without a
// condition to look at.
//
// expect: LOST_WAKEUP
#include <pthread.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

static void *
wait_for_it(void *arg)
{
    pthread_mutex_lock(&mutex);
    pthread_cond_wait(&cond, &mutex);
    pthread_mutex_unlock(&mutex);
    return arg;
}

int
main(void)
{
    pthread_t waiter;
    pthread_create(&waiter, NULL, wait_for_it, NULL);
    pthread_cond_signal(&cond);
    pthread_join(waiter, NULL);
    return 0;
}

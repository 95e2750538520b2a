// cancel_fixed.c: a thread is asked to stop, and does.
//
// expect: -
#include <pthread.h>
#include <stdatomic.h>

static atomic_int asked;

static void *
stop_if_asked(void *arg)
{
    return atomic_load(&asked) ? NULL : arg;
}

int
main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, stop_if_asked, NULL);
    atomic_store(&asked, 1);
    pthread_join(thread, NULL);
    return 0;
}

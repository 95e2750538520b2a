// cancel.c: a thread is cancelled, which cannot be controlled.
//
// expect: UNSUPPORTED
#include <pthread.h>

static void *
do_nothing(void *arg)
{
    return arg;
}

int
main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, do_nothing, NULL);
    pthread_cancel(thread);
    pthread_join(thread, NULL);
    return 0;
}

// status_fixed.c: a thread that leaves before the others always says 0.
//
// expect: -
#include <pthread.h>
#include <stdlib.h>

static int turn;

static void *
leave(void *arg)
{
    exit(turn == 0 ? 0 : 3);
    return arg;
}

int
main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, leave, NULL);
    pthread_join(thread, NULL);
    return 0;
}

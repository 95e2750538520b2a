// status.c: what exit() says depends on who is first.
//
// expect: EXIT_STATUS
#include <pthread.h>
#include <stdlib.h>

static int turn;

static void *
leave(void *arg)
{
    exit(turn++ == 0 ? 0 : 3);
    return arg;
}

int
main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, leave, NULL);
    turn = 1;
    pthread_join(thread, NULL);
    return 0;
}

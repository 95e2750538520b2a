// race.c: a flag that is not atomic.
//
// expect: DATA_RACE
// options: --races
#include <pthread.h>

int flag;

static void *
set_flag(void *arg)
{
    flag = 1;
    return arg;
}

int
main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, set_flag, NULL);
    int seen = flag;
    pthread_join(thread, NULL);
    return seen & 2;
}

// freed_twice.c: two threads that both think that they are the last.
//
// expect: DOUBLE_FREE
#include <pthread.h>
#include <stdlib.h>

static volatile int users = 2;
static void *block;

static void *
leave(void *arg)
{
    users = users - 1;
    if (users == 0) {
        free(block);
    }
    return arg;
}

int
main(void)
{
    pthread_t x, y;
    block = malloc(16);
    pthread_create(&x, NULL, leave, NULL);
    pthread_create(&y, NULL, leave, NULL);
    pthread_join(x, NULL);
    pthread_join(y, NULL);
    return 0;
}

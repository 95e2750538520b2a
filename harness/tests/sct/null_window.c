// null_window.c: a pointer that is NULL for a moment.
//
// expect: CRASH
#include <pthread.h>

static int value = 1;
static int *volatile pointer = &value;

static void *
blink(void *arg)
{
    pointer = 0;
    pointer = &value;
    return arg;
}

int
main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, blink, NULL);
    int seen = *pointer;
    pthread_join(thread, NULL);
    return seen - 1;
}

// freed_twice.c: two threads that both think that they are the last.
//
// expect: DOUBLE_FREE
#include <stdlib.h>

#include "threads.h"

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
    block = malloc(16);
    run_threads(2, leave);
    return 0;
}

// counter.c: a counter that two threads raise without a lock.
//
// expect: ASSERTION
#include <assert.h>

#include "threads.h"

static int counter;

static void *
raise_counter(void *arg)
{
    (void)arg;
    counter = counter + 1;
    return NULL;
}

int
main(void)
{
    run_threads(2, raise_counter);
    assert(counter == 2);
    return 0;
}

// weak_entry.c: two threads say that they enter and look whether the other has
// said so. With acquire and release both may find that it has not.
//
// expect: ASSERTION
// options: --weak
#include <assert.h>
#include <stdatomic.h>

#include "threads.h"

static atomic_int wants[2];
static int entered[2];

static void *
enter(void *arg)
{
    int self = arg != NULL;
    atomic_store_explicit(&wants[self], 1, memory_order_release);
    entered[self] =
        atomic_load_explicit(&wants[!self], memory_order_acquire) == 0;
    return NULL;
}

int
main(void)
{
    run_threads(2, enter);
    assert(entered[0] + entered[1] < 2);
    return 0;
}

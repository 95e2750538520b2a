// weak_entered.c: two threads say that they enter and look whether the other
// has said so: sequentially consistent, or with a fence between the two, one of
// them finds that it has.
//
// expect: -
// options: --weak
#include <assert.h>
#include <stdatomic.h>

#include "threads.h"

static atomic_int wants[2], fenced[2];
static int entered[2], passed[2];

static void *
enter(void *arg)
{
    int self = arg != NULL;
    atomic_store(&wants[self], 1);
    entered[self] = atomic_load(&wants[!self]) == 0;
    atomic_store_explicit(&fenced[self], 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    passed[self] =
        atomic_load_explicit(&fenced[!self], memory_order_relaxed) == 0;
    return NULL;
}

int
main(void)
{
    run_threads(2, enter);
    assert(entered[0] + entered[1] < 2);
    assert(passed[0] + passed[1] < 2);
    return 0;
}

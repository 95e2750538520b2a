// weak_entry.c: two threads say that they enter and look whether the other has
// said so. With acquire and release both may find that it has not.
//
// expect: ASSERTION
// options: --weak
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

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
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, enter, NULL);
    pthread_create(&threads[1], NULL, enter, threads);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    assert(entered[0] + entered[1] < 2);
    return 0;
}

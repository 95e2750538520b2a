// weak_readers.c: two writers, two readers: with acquire and release the
// readers may disagree which of the writes came first.
//
// expect: ASSERTION
// options: --weak
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_int written[2];
static int only[2];

static void *
write_one(void *arg)
{
    atomic_store_explicit(&written[arg != NULL], 1, memory_order_release);
    return NULL;
}

static void *
read_both(void *arg)
{
    int first = arg != NULL;
    int a = atomic_load_explicit(&written[first], memory_order_acquire);
    int b = atomic_load_explicit(&written[!first], memory_order_acquire);
    only[first] = a == 1 && b == 0;
    return NULL;
}

int
main(void)
{
    pthread_t threads[4];
    pthread_create(&threads[0], NULL, write_one, NULL);
    pthread_create(&threads[1], NULL, write_one, threads);
    pthread_create(&threads[2], NULL, read_both, NULL);
    pthread_create(&threads[3], NULL, read_both, threads);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    assert(only[0] + only[1] < 2);
    return 0;
}

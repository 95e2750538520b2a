// weak_coherent.c: of one object no thread sees an older value after a newer
// one, nor what its own write or that of a thread it waited for replaced; a
// read-modify-write loses nothing; who waits for a value gets it in the end.
//
// expect: -
// options: --weak
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

enum { LAST = 4 };

static atomic_int rising, sum, own;

static void *
raise_it(void *arg)
{
    for (int i = 1; i <= LAST; i++) {
        atomic_store_explicit(&rising, i, memory_order_relaxed);
        atomic_fetch_add_explicit(&sum, 1, memory_order_relaxed);
    }
    return arg;
}

static void *
look(void *arg)
{
    int before = 0;
    for (int i = 0; i < LAST; i++) {
        int now = atomic_load_explicit(&rising, memory_order_relaxed);
        assert(now >= before);
        before = now;
        atomic_fetch_add_explicit(&sum, 1, memory_order_relaxed);
    }
    atomic_store_explicit(&own, 7, memory_order_relaxed);
    assert(atomic_load_explicit(&own, memory_order_relaxed) == 7);
    while (atomic_load_explicit(&rising, memory_order_relaxed) != LAST) {
        sched_yield();
    }
    return arg;
}

int
main(void)
{
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, raise_it, NULL);
    pthread_create(&threads[1], NULL, look, NULL);
    pthread_join(threads[0], NULL);
    assert(atomic_load_explicit(&rising, memory_order_relaxed) == LAST);
    pthread_join(threads[1], NULL);
    assert(atomic_load_explicit(&sum, memory_order_relaxed) == 2 * LAST);
    return 0;
}

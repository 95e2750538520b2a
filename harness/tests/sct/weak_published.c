// weak_published.c: a value is published by a flag that is released and
// acquired, and another by fences: whoever sees the flag sees the value.
//
// expect: -
// options: --weak
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_int value, flag, fenced;

static void *
publish(void *arg)
{
    atomic_store_explicit(&value, 1, memory_order_relaxed);
    atomic_store_explicit(&flag, 1, memory_order_release);
    atomic_store_explicit(&value, 2, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    atomic_store_explicit(&fenced, 1, memory_order_relaxed);
    return arg;
}

// What it learns another thread learns from it.
static void *
pass_on(void *arg)
{
    if (atomic_load_explicit(&fenced, memory_order_relaxed) == 1) {
        atomic_thread_fence(memory_order_acquire);
        atomic_fetch_add_explicit(&fenced, 1, memory_order_release);
    }
    return arg;
}

int
main(void)
{
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, publish, NULL);
    pthread_create(&threads[1], NULL, pass_on, NULL);
    if (atomic_load_explicit(&flag, memory_order_acquire) == 1) {
        assert(atomic_load_explicit(&value, memory_order_relaxed) >= 1);
    }
    if (atomic_load_explicit(&fenced, memory_order_acquire) == 2) {
        assert(atomic_load_explicit(&value, memory_order_relaxed) == 2);
    }
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    assert(atomic_load_explicit(&value, memory_order_relaxed) == 2);
    return 0;
}

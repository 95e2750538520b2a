// weak_publish.c: a value is published by a flag that orders nothing: a thread
// that sees the flag may see no value yet, though never on x86.
//
// expect: ASSERTION
// options: --weak
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_int value, flag;

static void *
publish(void *arg)
{
    atomic_store_explicit(&value, 1, memory_order_relaxed);
    atomic_store_explicit(&flag, 1, memory_order_relaxed);
    return arg;
}

int
main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, publish, NULL);
    if (atomic_load_explicit(&flag, memory_order_acquire) == 1) {
        assert(atomic_load_explicit(&value, memory_order_relaxed) == 1);
    }
    pthread_join(thread, NULL);
    return 0;
}

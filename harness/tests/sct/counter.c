// counter.c: a counter that two threads raise without a lock.
//
// expect: ASSERTION
#include <assert.h>
#include <pthread.h>

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
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        pthread_create(&threads[i], NULL, raise_counter, NULL);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    assert(counter == 2);
    return 0;
}

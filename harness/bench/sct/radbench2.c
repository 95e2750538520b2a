// radbench2.c: a collector waits until no other thread is in a request; one
// that ends a request while the collector counts does not wake it
// (radbench.bug2).

#include "program.h"

enum { THREADS = 2 };

static pthread_mutex_t mutex = MUTEX;
static pthread_cond_t request_done = COND;
static int requests;
static bool collecting;

static void *
run_request(void *arg)
{
    lock(&mutex);
    requests++;
    unlock(&mutex);
    lock(&mutex);
    requests--;
    if (FIXED_TWIN || collecting) {
        pthread_cond_broadcast(&request_done);
    }
    unlock(&mutex);
    return arg;
}

static void *
collect(void *arg)
{
    lock(&mutex);
    while (requests > 0) {
        pthread_cond_wait(&request_done, &mutex);
        // Set only once it has waited.
        collecting = true;
    }
    unlock(&mutex);
    return arg;
}

int
main(void)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        threads[i] = spawn(run_request, NULL);
    }
    pthread_t collector = spawn(collect, NULL);
    for (int i = 0; i < THREADS; i++) {
        join(threads[i]);
    }
    join(collector);
    return 0;
}

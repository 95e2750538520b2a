// streamcluster.c: a barrier of the program's own, used again and again: its
// counter is reset by the last to leave, after others may have come back
// (parsec.streamcluster).

#include "program.h"

enum { THREADS = 3, ROUNDS = 2 };

static pthread_mutex_t mutex = MUTEX;
static pthread_cond_t all_there = COND;
static int arrived, generation;
static int phase[THREADS];

static void
wait_for_all(void)
{
    lock(&mutex);
    arrived++;
    if (FIXED_TWIN) {
        int mine = generation;
        if (arrived == THREADS) {
            arrived = 0;
            generation++;
            pthread_cond_broadcast(&all_there);
        }
        while (mine == generation) {
            pthread_cond_wait(&all_there, &mutex);
        }
    }
    else if (arrived < THREADS) {
        pthread_cond_wait(&all_there, &mutex);
    }
    else {
        pthread_cond_broadcast(&all_there);
        unlock(&mutex);
        lock(&mutex);
        arrived = 0;
    }
    unlock(&mutex);
}

static void *
work(void *arg)
{
    int self = (int)(long)arg;
    for (int i = 1; i <= ROUNDS; i++) {
        __atomic_store_n(&phase[self], i, __ATOMIC_SEQ_CST);
        wait_for_all();
        for (int t = 0; t < THREADS; t++) {
            assert(__atomic_load_n(&phase[t], __ATOMIC_SEQ_CST) >= i);
        }
        wait_for_all();
    }
    return NULL;
}

int
main(void)
{
    pthread_t threads[THREADS];
    for (long i = 0; i < THREADS; i++) {
        threads[i] = spawn(work, (void *)i);
    }
    for (int i = 0; i < THREADS; i++) {
        join(threads[i]);
    }
    return 0;
}

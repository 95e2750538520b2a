// cost.c: plain accesses in a loop, for what a detector adds to each.
//
//   cost THREADS ROUNDS LOCK: each thread reads 512 words and writes 512,
//   ROUNDS times; with LOCK not 0 under a mutex, a round at a time, and they
//   share the words. 0 threads: the first thread does it, alone.

#include "races.h"

enum { WORDS = 512, MAX_THREADS = 4 };

int data, other;
pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long words[MAX_THREADS][WORDS];
static long rounds;
static bool locked;

static void *
work(void *arg)
{
    long *mine = words[locked ? 0 : (long)arg];
    for (long r = 0; r < rounds; r++) {
        if (locked) {
            lock(&mutex);
        }
        for (int i = 0; i < WORDS; i++) {
            mine[i] = mine[WORDS - 1 - i] + 1;
        }
        if (locked) {
            unlock(&mutex);
        }
    }
    return NULL;
}

int
main(int argc, char **argv)
{
    long nthreads = argc > 1 ? atol(argv[1]) : 1;
    rounds = argc > 2 ? atol(argv[2]) : 1;
    locked = argc > 3 && atol(argv[3]) != 0;
    pthread_t threads[MAX_THREADS];
    if (nthreads == 0) {
        work(NULL);
    }
    for (long i = 0; i < nthreads && i < MAX_THREADS; i++) {
        threads[i] = spawn(work, (void *)i);
    }
    for (long i = 0; i < nthreads && i < MAX_THREADS; i++) {
        join(threads[i]);
    }
    return 0;
}

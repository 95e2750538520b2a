// threads.h: threads that all do the same, from the first that starts to the
// last that ends.

#ifndef THREADS_H
#define THREADS_H

#include <pthread.h>
#include <stdint.h>

enum { MOST_THREADS = 4 };

// The argument of each is its number, from 0.
static inline void
run_threads(int count, void *(*work)(void *))
{
    pthread_t threads[MOST_THREADS];
    for (int i = 0; i < count; i++) {
        pthread_create(&threads[i], NULL, work, (void *)(intptr_t)i);
    }
    for (int i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
    }
}

#endif  // THREADS_H

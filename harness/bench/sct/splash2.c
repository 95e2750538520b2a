// splash2.c: workers of a numeric program meet at a counter that stands in for
// a barrier, and the main thread reads the result without waiting for the
// last. KERNEL 1: particles (splash2.barnes). 2: a transform (splash2.fft). 3:
// a factorisation (splash2.lu).

#include "program.h"

enum { WORKERS = 2, SIZE = 4 };

static pthread_mutex_t mutex = MUTEX;
static atomic_int done;
static long cells[SIZE * SIZE];

static void
move_particles(int self)
{
    for (int i = self; i < SIZE; i += WORKERS) {
        cells[i] += 1 + i;
    }
}

static void
transform(int self)
{
    for (int i = self; i < SIZE; i += WORKERS) {
        for (int k = 0; k < SIZE; k++) {
            cells[i] += (i * k) % SIZE;
        }
        cells[i] += 1;
    }
}

static void
factorise(int self)
{
    for (int row = self; row < SIZE; row += WORKERS) {
        for (int column = 0; column < SIZE; column++) {
            cells[row * SIZE + column] += row == column ? 2 : 1;
        }
    }
}

static void *
work(void *arg)
{
    int self = (int)(long)arg;
    if (KERNEL == 1) {
        move_particles(self);
    }
    else if (KERNEL == 2) {
        transform(self);
    }
    else {
        factorise(self);
    }
    lock(&mutex);
    atomic_fetch_add(&done, 1);
    unlock(&mutex);
    return NULL;
}

int
main(void)
{
    pthread_t threads[WORKERS];
    for (long i = 0; i < WORKERS; i++) {
        threads[i] = spawn(work, (void *)i);
    }
    // One is enough, it is thought.
    int enough = FIXED_TWIN ? WORKERS : WORKERS - 1;
    while (atomic_load(&done) < enough) {
    }
    int n = KERNEL == 3 ? SIZE * SIZE : SIZE;
    for (int i = 0; i < n; i++) {
        assert(cells[i] != 0);
    }
    for (int i = 0; i < WORKERS; i++) {
        join(threads[i]);
    }
    return 0;
}

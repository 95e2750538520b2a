// arithmetic_prog.c: one thread produces numbers, the other sums them up; the
// sum is checked before the last is in (CS.arithmetic_prog).

#include "program.h"

enum { LAST = 4 };

static pthread_mutex_t mutex = MUTEX;
static pthread_cond_t empty = COND, full = COND;
static int slot;
static int total;
static bool done;

static void *
produce(void *arg)
{
    for (int i = 1; i <= LAST; i++) {
        lock(&mutex);
        while (slot != 0) {
            pthread_cond_wait(&empty, &mutex);
        }
        slot = i;
        if (!FIXED_TWIN && i == LAST) {
            done = true;
        }
        pthread_cond_signal(&full);
        unlock(&mutex);
    }
    return arg;
}

static void *
consume(void *arg)
{
    for (int i = 1; i <= LAST; i++) {
        lock(&mutex);
        while (slot == 0) {
            pthread_cond_wait(&full, &mutex);
        }
        total += slot;
        slot = 0;
        if (FIXED_TWIN && i == LAST) {
            done = true;
        }
        pthread_cond_signal(&empty);
        unlock(&mutex);
    }
    return arg;
}

int
main(void)
{
    pthread_t a = spawn(produce, NULL);
    pthread_t b = spawn(consume, NULL);
    lock(&mutex);
    if (done) {
        assert(total == LAST * (LAST + 1) / 2);
    }
    unlock(&mutex);
    join(a);
    join(b);
    return 0;
}

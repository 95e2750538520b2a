// din_phil.c: N philosophers, each takes the fork on the left first
// (CS.din_philN).

#include "program.h"

static pthread_mutex_t forks[N];
static int meals;

static void *
dine(void *arg)
{
    long i = (long)arg;
    pthread_mutex_t *left = &forks[i];
    pthread_mutex_t *right = &forks[(i + 1) % N];
    bool last = FIXED_TWIN && i == N - 1;
    lock(last ? right : left);
    lock(last ? left : right);
    __atomic_fetch_add(&meals, 1, __ATOMIC_SEQ_CST);
    unlock(left);
    unlock(right);
    return NULL;
}

int
main(void)
{
    pthread_t threads[N];
    for (long i = 0; i < N; i++) {
        pthread_mutex_init(&forks[i], NULL);
    }
    for (long i = 0; i < N; i++) {
        threads[i] = spawn(dine, (void *)i);
    }
    for (int i = 0; i < N; i++) {
        join(threads[i]);
    }
    assert(meals == N);
    return 0;
}

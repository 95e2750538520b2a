// wronglock.c: N threads guard a variable with one lock, another thread with
// another (CS.wronglock, wronglock_3).

#include "program.h"

static pthread_mutex_t data_lock = MUTEX, other_lock = MUTEX;
static int data;

static void *
raise_and_look(void *arg)
{
    lock(&data_lock);
    int before = data;
    data = before + 1;
    assert(data == before + 1);
    unlock(&data_lock);
    return arg;
}

static void *
raise_it(void *arg)
{
    pthread_mutex_t *mutex = FIXED_TWIN ? &data_lock : &other_lock;
    lock(mutex);
    data = data + 1;
    unlock(mutex);
    return arg;
}

int
main(void)
{
    pthread_t threads[N + 1];
    for (int i = 0; i < N; i++) {
        threads[i] = spawn(raise_and_look, NULL);
    }
    threads[N] = spawn(raise_it, NULL);
    for (int i = 0; i <= N; i++) {
        join(threads[i]);
    }
    assert(data == N + 1);
    return 0;
}

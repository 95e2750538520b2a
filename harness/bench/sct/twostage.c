// twostage.c: N - 1 threads change two variables under a lock each, one thread
// reads both and finds a pair between the stages (CS.twostage, twostage_100).

#include "program.h"

static pthread_mutex_t first_lock = MUTEX, second_lock = MUTEX;
static pthread_mutex_t both = MUTEX;
static int first, second;

static void *
advance(void *arg)
{
    lock_if_fixed(&both);
    lock(&first_lock);
    first = 1;
    unlock(&first_lock);
    lock(&second_lock);
    second = first + 1;
    unlock(&second_lock);
    unlock_if_fixed(&both);
    return arg;
}

static void *
look(void *arg)
{
    lock_if_fixed(&both);
    lock(&first_lock);
    int seen = first;
    unlock(&first_lock);
    lock(&second_lock);
    int then = second;
    unlock(&second_lock);
    unlock_if_fixed(&both);
    assert(seen == 0 || then == seen + 1);
    return arg;
}

int
main(void)
{
    pthread_t threads[N];
    for (int i = 0; i < N - 1; i++) {
        threads[i] = spawn(advance, NULL);
    }
    threads[N - 1] = spawn(look, NULL);
    for (int i = 0; i < N; i++) {
        join(threads[i]);
    }
    return 0;
}

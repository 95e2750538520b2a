// reorder.c: N - 1 threads set two variables one after the other, the last
// looks at both (CS.reorder_N).

#include "program.h"

static pthread_mutex_t mutex = MUTEX;
static int a, b;

static void *
set(void *arg)
{
    lock_if_fixed(&mutex);
    a = 1;
    b = -1;
    unlock_if_fixed(&mutex);
    return arg;
}

static void *
check(void *arg)
{
    lock_if_fixed(&mutex);
    int seen_a = a;
    int seen_b = b;
    unlock_if_fixed(&mutex);
    assert((seen_a == 0 && seen_b == 0) || (seen_a == 1 && seen_b == -1));
    return arg;
}

int
main(void)
{
    pthread_t threads[N];
    for (int i = 0; i < N - 1; i++) {
        threads[i] = spawn(set, NULL);
    }
    threads[N - 1] = spawn(check, NULL);
    for (int i = 0; i < N; i++) {
        join(threads[i]);
    }
    return 0;
}

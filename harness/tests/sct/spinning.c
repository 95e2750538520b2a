// spinning.c: a thread that spins until another has stored: no livelock under
// any strategy.
//
// expect: -
#include <pthread.h>
#include <stdatomic.h>

static atomic_int flag;

static void *
set_flag(void *arg)
{
    atomic_store(&flag, 1);
    return arg;
}

int
main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, set_flag, NULL);
    while (atomic_load(&flag) == 0) {
    }
    pthread_join(thread, NULL);
    return 0;
}

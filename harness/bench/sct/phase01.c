// phase01.c: two phases, and a lock that the second never gives back
// (CS.phase01).

#include "program.h"

static pthread_mutex_t x = MUTEX, y = MUTEX;
static int lock_status;

static void *
run_phases(void *arg)
{
    lock(&x);
    lock(&y);
    lock_status++;
    unlock(&y);
    lock(&y);
    lock_status--;
    unlock_if_fixed(&y);
    unlock(&x);
    return arg;
}

int
main(void)
{
    pthread_t a = spawn(run_phases, NULL);
    pthread_t b = spawn(run_phases, NULL);
    join(a);
    join(b);
    return 0;
}

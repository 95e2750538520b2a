// deadlock01.c: two locks in opposite orders (CS.deadlock01).

#include "program.h"

static pthread_mutex_t a = MUTEX, b = MUTEX;
static int counter = 1;

static void *
first(void *arg)
{
    lock(&a);
    lock(&b);
    counter++;
    unlock(&b);
    unlock(&a);
    return arg;
}

static void *
second(void *arg)
{
    lock(FIXED_TWIN ? &a : &b);
    lock(FIXED_TWIN ? &b : &a);
    counter--;
    unlock(&a);
    unlock(&b);
    return arg;
}

int
main(void)
{
    pthread_t x = spawn(first, NULL);
    pthread_t y = spawn(second, NULL);
    join(x);
    join(y);
    assert(counter == 1);
    return 0;
}

// lazy01.c: a check that both others have come before it never holds, it is
// thought (CS.lazy01).

#include "program.h"

static pthread_mutex_t mutex = MUTEX;
static int data;

static void *
add_one(void *arg)
{
    lock(&mutex);
    data++;
    unlock(&mutex);
    return arg;
}

static void *
add_two(void *arg)
{
    lock(&mutex);
    data += 2;
    unlock(&mutex);
    return arg;
}

static void *
check(void *arg)
{
    lock(&mutex);
    assert(data < 3 + FIXED_TWIN);
    unlock(&mutex);
    return arg;
}

int
main(void)
{
    pthread_t a = spawn(add_one, NULL);
    pthread_t b = spawn(add_two, NULL);
    pthread_t c = spawn(check, NULL);
    join(a);
    join(b);
    join(c);
    return 0;
}

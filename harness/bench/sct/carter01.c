// carter01.c: two groups of threads share a resource, the first of a group
// takes it and the last gives it back; one group waits for it holding the lock
// that the other needs to give it back (CS.carter01).

#include "program.h"

static pthread_mutex_t count = MUTEX, other_count = MUTEX, resource = MUTEX;
static int first, second;

static void
enter(int *members, pthread_mutex_t *guard)
{
    lock(guard);
    if (++*members == 1) {
        lock(&resource);
    }
    unlock(guard);
}

static void
leave(int *members, pthread_mutex_t *guard)
{
    lock(guard);
    if (--*members == 0) {
        unlock(&resource);
    }
    unlock(guard);
}

static void *
in_first(void *arg)
{
    enter(&first, &count);
    leave(&first, &count);
    return arg;
}

static void *
in_second(void *arg)
{
    pthread_mutex_t *guard = FIXED_TWIN ? &other_count : &count;
    enter(&second, guard);
    leave(&second, guard);
    return arg;
}

static void *
idle(void *arg)
{
    return arg;
}

int
main(void)
{
    pthread_t threads[4] = {
        spawn(in_first, NULL), spawn(in_second, NULL), spawn(idle, NULL),
        spawn(idle, NULL),
    };
    for (int i = 0; i < 4; i++) {
        join(threads[i]);
    }
    return 0;
}

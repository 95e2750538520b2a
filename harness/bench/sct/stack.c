// stack.c: whoever pops trusts a flag that says that something was pushed once
// (CS.stack).

#include "program.h"

enum { SIZE = 10 };

static pthread_mutex_t mutex = MUTEX;
static int top;
static int items[SIZE];
static bool pushed;

static void *
push_all(void *arg)
{
    for (int i = 0; i < SIZE; i++) {
        lock(&mutex);
        assert(top < SIZE);
        items[top++] = i;
        pushed = true;
        unlock(&mutex);
    }
    return arg;
}

static void *
pop_all(void *arg)
{
    for (int i = 0; i < SIZE; i++) {
        lock(&mutex);
        if (FIXED_TWIN ? top > 0 : pushed) {
            assert(top > 0);
            top--;
        }
        unlock(&mutex);
    }
    return arg;
}

int
main(void)
{
    pthread_t a = spawn(push_all, NULL);
    pthread_t b = spawn(pop_all, NULL);
    join(a);
    join(b);
    return 0;
}

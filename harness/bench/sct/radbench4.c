// radbench4.c: a library initialises itself when first used: the flag is set
// before the work is done (radbench.bug4).

#include "program.h"

enum { THREADS = 3 };

static pthread_mutex_t mutex = MUTEX;
static bool initialised;
static int *table;

static void
initialise(void)
{
    lock_if_fixed(&mutex);
    if (!initialised) {
        if (FIXED_TWIN) {
            table = calloc(THREADS, sizeof(int));
        }
        initialised = true;
        if (!FIXED_TWIN) {
            table = calloc(THREADS, sizeof(int));
        }
    }
    unlock_if_fixed(&mutex);
}

static void *
use(void *arg)
{
    int self = (int)(long)arg;
    initialise();
    table[self] = self;
    assert(table[self] == self);
    return NULL;
}

int
main(void)
{
    pthread_t threads[THREADS];
    for (long i = 0; i < THREADS; i++) {
        threads[i] = spawn(use, (void *)i);
    }
    for (int i = 0; i < THREADS; i++) {
        join(threads[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        assert(table[i] == i);
    }
    return 0;
}

// radbench6.c: a monitor remembers its owner to let it enter again; the owner
// is cleared after the mutex has been given back (radbench.bug6).

#include "program.h"

enum { THREADS = 2, ROUNDS = 2 };

static pthread_mutex_t mutex = MUTEX;
static atomic_long owner;       // thread number; 0: none
static int depth;

static void
enter(long self)
{
    if (atomic_load(&owner) != self) {
        lock(&mutex);
        atomic_store(&owner, self);
    }
    depth++;
}

static void
leave(void)
{
    depth--;
    if (depth == 0) {
        if (FIXED_TWIN) {
            atomic_store(&owner, 0);
            unlock(&mutex);
        }
        else {
            unlock(&mutex);
            atomic_store(&owner, 0);
        }
    }
}

static void *
work(void *arg)
{
    long self = (long)arg;
    for (int i = 0; i < ROUNDS; i++) {
        enter(self);
        enter(self);
        assert(atomic_load(&owner) == self);
        leave();
        leave();
    }
    return NULL;
}

int
main(void)
{
    pthread_t threads[THREADS];
    for (long i = 0; i < THREADS; i++) {
        threads[i] = spawn(work, (void *)(i + 1));
    }
    for (int i = 0; i < THREADS; i++) {
        join(threads[i]);
    }
    assert(depth == 0);
    return 0;
}

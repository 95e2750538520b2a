// token_ring.c: each thread copies its neighbour's token; equal tokens are
// presumed before all have copied (CS.token_ring).

#include "program.h"

static pthread_mutex_t mutex = MUTEX;
static int tokens[4] = {1, 2, 1, 2};
static bool moved[4];

static void *
move(void *arg)
{
    long i = (long)arg;
    lock(&mutex);
    tokens[i] = i == 0 ? (tokens[3] + 1) % 4 : tokens[i - 1];
    moved[i] = true;
    unlock(&mutex);
    return NULL;
}

static void *
check(void *arg)
{
    lock(&mutex);
    bool all = moved[0] && moved[1] && moved[2] && moved[3];
    if (all) {
        // True only if they moved in order.
        assert(FIXED_TWIN || (tokens[0] == tokens[1] &&
                              tokens[1] == tokens[2] &&
                              tokens[2] == tokens[3]));
    }
    unlock(&mutex);
    return arg;
}

int
main(void)
{
    pthread_t threads[4];
    for (long i = 0; i < 4; i++) {
        threads[i] = spawn(move, (void *)i);
    }
    pthread_t checker = spawn(check, NULL);
    for (int i = 0; i < 4; i++) {
        join(threads[i]);
    }
    join(checker);
    return 0;
}

// radbench3.c: a title lock is claimed by a thread that waits for its owner to
// share it, while the owner waits for the lock that the claimer holds
// (radbench.bug3).

#include "program.h"

enum { CLAIMERS = 2 };

static pthread_mutex_t runtime_lock = MUTEX, title_lock = MUTEX;
static pthread_cond_t shared_cond = COND;
static bool shared;
static int claims;

static void *
own(void *arg)
{
    lock(&runtime_lock);
    lock(&title_lock);
    shared = true;
    pthread_cond_broadcast(&shared_cond);
    unlock(&title_lock);
    unlock(&runtime_lock);
    return arg;
}

static void *
claim(void *arg)
{
    if (!FIXED_TWIN) {
        lock(&runtime_lock);
    }
    lock(&title_lock);
    while (!shared) {
        pthread_cond_wait(&shared_cond, &title_lock);
    }
    claims++;
    unlock(&title_lock);
    if (!FIXED_TWIN) {
        unlock(&runtime_lock);
    }
    return arg;
}

int
main(void)
{
    pthread_t owner = spawn(own, NULL);
    pthread_t threads[CLAIMERS];
    for (int i = 0; i < CLAIMERS; i++) {
        threads[i] = spawn(claim, NULL);
    }
    join(owner);
    for (int i = 0; i < CLAIMERS; i++) {
        join(threads[i]);
    }
    assert(claims == CLAIMERS);
    return 0;
}

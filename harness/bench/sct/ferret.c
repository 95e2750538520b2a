// ferret.c: a pipeline: the last stage is told that the input has ended, and
// leaves although a middle stage still works on an item (parsec.ferret).

#include "program.h"

enum { ITEMS = 3, WORKERS = 2 };

static pthread_mutex_t mutex = MUTEX;
static pthread_cond_t changed = COND;
static int first, middle, out, in_work;
static bool ended;

static void *
load(void *arg)
{
    for (int i = 0; i < ITEMS; i++) {
        lock(&mutex);
        first++;
        pthread_cond_broadcast(&changed);
        unlock(&mutex);
    }
    lock(&mutex);
    ended = true;
    pthread_cond_broadcast(&changed);
    unlock(&mutex);
    return arg;
}

static void *
extract(void *arg)
{
    for (;;) {
        lock(&mutex);
        while (first == 0 && !ended) {
            pthread_cond_wait(&changed, &mutex);
        }
        if (first == 0) {
            unlock(&mutex);
            return arg;
        }
        first--;
        in_work++;
        unlock(&mutex);
        lock(&mutex);
        in_work--;
        middle++;
        pthread_cond_broadcast(&changed);
        unlock(&mutex);
    }
}

static void *
write_out(void *arg)
{
    lock(&mutex);
    for (;;) {
        while (middle > 0) {
            middle--;
            out++;
        }
        if (ended && first == 0 && (!FIXED_TWIN || in_work == 0)) {
            break;
        }
        pthread_cond_wait(&changed, &mutex);
    }
    unlock(&mutex);
    return arg;
}

int
main(void)
{
    pthread_t loader = spawn(load, NULL);
    pthread_t workers[WORKERS];
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = spawn(extract, NULL);
    }
    pthread_t writer = spawn(write_out, NULL);
    join(loader);
    for (int i = 0; i < WORKERS; i++) {
        join(workers[i]);
    }
    join(writer);
    assert(out == ITEMS);
    return 0;
}

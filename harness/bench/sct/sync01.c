// sync01.c: producer and consumer wait for each other's condition, and one of
// them signals the wrong one (CS.sync01).

#include "program.h"

static pthread_mutex_t mutex = MUTEX;
static pthread_cond_t empty = COND, full = COND;
static int number;

static void *
produce(void *arg)
{
    lock(&mutex);
    while (number > 0) {
        pthread_cond_wait(&empty, &mutex);
    }
    number++;
    pthread_cond_signal(FIXED_TWIN ? &full : &empty);
    unlock(&mutex);
    return arg;
}

static void *
consume(void *arg)
{
    lock(&mutex);
    while (number == 0) {
        pthread_cond_wait(&full, &mutex);
    }
    number--;
    pthread_cond_signal(&empty);
    unlock(&mutex);
    return arg;
}

int
main(void)
{
    pthread_t a = spawn(produce, NULL);
    pthread_t b = spawn(consume, NULL);
    join(a);
    join(b);
    return 0;
}

// queue.c: the consumer takes as many as the producer promised, not as many as
// there are (CS.queue).

#include "program.h"

enum { SIZE = 20 };

static pthread_mutex_t mutex = MUTEX;
static int elements[SIZE], stored[SIZE];
static int head, tail, amount;
static bool enqueued, dequeued;

static void
put(int value)
{
    elements[tail++] = value;
    amount++;
}

static int
get(void)
{
    if (amount == 0) {
        return -1;
    }
    amount--;
    return elements[head++];
}

static void *
enqueue_all(void *arg)
{
    lock(&mutex);
    put(0);
    stored[0] = 0;
    unlock(&mutex);
    for (int i = 1; i < SIZE; i++) {
        lock(&mutex);
        if (dequeued) {
            unlock(&mutex);
            break;
        }
        put(i);
        stored[i] = i;
        enqueued = true;
        unlock(&mutex);
    }
    return arg;
}

static void *
dequeue_all(void *arg)
{
    for (int i = 0; i < SIZE; i++) {
        lock(&mutex);
        if (enqueued && (!FIXED_TWIN || amount > 0)) {
            assert(get() == stored[i] && amount >= 0);
            dequeued = true;
        }
        else {
            unlock(&mutex);
            break;
        }
        unlock(&mutex);
    }
    return arg;
}

int
main(void)
{
    pthread_t a = spawn(enqueue_all, NULL);
    pthread_t b = spawn(dequeue_all, NULL);
    join(a);
    join(b);
    return 0;
}

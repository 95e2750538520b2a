// sync02.c: the same with several items; the consumer looks once where it
// should look again (CS.sync02).

#include "program.h"

enum { ITEMS = 3 };

static pthread_mutex_t mutex = MUTEX;
static pthread_cond_t changed = COND;
static int number;

static void *
produce(void *arg)
{
    for (int i = 0; i < ITEMS; i++) {
        lock(&mutex);
        number++;
        pthread_cond_broadcast(&changed);
        unlock(&mutex);
    }
    return arg;
}

static void *
consume(void *arg)
{
    for (int i = 0; i < ITEMS; i++) {
        lock(&mutex);
        bool again = FIXED_TWIN;
        if (number == 0) {
            do {
                pthread_cond_wait(&changed, &mutex);
            } while (again && number == 0);
        }
        assert(number > 0);
        number--;
        unlock(&mutex);
    }
    return arg;
}

int
main(void)
{
    pthread_t producers[2] = {spawn(produce, NULL), spawn(produce, NULL)};
    pthread_t consumers[2] = {spawn(consume, NULL), spawn(consume, NULL)};
    for (int i = 0; i < 2; i++) {
        join(producers[i]);
        join(consumers[i]);
    }
    return 0;
}

// aget.c: threads download parts of a file and add up what has come; whoever
// saves the state on an interrupt reads the parts and the sum at different
// moments (CB.aget-bug2).

#include "program.h"

enum { PARTS = 3, CHUNKS = 3, CHUNK = 100 };

static pthread_mutex_t mutex = MUTEX;
static int offset[PARTS], written;

static void *
download(void *arg)
{
    int part = (int)(long)arg;
    for (int i = 0; i < CHUNKS; i++) {
        lock_if_fixed(&mutex);
        offset[part] += CHUNK;
        if (!FIXED_TWIN) {
            lock(&mutex);
        }
        written += CHUNK;
        unlock(&mutex);
    }
    return NULL;
}

static void *
save_state(void *arg)
{
    lock(&mutex);
    int sum = 0;
    for (int i = 0; i < PARTS; i++) {
        sum += offset[i];
    }
    assert(sum == written);
    unlock(&mutex);
    return arg;
}

int
main(void)
{
    pthread_t threads[PARTS];
    for (long i = 0; i < PARTS; i++) {
        threads[i] = spawn(download, (void *)i);
    }
    pthread_t handler = spawn(save_state, NULL);
    for (int i = 0; i < PARTS; i++) {
        join(threads[i]);
    }
    join(handler);
    return 0;
}

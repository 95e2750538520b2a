// bluetooth_driver.c: a driver stops while a request that has seen "not
// stopping" is still on its way in (CS.bluetooth_driver; Qadeer and Wu, KISS).

#include "program.h"

static pthread_mutex_t mutex = MUTEX;
static pthread_cond_t changed = COND;
static int pending = 1;
static bool stopping, event, stopped;

static void
drop(void)
{
    lock(&mutex);
    pending--;
    if (pending == 0) {
        event = true;
        pthread_cond_broadcast(&changed);
    }
    unlock(&mutex);
}

static bool
enter(void)
{
    if (FIXED_TWIN) {
        lock(&mutex);
        bool allowed = !stopping;
        pending += allowed;
        unlock(&mutex);
        return allowed;
    }
    if (stopping) {
        return false;
    }
    lock(&mutex);
    pending++;
    unlock(&mutex);
    return true;
}

static void *
request(void *arg)
{
    if (enter()) {
        assert(!stopped);
        drop();
    }
    return arg;
}

static void *
stop(void *arg)
{
    lock_if_fixed(&mutex);
    stopping = true;
    unlock_if_fixed(&mutex);
    drop();
    lock(&mutex);
    while (!event) {
        pthread_cond_wait(&changed, &mutex);
    }
    unlock(&mutex);
    stopped = true;
    return arg;
}

int
main(void)
{
    pthread_t a = spawn(stop, NULL);
    request(NULL);
    join(a);
    return 0;
}

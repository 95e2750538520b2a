// cve_2016_9806.c: a dump that has ended frees its buffer after it gave its
// lock back, and asks only then which it is: the next dump's, that frees it
// again (ConVul.CVE-2016-9806, net/netlink/af_netlink.c).

#include "program.h"

typedef struct Buffer {
    int length;
} Buffer;

static struct {
    pthread_mutex_t mutex;
    bool running;
    Buffer *_Atomic buffer;
    int rest;
} dump = {.mutex = MUTEX};

static bool
start_dump(void)
{
    lock(&dump.mutex);
    bool started = !dump.running;
    if (started) {
        dump.running = true;
        dump.rest = 2;
        Buffer *made = calloc(1, sizeof(Buffer));
        dump.buffer = made;
    }
    unlock(&dump.mutex);
    return started;
}

// Goes on with the dump, whose ever it is.
static bool
go_on(void)
{
    lock(&dump.mutex);
    if (!dump.running) {
        unlock(&dump.mutex);
        return false;
    }
    Buffer *buffer = dump.buffer;
    buffer->length++;
    if (--dump.rest > 0) {
        unlock(&dump.mutex);
        return true;
    }
    dump.running = false;
    unlock(&dump.mutex);
    free(FIXED_TWIN ? buffer : (Buffer *)dump.buffer);
    return false;
}

static void *
ask(void *arg)
{
    start_dump();
    while (go_on()) {
    }
    return arg;
}

int
main(void)
{
    pthread_t a = spawn(ask, NULL);
    pthread_t b = spawn(ask, NULL);
    join(a);
    join(b);
    return 0;
}

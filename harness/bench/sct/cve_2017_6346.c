// cve_2017_6346.c: a socket joins a group once; two who try at the same time
// both find that it has not, and the one who fails then frees what the other
// uses (ConVul.CVE-2017-6346, net/packet/af_packet.c).

#include "program.h"

typedef struct Rollover {
    int packets;
} Rollover;

static pthread_mutex_t groups = MUTEX, add = MUTEX;
static struct {
    atomic_bool in_group;
    Rollover *_Atomic rollover;
} socket_;

static bool
join_group(void)
{
    lock_if_fixed(&add);
    if (atomic_load(&socket_.in_group)) {
        unlock_if_fixed(&add);
        return false;
    }
    Rollover *made = calloc(1, sizeof(Rollover));
    socket_.rollover = made;
    lock(&groups);
    bool joined = !atomic_exchange(&socket_.in_group, true);
    unlock(&groups);
    if (!joined) {
        free(socket_.rollover);
        socket_.rollover = NULL;
    }
    unlock_if_fixed(&add);
    return joined;
}

static void *
join_and_send(void *arg)
{
    if (join_group()) {
        socket_.rollover->packets++;
    }
    return arg;
}

int
main(void)
{
    pthread_t a = spawn(join_and_send, NULL);
    pthread_t b = spawn(join_and_send, NULL);
    join(a);
    join(b);
    free(socket_.rollover);
    return 0;
}

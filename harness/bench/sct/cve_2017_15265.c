// cve_2017_15265.c: a port is in its client's list, from which it can be
// deleted, before who makes it is done with it (ConVul.CVE-2017-15265,
// sound/core/seq/seq_clientmgr.c).

#include "program.h"

typedef struct Port {
    struct Port *next;
    atomic_int uses;
    int number;
    char name[8];
} Port;

static pthread_mutex_t mutex = MUTEX;
static Port *ports;

static void
put(Port *port)
{
    if (atomic_fetch_sub(&port->uses, 1) == 1) {
        free(port);
    }
}

static Port *
create_port(int number)
{
    Port *port = calloc(1, sizeof(Port));
    port->number = number;
    // The list's, and in the fixed twin the caller's.
    port->uses = 1 + FIXED_TWIN;
    lock(&mutex);
    port->next = ports;
    ports = port;
    unlock(&mutex);
    return port;
}

static void
delete_port(int number)
{
    lock(&mutex);
    Port **link = &ports;
    while (*link != NULL && (*link)->number != number) {
        link = &(*link)->next;
    }
    Port *port = *link;
    if (port != NULL) {
        *link = port->next;
    }
    unlock(&mutex);
    if (port != NULL) {
        put(port);
    }
}

static void *
create(void *arg)
{
    Port *port = create_port(1);
    port->name[0] = 'p';
    if (FIXED_TWIN) {
        put(port);
    }
    return arg;
}

static void *
delete(void *arg)
{
    delete_port(1);
    return arg;
}

int
main(void)
{
    pthread_t creator = spawn(create, NULL);
    pthread_t deleter = spawn(delete, NULL);
    join(creator);
    join(deleter);
    delete_port(1);
    return 0;
}

// ctrace.c: a tracer's table of threads: an entry is looked up with the lock
// and used without it, while it is removed and freed (misc.ctrace-test).

#include "program.h"

enum { SLOTS = 4 };

typedef struct Entry {
    int id;
    int level;
} Entry;

static pthread_mutex_t mutex = MUTEX;
static Entry *table[SLOTS];

static Entry *
find(int id)
{
    Entry *entry = table[id % SLOTS];
    return entry != NULL && entry->id == id ? entry : NULL;
}

static void
add(int id)
{
    Entry *entry = malloc(sizeof(Entry));
    *entry = (Entry){id, 0};
    lock(&mutex);
    table[id % SLOTS] = entry;
    unlock(&mutex);
}

static void
drop(int id)
{
    lock(&mutex);
    Entry *entry = find(id);
    if (entry != NULL) {
        table[id % SLOTS] = NULL;
        free(entry);
    }
    unlock(&mutex);
}

static void *
trace(void *arg)
{
    lock(&mutex);
    Entry *entry = find(1);
    if (!FIXED_TWIN) {
        unlock(&mutex);
    }
    if (entry != NULL) {
        entry->level++;
    }
    unlock_if_fixed(&mutex);
    return arg;
}

int
main(void)
{
    add(1);
    pthread_t a = spawn(trace, NULL);
    pthread_t b = spawn(trace, NULL);
    drop(1);
    join(a);
    join(b);
    return 0;
}

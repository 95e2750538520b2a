// cve_2016_1973.c: an instance for all who use it, with a count; the last to
// release it takes it down after another has made a new one
// (ConVul.CVE-2016-1973, WebRTC GetStaticInstance()).

#include "program.h"

typedef struct Instance {
    int calls[2];
} Instance;

static pthread_mutex_t mutex = MUTEX;
static atomic_int users;
static Instance *_Atomic instance;

static Instance *
get_instance(void)
{
    Instance *found = NULL;
    lock_if_fixed(&mutex);
    if (atomic_fetch_add(&users, 1) == 0) {
        found = calloc(1, sizeof(Instance));
        atomic_store(&instance, found);
    }
    unlock_if_fixed(&mutex);
    while (found == NULL) {
        sched_yield();
        found = atomic_load(&instance);
    }
    return found;
}

static void
release_instance(void)
{
    lock_if_fixed(&mutex);
    if (atomic_fetch_sub(&users, 1) == 1) {
        Instance *last = atomic_exchange(&instance, NULL);
        free(last);
    }
    unlock_if_fixed(&mutex);
}

static void *
use_instance(void *arg)
{
    Instance *used = get_instance();
    used->calls[(long)arg]++;
    release_instance();
    return NULL;
}

int
main(void)
{
    pthread_t a = spawn(use_instance, (void *)0L);
    pthread_t b = spawn(use_instance, (void *)1L);
    join(a);
    join(b);
    return 0;
}

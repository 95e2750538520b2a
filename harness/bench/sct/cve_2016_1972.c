// cve_2016_1972.c: initialisation on first use makes its lock on first use,
// too, and the last one out frees it; one who was late to come in still finds
// its address (ConVul.CVE-2016-1972, libvpx once()).

#include "program.h"

typedef struct Guard {
    atomic_flag taken;
} Guard;

static Guard *_Atomic guard;
static atomic_int inside;
static atomic_bool done;
static int initialised;

static Guard *
get_guard(void)
{
    Guard *mine = malloc(sizeof(Guard));
    Guard *known = NULL;
    atomic_flag_clear(&mine->taken);
    if (atomic_compare_exchange_strong(&guard, &known, mine)) {
        return mine;
    }
    free(mine);
    return known;
}

static void
free_guard(Guard *last)
{
    if (!FIXED_TWIN) {
        free(last);
        atomic_store(&guard, NULL);
    }
}

static void *
initialise_once(void *arg)
{
    // Those who come when it is done need no lock.
    if (atomic_load(&done)) {
        return arg;
    }
    atomic_fetch_add(&inside, 1);
    Guard *own = get_guard();
    while (atomic_flag_test_and_set(&own->taken)) {
        sched_yield();
    }
    if (!atomic_load(&done)) {
        initialised++;
        atomic_store(&done, true);
    }
    atomic_flag_clear(&own->taken);
    if (atomic_fetch_sub(&inside, 1) == 1) {
        free_guard(own);
    }
    return arg;
}

int
main(void)
{
    pthread_t a = spawn(initialise_once, NULL);
    pthread_t b = spawn(initialise_once, NULL);
    join(a);
    join(b);
    assert(initialised == 1);
    return 0;
}

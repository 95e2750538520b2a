// main.c: runs cases. Under `ftfuzz sct` one, named by the argument; built for
// ThreadSanitizer (RACES_FREE) all of them on free OS threads, so many times
// each: a process for each run, in which one thread or another begins late.

#include "races.h"

#include <stdio.h>
#include <sys/wait.h>

int data, other;
atomic_int flag, turn;
int *_Atomic pointer;
pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
pthread_mutex_t mutex2 = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;

#define RACE_CASE(name, standard, ours, tsan, reason) \
    extern const RaceCase race_##name;
#include "cases.def"
#undef RACE_CASE

static const struct {
    const char *name;
    const RaceCase *race;
} cases[] = {
#define RACE_CASE(name, standard, ours, tsan, reason) {#name, &race_##name},
#include "cases.def"
#undef RACE_CASE
};
enum { NCASES = sizeof(cases) / sizeof(cases[0]) };

typedef struct Start {
    void (*function)(void);
    unsigned naps;
} Start;

static void *
start(void *arg)
{
    const Start *s = arg;
    for (unsigned i = 0; i < s->naps; i++) {
        nap();
    }
    s->function();
    return NULL;
}

// When the threads of a free run begin: all at once, one after another, the
// last first, or some late.
static unsigned
naps_before(unsigned run, unsigned thread)
{
    switch (run % 4) {
    case 0:
        return 0;
    case 1:
        return thread;
    case 2:
        return RACE_THREADS - 1 - thread;
    default:
        return run / 4 >> thread & 1;
    }
}

static void
run_case(const RaceCase *race, unsigned run)
{
    pthread_t threads[RACE_THREADS];
    Start starts[RACE_THREADS];
    int n = 0;
    if (race->body != NULL) {
        race->body();
        return;
    }
    for (; n < RACE_THREADS && race->threads[n] != NULL; n++) {
        starts[n] = (Start){race->threads[n], naps_before(run, (unsigned)n)};
        threads[n] = spawn(start, &starts[n]);
    }
    while (n > 0) {
        join(threads[--n]);
    }
}

#ifdef RACES_FREE

enum { STATUS_RACE = 66, TIMEOUT_S = 5 };

static int
run_apart(const RaceCase *race, unsigned run)
{
    pid_t child = fork();
    if (child == 0) {
        alarm(TIMEOUT_S);
        run_case(race, run);
        exit(0);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) {
        abort();
    }
    return status;
}

int
main(int argc, char **argv)
{
    int runs = argc > 1 ? atoi(argv[1]) : 1;
    for (int i = 0; i < NCASES; i++) {
        int races = 0;
        int failures = 0;
        if (argc > 2 && strcmp(argv[2], cases[i].name) != 0) {
            continue;
        }
        for (int n = 0; n < runs; n++) {
            int status = run_apart(cases[i].race, (unsigned)n);
            bool race = WIFEXITED(status) && WEXITSTATUS(status) == STATUS_RACE;
            races += race;
            failures += !race && status != 0;
        }
        printf("%s %d %d\n", cases[i].name, races, failures);
        fflush(stdout);
    }
    return 0;
}

#else

int
main(int argc, char **argv)
{
    for (int i = 0; i < NCASES; i++) {
        if (argc > 1 && strcmp(argv[1], cases[i].name) == 0) {
            run_case(cases[i].race, 0);
            return 0;
        }
    }
    return 2;
}

#endif

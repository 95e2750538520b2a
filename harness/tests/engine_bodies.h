// engine_bodies.h: what the tests of the engine share: running a body, and
// words and threads for bodies to use.
//
// Bodies touch shared words through explicit points, so that the points are the
// same whether or not the compiler makes points in instrumented code.

#ifndef FZ_TESTS_ENGINE_BODIES_H
#define FZ_TESTS_ENGINE_BODIES_H

#include "check.h"
#include "fz_engine.h"
#include "rtcore_semaphore.h"

static FzRun run;

static inline FzEngineConfig
config_of(const FzStrategy *strategy, uint64_t seed)
{
    return (FzEngineConfig){
        .schedule = {
            .kind = FZ_SCHEDULE_STRATEGY,
            .strategy = strategy,
            .seed = seed,
            .depth = 3,
            .time_step_ns = 1000,
        },
        .oracles = true,
    };
}

static inline void
execute(const FzStrategy *strategy, uint64_t seed, void (*body)(void *),
        void *arg)
{
    FzEngineConfig config = config_of(strategy, seed);
    FzEngine_Run(&config, body, arg, &run);
}

// Functions of their own, as atomics are in some builds.
static __attribute__((noinline, unused)) int
load(const int *word)
{
    RT_SCHED_POINT(LOAD, word);
    return *word;
}

static __attribute__((noinline, unused)) void
store(int *word, int value)
{
    RT_SCHED_POINT(STORE, word);
    *word = value;
}

// Threads that end by posting a semaphore of their starter.
typedef struct Team {
    void (*func)(int index);
    RtSemaphore done;
} Team;

typedef struct Member {
    Team *team;
    int index;
} Member;

static void
member_main(void *arg)
{
    Member *member = arg;
    member->team->func(member->index);
    RtSemaphore_Post(&member->team->done);
}

// Runs func(0) … func(n - 1) on threads 1 … n.
static inline void
run_team(int n, void (*func)(int index))
{
    Team team = {.func = func};
    Member members[FZ_MAX_THREADS];
    rt_world->sem_init(&team.done);
    for (int i = 0; i < n; i++) {
        members[i] = (Member){&team, i};
        CHECK(rt_world->thread_start(member_main, &members[i]) == 0);
    }
    for (int i = 0; i < n; i++) {
        CHECK(RtSemaphore_Wait(&team.done, -1) == RT_WAIT_OK);
    }
    rt_world->sem_destroy(&team.done);
}

#endif  // FZ_TESTS_ENGINE_BODIES_H

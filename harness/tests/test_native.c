// test_native.c: the carriers of real OS threads: each runs a small program of
// the world's threads and semaphores to its end, many times; what threads
// allocate outlives them; the token gives the traces that fibers give.

#include <string.h>

#include "check.h"
#include "fz_native.h"
#include "rtcore_atomic.h"
#include "rtcore_heap.h"

enum { THREADS = 3, ROUNDS = 5 };

typedef struct Work {
    RtSemaphore turn;           // one permit: a mutex
    RtSemaphore done;
    int total;                  // under `turn`
    int racing;                 // atomic
    void *blocks[THREADS];
    int started;                // atomic
} Work;

typedef struct Part {
    Work *work;
    int index;
} Part;

static void
part_main(void *arg)
{
    Part part = *(Part *)arg;
    Work *work = part.work;
    rt_atomic_add_int(&work->started, 1);
    work->blocks[part.index] = RtMem_Malloc(100);
    for (int i = 0; i < ROUNDS; i++) {
        CHECK(rt_world->sem_wait(&work->turn, -1) == RT_WAIT_OK);
        work->total++;
        rt_world->sem_post(&work->turn);
        // Loses updates when another thread comes between.
        int seen = rt_atomic_load_int(&work->racing);
        rt_atomic_store_int(&work->racing, seen + 1);
    }
    rt_world->write("x", 1);
    if (rt_thread_local.heaps != NULL) {
        RtHeap_Release(rt_thread_local.heaps);
    }
    rt_world->sem_post(&work->done);
}

static void
body(void *arg)
{
    Work *work = arg;
    Part parts[THREADS];
    memset(work, 0, sizeof(*work));
    rt_world->sem_init(&work->turn);
    rt_world->sem_init(&work->done);
    for (int i = 0; i < THREADS; i++) {
        parts[i] = (Part){work, i};
        CHECK(rt_world->thread_start(part_main, &parts[i]) == 0);
    }
    rt_world->sem_post(&work->turn);
    for (int i = 0; i < THREADS; i++) {
        CHECK(rt_world->sem_wait(&work->done, -1) == RT_WAIT_OK);
    }
    rt_world->yield();
    for (int i = 0; i < THREADS; i++) {
        memset(work->blocks[i], 1, 100);
        RtMem_Free(work->blocks[i]);
    }
    if (rt_thread_local.heaps != NULL) {
        RtHeap_Release(rt_thread_local.heaps);
    }
}

static void
check_run(const Work *work, const FzRun *run)
{
    CHECK(run->completed);
    CHECK(run->nviolations == 0);
    CHECK(run->nthreads == THREADS + 1);
    CHECK(work->total == THREADS * ROUNDS);
    CHECK(work->racing > 0);
    CHECK(work->racing <= THREADS * ROUNDS);
    CHECK(run->output.size == THREADS);
}

static FzSchedule
schedule_of(uint64_t seed)
{
    return (FzSchedule){
        .kind = FZ_SCHEDULE_STRATEGY,
        .strategy = &fz_strategy_random,
        .seed = seed,
        .depth = 8,
        .time_step_ns = 1000,
    };
}

static void
test_mode(FzNativeMode mode, int runs)
{
    if (!FzNative_Supports(mode)) {
        return;
    }
    static Work work;
    FzRun run = {0};
    ssize_t live = RtMem_LiveBlocks();
    for (int i = 0; i < runs; i++) {
        FzSchedule schedule = schedule_of((uint64_t)i);
        bool noise = mode == FZ_NATIVE_TOKEN || i % 2 == 0;
        FzNative_Run(mode, noise ? &schedule : NULL, body, &work, &run);
        check_run(&work, &run);
        CHECK(RtMem_LiveBlocks() == live);
    }
    FzRun_Free(&run);
}

static void
leave_blocks(void *arg)
{
    ssize_t *seen = arg;
    CHECK(RtMem_Malloc(1000) != NULL);
    CHECK(RtObject_MallocBlock(100, RT_BLOCK_GC) != NULL);
    *seen = RtMem_LiveBlocks();
}

// What the threads of a run leave does not grow from run to run.
static void
test_blocks_left(void)
{
    FzRun run = {0};
    ssize_t live = RtMem_LiveBlocks(), seen = 0;
    for (int i = 0; i < 3; i++) {
        FzNative_Run(FZ_NATIVE_FREE, NULL, leave_blocks, &seen, &run);
        CHECK(seen == live + 2);
        CHECK(RtMem_LiveBlocks() == live);
    }
    FzRun_Free(&run);
}

// The threads that wait for each other at the gate are released though `run`
// makes the carrier expect more than there are.
static void
test_gate(void)
{
    static Work work;
    FzRun run = {.nthreads = 10};
    FzNative_Run(FZ_NATIVE_FREE, NULL, body, &work, &run);
    check_run(&work, &run);
    FzRun_Free(&run);
}

// A second of the world is over soon, and as long as its clock says.
static void
wait_a_second(void *arg)
{
    RtSemaphore sem;
    rt_world->sem_init(&sem);
    int64_t began = rt_world->now_ns(), second = 1000000000;
    CHECK(rt_world->sem_wait(&sem, second) == RT_WAIT_TIMEOUT);
    *(int64_t *)arg = rt_world->now_ns() - began;
    rt_world->sem_destroy(&sem);
    CHECK(*(int64_t *)arg >= second);
}

static void
test_clock(void)
{
    FzRun run = {0};
    int64_t waited = 0, began = rt_native_world.now_ns();
    FzNative_Run(FZ_NATIVE_FREE, NULL, wait_a_second, &waited, &run);
    CHECK(run.completed);
    int64_t took = rt_native_world.now_ns() - began;
    CHECK(took >= 1000000000 / FZ_NATIVE_CLOCK);
    CHECK(waited <= FZ_NATIVE_CLOCK * took);
    FzRun_Free(&run);
}

#ifdef RT_WITH_HOOKS
static void
test_token_gives_the_traces_of_fibers(void)
{
    static Work work;
    FzRun on_fibers = {0};
    FzRun on_threads = {0};
    int differing = 0;
    uint64_t last_hash = 0;
    for (uint64_t seed = 0; seed < 60; seed++) {
        FzEngineConfig config = {.schedule = schedule_of(seed)};
        FzEngine_Run(&config, body, &work, &on_fibers);
        check_run(&work, &on_fibers);
        int racing = work.racing;
        FzNative_Run(FZ_NATIVE_TOKEN, &config.schedule, body, &work,
                     &on_threads);
        check_run(&work, &on_threads);
        CHECK(work.racing == racing);
        CHECK(on_threads.trace_hash == on_fibers.trace_hash);
        CHECK(on_threads.steps == on_fibers.steps);
        CHECK(on_threads.switches == on_fibers.switches);
        differing += on_fibers.trace_hash != last_hash;
        last_hash = on_fibers.trace_hash;
    }
    CHECK(differing > 30);
    FzRun_Free(&on_fibers);
    FzRun_Free(&on_threads);
}

static void
waits_for_ever(void *arg)
{
    RtSemaphore *sem = arg;
    rt_world->sem_init(sem);
    CHECK(rt_world->thread_start((void (*)(void *))rt_world->sem_post,
                                 sem) == 0);
    CHECK(rt_world->sem_wait(sem, -1) == RT_WAIT_OK);
    rt_world->sem_wait(sem, -1);
    CHECK(!"nobody posts twice");
}

// A thread that is left in the middle of a wait is fit for the next run.
static void
test_deadlock_under_token(void)
{
    static RtSemaphore sem;
    FzRun run = {0};
    for (uint64_t seed = 0; seed < 20; seed++) {
        FzSchedule schedule = schedule_of(seed);
        FzNative_Run(FZ_NATIVE_TOKEN, &schedule, waits_for_ever, &sem, &run);
        CHECK(!run.completed);
        CHECK(run.nviolations == 1);
        CHECK(run.violations[0].rule == FZ_RULE_DEADLOCK);
    }
    FzRun_Free(&run);
}
#endif

int
main(void)
{
#ifdef RT_WITH_HOOKS
    char why[256];
    if (!FzEngine_Init(why, sizeof(why))) {
        printf("%s\n", why);
        return 1;
    }
#endif
    test_mode(FZ_NATIVE_FREE, 80);
    test_mode(FZ_NATIVE_TOKEN, 80);
    test_mode(FZ_NATIVE_CREATED, 80);
    test_gate();
    test_clock();
    test_blocks_left();
#ifdef RT_WITH_HOOKS
    test_token_gives_the_traces_of_fibers();
    test_deadlock_under_token();
#endif
    return 0;
}

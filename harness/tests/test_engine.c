// test_engine.c: schedules, virtual time, determinism and replay, without the
// Python runtime: bodies use shared words, semaphores and raw mutexes.

#include <string.h>

#include "engine_bodies.h"
#include "rtcore_heap.h"
#include "rtcore_lock.h"
#include "rtcore_state.h"

#ifdef RT_WITH_HOOKS

static const FzStrategy *const strategies[] = {
    &fz_strategy_random, &fz_strategy_pct, &fz_strategy_pos, &fz_strategy_hold};
enum { NSTRATEGIES = 4 };

// ---------------------------------------------------------------------------
// Lost updates.

enum { INCREMENTS = 4 };

static int counter;
static RtRawMutex counter_mutex;

static void
increment(int index)
{
    (void)index;
    for (int i = 0; i < INCREMENTS; i++) {
        store(&counter, load(&counter) + 1);
    }
}

static void
increment_locked(int index)
{
    (void)index;
    for (int i = 0; i < INCREMENTS; i++) {
        RtRawMutex_Lock(&counter_mutex);
        store(&counter, load(&counter) + 1);
        RtRawMutex_Unlock(&counter_mutex);
    }
}

static void
count_body(void *locked)
{
    counter = 0;
    counter_mutex = (RtRawMutex){0};
    run_team(3, locked != NULL ? increment_locked : increment);
}

static void
test_lost_updates(void)
{
    for (int s = 0; s < NSTRATEGIES; s++) {
        int lost = 0;
        for (uint64_t seed = 0; seed < 200; seed++) {
            execute(strategies[s], seed, count_body, NULL);
            CHECK(run.completed);
            CHECK_EQUAL(run.nviolations, 0);
            CHECK_EQUAL(run.nthreads, 4);
            lost += counter < 3 * INCREMENTS;
            execute(strategies[s], seed, count_body, "locked");
            CHECK(run.completed);
            CHECK_EQUAL(run.nviolations, 0);
            CHECK_EQUAL(counter, 3 * INCREMENTS);
        }
        CHECK(lost > 0);
    }
}

// ---------------------------------------------------------------------------
// A bug of depth 2: the reader must be preempted between two loads, and the
// writer must run in between, after a good many points that do not matter.

static int first, second, torn, elsewhere[2];

static void
write_or_read_pair(int index)
{
    for (int i = 0; i < 10; i++) {
        load(&elsewhere[index]);
    }
    if (index == 0) {
        store(&first, 1);
        store(&second, 1);
    }
    else {
        int a = load(&first);
        int b = load(&second);
        torn |= a != b;
    }
}

static void
torn_body(void *arg)
{
    (void)arg;
    first = second = torn = 0;
    run_team(2, write_or_read_pair);
}

static void
test_strategies_find(void)
{
    for (int s = 0; s < NSTRATEGIES; s++) {
        int found = 0;
        for (uint64_t seed = 0; seed < 500; seed++) {
            FzEngineConfig config = config_of(strategies[s], seed);
            config.schedule.depth = 2;
            config.schedule.expected_steps = 40;
            FzEngine_Run(&config, torn_body, NULL, &run);
            found += torn;
        }
        CHECK(found >= 3);
        CHECK(found < 500);
    }
}

// ---------------------------------------------------------------------------
// Same seed, same trace; the tape says it all.

static void
busy(int index)
{
    void *blocks[3];
    for (int i = 0; i < 3; i++) {
        blocks[i] = RtMem_Malloc(16 + 40 * (size_t)index);
        store(blocks[i], index);
        store(&counter, load(&counter) + load(blocks[i]));
        RtRawMutex_Lock(&counter_mutex);
        store(&elsewhere[0], load(&elsewhere[0]) + 1);
        RtRawMutex_Unlock(&counter_mutex);
        rt_world->yield();
    }
    for (int i = 0; i < 3; i++) {
        RtMem_Free(blocks[i]);
    }
}

static void
busy_body(void *arg)
{
    (void)arg;
    counter = 0;
    elsewhere[0] = 0;
    counter_mutex = (RtRawMutex){0};
    run_team(4, busy);
}

static void
test_same_hash(void)
{
    for (int s = 0; s < NSTRATEGIES; s++) {
        execute(strategies[s], 42, busy_body, NULL);
        uint64_t hash = run.trace_hash;
        uint64_t steps = run.steps;
        uint64_t choices = run.tape.choices;
        int value = counter;
        int others = 0;
        for (int i = 0; i < 1000; i++) {
            execute(strategies[s], 42, busy_body, NULL);
            CHECK_EQUAL(run.trace_hash, hash);
            CHECK_EQUAL(run.steps, steps);
            CHECK_EQUAL(run.tape.choices, choices);
            CHECK_EQUAL(counter, value);
            if (i % 100 == 0) {
                // Whatever ran in between leaves no trace.
                execute(strategies[s], (uint64_t)i + 1000, busy_body, NULL);
                others += run.trace_hash != hash;
            }
        }
        CHECK(others >= 9);
    }
}

static void
replay(const FzTape *tape, void (*body)(void *), void *arg, FzRun *out)
{
    FzEngineConfig config = config_of(NULL, 0);
    config.schedule.kind = FZ_SCHEDULE_REPLAY;
    config.schedule.tape = tape->bytes.data;
    config.schedule.ntape = tape->bytes.size;
    FzEngine_Run(&config, body, arg, out);
}

static void
test_replay(void)
{
    FzRun again = {0}, prefix = {0};
    for (uint64_t seed = 0; seed < 60; seed++) {
        execute(strategies[seed % NSTRATEGIES], seed, busy_body, NULL);
        int value = counter;
        replay(&run.tape, busy_body, NULL, &again);
        CHECK_EQUAL(again.trace_hash, run.trace_hash);
        CHECK_EQUAL(again.steps, run.steps);
        CHECK_EQUAL(again.switches, run.switches);
        CHECK_EQUAL(again.tape.bytes.size, run.tape.bytes.size);
        CHECK(memcmp(again.tape.bytes.data, run.tape.bytes.data,
                     run.tape.bytes.size) == 0);
        CHECK_EQUAL(counter, value);
        // Any part of a tape is a schedule too.
        FzTape cut = run.tape;
        cut.bytes.size /= 2;
        replay(&cut, busy_body, NULL, &prefix);
        CHECK(prefix.completed);
    }
    FzRun_Free(&again);
    FzRun_Free(&prefix);
}

static void
test_overrides(void)
{
    static const uint8_t switches[4] = {0x81, 0x80, 0x82, 0x81};
    FzEngineConfig config = config_of(&fz_strategy_pos, 3);
    config.schedule.overrides = switches;
    config.schedule.noverrides = sizeof(switches);
    FzEngine_Run(&config, count_body, NULL, &run);
    // The first choice is made when the second thread exists.
    FzTapeReader reader;
    FzTapeReader_Init(&reader, run.tape.bytes.data, run.tape.bytes.size);
    CHECK_EQUAL(FzTapeReader_Next(&reader), 1);
    CHECK_EQUAL(FzTapeReader_Next(&reader), 0);
    // Bytes below 0x80 change nothing.
    static const uint8_t nothing[64] = {0, 0x7f, 1};
    uint64_t hash = run.trace_hash;
    config.schedule.noverrides = 0;
    FzEngine_Run(&config, count_body, NULL, &run);
    CHECK(run.trace_hash != hash);
    hash = run.trace_hash;
    config.schedule.overrides = nothing;
    config.schedule.noverrides = sizeof(nothing);
    FzEngine_Run(&config, count_body, NULL, &run);
    CHECK_EQUAL(run.trace_hash, hash);
}

// ---------------------------------------------------------------------------
// Virtual time.

static int woken[4], nwoken;

static void
wait_for_index(int index)
{
    static const int64_t timeouts_ms[4] = {30, 10, 40, 20};
    RtSemaphore sem;
    rt_world->sem_init(&sem);
    int64_t timeout_ns = timeouts_ms[index] * 1000000;
    int64_t start = rt_world->now_ns();
    CHECK(RtSemaphore_Wait(&sem, timeout_ns) == RT_WAIT_TIMEOUT);
    CHECK(rt_world->now_ns() - start >= timeout_ns);
    woken[nwoken++] = index;
    CHECK(RtSemaphore_Wait(&sem, 0) == RT_WAIT_TIMEOUT);
    rt_world->sem_destroy(&sem);
}

static void
timed_body(void *arg)
{
    (void)arg;
    nwoken = 0;
    CHECK(rt_world->now_ns() >= 1000000000);
    CHECK(rt_world->now_ns() < 1000000000 + 1000000);
    run_team(4, wait_for_index);
}

static RtSemaphore shared_sem;
static int timed_out, posted;

static void
spin_and_post(int index)
{
    if (index == 1) {
        // Two milliseconds at 1000 ns for each point.
        for (int i = 0; i < 2000; i++) {
            load(&counter);
        }
        RtSemaphore_Post(&shared_sem);
        return;
    }
    timed_out += RtSemaphore_Wait(&shared_sem, 1000000) == RT_WAIT_TIMEOUT;
    posted += RtSemaphore_Wait(&shared_sem, 100000000) == RT_WAIT_OK;
}

static void
spin_body(void *arg)
{
    (void)arg;
    timed_out = posted = 0;
    rt_world->sem_init(&shared_sem);
    run_team(2, spin_and_post);
    rt_world->sem_destroy(&shared_sem);
}

static void
test_time(void)
{
    for (uint64_t seed = 0; seed < 50; seed++) {
        execute(strategies[seed % NSTRATEGIES], seed, timed_body, NULL);
        CHECK(run.completed);
        CHECK_EQUAL(nwoken, 4);
        CHECK(woken[0] == 1 && woken[1] == 3);
        CHECK(woken[2] == 0 && woken[3] == 2);
        // Time also passes while others run. Either the first wait expires and
        // the second is served, or the other way round.
        execute(strategies[seed % NSTRATEGIES], seed, spin_body, NULL);
        CHECK(run.completed);
        CHECK_EQUAL(timed_out, posted);
    }
    FzEngineConfig config = config_of(&fz_strategy_random, 1);
    FzEngine_Run(&config, spin_body, NULL, &run);
    CHECK_EQUAL(timed_out, 1);
    CHECK_EQUAL(posted, 1);
    // Without a time step, time passes only when nobody can run.
    config.schedule.time_step_ns = 0;
    FzEngine_Run(&config, spin_body, NULL, &run);
    CHECK_EQUAL(timed_out, 0);
}

// ---------------------------------------------------------------------------
// Semaphores count, threads are few, spinning is fair.

static void
semaphore_body(void *arg)
{
    (void)arg;
    RtSemaphore sem;
    rt_world->sem_init(&sem);
    for (int i = 0; i < 3; i++) {
        RtSemaphore_Post(&sem);
    }
    for (int i = 0; i < 3; i++) {
        CHECK(RtSemaphore_Wait(&sem, 0) == RT_WAIT_OK);
    }
    CHECK(RtSemaphore_Wait(&sem, 0) == RT_WAIT_TIMEOUT);
    rt_world->sem_destroy(&sem);
    CHECK_EQUAL(rt_world->thread_id(), 1);
    CHECK_EQUAL(FzEngine_CurrentThread(), 0);
    CHECK(FzEngine_IsRunning());
}

static uint32_t ids_seen;

static void
see_id(int index)
{
    CHECK_EQUAL(rt_world->thread_id(), index + 2);
    CHECK_EQUAL(RtThread_Id(), index + 2);
    ids_seen |= 1u << rt_world->thread_id();
    rt_world->yield();
    CHECK_EQUAL(RtThread_Id(), index + 2);
}

static void
nothing(void *arg)
{
    (void)arg;
}

static void
threads_body(void *arg)
{
    (void)arg;
    ids_seen = 0;
    run_team(FZ_MAX_THREADS - 1, see_id);
    // Numbers are not used again.
    CHECK(rt_world->thread_start(nothing, NULL) == -1);
}

static int flag;

static void
spin(int index)
{
    if (index == 3) {
        store(&flag, 1);
        return;
    }
    while (load(&flag) == 0) {
        rt_world->yield();
    }
}

static void
spin_on_flag_body(void *arg)
{
    (void)arg;
    flag = 0;
    run_team(4, spin);
}

static void
spin_without_yield(int index)
{
    if (index == 1) {
        store(&flag, 1);
    }
    while (load(&flag) == 0) {
    }
}

static void
selfish_body(void *arg)
{
    (void)arg;
    flag = 0;
    run_team(2, spin_without_yield);
}

static void
test_threads(void)
{
    execute(&fz_strategy_pos, 1, semaphore_body, NULL);
    CHECK(run.completed);
    for (uint64_t seed = 0; seed < 30; seed++) {
        const FzStrategy *strategy = strategies[seed % NSTRATEGIES];
        execute(strategy, seed, threads_body, NULL);
        CHECK(run.completed);
        CHECK_EQUAL(run.nthreads, FZ_MAX_THREADS);
        CHECK_EQUAL(ids_seen, ((1u << FZ_MAX_THREADS) - 2) << 1 & ~2u);
        execute(strategy, seed, spin_on_flag_body, NULL);
        CHECK(run.completed);
        CHECK(run.steps < 500);
        // Without a yield the fair part of the budget helps.
        execute(strategy, seed, selfish_body, NULL);
        CHECK(run.completed);
        CHECK_EQUAL(run.nviolations, 0);
    }
    // An empty tape never preempts, but yields give way.
    FzTape empty = {0};
    replay(&empty, spin_on_flag_body, NULL, &run);
    CHECK(run.completed);
    CHECK(run.steps < 200);
}

// ---------------------------------------------------------------------------
// Events and coverage.

static uint32_t
line_of_thread(void)
{
    return 100 + FzEngine_CurrentThread();
}

static void
test_events(void)
{
    uint8_t coverage[2][256];
    memset(coverage, 0, sizeof(coverage));
    execute(&fz_strategy_pos, 5, busy_body, NULL);
    uint64_t hash = run.trace_hash;
    for (int i = 0; i < 2; i++) {
        FzEngineConfig config = config_of(&fz_strategy_pos, 5);
        config.record_events = true;
        config.coverage = coverage[i];
        config.coverage_size = sizeof(coverage[i]);
        config.current_line = line_of_thread;
        FzEngine_Run(&config, busy_body, NULL, &run);
        CHECK_EQUAL(run.trace_hash, hash);
    }
    CHECK(memcmp(coverage[0], coverage[1], sizeof(coverage[0])) == 0);
    size_t points = 0, switches = 0, ends = 0, blocks = 0, wakes = 0;
    for (size_t i = 0; i < run.nevents; i++) {
        const FzTraceEvent *event = &run.events[i];
        points += event->kind == FZ_TRACE_POINT;
        switches += event->kind == FZ_TRACE_SWITCH;
        ends += event->kind == FZ_TRACE_THREAD_END;
        blocks += event->kind == FZ_TRACE_BLOCK;
        wakes += event->kind == FZ_TRACE_WAKE;
        CHECK(event->line == 0 || event->line == 100u + event->thread ||
              event->kind == FZ_TRACE_SWITCH);
    }
    CHECK_EQUAL(points, run.steps);
    CHECK_EQUAL(switches, run.switches);
    CHECK_EQUAL(ends, 5);
    CHECK_EQUAL(blocks, wakes);
    int counted = 0;
    for (size_t i = 0; i < sizeof(coverage[0]); i++) {
        counted += coverage[0][i] != 0;
    }
    CHECK(counted > 10);
}

int
main(void)
{
    char why[200];
    CHECK(FzEngine_Init(why, sizeof(why)));
    CHECK(FzEngine_Init(why, sizeof(why)));
    CHECK(!FzEngine_IsRunning());
    // Nothing has been started: nothing to forget.
    RtRuntime_Abandon();
    test_lost_updates();
    test_strategies_find();
    test_same_hash();
    test_replay();
    test_overrides();
    test_time();
    test_threads();
    test_events();
    FzRun_Free(&run);
    return 0;
}

#else

int
main(void)
{
    char why[200] = "";
    CHECK(!FzEngine_Init(why, sizeof(why)));
    CHECK(why[0] != 0);
    return 0;
}

#endif

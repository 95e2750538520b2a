// test_race_engine.c: the race detector behind the engine: what threads do in
// a schedule reaches it from the callbacks of this build's instrumentation, and
// a race ends the run as a violation that names both accesses.

#include <string.h>

#include "check.h"
#include "fz_engine.h"
#include "fz_race.h"
#include "rtcore_atomic.h"

#ifdef RT_WITH_HOOKS

#ifdef RT_COMPILER_POINTS
#include "../engine/tsan_abi.h"

static __attribute__((noinline)) void
plain_store(uint64_t *at)
{
    __tsan_write8(at);
    *at = 1;
}
#elif defined(RT_TRACE_ACCESSES)
void __sanitizer_cov_store8(uint64_t *addr);

static __attribute__((noinline)) void
plain_store(uint64_t *at)
{
    __sanitizer_cov_store8(at);
    *at = 1;
}
#else
static __attribute__((noinline)) void
plain_store(uint64_t *at)
{
    FzRace_Plain(FzEngine_CurrentThread(), at, 8, true,
                 (uintptr_t)__builtin_return_address(0));
    *at = 1;
}
#endif

typedef struct Shared {
    uint64_t value;
    RtSemaphore written;
    bool ordered;
} Shared;

static void
other_thread(void *arg)
{
    Shared *shared = arg;
    plain_store(&shared->value);
    rt_world->sem_post(&shared->written);
}

static void
body(void *arg)
{
    Shared *shared = arg;
    rt_world->sem_init(&shared->written);
    plain_store(&shared->value);        // ordered by the thread's start
    CHECK(rt_world->thread_start(other_thread, shared) == 0);
    if (shared->ordered) {
        CHECK(rt_world->sem_wait(&shared->written, -1) == RT_WAIT_OK);
    }
    plain_store(&shared->value);
    CHECK(shared->value == 1);          // and no tail call above: its site
}                                       // would be the caller's

static void
run_with(uint64_t seed, bool ordered, FzRun *run)
{
    static Shared shared;
    memset(&shared, 0, sizeof(shared));
    shared.ordered = ordered;
    FzEngineConfig config = {
        .schedule = {
            .kind = FZ_SCHEDULE_STRATEGY,
            .strategy = &fz_strategy_random,
            .seed = seed,
            .time_step_ns = 1000,
        },
        .races = true,
    };
    FzEngine_Run(&config, body, &shared, run);
}

static void
test_violation(void)
{
    FzRun run = {0};
    for (uint64_t seed = 0; seed < 50; seed++) {
        run_with(seed, true, &run);
        CHECK(run.completed);
        CHECK(run.nviolations == 0);
        run_with(seed, false, &run);
        CHECK(run.nviolations == 1);
        const FzViolation *found = &run.violations[0];
        CHECK(found->rule == FZ_RULE_DATA_RACE);
        CHECK(found->thread != found->other_thread);
        CHECK(strstr(found->message, "plainly wrote 8 bytes") != NULL);
        CHECK(strstr(found->message, "now thread") != NULL);
        CHECK(strstr(found->message, "before thread") != NULL);
    }
    // The accessing function is static: its name comes from the symbol table.
    const char *message = run.violations[0].message;
#if defined(RT_COMPILER_POINTS) || defined(RT_TRACE_ACCESSES)
    CHECK(strstr(message, "plain_store") != NULL);
#else
    CHECK(strstr(message, "body") != NULL);
    CHECK(strstr(message, "other_thread") != NULL);
#endif
    FzRun_Free(&run);
}

#ifdef RT_COMPILER_POINTS
// ---- The operations themselves, outside a run: only they happen.

#define CHECK_WIDTH(bits, T) \
    do { \
        T v = (T)5; \
        T all = (T)~(T)0; \
        CHECK(__tsan_atomic##bits##_load(&v, 5) == 5); \
        __tsan_atomic##bits##_store(&v, all, 3); \
        CHECK(v == all); \
        CHECK(__tsan_atomic##bits##_exchange(&v, 6, 4) == all && v == 6); \
        CHECK(__tsan_atomic##bits##_fetch_add(&v, 4, 0) == 6 && v == 10); \
        CHECK(__tsan_atomic##bits##_fetch_sub(&v, 11, 0) == 10 && \
              v == all); \
        CHECK(__tsan_atomic##bits##_fetch_and(&v, 12, 5) == all && v == 12); \
        CHECK(__tsan_atomic##bits##_fetch_or(&v, 3, 5) == 12 && v == 15); \
        CHECK(__tsan_atomic##bits##_fetch_xor(&v, 5, 5) == 15 && v == 10); \
        CHECK(__tsan_atomic##bits##_fetch_nand(&v, 2, 5) == 10 && \
              v == (T)~(T)2); \
        T expected = 1; \
        CHECK(!__tsan_atomic##bits##_compare_exchange_strong(&v, &expected, \
                                                             9, 5, 5)); \
        CHECK(expected == (T)~(T)2 && v == expected); \
        CHECK(__tsan_atomic##bits##_compare_exchange_weak(&v, &expected, 9, \
                                                          5, 5)); \
        CHECK(v == 9); \
        CHECK(__tsan_atomic##bits##_compare_exchange_val(&v, 8, 1, 5, 5) == \
                  9 && \
              v == 9); \
        CHECK(__tsan_atomic##bits##_compare_exchange_val(&v, 9, 1, 5, 5) == \
                  9 && \
              v == 1); \
    } while (0)

static void
test_operations(void)
{
    CHECK_WIDTH(8, uint8_t);
    CHECK_WIDTH(16, uint16_t);
    CHECK_WIDTH(32, uint32_t);
    CHECK_WIDTH(64, uint64_t);
    CHECK_WIDTH(128, FzUint128);
    FzUint128 wide = (FzUint128)1 << 64;
    CHECK(__tsan_atomic128_fetch_sub(&wide, 1, 5) == (FzUint128)1 << 64);
    CHECK(wide == UINT64_MAX);
    char text[8] = "abcdefg";
    CHECK(__tsan_memmove(text + 1, text, 4) == text + 1);
    CHECK(__tsan_memcpy(text + 6, "z", 1) == text + 6);
    CHECK(__tsan_memset(text, 'q', 1) == text);
    CHECK(strcmp(text, "qabcdfz") == 0);
}

// ---- Points: the same kinds as rtcore_atomic.h makes, and no others.

static void
atomics_body(void *arg)
{
    uint64_t *word = arg;
    __tsan_atomic64_load(word, 2);
    __tsan_atomic64_store(word, 1, 3);
    __tsan_atomic64_exchange(word, 2, 5);
    __tsan_atomic64_fetch_add(word, 2, 5);
    __tsan_atomic64_compare_exchange_val(word, 77, 2, 5, 5);
    __tsan_atomic_thread_fence(5);
    __tsan_atomic_signal_fence(5);
    __tsan_write8(word);
    __tsan_read_range(word, 8);
}

static void
test_points(void)
{
    static const uint8_t kinds[] = {
        RT_POINT_LOAD, RT_POINT_STORE, RT_POINT_RMW,
        RT_POINT_RMW,  RT_POINT_RMW,   RT_POINT_FENCE,
    };
    static uint64_t word;
    FzRun run = {0};
    FzEngineConfig config = {
        .schedule = {
            .kind = FZ_SCHEDULE_STRATEGY,
            .strategy = &fz_strategy_random,
        },
        .races = true,
        .record_events = true,
    };
    FzEngine_Run(&config, atomics_body, &word, &run);
    CHECK(run.completed);
    size_t points = 0;
    for (size_t i = 0; i < run.nevents; i++) {
        if (run.events[i].kind == FZ_TRACE_POINT) {
            CHECK(points < sizeof(kinds));
            CHECK(run.events[i].what == kinds[points]);
            CHECK((run.events[i].object == 0) ==
                  (kinds[points] == RT_POINT_FENCE));
            points++;
        }
    }
    CHECK(points == sizeof(kinds));
    CHECK(run.steps == sizeof(kinds));
    FzRun_Free(&run);
}
#endif

int
main(void)
{
    char why[256];
    if (!FzEngine_Init(why, sizeof(why))) {
        printf("%s\n", why);
        return 1;
    }
    test_violation();
#ifdef RT_COMPILER_POINTS
    test_operations();
    test_points();
#endif
    return 0;
}

#else

// Without hooks nothing may reach the detector: it cannot be started.
int
main(void)
{
    char why[256];
    CHECK(!FzEngine_Init(why, sizeof(why)));
    return 0;
}

#endif

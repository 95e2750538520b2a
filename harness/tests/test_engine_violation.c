// test_engine_violation.c: how a run ends that does not end well: deadlocks,
// budgets, crashes, violations in the middle; and that nothing of it is left.

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine_bodies.h"
#include "fz_image.h"
#include "rtcore_heap.h"
#include "rtcore_lock.h"
#include "rtcore_object.h"
#include "rtcore_state.h"
#include "rt_types.h"

#ifdef RT_WITH_HOOKS

static const FzStrategy *const strategies[] = {
    &fz_strategy_random, &fz_strategy_pct, &fz_strategy_pos};
enum { NSTRATEGIES = 3 };

static int flag, word;

static bool
stack_has(void *const *stack, const char *function)
{
    for (int i = 0; i < FZ_MAX_STACK && stack[i] != NULL; i++) {
        const char *name = FzImage_FunctionAt((uintptr_t)stack[i] - 1);
        if (name != NULL && strcmp(name, function) == 0) {
            return true;
        }
    }
    return false;
}

// ---------------------------------------------------------------------------
// Deadlock.

static RtRawMutex mutexes[2];

static __attribute__((noinline)) void
lock_in_order(int index)
{
    RtRawMutex_Lock(&mutexes[index]);
    RtRawMutex_Lock(&mutexes[1 - index]);
    RtRawMutex_Unlock(&mutexes[1 - index]);
    RtRawMutex_Unlock(&mutexes[index]);
}

static void
deadlock_body(void *arg)
{
    (void)arg;
    memset(mutexes, 0, sizeof(mutexes));
    run_team(2, lock_in_order);
}

static void
test_deadlock(void)
{
    FzRun again = {0};
    for (int s = 0; s < NSTRATEGIES; s++) {
        int found = 0;
        for (uint64_t seed = 0; seed < 200; seed++) {
            FzEngineConfig config = config_of(strategies[s], seed);
            config.oracles = seed % 2 == 0;
            config.schedule.expected_steps = 20;
            FzEngine_Run(&config, deadlock_body, NULL, &run);
            CHECK(run.completed == (run.nviolations == 0));
            if (run.completed) {
                continue;
            }
            found++;
            const FzViolation *violation = &run.violations[0];
            CHECK(violation->rule == FZ_RULE_DEADLOCK);
            CHECK(strstr(violation->message, "no thread can run") != NULL);
            CHECK_EQUAL(violation->step, run.steps);
            if (violation->thread != 0) {
                CHECK(stack_has(violation->stack, "lock_in_order"));
            }
            config.schedule.kind = FZ_SCHEDULE_REPLAY;
            config.schedule.tape = run.tape.bytes.data;
            config.schedule.ntape = run.tape.bytes.size;
            FzEngine_Run(&config, deadlock_body, NULL, &again);
            CHECK_EQUAL(again.trace_hash, run.trace_hash);
            CHECK(strcmp(again.violations[0].message, violation->message) ==
                  0);
        }
        CHECK(found > 0);
        CHECK(found < 200);
    }
    FzRun_Free(&again);
}

// ---------------------------------------------------------------------------
// A violation names both threads' stacks.

static __attribute__((noinline)) void
victim(void)
{
    store(&flag, 1);
    while (load(&word) == 0) {
    }
    store(&flag, 2);
}

static __attribute__((noinline)) void
accuser(void)
{
    while (load(&flag) == 0) {
        rt_world->yield();
    }
    FzEngine_Violation(FZ_RULE_HEAP_INVALID, 1, "flag is %d", flag);
    FzEngine_Violation(FZ_RULE_DATA_RACE, 77, "a second one");
    FzEngine_Stop();
}

static void
accuse(int index)
{
    if (index == 0) {
        victim();
    }
    else {
        accuser();
    }
    CHECK(!"not reached");
}

static void
accuse_body(void *arg)
{
    (void)arg;
    flag = word = 0;
    run_team(2, accuse);
}

static void
test_stacks(void)
{
    execute(&fz_strategy_random, 9, accuse_body, NULL);
    CHECK(!run.completed);
    CHECK_EQUAL(run.nviolations, 2);
    const FzViolation *violation = &run.violations[0];
    CHECK(violation->rule == FZ_RULE_HEAP_INVALID);
    CHECK_EQUAL(violation->thread, 2);
    CHECK_EQUAL(violation->other_thread, 1);
    CHECK(strcmp(violation->message, "flag is 1") == 0);
    CHECK(stack_has(violation->stack, "accuser"));
    CHECK(stack_has(violation->stack, "member_main"));
    CHECK(!stack_has(violation->stack, "victim"));
    CHECK(stack_has(violation->other_stack, "victim"));
    CHECK_EQUAL(run.violations[1].other_thread, UINT32_MAX);
    CHECK(run.violations[1].other_stack[0] == NULL);
}

// ---------------------------------------------------------------------------
// Budget.

static void
livelock(int index)
{
    // Each undoes what the other waits for.
    for (;;) {
        store(&flag, index);
        load(&word);
    }
}

static void
livelock_body(void *arg)
{
    (void)arg;
    run_team(2, livelock);
}

static void
test_budget(void)
{
    for (int s = 0; s < NSTRATEGIES; s++) {
        FzEngineConfig config = config_of(strategies[s], 1);
        config.step_budget = 5000;
        FzEngine_Run(&config, livelock_body, NULL, &run);
        CHECK(!run.completed);
        CHECK_EQUAL(run.nviolations, 1);
        CHECK(run.violations[0].rule == FZ_RULE_STEP_BUDGET);
        CHECK_EQUAL(run.steps, 5001);
    }
    FzEngineConfig config = config_of(&fz_strategy_pos, 1);
    config.step_budget = 1;
    FzEngine_Run(&config, livelock_body, NULL, &run);
    CHECK(run.violations[0].rule == FZ_RULE_STEP_BUDGET);
}

// A pair of a pair with itself, and so on: 2 to the power of `depth` hashes.
static void
hash_body(void *arg)
{
    RtThreadState *tstate = RtRuntime_Start();
    RtObject *op = Rt_NewRef(Rt_None);
    for (int depth = *(int *)arg; depth > 0; depth--) {
        RtObject *pair = RtTuple_New(2);
        RtTuple_SetItem(pair, 0, Rt_NewRef(op));
        RtTuple_SetItem(pair, 1, op);
        op = pair;
    }
    (void)RtObject_Hash(op);
    Rt_DECREF(op);
    RtRuntime_Finish(tstate);
}

static void
test_budget_of_calls(void)
{
    FzEngineConfig config = config_of(&fz_strategy_pos, 1);
    int depth = 10;
    FzEngine_Run(&config, hash_body, &depth, &run);
    CHECK(run.completed);
    CHECK_EQUAL(run.nviolations, 0);
    depth = 60;
    uint64_t first = 0;
    for (int i = 0; i < 2; i++) {
        FzEngine_Run(&config, hash_body, &depth, &run);
        CHECK(!run.completed);
        CHECK_EQUAL(run.nviolations, 1);
        CHECK(run.violations[0].rule == FZ_RULE_STEP_BUDGET);
        CHECK(i == 0 || run.trace_hash == first);
        first = run.trace_hash;
    }
}

// ---------------------------------------------------------------------------
// Names and numbers of blocks.

static uintptr_t keys[3];
static char names[3][64];
static int *block;

static void
name_body(void *arg)
{
    (void)arg;
    int *first = RtMem_Malloc(40);
    block = RtMem_Malloc(100);
    const void *addresses[3] = {first, block + 2, &word};
    for (int i = 0; i < 3; i++) {
        keys[i] = FzEngine_AddressKey(addresses[i]);
        FzEngine_NameAddress(addresses[i], names[i], sizeof(names[i]));
    }
    CHECK_EQUAL(FzEngine_AddressKey(block + 3), keys[1] + sizeof(int));
    CHECK_EQUAL(FzEngine_AddressKey(NULL), 0);
    CHECK(FzEngine_AddressKey(&arg) != 0);
    CHECK_EQUAL(FzShadow_CountLive(), 2);
    CHECK(FzShadow_Find(block + 24)->start == block);
    RtMem_Free(first);
    const FzBlock *freed = FzShadow_Find(first);
    CHECK(freed != NULL && freed->state == 2);
    CHECK_EQUAL(FzShadow_CountLive(), 1);
    // Its memory is not used again in this run.
    for (int i = 0; i < 100; i++) {
        void *other = RtMem_Malloc(40);
        CHECK(other != first);
        RtMem_Free(other);
    }
    rt_world->write("hello ", 6);
    rt_world->write("world", 5);
    RtMem_Free(block);
}

static void
check_member(const void *addr, const char *expected)
{
    char name[64];
    CHECK(strcmp(FzEngine_NameAddress(addr, name, sizeof(name)), expected) ==
          0);
}

static void
test_members(void)
{
    const RtInterpreterState *interp = &rt_runtime.main_interp;
    check_member(&rt_runtime, "runtime.head_mutex");
    check_member(&rt_runtime.threads_seen, "runtime.threads_seen");
    check_member(&rt_runtime.main_tstate, "runtime.main_tstate");
    check_member(interp, "interp.next");
    check_member(&interp->gc.collecting, "interp.gc+0x4");
    check_member(&interp->types.closed, "interp.types.closed");
    check_member(&interp->types.cache[0], "interp.types.cache");
    char second[64];
    snprintf(second, sizeof(second), "interp.types.cache+0x%zx",
             sizeof(interp->types.cache[0]));
    check_member(&interp->types.cache[1], second);
    check_member(&interp->atexit_closed, "interp.atexit_closed");
}

static void
test_names(void)
{
    execute(&fz_strategy_pos, 1, name_body, NULL);
    CHECK(run.completed);
    CHECK_EQUAL(run.nviolations, 0);
    CHECK(strcmp(FzBuf_CString(&run.output), "hello world") == 0);
    uintptr_t before[3];
    memcpy(before, keys, sizeof(keys));
    CHECK(strcmp(names[0], "mem#1") == 0);
    CHECK(strcmp(names[1], "mem#2+0x8") == 0);
    CHECK(strcmp(names[2], "word") == 0);
    char name[64];
    CHECK(strcmp(FzEngine_NameKey(keys[1], name, sizeof(name)), names[1]) ==
          0);
    CHECK(strcmp(FzEngine_NameKey(keys[2], name, sizeof(name)), names[2]) ==
          0);
    CHECK(FzShadow_Find(block) == NULL);
    for (uint64_t seed = 0; seed < 5; seed++) {
        execute(&fz_strategy_pos, seed, name_body, NULL);
        CHECK(memcmp(before, keys, sizeof(keys)) == 0);
    }
}

// ---------------------------------------------------------------------------
// Crashes.

#ifndef RT_ASAN

static int *volatile nowhere;

static __attribute__((noinline)) void
crash(int index)
{
    load(&word);
    if (index == 1) {
        *nowhere = 1;
    }
    load(&word);
}

static void
crash_body(void *arg)
{
    nowhere = arg;
    run_team(2, crash);
}

static __attribute__((noinline)) int
recurse(volatile int *depth)
{
    volatile char frame[256];
    frame[0] = (char)*depth;
    ++*depth;
    return *depth < 0 ? 0 : recurse(depth) + frame[0];
}

static void
overflow_body(void *arg)
{
    (void)arg;
    volatile int depth = 0;
    recurse(&depth);
}

static void
test_crash(void)
{
    for (int i = 0; i < 20; i++) {
        execute(&fz_strategy_random, (uint64_t)i, crash_body, (void *)16);
        CHECK(!run.completed);
        CHECK_EQUAL(run.nviolations, 1);
        const FzViolation *violation = &run.violations[0];
        CHECK(violation->rule == FZ_RULE_CRASH);
        CHECK_EQUAL(violation->thread, 2);
        CHECK(strstr(violation->message, "SEGV at NULL+0x10") != NULL);
        CHECK(stack_has(violation->stack, "crash"));
        execute(&fz_strategy_random, 1, overflow_body, NULL);
        CHECK(run.violations[0].rule == FZ_RULE_CRASH);
        CHECK(strstr(run.violations[0].message, "overflowed") != NULL);
    }
}

#endif

// ---------------------------------------------------------------------------
// Abandoned runs leave nothing behind.

static void
hold_and_wait(int index)
{
    volatile char deep[4000];
    deep[0] = (char)index;
    int *mine = RtMem_Malloc(200);
    RtMem_Free(RtMem_Malloc(3000));
    store(mine, deep[0]);
    RtRawMutex_Lock(&mutexes[0]);
    RtRawMutex_Lock(&mutexes[0]);
}

static void
abandoned_body(void *arg)
{
    (void)arg;
    memset(mutexes, 0, sizeof(mutexes));
    run_team(3, hold_and_wait);
}

static long
resident_kb(void)
{
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL);
    CHECK(fscanf(file, "%ld %ld", &pages, &resident) == 2);
    fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static void
test_abandoned(void)
{
    enum { RUNS = 10000, WARM_UP = 500 };
#ifdef RT_ASAN
    enum { GROWTH_MAX_KB = 32 * 1024 };         // its own bookkeeping
#else
    enum { GROWTH_MAX_KB = 4 * 1024 };
#endif
    long before = 0;
    uint64_t hash = 0;
    for (int i = 0; i < RUNS; i++) {
        if (i == WARM_UP) {
            before = resident_kb();
        }
        FzEngineConfig config = config_of(&fz_strategy_pos, 4);
        config.oracles = i % 10 == 0;
        FzEngine_Run(&config, abandoned_body, NULL, &run);
        CHECK(!run.completed);
        CHECK_EQUAL(run.nviolations, 1);
        CHECK(i == 0 || run.trace_hash == hash);
        hash = run.trace_hash;
        CHECK_EQUAL(RtMem_LiveBlocks(), 0);
    }
    CHECK(resident_kb() - before < GROWTH_MAX_KB);
}

int
main(void)
{
    char why[200];
    CHECK(FzEngine_Init(why, sizeof(why)));
    test_deadlock();
    test_stacks();
    test_budget();
    test_budget_of_calls();
    test_members();
    test_names();
#ifndef RT_ASAN
    test_crash();
#endif
    test_abandoned();
    FzRun_Free(&run);
    return 0;
}

#else

int
main(void)
{
    return 0;
}

#endif

// test_locks.c: each lock in the interleavings that its rules are about, step
// by step: hand-off, a timeout or an interruption that races with the unlock,
// writers before readers, recursion, the order of internal locks; and what the
// lock oracle says of code that breaks a rule.

#include "attached.h"
#include "script.h"

#include "rtcore_heap.h"

#ifdef RT_WITH_HOOKS

// ---------------------------------------------------------------------------
// The mutex: hand-off, and a timeout that races with the unlock.

static RtMutex mutex;
static int age_us;              // how long B has waited at A's unlock
static RtLockStatus status;

static void
hand_off(int index)
{
    if (index + 1 == A) {
        RtMutex_Lock(&mutex);
        let(B);
        prefer(A);
        spend_us(age_us);
        event('a');
        RtMutex_Unlock(&mutex);
        // Runs on, and is faster than B unless B was handed the mutex.
        RtMutex_Lock(&mutex);
        event('A');
        RtMutex_Unlock(&mutex);
    }
    else if (index + 1 == B) {
        RtMutex_Lock(&mutex);
        event('b');
        RtMutex_Unlock(&mutex);
    }
}

static void
test_hand_off(void)
{
    age_us = 10;
    expect_clean(hand_off);
    CHECK(strcmp(events, "aAb") == 0);
    age_us = 1100;
    expect_clean(hand_off);
    CHECK(strcmp(events, "abA") == 0);
    CHECK_EQUAL(mutex.bits, 0);
}

static bool unlock_in_time;

// B's time is over, but A unlocks before B is awake; or after.
static void
time_out(int index)
{
    if (index + 1 == A) {
        RtMutex_Lock(&mutex);
        let(B);
        prefer(A);
        spend_us(600);
        if (!unlock_in_time) {
            let(B);
        }
        RtMutex_Unlock(&mutex);
        event('a');
    }
    else if (index + 1 == B) {
        status = RtMutex_LockTimed(&mutex, 500000, RT_LOCK_DETACH);
        event('b');
        if (status == RT_LOCK_ACQUIRED) {
            RtMutex_Unlock(&mutex);
        }
    }
}

static void
test_timeout_races_unlock(void)
{
    unlock_in_time = true;
    expect_clean(time_out);
    CHECK(status == RT_LOCK_ACQUIRED);
    CHECK(strcmp(events, "ab") == 0);
    unlock_in_time = false;
    expect_clean(time_out);
    CHECK(status == RT_LOCK_FAILURE);
    CHECK(strcmp(events, "ba") == 0);
    CHECK_EQUAL(mutex.bits, 0);
}

// ---------------------------------------------------------------------------
// Interruptions. B is attached to the runtime.

enum { BEFORE_WAIT, WHILE_PARKED, BEFORE_UNLOCK, HANDLED } when;
static RtThreadState *b_tstate;
static RtMutex other_mutex;
static RtEvent happened;

static void
interrupt_b(void)
{
    RT_HEAD_LOCK();
    RtInterrupt_Request(&b_tstate->interrupt);
    RT_HEAD_UNLOCK();
}

static void
interrupter(void)
{
    RtMutex_Lock(&mutex);
    RtMutex_Lock(&other_mutex);
    let(B);
    if (when == BEFORE_WAIT) {
        interrupt_b();
        let(B);
    }
    else {
        prefer(A);
        interrupt_b();
        if (when == BEFORE_UNLOCK) {
            RtEvent_Notify(&happened);
            RtMutex_Unlock(&mutex);
            let(B);
            RtMutex_Unlock(&other_mutex);
            return;
        }
        let(B);
    }
    prefer(A);
    event('a');
    RtMutex_Unlock(&other_mutex);
    RtMutex_Unlock(&mutex);
}

static void
attach_b(void)
{
    b_tstate = attach_new();
    if (when == BEFORE_WAIT) {
        let(A);
    }
}

static void
detach_b(void)
{
    delete_attached(b_tstate);
}

static void
interrupt_lock(int index)
{
    int flags = RT_LOCK_DETACH;
    flags |= when == HANDLED ? RT_LOCK_HANDLE_SIGNALS
                             : RT_LOCK_FAIL_IF_INTERRUPTED;
    if (index + 1 == A) {
        interrupter();
    }
    else if (index + 1 == B) {
        attach_b();
        status = RtMutex_LockTimed(&mutex, -1, flags);
        event(status == RT_LOCK_INTR ? 'i' : 'l');
        if (status == RT_LOCK_ACQUIRED) {
            RtMutex_Unlock(&mutex);
        }
        if (when == BEFORE_UNLOCK) {
            // It came too late for that wait, and is not lost.
            CHECK(RtMutex_LockTimed(&other_mutex, -1, flags) == RT_LOCK_INTR);
        }
        CHECK(!b_tstate->interrupt.requested);
        CHECK(b_tstate->interrupt.waits_on == NULL);
        detach_b();
    }
}

static void
interrupt_event(int index)
{
    if (index + 1 == A) {
        interrupter();
        RtEvent_Notify(&happened);
    }
    else if (index + 1 == B) {
        attach_b();
        status = RtEvent_WaitInterruptible(&happened, -1);
        event(status == RT_LOCK_INTR ? 'i' : 'l');
        CHECK((status == RT_LOCK_ACQUIRED) == (when == BEFORE_UNLOCK));
        CHECK(b_tstate->interrupt.requested == (when == BEFORE_UNLOCK));
        detach_b();
    }
}

static void
expect_attached(void (*func)(int), int time, const char *expected)
{
    when = time;
    happened = (RtEvent){0};
    execute(&script, 0, attached_body, &func);
    check_clean();
    CHECK(strcmp(events, expected) == 0);
    CHECK_EQUAL(mutex.bits, 0);
}

static void
test_interrupts(void)
{
    expect_attached(interrupt_lock, BEFORE_WAIT, "ia");
    expect_attached(interrupt_lock, WHILE_PARKED, "ia");
    expect_attached(interrupt_lock, BEFORE_UNLOCK, "l");
    expect_attached(interrupt_lock, HANDLED, "al");
    expect_attached(interrupt_event, BEFORE_WAIT, "ia");
    expect_attached(interrupt_event, WHILE_PARKED, "ia");
    expect_attached(interrupt_event, BEFORE_UNLOCK, "l");
}

// ---------------------------------------------------------------------------
// Readers and writers.

static RtRWMutex rw;
static uint32_t first_awake;
static bool forget_writer;

static void
read_and_write(int index)
{
    if (index + 1 == A) {
        RtRWMutex_RLock(&rw);
        let(B);
        if (forget_writer) {
            store((int *)&rw.bits, (int)(rw.bits & ~(uintptr_t)2));
        }
        let(C);
        CHECK_EQUAL(nevents, 0);
        prefer(first_awake);
        event('r');
        RtRWMutex_RUnlock(&rw);
        RtRWMutex_RLock(&rw);
        event('R');
        RtRWMutex_RUnlock(&rw);
    }
    else if (index + 1 == B) {
        RtRWMutex_Lock(&rw);
        event('w');
        RtRWMutex_Unlock(&rw);
    }
    else {
        RtRWMutex_RLock(&rw);
        event('s');
        RtRWMutex_RUnlock(&rw);
    }
}

// Whoever wakes first when the reader has left: the writer is next.
static void
test_writer_first(void)
{
    for (first_awake = A; first_awake <= C; first_awake++) {
        expect_clean(read_and_write);
        CHECK(strncmp(events, "rw", 2) == 0);
        CHECK_EQUAL(nevents, 4);
        CHECK_EQUAL(rw.bits, 0);
    }
    forget_writer = true;
    expect_violation(read_and_write, FZ_RULE_WRITER_OVERTAKEN, "as a writer");
    forget_writer = false;
    RtRWMutex_AfterFork(&rw);
    CHECK_EQUAL(rw.bits, 0);
}

static int readers, most_readers, written;

static void
mixed(int index)
{
    for (int i = 0; i < 6; i++) {
        if ((i + index) % 3 == 0) {
            RtRWMutex_Lock(&rw);
            CHECK_EQUAL(readers, 0);
            store(&written, load(&written) + 1);
            RtRWMutex_Unlock(&rw);
            continue;
        }
        RtRWMutex_RLock(&rw);
        readers++;
        most_readers = readers > most_readers ? readers : most_readers;
        int before = load(&written);
        CHECK_EQUAL(load(&written), before);
        readers--;
        RtRWMutex_RUnlock(&rw);
    }
}

static void
test_readers_share(void)
{
    void (*func)(int) = mixed;
    int most = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        written = readers = most_readers = 0;
        execute(seed % 2 == 0 ? &fz_strategy_pos : &fz_strategy_random, seed,
                team_body, &func);
        check_clean();
        CHECK_EQUAL(written, 6);
        CHECK_EQUAL(rw.bits, 0);
        most = most_readers > most ? most_readers : most;
    }
    CHECK_EQUAL(most, 3);
}

// ---------------------------------------------------------------------------
// Recursion.

static RtRecursiveMutex recursive;

static void
recurse_and_try(int index)
{
    size_t times;
    if (index + 1 == A) {
        for (int i = 0; i < 3; i++) {
            RtRecursiveMutex_Lock(&recursive);
        }
        let(B);
        CHECK(RtRecursiveMutex_Owner(&recursive, &times) == RtThread_Id());
        CHECK_EQUAL(times, 3);
        CHECK_EQUAL(RtRecursiveMutex_Release(&recursive), 3);
        CHECK(!RtRecursiveMutex_IsLockedByCurrentThread(&recursive));
        RtRecursiveMutex_Restore(&recursive, 2);
        event('a');
        RtRecursiveMutex_Unlock(&recursive);
        CHECK(RtRecursiveMutex_TryUnlock(&recursive) == 0);
        CHECK(RtRecursiveMutex_TryUnlock(&recursive) == -1);
    }
    else if (index + 1 == B) {
        CHECK(RtRecursiveMutex_TryUnlock(&recursive) == -1);
        CHECK(RtRecursiveMutex_LockTimed(&recursive, NULL, 0,
                                         RT_LOCK_DETACH) ==
              RT_LOCK_FAILURE);
        RtRecursiveMutex_Lock(&recursive);
        event('b');
        RtRecursiveMutex_Unlock(&recursive);
        CHECK(RtRecursiveMutex_Owner(&recursive, &times) == 0 || times > 0);
    }
}

static void
test_recursive(void)
{
    expect_clean(recurse_and_try);
    // A post wakes B, which is preferred, as soon as A has released all.
    CHECK(strcmp(events, "ba") == 0);
    // The child of a fork has the mutex under its own id; or nobody has.
    recursive = (RtRecursiveMutex){.owner = 77, .level = 1,
                                   .mutex = {RT_MUTEX_LOCKED}};
    RtRecursiveMutex_AfterFork(&recursive, 77);
    CHECK(RtRecursiveMutex_IsLockedByCurrentThread(&recursive));
    RtRecursiveMutex_Unlock(&recursive);
    RtRecursiveMutex_Unlock(&recursive);
    CHECK(!RtMutex_IsLocked(&recursive.mutex));
    recursive = (RtRecursiveMutex){.owner = 76, .level = 1,
                                   .mutex = {RT_MUTEX_LOCKED}};
    RtRecursiveMutex_AfterFork(&recursive, 77);
    CHECK(!RtMutex_IsLocked(&recursive.mutex));
    CHECK_EQUAL(recursive.owner, 0);
}

// ---------------------------------------------------------------------------
// What the oracle says.

static void
wait_for_each_other(int index)
{
    if (index + 1 == A) {
        RtRWMutex_RLock(&rw);
        let(B);
        RtRecursiveMutex_Lock(&recursive);
    }
    else if (index + 1 == B) {
        RtRecursiveMutex_Lock(&recursive);
        RtRWMutex_Lock(&rw);
    }
}

static RtRawMutex raw;

static void
release_anothers(int index)
{
    if (index + 1 == A) {
        RtRawMutex_Lock(&raw);
        let(B);
    }
    else if (index + 1 == B) {
        RtRawMutex_Unlock(&raw);
    }
}

static void
end_as_reader(int index)
{
    if (index + 1 == A) {
        RtRWMutex_RLock(&rw);
    }
}

#if RT_DEBUG_LEVEL >= 1
static void
lock_out_of_order(int index)
{
    if (index + 1 == A) {
        RtRawMutex_LockRanked(&raw, RT_RANK_HEAD);
        RtMutex_LockRanked(&mutex, RT_RANK_QSBR);
    }
}

static void
allocate_under_leaf(int index)
{
    if (index + 1 == A) {
        RtRawMutex_LockRanked(&raw, RT_RANK_HEAD);
        RtMem_Free(RtMem_Malloc(16));
    }
}

static void
end_with_rank(int index)
{
    if (index + 1 == A) {
        RtMutex_LockRanked(&mutex, RT_RANK_QSBR);
    }
}

static void
detach_under_leaf(int index)
{
    if (index + 1 == B) {
        attach_b();
        RtRawMutex_LockRanked(&raw, RT_RANK_HEAD);
        RtThreadState_Detach(b_tstate);
    }
}
#endif

static void
reset_locks(void)
{
    RtRawMutex_AfterFork(&raw);
    RtMutex_AfterFork(&mutex);
    RtRWMutex_AfterFork(&rw);
    RtRecursiveMutex_AfterFork(&recursive, 0);
}

static void
test_oracle(void)
{
    expect_violation(wait_for_each_other, FZ_RULE_DEADLOCK,
                     "2 of them wait for each other");
    reset_locks();
    expect_violation(release_anothers, FZ_RULE_LOCK_NOT_OWNER, "releases");
    reset_locks();
    expect_violation(end_as_reader, FZ_RULE_LOCK_HELD_AT_EXIT, "readers");
    reset_locks();
#if RT_DEBUG_LEVEL >= 1
    expect_violation(lock_out_of_order, FZ_RULE_LOCK_ORDER,
                     "(QSBR) is taken while HEAD is held");
    reset_locks();
    expect_violation(allocate_under_leaf, FZ_RULE_LOCK_ORDER, "holds HEAD");
    reset_locks();
    expect_violation(end_with_rank, FZ_RULE_LOCK_HELD_AT_EXIT, "QSBR");
    reset_locks();
    void (*func)(int) = detach_under_leaf;
    execute(&script, 0, attached_body, &func);
    CHECK_EQUAL(run.nviolations, 1);
    CHECK(run.violations[0].rule == FZ_RULE_LOCK_ORDER);
    reset_locks();
#endif
}

int
main(void)
{
    char why[200];
    if (!FzExec_Init(why, sizeof(why))) {
        fprintf(stderr, "test_locks: %s\n", why);
        return 1;
    }
    test_hand_off();
    test_timeout_races_unlock();
    test_interrupts();
    test_writer_first();
    test_readers_share();
    test_recursive();
    test_oracle();
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

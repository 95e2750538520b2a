// test_parking.c: wait queues step by step, and what the oracle of the parking
// lot says of code that breaks a rule: sleepers woken out of turn, a hand-off
// that does not hold, a mutex opened past an old waiter, a semaphore that ends
// too early.

#include "script.h"

#include "rtcore_wait_queue.h"

#ifdef RT_WITH_HOOKS

// ---------------------------------------------------------------------------
// Wait queues. B and C wait, A wakes.

static RtWaitQueue queue;
static RtWaiter waiters[4];
static RtLockStatus status[4];
static bool woken[4];

static void
enter_and_wait(uint32_t thread, int64_t timeout_ns)
{
    RtWaitQueue_Lock(&queue);
    RtWaitQueue_Enter(&queue, &waiters[thread]);
    RtWaitQueue_Unlock(&queue);
    status[thread] = RtWaitQueue_Wait(&queue, &waiters[thread], timeout_ns,
                                      &woken[thread]);
    if (status[thread] != RT_LOCK_ACQUIRED) {
        RtWaitQueue_Unlock(&queue);
    }
    event((char)('a' + thread));
}

static void
wake_in_turn(int index)
{
    if (index + 1 == A) {
        let(C);
        let(B);
        prefer(A);
        RtWaitQueue_Lock(&queue);
        CHECK_EQUAL(queue.count, 2);
        CHECK(RtWaitQueue_WakeOne(&queue, 7));
        RtWaitQueue_Unlock(&queue);
        let(B);                 // sleeps on
        let(C);
        prefer(A);
        CHECK(strcmp(events, "d") == 0);
        CHECK_EQUAL(waiters[C].word, 7);
        RtWaitQueue_Lock(&queue);
        CHECK_EQUAL(RtWaitQueue_WakeAll(&queue, 8), 1);
        CHECK(!RtWaitQueue_WakeOne(&queue, 9));
        RtWaitQueue_Unlock(&queue);
    }
    else {
        enter_and_wait((uint32_t)index + 1, -1);
    }
}

static void
test_wake_in_turn(void)
{
    expect_clean(wake_in_turn);
    CHECK(strcmp(events, "dc") == 0);
    CHECK_EQUAL(waiters[B].word, 8);
    RtWaitQueue_Fini(&queue);
}

static bool wakes_in_time;

// B's time is over, and it wants the queue's mutex, which A has; A wakes it
// after all, or does not.
static void
wake_late(int index)
{
    if (index + 1 == A) {
        let(B);
        prefer(A);
        RtWaitQueue_Lock(&queue);
        spend_us(600);
        let(B);
        prefer(A);
        CHECK_EQUAL(nevents, 0);
        if (wakes_in_time) {
            CHECK(RtWaitQueue_WakeOne(&queue, 5));
        }
        RtWaitQueue_Unlock(&queue);
        let(B);
        prefer(A);
        RtWaitQueue_Lock(&queue);
        CHECK(!RtWaitQueue_WakeOne(&queue, 6));
        RtWaitQueue_Unlock(&queue);
    }
    else if (index + 1 == B) {
        enter_and_wait(B, 500000);
    }
}

static void
test_timeout_races_wake(void)
{
    wakes_in_time = true;
    expect_clean(wake_late);
    CHECK(status[B] == RT_LOCK_ACQUIRED);
    CHECK_EQUAL(waiters[B].word, 5);
    wakes_in_time = false;
    expect_clean(wake_late);
    CHECK(status[B] == RT_LOCK_FAILURE);
    CHECK(!woken[B]);
    RtWaitQueue_Fini(&queue);
}

// The one in the middle leaves; the others are woken in turn.
static void
leave_from_the_middle(int index)
{
    if (index + 1 == A) {
        RtWaitQueue_Lock(&queue);
        RtWaitQueue_Enter(&queue, &waiters[A]);
        RtWaitQueue_Unlock(&queue);
        let(B);
        let(C);
        prefer(A);
        spend_us(600);
        let(B);                 // its time is over
        prefer(A);
        RtWaitQueue_Lock(&queue);
        CHECK_EQUAL(queue.count, 2);
        CHECK(queue.head == &waiters[A] && queue.tail == &waiters[C]);
        CHECK_EQUAL(RtWaitQueue_WakeAll(&queue, 0), 2);
        RtWaitQueue_Unlock(&queue);
        CHECK(RtWaitQueue_Wait(&queue, &waiters[A], -1, &woken[A]) ==
              RT_LOCK_ACQUIRED);
        event('b');
    }
    else {
        enter_and_wait((uint32_t)index + 1, index + 1 == B ? 500000 : -1);
    }
}

static void
test_leave_from_the_middle(void)
{
    expect_clean(leave_from_the_middle);
    CHECK(strncmp(events, "c", 1) == 0);
    CHECK_EQUAL(nevents, 3);
    CHECK(status[B] == RT_LOCK_FAILURE);
    CHECK(status[C] == RT_LOCK_ACQUIRED);
    RtWaitQueue_Fini(&queue);
}

// ---------------------------------------------------------------------------
// The parking lot: UnparkAll against waits that time out (PM01, PM02).

static uint8_t word;
static uint64_t at;
static RtParkResult results[4];

static void
unpark_all_in_time(int index)
{
    uint8_t expected = 1;
    if (index + 1 == A) {
        word = 1;
        let(B);
        let(C);
        prefer(A);
        // Both are out of time, but neither has run yet.
        spend_us(600);
        preempt(at, B);
        RtParkingLot_UnparkAll(&word);
        event('a');
    }
    else {
        results[index + 1] = RtParkingLot_Park(&word, &expected, 1, 500000,
                                               NULL, 0);
        event((char)('a' + index + 1));
    }
}

// A is preempted everywhere in UnparkAll() by a sleeper that leaves.
static void
test_unpark_all(void)
{
    int timeouts = 0;
    int posts = 0;
    for (at = 1; at == 1 || preempted; at++) {
        expect_clean(unpark_all_in_time);
        CHECK_EQUAL(nevents, 3);
        for (int t = B; t <= C; t++) {
            CHECK(results[t] == RT_PARK_OK || results[t] == RT_PARK_TIMEOUT);
            timeouts += results[t] == RT_PARK_TIMEOUT;
            posts += results[t] == RT_PARK_OK;
        }
    }
    CHECK(at > 3);
    CHECK(timeouts > 0);
    CHECK(posts > 0);
}

// A waiter's mark in the mutex goes when the waiter has gone, at the latest
// with the next unlock, although its bucket is shared (M3).
static RtMutex mutexes[6];

static void
share_buckets(int index)
{
    if (index + 1 == A) {
        for (int i = 0; i < 6; i++) {
            RtMutex_Lock(&mutexes[i]);
        }
        let(B);
        let(C);
        prefer(A);
        for (int i = 0; i < 6; i++) {
            RtMutex_Unlock(&mutexes[i]);
            let(B);
            let(C);
            prefer(A);
        }
    }
    else {
        for (int i = index == 1 ? 0 : 1; i < 6; i += 2) {
            RtMutex_Lock(&mutexes[i]);
            RtMutex_Unlock(&mutexes[i]);
        }
    }
}

static void
test_marks_go(void)
{
    expect_clean(share_buckets);
    for (int i = 0; i < 6; i++) {
        CHECK_EQUAL(mutexes[i].bits, RT_MUTEX_UNLOCKED);
    }
}

static RtMutex mutex;

// C came before B, and each unlock finds a first waiter that is old enough.
static void
hand_over_in_turn(int index)
{
    if (index + 1 == A) {
        RtMutex_Lock(&mutex);
        let(C);
        let(B);
        prefer(A);
        spend_us(1100);
        RtMutex_Unlock(&mutex);
        let(B);
        prefer(A);
        CHECK_EQUAL(nevents, 0);
    }
    else {
        RtMutex_Lock(&mutex);
        event((char)('a' + index));
        RtMutex_Unlock(&mutex);
    }
}

static void
test_hand_over_in_turn(void)
{
    expect_clean(hand_over_in_turn);
    CHECK(strcmp(events, "cb") == 0);
    CHECK_EQUAL(mutex.bits, RT_MUTEX_UNLOCKED);
}

// ---------------------------------------------------------------------------
// What the oracle says.

static RtSemaphore semaphore;

static void
lock_and_unlock(void)
{
    RtMutex_Lock(&mutex);
    RtMutex_Unlock(&mutex);
}

static void
take_what_was_handed_over(int index)
{
    if (index + 1 == A) {
        RtMutex_Lock(&mutex);
        let(B);
        prefer(A);
        spend_us(1100);
        RtMutex_Unlock(&mutex);
        CHECK_EQUAL(mutex.bits & RT_MUTEX_LOCKED, RT_MUTEX_LOCKED);
        mutex.bits = RT_MUTEX_UNLOCKED;
        RtMutex_Lock(&mutex);
    }
    else if (index + 1 == B) {
        lock_and_unlock();
    }
}

static void
open_past_old_waiter(int index)
{
    if (index + 1 == A) {
        RtMutex_Lock(&mutex);
        let(B);
        prefer(A);
        spend_us(1100);
        RT_NOTE(LOCK_OPENED, &mutex, RT_LOCK_MUTEX);
    }
    else if (index + 1 == B) {
        lock_and_unlock();
    }
}

static void
leave_unasked(int index)
{
    if (index + 1 == A) {
        RT_NOTE(PARK, &word, 0);
        RT_NOTE(PARK_WOKEN, &word, 0);
    }
}

static void
leave_while_woken(int index)
{
    if (index + 1 == A) {
        RT_NOTE(PARK, &word, 0);
        RT_NOTE(UNPARK, &word, 1);
        RT_NOTE(PARK_LEFT, &word, 2);
    }
}

static void
wake_nobody(int index)
{
    if (index + 1 == A) {
        RT_NOTE(PARK, &word, 0);
        RT_NOTE(UNPARK, &word, 2);
    }
}

static void
end_with_post(int index)
{
    if (index + 1 == A) {
        rt_world->sem_init(&semaphore);
        RtSemaphore_Post(&semaphore);
        rt_world->sem_destroy(&semaphore);
    }
}

static void
post_after_end(int index)
{
    if (index + 1 == A) {
        rt_world->sem_init(&semaphore);
        rt_world->sem_destroy(&semaphore);
        RtSemaphore_Post(&semaphore);
    }
}

static void
end_while_waiting(int index)
{
    if (index + 1 == A) {
        rt_world->sem_init(&semaphore);
        let(B);
        rt_world->sem_destroy(&semaphore);
    }
    else if (index + 1 == B) {
        RtSemaphore_Wait(&semaphore, -1);
    }
}

static void
expect_broken(void (*func)(int), FzRule rule, const char *text)
{
    expect_violation(func, rule, text);
    RtMutex_AfterFork(&mutex);
    RtParkingLot_Reset();
}

static void
test_oracle(void)
{
    expect_broken(take_what_was_handed_over, FZ_RULE_HANDOFF_BROKEN,
                  "handed to thread 2");
    expect_broken(open_past_old_waiter, FZ_RULE_LOCK_UNFAIR,
                  "thread 2 has waited");
    expect_broken(leave_unasked, FZ_RULE_PARK_ORDER, "before its turn");
    expect_broken(leave_while_woken, FZ_RULE_PARK_ORDER, "is being woken");
    expect_broken(wake_nobody, FZ_RULE_PARK_ORDER, "no thread is parked");
    expect_broken(end_with_post, FZ_RULE_SEMAPHORE_LIFE, "a post left");
    expect_broken(post_after_end, FZ_RULE_SEMAPHORE_LIFE, "has ended");
    expect_broken(end_while_waiting, FZ_RULE_SEMAPHORE_LIFE, "waits");
}

int
main(void)
{
    char why[200];
    if (!FzExec_Init(why, sizeof(why))) {
        fprintf(stderr, "test_parking: %s\n", why);
        return 1;
    }
    test_wake_in_turn();
    test_timeout_races_wake();
    test_leave_from_the_middle();
    test_unpark_all();
    test_marks_go();
    test_hand_over_in_turn();
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

// test_parking_lot.c: parking, waking one and all, timeouts, and the two races
// of a sleeper that wakes by itself while it is being woken. A world whose
// waits a test decides forces the latter.

#include "check.h"
#include "rtcore_lock.h"

enum { NTHREADS = 4 };

static RtWorld test_world;
static int waits;               // atomic: calls of sem_wait
static int hold_wait;           // atomic: 1 the first wait is held up, 2 go on
static RtWaitResult held_result;        // what the held wait returns

// The first wait ends without a permit, when the test says so.
static RtWaitResult
deciding_sem_wait(RtSemaphore *sem, int64_t timeout_ns)
{
    rt_atomic_add_int(&waits, 1);
    if (rt_atomic_load_int(&hold_wait) != 0) {
        while (rt_atomic_load_int(&hold_wait) != 2) {
            rt_native_world.yield();
        }
        rt_atomic_store_int(&hold_wait, 0);
        return held_result;
    }
    return rt_native_world.sem_wait(sem, timeout_ns);
}

static void
install_test_world(RtWaitResult result)
{
    test_world = rt_native_world;
    test_world.sem_wait = deciding_sem_wait;
    held_result = result;
    rt_atomic_store_int(&waits, 0);
    rt_atomic_store_int(&hold_wait, 0);
    RtHooks_Install(NULL, &test_world);
}

static void
wait_for_waits(int count)
{
    while (rt_atomic_load_int(&waits) < count) {
        rt_world->yield();
    }
}

typedef struct Word {
    uint32_t value;             // what threads park on; atomic
    uint32_t woken;             // atomic
    RtParkResult result;        // of the one parked thread
    int order[NTHREADS];        // indices as handed to the callback
    int norder;
    bool last_has_more;
} Word;

static void
park_once(int index, void *arg)
{
    Word *word = arg;
    uint32_t expected = 0;
    (void)index;
    word->result = RtParkingLot_Park(&word->value, &expected, sizeof(expected),
                                     -1, NULL, false);
    rt_atomic_add_uint32(&word->woken, 1);
}

static void
park_with_index(int index, void *arg)
{
    Word *word = arg;
    uint32_t expected = 0;
    CHECK(RtParkingLot_Park(&word->value, &expected, sizeof(expected), -1,
                            &index, false) == RT_PARK_OK);
    rt_atomic_add_uint32(&word->woken, 1);
}

static void
record_callback(void *arg, void *park_arg, bool has_more_waiters)
{
    Word *word = arg;
    if (park_arg != NULL) {
        CHECK(word->norder < NTHREADS);
        word->order[word->norder++] = *(int *)park_arg;
    }
    word->last_has_more = has_more_waiters;
}

static void
ignore_callback(void *arg, void *park_arg, bool has_more_waiters)
{
    (void)arg;
    (void)park_arg;
    (void)has_more_waiters;
}

static void
test_again(void)
{
    uint8_t u8 = 1;
    uint16_t u16 = 1;
    uint32_t u32 = 1;
    uint64_t u64 = 1;
    uint64_t other = 0x0200000000000002;
    CHECK(RtParkingLot_Park(&u8, &other, 1, -1, NULL, false) == RT_PARK_AGAIN);
    CHECK(RtParkingLot_Park(&u16, &other, 2, -1, NULL, false) ==
          RT_PARK_AGAIN);
    CHECK(RtParkingLot_Park(&u32, &other, 4, -1, NULL, false) ==
          RT_PARK_AGAIN);
    CHECK(RtParkingLot_Park(&u64, &other, 8, -1, NULL, false) ==
          RT_PARK_AGAIN);
    CHECK(RtParkingLot_IsEmpty());
}

static void
test_timeout(void)
{
    uint8_t u8 = 7;
    uint64_t u64 = 7;
    CHECK(RtParkingLot_Park(&u8, &u8, 1, 0, NULL, false) == RT_PARK_TIMEOUT);
    CHECK(RtParkingLot_Park(&u64, &u64, 8, 100000, NULL, false) ==
          RT_PARK_TIMEOUT);
    CHECK(RtParkingLot_IsEmpty());
}

static void
test_unpark_nobody(void)
{
    Word word = {.last_has_more = true};
    RtParkingLot_Unpark(&word.value, record_callback, &word);
    CHECK(word.norder == 0);
    CHECK(!word.last_has_more);
    RtParkingLot_UnparkAll(&word.value);
}

// Waiters are woken in the order in which they parked, one for each Unpark.
static void
test_unpark_is_fifo(void)
{
    install_test_world(RT_WAIT_OK);
    Word word = {0};
    CheckThread threads[NTHREADS];
    for (int i = 0; i < NTHREADS; i++) {
        CheckThread_Start(&threads[i], park_with_index, &word, i);
        wait_for_waits(i + 1);
    }
    CHECK(!RtParkingLot_IsEmpty());
    for (int i = 0; i < NTHREADS; i++) {
        CHECK(rt_atomic_load_uint32(&word.woken) == (uint32_t)i);
        RtParkingLot_Unpark(&word.value, record_callback, &word);
        CheckThread_Join(&threads[i]);
        CHECK(word.norder == i + 1);
        CHECK(word.order[i] == i);
        CHECK(word.last_has_more == (i + 1 < NTHREADS));
    }
    CHECK(RtParkingLot_IsEmpty());
    RtHooks_Install(NULL, NULL);
}

// All waiters of one address are woken, those of another stay.
static void
test_unpark_all(void)
{
    install_test_world(RT_WAIT_OK);
    Word words[2] = {{0}, {0}};
    CheckThread threads[NTHREADS];
    for (int i = 0; i < NTHREADS; i++) {
        CheckThread_Start(&threads[i], park_with_index, &words[i % 2], i);
        wait_for_waits(i + 1);
    }
    RtParkingLot_UnparkAll(&words[1].value);
    CheckThread_Join(&threads[1]);
    CheckThread_Join(&threads[3]);
    CHECK(rt_atomic_load_uint32(&words[0].woken) == 0);
    CHECK(!RtParkingLot_IsEmpty());
    RtParkingLot_UnparkAll(&words[0].value);
    CheckThread_Join(&threads[0]);
    CheckThread_Join(&threads[2]);
    CHECK(RtParkingLot_IsEmpty());
    RtHooks_Install(NULL, NULL);
}

// A sleeper that wakes by itself, but finds itself dequeued, was woken: it
// consumes the post, once.
static void
race_with_unparker(RtWaitResult reason, bool all)
{
    install_test_world(reason);
    rt_atomic_store_int(&hold_wait, 1);
    Word word = {0};
    CheckThread thread;
    CheckThread_Start(&thread, park_once, &word, 0);
    wait_for_waits(1);
    if (all) {
        RtParkingLot_UnparkAll(&word.value);
    }
    else {
        RtParkingLot_Unpark(&word.value, ignore_callback, NULL);
    }
    rt_atomic_store_int(&hold_wait, 2);
    CheckThread_Join(&thread);
    CHECK(word.result == RT_PARK_OK);
    CHECK(rt_atomic_load_int(&waits) == 2);
    CHECK(RtParkingLot_IsEmpty());
    RtHooks_Install(NULL, NULL);
}

// A sleeper that wakes by itself and is still queued leaves; others stay.
static void
leave_by_itself(RtWaitResult reason, RtParkResult expected)
{
    install_test_world(reason);
    rt_atomic_store_int(&hold_wait, 1);
    Word word = {0};
    CheckThread thread, other;
    CheckThread_Start(&thread, park_once, &word, 0);
    wait_for_waits(1);
    rt_atomic_store_int(&hold_wait, 2);
    CheckThread_Join(&thread);
    CHECK(word.result == expected);
    CHECK(RtParkingLot_IsEmpty());
    rt_atomic_store_int(&waits, 0);
    CheckThread_Start(&other, park_with_index, &word, 1);
    wait_for_waits(1);
    RtParkingLot_UnparkAll(&word.value);
    CheckThread_Join(&other);
    RtHooks_Install(NULL, NULL);
}

// Sleepers that time out and unparkers, with nothing forced: every thread
// returns and nobody stays behind.
static void
park_and_unpark(int index, void *arg)
{
    Word *word = arg;
    uint32_t expected = 0;
    for (int i = 0; i < 300; i++) {
        if (index % 2 == 0) {
            RtParkResult result =
                RtParkingLot_Park(&word->value, &expected, sizeof(expected),
                                  1000 * (i % 8), NULL, false);
            CHECK(result == RT_PARK_OK || result == RT_PARK_TIMEOUT);
        }
        else if (i % 3 == 0) {
            RtParkingLot_UnparkAll(&word->value);
        }
        else {
            RtParkingLot_Unpark(&word->value, ignore_callback, NULL);
        }
    }
}

static void
test_park_and_unpark(void)
{
    Word word = {0};
    CheckThread_RunAll(NTHREADS, park_and_unpark, &word);
    CHECK(RtParkingLot_IsEmpty());
}

// An interruption ends the wait of whoever sleeps, or the next one; a permit
// comes first.
typedef struct Sleeper {
    RtSemaphore sem;
    RtWaitResult result;
} Sleeper;

static void
sleep_once(int index, void *arg)
{
    Sleeper *sleeper = arg;
    (void)index;
    rt_atomic_add_int(&waits, 1);
    sleeper->result = rt_world->sem_wait(&sleeper->sem, -1);
}

static void
test_interrupt(void)
{
    Sleeper sleeper;
    rt_world->sem_init(&sleeper.sem);
    for (int i = 0; i < 200; i++) {
        rt_atomic_store_int(&waits, 0);
        CheckThread thread;
        CheckThread_Start(&thread, sleep_once, &sleeper, 0);
        if (i % 2 == 0) {
            wait_for_waits(1);
        }
        rt_world->sem_interrupt(&sleeper.sem);
        CheckThread_Join(&thread);
        CHECK(sleeper.result == RT_WAIT_INTERRUPTED);
        CHECK(rt_world->sem_wait(&sleeper.sem, 0) == RT_WAIT_TIMEOUT);
    }
    rt_world->sem_interrupt(&sleeper.sem);
    rt_world->sem_post(&sleeper.sem);
    CHECK(rt_world->sem_wait(&sleeper.sem, -1) == RT_WAIT_OK);
    CHECK(rt_world->sem_wait(&sleeper.sem, -1) == RT_WAIT_INTERRUPTED);
    rt_world->sem_destroy(&sleeper.sem);
}

int
main(void)
{
    test_interrupt();
    test_again();
    test_timeout();
    test_unpark_nobody();
    test_unpark_is_fifo();
    test_unpark_all();
    race_with_unparker(RT_WAIT_TIMEOUT, false);
    race_with_unparker(RT_WAIT_TIMEOUT, true);
    race_with_unparker(RT_WAIT_INTERRUPTED, false);
    race_with_unparker(RT_WAIT_INTERRUPTED, true);
    leave_by_itself(RT_WAIT_TIMEOUT, RT_PARK_TIMEOUT);
    leave_by_itself(RT_WAIT_INTERRUPTED, RT_PARK_INTR);
    test_park_and_unpark();
    RtParkingLot_Reset();
    CHECK(RtParkingLot_IsEmpty());
    return 0;
}

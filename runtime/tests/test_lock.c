// test_lock.c: raw mutex, condition, mutex with hand-off, event, once flag, on
// OS threads. Races that time would decide are forced by a world whose clock
// stands still and whose semaphores report when someone waits.

#include <string.h>

#include "check.h"
#include "rtcore_lock.h"

enum { NTHREADS = 4, ROUNDS = 5000 };

// What becomes of a wait of the test world.
enum {
    WAIT_FREELY = 0,
    HOLD_WOKEN = 1,             // returns late: when the test sets WAIT_FREELY
    HOLD_AND_TIME_OUT = 2,      // likewise, and without having waited
};

static RtWorld test_world;      // the native world but for what is below
static int64_t fake_now;        // atomic
static int waits;               // atomic: calls of sem_wait
static int interruptions;       // atomic: waits still to be interrupted
static int wait_mode;           // atomic

static int64_t
fake_now_ns(void)
{
    return rt_atomic_load_int64(&fake_now);
}

static void
wait_while_held(void)
{
    while (rt_atomic_load_int(&wait_mode) != WAIT_FREELY) {
        rt_native_world.yield();
    }
}

static RtWaitResult
test_sem_wait(RtSemaphore *sem, int64_t timeout_ns)
{
    int mode = rt_atomic_load_int(&wait_mode);
    rt_atomic_add_int(&waits, 1);
    if (rt_atomic_load_int(&interruptions) > 0) {
        rt_atomic_add_int(&interruptions, -1);
        return RT_WAIT_INTERRUPTED;
    }
    if (mode == HOLD_AND_TIME_OUT) {
        wait_while_held();
        return RT_WAIT_TIMEOUT;
    }
    RtWaitResult result = rt_native_world.sem_wait(sem, timeout_ns);
    if (mode == HOLD_WOKEN) {
        wait_while_held();
    }
    return result;
}

static void
install_test_world(int mode)
{
    test_world = rt_native_world;
    test_world.now_ns = fake_now_ns;
    test_world.sem_wait = test_sem_wait;
    rt_atomic_store_int64(&fake_now, 1000000000);
    rt_atomic_store_int(&waits, 0);
    rt_atomic_store_int(&interruptions, 0);
    rt_atomic_store_int(&wait_mode, mode);
    RtHooks_Install(NULL, &test_world);
}

static void
wait_for_waits(int count)
{
    while (rt_atomic_load_int(&waits) < count) {
        rt_world->yield();
    }
}

// ---------------------------------------------------------------------------
// Raw mutex and condition.

typedef struct RawCounter {
    RtRawMutex mutex;
    long count;
} RawCounter;

static void
count_raw(int index, void *arg)
{
    RawCounter *counter = arg;
    (void)index;
    for (int i = 0; i < ROUNDS; i++) {
        RtRawMutex_Lock(&counter->mutex);
        long count = counter->count;
        if (i % 64 == 0) {
            rt_world->yield();
        }
        counter->count = count + 1;
        RtRawMutex_Unlock(&counter->mutex);
    }
}

static void
test_raw_mutex(void)
{
    RawCounter counter = {{0}, 0};
    CheckThread_RunAll(NTHREADS, count_raw, &counter);
    CHECK(counter.count == (long)NTHREADS * ROUNDS);
    CHECK(counter.mutex.v == 0);
}

static void
lock_raw_once(int index, void *arg)
{
    (void)index;
    RtRawMutex_Lock(arg);
    RtRawMutex_Unlock(arg);
}

// An interrupted waiter stays in its wait until the unlocker has posted.
static void
test_raw_mutex_interrupted(void)
{
    install_test_world(WAIT_FREELY);
    RtRawMutex mutex = {0};
    RtRawMutex_Lock(&mutex);
    rt_atomic_store_int(&interruptions, 3);
    CheckThread thread;
    CheckThread_Start(&thread, lock_raw_once, &mutex, 0);
    wait_for_waits(4);
    CHECK(mutex.v > 1);
    RtRawMutex_Unlock(&mutex);
    CheckThread_Join(&thread);
    CHECK(mutex.v == 0);
    RtHooks_Install(NULL, NULL);
}

typedef struct Queue {
    RtRawMutex mutex;
    RtCond changed;
    int items;
    int taken;
    bool closed;
    RtWaitResult result;
} Queue;

static void
consume(int index, void *arg)
{
    Queue *queue = arg;
    (void)index;
    RtRawMutex_Lock(&queue->mutex);
    for (;;) {
        while (queue->items == 0 && !queue->closed) {
            CHECK(RtCond_Wait(&queue->changed, &queue->mutex, -1) ==
                  RT_WAIT_OK);
        }
        if (queue->items == 0) {
            break;
        }
        queue->items--;
        queue->taken++;
    }
    RtRawMutex_Unlock(&queue->mutex);
}

static void
test_cond(void)
{
    Queue queue = {0};
    CheckThread threads[NTHREADS];
    for (int i = 0; i < NTHREADS; i++) {
        CheckThread_Start(&threads[i], consume, &queue, i);
    }
    for (int i = 0; i < 1000; i++) {
        RtRawMutex_Lock(&queue.mutex);
        queue.items++;
        RtCond_Signal(&queue.changed);
        RtRawMutex_Unlock(&queue.mutex);
    }
    RtRawMutex_Lock(&queue.mutex);
    queue.closed = true;
    RtCond_Broadcast(&queue.changed);
    RtRawMutex_Unlock(&queue.mutex);
    for (int i = 0; i < NTHREADS; i++) {
        CheckThread_Join(&threads[i]);
    }
    CHECK(queue.taken == 1000);
    CHECK(queue.changed.head == NULL);
    CHECK(queue.changed.tail == NULL);
}

static void
test_cond_timeout(void)
{
    RtRawMutex mutex = {0};
    RtCond cond = {NULL, NULL};
    RtRawMutex_Lock(&mutex);
    CHECK(RtCond_Wait(&cond, &mutex, 0) == RT_WAIT_TIMEOUT);
    CHECK(RtCond_Wait(&cond, &mutex, 100000) == RT_WAIT_TIMEOUT);
    CHECK(cond.head == NULL);
    CHECK(cond.tail == NULL);
    CHECK(mutex.v == 1);
    RtCond_Signal(&cond);
    RtCond_Broadcast(&cond);
    RtRawMutex_Unlock(&mutex);
}

static void
wait_timed(int index, void *arg)
{
    Queue *queue = arg;
    (void)index;
    RtRawMutex_Lock(&queue->mutex);
    queue->result = RtCond_Wait(&queue->changed, &queue->mutex, 1000);
    RtRawMutex_Unlock(&queue->mutex);
}

// A waiter that is signalled when its time is already over has the signal.
static void
test_cond_signal_after_timeout(void)
{
    for (int signals = 0; signals < 2; signals++) {
        install_test_world(HOLD_AND_TIME_OUT);
        Queue queue = {0};
        CheckThread thread;
        CheckThread_Start(&thread, wait_timed, &queue, 0);
        wait_for_waits(1);
        RtRawMutex_Lock(&queue.mutex);
        if (signals != 0) {
            RtCond_Signal(&queue.changed);
        }
        RtRawMutex_Unlock(&queue.mutex);
        rt_atomic_store_int(&wait_mode, WAIT_FREELY);
        CheckThread_Join(&thread);
        CHECK(queue.result ==
              (signals != 0 ? RT_WAIT_OK : RT_WAIT_TIMEOUT));
        CHECK(rt_atomic_load_int(&waits) == signals + 1);
        CHECK(queue.changed.head == NULL);
        RtHooks_Install(NULL, NULL);
    }
}

// The order in which waiters leave a condition is that in which they came.
typedef struct Order {
    RtRawMutex mutex;
    RtCond cond;
    int left[NTHREADS];
    int nleft;
} Order;

static void
leave_in_order(int index, void *arg)
{
    Order *order = arg;
    RtRawMutex_Lock(&order->mutex);
    CHECK(RtCond_Wait(&order->cond, &order->mutex, -1) == RT_WAIT_OK);
    order->left[order->nleft++] = index;
    RtRawMutex_Unlock(&order->mutex);
}

static void
test_cond_is_fifo(void)
{
    install_test_world(WAIT_FREELY);
    Order order = {0};
    CheckThread threads[NTHREADS];
    for (int i = 0; i < NTHREADS; i++) {
        CheckThread_Start(&threads[i], leave_in_order, &order, i);
        wait_for_waits(i + 1);
    }
    for (int i = 0; i < NTHREADS; i++) {
        RtRawMutex_Lock(&order.mutex);
        RtCond_Signal(&order.cond);
        RtRawMutex_Unlock(&order.mutex);
        CheckThread_Join(&threads[i]);
        CHECK(order.left[i] == i);
    }
    RtHooks_Install(NULL, NULL);
}

// ---------------------------------------------------------------------------
// Mutex.

typedef struct Counter {
    RtMutex mutex;
    long count;
} Counter;

static void
count_locked(int index, void *arg)
{
    Counter *counter = arg;
    (void)index;
    for (int i = 0; i < ROUNDS; i++) {
        RtMutex_Lock(&counter->mutex);
        long count = counter->count;
        if (i % 64 == 0) {
            rt_world->yield();
        }
        counter->count = count + 1;
        RtMutex_Unlock(&counter->mutex);
    }
}

static void
test_mutex(void)
{
    Counter counter = {{0}, 0};
    CheckThread_RunAll(NTHREADS, count_locked, &counter);
    CHECK(counter.count == (long)NTHREADS * ROUNDS);
    CHECK(!RtMutex_IsLocked(&counter.mutex));
    CHECK(RtParkingLot_IsEmpty());
}

static void
test_mutex_single_thread(void)
{
    RtMutex mutex = {0};
    CHECK(RtMutex_TryUnlock(&mutex) == -1);
    CHECK(RtMutex_TryLockFast(&mutex));
    CHECK(RtMutex_IsLocked(&mutex));
    CHECK(!RtMutex_TryLockFast(&mutex));
    CHECK(RtMutex_LockTimed(&mutex, 0, RT_LOCK_DONT_DETACH) ==
          RT_LOCK_FAILURE);
    CHECK(RtMutex_LockTimed(&mutex, 100000, RT_LOCK_DONT_DETACH) ==
          RT_LOCK_FAILURE);
    CHECK(RtMutex_IsLocked(&mutex));
    CHECK(RtMutex_TryUnlock(&mutex) == 0);
    CHECK(!RtMutex_IsLocked(&mutex));
    CHECK(RtMutex_LockTimed(&mutex, 0, RT_LOCK_DONT_DETACH) ==
          RT_LOCK_ACQUIRED);
    RtMutex_Unlock(&mutex);
    CHECK(mutex.bits == RT_MUTEX_UNLOCKED);
    CHECK(RtParkingLot_IsEmpty());
}

typedef struct Handoff {
    RtMutex mutex;
    int got;                    // atomic
} Handoff;

static void
lock_and_tell(int index, void *arg)
{
    Handoff *handoff = arg;
    (void)index;
    RtMutex_Lock(&handoff->mutex);
    rt_atomic_store_int(&handoff->got, 1);
    RtMutex_Unlock(&handoff->mutex);
}

// Unlocks with one waiter, parked for waited_ns, and keeps that from running
// on until the byte was seen.
static void
unlock_with_waiter(int64_t waited_ns, uint8_t expected)
{
    install_test_world(HOLD_WOKEN);
    Handoff handoff = {{0}, 0};
    RtMutex_Lock(&handoff.mutex);
    CheckThread thread;
    CheckThread_Start(&thread, lock_and_tell, &handoff, 0);
    wait_for_waits(1);
    CHECK(handoff.mutex.bits == (RT_MUTEX_LOCKED | RT_MUTEX_HAS_PARKED));
    rt_atomic_add_int64(&fake_now, waited_ns);
    RtMutex_Unlock(&handoff.mutex);
    CHECK(handoff.mutex.bits == expected);
    if (expected == RT_MUTEX_UNLOCKED) {
        // Free for whoever comes first.
        CHECK(RtMutex_TryLockFast(&handoff.mutex));
        CHECK(rt_atomic_load_int(&handoff.got) == 0);
        RtMutex_Unlock(&handoff.mutex);
    }
    else {
        CHECK(!RtMutex_TryLockFast(&handoff.mutex));
    }
    CHECK(RtParkingLot_IsEmpty());
    rt_atomic_store_int(&wait_mode, WAIT_FREELY);
    CheckThread_Join(&thread);
    CHECK(rt_atomic_load_int(&handoff.got) == 1);
    CHECK(handoff.mutex.bits == RT_MUTEX_UNLOCKED);
    RtHooks_Install(NULL, NULL);
}

// A waiter older than a millisecond is handed the mutex by the unlocker; a
// younger one is woken and competes.
static void
test_mutex_is_fair(void)
{
    unlock_with_waiter(RT_MUTEX_TIME_TO_BE_FAIR_NS + 1, RT_MUTEX_LOCKED);
    unlock_with_waiter(RT_MUTEX_TIME_TO_BE_FAIR_NS, RT_MUTEX_UNLOCKED);
    unlock_with_waiter(0, RT_MUTEX_UNLOCKED);
}

typedef struct Timed {
    RtMutex mutex;
    RtLockStatus status;
} Timed;

static void
lock_timed(int index, void *arg)
{
    Timed *timed = arg;
    (void)index;
    timed->status =
        RtMutex_LockTimed(&timed->mutex, 200000, RT_LOCK_DONT_DETACH);
}

// A waiter that timed out leaves at most HAS_PARKED behind.
static void
test_mutex_timeout_of_other_thread(void)
{
    Timed timed = {{0}, RT_LOCK_INTR};
    RtMutex_Lock(&timed.mutex);
    CheckThread_RunAll(1, lock_timed, &timed);
    CHECK(timed.status == RT_LOCK_FAILURE);
    CHECK(RtMutex_IsLocked(&timed.mutex));
    RtMutex_Unlock(&timed.mutex);
    CHECK(timed.mutex.bits == RT_MUTEX_UNLOCKED);
    CHECK(RtParkingLot_IsEmpty());
}

// ---------------------------------------------------------------------------
// Event and once flag.

static void
wait_for_event(int index, void *arg)
{
    (void)index;
    RtEvent_Wait(arg);
    CHECK(RtEvent_IsSet(arg));
}

static void
test_event(void)
{
    RtEvent event = {0};
    CHECK(!RtEvent_IsSet(&event));
    CHECK(!RtEvent_WaitTimed(&event, 0, false));
    CHECK(!RtEvent_WaitTimed(&event, 100000, false));
    CheckThread threads[NTHREADS];
    for (int i = 0; i < NTHREADS; i++) {
        CheckThread_Start(&threads[i], wait_for_event, &event, i);
    }
    RtEvent_Notify(&event);
    for (int i = 0; i < NTHREADS; i++) {
        CheckThread_Join(&threads[i]);
    }
    RtEvent_Notify(&event);
    CHECK(RtEvent_IsSet(&event));
    CHECK(RtEvent_WaitTimed(&event, 0, false));
    CHECK(RtParkingLot_IsEmpty());
}

typedef struct Once {
    RtOnceFlag flag;
    int failures_left;          // used inside the once function only
    int calls;
    int succeeded;              // atomic
    int failed;                 // atomic
} Once;

static int
once_function(void *arg)
{
    Once *once = arg;
    once->calls++;
    rt_world->yield();
    if (once->failures_left > 0) {
        once->failures_left--;
        return -1;
    }
    return 0;
}

static void
call_once(int index, void *arg)
{
    Once *once = arg;
    (void)index;
    int result = RtOnceFlag_CallOnce(&once->flag, once_function, once);
    if (result == 0) {
        CHECK(once->failures_left == 0);
        rt_atomic_add_int(&once->succeeded, 1);
    }
    else {
        CHECK(result == -1);
        rt_atomic_add_int(&once->failed, 1);
    }
}

static void
test_once(void)
{
    for (int i = 0; i < 50; i++) {
        Once once = {.failures_left = i % 3};
        CheckThread_RunAll(NTHREADS, call_once, &once);
        CHECK(once.failed == i % 3);
        CHECK(once.succeeded == NTHREADS - i % 3);
        CHECK(once.calls == i % 3 + 1);
        CHECK(RtOnceFlag_CallOnce(&once.flag, once_function, &once) == 0);
        CHECK(once.calls == i % 3 + 1);
    }
    CHECK(RtParkingLot_IsEmpty());
}

// ---------------------------------------------------------------------------
// The native world's threads.

static void
store_id(int index, void *arg)
{
    uintptr_t *ids = arg;
    ids[index] = RtThread_Id();
}

static void
test_thread_ids(void)
{
    uintptr_t ids[2] = {0, 0};
    CheckThread_RunAll(2, store_id, ids);
    CHECK(ids[0] != 0);
    CHECK(ids[1] != 0);
    CHECK(ids[0] != RtThread_Id());
    CHECK(ids[1] != RtThread_Id());
}

// ---------------------------------------------------------------------------
// Notes.

#ifdef RT_WITH_HOOKS
enum { MAX_NOTES = 16 };

static struct {
    RtNote kinds[MAX_NOTES];
    const void *locks[MAX_NOTES];
    int count;
} notes;

static void
ignore_point(RtPoint kind, const void *addr)
{
    (void)kind;
    (void)addr;
}

static void
record_note(RtNote kind, const void *a, uintptr_t b)
{
    (void)b;
    if (kind == RT_NOTE_LOCK_ACQUIRED || kind == RT_NOTE_LOCK_RELEASED) {
        CHECK(notes.count < MAX_NOTES);
        notes.kinds[notes.count] = kind;
        notes.locks[notes.count++] = a;
    }
}

static void
ignore_atomic(RtPoint kind, const void *addr, unsigned size, RtOrder order)
{
    (void)kind;
    (void)addr;
    (void)size;
    (void)order;
}

static uintptr_t
key_of_address(const void *addr)
{
    return (uintptr_t)addr;
}

static bool
keep_nothing(void *block, size_t size)
{
    (void)block;
    (void)size;
    return false;
}

static void
test_notes(void)
{
    static const RtHooks hooks = {
        .point = ignore_point,
        .note = record_note,
        .atomic = ignore_atomic,
        .address_key = key_of_address,
        .keep_freed = keep_nothing,
    };
    RtMutex mutex = {0};
    RtRawMutex raw = {0};
    RtHooks_Install(&hooks, NULL);
    RtMutex_Lock(&mutex);
    RtMutex_Unlock(&mutex);
    RtRawMutex_Lock(&raw);
    RtRawMutex_Unlock(&raw);
    RtHooks_Install(NULL, NULL);
    CHECK(notes.count == 4);
    for (int i = 0; i < 4; i++) {
        CHECK(notes.kinds[i] == (i % 2 == 0 ? RT_NOTE_LOCK_ACQUIRED
                                            : RT_NOTE_LOCK_RELEASED));
        CHECK(notes.locks[i] ==
              (i < 2 ? (const void *)&mutex : (const void *)&raw));
    }
}
#endif

static void
test_names(void)
{
    CHECK(strcmp(RtPoint_Name(RT_POINT_LOAD), "LOAD") == 0);
    CHECK(strcmp(RtPoint_Name(RT_POINT_SEM_POST), "SEM_POST") == 0);
    CHECK(strcmp(RtNote_Name(RT_NOTE_LOCK_WAIT), "LOCK_WAIT") == 0);
    CHECK(strcmp(RtNote_Name(RT_NOTE_FATAL), "FATAL") == 0);
    CHECK(strcmp(RtNote_Name(RT_NOTE_COUNT), "?") == 0);
}

int
main(void)
{
    test_names();
    test_raw_mutex();
    test_raw_mutex_interrupted();
    test_cond();
    test_cond_timeout();
    test_cond_signal_after_timeout();
    test_cond_is_fifo();
    test_mutex_single_thread();
    test_mutex();
    test_mutex_is_fair();
    test_mutex_timeout_of_other_thread();
    test_event();
    test_once();
    test_thread_ids();
#ifdef RT_WITH_HOOKS
    test_notes();
#endif
    return 0;
}

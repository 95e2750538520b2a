// parking_lot.c: where threads sleep on the address of a word.
//
// Each bucket is a raw mutex and a FIFO of entries on the sleepers' stacks. An
// entry is in exactly one bucket, once. Whoever unlinks it for waking sets
// is_unparking under the bucket's mutex and posts it exactly once, outside,
// after which the entry is the sleeper's again; a sleeper that wakes for
// another reason and finds is_unparking set waits for that post.
// A sleeper leaves its bucket before it attaches again, where it may have to
// exit (bug TS17 of 3.13).
// Mirrors Python/parking_lot.c (CPython 3.13); departs: buckets are chosen by
// RtAddress_Key(); a wait is interrupted by another thread, not by a signal.

#include "rtcore_lock.h"

#include <string.h>             // memset()

#include "rtcore_assert.h"
#include "rtcore_semaphore.h"
#include "rtcore_state.h"       // a parked thread detaches

#ifdef RT_TINY_LIMITS
#define NUM_BUCKETS 3
#else
#define NUM_BUCKETS 257         // prime
#endif

typedef struct ParkEntry {
    struct ParkEntry *prev, *next;      // bucket->mutex
    const void *addr;
    void *park_arg;
    bool is_unparking;                  // bucket->mutex
    bool of_mutex;                      // park_arg is a mutex's waiter
    RtThreadState *tstate;              // detached meanwhile, or NULL
    RtSemaphore sem;
} ParkEntry;

typedef struct ParkBucket {
    RtRawMutex mutex;
    ParkEntry *head, *tail;             // mutex
    size_t num_waiters;                 // mutex
} ParkBucket;

static ParkBucket buckets[NUM_BUCKETS];

static ParkBucket *
get_bucket(const void *addr)
{
    return &buckets[RtAddress_Key(addr) % NUM_BUCKETS];
}

static void
enqueue(ParkBucket *bucket, ParkEntry *entry)
{
    rt_assert(RtLockOrder_Holds(RT_RANK_PARK_BUCKET));
    rt_assert((bucket->head == NULL) == (bucket->num_waiters == 0));
    entry->prev = bucket->tail;
    entry->next = NULL;
    if (bucket->tail != NULL) {
        rt_assert(bucket->tail->next == NULL);
        bucket->tail->next = entry;
    }
    else {
        bucket->head = entry;
    }
    bucket->tail = entry;
    bucket->num_waiters++;
}

static void
unlink_entry(ParkBucket *bucket, ParkEntry *entry)
{
    rt_assert(RtLockOrder_Holds(RT_RANK_PARK_BUCKET));
    rt_assert(!entry->is_unparking);
    rt_assert(bucket->num_waiters > 0);
    if (entry->prev != NULL) {
        rt_assert(entry->prev->next == entry);
        entry->prev->next = entry->next;
    }
    else {
        rt_assert(bucket->head == entry);
        bucket->head = entry->next;
    }
    if (entry->next != NULL) {
        rt_assert(entry->next->prev == entry);
        entry->next->prev = entry->prev;
    }
    else {
        rt_assert(bucket->tail == entry);
        bucket->tail = entry->prev;
    }
    bucket->num_waiters--;
}

// The oldest entry parked on addr, unlinked and marked, or NULL.
static ParkEntry *
dequeue(ParkBucket *bucket, const void *addr)
{
    rt_assert(RtLockOrder_Holds(RT_RANK_PARK_BUCKET));
    for (ParkEntry *entry = bucket->head; entry != NULL; entry = entry->next) {
        if (entry->addr == addr) {
            unlink_entry(bucket, entry);
            entry->is_unparking = true;
            return entry;
        }
    }
    return NULL;
}

// Whether the word at addr still has the expected value. The bucket's mutex
// orders this against unparkers, which change the word before they look.
static bool
is_expected(const void *addr, const void *expected, size_t size)
{
    switch (size) {
    case 1:
        return rt_atomic_load_uint8(addr) == *(const uint8_t *)expected;
    case 2:
        return rt_atomic_load_uint16(addr) == *(const uint16_t *)expected;
    case 4:
        return rt_atomic_load_uint32(addr) == *(const uint32_t *)expected;
    default:
        rt_assert(size == 8);
        return rt_atomic_load_uint64(addr) == *(const uint64_t *)expected;
    }
}

// The thread state if the calling thread is attached, else NULL.
static RtThreadState *
attached_tstate(void)
{
    RtThreadState *tstate = RtThreadState_Get();
    if (tstate == NULL ||
        rt_atomic_load_int_owned(&tstate->state) != RT_THREAD_ATTACHED) {
        return NULL;
    }
    return tstate;
}

// After a wait that ended without the post. Leaves the queue; or, if an
// unparker was faster, waits for its post: it has been promised.
static RtParkResult
leave_queue(ParkBucket *bucket, ParkEntry *entry, RtWaitResult reason)
{
    RtRawMutex_LockRanked(&bucket->mutex, RT_RANK_PARK_BUCKET);
    if (!entry->is_unparking) {
        unlink_entry(bucket, entry);
        RtParkResult result =
            reason == RT_WAIT_TIMEOUT ? RT_PARK_TIMEOUT : RT_PARK_INTR;
        RT_NOTE(PARK_LEFT, entry->addr, -result);
        RtRawMutex_UnlockRanked(&bucket->mutex, RT_RANK_PARK_BUCKET);
        return result;
    }
    RtRawMutex_UnlockRanked(&bucket->mutex, RT_RANK_PARK_BUCKET);
    while (RtSemaphore_Wait(&entry->sem, -1) != RT_WAIT_OK) {
    }
    return RT_PARK_OK;
}

// Waits until the entry, which is queued, has left its bucket. interrupt: NULL
// if the wait cannot be interrupted.
static RtParkResult
wait_in_queue(ParkBucket *bucket, ParkEntry *entry, int64_t timeout_ns,
              RtInterruptState *interrupt)
{
    if (interrupt == NULL) {
        RtWaitResult wait = RtSemaphore_Wait(&entry->sem, timeout_ns);
        return wait == RT_WAIT_OK ? RT_PARK_OK
                                  : leave_queue(bucket, entry, wait);
    }
    RtWaitResult wait = RT_WAIT_INTERRUPTED;
    if (RtInterrupt_Begin(interrupt, &entry->sem)) {
        wait = RtSemaphore_Wait(&entry->sem, timeout_ns);
    }
    RtParkResult result = RT_PARK_OK;
    if (wait != RT_WAIT_OK) {
        result = leave_queue(bucket, entry, wait);
    }
    // An interruption that came too late stays for the next wait.
    RtInterrupt_End(interrupt, result == RT_PARK_INTR);
    return result;
}

// Detached while it waits. When the thread attaches again it may have to exit:
// by then it is in no queue any more.
static RtParkResult
wait_detached(ParkBucket *bucket, ParkEntry *entry, int64_t timeout_ns,
              RtInterruptState *interrupt)
{
    RtThreadState *tstate = entry->tstate;
    RtThreadState_Detach(tstate);
    RtParkResult result = wait_in_queue(bucket, entry, timeout_ns, interrupt);
    if (result == RT_PARK_OK) {
        RT_NOTE(PARK_WOKEN, entry->addr, 0);
    }
    if (result == RT_PARK_OK && entry->of_mutex &&
        RtMutex_WasHandedOver(entry->park_arg))
    {
        tstate->handed_over = (RtMutex *)entry->addr;
    }
    RtThreadState_Attach(tstate);
    tstate->handed_over = NULL;
    return result;
}

RtParkResult
RtParkingLot_Park(const void *addr, const void *expected, size_t size,
                  int64_t timeout_ns, void *park_arg, int flags)
{
    ParkBucket *bucket = get_bucket(addr);
    RtRawMutex_LockRanked(&bucket->mutex, RT_RANK_PARK_BUCKET);
    if (!is_expected(addr, expected, size)) {
        RtRawMutex_UnlockRanked(&bucket->mutex, RT_RANK_PARK_BUCKET);
        return RT_PARK_AGAIN;
    }
    ParkEntry entry;
    entry.addr = addr;
    entry.park_arg = park_arg;
    entry.is_unparking = false;
    entry.of_mutex = (flags & RT_PARK_MUTEX) != 0;
    RtThreadState *tstate = attached_tstate();
    entry.tstate = (flags & RT_PARK_DETACH) != 0 ? tstate : NULL;
    rt_world->sem_init(&entry.sem);
    enqueue(bucket, &entry);
    RT_NOTE(PARK, addr, 0);
    RtRawMutex_UnlockRanked(&bucket->mutex, RT_RANK_PARK_BUCKET);

    RtInterruptState *interrupt =
        (flags & RT_PARK_INTERRUPTIBLE) != 0 && tstate != NULL
            ? &tstate->interrupt : NULL;
    RtParkResult result;
    if (entry.tstate != NULL) {
        result = wait_detached(bucket, &entry, timeout_ns, interrupt);
    }
    else {
        result = wait_in_queue(bucket, &entry, timeout_ns, interrupt);
        if (result == RT_PARK_OK) {
            RT_NOTE(PARK_WOKEN, addr, 0);
        }
    }
    rt_assert((result == RT_PARK_OK) == entry.is_unparking);
    rt_world->sem_destroy(&entry.sem);
    return result;
}

void
RtParkingLot_Unpark(const void *addr, RtUnparkCallback callback, void *arg)
{
    ParkBucket *bucket = get_bucket(addr);
    RtRawMutex_LockRanked(&bucket->mutex, RT_RANK_PARK_BUCKET);
    ParkEntry *entry = dequeue(bucket, addr);
    if (entry != NULL) {
        // Of any address in the bucket: at worst one Unpark too many.
        callback(arg, entry->park_arg, bucket->num_waiters > 0);
        RT_NOTE(UNPARK, addr, 1);
    }
    else {
        callback(arg, NULL, false);
    }
    RtRawMutex_UnlockRanked(&bucket->mutex, RT_RANK_PARK_BUCKET);
    if (entry != NULL) {
        RtSemaphore_Post(&entry->sem);
    }
}

void
RtParkingLot_UnparkAll(const void *addr)
{
    ParkBucket *bucket = get_bucket(addr);
    ParkEntry *first = NULL;
    ParkEntry **last = &first;
    uintptr_t count = 0;
    RtRawMutex_LockRanked(&bucket->mutex, RT_RANK_PARK_BUCKET);
    for (;;) {
        ParkEntry *entry = dequeue(bucket, addr);
        if (entry == NULL) {
            break;
        }
        entry->next = NULL;
        *last = entry;
        last = &entry->next;
        count++;
    }
    if (count != 0) {
        RT_NOTE(UNPARK, addr, count);
    }
    RtRawMutex_UnlockRanked(&bucket->mutex, RT_RANK_PARK_BUCKET);
    while (first != NULL) {
        ParkEntry *entry = first;
        first = entry->next;
        RtSemaphore_Post(&entry->sem);
    }
}

// Unlinks the entries of threads that must exit and chains them before `first`.
static ParkEntry *
dequeue_exiting(ParkBucket *bucket, ParkEntry *first)
{
    rt_assert(RtLockOrder_Holds(RT_RANK_PARK_BUCKET));
    ParkEntry *next;
    for (ParkEntry *entry = bucket->head; entry != NULL; entry = next) {
        next = entry->next;
        if (entry->tstate != NULL && RtThreadState_MustExit(entry->tstate)) {
            unlink_entry(bucket, entry);
            entry->is_unparking = true;
            RT_NOTE(UNPARK_EXITING, entry->addr, entry->tstate->thread_id);
            entry->next = first;
            first = entry;
        }
    }
    return first;
}

void
RtParkingLot_UnparkExiting(void)
{
    for (size_t i = 0; i < NUM_BUCKETS; i++) {
        ParkBucket *bucket = &buckets[i];
        RtRawMutex_LockRanked(&bucket->mutex, RT_RANK_PARK_BUCKET);
        ParkEntry *entry = dequeue_exiting(bucket, NULL);
        RtRawMutex_UnlockRanked(&bucket->mutex, RT_RANK_PARK_BUCKET);
        while (entry != NULL) {
            ParkEntry *next = entry->next;
            RtSemaphore_Post(&entry->sem);
            entry = next;
        }
    }
}

bool
RtParkingLot_IsEmpty(void)
{
    for (size_t i = 0; i < NUM_BUCKETS; i++) {
        if (buckets[i].num_waiters != 0) {
            return false;
        }
        rt_assert(buckets[i].head == NULL);
    }
    return true;
}

void
RtParkingLot_Reset(void)
{
    memset(buckets, 0, sizeof(buckets));
}

// interp_queue.c: queues between interpreters.
//
// A queue belongs to no interpreter: an id names it, the registry has it, and
// who is inside keeps it. What is in it is memory, not objects. Items come out
// in the order in which they went in, each once. Those who wait for an item and
// those who wait for room stand in one wait queue; each change wakes them all,
// and they look again. When a queue is destroyed they find out, and the last
// one out frees it.
// Mirrors Modules/_interpqueuesmodule.c and Lib/test/support/interpreters/
// queues.py (CPython 3.13); departs: waiting is no polling; items outlive the
// interpreter that they come from.

#include "rtcore_interp.h"

#include "rtcore_assert.h"
#include "rtcore_heap.h"

typedef struct RtInterpQueue {
    struct RtInterpQueue *next; // queues_mutex
    int64_t id;
    ssize_t users;              // queues_mutex; threads inside
    bool unlinked;              // queues_mutex
    RtWaitQueue wait;           // its mutex guards the rest
    ssize_t maxsize;            // 0: no limit
    ssize_t count;
    uint64_t last_number;       // of items
    RtInterpQueueItem *head, *tail;
    bool destroyed;
} RtInterpQueue;

// ---------------------------------------------------------------------------
// The registry.

static void
lock_registry(void)
{
    RtRawMutex_LockRanked(&rt_runtime.queues_mutex, RT_RANK_QUEUES);
}

static void
unlock_registry(void)
{
    RtRawMutex_UnlockRanked(&rt_runtime.queues_mutex, RT_RANK_QUEUES);
}

int64_t
RtInterpQueue_New(ssize_t maxsize)
{
    RtInterpQueue *queue = RtMem_Calloc(1, sizeof(RtInterpQueue));
    if (queue == NULL) {
        return -1;
    }
    queue->maxsize = maxsize > 0 ? maxsize : 0;
    lock_registry();
    int64_t id = ++rt_runtime.last_queue_id;
    queue->id = id;
    queue->next = rt_runtime.queues;
    rt_runtime.queues = queue;
    unlock_registry();
    return id;
}

// The registry is locked. Where the queue is linked; NULL: nowhere.
static RtInterpQueue **
find_link(int64_t id)
{
    RtInterpQueue **link = &rt_runtime.queues;
    while (*link != NULL && (*link)->id != id) {
        link = &(*link)->next;
    }
    return *link != NULL ? link : NULL;
}

// The caller is inside until it leaves. NULL: no queue has this id.
static RtInterpQueue *
enter(int64_t id)
{
    lock_registry();
    RtInterpQueue **link = find_link(id);
    RtInterpQueue *queue = link != NULL ? *link : NULL;
    if (queue != NULL) {
        queue->users++;
    }
    unlock_registry();
    return queue;
}

static void
leave(RtInterpQueue *queue)
{
    lock_registry();
    rt_assert(queue->users > 0);
    bool last = --queue->users == 0 && queue->unlinked;
    unlock_registry();
    if (last) {
        // Or those who came late used it as if it were still there.
        rt_assert(queue->destroyed && queue->head == NULL);
        RtMem_Free(queue);
    }
}

// Lets nobody find anything in it any more. What was in it.
static RtInterpQueueItem *
empty(RtInterpQueue *queue)
{
    RtWaitQueue_Lock(&queue->wait);
    queue->destroyed = true;
    RtInterpQueueItem *items = queue->head;
    queue->head = NULL;
    queue->tail = NULL;
    queue->count = 0;
    RtWaitQueue_WakeAll(&queue->wait, 0);
    RtWaitQueue_Unlock(&queue->wait);
    return items;
}

int
RtInterpQueue_Destroy(int64_t id, RtInterpQueueItem **items)
{
    lock_registry();
    RtInterpQueue **link = find_link(id);
    RtInterpQueue *queue = link != NULL ? *link : NULL;
    if (queue != NULL) {
        *link = queue->next;
        queue->unlinked = true;
        queue->users++;
    }
    unlock_registry();
    if (queue == NULL) {
        return -1;
    }
    *items = empty(queue);
    leave(queue);
    return 0;
}

int64_t
RtInterpQueue_First(void)
{
    lock_registry();
    int64_t id =
        rt_runtime.queues != NULL ? rt_runtime.queues->id : 0;
    unlock_registry();
    return id;
}

// ---------------------------------------------------------------------------
// Putting and getting.

static bool
is_full(const RtInterpQueue *queue)
{
    return queue->maxsize > 0 && queue->count >= queue->maxsize;
}

// The mutex is held.
static void
append(RtInterpQueue *queue, RtInterpQueueItem *item)
{
    rt_assert((queue->head == NULL) == (queue->count == 0));
    rt_assert(item->next == NULL);
    item->number = ++queue->last_number;
    if (queue->tail != NULL) {
        queue->tail->next = item;
    }
    else {
        queue->head = item;
    }
    queue->tail = item;
    queue->count++;
    RT_NOTE(INTERP_QUEUE_PUT, queue, item->number);
}

// The mutex is held.
static RtInterpQueueItem *
take_first(RtInterpQueue *queue)
{
    RtInterpQueueItem *item = queue->head;
    rt_assert(item != NULL);
    queue->head = item->next;
    if (queue->head == NULL) {
        rt_assert(queue->tail == item);
        queue->tail = NULL;
    }
    queue->count--;
    RT_NOTE(INTERP_QUEUE_GOT, queue, item->number);
    return item;
}

// The mutex is held. OK: done, and `*item` is the one that was taken, or is in
// the queue. NOT_NOW: full, or empty.
static RtInterpQueueStatus
try_now(RtInterpQueue *queue, RtInterpQueueItem **item, bool putting)
{
    if (queue->destroyed) {
        return RT_INTERP_QUEUE_GONE;
    }
    if (putting ? is_full(queue) : queue->head == NULL) {
        return RT_INTERP_QUEUE_NOT_NOW;
    }
    if (putting) {
        append(queue, *item);
    }
    else {
        *item = take_first(queue);
    }
    RtWaitQueue_WakeAll(&queue->wait, 0);
    return RT_INTERP_QUEUE_OK;
}

// The mutex is held, and again afterwards. OK: worth another try.
static RtInterpQueueStatus
wait_for_turn(RtInterpQueue *queue, RtWaiter *waiter, int64_t timeout_ns)
{
    RtWaitQueue_Enter(&queue->wait, waiter);
    RtWaitQueue_Unlock(&queue->wait);
    bool woken;
    RtLockStatus status =
        RtWaitQueue_Wait(&queue->wait, waiter, timeout_ns, &woken);
    if (status == RT_LOCK_ACQUIRED) {
        RtWaitQueue_Lock(&queue->wait);
        return RT_INTERP_QUEUE_OK;
    }
    return status == RT_LOCK_INTR ? RT_INTERP_QUEUE_ERROR
                                  : RT_INTERP_QUEUE_NOT_NOW;
}

static int64_t
deadline_of(int64_t timeout_ns)
{
    int64_t deadline;
    return __builtin_add_overflow(rt_world->now_ns(), timeout_ns, &deadline)
               ? INT64_MAX : deadline;
}

static int64_t
time_left(int64_t deadline)
{
    int64_t now = rt_world->now_ns();
    return deadline > now ? deadline - now : 0;
}

static RtInterpQueueStatus
use(RtInterpQueue *queue, RtInterpQueueItem **item, bool putting,
    RtWaiter *waiter, int64_t timeout_ns)
{
    int64_t deadline = timeout_ns > 0 ? deadline_of(timeout_ns) : 0;
    RtWaitQueue_Lock(&queue->wait);
    RtInterpQueueStatus status;
    while ((status = try_now(queue, item, putting)) ==
               RT_INTERP_QUEUE_NOT_NOW &&
           timeout_ns != 0)
    {
        status = wait_for_turn(queue, waiter, timeout_ns);
        if (status == RT_INTERP_QUEUE_ERROR) {
            break;
        }
        if (timeout_ns > 0) {
            timeout_ns = time_left(deadline);
        }
    }
    RtWaitQueue_Unlock(&queue->wait);
    return status;
}

static RtInterpQueueStatus
use_by_id(int64_t id, RtInterpQueueItem **item, bool putting,
          RtWaiter *waiter, int64_t timeout_ns)
{
    RtInterpQueue *queue = enter(id);
    if (queue == NULL) {
        return RT_INTERP_QUEUE_GONE;
    }
    RtInterpQueueStatus status =
        use(queue, item, putting, waiter, timeout_ns);
    leave(queue);
    return status;
}

RtInterpQueueStatus
RtInterpQueue_Put(int64_t id, RtInterpQueueItem *item, RtWaiter *waiter,
                  int64_t timeout_ns)
{
    return use_by_id(id, &item, true, waiter, timeout_ns);
}

RtInterpQueueStatus
RtInterpQueue_Get(int64_t id, RtInterpQueueItem **item, RtWaiter *waiter,
                  int64_t timeout_ns)
{
    return use_by_id(id, item, false, waiter, timeout_ns);
}

ssize_t
RtInterpQueue_Count(int64_t id)
{
    RtInterpQueue *queue = enter(id);
    if (queue == NULL) {
        return -1;
    }
    RtWaitQueue_Lock(&queue->wait);
    ssize_t count = queue->count;
    RtWaitQueue_Unlock(&queue->wait);
    leave(queue);
    return count;
}

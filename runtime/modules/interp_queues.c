// interp_queues.c: queue_create(), queue_put(), queue_get() and others.
//
// Programs name queues by id, in every interpreter. What is put is copied into
// a message by the sender (cross_data.c) before the queue is locked, and made
// into new objects by the receiver after it has been taken out: under the
// queue's lock nothing is allocated. A message whose objects cannot be made is
// lost, with a MemoryError.
// Mirrors Modules/_interpqueuesmodule.c (CPython 3.13); departs: flat names,
// put and get wait by themselves, timeouts as in threading.

#include "cross_data.h"
#include "module.h"
#include "rt_errors.h"
#include "rtcore_code.h"
#include "rtcore_heap.h"
#include "rtcore_interp.h"
#include "sync_objects.h"

typedef struct Message {
    RtInterpQueueItem item;
    RtCrossData data;
} Message;

static void
free_message(RtInterpQueueItem *item)
{
    Message *message = (Message *)item;
    RtCrossData_Clear(&message->data);
    RtMem_Free(message);
}

static void
free_messages(RtInterpQueueItem *items)
{
    while (items != NULL) {
        RtInterpQueueItem *next = items->next;
        free_message(items);
        items = next;
    }
}

// 0, or -1 with TypeError.
static int
get_id(RtObject *op, int64_t *id)
{
    if (!Rt_IS_TYPE(op, &RtLong_Type)) {
        RtErr_Format(&RtExc_TypeError, "queue ID must be an int, not %s",
                     Rt_TYPE(op)->tp_name);
        return -1;
    }
    *id = RtLong_AsInt64(op);
    return 0;
}

static RtObject *
not_found(int64_t id)
{
    RtErr_Format(&RtExc_RuntimeError, "queue %lld not found", (long long)id);
    return NULL;
}

// Raises what the status says. NULL.
static RtObject *
failed(int64_t id, RtInterpQueueStatus status, const char *not_now)
{
    if (status == RT_INTERP_QUEUE_GONE) {
        return not_found(id);
    }
    if (status == RT_INTERP_QUEUE_NOT_NOW) {
        RtErr_Format(&RtExc_RuntimeError, "queue %lld is %s", (long long)id,
                     not_now);
    }
    return NULL;
}

// queue_create(maxsize=0)
static RtObject *
queue_create(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    int64_t maxsize = nargs > 0 ? RtLong_AsInt64(args[0]) : 0;
    if (maxsize == -1 && RtErr_Occurred() != NULL) {
        return NULL;
    }
    int64_t id = RtInterpQueue_New((ssize_t)maxsize);
    return id < 0 ? RtErr_NoMemory() : RtLong_FromInt64(id);
}

static RtObject *
queue_destroy(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)nargs;
    int64_t id;
    RtInterpQueueItem *items;
    if (get_id(args[0], &id) < 0) {
        return NULL;
    }
    if (RtInterpQueue_Destroy(id, &items) < 0) {
        return not_found(id);
    }
    free_messages(items);
    return Rt_NewRef(Rt_None);
}

static Message *
make_message(RtObject *op)
{
    Message *message = RtMem_Calloc(1, sizeof(Message));
    if (message == NULL) {
        return RtErr_NoMemory();
    }
    if (RtCrossData_Add(&message->data, op, RT_CROSS_PLAIN) < 0) {
        free_message(&message->item);
        return NULL;
    }
    return message;
}

// queue_put(id, obj, timeout=None)
static RtObject *
queue_put(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    int64_t id, timeout;
    if (get_id(args[0], &id) < 0 ||
        RtTimeout_OfWait(args + 2, nargs - 2, &timeout) < 0)
    {
        return NULL;
    }
    RtWaiter *waiter = RtWaiter_New();
    Message *message = waiter != NULL ? make_message(args[1]) : NULL;
    RtInterpQueueStatus status = RT_INTERP_QUEUE_ERROR;
    if (message != NULL) {
        status = RtInterpQueue_Put(id, &message->item, waiter, timeout);
        if (status != RT_INTERP_QUEUE_OK) {
            free_message(&message->item);
        }
    }
    RtWaiter_Free(waiter);
    return status == RT_INTERP_QUEUE_OK ? Rt_NewRef(Rt_None)
                                        : failed(id, status, "full");
}

// queue_get(id, timeout=None)
static RtObject *
queue_get(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    int64_t id, timeout;
    if (get_id(args[0], &id) < 0 ||
        RtTimeout_OfWait(args + 1, nargs - 1, &timeout) < 0)
    {
        return NULL;
    }
    RtWaiter *waiter = RtWaiter_New();
    if (waiter == NULL) {
        return NULL;
    }
    RtInterpQueueItem *item;
    RtInterpQueueStatus status =
        RtInterpQueue_Get(id, &item, waiter, timeout);
    RtWaiter_Free(waiter);
    if (status != RT_INTERP_QUEUE_OK) {
        return failed(id, status, "empty");
    }
    size_t at = 0;
    RtObject *op = RtCrossData_Load(&((Message *)item)->data, &at);
    free_message(item);
    return op;
}

static RtObject *
queue_count(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)nargs;
    int64_t id;
    if (get_id(args[0], &id) < 0) {
        return NULL;
    }
    ssize_t count = RtInterpQueue_Count(id);
    return count < 0 ? not_found(id) : RtLong_FromInt64(count);
}

void
RtInterpQueues_Fini(void)
{
    int64_t id;
    while ((id = RtInterpQueue_First()) != 0) {
        RtInterpQueueItem *items;
        if (RtInterpQueue_Destroy(id, &items) == 0) {
            free_messages(items);
        }
    }
}

RtMethodDef rt_queue_functions[] = {
    { "queue_create", queue_create, 0, 1 },
    { "queue_destroy", queue_destroy, 1, 1 },
    { "queue_put", queue_put, 2, 3 },
    { "queue_get", queue_get, 1, 2 },
    { "queue_count", queue_count, 1, 1 },
    { NULL, NULL, 0, 0 },
};

// test_interp_queues.c: queues between interpreters: order, limits, copies,
// waiting with and without end, destruction under those who wait, many senders
// and receivers, and no memory at any allocation.

#include "objects.h"

#include "rtcore_code.h"
#include "rtcore_heap.h"
#include "rtcore_interp.h"

enum { NTHREADS = 4, ROUNDS = 200 };

static RtObject *
call(const char *name, int nargs, ...)          // steals the arguments
{
    va_list list;
    va_start(list, nargs);
    RtObject *args[3];
    for (int i = 0; i < nargs; i++) {
        args[i] = va_arg(list, RtObject *);
    }
    va_end(list);
    RtObject *key = Str(name);
    RtObject *func;
    CHECK(RtDict_GetItemRef(RtThreadState_Get()->interp->builtins, key,
                            &func) == 1);
    Rt_DECREF(key);
    RtObject *result = RtObject_Vectorcall(func, args, nargs);
    for (int i = 0; i < nargs; i++) {
        Rt_DECREF(args[i]);
    }
    Rt_DECREF(func);
    return result;
}

static int64_t
create(int64_t maxsize)
{
    RtObject *result = call("queue_create", 1, Int(maxsize));
    CHECK(result != NULL);
    int64_t id = RtLong_AsInt64(result);
    Rt_DECREF(result);
    return id;
}

#define PUT(id, value) \
    EXPECT_REPR(call("queue_put", 3, Int(id), (value), Int(0)), "None")

static void
test_order(void)
{
    int64_t id = create(3);
    EXPECT_REPR(call("queue_count", 1, Int(id)), "0");
    EXPECT_ERROR(call("queue_get", 2, Int(id), Int(0)),
                 "RuntimeError: queue 1 is empty");
    PUT(id, Str("first"));
    PUT(id, Tuple(2, Int(100000), Rt_NewRef(Rt_None)));
    PUT(id, Int(3));
    EXPECT_ERROR(call("queue_put", 3, Int(id), Int(4), Int(0)),
                 "RuntimeError: queue 1 is full");
    // Waits until its time is over.
    EXPECT_ERROR(call("queue_put", 3, Int(id), Int(4), Int(1)),
                 "RuntimeError: queue 1 is full");
    EXPECT_REPR(call("queue_count", 1, Int(id)), "3");
    EXPECT_REPR(call("queue_get", 1, Int(id)), "'first'");
    EXPECT_REPR(call("queue_get", 1, Int(id)), "(100000, None)");
    PUT(id, Tuple(2, RtFloat_FromDouble(-0.25),
                  RtLong_FromString("-123456789012345678901234567890", 10)));
    EXPECT_REPR(call("queue_get", 1, Int(id)), "3");
    EXPECT_REPR(call("queue_get", 1, Int(id)),
                "(-0.25, -123456789012345678901234567890)");
    PUT(id, RtBytes_FromStringAndSize("a\0b", 3));
    EXPECT_REPR(call("queue_get", 1, Int(id)), "b'a\\x00b'");
    PUT(id, Int(5));
    EXPECT_REPR(call("queue_get", 1, Int(id)), "5");
    EXPECT_ERROR(call("queue_put", 2, Int(id), ListOfInts(1)), "ValueError: "
                 "list object cannot be shared with another interpreter");
    PUT(id, Str("goes with the queue"));
    EXPECT_REPR(call("queue_destroy", 1, Int(id)), "None");
    EXPECT_ERROR(call("queue_get", 2, Int(id), Int(0)),
                 "RuntimeError: queue 1 not found");
    EXPECT_ERROR(call("queue_destroy", 1, Int(id)),
                 "RuntimeError: queue 1 not found");
    EXPECT_ERROR(call("queue_count", 1, Str("x")),
                 "TypeError: queue ID must be an int, not str");
}

// ---------------------------------------------------------------------------

typedef struct Traffic {
    int64_t id;
    int64_t sums[NTHREADS];     // of what each receiver got
    int64_t last[NTHREADS][NTHREADS];   // of each sender, at each receiver
} Traffic;

static void
send(Traffic *traffic, int index)
{
    for (int i = 1; i <= ROUNDS; i++) {
        EXPECT_REPR(call("queue_put", 2, Int(traffic->id),
                         Tuple(2, Int(index), Int(i))),
                    "None");
    }
}

// What one sender sends comes in order, whoever gets it.
static void
receive(Traffic *traffic, int index)
{
    for (int i = 0; i < ROUNDS; i++) {
        RtObject *item = call("queue_get", 1, Int(traffic->id));
        CHECK(item != NULL);
        int64_t from = RtLong_AsInt64(RtTuple_GetItem(item, 0));
        int64_t number = RtLong_AsInt64(RtTuple_GetItem(item, 1));
        CHECK(number > traffic->last[index][from]);
        traffic->last[index][from] = number;
        traffic->sums[index] += number;
        Rt_DECREF(item);
    }
}

static void
take_part(int index, void *arg)
{
    if (index < NTHREADS / 2) {
        send(arg, index);
    }
    else {
        receive(arg, index);
    }
}

static void
test_traffic(void)
{
    for (int64_t maxsize = 0; maxsize <= 2; maxsize++) {
        Traffic traffic = { .id = create(maxsize) };
        RunAttached(NTHREADS, take_part, &traffic);
        int64_t sum = 0;
        for (int i = 0; i < NTHREADS; i++) {
            sum += traffic.sums[i];
        }
        CHECK(sum == (int64_t)NTHREADS / 2 * ROUNDS * (ROUNDS + 1) / 2);
        EXPECT_REPR(call("queue_count", 1, Int(traffic.id)), "0");
    }
    // They are left to the end.
}

// ---------------------------------------------------------------------------

static int waiting;             // atomic

static void
wait_or_destroy(int index, void *arg)
{
    int64_t id = *(int64_t *)arg;
    if (index > 0) {
        (void)rt_atomic_add_int(&waiting, 1);
        RtObject *result =
            index % 2 == 0 ? call("queue_get", 1, Int(id))
                           : call("queue_put", 2, Int(id), Int(1));
        // The one with room for one: some put, some get, until it is gone.
        if (result == NULL) {
            RtErr_Clear();
        }
        Rt_XDECREF(result);
        return;
    }
    RT_BEGIN_ALLOW_THREADS
    while (rt_atomic_load_int(&waiting) < NTHREADS - 1) {
        rt_world->yield();
    }
    RT_END_ALLOW_THREADS
    EXPECT_REPR(call("queue_destroy", 1, Int(id)), "None");
}

static void
test_destroy(void)
{
    for (int round = 0; round < 100; round++) {
        int64_t id = create(1);
        rt_atomic_store_int(&waiting, 0);
        RunAttached(NTHREADS, wait_or_destroy, &id);
        CHECK(RtInterpQueue_Count(id) == -1);
    }
}

static void
test_no_memory(void)
{
    int64_t id = create(0);
    for (int putting = 1; putting >= 0; putting--) {
        bool failed = true;
        for (int64_t nth = 1; failed; nth++) {
            CHECK(nth < 100);
            if (!putting) {
                PUT(id, Str("a text"));
            }
            RtObject *args[] = { Int(id), Str("a text"), Int(0) };
            RtObject *name = Str(putting ? "queue_put" : "queue_get");
            RtObject *func;
            CHECK(RtDict_GetItemRef(RtThreadState_Get()->interp->builtins,
                                    name, &func) == 1);
            RtMem_FailAllocation(nth);
            RtObject *result =
                RtObject_Vectorcall(func, args, putting ? 3 : 1);
            RtMem_FailAllocation(0);
            failed = result == NULL;
            CHECK(!failed || RtErr_ExceptionMatches(&RtExc_MemoryError));
            RtErr_Clear();
            Rt_XDECREF(result);
            Rt_DECREF(name);
            Rt_DECREF(func);
            for (int i = 0; i < 3; i++) {
                Rt_DECREF(args[i]);
            }
        }
    }
    EXPECT_REPR(call("queue_destroy", 1, Int(id)), "None");
}

int
main(void)
{
    void (*const tests[])(void) = {
        test_order, test_traffic, test_destroy, test_no_memory,
    };
    return RunTests(tests, sizeof(tests) / sizeof(tests[0]));
}

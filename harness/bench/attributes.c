// attributes.c: reading and storing attributes and items of a dict, and making
// instances, beside taking and dropping a reference, by one thread.
//
// The ways take turns in rounds; each figure is the median of its rounds.

#include "fz_bench.h"

#include "bench_clock.h"
#include "fz_exec.h"
#include "rt_types.h"
#include "rtcore_dict.h"
#include "rtcore_object.h"
#include "rtcore_state.h"

enum { ROUNDS = 21, ITERATIONS = 20000, QUIESCENT_EVERY = 256 };

static RtThreadState *tstate;
static RtObject *type;
static RtObject *plain;         // an instance with x, y and z
static RtObject *asked;         // another, which has a dict
static RtObject *dict;          // with x, y and z
static RtObject *names[3];
static RtObject *value;

static void
use_reference(void)
{
    Rt_INCREF(value);
    __asm__ volatile("" ::: "memory");
    Rt_DECREF(value);
}

static void
read_attribute(RtObject *op)
{
    RtObject *found = RtObject_GetAttr(op, names[2]);
    FZ_ASSERT(found != NULL);
    Rt_DECREF(found);
}

static void read_plain(void) { read_attribute(plain); }
static void read_asked(void) { read_attribute(asked); }

static void
write_attribute(RtObject *op)
{
    int status = RtObject_SetAttr(op, names[2], value);
    FZ_ASSERT(status == 0);
}

static void write_plain(void) { write_attribute(plain); }
static void write_asked(void) { write_attribute(asked); }

static void
read_item(void)
{
    RtObject *found;
    int status = RtDict_GetItemRef(dict, names[2], &found);
    FZ_ASSERT(status == 1);
    Rt_DECREF(found);
}

static void
write_item(void)
{
    int status = RtDict_SetItem(dict, names[2], value);
    FZ_ASSERT(status == 0);
}

static RtObject *
make_instance(void)
{
    RtObject *op = RtObject_CallNoArgs(type);
    FZ_ASSERT(op != NULL);
    for (int i = 0; i < 3; i++) {
        int status = RtObject_SetAttr(op, names[i], value);
        FZ_ASSERT(status == 0);
    }
    return op;
}

static void
use_instance(void)
{
    Rt_DECREF(make_instance());
}

static const struct {
    const char *name;
    void (*use)(void);
} ways[] = {
    {"a reference", use_reference},
    {"read an attribute", read_plain},
    {"read, through a dict", read_asked},
    {"store an attribute", write_plain},
    {"store, through a dict", write_asked},
    {"read an item", read_item},
    {"store an item", write_item},
    {"make, 3 attributes, drop", use_instance},
};
enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

// As a program passes the eval breaker: what was freed can be used again.
static void
be_quiescent(void)
{
#ifdef RT_GIL_DISABLED
    RtQsbr_QuiescentState(tstate);
    RtMem_ProcessDelayed(tstate);
    RtLimbo_Process(tstate);
#endif
}

static double
measure(void (*use)(void))
{
    double start = FzBench_Clock(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < ITERATIONS; i++) {
        use();
        if (i % QUIESCENT_EVERY == 0) {
            be_quiescent();
        }
    }
    double end = FzBench_Clock(CLOCK_THREAD_CPUTIME_ID);
    return 1e9 * (end - start) / ITERATIONS;
}

static void
make_objects(void)
{
    for (int i = 0; i < 3; i++) {
        names[i] = RtStr_FromStringAndSize(&"xyz"[i], 1);
    }
    value = RtLong_FromInt64(100000);
    RtObject *bases = RtTuple_New(0);
    dict = RtDict_New();
    type = RtType_New(names[0], bases, dict);
    FZ_ASSERT(type != NULL && value != NULL);
    Rt_DECREF(bases);
    plain = make_instance();
    asked = make_instance();
    Rt_DECREF(dict);
    dict = RtInstance_GetDict(asked);
    FZ_ASSERT(dict != NULL);
    RtObject *split = dict;
    dict = RtDict_Copy(split);
    FZ_ASSERT(dict != NULL);
    Rt_DECREF(split);
    int status = RtDict_CombineLocked((RtDictObject *)dict);
    FZ_ASSERT(status == 0);
}

static void
drop_objects(void)
{
    RtObject **objects[] = {
        &plain, &asked, &dict, &type, &value, &names[0], &names[1], &names[2],
    };
    for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
        Rt_CLEAR(*objects[i]);
    }
}

int
FzBench_Attributes(bool json, double seconds, FILE *out)
{
    (void)seconds;
    double ns[WAYS][ROUNDS];
    tstate = RtRuntime_Start();
    FZ_ASSERT(tstate != NULL);
    make_objects();
    for (int round = 0; round < ROUNDS; round++) {
        for (int w = 0; w < WAYS; w++) {
            ns[w][round] = measure(ways[w].use);
        }
    }
    drop_objects();
    RtRuntime_Finish(tstate);
    fprintf(out, json ? "{\"build\": \"%s\", \"nanoseconds\": {"
                      : "one thread, its own objects; build %s\n",
            FzExec_BuildName());
    for (int w = 0; w < WAYS; w++) {
        fprintf(out, json ? "%s\"%s\": %.3f" : "%s%-26s %8.2f ns\n",
                json && w > 0 ? ", " : "", ways[w].name,
                FzBench_Median(ns[w], ROUNDS));
    }
    if (json) {
        fprintf(out, "}}\n");
    }
    return 0;
}

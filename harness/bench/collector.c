// collector.c: full collections over a heap of a million objects, and the bytes
// that objects of each kind take.

#include "fz_bench.h"

#include "bench_clock.h"
#include "fz_exec.h"
#include "rt_types.h"
#include "rtcore_code.h"
#include "rtcore_heap.h"
#include "rtcore_object.h"
#include "rtcore_state.h"

enum { OBJECTS = 1000000, MAX_COLLECTIONS = 101, COUNTED = 20000 };

// ---------------------------------------------------------------------------
// Collections

// A list of lists: as many live objects that the collector has to look at, each
// with one reference out.
static RtObject *
make_heap(ssize_t n)
{
    RtObject *all = RtList_New(0);
    for (ssize_t i = 0; all != NULL && i < n; i++) {
        RtObject *item = RtList_New(0);
        if (item == NULL || RtList_Append(item, all) < 0 ||
            RtList_Append(all, item) < 0) {
            return NULL;
        }
        Rt_DECREF(item);
    }
    return all;
}

int
FzBench_Collector(bool json, double seconds, FILE *out)
{
    double each[MAX_COLLECTIONS];
    RtThreadState *tstate = RtRuntime_Start();
    FZ_ASSERT(tstate != NULL);
    RtObject *all = make_heap(OBJECTS);
    if (all == NULL) {
        fprintf(stderr, "ftfuzz: no memory for %d objects\n", OBJECTS);
        return 1;
    }
    RtGC_Collect(tstate, 2);
    double start = FzBench_Clock(CLOCK_MONOTONIC);
    size_t n = 0;
    while (n < MAX_COLLECTIONS &&
           (n < 3 || FzBench_Clock(CLOCK_MONOTONIC) - start < seconds)) {
        double from = FzBench_Clock(CLOCK_THREAD_CPUTIME_ID);
        RtGC_Collect(tstate, 2);
        each[n++] = FzBench_Clock(CLOCK_THREAD_CPUTIME_ID) - from;
    }
    // The cycles through the outer list end with it.
    RtList_Clear(all);
    Rt_DECREF(all);
    RtRuntime_Finish(tstate);
    double median = FzBench_Median(each, n);
    fprintf(out,
            json ? "{\"build\": \"%s\", \"objects\": %d, \"collections\": %zu, "
                   "\"collections_per_second\": %.3f, "
                   "\"nanoseconds_per_object\": %.3f}\n"
                 : "build %s: a heap of %d objects, %zu full collections: %.2f "
                   "collections/s, %.1f ns for an object\n",
            FzExec_BuildName(), OBJECTS, n, 1 / median,
            1e9 * median / OBJECTS);
    return 0;
}

// ---------------------------------------------------------------------------
// Memory

static RtObject *point_type;
// Made once: dead strings would wait for readers and be counted.
static RtObject *point_names[3];
// What the functions share.
static RtObject *point_code;
static RtObject *point_globals;

static RtObject *
make_int(ssize_t i)
{
    return RtLong_FromInt64(100000 + i);
}

static RtObject *
make_str(ssize_t i)
{
    return RtStr_FromFormat("%08zd", i);
}

static RtObject *
make_float(ssize_t i)
{
    return RtFloat_FromDouble(0.5 + (double)i);
}

static RtObject *
make_tuple(ssize_t i)
{
    (void)i;
    RtObject *items[3] = {Rt_None, Rt_None, Rt_None};
    return RtTuple_FromArray(items, 3);
}

static RtObject *
make_list3(ssize_t i)
{
    (void)i;
    RtObject *list = RtList_New(3);
    for (int k = 0; list != NULL && k < 3; k++) {
        RtList_SetItemNew(list, k, Rt_None);
    }
    return list;
}

static RtObject *
make_list(ssize_t i)
{
    (void)i;
    return RtList_New(0);
}

static RtObject *
make_list10(ssize_t i)
{
    (void)i;
    RtObject *list = RtList_New(0);
    for (int k = 0; list != NULL && k < 10; k++) {
        RtList_Append(list, Rt_None);
    }
    return list;
}

static RtObject *
make_dict(ssize_t i)
{
    (void)i;
    return RtDict_New();
}

static RtObject *
make_dict_of(int n)
{
    RtObject *dict = RtDict_New();
    for (int k = 0; dict != NULL && k < n; k++) {
        RtDict_SetItem(dict, RtLong_FromInt64(k), Rt_None);
    }
    return dict;
}

static RtObject *
make_dict3(ssize_t i)
{
    (void)i;
    return make_dict_of(3);
}

static RtObject *
make_dict10(ssize_t i)
{
    (void)i;
    return make_dict_of(10);
}

static RtObject *
make_instance(ssize_t i)
{
    (void)i;
    RtObject *point = RtObject_CallNoArgs(point_type);
    for (int k = 0; point != NULL && k < 3; k++) {
        RtObject_SetAttr(point, point_names[k], Rt_None);
    }
    return point;
}

static RtObject *
make_function(ssize_t i)
{
    (void)i;
    return RtFunction_New(point_code, point_globals, point_names[0]);
}

static const struct {
    const char *name;
    RtObject *(*make)(ssize_t i);
} kinds[] = {
    {"int", make_int},
    {"float", make_float},
    {"str of 8", make_str},
    {"tuple of 3", make_tuple},
    {"empty list", make_list},
    {"list of 3", make_list3},
    {"list of 10, appended", make_list10},
    {"empty dict", make_dict},
    {"dict of 3", make_dict3},
    {"dict of 10", make_dict10},
    {"instance, 3 attributes", make_instance},
    {"function", make_function},
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static double
bytes_of(RtObject *(*make)(ssize_t))
{
    RtObject *all = RtList_New(COUNTED);
    FZ_ASSERT(all != NULL);
    size_t before = RtHeap_CountBytes();
    for (ssize_t i = 0; i < COUNTED; i++) {
        RtObject *op = make(i);
        FZ_ASSERT(op != NULL);
        RtList_SetItemNew(all, i, op);
    }
    double bytes = (double)(RtHeap_CountBytes() - before) / COUNTED;
    Rt_DECREF(all);
    return bytes;
}

static RtObject *
make_point_type(void)
{
    RtObject *name = RtStr_FromString("Point");
    RtObject *bases = RtTuple_New(0);
    RtObject *dict = RtDict_New();
    RtObject *type = RtType_New(name, bases, dict);
    Rt_DECREF(name);
    Rt_DECREF(bases);
    Rt_DECREF(dict);
    return type;
}

// def x(): return None
static RtObject *
make_code(void)
{
    RtInstruction code[] = {
        RtInstruction_Make(RT_OP_LOAD_CONST, 0),
        RtInstruction_Make(RT_OP_RETURN_VALUE, 0),
    };
    RtObject *none = Rt_None;
    RtCodeSpec spec = {
        .name = "x", .filename = "bench", .instructions = code,
        .ninstructions = 2, .consts = RtTuple_FromArray(&none, 1),
        .names = RtTuple_New(0),
    };
    RtObject *made = RtCode_New(&spec);
    Rt_DECREF(spec.consts);
    Rt_DECREF(spec.names);
    return made;
}

int
FzBench_Memory(bool json, double seconds, FILE *out)
{
    (void)seconds;
    RtThreadState *tstate = RtRuntime_Start();
    FZ_ASSERT(tstate != NULL);
    point_type = make_point_type();
    FZ_ASSERT(point_type != NULL);
    for (int k = 0; k < 3; k++) {
        point_names[k] = RtStr_FromStringAndSize(&"xyz"[k], 1);
        FZ_ASSERT(point_names[k] != NULL);
    }
    point_code = make_code();
    point_globals = RtDict_New();
    FZ_ASSERT(point_code != NULL && point_globals != NULL);
    fprintf(out, json ? "{\"build\": \"%s\", \"bytes\": {"
                      : "bytes of an object with what belongs to it alone; "
                        "build %s\n",
            FzExec_BuildName());
    for (int k = 0; k < KINDS; k++) {
        fprintf(out, json ? "%s\"%s\": %.1f" : "%s%-26s %8.1f\n",
                json && k > 0 ? ", " : "", kinds[k].name,
                bytes_of(kinds[k].make));
    }
    if (json) {
        fprintf(out, "}}\n");
    }
    for (int k = 0; k < 3; k++) {
        Rt_DECREF(point_names[k]);
    }
    Rt_DECREF(point_code);
    Rt_DECREF(point_globals);
    Rt_DECREF(point_type);
    RtRuntime_Finish(tstate);
    return 0;
}

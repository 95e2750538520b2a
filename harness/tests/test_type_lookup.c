// test_type_lookup.c: attribute lookups, taken step by step through changes of
// the class, of its bases, or of the instance's class by another thread.
//
// The strategy lets one thread make k steps, then the other as many as it can,
// then the first again: for every k, and for either thread first. The values
// are lists that die when they are replaced, so that a stale pointer is a dead
// object (the oracles see it).

#include "check.h"
#include "fz_engine.h"
#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_object.h"
#include "rtcore_semaphore.h"
#include "rtcore_type.h"

#ifdef RT_WITH_HOOKS

static FzRun run;

// ---------------------------------------------------------------------------
// The strategy: of the points at which both could run, the first
// `switch_after` are `first`'s. Before the two there are threads that prepare.

static uint32_t first_thread = 3;       // the reader; the writer is the next
static uint32_t first;
static uint64_t switch_after;
static uint64_t steps_of_first;

static void
begin_split(void *state, const FzSchedule *schedule)
{
    (void)state;
    (void)schedule;
    steps_of_first = 0;
}

static void
split_created(void *state, uint32_t thread)
{
    (void)state;
    (void)thread;
}

static uint32_t
next_split(void *state, const FzPointView *view)
{
    (void)state;
    uint32_t writer = first_thread + 1;
    uint32_t second = first_thread + writer - first;
    bool first_runs = (view->runnable & 1u << first) != 0;
    bool second_runs = (view->runnable & 1u << second) != 0;
    if (!first_runs || !second_runs) {
        // Both are made before either begins; then they come first.
        bool both_made = view->nthreads > writer;
        if (both_made && (first_runs || second_runs)) {
            return first_runs ? first : second;
        }
        return (uint32_t)__builtin_ctz(view->runnable);
    }
    if (view->yielding && view->running == second) {
        return first;
    }
    if (steps_of_first < switch_after) {
        steps_of_first++;
        return first;
    }
    return second;
}

static const FzStrategy split_strategy = {
    .name = "split",
    .sentence = "k steps of one thread, then the other",
    .begin = begin_split,
    .thread_created = split_created,
    .next = next_split,
};

// ---------------------------------------------------------------------------
// The bodies. Plain variables: threads of the engine share one OS thread.

enum { CHANGES = 3 };

static RtTypeObject *base, *type;
static RtObject *name;
static ssize_t changes;         // that have returned
static bool sees_base;          // the reader looks at the base itself
static int overlapped;          // lookups in which a change returned

static RtObject *
new_list(ssize_t size)
{
    RtObject *list = RtList_New(size);
    for (ssize_t i = 0; i < size; i++) {
        RtList_SetItemNew(list, i, Rt_None);
    }
    return list;
}

static void
read_attribute(void)
{
    for (int i = 0; i < 4; i++) {
        ssize_t before = changes;
        RtObject *value = RtType_LookupRef(sees_base ? base : type, name);
        CHECK(value != NULL);
        ssize_t size = RtList_Size(value);
        CHECK(size >= before);
        CHECK(size <= changes + 1);
        overlapped += before < changes;
        Rt_DECREF(value);
    }
}

// By a thread that is gone when the value is dropped: it has no owner to be
// queued for, and dies at once.
static void
write_first(void)
{
    RtObject *value = new_list(0);
    CHECK(RtObject_SetAttr((RtObject *)base, name, value) == 0);
    Rt_DECREF(value);
}

static void
do_nothing(void)
{
}

static void
write_attribute(void)
{
    for (ssize_t i = 1; i <= CHANGES; i++) {
        RtObject *value = new_list(i);
        CHECK(RtObject_SetAttr((RtObject *)base, name, value) == 0);
        changes = i;
        Rt_DECREF(value);
    }
}

typedef struct Member {
    void (*func)(void);
    RtThreadState *tstate;
    RtSemaphore *done;
} Member;

static void
member_main(void *arg)
{
    Member *member = arg;
    RtThreadState_Bind(member->tstate);
    RtThreadState_Attach(member->tstate);
    member->func();
    RtThreadState_Clear(member->tstate);
    RtThreadState_DeleteCurrent(member->tstate);
    RtSemaphore_Post(member->done);
}

static void
run_two(RtThreadState *tstate, void (*reader)(void), void (*writer)(void))
{
    RtSemaphore done;
    rt_world->sem_init(&done);
    Member members[2] = {
        { reader, RtThreadState_New(tstate->interp), &done },
        { writer, RtThreadState_New(tstate->interp), &done },
    };
    RtThreadState_Detach(tstate);
    for (int i = 0; i < 2; i++) {
        CHECK(rt_world->thread_start(member_main, &members[i]) == 0);
    }
    for (int i = 0; i < 2; i++) {
        CHECK(RtSemaphore_Wait(&done, -1) == RT_WAIT_OK);
    }
    rt_world->sem_destroy(&done);
    RtThreadState_Attach(tstate);
}

static RtTypeObject *
make_class(RtTypeObject *parent)
{
    RtObject *text = RtStr_FromString("C");
    RtObject *dict = RtDict_New();
    RtObject *object = (RtObject *)parent;
    RtObject *bases = RtTuple_FromArray(&object, parent != NULL);
    RtObject *made = RtType_New(text, bases, dict);
    CHECK(made != NULL);
    Rt_DECREF(text);
    Rt_DECREF(dict);
    Rt_DECREF(bases);
    return (RtTypeObject *)made;
}

// warm: the cache has the value when the threads begin.
static void
attribute_body(void *warm)
{
    RtThreadState *tstate = RtRuntime_Start();
    name = RtStr_FromString("x");
    base = make_class(NULL);
    type = make_class(base);
    changes = 0;
    run_two(tstate, write_first, do_nothing);
    if (warm != NULL) {
        Rt_DECREF(RtType_LookupRef(sees_base ? base : type, name));
    }
    run_two(tstate, read_attribute, write_attribute);
    RtObject *value = RtType_LookupRef(type, name);
    CHECK(RtList_Size(value) == CHANGES);
    Rt_DECREF(value);
    Rt_DECREF(type);
    Rt_DECREF(base);
    Rt_DECREF(name);
    CHECK(RtRuntime_Finish(tstate) == 0);
}

// ---------------------------------------------------------------------------
// The bases of a class, or the class of an instance, change under a reader.

static RtObject *instance;
static RtTypeObject *origins[CHANGES + 1];      // x is a list of length i

static void
read_instance(void)
{
    for (int i = 0; i < 4; i++) {
        ssize_t before = changes;
        RtObject *value = RtObject_GetAttr(instance, name);
        CHECK(value != NULL);
        ssize_t size = RtList_Size(value);
        CHECK(size >= before);
        CHECK(size <= changes + 1);
        overlapped += before < changes;
        Rt_DECREF(value);
        CHECK(RtEval_CheckBreaker(RtThreadState_Get()) == 0);
    }
}

static void
write_bases(void)
{
    RtObject *key = RtStr_FromString("__bases__");
    for (ssize_t i = 1; i <= CHANGES; i++) {
        RtObject *bases = RtTuple_FromArray((RtObject **)&origins[i], 1);
        CHECK(RtObject_SetAttr((RtObject *)type, key, bases) == 0);
        changes = i;
        Rt_DECREF(bases);
    }
    Rt_DECREF(key);
}

// The classes die with the instance's reference, but for the cycles in them.
static void
write_class(void)
{
    RtObject *key = RtStr_FromString("__class__");
    for (ssize_t i = 1; i <= CHANGES; i++) {
        CHECK(RtObject_SetAttr(instance, key, (RtObject *)origins[i]) == 0);
        Rt_DECREF(origins[i]);
        changes = i;
        CHECK(RtGC_Collect(RtThreadState_Get(), 2) >= 0);
    }
    Rt_DECREF(key);
}

static void
hierarchy_body(void *of_instance)
{
    RtThreadState *tstate = RtRuntime_Start();
    name = RtStr_FromString("x");
    changes = 0;
    for (ssize_t i = 0; i <= CHANGES; i++) {
        origins[i] = make_class(NULL);
        RtObject *value = new_list(i);
        CHECK(RtObject_SetAttr((RtObject *)origins[i], name, value) == 0);
        Rt_DECREF(value);
    }
    type = make_class(origins[0]);
    instance = RtObject_CallNoArgs((RtObject *)type);
    CHECK(instance != NULL);
    run_two(tstate, read_instance, of_instance ? write_class : write_bases);
    Rt_DECREF(instance);
    Rt_DECREF(type);
    Rt_DECREF(origins[0]);
    for (ssize_t i = 1; i <= CHANGES && of_instance == NULL; i++) {
        Rt_DECREF(origins[i]);
    }
    Rt_DECREF(name);
    CHECK(RtRuntime_Finish(tstate) == 0);
}

// For every k until the first thread's steps are used up.
static void
run_splits(void (*body)(void *), void *arg)
{
    for (first = first_thread; first <= first_thread + 1; first++) {
        for (switch_after = 0;; switch_after++) {
            FzEngineConfig config = {
                .schedule = {
                    .kind = FZ_SCHEDULE_STRATEGY,
                    .strategy = &split_strategy,
                    .time_step_ns = 1000,
                },
                .oracles = true,
            };
            FzEngine_Run(&config, body, arg, &run);
            if (run.nviolations > 0) {
                fprintf(stderr, "first %u, k %llu: %s\n", first,
                        (unsigned long long)switch_after,
                        run.violations[0].message);
            }
            CHECK(run.completed);
            CHECK(run.nviolations == 0);
            if (steps_of_first < switch_after) {
                break;
            }
        }
        CHECK(switch_after > 10);
    }
}

int
main(void)
{
    char why[200];
    if (!FzEngine_Init(why, sizeof(why))) {
        fprintf(stderr, "%s\n", why);
        return 1;
    }
    CHECK(RtRuntime_Initialize() == 0);
    for (int i = 0; i < 2; i++) {
        sees_base = i != 0;
        run_splits(attribute_body, NULL);
        run_splits(attribute_body, "warm");
    }
    first_thread = 1;
    run_splits(hierarchy_body, NULL);
    run_splits(hierarchy_body, "of the instance");
#ifdef RT_GIL_DISABLED
    CHECK(overlapped > 0);
#endif
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

// test_critical_section.c: sections lock, nest, suspend and resume, never
// deadlock whatever the order in which threads enter them, and protect what
// they say they protect. In the GIL build they are empty.

#include "check.h"
#include "rt_critical_section.h"
#include "rtcore_state.h"

#ifdef RT_GIL_DISABLED

enum { NOBJECTS = 3, ROUNDS = 2000, MAX_THREADS = 4 };
// Threads that want the same locks take turns, each turn after others of the
// machine: on a loaded one they go as many rounds as fit into this.
#define ROUNDS_NS (20 * INT64_C(1000000000))

// Only the mutex of these is ever looked at.
static RtObject objects[NOBJECTS];

static bool
is_locked(int i)
{
    return RtMutex_IsLocked(&objects[i].ob_mutex);
}

static void
check_all_free(void)
{
    for (int i = 0; i < NOBJECTS; i++) {
        CHECK(objects[i].ob_mutex.bits == RT_MUTEX_UNLOCKED);
    }
}

static void
test_nesting(RtThreadState *tstate)
{
    CHECK(tstate->critical_section == 0);
    RT_BEGIN_CRITICAL_SECTION(&objects[0])
    CHECK(is_locked(0));
    CHECK(RtCriticalSection_IsHeld(tstate, &objects[0].ob_mutex));
    RT_BEGIN_CRITICAL_SECTION(&objects[1])
    CHECK(is_locked(0));
    CHECK(is_locked(1));
    CHECK(RtCriticalSection_IsHeld(tstate, &objects[1].ob_mutex));
    CHECK(!RtCriticalSection_IsHeld(tstate, &objects[0].ob_mutex));
    RT_END_CRITICAL_SECTION()
    CHECK(is_locked(0));
    CHECK(!is_locked(1));
    RT_END_CRITICAL_SECTION()
    CHECK(tstate->critical_section == 0);
    check_all_free();
}

static void
test_two_objects(RtThreadState *tstate)
{
    for (int i = 0; i < NOBJECTS; i++) {
        for (int j = 0; j < NOBJECTS; j++) {
            RT_BEGIN_CRITICAL_SECTION2(&objects[i], &objects[j])
            for (int k = 0; k < NOBJECTS; k++) {
                CHECK(is_locked(k) == (k == i || k == j));
            }
            CHECK(RtCriticalSection_IsHeld(tstate, &objects[i].ob_mutex));
            CHECK(RtCriticalSection_IsHeld(tstate, &objects[j].ob_mutex));
            RT_END_CRITICAL_SECTION2()
            check_all_free();
        }
    }
}

// A detach releases every lock; an attach takes those of the top section, an
// end those of the section below.
static void
test_suspend_and_resume(RtThreadState *tstate)
{
    RT_BEGIN_CRITICAL_SECTION2(&objects[0], &objects[1])
    RT_BEGIN_CRITICAL_SECTION(&objects[2])
    RtThreadState_Detach(tstate);
    check_all_free();
    RtThreadState_Attach(tstate);
    CHECK(!is_locked(0));
    CHECK(!is_locked(1));
    CHECK(RtCriticalSection_IsHeld(tstate, &objects[2].ob_mutex));
    RtThreadState_Detach(tstate);
    check_all_free();
    RtThreadState_Attach(tstate);
    RT_END_CRITICAL_SECTION()
    CHECK(RtCriticalSection_IsHeld(tstate, &objects[0].ob_mutex));
    CHECK(RtCriticalSection_IsHeld(tstate, &objects[1].ob_mutex));
    CHECK(!is_locked(2));
    RT_END_CRITICAL_SECTION2()
    CHECK(tstate->critical_section == 0);
    check_all_free();
}

// The inner section waits for a lock that its own thread holds: waiting
// suspends the outer section, which is resumed when the inner one ends.
static void
test_same_object_twice(RtThreadState *tstate)
{
    RT_BEGIN_CRITICAL_SECTION(&objects[0])
    RT_BEGIN_CRITICAL_SECTION(&objects[0])
    CHECK(RtCriticalSection_IsHeld(tstate, &objects[0].ob_mutex));
    RT_END_CRITICAL_SECTION()
    CHECK(RtCriticalSection_IsHeld(tstate, &objects[0].ob_mutex));
    RT_BEGIN_CRITICAL_SECTION2(&objects[0], &objects[1])
    CHECK(RtCriticalSection_IsHeld(tstate, &objects[0].ob_mutex));
    CHECK(RtCriticalSection_IsHeld(tstate, &objects[1].ob_mutex));
    RT_END_CRITICAL_SECTION2()
    CHECK(RtCriticalSection_IsHeld(tstate, &objects[0].ob_mutex));
    RT_END_CRITICAL_SECTION()
    CHECK(tstate->critical_section == 0);
    check_all_free();
}

// Whoever has stopped the world does not wait for a lock of a thread that
// cannot run.
static void
test_stopped_world(RtThreadState *tstate)
{
    RtMutex_Lock(&objects[0].ob_mutex);
    RtEval_StopTheWorld(tstate->interp);
    RT_BEGIN_CRITICAL_SECTION(&objects[0])
    CHECK(tstate->critical_section == 0);
    RT_END_CRITICAL_SECTION()
    RT_BEGIN_CRITICAL_SECTION2(&objects[0], &objects[1])
    CHECK(tstate->critical_section == 0);
    CHECK(!is_locked(1));
    RT_END_CRITICAL_SECTION2()
    RtMutex_Unlock(&objects[0].ob_mutex);
    RtMutex_Lock(&objects[1].ob_mutex);
    RT_BEGIN_CRITICAL_SECTION2(&objects[0], &objects[1])
    CHECK(tstate->critical_section == 0);
    CHECK(!is_locked(0));
    RT_END_CRITICAL_SECTION2()
    RtMutex_Unlock(&objects[1].ob_mutex);
    RtEval_StartTheWorld(tstate->interp);
    check_all_free();
}

// ---------------------------------------------------------------------------
// Several threads, each with a thread state of its own.

typedef struct Job {
    RtInterpreterState *interp;
    void (*func)(int index, RtThreadState *tstate);
} Job;

static void
run_attached(int index, void *arg)
{
    Job *job = arg;
    RtThreadState *tstate = RtThreadState_New(job->interp);
    CHECK(tstate != NULL);
    RtThreadState_Bind(tstate);
    RtThreadState_Attach(tstate);
    job->func(index, tstate);
    CHECK(tstate->critical_section == 0);
    RtThreadState_Clear(tstate);
    RtThreadState_DeleteCurrent(tstate);
}

static void
run_threads(RtThreadState *tstate, int count,
            void (*func)(int, RtThreadState *))
{
    Job job = {tstate->interp, func};
    RtThreadState_Detach(tstate);
    CheckThread_RunAll(count, run_attached, &job);
    RtThreadState_Attach(tstate);
    check_all_free();
    CHECK(RtParkingLot_IsEmpty());
}

static long counts[NOBJECTS];   // each guarded by its object's mutex
static long rounds[MAX_THREADS];        // that each thread has gone
static int64_t rounds_end;

static void
begin_rounds(void)
{
    for (int i = 0; i < NOBJECTS; i++) {
        counts[i] = 0;
    }
    for (int i = 0; i < MAX_THREADS; i++) {
        rounds[i] = 0;
    }
    rounds_end = rt_world->now_ns() + ROUNDS_NS;
}

// At least one each.
static bool
has_round(int index, long most)
{
    long gone = rounds[index];
    if (gone == most || (gone > 0 && rt_world->now_ns() >= rounds_end)) {
        return false;
    }
    rounds[index]++;
    return true;
}

// Sections over one object, nested in an order that differs by thread: the
// innermost one protects.
static void
nest_in_any_order(int index, RtThreadState *tstate)
{
    (void)tstate;
    for (int i = 0; has_round(index, ROUNDS); i++) {
        int outer = index % 2;
        int inner = 1 - outer;
        RT_BEGIN_CRITICAL_SECTION(&objects[outer])
        RT_BEGIN_CRITICAL_SECTION(&objects[inner])
        long count = counts[inner];
        if (i % 64 == 0) {
            rt_world->yield();
        }
        counts[inner] = count + 1;
        RT_END_CRITICAL_SECTION()
        RT_END_CRITICAL_SECTION()
    }
}

static void
test_nested_threads(RtThreadState *tstate)
{
    begin_rounds();
    run_threads(tstate, 4, nest_in_any_order);
    CHECK(counts[0] == rounds[1] + rounds[3]);
    CHECK(counts[1] == rounds[0] + rounds[2]);
}

// Sections over two objects around a ring, named in either order.
static void
count_pairs(int index, RtThreadState *tstate)
{
    (void)tstate;
    for (int i = 0; has_round(index, ROUNDS); i++) {
        int a = index % NOBJECTS;
        int b = (index + 1 + i % 2) % NOBJECTS;
        RT_BEGIN_CRITICAL_SECTION2(&objects[a], &objects[b])
        long count_a = counts[a];
        long count_b = counts[b];
        if (i % 64 == 0) {
            rt_world->yield();
        }
        counts[a] = count_a + 1;
        counts[b] = count_b + 1;
        RT_END_CRITICAL_SECTION2()
    }
}

static void
test_pair_threads(RtThreadState *tstate)
{
    begin_rounds();
    run_threads(tstate, 3, count_pairs);
    CHECK(counts[0] + counts[1] + counts[2] ==
          2 * (rounds[0] + rounds[1] + rounds[2]));
}

// Threads that detach inside of sections, and others that use the objects
// meanwhile. What a section protects holds between two detaches.
static void
detach_inside(int index, RtThreadState *tstate)
{
    for (int i = 0; has_round(index, ROUNDS / 4); i++) {
        RT_BEGIN_CRITICAL_SECTION2(&objects[i % 3], &objects[(i + 1) % 3])
        RT_BEGIN_CRITICAL_SECTION(&objects[index % 3])
        RtThreadState_Detach(tstate);
        rt_world->yield();
        RtThreadState_Attach(tstate);
        counts[index % 3]++;
        RT_END_CRITICAL_SECTION()
        counts[i % 3]++;
        counts[(i + 1) % 3]++;
        RT_END_CRITICAL_SECTION2()
    }
}

static void
test_detaching_threads(RtThreadState *tstate)
{
    begin_rounds();
    run_threads(tstate, 4, detach_inside);
    CHECK(counts[0] + counts[1] + counts[2] ==
          3 * (rounds[0] + rounds[1] + rounds[2] + rounds[3]));
}

int
main(void)
{
    CHECK(RtRuntime_Initialize() == 0);
    RtThreadState *tstate = RtRuntime_Start();
    CHECK(tstate != NULL);
    test_nesting(tstate);
    test_two_objects(tstate);
    test_suspend_and_resume(tstate);
    test_same_object_twice(tstate);
    test_stopped_world(tstate);
    test_nested_threads(tstate);
    test_pair_threads(tstate);
    test_detaching_threads(tstate);
    CHECK(RtRuntime_Finish(tstate) == 0);
    return 0;
}

#else

int
main(void)
{
    RtObject object = {0};
    int count = 0;
    RT_BEGIN_CRITICAL_SECTION(&object)
    RT_BEGIN_CRITICAL_SECTION2(&object, &object)
    count++;
    RT_END_CRITICAL_SECTION2()
    RT_END_CRITICAL_SECTION()
    CHECK(count == 1);
    return 0;
}

#endif

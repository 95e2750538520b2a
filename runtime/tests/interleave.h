// interleave.h: one operation of a thread, run whole at each scheduling point
// of another thread's operation in turn: point 1, point 2, … until the other
// operation has no more points. If it has to wait for a lock, the first
// operation goes on. Builds in which the library has points only;
// elsewhere the operations run one after the other.

#ifndef RT_TESTS_INTERLEAVE_H
#define RT_TESTS_INTERLEAVE_H

#include "objects.h"
#include "rtcore_lock.h"

typedef struct Interleaving {
    void (*prepare)(void *arg);         // before each run; caller's thread
    void (*first)(void *arg);           // the operation that is interrupted
    void (*second)(void *arg);          // runs whole at one of its points
    void (*check)(void *arg);           // after each run; caller's thread
    void *arg;

    // The run.
    int at;                             // the point to interrupt
    int passed;
    bool armed;
    uintptr_t thread;                   // of the first operation
    int turn;       // atomic: 0 nobody's, 1 second's, 2 first's again
    int ready;                          // atomic: both threads are attached
    int blocked;                        // atomic: the second waits for a lock
} Interleaving;

static Interleaving *interleaving;

static inline void
Interleaving_Point(RtPoint kind, const void *addr)
{
    (void)kind, (void)addr;
    Interleaving *it = interleaving;
    if (!it->armed || RtThread_Id() != it->thread
        || it->passed++ < it->at) {
        return;
    }
    it->armed = false;
    rt_atomic_store_int(&it->blocked, 0);
    rt_atomic_store_int(&it->turn, 1);
    while (rt_atomic_load_int(&it->turn) == 1
           && rt_atomic_load_int(&it->blocked) == 0) {
        rt_world->yield();
    }
}

static inline void
Interleaving_Note(RtNote kind, const void *a, uintptr_t b)
{
    (void)a, (void)b;
    Interleaving *it = interleaving;
    if (kind == RT_NOTE_LOCK_WAIT && RtThread_Id() != it->thread) {
        rt_atomic_store_int(&it->blocked, 1);
    }
}

static inline void
Interleaving_Atomic(RtPoint kind, const void *addr, unsigned size,
                    RtOrder order)
{
    (void)kind, (void)addr, (void)size, (void)order;
}

static inline uintptr_t
Interleaving_Key(const void *addr)
{
    return (uintptr_t)addr;
}

static inline bool
Interleaving_Keep(void *block, size_t size)
{
    (void)block, (void)size;
    return false;
}

static inline void
Interleaving_Thread(int index, void *arg)
{
    Interleaving *it = arg;
    // A new thread may stop the world: nobody waits attached before.
    rt_atomic_add_int(&it->ready, 1);
    while (rt_atomic_load_int(&it->ready) != 2) {
        Breathe();
    }
    if (index == 1) {
        while (rt_atomic_load_int(&it->turn) != 1) {
            Breathe();
        }
        it->second(it->arg);
        rt_atomic_store_int(&it->turn, 2);
        return;
    }
    it->thread = RtThread_Id();
    it->armed = true;
    it->first(it->arg);
    it->armed = false;
    if (rt_atomic_load_int(&it->turn) == 0) {
        rt_atomic_store_int(&it->turn, 1);      // it had no such point
    }
    while (rt_atomic_load_int(&it->turn) != 2) {
        Breathe();
    }
}

// Number of points that were interrupted.
static inline int
Interleaving_Run(Interleaving *it)
{
#if defined(RT_WITH_HOOKS) && defined(RT_GIL_DISABLED) && \
    !defined(RT_COMPILER_POINTS)
    static const RtHooks hooks = {
        .point = Interleaving_Point,
        .note = Interleaving_Note,
        .atomic = Interleaving_Atomic,
        .address_key = Interleaving_Key,
        .keep_freed = Interleaving_Keep,
    };
    interleaving = it;
    int points = 0;
    bool interrupted = true;
    for (it->at = 0; interrupted; it->at++) {
        it->passed = 0;
        it->turn = 0;
        it->ready = 0;
        it->armed = false;
        it->prepare(it->arg);
        rt_hooks = &hooks;
        RunAttached(2, Interleaving_Thread, it);
        rt_hooks = NULL;
        it->check(it->arg);
        interrupted = it->passed > it->at;
        points += interrupted;
        CHECK(points < 2000);
    }
    return points;
#else
    it->prepare(it->arg);
    it->first(it->arg);
    it->second(it->arg);
    it->check(it->arg);
    return 1;
#endif
}

#endif  // RT_TESTS_INTERLEAVE_H

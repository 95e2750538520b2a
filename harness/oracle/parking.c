// parking.c: who sleeps in the parking lot, and whom a mutex goes to: sleepers
// are woken in turn, once each, and leave for no other reason than they say; a
// mutex that is handed over stays locked until its new owner has it, and goes
// to a first waiter that is old enough (invariants M3-M7, M11).

#include <string.h>

#include "oracle_internal.h"
#include "oracle_map.h"
#include "rtcore_state.h"

// A thread that attaches at the end of its wait may have to park again, until
// the world goes on or for the lock of its section: then it is in two queues.
enum { MAX_BEDS = 8 };

typedef struct Bed {
    const void *addr;           // the thread is parked on
    uint64_t turn;
    bool woken;                 // taken out of its queue, to be posted
} Bed;

typedef struct Sleeper {
    Bed beds[MAX_BEDS];
    unsigned nbeds;
    const void *wants;          // the mutex that it waits for, or NULL
    int64_t since_ns;
} Sleeper;

static struct {
    FzMap mutexes;              // waited for; value: handed to thread + 1
    Sleeper sleepers[FZ_MAX_THREADS];
    uint32_t nthreads;          // touched by this run
    uint64_t turns;
    const void *handing_over;   // the mutex whose next sleeper gets it
    bool exited;                // a thread had to: flags may tell of its wait
} state;

static void
begin(void)
{
    FzMap_Clear(&state.mutexes);
    memset(state.sleepers, 0, state.nthreads * sizeof(Sleeper));
    state.nthreads = 0;
    state.turns = 0;
    state.handing_over = NULL;
    state.exited = false;
}

// The bed of the first in the queue, or NULL, and whose it is.
static Bed *
first_parked(const void *addr, uint32_t *thread)
{
    Bed *first = NULL;
    for (uint32_t t = 0; t < state.nthreads; t++) {
        Sleeper *s = &state.sleepers[t];
        for (unsigned i = 0; i < s->nbeds; i++) {
            Bed *bed = &s->beds[i];
            if (bed->addr == addr && !bed->woken &&
                (first == NULL || bed->turn < first->turn)) {
                first = bed;
                *thread = t;
            }
        }
    }
    return first;
}

static void
wrong_order(uint32_t thread, const void *addr, const char *what)
{
    FzEngine_Violation(FZ_RULE_PARK_ORDER, UINT32_MAX,
                       "thread %u, parked on %s, %s", thread,
                       FzName_Of(addr).text, what);
    FzEngine_Stop();
}

static void
parks(uint32_t thread, const void *addr)
{
    Sleeper *s = &state.sleepers[thread];
    for (unsigned i = 0; i < s->nbeds; i++) {
        if (s->beds[i].addr == addr && !s->beds[i].woken) {
            wrong_order(thread, addr, "parks there again");
        }
    }
    FzOracle_NeedsRoom(s->nbeds < MAX_BEDS);
    s->beds[s->nbeds++] = (Bed){ addr, state.turns++, false };
}

static void
unparks(const void *addr, uintptr_t count)
{
    for (; count > 0; count--) {
        uint32_t thread;
        Bed *first = first_parked(addr, &thread);
        if (first == NULL) {
            FzEngine_Violation(FZ_RULE_PARK_ORDER, UINT32_MAX,
                               "an entry for %s was dequeued, but no thread "
                               "is parked there",
                               FzName_Of(addr).text);
            FzEngine_Stop();
        }
        first->woken = true;
        if (state.handing_over == addr) {
            FzMap_Get(&state.mutexes, addr)->value = thread + 1;
            state.handing_over = NULL;
        }
    }
}

// A thread that must exit is woken out of its turn. Ids are numbers + 1.
static void
unparks_exiting(const void *addr, uintptr_t id)
{
    Sleeper *s = &state.sleepers[id - 1];
    for (unsigned i = 0; i < s->nbeds; i++) {
        if (s->beds[i].addr == addr) {
            s->beds[i].woken = true;
        }
    }
}

// What it was handed it passes on.
static void
exits(uint32_t thread)
{
    state.sleepers[thread].wants = NULL;
    state.exited = true;
    for (size_t i = 0; i < state.mutexes.count; i++) {
        FzMapEntry *entry = FzMap_At(&state.mutexes, i);
        if (entry->value == thread + 1) {
            entry->value = 0;
        }
    }
}

// The handler of an interrupted wait may wait for the same mutex: that is
// another wait, which has only begun.
static void
leaves(uint32_t thread, const void *addr, bool woken, bool interrupted)
{
    Sleeper *s = &state.sleepers[thread];
    Bed *bed = s->nbeds > 0 ? &s->beds[s->nbeds - 1] : NULL;
    if (bed == NULL || bed->addr != addr || bed->woken != woken) {
        wrong_order(thread, addr,
                    bed == NULL || bed->addr != addr
                            ? "leaves, and never came"
                    : woken ? "leaves as if it had been woken, before its turn"
                            : "leaves by itself although it is being woken");
    }
    s->nbeds--;
    if (interrupted && s->wants == addr) {
        s->wants = NULL;
    }
}

static void
wants(uint32_t thread, const void *mutex)
{
    Sleeper *s = &state.sleepers[thread];
    FzMap_Get(&state.mutexes, mutex);
    if (s->wants != mutex) {
        s->wants = mutex;
        s->since_ns = rt_world->now_ns();
    }
}

static void
acquired(uint32_t thread, const void *mutex)
{
    state.sleepers[thread].wants = NULL;
    FzMapEntry *entry = FzMap_Find(&state.mutexes, mutex);
    if (entry == NULL || entry->value == 0) {
        return;
    }
    if (entry->value != thread + 1) {
        FzEngine_Violation(FZ_RULE_HANDOFF_BROKEN, (uint32_t)entry->value - 1,
                           "thread %u acquired %s, which had been handed to "
                           "thread %u",
                           thread, FzName_Of(mutex).text,
                           (uint32_t)entry->value - 1);
        FzEngine_Stop();
    }
    entry->value = 0;
}

// No point lies between the runtime's look at the clock and this one.
static void
opened(const void *mutex)
{
    uint32_t first;
    if (first_parked(mutex, &first) == NULL ||
        state.sleepers[first].wants != mutex) {
        return;
    }
    int64_t age = rt_world->now_ns() - state.sleepers[first].since_ns;
    if (age > RT_MUTEX_TIME_TO_BE_FAIR_NS) {
        FzEngine_Violation(FZ_RULE_LOCK_UNFAIR, first,
                           "%s is opened for all, but thread %u has waited "
                           "for it for %lld us",
                           FzName_Of(mutex).text, first,
                           (long long)(age / 1000));
        FzEngine_Stop();
    }
}

#ifdef RT_GIL_DISABLED
// The event of a stop is made anew for the next one.
static void
stop_requested(const RtInterpreterState *interp)
{
    const RtStopTheWorldState *stw = interp != NULL ? &interp->stoptheworld
                                                    : &rt_runtime.stoptheworld;
    uint32_t sleeper;
    if (first_parked(&stw->stop_event, &sleeper) != NULL) {
        wrong_order(sleeper, &stw->stop_event,
                    "waits on for an event that is made anew");
    }
}
#endif

static bool
note(uint32_t thread, unsigned kind, const void *a, uintptr_t b)
{
    if (thread >= state.nthreads) {
        state.nthreads = thread + 1;
    }
    switch (kind) {
    case RT_NOTE_PARK:
        parks(thread, a);
        return true;
    case RT_NOTE_UNPARK:
        unparks(a, b);
        return true;
    case RT_NOTE_UNPARK_EXITING:
        unparks_exiting(a, b);
        return true;
    case RT_NOTE_THREAD_EXITED:
        exits(thread);
        return true;
    case RT_NOTE_FORKED:
        begin();                // nobody sleeps, and flags may say otherwise
        state.exited = true;
        return true;
    case RT_NOTE_PARK_WOKEN:
        leaves(thread, a, true, false);
        return true;
    case RT_NOTE_PARK_LEFT:
        leaves(thread, a, false, (int)b == -RT_PARK_INTR);
        return true;
#ifdef RT_GIL_DISABLED
    case RT_NOTE_STW_REQUESTED:
        stop_requested((const RtInterpreterState *)b);
        return true;
#endif
    case RT_NOTE_LOCK_WAIT:
    case RT_NOTE_LOCK_GIVEN_UP:
    case RT_NOTE_LOCK_ACQUIRED:
    case RT_NOTE_LOCK_HANDED_OFF:
    case RT_NOTE_LOCK_OPENED:
        break;
    default:
        return false;
    }
    if (b != RT_LOCK_MUTEX) {
        return true;
    }
    switch (kind) {
    case RT_NOTE_LOCK_WAIT:
        wants(thread, a);
        break;
    case RT_NOTE_LOCK_ACQUIRED:
        acquired(thread, a);
        break;
    case RT_NOTE_LOCK_HANDED_OFF:
        state.handing_over = a;
        break;
    case RT_NOTE_LOCK_OPENED:
        opened(a);
        break;
    default:
        state.sleepers[thread].wants = NULL;
        break;
    }
    return true;
}

// The runtime's own mutexes are there still; those of objects are checked when
// they are freed.
static void
end(void)
{
    for (uint32_t t = 0; t < state.nthreads; t++) {
        if (state.sleepers[t].nbeds > 0) {
            wrong_order(t, state.sleepers[t].beds[0].addr, "has ended");
        }
    }
    for (size_t i = 0; i < state.mutexes.count; i++) {
        const FzMapEntry *entry = FzMap_At(&state.mutexes, i);
        const RtMutex *mutex = (const RtMutex *)entry->key;
        if (entry->key - (uintptr_t)&rt_runtime < sizeof(rt_runtime) &&
            (mutex->bits & (state.exited ? RT_MUTEX_LOCKED : ~0)) != 0) {
            FzEngine_Violation(FZ_RULE_PARK_ORDER, UINT32_MAX,
                               "%s is %s at the end of the run",
                               FzName_Of(mutex).text,
                               (mutex->bits & RT_MUTEX_LOCKED) != 0
                                   ? "locked"
                                   : "marked as waited for");
            FzEngine_Stop();
        }
    }
}

const FzOracleOps fz_oracle_parking = {
    .name = "parking",
    .begin = begin,
    .note = note,
    .end = end,
};

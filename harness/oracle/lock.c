// lock.c: one owner for each lock, critical sections nested, ordered and
// suspended before their thread detaches, no lock kept by an ended thread, and
// the reason when no thread can run (invariants M1, M8, C1-C5).

#include <string.h>

#include "oracle_internal.h"
#include "oracle_map.h"
#include "rtcore_hooks.h"

enum { MAX_SECTIONS = 256 };

// A section is entered once it has had all its locks together; while it waits
// for its second lock it may hold the first one detached, because all threads
// take the two in one order.
typedef struct Section {
    const void *first, *second;
    bool entered;
    bool active;                // not suspended
} Section;

typedef struct ThreadLocks {
    Section sections[MAX_SECTIONS];
    unsigned depth;
    const void *waiting;        // mutex it waits for, or NULL
    const void *waiting_raw;    // raw mutex, on its way to park or to signal
    const void *parked;         // address it is parked on, or NULL
    bool waits_for_gil;
} ThreadLocks;

static struct {
    FzMap locks;                // lock -> owner thread + 1; extra: RtLockKind
    ThreadLocks threads[FZ_MAX_THREADS];
    uint32_t nthreads;          // touched by this run
    uint32_t gil_holder;        // thread + 1
} state;

static void
begin(void)
{
    FzMap_Clear(&state.locks);
    for (uint32_t t = 0; t < state.nthreads; t++) {
        ThreadLocks *locks = &state.threads[t];
        locks->depth = 0;
        locks->waiting = locks->waiting_raw = locks->parked = NULL;
        locks->waits_for_gil = false;
    }
    state.nthreads = 0;
    state.gil_holder = 0;
}

static uint32_t
owner_of(const void *lock)      // thread + 1, or 0
{
    const FzMapEntry *entry =
        lock != NULL ? FzMap_Find(&state.locks, lock) : NULL;
    return entry != NULL ? (uint32_t)entry->value : 0;
}

static void
acquired(uint32_t thread, const void *lock, RtLockKind kind)
{
    if (kind == RT_LOCK_RAW) {
        state.threads[thread].waiting_raw = NULL;
    }
    else {
        state.threads[thread].waiting = NULL;
    }
    FzMapEntry *entry = FzMap_Get(&state.locks, lock);
    bool exclusive = kind == RT_LOCK_MUTEX || kind == RT_LOCK_RAW;
    if (exclusive && entry->value != 0) {
        uint32_t other = (uint32_t)entry->value - 1;
        FzEngine_Violation(FZ_RULE_LOCK_TWO_OWNERS, other,
                           "thread %u acquired %s, which thread %u holds",
                           thread, FzName_Of(lock).text, other);
        FzEngine_Stop();
    }
    entry->value = thread + 1;
    entry->extra = kind;
    ThreadLocks *locks = &state.threads[thread];
    Section *top =
        locks->depth > 0 ? &locks->sections[locks->depth - 1] : NULL;
    if (top != NULL && owner_of(top->first) == thread + 1 &&
        (top->second == NULL || owner_of(top->second) == thread + 1)) {
        top->entered = true;
    }
}

static void
section_begins(uint32_t thread, const void *first, const void *second)
{
    ThreadLocks *locks = &state.threads[thread];
    if (second != NULL &&
        FzEngine_AddressKey(first) > FzEngine_AddressKey(second)) {
        FzEngine_Violation(FZ_RULE_SECTION_ORDER, UINT32_MAX,
                           "a section over two objects locks %s before %s",
                           FzName_Of(first).text, FzName_Of(second).text);
        FzEngine_Stop();
    }
    FZ_ASSERT(locks->depth < MAX_SECTIONS);
    locks->sections[locks->depth++] = (Section){first, second, false, true};
}

static void
section_ends(uint32_t thread, const void *first, const void *second)
{
    ThreadLocks *locks = &state.threads[thread];
    Section *top =
        locks->depth > 0 ? &locks->sections[locks->depth - 1] : NULL;
    if (top == NULL || top->first != first || top->second != second) {
        FzEngine_Violation(FZ_RULE_SECTION_NESTING, UINT32_MAX,
                           "the section of %s ends, but the innermost one is "
                           "that of %s",
                           FzName_Of(first).text,
                           FzName_Of(top != NULL ? top->first : NULL).text);
        FzEngine_Stop();
    }
    locks->depth--;
}

static void
section_changes(uint32_t thread, const void *first, const void *second,
                bool active)
{
    ThreadLocks *locks = &state.threads[thread];
    for (unsigned i = locks->depth; i-- > 0;) {
        Section *section = &locks->sections[i];
        if (section->first == first && section->second == second &&
            section->active != active) {
            section->active = active;
            return;
        }
    }
}

// A thread that is not attached holds no critical section's lock, but for the
// first lock of a section whose second it waits for.
static void
detaches(uint32_t thread)
{
    const ThreadLocks *locks = &state.threads[thread];
    for (unsigned i = 0; i < locks->depth; i++) {
        const Section *section = &locks->sections[i];
        if (!section->entered || !section->active) {
            continue;
        }
        const void *held =
            owner_of(section->first) == thread + 1    ? section->first
            : owner_of(section->second) == thread + 1 ? section->second
                                                      : NULL;
        if (held == section->first && section->second != NULL &&
            section->second == locks->waiting) {
            continue;
        }
        if (held != NULL) {
            FzEngine_Violation(FZ_RULE_SECTION_NOT_SUSPENDED, UINT32_MAX,
                               "thread %u detaches while it holds the lock of "
                               "%s in a critical section",
                               thread, FzName_Of(held).text);
            FzEngine_Stop();
        }
    }
}

static bool
note(uint32_t thread, unsigned kind, const void *a, uintptr_t b)
{
    if (thread >= state.nthreads) {
        state.nthreads = thread + 1;
    }
    ThreadLocks *locks = &state.threads[thread];
    switch (kind) {
    case RT_NOTE_LOCK_WAIT:
        if (b == RT_LOCK_RAW) {
            locks->waiting_raw = a;
        }
        else {
            locks->waiting = a;
        }
        break;
    case RT_NOTE_LOCK_ACQUIRED:
        acquired(thread, a, (RtLockKind)b);
        break;
    case RT_NOTE_LOCK_RELEASED:
    case RT_NOTE_LOCK_HANDED_OFF:
        FzMap_Get(&state.locks, a)->value = 0;
        break;
    case RT_NOTE_PARK:
        locks->parked = a;
        break;
    case RT_NOTE_CS_BEGIN:
        section_begins(thread, a, (const void *)b);
        break;
    case RT_NOTE_CS_END:
        section_ends(thread, a, (const void *)b);
        break;
    case RT_NOTE_CS_SUSPENDED:
        section_changes(thread, a, (const void *)b, false);
        break;
    case RT_NOTE_CS_RESUMED:
        section_changes(thread, a, (const void *)b, true);
        break;
    case RT_NOTE_TSTATE_DETACHED:
        detaches(thread);
        break;
    case RT_NOTE_TSTATE_SUSPENDED:
        if (a == rt_thread_local.tstate) {
            detaches(thread);
        }
        break;
    case RT_NOTE_GIL_WAIT:
        locks->waits_for_gil = true;
        break;
    case RT_NOTE_GIL_TAKEN:
        locks->waits_for_gil = false;
        state.gil_holder = thread + 1;
        break;
    case RT_NOTE_GIL_DROPPED:
        state.gil_holder = 0;
        break;
    default:
        return false;
    }
    return true;
}

static void
thread_end(uint32_t thread)
{
    if (state.threads[thread].depth > 0) {
        FzEngine_Violation(FZ_RULE_LOCK_HELD_AT_EXIT, UINT32_MAX,
                           "thread %u ended inside the critical section of %s",
                           thread,
                           FzName_Of(state.threads[thread].sections[0].first)
                               .text);
        FzEngine_Stop();
    }
    for (size_t i = 0; i < state.locks.count; i++) {
        const FzMapEntry *lock = FzMap_At(&state.locks, i);
        // A program may end a thread while a lock of its own is taken.
        if (lock->value == thread + 1 && lock->extra == RT_LOCK_RAW) {
            FzEngine_Violation(FZ_RULE_LOCK_HELD_AT_EXIT, UINT32_MAX,
                               "thread %u ended while holding %s", thread,
                               FzName_Of((void *)lock->key).text);
            FzEngine_Stop();
        }
    }
}

// ---------------------------------------------------------------------------
// No thread can run.

typedef struct Wait {
    const void *lock;           // or NULL
    uint32_t owner;             // thread + 1; 0: nobody
} Wait;

static Wait
wait_of(uint32_t thread)
{
    const ThreadLocks *locks = &state.threads[thread];
    if (locks->waits_for_gil) {
        return (Wait){"the GIL", state.gil_holder};
    }
    const void *lock =
        locks->waiting_raw != NULL ? locks->waiting_raw : locks->waiting;
    return (Wait){lock, owner_of(lock)};
}

// Follows owners from `thread`; true if it comes back to a thread already seen.
static bool
is_in_cycle(uint32_t thread)
{
    uint32_t seen = 0;
    for (;;) {
        if ((seen >> thread & 1) != 0) {
            return true;
        }
        seen |= 1u << thread;
        Wait wait = wait_of(thread);
        if (wait.lock == NULL || wait.owner == 0) {
            return false;
        }
        thread = wait.owner - 1;
    }
}

static void
describe_wait(FzBuf *text, uint32_t thread)
{
    const ThreadLocks *locks = &state.threads[thread];
    Wait wait = wait_of(thread);
    FzBuf_Printf(text, "\n  thread %u waits for ", thread);
    if (locks->waits_for_gil) {
        FzBuf_Printf(text, "the GIL");
    }
    else if (wait.lock != NULL) {
        FzBuf_Printf(text, "the lock of %s", FzName_Of(wait.lock).text);
    }
    else if (locks->parked != NULL) {
        FzBuf_Printf(text, "%s, parked", FzName_Of(locks->parked).text);
    }
    else {
        FzBuf_Printf(text, "a semaphore");
    }
    if (wait.lock != NULL && wait.owner != 0) {
        FzBuf_Printf(text, ", held by thread %u", wait.owner - 1);
    }
    else if (wait.lock != NULL) {
        FzBuf_Printf(text, ", held by nobody");
    }
}

void
FzOracleLock_Stuck(uint32_t nthreads, const bool *ended)
{
    FzBuf text = {0};
    bool cycle = false;
    bool owner_ended = false;
    bool free_lock = false;
    bool lock_wait = false;
    for (uint32_t t = 0; t < nthreads; t++) {
        if (ended[t]) {
            continue;
        }
        describe_wait(&text, t);
        Wait wait = wait_of(t);
        if (wait.lock == NULL) {
            continue;
        }
        lock_wait = true;
        if (wait.owner == 0) {
            free_lock = true;
        }
        else if (ended[wait.owner - 1]) {
            owner_ended = true;
        }
        cycle = cycle || is_in_cycle(t);
    }
    bool deadlock = (cycle || owner_ended || lock_wait) && !free_lock;
    FzEngine_Violation(deadlock ? FZ_RULE_DEADLOCK : FZ_RULE_LOST_WAKEUP,
                       UINT32_MAX, "no thread can run:%s",
                       FzBuf_CString(&text));
    FzBuf_Free(&text);
}

const FzOracleOps fz_oracle_lock = {
    .name = "lock",
    .begin = begin,
    .note = note,
    .thread_end = thread_end,
};

// lock.c: the owners of each lock, critical sections nested, ordered and
// suspended before their thread detaches, the order of internal locks, no lock
// kept by an ended thread, and the reason when no thread can run (invariants
// M1, M2, M8-M10, M15, C1-C5).

#include <string.h>

#include "oracle_internal.h"
#include "oracle_map.h"
#include "rtcore_lock_order.h"
#include "rtcore_state.h"

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
    RtLockKind waiting_kind;
    bool may_be_overtaken;      // a writer that a writer's end has woken
    uint32_t nread;             // readers-writer locks held as a reader
    const void *waiting_raw;    // raw mutex, on its way to park or to signal
    const void *parked;         // address it is parked on, or NULL
    const RtThreadState *gil_wait;      // that waits for its GIL, or NULL
} ThreadLocks;

static struct {
    // lock -> owner thread + 1, and above it how often it is locked; extra:
    // RtLockKind, and above it the readers of a readers-writer lock.
    FzMap locks;
    ThreadLocks threads[FZ_MAX_THREADS];
    uint32_t nthreads;          // touched by this run
    FzMap gils;                 // interpreter -> holder, a thread + 1
} state;

static void
begin(void)
{
    FzMap_Clear(&state.locks);
    for (uint32_t t = 0; t < state.nthreads; t++) {
        ThreadLocks *locks = &state.threads[t];
        locks->depth = 0;
        locks->waiting = locks->waiting_raw = locks->parked = NULL;
        locks->gil_wait = NULL;
        locks->may_be_overtaken = false;
        locks->nread = 0;
    }
    state.nthreads = 0;
    FzMap_Clear(&state.gils);
}

#define ONE_TIME (UINT64_C(1) << 32)

static uint32_t
owner_of(const void *lock)      // thread + 1, or 0
{
    const FzMapEntry *entry =
        lock != NULL ? FzMap_Find(&state.locks, lock) : NULL;
    return entry != NULL ? (uint32_t)entry->value : 0;
}

static FzMapEntry *
gil_of(const RtThreadState *tstate)
{
    return FzMap_Get(&state.gils, tstate->interp);
}

static uint32_t
readers_of(const void *lock)    // bit set
{
    const FzMapEntry *entry = FzMap_Find(&state.locks, lock);
    return entry != NULL ? (uint32_t)(entry->extra >> 32) : 0;
}

// Writers that are parked on the lock and that no reader may overtake.
static uint32_t
writers_before_readers(const void *lock)
{
    uint32_t writers = 0;
    for (uint32_t t = 0; t < state.nthreads; t++) {
        const ThreadLocks *locks = &state.threads[t];
        if (locks->waiting == lock && !locks->may_be_overtaken &&
            locks->waiting_kind == RT_LOCK_RW_WRITE) {
            writers |= 1u << t;
        }
    }
    return writers;
}

static void
two_owners(uint32_t thread, const void *lock, uint32_t other)
{
    FzEngine_Violation(FZ_RULE_LOCK_TWO_OWNERS, other,
                       "thread %u acquired %s, which thread %u holds", thread,
                       FzName_Of(lock).text, other);
    FzEngine_Stop();
}

static void
acquired_for_reading(uint32_t thread, const void *lock, FzMapEntry *entry)
{
    if ((uint32_t)entry->value != 0) {
        two_owners(thread, lock, (uint32_t)entry->value - 1);
    }
    uint32_t writers = writers_before_readers(lock);
    if (writers != 0 && !FzEngine_HasWeakLoads()) {     // or about to see it
        uint32_t writer = (uint32_t)__builtin_ctz(writers);
        FzEngine_Violation(FZ_RULE_WRITER_OVERTAKEN, writer,
                           "thread %u entered %s as a reader while thread %u "
                           "is parked on it as a writer",
                           thread, FzName_Of(lock).text, writer);
        FzEngine_Stop();
    }
    entry->value += ONE_TIME;
    entry->extra = RT_LOCK_RW_READ | (entry->extra >> 32 << 32) |
                   UINT64_C(1) << (32 + thread);
    state.threads[thread].nread++;
}

static void
acquired_alone(uint32_t thread, const void *lock, RtLockKind kind,
               FzMapEntry *entry)
{
    uint32_t owner = (uint32_t)entry->value;
    bool again = kind == RT_LOCK_RECURSIVE && owner == thread + 1;
    if (owner != 0 && !again) {
        two_owners(thread, lock, owner - 1);
    }
    if (entry->extra >> 32 != 0) {
        two_owners(thread, lock,
                   (uint32_t)__builtin_ctzll(entry->extra >> 32));
    }
    entry->value = (entry->value & ~(ONE_TIME - 1)) + ONE_TIME + thread + 1;
    entry->extra = kind;
}

// Whether a section around the innermost one has the lock.
static bool
outer_section_has(uint32_t thread, const void *lock)
{
    const ThreadLocks *locks = &state.threads[thread];
    for (unsigned i = 0; i + 1 < locks->depth; i++) {
        const Section *section = &locks->sections[i];
        if (section->active &&
            (section->first == lock || section->second == lock)) {
            return true;
        }
    }
    return false;
}

// A section that is begun or resumed takes its second lock last.
static void
check_section_order(uint32_t thread, const void *lock, const Section *top)
{
    if (top->second != NULL && lock == top->first &&
        !(top->entered && top->active) &&
        owner_of(top->second) == thread + 1 &&
        !outer_section_has(thread, top->second)) {
        FzEngine_Violation(FZ_RULE_SECTION_ORDER, UINT32_MAX,
                           "a section over two objects locks %s before %s",
                           FzName_Of(top->second).text,
                           FzName_Of(top->first).text);
        FzEngine_Stop();
    }
}

static void
acquired(uint32_t thread, const void *lock, RtLockKind kind)
{
    ThreadLocks *locks = &state.threads[thread];
    if (kind == RT_LOCK_RAW) {
        locks->waiting_raw = NULL;
    }
    else {
        locks->waiting = NULL;
        locks->may_be_overtaken = false;
    }
    FzMapEntry *entry = FzMap_Get(&state.locks, lock);
    if (kind == RT_LOCK_RW_READ) {
        acquired_for_reading(thread, lock, entry);
    }
    else {
        acquired_alone(thread, lock, kind, entry);
    }
    Section *top =
        locks->depth > 0 ? &locks->sections[locks->depth - 1] : NULL;
    if (top != NULL) {
        check_section_order(thread, lock, top);
    }
    // An outer section may have had locks before: this one, with its last.
    if (top != NULL &&
        lock == (top->second != NULL ? top->second : top->first) &&
        owner_of(top->first) == thread + 1) {
        top->entered = true;
    }
}

// Whether the thread is inside a section of this mutex.
static bool
guards_section(uint32_t thread, const void *mutex)
{
    const ThreadLocks *locks = &state.threads[thread];
    for (unsigned i = 0; i < locks->depth; i++) {
        const Section *section = &locks->sections[i];
        if (section->entered && section->active &&
            (section->first == mutex || section->second == mutex)) {
            return true;
        }
    }
    return false;
}

// A plain mutex may be released by any thread, and is a program's own affair,
// unless it guards a section.
static void
check_releaser(uint32_t thread, const void *lock, RtLockKind kind,
               const FzMapEntry *entry)
{
    bool owns = kind == RT_LOCK_RW_READ
                    ? (entry->extra >> (32 + thread) & 1) != 0
                    : (uint32_t)entry->value == thread + 1;
    if (kind == RT_LOCK_MUTEX && !owns) {
        uint32_t owner = (uint32_t)entry->value;
        owns = owner == 0 || !guards_section(owner - 1, lock);
    }
    if (!owns) {
        FzEngine_Violation(FZ_RULE_LOCK_NOT_OWNER, UINT32_MAX,
                           "thread %u releases %s, which it does not hold",
                           thread, FzName_Of(lock).text);
        FzEngine_Stop();
    }
}

static void
released(uint32_t thread, const void *lock, RtLockKind kind)
{
    FzMapEntry *entry = FzMap_Get(&state.locks, lock);
    check_releaser(thread, lock, kind, entry);
    if (kind == RT_LOCK_RW_READ) {
        entry->value -= ONE_TIME;
        entry->extra &= ~(UINT64_C(1) << (32 + thread));
        state.threads[thread].nread--;
        return;
    }
    uint64_t times = entry->value / ONE_TIME;
    entry->value = kind == RT_LOCK_RECURSIVE && times > 1
                       ? entry->value - ONE_TIME
                       : 0;
}

// All who wait are woken and compete.
static void
writer_left(const void *lock)
{
    for (uint32_t t = 0; t < state.nthreads; t++) {
        if (state.threads[t].waiting == lock) {
            state.threads[t].may_be_overtaken = true;
        }
    }
}

static void
waits(uint32_t thread, const void *lock, RtLockKind kind)
{
    ThreadLocks *locks = &state.threads[thread];
    if (kind == RT_LOCK_RAW) {
        locks->waiting_raw = lock;
        return;
    }
    locks->waiting = lock;
    locks->waiting_kind = kind;
    locks->may_be_overtaken = false;
}

static void
out_of_order(const void *what, unsigned held, unsigned asked)
{
    if (asked < RT_RANK_COUNT) {
        FzEngine_Violation(FZ_RULE_LOCK_ORDER, UINT32_MAX,
                           "%s (%s) is taken while %s is held",
                           FzName_Of(what).text, RtLockRank_Name(asked),
                           RtLockRank_Name(held));
    }
    else {
        FzEngine_Violation(FZ_RULE_LOCK_ORDER, UINT32_MAX,
                           "the thread detaches, allocates or runs code (%s) "
                           "while it holds %s",
                           FzName_Of(what).text, RtLockRank_Name(held));
    }
    FzEngine_Stop();
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
    FzOracle_NeedsRoom(locks->depth < MAX_SECTIONS);
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

// An attach resumes the innermost section, an end the one below it: which is
// then the innermost.
static void
check_resumed(uint32_t thread, const Section *section)
{
    const ThreadLocks *locks = &state.threads[thread];
    bool innermost = section == &locks->sections[locks->depth - 1];
    if (!innermost || owner_of(section->first) != thread + 1 ||
        (section->second != NULL && owner_of(section->second) != thread + 1)) {
        FzEngine_Violation(FZ_RULE_SECTION_RESUMED, UINT32_MAX,
                           "thread %u resumes the section of %s, %s", thread,
                           FzName_Of(section->first).text,
                           innermost ? "but does not have its locks"
                                     : "which is not the innermost one");
        FzEngine_Stop();
    }
}

static void
section_changes(uint32_t thread, const void *first, const void *second,
                bool active)
{
    ThreadLocks *locks = &state.threads[thread];
    for (unsigned i = locks->depth; i-- > 0;) {
        Section *section = &locks->sections[i];
        // One that is not entered yet has nothing to suspend: an outer one of
        // the same object has.
        if (section->first == first && section->second == second &&
            section->active != active && (active || section->entered)) {
            section->active = active;
            if (active) {
                check_resumed(thread, section);
            }
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

// ---------------------------------------------------------------------------
// Threads that end, and those that are gone.

static void
held_at_exit(uint32_t thread, const char *what)
{
    FzEngine_Violation(FZ_RULE_LOCK_HELD_AT_EXIT, UINT32_MAX,
                       "thread %u ended while holding %s", thread, what);
    FzEngine_Stop();
}

static void
thread_end(uint32_t thread)
{
    const ThreadLocks *locks = &state.threads[thread];
    if (locks->depth > 0) {
        FzEngine_Violation(FZ_RULE_LOCK_HELD_AT_EXIT, UINT32_MAX,
                           "thread %u ended inside the critical section of %s",
                           thread, FzName_Of(locks->sections[0].first).text);
        FzEngine_Stop();
    }
    if (rt_thread_local.held_ranks != 0) {
        held_at_exit(thread, RtLockRank_Name((unsigned)__builtin_ctz(
                                 rt_thread_local.held_ranks)));
    }
    if (locks->nread > 0) {
        held_at_exit(thread, "a readers-writer lock");
    }
    for (size_t i = 0; i < state.locks.count; i++) {
        const FzMapEntry *lock = FzMap_At(&state.locks, i);
        // A program may end a thread while a lock of its own is taken.
        if ((uint32_t)lock->value == thread + 1 &&
            (lock->extra == RT_LOCK_RAW || lock->extra == RT_LOCK_RW_WRITE)) {
            held_at_exit(thread, FzName_Of((void *)lock->key).text);
        }
    }
}

// A thread that must not go on ends in the middle of something: what it has
// locked is nobody's from now on, but no internal lock is among it (T10).
static void
exits(uint32_t thread)
{
    ThreadLocks *locks = &state.threads[thread];
    locks->depth = 0;
    thread_end(thread);
    for (size_t i = 0; i < state.locks.count; i++) {
        FzMapEntry *lock = FzMap_At(&state.locks, i);
        if ((uint32_t)lock->value == thread + 1) {
            lock->value = 0;
        }
    }
}

// The others are gone, and the runtime's locks are free; what the thread has
// locked of objects stays.
static void
forked(uint32_t thread)
{
    for (size_t i = 0; i < state.locks.count; i++) {
        FzMapEntry *lock = FzMap_At(&state.locks, i);
        uint32_t kind = (uint32_t)lock->extra;
        bool runtimes =
            lock->key - (uintptr_t)&rt_runtime < sizeof(rt_runtime);
        if ((uint32_t)lock->value != thread + 1 || runtimes) {
            lock->value = 0;
            lock->extra = kind;
        }
    }
    for (uint32_t t = 0; t < state.nthreads; t++) {
        ThreadLocks *locks = &state.threads[t];
        locks->nread = 0;
        locks->parked = locks->waiting = locks->waiting_raw = NULL;
        locks->gil_wait = NULL;
        locks->depth = t == thread ? locks->depth : 0;
    }
}

// ---------------------------------------------------------------------------
// Notes.

// True if it is a note on locks, which it has seen to.
static bool
note_lock(uint32_t thread, unsigned kind, const void *a, uintptr_t b)
{
    switch (kind) {
    case RT_NOTE_LOCK_WAIT:
        waits(thread, a, (RtLockKind)b);
        return true;
    case RT_NOTE_LOCK_ACQUIRED:
        acquired(thread, a, (RtLockKind)b);
        return true;
    case RT_NOTE_LOCK_RELEASED:
        released(thread, a, (RtLockKind)b);
        return true;
    case RT_NOTE_LOCK_SEIZED:
        FzMap_Get(&state.locks, a)->value = 0;
        return true;
    case RT_NOTE_WRITER_LEFT:
        writer_left(a);
        return true;
    case RT_NOTE_LOCK_ORDER:
        out_of_order(a, (unsigned)(b >> 8), (unsigned)(b & 255));
        return true;
    default:
        return false;
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
    case RT_NOTE_THREAD_EXITED:
        exits(thread);
        break;
    case RT_NOTE_FORKED:
        forked(thread);
        break;
    case RT_NOTE_PARK:
        locks->parked = a;
        break;
    case RT_NOTE_PARK_WOKEN:
        locks->parked = NULL;
        break;
    case RT_NOTE_PARK_LEFT:
        locks->parked = locks->waiting = NULL;
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
        locks->gil_wait = a;
        break;
    case RT_NOTE_TSTATE_ATTACHED:
        locks->gil_wait = NULL;         // the GIL may have been switched off
        break;
    case RT_NOTE_GIL_TAKEN:
        locks->gil_wait = NULL;
        gil_of(a)->value = thread + 1;
        break;
    case RT_NOTE_GIL_DROPPED:
        gil_of(a)->value = 0;
        break;
    default:
        return note_lock(thread, kind, a, b);
    }
    return true;
}

// ---------------------------------------------------------------------------
// No thread can run.

typedef struct Wait {
    const void *lock;           // or NULL
    uint32_t owners;            // whom it waits for: bit set
} Wait;

static uint32_t
bit_of(uint32_t owner)          // thread + 1; 0: nobody
{
    return owner != 0 ? 1u << (owner - 1) : 0;
}

static Wait
wait_of(uint32_t thread)
{
    const ThreadLocks *locks = &state.threads[thread];
    if (locks->gil_wait != NULL) {
        return (Wait){"the GIL",
                      bit_of((uint32_t)gil_of(locks->gil_wait)->value)};
    }
    const void *lock =
        locks->waiting_raw != NULL ? locks->waiting_raw : locks->waiting;
    uint32_t owners = bit_of(owner_of(lock));
    if (lock != NULL && lock == locks->waiting) {
        owners |= readers_of(lock);
        if (locks->waiting_kind == RT_LOCK_RW_READ) {
            owners |= writers_before_readers(lock);
        }
    }
    return (Wait){lock, owners};
}

// Whether the thread waits, over others, for itself.
static bool
is_in_cycle(uint32_t thread)
{
    uint32_t seen = 0;
    uint32_t next = wait_of(thread).owners;
    while (next != 0) {
        uint32_t t = (uint32_t)__builtin_ctz(next);
        seen |= 1u << t;
        next = (next | wait_of(t).owners) & ~seen;
    }
    return (seen >> thread & 1) != 0;
}

bool
FzOracleLock_WaitsForGil(uint32_t thread)
{
    return state.threads[thread].gil_wait != NULL;
}

static void
describe_wait(FzBuf *text, uint32_t thread)
{
    const ThreadLocks *locks = &state.threads[thread];
    const void *queue = FzOracleWaitQueue_Of(thread);
    Wait wait = wait_of(thread);
    FzBuf_Printf(text, "\n  thread %u waits for ", thread);
    if (FzOracleStop_IsPending(thread)) {
        FzBuf_Printf(text, "the world to stop");
    }
    else if (locks->gil_wait != NULL) {
        FzBuf_Printf(text, "the GIL");
    }
    else if (wait.lock != NULL) {
        FzBuf_Printf(text, "the lock of %s", FzName_Of(wait.lock).text);
    }
    else if (queue != NULL) {
        FzBuf_Printf(text, "%s, in its queue", FzName_Of(queue).text);
    }
    else if (locks->parked != NULL) {
        FzBuf_Printf(text, "%s, parked", FzName_Of(locks->parked).text);
    }
    else {
        FzBuf_Printf(text, "a semaphore");
    }
    if (wait.lock == NULL) {
        return;
    }
    const char *separator = ", held by thread";
    for (uint32_t rest = wait.owners; rest != 0; rest &= rest - 1) {
        FzBuf_Printf(text, "%s %d", separator, __builtin_ctz(rest));
        separator = " and";
    }
    if (wait.owners == 0) {
        FzBuf_Printf(text, ", held by nobody");
    }
}

void
FzOracleLock_Stuck(uint32_t nthreads, const bool *ended)
{
    FzBuf text = {0};
    bool free_lock = false, lock_wait = false, stopping = false;
    uint32_t in_cycle = 0;
    for (uint32_t t = 0; t < nthreads; t++) {
        if (ended[t]) {
            continue;
        }
        describe_wait(&text, t);
        Wait wait = wait_of(t);
        stopping = stopping || FzOracleStop_IsPending(t);
        if (wait.lock == NULL) {
            continue;
        }
        lock_wait = true;
        free_lock = free_lock || wait.owners == 0;
        in_cycle += is_in_cycle(t);
    }
    if (in_cycle > 0) {
        FzBuf_Printf(&text, "\n  %u of them wait for each other", in_cycle);
    }
    bool deadlock = stopping || (lock_wait && !free_lock);
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

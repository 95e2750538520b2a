// memory.c: no access to a freed block, no block freed twice, no block freed
// before every thread that may be reading it without a lock has been quiescent,
// and not much later either (invariants Q1, Q2, Q4, Q7).
//
// The ghost clock below is independent of the runtime's own QSBR sequence
// numbers: it counts quiescent states, going offline, delays and frees of the
// run in their real order (invariant Q1). The head of a freed object may still
// be read by a thread that has not been quiescent since: that is how TryIncref
// fails cleanly (PEP 703, "Optimistically avoiding locking").

#include <string.h>

#include "oracle_internal.h"
#include "oracle_map.h"
#include "rtcore_heap.h"
#include "rtcore_hooks.h"
#include "rtcore_state.h"

// A thread that looks in vain tries again after some checks.
enum { CHECKS_ALLOWED = 64, CHECKS_MORE = 16 };
enum { GOAL_SHIFT = 40 };       // 24 bits: a run has fewer points

static struct {
    uint64_t clock;
    uint64_t quiet[FZ_MAX_THREADS];     // clock of the last quiescence
    uint32_t online;                    // bit for each thread
    // Where it is online: readers of one interpreter do not look at blocks of
    // another.
    const RtInterpreterState *interp[FZ_MAX_THREADS];
    FzMap delayed;              // payload -> clock; threads online then, who
                                // delayed it << 32, its goal << GOAL_SHIFT
    uint64_t sequence[FZ_MAX_THREADS];  // last shown while online, or about
                                        // to be
    uint64_t before[FZ_MAX_THREADS];    // shown before that
    uint64_t waiting[FZ_MAX_THREADS];   // bytes that a thread has delayed
    uint32_t checks[FZ_MAX_THREADS];    // passed with too many
    bool suspected[FZ_MAX_THREADS];     // they were due some checks ago
} state;

static void
begin(void)
{
    state.clock = 0;
    state.online = 0;
    memset(state.quiet, 0, sizeof(state.quiet));
    FzMap_Clear(&state.delayed);
    memset(state.sequence, 0, sizeof(state.sequence));
    memset(state.waiting, 0, sizeof(state.waiting));
    memset(state.checks, 0, sizeof(state.checks));
    memset(state.suspected, 0, sizeof(state.suspected));
}

static uint64_t
size_of(const void *payload)
{
    return RtBlock_FromPointer(payload)->size;
}

// Whether a thread has been quiescent since. Where loads are weak, it may have
// shown the goal before: the sequence that the goal was made of was older.
static bool
is_done(uint32_t thread, const FzMapEntry *delayed)
{
    uint64_t goal = delayed->extra >> GOAL_SHIFT;
    return state.quiet[thread] > delayed->value ||
           (FzEngine_HasWeakLoads() && goal != 0 &&
            state.sequence[thread] >= goal);
}

// Whether a thread may still be reading what was delayed. Returns it, or
// FZ_MAX_THREADS.
static uint32_t
find_reader(const FzMapEntry *delayed)
{
    uint32_t t = 0;
    while (t < FZ_MAX_THREADS &&
           ((delayed->extra >> t & 1) == 0 || is_done(t, delayed)))
    {
        t++;
    }
    return t;
}

static uint32_t
delayed_by(const FzMapEntry *delayed)
{
    return (uint32_t)(delayed->extra >> 32 & 0xff);
}

// Whether a thread of the interpreter may show a sequence before the goal: it
// has come online with an old one, or is about to show a new one. It reads
// nothing of the block, and yet is waited for.
static bool
is_waited_for(const FzMapEntry *delayed)
{
    uint64_t goal = delayed->extra >> GOAL_SHIFT;
    for (uint32_t rest = state.online; rest != 0; rest &= rest - 1) {
        uint32_t t = (uint32_t)__builtin_ctz(rest);
        if (state.interp[t] == state.interp[delayed_by(delayed)] &&
            state.before[t] < goal)
        {
            return true;
        }
    }
    return false;
}

static void
block_freed(const void *payload)
{
    FzBlock *block = FzShadow_Find(payload);
    if (block == NULL) {
        return;
    }
    if (block->state != FZ_BLOCK_LIVE) {
        FzEngine_Violation(FZ_RULE_DOUBLE_FREE, block->free_thread,
                           "%s was freed twice, first by thread %u",
                           FzName_Of(payload).text, block->free_thread);
        FzEngine_OtherIsFree(payload);
        FzEngine_Stop();
    }
    block->freed_at = ++state.clock;
    if (!block->delayed) {
        return;
    }
    FzMapEntry *delayed = FzMap_Find(&state.delayed, payload);
    uint32_t reader = find_reader(delayed);
    if (reader < FZ_MAX_THREADS) {
        FzEngine_Violation(
            FZ_RULE_QSBR_FREED_EARLY, reader,
            "%s was freed although thread %u has not been quiescent since "
            "the block was unlinked",
            FzName_Of(payload).text, reader);
        FzEngine_Stop();
    }
    // A thread that has ended owes nothing any more.
    uint64_t *waiting = &state.waiting[delayed_by(delayed)];
    uint64_t size = size_of(payload);
    *waiting -= size < *waiting ? size : *waiting;
}

// Bytes that this thread has delayed and that nobody reads or is waited for.
static uint64_t
count_due(uint32_t thread)
{
    uint64_t due = 0;
    for (size_t i = 0; i < state.delayed.count; i++) {
        const FzMapEntry *delayed = FzMap_At(&state.delayed, i);
        const void *payload = (const void *)delayed->key;
        const FzBlock *block = FzShadow_Find(payload);
        if (block != NULL && block->state == FZ_BLOCK_LIVE &&
            delayed_by(delayed) == thread &&
            find_reader(delayed) == FZ_MAX_THREADS && !is_waited_for(delayed))
        {
            due += size_of(payload);
        }
    }
    return due;
}

// The thread passes a check; it looks after its queue at some of them.
static void
check_backlog(uint32_t thread)
{
    if (state.waiting[thread] <= RT_MEM_PRESSURE_LIMIT) {
        state.checks[thread] = 0;
        state.suspected[thread] = false;
        return;
    }
    if (++state.checks[thread] < CHECKS_ALLOWED) {
        return;
    }
    // What has only now become due is seen at one of the next checks.
    uint64_t due = count_due(thread);
    bool much = due > RT_MEM_PRESSURE_LIMIT;
    bool again = much && state.suspected[thread];
    state.checks[thread] = much ? CHECKS_ALLOWED - CHECKS_MORE : 0;
    state.suspected[thread] = much;
    if (again) {
        FzEngine_Violation(FZ_RULE_QSBR_BACKLOG, UINT32_MAX,
                           "thread %u has passed %d checks and keeps %llu "
                           "bytes that nobody reads any more",
                           thread, CHECKS_ALLOWED, (unsigned long long)due);
        FzEngine_Stop();
    }
}

static void
quiescent(uint32_t thread, uint64_t sequence)
{
    state.quiet[thread] = ++state.clock;
    if (sequence < state.sequence[thread]) {
        FzEngine_Violation(FZ_RULE_QSBR_STATE, UINT32_MAX,
                           "thread %u shows %llu after %llu", thread,
                           (unsigned long long)sequence,
                           (unsigned long long)state.sequence[thread]);
        FzEngine_Stop();
    }
    state.before[thread] = state.sequence[thread];
    state.sequence[thread] = sequence;
    check_backlog(thread);
}

#ifdef RT_GIL_DISABLED
// Only those that are online are waited for.
static void
check_online(uint32_t thread, const void *op)
{
    if ((state.online >> thread & 1) == 0) {
        FzEngine_Violation(FZ_RULE_QSBR_STATE, UINT32_MAX,
                           "thread %u makes %s while it is offline", thread,
                           FzName_Of(op).text);
        FzEngine_Stop();
    }
}
#endif

static void
delayed_free(uint32_t thread, const void *payload, uint64_t goal,
             uint32_t readers)
{
    FzBlock *block = FzShadow_Find(payload);
    if (block == NULL) {
        return;
    }
    block->delayed = true;
    FzMapEntry *delayed = FzMap_Get(&state.delayed, payload);
    delayed->value = ++state.clock;
    delayed->extra =
        readers | (uint64_t)thread << 32 | goal << GOAL_SHIFT;
    state.waiting[thread] += size_of(payload);
}

// Threads that may read what this thread has unlinked, as bits.
static uint32_t
readers_beside(uint32_t thread)
{
    uint32_t readers = 0;
    for (uint32_t rest = state.online; rest != 0; rest &= rest - 1) {
        uint32_t t = (uint32_t)__builtin_ctz(rest);
        if (state.interp[t] == state.interp[thread]) {
            readers |= 1u << t;
        }
    }
    return readers;
}

static bool
note(uint32_t thread, unsigned kind, const void *a, uintptr_t b)
{
    switch (kind) {
    case RT_NOTE_BLOCK_FREE:
        block_freed(a);
        break;
    case RT_NOTE_BLOCK_DELAYED:
        delayed_free(thread, a, b, readers_beside(thread));
        break;
    case RT_NOTE_QSBR_ONLINE:
        state.online |= 1u << thread;
        state.interp[thread] = ((const RtThreadState *)a)->interp;
        state.quiet[thread] = ++state.clock;
        state.sequence[thread] = state.before[thread] = b;
        break;
    case RT_NOTE_QSBR_OFFLINE:
        state.online &= ~(1u << thread);
        state.quiet[thread] = ++state.clock;
        break;
    case RT_NOTE_FORKED:
        state.online &= 1u << thread;
        for (uint32_t t = 0; t < FZ_MAX_THREADS; t++) {
            state.quiet[t] = ++state.clock;
        }
        break;
    case RT_NOTE_QSBR_QUIESCENT:
        quiescent(thread, b);
        break;
    case RT_NOTE_TSTATE_DELETED:
        // What is left is the interpreter's.
        state.waiting[thread] = 0;
        break;
#ifdef RT_GIL_DISABLED
    case RT_NOTE_OBJECT_NEW:
        check_online(thread, a);
        break;
#endif
    default:
        return false;
    }
    return true;
}

#ifdef RT_GIL_DISABLED
// Whether the thread may still look at the head of this freed object.
static bool
is_tolerated(uint32_t thread, const FzBlock *block, const void *addr)
{
    if (block->kind == RT_BLOCK_MEM ||
        (uintptr_t)addr - (uintptr_t)block->start >= sizeof(RtObject)) {
        return false;
    }
    // A slot may show it for longer where loads are weak.
    return (state.online >> thread & 1) != 0 &&
           (state.quiet[thread] < block->freed_at || FzEngine_HasWeakLoads());
}
#else
static bool
is_tolerated(uint32_t thread, const FzBlock *block, const void *addr)
{
    (void)thread;
    (void)block;
    (void)addr;
    return false;
}
#endif

static void
access(uint32_t thread, const void *addr, bool write)
{
    const FzBlock *block = FzShadow_Find(addr);
    if (block == NULL || block->state != FZ_BLOCK_KEPT ||
        is_tolerated(thread, block, addr)) {
        return;
    }
    FzEngine_Violation(FZ_RULE_USE_AFTER_FREE, block->free_thread,
                       "thread %u %s %s, which thread %u freed at step %llu",
                       thread, write ? "writes" : "reads",
                       FzName_Of(addr).text, block->free_thread,
                       (unsigned long long)block->free_step);
    FzEngine_OtherIsFree(block->start);
    FzEngine_Stop();
}

const FzOracleOps fz_oracle_memory = {
    .name = "memory",
    .begin = begin,
    .note = note,
    .access = access,
};

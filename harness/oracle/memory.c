// memory.c: no access to a freed block, no block freed twice, no block freed
// before every thread that may be reading it without a lock has been quiescent.
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

static struct {
    uint64_t clock;
    uint64_t quiet[FZ_MAX_THREADS];     // clock of the last quiescence
    uint32_t online;                    // bit for each thread
    // Where it is online: readers of one interpreter do not look at blocks of
    // another.
    const RtInterpreterState *interp[FZ_MAX_THREADS];
    FzMap freed;                // payload -> clock of its free, 0: live
    FzMap delayed;              // payload -> clock, threads online then
} state;

static void
begin(void)
{
    state.clock = 0;
    state.online = 0;
    memset(state.quiet, 0, sizeof(state.quiet));
    FzMap_Clear(&state.freed);
    FzMap_Clear(&state.delayed);
}

static void
block_freed(uint32_t thread, const void *payload)
{
    FzMapEntry *freed = FzMap_Get(&state.freed, payload);
    if (freed->value != 0) {
        FzEngine_Violation(FZ_RULE_DOUBLE_FREE, (uint32_t)freed->extra,
                           "%s was freed twice, first by thread %u",
                           FzName_Of(payload).text, (uint32_t)freed->extra);
        FzEngine_OtherIsFree(payload);
        FzEngine_Stop();
    }
    freed->value = ++state.clock;
    freed->extra = thread;
    FzMapEntry *delayed = FzMap_Find(&state.delayed, payload);
    if (delayed == NULL) {
        return;
    }
    for (uint32_t t = 0; t < FZ_MAX_THREADS; t++) {
        bool reader = (delayed->extra >> t & 1) != 0;
        if (reader && state.quiet[t] <= delayed->value) {
            FzEngine_Violation(
                FZ_RULE_QSBR_FREED_EARLY, t,
                "%s was freed although thread %u has not been quiescent since "
                "the block was unlinked",
                FzName_Of(payload).text, t);
            FzEngine_Stop();
        }
    }
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
    (void)b;
    switch (kind) {
    case RT_NOTE_BLOCK_ALLOC: {
        FzMapEntry *freed = FzMap_Find(&state.freed, a);
        if (freed != NULL) {
            freed->value = 0;
        }
        break;
    }
    case RT_NOTE_BLOCK_FREE:
        block_freed(thread, a);
        break;
    case RT_NOTE_BLOCK_DELAYED: {
        FzMapEntry *delayed = FzMap_Get(&state.delayed, a);
        delayed->value = ++state.clock;
        delayed->extra = readers_beside(thread);
        break;
    }
    case RT_NOTE_QSBR_ONLINE:
        state.online |= 1u << thread;
        state.interp[thread] = ((const RtThreadState *)a)->interp;
        state.quiet[thread] = ++state.clock;
        break;
    case RT_NOTE_QSBR_OFFLINE:
        state.online &= ~(1u << thread);
        state.quiet[thread] = ++state.clock;
        break;
    case RT_NOTE_QSBR_QUIESCENT:
        state.quiet[thread] = ++state.clock;
        break;
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
    const FzMapEntry *freed = FzMap_Find(&state.freed, block->start);
    return freed != NULL && (state.online >> thread & 1) != 0 &&
           state.quiet[thread] < freed->value;
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

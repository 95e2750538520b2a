// stop_world.c: while the world is stopped only the requester is attached, and
// nobody else makes, frees or changes an object (invariants S1, S2, S7).

#include <string.h>

#include "oracle_internal.h"
#include "rtcore_heap.h"
#include "rtcore_hooks.h"

static struct {
    const void *attached[FZ_MAX_THREADS];       // thread state, or NULL
    uint32_t requester;         // thread that stopped the world
    bool stopped;
} state;

static void
begin(void)
{
    memset(&state, 0, sizeof(state));
}

static void
stopped(uint32_t thread)
{
    for (uint32_t other = 0; other < FZ_MAX_THREADS; other++) {
        if (other != thread && state.attached[other] != NULL) {
            FzEngine_Violation(FZ_RULE_WORLD_NOT_STOPPED, other,
                               "thread %u stopped the world, but thread %u "
                               "is still attached",
                               thread, other);
            FzEngine_Stop();
        }
    }
    state.stopped = true;
    state.requester = thread;
}

static void
detached(const void *tstate)
{
    for (uint32_t t = 0; t < FZ_MAX_THREADS; t++) {
        if (state.attached[t] == tstate) {
            state.attached[t] = NULL;
        }
    }
}

static void
attached(uint32_t thread, const void *tstate)
{
    state.attached[thread] = tstate;
    if (state.stopped && thread != state.requester) {
        FzEngine_Violation(FZ_RULE_ATTACH_WHILE_STOPPED, state.requester,
                           "thread %u attached while thread %u had stopped "
                           "the world",
                           thread, state.requester);
        FzEngine_Stop();
    }
}

static void
activity(uint32_t thread, unsigned kind, const void *a)
{
    if (!state.stopped || thread == state.requester) {
        return;
    }
    if (kind == RT_NOTE_BLOCK_ALLOC || kind == RT_NOTE_BLOCK_FREE) {
        // A thread that ends frees its own raw state without being attached.
        const FzBlock *block = FzShadow_Find(a);
        if (block == NULL || block->kind == RT_BLOCK_MEM) {
            return;
        }
    }
    FzEngine_Violation(FZ_RULE_ACTIVITY_WHILE_STOPPED, state.requester,
                       "%s of %s by thread %u while thread %u had stopped "
                       "the world",
                       RtNote_Name((RtNote)kind), FzName_Of(a).text, thread,
                       state.requester);
    FzEngine_Stop();
}

static void
note(uint32_t thread, unsigned kind, const void *a, uintptr_t b)
{
    (void)b;
    switch (kind) {
    case RT_NOTE_TSTATE_ATTACHED:
        attached(thread, a);
        break;
    case RT_NOTE_TSTATE_DETACHED:
    case RT_NOTE_TSTATE_SUSPENDED:
        detached(a);
        break;
    case RT_NOTE_STW_STOPPED:
        stopped(thread);
        break;
    case RT_NOTE_STW_STARTED:
        state.stopped = false;
        break;
    case RT_NOTE_BLOCK_ALLOC:
    case RT_NOTE_BLOCK_FREE:
    case RT_NOTE_OBJECT_NEW:
    case RT_NOTE_OBJECT_DEALLOC:
    case RT_NOTE_REF_MERGED:
        activity(thread, kind, a);
        break;
    default:
        break;
    }
}

const FzOracleOps fz_oracle_stop_world = {
    .name = "stop-the-world",
    .begin = begin,
    .note = note,
};

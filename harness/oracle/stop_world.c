// stop_world.c: while the world is stopped only the requester is attached, and
// nobody else makes, frees or changes an object (invariants S1, S2, S7).

#include "oracle_internal.h"
#include "oracle_map.h"
#include "rtcore_heap.h"
#include "rtcore_hooks.h"

enum { DELETED, DETACHED, ATTACHED, SUSPENDED };       // of a thread state

static struct {
    FzMap tstates;              // thread state -> what it is; its thread
    uint32_t requester;         // thread that stopped the world
    bool stopped;
} state;

static void
begin(void)
{
    FzMap_Clear(&state.tstates);
    state.stopped = false;
}

static const char *
what_is(uint64_t status)
{
    return status == ATTACHED ? "attached" : "detached, not suspended";
}

static void
stopped(uint32_t thread, const void *requester)
{
    for (size_t i = 0; i < state.tstates.count; i++) {
        const FzMapEntry *tstate = FzMap_At(&state.tstates, i);
        if (tstate->key == (uintptr_t)requester ||
            tstate->value == DELETED || tstate->value == SUSPENDED) {
            continue;
        }
        FzEngine_Violation(FZ_RULE_WORLD_NOT_STOPPED,
                           (uint32_t)tstate->extra,
                           "thread %u stopped the world, but the state of "
                           "thread %u is %s",
                           thread, (uint32_t)tstate->extra,
                           what_is(tstate->value));
        FzEngine_Stop();
    }
    state.stopped = true;
    state.requester = thread;
}

// The requester makes every suspended thread DETACHED again.
static void
started(void)
{
    state.stopped = false;
    for (size_t i = 0; i < state.tstates.count; i++) {
        FzMapEntry *tstate = FzMap_At(&state.tstates, i);
        if (tstate->value == SUSPENDED) {
            tstate->value = DETACHED;
        }
    }
}

static void
attached(uint32_t thread, const void *a)
{
    FzMapEntry *tstate = FzMap_Get(&state.tstates, a);
    tstate->value = ATTACHED;
    tstate->extra = thread;
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

static bool
note(uint32_t thread, unsigned kind, const void *a, uintptr_t b)
{
    (void)b;
    switch (kind) {
    case RT_NOTE_TSTATE_NEW:
        FzMap_Get(&state.tstates, a)->value = DETACHED;
        FzMap_Get(&state.tstates, a)->extra = UINT32_MAX;
        break;
    case RT_NOTE_TSTATE_ATTACHED:
        attached(thread, a);
        break;
    case RT_NOTE_TSTATE_DETACHED:
        FzMap_Get(&state.tstates, a)->value = DETACHED;
        break;
    case RT_NOTE_TSTATE_SUSPENDED:
        FzMap_Get(&state.tstates, a)->value = SUSPENDED;
        break;
    case RT_NOTE_TSTATE_DELETED:
        FzMap_Get(&state.tstates, a)->value = DELETED;
        break;
    case RT_NOTE_STW_STOPPED:
        stopped(thread, a);
        break;
    case RT_NOTE_STW_STARTED:
        started();
        break;
    case RT_NOTE_BLOCK_ALLOC:
    case RT_NOTE_BLOCK_FREE:
    case RT_NOTE_OBJECT_NEW:
    case RT_NOTE_OBJECT_DEALLOC:
    case RT_NOTE_REF_MERGED:
        activity(thread, kind, a);
        break;
    default:
        return false;
    }
    return true;
}

const FzOracleOps fz_oracle_stop_world = {
    .name = "stop-the-world",
    .begin = begin,
    .note = note,
};

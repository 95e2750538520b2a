// stop_world.c: while a world is stopped only the requester is attached to it,
// and nobody else makes, frees or changes an object of it (invariants S1, S2,
// S6, S7, C9, Q3, Q4). A world is an interpreter, or all of them.

#include <string.h>

#include "fz_schedule.h"
#include "oracle_internal.h"
#include "oracle_map.h"
#include "rtcore_heap.h"
#include "rtcore_hooks.h"

enum { DELETED, DETACHED, ATTACHED, SUSPENDED };       // of a thread state
#define STATUS_MASK ((uint64_t)3)       // the rest: its interpreter

typedef struct Stop {
    uintptr_t interp;           // 0: all
    uint32_t requester;         // thread
} Stop;

static struct {
    FzMap tstates;              // thread state -> interpreter | status; thread
    uintptr_t interp[FZ_MAX_THREADS];   // that a thread is attached to, or 0
    Stop stops[FZ_MAX_THREADS];
    uint32_t nstops;
    FzThreadSet stopping;       // have asked for a stop that is not there yet
} state;

static void
begin(void)
{
    FzMap_Clear(&state.tstates);
    memset(state.interp, 0, sizeof(state.interp));
    state.nstops = 0;
    state.stopping = 0;
}

bool
FzOracleStop_IsPending(uint32_t thread)
{
    return FzThreadSet_Has(state.stopping, thread);
}

static uintptr_t
interp_of(const FzMapEntry *tstate)
{
    return (uintptr_t)(tstate->value & ~STATUS_MASK);
}

static void
set_status(FzMapEntry *tstate, uint64_t status)
{
    tstate->value = interp_of(tstate) | status;
}

// Whether a stop of the one world concerns the other.
static bool
overlap(uintptr_t a, uintptr_t b)
{
    return a == 0 || b == 0 || a == b;
}

#ifdef RT_GIL_DISABLED
// A slot in use and its thread state lead to each other, and of an interpreter
// that stands still only the requester reads without locks.
static void
check_slots(const RtInterpreterState *interp, const void *requester)
{
    for (ssize_t i = 0; i < interp->qsbr.size; i++) {
        const RtQsbrThreadState *slot = &interp->qsbr.slots[i];
        const char *wrong =
            slot->allocated != (slot->tstate != NULL) ? "is half in use"
            : slot->allocated && slot->tstate->qsbr != slot
                ? "is not that of its thread state"
            : slot->seq != 0 && (!slot->allocated || slot->tstate != requester)
                ? "is online, but its thread stands still"
            : slot->seq == 0 && slot->allocated && slot->tstate == requester
                ? "is offline, but its thread is attached"
            : NULL;
        if (wrong != NULL) {
            FzEngine_Violation(FZ_RULE_QSBR_STATE, UINT32_MAX,
                               "slot %zd of QSBR %s while the world is stopped",
                               i, wrong);
            FzEngine_Stop();
        }
    }
}
#endif

static void
stopped(uint32_t thread, const void *requester, uintptr_t interp)
{
    for (uint32_t i = 0; i < state.nstops; i++) {
        const Stop *other = &state.stops[i];
        if (overlap(other->interp, interp)) {
            FzEngine_Violation(FZ_RULE_WORLD_NOT_STOPPED, other->requester,
                               "thread %u stopped a world that thread %u had "
                               "stopped",
                               thread, other->requester);
            FzEngine_Stop();
        }
    }
    for (size_t i = 0; i < state.tstates.count; i++) {
        const FzMapEntry *tstate = FzMap_At(&state.tstates, i);
        uint64_t status = tstate->value & STATUS_MASK;
        if (tstate->key == (uintptr_t)requester || status == DELETED ||
            status == SUSPENDED || !overlap(interp_of(tstate), interp))
        {
            continue;
        }
        FzEngine_Violation(FZ_RULE_WORLD_NOT_STOPPED,
                           (uint32_t)tstate->extra,
                           "thread %u stopped the world, but the state of "
                           "thread %u is %s",
                           thread, (uint32_t)tstate->extra,
                           status == ATTACHED ? "attached"
                                              : "detached, not suspended");
        FzEngine_Stop();
    }
    state.stops[state.nstops++] = (Stop){ interp, thread };
#ifdef RT_GIL_DISABLED
    if (interp != 0) {
        check_slots((const RtInterpreterState *)interp, requester);
    }
#endif
}

// The requester makes every suspended thread DETACHED again.
static void
started(uint32_t thread, uintptr_t interp)
{
    for (uint32_t i = 0; i < state.nstops; i++) {
        if (state.stops[i].interp == interp &&
            state.stops[i].requester == thread)
        {
            state.stops[i] = state.stops[--state.nstops];
            break;
        }
    }
    for (size_t i = 0; i < state.tstates.count; i++) {
        FzMapEntry *tstate = FzMap_At(&state.tstates, i);
        if ((tstate->value & STATUS_MASK) == SUSPENDED &&
            overlap(interp_of(tstate), interp))
        {
            set_status(tstate, DETACHED);
        }
    }
}

// A stop of this interpreter by another thread, or NULL.
static const Stop *
find_stop(uint32_t thread, uintptr_t interp)
{
    for (uint32_t i = 0; i < state.nstops; i++) {
        if (overlap(state.stops[i].interp, interp) &&
            state.stops[i].requester != thread)
        {
            return &state.stops[i];
        }
    }
    return NULL;
}

static void
attached(uint32_t thread, const void *a)
{
    FzMapEntry *tstate = FzMap_Get(&state.tstates, a);
    set_status(tstate, ATTACHED);
    tstate->extra = thread;
    state.interp[thread] = interp_of(tstate);
    const Stop *stop = find_stop(thread, interp_of(tstate));
    if (stop != NULL) {
        FzEngine_Violation(FZ_RULE_ATTACH_WHILE_STOPPED, stop->requester,
                           "thread %u attached while thread %u had stopped "
                           "the world",
                           thread, stop->requester);
        FzEngine_Stop();
    }
}

// The thread itself detaches, or another thread parks it.
static void
left(uint32_t thread, const void *a, uint64_t status)
{
    FzMapEntry *tstate = FzMap_Get(&state.tstates, a);
    if ((tstate->value & STATUS_MASK) == ATTACHED &&
        (uint32_t)tstate->extra == thread)
    {
        state.interp[thread] = 0;
    }
    set_status(tstate, status);
}

static void
activity(uint32_t thread, unsigned kind, const void *a)
{
    const Stop *stop = state.nstops > 0
        ? find_stop(thread, state.interp[thread]) : NULL;
    if (stop == NULL) {
        return;
    }
    if (kind == RT_NOTE_BLOCK_ALLOC || kind == RT_NOTE_BLOCK_FREE) {
        // A thread that ends frees its own raw state without being attached.
        const FzBlock *block = FzShadow_Find(a);
        if (block == NULL || block->kind == RT_BLOCK_MEM) {
            return;
        }
    }
    FzEngine_Violation(FZ_RULE_ACTIVITY_WHILE_STOPPED, stop->requester,
                       "%s of %s by thread %u while thread %u had stopped "
                       "the world",
                       RtNote_Name((RtNote)kind), FzName_Of(a).text, thread,
                       stop->requester);
    FzEngine_Stop();
}

// Whoever has stopped the world must not wait for what a thread that is stopped
// may have. Raw mutexes are never held by one.
static void
waits(uint32_t thread, const void *lock, uintptr_t kind)
{
    for (uint32_t i = 0; i < state.nstops; i++) {
        if (state.stops[i].requester == thread && kind != RT_LOCK_RAW) {
            FzEngine_Violation(FZ_RULE_STOPPER_WAITS, UINT32_MAX,
                               "thread %u, which has stopped the world, waits "
                               "for %s",
                               thread, FzName_Of(lock).text);
            FzEngine_Stop();
        }
    }
}

// The threads of these states must exit, or are gone: no stop waits for them.
static void
others_are_gone(const void *survivor, uintptr_t interp)
{
    for (size_t i = 0; i < state.tstates.count; i++) {
        FzMapEntry *tstate = FzMap_At(&state.tstates, i);
        if (tstate->key != (uintptr_t)survivor && interp_of(tstate) == interp)
        {
            set_status(tstate, DELETED);
        }
    }
}

static bool
note(uint32_t thread, unsigned kind, const void *a, uintptr_t b)
{
    switch (kind) {
    case RT_NOTE_TSTATE_NEW:
        FzMap_Get(&state.tstates, a)->value = b | DETACHED;
        FzMap_Get(&state.tstates, a)->extra = UINT32_MAX;
        break;
    case RT_NOTE_TSTATE_ATTACHED:
        attached(thread, a);
        break;
    case RT_NOTE_TSTATE_DETACHED:
        left(thread, a, DETACHED);
        break;
    case RT_NOTE_TSTATE_SUSPENDED:
        left(thread, a, SUSPENDED);
        break;
    case RT_NOTE_TSTATE_DELETED:
        left(thread, a, DELETED);
        break;
    case RT_NOTE_FINALIZING:
        others_are_gone(a, b);
        break;
    case RT_NOTE_FORKED:
        state.nstops = 0;
        others_are_gone(a, b);
        break;
    case RT_NOTE_STW_REQUESTED:
        state.stopping |= FzThreadSet_Of(thread);
        break;
    case RT_NOTE_STW_STOPPED:
        state.stopping &= ~FzThreadSet_Of(thread);
        stopped(thread, a, b);
        break;
    case RT_NOTE_STW_STARTED:
        started(thread, b);
        break;
    case RT_NOTE_LOCK_WAIT:
        waits(thread, a, b);
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

// attach.c: a thread that one stop of the world keeps from attaching is not
// kept from it by stop after stop (invariant S8), unless it must exit: then it
// attaches no more, and no stop counts on it.

#include "oracle_internal.h"
#include "oracle_map.h"
#include "rtcore_hooks.h"

enum {
    // The stop that is under way when the thread begins to wait, as it has not
    // noticed that somebody does.
    STOPS_ALLOWED = 1,
};

static struct {
    FzMap waiting;              // thread state -> 1 while it waits; stops
    uint32_t nwaiting;
} state;

static void
begin(void)
{
    FzMap_Clear(&state.waiting);
    state.nwaiting = 0;
}

static void
set_waiting(const void *tstate, bool waiting)
{
    FzMapEntry *entry = FzMap_Find(&state.waiting, tstate);
    if (entry == NULL && !waiting) {
        return;
    }
    entry = FzMap_Get(&state.waiting, tstate);
    state.nwaiting += waiting;
    state.nwaiting -= (uint32_t)entry->value;
    entry->value = waiting;
    entry->extra = 0;
}

// As RtThreadState_MustExit(), without a scheduling point.
static bool
must_exit(const RtThreadState *tstate)
{
    return rt_atomic_load_int_owned(&tstate->state) ==
           RT_THREAD_SHUTTING_DOWN;
}

// interp: whose threads, 0: those of all.
static void
stopped(uint32_t thread, uintptr_t interp)
{
    for (size_t i = 0; state.nwaiting > 0 && i < state.waiting.count; i++) {
        FzMapEntry *entry = FzMap_At(&state.waiting, i);
        const RtThreadState *tstate = (const RtThreadState *)entry->key;
        if (entry->value == 0 || must_exit(tstate) ||
            (interp != 0 && (uintptr_t)tstate->interp != interp))
        {
            continue;
        }
        if (++entry->extra > STOPS_ALLOWED) {
            FzEngine_Violation(FZ_RULE_ATTACH_STARVED, UINT32_MAX,
                               "thread %u stopped the world once more; %s has "
                               "waited to attach through %llu stops",
                               thread, FzName_Of((void *)entry->key).text,
                               (unsigned long long)entry->extra);
            FzEngine_Stop();
        }
    }
}

static bool
note(uint32_t thread, unsigned kind, const void *a, uintptr_t b)
{
    switch (kind) {
    case RT_NOTE_ATTACH_WAIT:
        set_waiting(a, b != 0);
        return true;
    case RT_NOTE_THREAD_EXITED:
        set_waiting(a, false);
        return true;
    case RT_NOTE_FORKED:
        begin();
        return true;
    case RT_NOTE_STW_STOPPED:
        stopped(thread, b);
        return true;
    default:
        return false;
    }
}

const FzOracleOps fz_oracle_attach = {
    .name = "attach",
    .begin = begin,
    .note = note,
};

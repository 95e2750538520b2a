// interpreter.c: an object is touched by threads only that are attached to the
// interpreter that made it, and nothing of an interpreter is used after its end
// (invariants A7, T12); nobody attaches beside the finalizing thread (T8).
//
// Runs without a second interpreter pay for a comparison only: what was made
// before there was one belongs to the main one, whose id is 0.

#include "oracle_internal.h"
#include "oracle_map.h"
#include "rtcore_hooks.h"
#include "rtcore_object.h"
#include "rtcore_state.h"

enum { DELETED = 1 };

static struct {
    FzMap interps;              // interpreter -> DELETED; extra: by whom
    FzMap queues;               // queue -> last item taken; extra: put
    bool several;               // there has been a second interpreter
    const RtThreadState *finalizer;     // the only one that may attach; NULL:
                                // not yet
} state;

static void
begin(void)
{
    FzMap_Clear(&state.interps);
    FzMap_Clear(&state.queues);
    state.several = false;
    state.finalizer = NULL;
}

// -1: none.
static int64_t
current_interpreter(void)
{
    const RtThreadState *tstate = rt_thread_local.tstate;
    return tstate != NULL ? tstate->interp->id : -1;
}

static void
made(const void *op)
{
    FzBlock *block = state.several ? FzShadow_Find(op) : NULL;
    if (block != NULL) {
        block->owner = current_interpreter();
    }
}

static void
touched(uint32_t thread, unsigned kind, const void *op)
{
    if (!state.several || Rt_IsImmortal((RtObject *)op)) {
        return;
    }
    const FzBlock *block = FzShadow_Find(op);
    int64_t here = current_interpreter();
    if (block != NULL && block->owner != here) {
        FzEngine_Violation(FZ_RULE_FOREIGN_OBJECT, block->alloc_thread,
                           "%s of %s, made in interpreter %lld, by thread %u "
                           "in interpreter %lld",
                           RtNote_Name((RtNote)kind), FzName_Of(op).text,
                           (long long)block->owner, thread, (long long)here);
        FzEngine_Stop();
    }
}

static void
attached(uint32_t thread, const RtThreadState *tstate)
{
    const FzMapEntry *interp = FzMap_Find(&state.interps, tstate->interp);
    if (interp != NULL && interp->value == DELETED) {
        FzEngine_Violation(FZ_RULE_INTERPRETER_GONE, (uint32_t)interp->extra,
                           "thread %u attached to an interpreter that thread "
                           "%u had deleted",
                           thread, (uint32_t)interp->extra);
        FzEngine_Stop();
    }
    if (state.finalizer != NULL && state.finalizer != tstate) {
        FzEngine_Violation(FZ_RULE_ATTACH_AT_FINALIZATION, UINT32_MAX,
                           "thread %u attached although all threads but the "
                           "finalizing one must exit",
                           thread);
        FzEngine_Stop();
    }
}

// A number begins again where another queue is in the same place.
static void
put(const void *queue, uint64_t number)
{
    FzMapEntry *entry = FzMap_Get(&state.queues, queue);
    if (number == 1) {
        entry->value = 0;
    }
    entry->extra = number;
}

static void
got(uint32_t thread, const void *queue, uint64_t number)
{
    FzMapEntry *entry = FzMap_Get(&state.queues, queue);
    if (number != entry->value + 1 || number > entry->extra) {
        FzEngine_Violation(FZ_RULE_INTERP_QUEUE_ORDER, UINT32_MAX,
                           "thread %u takes item %llu of %s; %llu were taken, "
                           "%llu put",
                           thread, (unsigned long long)number,
                           FzName_Of(queue).text,
                           (unsigned long long)entry->value,
                           (unsigned long long)entry->extra);
        FzEngine_Stop();
    }
    entry->value = number;
}

static bool
note(uint32_t thread, unsigned kind, const void *a, uintptr_t b)
{
    switch (kind) {
    case RT_NOTE_INTERP_NEW:
        FzMap_Get(&state.interps, a)->value = 0;
        state.several = state.several || b != 0;
        break;
    case RT_NOTE_INTERP_DELETED:
        FzMap_Get(&state.interps, a)->value = DELETED;
        FzMap_Get(&state.interps, a)->extra = thread;
        break;
    case RT_NOTE_TSTATE_ATTACHED:
        attached(thread, a);
        break;
    case RT_NOTE_INTERP_QUEUE_PUT:
        put(a, b);
        break;
    case RT_NOTE_INTERP_QUEUE_GOT:
        got(thread, a, b);
        break;
    case RT_NOTE_FINALIZING:
        state.finalizer = a;
        break;
    case RT_NOTE_OBJECT_NEW:
        made(a);
        break;
    case RT_NOTE_OBJECT_DEALLOC:
    case RT_NOTE_REF_MERGED:
    case RT_NOTE_REF_QUEUED:
    case RT_NOTE_FINALIZE:
    case RT_NOTE_GC_UNREACHABLE:
        touched(thread, kind, a);
        break;
    default:
        return false;
    }
    return true;
}

const FzOracleOps fz_oracle_interpreter = {
    .name = "interpreter",
    .begin = begin,
    .note = note,
};

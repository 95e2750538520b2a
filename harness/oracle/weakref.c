// weakref.c: no object is freed while weak references lead to it, none gives
// out an object that it has been cleared of or that dies, callbacks run once,
// after the clearing, and never for a reference that dies itself (invariants
// W1, W3, W4).
//
// References to immortal objects are in no list: nothing is known of them.

#include "oracle_internal.h"
#include "oracle_map.h"
#include "rtcore_gc.h"
#include "rtcore_heap.h"
#include "rtcore_hooks.h"
#include "rtcore_object.h"

enum {                          // FzMapEntry.value bits of a reference
    LINKED = 1,
    CLEARED = 2,
    CALLED = 4,
    DYING = 8,
};

static struct {
    FzMap refs;                 // reference -> bits; extra: referent
    FzMap referents;            // object -> references linked to it
} state;

static void
begin(void)
{
    FzMap_Clear(&state.refs);
    FzMap_Clear(&state.referents);
}

static void
created(const void *ref, const void *op)
{
    FzMapEntry *entry = FzMap_Get(&state.refs, ref);
    entry->value = LINKED;
    entry->extra = (uintptr_t)op;
    FzMap_Get(&state.referents, op)->value++;
}

static void
cleared(const void *ref)
{
    FzMapEntry *entry = FzMap_Find(&state.refs, ref);
    if (entry == NULL) {
        return;
    }
    if ((entry->value & LINKED) == 0) {
        FzEngine_Violation(FZ_RULE_WEAKREF_STATE, UINT32_MAX,
                           "%s is cleared a second time", FzName_Of(ref).text);
        FzEngine_Stop();
    }
    entry->value = (entry->value & ~(uint64_t)LINKED) | CLEARED;
    FzMap_Get(&state.referents, (const void *)entry->extra)->value--;
}

// The reference that is given out is counted already: there must be another.
// An object that is not merged lives as long as its owner has not looked, even
// if others have dropped all that the owner has counted.
static void
check_alive(const void *ref, RtObject *op)
{
    // That a freed one is looked at is for others to say.
    const FzBlock *block = FzShadow_Find(op);
    if (block != NULL && block->state != FZ_BLOCK_LIVE) {
        return;
    }
#ifdef RT_GIL_DISABLED
    bool merged = RtObject_IsMerged(op);
#else
    bool merged = true;
#endif
    if (merged && !Rt_IsImmortal(op) && Rt_REFCNT(op) < 2) {
        FzEngine_Violation(FZ_RULE_WEAKREF_STATE, UINT32_MAX,
                           "%s gave out %s, to which there was no reference "
                           "any more",
                           FzName_Of(ref).text, FzName_Of(op).text);
        FzEngine_Stop();
    }
}

static void
got(const void *ref, const void *op)
{
    check_alive(ref, (RtObject *)op);
    const FzMapEntry *entry = FzMap_Find(&state.refs, ref);
    if (entry == NULL) {
        return;
    }
    if ((entry->value & LINKED) == 0 || entry->extra != (uintptr_t)op) {
        FzEngine_Violation(FZ_RULE_WEAKREF_STATE, UINT32_MAX,
                           "%s gave out %s, of which it has been cleared",
                           FzName_Of(ref).text, FzName_Of(op).text);
        FzEngine_Stop();
    }
}

static void
callback_runs(const void *ref)
{
    FzMapEntry *entry = FzMap_Find(&state.refs, ref);
    if (entry == NULL) {
        return;
    }
    const char *wrong = (entry->value & CALLED) != 0 ? "a second time"
                      : (entry->value & LINKED) != 0 ? "before it was cleared"
                      : (entry->value & DYING) != 0 ? "while it dies itself"
                      : NULL;
    if (wrong != NULL) {
        FzEngine_Violation(FZ_RULE_WEAKREF_CALLBACK, UINT32_MAX,
                           "the callback of %s is called %s",
                           FzName_Of(ref).text, wrong);
        FzEngine_Stop();
    }
    entry->value |= CALLED;
}

static void
block_freed(const void *payload)
{
    const FzBlock *block = FzShadow_Find(payload);
    if (block == NULL || block->kind == RT_BLOCK_MEM) {
        return;
    }
    size_t head_size = block->kind == RT_BLOCK_GC ? RT_GC_HEAD_SIZE : 0;
    const void *op = (const char *)payload + head_size;
    const FzMapEntry *referent = FzMap_Find(&state.referents, op);
    if (referent != NULL && referent->value != 0) {
        FzEngine_Violation(FZ_RULE_WEAKREF_DANGLING, UINT32_MAX,
                           "%s is freed while %llu weak references lead to it",
                           FzName_Of(op).text,
                           (unsigned long long)referent->value);
        FzEngine_Stop();
    }
    const FzMapEntry *ref = FzMap_Find(&state.refs, op);
    if (ref != NULL && (ref->value & LINKED) != 0) {
        FzEngine_Violation(FZ_RULE_WEAKREF_DANGLING, UINT32_MAX,
                           "%s is freed while it is in the list of %s",
                           FzName_Of(op).text,
                           FzName_Of((const void *)ref->extra).text);
        FzEngine_Stop();
    }
}

static void
set_dying(const void *op, bool dying)
{
    FzMapEntry *entry = FzMap_Find(&state.refs, op);
    if (entry != NULL) {
        entry->value &= ~(uint64_t)DYING;
        entry->value |= dying ? DYING : 0;
    }
}

static bool
note(uint32_t thread, unsigned kind, const void *a, uintptr_t b)
{
    (void)thread;
    switch (kind) {
    case RT_NOTE_WEAKREF_CREATED:
        created(a, (const void *)b);
        return true;
    case RT_NOTE_WEAKREF_CLEARED:
        cleared(a);
        return true;
    case RT_NOTE_WEAKREF_GOT:
        got(a, (const void *)b);
        return true;
    case RT_NOTE_WEAKREF_CALLBACK:
        callback_runs(a);
        return true;
    case RT_NOTE_OBJECT_DEALLOC:
    case RT_NOTE_OBJECT_RESURRECTED:
        if (state.refs.count != 0) {
            set_dying(a, kind == RT_NOTE_OBJECT_DEALLOC);
        }
        return true;
    case RT_NOTE_BLOCK_FREE:
        if (state.refs.count != 0) {
            block_freed(a);
        }
        return true;
    default:
        return false;
    }
}

const FzOracleOps fz_oracle_weakref = {
    .name = "weakref",
    .begin = begin,
    .note = note,
};

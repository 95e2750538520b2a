// attributes.c: an instance is given a first dict at most once, and another one
// only in the place of that; its values leave it for a dict at most once
// (invariants K5, K6; what stands in memory is audited by refcount.c).

#include "oracle_internal.h"
#include "oracle_map.h"
#include "rtcore_hooks.h"

enum {                          // FzMapEntry.value bits of an instance
    HAS_DICT = 1,
    DETACHED = 2,
};

static struct {
    FzMap instances;            // instance -> bits; extra: thread of the event
} state;

static void
begin(void)
{
    FzMap_Clear(&state.instances);
}

// Sets a bit that must not be set.
static void
happens_once(uint32_t thread, const void *op, uint64_t bit, const char *what)
{
    FzMapEntry *entry = FzMap_Get(&state.instances, op);
    if ((entry->value & bit) != 0) {
        FzEngine_Violation(FZ_RULE_TWO_DICTS, (uint32_t)entry->extra,
                           "%s %s, which had happened on thread %u",
                           FzName_Of(op).text, what, (uint32_t)entry->extra);
        FzEngine_Stop();
    }
    entry->value |= bit;
    entry->extra = thread;
}

static bool
note(uint32_t thread, unsigned kind, const void *a, uintptr_t b)
{
    switch (kind) {
    case RT_NOTE_DICT_MATERIALIZED:
        happens_once(thread, a, HAS_DICT, "is given a first dict");
        return true;
    case RT_NOTE_DICT_ASSIGNED: {
        FzMapEntry *entry = FzMap_Get(&state.instances, a);
        entry->value = (entry->value & DETACHED) | (b != 0 ? HAS_DICT : 0);
        entry->extra = thread;
        return true;
    }
    case RT_NOTE_VALUES_DETACHED:
        happens_once(thread, a, DETACHED, "is left by its values");
        return true;
    case RT_NOTE_OBJECT_NEW: {
        FzMapEntry *before = FzShadow_MayRepeat()
            ? FzMap_Find(&state.instances, a) : NULL;
        if (before != NULL) {
            before->value = 0;
        }
        return true;
    }
    default:
        return false;
    }
}

const FzOracleOps fz_oracle_attributes = {
    .name = "attributes",
    .begin = begin,
    .note = note,
};

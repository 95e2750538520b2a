// gc.c: what the collector judges unreachable has no references from outside
// the judged set, finalizers run once, and garbage is gone at the latest after
// the second collection that judges it (invariants G4, G12, H10).
//
// The judged objects are noted one by one; the set is complete at GC_JUDGED and
// is checked there, before any finalizer or destructor.

#include <stdlib.h>

#include "oracle_internal.h"
#include "oracle_map.h"
#include "rtcore_hooks.h"
#include "rtcore_object.h"

enum { FINALIZED = 1 };

static struct {
    // Of the collection of each thread: object -> references found inside.
    FzMap judged[FZ_MAX_THREADS];
    FzMap objects;              // object -> FINALIZED
    FzMap garbage;              // object -> judged by the running collection;
                                // extra: collections that it has outlived
} state;

static void
begin(void)
{
    for (int t = 0; t < FZ_MAX_THREADS; t++) {
        FzMap_Clear(&state.judged[t]);
    }
    FzMap_Clear(&state.objects);
    FzMap_Clear(&state.garbage);
}

static int
count_edge(RtObject *op, void *judged)
{
    FzMapEntry *entry = FzMap_Find(judged, op);
    if (entry != NULL) {
        entry->value++;
    }
    return 0;
}

// The collector itself holds one reference to each judged object in the
// free-threaded build (its worklist), none in the GIL build.
#ifdef RT_GIL_DISABLED
enum { COLLECTOR_REFERENCES = 1 };
#else
enum { COLLECTOR_REFERENCES = 0 };
#endif

static void
check_judged(FzMap *judged)
{
    for (size_t i = 0; i < judged->count; i++) {
        RtObject *op = (RtObject *)FzMap_At(judged, i)->key;
        traverseproc traverse = Rt_TYPE(op)->tp_traverse;
        if (traverse != NULL) {
            traverse(op, count_edge, judged);
        }
    }
    for (size_t i = 0; i < judged->count; i++) {
        const FzMapEntry *entry = FzMap_At(judged, i);
        RtObject *op = (RtObject *)entry->key;
        ssize_t outside = Rt_REFCNT(op) - COLLECTOR_REFERENCES -
                          (ssize_t)entry->value;
        if (outside > 0) {
            FzEngine_Violation(
                FZ_RULE_GC_FREED_REACHABLE, UINT32_MAX,
                "%s (%s) was judged unreachable, but %lld of its %lld "
                "references come from outside",
                FzName_Of(op).text, Rt_TYPE(op)->tp_name, (long long)outside,
                (long long)Rt_REFCNT(op));
            FzEngine_Stop();
        }
        FzMap_Get(&state.garbage, op)->value = 1;
    }
    FzMap_Clear(judged);
}

// It is dead, or alive for a reason: no garbage any more.
static void
forget_garbage(const void *op)
{
    FzMapEntry *entry = FzMap_Find(&state.garbage, op);
    if (entry != NULL) {
        entry->value = 0;
        entry->extra = 0;
    }
}

static void
collection_ends(void)
{
    for (size_t i = 0; i < state.garbage.count; i++) {
        FzMapEntry *entry = FzMap_At(&state.garbage, i);
        RtObject *op = (RtObject *)entry->key;
        // Without references it waits for the end of another destructor.
        if (entry->value == 0 || Rt_REFCNT(op) == 0) {
            continue;
        }
        entry->value = 0;
        if (++entry->extra >= 2) {
            FzEngine_Violation(
                FZ_RULE_GC_KEPT_GARBAGE, UINT32_MAX,
                "%s (%s) was judged unreachable by two collections and is "
                "still there, with %lld references",
                FzName_Of(op).text, Rt_TYPE(op)->tp_name,
                (long long)Rt_REFCNT(op));
            FzEngine_Stop();
        }
    }
}

static bool
note(uint32_t thread, unsigned kind, const void *a, uintptr_t b)
{
    (void)b;
    switch (kind) {
    case RT_NOTE_GC_UNREACHABLE:
        FzMap_Get(&state.judged[thread], a);
        break;
    case RT_NOTE_GC_JUDGED:
        check_judged(&state.judged[thread]);
        break;
    case RT_NOTE_GC_RESCUED:
    case RT_NOTE_OBJECT_DEALLOC:
        if (state.garbage.count != 0) {
            forget_garbage(a);
        }
        break;
    case RT_NOTE_GC_END:
        collection_ends();
        break;
    case RT_NOTE_OBJECT_NEW: {
        FzMapEntry *before = FzMap_Find(&state.objects, a);
        if (before != NULL) {
            before->value = 0;
        }
        break;
    }
    case RT_NOTE_FINALIZE: {
        FzMapEntry *object = FzMap_Get(&state.objects, a);
        if (object->value == FINALIZED) {
            FzEngine_Violation(FZ_RULE_FINALIZED_TWICE, UINT32_MAX,
                               "the finalizer of %s (%s) runs a second time",
                               FzName_Of(a).text,
                               Rt_TYPE((RtObject *)a)->tp_name);
            FzEngine_Stop();
        }
        object->value = FINALIZED;
        break;
    }
    default:
        return false;
    }
    return true;
}

const FzOracleOps fz_oracle_gc = {
    .name = "gc",
    .begin = begin,
    .note = note,
};

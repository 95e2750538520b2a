// gc.c: a collection judges exactly what nothing outside refers to; it clears
// weak references, calls their callbacks, finalizes, looks again, and clears
// only what is still unreachable, in this order; finalizers run once; garbage
// is gone at the latest after the second collection that judges it; one
// collection at a time (invariants G1, G4, G10, G11, G12, H10).
//
// The judged objects are noted one by one; the set is complete at GC_JUDGED and
// is checked there, before any finalizer or destructor. What must be reachable
// from what is computed here once more, from counts and references alone
// (reachability.c).

#include <stdlib.h>

#include "oracle_internal.h"
#include "oracle_map.h"
#include "rtcore_gc.h"
#include "rtcore_hooks.h"
#include "rtcore_object.h"
#include "rtcore_weakref.h"

typedef enum Stage { SEARCHING, JUDGED, FINALIZING, CONDEMNED } Stage;

// FzMapEntry.extra of a judged object.
enum { IN_QUESTION, GONE };     // GONE: dead, or alive for good

typedef struct Collection {
    const RtInterpreterState *interp;
    uint32_t thread;
    bool full;                  // looks at all objects
    Stage stage;
    FzMap judged;               // object -> references found inside the set
    FzMap cleared;              // weak references to them, before finalizers
} Collection;

static struct {
    Collection running[FZ_MAX_THREADS];
    uint32_t nrunning;          // in the order of their beginning
    FzMap garbage;              // object -> judged by a running collection;
                                // extra: collections that it has outlived
} state;

static void
begin(void)
{
    for (uint32_t i = 0; i < FZ_MAX_THREADS; i++) {
        FzMap_Clear(&state.running[i].judged);
        FzMap_Clear(&state.running[i].cleared);
    }
    state.nrunning = 0;
    FzMap_Clear(&state.garbage);
}

static void
violation(FzRule rule, const void *op, const char *what)
{
    FzEngine_Violation(rule, UINT32_MAX, "%s (%s) %s", FzName_Of(op).text,
                       Rt_TYPE((RtObject *)op)->tp_name, what);
    FzEngine_Stop();
}

// ---------------------------------------------------------------------------
// Collections that are under way.

static void
collection_begins(uint32_t thread, const void *interp, uintptr_t generation)
{
    for (uint32_t i = 0; i < state.nrunning; i++) {
        if (state.running[i].interp == interp) {
            FzEngine_Violation(FZ_RULE_GC_TWO_COLLECTIONS,
                               state.running[i].thread,
                               "thread %u begins a collection while thread %u "
                               "collects",
                               thread, state.running[i].thread);
            FzEngine_Stop();
        }
    }
    Collection *c = &state.running[state.nrunning++];
    FzMap_Clear(&c->judged);
    FzMap_Clear(&c->cleared);
    c->interp = interp;
    c->thread = thread;
#ifdef RT_GIL_DISABLED
    c->full = true;
    (void)generation;
#else
    c->full = generation == RT_GC_GENERATIONS - 1;
#endif
    c->stage = SEARCHING;
}

// The innermost of this thread, or NULL.
static Collection *
collection_of(uint32_t thread)
{
    for (uint32_t i = state.nrunning; i-- > 0;) {
        if (state.running[i].thread == thread) {
            return &state.running[i];
        }
    }
    return NULL;
}

static void
remove_collection(const Collection *c)
{
    Collection removed = *c;
    uint32_t i = (uint32_t)(c - state.running);
    for (state.nrunning--; i < state.nrunning; i++) {
        state.running[i] = state.running[i + 1];
    }
    state.running[i] = removed;         // it keeps its tables
}

// ---------------------------------------------------------------------------
// The judgement.

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

// No reference to those in question comes from anywhere else.
static void
check_judged(Collection *c)
{
    FzMap *judged = &c->judged;
    for (size_t i = 0; i < judged->count; i++) {
        FzMap_At(judged, i)->value = 0;
    }
    for (size_t i = 0; i < judged->count; i++) {
        const FzMapEntry *entry = FzMap_At(judged, i);
        RtObject *op = (RtObject *)entry->key;
        traverseproc traverse =
            entry->extra == GONE ? NULL : Rt_TYPE(op)->tp_traverse;
        if (traverse != NULL) {
            traverse(op, count_edge, judged);
        }
    }
    for (size_t i = 0; i < judged->count; i++) {
        const FzMapEntry *entry = FzMap_At(judged, i);
        RtObject *op = (RtObject *)entry->key;
        ssize_t outside = entry->extra == GONE
            ? 0 : Rt_REFCNT(op) - COLLECTOR_REFERENCES - (ssize_t)entry->value;
        if (outside > 0) {
            FzEngine_Violation(
                FZ_RULE_GC_FREED_REACHABLE, UINT32_MAX,
                "%s (%s) was judged unreachable, but %lld of its %lld "
                "references come from outside",
                FzName_Of(op).text, Rt_TYPE(op)->tp_name, (long long)outside,
                (long long)Rt_REFCNT(op));
            FzEngine_Stop();
        }
    }
}

static void
judged(Collection *c)
{
    check_judged(c);
    if (c->full) {
        bool missed;
        const RtObject *wrong =
            FzReachability_FindWrong(c->interp, &c->judged, &missed);
        if (wrong != NULL && missed) {
            violation(FZ_RULE_GC_MISSED_GARBAGE, wrong,
                      "is unreachable, and a full collection does not say so");
        }
        if (wrong != NULL) {
            violation(FZ_RULE_GC_FREED_REACHABLE, wrong,
                      "was judged unreachable, but something alive holds it");
        }
    }
    for (size_t i = 0; i < c->judged.count; i++) {
        FzMap_Get(&state.garbage, (void *)FzMap_At(&c->judged, i)->key)
            ->value = 1;
    }
    c->stage = JUDGED;
}

// What has been saved, or has died, is in question no more.
static void
object_is_gone(const void *op)
{
    for (uint32_t i = 0; i < state.nrunning; i++) {
        FzMapEntry *entry = FzMap_Find(&state.running[i].judged, op);
        if (entry != NULL) {
            entry->extra = GONE;
        }
    }
    FzMapEntry *entry = FzMap_Find(&state.garbage, op);
    if (entry != NULL) {
        entry->value = 0;
        entry->extra = 0;
    }
}

// ---------------------------------------------------------------------------
// The order of what is done to the judged.

static bool
is_in_question(const Collection *c, const void *op)
{
    const FzMapEntry *entry =
        c == NULL ? NULL : FzMap_Find(&c->judged, op);
    return entry != NULL && entry->extra == IN_QUESTION;
}

// Before the first finalizer of a collection runs.
static void
check_weakrefs(const Collection *c)
{
    for (size_t i = 0; i < c->judged.count; i++) {
        RtObject *op = (RtObject *)FzMap_At(&c->judged, i)->key;
        if (is_in_question(c, op) && RtWeakref_List(op) != NULL &&
            *RtWeakref_List(op) != NULL)
        {
            violation(FZ_RULE_GC_ORDER, op,
                      "has weak references when the finalizers of what was "
                      "judged unreachable with it begin to run");
        }
    }
}

static void
finalizer_runs(uint32_t thread, const void *op)
{
    FzBlock *object = FzShadow_Find(op);
    if (object != NULL) {
        if (object->finalized) {
            violation(FZ_RULE_FINALIZED_TWICE, op,
                      "is finalized a second time");
        }
        object->finalized = true;
    }
    Collection *c = collection_of(thread);
    if (!is_in_question(c, op)) {
        return;
    }
    if (c->stage == CONDEMNED) {
        violation(FZ_RULE_GC_ORDER, op,
                  "is finalized after it was found unreachable for good");
    }
    if (c->stage == JUDGED) {
        check_weakrefs(c);
        c->stage = FINALIZING;
    }
}

static void
weakref_cleared(uint32_t thread, const void *ref, const void *referent)
{
    Collection *c = collection_of(thread);
    if (c != NULL && c->stage == JUDGED && is_in_question(c, referent)) {
        FzMap_Get(&c->cleared, ref);
    }
}

static void
callback_runs(uint32_t thread, const void *ref)
{
    const Collection *c = collection_of(thread);
    if (c != NULL && c->stage > JUDGED &&
        FzMap_Find(&c->cleared, ref) != NULL)
    {
        violation(FZ_RULE_GC_ORDER, ref,
                  "is called back when finalizers of what it led to have run");
    }
}

static void
object_cleared(uint32_t thread, const void *op)
{
    const Collection *c = collection_of(thread);
    if (c == NULL || c->stage != CONDEMNED || !is_in_question(c, op)) {
        violation(FZ_RULE_GC_ORDER, op,
                  "is taken apart, but was not found unreachable after the "
                  "finalizers had run");
    }
}

// ---------------------------------------------------------------------------

static void
age_garbage(void)
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

static void
collection_ends(uint32_t thread, const void *interp)
{
    const Collection *c = collection_of(thread);
    if (c == NULL || c->interp != interp) {
        FzEngine_Violation(FZ_RULE_GC_TWO_COLLECTIONS, UINT32_MAX,
                           "thread %u ends a collection that it did not begin",
                           thread);
        FzEngine_Stop();
    }
    remove_collection(c);
    age_garbage();
}

static void
collection_taken_over(const void *interp)
{
    for (uint32_t i = 0; i < state.nrunning; i++) {
        if (state.running[i].interp == interp) {
            remove_collection(&state.running[i]);
            return;
        }
    }
}

static void
collection_note(uint32_t thread, unsigned kind, const void *a, uintptr_t b)
{
    Collection *c = collection_of(thread);
    switch (kind) {
    case RT_NOTE_GC_BEGIN:
        collection_begins(thread, a, b);
        break;
    case RT_NOTE_GC_UNREACHABLE:
        FzMap_Get(&c->judged, a);
        break;
    case RT_NOTE_GC_JUDGED:
        judged(c);
        break;
    case RT_NOTE_GC_CONDEMNED:
        check_judged(c);
        c->stage = CONDEMNED;
        break;
    case RT_NOTE_GC_CLEAR:
        object_cleared(thread, a);
        break;
    case RT_NOTE_GC_TAKEN_OVER:
        collection_taken_over(a);
        break;
    default:
        collection_ends(thread, a);
        break;
    }
}

static bool
note(uint32_t thread, unsigned kind, const void *a, uintptr_t b)
{
    switch (kind) {
    case RT_NOTE_GC_BEGIN:
    case RT_NOTE_GC_UNREACHABLE:
    case RT_NOTE_GC_JUDGED:
    case RT_NOTE_GC_CONDEMNED:
    case RT_NOTE_GC_CLEAR:
    case RT_NOTE_GC_TAKEN_OVER:
    case RT_NOTE_GC_END:
        collection_note(thread, kind, a, b);
        break;
    case RT_NOTE_GC_RESCUED:
    case RT_NOTE_OBJECT_DEALLOC:
        if (state.garbage.count != 0) {
            object_is_gone(a);
        }
        break;
    case RT_NOTE_FINALIZE:
        finalizer_runs(thread, a);
        break;
    case RT_NOTE_WEAKREF_CLEARED:
        weakref_cleared(thread, a, (const void *)b);
        break;
    case RT_NOTE_WEAKREF_CALLBACK:
        callback_runs(thread, a);
        break;
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

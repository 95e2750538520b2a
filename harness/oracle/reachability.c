// reachability.c: what is alive, from counts and references alone. An object is
// if it has a reference that no tracked object accounts for, or is frozen, or a
// frame holds it, or one that is alive refers to it.
//
// Called when a collection has judged: the world is stopped, or the GIL held.
// What the collector computes with marks, generations and borrowed owners is
// computed here with a table, so that a mistake of one is no mistake of both.

#include <stdlib.h>

#include "fz_base.h"
#include "oracle_internal.h"
#include "oracle_map.h"
#include "rtcore_code.h"
#include "rtcore_gc.h"
#include "rtcore_object.h"

enum { UNKNOWN, REACHED };      // FzMapEntry.extra

static struct {
    FzMap objects;              // tracked -> references found; reached
    RtObject **pending;         // reached, to be followed
    size_t npending, capacity;
} state;

static bool
add_object(RtObject *op, void *arg)
{
    (void)arg;
    FzMap_Get(&state.objects, op);
    return true;
}

static int
count_edge(RtObject *op, void *arg)
{
    (void)arg;
    FzMapEntry *entry = FzMap_Find(&state.objects, op);
    if (entry != NULL) {
        entry->value++;
    }
    return 0;
}

static int
reach(RtObject *op, void *arg)
{
    (void)arg;
    FzMapEntry *entry = FzMap_Find(&state.objects, op);
    if (entry == NULL || entry->extra == REACHED) {
        return 0;
    }
    entry->extra = REACHED;
    if (state.npending == state.capacity) {
        state.capacity = state.capacity * 2 + 256;
        state.pending = realloc(state.pending,
                                state.capacity * sizeof(*state.pending));
        FZ_ASSERT(state.pending != NULL);
    }
    state.pending[state.npending++] = op;
    return 0;
}

#ifdef RT_GIL_DISABLED

static void
reach_uncounted(RtStackRef ref, void *arg)
{
    (void)reach(RtStackRef_AsObjectBorrow(ref), arg);
}

// From the frame of a suspended generator.
static void
reach_from_inside(RtObject *op)
{
    if (RtType_HasFeature(Rt_TYPE(op), RT_TPFLAGS_HOLDS_UNCOUNTED)) {
        RtGen_VisitUncounted(op, reach_uncounted, NULL);
    }
}

static void
reach_from_frames(const RtInterpreterState *interp)
{
    for (const RtThreadState *t = interp->threads; t != NULL; t = t->next) {
        for (const RtFrame *frame = t->current_frame; frame != NULL;
             frame = frame->previous)
        {
            RtFrame_VisitUncounted(frame, reach_uncounted, NULL);
        }
    }
}

static bool
is_root(RtObject *op, ssize_t outside)
{
    return outside > 0 || RtGC_IsFrozen(op);
}

enum { COLLECTOR_REFERENCES = 1 };

#else

// Each reference in a frame is counted.
static void
reach_from_inside(RtObject *op)
{
    (void)op;
}

static void
reach_from_frames(const RtInterpreterState *interp)
{
    (void)interp;
}

static void
reach_frozen(RtInterpreterState *interp)
{
    RtGcHead *list = &interp->gc.permanent;
    for (RtGcHead *gc = list->next; gc != list; gc = gc->next) {
        (void)reach(RtGC_FromHead(gc), NULL);
    }
}

static bool
is_root(RtObject *op, ssize_t outside)
{
    (void)op;
    return outside > 0;
}

enum { COLLECTOR_REFERENCES = 0 };

#endif

static void
follow(void)
{
    while (state.npending > 0) {
        RtObject *op = state.pending[--state.npending];
        Rt_TYPE(op)->tp_traverse(op, reach, NULL);
        reach_from_inside(op);
    }
}

static void
find_reached(RtInterpreterState *interp, const FzMap *judged)
{
    FzMap *objects = &state.objects;
    FzMap_Clear(objects);
    RtGC_VisitTracked(interp, add_object, NULL);
    for (size_t i = 0; i < judged->count; i++) {
        FzMap_Get(objects, (void *)FzMap_At(judged, i)->key);
    }
    for (size_t i = 0; i < objects->count; i++) {
        RtObject *op = (RtObject *)FzMap_At(objects, i)->key;
        Rt_TYPE(op)->tp_traverse(op, count_edge, NULL);
    }
    for (size_t i = 0; i < objects->count; i++) {
        const FzMapEntry *entry = FzMap_At(objects, i);
        RtObject *op = (RtObject *)entry->key;
        ssize_t held =
            FzMap_Find(judged, op) != NULL ? COLLECTOR_REFERENCES : 0;
        if (is_root(op, Rt_REFCNT(op) - held - (ssize_t)entry->value)) {
            (void)reach(op, NULL);
        }
    }
#ifndef RT_GIL_DISABLED
    reach_frozen(interp);
#endif
    reach_from_frames(interp);
    follow();
}

const RtObject *
FzReachability_FindWrong(const RtInterpreterState *interp, const FzMap *judged,
                         bool *missed)
{
    find_reached((RtInterpreterState *)interp, judged);
    for (size_t i = 0; i < state.objects.count; i++) {
        const FzMapEntry *entry = FzMap_At(&state.objects, i);
        const RtObject *op = (const RtObject *)entry->key;
        *missed = entry->extra != REACHED;
        if (*missed != (FzMap_Find(judged, op) != NULL)) {
            return op;
        }
    }
    return NULL;
}

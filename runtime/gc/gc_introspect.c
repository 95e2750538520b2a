// gc_introspect.c: lists of objects for programs: all, who refers, to what.
//
// While the world is stopped the objects are counted, then put in an array with
// a reference each; the list is made when the world runs again. Objects without
// references, frozen ones, and those that a collection of another thread has
// judged unreachable are left out: they belong to whoever is at it.
// Mirrors gc.get_objects(), get_referrers(), get_referents() of Python/gc.c,
// gc_free_threading.c (CPython 3.13); departs: nothing is allocated during the
// walks; both builds work alike.

#include "rtcore_gc.h"

#include "rt_errors.h"
#include "rt_types.h"

typedef struct Listing {
    RtObject **items;           // NULL: objects are only counted
    ssize_t count;
    RtObject *const *wanted;    // get_referrers(): to these
    ssize_t nwanted;
} Listing;

static void
add_object(Listing *listing, RtObject *op)
{
    if (listing->items != NULL) {
        Rt_INCREF(op);
        listing->items[listing->count] = op;
    }
    listing->count++;
}

// Runs walk(listing, arg) twice: to count, and to collect. A list, or NULL.
static RtObject *
make_list(Listing *listing, void (*walk)(Listing *listing, void *arg),
          void *arg)
{
    RtInterpreterState *interp = RtThreadState_Get()->interp;
    RtEval_StopTheWorld(interp);
    walk(listing, arg);
    ssize_t expected = listing->count;
    // One more: an empty array is no error.
    RtObject **items =
        RtMem_Malloc(((size_t)expected + 1) * sizeof(RtObject *));
    if (items != NULL) {
        listing->items = items;
        listing->count = 0;
        walk(listing, arg);
        rt_assert(listing->count == expected);
    }
    RT_NOTE(GC_LISTED, interp, expected);
    RtEval_StartTheWorld(interp);
    if (items == NULL) {
        return RtErr_NoMemory();
    }
    RtObject *list = RtList_New(expected);
    for (ssize_t i = 0; i < expected; i++) {
        if (list != NULL) {
            RtList_SetItemNew(list, i, items[i]);
        }
        else {
            Rt_DECREF(items[i]);
        }
    }
    RtMem_Free(items);
    return list;
}

// ---------------------------------------------------------------------------
// All objects.

static bool
objects_visitor(RtObject *op, void *arg)
{
    if (Rt_REFCNT(op) > 0) {
        add_object(arg, op);
    }
    return true;
}

static void
walk_objects(Listing *listing, void *arg)
{
    const int *generation = arg;
    RtGC_VisitGeneration(RtThreadState_Get()->interp, *generation,
                         objects_visitor, listing);
}

RtObject *
RtGC_GetObjects(int generation)
{
    Listing listing = { NULL, 0, NULL, 0 };
    return make_list(&listing, walk_objects, &generation);
}

// ---------------------------------------------------------------------------
// Who refers to some objects.

// 1 if it is one of them.
static int
is_wanted(RtObject *op, void *arg)
{
    const Listing *listing = arg;
    for (ssize_t i = 0; i < listing->nwanted; i++) {
        if (listing->wanted[i] == op) {
            return 1;
        }
    }
    return 0;
}

static bool
referrers_visitor(RtObject *op, void *arg)
{
    if (Rt_REFCNT(op) > 0 && Rt_TYPE(op)->tp_traverse(op, is_wanted, arg)) {
        add_object(arg, op);
    }
    return true;
}

static void
walk_referrers(Listing *listing, void *arg)
{
    (void)arg;
    RtGC_VisitGeneration(RtThreadState_Get()->interp, -1, referrers_visitor,
                         listing);
}

RtObject *
RtGC_GetReferrers(RtObject *const *objects, ssize_t count)
{
    Listing listing = { NULL, 0, objects, count };
    return make_list(&listing, walk_referrers, NULL);
}

// ---------------------------------------------------------------------------
// What some objects refer to.

static int
referent_visitor(RtObject *op, void *arg)
{
    add_object(arg, op);
    return 0;
}

// The world stands still, so that no object changes while it is traversed.
static void
walk_referents(Listing *listing, void *arg)
{
    (void)arg;
    for (ssize_t i = 0; i < listing->nwanted; i++) {
        RtObject *op = listing->wanted[i];
        bool is_static_type =
            RtObject_IsGc(op) && Rt_IsImmortal(op) &&
            RtType_HasFeature(Rt_TYPE(op), RT_TPFLAGS_TYPE_SUBCLASS);
        if (RtObject_IsGc(op) && !is_static_type) {
            (void)Rt_TYPE(op)->tp_traverse(op, referent_visitor, listing);
        }
    }
}

RtObject *
RtGC_GetReferents(RtObject *const *objects, ssize_t count)
{
    Listing listing = { NULL, 0, objects, count };
    return make_list(&listing, walk_referents, NULL);
}

// gc_freeze.c: objects that collections leave alone until they are unfrozen.
//
// GIL build: frozen objects are in a list of their own, the permanent
// generation. Free-threaded build: they bear a bit that changes while the world
// is stopped only. In both, frozen objects are tracked, are not looked at by
// collections, and what they refer to stays reachable; what a running
// collection has judged unreachable is not frozen.
// Mirrors gc.freeze() of Python/gc.c, gc_free_threading.c (CPython 3.13);
// departs: shutdown unfreezes, so that nothing is left behind.

#include "rtcore_gc.h"

#include "rtcore_assert.h"

static bool
count_visitor(RtObject *op, void *arg)
{
    (void)op;
    ++*(ssize_t *)arg;
    return true;
}

// Only for assertions: how many objects a full collection would look at now.
__attribute__((unused)) static ssize_t
count_looked_at(RtInterpreterState *interp)
{
    ssize_t count = 0;
    RtGC_VisitGeneration(interp, -1, count_visitor, &count);
    return count;
}

#ifdef RT_GIL_DISABLED

typedef struct Change {
    bool freeze;
    ssize_t count;              // objects that it changed
} Change;

static bool
change_visitor(RtObject *op, void *arg)
{
    Change *change = arg;
    uint8_t bits = rt_atomic_load_uint8_owned(&op->ob_gc_bits);
    if (change->freeze ? (bits & RT_GC_BITS_UNREACHABLE) == 0
                       : (bits & RT_GC_BITS_FROZEN) != 0)
    {
        rt_atomic_store_uint8_owned(
            &op->ob_gc_bits, change->freeze ? bits | RT_GC_BITS_FROZEN
                                            : bits & ~RT_GC_BITS_FROZEN);
        change->count++;
    }
    return true;
}

static bool
frozen_visitor(RtObject *op, void *arg)
{
    *(ssize_t *)arg += RtGC_IsFrozen(op);
    return true;
}

// The world is stopped.
static ssize_t
count_frozen(RtInterpreterState *interp)
{
    ssize_t count = 0;
    RtGC_VisitTracked(interp, frozen_visitor, &count);
    return count;
}

static ssize_t
change_all(RtInterpreterState *interp, bool freeze)
{
    Change change = { .freeze = freeze };
    RtGC_VisitTracked(interp, change_visitor, &change);
    interp->gc.frozen = freeze;
    return change.count;
}

void
RtGC_Freeze(RtInterpreterState *interp)
{
    RtEval_StopTheWorld(interp);
    ssize_t count = change_all(interp, true);
    rt_assert(count_looked_at(interp) == 0);
    RT_NOTE(GC_FROZEN, interp, count);
    RtEval_StartTheWorld(interp);
}

void
RtGC_Unfreeze(RtInterpreterState *interp)
{
    RtEval_StopTheWorld(interp);
    ssize_t count = change_all(interp, false);
    rt_assert(count_frozen(interp) == 0);
    RT_NOTE(GC_UNFROZEN, interp, count);
    RtEval_StartTheWorld(interp);
}

ssize_t
RtGC_FrozenCount(RtInterpreterState *interp)
{
    RtEval_StopTheWorld(interp);
    ssize_t count = count_frozen(interp);
    RtEval_StartTheWorld(interp);
    return count;
}

#else

void
RtGC_Freeze(RtInterpreterState *interp)
{
    RtGcState *gcstate = &interp->gc;
    for (int i = 0; i < RT_GC_GENERATIONS; i++) {
        RtGcList_Merge(&gcstate->heads[i], &gcstate->permanent);
        gcstate->generations[i].count = 0;
    }
    gcstate->frozen = true;
    rt_assert(count_looked_at(interp) == 0);
    RT_NOTE(GC_FROZEN, interp, RtGcList_Size(&gcstate->permanent));
}

void
RtGC_Unfreeze(RtInterpreterState *interp)
{
    RtGcState *gcstate = &interp->gc;
    gcstate->frozen = false;
    RT_NOTE(GC_UNFROZEN, interp, RtGcList_Size(&gcstate->permanent));
    RtGcList_Merge(&gcstate->permanent,
                   &gcstate->heads[RT_GC_GENERATIONS - 1]);
    rt_assert(RtGcList_Size(&gcstate->permanent) == 0);
}

ssize_t
RtGC_FrozenCount(RtInterpreterState *interp)
{
    return RtGcList_Size(&interp->gc.permanent);
}

#endif

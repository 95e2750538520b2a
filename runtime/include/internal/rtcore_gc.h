// rtcore_gc.h: what the collectors share with objects/ and audit/.
//
// GIL build: an RtGcHead stands in front of each collectable object. An object
// is tracked if its head's `next` is not NULL. Free-threaded build: there is no
// head; the state is in ob_gc_bits.

#ifndef RT_INTERNAL_GC_H
#define RT_INTERNAL_GC_H

#include "rtcore_heap.h"
#include "rtcore_object.h"
#include "rtcore_state.h"

#ifdef RT_GIL_DISABLED
#define RT_GC_HEAD_SIZE ((size_t)0)
#else
#define RT_GC_HEAD_SIZE sizeof(RtGcHead)

enum {                          // low bits of RtGcHead.prev
    RT_GC_PREV_FINALIZED = 1,
    RT_GC_PREV_COLLECTING = 2,
    RT_GC_PREV_SHIFT = 2,       // above: a head's address, or gc_refs
};

static inline RtGcHead *
RtGC_AsHead(RtObject *op)
{
    return (RtGcHead *)op - 1;
}

static inline RtObject *
RtGC_FromHead(RtGcHead *gc)
{
    return (RtObject *)(gc + 1);
}
#endif

enum { RT_GC_GENERATIONS = 3 };

static inline bool
RtObject_IsGc(RtObject *op)
{
    return RtType_HasFeature(Rt_TYPE(op), RT_TPFLAGS_HAVE_GC);
}

// The block of memory that op lies in.
static inline RtBlock *
RtObject_Block(RtObject *op)
{
    char *payload = (char *)op;
    if (RtObject_IsGc(op)) {
        payload -= RT_GC_HEAD_SIZE;
    }
    return RtBlock_FromPointer(payload);
}

// gc_common.c
void RtGC_SetFinalized(RtObject *op);
// Asks the thread to collect at its next eval-breaker check.
void RtGC_Schedule(RtThreadState *tstate);
// True if no other thread collects: the caller may, until RtGC_End().
bool RtGC_TryBegin(RtThreadState *tstate);
void RtGC_End(RtThreadState *tstate);
// Breaks the cycles through op; exceptions are reported.
void RtGC_ClearObject(RtObject *op);
// One collection more of a generation, which has freed so many objects.
void RtGC_CountCollection(RtInterpreterState *interp, int generation,
                          ssize_t collected);
// Gives back what a collection holds whose thread will never go on: it hangs
// or is gone, as all others but the caller's. No effect without one.
void RtGC_TakeOver(RtInterpreterState *interp);
// The end of that collection: others may begin.
void RtGC_GiveUp(RtInterpreterState *interp);
// Whether the caller may not collect, because another thread does. Exact only
// if the others stand still: for assertions.
bool RtGC_OthersCollect(const RtThreadState *tstate);

// Calls visit for every tracked object until it returns false. The world is
// stopped; visit neither allocates nor frees.
void RtGC_VisitTracked(RtInterpreterState *interp, RtHeapVisitor visit,
                       void *arg);

// Calls visit for the tracked objects that collections look at: those that are
// neither frozen nor judged unreachable by a collection that is not over. GIL
// build: of this generation, -1 for all; the other build has but one.
void RtGC_VisitGeneration(RtInterpreterState *interp, int generation,
                          RtHeapVisitor visit, void *arg);
// The counts as a program sees them.
void RtGC_GetCounts(RtThreadState *tstate, int counts[RT_GC_GENERATIONS]);
#ifdef RT_GIL_DISABLED
// gc_schedule.c: whether an automatic collection is due.
bool RtGC_ShouldCollect(RtGcState *gc);
#endif
// Whether op is a tuple that can be in no cycle, so that it need not be
// tracked. While no thread can change it, or destroy what it refers to.
bool RtGC_CanUntrack(RtObject *op);
#ifdef RT_GIL_DISABLED
static inline bool
RtGC_IsFrozen(const RtObject *op)
{
    return (rt_atomic_load_uint8_owned(&op->ob_gc_bits) &
            RT_GC_BITS_FROZEN) != 0;
}
#else
void RtGcList_Merge(RtGcHead *from, RtGcHead *to);      // appends all
ssize_t RtGcList_Size(const RtGcHead *list);
#endif

// gc_callbacks.c
typedef enum RtGcPhase { RT_GC_START, RT_GC_STOP } RtGcPhase;
// The list of the program's callbacks: a new reference, or NULL.
RtObject *RtGC_GetCallbacks(RtInterpreterState *interp);
// Calls each with the phase's name and a dict. Exceptions are reported.
void RtGC_CallCallbacks(RtThreadState *tstate, RtGcPhase phase, int generation,
                        ssize_t collected);
// Forgets the list: the interpreter ends.
void RtGC_DropCallbacks(RtInterpreterState *interp);

// gc_freeze.c. Stop the world.
void RtGC_Freeze(RtInterpreterState *interp);
void RtGC_Unfreeze(RtInterpreterState *interp);
ssize_t RtGC_FrozenCount(RtInterpreterState *interp);

// gc_introspect.c: new lists. Stop the world.
RtObject *RtGC_GetObjects(int generation);      // -1: all
RtObject *RtGC_GetReferrers(RtObject *const *objects, ssize_t count);
RtObject *RtGC_GetReferents(RtObject *const *objects, ssize_t count);

#endif  // RT_INTERNAL_GC_H

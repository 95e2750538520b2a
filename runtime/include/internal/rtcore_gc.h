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

// Calls visit for every tracked object until it returns false. The world is
// stopped; visit neither allocates nor frees.
void RtGC_VisitTracked(RtInterpreterState *interp, RtHeapVisitor visit,
                       void *arg);

#endif  // RT_INTERNAL_GC_H

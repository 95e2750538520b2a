// rtcore_iter.h: what the iterators that iterate over others share.

#ifndef RT_INTERNAL_ITER_H
#define RT_INTERNAL_ITER_H

#include "rtcore_types.h"

enum { RT_ITER_SMALL = 8 };     // iterators beside each other without a block

// An iterator that is exhausted gives up the one below it in the GIL build,
// where another thread may be in the midst of a step of that; in the
// free-threaded build only the destructor does, so that nobody does it twice
// and a step needs no reference of its own.
#ifdef RT_GIL_DISABLED
#define RT_ITER_HOLD(inner) (inner)
#define RT_ITER_RELEASE(inner) ((void)(inner))
#define RT_ITER_GIVE_UP(field) ((void)0)
#else
#define RT_ITER_HOLD(inner) Rt_NewRef(inner)
#define RT_ITER_RELEASE(inner) Rt_DECREF(inner)
#define RT_ITER_GIVE_UP(field) Rt_CLEAR(field)
#endif

// What happened, for whoever counts it.
static inline void
RtIter_NoteTupleReused(RtObject *tuple)
{
    (void)tuple;
    RT_NOTE(TUPLE_REUSED, tuple, 0);
}

// ---- range.c

typedef struct RtRangeIterObject {
    RtObject ob_base;
    ssize_t index;              // of the next number; atomic
    int64_t start;
    int64_t step;
    ssize_t length;
} RtRangeIterObject;

static inline int64_t
RtRange_NumberAt(int64_t start, int64_t step, ssize_t i)
{
    return (int64_t)((uint64_t)start + (uint64_t)i * (uint64_t)step);
}

// ---- iter.c

// iter(callable, sentinel)
RtObject *RtCallIter_New(RtObject *callable, RtObject *sentinel);

// ---- enum.c

RtObject *RtReversed_New(RtObject *seq);        // of what has items by index

// A tuple of n items, which are stolen. The one of the last time (or NULL) is
// filled again if nobody else has a reference to it. NULL: an exception is set.
RtObject *RtIter_ResultTuple(RtObject *last, RtObject **items, ssize_t n);
RtObject *RtIter_NewResult(ssize_t n);          // the first `last`
RtObject *RtIter_Self(RtObject *op);            // tp_iter of an iterator

#endif  // RT_INTERNAL_ITER_H

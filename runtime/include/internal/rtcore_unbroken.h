// rtcore_unbroken.h: for assertions: whether what a thread has found out still
// holds.
//
//     uint64_t begun = RtUnbroken_Begin();     // something is found …
//     rt_assert(RtUnbroken_Holds(begun));      // … and used
//
// What was found under a lock holds while the thread has the lock, which is
// until it detaches: then all its critical sections are suspended (GIL build:
// until it drops the GIL). What was read without a lock stays in memory until
// the thread is quiescent.

#ifndef RT_INTERNAL_UNBROKEN_H
#define RT_INTERNAL_UNBROKEN_H

#include "rtcore_assert.h"
#include "rtcore_state.h"

static inline uint64_t
RtUnbroken_Begin(void)
{
    const RtThreadState *tstate = RtThreadState_Get();
    return tstate == NULL ? 0 : tstate->detaches;
}

static inline bool
RtUnbroken_Holds(uint64_t begun)
{
    return RtUnbroken_Begin() == begun;
}

static inline uint64_t
RtLockFree_Begin(void)
{
    const RtThreadState *tstate = RtThreadState_Get();
    return tstate == NULL ? 0 : tstate->quiescences;
}

static inline bool
RtLockFree_Holds(uint64_t begun)
{
    return RtLockFree_Begin() == begun;
}

// Whether no other thread comes between: the caller has the object's lock, or
// has stopped the world (GIL build: the GIL is the lock).
static inline bool
RtContainer_IsHeld(RtObject *op)
{
#ifdef RT_GIL_DISABLED
    RtThreadState *tstate = RtThreadState_Get();
    return RtEval_HasStopped(tstate) ||
           RtCriticalSection_IsHeld(tstate, &op->ob_mutex);
#else
    (void)op;
    return true;
#endif
}

#endif  // RT_INTERNAL_UNBROKEN_H

// rtcore_reclaim.h: when memory that others may still read is given back: QSBR,
// delayed frees, dead objects in limbo.

#ifndef RT_INTERNAL_RECLAIM_H
#define RT_INTERNAL_RECLAIM_H

#include "rt_object.h"
#include "rtcore_lock.h"

typedef struct RtThreadState RtThreadState;
typedef struct RtInterpreterState RtInterpreterState;

// A thread's slot of QSBR (state/qsbr.c).
typedef struct RtQsbrThreadState {
    uint64_t seq;               // last observed wr_seq; 0 offline. Atomic.
    struct RtThreadState *tstate;
    int deferrals, deferred_limit;
    bool allocated;
} RtQsbrThreadState;

// Memory of dead objects that lock-free readers may still look at
// (state/mem_limbo.c), linked through the blocks' headers.
typedef struct RtLimbo {
    struct RtBlock *fresh;      // died since `goal` was set
    int nfresh;
    size_t bytes;               // of the fresh ones
    struct RtBlock *waiting;    // nobody looks at these once goal is reached
    uint64_t goal;
} RtLimbo;

typedef struct RtQsbrShared {
    uint64_t wr_seq;            // odd, steps of 2; atomic
    uint64_t rd_seq;            // all online threads have observed it; atomic
    RtQsbrThreadState *slots;   // array; grows while the world is stopped
    ssize_t size;
    RtMutex mutex;              // reserve, register, unregister
} RtQsbrShared;

// ---------------------------------------------------------------------------
// qsbr.c

void RtQsbr_Init(RtInterpreterState *interp);
void RtQsbr_Fini(RtInterpreterState *interp);
// Claims a slot for a new thread state; may stop the world to grow. 0 or -1.
int RtQsbr_Reserve(RtThreadState *tstate);
void RtQsbr_Release(RtThreadState *tstate);     // gives the slot back
void RtQsbr_Attach(RtThreadState *tstate);      // online
void RtQsbr_Detach(RtThreadState *tstate);      // offline
// A new goal: reached when every thread online now has been quiescent.
uint64_t RtQsbr_Advance(RtInterpreterState *interp);
// As Advance, but only every 10th call (1st with RT_TINY_LIMITS) writes.
uint64_t RtQsbr_DeferredAdvance(RtThreadState *tstate);
// Every so many calls of this thread. For drivers.
void RtQsbr_SetDeferredLimit(RtThreadState *tstate, int limit);
void RtQsbr_AfterFork(RtThreadState *tstate);    // only it has a slot
bool RtQsbr_Poll(RtThreadState *tstate, uint64_t goal);

// mem_delayed.c: frees raw memory once no lock-free reader can hold it. In the
// GIL build at once.
void RtMem_FreeDelayed(void *ptr);
void RtMem_ProcessDelayed(RtThreadState *tstate);       // frees what is due
void RtMem_AbandonDelayed(RtThreadState *tstate);       // at thread exit
// Frees what the thread itself has queued and is due: an allocation failed.
void RtMem_ReclaimDelayed(RtThreadState *tstate);
// More memory waits than should: frees what is due, or tries again later.
void RtMem_RelievePressure(RtThreadState *tstate);
// Frees everything queued by any thread; the world is stopped.
void RtMem_ProcessAllDelayed(RtInterpreterState *interp);

// Bytes that one thread lets wait before it looks after them (3.14).
#ifdef RT_TINY_LIMITS
#define RT_MEM_PRESSURE_LIMIT ((size_t)512)
#else
#define RT_MEM_PRESSURE_LIMIT ((size_t)1 << 20)
#endif

// mem_limbo.c (free-threaded build): gives the memory of a freed object back to
// the allocator once no lock-free reader can look at its header. Never fails.
void RtMem_ReleaseDelayed(void *payload);
// Frees live raw memory, of at most 4 GiB, when nobody reads it. Never fails.
void RtLimbo_AddLive(RtThreadState *tstate, void *payload);
void RtLimbo_Process(RtThreadState *tstate);    // gives back what is due
// Moves what is left to the interpreter's; delayed_mutex is held.
void RtLimbo_Abandon(RtThreadState *tstate);
// Gives back what ended threads left, if it is due; delayed_mutex is held.
void RtLimbo_ProcessAbandoned(RtThreadState *tstate);
void RtLimbo_ReleaseAll(RtLimbo *limbo);        // the world is stopped
static inline bool
RtLimbo_IsEmpty(const RtLimbo *limbo)
{
    return limbo->fresh == NULL && limbo->waiting == NULL;
}

#endif  // RT_INTERNAL_RECLAIM_H

// rtcore_lock_order.h: the order in which internal locks are taken, and what
// may be done while one is held; the table is sync/lock_order.def.
//
// A lock with a rank is taken and released by the *Ranked functions. Each
// thread has a bit set of the ranks that it holds (rt_thread_local.held_ranks),
// so that a check is a load and a test. A thread holds one lock of a rank at
// most. Locks of objects and of programs have no rank: they are taken before
// all that have one, except by who may run any code. With RT_DEBUG_LEVEL 0
// nothing is checked.

#ifndef RT_INTERNAL_LOCK_ORDER_H
#define RT_INTERNAL_LOCK_ORDER_H

#include "rtcore_assert.h"
#include "rtcore_lock.h"

typedef enum RtLockRank {
#define RT_LOCK_RANK_ROW(name, flags, text) RT_RANK_##name,
#include "lock_order.def"
    RT_RANK_COUNT
} RtLockRank;

enum {                          // while the lock is held, its holder may
    RT_RANK_MAY_DETACH = 1,
    RT_RANK_MAY_ALLOCATE = 2,   // raw memory
    RT_RANK_MAY_RUN = 4,        // make and destroy objects: any code
    // Nobody detaches to wait for it. Else the lock could be handed to one who
    // is detached, and is then kept from attaching by a stop of the world,
    // which waits for another who waits for the lock attached.
    RT_RANK_WAITS_ATTACHED = 8,
};

const char *RtLockRank_Name(unsigned rank);     // "HEAD"

#if RT_DEBUG_LEVEL >= 1
// Ranks whose holders may not do this, as bits.
extern const uint32_t rt_ranks_attached;        // may not detach
extern const uint32_t rt_ranks_without_memory;  // may not allocate
extern const uint32_t rt_ranks_without_objects; // may not run anything
extern const uint32_t rt_ranks_waiting_attached;
extern const uint32_t rt_ranks_after[RT_RANK_COUNT];    // self and later ones

// Notes LOCK_ORDER, then gives up. rank: RT_RANK_COUNT for none.
_Noreturn void RtLockOrder_Fail(uint32_t held, unsigned rank,
                                const void *what);

static inline void
RtLockOrder_Check(uint32_t forbidden, unsigned rank, const void *what)
{
    uint32_t held = rt_thread_local.held_ranks & forbidden;
    if (held != 0) {
        RtLockOrder_Fail(held, rank, what);
    }
}

static inline void
RtLockOrder_CheckDetach(const void *tstate)
{
    RtLockOrder_Check(rt_ranks_attached, RT_RANK_COUNT, tstate);
}

static inline void
RtLockOrder_CheckAllocate(void)
{
    RtLockOrder_Check(rt_ranks_without_memory, RT_RANK_COUNT, NULL);
}

// Before an object is made or destroyed, or the lock of one is taken.
static inline void
RtLockOrder_CheckRun(const void *object)
{
    RtLockOrder_Check(rt_ranks_without_objects, RT_RANK_COUNT, object);
}

static inline void
RtLockOrder_Asks(RtLockRank rank, const void *lock)
{
    RtLockOrder_Check(rt_ranks_after[rank], rank, lock);
}

// Whether who waits for locks of this rank detaches (for assertions).
static inline bool
RtLockOrder_WaitsDetached(RtLockRank rank)
{
    return (rt_ranks_waiting_attached & (uint32_t)1 << rank) == 0;
}

static inline void
RtLockOrder_Has(RtLockRank rank)
{
    rt_thread_local.held_ranks |= (uint32_t)1 << rank;
}

// Whether the thread has a lock of this rank (for assertions).
static inline bool
RtLockOrder_Holds(RtLockRank rank)
{
    return (rt_thread_local.held_ranks & (uint32_t)1 << rank) != 0;
}

// Before a count is changed that the collector may be looking at.
static inline void
RtLockOrder_CheckCount(const void *object)
{
    RtLockOrder_Check((uint32_t)1 << RT_RANK_TRAVERSE, RT_RANK_COUNT, object);
}

static inline void
RtLockOrder_GivesBack(RtLockRank rank)
{
    rt_thread_local.held_ranks &= ~((uint32_t)1 << rank);
}
#else
#define RtLockOrder_CheckDetach(tstate) ((void)(tstate))
#define RtLockOrder_CheckAllocate() ((void)0)
#define RtLockOrder_CheckRun(object) ((void)(object))
#define RtLockOrder_Asks(rank, lock) ((void)(rank), (void)(lock))
#define RtLockOrder_WaitsDetached(rank) ((void)(rank), true)
#define RtLockOrder_Has(rank) ((void)(rank))
#define RtLockOrder_Holds(rank) ((void)(rank), true)
#define RtLockOrder_CheckCount(object) ((void)(object))
#define RtLockOrder_GivesBack(rank) ((void)(rank))
#endif

// ---------------------------------------------------------------------------
// The locks of the runtime itself.

static inline void
RtRawMutex_LockRanked(RtRawMutex *m, RtLockRank rank)
{
    RtLockOrder_Asks(rank, m);
    RtRawMutex_Lock(m);
    RtLockOrder_Has(rank);
}

static inline void
RtRawMutex_UnlockRanked(RtRawMutex *m, RtLockRank rank)
{
    RtLockOrder_GivesBack(rank);
    RtRawMutex_Unlock(m);
}

static inline void
RtMutex_LockRanked(RtMutex *m, RtLockRank rank)
{
    rt_assert(RtLockOrder_WaitsDetached(rank));
    RtLockOrder_Asks(rank, m);
    RtMutex_LockNamed(m, RtLockRank_Name(rank));
    RtLockOrder_Has(rank);
}

// Of a rank that is waited for attached; its holder never waits.
static inline void
RtMutex_LockRankedAttached(RtMutex *m, RtLockRank rank)
{
    RtLockOrder_Asks(rank, m);
    if (!RtMutex_TryLockFast(m)) {
        RtLockStatus status = RtMutex_LockTimed(m, -1, RT_LOCK_DONT_DETACH);
        rt_assert(status == RT_LOCK_ACQUIRED);
        (void)status;
    }
    RtLockOrder_Has(rank);
}

static inline bool
RtMutex_TryLockRanked(RtMutex *m, RtLockRank rank)
{
    RtLockOrder_Asks(rank, m);
    if (!RtMutex_TryLockFast(m)) {
        return false;
    }
    RtLockOrder_Has(rank);
    return true;
}

static inline void
RtMutex_UnlockRanked(RtMutex *m, RtLockRank rank)
{
    RtLockOrder_GivesBack(rank);
    RtMutex_Unlock(m);
}

#endif  // RT_INTERNAL_LOCK_ORDER_H

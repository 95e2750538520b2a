// lock_order.c: the table of the internal locks' order, as bit sets.
//
// Invariant: a thread takes locks with a rank in the order of the table's rows,
// and while it holds one does only what the row allows. That makes the order of
// locks acyclic, and the locks whose rows allow nothing leaves.
// Mirrors the rules that CPython 3.13 states in comments (HEAD_LOCK, dk_mutex,
// weakref stripes); departs: they are checked.

#include "rtcore_lock_order.h"

#include <assert.h>             // static_assert
#include <stdio.h>              // snprintf()

#include "rt_errors.h"          // Rt_FatalError()

static_assert(RT_RANK_COUNT <= 32, "a bit for each rank");

const char *
RtLockRank_Name(unsigned rank)
{
    static const char *const names[RT_RANK_COUNT] = {
#define RT_LOCK_RANK_ROW(name, flags, text) #name,
#include "lock_order.def"
    };
    return rank < RT_RANK_COUNT ? names[rank] : "?";
}

#if RT_DEBUG_LEVEL >= 1

#define RANK_BIT(name) ((uint32_t)1 << RT_RANK_##name)
#define BIT_IF_NOT(name, flags, flag) \
    ((((flags) & (flag)) == 0) ? RANK_BIT(name) : 0)

const uint32_t rt_ranks_attached = 0
#define RT_LOCK_RANK_ROW(name, flags, text) \
    | BIT_IF_NOT(name, flags, RT_RANK_MAY_DETACH | RT_RANK_MAY_RUN)
#include "lock_order.def"
    ;

const uint32_t rt_ranks_without_memory = 0
#define RT_LOCK_RANK_ROW(name, flags, text) \
    | BIT_IF_NOT(name, flags, RT_RANK_MAY_ALLOCATE | RT_RANK_MAY_RUN)
#include "lock_order.def"
    ;

const uint32_t rt_ranks_without_objects = 0
#define RT_LOCK_RANK_ROW(name, flags, text) \
    | BIT_IF_NOT(name, flags, RT_RANK_MAY_RUN)
#include "lock_order.def"
    ;

const uint32_t rt_ranks_waiting_attached = 0
#define RT_LOCK_RANK_ROW(name, flags, text) \
    | (((flags) & RT_RANK_WAITS_ATTACHED) != 0 ? RANK_BIT(name) : 0)
#include "lock_order.def"
    ;

const uint32_t rt_ranks_after[RT_RANK_COUNT] = {
#define RT_LOCK_RANK_ROW(name, flags, text) ~(RANK_BIT(name) - 1),
#include "lock_order.def"
};

void
RtLockOrder_Fail(uint32_t held, unsigned rank, const void *what)
{
    // The innermost of those that forbid it.
    unsigned inner = 31 - (unsigned)__builtin_clz(held);
    // The message needs locks of its own.
    rt_thread_local.held_ranks = 0;
    RT_NOTE(LOCK_ORDER, what,
            inner << 8 | (rank < RT_RANK_COUNT ? rank : 255));
    char message[128];
    snprintf(message, sizeof(message), "%s%s while holding %s",
             rank < RT_RANK_COUNT ? "taking "
                                  : "detaching, allocating or running code",
             rank < RT_RANK_COUNT ? RtLockRank_Name(rank) : "",
             RtLockRank_Name(inner));
    (void)what;
    Rt_FatalError("RtLockOrder_Fail", message);
}

#endif  // RT_DEBUG_LEVEL >= 1

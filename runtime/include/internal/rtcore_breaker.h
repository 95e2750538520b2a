// rtcore_breaker.h: the check of the eval breaker, a quiescent state of QSBR.
//
// Part of rtcore_state.h. A quiescent state is news only if the sequence has
// changed. With one thread none but itself changes it, and then sets
// `attention`; of several threads each has attention for ever, and so has each
// thread under a driver.

#ifndef RT_INTERNAL_BREAKER_H
#define RT_INTERNAL_BREAKER_H

#include "rtcore_state.h"

#ifdef RT_GIL_DISABLED
// Whether no thread but the attached caller's uses objects (as in glibc,
// __libc_single_threaded): until it blocks or checks its eval breaker nobody
// else begins to. Not under a driver, who is to see the locks.
static inline bool
RtRuntime_IsSingleThreaded(void)
{
#ifdef RT_WITH_HOOKS
    return false;
#else
    return rt_atomic_load_int_relaxed(&rt_runtime.threads_seen) == 1;
#endif
}

// A quiescent state: the thread holds no pointer from a lock-free read.
static inline void
RtQsbr_QuiescentState(RtThreadState *tstate)
{
    RtQsbrThreadState *slot = tstate->qsbr;
    rt_assert(slot->tstate == tstate);
    uint64_t seq = rt_atomic_load_uint64_acquire(&tstate->interp->qsbr.wr_seq);
    rt_assert((int64_t)(seq - rt_atomic_load_uint64_owned(&slot->seq)) >= 0);
    tstate->quiescences++;
    RT_NOTE(QSBR_QUIESCENT, tstate, seq);
    // Nobody waits for a sequence that this thread has announced already.
    if (rt_atomic_load_uint64_owned(&slot->seq) != seq) {
        // Pairs with the load in poll_scan(): reads come before the free.
        rt_atomic_store_uint64_release(&slot->seq, seq);
        // Pairs with the fence in RtQsbr_DeferredAdvance(): the reads that
        // follow find nothing that was unlinked for this sequence by somebody
        // who left it to others to advance to it.
        rt_atomic_fence_beside();
    }
}

#endif

// The rest of a check, where there is something to do; `bits` are those of the
// eval breaker. 0, or -1 with an exception (ceval_gil.c).
int RtEval_HandleCheck(RtThreadState *tstate, uintptr_t bits);

// The check on every backward jump and call: reports quiescence, handles
// pending requests.
static inline int
RtEval_CheckBreaker(RtThreadState *tstate)
{
    uintptr_t bits = rt_atomic_load_uintptr_relaxed(&tstate->eval_breaker);
    uintptr_t todo = bits;
    RT_NOTE(EVAL_BREAKER, tstate, bits);
#ifdef RT_GIL_DISABLED
    if (tstate->attention != 0) {
        RtQsbr_QuiescentState(tstate);
        todo |= (uintptr_t)tstate->delayed_pressure;
        todo |= RtRuntime_IsSingleThreaded();
    }
#endif
    return todo != 0 ? RtEval_HandleCheck(tstate, bits) : 0;
}

#endif  // RT_INTERNAL_BREAKER_H

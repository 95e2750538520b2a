// seq_lock.c: sequence locks: readers do not write, and find out afterwards
// whether what they read belongs together.
//
// Invariant: the sequence is odd exactly while one writer is inside. The
// guarded fields are accessed atomically, if relaxed; the fences here order
// them: no store of a writer is seen before the odd sequence, and no load of a
// reader happens after its last look at the sequence.
// Mirrors Python/lock.c, _PySeqLock (CPython 3.13, with both fences that
// 3.13.0b4 was the first to have); departs: waiting yields in the world.

#include "rtcore_lock.h"

#include "rtcore_assert.h"
#include "rtcore_lock_order.h"

void
RtSeqLock_LockWrite(RtSeqLock *s)
{
    RtLockOrder_Asks(RT_RANK_SEQUENCE, s);
    uint32_t sequence = rt_atomic_load_uint32_relaxed(&s->sequence);
    for (;;) {
        if ((sequence & 1) != 0) {
            rt_world->yield();
            sequence = rt_atomic_load_uint32_relaxed(&s->sequence);
        }
        else if (rt_atomic_compare_exchange_uint32(&s->sequence, &sequence,
                                                   sequence + 1))
        {
            rt_atomic_fence_release();
            RtLockOrder_Has(RT_RANK_SEQUENCE);
            return;
        }
    }
}

void
RtSeqLock_AbandonWrite(RtSeqLock *s)
{
    uint32_t sequence = rt_atomic_load_uint32_owned(&s->sequence);
    rt_assert((sequence & 1) != 0);
    RtLockOrder_GivesBack(RT_RANK_SEQUENCE);
    rt_atomic_store_uint32_release(&s->sequence, sequence - 1);
}

void
RtSeqLock_UnlockWrite(RtSeqLock *s)
{
    uint32_t sequence = rt_atomic_load_uint32_owned(&s->sequence);
    rt_assert((sequence & 1) != 0);
    RtLockOrder_GivesBack(RT_RANK_SEQUENCE);
    rt_atomic_store_uint32(&s->sequence, sequence + 1);
}

uint32_t
RtSeqLock_BeginRead(RtSeqLock *s)
{
    uint32_t sequence = rt_atomic_load_uint32_acquire(&s->sequence);
    while ((sequence & 1) != 0) {
        rt_world->yield();
        sequence = rt_atomic_load_uint32_acquire(&s->sequence);
    }
    return sequence;
}

bool
RtSeqLock_EndRead(RtSeqLock *s, uint32_t previous)
{
    // Pairs with the release fence of LockWrite().
    rt_atomic_fence_acquire();
    if (rt_atomic_load_uint32_relaxed(&s->sequence) == previous) {
        return true;
    }
    rt_world->yield();
    return false;
}

bool
RtSeqLock_AfterFork(RtSeqLock *s)
{
    if ((rt_atomic_load_uint32_owned(&s->sequence) & 1) == 0) {
        return false;
    }
    rt_atomic_store_uint32(&s->sequence, 0);
    return true;
}

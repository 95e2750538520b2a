// dead_object.c: an object's count is zero when its memory is freed, and nobody
// changes its head afterwards (invariant H7). A lock-free reader that comes too
// late may look at the head, and must find that it cannot take a reference.

#include "oracle_internal.h"
#include "oracle_map.h"
#include "rtcore_gc.h"
#include "rtcore_heap.h"
#include "rtcore_hooks.h"
#include "rtcore_object.h"

static void
begin(void)
{
}

// Both counts and the flags in one word.
static uint64_t
counts_of(const RtObject *op)
{
#ifdef RT_GIL_DISABLED
    return (uint64_t)op->ob_ref_shared << 32 | op->ob_ref_local;
#else
    return (uint64_t)op->ob_refcnt;
#endif
}

static RtObject *
object_in(const FzBlock *block)
{
    size_t head_size = block->kind == RT_BLOCK_GC ? RT_GC_HEAD_SIZE : 0;
    return (RtObject *)((char *)block->start + head_size);
}

static void
object_freed(FzBlock *block)
{
    RtObject *op = object_in(block);
    if (Rt_REFCNT(op) != 0) {
        FzEngine_Violation(FZ_RULE_FREED_REFERENCED, UINT32_MAX,
                           "%s is freed while its count is %lld",
                           FzName_Of(op).text, (long long)Rt_REFCNT(op));
        FzEngine_Stop();
    }
    block->dead_counts = counts_of(op);
}

static bool
note(uint32_t thread, unsigned kind, const void *a, uintptr_t b)
{
    (void)thread;
    (void)b;
    if (kind != RT_NOTE_BLOCK_FREE) {
        return false;
    }
    FzBlock *block = FzShadow_Find(a);
    if (block == NULL || block->kind == RT_BLOCK_MEM ||
        block->state != FZ_BLOCK_LIVE) {
        return true;
    }
    object_freed(block);
    return true;
}

static void
check_dead(FzBlock *block, void *arg)
{
    bool *reported = arg;
    if (*reported || block->kind == RT_BLOCK_MEM ||
        counts_of(object_in(block)) == block->dead_counts)
    {
        return;
    }
    *reported = true;
    FzEngine_Violation(FZ_RULE_USE_AFTER_FREE, block->free_thread,
                       "the counts of %s changed after thread %u had freed it",
                       FzName_Of(object_in(block)).text, block->free_thread);
    FzEngine_OtherIsFree(block->start);
}

static void
end(void)
{
    bool reported = false;
    FzShadow_ForEach(FZ_BLOCK_KEPT, check_dead, &reported);
}

const FzOracleOps fz_oracle_dead_object = {
    .name = "dead-object",
    .begin = begin,
    .note = note,
    .end = end,
};

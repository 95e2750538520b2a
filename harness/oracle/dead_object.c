// dead_object.c: an object's count is zero when its memory is freed, and nobody
// changes its head afterwards (invariant H7). A lock-free reader that comes too
// late may look at the head, and must find that it cannot take a reference.

#include "oracle_internal.h"
#include "oracle_map.h"
#include "rtcore_gc.h"
#include "rtcore_heap.h"
#include "rtcore_hooks.h"
#include "rtcore_object.h"

static struct {
    FzMap heads;                // object -> counts at its free; thread
} state;

static void
begin(void)
{
    FzMap_Clear(&state.heads);
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

static void
object_freed(uint32_t thread, RtObject *op)
{
    if (Rt_REFCNT(op) != 0) {
        FzEngine_Violation(FZ_RULE_FREED_REFERENCED, UINT32_MAX,
                           "%s is freed while its count is %lld",
                           FzName_Of(op).text, (long long)Rt_REFCNT(op));
        FzEngine_Stop();
    }
    FzMapEntry *head = FzMap_Get(&state.heads, op);
    head->value = counts_of(op);
    head->extra = thread;
}

static bool
note(uint32_t thread, unsigned kind, const void *a, uintptr_t b)
{
    (void)b;
    if (kind != RT_NOTE_BLOCK_FREE) {
        return false;
    }
    const FzBlock *block = FzShadow_Find(a);
    if (block == NULL || block->kind == RT_BLOCK_MEM ||
        block->state != FZ_BLOCK_LIVE) {
        return true;
    }
    size_t head_size = block->kind == RT_BLOCK_GC ? RT_GC_HEAD_SIZE : 0;
    object_freed(thread, (RtObject *)((char *)block->start + head_size));
    return true;
}

static void
end(void)
{
    for (size_t i = 0; i < state.heads.count; i++) {
        const FzMapEntry *head = FzMap_At(&state.heads, i);
        const RtObject *op = (const RtObject *)head->key;
        const FzBlock *block = FzShadow_Find(op);
        if (block != NULL && block->state == FZ_BLOCK_KEPT &&
            counts_of(op) != head->value) {
            FzEngine_Violation(FZ_RULE_USE_AFTER_FREE, (uint32_t)head->extra,
                               "the counts of %s changed after thread %u had "
                               "freed it",
                               FzName_Of(op).text, (uint32_t)head->extra);
            FzEngine_OtherIsFree(block->start);
            return;
        }
    }
}

const FzOracleOps fz_oracle_dead_object = {
    .name = "dead-object",
    .begin = begin,
    .note = note,
    .end = end,
};

// refcount.c: counts never go below zero, destructors begin once, queued merges
// happen, the heap's counts cover the references found on it whenever the world
// is stopped, and nothing of the run is left at its end (H1-H8, B1, B2, A9).

#include <stdlib.h>

#include "oracle_internal.h"
#include "oracle_map.h"
#include "rtcore_audit.h"
#include "rtcore_heap.h"
#include "rtcore_hooks.h"
#include "rtcore_object.h"
#include "rtcore_state.h"

enum {                          // FzMapEntry.value bits of an object
    DEALLOCATED = 1,
    QUEUED = 2,
};

static struct {
    FzMap objects;              // object -> bits; extra: thread of the event
} state;

static void
begin(void)
{
    FzMap_Clear(&state.objects);
}

static void
dealloc_begins(uint32_t thread, const void *op)
{
    FzMapEntry *object = FzMap_Get(&state.objects, op);
    if ((object->value & DEALLOCATED) != 0) {
        FzEngine_Violation(FZ_RULE_DEALLOC_TWICE, (uint32_t)object->extra,
                           "the destructor of %s begins a second time; the "
                           "first was on thread %u",
                           FzName_Of(op).text, (uint32_t)object->extra);
        FzEngine_OtherIsFree(NULL);
        FzEngine_Stop();
    }
    object->value |= DEALLOCATED;
    object->extra = thread;
}

static void
queued(uint32_t thread, const void *op)
{
    FzMapEntry *object = FzMap_Get(&state.objects, op);
    if ((object->value & QUEUED) != 0) {
        FzEngine_Violation(FZ_RULE_REF_STATE, (uint32_t)object->extra,
                           "%s was queued for merging while it was queued",
                           FzName_Of(op).text);
        FzEngine_OtherIsFree(NULL);
        FzEngine_Stop();
    }
    object->value |= QUEUED;
    object->extra = thread;
}

static void
audit_failed(const void *op, RtAuditRule rule)
{
    FzRule verdict = FZ_RULE_REF_STATE;
    if (rule == RT_AUDIT_REFCOUNT_BELOW_REFERENCES ||
        rule == RT_AUDIT_TRACKED_DEAD) {
        verdict = FZ_RULE_REF_BELOW_REFERENCES;
    }
    else if (rule == RT_AUDIT_LIST_INVALID ||
             rule == RT_AUDIT_DICT_INVALID ||
             rule == RT_AUDIT_SET_INVALID ||
             rule == RT_AUDIT_DEQUE_INVALID ||
             rule == RT_AUDIT_INSTANCE_INVALID ||
             rule == RT_AUDIT_TYPE_CACHE_STALE ||
             rule == RT_AUDIT_TYPE_BASES ||
             rule == RT_AUDIT_TYPE_SLOTS ||
             rule == RT_AUDIT_KEYS_BELOW_USERS) {
        verdict = FZ_RULE_HEAP_INVALID;
    }
    else if (rule == RT_AUDIT_WEAKREF_LIST || rule == RT_AUDIT_WEAKREF_FLAG) {
        verdict = FZ_RULE_WEAKREF_STATE;
    }
    FzEngine_Violation(verdict, UINT32_MAX, "%s: %s (count %lld)",
                       FzName_Of(op).text, RtAudit_Sentence(rule),
                       (long long)Rt_REFCNT((RtObject *)op));
    FzEngine_Stop();
}

// The heap of an interpreter that is stopped, or of all (0).
static void
audit(uintptr_t interp)
{
    RtInterpreterState *i = (RtInterpreterState *)interp;
    if (i != NULL) {
        RtAudit_Heap(i);
        return;
    }
    for (i = rt_runtime.interpreters; i != NULL; i = i->next) {
        RtAudit_Heap(i);
    }
}

static bool
note(uint32_t thread, unsigned kind, const void *a, uintptr_t b)
{
    switch (kind) {
    case RT_NOTE_OBJECT_NEW: {
        FzMapEntry *before = FzMap_Find(&state.objects, a);
        if (before != NULL) {
            before->value = 0;
        }
        break;
    }
    case RT_NOTE_OBJECT_DEALLOC:
        dealloc_begins(thread, a);
        break;
    case RT_NOTE_OBJECT_RESURRECTED:
        FzMap_Get(&state.objects, a)->value &= ~(uint64_t)DEALLOCATED;
        break;
    case RT_NOTE_REF_QUEUED:
        queued(thread, a);
        break;
    case RT_NOTE_REF_DEQUEUED:
        FzMap_Get(&state.objects, a)->value &= ~(uint64_t)QUEUED;
        break;
    case RT_NOTE_REF_NEGATIVE:
        FzEngine_Violation(FZ_RULE_REF_NEGATIVE, UINT32_MAX,
                           "the count of %s went to %lld", FzName_Of(a).text,
                           (long long)(intptr_t)b);
        FzEngine_Stop();
    case RT_NOTE_REF_MERGED:
        if ((intptr_t)b < 0) {
            FzEngine_Violation(FZ_RULE_REF_NEGATIVE, UINT32_MAX,
                               "the merged count of %s is %lld",
                               FzName_Of(a).text, (long long)(intptr_t)b);
            FzEngine_Stop();
        }
        break;
    case RT_NOTE_AUDIT:
        audit_failed(a, (RtAuditRule)b);
        break;
#ifdef RT_GIL_DISABLED
    case RT_NOTE_STW_STOPPED:
        audit(b);
        break;
#else
    case RT_NOTE_GC_BEGIN:
        audit((uintptr_t)a);
        break;
#endif
    default:
        return false;
    }
    return true;
}

static void
describe_leak(FzBlock *block, void *arg)
{
    FzBuf *text = arg;
    if (text->size > 900) {
        return;
    }
    FzBuf_Printf(text, "\n  %s, %u bytes, made by thread %u at step %llu",
                 FzName_Of(block->start).text, block->size,
                 block->alloc_thread, (unsigned long long)block->alloc_step);
    if (block->kind != RT_BLOCK_MEM) {
        FzBuf_Printf(text, ", count %lld",
                     (long long)Rt_REFCNT((RtObject *)block->start));
    }
}

static void
end(void)
{
    for (size_t i = 0; i < state.objects.count; i++) {
        const FzMapEntry *object = FzMap_At(&state.objects, i);
        if ((object->value & QUEUED) != 0) {
            FzEngine_Violation(FZ_RULE_REF_LOST_QUEUE, (uint32_t)object->extra,
                               "%s was queued for merging by thread %u and "
                               "never merged",
                               FzName_Of((void *)object->key).text,
                               (uint32_t)object->extra);
            return;
        }
    }
    // What only the stack of a thread that had to exit leads to is lost.
    size_t live = FzShadow_CountLive();
    if (live != 0 && rt_runtime.exited == 0) {
        FzBuf text = {0};
        FzShadow_ForEachLive(describe_leak, &text);
        FzEngine_Violation(FZ_RULE_LEAK, UINT32_MAX,
                           "%zu blocks are still live:%s", live,
                           FzBuf_CString(&text));
        FzBuf_Free(&text);
    }
}

const FzOracleOps fz_oracle_refcount = {
    .name = "refcount",
    .begin = begin,
    .note = note,
    .end = end,
};

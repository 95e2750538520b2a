// refcount.c: counts never go below zero, destructors begin once, nobody takes
// a reference to what has none left, queued merges happen, the heap's counts
// cover the references found on it whenever the world is stopped, and nothing
// of the run is left at its end (H1-H8, B1, B2, A9).

#include <stdlib.h>

#include "oracle_internal.h"
#include "oracle_map.h"
#include "rtcore_audit.h"
#include "rtcore_heap.h"
#include "rtcore_hooks.h"
#include "rtcore_object.h"
#include "rtcore_state.h"

enum {                          // FzBlock.ref_bits
    DEALLOCATED = 1,
    QUEUED = 2,
};

static struct {
    size_t nqueued;
} state;

static void
begin(void)
{
    state.nqueued = 0;
}

static void
dealloc_begins(uint32_t thread, const void *op)
{
    FzBlock *object = FzShadow_Find(op);
    if (object == NULL) {
        return;
    }
    if ((object->ref_bits & DEALLOCATED) != 0) {
        FzEngine_Violation(FZ_RULE_DEALLOC_TWICE, object->ref_thread,
                           "the destructor of %s begins a second time; the "
                           "first was on thread %u",
                           FzName_Of(op).text, object->ref_thread);
        FzEngine_OtherIsFree(NULL);
        FzEngine_Stop();
    }
    object->ref_bits |= DEALLOCATED;
    object->ref_thread = (uint8_t)thread;
}

static void
queued(uint32_t thread, const void *op)
{
    FzBlock *object = FzShadow_Find(op);
    if (object == NULL) {
        return;
    }
    if ((object->ref_bits & QUEUED) != 0) {
        FzEngine_Violation(FZ_RULE_REF_STATE, object->ref_thread,
                           "%s was queued for merging while it was queued",
                           FzName_Of(op).text);
        FzEngine_OtherIsFree(NULL);
        FzEngine_Stop();
    }
    object->ref_bits |= QUEUED;
    object->ref_thread = (uint8_t)thread;
    state.nqueued++;
}

static void
dequeued(const void *op)
{
    FzBlock *object = FzShadow_Find(op);
    if (object != NULL && (object->ref_bits & QUEUED) != 0) {
        object->ref_bits &= (uint8_t)~QUEUED;
        state.nqueued--;
    }
}

#ifdef RT_GIL_DISABLED
// A late reader's reference is mostly given back at once, and then nothing
// shows that it was taken. What a finalizer looks at has references, so that
// others may take some, too; of what is queued, its owner may be about to add
// its own.
static void
taken(const void *op, ssize_t before)
{
    const FzBlock *object = FzShadow_Find(op);
    if (object == NULL) {
        return;
    }
    bool freed = object->state == FZ_BLOCK_KEPT;
    bool dying = (object->ref_bits & DEALLOCATED) != 0 &&
                 (before & RT_REF_SHARED_FLAG_MASK) != RT_REF_QUEUED &&
                 Rt_REFCNT((RtObject *)op) == 1;
    if (!freed && !dying) {
        return;
    }
    uint32_t other = freed ? object->free_thread : object->ref_thread;
    FzEngine_Violation(freed ? FZ_RULE_USE_AFTER_FREE
                             : FZ_RULE_FREED_REFERENCED, other,
                       "a reference was taken to %s, which thread %u %s",
                       FzName_Of(op).text, other,
                       freed ? "had freed" : "was destroying");
    FzEngine_OtherIsFree(freed ? object->start : NULL);
    FzEngine_Stop();
}
#endif

// A dead object, too: what takes references to it looks at all three.
static void
merged(const void *a, ssize_t count)
{
    if (count < 0) {
        FzEngine_Violation(FZ_RULE_REF_NEGATIVE, UINT32_MAX,
                           "the merged count of %s is %lld",
                           FzName_Of(a).text, (long long)count);
        FzEngine_Stop();
    }
#ifdef RT_GIL_DISABLED
    const RtObject *op = a;
    bool is_merged = FzShadow_Find(a) == NULL || RtObject_IsMerged(op);
    if (!is_merged || op->ob_tid != 0 || op->ob_ref_local != 0) {
        FzEngine_Violation(FZ_RULE_REF_STATE, UINT32_MAX,
                           "%s was merged, but %s", FzName_Of(a).text,
                           is_merged ? "still has an owner"
                                     : "does not say so");
        FzEngine_Stop();
    }
#endif
}

static void
resurrected(const void *op)
{
    FzBlock *object = FzShadow_Find(op);
    if (object != NULL) {
        object->ref_bits &= (uint8_t)~DEALLOCATED;
    }
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
    case RT_NOTE_OBJECT_DEALLOC:
        dealloc_begins(thread, a);
        break;
    case RT_NOTE_OBJECT_RESURRECTED:
        resurrected(a);
        break;
    case RT_NOTE_REF_QUEUED:
        queued(thread, a);
        break;
    case RT_NOTE_REF_DEQUEUED:
        dequeued(a);
        break;
    case RT_NOTE_REF_NEGATIVE:
        FzEngine_Violation(FZ_RULE_REF_NEGATIVE, UINT32_MAX,
                           "the count of %s went to %lld", FzName_Of(a).text,
                           (long long)(intptr_t)b);
        FzEngine_Stop();
    case RT_NOTE_REF_MERGED:
        merged(a, (ssize_t)b);
        break;
    case RT_NOTE_AUDIT:
        audit_failed(a, (RtAuditRule)b);
        break;
#ifdef RT_GIL_DISABLED
    case RT_NOTE_REF_TAKEN:
        taken(a, (ssize_t)b);
        break;
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
report_queued(FzBlock *object, void *arg)
{
    bool *reported = arg;
    if (!*reported && (object->ref_bits & QUEUED) != 0) {
        *reported = true;
        FzEngine_Violation(FZ_RULE_REF_LOST_QUEUE, object->ref_thread,
                           "%s was queued for merging by thread %u and never "
                           "merged",
                           FzName_Of(object->start).text, object->ref_thread);
    }
}

static void
end(void)
{
    if (state.nqueued > 0) {
        bool reported = false;
        FzShadow_ForEach(FZ_BLOCK_LIVE, report_queued, &reported);
        if (!reported) {
            FzShadow_ForEach(FZ_BLOCK_KEPT, report_queued, &reported);
        }
        if (reported) {
            return;
        }
    }
    // What only the stack of a thread that had to exit leads to is lost.
    size_t live = FzShadow_CountLive();
    if (live != 0 && rt_runtime.exited == 0) {
        FzBuf text = {0};
        FzShadow_ForEach(FZ_BLOCK_LIVE, describe_leak, &text);
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

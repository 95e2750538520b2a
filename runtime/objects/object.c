// object.c: reference counts, and the life of an object.
//
// Invariant (free-threaded build): ob_tid is 0 exactly if the flags say MERGED
// or the object is immortal. Only the owner writes ob_ref_local; anyone changes
// ob_ref_shared by compare-and-swap. An object is destroyed by whoever makes
// the sum of both zero, and only by him.
// Mirrors Objects/object.c (CPython 3.13); departs: the trashcan stands in
// RtObject_Dealloc() for all collectable types (as in 3.14); what is dead after
// its finalizer is merged.

#include "rtcore_object.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_code.h"        // generators
#include "rtcore_dict.h"
#include "rtcore_gc.h"
#include "rtcore_type.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Destructors of collectable objects that may run inside each other on one
// stack. What dies deeper waits until the outermost has ended.
#ifdef RT_TINY_LIMITS
enum { TRASHCAN_DEPTH = 8 };
#else
enum { TRASHCAN_DEPTH = 24 };
#endif

// ---------------------------------------------------------------------------
// Giving up.

void
Rt_FatalError(const char *func, const char *message)
{
    RT_NOTE(FATAL, message, 0);
    fprintf(stderr, "Fatal error: %s: %s\n", func, message);
    abort();
}

void
Rt_FatalAssert(const char *condition, const char *file, int line)
{
    const char *slash = strrchr(file, '/');
    char text[256];
    snprintf(text, sizeof(text), "%s:%d: %s",
             slash == NULL ? file : slash + 1, line, condition);
    RT_NOTE(FATAL, text, 0);
    fprintf(stderr, "Assertion failed: %s\n", text);
    abort();
}

// ---------------------------------------------------------------------------
// Counts.

void
Rt_IncRef(RtObject *op)
{
    Rt_XINCREF(op);
}

void
Rt_DecRef(RtObject *op)
{
    Rt_XDECREF(op);
}

#ifdef RT_GIL_DISABLED

// Only for assertions: INIT, MAYBE_WEAKREF, QUEUED and MERGED follow each other
// in this order, and none comes back.
__attribute__((unused)) static bool
flags_advance(ssize_t from, ssize_t to)
{
    return (from & RT_REF_SHARED_FLAG_MASK) <= (to & RT_REF_SHARED_FLAG_MASK);
}

// Only for assertions: whoever holds a reference and sees that the object is
// merged sees that it has no owner.
__attribute__((unused)) static bool
is_unowned_if_merged(const RtObject *op, ssize_t shared)
{
    return (shared & RT_REF_SHARED_FLAG_MASK) != RT_REF_MERGED ||
           (rt_atomic_load_uint32_owned(&op->ob_ref_local) == 0 &&
            rt_atomic_load_uintptr_owned(&op->ob_tid) == 0);
}

// Only for assertions: nobody else changes the local count. It is the caller's,
// or of a thread that stands still or is gone, or of one that is not
// registered, nor can be while the bucket is locked.
__attribute__((unused)) static bool
may_merge(const RtObject *op)
{
    uintptr_t tid = rt_atomic_load_uintptr_owned(&op->ob_tid);
    const RtThreadState *tstate = RtThreadState_Get();
    return tid == 0 || tid == RtThread_Id() || tstate == NULL ||
           RtEval_HasStopped(tstate) || tstate->interp->alone ||
           RtLockOrder_Holds(RT_RANK_BRC_BUCKET);
}

// Only for assertions: the thread is where others find it when they queue an
// object of its; or there are no other threads yet, or any more.
__attribute__((unused)) static bool
is_registered(void)
{
    const RtThreadState *tstate = RtThreadState_Get();
    return tstate == NULL || tstate->brc.tid == RtThread_Id();
}

ssize_t
Rt_REFCNT(RtObject *op)
{
    uint32_t local = rt_atomic_load_uint32_owned(&op->ob_ref_local);
    if (local == RT_IMMORTAL_REFCNT_LOCAL) {
        return RT_IMMORTAL_REFCNT_LOCAL;
    }
    ssize_t shared = rt_atomic_load_ssize_owned(&op->ob_ref_shared);
    ssize_t mark = RtObject_HasDeferredRefcount(op) ? RT_REF_DEFERRED : 0;
    return (ssize_t)local + (shared >> RT_REF_SHARED_SHIFT) - mark;
}

// Drops a reference of a thread that is not the owner. True if it was the
// last. The first such thread that finds nothing shared puts the object on its
// owner's queue instead: the reference goes with it.
static bool
decref_shared_is_dead(RtObject *op)
{
    RtLockOrder_CheckCount(op);
    rt_assert(is_registered());
    ssize_t shared = rt_atomic_load_ssize_hint(&op->ob_ref_shared);
    ssize_t desired;
    bool should_queue;
    do {
        rt_assert(is_unowned_if_merged(op, shared));
        should_queue =
            shared == RT_REF_INIT || shared == RT_REF_MAYBE_WEAKREF;
        desired = should_queue ? RT_REF_QUEUED
                               : shared - (1 << RT_REF_SHARED_SHIFT);
    } while (!rt_atomic_compare_exchange_ssize(&op->ob_ref_shared, &shared,
                                               desired));
    rt_assert(flags_advance(shared, desired));
    if (should_queue) {
        RtBrc_QueueObject(op);
        return false;
    }
    if (desired < 0 && (desired & RT_REF_SHARED_FLAG_MASK) == RT_REF_MERGED) {
        RT_NOTE(REF_NEGATIVE, op, desired >> RT_REF_SHARED_SHIFT);
    }
    return desired == RT_REF_MERGED;
}

void
RtObject_DecRefShared(RtObject *op)
{
    if (decref_shared_is_dead(op)) {
        RtObject_Dealloc(op);
    }
}

void
RtObject_MergeZeroLocalRefcount(RtObject *op)
{
    rt_assert(rt_atomic_load_uint32_owned(&op->ob_ref_local) == 0);
    rt_assert(is_registered());
    ssize_t shared = rt_atomic_load_ssize_acquire(&op->ob_ref_shared);
    if (shared == 0) {
        // Never shared, so nobody else can have a reference. The owner stays
        // in place: an object without one must be MERGED.
        RtObject_Dealloc(op);
        return;
    }
    // Before the exchange: afterwards another thread may free the object.
    rt_atomic_store_uintptr_relaxed(&op->ob_tid, 0);
    ssize_t desired;
    do {
        rt_assert((shared & RT_REF_SHARED_FLAG_MASK) != RT_REF_MERGED);
        desired = (shared & ~(ssize_t)RT_REF_SHARED_FLAG_MASK) | RT_REF_MERGED;
    } while (!rt_atomic_compare_exchange_ssize(&op->ob_ref_shared, &shared,
                                               desired));
    RT_NOTE(REF_MERGED, op, desired >> RT_REF_SHARED_SHIFT);
    if (desired < 0) {
        RT_NOTE(REF_NEGATIVE, op, desired >> RT_REF_SHARED_SHIFT);
    }
    if (desired == RT_REF_MERGED) {
        RtObject_Dealloc(op);
    }
}

ssize_t
RtObject_ExplicitMergeRefcount(RtObject *op, ssize_t extra)
{
    rt_assert(!Rt_IsImmortal(op));
    rt_assert(may_merge(op));
    // Both before the exchange: afterwards the object is touched only by those
    // who hold one of the references counted there.
    ssize_t local = rt_atomic_load_uint32_owned(&op->ob_ref_local);
    rt_atomic_store_uint32_owned(&op->ob_ref_local, 0);
    rt_atomic_store_uintptr_relaxed(&op->ob_tid, 0);
    ssize_t shared = rt_atomic_load_ssize_hint(&op->ob_ref_shared);
    ssize_t count;
    ssize_t desired;
    do {
        count = (shared >> RT_REF_SHARED_SHIFT) + local + extra;
        desired = (ssize_t)((size_t)count << RT_REF_SHARED_SHIFT) |
                  RT_REF_MERGED;
    } while (!rt_atomic_compare_exchange_ssize(&op->ob_ref_shared, &shared,
                                               desired));
    if ((shared & RT_REF_SHARED_FLAG_MASK) != RT_REF_MERGED) {
        RT_NOTE(REF_MERGED, op, count);
    }
    if (count < 0) {
        RT_NOTE(REF_NEGATIVE, op, count);
    }
    return count;
}

// ---------------------------------------------------------------------------
// References from slots that are read without a lock.

// Takes a reference without an atomic read-modify-write if that is possible.
static bool
try_incref_fast(RtObject *op)
{
    uint32_t local = rt_atomic_load_uint32_owned(&op->ob_ref_local);
    if (local == RT_IMMORTAL_REFCNT_LOCAL) {
        return true;
    }
    if (RtObject_IsOwnedByCurrentThread(op)) {
        rt_atomic_store_uint32_owned(&op->ob_ref_local, local + 1);
        return true;
    }
    return false;
}

bool
RtObject_TryIncRefShared(RtObject *op)
{
    ssize_t shared = rt_atomic_load_ssize_relaxed(&op->ob_ref_shared);
    do {
        // A word of zero tells nothing: the owner may have freed the object
        // without looking at it again.
        if (shared == RT_REF_INIT || shared == RT_REF_MERGED) {
            return false;
        }
    } while (!rt_atomic_compare_exchange_ssize(
        &op->ob_ref_shared, &shared, shared + (1 << RT_REF_SHARED_SHIFT)));
    RT_NOTE(REF_TAKEN, op, (uintptr_t)shared);
    return true;
}

bool
RtObject_TryIncref(RtObject *op)
{
    return try_incref_fast(op) || RtObject_TryIncRefShared(op);
}

bool
RtObject_TryIncrefCompare(RtObject **src, RtObject *op)
{
    if (try_incref_fast(op)) {
        return true;
    }
    if (!RtObject_TryIncRefShared(op)) {
        return false;
    }
    if (rt_atomic_load_ptr(src) != op) {
        Rt_DECREF(op);
        return false;
    }
    return true;
}

RtObject *
RtObject_TryXGetRef(RtObject **src)
{
    // Pairs with the release that published the object in the slot.
    RtObject *op = rt_atomic_load_ptr_acquire(src);
    if (op != NULL && RtObject_TryIncrefCompare(src, op)) {
        return op;
    }
    return NULL;
}

RtObject *
RtObject_XGetRef(RtObject **src)
{
    for (;;) {
        RtObject *op = rt_atomic_load_ptr_acquire(src);
        if (op == NULL || RtObject_TryIncrefCompare(src, op)) {
            return op;
        }
    }
}

RtObject *
RtObject_NewRefWithLock(RtObject *op)
{
    if (try_incref_fast(op)) {
        return op;
    }
    ssize_t shared = rt_atomic_load_ssize_hint(&op->ob_ref_shared);
    ssize_t desired;
    do {
        desired = shared + (1 << RT_REF_SHARED_SHIFT);
        if ((shared & RT_REF_SHARED_FLAG_MASK) == RT_REF_INIT) {
            desired |= RT_REF_MAYBE_WEAKREF;
        }
    } while (!rt_atomic_compare_exchange_ssize(&op->ob_ref_shared, &shared,
                                               desired));
    // Who reads the slot next needs no lock.
    rt_assert((desired & RT_REF_SHARED_FLAG_MASK) != RT_REF_INIT);
    rt_assert(flags_advance(shared, desired));
    return op;
}

void
RtObject_SetMaybeWeakref(RtObject *op)
{
    if (Rt_IsImmortal(op)) {
        return;
    }
    ssize_t shared = rt_atomic_load_ssize_hint(&op->ob_ref_shared);
    while ((shared & RT_REF_SHARED_FLAG_MASK) == RT_REF_INIT) {
        if (rt_atomic_compare_exchange_ssize(&op->ob_ref_shared, &shared,
                                             shared | RT_REF_MAYBE_WEAKREF))
        {
            return;
        }
    }
}

#else

ssize_t
Rt_REFCNT(RtObject *op)
{
    return op->ob_refcnt;
}

#endif

// ---------------------------------------------------------------------------
// New objects.

static void
init_head(RtObject *op, RtTypeObject *type)
{
#ifdef RT_GIL_DISABLED
    // Readers with a stale pointer may look at the counts of recycled memory.
    op->ob_padding = 0;
    op->ob_mutex.bits = 0;
    rt_atomic_store_uint8_owned(&op->ob_gc_bits, 0);
    rt_atomic_store_uintptr_owned(&op->ob_tid, RtThread_Id());
    rt_atomic_store_ssize_owned(&op->ob_ref_shared, 0);
    rt_atomic_store_uint32_owned(&op->ob_ref_local, 1);
#else
    op->ob_refcnt = 1;
#endif
    op->ob_type = type;
}

// 0, or -1 if the size cannot be represented.
static int
object_size(const RtTypeObject *type, ssize_t nitems, size_t *size)
{
    size_t items;
    if (__builtin_mul_overflow((size_t)nitems, (size_t)type->tp_itemsize,
                               &items) ||
        __builtin_add_overflow((size_t)type->tp_basicsize, items, size) ||
        *size > PTRDIFF_MAX - RT_GC_HEAD_SIZE)
    {
        return -1;
    }
    return 0;
}

// Memory with a head, and `extra` bytes behind the object that are not filled.
static RtObject *
new_bare(RtTypeObject *type, ssize_t nitems, size_t extra)
{
    size_t size;
    if (object_size(type, nitems, &size) < 0) {
        return NULL;
    }
    bool gc = RtType_HasFeature(type, RT_TPFLAGS_HAVE_GC);
    size_t head_size = gc ? RT_GC_HEAD_SIZE : 0;
    char *payload = RtObject_MallocBlock(
        head_size + size + extra, gc ? RT_BLOCK_GC : RT_BLOCK_OBJECT);
    if (payload == NULL) {
        return NULL;
    }
    RtObject *op = (RtObject *)(payload + head_size);
    memset(op + 1, 0, size - sizeof(RtObject));
    rt_assert(op->ob_type == NULL);     // fresh memory, no object
#ifdef RT_GIL_DISABLED
    rt_assert(is_registered());
#endif
    init_head(op, type);
    if (type->tp_itemsize != 0) {
        ((RtVarObject *)op)->ob_size = nitems;
    }
    RT_NOTE(OBJECT_NEW, op, type);
    if (gc) {
        RtGC_RecordAllocation(RtThreadState_Get());
    }
    return op;
}

RtObject *
RtObject_New(RtTypeObject *type, ssize_t nitems)
{
    rt_assert(nitems >= 0);
    rt_assert(type->tp_basicsize >= (ssize_t)sizeof(RtObject));
    uint8_t capacity = 0;
    size_t extra = 0;
    if (RtType_HasInlineValues(type)) {
        extra = RtInstance_ReserveValues(type, &capacity);
    }
    RtObject *op = new_bare(type, nitems, extra);
    if (op == NULL) {
        return RtErr_NoMemory();
    }
    if (extra != 0) {
        RtInstance_InitValues(op, capacity);
    }
    if (RtType_IsHeap(type)) {
        Rt_INCREF(type);
    }
    return op;
}

static void
free_memory(RtObject *op, void *payload)
{
#ifdef RT_GIL_DISABLED
    rt_assert(rt_atomic_load_uint8_owned(&op->ob_mutex.bits) == 0);
    rt_assert((rt_atomic_load_ssize_owned(&op->ob_ref_shared) &
               RT_REF_SHARED_FLAG_MASK) != RT_REF_QUEUED);
    uint8_t bits = rt_atomic_load_uint8_owned(&op->ob_gc_bits);
    if ((bits & RT_GC_BITS_SHARED_INLINE) != 0) {
        RtMem_RetireBlock(payload);
        RtMem_FreeDelayed(payload);
        return;
    }
#else
    (void)op;
#endif
    RtMem_Free(payload);
}

void
RtObject_Free(RtObject *op)
{
    RtTypeObject *type = Rt_TYPE(op);
    char *payload = (char *)op;
    if (RtType_HasFeature(type, RT_TPFLAGS_HAVE_GC)) {
        rt_assert(!RtGC_IsTracked(op));
        RtGC_RecordDeallocation(RtThreadState_Get());
        payload -= RT_GC_HEAD_SIZE;
    }
    free_memory(op, payload);
    if (RtType_IsHeap(type)) {
        Rt_DECREF(type);
    }
}

void
RtObject_SetImmortal(RtObject *op)
{
    if (Rt_IsImmortal(op)) {
        return;
    }
    if (RtObject_IsGc(op)) {
        RtGC_Untrack(op);
    }
#ifdef RT_GIL_DISABLED
    rt_atomic_store_uintptr_owned(&op->ob_tid, 0);
    rt_atomic_store_ssize_owned(&op->ob_ref_shared, 0);
    rt_atomic_store_uint32_owned(&op->ob_ref_local, RT_IMMORTAL_REFCNT_LOCAL);
#else
    op->ob_refcnt = RT_IMMORTAL_REFCNT;
#endif
}

// ---------------------------------------------------------------------------
// Destruction. The trashcan: a chain of dead objects (untracked, without
// references) of one thread, linked through a word that dead objects do not
// need.

#ifdef RT_GIL_DISABLED
// The last link. Not 0 and not small, because TryIncref compares ob_tid with
// the id of its thread.
static RtObject trash_end;

static void
set_trash_link(RtObject *op, RtObject *next)
{
    uintptr_t link = (uintptr_t)(next == NULL ? &trash_end : next);
    rt_atomic_store_uintptr_owned(&op->ob_tid, link);
}

// Takes the link out; the object is without owner, and so is merged.
static RtObject *
take_trash_link(RtObject *op)
{
    RtObject *next = (RtObject *)rt_atomic_load_uintptr_owned(&op->ob_tid);
    bool was_merged =
        rt_atomic_load_ssize_owned(&op->ob_ref_shared) == RT_REF_MERGED;
    rt_atomic_store_uintptr_owned(&op->ob_tid, 0);
    rt_atomic_store_ssize_owned(&op->ob_ref_shared, RT_REF_MERGED);
    if (!was_merged) {
        RT_NOTE(REF_MERGED, op, 0);
    }
    return next == &trash_end ? NULL : next;
}
#else
static void
set_trash_link(RtObject *op, RtObject *next)
{
    RtGcHead *gc = RtGC_AsHead(op);
    rt_assert(gc->next == NULL);
    gc->prev = (gc->prev & RT_GC_PREV_FINALIZED) | (uintptr_t)next;
}

static RtObject *
take_trash_link(RtObject *op)
{
    RtGcHead *gc = RtGC_AsHead(op);
    uintptr_t link = gc->prev & ~(uintptr_t)RT_GC_PREV_FINALIZED;
    gc->prev &= RT_GC_PREV_FINALIZED;
    return (RtObject *)link;
}
#endif

static void
destroy_nested(RtThreadState *tstate, RtObject *op)
{
    tstate->trash_depth++;
    rt_assert(tstate->trash_depth <= TRASHCAN_DEPTH);
    RtTypeObject *type = Rt_TYPE(op);
    RT_NOTE(OBJECT_DEALLOC, op, type);
    type->tp_dealloc(op);
    tstate->trash_depth--;
    rt_assert(tstate->trash_depth >= 0);
}

void
RtObject_DestroyTrash(RtThreadState *tstate)
{
    while (tstate->trash_later != NULL) {
        RtObject *op = tstate->trash_later;
        tstate->trash_later = take_trash_link(op);
        destroy_nested(tstate, op);
    }
}

void
RtObject_Dealloc(RtObject *op)
{
    RtTypeObject *type = Rt_TYPE(op);
    RtThreadState *tstate = RtThreadState_Get();
    RtLockOrder_CheckRun(op);
#ifdef RT_GIL_DISABLED
    rt_assert(!RtObject_HasDeferredRefcount(op));
#endif
    if (!RtType_HasFeature(type, RT_TPFLAGS_HAVE_GC) || tstate == NULL) {
        RT_NOTE(OBJECT_DEALLOC, op, type);
        type->tp_dealloc(op);
        return;
    }
    if (tstate->trash_depth >= TRASHCAN_DEPTH) {
#ifdef RT_GIL_DISABLED
        if (RtType_HasFeature(type, RT_TPFLAGS_HOLDS_UNCOUNTED)) {
            // While it waits the collector does not see what it holds.
            RtGen_CountUncounted(op);
        }
#endif
        RtGC_Untrack(op);
        set_trash_link(op, tstate->trash_later);
        tstate->trash_later = op;
        return;
    }
    destroy_nested(tstate, op);
    if (tstate->trash_depth == 0 && tstate->trash_later != NULL) {
        RtObject_DestroyTrash(tstate);
    }
}

// ---------------------------------------------------------------------------
// Finalizers.

void
RtObject_CallFinalizer(RtObject *op)
{
    destructor finalize = Rt_TYPE(op)->tp_finalize;
    if (finalize == NULL) {
        return;
    }
    if (RtObject_IsGc(op)) {
        if (RtGC_IsFinalized(op)) {
            return;
        }
        // Before the call: whoever destroys a resurrected object meanwhile
        // must not run it again.
        RtGC_SetFinalized(op);
    }
    RT_NOTE(FINALIZE, op, 0);
    RtObject *exc = RtErr_GetRaisedException();
    finalize(op);
    RtErr_SetRaisedException(exc);
}

#ifdef RT_GIL_DISABLED

// Gives the dying object one reference that belongs to this thread alone: with
// nothing shared, a TryIncref through a stale pointer goes on failing.
static void
resurrect_start(RtObject *op)
{
    rt_assert(rt_atomic_load_uint32_owned(&op->ob_ref_local) == 0);
    rt_atomic_store_uintptr_owned(&op->ob_tid, RtThread_Id());
    rt_atomic_store_ssize_owned(&op->ob_ref_shared, 0);
    rt_atomic_store_uint32_owned(&op->ob_ref_local, 1);
}

// Takes that reference back. True if the object is dead. If it is alive, it
// may be gone already: the caller touches it no more.
static bool
resurrect_end(RtObject *op)
{
    ssize_t shared = rt_atomic_load_ssize_acquire(&op->ob_ref_shared);
    bool mine = RtObject_IsOwnedByCurrentThread(op);
    if (mine && shared == 0 &&
        rt_atomic_load_uint32_owned(&op->ob_ref_local) == 1)
    {
        // Merged: this thread, too, must not get a reference to the dead
        // object from a list of weak references that it is still in.
        rt_atomic_store_uint32_owned(&op->ob_ref_local, 0);
        rt_atomic_store_uintptr_owned(&op->ob_tid, 0);
        rt_atomic_store_ssize_owned(&op->ob_ref_shared, RT_REF_MERGED);
        RT_NOTE(REF_MERGED, op, 0);
        return true;
    }
    if (Rt_IsImmortal(op)) {
        return false;
    }
    // While this thread still holds its reference: after the exchange another
    // one may destroy the object and say so.
    RT_NOTE(OBJECT_RESURRECTED, op, 0);
    RtTypeObject *type = Rt_TYPE(op);
    bool dead = mine ? RtObject_ExplicitMergeRefcount(op, -1) == 0
                     : decref_shared_is_dead(op);
    if (dead) {
        RT_NOTE(OBJECT_DEALLOC, op, type);
    }
    return dead;
}

#else

static void
resurrect_start(RtObject *op)
{
    rt_assert(op->ob_refcnt == 0);
    op->ob_refcnt = 1;
}

static bool
resurrect_end(RtObject *op)
{
    rt_assert(op->ob_refcnt > 0);
    if (--op->ob_refcnt == 0) {
        return true;
    }
    RT_NOTE(OBJECT_RESURRECTED, op, 0);
    return false;
}

#endif

int
RtObject_CallFinalizerFromDealloc(RtObject *op)
{
    resurrect_start(op);
    RtObject_CallFinalizer(op);
    return resurrect_end(op) ? 0 : -1;
}

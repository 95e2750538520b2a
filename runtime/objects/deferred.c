// deferred.c: deferred reference counting.
//
// References in frames to an object that is marked are not counted
// (rtcore_stackref.h), and so only the collector can tell that it is dead. The
// mark is RT_GC_BITS_DEFERRED and, as in 3.14, a large addend of the shared
// count; 3.13 adds one to the local count instead: then one decrement too many
// frees the object under the frames that do not count it, and nothing can tell.
// Invariant: the mark is set by the maker before other threads see the object,
// and ended by the collector only, the world being stopped; an object with the
// mark is tracked.
// Mirrors _PyObject_SetDeferredRefcount in Objects/object.c (CPython 3.14) and
// disable_deferred_refcounting in Python/gc_free_threading.c; departs: what
// counts is that no thread but the first is special, nothing becomes immortal.

#include "rtcore_object.h"

#ifdef RT_GIL_DISABLED

void
RtObject_SetDeferredRefcount(RtObject *op)
{
    rt_assert(RtType_HasFeature(Rt_TYPE(op), RT_TPFLAGS_HAVE_GC));
    rt_assert(RtObject_IsOwnedByCurrentThread(op));
    if (RtObject_HasDeferredRefcount(op)) {
        return;
    }
    uint8_t bits = rt_atomic_load_uint8_owned(&op->ob_gc_bits);
    rt_atomic_store_uint8_owned(&op->ob_gc_bits, bits | RT_GC_BITS_DEFERRED);
    ssize_t shared = rt_atomic_load_ssize_owned(&op->ob_ref_shared);
    rt_assert(shared >> RT_REF_SHARED_SHIFT == 0);
    rt_atomic_store_ssize_owned(
        &op->ob_ref_shared,
        shared + ((ssize_t)RT_REF_DEFERRED << RT_REF_SHARED_SHIFT));
    RT_NOTE(REF_DEFERRED, op, 1);
}

void
RtObject_DisableDeferredRefcount(RtObject *op)
{
    if (!RtObject_HasDeferredRefcount(op)) {
        return;
    }
    uint8_t bits = rt_atomic_load_uint8_owned(&op->ob_gc_bits);
    rt_atomic_store_uint8_owned(&op->ob_gc_bits, bits & ~RT_GC_BITS_DEFERRED);
    // Merged first: the shared count alone may be below zero without the mark.
    ssize_t count = RtObject_ExplicitMergeRefcount(
        op, -(ssize_t)RT_REF_DEFERRED);
    rt_assert(count >= 0);
    (void)count;
    RT_NOTE(REF_DEFERRED, op, 0);
}

#else

// The GIL build counts every reference.
typedef int rt_deferred_unused;

#endif

// rtcore_stackref.h: references in frames: fast locals and the value stack.
//
// Free-threaded build: the low bit says that the reference is not counted.
// That is allowed for immortal objects and for those with deferred reference
// counts (RT_GC_BITS_DEFERRED), which only the collector frees: it looks at
// every frame while the world is stopped, so an uncounted reference must stand
// in a slot that a frame publishes wherever its thread may be stopped. What is
// stored in the heap is counted: RtStackRef_AsObjectSteal() sees to it.
// GIL build: each reference is a plain counted pointer.

#ifndef RT_INTERNAL_STACKREF_H
#define RT_INTERNAL_STACKREF_H

#include "rtcore_assert.h"
#include "rtcore_object.h"

typedef struct RtStackRef {
    uintptr_t bits;
} RtStackRef;

#define RT_STACKREF_NULL ((RtStackRef){ 0 })

#ifdef RT_GIL_DISABLED
#define RT_STACKREF_UNCOUNTED ((uintptr_t)1)
#else
#define RT_STACKREF_UNCOUNTED ((uintptr_t)0)
#endif

static inline bool
RtStackRef_IsNull(RtStackRef ref)
{
    return ref.bits == 0;
}

static inline bool
RtStackRef_IsUncounted(RtStackRef ref)
{
    return (ref.bits & RT_STACKREF_UNCOUNTED) != 0;
}

// The object, or NULL; the reference stays the slot's.
static inline RtObject *
RtStackRef_AsObjectBorrow(RtStackRef ref)
{
    return (RtObject *)(ref.bits & ~RT_STACKREF_UNCOUNTED);
}

static inline bool
RtStackRef_Is(RtStackRef a, RtStackRef b)
{
    return ((a.bits ^ b.bits) & ~RT_STACKREF_UNCOUNTED) == 0;
}

// Takes the caller's reference to `op`, which may be NULL.
static inline RtStackRef
RtStackRef_FromObjectSteal(RtObject *op)
{
#ifdef RT_GIL_DISABLED
    if (op != NULL && Rt_IsImmortal(op)) {
        return (RtStackRef){ (uintptr_t)op | RT_STACKREF_UNCOUNTED };
    }
#endif
    return (RtStackRef){ (uintptr_t)op };
}

// A reference of its own to `op`, which somebody else keeps alive.
static inline RtStackRef
RtStackRef_FromObjectNew(RtObject *op)
{
#ifdef RT_GIL_DISABLED
    if (Rt_IsImmortal(op) || RtObject_HasDeferredRefcount(op)) {
        return (RtStackRef){ (uintptr_t)op | RT_STACKREF_UNCOUNTED };
    }
#endif
    Rt_INCREF(op);
    return (RtStackRef){ (uintptr_t)op };
}

// As FromObjectSteal, for what was found in a namespace, where objects with
// deferred counts are common.
static inline RtStackRef
RtStackRef_FromObjectFound(RtObject *op)
{
#ifdef RT_GIL_DISABLED
    if (op != NULL && RtObject_HasDeferredRefcount(op)) {
        Rt_DECREF(op);          // never the last one: the mark is counted
        return (RtStackRef){ (uintptr_t)op | RT_STACKREF_UNCOUNTED };
    }
#endif
    return RtStackRef_FromObjectSteal(op);
}

static inline RtStackRef
RtStackRef_Dup(RtStackRef ref)
{
    if (!RtStackRef_IsUncounted(ref)) {
        Rt_INCREF((RtObject *)ref.bits);
    }
    return ref;
}

// A counted reference, for the heap; the slot's is used up.
static inline RtObject *
RtStackRef_AsObjectSteal(RtStackRef ref)
{
    RtObject *op = RtStackRef_AsObjectBorrow(ref);
    if (RtStackRef_IsUncounted(ref)) {
        Rt_INCREF(op);
    }
    return op;
}

static inline void
RtStackRef_Close(RtStackRef ref)
{
    if (!RtStackRef_IsUncounted(ref)) {
        Rt_DECREF((RtObject *)ref.bits);
    }
}

static inline void
RtStackRef_XClose(RtStackRef ref)
{
    if (!RtStackRef_IsNull(ref)) {
        RtStackRef_Close(ref);
    }
}

// Whether the collector knows of the object even if nobody counts it.
static inline bool
RtStackRef_IsSound(RtStackRef ref)
{
#ifdef RT_GIL_DISABLED
    RtObject *op = RtStackRef_AsObjectBorrow(ref);
    return !RtStackRef_IsUncounted(ref) || Rt_IsImmortal(op) ||
           RtObject_HasDeferredRefcount(op);
#else
    (void)ref;
    return true;
#endif
}

#endif  // RT_INTERNAL_STACKREF_H

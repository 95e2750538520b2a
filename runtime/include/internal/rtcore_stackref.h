// rtcore_stackref.h: references in frames: fast locals and the value stack.
//
// Free-threaded build: the low bit says that the reference is not counted.
// That is allowed for immortal objects and for those with deferred reference
// counts (RT_GC_BITS_DEFERRED), which only the collector frees: it looks at
// every frame while the world is stopped, so an uncounted reference must stand
// in a slot that a frame publishes wherever its thread may be stopped. What is
// stored in the heap is counted: RtStackRef_AsObjectSteal() sees to it.
// GIL build: each reference to an object is a plain counted pointer.
// Both builds: a fast local, and no other slot, may hold an int without an
// object, which is made when something but the loop's own arithmetic asks for
// it: LOAD_FAST puts it into the local's place.

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
// The low bits of an int, of which the second says that it is one.
#define RT_STACKREF_INT ((uintptr_t)3)
#define RT_STACKREF_INT_BIT ((uintptr_t)2)
enum { RT_STACKREF_INT_SHIFT = 2 };

static inline bool
RtStackRef_IsNull(RtStackRef ref)
{
    return ref.bits == 0;
}

static inline bool
RtStackRef_IsInt(RtStackRef ref)
{
    return (ref.bits & RT_STACKREF_INT_BIT) != 0;
}

// Whether nothing is to be dropped: an int is no reference at all.
static inline bool
RtStackRef_IsUncounted(RtStackRef ref)
{
#ifdef RT_GIL_DISABLED
    return (ref.bits & RT_STACKREF_UNCOUNTED) != 0;
#else
    return RtStackRef_IsInt(ref);
#endif
}

static inline bool
RtStackRef_FitsInt(int64_t value)
{
    return (uint64_t)value + ((uint64_t)1 << (63 - RT_STACKREF_INT_SHIFT)) <
           (uint64_t)1 << (64 - RT_STACKREF_INT_SHIFT);
}

static inline RtStackRef
RtStackRef_FromInt(int64_t value)
{
    rt_assert(RtStackRef_FitsInt(value));
    return (RtStackRef){
        (uintptr_t)value << RT_STACKREF_INT_SHIFT | RT_STACKREF_INT
    };
}

static inline int64_t
RtStackRef_AsInt(RtStackRef ref)
{
    rt_assert(RtStackRef_IsInt(ref));
    return (int64_t)ref.bits >> RT_STACKREF_INT_SHIFT;
}

// The object, or NULL; the reference stays the slot's. Not of an int.
static inline RtObject *
RtStackRef_AsObjectBorrow(RtStackRef ref)
{
    rt_assert(!RtStackRef_IsInt(ref));
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
    if (RtStackRef_IsInt(ref)) {
        return true;
    }
    RtObject *op = RtStackRef_AsObjectBorrow(ref);
    return !RtStackRef_IsUncounted(ref) || Rt_IsImmortal(op) ||
           RtObject_HasDeferredRefcount(op);
#else
    (void)ref;
    return true;
#endif
}

#endif  // RT_INTERNAL_STACKREF_H

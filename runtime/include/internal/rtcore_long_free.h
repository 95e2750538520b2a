// rtcore_long_free.h: making and dropping ints without a call.
//
// Each thread keeps dead ints for those that it makes next. A dead int has no
// limbs, no reference and, in the free-threaded build, its thread for owner and
// nothing shared: whoever looks at it through a stale pointer is refused, or
// finds another int than the one he looks for. Not where a driver or a
// sanitizer watches dead memory: there each int is allocated and freed.

#ifndef RT_INTERNAL_LONG_FREE_H
#define RT_INTERNAL_LONG_FREE_H

#include "rtcore_heap.h"
#include "rtcore_types.h"

// A part of the interpreter loop, which is to contain no call of it.
#define RT_IN_LOOP __attribute__((always_inline))
// What it calls now and then only.
#define RT_COLD __attribute__((cold, noinline))

extern RtLongObject rt_small_ints[RT_SMALL_INT_MAX - RT_SMALL_INT_MIN + 1];

static inline bool
RtLong_IsSmall(int64_t value)
{
    return (uint64_t)value - (uint64_t)RT_SMALL_INT_MIN <=
           (uint64_t)(RT_SMALL_INT_MAX - RT_SMALL_INT_MIN);
}

static inline RtObject *
RtLong_Small(int64_t value)
{
    return &rt_small_ints[value - RT_SMALL_INT_MIN].ob_base;
}

// The link of a dead int stands in its value.
static inline RtObject **
RtLong_NextFree(RtObject *op)
{
    _Static_assert(sizeof(RtObject *) <= sizeof(int64_t), "a link fits");
    return (RtObject **)&((RtLongObject *)op)->value;
}

static inline void
RtLong_SetCount(RtObject *op, uint32_t count)
{
#ifdef RT_GIL_DISABLED
    rt_atomic_store_uint32_owned(&op->ob_ref_local, count);
#else
    op->ob_refcnt = (ssize_t)count;
#endif
}

// A new reference to a small int or to one that was dead. NULL without an
// exception if there is neither.
static inline RT_IN_LOOP RtObject *
RtLong_TryMake(RtThreadState *tstate, int64_t value)
{
    if (RtLong_IsSmall(value)) {
        return RtLong_Small(value);
    }
    RtObject *op = tstate->free_ints;
    if (op != NULL) {
        rt_assert(op->ob_type == &RtLong_Type);
        rt_assert(Rt_REFCNT(op) == 0);
        tstate->free_ints = *RtLong_NextFree(op);
        tstate->free_ints_room++;
        RtLong_SetCount(op, 1);
        ((RtLongObject *)op)->value = value;
        RT_NOTE(OBJECT_NEW, op, &RtLong_Type);
    }
    return op;
}

static inline bool
RtLong_MayKeep(const RtThreadState *tstate)
{
    return RtMem_MayReuse() && tstate->free_ints_room > 0;
}

// The count is 0.
static inline void
RtLong_Keep(RtThreadState *tstate, RtObject *op)
{
    *RtLong_NextFree(op) = tstate->free_ints;
    tstate->free_ints = op;
    tstate->free_ints_room--;
}

// Drops a reference; quickly if others are left that this thread counts, or if
// it was the last one to an int.
static inline RT_IN_LOOP void
RtLong_Drop(RtThreadState *tstate, RtObject *op)
{
#ifdef RT_GIL_DISABLED
    if (!RtMem_MayReuse() ||
        rt_atomic_load_uintptr_owned(&op->ob_tid) != tstate->thread_id)
    {
        Rt_DECREF(op);
        return;
    }
    uint32_t local = rt_atomic_load_uint32_owned(&op->ob_ref_local);
    if (local > 1) {
        rt_atomic_store_uint32_owned(&op->ob_ref_local, local - 1);
        return;
    }
    // Nobody can get a reference to what is not shared, as in
    // RtObject_IsUniquelyReferenced().
    bool is_last = local == 1 &&
                   rt_atomic_load_ssize_acquire(&op->ob_ref_shared) == 0;
#else
    bool is_last = op->ob_refcnt == 1;
#endif
    if (is_last && RtLong_CheckExact(op) && RtLong_IsCompact(op) &&
        RtLong_MayKeep(tstate))
    {
        RtLong_SetCount(op, 0);
        RtLong_Keep(tstate, op);
        return;
    }
    Rt_DECREF(op);
}

#endif  // RT_INTERNAL_LONG_FREE_H

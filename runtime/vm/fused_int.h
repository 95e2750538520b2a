// fused_int.h: what the loop does without a call: references to what it has at
// hand, and ints.
//
// As in fused.h, each function does the whole of what it is asked for or has
// had no effect. No reference is counted with an atomic read-modify-write but
// by the functions that anybody uses.
// Mirrors PyStackRef_CLOSE_SPECIALIZED and the int instructions of
// Python/bytecodes.c (CPython 3.14).

#ifndef RT_VM_FUSED_INT_H
#define RT_VM_FUSED_INT_H

#include "rtcore_iter.h"
#include "rtcore_long_free.h"
#include "rtcore_stackref.h"

// ---------------------------------------------------------------------------
// References.

// One to what was just read from a slot, or NULL.
static inline RT_IN_LOOP RtStackRef
RtFused_Take(RtThreadState *tstate, RtObject *op)
{
#ifdef RT_GIL_DISABLED
    if (rt_atomic_load_uintptr_owned(&op->ob_tid) != tstate->thread_id) {
        return Rt_IsImmortal(op) || RtObject_HasDeferredRefcount(op)
            ? (RtStackRef){ (uintptr_t)op | RT_STACKREF_UNCOUNTED }
            : RT_STACKREF_NULL;
    }
    // What has an owner is not immortal.
    uint32_t local = rt_atomic_load_uint32_owned(&op->ob_ref_local);
    rt_atomic_store_uint32_owned(&op->ob_ref_local, local + 1);
#else
    (void)tstate;
    Rt_INCREF(op);
#endif
    return (RtStackRef){ (uintptr_t)op };
}

static inline RT_IN_LOOP RtStackRef
RtFused_Dup(RtThreadState *tstate, RtStackRef ref)
{
#ifdef RT_GIL_DISABLED
    if (RtStackRef_IsUncounted(ref)) {
        return ref;
    }
    RtObject *op = (RtObject *)ref.bits;
    if (rt_atomic_load_uintptr_owned(&op->ob_tid) == tstate->thread_id) {
        // What has an owner is not immortal.
        uint32_t local = rt_atomic_load_uint32_owned(&op->ob_ref_local);
        rt_atomic_store_uint32_owned(&op->ob_ref_local, local + 1);
        return ref;
    }
#else
    (void)tstate;
#endif
    return RtStackRef_Dup(ref);
}

// To a new or a small int.
static inline RT_IN_LOOP RtStackRef
RtFused_FromObject(RtObject *op, int64_t value)
{
    uintptr_t tag = RtLong_IsSmall(value) ? RT_STACKREF_UNCOUNTED : 0;
    return (RtStackRef){ (uintptr_t)op | tag };
}

static inline RT_IN_LOOP void
RtFused_Close(RtThreadState *tstate, RtStackRef ref)
{
    if (!RtStackRef_IsUncounted(ref)) {
        RtLong_Drop(tstate, (RtObject *)ref.bits);
    }
}

// As RtEvalOp_DropItems(), where most slots hold nothing or what nobody counts.
static inline RT_IN_LOOP void
RtFused_DropItems(RtThreadState *tstate, RtStackRef *from, RtStackRef *to)
{
    for (RtStackRef *slot = from; slot < to; slot++) {
        RtStackRef item = *slot;
        if (!RtStackRef_IsNull(item)) {
            *slot = RT_STACKREF_NULL;
            RtFused_Close(tstate, item);
        }
    }
}

// ---------------------------------------------------------------------------
// Ints.

// True if it is one that fits 64 bits.
static inline RT_IN_LOOP bool
RtFused_GetInt(RtStackRef ref, int64_t *value)
{
    if (RtStackRef_IsInt(ref)) {
        *value = RtStackRef_AsInt(ref);
        return true;
    }
    RtObject *op = RtStackRef_AsObjectBorrow(ref);
    if (op == NULL || !RtLong_CheckExact(op) || !RtLong_IsCompact(op)) {
        return false;
    }
    *value = RtLong_VALUE(op);
    return true;
}

// An object for the int in a local, which takes its place. 0 or -1.
static inline int
RtFused_Box(RtStackRef *local)
{
    RtObject *op = RtLong_FromInt64(RtStackRef_AsInt(*local));
    if (op == NULL) {
        return -1;
    }
    *local = RtStackRef_FromObjectSteal(op);
    return 0;
}

// A reference for the heap to what is in a local, or NULL.
static inline RT_IN_LOOP RtObject *
RtFused_NewRef(RtThreadState *tstate, RtStackRef local)
{
    if (RtStackRef_IsInt(local)) {
        return RtLong_TryMake(tstate, RtStackRef_AsInt(local));
    }
    return RtStackRef_IsNull(local)
        ? NULL : RtStackRef_AsObjectSteal(RtFused_Dup(tstate, local));
}

// x op y, op being one of RT_LT…RT_GE.
static inline RT_IN_LOOP bool
RtFused_Compare(int64_t x, int64_t y, uintptr_t op)
{
    // Bit 0: less, 1: equal, 2: greater.
    static const uint8_t answers[] = {
        [RT_LT] = 1, [RT_LE] = 3, [RT_EQ] = 2, [RT_NE] = 5, [RT_GT] = 4,
        [RT_GE] = 6,
    };
    return (answers[op] >> (1 + (x > y) - (x < y)) & 1) != 0;
}

// The result of an operation that is common and cannot fail.
static inline RT_IN_LOOP bool
RtFused_Calculate(int64_t x, int64_t y, uintptr_t op, int64_t *result)
{
    switch (op) {
    case RT_NB_ADD:
        return !__builtin_add_overflow(x, y, result);
    case RT_NB_SUBTRACT:
        return !__builtin_sub_overflow(x, y, result);
    case RT_NB_MULTIPLY:
        return !__builtin_mul_overflow(x, y, result);
    case RT_NB_AND:
        *result = x & y;
        return true;
    case RT_NB_OR:
        *result = x | y;
        return true;
    case RT_NB_FLOOR_DIVIDE:
        if (y <= 0) {
            return false;
        }
        *result = x / y - (x % y < 0);
        return true;
    case RT_NB_REMAINDER:
        if (y <= 0) {
            return false;
        }
        *result = x % y + (x % y < 0 ? y : 0);
        return true;
    default:
        return false;
    }
}

// The same of references.
static inline RT_IN_LOOP bool
RtFused_CalculateOf(RtStackRef a, RtStackRef b, uintptr_t op, int64_t *result)
{
    int64_t x;
    int64_t y;
    return RtFused_GetInt(a, &x) && RtFused_GetInt(b, &y) &&
           RtFused_Calculate(x, y, op, result);
}

// Stores an int into a local; the caller drops what was there.
static inline RT_IN_LOOP bool
RtFused_StoreInt(RtThreadState *tstate, RtStackRef *local, int64_t value)
{
    if (RtStackRef_FitsInt(value)) {
        *local = RtStackRef_FromInt(value);
        return true;
    }
    RtObject *op = RtLong_TryMake(tstate, value);
    if (op == NULL) {
        return false;
    }
    *local = RtFused_FromObject(op, value);
    return true;
}

// The next number of an iterator over a range, which is not taken yet.
static inline RT_IN_LOOP bool
RtFused_PeekRange(RtObject *op, int64_t *value)
{
    if (!Rt_IS_TYPE(op, &RtRangeIter_Type)) {
        return false;
    }
    RtRangeIterObject *it = (RtRangeIterObject *)op;
    ssize_t i = RT_FT_ATOMIC_LOAD_SSIZE_RELAXED(&it->index);
    *value = RtRange_NumberAt(it->start, it->step, i);
    return i < it->length;
}

static inline RT_IN_LOOP void
RtFused_AdvanceRange(RtObject *op)
{
    RtRangeIterObject *it = (RtRangeIterObject *)op;
    ssize_t i = RT_FT_ATOMIC_LOAD_SSIZE_RELAXED(&it->index);
    RT_FT_ATOMIC_STORE_SSIZE_RELAXED(&it->index, i + 1);
}

#endif  // RT_VM_FUSED_INT_H

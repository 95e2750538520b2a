// rtcore_types.h: the layouts of the built-in types and what their files share.
//
// int, str, tuple and range are immutable once their creator has filled them.
// A list or dict is changed under its own critical section only; the words
// that readers load without it (size, array pointer, slots; keys pointer, index
// table, entries, used) are stored with the atomics of rtcore_atomic.h.

#ifndef RT_INTERNAL_TYPES_H
#define RT_INTERNAL_TYPES_H

#include <stddef.h>            // offsetof()

#include "rt_types.h"
#include "rtcore_dict_object.h" // dict
#include "rtcore_number.h"      // int, float
#include "rtcore_object.h"
#include "rtcore_sanitizer.h"   // RT_NO_INSTRUMENT
#include "rtcore_str.h"         // str

// ---------------------------------------------------------------------------
// tuple

typedef struct RtTupleObject {
    RtVarObject ob_base;
    RtObject *ob_item[];
} RtTupleObject;

static inline bool
RtTuple_Check(RtObject *op)
{
    return RtType_HasFeature(Rt_TYPE(op), RT_TPFLAGS_TUPLE_SUBCLASS);
}

static inline bool
RtTuple_CheckExact(RtObject *op)
{
    return Rt_IS_TYPE(op, &RtTuple_Type);
}

// ---------------------------------------------------------------------------
// list

// An array knows its own capacity, because a lock-free reader may hold one
// array and the size of another.
typedef struct RtListArray {
    ssize_t capacity;
    RtObject *items[];
} RtListArray;

static inline ssize_t
RtList_Capacity(RtObject *const *items)
{
    return ((const RtListArray *)((const char *)items -
                                  offsetof(RtListArray, items)))->capacity;
}

typedef struct RtListObject {
    RtVarObject ob_base;        // ob_size: read without the lock
    RtObject **ob_item;         // RtListArray.items or NULL; ditto
    ssize_t allocated;          // lock; -1 while a sort has taken the items
} RtListObject;

// Items that a list has given up, dropped when its lock is released.
typedef struct RtListGarbage {
    RtObject **items;           // NULL: none
    ssize_t size;
    bool shared;                // readers may hold the array
} RtListGarbage;

static inline bool
RtList_Check(RtObject *op)
{
    return RtType_HasFeature(Rt_TYPE(op), RT_TPFLAGS_LIST_SUBCLASS);
}

static inline bool
RtList_CheckExact(RtObject *op)
{
    return Rt_IS_TYPE(op, &RtList_Type);
}

// The item, or NULL without an exception if there is none at i. Takes the lock
// only if the lock-free read fails.
RtObject *RtList_TryGetItemRef(RtListObject *list, ssize_t i);

// The caller holds the list's lock (the names end in Locked).
RtObject **RtList_NewItems(ssize_t capacity);   // NULL: MemoryError
int RtList_ReserveLocked(RtListObject *list, ssize_t capacity);
int RtList_AppendLocked(RtListObject *list, RtObject *value);   // steals if 0
int RtList_InsertLocked(RtListObject *list, ssize_t i, RtObject *value); // same
RtObject *RtList_RemoveLocked(RtListObject *list, ssize_t i);
int RtList_ExtendLocked(RtListObject *list, RtObject *const *items, ssize_t n);
// Exchanges all items. `items` NULL: none. The old ones are in *garbage.
void RtList_ReplaceLocked(RtListObject *list, RtObject **items, ssize_t size,
                          ssize_t allocated, RtListGarbage *garbage);
// Once, without the lock.
void RtList_DropGarbage(const RtListGarbage *garbage);
void RtList_FreeItems(RtObject **items, bool delayed);
RtObject *RtList_FromItemsLocked(RtListObject *list);   // a copy of the list

// list_sort.c. key NULL: none.
int RtList_SortBy(RtObject *op, RtObject *key, bool reverse);
RtObject *RtList_Sort(RtObject *self, RtObject *const *args, ssize_t nargs,
                      RtObject *kwnames);

// timsort.c
typedef struct RtSortEntry {
    RtObject *key;
    RtObject *value;
} RtSortEntry;

// Sorts by the keys; room for n / 2 entries in temp. 0, or -1 with an exception
// and all entries there.
int RtSort_Sort(RtSortEntry *entries, ssize_t n, RtSortEntry *temp);
void RtSort_Reverse(RtSortEntry *entries, ssize_t n);

// list_slice.c
RtObject *RtList_GetSlice(RtObject *op, RtObject *slice);
int RtList_AssignSlice(RtObject *op, RtObject *slice, RtObject *value);
int RtList_RepeatInPlace(RtObject *op, ssize_t n);      // n >= 0
RtObject *RtList_MultiplyInPlace(RtObject *op, RtObject *count);

// ---------------------------------------------------------------------------
// slice

typedef struct RtSliceRange {
    ssize_t start;
    ssize_t stop;
    ssize_t step;               // not 0
} RtSliceRange;

static inline bool
RtSlice_Check(RtObject *op)
{
    return Rt_IS_TYPE(op, &RtSlice_Type);
}

// An argument that means a position, as slices have it. 0, or -1.
int RtSlice_Argument(RtObject *op, ssize_t *value);
// The fields as numbers. Runs user code. 0, or -1.
int RtSlice_Unpack(RtObject *slice, RtSliceRange *range);
// Fits them to a length. The number of items.
ssize_t RtSlice_Adjust(RtSliceRange *range, ssize_t size);

// ---------------------------------------------------------------------------
// exceptions

typedef struct RtExceptionObject {
    RtObject ob_base;
    RtObject *args;             // tuple; guarded by the object's lock
    RtObject *dict;             // attributes, or NULL
    // These too are guarded by the object's lock; each may be NULL.
    RtObject *traceback;
    RtObject *cause;
    RtObject *context;
    bool suppress_context;
} RtExceptionObject;

// ---------------------------------------------------------------------------
// What several of them need.

// An immutable container that is being printed, on the C stack.
typedef struct RtReprEntry {
    RtObject *op;
    struct RtReprEntry *previous;
} RtReprEntry;

// 0 to go on, 1 if op is being printed already, -1 with RecursionError.
int RtRepr_Enter(RtReprEntry *entry, RtObject *op);
void RtRepr_Leave(RtReprEntry *entry);

// Depth of C code that calls itself through the object protocol, be it that
// objects contain each other or that a special method, a descriptor or an
// iterator is again something in C: it ends in a RecursionError, not at the end
// of the stack. Counted apart from the calls of programs' functions.
int RtRecursion_Enter(const char *where);       // 0, or -1 with RecursionError
void RtRecursion_Leave(void);
extern const char rt_while_calling[];
// A call of what may come to the caller again, and be in C.
RtObject *RtObject_CallCounted(RtObject *callable, RtObject *const *args,
                               ssize_t nargs, RtObject *kwnames);
// By an iterator that iterates over others.
RtObject *RtIter_NextOfInner(RtObject *iter);

// inplace.c: NotImplemented (borrowed) if a is nothing that can.
RtObject *RtNumber_InPlaceBuiltin(RtObject *a, RtObject *b, RtBinaryOp op);

// `args` has `nargs` of at most `max`: 0, or -1 with TypeError.
int RtArg_CheckMax(const char *name, ssize_t nargs, ssize_t max);

// The answer of a comparison of three-way `order` (<0, 0, >0).
static inline RtObject *
RtCompare_Answer(int order, int op)
{
    bool truth = false;
    switch (op) {
    case RT_LT: truth = order < 0; break;
    case RT_LE: truth = order <= 0; break;
    case RT_EQ: truth = order == 0; break;
    case RT_NE: truth = order != 0; break;
    case RT_GT: truth = order > 0; break;
    case RT_GE: truth = order >= 0; break;
    }
    return truth ? Rt_True : Rt_False;
}

// Whether an item equals a value, without running user code: 1, 0, or -1 if
// that cannot be told. Containers ask this before the object protocol.
static inline int
RtObject_EqualFast(RtObject *a, RtObject *b)
{
    if (a == b) {
        return 1;
    }
    if (Rt_TYPE(a) != Rt_TYPE(b)) {
        return -1;
    }
    if (RtLong_CheckExact(a)) {
        return RtLong_Compare(a, b) == 0;
    }
    if (RtStr_CheckExact(a)) {
        return RtStr_Equal(a, b);
    }
    return -1;
}

// Identity, the fast test, then a == b. 1, 0, -1. May run user code.
static inline int
RtObject_EqualBool(RtObject *a, RtObject *b)
{
    int fast = RtObject_EqualFast(a, b);
    return fast >= 0 ? fast : RtObject_RichCompareBool(a, b, RT_EQ);
}

#ifdef RT_GIL_DISABLED
// Whether readers that are not the owner may hold the container's memory. Who
// sees the mark sees all that was done before it: memory that was replaced
// then, and freed at once, is not read any more (CPython 3.13 loads the mark
// relaxed, IS_DICT_SHARED(): on a weakly ordered processor its reader may).
static inline bool
RtContainer_IsShared(RtObject *op)
{
    return (rt_atomic_load_uint8_acquire(&op->ob_gc_bits) &
            RT_GC_BITS_SHARED) != 0;
}

// Whether the caller may read the container without its lock: others first
// mark it as SHARED. What is immortal never changes.
static inline bool
RtContainer_CanRead(RtObject *op)
{
    return RtObject_IsOwnedByCurrentThread(op) || Rt_IsImmortal(op)
           || RtContainer_IsShared(op);
}

// The caller holds the object's lock: the bits have one writer.
static inline void
RtContainer_SetShared(RtObject *op)
{
    uint8_t bits = op->ob_gc_bits;
    if ((bits & RT_GC_BITS_SHARED) == 0) {
        rt_atomic_store_uint8_release(&op->ob_gc_bits,
                                      bits | RT_GC_BITS_SHARED);
    }
}

// Before memory that the owner may be reading without a lock is replaced. The
// caller holds the lock.
static inline void
RtContainer_EnsureSharedOnResize(RtObject *op)
{
    if (!RtObject_IsOwnedByCurrentThread(op)) {
        RtContainer_SetShared(op);
    }
}
#else
static inline bool
RtContainer_IsShared(RtObject *op)
{
    (void)op;
    return false;
}

static inline void
RtContainer_EnsureSharedOnResize(RtObject *op)
{
    (void)op;
}
#endif

#endif  // RT_INTERNAL_TYPES_H

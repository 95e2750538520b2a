// list.c: the storage of list, its C API and its lock-free reads.
//
// Writers hold the list's critical section. Readers by index take no lock: they
// load the size and the array, bound the index by the array's own capacity,
// take the item with a try-incref that looks at the slot again, and make sure
// that the array is still the list's. Therefore a slot in reach of the current
// array never holds an item that the list has given up: [0, size) are owned,
// [size, capacity) are NULL, and an item is dropped after its slot was changed.
// A size is raised after its slots are filled. Arrays that readers may hold
// (SHARED) are freed by QSBR.
// Mirrors Objects/listobject.c (CPython 3.13); departs: vacated slots are
// cleared, and a read makes sure of the array after its try-incref.

#include "rtcore_types.h"
#include "rt_critical_section.h"
#include "rt_errors.h"
#include "rtcore_unbroken.h"

#include <string.h>

#ifdef RT_TINY_LIMITS
enum { GROW_PAD = 2, GROW_STEP = 2 };
#else
enum { GROW_PAD = 6, GROW_STEP = 4 };
#endif

static inline RtListObject *
as_list(RtObject *op)
{
    rt_assert(RtList_Check(op));
    return (RtListObject *)op;
}

static inline RtListArray *
array_of(RtObject **items)
{
    return (RtListArray *)((char *)items - offsetof(RtListArray, items));
}

static inline void
store_slot(RtObject **slot, RtObject *value)
{
    RT_FT_ATOMIC_STORE_PTR_RELEASE(slot, value);
}

static inline void
store_size(RtListObject *list, ssize_t size)
{
    RT_FT_ATOMIC_STORE_SSIZE_RELAXED(&Rt_SIZE(list), size);
}

// ---------------------------------------------------------------------------
// Arrays.

// All slots NULL: a reader that comes too early falls back to the lock. A list
// without room has no array.
RtObject **
RtList_NewItems(ssize_t capacity)
{
    rt_assert(capacity > 0);
    if (capacity <= RT_SEQUENCE_SIZE_MAX) {
        RtListArray *array = RtMem_Calloc(
            1, sizeof(RtListArray) + (size_t)capacity * sizeof(RtObject *));
        if (array != NULL) {
            array->capacity = capacity;
            return array->items;
        }
    }
    return RtErr_NoMemory();
}

void
RtList_FreeItems(RtObject **items, bool delayed)
{
    if (items == NULL) {
        return;
    }
    if (delayed) {
        RtMem_FreeDelayed(array_of(items));
    }
    else {
        RtMem_Free(array_of(items));
    }
}

// Puts the items into `items`, which has room for them. Their references move.
static void
switch_array(RtListObject *list, RtObject **items, ssize_t capacity)
{
    RtObject **old = list->ob_item;
    RtContainer_EnsureSharedOnResize((RtObject *)list);
    if (Rt_SIZE(list) > 0) {
        memcpy(items, old, (size_t)Rt_SIZE(list) * sizeof(RtObject *));
    }
    RT_FT_ATOMIC_STORE_PTR_RELEASE(&list->ob_item, items);
    list->allocated = capacity;
    RtList_FreeItems(old, RtContainer_IsShared((RtObject *)list));
}

int
RtList_ReserveLocked(RtListObject *list, ssize_t capacity)
{
    if (list->allocated >= capacity) {
        return 0;
    }
    ssize_t room = (capacity + (capacity >> 3) + GROW_PAD) & -GROW_STEP;
    RtObject **items = RtList_NewItems(room);
    if (items == NULL) {
        return -1;
    }
    switch_array(list, items, room);
    return 0;
}

// After items went: gives memory back. If there is none for the smaller array,
// the list keeps the larger one.
static void
shrink(RtListObject *list)
{
    ssize_t size = Rt_SIZE(list);
    if (size >= list->allocated >> 1) {
        return;
    }
    ssize_t room = 0;
    RtObject **items = NULL;
    if (size > 0) {
        room = (size + (size >> 3) + GROW_PAD) & -GROW_STEP;
        if (room >= list->allocated) {
            return;
        }
        RtListArray *array = RtMem_Calloc(
            1, sizeof(RtListArray) + (size_t)room * sizeof(RtObject *));
        if (array == NULL) {
            return;
        }
        array->capacity = room;
        items = array->items;
    }
    switch_array(list, items, room);
}

void
RtList_ReplaceLocked(RtListObject *list, RtObject **items, ssize_t size,
                     ssize_t allocated, RtListGarbage *garbage)
{
    RtContainer_EnsureSharedOnResize((RtObject *)list);
    garbage->items = list->ob_item;
    garbage->size = Rt_SIZE(list);
    garbage->shared = RtContainer_IsShared((RtObject *)list);
    if (size < garbage->size) {
        store_size(list, size);
    }
    RT_FT_ATOMIC_STORE_PTR_RELEASE(&list->ob_item, items);
    list->allocated = allocated;
    store_size(list, size);
}

// From the end, as CPython does. If readers may still hold the array, slots
// are cleared first.
void
RtList_DropGarbage(const RtListGarbage *garbage)
{
    if (garbage->items == NULL) {
        return;
    }
    for (ssize_t i = garbage->size; --i >= 0;) {
        RtObject *item = garbage->items[i];
        if (garbage->shared) {
            store_slot(&garbage->items[i], NULL);
        }
        Rt_XDECREF(item);
    }
    RtList_FreeItems(garbage->items, garbage->shared);
}

// ---------------------------------------------------------------------------
// Operations under the lock.

int
RtList_AppendLocked(RtListObject *list, RtObject *value)
{
    ssize_t size = Rt_SIZE(list);
    uint64_t begun = RtUnbroken_Begin();
    if (RtList_ReserveLocked(list, size + 1) < 0) {
        return -1;
    }
    rt_assert(RtUnbroken_Holds(begun));
    store_slot(&list->ob_item[size], value);
    store_size(list, size + 1);
    return 0;
}

// As list.insert has it: i counts from the end if negative, and is clamped.
int
RtList_InsertLocked(RtListObject *list, ssize_t i, RtObject *value)
{
    ssize_t size = Rt_SIZE(list);
    uint64_t begun = RtUnbroken_Begin();
    if (RtList_ReserveLocked(list, size + 1) < 0) {
        return -1;
    }
    rt_assert(RtUnbroken_Holds(begun));
    if (i < 0) {
        i = i + size < 0 ? 0 : i + size;
    }
    if (i > size) {
        i = size;
    }
    for (ssize_t at = size; at > i; at--) {
        store_slot(&list->ob_item[at], list->ob_item[at - 1]);
    }
    store_slot(&list->ob_item[i], value);
    store_size(list, size + 1);
    return 0;
}

// Hands the list's reference to the caller.
RtObject *
RtList_RemoveLocked(RtListObject *list, ssize_t i)
{
    ssize_t last = Rt_SIZE(list) - 1;
    rt_assert(i >= 0 && i <= last);
    RtObject **items = list->ob_item;
    RtObject *item = items[i];
    for (ssize_t at = i; at < last; at++) {
        store_slot(&items[at], items[at + 1]);
    }
    store_size(list, last);
    store_slot(&items[last], NULL);
    shrink(list);
    return item;
}

// `items` may be the list's own array of before.
int
RtList_ExtendLocked(RtListObject *list, RtObject *const *items, ssize_t n)
{
    ssize_t size = Rt_SIZE(list);
    if (n == 0) {
        return 0;
    }
    bool own = items == list->ob_item;
    uint64_t begun = RtUnbroken_Begin();
    if (RtList_ReserveLocked(list, size + n) < 0) {
        return -1;
    }
    if (own) {
        items = list->ob_item;
    }
    for (ssize_t i = 0; i < n; i++) {
        store_slot(&list->ob_item[size + i], Rt_NewRef(items[i]));
    }
    rt_assert(RtUnbroken_Holds(begun));
    store_size(list, size + n);
    return 0;
}

RtObject *
RtList_FromItemsLocked(RtListObject *list)
{
    ssize_t size = Rt_SIZE(list);
    RtObject *copy = RtList_New(size);
    for (ssize_t i = 0; copy != NULL && i < size; i++) {
        as_list(copy)->ob_item[i] = Rt_NewRef(list->ob_item[i]);
    }
    return copy;
}

// ---------------------------------------------------------------------------
// Reads without the lock.

#ifdef RT_GIL_DISABLED
// Marks the list as SHARED, so that the next read needs no lock.
static RtObject *
get_item_slow(RtListObject *list, ssize_t i)
{
    RtObject *item = NULL;
    RT_BEGIN_CRITICAL_SECTION(list);
    if (!RtObject_IsOwnedByCurrentThread((RtObject *)list)) {
        RtContainer_SetShared((RtObject *)list);
    }
    if (i < Rt_SIZE(list)) {
        item = RtObject_NewRefWithLock(list->ob_item[i]);
    }
    RT_END_CRITICAL_SECTION();
    return item;
}

RtObject *
RtList_TryGetItemRef(RtListObject *list, ssize_t i)
{
    if (i < 0) {
        return NULL;
    }
    if (!RtContainer_CanRead((RtObject *)list)) {
        return get_item_slow(list, i);
    }
    if (i >= rt_atomic_load_ssize_relaxed(&Rt_SIZE(list))) {
        return NULL;
    }
    if (RtRuntime_IsSingleThreaded()) {
        return Rt_NewRef(list->ob_item[i]);
    }
    uint64_t begun = RtLockFree_Begin();
    // Pairs with the release in switch_array() and RtList_ReplaceLocked().
    RtObject **items = rt_atomic_load_ptr_acquire(&list->ob_item);
    if (items == NULL || i >= array_of(items)->capacity) {
        return NULL;
    }
    RtObject *item = RtObject_TryXGetRef(&items[i]);
    if (item != NULL) {
        rt_assert(RtLockFree_Holds(begun));
        if (rt_atomic_load_ptr_acquire(&list->ob_item) == items) {
            return item;
        }
        // The array was replaced: its slot may be out of date.
        Rt_DECREF(item);
    }
    return get_item_slow(list, i);
}
#else
RtObject *
RtList_TryGetItemRef(RtListObject *list, ssize_t i)
{
    if (i < 0 || i >= Rt_SIZE(list)) {
        return NULL;
    }
    return Rt_NewRef(list->ob_item[i]);
}
#endif

// ---------------------------------------------------------------------------
// The C API.

RtObject *
RtList_New(ssize_t size)
{
    rt_assert(size >= 0);
    RtObject **items = NULL;
    if (size > 0 && (items = RtList_NewItems(size)) == NULL) {
        return NULL;
    }
    RtListObject *list = (RtListObject *)RtObject_New(&RtList_Type, 0);
    if (list == NULL) {
        RtList_FreeItems(items, false);
        return NULL;
    }
    list->ob_item = items;
    list->allocated = size;
    Rt_SIZE(list) = size;
    RtGC_Track((RtObject *)list);
    return (RtObject *)list;
}

void
RtList_SetItemNew(RtObject *op, ssize_t i, RtObject *value)
{
    rt_assert(i >= 0 && i < Rt_SIZE(op));
    rt_assert(as_list(op)->ob_item[i] == NULL);
    as_list(op)->ob_item[i] = value;
}

ssize_t
RtList_Size(RtObject *op)
{
    return RT_FT_ATOMIC_LOAD_SSIZE_RELAXED(&Rt_SIZE(as_list(op)));
}

RtObject *
RtList_GetItemRef(RtObject *op, ssize_t i)
{
    RtObject *item = RtList_TryGetItemRef(as_list(op), i);
    if (item == NULL) {
        RtErr_SetString(&RtExc_IndexError, "list index out of range");
    }
    return item;
}

// i counts from the end if negative; value NULL deletes.
int
RtList_SetItem(RtObject *op, ssize_t i, RtObject *value)
{
    RtListObject *list = as_list(op);
    RtObject *old = NULL;
    bool found;
    RT_BEGIN_CRITICAL_SECTION(list);
    if (i < 0) {
        i += Rt_SIZE(list);
    }
    found = i >= 0 && i < Rt_SIZE(list);
    if (found && value == NULL) {
        old = RtList_RemoveLocked(list, i);
    }
    else if (found) {
        old = list->ob_item[i];
        store_slot(&list->ob_item[i], Rt_NewRef(value));
    }
    RT_END_CRITICAL_SECTION();
    if (!found) {
        RtErr_SetString(&RtExc_IndexError,
                        "list assignment index out of range");
        return -1;
    }
    Rt_XDECREF(old);
    return 0;
}

int
RtList_Append(RtObject *op, RtObject *value)
{
    int status;
    Rt_INCREF(value);
    RT_BEGIN_CRITICAL_SECTION(op);
    status = RtList_AppendLocked(as_list(op), value);
    RT_END_CRITICAL_SECTION();
    if (status < 0) {
        Rt_DECREF(value);
    }
    return status;
}

int
RtList_Insert(RtObject *op, ssize_t i, RtObject *value)
{
    int status;
    Rt_INCREF(value);
    RT_BEGIN_CRITICAL_SECTION(op);
    status = RtList_InsertLocked(as_list(op), i, value);
    RT_END_CRITICAL_SECTION();
    if (status < 0) {
        Rt_DECREF(value);
    }
    return status;
}

// i counts from the end if negative.
RtObject *
RtList_Pop(RtObject *op, ssize_t i)
{
    RtListObject *list = as_list(op);
    RtObject *item = NULL;
    ssize_t size;
    RT_BEGIN_CRITICAL_SECTION(list);
    size = Rt_SIZE(list);
    if (i < 0) {
        i += size;
    }
    if (i >= 0 && i < size) {
        item = RtList_RemoveLocked(list, i);
    }
    RT_END_CRITICAL_SECTION();
    if (item == NULL) {
        RtErr_SetString(&RtExc_IndexError,
                        size == 0 ? "pop from empty list"
                                  : "pop index out of range");
    }
    return item;
}

int
RtList_Clear(RtObject *op)
{
    RtListObject *list = as_list(op);
    RtListGarbage garbage = { NULL, 0, false };
    RT_BEGIN_CRITICAL_SECTION(list);
    // An array that a sort has taken is not the list's to clear.
    if (list->ob_item != NULL) {
        RtList_ReplaceLocked(list, NULL, 0, 0, &garbage);
    }
    RT_END_CRITICAL_SECTION();
    RtList_DropGarbage(&garbage);
    return 0;
}

RtObject *
RtList_AsTuple(RtObject *op)
{
    RtListObject *list = as_list(op);
    RtObject *result;
    RT_BEGIN_CRITICAL_SECTION(list);
    result = RtTuple_FromArray(list->ob_item, Rt_SIZE(list));
    RT_END_CRITICAL_SECTION();
    return result;
}

static int
extend_from_list(RtListObject *list, RtListObject *other)
{
    int status;
    RT_BEGIN_CRITICAL_SECTION2(list, other);
    status = RtList_ExtendLocked(list, other->ob_item, Rt_SIZE(other));
    RT_END_CRITICAL_SECTION2();
    return status;
}

static int
extend_from_tuple(RtListObject *list, RtTupleObject *tuple)
{
    int status;
    RT_BEGIN_CRITICAL_SECTION(list);
    status = RtList_ExtendLocked(list, tuple->ob_item, Rt_SIZE(tuple));
    RT_END_CRITICAL_SECTION();
    return status;
}

// The iterator runs user code: each item is appended on its own.
static int
extend_from_iterable(RtObject *list, RtObject *iterable)
{
    RtObject *iter = RtObject_GetIter(iterable);
    if (iter == NULL) {
        return -1;
    }
    int status = 0;
    RtObject *item;
    while (status == 0 && (item = RtIter_Next(iter)) != NULL) {
        status = RtList_Append(list, item);
        Rt_DECREF(item);
    }
    Rt_DECREF(iter);
    return status < 0 || RtErr_Occurred() != NULL ? -1 : 0;
}

int
RtList_Extend(RtObject *op, RtObject *iterable)
{
    RtListObject *list = as_list(op);
    if (RtList_CheckExact(iterable)) {
        return extend_from_list(list, (RtListObject *)iterable);
    }
    if (RtTuple_CheckExact(iterable)) {
        return extend_from_tuple(list, (RtTupleObject *)iterable);
    }
    RtDictObject *dict;
    RtDictPart part;
    if (!RtDict_IsWholeView(iterable, &dict, &part)) {
        return extend_from_iterable(op, iterable);
    }
    RtObject *snapshot = RtDict_Snapshot(dict, part);
    if (snapshot == NULL) {
        return -1;
    }
    int status = extend_from_list(list, (RtListObject *)snapshot);
    Rt_DECREF(snapshot);
    return status;
}

// Plain reads: the world is stopped.
RT_NO_INSTRUMENT bool
RtList_IsValid(RtObject *op)
{
    RtListObject *list = (RtListObject *)op;
    ssize_t size = list->ob_base.ob_size;
    if (list->ob_item == NULL) {
        return size == 0 && list->allocated <= 0;
    }
    RtListArray *array = (RtListArray *)((char *)list->ob_item -
                                         offsetof(RtListArray, items));
    if (size < 0 || size > list->allocated || list->allocated == 0
        || list->allocated != array->capacity) {
        return false;
    }
    for (ssize_t i = 0; i < array->capacity; i++) {
        if ((i < size) != (list->ob_item[i] != NULL)) {
            return false;
        }
    }
    return true;
}

// list_slice.c: slices of lists: reading, assigning, deleting.
//
// Each is one step under the list's critical section. Values that are assigned
// are collected before, since that runs code of the program. Unless items are
// only exchanged for others or added at the end, the items move to a new array,
// which replaces the old one: a lock-free reader sees the list before or after.
// Mirrors list_ass_slice, list_ass_subscript of Objects/listobject.c (CPython
// 3.13); departs: moves items to a new array, not within the old one.

#include "rtcore_types.h"

#include "rt_critical_section.h"
#include "rt_errors.h"

static inline RtListObject *
as_list(RtObject *op)
{
    rt_assert(RtList_Check(op));
    return (RtListObject *)op;
}

static RtObject *
get_slice_locked(RtListObject *list, RtSliceRange *range)
{
    ssize_t n = RtSlice_Adjust(range, Rt_SIZE(list));
    RtObject *result = RtList_New(n);
    for (ssize_t i = 0; result != NULL && i < n; i++) {
        RtObject *item = list->ob_item[range->start + i * range->step];
        RtList_SetItemNew(result, i, Rt_NewRef(item));
    }
    return result;
}

RtObject *
RtList_GetSlice(RtObject *op, RtObject *slice)
{
    RtSliceRange range;
    if (RtSlice_Unpack(slice, &range) < 0) {
        return NULL;
    }
    RtObject *result;
    RT_BEGIN_CRITICAL_SECTION(op);
    result = get_slice_locked(as_list(op), &range);
    RT_END_CRITICAL_SECTION();
    return result;
}

// What an operation takes out of a list, dropped without the lock: items[i]
// that is not NULL.
typedef struct Removed {
    RtListGarbage array;        // the old array; its items are not dropped
    RtObject **items;           // NULL: none
    ssize_t n;
} Removed;

static void
drop_removed(Removed *removed)
{
    for (ssize_t i = removed->n; --i >= 0;) {
        Rt_XDECREF(removed->items[i]);
    }
    RtMem_Free(removed->items);
    RtList_FreeItems(removed->array.items, removed->array.shared);
}

// Takes the `n` items of the slice out and puts `count` others (whose
// references move) where it starts. The step is positive.
static int
replace_locked(RtListObject *list, const RtSliceRange *range, ssize_t n,
               RtObject **values, ssize_t count, Removed *removed)
{
    ssize_t size = Rt_SIZE(list);
    RtObject **items = NULL;
    if (size - n + count > 0 &&
        (items = RtList_NewItems(size - n + count)) == NULL)
    {
        return -1;
    }
    if (n > 0) {
        removed->items = RtMem_Malloc((size_t)n * sizeof(RtObject *));
        if (removed->items == NULL) {
            RtList_FreeItems(items, false);
            (void)RtErr_NoMemory();
            return -1;
        }
    }
    ssize_t to = 0;
    for (ssize_t i = 0; i <= size; i++) {
        if (i == range->start) {
            for (ssize_t j = 0; j < count; j++) {
                items[to++] = values[j];
                values[j] = NULL;
            }
        }
        ssize_t offset = i - range->start;
        bool taken = offset >= 0 && offset % range->step == 0 &&
                     offset / range->step < n;
        if (i < size && taken) {
            removed->items[removed->n++] = list->ob_item[i];
        }
        else if (i < size) {
            items[to++] = list->ob_item[i];
        }
    }
    rt_assert(to == size - n + count);
    RtList_ReplaceLocked(list, items, to, to, &removed->array);
    return 0;
}

static int
set_slice_locked(RtListObject *list, RtSliceRange *range,
                 RtListGarbage *values, Removed *removed)
{
    ssize_t count = values->size;
    ssize_t n = RtSlice_Adjust(range, Rt_SIZE(list));
    if (n == count && n > 0) {
        for (ssize_t i = 0; i < n; i++) {
            RtObject **slot = &list->ob_item[range->start + i * range->step];
            RtObject *old = *slot;
            RT_FT_ATOMIC_STORE_PTR_RELEASE(slot, values->items[i]);
            values->items[i] = old;
        }
        return 0;
    }
    if (range->step != 1) {
        if (n == count) {
            return 0;
        }
        RtErr_Format(&RtExc_ValueError, "attempt to assign sequence of size "
                     "%zd to extended slice of size %zd", count, n);
        return -1;
    }
    if (n == 0 && range->start == Rt_SIZE(list)) {
        return RtList_ExtendLocked(list, values->items, count);
    }
    return replace_locked(list, range, n, values->items, count, removed);
}

static int
delete_slice_locked(RtListObject *list, RtSliceRange *range, Removed *removed)
{
    ssize_t n = RtSlice_Adjust(range, Rt_SIZE(list));
    if (n == 0) {
        return 0;
    }
    if (range->step < 0) {
        range->start += (n - 1) * range->step;
        range->step = -range->step;
    }
    return replace_locked(list, range, n, NULL, 0, removed);
}

// The items of an iterable, in an array that nobody else sees.
static int
collect_values(RtObject *value, RtListGarbage *values)
{
    RtObject *list = RtList_New(0);
    int status = list == NULL ? -1 : RtList_Extend(list, value);
    if (status == 0) {
        RT_BEGIN_CRITICAL_SECTION(list);
        RtList_ReplaceLocked(as_list(list), NULL, 0, 0, values);
        RT_END_CRITICAL_SECTION();
    }
    else if (RtErr_ExceptionMatches(&RtExc_TypeError) &&
             Rt_TYPE(value)->tp_iter == NULL)
    {
        RtErr_SetString(&RtExc_TypeError,
                        "must assign iterable to extended slice");
    }
    Rt_XDECREF(list);
    return status;
}

int
RtList_AssignSlice(RtObject *op, RtObject *slice, RtObject *value)
{
    RtSliceRange range;
    RtListGarbage values = { NULL, 0, false };
    if (RtSlice_Unpack(slice, &range) < 0 ||
        (value != NULL && collect_values(value, &values) < 0))
    {
        return -1;
    }
    Removed removed = { { NULL, 0, false }, NULL, 0 };
    int status;
    RT_BEGIN_CRITICAL_SECTION(op);
    status = value == NULL
        ? delete_slice_locked(as_list(op), &range, &removed)
        : set_slice_locked(as_list(op), &range, &values, &removed);
    RT_END_CRITICAL_SECTION();
    RtObject *exc = status < 0 ? RtErr_GetRaisedException() : NULL;
    drop_removed(&removed);
    // What was not put into the list, or came out of it.
    RtList_DropGarbage(&values);
    if (exc != NULL) {
        RtErr_SetRaisedException(exc);
    }
    return status;
}

// ---------------------------------------------------------------------------
// list *= n

static int
repeat_locked(RtListObject *list, ssize_t n, RtListGarbage *garbage)
{
    ssize_t size = Rt_SIZE(list);
    ssize_t total;
    if (__builtin_mul_overflow(n, size, &total) ||
        total > RT_SEQUENCE_SIZE_MAX)
    {
        (void)RtErr_NoMemory();
        return -1;
    }
    if (total == 0) {
        if (list->ob_item != NULL) {
            RtList_ReplaceLocked(list, NULL, 0, 0, garbage);
        }
        return 0;
    }
    if (RtList_ReserveLocked(list, total) < 0) {
        return -1;
    }
    for (ssize_t i = 1; i < n; i++) {
        if (RtList_ExtendLocked(list, list->ob_item, size) < 0) {
            return -1;
        }
    }
    return 0;
}

int
RtList_RepeatInPlace(RtObject *op, ssize_t n)
{
    RtListGarbage garbage = { NULL, 0, false };
    int status;
    RT_BEGIN_CRITICAL_SECTION(op);
    status = repeat_locked(as_list(op), n, &garbage);
    RT_END_CRITICAL_SECTION();
    RtList_DropGarbage(&garbage);
    return status;
}

// list_sort.c: list.sort().
//
// The list is empty while it is sorted: its items move to a new array that only
// the sorting thread sees, so that neither lock-free readers nor a user-defined
// __lt__ meet half-sorted items. The list's lock is held, but a call of __lt__
// may suspend it; whoever changes the list meanwhile makes the sort raise
// ValueError, and what he put there is dropped.
//
// Natural runs are extended by binary insertion and merged pairwise; stable.
// Only "less than" is asked. After a failed comparison the array still holds
// every item once.
// Mirrors list_sort_impl in Objects/listobject.c (CPython 3.13); departs: sorts
// a new array instead of the detached one, and merges without galloping.

#include "rtcore_types.h"
#include "rt_critical_section.h"
#include "rt_errors.h"

#include <string.h>

enum { MIN_RUN = 32 };

// 1, 0, or -1 with an exception.
static int
less_than(RtObject *a, RtObject *b)
{
    if (RtLong_CheckExact(a) && RtLong_CheckExact(b)) {
        return RtLong_VALUE(a) < RtLong_VALUE(b);
    }
    RtObject *answer = RtObject_RichCompare(a, b, RT_LT);
    if (answer == NULL) {
        return -1;
    }
    int truth = RtObject_IsTrue(answer);
    Rt_DECREF(answer);
    return truth;
}

static void
reverse_items(RtObject **items, ssize_t n)
{
    for (ssize_t i = 0; i < n / 2; i++) {
        RtObject *item = items[i];
        items[i] = items[n - 1 - i];
        items[n - 1 - i] = item;
    }
}

// The length of the run at the start, made ascending; -1. Only a strictly
// descending run may be reversed: equal items keep their order.
static ssize_t
count_run(RtObject **items, ssize_t n)
{
    if (n < 2) {
        return n;
    }
    int descending = less_than(items[1], items[0]);
    ssize_t run = 2;
    int less = descending;
    while (less >= 0 && run < n) {
        less = less_than(items[run], items[run - 1]);
        if (less != descending) {
            break;
        }
        run++;
    }
    if (less < 0) {
        return -1;
    }
    if (descending) {
        reverse_items(items, run);
    }
    return run;
}

// Sorts n items of which the first `sorted` are in order.
static int
insertion_sort(RtObject **items, ssize_t n, ssize_t sorted)
{
    for (; sorted < n; sorted++) {
        RtObject *pivot = items[sorted];
        ssize_t low = 0;
        ssize_t high = sorted;
        while (low < high) {
            ssize_t middle = low + (high - low) / 2;
            int less = less_than(pivot, items[middle]);
            if (less < 0) {
                return -1;
            }
            if (less) {
                high = middle;
            }
            else {
                low = middle + 1;
            }
        }
        memmove(&items[low + 1], &items[low],
                (size_t)(sorted - low) * sizeof(RtObject *));
        items[low] = pivot;
    }
    return 0;
}

// Merges the sorted items [0, middle) and [middle, n); room for `middle` items
// in temp. If a comparison fails, the rest of temp goes into the gap.
static int
merge(RtObject **items, ssize_t middle, ssize_t n, RtObject **temp)
{
    memcpy(temp, items, (size_t)middle * sizeof(RtObject *));
    ssize_t left = 0;
    ssize_t right = middle;
    ssize_t to = 0;
    int less = 0;
    while (left < middle && right < n) {
        less = less_than(items[right], temp[left]);
        if (less < 0) {
            break;
        }
        items[to++] = less ? items[right++] : temp[left++];
    }
    memcpy(&items[to], &temp[left],
           (size_t)(middle - left) * sizeof(RtObject *));
    return less < 0 ? -1 : 0;
}

// Recursion halves n: its depth is the logarithm.
static int
sort_items(RtObject **items, ssize_t n, RtObject **temp)
{
    if (n <= MIN_RUN * 2) {
        ssize_t run = count_run(items, n);
        return run < 0 ? -1 : insertion_sort(items, n, run);
    }
    ssize_t run = count_run(items, n);
    if (run < 0 || run == n) {
        return run < 0 ? -1 : 0;
    }
    ssize_t middle = n / 2;
    if (sort_items(items, middle, temp) < 0
        || sort_items(items + middle, n - middle, temp) < 0) {
        return -1;
    }
    return merge(items, middle, n, temp);
}

// The list is locked on entry and on return, not all the time between.
static int
sort_locked(RtListObject *list, RtObject **items, RtObject **temp,
            RtListGarbage *intruders)
{
    ssize_t size = Rt_SIZE(list);
    RtListGarbage taken;
    memcpy(items, list->ob_item, (size_t)size * sizeof(RtObject *));
    RtList_ReplaceLocked(list, NULL, 0, -1, &taken);
    // Its references are in `items` now.
    RtList_FreeItems(taken.items, taken.shared);

    int status = sort_items(items, size, temp);

    bool modified = list->allocated != -1;
    RtList_ReplaceLocked(list, items, size, size, intruders);
    if (modified && status == 0) {
        RtErr_SetString(&RtExc_ValueError, "list modified during sort");
        status = -1;
    }
    return status;
}

static int
allocate_and_sort(RtListObject *list, RtListGarbage *intruders)
{
    ssize_t size = Rt_SIZE(list);
    if (size < 2) {
        return 0;
    }
    RtObject **items = RtList_NewItems(size);
    if (items == NULL) {
        return -1;
    }
    RtObject **temp = RtMem_Malloc((size_t)size * sizeof(RtObject *));
    if (temp == NULL) {
        RtList_FreeItems(items, false);
        (void)RtErr_NoMemory();
        return -1;
    }
    int status = sort_locked(list, items, temp, intruders);
    RtMem_Free(temp);
    return status;
}

RtObject *
RtList_Sort(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    RtListGarbage intruders = { NULL, 0, false };
    int status;
    RT_BEGIN_CRITICAL_SECTION(self);
    status = allocate_and_sort((RtListObject *)self, &intruders);
    RT_END_CRITICAL_SECTION();
    RtList_DropGarbage(&intruders);
    return status < 0 ? NULL : Rt_None;
}

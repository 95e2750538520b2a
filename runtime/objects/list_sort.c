// list_sort.c: list.sort().
//
// The list is empty while it is sorted: its items move to a new array that only
// the sorting thread sees, so that neither lock-free readers nor a user-defined
// __lt__ or key function meet half-sorted items. The list's lock is held, but a
// call may suspend it; whoever changes the list meanwhile makes the sort raise
// ValueError, and what he put there is dropped.
//
// Only "less than" is asked. After a failed comparison the array still holds
// every item once.
// Mirrors list_sort_impl in Objects/listobject.c (CPython 3.13); departs: sorts
// a new array instead of the detached one.

#include "rtcore_types.h"
#include "rt_critical_section.h"
#include "rt_errors.h"

#include <string.h>

typedef struct Sort {
    RtObject *func;             // of keys, or NULL
    bool reverse;
    RtObject **items;           // the list's new array
    RtSortEntry *entries;
    RtSortEntry *temp;          // half as many
} Sort;

// Fills the keys of the entries. The number of those that are filled: fewer
// than n with an exception.
static ssize_t
make_keys(const Sort *sort, ssize_t n)
{
    for (ssize_t i = 0; i < n; i++) {
        RtSortEntry *entry = &sort->entries[i];
        entry->key = sort->func == NULL
            ? entry->value : RtObject_CallOneArg(sort->func, entry->value);
        if (entry->key == NULL) {
            return i;
        }
    }
    return n;
}

// Sorts sort->items, whose references it keeps; also if it fails.
static int
sort_items(const Sort *sort, ssize_t n)
{
    RtSortEntry *entries = sort->entries;
    for (ssize_t i = 0; i < n; i++) {
        entries[i].value = sort->items[i];
    }
    ssize_t nkeys = make_keys(sort, n);
    int status = nkeys < n ? -1 : 0;
    if (status == 0) {
        // Reversed twice, so that equal items keep their order.
        if (sort->reverse) {
            RtSort_Reverse(entries, n);
        }
        status = RtSort_Sort(entries, n, sort->temp);
        if (sort->reverse) {
            RtSort_Reverse(entries, n);
        }
        for (ssize_t i = 0; i < n; i++) {
            sort->items[i] = entries[i].value;
        }
    }
    RtObject *exc = status < 0 ? RtErr_GetRaisedException() : NULL;
    for (ssize_t i = 0; sort->func != NULL && i < nkeys; i++) {
        Rt_DECREF(entries[i].key);
    }
    if (exc != NULL) {
        RtErr_SetRaisedException(exc);
    }
    return status;
}

// The list is locked on entry and on return, not all the time between.
static int
sort_locked(RtListObject *list, const Sort *sort, RtListGarbage *intruders)
{
    ssize_t size = Rt_SIZE(list);
    RtListGarbage taken;
    memcpy(sort->items, list->ob_item, (size_t)size * sizeof(RtObject *));
    RtList_ReplaceLocked(list, NULL, 0, -1, &taken);
    // Its references are in the items now.
    RtList_FreeItems(taken.items, taken.shared);

    int status = sort_items(sort, size);

    bool modified = list->allocated != -1;
    RtList_ReplaceLocked(list, sort->items, size, size, intruders);
    if (modified && status == 0) {
        RtErr_SetString(&RtExc_ValueError, "list modified during sort");
        status = -1;
    }
    return status;
}

static int
allocate_and_sort(RtListObject *list, Sort *sort, RtListGarbage *intruders)
{
    ssize_t size = Rt_SIZE(list);
    if (size < 2 && sort->func == NULL) {
        return 0;
    }
    if (size == 0) {
        return 0;
    }
    sort->items = RtList_NewItems(size);
    if (sort->items == NULL) {
        return -1;
    }
    sort->entries = RtMem_Malloc((size_t)(size + size / 2) *
                                 sizeof(RtSortEntry));
    if (sort->entries == NULL) {
        RtList_FreeItems(sort->items, false);
        (void)RtErr_NoMemory();
        return -1;
    }
    sort->temp = sort->entries + size;
    int status = sort_locked(list, sort, intruders);
    RtMem_Free(sort->entries);
    return status;
}

int
RtList_SortBy(RtObject *op, RtObject *key, bool reverse)
{
    Sort sort = { .func = key, .reverse = reverse };
    RtListGarbage intruders = { NULL, 0, false };
    int status;
    RT_BEGIN_CRITICAL_SECTION(op);
    status = allocate_and_sort((RtListObject *)op, &sort, &intruders);
    RT_END_CRITICAL_SECTION();
    RtObject *exc = status < 0 ? RtErr_GetRaisedException() : NULL;
    RtList_DropGarbage(&intruders);
    if (exc != NULL) {
        RtErr_SetRaisedException(exc);
    }
    return status;
}

// sort(*, key=None, reverse=False)
RtObject *
RtList_Sort(RtObject *self, RtObject *const *args, ssize_t nargs,
            RtObject *kwnames)
{
    static const char *const names[] = { "key", "reverse", NULL };
    RtObject *values[2];
    if (nargs > 0) {
        RtErr_SetString(&RtExc_TypeError,
                        "sort() takes no positional arguments");
        return NULL;
    }
    if (RtArg_Unpack("sort", names, 0, 0, args, nargs, kwnames, values) < 0) {
        return NULL;
    }
    int reverse = values[1] == NULL ? 0 : RtObject_IsTrue(values[1]);
    if (reverse < 0) {
        return NULL;
    }
    RtObject *key = values[0] == Rt_None ? NULL : values[0];
    return RtList_SortBy(self, key, reverse != 0) < 0 ? NULL : Rt_None;
}

// list_sort.c: list.sort().
//
// The list is empty while it is sorted: its items move to a new array that only
// the sorting thread sees, so that neither lock-free readers nor a user-defined
// __lt__ or key function meet half-sorted items. The list's lock is held, but a
// call may suspend it; whoever changes the list meanwhile makes the sort raise
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

// What is sorted. Without a key function an item is its own key.
typedef struct Entry {
    RtObject *key;
    RtObject *value;
} Entry;

typedef struct Sort {
    RtObject *func;             // of keys, or NULL
    bool reverse;
    RtObject **items;           // the list's new array
    Entry *entries;
    Entry *temp;                // as many
} Sort;

// 1, 0, or -1 with an exception.
static int
less_than(const Entry *x, const Entry *y)
{
    RtObject *a = x->key;
    RtObject *b = y->key;
    if (RtLong_CheckExact(a) && RtLong_CheckExact(b)) {
        return RtLong_Compare(a, b) < 0;
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
reverse_entries(Entry *entries, ssize_t n)
{
    for (ssize_t i = 0; i < n / 2; i++) {
        Entry entry = entries[i];
        entries[i] = entries[n - 1 - i];
        entries[n - 1 - i] = entry;
    }
}

// The length of the run at the start, made ascending; -1. Only a strictly
// descending run may be reversed: equal items keep their order.
static ssize_t
count_run(Entry *entries, ssize_t n)
{
    if (n < 2) {
        return n;
    }
    int descending = less_than(&entries[1], &entries[0]);
    ssize_t run = 2;
    int less = descending;
    while (less >= 0 && run < n) {
        less = less_than(&entries[run], &entries[run - 1]);
        if (less != descending) {
            break;
        }
        run++;
    }
    if (less < 0) {
        return -1;
    }
    if (descending) {
        reverse_entries(entries, run);
    }
    return run;
}

// Sorts n entries of which the first `sorted` are in order.
static int
insertion_sort(Entry *entries, ssize_t n, ssize_t sorted)
{
    for (; sorted < n; sorted++) {
        Entry pivot = entries[sorted];
        ssize_t low = 0;
        ssize_t high = sorted;
        while (low < high) {
            ssize_t middle = low + (high - low) / 2;
            int less = less_than(&pivot, &entries[middle]);
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
        memmove(&entries[low + 1], &entries[low],
                (size_t)(sorted - low) * sizeof(Entry));
        entries[low] = pivot;
    }
    return 0;
}

// Merges the sorted entries [0, middle) and [middle, n); room for `middle`
// entries in temp. If a comparison fails, the rest of temp goes into the gap.
static int
merge(Entry *entries, ssize_t middle, ssize_t n, Entry *temp)
{
    memcpy(temp, entries, (size_t)middle * sizeof(Entry));
    ssize_t left = 0;
    ssize_t right = middle;
    ssize_t to = 0;
    int less = 0;
    while (left < middle && right < n) {
        less = less_than(&entries[right], &temp[left]);
        if (less < 0) {
            break;
        }
        entries[to++] = less ? entries[right++] : temp[left++];
    }
    memcpy(&entries[to], &temp[left],
           (size_t)(middle - left) * sizeof(Entry));
    return less < 0 ? -1 : 0;
}

// Recursion halves n: its depth is the logarithm.
static int
sort_entries(Entry *entries, ssize_t n, Entry *temp)
{
    ssize_t run = count_run(entries, n);
    if (run < 0 || run == n) {
        return run < 0 ? -1 : 0;
    }
    if (n <= MIN_RUN * 2) {
        return insertion_sort(entries, n, run);
    }
    ssize_t middle = n / 2;
    if (sort_entries(entries, middle, temp) < 0
        || sort_entries(entries + middle, n - middle, temp) < 0) {
        return -1;
    }
    return merge(entries, middle, n, temp);
}

// Fills the keys of the entries. The number of those that are filled: fewer
// than n with an exception.
static ssize_t
make_keys(const Sort *sort, ssize_t n)
{
    for (ssize_t i = 0; i < n; i++) {
        Entry *entry = &sort->entries[i];
        entry->key = sort->func == NULL
            ? entry->value : RtObject_CallOneArg(sort->func, entry->value);
        if (entry->key == NULL) {
            return i;
        }
    }
    return n;
}

// Sorts sort->items, whose references it keeps. If it fails they may be in any
// order.
static int
sort_items(const Sort *sort, ssize_t n)
{
    Entry *entries = sort->entries;
    for (ssize_t i = 0; i < n; i++) {
        entries[i].value = sort->items[i];
    }
    ssize_t nkeys = make_keys(sort, n);
    int status = nkeys < n ? -1 : 0;
    if (status == 0) {
        // Reversed twice, so that equal items keep their order.
        if (sort->reverse) {
            reverse_entries(entries, n);
        }
        status = sort_entries(entries, n, sort->temp);
        if (sort->reverse) {
            reverse_entries(entries, n);
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
    sort->entries = RtMem_Malloc(2 * (size_t)size * sizeof(Entry));
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

// list_methods.c: the slots and methods of list.
//
// What changes the list, or must see it at one instant, holds its critical
// section; searching reads item by item without the lock. An item is owned
// while user code may run, since that code may take it out of the list.
// Mirrors Objects/listobject.c (CPython 3.13); departs: none.

#include "rtcore_types.h"
#include "rt_critical_section.h"
#include "rt_errors.h"
#include "rtcore_iter.h"

static inline RtListObject *
as_list(RtObject *op)
{
    rt_assert(RtList_Check(op));
    return (RtListObject *)op;
}

// ---------------------------------------------------------------------------
// Life.

static RtObject *
list_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    if (RtArg_CheckMax("list", nargs, 1) < 0) {
        return NULL;
    }
    RtObject *list = RtObject_New(type, 0);
    if (list == NULL) {
        return NULL;
    }
    RtGC_Track(list);
    if (nargs == 1 && RtList_Extend(list, args[0]) < 0) {
        Rt_DECREF(list);
        return NULL;
    }
    return list;
}

static void
list_dealloc(RtObject *op)
{
    RtListObject *list = as_list(op);
    RtGC_Untrack(op);
    for (ssize_t i = Rt_SIZE(list); --i >= 0;) {
        Rt_XDECREF(list->ob_item[i]);
    }
    RtList_FreeItems(list->ob_item, false);
    RtObject_Free(op);
}

static int
list_traverse(RtObject *op, visitproc visit, void *arg)
{
    for (ssize_t i = Rt_SIZE(op); --i >= 0;) {
        Rt_VISIT(as_list(op)->ob_item[i]);
    }
    return 0;
}

// ---------------------------------------------------------------------------
// Printing and comparing. The lock is held, but user code may suspend it: the
// size is looked at again for each item.

static int
write_items_locked(RtStrWriter *w, RtListObject *list)
{
    for (ssize_t i = 0; i < Rt_SIZE(list); i++) {
        RtObject *item = Rt_NewRef(list->ob_item[i]);
        if (i > 0) {
            RtStrWriter_Write(w, ", ", 2);
        }
        int status = RtStrWriter_WriteRepr(w, item);
        Rt_DECREF(item);
        if (status < 0) {
            return -1;
        }
    }
    return 0;
}

static RtObject *
list_repr(RtObject *op)
{
    RtReprEntry entry;
    int entered = RtRepr_Enter(&entry, op);
    if (entered != 0) {
        return entered > 0 ? RtStr_FromString("[...]") : NULL;
    }
    RtStrWriter w;
    RtStrWriter_Init(&w);
    RtStrWriter_Write(&w, "[", 1);
    int status;
    RT_BEGIN_CRITICAL_SECTION(op);
    status = write_items_locked(&w, as_list(op));
    RT_END_CRITICAL_SECTION();
    RtStrWriter_Write(&w, "]", 1);
    RtRepr_Leave(&entry);
    if (status < 0) {
        RtStrWriter_Discard(&w);
        return NULL;
    }
    return RtStrWriter_Finish(&w);
}

// The answer for two items that have a say: NULL without an exception if they
// are equal.
static RtObject *
compare_items(RtObject *x, RtObject *y, int op)
{
    int equal = RtObject_EqualBool(x, y);
    if (equal != 0) {
        return NULL;
    }
    if (op == RT_EQ || op == RT_NE) {
        return RtBool_FromInt(op == RT_NE);
    }
    return RtObject_RichCompare(x, y, op);
}

static RtObject *
compare_locked(RtListObject *a, RtListObject *b, int op)
{
    if (Rt_SIZE(a) != Rt_SIZE(b) && (op == RT_EQ || op == RT_NE)) {
        return RtBool_FromInt(op == RT_NE);
    }
    for (ssize_t i = 0; i < Rt_SIZE(a) && i < Rt_SIZE(b); i++) {
        RtObject *x = a->ob_item[i];
        RtObject *y = b->ob_item[i];
        if (RtObject_EqualFast(x, y) == 1) {
            continue;
        }
        Rt_INCREF(x);
        Rt_INCREF(y);
        RtObject *answer = compare_items(x, y, op);
        Rt_DECREF(x);
        Rt_DECREF(y);
        if (answer != NULL || RtErr_Occurred() != NULL) {
            return answer;
        }
    }
    ssize_t na = Rt_SIZE(a);
    ssize_t nb = Rt_SIZE(b);
    return RtCompare_Answer((na > nb) - (na < nb), op);
}

static RtObject *
list_richcompare(RtObject *a, RtObject *b, int op)
{
    if (!RtList_Check(a) || !RtList_Check(b)) {
        return Rt_NotImplemented;
    }
    if (RtRecursion_Enter(" in comparison") < 0) {
        return NULL;
    }
    RtObject *answer;
    RT_BEGIN_CRITICAL_SECTION2(a, b);
    answer = compare_locked(as_list(a), as_list(b), op);
    RT_END_CRITICAL_SECTION2();
    RtRecursion_Leave();
    return answer;
}

// ---------------------------------------------------------------------------
// Searching: item by item, without the lock.

// The index of the first item from `start` on that equals value; -1 if there
// is none, -2 with an exception.
static ssize_t
find_item(RtListObject *list, RtObject *value, ssize_t start)
{
    RtObject *item;
    for (ssize_t i = start; (item = RtList_TryGetItemRef(list, i)) != NULL;
         i++) {
        int equal = RtObject_EqualBool(item, value);
        Rt_DECREF(item);
        if (equal != 0) {
            return equal < 0 ? -2 : i;
        }
    }
    return -1;
}

static int
list_contains(RtObject *op, RtObject *value)
{
    ssize_t i = find_item(as_list(op), value, 0);
    return i == -2 ? -1 : i >= 0;
}

// index(value[, start[, stop]])
static RtObject *
list_index(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    RtSliceRange range = { 0, PTRDIFF_MAX, 1 };
    if (nargs > 1 &&
        (RtSlice_Argument(args[1], &range.start) < 0 ||
         (nargs > 2 && RtSlice_Argument(args[2], &range.stop) < 0)))
    {
        return NULL;
    }
    (void)RtSlice_Adjust(&range, RtList_Size(self));
    ssize_t i = find_item(as_list(self), args[0], range.start);
    if (i >= 0 && (nargs < 3 || i < range.stop)) {
        return RtLong_FromInt64(i);
    }
    RtObject *repr = i == -2 ? NULL : RtObject_Repr(args[0]);
    if (repr != NULL) {
        RtErr_Format(&RtExc_ValueError, "%s is not in list",
                     RtStr_AsUTF8(repr));
        Rt_DECREF(repr);
    }
    return NULL;
}

static RtObject *
list_count(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    int64_t count = 0;
    ssize_t i = -1;
    while ((i = find_item(as_list(self), args[0], i + 1)) >= 0) {
        count++;
    }
    return i == -2 ? NULL : RtLong_FromInt64(count);
}

// As in CPython, the position that held the equal item is what is removed,
// even if the comparison has moved the items.
static int
remove_locked(RtListObject *list, RtObject *value, RtObject **removed)
{
    for (ssize_t i = 0; i < Rt_SIZE(list); i++) {
        RtObject *item = list->ob_item[i];
        int equal = RtObject_EqualFast(item, value);
        if (equal < 0) {
            Rt_INCREF(item);
            equal = RtObject_RichCompareBool(item, value, RT_EQ);
            Rt_DECREF(item);
        }
        if (equal > 0 && i < Rt_SIZE(list)) {
            *removed = RtList_RemoveLocked(list, i);
        }
        if (equal != 0) {
            return equal;
        }
    }
    return 0;
}

static RtObject *
list_remove(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    RtObject *removed = NULL;
    int found;
    RT_BEGIN_CRITICAL_SECTION(self);
    found = remove_locked(as_list(self), args[0], &removed);
    RT_END_CRITICAL_SECTION();
    Rt_XDECREF(removed);
    if (found == 0) {
        RtErr_SetString(&RtExc_ValueError, "list.remove(x): x not in list");
    }
    return found > 0 ? Rt_None : NULL;
}

// ---------------------------------------------------------------------------
// Subscripts and operators.

static ssize_t
list_length(RtObject *op)
{
    return RtList_Size(op);
}

static RtObject *
list_subscript(RtObject *op, RtObject *key)
{
    ssize_t i;
    if (RtSlice_Check(key)) {
        return RtList_GetSlice(op, key);
    }
    if (RtLong_AsIndex(key, &i, "list indices must be integers or slices")
        < 0) {
        return NULL;
    }
    if (i < 0) {
        i += RtList_Size(op);
    }
    return RtList_GetItemRef(op, i);
}

static int
list_ass_subscript(RtObject *op, RtObject *key, RtObject *value)
{
    ssize_t i;
    if (RtSlice_Check(key)) {
        return RtList_AssignSlice(op, key, value);
    }
    if (RtLong_AsIndex(key, &i, "list indices must be integers or slices")
        < 0) {
        return -1;
    }
    return RtList_SetItem(op, i, value);
}

static RtObject *
add_locked(RtListObject *a, RtListObject *b)
{
    ssize_t na = Rt_SIZE(a);
    ssize_t nb = Rt_SIZE(b);
    RtObject *result = RtList_New(na + nb);
    if (result == NULL) {
        return NULL;
    }
    for (ssize_t i = 0; i < na; i++) {
        RtList_SetItemNew(result, i, Rt_NewRef(a->ob_item[i]));
    }
    for (ssize_t i = 0; i < nb; i++) {
        RtList_SetItemNew(result, na + i, Rt_NewRef(b->ob_item[i]));
    }
    return result;
}

static RtObject *
list_add(RtObject *a, RtObject *b)
{
    if (!RtList_Check(a)) {
        return Rt_NotImplemented;
    }
    if (!RtList_Check(b)) {
        return RtSequence_AsksOther(b) ? Rt_NotImplemented
                                       : RtSequence_BadConcat(a, b);
    }
    RtObject *result;
    RT_BEGIN_CRITICAL_SECTION2(a, b);
    result = add_locked(as_list(a), as_list(b));
    RT_END_CRITICAL_SECTION2();
    return result;
}

static RtObject *
repeat_locked(RtListObject *list, ssize_t n)
{
    ssize_t size = Rt_SIZE(list);
    ssize_t total;
    if (__builtin_mul_overflow(n, size, &total)) {
        return RtErr_NoMemory();
    }
    RtObject *result = RtList_New(total);
    for (ssize_t i = 0; result != NULL && i < total; i++) {
        RtList_SetItemNew(result, i, Rt_NewRef(list->ob_item[i % size]));
    }
    return result;
}

static RtObject *
list_multiply(RtObject *a, RtObject *b)
{
    RtObject *op = RtList_Check(a) ? a : b;
    RtObject *count = op == a ? b : a;
    ssize_t n;
    int status = RtList_Check(op) ? RtLong_AsRepeatCount(count, &n) : 1;
    if (status != 0) {
        return status < 0 ? NULL : Rt_NotImplemented;
    }
    RtObject *result;
    RT_BEGIN_CRITICAL_SECTION(op);
    result = repeat_locked(as_list(op), n);
    RT_END_CRITICAL_SECTION();
    return result;
}

RtObject *
RtList_MultiplyInPlace(RtObject *op, RtObject *count)
{
    ssize_t n;
    int status = RtLong_AsRepeatCount(count, &n);
    if (status != 0) {
        return status < 0 ? NULL : Rt_NotImplemented;
    }
    return RtList_RepeatInPlace(op, n) < 0 ? NULL : Rt_NewRef(op);
}

// ---------------------------------------------------------------------------
// Methods.

static RtObject *
list_append(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    return RtList_Append(self, args[0]) < 0 ? NULL : Rt_None;
}

static RtObject *
list_insert(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    int64_t i = RtLong_AsInt64(args[0]);
    if (i == -1 && RtErr_Occurred() != NULL) {
        return NULL;
    }
    return RtList_Insert(self, (ssize_t)i, args[1]) < 0 ? NULL : Rt_None;
}

static RtObject *
list_pop(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    int64_t i = -1;
    if (nargs == 1) {
        i = RtLong_AsInt64(args[0]);
        if (i == -1 && RtErr_Occurred() != NULL) {
            return NULL;
        }
    }
    return RtList_Pop(self, (ssize_t)i);
}

static RtObject *
list_extend(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    return RtList_Extend(self, args[0]) < 0 ? NULL : Rt_None;
}

static RtObject *
list_init(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    if (RtArg_CheckMax("list", nargs, 1) < 0 || RtList_Clear(self) < 0 ||
        (nargs == 1 && RtList_Extend(self, args[0]) < 0))
    {
        return NULL;
    }
    return Rt_None;
}

static RtObject *
list_clear(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return RtList_Clear(self) < 0 ? NULL : Rt_None;
}

static RtObject *
list_reversed(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    (void)nargs;
    return RtReversed_New(self);
}

static RtObject *
list_copy(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    RtObject *copy;
    RT_BEGIN_CRITICAL_SECTION(self);
    copy = RtList_FromItemsLocked(as_list(self));
    RT_END_CRITICAL_SECTION();
    return copy;
}

// In place: a reader sees each slot change on its own, as in CPython.
static RtObject *
list_reverse(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    RtListObject *list = as_list(self);
    RT_BEGIN_CRITICAL_SECTION(list);
    RtObject **items = list->ob_item;
    ssize_t last = Rt_SIZE(list) - 1;
    for (ssize_t i = 0; i < last - i; i++) {
        RtObject *item = items[i];
        RT_FT_ATOMIC_STORE_PTR_RELEASE(&items[i], items[last - i]);
        RT_FT_ATOMIC_STORE_PTR_RELEASE(&items[last - i], item);
    }
    RT_END_CRITICAL_SECTION();
    return Rt_None;
}

static RtMethodDef list_methods[] = {
    {"__init__", list_init, 0, -1},
    {"__reversed__", list_reversed, 0, 0},
    {"append", list_append, 1, 1},
    {"clear", list_clear, 0, 0},
    {"copy", list_copy, 0, 0},
    {"count", list_count, 1, 1},
    {"extend", list_extend, 1, 1},
    {"index", list_index, 1, 3},
    {"insert", list_insert, 2, 2},
    {"pop", list_pop, 0, 1},
    {"remove", list_remove, 1, 1},
    {"reverse", list_reverse, 0, 0},
    {"sort", RT_KEYWORDS(RtList_Sort), 0, RT_METH_KEYWORDS},
    {NULL, NULL, 0, 0},
};

RtTypeObject RtList_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "list",
    .tp_basicsize = sizeof(RtListObject),
    .tp_flags = RT_TPFLAGS_BASETYPE | RT_TPFLAGS_HAVE_GC
                | RT_TPFLAGS_LIST_SUBCLASS,
    .tp_dealloc = list_dealloc,
    .tp_traverse = list_traverse,
    .tp_clear = RtList_Clear,
    .tp_repr = list_repr,
    .tp_hash = RtObject_HashNotImplemented,
    .tp_richcompare = list_richcompare,
    .tp_iter = RtSeqIter_New,
    .tp_new = list_new,
    .nb_add = list_add,
    .nb_multiply = list_multiply,
    .mp_length = list_length,
    .mp_subscript = list_subscript,
    .mp_ass_subscript = list_ass_subscript,
    .sq_contains = list_contains,
    .tp_methods = list_methods,
};

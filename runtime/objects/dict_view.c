// dict_view.c: the views of a dict: its keys, values and items.
//
// A view only holds the dict: what it answers is the dict's answer, by the same
// ways with and without the lock. Set operations make a set of the view first
// and look the other operand's items up one by one; a comparison asks for every
// item of the one whether the other has it.
// Mirrors the views of Objects/dictobject.c (CPython 3.13); departs: the set
// that an operator starts from is the view at one instant.

#include "rtcore_dict.h"
#include "rtcore_set.h"
#include "rt_critical_section.h"
#include "rt_errors.h"

typedef struct DictView {
    RtObject ob_base;
    RtObject *dict;
} DictView;

static RtTypeObject *const view_types[] = {
    [RT_DICT_KEYS] = &RtDictKeys_Type,
    [RT_DICT_VALUES] = &RtDictValues_Type,
    [RT_DICT_ITEMS] = &RtDictItems_Type,
};

static RtDictPart
part_of_view(RtObject *op)
{
    return Rt_IS_TYPE(op, &RtDictKeys_Type)     ? RT_DICT_KEYS
           : Rt_IS_TYPE(op, &RtDictValues_Type) ? RT_DICT_VALUES
                                                : RT_DICT_ITEMS;
}

bool
RtDict_IsWholeView(RtObject *op, RtDictObject **mp, RtDictPart *part)
{
    if (Rt_IS_TYPE(op, &RtDict_Type)) {
        *mp = (RtDictObject *)op;
        *part = RT_DICT_KEYS;
        return true;
    }
    if (Rt_TYPE(op) != view_types[part_of_view(op)]) {
        return false;
    }
    *mp = (RtDictObject *)((DictView *)op)->dict;
    *part = part_of_view(op);
    return Rt_IS_TYPE((RtObject *)*mp, &RtDict_Type);
}

RtObject *
RtDictView_New(RtObject *dict, RtDictPart part)
{
    DictView *view = (DictView *)RtObject_New(view_types[part], 0);
    if (view == NULL) {
        return NULL;
    }
    view->dict = Rt_NewRef(dict);
    RtGC_Track((RtObject *)view);
    return (RtObject *)view;
}

static void
view_dealloc(RtObject *op)
{
    RtGC_Untrack(op);
    Rt_DECREF(((DictView *)op)->dict);
    RtObject_Free(op);
}

static int
view_traverse(RtObject *op, visitproc visit, void *arg)
{
    Rt_VISIT(((DictView *)op)->dict);
    return 0;
}

static RtObject *
view_iter(RtObject *op)
{
    return RtDictIter_New(((DictView *)op)->dict, part_of_view(op));
}

static ssize_t
view_length(RtObject *op)
{
    return RtDict_Size(((DictView *)op)->dict);
}

static RtObject *
view_repr(RtObject *op)
{
    RtReprEntry entry;
    int entered = RtRepr_Enter(&entry, op);
    if (entered != 0) {
        return entered > 0 ? RtStr_FromString("...") : NULL;
    }
    RtStrWriter w;
    RtStrWriter_Init(&w);
    int status = -1;
    RtObject *items = RtDict_Snapshot((RtDictObject *)((DictView *)op)->dict,
                                      part_of_view(op));
    if (items != NULL) {
        RtStrWriter_WriteString(&w, Rt_TYPE(op)->tp_name);
        RtStrWriter_Write(&w, "(", 1);
        status = RtStrWriter_WriteRepr(&w, items);
        RtStrWriter_Write(&w, ")", 1);
        Rt_DECREF(items);
    }
    RtRepr_Leave(&entry);
    if (status < 0) {
        RtStrWriter_Discard(&w);
        return NULL;
    }
    return RtStrWriter_Finish(&w);
}

static int
keys_contains(RtObject *op, RtObject *key)
{
    return RtDict_Contains(((DictView *)op)->dict, key);
}

static int
items_contains(RtObject *op, RtObject *item)
{
    if (!RtTuple_Check(item) || RtTuple_Size(item) != 2) {
        return 0;
    }
    RtObject *value;
    int found = RtDict_GetItemRef(((DictView *)op)->dict,
                                  RtTuple_GetItem(item, 0), &value);
    if (found <= 0) {
        return found;
    }
    found = RtObject_EqualBool(value, RtTuple_GetItem(item, 1));
    Rt_DECREF(value);
    return found;
}

// ---------------------------------------------------------------------------
// As sets.

static inline bool
is_set_like(RtObject *op)
{
    return Rt_IS_TYPE(op, &RtDictKeys_Type) || Rt_IS_TYPE(op, &RtDictItems_Type)
           || RtAnySet_Check(op);
}

static ssize_t
length_of(RtObject *op)
{
    return RtAnySet_Check(op) ? RtSet_Size(op) : view_length(op);
}

// A set of the items at one instant.
static RtObject *
set_of(RtObject *op)
{
    if (RtAnySet_Check(op)) {
        return RtSet_New(op);
    }
    DictView *view = (DictView *)op;
    RtObject *list = RtDict_Snapshot((RtDictObject *)view->dict,
                                     part_of_view(op));
    if (list == NULL) {
        return NULL;
    }
    RtObject *set = RtSet_New(list);
    Rt_DECREF(list);
    return set;
}

// Whether all items of a (or, with `none`, no item of it) are in b, which is
// set-like: 1, 0, -1.
static int
are_contained(RtObject *a, RtObject *b, bool none)
{
    RtObject *iter = RtObject_GetIter(a);
    if (iter == NULL) {
        return -1;
    }
    int result = 1;
    RtObject *item;
    while (result == 1 && (item = RtIter_Next(iter)) != NULL) {
        int found = Rt_TYPE(b)->sq_contains(b, item);
        Rt_DECREF(item);
        result = found < 0 ? -1 : (found != 0) != none;
    }
    Rt_DECREF(iter);
    return RtErr_Occurred() != NULL ? -1 : result;
}

static RtObject *
view_richcompare(RtObject *a, RtObject *b, int op)
{
    if (!is_set_like(b)) {
        return Rt_NotImplemented;
    }
    ssize_t a_size = length_of(a);
    ssize_t b_size = length_of(b);
    int result;
    switch (op) {
    case RT_EQ:
    case RT_NE:
        result = a_size == b_size ? are_contained(a, b, false) : 0;
        if (result >= 0 && op == RT_NE) {
            result = !result;
        }
        break;
    case RT_LT:
    case RT_LE:
        result = a_size < b_size + (op == RT_LE)
            ? are_contained(a, b, false) : 0;
        break;
    default:
        result = b_size < a_size + (op == RT_GE)
            ? are_contained(b, a, false) : 0;
        break;
    }
    return result < 0 ? NULL : RtBool_FromInt(result);
}

typedef RtObject *SetUpdate(RtObject *set, RtObject *const *args,
                            ssize_t nargs);

// The view, or the set on the left of one, changed by the right operand.
static RtObject *
changed_set(RtObject *a, RtObject *b, SetUpdate *update)
{
    // By a view on the right; on the left may be anything that can be iterated.
    RtObject *set = is_set_like(a) ? set_of(a) : RtSet_New(a);
    if (set == NULL) {
        return NULL;
    }
    RtObject *done = update(set, &b, 1);
    if (done == NULL) {
        Rt_DECREF(set);
        return NULL;
    }
    Rt_DECREF(done);
    return set;
}

static RtObject *
view_or(RtObject *a, RtObject *b)
{
    return changed_set(a, b, rt_set_update);
}

static RtObject *
view_subtract(RtObject *a, RtObject *b)
{
    return changed_set(a, b, rt_set_difference_update);
}

static RtObject *
view_xor(RtObject *a, RtObject *b)
{
    return changed_set(a, b, rt_set_symmetric_difference_update);
}

// The items of b that the view has: what is equal is taken from b.
static RtObject *
view_and(RtObject *a, RtObject *b)
{
    if (!is_set_like(a)
        || (Rt_TYPE(b) == Rt_TYPE(a) && length_of(b) > length_of(a))) {
        RtObject *view = b;
        b = a;
        a = view;
    }
    RtObject *result = RtSet_New(NULL);
    RtObject *iter = result == NULL ? NULL : RtObject_GetIter(b);
    if (iter == NULL) {
        Rt_XDECREF(result);
        return NULL;
    }
    int status = 0;
    RtObject *item;
    while (status >= 0 && (item = RtIter_Next(iter)) != NULL) {
        status = Rt_TYPE(a)->sq_contains(a, item);
        if (status > 0) {
            status = RtSet_Add(result, item);
        }
        Rt_DECREF(item);
    }
    Rt_DECREF(iter);
    if (RtErr_Occurred() != NULL) {
        Rt_DECREF(result);
        return NULL;
    }
    return result;
}

static RtObject *
view_isdisjoint(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    RtObject *other = args[0];
    if (self == other) {
        return RtBool_FromInt(length_of(self) == 0);
    }
    // The fewer are looked up among the more.
    if (is_set_like(other) && length_of(other) > length_of(self)) {
        RtObject *fewer = self;
        self = other;
        other = fewer;
    }
    int result = are_contained(other, self, true);
    return result < 0 ? NULL : RtBool_FromInt(result);
}

static RtObject *
view_reversed(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return RtDictIter_NewReverse(((DictView *)self)->dict, part_of_view(self));
}

static RtMethodDef set_methods[] = {
    {"__reversed__", view_reversed, 0, 0},
    {"isdisjoint", view_isdisjoint, 1, 1},
    {NULL, NULL, 0, 0},
};

static RtMethodDef values_methods[] = {
    {"__reversed__", view_reversed, 0, 0},
    {NULL, NULL, 0, 0},
};

#define VIEW_FIELDS(name) \
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type), \
    .tp_name = name, \
    .tp_basicsize = sizeof(DictView), \
    .tp_flags = RT_TPFLAGS_HAVE_GC, \
    .tp_dealloc = view_dealloc, \
    .tp_traverse = view_traverse, \
    .tp_repr = view_repr, \
    .tp_iter = view_iter, \
    .mp_length = view_length

#define SET_VIEW_TYPE(name, contains) \
    { \
        VIEW_FIELDS(name), \
        .tp_hash = RtObject_HashNotImplemented, \
        .tp_richcompare = view_richcompare, \
        .nb_subtract = view_subtract, \
        .nb_and = view_and, \
        .nb_or = view_or, \
        .nb_xor = view_xor, \
        .sq_contains = contains, \
        .tp_methods = set_methods, \
    }

RtTypeObject RtDictKeys_Type = SET_VIEW_TYPE("dict_keys", keys_contains);
RtTypeObject RtDictItems_Type = SET_VIEW_TYPE("dict_items", items_contains);
// Without a sq_contains of its own it is searched by iterating.
RtTypeObject RtDictValues_Type = {
    VIEW_FIELDS("dict_values"),
    .tp_methods = values_methods,
};

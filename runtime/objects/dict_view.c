// dict_view.c: the views of a dict and its iterators.
//
// A view only holds the dict. An iterator also holds a position, the size that
// the dict had and how many items are left; threads that share one may skip or
// repeat items, but each store is whole and the reference to the dict is given
// up by the destructor alone (free-threaded build): nobody drops it twice.
// Mirrors the views and dictiter of Objects/dictobject.c (CPython 3.13);
// departs: views have no set operations.

#include "rtcore_dict.h"
#include "rt_critical_section.h"
#include "rt_errors.h"

typedef struct DictView {
    RtObject ob_base;
    RtObject *dict;
} DictView;

typedef struct DictIter {
    RtObject ob_base;
    RtObject *dict;             // GIL build: NULL once exhausted
    ssize_t used;               // size to be found; -1 for ever an error
    ssize_t position;           // of the next entry; -1 once exhausted
    ssize_t left;
} DictIter;

static RtTypeObject *const view_types[] = {
    [RT_DICT_KEYS] = &RtDictKeys_Type,
    [RT_DICT_VALUES] = &RtDictValues_Type,
    [RT_DICT_ITEMS] = &RtDictItems_Type,
};

static RtTypeObject *const iter_types[] = {
    [RT_DICT_KEYS] = &RtDictKeyIter_Type,
    [RT_DICT_VALUES] = &RtDictValueIter_Type,
    [RT_DICT_ITEMS] = &RtDictItemIter_Type,
};

static RtObject *
pack_pair(RtObject *key, RtObject *value)
{
    RtObject *pair = RtTuple_New(2);
    if (pair == NULL) {
        Rt_DECREF(key);
        Rt_DECREF(value);
        return NULL;
    }
    RtTuple_SetItem(pair, 0, key);
    RtTuple_SetItem(pair, 1, value);
    return pair;
}

// ---------------------------------------------------------------------------
// Snapshots.

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

static int
fill_snapshot(RtObject *list, RtDictObject *mp, RtDictPart part)
{
    ssize_t pos = 0;
    RtObject *key = NULL;
    RtObject *value = NULL;
    for (ssize_t i = 0;
         RtDict_NextLocked(mp, &pos, part == RT_DICT_VALUES ? NULL : &key,
                           part == RT_DICT_KEYS ? NULL : &value); i++) {
        RtObject *item = part == RT_DICT_KEYS     ? key
                         : part == RT_DICT_VALUES ? value
                                                  : pack_pair(key, value);
        if (item == NULL) {
            return -1;
        }
        RtList_SetItemNew(list, i, item);
    }
    return 0;
}

RtObject *
RtDict_Snapshot(RtDictObject *mp, RtDictPart part)
{
    RtObject *list;
    int status = 0;
    RT_BEGIN_CRITICAL_SECTION(mp);
    list = RtList_New(mp->ma_used);
    if (list != NULL) {
        status = fill_snapshot(list, mp, part);
    }
    RT_END_CRITICAL_SECTION();
    if (status < 0) {
        Rt_DECREF(list);
        return NULL;
    }
    return list;
}

// ---------------------------------------------------------------------------
// Iterators.

RtObject *
RtDictIter_New(RtObject *dict, RtDictPart part)
{
    DictIter *it = (DictIter *)RtObject_New(iter_types[part], 0);
    if (it == NULL) {
        return NULL;
    }
    it->dict = Rt_NewRef(dict);
    it->used = RtDict_Size(dict);
    it->left = it->used;
    RtGC_Track((RtObject *)it);
    return (RtObject *)it;
}

static void
dictiter_dealloc(RtObject *op)
{
    RtGC_Untrack(op);
    Rt_XDECREF(((DictIter *)op)->dict);
    RtObject_Free(op);
}

static int
dictiter_traverse(RtObject *op, visitproc visit, void *arg)
{
    Rt_VISIT(((DictIter *)op)->dict);
    return 0;
}

static RtObject *
iter_self(RtObject *op)
{
    return Rt_NewRef(op);
}

static void
exhaust(DictIter *it)
{
    RT_FT_ATOMIC_STORE_SSIZE_RELAXED(&it->position, -1);
#ifndef RT_GIL_DISABLED
    Rt_CLEAR(it->dict);
#endif
}

// The next entry into *key and *value (NULL: not wanted). True if there is one.
static bool
step(DictIter *it, RtObject **key, RtObject **value)
{
    ssize_t position = RT_FT_ATOMIC_LOAD_SSIZE_RELAXED(&it->position);
    if (position < 0) {
        return false;
    }
    RtDictObject *mp = (RtDictObject *)it->dict;
    ssize_t used = RT_FT_ATOMIC_LOAD_SSIZE_RELAXED(&it->used);
    if (used != RT_FT_ATOMIC_LOAD_SSIZE_RELAXED(&mp->ma_used)) {
        RT_FT_ATOMIC_STORE_SSIZE_RELAXED(&it->used, -1);
        RtErr_SetString(&RtExc_RuntimeError,
                        "dictionary changed size during iteration");
        return false;
    }
    if (RtDict_NextRef(mp, &position, key, value) == 0) {
        exhaust(it);
        return false;
    }
    RT_FT_ATOMIC_STORE_SSIZE_RELAXED(&it->position, position);
    ssize_t left = RT_FT_ATOMIC_LOAD_SSIZE_RELAXED(&it->left);
    if (left <= 0) {
        // As many items were there, but not these.
        if (key != NULL) {
            Rt_DECREF(*key);
        }
        if (value != NULL) {
            Rt_DECREF(*value);
        }
        exhaust(it);
        RtErr_SetString(&RtExc_RuntimeError,
                        "dictionary keys changed during iteration");
        return false;
    }
    RT_FT_ATOMIC_STORE_SSIZE_RELAXED(&it->left, left - 1);
    return true;
}

static RtObject *
keyiter_next(RtObject *op)
{
    RtObject *key;
    return step((DictIter *)op, &key, NULL) ? key : NULL;
}

static RtObject *
valueiter_next(RtObject *op)
{
    RtObject *value;
    return step((DictIter *)op, NULL, &value) ? value : NULL;
}

static RtObject *
itemiter_next(RtObject *op)
{
    RtObject *key;
    RtObject *value;
    return step((DictIter *)op, &key, &value) ? pack_pair(key, value) : NULL;
}

#define ITER_TYPE(name, next) \
    { \
        .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type), \
        .tp_name = name, \
        .tp_basicsize = sizeof(DictIter), \
        .tp_flags = RT_TPFLAGS_HAVE_GC, \
        .tp_dealloc = dictiter_dealloc, \
        .tp_traverse = dictiter_traverse, \
        .tp_iter = iter_self, \
        .tp_iternext = next, \
    }

RtTypeObject RtDictKeyIter_Type = ITER_TYPE("dict_keyiterator", keyiter_next);
RtTypeObject RtDictValueIter_Type =
    ITER_TYPE("dict_valueiterator", valueiter_next);
RtTypeObject RtDictItemIter_Type =
    ITER_TYPE("dict_itemiterator", itemiter_next);

// ---------------------------------------------------------------------------
// Views.

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

// Without a sq_contains of its own a view is searched by iterating.
#define VIEW_TYPE(name, contains) \
    { \
        .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type), \
        .tp_name = name, \
        .tp_basicsize = sizeof(DictView), \
        .tp_flags = RT_TPFLAGS_HAVE_GC, \
        .tp_dealloc = view_dealloc, \
        .tp_traverse = view_traverse, \
        .tp_repr = view_repr, \
        .tp_iter = view_iter, \
        .mp_length = view_length, \
        .sq_contains = contains, \
    }

RtTypeObject RtDictKeys_Type = VIEW_TYPE("dict_keys", keys_contains);
RtTypeObject RtDictValues_Type = VIEW_TYPE("dict_values", NULL);
RtTypeObject RtDictItems_Type = VIEW_TYPE("dict_items", items_contains);

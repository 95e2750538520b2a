// dict_update.c: what dict() and update() take besides a dict: a mapping, which
// has keys(), or pairs.
//
// Both run code of the program: each item is an operation of its own, and no
// lock is held between two.
// Mirrors dict_update_arg, PyDict_Merge and PyDict_MergeFromSeq2 in
// Objects/dictobject.c (CPython 3.13); departs: a dict of a class that has its
// own __iter__ is copied as a dict.

#include "rtcore_dict.h"
#include "rt_errors.h"

// Element number i of the argument of dict() or update(): a pair.
static int
set_from_pair(RtObject *op, RtObject *element, ssize_t i)
{
    RtObject *pair = RtList_New(0);
    if (pair == NULL) {
        return -1;
    }
    int status = RtList_Extend(pair, element);
    if (status < 0 && RtErr_ExceptionMatches(&RtExc_TypeError)) {
        RtErr_Format(&RtExc_TypeError, "cannot convert dictionary update "
                     "sequence element #%zd to a sequence", i);
    }
    else if (status == 0 && RtList_Size(pair) != 2) {
        RtErr_Format(&RtExc_ValueError, "dictionary update sequence element "
                     "#%zd has length %zd; 2 is required", i,
                     RtList_Size(pair));
        status = -1;
    }
    else if (status == 0) {
        RtListObject *list = (RtListObject *)pair;
        status = RtDict_SetItem(op, list->ob_item[0], list->ob_item[1]);
    }
    Rt_DECREF(pair);
    return status;
}

static int
update_from_pairs(RtObject *op, RtObject *pairs)
{
    RtObject *iter = RtObject_GetIter(pairs);
    if (iter == NULL) {
        return -1;
    }
    int status = 0;
    RtObject *element;
    for (ssize_t i = 0;
         status == 0 && (element = RtIter_Next(iter)) != NULL; i++) {
        status = set_from_pair(op, element, i);
        Rt_DECREF(element);
    }
    Rt_DECREF(iter);
    return status < 0 || RtErr_Occurred() != NULL ? -1 : 0;
}

// As a mapping: what its keys() has, item by item.
static int
update_from_keys(RtObject *op, RtObject *source, RtObject *method)
{
    RtObject *keys = RtObject_CallNoArgs(method);
    RtObject *list = keys == NULL ? NULL : RtList_New(0);
    int status = list == NULL ? -1 : RtList_Extend(list, keys);
    Rt_XDECREF(keys);
    for (ssize_t i = 0; status == 0 && i < RtList_Size(list); i++) {
        RtObject *key = RtList_GetItemRef(list, i);
        RtObject *value = RtObject_GetItem(source, key);
        status = value == NULL ? -1 : RtDict_SetItem(op, key, value);
        Rt_DECREF(key);
        Rt_XDECREF(value);
    }
    Rt_XDECREF(list);
    return status;
}

int
RtDict_UpdateFrom(RtObject *op, RtObject *source)
{
    if (RtDict_Check(source)) {
        return RtDict_Update(op, source);
    }
    RtObject *name = RtStr_FromString("keys");
    if (name == NULL) {
        return -1;
    }
    RtObject *method;
    int found = RtObject_GetOptionalAttr(source, name, &method);
    Rt_DECREF(name);
    if (found <= 0) {
        return found < 0 ? -1 : update_from_pairs(op, source);
    }
    int status = update_from_keys(op, source, method);
    Rt_DECREF(method);
    return status;
}

// ceval_source.c: the longer instructions that only compiled source needs.
//
// The verifier knows how many items there are, not what they are: each function
// here looks at the type of what it changes, because code may come from a file.
// Mirrors Python/bytecodes.c and the helpers of Python/ceval.c (CPython 3.13);
// departs: see opcodes.def.

#include "ceval_ops.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_assert.h"
#include "rtcore_dict_object.h"
#include "rtcore_heap.h"
#include "rtcore_object.h"
#include "rtcore_set.h"
#include "rtcore_traceback.h"
#include "rtcore_type.h"
#include "rtcore_types.h"

#include <stdio.h>

// ---------------------------------------------------------------------------
// Names.

RtStackRef
RtEvalOp_LoadBuiltin(RtThreadState *tstate, RtObject *name)
{
    RtObject *builtin = RtDict_GetItemImmutable(tstate->interp->builtins, name);
    if (builtin != NULL) {
        return RtStackRef_FromObjectNew(builtin);
    }
    RtErr_Format(&RtExc_NameError, "name '%s' is not defined",
                 RtStr_AsUTF8(name));
    return RT_STACKREF_NULL;
}

static int
wrong_operand(const char *what)
{
    RtErr_Format(&RtExc_SystemError, "bad operand of an instruction: no %s",
                 what);
    return -1;
}

// NULL without an exception if the name is not there.
RtStackRef
RtEvalOp_LoadFromDict(RtThreadState *tstate, RtObject *dict, RtObject *name)
{
    (void)tstate;
    RtObject *value = NULL;
    if (!RtDict_Check(dict)) {
        wrong_operand("dict");
        return RT_STACKREF_NULL;
    }
    if (RtDict_GetItemRef(dict, name, &value) <= 0) {
        return RT_STACKREF_NULL;
    }
    return RtStackRef_FromObjectFound(value);
}

RtObject *
RtEvalOp_LoadFromDictOrCell(const RtFrame *frame, RtObject *dict,
                            uint32_t index)
{
    const RtCodeObject *code = RtFrame_GetCode(frame);
    ssize_t slot = code->co_nlocals + (ssize_t)index;
    RtObject *value = NULL;
    if (!RtDict_Check(dict) || code->co_varnames == NULL) {
        wrong_operand("dict");
        return NULL;
    }
    RtObject *name = RtTuple_GetItem(code->co_varnames, slot);
    int found = RtDict_GetItemRef(dict, name, &value);
    if (found != 0) {
        return found < 0 ? NULL : value;
    }
    RtStackRef cell = frame->localsplus[slot];
    value = RtStackRef_IsNull(cell)
        ? NULL : RtCell_Get(RtStackRef_AsObjectBorrow(cell));
    if (value == NULL) {
        RtEvalOp_UnsetVariable(frame, (uint32_t)slot);
    }
    return value;
}

// "module.name" of a function of a program.
static RtObject *
full_name(RtFunctionObject *func)
{
    RtObject *module;
    if (RtDict_GetItemRef(func->func_globals, rt_name_name, &module) < 0) {
        return NULL;
    }
    bool known = module != NULL && RtStr_Check(module);
    RtObject *name = RtStr_FromFormat("%s%s%s",
                                      known ? RtStr_AsUTF8(module) : "",
                                      known ? "." : "",
                                      RtStr_AsUTF8(func->func_qualname));
    Rt_XDECREF(module);
    return name;
}

// What messages call it. NULL: an exception is set.
static RtObject *
function_name(RtObject *callable)
{
    if (Rt_IS_TYPE(callable, &RtMethod_Type)) {
        callable = ((RtMethodObject *)callable)->im_func;
    }
    if (Rt_IS_TYPE(callable, &RtFunction_Type)) {
        return full_name((RtFunctionObject *)callable);
    }
    if (Rt_IS_TYPE(callable, &RtCFunction_Type)) {
        return RtStr_FromString(
            ((RtCFunctionObject *)callable)->m_ml->ml_name);
    }
    return RtStr_FromString(RtType_Check(callable)
                                ? ((RtTypeObject *)callable)->tp_name
                                : Rt_TYPE(callable)->tp_name);
}

// TypeError: the name of the callable, then the rest of the message, which
// contains one %s.
static void
wrong_call(RtObject *callable, const char *format, const char *what)
{
    RtErr_Clear();
    RtObject *name = function_name(callable);
    if (name != NULL) {
        char rest[160];
        snprintf(rest, sizeof(rest), format, what);
        RtErr_Format(&RtExc_TypeError, "%s() %s", RtStr_AsUTF8(name), rest);
        Rt_DECREF(name);
    }
}

// ---------------------------------------------------------------------------
// Containers.

RtObject *
RtEvalOp_BuildSet(const RtStackRef *items, uint32_t n)
{
    RtObject *set = RtSet_New(NULL);
    for (uint32_t i = 0; set != NULL && i < n; i++) {
        if (RtSet_Add(set, RtStackRef_AsObjectBorrow(items[i])) < 0) {
            Rt_CLEAR(set);
        }
    }
    return set;
}

RtObject *
RtEvalOp_BuildSlice(const RtStackRef *items, uint32_t n)
{
    return RtSlice_New(RtStackRef_AsObjectBorrow(items[0]),
                       RtStackRef_AsObjectBorrow(items[1]),
                       n < 3 ? NULL : RtStackRef_AsObjectBorrow(items[2]));
}

RtObject *
RtEvalOp_BuildString(const RtStackRef *items, uint32_t n)
{
    RtStrWriter w;
    RtStrWriter_Init(&w);
    for (uint32_t i = 0; i < n; i++) {
        RtObject *text = RtStackRef_AsObjectBorrow(items[i]);
        if (!RtStr_Check(text)) {
            RtStrWriter_Discard(&w);
            wrong_operand("str");
            return NULL;
        }
        RtStrWriter_Write(&w, RtStr_AsUTF8(text), Rt_SIZE(text));
    }
    return RtStrWriter_Finish(&w);
}

int
RtEvalOp_ListAppend(RtObject *list, RtObject *value)
{
    return RtList_Check(list) ? RtList_Append(list, value)
                              : wrong_operand("list");
}

int
RtEvalOp_SetAdd(RtObject *set, RtObject *value)
{
    return Rt_IS_TYPE(set, &RtSet_Type) ? RtSet_Add(set, value)
                                        : wrong_operand("set");
}

int
RtEvalOp_MapAdd(RtObject *dict, RtObject *key, RtObject *value)
{
    return RtDict_Check(dict) ? RtDict_SetItem(dict, key, value)
                              : wrong_operand("dict");
}

int
RtEvalOp_ListExtend(RtObject *list, RtObject *iterable)
{
    if (!RtList_Check(list)) {
        return wrong_operand("list");
    }
    if (RtList_Extend(list, iterable) == 0) {
        return 0;
    }
    if (RtErr_ExceptionMatches(&RtExc_TypeError) &&
        Rt_TYPE(iterable)->tp_iter == NULL)
    {
        RtErr_Format(&RtExc_TypeError,
                     "Value after * must be an iterable, not %s",
                     Rt_TYPE(iterable)->tp_name);
    }
    return -1;
}

int
RtEvalOp_SetUpdate(RtObject *set, RtObject *iterable)
{
    if (!Rt_IS_TYPE(set, &RtSet_Type)) {
        return wrong_operand("set");
    }
    RtObject *iter = RtObject_GetIter(iterable);
    if (iter == NULL) {
        return -1;
    }
    int status = 0;
    RtObject *item;
    while (status == 0 && (item = RtIter_Next(iter)) != NULL) {
        status = RtSet_Add(set, item);
        Rt_DECREF(item);
    }
    Rt_DECREF(iter);
    return RtErr_Occurred() != NULL ? -1 : status;
}

// Calls `store` for each item of a dict, or of what has keys().
typedef int (*StoreFunc)(RtObject *dict, RtObject *key, RtObject *value,
                         void *arg);

static int
store_items_of_dict(RtObject *dict, RtObject *other, StoreFunc store, void *arg)
{
    RtObject *copy = RtDict_Copy(other);
    if (copy == NULL) {
        return -1;
    }
    int status = 0;
    ssize_t pos = 0;
    RtObject *key, *value;
    while (status == 0 &&
           RtDict_NextRef((RtDictObject *)copy, &pos, &key, &value) > 0)
    {
        status = store(dict, key, value, arg);
        Rt_DECREF(key);
        Rt_DECREF(value);
    }
    Rt_DECREF(copy);
    return status;
}

static int
store_items(RtObject *dict, RtObject *mapping, StoreFunc store, void *arg)
{
    if (RtDict_Check(mapping)) {
        return store_items_of_dict(dict, mapping, store, arg);
    }
    RtObject *keys = RtObject_CallMethod(mapping, rt_name_keys, NULL, 0);
    RtObject *iter = keys != NULL ? RtObject_GetIter(keys) : NULL;
    Rt_XDECREF(keys);
    if (iter == NULL) {
        return -1;
    }
    int status = 0;
    RtObject *key;
    while (status == 0 && (key = RtIter_Next(iter)) != NULL) {
        RtObject *value = RtObject_GetItem(mapping, key);
        status = value != NULL ? store(dict, key, value, arg) : -1;
        Rt_XDECREF(value);
        Rt_DECREF(key);
    }
    Rt_DECREF(iter);
    return RtErr_Occurred() != NULL ? -1 : status;
}

static int
store_item(RtObject *dict, RtObject *key, RtObject *value, void *arg)
{
    (void)arg;
    return RtDict_SetItem(dict, key, value);
}

static void
not_a_mapping(RtObject *op, const char *before)
{
    if (RtErr_ExceptionMatches(&RtExc_AttributeError)) {
        RtErr_Format(&RtExc_TypeError, "%s'%s' object is not a mapping",
                     before, Rt_TYPE(op)->tp_name);
    }
}

int
RtEvalOp_DictUpdate(RtObject *dict, RtObject *mapping)
{
    if (!RtDict_Check(dict)) {
        return wrong_operand("dict");
    }
    if (store_items(dict, mapping, store_item, NULL) < 0) {
        not_a_mapping(mapping, "");
        return -1;
    }
    return 0;
}

static int
merge_item(RtObject *dict, RtObject *key, RtObject *value, void *arg)
{
    int found = RtDict_Contains(dict, key);
    if (found == 0) {
        return RtDict_SetItem(dict, key, value);
    }
    if (found > 0) {
        wrong_call(arg, "got multiple values for keyword argument '%s'",
                   RtStr_Check(key) ? RtStr_AsUTF8(key) : "?");
    }
    return -1;
}

int
RtEvalOp_DictMerge(RtObject *callable, RtObject *dict, RtObject *mapping)
{
    if (!RtDict_Check(dict)) {
        return wrong_operand("dict");
    }
    if (store_items(dict, mapping, merge_item, callable) == 0) {
        return 0;
    }
    if (RtErr_ExceptionMatches(&RtExc_AttributeError)) {
        wrong_call(callable, "argument after ** must be a mapping, not %s",
                   Rt_TYPE(mapping)->tp_name);
    }
    return -1;
}

RtObject *
RtEvalOp_ListToTuple(RtObject *list)
{
    if (!RtList_Check(list)) {
        wrong_operand("list");
        return NULL;
    }
    return RtList_AsTuple(list);
}

int
RtEvalOp_UnpackEx(RtObject *iterable, RtStackRef *slots, uint32_t before,
                  uint32_t after)
{
    ssize_t fixed = (ssize_t)before + after;
    for (ssize_t i = 0; i <= fixed; i++) {
        slots[i] = RT_STACKREF_NULL;
    }
    RtObject *list = RtList_New(0);
    if (list == NULL || RtList_Extend(list, iterable) < 0) {
        Rt_XDECREF(list);
        return -1;
    }
    RtObject *all = RtList_AsTuple(list);
    Rt_DECREF(list);
    if (all == NULL) {
        return -1;
    }
    ssize_t size = RtTuple_Size(all);
    RtObject *rest = size < fixed ? NULL : RtList_New(size - fixed);
    if (rest == NULL) {
        if (size < fixed) {
            RtErr_Format(&RtExc_ValueError, "not enough values to unpack "
                         "(expected at least %zd, got %zd)", fixed, size);
        }
        Rt_DECREF(all);
        return -1;
    }
    for (ssize_t i = 0; i < size; i++) {
        RtObject *item = Rt_NewRef(RtTuple_GetItem(all, i));
        ssize_t from_end = size - 1 - i;
        if (i < (ssize_t)before) {
            slots[fixed - i] = RtStackRef_FromObjectSteal(item);
        }
        else if (from_end < (ssize_t)after) {
            slots[from_end] = RtStackRef_FromObjectSteal(item);
        }
        else {
            RtList_SetItemNew(rest, i - (ssize_t)before, item);
        }
    }
    slots[after] = RtStackRef_FromObjectSteal(rest);
    Rt_DECREF(all);
    return 0;
}

// ---------------------------------------------------------------------------
// Text.

RtObject *
RtEvalOp_Convert(RtObject *value, uint32_t how)
{
    if (how == 1) {
        return RtObject_Str(value);
    }
    return how == 2 ? RtObject_Repr(value) : RtObject_ASCII(value);
}

RtObject *
RtEvalOp_Format(RtObject *value, RtObject *spec)
{
    return RtObject_Format(value, spec == Rt_None ? NULL : spec);
}

void
RtEvalOp_RaiseFrom(RtObject *what, RtObject *cause)
{
    RtEvalOp_Raise(what);
    RtObject *exc = RtErr_GetRaisedException();
    if (exc == NULL) {
        return;
    }
    RtObject *made = NULL;
    if (RtType_Check(cause)) {
        made = RtObject_CallNoArgs(cause);
        cause = made;
    }
    int status = cause == NULL ? -1 : 0;
    if (status == 0 && cause != Rt_None &&
        !RtType_HasFeature(Rt_TYPE(cause), RT_TPFLAGS_BASE_EXC_SUBCLASS))
    {
        RtErr_SetString(&RtExc_TypeError,
                        "exception causes must derive from BaseException");
        status = -1;
    }
    if (status == 0) {
        status = RtException_SetCause(exc, cause);
    }
    Rt_XDECREF(made);
    if (status == 0) {
        RtErr_SetRaisedException(exc);
    }
    else {
        RtObject *other = RtErr_GetRaisedException();
        Rt_DECREF(exc);
        RtErr_SetRaisedException(other);
    }
}

// ---------------------------------------------------------------------------
// Calls.

// Whether it is a tuple of at most n strs.
static bool
are_keywords(RtObject *names, ssize_t n)
{
    if (!Rt_IS_TYPE(names, &RtTuple_Type) || RtTuple_Size(names) > n) {
        return false;
    }
    for (ssize_t i = 0; i < RtTuple_Size(names); i++) {
        if (!Rt_IS_TYPE(RtTuple_GetItem(names, i), &RtStr_Type)) {
            return false;
        }
    }
    return true;
}

RtObject *
RtEvalOp_CallKw(const RtStackRef *slots, uint32_t n)
{
    RtObject *callable = RtStackRef_AsObjectBorrow(slots[0]);
    RtObject *names = RtStackRef_AsObjectBorrow(slots[n + 1]);
    if (!are_keywords(names, n)) {
        wrong_operand("keywords");
        return NULL;
    }
    RtObject *small[8];
    RtObject **args = small;
    if (n > 8) {
        args = RtMem_Malloc(n * sizeof(RtObject *));
        if (args == NULL) {
            return RtErr_NoMemory();
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        args[i] = RtStackRef_AsObjectBorrow(slots[1 + i]);
    }
    RtObject *result = RtObject_VectorcallKw(
        callable, args, (ssize_t)n - RtTuple_Size(names), names);
    if (args != small) {
        RtMem_Free(args);
    }
    return result;
}

// Adds names and values of the dict, which nobody else has.
static int
take_keywords(RtObject *kwargs, RtObject *names, RtObject *values, ssize_t at)
{
    ssize_t pos = 0;
    RtObject *key, *value;
    for (ssize_t i = 0;
         RtDict_NextRef((RtDictObject *)kwargs, &pos, &key, &value) > 0; i++)
    {
        if (!Rt_IS_TYPE(key, &RtStr_Type)) {
            Rt_DECREF(key);
            Rt_DECREF(value);
            RtErr_SetString(&RtExc_TypeError, "keywords must be strings");
            return -1;
        }
        RtTuple_SetItem(names, i, key);
        RtTuple_SetItem(values, at + i, value);
    }
    return 0;
}

static RtObject *
call_with_dict(RtObject *callable, RtObject *args, RtObject *kwargs)
{
    ssize_t nargs = RtTuple_Size(args);
    ssize_t nkw = RtDict_Size(kwargs);
    RtObject *result = NULL;
    // The values stand in a tuple that holds them meanwhile.
    RtObject *all = RtTuple_New(nargs + nkw);
    RtObject *names = all != NULL ? RtTuple_New(nkw) : NULL;
    if (names != NULL) {
        for (ssize_t i = 0; i < nargs; i++) {
            RtTuple_SetItem(all, i, Rt_NewRef(RtTuple_GetItem(args, i)));
        }
        if (take_keywords(kwargs, names, all, nargs) == 0) {
            result = RtObject_VectorcallKw(
                callable, ((RtTupleObject *)all)->ob_item, nargs, names);
        }
    }
    Rt_XDECREF(names);
    Rt_XDECREF(all);
    return result;
}

RtObject *
RtEvalOp_CallEx(RtObject *callable, RtObject *iterable, RtObject *kwargs)
{
    RtObject *args = Rt_IS_TYPE(iterable, &RtTuple_Type)
        ? Rt_NewRef(iterable)
        : RtObject_CallOneArg((RtObject *)&RtTuple_Type, iterable);
    if (args == NULL) {
        if (RtErr_ExceptionMatches(&RtExc_TypeError) &&
            Rt_TYPE(iterable)->tp_iter == NULL)
        {
            wrong_call(callable,
                       "argument after * must be an iterable, not %s",
                       Rt_TYPE(iterable)->tp_name);
        }
        return NULL;
    }
    RtObject *result = NULL;
    if (kwargs == Rt_None) {
        result = RtObject_Vectorcall(callable,
                                     ((RtTupleObject *)args)->ob_item,
                                     RtTuple_Size(args));
    }
    else if (Rt_IS_TYPE(kwargs, &RtDict_Type)) {
        result = call_with_dict(callable, args, kwargs);
    }
    else {
        wrong_operand("dict");
    }
    Rt_DECREF(args);
    return result;
}

int
RtEvalOp_SetFunctionAttribute(RtObject *func, RtObject *value, uint32_t which)
{
    if (!Rt_IS_TYPE(func, &RtFunction_Type)) {
        return wrong_operand("function");
    }
    return which == 0 ? RtFunction_SetDefaults(func, value)
                      : RtFunction_SetKwDefaults(func, value);
}

// ---------------------------------------------------------------------------
// with.

// A special method, bound. NULL: TypeError.
static RtObject *
bind_special(RtObject *op, RtObject *name)
{
    RtObject *func = RtType_LookupRef(Rt_TYPE(op), name);
    if (func == NULL) {
        RtErr_Format(&RtExc_TypeError, "'%s' object does not support the "
                     "context manager protocol%s", Rt_TYPE(op)->tp_name,
                     name == rt_name_exit ? " (missed __exit__ method)" : "");
        return NULL;
    }
    return RtDescr_Bind(func, op, Rt_TYPE(op));
}

RtObject *
RtEvalOp_EnterWith(RtObject *manager, RtObject **exit)
{
    RtObject *enter = bind_special(manager, rt_name_enter);
    *exit = enter != NULL ? bind_special(manager, rt_name_exit) : NULL;
    RtObject *result = *exit != NULL ? RtObject_CallNoArgs(enter) : NULL;
    Rt_XDECREF(enter);
    if (result == NULL) {
        RtObject *exc = RtErr_GetRaisedException();
        Rt_XDECREF(*exit);
        RtErr_SetRaisedException(exc);
    }
    return result;
}

RtObject *
RtEvalOp_ExitWith(RtObject *exit, RtObject *exc)
{
    if (!RtType_HasFeature(Rt_TYPE(exc), RT_TPFLAGS_BASE_EXC_SUBCLASS)) {
        wrong_operand("exception");
        return NULL;
    }
    RtObject *traceback = RtException_GetTraceback(exc);
    RtObject *args[] = {
        (RtObject *)Rt_TYPE(exc), exc,
        traceback != NULL ? traceback : Rt_None,
    };
    RtObject *result = RtObject_Vectorcall(exit, args, 3);
    Rt_XDECREF(traceback);
    return result;
}

// ---------------------------------------------------------------------------
// Variables without a value.

void
RtEvalOp_UnsetVariable(const RtFrame *frame, uint32_t slot)
{
    const RtCodeObject *code = RtFrame_GetCode(frame);
    if (code->co_varnames == NULL) {
        bool local = slot < (uint32_t)code->co_nlocals;
        RtErr_Format(&RtExc_NameError, local
            ? "local variable %u is used before it is set"
            : "variable %u of a function is used before it is set",
            local ? slot : slot - (uint32_t)code->co_nlocals);
        return;
    }
    const char *name =
        RtStr_AsUTF8(RtTuple_GetItem(code->co_varnames, (ssize_t)slot));
    if (slot < (uint32_t)(code->co_nlocals + code->co_ncellvars)) {
        RtErr_Format(&RtExc_UnboundLocalError,
                     "cannot access local variable '%s' where it is not "
                     "associated with a value", name);
    }
    else {
        RtErr_Format(&RtExc_NameError,
                     "cannot access free variable '%s' where it is not "
                     "associated with a value in enclosing scope", name);
    }
}

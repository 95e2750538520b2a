// ceval_ops.c: the longer instructions of the interpreter.
//
// The functions here hold no lock; what they find in shared dicts they hold a
// reference to.
// Mirrors Python/ceval.c and the helpers of Python/bytecodes.c (CPython 3.13);
// departs: nothing is specialised.

#include "ceval_ops.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_assert.h"
#include "rtcore_object.h"

void
RtEvalOp_DropItems(RtObject **from, RtObject **to)
{
    for (RtObject **slot = from; slot < to; slot++) {
        RtObject *item = *slot;
        *slot = NULL;
        Rt_XDECREF(item);
    }
}

RtObject *
RtEvalOp_LoadGlobal(RtThreadState *tstate, RtObject *globals, RtObject *name)
{
    RtObject *value;
    if (RtDict_GetItemRef(globals, name, &value) != 0) {
        return value;
    }
    value = RtDict_GetItemImmutable(tstate->interp->builtins, name);
    if (value != NULL) {
        return Rt_NewRef(value);
    }
    RtErr_Format(&RtExc_NameError, "name '%s' is not defined",
                 RtStr_AsUTF8(name));
    return NULL;
}

int
RtEvalOp_DeleteGlobal(RtObject *globals, RtObject *name)
{
    if (RtDict_DelItem(globals, name) == 0) {
        return 0;
    }
    if (RtErr_ExceptionMatches(&RtExc_KeyError)) {
        RtErr_Format(&RtExc_NameError, "name '%s' is not defined",
                     RtStr_AsUTF8(name));
    }
    return -1;
}

RtObject *
RtEvalOp_BuildTuple(RtObject **items, uint32_t n)
{
    RtObject *tuple = RtTuple_New((ssize_t)n);
    if (tuple == NULL) {
        return NULL;
    }
    for (uint32_t i = 0; i < n; i++) {
        RtTuple_SetItem(tuple, (ssize_t)i, items[i]);
    }
    return tuple;
}

RtObject *
RtEvalOp_BuildList(RtObject **items, uint32_t n)
{
    RtObject *list = RtList_New((ssize_t)n);
    if (list == NULL) {
        return NULL;
    }
    for (uint32_t i = 0; i < n; i++) {
        RtList_SetItemNew(list, (ssize_t)i, items[i]);
    }
    return list;
}

RtObject *
RtEvalOp_BuildMap(RtObject *const *items, uint32_t n)
{
    RtObject *dict = RtDict_New();
    if (dict == NULL) {
        return NULL;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (RtDict_SetItem(dict, items[2 * i], items[2 * i + 1]) < 0) {
            Rt_DECREF(dict);
            return NULL;
        }
    }
    return dict;
}

static int
wrong_length(uint32_t expected, ssize_t got)
{
    if (got > (ssize_t)expected) {
        RtErr_Format(&RtExc_ValueError,
                     "too many values to unpack (expected %u)", expected);
    }
    else {
        RtErr_Format(&RtExc_ValueError,
                     "not enough values to unpack (expected %u, got %zd)",
                     expected, got);
    }
    return -1;
}

static int
unpack_tuple(RtObject *tuple, RtObject **slots, uint32_t n)
{
    ssize_t size = RtTuple_Size(tuple);
    if (size != (ssize_t)n) {
        return wrong_length(n, size);
    }
    for (uint32_t i = 0; i < n; i++) {
        slots[n - 1 - i] = Rt_NewRef(RtTuple_GetItem(tuple, (ssize_t)i));
    }
    return 0;
}

static int
unpack_iterator(RtObject *iter, RtObject **slots, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        RtObject *item = RtIter_Next(iter);
        if (item == NULL) {
            return RtErr_Occurred() != NULL ? -1
                                            : wrong_length(n, (ssize_t)i);
        }
        slots[n - 1 - i] = item;
    }
    RtObject *extra = RtIter_Next(iter);
    if (extra != NULL) {
        Rt_DECREF(extra);
        return wrong_length(n, (ssize_t)n + 1);
    }
    return RtErr_Occurred() != NULL ? -1 : 0;
}

int
RtEvalOp_Unpack(RtObject *sequence, RtObject **slots, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        slots[i] = NULL;
    }
    if (Rt_IS_TYPE(sequence, &RtTuple_Type)) {
        return unpack_tuple(sequence, slots, n);
    }
    int result;
    if (Rt_IS_TYPE(sequence, &RtList_Type)) {
        // One moment's items: other threads may change the list meanwhile.
        RtObject *items = RtList_AsTuple(sequence);
        if (items == NULL) {
            return -1;
        }
        result = unpack_tuple(items, slots, n);
        Rt_DECREF(items);
        return result;
    }
    RtObject *iter = RtObject_GetIter(sequence);
    if (iter == NULL) {
        return -1;
    }
    result = unpack_iterator(iter, slots, n);
    Rt_DECREF(iter);
    return result;
}

// ---------------------------------------------------------------------------
// Calls.

static RtObject *
call_cfunction(RtObject *callable, RtObject *const *args, uint32_t nargs)
{
    RtCFunctionObject *func = (RtCFunctionObject *)callable;
    const RtTypeObject *owner =
        func->m_self == NULL ? NULL : Rt_TYPE(func->m_self);
    if (RtMethodDef_CheckArgs(func->m_ml, owner, nargs) < 0) {
        return NULL;
    }
    return func->m_ml->ml_meth(func->m_self, args, nargs);
}

// A function of a program takes the references of the arguments.
static RtObject *
call_any(RtObject *callable, RtObject **args, uint32_t nargs)
{
    RtTypeObject *type = Rt_TYPE(callable);
    if (type == &RtFunction_Type) {
        return RtEvalOp_CallFunction((RtFunctionObject *)callable, args,
                                     nargs);
    }
    if (type == &RtCFunction_Type) {
        return call_cfunction(callable, args, nargs);
    }
    if (type == &RtMethodDescr_Type) {
        return RtMethodDescr_Call((RtMethodDescrObject *)callable, args,
                                  nargs);
    }
    return RtObject_Vectorcall(callable, args, nargs);
}

RtObject *
RtEvalOp_Call(RtObject **slots, uint32_t nargs)
{
    RtObject *callable = slots[0];
    if (!Rt_IS_TYPE(callable, &RtMethod_Type)) {
        return call_any(callable, slots + 1, nargs);
    }
    // Self takes the slot of the method: the arguments are in place.
    RtMethodObject *method = (RtMethodObject *)callable;
    RtObject *func = Rt_NewRef(method->im_func);
    slots[0] = Rt_NewRef(method->im_self);
    Rt_DECREF(callable);
    RtObject *result = call_any(func, slots, nargs + 1);
    Rt_DECREF(func);
    return result;
}

RtObject *
RtEvalOp_CallMethod(RtObject **slots, uint32_t nargs)
{
    if (slots[1] == NULL) {
        return call_any(slots[0], slots + 2, nargs);
    }
    return call_any(slots[0], slots + 1, nargs + 1);
}

RtObject *
RtEvalOp_MakeFunction(RtObject *code, RtObject *globals)
{
    return RtFunction_New(code, globals, ((RtCodeObject *)code)->co_name);
}

// ---------------------------------------------------------------------------
// Exceptions.

static bool
is_exception_type(RtObject *op)
{
    return RtType_HasFeature(Rt_TYPE(op), RT_TPFLAGS_TYPE_SUBCLASS) &&
           RtType_HasFeature((RtTypeObject *)op, RT_TPFLAGS_BASE_EXC_SUBCLASS);
}

static bool
is_exception(RtObject *op)
{
    return RtType_HasFeature(Rt_TYPE(op), RT_TPFLAGS_BASE_EXC_SUBCLASS);
}

void
RtEvalOp_Raise(RtObject *what)
{
    if (is_exception(what)) {
        RtErr_SetRaisedException(Rt_NewRef(what));
    }
    else if (is_exception_type(what)) {
        RtErr_SetNone((RtTypeObject *)what);
    }
    else {
        RtErr_SetString(&RtExc_TypeError,
                        "exceptions must derive from BaseException");
    }
}

void
RtEvalOp_RaiseHandled(const RtFrame *frame)
{
    RtObject *exc = RtFrame_GetHandled(frame);
    if (exc == NULL) {
        RtErr_SetString(&RtExc_RuntimeError,
                        "No active exception to reraise");
        return;
    }
    RtEvalOp_Raise(exc);
}

static int
matches_one(RtObject *exc, RtObject *type)
{
    if (!is_exception_type(type)) {
        RtErr_SetString(&RtExc_TypeError,
                        "catching classes that do not inherit from "
                        "BaseException is not allowed");
        return -1;
    }
    return RtType_IsSubtype(Rt_TYPE(exc), (RtTypeObject *)type);
}

int
RtEvalOp_ExceptionMatches(RtObject *exc, RtObject *types)
{
    if (!Rt_IS_TYPE(types, &RtTuple_Type)) {
        return matches_one(exc, types);
    }
    // All are checked, whichever matches.
    int found = 0;
    ssize_t n = RtTuple_Size(types);
    for (ssize_t i = 0; i < n; i++) {
        int matches = matches_one(exc, RtTuple_GetItem(types, i));
        if (matches < 0) {
            return -1;
        }
        found |= matches;
    }
    return found;
}

// ceval_ops.c: the longer instructions of the interpreter.
//
// The functions here hold no lock; what they find in shared dicts they hold a
// reference to.
// Mirrors Python/ceval.c and the helpers of Python/bytecodes.c (CPython 3.13);
// departs: nothing is specialised.

#include "ceval_ops.h"

#include "rt_errors.h"
#include "rt_module.h"
#include "rt_types.h"
#include "rtcore_assert.h"
#include "rtcore_heap.h"
#include "rtcore_object.h"
#include "rtcore_traceback.h"

void
RtEvalOp_DropItems(RtStackRef *from, RtStackRef *to)
{
    for (RtStackRef *slot = from; slot < to; slot++) {
        RtStackRef item = *slot;
        *slot = RT_STACKREF_NULL;
        RtStackRef_XClose(item);
    }
}

void
RtEvalOp_DropFailed(RtStackRef *from, RtStackRef *to)
{
    RtObject *exc = RtErr_GetRaisedException();
    RtEvalOp_DropItems(from, to);
    RtErr_SetRaisedException(exc);
}

RtStackRef
RtEvalOp_LoadGlobal(RtThreadState *tstate, RtObject *globals, RtObject *name)
{
    RtObject *value;
    if (RtDict_GetItemRef(globals, name, &value) != 0) {
        return RtStackRef_FromObjectFound(value);
    }
    RtObject *builtin =
        RtDict_GetItemImmutable(tstate->interp->builtins, name);
    if (builtin != NULL) {
        return RtStackRef_FromObjectNew(builtin);
    }
    RtErr_Format(&RtExc_NameError, "name '%s' is not defined",
                 RtStr_AsUTF8(name));
    return RT_STACKREF_NULL;
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
RtEvalOp_BuildTuple(const RtStackRef *items, uint32_t n)
{
    RtObject *tuple = RtTuple_New((ssize_t)n);
    if (tuple == NULL) {
        return NULL;
    }
    for (uint32_t i = 0; i < n; i++) {
        RtTuple_SetItem(tuple, (ssize_t)i,
                        RtStackRef_AsObjectSteal(items[i]));
    }
    return tuple;
}

RtObject *
RtEvalOp_BuildList(const RtStackRef *items, uint32_t n)
{
    RtObject *list = RtList_New((ssize_t)n);
    if (list == NULL) {
        return NULL;
    }
    for (uint32_t i = 0; i < n; i++) {
        RtList_SetItemNew(list, (ssize_t)i,
                          RtStackRef_AsObjectSteal(items[i]));
    }
    return list;
}

RtObject *
RtEvalOp_BuildMap(const RtStackRef *items, uint32_t n)
{
    RtObject *dict = RtDict_New();
    if (dict == NULL) {
        return NULL;
    }
    for (uint32_t i = 0; i < n; i++) {
        RtObject *key = RtStackRef_AsObjectBorrow(items[2 * i]);
        RtObject *value = RtStackRef_AsObjectBorrow(items[2 * i + 1]);
        if (RtDict_SetItem(dict, key, value) < 0) {
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
unpack_tuple(RtObject *tuple, RtStackRef *slots, uint32_t n)
{
    ssize_t size = RtTuple_Size(tuple);
    if (size != (ssize_t)n) {
        return wrong_length(n, size);
    }
    for (uint32_t i = 0; i < n; i++) {
        slots[n - 1 - i] =
            RtStackRef_FromObjectNew(RtTuple_GetItem(tuple, (ssize_t)i));
    }
    return 0;
}

static int
unpack_iterator(RtObject *iter, RtStackRef *slots, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        RtObject *item = RtIter_Next(iter);
        if (item == NULL) {
            return RtErr_Occurred() != NULL ? -1
                                            : wrong_length(n, (ssize_t)i);
        }
        slots[n - 1 - i] = RtStackRef_FromObjectSteal(item);
    }
    RtObject *extra = RtIter_Next(iter);
    if (extra != NULL) {
        Rt_DECREF(extra);
        return wrong_length(n, (ssize_t)n + 1);
    }
    return RtErr_Occurred() != NULL ? -1 : 0;
}

int
RtEvalOp_Unpack(RtObject *sequence, RtStackRef *slots, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        slots[i] = RT_STACKREF_NULL;
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

enum { SMALL_CALL = 8 };        // arguments that are copied to the C stack

static RtObject *
call_borrowed(RtObject *callable, RtObject *const *args, uint32_t nargs)
{
    RtTypeObject *type = Rt_TYPE(callable);
    if (type == &RtMethodDescr_Type) {
        return RtMethodDescr_Call((RtMethodDescrObject *)callable, args,
                                  nargs);
    }
    if (type != &RtCFunction_Type) {
        return RtObject_Vectorcall(callable, args, nargs);
    }
    RtCFunctionObject *func = (RtCFunctionObject *)callable;
    const RtTypeObject *owner =
        func->m_self == NULL ? NULL : Rt_TYPE(func->m_self);
    return RtMethodDef_Call(func->m_ml, func->m_self, owner, args, nargs, NULL);
}

// Callee and arguments stay in their slots, which keep them alive.
static RtObject *
call_native(RtStackRef callable, const RtStackRef *slots, uint32_t nargs)
{
    RtObject *func = RtStackRef_AsObjectBorrow(callable);
#ifdef RT_GIL_DISABLED
    RtObject *small[SMALL_CALL];
    RtObject **args = small;
    if (nargs > SMALL_CALL) {
        args = RtMem_Malloc(nargs * sizeof(RtObject *));
        if (args == NULL) {
            return RtErr_NoMemory();
        }
    }
    for (uint32_t i = 0; i < nargs; i++) {
        args[i] = RtStackRef_AsObjectBorrow(slots[i]);
    }
    RtObject *result = call_borrowed(func, args, nargs);
    if (args != small) {
        RtMem_Free(args);
    }
    return result;
#else
    _Static_assert(sizeof(RtStackRef) == sizeof(RtObject *),
                   "slots are pointers");
    return call_borrowed(func, (RtObject *const *)slots, nargs);
#endif
}

// A function of a program takes the references: its frame holds them.
static inline RtObject *
call_any(RtThreadState *tstate, RtStackRef *callable, RtStackRef *args,
         uint32_t nargs)
{
    RtStackRef func = *callable;
    if (Rt_IS_TYPE(RtStackRef_AsObjectBorrow(func), &RtFunction_Type)) {
        *callable = RT_STACKREF_NULL;
        return RtEvalOp_CallFunction(tstate, func, args, nargs);
    }
    return call_native(func, args, nargs);
}

// A bound method: self takes its slot, so that the arguments are in place.
static RtObject *
call_method_object(RtThreadState *tstate, RtStackRef *slots, uint32_t nargs)
{
    RtMethodObject *method =
        (RtMethodObject *)RtStackRef_AsObjectBorrow(slots[0]);
    RtObject *func = method->im_func;
    RtObject *self = Rt_NewRef(method->im_self);
    RtObject *result;
    if (Rt_IS_TYPE(func, &RtFunction_Type)) {
        // Not counted, it is kept by the frame; dropping the method may stop
        // the thread, and so comes afterwards.
        RtStackRef bound = slots[0];
        RtStackRef ref = RtStackRef_FromObjectNew(func);
        slots[0] = RtStackRef_FromObjectSteal(self);
        result = RtEvalOp_CallFunction(tstate, ref, slots, nargs + 1);
        RtStackRef_Close(bound);
        return result;
    }
    Rt_INCREF(func);
    RtStackRef bound = slots[0];
    slots[0] = RtStackRef_FromObjectSteal(self);
    RtStackRef_Close(bound);
    RtStackRef ref = RtStackRef_FromObjectSteal(func);
    result = call_native(ref, slots, nargs + 1);
    RtStackRef_Close(ref);
    return result;
}

RtObject *
RtEvalOp_Call(RtThreadState *tstate, RtStackRef *slots, uint32_t nargs)
{
    RtObject *callable = RtStackRef_AsObjectBorrow(slots[0]);
    if (Rt_IS_TYPE(callable, &RtMethod_Type)) {
        return call_method_object(tstate, slots, nargs);
    }
    return call_any(tstate, &slots[0], slots + 1, nargs);
}

RtObject *
RtEvalOp_CallMethod(RtThreadState *tstate, RtStackRef *slots, uint32_t nargs)
{
    if (RtStackRef_IsNull(slots[1])) {
        return call_any(tstate, &slots[0], slots + 2, nargs);
    }
    return call_any(tstate, &slots[0], slots + 1, nargs + 1);
}

void
RtEvalOp_CopyFreeVars(RtFrame *frame)
{
    RtFunctionObject *func =
        (RtFunctionObject *)RtStackRef_AsObjectBorrow(frame->f_funcobj);
    if (func == NULL || func->func_closure == NULL) {
        return;
    }
    // Of code without free variables none is copied; else it is as many as
    // the closure has, whichever code the function had before.
    const RtCodeObject *code = RtFrame_GetCode(frame);
    RtStackRef *slot =
        frame->localsplus + code->co_nlocals + code->co_ncellvars;
    for (int i = 0; i < code->co_nfreevars; i++, slot++) {
        RtObject *cell = RtTuple_GetItem(func->func_closure, i);
        RtStackRef old = *slot;
        *slot = RtStackRef_FromObjectNew(cell);
        RtStackRef_XClose(old);
    }
}

RtObject *
RtEvalOp_MakeFunction(const RtFrame *frame, RtObject *code, RtObject *closure)
{
    RtObject *func = RtFunction_NewClosure(code, frame->globals,
                                           ((RtCodeObject *)code)->co_name,
                                           closure);
#ifdef RT_GIL_DISABLED
    // Functions of a module live long and are called by all threads. Those made
    // inside others often die soon, with what they captured.
    if (func != NULL && RtStackRef_IsNull(frame->f_funcobj)) {
        RtObject_SetDeferredRefcount(func);
    }
#endif
    return func;
}

RtObject *
RtEvalOp_ImportName(const RtFrame *frame, RtObject *name)
{
    const char *text = RtStr_AsUTF8(name);
    bool source = (RtFrame_GetCode(frame)->co_flags & RT_CO_TRACEBACK) != 0;
    return source ? RtImport_ImportName(text) : RtImport_Import(text);
}

// A module of the package that nobody has imported yet. NULL without an
// exception: there is none.
static RtObject *
import_submodule(RtObject *module, RtObject *name)
{
    RtObject *full = RtStr_FromFormat("%s.%s",
                                      RtStr_AsUTF8(RtModule_GetName(module)),
                                      RtStr_AsUTF8(name));
    RtObject *value = NULL;
    if (full != NULL && RtImport_HasSource(RtStr_AsUTF8(full))) {
        value = RtImport_ImportName(RtStr_AsUTF8(full));
    }
    Rt_XDECREF(full);
    return value;
}

RtObject *
RtEvalOp_ImportFrom(RtObject *module, RtObject *name)
{
    RtObject *value = RtObject_GetAttr(module, name);
    if (value == NULL && Rt_IS_TYPE(module, &RtModule_Type) &&
        RtErr_ExceptionMatches(&RtExc_AttributeError))
    {
        RtObject *exc = RtErr_GetRaisedException();
        value = import_submodule(module, name);
        if (value != NULL || RtErr_Occurred() != NULL) {
            Rt_DECREF(exc);
            return value;
        }
        RtErr_SetRaisedException(exc);
    }
    if (value == NULL && RtErr_ExceptionMatches(&RtExc_AttributeError)) {
        const char *from = Rt_IS_TYPE(module, &RtModule_Type)
            ? RtStr_AsUTF8(RtModule_GetName(module)) : "<unknown module name>";
        RtErr_Format(&RtExc_ImportError, "cannot import name '%s' from '%s'",
                     RtStr_AsUTF8(name), from);
    }
    return value;
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
        RtErr_SetContext(what);
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
    RtEvalOp_Reraise(exc);
}

void
RtEvalOp_Reraise(RtObject *what)
{
    if (is_exception(what)) {
        RtErr_SetRaisedException(Rt_NewRef(what));
    }
    else {
        RtEvalOp_Raise(what);
    }
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

// The entry that covers the current instruction, or NULL.
static const RtExceptionEntry *
find_handler(const RtCodeObject *code, uint32_t pc)
{
    for (uint32_t i = 0; i < code->co_nexceptions; i++) {
        const RtExceptionEntry *e = &code->co_exceptions[i];
        if (pc >= e->start && pc < e->end) {
            return e;
        }
    }
    return NULL;
}

// Whether the current instruction raises what has passed the frame already.
static bool
raises_again(const RtFrame *frame)
{
    RtInstruction at = RtFrame_GetCode(frame)->co_code[RtFrame_GetPc(frame)];
    RtOpcode op = RtInstruction_Opcode(at);
    return op == RT_OP_RERAISE ||
           (op == RT_OP_RAISE && RtInstruction_Arg(at) == 0);
}

RtStackRef *
RtEvalOp_Unwind(RtFrame *frame, RtStackRef *stack, RtStackRef *sp)
{
    RtObject *exc = RtErr_GetRaisedException();
    rt_assert(exc != NULL);
    const RtCodeObject *code = RtFrame_GetCode(frame);
    if ((code->co_flags & RT_CO_TRACEBACK) != 0 && !raises_again(frame)) {
        RtTraceBack_Here(frame, exc);
    }
    const RtExceptionEntry *e = find_handler(code, RtFrame_GetPc(frame));
    uint32_t depth = e == NULL ? 0 : e->depth;
    rt_assert(sp - stack >= (ssize_t)depth);
    while (sp > stack + depth) {
        sp--;
        RtStackRef item = *sp;
        *sp = RT_STACKREF_NULL;
        RtStackRef_XClose(item);
    }
    RtFrame_DropHandled(frame, depth);
    if (e == NULL) {
        RtErr_SetRaisedException(exc);
        return NULL;
    }
    stack[depth] = RtStackRef_FromObjectSteal(exc);
    frame->instr_ptr = code->co_targets + e->handler;
    return stack + depth + 1;
}

// function.c: functions of programs.
//
// Globals, name and closure never change. The code may be replaced while other
// threads call the function: writers hold the function's lock, readers take
// their reference without it and fall back to the lock; defaults are exchanged
// atomically. A call uses one code object from beginning to end,
// and every code of a function suits its closure. Only the defaults are
// cleared: every other cycle goes through the globals or a cell.
// Mirrors Objects/funcobject.c (CPython 3.13); departs: no attributes of its
// own; 3.13 swaps __code__ and __defaults__ without a lock (gh-145272).

#include "rtcore_code.h"

#include "rt_critical_section.h"
#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_assert.h"
#include "rtcore_object.h"
#include "rtcore_weakref.h"

#include <string.h>

static int
function_traverse(RtObject *self, visitproc visit, void *arg)
{
    RtFunctionObject *func = (RtFunctionObject *)self;
    Rt_VISIT(func->func_code);
    Rt_VISIT(func->func_globals);
    Rt_VISIT(func->func_name);
    Rt_VISIT(func->func_defaults);
    Rt_VISIT(func->func_closure);
    return 0;
}

static void
function_dealloc(RtObject *self)
{
    RtFunctionObject *func = (RtFunctionObject *)self;
    RtGC_Untrack(self);
    RtObject_ClearWeakRefs(self);
    Rt_CLEAR(func->func_globals);
    Rt_CLEAR(func->func_code);
    Rt_CLEAR(func->func_name);
    Rt_CLEAR(func->func_defaults);
    Rt_CLEAR(func->func_closure);
    RtObject_Free(self);
}

static RtObject *
function_repr(RtObject *self)
{
    RtFunctionObject *func = (RtFunctionObject *)self;
    return RtStr_FromFormat("<function %s at 0x%llx>",
                            RtStr_AsUTF8(func->func_name),
                            (unsigned long long)RtAddress_Key(self));
}

RtCodeObject *
RtFunction_GetCode(RtFunctionObject *func)
{
    RtObject *code;
#ifdef RT_GIL_DISABLED
    code = RtObject_TryXGetRef(&func->func_code);
    if (code == NULL) {
        RT_BEGIN_CRITICAL_SECTION(func);
        code = RtObject_NewRefWithLock(func->func_code);
        RT_END_CRITICAL_SECTION();
    }
#else
    code = Rt_NewRef(func->func_code);
#endif
    rt_assert(Rt_IS_TYPE(code, &RtCode_Type));
    return (RtCodeObject *)code;
}

RtStackRef
RtFunction_TryGetCodeStackRef(RtFunctionObject *func)
{
#ifdef RT_GIL_DISABLED
    RtObject *code = rt_atomic_load_ptr_acquire(&func->func_code);
    if (RtObject_HasDeferredRefcount(code)) {
        return RtStackRef_FromObjectNew(code);
    }
    return RT_STACKREF_NULL;
#else
    return RtStackRef_FromObjectNew(func->func_code);
#endif
}

static int
function_set_code(RtFunctionObject *func, RtObject *code)
{
    if (code == NULL || !Rt_IS_TYPE(code, &RtCode_Type)) {
        RtErr_SetString(&RtExc_TypeError,
                        "__code__ must be set to a code object");
        return -1;
    }
    int nfree = ((RtCodeObject *)code)->co_nfreevars;
    int closure_size = func->func_closure == NULL
        ? 0 : (int)RtTuple_Size(func->func_closure);
    if (nfree != closure_size) {
        RtErr_Format(&RtExc_ValueError,
                     "%s() requires a code object with %d free vars, not %d",
                     RtStr_AsUTF8(func->func_name), closure_size, nfree);
        return -1;
    }
    Rt_INCREF(code);
    RtObject *old;
    RT_BEGIN_CRITICAL_SECTION(func);
    old = func->func_code;
    RT_FT_ATOMIC_STORE_PTR_RELEASE(&func->func_code, code);
    RT_END_CRITICAL_SECTION();
    RT_NOTE(CODE_REPLACED, func, 0);
    Rt_DECREF(old);
    return 0;
}

RtObject *
RtFunction_GetDefaults(RtFunctionObject *func)
{
#ifdef RT_GIL_DISABLED
    return RtObject_XGetRef(&func->func_defaults);
#else
    return Rt_XNewRef(func->func_defaults);
#endif
}

// None or nothing deletes them.
static int
function_set_defaults(RtFunctionObject *func, RtObject *value)
{
    if (value == Rt_None) {
        value = NULL;
    }
    if (value != NULL && !Rt_IS_TYPE(value, &RtTuple_Type)) {
        RtErr_SetString(&RtExc_TypeError,
                        "__defaults__ must be set to a tuple object");
        return -1;
    }
    Rt_XINCREF(value);
    RtObject *old;
#ifdef RT_GIL_DISABLED
    if (value != NULL) {
        // So that callers on other threads can take a reference.
        RtObject_SetMaybeWeakref(value);
    }
    old = rt_atomic_exchange_ptr(&func->func_defaults, value);
#else
    old = func->func_defaults;
    func->func_defaults = value;
#endif
    Rt_XDECREF(old);
    return 0;
}

static int
function_clear(RtObject *self)
{
    return function_set_defaults((RtFunctionObject *)self, NULL);
}

static RtObject *
function_getattro(RtObject *self, RtObject *name)
{
    RtFunctionObject *func = (RtFunctionObject *)self;
    if (Rt_IS_TYPE(name, &RtStr_Type)) {
        const char *text = RtStr_AsUTF8(name);
        if (strcmp(text, "__code__") == 0) {
            return (RtObject *)RtFunction_GetCode(func);
        }
        if (strcmp(text, "__defaults__") == 0) {
            RtObject *defaults = RtFunction_GetDefaults(func);
            return defaults != NULL ? defaults : Rt_NewRef(Rt_None);
        }
        if (strcmp(text, "__closure__") == 0) {
            return Rt_NewRef(func->func_closure == NULL ? Rt_None
                                                        : func->func_closure);
        }
        if (strcmp(text, "__name__") == 0) {
            return Rt_NewRef(func->func_name);
        }
    }
    return RtObject_GenericGetAttr(self, name);
}

static int
function_setattro(RtObject *self, RtObject *name, RtObject *value)
{
    if (Rt_IS_TYPE(name, &RtStr_Type)) {
        const char *text = RtStr_AsUTF8(name);
        if (strcmp(text, "__code__") == 0) {
            return function_set_code((RtFunctionObject *)self, value);
        }
        if (strcmp(text, "__defaults__") == 0) {
            return function_set_defaults((RtFunctionObject *)self, value);
        }
    }
    return RtObject_GenericSetAttr(self, name, value);
}

static RtObject *
function_call(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    return RtEval_CallFunction((RtFunctionObject *)self, args, nargs);
}

RtTypeObject RtFunction_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "function",
    .tp_basicsize = sizeof(RtFunctionObject),
    .tp_weaklistoffset = offsetof(RtFunctionObject, func_weaklist),
    .tp_flags = RT_TPFLAGS_HAVE_GC,
    .tp_dealloc = function_dealloc,
    .tp_traverse = function_traverse,
    .tp_clear = function_clear,
    .tp_repr = function_repr,
    .tp_call = function_call,
    .tp_getattro = function_getattro,
    .tp_setattro = function_setattro,
    .tp_descr_get = RtMethod_Bind,
};

// Whether the closure is what the code needs; TypeError.
static bool
check_closure(const RtCodeObject *code, RtObject *closure)
{
    if (closure == NULL && code->co_nfreevars == 0) {
        return true;
    }
    bool suits = closure != NULL && Rt_IS_TYPE(closure, &RtTuple_Type) &&
                 RtTuple_Size(closure) == code->co_nfreevars;
    for (ssize_t i = 0; suits && i < code->co_nfreevars; i++) {
        suits = Rt_IS_TYPE(RtTuple_GetItem(closure, i), &RtCell_Type);
    }
    if (!suits) {
        RtErr_Format(&RtExc_TypeError, "%s() needs a closure of %d cells",
                     RtStr_AsUTF8(code->co_name), code->co_nfreevars);
    }
    return suits;
}

RtObject *
RtFunction_New(RtObject *code, RtObject *globals, RtObject *name)
{
    return RtFunction_NewClosure(code, globals, name, NULL);
}

RtObject *
RtFunction_NewClosure(RtObject *code, RtObject *globals, RtObject *name,
                      RtObject *closure)
{
    rt_assert(Rt_IS_TYPE(code, &RtCode_Type));
    rt_assert(Rt_IS_TYPE(globals, &RtDict_Type));
    if (!check_closure((RtCodeObject *)code, closure)) {
        return NULL;
    }
    RtFunctionObject *func =
        (RtFunctionObject *)RtObject_New(&RtFunction_Type, 0);
    if (func == NULL) {
        return NULL;
    }
    func->func_code = Rt_NewRef(code);
    func->func_globals = Rt_NewRef(globals);
    func->func_name = Rt_NewRef(name);
    func->func_closure = Rt_XNewRef(closure);
    RtGC_Track((RtObject *)func);
    return (RtObject *)func;
}

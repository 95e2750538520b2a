// function.c: functions of programs.
//
// Globals and name never change. The code may be replaced (f.__code__ = g)
// while other threads call the function: writers hold the function's lock,
// readers take their reference without it and fall back to the lock. There is
// nothing to clear: each cycle through a function goes through its globals.
// Mirrors Objects/funcobject.c (CPython 3.13); departs: no defaults, closures
// or attributes; CPython 3.13 swaps __code__ without a lock (gh-145272).

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

static RtObject *
function_getattro(RtObject *self, RtObject *name)
{
    RtFunctionObject *func = (RtFunctionObject *)self;
    if (Rt_IS_TYPE(name, &RtStr_Type)) {
        const char *text = RtStr_AsUTF8(name);
        if (strcmp(text, "__code__") == 0) {
            return (RtObject *)RtFunction_GetCode(func);
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
    if (Rt_IS_TYPE(name, &RtStr_Type) &&
        strcmp(RtStr_AsUTF8(name), "__code__") == 0)
    {
        return function_set_code((RtFunctionObject *)self, value);
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
    .tp_repr = function_repr,
    .tp_call = function_call,
    .tp_getattro = function_getattro,
    .tp_setattro = function_setattro,
};

RtObject *
RtFunction_New(RtObject *code, RtObject *globals, RtObject *name)
{
    rt_assert(Rt_IS_TYPE(code, &RtCode_Type));
    rt_assert(Rt_IS_TYPE(globals, &RtDict_Type));
    RtFunctionObject *func =
        (RtFunctionObject *)RtObject_New(&RtFunction_Type, 0);
    if (func == NULL) {
        return NULL;
    }
    func->func_code = Rt_NewRef(code);
    func->func_globals = Rt_NewRef(globals);
    func->func_name = Rt_NewRef(name);
    RtGC_Track((RtObject *)func);
    return (RtObject *)func;
}

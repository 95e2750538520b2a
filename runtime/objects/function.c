// function.c: functions of programs.
//
// Globals, name and closure never change. The code may be replaced while other
// threads call the function: writers hold the function's lock, readers take
// their reference without it and fall back to the lock; defaults are exchanged
// atomically. A call uses one code object from beginning to end,
// and every code of a function suits its closure. Only the defaults are
// cleared: every other cycle goes through the globals or a cell.
// Mirrors Objects/funcobject.c (CPython 3.13); departs: a name that a program
// gives a function is an attribute like others; 3.13 swaps __code__ and
// __defaults__ without a lock (gh-145272).

#include "rtcore_code.h"

#include "rt_critical_section.h"
#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_assert.h"
#include "rtcore_dict.h"        // RtInstance_GetAttr()
#include "rtcore_object.h"
#include "rtcore_type.h"        // names
#include "rtcore_weakref.h"

#include <string.h>

static int
function_traverse(RtObject *self, visitproc visit, void *arg)
{
    RtFunctionObject *func = (RtFunctionObject *)self;
    Rt_VISIT(func->func_code);
    Rt_VISIT(func->func_globals);
    Rt_VISIT(func->func_name);
    Rt_VISIT(func->func_qualname);
    Rt_VISIT(func->func_defaults);
    Rt_VISIT(func->func_kwdefaults);
    Rt_VISIT(func->func_dict);
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
    Rt_CLEAR(func->func_qualname);
    Rt_CLEAR(func->func_defaults);
    Rt_CLEAR(func->func_kwdefaults);
    Rt_CLEAR(func->func_dict);
    Rt_CLEAR(func->func_closure);
    RtObject_Free(self);
}

static RtObject *
function_repr(RtObject *self)
{
    RtFunctionObject *func = (RtFunctionObject *)self;
    return RtStr_FromFormat("<function %s at 0x%llx>",
                            RtStr_AsUTF8(func->func_qualname),
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

static RtObject *
get_shared(RtObject **field)
{
#ifdef RT_GIL_DISABLED
    return RtObject_XGetRef(field);
#else
    return Rt_XNewRef(*field);
#endif
}

RtObject *
RtFunction_GetDefaults(RtFunctionObject *func)
{
    return get_shared(&func->func_defaults);
}

RtObject *
RtFunction_GetKwDefaults(RtFunctionObject *func)
{
    return get_shared(&func->func_kwdefaults);
}

// None or nothing deletes them.
static int
set_shared(RtObject **field, RtObject *value, RtTypeObject *type,
           const char *name)
{
    if (value == Rt_None) {
        value = NULL;
    }
    if (value != NULL && !Rt_IS_TYPE(value, type)) {
        RtErr_Format(&RtExc_TypeError, "%s must be set to a %s object", name,
                     type->tp_name);
        return -1;
    }
    Rt_XINCREF(value);
    RtObject *old;
#ifdef RT_GIL_DISABLED
    if (value != NULL) {
        // So that callers on other threads can take a reference.
        RtObject_SetMaybeWeakref(value);
    }
    old = rt_atomic_exchange_ptr(field, value);
#else
    old = *field;
    *field = value;
#endif
    Rt_XDECREF(old);
    return 0;
}

int
RtFunction_SetDefaults(RtObject *func, RtObject *value)
{
    return set_shared(&((RtFunctionObject *)func)->func_defaults, value,
                      &RtTuple_Type, "__defaults__");
}

int
RtFunction_SetKwDefaults(RtObject *func, RtObject *value)
{
    return set_shared(&((RtFunctionObject *)func)->func_kwdefaults, value,
                      &RtDict_Type, "__kwdefaults__");
}

static int
function_clear(RtObject *self)
{
    (void)RtFunction_SetDefaults(self, NULL);
    return RtFunction_SetKwDefaults(self, NULL);
}

static RtObject *
or_none(RtObject *value)
{
    return value != NULL ? value : Rt_NewRef(Rt_None);
}

static RtObject *
get_doc(RtFunctionObject *func)
{
    RtCodeObject *code = RtFunction_GetCode(func);
    RtObject *doc = or_none(Rt_XNewRef(code->co_doc));
    Rt_DECREF(code);
    return doc;
}

static RtObject *
get_module(RtFunctionObject *func)
{
    RtObject *module;
    int found = RtDict_GetItemRef(func->func_globals, rt_name_name, &module);
    return found < 0 ? NULL : or_none(module);
}

// What a function has of itself. NULL without an exception: no such thing.
static RtObject *
get_own(RtFunctionObject *func, const char *name)
{
    if (strcmp(name, "__code__") == 0) {
        return (RtObject *)RtFunction_GetCode(func);
    }
    if (strcmp(name, "__defaults__") == 0) {
        return or_none(RtFunction_GetDefaults(func));
    }
    if (strcmp(name, "__kwdefaults__") == 0) {
        return or_none(RtFunction_GetKwDefaults(func));
    }
    if (strcmp(name, "__closure__") == 0) {
        return or_none(Rt_XNewRef(func->func_closure));
    }
    if (strcmp(name, "__globals__") == 0) {
        return Rt_NewRef(func->func_globals);
    }
    if (strcmp(name, "__name__") == 0) {
        return Rt_NewRef(func->func_name);
    }
    if (strcmp(name, "__qualname__") == 0) {
        return Rt_NewRef(func->func_qualname);
    }
    if (strcmp(name, "__doc__") == 0) {
        return get_doc(func);
    }
    return strcmp(name, "__module__") == 0 ? get_module(func) : NULL;
}

static RtObject *
function_getattro(RtObject *self, RtObject *name)
{
    if (Rt_IS_TYPE(name, &RtStr_Type) && RtStr_AsUTF8(name)[0] == '_') {
        // A name that the program has set comes before the function's own.
        RtObject *value;
        if (RtInstance_GetAttr(self, name, &value) != 0) {
            return value;
        }
        value = get_own((RtFunctionObject *)self, RtStr_AsUTF8(name));
        if (value != NULL || RtErr_Occurred() != NULL) {
            return value;
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
            return RtFunction_SetDefaults(self, value);
        }
        if (strcmp(text, "__kwdefaults__") == 0) {
            return RtFunction_SetKwDefaults(self, value);
        }
    }
    return RtObject_GenericSetAttr(self, name, value);
}

static RtObject *
function_call(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    return RtEval_CallFunction((RtFunctionObject *)self, args, nargs);
}

static RtObject *
function_call_kw(RtObject *self, RtObject *const *args, ssize_t nargs,
                 RtObject *kwnames)
{
    return RtEval_CallFunctionKw((RtFunctionObject *)self, args, nargs,
                                 kwnames);
}

RtTypeObject RtFunction_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "function",
    .tp_basicsize = sizeof(RtFunctionObject),
    .tp_weaklistoffset = offsetof(RtFunctionObject, func_weaklist),
    .tp_dictoffset = offsetof(RtFunctionObject, func_dict),
    .tp_flags = RT_TPFLAGS_HAVE_GC,
    .tp_dealloc = function_dealloc,
    .tp_traverse = function_traverse,
    .tp_clear = function_clear,
    .tp_repr = function_repr,
    .tp_call = function_call,
    .tp_call_kw = function_call_kw,
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
    func->func_qualname = Rt_NewRef(((RtCodeObject *)code)->co_qualname);
    func->func_closure = Rt_XNewRef(closure);
    RtGC_Track((RtObject *)func);
    return (RtObject *)func;
}

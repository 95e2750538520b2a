// method.c: bound methods, functions in C, and methods in C.
//
// None of them changes after it was made, until the collector clears it.
// Mirrors Objects/classobject.c, methodobject.c, descrobject.c (CPython 3.13);
// departs: one calling convention, argument counts checked from the definition.

#include "rtcore_code.h"

#include "rt_errors.h"
#include "rt_module.h"
#include "rt_types.h"
#include "rtcore_assert.h"
#include "rtcore_heap.h"
#include "rtcore_object.h"
#include "rtcore_type.h"
#include "rtcore_types.h"
#include "rtcore_weakref.h"

#include <string.h>

// ---------------------------------------------------------------------------
// Bound methods.

static int
method_traverse(RtObject *self, visitproc visit, void *arg)
{
    RtMethodObject *method = (RtMethodObject *)self;
    Rt_VISIT(method->im_func);
    Rt_VISIT(method->im_self);
    return 0;
}

static void
method_dealloc(RtObject *self)
{
    RtMethodObject *method = (RtMethodObject *)self;
    RtGC_Untrack(self);
    RtObject_ClearWeakRefs(self);
    Rt_CLEAR(method->im_func);
    Rt_CLEAR(method->im_self);
    RtObject_Free(self);
}

// The name of the function; a new reference, or NULL with an exception.
static RtObject *
function_name(RtObject *func)
{
    RtObject *name;
    int found = RtObject_GetOptionalAttr(func, rt_name_qualname, &name);
    if (found == 0) {
        found = RtObject_GetOptionalAttr(func, rt_name_name, &name);
    }
    if (found > 0 && !RtStr_Check(name)) {
        Rt_DECREF(name);
        found = 0;
    }
    return found == 0 ? RtStr_FromString("?") : name;
}

static RtObject *
method_repr(RtObject *self)
{
    RtMethodObject *method = (RtMethodObject *)self;
    RtObject *name = function_name(method->im_func);
    if (name == NULL) {
        return NULL;
    }
    RtObject *of = NULL;
    if (RtRecursion_Enter(" while getting the repr of an object") == 0) {
        of = RtObject_Repr(method->im_self);
        RtRecursion_Leave();
    }
    RtObject *result = of == NULL ? NULL
        : RtStr_FromFormat("<bound method %s of %s>", RtStr_AsUTF8(name),
                           RtStr_AsUTF8(of));
    Rt_XDECREF(of);
    Rt_DECREF(name);
    return result;
}

// A method may be bound once more, and that again.
static int
enter_function(const RtMethodObject *method)
{
    return Rt_IS_TYPE(method->im_func, &RtMethod_Type)
        ? RtRecursion_Enter(rt_while_calling) : 0;
}

static void
leave_function(const RtMethodObject *method)
{
    if (Rt_IS_TYPE(method->im_func, &RtMethod_Type)) {
        RtRecursion_Leave();
    }
}

static ssize_t
method_hash(RtObject *self)
{
    RtMethodObject *method = (RtMethodObject *)self;
    if (enter_function(method) < 0) {
        return -1;
    }
    ssize_t func_hash = RtObject_Hash(method->im_func);
    leave_function(method);
    if (func_hash == -1) {
        return -1;
    }
    ssize_t hash = (ssize_t)(RtAddress_Key(method->im_self) >> 4) ^ func_hash;
    return hash == -1 ? -2 : hash;
}

// Two methods are equal if they are one function of one and the same object.
static RtObject *
method_richcompare(RtObject *a, RtObject *b, int op)
{
    if ((op != RT_EQ && op != RT_NE) || !Rt_IS_TYPE(a, &RtMethod_Type) ||
        !Rt_IS_TYPE(b, &RtMethod_Type))
    {
        return Rt_NewRef(Rt_NotImplemented);
    }
    RtMethodObject *x = (RtMethodObject *)a;
    RtMethodObject *y = (RtMethodObject *)b;
    int equal = RtObject_RichCompareBool(x->im_func, y->im_func, RT_EQ);
    if (equal < 0) {
        return NULL;
    }
    equal = equal && x->im_self == y->im_self;
    return RtBool_FromInt(op == RT_EQ ? equal : !equal);
}

static RtObject *
method_getattro(RtObject *self, RtObject *name)
{
    RtMethodObject *method = (RtMethodObject *)self;
    if (Rt_IS_TYPE(name, &RtStr_Type)) {
        const char *text = RtStr_AsUTF8(name);
        if (strcmp(text, "__self__") == 0) {
            return Rt_NewRef(method->im_self);
        }
        if (strcmp(text, "__func__") == 0) {
            return Rt_NewRef(method->im_func);
        }
    }
    if (enter_function(method) < 0) {
        return NULL;
    }
    RtObject *result = RtObject_GetAttr(method->im_func, name);
    leave_function(method);
    return result;
}

static RtObject *
method_call(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    RtMethodObject *method = (RtMethodObject *)self;
    if (enter_function(method) < 0) {
        return NULL;
    }
    RtObject *result = RtObject_CallPrepend(method->im_func, method->im_self,
                                            args, nargs);
    leave_function(method);
    return result;
}

static RtObject *
method_call_kw(RtObject *self, RtObject *const *args, ssize_t nargs,
               RtObject *kwnames)
{
    RtMethodObject *method = (RtMethodObject *)self;
    if (enter_function(method) < 0) {
        return NULL;
    }
    RtObject *result = RtObject_CallPrependKw(
        method->im_func, method->im_self, args, nargs, kwnames);
    leave_function(method);
    return result;
}

// MethodType(function, object)
static RtObject *
method_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    if (nargs != 2) {
        RtErr_Format(&RtExc_TypeError, "%s() takes 2 arguments (%zd given)",
                     type->tp_name, nargs);
        return NULL;
    }
    if (Rt_TYPE(args[0])->tp_call == NULL) {
        RtErr_SetString(&RtExc_TypeError, "first argument must be callable");
        return NULL;
    }
    if (args[1] == Rt_None) {
        RtErr_SetString(&RtExc_TypeError, "instance must not be None");
        return NULL;
    }
    return RtMethod_New(args[0], args[1]);
}

RtTypeObject RtMethod_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "method",
    .tp_basicsize = sizeof(RtMethodObject),
    .tp_flags = RT_TPFLAGS_HAVE_GC,
    .tp_weaklistoffset = offsetof(RtMethodObject, im_weaklist),
    .tp_dealloc = method_dealloc,
    .tp_traverse = method_traverse,
    .tp_repr = method_repr,
    .tp_hash = method_hash,
    .tp_richcompare = method_richcompare,
    .tp_call = method_call,
    .tp_call_kw = method_call_kw,
    .tp_getattro = method_getattro,
    .tp_new = method_new,
};

RtObject *
RtMethod_New(RtObject *func, RtObject *self)
{
    rt_assert(self != NULL);
    RtMethodObject *method =
        (RtMethodObject *)RtObject_New(&RtMethod_Type, 0);
    if (method == NULL) {
        return NULL;
    }
    method->im_func = Rt_NewRef(func);
    method->im_self = Rt_NewRef(self);
    RtGC_Track((RtObject *)method);
    return (RtObject *)method;
}

RtObject *
RtMethod_Bind(RtObject *func, RtObject *op, RtObject *type)
{
    (void)type;
    return op == NULL ? Rt_NewRef(func) : RtMethod_New(func, op);
}

// ---------------------------------------------------------------------------
// Argument counts.

// Without the module.
static const char *
plain_name(const RtTypeObject *type)
{
    const char *dot = strrchr(type->tp_name, '.');
    return dot != NULL ? dot + 1 : type->tp_name;
}

static void
wrong_fixed_count(const RtMethodDef *def, const RtTypeObject *owner,
                  ssize_t nargs)
{
    const char *type_name = owner == NULL ? "" : plain_name(owner);
    const char *dot = owner == NULL ? "" : ".";
    if (def->ml_min_args == 0) {
        RtErr_Format(&RtExc_TypeError,
                     "%s%s%s() takes no arguments (%zd given)", type_name,
                     dot, def->ml_name, nargs);
    }
    else if (def->ml_min_args == 1) {
        RtErr_Format(&RtExc_TypeError,
                     "%s%s%s() takes exactly one argument (%zd given)",
                     type_name, dot, def->ml_name, nargs);
    }
    else {
        RtErr_Format(&RtExc_TypeError, "%s expected %d arguments, got %zd",
                     def->ml_name, def->ml_min_args, nargs);
    }
}

int
RtMethodDef_CheckArgs(const RtMethodDef *def, const RtTypeObject *owner,
                      ssize_t nargs)
{
    bool too_many = def->ml_max_args >= 0 && nargs > def->ml_max_args;
    if (nargs >= def->ml_min_args && !too_many) {
        return 0;
    }
    if (def->ml_min_args == def->ml_max_args) {
        wrong_fixed_count(def, owner, nargs);
        return -1;
    }
    int limit = too_many ? def->ml_max_args : def->ml_min_args;
    RtErr_Format(&RtExc_TypeError, "%s expected at %s %d argument%s, got %zd",
                 def->ml_name, too_many ? "most" : "least", limit,
                 limit == 1 ? "" : "s", nargs);
    return -1;
}

RtObject *
RtMethodDef_Call(const RtMethodDef *def, RtObject *self,
                 const RtTypeObject *owner, RtObject *const *args,
                 ssize_t nargs, RtObject *kwnames)
{
    if (def->ml_max_args == RT_METH_KEYWORDS) {
        RtCFunctionKw func = (RtCFunctionKw)(void (*)(void))def->ml_meth;
        return func(self, args, nargs, kwnames);
    }
    if (kwnames != NULL) {
        RtErr_Format(&RtExc_TypeError, "%s%s%s() takes no keyword arguments",
                     owner == NULL ? "" : owner->tp_name,
                     owner == NULL ? "" : ".", def->ml_name);
        return NULL;
    }
    if (RtMethodDef_CheckArgs(def, owner, nargs) < 0) {
        return NULL;
    }
    return def->ml_meth(self, args, nargs);
}

// ---------------------------------------------------------------------------
// Functions in C, and methods in C bound to an object.

static int
cfunction_traverse(RtObject *self, visitproc visit, void *arg)
{
    Rt_VISIT(((RtCFunctionObject *)self)->m_self);
    return 0;
}

static void
cfunction_dealloc(RtObject *self)
{
    RtGC_Untrack(self);
    Rt_CLEAR(((RtCFunctionObject *)self)->m_self);
    RtObject_Free(self);
}

static RtObject *
cfunction_repr(RtObject *self)
{
    RtCFunctionObject *func = (RtCFunctionObject *)self;
    if (func->m_self == NULL) {
        return RtStr_FromFormat("<built-in function %s>",
                                func->m_ml->ml_name);
    }
    return RtStr_FromFormat("<built-in method %s of %s object>",
                            func->m_ml->ml_name,
                            Rt_TYPE(func->m_self)->tp_name);
}

static RtObject *
cfunction_call_kw(RtObject *self, RtObject *const *args, ssize_t nargs,
                  RtObject *kwnames)
{
    RtCFunctionObject *func = (RtCFunctionObject *)self;
    RtObject *receiver = func->m_self;
    return RtMethodDef_Call(func->m_ml, receiver,
                            receiver == NULL ? NULL : Rt_TYPE(receiver),
                            args, nargs, kwnames);
}

static RtObject *
cfunction_call(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    return cfunction_call_kw(self, args, nargs, NULL);
}

static RtObject *
cfunction_richcompare(RtObject *a, RtObject *b, int op)
{
    if ((op != RT_EQ && op != RT_NE) || !Rt_IS_TYPE(a, &RtCFunction_Type) ||
        !Rt_IS_TYPE(b, &RtCFunction_Type))
    {
        return Rt_NewRef(Rt_NotImplemented);
    }
    RtCFunctionObject *x = (RtCFunctionObject *)a;
    RtCFunctionObject *y = (RtCFunctionObject *)b;
    bool equal = x->m_ml == y->m_ml && x->m_self == y->m_self;
    return RtBool_FromInt(op == RT_EQ ? equal : !equal);
}

static ssize_t
cfunction_hash(RtObject *self)
{
    RtCFunctionObject *func = (RtCFunctionObject *)self;
    uintptr_t key = func->m_self == NULL ? 0 : RtAddress_Key(func->m_self);
    // Definitions are static: their names stand for them, addresses would
    // differ between processes.
    ssize_t hash = (ssize_t)(key >> 4);
    for (const char *c = func->m_ml->ml_name; *c != '\0'; c++) {
        hash = (ssize_t)((size_t)hash * 31 + (unsigned char)*c);
    }
    return hash == -1 ? -2 : hash;
}

static RtObject *
cfunction_name(RtObject *self)
{
    return RtStr_FromString(((RtCFunctionObject *)self)->m_ml->ml_name);
}

static RtObject *
cfunction_module(RtObject *self)
{
    RtObject *module = ((RtCFunctionObject *)self)->m_self;
    return module != NULL && Rt_IS_TYPE(module, &RtModule_Type)
        ? Rt_NewRef(RtModule_GetName(module)) : RtStr_FromString("builtins");
}

static const RtGetSetDef cfunction_getset[] = {
    { "__name__", cfunction_name, NULL },
    { "__qualname__", cfunction_name, NULL },
    { "__module__", cfunction_module, NULL },
    { NULL, NULL, NULL },
};

RtTypeObject RtCFunction_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "builtin_function_or_method",
    .tp_basicsize = sizeof(RtCFunctionObject),
    .tp_flags = RT_TPFLAGS_HAVE_GC,
    .tp_dealloc = cfunction_dealloc,
    .tp_traverse = cfunction_traverse,
    .tp_repr = cfunction_repr,
    .tp_hash = cfunction_hash,
    .tp_richcompare = cfunction_richcompare,
    .tp_call = cfunction_call,
    .tp_call_kw = cfunction_call_kw,
    .tp_getset = cfunction_getset,
};

RtObject *
RtCFunction_New(RtMethodDef *def, RtObject *self)
{
    RtCFunctionObject *func =
        (RtCFunctionObject *)RtObject_New(&RtCFunction_Type, 0);
    if (func == NULL) {
        return NULL;
    }
    func->m_ml = def;
    func->m_self = Rt_XNewRef(self);
    RtGC_Track((RtObject *)func);
    return (RtObject *)func;
}

// ---------------------------------------------------------------------------
// Methods in C as they stand in the dict of a static type.

static void
descr_dealloc(RtObject *self)
{
    RtObject_Free(self);
}

static RtObject *
descr_repr(RtObject *self)
{
    RtMethodDescrObject *descr = (RtMethodDescrObject *)self;
    return RtStr_FromFormat("<method '%s' of '%s' objects>",
                            descr->d_method->ml_name, descr->d_type->tp_name);
}

static RtObject *
descr_call_kw(RtObject *self, RtObject *const *args, ssize_t nargs,
              RtObject *kwnames)
{
    RtMethodDescrObject *descr = (RtMethodDescrObject *)self;
    RtMethodDef *def = descr->d_method;
    if (nargs < 1) {
        RtErr_Format(&RtExc_TypeError,
                     "unbound method %s.%s() needs an argument",
                     descr->d_type->tp_name, def->ml_name);
        return NULL;
    }
    RtTypeObject *type = Rt_TYPE(args[0]);
    if (type != descr->d_type && !RtType_IsSubtype(type, descr->d_type)) {
        RtErr_Format(&RtExc_TypeError,
                     "descriptor '%s' for '%s' objects doesn't apply to a "
                     "'%s' object",
                     def->ml_name, descr->d_type->tp_name, type->tp_name);
        return NULL;
    }
    return RtMethodDef_Call(def, args[0], descr->d_type, args + 1, nargs - 1,
                            kwnames);
}

RtObject *
RtMethodDescr_Call(RtMethodDescrObject *descr, RtObject *const *args,
                   ssize_t nargs)
{
    return descr_call_kw((RtObject *)descr, args, nargs, NULL);
}

static RtObject *
descr_call(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    return descr_call_kw(self, args, nargs, NULL);
}

RtTypeObject RtMethodDescr_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "method_descriptor",
    .tp_basicsize = sizeof(RtMethodDescrObject),
    .tp_dealloc = descr_dealloc,
    .tp_repr = descr_repr,
    .tp_call = descr_call,
    .tp_call_kw = descr_call_kw,
    .tp_descr_get = RtMethod_Bind,
};

// Looked up, a method of a class is bound to the class it was asked of, or to
// that of the instance.
static RtObject *
classmethod_descr_get(RtObject *self, RtObject *op, RtObject *type)
{
    RtMethodDescrObject *descr = (RtMethodDescrObject *)self;
    if (type == NULL) {
        type = (RtObject *)Rt_TYPE(op);
    }
    return RtCFunction_New(descr->d_method, type);
}

RtTypeObject RtClassMethodDescr_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "classmethod_descriptor",
    .tp_basicsize = sizeof(RtMethodDescrObject),
    .tp_dealloc = descr_dealloc,
    .tp_repr = descr_repr,
    .tp_descr_get = classmethod_descr_get,
};

static RtObject *
new_descr(RtTypeObject *kind, RtTypeObject *type, RtMethodDef *def)
{
    RtMethodDescrObject *descr = (RtMethodDescrObject *)RtObject_New(kind, 0);
    if (descr == NULL) {
        return NULL;
    }
    descr->d_type = type;
    descr->d_method = def;
    return (RtObject *)descr;
}

RtObject *
RtMethodDescr_New(RtTypeObject *type, RtMethodDef *def)
{
    return new_descr(&RtMethodDescr_Type, type, def);
}

RtObject *
RtClassMethodDescr_New(RtTypeObject *type, RtMethodDef *def)
{
    return new_descr(&RtClassMethodDescr_Type, type, def);
}

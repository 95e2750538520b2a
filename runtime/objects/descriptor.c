// descriptor.c: property, classmethod, staticmethod: what stands in the dict of
// a class and decides what an attribute of its instances is.
//
// None of them changes after it was made, so that they need no lock; who calls
// one holds it, for the class may lose it at any time.
// Mirrors Objects/descrobject.c, funcobject.c (CPython 3.13); departs: made
// once and for all (no second __init__), no __doc__.

#include "rtcore_type.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_assert.h"
#include "rtcore_types.h"

static int
check_count(const RtTypeObject *type, ssize_t nargs, ssize_t least,
            ssize_t most)
{
    if (nargs >= least && nargs <= most) {
        return 0;
    }
    RtErr_Format(&RtExc_TypeError, "%s expected %s%zd argument%s, got %zd",
                 type->tp_name, least == most ? "" : "at most ", most,
                 most == 1 ? "" : "s", nargs);
    return -1;
}

// ---------------------------------------------------------------------------
// property(fget=None, fset=None, fdel=None)

enum { FGET, FSET, FDEL, NFUNCS };

typedef struct RtPropertyObject {
    RtObject ob_base;
    RtObject *funcs[NFUNCS];    // NULL: None was given
} RtPropertyObject;

static int
property_traverse(RtObject *self, visitproc visit, void *arg)
{
    RtPropertyObject *prop = (RtPropertyObject *)self;
    for (int i = 0; i < NFUNCS; i++) {
        Rt_VISIT(prop->funcs[i]);
    }
    return 0;
}

static void
property_dealloc(RtObject *self)
{
    RtPropertyObject *prop = (RtPropertyObject *)self;
    RtGC_Untrack(self);
    for (int i = 0; i < NFUNCS; i++) {
        Rt_CLEAR(prop->funcs[i]);
    }
    RtObject_Free(self);
}

static RtObject *
property_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    if (check_count(type, nargs, 0, NFUNCS) < 0) {
        return NULL;
    }
    RtObject *self = RtObject_New(type, 0);
    if (self == NULL) {
        return NULL;
    }
    RtPropertyObject *prop = (RtPropertyObject *)self;
    for (ssize_t i = 0; i < nargs; i++) {
        prop->funcs[i] = args[i] == Rt_None ? NULL : Rt_NewRef(args[i]);
    }
    RtGC_Track(self);
    return self;
}

static RtObject *
property_new_kw(RtTypeObject *type, RtObject *const *args, ssize_t nargs,
                RtObject *kwnames)
{
    static const char *const names[] = { "fget", "fset", "fdel", "doc", NULL };
    RtObject *values[4];
    if (RtArg_Unpack("property", names, 4, 0, args, nargs, kwnames,
                     values) < 0) {
        return NULL;
    }
    for (int i = 0; i < NFUNCS; i++) {
        values[i] = values[i] == NULL ? Rt_None : values[i];
    }
    return property_new(type, values, NFUNCS);
}

// Its name is that of the function that gets it, if that has one.
static void
property_lacks(const RtPropertyObject *prop, RtObject *op, const char *what)
{
    RtObject *name = NULL;
    RtObject *get = prop->funcs[FGET];
    if (get != NULL && Rt_IS_TYPE(get, &RtFunction_Type)) {
        name = RtObject_GetAttr(get, rt_name_name);
        RtErr_Clear();
    }
    bool named = name != NULL && Rt_IS_TYPE(name, &RtStr_Type);
    RtObject *type_name =
        RtObject_GetAttr((RtObject *)Rt_TYPE(op), rt_name_qualname);
    RtErr_Clear();
    bool known = type_name != NULL && Rt_IS_TYPE(type_name, &RtStr_Type);
    RtErr_Format(&RtExc_AttributeError,
                 "property%s%s%s of '%s' object has no %s",
                 named ? " '" : "", named ? RtStr_AsUTF8(name) : "",
                 named ? "'" : "",
                 known ? RtStr_AsUTF8(type_name) : Rt_TYPE(op)->tp_name, what);
    Rt_XDECREF(type_name);
    Rt_XDECREF(name);
}

static RtObject *
property_get(RtObject *self, RtObject *op, RtObject *type)
{
    (void)type;
    RtPropertyObject *prop = (RtPropertyObject *)self;
    if (op == NULL || op == Rt_None) {
        return Rt_NewRef(self);
    }
    if (prop->funcs[FGET] == NULL) {
        property_lacks(prop, op, "getter");
        return NULL;
    }
    return RtObject_CallCounted(prop->funcs[FGET], &op, 1, NULL);
}

static int
property_set(RtObject *self, RtObject *op, RtObject *value)
{
    RtPropertyObject *prop = (RtPropertyObject *)self;
    RtObject *func = prop->funcs[value == NULL ? FDEL : FSET];
    if (func == NULL) {
        property_lacks(prop, op, value == NULL ? "deleter" : "setter");
        return -1;
    }
    RtObject *args[] = { op, value };
    RtObject *result =
        RtObject_CallCounted(func, args, value == NULL ? 1 : 2, NULL);
    Rt_XDECREF(result);
    return result == NULL ? -1 : 0;
}

// A copy with another function.
static RtObject *
property_copy(RtObject *self, int which, RtObject *func)
{
    RtPropertyObject *prop = (RtPropertyObject *)self;
    RtObject *args[NFUNCS];
    for (int i = 0; i < NFUNCS; i++) {
        args[i] = prop->funcs[i] == NULL ? Rt_None : prop->funcs[i];
    }
    args[which] = func;
    return property_new(Rt_TYPE(self), args, NFUNCS);
}

static RtObject *
property_getter(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    return property_copy(self, FGET, args[0]);
}

static RtObject *
property_setter(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    return property_copy(self, FSET, args[0]);
}

static RtObject *
property_deleter(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    return property_copy(self, FDEL, args[0]);
}

static RtObject *
property_func(RtObject *self, int which)
{
    RtObject *func = ((RtPropertyObject *)self)->funcs[which];
    return Rt_NewRef(func == NULL ? Rt_None : func);
}

static RtObject *
property_fget(RtObject *self)
{
    return property_func(self, FGET);
}

static RtObject *
property_fset(RtObject *self)
{
    return property_func(self, FSET);
}

static RtObject *
property_fdel(RtObject *self)
{
    return property_func(self, FDEL);
}

static RtMethodDef property_methods[] = {
    {"getter", property_getter, 1, 1},
    {"setter", property_setter, 1, 1},
    {"deleter", property_deleter, 1, 1},
    {NULL, NULL, 0, 0},
};

static const RtGetSetDef property_getset[] = {
    {"fget", property_fget, NULL},
    {"fset", property_fset, NULL},
    {"fdel", property_fdel, NULL},
    {NULL, NULL, NULL},
};

RtTypeObject RtProperty_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "property",
    .tp_basicsize = sizeof(RtPropertyObject),
    .tp_flags = RT_TPFLAGS_HAVE_GC,
    .tp_dealloc = property_dealloc,
    .tp_traverse = property_traverse,
    .tp_new = property_new,
    .tp_new_kw = property_new_kw,
    .tp_methods = property_methods,
    .tp_getset = property_getset,
    .tp_descr_get = property_get,
    .tp_descr_set = property_set,
};

// ---------------------------------------------------------------------------
// classmethod(function), staticmethod(function)

typedef struct Wrapper {
    RtObject ob_base;
    RtObject *callable;
} Wrapper;

static int
wrapper_traverse(RtObject *self, visitproc visit, void *arg)
{
    Rt_VISIT(((Wrapper *)self)->callable);
    return 0;
}

static void
wrapper_dealloc(RtObject *self)
{
    RtGC_Untrack(self);
    Rt_CLEAR(((Wrapper *)self)->callable);
    RtObject_Free(self);
}

static RtObject *
wrapper_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    if (check_count(type, nargs, 1, 1) < 0) {
        return NULL;
    }
    RtObject *self = RtObject_New(type, 0);
    if (self == NULL) {
        return NULL;
    }
    ((Wrapper *)self)->callable = Rt_NewRef(args[0]);
    RtGC_Track(self);
    return self;
}

static RtObject *
classmethod_get(RtObject *self, RtObject *op, RtObject *type)
{
    if (type == NULL) {
        type = (RtObject *)Rt_TYPE(op);
    }
    return RtMethod_New(((Wrapper *)self)->callable, type);
}

static RtObject *
staticmethod_get(RtObject *self, RtObject *op, RtObject *type)
{
    (void)op;
    (void)type;
    return Rt_NewRef(((Wrapper *)self)->callable);
}

static RtObject *
staticmethod_call(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    return RtObject_CallCounted(((Wrapper *)self)->callable, args, nargs, NULL);
}

static RtObject *
staticmethod_call_kw(RtObject *self, RtObject *const *args, ssize_t nargs,
                     RtObject *kwnames)
{
    return RtObject_CallCounted(((Wrapper *)self)->callable, args, nargs,
                                kwnames);
}

RtTypeObject RtClassMethod_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "classmethod",
    .tp_basicsize = sizeof(Wrapper),
    .tp_flags = RT_TPFLAGS_HAVE_GC,
    .tp_dealloc = wrapper_dealloc,
    .tp_traverse = wrapper_traverse,
    .tp_new = wrapper_new,
    .tp_descr_get = classmethod_get,
};

RtTypeObject RtStaticMethod_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "staticmethod",
    .tp_basicsize = sizeof(Wrapper),
    .tp_flags = RT_TPFLAGS_HAVE_GC,
    .tp_dealloc = wrapper_dealloc,
    .tp_traverse = wrapper_traverse,
    .tp_call = staticmethod_call,
    .tp_call_kw = staticmethod_call_kw,
    .tp_new = wrapper_new,
    .tp_descr_get = staticmethod_get,
};

// object_methods.c: the methods of object, which every class inherits.
//
// Mirrors Objects/typeobject.c, object_methods (CPython 3.13); departs: one
// __new__ serves all static types, by the class it is given.

#include "rtcore_type.h"

#include "rt_errors.h"
#include "rtcore_format.h"
#include "rtcore_types.h"

// The C constructor has taken the arguments already, or a program's __init__
// passes none.
static RtObject *
object_init(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    if (nargs == 0) {
        return Rt_None;
    }
    RtObject *init = RtType_LookupRef(Rt_TYPE(self), rt_name_init);
    bool own = init != NULL && Rt_IS_TYPE(init, &RtFunction_Type);
    Rt_XDECREF(init);
    if (own) {
        RtErr_SetString(&RtExc_TypeError, "object.__init__() takes exactly "
                        "one argument (the instance to initialize)");
        return NULL;
    }
    return Rt_None;
}

static RtObject *
object_init_subclass(RtObject *self, RtObject *const *args, ssize_t nargs,
                     RtObject *kwnames)
{
    (void)self, (void)args;
    if (nargs > 0 || kwnames != NULL) {
        RtErr_Format(&RtExc_TypeError,
                     "%s.__init_subclass__() takes no keyword arguments",
                     ((RtTypeObject *)self)->tp_name);
        return NULL;
    }
    return Rt_None;
}

static RtObject *
object_sizeof(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    const RtTypeObject *type = Rt_TYPE(self);
    ssize_t items = type->tp_itemsize > 0 ? Rt_SIZE(self) : 0;
    return RtLong_FromInt64(type->tp_basicsize + items * type->tp_itemsize);
}

RtMethodDef rt_object_methods[] = {
    {"__init__", object_init, 0, -1},
    {"__format__", RtFormat_Method, 1, 1},
    {"__sizeof__", object_sizeof, 0, 0},
    {NULL, NULL, 0, 0},
};

RtMethodDef rt_object_class_methods[] = {
    {"__init_subclass__", RT_KEYWORDS(object_init_subclass), 0,
     RT_METH_KEYWORDS},
    {NULL, NULL, 0, 0},
};

// ---------------------------------------------------------------------------
// __new__(cls, *args, **keywords)

static RtObject *
make_instance(RtTypeObject *type, RtObject *const *args, ssize_t nargs,
              RtObject *kwnames)
{
    RtTypeObject *base = RtType_StaticBase(type);
    if (base->tp_new == NULL) {
        RtErr_Format(&RtExc_TypeError, "cannot create '%s' instances",
                     type->tp_name);
        return NULL;
    }
    if (base == &RtBaseObject_Type) {
        if (nargs > 0 || kwnames != NULL) {
            RtErr_SetString(&RtExc_TypeError, "object.__new__() takes exactly "
                            "one argument (the type to instantiate)");
            return NULL;
        }
        return base->tp_new(type, NULL, 0);
    }
    return kwnames != NULL && base->tp_new_kw != NULL
        ? base->tp_new_kw(type, args, nargs, kwnames)
        : base->tp_new(type, args, nargs);
}

static RtObject *
object_new_method(RtObject *self, RtObject *const *args, ssize_t nargs,
                  RtObject *kwnames)
{
    (void)self;
    if (nargs < 1 || !RtType_Check(args[0])) {
        RtErr_SetString(&RtExc_TypeError, nargs < 1
                        ? "object.__new__(): not enough arguments"
                        : "object.__new__(X): X is not a type object");
        return NULL;
    }
    RtTypeObject *type = (RtTypeObject *)args[0];
    RtObject *op = make_instance(type, args + 1, nargs - 1, kwnames);
    if (op != NULL && RtType_IsHeap(type) && !RtGC_IsTracked(op)) {
        RtGC_Track(op);
    }
    return op;
}

static RtMethodDef new_def = {
    "__new__", RT_KEYWORDS(object_new_method), 0, RT_METH_KEYWORDS,
};

int
RtObject_AddNew(RtObject *dict)
{
    RtObject *func = RtCFunction_New(&new_def, NULL);
    if (func == NULL) {
        return -1;
    }
    RtObject_SetImmortal(func);
    return RtDict_SetItem(dict, rt_name_new, func);
}

// builtin_attributes.c: built-in functions that look at objects and classes.
//
// Nothing here has state. dir() and vars() show one moment of what other
// threads may be changing.
// Mirrors Python/bltinmodule.c and Objects/object.c (CPython 3.13); departs:
// vars(), locals() and dir() need an argument.

#include "module.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_code.h"        // frames
#include "rtcore_dict.h"
#include "rtcore_type.h"
#include "rtcore_types.h"
#include "rtcore_weakref.h"

static int
check_name(RtObject *name)
{
    if (RtStr_Check(name)) {
        return 0;
    }
    RtErr_Format(&RtExc_TypeError, "attribute name must be string, not '%s'",
                 Rt_TYPE(name)->tp_name);
    return -1;
}

static RtObject *
builtin_getattr(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    if (check_name(args[1]) < 0) {
        return NULL;
    }
    if (nargs == 2) {
        return RtObject_GetAttr(args[0], args[1]);
    }
    RtObject *value;
    int found = RtObject_GetOptionalAttr(args[0], args[1], &value);
    return found == 0 ? Rt_NewRef(args[2]) : value;
}

static RtObject *
builtin_hasattr(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    RtObject *value;
    if (check_name(args[1]) < 0) {
        return NULL;
    }
    int found = RtObject_GetOptionalAttr(args[0], args[1], &value);
    Rt_XDECREF(value);
    return found < 0 ? NULL : RtBool_FromInt(found);
}

static RtObject *
builtin_setattr(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    return RtObject_SetAttr(args[0], args[1], args[2]) < 0 ? NULL : Rt_None;
}

static RtObject *
builtin_delattr(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    return RtObject_SetAttr(args[0], args[1], NULL) < 0 ? NULL : Rt_None;
}

static RtObject *
builtin_callable(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    return RtBool_FromInt(Rt_TYPE(args[0])->tp_call != NULL);
}

static RtObject *
builtin_format(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    if (nargs > 1 && !RtStr_Check(args[1])) {
        RtErr_Format(&RtExc_TypeError,
                     "format() argument 2 must be str, not %s",
                     Rt_TYPE(args[1])->tp_name);
        return NULL;
    }
    return RtObject_Format(args[0], nargs > 1 ? args[1] : NULL);
}

static RtObject *
builtin_ascii(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    return RtObject_ASCII(args[0]);
}

// ---------------------------------------------------------------------------
// isinstance, issubclass

// Whether type derives from a type, or from one of a tuple of what may stand
// here. 1, 0, or -1 with TypeError `message`.
static int
derives_from(RtTypeObject *type, RtObject *types, const char *message)
{
    if (RtType_Check(types)) {
        return RtType_IsSubtype(type, (RtTypeObject *)types);
    }
    if (!RtTuple_Check(types)) {
        RtErr_SetString(&RtExc_TypeError, message);
        return -1;
    }
    if (RtRecursion_Enter(" in __instancecheck__") < 0) {
        return -1;
    }
    int found = 0;
    for (ssize_t i = 0; i < RtTuple_Size(types) && found == 0; i++) {
        found = derives_from(type, RtTuple_GetItem(types, i), message);
    }
    RtRecursion_Leave();
    return found;
}

static const char isinstance_types[] =
    "isinstance() arg 2 must be a type, a tuple of types, or a union";

// By its __class__, which may be another than its type: that of a weak proxy.
static int
claims_to_be(RtObject *op, RtObject *types)
{
    if (!RtType_IsHeap(Rt_TYPE(op)) && !RtWeakProxy_Check(op)) {
        return 0;
    }
    RtObject *cls;
    int found = RtObject_GetOptionalAttr(op, rt_name_class, &cls);
    if (found > 0) {
        found = RtType_Check(cls) && cls != (RtObject *)Rt_TYPE(op)
            ? derives_from((RtTypeObject *)cls, types, isinstance_types) : 0;
        Rt_DECREF(cls);
    }
    return found;
}

static RtObject *
builtin_isinstance(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    if ((RtObject *)Rt_TYPE(args[0]) == args[1]) {
        return Rt_True;
    }
    int found = derives_from(Rt_TYPE(args[0]), args[1], isinstance_types);
    if (found == 0) {
        found = claims_to_be(args[0], args[1]);
    }
    return found < 0 ? NULL : RtBool_FromInt(found);
}

static RtObject *
builtin_issubclass(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    if (RtTuple_Check(args[1]) && RtTuple_Size(args[1]) == 0) {
        return Rt_False;        // nobody asked what the first is
    }
    if (!RtType_Check(args[0])) {
        RtErr_SetString(&RtExc_TypeError,
                        "issubclass() arg 1 must be a class");
        return NULL;
    }
    int found = derives_from((RtTypeObject *)args[0], args[1], "issubclass() "
                             "arg 2 must be a class, a tuple of classes, or a "
                             "union");
    return found < 0 ? NULL : RtBool_FromInt(found);
}

// ---------------------------------------------------------------------------
// vars, globals, dir

static RtObject *
builtin_vars(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    RtObject *dict;
    int found = RtObject_GetOptionalAttr(args[0], rt_name_dict, &dict);
    if (found == 0) {
        RtErr_SetString(&RtExc_TypeError,
                        "vars() argument must have __dict__ attribute");
    }
    return dict;
}

static RtObject *
builtin_globals(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)args, (void)nargs;
    const RtFrame *frame = RtThreadState_Get()->current_frame;
    return Rt_NewRef(frame == NULL ? Rt_None : frame->globals);
}

// Puts the keys of a dict into another. 0, or -1.
static int
add_names(RtObject *names, RtObject *dict)
{
    return dict == NULL ? 0 : RtDict_Update(names, dict);
}

static int
add_class_names(RtObject *names, RtTypeObject *type)
{
    RtObject *mro = Rt_XNewRef(type->tp_mro);
    int status = 0;
    for (ssize_t i = 0; mro != NULL && status == 0 && i < RtTuple_Size(mro);
         i++)
    {
        status = add_names(names,
                           ((RtTypeObject *)RtTuple_GetItem(mro, i))->tp_dict);
    }
    Rt_XDECREF(mro);
    return status;
}

static int
add_all_names(RtObject *names, RtObject *op)
{
    if (RtType_Check(op)) {
        return add_class_names(names, (RtTypeObject *)op);
    }
    RtObject *dict;
    int found = RtObject_GetOptionalAttr(op, rt_name_dict, &dict);
    int status = found < 0 ? -1 : 0;
    if (found > 0 && RtType_HasFeature(Rt_TYPE(dict), RT_TPFLAGS_DICT_SUBCLASS))
    {
        status = add_names(names, dict);
    }
    Rt_XDECREF(dict);
    return status < 0 ? -1 : add_class_names(names, Rt_TYPE(op));
}

// What op.__dir__() says: 1, 0 if it has none, -1.
static int
names_by_method(RtObject *op, RtObject **list)
{
    RtObject *names;
    int found = RtObject_CallSpecial(op, rt_name_dir, &names);
    if (found <= 0) {
        return found;
    }
    *list = RtObject_CallOneArg((RtObject *)&RtList_Type, names);
    Rt_DECREF(names);
    return *list == NULL ? -1 : 1;
}

static RtObject *
builtin_dir(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    RtObject *list = NULL;
    int found = names_by_method(args[0], &list);
    if (found == 0) {
        RtObject *names = RtDict_New();
        if (names != NULL && add_all_names(names, args[0]) == 0) {
            list = RtObject_CallOneArg((RtObject *)&RtList_Type, names);
        }
        Rt_XDECREF(names);
    }
    if (list != NULL && RtList_SortBy(list, NULL, false) < 0) {
        Rt_CLEAR(list);
    }
    return list;
}

RtMethodDef rt_builtin_attribute_functions[] = {
    { "getattr", builtin_getattr, 2, 3 },
    { "hasattr", builtin_hasattr, 2, 2 },
    { "setattr", builtin_setattr, 3, 3 },
    { "delattr", builtin_delattr, 2, 2 },
    { "callable", builtin_callable, 1, 1 },
    { "format", builtin_format, 1, 2 },
    { "ascii", builtin_ascii, 1, 1 },
    { "isinstance", builtin_isinstance, 2, 2 },
    { "issubclass", builtin_issubclass, 2, 2 },
    { "vars", builtin_vars, 1, 1 },
    { "globals", builtin_globals, 0, 0 },
    { "dir", builtin_dir, 1, 1 },
    { NULL, NULL, 0, 0 },
};

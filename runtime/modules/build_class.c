// build_class.c: what the statement `class` calls.
//
// The body is a function of the namespace, a new dict that nobody else sees. It
// returns the cell of __class__, if a method uses it, which gets the class.
// Mirrors builtin___build_class__ in Python/bltinmodule.c (CPython 3.13);
// departs: no metaclasses, no __prepare__, no __mro_entries__.

#include "module.h"

#include <string.h>

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_code.h"
#include "rtcore_object.h"
#include "rtcore_type.h"

static RtObject *
make_class(RtObject *body, RtObject *name, RtObject *bases)
{
    RtObject *namespace = RtDict_New();
    if (namespace == NULL) {
        return NULL;
    }
    RtObject *class = NULL;
    RtObject *cell = RtObject_CallOneArg(body, namespace);
    if (cell != NULL) {
        class = RtType_New(name, bases, namespace);
        if (class != NULL && Rt_IS_TYPE(cell, &RtCell_Type)) {
            (void)RtCell_Set(cell, Rt_NewRef(class));
        }
        Rt_DECREF(cell);
    }
    Rt_DECREF(namespace);
    return class;
}

// The keywords of a class statement: metaclass=type, and nothing else.
static int
check_keywords(RtObject *const *values, RtObject *kwnames)
{
    ssize_t n = kwnames == NULL ? 0 : RtTuple_Size(kwnames);
    for (ssize_t i = 0; i < n; i++) {
        const char *name = RtStr_AsUTF8(RtTuple_GetItem(kwnames, i));
        if (strcmp(name, "metaclass") != 0) {
            RtErr_SetString(&RtExc_TypeError,
                            "__init_subclass__() takes no keyword arguments");
            return -1;
        }
        if (values[i] != (RtObject *)&RtType_Type) {
            RtErr_SetString(&RtExc_TypeError,
                            "metaclasses are not supported");
            return -1;
        }
    }
    return 0;
}

// __build_class__(body, name, *bases, **keywords)
static RtObject *
build_class(RtObject *self, RtObject *const *args, ssize_t nargs,
            RtObject *kwnames)
{
    (void)self;
    if (nargs < 2 || !Rt_IS_TYPE(args[0], &RtFunction_Type) ||
        !Rt_IS_TYPE(args[1], &RtStr_Type))
    {
        RtErr_SetString(&RtExc_TypeError,
                        "__build_class__: needs a function and a name");
        return NULL;
    }
    if (check_keywords(args + nargs, kwnames) < 0) {
        return NULL;
    }
    RtObject *bases = RtTuple_FromArray(args + 2, nargs - 2);
    if (bases == NULL) {
        return NULL;
    }
    RtObject *class = make_class(args[0], args[1], bases);
    Rt_DECREF(bases);
    return class;
}

RtMethodDef rt_build_class_functions[] = {
    { "__build_class__", RT_KEYWORDS(build_class), 0, RT_METH_KEYWORDS },
    { NULL, NULL, 0, 0 },
};

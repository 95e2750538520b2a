// ext_safe.c: an extension module that needs no GIL: twice(n), and a type
// error. Uses public headers only; test_import.c loads it.

#include "rt_errors.h"
#include "rt_module.h"
#include "rt_types.h"

static RtObject *
twice(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)nargs;
    int64_t value = RtLong_AsInt64(args[0]);
    if (RtErr_Occurred() != NULL) {
        return NULL;
    }
    return RtLong_FromInt64(2 * value);
}

static int
set_answer(RtObject *module)
{
    RtObject *name = RtStr_FromString("answer");
    RtObject *value = RtLong_FromInt64(42);
    int status = -1;
    if (name != NULL && value != NULL) {
        status = RtObject_SetAttr(module, name, value);
    }
    Rt_DecRef(value);
    Rt_DecRef(name);
    return status;
}

static RtMethodDef methods[] = {
    { "twice", twice, 1, 1 },
    { NULL, NULL, 0, 0 },
};

static RtModuleDef_Slot slots[] = {
    { Rt_mod_exec, (void *)set_answer },
    { Rt_mod_multiple_interpreters, Rt_MOD_PER_INTERPRETER_GIL_SUPPORTED },
    { Rt_mod_gil, Rt_MOD_GIL_NOT_USED },
    { 0, NULL },
};

static RtModuleDef definition = { "ext_safe", methods, slots };

RtMODINIT_FUNC
RtInit_ext_safe(void);

RtMODINIT_FUNC
RtInit_ext_safe(void)
{
    return &definition;
}

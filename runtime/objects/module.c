// module.c: module objects: a name and a dict.
//
// Name, dict and definition are set before the module is visible and never
// change; the dict guards itself. The modules of the runtime itself are
// immortal and outlive every run: they are read-only.
// Mirrors Objects/moduleobject.c (CPython 3.13); departs: no module state, no
// __getattr__ of a module; those of the runtime are read-only.

#include "rt_module.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_object.h"

typedef struct RtModuleObject {
    RtObject ob_base;
    RtObject *md_name;          // str
    RtObject *md_dict;
    RtModuleDef *md_def;        // or NULL
    void *md_gil;               // Rt_MOD_GIL_*
} RtModuleObject;

static inline RtModuleObject *
as_module(RtObject *op)
{
    rt_assert(Rt_IS_TYPE(op, &RtModule_Type));
    return (RtModuleObject *)op;
}

RtObject *
RtModule_GetDict(RtObject *module)
{
    return as_module(module)->md_dict;
}

RtObject *
RtModule_GetName(RtObject *module)
{
    return as_module(module)->md_name;
}

RtModuleDef *
RtModule_GetDef(RtObject *module)
{
    return as_module(module)->md_def;
}

bool
RtModule_IsGilNotUsed(RtObject *module)
{
    return as_module(module)->md_gil == Rt_MOD_GIL_NOT_USED;
}

static int
add_methods(RtObject *module, RtMethodDef *methods)
{
    RtObject *dict = RtModule_GetDict(module);
    for (RtMethodDef *def = methods; def->ml_name != NULL; def++) {
        RtObject *func = RtCFunction_New(def, module);
        if (func == NULL) {
            return -1;
        }
        RtObject *key = RtStr_FromString(def->ml_name);
        int status = key == NULL ? -1 : RtDict_SetItem(dict, key, func);
        Rt_XDECREF(key);
        Rt_DECREF(func);
        if (status < 0) {
            return -1;
        }
    }
    return 0;
}

static void *
find_gil_slot(const RtModuleDef *def)
{
    const RtModuleDef_Slot *slot = def->m_slots;
    for (; slot != NULL && slot->slot != 0; slot++) {
        if (slot->slot == Rt_mod_gil) {
            return slot->value;
        }
    }
    return Rt_MOD_GIL_USED;
}

RtObject *
RtModule_New(const char *name, RtModuleDef *def)
{
    RtModuleObject *self =
        (RtModuleObject *)RtObject_New(&RtModule_Type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->md_def = def;
    self->md_gil = def != NULL ? find_gil_slot(def) : Rt_MOD_GIL_NOT_USED;
    self->md_name = RtStr_FromString(name);
    self->md_dict = RtDict_New();
    if (self->md_name == NULL || self->md_dict == NULL) {
        Rt_DECREF(self);
        return NULL;
    }
    RtGC_Track((RtObject *)self);
    if (def != NULL && def->m_methods != NULL &&
        add_methods((RtObject *)self, def->m_methods) < 0) {
        Rt_DECREF(self);
        return NULL;
    }
#ifdef RT_GIL_DISABLED
    if (def != NULL) {
        // Every call of a function of the module goes through it.
        RtObject_SetDeferredRefcount((RtObject *)self);
    }
#endif
    return (RtObject *)self;
}

static int
module_traverse(RtObject *op, visitproc visit, void *arg)
{
    Rt_VISIT(as_module(op)->md_name);
    Rt_VISIT(as_module(op)->md_dict);
    return 0;
}

static void
module_dealloc(RtObject *op)
{
    RtGC_Untrack(op);
    Rt_CLEAR(as_module(op)->md_name);
    Rt_CLEAR(as_module(op)->md_dict);
    RtObject_Free(op);
}

static RtObject *
module_repr(RtObject *op)
{
    return RtStr_FromFormat("<module '%s'>",
                            RtStr_AsUTF8(as_module(op)->md_name));
}

static void
raise_no_attribute(RtObject *op, RtObject *name)
{
    RtErr_Format(&RtExc_AttributeError, "module '%s' has no attribute '%s'",
                 RtStr_AsUTF8(as_module(op)->md_name), RtStr_AsUTF8(name));
}

// The names of the type (__class__ …) come last: a module has no data
// descriptors.
static RtObject *
module_getattro(RtObject *op, RtObject *name)
{
    RtObject *value;
    if (RtDict_GetItemRef(as_module(op)->md_dict, name, &value) < 0) {
        return NULL;
    }
    if (value != NULL) {
        return value;
    }
    value = RtObject_GenericGetAttr(op, name);
    if (value == NULL && RtErr_ExceptionMatches(&RtExc_AttributeError)) {
        raise_no_attribute(op, name);
    }
    return value;
}

static int
module_setattro(RtObject *op, RtObject *name, RtObject *value)
{
    RtModuleObject *self = as_module(op);
    if (Rt_IsImmortal(op)) {
        RtErr_Format(&RtExc_AttributeError, "module '%s' is read-only",
                     RtStr_AsUTF8(self->md_name));
        return -1;
    }
    if (value != NULL) {
        return RtDict_SetItem(self->md_dict, name, value);
    }
    if (RtDict_DelItem(self->md_dict, name) == 0) {
        return 0;
    }
    if (RtErr_ExceptionMatches(&RtExc_KeyError)) {
        RtErr_Clear();
        raise_no_attribute(op, name);
    }
    return -1;
}

RtTypeObject RtModule_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "module",
    .tp_basicsize = sizeof(RtModuleObject),
    .tp_flags = RT_TPFLAGS_HAVE_GC,
    .tp_dealloc = module_dealloc,
    .tp_traverse = module_traverse,
    .tp_repr = module_repr,
    .tp_getattro = module_getattro,
    .tp_setattro = module_setattro,
};

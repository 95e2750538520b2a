// xx_module.c: five small extension modules that are always there, for programs
// that load them: one needs the GIL, one does not, one cannot be loaded, and
// two import each other: only the one that is asked for first has the other.
//
// Both count in the dict of their module. _xxunsafe reads and stores in two
// steps, which only the GIL makes one; _xxsafe appends to a list, which is
// atomic in every build.
// Mirrors Modules/xxlimited.c (CPython 3.13); departs: what they count.

#include "module.h"

#include "rt_errors.h"
#include "rt_module.h"
#include "rt_types.h"
#include "rtcore_object.h"

// Interned at start-up, with the names of all members.
static RtObject *count_str;
static RtObject *items_str;
static RtObject *other_str;

// Drops op, if there is one; no destructor sees the exception.
static RtObject *
drop_keeping_error(RtObject *op, RtObject *result)
{
    RtObject *exc = RtErr_GetRaisedException();
    Rt_XDECREF(op);
    RtErr_SetRaisedException(exc);
    return result;
}

// module.count += 1, which is 0 at first. Returns the new value.
static RtObject *
count_up(RtObject *module)
{
    RtObject *dict = RtModule_GetDict(module);
    RtObject *value = NULL;
    if (RtDict_GetItemRef(dict, count_str, &value) < 0) {
        return NULL;
    }
    int64_t count = value == NULL ? 0 : RtLong_AsInt64(value);
    RtObject *next = RtErr_Occurred() != NULL ? NULL
                                              : RtLong_FromInt64(count + 1);
    if (next != NULL && RtDict_SetItem(dict, count_str, next) < 0) {
        Rt_CLEAR(next);
    }
    return drop_keeping_error(value, next);
}

static RtObject *
unsafe_bump(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    (void)nargs;
    return count_up(self);
}

static RtObject *
safe_bump(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args;
    (void)nargs;
    RtObject *items = RtObject_GetAttr(self, items_str);
    if (items == NULL) {
        return NULL;
    }
    RtObject *result = NULL;
    if (!Rt_IS_TYPE(items, &RtList_Type)) {
        RtErr_SetString(&RtExc_TypeError, "items must be a list");
    }
    else if (RtList_Append(items, Rt_None) == 0) {
        result = RtLong_FromInt64(RtList_Size(items));
    }
    return drop_keeping_error(items, result);
}

static int
safe_exec(RtObject *module)
{
    RtObject *items = RtList_New(0);
    if (items == NULL) {
        return -1;
    }
    int status = RtObject_SetAttr(module, items_str, items);
    Rt_DECREF(items);
    return status;
}

static RtMethodDef unsafe_methods[] = {
    { "bump", unsafe_bump, 0, 0 },
    { NULL, NULL, 0, 0 },
};

static RtMethodDef safe_methods[] = {
    { "bump", safe_bump, 0, 0 },
    { NULL, NULL, 0, 0 },
};

static RtModuleDef_Slot safe_slots[] = {
    { Rt_mod_exec, (void *)safe_exec },
    { Rt_mod_multiple_interpreters, Rt_MOD_PER_INTERPRETER_GIL_SUPPORTED },
    { Rt_mod_gil, Rt_MOD_GIL_NOT_USED },
    { 0, NULL },
};

int
RtXX_InitNames(void)
{
    count_str = RtStr_InternStatic("count");
    items_str = RtStr_InternStatic("items");
    other_str = RtStr_InternStatic("other");
    return count_str != NULL && items_str != NULL && other_str != NULL ? 0 : -1;
}

// Whoever tries has the GIL switched on for him, and off again.
static int
broken_exec(RtObject *module)
{
    if (RtObject_SetAttr(module, items_str, module) == 0) {
        RtErr_SetString(&RtExc_ImportError, "_xxbroken cannot be loaded");
    }
    return -1;
}

static RtModuleDef_Slot broken_slots[] = {
    { Rt_mod_exec, (void *)broken_exec },
    { 0, NULL },
};

// Others run meanwhile, as when a module reads a file while it is loaded.
static int
import_other(RtObject *module, const char *name)
{
    RT_BEGIN_ALLOW_THREADS
    rt_world->yield();
    RT_END_ALLOW_THREADS
    RtObject *other = RtImport_Import(name);
    if (other == NULL) {
        if (!RtErr_ExceptionMatches(&RtExc_ImportError)) {
            return -1;
        }
        RtErr_Clear();
        return 0;
    }
    int status = RtObject_SetAttr(module, other_str, other);
    Rt_DECREF(other);
    return status;
}

static int
left_exec(RtObject *module)
{
    return import_other(module, "_xxright");
}

static int
right_exec(RtObject *module)
{
    return import_other(module, "_xxleft");
}

static RtModuleDef_Slot left_slots[] = {
    { Rt_mod_exec, (void *)left_exec },
    { Rt_mod_multiple_interpreters, Rt_MOD_PER_INTERPRETER_GIL_SUPPORTED },
    { Rt_mod_gil, Rt_MOD_GIL_NOT_USED },
    { 0, NULL },
};

static RtModuleDef_Slot right_slots[] = {
    { Rt_mod_exec, (void *)right_exec },
    { Rt_mod_multiple_interpreters, Rt_MOD_PER_INTERPRETER_GIL_SUPPORTED },
    { Rt_mod_gil, Rt_MOD_GIL_NOT_USED },
    { 0, NULL },
};

static RtModuleDef left_def = { "_xxleft", NULL, left_slots };
static RtModuleDef right_def = { "_xxright", NULL, right_slots };
static RtModuleDef unsafe_def = { "_xxunsafe", unsafe_methods, NULL };
static RtModuleDef safe_def = { "_xxsafe", safe_methods, safe_slots };
static RtModuleDef broken_def = { "_xxbroken", NULL, broken_slots };

RtModuleDef *
RtInit__xxunsafe(void)
{
    return &unsafe_def;
}

RtModuleDef *
RtInit__xxsafe(void)
{
    return &safe_def;
}

RtModuleDef *
RtInit__xxbroken(void)
{
    return &broken_def;
}

RtModuleDef *
RtInit__xxleft(void)
{
    return &left_def;
}

RtModuleDef *
RtInit__xxright(void)
{
    return &right_def;
}

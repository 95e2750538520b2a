// builtin_modules.c: the runtime's own functions, in modules.
//
// Made once, after the dict of builtins and from it: what programs find in a
// module is what they find under the flat name. All of it is immortal and never
// changes.
// Mirrors Python/import.c, the table of built-in modules (CPython 3.13);
// departs: the modules are shared by all interpreters and read-only.

#include "module.h"

#include <string.h>

#include "rt_module.h"
#include "rt_types.h"
#include "rtcore_code.h"        // RtBuiltins_InitModules()
#include "rtcore_object.h"

typedef struct Member {
    const char *module;
    const char *name;
    const char *flat_name;      // NULL: the same
} Member;

// Members of one module stand together.
static const Member members[] = {
    { "sys", "setswitchinterval", NULL },
    { "sys", "getswitchinterval", NULL },
    { "sys", "_is_gil_enabled", "is_gil_enabled" },
    { "sys", "getrefcount", NULL },
    { "sys", "exception", NULL },
    { "sys", "exc_info", NULL },
    { "sys", "excepthook", NULL },
    { "sys", "_format_exception", NULL },
    { "gc", "collect", "gc_collect" },
    { "gc", "enable", "gc_enable" },
    { "gc", "disable", "gc_disable" },
    { "gc", "isenabled", "gc_isenabled" },
    { "gc", "freeze", "gc_freeze" },
    { "gc", "unfreeze", "gc_unfreeze" },
    { "gc", "get_freeze_count", "gc_get_freeze_count" },
    { "gc", "get_count", "gc_get_count" },
    { "gc", "get_threshold", "gc_get_threshold" },
    { "gc", "set_threshold", "gc_set_threshold" },
    { "gc", "get_objects", "gc_get_objects" },
    { "gc", "get_referrers", "gc_get_referrers" },
    { "gc", "get_referents", "gc_get_referents" },
    { "gc", "is_tracked", "gc_is_tracked" },
    { "gc", "is_finalized", "gc_is_finalized" },
    { "threading", "Thread", NULL },
    { "threading", "Lock", NULL },
    { "threading", "RLock", NULL },
    { "threading", "Condition", NULL },
    { "threading", "Event", NULL },
    { "threading", "Semaphore", NULL },
    { "threading", "Barrier", NULL },
    { "threading", "local", NULL },
    { "time", "time", "time_time" },
    { "time", "time_ns", "time_time_ns" },
    { "time", "monotonic", "time_monotonic" },
    { "time", "monotonic_ns", "time_monotonic_ns" },
    { "time", "perf_counter", "time_monotonic" },
    { "time", "perf_counter_ns", "time_monotonic_ns" },
    { "time", "process_time", "time_monotonic" },
    { "time", "thread_time", "time_monotonic" },
    { "time", "sleep", "time_sleep" },
    { "_thread", "get_ident", NULL },
    { "_thread", "_report_exception", NULL },
    { "_thread", "Thread", NULL },
    { "_thread", "Lock", NULL },
    { "_thread", "LockType", "Lock" },
    { "_thread", "allocate_lock", "Lock" },
    { "_thread", "error", "RuntimeError" },
    { "_thread", "RLock", NULL },
    { "_thread", "Condition", NULL },
    { "_thread", "Event", NULL },
    { "_thread", "Semaphore", NULL },
    { "_thread", "Barrier", NULL },
    { "_thread", "local", NULL },
    { "collections", "deque", NULL },
    { "_collections", "deque", NULL },
    { "_random", "Twister", NULL },
    { "_itertools", "count", NULL },
    { "_itertools", "cycle", NULL },
    { "_itertools", "chain", NULL },
    { "_itertools", "islice", NULL },
    { "_itertools", "tee", NULL },
    { "signal", "signal", "set_signal_handler" },
    { "signal", "raise_signal", NULL },
    { "weakref", "ref", NULL },
    { "weakref", "getweakrefcount", NULL },
    { "weakref", "getweakrefs", NULL },
    { "weakref", "proxy", NULL },
};
enum { NMEMBERS = sizeof(members) / sizeof(members[0]), MAX_MODULES = 32 };

// Written during start-up only. The last row is empty.
static struct {
    const char *name;
    RtObject *module;
} modules[MAX_MODULES + 1];

RtObject *
RtBuiltins_GetModule(const char *name)
{
    for (int i = 0; modules[i].name != NULL; i++) {
        if (strcmp(modules[i].name, name) == 0) {
            return modules[i].module;
        }
    }
    return NULL;
}

static RtObject *
add_module(const char *name)
{
    int i = 0;
    while (modules[i].name != NULL) {
        i++;
    }
    rt_assert(i < MAX_MODULES);
    RtObject *module = RtModule_New(name, NULL);
    if (module != NULL) {
        RtObject_SetImmortal(RtModule_GetName(module));
        RtObject_SetImmortal(RtModule_GetDict(module));
        RtObject_SetImmortal(module);
        modules[i].name = name;
        modules[i].module = module;
    }
    return module;
}

// 0, or -1 if there is no such builtin or no memory.
static int
add_member(RtObject *module, const Member *member, RtObject *builtins)
{
    const char *flat = member->flat_name;
    RtObject *key = RtStr_InternStatic(flat != NULL ? flat : member->name);
    RtObject *name = RtStr_InternStatic(member->name);
    RtObject *value;
    if (key == NULL || name == NULL ||
        RtDict_GetItemRef(builtins, key, &value) <= 0) {
        return -1;
    }
    return RtDict_SetItem(RtModule_GetDict(module), name, value);
}

// What only the module has, not the builtins.
static const struct {
    const char *module;
    RtMethodDef *functions;
    int (*add_values)(RtObject *dict);  // or NULL
} extras[] = {
    { "sys", rt_sys_value_functions, RtSys_AddValues },
    { "math", rt_math_functions, RtMath_AddValues },
    { "math", rt_math_integer_functions, NULL },
};

static RtObject *
get_or_add_module(const char *name)
{
    RtObject *module = RtBuiltins_GetModule(name);
    return module != NULL ? module : add_module(name);
}

static int
add_extras(void)
{
    for (size_t i = 0; i < sizeof(extras) / sizeof(extras[0]); i++) {
        RtObject *module = get_or_add_module(extras[i].module);
        if (module == NULL) {
            return -1;
        }
        RtObject *dict = RtModule_GetDict(module);
        for (RtMethodDef *def = extras[i].functions; def->ml_name != NULL;
             def++)
        {
            RtObject *name = RtStr_InternStatic(def->ml_name);
            RtObject *func = name == NULL ? NULL : RtCFunction_New(def, NULL);
            if (func == NULL) {
                return -1;
            }
            RtObject_SetImmortal(func);
            if (RtDict_SetItem(dict, name, func) < 0) {
                return -1;
            }
        }
        if (extras[i].add_values != NULL && extras[i].add_values(dict) < 0) {
            return -1;
        }
    }
    return 0;
}

int
RtBuiltins_InitModules(RtObject *builtins)
{
    for (int i = 0; i < NMEMBERS; i++) {
        RtObject *module = RtBuiltins_GetModule(members[i].module);
        if (module == NULL) {
            module = add_module(members[i].module);
        }
        if (module == NULL ||
            add_member(module, &members[i], builtins) < 0) {
            return -1;
        }
    }
    RtObject *module = add_module("builtins");
    if (module == NULL ||
        RtDict_Update(RtModule_GetDict(module), builtins) < 0) {
        return -1;
    }
    return add_extras();
}

// weakref_module.c: functions about weak references; `ref` is a type.
//
// It has no state of its own.
// Mirrors Modules/_weakref.c (CPython 3.13); departs: flat names.

#include "module.h"

#include "rt_types.h"
#include "rtcore_weakref.h"

static RtObject *
getweakrefcount(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)nargs;
    return RtLong_FromInt64((int64_t)RtWeakref_Count(args[0]));
}

static RtObject *
getweakrefs(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)nargs;
    return RtWeakref_GetAll(args[0]);
}

static RtObject *
proxy(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    return RtWeakref_NewProxy(args[0], nargs == 2 ? args[1] : NULL);
}

RtMethodDef rt_weakref_functions[] = {
    { "proxy", proxy, 1, 2 },
    { "getweakrefs", getweakrefs, 1, 1 },
    { "getweakrefcount", getweakrefcount, 1, 1 },
    { NULL, NULL, 0, 0 },
};

// weakref_module.c: functions about weak references; `ref` is a type.
//
// It has no state of its own.
// Mirrors Modules/_weakref.c (CPython 3.13); departs: getweakrefcount() only.

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

RtMethodDef rt_weakref_functions[] = {
    { "getweakrefcount", getweakrefcount, 1, 1 },
    { NULL, NULL, 0, 0 },
};

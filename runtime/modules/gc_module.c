// gc_module.c: the collector as programs see it.
//
// Mirrors Modules/gcmodule.c (CPython 3.13); departs: gc.collect() only, under
// the name gc_collect().

#include "module.h"

#include "rt_types.h"
#include "rtcore_object.h"

static RtObject *
gc_collect(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    ssize_t n = RtGC_Collect(RtThreadState_Get(), 2);
    return n < 0 ? NULL : RtLong_FromInt64((int64_t)n);
}

RtMethodDef rt_gc_functions[] = {
    { "gc_collect", gc_collect, 0, 0 },
    { NULL, NULL, 0, 0 },
};

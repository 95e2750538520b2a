// ext_unsafe.c: an extension module from the time of the GIL: bump() counts in
// a plain static. Uses public headers only; test_import.c loads it.

#include "rt_module.h"
#include "rt_types.h"

static volatile int64_t counter;        // the GIL

static RtObject *
bump(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    int64_t value = counter;
    // Long enough for another thread to come between, if one may.
    for (volatile int i = 0; i < 50; i++) {
    }
    counter = value + 1;
    return RtLong_FromInt64(value + 1);
}

static RtMethodDef methods[] = {
    { "bump", bump, 0, 0 },
    { NULL, NULL, 0, 0 },
};

static RtModuleDef definition = { "ext_unsafe", methods, NULL };

RtMODINIT_FUNC
RtInit_ext_unsafe(void);

RtMODINIT_FUNC
RtInit_ext_unsafe(void)
{
    return &definition;
}

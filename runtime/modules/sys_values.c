// sys_values.c: what programs find in sys besides the functions that concern
// threads, and its streams; the constants of math.
//
// All is made at start-up, immortal, and never changes.
// Mirrors Python/sysmodule.c and Modules/_io (CPython 3.13); departs: argv and
// version_info are plain tuples, the streams write only and cannot be replaced.

#include "module.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_code.h"
#include "rtcore_heap.h"
#include "rtcore_long.h"
#include "rtcore_type.h"

#include <math.h>

// ---------------------------------------------------------------------------
// stdout and stderr.

typedef struct Stream {
    RtObject ob_base;
    bool error;
} Stream;

static Stream streams[2] = {
    { RT_OBJECT_HEAD_IMMORTAL(&RtTextStream_Type), false },
    { RT_OBJECT_HEAD_IMMORTAL(&RtTextStream_Type), true },
};

static void
stream_dealloc(RtObject *op)
{
    RtObject_Free(op);
}

static RtObject *
stream_write(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)nargs;
    if (!RtStr_Check(args[0])) {
        RtErr_Format(&RtExc_TypeError, "write() argument must be str, not %s",
                     Rt_TYPE(args[0])->tp_name);
        return NULL;
    }
    size_t size = (size_t)Rt_SIZE(args[0]);
    if (((Stream *)self)->error) {
        rt_world->write_error(RtStr_DATA(args[0]), size);
    }
    else {
        rt_world->write(RtStr_DATA(args[0]), size);
    }
    return RtLong_FromInt64(RtStr_LENGTH(args[0]));
}

static RtObject *
stream_flush(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)args, (void)nargs;
    return Rt_None;
}

static RtObject *
stream_isatty(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)args, (void)nargs;
    return Rt_False;
}

static RtObject *
stream_fileno(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)args, (void)nargs;
    return RtLong_FromInt64(((Stream *)self)->error ? 2 : 1);
}

static RtObject *
stream_name(RtObject *self)
{
    return RtStr_FromString(((Stream *)self)->error ? "<stderr>" : "<stdout>");
}

static RtObject *
stream_encoding(RtObject *self)
{
    (void)self;
    return RtStr_FromString("utf-8");
}

static RtMethodDef stream_methods[] = {
    {"write", stream_write, 1, 1},
    {"flush", stream_flush, 0, 0},
    {"isatty", stream_isatty, 0, 0},
    {"fileno", stream_fileno, 0, 0},
    {NULL, NULL, 0, 0},
};

static const RtGetSetDef stream_getset[] = {
    {"name", stream_name, NULL},
    {"encoding", stream_encoding, NULL},
    {NULL, NULL, NULL},
};

RtTypeObject RtTextStream_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "TextIOWrapper",
    .tp_basicsize = sizeof(Stream),
    .tp_dealloc = stream_dealloc,
    .tp_methods = stream_methods,
    .tp_getset = stream_getset,
};

// ---------------------------------------------------------------------------
// Functions.

static RtObject *
sys_exit(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    if (nargs == 0 || args[0] == Rt_None) {
        RtErr_SetNone(&RtExc_SystemExit);
    }
    else {
        RtErr_SetObject(&RtExc_SystemExit, args[0]);
    }
    return NULL;
}

static RtObject *
sys_intern(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    if (!RtStr_Check(args[0])) {
        RtErr_Format(&RtExc_TypeError, "intern() argument must be str, not %s",
                     Rt_TYPE(args[0])->tp_name);
        return NULL;
    }
    return Rt_NewRef(args[0]);
}

static RtObject *
sys_getrecursionlimit(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)args, (void)nargs;
    return RtLong_FromInt64(1000);
}

static RtObject *
sys_getsizeof(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    RtObject *name = RtStr_FromString("__sizeof__");
    RtObject *size = name == NULL ? NULL
                     : RtObject_CallMethod(args[0], name, NULL, 0);
    Rt_XDECREF(name);
    return size;
}

// Before the runtime starts. Under an engine as many as it says: what programs
// do must not depend on the machine.
static int cpu_count = 4;

void
RtConfig_SetCpuCount(int count)
{
    cpu_count = count;
}

static RtObject *
sys_cpu_count(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)args, (void)nargs;
    return RtLong_FromInt64(cpu_count);
}

RtMethodDef rt_sys_value_functions[] = {
    { "exit", sys_exit, 0, 1 },
    { "intern", sys_intern, 1, 1 },
    { "getrecursionlimit", sys_getrecursionlimit, 0, 0 },
    { "getsizeof", sys_getsizeof, 1, 2 },
    { "_cpu_count", sys_cpu_count, 0, 0 },
    { NULL, NULL, 0, 0 },
};

// ---------------------------------------------------------------------------
// Values.

// Takes the value; makes it immortal. 0, or -1.
static int
add(RtObject *dict, const char *name, RtObject *value)
{
    RtObject *key = RtStr_InternStatic(name);
    if (key == NULL || value == NULL) {
        return -1;
    }
    RtObject_SetImmortal(value);
    return RtDict_SetItem(dict, key, value);
}

static RtObject *
immortal_tuple(RtObject **items, ssize_t n)
{
    RtObject *tuple = RtTuple_FromArray(items, n);
    for (ssize_t i = 0; tuple != NULL && i < n; i++) {
        RtObject_SetImmortal(items[i]);
    }
    return tuple;
}

// Written before the runtime is initialised.
static int program_argc;
static char *const *program_argv;

void
RtConfig_SetArguments(int argc, char *const *argv)
{
    program_argc = argc;
    program_argv = argv;
}

static RtObject *
make_argv(void)
{
    size_t n = program_argc > 0 ? (size_t)program_argc : 1;
    RtObject **items = RtMem_Malloc(n * sizeof(RtObject *));
    RtObject *argv = NULL;
    size_t i = 0;
    while (items != NULL && i < n) {
        items[i] = RtStr_InternStatic(program_argc > 0 ? program_argv[i] : "");
        if (items[i] == NULL) {
            break;
        }
        i++;
    }
    if (i == n) {
        argv = immortal_tuple(items, (ssize_t)n);
    }
    RtMem_Free(items);
    return argv;
}

int
RtSys_AddValues(RtObject *dict)
{
    RtObject *version[] = {
        RtLong_FromInt64(3), RtLong_FromInt64(13), RtLong_FromInt64(0),
        RtStr_InternStatic("final"), RtLong_FromInt64(0),
    };
    RtObject *argv = make_argv();
    if (version[3] == NULL || argv == NULL ||
        add(dict, "maxsize", RtLong_FromInt64(INT64_MAX)) < 0 ||
        add(dict, "maxunicode", RtLong_FromInt64(0x10ffff)) < 0 ||
        add(dict, "hexversion", RtLong_FromInt64(0x030d00f0)) < 0 ||
        add(dict, "version", RtStr_InternStatic("3.13.0 (ftfuzz)")) < 0 ||
        add(dict, "platform", RtStr_InternStatic("linux")) < 0 ||
        add(dict, "byteorder", RtStr_InternStatic("little")) < 0 ||
        add(dict, "argv", argv) < 0 ||
        add(dict, "version_info", immortal_tuple(version, 5)) < 0 ||
        add(dict, "stdout", &streams[0].ob_base) < 0 ||
        add(dict, "stderr", &streams[1].ob_base) < 0)
    {
        return -1;
    }
    return 0;
}

int
RtMath_AddValues(RtObject *dict)
{
    const struct {
        const char *name;
        double value;
    } rows[] = {
        { "pi", M_PI }, { "e", M_E }, { "tau", 2 * M_PI },
        { "inf", HUGE_VAL }, { "nan", NAN },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (add(dict, rows[i].name, RtFloat_FromDouble(rows[i].value)) < 0) {
            return -1;
        }
    }
    return 0;
}

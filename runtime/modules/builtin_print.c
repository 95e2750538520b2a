// builtin_print.c: print().
//
// What one call prints is written at once: the world may show each write as
// one.
// Mirrors builtin_print of Python/bltinmodule.c (CPython 3.13); departs: one
// write for each call; a file gets one too.

#include "module.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_types.h"

// A str, or None for the default; *text stays as it is then. 0, or -1.
static int
check_text(RtObject *value, const char *name, RtObject **text)
{
    if (value == NULL || value == Rt_None) {
        return 0;
    }
    if (!RtStr_Check(value)) {
        RtErr_Format(&RtExc_TypeError, "%s must be None or a string, not %s",
                     name, Rt_TYPE(value)->tp_name);
        return -1;
    }
    *text = value;
    return 0;
}

static void
write_text(RtStrWriter *w, RtObject *text, const char *otherwise)
{
    if (text != NULL) {
        RtStrWriter_Write(w, RtStr_DATA(text), Rt_SIZE(text));
    }
    else {
        RtStrWriter_WriteString(w, otherwise);
    }
}

static RtObject *
join_values(RtObject *const *args, ssize_t nargs, RtObject *sep, RtObject *end)
{
    RtStrWriter w;
    RtStrWriter_Init(&w);
    for (ssize_t i = 0; i < nargs; i++) {
        RtObject *text = RtObject_Str(args[i]);
        if (text == NULL) {
            RtStrWriter_Discard(&w);
            return NULL;
        }
        if (i > 0) {
            write_text(&w, sep, " ");
        }
        RtStrWriter_Write(&w, RtStr_DATA(text), Rt_SIZE(text));
        Rt_DECREF(text);
    }
    write_text(&w, end, "\n");
    return RtStrWriter_Finish(&w);
}

// 0, or -1.
static int
call_file(RtObject *file, const char *method, RtObject *const *args,
          ssize_t nargs)
{
    RtObject *name = RtStr_FromString(method);
    if (name == NULL) {
        return -1;
    }
    RtObject *result = RtObject_CallMethod(file, name, args, nargs);
    Rt_DECREF(name);
    Rt_XDECREF(result);
    return result == NULL ? -1 : 0;
}

// print(*values, sep=' ', end='\n', file=None, flush=False)
RtObject *
RtBuiltin_Print(RtObject *self, RtObject *const *args, ssize_t nargs,
                RtObject *kwnames)
{
    (void)self;
    static const char *const names[] = { "sep", "end", "file", "flush", NULL };
    RtObject *values[4];
    RtObject *sep = NULL;
    RtObject *end = NULL;
    if (RtArg_Unpack("print", names, 0, 0, args + nargs, 0, kwnames,
                     values) < 0 ||
        check_text(values[0], "sep", &sep) < 0 ||
        check_text(values[1], "end", &end) < 0)
    {
        return NULL;
    }
    RtObject *text = join_values(args, nargs, sep, end);
    if (text == NULL) {
        return NULL;
    }
    RtObject *file = values[2] == Rt_None ? NULL : values[2];
    int status = 0;
    if (file == NULL) {
        rt_world->write(RtStr_DATA(text), (size_t)Rt_SIZE(text));
    }
    else {
        status = call_file(file, "write", &text, 1);
    }
    Rt_DECREF(text);
    if (status == 0 && file != NULL && values[3] != NULL) {
        int flush = RtObject_IsTrue(values[3]);
        status = flush > 0 ? call_file(file, "flush", NULL, 0) : flush;
    }
    return status < 0 ? NULL : Rt_None;
}

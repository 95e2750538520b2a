// run.c: running a compiled program as __main__.
//
// The runtime has been started by the caller and is ended by it.
// Mirrors Python/pythonrun.c (CPython 3.13); departs: the program is a code
// file (load.c).

#include "rtcore_code.h"

#include "rt_errors.h"
#include "rt_module.h"
#include "rt_types.h"
#include "rtcore_object.h"

static void
write_line(RtObject *text)
{
    if (text == NULL) {
        RtErr_Clear();
        return;
    }
    rt_world->write_error(RtStr_AsUTF8(text), (size_t)Rt_SIZE(text));
    rt_world->write_error("\n", 1);
    Rt_DECREF(text);
}

// SystemExit(code): None is 0, an int itself, anything else is written.
static int
exit_status(RtObject *exc)
{
    RtObject *args = RtException_GetArgs(exc);
    if (args == NULL) {
        RtErr_Clear();
        return 1;
    }
    int status = 0;
    RtObject *code = RtTuple_Size(args) == 0 ? Rt_None
        : RtTuple_Size(args) == 1 ? RtTuple_GetItem(args, 0) : args;
    if (RtType_HasFeature(Rt_TYPE(code), RT_TPFLAGS_LONG_SUBCLASS)) {
        status = (int)(RtLong_AsInt64(code) & 0xff);
        RtErr_Clear();
    }
    else if (code != Rt_None) {
        write_line(RtObject_Str(code));
        status = 1;
    }
    Rt_DECREF(args);
    return status;
}

int
RtRun_ReportException(void)
{
    RtObject *exc = RtErr_GetRaisedException();
    int status = 1;
    if (RtType_IsSubtype(Rt_TYPE(exc), &RtExc_SystemExit)) {
        status = exit_status(exc);
    }
    else {
        RtErr_Print(exc);
    }
    Rt_DECREF(exc);
    return status;
}

// Where the program runs.
static RtObject *
make_main(const char *filename)
{
    RtObject *module = RtModule_New("__main__", NULL);
    if (module == NULL) {
        return NULL;
    }
    const char *const items[][2] = {
        { "__name__", "__main__" }, { "__file__", filename },
    };
    for (int i = 0; i < 2; i++) {
        RtObject *name = RtStr_FromString(items[i][0]);
        RtObject *value = RtStr_FromString(items[i][1]);
        int status = name == NULL || value == NULL
            ? -1 : RtDict_SetItem(RtModule_GetDict(module), name, value);
        Rt_XDECREF(name);
        Rt_XDECREF(value);
        if (status < 0) {
            Rt_DECREF(module);
            return NULL;
        }
    }
    return module;
}

// What the module threading wants done before the program ends.
static void
end_threads(void)
{
    RtObject *threading = RtImport_FindLoaded("threading");
    if (threading == NULL) {
        return;
    }
    RtObject *name = RtStr_FromString("_shutdown");
    RtObject *result =
        name != NULL ? RtObject_CallMethod(threading, name, NULL, 0) : NULL;
    if (result == NULL) {
        RtErr_WriteUnraisable(threading);
    }
    Rt_XDECREF(result);
    Rt_XDECREF(name);
    Rt_DECREF(threading);
}

// The value of an expression of an interactive program.
static RtObject *
display(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self, (void)nargs;
    if (args[0] == Rt_None) {
        return Rt_None;
    }
    RtObject *globals = RtThreadState_Get()->current_frame->globals;
    RtObject *text = RtObject_Repr(args[0]);
    RtObject *name = text == NULL ? NULL : RtStr_FromString("_");
    int status = name == NULL ? -1
        : RtDict_SetItem(globals, name, args[0]);
    if (status == 0) {
        rt_world->write(RtStr_AsUTF8(text), (size_t)Rt_SIZE(text));
        rt_world->write("\n", 1);
    }
    Rt_XDECREF(name);
    Rt_XDECREF(text);
    return status < 0 ? NULL : Rt_None;
}

static RtMethodDef display_def = { "<display>", display, 1, 1 };

static RtObject *
make_interactive_main(void)
{
    RtObject *module = make_main("<stdin>");
    RtObject *name = RtStr_FromString(display_def.ml_name);
    RtObject *func = RtCFunction_New(&display_def, NULL);
    if (module != NULL &&
        (name == NULL || func == NULL ||
         RtDict_SetItem(RtModule_GetDict(module), name, func) < 0))
    {
        Rt_CLEAR(module);
    }
    Rt_XDECREF(name);
    Rt_XDECREF(func);
    return module;
}

// Status of the program, or -1: it goes on.
static int
run_interactive(RtObject *dict, const void *data, size_t size)
{
    RtObject *code = RtCode_Load(data, size);
    RtObject *result = code == NULL ? NULL : RtEval_EvalCode(code, dict);
    int status = -1;
    if (result == NULL) {
        bool ends = RtErr_ExceptionMatches(&RtExc_SystemExit);
        int reported = RtRun_ReportException();
        status = ends ? reported : -1;
    }
    Rt_XDECREF(result);
    Rt_XDECREF(code);
    return status;
}

int
RtRun_Interactive(RtNextFile next, void *arg)
{
    RtObject *module = make_interactive_main();
    if (module == NULL) {
        return RtRun_ReportException();
    }
    RtImport_SetMain(module);
    int status = -1;
    const void *data;
    size_t size;
    while (status < 0 && next(arg, &data, &size)) {
        status = run_interactive(RtModule_GetDict(module), data, size);
    }
    end_threads();
    RtImport_SetMain(NULL);
    Rt_DECREF(module);
    return status < 0 ? 0 : status;
}

int
RtRun_Main(const void *data, size_t size)
{
    RtObject *code = RtCode_Load(data, size);
    RtObject *module = code == NULL ? NULL
        : make_main(RtStr_AsUTF8(((RtCodeObject *)code)->co_filename));
    RtObject *result = NULL;
    if (module != NULL) {
        RtImport_SetMain(module);
        result = RtEval_EvalCode(code, RtModule_GetDict(module));
    }
    int status = result != NULL ? 0 : RtRun_ReportException();
    Rt_XDECREF(result);
    end_threads();
    RtImport_SetMain(NULL);
    Rt_XDECREF(module);
    Rt_XDECREF(code);
    return status;
}

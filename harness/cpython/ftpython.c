// ftpython.c: the main program of an interpreter that runs under the engine:
// Python as ever, with one more built-in module, _ftfuzz.
//
//   _ftfuzz.serve(in, out, child)   takes jobs; child(text) in a fork of each
//   _ftfuzz.warm_up(function)       calls it in a run of its own, before that
//   _ftfuzz.run(function)           calls it as thread 0 of the job's run
//   _ftfuzz.refuse(text)            the program cannot be run
//
// Compiled by scripts/cpython with the interpreter's own headers; knows of the
// engine only what fz_cpython.h says.

#define PY_SSIZE_T_CLEAN
#include "Python.h"
#include "internal/pycore_frame.h"

#include "fz_cpython.h"

static void
run_child(void *callable, const char *text, size_t size)
{
    PyObject *result = PyObject_CallFunction(callable, "y#", text,
                                             (Py_ssize_t)size);
    if (result == NULL) {
        PyErr_Print();
        FzCPython_Refuse("the program cannot be run: see its output");
    }
    Py_DECREF(result);
}

static PyObject *
ftfuzz_serve(PyObject *self, PyObject *args)
{
    (void)self;
    int in, out;
    PyObject *child;
    if (!PyArg_ParseTuple(args, "iiO", &in, &out, &child)) {
        return NULL;
    }
    return PyLong_FromLong(FzCPython_Serve(in, out, run_child, child));
}

static void
call_body(void *function)
{
    // A run ends when all threads have; what the program raises is told by the
    // function itself.
    PyObject *result = PyObject_CallNoArgs(function);
    if (result == NULL) {
        PyErr_Clear();
    }
    Py_XDECREF(result);
}

static PyObject *
ftfuzz_warm_up(PyObject *self, PyObject *function)
{
    (void)self;
    return PyLong_FromLong(FzCPython_WarmUp(call_body, function));
}

static PyObject *
ftfuzz_run(PyObject *self, PyObject *function)
{
    (void)self;
    FzCPython_Run(call_body, function);
}

static PyObject *
ftfuzz_refuse(PyObject *self, PyObject *text)
{
    (void)self;
    const char *why = PyUnicode_AsUTF8(text);
    FzCPython_Refuse(why != NULL ? why : "?");
}

static PyMethodDef methods[] = {
    {"serve", ftfuzz_serve, METH_VARARGS, NULL},
    {"warm_up", ftfuzz_warm_up, METH_O, NULL},
    {"run", ftfuzz_run, METH_O, NULL},
    {"refuse", ftfuzz_refuse, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
#ifdef Py_GIL_DISABLED
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_ftfuzz",
    .m_methods = methods,
    .m_slots = slots,
};

static PyObject *
init_module(void)
{
    return PyModuleDef_Init(&module);
}

// The line of the program that the running thread is on: the innermost frame
// of the file "program".
static size_t
where(char *text, size_t size)
{
    PyThreadState *tstate = PyThreadState_GetUnchecked();
    if (tstate == NULL) {
        return 0;
    }
    for (_PyInterpreterFrame *frame = tstate->current_frame; frame != NULL;
         frame = frame->previous)
    {
        if (frame->owner == FRAME_OWNED_BY_CSTACK) {
            continue;
        }
        PyCodeObject *code = _PyFrame_GetCode(frame);
        if (PyUnicode_CompareWithASCIIString(code->co_filename, "program")) {
            continue;
        }
        int line = PyCode_Addr2Line(
            code, _PyInterpreterFrame_LASTI(frame) *
                      (int)sizeof(_Py_CODEUNIT));
        int n = snprintf(text, size, "%d", line);
        return n > 0 && (size_t)n < size ? (size_t)n : 0;
    }
    return 0;
}

static int
interpreter(int argc, char **argv)
{
    PyImport_AppendInittab("_ftfuzz", init_module);
    fz_cpython_where = where;
    return Py_BytesMain(argc, argv);
}

int
main(int argc, char **argv)
{
    return FzCPython_Main(interpreter, argc, argv);
}

// cachebox.c: an extension module as users write them, twice from one source:
// cachebox_racy, which forgets that threads share a Box, and cachebox_safe,
// which does not. A Box makes its value when it is first asked for it, and
// drops it when it is reset.
//
// Compiled by `scripts/cpython --extension`, with -DRACY for the first.

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#ifdef RACY
#define MODULE_NAME "cachebox_racy"
#define MODULE_INIT PyInit_cachebox_racy
#define BEGIN(self)
#define END()
#else
#define MODULE_NAME "cachebox_safe"
#define MODULE_INIT PyInit_cachebox_safe
#define BEGIN(self) Py_BEGIN_CRITICAL_SECTION(self)
#define END() Py_END_CRITICAL_SECTION()
#endif

typedef struct Box {
    PyObject_HEAD
    PyObject *value;            // NULL: not made yet
} Box;

static PyObject *
box_get(PyObject *op, PyObject *unused)
{
    (void)unused;
    Box *self = (Box *)op;
    PyObject *value;
    BEGIN(op);
    if (self->value == NULL) {
        self->value = PyList_New(0);
    }
    value = Py_XNewRef(self->value);
    END();
    return value;
}

static PyObject *
box_reset(PyObject *op, PyObject *unused)
{
    (void)unused;
    Box *self = (Box *)op;
    PyObject *old;
    BEGIN(op);
    old = self->value;
    self->value = NULL;
    END();
    Py_XDECREF(old);
    Py_RETURN_NONE;
}

static int
box_traverse(PyObject *op, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(op));
    Py_VISIT(((Box *)op)->value);
    return 0;
}

static int
box_clear(PyObject *op)
{
    Py_CLEAR(((Box *)op)->value);
    return 0;
}

static void
box_dealloc(PyObject *op)
{
    PyTypeObject *type = Py_TYPE(op);
    PyObject_GC_UnTrack(op);
    box_clear(op);
    type->tp_free(op);
    Py_DECREF(type);
}

static PyMethodDef box_methods[] = {
    {"get", box_get, METH_NOARGS, NULL},
    {"reset", box_reset, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot box_slots[] = {
    {Py_tp_methods, box_methods},
    {Py_tp_traverse, box_traverse},
    {Py_tp_clear, box_clear},
    {Py_tp_dealloc, box_dealloc},
    {0, NULL},
};

static PyType_Spec box_spec = {
    .name = MODULE_NAME ".Box",
    .basicsize = sizeof(Box),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = box_slots,
};

static int
module_exec(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &box_spec, NULL);
    if (type == NULL) {
        return -1;
    }
    int status = PyModule_AddType(module, (PyTypeObject *)type);
    Py_DECREF(type);
    return status;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
#ifdef Py_GIL_DISABLED
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static PyModuleDef module_def = {
    PyModuleDef_HEAD_INIT,
    .m_name = MODULE_NAME,
    .m_slots = module_slots,
};

PyMODINIT_FUNC
MODULE_INIT(void)
{
    return PyModuleDef_Init(&module_def);
}

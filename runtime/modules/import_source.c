// import_source.c: import statements of compiled source: packages, modules of
// the program, modules of the library.
//
// The table of the program's modules is written before the runtime starts. A
// module in a package becomes an attribute of the package when it has been
// imported; that may happen more than once, to the same effect.
// Mirrors importlib/_bootstrap.py, _find_and_load (CPython 3.13); departs: the
// modules are known beforehand, no path is searched.

#include "module.h"

#include <string.h>

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_object.h"

enum { MAX_SOURCES = 64 };

// Written before the runtime starts.
static RtSourceModule program_modules[MAX_SOURCES];
static size_t nprogram_modules;

int
RtImport_AddSource(const char *name, const void *data, size_t size)
{
    if (nprogram_modules == MAX_SOURCES ||
        strlen(name) >= RT_MAX_MODULE_NAME)
    {
        return -1;
    }
    program_modules[nprogram_modules++] =
        (RtSourceModule){ name, data, size };
    return 0;
}

void
RtImport_ClearSources(void)
{
    nprogram_modules = 0;
}

static const RtSourceModule *
find_source(const char *name)
{
    for (size_t i = 0; i < nprogram_modules; i++) {
        if (strcmp(program_modules[i].name, name) == 0) {
            return &program_modules[i];
        }
    }
    for (const RtSourceModule *row = rt_library; row->name != NULL; row++) {
        if (strcmp(row->name, name) == 0) {
            return row;
        }
    }
    return NULL;
}

bool
RtImport_HasSource(const char *name)
{
    return find_source(name) != NULL;
}

// The program. Another interpreter has it as a module like any other, loaded
// once more, under the second name: what is pickled by name is found in each.
static RtObject *
import_program(void)
{
    RtObject *module = RtImport_GetMain();
    const RtSourceModule *source =
        module == NULL ? find_source("__mp_main__") : NULL;
    if (source != NULL) {
        return RtImport_ImportSource(source);
    }
    if (module == NULL) {
        RtErr_SetString(&RtExc_ImportError, "No module named '__main__'");
    }
    return module;
}

static RtObject *
import_one(const char *name)
{
    if (strcmp(name, "__main__") == 0 || strcmp(name, "__mp_main__") == 0) {
        return import_program();
    }
    const RtSourceModule *source = find_source(name);
    if (source != NULL) {
        return RtImport_ImportSource(source);
    }
    if (strchr(name, '.') != NULL) {
        RtErr_Format(&RtExc_ImportError, "No module named '%s'", name);
        return NULL;
    }
    return RtImport_Import(name);
}

// Imports "a.b" and makes it an attribute of the package "a".
static RtObject *
import_inside(RtObject *package, const char *name, const char *last)
{
    RtObject *module = import_one(name);
    RtObject *attribute = module != NULL ? RtStr_FromString(last) : NULL;
    if (attribute == NULL || RtObject_SetAttr(package, attribute, module) < 0) {
        Rt_XDECREF(module);
        module = NULL;
    }
    Rt_XDECREF(attribute);
    return module;
}

RtObject *
RtImport_ImportName(const char *name)
{
    char part[RT_MAX_MODULE_NAME];
    size_t size = strlen(name);
    if (size >= sizeof(part)) {
        RtErr_Format(&RtExc_ImportError, "No module named '%s'", name);
        return NULL;
    }
    RtObject *module = NULL;
    const char *last = name;
    while (true) {
        const char *dot = strchr(last, '.');
        size_t length = dot == NULL ? size : (size_t)(dot - name);
        memcpy(part, name, length);
        part[length] = '\0';
        RtObject *next = module == NULL
            ? import_one(part)
            : import_inside(module, part, part + (last - name));
        Rt_XDECREF(module);
        if (next == NULL || dot == NULL) {
            return next;
        }
        module = next;
        last = dot + 1;
    }
}

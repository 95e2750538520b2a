// rt_module.h: modules in C.
//
// An extension is a shared object (or a row of the table of built-in ones)
// with one function, RtInit_<name>, that returns its definition. A module that
// does not say Rt_MOD_GIL_NOT_USED turns the GIL of a free-threaded build on.

#ifndef RT_MODULE_H
#define RT_MODULE_H

#include "rt_object.h"

enum {                          // RtModuleDef_Slot.slot
    Rt_mod_exec = 1,            // int (*)(RtObject *module): 0, or -1
    Rt_mod_multiple_interpreters,
    Rt_mod_gil,
};

#define Rt_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED ((void *)0)
#define Rt_MOD_MULTIPLE_INTERPRETERS_SUPPORTED ((void *)1)
#define Rt_MOD_PER_INTERPRETER_GIL_SUPPORTED ((void *)2)
#define Rt_MOD_GIL_USED ((void *)0)
#define Rt_MOD_GIL_NOT_USED ((void *)1)

typedef struct RtModuleDef_Slot {
    int slot;                   // 0: the last
    void *value;
} RtModuleDef_Slot;

typedef struct RtModuleDef {
    const char *m_name;
    RtMethodDef *m_methods;     // or NULL; called with the module as self
    RtModuleDef_Slot *m_slots;  // or NULL
} RtModuleDef;

// What RtInit_<name> is. NULL: it failed, with an exception or without.
typedef RtModuleDef *(*RtModuleInitFunc)(void);
#define RtMODINIT_FUNC \
    __attribute__((visibility("default"))) RtModuleDef *

extern RtTypeObject RtModule_Type;
// An empty module with the methods of `def` (NULL: none). New reference.
RtObject *RtModule_New(const char *name, RtModuleDef *def);
RtObject *RtModule_GetDict(RtObject *module);           // borrowed
RtObject *RtModule_GetName(RtObject *module);           // borrowed
RtModuleDef *RtModule_GetDef(RtObject *module);         // or NULL
// Whether the module declared that it does not need the GIL.
bool RtModule_IsGilNotUsed(RtObject *module);

// The module with this name: a module of the runtime, or an extension, which
// is loaded if this interpreter has not loaded it. `name` is that of a built-in
// extension or the path of a shared object. New reference; ImportError.
RtObject *RtImport_Import(const char *name);
// A module that is compiled source, of the library or of the program. The data
// are a code file and stay where they are.
enum { RT_MAX_MODULE_NAME = 64 };
typedef struct RtSourceModule {
    const char *name;           // with dots, if it is in a package
    const uint8_t *data;
    size_t size;
} RtSourceModule;
// The modules of runtime/lib/, made by the build; the last row has no name.
extern const RtSourceModule rt_library[];

// What `import` in compiled source means: dots are packages; the modules that
// the program has brought and those of the library come before the others.
RtObject *RtImport_ImportName(const char *name);
// Whether such an import finds source, of the program or of the library.
bool RtImport_HasSource(const char *name);
// The module, if the interpreter has loaded it already. New reference; NULL
// without an exception.
RtObject *RtImport_FindLoaded(const char *name);
// The module that the program runs in: a reference of the caller's, who takes
// it back (NULL) before he drops it.
void RtImport_SetMain(RtObject *module);
// The processors that programs are told of. Before RtRuntime_Start().
void RtConfig_SetCpuCount(int count);
// A module of the program: a code file, which must stay where it is. Before
// RtRuntime_Start(). 0, or -1 if there are too many.
int RtImport_AddSource(const char *name, const void *data, size_t size);
// Forgets those modules. The runtime has ended.
void RtImport_ClearSources(void);
// Adds a built-in extension; before RtRuntime_Initialize(). 0, or -1 if the
// table is full. The strings are not copied.
int RtImport_AppendInittab(const char *name, RtModuleInitFunc init);

// Runs one code file after another in one __main__, whose name "<display>" is a
// function that prints a value and keeps it as _. False from `next`, or
// SystemExit: the end. The exit status.
typedef bool (*RtNextFile)(void *arg, const void **data, size_t *size);
int RtRun_Interactive(RtNextFile next, void *arg);

#endif  // RT_MODULE_H

// import.c: extension modules, each loaded once by each interpreter.
//
// An interpreter has an entry for each name that was ever asked for; the list
// changes under import_mutex, entries live as long as the interpreter. An
// entry's once flag is the import lock of its module: whoever comes meanwhile
// waits, detached, for the loading to end. `module` is set before the flag is,
// and never changes then. Who loads what, and who waits for what, makes chains
// that never close: the thread that would close one is refused. While a module
// is being loaded the GIL is on, because nobody knows yet whether it needs it;
// afterwards it goes off again, or stays on for good.
// Mirrors Python/import.c and _ModuleLock of Lib/importlib/_bootstrap.py
// (CPython 3.13); departs: no module is ever removed or loaded again; modules
// that two threads load and that import each other get an error, not half a
// module, and so do extensions; the warning has no file and line.

#include "module.h"
#include "rt_module.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_assert.h"
#include "rtcore_code.h"        // RtImport_Fini()
#include "rtcore_heap.h"
#include "rtcore_object.h"
#include "rtcore_state.h"
#include "rtcore_type.h"        // names

enum { MAX_NAME = RT_MAX_MODULE_NAME, MAX_INITTAB = 16 };

typedef struct RtImportEntry {
    struct RtImportEntry *next; // import_mutex
    RtOnceFlag once;
    RtThreadState *loader;      // import_mutex; NULL: nobody loads it
    RtObject *partial;          // import_mutex; the loader's: its source runs
    RtObject *module;           // owned; set when `once` is done
    char name[MAX_NAME];
} RtImportEntry;

typedef struct InittabRow {
    const char *name;
    RtModuleInitFunc init;
} InittabRow;

// Written before the runtime starts. The last row is empty.
static InittabRow inittab[MAX_INITTAB + 1] = {
    { "_xxsafe", RtInit__xxsafe },
    { "_xxunsafe", RtInit__xxunsafe },
    { "_xxbroken", RtInit__xxbroken },
    { "_xxleft", RtInit__xxleft },
    { "_xxright", RtInit__xxright },
};

int
RtImport_AppendInittab(const char *name, RtModuleInitFunc init)
{
    for (int i = 0; i < MAX_INITTAB; i++) {
        if (inittab[i].name == NULL) {
            inittab[i] = (InittabRow){ name, init };
            return 0;
        }
    }
    return -1;
}

// ---------------------------------------------------------------------------
// Entries.

// The name of the module that a path leads to: "a/b.so" -> "b". 0, or -1.
static int
module_name(const char *path, char *name)
{
    const char *base = strrchr(path, '/');
    base = base != NULL ? base + 1 : path;
    size_t length = strcspn(base, ".");
    if (length == 0 || length >= MAX_NAME) {
        RtErr_Format(&RtExc_ImportError, "not a module name: '%.80s'", path);
        return -1;
    }
    memcpy(name, base, length);
    name[length] = '\0';
    return 0;
}

// import_mutex is held.
static RtImportEntry *
find_entry(RtInterpreterState *interp, const char *name)
{
    RtImportEntry *entry = interp->imports;
    while (entry != NULL && strcmp(entry->name, name) != 0) {
        entry = entry->next;
    }
    return entry;
}

// The entry of the name, or NULL. Then `fresh` becomes it, if it is not NULL.
static RtImportEntry *
find_or_add(RtInterpreterState *interp, const char *name, RtImportEntry *fresh)
{
    RtMutex_LockRanked(&interp->import_mutex, RT_RANK_IMPORT);
    RtImportEntry *entry = find_entry(interp, name);
    if (entry == NULL && fresh != NULL && !interp->imports_closed) {
        entry = fresh;
        entry->next = interp->imports;
        interp->imports = entry;
    }
    RtMutex_UnlockRanked(&interp->import_mutex, RT_RANK_IMPORT);
    return entry;
}

// The entry of the name, made if there is none. NULL with an exception.
static RtImportEntry *
get_entry(RtInterpreterState *interp, const char *name)
{
    RtImportEntry *entry = find_or_add(interp, name, NULL);
    if (entry != NULL) {
        return entry;
    }
    // Allocated while the lock is not held.
    RtImportEntry *fresh = RtMem_Calloc(1, sizeof(RtImportEntry));
    if (fresh == NULL) {
        return RtErr_NoMemory();
    }
    memcpy(fresh->name, name, strlen(name) + 1);
    entry = find_or_add(interp, name, fresh);
    if (entry != fresh) {
        RtMem_Free(fresh);
    }
    if (entry == NULL) {
        RtErr_Format(&RtExc_ImportError,
                     "import of %s halted; the interpreter is ending", name);
    }
    return entry;
}

// ---------------------------------------------------------------------------
// Who waits for whom. import_mutex is held.

// Whether `me` would wait for itself. What it follows is a chain: whoever is in
// it was not refused.
static bool
closes_chain(const RtImportEntry *entry, const RtThreadState *me)
{
    while (entry != NULL && entry->loader != NULL) {
        if (entry->loader == me) {
            return true;
        }
        entry = entry->loader->import_waiting;
    }
    return false;
}

// 0, or -1 with an exception. *partial (new reference): the thread itself runs
// the module's source, and gets what there is of it; nothing is begun.
static int
begin_waiting(RtThreadState *tstate, RtImportEntry *entry, RtObject **partial)
{
    RtMutex *mutex = &tstate->interp->import_mutex;
    RtMutex_LockRanked(mutex, RT_RANK_IMPORT);
    rt_assert(tstate->import_waiting == NULL);
    *partial = entry->loader == tstate ? Rt_XNewRef(entry->partial) : NULL;
    bool closes = *partial == NULL && closes_chain(entry, tstate);
    if (*partial != NULL) {
        RT_NOTE(MODULE_CYCLE, tstate->interp, 0);
    }
    else if (closes) {
        RT_NOTE(MODULE_CYCLE, tstate->interp, entry->loader != tstate);
    }
    else {
        tstate->import_waiting = entry;
        if (entry->loader != NULL) {
            RT_NOTE(MODULE_WAIT, tstate->interp, 0);
        }
    }
    RtMutex_UnlockRanked(mutex, RT_RANK_IMPORT);
    if (closes) {
        RtErr_Format(&RtExc_ImportError,
                     "module '%s' is being imported by this thread, or by one "
                     "that waits for it", entry->name);
        return -1;
    }
    return 0;
}

static void
end_waiting(RtThreadState *tstate)
{
    RtMutex *mutex = &tstate->interp->import_mutex;
    RtMutex_LockRanked(mutex, RT_RANK_IMPORT);
    tstate->import_waiting = NULL;
    RtMutex_UnlockRanked(mutex, RT_RANK_IMPORT);
}

// The thread loads what it waited for, or (NULL) has done so.
static void
set_loader(RtThreadState *tstate, RtImportEntry *entry, RtThreadState *loader)
{
    RtMutex *mutex = &tstate->interp->import_mutex;
    RtMutex_LockRanked(mutex, RT_RANK_IMPORT);
    tstate->import_waiting = NULL;
    entry->loader = loader;
    RtMutex_UnlockRanked(mutex, RT_RANK_IMPORT);
}

// The source of the module (borrowed) runs, or (NULL) does not any more.
static void
set_partial(RtThreadState *tstate, RtImportEntry *entry, RtObject *module)
{
    RtMutex *mutex = &tstate->interp->import_mutex;
    RtMutex_LockRanked(mutex, RT_RANK_IMPORT);
    entry->partial = module;
    RtMutex_UnlockRanked(mutex, RT_RANK_IMPORT);
}

void
RtImport_Fini(RtInterpreterState *interp)
{
    RtMutex_LockRanked(&interp->import_mutex, RT_RANK_IMPORT);
    interp->imports_closed = true;
    RtImportEntry *entry = interp->imports;
    interp->imports = NULL;
    RtMutex_UnlockRanked(&interp->import_mutex, RT_RANK_IMPORT);
    while (entry != NULL) {
        RtImportEntry *next = entry->next;
        Rt_XDECREF(entry->module);
        RtMem_Free(entry);
        entry = next;
    }
}

void
RtImport_ForgetOthers(RtThreadState *tstate)
{
    RtInterpreterState *interp = tstate->interp;
    RtMutex_LockRanked(&interp->import_mutex, RT_RANK_IMPORT);
    for (RtImportEntry *e = interp->imports; e != NULL; e = e->next) {
        if (e->loader != tstate) {
            e->loader = NULL;
        }
    }
    RtMutex_UnlockRanked(&interp->import_mutex, RT_RANK_IMPORT);
}

// ---------------------------------------------------------------------------
// Loading.

static RtModuleInitFunc
find_in_file(const char *path, const char *name)
{
    // Never closed: its code may be on any stack, its types in any object.
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        RtErr_Format(&RtExc_ImportError, "%s", dlerror());
        return NULL;
    }
    char symbol[MAX_NAME + 16];
    snprintf(symbol, sizeof(symbol), "RtInit_%s", name);
    RtModuleInitFunc init;
    *(void **)&init = dlsym(handle, symbol);
    if (init == NULL) {
        RtErr_Format(&RtExc_ImportError,
                     "module '%s' does not define %s", name, symbol);
    }
    return init;
}

// NULL with an exception.
static RtModuleInitFunc
find_init(const char *path, const char *name)
{
    if (strchr(path, '/') != NULL) {
        return find_in_file(path, name);
    }
    for (const InittabRow *row = inittab; row->name != NULL; row++) {
        if (strcmp(row->name, name) == 0) {
            return row->init;
        }
    }
    RtErr_Format(&RtExc_ImportError, "No module named '%s'", name);
    return NULL;
}

// Whether this interpreter may have the module. Each has a GIL of its own, so
// one that needs a GIL is safe in the main interpreter only.
static int
check_interpreters(const RtModuleDef *def, RtInterpreterState *interp)
{
    void *support = Rt_MOD_MULTIPLE_INTERPRETERS_SUPPORTED;
    const RtModuleDef_Slot *slot = def->m_slots;
    for (; slot != NULL && slot->slot != 0; slot++) {
        if (slot->slot == Rt_mod_multiple_interpreters) {
            support = slot->value;
        }
    }
    if (interp != &rt_runtime.main_interp &&
        support != Rt_MOD_PER_INTERPRETER_GIL_SUPPORTED) {
        RtErr_Format(&RtExc_ImportError,
                     "module %s does not support loading in subinterpreters",
                     def->m_name);
        return -1;
    }
    return 0;
}

static int
run_exec_slots(RtObject *module, const RtModuleDef *def)
{
    const RtModuleDef_Slot *slot = def->m_slots;
    for (; slot != NULL && slot->slot != 0; slot++) {
        if (slot->slot != Rt_mod_exec) {
            continue;
        }
        int (*exec)(RtObject *);
        *(void **)&exec = slot->value;
        if (exec(module) < 0) {
            return -1;
        }
    }
    return 0;
}

static RtObject *
make_module(RtThreadState *tstate, const char *path, const char *name)
{
    RtModuleInitFunc init = find_init(path, name);
    RtModuleDef *def = init != NULL ? init() : NULL;
    if (def == NULL) {
        if (RtErr_Occurred() == NULL) {
            RtErr_Format(&RtExc_SystemError,
                         "initialization of %s failed without raising an "
                         "exception", name);
        }
        return NULL;
    }
    if (check_interpreters(def, tstate->interp) < 0) {
        return NULL;
    }
    RtObject *module = RtModule_New(name, def);
    if (module != NULL && run_exec_slots(module, def) < 0) {
        RtObject *exc = RtErr_GetRaisedException();
        Rt_DECREF(module);
        RtErr_SetRaisedException(exc);
        return NULL;
    }
    return module;
}

static void
warn_gil_enabled(const char *name)
{
    char text[512];
    int n = snprintf(
        text, sizeof(text),
        "RuntimeWarning: The global interpreter lock (GIL) has been enabled "
        "to load module '%s', which has not declared that it can run safely "
        "without the GIL. To override this behavior and keep the GIL disabled "
        "(at your own risk), run with RT_GIL=0 or --gil 0.\n", name);
    rt_world->write(text, (size_t)n);
}

// A module that is compiled source. NULL with an exception.
static RtObject *
make_source_module(RtThreadState *tstate, RtImportEntry *entry,
                   const RtSourceModule *source)
{
    RtObject *code = RtCode_Load(source->data, source->size);
    RtObject *module =
        code != NULL ? RtModule_New(source->name, NULL) : NULL;
    RtObject *result = NULL;
    if (module != NULL) {
        RtObject *dict = RtModule_GetDict(module);
        if (RtDict_SetItem(dict, rt_name_name, RtModule_GetName(module)) == 0)
        {
            set_partial(tstate, entry, module);
            result = RtEval_EvalCode(code, dict);
            set_partial(tstate, entry, NULL);
        }
        if (result == NULL) {
            RtObject *exc = RtErr_GetRaisedException();
            Rt_CLEAR(module);
            RtErr_SetRaisedException(exc);
        }
        Rt_XDECREF(result);
    }
    Rt_XDECREF(code);
    return module;
}

// The module is loaded, or could not be (NULL): gives the transient GIL back,
// or keeps it.
static void
check_gil(RtThreadState *tstate, RtObject *module, const char *name)
{
    if (module == NULL || RtModule_IsGilNotUsed(module)) {
        RtEval_DisableGIL(tstate);
    }
    else if (RtEval_EnableGILPermanent(tstate)) {
        warn_gil_enabled(name);
    }
}

typedef struct Loading {
    RtImportEntry *entry;
    const char *path;
    const RtSourceModule *source;       // or NULL: an extension
} Loading;

static int
load(void *arg)
{
    Loading *loading = arg;
    RtImportEntry *entry = loading->entry;
    RtThreadState *tstate = RtThreadState_Get();
    rt_assert(entry->module == NULL);
    set_loader(tstate, entry, tstate);
    RT_NOTE(MODULE_LOADING, tstate->interp, loading->source != NULL);
    RtObject *module;
    RtObject *exc = NULL;
    if (loading->source != NULL) {
        module = make_source_module(tstate, entry, loading->source);
        exc = module == NULL ? RtErr_GetRaisedException() : NULL;
    }
    else {
        RtEval_EnableGILTransient(tstate);
        module = make_module(tstate, loading->path, entry->name);
        exc = module == NULL ? RtErr_GetRaisedException() : NULL;
        check_gil(tstate, module, entry->name);
    }
    set_loader(tstate, entry, NULL);
    if (module == NULL) {
        RtErr_SetRaisedException(exc);
        return -1;
    }
    RT_NOTE(MODULE_LOADED, module, !RtModule_IsGilNotUsed(module));
    entry->module = module;
    return 0;
}

// The module of the entry, loaded if nobody has.
static RtObject *
import_entry(const char *name, const char *path, const RtSourceModule *source)
{
    RtThreadState *tstate = RtThreadState_Get();
    RtImportEntry *entry = get_entry(tstate->interp, name);
    if (entry == NULL) {
        return NULL;
    }
    if (!RtOnceFlag_IsDone(&entry->once)) {
        Loading loading = { entry, path, source };
        RtObject *partial;
        if (begin_waiting(tstate, entry, &partial) < 0) {
            return NULL;
        }
        if (partial != NULL) {
            return partial;
        }
        int status = RtOnceFlag_CallOnce(&entry->once, load, &loading);
        end_waiting(tstate);
        if (status < 0) {
            return NULL;
        }
    }
    return Rt_NewRef(entry->module);
}

RtObject *
RtImport_Import(const char *name)
{
    RtObject *module = RtBuiltins_GetModule(name);
    if (module != NULL) {
        return Rt_NewRef(module);
    }
    char last[MAX_NAME];
    return module_name(name, last) < 0 ? NULL : import_entry(last, name, NULL);
}

RtObject *
RtImport_FindLoaded(const char *name)
{
    RtImportEntry *entry =
        find_or_add(RtThreadState_Get()->interp, name, NULL);
    return entry != NULL && RtOnceFlag_IsDone(&entry->once)
        ? Rt_NewRef(entry->module) : NULL;
}

void
RtImport_SetMain(RtObject *module)
{
    RtInterpreterState *interp = RtThreadState_Get()->interp;
    RtMutex_LockRanked(&interp->import_mutex, RT_RANK_IMPORT);
    interp->main_module = module;
    RtMutex_UnlockRanked(&interp->import_mutex, RT_RANK_IMPORT);
}

RtObject *
RtImport_GetMain(void)
{
    RtInterpreterState *interp = RtThreadState_Get()->interp;
    RtMutex_LockRanked(&interp->import_mutex, RT_RANK_IMPORT);
    RtObject *module = Rt_XNewRef(interp->main_module);
    RtMutex_UnlockRanked(&interp->import_mutex, RT_RANK_IMPORT);
    return module;
}

RtObject *
RtImport_ImportSource(const RtSourceModule *source)
{
    return import_entry(source->name, NULL, source);
}

// ---------------------------------------------------------------------------
// Functions.

// __import__(name or path, globals=None, locals=None, fromlist=()): of a name
// with dots the package that it begins with, unless something is to be taken
// from the module itself.
static RtObject *
builtin_import(RtObject *self, RtObject *const *args, ssize_t nargs)
{
    (void)self;
    if (!Rt_IS_TYPE(args[0], &RtStr_Type)) {
        RtErr_SetString(&RtExc_TypeError, "module name must be a string");
        return NULL;
    }
    const char *name = RtStr_AsUTF8(args[0]);
    if (strchr(name, '/') != NULL) {
        return RtImport_Import(name);
    }
    int from = nargs > 3 ? RtObject_IsTrue(args[3]) : 0;
    RtObject *module = from < 0 ? NULL : RtImport_ImportName(name);
    const char *dot = strchr(name, '.');
    if (module == NULL || from > 0 || dot == NULL) {
        return module;
    }
    Rt_DECREF(module);
    char package[RT_MAX_MODULE_NAME];
    memcpy(package, name, (size_t)(dot - name));
    package[dot - name] = '\0';
    return RtImport_ImportName(package);
}

RtMethodDef rt_import_functions[] = {
    { "__import__", builtin_import, 1, 5 },
    { NULL, NULL, 0, 0 },
};

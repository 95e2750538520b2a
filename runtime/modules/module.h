// module.h: what the files of modules/ hand to builtins.c.

#ifndef RT_MODULES_MODULE_H
#define RT_MODULES_MODULE_H

#include "rt_module.h"

// sys_values.c, math_*.c: what only modules have.
extern RtMethodDef rt_sys_value_functions[];
extern RtMethodDef rt_math_functions[];
extern RtMethodDef rt_math_integer_functions[];
int RtSys_AddValues(RtObject *dict);
int RtMath_AddValues(RtObject *dict);

// builtin_print.c
RtObject *RtBuiltin_Print(RtObject *self, RtObject *const *args, ssize_t nargs,
                          RtObject *kwnames);

// Tables of functions that end with a NULL name.
extern RtMethodDef rt_builtin_number_functions[];       // abs, sum, chr…
extern RtMethodDef rt_builtin_sequence_functions[];     // sorted, min…
extern RtMethodDef rt_builtin_attribute_functions[];    // getattr, dir…
extern RtMethodDef rt_threading_functions[];    // sched_yield
extern RtMethodDef rt_gc_functions[];           // gc_collect
extern RtMethodDef rt_interpreter_functions[];  // interp_create, interp_run, …
extern RtMethodDef rt_itertools_functions[];    // tee
extern RtMethodDef rt_atexit_functions[];       // atexit_register …
extern RtMethodDef rt_fork_functions[];         // fork_call
extern RtMethodDef rt_coroutine_functions[];    // _get_awaitable
extern RtMethodDef rt_queue_functions[];        // queue_create, queue_put, …
extern RtMethodDef rt_weakref_functions[];      // proxy…
extern RtMethodDef rt_sys_functions[];          // setswitchinterval …
extern RtMethodDef rt_eval_functions[];         // pending_call …
extern RtMethodDef rt_import_functions[];       // __import__
extern RtMethodDef rt_time_functions[];         // time_sleep, …
extern RtMethodDef rt_build_class_functions[];  // __build_class__

// xx_module.c
RtModuleDef *RtInit__xxsafe(void);
RtModuleDef *RtInit__xxunsafe(void);
RtModuleDef *RtInit__xxbroken(void);
RtModuleDef *RtInit__xxleft(void);
RtModuleDef *RtInit__xxright(void);
int RtXX_InitNames(void);       // start-up only

// import.c: loads it, unless this interpreter has. New reference.
RtObject *RtImport_ImportSource(const RtSourceModule *source);

// The module the program runs in, in the main interpreter. New reference; NULL
// without an exception.
RtObject *RtImport_GetMain(void);

// builtin_modules.c: a module of the runtime itself; borrowed, immortal. NULL
// without an exception.
RtObject *RtBuiltins_GetModule(const char *name);

// threading.c: the unique id of the state that the thread has, or had; 0 if it
// was never started.
uint64_t RtThread_GetStateId(RtObject *thread);

#endif  // RT_MODULES_MODULE_H

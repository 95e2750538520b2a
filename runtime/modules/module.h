// module.h: what the files of modules/ hand to builtins.c.

#ifndef RT_MODULES_MODULE_H
#define RT_MODULES_MODULE_H

#include "rt_object.h"

// Tables of functions that end with a NULL name.
extern RtMethodDef rt_threading_functions[];    // sched_yield
extern RtMethodDef rt_gc_functions[];           // gc_collect
extern RtMethodDef rt_weakref_functions[];      // getweakrefcount
extern RtMethodDef rt_sys_functions[];          // setswitchinterval …
extern RtMethodDef rt_eval_functions[];         // pending_call …

// threading.c: the unique id of the state that the thread has, or had; 0 if it
// was never started.
uint64_t RtThread_GetStateId(RtObject *thread);

#endif  // RT_MODULES_MODULE_H

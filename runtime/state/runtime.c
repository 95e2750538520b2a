// runtime.c: the state of the process.
//
// Reset as a whole by RtRuntime_Start() and RtRuntime_Abandon(); each field
// names its lock in rtcore_state.h.
// Mirrors Python/pylifecycle.c's _PyRuntime (CPython 3.13); departs: the
// main interpreter is embedded.

#include "rtcore_state.h"

RtRuntime rt_runtime;

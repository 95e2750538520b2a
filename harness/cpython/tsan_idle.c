// tsan_idle.c: the functions that code built with -fsanitize=thread calls, for
// programs that only have to link and run: what CPython's build runs on the way
// (the freezer, the first interpreter). Atomics happen, nothing else does.

#define RT_COMPILER_POINTS
#define FZ_TSAN_IDLE
#include "../engine/tsan_abi.c"

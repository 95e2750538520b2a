// cpython_internal.h: what the files of libfzcpython share: the library that
// an interpreter of CPython is linked with in place of ThreadSanitizer's, so
// that the engine decides which of its threads runs.
//
// Threads are fibers on one OS thread, as in libfzsct, of which most of this
// library is; but each has a thread-local block and a thread pointer of its
// own, by which CPython tells its threads apart. One process makes one run: the
// interpreter is started once, waits for jobs, and forks for each.

#ifndef FZ_CPYTHON_INTERNAL_H
#define FZ_CPYTHON_INTERNAL_H

#include "../sct/sct_internal.h"
#include "fz_cpython.h"

#include <sys/syscall.h>

// ---- cpython_memory.c: where all mappings lie.
#define FZ_FIRST_ADDRESS ((uintptr_t)0x100000000000)
#define FZ_LAST_ADDRESS ((uintptr_t)0x200000000000)

extern uintptr_t fz_code, fz_code_end;      // of the interpreter

// ---- cpython_threads.c: thread pointers. Called on the thread that will run
// all others, before the interpreter starts. False with a reason.
FZ_WARN_UNUSED bool FzThreadPointers_Init(char *why, size_t why_size);

#endif  // FZ_CPYTHON_INTERNAL_H

// fz_cpython.h: what libfzcpython offers to the interpreter that is linked with
// it (ftpython.c). Plain C, without CPython's headers.

#ifndef FZ_CPYTHON_H
#define FZ_CPYTHON_H

#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(default)

// Calls function(argc, argv) on a thread whose stack and thread-local block lie
// where they lie in every process; ends the process with what it returns.
int FzCPython_Main(int (*function)(int, char **), int argc, char **argv);

// Takes jobs from descriptor `in` and answers on `out` until `in` ends. Each is
// done in a fork: child(arg, text, size) compiles the program and calls
// FzCPython_Run(). Returns in the parent only: 0, or -1 if the other side is
// gone.
int FzCPython_Serve(int in, int out,
                    void (*child)(void *arg, const char *text, size_t size),
                    void *arg);

// In the parent, before it serves: calls body(arg) as thread 0 of a run of its
// own, for what happens only once in a process. 0, or -1 if it failed.
int FzCPython_WarmUp(void (*body)(void *arg), void *arg);

// In the child, once: calls body(arg) as thread 0 of a run under the schedule
// of the job. Does not return: the answer is sent and the process ends.
_Noreturn void FzCPython_Run(void (*body)(void *arg), void *arg);
// In the child, instead: the program cannot be run.
_Noreturn void FzCPython_Refuse(const char *why);

// Told where the running thread is in the program; NULL: unknown. Must not
// change anything of the interpreter.
extern size_t (*fz_cpython_where)(char *text, size_t size);

// The running thread gives up the run: a fatal error of the interpreter.
_Noreturn void FzCPython_Fatal(const char *what);

#pragma GCC visibility pop

#endif  // FZ_CPYTHON_H

// fz_differ.h: generated programs of one thread on several implementations:
// the GIL build, the free-threaded build and the system's CPython must agree on
// what they print, on the exceptions, on each value that is assigned and on the
// final state of the shared objects.
//
// Each implementation is a child process that runs one program after another. A
// child reads messages (32-bit length, bytes) and answers each with one; first
// it says who it is. The program goes to our builds in its binary form, to
// CPython as Python. A child that dies or takes too long is started again.

#ifndef FZ_DIFFER_H
#define FZ_DIFFER_H

#include "fz_program.h"

enum { FZ_DIFFER_MAX_JOBS = 64, FZ_DIFFER_SIDES = 3 };

typedef struct FzDifferOptions {
    uint64_t executions;        // programs
    uint64_t seed;              // of the first; the n-th has the seed + n
    uint64_t jobs;
    uint64_t max_findings;
    const char *python;         // the interpreter
    const char *builds[2];      // executables; the second may be NULL
    const char *findings;       // folder, or NULL: none are written
    // A status line on standard error, differences on standard output; else
    // those go to standard error.
    bool progress;
} FzDifferOptions;

typedef struct FzDifferResult {
    uint64_t programs;          // that were compared
    uint64_t findings;          // differences, the same ones counted once
    uint64_t duplicates;
    uint64_t unusable;          // CPython died or took too long on them
    uint64_t once;              // differences that did not happen again
    double seconds;
    double cpu_seconds;         // of all processes
    char python[64];            // its version
    bool messages;              // texts of exceptions were compared, too
    char last[4200];            // the last finding's folder or its first line
} FzDifferResult;

// False with a reason: something cannot be started, read or written.
FZ_WARN_UNUSED bool FzDiffer_Run(const FzDifferOptions *options,
                                 FzDifferResult *result, char *why,
                                 size_t why_size);

// Of one program: whether all agree; `out` gets what each has seen, or once if
// they do. False with a reason, as above.
FZ_WARN_UNUSED bool FzDiffer_Compare(const FzDifferOptions *options,
                                     const FzProgram *program, bool *agree,
                                     FzBuf *out, char *why, size_t why_size);

// What a child does that is one of our builds; until its input ends. An exit
// status.
int FzDiffer_Work(void);

// A program of one thread that behaves the same on each implementation. `same`:
// CPython is of the version that ours mirrors.
void FzDiffer_Generate(FzProgram *program, uint64_t seed, bool same);
// Runs it on this build: appends what is seen. After FzDiffer_InitRun().
FZ_WARN_UNUSED bool FzDiffer_InitRun(char *why, size_t why_size);
void FzDiffer_RunHere(const FzProgram *program, bool messages, FzBuf *out);

#endif  // FZ_DIFFER_H

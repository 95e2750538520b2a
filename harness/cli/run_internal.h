// run_internal.h: the parts of ftfuzz run that have files of their own.

#ifndef FZ_CLI_RUN_INTERNAL_H
#define FZ_CLI_RUN_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "fz_base.h"

// Runs `programs` generated programs under one schedule each and prints how
// often each mechanism of the runtime was at work. Exit code: finding if one
// that programs must reach was never reached.
int FzRun_Coverage(uint64_t programs, uint64_t seed, bool json,
                   const char *findings_dir);

// Between the two, what threads wait for is counted. Not while a run is under
// way. Print and Json after it.
void FzRunStats_Begin(void);
void FzRunStats_End(void);
void FzRunStats_Print(uint64_t executions);
void FzRunStats_Json(uint64_t executions, FzBuf *out);

// Compiles what lies at the path; 0, or an exit status.
typedef int (*FzModuleCompiler)(void *arg, const char *path,
                                const FzBuf *source, FzBuf *code);
// Makes the modules known that the source imports and that lie in the folder.
// Once for each process. 0, or an exit status.
int FzRunModules_Add(const char *folder, const FzBuf *source,
                     FzModuleCompiler compile, void *arg);

// Whether the arguments name a Python program; if so, runs it. Exit code.
bool FzRunSource_Wants(int argc, char **argv);
int FzRunSource_Main(int argc, char **argv);

// The folder of the compiler, and the python3 that it runs on.
const char *FzRunSource_Compiler(void);
const char *FzRunSource_Python(void);
// Starts the runtime and runs the function on a thread of its own, beside which
// there may be others. 0, or an exit status after an error message.
int FzRunSource_OnOsThreads(void (*body)(void *arg), void *arg);

#endif  // FZ_CLI_RUN_INTERNAL_H

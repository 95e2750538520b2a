// fz_bytecode.h: damaged code objects, loaded, verified and run.
//
// What the loader takes must be safe to run, whatever it does: it may raise,
// wait for ever or go round for ever, and nothing else.

#ifndef FZ_BYTECODE_H
#define FZ_BYTECODE_H

#include "fz_exec.h"

// What has become of the code objects of this process.
typedef struct FzBytecodeCounts {
    uint64_t objects;           // that were to be loaded
    uint64_t loaded;            // loader and verifier took it
    uint64_t called;            // and it was run
    uint64_t returned;          // and returned; the others raised,
    uint64_t endless;           // or the engine ended the execution
    uint64_t steps;             // of the engine
} FzBytecodeCounts;
extern FzBytecodeCounts fz_bytecode_counts;

// One input: code objects of the build's and changes of each; or 0xff and a
// whole file (program/bytecode.c). Runs them under the engine; run->violations
// are what must not be. True if the loader took any. After FzExec_Init(); needs
// hooks.
bool FzBytecode_Run(const uint8_t *data, size_t size, FzRun *run);

// An input that is a whole file: the smallest module. Its size; 0: no room.
size_t FzBytecode_Whole(uint8_t *out, size_t size);

#endif  // FZ_BYTECODE_H

// fz_bytecode.h: damaged code files, loaded, verified and run.
//
// What the loader takes must be safe to run, whatever it does: it may raise,
// wait for ever or go round for ever, and nothing else.

#ifndef FZ_BYTECODE_H
#define FZ_BYTECODE_H

#include "fz_exec.h"

// One input: which module of the library, then changes of its bytes (place and
// kind), or a whole file. Runs it under the engine; run->violations are what
// must not be. True if the loader took it. After FzExec_Init(); needs hooks.
bool FzBytecode_Run(const uint8_t *data, size_t size, FzRun *run);

// An input that is a whole file: the smallest module. Its size; 0: no room.
size_t FzBytecode_Whole(uint8_t *out, size_t size);

#endif  // FZ_BYTECODE_H

// side.h: one implementation that runs programs in a child process.

#ifndef FZ_DIFFER_SIDE_H
#define FZ_DIFFER_SIDE_H

#include <sys/types.h>

#include "fz_program.h"
#include "pipe.h"

enum { FZ_SIDE_MAX_BATCH = 64 };

typedef struct FzSide {
    const char *executable;
    bool is_python;
    char name[64];              // of the build, or the version of CPython
    pid_t pid;                  // 0: not running
    int to, from;               // its standard input and output
} FzSide;

// Starts it; false with a reason.
FZ_WARN_UNUSED bool FzSide_Start(FzSide *side, char *why, size_t why_size);
// What it is told before the first program.
FZ_WARN_UNUSED bool FzSide_Greet(FzSide *side, bool messages);
void FzSide_Stop(FzSide *side);

// Between the two the side works: Begin hands the programs over, End appends
// what was seen of each to texts[i]. What it does not survive is text, too.
void FzSide_Begin(FzSide *side, const FzProgram *programs, int n);
void FzSide_End(FzSide *side, const FzProgram *programs, int n,
                FzBuf *texts, bool messages);
// Whether the text says that the side died or took too long.
bool FzSide_Failed(const FzBuf *text);

#endif  // FZ_DIFFER_SIDE_H

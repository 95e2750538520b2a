// differ_internal.h: one process that compares programs (compare.c), makes
// those that differ small (reduce.c) and writes them (report.c).

#ifndef FZ_DIFFER_INTERNAL_H
#define FZ_DIFFER_INTERNAL_H

#include "fz_differ.h"
#include "side.h"

typedef struct FzComparer {
    FzSide sides[FZ_DIFFER_SIDES];      // CPython is the first
    int nsides;
    bool messages;
    FzBuf texts[FZ_DIFFER_SIDES][FZ_SIDE_MAX_BATCH];
} FzComparer;

FZ_WARN_UNUSED bool FzComparer_Start(FzComparer *c,
                                     const FzDifferOptions *options,
                                     char *why, size_t why_size);
void FzComparer_Stop(FzComparer *c);
// Runs the programs on each side; texts are what was seen.
void FzComparer_Run(FzComparer *c, const FzProgram *programs, int n);

// Which sides agree on program i: 2 bits for each side, the first that it
// agrees with. 0: all of them.
typedef unsigned FzAgreement;
FzAgreement FzComparer_Agreement(const FzComparer *c, int i);
// CPython itself did not survive the program, and our builds agree.
bool FzComparer_IsUnusable(const FzComparer *c, int i);

// The smallest program found that the sides disagree on in the same way. False:
// they agree now.
bool FzDiffer_Reduce(FzComparer *c, FzProgram *program);

typedef enum FzReported { FZ_REPORTED, FZ_KNOWN, FZ_NOT_WRITTEN } FzReported;
// Of a program on which the sides disagree: writes what each says under
// `folder`, unless a program with the same first difference is there. `last`
// gets the folder, or the difference where none is written.
FzReported FzDiffer_Report(FzComparer *c, const FzProgram *program,
                           const char *folder, char *last, size_t last_size,
                           char *why, size_t why_size);

#endif  // FZ_DIFFER_INTERNAL_H

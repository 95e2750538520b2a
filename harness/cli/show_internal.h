// show_internal.h: what `ftfuzz show` prints instead of its table.

#ifndef FZ_SHOW_INTERNAL_H
#define FZ_SHOW_INTERNAL_H

#include "fz_finding.h"

// A script for CPython: runs the program again and again.
void FzShow_Python(const FzFinding *finding, FzBuf *out);
// A unit test, as it can stand in harness/tests/. Needs FzExec_Init().
void FzShow_CTest(const FzFinding *finding, FzBuf *out);
// Writes the page to `path`. Exit code.
int FzShow_Html(const FzFinding *finding, const char *path);

#endif  // FZ_SHOW_INTERNAL_H

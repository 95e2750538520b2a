// fz_coverage.h: edge coverage of the code under test, whichever way this
// build counts it.

#ifndef FZ_COVERAGE_H
#define FZ_COVERAGE_H

#include "fz_base.h"

// One byte for each edge, counting how often it was taken; the caller may clear
// them. NULL and 0 where nothing is counted or a fuzzer's run-time library
// keeps the counters.
uint8_t *FzCoverage_Edges(size_t *n);

// From the callbacks of the instrumentation: where the counters are.
void FzCoverage_SetEdges(uint8_t *counters, size_t n);

// One row for each edge: its address, and 1 if it enters a function. NULL where
// the build has no such table.
typedef struct FzCoveragePc {
    uintptr_t pc, flags;
} FzCoveragePc;
const FzCoveragePc *FzCoverage_Pcs(size_t *n);
void FzCoverage_SetPcs(const FzCoveragePc *pcs, size_t n);

#endif  // FZ_COVERAGE_H

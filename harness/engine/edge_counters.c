// edge_counters.c: where the edge counters of this build are. The program that
// receives them from the instrumentation says so (cli/coverage_counters.c);
// where a fuzzer's run-time library does, nobody says anything.

#include "fz_coverage.h"

static struct {
    uint8_t *counters;
    size_t ncounters;
    const FzCoveragePc *pcs;
    size_t npcs;
} edges;

uint8_t *
FzCoverage_Edges(size_t *n)
{
    *n = edges.ncounters;
    return edges.counters;
}

void
FzCoverage_SetEdges(uint8_t *counters, size_t n)
{
    edges.counters = counters;
    edges.ncounters = n;
}

const FzCoveragePc *
FzCoverage_Pcs(size_t *n)
{
    *n = edges.npcs;
    return edges.pcs;
}

void
FzCoverage_SetPcs(const FzCoveragePc *pcs, size_t n)
{
    edges.pcs = pcs;
    edges.npcs = n;
}

// coverage_counters.c: receives the counters of code built with
// -fsanitize-coverage=inline-8bit-counters,pc-table. Part of programs that are
// not linked with a fuzzer, which brings its own.

#include "fz_coverage.h"

void __sanitizer_cov_8bit_counters_init(uint8_t *start, uint8_t *stop);
void __sanitizer_cov_pcs_init(const uintptr_t *start, const uintptr_t *stop);

// Called by a constructor of every instrumented object file, with one and the
// same range.
void
__sanitizer_cov_8bit_counters_init(uint8_t *start, uint8_t *stop)
{
    FzCoverage_SetEdges(start, (size_t)(stop - start));
}

void
__sanitizer_cov_pcs_init(const uintptr_t *start, const uintptr_t *stop)
{
    FzCoverage_SetPcs((const FzCoveragePc *)start,
                      (size_t)(stop - start) / 2);
}

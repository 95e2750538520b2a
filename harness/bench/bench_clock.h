// bench_clock.h: what the benches measure with.

#ifndef FZ_BENCH_CLOCK_H
#define FZ_BENCH_CLOCK_H

#include <stdlib.h>
#include <time.h>

// Seconds.
static inline double
FzBench_Clock(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline int
FzBench_ByValue(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

// Sorts the values.
static inline double
FzBench_Median(double *values, size_t n)
{
    qsort(values, n, sizeof(double), FzBench_ByValue);
    return values[n / 2];
}

#endif  // FZ_BENCH_CLOCK_H

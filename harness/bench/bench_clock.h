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

// What a busy machine has disturbed least.
static inline double
FzBench_Min(const double *values, size_t n)
{
    double least = values[0];
    for (size_t i = 1; i < n; i++) {
        least = values[i] < least ? values[i] : least;
    }
    return least;
}

#endif  // FZ_BENCH_CLOCK_H

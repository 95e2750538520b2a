// fz_bench.h: measurements beside their baselines, in one process.

#ifndef FZ_BENCH_H
#define FZ_BENCH_H

#include "fz_base.h"

// Executions per second of the same generated programs on each carrier of
// threads, as a table or one JSON object. After FzExec_Init(). 0, or 1 if too
// few programs could be generated to measure with.
int FzBench_Throughput(bool json, double seconds, FILE *out);
// Nanoseconds of an uncontended lock and unlock, beside pthread_mutex.
int FzBench_Locks(bool json, double seconds, FILE *out);
// Nanoseconds of an iteration of small loops of bytecode, and how much faster
// two threads run two of them than one.
int FzBench_Loops(bool json, double seconds, FILE *out);
// Full collections per second over a heap of 1,000,000 objects. 1: no memory.
int FzBench_Collector(bool json, double seconds, FILE *out);
// Bytes of objects of each kind, headers and slack of blocks included.
int FzBench_Memory(bool json, double seconds, FILE *out);
// Nanoseconds of reading and storing attributes and items of a dict.
int FzBench_Attributes(bool json, double seconds, FILE *out);

// The benchmark of schedule search. 0, 1 if something was found in a fixed
// twin, 2 if the programs cannot be run.
typedef struct FzBenchSct {
    const char *strategy;       // NULL: the portfolio and every strategy
    uint64_t trials;
    uint64_t executions;        // of a trial, at most
    double seconds;             // of a strategy on a program, at most
    bool json;
} FzBenchSct;
int FzBench_Sct(const FzBenchSct *options, FILE *out);

#endif  // FZ_BENCH_H

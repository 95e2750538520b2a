// fuzz_targets.h: the functions that fuzzers call, and what the entry points
// share with each other.

#ifndef FUZZ_TARGETS_H
#define FUZZ_TARGETS_H

#include "fz_exec.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                               unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1,
                                 const uint8_t *data2, size_t size2,
                                 uint8_t *out, size_t max_out_size,
                                 unsigned int seed);

// The number-th input to begin from; its size, 0: there are no more. After
// LLVMFuzzerInitialize().
size_t FuzzTarget_Seed(uint32_t number, uint8_t *out, size_t size);
enum { FUZZ_SEEDS = 24, FUZZ_SEED_SIZE = 4096 };

// fuzz_common.c
// Starts engine and runtime, or gives up with a reason.
void Fuzz_Init(const char *target);
// The default, with interleavings counted where fuzzers look for counters.
FzEngineConfig Fuzz_Config(void);
// If an oracle has complained: prints the report and aborts, which is what
// fuzzers take for a crash. A run of a program (`schedule` is not NULL) is
// saved before as a finding in the folder that FTFUZZ_FINDINGS names, if any.
void Fuzz_Check(const FzInput *input, const FzSchedule *schedule,
                const FzRun *run);

#endif  // FUZZ_TARGETS_H

// run_internal.h: the parts of ftfuzz run that have files of their own.

#ifndef FZ_CLI_RUN_INTERNAL_H
#define FZ_CLI_RUN_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

// Runs `programs` generated programs under one schedule each and prints how
// often each mechanism of the runtime was at work. Exit code: finding if one
// that programs must reach was never reached.
int FzRun_Coverage(uint64_t programs, uint64_t seed, bool json);

#endif  // FZ_CLI_RUN_INTERNAL_H

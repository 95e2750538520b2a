// features.h: what executions reached: edges of the code and interleavings,
// each with the class of its hit count. One user at a time.

#ifndef FZ_FEATURES_H
#define FZ_FEATURES_H

#include "fz_exec.h"

typedef struct FzFeatures {
    uint8_t *edges;             // classes seen so far, one bit each of 8
    size_t nedges;              // edge counters in this binary; 0: none
    uint8_t interleavings[FZ_COVERAGE_SIZE];
    // By how many executions each was reached: 0, 1, 2, 3 or more; and how many
    // were at all, by one, by two: what richness is estimated from.
    uint8_t *edge_times;
    uint8_t pair_times[FZ_COVERAGE_SIZE];
    uint64_t species, once, twice;
} FzFeatures;

void FzFeatures_Init(FzFeatures *seen);
void FzFeatures_Free(FzFeatures *seen);
// Before an execution: clears the counters and points config at those of
// interleavings.
void FzFeatures_Begin(FzEngineConfig *config);
// After it: adds what it reached. *edges and *interleavings: how many of them
// were not seen before.
void FzFeatures_Add(FzFeatures *seen, unsigned *edges,
                    unsigned *interleavings);
// After it: the features of this execution alone, as numbers below
// FzFeatures_Limit(), ascending; the caller frees *out. Returns their number.
size_t FzFeatures_List(uint32_t **out);
uint32_t FzFeatures_Limit(void);

#endif  // FZ_FEATURES_H

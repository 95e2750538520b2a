// sct_search.c: one strategy, its memory, and a guess at the length of the
// next execution from those before.

#include "sct_search.h"

#include <stdlib.h>

enum { TIME_STEP_NS = 100 };

struct FzSctSearch {
    const FzStrategy *strategy;
    FzStrategyMemory *memory;
    FzRng rng;
    uint32_t depth;
    uint64_t steps;             // longest execution so far
};

FzSctSearch *
FzSctSearch_New(const FzStrategy *strategy, uint64_t seed, uint32_t depth)
{
    FzSctSearch *search = calloc(1, sizeof(*search));
    FZ_ASSERT(search != NULL);
    size_t size = strategy->memory_size;
    if (size < sizeof(FzStrategyMemory)) {
        size = sizeof(FzStrategyMemory);
    }
    search->strategy = strategy;
    search->memory = calloc(1, size);
    FZ_ASSERT(search->memory != NULL);
    search->depth = depth;
    FzRng_Seed(&search->rng, seed);
    return search;
}

void
FzSctSearch_Free(FzSctSearch *search)
{
    free(search->memory);
    free(search);
}

bool
FzSctSearch_Next(FzSctSearch *search, FzSchedule *schedule)
{
    if (search->memory->exhausted) {
        return false;
    }
    *schedule = (FzSchedule){
        .kind = FZ_SCHEDULE_STRATEGY,
        .strategy = search->strategy,
        .seed = FzRng_Next(&search->rng),
        .depth = search->depth,
        .memory = search->memory,
        .expected_steps = search->steps,
        .time_step_ns = TIME_STEP_NS,
    };
    return true;
}

void
FzSctSearch_Learn(FzSctSearch *search, const FzRun *run)
{
    if (run->nviolations == 0 && run->steps > search->steps) {
        search->steps = run->steps;
    }
}

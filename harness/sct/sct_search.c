// sct_search.c: one strategy with its memory, or a portfolio of several: each
// execution is given to one of them, the more often the more new interleavings
// it has brought of late. No strategy is best for all programs, and which is
// best for this one is not known before.

#include "sct_search.h"

#include <stdlib.h>
#include <string.h>

enum {
    TIME_STEP_NS = 100,
    MAX_ARMS = 8,
    COVERAGE_SIZE = 1024,       // counters; programs are small
    // Weight that an arm has at least, the first of them more, as it misses the
    // fewest programs of the benchmark when it is alone; and what new coverage
    // adds, of which 1/16 fades with each execution of the arm.
    FIRST_WEIGHT = 256,
    LEAST_WEIGHT = 64,
    REWARD = 64,
};

typedef struct Arm {
    const FzStrategy *strategy;
    FzStrategyMemory *memory;
    uint32_t min_depth, max_depth;
    uint32_t least, weight;
} Arm;

struct FzSctSearch {
    Arm arms[MAX_ARMS];
    uint32_t narms;
    uint32_t chosen;            // arm of the execution under way
    FzRng rng;
    uint64_t steps;             // longest execution so far
    uint64_t coverage[COVERAGE_SIZE / 8];       // of the last execution
    uint64_t seen[COVERAGE_SIZE / 8];   // bit 0 of each byte: ever taken
};

static void
add_arm(FzSctSearch *search, const FzStrategy *strategy, uint32_t min_depth,
        uint32_t max_depth)
{
    size_t size = strategy->memory_size;
    if (size < sizeof(FzStrategyMemory)) {
        size = sizeof(FzStrategyMemory);
    }
    FzStrategyMemory *memory = calloc(1, size);
    FZ_ASSERT(memory != NULL);
    FZ_ASSERT(search->narms < MAX_ARMS);
    uint32_t least = search->narms == 0 ? FIRST_WEIGHT : LEAST_WEIGHT;
    search->arms[search->narms++] =
        (Arm){strategy, memory, min_depth, max_depth, least, least};
}

FzSctSearch *
FzSctSearch_New(const FzStrategy *strategy, uint64_t seed, uint32_t depth)
{
    FzSctSearch *search = calloc(1, sizeof(*search));
    FZ_ASSERT(search != NULL);
    FzRng_Seed(&search->rng, seed);
    if (strategy != NULL) {
        add_arm(search, strategy, depth, depth);
        return search;
    }
    add_arm(search, &fz_strategy_rff, 0, 0);
    add_arm(search, &fz_strategy_pos, 0, 0);
    add_arm(search, &fz_strategy_surw, 0, 0);
    add_arm(search, &fz_strategy_mutation, 0, 0);
    add_arm(search, &fz_strategy_race_pct, 2, 6);
    add_arm(search, &fz_strategy_urw, 0, 0);
    add_arm(search, &fz_strategy_preemption, 2, 5);
    add_arm(search, &fz_strategy_sticky, 0, 0);
    return search;
}

void
FzSctSearch_Free(FzSctSearch *search)
{
    for (uint32_t i = 0; i < search->narms; i++) {
        free(search->arms[i].memory);
    }
    free(search);
}

static uint32_t
choose_arm(FzSctSearch *search)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < search->narms; i++) {
        total += search->arms[i].memory->exhausted ? 0
                                                   : search->arms[i].weight;
    }
    if (total == 0) {
        return search->narms;
    }
    uint32_t at = FzRng_Below(&search->rng, total);
    for (uint32_t i = 0;; i++) {
        uint32_t weight = search->arms[i].memory->exhausted
                              ? 0
                              : search->arms[i].weight;
        if (at < weight) {
            return i;
        }
        at -= weight;
    }
}

bool
FzSctSearch_Next(FzSctSearch *search, FzSchedule *schedule)
{
    search->chosen = search->narms == 1 && !search->arms[0].memory->exhausted
                         ? 0
                         : choose_arm(search);
    if (search->chosen == search->narms ||
        search->arms[search->chosen].memory->exhausted)
    {
        return false;
    }
    const Arm *arm = &search->arms[search->chosen];
    uint32_t spread = arm->max_depth - arm->min_depth + 1;
    *schedule = (FzSchedule){
        .kind = FZ_SCHEDULE_STRATEGY,
        .strategy = arm->strategy,
        .seed = FzRng_Next(&search->rng),
        .depth = arm->min_depth + FzRng_Below(&search->rng, spread),
        .memory = arm->memory,
        .expected_steps = search->steps,
        .time_step_ns = TIME_STEP_NS,
    };
    return true;
}

bool
FzSctSearch_IsExhausted(const FzSctSearch *search)
{
    const FzStrategyMemory *memory = search->arms[0].memory;
    return search->narms == 1 && memory->exhausted && !memory->cut;
}

uint8_t *
FzSctSearch_Coverage(FzSctSearch *search, size_t *size)
{
    *size = search->narms > 1 ? COVERAGE_SIZE : 0;
    return search->narms > 1 ? (uint8_t *)search->coverage : NULL;
}

// How many counters were raised for the first time; clears them.
static uint32_t
count_new(FzSctSearch *search)
{
    uint32_t found = 0;
    for (size_t i = 0; i < COVERAGE_SIZE / 8; i++) {
        uint64_t counts = search->coverage[i];
        if (counts == 0) {
            continue;
        }
        // Bit 0 of each byte that is not 0.
        uint64_t ones = counts | counts >> 4;
        ones |= ones >> 2;
        ones = (ones | ones >> 1) & 0x0101010101010101u;
        found += (uint32_t)__builtin_popcountll(ones & ~search->seen[i]);
        search->seen[i] |= ones;
        search->coverage[i] = 0;
    }
    return found;
}

void
FzSctSearch_Learn(FzSctSearch *search, const FzRun *run)
{
    if (run->nviolations == 0 && run->steps > search->steps) {
        search->steps = run->steps;
    }
    if (search->narms > 1) {
        Arm *arm = &search->arms[search->chosen];
        uint32_t found = count_new(search);
        found = found > 16 ? 16 : found;
        arm->weight = arm->weight - arm->weight / 16 + found * REWARD;
        if (arm->weight < arm->least) {
            arm->weight = arm->least;
        }
    }
}

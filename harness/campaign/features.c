// features.c: counters of edges and interleavings, by classes of their values.

#include <stdlib.h>
#include <string.h>

#include "features.h"
#include "fz_coverage.h"

static uint8_t interleavings[FZ_COVERAGE_SIZE];
static uint8_t classes[256];    // class_of(), looked up

// AFL's classes of hit counts: 1, 2, 3, 4-7, 8-15, 16-31, 32-127, 128+.
static uint8_t
class_of(unsigned count)
{
    if (count <= 3) {
        return count == 0 ? 0 : (uint8_t)(1u << (count - 1));
    }
    if (count < 32) {
        return (uint8_t)(1u << (count < 8 ? 3 : count < 16 ? 4 : 5));
    }
    return (uint8_t)(1u << (count < 128 ? 6 : 7));
}

void
FzFeatures_Init(FzFeatures *seen)
{
    memset(seen, 0, sizeof(*seen));
    FzCoverage_Edges(&seen->nedges);
    seen->edges = calloc(seen->nedges + 1, 1);
    seen->edge_times = calloc(seen->nedges + 1, 1);
    FZ_ASSERT(seen->edges != NULL && seen->edge_times != NULL);
    for (unsigned i = 0; i < 256; i++) {
        classes[i] = class_of(i);
    }
}

void
FzFeatures_Free(FzFeatures *seen)
{
    free(seen->edges);
    free(seen->edge_times);
    seen->edges = seen->edge_times = NULL;
}

void
FzFeatures_Begin(FzEngineConfig *config)
{
    size_t n;
    uint8_t *edges = FzCoverage_Edges(&n);
    if (edges != NULL) {
        memset(edges, 0, n);
    }
    memset(interleavings, 0, sizeof(interleavings));
    config->coverage = interleavings;
    config->coverage_size = sizeof(interleavings);
}

static void
count_time(FzFeatures *f, uint8_t *times)
{
    f->species += *times == 0;
    f->once += (uint64_t)(*times == 0) - (*times == 1);
    f->twice += (uint64_t)(*times == 1) - (*times == 2);
    ++*times;
}

static unsigned
merge_bytes(FzFeatures *f, uint8_t *seen, uint8_t *times,
            const uint8_t *counters, size_t n)
{
    unsigned news = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t bit = classes[counters[i]];
        news += (bit & ~seen[i]) != 0;
        seen[i] |= bit;
        if (bit != 0 && times[i] < 3) {
            count_time(f, &times[i]);
        }
    }
    return news;
}

static bool
is_zero(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    return word == 0;
}

static unsigned
merge(FzFeatures *f, uint8_t *seen, uint8_t *times, const uint8_t *counters,
      size_t n)
{
    unsigned news = 0;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        if (!is_zero(counters + i)) {
            news += merge_bytes(f, seen + i, times + i, counters + i, 8);
        }
    }
    return news + merge_bytes(f, seen + i, times + i, counters + i, n - i);
}

void
FzFeatures_Add(FzFeatures *seen, unsigned *edges, unsigned *pairs)
{
    size_t n;
    const uint8_t *counters = FzCoverage_Edges(&n);
    *edges = counters != NULL
                 ? merge(seen, seen->edges, seen->edge_times, counters, n)
                 : 0;
    *pairs = merge(seen, seen->interleavings, seen->pair_times, interleavings,
                   sizeof(interleavings));
}

uint32_t
FzFeatures_Limit(void)
{
    size_t n;
    FzCoverage_Edges(&n);
    return 8 * (uint32_t)(n + sizeof(interleavings));
}

// Of one row of counters: 8 numbers for each, from `first`.
static size_t
list(const uint8_t *counters, size_t n, uint32_t first, uint32_t *out)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        if (counters[i] != 0) {
            out[found++] = first + 8 * (uint32_t)i +
                           (uint32_t)__builtin_ctz(classes[counters[i]]);
        }
    }
    return found;
}

size_t
FzFeatures_List(uint32_t **out)
{
    size_t n;
    const uint8_t *edges = FzCoverage_Edges(&n);
    n = edges != NULL ? n : 0;
    *out = malloc((n + sizeof(interleavings)) * sizeof(**out));
    FZ_ASSERT(*out != NULL);
    size_t found = list(edges, n, 0, *out);
    found += list(interleavings, sizeof(interleavings), 8 * (uint32_t)n,
                  *out + found);
    uint32_t *fit = realloc(*out, (found + 1) * sizeof(**out));
    *out = fit != NULL ? fit : *out;
    return found;
}

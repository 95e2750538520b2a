// features.c: counters of edges and interleavings, by classes of their values.

#include <stdlib.h>
#include <string.h>

#include "features.h"
#include "fz_coverage.h"

static uint8_t interleavings[FZ_COVERAGE_SIZE];
static uint8_t classes[256];    // classes_of(), looked up

// Sixteen counters at once.
typedef uint8_t Row __attribute__((vector_size(16)));

// AFL's classes of hit counts: 1, 2, 3, 4-7, 8-15, 16-31, 32-127, 128+. A bit
// for each: what reaches the next class moves on from the bit of the one below.
static Row
classes_of(Row counts)
{
    static const uint8_t from[] = {1, 2, 3, 4, 8, 16, 32, 128};
    Row bits = {0};
    for (unsigned i = 0; i < sizeof(from); i++) {
        uint8_t step = (uint8_t)(i == 0 ? 1 : 3u << (i - 1));
        bits ^= (Row)(counts >= from[i]) & step;
    }
    return bits;
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
        classes[i] = classes_of((Row){(uint8_t)i})[0];
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

static Row
load(const uint8_t *bytes)
{
    Row row;
    memcpy(&row, bytes, sizeof(row));
    return row;
}

static bool
is_zero(Row row)
{
    uint64_t words[2];
    memcpy(words, &row, sizeof(words));
    return (words[0] | words[1]) == 0;
}

// Most counters are zero, and most others have the class that they had before.
static unsigned
merge(FzFeatures *f, uint8_t *seen, uint8_t *times, const uint8_t *counters,
      size_t n)
{
    unsigned news = 0;
    size_t i = 0;
    for (; i + sizeof(Row) <= n; i += sizeof(Row)) {
        Row counts = load(counters + i);
        if (is_zero(counts)) {
            continue;
        }
        Row fresh = classes_of(counts) & ~load(seen + i);
        Row rare = (Row)(load(times + i) < 3) & (Row)(counts != 0);
        if (!is_zero(fresh | rare)) {
            news += merge_bytes(f, seen + i, times + i, counters + i,
                                sizeof(Row));
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

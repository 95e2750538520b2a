// coverage.c: interleaving coverage, as counters that a fuzzer watches: which
// code was preempted in favour of which, and which access of one thread read or
// overwrote what which code of another thread had written.

#include "engine_internal.h"

#include <assert.h>
#include <string.h>

enum { LAST_WRITES_BITS = 10 };

enum { RUN_BITS = 24 };

// Direct-mapped: a newer object takes the place of an older one. An entry
// counts only in the run that made it.
typedef struct LastWrite {
    uint64_t object;
    uint32_t site;              // offset in the image
    uint32_t run : RUN_BITS;
    uint32_t thread : 32 - RUN_BITS;
} LastWrite;
static_assert(FZ_MAX_THREADS <= 1 << (32 - RUN_BITS), "a thread fits");

static LastWrite last_writes[1 << LAST_WRITES_BITS];
static uint32_t current_run;

void
FzCoverage_Begin(void)
{
    current_run = (current_run + 1) & ((1u << RUN_BITS) - 1);
    if (current_run == 0) {
        memset(last_writes, 0, sizeof(last_writes));
        current_run = 1;
    }
}

// The sites are offsets in the image.
static void
count(uintptr_t from_site, uintptr_t to_site, uint64_t kind)
{
    const FzEngineConfig *config = fz_engine.config;
    uint64_t h = FzHash_Mix(from_site + kind, to_site);
    uint8_t *counter = &config->coverage[h & (config->coverage_size - 1)];
    if (*counter != UINT8_MAX) {
        ++*counter;
    }
}

void
FzCoverage_Switch(uintptr_t from_site, uintptr_t to_site)
{
    count(FzAddress_SiteOffset(from_site), FzAddress_SiteOffset(to_site), 0);
}

void
FzCoverage_Access(uint64_t object, bool write, uintptr_t site)
{
    uint64_t h = object * 0x9e3779b97f4a7c15u;
    LastWrite *last = &last_writes[h >> (64 - LAST_WRITES_BITS)];
    uint32_t self = fz_engine.current;
    uint32_t offset = (uint32_t)FzAddress_SiteOffset(site);
    if (last->run == current_run && last->object == object &&
        last->thread != self) {
        count(last->site, offset, 1);
    }
    if (write) {
        *last = (LastWrite){object, offset, current_run, self};
    }
}

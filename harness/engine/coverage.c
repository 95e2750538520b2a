// coverage.c: interleaving coverage, as counters that a fuzzer watches: which
// code was preempted in favour of which, and which access of one thread read or
// overwrote what which code of another thread had written.

#include "engine_internal.h"

#include <string.h>

enum { LAST_WRITES_BITS = 10 };

// Direct-mapped: a newer object takes the place of an older one. An entry
// counts only in the run that made it.
typedef struct LastWrite {
    uint64_t object;
    uintptr_t site;
    uint32_t run;
    uint32_t thread;
} LastWrite;

static LastWrite last_writes[1 << LAST_WRITES_BITS];
static uint32_t current_run;

void
FzCoverage_Begin(void)
{
    if (++current_run == 0) {
        memset(last_writes, 0, sizeof(last_writes));
        current_run = 1;
    }
}

static void
count(uintptr_t from_site, uintptr_t to_site, uint64_t kind)
{
    const FzEngineConfig *config = fz_engine.config;
    uint64_t h = FzHash_Mix(FzAddress_SiteOffset(from_site) + kind,
                            FzAddress_SiteOffset(to_site));
    uint8_t *counter = &config->coverage[h & (config->coverage_size - 1)];
    if (*counter != UINT8_MAX) {
        ++*counter;
    }
}

void
FzCoverage_Switch(uintptr_t from_site, uintptr_t to_site)
{
    count(from_site, to_site, 0);
}

void
FzCoverage_Access(uint64_t object, bool write, uintptr_t site)
{
    uint64_t h = object * 0x9e3779b97f4a7c15u;
    LastWrite *last = &last_writes[h >> (64 - LAST_WRITES_BITS)];
    uint32_t self = fz_engine.current;
    if (last->run == current_run && last->object == object &&
        last->thread != self) {
        count(last->site, site, 1);
    }
    if (write) {
        *last = (LastWrite){object, site, current_run, self};
    }
}

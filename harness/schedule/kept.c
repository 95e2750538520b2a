// kept.c: draws of places, and counts of what was drawn.

#include "kept.h"

uint32_t
FzKept_Add(FzKept *kept, FzRng *rng)
{
    uint32_t at = kept->count < FZ_MAX_KEPT ? kept->count++
                                            : FzRng_Below(rng, FZ_MAX_KEPT);
    kept->chosen[at] = 0;
    return at;
}

uint32_t
FzKept_Choose(FzKept *kept, FzRng *rng)
{
    uint32_t best = FzRng_Below(rng, kept->count);
    for (int i = 0; i < 2; i++) {
        uint32_t other = FzRng_Below(rng, kept->count);
        if (kept->chosen[other] < kept->chosen[best]) {
            best = other;
        }
    }
    kept->chosen[best]++;
    return best;
}

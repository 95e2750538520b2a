// rng.c: the harness's only source of randomness, xoshiro256** seeded by
// splitmix64 (Blackman and Vigna, 2018). State is owned by the caller.

#include "fz_base.h"

static uint64_t
splitmix64(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

void
FzRng_Seed(FzRng *rng, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        rng->s[i] = splitmix64(&seed);
    }
}

bool
FzRng_Chance(FzRng *rng, FzRatio ratio)
{
    FZ_ASSERT(ratio.denominator > 0);
    return FzRng_Below(rng, ratio.denominator) < ratio.numerator;
}

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

static uint64_t
rotate_left(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

void
FzRng_Seed(FzRng *rng, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        rng->s[i] = splitmix64(&seed);
    }
}

uint64_t
FzRng_Next(FzRng *rng)
{
    uint64_t *s = rng->s;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint32_t
FzRng_Below(FzRng *rng, uint32_t bound)
{
    FZ_ASSERT(bound > 0);
    // The bias of this multiply-shift is below 2^-32 for 32-bit bounds.
    return (uint32_t)((FzRng_Next(rng) >> 32) * bound >> 32);
}

bool
FzRng_Chance(FzRng *rng, FzRatio ratio)
{
    FZ_ASSERT(ratio.denominator > 0);
    return FzRng_Below(rng, ratio.denominator) < ratio.numerator;
}

// priorities.c: priorities of threads, and the moments that lower them.

#include "priorities.h"

static void
find_next_change(FzPriorities *p)
{
    p->next_change = UINT64_MAX;
    for (uint32_t rest = p->pending; rest != 0; rest &= rest - 1) {
        uint64_t moment = p->change[__builtin_ctz(rest)];
        if (moment < p->next_change) {
            p->next_change = moment;
        }
    }
}

void
FzPriorities_Begin(FzPriorities *p, uint64_t seed, uint32_t depth,
                   uint64_t length)
{
    FzRng_Seed(&p->rng, seed);
    p->lowest = 0;
    uint32_t n = depth > 0 ? depth - 1 : 0;
    n = n > FZ_MAX_CHANGES ? FZ_MAX_CHANGES : n;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t below =
            length != 0 ? length : UINT64_C(16) << FzRng_Below(&p->rng, 10);
        p->change[i] = 1 + FzRng_Next(&p->rng) % below;
    }
    p->pending = (1u << n) - 1;
    find_next_change(p);
}

void
FzPriorities_Draw(FzPriorities *p, uint32_t thread)
{
    // Above what any change gives.
    p->of[thread] =
        FZ_MAX_CHANGES + 1 + (int64_t)(FzRng_Next(&p->rng) >> 2);
}

void
FzPriorities_Change(FzPriorities *p, uint64_t now, uint32_t thread)
{
    if (now < p->next_change) {
        return;
    }
    for (uint32_t rest = p->pending; rest != 0; rest &= rest - 1) {
        uint32_t i = (uint32_t)__builtin_ctz(rest);
        if (p->change[i] <= now) {
            p->of[thread] = (int64_t)i + 1;
            p->pending &= ~(1u << i);
        }
    }
    find_next_change(p);
}

void
FzPriorities_Sink(FzPriorities *p, uint32_t thread)
{
    p->of[thread] = --p->lowest;
}

uint32_t
FzPriorities_Best(const FzPriorities *p, FzThreadSet threads)
{
    uint32_t best = FzThreadSet_First(threads);
    for (FzThreadSet rest = threads; rest != 0; rest &= rest - 1) {
        uint32_t thread = FzThreadSet_First(rest);
        if (p->of[thread] > p->of[best]) {
            best = thread;
        }
    }
    return best;
}

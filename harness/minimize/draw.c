// draw.c: random schedules of few turns. Strategies preempt a lot; most
// failures need one preemption or two, at points where threads touch the same
// thing.

#include "minimize_internal.h"

static uint32_t
other_thread(uint32_t nthreads, uint32_t thread, FzRng *rng)
{
    uint32_t other = FzRng_Below(rng, nthreads - 1);
    return other + (other >= thread);
}

static FzRacyPoint
draw_point(const FzOwnPoints *own, FzRng *rng)
{
    uint32_t kind = FzRng_Below(rng, 8);
    if (own->nhot > 0 && kind < 3) {
        return own->hot[FzRng_Below(rng, (uint32_t)own->nhot)];
    }
    if (own->nracy > 0 && kind < 6) {
        return own->racy[FzRng_Below(rng, (uint32_t)own->nracy)];
    }
    uint16_t thread = (uint16_t)FzRng_Below(rng, own->nthreads);
    uint32_t count = (uint32_t)own->count[thread];
    return (FzRacyPoint){thread, 1 + FzRng_Below(rng, count > 0 ? count : 1)};
}

// Turns of one thread stand in the order of its points.
static void
insert_turn(FzGuide *guide, FzTurn turn)
{
    FzGuide_Add(guide, turn);
    for (size_t i = guide->count - 1; i > 0; i--) {
        FzTurn *before = &guide->turns[i - 1], *now = &guide->turns[i];
        if (before->thread != now->thread || before->at <= now->at) {
            break;
        }
        FzTurn saved = *before;
        *before = *now;
        *now = saved;
    }
}

static void
draw_new(const FzOwnPoints *own, uint32_t n, FzRng *rng, FzGuide *out)
{
    for (uint32_t i = 0; i < n; i++) {
        FzRacyPoint p = draw_point(own, rng);
        // Mostly a chain: who runs now is preempted next.
        bool chain = i > 0 && FzRng_Below(rng, 4) != 0;
        for (int tries = 0; chain && tries < 8 &&
             p.thread != out->turns[out->count - 1].to; tries++) {
            p = draw_point(own, rng);
        }
        FzTurn turn = {
            .at = p.own,
            .thread = p.thread,
            .to = (uint16_t)other_thread(own->nthreads, p.thread, rng),
            .preempts = true,
        };
        insert_turn(out, turn);
    }
}

// Some of the preemptions of the best, and all its other turns.
static void
draw_subset(const FzWitness *best, uint32_t n, FzRng *rng, FzGuide *out)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < best->nturns; i++) {
        left += best->turns[i].preempts;
    }
    for (uint32_t i = 0; i < best->nturns; i++) {
        if (best->turns[i].preempts) {
            bool taken = FzRng_Below(rng, left--) < n;
            if (!taken) {
                continue;
            }
            n--;
        }
        FzGuide_Add(out, best->turns[i]);
    }
}

void
FzDraw_Guide(const FzOwnPoints *own, const FzWitness *best, uint32_t most,
             FzRng *rng, FzGuide *out)
{
    uint32_t n = 1 + FzRng_Below(rng, most);
    out->count = 0;
    if (own->nthreads < 2) {
        return;
    }
    if (best->nturns > 0 && FzRng_Below(rng, 4) == 0) {
        draw_subset(best, n, rng, out);
    }
    else {
        draw_new(own, n, rng, out);
    }
}

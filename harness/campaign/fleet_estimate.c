// fleet_estimate.c: what a campaign that found no more tells of what is left.
//
// Chao2 (Chao 1987): with Q1 kinds seen in one of m samples and Q2 in two, at
// least S + (m - 1)/m Q1^2 / 2 Q2 kinds exist. Samples are turns of a
// fuzzer for findings, executions for what is covered; guided executions are no
// independent samples, so it is a bound in the first case and a hint in the
// second.

#include <math.h>

#include "fleet_internal.h"

double
Fleet_Richness(uint64_t seen, uint64_t once, uint64_t twice, uint64_t samples)
{
    double q1 = (double)once, q2 = (double)twice;
    double factor = samples > 0 ? (double)(samples - 1) / (double)samples : 0;
    double unseen = twice > 0 ? q1 * q1 / (2 * q2) : q1 * (q1 - 1) / 2;
    return (double)seen + factor * unseen;
}

void
Fleet_CountOnce(const Fleet *fleet, uint64_t *once, uint64_t *twice)
{
    *once = *twice = 0;
    for (size_t i = 0; i < fleet->nfindings; i++) {
        *once += fleet->findings[i].count == 1;
        *twice += fleet->findings[i].count == 2;
    }
}

// One run finds a bug of depth d with probability 1/(n k^(d-1)) or more
// (Burckhardt and others, 2010).
double
Fleet_PctMiss(double threads, double steps, int depth, double runs)
{
    double chance = 1 / (fmax(threads, 1) * pow(fmax(steps, 1), depth - 1));
    return chance >= 1 ? 0 : exp(runs * log1p(-chance));
}

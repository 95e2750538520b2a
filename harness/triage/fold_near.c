// fold_near.c: which groups belong together, because programs that are nearly
// the minimised one of a failure, and do the same operations, fail as the
// other, and programs that do something else do not. A race is about a field:
// who shares an object may show it, whatever he does.

#include <string.h>

#include "group_internal.h"

static bool
is_race(const FzRaw *raw)
{
    return strcmp(raw->smallest->rule, "DATA_RACE") == 0;
}

// Whatever small programs do, it is there.
static bool
is_common(FzGrouper *g, size_t raw)
{
    for (size_t i = 0; i < g->nraws; i++) {
        if (FzEvidence_IsCommon(&g->evidence, i, raw)) {
            return true;
        }
    }
    return false;
}

static bool
is_near(FzGrouper *g, size_t a, size_t b)
{
    return FzEvidence_IsNear(&g->evidence, a, b) && !is_race(&g->raws[a]) &&
           !is_race(&g->raws[b]) &&
           (!is_common(g, b) || g->raws[a].count < FZ_ENOUGH_FINDINGS);
}

static bool
has_mechanism(FzGrouper *g, size_t root)
{
    for (size_t i = 0; i < g->nraws; i++) {
        if (FzGrouper_Root(g, i) == root && !g->raws[i].damage &&
            g->raws[i].count >= FZ_ENOUGH_FINDINGS) {
            return true;
        }
    }
    return false;
}

// Programs of a third group that stands for itself are near to it as well.
static bool
is_near_to_others(FzGrouper *g, size_t root, size_t asker)
{
    for (size_t i = 0; i < g->nraws; i++) {
        size_t third = FzGrouper_Root(g, i);
        for (size_t k = 0; third != root && third != asker && k < g->nraws;
             k++) {
            if (FzGrouper_Root(g, k) == root && is_near(g, i, k) &&
                FzGrouper_IsEstablished(g, third)) {
                return true;
            }
        }
    }
    return false;
}

void
FzGrouper_FoldNear(FzGrouper *g)
{
    for (size_t a = 0; a < g->nraws; a++) {
        for (size_t b = 0; b < g->nraws; b++) {
            size_t one = FzGrouper_Root(g, a), other = FzGrouper_Root(g, b);
            if (one != other && is_near(g, a, b) &&
                !(has_mechanism(g, one) && has_mechanism(g, other)) &&
                !is_near_to_others(g, other, one)) {
                FzGrouper_Fold(g, one, other);
            }
        }
    }
}

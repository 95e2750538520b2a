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

static bool
is_near(FzGrouper *g, size_t a, size_t b)
{
    return FzEvidence_IsNear(&g->evidence, a, b) && !is_race(&g->raws[a]) &&
           !is_race(&g->raws[b]) &&
           !FzEvidence_IsCommonSomewhere(&g->evidence, a) &&
           !FzEvidence_IsCommonSomewhere(&g->evidence, b);
}

static bool
has_mechanism(FzGrouper *g, size_t root)
{
    size_t n = 0;
    for (size_t i = 0; i < g->nraws; i++) {
        n += FzGrouper_Root(g, i) == root && !g->raws[i].damage
                 ? g->raws[i].count
                 : 0;
    }
    return n >= FZ_ENOUGH_FINDINGS;
}

// Most findings of the one are of signatures that are near.
static bool
is_group_near(FzGrouper *g, size_t one, size_t other)
{
    size_t near = 0;
    for (size_t i = 0; i < g->nraws; i++) {
        bool found = FzGrouper_Root(g, i) != one;
        for (size_t k = 0; k < g->nraws && !found; k++) {
            found = FzGrouper_Root(g, k) == other && is_near(g, i, k);
            near += found ? g->raws[i].count : 0;
        }
    }
    return 2 * near > FzGrouper_CountFindings(g, one);
}

// A third group stands for itself, and is near to the other as well, or the one
// is near to it as well: which of them is it of?
static bool
is_in_doubt(FzGrouper *g, size_t one, size_t other)
{
    for (size_t third = 0; third < g->nraws; third++) {
        if (FzGrouper_Root(g, third) == third && third != one &&
            third != other && FzGrouper_IsEstablished(g, third) &&
            (is_group_near(g, third, other) || is_group_near(g, one, third))) {
            return true;
        }
    }
    return false;
}

// The one is a mechanism; the other fails many times as often, and no small
// program of it, nor what is near to one, fails as the one: it has a cause of
// its own.
static bool
comes_by_itself(FzGrouper *g, size_t other, size_t one)
{
    bool looked = false;
    for (size_t i = 0; i < g->nraws; i++) {
        for (size_t k = 0; k < g->nraws && FzGrouper_Root(g, i) == other; k++) {
            looked = looked || g->evidence.profiled[i];
            if (FzGrouper_Root(g, k) == one &&
                (FzEvidence_Shows(&g->evidence, i, k) ||
                 FzEvidence_IsNear(&g->evidence, i, k))) {
                return false;
            }
        }
    }
    return looked && has_mechanism(g, one) &&
           FzGrouper_IsSeldomBeside(g, one, other);
}

void
FzGrouper_FoldNear(FzGrouper *g)
{
    for (size_t a = 0; a < g->nraws; a++) {
        for (size_t b = 0; b < g->nraws; b++) {
            size_t one = FzGrouper_Root(g, a), other = FzGrouper_Root(g, b);
            if (one != other && is_near(g, a, b) &&
                is_group_near(g, one, other) &&
                !(has_mechanism(g, one) && has_mechanism(g, other)) &&
                !comes_by_itself(g, other, one) &&
                !is_in_doubt(g, one, other)) {
                FzGrouper_Fold(g, one, other);
            }
        }
    }
}

// fold_mutual.c: which groups belong together, because small programs of each
// fail as the other. One program that shows another failure says little: that
// may be everywhere. But what hardly ever fails, and what only follows from a
// mistake, are found in the small programs of another mistake by that alone.

#include <string.h>

#include "group_internal.h"

enum {
    SHOWN = 2,                  // failures of the other that one must show,
    SHOWERS = 3,                // and of the other, so many that show one
};

// How many failures of `one` have small programs that show the other.
static size_t
count_showers(FzGrouper *g, size_t one, size_t other)
{
    size_t n = 0;
    for (size_t i = 0; i < g->nraws; i++) {
        n += FzGrouper_Root(g, i) == one &&
             FzGrouper_Relates(g, FzEvidence_ShowsMore, i, other);
    }
    return n;
}

// How many failures of the other small programs of `one` show.
static size_t
count_shown(FzGrouper *g, size_t one, size_t other)
{
    size_t n = 0;
    for (size_t k = 0; k < g->nraws; k++) {
        bool shown = false;
        for (size_t i = 0; i < g->nraws && FzGrouper_Root(g, k) == other &&
             !shown; i++) {
            shown = FzGrouper_Root(g, i) == one &&
                    FzEvidence_Shows(&g->evidence, i, k);
        }
        n += shown;
    }
    return n;
}

static bool
is_all_assertions(FzGrouper *g, size_t root)
{
    for (size_t i = 0; i < g->nraws; i++) {
        if (FzGrouper_Root(g, i) == root &&
            strcmp(g->raws[i].smallest->rule, "FATAL") != 0) {
            return false;
        }
    }
    return true;
}

// Assertions say that something was wrong before: what, says the mechanism of
// which several failures lead to them, and to which they lead.
static bool
follows_from(FzGrouper *g, size_t one, size_t other)
{
    return is_all_assertions(g, one) && !is_all_assertions(g, other) &&
           count_shown(g, one, other) >= SHOWN &&
           count_showers(g, other, one) >= SHOWERS &&
           !FzGrouper_IsEverywhere(g, one, other);
}

// Damage, and no assertion that says where.
static bool
is_all_plain_damage(FzGrouper *g, size_t root)
{
    for (size_t i = 0; i < g->nraws; i++) {
        if (FzGrouper_Root(g, i) == root &&
            (!g->raws[i].damage ||
             strcmp(g->raws[i].smallest->rule, "FATAL") == 0)) {
            return false;
        }
    }
    return true;
}

// What gives up a reference of an object too much, and uses of objects of that
// kind after they were freed, in one program.
static bool
is_freed_by(FzGrouper *g, size_t one, size_t other)
{
    static const char *const rules[] = {"REF_NEGATIVE", "REF_BELOW_REFERENCES",
                                        NULL};
    FzSignature x, y;
    for (size_t i = 0; i < g->nraws; i++) {
        if (FzGrouper_Root(g, i) != one ||
            !FzTriage_IsOneOf(g->raws[i].smallest->rule, rules) ||
            !FzSignature_Parse(g->raws[i].signature, &x)) {
            continue;
        }
        for (size_t k = 0; k < g->nraws; k++) {
            if (FzGrouper_Root(g, k) == other &&
                FzEvidence_Shows(&g->evidence, i, k) &&
                strcmp(g->raws[k].smallest->rule, "USE_AFTER_FREE") == 0 &&
                FzSignature_Parse(g->raws[k].signature, &y) &&
                x.kind[0] != '\0' && strcmp(x.kind, y.kind) == 0 &&
                !FzGrouper_IsBridge(g, i, k)) {
                return !FzGrouper_IsEverywhere(g, other, one);
            }
        }
    }
    return false;
}

static bool
is_mutual(FzGrouper *g, size_t one, size_t other)
{
    return (FzGrouper_CountFindings(g, one) < FZ_ENOUGH_FINDINGS ||
            is_all_plain_damage(g, one)) &&
           FzGrouper_CountFindings(g, other) >= FZ_ENOUGH_FINDINGS &&
           count_showers(g, one, other) > 0 &&
           count_showers(g, other, one) > 0 &&
           !FzGrouper_IsEverywhere(g, other, one) &&
           !FzGrouper_IsEverywhere(g, one, other) &&
           !(FzGrouper_IsCommon(g, one) && FzGrouper_IsCommon(g, other));
}

void
FzGrouper_FoldMutual(FzGrouper *g)
{
    for (size_t a = 0; a < g->nraws; a++) {
        for (size_t b = 0; b < g->nraws; b++) {
            size_t one = FzGrouper_Root(g, a), other = FzGrouper_Root(g, b);
            if (one != other &&
                (is_mutual(g, one, other) || follows_from(g, one, other) ||
                 is_freed_by(g, one, other))) {
                FzGrouper_Fold(g, one, other);
            }
        }
    }
}

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
        n += FzGrouper_Root(g, i) == one && FzGrouper_Shows(g, i, other);
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

static bool
is_mutual(FzGrouper *g, size_t one, size_t other)
{
    return (FzGrouper_CountFindings(g, one) < FZ_ENOUGH_FINDINGS ||
            is_all_plain_damage(g, one)) &&
           FzGrouper_CountFindings(g, other) >= FZ_ENOUGH_FINDINGS &&
           count_showers(g, one, other) > 0 &&
           count_showers(g, other, one) > 0 &&
           !FzGrouper_IsEverywhere(g, other, one) &&
           !FzGrouper_IsEverywhere(g, one, other);
}

// ---------------------------------------------------------------------------
// The field that both need to be preempted at.

typedef struct Place {
    const char *subject;        // "kind.field" in the text of a cause
    size_t subject_size;
    const char *functions[2];
    size_t sizes[2];
} Place;

// Fields that all objects have are touched whatever is wrong.
static bool
is_telling(const char *subject, size_t size)
{
    const char *dot = memchr(subject, '.', size);
    return dot != NULL && strncmp(dot + 1, "ob_", 3) != 0 &&
           strncmp(subject, "tstate.", 7) != 0;
}

static bool
read_place(const FzTriaged *f, Place *place)
{
    if (!f->tight || !FzTriaged_NamesPair(f)) {
        return false;
    }
    place->functions[0] = f->cause;
    place->sizes[0] = strcspn(f->cause, "|");
    place->subject = f->cause + place->sizes[0] + 1;
    place->subject_size = strcspn(place->subject, "|");
    place->functions[1] = place->subject + place->subject_size + 1;
    place->sizes[1] = strlen(place->functions[1]);
    return is_telling(place->subject, place->subject_size);
}

static bool
is_same(const char *a, size_t a_size, const char *b, size_t b_size)
{
    return a_size == b_size && memcmp(a, b, a_size) == 0;
}

// The same field, and a function in common.
static bool
is_same_place(const Place *a, const Place *b)
{
    if (!is_same(a->subject, a->subject_size, b->subject, b->subject_size)) {
        return false;
    }
    for (int i = 0; i < 4; i++) {
        if (is_same(a->functions[i / 2], a->sizes[i / 2], b->functions[i % 2],
                    b->sizes[i % 2])) {
            return true;
        }
    }
    return false;
}

// The access of which a race or a use after free tells: the object's kind is
// that of the cause, or not known, and a function of the cause does it.
static bool
is_access_of(const FzSignature *s, const FzTriaged *f)
{
    const char *subject = strchr(f->cause, '|');
    if (!f->tight || subject == NULL ||
        (strcmp(s->rule, "DATA_RACE") != 0 &&
         strcmp(s->rule, "USE_AFTER_FREE") != 0)) {
        return false;
    }
    const char *other = subject + 1 + strcspn(subject + 1, "|");
    other += *other == '|';
    size_t kind = strcspn(subject + 1, ".|");
    size_t size = (size_t)(subject - f->cause);
    if (s->kind[0] == '\0'
            ? !is_telling(subject + 1, strcspn(subject + 1, "|"))
            : !is_same(subject + 1, kind, s->kind, strlen(s->kind))) {
        return false;
    }
    for (int i = 0; i < 2; i++) {
        size_t n = strlen(s->functions[i]);
        if (n > 0 && (is_same(f->cause, size, s->functions[i], n) ||
                      strcmp(other, s->functions[i]) == 0)) {
            return true;
        }
    }
    return false;
}

// What one is preempted at is what the other tells of.
static void
fold_accesses(FzGrouper *g)
{
    FzSignature s;
    for (size_t i = 0; i < g->nraws; i++) {
        if (!FzSignature_Parse(g->raws[i].signature, &s)) {
            continue;
        }
        for (size_t k = 0; k < g->nraws; k++) {
            if ((FzEvidence_Shows(&g->evidence, i, k) ||
                 FzEvidence_Shows(&g->evidence, k, i)) &&
                is_access_of(&s, g->raws[k].smallest) &&
                !FzGrouper_IsBridge(g, i, k)) {
                FzGrouper_Fold(g, i, k);
            }
        }
    }
}

static void
fold_fields(FzGrouper *g)
{
    Place a, b;
    for (size_t i = 0; i < g->nraws; i++) {
        if (!read_place(g->raws[i].smallest, &a)) {
            continue;
        }
        for (size_t k = 0; k < g->nraws; k++) {
            if (FzEvidence_Shows(&g->evidence, i, k) &&
                read_place(g->raws[k].smallest, &b) && is_same_place(&a, &b)) {
                FzGrouper_Fold(g, i, k);
            }
        }
    }
}

void
FzGrouper_FoldMutual(FzGrouper *g)
{
    fold_fields(g);
    fold_accesses(g);
    for (size_t a = 0; a < g->nraws; a++) {
        for (size_t b = 0; b < g->nraws; b++) {
            size_t one = FzGrouper_Root(g, a), other = FzGrouper_Root(g, b);
            if (one != other &&
                (is_mutual(g, one, other) || follows_from(g, one, other))) {
                FzGrouper_Fold(g, one, other);
            }
        }
    }
}

// fold_counts.c: which groups belong together, by how often each is seen and
// what explains it: what hardly ever fails, or nothing explains, is a
// consequence of what often does, if a small program shows both.

#include <string.h>

#include "group_internal.h"

enum {
    RARE = 100,
    FREQUENT = 20,              // one in so many
    SELDOM = 10,
    LESSER = 4,
    SEVERAL = 2,
};

// Of a group or not: it has a mechanism, or damage.
static bool
has_kind(FzGrouper *g, size_t root, bool damage)
{
    for (size_t i = 0; i < g->nraws; i++) {
        if (FzGrouper_Root(g, i) == root && g->raws[i].damage == damage) {
            return true;
        }
    }
    return false;
}

static bool
is_hang(const FzRaw *raw)
{
    static const char *const rules[] = {"DEADLOCK", "LOST_WAKEUP",
                                        "STEP_BUDGET", "HANG", NULL};
    return FzTriage_IsOneOf(raw->smallest->rule, rules);
}

// The programs of raw show more of the group than any program does: several of
// its failures, or they hang, as it does.
static bool
shows_more(FzGrouper *g, size_t raw, size_t root)
{
    size_t n = 0;
    for (size_t k = 0; k < g->nraws; k++) {
        if (FzGrouper_Root(g, k) == root &&
            FzEvidence_Shows(&g->evidence, raw, k)) {
            n += is_hang(&g->raws[raw]) && is_hang(&g->raws[k]) ? SEVERAL : 1;
        }
    }
    return n >= SEVERAL;
}

// The only other group that the minimised programs of this one show, of those
// with a mechanism or of those without; else the group itself. What is
// everywhere says nothing.
static size_t
only_alias(FzGrouper *g, size_t root, bool mechanism)
{
    size_t only = root;
    for (size_t i = 0; i < g->nraws; i++) {
        bool ours = FzGrouper_Root(g, i) == root;
        for (size_t k = 0; ours && k < g->nraws; k++) {
            size_t other = FzGrouper_Root(g, k);
            if (!FzEvidence_Shows(&g->evidence, i, k) || other == root ||
                other == only || has_kind(g, other, false) != mechanism ||
                FzGrouper_IsEverywhere(g, other, root) ||
                (FzGrouper_IsCommon(g, other) && !shows_more(g, i, other))) {
                continue;
            }
            if (only != root) {
                return root;
            }
            only = other;
        }
    }
    return only;
}

size_t
FzGrouper_CountFindings(FzGrouper *g, size_t root)
{
    size_t n = 0;
    for (size_t i = 0; i < g->nraws; i++) {
        n += FzGrouper_Root(g, i) == root ? g->raws[i].count : 0;
    }
    return n;
}

static size_t
count_all(FzGrouper *g)
{
    size_t n = 0;
    for (size_t i = 0; i < g->nraws; i++) {
        n += g->raws[i].count;
    }
    return n;
}

// Few failures beside very many.
static bool
is_rare_beside(FzGrouper *g, size_t root, size_t other)
{
    size_t n = FzGrouper_CountFindings(g, root);
    return n < FZ_ENOUGH_FINDINGS &&
           n * RARE < FzGrouper_CountFindings(g, other);
}

// It makes up a part of all failures that calls for a better reason than what
// else a program shows.
static bool
is_frequent(FzGrouper *g, size_t root)
{
    size_t n = FzGrouper_CountFindings(g, root);
    return n >= FZ_ENOUGH_FINDINGS && n * FREQUENT >= count_all(g);
}

// After it there is nothing more to see.
static bool
ends_the_run(const FzRaw *raw)
{
    static const char *const rules[] = {
        "DEADLOCK", "LOST_WAKEUP", "STEP_BUDGET", "HANG", "FATAL", "CRASH",
        "USE_AFTER_FREE", NULL,
    };
    return FzTriage_IsOneOf(raw->smallest->rule, rules);
}

// Of each of the group, as far as the one could be seen beside the other.
static bool
holds_for_all(FzGrouper *g, FzRelation relation, size_t raw, size_t root)
{
    bool looked = false;
    for (size_t i = 0; i < g->nraws; i++) {
        if (FzGrouper_Root(g, i) != root ||
            (ends_the_run(&g->raws[raw]) && ends_the_run(&g->raws[i]))) {
            continue;
        }
        if (!relation(&g->evidence, raw, i)) {
            return false;
        }
        looked = true;
    }
    return looked;
}

// In none of its runs is the other there, too, where it could be: whose
// consequence it were would be.
static bool
never_meets(FzGrouper *g, size_t raw, size_t root)
{
    return holds_for_all(g, FzEvidence_NeverMeets, raw, root);
}

static bool
is_race_apart(FzGrouper *g, size_t raw, size_t root)
{
    return strcmp(g->raws[raw].smallest->rule, "DATA_RACE") == 0 &&
           never_meets(g, raw, root);
}

// A mechanism that fails often enough where the other does not is no
// consequence of it, nor is a race that never meets it.
static bool
comes_without(FzGrouper *g, size_t raw, size_t root)
{
    if (is_race_apart(g, raw, root)) {
        return true;
    }
    return !g->raws[raw].damage &&
           holds_for_all(g, FzEvidence_ComesWithout, raw, root);
}

// A race on a field that only objects of this kind have.
static bool
is_race_on_own_field(const FzRaw *raw)
{
    FzSignature s;
    return strncmp(raw->signature, "DATA_RACE|", 10) == 0 &&
           FzSignature_Parse(raw->signature, &s) && s.kind[0] != '\0' &&
           s.field[0] != '\0' && strncmp(s.field, "ob_", 3) != 0;
}

// One of the group says what is wrong: a mechanism, who freed too early, two
// accesses that must be just so, or that race.
static bool
is_explained(FzGrouper *g, size_t root)
{
    for (size_t i = 0; i < g->nraws; i++) {
        const FzTriaged *f = g->raws[i].smallest;
        if (FzGrouper_Root(g, i) == root &&
            (!g->raws[i].damage || FzTriaged_NamesCulprit(f) ||
             is_race_on_own_field(&g->raws[i]) ||
             (f->tight && FzTriaged_NamesPair(f)))) {
            return true;
        }
    }
    return false;
}

// Seen ten times less than the other.
bool
FzGrouper_IsSeldomBeside(FzGrouper *g, size_t root, size_t other)
{
    return FzGrouper_CountFindings(g, root) * SELDOM <=
           FzGrouper_CountFindings(g, other);
}

// One of the group fails by a preemption that must be just where it is, or is a
// race on a field of its own.
static bool
is_exact(FzGrouper *g, size_t root)
{
    for (size_t i = 0; i < g->nraws; i++) {
        if (FzGrouper_Root(g, i) == root &&
            (g->raws[i].smallest->tight ||
             is_race_on_own_field(&g->raws[i]))) {
            return true;
        }
    }
    return false;
}

// A program of the group fails in one thread, by no preemption and in no other
// way: that is no consequence of another mistake.
static bool
fails_alone(FzGrouper *g, size_t root)
{
    for (size_t i = 0; i < g->nraws; i++) {
        const FzTriaged *f = g->raws[i].smallest;
        if (FzGrouper_Root(g, i) == root && f->small != NULL && f->profiled &&
            f->threads <= 1 && f->preemptions == 0 && f->naliases <= 1) {
            return true;
        }
    }
    return false;
}

// So few that what its programs show besides is the better explanation.
static bool
is_outweighed(FzGrouper *g, size_t root, size_t other)
{
    return is_rare_beside(g, root, other) ||
           (FzGrouper_IsSeldomBeside(g, root, other) && !is_exact(g, root));
}

static bool
member_shows(FzGrouper *g, const FzTriaged *member, size_t root)
{
    for (size_t i = 0; i < g->nraws; i++) {
        if (FzGrouper_Root(g, i) == root &&
            FzTriaged_Shows(member, g->raws, g->nraws, i)) {
            return true;
        }
    }
    return false;
}

// How many small programs the group has; *shown: that fail as the other, too.
static size_t
count_programs(FzGrouper *g, size_t root, size_t other, size_t *shown)
{
    size_t n = 0;
    *shown = 0;
    for (size_t i = 0; i < g->nraws; i++) {
        const FzRaw *raw = &g->raws[i];
        for (size_t k = 0; k < raw->count && FzGrouper_Root(g, i) == root;
             k++) {
            if (raw->members[k]->small == NULL) {
                break;
            }
            n++;
            *shown += member_shows(g, raw->members[k], other);
        }
    }
    return n;
}

// At least half of them, as far as there are any.
static bool
mostly_shows(FzGrouper *g, size_t root, size_t other)
{
    size_t shown, n = count_programs(g, root, other, &shown);
    return 2 * shown >= n;
}

// What nothing else explains, in programs that show one other failure, is a
// consequence of that: damage, or what hardly ever fails. A mechanism that
// has consequences is seen more often than these.
static bool
fold_consequence(FzGrouper *g, size_t raw, bool mechanism)
{
    size_t root = FzGrouper_Root(g, raw);
    if (g->evidence.shown[raw] == 0 || FzGrouper_IsEstablished(g, root) ||
        is_frequent(g, root) || fails_alone(g, root)) {
        return false;
    }
    size_t only = only_alias(g, root, mechanism);
    if (only == root || !mostly_shows(g, root, only) ||
        comes_without(g, raw, only) ||
        (is_explained(g, root) && (!is_outweighed(g, root, only) ||
                                   never_meets(g, raw, only))) ||
        (mechanism && FzGrouper_CountFindings(g, only) <
                          FzGrouper_CountFindings(g, root))) {
        return false;
    }
    FzGrouper_Fold(g, root, only);
    return FzGrouper_Root(g, root) == FzGrouper_Root(g, only);
}

static void
fold_consequences(FzGrouper *g)
{
    bool again = true;
    while (again) {
        again = false;
        for (int pass = 0; pass < 2; pass++) {
            for (size_t i = 0; i < g->nraws; i++) {
                again |= fold_consequence(g, i, pass == 0);
            }
        }
    }
}

enum { WITNESSES = 2 };

// Several small programs of the group, all of which fail as the other, too.
static bool
always_shows(FzGrouper *g, size_t root, size_t other)
{
    size_t shown, n = count_programs(g, root, other, &shown);
    return n >= WITNESSES && shown == n;
}

// Seen ten times less, and never without the other: a consequence, however
// exact the preemption that brings it about.
static void
fold_companions(FzGrouper *g)
{
    for (size_t i = 0; i < g->nraws; i++) {
        for (size_t k = 0; k < g->nraws; k++) {
            size_t one = FzGrouper_Root(g, i), other = FzGrouper_Root(g, k);
            if (FzEvidence_Shows(&g->evidence, i, k) && one != other &&
                FzGrouper_IsSeldomBeside(g, one, other) &&
                !FzGrouper_IsEstablished(g, one) &&
                !never_meets(g, i, other) && !comes_without(g, i, other) &&
                always_shows(g, one, other) &&
                !FzGrouper_IsEverywhere(g, other, one)) {
                FzGrouper_Fold(g, one, other);
            }
        }
    }
}

// Its small programs say nothing but that it fails, and in which functions: no
// other failure, no exact place.
static bool
says_nothing(FzGrouper *g, size_t raw)
{
    const FzTriaged *f = g->raws[raw].smallest;
    size_t n = strlen(f->signature);
    return f->small == NULL ||
           (g->evidence.shown[raw] == 0 && !f->tight && n > 2 &&
            strcmp(f->signature + n - 2, "||") != 0 &&
            (strcmp(f->rule, "USE_AFTER_FREE") == 0 ||
             strcmp(f->rule, "DEALLOC_TWICE") == 0));
}

// Damage of which nothing is known belongs to the group that the same damage of
// other objects belongs to, as far as that was minimised, nearly always.
static void
fold_siblings(FzGrouper *g)
{
    for (size_t i = 0; i < g->nraws; i++) {
        size_t best = g->nraws, most = 0, others = 0;
        bool alone = g->raws[i].damage && says_nothing(g, i) &&
                     FzGrouper_CountFindings(g, FzGrouper_Root(g, i)) ==
                         g->raws[i].count;
        for (size_t k = 0; alone && k < g->nraws; k++) {
            size_t root = FzGrouper_Root(g, k);
            if (g->raws[k].smallest->small == NULL || root == best ||
                root == FzGrouper_Root(g, i) ||
                !FzRaw_AreSiblings(&g->raws[i], &g->raws[k])) {
                continue;
            }
            size_t n = FzGrouper_CountFindings(g, root);
            others = n > most ? most : n > others ? n : others;
            best = n > most ? root : best;
            most = n > most ? n : most;
        }
        if (best < g->nraws && others * 10 < most) {
            FzGrouper_Fold(g, i, best);
        }
    }
}

// It was minimised, which says nothing, and there is hardly anything like it.
static bool
is_lone(FzGrouper *g, size_t raw)
{
    size_t root = FzGrouper_Root(g, raw);
    return g->raws[raw].smallest->small != NULL && says_nothing(g, raw) &&
           !has_kind(g, root, false) &&
           FzGrouper_CountFindings(g, root) < FZ_ENOUGH_FINDINGS;
}

// The same damage of several objects, each of them hardly ever.
static void
fold_lone(FzGrouper *g)
{
    for (size_t i = 0; i < g->nraws; i++) {
        for (size_t k = 0; k < i && is_lone(g, i); k++) {
            if (FzRaw_AreSiblings(&g->raws[i], &g->raws[k]) && is_lone(g, k)) {
                FzGrouper_Fold(g, FzGrouper_Root(g, i), FzGrouper_Root(g, k));
            }
        }
    }
}

// The file of an assertion, which stands in the place of a function.
static const char *
file_of(const FzSignature *s)
{
    for (int i = 0; i < 2; i++) {
        size_t n = strlen(s->functions[i]);
        if (n > 2 && strcmp(s->functions[i] + n - 2, ".c") == 0) {
            return s->functions[i];
        }
    }
    return "";
}

// Assertions of one file.
static bool
are_of_one_file(const FzRaw *a, const FzRaw *b)
{
    FzSignature x, y;
    return strcmp(a->smallest->rule, "FATAL") == 0 &&
           strcmp(b->smallest->rule, "FATAL") == 0 &&
           FzSignature_Parse(a->signature, &x) &&
           FzSignature_Parse(b->signature, &y) && file_of(&x)[0] != '\0' &&
           strcmp(file_of(&x), file_of(&y)) == 0;
}

// Races on one field.
static bool
race_on_one_field(const FzRaw *a, const FzRaw *b)
{
    const char *field = strchr(a->signature, '|');
    return field != NULL && strncmp(a->signature, "DATA_RACE|", 10) == 0 &&
           strncmp(a->signature, b->signature,
                   9 + strcspn(field + 1, "|") + 2) == 0;
}

// Races on one field, a hundred times fewer than others on it.
static void
fold_rare_races(FzGrouper *g)
{
    for (size_t i = 0; i < g->nraws; i++) {
        for (size_t k = 0; k < g->nraws; k++) {
            size_t other = FzGrouper_Root(g, k), root = FzGrouper_Root(g, i);
            if (other != root &&
                race_on_one_field(&g->raws[i], &g->raws[k]) &&
                FzGrouper_CountFindings(g, root) * RARE <
                    FzGrouper_CountFindings(g, other)) {
                FzGrouper_Fold(g, root, other);
            }
        }
    }
}

// The only group with an assertion of that file that is seen a hundred times as
// often; else the group itself.
static size_t
only_of_file(FzGrouper *g, size_t raw)
{
    size_t root = FzGrouper_Root(g, raw), only = root;
    for (size_t k = 0; k < g->nraws; k++) {
        size_t other = FzGrouper_Root(g, k);
        if (other != root && other != only &&
            are_of_one_file(&g->raws[raw], &g->raws[k]) &&
            is_rare_beside(g, root, other)) {
            if (only != root) {
                return root;
            }
            only = other;
        }
    }
    return only;
}

// An assertion that was minimised, which says nothing of a mistake of its own,
// and is rare beside others of its file.
static void
fold_rare_assertions(FzGrouper *g)
{
    for (size_t i = 0; i < g->nraws; i++) {
        size_t root = FzGrouper_Root(g, i), only = only_of_file(g, i);
        if (only != root && g->raws[i].smallest->small != NULL &&
            FzGrouper_CountFindings(g, root) == g->raws[i].count &&
            !is_exact(g, root) &&
            !fails_alone(g, root)) {
            FzGrouper_Fold(g, root, only);
        }
    }
}

// One rule: about a mechanism, or assertions of one file, which has one. A race
// on a field of its own is of that field.
static bool
have_one_rule(const FzRaw *a, const FzRaw *b)
{
    return strcmp(a->smallest->rule, b->smallest->rule) == 0 &&
           !is_race_on_own_field(a) &&
           (!a->damage || are_of_one_file(a, b));
}

// Most small programs of one place break the rule at the other, too, where it
// is broken four times as often, and which is not in programs of every group.
static bool
is_lesser_place(FzGrouper *g, size_t one, size_t other)
{
    return FzGrouper_CountFindings(g, one) * LESSER <=
               FzGrouper_CountFindings(g, other) &&
           mostly_shows(g, one, other) &&
           !FzGrouper_IsEverywhere(g, other, one);
}

// One rule, broken at two places: often at the one, hardly ever at the other,
// whose programs break it at the first, too, or fail as others of that group.
static void
fold_places(FzGrouper *g)
{
    size_t total = count_all(g);
    for (size_t a = 0; a < g->nraws; a++) {
        for (size_t b = 0; b < g->nraws; b++) {
            const FzRaw *rare = &g->raws[a];
            size_t one = FzGrouper_Root(g, a), other = FzGrouper_Root(g, b);
            if (one != other && have_one_rule(rare, &g->raws[b]) &&
                !is_race_apart(g, a, other) &&
                (rare->count < FZ_ENOUGH_FINDINGS ||
                 rare->count * FREQUENT < total ||
                 FzGrouper_IsSeldomBeside(g, one, other) ||
                 is_lesser_place(g, one, other)) &&
                rare->count < FzGrouper_CountFindings(g, other) &&
                (FzEvidence_Shows(&g->evidence, a, b) ||
                 (is_rare_beside(g, one, other) &&
                  FzGrouper_Shows(g, a, other))) &&
                !FzGrouper_IsBridge(g, a, b)) {
                FzGrouper_Fold(g, one, other);
            }
        }
    }
}

static bool
is_shown_by_third(FzGrouper *g, size_t root, size_t asker)
{
    for (size_t i = 0; i < g->nraws; i++) {
        size_t shower = FzGrouper_Root(g, i);
        if (shower != root && shower != asker && FzGrouper_Shows(g, i, root)) {
            return true;
        }
    }
    return false;
}

// Damage a hundred times fewer than this group, of which a small program does
// it, and of no other: no mistake that happens to be in reach of all.
static void
fold_rare(FzGrouper *g)
{
    for (size_t a = 0; a < g->nraws; a++) {
        for (size_t b = 0; b < g->nraws; b++) {
            size_t one = FzGrouper_Root(g, a), other = FzGrouper_Root(g, b);
            if (one != other && FzEvidence_Shows(&g->evidence, a, b) &&
                is_rare_beside(g, other, one) && !has_kind(g, other, false) &&
                !never_meets(g, b, one) &&
                !is_shown_by_third(g, other, one)) {
                FzGrouper_Fold(g, one, other);
            }
        }
    }
}

void
FzGrouper_FoldByCounts(FzGrouper *g)
{
    fold_places(g);
    fold_rare(g);
    fold_consequences(g);
    fold_companions(g);
    fold_siblings(g);
    fold_lone(g);
    fold_rare_races(g);
    fold_rare_assertions(g);
}

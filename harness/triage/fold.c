// fold.c: which groups belong together, by what their minimised programs say.
//
// Each rule is sure of something else: that two failures need one preemption,
// that they come in the same runs only, that a small program shows nothing but
// this. What any program shows says nothing, and two mechanisms that fail often
// need more than that one program shows both.

#include <string.h>

#include "group_internal.h"

enum {
    ENOUGH_FINDINGS = 5, ENOUGH_KINDS = 3, RARE = 100,
    FREQUENT = 20,              // one in so many
};

// It says what is wrong, and often: a mechanism, or an assertion.
static bool
is_frequent_mechanism(const FzRaw *raw)
{
    return raw->count >= ENOUGH_FINDINGS &&
           (!raw->damage || strcmp(raw->smallest->rule, "FATAL") == 0);
}

// A mechanism of the group, other than this one, failed often enough.
static bool
stands_without(FzGrouper *g, size_t root, size_t but)
{
    for (size_t i = 0; i < g->nraws; i++) {
        if (i != but && FzGrouper_Root(g, i) == root && !g->raws[i].damage &&
            g->raws[i].count >= ENOUGH_FINDINGS) {
            return true;
        }
    }
    return false;
}

// Many runs of programs of the one were looked at, and none failed as any of
// the other; this one does not count.
static bool
never_shows(FzGrouper *g, size_t one, size_t other, size_t but)
{
    const FzEvidence *e = &g->evidence;
    bool looked = false;
    for (size_t i = 0; i < g->nraws; i++) {
        if (i == but || FzGrouper_Root(g, i) != one) {
            continue;
        }
        looked = looked || e->profiled[i];
        for (size_t k = 0; k < g->nraws; k++) {
            if (k != but && FzGrouper_Root(g, k) == other &&
                (FzEvidence_Shows(e, i, k) || FzEvidence_Meets(e, i, k))) {
                return false;
            }
        }
    }
    return looked;
}

// Only this failure ties two groups that stand without it and that never meet
// but in its programs. The preemption that it needs opens the way to two
// mistakes: it is of the one, and says nothing of the other.
static bool
is_bridge(FzGrouper *g, size_t raw, size_t to)
{
    size_t one = FzGrouper_Root(g, raw), other = FzGrouper_Root(g, to);
    return stands_without(g, one, raw) && stands_without(g, other, raw) &&
           never_shows(g, one, other, raw) && never_shows(g, other, one, raw);
}

// By one preemption: mechanisms, before what these damage.
static void
fold_kin_of_mechanisms(FzGrouper *g)
{
    for (size_t a = 0; a < g->nraws; a++) {
        for (size_t b = 0; b < g->nraws; b++) {
            if (a != b && !g->raws[a].damage && !g->raws[b].damage &&
                FzEvidence_IsKin(&g->evidence, a, b) && !is_bridge(g, a, b)) {
                FzGrouper_Fold(g, a, b);
            }
        }
    }
}

// A minimised program of one fails as the other by the same preemption, or in
// the same runs and in no others, or some of each fail as the other. The last
// says little of two mechanisms that fail often: any program may show both.
static void
fold_by_aliases(FzGrouper *g)
{
    const FzEvidence *e = &g->evidence;
    fold_kin_of_mechanisms(g);
    for (size_t a = 0; a < g->nraws; a++) {
        for (size_t b = 0; b < g->nraws; b++) {
            bool mutual = FzEvidence_Shows(e, a, b) &&
                          FzEvidence_Shows(e, b, a) &&
                          !(is_frequent_mechanism(&g->raws[a]) &&
                            is_frequent_mechanism(&g->raws[b]));
            if (a != b &&
                (mutual || FzEvidence_IsKin(e, a, b) ||
                 FzEvidence_IsBeside(e, a, b)) &&
                !is_bridge(g, a, b)) {
                FzGrouper_Fold(g, a, b);
            }
        }
    }
}

// A wake-up of that is lost, or, beside a cycle of those who wait, somebody
// waits for that, too.
static bool
waits_in_vain(const FzRaw *raw, const char *lost)
{
    const FzTriaged *f = raw->smallest;
    const char *of = strchr(lost, '|') + 1;
    if (strcmp(f->rule, "LOST_WAKEUP") == 0) {
        return strcmp(f->signature, lost) == 0;
    }
    return strcmp(f->rule, "DEADLOCK") == 0 &&
           strstr(f->message, strncmp(of, "lock|", 5) == 0
                                  ? ", held by nobody" : "waits for tstate#");
}

// Threads that wait for ever: which of them are said to be in a deadlock
// depends on who else waits.
static void
fold_hangs(FzGrouper *g)
{
    for (size_t a = 0; a < g->nraws; a++) {
        const char *lost = g->raws[a].signature;
        if (strncmp(lost, "LOST_WAKEUP|lock|", 17) != 0 &&
            strncmp(lost, "LOST_WAKEUP|tstate|", 19) != 0) {
            continue;
        }
        for (size_t b = 0; b < g->nraws; b++) {
            if (waits_in_vain(&g->raws[b], lost) &&
                (FzEvidence_Shows(&g->evidence, a, b) ||
                 FzEvidence_Shows(&g->evidence, b, a))) {
                FzGrouper_Fold(g, a, b);
            }
        }
    }
}

// Damage without a preemption, done by operations that do other damage, too.
static void
fold_by_operations(FzGrouper *g)
{
    for (size_t a = 0; a < g->nraws; a++) {
        for (size_t b = 0; b < g->nraws && g->raws[a].damage; b++) {
            if (a != b && g->raws[b].damage &&
                FzRaw_ConsistsOf(&g->raws[a], &g->raws[b])) {
                FzGrouper_Fold(g, a, b);
            }
        }
    }
}

// It says what is wrong, or where: a mechanism, an assertion, who freed what is
// used.
static bool
is_specific(const FzRaw *raw)
{
    return !raw->damage || FzTriaged_NamesCulprit(raw->smallest) ||
           strcmp(raw->smallest->rule, "FATAL") == 0;
}

// A group that stands for itself: a mechanism that failed often enough, or
// damage of several kinds that has one cause.
static bool
is_established(FzGrouper *g, size_t root)
{
    size_t kinds = 0;
    for (size_t i = 0; i < g->nraws; i++) {
        const FzRaw *raw = &g->raws[i];
        if (FzGrouper_Root(g, i) == root) {
            if (!raw->damage && raw->count >= ENOUGH_FINDINGS) {
                return true;
            }
            kinds += raw->smallest->tight;
        }
    }
    return kinds >= ENOUGH_KINDS;
}

typedef bool (*Saying)(const FzEvidence *evidence, size_t a, size_t b);

static bool
says(FzGrouper *g, Saying what, size_t raw, size_t root)
{
    for (size_t i = 0; i < g->nraws; i++) {
        if (what(&g->evidence, raw, i) && FzGrouper_Root(g, i) == root) {
            return true;
        }
    }
    return false;
}

// Programs that fail by something else say so of this group, too.
static bool
others_say(FzGrouper *g, Saying what, size_t root, size_t asker)
{
    for (size_t i = 0; i < g->nraws; i++) {
        if (FzGrouper_Root(g, i) != root && FzGrouper_Root(g, i) != asker &&
            says(g, what, i, root) &&
            (is_established(g, FzGrouper_Root(g, i)) ||
             (is_specific(&g->raws[i]) &&
              g->raws[i].count >= ENOUGH_FINDINGS))) {
            return true;
        }
    }
    return false;
}

// Then it is in reach of any program, and that one shows it says nothing.
static bool
is_everywhere(FzGrouper *g, size_t root, size_t asker)
{
    return others_say(g, FzEvidence_Shows, root, asker);
}

// Then that it is in all runs of a program says nothing. What ends a run hides
// damage, but not the mechanism that failed before.
static bool
is_often_met(FzGrouper *g, size_t root, size_t asker)
{
    return others_say(g, FzEvidence_Meets, root, asker);
}

// A small program that always fails says by itself nothing of what comes with
// what; but if something else is always wrong in it, too, that is not so
// everywhere, it is the same.
static void
fold_by_always(FzGrouper *g)
{
    for (size_t a = 0; a < g->nraws; a++) {
        for (size_t b = 0; b < g->nraws; b++) {
            size_t one = FzGrouper_Root(g, a), other = FzGrouper_Root(g, b);
            if (one != other && FzEvidence_IsAlways(&g->evidence, a, b) &&
                !(g->raws[b].damage ? is_everywhere(g, other, one)
                                    : is_often_met(g, other, one))) {
                FzGrouper_Fold(g, one, other);
            }
        }
    }
}

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

// The only other group that the minimised programs of this one show, of those
// with a mechanism or of those without, if it is not everywhere; else the group
// itself.
static size_t
only_alias(FzGrouper *g, size_t root, bool mechanism)
{
    size_t only = root;
    for (size_t i = 0; i < g->nraws; i++) {
        bool ours = FzGrouper_Root(g, i) == root;
        for (size_t k = 0; ours && k < g->nraws; k++) {
            size_t other = FzGrouper_Root(g, k);
            if (!FzEvidence_Shows(&g->evidence, i, k) || other == root ||
                other == only || has_kind(g, other, false) != mechanism) {
                continue;
            }
            if (only != root || is_everywhere(g, other, root)) {
                return root;
            }
            only = other;
        }
    }
    return only;
}

enum { SHARED_UNSEEN = 2 };

static bool
group_shows_unseen(FzGrouper *g, size_t root, size_t unseen)
{
    for (size_t i = 0; i < g->nraws; i++) {
        if (FzGrouper_Root(g, i) == root &&
            FzEvidence_ShowsUnseen(&g->evidence, i, unseen)) {
            return true;
        }
    }
    return false;
}

// How many failures, that no finding had, small programs of these two groups
// show, and of no third one.
static size_t
count_shared(FzGrouper *g, size_t one, size_t other)
{
    size_t n = 0;
    for (size_t u = 0; u < g->evidence.nunseen; u++) {
        bool shared = group_shows_unseen(g, one, u) &&
                      group_shows_unseen(g, other, u);
        for (size_t i = 0; i < g->nraws && shared; i++) {
            size_t root = FzGrouper_Root(g, i);
            shared = root == one || root == other ||
                     !FzEvidence_ShowsUnseen(&g->evidence, i, u);
        }
        n += shared;
    }
    return n;
}

// Few findings of a mistake with many faces: each is another one, but their
// small programs show several of the others.
static void
fold_by_unseen(FzGrouper *g)
{
    for (size_t a = 0; a < g->nraws; a++) {
        for (size_t b = 0; b < a; b++) {
            size_t one = FzGrouper_Root(g, a), other = FzGrouper_Root(g, b);
            if (one != other && g->evidence.nunseen >= SHARED_UNSEEN &&
                !(is_established(g, one) && is_established(g, other)) &&
                count_shared(g, one, other) >= SHARED_UNSEEN) {
                FzGrouper_Fold(g, one, other);
            }
        }
    }
}

static size_t
count_findings(FzGrouper *g, size_t root)
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
    size_t n = count_findings(g, root);
    return n < ENOUGH_FINDINGS && n * RARE < count_findings(g, other);
}

// It makes up a part of all failures that calls for a better reason than what
// else a program shows.
static bool
is_frequent(FzGrouper *g, size_t root)
{
    size_t n = count_findings(g, root);
    return n >= ENOUGH_FINDINGS && n * FREQUENT >= count_all(g);
}

// After it there is nothing more to see.
static bool
ends_the_run(const FzRaw *raw)
{
    static const char *const rules[] = {
        "DEADLOCK", "LOST_WAKEUP", "STEP_BUDGET", "FATAL", "CRASH",
    };
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (strcmp(raw->smallest->rule, rules[i]) == 0) {
            return true;
        }
    }
    return false;
}

// In none of its runs is the other there, too, where it could be: whose
// consequence it were would be.
static bool
never_meets(FzGrouper *g, size_t raw, size_t root)
{
    bool looked = false;
    for (size_t i = 0; i < g->nraws; i++) {
        if (FzGrouper_Root(g, i) != root ||
            (ends_the_run(&g->raws[raw]) && ends_the_run(&g->raws[i]))) {
            continue;
        }
        if (!FzEvidence_NeverMeets(&g->evidence, raw, i)) {
            return false;
        }
        looked = true;
    }
    return looked;
}

// One of the group says what is wrong: a mechanism, who freed too early, two
// accesses that must be just so.
static bool
is_explained(FzGrouper *g, size_t root)
{
    for (size_t i = 0; i < g->nraws; i++) {
        const FzTriaged *f = g->raws[i].smallest;
        if (FzGrouper_Root(g, i) == root &&
            (!g->raws[i].damage || FzTriaged_NamesCulprit(f) ||
             (f->tight && FzTriaged_NamesPair(f)))) {
            return true;
        }
    }
    return false;
}

// What nothing else explains, in programs that show one other failure, is a
// consequence of that: damage, or what hardly ever fails. A mechanism that
// has consequences is seen more often than these.
static bool
fold_consequence(FzGrouper *g, size_t raw, bool mechanism)
{
    size_t root = FzGrouper_Root(g, raw);
    if (g->evidence.shown[raw] == 0 || is_established(g, root) ||
        is_frequent(g, root)) {
        return false;
    }
    size_t only = only_alias(g, root, mechanism);
    if (only == root ||
        (is_explained(g, root) && (!is_rare_beside(g, root, only) ||
                                   never_meets(g, raw, only))) ||
        (mechanism && count_findings(g, only) < count_findings(g, root))) {
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

// Damage that was not minimised belongs to the group that the same damage of
// other objects belongs to, as far as that was, nearly always.
static void
fold_siblings(FzGrouper *g)
{
    for (size_t i = 0; i < g->nraws; i++) {
        size_t best = g->nraws, most = 0, others = 0;
        bool alone = g->raws[i].damage && g->raws[i].smallest->small == NULL;
        for (size_t k = 0; alone && k < g->nraws; k++) {
            size_t root = FzGrouper_Root(g, k);
            if (g->raws[k].smallest->small == NULL || root == best ||
                !FzRaw_AreSiblings(&g->raws[i], &g->raws[k])) {
                continue;
            }
            size_t n = count_findings(g, root);
            others = n > most ? most : n > others ? n : others;
            best = n > most ? root : best;
            most = n > most ? n : most;
        }
        if (best < g->nraws && others * 10 < most) {
            FzGrouper_Fold(g, i, best);
        }
    }
}

// Races on one field, a hundred times fewer than others on it.
static void
fold_rare_races(FzGrouper *g)
{
    for (size_t i = 0; i < g->nraws; i++) {
        const char *signature = g->raws[i].signature;
        const char *field = strchr(signature, '|');
        size_t n = field != NULL ? strcspn(field + 1, "|") + 2 : 0;
        for (size_t k = 0; k < g->nraws &&
             strncmp(signature, "DATA_RACE|", 10) == 0; k++) {
            size_t other = FzGrouper_Root(g, k), root = FzGrouper_Root(g, i);
            if (other != root &&
                strncmp(g->raws[k].signature, signature, 9 + n) == 0 &&
                count_findings(g, root) * RARE < count_findings(g, other)) {
                FzGrouper_Fold(g, root, other);
            }
        }
    }
}

// One rule about a mechanism, broken at two places: often at the one, hardly
// ever at the other, whose programs break it at the first, too.
static void
fold_places(FzGrouper *g)
{
    size_t total = count_all(g);
    for (size_t a = 0; a < g->nraws; a++) {
        for (size_t b = 0; b < g->nraws; b++) {
            const FzRaw *rare = &g->raws[a];
            size_t one = FzGrouper_Root(g, a), other = FzGrouper_Root(g, b);
            if (one != other && !rare->damage &&
                (rare->count < ENOUGH_FINDINGS ||
                 rare->count * FREQUENT < total) &&
                strcmp(rare->smallest->rule, g->raws[b].smallest->rule) == 0 &&
                rare->count < count_findings(g, other) &&
                FzEvidence_Shows(&g->evidence, a, b) && !is_bridge(g, a, b)) {
                FzGrouper_Fold(g, one, other);
            }
        }
    }
}

// Damage that hardly any program does, but a small one of this group does, is
// no other mistake's that happens to be in reach.
static void
fold_rare(FzGrouper *g)
{
    for (size_t a = 0; a < g->nraws; a++) {
        for (size_t b = 0; b < g->nraws; b++) {
            size_t one = FzGrouper_Root(g, a), other = FzGrouper_Root(g, b);
            if (one != other && FzEvidence_Shows(&g->evidence, a, b) &&
                count_findings(g, other) < ENOUGH_FINDINGS &&
                !has_kind(g, other, false) && !is_everywhere(g, other, one)) {
                FzGrouper_Fold(g, one, other);
            }
        }
    }
}

void
FzGrouper_FoldByEvidence(FzGrouper *g)
{
    fold_by_aliases(g);
    fold_hangs(g);
    fold_by_operations(g);
    fold_by_unseen(g);
    fold_by_always(g);
    fold_places(g);
    fold_rare(g);
    fold_consequences(g);
    fold_siblings(g);
    fold_rare_races(g);
}

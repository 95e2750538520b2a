// fold.c: which groups belong together, by what their minimised programs say.
//
// Each rule is sure of something else: that two failures need one preemption,
// that they come in the same runs only, that both wait for one wake-up. What
// any program shows says nothing, and two mechanisms that fail often need more
// than that one program shows both.

#include <string.h>

#include "group_internal.h"

enum { ENOUGH_KINDS = 3 };

// It says what is wrong, and often: a mechanism, or an assertion.
static bool
is_frequent_mechanism(const FzRaw *raw)
{
    return raw->count >= FZ_ENOUGH_FINDINGS &&
           (!raw->damage || strcmp(raw->smallest->rule, "FATAL") == 0);
}

// A mechanism of the group, other than this one, failed often enough.
static bool
stands_without(FzGrouper *g, size_t root, size_t but)
{
    for (size_t i = 0; i < g->nraws; i++) {
        if (i != but && FzGrouper_Root(g, i) == root && !g->raws[i].damage &&
            g->raws[i].count >= FZ_ENOUGH_FINDINGS) {
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
bool
FzGrouper_IsBridge(FzGrouper *g, size_t raw, size_t to)
{
    size_t one = FzGrouper_Root(g, raw), other = FzGrouper_Root(g, to);
    return stands_without(g, one, raw) && stands_without(g, other, raw) &&
           never_shows(g, one, other, raw) && never_shows(g, other, one, raw);
}

// Both need a preemption at exactly that place, by their causes: "function,
// subject, function of the other thread".
static bool
have_one_exact_cause(const FzTriaged *a, const FzTriaged *b)
{
    size_t n = strcspn(a->cause, "|");
    n += a->cause[n] == '|';
    n += strcspn(a->cause + n, "|");
    return a->tight && b->tight && n > 0 &&
           strncmp(a->cause, b->cause, n + 1) == 0;
}

// The same access of the other thread, too, and objects of one kind.
static bool
have_one_meeting(const FzTriaged *a, const FzTriaged *b)
{
    const char *last = strrchr(a->cause, '|');
    FzSignature x, y;
    return a->tight && b->tight && last != NULL && last[1] != '\0' &&
           strcmp(a->cause, b->cause) == 0 &&
           FzSignature_Parse(a->signature, &x) &&
           FzSignature_Parse(b->signature, &y) && x.kind[0] != '\0' &&
           strcmp(x.kind, y.kind) == 0;
}

static void
fold_by_exact_causes(FzGrouper *g)
{
    for (size_t a = 0; a < g->nraws; a++) {
        for (size_t b = 0; b < g->nraws; b++) {
            const FzTriaged *one = g->raws[a].smallest;
            const FzTriaged *other = g->raws[b].smallest;
            if (a != b && !FzGrouper_IsBridge(g, a, b) &&
                (have_one_meeting(one, other) ||
                 (FzEvidence_ShowsMore(&g->evidence, a, b) &&
                  have_one_exact_cause(one, other)))) {
                FzGrouper_Fold(g, a, b);
            }
        }
    }
}

// By one preemption: mechanisms, before what these damage.
static void
fold_kin_of_mechanisms(FzGrouper *g)
{
    for (size_t a = 0; a < g->nraws; a++) {
        for (size_t b = 0; b < g->nraws; b++) {
            if (a != b && !g->raws[a].damage && !g->raws[b].damage &&
                FzEvidence_IsKin(&g->evidence, a, b) &&
                !FzGrouper_IsBridge(g, a, b)) {
                FzGrouper_Fold(g, a, b);
            }
        }
    }
}

// They come together in runs of a program of a. That b is there says little of
// two mechanisms that fail often if it is there whatever programs do: both may
// only need that threads meet.
static bool
come_together(FzGrouper *g, size_t a, size_t b)
{
    return FzEvidence_IsBeside(&g->evidence, a, b) &&
           !(is_frequent_mechanism(&g->raws[a]) &&
             is_frequent_mechanism(&g->raws[b]) &&
             FzEvidence_IsCommonSomewhere(&g->evidence, b));
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
                            is_frequent_mechanism(&g->raws[b])) &&
                          !(FzEvidence_IsCommon(e, a, b) &&
                            FzEvidence_IsCommon(e, b, a));
            if (a != b &&
                (mutual || FzEvidence_IsKin(e, a, b) ||
                 come_together(g, a, b)) &&
                !FzGrouper_IsBridge(g, a, b)) {
                FzGrouper_Fold(g, a, b);
            }
        }
    }
}

// Whether somebody waits for that wake-up in most of these deadlocks.
static bool
waits_in_vain(const FzRaw *deadlock, const char *lost)
{
    bool lock = strncmp(strchr(lost, '|') + 1, "lock|", 5) == 0;
    size_t n = 0;
    for (size_t i = 0; i < deadlock->count; i++) {
        n += strstr(deadlock->members[i]->message,
                    lock ? ", held by nobody" : "waits for tstate#") != NULL;
    }
    return n * 2 > deadlock->count;
}

// Threads that wait for ever. If one of them waits for the world to stop, it is
// called a deadlock, whatever the others wait for; without it, a wake-up that
// was lost.
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
            if (strcmp(g->raws[b].smallest->rule, "DEADLOCK") == 0 &&
                waits_in_vain(&g->raws[b], lost) &&
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
bool
FzGrouper_IsEstablished(FzGrouper *g, size_t root)
{
    size_t kinds = 0;
    for (size_t i = 0; i < g->nraws; i++) {
        const FzRaw *raw = &g->raws[i];
        if (FzGrouper_Root(g, i) == root) {
            if (!raw->damage && raw->count >= FZ_ENOUGH_FINDINGS) {
                return true;
            }
            kinds += raw->smallest->tight;
        }
    }
    return kinds >= ENOUGH_KINDS;
}

bool
FzGrouper_Relates(FzGrouper *g, FzRelation relation, size_t raw, size_t root)
{
    for (size_t i = 0; i < g->nraws; i++) {
        if (relation(&g->evidence, raw, i) && FzGrouper_Root(g, i) == root) {
            return true;
        }
    }
    return false;
}

bool
FzGrouper_Shows(FzGrouper *g, size_t raw, size_t root)
{
    return FzGrouper_Relates(g, FzEvidence_Shows, raw, root);
}

// The same of programs that are neither of that group nor of the asker's: of an
// established one, or what failed often enough.
static bool
others_relate(FzGrouper *g, FzRelation relation, size_t root, size_t asker)
{
    for (size_t i = 0; i < g->nraws; i++) {
        if (FzGrouper_Root(g, i) != root && FzGrouper_Root(g, i) != asker &&
            FzGrouper_Relates(g, relation, i, root) &&
            (FzGrouper_IsEstablished(g, FzGrouper_Root(g, i)) ||
             (is_specific(&g->raws[i]) &&
              g->raws[i].count >= FZ_ENOUGH_FINDINGS))) {
            return true;
        }
    }
    return false;
}

bool
FzGrouper_IsCommon(FzGrouper *g, size_t root)
{
    for (size_t i = 0; i < g->nraws; i++) {
        if (FzGrouper_Root(g, i) != root &&
            FzGrouper_Relates(g, FzEvidence_IsCommon, i, root)) {
            return true;
        }
    }
    return false;
}

bool
FzGrouper_IsEverywhere(FzGrouper *g, size_t root, size_t asker)
{
    return others_relate(g, FzEvidence_Shows, root, asker);
}

// It may be in many runs of the program, as far as anybody looked.
static bool
may_meet(const FzEvidence *e, size_t a, size_t b)
{
    return FzEvidence_Shows(e, a, b) && !FzEvidence_NeverMeets(e, a, b);
}

// That it is in all runs of a program says nothing if it is in many of others.
// What ends a run hides damage, but not the mechanism that failed before.
static bool
is_often_met(FzGrouper *g, size_t root, size_t asker)
{
    return others_relate(g, may_meet, root, asker);
}

// A mechanism that programs of its own break without this failure, both often:
// whoever fails as the one need not fail as the other.
static bool
is_broken_without(FzGrouper *g, size_t mechanism, size_t raw)
{
    return !g->raws[mechanism].damage &&
           g->raws[mechanism].count >= FZ_ENOUGH_FINDINGS &&
           g->raws[raw].count >= FZ_ENOUGH_FINDINGS &&
           FzEvidence_ComesWithout(&g->evidence, mechanism, raw);
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
                !is_broken_without(g, b, a) &&
                !(g->raws[b].damage ? FzGrouper_IsEverywhere(g, other, one)
                                    : is_often_met(g, other, one))) {
                FzGrouper_Fold(g, one, other);
            }
        }
    }
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
                !(FzGrouper_IsEstablished(g, one) &&
                  FzGrouper_IsEstablished(g, other)) &&
                count_shared(g, one, other) >= SHARED_UNSEEN) {
                FzGrouper_Fold(g, one, other);
            }
        }
    }
}

void
FzGrouper_FoldByEvidence(FzGrouper *g)
{
    fold_by_aliases(g);
    fold_by_exact_causes(g);
    fold_hangs(g);
    fold_by_operations(g);
    fold_by_unseen(g);
    fold_by_always(g);
}

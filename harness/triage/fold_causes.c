// fold_causes.c: which groups belong together by where their threads must be
// preempted: before they touch the same field, the one that another failure
// tells of, or the same part of the runtime.

#include <string.h>

#include "group_internal.h"

enum { UNANIMOUS = 2 };         // so many programs of each group

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
    if (!FzTriaged_NamesField(f)) {
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
read_pair(const FzTriaged *f, Place *place)
{
    return f->tight && FzTriaged_NamesPair(f) && read_place(f, place);
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
        if (!read_pair(g->raws[i].smallest, &a)) {
            continue;
        }
        for (size_t k = 0; k < g->nraws; k++) {
            if (FzEvidence_Shows(&g->evidence, i, k) &&
                read_pair(g->raws[k].smallest, &b) && is_same_place(&a, &b)) {
                FzGrouper_Fold(g, i, k);
            }
        }
    }
}

void
FzGrouper_FoldByCauses(FzGrouper *g)
{
    fold_fields(g);
    fold_accesses(g);
}

static bool
is_of_runtime(const Place *place)
{
    return strncmp(place->subject, "interp.", 7) == 0 ||
           strncmp(place->subject, "runtime.", 8) == 0;
}

// The objects of that kind; of the interpreter, that member, if others touch it
// meanwhile.
static bool
is_same_part(const Place *a, const Place *b)
{
    size_t sizes[2] = {a->subject_size, b->subject_size};
    if (is_of_runtime(a)) {
        if (a->sizes[1] == 0 || b->sizes[1] == 0) {
            return false;
        }
    }
    else {
        sizes[0] = strcspn(a->subject, ".|");
        sizes[1] = strcspn(b->subject, ".|");
    }
    return is_same(a->subject, sizes[0], b->subject, sizes[1]);
}

static bool
has_mechanism(FzGrouper *g, size_t root)
{
    for (size_t i = 0; i < g->nraws; i++) {
        if (FzGrouper_Root(g, i) == root && !g->raws[i].damage) {
            return true;
        }
    }
    return false;
}

// How many other groups, with a mechanism or without, have one that is
// preempted in that part: none, one, or 2 for more. *other is the first.
static int
count_in_part(FzGrouper *g, size_t root, const Place *place, bool mechanism,
              size_t *other)
{
    int n = 0;
    Place its;
    for (size_t i = 0; i < g->nraws && n < 2; i++) {
        if (read_place(g->raws[i].smallest, &its) &&
            is_same_part(place, &its)) {
            size_t found = FzGrouper_Root(g, i);
            if (found != root && (n == 0 || found != *other) &&
                has_mechanism(g, found) == mechanism) {
                *other = n == 0 ? found : *other;
                n++;
            }
        }
    }
    return n;
}

// The small programs of a group, as far as two thirds of them are preempted
// before one member of the interpreter, and no others before another member.
typedef struct Unanimous {
    Place place;
    size_t programs;            // 0: too few are
    bool sure;                  // one must be just there, or meets another
} Unanimous;

static Unanimous
ask_programs(FzGrouper *g, size_t root)
{
    Unanimous all = {0};
    size_t programs = 0;
    Place its;
    for (size_t i = 0; i < g->nraws; i++) {
        const FzRaw *raw = &g->raws[i];
        for (size_t k = 0; k < raw->count && FzGrouper_Root(g, i) == root;
             k++) {
            const FzTriaged *f = raw->members[k];
            if (f->small == NULL) {
                break;
            }
            programs++;
            if (!read_place(f, &its) || !is_of_runtime(&its)) {
                continue;
            }
            if (all.programs > 0 &&
                !is_same(its.subject, its.subject_size, all.place.subject,
                         all.place.subject_size)) {
                return (Unanimous){0};
            }
            all.place = its;
            all.programs++;
            all.sure = all.sure || f->tight || its.sizes[1] > 0;
        }
    }
    return 3 * all.programs >= 2 * programs ? all : (Unanimous){0};
}

static bool
are_unanimous(FzGrouper *g, size_t one, size_t other)
{
    if (one == other || has_mechanism(g, one) || has_mechanism(g, other)) {
        return false;
    }
    Unanimous a = ask_programs(g, one), b = ask_programs(g, other);
    return a.programs >= UNANIMOUS && b.programs >= UNANIMOUS &&
           (a.sure || b.sure) &&
           is_same(a.place.subject, a.place.subject_size, b.place.subject,
                   b.place.subject_size);
}

// Damage that is nearly always done by a preemption there: one program may be
// preempted anywhere, so several are not.
static void
fold_unanimous(FzGrouper *g)
{
    for (size_t i = 0; i < g->nraws; i++) {
        for (size_t k = 0; k < g->nraws; k++) {
            size_t one = FzGrouper_Root(g, i), other = FzGrouper_Root(g, k);
            if (are_unanimous(g, one, other)) {
                FzGrouper_Fold(g, one, other);
            }
        }
    }
}

static bool
are_few(FzGrouper *g, size_t root)
{
    return FzGrouper_CountFindings(g, root) < FZ_ENOUGH_FINDINGS;
}

// Damage by a preemption in a part of the runtime in which exactly one group
// with a mechanism is preempted, too, and is seen ten times as often; where
// there is none, exactly one other group of as few findings.
void
FzGrouper_FoldParts(FzGrouper *g)
{
    fold_unanimous(g);
    Place place;
    for (size_t i = 0; i < g->nraws; i++) {
        size_t root = FzGrouper_Root(g, i), other = root;
        if (!read_place(g->raws[i].smallest, &place) ||
            has_mechanism(g, root) || FzGrouper_IsEstablished(g, root)) {
            continue;
        }
        int mechanisms = count_in_part(g, root, &place, true, &other);
        if (mechanisms == 1
                ? FzGrouper_IsSeldomBeside(g, root, other)
                : mechanisms == 0 && are_few(g, root) &&
                      count_in_part(g, root, &place, false, &other) == 1 &&
                      are_few(g, other)) {
            FzGrouper_Fold(g, root, other);
        }
    }
}

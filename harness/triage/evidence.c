// evidence.c: what minimised programs say of signatures. There is hardly
// anything in such a program but one mistake: how else it fails are other faces
// of that.

#include <stdlib.h>
#include <string.h>

#include "triage_internal.h"

static bool
get_bit(const FzEvidence *e, const uint64_t *bits, size_t a, size_t b)
{
    size_t i = a * e->n + b;
    return (bits[i / 64] >> i % 64 & 1) != 0;
}

static int
by_signature(const void *key, const void *raw)
{
    return strcmp(key, ((const FzRaw *)raw)->signature);
}

static void
set_bit(const FzEvidence *e, uint64_t *bits, size_t a, size_t b)
{
    size_t bit = a * e->n + b;
    bits[bit / 64] |= (uint64_t)1 << bit % 64;
}

// The rule and the '|' after it, in characters; 0: that is no signature.
static size_t
rule_length(const char *signature)
{
    const char *end = strchr(signature, '|');
    return end != NULL ? (size_t)(end - signature) + 1 : 0;
}

// The functions of a signature, from the '|' before them, or NULL.
static const char *
functions_of(const char *signature)
{
    return strchr(signature + rule_length(signature), '|');
}

// The same rule, seen by the same functions, on whatever object.
static bool
are_siblings(const char *a, const char *b)
{
    size_t rule = rule_length(a);
    return rule > 0 && strncmp(a, b, rule) == 0 && functions_of(a) != NULL &&
           functions_of(b) != NULL &&
           strcmp(functions_of(a), functions_of(b)) == 0;
}

// What is used after it was freed, by whom is not known any more: the same use
// of the same field.
static bool
is_same_use(const char *unseen, const char *signature)
{
    FzSignature a, b;
    return strncmp(unseen, "USE_AFTER_FREE|", 15) == 0 &&
           strncmp(signature, "USE_AFTER_FREE|", 15) == 0 &&
           FzSignature_Parse(unseen, &a) && FzSignature_Parse(signature, &b) &&
           a.kind[0] != '\0' && strcmp(a.kind, "mem") != 0 &&
           strcmp(a.kind, b.kind) == 0 && strcmp(a.field, b.field) == 0 &&
           a.functions[0][0] == '\0' && a.functions[1][0] != '\0' &&
           (strcmp(a.functions[1], b.functions[0]) == 0 ||
            strcmp(a.functions[1], b.functions[1]) == 0);
}

// It is about what all objects have, and what the same functions touch in all.
static bool
is_of_any_object(const char *signature)
{
    FzSignature s;
    return FzSignature_Parse(signature, &s) && strncmp(s.field, "ob_", 3) == 0;
}

// A failure that no finding has stands for this one: it is the same of another
// object. Not if nothing but the object tells mistakes of its rule apart: no
// functions are named, or those that touch any object, or it is a race, which
// is about the field.
static bool
stands_for(const char *unseen, const FzRaw *raw)
{
    return (strncmp(unseen, "DATA_RACE|", 10) != 0 &&
            are_siblings(unseen, raw->signature) &&
            strcmp(functions_of(unseen), "||") != 0 &&
            !is_of_any_object(unseen)) ||
           is_same_use(unseen, raw->signature);
}

// The same rule about a mechanism, wherever.
static bool
has_rule(const FzRaw *raw, const char *signature)
{
    size_t rule = rule_length(signature);
    return rule > 0 && !raw->damage &&
           strncmp(raw->signature, signature, rule) == 0;
}

// What the signatures say of a. One that no finding has stands for the same of
// other objects and, if so asked, for the same mechanism at other places.
static void
set_bits(const FzEvidence *e, uint64_t *bits, size_t a, const FzRaw *raws,
         char *const *signatures, size_t n, bool other_places)
{
    for (size_t i = 0; i < n; i++) {
        const FzRaw *raw = bsearch(signatures[i], raws, e->n, sizeof(*raws),
                                   by_signature);
        if (raw != NULL) {
            set_bit(e, bits, a, (size_t)(raw - raws));
            continue;
        }
        for (size_t k = 0; k < e->n; k++) {
            if (stands_for(signatures[i], &raws[k]) ||
                (other_places && has_rule(&raws[k], signatures[i]))) {
                set_bit(e, bits, a, k);
            }
        }
    }
}

bool
FzTriaged_Shows(const FzTriaged *f, const FzRaw *raws, size_t n, size_t a)
{
    for (size_t i = 0; i < f->naliases; i++) {
        const FzRaw *raw = bsearch(f->aliases[i], raws, n, sizeof(*raws),
                                   by_signature);
        if (raw == &raws[a] ||
            (raw == NULL && stands_for(f->aliases[i], &raws[a]))) {
            return true;
        }
    }
    return false;
}

static int
by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
collect_unseen(FzEvidence *e, const FzRaw *raws)
{
    size_t capacity = 0, n = 0;
    for (size_t a = 0; a < e->n; a++) {
        for (size_t i = 0; i < raws[a].count; i++) {
            const FzTriaged *f = raws[a].members[i];
            for (size_t k = 0; k < f->naliases; k++) {
                if (bsearch(f->aliases[k], raws, e->n, sizeof(*raws),
                            by_signature) != NULL) {
                    continue;
                }
                if (n == capacity) {
                    capacity = capacity * 2 + 64;
                    e->unseen = realloc(e->unseen, capacity * sizeof(char *));
                    FZ_ASSERT(e->unseen != NULL);
                }
                e->unseen[n++] = f->aliases[k];
            }
        }
    }
    if (n > 0) {
        qsort(e->unseen, n, sizeof(char *), by_text);
    }
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || strcmp(e->unseen[i], e->unseen[e->nunseen - 1]) != 0) {
            e->unseen[e->nunseen++] = e->unseen[i];
        }
    }
}

static void
read_unseen(FzEvidence *e, const FzRaw *raws)
{
    collect_unseen(e, raws);
    e->shows_unseen = calloc(e->n * e->nunseen / 64 + 1, sizeof(uint64_t));
    FZ_ASSERT(e->shows_unseen != NULL);
    for (size_t a = 0; a < e->n && e->nunseen > 0; a++) {
        for (size_t i = 0; i < raws[a].count; i++) {
            const FzTriaged *f = raws[a].members[i];
            for (size_t k = 0; k < f->naliases; k++) {
                const char *text = f->aliases[k];
                const char **at = bsearch(&text, e->unseen, e->nunseen,
                                          sizeof(char *), by_text);
                if (at != NULL) {
                    size_t bit = a * e->nunseen + (size_t)(at - e->unseen);
                    e->shows_unseen[bit / 64] |= (uint64_t)1 << bit % 64;
                }
            }
        }
    }
}

bool
FzEvidence_ShowsUnseen(const FzEvidence *e, size_t a, size_t i)
{
    size_t bit = a * e->nunseen + i;
    return (e->shows_unseen[bit / 64] >> bit % 64 & 1) != 0;
}

static uint64_t *
new_bits(size_t n)
{
    uint64_t *bits = calloc(n * n / 64 + 1, sizeof(uint64_t));
    FZ_ASSERT(bits != NULL);
    return bits;
}

// Of most of its programs that need a preemption at one place: of some it may
// be chance, where that comes before much else.
static void
read_kin(FzEvidence *e, size_t a, const FzRaw *raws)
{
    size_t words = e->n * e->n / 64 + 1, tight = 0;
    uint64_t *one = new_bits(e->n);
    size_t *count = calloc(e->n, sizeof(size_t));
    FZ_ASSERT(count != NULL);
    for (size_t i = 0; i < raws[a].count; i++) {
        const FzTriaged *f = raws[a].members[i];
        if (!f->tight) {
            continue;
        }
        tight++;
        memset(one, 0, words * sizeof(uint64_t));
        set_bits(e, one, a, raws, f->kin, f->nkin, false);
        for (size_t b = 0; b < e->n; b++) {
            count[b] += get_bit(e, one, a, b);
        }
    }
    for (size_t b = 0; b < e->n; b++) {
        if (2 * count[b] > tight) {
            set_bit(e, e->kin, a, b);
        }
    }
    free(one);
    free(count);
}

void
FzEvidence_Read(FzEvidence *e, const FzRaw *raws, size_t n)
{
    e->n = n;
    e->shows = new_bits(n);
    e->kin = new_bits(n);
    e->beside = new_bits(n);
    e->always = new_bits(n);
    e->met = new_bits(n);
    e->mostly = new_bits(n);
    e->near = new_bits(n);
    e->common = new_bits(n);
    e->profiled = calloc(n + 1, sizeof(bool));
    e->shown = calloc(n + 1, sizeof(size_t));
    FZ_ASSERT(e->profiled != NULL && e->shown != NULL);
    for (size_t a = 0; a < n; a++) {
        for (size_t i = 0; i < raws[a].count; i++) {
            const FzTriaged *f = raws[a].members[i];
            set_bits(e, e->shows, a, raws, f->aliases, f->naliases, false);
            set_bits(e, e->beside, a, raws, f->beside, f->nbeside, true);
            set_bits(e, e->always, a, raws, f->always, f->nalways, true);
            set_bits(e, e->met, a, raws, f->met, f->nmet, true);
            set_bits(e, e->mostly, a, raws, f->mostly, f->nmostly, true);
            set_bits(e, e->near, a, raws, f->near, f->nnear, false);
            set_bits(e, e->common, a, raws, f->common, f->ncommon, false);
            e->profiled[a] = e->profiled[a] || f->profiled;
        }
        read_kin(e, a, raws);
        for (size_t b = 0; b < n; b++) {
            e->shown[a] += b != a && get_bit(e, e->shows, a, b);
        }
    }
    read_unseen(e, raws);
}

void
FzEvidence_Free(FzEvidence *e)
{
    free(e->shows);
    free(e->kin);
    free(e->beside);
    free(e->always);
    free(e->met);
    free(e->mostly);
    free(e->near);
    free(e->common);
    free(e->profiled);
    free(e->unseen);
    free(e->shows_unseen);
    free(e->shown);
    *e = (FzEvidence){0};
}

bool
FzEvidence_Shows(const FzEvidence *e, size_t a, size_t b)
{
    return get_bit(e, e->shows, a, b);
}

bool
FzEvidence_IsKin(const FzEvidence *e, size_t a, size_t b)
{
    return get_bit(e, e->kin, a, b);
}

bool
FzEvidence_IsBeside(const FzEvidence *e, size_t a, size_t b)
{
    return get_bit(e, e->beside, a, b);
}

bool
FzEvidence_IsAlways(const FzEvidence *e, size_t a, size_t b)
{
    return get_bit(e, e->always, a, b);
}

bool
FzEvidence_Meets(const FzEvidence *e, size_t a, size_t b)
{
    return get_bit(e, e->met, a, b);
}

bool
FzEvidence_NeverMeets(const FzEvidence *e, size_t a, size_t b)
{
    return e->profiled[a] && !FzEvidence_Meets(e, a, b);
}

bool
FzEvidence_ComesWithout(const FzEvidence *e, size_t a, size_t b)
{
    return e->profiled[a] && !get_bit(e, e->mostly, a, b);
}

bool
FzEvidence_IsNear(const FzEvidence *e, size_t a, size_t b)
{
    return get_bit(e, e->near, a, b);
}

bool
FzEvidence_IsCommon(const FzEvidence *e, size_t a, size_t b)
{
    return get_bit(e, e->common, a, b);
}

bool
FzEvidence_IsCommonSomewhere(const FzEvidence *e, size_t b)
{
    for (size_t a = 0; a < e->n; a++) {
        if (FzEvidence_IsCommon(e, a, b)) {
            return true;
        }
    }
    return false;
}

bool
FzEvidence_ShowsMore(const FzEvidence *e, size_t a, size_t b)
{
    return FzEvidence_Shows(e, a, b) &&
           (!FzEvidence_IsCommon(e, a, b) || FzEvidence_IsCommon(e, a, a));
}

static bool
is_part_of(const uint64_t *ops, const uint64_t *of)
{
    uint64_t any = 0, others = 0;
    for (int i = 0; i < FZ_TRIAGED_OPS; i++) {
        any |= ops[i];
        others |= ops[i] & ~of[i];
    }
    return any != 0 && others == 0;
}

bool
FzRaw_ConsistsOf(const FzRaw *a, const FzRaw *b)
{
    for (size_t i = 0; i < a->count && a->members[i]->small != NULL; i++) {
        for (size_t k = 0;
             k < b->count && b->members[k]->small != NULL; k++) {
            if (is_part_of(b->members[k]->ops, a->members[i]->ops)) {
                return true;
            }
        }
    }
    return false;
}

bool
FzRaw_AreSiblings(const FzRaw *a, const FzRaw *b)
{
    return are_siblings(a->signature, b->signature);
}

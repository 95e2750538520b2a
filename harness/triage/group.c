// group.c: groups of findings. First by signature; then groups fold where
// something says that one mistake is behind them. What the catalogue keeps
// apart stays apart.
//
// Rules about a mechanism name the mistake itself; damage says little by itself
// and is the consequence of something. So damage folds by who freed the block
// or by the preemption that causes it; two mechanisms do not fold by these.

#include <stdlib.h>
#include <string.h>

#include "triage_internal.h"

enum { NO_ROW = -1 };

typedef struct Key {
    char *text;
    size_t raw;
} Key;

typedef struct Grouper {
    const FzTriaged **sorted;   // what FzRaw.members point into
    FzRaw *raws;
    size_t nraws;
    FzEvidence evidence;
    Key *keys;
    size_t nkeys, capacity;
} Grouper;

static int
compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

// The smaller reproducer first.
static int
compare_size(const FzTriaged *a, const FzTriaged *b)
{
    int order = (b->small != NULL) - (a->small != NULL);
    order = order != 0 ? order : compare_numbers(a->threads, b->threads);
    order = order != 0 ? order : compare_numbers(a->operations, b->operations);
    order = order != 0 ? order
                       : compare_numbers(a->preemptions, b->preemptions);
    order = order != 0 ? order : compare_numbers(a->steps, b->steps);
    return order != 0 ? order : strcmp(a->path, b->path);
}

static int
by_signature(const void *a, const void *b)
{
    const FzTriaged *x = *(const FzTriaged *const *)a;
    const FzTriaged *y = *(const FzTriaged *const *)b;
    int order = strcmp(x->signature, y->signature);
    return order != 0 ? order : compare_size(x, y);
}

// What breaks in the end, in another place than the mistake.
static const char *const damage_rules[] = {
    "REF_NEGATIVE", "REF_BELOW_REFERENCES", "REF_STATE", "DEALLOC_TWICE",
    "FREED_REFERENCED", "LEAK", "USE_AFTER_FREE", "DOUBLE_FREE",
    "HEAP_INVALID", "WEAKREF_DANGLING", "WEAKREF_STATE", "GC_KEPT_GARBAGE",
    "DEADLOCK", "LOST_WAKEUP", "STEP_BUDGET", "FATAL", "CRASH", NULL,
};

static bool
is_one_of(const char *text, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (strcmp(text, *list) == 0) {
            return true;
        }
    }
    return false;
}

static void
make_raws(Grouper *g, const FzTriage *triage)
{
    size_t n = triage->nfindings;
    const FzTriaged **sorted = malloc((n + 1) * sizeof(*sorted));
    g->raws = calloc(n + 1, sizeof(FzRaw));
    FZ_ASSERT(sorted != NULL && g->raws != NULL);
    for (size_t i = 0; i < n; i++) {
        sorted[i] = &triage->findings[i];
    }
    qsort(sorted, n, sizeof(*sorted), by_signature);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 ||
            strcmp(sorted[i]->signature, sorted[i - 1]->signature) != 0) {
            g->raws[g->nraws] = (FzRaw){
                .signature = sorted[i]->signature,
                .smallest = sorted[i],
                .members = &sorted[i],
                .parent = g->nraws,
                .row = NO_ROW,
                .damage = is_one_of(sorted[i]->rule, damage_rules),
            };
            g->nraws++;
        }
        g->raws[g->nraws - 1].count++;
    }
    g->sorted = sorted;
}

// ---------------------------------------------------------------------------
// Folding

static size_t
root_of(Grouper *g, size_t raw)
{
    while (g->raws[raw].parent != raw) {
        g->raws[raw].parent = g->raws[g->raws[raw].parent].parent;
        raw = g->raws[raw].parent;
    }
    return raw;
}

static void
fold(Grouper *g, size_t a, size_t b)
{
    a = root_of(g, a);
    b = root_of(g, b);
    if (a == b || (g->raws[a].row != NO_ROW && g->raws[b].row != NO_ROW &&
                   g->raws[a].row != g->raws[b].row)) {
        return;
    }
    size_t low = a < b ? a : b, high = a < b ? b : a;
    g->raws[high].parent = low;
    if (g->raws[low].row == NO_ROW) {
        g->raws[low].row = g->raws[high].row;
    }
}

static void
add_key(Grouper *g, size_t raw, const char *what, const char *a,
        const char *b)
{
    FzBuf text = {0};
    FzBuf_Printf(&text, "%s|%s|%s", what, a, b);
    FzBuf_AppendByte(&text, '\0');
    if (g->nkeys == g->capacity) {
        g->capacity = g->capacity * 2 + 64;
        g->keys = realloc(g->keys, g->capacity * sizeof(Key));
        FZ_ASSERT(g->keys != NULL);
    }
    g->keys[g->nkeys++] = (Key){(char *)text.data, raw};
}

static const char *const lifetime_rules[] = {
    "USE_AFTER_FREE", "DOUBLE_FREE", NULL,
};

// An object that its own destructor freed: the mistake is in its count.
static bool
is_destructor(const char *function)
{
    size_t n = strlen(function);
    return strcmp(function, "destroy_nested") == 0 ||
           (n > 7 && strcmp(function + n - 7, "dealloc") == 0);
}

// It says who freed what is used.
static bool
names_culprit(const FzTriaged *f)
{
    return is_one_of(f->rule, lifetime_rules) && f->freed_by[0] != '\0' &&
           !is_destructor(f->freed_by);
}

// "function|kind.field|other": the function, and the field without the kind,
// which is that of whatever object it happened to.
static void
add_cause_key(Grouper *g, size_t raw, const char *cause)
{
    char function[128], subject[128];
    size_t n = strcspn(cause, "|");
    const char *rest = cause[n] == '|' ? cause + n + 1 : cause + n;
    snprintf(function, sizeof(function), "%.*s", (int)n, cause);
    snprintf(subject, sizeof(subject), "%.*s", (int)strcspn(rest, "|"), rest);
    const char *dot = strchr(subject, '.');
    add_key(g, raw, "cause", function, dot != NULL ? dot + 1 : subject);
}

static void
collect_keys_of(Grouper *g, size_t raw)
{
    const FzTriaged *f = g->raws[raw].smallest;
    FzSignature s;
    bool causal = f->tight && f->cause[0] != '\0';
    if (!FzSignature_Parse(f->signature, &s)) {
        return;
    }
    if (causal && strstr(f->cause, ".ob_ref_") != NULL) {
        add_cause_key(g, raw, f->cause);
    }
    else if (names_culprit(f)) {
        add_key(g, raw, "freed", f->freed_by, "");
    }
    else if (causal) {
        add_cause_key(g, raw, f->cause);
    }
}

static void
collect_keys(Grouper *g)
{
    for (size_t i = 0; i < g->nraws; i++) {
        collect_keys_of(g, i);
    }
}

static int
by_key(const void *a, const void *b)
{
    const Key *x = a, *y = b;
    int order = strcmp(x->text, y->text);
    return order != 0 ? order : compare_numbers(x->raw, y->raw);
}

// Those with one key: all damage, with the mechanism if there is one.
static void
fold_key(Grouper *g, size_t start, size_t end)
{
    size_t first = end, mechanism = end, mechanisms = 0;
    for (size_t i = start; i < end; i++) {
        if (!g->raws[g->keys[i].raw].damage) {
            mechanism = i;
            mechanisms++;
            continue;
        }
        if (first < end) {
            fold(g, g->keys[first].raw, g->keys[i].raw);
        }
        first = first < end ? first : i;
    }
    if (mechanisms == 1 && first < end) {
        fold(g, g->keys[first].raw, g->keys[mechanism].raw);
    }
}

static void
fold_by_keys(Grouper *g)
{
    collect_keys(g);
    if (g->nkeys > 0) {
        qsort(g->keys, g->nkeys, sizeof(Key), by_key);
    }
    for (size_t i = 0, end; i < g->nkeys; i = end) {
        for (end = i + 1; end < g->nkeys && strcmp(g->keys[end].text,
                                                   g->keys[i].text) == 0;) {
            end++;
        }
        fold_key(g, i, end);
    }
    for (size_t i = 0; i < g->nkeys; i++) {
        free(g->keys[i].text);
    }
    free(g->keys);
}

enum { ENOUGH_FINDINGS = 5, ENOUGH_KINDS = 3, RARE = 100 };

static bool
is_frequent_mechanism(const FzRaw *raw)
{
    return !raw->damage && raw->count >= ENOUGH_FINDINGS;
}

// A minimised program of one fails as the other by the same preemption, or some
// of each fail as the other. That says little of two mechanisms that fail
// often: any program may show both.
static void
fold_by_aliases(Grouper *g)
{
    const FzEvidence *e = &g->evidence;
    for (size_t a = 0; a < g->nraws; a++) {
        for (size_t b = 0; b < g->nraws; b++) {
            bool mutual = FzEvidence_Shows(e, a, b) &&
                          FzEvidence_Shows(e, b, a) &&
                          !(is_frequent_mechanism(&g->raws[a]) &&
                            is_frequent_mechanism(&g->raws[b]));
            if (a != b && (mutual || FzEvidence_IsKin(e, a, b))) {
                fold(g, a, b);
            }
        }
    }
}

// Damage without a preemption, done by operations that do other damage, too.
static void
fold_by_operations(Grouper *g)
{
    for (size_t a = 0; a < g->nraws; a++) {
        for (size_t b = 0; b < g->nraws && g->raws[a].damage; b++) {
            if (a != b && g->raws[b].damage &&
                FzRaw_ConsistsOf(&g->raws[a], &g->raws[b])) {
                fold(g, a, b);
            }
        }
    }
}

// It says what is wrong, or where: a mechanism, an assertion, who freed what is
// used.
static bool
is_specific(const FzRaw *raw)
{
    return !raw->damage || names_culprit(raw->smallest) ||
           strcmp(raw->smallest->rule, "FATAL") == 0;
}

// A group that stands for itself: a mechanism that failed often enough, or
// damage of several kinds that has one cause.
static bool
is_established(Grouper *g, size_t root)
{
    size_t kinds = 0;
    for (size_t i = 0; i < g->nraws; i++) {
        const FzRaw *raw = &g->raws[i];
        if (root_of(g, i) == root) {
            if (!raw->damage && raw->count >= ENOUGH_FINDINGS) {
                return true;
            }
            kinds += raw->smallest->tight;
        }
    }
    return kinds >= ENOUGH_KINDS;
}

static bool
program_shows(Grouper *g, size_t raw, size_t root)
{
    for (size_t i = 0; i < g->nraws; i++) {
        if (FzEvidence_Shows(&g->evidence, raw, i) && root_of(g, i) == root) {
            return true;
        }
    }
    return false;
}

// Whether programs that fail by something else show this group, too: then it is
// in reach of any program, and that one shows it says nothing.
static bool
is_everywhere(Grouper *g, size_t root, size_t asker)
{
    for (size_t i = 0; i < g->nraws; i++) {
        if (root_of(g, i) != root && root_of(g, i) != asker &&
            program_shows(g, i, root) &&
            (is_established(g, root_of(g, i)) ||
             (is_specific(&g->raws[i]) &&
              g->raws[i].count >= ENOUGH_FINDINGS))) {
            return true;
        }
    }
    return false;
}

// Of a group or not: it has a mechanism, or damage.
static bool
has_kind(Grouper *g, size_t root, bool damage)
{
    for (size_t i = 0; i < g->nraws; i++) {
        if (root_of(g, i) == root && g->raws[i].damage == damage) {
            return true;
        }
    }
    return false;
}

// The only other group that the minimised programs of this one show, of those
// with a mechanism or of those without, if it is not everywhere; else the group
// itself.
static size_t
only_alias(Grouper *g, size_t root, bool mechanism)
{
    size_t only = root;
    for (size_t i = 0; i < g->nraws; i++) {
        bool ours = root_of(g, i) == root;
        for (size_t k = 0; ours && k < g->nraws; k++) {
            size_t other = root_of(g, k);
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

static size_t
count_findings(Grouper *g, size_t root)
{
    size_t n = 0;
    for (size_t i = 0; i < g->nraws; i++) {
        n += root_of(g, i) == root ? g->raws[i].count : 0;
    }
    return n;
}

// Few failures beside very many.
static bool
is_rare_beside(Grouper *g, size_t root, size_t other)
{
    size_t n = count_findings(g, root);
    return n < ENOUGH_FINDINGS && n * RARE < count_findings(g, other);
}

// What nothing else explains, in programs that show one other failure, is a
// consequence of that: damage, or what hardly ever fails. A mechanism that
// has consequences is seen more often than these.
static bool
fold_consequence(Grouper *g, size_t raw, bool mechanism)
{
    size_t root = root_of(g, raw);
    if (g->evidence.shown[raw] == 0 || is_established(g, root)) {
        return false;
    }
    size_t only = only_alias(g, root, mechanism);
    bool explained = !g->raws[raw].damage ||
                     names_culprit(g->raws[raw].smallest);
    if (only == root || (explained && !is_rare_beside(g, root, only)) ||
        (mechanism && count_findings(g, only) < count_findings(g, root))) {
        return false;
    }
    fold(g, root, only);
    return root_of(g, root) == root_of(g, only);
}

static void
fold_consequences(Grouper *g)
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
fold_siblings(Grouper *g)
{
    for (size_t i = 0; i < g->nraws; i++) {
        size_t best = g->nraws, most = 0, others = 0;
        bool alone = g->raws[i].damage && g->raws[i].smallest->small == NULL;
        for (size_t k = 0; alone && k < g->nraws; k++) {
            size_t root = root_of(g, k);
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
            fold(g, i, best);
        }
    }
}

// Races on one field, a hundred times fewer than others on it.
static void
fold_rare_races(Grouper *g)
{
    for (size_t i = 0; i < g->nraws; i++) {
        const char *signature = g->raws[i].signature;
        const char *field = strchr(signature, '|');
        size_t n = field != NULL ? strcspn(field + 1, "|") + 2 : 0;
        for (size_t k = 0; k < g->nraws &&
             strncmp(signature, "DATA_RACE|", 10) == 0; k++) {
            size_t other = root_of(g, k), root = root_of(g, i);
            if (other != root &&
                strncmp(g->raws[k].signature, signature, 9 + n) == 0 &&
                count_findings(g, root) * RARE < count_findings(g, other)) {
                fold(g, root, other);
            }
        }
    }
}

static void
fold_two(void *arg, size_t a, size_t b)
{
    fold(arg, a, b);
}

static void
fold_races(Grouper *g)
{
    FzCover *cover = FzCover_New();
    FzStacks stacks;
    for (size_t i = 0; i < g->nraws; i++) {
        if (strcmp(g->raws[i].smallest->rule, "DATA_RACE") == 0) {
            FzStacks_Read(g->raws[i].smallest->path, &stacks);
            FzCover_Add(cover, i, &stacks);
        }
    }
    FzCover_Fold(cover, fold_two, g);
    FzCover_Free(cover);
}

static void
fold_by_catalogue(Grouper *g, const FzCatalogue *catalogue)
{
    for (size_t i = 0; i < g->nraws; i++) {
        const FzKnown *row =
            FzCatalogue_Find(catalogue, g->raws[i].signature);
        g->raws[i].row = row != NULL ? row - catalogue->rows : NO_ROW;
    }
    for (size_t a = 0; a < g->nraws; a++) {
        for (size_t b = 0; b < a && g->raws[a].row != NO_ROW; b++) {
            if (g->raws[a].row == g->raws[b].row) {
                fold(g, a, b);
                break;
            }
        }
    }
}

// ---------------------------------------------------------------------------
// Groups

static void
add_to_group(FzGroup *group, const FzRaw *raw)
{
    size_t n = group->nsignatures;
    group->signatures = realloc(group->signatures, (n + 1) * sizeof(char *));
    group->counts = realloc(group->counts, (n + 1) * sizeof(size_t));
    FZ_ASSERT(group->signatures != NULL && group->counts != NULL);
    size_t at = n;
    for (; at > 0 && group->counts[at - 1] < raw->count; at--) {
        group->counts[at] = group->counts[at - 1];
        group->signatures[at] = group->signatures[at - 1];
    }
    group->counts[at] = raw->count;
    group->signatures[at] = raw->signature;
    group->nsignatures++;
    group->count += raw->count;
    if (group->smallest == NULL ||
        compare_size(raw->smallest, group->smallest) < 0) {
        group->smallest = raw->smallest;
    }
}

static void
name_group(FzGroup *group, long row, FzCatalogue *catalogue)
{
    if (row == NO_ROW) {
        FzCatalogue_Add(catalogue, group->signatures[0]);
        row = (long)catalogue->count - 1;
    }
    FzKnown *known = &catalogue->rows[row];
    for (size_t i = 0; i < group->nsignatures; i++) {
        FzKnown_AddSignature(known, group->signatures[i]);
    }
    known->count = group->count > known->count ? group->count : known->count;
    if (known->state == FZ_STATE_FIXED) {
        known->state = FZ_STATE_REGRESSED;
    }
    snprintf(group->id, sizeof(group->id), "%s", known->id);
    group->state = known->state;
    group->is_new = known->state == FZ_STATE_NEW;
}

static bool
stands(FzState state)
{
    return state == FZ_STATE_NEW || state == FZ_STATE_REGRESSED;
}

static int
by_importance(const void *a, const void *b)
{
    const FzGroup *x = a, *y = b;
    int order = (int)stands(y->state) - (int)stands(x->state);
    order = order != 0 ? order : compare_numbers(y->count, x->count);
    return order != 0 ? order : strcmp(x->id, y->id);
}

void
FzTriage_Group(FzTriage *triage, FzCatalogue *catalogue)
{
    Grouper g = {0};
    make_raws(&g, triage);
    FzEvidence_Read(&g.evidence, g.raws, g.nraws);
    fold_by_catalogue(&g, catalogue);
    fold_by_keys(&g);
    fold_races(&g);
    fold_by_aliases(&g);
    fold_by_operations(&g);
    fold_consequences(&g);
    fold_siblings(&g);
    fold_rare_races(&g);
    triage->groups = calloc(g.nraws + 1, sizeof(FzGroup));
    FZ_ASSERT(triage->groups != NULL);
    for (size_t i = 0; i < g.nraws; i++) {
        if (root_of(&g, i) != i) {
            continue;
        }
        FzGroup *group = &triage->groups[triage->ngroups++];
        for (size_t k = i; k < g.nraws; k++) {
            if (root_of(&g, k) == i) {
                add_to_group(group, &g.raws[k]);
            }
        }
        name_group(group, g.raws[i].row, catalogue);
    }
    // Rows do not move any more.
    for (size_t i = 0; i < triage->ngroups; i++) {
        const FzKnown *row =
            FzCatalogue_FindId(catalogue, triage->groups[i].id);
        triage->groups[i].link = row->link;
        triage->groups[i].title = row->title;
    }
    qsort(triage->groups, triage->ngroups, sizeof(FzGroup), by_importance);
    FzEvidence_Free(&g.evidence);
    free(g.raws);
    free(g.sorted);
}

// ---------------------------------------------------------------------------
// Comparison

static bool
old_has(const FzJson *groups, const FzGroup *group)
{
    for (const FzJson *old = groups->first; old != NULL; old = old->next) {
        const FzJson *signatures = FzJson_Get(old, "signatures");
        for (const FzJson *s = signatures != NULL ? signatures->first : NULL;
             s != NULL; s = s->next) {
            for (size_t i = 0; i < group->nsignatures; i++) {
                if (strcmp(FzJson_String(s, "signature"),
                           group->signatures[i]) == 0) {
                    return true;
                }
            }
        }
    }
    return false;
}

static bool
now_has(const FzTriage *triage, const FzJson *old)
{
    const FzJson *signatures = FzJson_Get(old, "signatures");
    for (const FzJson *s = signatures != NULL ? signatures->first : NULL;
         s != NULL; s = s->next) {
        for (size_t g = 0; g < triage->ngroups; g++) {
            for (size_t i = 0; i < triage->groups[g].nsignatures; i++) {
                if (strcmp(FzJson_String(s, "signature"),
                           triage->groups[g].signatures[i]) == 0) {
                    return true;
                }
            }
        }
    }
    return false;
}

void
FzTriage_Compare(FzTriage *triage, const FzJson *old)
{
    const FzJson *groups = FzJson_Get(old, "groups");
    triage->compared = true;
    for (size_t i = 0; i < triage->ngroups; i++) {
        triage->groups[i].is_new = !old_has(groups, &triage->groups[i]);
    }
    for (const FzJson *g = groups->first; g != NULL; g = g->next) {
        if (!now_has(triage, g)) {
            triage->gone = realloc(triage->gone,
                                   (triage->ngone + 1) * sizeof(char *));
            FZ_ASSERT(triage->gone != NULL);
            triage->gone[triage->ngone++] = FzJson_String(g, "id");
        }
    }
}

size_t
FzTriage_CountStanding(const FzTriage *triage)
{
    size_t n = 0;
    for (size_t i = 0; i < triage->ngroups; i++) {
        const FzGroup *group = &triage->groups[i];
        n += stands(group->state) && (!triage->compared || group->is_new ||
                                      group->state == FZ_STATE_REGRESSED);
    }
    return n;
}

// group.c: groups of findings. First by signature; then groups fold where
// something says that one mistake is behind them. What the catalogue keeps
// apart stays apart.
//
// Rules about a mechanism name the mistake itself; damage says little by itself
// and is the consequence of something. So damage folds by who freed the block
// or by the preemption that causes it; two mechanisms do not fold by these.

#include <stdlib.h>
#include <string.h>

#include "group_internal.h"

enum { NO_ROW = -1 };

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

bool
FzTriage_IsOneOf(const char *text, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (strcmp(text, *list) == 0) {
            return true;
        }
    }
    return false;
}

static void
make_raws(FzGrouper *g, const FzTriage *triage)
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
                .damage = FzTriage_IsOneOf(sorted[i]->rule, damage_rules),
            };
            g->nraws++;
        }
        g->raws[g->nraws - 1].count++;
    }
    g->sorted = sorted;
}

// ---------------------------------------------------------------------------
// Folding

size_t
FzGrouper_Root(FzGrouper *g, size_t raw)
{
    while (g->raws[raw].parent != raw) {
        g->raws[raw].parent = g->raws[g->raws[raw].parent].parent;
        raw = g->raws[raw].parent;
    }
    return raw;
}

void
FzGrouper_Fold(FzGrouper *g, size_t a, size_t b)
{
    a = FzGrouper_Root(g, a);
    b = FzGrouper_Root(g, b);
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
add_key(FzGrouper *g, size_t raw, const char *what, const char *a,
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

// An object that its own destructor freed, or the function that all of these
// free it by: the mistake is in its count.
static bool
is_destructor(const char *function)
{
    size_t n = strlen(function);
    return strcmp(function, "destroy_nested") == 0 ||
           strcmp(function, "free_memory") == 0 ||
           (n > 7 && strcmp(function + n - 7, "dealloc") == 0);
}

// It says who freed what is used.
bool
FzTriaged_NamesCulprit(const FzTriaged *f)
{
    return FzTriage_IsOneOf(f->rule, lifetime_rules) &&
           f->freed_by[0] != '\0' &&
           !is_destructor(f->freed_by);
}

// Locks are touched by everybody, whatever is wrong.
static bool
is_lock(const char *subject, size_t size)
{
    static const char *const ends[] = {
        "mutex", "buckets", "interp.brc_table", "interp.gil",
        "interp.live_cond", "interp.types.gate", "interp.weakref_stripes",
    };
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        size_t n = strlen(ends[i]);
        if (size >= n && strncmp(subject + size - n, ends[i], n) == 0) {
            return true;
        }
    }
    return false;
}

// No object: a member of the runtime's state, or another variable.
static bool
is_variable(const char *subject)
{
    return strncmp(subject, "interp.", 7) == 0 ||
           strncmp(subject, "runtime.", 8) == 0 ||
           (strchr(subject, '.') == NULL && strcmp(subject, "mem") != 0);
}

// "function|kind.field|other": the function, and the field without the kind,
// which is that of whatever object it happened to.
static void
add_cause_key(FzGrouper *g, size_t raw, const char *cause)
{
    char function[128], subject[128];
    size_t n = strcspn(cause, "|");
    const char *rest = cause[n] == '|' ? cause + n + 1 : cause + n;
    snprintf(function, sizeof(function), "%.*s", (int)n, cause);
    snprintf(subject, sizeof(subject), "%.*s", (int)strcspn(rest, "|"), rest);
    const char *dot = strchr(subject, '.');
    // A variable or the whole of an object, touched by nobody else: any place
    // in the program where a thread looks whether it is asked for something is
    // like that.
    bool alone = rest[strcspn(rest, "|")] == '|' &&
                 rest[strcspn(rest, "|") + 1] == '\0';
    if (is_variable(subject) &&
        (alone || is_lock(subject, strlen(subject)))) {
        return;
    }
    add_key(g, raw, "cause", function, dot != NULL ? dot + 1 : subject);
}

bool
FzTriaged_NamesField(const FzTriaged *f)
{
    const char *subject = strchr(f->cause, '|');
    const char *other = subject != NULL ? strchr(subject + 1, '|') : NULL;
    return other != NULL && other != subject + 1 &&
           !is_lock(subject + 1, (size_t)(other - subject - 1));
}

bool
FzTriaged_NamesPair(const FzTriaged *f)
{
    return FzTriaged_NamesField(f) && f->cause[strlen(f->cause) - 1] != '|';
}

// A race is where nothing orders two threads. A preemption right there that
// does damage is that race, seen otherwise.
static void
add_race_keys(FzGrouper *g, size_t raw, const FzTriaged *f,
              const FzSignature *s, bool causal)
{
    if (strcmp(s->rule, "DATA_RACE") == 0) {
        bool same = strcmp(s->functions[0], s->functions[1]) == 0;
        for (int i = 0; i < (same ? 1 : 2); i++) {
            if (s->functions[i][0] != '\0') {
                add_key(g, raw, "race", s->functions[i], "");
            }
        }
    }
    else if (causal && g->raws[raw].damage) {
        char function[128];
        snprintf(function, sizeof(function), "%.*s",
                 (int)strcspn(f->cause, "|"), f->cause);
        add_key(g, raw, "race", function, "");
    }
}

// An object that is used when it is no more: whichever of its fields, if the
// same functions use and free it. A list of weak references that is wrong:
// whatever they refer to.
static void
add_kind_keys(FzGrouper *g, size_t raw, const FzSignature *s)
{
    char functions[2 * sizeof(s->functions[0]) + 2];
    snprintf(functions, sizeof(functions), "%s|%s", s->functions[0],
             s->functions[1]);
    if (strcmp(s->rule, "USE_AFTER_FREE") == 0 &&
        strcmp(s->kind, "mem") != 0 && s->functions[1][0] != '\0') {
        add_key(g, raw, "used", s->kind, functions);
    }
    else if (strcmp(s->rule, "WEAKREF_STATE") == 0 &&
             strcmp(functions, "|") != 0) {
        add_key(g, raw, "weakrefs", functions, "");
    }
}

static void
collect_keys_of(FzGrouper *g, size_t raw, const FzTriaged *f)
{
    FzSignature s;
    bool causal = f->tight && f->cause[0] != '\0';
    // That says enough where the place is not exact, too.
    if (FzTriaged_NamesPair(f)) {
        add_key(g, raw, "pair", f->cause, "");
    }
    if (!FzSignature_Parse(f->signature, &s)) {
        return;
    }
    add_race_keys(g, raw, f, &s, causal);
    add_kind_keys(g, raw, &s);
    if (causal && strstr(f->cause, ".ob_ref_") != NULL) {
        add_cause_key(g, raw, f->cause);
    }
    else if (FzTriaged_NamesCulprit(f)) {
        add_key(g, raw, "freed", f->freed_by, "");
    }
    else if (causal) {
        add_cause_key(g, raw, f->cause);
    }
}

// Of each one that was minimised: one is as good a witness as another.
static void
collect_keys(FzGrouper *g)
{
    for (size_t i = 0; i < g->nraws; i++) {
        const FzRaw *raw = &g->raws[i];
        collect_keys_of(g, i, raw->smallest);
        for (size_t k = 1; k < raw->count && raw->members[k]->small != NULL;
             k++) {
            collect_keys_of(g, i, raw->members[k]);
        }
    }
}

static int
by_key(const void *a, const void *b)
{
    const Key *x = a, *y = b;
    int order = strcmp(x->text, y->text);
    return order != 0 ? order : compare_numbers(x->raw, y->raw);
}

// The one group of mechanisms among those with one key, or the end: none, or
// several.
static size_t
find_mechanism(FzGrouper *g, size_t start, size_t end, size_t *roots)
{
    size_t found = end;
    *roots = 0;
    for (size_t i = start; i < end; i++) {
        size_t raw = g->keys[i].raw;
        if (!g->raws[raw].damage) {
            *roots += found == end ||
                      FzGrouper_Root(g, raw) !=
                          FzGrouper_Root(g, g->keys[found].raw);
            found = i;
        }
    }
    return found;
}

// Those with one key: all damage, with the mechanism if there is one. What only
// a race can have in common is nothing without one.
static void
fold_key(FzGrouper *g, size_t start, size_t end)
{
    size_t first = end, roots;
    size_t mechanism = find_mechanism(g, start, end, &roots);
    if (roots != 1 && strncmp(g->keys[start].text, "race|", 5) == 0) {
        return;
    }
    for (size_t i = start; i < end; i++) {
        if (!g->raws[g->keys[i].raw].damage) {
            continue;
        }
        if (first < end) {
            FzGrouper_Fold(g, g->keys[first].raw, g->keys[i].raw);
        }
        first = first < end ? first : i;
    }
    if (roots == 1 && first < end) {
        FzGrouper_Fold(g, g->keys[first].raw, g->keys[mechanism].raw);
    }
}

static void
fold_by_keys(FzGrouper *g)
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

static void
fold_two(void *arg, size_t a, size_t b)
{
    FzGrouper_Fold(arg, a, b);
}

static void
fold_races(FzGrouper *g)
{
    FzCover *cover = FzCover_New();
    FzStacks stacks;
    FzSignature s;
    for (size_t i = 0; i < g->nraws; i++) {
        if (strcmp(g->raws[i].smallest->rule, "DATA_RACE") == 0 &&
            FzSignature_Parse(g->raws[i].signature, &s)) {
            FzStacks_Read(g->raws[i].smallest->path, &stacks);
            FzCover_Add(cover, i, &stacks, s.field);
        }
    }
    FzCover_Fold(cover, fold_two, g);
    FzCover_Free(cover);
}

static void
fold_by_catalogue(FzGrouper *g, const FzCatalogue *catalogue)
{
    for (size_t i = 0; i < g->nraws; i++) {
        const FzKnown *row =
            FzCatalogue_Find(catalogue, g->raws[i].signature);
        g->raws[i].row = row != NULL ? row - catalogue->rows : NO_ROW;
    }
    for (size_t a = 0; a < g->nraws; a++) {
        for (size_t b = 0; b < a && g->raws[a].row != NO_ROW; b++) {
            if (g->raws[a].row == g->raws[b].row) {
                FzGrouper_Fold(g, a, b);
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

static int
by_importance(const void *a, const void *b)
{
    const FzGroup *x = a, *y = b;
    int order = (int)FzState_Stands(y->state) - (int)FzState_Stands(x->state);
    order = order != 0 ? order : compare_numbers(y->count, x->count);
    return order != 0 ? order : strcmp(x->id, y->id);
}

void
FzTriage_Group(FzTriage *triage, FzCatalogue *catalogue)
{
    FzGrouper g = {0};
    make_raws(&g, triage);
    FzEvidence_Read(&g.evidence, g.raws, g.nraws);
    fold_by_catalogue(&g, catalogue);
    fold_races(&g);
    fold_by_keys(&g);
    FzGrouper_FoldByEvidence(&g);
    FzGrouper_FoldByCauses(&g);
    FzGrouper_FoldNear(&g);
    FzGrouper_FoldMutual(&g);
    FzGrouper_FoldByCounts(&g);
    FzGrouper_FoldParts(&g);
    triage->groups = calloc(g.nraws + 1, sizeof(FzGroup));
    FZ_ASSERT(triage->groups != NULL);
    for (size_t i = 0; i < g.nraws; i++) {
        if (FzGrouper_Root(&g, i) != i) {
            continue;
        }
        FzGroup *group = &triage->groups[triage->ngroups++];
        for (size_t k = i; k < g.nraws; k++) {
            if (FzGrouper_Root(&g, k) == i) {
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
    FzTriage_LookBehind(triage);
    FzEvidence_Free(&g.evidence);
    free(g.raws);
    free(g.sorted);
}

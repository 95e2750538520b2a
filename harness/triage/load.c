// load.c: reads the findings below a folder: every folder with a finding.json.
// A minimised form belongs to the finding that it lies in. What cannot be read
// is named and left out: one damaged folder must not hide thousands.

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fz_finding.h"
#include "fz_triage.h"

enum { MAX_DEPTH = 6 };

static char *
copy(const char *text)
{
    char *result = strdup(text);
    FZ_ASSERT(result != NULL);
    return result;
}

static void
skip(FzTriage *triage, const char *path, const char *reason)
{
    FzBuf text = {0};
    FzBuf_Printf(&text, "%s: %s", path, reason);
    triage->skipped = realloc(triage->skipped, (triage->nskipped + 1) *
                                                   sizeof(char *));
    FZ_ASSERT(triage->skipped != NULL);
    triage->skipped[triage->nskipped++] = copy(FzBuf_CString(&text));
    FzBuf_Free(&text);
}

static FzJson *
read_json(const char *path, char *why, size_t why_size)
{
    static FzBuf bytes;
    if (!FzFile_Read(path, &bytes, why, why_size)) {
        return NULL;
    }
    return FzJson_Parse(FzBuf_CString(&bytes), bytes.size, why, why_size);
}

static void
read_sizes(FzTriaged *f, const FzJson *json)
{
    f->threads = (uint32_t)FzJson_Number(
        json, "active_threads", FzJson_Number(json, "threads", 0));
    f->operations = (uint32_t)FzJson_Number(json, "operations", 1e6);
    f->preemptions = (uint32_t)FzJson_Number(
        json, "preemptions", FzJson_Number(json, "switches", 0));
    f->steps = (uint64_t)FzJson_Number(json, "steps", 0);
}

static void
add_text(char ***list, size_t *n, const char *text)
{
    *list = realloc(*list, (*n + 1) * sizeof(char *));
    FZ_ASSERT(*list != NULL);
    (*list)[(*n)++] = copy(text);
}

static void
read_list(const FzJson *list, char ***out, size_t *n)
{
    for (const FzJson *item = list != NULL ? list->first : NULL; item != NULL;
         item = item->next) {
        if (item->kind == FZ_JSON_STRING) {
            add_text(out, n, item->string);
        }
    }
}

enum { RUNS_ENOUGH = 8, ALWAYS_ENOUGH = 100, HARDLY = 20, MOSTLY = 70 };

// Of `of` runs of a small program, `failing` failed as it does, `runs` as
// something else, too, and `both` as both.
typedef struct Beside {
    double of, failing, runs, both;
} Beside;

// Two mistakes meet as often as chance has it. One mistake's two faces come
// together: where the one is the other is, where it is not the other is not.
static bool
come_together(Beside n)
{
    if (n.both < RUNS_ENOUGH || n.of <= n.failing || n.of <= n.runs) {
        return false;
    }
    double with = n.both / n.failing;
    double without = (n.runs - n.both) / (n.of - n.failing);
    double back_with = n.both / n.runs;
    double back_without = (n.failing - n.both) / (n.of - n.runs);
    return (with >= 0.9 && without <= 0.3) ||
           (back_with >= 0.9 && back_without <= 0.3);
}

static void
read_beside(FzTriaged *f, const FzJson *json)
{
    const FzJson *list = FzJson_Get(json, "beside");
    for (const FzJson *item = list != NULL ? list->first : NULL; item != NULL;
         item = item->next) {
        Beside n = {
            .of = FzJson_Number(item, "of", 0),
            .failing = FzJson_Number(item, "failing", 0),
            .runs = FzJson_Number(item, "runs", 0),
            .both = FzJson_Number(item, "both", 0),
        };
        const char *signature = FzJson_String(item, "signature");
        f->profiled = f->profiled || n.failing >= RUNS_ENOUGH;
        if (n.both * HARDLY > n.failing) {
            add_text(&f->met, &f->nmet, signature);
        }
        if (n.both * 100 > n.failing * MOSTLY) {
            add_text(&f->mostly, &f->nmostly, signature);
        }
        if (come_together(n)) {
            add_text(&f->beside, &f->nbeside, signature);
        }
        else if (n.of >= ALWAYS_ENOUGH && n.both == n.of) {
            add_text(&f->always, &f->nalways, signature);
        }
    }
}

enum {
    PROGRAMS_ENOUGH = 100,      // of each kind
    NEAR_ENOUGH = 5, NEARER = 10,
    COMMON_ENOUGH = 3, HARDLY_NEARER = 3,
};

// Near: of the small program's neighbours several fail so, and of as many
// strangers, which do something else, hardly any. Common: these do, too.
static void
read_near(FzTriaged *f, const FzJson *json)
{
    const FzJson *list = FzJson_Get(json, "near");
    for (const FzJson *item = list != NULL ? list->first : NULL; item != NULL;
         item = item->next) {
        const char *signature = FzJson_String(item, "signature");
        double neighbours = FzJson_Number(item, "neighbours", 0);
        double strangers = FzJson_Number(item, "strangers", 0);
        if (FzJson_Number(item, "of", 0) < PROGRAMS_ENOUGH) {
            continue;
        }
        if (neighbours >= NEAR_ENOUGH && neighbours >= NEARER * strangers) {
            add_text(&f->near, &f->nnear, signature);
        }
        else if (strangers >= COMMON_ENOUGH &&
                 neighbours < HARDLY_NEARER * strangers) {
            add_text(&f->common, &f->ncommon, signature);
        }
    }
}

static void
read_aliases(FzTriaged *f, const FzJson *json)
{
    read_beside(f, json);
    read_near(f, json);
    read_list(FzJson_Get(json, "aliases"), &f->aliases, &f->naliases);
    read_list(FzJson_Get(json, "kin"), &f->kin, &f->nkin);
}

static void
free_list(char **list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(list[i]);
    }
    free(list);
}

static void
add_ops(FzTriaged *f, const FzBlockOps *block)
{
    for (int i = 0; i < block->nops; i++) {
        unsigned op = block->ops[i].op;
        f->ops[op / 64] |= op != FZ_OP_END ? (uint64_t)1 << op % 64 : 0;
    }
}

static void
read_ops(FzTriaged *f)
{
    static FzInput input;
    char path[4300], why[256];
    snprintf(path, sizeof(path), "%s/input.ftz", f->small);
    if (f->preemptions > 0 ||
        !FzInputFile_Read(path, false, &input, why, sizeof(why))) {
        return;
    }
    for (int i = 0; i < input.program.nbodies; i++) {
        add_ops(f, &input.program.bodies[i]);
    }
    for (int i = 0; i < input.program.nfunctions; i++) {
        add_ops(f, &input.program.functions[i]);
    }
    add_ops(f, &input.program.main);
}

// What the minimised form knows better.
static void
read_small(FzTriaged *f, const char *path)
{
    char file[4200], why[256];
    snprintf(file, sizeof(file), "%s/minimized/finding.json", path);
    if (access(file, F_OK) != 0) {
        return;
    }
    FzJson *json = read_json(file, why, sizeof(why));
    // One that fails otherwise is somebody else's.
    if (json != NULL &&
        strcmp(FzJson_String(json, "signature"), f->signature) == 0) {
        snprintf(file, sizeof(file), "%s/minimized", path);
        f->small = copy(file);
        free(f->cause);
        f->cause = copy(FzJson_String(json, "cause"));
        f->tight = FzJson_Bool(json, "tight");
        read_sizes(f, json);
        read_aliases(f, json);
        read_ops(f);
    }
    FzJson_Free(json);
}

static void
load_finding(FzTriage *triage, const char *path, const char *file)
{
    char why[4600];
    FzJson *json = read_json(file, why, sizeof(why));
    if (json == NULL) {
        skip(triage, file, why);
        return;
    }
    const char *signature = FzJson_String(json, "signature");
    if (signature[0] == '\0' || FzJson_String(json, "rule")[0] == '\0') {
        skip(triage, file, "names no rule or signature");
        FzJson_Free(json);
        return;
    }
    if (triage->nfindings == triage->capacity) {
        triage->capacity = triage->capacity * 2 + 256;
        triage->findings = realloc(triage->findings,
                                   triage->capacity * sizeof(FzTriaged));
        FZ_ASSERT(triage->findings != NULL);
    }
    FzTriaged *f = &triage->findings[triage->nfindings++];
    *f = (FzTriaged){
        .path = copy(path),
        .signature = copy(signature),
        .rule = copy(FzJson_String(json, "rule")),
        .build = copy(FzJson_String(json, "build")),
        .message = copy(FzJson_String(json, "message")),
        .cause = copy(FzJson_String(json, "cause")),
        .freed_by = copy(FzJson_String(json, "freed_by")),
        .tight = FzJson_Bool(json, "tight"),
    };
    read_sizes(f, json);
    read_aliases(f, json);
    read_list(FzJson_Get(json, "behind"), &f->behind, &f->nbehind);
    read_small(f, path);
    FzJson_Free(json);
}

static void
load_below(FzTriage *triage, const char *folder, int depth)
{
    char file[4300];
    snprintf(file, sizeof(file), "%s/finding.json", folder);
    if (access(file, F_OK) == 0) {
        load_finding(triage, folder, file);
        return;
    }
    struct dirent **entries;
    int n = depth < MAX_DEPTH ? scandir(folder, &entries, NULL, alphasort) : 0;
    for (int i = 0; i < n; i++) {
        const struct dirent *entry = entries[i];
        snprintf(file, sizeof(file), "%.4000s/%s", folder, entry->d_name);
        struct stat status;
        // Hidden folders are findings that are being written.
        if (entry->d_name[0] != '.' &&
            (entry->d_type == DT_DIR ||
             (entry->d_type == DT_UNKNOWN && stat(file, &status) == 0 &&
              S_ISDIR(status.st_mode)))) {
            load_below(triage, file, depth + 1);
        }
        free(entries[i]);
    }
    if (n > 0) {
        free(entries);
    }
}

bool
FzTriage_Load(FzTriage *triage, const char *folder, char *why,
              size_t why_size)
{
    struct stat status;
    if (stat(folder, &status) != 0 || !S_ISDIR(status.st_mode)) {
        snprintf(why, why_size, "%s is not a folder", folder);
        return false;
    }
    char path[4096];
    size_t n = strlen(folder);
    while (n > 1 && folder[n - 1] == '/') {
        n--;
    }
    snprintf(path, sizeof(path), "%.*s", (int)n, folder);
    load_below(triage, path, 0);
    return true;
}

static void
free_finding(FzTriaged *f)
{
    free_list(f->aliases, f->naliases);
    free_list(f->kin, f->nkin);
    free_list(f->beside, f->nbeside);
    free_list(f->always, f->nalways);
    free_list(f->met, f->nmet);
    free_list(f->mostly, f->nmostly);
    free_list(f->near, f->nnear);
    free_list(f->common, f->ncommon);
    free_list(f->behind, f->nbehind);
    free(f->path);
    free(f->small);
    free(f->signature);
    free(f->rule);
    free(f->build);
    free(f->message);
    free(f->cause);
    free(f->freed_by);
}

void
FzTriage_Free(FzTriage *triage)
{
    for (size_t i = 0; i < triage->nfindings; i++) {
        free_finding(&triage->findings[i]);
    }
    for (size_t i = 0; i < triage->nskipped; i++) {
        free(triage->skipped[i]);
    }
    for (size_t i = 0; i < triage->ngroups; i++) {
        free(triage->groups[i].signatures);
        free(triage->groups[i].counts);
        free(triage->groups[i].behind);
    }
    free(triage->findings);
    free(triage->skipped);
    free(triage->groups);
    free(triage->gone);
    *triage = (FzTriage){0};
}

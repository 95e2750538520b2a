// cmd_triage.c: ftfuzz triage: folders of findings become a few groups and
// their reports.

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "fz_exec.h"
#include "fz_triage.h"

enum { MAX_FOLDERS = 64 };

typedef struct Options {
    const char *output;
    const char *catalogue;
    const char *diff;
    const char *mark;
    uint64_t replays, pages;
    double minimize;
    bool json, quiet;
} Options;

// ---------------------------------------------------------------------------
// This program again, on one finding: it may end in any way.

static FILE *
start_self(pid_t *pid, char *const argv[])
{
    int out[2];
    if (pipe(out) != 0) {
        return NULL;
    }
    fflush(NULL);
    *pid = fork();
    if (*pid == 0) {
        dup2(out[1], STDOUT_FILENO);
        close(out[0]);
        close(out[1]);
        if (freopen("/dev/null", "w", stderr) != NULL) {
            execv("/proc/self/exe", argv);
        }
        _exit(127);
    }
    close(out[1]);
    if (*pid < 0) {
        close(out[0]);
        return NULL;
    }
    return fdopen(out[0], "r");
}

// What it printed; false: it could not be started.
static bool
run_self(char *const argv[], FzBuf *output, int *status)
{
    pid_t pid;
    FILE *from = start_self(&pid, argv);
    if (from == NULL) {
        return false;
    }
    char chunk[4096];
    size_t n;
    FzBuf_Clear(output);
    while ((n = fread(chunk, 1, sizeof(chunk), from)) > 0) {
        FzBuf_Append(output, chunk, n);
    }
    fclose(from);
    return waitpid(pid, status, 0) == pid;
}

static const char *
folder_of(const FzGroup *group)
{
    const FzTriaged *f = group->smallest;
    return f->small != NULL ? f->small : f->path;
}

static void
replay_group(FzGroup *group, uint64_t times)
{
    char number[32];
    snprintf(number, sizeof(number), "%llu", (unsigned long long)times);
    char *const argv[] = {"ftfuzz", "replay",        "--json",
                          "--times", number, (char *)folder_of(group), NULL};
    FzBuf output = {0};
    int status;
    if (strcmp(group->smallest->build, FzExec_BuildName()) == 0 &&
        run_self(argv, &output, &status)) {
        FzJson *json = FzJson_Parse(FzBuf_CString(&output), output.size, NULL,
                                    0);
        FzReplays *r = &group->replays;
        r->done = true;
        r->times = times;
        if (json != NULL) {
            r->same = (uint64_t)FzJson_Number(json, "same", 0);
            r->other = (uint64_t)FzJson_Number(json, "other", 0);
            r->clean = (uint64_t)FzJson_Number(json, "clean", 0);
        }
        else if (WIFEXITED(status) && WEXITSTATUS(status) == FZ_EXIT_FINDING) {
            r->times = r->same = 1;     // a sanitizer's report ended it
        }
        FzJson_Free(json);
    }
    FzBuf_Free(&output);
}

static bool
minimize_one(const Options *o, const FzTriaged *f)
{
    char seconds[32];
    snprintf(seconds, sizeof(seconds), "%.1f", o->minimize);
    char *const argv[] = {"ftfuzz",    "minimize", "--quiet",
                          "--seconds", seconds,    f->path, NULL};
    FzBuf output = {0};
    int status;
    bool done = f->small == NULL &&
                strcmp(f->build, FzExec_BuildName()) == 0 &&
                run_self(argv, &output, &status) && WIFEXITED(status) &&
                WEXITSTATUS(status) == 0;
    FzBuf_Free(&output);
    return done;
}

// The smallest of each group that has no small form yet.
static size_t
minimize_groups(const Options *o, const FzTriage *triage)
{
    size_t done = 0;
    for (size_t i = 0; i < triage->ngroups; i++) {
        done += minimize_one(o, triage->groups[i].smallest);
    }
    return done;
}

enum { FEW = 5, SMALL_PART = 20, MORE = 2 };

static bool
is_member(const FzGroup *group, const FzTriaged *f)
{
    for (size_t i = 0; i < group->nsignatures; i++) {
        if (strcmp(group->signatures[i], f->signature) == 0) {
            return true;
        }
    }
    return false;
}

static bool
is_small_group(const FzTriage *triage, const FzGroup *group)
{
    return triage->ngroups > 1 &&
           (group->count < FEW ||
            group->count * SMALL_PART < triage->nfindings);
}

// Two more of each group that is few, or a small part of all: it may be another
// face of a large one, and one small program says little.
static size_t
minimize_more(const Options *o, const FzTriage *triage)
{
    size_t done = 0;
    for (size_t i = 0; i < triage->ngroups; i++) {
        const FzGroup *group = &triage->groups[i];
        size_t more = is_small_group(triage, group) ? 0 : MORE;
        for (size_t k = 0; k < triage->nfindings && more < MORE; k++) {
            bool made = is_member(group, &triage->findings[k]) &&
                        minimize_one(o, &triage->findings[k]);
            more += made;
            done += made;
        }
    }
    return done;
}

// ---------------------------------------------------------------------------
// The catalogue

// "ID=STATE" or "ID=STATE,LINK".
static bool
mark(FzCatalogue *catalogue, const char *text)
{
    char id[32], name[32];
    const char *equals = strchr(text, '=');
    const char *comma = equals != NULL ? strchr(equals, ',') : NULL;
    size_t n = equals == NULL ? 0
               : comma != NULL ? (size_t)(comma - equals - 1)
                               : strlen(equals + 1);
    if (equals == NULL || equals == text || equals - text > 16 || n > 31) {
        FzCli_Error("--mark needs ID=STATE or ID=STATE,LINK, not '%s'", text);
        return false;
    }
    snprintf(id, sizeof(id), "%.*s", (int)(equals - text), text);
    snprintf(name, sizeof(name), "%.*s", (int)n, equals + 1);
    FzKnown *row = FzCatalogue_FindId(catalogue, id);
    FzState state;
    if (row == NULL) {
        FzCli_Error("the catalogue has no finding %s", id);
        return false;
    }
    if (!FzState_Parse(name, &state)) {
        FzCli_Error("'%s' is no state: new, known, fixed, regressed or won't "
                    "fix",
                    name);
        return false;
    }
    row->state = state;
    if (comma != NULL) {
        free(row->link);
        row->link = strdup(comma + 1);
    }
    return true;
}

// ---------------------------------------------------------------------------
// Reports

static bool
write_report(const Options *o, const FzTriage *triage, const char *name,
             void (*print)(const FzTriage *, FzBuf *))
{
    FzBuf out = {0};
    char path[4200], why[4600];
    snprintf(path, sizeof(path), "%.4000s/%s", o->output, name);
    print(triage, &out);
    bool ok = FzFile_Write(path, out.data, out.size, why, sizeof(why));
    FzBuf_Free(&out);
    if (!ok) {
        FzCli_Error("%s", why);
    }
    return ok;
}

static bool
make_folder(const char *path)
{
    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
        FzCli_Error("cannot make the folder %s: %s; give another one with "
                    "--output",
                    path, strerror(errno));
        return false;
    }
    return true;
}

// Pages of the first groups: what `ftfuzz show --html` writes of the smallest,
// if it is of this build.
static bool
write_pages(const Options *o, FzTriage *triage)
{
    char path[4400];
    for (size_t i = 0; i < triage->ngroups && i < o->pages; i++) {
        FzGroup *group = &triage->groups[i];
        if (strcmp(group->smallest->build, FzExec_BuildName()) != 0) {
            continue;
        }
        snprintf(path, sizeof(path), "%.4000s/pages", o->output);
        if (!make_folder(path)) {
            return false;
        }
        snprintf(path, sizeof(path), "%.4000s/pages/%s.html", o->output,
                 group->id);
        char *const argv[] = {"ftfuzz", "show", "--html", path,
                              (char *)folder_of(group), NULL};
        FzBuf output = {0};
        int status;
        group->has_page = run_self(argv, &output, &status) &&
                          WIFEXITED(status) && WEXITSTATUS(status) == 0;
        FzBuf_Free(&output);
    }
    return true;
}

static bool
write_reports(const Options *o, FzTriage *triage)
{
    if (!make_folder(o->output) || !write_pages(o, triage)) {
        return false;
    }
    return write_report(o, triage, "triage.json", FzTriage_Json) &&
           write_report(o, triage, "triage.md", FzTriage_Markdown) &&
           write_report(o, triage, "triage.html", FzTriage_Html) &&
           write_report(o, triage, "triage.sarif", FzTriage_Sarif) &&
           write_report(o, triage, "triage.junit.xml", FzTriage_Junit);
}

static void
print_summary(const Options *o, const FzTriage *triage)
{
    size_t standing = FzTriage_CountStanding(triage);
    if (o->json) {
        printf("{\"findings\": %zu, \"groups\": %zu, \"standing\": %zu, "
               "\"gone\": %zu, \"skipped\": %zu}\n",
               triage->nfindings, triage->ngroups, standing, triage->ngone,
               triage->nskipped);
        return;
    }
    for (size_t i = 0; i < triage->ngroups && !o->quiet; i++) {
        const FzGroup *g = &triage->groups[i];
        printf("%-9s %-10s %6zu  ", g->id, FzState_Name(g->state), g->count);
        if (g->replays.done) {
            printf("%3llu%%  ",
                   (unsigned long long)(g->replays.same * 100 /
                                        g->replays.times));
        }
        printf("%s\n", g->signatures[0]);
    }
    printf("%zu findings, %zu groups, %zu standing", triage->nfindings,
           triage->ngroups, standing);
    if (triage->compared) {
        printf(", %zu gone", triage->ngone);
    }
    if (triage->nskipped > 0) {
        printf(", %zu folders left out", triage->nskipped);
    }
    printf("; reports in %s\n", o->output);
}

static FzJson *
read_old(const char *path)
{
    FzBuf bytes = {0};
    char why[4600];
    FzJson *json = NULL;
    if (FzFile_Read(path, &bytes, why, sizeof(why))) {
        json = FzJson_Parse(FzBuf_CString(&bytes), bytes.size, why,
                            sizeof(why));
        if (json != NULL && FzJson_Get(json, "groups") == NULL) {
            FzJson_Free(json);
            json = NULL;
            snprintf(why, sizeof(why), "no member 'groups'");
        }
    }
    if (json == NULL) {
        FzCli_Error("%s is no triage.json: %s", path, why);
    }
    FzBuf_Free(&bytes);
    return json;
}

// ---------------------------------------------------------------------------

static bool
load_all(FzTriage *triage, const char *const *folders, int n)
{
    char why[4600];
    for (int i = 0; i < n; i++) {
        if (!FzTriage_Load(triage, folders[i], why, sizeof(why))) {
            FzCli_Error("%s", why);
            return false;
        }
    }
    return true;
}

// Groups, minimises some by `choose`, and reads what has changed.
static bool
group_and_minimize(const Options *o, FzTriage *triage,
                   const char *const *folders, int n,
                   size_t (*choose)(const Options *, const FzTriage *))
{
    FzCatalogue scratch = {0};
    FzTriage_Group(triage, &scratch);
    size_t done = choose(o, triage);
    FzTriage_Free(triage);
    FzCatalogue_Free(&scratch);
    if (!o->quiet && !o->json) {
        fprintf(stderr, "%zu findings minimised\n", done);
    }
    return load_all(triage, folders, n);
}

// Small forms fold better.
static bool
group_all(const Options *o, FzTriage *triage, FzCatalogue *catalogue,
          const char *const *folders, int n)
{
    if (o->minimize > 0 &&
        !(group_and_minimize(o, triage, folders, n, minimize_groups) &&
          group_and_minimize(o, triage, folders, n, minimize_more))) {
        return false;
    }
    FzTriage_Group(triage, catalogue);
    for (size_t i = 0; i < triage->ngroups && o->replays > 0; i++) {
        replay_group(&triage->groups[i], o->replays);
    }
    return true;
}

static int
triage_all(const Options *o, const char *const *folders, int n)
{
    FzTriage triage = {0};
    FzCatalogue catalogue;
    FzJson *old = NULL;
    char why[4600];
    if (!FzCatalogue_Read(o->catalogue, &catalogue, why, sizeof(why))) {
        FzCli_Error("%s", why);
        return FZ_EXIT_USAGE;
    }
    bool ok = o->mark == NULL || mark(&catalogue, o->mark);
    if (ok && o->diff != NULL) {
        old = read_old(o->diff);
        ok = old != NULL;
    }
    ok = ok && load_all(&triage, folders, n) &&
         group_all(o, &triage, &catalogue, folders, n);
    if (ok && old != NULL) {
        FzTriage_Compare(&triage, old);
    }
    int code = FZ_EXIT_USAGE;
    if (ok && (n == 0 || write_reports(o, &triage))) {
        if (FzCatalogue_Write(o->catalogue, &catalogue, why, sizeof(why))) {
            code = FzTriage_CountStanding(&triage) > 0 ? FZ_EXIT_FINDING
                                                       : FZ_EXIT_CLEAN;
            if (n > 0) {
                print_summary(o, &triage);
            }
        }
        else {
            FzCli_Error("%s", why);
        }
    }
    FzTriage_Free(&triage);
    FzCatalogue_Free(&catalogue);
    FzJson_Free(old);
    return code;
}

static int
run(int argc, char **argv)
{
    Options o = {
        .output = "triage",
        .catalogue = "findings.json",
        .replays = 10,
        .pages = 50,
    };
    const char *folders[MAX_FOLDERS];
    const FzOption options[] = {
        {"output", "DIR", FZ_OPT_STRING, &o.output,
         "folder of the reports (default: triage)"},
        {"catalogue", "FILE", FZ_OPT_STRING, &o.catalogue,
         "what is known already; updated (default: findings.json)"},
        {"diff", "FILE", FZ_OPT_STRING, &o.diff,
         "an earlier triage.json: what is new, what is gone?"},
        {"mark", "ID=STATE", FZ_OPT_STRING, &o.mark,
         "set a state: new, known, fixed, won't fix; ID=STATE,LINK"},
        {"replays", "N", FZ_OPT_NUMBER, &o.replays,
         "replay the smallest of each group N times (default 10)"},
        {"pages", "N", FZ_OPT_NUMBER, &o.pages,
         "write a page for each of the first N groups (default 50)"},
        {"minimize", "N", FZ_OPT_SECONDS, &o.minimize,
         "first minimise the smallest of each group, N seconds each"},
        {"quiet", NULL, FZ_OPT_FLAG, &o.quiet, "print the last line only"},
        {"json", NULL, FZ_OPT_FLAG, &o.json, "print the numbers as JSON"},
        {0},
    };
    int n = FzCli_Parse(&fz_command_triage, options, argc, argv, folders,
                        MAX_FOLDERS);
    if (n < 0) {
        return n == -2 ? FZ_EXIT_CLEAN : FZ_EXIT_USAGE;
    }
    if (n == 0 && o.mark == NULL) {
        FzCli_Error("triage: give folders of findings");
        return FZ_EXIT_USAGE;
    }
    return triage_all(&o, folders, n);
}

const FzCommand fz_command_triage = {
    "triage", "DIR …", "group findings by cause and write reports",
    "Reads every finding below each DIR. Writes triage.html, "
    "triage.md,\ntriage.json, triage.sarif (SARIF 2.1.0) and "
    "triage.junit.xml. A group stands if\nit is new, or regressed (seen again "
    "though marked as fixed); with --diff, if\nthe old report has it not. "
    "Exit code 77: something stands; 0: nothing does.",
    run,
};

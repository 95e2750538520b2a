// cmd_corpus.c: ftfuzz corpus: failures of the past, kept as text, and run
// again to see that they have not come back. corpus_inputs.c does the rest.

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "corpus_internal.h"
#include "fz_exec.h"
#include "fz_finding.h"
#include "fz_regression.h"

static bool
read_regression(const char *path, FzRegression *out)
{
    FzBuf text = {0};
    char why[4600], reason[512];
    bool ok = FzFile_Read(path, &text, why, sizeof(why));
    if (ok && !FzRegression_Parse(FzBuf_CString(&text), out, reason,
                                  sizeof(reason))) {
        snprintf(why, sizeof(why), "%s: %s", path, reason);
        FzRegression_Free(out);
        ok = false;
    }
    if (!ok) {
        FzCli_Error("%s", why);
    }
    FzBuf_Free(&text);
    return ok;
}

// ---------------------------------------------------------------------------
// add

static bool
add(const FzCorpusOptions *o, const char *folder)
{
    char path[4300], small[4300], why[5000];
    FzFinding finding;
    struct stat status;
    snprintf(small, sizeof(small), "%s/minimized", folder);
    if (stat(small, &status) != 0 || !S_ISDIR(status.st_mode)) {
        snprintf(small, sizeof(small), "%s", folder);
    }
    if (!FzCli_OpenFinding(small, NULL, &finding)) {
        return false;
    }
    FzRegression r;
    bool fails = FzRegression_OfFinding(&finding, &r);
    FzBuf text = {0};
    FzRegression_Print(&r, &text);
    uint64_t id = FzHash_Bytes(text.data, text.size);
    if (o->name != NULL) {
        snprintf(path, sizeof(path), "%.4000s/%s.txt", o->dir, o->name);
    }
    else {
        snprintf(path, sizeof(path), "%.4000s/%s-%08x.txt", o->dir, r.rule,
                 (unsigned)(id >> 32));
    }
    bool ok = mkdir(o->dir, 0777) == 0 || errno == EEXIST;
    ok = FzFile_Write(path, text.data, text.size, why, sizeof(why)) && ok;
    if (!ok) {
        FzCli_Error("%s", why);
    }
    else if (!o->quiet) {
        printf("%s%s\n", path,
               fails ? ": it still fails in this build; check will say so"
                     : "");
    }
    FzBuf_Free(&text);
    FzRegression_Free(&r);
    FzFinding_Free(&finding);
    return ok;
}

// ---------------------------------------------------------------------------
// list and check

static int
is_text(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);
    return n > 4 && entry->d_name[0] != '.' &&
           strcmp(entry->d_name + n - 4, ".txt") == 0;
}

typedef struct Corpus {
    char **paths;
    FzRegression *cases;
    int count;
} Corpus;

static bool
read_corpus(const FzCorpusOptions *o, Corpus *corpus)
{
    struct dirent **entries;
    int n = scandir(o->dir, &entries, is_text, alphasort);
    if (n < 0) {
        FzCli_Error("%s cannot be read: %s; give another folder with --dir",
                    o->dir, strerror(errno));
        return false;
    }
    bool ok = true;
    corpus->paths = calloc((size_t)n + 1, sizeof(char *));
    corpus->cases = calloc((size_t)n + 1, sizeof(FzRegression));
    FZ_ASSERT(corpus->paths != NULL && corpus->cases != NULL);
    for (int i = 0; i < n; i++) {
        char path[4400];
        snprintf(path, sizeof(path), "%.4000s/%s", o->dir, entries[i]->d_name);
        corpus->paths[i] = strdup(path);
        ok = read_regression(path, &corpus->cases[i]) && ok;
        free(entries[i]);
    }
    free(entries);
    corpus->count = n;
    return ok;
}

static void
free_corpus(Corpus *corpus)
{
    for (int i = 0; i < corpus->count; i++) {
        free(corpus->paths[i]);
        FzRegression_Free(&corpus->cases[i]);
    }
    free(corpus->paths);
    free(corpus->cases);
}

static void
list(const Corpus *corpus)
{
    for (int i = 0; i < corpus->count; i++) {
        const FzRegression *r = &corpus->cases[i];
        printf("%s  %u threads, %u operations, %zu preemptions  %s\n",
               corpus->paths[i], FzProgram_CountActive(&r->program),
               FzProgram_LongestBlock(&r->program),
               FzGuide_CountPreemptions(&r->turns), r->signature);
    }
}

// In a process of their own; the number that failed.
static int
check_here(const FzCorpusOptions *o, const Corpus *corpus, int from, int to)
{
    FzRun run = {0};
    char why[512];
    int failed = 0;
    if (!FzExec_SetGil(corpus->cases[from].gil) && !FzExec_SetGil(1)) {
        return 0;               // the build has no such choice
    }
    if (!FzExec_Init(why, sizeof(why))) {
        FzCli_Error("%s", why);
        return 1;
    }
    for (int i = from; i < to; i++) {
        if (!FzRegression_Check(&corpus->cases[i], o->schedules, &run)) {
            const FzViolation *v = &run.violations[0];
            printf("%s: %s: %.300s\n", corpus->paths[i],
                   FzRule_Name(v->rule), v->message);
            failed++;
        }
    }
    fflush(stdout);
    FzRun_Free(&run);
    return failed;
}

// Cases from..to have one kind of GIL. A process that dies is halved until the
// case is known.
static int
check_range(const FzCorpusOptions *o, const Corpus *corpus, int from, int to)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        int failed = check_here(o, corpus, from, to);
        _exit(failed > 100 ? 100 : failed);
    }
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        FzCli_Error("cannot start a process");
        return to - from;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) <= 100 &&
        WEXITSTATUS(status) != FZ_EXIT_FINDING) {
        return WEXITSTATUS(status);
    }
    if (to - from == 1) {
        printf("%s: the process ended: a crash or a sanitizer's report\n",
               corpus->paths[from]);
        return 1;
    }
    int middle = from + (to - from) / 2;
    return check_range(o, corpus, from, middle) +
           check_range(o, corpus, middle, to);
}

static int
check(const FzCorpusOptions *o, const Corpus *corpus)
{
    enum { SLICE = 64 };
    int failed = 0;
    for (int from = 0; from < corpus->count;) {
        int to = from + 1;
        while (to < corpus->count && to - from < SLICE &&
               corpus->cases[to].gil == corpus->cases[from].gil) {
            to++;
        }
        failed += check_range(o, corpus, from, to);
        from = to;
    }
    if (!o->quiet) {
        printf("%d regressions, %d failed, each under its own and %llu other "
               "schedules\n",
               corpus->count, failed, (unsigned long long)o->schedules);
    }
    return failed > 0 ? FZ_EXIT_FINDING : FZ_EXIT_CLEAN;
}

// ---------------------------------------------------------------------------

static int
list_or_check(const FzCorpusOptions *o, const char *what)
{
    Corpus corpus = {0};
    int code = FZ_EXIT_USAGE;
    if (read_corpus(o, &corpus)) {
        code = FZ_EXIT_CLEAN;
        if (strcmp(what, "list") == 0) {
            list(&corpus);
        }
        else {
            code = check(o, &corpus);
        }
    }
    free_corpus(&corpus);
    return code;
}

// After the options; `words` are what the command is to do, and to what.
static int
dispatch(const FzCorpusOptions *o, const char *const *words, int n)
{
    const char *what = n > 0 ? words[0] : "";
    if (strcmp(what, "add") == 0 && n > 1) {
        bool ok = true;
        for (int i = 1; i < n; i++) {
            ok = add(o, words[i]) && ok;
        }
        return ok ? FZ_EXIT_CLEAN : FZ_EXIT_USAGE;
    }
    if (n == 1 &&
        (strcmp(what, "list") == 0 || strcmp(what, "check") == 0)) {
        return list_or_check(o, what);
    }
    char why[512];
    bool keeps = strcmp(what, "minimize") == 0 || strcmp(what, "merge") == 0;
    if (!keeps && strcmp(what, "stats") != 0) {
        FzCli_Error("corpus: give add FINDING …, list, check, minimize, merge "
                    "or stats FOLDER …");
        return FZ_EXIT_USAGE;
    }
    if (!FzExec_Init(why, sizeof(why))) {
        FzCli_Error("%s", why);
        return FZ_EXIT_USAGE;
    }
    return keeps ? FzCorpus_CmdKeep(o, strcmp(what, "merge") == 0, words + 1,
                                    n - 1)
                 : FzCorpus_CmdStats(o, words + 1, n - 1);
}

static int
run(int argc, char **argv)
{
    FzCorpusOptions o = {
        .dir = "corpus/regressions",
        .schedules = 20,
        .limit = UINT64_MAX,
    };
    const char *words[64];
    const FzOption options[] = {
        {"dir", "DIR", FZ_OPT_STRING, &o.dir,
         "the regressions (default: corpus/regressions)"},
        {"name", "NAME", FZ_OPT_STRING, &o.name,
         "add: name of the file, without .txt"},
        {"schedules", "N", FZ_OPT_NUMBER, &o.schedules,
         "check: other schedules for each (default 20)"},
        {"to", "DIR", FZ_OPT_STRING, &o.to,
         "minimize, merge: where inputs are kept"},
        {"limit", "N", FZ_OPT_NUMBER, &o.limit,
         "minimize, merge: keep N at most, those that reach most"},
        {"text", NULL, FZ_OPT_FLAG, &o.text,
         "minimize, merge: write text (.txt)"},
        {"json", NULL, FZ_OPT_FLAG, &o.json, "stats: print one JSON object"},
        {"quiet", NULL, FZ_OPT_FLAG, &o.quiet, "print failures only"},
        {0},
    };
    int n = FzCli_Parse(&fz_command_corpus, options, argc, argv, words, 64);
    if (n < 0) {
        return n == -2 ? FZ_EXIT_CLEAN : FZ_EXIT_USAGE;
    }
    return FzCli_NeedsEngine("corpus") ? dispatch(&o, words, n)
                                       : FZ_EXIT_USAGE;
}

const FzCommand fz_command_corpus = {
    "corpus",
    "add FINDING … | list | check | minimize|merge DIR … --to DIR | stats DIR",
    "keep failures of the past, and inputs to begin from",
    "A regression is one text file that names operations and operands, so it "
    "survives\nchanges of the binary format. add takes the minimised form if "
    "there is one.\ncheck runs each as it failed and under other schedules: "
    "exit code 77 if one fails.\nminimize runs the inputs of folders and "
    "writes the few that reach all that they\nreach, merge those that reach "
    "what the inputs of --to do not; an input that\nbreaks a rule is named and "
    "left out, with exit code 77.",
    run,
};

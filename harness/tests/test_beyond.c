// test_beyond.c: what a fuzzing worker does with an execution that fails: it
// looks what else is wrong in it, without the rules by which it has failed, and
// hunts for schedules under which that fails first. Two failures are planted,
// one in the first thread that a program starts and one in the second: where
// the first comes first it hides the other. Where both are in the first, none
// ever comes without the other before it, and the finding tells of it.

#include <ftw.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../campaign/worker_internal.h"
#include "check.h"
#include "fz_race.h"
#include "rtcore_code.h"
#include "rtcore_hooks.h"
#include "rtcore_state.h"

#ifdef RT_WITH_HOOKS

// Where the process ends with a sanitizer's report nobody looks further.
#if defined(RT_ASAN) || defined(RT_TSAN)
enum { LOOKS_BEYOND = 0 };
#else
enum { LOOKS_BEYOND = 1 };
#endif

static const RtHooks *engine_hooks;

// A run may go on without the rule.
static void
take_request_back(const void *tstate)
{
    const RtInterpreterState *interp = ((const RtThreadState *)tstate)->interp;
    engine_hooks->note(RT_NOTE_GIL_DISABLED, interp, 7);
}

// It ends with this one.
static void
claim_twice(const void *tstate)
{
    engine_hooks->note(RT_NOTE_GEN_CLAIMED, tstate, RT_GEN_CREATED);
    engine_hooks->note(RT_NOTE_GEN_CLAIMED, tstate, RT_GEN_CREATED);
}

static void
do_both(const void *tstate)
{
    take_request_back(tstate);
    claim_twice(tstate);
}

// Builds that look for races.
#if defined(RT_COMPILER_POINTS) || defined(RT_TRACE_ACCESSES)
#define RACES

static int cells[2];

// What two threads write. Two functions: places are told apart by these.
__attribute__((noinline)) static void
write_first(void)
{
    FzRace_Plain(FzEngine_CurrentThread(), &cells[0], sizeof(int), true,
                 (uintptr_t)write_first + 1);
    cells[0]++;
}

__attribute__((noinline)) static void
write_second(void)
{
    FzRace_Plain(FzEngine_CurrentThread(), &cells[1], sizeof(int), true,
                 (uintptr_t)write_second + 1);
    cells[1]++;
}

static void
race_twice(const void *tstate)
{
    (void)tstate;
    write_first();
    write_second();
}
#endif

typedef struct Case {
    void (*plant[2])(const void *tstate);
    FzRule rules[2];            // by which they fail
    bool stop_on_finding;
    bool shows_second;          // of an execution that ends in the first
    bool tells_second;          // that it is behind the first
    bool at_every_note;         // not only where a thread attaches
} Case;

static const Case cases[] = {
    {{take_request_back, claim_twice},
     {FZ_RULE_GIL_UNBALANCED, FZ_RULE_GENERATOR_SHARED}, false, LOOKS_BEYOND,
     false, false},
    {{take_request_back, claim_twice},
     {FZ_RULE_GIL_UNBALANCED, FZ_RULE_GENERATOR_SHARED}, true, false, false,
     false},
    {{claim_twice, take_request_back},
     {FZ_RULE_GENERATOR_SHARED, FZ_RULE_GIL_UNBALANCED}, false, false, false,
     false},
    {{do_both, NULL},
     {FZ_RULE_GIL_UNBALANCED, FZ_RULE_GENERATOR_SHARED}, false, false,
     LOOKS_BEYOND, false},
#ifdef RACES
    {{race_twice, race_twice}, {FZ_RULE_DATA_RACE, FZ_RULE_DATA_RACE}, false,
     false, LOOKS_BEYOND, true},
#endif
};

static const Case *planted;

static void
note_and_fail(RtNote kind, const void *a, uintptr_t b)
{
    engine_hooks->note(kind, a, b);
    uint32_t thread = FzEngine_CurrentThread();
    if ((kind == RT_NOTE_TSTATE_ATTACHED || planted->at_every_note) &&
        (thread == 1 || thread == 2) &&
        planted->plant[thread - 1] != NULL) {
        planted->plant[thread - 1](a);
    }
}

static void
plant(const Case *c)
{
    static RtHooks hooks;
    planted = c;
    engine_hooks = rt_hooks;
    hooks = *rt_hooks;
    hooks.note = note_and_fail;
    rt_hooks = &hooks;
}

static bool
ends_in(const FzInput *input, FzRule rule)
{
    FzRun run = {0};
    FzExec_RunInput(input, &run);
    bool ends = run.nviolations > 0 && run.violations[0].rule == rule;
    FzRun_Free(&run);
    return ends;
}

// An input under whose schedule the first thread is the first to fail.
static void
find_input(const Case *c, FzInput *input)
{
    FzRng rng;
    FzRng_Seed(&rng, 1);
    for (int tries = 0; tries < 1000; tries++) {
        FzInput_Generate(input, &rng);
        input->fail_allocation = 0;
        if (input->program.nbodies >= 2 && ends_in(input, c->rules[0])) {
            return;
        }
    }
    CHECK(!"no program fails as planted");
}

static bool
is_of_rule(const char *found, FzRule rule)
{
    const char *name = FzRule_Name(rule);
    size_t n = strlen(name);
    return strncmp(found, name, n) == 0 && found[n] == '\t';
}

// How many findings are there, and of how many of them the one is said to be
// behind the other.
static void
count_findings(const Case *c, const char *findings, size_t *all, size_t *told)
{
    char pattern[128], behind[128], why[512];
    FzBuf text = {0};
    glob_t found;
    snprintf(pattern, sizeof(pattern), "%s/*/finding.json", findings);
    snprintf(behind, sizeof(behind), "\"behind\": [\"%s|",
             FzRule_Name(c->rules[1]));
    CHECK(glob(pattern, 0, NULL, &found) == 0);
    *all = found.gl_pathc;
    *told = 0;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        CHECK(FzFile_Read(found.gl_pathv[i], &text, why, sizeof(why)));
        *told += strstr(FzBuf_CString(&text), behind) != NULL;
    }
    globfree(&found);
    FzBuf_Free(&text);
}

// The worker's corpus is one input, and its budget is spent with it.
static void
run_worker(const Case *c, const char *corpus, const char *findings)
{
    static FzCampaignShared shared;
    static FzInput input;
    char why[512];
    FzCampaignOptions options = {
        .executions = 1, .seed = 1, .jobs = 1, .corpus_dir = corpus,
        .findings_dir = findings, .stop_on_finding = c->stop_on_finding,
    };
    CHECK(FzExec_Init(why, sizeof(why)));
    plant(c);
    find_input(c, &input);
    FzCorpus_Add(corpus, &input);
    CHECK(FzWorker_Run(&options, &shared, 0, 1) == 0);
    const FzWorkerShared *w = &shared.workers[0];
    CHECK_EQUAL(w->findings, c->shows_second ? 2 : 1);
    CHECK(is_of_rule(w->found[0], c->rules[0]));
    CHECK(!c->shows_second || is_of_rule(w->found[1], c->rules[1]));
    CHECK((w->executions > 1) == (c->shows_second || c->tells_second));
    size_t all, told;
    count_findings(c, findings, &all, &told);
    CHECK_EQUAL(all, w->findings);
    CHECK_EQUAL(told, c->tells_second);
}

static int
remove_entry(const char *path, const struct stat *status, int kind,
             struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

// In a process of its own: a worker is one.
static void
run_case(const Case *c)
{
    char folder[] = "/tmp/fz-beyond-XXXXXX", corpus[64], findings[64];
    CHECK(mkdtemp(folder) != NULL);
    snprintf(corpus, sizeof(corpus), "%s/corpus", folder);
    snprintf(findings, sizeof(findings), "%s/findings", folder);
    CHECK(mkdir(corpus, 0777) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        run_worker(c, corpus, findings);
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS) == 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int
main(void)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        run_case(&cases[i]);
    }
    return 0;
}

#else

// Without hooks nothing can be planted.
int
main(void)
{
    return 0;
}

#endif

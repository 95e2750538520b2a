// test_minimize.c: candidates are valid and no larger; a guide repeats the run
// that it was taken from; a planted failure becomes as small as it can be, and
// the same whatever the number of workers.

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../engine/engine_internal.h"
#include "check.h"
#include "fz_exec.h"
#include "fz_json.h"
#include "fz_minimize.h"

static size_t
encoded_size(const FzProgram *program)
{
    FzBuf buf = {0};
    FzProgram_Encode(program, &buf);
    size_t n = buf.size;
    FzBuf_Free(&buf);
    return n;
}

static void
check_candidates(const FzProgram *program)
{
    static FzReduction reduction;
    for (int pass = 0; pass < FZ_REDUCE_COUNT; pass++) {
        uint32_t chunk = pass == FZ_REDUCE_OPS ? 3 : 1;
        for (uint32_t i = 0;; i++) {
            CHECK(i < 100000);
            FzReduceResult result = FzProgram_Reduce(
                program, (FzReducePass)pass, chunk, i, &reduction);
            if (result == FZ_REDUCE_END) {
                break;
            }
            if (result == FZ_REDUCE_NOTHING) {
                continue;
            }
            char why[256];
            CHECK(FzProgram_Validate(&reduction.program, why, sizeof(why)));
            CHECK(!FzProgram_Equal(&reduction.program, program));
            CHECK(pass == FZ_REDUCE_CALLS || pass == FZ_REDUCE_NAMED ||
                  pass == FZ_REDUCE_SPENT ||
                  encoded_size(&reduction.program) <= encoded_size(program));
        }
    }
}

static void
test_candidates(void)
{
    FzRng rng;
    FzRng_Seed(&rng, 7);
    for (int i = 0; i < 60; i++) {
        FzProgram program;
        FzProgram_Generate(&program, &rng);
        check_candidates(&program);
    }
}

// Of any program and strategy.
static void
test_guide_repeats(void)
{
    FzRng rng;
    FzInput input;
    FzRun first = {0}, second = {0};
    FzGuide turns = {0};
    FzRng_Seed(&rng, 3);
    for (int i = 0; i < 200; i++) {
        FzInput_Generate(&input, &rng);
        FzEngineConfig config = FzExec_DefaultConfig();
        config.schedule = FzExec_ScheduleOf(&input);
        config.turns = &turns;
        FzExec_RunProgram(&input.program, &config, &first);
        CHECK_EQUAL(FzGuide_CountPreemptions(&turns), first.preemptions);
        config.schedule.kind = FZ_SCHEDULE_GUIDE;
        config.schedule.guide = &turns;
        config.turns = NULL;
        FzExec_RunProgram(&input.program, &config, &second);
        CHECK_EQUAL(first.trace_hash, second.trace_hash);
        CHECK_EQUAL(first.preemptions, second.preemptions);
    }
    FzGuide_Free(&turns);
    FzRun_Free(&first);
    FzRun_Free(&second);
}

// ---------------------------------------------------------------------------
// A planted failure: the first shared list is empty at the end although it was
// appended to. It needs an append, a clear, and that the second comes last.

static bool
has_op(const FzProgram *program, FzOpcode op)
{
    for (int b = 0; b < program->nbodies; b++) {
        for (int i = 0; i < program->bodies[b].nops; i++) {
            if (program->bodies[b].ops[i].op == op) {
                return true;
            }
        }
    }
    return false;
}

enum { TOO_MANY = 4 };

static int
count_appends(const FzProgram *program)
{
    int n = 0;
    for (int b = 0; b < program->nbodies; b++) {
        for (int i = 0; i < program->bodies[b].nops; i++) {
            n += program->bodies[b].ops[i].op == FZ_OP_LIST_APPEND;
        }
    }
    return n;
}

// Fails in one way, and in another one if more is appended; and who appends too
// much dies.
static void
planted_body(void *arg)
{
    const FzProgram *program = arg;
    FzExec_Body(arg);
    const char *output = FzBuf_CString(&fz_engine.run->output);
    if (program->nbodies < 3 && count_appends(program) >= TOO_MANY) {
        kill(getpid(), SIGKILL);
    }
    if (count_appends(program) >= 3) {
        FzEngine_Violation(FZ_RULE_LEAK, UINT32_MAX,
                           "list#1 is long (planted)");
        FzEngine_Stop();
    }
    if (strncmp(output, "s0 0 ", 5) == 0 &&
        has_op(program, FZ_OP_LIST_APPEND) && fz_engine.run->preemptions > 0)
    {
        FzEngine_Violation(FZ_RULE_HEAP_INVALID, UINT32_MAX,
                           "list#1 is empty (planted)");
        FzEngine_Stop();
    }
}

// An input that fails with much around it.
static void
make_input(FzInput *input)
{
    FzRng rng;
    FzRun run = {0};
    FzRng_Seed(&rng, 5);
    for (int tries = 0; tries < 100000; tries++) {
        FzInput_Generate(input, &rng);
        input->fail_allocation = 0;
        if (input->program.shared[0].kind != FZ_SHARED_LIST ||
            input->program.nbodies < 3 ||
            FzProgram_LongestBlock(&input->program) < 9) {
            continue;
        }
        FzEngineConfig config = FzExec_DefaultConfig();
        config.schedule = FzExec_ScheduleOf(input);
        FzEngine_Run(&config, planted_body, &input->program, &run);
        if (run.nviolations > 0 &&
            run.violations[0].rule == FZ_RULE_HEAP_INVALID) {
            FzRun_Free(&run);
            return;
        }
    }
    CHECK(!"no program fails as planted");
}

static void
read_file(const char *folder, const char *name, FzBuf *out)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    CHECK(FzFile_Read(path, out, NULL, 0));
}

static void
remove_finding(const char *folder)
{
    static const char *const members[] = {"input.ftz", "schedule.txt",
                                          "program.py", "report.txt",
                                          "finding.json"};
    for (int i = 0; i < 5; i++) {
        char path[256];
        snprintf(path, sizeof(path), "%s/%s", folder, members[i]);
        CHECK(unlink(path) == 0);
    }
    CHECK(rmdir(folder) == 0);
}

static void
minimize_with(const FzInput *input, void (*body)(void *), unsigned jobs,
              const char *folder, FzMinimizeResult *result)
{
    char why[512];
    FzMinimizeOptions options = {
        .seconds = 40, .seed = 1, .jobs = jobs, .body = body,
    };
    *result = (FzMinimizeResult){0};
    bool ok = FzMinimize_Run(input, NULL, "", folder, &options, result, why,
                             sizeof(why));
    if (!ok) {
        fprintf(stderr, "%s\n", why);
    }
    CHECK(ok);
    CHECK(!result->interrupted);
}

static void
minimize_planted(const FzInput *input, unsigned jobs, const char *folder,
                 FzMinimizeResult *result)
{
    minimize_with(input, planted_body, jobs, folder, result);
    CHECK(strncmp(result->signature, "HEAP_INVALID|list|", 18) == 0);
    CHECK(result->before.threads >= 3);
}

// Neighbours of the smallest program append more, strangers hardly ever.
static void
check_near(const FzJson *near)
{
    int others = 0;
    CHECK(near != NULL);
    // A sanitizer's report could end any run of many.
#if defined(RT_ASAN) || defined(RT_TSAN)
    CHECK(near->first == NULL);
    return;
#endif
    for (const FzJson *item = near->first; item != NULL; item = item->next) {
        const char *signature = FzJson_String(item, "signature");
        double neighbours = FzJson_Number(item, "neighbours", -1);
        double strangers = FzJson_Number(item, "strangers", -1);
        double of = FzJson_Number(item, "of", 0);
        // Some died over it, and it was given up for that in the end.
        CHECK(of >= 20 && of < 300);
        CHECK(neighbours > 1 + 10 * strangers);
        others += strncmp(signature, "LEAK|list|", 10) == 0;
    }
    CHECK_EQUAL(others, 1);
}

// The same for any number of workers.
static void
test_near(const char *one, const char *two)
{
    FzBuf a = {0}, b = {0};
    char why[256];
    read_file(one, "finding.json", &a);
    read_file(two, "finding.json", &b);
    const char *near = strstr(FzBuf_CString(&a), "\"near\": ");
    CHECK(near != NULL);
    FzBuf line = {0};
    FzBuf_Printf(&line, "%.*s", (int)strcspn(near, "\n"), near);
    CHECK(strstr(FzBuf_CString(&b), FzBuf_CString(&line)) != NULL);
    FzJson *json = FzJson_Parse(FzBuf_CString(&a), a.size, why, sizeof(why));
    CHECK(json != NULL);
    check_near(FzJson_Get(json, "near"));
    FzJson_Free(json);
    FzBuf_Free(&line);
    FzBuf_Free(&a);
    FzBuf_Free(&b);
}

static void
test_planted(void)
{
    FzInput input;
    FzMinimizeResult one, two;
    char folder[128], first[160], second[160];
    snprintf(folder, sizeof(folder), "/tmp/fz-minimize-%ld", (long)getpid());
    snprintf(first, sizeof(first), "%s/one", folder);
    snprintf(second, sizeof(second), "%s/two", folder);
    CHECK(mkdir(folder, 0777) == 0);
    make_input(&input);
    minimize_planted(&input, 1, first, &one);
    minimize_planted(&input, 3, second, &two);
    CHECK(one.after.threads <= 2);
    CHECK(one.after.operations <= 2);
    CHECK(one.after.preemptions == 1);
    FzBuf a = {0}, b = {0};
    read_file(first, "program.py", &a);
    read_file(second, "program.py", &b);
    CHECK(strcmp(FzBuf_CString(&a), FzBuf_CString(&b)) == 0);
    read_file(first, "schedule.txt", &a);
    read_file(second, "schedule.txt", &b);
    CHECK(strcmp(FzBuf_CString(&a), FzBuf_CString(&b)) == 0);
    FzBuf_Free(&a);
    FzBuf_Free(&b);
    test_near(first, second);
    remove_finding(first);
    remove_finding(second);
    CHECK(rmdir(folder) == 0);
}

// ---------------------------------------------------------------------------
// Failures that are easily made small in one way, which is not the way to the
// aim.

// One preemption is enough; where time passes slowly, it takes five.
static void
slow_clock_body(void *arg)
{
    FzExec_Body(arg);
    const FzRun *run = fz_engine.run;
    bool slow = fz_engine.config->schedule.time_step_ns <= 1000;
    if (run->preemptions >= (slow ? 5 : 1)) {
        FzEngine_Violation(FZ_RULE_LEAK, UINT32_MAX, "preempted (planted)");
        FzEngine_Stop();
    }
}

enum { LONG_THREAD = 5 };

// Three threads, whatever they do; or two, if one of them does much: which they
// do if two of the three are joined before they were made small.
static void
crowd_body(void *arg)
{
    const FzProgram *program = arg;
    uint32_t active = FzProgram_CountActive(program);
    FzExec_Body(arg);
    if (active >= 3 ||
        (active == 2 && FzProgram_LongestBlock(program) >= LONG_THREAD)) {
        FzEngine_Violation(FZ_RULE_LEAK, UINT32_MAX, "a crowd (planted)");
        FzEngine_Stop();
    }
}

static bool
is_crowd(const FzProgram *program)
{
    return program->nbodies == 3 && program->main.nops == 0 &&
           FzProgram_LongestBlock(program) < LONG_THREAD &&
           program->bodies[0].nops >= 3 && program->bodies[1].nops >= 3 &&
           program->bodies[2].nops >= 3;
}

// The first input of its kind that fails so.
static void
find_input(FzInput *input, void (*body)(void *), bool crowd)
{
    FzRng rng;
    FzRun run = {0};
    bool found = false;
    FzRng_Seed(&rng, 11);
    for (int tries = 0; !found && tries < 200000; tries++) {
        FzInput_Generate(input, &rng);
        input->fail_allocation = 0;
        FzEngineConfig config = FzExec_DefaultConfig();
        config.schedule = FzExec_ScheduleOf(input);
        if (crowd ? !is_crowd(&input->program)
                  : config.schedule.time_step_ns <= 1000) {
            continue;
        }
        FzEngine_Run(&config, body, &input->program, &run);
        found = run.nviolations > 0 &&
                run.violations[0].rule == FZ_RULE_LEAK &&
                strstr(run.violations[0].message, "(planted)") != NULL;
    }
    CHECK(found);
    FzRun_Free(&run);
}

static void
check_twisted(void (*body)(void *), bool crowd)
{
    FzInput input;
    FzMinimizeResult one, two;
    char folder[128];
    FzBuf a = {0}, b = {0};
    snprintf(folder, sizeof(folder), "/tmp/fz-twisted-%ld", (long)getpid());
    find_input(&input, body, crowd);
    minimize_with(&input, body, 1, folder, &one);
    read_file(folder, "program.py", &a);
    remove_finding(folder);
    minimize_with(&input, body, 3, folder, &two);
    read_file(folder, "program.py", &b);
    remove_finding(folder);
    CHECK(one.after.threads <= 2);
    CHECK(one.after.operations <= (crowd ? LONG_THREAD : 2u));
    CHECK(one.after.preemptions <= 3);
    CHECK(strcmp(FzBuf_CString(&a), FzBuf_CString(&b)) == 0);
    FzBuf_Free(&a);
    FzBuf_Free(&b);
}

int
main(void)
{
    char why[512];
    if (!FzExec_IsDeterministic()) {
        return 0;
    }
    CHECK(FzExec_Init(why, sizeof(why)));
    test_candidates();
    test_guide_repeats();
    test_planted();
    check_twisted(slow_clock_body, false);
    check_twisted(crowd_body, true);
    return 0;
}

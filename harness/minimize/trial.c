// trial.c: one task in a worker: runs of a candidate, until one fails with the
// signature wanted. What the answer is depends on the task only.

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "fz_exec.h"
#include "fz_cause.h"
#include "minimize_internal.h"

#if defined(RT_ASAN) || defined(RT_TSAN)
#include <sanitizer/common_interface_defs.h>
#endif

// What the worker is doing, for the report of a dying process.
static struct {
    FzBoard *shared;
    FzSlot *slot;
    FzRun run;
    FzGuide turns;              // of the run in progress
    FzSchedule schedule;
    const FzProgram *program;
    bool any_rule;              // races and details, whatever the target is
    char report_path[128];
} worker;

static FzOwnPoints best_points;
static uint64_t best_number;    // that best_points is of; 0: none

// ---------------------------------------------------------------------------

static bool
wants_detail(const FzBoard *shared)
{
    return !shared->has_target ||
           strcmp(shared->target.rule, "USE_AFTER_FREE") == 0 ||
           strcmp(shared->target.rule, "DOUBLE_FREE") == 0;
}

static bool
is_target(FzBoard *shared, const FzSignature *signature)
{
    return FzSignature_Equal(&shared->target, signature);
}

// Whether the run failed as it should.
static bool
judge(FzBoard *shared, const FzRun *run)
{
    if (run->nviolations == 0) {
        return false;
    }
    const FzViolation *v = &run->violations[0];
    const char *rule = FzRule_Name(v->rule);
    if (!shared->has_target) {
        return shared->rule[0] == '\0' || strcmp(shared->rule, rule) == 0;
    }
    if (strcmp(shared->target.rule, rule) != 0) {
        return false;
    }
    FzSignature signature;
    FzSignature_OfViolation(v, &signature);
    return is_target(shared, &signature);
}

static void
fill_witness(FzWitness *w, const FzProgram *program,
             const FzSchedule *schedule, const FzGuide *turns,
             const FzRun *run, uint64_t steps)
{
    w->program = *program;
    w->fail_allocation = schedule->fail_allocation;
    w->time_step_ns = schedule->time_step_ns;
    w->steps = steps;
    w->preemptions = (uint32_t)run->preemptions;
    size_t n = turns->count < FZ_TASK_TURNS ? turns->count : FZ_TASK_TURNS;
    w->nturns = (uint32_t)n;
    if (n > 0) {
        memcpy(w->turns, turns->turns, n * sizeof(FzTurn));
    }
}

static void
run_once(const FzProgram *program, const FzSchedule *schedule)
{
    FzEngineConfig config = FzExec_DefaultConfig();
    config.schedule = *schedule;
    config.turns = &worker.turns;
    config.detail = worker.any_rule || wants_detail(worker.shared);
    config.record_events = worker.slot->task.kind == FZ_TASK_SAVE;
    const char *rule = worker.shared->rule;
    config.races = config.races && (worker.any_rule || rule[0] == '\0' ||
                                    strcmp(rule, "DATA_RACE") == 0);
    worker.schedule = *schedule;
    worker.program = program;
    FzEngine_Run(&config, worker.shared->body, (void *)program, &worker.run);
    worker.program = NULL;
    worker.slot->executions++;
}

// ---------------------------------------------------------------------------
// Candidates

static FzSchedule
guided(const FzTask *task, const FzGuide *guide)
{
    return (FzSchedule){
        .kind = FZ_SCHEDULE_GUIDE,
        .guide = guide,
        .time_step_ns = task->time_step_ns,
        .fail_allocation = task->fail_allocation,
    };
}

// A guide of few turns, moved as the reduction moves them.
static const FzGuide *
draw_guide(const FzTask *task, uint64_t seed)
{
    static FzGuide drawn, moved;
    FzRng rng;
    FzRng_Seed(&rng, seed);
    FzDraw_Guide(&best_points, &task->best, task->turns_at_most, &rng, &drawn);
    if (!task->remap) {
        return &drawn;
    }
    FzRemap(&task->best.program, &task->reduction, &best_points, drawn.turns,
            (uint32_t)drawn.count, &moved);
    return &moved;
}

static FzSchedule
random_schedule(const FzTask *task, uint32_t i)
{
    uint64_t seed = FzHash_Mix(task->seed, i);
    if (task->turns_at_most != 0 && !worker.shared->deadly && i % 4 != 3) {
        return guided(task, draw_guide(task, seed));
    }
    return (FzSchedule){
        .kind = FZ_SCHEDULE_STRATEGY,
        .strategy = i % 8 == 7 ? &fz_strategy_pct : &fz_strategy_pos,
        .seed = seed,
        .depth = 2 + (i >> 4) % 2,
        .expected_steps = task->best.steps,
        .time_step_ns = task->time_step_ns,
        .fail_allocation = task->fail_allocation,
    };
}

// The points that the best passes, once for each best.
static void
learn_points(const FzTask *task)
{
    if (best_number == task->number || worker.shared->deadly) {
        return;                 // who runs the best does not live to tell
    }
    FzGuide guide = {(FzTurn *)task->best.turns, task->best.nturns, 0};
    FzEngineConfig config = FzExec_DefaultConfig();
    config.schedule = (FzSchedule){
        .kind = FZ_SCHEDULE_GUIDE,
        .guide = &guide,
        .time_step_ns = task->best.time_step_ns,
        .fail_allocation = task->best.fail_allocation,
    };
    config.record_events = true;
    config.races = config.races &&
                   strcmp(worker.shared->rule, "DATA_RACE") == 0;
    FzEngine_Run(&config, worker.shared->body, (void *)&task->best.program,
                 &worker.run);
    worker.slot->executions++;
    FzOwnPoints_Of(&worker.run, task->best.turns, task->best.nturns,
                   &best_points);
    best_number = task->number;
}

enum { SHRINK_RUNS = 200 };

// The run failed, but with too many preemptions: leaves out turns until it has
// few enough, or nothing more can be left out.
static bool
shrink(const FzTask *task)
{
    static FzGuide best, candidate;
    int runs = 0;
    best.count = 0;
    for (size_t i = 0; i < worker.turns.count; i++) {
        FzGuide_Add(&best, worker.turns.turns[i]);
    }
    for (size_t chunk = best.count / 2; chunk > 0; chunk /= 2) {
        for (size_t end = best.count; end > 0 && runs < SHRINK_RUNS; runs++) {
            size_t start = end > chunk ? end - chunk : 0;
            candidate.count = 0;
            for (size_t i = 0; i < best.count; i++) {
                if (i < start || i >= end) {
                    FzGuide_Add(&candidate, best.turns[i]);
                }
            }
            end = start;
            FzSchedule schedule = guided(task, &candidate);
            run_once(&task->reduction.program, &schedule);
            if (judge(worker.shared, &worker.run)) {
                if (worker.run.preemptions <= task->max_preemptions) {
                    return true;
                }
                FzGuide saved = best;
                best = candidate;
                candidate = saved;
            }
        }
    }
    return false;
}

static void
accept_run(FzSlot *slot, const FzProgram *program)
{
    slot->answer.failed = true;
    fill_witness(&slot->answer.witness, program, &worker.schedule,
                 &worker.turns, &worker.run, worker.run.steps);
}

static void
try_guide(FzSlot *slot, const FzTask *task, FzGuide *guide)
{
    if (task->remap) {
        learn_points(task);
        FzRemap(&task->best.program, &task->reduction, &best_points,
                task->best.turns, task->best.nturns, guide);
    }
    else {
        for (uint32_t i = 0; i < task->nturns; i++) {
            FzGuide_Add(guide, task->turns[i]);
        }
    }
    FzSchedule schedule = guided(task, guide);
    run_once(&task->reduction.program, &schedule);
    if (judge(worker.shared, &worker.run) &&
        (worker.run.preemptions <= task->max_preemptions || shrink(task))) {
        accept_run(slot, &task->reduction.program);
    }
}

static void
try_candidate(FzSlot *slot, bool count)
{
    const FzTask *task = &slot->task;
    if (!count) {
        FzGuide guide = {0};
        try_guide(slot, task, &guide);
        FzGuide_Free(&guide);
    }
    if (task->turns_at_most != 0) {
        learn_points(task);
    }
    for (uint32_t i = 0; i < task->random && !slot->cancelled; i++) {
        if (slot->answer.failed && !count) {
            return;
        }
        FzSchedule schedule = random_schedule(task, i);
        run_once(&task->reduction.program, &schedule);
        if (judge(worker.shared, &worker.run) &&
            (worker.run.preemptions <= task->max_preemptions ||
             shrink(task))) {
            slot->answer.hits++;
            accept_run(slot, &task->reduction.program);
        }
    }
}

// ---------------------------------------------------------------------------
// First and last

static void
run_first(FzBoard *shared, FzSlot *slot)
{
    const FzTask *task = &slot->task;
    FzSchedule schedule = task->replay ? task->schedule
                                       : FzExec_ScheduleOf(&task->input);
    schedule.tape = task->tape;
    schedule.ntape = task->ntape;
    for (uint32_t i = 0; i <= task->random; i++) {
        if (i > 0) {
            schedule = random_schedule(task, i - 1);
            schedule.fail_allocation = task->schedule.fail_allocation;
            schedule.time_step_ns = task->schedule.time_step_ns;
        }
        run_once(&task->input.program, &schedule);
        if (judge(shared, &worker.run)) {
            FzSignature_OfViolation(&worker.run.violations[0],
                                    &shared->target);
            shared->has_target = true;
            snprintf(shared->rule, sizeof(shared->rule), "%s",
                     shared->target.rule);
            accept_run(slot, &task->input.program);
            return;
        }
    }
}

// What is said of the result beyond its run.
typedef struct Insight {
    FzCause cause;
    bool tight;                 // one point earlier or later, and it is gone
    FzBuf aliases;              // JSON strings, separated by commas
    FzBuf kin;                  // those of them with the same cause
} Insight;

static bool
fails_as(const char *signature)
{
    char text[FZ_SIGNATURE_TEXT];
    if (worker.run.nviolations == 0) {
        return false;
    }
    FzFinding_Signature(&worker.run.violations[0], text, sizeof(text));
    return strcmp(text, signature) == 0;
}

// How often it still fails so (NULL: as the target) with this preemption one or
// two points off.
static int
count_loose(const FzTask *task, const FzCause *cause, const FzGuide *guide,
            const char *signature)
{
    int failing = 0;
    for (int shift = -2; shift <= 2; shift++) {
        FzGuide moved = {0};
        for (size_t i = 0; i < guide->count; i++) {
            FzTurn turn = guide->turns[i];
            if (turn.thread == cause->thread && turn.at == cause->own &&
                turn.preempts) {
                turn.at += (uint64_t)(int64_t)shift;
            }
            FzGuide_Add(&moved, turn);
        }
        FzSchedule schedule = guided(task, &moved);
        if (shift != 0) {
            run_once(&task->reduction.program, &schedule);
            failing += signature != NULL ? fails_as(signature)
                                         : judge(worker.shared, &worker.run);
        }
        FzGuide_Free(&moved);
    }
    return failing;
}

// The preemption that matters is the one that must be where it is: the others
// only bring the threads there.
static void
choose_cause(const FzTask *task, const FzGuide *guide, Insight *insight)
{
    FzCause all[FZ_CAUSES];
    size_t n = FzCause_All(&worker.run, &worker.turns, all, FZ_CAUSES);
    int least = 100;
    for (size_t i = 0; i < n; i++) {
        int loose = count_loose(task, &all[i], guide, NULL);
        int order = loose * 2 + !all[i].conflicts;
        if (order <= least) {
            least = order;
            insight->cause = all[i];
            insight->tight = loose <= 1;
        }
    }
}

enum {
    PROFILE_RUNS = 1000, PROFILE_STEPS = 2000000, MAX_ALIASES = 64,
    KIN_TRIES = 16,
};

typedef struct Alias {
    char signature[FZ_SIGNATURE_TEXT];
    int tries;
    bool kin;
} Alias;

static bool
is_same_place(const FzCause *a, const FzCause *b)
{
    return strcmp(a->function, b->function) == 0 &&
           strcmp(a->field, b->field) == 0;
}

// Whether the run that has just failed as `alias` has the preemption that
// causes the target, and must have it exactly there. That it does not fail
// without it says less: any change of a schedule may do that.
static bool
is_kin(const FzTask *task, const Alias *alias, const FzCause *cause)
{
    FzCause all[FZ_CAUSES];
    FzGuide turns = {0};
    bool kin = false;
    size_t n = FzCause_All(&worker.run, &worker.turns, all, FZ_CAUSES);
    for (size_t i = 0; i < worker.turns.count; i++) {
        FzGuide_Add(&turns, worker.turns.turns[i]);
    }
    for (size_t i = 0; i < n && !kin; i++) {
        kin = is_same_place(&all[i], cause) &&
              count_loose(task, &all[i], &turns, alias->signature) <= 1;
    }
    FzGuide_Free(&turns);
    return kin;
}

static Alias *
find_alias(Alias *aliases, size_t *n)
{
    for (size_t i = 0; i < *n; i++) {
        if (fails_as(aliases[i].signature)) {
            return &aliases[i];
        }
    }
    if (*n == MAX_ALIASES) {
        return NULL;
    }
    Alias *alias = &aliases[(*n)++];
    *alias = (Alias){0};
    FzFinding_Signature(&worker.run.violations[0], alias->signature,
                        sizeof(alias->signature));
    return alias;
}

// How else the result fails: other signatures of the same mistake, for there is
// hardly anything else in it. Kin are those that the same preemption causes.
static void
find_aliases(FzTask *task, Insight *insight)
{
    static Alias aliases[MAX_ALIASES];
    const FzCause *cause = &insight->cause;
    size_t n = 0;
    uint64_t steps = 0;
    task->turns_at_most = 3;
    learn_points(task);
    for (uint32_t i = 0; i < PROFILE_RUNS && steps < PROFILE_STEPS; i++) {
        FzSchedule schedule = random_schedule(task, i);
        // A race would end the run before it shows what else is wrong.
        worker.any_rule = i % 2 == 0;
        run_once(&task->reduction.program, &schedule);
        // A few that never end are to be among them.
        steps += worker.run.steps < PROFILE_STEPS / 8 ? worker.run.steps
                                                      : PROFILE_STEPS / 8;
        Alias *alias = worker.run.nviolations == 0 ? NULL
                                                   : find_alias(aliases, &n);
        if (alias != NULL && !alias->kin && cause->preempted &&
            schedule.kind == FZ_SCHEDULE_GUIDE && alias->tries < KIN_TRIES) {
            alias->tries++;
            alias->kin = is_kin(task, alias, cause);
        }
    }
    worker.any_rule = false;
    for (size_t i = 0; i < n; i++) {
        FzBuf *kin = &insight->kin;
        FzBuf_Printf(&insight->aliases, "%s", i > 0 ? ", " : "");
        FzBuf_JsonString(&insight->aliases, aliases[i].signature);
        if (aliases[i].kin) {
            FzBuf_Printf(kin, "%s", kin->size > 0 ? ", " : "");
            FzBuf_JsonString(kin, aliases[i].signature);
        }
    }
}

static void
write_finding(FzBoard *shared, FzSlot *slot, Insight *insight,
              const char *report)
{
    FzRun *run = &worker.run;
    FzCause_Print(&insight->cause, slot->answer.cause,
                  sizeof(slot->answer.cause));
    FzBuf members = {0};
    const FzProgram *program = &slot->task.reduction.program;
    FzBuf_Printf(&members,
                 ",\n  \"minimized\": true,\n  \"active_threads\": %u,\n"
                 "  \"operations\": %u,\n  \"preemptions\": %llu,\n"
                 "  \"tight\": %s,\n  \"aliases\": [%s],\n"
                 "  \"kin\": [%s],\n  \"cause\": ",
                 FzProgram_CountActive(program),
                 FzProgram_LongestBlock(program),
                 (unsigned long long)run->preemptions,
                 insight->tight ? "true" : "false",
                 FzBuf_CString(&insight->aliases),
                 FzBuf_CString(&insight->kin));
    FzBuf_JsonString(&members, slot->answer.cause);
    FzInput input = slot->task.input;
    input.program = *program;
    input.fail_allocation = (uint16_t)worker.schedule.fail_allocation;
    input.noverrides = 0;
    char signature[FZ_SIGNATURE_TEXT];
    FzSignature_Print(&shared->target, signature, sizeof(signature));
    FzFindingExtra extra = {
        .report = report,
        .members = FzBuf_CString(&members),
        .signature = signature,
    };
    slot->answer.saved =
        FzFinding_Write(shared->folder, &input, &worker.schedule, run, &extra,
                        slot->answer.why, sizeof(slot->answer.why));
    FzBuf_Free(&members);
}

// A sanitizer's report may end the process at any run: then nothing is tried
// beyond it.
static bool
may_try_more(void)
{
#if defined(RT_ASAN) || defined(RT_TSAN)
    return false;
#else
    return true;
#endif
}

static void
save(FzBoard *shared, FzSlot *slot)
{
    FzGuide guide = {0};
    Insight insight = {0};
    FzTask *task = &slot->task;
    for (uint32_t i = 0; i < task->nturns; i++) {
        FzGuide_Add(&guide, task->turns[i]);
    }
    FzSchedule schedule = guided(task, &guide);
    run_once(&task->reduction.program, &schedule);
    if (judge(shared, &worker.run)) {
        if (task->profile && may_try_more()) {
            choose_cause(task, &guide, &insight);
            find_aliases(task, &insight);
        }
        else {
            FzCause_Of(&worker.run, &worker.turns, &insight.cause);
        }
        run_once(&task->reduction.program, &schedule);
        slot->answer.failed = judge(shared, &worker.run);
    }
    if (slot->answer.failed) {
        write_finding(shared, slot, &insight, NULL);
    }
    else {
        snprintf(slot->answer.why, sizeof(slot->answer.why),
                 "the minimized program did not fail again");
    }
    FzBuf_Free(&insight.aliases);
    FzBuf_Free(&insight.kin);
    FzGuide_Free(&guide);
}

void
FzTrial_Run(FzBoard *shared, FzSlot *slot)
{
    worker.shared = shared;
    worker.slot = slot;
    slot->answer.failed = slot->answer.saved = false;
    slot->answer.hits = 0;
    switch (slot->task.kind) {
    case FZ_TASK_FIRST:
        run_first(shared, slot);
        break;
    case FZ_TASK_SAVE:
        save(shared, slot);
        break;
    default:
        try_candidate(slot, slot->task.kind == FZ_TASK_COUNT_HITS);
        break;
    }
}

// ---------------------------------------------------------------------------
// Reports that end the process

#if defined(RT_ASAN) || defined(RT_TSAN)

// Its signature; names are looked up once for each kind of report.
static bool
read_report(FzBoard *shared, const char *text, FzSignature *out)
{
    uint64_t hash = FzReport_Hash(text) | 2;
    FzKnownReport *row = &shared->reports[hash % FZ_KNOWN_REPORTS];
    uint64_t found = __atomic_load_n(&row->hash, __ATOMIC_ACQUIRE);
    if (found == hash) {
        *out = row->signature;
        return row->known;
    }
    FzBuf named = {0};
    FzReport_Symbolize(text, &named);
    bool known = FzSignature_OfReport(FzBuf_CString(&named), out);
    FzBuf_Free(&named);
    if (found == 0 &&
        __atomic_compare_exchange_n(&row->hash, &found, 1, false,
                                    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
        row->known = known;
        row->signature = *out;
        __atomic_store_n(&row->hash, hash, __ATOMIC_RELEASE);
    }
    return known;
}

// The verdict is the report's; the run is known up to here.
static void
on_report(void)
{
    if (worker.program == NULL) {
        return;
    }
    const FzProgram *program = worker.program;
    worker.program = NULL;
    FzBoard *shared = worker.shared;
    FzBuf text = {0};
    char path[200];
    snprintf(path, sizeof(path), "%s.%ld", worker.report_path,
             (long)getpid());
    if (FzFile_Read(path, &text, NULL, 0)) {
        unlink(path);
    }
    FzSignature signature;
    bool known = read_report(shared, FzBuf_CString(&text), &signature);
    bool fits = known && worker.slot->task.kind == FZ_TASK_FIRST
                    ? shared->rule[0] == '\0' ||
                          strcmp(shared->rule, "CRASH") == 0
                    : known && is_target(shared, &signature);
    FzRun *run = &worker.run;
    if (fits && run->preemptions <= worker.slot->task.max_preemptions) {
        if (worker.slot->task.kind == FZ_TASK_FIRST) {
            shared->target = signature;
            shared->has_target = shared->deadly = true;
            snprintf(shared->rule, sizeof(shared->rule), "CRASH");
        }
        run->nviolations = 1;
        run->steps = FzEngine_Step();
        run->violations[0] = (FzViolation){.rule = FZ_RULE_CRASH,
                                           .thread = FzEngine_CurrentThread(),
                                           .step = run->steps,
                                           .other_thread = UINT32_MAX};
        run->trace_hash = FzHash_Mix(run->steps, run->tape.choices);
        accept_run(worker.slot, program);
        if (worker.slot->task.kind == FZ_TASK_SAVE) {
            Insight insight = {0};
            FzBuf named = {0};
            FzReport_Symbolize(FzBuf_CString(&text), &named);
            FzReport_Summary(FzBuf_CString(&named),
                             run->violations[0].message,
                             sizeof(run->violations[0].message));
            FzCause_Of(run, &worker.turns, &insight.cause);
            write_finding(shared, worker.slot, &insight,
                          FzBuf_CString(&named));
            FzBuf_Free(&named);
        }
    }
    FzBuf_Free(&text);
}

void
FzTrial_InstallReports(FzBoard *shared, FzSlot *slot)
{
    worker.shared = shared;
    worker.slot = slot;
    snprintf(worker.report_path, sizeof(worker.report_path),
             "/tmp/ftfuzz-minimize-%ld", (long)getpid());
    __sanitizer_set_report_path(worker.report_path);
    __sanitizer_set_death_callback(on_report);
}

#else

void
FzTrial_InstallReports(FzBoard *shared, FzSlot *slot)
{
    worker.shared = shared;
    worker.slot = slot;
}

#endif

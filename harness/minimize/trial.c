// trial.c: one task in a worker: runs of a candidate, until one fails with the
// signature wanted. What the answer is depends on the task only.

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "fz_exec.h"
#include "trial_internal.h"

#if defined(RT_ASAN) || defined(RT_TSAN)
#include <sanitizer/common_interface_defs.h>
#endif

FzTrialWorker fz_trial;

static FzOwnPoints *best_points;
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
bool
FzTrial_Judge(FzBoard *shared, const FzRun *run)
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
    w->weak_seed = schedule->weak_seed;
    w->time_step_ns = schedule->time_step_ns;
    w->steps = steps;
    w->preemptions = (uint32_t)run->preemptions;
    size_t n = turns->count < FZ_TASK_TURNS ? turns->count : FZ_TASK_TURNS;
    w->nturns = (uint32_t)n;
    if (n > 0) {
        memcpy(w->turns, turns->turns, n * sizeof(FzTurn));
    }
}

void
FzTrial_RunOnce(const FzProgram *program, const FzSchedule *schedule)
{
    FzEngineConfig config = FzExec_DefaultConfig();
    config.schedule = *schedule;
    config.turns = &fz_trial.turns;
    config.detail = fz_trial.any_rule || wants_detail(fz_trial.shared);
    config.record_events = fz_trial.slot->task.kind == FZ_TASK_SAVE;
    config.ignored = fz_trial.ignored;
    config.step_budget = fz_trial.step_budget;
    const char *rule = fz_trial.shared->rule;
    config.races = config.races && (fz_trial.any_rule || rule[0] == '\0' ||
                                    schedule->weak_seed != 0 ||
                                    strcmp(rule, "DATA_RACE") == 0);
    fz_trial.schedule = *schedule;
    fz_trial.program = program;
    FzEngine_Run(&config, fz_trial.shared->body, (void *)program,
                 &fz_trial.run);
    fz_trial.program = NULL;
    fz_trial.slot->executions++;
    fz_trial.slot->answer.cost += FZ_RUN_COST + fz_trial.run.steps;
    fz_trial.was_damaged = fz_trial.damaged;
    fz_trial.damaged = fz_trial.damaged || FzRun_MayDamage(&fz_trial.run);
}

// ---------------------------------------------------------------------------
// Candidates

FzSchedule
FzTrial_Guided(const FzTask *task, const FzGuide *guide)
{
    return (FzSchedule){
        .kind = FZ_SCHEDULE_GUIDE,
        .guide = guide,
        .time_step_ns = task->time_step_ns,
        .fail_allocation = task->fail_allocation,
        .weak_seed = task->weak_seed,
    };
}

// A guide of few turns, moved as the reduction moves them.
static const FzGuide *
draw_guide(const FzTask *task, uint64_t seed)
{
    static FzGuide drawn, moved;
    FzRng rng;
    FzRng_Seed(&rng, seed);
    FzDraw_Guide(best_points, &task->best, task->turns_at_most, &rng, &drawn);
    if (!task->remap) {
        return &drawn;
    }
    FzRemap(&task->best.program, &task->reduction, best_points, drawn.turns,
            (uint32_t)drawn.count, &moved);
    return &moved;
}

FzSchedule
FzTrial_Random(const FzTask *task, uint32_t i)
{
    uint64_t seed = FzHash_Mix(task->seed, i);
    if (task->turns_at_most != 0 && !fz_trial.shared->deadly && i % 4 != 3) {
        return FzTrial_Guided(task, draw_guide(task, seed));
    }
    return (FzSchedule){
        .kind = FZ_SCHEDULE_STRATEGY,
        .strategy = i % 8 == 7 ? &fz_strategy_pct : &fz_strategy_pos,
        .seed = seed,
        .depth = 2 + (i >> 4) % 2,
        .expected_steps = task->best.steps,
        .time_step_ns = task->time_step_ns,
        .fail_allocation = task->fail_allocation,
        .weak_seed = task->weak_seed,
    };
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
learn_points(void *arg)
{
    const FzTask *task = arg;
    FzGuide guide = {(FzTurn *)task->best.turns, task->best.nturns, 0};
    FzEngineConfig config = FzExec_DefaultConfig();
    config.schedule = (FzSchedule){
        .kind = FZ_SCHEDULE_GUIDE,
        .guide = &guide,
        .time_step_ns = task->best.time_step_ns,
        .fail_allocation = task->best.fail_allocation,
        .weak_seed = task->best.weak_seed,
    };
    config.record_events = true;
    config.races = config.races &&
                   (task->best.weak_seed != 0 ||
                    strcmp(fz_trial.shared->rule, "DATA_RACE") == 0);
    FzEngine_Run(&config, fz_trial.shared->body, (void *)&task->best.program,
                 &fz_trial.run);
    fz_trial.slot->executions++;
    FzOwnPoints_Of(&fz_trial.run, task->best.turns, task->best.nturns,
                   best_points);
}

// The points that the best passes, once for each best.
void
FzTrial_LearnPoints(FzTask *task)
{
    if (best_points == NULL) {
        best_points = FzOwnPoints_New();
        FZ_ASSERT(best_points != NULL);
    }
    if (best_number == task->number || fz_trial.shared->deadly) {
        return;                 // who runs the best does not live to tell
    }
    *best_points = (FzOwnPoints){0};
    if (may_try_more()) {
        FzTrial_Aside(learn_points, task);
    }
    else {
        learn_points(task);
    }
    best_number = task->number;
}

enum { SHRINK_RUNS = 200, SHRINKS = 4 };

// The run failed, but with too many preemptions: leaves out turns until it has
// few enough, or nothing more can be left out. What fails under every other
// schedule, but never under so simple a one, would take all time: so a few of
// a candidate's runs only.
static bool
shrink(const FzTask *task, int *shrinks)
{
    static FzGuide best, candidate;
    int runs = 0;
    if ((*shrinks)++ >= SHRINKS) {
        return false;
    }
    best.count = 0;
    for (size_t i = 0; i < fz_trial.turns.count; i++) {
        FzGuide_Add(&best, fz_trial.turns.turns[i]);
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
            FzSchedule schedule = FzTrial_Guided(task, &candidate);
            FzTrial_RunOnce(&task->reduction.program, &schedule);
            if (FzTrial_Judge(fz_trial.shared, &fz_trial.run)) {
                if (fz_trial.run.preemptions <= task->max_preemptions) {
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
    slot->answer.doubtful = fz_trial.was_damaged;
    fill_witness(&slot->answer.witness, program, &fz_trial.schedule,
                 &fz_trial.turns, &fz_trial.run, fz_trial.run.steps);
}

static void
try_guide(FzSlot *slot, FzTask *task, FzGuide *guide, int *shrinks)
{
    if (task->remap) {
        FzTrial_LearnPoints(task);
        FzRemap(&task->best.program, &task->reduction, best_points,
                task->best.turns, task->best.nturns, guide);
    }
    else {
        for (uint32_t i = 0; i < task->nturns; i++) {
            FzGuide_Add(guide, task->turns[i]);
        }
    }
    FzSchedule schedule = FzTrial_Guided(task, guide);
    FzTrial_RunOnce(&task->reduction.program, &schedule);
    if (FzTrial_Judge(fz_trial.shared, &fz_trial.run) &&
        (fz_trial.run.preemptions <= task->max_preemptions ||
         shrink(task, shrinks))) {
        accept_run(slot, &task->reduction.program);
    }
}

static void
try_candidate(FzSlot *slot, bool count)
{
    FzTask *task = &slot->task;
    int shrinks = 0;
    if (!count) {
        FzGuide guide = {0};
        try_guide(slot, task, &guide, &shrinks);
        FzGuide_Free(&guide);
    }
    if (task->turns_at_most != 0) {
        FzTrial_LearnPoints(task);
    }
    for (uint32_t i = 0; i < task->random && !slot->cancelled; i++) {
        if (slot->answer.failed && !count) {
            return;
        }
        FzSchedule schedule = FzTrial_Random(task, i);
        FzTrial_RunOnce(&task->reduction.program, &schedule);
        if (FzTrial_Judge(fz_trial.shared, &fz_trial.run) &&
            (fz_trial.run.preemptions <= task->max_preemptions ||
             shrink(task, &shrinks))) {
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
            schedule = FzTrial_Random(task, i - 1);
            schedule.fail_allocation = task->schedule.fail_allocation;
            schedule.weak_seed = task->schedule.weak_seed;
            schedule.time_step_ns = task->schedule.time_step_ns;
        }
        FzTrial_RunOnce(&task->input.program, &schedule);
        if (FzTrial_Judge(shared, &fz_trial.run)) {
            FzSignature_OfViolation(&fz_trial.run.violations[0],
                                    &shared->target);
            shared->has_target = true;
            snprintf(shared->rule, sizeof(shared->rule), "%s",
                     shared->target.rule);
            accept_run(slot, &task->input.program);
            return;
        }
    }
}

static void
write_finding(FzBoard *shared, FzSlot *slot, FzInsight *insight,
              const char *report)
{
    FzRun *run = &fz_trial.run;
    FzCause_Print(&insight->cause, slot->answer.cause,
                  sizeof(slot->answer.cause));
    FzBuf members = {0};
    const FzProgram *program = &slot->task.reduction.program;
    FzBuf_Printf(&members,
                 ",\n  \"minimized\": true,\n  \"active_threads\": %u,\n"
                 "  \"operations\": %u,\n  \"preemptions\": %llu,\n"
                 "  \"tight\": %s,\n  \"aliases\": [%s],\n"
                 "  \"kin\": [%s],\n  \"beside\": [%s],\n"
                 "  \"near\": [%s],\n  \"cause\": ",
                 FzProgram_CountActive(program),
                 FzProgram_LongestBlock(program),
                 (unsigned long long)run->preemptions,
                 insight->tight ? "true" : "false",
                 FzBuf_CString(&insight->aliases),
                 FzBuf_CString(&insight->kin),
                 FzBuf_CString(&insight->beside),
                 FzBuf_CString(&insight->near));
    FzBuf_JsonString(&members, slot->answer.cause);
    FzInput input = slot->task.input;
    input.program = *program;
    input.fail_allocation = (uint16_t)fz_trial.schedule.fail_allocation;
    input.noverrides = 0;
    char signature[FZ_SIGNATURE_TEXT];
    FzSignature_Print(&shared->target, signature, sizeof(signature));
    FzFindingExtra extra = {
        .report = report,
        .members = FzBuf_CString(&members),
        .signature = signature,
    };
    slot->answer.saved =
        FzFinding_Write(shared->folder, &input, &fz_trial.schedule, run, &extra,
                        slot->answer.why, sizeof(slot->answer.why));
    FzBuf_Free(&members);
}

static void
save(FzBoard *shared, FzSlot *slot)
{
    FzGuide guide = {0};
    FzInsight insight = {0};
    FzTask *task = &slot->task;
    for (uint32_t i = 0; i < task->nturns; i++) {
        FzGuide_Add(&guide, task->turns[i]);
    }
    if (task->profile && may_try_more()) {
        FzInsight_Of(task, &guide, &insight);
    }
    FzSchedule schedule = FzTrial_Guided(task, &guide);
    FzTrial_RunOnce(&task->reduction.program, &schedule);
    slot->answer.failed = FzTrial_Judge(shared, &fz_trial.run);
    if (slot->answer.failed) {
        if (!task->profile || !may_try_more()) {
            FzCause_Of(&fz_trial.run, &fz_trial.turns, &insight.cause);
        }
        write_finding(shared, slot, &insight, NULL);
    }
    else {
        snprintf(slot->answer.why, sizeof(slot->answer.why),
                 "the minimized program did not fail again");
    }
    FzInsight_Free(&insight);
    FzGuide_Free(&guide);
}

void
FzTrial_Run(FzBoard *shared, FzSlot *slot)
{
    fz_trial.shared = shared;
    fz_trial.slot = slot;
    slot->answer.failed = slot->answer.saved = slot->answer.doubtful = false;
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
    if (fz_trial.program == NULL) {
        return;
    }
    const FzProgram *program = fz_trial.program;
    fz_trial.program = NULL;
    FzBoard *shared = fz_trial.shared;
    FzBuf text = {0};
    char path[200];
    snprintf(path, sizeof(path), "%s.%ld", fz_trial.report_path,
             (long)getpid());
    if (FzFile_Read(path, &text, NULL, 0)) {
        unlink(path);
    }
    FzSignature signature;
    bool known = read_report(shared, FzBuf_CString(&text), &signature);
    bool fits = known && fz_trial.slot->task.kind == FZ_TASK_FIRST
                    ? shared->rule[0] == '\0' ||
                          strcmp(shared->rule, "CRASH") == 0
                    : known && is_target(shared, &signature);
    FzRun *run = &fz_trial.run;
    if (fits && run->preemptions <= fz_trial.slot->task.max_preemptions) {
        if (fz_trial.slot->task.kind == FZ_TASK_FIRST) {
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
        accept_run(fz_trial.slot, program);
        if (fz_trial.slot->task.kind == FZ_TASK_SAVE) {
            FzInsight insight = {0};
            FzBuf named = {0};
            FzReport_Symbolize(FzBuf_CString(&text), &named);
            FzReport_Summary(FzBuf_CString(&named),
                             run->violations[0].message,
                             sizeof(run->violations[0].message));
            FzCause_Of(run, &fz_trial.turns, &insight.cause);
            write_finding(shared, fz_trial.slot, &insight,
                          FzBuf_CString(&named));
            FzBuf_Free(&named);
        }
    }
    FzBuf_Free(&text);
}

void
FzTrial_InstallReports(FzBoard *shared, FzSlot *slot)
{
    fz_trial.shared = shared;
    fz_trial.slot = slot;
    snprintf(fz_trial.report_path, sizeof(fz_trial.report_path),
             "/tmp/ftfuzz-minimize-%ld", (long)getpid());
    __sanitizer_set_report_path(fz_trial.report_path);
    __sanitizer_set_death_callback(on_report);
}

#else

void
FzTrial_InstallReports(FzBoard *shared, FzSlot *slot)
{
    fz_trial.shared = shared;
    fz_trial.slot = slot;
}

#endif

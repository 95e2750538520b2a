// worker_report.c: executions of a worker, and what becomes of one that fails:
// a finding, if it fails as none did before, and by itself.

#include <string.h>

#include "fz_finding.h"
#include "fz_signature.h"
#include "worker_internal.h"

enum { MANY_IN_A_ROW = 16 };    // failing executions; is it the process?

FzEngineConfig
FzWorker_Config(const FzWorker *w, const FzInput *input)
{
    FzEngineConfig config = FzExec_DefaultConfig();
    config.schedule = FzExec_ScheduleOf(input);
    if (w->strategy != NULL) {
        config.schedule.strategy = w->strategy;
    }
    return config;
}

void
FzWorker_Execute(FzWorker *w, const FzInput *input, FzRun *run)
{
    w->shared->current = *input;
    FzEngineConfig config = FzWorker_Config(w, input);
    FzFeatures_Begin(&config);
    FzCrash_Arm(w->options->findings_dir, &w->shared->current,
                &config.schedule, run);
    FzExec_Carry(&input->program, &config, run);
    FzCrash_Disarm();
    w->shared->executions++;
    w->shared->steps += run->steps;
    w->shared->switches += run->switches;
    w->was_damaged = w->damaged;
    w->damaged = w->damaged || FzRun_MayDamage(run);
    w->in_a_row = run->nviolations > 0 ? w->in_a_row + 1 : 0;
}

// Rules seen only at the end of a run share a stack: their messages, without
// the numbers, tell them apart.
static uint64_t
hash_words(uint64_t h, const char *text)
{
    for (; *text != '\0' && *text != ','; text++) {
        if (*text < '0' || *text > '9') {
            h = FzHash_Mix(h, (uint8_t)*text);
        }
    }
    return h;
}

uint64_t
FzWorker_SignatureOf(const FzViolation *v)
{
    uint64_t h = FzHash_Mix(v->rule, 0);
    for (int i = 0; i < 3; i++) {
        h = FzHash_Mix(h, (uint64_t)(uintptr_t)v->stack[i]);
        h = FzHash_Mix(h, (uint64_t)(uintptr_t)v->other_stack[i]);
    }
    if (v->rule == FZ_RULE_LEAK || v->rule == FZ_RULE_REF_LOST_QUEUE ||
        v->rule == FZ_RULE_FATAL) {
        h = hash_words(h, v->message);
    }
    return h;
}

bool
FzWorker_IsKnown(const FzWorker *w, uint64_t signature)
{
    for (size_t i = 0; i < w->shared->nsignatures; i++) {
        if (w->shared->signatures[i] == signature) {
            return true;
        }
    }
    return false;
}

static void
remember(FzWorker *w, uint64_t signature)
{
    if (!FzWorker_IsKnown(w, signature) &&
        w->shared->nsignatures < FZ_MAX_SIGNATURES) {
        w->shared->signatures[w->shared->nsignatures++] = signature;
    }
}

// The same run once more, with the stacks that are not kept in every run. If it
// ends otherwise, the first one stands.
static const FzRun *
with_detail(FzWorker *w, const FzInput *input, const FzRun *run)
{
    static FzRun detailed;
    if (!FzExec_IsDeterministic() ||
        run->violations[0].rule == FZ_RULE_NONDETERMINISM) {
        return run;
    }
    FzEngineConfig config = FzWorker_Config(w, input);
    config.detail = true;
    FzCrash_Arm(w->options->findings_dir, &w->shared->current,
                &config.schedule, &detailed);
    FzExec_Carry(&input->program, &config, &detailed);
    FzCrash_Disarm();
    bool same = detailed.trace_hash == run->trace_hash &&
                detailed.nviolations > 0 &&
                detailed.violations[0].rule == run->violations[0].rule;
    return same ? &detailed : run;
}

// Whether one more may be written where all are to be; stops after the last.
static bool
take_one_of_every(FzWorker *w)
{
    uint64_t left =
        __atomic_fetch_sub(&w->all->every_left, 1, __ATOMIC_RELAXED);
    if (left == 0 || left > w->options->every) {
        return false;
    }
    if (left == 1) {
        __atomic_store_n(&w->all->stop, 1, __ATOMIC_RELAXED);
    }
    return true;
}

// Where an execution before this one has damaged memory, what fails may fail by
// that. Such a worker ends: of what it finds nothing would come back. A trace
// that changes is no other mistake either.
static bool
fails_by_itself(FzWorker *w, const FzInput *input, const FzRun *run)
{
    const FzViolation *v = &run->violations[0];
    if (!w->was_damaged || !FzExec_IsDeterministic()) {
        return true;
    }
    if (w->spoilt) {
        return false;
    }
    w->spoilt = v->rule == FZ_RULE_NONDETERMINISM ||
                !FzConfirm_Fails(input, FzWorker_SignatureOf(v));
    w->in_a_row = 0;
    return !w->spoilt;
}

void
FzWorker_Report(FzWorker *w, const FzInput *input, const FzRun *run)
{
    uint64_t signature = FzWorker_SignatureOf(&run->violations[0]);
    bool known = FzWorker_IsKnown(w, signature);
    bool wanted = w->options->every > 0 || !known;
    if ((wanted || w->in_a_row >= MANY_IN_A_ROW) &&
        !fails_by_itself(w, input, run)) {
        return;
    }
    remember(w, signature);
    if (w->options->every > 0 ? !take_one_of_every(w) : known) {
        w->shared->duplicates++;
        return;
    }
    FzEngineConfig config = FzWorker_Config(w, input);
    run = with_detail(w, input, run);
    char path[1024], why[512];
    if (!FzFinding_Save(w->options->findings_dir, input, &config.schedule, run,
                        NULL, path, sizeof(path), why, sizeof(why))) {
        fprintf(stderr, "ftfuzz: %s\n", why);
        w->failed = true;
        return;
    }
    FzWorker_Announce(w->shared, FzRule_Name(run->violations[0].rule), path);
    if (w->options->stop_on_finding) {
        __atomic_store_n(&w->all->stop, 1, __ATOMIC_RELAXED);
    }
}

// What no schedule showed first may follow from what did, or be another mistake
// that always comes behind it. The finding says so.
void
FzWorker_Tell(FzWorker *w, const FzInput *input, const FzViolation *behind,
              size_t n)
{
    FzEngineConfig config = FzWorker_Config(w, input);
    FzBuf report = {0}, members = {0};
    char text[FZ_SIGNATURE_TEXT], path[4200], why[512];
    FzBuf_Printf(&members, ",\n  \"behind\": [");
    for (size_t i = 0; i < n; i++) {
        FzFinding_Signature(&behind[i], text, sizeof(text));
        FzBuf_Printf(&report,
                     "\nBehind it, where the run goes on without the rule, and "
                     "never first:\n  %s: %s\n",
                     text, behind[i].message);
        FzBuf_Printf(&members, "%s", i > 0 ? ", " : "");
        FzBuf_JsonString(&members, text);
    }
    FzBuf_Printf(&members, "]");
    FzFinding_Signature(&w->run.violations[0], text, sizeof(text));
    FzFindingExtra extra = {FzBuf_CString(&report), FzBuf_CString(&members),
                            text};
    if (!FzFinding_Save(w->options->findings_dir, input, &config.schedule,
                        with_detail(w, input, &w->run), &extra, path,
                        sizeof(path), why, sizeof(why))) {
        fprintf(stderr, "ftfuzz: %s\n", why);
        w->failed = true;
    }
    FzBuf_Free(&report);
    FzBuf_Free(&members);
}

// explain.c: runs a finding again: as recorded, with one turn less or moved by
// a few points, and up to a step as recorded and then in other ways.

#include <string.h>

#include "fz_exec.h"
#include "fz_explain.h"

enum { MAX_SHIFT = 64, MAX_TURNS_TRIED = 64 };

typedef struct Explainer {
    const FzFinding *finding;
    FzExplanation *out;
    FzGuide turns;              // of the recorded run
    FzRun other;
} Explainer;

static bool
fails_again(const Explainer *x)
{
    return x->other.nviolations > 0 &&
           strcmp(FzRule_Name(x->other.violations[0].rule),
                  x->finding->rule) == 0;
}

// ---------------------------------------------------------------------------
// The smallest change

static bool
avoids(Explainer *x, size_t turn, int64_t shift)
{
    FzGuide guide = {0};
    for (size_t i = 0; i < x->turns.count; i++) {
        FzTurn copy = x->turns.turns[i];
        if (i == turn && shift == 0) {
            continue;
        }
        copy.at += i == turn ? (uint64_t)shift : 0;
        FzGuide_Add(&guide, copy);
    }
    FzEngineConfig config = FzFinding_Config(x->finding);
    config.schedule.kind = FZ_SCHEDULE_GUIDE;
    config.schedule.guide = &guide;
    FzExec_RunProgram(&x->finding->input.program, &config, &x->other);
    FzGuide_Free(&guide);
    return x->other.nviolations == 0;
}

static bool
try_change(Explainer *x, size_t turn, int64_t shift)
{
    const FzTurn *t = &x->turns.turns[turn];
    if ((shift < 0 && t->at <= (uint64_t)-shift) || !avoids(x, turn, shift)) {
        return false;
    }
    x->out->avoidable = true;
    x->out->turn = *t;
    x->out->shift = shift;
    return true;
}

// A preemption a few points later or earlier; else one less.
static void
find_change(Explainer *x)
{
    size_t n = x->turns.count < MAX_TURNS_TRIED ? x->turns.count
                                                : MAX_TURNS_TRIED;
    for (int64_t shift = 1; shift <= MAX_SHIFT && n <= 8; shift++) {
        for (size_t i = 0; i < n; i++) {
            if (x->turns.turns[i].preempts &&
                (try_change(x, i, shift) || try_change(x, i, -shift))) {
                return;
            }
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (x->turns.turns[i].preempts && try_change(x, i, 0)) {
            return;
        }
    }
}

// ---------------------------------------------------------------------------
// The moment of no return

static uint32_t
count_failing(Explainer *x, uint64_t step)
{
    uint32_t failed = 0;
    for (uint32_t i = 0; i < FZ_MOMENT_TRIALS; i++) {
        FzEngineConfig config = FzFinding_Config(x->finding);
        config.schedule.strategy =
            i % 2 == 0 ? &fz_strategy_pos : &fz_strategy_random;
        config.schedule.seed = FzHash_Mix(step, i);
        config.schedule.prefix_steps = step;
        FzExec_RunProgram(&x->finding->input.program, &config, &x->other);
        failed += fails_again(x);
    }
    return failed;
}

static void
add_moment(FzExplanation *out, uint64_t step, uint32_t failed)
{
    size_t at = out->nmoments++;
    for (; at > 0 && out->moments[at - 1].step > step; at--) {
        out->moments[at] = out->moments[at - 1];
    }
    out->moments[at] = (FzMoment){step, failed};
}

static void
find_no_return(Explainer *x, uint64_t steps)
{
    FzExplanation *out = x->out;
    enum { COARSE = 16 };
    for (uint64_t k = 1; k <= COARSE; k++) {
        uint64_t step = k == COARSE ? steps : 1 + (steps - 1) * k / COARSE;
        add_moment(out, step, count_failing(x, step));
    }
    size_t first = out->nmoments;
    while (first > 0 && out->moments[first - 1].failed == FZ_MOMENT_TRIALS) {
        first--;
    }
    if (first == out->nmoments) {
        return;
    }
    uint64_t low = first > 0 ? out->moments[first - 1].step : 0;
    uint64_t high = out->moments[first].step;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        uint32_t failed = count_failing(x, middle);
        if (out->nmoments < FZ_MOMENTS) {
            add_moment(out, middle, failed);
        }
        if (failed == FZ_MOMENT_TRIALS) {
            high = middle;
        }
        else {
            low = middle;
        }
    }
    out->has_no_return = true;
    out->no_return = high;
}

// The thread that passes the step, and where.
static FzPlace
place_at(const FzRun *run, uint64_t step)
{
    uint64_t passed = 0;
    FzPlace place = {0};
    for (size_t i = 0; i < run->nevents && passed < step; i++) {
        const FzTraceEvent *e = &run->events[i];
        if (e->kind == FZ_TRACE_POINT) {
            passed++;
            place = (FzPlace){e->thread, e->line, e->site};
        }
    }
    return place;
}

bool
FzExplain_Run(const FzFinding *finding, FzRun *run, FzExplanation *out,
              char *why, size_t why_size)
{
    Explainer x = {.finding = finding, .out = out};
    *out = (FzExplanation){0};
    FzEngineConfig config = FzFinding_Config(finding);
    config.record_events = true;
    config.detail = true;
    config.turns = &x.turns;
    FzExec_RunProgram(&finding->input.program, &config, run);
    bool fails = run->nviolations > 0;
    if (fails) {
        out->preemptions = run->preemptions;
        FzCause_Of(run, &x.turns, &out->cause);
        find_change(&x);
        find_no_return(&x, run->steps);
        if (out->has_no_return) {
            out->no_return_place = place_at(run, out->no_return);
        }
    }
    else {
        snprintf(why, why_size,
                 "recorded as %s by %s: it does not fail in this build (%s)",
                 finding->rule, finding->build, FzExec_BuildName());
    }
    FzRun_Free(&x.other);
    FzGuide_Free(&x.turns);
    return fails;
}

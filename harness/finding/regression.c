// regression.c: regressions as text, and running them.

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fz_exec.h"
#include "fz_finding.h"
#include "fz_regression.h"
#include "text_line.h"

// ---------------------------------------------------------------------------
// Text

void
FzRegression_Print(const FzRegression *r, FzBuf *out)
{
    FzBuf_Printf(out,
                 "ftfuzz regression 1\nrule %s\nsignature %s\nbuild %s\n"
                 "gil %d\ntime-step-ns %u\nfail-allocation %u\n",
                 r->rule, r->signature, r->build, r->gil, r->time_step_ns,
                 r->fail_allocation);
    if (r->weak_seed != 0) {
        FzBuf_Printf(out, "weak %u\n", r->weak_seed);
    }
    for (size_t i = 0; i < r->turns.count; i++) {
        const FzTurn *turn = &r->turns.turns[i];
        FzBuf_Printf(out, "turn %u %" PRIu64 " %u%s\n", turn->thread, turn->at,
                     turn->to, turn->preempts ? " preempts" : "");
    }
    FzBuf_Printf(out, "program\n");
    FzProgram_PrintText(&r->program, out);
}

static bool
take_turn(const char *line, FzGuide *turns)
{
    unsigned thread, to;
    uint64_t at;
    char word[16] = "", rest;
    int n = sscanf(line, "turn %u %" SCNu64 " %u %15s%c", &thread, &at, &to,
                   word, &rest);
    bool preempts = strcmp(word, "preempts") == 0;
    if ((n != 3 && !(n == 4 && preempts)) || thread >= FZ_MAX_THREADS ||
        to >= FZ_MAX_THREADS) {
        return false;
    }
    FzGuide_Add(turns, (FzTurn){at, (uint16_t)thread, (uint16_t)to,
                                preempts});
    return true;
}

static bool
take_member(FzRegression *r, const char *line)
{
    int64_t number;
    if (FzTextLine_Word(line, "rule", r->rule, sizeof(r->rule)) ||
        FzTextLine_Word(line, "signature", r->signature,
                        sizeof(r->signature)) ||
        FzTextLine_Word(line, "build", r->build, sizeof(r->build))) {
        return true;
    }
    if (FzTextLine_Number(line, "gil", -1, 1, &number)) {
        r->gil = (int)number;
        return true;
    }
    if (FzTextLine_Number(line, "time-step-ns", 0, UINT32_MAX, &number)) {
        r->time_step_ns = (uint32_t)number;
        return true;
    }
    if (FzTextLine_Number(line, "fail-allocation", 0, UINT16_MAX, &number)) {
        r->fail_allocation = (uint32_t)number;
        return true;
    }
    if (FzTextLine_Number(line, "weak", 1, UINT32_MAX, &number)) {
        r->weak_seed = (uint32_t)number;
        return true;
    }
    return take_turn(line, &r->turns);
}

bool
FzRegression_Parse(const char *text, FzRegression *out, char *why,
                   size_t why_size)
{
    static const char first[] = "ftfuzz regression 1";
    char line[FZ_TEXT_LINE];
    unsigned number = 0;
    *out = (FzRegression){.gil = -1};
    while (FzTextLine_Next(&text, &number, line)) {
        if (number == 1) {
            if (strcmp(line, first) != 0) {
                return FzTextLine_Refuse(why, why_size, 1,
                                         "'ftfuzz regression 1' is expected");
            }
        }
        else if (strcmp(line, "program") == 0) {
            if (!FzProgram_ParseText(&out->program, &text, &number, why,
                                     why_size)) {
                return false;
            }
            return *text == '\0' ||
                   FzTextLine_Refuse(why, why_size, number,
                                     "something follows 'end'");
        }
        else if (!take_member(out, line)) {
            return FzTextLine_Refuse(why, why_size, number, "not understood");
        }
    }
    return FzTextLine_Refuse(why, why_size, number,
                             "the file has no program");
}

// Turns follow the threads, as a tape does not. A build that does not fail any
// more learns them too; a sanitizer's report would end the process.
bool
FzRegression_OfFinding(const struct FzFinding *finding, FzRegression *out)
{
    const FzSchedule *schedule = &finding->schedule.schedule;
    *out = (FzRegression){
        .gil = finding->gil,
        .time_step_ns = schedule->time_step_ns,
        .fail_allocation = schedule->fail_allocation,
        .weak_seed = schedule->weak_seed,
        .program = finding->input.program,
    };
    snprintf(out->rule, sizeof(out->rule), "%.47s", finding->rule);
    snprintf(out->signature, sizeof(out->signature), "%s",
             finding->signature);
    snprintf(out->build, sizeof(out->build), "%s", finding->build);
    if (strcmp(finding->rule, "CRASH") == 0) {
        return false;
    }
    FzRun run = {0};
    FzEngineConfig config = FzFinding_Config(finding);
    config.turns = &out->turns;
    FzExec_Carry(&finding->input.program, &config, &run);
    bool fails = run.nviolations > 0;
    FzRun_Free(&run);
    return fails;
}

void
FzRegression_Free(FzRegression *regression)
{
    FzGuide_Free(&regression->turns);
}

// ---------------------------------------------------------------------------
// Running

bool
FzRegression_Check(const FzRegression *r, uint64_t schedules, FzRun *run)
{
    FzEngineConfig config = FzExec_DefaultConfig();
    uint64_t seed = FzProgram_Hash(&r->program);
    config.schedule = (FzSchedule){
        .kind = FZ_SCHEDULE_GUIDE,
        .guide = &r->turns,
        .time_step_ns = r->time_step_ns,
        .fail_allocation = r->fail_allocation,
        .weak_seed = r->weak_seed,
    };
    FzExec_Carry(&r->program, &config, run);
    for (uint64_t i = 0; i < schedules && run->nviolations == 0; i++) {
        config.schedule = (FzSchedule){
            .kind = FZ_SCHEDULE_STRATEGY,
            .strategy = i % 2 == 0 ? &fz_strategy_pos : &fz_strategy_pct,
            .seed = FzHash_Mix(seed, i),
            .depth = 2 + (uint32_t)(i / 2 % 2),
            .time_step_ns = r->time_step_ns,
            .fail_allocation = r->fail_allocation,
            .weak_seed = r->weak_seed,
        };
        FzExec_Carry(&r->program, &config, run);
    }
    return run->nviolations == 0;
}

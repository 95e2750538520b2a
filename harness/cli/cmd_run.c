// cmd_run.c: ftfuzz run: one program, from a file or generated, under one or
// many schedules.

#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "fz_exec.h"
#include "fz_finding.h"
#include "run_internal.h"

typedef struct RunOptions {
    uint64_t seed;
    uint64_t schedule_seed;
    uint64_t executions;
    uint64_t repeat;
    const char *strategy;
    const char *gil;
    const char *findings_dir;
    const char *save;
    bool raw;
    bool python;
    bool points;
    bool coverage;
    bool stats;
    bool json;
} RunOptions;

static void
print_result(const RunOptions *o, const FzInput *input, FzRun *run,
             uint64_t executions)
{
    if (o->json) {
        FzBuf out = {0};
        FzBuf_Printf(&out,
                     "{\"build\": \"%s\", \"rule\": %s%s%s, \"trace\": "
                     "\"%016llx\", \"steps\": %llu, \"switches\": %llu, "
                     "\"threads\": %u, \"output\": ",
                     FzExec_BuildName(), run->nviolations ? "\"" : "",
                     run->nviolations ? FzRule_Name(run->violations[0].rule)
                                      : "null",
                     run->nviolations ? "\"" : "",
                     (unsigned long long)run->trace_hash,
                     (unsigned long long)run->steps,
                     (unsigned long long)run->switches, run->nthreads);
        FzBuf_JsonString(&out, FzBuf_CString(&run->output));
        if (o->stats) {
            FzBuf_Printf(&out, ", \"contention\": ");
            FzRunStats_Json(executions, &out);
        }
        printf("%s}\n", FzBuf_CString(&out));
        FzBuf_Free(&out);
        return;
    }
    fwrite(run->output.data, 1, run->output.size, stdout);
    if (run->nviolations > 0) {
        FzBuf text = {0};
        FzReport_Text(input, run, &text);
        fputs(FzBuf_CString(&text), stderr);
        FzBuf_Free(&text);
    }
    if (o->stats) {
        FzRunStats_Print(executions);
    }
}

typedef struct SiteCount {
    uintptr_t site;
    uint64_t count;
} SiteCount;

static int
compare_counts(const void *a, const void *b)
{
    const SiteCount *x = a, *y = b;
    if (x->count != y->count) {
        return x->count < y->count ? 1 : -1;
    }
    return x->site < y->site ? -1 : x->site > y->site;
}

static void
print_points(const FzRun *run)
{
    SiteCount *sites = calloc(run->nevents + 1, sizeof(*sites));
    FZ_ASSERT(sites != NULL);
    size_t n = 0;
    for (size_t i = 0; i < run->nevents; i++) {
        if (run->events[i].kind != FZ_TRACE_POINT) {
            continue;
        }
        size_t at = 0;
        while (at < n && sites[at].site != run->events[i].site) {
            at++;
        }
        n += at == n;
        sites[at].site = run->events[i].site;
        sites[at].count++;
    }
    qsort(sites, n, sizeof(*sites), compare_counts);
    for (size_t i = 0; i < n && i < 60; i++) {
        char name[600];
        FzSymbol_NameOffset(sites[i].site, name, sizeof(name));
        printf("%8llu  %s\n", (unsigned long long)sites[i].count, name);
    }
    free(sites);
}

// Runs under schedule seeds from input->seed on, until one fails.
static int
run_schedules(const RunOptions *o, FzInput *input)
{
    FzRun run = {0};
    FzEngineConfig config = FzExec_DefaultConfig();
    config.record_events = o->points;
    uint64_t executions = 0;
    if (o->stats) {
        FzRunStats_Begin();
    }
    for (uint64_t i = 0; i < o->executions; i++) {
        input->seed = o->schedule_seed + i;
        config.schedule = FzExec_ScheduleOf(input);
        if (o->strategy != NULL) {
            config.schedule.strategy = FzStrategy_Find(o->strategy);
        }
        FzExec_Carry(&input->program, &config, &run);
        executions++;
        if (run.nviolations > 0) {
            break;
        }
    }
    FzRunStats_End();
    print_result(o, input, &run, executions);
    if (o->points) {
        print_points(&run);
    }
    int code = run.nviolations > 0 ? FZ_EXIT_FINDING : FZ_EXIT_CLEAN;
    if (run.nviolations > 0 && o->findings_dir != NULL) {
        char path[4200], why[512];
        if (!FzFinding_Save(o->findings_dir, input, &config.schedule, &run,
                            NULL, path, sizeof(path), why, sizeof(why))) {
            FzCli_Error("%s", why);
            code = FZ_EXIT_USAGE;
        }
        else {
            fprintf(stderr, "finding: %s\n", path);
        }
    }
    FzRun_Free(&run);
    return code;
}

// The same input under the same schedule again and again: one trace only.
static int
run_repeatedly(const RunOptions *o, FzInput *input)
{
    FzRun run = {0};
    FzEngineConfig config = FzExec_DefaultConfig();
    input->seed = o->schedule_seed;
    config.schedule = FzExec_ScheduleOf(input);
    if (o->strategy != NULL) {
        config.schedule.strategy = FzStrategy_Find(o->strategy);
    }
    uint64_t first = 0, equal = 0;
    for (uint64_t i = 0; i < o->repeat; i++) {
        FzExec_Carry(&input->program, &config, &run);
        first = i == 0 ? run.trace_hash : first;
        equal += run.trace_hash == first;
    }
    FzRun_Free(&run);
    if (o->json) {
        printf("{\"build\": \"%s\", \"repeat\": %llu, \"equal\": %llu, "
               "\"trace\": \"%016llx\"}\n",
               FzExec_BuildName(), (unsigned long long)o->repeat,
               (unsigned long long)equal, (unsigned long long)first);
    }
    else {
        printf("%llu of %llu executions gave the trace %016llx\n",
               (unsigned long long)equal, (unsigned long long)o->repeat,
               (unsigned long long)first);
    }
    return equal == o->repeat ? FZ_EXIT_CLEAN : FZ_EXIT_NONDETERMINISM;
}

static int
save_input(const RunOptions *o, const FzInput *input)
{
    FzBuf bytes = {0};
    char why[512];
    size_t n = strlen(o->save);
    if (n > 4 && strcmp(o->save + n - 4, ".txt") == 0) {
        FzInputText_Print(input, NULL, &bytes);
    }
    else {
        FzInputFile_Encode(input, &bytes);
    }
    bool ok = FzFile_Write(o->save, bytes.data, bytes.size, why, sizeof(why));
    FzBuf_Free(&bytes);
    if (!ok) {
        FzCli_Error("%s", why);
        return FZ_EXIT_USAGE;
    }
    return FZ_EXIT_CLEAN;
}

// The number of files named, or what FzCli_Parse() returns.
static int
parse(RunOptions *o, int argc, char **argv, const char **file)
{
    const FzOption options[] = {
        {"seed", "N", FZ_OPT_NUMBER, &o->seed,
         "without FILE: seed of the generated program (default 1)"},
        {"schedule-seed", "N", FZ_OPT_NUMBER, &o->schedule_seed,
         "seed of the first schedule (default: the one in FILE, else 1)"},
        {"executions", "N", FZ_OPT_NUMBER, &o->executions,
         "run under N schedules, until one fails (default 1)"},
        {"repeat", "N", FZ_OPT_NUMBER, &o->repeat,
         "run N times under the first schedule and compare the traces"},
        {"strategy", "NAME", FZ_OPT_STRING, &o->strategy,
         "pos, sticky, pct, random, … (default: what the input says)"},
        {"gil", "0|1", FZ_OPT_STRING, &o->gil,
         "free-threaded build: the GIL is never (0) or always (1) on"},
        {"findings", "DIR", FZ_OPT_STRING, &o->findings_dir,
         "write a finding to DIR"},
        {"save", "FILE", FZ_OPT_STRING, &o->save,
         "write the input to FILE (.txt: as text), do not run it"},
        {"raw", NULL, FZ_OPT_FLAG, &o->raw,
         "FILE is a libFuzzer or AFL++ input (any bytes)"},
        {"python", NULL, FZ_OPT_FLAG, &o->python,
         "print the program as Python and do not run it"},
        {"points", NULL, FZ_OPT_FLAG, &o->points,
         "also print where the scheduling points lie, most frequent first"},
        {"coverage", NULL, FZ_OPT_FLAG, &o->coverage,
         "generate --executions programs; which mechanisms do they reach?"},
        {"stats", NULL, FZ_OPT_FLAG, &o->stats,
         "also print how long threads waited for the GIL, and for which locks"},
        {"json", NULL, FZ_OPT_FLAG, &o->json, "print the result as JSON"},
        {0},
    };
    return FzCli_Parse(&fz_command_run, options, argc, argv, file, 1);
}

static int
run(int argc, char **argv)
{
    RunOptions o = {
        .seed = 1,
        .schedule_seed = UINT64_MAX,
        .executions = 1,
    };
    if (FzRunSource_Wants(argc, argv)) {
        return FzRunSource_Main(argc, argv);
    }
    const char *file[1];
    int n = parse(&o, argc, argv, file);
    if (n < 0) {
        return n == -2 ? FZ_EXIT_CLEAN : FZ_EXIT_USAGE;
    }
    if (!FzCli_CheckStrategy(o.strategy)) {
        return FZ_EXIT_USAGE;
    }
    if (!FzCli_SetGil(o.gil)) {
        return FZ_EXIT_USAGE;
    }
    if ((o.repeat > 0 || o.points || o.coverage) && !FzCli_NeedsEngine("run")) {
        return FZ_EXIT_USAGE;
    }
    char why[512];
    FzInput input;
    if (n == 1) {
        if (!FzInputFile_Read(file[0], o.raw, &input, why, sizeof(why))) {
            FzCli_Error("%s", why);
            return FZ_EXIT_USAGE;
        }
    }
    else {
        FzRng rng;
        FzRng_Seed(&rng, o.seed);
        FzInput_Generate(&input, &rng);
    }
    if (o.schedule_seed == UINT64_MAX) {
        o.schedule_seed = n == 1 ? input.seed : 1;
    }
    if (o.save != NULL) {
        return save_input(&o, &input);
    }
    if (o.python) {
        FzBuf text = {0};
        FzProgram_Lift(&input.program, &text, NULL);
        fputs(FzBuf_CString(&text), stdout);
        FzBuf_Free(&text);
        return FZ_EXIT_CLEAN;
    }
    if (!FzExec_Init(why, sizeof(why))) {
        FzCli_Error("%s", why);
        return FZ_EXIT_USAGE;
    }
    if (o.coverage) {
        return FzRun_Coverage(o.executions, o.seed, o.json,
                              o.findings_dir);
    }
    if (o.repeat > 0) {
        return run_repeatedly(&o, &input);
    }
    return run_schedules(&o, &input);
}

const FzCommand fz_command_run = {
    "run", "[FILE]", "run one program under one or many schedules",
    "FILE is an input (.ftz or .txt); without it a program is generated from "
    "--seed.\nA Python program (PROG.py, -c CODE, -) is run as such: "
    "ftfuzz run PROG.py --help",
    run,
};

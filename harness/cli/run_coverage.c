// run_coverage.c: which mechanisms of the runtime generated programs reach:
// `ftfuzz run --coverage`.
//
// A mechanism is reached when the runtime notes one of its events; a table has
// a row for each note and says in which builds programs must reach it.

#include <inttypes.h>

#include "cli.h"
#include "fz_exec.h"
#include "fz_finding.h"
#include "rtcore_hooks.h"
#include "run_internal.h"

typedef struct Row {
    RtNote note;
    bool required;
    const char *mechanism;
} Row;

static const Row rows[] = {
#ifdef RT_GIL_DISABLED
#define FZ_MECHANISM(note, ft, gil, text) {RT_NOTE_##note, (ft) != 0, text},
#else
#define FZ_MECHANISM(note, ft, gil, text) {RT_NOTE_##note, (gil) != 0, text},
#endif
#include "mechanism.def"
};
enum { NROWS = sizeof(rows) / sizeof(rows[0]) };

_Static_assert(NROWS == (int)RT_NOTE_COUNT,
               "mechanism.def has a row for each note");

static size_t
print_rows(bool json, uint64_t executions)
{
    size_t missed = 0;
    if (json) {
        printf("{\"build\": \"%s\", \"executions\": %" PRIu64
               ", \"mechanisms\": [",
               FzExec_BuildName(), executions);
    }
    for (size_t i = 0; i < NROWS; i++) {
        const Row *row = &rows[i];
        uint64_t count = FzEngine_CountNotes(row->note);
        bool miss = row->required && count == 0;
        missed += miss;
        if (json) {
            printf("%s\n{\"mechanism\": \"%s\", \"event\": \"%s\", \"count\": "
                   "%" PRIu64 ", \"required\": %s}",
                   i > 0 ? "," : "", row->mechanism, RtNote_Name(row->note),
                   count, row->required ? "true" : "false");
        }
        else {
            printf("%-18s %-20s %14" PRIu64 "%s\n", row->mechanism,
                   RtNote_Name(row->note), count,
                   miss ? "  NEVER REACHED"
                   : !row->required && count == 0 ? "  (not in this build)"
                                                  : "");
        }
    }
    if (json) {
        printf("], \"missed\": %zu}\n", missed);
    }
    else {
        printf("%" PRIu64 " executions, %zu mechanisms never reached\n",
               executions, missed);
    }
    return missed;
}

// An execution that broke a rule: named, and kept if there is a folder.
static void
report(const FzInput *input, const FzEngineConfig *config, const FzRun *run,
       const char *findings_dir)
{
    char path[4200] = "", why[512];
    if (findings_dir != NULL &&
        !FzFinding_Save(findings_dir, input, &config->schedule, run, NULL,
                        path, sizeof(path), why, sizeof(why))) {
        FzCli_Error("%s", why);
    }
    FzCli_Error("%s: %s%s%s", FzRule_Name(run->violations[0].rule),
                run->violations[0].message, path[0] != '\0' ? ", in " : "",
                path);
}

int
FzRun_Coverage(uint64_t programs, uint64_t seed, bool json,
               const char *findings_dir)
{
    FzRng rng;
    FzInput input;
    FzRun run = {0};
    FzEngineConfig config = FzExec_DefaultConfig();
    config.races = false;
    uint64_t findings = 0;
    FzRng_Seed(&rng, seed);
    for (uint64_t i = 0; i < programs; i++) {
        FzInput_Generate(&input, &rng);
        config.schedule = FzExec_ScheduleOf(&input);
        FzExec_RunProgram(&input.program, &config, &run);
        if (run.nviolations > 0) {
            report(&input, &config, &run, findings_dir);
            findings++;
        }
    }
    FzRun_Free(&run);
    size_t missed = print_rows(json, programs);
    if (findings > 0) {
        FzCli_Error("%" PRIu64 " of the executions broke a rule%s", findings,
                    findings_dir == NULL ? "; --findings DIR keeps them" : "");
    }
    return missed > 0 || findings > 0 ? FZ_EXIT_FINDING : FZ_EXIT_CLEAN;
}

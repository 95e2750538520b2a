// crash.c: a sanitizer's report ends the process from inside; before it does,
// the finding is written here: input, choices made so far, the report's text.
// Signals without a sanitizer are caught by the engine.

#include <string.h>
#include <unistd.h>

#include "fz_finding.h"
#include "worker_internal.h"

#if defined(RT_ASAN) || defined(RT_TSAN)
#include <sanitizer/common_interface_defs.h>

// A report ends the process with the code of a finding. ThreadSanitizer would
// else go on, and report each race only once in the life of a worker.
#define SANITIZER_OPTIONS "exitcode=77"
#if defined(RT_TSAN)
const char *__tsan_default_options(void);
const char *
__tsan_default_options(void)
{
    return SANITIZER_OPTIONS ":halt_on_error=1:atexit_sleep_ms=0";
}
#else
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
    return SANITIZER_OPTIONS;
}
#endif

static struct {
    FzWorkerShared *shared;
    const char *findings_dir;
    const FzInput *input;
    const FzSchedule *schedule;
    FzRun *run;
    char report_path[128];
} armed;

static void
write_finding(void)
{
    char path[4200];
    // The sanitizer appends the process id to its report's path.
    snprintf(path, sizeof(path), "%s.%ld", armed.report_path, (long)getpid());
    if (armed.run == NULL) {
        unlink(path);           // nobody wants to know
        return;
    }
    FzRun *run = armed.run;
    armed.run = NULL;
    FzBuf text = {0};
    if (FzFile_Read(path, &text, NULL, 0)) {
        unlink(path);
    }
    FzViolation *v = &run->violations[0];
    if (run->nviolations == 0) {
        bool race = strstr(FzBuf_CString(&text), "data race") != NULL;
        *v = (FzViolation){.rule = race ? FZ_RULE_DATA_RACE : FZ_RULE_CRASH,
                           .other_thread = UINT32_MAX};
        run->nviolations = 1;
        if (FzExec_IsDeterministic()) {
            v->thread = FzEngine_CurrentThread();
            v->step = FzEngine_Step();
            run->steps = v->step;
            // Far enough from other findings to name the folder.
            run->trace_hash = FzHash_Mix(v->step, run->tape.choices);
        }
    }
    FzReport_Summary(FzBuf_CString(&text), v->message, sizeof(v->message));
    char why[512];
    FzFindingExtra extra = {.report = FzBuf_CString(&text)};
    if (FzFinding_Save(armed.findings_dir, armed.input, armed.schedule, run,
                       &extra, path, sizeof(path), why, sizeof(why))) {
        FzWorker_Announce(armed.shared, FzRule_Name(v->rule), path);
    }
    else {
        fprintf(stderr, "ftfuzz: %s\n", why);
    }
    armed.shared->executions++;
}

void
FzCrash_Install(FzWorkerShared *shared)
{
    armed.shared = shared;
    snprintf(armed.report_path, sizeof(armed.report_path),
             "/tmp/ftfuzz-report-%ld", (long)getpid());
    __sanitizer_set_report_path(armed.report_path);
    __sanitizer_set_death_callback(write_finding);
}

void
FzCrash_Arm(const char *findings_dir, const FzInput *input,
            const FzSchedule *schedule, FzRun *run)
{
    armed.findings_dir = findings_dir;
    armed.input = input;
    armed.schedule = schedule;
    armed.run = run;
}

void
FzCrash_Disarm(void)
{
    armed.run = NULL;
}

#else

void
FzCrash_Install(FzWorkerShared *shared)
{
    (void)shared;
}

void
FzCrash_Arm(const char *findings_dir, const FzInput *input,
            const FzSchedule *schedule, FzRun *run)
{
    (void)findings_dir;
    (void)input;
    (void)schedule;
    (void)run;
}

void
FzCrash_Disarm(void)
{
}
#endif

// fleet_result.c: what a fuzzer says of its turn: our own in JSON, libFuzzer in
// its log, AFL++ in fuzzer_stats.

#include <stdlib.h>
#include <string.h>

#include "fleet_internal.h"

static void
read_own(const char *log, FleetJob *job, FleetSample *sample)
{
    // The summary, or the last status of one that did not come to it.
    const char *last = NULL;
    for (const char *at = log; (at = strstr(at, "{\"event\": \"s")) != NULL;
         at++) {
        last = at;
    }
    FzJson *json = last != NULL
                       ? FzJson_Parse(last, strcspn(last, "\n"), NULL, 0)
                       : NULL;
    if (json == NULL) {
        return;
    }
    sample->executions = (uint64_t)FzJson_Number(json, "executions", 0);
    sample->reached = (uint64_t)FzJson_Number(json, "edges", 0) +
                      (uint64_t)FzJson_Number(json, "interleavings", 0);
    job->steps += (uint64_t)FzJson_Number(json, "steps", 0);
    job->rechecks += (uint64_t)FzJson_Number(json, "rechecks", 0);
    job->singletons = (uint64_t)FzJson_Number(json, "singletons", 0);
    job->doubletons = (uint64_t)FzJson_Number(json, "doubletons", 0);
    job->species = (uint64_t)FzJson_Number(json, "species", 0);
    FzJson_Free(json);
}

// The number behind the last `label`.
static uint64_t
last_number(const char *text, const char *label)
{
    uint64_t value = 0;
    for (const char *at = text; (at = strstr(at, label)) != NULL; at++) {
        value = strtoull(at + strlen(label), NULL, 10);
    }
    return value;
}

// "#1234\tNEW": the last of them.
static uint64_t
last_execution(const char *text)
{
    uint64_t value = 0;
    for (const char *at = text; (at = strstr(at, "\n#")) != NULL; at++) {
        value = strtoull(at + 2, NULL, 10);
    }
    return value;
}

static void
read_libfuzzer(const char *log, FleetSample *sample)
{
    sample->executions = last_number(log, "number_of_executed_units: ");
    if (sample->executions == 0) {
        sample->executions = last_execution(log);
    }
    sample->reached = last_number(log, " ft: ");
}

static void
read_afl(const FleetChild *child, FleetSample *sample)
{
    char path[FLEET_LONG_PATH];
    FzBuf text = {0};
    // The log's folder is that of the campaign's.
    snprintf(path, sizeof(path), "%.*s/jobs/%s.%s.afl/afl/default/"
             "fuzzer_stats",
             (int)(strstr(child->log, "/logs/") - child->log), child->log,
             child->task.job->build, child->task.job->target);
    if (FzFile_Read(path, &text, NULL, 0)) {
        const char *stats = FzBuf_CString(&text);
        sample->executions = last_number(stats, "execs_done        : ");
        sample->reached = last_number(stats, "edges_found       : ");
    }
    FzBuf_Free(&text);
}

void
Fleet_ReadResult(const FleetChild *child, FleetSample *sample)
{
    FzBuf log = {0};
    FleetJob *job = child->task.job;
    if (job->engine == FLEET_AFL) {
        read_afl(child, sample);
    }
    else if (FzFile_Read(child->log, &log, NULL, 0)) {
        if (job->engine == FLEET_OWN) {
            read_own(FzBuf_CString(&log), job, sample);
        }
        else {
            read_libfuzzer(FzBuf_CString(&log), sample);
        }
    }
    FzBuf_Free(&log);
}

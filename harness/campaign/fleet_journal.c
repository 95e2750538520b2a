// fleet_journal.c: the journal of a campaign: what happened, one JSON object a
// line, only ever appended to. What is in it is true whenever the process dies:
// a line is on disk before the next thing is done, and half a line at the end
// is cut off by who reads it first.

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fleet_internal.h"

double
Fleet_Clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double
Fleet_Elapsed(const Fleet *fleet)
{
    return fleet->before + Fleet_Clock() - fleet->began;
}

void
Fleet_AddSample(Fleet *fleet, const FleetSample *sample)
{
    if (fleet->nsamples == fleet->samples_capacity) {
        fleet->samples_capacity = 2 * fleet->samples_capacity + 64;
        fleet->samples = realloc(fleet->samples, fleet->samples_capacity *
                                                     sizeof(*fleet->samples));
        FZ_ASSERT(fleet->samples != NULL);
    }
    fleet->samples[fleet->nsamples++] = *sample;
}

void
Fleet_Note(Fleet *fleet, const char *event, const char *format, ...)
{
    FzBuf line = {0};
    char members[2 * FLEET_LONG_PATH];
    va_list args;
    va_start(args, format);
    vsnprintf(members, sizeof(members), format, args);
    va_end(args);
    FzBuf_Printf(&line, "{\"event\": \"%s\", \"elapsed\": %.2f%s%s}\n", event,
                 Fleet_Elapsed(fleet), members[0] != '\0' ? ", " : "",
                 members);
    if (fleet->options->json) {
        fwrite(line.data, 1, line.size, stdout);
        fflush(stdout);
    }
    if (write(fleet->journal, line.data, line.size) != (ssize_t)line.size ||
        fdatasync(fleet->journal) != 0)
    {
        fprintf(stderr, "ftfuzz: the journal cannot be written: %s\n",
                strerror(errno));
        fleet->stopping = "journal";
    }
    FzBuf_Free(&line);
}

// ---------------------------------------------------------------------------
// Reading it.

static void
read_turn(Fleet *fleet, const FzJson *json)
{
    FleetJob *job = Fleet_FindJob(fleet, FzJson_String(json, "job"));
    if (job == NULL) {
        return;                 // a build that is not there any more
    }
    FleetSample sample = {
        .at = FzJson_Number(json, "elapsed", 0),
        .seconds = FzJson_Number(json, "seconds", 0),
        .job = (size_t)(job - fleet->jobs),
        .executions = (uint64_t)FzJson_Number(json, "executions", 0),
        .reached = (uint64_t)FzJson_Number(json, "reached", 0),
        .kept = (uint64_t)FzJson_Number(json, "kept", 0),
        .findings = (uint64_t)FzJson_Number(json, "findings", 0),
    };
    uint64_t rechecks = (uint64_t)FzJson_Number(json, "rechecks", 0);
    job->turns++;
    job->executions += sample.executions;
    job->steps += (uint64_t)FzJson_Number(json, "steps", 0);
    job->seconds += sample.seconds;
    job->reached = sample.reached;
    if (job->most_reached < sample.reached) {
        job->most_reached = sample.reached;
    }
    job->findings += sample.findings;
    job->rechecks += rechecks;
    job->steps_noted = job->steps;
    job->rechecks_noted = job->rechecks;
    job->singletons = (uint64_t)FzJson_Number(json, "singletons", 0);
    job->doubletons = (uint64_t)FzJson_Number(json, "doubletons", 0);
    job->species = (uint64_t)FzJson_Number(json, "species", 0);
    job->last_turn = sample.seconds;
    job->pays = FzJson_Number(json, "pays", 0);
    fleet->rechecks += rechecks;
    fleet->busy += sample.seconds;
    Fleet_AddSample(fleet, &sample);
}

static void
read_finding(Fleet *fleet, const FzJson *json)
{
    FleetFinding *f = Fleet_AddFinding(fleet, FzJson_String(json, "id"));
    snprintf(f->rule, sizeof(f->rule), "%s", FzJson_String(json, "rule"));
    snprintf(f->signature, sizeof(f->signature), "%s",
             FzJson_String(json, "signature"));
    snprintf(f->job, sizeof(f->job), "%s", FzJson_String(json, "job"));
    f->first = FzJson_Number(json, "elapsed", 0);
    f->count = 1;
}

static void
read_event(Fleet *fleet, const FzJson *json)
{
    const char *event = FzJson_String(json, "event");
    double elapsed = FzJson_Number(json, "elapsed", 0);
    fleet->before = elapsed > fleet->before ? elapsed : fleet->before;
    if (strcmp(event, "start") == 0) {
        fleet->sessions++;
        fleet->over = false;
    }
    else if (strcmp(event, "turn") == 0) {
        read_turn(fleet, json);
    }
    else if (strcmp(event, "finding") == 0) {
        read_finding(fleet, json);
    }
    else if (strcmp(event, "again") == 0) {
        Fleet_AddFinding(fleet, FzJson_String(json, "id"))->count++;
    }
    else if (strcmp(event, "minimized") == 0) {
        Fleet_AddFinding(fleet, FzJson_String(json, "id"))->minimized = true;
    }
    else if (strcmp(event, "canary") == 0) {
        fleet->canaries_ok++;
    }
    else if (strcmp(event, "killed") == 0) {
        fleet->hung++;
    }
    else if (strcmp(event, "stop") == 0) {
        fleet->over = true;
    }
}

// False with a reason: a line before the last is no JSON.
static bool
read_journal(Fleet *fleet, FzBuf *text, char *why, size_t why_size)
{
    size_t line = 1;
    char reason[200];
    for (size_t at = 0; at < text->size; line++) {
        const char *start = (const char *)text->data + at;
        size_t n = (size_t)((const char *)memchr(start, '\n',
                                                 text->size - at) - start);
        FzJson *json = FzJson_Parse(start, n, reason, sizeof(reason));
        if (json == NULL) {
            snprintf(why, why_size, "%s/journal.jsonl:%zu: %s; begin another "
                     "campaign, or cut the line", fleet->folder, line, reason);
            return false;
        }
        read_event(fleet, json);
        FzJson_Free(json);
        at += n + 1;
    }
    return true;
}

static bool
make_folders(Fleet *fleet, char *why, size_t why_size)
{
    static const char *const names[] = {"", "/corpus", "/jobs", "/findings",
                                        "/tmp", "/logs"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[FLEET_LONG_PATH];
        snprintf(path, sizeof(path), "%s%s", fleet->folder, names[i]);
        if (mkdir(path, 0777) != 0 && errno != EEXIST) {
            snprintf(why, why_size, "cannot make %s: %s", path,
                     strerror(errno));
            return false;
        }
    }
    return true;
}

static bool
lock_folder(Fleet *fleet, char *why, size_t why_size)
{
    char path[FLEET_LONG_PATH];
    snprintf(path, sizeof(path), "%s/lock", fleet->folder);
    fleet->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    // What a campaign that was killed had just forked holds it for a moment.
    bool locked = false;
    for (int i = 0; i < 60 && !locked && fleet->lock >= 0; i++) {
        locked = flock(fleet->lock, LOCK_EX | LOCK_NB) == 0;
        usleep(locked ? 0 : 50000);
    }
    if (!locked) {
        snprintf(why, why_size, "%s: another campaign runs there",
                 fleet->folder);
        return false;
    }
    return true;
}

bool
Fleet_Open(Fleet *fleet, char *why, size_t why_size)
{
    char path[FLEET_LONG_PATH];
    FzBuf text = {0};
    if (!make_folders(fleet, why, why_size) ||
        !lock_folder(fleet, why, why_size))
    {
        return false;
    }
    snprintf(path, sizeof(path), "%s/journal.jsonl", fleet->folder);
    fleet->journal = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fleet->journal < 0) {
        snprintf(why, why_size, "cannot open %s: %s", path, strerror(errno));
        return false;
    }
    bool ok = FzFile_Read(path, &text, why, why_size);
    size_t whole = text.size;
    while (whole > 0 && text.data[whole - 1] != '\n') {
        whole--;
    }
    if (ok && whole < text.size && ftruncate(fleet->journal,
                                             (off_t)whole) != 0) {
        snprintf(why, why_size, "cannot cut %s: %s", path, strerror(errno));
        ok = false;
    }
    text.size = whole;
    ok = ok && read_journal(fleet, &text, why, why_size);
    FzBuf_Free(&text);
    return ok;
}

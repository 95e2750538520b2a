// fleet_finding.c: from what fuzzers leave to findings with names.
//
// A finding is findings/ID, ID the hash of its signature. It is made whole
// elsewhere and renamed there: so there is never half of one nor two of one
// name, and who renames second has found it again. What it was made from is
// removed after that and no earlier: a campaign that dies in between makes it
// once more. Then it is in the journal; if the campaign died before that, the
// next session sees the folder and writes the line.

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fleet_internal.h"

FleetFinding *
Fleet_AddFinding(Fleet *fleet, const char *id)
{
    for (size_t i = 0; i < fleet->nfindings; i++) {
        if (strcmp(fleet->findings[i].id, id) == 0) {
            return &fleet->findings[i];
        }
    }
    if (fleet->nfindings == fleet->findings_capacity) {
        fleet->findings_capacity = 2 * fleet->findings_capacity + 16;
        fleet->findings =
            realloc(fleet->findings,
                    fleet->findings_capacity * sizeof(*fleet->findings));
        FZ_ASSERT(fleet->findings != NULL);
    }
    FleetFinding *f = &fleet->findings[fleet->nfindings++];
    *f = (FleetFinding){0};
    snprintf(f->id, sizeof(f->id), "%s", id);
    return f;
}

void
FleetFinding_Path(const Fleet *fleet, const char *id, char *out, size_t size)
{
    snprintf(out, size, "%s/findings/%s", fleet->folder, id);
}

// Of a finding's folder. False: it is none.
static bool
read_names(const char *folder, char rule[64], char signature[FLEET_TEXT])
{
    char path[2 * FLEET_LONG_PATH];
    FzBuf text = {0};
    snprintf(path, sizeof(path), "%s/finding.json", folder);
    FzJson *json = FzFile_Read(path, &text, NULL, 0)
                       ? FzJson_Parse(FzBuf_CString(&text), text.size, NULL, 0)
                       : NULL;
    FzBuf_Free(&text);
    if (json != NULL) {
        snprintf(rule, 64, "%s", FzJson_String(json, "rule"));
        snprintf(signature, FLEET_TEXT, "%s",
                 FzJson_String(json, "signature"));
    }
    FzJson_Free(json);
    return json != NULL && signature[0] != '\0';
}

static void
note_finding(Fleet *fleet, const char *id, const char *rule,
             const char *signature, const char *job)
{
    FleetFinding *f = Fleet_AddFinding(fleet, id);
    FzBuf text = {0};
    f->count = 1;
    f->first = Fleet_Elapsed(fleet);
    snprintf(f->rule, sizeof(f->rule), "%s", rule);
    snprintf(f->signature, sizeof(f->signature), "%s", signature);
    snprintf(f->job, sizeof(f->job), "%s", job);
    FzBuf_JsonString(&text, signature);
    Fleet_Note(fleet, "finding", "\"id\": \"%s\", \"rule\": \"%s\", "
               "\"signature\": %s, \"job\": \"%s\"", id, rule,
               FzBuf_CString(&text), job);
    FzBuf_Free(&text);
    Fleet_Say(fleet, "finding %s: %s (%s)", id, signature, job);
}

// Takes the folder as a finding, or counts it as one seen again.
static void
accept(Fleet *fleet, FleetJob *job, const char *folder)
{
    char rule[64], signature[FLEET_TEXT], id[17], path[FLEET_LONG_PATH];
    if (!read_names(folder, rule, signature)) {
        return;
    }
    snprintf(id, sizeof(id), "%016llx",
             (unsigned long long)FzHash_Bytes(signature, strlen(signature)));
    FleetFinding_Path(fleet, id, path, sizeof(path));
    bool again = access(path, F_OK) == 0;
    if (!again && rename(folder, path) != 0) {
        return;                 // no room: it stays where it is
    }
    if (again) {
        Fleet_AddFinding(fleet, id)->count++;
        Fleet_Note(fleet, "again", "\"id\": \"%s\"", id);
        Fleet_RemoveFolder(folder);
        return;
    }
    note_finding(fleet, id, rule, signature, job->name);
    job->findings++;
    Fleet_Queue(fleet, FLEET_MINIMIZE, job, path);
}

// ---------------------------------------------------------------------------
// After a turn.

// Crash files of AFL++ go where those of libFuzzer are: its folder is made anew
// for each turn.
static void
take_afl_files(const char *folder, const char *kind)
{
    char from[2 * FLEET_LONG_PATH], path[3 * FLEET_LONG_PATH];
    char target[3 * FLEET_LONG_PATH];
    struct dirent *entry;
    snprintf(from, sizeof(from), "%s/afl/default/%s", folder, kind);
    DIR *dir = opendir(from);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        FzBuf bytes = {0};
        snprintf(path, sizeof(path), "%s/%s", from, entry->d_name);
        if (strncmp(entry->d_name, "id:", 3) == 0 &&
            FzFile_Read(path, &bytes, NULL, 0))
        {
            snprintf(target, sizeof(target), "%s/new/%.5s-%016llx", folder,
                     kind, (unsigned long long)FzHash_Bytes(bytes.data,
                                                            bytes.size));
            (void)!rename(path, target);
        }
        FzBuf_Free(&bytes);
    }
    if (dir != NULL) {
        closedir(dir);
    }
}

static bool
is_queued(const Fleet *fleet, const char *path)
{
    for (size_t i = 0; i < fleet->ntasks; i++) {
        if (strcmp(fleet->tasks[i].subject, path) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < fleet->nslots; i++) {
        if (fleet->children[i].pid != 0 &&
            strcmp(fleet->children[i].task.subject, path) == 0)
        {
            return true;
        }
    }
    return false;
}

void
Fleet_Collect(Fleet *fleet, FleetJob *job)
{
    char folder[FLEET_LONG_PATH], from[2 * FLEET_LONG_PATH];
    char path[FLEET_PATH];
    struct dirent *entry;
    struct stat status;
    FleetJob_Folder(fleet, job, folder, sizeof(folder));
    if (job->engine == FLEET_AFL) {
        take_afl_files(folder, "crashes");
        take_afl_files(folder, "hangs");
    }
    snprintf(from, sizeof(from), "%s/new", folder);
    DIR *dir = opendir(from);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.' ||
            (size_t)snprintf(path, sizeof(path), "%s/%s", from,
                             entry->d_name) >= sizeof(path) ||
            stat(path, &status) != 0)
        {
            continue;
        }
        if (S_ISDIR(status.st_mode)) {
            accept(fleet, job, path);
        }
        else if (strncmp(entry->d_name, "slow-unit", 9) == 0 ||
                 strstr(entry->d_name, ".tmp") != NULL)
        {
            unlink(path);
        }
        else if (!is_queued(fleet, path)) {
            Fleet_Queue(fleet, FLEET_CONFIRM, job, path);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
}

// ---------------------------------------------------------------------------
// Crash files, run again without a fuzzer.

static void
take_line(const char *text, const char *label, char *out, size_t size)
{
    const char *at = strstr(text, label);
    if (at != NULL) {
        at += strlen(label);
        snprintf(out, size, "%.*s", (int)strcspn(at, "\n"), at);
    }
}

// By the harness, by a sanitizer, or by the first thing that was said.
static void
find_signature(const FleetChild *child, const char *report, int status,
               char out[FLEET_TEXT])
{
    char line[300] = "", function[200] = "";
    const char *target = child->task.job->target;
    out[0] = '\0';
    take_line(report, "\nsignature: ", out, FLEET_TEXT);
    if (out[0] != '\0') {
        return;
    }
    if (child->killed != NULL || child->asked) {
        snprintf(out, FLEET_TEXT, "HANG|%s", target);
        return;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        snprintf(out, FLEET_TEXT, "NONDETERMINISM|%s", target);
        return;
    }
    take_line(report, "\nSUMMARY: ", line, sizeof(line));
    if (line[0] != '\0') {
        const char *in = strstr(line, " in ");
        snprintf(function, sizeof(function), "%.190s",
                 in != NULL ? in + 4 : line);
        snprintf(out, FLEET_TEXT, "CRASH|%s", function);
        return;
    }
    take_line(report, " bytes)\n", line, sizeof(line));
    snprintf(out, FLEET_TEXT, "CRASH|%s|%.200s", target, line);
}

// A finding's folder of a target that runs no programs.
static bool
make_folder(const FleetChild *child, const FzBuf *report,
            const char *signature, const char *folder)
{
    char path[FLEET_LONG_PATH];
    FzBuf input = {0}, json = {0};
    const FleetJob *job = child->task.job;
    mkdir(folder, 0777);
    FzBuf_Printf(&json, "{\n  \"rule\": \"%.*s\",\n  \"signature\": ",
                 (int)strcspn(signature, "|"), signature);
    FzBuf_JsonString(&json, signature);
    FzBuf_Printf(&json, ",\n  \"build\": \"%s\",\n  \"target\": \"%s\",\n  "
                 "\"message\": \"%s_standalone input.bin shows it\"\n}\n",
                 job->build, job->target, job->target);
    snprintf(path, sizeof(path), "%.3000s/input.bin", folder);
    bool ok = FzFile_Read(child->task.subject, &input, NULL, 0) &&
              FzFile_Write(path, input.data, input.size, NULL, 0);
    snprintf(path, sizeof(path), "%.3000s/report.txt", folder);
    ok = ok && FzFile_Write(path, report->data, report->size, NULL, 0);
    snprintf(path, sizeof(path), "%.3000s/finding.json", folder);
    ok = ok && FzFile_Write(path, json.data, json.size, NULL, 0);
    FzBuf_Free(&input);
    FzBuf_Free(&json);
    return ok;
}

// The folder that the target itself has saved, if any.
static bool
find_saved(const char *folder, char *out, size_t size)
{
    struct dirent *entry;
    bool found = false;
    DIR *dir = opendir(folder);
    while (dir != NULL && !found && (entry = readdir(dir)) != NULL) {
        found = entry->d_name[0] != '.';
        snprintf(out, size, "%s/%s", folder, entry->d_name);
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return found;
}

void
Fleet_Confirmed(Fleet *fleet, FleetChild *child, int status)
{
    char folder[FLEET_LONG_PATH], made[2 * FLEET_LONG_PATH];
    char signature[FLEET_TEXT];
    FzBuf report = {0};
    const char *name = strrchr(child->task.subject, '/') + 1;
    bool crash = strncmp(name, "crash", 5) == 0;
    if (fleet->stopping != NULL && child->asked) {
        return;                 // the next session runs it again
    }
    if (!FzFile_Read(child->log, &report, NULL, 0)) {
        return;
    }
    find_signature(child, FzBuf_CString(&report), status, signature);
    snprintf(folder, sizeof(folder), "%s/tmp/%zu", fleet->folder,
             (size_t)(child - fleet->children));
    bool real = crash || strncmp(signature, "NONDET", 6) != 0;
    if (real && !find_saved(folder, made, sizeof(made))) {
        snprintf(made, sizeof(made), "%s/made", folder);
        real = make_folder(child, &report, signature, made);
    }
    if (real) {
        accept(fleet, child->task.job, made);
    }
    unlink(child->task.subject);
    FzBuf_Free(&report);
}

// ---------------------------------------------------------------------------
// Pages.

void
Fleet_WantPage(Fleet *fleet, FleetJob *job, const char *folder)
{
    char path[FLEET_LONG_PATH];
    // A crash file of a target has none: its report says all.
    snprintf(path, sizeof(path), "%.3000s/input.ftz", folder);
    bool shows = access(path, F_OK) == 0;
    snprintf(path, sizeof(path), "%.3000s/page.html", folder);
    if (shows && access(path, F_OK) != 0) {
        Fleet_Queue(fleet, FLEET_PAGE, job, folder);
    }
}

// ---------------------------------------------------------------------------
// After an end that nobody has seen.

static bool
is_noted(const Fleet *fleet, const char *id)
{
    for (size_t i = 0; i < fleet->nfindings; i++) {
        if (strcmp(fleet->findings[i].id, id) == 0 &&
            fleet->findings[i].signature[0] != '\0')
        {
            return true;
        }
    }
    return false;
}

void
Fleet_Recover(Fleet *fleet)
{
    char folder[FLEET_LONG_PATH], path[FLEET_PATH];
    char rule[64], signature[FLEET_TEXT];
    struct dirent *entry;
    snprintf(folder, sizeof(folder), "%s/tmp", fleet->folder);
    Fleet_RemoveFolder(folder);
    mkdir(folder, 0777);
    snprintf(folder, sizeof(folder), "%s/findings", fleet->folder);
    DIR *dir = opendir(folder);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.' || is_noted(fleet, entry->d_name)) {
            continue;
        }
        FleetFinding_Path(fleet, entry->d_name, path, sizeof(path));
        if (read_names(path, rule, signature)) {
            note_finding(fleet, entry->d_name, rule, signature, "");
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    for (size_t i = 0; i < fleet->nfindings; i++) {
        FleetFinding *f = &fleet->findings[i];
        FleetJob *job = Fleet_FindJob(fleet, f->job);
        FleetFinding_Path(fleet, f->id, path, sizeof(path));
        if (!f->minimized && job != NULL) {
            Fleet_Queue(fleet, FLEET_MINIMIZE, job, path);
        }
        else if (job != NULL) {
            Fleet_WantPage(fleet, job, path);
        }
    }
    for (size_t i = 0; i < fleet->njobs; i++) {
        Fleet_Collect(fleet, &fleet->jobs[i]);
    }
}

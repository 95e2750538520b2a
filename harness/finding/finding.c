// finding.c: a finding as a folder. It is written beside its place under a
// temporary name and renamed, so a killed process leaves no half finding.

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fz_exec.h"
#include "fz_finding.h"
#include "fz_signature.h"

static bool
make_folder(const char *path, char *why, size_t why_size)
{
    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
        snprintf(why, why_size, "cannot make the folder %s: %s", path,
                 strerror(errno));
        return false;
    }
    return true;
}

static bool
write_member(const char *folder, const char *name, FzBuf *bytes, char *why,
             size_t why_size)
{
    char path[4200];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    bool ok = FzFile_Write(path, bytes->data, bytes->size, why, why_size);
    FzBuf_Clear(bytes);
    return ok;
}

// For the choices -1, 0 and 1.
static const char *const gil_words[] = {"as needed", "0", "1"};

// Who freed what was used: other failures of the same mistake agree in it.
static void
describe_free(const FzViolation *v, FzBuf *out)
{
    if ((v->rule != FZ_RULE_USE_AFTER_FREE && v->rule != FZ_RULE_DOUBLE_FREE) ||
        v->other_stack[0] == NULL) {
        return;
    }
    char function[96] = "";
    for (int i = 0; i < FZ_MAX_STACK && v->other_stack[i] != NULL &&
                    function[0] == '\0'; i++) {
        FzSymbol_Function(v->other_stack[i], function, sizeof(function));
    }
    FzBuf_Printf(out, "  \"freed_by\": ");
    FzBuf_JsonString(out, function);
    FzBuf_Printf(out, ",\n");
}

static void
describe(const FzInput *input, const FzSchedule *schedule, const FzRun *run,
         const FzFindingExtra *extra, FzBuf *out)
{
    char own[FZ_SIGNATURE_TEXT];
    const char *signature = extra->signature;
    if (signature == NULL) {
        FzFinding_Signature(&run->violations[0], own, sizeof(own));
        signature = own;
    }
    const FzViolation *v = &run->violations[0];
    FzBuf_Printf(out, "{\n  \"format\": 1,\n  \"rule\": \"%s\",\n",
                 FzRule_Name(v->rule));
    FzBuf_Printf(out, "  \"oracle\": \"%s\",\n", FzRule_Oracle(v->rule));
    FzBuf_Printf(out, "  \"build\": \"%s\",\n", FzExec_BuildName());
    FzBuf_Printf(out, "  \"gil\": \"%s\",\n",
                 gil_words[FzExec_GetGil() + 1]);
    FzBuf_Printf(out, "  \"signature\": ");
    FzBuf_JsonString(out, signature);
    FzBuf_Printf(out, ",\n  \"message\": ");
    FzBuf_JsonString(out, v->message);
    FzBuf_Printf(out, ",\n");
    describe_free(v, out);
    FzBuf_Printf(out, "  \"thread\": %u,\n  \"step\": %llu,\n", v->thread,
                 (unsigned long long)v->step);
    FzBuf_Printf(out, "  \"strategy\": \"%s\",\n  \"seed\": \"0x%llx\",\n",
                 schedule->strategy != NULL ? schedule->strategy->name
                                            : "replay",
                 (unsigned long long)input->seed);
    FzBuf_Printf(out,
                 "  \"program\": \"%016llx\",\n  \"trace\": \"%016llx\",\n"
                 "  \"steps\": %llu,\n  \"switches\": %llu,\n"
                 "  \"threads\": %u%s\n}\n",
                 (unsigned long long)FzProgram_Hash(&input->program),
                 (unsigned long long)run->trace_hash,
                 (unsigned long long)run->steps,
                 (unsigned long long)run->switches, run->nthreads,
                 extra->members != NULL ? extra->members : "");
}

static bool
write_members(const char *folder, const FzInput *input,
              const FzSchedule *schedule, const FzRun *run,
              const FzFindingExtra *extra, char *why, size_t why_size)
{
    FzBuf out = {0};
    FzInputFile_Encode(input, &out);
    bool ok = write_member(folder, "input.ftz", &out, why, why_size);
    FzSchedule_Print(schedule, &run->tape, FzProgram_Hash(&input->program),
                     run->trace_hash, &out);
    ok = ok && write_member(folder, "schedule.txt", &out, why, why_size);
    FzProgram_Lift(&input->program, &out, NULL);
    ok = ok && write_member(folder, "program.py", &out, why, why_size);
    FzReport_Text(input, run, &out);
    if (extra->report != NULL) {
        FzBuf_Append(&out, extra->report, strlen(extra->report));
    }
    ok = ok && write_member(folder, "report.txt", &out, why, why_size);
    describe(input, schedule, run, extra, &out);
    ok = ok && write_member(folder, "finding.json", &out, why, why_size);
    FzBuf_Free(&out);
    return ok;
}

static void
remove_folder(const char *folder)
{
    static const char *const members[] = {"input.ftz", "schedule.txt",
                                          "program.py", "report.txt",
                                          "finding.json"};
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        char path[4200];
        snprintf(path, sizeof(path), "%s/%s", folder, members[i]);
        unlink(path);
    }
    rmdir(folder);
}

// The folder is under a temporary name beside `path` until it is whole.
static bool
write_beside(const char *path, const FzInput *input,
             const FzSchedule *schedule, const FzRun *run,
             const FzFindingExtra *extra, char *temporary, size_t size,
             char *why, size_t why_size)
{
    const char *slash = strrchr(path, '/');
    int parent = slash != NULL ? (int)(slash - path) : 1;
    snprintf(temporary, size, "%.*s/.new-%ld", parent,
             slash != NULL ? path : ".", (long)getpid());
    if (!make_folder(temporary, why, why_size) ||
        !write_members(temporary, input, schedule, run, extra, why,
                       why_size)) {
        remove_folder(temporary);
        return false;
    }
    return true;
}

bool
FzFinding_Save(const char *dir, const FzInput *input,
               const FzSchedule *schedule, const FzRun *run,
               const FzFindingExtra *extra, char *path, size_t path_size,
               char *why, size_t why_size)
{
    FzFindingExtra all = extra != NULL ? *extra : (FzFindingExtra){0};
    FZ_ASSERT(run->nviolations > 0);
    if (!make_folder(dir, why, why_size)) {
        return false;
    }
    char temporary[4096], signature[FZ_SIGNATURE_TEXT];
    uint64_t id = FzHash_Mix(FzProgram_Hash(&input->program), run->trace_hash);
    snprintf(path, path_size, "%s/%s-%08x", dir,
             FzRule_Name(run->violations[0].rule), (unsigned)(id >> 32));
    if (access(path, F_OK) == 0 && all.members == NULL) {
        // Found again: it is the newest one.
        (void)utimensat(AT_FDCWD, path, NULL, 0);
        return true;
    }
    FzSignature parsed;
    if (all.signature == NULL && all.report != NULL &&
        FzSignature_OfReport(all.report, &parsed)) {
        FzSignature_Print(&parsed, signature, sizeof(signature));
        all.signature = signature;
    }
    if (access(path, F_OK) == 0) {
        // A minimised form is in the folder: that stays as it is.
        char minimized[4200];
        snprintf(minimized, sizeof(minimized), "%s/minimized", path);
        if (access(minimized, F_OK) == 0) {
            return true;
        }
        return FzFinding_Write(path, input, schedule, run, &all, why,
                               why_size);
    }
    if (!write_beside(path, input, schedule, run, &all, temporary,
                      sizeof(temporary), why, why_size)) {
        return false;
    }
    if (rename(temporary, path) != 0 && access(path, F_OK) != 0) {
        snprintf(why, why_size, "cannot make the folder %s: %s", path,
                 strerror(errno));
        remove_folder(temporary);
        return false;
    }
    return true;
}

bool
FzFinding_Write(const char *folder, const FzInput *input,
                const FzSchedule *schedule, const FzRun *run,
                const FzFindingExtra *extra, char *why, size_t why_size)
{
    FZ_ASSERT(run->nviolations > 0);
    char temporary[4096], aside[4200];
    if (!write_beside(folder, input, schedule, run, extra, temporary,
                      sizeof(temporary), why, why_size)) {
        return false;
    }
    // There is a whole one at any moment: they change places, or the new one
    // comes where there was none.
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, folder, RENAME_EXCHANGE) ==
        0) {
        remove_folder(temporary);
        return true;
    }
    snprintf(aside, sizeof(aside), "%s.old", temporary);
    bool replaces = rename(folder, aside) == 0;
    if (rename(temporary, folder) != 0) {
        snprintf(why, why_size, "cannot make the folder %s: %s", folder,
                 strerror(errno));
        if (replaces && rename(aside, folder) != 0) {
            snprintf(why, why_size, "the former %s is now %s", folder, aside);
        }
        remove_folder(temporary);
        return false;
    }
    if (replaces) {
        remove_folder(aside);
    }
    return true;
}

// The value of a string member of our own flat JSON; "" if it has none.
static void
json_member(const char *json, const char *name, char *out, size_t size)
{
    char key[64];
    snprintf(key, sizeof(key), "\"%s\": \"", name);
    const char *at = strstr(json, key);
    out[0] = '\0';
    if (at == NULL) {
        return;
    }
    at += strlen(key);
    const char *end = strchr(at, '"');
    if (end != NULL) {
        snprintf(out, size, "%.*s", (int)(end - at), at);
    }
}

static bool
load_members(const char *path, FzFinding *finding, FzBuf *bytes, char *why,
             size_t why_size)
{
    char member[4200];
    snprintf(member, sizeof(member), "%s/input.ftz", path);
    if (!FzInputFile_Read(member, false, &finding->input, why, why_size)) {
        return false;
    }
    snprintf(member, sizeof(member), "%s/finding.json", path);
    if (!FzFile_Read(member, bytes, why, why_size)) {
        return false;
    }
    const char *json = FzBuf_CString(bytes);
    json_member(json, "rule", finding->rule, sizeof(finding->rule));
    json_member(json, "build", finding->build, sizeof(finding->build));
    json_member(json, "signature", finding->signature,
                sizeof(finding->signature));
    if (finding->rule[0] == '\0') {
        snprintf(why, why_size, "%s names no rule: it is damaged", member);
        return false;
    }
    char gil[16];
    json_member(json, "gil", gil, sizeof(gil));
    finding->gil = strcmp(gil, "0") == 0 ? 0 : strcmp(gil, "1") == 0 ? 1 : -1;
    snprintf(member, sizeof(member), "%s/schedule.txt", path);
    char reason[256];
    if (!FzFile_Read(member, bytes, why, why_size)) {
        return false;
    }
    if (!FzScheduleFile_Parse(FzBuf_CString(bytes), bytes->size,
                              &finding->schedule, reason, sizeof(reason))) {
        snprintf(why, why_size, "%s: %s", member, reason);
        return false;
    }
    uint64_t hash = FzProgram_Hash(&finding->input.program);
    if (finding->schedule.program_hash != hash) {
        snprintf(why, why_size,
                 "%s belongs to another program (%016llx, but the input is "
                 "%016llx): put the schedule back beside its own input.ftz, "
                 "or use the ftfuzz that wrote both, if this is another one",
                 member, (unsigned long long)finding->schedule.program_hash,
                 (unsigned long long)hash);
        return false;
    }
    return true;
}

bool
FzFinding_Load(const char *path, FzFinding *finding, char *why,
               size_t why_size)
{
    *finding = (FzFinding){0};
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode)) {
        snprintf(why, why_size,
                 "%s is no finding: a folder with input.ftz, schedule.txt and "
                 "finding.json is expected",
                 path);
        return false;
    }
    FzBuf bytes = {0};
    bool ok = load_members(path, finding, &bytes, why, why_size);
    FzBuf_Free(&bytes);
    if (!ok) {
        FzFinding_Free(finding);
    }
    return ok;
}

FzEngineConfig
FzFinding_Config(const FzFinding *finding)
{
    FzEngineConfig config = FzExec_DefaultConfig();
    config.schedule = finding->schedule.schedule;
    config.races = config.races && strcmp(finding->rule, "DATA_RACE") == 0;
    return config;
}

void
FzFinding_Free(FzFinding *finding)
{
    FzScheduleFile_Free(&finding->schedule);
}

// fz_finding.h: a finding on disk: a folder that holds all that replays it.
//
//   input.ftz      the input (container below)
//   schedule.txt   the choices made (fz_schedule.h)
//   program.py     the program as Python
//   report.txt     what was found, for people
//   finding.json   the same for scripts
//
// An input container is: "FTFZ", version byte 1, 3 zero bytes, payload length
// (u32, little endian), 64-bit hash of the payload, payload (FzInput). A file
// that is truncated, damaged or something else is told apart and refused.
// A seed may also be text (input_text.c): "ftfuzz input 1", lines "# comment",
// "seed N", "strategy N", "fail-allocation N", "overrides HEX", then "program"
// and the program's text up to "end".

#ifndef FZ_FINDING_H
#define FZ_FINDING_H

#include "fz_engine.h"
#include "fz_program.h"

enum { FZ_INPUT_MAX_BYTES = 1 << 16 };

void FzInputFile_Encode(const FzInput *input, FzBuf *out);
// Either form. raw: the bytes are the payload itself, as libFuzzer writes them.
FZ_WARN_UNUSED bool FzInputFile_Read(const char *path, bool raw,
                                     FzInput *input, char *why,
                                     size_t why_size);

// idea: a comment of one line, or NULL.
void FzInputText_Print(const FzInput *input, const char *idea, FzBuf *out);
FZ_WARN_UNUSED bool FzInputText_Parse(const char *text, FzInput *input,
                                      char *why, size_t why_size);
bool FzInputText_IsText(const void *bytes, size_t n);
// Whether a file in a folder of inputs is one, by its name.
bool FzInputFile_IsInput(const char *name);

typedef struct FzFinding {
    FzInput input;
    FzScheduleFile schedule;
    char rule[64];              // recorded verdict
    char build[32];             // that found it
    int gil;                    // FzExec_SetGil()
    char signature[400];        // FZ_SIGNATURE_TEXT
} FzFinding;

// "RULE|function|function": the rule and the innermost functions of the two
// parties that are not plumbing, in alphabetical order.
void FzFinding_Signature(const FzViolation *violation, char *out, size_t size);
// What a finding says beyond its run.
typedef struct FzFindingExtra {
    const char *report;         // appended to report.txt; NULL: nothing
    const char *members;        // of finding.json, ",\n  \"a\": 1"; NULL: none
    const char *signature;      // NULL: of the report, or of the run's first
                                // violation
} FzFindingExtra;
// Writes the folder dir/<name> and returns its path in `path`. A finding of the
// same name is left as it is, but for what the members say of it, and that too
// if it was minimised. extra: or NULL.
FZ_WARN_UNUSED bool FzFinding_Save(const char *dir, const FzInput *input,
                                   const FzSchedule *schedule,
                                   const FzRun *run,
                                   const FzFindingExtra *extra, char *path,
                                   size_t path_size, char *why,
                                   size_t why_size);
// Writes the finding as this folder. One that is there is replaced: the two
// change places, so there is always a whole one.
FZ_WARN_UNUSED bool FzFinding_Write(const char *folder, const FzInput *input,
                                    const FzSchedule *schedule,
                                    const FzRun *run,
                                    const FzFindingExtra *extra, char *why,
                                    size_t why_size);
FZ_WARN_UNUSED bool FzFinding_Load(const char *path, FzFinding *finding,
                                   char *why, size_t why_size);
// What repeats it. Data races are looked for only if the finding is one: a
// build that sees them would stop at a race before it comes to the verdict
// that another build recorded.
FzEngineConfig FzFinding_Config(const FzFinding *finding);
void FzFinding_Free(FzFinding *finding);

// report.c
void FzReport_Text(const FzInput *input, const FzRun *run, FzBuf *out);
// symbolize.c
// What this process and those that it forks from now on learn of addresses,
// all of them know: to ask takes a tool that each would have to start.
void FzSymbol_Share(void);
// "function (file:line)" for a code address of this binary.
void FzSymbol_Name(const void *address, char *out, size_t size);
// The same for an offset in the image (FzTraceEvent.site).
void FzSymbol_NameOffset(uintptr_t offset, char *out, size_t size);
// Only the function; inlined frames are resolved to the innermost that is not
// plumbing (atomics, reference counting, hooks).
void FzSymbol_Function(const void *address, char *out, size_t size);
bool FzSymbol_IsPlumbing(const char *function);
// The innermost function at an offset in the image that is no atomic operation;
// reference counting counts as a function here.
void FzSymbol_FunctionAtOffset(uintptr_t offset, char *out, size_t size);
// A sanitizer's summary line, or the first line of its report.
void FzReport_Summary(const char *report, char *out, size_t size);
// A sanitizer's report with the names that it was printed without.
void FzReport_Symbolize(const char *report, FzBuf *out);
// Of what and where, by code addresses: equal for reports that say the same.
uint64_t FzReport_Hash(const char *report);

#endif  // FZ_FINDING_H

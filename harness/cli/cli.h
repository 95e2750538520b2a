// cli.h: what the subcommands share: options from a table, exit codes, errors.

#ifndef FZ_CLI_H
#define FZ_CLI_H

#include "fz_base.h"

// Exit codes. 71 and 77 agree with libFuzzer.
typedef enum FzExit {
    FZ_EXIT_CLEAN = 0,          // nothing found
    FZ_EXIT_USAGE = 2,          // wrong options or unusable files
    FZ_EXIT_MEMORY = 71,
    FZ_EXIT_FINDING = 77,       // a violation was found (or reproduced)
    FZ_EXIT_NONDETERMINISM = 78,        // it failed in another way
} FzExit;

typedef enum FzOptionKind {
    FZ_OPT_FLAG, FZ_OPT_NUMBER, FZ_OPT_STRING, FZ_OPT_SECONDS
} FzOptionKind;

typedef struct FzOption {
    const char *name;           // without dashes; NULL ends a table
    const char *value;          // what the value is called, NULL for a flag
    FzOptionKind kind;
    void *target;               // bool *, uint64_t *, const char **, double *
    const char *help;           // one line; the default is part of it
} FzOption;

typedef struct FzCommand {
    const char *name;
    const char *arguments;      // "FINDING" or ""
    const char *sentence;
    const char *details;        // further lines of --help, or ""
    int (*run)(int argc, char **argv);
} FzCommand;

// Parses options anywhere among argv; what is left, in order, goes to
// `operands` (at most max_operands). Returns the number of operands, or -1
// after an error message, or -2 after --help was printed.
int FzCli_Parse(const FzCommand *command, const FzOption *options, int argc,
                char **argv, const char **operands, int max_operands);

// Whether it names a strategy (NULL: none is named); otherwise an error that
// lists them.
bool FzCli_CheckStrategy(const char *name);

// --gil: NULL, "0" or "1"; before FzExec_Init(). False: an error message.
bool FzCli_SetGil(const char *choice);
// The same for a finding: without --gil it is as it was when that was found,
// whatever RT_GIL says. A build that cannot turns its GIL on.
bool FzCli_SetGilOf(const char *choice, int recorded);

// True in builds that run programs deterministically; else an error message.
bool FzCli_NeedsEngine(const char *command);
// Loads the finding in a folder, and starts engine and runtime as it needs them
// (`gil` as for FzCli_SetGilOf()). False: an error message; nothing to free.
struct FzFinding;
bool FzCli_OpenFinding(const char *folder, const char *gil,
                       struct FzFinding *out);
// "ftfuzz: message" on standard error, one line.
void FzCli_Error(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

extern const FzCommand fz_command_run;
extern const FzCommand fz_command_fuzz;
extern const FzCommand fz_command_campaign;
extern const FzCommand fz_command_replay;
extern const FzCommand fz_command_show;
extern const FzCommand fz_command_bench;
extern const FzCommand fz_command_failalloc;
extern const FzCommand fz_command_rules;
extern const FzCommand fz_command_sct;
extern const FzCommand fz_command_cpython;
extern const FzCommand fz_command_minimize;
extern const FzCommand fz_command_triage;
extern const FzCommand fz_command_corpus;
extern const FzCommand fz_command_explain;
extern const FzCommand fz_command_differ;
extern const FzCommand fz_command_repl;

#endif  // FZ_CLI_H

// cmd_explain.c: ftfuzz explain: why a finding is a bug and where it comes
// from, in words.

#include <stdio.h>

#include "cli.h"
#include "fz_exec.h"
#include "fz_explain.h"

static int
run(int argc, char **argv)
{
    const char *path[1];
    const FzOption options[] = {{0}};
    int n = FzCli_Parse(&fz_command_explain, options, argc, argv, path, 1);
    if (n < 0) {
        return n == -2 ? FZ_EXIT_CLEAN : FZ_EXIT_USAGE;
    }
    if (n != 1) {
        FzCli_Error("explain: give the folder of one finding");
        return FZ_EXIT_USAGE;
    }
    if (!FzCli_NeedsEngine("explain")) {
        return FZ_EXIT_USAGE;
    }
    FzFinding finding;
    if (!FzCli_OpenFinding(path[0], NULL, &finding)) {
        return FZ_EXIT_USAGE;
    }
    FzRun result = {0};
    FzExplanation explanation;
    char why[4600];
    bool fails = FzExplain_Run(&finding, &result, &explanation, why,
                               sizeof(why));
    if (fails) {
        FzBuf out = {0};
        FzExplain_Print(&finding, &result, &explanation, &out);
        fputs(FzBuf_CString(&out), stdout);
        FzBuf_Free(&out);
    }
    else {
        FzCli_Error("%s", why);
    }
    FzRun_Free(&result);
    FzFinding_Free(&finding);
    return fails ? FZ_EXIT_CLEAN : FZ_EXIT_NONDETERMINISM;
}

const FzCommand fz_command_explain = {
    "explain", "FINDING", "say why a finding is a bug and what it comes from",
    "The steps that conflict, the smallest change of the schedule that avoids "
    "it, and\nthe moment from which on it cannot be avoided. Minimised "
    "findings explain best.\nExit code 0: explained; 78: it does not fail in "
    "this build.",
    run,
};

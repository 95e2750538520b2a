// main.c: ftfuzz, the command-line program: finds the subcommand.

#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "fz_exec.h"

static const FzCommand *const commands[] = {
    &fz_command_fuzz,  &fz_command_run,   &fz_command_replay,
    &fz_command_show,  &fz_command_bench, &fz_command_failalloc,
    &fz_command_rules, &fz_command_sct,   &fz_command_minimize,
    &fz_command_triage, &fz_command_corpus,
    &fz_command_explain, &fz_command_campaign, &fz_command_differ,
    &fz_command_cpython, &fz_command_repl,
};
enum { NCOMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void
print_usage(FILE *out)
{
    fprintf(out,
            "usage: ftfuzz COMMAND [options]\n\n"
            "Finds thread-safety bugs in interpreter runtimes: runs generated "
            "multi-threaded\nprograms under chosen interleavings and checks "
            "what must always hold.\nThis is the %s build.\n\ncommands:\n",
            FzExec_BuildName());
    for (int i = 0; i < NCOMMANDS; i++) {
        fprintf(out, "  %-9s %s\n", commands[i]->name, commands[i]->sentence);
    }
    fprintf(out, "\nftfuzz COMMAND --help says more of each.\n");
}

int
main(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return FZ_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_usage(stdout);
        return FZ_EXIT_CLEAN;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("ftfuzz 0.1.0 (%s)\n", FzExec_BuildName());
        return FZ_EXIT_CLEAN;
    }
    for (int i = 0; i < NCOMMANDS; i++) {
        if (strcmp(argv[1], commands[i]->name) == 0) {
            return commands[i]->run(argc - 2, argv + 2);
        }
    }
    FzCli_Error("unknown command '%s'; see ftfuzz --help", argv[1]);
    return FZ_EXIT_USAGE;
}

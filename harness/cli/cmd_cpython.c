// cmd_cpython.c: ftfuzz cpython: a free-threaded CPython as the target. What it
// does is written in Python (harness/cpython/ftcpython.py): it makes programs
// of that language, and talks to interpreters, which do the work.

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static int
run(int argc, char **argv)
{
    char **arguments = calloc((size_t)argc + 4, sizeof(char *));
    FZ_ASSERT(arguments != NULL);
    arguments[0] = "python3";
    arguments[1] = "-B";
    arguments[2] = FZ_CPYTHON "/ftcpython.py";
    memcpy(arguments + 3, argv, (size_t)argc * sizeof(char *));
    // It asks this program for programs.
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    self[n > 0 ? n : 0] = '\0';
    setenv("FTFUZZ", self, 1);
    execvp(arguments[0], arguments);
    FzCli_Error("cannot run python3: %s", strerror(errno));
    free(arguments);
    return FZ_EXIT_USAGE;
}

const FzCommand fz_command_cpython = {
    .name = "cpython",
    .arguments = "fuzz|replay|minimize|triage|run|check|kinds [options]",
    .sentence = "find bugs of a free-threaded CPython, or of an extension",
    .details = "",              // it prints its own
    .run = run,
};

// cmd_repl.c: ftfuzz repl: an interactive loop. What is typed is read and
// compiled by a process of the system's python3 (runtime/compiler/repl.py),
// statement by statement, and run here, on OS threads, in one namespace.

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "rt_module.h"
#include "rtcore_state.h"
#include "run_internal.h"

extern char **environ;

typedef struct Repl {
    int code;                   // from the reader
    int answers;                // to it
    pid_t reader;
    bool asked;                 // it waits for an answer
    FzBuf file;
    int status;                 // of the program
} Repl;

static bool
read_all(int fd, void *out, size_t size)
{
    for (size_t at = 0; at < size; ) {
        ssize_t n = read(fd, (char *)out + at, size - at);
        if (n <= 0 && !(n < 0 && errno == EINTR)) {
            return false;
        }
        at += n > 0 ? (size_t)n : 0;
    }
    return true;
}

// While the reader has the terminal, an interrupt is its own.
static bool
next_file(void *arg, const void **data, size_t *size)
{
    Repl *repl = arg;
    fflush(stdout);
    signal(SIGINT, SIG_IGN);
    uint8_t head[4];
    if ((repl->asked && write(repl->answers, ".", 1) != 1) ||
        !read_all(repl->code, head, sizeof(head)))
    {
        return false;
    }
    uint32_t n = head[0] | (uint32_t)head[1] << 8 | (uint32_t)head[2] << 16 |
                 (uint32_t)head[3] << 24;
    FzBuf_Clear(&repl->file);
    char chunk[4096];
    for (size_t left = n, take; left > 0; left -= take) {
        take = left < sizeof(chunk) ? left : sizeof(chunk);
        if (!read_all(repl->code, chunk, take)) {
            return false;
        }
        FzBuf_Append(&repl->file, chunk, take);
    }
    repl->asked = true;
    *data = repl->file.data;
    *size = n;
    signal(SIGINT, SIG_DFL);
    return true;
}

static void
run_loop(void *arg)
{
    Repl *repl = arg;
    repl->status = FZ_EXIT_MEMORY;
    RtThreadState *tstate = RtRuntime_Start();
    if (tstate == NULL) {
        return;
    }
    repl->status = RtRun_Interactive(next_file, repl);
    RtRuntime_Finish(tstate);
}

static bool
start_reader(Repl *repl)
{
    int answers[2], code[2];
    if (pipe2(answers, O_CLOEXEC) != 0 || pipe2(code, O_CLOEXEC) != 0) {
        FzCli_Error("repl: no pipe can be had: %s", strerror(errno));
        return false;
    }
    // Its ends are the only ones that it gets.
    fcntl(answers[0], F_SETFD, 0);
    fcntl(code[1], F_SETFD, 0);
    char path[4200], numbers[2][16];
    snprintf(path, sizeof(path), "%s/repl.py", FzRunSource_Compiler());
    snprintf(numbers[0], sizeof(numbers[0]), "%d", answers[0]);
    snprintf(numbers[1], sizeof(numbers[1]), "%d", code[1]);
    const char *python = FzRunSource_Python();
    char *const argv[] = {
        (char *)python, "-B", "-E", path, numbers[0], numbers[1], NULL,
    };
    int error = posix_spawnp(&repl->reader, python, NULL, NULL, argv, environ);
    close(answers[0]);
    close(code[1]);
    if (error != 0) {
        FzCli_Error("cannot run %s, which compiles programs: %s", python,
                    strerror(error));
        return false;
    }
    repl->answers = answers[1];
    repl->code = code[0];
    return true;
}

static int
run(int argc, char **argv)
{
    static Repl repl;
    const char *gil = NULL;
    const char *none[1];
    const FzOption options[] = {
        {"gil", "0|1", FZ_OPT_STRING, &gil,
         "free-threaded build: the GIL is never (0) or always (1) on"},
        {0},
    };
    int n = FzCli_Parse(&fz_command_repl, options, argc, argv, none, 0);
    if (n < 0) {
        return n == -2 ? FZ_EXIT_CLEAN : FZ_EXIT_USAGE;
    }
    if (!FzCli_SetGil(gil)) {
        return FZ_EXIT_USAGE;
    }
    signal(SIGPIPE, SIG_IGN);
    if (!start_reader(&repl)) {
        return FZ_EXIT_USAGE;
    }
    int status = FzRunSource_OnOsThreads(run_loop, &repl);
    close(repl.answers);
    close(repl.code);
    while (waitpid(repl.reader, NULL, 0) < 0 && errno == EINTR) {
    }
    FzBuf_Free(&repl.file);
    return status != 0 ? status : repl.status;
}

const FzCommand fz_command_repl = {
    "repl", "", "an interactive loop",
    "Statements from standard input run one after another, on OS threads, in "
    "one\nnamespace; what an expression gives is printed and kept as _. A line "
    "that does not\nend a statement is continued, a block by lines until an "
    "empty one. If standard\ninput is a terminal there are prompts, and lines "
    "can be edited and had again.\nThe end of the input (Ctrl-D) or SystemExit "
    "ends it. Only modules of the library\ncan be imported. Exit code: 0, or "
    "that of SystemExit.",
    run,
};

// fuzz_source.c: the fuzz target of the compiler: an input is a Python program
// (fuzz_grammar.h). The compiler is Python itself and runs in a process of
// its own, a server that is started with the first input and compiles one after
// the other; it says which of its blocks have run, so that fuzzers are guided
// by them. What it writes must be taken by the loader and is run; a compiler
// that fails in any other way than by refusing the program is a bug, too.
//
// FTFUZZ_PRINT set: prints the program of each input.

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz_targets.h"
#include "fz_bytecode.h"
#include "fuzz_grammar.h"

enum { BLOCKS = 4096, COMPILED = 0, NO_PYTHON = 1, FAILED = 3 };

// As those in fuzz_common.c.
__attribute__((section("__libfuzzer_extra_counters"), used))
static uint8_t compiler_blocks[BLOCKS];

extern char **environ;

static struct {
    pid_t owner;                // that started it: a fork starts its own
    int requests, answers;
} server;

static _Noreturn void
give_up(const char *what)
{
    fprintf(stderr, "fuzz_source: %s: %s\n", what, strerror(errno));
    exit(2);
}

// The sources, or what was packed with the target in its folder.
static void
find_files(char script[4096], char compiler[4096])
{
    struct stat status;
    char self[3800] = "";
    if (readlink("/proc/self/exe", self, sizeof(self) - 1) > 0) {
        *strrchr(self, '/') = '\0';
        snprintf(script, 4096, "%s/fuzz_source.files/compile_server.py", self);
        snprintf(compiler, 4096, "%s/fuzz_source.files/compiler", self);
        if (stat(script, &status) == 0) {
            return;
        }
    }
    snprintf(script, 4096, "%s", FUZZ_COMPILE_SERVER);
    snprintf(compiler, 4096, "%s", FUZZ_COMPILER);
}

static void
start_server(void)
{
    int in[2], out[2];
    char script[4096], compiler[4096];
    posix_spawn_file_actions_t actions;
    pid_t pid;
    find_files(script, compiler);
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) {
        give_up("no pipe");
    }
    // Strings are hashed alike in every server: so are its blocks.
    setenv("PYTHONHASHSEED", "0", 1);
    char *const argv[] = {"python3", "-B", "-W", "ignore", script,
                          compiler, NULL};
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    errno = posix_spawnp(&pid, "python3", &actions, NULL, argv, environ);
    if (errno != 0) {
        give_up("cannot run python3");
    }
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    server.owner = getpid();
    server.requests = in[1];
    server.answers = out[0];
}

static void
send_all(const void *bytes, size_t n)
{
    const char *at = bytes;
    for (ssize_t done; n > 0; at += done, n -= (size_t)done) {
        done = write(server.requests, at, n);
        if (done < 0 && errno == EINTR) {
            done = 0;
        }
        else if (done <= 0) {
            give_up("the compiler's process is gone");
        }
    }
}

static void
receive_all(void *bytes, size_t n)
{
    char *at = bytes;
    for (ssize_t done; n > 0; at += done, n -= (size_t)done) {
        done = read(server.answers, at, n);
        if (done < 0 && errno == EINTR) {
            done = 0;
        }
        else if (done <= 0) {
            give_up("the compiler's process is gone");
        }
    }
}

// What the compiler answers; the code file (or the reason) behind the byte 0xff
// that tells FzBytecode_Run() that a whole file follows.
static int
compile(const FzBuf *source, FzBuf *out)
{
    uint32_t size = (uint32_t)source->size;
    uint8_t status;
    static char chunk[1 << 20];
    send_all(&size, sizeof(size));
    send_all(source->data, size);
    receive_all(&status, 1);
    receive_all(&size, sizeof(size));
    FzBuf_Clear(out);
    FzBuf_AppendByte(out, 0xff);
    for (size_t part; size > 0; size -= (uint32_t)part) {
        part = size < sizeof(chunk) ? size : sizeof(chunk);
        receive_all(chunk, part);
        FzBuf_Append(out, chunk, part);
    }
    receive_all(compiler_blocks, sizeof(compiler_blocks));
    return status;
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    Fuzz_Init((*argv)[0]);
    return 0;
}

static _Noreturn void
complain(const char *what, const char *reason, FzBuf *source)
{
    fprintf(stderr, "%s\n%s\n%s\nsignature: COMPILER|%s\n", what, reason,
            FzBuf_CString(source), what);
    fflush(stderr);
    abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static FzRun run;
    static FzInput input;
    static FzBuf source, code;
    if (server.owner != getpid()) {
        start_server();
    }
    FzBuf_Clear(&source);
    FuzzSource_Write(data, size, &source);
    if (getenv("FTFUZZ_PRINT") != NULL) {
        printf("%s", FzBuf_CString(&source));
    }
    int status = compile(&source, &code);
    if (status == FAILED || status == NO_PYTHON) {
        complain(status == FAILED ? "the compiler failed"
                                  : "the grammar wrote no Python",
                 FzBuf_CString(&code) + 1, &source);
    }
    if (status == COMPILED) {
        bool loaded = FzBytecode_Run(code.data, code.size, &run);
        if (run.nviolations > 0) {
            fprintf(stderr, "%s", FzBuf_CString(&source));
        }
        Fuzz_Check(&input, NULL, &run);
        if (!loaded && run.completed) {
            complain("the loader refuses what the compiler wrote", "",
                     &source);
        }
    }
    return 0;
}

size_t
FuzzTarget_Seed(uint32_t number, uint8_t *out, size_t size)
{
    size_t wanted = 8 + 8 * number;
    if (number >= FUZZ_SEEDS || size < wanted) {
        return 0;
    }
    FzRng rng;
    FzRng_Seed(&rng, number + 1);
    for (size_t i = 0; i < wanted; i++) {
        out[i] = (uint8_t)FzRng_Next(&rng);
    }
    return wanted;
}

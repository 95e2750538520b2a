// side.c: a child process that runs programs. A batch that it does not survive
// is run again, one program at a time, each in a child of its own if it must
// be, so that the one which kills it is known.

#include "side.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;
extern const char fz_differ_reference[];

enum { START_MS = 30000, BATCH_MS = 60000, PROGRAM_MS = 10000 };

static const char failed_mark[] = "FAILED ";

static bool
make_pipes(int child[2], int own[2])
{
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) < 0) {
        return false;
    }
    if (pipe2(out, O_CLOEXEC) < 0) {
        close(in[0]);
        close(in[1]);
        return false;
    }
    child[0] = in[0];
    child[1] = out[1];
    own[0] = in[1];
    own[1] = out[0];
    return true;
}

// The order of str keys in sets must not be a matter of luck.
static bool
spawn(FzSide *side, const int child[2])
{
    char *const build[] = { (char *)side->executable, "differ", "--worker",
                            NULL };
    char *const python[] = { (char *)side->executable, "-B", "-S", "-c",
                             (char *)fz_differ_reference, NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, child[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, child[1], STDOUT_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    setenv("PYTHONHASHSEED", "0", 1);
    errno = posix_spawnp(&side->pid, side->executable, &actions, &attributes,
                         side->is_python ? python : build, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return errno == 0;
}

static bool
read_name(FzSide *side)
{
    FzBuf name = { 0 };
    bool ok = FzPipe_Receive(side->from, &name, START_MS);
    snprintf(side->name, sizeof(side->name), "%s", FzBuf_CString(&name));
    FzBuf_Free(&name);
    return ok;
}

bool
FzSide_Start(FzSide *side, char *why, size_t why_size)
{
    int child[2], own[2];
    if (!make_pipes(child, own)) {
        snprintf(why, why_size, "no pipe: %s", strerror(errno));
        return false;
    }
    bool ok = spawn(side, child);
    int error = errno;
    close(child[0]);
    close(child[1]);
    side->to = own[0];
    side->from = own[1];
    if (!ok) {
        side->pid = 0;
        snprintf(why, why_size, "cannot run %s: %s", side->executable,
                 strerror(error));
        close(own[0]);
        close(own[1]);
        return false;
    }
    if (!read_name(side)) {
        snprintf(why, why_size, "%s does not answer", side->executable);
        FzSide_Stop(side);
        return false;
    }
    return true;
}

bool
FzSide_Greet(FzSide *side, bool messages)
{
    FzBuf greeting = { 0 };
    FzBuf_AppendByte(&greeting, messages);
    if (side->is_python) {
        const char *prelude = FzProgram_Prelude();
        FzBuf_Append(&greeting, prelude, strlen(prelude));
    }
    bool ok = FzPipe_Send(side->to, greeting.data, greeting.size);
    FzBuf_Free(&greeting);
    return ok;
}

// What waitpid() says of the child, which is killed if it still runs.
static int
end_child(FzSide *side)
{
    int status = 0;
    if (side->pid == 0) {
        return 0;
    }
    close(side->to);
    close(side->from);
    kill(side->pid, SIGKILL);
    while (waitpid(side->pid, &status, 0) < 0 && errno == EINTR) {
    }
    side->pid = 0;
    return status;
}

void
FzSide_Stop(FzSide *side)
{
    (void)end_child(side);
}

static void
add_program(const FzSide *side, const FzProgram *program, FzBuf *batch)
{
    FzBuf text = { 0 };
    if (side->is_python) {
        FzBuf_AppendByte(&text, program->nshared);
        FzProgram_LiftObserved(program, &text);
    }
    else {
        FzProgram_Encode(program, &text);
    }
    FzBatch_Add(batch, text.data, text.size);
    FzBuf_Free(&text);
}

void
FzSide_Begin(FzSide *side, const FzProgram *programs, int n)
{
    FzBuf batch = { 0 };
    for (int i = 0; i < n; i++) {
        add_program(side, &programs[i], &batch);
    }
    // One that is not there does not answer.
    (void)!FzPipe_Send(side->to, batch.data, batch.size);
    FzBuf_Free(&batch);
}

static bool
receive_texts(FzSide *side, int n, FzBuf *texts, int timeout_ms)
{
    FzBuf answer = { 0 };
    FzRecord record;
    size_t at = 0;
    int got = 0;
    if (FzPipe_Receive(side->from, &answer, timeout_ms)) {
        while (got < n && FzBatch_Next(&answer, &at, &record)) {
            FzBuf_Clear(&texts[got]);
            FzBuf_Append(&texts[got++], record.data, record.size);
        }
    }
    FzBuf_Free(&answer);
    return got == n;
}

// What became of the child that did not answer, as text.
static void
write_failure(FzSide *side, FzBuf *text)
{
    struct timespec moment = { .tv_nsec = 100000000 };
    int status = 0;
    nanosleep(&moment, NULL);   // one that is about to die has died by then
    FzBuf_Clear(text);
    if (waitpid(side->pid, &status, WNOHANG) == side->pid) {
        side->pid = 0;
        close(side->to);
        close(side->from);
        FzBuf_Printf(text, "%s%s %d\n", failed_mark,
                     WIFSIGNALED(status) ? "signal" : "status",
                     WIFSIGNALED(status) ? WTERMSIG(status)
                                         : WEXITSTATUS(status));
        return;
    }
    end_child(side);
    FzBuf_Printf(text, "%sno answer\n", failed_mark);
}

static bool
restart(FzSide *side, bool messages)
{
    char why[512];
    FzSide_Stop(side);
    return FzSide_Start(side, why, sizeof(why)) &&
           FzSide_Greet(side, messages);
}

void
FzSide_End(FzSide *side, const FzProgram *programs, int n, FzBuf *texts,
           bool messages)
{
    if (receive_texts(side, n, texts, n > 1 ? BATCH_MS : PROGRAM_MS)) {
        return;
    }
    for (int i = 0; n > 1 && i < n; i++) {
        if ((side->pid == 0 || i == 0) && !restart(side, messages)) {
            FzBuf_Clear(&texts[i]);
            FzBuf_Printf(&texts[i], "%sno start\n", failed_mark);
            continue;
        }
        FzSide_Begin(side, &programs[i], 1);
        FzSide_End(side, &programs[i], 1, &texts[i], messages);
    }
    if (n == 1) {
        write_failure(side, &texts[0]);
        (void)!restart(side, messages);
    }
}

bool
FzSide_Failed(const FzBuf *text)
{
    return text->size >= sizeof(failed_mark) - 1 &&
           memcmp(text->data, failed_mark, sizeof(failed_mark) - 1) == 0;
}

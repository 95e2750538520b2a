// confirm.c: a process in which nothing was executed, to be asked whether an
// input fails there, too. What damages the heap of a worker makes later
// executions fail that have no mistake; those failures would never come back.
//
// It is forked before the worker's first execution and forks a child for each
// question, which executes the input and leaves what it saw in shared memory.
// It ends with the worker, and the child with it.

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker_internal.h"

typedef struct Question {
    FzInput input;
    uint64_t answer;
} Question;

static struct {
    Question *question;         // shared with the process and its children
    int ask, answer;            // this process's ends of the pipes
    pid_t pid;
    bool started;
} confirm;

static bool
transfer_byte(int fd, bool send)
{
    char byte = 0;
    ssize_t n;
    do {
        n = send ? write(fd, &byte, 1) : read(fd, &byte, 1);
    } while (n < 0 && errno == EINTR);
    return n == 1;
}

static void
end_with(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(0);
    }
}

static void
answer_one(FzConfirmExecute execute)
{
    pid_t self = getpid();
    confirm.question->answer = FZ_CONFIRM_DIED;
    pid_t pid = fork();
    if (pid == 0) {
        end_with(self);
        confirm.question->answer = execute(&confirm.question->input);
        _exit(0);
    }
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

bool
FzConfirm_Start(FzConfirmExecute execute)
{
    int ask[2], answer[2];
    confirm.question = mmap(NULL, sizeof(Question), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (confirm.question == MAP_FAILED || pipe2(ask, O_CLOEXEC) < 0 ||
        pipe2(answer, O_CLOEXEC) < 0) {
        return false;
    }
    pid_t worker = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        end_with(worker);
        close(ask[1]);
        close(answer[0]);
        while (transfer_byte(ask[0], false)) {
            answer_one(execute);
            if (!transfer_byte(answer[1], true)) {
                break;
            }
        }
        _exit(0);
    }
    close(ask[0]);
    close(answer[1]);
    confirm.ask = ask[1];
    confirm.answer = answer[0];
    confirm.pid = pid;
    confirm.started = pid > 0;
    return confirm.started;
}

void
FzConfirm_Stop(void)
{
    if (confirm.started) {
        close(confirm.ask);
        close(confirm.answer);
        while (waitpid(confirm.pid, NULL, 0) < 0 && errno == EINTR) {
        }
        confirm.started = false;
    }
}

bool
FzConfirm_Fails(const FzInput *input, uint64_t signature)
{
    if (!confirm.started) {
        return true;
    }
    confirm.question->input = *input;
    if (!transfer_byte(confirm.ask, true) ||
        !transfer_byte(confirm.answer, false)) {
        confirm.started = false;
        return true;
    }
    return confirm.question->answer == signature ||
           confirm.question->answer == FZ_CONFIRM_DIED;
}

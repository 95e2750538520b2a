// aside.c: runs in a child of the worker. What they damage does not stay; what
// they found is in memory that both share.

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "trial_internal.h"

enum { SECONDS = 5 };

void
FzTrial_GrantTime(void)
{
    alarm(SECONDS);
}

void
FzTrial_Aside(void (*run)(void *arg), void *arg)
{
    pid_t worker = getpid();
    pid_t pid = fork();
    if (pid < 0) {
        run(arg);
        alarm(0);
    }
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == worker) {
            FzTrial_GrantTime();
            run(arg);
        }
        _exit(0);
    }
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

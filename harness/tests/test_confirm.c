// test_confirm.c: what a process does is asked of one in which nothing was done
// before.

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "../campaign/worker_internal.h"

enum { BY_ITSELF = 7, BY_DAMAGE = 8 };

static int executed;            // in this process

static uint64_t
execute(const FzInput *input)
{
    executed++;
    if (input->seed == 3) {
        raise(SIGKILL);
    }
    if (executed > 1) {
        return BY_DAMAGE;
    }
    return input->seed == 1 ? BY_ITSELF : 0;
}

// It ends though a program that was started in between goes on, as that which
// names a sanitizer's functions does.
static void
check_end(void)
{
    pid_t other = fork();
    if (other == 0) {
        execlp("sleep", "sleep", "30", NULL);
        _exit(127);
    }
    CHECK(other > 0);
    alarm(20);
    FzConfirm_Stop();
    alarm(0);
    CHECK(kill(other, SIGKILL) == 0);
    CHECK(waitpid(other, NULL, 0) == other);
    CHECK(waitpid(-1, NULL, WNOHANG) < 0);      // nobody else is left
}

int
main(void)
{
    static FzInput input;
    input.seed = 1;
    // Before there is such a process nothing is denied.
    CHECK(FzConfirm_Fails(&input, BY_ITSELF));
    CHECK(FzConfirm_Start(execute));
    for (int round = 0; round < 3; round++) {
        input.seed = 1;
        CHECK(FzConfirm_Fails(&input, BY_ITSELF));
        CHECK(!FzConfirm_Fails(&input, BY_DAMAGE));
        input.seed = 2;
        CHECK(!FzConfirm_Fails(&input, BY_ITSELF));
        input.seed = 3;
        CHECK(FzConfirm_Fails(&input, BY_ITSELF));
    }
    CHECK(executed == 0);
    check_end();
    return 0;
}

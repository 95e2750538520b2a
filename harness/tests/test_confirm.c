// test_confirm.c: what a process does is asked of one in which nothing was done
// before.

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

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
    FzConfirm_Stop();
    CHECK(waitpid(-1, NULL, WNOHANG) < 0);      // nobody is left
    return 0;
}

// sct_main.c: takes the place of main(): with FZ_SCT in the environment the
// program is explored, without it it runs once under the first schedule.

#include "sct_internal.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static FzSctMain program_main;

// In the place of main(), after constructors and before anything of the
// program's own.
static int
explore_main(int argc, char **argv, char **envp)
{
    FzSctOptions options;
    char why[512];
    const char *text = getenv("FZ_SCT");
    if (!FzSctOptions_Parse(text != NULL ? text : "executions=1;output=1",
                            &options, why, sizeof(why)))
    {
        dprintf(STDERR_FILENO, "sct: %s\n", why);
        _Exit(2);
    }
    int status = FzSct_Explore(program_main, argc, argv, envp, &options);
    fflush(NULL);
    _Exit(status);
}

FZ_SCT_EXPORT int
__libc_start_main(FzSctMain function, int argc, char **argv,
                  void (*init)(void), void (*fini)(void),
                  void (*rtld_fini)(void), void *stack_end)
{
    int (*next)(FzSctMain, int, char **, void (*)(void), void (*)(void),
                void (*)(void), void *) =
        (int (*)(FzSctMain, int, char **, void (*)(void), void (*)(void),
                 void (*)(void), void *))dlsym(RTLD_NEXT,
                                               "__libc_start_main");
    FZ_ASSERT(next != NULL);
    program_main = function;
    return next(explore_main, argc, argv, init, fini, rtld_fini, stack_end);
}

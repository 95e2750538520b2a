// test_symbolize.c: code addresses have functions and lines; what one process
// learns, those that share with it know.

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "fz_finding.h"

static void
name(void (*function)(void), char *out, size_t size)
{
    // A return address: behind the call.
    FzSymbol_Name((const char *)function + 1, out, size);
}

static void
one(void)
{
}

static void
another(void)
{
}

int
main(void)
{
    char text[256];
    FzSymbol_Share();
    pid_t pid = fork();
    if (pid == 0) {
        name(one, text, sizeof(text));
        _exit(strstr(text, "test_symbolize.c") != NULL ? 0 : 1);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    // Without the tool only what is known already has a line.
    CHECK(setenv("PATH", "", 1) == 0);
    name(one, text, sizeof(text));
    CHECK(strstr(text, "one (") != NULL);
    CHECK(strstr(text, "test_symbolize.c:") != NULL);
    name(another, text, sizeof(text));
    CHECK(strstr(text, "test_symbolize.c:") == NULL);
    return 0;
}

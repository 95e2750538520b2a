// sct_process.c: how a program ends, and what of the process's state it would
// take from one run to the next: handlers at exit, random numbers.

#include "sct_internal.h"

#include <stdlib.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAX_HANDLERS = 32 };

static void (*handlers[MAX_HANDLERS])(void);
static uint32_t nhandlers;
static FzRng rng;
static bool seeded;

void
FzSctProcess_Begin(void)
{
    if (!fz_sct_one_run) {
        nhandlers = 0;
        seeded = false;
    }
}

_Noreturn void
FzSctProcess_Exit(int status)
{
    while (nhandlers > 0) {
        handlers[--nhandlers]();
    }
    if (status != 0 && fz_engine.config->oracles) {
        FzEngine_Violation(FZ_RULE_EXIT_STATUS, UINT32_MAX,
                           "the program ended with status %d", status);
        FzEngine_Stop();
    }
    FzEngine_Complete();
}

// Outside of a run it is the process that ends.
static _Noreturn void
leave_process(int status)
{
    fflush(NULL);
    _Exit(status);
}

FZ_SCT_EXPORT _Noreturn void
exit(int status)
{
    if (!fz_engine.active) {
        leave_process(status);
    }
    FzSctProcess_Exit(status & 0xff);
}

FZ_SCT_EXPORT _Noreturn void
_exit(int status)
{
    if (!fz_engine.active) {
        _Exit(status);
    }
    nhandlers = 0;
    FzSctProcess_Exit(status & 0xff);
}

FZ_SCT_EXPORT _Noreturn void
quick_exit(int status)
{
    _exit(status);
}

FZ_SCT_EXPORT int
atexit(void (*function)(void))
{
    if (!fz_engine.active) {
        return 0;               // a process that explores runs none at its end
    }
    if (nhandlers == MAX_HANDLERS) {
        return -1;
    }
    handlers[nhandlers++] = function;
    return 0;
}

FZ_SCT_EXPORT _Noreturn void
abort(void)
{
    if (FzSctImage_IsSystem(FZ_SCT_SITE)) {
        // This library is broken or out of memory, and has said so: that is no
        // crash of the program.
        _Exit(2);
    }
    if (fz_engine.active) {
        FzEngine_Violation(FZ_RULE_CRASH, UINT32_MAX,
                           "the program called abort()");
        FzEngine_Stop();
    }
    __builtin_trap();
}

FZ_SCT_EXPORT _Noreturn void
__assert_fail(const char *condition, const char *file, unsigned line,
              const char *function)
{
    if (fz_engine.active) {
        FzEngine_Violation(FZ_RULE_ASSERTION, UINT32_MAX,
                           "%s:%u: %s: assertion failed: %s", file, line,
                           function, condition);
        FzEngine_Stop();
    }
    fprintf(stderr, "%s:%u: %s: assertion failed: %s\n", file, line, function,
            condition);
    __builtin_trap();
}

// ---------------------------------------------------------------------------
// Random numbers, and numbers of the process: the same in every run.

enum { PROCESS_NUMBER = 4242 };

static uint64_t
next_random(void)
{
    if (!seeded) {
        FzRng_Seed(&rng, 1);
        seeded = true;
    }
    return FzRng_Next(&rng);
}

static void
fill_random(void *bytes, size_t size)
{
    unsigned char *at = bytes;
    for (size_t i = 0; i < size; i++) {
        at[i] = (unsigned char)(next_random() >> 40);
    }
}

FZ_SCT_EXPORT ssize_t
getrandom(void *bytes, size_t size, unsigned flags)
{
    (void)flags;
    fill_random(bytes, size);
    return (ssize_t)size;
}

FZ_SCT_EXPORT int
getentropy(void *bytes, size_t size)
{
    fill_random(bytes, size);
    return 0;
}

FZ_SCT_EXPORT pid_t
gettid(void)
{
    return PROCESS_NUMBER + (pid_t)fz_engine.current;
}

bool
FzSctProcess_SystemCall(long number, const long *args, long *result)
{
    switch (number) {
    case SYS_getrandom:
        fill_random((void *)args[0], (size_t)args[1]);
        *result = args[1];
        return true;
    case SYS_gettid:
        *result = gettid();
        return true;
    default:
        return false;
    }
}

FZ_SCT_EXPORT int
rand(void)
{
    return (int)(next_random() >> 33);
}

FZ_SCT_EXPORT void
srand(unsigned seed)
{
    FzRng_Seed(&rng, seed);
    seeded = true;
}

FZ_SCT_EXPORT long
random(void)
{
    return rand();
}

FZ_SCT_EXPORT void
srandom(unsigned seed)
{
    FzRng_Seed(&rng, seed);
}

// sct_target.c: a program as what the engine runs (engine/target.h).

#include "sct_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Of each thread while it does not run: errno, and its copy of the program's
// thread-local block.
static struct {
    int error;
    void *block;
} locals[FZ_MAX_THREADS + 1];

void
FzTarget_Install(void)
{
}

void
FzTarget_Begin(const FzSchedule *schedule)
{
    (void)schedule;
    FzSctImage_Restore();
    FzSctMemory_Begin();
    FzSctSync_Begin();
    FzSctFutex_Begin();
    FzSctThread_Begin();
    FzSctProcess_Begin();
}

void
FzTarget_End(bool clean, FzRun *run)
{
    (void)clean;
    run->allocation_failed = false;
}

void
FzTarget_Ended(void)
{
}

void
FzTarget_NewThread(uint32_t thread)
{
    locals[thread].error = 0;
    if (fz_sct_tls_size != 0) {
        if (locals[thread].block == NULL) {
            locals[thread].block = malloc(fz_sct_tls_size);
            FZ_ASSERT(locals[thread].block != NULL);
        }
        memcpy(locals[thread].block, fz_sct_tls_initial, fz_sct_tls_size);
    }
}

void
FzTarget_SaveThread(uint32_t thread)
{
    locals[thread].error = errno;
    if (locals[thread].block != NULL) {
        memcpy(locals[thread].block, fz_sct_tls, fz_sct_tls_size);
    }
}

void
FzTarget_LoadThread(uint32_t thread)
{
    if (locals[thread].block != NULL) {
        memcpy(fz_sct_tls, locals[thread].block, fz_sct_tls_size);
    }
    errno = locals[thread].error;
    fz_engine.locals = (uintptr_t)fz_sct_tls;
    fz_engine.locals_size = fz_sct_tls_size;
}

uint64_t
FzTarget_SyncKey(const void *sync)
{
    return FzAddress_EventKey(sync);
}

void
FzTarget_IdlePoint(RtPoint kind, const void *addr)
{
    (void)kind;
    (void)addr;
}

// sct_program.c: the program of a run: its variables and its heap as they were
// before main(), and a copy of its thread-local block for each thread.

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
FzTarget_Begin(const FzSchedule *schedule)
{
    (void)schedule;
    FzSctImage_Restore();
    FzSctMemory_Begin();
    FzSct_Begin();
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

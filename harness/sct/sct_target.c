// sct_target.c: what programs and interpreters have in common as targets of the
// engine (engine/target.h).

#include "sct_internal.h"

#include "fz_image.h"

void
FzTarget_Install(void)
{
}

void
FzSct_Begin(void)
{
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
FzTarget_ReleaseBlock(void *block)
{
    (void)block;                // all of a run's at once, or never
}

uint64_t
FzTarget_SyncKey(const void *sync)
{
    return FzAddress_EventKey(sync);
}

const char *
FzTarget_NameVariable(const void *addr, size_t *offset)
{
    return FzImage_VariableAt((uintptr_t)addr, offset);
}

void
FzTarget_IdlePoint(RtPoint kind, const void *addr)
{
    (void)kind;
    (void)addr;
}

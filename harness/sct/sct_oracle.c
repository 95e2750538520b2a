// sct_oracle.c: what the engine asks of oracles: why nobody can run, and
// accesses to freed blocks.

#include "sct_internal.h"

#include <stdlib.h>
#include <string.h>

#include "fz_oracle.h"

void
FzOracle_Begin(void)
{
}

void
FzOracle_Access(uint32_t thread, const void *addr, bool write)
{
    FzBlock *block = FzShadow_Find(addr);
    if (block == NULL || block->state != FZ_BLOCK_KEPT) {
        return;
    }
    char name[128];
    FzEngine_Violation(
        FZ_RULE_USE_AFTER_FREE, block->free_thread,
        "thread %u %s %s, which thread %u freed at point %llu", thread,
        write ? "writes to" : "reads",
        FzSct_Name(addr, name, sizeof(name)), block->free_thread,
        (unsigned long long)block->free_step);
    FzEngine_Stop();
}

void
FzOracle_ThreadEnd(uint32_t thread)
{
    (void)thread;
}

void
FzOracle_End(void)
{
}

// These runs ignore nothing.
bool
FzOracle_MayGoOn(void)
{
    return false;
}

_Noreturn void
FzOracle_GoOn(void)
{
    abort();
}

static size_t
describe_wait(uint32_t thread, char *text, size_t size)
{
    const FzSctSync *sync = fz_sct_threads[thread].waits_for;
    if (sync == NULL) {
        return 0;
    }
    int n;
    char name[128];
    if (sync->kind == FZ_SCT_JOIN) {
        n = snprintf(text, size, "\n  thread %u waits for the end of thread "
                     "%u", thread,
                     (unsigned)((const FzSctThread *)sync->addr -
                                fz_sct_threads));
    }
    else {
        n = snprintf(text, size, "\n  thread %u waits for the %s %s", thread,
                     FzSctKind_Name(sync->kind),
                     FzSct_Name(sync->addr, name, sizeof(name)));
    }
    size_t used = n > 0 && (size_t)n < size ? (size_t)n : size;
    if (sync->owner != 0 && used < size) {
        n = snprintf(text + used, size - used, ", which thread %u holds",
                     sync->owner - 1);
        used += n > 0 && (size_t)n < size - used ? (size_t)n : 0;
    }
    return used;
}

// Whether a program's timed wait is a poll is for the program to know.
bool
FzOracle_IsPolling(uint32_t thread)
{
    (void)thread;
    return false;
}

// A wait for something that a thread holds, or for a thread, is part of a
// deadlock; if nobody waits so, a signal is missing.
void
FzOracle_Stuck(uint32_t nthreads, const bool *ended)
{
    char text[1024];
    size_t used = 0;
    bool held = false;
    uint32_t waiting = 0;
    uint32_t other = UINT32_MAX;
    text[0] = '\0';
    for (uint32_t t = 0; t < nthreads; t++) {
        const FzSctSync *sync = fz_sct_threads[t].waits_for;
        if (ended[t] || sync == NULL) {
            continue;
        }
        used += describe_wait(t, text + used, sizeof(text) - used);
        held = held || sync->owner != 0;
        waiting++;
        if (t != fz_engine.current) {
            other = t;
        }
    }
    FzEngine_Violation(held ? FZ_RULE_DEADLOCK : FZ_RULE_LOST_WAKEUP, other,
                       "none of the %u threads that have not ended can run%s",
                       waiting, text);
}

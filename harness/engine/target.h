// target.h: what the engine must know of the code that it runs: the one seam
// between the engine and its targets. runtime_target.c answers for the runtime;
// a program of any other kind has a file of its own. Linked, not registered:
// one of them is in an executable.

#ifndef FZ_TARGET_H
#define FZ_TARGET_H

#include "fz_base.h"
#include "fz_engine.h"
#include "fz_schedule.h"
#include "rtcore_hooks.h"

// Once: where blocks will lie (NULL: cannot be had), and the hooks.
FZ_WARN_UNUSED void *FzTarget_ReserveArena(size_t size);
void FzTarget_Install(void);

// Before a run, and after it: `clean` if every thread ended and nothing was
// found. FzTarget_End() is called before the blocks of the run are given back,
// FzTarget_Ended() after.
void FzTarget_Begin(const FzSchedule *schedule);
void FzTarget_End(bool clean, FzRun *run);
void FzTarget_Ended(void);
// Gives a block of the run back to the allocator.
void FzTarget_ReleaseBlock(void *block);

// Thread-local variables of threads that share an OS thread; FZ_MAX_THREADS is
// the host. Load also says where they lie now (fz_engine.locals).
void FzTarget_NewThread(uint32_t thread);
void FzTarget_SaveThread(uint32_t thread);
void FzTarget_LoadThread(uint32_t thread);

// The same in every process, for what a thread waits on.
uint64_t FzTarget_SyncKey(const void *sync);
// The variable that addr lies in, or a member of it; NULL: not known. *offset
// into it. For messages: slow.
const char *FzTarget_NameVariable(const void *addr, size_t *offset);
// A point of instrumented code while no run is under way.
void FzTarget_IdlePoint(RtPoint kind, const void *addr);

#endif  // FZ_TARGET_H

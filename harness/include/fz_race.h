// fz_race.h: data races by vector clocks (FastTrack's epochs) over events of
// one execution on fibers.
//
// Events come from the compiler (builds race-*: harness/engine/tsan_abi.c;
// builds asan-*: -fsanitize-coverage=trace-loads,trace-stores) and from the
// runtime's atomics. No access is forgotten but for one that a later access of
// the same bytes stands for: whoever races with the earlier one races with the
// later one too. Each race is reported once for each unordered pair of sites.
// Forgetting a run costs time proportional to what it touched.
// Source: Flanagan and Freund, FastTrack (PLDI 2009).

#ifndef FZ_RACE_H
#define FZ_RACE_H

#include "fz_base.h"

// Same orders as RtOrder in rtcore_hooks.h.
void FzRace_Begin(void);
void FzRace_ThreadStart(uint32_t parent, uint32_t child);
void FzRace_ThreadEnd(uint32_t thread);
// Orders what `from` did before what `to` does next: a semaphore post and the
// wait it satisfies.
void FzRace_Release(uint32_t thread, const void *sync);
void FzRace_Acquire(uint32_t thread, const void *sync);
// A plain access of `size` bytes. site: return address, for reports.
void FzRace_Plain(uint32_t thread, const void *addr, size_t size, bool write,
                  uintptr_t site);
// An atomic access: kind is an RtPoint (LOAD, STORE, RMW, FENCE).
void FzRace_Atomic(uint32_t thread, const void *addr, size_t size,
                   unsigned kind, unsigned order, uintptr_t site);
// A block was handed out or freed: its history no longer counts.
void FzRace_ForgetBlock(uint32_t thread, const void *addr, size_t size);
// A block was handed out, whose memory was no other's before in this run: that
// is a race with every access, atomic ones too, that is not ordered after it.
// Who has come by its address has not acquired what was stored there.
void FzRace_AllocBlock(uint32_t thread, const void *addr, size_t size,
                       uintptr_t site);
// A block is about to be freed: that is a race with every plain access that
// is not ordered before it (atomic reads may come late: lock-free readers look
// at the counts of objects that are gone). The history stays.
void FzRace_FreeBlock(uint32_t thread, const void *addr, size_t size,
                      uintptr_t site);

// The call stack of a thread, from the compiler: entered from call site `pc`.
void FzRace_FunctionEntry(uint32_t thread, uintptr_t pc);
void FzRace_FunctionExit(uint32_t thread);

// Builds race-*: plain accesses are scheduling points too. Off by default.
extern bool fz_race_plain_points;

// ---- What is found.
#ifdef FZ_LARGE_STACKS
enum { FZ_RACE_STACK = 24 };
#else
enum { FZ_RACE_STACK = 8 };
#endif

typedef struct FzRaceAccess {
    uint32_t thread;
    uint32_t size;              // bytes; 255: that or more
    bool write;
    bool atomic;
    bool allocated;             // it was the block's being allocated
    bool freed;                 // or being freed
    uintptr_t site;             // return address into the accessing function
    uint32_t depth;             // call sites known, innermost first
    uintptr_t stack[FZ_RACE_STACK];
} FzRaceAccess;

typedef struct FzRaceReport {
    const void *addr;           // first byte that both touch
    FzRaceAccess now;
    FzRaceAccess before;
} FzRaceReport;

// Who is told of each race. NULL (the default): it is a DATA_RACE violation
// and ends the run.
typedef void (*FzRaceReporter)(const FzRaceReport *report, void *arg);
void FzRace_SetReporter(FzRaceReporter reporter, void *arg);
// For the reporter: the race is a violation of the run, which goes on.
void FzRace_Record(const FzRaceReport *report);
// The text of a report: both accesses with function names and code offsets.
void FzRace_Describe(const FzRaceReport *report, FzBuf *out);

#endif  // FZ_RACE_H

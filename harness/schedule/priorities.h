// priorities.h: what the strategies of the PCT family share: a priority for
// each thread, drawn at random when it is created, and lowered at moments.

#ifndef FZ_PRIORITIES_H
#define FZ_PRIORITIES_H

#include "fz_schedule.h"

enum { FZ_MAX_CHANGES = 15 };

typedef struct FzPriorities {
    FzRng rng;
    int64_t of[FZ_MAX_THREADS]; // the highest runs
    int64_t lowest;             // of any thread, so far
    uint32_t pending;           // bit set of the changes still to come
    uint64_t next_change;       // the earliest of them
    uint64_t change[FZ_MAX_CHANGES];    // moment, as the strategy counts
} FzPriorities;

// depth - 1 changes at moments from 1 to `length`; length 0: unknown, any order
// of magnitude.
void FzPriorities_Begin(FzPriorities *p, uint64_t seed, uint32_t depth,
                        uint64_t length);
void FzPriorities_Draw(FzPriorities *p, uint32_t thread);
// At moment `now`: the changes that are due lower the priority of `thread`,
// each to a level of its own.
void FzPriorities_Change(FzPriorities *p, uint64_t now, uint32_t thread);
// Below all others.
void FzPriorities_Sink(FzPriorities *p, uint32_t thread);
// The thread of the highest priority; `threads` is not empty.
uint32_t FzPriorities_Best(const FzPriorities *p, FzThreadSet threads);

#endif  // FZ_PRIORITIES_H

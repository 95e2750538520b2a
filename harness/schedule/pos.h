// pos.h: POS for strategies that choose as it does, but among fewer threads.

#ifndef FZ_POS_H
#define FZ_POS_H

#include "fz_schedule.h"

typedef struct FzPos {
    FzRng rng;
    FzThreadSet yielded;
    uint64_t priority[FZ_MAX_THREADS];  // the highest runs
} FzPos;

// state: an FzPos.
void FzPos_Begin(void *state, const FzSchedule *schedule);
void FzPos_ThreadCreated(void *state, uint32_t thread);
// One of `among`, which is a part of view->runnable and not empty.
uint32_t FzPos_Choose(FzPos *pos, const FzPointView *view, FzThreadSet among);

#endif  // FZ_POS_H

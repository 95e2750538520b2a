// kept.h: which of what a strategy keeps is changed next. Executions that
// showed something new are kept, and tried again with a change; those that were
// changed often give way to others. What is kept belongs to the strategy, in an
// array of FZ_MAX_KEPT: here are places in it.

#ifndef FZ_KEPT_H
#define FZ_KEPT_H

#include "fz_base.h"

enum { FZ_MAX_KEPT = 256 };

typedef struct FzKept {
    uint32_t count;
    uint32_t chosen[FZ_MAX_KEPT];       // so often to be changed
} FzKept;

// Where the next one goes: the first free place, else that of any other.
uint32_t FzKept_Add(FzKept *kept, FzRng *rng);
// Of a few drawn ones that which was changed the least often; there is one.
uint32_t FzKept_Choose(FzKept *kept, FzRng *rng);

#endif  // FZ_KEPT_H

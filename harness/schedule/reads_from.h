// reads_from.h: which access of one thread follows which write to the same
// object: what tells two interleavings of a program apart. An access is named
// by its object, its thread and which of that thread's accesses to the object
// it is, so that its name is the same in the next execution.
//
// Tables of a fixed size that are kept from one execution to the next. Objects
// beyond MAX_OBJECTS of one execution are not tracked in it.
// Source: Wolff and others, Greybox Fuzzing for Concurrency Testing (ASPLOS
// 2024), which names an access by its place in the code instead.

#ifndef FZ_READS_FROM_H
#define FZ_READS_FROM_H

#include "objects.h"

enum { FZ_READS_FROM_BITS = 9, FZ_PAIR_BITS = 14 };

// `reader`'s access number `read` to the object (from 1) comes next after
// `writer`'s number `wrote`; wrote is 0 if nobody has written before.
typedef struct FzPair {
    uint64_t object;
    uint16_t writer, wrote;
    uint16_t reader, read;
} FzPair;

typedef struct FzTracked {
    uint64_t object;
    uint32_t execution;         // that made the entry
    uint16_t writer, wrote;     // the last write
    uint16_t accesses[FZ_MAX_THREADS];
} FzTracked;

typedef struct FzReadsFrom {
    FzObjects objects;
    uint32_t execution;
    uint32_t used;              // entries of this execution
    FzTracked tracked[1 << FZ_READS_FROM_BITS];
    uint8_t seen[1 << FZ_PAIR_BITS];    // by hash: a pair has occurred
} FzReadsFrom;

void FzReadsFrom_Begin(FzReadsFrom *rf);
// What this execution knows of an object; NULL: nobody has touched it yet.
const FzTracked *FzReadsFrom_Find(const FzReadsFrom *rf, uint64_t object);
// `thread` does this now. True, with the pair, if several threads touch the
// object and one of them writes; *is_new: for the first time in the search.
bool FzReadsFrom_Note(FzReadsFrom *rf, uint32_t thread, const FzEvent *event,
                      FzPair *pair, bool *is_new);

#endif  // FZ_READS_FROM_H

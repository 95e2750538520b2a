// reads_from.c: the tables of accesses: open addressing. An entry of an earlier
// execution is free.

#include "reads_from.h"

#include <string.h>

enum { SLOTS = 1 << FZ_READS_FROM_BITS, MAX_OBJECTS = SLOTS / 2 };

void
FzReadsFrom_Begin(FzReadsFrom *rf)
{
    rf->execution++;
    rf->used = 0;
}

static size_t
find(const FzReadsFrom *rf, uint64_t object)
{
    size_t at = (object * 0x9e3779b97f4a7c15u) >> (64 - FZ_READS_FROM_BITS);
    while (rf->tracked[at].execution == rf->execution &&
           rf->tracked[at].object != object)
    {
        at = (at + 1) & (SLOTS - 1);
    }
    return at;
}

const FzTracked *
FzReadsFrom_Find(const FzReadsFrom *rf, uint64_t object)
{
    const FzTracked *tracked = &rf->tracked[find(rf, object)];
    return tracked->execution == rf->execution ? tracked : NULL;
}

static bool
is_first(FzReadsFrom *rf, const FzPair *pair)
{
    uint64_t h = FzHash_Mix(pair->object,
                            (uint64_t)pair->writer << 48 |
                                (uint64_t)pair->wrote << 32 |
                                (uint64_t)pair->reader << 16 | pair->read);
    uint8_t *seen = &rf->seen[h & ((1 << FZ_PAIR_BITS) - 1)];
    bool first = *seen == 0;
    *seen = 1;
    return first;
}

bool
FzReadsFrom_Note(FzReadsFrom *rf, uint32_t thread, const FzEvent *event,
                 FzPair *pair, bool *is_new)
{
    *is_new = false;
    if (event->object == 0) {
        return false;
    }
    FzObjects_Note(&rf->objects, thread, event);
    FzTracked *tracked = &rf->tracked[find(rf, event->object)];
    if (tracked->execution != rf->execution) {
        if (rf->used == MAX_OBJECTS) {
            return false;
        }
        rf->used++;
        memset(tracked, 0, sizeof(*tracked));
        tracked->object = event->object;
        tracked->execution = rf->execution;
    }
    uint16_t read = ++tracked->accesses[thread];
    *pair = (FzPair){event->object, tracked->writer, tracked->wrote,
                     (uint16_t)thread, read};
    if (event->write) {
        tracked->writer = (uint16_t)thread;
        tracked->wrote = read;
    }
    if (!FzObjects_IsRacy(&rf->objects, event->object)) {
        return false;
    }
    *is_new = is_first(rf, pair);
    return true;
}

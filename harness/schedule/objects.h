// objects.h: which objects several threads touch, as strategies learn it from
// the executions before: a table that only grows.

#ifndef FZ_OBJECTS_H
#define FZ_OBJECTS_H

#include "fz_schedule.h"

enum { FZ_OBJECTS_BITS = 10 };

typedef struct FzObject {
    uint64_t key;               // 0: the slot is free
    uint32_t first_thread;
    bool shared;                // another thread touched it
    bool written;
} FzObject;

typedef struct FzObjects {
    FzObject slots[1 << FZ_OBJECTS_BITS];
    // Keys that several threads touched and one wrote.
    uint64_t racy[1 << (FZ_OBJECTS_BITS - 1)];
    uint32_t used, nracy;
} FzObjects;

// What a thread is about to do. A table that is full learns nothing new.
void FzObjects_Note(FzObjects *objects, uint32_t thread, const FzEvent *event);
bool FzObjects_IsRacy(const FzObjects *objects, uint64_t key);

#endif  // FZ_OBJECTS_H

// weak.h: loads that return older values, as C11 allows them where an order is
// missing: what x86 never shows, and other processors do.
//
// The modification order of an object is the order in which the stores are
// executed, read-modify-writes and sequentially consistent loads read the
// latest: what is shown is allowed by C11, not all that is allowed is shown
// (no load reads a store that is executed later). Of each object the last few
// stores are remembered; what is not known (too many objects, one that is not
// aligned, bytes that were written plainly or in another size) is read as it
// is in memory.
//
// A load of thread t may read any store that is not older than
//   - the last store to the object that happens before the load, or that t, or
//     a load which happens before this one, has read (coherence);
//   - a store that is ordered before the load by sequentially consistent
//     fences (C++20, 31.4, on both sides; of a sequentially consistent store
//     and a fence of the reader's).
// Which one is drawn; a thread that read an old value three times on end sees
// the latest, as what is stored becomes visible in the end.
// Source: Luo, Demsky, C11Tester (ASPLOS 2021).

#ifndef FZ_WEAK_H
#define FZ_WEAK_H

#include "fz_base.h"

extern bool fz_weak;            // in this run; needs the race detector's clocks

void FzWeak_Begin(uint64_t seed);       // 0: off
// The running thread loads *value from memory. True if it has been put in its
// place what an older store wrote; then the race detector knows of the load.
bool FzWeak_Load(const void *addr, size_t size, int order, void *value,
                 uintptr_t site);
// A store or read-modify-write (an RtPoint) of the running thread, about which
// the race detector is told here. before, after: the values.
void FzWeak_Store(const void *addr, size_t size, unsigned kind, unsigned order,
                  const void *before, const void *after, uintptr_t site);
// After a fence whose order is sequentially consistent.
void FzWeak_Fence(void);
// These bytes were written in a way that nobody follows, or freed.
void FzWeak_Forget(const void *addr, size_t size);

#endif  // FZ_WEAK_H

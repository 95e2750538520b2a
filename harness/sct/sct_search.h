// sct_search.h: which schedule to try next: a strategy with what it remembers
// of the executions before.

#ifndef FZ_SCT_SEARCH_H
#define FZ_SCT_SEARCH_H

#include "fz_engine.h"

typedef struct FzSctSearch FzSctSearch;

// A search of its own: it depends on nothing but these. strategy: NULL is the
// portfolio, whose strategies choose their own depths. Owned by the caller.
FzSctSearch *FzSctSearch_New(const FzStrategy *strategy, uint64_t seed,
                             uint32_t depth);
void FzSctSearch_Free(FzSctSearch *search);
// The schedule of the next execution; it borrows from the search. False: there
// is nothing more to try.
bool FzSctSearch_Next(FzSctSearch *search, FzSchedule *schedule);
// Where interleaving coverage of that execution is to be counted; NULL: none.
uint8_t *FzSctSearch_Coverage(FzSctSearch *search, size_t *size);
// Whether every interleaving has been tried, or one that stands for it.
bool FzSctSearch_IsExhausted(const FzSctSearch *search);
// What came of it.
void FzSctSearch_Learn(FzSctSearch *search, const FzRun *run);

#endif  // FZ_SCT_SEARCH_H

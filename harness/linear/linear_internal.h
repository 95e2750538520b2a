// linear_internal.h: the checker of histories, event by event. For
// FzLinear_Check() and for the test that looks at what it keeps.

#ifndef FZ_LINEAR_INTERNAL_H
#define FZ_LINEAR_INTERNAL_H

#include "fz_linear.h"

// A set of configurations: a mask of the threads whose pending operation has
// taken effect (8 bytes), then the state, filled up with zeros to 8 bytes.
typedef struct FzLinearConfigurations {
    size_t size;                // bytes of one
    size_t count, capacity;
    uint8_t *items;
    uint32_t *table;            // index + 1; twice the capacity, power of two
} FzLinearConfigurations;

typedef struct FzLinearChecker {
    const FzLinearModel *model;
    const FzLinearOp *pending[FZ_LINEAR_THREADS];   // borrowed; NULL: none
    FzLinearConfigurations now; // all that explain what has returned so far
    FzLinearConfigurations next, seen;              // between two calls: of use
    uint8_t *scratch;           // to FzLinearChecker_Return() alone
} FzLinearChecker;

// Nothing has been called. Ends with FzLinearChecker_End().
void FzLinearChecker_Begin(FzLinearChecker *checker,
                           const FzLinearModel *model);
void FzLinearChecker_End(FzLinearChecker *checker);
// The thread has no pending operation; `op` stays until it returns.
void FzLinearChecker_Call(FzLinearChecker *checker, const FzLinearOp *op);
// The pending operation of the thread returns. False: no configuration explains
// its result; nothing but FzLinearChecker_End() may follow.
bool FzLinearChecker_Return(FzLinearChecker *checker, unsigned thread);

#endif  // FZ_LINEAR_INTERNAL_H

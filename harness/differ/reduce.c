// reduce.c: smaller programs on which the sides still disagree in the same way:
// the changes of program/reduce.c, one after another, until none is left that
// keeps the difference.

#include "differ_internal.h"

enum { MAX_TRIALS = 3000 };

typedef struct Reducer {
    FzComparer *comparer;
    FzProgram *best;
    FzAgreement agreement;      // to be kept
    int trials;
    bool changed;
} Reducer;

static bool
still_differs(Reducer *r, const FzProgram *program)
{
    r->trials++;
    FzComparer_Run(r->comparer, program, 1);
    return FzComparer_Agreement(r->comparer, 0) == r->agreement &&
           !FzComparer_IsUnusable(r->comparer, 0);
}

static void
run_pass(Reducer *r, FzReducePass pass, uint32_t chunk)
{
    for (uint32_t number = 0; r->trials < MAX_TRIALS; ) {
        FzReduction candidate;
        FzReduceResult result =
            FzProgram_Reduce(r->best, pass, chunk, number, &candidate);
        if (result == FZ_REDUCE_END) {
            return;
        }
        if (result == FZ_REDUCED && still_differs(r, &candidate.program)) {
            *r->best = candidate.program;
            r->changed = true;
        }
        else {
            number++;
        }
    }
}

bool
FzDiffer_Reduce(FzComparer *c, FzProgram *program)
{
    Reducer r = { .comparer = c, .best = program };
    FzComparer_Run(c, program, 1);
    r.agreement = FzComparer_Agreement(c, 0);
    if (r.agreement == 0) {
        return false;
    }
    do {
        r.changed = false;
        for (int pass = 0; pass < FZ_REDUCE_COUNT; pass++) {
            uint32_t chunk = pass == FZ_REDUCE_OPS ? FZ_MAX_OPS / 2 : 1;
            for (; chunk > 0; chunk /= 2) {
                run_pass(&r, (FzReducePass)pass, chunk);
            }
        }
    } while (r.changed && r.trials < MAX_TRIALS);
    FzComparer_Run(c, program, 1);
    // Not so if the last change was kept because of a child that was too slow.
    return FzComparer_Agreement(c, 0) != 0;
}

// generate_internal.h: what the parts of the generator share: what it knows of
// the program that it makes, and operands that fit (generate_operand.c).

#ifndef FZ_GENERATE_INTERNAL_H
#define FZ_GENERATE_INTERNAL_H

#include "program_internal.h"

// What a local is known to hold.
typedef enum Holds {
    HOLDS_NONE, HOLDS_LIST, HOLDS_DICT, HOLDS_SET, HOLDS_DEQUE,
    HOLDS_INST, HOLDS_ITER, HOLDS_INTERP, HOLDS_OTHER
} Holds;

enum { FZ_MAX_FOCUS = 6, FZ_TINY_LOCALS = 2 };

typedef struct Generator {
    const FzProgram *program;
    FzRng *rng;
    int block;
    uint8_t weights[FZ_GROUP_COUNT];
    uint8_t hot[2];             // shared objects
    uint8_t focus[FZ_MAX_FOCUS];        // operations drawn most of the time
    bool tiny;                  // the program: hardly anything else
    bool weak;                  // the theme needs instances, to refer to weakly
    uint32_t nfocus;            // 0: no theme; else these are hot, too:
    uint8_t hot_class, hot_func, hot_attr;
    uint8_t locals[FZ_MAX_LOCALS];      // Holds
} Generator;

// True once in n.
bool FzGenerate_OneIn(Generator *g, uint32_t n);
// A shared synchronization object that fits, looked for from `start` on; -1:
// there is none.
int FzGenerate_FindSync(const FzProgram *p, uint32_t start, FzArg arg);
// Whether a shared object of that kind can be such a target.
bool FzGenerate_SharedFits(uint8_t kind, FzArg arg);
// Fills `out` with references that fit, hot ones several times; how many.
uint32_t FzGenerate_FindTargets(const Generator *g, FzArg arg,
                                uint8_t out[static 64]);
bool FzGenerate_CalleeExists(const FzProgram *p, int block);
bool FzGenerate_LockExists(const FzProgram *p);
// An operand for that role.
uint8_t FzGenerate_DrawOperand(Generator *g, FzArg arg);
// All operands of the operation.
void FzGenerate_DrawOperands(Generator *g, FzOp *op);

#endif  // FZ_GENERATE_INTERNAL_H

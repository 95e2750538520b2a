// generate_operand.c: operands of random operations: mostly, one of the kind
// that the operation is meant for, and mostly a hot object.

#include "generate_internal.h"

bool
FzGenerate_OneIn(Generator *g, uint32_t n)
{
    return FzRng_Below(g->rng, n) == 0;
}

bool
FzGenerate_CalleeExists(const FzProgram *p, int block)
{
    return FzBlock_IsFunction(block) ? block + 1 < p->nfunctions
                                     : p->nfunctions > 0;
}

bool
FzGenerate_LockExists(const FzProgram *p)
{
    for (int i = 0; i < p->nshared; i++) {
        if (p->shared[i].kind == FZ_SHARED_LOCK) {
            return true;
        }
    }
    return false;
}

// A shared object that fits, from `start` on; -1: none.
int
FzGenerate_FindSync(const FzProgram *p, uint32_t start, FzArg arg)
{
    for (uint32_t i = 0; i < p->nshared; i++) {
        uint32_t k = (start + i) % p->nshared;
        if (FzShared_IsSync(&p->shared[k], arg)) {
            return (int)k;
        }
    }
    return -1;
}

bool
FzGenerate_SharedFits(uint8_t kind, FzArg arg)
{
    switch (arg) {
    case FZ_ARG_LIST:           // a deque has most methods of a list
        return kind == FZ_SHARED_LIST || kind == FZ_SHARED_DEQUE;
    case FZ_ARG_DICT:
        return kind == FZ_SHARED_DICT;
    case FZ_ARG_SET:
        return kind == FZ_SHARED_SET;
    case FZ_ARG_DEQUE:
        return kind == FZ_SHARED_DEQUE;
    case FZ_ARG_INST:
        return kind == FZ_SHARED_INSTANCE;
    case FZ_ARG_ITER:
        return kind == FZ_SHARED_ITER;
    case FZ_ARG_ITERABLE:
        if (kind == FZ_SHARED_ITER) {
            return true;
        }
        // Fall through.
    case FZ_ARG_SEQ:
        return kind == FZ_SHARED_LIST || kind == FZ_SHARED_DICT ||
               kind == FZ_SHARED_TUPLE || kind == FZ_SHARED_STR ||
               kind == FZ_SHARED_SET || kind == FZ_SHARED_DEQUE;
    case FZ_ARG_INTERP:
        return kind == FZ_SHARED_INTERP;
    case FZ_ARG_ANY:
        return true;
    default:
        return false;
    }
}

static bool
local_fits(uint8_t holds, FzArg arg)
{
    switch (arg) {
    case FZ_ARG_LIST:
        return holds == HOLDS_LIST || holds == HOLDS_DEQUE;
    case FZ_ARG_DICT:
        return holds == HOLDS_DICT;
    case FZ_ARG_SET:
        return holds == HOLDS_SET;
    case FZ_ARG_DEQUE:
        return holds == HOLDS_DEQUE;
    case FZ_ARG_INST:
        return holds == HOLDS_INST;
    case FZ_ARG_ITER:
        return holds == HOLDS_ITER;
    case FZ_ARG_ITERABLE:
        return holds == HOLDS_ITER || local_fits(holds, FZ_ARG_SEQ);
    case FZ_ARG_INTERP:
        return holds == HOLDS_INTERP;
    case FZ_ARG_ANY:
        return holds != HOLDS_NONE;
    default:
        return holds == HOLDS_LIST || holds == HOLDS_DICT ||
               holds == HOLDS_SET || holds == HOLDS_DEQUE;
    }
}

// Fills `out` with references that fit, hot ones several times.
uint32_t
FzGenerate_FindTargets(const Generator *g, FzArg arg, uint8_t out[static 64])
{
    const FzProgram *p = g->program;
    uint32_t n = 0;
    for (uint8_t i = 0; i < p->nshared; i++) {
        if (FzGenerate_SharedFits(p->shared[i].kind, arg)) {
            int times = i == g->hot[0] || i == g->hot[1] ? 5 : 1;
            while (times-- > 0) {
                out[n++] = (uint8_t)(FZ_REF_SHARED + i);
            }
        }
    }
    for (uint8_t i = 0; i < FZ_MAX_LOCALS; i++) {
        if (local_fits(g->locals[i], arg)) {
            out[n++] = (uint8_t)(FZ_REF_LOCAL + i);
        }
    }
    if (FzBlock_IsFunction(g->block)) {
        out[n++] = FZ_REF_PARAM;
        out[n++] = FZ_REF_PARAM + 1;
    }
    return n;
}

static uint8_t
any_local(Generator *g)
{
    return (uint8_t)(FZ_REF_LOCAL + FzRng_Below(g->rng, FZ_MAX_LOCALS));
}

static uint8_t
draw_target(Generator *g, FzArg arg)
{
    uint8_t candidates[64];
    uint32_t n = FzGenerate_FindTargets(g, arg, candidates);
    if (n == 0 || FzGenerate_OneIn(g, 24)) {
        return FzGenerate_OneIn(g, 2) ? any_local(g)
                            : (uint8_t)FzRng_Below(g->rng,
                                                   g->program->nshared);
    }
    return candidates[FzRng_Below(g->rng, n)];
}

static uint8_t
draw_new(Generator *g)
{
    if (g->program->nclasses == 0) {
        return FZ_REF_EMPTY_LIST;
    }
    return (uint8_t)(FZ_REF_NEW + FzRng_Below(g->rng, g->program->nclasses));
}

// A local that is known to hold something, if there is one.
static uint8_t
draw_filled_local(Generator *g)
{
    uint32_t start = FzRng_Below(g->rng, FZ_MAX_LOCALS);
    for (uint32_t i = 0; i < FZ_MAX_LOCALS; i++) {
        uint32_t local = (start + i) % FZ_MAX_LOCALS;
        if (g->locals[local] != HOLDS_NONE) {
            return (uint8_t)(FZ_REF_LOCAL + local);
        }
    }
    if (FzBlock_IsFunction(g->block)) {
        return (uint8_t)(FZ_REF_PARAM + FzRng_Below(g->rng, 2));
    }
    return draw_new(g);
}

static uint8_t
draw_const(Generator *g)
{
    return (uint8_t)(FZ_REF_CONST + FzRng_Below(g->rng, FZ_CONST_COUNT));
}

// A tiny program has hardly any constants: most are immortal, and nobody counts
// their references. Where weak references are the theme, instances: others have
// none.
static uint8_t
draw_value(Generator *g)
{
    if (g->weak && FzGenerate_OneIn(g, 2)) {
        return draw_new(g);
    }
    uint32_t which = FzRng_Below(g->rng, 10);
    if (g->tiny && (which == 1 || which == 2)) {
        return draw_filled_local(g);
    }
    switch (which) {
    case 0: case 1: case 2:
        return draw_const(g);
    case 3: case 4: case 5:
        return draw_filled_local(g);
    case 6: case 7:
        return draw_new(g);
    case 8:
        return (uint8_t)FzRng_Below(g->rng, g->program->nshared);
    default:
        return (uint8_t)(FZ_REF_EMPTY_LIST +
                         FzRng_Below(g->rng,
                                     FZ_REF_COUNT - FZ_REF_EMPTY_LIST));
    }
}

static uint8_t
draw_key(Generator *g)
{
    switch (FzRng_Below(g->rng, 8)) {
    case 0: case 1: case 2: case 3:
        return FzProgram_InitialKey((int)FzRng_Below(g->rng, FZ_MAX_INITIAL));
    case 4: case 5:
        return draw_new(g);
    case 6:
        return draw_filled_local(g);
    default:
        return draw_value(g);
    }
}

// One of `count`: of a theme, mostly the hot one.
static uint8_t
draw_index(Generator *g, uint32_t count, uint8_t hot)
{
    if (g->nfocus > 0 && hot < count && !FzGenerate_OneIn(g, 3)) {
        return hot;
    }
    return (uint8_t)FzRng_Below(g->rng, count != 0 ? count : 1);
}

uint8_t
FzGenerate_DrawOperand(Generator *g, FzArg arg)
{
    const FzProgram *p = g->program;
    if (FzArg_IsSync(arg)) {
        int k = FzGenerate_FindSync(p, FzRng_Below(g->rng, p->nshared), arg);
        return (uint8_t)(k < 0 ? 0 : k);
    }
    switch (arg) {
    case FZ_ARG_NONE:
        return 0;
    case FZ_ARG_LOCAL:
        // With few of them, what a tiny program gets is used, and dropped.
        return (uint8_t)FzRng_Below(g->rng,
                                    g->tiny ? FZ_TINY_LOCALS : FZ_MAX_LOCALS);
    case FZ_ARG_VALUE:
        return draw_value(g);
    case FZ_ARG_KEY:
        return draw_key(g);
    case FZ_ARG_CONST:
        return draw_const(g);
    case FZ_ARG_INDEX:
        return (uint8_t)FzRng_Below(g->rng, FZ_NUM_INDEXES);
    case FZ_ARG_COUNT:
        return (uint8_t)(1 + FzRng_Below(g->rng, FZ_MAX_LOOP_COUNT));
    case FZ_ARG_ATTR:
        return draw_index(g, FZ_NUM_ATTRS, g->hot_attr);
    case FZ_ARG_CLASS:
        return draw_index(g, p->nclasses, g->hot_class);
    case FZ_ARG_FUNC:
        return draw_index(g, p->nfunctions, g->hot_func);
    case FZ_ARG_LOCK:
        return (uint8_t)FzRng_Below(g->rng, p->nshared);
    case FZ_ARG_ERROR:
        return (uint8_t)FzRng_Below(g->rng, FZ_NUM_ERRORS);
    case FZ_ARG_THREAD:
        return (uint8_t)FzRng_Below(g->rng, p->nbodies + 1u);
    default:
        return draw_target(g, arg);
    }
}

// Nobody counts the references to a small int: what a cell holds is mostly one
// that is mortal, or becomes so.
static void
prefer_mortal(Generator *g, FzOp *op)
{
    int k = op->op == FZ_OP_CELL_NEW ? 1 : op->op == FZ_OP_CELL_STEP ? 2 : 3;
    if (k < 3 && !FzGenerate_OneIn(g, 3)) {
        *FzOp_Operand(op, k) = FZ_REF_CONST + FZ_CONST_1000;
    }
}

// With two hot objects, an operation about two is mostly about both.
static void
prefer_two(Generator *g, FzOp *op)
{
    int first = -1;
    for (int k = 0; k < 3 && g->hot[0] != g->hot[1]; k++) {
        FzArg arg = (FzArg)fz_op_info[op->op].args[k];
        if (!FzArg_IsTarget(arg) || arg == FZ_ARG_ANY) {
            continue;
        }
        uint8_t *operand = FzOp_Operand(op, k);
        if (first < 0 || *operand != first) {
            first = *operand;
            continue;
        }
        uint8_t other = g->hot[*operand == g->hot[0]];
        if (FzGenerate_SharedFits(g->program->shared[other].kind, arg) &&
            !FzGenerate_OneIn(g, 4)) {
            *operand = other;
        }
    }
}

void
FzGenerate_DrawOperands(Generator *g, FzOp *op)
{
    for (int k = 0; k < 3; k++) {
        *FzOp_Operand(op, k) =
            FzGenerate_DrawOperand(g, (FzArg)fz_op_info[op->op].args[k]);
    }
    prefer_mortal(g, op);
    prefer_two(g, op);
}

// generate.c: random programs. Each draws weights for the groups of operations
// (swarm testing) and concentrates on one or two hot shared objects. Operands
// are typed: mostly, an operation meets the kind of object it is meant for.
// All randomness is the caller's FzRng.
// Source: Groce et al., Swarm Testing (ISSTA 2012).

#include <string.h>

#include "program_internal.h"

// What a local is known to hold.
typedef enum Holds {
    HOLDS_NONE, HOLDS_LIST, HOLDS_DICT, HOLDS_SET, HOLDS_DEQUE,
    HOLDS_INST, HOLDS_ITER, HOLDS_INTERP, HOLDS_OTHER
} Holds;

typedef struct Generator {
    const FzProgram *program;
    FzRng *rng;
    int block;
    uint8_t weights[FZ_GROUP_COUNT];
    uint8_t hot[2];             // shared objects
    uint8_t locals[FZ_MAX_LOCALS];      // Holds
} Generator;

static bool
one_in(Generator *g, uint32_t n)
{
    return FzRng_Below(g->rng, n) == 0;
}

static bool
callee_exists(const FzProgram *p, int block)
{
    return FzBlock_IsFunction(block) ? block + 1 < p->nfunctions
                                     : p->nfunctions > 0;
}

static bool
lock_exists(const FzProgram *p)
{
    for (int i = 0; i < p->nshared; i++) {
        if (p->shared[i].kind == FZ_SHARED_LOCK) {
            return true;
        }
    }
    return false;
}

// A shared object that fits, from `start` on; -1: none.
static int
find_sync(const FzProgram *p, uint32_t start, FzArg arg)
{
    for (uint32_t i = 0; i < p->nshared; i++) {
        uint32_t k = (start + i) % p->nshared;
        if (FzShared_IsSync(&p->shared[k], arg)) {
            return (int)k;
        }
    }
    return -1;
}

// ---------------------------------------------------------------------------
// Operands.

static bool
shared_fits(uint8_t kind, FzArg arg)
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
static uint32_t
find_targets(const Generator *g, FzArg arg, uint8_t out[static 64])
{
    const FzProgram *p = g->program;
    uint32_t n = 0;
    for (uint8_t i = 0; i < p->nshared; i++) {
        if (shared_fits(p->shared[i].kind, arg)) {
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
    uint32_t n = find_targets(g, arg, candidates);
    if (n == 0 || one_in(g, 24)) {
        return one_in(g, 2) ? any_local(g)
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

static uint8_t
draw_value(Generator *g)
{
    switch (FzRng_Below(g->rng, 10)) {
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

static uint8_t
draw_operand(Generator *g, FzArg arg)
{
    const FzProgram *p = g->program;
    if (FzArg_IsSync(arg)) {
        int k = find_sync(p, FzRng_Below(g->rng, p->nshared), arg);
        return (uint8_t)(k < 0 ? 0 : k);
    }
    switch (arg) {
    case FZ_ARG_NONE:
        return 0;
    case FZ_ARG_LOCAL:
        return (uint8_t)FzRng_Below(g->rng, FZ_MAX_LOCALS);
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
        return (uint8_t)FzRng_Below(g->rng, FZ_NUM_ATTRS);
    case FZ_ARG_CLASS:
        return (uint8_t)FzRng_Below(g->rng, p->nclasses ? p->nclasses : 1);
    case FZ_ARG_FUNC:
        return (uint8_t)FzRng_Below(g->rng,
                                    p->nfunctions ? p->nfunctions : 1);
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

// ---------------------------------------------------------------------------
// Operations.

static Holds
holds_of_reference(const Generator *g, uint8_t ref)
{
    static const uint8_t of_kind[FZ_SHARED_KIND_COUNT] = {
        [FZ_SHARED_LIST] = HOLDS_LIST, [FZ_SHARED_DICT] = HOLDS_DICT,
        [FZ_SHARED_INSTANCE] = HOLDS_INST, [FZ_SHARED_LOCK] = HOLDS_OTHER,
        [FZ_SHARED_TUPLE] = HOLDS_OTHER, [FZ_SHARED_INT] = HOLDS_OTHER,
        [FZ_SHARED_STR] = HOLDS_OTHER, [FZ_SHARED_SET] = HOLDS_SET,
        [FZ_SHARED_DEQUE] = HOLDS_DEQUE, [FZ_SHARED_ITER] = HOLDS_ITER,
        [FZ_SHARED_INTERP] = HOLDS_INTERP,
        [FZ_SHARED_SYNC] = HOLDS_OTHER,
    };
    if (ref < FZ_REF_LOCAL) {
        return of_kind[g->program->shared[ref].kind];
    }
    if (ref < FZ_REF_PARAM) {
        return g->locals[ref - FZ_REF_LOCAL];
    }
    if (ref == FZ_REF_CONST + FZ_CONST_NONE) {
        return HOLDS_NONE;
    }
    if (ref >= FZ_REF_NEW && ref < FZ_REF_EMPTY_LIST) {
        return HOLDS_INST;
    }
    if (ref == FZ_REF_EMPTY_LIST || ref == FZ_REF_LIST) {
        return HOLDS_LIST;
    }
    if (ref == FZ_REF_EMPTY_DICT || ref == FZ_REF_DICT) {
        return HOLDS_DICT;
    }
    return HOLDS_OTHER;
}

// What the operation leaves in the local it assigns.
static void
note_assignment(Generator *g, const FzOp *op)
{
    if (fz_op_info[op->op].args[0] != FZ_ARG_LOCAL) {
        return;
    }
    Holds holds = HOLDS_OTHER;
    switch (op->op) {
    case FZ_OP_LIST_COPY:
    case FZ_OP_LIST_CONCAT:
    case FZ_OP_NEW_LIST:
    case FZ_OP_CYCLE_LIST:
        holds = HOLDS_LIST;
        break;
    case FZ_OP_DICT_COPY:
    case FZ_OP_DICT_OR:
    case FZ_OP_DICT_FROMKEYS:
    case FZ_OP_NEW_DICT:
    case FZ_OP_ATTRS_COPY:
    case FZ_OP_ATTRS_GET:
        holds = HOLDS_DICT;
        break;
    case FZ_OP_SET_COPY:
    case FZ_OP_SET_OR:
    case FZ_OP_SET_AND:
    case FZ_OP_SET_NEW:
    case FZ_OP_DICT_KEYS_AND:
        holds = HOLDS_SET;
        break;
    case FZ_OP_DEQUE_NEW:
        holds = HOLDS_DEQUE;
        break;
    case FZ_OP_NEW:
    case FZ_OP_NEW_ATTR:
    case FZ_OP_CYCLE_INST:
    case FZ_OP_WEAK_CYCLE:
    case FZ_OP_WEAK_GET:
    case FZ_OP_NEW_CLASS:
        holds = HOLDS_INST;
        break;
    case FZ_OP_ITER_DRAIN:
        holds = HOLDS_LIST;
        break;
    case FZ_OP_ITER_NEW:
    case FZ_OP_ITER_ENUMERATE:
    case FZ_OP_ITER_ZIP:
    case FZ_OP_ITER_MAP:
    case FZ_OP_ITER_FILTER:
    case FZ_OP_ITER_REVERSED:
    case FZ_OP_ITER_CALL:
    case FZ_OP_ITER_CYCLE:
    case FZ_OP_ITER_CHAIN:
    case FZ_OP_ITER_SLICE:
    case FZ_OP_ITER_TEE:
        holds = HOLDS_ITER;
        break;
    case FZ_OP_INTERP_NEW:
        holds = HOLDS_INTERP;
        break;
    case FZ_OP_SET:
        holds = holds_of_reference(g, op->b);
        break;
    case FZ_OP_DROP:
        holds = HOLDS_NONE;
        break;
    default:
        break;
    }
    g->locals[op->a] = (uint8_t)holds;
}

// Whether the block can hold it and, mostly, something fits its operands.
static bool
is_wanted(Generator *g, uint8_t op)
{
    const FzProgram *p = g->program;
    if (op == FZ_OP_END || (op == FZ_OP_PASS && !one_in(g, 8))) {
        return false;
    }
    if (FzOp_CallsAny(&(FzOp){ .op = op }) && FzBlock_IsFunction(g->block)) {
        return false;
    }
    if ((FzOp_IsForBodies(op) && FzBlock_IsFunction(g->block)) ||
        (FzOp_StartsThread(op) && op != FZ_OP_DAEMON && !one_in(g, 4)))
    {
        return false;
    }
    if (op == FZ_OP_QUEUE_DESTROY && !one_in(g, 4)) {
        return false;
    }
    // A process is dear.
    if (op == FZ_OP_FORK && !one_in(g, 32)) {
        return false;
    }
    // With the GIL on for good, a free-threaded build is hardly one.
    if (op == FZ_OP_UNSAFE_EXTENSION && !one_in(g, 16)) {
        return false;
    }
    // An exception in the middle ends much of what was to be tested.
    if (op == FZ_OP_ASYNC_EXC && !one_in(g, 2)) {
        return false;
    }
    for (int k = 0; k < 3; k++) {
        FzArg arg = (FzArg)fz_op_info[op].args[k];
        uint8_t candidates[64];
        if ((FzArg_IsSync(arg) && find_sync(p, 0, arg) < 0) ||
            (arg == FZ_ARG_CLASS && p->nclasses == 0) ||
            (arg == FZ_ARG_FUNC && !callee_exists(p, g->block)) ||
            (arg == FZ_ARG_LOCK &&
             (FzBlock_IsFunction(g->block) || !lock_exists(p))))
        {
            return false;
        }
        if (FzArg_IsTarget(arg) && find_targets(g, arg, candidates) == 0 &&
            !one_in(g, 24))
        {
            return false;
        }
    }
    return true;
}

static uint8_t
draw_opcode(Generator *g)
{
    uint32_t total = 0;
    for (int op = 0; op < FZ_OP_COUNT; op++) {
        total += g->weights[fz_op_info[op].flags & FZ_OPF_GROUP];
    }
    for (int tries = 0; tries < 64; tries++) {
        uint32_t at = FzRng_Below(g->rng, total);
        uint8_t op = 0;
        for (;; op++) {
            uint32_t weight =
                g->weights[fz_op_info[op].flags & FZ_OPF_GROUP];
            if (at < weight) {
                break;
            }
            at -= weight;
        }
        if (is_wanted(g, op)) {
            return op;
        }
    }
    return FZ_OP_NEW_LIST;
}

static FzOp
draw_op(Generator *g)
{
    FzOp op = { .op = draw_opcode(g) };
    for (int k = 0; k < 3; k++) {
        *FzOp_Operand(&op, k) =
            draw_operand(g, (FzArg)fz_op_info[op.op].args[k]);
    }
    return op;
}

// Operations into ops, of which at most `limit`; nested blocks hold a few.
static void
draw_ops(Generator *g, FzBlockOps *ops, uint32_t limit, int depth)
{
    while (ops->nops < limit) {
        FzOp op = draw_op(g);
        bool opens = FzOp_Opens(&op);
        if (opens && (depth == FZ_MAX_NESTING || ops->nops + 3u > limit)) {
            return;
        }
        ops->ops[ops->nops++] = op;
        note_assignment(g, &op);
        if (opens) {
            uint32_t inside = 1 + FzRng_Below(g->rng, 4);
            uint32_t end = ops->nops + inside;
            draw_ops(g, ops, end < limit - 1 ? end : limit - 1, depth + 1);
            ops->ops[ops->nops++] = (FzOp){ .op = FZ_OP_END };
        }
    }
}

static Generator
plain_generator(const FzProgram *program, int block, FzRng *rng)
{
    Generator g = { .program = program, .rng = rng, .block = block };
    memset(g.weights, 2, sizeof(g.weights));
    memset(g.locals, HOLDS_OTHER, sizeof(g.locals));
    g.hot[0] = g.hot[1] = (uint8_t)FzRng_Below(rng, program->nshared);
    return g;
}

FzOp
FzGenerate_Op(const FzProgram *program, int block, FzRng *rng)
{
    Generator g = plain_generator(program, block, rng);
    return draw_op(&g);
}

uint8_t
FzGenerate_Operand(const FzProgram *program, int block, FzArg arg, FzRng *rng)
{
    Generator g = plain_generator(program, block, rng);
    return draw_operand(&g, arg);
}

static void
draw_block(Generator *g, FzProgram *program, int block, uint32_t nops)
{
    FzBlockOps *ops = FzProgram_Block(program, block);
    memset(ops, 0, sizeof(*ops));
    memset(g->locals, HOLDS_NONE, sizeof(g->locals));
    g->block = block;
    draw_ops(g, ops, nops < FZ_MAX_OPS ? nops : FZ_MAX_OPS, 0);
}

void
FzGenerate_Block(FzProgram *program, int block, uint32_t nops, FzRng *rng)
{
    Generator g = plain_generator(program, block, rng);
    draw_block(&g, program, block, nops);
}

// ---------------------------------------------------------------------------
// Programs.

FzClass
FzGenerate_Class(int index, FzRng *rng)
{
    FzClass cls = { 0 };
    if (FzRng_Below(rng, 2) == 0) {
        cls.base = (uint8_t)FzRng_Below(rng, (uint32_t)index + 1);
    }
    if (FzRng_Below(rng, 2) == 0) {
        cls.eq = (uint8_t)(1 + FzRng_Below(rng, FZ_EQ_COUNT - 1));
        // With __eq__ alone instances could not be keys.
        if (FzRng_Below(rng, 8) != 0) {
            cls.hash = (uint8_t)(1 + FzRng_Below(rng, FZ_HASH_COUNT - 1));
        }
    }
    else if (FzRng_Below(rng, 4) == 0) {
        cls.hash = (uint8_t)(1 + FzRng_Below(rng, FZ_HASH_COUNT - 1));
    }
    if (FzRng_Below(rng, 2) == 0) {
        cls.del = (uint8_t)(1 + FzRng_Below(rng, FZ_DEL_COUNT - 1));
    }
    return cls;
}

FzShared
FzGenerate_Shared(const FzProgram *program, FzRng *rng)
{
    static const uint8_t kinds[] = {
        FZ_SHARED_SYNC, FZ_SHARED_SYNC, FZ_SHARED_SYNC, FZ_SHARED_SYNC,
        FZ_SHARED_LIST, FZ_SHARED_LIST, FZ_SHARED_LIST, FZ_SHARED_LIST,
        FZ_SHARED_LIST, FZ_SHARED_DICT, FZ_SHARED_DICT, FZ_SHARED_DICT,
        FZ_SHARED_DICT, FZ_SHARED_INSTANCE, FZ_SHARED_INSTANCE,
        FZ_SHARED_LOCK, FZ_SHARED_LOCK, FZ_SHARED_TUPLE, FZ_SHARED_INT,
        FZ_SHARED_STR, FZ_SHARED_SET, FZ_SHARED_SET, FZ_SHARED_SET,
        FZ_SHARED_DEQUE, FZ_SHARED_DEQUE, FZ_SHARED_ITER, FZ_SHARED_ITER,
    };
    FzShared shared = { .kind = kinds[FzRng_Below(rng, sizeof(kinds))] };
    if (shared.kind == FZ_SHARED_INSTANCE) {
        if (program->nclasses == 0) {
            shared.kind = FZ_SHARED_LIST;
        }
        else {
            shared.cls = (uint8_t)FzRng_Below(rng, program->nclasses);
        }
    }
    if (shared.kind == FZ_SHARED_ITER) {
        shared.cls = (uint8_t)FzRng_Below(rng, FZ_MAX_SHARED);
        shared.initial = (uint8_t)FzRng_Below(rng, FZ_ITER_KINDS);
        return shared;
    }
    shared.initial = (uint8_t)FzRng_Below(rng, FZ_MAX_INITIAL + 1);
    if (FzRng_Below(rng, 24) == 0) {
        shared = (FzShared){ .kind = FZ_SHARED_INTERP,
                             .initial = (uint8_t)FzRng_Below(rng, 2) };
    }
    return shared;
}

static void
draw_weights(Generator *g)
{
    static const uint8_t weights[8] = { 0, 0, 0, 0, 1, 2, 4, 8 };
    for (int i = 0; i < FZ_GROUP_COUNT; i++) {
        g->weights[i] = weights[FzRng_Below(g->rng, 8)];
    }
    // Something must be drawable whatever else is off.
    g->weights[FZ_GROUP_LOCAL] |= 1;
    g->weights[FZ_GROUP_BLOCK] &= 3;
    g->weights[FZ_GROUP_SYNC] &= 7;
    // Interpreters are dear: few programs use them, but then often.
    if (!one_in(g, 12)) {
        g->weights[FZ_GROUP_INTERP] = 0;
    }
    for (int i = 0; i < 2; i++) {
        g->hot[i] = (uint8_t)FzRng_Below(g->rng, g->program->nshared);
        uint8_t kind = g->program->shared[g->hot[i]].kind;
        FzGroup group = kind == FZ_SHARED_LIST ? FZ_GROUP_LIST :
                        kind == FZ_SHARED_DICT ? FZ_GROUP_DICT :
                        kind == FZ_SHARED_SET ? FZ_GROUP_SET :
                        kind == FZ_SHARED_DEQUE ? FZ_GROUP_DEQUE :
                        kind == FZ_SHARED_INSTANCE ? FZ_GROUP_ATTR :
                        kind == FZ_SHARED_LOCK ? FZ_GROUP_SYNC :
                        kind == FZ_SHARED_INTERP ? FZ_GROUP_INTERP :
                        kind == FZ_SHARED_SYNC ? FZ_GROUP_WAIT :
                        FZ_GROUP_READ;
        if (g->weights[group] < 4) {
            g->weights[group] = 4;
        }
    }
}

static bool
raises_signals(const FzProgram *p)
{
    for (int i = 0; i < p->nbodies; i++) {
        for (uint32_t k = 0; k < p->bodies[i].nops; k++) {
            if (p->bodies[i].ops[k].op == FZ_OP_RAISE_SIGNAL) {
                return true;
            }
        }
    }
    return false;
}

// Only the main thread can say who handles a signal that a thread raises.
static void
set_handler_first(FzProgram *p, FzRng *rng)
{
    if (p->nfunctions == 0 || p->main.nops == FZ_MAX_OPS ||
        !raises_signals(p)) {
        return;
    }
    memmove(&p->main.ops[1], &p->main.ops[0], p->main.nops * sizeof(FzOp));
    p->main.nops++;
    p->main.ops[0] = (FzOp){
        .op = FZ_OP_SIGNAL_HANDLER,
        .a = (uint8_t)FzRng_Below(rng, p->nfunctions),
    };
}

void
FzProgram_Generate(FzProgram *program, FzRng *rng)
{
    static const uint8_t nclasses[8] = { 0, 1, 1, 1, 2, 2, 2, 3 };
    static const uint8_t nshared[8] = { 1, 2, 2, 3, 3, 4, 4, 6 };
    static const uint8_t nfunctions[8] = { 0, 0, 0, 1, 1, 1, 2, 3 };
    static const uint8_t nbodies[16] = {
        0, 1, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 4,
    };
    FzProgram *p = program;
    memset(p, 0, sizeof(*p));
    p->nclasses = nclasses[FzRng_Below(rng, 8)];
    p->nshared = nshared[FzRng_Below(rng, 8)];
    p->nfunctions = nfunctions[FzRng_Below(rng, 8)];
    p->nbodies = nbodies[FzRng_Below(rng, 16)];
    for (int i = 0; i < p->nclasses; i++) {
        p->classes[i] = FzGenerate_Class(i, rng);
    }
    for (int i = 0; i < p->nshared; i++) {
        p->shared[i] = FzGenerate_Shared(p, rng);
    }
    Generator g = { .program = p, .rng = rng };
    draw_weights(&g);
    for (int i = 0; i < p->nfunctions; i++) {
        draw_block(&g, p, i, 1 + FzRng_Below(rng, 6));
    }
    if (p->nbodies == 0 || FzRng_Below(rng, 4) == 0) {
        uint32_t most = p->nbodies == 0 ? 20 : 8;
        draw_block(&g, p, FZ_BLOCK_MAIN, 2 + FzRng_Below(rng, most));
    }
    for (int i = 0; i < p->nbodies; i++) {
        draw_block(&g, p, FZ_BLOCK_BODY + i, 8 + FzRng_Below(rng, 13));
    }
    set_handler_first(p, rng);
    FzProgram_Fixup(p);
}

// generate.c: random programs. Each draws weights for the groups of operations
// (swarm testing) and concentrates on one or two hot shared objects. Most of
// them have a theme: an operation, an object that it is meant for, and a few
// more operations on that object make most of the program, with one attribute,
// class and function, and its bodies are short; half of those are tiny, a few
// operations each on two locals and hardly any constant, and half of these do
// them several times, or call functions that do: such an execution costs a
// fraction of others. A bug of two operations on one object is then a matter of
// schedules, not of programs. An operation that is about two objects gets two.
// All randomness is the caller's FzRng.
// Source: Groce et al., Swarm Testing (ISSTA 2012).

#include <string.h>

#include "generate_internal.h"

enum { DAEMONS_LEFT = 24 };      // one in so many programs ends with some

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
    // Anything, where nothing is said.
    static const uint8_t of_op[FZ_OP_COUNT] = {
        [FZ_OP_LIST_COPY] = HOLDS_LIST, [FZ_OP_LIST_CONCAT] = HOLDS_LIST,
        [FZ_OP_NEW_LIST] = HOLDS_LIST, [FZ_OP_CYCLE_LIST] = HOLDS_LIST,
        [FZ_OP_DICT_COPY] = HOLDS_DICT, [FZ_OP_DICT_OR] = HOLDS_DICT,
        [FZ_OP_DICT_FROMKEYS] = HOLDS_DICT, [FZ_OP_NEW_DICT] = HOLDS_DICT,
        [FZ_OP_ATTRS_COPY] = HOLDS_DICT, [FZ_OP_ATTRS_GET] = HOLDS_DICT,
        [FZ_OP_SET_COPY] = HOLDS_SET, [FZ_OP_SET_OR] = HOLDS_SET,
        [FZ_OP_SET_AND] = HOLDS_SET, [FZ_OP_SET_NEW] = HOLDS_SET,
        [FZ_OP_DICT_KEYS_AND] = HOLDS_SET, [FZ_OP_DEQUE_NEW] = HOLDS_DEQUE,
        [FZ_OP_NEW] = HOLDS_INST, [FZ_OP_NEW_ATTR] = HOLDS_INST,
        [FZ_OP_CYCLE_INST] = HOLDS_INST, [FZ_OP_WEAK_CYCLE] = HOLDS_INST,
        [FZ_OP_WEAK_GET] = HOLDS_INST, [FZ_OP_NEW_CLASS] = HOLDS_INST,
        [FZ_OP_NEW_SLOTTED] = HOLDS_INST, [FZ_OP_NEW_CLASS_BELOW] = HOLDS_INST,
        [FZ_OP_ITER_DRAIN] = HOLDS_LIST, [FZ_OP_SUBCLASSES] = HOLDS_LIST,
        [FZ_OP_ITER_NEW] = HOLDS_ITER, [FZ_OP_ITER_ENUMERATE] = HOLDS_ITER,
        [FZ_OP_ITER_ZIP] = HOLDS_ITER, [FZ_OP_ITER_MAP] = HOLDS_ITER,
        [FZ_OP_ITER_FILTER] = HOLDS_ITER, [FZ_OP_ITER_REVERSED] = HOLDS_ITER,
        [FZ_OP_ITER_CALL] = HOLDS_ITER, [FZ_OP_ITER_CYCLE] = HOLDS_ITER,
        [FZ_OP_ITER_CHAIN] = HOLDS_ITER, [FZ_OP_ITER_SLICE] = HOLDS_ITER,
        [FZ_OP_ITER_TEE] = HOLDS_ITER, [FZ_OP_INTERP_NEW] = HOLDS_INTERP,
    };
    if (fz_op_info[op->op].args[0] != FZ_ARG_LOCAL) {
        return;
    }
    Holds holds = op->op == FZ_OP_DROP ? HOLDS_NONE :
                  op->op == FZ_OP_SET ? holds_of_reference(g, op->b) :
                  of_op[op->op] != 0 ? (Holds)of_op[op->op] : HOLDS_OTHER;
    g->locals[op->a] = (uint8_t)holds;
}

// Whether the block can hold it and, mostly, something fits its operands.
static bool
is_wanted(Generator *g, uint8_t op)
{
    const FzProgram *p = g->program;
    if (op == FZ_OP_END || (op == FZ_OP_PASS && !FzGenerate_OneIn(g, 8))) {
        return false;
    }
    if (FzOp_CallsAny(&(FzOp){ .op = op }) && FzBlock_IsFunction(g->block)) {
        return false;
    }
    if ((FzOp_IsForBodies(op) && FzBlock_IsFunction(g->block)) ||
        (FzOp_StartsThread(op) && op != FZ_OP_DAEMON &&
         !FzGenerate_OneIn(g, 4)))
    {
        return false;
    }
    if (op == FZ_OP_QUEUE_DESTROY && !FzGenerate_OneIn(g, 4)) {
        return false;
    }
    // A process is dear.
    if (op == FZ_OP_FORK && !FzGenerate_OneIn(g, 8)) {
        return false;
    }
    // With the GIL on for good, a free-threaded build is hardly one.
    if (op == FZ_OP_UNSAFE_EXTENSION && !FzGenerate_OneIn(g, 16)) {
        return false;
    }
    // An exception in the middle ends much of what was to be tested.
    if (op == FZ_OP_ASYNC_EXC && !FzGenerate_OneIn(g, 2)) {
        return false;
    }
    for (int k = 0; k < 3; k++) {
        FzArg arg = (FzArg)fz_op_info[op].args[k];
        uint8_t candidates[64];
        if ((FzArg_IsSync(arg) && FzGenerate_FindSync(p, 0, arg) < 0) ||
            (arg == FZ_ARG_CLASS && p->nclasses == 0) ||
            (arg == FZ_ARG_FUNC && !FzGenerate_CalleeExists(p, g->block)) ||
            (arg == FZ_ARG_LOCK &&
             (FzBlock_IsFunction(g->block) || !FzGenerate_LockExists(p))))
        {
            return false;
        }
        if (FzArg_IsTarget(arg) &&
            FzGenerate_FindTargets(g, arg, candidates) == 0 &&
            !FzGenerate_OneIn(g, 24))
        {
            return false;
        }
    }
    return true;
}

static uint8_t
draw_opcode(Generator *g)
{
    if (g->nfocus > 0 && !FzGenerate_OneIn(g, g->tiny ? 12 : 4)) {
        uint8_t op = g->focus[FzRng_Below(g->rng, g->nfocus)];
        if (is_wanted(g, op)) {
            return op;
        }
    }
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
    FzGenerate_DrawOperands(g, &op);
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
    return FzGenerate_DrawOperand(&g, arg);
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

// A block that does the same again and again, if it has rounds to go: each is a
// chance to meet the other threads, and costs less than an execution.
static void
draw_rounds(Generator *g, FzProgram *program, int block, uint32_t nops,
            uint32_t rounds)
{
    if (rounds < 2) {
        draw_block(g, program, block, nops);
        return;
    }
    FzBlockOps *ops = FzProgram_Block(program, block);
    memset(ops, 0, sizeof(*ops));
    memset(g->locals, HOLDS_NONE, sizeof(g->locals));
    g->block = block;
    ops->ops[ops->nops++] = (FzOp){ .op = FZ_OP_LOOP,
                                    .a = (uint8_t)rounds };
    draw_ops(g, ops, nops + 1, 1);
    ops->ops[ops->nops++] = (FzOp){ .op = FZ_OP_END };
}

void
FzGenerate_Block(FzProgram *program, int block, uint32_t nops, FzRng *rng)
{
    Generator g = plain_generator(program, block, rng);
    draw_block(&g, program, block, nops);
}

// ---------------------------------------------------------------------------
// Parts.

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
    if (!FzGenerate_OneIn(g, 12)) {
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

// ---------------------------------------------------------------------------
// Themes.

// A class is changed for its instance.
static bool
fits(const FzShared *shared, FzArg arg)
{
    if (arg == FZ_ARG_CLASS) {
        return shared->kind == FZ_SHARED_INSTANCE;
    }
    return arg != FZ_ARG_ANY && (FzGenerate_SharedFits(shared->kind, arg) ||
                                 FzShared_IsSync(shared, arg));
}

static bool
is_for(const FzShared *shared, uint8_t op)
{
    for (int k = 0; k < 3; k++) {
        if (fits(shared, (FzArg)fz_op_info[op].args[k])) {
            return true;
        }
    }
    return false;
}

static bool
has_operand(uint8_t op, FzArg arg)
{
    return fz_op_info[op].args[0] == arg || fz_op_info[op].args[1] == arg ||
           fz_op_info[op].args[2] == arg;
}

static FzGroup
group_of(uint8_t op)
{
    return (FzGroup)(fz_op_info[op].flags & FZ_OPF_GROUP);
}

// Whether the operation is about two shared objects.
static bool
is_for_two(uint8_t op)
{
    int n = 0;
    for (int k = 0; k < 3; k++) {
        FzArg arg = (FzArg)fz_op_info[op].args[k];
        n += FzArg_IsTarget(arg) && arg != FZ_ARG_ANY;
    }
    return n > 1;
}

// What the operation needs of a program.
static void
provide_for(FzProgram *p, uint8_t op)
{
    if (is_for_two(op) && p->nshared == 1) {
        p->nshared = 2;
    }
    for (int k = 0; k < 3; k++) {
        FzArg arg = (FzArg)fz_op_info[op].args[k];
        if ((arg == FZ_ARG_CLASS || arg == FZ_ARG_INST) && p->nclasses == 0) {
            p->nclasses = 1;
        }
        if (arg == FZ_ARG_FUNC && p->nfunctions == 0) {
            p->nfunctions = 1;
        }
    }
}

static bool
can_be_anchor(uint8_t op)
{
    for (int k = 0; k < 3; k++) {
        FzArg arg = (FzArg)fz_op_info[op].args[k];
        if (FzArg_IsSync(arg) || arg == FZ_ARG_CLASS ||
            (arg == FZ_ARG_FUNC && group_of(op) == FZ_GROUP_FUNCTION) ||
            (FzArg_IsTarget(arg) && arg != FZ_ARG_ANY)) {
            return true;
        }
    }
    return false;
}

// All operations are alike, or else all groups.
static uint8_t
draw_anchor(FzRng *rng)
{
    uint32_t group = FzRng_Below(rng, 2 * FZ_GROUP_COUNT);
    for (uint32_t tries = 0;; tries++) {
        uint8_t op = (uint8_t)FzRng_Below(rng, FZ_OP_COUNT);
        if (can_be_anchor(op) &&
            (group >= FZ_GROUP_COUNT || tries > 512 || group_of(op) == group)) {
            return op;
        }
    }
}

// Whether `op` goes with the anchor. Of four, the first is of its group, the
// second for its object, the third is either, and the fourth is any: so that
// the object meets what it is not made for, too.
static bool
goes_with(const FzShared *object, uint8_t anchor, uint8_t op, uint32_t turn)
{
    bool for_function = has_operand(anchor, FZ_ARG_FUNC) &&
                        has_operand(op, FZ_ARG_FUNC);
    bool same_group = group_of(op) == group_of(anchor) &&
                      (is_for(object, op) || for_function);
    return turn % 4 == 1 ? same_group :
           turn % 4 == 2 ? is_for(object, op) :
           turn % 4 == 3 ? same_group || is_for(object, op) : true;
}

// What makes, or changes, the things that operations like the anchor are about
// (turn 0), and what uses them (turn 1). PASS: nothing in particular.
static uint8_t
core_of(uint8_t anchor, uint32_t turn)
{
    static const uint8_t of_group[FZ_GROUP_COUNT][2] = {
        [FZ_GROUP_LIST] = { FZ_OP_LIST_APPEND, FZ_OP_LIST_POP },
        [FZ_GROUP_DICT] = { FZ_OP_DICT_WRITE, FZ_OP_DICT_GET },
        [FZ_GROUP_SET] = { FZ_OP_SET_ADD, FZ_OP_SET_HAS },
        [FZ_GROUP_DEQUE] = { FZ_OP_DEQUE_APPEND, FZ_OP_DEQUE_POPLEFT },
        [FZ_GROUP_READ] = { FZ_OP_LIST_APPEND, FZ_OP_ITER_NEXT },
        [FZ_GROUP_ATTR] = { FZ_OP_ATTR_WRITE, FZ_OP_ATTR_READ },
        [FZ_GROUP_TYPE] = { FZ_OP_CLASS_WRITE, FZ_OP_ATTR_READ },
        [FZ_GROUP_DESCRIPTOR] = { FZ_OP_SLOTS_NEW, FZ_OP_SLOT_SET },
        [FZ_GROUP_WEAK] = { FZ_OP_WEAK_NEW, FZ_OP_WEAK_GET },
        [FZ_GROUP_GENERATOR] = { FZ_OP_GEN_NEW, FZ_OP_GEN_NEXT },
        [FZ_GROUP_FUNCTION] = { FZ_OP_CELL_NEW, FZ_OP_CELL_STEP },
    };
    static const uint8_t of_functions[2] = { FZ_OP_FUNC_DEFAULTS,
                                             FZ_OP_CALL_DEFAULT };
    FzGroup group = group_of(anchor);
    if (group == FZ_GROUP_FUNCTION && has_operand(anchor, FZ_ARG_FUNC)) {
        return of_functions[turn];
    }
    // What refers to an attribute's value weakly meets who replaces the value.
    return group == FZ_GROUP_WEAK && has_operand(anchor, FZ_ARG_ATTR)
        ? FZ_OP_ATTR_WRITE : of_group[group][turn];
}

// The other hot object of an anchor that is about two: like the first, or else
// what the anchor needs beside it.
static void
draw_second(Generator *g, FzProgram *p, uint8_t anchor)
{
    g->hot[1] = 1;
    p->shared[1] = p->shared[0];
    p->shared[1].initial = (uint8_t)FzRng_Below(g->rng, FZ_MAX_INITIAL + 1);
    for (int k = 0; k < 3; k++) {
        FzArg arg = (FzArg)fz_op_info[anchor].args[k];
        if (!FzArg_IsTarget(arg) || arg == FZ_ARG_ANY ||
            FzGenerate_SharedFits(p->shared[0].kind, arg)) {
            continue;
        }
        for (int n = 0; n < 200 && !fits(&p->shared[1], arg); n++) {
            p->shared[1] = FzGenerate_Shared(p, g->rng);
        }
    }
}

// An object that the anchor is meant for, the only hot one or one of two, and
// at most `most` operations on it.
static void
draw_theme(Generator *g, FzProgram *p, uint8_t anchor, uint32_t most)
{
    g->hot[0] = g->hot[1] = 0;
    for (int n = 0; !is_for(&p->shared[0], anchor) && n < 200; n++) {
        p->shared[0] = FzGenerate_Shared(p, g->rng);
    }
    if (is_for_two(anchor)) {
        draw_second(g, p, anchor);
    }
    // Hardly any other iterator gives what can be taken apart.
    if (anchor == FZ_OP_ITER_PAIRS && !FzGenerate_OneIn(g, 4)) {
        p->shared[0].initial =
            FzGenerate_OneIn(g, 2) ? FZ_ITER_ENUMERATE : FZ_ITER_ZIP;
    }
    FzGroup group = group_of(anchor);
    g->weak = group == FZ_GROUP_WEAK;
    g->hot_class = p->shared[0].kind == FZ_SHARED_INSTANCE
        ? p->shared[0].cls : 0;
    g->hot_attr = (uint8_t)FzRng_Below(g->rng, FZ_NUM_ATTRS);
    g->nfocus = 2 + FzRng_Below(g->rng, most - 1);
    g->focus[0] = anchor;
    uint32_t turn = FzRng_Below(g->rng, 2);
    for (uint32_t i = 1; i < g->nfocus; i++, turn++) {
        uint8_t op = core_of(anchor, turn % 2);
        // Or what looks at an attribute's value, weakly, while it dies.
        if (turn % 2 == 1 && op != FZ_OP_ATTR_WRITE &&
            (group == FZ_GROUP_ATTR || group == FZ_GROUP_WEAK) &&
            FzGenerate_OneIn(g, 2))
        {
            op = FZ_OP_WEAK_PEEK;
            g->weak = true;
        }
        if (i < 3 && op != FZ_OP_PASS && op != anchor &&
            !FzGenerate_OneIn(g, 3)) {
            g->focus[i] = op;
            continue;
        }
        for (int tries = 0; tries < 64; tries++) {
            op = (uint8_t)FzRng_Below(g->rng, FZ_OP_COUNT);
            if (goes_with(&p->shared[0], anchor, op, i)) {
                break;
            }
        }
        g->focus[i] = op;
    }
}

// ---------------------------------------------------------------------------
// Programs.

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

// The finalizer of what is found lets the program end in the middle of it.
static void
collect_slowly(FzProgram *p, FzBlockOps *ops)
{
    uint8_t last = (uint8_t)(p->nclasses - 1);
    p->classes[last].del = FZ_DEL_YIELD;
    ops->ops[0] = ops->ops[1] = (FzOp){ .op = FZ_OP_CYCLE_INST, .b = last };
    ops->ops[2] = (FzOp){ .op = FZ_OP_GC };
    ops->nops = ops->nops > 3 ? ops->nops : 3;
}

// Daemons that main starts last: the program ends while they work, or collect
// what the others have left.
static void
leave_daemons(Generator *g, FzProgram *p)
{
    if (p->nfunctions == 0) {
        p->nfunctions = 1;
        draw_block(g, p, 0, 2 + FzRng_Below(g->rng, 4));
    }
    int function = (int)FzRng_Below(g->rng, p->nfunctions);
    FzBlockOps *ops = FzProgram_Block(p, function);
    if (p->nclasses > 0 && FzGenerate_OneIn(g, 3)) {
        collect_slowly(p, ops);
    }
    else if (ops->nops > 0 && FzGenerate_OneIn(g, 2)) {
        ops->ops[0] = (FzOp){ .op = FZ_OP_GC };
    }
    for (uint32_t n = 1 + FzRng_Below(g->rng, 2);
         n > 0 && p->main.nops < FZ_MAX_OPS; n--) {
        p->main.ops[p->main.nops++] = (FzOp){
            .op = FZ_OP_DAEMON,
            .a = (uint8_t)function,
            .b = (uint8_t)FzRng_Next(g->rng),
            .c = (uint8_t)FzRng_Next(g->rng),
        };
    }
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
    bool themed = FzRng_Below(rng, 4) != 0;
    bool tiny = themed && FzRng_Below(rng, 2) != 0;
    uint8_t anchor = draw_anchor(rng);
    if (tiny) {
        p->nshared = (uint8_t)(1 + FzRng_Below(rng, 2));
        p->nfunctions = 0;
        p->nbodies = FzRng_Below(rng, 3) == 0 ? 3 : 2;
    }
    if (themed) {
        provide_for(p, anchor);
    }
    for (int i = 0; i < p->nclasses; i++) {
        p->classes[i] = FzGenerate_Class(i, rng);
    }
    for (int i = 0; i < p->nshared; i++) {
        p->shared[i] = FzGenerate_Shared(p, rng);
    }
    Generator g = { .program = p, .rng = rng, .tiny = tiny };
    draw_weights(&g);
    uint32_t least = tiny ? 2 : themed ? 3 : 8;
    uint32_t more = tiny ? 4 : themed ? 8 : 13;
    if (themed) {
        draw_theme(&g, p, anchor, tiny ? 3 : FZ_MAX_FOCUS);
    }
    // The bodies go several rounds or the functions do, not both: an execution
    // must remain short. No thread is started in a loop: of a program about
    // that, only the functions loop.
    bool starts = themed && FzOp_StartsThread(anchor);
    uint32_t who_loops = !tiny ? 0 : FzRng_Below(rng, starts ? 2 : 4);
    uint32_t rounds = 2 + FzRng_Below(rng, FZ_MAX_LOOP_COUNT - 1);
    for (int i = 0; i < p->nfunctions; i++) {
        draw_rounds(&g, p, i, 1 + FzRng_Below(rng, 6),
                    who_loops == 1 ? rounds : 1);
    }
    if (p->nbodies == 0 || (!tiny && FzRng_Below(rng, 4) == 0)) {
        uint32_t most = p->nbodies == 0 ? 20 : 8;
        draw_block(&g, p, FZ_BLOCK_MAIN, 2 + FzRng_Below(rng, most));
    }
    for (int i = 0; i < p->nbodies; i++) {
        draw_rounds(&g, p, FZ_BLOCK_BODY + i, least + FzRng_Below(rng, more),
                    who_loops > 1 ? rounds : 1);
    }
    set_handler_first(p, rng);
    if (FzGenerate_OneIn(&g, DAEMONS_LEFT)) {
        leave_daemons(&g, p);
    }
    FzProgram_Fixup(p);
}

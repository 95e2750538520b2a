// program.c: access to the blocks of a program, comparison, and the check that
// a program is valid. Validate() states the rules that Fixup() establishes;
// it shares no code with it beyond the table of operations.

#include <stdarg.h>
#include <string.h>

#include "program_internal.h"

const FzBlockOps *
FzProgram_BlockConst(const FzProgram *program, int block)
{
    FZ_ASSERT(block >= 0 && block < FZ_BLOCK_LIMIT);
    if (block < FZ_BLOCK_MAIN) {
        return &program->functions[block];
    }
    if (block == FZ_BLOCK_MAIN) {
        return &program->main;
    }
    return &program->bodies[block - FZ_BLOCK_BODY];
}

FzBlockOps *
FzProgram_Block(FzProgram *program, int block)
{
    return (FzBlockOps *)FzProgram_BlockConst(program, block);
}

bool
FzProgram_HasBlock(const FzProgram *program, int block)
{
    if (block < FZ_BLOCK_MAIN) {
        return block < program->nfunctions;
    }
    return block - FZ_BLOCK_BODY < program->nbodies;
}

uint64_t
FzProgram_Hash(const FzProgram *program)
{
    FzBuf buf = { 0 };
    FzProgram_Encode(program, &buf);
    uint64_t hash = FzHash_Bytes(buf.data, buf.size);
    FzBuf_Free(&buf);
    return hash;
}

bool
FzProgram_Equal(const FzProgram *a, const FzProgram *b)
{
    if (a->nclasses != b->nclasses || a->nshared != b->nshared ||
        a->nfunctions != b->nfunctions || a->nbodies != b->nbodies ||
        memcmp(a->classes, b->classes, a->nclasses * sizeof(FzClass)) != 0 ||
        memcmp(a->shared, b->shared, a->nshared * sizeof(FzShared)) != 0)
    {
        return false;
    }
    for (int i = 0; i < FZ_BLOCK_LIMIT; i++) {
        if (!FzProgram_HasBlock(a, i)) {
            continue;
        }
        const FzBlockOps *x = FzProgram_BlockConst(a, i);
        const FzBlockOps *y = FzProgram_BlockConst(b, i);
        if (x->nops != y->nops ||
            memcmp(x->ops, y->ops, x->nops * sizeof(FzOp)) != 0)
        {
            return false;
        }
    }
    return true;
}

int
FzProgram_ClassTarget(const FzProgram *program, int cls)
{
    for (int i = 0; i < program->nshared; i++) {
        int k = (cls + i) % program->nshared;
        if (program->shared[k].kind == FZ_SHARED_LIST ||
            program->shared[k].kind == FZ_SHARED_DICT)
        {
            return k;
        }
    }
    return -1;
}

uint8_t
FzProgram_InitialItem(const FzProgram *program, int i)
{
    static const uint8_t items[FZ_MAX_INITIAL] = {
        FZ_REF_CONST + FZ_CONST_0, FZ_REF_NEW, FZ_REF_CONST + FZ_CONST_STR_A,
        FZ_REF_CONST + FZ_CONST_1000, FZ_REF_NEW + 1,
        FZ_REF_CONST + FZ_CONST_1, FZ_REF_EMPTY_LIST,
    };
    uint8_t item = items[i % FZ_MAX_INITIAL];
    if (item >= FZ_REF_NEW && item < FZ_REF_NEW + FZ_MAX_CLASSES) {
        if (program->nclasses == 0) {
            return FZ_REF_EMPTY_LIST;
        }
        return (uint8_t)(FZ_REF_NEW + (item - FZ_REF_NEW) % program->nclasses);
    }
    return item;
}

uint8_t
FzProgram_InitialKey(int i)
{
    static const uint8_t keys[FZ_MAX_INITIAL] = {
        FZ_CONST_STR_A, FZ_CONST_0, FZ_CONST_STR_B, FZ_CONST_1,
        FZ_CONST_STR_KEY, FZ_CONST_2, FZ_CONST_1000,
    };
    return (uint8_t)(FZ_REF_CONST + keys[i % FZ_MAX_INITIAL]);
}

uint8_t
FzProgram_InitialMember(int i)
{
    static const uint8_t members[FZ_MAX_INITIAL] = {
        FZ_CONST_0, FZ_CONST_1, FZ_CONST_2, FZ_CONST_3, FZ_CONST_STR_A,
        FZ_CONST_1000, FZ_CONST_STR_KEY,
    };
    return (uint8_t)(FZ_REF_CONST + members[i % FZ_MAX_INITIAL]);
}

int
FzProgram_IterSource(const FzProgram *program, int k)
{
    int source = program->shared[k].cls;
    if (source >= k) {
        return -1;
    }
    switch (program->shared[source].kind) {
    case FZ_SHARED_LIST:
    case FZ_SHARED_DICT:
    case FZ_SHARED_TUPLE:
    case FZ_SHARED_STR:
    case FZ_SHARED_SET:
    case FZ_SHARED_DEQUE:
        return source;
    default:
        return -1;
    }
}

FzIterKind
FzProgram_IterKind(const FzProgram *program, int k)
{
    FzIterKind kind = (FzIterKind)program->shared[k].initial;
    int source = FzProgram_IterSource(program, k);
    bool no_reverse = source >= 0 &&
                      (program->shared[source].kind == FZ_SHARED_DICT ||
                       program->shared[source].kind == FZ_SHARED_SET);
    return kind == FZ_ITER_REVERSED && no_reverse ? FZ_ITER_PLAIN : kind;
}

// Of the function that costs most.
static uint32_t
any_function_cost(const FzProgram *program)
{
    uint32_t most = 0;
    for (int i = 0; i < program->nfunctions; i++) {
        uint32_t cost = FzProgram_BlockCost(program, i);
        most = cost > most ? cost : most;
    }
    return most;
}

uint32_t
FzProgram_BlockCost(const FzProgram *program, int block)
{
    const FzBlockOps *ops = FzProgram_BlockConst(program, block);
    uint32_t times[FZ_MAX_OPS + 1] = { 1 };
    int depth = 0;
    uint32_t cost = 0;
    for (int i = 0; i < ops->nops; i++) {
        const FzOp *op = &ops->ops[i];
        if (op->op == FZ_OP_END) {
            depth--;
            continue;
        }
        cost += times[depth];
        int callee = FzOp_Callee(op);
        if (callee >= 0 && callee < program->nfunctions) {
            cost += times[depth] * FzProgram_BlockCost(program, callee);
        }
        else if (FzOp_CallsAny(op) && !FzBlock_IsFunction(block)) {
            cost += times[depth] * any_function_cost(program);
        }
        if (FzOp_Opens(op)) {
            times[depth + 1] = times[depth] *
                               (op->op == FZ_OP_LOOP ? op->a : 1);
            depth++;
        }
    }
    return cost;
}

// ---------------------------------------------------------------------------
// Validation.

typedef struct Checker {
    const FzProgram *program;
    char *why;
    size_t why_size;
} Checker;

static bool fail(const Checker *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool
fail(const Checker *c, const char *format, ...)
{
    if (c->why != NULL && c->why_size > 0) {
        va_list args;
        va_start(args, format);
        vsnprintf(c->why, c->why_size, format, args);
        va_end(args);
    }
    return false;
}

static bool
reference_is_valid(const FzProgram *p, int block, FzArg arg, uint8_t ref)
{
    if (ref < FZ_REF_LOCAL) {
        return arg != FZ_ARG_CONST && ref < p->nshared;
    }
    if (ref < FZ_REF_PARAM) {
        return arg != FZ_ARG_CONST;
    }
    if (ref < FZ_REF_TARGETS) {
        return arg != FZ_ARG_CONST && FzBlock_IsFunction(block);
    }
    if (FzArg_IsTarget(arg)) {
        return false;
    }
    if (ref < FZ_REF_NEW) {
        return true;
    }
    if (arg == FZ_ARG_CONST) {
        return false;
    }
    if (ref < FZ_REF_EMPTY_LIST) {
        return ref - FZ_REF_NEW < p->nclasses;
    }
    return ref < FZ_REF_COUNT;
}

static bool
operand_is_valid(const FzProgram *p, int block, FzArg arg, uint8_t value)
{
    switch (arg) {
    case FZ_ARG_NONE:
        return value == 0;
    case FZ_ARG_LOCAL:
        return value < FZ_MAX_LOCALS;
    case FZ_ARG_INDEX:
        return value < FZ_NUM_INDEXES;
    case FZ_ARG_COUNT:
        return value >= 1 && value <= FZ_MAX_LOOP_COUNT;
    case FZ_ARG_ATTR:
        return value < FZ_NUM_ATTRS;
    case FZ_ARG_CLASS:
        return value < p->nclasses;
    case FZ_ARG_FUNC:
        return value < p->nfunctions &&
               (!FzBlock_IsFunction(block) || value > block);
    case FZ_ARG_LOCK:
        return value < p->nshared && !FzBlock_IsFunction(block) &&
               p->shared[value].kind == FZ_SHARED_LOCK;
    case FZ_ARG_ERROR:
        return value < FZ_NUM_ERRORS;
    case FZ_ARG_THREAD:
        return value <= p->nbodies;
    case FZ_ARG_RLOCK:
    case FZ_ARG_CONDITION:
    case FZ_ARG_EVENT:
    case FZ_ARG_SEMAPHORE:
    case FZ_ARG_BARRIER:
    case FZ_ARG_TLOCAL:
        return value < p->nshared && FzShared_IsSync(&p->shared[value], arg);
    default:
        return reference_is_valid(p, block, arg, value);
    }
}

// The blocks that are open around an operation.
typedef struct Nesting {
    const FzOp *open[FZ_MAX_NESTING];
    int depth;
    int loops;
    int lock;                   // highest lock held, or -1
    int spawns;
} Nesting;

static void
recount(Nesting *n)
{
    n->loops = 0;
    n->lock = -1;
    for (int i = 0; i < n->depth; i++) {
        if (n->open[i]->op == FZ_OP_LOOP) {
            n->loops++;
        }
        else if (n->open[i]->op == FZ_OP_WITH) {
            n->lock = n->open[i]->a;
        }
    }
}

static bool
check_structure(const Checker *c, int block, int i, const FzOp *op, Nesting *n)
{
    if (op->op == FZ_OP_END) {
        if (n->depth == 0) {
            return fail(c, "block %d op %d: END closes nothing", block, i);
        }
        n->depth--;
        recount(n);
        return true;
    }
    if (FzOp_Recodes(op) && op->b < op->a) {
        return fail(c, "block %d op %d: code of a function before", block, i);
    }
    if (FzOp_CallsAny(op) && FzBlock_IsFunction(block)) {
        return fail(c, "block %d op %d: a function calls any", block, i);
    }
    if (FzOp_IsForBodies(op->op) && FzBlock_IsFunction(block)) {
        return fail(c, "block %d op %d: %s in a function", block, i,
                    fz_op_info[op->op].name);
    }
    if (FzOp_StartsThread(op->op)) {
        if (n->loops > 0 || ++n->spawns > FZ_MAX_SPAWNS) {
            return fail(c, "block %d op %d: %s not allowed", block, i,
                        fz_op_info[op->op].name);
        }
    }
    if (!FzOp_Opens(op)) {
        return true;
    }
    if (n->depth == FZ_MAX_NESTING) {
        return fail(c, "block %d op %d: nested too deeply", block, i);
    }
    if (op->op == FZ_OP_LOOP && n->loops == FZ_MAX_LOOP_NESTING) {
        return fail(c, "block %d op %d: loops nested too deeply", block, i);
    }
    if (op->op == FZ_OP_WITH && op->a <= n->lock) {
        return fail(c, "block %d op %d: lock out of order", block, i);
    }
    n->open[n->depth++] = op;
    recount(n);
    return true;
}

static bool
check_block(const Checker *c, int block)
{
    const FzBlockOps *ops = FzProgram_BlockConst(c->program, block);
    if (ops->nops > FZ_MAX_OPS) {
        return fail(c, "block %d: %d operations", block, ops->nops);
    }
    Nesting nesting = { .lock = -1 };
    for (int i = 0; i < ops->nops; i++) {
        const FzOp *op = &ops->ops[i];
        if (op->op >= FZ_OP_COUNT) {
            return fail(c, "block %d op %d: no such operation", block, i);
        }
        const FzOpInfo *info = &fz_op_info[op->op];
        for (int k = 0; k < 3; k++) {
            if (!operand_is_valid(c->program, block, info->args[k],
                                  FzOp_Get(op, k)))
            {
                return fail(c, "block %d op %d (%s): operand %c is %d", block,
                            i, info->name, 'a' + k, FzOp_Get(op, k));
            }
        }
        if (!check_structure(c, block, i, op, &nesting)) {
            return false;
        }
    }
    if (nesting.depth != 0) {
        return fail(c, "block %d: a block is not closed", block);
    }
    uint32_t limit = FzBlock_IsFunction(block) ? FZ_MAX_FUNCTION_COST
                                               : FZ_MAX_BODY_COST;
    if (FzProgram_BlockCost(c->program, block) > limit) {
        return fail(c, "block %d: executes too many operations", block);
    }
    return true;
}

static bool
check_classes(const Checker *c)
{
    const FzProgram *p = c->program;
    for (int i = 0; i < p->nclasses; i++) {
        const FzClass *cls = &p->classes[i];
        if (cls->base > i || cls->eq >= FZ_EQ_COUNT ||
            cls->hash >= FZ_HASH_COUNT || cls->del >= FZ_DEL_COUNT)
        {
            return fail(c, "class %d: base or special method", i);
        }
        if (FzProgram_ClassTarget(p, i) < 0 &&
            (cls->eq == FZ_EQ_GROW || cls->eq == FZ_EQ_CLEAR ||
             cls->del == FZ_DEL_PUBLISH || cls->del == FZ_DEL_RESURRECT))
        {
            return fail(c, "class %d: no container for its methods", i);
        }
    }
    return true;
}

static bool
check_shared(const Checker *c)
{
    static const uint8_t initial_limit[FZ_SHARED_KIND_COUNT] = {
        [FZ_SHARED_LIST] = FZ_MAX_INITIAL, [FZ_SHARED_DICT] = FZ_MAX_INITIAL,
        [FZ_SHARED_INSTANCE] = FZ_NUM_ATTRS, [FZ_SHARED_LOCK] = 0,
        [FZ_SHARED_TUPLE] = FZ_MAX_INITIAL, [FZ_SHARED_INT] = 5,
        [FZ_SHARED_STR] = 2, [FZ_SHARED_SET] = FZ_MAX_INITIAL,
        [FZ_SHARED_DEQUE] = FZ_MAX_INITIAL,
        [FZ_SHARED_ITER] = FZ_ITER_KINDS - 1,
        [FZ_SHARED_INTERP] = 1,
        [FZ_SHARED_SYNC] = FZ_SYNC_COUNT - 1,
    };
    const FzProgram *p = c->program;
    for (int i = 0; i < p->nshared; i++) {
        const FzShared *s = &p->shared[i];
        if (s->kind >= FZ_SHARED_KIND_COUNT ||
            s->initial > initial_limit[s->kind])
        {
            return fail(c, "shared %d: kind or initial", i);
        }
        int classes = s->kind == FZ_SHARED_INSTANCE ? p->nclasses :
                      s->kind == FZ_SHARED_ITER && i > 0 ? i : 1;
        if (s->cls >= classes) {
            return fail(c, "shared %d: class or source", i);
        }
    }
    return true;
}

bool
FzProgram_HasOp(const FzProgram *program, uint8_t op)
{
    for (int i = 0; i < FZ_BLOCK_LIMIT; i++) {
        if (!FzProgram_HasBlock(program, i)) {
            continue;
        }
        const FzBlockOps *ops = FzProgram_BlockConst(program, i);
        for (int k = 0; k < ops->nops; k++) {
            if (ops->ops[k].op == op) {
                return true;
            }
        }
    }
    return false;
}

bool
FzProgram_Validate(const FzProgram *program, char *why, size_t why_size)
{
    Checker c = { program, why, why_size };
    if (program->nclasses > FZ_MAX_CLASSES || program->nshared < 1 ||
        program->nshared > FZ_MAX_SHARED ||
        program->nfunctions > FZ_MAX_FUNCTIONS ||
        program->nbodies > FZ_MAX_BODIES)
    {
        return fail(&c, "a count is out of range");
    }
    if (!check_shared(&c) || !check_classes(&c)) {
        return false;
    }
    if (FzProgram_HasOp(program, FZ_OP_FUNC_RECODE) &&
        FzProgram_HasOp(program, FZ_OP_FUNC_REPLACE))
    {
        return fail(&c, "functions get other code and other names");
    }
    // Later functions first: the cost of a block needs valid callees.
    for (int i = program->nfunctions - 1; i >= 0; i--) {
        if (!check_block(&c, i)) {
            return false;
        }
    }
    for (int i = FZ_BLOCK_MAIN; i < FZ_BLOCK_LIMIT; i++) {
        if (FzProgram_HasBlock(program, i) && !check_block(&c, i)) {
            return false;
        }
    }
    return true;
}

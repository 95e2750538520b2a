// fixup.c: makes any structure a valid program with as few changes as it can.
// A valid program is left as it is. Every rule of FzProgram_Validate() has its
// counterpart here; what cannot be repaired is dropped.

#include <string.h>

#include "program_internal.h"

static uint8_t
clamp(uint8_t value, unsigned count)
{
    return (uint8_t)(value < count ? value : value % count);
}

static void
fix_shared(FzProgram *p)
{
    static const uint8_t initial_count[FZ_SHARED_KIND_COUNT] = {
        [FZ_SHARED_LIST] = FZ_MAX_INITIAL + 1,
        [FZ_SHARED_DICT] = FZ_MAX_INITIAL + 1,
        [FZ_SHARED_INSTANCE] = FZ_NUM_ATTRS + 1, [FZ_SHARED_LOCK] = 1,
        [FZ_SHARED_TUPLE] = FZ_MAX_INITIAL + 1, [FZ_SHARED_INT] = 6,
        [FZ_SHARED_STR] = 3, [FZ_SHARED_SET] = FZ_MAX_INITIAL + 1,
        [FZ_SHARED_DEQUE] = FZ_MAX_INITIAL + 1,
        [FZ_SHARED_ITER] = FZ_ITER_KINDS,
        [FZ_SHARED_INTERP] = 2,
        [FZ_SHARED_SYNC] = FZ_SYNC_COUNT,
    };
    for (int i = 0; i < p->nshared; i++) {
        FzShared *s = &p->shared[i];
        s->kind = clamp(s->kind, FZ_SHARED_KIND_COUNT);
        if (s->kind == FZ_SHARED_INSTANCE && p->nclasses == 0) {
            s->kind = FZ_SHARED_LIST;
        }
        unsigned classes = s->kind == FZ_SHARED_INSTANCE ? p->nclasses :
                           s->kind == FZ_SHARED_ITER && i > 0 ? (unsigned)i :
                           1;
        s->cls = clamp(s->cls, classes);
        s->initial = clamp(s->initial, initial_count[s->kind]);
    }
}

static void
fix_classes(FzProgram *p)
{
    for (int i = 0; i < p->nclasses; i++) {
        FzClass *cls = &p->classes[i];
        cls->base = clamp(cls->base, (unsigned)i + 1);
        cls->eq = clamp(cls->eq, FZ_EQ_COUNT);
        cls->hash = clamp(cls->hash, FZ_HASH_COUNT);
        cls->del = clamp(cls->del, FZ_DEL_COUNT);
        if (FzProgram_ClassTarget(p, i) >= 0) {
            continue;
        }
        if (cls->eq == FZ_EQ_GROW || cls->eq == FZ_EQ_CLEAR) {
            cls->eq = FZ_EQ_ATTR;
        }
        if (cls->del == FZ_DEL_PUBLISH || cls->del == FZ_DEL_RESURRECT) {
            cls->del = FZ_DEL_PASS;
        }
    }
}

static uint8_t
fix_reference(const FzProgram *p, int block, FzArg arg, uint8_t ref)
{
    if (arg == FZ_ARG_CONST) {
        if (ref >= FZ_REF_CONST && ref < FZ_REF_NEW) {
            return ref;
        }
        return (uint8_t)(FZ_REF_CONST + ref % FZ_CONST_COUNT);
    }
    ref = clamp(ref, FzArg_IsTarget(arg) ? FZ_REF_TARGETS : FZ_REF_COUNT);
    if (ref < FZ_REF_LOCAL) {
        return clamp(ref, p->nshared);
    }
    if (ref >= FZ_REF_PARAM && ref < FZ_REF_TARGETS &&
        !FzBlock_IsFunction(block))
    {
        return (uint8_t)(ref - FZ_REF_PARAM + FZ_REF_LOCAL);
    }
    if (ref >= FZ_REF_NEW && ref < FZ_REF_EMPTY_LIST) {
        if (p->nclasses == 0) {
            return FZ_REF_EMPTY_LIST;
        }
        return (uint8_t)(FZ_REF_NEW + (ref - FZ_REF_NEW) % p->nclasses);
    }
    return ref;
}

// The first lock at or after index, above `held`; -1: none.
static int
find_lock(const FzProgram *p, uint8_t index, int held)
{
    for (int i = 0; i < p->nshared; i++) {
        int k = (index + i) % p->nshared;
        if (k > held && p->shared[k].kind == FZ_SHARED_LOCK) {
            return k;
        }
    }
    return -1;
}

// The first object that fits at or after index; -1: none.
static int
find_sync(const FzProgram *p, uint8_t index, FzArg arg)
{
    for (int i = 0; i < p->nshared; i++) {
        int k = (index + i) % p->nshared;
        if (FzShared_IsSync(&p->shared[k], arg)) {
            return k;
        }
    }
    return -1;
}

// False: the operation cannot stand here.
static bool
fix_operand(const FzProgram *p, int block, FzArg arg, int held, uint8_t *value)
{
    int found;
    switch (arg) {
    case FZ_ARG_NONE:
        *value = 0;
        return true;
    case FZ_ARG_LOCAL:
        *value = clamp(*value, FZ_MAX_LOCALS);
        return true;
    case FZ_ARG_INDEX:
        *value = clamp(*value, FZ_NUM_INDEXES);
        return true;
    case FZ_ARG_COUNT:
        if (*value < 1 || *value > FZ_MAX_LOOP_COUNT) {
            *value = (uint8_t)(1 + *value % FZ_MAX_LOOP_COUNT);
        }
        return true;
    case FZ_ARG_ATTR:
        *value = clamp(*value, FZ_NUM_ATTRS);
        return true;
    case FZ_ARG_CLASS:
        if (p->nclasses == 0) {
            return false;
        }
        *value = clamp(*value, p->nclasses);
        return true;
    case FZ_ARG_FUNC:
        if (p->nfunctions == 0) {
            return false;
        }
        *value = clamp(*value, p->nfunctions);
        return !FzBlock_IsFunction(block) || *value > block;
    case FZ_ARG_LOCK:
        found = FzBlock_IsFunction(block) ? -1 : find_lock(p, *value, held);
        *value = (uint8_t)(found < 0 ? 0 : found);
        return found >= 0;
    case FZ_ARG_ERROR:
        *value = clamp(*value, FZ_NUM_ERRORS);
        return true;
    case FZ_ARG_THREAD:
        *value = clamp(*value, p->nbodies + 1u);
        return true;
    case FZ_ARG_RLOCK:
    case FZ_ARG_CONDITION:
    case FZ_ARG_EVENT:
    case FZ_ARG_SEMAPHORE:
    case FZ_ARG_BARRIER:
    case FZ_ARG_TLOCAL:
        found = find_sync(p, *value, arg);
        *value = (uint8_t)(found < 0 ? 0 : found);
        return found >= 0;
    default:
        *value = fix_reference(p, block, arg, *value);
        return true;
    }
}

typedef struct Open {
    uint8_t op[FZ_MAX_NESTING];
    int lock[FZ_MAX_NESTING];   // highest lock held before it
    int depth;
    int loops;
    int held;
    int spawns;
} Open;

// Whether the operation may stand here; accounts for it if so.
static bool
admit(int block, const FzOp *op, int room, Open *open)
{
    if (op->op == FZ_OP_END) {
        if (open->depth == 0) {
            return false;
        }
        open->depth--;
        open->held = open->lock[open->depth];
        open->loops -= open->op[open->depth] == FZ_OP_LOOP;
        return true;
    }
    bool opens = FzOp_Opens(op);
    if (room < open->depth + 1 + opens) {
        return false;
    }
    if (FzOp_CallsAny(op) && FzBlock_IsFunction(block)) {
        return false;
    }
    if (FzOp_IsForBodies(op->op) && FzBlock_IsFunction(block)) {
        return false;
    }
    if (FzOp_StartsThread(op->op)) {
        return open->loops == 0 && open->spawns++ < FZ_MAX_SPAWNS;
    }
    if (!opens) {
        return true;
    }
    if (open->depth == FZ_MAX_NESTING ||
        (op->op == FZ_OP_LOOP && open->loops == FZ_MAX_LOOP_NESTING))
    {
        return false;
    }
    open->op[open->depth] = op->op;
    open->lock[open->depth] = open->held;
    open->depth++;
    open->loops += op->op == FZ_OP_LOOP;
    if (op->op == FZ_OP_WITH) {
        open->held = op->a;
    }
    return true;
}

static void
fix_structure(const FzProgram *p, int block, FzBlockOps *ops)
{
    Open open = { .held = -1 };
    int n = ops->nops <= FZ_MAX_OPS ? ops->nops : FZ_MAX_OPS;
    int kept = 0;
    for (int i = 0; i < n; i++) {
        FzOp op = ops->ops[i];
        op.op = clamp(op.op, FZ_OP_COUNT);
        const FzOpInfo *info = &fz_op_info[op.op];
        bool ok = true;
        for (int k = 0; k < 3 && ok; k++) {
            ok = fix_operand(p, block, info->args[k], open.held,
                             FzOp_Operand(&op, k));
        }
        if (FzOp_Recodes(&op) && op.b < op.a) {
            op.b = op.a;
        }
        if (ok && admit(block, &op, FZ_MAX_OPS - kept, &open)) {
            ops->ops[kept++] = op;
        }
    }
    while (open.depth > 0) {
        ops->ops[kept++] = (FzOp){ .op = FZ_OP_END };
        open.depth--;
    }
    memset(&ops->ops[kept], 0, (size_t)(FZ_MAX_OPS - kept) * sizeof(FzOp));
    ops->nops = (uint8_t)kept;
}

// Too long: first the loops run once, then calls go, from the last.
static void
fix_cost(FzProgram *p, int block, FzBlockOps *ops)
{
    uint32_t limit = FzBlock_IsFunction(block) ? FZ_MAX_FUNCTION_COST
                                               : FZ_MAX_BODY_COST;
    for (int i = ops->nops - 1; i >= 0; i--) {
        if (FzProgram_BlockCost(p, block) <= limit) {
            return;
        }
        if (ops->ops[i].op == FZ_OP_LOOP) {
            ops->ops[i].a = 1;
        }
    }
    for (int i = ops->nops - 1; i >= 0; i--) {
        if (FzProgram_BlockCost(p, block) <= limit) {
            return;
        }
        if (FzOp_Callee(&ops->ops[i]) >= 0 || FzOp_CallsAny(&ops->ops[i])) {
            ops->ops[i] = (FzOp){ .op = FZ_OP_PASS };
        }
    }
}

static void
fix_block(FzProgram *p, int block)
{
    FzBlockOps *ops = FzProgram_Block(p, block);
    fix_structure(p, block, ops);
    fix_cost(p, block, ops);
}

// A function that another is called by, and that has the code of a third, could
// call itself without end.
static void
fix_functions(FzProgram *p)
{
    for (int i = 0; i < FZ_BLOCK_LIMIT &&
         FzProgram_HasOp(p, FZ_OP_FUNC_RECODE); i++) {
        FzBlockOps *ops = FzProgram_Block(p, i);
        for (int k = 0; FzProgram_HasBlock(p, i) && k < ops->nops; k++) {
            if (ops->ops[k].op == FZ_OP_FUNC_REPLACE) {
                ops->ops[k].op = FZ_OP_FUNC_RECODE;
            }
        }
    }
}

void
FzProgram_Fixup(FzProgram *program)
{
    FzProgram *p = program;
    p->nclasses = clamp(p->nclasses, FZ_MAX_CLASSES + 1);
    p->nshared = clamp(p->nshared, FZ_MAX_SHARED + 1);
    if (p->nshared == 0) {
        p->nshared = 1;
    }
    p->nfunctions = clamp(p->nfunctions, FZ_MAX_FUNCTIONS + 1);
    p->nbodies = clamp(p->nbodies, FZ_MAX_BODIES + 1);
    fix_shared(p);
    fix_classes(p);
    for (int i = p->nfunctions - 1; i >= 0; i--) {
        fix_block(p, i);
    }
    for (int i = FZ_BLOCK_MAIN; i < FZ_BLOCK_LIMIT; i++) {
        if (FzProgram_HasBlock(p, i)) {
            fix_block(p, i);
        }
    }
    fix_functions(p);
}

// reduce.c: candidates for a smaller program that may still fail: each is the
// program with one thing less. Whether it fails is for others to find out.
// A candidate is never larger than the program, so reducing ends.

#include <string.h>

#include "program_internal.h"

typedef struct Reducer {
    FzProgram *p;
    FzReduction *out;
    uint32_t chunk;
    uint32_t number;            // counts down to the candidate wanted
} Reducer;

// ---------------------------------------------------------------------------
// Deleting operations

// An opener goes with its END.
static void
mark_partners(const FzBlockOps *ops, bool *gone)
{
    int open[FZ_MAX_OPS], depth = 0;
    for (int i = 0; i < ops->nops; i++) {
        if (FzOp_Opens(&ops->ops[i])) {
            open[depth++] = i;
        }
        else if (ops->ops[i].op == FZ_OP_END && depth > 0) {
            int opener = open[--depth];
            gone[i] = gone[opener] = gone[i] || gone[opener];
        }
    }
}

static void
delete_marked(FzBlockOps *ops, const bool *gone)
{
    int kept = 0;
    for (int i = 0; i < ops->nops; i++) {
        if (!gone[i]) {
            ops->ops[kept++] = ops->ops[i];
        }
    }
    memset(&ops->ops[kept], 0, (size_t)(FZ_MAX_OPS - kept) * sizeof(FzOp));
    ops->nops = (uint8_t)kept;
}

// Deletes what is marked in out->gone everywhere.
static void
delete_all_marked(Reducer *r)
{
    for (int block = 0; block < FZ_BLOCK_LIMIT; block++) {
        if (FzProgram_HasBlock(r->p, block)) {
            FzBlockOps *ops = FzProgram_Block(r->p, block);
            mark_partners(ops, r->out->gone[block]);
            delete_marked(ops, r->out->gone[block]);
        }
    }
}

static FzReduceResult
reduce_ops(Reducer *r)
{
    for (int block = FZ_BLOCK_LIMIT - 1; block >= 0; block--) {
        if (!FzProgram_HasBlock(r->p, block)) {
            continue;
        }
        FzBlockOps *ops = FzProgram_Block(r->p, block);
        uint32_t chunks = (ops->nops + r->chunk - 1) / r->chunk;
        if (r->number >= chunks) {
            r->number -= chunks;
            continue;
        }
        uint32_t start = (chunks - 1 - r->number) * r->chunk;
        for (uint32_t i = 0; i < r->chunk && start + i < ops->nops; i++) {
            r->out->gone[block][start + i] = true;
        }
        delete_all_marked(r);
        return FZ_REDUCED;
    }
    return FZ_REDUCE_END;
}

// ---------------------------------------------------------------------------
// Threads

static void
mark_block(Reducer *r, int block)
{
    memset(r->out->gone[block], true, sizeof(r->out->gone[block]));
}

static void
drop_body(Reducer *r, uint32_t body)
{
    FzProgram *p = r->p;
    r->out->gone_body = (int)body;
    memmove(&p->bodies[body], &p->bodies[body + 1],
            (p->nbodies - body - 1u) * sizeof(p->bodies[0]));
    p->nbodies--;
    memset(&p->bodies[p->nbodies], 0, sizeof(p->bodies[0]));
    for (int block = 0; block < FZ_BLOCK_LIMIT; block++) {
        if (!FzProgram_HasBlock(p, block)) {
            continue;
        }
        FzBlockOps *ops = FzProgram_Block(p, block);
        for (int i = 0; i < ops->nops; i++) {
            FzOp *op = &ops->ops[i];
            for (int k = 0; k < 3; k++) {
                uint8_t *operand = FzOp_Operand(op, k);
                if (fz_op_info[op->op].args[k] == FZ_ARG_THREAD &&
                    *operand > body) {
                    (*operand)--;
                }
            }
        }
    }
}

static FzReduceResult
reduce_bodies(Reducer *r)
{
    if (r->number >= r->p->nbodies) {
        return FZ_REDUCE_END;
    }
    mark_block(r, FZ_BLOCK_BODY + (int)r->number);
    drop_body(r, r->number);
    return FZ_REDUCED;
}

static FzReduceResult
reduce_main(Reducer *r)
{
    if (r->number >= r->p->nbodies) {
        return FZ_REDUCE_END;
    }
    if (r->p->main.nops > 0) {
        return FZ_REDUCE_NOTHING;
    }
    r->p->main = r->p->bodies[r->number];
    drop_body(r, r->number);
    r->out->joined_by = 0;
    return FZ_REDUCED;
}

static FzReduceResult
drop_thread(Reducer *r, uint32_t thread)
{
    if (thread == 0) {
        mark_block(r, FZ_BLOCK_MAIN);
        memset(&r->p->main, 0, sizeof(r->p->main));
    }
    else {
        mark_block(r, FZ_BLOCK_BODY + (int)thread - 1);
        drop_body(r, thread - 1);
    }
    return FZ_REDUCED;
}

// One more name in the module: of the kind of which there may be more.
static bool
add_name(FzProgram *p)
{
    if (p->nshared < FZ_MAX_SHARED) {
        p->shared[p->nshared++] = (FzShared){.kind = FZ_SHARED_INT};
    }
    else if (p->nfunctions < FZ_MAX_FUNCTIONS) {
        memset(&p->functions[p->nfunctions++], 0, sizeof(p->functions[0]));
    }
    else if (p->nclasses < FZ_MAX_CLASSES) {
        memset(&p->classes[p->nclasses++], 0, sizeof(p->classes[0]));
    }
    else {
        return false;
    }
    return true;
}

// A thread may matter for no more than the names of it and of its function,
// that one being there makes the module's dict grow elsewhere.
static FzReduceResult
reduce_named(Reducer *r)
{
    FzProgram *p = r->p;
    uint32_t names = 1 + r->number % 2, thread = r->number / 2;
    if (thread > p->nbodies) {
        return FZ_REDUCE_END;
    }
    if (thread == 0 && p->main.nops == 0) {
        return FZ_REDUCE_NOTHING;
    }
    for (uint32_t i = 0; i < names; i++) {
        if (!add_name(p)) {
            return FZ_REDUCE_NOTHING;
        }
    }
    return drop_thread(r, thread);
}

enum { FEW_OPS = 1, LONG_LOOP = FZ_MAX_LOOP_COUNT };

// A loop, before or after what the block does; with objects: each time round
// makes one.
static bool
add_loop(FzBlockOps *ops, bool before, bool objects)
{
    const FzOp loop[] = {
        {.op = FZ_OP_LOOP, .a = LONG_LOOP},
        {.op = FZ_OP_NEW_LIST, .b = FZ_REF_CONST, .c = FZ_REF_CONST},
        {.op = FZ_OP_END},
    };
    uint32_t n = objects ? 3 : 2;
    if (ops->nops + n > FZ_MAX_OPS) {
        return false;
    }
    FzOp *at = &ops->ops[before ? 0 : ops->nops];
    if (before) {
        memmove(at + n, at, ops->nops * sizeof(FzOp));
    }
    at[0] = loop[0];
    at[1] = loop[objects ? 1 : 2];
    at[n - 1] = loop[2];
    ops->nops = (uint8_t)(ops->nops + n);
    return true;
}

// A thread that does next to nothing may matter for no more than the time that
// it takes, or the objects that it is made of.
static FzReduceResult
reduce_spent(Reducer *r)
{
    FzProgram *p = r->p;
    bool before = r->number % 2 != 0, objects = r->number / 2 % 2 != 0;
    uint32_t body = r->number / 4 / (FZ_MAX_BODIES + 1);
    uint32_t by = r->number / 4 % (FZ_MAX_BODIES + 1);
    if (body >= p->nbodies || FzProgram_CountActive(p) <= 2) {
        return FZ_REDUCE_END;
    }
    FzBlockOps *to = by == 0 ? &p->main : &p->bodies[by - 1];
    if (by > p->nbodies || by == body + 1 ||
        p->bodies[body].nops > FEW_OPS || (before && to->nops == 0) ||
        !add_loop(to, before, objects)) {
        return FZ_REDUCE_NOTHING;
    }
    return drop_thread(r, body + 1);
}

// Variant 0: after the own work of the main thread or of an earlier one; 1:
// before it.
static FzReduceResult
reduce_joined(Reducer *r)
{
    FzProgram *p = r->p;
    uint32_t variant = r->number % 2, pair = r->number / 2;
    uint32_t body = pair / FZ_MAX_BODIES, by = pair % FZ_MAX_BODIES;
    if (body >= p->nbodies) {
        return FZ_REDUCE_END;
    }
    FzBlockOps *from = &p->bodies[body];
    FzBlockOps *to = by == 0 ? &p->main : &p->bodies[by - 1];
    if (by > body || from->nops == 0 || to->nops == 0 ||
        to->nops + from->nops > FZ_MAX_OPS) {
        return FZ_REDUCE_NOTHING;
    }
    FzBlockOps first = variant == 0 ? *to : *from;
    const FzBlockOps *second = variant == 0 ? from : to;
    memcpy(&first.ops[first.nops], second->ops,
           second->nops * sizeof(FzOp));
    first.nops = (uint8_t)(first.nops + second->nops);
    *to = first;
    drop_body(r, body);
    r->out->joined_by = (int)by;
    r->out->joined_before = variant == 1;
    return FZ_REDUCED;
}

// ---------------------------------------------------------------------------
// Functions, classes, shared objects: what names them is renumbered.

typedef void (*OperandFunc)(Reducer *r, int block, int i, FzArg arg,
                            uint8_t *operand, int thing);

static void
for_operands(Reducer *r, OperandFunc visit, int thing)
{
    for (int block = 0; block < FZ_BLOCK_LIMIT; block++) {
        if (!FzProgram_HasBlock(r->p, block)) {
            continue;
        }
        FzBlockOps *ops = FzProgram_Block(r->p, block);
        for (int i = 0; i < ops->nops; i++) {
            const FzOpInfo *info = &fz_op_info[ops->ops[i].op];
            for (int k = 0; k < 3; k++) {
                visit(r, block, i, (FzArg)info->args[k],
                      FzOp_Operand(&ops->ops[i], k), thing);
            }
        }
    }
}

static void
without_function(Reducer *r, int block, int i, FzArg arg, uint8_t *operand,
                 int function)
{
    if (arg == FZ_ARG_FUNC) {
        r->out->gone[block][i] |= *operand == function;
        *operand = (uint8_t)(*operand - (*operand > function));
    }
}

static FzReduceResult
reduce_functions(Reducer *r)
{
    FzProgram *p = r->p;
    uint32_t function = r->number;
    if (function >= p->nfunctions) {
        return FZ_REDUCE_END;
    }
    for_operands(r, without_function, (int)function);
    mark_block(r, (int)function);
    delete_all_marked(r);
    memmove(&p->functions[function], &p->functions[function + 1],
            (p->nfunctions - function - 1) * sizeof(p->functions[0]));
    p->nfunctions--;
    memset(&p->functions[p->nfunctions], 0, sizeof(p->functions[0]));
    return FZ_REDUCED;
}

// The class that takes the place of another is the first that is left.
static void
without_class(Reducer *r, int block, int i, FzArg arg, uint8_t *operand,
              int cls)
{
    bool last = r->p->nclasses == 1;
    if (arg == FZ_ARG_CLASS) {
        r->out->gone[block][i] |= last;
        *operand = (uint8_t)(*operand == cls ? 0 : *operand - (*operand > cls));
    }
    else if (FzArg_IsReference(arg) && *operand >= FZ_REF_NEW + cls &&
             *operand < FZ_REF_EMPTY_LIST) {
        if (*operand > FZ_REF_NEW + cls) {
            (*operand)--;
        }
        else {
            *operand = last ? FZ_REF_EMPTY_LIST : FZ_REF_NEW;
        }
    }
}

static FzReduceResult
reduce_classes(Reducer *r)
{
    FzProgram *p = r->p;
    uint32_t cls = r->number;
    if (cls >= p->nclasses) {
        return FZ_REDUCE_END;
    }
    for_operands(r, without_class, (int)cls);
    delete_all_marked(r);
    for (int i = 0; i < p->nshared; i++) {
        uint8_t *of = &p->shared[i].cls;
        *of = (uint8_t)(*of == cls ? 0 : *of - (*of > cls));
    }
    uint8_t base = p->classes[cls].base;
    memmove(&p->classes[cls], &p->classes[cls + 1],
            (p->nclasses - cls - 1) * sizeof(p->classes[0]));
    p->nclasses--;
    memset(&p->classes[p->nclasses], 0, sizeof(p->classes[0]));
    for (int i = 0; i < p->nclasses; i++) {
        uint8_t *of = &p->classes[i].base;
        *of = *of == cls + 1 ? base : (uint8_t)(*of - (*of > cls + 1));
    }
    return FZ_REDUCED;
}

// `thing` is shared object * FZ_MAX_SHARED + the one that takes its place; the
// same one: nothing does.
static void
without_shared(Reducer *r, int block, int i, FzArg arg, uint8_t *operand,
               int thing)
{
    int gone = thing / FZ_MAX_SHARED, other = thing % FZ_MAX_SHARED;
    bool names = arg == FZ_ARG_LOCK || FzArg_IsSync(arg) ||
                 (FzArg_IsReference(arg) && *operand < FZ_REF_LOCAL);
    if (!names) {
        return;
    }
    if (*operand == gone) {
        if (other != gone) {
            *operand = (uint8_t)(other - (other > gone));
        }
        else if (arg == FZ_ARG_VALUE || arg == FZ_ARG_KEY) {
            *operand = FZ_REF_CONST + FZ_CONST_1;
        }
        else {
            r->out->gone[block][i] = true;
            *operand = 0;
        }
    }
    else if (*operand > gone) {
        (*operand)--;
    }
}

static FzReduceResult
reduce_shared(Reducer *r)
{
    FzProgram *p = r->p;
    uint32_t gone = r->number / FZ_MAX_SHARED;
    uint32_t other = r->number % FZ_MAX_SHARED;
    if (gone >= p->nshared) {
        return FZ_REDUCE_END;
    }
    if (p->nshared == 1 || other >= p->nshared) {
        return FZ_REDUCE_NOTHING;
    }
    for_operands(r, without_shared, (int)(gone * FZ_MAX_SHARED + other));
    delete_all_marked(r);
    memmove(&p->shared[gone], &p->shared[gone + 1],
            (p->nshared - gone - 1) * sizeof(p->shared[0]));
    p->nshared--;
    memset(&p->shared[p->nshared], 0, sizeof(p->shared[0]));
    return FZ_REDUCED;
}

// ---------------------------------------------------------------------------
// Simpler things

// The i-th operation of any block, or NULL.
static FzOp *
find_op(Reducer *r, int *block_out, int *index)
{
    for (int block = 0; block < FZ_BLOCK_LIMIT; block++) {
        if (!FzProgram_HasBlock(r->p, block)) {
            continue;
        }
        FzBlockOps *ops = FzProgram_Block(r->p, block);
        if (r->number < ops->nops) {
            *block_out = block;
            *index = (int)r->number;
            return &ops->ops[r->number];
        }
        r->number -= ops->nops;
    }
    return NULL;
}

// Puts the operations of a function in the place of a call of it.
static FzReduceResult
inline_call(Reducer *r, int block, int at)
{
    FzBlockOps *to = FzProgram_Block(r->p, block);
    const FzOp call = to->ops[at];
    const FzBlockOps *from = &r->p->functions[call.a];
    if (to->nops - 1 + from->nops > FZ_MAX_OPS) {
        return FZ_REDUCE_NOTHING;
    }
    memmove(&to->ops[at + from->nops], &to->ops[at + 1],
            (to->nops - at - 1u) * sizeof(FzOp));
    memcpy(&to->ops[at], from->ops, from->nops * sizeof(FzOp));
    to->nops = (uint8_t)(to->nops - 1 + from->nops);
    for (int i = 0; i < from->nops; i++) {
        FzOp *op = &to->ops[at + i];
        for (int k = 0; k < 3; k++) {
            FzArg arg = (FzArg)fz_op_info[op->op].args[k];
            uint8_t *operand = FzOp_Operand(op, k);
            if (FzArg_IsReference(arg) && *operand >= FZ_REF_PARAM &&
                *operand < FZ_REF_TARGETS) {
                *operand = *operand == FZ_REF_PARAM ? call.b : call.c;
            }
        }
    }
    return FZ_REDUCED;
}

static FzReduceResult
reduce_calls(Reducer *r)
{
    int block, at;
    FzOp *op = find_op(r, &block, &at);
    if (op == NULL) {
        return FZ_REDUCE_END;
    }
    if (fz_op_info[op->op].args[0] != FZ_ARG_FUNC) {
        return FZ_REDUCE_NOTHING;
    }
    if (op->op == FZ_OP_CALL) {
        return inline_call(r, block, at);
    }
    if (fz_op_info[op->op].args[1] != FZ_ARG_VALUE ||
        fz_op_info[op->op].args[2] != FZ_ARG_VALUE) {
        return FZ_REDUCE_NOTHING;
    }
    op->op = FZ_OP_CALL;        // instead of by another thread or later
    return FZ_REDUCED;
}

static FzReduceResult
reduce_methods(Reducer *r)
{
    if (r->number >= r->p->nclasses * 4u) {
        return FZ_REDUCE_END;
    }
    FzClass *cls = &r->p->classes[r->number / 4];
    uint8_t *what[] = {&cls->del, &cls->hash, &cls->eq, &cls->base};
    if (*what[r->number % 4] == 0) {
        return FZ_REDUCE_NOTHING;
    }
    *what[r->number % 4] = 0;
    return FZ_REDUCED;
}

static FzReduceResult
reduce_initial(Reducer *r)
{
    if (r->number >= r->p->nshared * 3u) {
        return FZ_REDUCE_END;
    }
    FzShared *shared = &r->p->shared[r->number / 3];
    uint8_t *initial = &shared->initial;
    const uint8_t less[] = {0, *initial / 2, (uint8_t)(*initial - 1)};
    uint8_t value = less[r->number % 3];
    if (shared->kind == FZ_SHARED_SYNC || *initial == 0 ||
        value >= *initial) {
        return FZ_REDUCE_NOTHING;
    }
    *initial = value;
    return FZ_REDUCED;
}

// A simpler value for an operand; the operand itself: there is none.
static uint8_t
simpler(FzArg arg, uint8_t value, uint32_t variant)
{
    switch (arg) {
    case FZ_ARG_LOCAL:
        return variant == 0 || value == 0 ? 0 : (uint8_t)(value - 1);
    case FZ_ARG_COUNT:
        return variant == 0 || value == 1 ? 1 : (uint8_t)(value - 1);
    case FZ_ARG_INDEX:
    case FZ_ARG_ATTR:
    case FZ_ARG_CLASS:
    case FZ_ARG_ERROR:
        return 0;
    case FZ_ARG_VALUE:
    case FZ_ARG_KEY:
        if (value >= FZ_REF_CONST && value < FZ_REF_NEW) {
            return value;
        }
        return variant == 0 ? FZ_REF_CONST + FZ_CONST_1 : value;
    default:
        return value;
    }
}

static FzReduceResult
reduce_operands(Reducer *r)
{
    uint32_t which = r->number % 6;
    r->number /= 6;
    int block, at;
    FzOp *op = find_op(r, &block, &at);
    if (op == NULL) {
        return FZ_REDUCE_END;
    }
    int k = (int)(which / 2);
    uint8_t *operand = FzOp_Operand(op, k);
    uint8_t value = simpler((FzArg)fz_op_info[op->op].args[k], *operand,
                            which % 2);
    if (value == *operand) {
        return FZ_REDUCE_NOTHING;
    }
    *operand = value;
    return FZ_REDUCED;
}

FzReduceResult
FzProgram_Reduce(const FzProgram *program, FzReducePass pass, uint32_t chunk,
                 uint32_t number, FzReduction *out)
{
    static FzReduceResult (*const passes[FZ_REDUCE_COUNT])(Reducer *) = {
        [FZ_REDUCE_BODIES] = reduce_bodies,
        [FZ_REDUCE_MAIN] = reduce_main,
        [FZ_REDUCE_JOINED] = reduce_joined,
        [FZ_REDUCE_NAMED] = reduce_named,
        [FZ_REDUCE_SPENT] = reduce_spent,
        [FZ_REDUCE_FUNCTIONS] = reduce_functions,
        [FZ_REDUCE_OPS] = reduce_ops,
        [FZ_REDUCE_CLASSES] = reduce_classes,
        [FZ_REDUCE_SHARED] = reduce_shared,
        [FZ_REDUCE_CALLS] = reduce_calls,
        [FZ_REDUCE_METHODS] = reduce_methods,
        [FZ_REDUCE_INITIAL] = reduce_initial,
        [FZ_REDUCE_OPERANDS] = reduce_operands,
    };
    FZ_ASSERT(pass < FZ_REDUCE_COUNT && chunk > 0);
    memset(out, 0, sizeof(*out));
    out->program = *program;
    out->gone_body = out->joined_by = -1;
    Reducer r = {&out->program, out, chunk, number};
    FzReduceResult result = passes[pass](&r);
    if (result == FZ_REDUCED) {
        FzProgram_Fixup(&out->program);
        if (FzProgram_Equal(&out->program, program)) {
            return FZ_REDUCE_NOTHING;
        }
    }
    return result;
}

// ---------------------------------------------------------------------------
// Size

static uint32_t
count_ops(const FzBlockOps *ops)
{
    uint32_t n = 0;
    for (int i = 0; i < ops->nops; i++) {
        n += ops->ops[i].op != FZ_OP_END;
    }
    return n;
}

uint32_t
FzProgram_LongestBlock(const FzProgram *program)
{
    uint32_t longest = 0;
    for (int block = 0; block < FZ_BLOCK_LIMIT; block++) {
        if (FzProgram_HasBlock(program, block)) {
            uint32_t n = count_ops(FzProgram_BlockConst(program, block));
            longest = n > longest ? n : longest;
        }
    }
    return longest;
}

uint32_t
FzProgram_CountActive(const FzProgram *program)
{
    return program->nbodies + (program->main.nops > 0);
}

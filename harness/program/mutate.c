// mutate.c: mutations and crossover on the structure of programs. Each changes
// whatever it likes and leaves validity to Fixup().

#include <string.h>

#include "program_internal.h"

typedef struct Mutator {
    FzProgram *program;
    FzRng *rng;
} Mutator;

static uint32_t
below(Mutator *m, uint32_t bound)
{
    return FzRng_Below(m->rng, bound);
}

// A block that the program has: mostly a thread's.
static int
pick_block(Mutator *m)
{
    const FzProgram *p = m->program;
    uint32_t which = below(m, 8);
    if (which == 0 && p->nfunctions > 0) {
        return (int)below(m, p->nfunctions);
    }
    if ((which == 1 && p->main.nops > 0) || p->nbodies == 0) {
        return FZ_BLOCK_MAIN;
    }
    return FZ_BLOCK_BODY + (int)below(m, p->nbodies);
}

static void
insert_ops(FzBlockOps *to, uint32_t at, const FzOp *ops, uint32_t n)
{
    uint32_t room = FZ_MAX_OPS - (uint32_t)to->nops;
    n = n < room ? n : room;
    memmove(&to->ops[at + n], &to->ops[at], (to->nops - at) * sizeof(FzOp));
    memcpy(&to->ops[at], ops, n * sizeof(FzOp));
    to->nops = (uint8_t)(to->nops + n);
}

static void
delete_ops(FzBlockOps *from, uint32_t at, uint32_t n)
{
    memmove(&from->ops[at], &from->ops[at + n],
            (from->nops - at - n) * sizeof(FzOp));
    from->nops = (uint8_t)(from->nops - n);
}

// A range of at least one and at most `most` operations; the block has some.
static uint32_t
pick_range(Mutator *m, const FzBlockOps *ops, uint32_t most, uint32_t *start)
{
    *start = below(m, ops->nops);
    uint32_t n = 1 + below(m, most);
    return n < ops->nops - *start ? n : ops->nops - *start;
}

static void
mutate_insert(Mutator *m)
{
    int block = pick_block(m);
    FzBlockOps *ops = FzProgram_Block(m->program, block);
    uint32_t n = 1 + below(m, 3);
    for (uint32_t i = 0; i < n; i++) {
        FzOp op = FzGenerate_Op(m->program, block, m->rng);
        insert_ops(ops, below(m, ops->nops + 1u), &op, 1);
    }
}

static void
mutate_delete(Mutator *m)
{
    FzBlockOps *ops = FzProgram_Block(m->program, pick_block(m));
    if (ops->nops > 0) {
        uint32_t start;
        uint32_t n = pick_range(m, ops, 3, &start);
        delete_ops(ops, start, n);
    }
}

static void
mutate_replace(Mutator *m)
{
    int block = pick_block(m);
    FzBlockOps *ops = FzProgram_Block(m->program, block);
    if (ops->nops > 0) {
        ops->ops[below(m, ops->nops)] =
            FzGenerate_Op(m->program, block, m->rng);
    }
}

static void
mutate_operand(Mutator *m)
{
    int block = pick_block(m);
    FzBlockOps *ops = FzProgram_Block(m->program, block);
    if (ops->nops == 0) {
        return;
    }
    FzOp *op = &ops->ops[below(m, ops->nops)];
    const FzOpInfo *info = &fz_op_info[op->op];
    int n = 0;
    while (n < 3 && info->args[n] != FZ_ARG_NONE) {
        n++;
    }
    if (n == 0) {
        return;
    }
    int k = (int)below(m, (uint32_t)n);
    FzArg arg = (FzArg)info->args[k];
    // Once in a while any reference: the operand's type changes.
    *FzOp_Operand(op, k) =
        below(m, 8) == 0 ? (uint8_t)below(m, 256)
                         : FzGenerate_Operand(m->program, block, arg, m->rng);
}

static void
mutate_move(Mutator *m)
{
    FzBlockOps *ops = FzProgram_Block(m->program, pick_block(m));
    if (ops->nops > 1) {
        uint32_t start;
        uint32_t n = pick_range(m, ops, 3, &start);
        FzOp moved[3];
        memcpy(moved, &ops->ops[start], n * sizeof(FzOp));
        delete_ops(ops, start, n);
        insert_ops(ops, below(m, ops->nops + 1u), moved, n);
    }
}

// Operations of one block into another: the same work on two threads.
static void
mutate_splice(Mutator *m)
{
    const FzBlockOps *from = FzProgram_Block(m->program, pick_block(m));
    FzBlockOps *to = FzProgram_Block(m->program, pick_block(m));
    if (from->nops > 0) {
        uint32_t start;
        uint32_t n = pick_range(m, from, 8, &start);
        FzOp copied[8];
        memcpy(copied, &from->ops[start], n * sizeof(FzOp));
        insert_ops(to, below(m, to->nops + 1u), copied, n);
    }
}

static void
mutate_wrap(Mutator *m)
{
    static const uint8_t openers[] = { FZ_OP_TRY, FZ_OP_LOOP, FZ_OP_WITH,
                                       FZ_OP_IF };
    int block = pick_block(m);
    FzBlockOps *ops = FzProgram_Block(m->program, block);
    if (ops->nops == 0 || ops->nops + 2 > FZ_MAX_OPS) {
        return;
    }
    FzOp opener = { .op = openers[below(m, 4)] };
    opener.a = FzGenerate_Operand(m->program, block,
                                  (FzArg)fz_op_info[opener.op].args[0],
                                  m->rng);
    const FzOp end = { .op = FZ_OP_END };
    uint32_t start;
    uint32_t n = pick_range(m, ops, 6, &start);
    insert_ops(ops, start + n, &end, 1);
    insert_ops(ops, start, &opener, 1);
}

// A range becomes a function that is called in its place.
static void
mutate_outline(Mutator *m)
{
    FzProgram *p = m->program;
    int block = pick_block(m);
    FzBlockOps *ops = FzProgram_Block(p, block);
    if (FzBlock_IsFunction(block) || ops->nops == 0) {
        return;
    }
    uint32_t start;
    uint32_t n = pick_range(m, ops, 6, &start);
    uint8_t function = p->nfunctions < FZ_MAX_FUNCTIONS
                           ? p->nfunctions++
                           : (uint8_t)below(m, FZ_MAX_FUNCTIONS);
    FzBlockOps *target = &p->functions[function];
    memset(target, 0, sizeof(*target));
    memcpy(target->ops, &ops->ops[start], n * sizeof(FzOp));
    target->nops = (uint8_t)n;
    delete_ops(ops, start, n);
    FzOp call = {
        .op = FZ_OP_CALL,
        .a = function,
        .b = FzGenerate_Operand(p, block, FZ_ARG_VALUE, m->rng),
        .c = FzGenerate_Operand(p, block, FZ_ARG_VALUE, m->rng),
    };
    insert_ops(ops, start, &call, 1);
}

// One shared object takes the place of another in a block or everywhere.
static void
mutate_retarget(Mutator *m)
{
    FzProgram *p = m->program;
    uint8_t from = (uint8_t)below(m, p->nshared);
    uint8_t to = (uint8_t)below(m, p->nshared);
    int only = below(m, 2) == 0 ? pick_block(m) : -1;
    // A local instead of a shared object: what was private is shared.
    bool local = below(m, 3) == 0;
    uint8_t old = local ? (uint8_t)(FZ_REF_LOCAL + below(m, FZ_MAX_LOCALS))
                        : from;
    for (int block = 0; block < FZ_BLOCK_LIMIT; block++) {
        if (!FzProgram_HasBlock(p, block) || (only >= 0 && block != only)) {
            continue;
        }
        FzBlockOps *ops = FzProgram_Block(p, block);
        for (int i = 0; i < ops->nops; i++) {
            const FzOpInfo *info = &fz_op_info[ops->ops[i].op];
            for (int k = 0; k < 3; k++) {
                uint8_t *operand = FzOp_Operand(&ops->ops[i], k);
                if (FzArg_IsReference((FzArg)info->args[k]) &&
                    *operand == old)
                {
                    *operand = to;
                }
            }
        }
    }
}

static void
mutate_shared(Mutator *m)
{
    FzProgram *p = m->program;
    switch (below(m, 4)) {
    case 0:
        if (p->nshared < FZ_MAX_SHARED) {
            p->shared[p->nshared] = FzGenerate_Shared(p, m->rng);
            p->nshared++;
        }
        break;
    case 1:
        if (p->nshared > 1) {
            p->nshared--;
        }
        break;
    case 2:
        p->shared[below(m, p->nshared)].initial =
            (uint8_t)below(m, FZ_MAX_INITIAL + 1);
        break;
    default:
        p->shared[below(m, p->nshared)] = FzGenerate_Shared(p, m->rng);
        break;
    }
}

static void
mutate_class(Mutator *m)
{
    FzProgram *p = m->program;
    if (p->nclasses == 0 ||
        (p->nclasses < FZ_MAX_CLASSES && below(m, 4) == 0))
    {
        p->classes[p->nclasses] = FzGenerate_Class(p->nclasses, m->rng);
        p->nclasses++;
        return;
    }
    FzClass *cls = &p->classes[below(m, p->nclasses)];
    switch (below(m, 4)) {
    case 0:
        cls->eq = (uint8_t)below(m, FZ_EQ_COUNT);
        break;
    case 1:
        cls->hash = (uint8_t)below(m, FZ_HASH_COUNT);
        break;
    case 2:
        cls->del = (uint8_t)below(m, FZ_DEL_COUNT);
        break;
    default:
        cls->base = (uint8_t)below(m, FZ_MAX_CLASSES);
        break;
    }
}

// Threads are added, taken away, exchanged, copied, made anew.
static void
mutate_bodies(Mutator *m)
{
    FzProgram *p = m->program;
    uint32_t which = below(m, 5);
    if (which == 0 && p->nbodies < FZ_MAX_BODIES) {
        FzBlockOps *added = &p->bodies[p->nbodies];
        if (p->nbodies > 0 && below(m, 2) == 0) {
            *added = p->bodies[below(m, p->nbodies)];
            p->nbodies++;
        }
        else {
            p->nbodies++;
            FzGenerate_Block(p, FZ_BLOCK_BODY + p->nbodies - 1,
                             2 + below(m, 12), m->rng);
        }
        return;
    }
    if (p->nbodies < 2) {
        FzGenerate_Block(p, pick_block(m), 2 + below(m, 12), m->rng);
        return;
    }
    uint32_t i = below(m, p->nbodies);
    uint32_t k = below(m, p->nbodies);
    FzBlockOps saved = p->bodies[i];
    switch (which) {
    case 1:
        p->bodies[i] = p->bodies[p->nbodies - 1];
        p->nbodies--;
        break;
    case 2:
        p->bodies[i] = p->bodies[k];
        p->bodies[k] = saved;
        break;
    case 3:
        p->bodies[i] = p->bodies[k];
        break;
    default:
        FzGenerate_Block(p, FZ_BLOCK_BODY + (int)i, 2 + below(m, 12),
                         m->rng);
        break;
    }
}

void
FzProgram_Mutate(FzProgram *program, FzRng *rng)
{
    static void (*const mutations[])(Mutator *) = {
        mutate_insert, mutate_insert, mutate_insert, mutate_delete,
        mutate_delete, mutate_replace, mutate_replace, mutate_operand,
        mutate_operand, mutate_operand, mutate_move, mutate_splice,
        mutate_splice, mutate_wrap, mutate_outline, mutate_retarget,
        mutate_retarget, mutate_shared, mutate_class, mutate_bodies,
    };
    Mutator m = { program, rng };
    uint32_t n = 1 + FzRng_Below(rng, 3);
    for (uint32_t i = 0; i < n; i++) {
        mutations[below(&m, sizeof(mutations) / sizeof(mutations[0]))](&m);
        FzProgram_Fixup(program);
    }
}

// What one thread does, another one does, too.
static void
copy_body(Mutator *m)
{
    FzProgram *p = m->program;
    if (p->nbodies == 0) {
        p->bodies[p->nbodies++] = p->main;
    }
    else if (p->nbodies < FZ_MAX_BODIES) {
        p->bodies[p->nbodies] = p->bodies[below(m, p->nbodies)];
        p->nbodies++;
    }
}

static void
mutate_initial(Mutator *m)
{
    FzProgram *p = m->program;
    FzShared *shared = &p->shared[below(m, p->nshared)];
    // Of these it is what they are, not how much they hold.
    if (shared->kind != FZ_SHARED_SYNC && shared->kind != FZ_SHARED_ITER &&
        shared->kind != FZ_SHARED_INTERP) {
        shared->initial = (uint8_t)below(m, FZ_MAX_INITIAL + 1);
    }
}

void
FzProgram_Vary(FzProgram *program, FzRng *rng)
{
    static void (*const changes[])(Mutator *) = {
        mutate_delete, mutate_operand, mutate_operand, mutate_operand,
        mutate_move, mutate_splice, mutate_splice, mutate_retarget,
        mutate_initial, copy_body,
    };
    Mutator m = { program, rng };
    changes[below(&m, sizeof(changes) / sizeof(changes[0]))](&m);
    FzProgram_Fixup(program);
}

void
FzProgram_Replace(FzProgram *program, FzRng *rng)
{
    for (int i = 0; i < program->nshared; i++) {
        program->shared[i] = FzGenerate_Shared(program, rng);
    }
    for (int block = 0; block < FZ_BLOCK_LIMIT; block++) {
        if (FzProgram_HasBlock(program, block)) {
            FzGenerate_Block(program, block,
                             FzProgram_Block(program, block)->nops, rng);
        }
    }
    FzProgram_Fixup(program);
}

// Takes whole parts of the other program, or a stretch of one block.
void
FzProgram_CrossOver(FzProgram *program, const FzProgram *other, FzRng *rng)
{
    FzProgram *p = program;
    Mutator m = { p, rng };
    if (below(&m, 4) == 0) {
        memcpy(p->classes, other->classes, sizeof(p->classes));
        p->nclasses = other->nclasses;
    }
    if (below(&m, 4) == 0) {
        memcpy(p->shared, other->shared, sizeof(p->shared));
        p->nshared = other->nshared;
    }
    if (below(&m, 4) == 0) {
        memcpy(p->functions, other->functions, sizeof(p->functions));
        p->nfunctions = other->nfunctions;
    }
    if (other->nbodies > 0) {
        const FzBlockOps *from = &other->bodies[below(&m, other->nbodies)];
        if (p->nbodies == 0 ||
            (p->nbodies < FZ_MAX_BODIES && below(&m, 3) == 0))
        {
            p->bodies[p->nbodies++] = *from;
        }
        else if (below(&m, 2) == 0) {
            p->bodies[below(&m, p->nbodies)] = *from;
        }
        else if (from->nops > 0) {
            FzBlockOps *to = &p->bodies[below(&m, p->nbodies)];
            uint32_t start;
            uint32_t n = pick_range(&m, from, FZ_MAX_OPS, &start);
            insert_ops(to, below(&m, to->nops + 1u), &from->ops[start], n);
        }
    }
    FzProgram_Fixup(p);
}

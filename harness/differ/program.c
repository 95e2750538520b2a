// program.c: generated programs of one thread whose behaviour is the same on
// every implementation. What is made otherwise is made plain: what shows counts
// of references, or when the collector runs of itself, or the order of a set of
// anything, or what only one implementation has.

#include "../program/program_internal.h"
#include "fz_differ.h"

// CPython 3.11 inserts a key of any type into a table for str keys if the key's
// __eq__ empties the dict meanwhile (insertdict, insertion_resize), and then
// loses or crashes on it: no __eq__ clears a dict here.
static void
spare_old_pythons(FzProgram *program)
{
    for (int i = 0; i < program->nclasses; i++) {
        int target = FzProgram_ClassTarget(program, i);
        if (program->classes[i].eq == FZ_EQ_CLEAR && target >= 0 &&
            program->shared[target].kind == FZ_SHARED_DICT)
        {
            program->classes[i].eq = FZ_EQ_ATTR;
        }
    }
}

// What is compared, and where the items are when that fails, has changed in
// CPython 3.13.
static void
spare_old_sorts(FzProgram *program)
{
    for (int block = 0; block < FZ_BLOCK_LIMIT; block++) {
        FzBlockOps *ops = FzProgram_Block(program, block);
        for (int i = 0; i < ops->nops; i++) {
            if (ops->ops[i].op == FZ_OP_LIST_SORT) {
                ops->ops[i].op = FZ_OP_LIST_REVERSE;
            }
        }
    }
}

static FzOp
pass(void)
{
    return (FzOp){ .op = FZ_OP_PASS };
}

// Collections that happen of themselves, generations, what callbacks are told
// (how many objects were collected).
static bool
changes_collector(uint8_t op)
{
    return op == FZ_OP_GC_ENABLE || op == FZ_OP_GC_WATCH ||
           op == FZ_OP_GC_YOUNG || op == FZ_OP_GC_MIDDLE;
}

// The operation that stands for one that must not be there.
static FzOp
replacement(FzOp op)
{
    switch (op.op) {
    // Whether a dict was compacted meanwhile is seen if what dies in it stores
    // another item.
    case FZ_OP_DICT_PRUNE:
        op.op = FZ_OP_DICT_COPY;
        return op;
    // The child freezes what is its own.
    case FZ_OP_GC_FREEZE:
    case FZ_OP_GC_UNFREEZE:
    case FZ_OP_REFCOUNT:
#ifdef RT_TINY_LIMITS
    // Attributes that are too many to be shared die in another order: a weak
    // reference before or after what it refers to.
    case FZ_OP_WEAK_WATCH:
    case FZ_OP_WEAK_MORTAL:
    case FZ_OP_WEAK_DOOMED:
#endif
    // Stand-ins on CPython.
    case FZ_OP_SAFE_EXTENSION:
    case FZ_OP_UNSAFE_EXTENSION:
    case FZ_OP_LEFT_EXTENSION:
    case FZ_OP_RIGHT_EXTENSION:
    case FZ_OP_BROKEN_EXTENSION:
        return pass();
    // One thread, and nothing after it or beside it.
    case FZ_OP_DAEMON:
    case FZ_OP_ATEXIT:
    case FZ_OP_FORK:
    case FZ_OP_SPAWN:
    case FZ_OP_FOREIGN_CALL:
    // Arguments die in the order of the tuple, or of the locals.
    case FZ_OP_PENDING_CALL:
    case FZ_OP_MAIN_PENDING_CALL:
        op.op = FZ_OP_CALL;
        return op;
    // CPython 3.13 clears an instance that only its own attributes refer to,
    // although its dict is another's, too: dicts are not shared.
    case FZ_OP_ATTRS_GET:
    case FZ_OP_ATTRS_SHARE:
        return (FzOp){ .op = FZ_OP_ATTRS_COPY,
                       .b = op.op == FZ_OP_ATTRS_GET ? op.b : op.a };
    // CPython 3.13 raises one error or another for super(C, None).x, as an
    // instruction is specialised or not.
    case FZ_OP_SUPER_GET:
        return op.c < FZ_REF_LOCAL ? op : pass();
    // Characters of a text may get into a set.
    case FZ_OP_SET_REPR:
        op.op = FZ_OP_SET_COPY;
        return op;
    // CPython has one empty tuple, and one str for each character.
    case FZ_OP_IS:
        op.op = FZ_OP_EQUAL;
        return op;
    // Attributes of a static type; weak references to what has none here.
    case FZ_OP_ITER_MAP:
    case FZ_OP_ITER_TEE:
        op.op = FZ_OP_ITER_ENUMERATE;
        return op;
    default:
        if (changes_collector(op.op)) {
            return (FzOp){ .op = FZ_OP_GC };
        }
        // CPython's interpreters have other names, or none.
        return (fz_op_info[op.op].flags & FZ_OPF_GROUP) == FZ_GROUP_INTERP
               ? pass() : op;
    }
}

// Whether it looks into what may be a class, whose dict is of another type in
// CPython and holds more.
static bool
may_open_class(const FzOp *op)
{
    if (op->op != FZ_OP_ATTRS_COPY && op->op != FZ_OP_ATTRS_ITERATE &&
        op->op != FZ_OP_ATTRS_WRITE) {
        return false;
    }
    uint8_t of = op->op == FZ_OP_ATTRS_WRITE ? op->a : op->b;
    return of >= FZ_REF_LOCAL && of < FZ_REF_TARGETS;
}

static void
replace_operations(FzProgram *program)
{
    for (int block = 0; block < FZ_BLOCK_LIMIT; block++) {
        FzBlockOps *ops = FzProgram_Block(program, block);
        for (int i = 0; i < ops->nops; i++) {
            FzOp *op = &ops->ops[i];
            *op = replacement(*op);
            // A local of CPython's has a weak reference of its own.
            if (op->op == FZ_OP_WEAK_COUNT &&
                (op->b >= FZ_REF_LOCAL ||
                 program->shared[op->b].kind == FZ_SHARED_SYNC)) {
                *op = pass();
            }
            if (may_open_class(op)) {
                *op = pass();
            }
        }
    }
    for (int i = 0; i < program->nshared; i++) {
        FzShared *shared = &program->shared[i];
        if (shared->kind == FZ_SHARED_INTERP) {
            shared->kind = FZ_SHARED_INT;
        }
        if (shared->kind == FZ_SHARED_ITER &&
            (shared->initial == FZ_ITER_MAP ||
             shared->initial == FZ_ITER_TEE)) {
            shared->initial = FZ_ITER_ENUMERATE;
        }
        // Those that are classes in Python have attributes there.
        if (shared->kind == FZ_SHARED_SYNC &&
            shared->initial != FZ_SYNC_LOCAL) {
            shared->initial = FZ_SYNC_RLOCK;
        }
    }
}

// A collection calls the finalizers of what it finds in the order in which it
// finds it: by the heap in one build, by age in the others. None shows it.
static void
hide_order_of_finalizers(FzProgram *program)
{
    for (int i = 0; i < program->nclasses; i++) {
        FzClass *cls = &program->classes[i];
        if (cls->del == FZ_DEL_PUBLISH || cls->del == FZ_DEL_RESURRECT) {
            cls->del = FZ_DEL_PASS;
        }
    }
}

// Sets iterate and pop in the order of their tables, which depends on hashes
// and sizes: where there are sets, everything that may get into one is 0…3,
// whose order is the same in every table.
static bool
has_sets(const FzProgram *program)
{
    for (int i = 0; i < program->nshared; i++) {
        if (program->shared[i].kind == FZ_SHARED_SET) {
            return true;
        }
    }
    for (int block = 0; block < FZ_BLOCK_LIMIT; block++) {
        const FzBlockOps *ops = FzProgram_BlockConst(program, block);
        for (int i = 0; i < ops->nops; i++) {
            switch (ops->ops[i].op) {
            case FZ_OP_SET_NEW:
            case FZ_OP_SET_FROZEN:
            case FZ_OP_DICT_KEYS_AND:
            case FZ_OP_DICT_ITEMS_SUB:
                return true;
            default:
                break;
            }
        }
    }
    return false;
}

static void
make_small_int(FzArg arg, uint8_t *ref)
{
    if (arg == FZ_ARG_VALUE || arg == FZ_ARG_KEY || arg == FZ_ARG_CONST) {
        *ref = (uint8_t)(FZ_REF_CONST + FZ_CONST_TRUE + *ref % 6);
    }
}

// What makes tuples of ints becomes what makes none.
static void
make_no_tuples(FzOp *op)
{
    switch (op->op) {
    case FZ_OP_ITER_ENUMERATE:
        op->op = FZ_OP_ITER_SLICE;
        break;
    case FZ_OP_ITER_ZIP:
        op->op = FZ_OP_ITER_CHAIN;
        break;
    case FZ_OP_DICT_ITEMS_SUB:
        op->op = FZ_OP_DICT_KEYS_AND;
        break;
    default:
        break;
    }
}

static void
keep_small_ints(FzProgram *program)
{
    program->nclasses = 0;
    for (int i = 0; i < program->nshared; i++) {
        FzShared *shared = &program->shared[i];
        if (shared->kind == FZ_SHARED_STR) {
            shared->kind = FZ_SHARED_INT;
        }
        if (shared->kind == FZ_SHARED_ITER) {
            shared->initial = FZ_ITER_COUNT;
            continue;
        }
        int most = shared->kind == FZ_SHARED_SET ||
                   shared->kind == FZ_SHARED_INT ? 4 : 0;
        shared->initial = (uint8_t)(shared->initial % (most + 1));
    }
    for (int block = 0; block < FZ_BLOCK_LIMIT; block++) {
        FzBlockOps *ops = FzProgram_Block(program, block);
        for (int i = 0; i < ops->nops; i++) {
            make_no_tuples(&ops->ops[i]);
            const FzOpInfo *info = &fz_op_info[ops->ops[i].op];
            for (int k = 0; k < 3; k++) {
                make_small_int((FzArg)info->args[k],
                               FzOp_Operand(&ops->ops[i], k));
            }
        }
    }
}

void
FzDiffer_Generate(FzProgram *program, uint64_t seed, bool same)
{
    FzRng rng;
    FzRng_Seed(&rng, seed);
    FzProgram_Generate(program, &rng);
    if (program->nbodies > 0) {
        program->main = program->bodies[0];
        program->nbodies = 0;
    }
    spare_old_pythons(program);
    if (!same) {
        spare_old_sorts(program);
    }
    replace_operations(program);
    hide_order_of_finalizers(program);
    if (has_sets(program)) {
        keep_small_ints(program);
    }
    FzProgram_Fixup(program);
}

// lower_iter.c: the making and emptying of iterators to bytecode.

#include "lower_internal.h"

// What an iterator is made of: the operands of an operation, or a shared
// object (-1: a list of its own, long enough for threads to meet in it).
typedef struct Sources {
    const FzOp *op;             // NULL: `shared`
    int shared;
} Sources;

static void
load_source(FzEmitter *e, const Sources *from, int k)
{
    if (from->op != NULL) {
        FzLower_Operand(e, from->op, k);
    }
    else if (from->shared < 0) {
        FzLower_Reference(e, FZ_REF_LIST);
        FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_4);
        FzEmit_Op(e, RT_OP_BINARY_OP, RT_NB_MULTIPLY);
    }
    else {
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL,
                    FZ_NAME_S + (unsigned)from->shared);
    }
}

static void
load_name(FzEmitter *e, unsigned name)
{
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, name);
}

// `name(the first n sources)`
static void
call_on(FzEmitter *e, unsigned name, const Sources *from, int n)
{
    load_name(e, name);
    for (int k = 1; k <= n; k++) {
        load_source(e, from, k);
    }
    FzEmit_Op(e, RT_OP_CALL, (uint32_t)n);
}

// The second argument and the call of islice(what is pushed, 10).
static void
slice_of_ten(FzEmitter *e)
{
    FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_10);
    FzEmit_Op(e, RT_OP_CALL, 2);
}

static void
make_iterator(FzEmitter *e, FzIterKind kind, const Sources *from)
{
    switch (kind) {
    case FZ_ITER_ENUMERATE:
        call_on(e, FZ_NAME_enumerate, from, 1);
        break;
    case FZ_ITER_ZIP:
        call_on(e, FZ_NAME_zip, from, 2);
        break;
    case FZ_ITER_MAP:
        load_name(e, FZ_NAME_map);
        load_name(e, FZ_NAME_type);
        load_source(e, from, 1);
        FzEmit_Op(e, RT_OP_CALL, 2);
        break;
    case FZ_ITER_FILTER:
        load_name(e, FZ_NAME_filter);
        FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_NONE);
        load_source(e, from, 1);
        FzEmit_Op(e, RT_OP_CALL, 2);
        break;
    case FZ_ITER_REVERSED:
        call_on(e, FZ_NAME_reversed, from, 1);
        break;
    case FZ_ITER_COUNT:
        load_name(e, FZ_NAME_islice);
        call_on(e, FZ_NAME_count, from, 0);
        slice_of_ten(e);
        break;
    case FZ_ITER_CYCLE:
        load_name(e, FZ_NAME_islice);
        call_on(e, FZ_NAME_cycle, from, 1);
        slice_of_ten(e);
        break;
    case FZ_ITER_CHAIN:
        call_on(e, FZ_NAME_chain, from, 2);
        break;
    case FZ_ITER_SLICE:
        load_name(e, FZ_NAME_islice);
        load_source(e, from, 1);
        FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_1);
        FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_4);
        FzEmit_Op(e, RT_OP_CALL, 3);
        break;
    case FZ_ITER_TEE:
        call_on(e, FZ_NAME_tee, from, 1);
        FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_1);
        FzEmit_Op(e, RT_OP_BINARY_SUBSCR, 0);
        break;
    default:
        call_on(e, FZ_NAME_iter, from, 1);
        break;
    }
}

void
FzLower_SharedIterator(FzEmitter *e, int k)
{
    Sources from = { NULL, FzProgram_IterSource(e->program, k) };
    make_iterator(e, FzProgram_IterKind(e->program, k), &from);
}

// `a = reversed(b) if isinstance(b, list) else None`
static void
lower_reversed(FzEmitter *e, const FzOp *op)
{
    load_name(e, FZ_NAME_isinstance);
    FzLower_Operand(e, op, 1);
    load_name(e, FZ_NAME_list);
    FzEmit_Op(e, RT_OP_CALL, 2);
    uint32_t other = FzEmit_Op(e, RT_OP_POP_JUMP_IF_FALSE, 0);
    make_iterator(e, FZ_ITER_REVERSED, &(Sources){ .op = op });
    uint32_t done = FzEmit_Op(e, RT_OP_JUMP_FORWARD, 0);
    FzEmit_PatchHere(e, other);
    FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_NONE);
    FzEmit_PatchHere(e, done);
    FzLower_Store(e, op->a);
}

// `a = list(islice(b, 10))`
static void
lower_drain(FzEmitter *e, const FzOp *op)
{
    load_name(e, FZ_NAME_list);
    load_name(e, FZ_NAME_islice);
    FzLower_Operand(e, op, 1);
    slice_of_ten(e);
    FzEmit_Op(e, RT_OP_CALL, 1);
    FzLower_Store(e, op->a);
}

// `for a, a in b: pass`: what an iterator gives is dropped before the next.
static void
lower_pairs(FzEmitter *e, const FzOp *op)
{
    FzLower_Operand(e, op, 1);
    FzEmit_Op(e, RT_OP_GET_ITER, 0);
    uint32_t head = FzEmit_Op(e, RT_OP_FOR_ITER, 0);
    FzEmit_Op(e, RT_OP_UNPACK_SEQUENCE, 2);
    FzLower_Store(e, op->a);
    FzLower_Store(e, op->a);
    FzEmit_Op(e, RT_OP_JUMP_BACKWARD, head);
    FzEmit_PatchHere(e, head);
}

// `a = islice(iter(b.pop, c), 10)`: a comparison may put back what was popped.
static void
lower_call_iterator(FzEmitter *e, const FzOp *op)
{
    load_name(e, FZ_NAME_islice);
    load_name(e, FZ_NAME_iter);
    FzLower_Operand(e, op, 1);
    FzEmit_Name(e, RT_OP_LOAD_ATTR, FZ_NAME_pop);
    FzLower_Operand(e, op, 2);
    FzEmit_Op(e, RT_OP_CALL, 2);
    slice_of_ten(e);
    FzLower_Store(e, op->a);
}

bool
FzLower_Iter(FzEmitter *e, const FzOp *op)
{
    static const uint8_t kinds[FZ_OP_COUNT] = {
        [FZ_OP_ITER_ENUMERATE] = FZ_ITER_ENUMERATE,
        [FZ_OP_ITER_ZIP] = FZ_ITER_ZIP, [FZ_OP_ITER_MAP] = FZ_ITER_MAP,
        [FZ_OP_ITER_FILTER] = FZ_ITER_FILTER,
        [FZ_OP_ITER_CYCLE] = FZ_ITER_CYCLE,
        [FZ_OP_ITER_CHAIN] = FZ_ITER_CHAIN,
        [FZ_OP_ITER_SLICE] = FZ_ITER_SLICE, [FZ_OP_ITER_TEE] = FZ_ITER_TEE,
    };
    if (kinds[op->op] != 0) {
        make_iterator(e, (FzIterKind)kinds[op->op], &(Sources){ .op = op });
        FzLower_Store(e, op->a);
        return true;
    }
    switch (op->op) {
    case FZ_OP_ITER_REVERSED:
        lower_reversed(e, op);
        return true;
    case FZ_OP_ITER_DRAIN:
        lower_drain(e, op);
        return true;
    case FZ_OP_ITER_PAIRS:
        lower_pairs(e, op);
        return true;
    case FZ_OP_ITER_CALL:
        lower_call_iterator(e, op);
        return true;
    default:
        return false;
    }
}

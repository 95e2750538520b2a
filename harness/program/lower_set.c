// lower_set.c: operations on sets and deques to bytecode, as far as they are
// more than the call of a method.

#include "lower_internal.h"

// `a = b <code> c`
static void
lower_operator(FzEmitter *e, const FzOp *op, RtOpcode code, uint32_t arg)
{
    FzLower_Operand(e, op, 1);
    FzLower_Operand(e, op, 2);
    FzEmit_Op(e, code, arg);
    FzLower_Store(e, op->a);
}

// `a = b in frozenset(c)`
static void
lower_frozen(FzEmitter *e, const FzOp *op)
{
    FzLower_Operand(e, op, 1);
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_frozenset);
    FzLower_Operand(e, op, 2);
    FzEmit_Op(e, RT_OP_CALL, 1);
    FzEmit_Op(e, RT_OP_CONTAINS_OP, 0);
    FzLower_Store(e, op->a);
}

// `a = set((b, c))`
static void
lower_new(FzEmitter *e, const FzOp *op)
{
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_set);
    FzLower_Operand(e, op, 1);
    FzLower_Operand(e, op, 2);
    FzEmit_Op(e, RT_OP_BUILD_TUPLE, 2);
    FzEmit_Op(e, RT_OP_CALL, 1);
    FzLower_Store(e, op->a);
}

// `a = len(repr(b)) if isinstance(b, set) else None`: the repr of nested lists
// could have any length, but a set holds no set. Not the text itself: added to
// the set, it would be in the next text, twice as long each time.
static void
lower_repr(FzEmitter *e, const FzOp *op)
{
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_isinstance);
    FzLower_Operand(e, op, 1);
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_set);
    FzEmit_Op(e, RT_OP_CALL, 2);
    uint32_t other = FzEmit_Op(e, RT_OP_POP_JUMP_IF_FALSE, 0);
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_len);
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_repr);
    FzLower_Operand(e, op, 1);
    FzEmit_Op(e, RT_OP_CALL, 1);
    FzEmit_Op(e, RT_OP_CALL, 1);
    uint32_t done = FzEmit_Op(e, RT_OP_JUMP_FORWARD, 0);
    FzEmit_PatchHere(e, other);
    FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_NONE);
    FzEmit_PatchHere(e, done);
    FzLower_Store(e, op->a);
}

// `a = deque([b, c], 3)`
static void
lower_new_deque(FzEmitter *e, const FzOp *op)
{
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_deque);
    FzLower_Operand(e, op, 1);
    FzLower_Operand(e, op, 2);
    FzEmit_Op(e, RT_OP_BUILD_LIST, 2);
    FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_3);
    FzEmit_Op(e, RT_OP_CALL, 2);
    FzLower_Store(e, op->a);
}

bool
FzLower_Set(FzEmitter *e, const FzOp *op)
{
    switch (op->op) {
    case FZ_OP_SET_OR:
        lower_operator(e, op, RT_OP_BINARY_OP, RT_NB_OR);
        return true;
    case FZ_OP_SET_AND:
        lower_operator(e, op, RT_OP_BINARY_OP, RT_NB_AND);
        return true;
    case FZ_OP_SET_SUBSET:
        lower_operator(e, op, RT_OP_COMPARE_OP, RT_LE);
        return true;
    case FZ_OP_SET_FROZEN:
        lower_frozen(e, op);
        return true;
    case FZ_OP_SET_NEW:
        lower_new(e, op);
        return true;
    case FZ_OP_DEQUE_NEW:
        lower_new_deque(e, op);
        return true;
    case FZ_OP_SET_REPR:
        lower_repr(e, op);
        return true;
    default:
        return false;
    }
}

// lower_dict.c: operations on dicts and their views to bytecode, as far as they
// are more than the call of a method.

#include "lower_internal.h"
#include "rt_types.h"

// `for a in <what is on the stack>: pass`
static void
lower_loop(FzEmitter *e, const FzOp *op)
{
    FzEmit_Op(e, RT_OP_GET_ITER, 0);
    uint32_t head = FzEmit_Op(e, RT_OP_FOR_ITER, 0);
    FzLower_Store(e, op->a);
    FzEmit_Op(e, RT_OP_JUMP_BACKWARD, head);
    FzEmit_PatchHere(e, head);
}

static void
lower_view_loop(FzEmitter *e, const FzOp *op, unsigned view)
{
    FzLower_Operand(e, op, 1);
    FzEmit_CallMethod(e, view);
    lower_loop(e, op);
}

// `for a in b: b.pop(a, None)`: the dict changes under its iterator.
static void
lower_prune(FzEmitter *e, const FzOp *op)
{
    FzLower_Operand(e, op, 1);
    FzEmit_Op(e, RT_OP_GET_ITER, 0);
    uint32_t head = FzEmit_Op(e, RT_OP_FOR_ITER, 0);
    FzLower_Store(e, op->a);
    FzLower_Operand(e, op, 1);
    FzEmit_Name(e, RT_OP_LOAD_METHOD, FZ_NAME_pop);
    FzLower_LoadLocal(e, op->a);
    FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_NONE);
    FzEmit_Op(e, RT_OP_CALL_METHOD, 2);
    FzEmit_Op(e, RT_OP_POP_TOP, 0);
    FzEmit_Op(e, RT_OP_JUMP_BACKWARD, head);
    FzEmit_PatchHere(e, head);
}

// `a = b.<view>() <code> c.<view>()`
static void
lower_views(FzEmitter *e, const FzOp *op, unsigned view, RtOpcode code,
            uint32_t arg)
{
    FzLower_Operand(e, op, 1);
    FzEmit_CallMethod(e, view);
    FzLower_Operand(e, op, 2);
    FzEmit_CallMethod(e, view);
    FzEmit_Op(e, code, arg);
    FzLower_Store(e, op->a);
}

// `… if len(b) < 16 else None`, stored in a.
static void
end_guarded(FzEmitter *e, const FzOp *op, uint32_t too_long)
{
    uint32_t done = FzEmit_Op(e, RT_OP_JUMP_FORWARD, 0);
    FzEmit_PatchHere(e, too_long);
    FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_NONE);
    FzEmit_PatchHere(e, done);
    FzLower_Store(e, op->a);
}

static void
lower_fromkeys(FzEmitter *e, const FzOp *op)
{
    uint32_t too_long = FzLower_Guard(e, op);
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_dict);
    FzEmit_Name(e, RT_OP_LOAD_METHOD, FZ_NAME_fromkeys);
    FzLower_Operand(e, op, 1);
    FzLower_Operand(e, op, 2);
    FzEmit_Op(e, RT_OP_CALL_METHOD, 2);
    end_guarded(e, op, too_long);
}

static void
lower_or(FzEmitter *e, const FzOp *op)
{
    uint32_t too_long = FzLower_Guard(e, op);
    FzLower_Operand(e, op, 1);
    FzLower_Operand(e, op, 2);
    FzEmit_Op(e, RT_OP_BINARY_OP, RT_NB_OR);
    end_guarded(e, op, too_long);
}

bool
FzLower_Dict(FzEmitter *e, const FzOp *op)
{
    switch (op->op) {
    case FZ_OP_DICT_VALUES:
        lower_view_loop(e, op, FZ_NAME_values);
        return true;
    case FZ_OP_DICT_REVERSED:
        lower_view_loop(e, op, FZ_NAME___reversed__);
        return true;
    case FZ_OP_DICT_PRUNE:
        lower_prune(e, op);
        return true;
    case FZ_OP_DICT_FROMKEYS:
        lower_fromkeys(e, op);
        return true;
    case FZ_OP_DICT_OR:
        lower_or(e, op);
        return true;
    case FZ_OP_DICT_KEYS_AND:
        lower_views(e, op, FZ_NAME_keys, RT_OP_BINARY_OP, RT_NB_AND);
        return true;
    case FZ_OP_DICT_KEYS_IN:
        lower_views(e, op, FZ_NAME_keys, RT_OP_COMPARE_OP, RT_LE);
        return true;
    case FZ_OP_DICT_ITEMS_SUB:
        lower_views(e, op, FZ_NAME_items, RT_OP_BINARY_OP, RT_NB_SUBTRACT);
        return true;
    default:
        return false;
    }
}

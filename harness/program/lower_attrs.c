// lower_attrs.c: operations on the __dict__ of an instance to bytecode.

#include "lower_internal.h"
#include "rt_types.h"

// Pushes the __dict__ of operand k.
static void
load_dict(FzEmitter *e, const FzOp *op, int k)
{
    FzLower_Operand(e, op, k);
    FzEmit_Name(e, RT_OP_LOAD_ATTR, FZ_NAME___dict__);
}

static void
lower_iterate(FzEmitter *e, const FzOp *op)
{
    load_dict(e, op, 1);
    FzEmit_Op(e, RT_OP_GET_ITER, 0);
    uint32_t head = FzEmit_Op(e, RT_OP_FOR_ITER, 0);
    FzLower_Store(e, op->a);
    FzEmit_Op(e, RT_OP_JUMP_BACKWARD, head);
    FzEmit_PatchHere(e, head);
}

bool
FzLower_Attrs(FzEmitter *e, const FzOp *op)
{
    switch (op->op) {
    case FZ_OP_ATTRS_GET:
        load_dict(e, op, 1);
        FzLower_Store(e, op->a);
        return true;
    case FZ_OP_ATTRS_SET:
        FzLower_Operand(e, op, 1);
        FzLower_Operand(e, op, 0);
        FzEmit_Name(e, RT_OP_STORE_ATTR, FZ_NAME___dict__);
        return true;
    case FZ_OP_ATTRS_DEL:
        FzLower_Operand(e, op, 0);
        FzEmit_Name(e, RT_OP_DELETE_ATTR, FZ_NAME___dict__);
        return true;
    case FZ_OP_ATTRS_CLEAR:
        load_dict(e, op, 0);
        FzEmit_CallMethod(e, FZ_NAME_clear);
        FzEmit_Op(e, RT_OP_POP_TOP, 0);
        return true;
    case FZ_OP_ATTRS_WRITE:
        FzLower_Operand(e, op, 2);
        load_dict(e, op, 0);
        FzLower_Operand(e, op, 1);
        FzEmit_Op(e, RT_OP_STORE_SUBSCR, 0);
        return true;
    case FZ_OP_ATTRS_ITERATE:
        lower_iterate(e, op);
        return true;
    case FZ_OP_ATTRS_POPITEM:
        load_dict(e, op, 1);
        FzEmit_CallMethod(e, FZ_NAME_popitem);
        FzLower_Store(e, op->a);
        return true;
    default:
        return false;
    }
}

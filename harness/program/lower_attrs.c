// lower_attrs.c: operations on instances, their attributes and their __dict__
// to bytecode.

#include "lower_internal.h"
#include "rt_types.h"

// Pushes the __dict__ of operand k.
static void
load_dict(FzEmitter *e, const FzOp *op, int k)
{
    FzLower_Operand(e, op, k);
    FzEmit_Name(e, RT_OP_LOAD_ATTR, FZ_NAME___dict__);
}

// `a.__dict__.update(b) if len(b) < 16 else None`
static void
lower_update(FzEmitter *e, const FzOp *op)
{
    uint32_t too_long = FzLower_Guard(e, op);
    load_dict(e, op, 0);
    FzEmit_Name(e, RT_OP_LOAD_METHOD, FZ_NAME_update);
    FzLower_Operand(e, op, 1);
    FzEmit_Op(e, RT_OP_CALL_METHOD, 1);
    FzEmit_Op(e, RT_OP_POP_TOP, 0);
    FzEmit_PatchHere(e, too_long);
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

static void
lower_attribute(FzEmitter *e, const FzOp *op)
{
    switch (op->op) {
    case FZ_OP_ATTR_READ:
        FzLower_Operand(e, op, 1);
        FzEmit_Name(e, RT_OP_LOAD_ATTR, FZ_NAME_X + op->c);
        FzLower_Store(e, op->a);
        break;
    case FZ_OP_ATTR_WRITE:
        FzLower_Operand(e, op, 2);
        FzLower_Operand(e, op, 0);
        FzEmit_Name(e, RT_OP_STORE_ATTR, FZ_NAME_X + op->b);
        break;
    case FZ_OP_ATTR_DEL:
        FzLower_Operand(e, op, 0);
        FzEmit_Name(e, RT_OP_DELETE_ATTR, FZ_NAME_X + op->b);
        break;
    default:
        FzLower_Operand(e, op, 0);
        FzEmit_Name(e, RT_OP_LOAD_ATTR, FZ_NAME_X + op->b);
        FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_1);
        FzEmit_Op(e, RT_OP_BINARY_OP, RT_NB_ADD);
        FzLower_Operand(e, op, 0);
        FzEmit_Name(e, RT_OP_STORE_ATTR, FZ_NAME_X + op->b);
        break;
    }
}

static void
lower_new(FzEmitter *e, const FzOp *op)
{
    FzLower_Operand(e, op, 1);
    FzEmit_Op(e, RT_OP_CALL, 0);
    FzLower_Store(e, op->a);
    if (op->op == FZ_OP_NEW_ATTR) {
        FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_1);
        FzLower_LoadLocal(e, op->a);
        FzEmit_Name(e, RT_OP_STORE_ATTR, FZ_NAME_X + op->c);
    }
    else if (op->op == FZ_OP_CYCLE_INST) {
        FzLower_LoadLocal(e, op->a);
        FzLower_LoadLocal(e, op->a);
        FzEmit_Name(e, RT_OP_STORE_ATTR, FZ_NAME_X + op->c);
    }
}

bool
FzLower_Attrs(FzEmitter *e, const FzOp *op)
{
    switch (op->op) {
    case FZ_OP_ATTR_READ:
    case FZ_OP_ATTR_WRITE:
    case FZ_OP_ATTR_DEL:
    case FZ_OP_ATTR_ADD:
        lower_attribute(e, op);
        return true;
    case FZ_OP_NEW:
    case FZ_OP_NEW_ATTR:
    case FZ_OP_CYCLE_INST:
        lower_new(e, op);
        return true;
    case FZ_OP_ATTRS_GET:
        load_dict(e, op, 1);
        FzLower_Store(e, op->a);
        return true;
    case FZ_OP_ATTRS_SET:
        FzLower_Operand(e, op, 1);
        FzLower_Operand(e, op, 0);
        FzEmit_Name(e, RT_OP_STORE_ATTR, FZ_NAME___dict__);
        return true;
    case FZ_OP_ATTRS_SHARE:
        load_dict(e, op, 1);
        FzLower_Operand(e, op, 0);
        FzEmit_Name(e, RT_OP_STORE_ATTR, FZ_NAME___dict__);
        return true;
    case FZ_OP_ATTRS_COPY:
        load_dict(e, op, 1);
        FzEmit_CallMethod(e, FZ_NAME_copy);
        FzLower_Store(e, op->a);
        return true;
    case FZ_OP_ATTRS_UPDATE:
        lower_update(e, op);
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

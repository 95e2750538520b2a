// lower_type.c: operations on classes to bytecode.

#include "lower_internal.h"
#include "rt_types.h"

// `<operand target>.name = <operand value>`.
static void
emit_store_attr(FzEmitter *e, const FzOp *op, int target, unsigned name,
                int value)
{
    FzLower_Operand(e, op, value);
    FzLower_Operand(e, op, target);
    FzEmit_Name(e, RT_OP_STORE_ATTR, name);
}

static void
emit_delete_attr(FzEmitter *e, const FzOp *op, unsigned name)
{
    FzLower_Operand(e, op, 0);
    FzEmit_Name(e, RT_OP_DELETE_ATTR, name);
}

// `C.__bases__ = (<classes>)`.
static void
emit_set_bases(FzEmitter *e, const FzOp *op, uint32_t count)
{
    for (uint32_t i = 1; i <= count; i++) {
        FzLower_Operand(e, op, (int)i);
    }
    FzEmit_Op(e, RT_OP_BUILD_TUPLE, count);
    FzLower_Operand(e, op, 0);
    FzEmit_Name(e, RT_OP_STORE_ATTR, FZ_NAME___bases__);
}

// `type('a', (C`, and what follows the bases that stand on the stack and the
// entries of its dict: `)()`, which is assigned.
static void
begin_class(FzEmitter *e, const FzOp *op)
{
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_type);
    FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_STR_A);
    FzLower_Operand(e, op, 1);
}

static void
end_class(FzEmitter *e, const FzOp *op, uint32_t entries)
{
    FzEmit_Op(e, RT_OP_BUILD_MAP, entries);
    FzEmit_Op(e, RT_OP_CALL, 3);
    FzEmit_Op(e, RT_OP_CALL, 0);
    FzLower_Store(e, op->a);
}

// `x = type('a', (C,), {key: value})()`.
static void
emit_new_class(FzEmitter *e, const FzOp *op, uint32_t key)
{
    begin_class(e, op);
    FzEmit_Op(e, RT_OP_BUILD_TUPLE, 1);
    FzEmit_Op(e, RT_OP_LOAD_CONST, key);
    FzLower_Operand(e, op, 2);
    end_class(e, op, 1);
}

// `if isinstance(y, C): x = type('a', (C, type(y)), {})()`: a base that stands
// before one that derives from it, or twice.
static void
emit_new_class_below(FzEmitter *e, const FzOp *op)
{
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_isinstance);
    FzLower_Operand(e, op, 2);
    FzLower_Operand(e, op, 1);
    FzEmit_Op(e, RT_OP_CALL, 2);
    uint32_t other = FzEmit_Op(e, RT_OP_POP_JUMP_IF_FALSE, 0);
    begin_class(e, op);
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_type);
    FzLower_Operand(e, op, 2);
    FzEmit_Op(e, RT_OP_CALL, 1);
    FzEmit_Op(e, RT_OP_BUILD_TUPLE, 2);
    end_class(e, op, 0);
    FzEmit_PatchHere(e, other);
}

bool
FzLower_Type(FzEmitter *e, const FzOp *op)
{
    switch (op->op) {
    case FZ_OP_CLASS_READ:
        FzLower_Operand(e, op, 1);
        FzEmit_Name(e, RT_OP_LOAD_ATTR, FZ_NAME_X + op->c);
        FzLower_Store(e, op->a);
        return true;
    case FZ_OP_CLASS_WRITE:
    case FZ_OP_METHOD_SET:
        emit_store_attr(e, op, 0, FZ_NAME_X + op->b, 2);
        return true;
    case FZ_OP_CLASS_DEL:
        emit_delete_attr(e, op, FZ_NAME_X + op->b);
        return true;
    case FZ_OP_METHOD_CALL:
        FzLower_Operand(e, op, 0);
        FzEmit_Name(e, RT_OP_LOAD_METHOD, FZ_NAME_X + op->b);
        FzLower_Operand(e, op, 2);
        FzEmit_Op(e, RT_OP_CALL_METHOD, 1);
        FzEmit_Op(e, RT_OP_POP_TOP, 0);
        return true;
    case FZ_OP_HASH_SET:
        emit_store_attr(e, op, 0, FZ_NAME___hash__, 1);
        return true;
    case FZ_OP_HASH_DEL:
        emit_delete_attr(e, op, FZ_NAME___hash__);
        return true;
    case FZ_OP_EQ_DEL:
        emit_delete_attr(e, op, FZ_NAME___eq__);
        return true;
    case FZ_OP_BASES_SET:
        emit_set_bases(e, op, 1);
        return true;
    case FZ_OP_BASES_SET_TWO:
        emit_set_bases(e, op, 2);
        return true;
    case FZ_OP_CLASS_SET:
        emit_store_attr(e, op, 0, FZ_NAME___class__, 1);
        return true;
    case FZ_OP_NEW_CLASS:
        emit_new_class(e, op, FZ_CONST_STR_A);
        return true;
    case FZ_OP_NEW_SLOTTED:
        emit_new_class(e, op, FZ_CONST_STR_SLOTS);
        return true;
    case FZ_OP_NEW_CLASS_BELOW:
        emit_new_class_below(e, op);
        return true;
    case FZ_OP_NAME_SET:
        emit_store_attr(e, op, 0, FZ_NAME___name__, 1);
        return true;
    case FZ_OP_NAME_GET:
        FzLower_Operand(e, op, 1);
        FzEmit_Name(e, RT_OP_LOAD_ATTR, FZ_NAME___name__);
        FzLower_Store(e, op->a);
        return true;
    case FZ_OP_SUBCLASSES:
        FzLower_Operand(e, op, 1);
        FzEmit_CallMethod(e, FZ_NAME___subclasses__);
        FzLower_Store(e, op->a);
        return true;
    default:
        return false;
    }
}

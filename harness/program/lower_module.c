// lower_module.c: operations that import modules.

#include "lower_internal.h"

// `import module as x`.
static void
lower_import(FzEmitter *e, const FzOp *op, unsigned module)
{
    FzEmit_Name(e, RT_OP_IMPORT_NAME, module);
    FzLower_Store(e, op->a);
}

// `import module as x; x.bump()`.
static void
lower_extension(FzEmitter *e, const FzOp *op, unsigned module)
{
    lower_import(e, op, module);
    FzLower_LoadLocal(e, op->a);
    FzEmit_CallMethod(e, FZ_NAME_bump);
    FzEmit_Op(e, RT_OP_POP_TOP, 0);
}

// `from sys import getrefcount as x; x = x(value)`.
static void
lower_refcount(FzEmitter *e, const FzOp *op)
{
    FzEmit_Name(e, RT_OP_IMPORT_NAME, FZ_NAME_sys);
    FzEmit_Name(e, RT_OP_IMPORT_FROM, FZ_NAME_getrefcount);
    FzLower_Store(e, op->a);
    FzEmit_Op(e, RT_OP_POP_TOP, 0);
    FzLower_LoadLocal(e, op->a);
    FzLower_Operand(e, op, 1);
    FzEmit_Op(e, RT_OP_CALL, 1);
    FzLower_Store(e, op->a);
}

bool
FzLower_Module(FzEmitter *e, const FzOp *op)
{
    switch (op->op) {
    case FZ_OP_SAFE_EXTENSION:
        lower_extension(e, op, FZ_NAME__xxsafe);
        return true;
    case FZ_OP_UNSAFE_EXTENSION:
        lower_extension(e, op, FZ_NAME__xxunsafe);
        return true;
    case FZ_OP_BROKEN_EXTENSION:
        lower_import(e, op, FZ_NAME__xxbroken);
        return true;
    case FZ_OP_LEFT_EXTENSION:
        lower_import(e, op, FZ_NAME__xxleft);
        return true;
    case FZ_OP_RIGHT_EXTENSION:
        lower_import(e, op, FZ_NAME__xxright);
        return true;
    case FZ_OP_REFCOUNT:
        lower_refcount(e, op);
        return true;
    default:
        return false;
    }
}

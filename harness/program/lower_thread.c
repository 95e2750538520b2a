// lower_thread.c: operations that start a thread, and the prelude's lurk(),
// which daemons run: a function, and then a lock that nobody releases. So the
// end of every program that has daemons finds some.

#include "lower_internal.h"

void
FzLower_Thread(FzEmitter *e, const FzOp *op)
{
    bool daemon = op->op == FZ_OP_DAEMON;
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_Thread);
    if (daemon) {
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_lurk);
    }
    FzLower_Operand(e, op, 0);
    FzLower_Operand(e, op, 1);
    FzLower_Operand(e, op, 2);
    FzEmit_Op(e, RT_OP_BUILD_TUPLE, daemon ? 3 : 2);
    if (daemon) {
        FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_TRUE);
    }
    FzEmit_Op(e, RT_OP_CALL, daemon ? 3 : 2);
    FzLower_Store(e, FZ_MAX_LOCALS);
    FzLower_LoadLocal(e, FZ_MAX_LOCALS);
    FzEmit_CallMethod(e, FZ_NAME_start);
    FzEmit_Op(e, RT_OP_POP_TOP, 0);
    // join(SOON), join()
    for (uint32_t nargs = daemon ? 0 : 2; nargs-- > 0;) {
        FzLower_LoadLocal(e, FZ_MAX_LOCALS);
        FzEmit_Name(e, RT_OP_LOAD_METHOD, FZ_NAME_join);
        if (nargs == 1) {
            FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_1);
        }
        FzEmit_Op(e, RT_OP_CALL_METHOD, nargs);
        FzEmit_Op(e, RT_OP_POP_TOP, 0);
    }
}

// block.acquire(): the first time at once, the second time never.
static void
acquire(FzEmitter *e, uint32_t block)
{
    FzEmit_Op(e, RT_OP_LOAD_FAST, block);
    FzEmit_CallMethod(e, FZ_NAME_acquire);
    FzEmit_Op(e, RT_OP_POP_TOP, 0);
}

RtObject *
FzLower_Lurk(FzEmitter *e)
{
    enum { FUNC, A, B, BLOCK, NLOCALS };
    FzEmit_Begin(e, -1);
    e->line = FZ_PRELUDE_LURK + 1;
    FzEmit_Op(e, RT_OP_LOAD_FAST, FUNC);
    FzEmit_Op(e, RT_OP_LOAD_FAST, A);
    FzEmit_Op(e, RT_OP_LOAD_FAST, B);
    FzEmit_Op(e, RT_OP_CALL, 2);
    FzEmit_Op(e, RT_OP_POP_TOP, 0);
    e->line++;
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_Lock);
    FzEmit_Op(e, RT_OP_CALL, 0);
    FzEmit_Op(e, RT_OP_STORE_FAST, BLOCK);
    e->line++;
    acquire(e, BLOCK);
    acquire(e, BLOCK);
    FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_NONE);
    FzEmit_Op(e, RT_OP_RETURN_VALUE, 0);
    return FzEmit_Finish(e, "lurk", NLOCALS, 3);
}

bool
FzProgram_UsesDaemons(const FzProgram *program)
{
    return FzProgram_HasOp(program, FZ_OP_DAEMON);
}

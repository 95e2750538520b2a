// lower_interp.c: operations on interpreters, and the prelude's setup() and
// duo(), whose code is copied into them.
//
// setup() makes in another interpreter what the module makes in the main one:
// classes, shared objects, functions. Ids of interpreters are plain data; they
// are its arguments, and are the same everywhere.

#include "lower_internal.h"
#include "rt_types.h"

static bool
is_id(const FzProgram *program, int k)
{
    return program->shared[k].kind == FZ_SHARED_INTERP;
}

// The local of duo() and of a block for a thread.
static void
start_thread(FzEmitter *e, uint32_t local)
{
    FzEmit_Op(e, RT_OP_STORE_FAST, local);
    FzEmit_Op(e, RT_OP_LOAD_FAST, local);
    FzEmit_CallMethod(e, FZ_NAME_start);
    FzEmit_Op(e, RT_OP_POP_TOP, 0);
}

RtObject *
FzLower_Duo(FzEmitter *e)
{
    enum { A, B, THREAD, NLOCALS };
    FzEmit_Begin(e, -1);
    e->line = FZ_PRELUDE_DUO + 1;
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_Thread);
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_F);
    FzEmit_Op(e, RT_OP_LOAD_FAST, A);
    FzEmit_Op(e, RT_OP_LOAD_FAST, B);
    FzEmit_Op(e, RT_OP_BUILD_TUPLE, 2);
    FzEmit_Op(e, RT_OP_CALL, 2);
    e->line++;
    start_thread(e, THREAD);
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_F);
    FzEmit_Op(e, RT_OP_LOAD_FAST, B);
    FzEmit_Op(e, RT_OP_LOAD_FAST, A);
    FzEmit_Op(e, RT_OP_CALL, 2);
    FzEmit_Op(e, RT_OP_POP_TOP, 0);
    e->line++;
    FzEmit_Op(e, RT_OP_LOAD_FAST, THREAD);
    FzEmit_CallMethod(e, FZ_NAME_join);
    FzEmit_Op(e, RT_OP_POP_TOP, 0);
    FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_NONE);
    FzEmit_Op(e, RT_OP_RETURN_VALUE, 0);
    return FzEmit_Finish(e, "duo", NLOCALS, 2);
}

void
FzLower_BeginSetup(FzEmitter *e)
{
    FzEmit_Begin(e, -1);
    uint32_t local = 0;
    for (int k = 0; k < e->program->nshared; k++) {
        if (is_id(e->program, k)) {
            e->line = FZ_PRELUDE_SETUP;
            FzEmit_Op(e, RT_OP_LOAD_FAST, local++);
            FzEmit_Name(e, RT_OP_STORE_GLOBAL, FZ_NAME_S + (unsigned)k);
        }
    }
}

RtObject *
FzLower_FinishSetup(FzEmitter *e)
{
    int nargs = 0;
    for (int k = 0; k < e->program->nshared; k++) {
        nargs += is_id(e->program, k);
    }
    FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_NONE);
    FzEmit_Op(e, RT_OP_RETURN_VALUE, 0);
    return FzEmit_Finish(e, "setup", nargs, nargs);
}

// ---------------------------------------------------------------------------
// Operations.

// interp_run(ref, setup, ids…), and drops the result.
static void
run_setup(FzEmitter *e, uint8_t ref)
{
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_interp_run);
    FzLower_Reference(e, ref);
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_setup);
    uint32_t nargs = 2;
    for (int k = 0; k < e->program->nshared; k++) {
        if (is_id(e->program, k)) {
            FzLower_Reference(e, (uint8_t)(FZ_REF_SHARED + k));
            nargs++;
        }
    }
    FzEmit_Op(e, RT_OP_CALL, nargs);
    FzEmit_Op(e, RT_OP_POP_TOP, 0);
}

// interp_run(ref, name, 1, 'a')
static void
run_function(FzEmitter *e, uint8_t ref, unsigned name)
{
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_interp_run);
    FzLower_Reference(e, ref);
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, name);
    FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_1);
    FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_STR_A);
    FzEmit_Op(e, RT_OP_CALL, 4);
}

void
FzLower_MakeId(FzEmitter *e, unsigned initial)
{
    if (initial == 0) {
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_interp_create);
        FzEmit_Op(e, RT_OP_CALL, 0);
        return;
    }
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_queue_create);
    FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_2);
    FzEmit_Op(e, RT_OP_CALL, 1);
}

bool
FzLower_Interpreter(FzEmitter *e, const FzOp *op)
{
    uint32_t locals = FzLower_NumArguments(e);
    switch (op->op) {
    case FZ_OP_INTERP_NEW:
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_interp_create);
        FzEmit_Op(e, RT_OP_CALL, 0);
        FzEmit_Op(e, RT_OP_STORE_FAST, locals + op->a);
        run_setup(e, (uint8_t)(FZ_REF_LOCAL + op->a));
        return true;
    case FZ_OP_INTERP_SETUP:
        run_setup(e, op->a);
        return true;
    case FZ_OP_INTERP_RUN:
        run_function(e, op->b, FZ_NAME_F + op->c);
        FzEmit_Op(e, RT_OP_STORE_FAST, locals + op->a);
        return true;
    case FZ_OP_INTERP_THREADS:
        run_function(e, op->a, FZ_NAME_duo);
        FzEmit_Op(e, RT_OP_POP_TOP, 0);
        return true;
    case FZ_OP_QUEUE_PUT:
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_queue_put);
        FzLower_Reference(e, op->a);
        FzLower_Reference(e, op->b);
        FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_1);     // SOON
        FzEmit_Op(e, RT_OP_CALL, 3);
        FzEmit_Op(e, RT_OP_POP_TOP, 0);
        return true;
    case FZ_OP_QUEUE_GET:
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_queue_get);
        FzLower_Reference(e, op->b);
        FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_1);
        FzEmit_Op(e, RT_OP_CALL, 2);
        FzEmit_Op(e, RT_OP_STORE_FAST, locals + op->a);
        return true;
    default:
        return false;
    }
}

bool
FzProgram_UsesInterpreters(const FzProgram *program)
{
    for (int i = 0; i < FZ_BLOCK_LIMIT; i++) {
        if (!FzProgram_HasBlock(program, i)) {
            continue;
        }
        const FzBlockOps *ops = FzProgram_BlockConst(program, i);
        for (int k = 0; k < ops->nops; k++) {
            uint8_t op = ops->ops[k].op;
            if ((fz_op_info[op].flags & FZ_OPF_GROUP) == FZ_GROUP_INTERP) {
                return true;
            }
        }
    }
    return false;
}

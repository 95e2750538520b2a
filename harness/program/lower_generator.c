// lower_generator.c: operations on generators, closures and functions to
// bytecode, and the functions of the prelude (lift.c) that they use, line by
// line as they stand there.
//
// A generator is kept in the attribute `g` of an instance, a closure in `c`,
// where other threads find them. A function gets the code only of one that
// stands behind it, or its own: functions call what stands behind them, so that
// calls end.

#include "lower_internal.h"
#include "rt_types.h"
#include "rtcore_object.h"

RtObject *
FzLower_Generate(FzEmitter *e)
{
    enum { ITEMS, GOT, ITEM, NLOCALS };
    FzEmit_Begin(e, -1);
    e->flags = RT_CO_GENERATOR;
    e->line = FZ_PRELUDE_GENERATE + 1;
    FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_NONE);
    FzEmit_Op(e, RT_OP_STORE_FAST, GOT);
    e->line += 2;
    uint32_t start = e->n;
    FzEmit_Op(e, RT_OP_LOAD_FAST, ITEMS);
    FzEmit_Op(e, RT_OP_GET_ITER, 0);
    uint32_t head = FzEmit_Op(e, RT_OP_FOR_ITER, 0);
    FzEmit_Op(e, RT_OP_STORE_FAST, ITEM);
    e->line++;
    FzEmit_Op(e, RT_OP_LOAD_FAST, ITEM);
    FzEmit_Op(e, RT_OP_YIELD_VALUE, 0);
    FzEmit_Op(e, RT_OP_STORE_FAST, GOT);
    FzEmit_Op(e, RT_OP_JUMP_BACKWARD, head);
    FzEmit_PatchHere(e, head);
    uint32_t end = e->n;
    uint32_t done = FzEmit_Op(e, RT_OP_JUMP_FORWARD, 0);
    e->line++;
    FzEmit_Exception(e, start, end, e->n, 0);
    FzEmit_Op(e, RT_OP_PUSH_EXC_INFO, 0);
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_ValueError);
    FzEmit_Op(e, RT_OP_CHECK_EXC_MATCH, 0);
    uint32_t other = FzEmit_Op(e, RT_OP_POP_JUMP_IF_FALSE, 0);
    e->line++;
    FzEmit_Op(e, RT_OP_LOAD_FAST, GOT);
    FzEmit_Op(e, RT_OP_YIELD_VALUE, 0);
    FzEmit_Op(e, RT_OP_POP_TOP, 0);
    FzEmit_Op(e, RT_OP_POP_EXCEPT, 0);
    uint32_t handled = FzEmit_Op(e, RT_OP_JUMP_FORWARD, 0);
    FzEmit_PatchHere(e, other);
    FzEmit_Op(e, RT_OP_RERAISE, 0);
    FzEmit_PatchHere(e, done);
    FzEmit_PatchHere(e, handled);
    e->line++;
    FzEmit_Op(e, RT_OP_LOAD_FAST, GOT);
    FzEmit_Op(e, RT_OP_RETURN_VALUE, 0);
    return FzEmit_Finish(e, "generate", NLOCALS, 1);
}

RtObject *
FzLower_Delegate(FzEmitter *e)
{
    enum { ITEMS, NLOCALS };
    FzEmit_Begin(e, -1);
    e->flags = RT_CO_GENERATOR;
    e->line = FZ_PRELUDE_DELEGATE + 1;
    FzEmit_Op(e, RT_OP_LOAD_FAST, ITEMS);
    FzEmit_Op(e, RT_OP_GET_ITER, 0);
    FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_NONE);
    FzEmit_Op(e, RT_OP_YIELD_FROM, 0);
    FzEmit_Op(e, RT_OP_RETURN_VALUE, 0);
    return FzEmit_Finish(e, "delegate", NLOCALS, 1);
}

// The function inside.
RtObject *
FzLower_Step(FzEmitter *e)
{
    FzEmit_Begin(e, -1);
    e->nfreevars = 1;
    e->qualname = "counter.<locals>.step";
    e->line = FZ_PRELUDE_COUNTER + 1;
    FzEmit_Op(e, RT_OP_COPY_FREE_VARS, 0);
    e->line += 2;
    FzEmit_Op(e, RT_OP_LOAD_DEREF, 0);
    FzEmit_Op(e, RT_OP_LOAD_FAST, 0);
    FzEmit_Op(e, RT_OP_BINARY_OP, RT_NB_ADD);
    FzEmit_Op(e, RT_OP_STORE_DEREF, 0);
    e->line++;
    FzEmit_Op(e, RT_OP_LOAD_DEREF, 0);
    FzEmit_Op(e, RT_OP_RETURN_VALUE, 0);
    return FzEmit_Finish(e, "step", 1, 1);
}

RtObject *
FzLower_Counter(FzEmitter *e, RtObject *step)
{
    enum { START, STEP, NLOCALS };
    RtObject *common = e->consts;
    RtObject *consts = RtTuple_FromArray(&step, 1);
    if (consts == NULL) {
        return NULL;
    }
    FzEmit_Begin(e, -1);
    e->consts = consts;
    e->ncellvars = 1;
    e->line = FZ_PRELUDE_COUNTER;
    FzEmit_Op(e, RT_OP_MAKE_CELL, 0);
    FzEmit_Op(e, RT_OP_LOAD_FAST, START);
    FzEmit_Op(e, RT_OP_STORE_DEREF, 0);
    e->line++;
    FzEmit_Op(e, RT_OP_LOAD_CLOSURE, 0);
    FzEmit_Op(e, RT_OP_BUILD_TUPLE, 1);
    FzEmit_Op(e, RT_OP_MAKE_CLOSURE, 0);
    FzEmit_Op(e, RT_OP_STORE_FAST, STEP);
    e->line += 4;
    FzEmit_Op(e, RT_OP_LOAD_FAST, STEP);
    FzEmit_Op(e, RT_OP_RETURN_VALUE, 0);
    RtObject *code = FzEmit_Finish(e, "counter", NLOCALS, 1);
    e->consts = common;
    Rt_DECREF(consts);
    return code;
}

// ---------------------------------------------------------------------------
// Operations.

// `x.attr = name(y)`: name and y have been pushed.
static void
store_call(FzEmitter *e, const FzOp *op, unsigned attr)
{
    FzEmit_Op(e, RT_OP_CALL, 1);
    FzLower_Operand(e, op, 0);
    FzEmit_Name(e, RT_OP_STORE_ATTR, attr);
}

static void
load_attr(FzEmitter *e, const FzOp *op, int k, unsigned attr)
{
    FzLower_Operand(e, op, k);
    FzEmit_Name(e, RT_OP_LOAD_ATTR, attr);
}

// `x.g.name(y)`: y is the operand `arg`, or none if it is negative.
static void
call_generator(FzEmitter *e, const FzOp *op, int k, unsigned name, int arg)
{
    load_attr(e, op, k, FZ_NAME_g);
    FzEmit_Name(e, RT_OP_LOAD_METHOD, name);
    if (arg >= 0) {
        FzLower_Operand(e, op, arg);
    }
    FzEmit_Op(e, RT_OP_CALL_METHOD, arg >= 0);
}

static bool
lower_generator(FzEmitter *e, const FzOp *op)
{
    uint32_t head;
    switch (op->op) {
    case FZ_OP_GEN_NEW:
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_generate);
        FzLower_Operand(e, op, 1);
        store_call(e, op, FZ_NAME_g);
        return true;
    case FZ_OP_GEN_FROM:
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_delegate);
        load_attr(e, op, 1, FZ_NAME_g);
        store_call(e, op, FZ_NAME_g);
        return true;
    case FZ_OP_GEN_NEXT:
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_next);
        load_attr(e, op, 1, FZ_NAME_g);
        FzEmit_Op(e, RT_OP_CALL, 1);
        FzLower_Store(e, op->a);
        return true;
    case FZ_OP_GEN_SEND:
        call_generator(e, op, 1, FZ_NAME_send, 2);
        FzLower_Store(e, op->a);
        return true;
    case FZ_OP_GEN_THROW:
        call_generator(e, op, 0, FZ_NAME_throw, 1);
        FzEmit_Op(e, RT_OP_POP_TOP, 0);
        return true;
    case FZ_OP_GEN_CLOSE:
        call_generator(e, op, 0, FZ_NAME_close, -1);
        FzEmit_Op(e, RT_OP_POP_TOP, 0);
        return true;
    case FZ_OP_GEN_FOR:
        load_attr(e, op, 1, FZ_NAME_g);
        FzEmit_Op(e, RT_OP_GET_ITER, 0);
        head = FzEmit_Op(e, RT_OP_FOR_ITER, 0);
        FzLower_Store(e, op->a);
        FzEmit_Op(e, RT_OP_JUMP_BACKWARD, head);
        FzEmit_PatchHere(e, head);
        return true;
    default:
        return false;
    }
}

bool
FzLower_Function(FzEmitter *e, const FzOp *op)
{
    switch (op->op) {
    case FZ_OP_CELL_NEW:
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_counter);
        FzLower_Operand(e, op, 1);
        store_call(e, op, FZ_NAME_c);
        return true;
    case FZ_OP_CELL_STEP:
        FzLower_Operand(e, op, 1);
        FzEmit_Name(e, RT_OP_LOAD_METHOD, FZ_NAME_c);
        FzLower_Operand(e, op, 2);
        FzEmit_Op(e, RT_OP_CALL_METHOD, 1);
        FzLower_Store(e, op->a);
        return true;
    case FZ_OP_NESTED_CALL:
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_counter);
        FzLower_Operand(e, op, 1);
        FzEmit_Op(e, RT_OP_CALL, 1);
        FzLower_Operand(e, op, 2);
        FzEmit_Op(e, RT_OP_CALL, 1);
        FzLower_Store(e, op->a);
        return true;
    case FZ_OP_FUNC_RECODE:
        FzLower_Operand(e, op, 1);
        FzEmit_Name(e, RT_OP_LOAD_ATTR, FZ_NAME___code__);
        FzLower_Operand(e, op, 0);
        FzEmit_Name(e, RT_OP_STORE_ATTR, FZ_NAME___code__);
        return true;
    case FZ_OP_FUNC_REPLACE:
        FzLower_Operand(e, op, 1);
        FzEmit_Name(e, RT_OP_STORE_GLOBAL, FZ_NAME_F + op->a);
        return true;
    case FZ_OP_FUNC_DEFAULTS:
        FzLower_Operand(e, op, 1);
        FzEmit_Op(e, RT_OP_BUILD_TUPLE, 1);
        FzLower_Operand(e, op, 0);
        FzEmit_Name(e, RT_OP_STORE_ATTR, FZ_NAME___defaults__);
        return true;
    case FZ_OP_CALL_DEFAULT:
        FzLower_Operand(e, op, 0);
        FzLower_Operand(e, op, 1);
        FzEmit_Op(e, RT_OP_CALL, 1);
        FzEmit_Op(e, RT_OP_POP_TOP, 0);
        return true;
    default:
        return lower_generator(e, op);
    }
}

// lower_block.c: functions, main and thread bodies to code objects.
//
// An operation that may raise costs nothing until it does: its handler stands
// behind the code of the block and jumps back. The handlers of WITH and TRY
// stand behind their bodies, inside the ranges of the blocks around them; so
// entries of inner ranges come first in the table.

#include "lower_internal.h"
#include "rt_types.h"

uint32_t
FzLower_NumArguments(const FzEmitter *e)
{
    return FzBlock_IsFunction(e->block) ? 2 : e->program->nshared;
}

typedef struct OpenBlock {
    const FzOp *op;
    uint32_t start;             // first instruction of the body
    uint32_t jump;              // LOOP: FOR_ITER; IF: the jump over the body
    uint32_t depth;             // of the value stack outside
    uint32_t line;
} OpenBlock;

// A wrapped operation whose handler is still to be emitted.
typedef struct Wrapped {
    uint32_t exception;         // index of its entry
    uint32_t next;              // where to go on
    uint32_t line;
} Wrapped;

typedef struct BlockLowering {
    FzEmitter *e;
    OpenBlock open[FZ_MAX_NESTING];
    int nopen;
    uint32_t depth;             // of the value stack: open loops
    Wrapped wrapped[FZ_MAX_OPS];
    uint32_t nwrapped;
} BlockLowering;

static void
call_lock(FzEmitter *e, uint8_t lock, unsigned name)
{
    FzLower_Reference(e, (uint8_t)(FZ_REF_SHARED + lock));
    FzEmit_Name(e, RT_OP_LOAD_METHOD, name);
    // Nothing that others ask for is raised between the lock and the handler
    // that gives it back.
    FzEmit_Op(e, name == FZ_NAME_acquire ? RT_OP_CALL_METHOD_NO_INTERRUPT
                                         : RT_OP_CALL_METHOD, 0);
    FzEmit_Op(e, RT_OP_POP_TOP, 0);
}

static void
open_block(BlockLowering *b, const FzOp *op)
{
    FzEmitter *e = b->e;
    OpenBlock *open = &b->open[b->nopen++];
    *open = (OpenBlock){ .op = op, .depth = b->depth, .line = e->line };
    switch (op->op) {
    case FZ_OP_WITH:
        call_lock(e, op->a, FZ_NAME_acquire);
        break;
    case FZ_OP_LOOP:
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_range);
        FzEmit_Op(e, RT_OP_LOAD_CONST,
                  op->a == 4 ? FZ_CONST_4 : FZ_CONST_0 + op->a);
        FzEmit_Op(e, RT_OP_CALL, 1);
        FzEmit_Op(e, RT_OP_GET_ITER, 0);
        open->jump = FzEmit_Op(e, RT_OP_FOR_ITER, 0);
        FzEmit_Op(e, RT_OP_POP_TOP, 0);
        b->depth++;
        break;
    case FZ_OP_IF:
        FzLower_Reference(e, op->a);
        open->jump = FzEmit_Op(e, RT_OP_POP_JUMP_IF_FALSE, 0);
        break;
    default:
        break;
    }
    open->start = e->n;
}

static void
close_with(FzEmitter *e, const OpenBlock *open)
{
    uint32_t end = e->n;
    e->line = open->line;
    call_lock(e, open->op->a, FZ_NAME_release);
    if (open->start == end) {
        return;
    }
    uint32_t done = FzEmit_Op(e, RT_OP_JUMP_FORWARD, 0);
    FzEmit_Exception(e, open->start, end, e->n, open->depth);
    FzEmit_Op(e, RT_OP_PUSH_EXC_INFO, 0);
    call_lock(e, open->op->a, FZ_NAME_release);
    FzEmit_Op(e, RT_OP_RERAISE, 0);
    FzEmit_PatchHere(e, done);
}

// `caught()`, which the handler calls first.
static void
call_caught(FzEmitter *e)
{
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_caught);
    FzEmit_Op(e, RT_OP_CALL, 0);
    FzEmit_Op(e, RT_OP_POP_TOP, 0);
}

static void
close_try(FzEmitter *e, const OpenBlock *open, uint32_t except_line)
{
    uint32_t end = e->n;
    if (open->start == end) {
        return;
    }
    uint32_t done = FzEmit_Op(e, RT_OP_JUMP_FORWARD, 0);
    e->line = except_line;
    FzEmit_Exception(e, open->start, end, e->n, open->depth);
    FzEmit_Op(e, RT_OP_PUSH_EXC_INFO, 0);
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_Exception);
    FzEmit_Op(e, RT_OP_CHECK_EXC_MATCH, 0);
    uint32_t other = FzEmit_Op(e, RT_OP_POP_JUMP_IF_FALSE, 0);
    if (e->observed) {
        call_caught(e);
    }
    FzEmit_Op(e, RT_OP_POP_EXCEPT, 0);
    uint32_t handled = FzEmit_Op(e, RT_OP_JUMP_FORWARD, 0);
    FzEmit_PatchHere(e, other);
    FzEmit_Op(e, RT_OP_RERAISE, 0);
    FzEmit_PatchHere(e, done);
    FzEmit_PatchHere(e, handled);
}

static void
close_block(BlockLowering *b, const FzOpPlace *place)
{
    FzEmitter *e = b->e;
    const OpenBlock *open = &b->open[--b->nopen];
    switch (open->op->op) {
    case FZ_OP_WITH:
        close_with(e, open);
        break;
    case FZ_OP_TRY:
        close_try(e, open, place->except_line);
        break;
    case FZ_OP_LOOP:
        FzEmit_Op(e, RT_OP_JUMP_BACKWARD, open->jump);
        FzEmit_PatchHere(e, open->jump);
        b->depth--;
        break;
    default:
        FzEmit_PatchHere(e, open->jump);
        break;
    }
}

static bool
may_raise(const FzEmitter *e, uint32_t start)
{
    for (uint32_t i = start; i < e->n; i++) {
        switch (RtInstruction_Opcode(e->code[i])) {
        case RT_OP_LOAD_CONST:
        case RT_OP_LOAD_FAST:
        case RT_OP_STORE_FAST:
        case RT_OP_IS_OP:
            break;
        default:
            return true;
        }
    }
    return false;
}

static void
lower_op(BlockLowering *b, const FzOp *op, const FzOpPlace *place)
{
    FzEmitter *e = b->e;
    e->line = place->line;
    if (op->op == FZ_OP_END) {
        close_block(b, place);
        return;
    }
    if (FzOp_Opens(op)) {
        open_block(b, op);
        return;
    }
    uint32_t start = e->n;
    if (!FzLower_Wait(e, op, b->depth)) {
        FzLower_Statement(e, op);
    }
    if (e->observed && FzOp_IsSeen(op)) {
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_seen);
        FzLower_LoadLocal(e, op->a);
        FzEmit_Op(e, RT_OP_CALL, 1);
        FzEmit_Op(e, RT_OP_POP_TOP, 0);
    }
    if (place->wrapped && may_raise(e, start)) {
        b->wrapped[b->nwrapped++] =
            (Wrapped){ e->nexceptions, e->n, place->except_line };
        FzEmit_Exception(e, start, e->n, 0, b->depth);
    }
}

static void
lower_handlers(BlockLowering *b)
{
    FzEmitter *e = b->e;
    for (uint32_t i = 0; i < b->nwrapped; i++) {
        const Wrapped *wrapped = &b->wrapped[i];
        e->line = wrapped->line;
        e->exceptions[wrapped->exception].handler = e->n;
        // It stands outside of the blocks around the operation: nothing may be
        // raised. Only caught() could ask for the exception.
        if (e->observed) {
            FzEmit_Op(e, RT_OP_PUSH_EXC_INFO, 0);
            call_caught(e);
            FzEmit_Op(e, RT_OP_POP_EXCEPT, 0);
        }
        else {
            FzEmit_Op(e, RT_OP_POP_TOP, 0);
        }
        FzEmit_Op(e, RT_OP_JUMP_BACKWARD_NO_INTERRUPT, wrapped->next);
    }
}

static void
lower_locals(FzEmitter *e, const FzBlockLayout *layout)
{
    e->line = layout->def_line + 1u;
    for (uint8_t i = 0; i < FZ_MAX_LOCALS; i++) {
        if (layout->locals_used & 1u << i) {
            FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_NONE);
            FzEmit_Op(e, RT_OP_STORE_FAST, FzLower_NumArguments(e) + i);
        }
    }
}

RtObject *
FzLower_Block(FzEmitter *e, int block)
{
    static const char *const names[FZ_BLOCK_LIMIT] = {
        "f0", "f1", "f2", "t0", "t1", "t2", "t3", "t4",
    };
    const FzBlockOps *ops = FzProgram_BlockConst(e->program, block);
    const FzBlockLayout *layout = &e->layout->blocks[block];
    BlockLowering b = { .e = e };
    FzEmit_Begin(e, block);
    lower_locals(e, layout);
    for (int i = 0; i < ops->nops; i++) {
        lower_op(&b, &ops->ops[i], &layout->ops[i]);
    }
    e->line = layout->end_line;
    uint32_t arguments = FzLower_NumArguments(e);
    if (FzBlock_IsFunction(block)) {
        FzEmit_Op(e, RT_OP_LOAD_FAST, arguments);
    }
    else {
        FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_NONE);
    }
    FzEmit_Op(e, RT_OP_RETURN_VALUE, 0);
    lower_handlers(&b);
    return FzEmit_Finish(e, names[block],
                         (int)arguments + FZ_MAX_LOCALS + 1, (int)arguments);
}

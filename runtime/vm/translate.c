// translate.c: verified code to what the loop executes (direct threading).
//
// Each instruction gets the address of its handler, which the loop tells once
// at start-up, or its opcode if the compiler has no computed goto, and its
// operand in the form that the handler wants. The first of a sequence that can
// be done at once gets the handler of that (fused.def).
// Mirrors nothing in CPython 3.13, whose loop looks the handler up in a table
// at each instruction.

#include "ceval_ops.h"

#include "fused.h"
#include "rtcore_assert.h"
#include "rtcore_object.h"
#include "rtcore_types.h"       // RtTupleObject

// Start-up writes it, before there is code.
const void *const *rt_eval_handlers;

typedef enum OperandKind {
    OPERAND_NONE, OPERAND_CONST, OPERAND_NAME, OPERAND_LOCAL, OPERAND_COUNT,
    OPERAND_TARGET, OPERAND_BINARY, OPERAND_COMPARE, OPERAND_FLAG,
    OPERAND_DEREF,
} OperandKind;

static const uint8_t operand_kinds[RT_OP_COUNT] = {
#define RT_OPCODE(name, argument, pops, pushes, text) \
    [RT_OP_##name] = OPERAND_##argument,
#include "opcodes.def"
};

// Of the first of n instructions.
static const void *
handler_of(const RtInstruction *code, size_t n)
{
    RtOpcode op = RtInstruction_Opcode(code[0]);
    if (rt_eval_handlers == NULL) {
        return (const void *)(uintptr_t)op;
    }
    int fused = RtFused_Find(code, n);
    return rt_eval_handlers[fused < 0 ? (int)op : RT_OP_COUNT + fused];
}

// For arithmetic with a constant: the int that it is, or NULL.
static uint64_t
int_of(RtStackRef constant)
{
    int64_t value;
    if (!RtFused_GetInt(constant, &value) || !RtStackRef_FitsInt(value)) {
        return RT_STACKREF_NULL.bits;
    }
    return RtStackRef_FromInt(value).bits;
}

void
RtEval_InitLoop(void)
{
    (void)RtEvalOp_RunFrame(NULL, NULL, RT_RUN_START);
}

void
RtEval_TranslateCode(RtCodeObject *code)
{
    RtObject **consts = ((RtTupleObject *)code->co_consts)->ob_item;
    RtObject **names = ((RtTupleObject *)code->co_names)->ob_item;
    for (uint32_t pc = 0; pc < code->co_ninstructions; pc++) {
        RtOpcode op = RtInstruction_Opcode(code->co_code[pc]);
        uint32_t arg = RtInstruction_Arg(code->co_code[pc]);
        RtTargetInstruction *target = &code->co_targets[pc];
        target->handler = handler_of(&code->co_code[pc],
                                     code->co_ninstructions - pc);
        target->arg = arg;
        target->cache = 0;
        if (operand_kinds[op] == OPERAND_TARGET) {
            target->jump = (ssize_t)arg - (ssize_t)pc;
        }
        else if (operand_kinds[op] == OPERAND_NAME) {
            target->name = names[arg];
        }
        else if (operand_kinds[op] == OPERAND_CONST) {
            // Not a reference of its own: the tuple holds the constant.
            target->constant = RtStackRef_FromObjectSteal(consts[arg]);
            target->cache = int_of(target->constant);
        }
    }
}

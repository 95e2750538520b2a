// ceval_macros.h: the words in which the handlers of the loop are written.
// Part of RtEvalOp_RunFrame() in ceval.c, whose variables they use: tstate,
// frame, locals, sp (the first free slot of the value stack), ip (the current
// instruction).
// Mirrors Python/ceval_macros.h (CPython 3.13).

#ifndef RT_VM_CEVAL_MACROS_H
#define RT_VM_CEVAL_MACROS_H

#include "ceval_ops.h"
#include "fused.h"

#if defined(__GNUC__)
#define RT_COMPUTED_GOTOS 1
#endif

#define PUSH(value) (*sp++ = (value))
#define POP() (*--sp)
#define TOP() (sp[-1])
#define SECOND() (sp[-2])
#define THIRD() (sp[-3])
#define OBJECT(ref) RtStackRef_AsObjectBorrow(ref)
#define NEW(op) RtStackRef_FromObjectSteal(op)
// Drops the two upper items and pushes the result.
#define REPLACE_TWO(value) \
    do { \
        RtStackRef upper = TOP(); \
        RtStackRef lower = SECOND(); \
        sp--; \
        TOP() = (value); \
        RtFused_Close(tstate, lower); \
        RtFused_Close(tstate, upper); \
    } while (0)
#define REPLACE_TOP(value) \
    do { \
        RtStackRef operand = TOP(); \
        TOP() = (value); \
        RtStackRef_Close(operand); \
    } while (0)
#define DROP() \
    do { \
        RtStackRef dropped = POP(); \
        RtFused_Close(tstate, dropped); \
    } while (0)
// Destructors run in the order that CPython runs them in.
#define DROP_LOWEST_FIRST(n) \
    do { \
        sp -= (n); \
        RtEvalOp_DropItems(sp, sp + (n)); \
    } while (0)
// The instruction raises: its operands go as they would otherwise; the stack
// below goes from the top.
#define FAIL(n) \
    do { \
        sp -= (n); \
        RtEvalOp_DropFailed(sp, sp + (n)); \
        goto error; \
    } while (0)
#define STACK() \
    (locals + RtCode_NumLocalsPlus(RtFrame_GetCode(frame)))
#define ARG() ((uint32_t)ip->arg)
#define NAME() (ip->name)
#define CELL_SLOT() ((uint32_t)RtFrame_GetCode(frame)->co_nlocals + ARG())
#define CELL() (locals[CELL_SLOT()])

#ifdef RT_COMPUTED_GOTOS
#define TARGET(op) target_##op
#define FUSED(op) fused_##op
#define DISPATCH() \
    do { \
        frame->instr_ptr = ip; \
        frame->stackpointer = sp; \
        goto *ip->handler; \
    } while (0)
#else
#define TARGET(op) case RT_OP_##op
#define DISPATCH() goto dispatch
#endif
#define NEXT() \
    do { \
        ip++; \
        DISPATCH(); \
    } while (0)
#define JUMP() \
    do { \
        ip += ip->jump; \
        DISPATCH(); \
    } while (0)

#endif  // RT_VM_CEVAL_MACROS_H

// ceval.c: the interpreter loop.
//
// Code has been verified (verify.c), so the loop checks neither operands nor
// stack bounds. Each slot of the value stack owns its reference. frame->pc is
// stored before each instruction: a thread may be switched, raise or be looked
// at anywhere. Operands stay on the stack until their instruction has
// succeeded; after an exception they are dropped once the exception was taken
// out of the thread state.
// The eval breaker is checked on entry of a function, after calls and on
// backward jumps: at these places no pointer from a lock-free read is held.
// Mirrors Python/ceval.c (CPython 3.13); departs: nothing is specialised, and
// each call of a function is a call in C.

#include "rtcore_code.h"

#include "ceval_ops.h"
#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_assert.h"
#include "rtcore_object.h"
#include "rtcore_types.h"       // RtTupleObject

#if defined(__GNUC__)
#define RT_COMPUTED_GOTOS 1
#endif

// The entry that covers the current instruction, or NULL.
static const RtExceptionEntry *
find_handler(const RtCodeObject *code, uint32_t pc)
{
    for (uint32_t i = 0; i < code->co_nexceptions; i++) {
        const RtExceptionEntry *e = &code->co_exceptions[i];
        if (pc >= e->start && pc < e->end) {
            return e;
        }
    }
    return NULL;
}

// Cuts the stack at the handler of the raised exception and pushes it. Returns
// the new top, or NULL if there is no handler: the exception stays raised.
static RtObject **
unwind(RtFrame *frame, RtObject **stack, RtObject **sp)
{
    RtObject *exc = RtErr_GetRaisedException();
    rt_assert(exc != NULL);
    const RtExceptionEntry *e = find_handler(frame->code, frame->pc);
    uint32_t depth = e == NULL ? 0 : e->depth;
    rt_assert(sp - stack >= (ssize_t)depth);
    while (sp > stack + depth) {
        sp--;
        Rt_XDECREF(*sp);
    }
    RtFrame_DropHandled(frame, depth);
    if (e == NULL) {
        RtErr_SetRaisedException(exc);
        return NULL;
    }
    stack[depth] = exc;
    frame->pc = e->handler;
    return stack + depth + 1;
}

static void
local_unset(uint32_t index)
{
    RtErr_Format(&RtExc_NameError,
                 "local variable %u is used before it is set", index);
}

// 1, 0, or -1 with an exception.
static inline int
is_true(RtObject *op)
{
    if (op == Rt_True) {
        return 1;
    }
    if (op == Rt_False || op == Rt_None) {
        return 0;
    }
    return RtObject_IsTrue(op);
}

static inline RtObject *
new_bool(bool value)
{
    return Rt_NewRef(value ? Rt_True : Rt_False);
}

// Each function that returns NULL has raised, and no other has.
static inline void
assert_result(const RtThreadState *tstate, const RtObject *result)
{
    rt_assert((result == NULL) == (tstate->current_exception != NULL));
    (void)tstate;
    (void)result;
}

#define PUSH(value) (*sp++ = (value))
#define POP() (*--sp)
#define TOP() (sp[-1])
#define SECOND() (sp[-2])
#define THIRD() (sp[-3])
// Drops the two upper items and pushes the result.
#define REPLACE_TWO(value) \
    do { \
        RtObject *upper = TOP(); \
        RtObject *lower = SECOND(); \
        sp--; \
        TOP() = (value); \
        Rt_DECREF(lower); \
        Rt_DECREF(upper); \
    } while (0)
#define REPLACE_TOP(value) \
    do { \
        RtObject *operand = TOP(); \
        TOP() = (value); \
        Rt_DECREF(operand); \
    } while (0)
#define DROP() \
    do { \
        RtObject *dropped = POP(); \
        Rt_DECREF(dropped); \
    } while (0)
// Destructors run in the order that CPython runs them in.
#define DROP_LOWEST_FIRST(n) \
    do { \
        sp -= (n); \
        RtEvalOp_DropItems(sp, sp + (n)); \
    } while (0)
#define NAME() (names[arg])

#ifdef RT_COMPUTED_GOTOS
#define TARGET(op) target_##op
#define FETCH() \
    do { \
        frame->pc = pc; \
        arg = RtInstruction_Arg(instructions[pc]); \
    } while (0)
#define DISPATCH() \
    do { \
        FETCH(); \
        goto *targets[RtInstruction_Opcode(instructions[pc])]; \
    } while (0)
#define NEXT() \
    do { \
        pc++; \
        DISPATCH(); \
    } while (0)
#else
#define TARGET(op) case RT_OP_##op
#define DISPATCH() goto dispatch
#define NEXT() \
    do { \
        pc++; \
        goto dispatch; \
    } while (0)
#endif

RtObject *
RtEvalOp_RunFrame(RtThreadState *tstate, RtFrame *frame, RtObject **locals,
                  RtObject **stack)
{
#ifdef RT_COMPUTED_GOTOS
    static const void *const targets[RT_OP_COUNT] = {
#define RT_OPCODE(name, argument, pops, pushes, text) &&target_##name,
#include "opcodes.def"
    };
#endif
    const RtInstruction *instructions = frame->code->co_code;
    RtObject *const *consts =
        ((RtTupleObject *)frame->code->co_consts)->ob_item;
    RtObject *const *names =
        ((RtTupleObject *)frame->code->co_names)->ob_item;
    RtObject **sp = stack;
    uint32_t pc = 0;
    uint32_t arg = 0;

    // Before the first instruction: no handler of the frame covers it.
    if (RtEval_CheckBreaker(tstate) < 0) {
        return NULL;
    }
    DISPATCH();

#ifndef RT_COMPUTED_GOTOS
dispatch:
    frame->pc = pc;
    arg = RtInstruction_Arg(instructions[pc]);
    switch (RtInstruction_Opcode(instructions[pc])) {
#endif

    TARGET(NOP):
        NEXT();

    TARGET(LOAD_CONST):
        PUSH(Rt_NewRef(consts[arg]));
        NEXT();

    TARGET(LOAD_FAST): {
        RtObject *value = locals[arg];
        if (value == NULL) {
            local_unset(arg);
            goto error;
        }
        PUSH(Rt_NewRef(value));
        NEXT();
    }

    TARGET(STORE_FAST): {
        RtObject *old = locals[arg];
        locals[arg] = POP();
        Rt_XDECREF(old);
        NEXT();
    }

    TARGET(DELETE_FAST): {
        RtObject *old = locals[arg];
        if (old == NULL) {
            local_unset(arg);
            goto error;
        }
        locals[arg] = NULL;
        Rt_DECREF(old);
        NEXT();
    }

    TARGET(LOAD_GLOBAL): {
        RtObject *value = RtEvalOp_LoadGlobal(tstate, frame->globals, NAME());
        assert_result(tstate, value);
        if (value == NULL) {
            goto error;
        }
        PUSH(value);
        NEXT();
    }

    TARGET(STORE_GLOBAL):
        if (RtDict_SetItem(frame->globals, NAME(), TOP()) < 0) {
            goto error;
        }
        DROP();
        NEXT();

    TARGET(DELETE_GLOBAL):
        if (RtEvalOp_DeleteGlobal(frame->globals, NAME()) < 0) {
            goto error;
        }
        NEXT();

    TARGET(LOAD_ATTR): {
        RtObject *value = RtObject_GetAttr(TOP(), NAME());
        assert_result(tstate, value);
        if (value == NULL) {
            goto error;
        }
        REPLACE_TOP(value);
        NEXT();
    }

    TARGET(STORE_ATTR):
        if (RtObject_SetAttr(TOP(), NAME(), SECOND()) < 0) {
            goto error;
        }
        DROP_LOWEST_FIRST(2);
        NEXT();

    TARGET(DELETE_ATTR):
        if (RtObject_SetAttr(TOP(), NAME(), NULL) < 0) {
            goto error;
        }
        DROP();
        NEXT();

    TARGET(POP_TOP):
        DROP();
        NEXT();

    TARGET(COPY): {
        RtObject *value = TOP();
        PUSH(Rt_NewRef(value));
        NEXT();
    }

    TARGET(SWAP): {
        RtObject *upper = TOP();
        TOP() = SECOND();
        SECOND() = upper;
        NEXT();
    }

    TARGET(BUILD_TUPLE): {
        RtObject *tuple = RtEvalOp_BuildTuple(sp - arg, arg);
        if (tuple == NULL) {
            goto error;
        }
        sp -= arg;
        PUSH(tuple);
        NEXT();
    }

    TARGET(BUILD_LIST): {
        RtObject *list = RtEvalOp_BuildList(sp - arg, arg);
        if (list == NULL) {
            goto error;
        }
        sp -= arg;
        PUSH(list);
        NEXT();
    }

    TARGET(BUILD_MAP): {
        RtObject *dict = RtEvalOp_BuildMap(sp - 2 * arg, arg);
        if (dict == NULL) {
            goto error;
        }
        DROP_LOWEST_FIRST(2 * arg);
        PUSH(dict);
        NEXT();
    }

    TARGET(UNPACK_SEQUENCE): {
        RtObject *sequence = POP();
        RtObject **slots = sp;
        sp += arg;
        int status = RtEvalOp_Unpack(sequence, slots, arg);
        // With the exception set no destructor runs.
        RtObject *exc = status < 0 ? RtErr_GetRaisedException() : NULL;
        Rt_DECREF(sequence);
        if (status < 0) {
            RtErr_SetRaisedException(exc);
            goto error;
        }
        NEXT();
    }

    TARGET(BINARY_OP): {
        RtObject *value = RtNumber_BinaryOp(SECOND(), TOP(),
                                            (RtBinaryOp)arg);
        assert_result(tstate, value);
        if (value == NULL) {
            goto error;
        }
        REPLACE_TWO(value);
        NEXT();
    }

    TARGET(COMPARE_OP): {
        RtObject *value = RtObject_RichCompare(SECOND(), TOP(), (int)arg);
        assert_result(tstate, value);
        if (value == NULL) {
            goto error;
        }
        REPLACE_TWO(value);
        NEXT();
    }

    TARGET(IS_OP): {
        bool same = SECOND() == TOP();
        REPLACE_TWO(new_bool(same != (arg != 0)));
        NEXT();
    }

    TARGET(CONTAINS_OP): {
        int found = RtSequence_Contains(TOP(), SECOND());
        if (found < 0) {
            goto error;
        }
        REPLACE_TWO(new_bool((found != 0) != (arg != 0)));
        NEXT();
    }

    TARGET(UNARY_NOT): {
        int truth = is_true(TOP());
        if (truth < 0) {
            goto error;
        }
        REPLACE_TOP(new_bool(truth == 0));
        NEXT();
    }

    TARGET(UNARY_NEGATIVE): {
        RtObject *value = RtNumber_Negative(TOP());
        if (value == NULL) {
            goto error;
        }
        REPLACE_TOP(value);
        NEXT();
    }

    TARGET(BINARY_SUBSCR): {
        RtObject *value = RtObject_GetItem(SECOND(), TOP());
        assert_result(tstate, value);
        if (value == NULL) {
            goto error;
        }
        REPLACE_TWO(value);
        NEXT();
    }

    TARGET(STORE_SUBSCR):
        if (RtObject_SetItem(SECOND(), TOP(), THIRD()) < 0) {
            goto error;
        }
        DROP_LOWEST_FIRST(3);
        NEXT();

    TARGET(DELETE_SUBSCR):
        if (RtObject_DelItem(SECOND(), TOP()) < 0) {
            goto error;
        }
        DROP_LOWEST_FIRST(2);
        NEXT();

    TARGET(GET_ITER): {
        RtObject *iter = RtObject_GetIter(TOP());
        assert_result(tstate, iter);
        if (iter == NULL) {
            goto error;
        }
        REPLACE_TOP(iter);
        NEXT();
    }

    TARGET(FOR_ITER): {
        RtObject *item = RtIter_Next(TOP());
        if (item != NULL) {
            PUSH(item);
            NEXT();
        }
        if (tstate->current_exception != NULL) {
            goto error;
        }
        DROP();
        pc = arg;
        DISPATCH();
    }

    TARGET(JUMP_FORWARD):
        pc = arg;
        DISPATCH();

    TARGET(JUMP_BACKWARD):
        if (RtEval_CheckBreaker(tstate) < 0) {
            goto error;
        }
        pc = arg;
        DISPATCH();

    TARGET(JUMP_BACKWARD_NO_INTERRUPT):
        pc = arg;
        DISPATCH();

    TARGET(POP_JUMP_IF_FALSE): {
        int truth = is_true(TOP());
        if (truth < 0) {
            goto error;
        }
        DROP();
        if (truth == 0) {
            pc = arg;
            DISPATCH();
        }
        NEXT();
    }

    TARGET(POP_JUMP_IF_TRUE): {
        int truth = is_true(TOP());
        if (truth < 0) {
            goto error;
        }
        DROP();
        if (truth > 0) {
            pc = arg;
            DISPATCH();
        }
        NEXT();
    }

    TARGET(CALL): {
        RtObject **slots = sp - arg - 1;
        RtObject *result = RtEvalOp_Call(slots, arg);
        assert_result(tstate, result);
        if (result == NULL) {
            goto error;
        }
        RtEvalOp_DropItems(slots, sp);
        sp = slots;
        PUSH(result);
        if (RtEval_CheckBreaker(tstate) < 0) {
            goto error;
        }
        NEXT();
    }

    TARGET(CALL_METHOD): {
        RtObject **slots = sp - arg - 2;
        RtObject *result = RtEvalOp_CallMethod(slots, arg);
        assert_result(tstate, result);
        if (result == NULL) {
            goto error;
        }
        RtEvalOp_DropItems(slots, sp);
        sp = slots;
        PUSH(result);
        if (RtEval_CheckBreaker(tstate) < 0) {
            goto error;
        }
        NEXT();
    }

    TARGET(CALL_METHOD_NO_INTERRUPT): {
        RtObject **slots = sp - arg - 2;
        RtObject *result = RtEvalOp_CallMethod(slots, arg);
        assert_result(tstate, result);
        if (result == NULL) {
            goto error;
        }
        RtEvalOp_DropItems(slots, sp);
        sp = slots;
        PUSH(result);
        NEXT();
    }

    TARGET(LOAD_METHOD): {
        RtObject *method;
        RtObject *owner = TOP();
        int plain = RtObject_GetMethod(owner, NAME(), &method);
        if (plain < 0) {
            goto error;
        }
        TOP() = method;
        PUSH(plain ? owner : NULL);
        if (!plain) {
            Rt_DECREF(owner);
        }
        NEXT();
    }

    TARGET(MAKE_FUNCTION): {
        RtObject *func = RtEvalOp_MakeFunction(consts[arg], frame->globals);
        if (func == NULL) {
            goto error;
        }
        PUSH(func);
        NEXT();
    }

    TARGET(RETURN_VALUE): {
        RtObject *result = POP();
        RtEvalOp_DropItems(stack, sp);
        return result;
    }

    TARGET(RAISE):
        if (arg == 0) {
            RtFrame_DropHandled(frame, (uint32_t)(sp - stack));
            RtEvalOp_RaiseHandled(frame);
        }
        else {
            RtEvalOp_Raise(TOP());
        }
        goto error;

    TARGET(PUSH_EXC_INFO):
        RtFrame_PushHandled(frame, TOP(), (uint32_t)(sp - stack - 1));
        NEXT();

    TARGET(CHECK_EXC_MATCH): {
        int matches = RtEvalOp_ExceptionMatches(SECOND(), TOP());
        if (matches < 0) {
            goto error;
        }
        REPLACE_TOP(new_bool(matches != 0));
        NEXT();
    }

    TARGET(POP_EXCEPT):
        RtFrame_DropHandled(frame, (uint32_t)(sp - stack - 1));
        DROP();
        NEXT();

    TARGET(RERAISE):
        RtEvalOp_Raise(TOP());
        goto error;

#ifndef RT_COMPUTED_GOTOS
    case RT_OP_COUNT:
        break;
    }
    Rt_FatalError(__func__, "unknown opcode");
#endif

error:
    sp = unwind(frame, stack, sp);
    if (sp == NULL) {
        return NULL;
    }
    pc = frame->pc;
    DISPATCH();
}

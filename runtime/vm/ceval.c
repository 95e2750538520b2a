// ceval.c: the interpreter loop.
//
// Code has been verified (verify.c), so the loop checks neither operands nor
// stack bounds. What it executes is a translation (RtTargetInstruction): each
// instruction carries the address of its handler and its operand.
// Before each instruction frame->instr_ptr and frame->stackpointer are stored:
// a thread may be stopped, raise or be looked at anywhere. What an instruction
// uses stays in its slots until it has succeeded, so that the collector sees
// references that are not counted; after an exception the slots are dropped
// once the exception was taken out of the thread state.
// The eval breaker is checked on entry of a function, after calls and on
// backward jumps: at these places no pointer from a lock-free read is held.
// Common sequences of instructions have handlers of their own (fused.def).
// Mirrors Python/ceval.c (CPython 3.13), stack references as in 3.14; departs:
// each call of a function is a call in C.

#include "rtcore_code.h"

#include "ceval_macros.h"
#include "ceval_ops.h"
#include "rt_errors.h"
#include "rt_module.h"
#include "rt_types.h"
#include "rtcore_assert.h"
#include "rtcore_object.h"

#if defined(__clang__)
#define RT_ONE_COPY __attribute__((noinline))
#elif defined(__GNUC__)
#define RT_ONE_COPY __attribute__((noinline, noclone))
#else
#define RT_ONE_COPY
#endif

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

static inline RtStackRef
new_bool(bool value)
{
    return RtStackRef_FromObjectSteal(value ? Rt_True : Rt_False);
}

// Each function that returns NULL has raised, and no other has.
static inline void
assert_result(const RtThreadState *tstate, const RtObject *result)
{
    rt_assert((result == NULL) == (tstate->current_exception != NULL));
    (void)tstate;
    (void)result;
}

// Without a frame it only tells its handlers' addresses, which nobody else can
// name. Of one piece, because each copy would have addresses of its own.
RT_ONE_COPY RtObject *
RtEvalOp_RunFrame(RtThreadState *tstate, RtFrame *frame, RtRunMode mode)
{
#ifdef RT_COMPUTED_GOTOS
    static const void *const targets[RT_OP_COUNT + RT_FUSED_COUNT] = {
#define RT_OPCODE(name, argument, pops, pushes, text) &&target_##name,
#include "opcodes.def"
#define RT_FUSED(name, a, b, c, d, e, f) &&fused_##name,
#include "fused.def"
    };
#else
    static const void *const *targets = NULL;
#endif
    if (frame == NULL) {
        rt_eval_handlers = targets;
        return NULL;
    }
    RtStackRef *const locals = frame->localsplus;
    RtStackRef *sp = frame->stackpointer;
    const RtTargetInstruction *ip = frame->instr_ptr;

    if (mode == RT_RUN_THROW) {
        goto error;
    }
    // Before the first instruction: no handler of the frame covers it.
    if (mode == RT_RUN_START && RtEval_CheckBreaker(tstate) < 0) {
        return NULL;
    }
    DISPATCH();

#ifndef RT_COMPUTED_GOTOS
dispatch:
    frame->instr_ptr = ip;
    frame->stackpointer = sp;
    switch ((RtOpcode)(uintptr_t)ip->handler) {
#endif

    TARGET(NOP):
        NEXT();

    TARGET(LOAD_CONST):
        PUSH(RtFused_Dup(tstate, ip->constant));
        NEXT();

    TARGET(LOAD_FAST): {
        RtStackRef value = locals[ARG()];
        if (RtStackRef_IsNull(value)) {
            RtEvalOp_UnsetVariable(frame, ARG());
            goto error;
        }
        if (RtStackRef_IsInt(value)) {
            if (RtFused_Box(&locals[ARG()]) < 0) {
                goto error;
            }
            value = locals[ARG()];
        }
        PUSH(RtFused_Dup(tstate, value));
        NEXT();
    }

    TARGET(STORE_FAST): {
        RtStackRef old = locals[ARG()];
        locals[ARG()] = POP();
        if (!RtStackRef_IsNull(old)) {
            RtFused_Close(tstate, old);
        }
        NEXT();
    }

    TARGET(DELETE_FAST): {
        RtStackRef old = locals[ARG()];
        if (RtStackRef_IsNull(old)) {
            RtEvalOp_UnsetVariable(frame, ARG());
            goto error;
        }
        locals[ARG()] = RT_STACKREF_NULL;
        RtStackRef_Close(old);
        NEXT();
    }

    TARGET(LOAD_GLOBAL): {
        RtStackRef value = RtFused_Global(tstate, ip, frame->globals);
        if (RtStackRef_IsNull(value)) {
            value = RtEvalOp_LoadGlobal(tstate, frame->globals, NAME());
        }
        assert_result(tstate, OBJECT(value));
        if (RtStackRef_IsNull(value)) {
            goto error;
        }
        PUSH(value);
        NEXT();
    }

    TARGET(STORE_GLOBAL): {
        RtObject *old = RtFused_StoreGlobal(tstate, ip, frame->globals, TOP());
        if (old != NULL) {
            RtLong_Drop(tstate, old);
            DROP();
            NEXT();
        }
        if (RtDict_SetItem(frame->globals, NAME(), OBJECT(TOP())) < 0) {
            goto error;
        }
        DROP();
        NEXT();
    }

    TARGET(DELETE_GLOBAL):
        if (RtEvalOp_DeleteGlobal(frame->globals, NAME()) < 0) {
            goto error;
        }
        NEXT();

    TARGET(LOAD_ATTR): {
        RtStackRef found = RtFused_Attr(tstate, ip, TOP());
        if (!RtStackRef_IsNull(found)) {
            REPLACE_TOP(found);
            NEXT();
        }
        RtObject *value = RtObject_GetAttr(OBJECT(TOP()), NAME());
        assert_result(tstate, value);
        if (value == NULL) {
            goto error;
        }
        REPLACE_TOP(RtStackRef_FromObjectFound(value));
        NEXT();
    }

    TARGET(STORE_ATTR): {
        RtObject *old = RtFused_StoreAttr(tstate, ip, TOP(), SECOND());
        if (old != NULL) {
            RtLong_Drop(tstate, old);
            DROP_LOWEST_FIRST(2);
            NEXT();
        }
        if (RtObject_SetAttr(OBJECT(TOP()), NAME(), OBJECT(SECOND())) < 0) {
            FAIL(2);
        }
        DROP_LOWEST_FIRST(2);
        NEXT();
    }

    TARGET(DELETE_ATTR):
        if (RtObject_SetAttr(OBJECT(TOP()), NAME(), NULL) < 0) {
            goto error;
        }
        DROP();
        NEXT();

    TARGET(IMPORT_NAME): {
        RtObject *module = RtEvalOp_ImportName(frame, NAME());
        if (module == NULL) {
            goto error;
        }
        PUSH(RtStackRef_FromObjectFound(module));
        NEXT();
    }

    TARGET(IMPORT_FROM): {
        RtObject *value = RtEvalOp_ImportFrom(OBJECT(TOP()), NAME());
        if (value == NULL) {
            goto error;
        }
        PUSH(RtStackRef_FromObjectFound(value));
        NEXT();
    }

    TARGET(POP_TOP):
        DROP();
        NEXT();

    TARGET(COPY): {
        RtStackRef value = TOP();
        PUSH(RtFused_Dup(tstate, value));
        NEXT();
    }

    TARGET(SWAP): {
        RtStackRef upper = TOP();
        TOP() = SECOND();
        SECOND() = upper;
        NEXT();
    }

    TARGET(BUILD_TUPLE): {
        RtObject *tuple = RtEvalOp_BuildTuple(sp - ARG(), ARG());
        if (tuple == NULL) {
            goto error;
        }
        sp -= ARG();
        PUSH(NEW(tuple));
        NEXT();
    }

    TARGET(BUILD_LIST): {
        RtObject *list = RtEvalOp_BuildList(sp - ARG(), ARG());
        if (list == NULL) {
            goto error;
        }
        sp -= ARG();
        PUSH(NEW(list));
        NEXT();
    }

    TARGET(BUILD_MAP): {
        RtObject *dict = RtEvalOp_BuildMap(sp - 2 * ARG(), ARG());
        if (dict == NULL) {
            goto error;
        }
        DROP_LOWEST_FIRST(2 * ARG());
        PUSH(NEW(dict));
        NEXT();
    }

    TARGET(UNPACK_SEQUENCE): {
        // Its slot is overwritten: from here on it is counted.
        RtObject *sequence = RtStackRef_AsObjectSteal(POP());
        RtStackRef *slots = sp;
        sp += ARG();
        int status = RtEvalOp_Unpack(sequence, slots, ARG());
        // With the exception set no destructor runs.
        RtObject *exc = status < 0 ? RtErr_GetRaisedException() : NULL;
        frame->stackpointer = sp;
        Rt_DECREF(sequence);
        if (status < 0) {
            RtErr_SetRaisedException(exc);
            goto error;
        }
        NEXT();
    }

    TARGET(BINARY_OP): {
        int64_t result;
        RtObject *value =
            RtFused_CalculateOf(SECOND(), TOP(), ARG(), &result)
            ? RtLong_FromInt64(result)
            : RtNumber_BinaryOp(OBJECT(SECOND()), OBJECT(TOP()),
                                (RtBinaryOp)ARG());
        assert_result(tstate, value);
        if (value == NULL) {
            FAIL(2);
        }
        REPLACE_TWO(NEW(value));
        NEXT();
    }

    TARGET(COMPARE_OP): {
        int64_t x;
        int64_t y;
        if (RtFused_GetInt(SECOND(), &x) && RtFused_GetInt(TOP(), &y)) {
            REPLACE_TWO(new_bool(RtFused_Compare(x, y, ARG())));
            NEXT();
        }
        RtObject *value = RtObject_RichCompare(OBJECT(SECOND()), OBJECT(TOP()),
                                               (int)ARG());
        assert_result(tstate, value);
        if (value == NULL) {
            FAIL(2);
        }
        REPLACE_TWO(NEW(value));
        NEXT();
    }

    TARGET(IS_OP): {
        bool same = RtStackRef_Is(SECOND(), TOP());
        REPLACE_TWO(new_bool(same != (ARG() != 0)));
        NEXT();
    }

    TARGET(CONTAINS_OP): {
        int found = RtSequence_Contains(OBJECT(TOP()), OBJECT(SECOND()));
        if (found < 0) {
            FAIL(2);
        }
        REPLACE_TWO(new_bool((found != 0) != (ARG() != 0)));
        NEXT();
    }

    TARGET(UNARY_NOT): {
        int truth = is_true(OBJECT(TOP()));
        if (truth < 0) {
            goto error;
        }
        REPLACE_TOP(new_bool(truth == 0));
        NEXT();
    }

    TARGET(UNARY_NEGATIVE): {
        RtObject *value = RtNumber_Negative(OBJECT(TOP()));
        if (value == NULL) {
            goto error;
        }
        REPLACE_TOP(NEW(value));
        NEXT();
    }

    TARGET(BINARY_SUBSCR): {
        RtStackRef item = RtFused_Item(tstate, ip, SECOND(), TOP());
        if (!RtStackRef_IsNull(item)) {
            REPLACE_TWO(item);
            NEXT();
        }
        RtObject *value = RtObject_GetItem(OBJECT(SECOND()), OBJECT(TOP()));
        assert_result(tstate, value);
        if (value == NULL) {
            FAIL(2);
        }
        REPLACE_TWO(NEW(value));
        NEXT();
    }

    TARGET(STORE_SUBSCR): {
        RtObject *old =
            RtFused_StoreItem(tstate, ip, SECOND(), TOP(), THIRD());
        if (old != NULL) {
            RtLong_Drop(tstate, old);
            DROP_LOWEST_FIRST(3);
            NEXT();
        }
        if (RtObject_SetItem(OBJECT(SECOND()), OBJECT(TOP()),
                             OBJECT(THIRD())) < 0) {
            FAIL(3);
        }
        DROP_LOWEST_FIRST(3);
        NEXT();
    }

    TARGET(DELETE_SUBSCR):
        if (RtObject_DelItem(OBJECT(SECOND()), OBJECT(TOP())) < 0) {
            FAIL(2);
        }
        DROP_LOWEST_FIRST(2);
        NEXT();

    TARGET(GET_ITER): {
        RtObject *iter = RtObject_GetIter(OBJECT(TOP()));
        assert_result(tstate, iter);
        if (iter == NULL) {
            goto error;
        }
        REPLACE_TOP(NEW(iter));
        NEXT();
    }

    TARGET(FOR_ITER): {
        RtObject *item = RtIter_Next(OBJECT(TOP()));
        if (item != NULL) {
            PUSH(NEW(item));
            NEXT();
        }
        if (tstate->current_exception != NULL) {
            goto error;
        }
        DROP();
        JUMP();
    }

    TARGET(JUMP_FORWARD):
        JUMP();

    TARGET(JUMP_BACKWARD):
        if (RtEval_CheckBreaker(tstate) < 0) {
            goto error;
        }
        JUMP();

    TARGET(JUMP_BACKWARD_NO_INTERRUPT):
        JUMP();

    TARGET(POP_JUMP_IF_FALSE): {
        int truth = is_true(OBJECT(TOP()));
        if (truth < 0) {
            goto error;
        }
        DROP();
        if (truth == 0) {
            JUMP();
        }
        NEXT();
    }

    TARGET(POP_JUMP_IF_TRUE): {
        int truth = is_true(OBJECT(TOP()));
        if (truth < 0) {
            goto error;
        }
        DROP();
        if (truth > 0) {
            JUMP();
        }
        NEXT();
    }

    TARGET(CALL): {
        RtStackRef *slots = sp - ARG() - 1;
        RtObject *result = RtEvalOp_Call(tstate, slots, ARG());
        assert_result(tstate, result);
        if (result == NULL) {
            goto error;
        }
        RtFused_DropItems(tstate, slots, sp);
        sp = slots;
        PUSH(NEW(result));
        frame->stackpointer = sp;
        if (RtEval_CheckBreaker(tstate) < 0) {
            goto error;
        }
        NEXT();
    }

    TARGET(CALL_METHOD): {
        RtStackRef *slots = sp - ARG() - 2;
        RtObject *result = RtEvalOp_CallMethod(tstate, slots, ARG());
        assert_result(tstate, result);
        if (result == NULL) {
            goto error;
        }
        RtFused_DropItems(tstate, slots, sp);
        sp = slots;
        PUSH(NEW(result));
        frame->stackpointer = sp;
        if (RtEval_CheckBreaker(tstate) < 0) {
            goto error;
        }
        NEXT();
    }

    TARGET(CALL_METHOD_NO_INTERRUPT): {
        RtStackRef *slots = sp - ARG() - 2;
        RtObject *result = RtEvalOp_CallMethod(tstate, slots, ARG());
        assert_result(tstate, result);
        if (result == NULL) {
            goto error;
        }
        RtFused_DropItems(tstate, slots, sp);
        sp = slots;
        PUSH(NEW(result));
        NEXT();
    }

    TARGET(LOAD_METHOD): {
        RtObject *method;
        RtStackRef owner = TOP();
        RtStackRef known = RtFused_Method(ip, OBJECT(owner));
        if (!RtStackRef_IsNull(known)) {
            TOP() = known;
            PUSH(owner);
            NEXT();
        }
        int plain = RtObject_GetMethod(OBJECT(owner), NAME(), &method);
        if (plain < 0) {
            goto error;
        }
        TOP() = RtStackRef_FromObjectFound(method);
        PUSH(plain ? owner : RT_STACKREF_NULL);
        if (!plain) {
            frame->stackpointer = sp;
            RtStackRef_Close(owner);
        }
        NEXT();
    }

    TARGET(MAKE_FUNCTION): {
        RtObject *func = RtEvalOp_MakeFunction(frame, OBJECT(ip->constant),
                                               NULL);
        if (func == NULL) {
            goto error;
        }
        PUSH(NEW(func));
        NEXT();
    }

    TARGET(RETURN_VALUE): {
        // It leaves the frame, and may be the only reference left.
        RtObject *result = RtStackRef_AsObjectSteal(POP());
        frame->stackpointer = sp;
        RtFused_DropItems(tstate, STACK(), sp);
        return result;
    }

    TARGET(RAISE):
        if (ARG() == 0) {
            RtFrame_DropHandled(frame, (uint32_t)(sp - STACK()));
            RtEvalOp_RaiseHandled(frame);
        }
        else if (ARG() == 1) {
            RtEvalOp_Raise(OBJECT(TOP()));
        }
        else {
            RtEvalOp_RaiseFrom(OBJECT(SECOND()), OBJECT(TOP()));
        }
        goto error;

    TARGET(PUSH_EXC_INFO):
        RtFrame_PushHandled(frame, OBJECT(TOP()),
                            (uint32_t)(sp - STACK() - 1));
        NEXT();

    TARGET(CHECK_EXC_MATCH): {
        int matches = RtEvalOp_ExceptionMatches(OBJECT(SECOND()),
                                                OBJECT(TOP()));
        if (matches < 0) {
            goto error;
        }
        REPLACE_TOP(new_bool(matches != 0));
        NEXT();
    }

    TARGET(POP_EXCEPT):
        RtFrame_DropHandled(frame, (uint32_t)(sp - STACK() - 1));
        DROP();
        NEXT();

    TARGET(RERAISE):
        RtEvalOp_Reraise(OBJECT(TOP()));
        goto error;

    TARGET(MAKE_CELL): {
        RtObject *cell = RtCell_New();
        if (cell == NULL) {
            goto error;
        }
        RtStackRef old = CELL();
        CELL() = NEW(cell);
        RtStackRef_XClose(old);
        NEXT();
    }

    TARGET(COPY_FREE_VARS):
        RtEvalOp_CopyFreeVars(frame);
        NEXT();

    TARGET(LOAD_CLOSURE):
        if (RtStackRef_IsNull(CELL())) {
            RtEvalOp_UnsetVariable(frame, CELL_SLOT());
            goto error;
        }
        PUSH(RtFused_Dup(tstate, CELL()));
        NEXT();

    TARGET(LOAD_DEREF): {
        RtObject *value = RtStackRef_IsNull(CELL())
            ? NULL : RtCell_Get(OBJECT(CELL()));
        if (value == NULL) {
            RtEvalOp_UnsetVariable(frame, CELL_SLOT());
            goto error;
        }
        PUSH(RtStackRef_FromObjectFound(value));
        NEXT();
    }

    TARGET(STORE_DEREF):
        if (RtStackRef_IsNull(CELL())) {
            RtEvalOp_UnsetVariable(frame, CELL_SLOT());
            goto error;
        }
        sp--;
        (void)RtCell_Set(OBJECT(CELL()), RtStackRef_AsObjectSteal(*sp));
        NEXT();

    TARGET(DELETE_DEREF):
        if (RtStackRef_IsNull(CELL()) ||
            !RtCell_Set(OBJECT(CELL()), NULL))
        {
            RtEvalOp_UnsetVariable(frame, CELL_SLOT());
            goto error;
        }
        NEXT();

    TARGET(MAKE_CLOSURE): {
        RtObject *func = RtEvalOp_MakeFunction(frame, OBJECT(ip->constant),
                                               OBJECT(TOP()));
        if (func == NULL) {
            goto error;
        }
        REPLACE_TOP(NEW(func));
        NEXT();
    }

    TARGET(YIELD_VALUE): {
        RtObject *value = RtStackRef_AsObjectSteal(POP());
        frame->stackpointer = sp;
        frame->yielded = true;
        return value;
    }

    TARGET(YIELD_FROM): {
        RtObject *value;
        RtGenResult status =
            RtGen_SendTo(OBJECT(SECOND()), OBJECT(TOP()), &value);
        if (status == RT_GEN_ERROR) {
            goto error;
        }
        if (status == RT_GEN_NEXT) {
            RtStackRef sent = POP();
            frame->stackpointer = sp;
            frame->yielded = true;
            RtStackRef_Close(sent);
            return value;
        }
        REPLACE_TWO(NEW(value));
        NEXT();
    }

#include "ceval_source.def"

#ifdef RT_COMPUTED_GOTOS
#include "fused_cases.h"
#else
    case RT_OP_COUNT:
        break;
    }
    Rt_FatalError(__func__, "unknown opcode");
#endif

error:
    frame->stackpointer = sp;
    sp = RtEvalOp_Unwind(frame, STACK(), sp);
    if (sp == NULL) {
        return NULL;
    }
    ip = frame->instr_ptr;
    DISPATCH();
}

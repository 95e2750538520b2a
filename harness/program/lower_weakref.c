// lower_weakref.c: operations on weak references and on the collector that are
// more than one call without arguments, to bytecode.
// A reference is kept in the attribute `w` of an instance, where other threads
// find it. Callbacks are functions of the program, bound to s0: f(s0, ref).

#include "lower_internal.h"

// `s0`: there is always one.
static void
load_first_shared(FzEmitter *e)
{
    FzLower_Reference(e, FZ_REF_SHARED);
}

// [referent] -> [reference], with a callback if the operand k is a function.
// `ref` has been pushed before the referent.
static void
call_ref(FzEmitter *e, const FzOp *op, int k)
{
    uint32_t nargs = 1;
    if (k >= 0) {
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_MethodType);
        FzLower_Operand(e, op, k);
        load_first_shared(e);
        FzEmit_Op(e, RT_OP_CALL, 2);
        nargs++;
    }
    FzEmit_Op(e, RT_OP_CALL, nargs);
}

// `a.w = ref(a.b[, callback])`
static void
lower_of_attribute(FzEmitter *e, const FzOp *op, int k)
{
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_ref);
    FzLower_Operand(e, op, 0);
    FzEmit_Name(e, RT_OP_LOAD_ATTR, FZ_NAME_X + op->b);
    call_ref(e, op, k);
    FzLower_Operand(e, op, 0);
    FzEmit_Name(e, RT_OP_STORE_ATTR, FZ_NAME_w);
}

static void
lower_new(FzEmitter *e, const FzOp *op)
{
    FzLower_Operand(e, op, 2);
    FzEmit_Op(e, RT_OP_CALL, 0);
    FzLower_Operand(e, op, 0);
    FzEmit_Name(e, RT_OP_STORE_ATTR, FZ_NAME_X + op->b);
    lower_of_attribute(e, op, -1);
}

static void
lower_cycle(FzEmitter *e, const FzOp *op)
{
    FzLower_Operand(e, op, 1);
    FzEmit_Op(e, RT_OP_CALL, 0);
    FzLower_Store(e, op->a);
    FzLower_LoadLocal(e, op->a);
    FzLower_LoadLocal(e, op->a);
    FzEmit_Name(e, RT_OP_STORE_ATTR, FZ_NAME_X);
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_ref);
    FzLower_LoadLocal(e, op->a);
    call_ref(e, op, 2);
    FzLower_LoadLocal(e, op->a);
    FzEmit_Name(e, RT_OP_STORE_ATTR, FZ_NAME_w);
}

// `ref(a.b)` or `ref(a.b, c.append)`, dropped at once: the referent may die
// while its only reference does.
static void
lower_brief(FzEmitter *e, const FzOp *op, bool watched)
{
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_ref);
    FzLower_Operand(e, op, 0);
    FzEmit_Name(e, RT_OP_LOAD_ATTR, FZ_NAME_X + op->b);
    if (watched) {
        FzLower_Operand(e, op, 2);
        FzEmit_Name(e, RT_OP_LOAD_ATTR, FZ_NAME_append);
    }
    FzEmit_Op(e, RT_OP_CALL, watched ? 2 : 1);
    FzEmit_Op(e, RT_OP_POP_TOP, 0);
}

static void
load_x(FzEmitter *e, const FzOp *op)
{
    FzLower_Operand(e, op, 0);
    FzEmit_Name(e, RT_OP_LOAD_ATTR, FZ_NAME_X);
}

static void
store_in_a(FzEmitter *e, const FzOp *op, unsigned name)
{
    FzLower_Operand(e, op, 0);
    FzEmit_Name(e, RT_OP_STORE_ATTR, name);
}

// `a.x = b(); a.w = ref(a.x, c.append)`; if doomed, `a.x.x = a.x` before the
// reference, and `a.x = None` after it.
static void
lower_watched(FzEmitter *e, const FzOp *op, bool doomed)
{
    FzLower_Operand(e, op, 1);
    FzEmit_Op(e, RT_OP_CALL, 0);
    store_in_a(e, op, FZ_NAME_X);
    if (doomed) {
        load_x(e, op);
        load_x(e, op);
        FzEmit_Name(e, RT_OP_STORE_ATTR, FZ_NAME_X);
    }
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_ref);
    load_x(e, op);
    FzLower_Operand(e, op, 2);
    FzEmit_Name(e, RT_OP_LOAD_ATTR, FZ_NAME_append);
    FzEmit_Op(e, RT_OP_CALL, 2);
    store_in_a(e, op, FZ_NAME_w);
    if (doomed) {
        FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_NONE);
        store_in_a(e, op, FZ_NAME_X);
    }
}

// `gc_set_threshold(a * 8)`
static void
lower_threshold(FzEmitter *e, const FzOp *op)
{
    static const uint8_t counts[FZ_MAX_LOOP_COUNT] = {
        FZ_CONST_1, FZ_CONST_2, FZ_CONST_3, FZ_CONST_4,
    };
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_gc_set_threshold);
    FzEmit_Op(e, RT_OP_LOAD_CONST, counts[op->a - 1]);
    FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_8);
    FzEmit_Op(e, RT_OP_BINARY_OP, RT_NB_MULTIPLY);
    FzEmit_Op(e, RT_OP_CALL, 1);
    FzEmit_Op(e, RT_OP_POP_TOP, 0);
}

// `gc_collect(generation)`
static void
lower_collect(FzEmitter *e, uint8_t generation)
{
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_gc_collect);
    FzEmit_Op(e, RT_OP_LOAD_CONST, generation);
    FzEmit_Op(e, RT_OP_CALL, 1);
    FzEmit_Op(e, RT_OP_POP_TOP, 0);
}

static void
load_callbacks(FzEmitter *e)
{
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_gc_callbacks);
    FzEmit_Op(e, RT_OP_CALL, 0);
}

// `gc_callbacks().append(a.setdefault) if len(gc_callbacks()) < 2 else None`
static void
lower_watch(FzEmitter *e, const FzOp *op)
{
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_len);
    load_callbacks(e);
    FzEmit_Op(e, RT_OP_CALL, 1);
    FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_2);
    FzEmit_Op(e, RT_OP_COMPARE_OP, RT_LT);
    uint32_t too_long = FzEmit_Op(e, RT_OP_POP_JUMP_IF_FALSE, 0);
    load_callbacks(e);
    FzEmit_Name(e, RT_OP_LOAD_METHOD, FZ_NAME_append);
    FzLower_Operand(e, op, 0);
    FzEmit_Name(e, RT_OP_LOAD_ATTR, FZ_NAME_setdefault);
    FzEmit_Op(e, RT_OP_CALL_METHOD, 1);
    FzEmit_Op(e, RT_OP_POP_TOP, 0);
    FzEmit_PatchHere(e, too_long);
}

bool
FzLower_Weakref(FzEmitter *e, const FzOp *op)
{
    switch (op->op) {
    case FZ_OP_WEAK_SET:
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_ref);
        FzLower_Operand(e, op, 1);
        call_ref(e, op, -1);
        FzLower_Operand(e, op, 0);
        FzEmit_Name(e, RT_OP_STORE_ATTR, FZ_NAME_w);
        return true;
    case FZ_OP_WEAK_NEW:
        lower_new(e, op);
        return true;
    case FZ_OP_WEAK_WATCH:
        lower_of_attribute(e, op, 2);
        return true;
    case FZ_OP_WEAK_MORTAL:
    case FZ_OP_WEAK_DOOMED:
        lower_watched(e, op, op->op == FZ_OP_WEAK_DOOMED);
        return true;
    case FZ_OP_WEAK_CYCLE:
        lower_cycle(e, op);
        return true;
    case FZ_OP_WEAK_PEEK:
    case FZ_OP_WEAK_BRIEF:
        lower_brief(e, op, op->op == FZ_OP_WEAK_BRIEF);
        return true;
    case FZ_OP_WEAK_GET:
        FzLower_Operand(e, op, 1);
        FzEmit_CallMethod(e, FZ_NAME_w);
        FzLower_Store(e, op->a);
        return true;
    case FZ_OP_GC_THRESHOLD:
        lower_threshold(e, op);
        return true;
    case FZ_OP_GC_YOUNG:
        lower_collect(e, FZ_CONST_0);
        return true;
    case FZ_OP_GC_MIDDLE:
        lower_collect(e, FZ_CONST_1);
        return true;
    case FZ_OP_GC_WATCH:
        lower_watch(e, op);
        return true;
    case FZ_OP_GC_UNWATCH:
        load_callbacks(e);
        FzEmit_CallMethod(e, FZ_NAME_clear);
        FzEmit_Op(e, RT_OP_POP_TOP, 0);
        return true;
    default:
        return false;
    }
}

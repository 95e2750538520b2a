// lower_ops.c: simple operations to bytecode.
//
// Locals of a thread: the shared objects (its arguments), v0…v5, w. Of a
// function: a, b, v0…v5, w; it reads shared objects as globals. Operands are
// evaluated in the order in which CPython evaluates the Python face.

#include "lower_internal.h"
#include "rt_types.h"

static uint32_t
local_slot(const FzEmitter *e, uint8_t local)
{
    return FzLower_NumArguments(e) + local;
}

static void
load_const(FzEmitter *e, unsigned index)
{
    FzEmit_Op(e, RT_OP_LOAD_CONST, index);
}

void
FzLower_Reference(FzEmitter *e, uint8_t ref)
{
    if (ref < FZ_REF_LOCAL) {
        if (e->block >= FZ_BLOCK_MAIN) {
            FzEmit_Op(e, RT_OP_LOAD_FAST, ref);
        }
        else {
            FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_S + ref);
        }
    }
    else if (ref < FZ_REF_PARAM) {
        FzEmit_Op(e, RT_OP_LOAD_FAST,
                  local_slot(e, (uint8_t)(ref - FZ_REF_LOCAL)));
    }
    else if (ref < FZ_REF_CONST) {
        FzEmit_Op(e, RT_OP_LOAD_FAST, ref - FZ_REF_PARAM);
    }
    else if (ref < FZ_REF_NEW) {
        load_const(e, ref - FZ_REF_CONST);
    }
    else if (ref < FZ_REF_EMPTY_LIST) {
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_C + ref - FZ_REF_NEW);
        FzEmit_Op(e, RT_OP_CALL, 0);
    }
    else if (ref == FZ_REF_EMPTY_LIST) {
        FzEmit_Op(e, RT_OP_BUILD_LIST, 0);
    }
    else if (ref == FZ_REF_EMPTY_DICT) {
        FzEmit_Op(e, RT_OP_BUILD_MAP, 0);
    }
    else if (ref == FZ_REF_LIST) {
        load_const(e, FZ_CONST_1);
        load_const(e, FZ_CONST_STR_A);
        FzEmit_Op(e, RT_OP_BUILD_LIST, 2);
    }
    else {
        load_const(e, FZ_CONST_STR_A);
        load_const(e, FZ_CONST_1);
        FzEmit_Op(e, RT_OP_BUILD_MAP, 1);
    }
}

// Pushes an operand that is a value.
static void
load_operand(FzEmitter *e, FzArg arg, uint8_t value)
{
    static const uint8_t indexes[FZ_NUM_INDEXES] = {
        FZ_CONST_0, FZ_CONST_1, FZ_CONST_MINUS_1, FZ_CONST_2,
    };
    switch (arg) {
    case FZ_ARG_INDEX:
        load_const(e, indexes[value]);
        break;
    case FZ_ARG_CLASS:
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_C + value);
        break;
    case FZ_ARG_FUNC:
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_F + value);
        break;
    case FZ_ARG_ERROR:
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_ValueError + value);
        break;
    case FZ_ARG_COUNT:
        load_const(e, value == 4 ? FZ_CONST_4 : FZ_CONST_0 + value);
        break;
    case FZ_ARG_THREAD:
        if (value == 0) {
            load_const(e, FZ_CONST_NONE);
        }
        else {
            FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_W + value);
        }
        break;
    default:
        FzLower_Reference(e, value);
        break;
    }
}

void
FzLower_Operand(FzEmitter *e, const FzOp *op, int k)
{
    load_operand(e, (FzArg)fz_op_info[op->op].args[k], FzOp_Get(op, k));
}

void
FzLower_Store(FzEmitter *e, uint8_t local)
{
    FzEmit_Op(e, RT_OP_STORE_FAST, local_slot(e, local));
}

void
FzLower_LoadLocal(FzEmitter *e, uint8_t local)
{
    FzEmit_Op(e, RT_OP_LOAD_FAST, local_slot(e, local));
}

// Pops the result into the operation's first operand if it is a local.
static void
finish_value(FzEmitter *e, const FzOp *op)
{
    if (fz_op_info[op->op].args[0] == FZ_ARG_LOCAL) {
        FzLower_Store(e, op->a);
    }
    else {
        FzEmit_Op(e, RT_OP_POP_TOP, 0);
    }
}

// `[a =] x.name(the operands after x)`.
static void
lower_method(FzEmitter *e, const FzOp *op, unsigned name)
{
    const FzOpInfo *info = &fz_op_info[op->op];
    int k = info->args[0] == FZ_ARG_LOCAL;
    FzLower_Operand(e, op, k++);
    FzEmit_Name(e, RT_OP_LOAD_METHOD, name);
    uint32_t nargs = 0;
    for (; k < 3 && info->args[k] != FZ_ARG_NONE; k++) {
        FzLower_Operand(e, op, k);
        nargs++;
    }
    if (op->op == FZ_OP_LIST_POP_FIRST) {
        load_const(e, FZ_CONST_0);
        nargs++;
    }
    else if (op->op == FZ_OP_DICT_POP) {
        load_const(e, FZ_CONST_NONE);
        nargs++;
    }
    FzEmit_Op(e, RT_OP_CALL_METHOD, nargs);
    finish_value(e, op);
}

// `[a =] name(the operands)`.
static void
lower_builtin(FzEmitter *e, const FzOp *op, unsigned name)
{
    const FzOpInfo *info = &fz_op_info[op->op];
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, name);
    uint32_t nargs = 0;
    for (int k = info->args[0] == FZ_ARG_LOCAL;
         k < 3 && info->args[k] != FZ_ARG_NONE; k++)
    {
        FzLower_Operand(e, op, k);
        nargs++;
    }
    FzEmit_Op(e, RT_OP_CALL, nargs);
    finish_value(e, op);
}

// `a = b <code> c`.
static void
lower_binary(FzEmitter *e, const FzOp *op, RtOpcode code, uint32_t arg)
{
    FzLower_Operand(e, op, 1);
    FzLower_Operand(e, op, 2);
    FzEmit_Op(e, code, arg);
    FzLower_Store(e, op->a);
}

// `a = <display of n operands>`.
static void
lower_display(FzEmitter *e, const FzOp *op, RtOpcode build, uint32_t count)
{
    FzLower_Operand(e, op, 1);
    FzLower_Operand(e, op, 2);
    FzEmit_Op(e, build, count);
    FzLower_Store(e, op->a);
}

uint32_t
FzLower_Guard(FzEmitter *e, const FzOp *op)
{
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_len);
    FzLower_Operand(e, op, 1);
    FzEmit_Op(e, RT_OP_CALL, 1);
    load_const(e, FZ_CONST_16);
    FzEmit_Op(e, RT_OP_COMPARE_OP, RT_LT);
    return FzEmit_Op(e, RT_OP_POP_JUMP_IF_FALSE, 0);
}

static void
lower_guarded_method(FzEmitter *e, const FzOp *op, unsigned name)
{
    uint32_t too_long = FzLower_Guard(e, op);
    lower_method(e, op, name);
    FzEmit_PatchHere(e, too_long);
}

// `a = <value> if <guard> else None`: the value is on the stack.
static void
store_or_none(FzEmitter *e, const FzOp *op, uint32_t guard)
{
    uint32_t done = FzEmit_Op(e, RT_OP_JUMP_FORWARD, 0);
    FzEmit_PatchHere(e, guard);
    load_const(e, FZ_CONST_NONE);
    FzEmit_PatchHere(e, done);
    FzLower_Store(e, op->a);
}

static void
lower_concat(FzEmitter *e, const FzOp *op)
{
    uint32_t too_long = FzLower_Guard(e, op);
    FzLower_Operand(e, op, 1);
    FzLower_Operand(e, op, 2);
    FzEmit_Op(e, RT_OP_BINARY_OP, RT_NB_ADD);
    store_or_none(e, op, too_long);
}

// `x.name(y) if y in x`, of operands from `first` on; where to patch if not.
// The error of a value that is not there holds its repr, which for nested lists
// could have any length: only who loses a race pays for it.
static uint32_t
find_with_method(FzEmitter *e, const FzOp *op, int first, unsigned name)
{
    FzLower_Operand(e, op, first + 1);
    FzLower_Operand(e, op, first);
    FzEmit_Op(e, RT_OP_CONTAINS_OP, 0);
    uint32_t absent = FzEmit_Op(e, RT_OP_POP_JUMP_IF_FALSE, 0);
    FzLower_Operand(e, op, first);
    FzEmit_Name(e, RT_OP_LOAD_METHOD, name);
    FzLower_Operand(e, op, first + 1);
    FzEmit_Op(e, RT_OP_CALL_METHOD, 1);
    return absent;
}

static void
lower_index(FzEmitter *e, const FzOp *op)
{
    store_or_none(e, op, find_with_method(e, op, 1, FZ_NAME_index));
}

static void
lower_deque_remove(FzEmitter *e, const FzOp *op)
{
    uint32_t absent = find_with_method(e, op, 0, FZ_NAME_remove);
    FzEmit_Op(e, RT_OP_POP_TOP, 0);
    FzEmit_PatchHere(e, absent);
}

static void
lower_extend(FzEmitter *e, const FzOp *op)
{
    FzLower_Operand(e, op, 0);
    FzEmit_Name(e, RT_OP_LOAD_METHOD, FZ_NAME_extend);
    FzLower_Operand(e, op, 1);
    FzLower_Operand(e, op, 2);
    FzEmit_Op(e, RT_OP_BUILD_LIST, 2);
    FzEmit_Op(e, RT_OP_CALL_METHOD, 1);
    FzEmit_Op(e, RT_OP_POP_TOP, 0);
}

// `x[key] = value`: operands a, b, c.
static void
lower_store_item(FzEmitter *e, const FzOp *op)
{
    FzLower_Operand(e, op, 2);
    FzLower_Operand(e, op, 0);
    FzLower_Operand(e, op, 1);
    FzEmit_Op(e, RT_OP_STORE_SUBSCR, 0);
}

static void
lower_delete_item(FzEmitter *e, const FzOp *op)
{
    FzLower_Operand(e, op, 0);
    FzLower_Operand(e, op, 1);
    FzEmit_Op(e, RT_OP_DELETE_SUBSCR, 0);
}

static void
lower_iterate(FzEmitter *e, const FzOp *op)
{
    FzLower_Operand(e, op, 1);
    if (op->op == FZ_OP_DICT_ITEMS) {
        FzEmit_CallMethod(e, FZ_NAME_items);
    }
    FzEmit_Op(e, RT_OP_GET_ITER, 0);
    uint32_t head = FzEmit_Op(e, RT_OP_FOR_ITER, 0);
    FzLower_Store(e, op->a);
    FzEmit_Op(e, RT_OP_JUMP_BACKWARD, head);
    FzEmit_PatchHere(e, head);
}

static void
lower_cycle_list(FzEmitter *e, const FzOp *op)
{
    FzEmit_Op(e, RT_OP_BUILD_LIST, 0);
    FzLower_Store(e, op->a);
    FzEmit_Op(e, RT_OP_LOAD_FAST, local_slot(e, op->a));
    FzEmit_Name(e, RT_OP_LOAD_METHOD, FZ_NAME_append);
    FzEmit_Op(e, RT_OP_LOAD_FAST, local_slot(e, op->a));
    FzEmit_Op(e, RT_OP_CALL_METHOD, 1);
    FzEmit_Op(e, RT_OP_POP_TOP, 0);
}

static void
lower_call(FzEmitter *e, const FzOp *op)
{
    FzLower_Operand(e, op, 0);
    FzLower_Operand(e, op, 1);
    FzLower_Operand(e, op, 2);
    FzEmit_Op(e, RT_OP_CALL, 2);
    FzEmit_Op(e, RT_OP_POP_TOP, 0);
}

// Calls of a function of the program from a thread of the outside, and by
// signals.
static void
lower_outside(FzEmitter *e, const FzOp *op)
{
    uint32_t nargs = 2;
    switch (op->op) {
    case FZ_OP_FOREIGN_CALL:
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_foreign_call);
        FzLower_Operand(e, op, 0);
        FzLower_Operand(e, op, 1);
        FzLower_Operand(e, op, 2);
        FzEmit_Op(e, RT_OP_BUILD_TUPLE, 2);
        break;
    case FZ_OP_SIGNAL_HANDLER:
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_set_signal_handler);
        load_const(e, FZ_CONST_10);
        FzLower_Operand(e, op, 0);
        break;
    default:
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_raise_signal);
        load_const(e, FZ_CONST_10);
        nargs = 1;
        break;
    }
    FzEmit_Op(e, RT_OP_CALL, nargs);
    FzEmit_Op(e, RT_OP_POP_TOP, 0);
}

// Operations on containers that are more than one call. False: not one.
static bool
lower_container(FzEmitter *e, const FzOp *op)
{
    switch (op->op) {
    case FZ_OP_LIST_SET:
    case FZ_OP_DICT_WRITE:
        lower_store_item(e, op);
        return true;
    case FZ_OP_LIST_DEL:
    case FZ_OP_DICT_DEL:
        lower_delete_item(e, op);
        return true;
    case FZ_OP_LIST_GET:
    case FZ_OP_DICT_READ:
        lower_binary(e, op, RT_OP_BINARY_SUBSCR, 0);
        return true;
    case FZ_OP_LIST_EXTEND:
        lower_extend(e, op);
        return true;
    case FZ_OP_LIST_EXTEND_SHARED:
        lower_guarded_method(e, op, FZ_NAME_extend);
        return true;
    case FZ_OP_DICT_UPDATE:
    case FZ_OP_SET_UPDATE:
        lower_guarded_method(e, op, FZ_NAME_update);
        return true;
    case FZ_OP_DEQUE_EXTENDLEFT:
        lower_guarded_method(e, op, FZ_NAME_extendleft);
        return true;
    case FZ_OP_SET_TOGGLE:
        lower_guarded_method(e, op, FZ_NAME_symmetric_difference_update);
        return true;
    case FZ_OP_LIST_CONCAT:
        lower_concat(e, op);
        return true;
    case FZ_OP_DEQUE_REMOVE:
        lower_deque_remove(e, op);
        return true;
    case FZ_OP_LIST_INDEX:
        lower_index(e, op);
        return true;
    case FZ_OP_ITERATE:
    case FZ_OP_ITER_WALK:
    case FZ_OP_DICT_ITEMS:
        lower_iterate(e, op);
        return true;
    case FZ_OP_CONTAINS:
    case FZ_OP_SET_HAS:
        lower_binary(e, op, RT_OP_CONTAINS_OP, 0);
        return true;
    default:
        return false;
    }
}

static void
lower_other(FzEmitter *e, const FzOp *op)
{
    switch (op->op) {
    case FZ_OP_PASS:
        FzEmit_Op(e, RT_OP_NOP, 0);
        break;
    case FZ_OP_EQUAL:
        lower_binary(e, op, RT_OP_COMPARE_OP, RT_EQ);
        break;
    case FZ_OP_IS:
        lower_binary(e, op, RT_OP_IS_OP, 0);
        break;
    case FZ_OP_ADD:
        lower_binary(e, op, RT_OP_BINARY_OP, RT_NB_ADD);
        break;
    case FZ_OP_CYCLE_LIST:
        lower_cycle_list(e, op);
        break;
    case FZ_OP_SET:
        FzLower_Operand(e, op, 1);
        FzLower_Store(e, op->a);
        break;
    case FZ_OP_DROP:
        load_const(e, FZ_CONST_NONE);
        FzLower_Store(e, op->a);
        break;
    case FZ_OP_NEW_LIST:
        lower_display(e, op, RT_OP_BUILD_LIST, 2);
        break;
    case FZ_OP_NEW_DICT:
        lower_display(e, op, RT_OP_BUILD_MAP, 1);
        break;
    case FZ_OP_NEW_TUPLE:
        lower_display(e, op, RT_OP_BUILD_TUPLE, 2);
        break;
    case FZ_OP_CALL:
        lower_call(e, op);
        break;
    case FZ_OP_SPAWN:
    case FZ_OP_DAEMON:
        FzLower_Thread(e, op);
        break;
    case FZ_OP_FOREIGN_CALL:
    case FZ_OP_SIGNAL_HANDLER:
    case FZ_OP_RAISE_SIGNAL:
        lower_outside(e, op);
        break;
    case FZ_OP_RAISE:
        FzLower_Operand(e, op, 0);
        FzEmit_Op(e, RT_OP_RAISE, 1);
        break;
    default:
        FZ_ASSERT(!"the operation is not a simple statement");
    }
}

// Operations that are one call: 1 + the name of the method or function.
static const uint8_t method_of[FZ_OP_COUNT] = {
#define METHOD(op, name) [FZ_OP_##op] = FZ_NAME_##name + 1
    METHOD(LIST_APPEND, append), METHOD(LIST_POP, pop),
    METHOD(LIST_POP_FIRST, pop), METHOD(LIST_INSERT, insert),
    METHOD(LIST_CLEAR, clear), METHOD(LIST_COPY, copy),
    METHOD(LIST_REVERSE, reverse), METHOD(LIST_SORT, sort),
    METHOD(LIST_COUNT, count), METHOD(LIST_REMOVE, remove),
    METHOD(DICT_GET, get), METHOD(DICT_POP, pop),
    METHOD(DICT_SETDEFAULT, setdefault),
    METHOD(DICT_CLEAR, clear), METHOD(DICT_POPITEM, popitem),
    METHOD(DICT_COPY, copy), METHOD(SET_ADD, add),
    METHOD(SET_DISCARD, discard), METHOD(SET_POP, pop),
    METHOD(SET_CLEAR, clear), METHOD(SET_COPY, copy),
    METHOD(SET_INTERSECT, intersection_update),
    METHOD(SET_SUBTRACT, difference_update),
    METHOD(DEQUE_APPEND, append), METHOD(DEQUE_APPENDLEFT, appendleft),
    METHOD(DEQUE_POP, pop), METHOD(DEQUE_POPLEFT, popleft),
    METHOD(DEQUE_ROTATE, rotate),
};
static const uint8_t builtin_of[FZ_OP_COUNT] = {
    METHOD(LEN, len), METHOD(ITER_NEW, iter), METHOD(ITER_NEXT, next),
    METHOD(HASH, hash), METHOD(GC, gc_collect), METHOD(YIELD, sched_yield),
    METHOD(GIL_ENABLED, is_gil_enabled),
    METHOD(PENDING_CALL, pending_call),
    METHOD(MAIN_PENDING_CALL, main_pending_call),
    METHOD(ASYNC_EXC, set_async_exc),
    METHOD(SWITCH_INTERVAL, setswitchinterval),
    METHOD(ATEXIT, atexit_register), METHOD(FORK, fork_call),
    METHOD(WEAK_COUNT, getweakrefcount), METHOD(GC_FREEZE, gc_freeze),
    METHOD(GC_UNFREEZE, gc_unfreeze), METHOD(GC_ENABLE, gc_enable),
    METHOD(GC_DISABLE, gc_disable), METHOD(GC_COUNT, gc_get_count),
    METHOD(GC_OBJECTS, gc_get_objects), METHOD(GC_STATS, gc_get_stats),
    METHOD(GC_REFERRERS, gc_get_referrers),
    METHOD(GC_REFERENTS, gc_get_referents),
    METHOD(INTERP_DESTROY, interp_destroy),
    METHOD(INTERP_RUNNING, interp_is_running),
    METHOD(QUEUE_DESTROY, queue_destroy),
#undef METHOD
};

void
FzLower_Statement(FzEmitter *e, const FzOp *op)
{
    if (method_of[op->op] != 0) {
        lower_method(e, op, method_of[op->op] - 1u);
    }
    else if (builtin_of[op->op] != 0) {
        lower_builtin(e, op, builtin_of[op->op] - 1u);
    }
    else if (!lower_container(e, op) && !FzLower_Dict(e, op) &&
             !FzLower_Attrs(e, op) &&
             !FzLower_Type(e, op) && !FzLower_Descriptor(e, op) &&
             !FzLower_Weakref(e, op) &&
             !FzLower_Set(e, op) && !FzLower_Iter(e, op) &&
             !FzLower_Interpreter(e, op) &&
             !FzLower_Module(e, op) && !FzLower_Function(e, op))
    {
        lower_other(e, op);
    }
}

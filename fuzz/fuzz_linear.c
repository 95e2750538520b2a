// fuzz_linear.c: a list, a dict, a set and a deque that all threads use. At the
// end each history must have a sequential order that explains all results.
//
// Not asked for: len() of a dict or set. As in CPython an insertion publishes
// the entry first and counts it then, and len() takes no lock: who finds a new
// key may be told the old length. And no item of a list that is read while
// others move: insert and pop move them one by one, a read takes no lock, so of
// two reads the second may see the older list.

#include "fz_linear.h"
#include "mechanism.h"

enum { LIST, DICT, SET, DEQUE, CONTAINERS, ENOUGH = 40 };
enum { DROPPED = 0x80 };        // beside the thread of an operation

static const FzLinearModel *const models[CONTAINERS] = {
    &fz_linear_list, &fz_linear_dict, &fz_linear_set, &fz_linear_deque,
};
static RtObject *containers[CONTAINERS];
static FzHistory histories[CONTAINERS];

static int32_t
failure(void)
{
    bool memory = RtErr_ExceptionMatches(&RtExc_MemoryError);
    RtErr_Clear();
    return memory ? FZ_LINEAR_FAILED : FZ_LINEAR_ERROR;
}

static int32_t
result_of(RtObject *op)         // stolen
{
    if (op == NULL) {
        return failure();
    }
    int32_t value = (int32_t)RtLong_AsInt64(op);
    Rt_DECREF(op);
    return value;
}

static int32_t
result_of_int(int result)
{
    return result < 0 ? failure() : FZ_LINEAR_NONE;
}

static int32_t
use_list(const FzLinearOp *op, RtObject *list, RtObject *value)
{
    switch (op->kind) {
    case FZ_LIST_APPEND:
        return result_of_int(RtList_Append(list, value));
    case FZ_LIST_INSERT:
        return result_of_int(RtList_Insert(list, op->a, value));
    case FZ_LIST_POP:
        return result_of(RtList_Pop(list, op->a));
    case FZ_LIST_GET:
        return result_of(RtList_GetItemRef(list, op->a));
    case FZ_LIST_SET:
        return result_of_int(RtList_SetItem(list, op->a, value));
    case FZ_LIST_DELETE:
        return result_of_int(RtList_SetItem(list, op->a, NULL));
    case FZ_LIST_CLEAR:
        return result_of_int(RtList_Clear(list));
    default:
        return (int32_t)RtList_Size(list);
    }
}

static int32_t
use_dict(const FzLinearOp *op, RtObject *dict, RtObject *key, RtObject *value)
{
    RtObject *found;
    int result;
    switch (op->kind) {
    case FZ_DICT_SET:
        return result_of_int(RtDict_SetItem(dict, key, value));
    case FZ_DICT_GET:
        result = RtDict_GetItemRef(dict, key, &found);
        return result == 0 ? FZ_LINEAR_NONE : result_of(found);
    case FZ_DICT_DELETE:
        return result_of_int(RtDict_DelItem(dict, key));
    case FZ_DICT_CONTAINS:
        result = RtDict_Contains(dict, key);
        return result < 0 ? failure() : result;
    default:
        return result_of_int(RtDict_Clear(dict));
    }
}

static int32_t
use_set(const FzLinearOp *op, RtObject *set, RtObject *key)
{
    int result;
    switch (op->kind) {
    case FZ_SET_ADD:
        return result_of_int(RtSet_Add(set, key));
    case FZ_SET_DISCARD:
        result = RtSet_Discard(set, key);
        return result < 0 ? failure() : result;
    case FZ_SET_CONTAINS:
        result = RtSet_Contains(set, key);
        return result < 0 ? failure() : result;
    case FZ_SET_CLEAR:
        return result_of_int(RtSet_Clear(set));
    default:
        return result_of(RtSet_Pop(set));
    }
}

static int32_t
use_deque(const FzLinearOp *op, RtObject *deque, RtObject *value)
{
    switch (op->kind) {
    case FZ_DEQUE_APPEND:
        return result_of_int(RtDeque_Append(deque, value));
    case FZ_DEQUE_APPENDLEFT:
        return result_of_int(RtDeque_AppendLeft(deque, value));
    case FZ_DEQUE_POP:
        return result_of(RtDeque_Pop(deque));
    case FZ_DEQUE_POPLEFT:
        return result_of(RtDeque_PopLeft(deque));
    case FZ_DEQUE_CLEAR:
        return result_of_int(RtDeque_Clear(deque));
    default:
        return (int32_t)RtDeque_Size(deque);
    }
}

// What the step asks for, in the terms of the model.
static FzLinearOp
plan(int which, const FuzzStep *st)
{
    static const uint8_t kinds[CONTAINERS] = {8, 5, 5, 6};
    FzLinearOp op = {
        .kind = (uint8_t)(st->what / CONTAINERS % kinds[which]),
        .a = st->a % 8,
        .b = st->b,
    };
    if (which == SET && op.kind == FZ_SET_LENGTH) {
        op.kind = FZ_SET_POP;
    }
    bool grows = which == LIST ? op.kind <= FZ_LIST_INSERT
                               : which == DEQUE &&
                                     op.kind <= FZ_DEQUE_APPENDLEFT;
    ssize_t size = which == LIST ? RtList_Size(containers[LIST])
                                 : RtDeque_Size(containers[DEQUE]);
    if (grows && size > ENOUGH) {
        op.kind = which == LIST ? FZ_LIST_POP : FZ_DEQUE_POPLEFT;
    }
    // Models take the value of an append as a, of the others as b.
    if ((which == LIST && op.kind == FZ_LIST_APPEND) || which == DEQUE) {
        op.a = op.b;
    }
    return op;
}

static int32_t
use(int which, const FzLinearOp *op, RtObject *key, RtObject *value)
{
    switch (which) {
    case LIST:
        return use_list(op, containers[LIST], value);
    case DICT:
        return use_dict(op, containers[DICT], key, value);
    case SET:
        return use_set(op, containers[SET], key);
    default:
        return use_deque(op, containers[DEQUE], value);
    }
}

static void
step(uint32_t thread, const FuzzStep *st)
{
    int which = st->what % CONTAINERS;
    if (containers[LIST] == NULL || containers[DEQUE] == NULL ||
        containers[which] == NULL) {
        return;
    }
    FzLinearOp op = plan(which, st);
    RtObject *key = RtLong_FromInt64(op.a), *value = RtLong_FromInt64(op.b);
    if (key != NULL && value != NULL) {
        bool records = FzExec_IsDeterministic();
        size_t at = records ? FzHistory_Call(&histories[which], thread,
                                             op.kind, op.a, op.b)
                            : 0;
        int32_t result = use(which, &op, key, value);
        if (records) {
            FzHistory_Return(&histories[which], at, result);
        }
    }
    Rt_XDECREF(key);
    Rt_XDECREF(value);
}

static void
begin(void)
{
    containers[LIST] = RtList_New(0);
    containers[DICT] = RtDict_New();
    containers[SET] = RtSet_New(NULL);
    containers[DEQUE] = RtDeque_New(NULL, -1);
    for (int i = 0; i < CONTAINERS; i++) {
        FzHistory_Clear(&histories[i]);
    }
}

static bool
moves_items(const FzLinearOp *op)
{
    return op->kind == FZ_LIST_INSERT || op->kind == FZ_LIST_POP ||
           op->kind == FZ_LIST_DELETE;
}

static bool
overlap(const FzLinearOp *a, const FzLinearOp *b)
{
    return (b->ret == 0 || a->call < b->ret) &&
           (a->ret == 0 || b->call < a->ret);
}

// Reads change nothing: without some the others must still have an order.
static void
drop_reads_of_moving_items(FzHistory *h)
{
    size_t kept = 0;
    for (size_t i = 0; i < h->count; i++) {
        bool drop = false;
        for (size_t k = 0; h->ops[i].kind == FZ_LIST_GET && k < h->count; k++) {
            drop = drop || (moves_items(&h->ops[k]) &&
                            overlap(&h->ops[i], &h->ops[k]));
        }
        h->ops[i].thread |= drop ? DROPPED : 0;
    }
    for (size_t i = 0; i < h->count; i++) {
        if ((h->ops[i].thread & DROPPED) == 0) {
            h->ops[kept++] = h->ops[i];
        }
    }
    h->count = kept;
}

static void
check(int which)
{
    FzHistory *h = &histories[which];
    if (which == LIST) {
        drop_reads_of_moving_items(h);
    }
    FzLinearVerdict v = FzLinear_Check(models[which], h->ops, h->count);
    if (!v.linearizable) {
        FzBuf text = {0};
        FzLinear_Describe(models[which], h->ops, h->count, v.culprit, &text);
        Rt_FatalError("not linearizable", FzBuf_CString(&text));
    }
}

static void
end(void)
{
    for (int i = 0; i < CONTAINERS; i++) {
        Rt_CLEAR(containers[i]);
        check(i);
    }
}

const FuzzMechanism fuzz_linear = {"fuzz_linear", begin, step, NULL, end};

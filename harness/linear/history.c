// history.c: histories as they are made, and their operations in words.

#include <stdlib.h>

#include "fz_linear.h"

size_t
FzHistory_Call(FzHistory *history, uint32_t thread, uint8_t kind, int32_t a,
               int32_t b)
{
    if (history->count == history->capacity) {
        history->capacity = 2 * history->capacity + 64;
        history->ops =
            realloc(history->ops, history->capacity * sizeof(FzLinearOp));
        FZ_ASSERT(history->ops != NULL);
    }
    history->ops[history->count] = (FzLinearOp){
        .call = ++history->clock,
        .thread = (uint8_t)thread,
        .kind = kind,
        .a = a,
        .b = b,
        .result = FZ_LINEAR_UNKNOWN,
    };
    return history->count++;
}

void
FzHistory_Return(FzHistory *history, size_t op, int32_t result)
{
    history->ops[op].ret = ++history->clock;
    history->ops[op].result = result;
}

void
FzHistory_Clear(FzHistory *history)
{
    history->count = 0;
    history->clock = 0;
}

void
FzHistory_Free(FzHistory *history)
{
    free(history->ops);
    *history = (FzHistory){0};
}

static void
put_op(const FzLinearModel *model, const FzLinearOp *op, FzBuf *out)
{
    FzBuf_Printf(out, "thread %u: %s(%d, %d) ", op->thread,
                 model->kinds[op->kind], op->a, op->b);
    if (op->ret == 0) {
        FzBuf_Printf(out, "did not return");
    }
    else if (op->result == FZ_LINEAR_NONE) {
        FzBuf_Printf(out, "gave nothing");
    }
    else if (op->result == FZ_LINEAR_ERROR) {
        FzBuf_Printf(out, "raised");
    }
    else if (op->result == FZ_LINEAR_FAILED) {
        FzBuf_Printf(out, "had no memory");
    }
    else {
        FzBuf_Printf(out, "gave %d", op->result);
    }
    FzBuf_Printf(out, "  [%llu, %llu]", (unsigned long long)op->call,
                 (unsigned long long)op->ret);
}

void
FzLinear_Describe(const FzLinearModel *model, const FzLinearOp *ops, size_t n,
                  size_t culprit, FzBuf *out)
{
    const FzLinearOp *bad = &ops[culprit];
    put_op(model, bad, out);
    FzBuf_Printf(out, "\nno order of the operations on the %s explains it; "
                      "what overlaps it, and the eight before:\n",
                 model->name);
    size_t before = 0;
    for (size_t i = 0; i < n; i++) {
        before += ops[i].ret != 0 && ops[i].ret < bad->call;
    }
    for (size_t i = 0; i < n; i++) {
        const FzLinearOp *op = &ops[i];
        bool ended = op->ret != 0 && op->ret < bad->call;
        bool near = ended && before-- <= 8;
        if (i != culprit &&
            (near || (!ended && op->call < bad->ret))) {
            FzBuf_Printf(out, "  ");
            put_op(model, op, out);
            FzBuf_Printf(out, "\n");
        }
    }
}

// binary.c: the binary face of a program. Decoding is total: a byte is reduced
// to the range it stands for, missing bytes end the block they would belong to,
// and Fixup() does the rest. Encoding a valid program and decoding it again
// gives the same program: reduction leaves what is in range alone.
//
//   nclasses nshared nfunctions nbodies        one byte each
//   base eq hash del                           for each class
//   kind cls initial                           for each shared object
//   nops, then op and its operands             for each function, main, bodies

#include <string.h>

#include "program_internal.h"

typedef struct Reader {
    const uint8_t *at, *end;
} Reader;

static uint8_t
read_byte(Reader *r)
{
    return r->at < r->end ? *r->at++ : 0;
}

static uint8_t
read_below(Reader *r, unsigned count)
{
    return (uint8_t)(read_byte(r) % count);
}

static void
read_block(Reader *r, FzBlockOps *ops)
{
    int n = read_below(r, FZ_MAX_OPS + 1);
    for (int i = 0; i < n && r->at < r->end; i++) {
        FzOp *op = &ops->ops[i];
        op->op = read_below(r, FZ_OP_COUNT);
        for (int k = 0; k < 3; k++) {
            if (fz_op_info[op->op].args[k] != FZ_ARG_NONE) {
                *FzOp_Operand(op, k) = read_byte(r);
            }
        }
        ops->nops = (uint8_t)(i + 1);
    }
}

void
FzProgram_Decode(FzProgram *program, const uint8_t *bytes, size_t n)
{
    static const uint8_t nothing[1];
    Reader r = { nothing, nothing };
    if (n > 0) {
        r = (Reader){ bytes, bytes + n };
    }
    FzProgram *p = program;
    memset(p, 0, sizeof(*p));
    p->nclasses = read_below(&r, FZ_MAX_CLASSES + 1);
    p->nshared = read_below(&r, FZ_MAX_SHARED + 1);
    p->nfunctions = read_below(&r, FZ_MAX_FUNCTIONS + 1);
    p->nbodies = read_below(&r, FZ_MAX_BODIES + 1);
    for (int i = 0; i < p->nclasses; i++) {
        FzClass *cls = &p->classes[i];
        cls->base = read_byte(&r);
        cls->eq = read_byte(&r);
        cls->hash = read_byte(&r);
        cls->del = read_byte(&r);
    }
    for (int i = 0; i < p->nshared; i++) {
        FzShared *shared = &p->shared[i];
        shared->kind = read_byte(&r);
        shared->cls = read_byte(&r);
        shared->initial = read_byte(&r);
    }
    for (int i = 0; i < FZ_BLOCK_LIMIT; i++) {
        if (FzProgram_HasBlock(p, i)) {
            read_block(&r, FzProgram_Block(p, i));
        }
    }
    FzProgram_Fixup(p);
}

static void
write_block(FzBuf *out, const FzBlockOps *ops)
{
    FzBuf_AppendByte(out, ops->nops);
    for (int i = 0; i < ops->nops; i++) {
        const FzOp *op = &ops->ops[i];
        FzBuf_AppendByte(out, op->op);
        for (int k = 0; k < 3; k++) {
            if (fz_op_info[op->op].args[k] != FZ_ARG_NONE) {
                FzBuf_AppendByte(out, FzOp_Get(op, k));
            }
        }
    }
}

void
FzProgram_Encode(const FzProgram *program, FzBuf *out)
{
    const FzProgram *p = program;
    const uint8_t head[] = { p->nclasses, p->nshared, p->nfunctions,
                             p->nbodies };
    FzBuf_Append(out, head, sizeof(head));
    for (int i = 0; i < p->nclasses; i++) {
        const FzClass *cls = &p->classes[i];
        const uint8_t bytes[] = { cls->base, cls->eq, cls->hash, cls->del };
        FzBuf_Append(out, bytes, sizeof(bytes));
    }
    for (int i = 0; i < p->nshared; i++) {
        const FzShared *shared = &p->shared[i];
        const uint8_t bytes[] = { shared->kind, shared->cls,
                                  shared->initial };
        FzBuf_Append(out, bytes, sizeof(bytes));
    }
    for (int i = 0; i < FZ_BLOCK_LIMIT; i++) {
        if (FzProgram_HasBlock(p, i)) {
            write_block(out, FzProgram_BlockConst(p, i));
        }
    }
}

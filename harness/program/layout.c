// layout.c: the line of each part of a program's Python face. The printer and
// the lowering both follow it, so that the lines of bytecode and text agree;
// the printer asserts it. No text is made here: it is cheap.

#include <string.h>

#include "program_internal.h"

static uint8_t
locals_used(const FzBlockOps *ops)
{
    uint8_t used = 0;
    for (int i = 0; i < ops->nops; i++) {
        const FzOp *op = &ops->ops[i];
        for (int k = 0; k < 3; k++) {
            FzArg arg = fz_op_info[op->op].args[k];
            uint8_t value = FzOp_Get(op, k);
            if (arg == FZ_ARG_LOCAL) {
                used |= (uint8_t)(1u << value);
            }
            else if (FzArg_IsReference(arg) && value >= FZ_REF_LOCAL &&
                     value < FZ_REF_PARAM)
            {
                used |= (uint8_t)(1u << (value - FZ_REF_LOCAL));
            }
        }
    }
    return used;
}

// Places the operations from `line` on; the line after them.
static uint16_t
place_ops(const FzBlockOps *ops, bool function, uint16_t line,
          FzOpPlace *places)
{
    uint8_t openers[FZ_MAX_NESTING];
    uint8_t depth = 0;
    int tries = 0;
    for (int i = 0; i < ops->nops; i++) {
        const FzOp *op = &ops->ops[i];
        const FzOpInfo *info = &fz_op_info[op->op];
        FzOpPlace *place = &places[i];
        *place = (FzOpPlace){ .line = line, .depth = depth };
        if (op->op == FZ_OP_END) {
            place->opener = openers[--depth];
            place->depth = depth;
            place->line = places[place->opener].line;
            if (ops->ops[place->opener].op == FZ_OP_TRY) {
                place->except_line = line++;
                tries--;
            }
        }
        else if (FzOp_Opens(op)) {
            place->empty = ops->ops[i + 1].op == FZ_OP_END;
            openers[depth++] = (uint8_t)i;
            tries += op->op == FZ_OP_TRY;
            line += (uint16_t)(1 + place->empty);
        }
        else if ((info->flags & FZ_OPF_R) && !function && tries == 0) {
            place->wrapped = true;
            place->line += (info->flags & FZ_OPF_S) != 0;
            place->except_line = (uint16_t)(place->line + 1);
            line = (uint16_t)(place->except_line + 1);
        }
        else {
            line++;
        }
    }
    return line;
}

static uint16_t
place_block(const FzProgram *p, int block, uint16_t line,
            FzBlockLayout *layout)
{
    const FzBlockOps *ops = FzProgram_BlockConst(p, block);
    bool function = FzBlock_IsFunction(block);
    layout->def_line = line++;
    layout->locals_used = locals_used(ops);
    if (function) {
        layout->locals_used |= 1;       // `return v0`
    }
    line += layout->locals_used != 0;
    line = place_ops(ops, function, line, layout->ops);
    if (function || line == layout->def_line + 1) {
        line++;                         // `return v0`, `pass`
    }
    layout->end_line = (uint16_t)(line - 1);
    return (uint16_t)(line + 2);
}

static uint16_t
place_class(const FzProgram *p, int i, uint16_t line, FzLayout *layout)
{
    const FzClass *cls = &p->classes[i];
    bool is_dict = false;
    int target = FzProgram_ClassTarget(p, i);
    if (target >= 0) {
        is_dict = p->shared[target].kind == FZ_SHARED_DICT;
    }
    layout->class_line[i] = line;
    line += cls->del == FZ_DEL_RESURRECT ? 3 : 2;
    for (int kind = 0; kind < FZ_METHOD_KINDS; kind++) {
        uint8_t body = FzClass_Method(cls, (FzMethodKind)kind);
        layout->method_line[i][kind] = line;
        if (body != 0) {
            const FzMethodText *text =
                FzMethod_Text((FzMethodKind)kind, body, is_dict);
            line += (uint16_t)(1 + text->nlines);
        }
    }
    return (uint16_t)(line + 2);
}

void
FzLayout_Compute(const FzProgram *program, FzLayout *layout)
{
    const FzProgram *p = program;
    uint16_t line = FZ_PRELUDE_LINES + 1;
    for (int i = 0; i < p->nclasses; i++) {
        line = place_class(p, i, line, layout);
    }
    for (int i = 0; i < p->nshared; i++) {
        layout->shared_line[i] = line++;
    }
    line += 2;
    for (int i = 0; i < FZ_BLOCK_LIMIT; i++) {
        if (FzProgram_HasBlock(p, i) &&
            (i != FZ_BLOCK_MAIN || p->main.nops > 0))
        {
            line = place_block(p, i, line, &layout->blocks[i]);
        }
    }
    for (int i = 0; i < p->nbodies; i++) {
        layout->start_line[i] = line++;
    }
    if (p->main.nops > 0) {
        layout->main_line = line++;
    }
    for (int i = 0; i < p->nbodies; i++) {
        layout->join_line[i] = line++;
    }
    layout->collect_line = line++;
    for (int i = 0; i < p->nshared; i++) {
        layout->show_line[i] = line++;
    }
    layout->nlines = (uint16_t)(line - 1);
}

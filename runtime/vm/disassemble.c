// disassemble.c: code objects as text, for people and tests.
//
// Reads immutable data only.
// Mirrors Lib/dis.py (CPython 3.13); departs: our instruction format.

#include "rtcore_code.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_object.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct OpcodeText {
    const char *name;
    const char *argument;
} OpcodeText;

static const OpcodeText opcode_text[RT_OP_COUNT] = {
#define RT_OPCODE(name, argument, pops, pushes, text) \
    [RT_OP_##name] = { #name, #argument },
#include "opcodes.def"
};

static const char *const binary_text[RT_NB_COUNT] = {
    "+", "-", "*", "//", "%", "&", "|", "^", "/", "**", "<<", ">>",
    "@",
};

static const char *const compare_text[] = {
    "<", "<=", "==", "!=", ">", ">=",
};

static void
write_const(FILE *out, RtObject *value)
{
    RtObject *repr = RtObject_Repr(value);
    if (repr == NULL) {
        RtErr_Clear();
        fprintf(out, " (?)");
        return;
    }
    fprintf(out, " (%s)", RtStr_AsUTF8(repr));
    Rt_DECREF(repr);
}

static void
write_instruction(FILE *out, const RtCodeObject *code, uint32_t pc)
{
    RtOpcode op = RtInstruction_Opcode(code->co_code[pc]);
    uint32_t arg = RtInstruction_Arg(code->co_code[pc]);
    const OpcodeText *text = &opcode_text[op];
    if (strcmp(text->argument, "NONE") == 0) {
        fprintf(out, "%s\n", text->name);
        return;
    }
    fprintf(out, "%-18s %u", text->name, arg);
    if (strcmp(text->argument, "CONST") == 0) {
        write_const(out, RtTuple_GetItem(code->co_consts, (ssize_t)arg));
    }
    else if (strcmp(text->argument, "NAME") == 0) {
        RtObject *name = RtTuple_GetItem(code->co_names, (ssize_t)arg);
        fprintf(out, " (%s)", RtStr_AsUTF8(name));
    }
    else if (strcmp(text->argument, "TARGET") == 0) {
        fprintf(out, " (to %u)", arg);
    }
    else if (strcmp(text->argument, "BINARY") == 0) {
        fprintf(out, " (%s)", binary_text[arg]);
    }
    else if (strcmp(text->argument, "COMPARE") == 0) {
        fprintf(out, " (%s)", compare_text[arg]);
    }
    fputc('\n', out);
}

char *
RtCode_Disassemble(RtObject *op)
{
    const RtCodeObject *code = (const RtCodeObject *)op;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) {
        return NULL;
    }
    fprintf(out, "%s: %d locals, %d arguments, stack %d\n",
            RtStr_AsUTF8(code->co_name), code->co_nlocals, code->co_argcount,
            code->co_stacksize);
    uint32_t last_line = 0;
    for (uint32_t pc = 0; pc < code->co_ninstructions; pc++) {
        uint32_t line = code->co_lines == NULL ? 0 : code->co_lines[pc];
        if (line != last_line) {
            fprintf(out, "%5u", line);
            last_line = line;
        }
        else {
            fprintf(out, "     ");
        }
        fprintf(out, " %6u  ", pc);
        write_instruction(out, code, pc);
    }
    for (uint32_t i = 0; i < code->co_nexceptions; i++) {
        const RtExceptionEntry *e = &code->co_exceptions[i];
        fprintf(out, "  %u to %u -> %u, depth %u\n", e->start, e->end,
                e->handler, e->depth);
    }
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

// text.c: programs as text by the names of operations and operands, one to a
// line: what is kept for years. The binary form numbers them, and new ones move
// the numbers; a name stays what it is, or is refused.
//
//   class base 0 eq 1 hash 0 del 2
//   shared list initial 3
//   function
//     LIST_APPEND a; [1, 'a']
//   thread
//     CALL f0; s0; 1
//   main
//   end
//
// Operands are written as in the Python face.

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "program_internal.h"

static const char *const shared_names[FZ_SHARED_KIND_COUNT] = {
    [FZ_SHARED_LIST] = "list", [FZ_SHARED_DICT] = "dict",
    [FZ_SHARED_INSTANCE] = "instance", [FZ_SHARED_LOCK] = "lock",
    [FZ_SHARED_TUPLE] = "tuple", [FZ_SHARED_INT] = "int",
    [FZ_SHARED_STR] = "str", [FZ_SHARED_SET] = "set",
    [FZ_SHARED_DEQUE] = "deque", [FZ_SHARED_ITER] = "iterator",
    [FZ_SHARED_INTERP] = "interpreter",
    [FZ_SHARED_SYNC] = "sync",
};

// ---------------------------------------------------------------------------
// Printing

static void
print_block(const FzBlockOps *ops, FzBuf *out)
{
    for (int i = 0; i < ops->nops; i++) {
        const FzOp *op = &ops->ops[i];
        const FzOpInfo *info = &fz_op_info[op->op];
        FzBuf_Printf(out, "  %s", info->name);
        for (int k = 0; k < 3 && info->args[k] != FZ_ARG_NONE; k++) {
            FzBuf_Printf(out, "%s", k == 0 ? " " : "; ");
            FzLift_Operand((FzArg)info->args[k], FzOp_Get(op, k), out);
        }
        FzBuf_Printf(out, "\n");
    }
}

void
FzProgram_PrintText(const FzProgram *program, FzBuf *out)
{
    for (int i = 0; i < program->nclasses; i++) {
        const FzClass *cls = &program->classes[i];
        FzBuf_Printf(out, "class base %u eq %u hash %u del %u\n", cls->base,
                     cls->eq, cls->hash, cls->del);
    }
    for (int i = 0; i < program->nshared; i++) {
        const FzShared *shared = &program->shared[i];
        FzBuf_Printf(out, "shared %s", shared_names[shared->kind]);
        if (shared->kind == FZ_SHARED_INSTANCE || shared->cls != 0) {
            FzBuf_Printf(out, " class %u", shared->cls);
        }
        FzBuf_Printf(out, " initial %u\n", shared->initial);
    }
    for (int block = 0; block < FZ_BLOCK_LIMIT; block++) {
        if (FzProgram_HasBlock(program, block)) {
            FzBuf_Printf(out, "%s\n", FzBlock_IsFunction(block) ? "function"
                                      : block == FZ_BLOCK_MAIN  ? "main"
                                                                : "thread");
            print_block(FzProgram_BlockConst(program, block), out);
        }
    }
    FzBuf_Printf(out, "end\n");
}

// ---------------------------------------------------------------------------
// Parsing

typedef struct TextParser {
    const char *at, *end;
    unsigned line;
    FzProgram *program;
    FzBlockOps *block;          // operations go here; NULL: nowhere yet
    char *why;
    size_t why_size;
} TextParser;

__attribute__((format(printf, 2, 3))) static bool
refuse(TextParser *p, const char *format, ...)
{
    int n = snprintf(p->why, p->why_size, "line %u: ", p->line);
    va_list args;
    va_start(args, format);
    if (n > 0 && (size_t)n < p->why_size) {
        vsnprintf(p->why + n, p->why_size - (size_t)n, format, args);
    }
    va_end(args);
    return false;
}

// How many values an operand of this kind may have.
static unsigned
count_values(FzArg arg)
{
    switch (arg) {
    case FZ_ARG_NONE:
        return 1;
    case FZ_ARG_LOCAL:
        return FZ_MAX_LOCALS;
    case FZ_ARG_INDEX:
        return FZ_NUM_INDEXES;
    case FZ_ARG_COUNT:
        return FZ_MAX_LOOP_COUNT + 1;
    case FZ_ARG_ATTR:
        return FZ_NUM_ATTRS;
    case FZ_ARG_CLASS:
        return FZ_MAX_CLASSES;
    case FZ_ARG_FUNC:
        return FZ_MAX_FUNCTIONS;
    case FZ_ARG_ERROR:
        return FZ_NUM_ERRORS;
    case FZ_ARG_THREAD:
        return FZ_MAX_BODIES + 1;
    case FZ_ARG_LOCK:
        return FZ_MAX_SHARED;
    default:
        return FzArg_IsSync(arg) ? FZ_MAX_SHARED : FZ_REF_COUNT;
    }
}

// The value that is printed so; false: none is.
static bool
find_value(FzArg arg, const char *text, size_t n, uint8_t *out)
{
    FzBuf printed = {0};
    bool found = false;
    for (unsigned value = 0; value < count_values(arg) && !found; value++) {
        FzBuf_Clear(&printed);
        FzLift_Operand(arg, (uint8_t)value, &printed);
        if (printed.size == n && memcmp(printed.data, text, n) == 0) {
            *out = (uint8_t)value;
            found = true;
        }
    }
    FzBuf_Free(&printed);
    return found;
}

static bool
find_op(const char *name, uint8_t *out)
{
    for (int i = 0; i < FZ_OP_COUNT; i++) {
        if (strcmp(fz_op_info[i].name, name) == 0) {
            *out = (uint8_t)i;
            return true;
        }
    }
    return false;
}

static bool
parse_op(TextParser *p, const char *line)
{
    char name[64];
    FzOp op = {0};
    size_t n = strcspn(line, " ");
    snprintf(name, sizeof(name), "%.*s", (int)n, line);
    if (p->block == NULL) {
        return refuse(p, "an operation outside of a block");
    }
    if (p->block->nops == FZ_MAX_OPS) {
        return refuse(p, "more than %d operations", FZ_MAX_OPS);
    }
    if (!find_op(name, &op.op)) {
        return refuse(p, "there is no operation '%s' any more", name);
    }
    const char *at = line + n + (line[n] == ' ');
    const FzOpInfo *info = &fz_op_info[op.op];
    for (int k = 0; k < 3 && info->args[k] != FZ_ARG_NONE; k++) {
        const char *next = strstr(at, "; ");
        size_t size = next != NULL ? (size_t)(next - at) : strlen(at);
        if (!find_value((FzArg)info->args[k], at, size,
                        FzOp_Operand(&op, k))) {
            return refuse(p, "%s has no operand '%.*s'", name, (int)size, at);
        }
        at = next != NULL ? next + 2 : at + size;
    }
    if (*at != '\0') {
        return refuse(p, "%s has fewer operands", name);
    }
    p->block->ops[p->block->nops++] = op;
    return true;
}

static bool
parse_class(TextParser *p, const char *line)
{
    unsigned base, eq, hash, del;
    char rest;
    if (p->program->nclasses == FZ_MAX_CLASSES ||
        sscanf(line, "class base %u eq %u hash %u del %u%c", &base, &eq, &hash,
               &del, &rest) != 4 ||
        (base | eq | hash | del) > UINT8_MAX) {
        return refuse(p, "no class: '%s'", line);
    }
    p->program->classes[p->program->nclasses++] =
        (FzClass){(uint8_t)base, (uint8_t)eq, (uint8_t)hash, (uint8_t)del};
    return true;
}

static bool
parse_shared(TextParser *p, const char *line)
{
    char name[32], rest;
    unsigned cls = 0, initial;
    if (p->program->nshared == FZ_MAX_SHARED ||
        (sscanf(line, "shared %31s class %u initial %u%c", name, &cls,
                &initial, &rest) != 3 &&
         sscanf(line, "shared %31s initial %u%c", name, &initial, &rest) !=
             2) ||
        (cls | initial) > UINT8_MAX) {
        return refuse(p, "no shared object: '%s'", line);
    }
    for (int kind = 0; kind < FZ_SHARED_KIND_COUNT; kind++) {
        if (strcmp(shared_names[kind], name) == 0) {
            p->program->shared[p->program->nshared++] = (FzShared){
                (uint8_t)kind, (uint8_t)cls, (uint8_t)initial};
            return true;
        }
    }
    return refuse(p, "there is no kind of object '%s' any more", name);
}

static bool
open_block(TextParser *p, const char *line)
{
    FzProgram *program = p->program;
    if (strcmp(line, "main") == 0) {
        p->block = &program->main;
        return true;
    }
    if (strcmp(line, "function") == 0 &&
        program->nfunctions < FZ_MAX_FUNCTIONS) {
        p->block = &program->functions[program->nfunctions++];
        return true;
    }
    if (strcmp(line, "thread") == 0 && program->nbodies < FZ_MAX_BODIES) {
        p->block = &program->bodies[program->nbodies++];
        return true;
    }
    return refuse(p, "not understood: '%s'", line);
}

static bool
parse_line(TextParser *p, const char *line)
{
    if (strncmp(line, "  ", 2) == 0) {
        return parse_op(p, line + 2);
    }
    if (strncmp(line, "class ", 6) == 0) {
        return parse_class(p, line);
    }
    if (strncmp(line, "shared ", 7) == 0) {
        return parse_shared(p, line);
    }
    return open_block(p, line);
}

bool
FzProgram_ParseText(FzProgram *program, const char **text, unsigned *line,
                    char *why, size_t why_size)
{
    TextParser p = {.program = program, .line = *line, .why = why,
                    .why_size = why_size};
    char reason[256], copy[512];
    memset(program, 0, sizeof(*program));
    for (const char *at = *text; *at != '\0';) {
        size_t n = strcspn(at, "\n");
        p.line++;
        if (n >= sizeof(copy)) {
            return refuse(&p, "a line is too long");
        }
        memcpy(copy, at, n);
        copy[n] = '\0';
        at += n + (at[n] == '\n');
        if (strcmp(copy, "end") == 0) {
            *text = at;
            *line = p.line;
            if (!FzProgram_Validate(program, reason, sizeof(reason))) {
                return refuse(&p, "no valid program: %s", reason);
            }
            return true;
        }
        if (!parse_line(&p, copy)) {
            return false;
        }
    }
    return refuse(&p, "the program does not end");
}

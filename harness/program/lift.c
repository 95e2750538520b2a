// lift.c: the Python face: a script that runs on CPython as it stands. Lines
// are those of layout.c; each part asserts that it begins where it should.

#include <stdarg.h>
#include <string.h>

#include "program_internal.h"

typedef struct Lifter {
    const FzProgram *program;
    const FzLayout *layout;
    FzBuf *out;
    unsigned line;              // that the next byte belongs to
    bool observed;
} Lifter;

static void put(Lifter *l, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// The format holds no newline except at its end.
static void
put(Lifter *l, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    FZ_ASSERT(n >= 0);
    FZ_ASSERT((size_t)n < sizeof(text));
    FzBuf_Append(l->out, text, (size_t)n);
    if (n > 0 && text[n - 1] == '\n') {
        l->line++;
    }
}

static void
indent(Lifter *l, int depth)
{
    put(l, "%*s", 4 * depth, "");
}

static void
put_reference(Lifter *l, uint8_t ref)
{
    static const char *const constants[FZ_CONST_COUNT] = {
        "None", "True", "False", "0", "1", "2", "3", "-1", "1000",
        "'a'", "'b'", "'key'",
    };
    if (ref < FZ_REF_LOCAL) {
        put(l, "s%d", ref - FZ_REF_SHARED);
    }
    else if (ref < FZ_REF_PARAM) {
        put(l, "v%d", ref - FZ_REF_LOCAL);
    }
    else if (ref < FZ_REF_CONST) {
        put(l, "%c", 'a' + ref - FZ_REF_PARAM);
    }
    else if (ref < FZ_REF_NEW) {
        put(l, "%s", constants[ref - FZ_REF_CONST]);
    }
    else if (ref < FZ_REF_EMPTY_LIST) {
        put(l, "C%d()", ref - FZ_REF_NEW);
    }
    else {
        static const char *const fresh[] = { "[]", "{}", "[1, 'a']",
                                             "{'a': 1}" };
        put(l, "%s", fresh[ref - FZ_REF_EMPTY_LIST]);
    }
}

static void
put_operand(Lifter *l, FzArg arg, uint8_t value)
{
    static const char *const indexes[FZ_NUM_INDEXES] = { "0", "1", "-1",
                                                         "2" };
    static const char *const errors[FZ_NUM_ERRORS] = {
        "ValueError", "KeyError", "RuntimeError", "IndexError",
    };
    switch (arg) {
    case FZ_ARG_NONE:
        break;
    case FZ_ARG_LOCAL:
        put(l, "v%d", value);
        break;
    case FZ_ARG_INDEX:
        put(l, "%s", indexes[value]);
        break;
    case FZ_ARG_COUNT:
        put(l, "%d", value);
        break;
    case FZ_ARG_ATTR:
        put(l, "%c", 'x' + value);
        break;
    case FZ_ARG_CLASS:
        put(l, "C%d", value);
        break;
    case FZ_ARG_FUNC:
        put(l, "f%d", value);
        break;
    case FZ_ARG_LOCK:
    case FZ_ARG_RLOCK:
    case FZ_ARG_CONDITION:
    case FZ_ARG_EVENT:
    case FZ_ARG_SEMAPHORE:
    case FZ_ARG_BARRIER:
    case FZ_ARG_TLOCAL:
        put(l, "s%d", value);
        break;
    case FZ_ARG_ERROR:
        put(l, "%s", errors[value]);
        break;
    case FZ_ARG_THREAD:
        if (value == 0) {
            put(l, "None");
        }
        else {
            put(l, "w%d", value);
        }
        break;
    default:
        put_reference(l, value);
        break;
    }
}

void
FzLift_Operand(FzArg arg, uint8_t value, FzBuf *out)
{
    Lifter lifter = { .out = out };
    put_operand(&lifter, arg, value);
}

static void
put_statement(Lifter *l, const FzOp *op)
{
    const FzOpInfo *info = &fz_op_info[op->op];
    for (const char *at = info->python; *at != '\0'; at++) {
        if (at[0] == '{' && at[1] >= 'a' && at[1] <= 'c' && at[2] == '}') {
            int k = at[1] - 'a';
            put_operand(l, (FzArg)info->args[k], FzOp_Get(op, k));
            at += 2;
        }
        else {
            FzBuf_AppendByte(l->out, (uint8_t)*at);
        }
    }
}

static void
put_except(Lifter *l, int depth)
{
    indent(l, depth);
    put(l, "except Exception: %s\n", l->observed ? "caught()" : "pass");
}

static void
put_op(Lifter *l, const FzBlockOps *ops, int i, const FzOpPlace *place)
{
    const FzOp *op = &ops->ops[i];
    int depth = 1 + place->depth;
    if (op->op == FZ_OP_END) {
        if (place->except_line != 0) {
            FZ_ASSERT(l->line == place->except_line);
            put_except(l, depth);
        }
        return;
    }
    indent(l, depth);
    if (place->wrapped) {
        put(l, "try:");
        if (fz_op_info[op->op].flags & FZ_OPF_S) {
            put(l, "\n");
            indent(l, depth + 1);
        }
        else {
            put(l, " ");
        }
    }
    FZ_ASSERT(l->line == place->line);
    put_statement(l, op);
    if (l->observed && FzOp_IsSeen(op)) {
        put(l, "; seen(v%d)", op->a);
    }
    put(l, "\n");
    if (place->wrapped) {
        put_except(l, depth);
    }
    if (place->empty) {
        indent(l, depth + 1);
        put(l, "pass\n");
    }
}

static void
put_shared_names(Lifter *l)
{
    for (int i = 0; i < l->program->nshared; i++) {
        put(l, i == 0 ? "s%d" : ", s%d", i);
    }
}

static void
put_block(Lifter *l, int block)
{
    const FzBlockOps *ops = FzProgram_BlockConst(l->program, block);
    const FzBlockLayout *layout = &l->layout->blocks[block];
    FZ_ASSERT(l->line == layout->def_line);
    if (FzBlock_IsFunction(block)) {
        put(l, "def f%d(a, b):\n", block);
    }
    else {
        put(l, "def t%d(", block - FZ_BLOCK_MAIN);
        put_shared_names(l);
        put(l, "):\n");
    }
    if (layout->locals_used != 0) {
        put(l, "    ");
        for (int i = 0; i < FZ_MAX_LOCALS; i++) {
            if (layout->locals_used & 1u << i) {
                put(l, "v%d = ", i);
            }
        }
        put(l, "None\n");
    }
    for (int i = 0; i < ops->nops; i++) {
        put_op(l, ops, i, &layout->ops[i]);
    }
    if (FzBlock_IsFunction(block)) {
        put(l, "    return v0\n");
    }
    else if (l->line == layout->def_line + 1u) {
        put(l, "    pass\n");
    }
    FZ_ASSERT(l->line == layout->end_line + 1u);
    put(l, "\n");
    put(l, "\n");
}

static void
put_method(Lifter *l, int cls, FzMethodKind kind)
{
    uint8_t body = FzClass_Method(&l->program->classes[cls], kind);
    if (body == 0) {
        return;
    }
    FZ_ASSERT(l->line == l->layout->method_line[cls][kind]);
    int target = FzProgram_ClassTarget(l->program, cls);
    bool is_dict = target >= 0 &&
                   l->program->shared[target].kind == FZ_SHARED_DICT;
    const FzMethodText *text = FzMethod_Text(kind, body, is_dict);
    put(l, "    def %s:\n", FzMethod_Head(kind));
    for (int i = 0; i < text->nlines; i++) {
        put(l, "        ");
        const char *mark = strstr(text->lines[i], "{g}");
        if (mark == NULL) {
            put(l, "%s\n", text->lines[i]);
        }
        else {
            put(l, "%.*ss%d%s\n", (int)(mark - text->lines[i]),
                text->lines[i], target, mark + 3);
        }
    }
}

static void
put_class(Lifter *l, int i)
{
    const FzClass *cls = &l->program->classes[i];
    FZ_ASSERT(l->line == l->layout->class_line[i]);
    if (cls->base == 0) {
        put(l, "class C%d(object):\n", i);
    }
    else {
        put(l, "class C%d(C%d):\n", i, cls->base - 1);
    }
    put(l, "    x = 0\n");
    if (cls->del == FZ_DEL_RESURRECT) {
        put(l, "    r = False\n");
    }
    for (int kind = 0; kind < FZ_METHOD_KINDS; kind++) {
        put_method(l, i, (FzMethodKind)kind);
    }
    put(l, "\n");
    put(l, "\n");
}

static void
put_items(Lifter *l, int n, bool keys)
{
    for (int i = 0; i < n; i++) {
        put(l, i == 0 ? "" : ", ");
        if (keys) {
            put_reference(l, FzProgram_InitialKey(i));
            put(l, ": ");
        }
        put_reference(l, FzProgram_InitialItem(l->program, i));
    }
}

// An iterator over what stands for each @.
static void
put_iterator(Lifter *l, int k)
{
    static const char *const texts[FZ_ITER_KINDS] = {
        [FZ_ITER_PLAIN] = "iter(@)", [FZ_ITER_ENUMERATE] = "enumerate(@)",
        [FZ_ITER_ZIP] = "zip(@, @)", [FZ_ITER_MAP] = "map(type, @)",
        [FZ_ITER_FILTER] = "filter(None, @)",
        [FZ_ITER_REVERSED] = "reversed(@)",
        [FZ_ITER_COUNT] = "islice(count(), 10)",
        [FZ_ITER_CYCLE] = "islice(cycle(@), 10)",
        [FZ_ITER_CHAIN] = "chain(@, @)", [FZ_ITER_SLICE] = "islice(@, 1, 4)",
        [FZ_ITER_TEE] = "tee(@)[1]",
    };
    int source = FzProgram_IterSource(l->program, k);
    const char *at = texts[FzProgram_IterKind(l->program, k)];
    for (; *at != '\0'; at++) {
        if (*at != '@') {
            put(l, "%c", *at);
        }
        else if (source < 0) {
            put_reference(l, FZ_REF_LIST);
            put(l, " * 4");
        }
        else {
            put(l, "s%d", source);
        }
    }
}

static void
put_shared(Lifter *l, int k)
{
    static const char *const sync_objects[FZ_SYNC_COUNT] = {
        "RLock()", "Condition()", "Event()", "Semaphore(1)", "Barrier(2)",
        "local()",
    };
    const FzShared *shared = &l->program->shared[k];
    FZ_ASSERT(l->line == l->layout->shared_line[k]);
    put(l, "s%d = ", k);
    switch ((FzSharedKind)shared->kind) {
    case FZ_SHARED_LIST:
        put(l, "[");
        put_items(l, shared->initial, false);
        put(l, "]");
        break;
    case FZ_SHARED_DICT:
        put(l, "{");
        put_items(l, shared->initial, true);
        put(l, "}");
        break;
    case FZ_SHARED_TUPLE:
        put(l, "(");
        put_items(l, shared->initial, false);
        put(l, shared->initial == 1 ? ",)" : ")");
        break;
    case FZ_SHARED_SET:
        put(l, "set((");
        for (int i = 0; i < shared->initial; i++) {
            put_reference(l, FzProgram_InitialMember(i));
            put(l, ", ");
        }
        put(l, "))");
        break;
    case FZ_SHARED_DEQUE:
        put(l, "deque([");
        put_items(l, shared->initial, false);
        put(l, "]%s)", shared->initial % 3 == 2 ? ", 3" : "");
        break;
    case FZ_SHARED_ITER:
        put_iterator(l, k);
        break;
    case FZ_SHARED_INSTANCE:
        put(l, "C%d()", shared->cls);
        for (int i = 0; i < shared->initial; i++) {
            put(l, "; s%d.%c = ", k, 'x' + i);
            put_reference(l, FzProgram_InitialItem(l->program, i));
        }
        break;
    case FZ_SHARED_LOCK:
        put(l, "Lock()");
        break;
    case FZ_SHARED_INTERP:
        put(l, shared->initial == 0 ? "interp_create()" : "queue_create(2)");
        break;
    case FZ_SHARED_SYNC:
        put(l, "%s", sync_objects[shared->initial]);
        break;
    case FZ_SHARED_INT:
        put_reference(l, (uint8_t)(FZ_REF_CONST + FZ_CONST_0 +
                                   shared->initial));
        break;
    default:
        put_reference(l, (uint8_t)(FZ_REF_CONST + FZ_CONST_STR_A +
                                   shared->initial));
        break;
    }
    put(l, "\n");
}

static void
put_show(Lifter *l, int k)
{
    static const char *const shows[FZ_SHARED_KIND_COUNT] = {
        [FZ_SHARED_LIST] = "show('s%d', s%d)\n",
        [FZ_SHARED_DICT] = "show('s%d', flat(s%d))\n",
        [FZ_SHARED_INSTANCE] = "show('s%d', attributes(s%d))\n",
        [FZ_SHARED_LOCK] = "print('s%d', s%d.locked())\n",
        [FZ_SHARED_TUPLE] = "show('s%d', s%d)\n",
        [FZ_SHARED_INT] = "print('s%d', s%d)\n",
        [FZ_SHARED_STR] = "print('s%d', s%d)\n",
        [FZ_SHARED_SET] = "show('s%d', s%d)\n",
        [FZ_SHARED_DEQUE] = "show('s%d', s%d)\n",
        [FZ_SHARED_ITER] = "print('s%d', s%d is None)\n",
        [FZ_SHARED_INTERP] = "print('s%d', s%d)\n",
        [FZ_SHARED_SYNC] = "print('s%d', s%d is None)\n",
    };
    char line[64];
    const char *format = shows[l->program->shared[k].kind];
    FZ_ASSERT(l->line == l->layout->show_line[k]);
    char *to = line;
    for (const char *at = format; *at != '\0'; at++) {
        bool number = at[0] == '%' && at[1] == 'd';
        *to++ = number ? (char)('0' + k) : *at;
        at += number;
    }
    *to = '\0';
    put(l, "%s", line);
}

static void
put_module_end(Lifter *l)
{
    for (int i = 0; i < l->program->nbodies; i++) {
        FZ_ASSERT(l->line == l->layout->start_line[i]);
        put(l, "w%d = Thread(t%d, (", i + 1, i + 1);
        put_shared_names(l);
        put(l, l->program->nshared == 1 ? ",)); " : ")); ");
        put(l, "w%d.start()\n", i + 1);
    }
    if (l->program->main.nops > 0) {
        FZ_ASSERT(l->line == l->layout->main_line);
        put(l, "t0(");
        put_shared_names(l);
        put(l, ")\n");
    }
    for (int i = 0; i < l->program->nbodies; i++) {
        put(l, "w%d.join()\n", i + 1);
    }
    FZ_ASSERT(l->line == l->layout->collect_line);
    put(l, "gc_collect()\n");
    for (int i = 0; i < l->program->nshared; i++) {
        put_show(l, i);
    }
    FZ_ASSERT(l->line == l->layout->nlines + 1u);
}

static void
fill_line_map(const FzProgram *p, const FzLayout *layout, FzLineMap *lines)
{
    memset(lines, 0, sizeof(*lines));
    lines->first = FZ_PRELUDE_LINES + 1;
    for (uint32_t i = 0; i < p->nbodies; i++) {
        lines->starts[i] = layout->start_line[i];
        lines->started = layout->start_line[i] + 1u;
    }
    for (uint32_t i = 0; i < p->nbodies; i++) {
        lines->joins[i] = lines->started + (p->main.nops > 0) + i;
    }
    for (int i = 0; i < FZ_BLOCK_LIMIT; i++) {
        if (!FzProgram_HasBlock(p, i)) {
            continue;
        }
        uint32_t *to = i < FZ_BLOCK_MAIN ? lines->functions[i] :
                       i == FZ_BLOCK_MAIN ? lines->main :
                       lines->bodies[i - FZ_BLOCK_BODY];
        const FzBlockOps *ops = FzProgram_BlockConst(p, i);
        for (int k = 0; k < ops->nops; k++) {
            to[k] = layout->blocks[i].ops[k].line;
        }
    }
}

void
FzProgram_Lines(const FzProgram *program, FzLineMap *lines)
{
    FzLayout layout;
    FzLayout_Compute(program, &layout);
    fill_line_map(program, &layout, lines);
}

static void
put_program(const FzProgram *program, const FzLayout *layout, bool observed,
            FzBuf *out)
{
    Lifter l = { program, layout, out, FZ_PRELUDE_LINES + 1, observed };
    for (int i = 0; i < program->nclasses; i++) {
        put_class(&l, i);
    }
    for (int i = 0; i < program->nshared; i++) {
        put_shared(&l, i);
    }
    put(&l, "\n");
    put(&l, "\n");
    for (int i = 0; i < FZ_BLOCK_LIMIT; i++) {
        if (FzProgram_HasBlock(program, i) &&
            (i != FZ_BLOCK_MAIN || program->main.nops > 0))
        {
            put_block(&l, i);
        }
    }
    put_module_end(&l);
}

void
FzProgram_Lift(const FzProgram *program, FzBuf *out, FzLineMap *lines)
{
    FzLayout layout;
    FzLayout_Compute(program, &layout);
    const char *prelude = FzProgram_Prelude();
    FzBuf_Append(out, prelude, strlen(prelude));
    put_program(program, &layout, false, out);
    if (lines != NULL) {
        fill_line_map(program, &layout, lines);
    }
}

void
FzProgram_LiftObserved(const FzProgram *program, FzBuf *out)
{
    FzLayout layout;
    FzLayout_Compute(program, &layout);
    put_program(program, &layout, true, out);
}

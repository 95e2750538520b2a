// code_mutate.c: changes of a code object that the verifier often takes:
// operands of the right kind, instructions that do the same to the stack,
// snippets that leave it as it was, exception entries with a handler; and those
// that it should refuse: instructions, targets and counts at random.
//
// What follows a place that is inserted or removed keeps its meaning: targets
// and exception entries move along.

#include "code_file.h"

#include <string.h>

#include "rtcore_code.h"

enum { MAX_SNIPPET = 6, ANY = -1 };

typedef enum ArgumentKind {
    ARG_NONE, ARG_CONST, ARG_NAME, ARG_LOCAL, ARG_COUNT, ARG_TARGET,
    ARG_BINARY, ARG_COMPARE, ARG_FLAG, ARG_DEREF,
} ArgumentKind;

static const struct {
    int8_t argument, pops, pushes;
} opcode_info[RT_OP_COUNT] = {
#define RT_OPCODE(name, argument, pops, pushes, text) \
    { ARG_##argument, pops, pushes },
#include "../../vm/opcodes.def"
};

// Instructions that leave the stack as it was. An operand that is ANY is drawn.
typedef struct Snippet {
    int n;
    struct {
        uint8_t op;
        int16_t arg;
    } ops[MAX_SNIPPET];
} Snippet;

#define OP(name) { RT_OP_##name, ANY }
#define OPN(name, n) { RT_OP_##name, n }
static const Snippet snippets[] = {
    { 2, { OP(LOAD_FAST), OP(POP_TOP) } },
    { 2, { OP(LOAD_CONST), OP(STORE_FAST) } },
    { 1, { OP(DELETE_FAST) } },
    { 4, { OP(LOAD_FAST), OP(LOAD_FAST), OP(BINARY_OP), OP(STORE_FAST) } },
    { 4, { OP(LOAD_FAST), OP(LOAD_FAST), OP(INPLACE_OP), OP(STORE_FAST) } },
    { 4, { OP(LOAD_FAST), OP(LOAD_FAST), OP(COMPARE_OP), OP(POP_TOP) } },
    { 4, { OP(LOAD_FAST), OP(LOAD_FAST), OP(CONTAINS_OP), OP(STORE_FAST) } },
    { 3, { OP(LOAD_FAST), OP(GET_ITER), OP(STORE_FAST) } },
    { 4, { OP(LOAD_FAST), OP(LOAD_METHOD), OPN(CALL_METHOD, 0), OP(POP_TOP) }
        },
    { 5, { OP(LOAD_FAST), OP(LOAD_METHOD), OP(LOAD_FAST), OPN(CALL_METHOD, 1),
        OP(STORE_FAST) } },
    { 4, { OP(LOAD_FAST), OP(LOAD_FAST), OP(BINARY_SUBSCR), OP(STORE_FAST) } },
    { 4, { OP(LOAD_FAST), OP(LOAD_FAST), OP(LOAD_FAST), OP(STORE_SUBSCR) } },
    { 3, { OP(LOAD_FAST), OP(LOAD_FAST), OP(DELETE_SUBSCR) } },
    { 3, { OP(LOAD_FAST), OP(LOAD_ATTR), OP(STORE_FAST) } },
    { 3, { OP(LOAD_FAST), OP(LOAD_FAST), OP(STORE_ATTR) } },
    { 2, { OP(LOAD_FAST), OP(DELETE_ATTR) } },
    { 4, { OP(LOAD_FAST), OPN(UNPACK_SEQUENCE, 2), OP(POP_TOP), OP(STORE_FAST)
        } },
    { 4, { OP(LOAD_FAST), OPN(UNPACK_EX, 257), OPN(BUILD_TUPLE, 3),
        OP(STORE_FAST) } },
    { 4, { OP(LOAD_FAST), OP(LOAD_FAST), OPN(CALL, 1), OP(STORE_FAST) } },
    { 4, { OP(LOAD_GLOBAL), OP(LOAD_FAST), OPN(CALL, 1), OP(POP_TOP) } },
    { 2, { OP(LOAD_GLOBAL), OP(STORE_FAST) } },
    { 2, { OP(LOAD_FAST), OP(STORE_GLOBAL) } },
    { 3, { OP(LOAD_CONST), OP(YIELD_VALUE), OP(STORE_FAST) } },
    { 5, { OP(LOAD_FAST), OP(GET_ITER), OP(LOAD_CONST), OP(YIELD_FROM),
        OP(POP_TOP) } },
    { 2, { OP(LOAD_CLOSURE), OP(STORE_FAST) } },
    { 2, { OP(LOAD_FAST), OP(STORE_DEREF) } },
    { 2, { OP(LOAD_DEREF), OP(STORE_FAST) } },
    { 1, { OP(DELETE_DEREF) } },
    { 1, { OP(MAKE_CELL) } },
    { 1, { OP(COPY_FREE_VARS) } },
    { 5, { OP(LOAD_FAST), OP(LOAD_FAST), OP(LOAD_FAST), OP(CALL_EX),
        OP(STORE_FAST) } },
    { 5, { OP(LOAD_FAST), OP(LOAD_FAST), OP(LOAD_CONST), OPN(CALL_KW, 1),
        OP(STORE_FAST) } },
    { 4, { OPN(BUILD_LIST, 0), OP(LOAD_FAST), OPN(LIST_APPEND, 1),
        OP(STORE_FAST) } },
    { 5, { OPN(BUILD_MAP, 0), OP(LOAD_FAST), OP(LOAD_CONST), OPN(MAP_ADD, 1),
        OP(STORE_FAST) } },
    { 4, { OPN(BUILD_SET, 0), OP(LOAD_FAST), OP(SET_UPDATE), OP(STORE_FAST) }
        },
    { 4, { OP(LOAD_FAST), OP(LOAD_FAST), OPN(MAP_ADD, 1), OP(NOP) } },
    { 4, { OP(LOAD_FAST), OP(BEFORE_WITH), OP(POP_TOP), OP(STORE_FAST) } },
    { 6, { OP(LOAD_FAST), OP(LOAD_FAST), OP(WITH_EXCEPT_START), OP(POP_TOP),
        OP(POP_TOP), OP(POP_TOP) } },
    { 5, { OP(LOAD_FAST), OP(LOAD_FAST), OP(CHECK_EXC_MATCH), OP(POP_TOP),
        OP(POP_TOP) } },
    { 3, { OP(LOAD_FAST), OP(PUSH_EXC_INFO), OP(POP_EXCEPT) } },
    { 5, { OP(LOAD_FAST), OP(PUSH_EXC_INFO), OP(LOAD_FAST),
        OP(POP_EXCEPT_UNDER), OP(STORE_FAST) } },
    { 4, { OP(LOAD_FAST), OP(LOAD_FAST), OP(SET_FUNCTION_ATTRIBUTE),
        OP(STORE_FAST) } },
    { 4, { OP(LOAD_CONST), OP(LOAD_FAST), OPN(BUILD_SLICE, 2), OP(STORE_FAST) }
        },
    { 4, { OP(LOAD_FAST), OP(LOAD_FAST), OPN(BUILD_STRING, 2), OP(STORE_FAST) }
        },
    { 5, { OP(LOAD_FAST), OPN(CONVERT_VALUE, 2), OP(LOAD_CONST),
        OP(FORMAT_VALUE), OP(STORE_FAST) } },
    { 3, { OP(LOAD_FAST), OP(LIST_TO_TUPLE), OP(STORE_FAST) } },
    { 2, { OP(MAKE_FUNCTION), OP(STORE_FAST) } },
    { 3, { OP(LOAD_FAST), OP(MAKE_CLOSURE), OP(STORE_FAST) } },
    { 3, { OP(LOAD_FAST), OP(LOAD_FROM_DICT_OR_GLOBALS), OP(STORE_FAST) } },
    { 3, { OP(LOAD_FAST), OP(LOAD_FROM_DICT_OR_DEREF), OP(STORE_FAST) } },
    { 4, { OP(LOAD_FAST), OP(LOAD_FAST), OP(DICT_UPDATE), OP(STORE_FAST) } },
    { 4, { OP(LOAD_FAST), OP(LOAD_FAST), OP(LIST_EXTEND), OP(STORE_FAST) } },
    { 4, { OP(LOAD_FAST), OP(UNARY_INVERT), OP(UNARY_NOT), OP(POP_TOP) } },
    { 3, { OP(LOAD_FAST), OP(UNARY_NEGATIVE), OP(STORE_FAST) } },
    { 6, { OP(LOAD_FAST), OP(LOAD_FAST), OPN(SWAP_AT, 2), OPN(COPY_AT, 2),
        OPN(BUILD_LIST, 3), OP(STORE_FAST) } },
    { 4, { OP(IMPORT_NAME), OP(IMPORT_FROM), OP(STORE_FAST), OP(POP_TOP) } },
};
enum { SNIPPETS = sizeof(snippets) / sizeof(snippets[0]) };

static uint32_t
modulo(uint32_t value, uint32_t n)
{
    return n == 0 ? 0 : value % n;
}

// An operand that the verifier takes, if there is one.
static uint32_t
fit(const FzCodeUnit *u, unsigned op, uint32_t value)
{
    switch ((ArgumentKind)opcode_info[op].argument) {
    case ARG_NONE:
        return 0;
    case ARG_CONST:
        if (op == RT_OP_MAKE_FUNCTION || op == RT_OP_MAKE_CLOSURE) {
            for (uint32_t i = 0; i < u->nconsts; i++) {
                uint32_t k = (value + i) % u->nconsts;
                if (u->consts[k].tag == 'c') {
                    return k;
                }
            }
        }
        return modulo(value, u->nconsts);
    case ARG_NAME:
        return modulo(value, u->nnames);
    case ARG_LOCAL:
        return modulo(value, u->head[FZ_CODE_LOCALS]);
    case ARG_COUNT:
        return value % 4;
    case ARG_TARGET:
        return modulo(value, u->nops);
    case ARG_BINARY:
        return value % RT_NB_COUNT;
    case ARG_COMPARE:
        return value % (RT_GE + 1);
    case ARG_FLAG:
        return value % 2;
    case ARG_DEREF:
        return modulo(value, u->head[FZ_CODE_CELLS] + u->head[FZ_CODE_FREES]);
    }
    return 0;
}

// ---------------------------------------------------------------------------
// Places.

static bool
has_target(const FzCodeOp *op)
{
    return op->op < RT_OP_COUNT && opcode_info[op->op].argument == ARG_TARGET;
}

// From `at` on everything moves by `change`.
static void
move(FzCodeUnit *u, uint32_t at, int change)
{
    for (uint32_t i = 0; i < u->nops; i++) {
        if (has_target(&u->ops[i]) && u->ops[i].arg > at) {
            u->ops[i].arg += (uint32_t)change;
        }
    }
    for (uint32_t i = 0; i < u->nentries; i++) {
        FzCodeEntry *e = &u->entries[i];
        e->start += e->start > at ? (uint32_t)change : 0;
        e->end += e->end > at ? (uint32_t)change : 0;
        e->handler += e->handler > at ? (uint32_t)change : 0;
    }
}

static void
insert(FzCodeUnit *u, uint32_t at, unsigned op, uint32_t arg)
{
    if (u->nops == u->max_ops) {
        return;
    }
    move(u, at, 1);
    memmove(u->ops + at + 1, u->ops + at, (u->nops - at) * sizeof(FzCodeOp));
    u->ops[at] = (FzCodeOp){ (uint8_t)op, arg };
    u->nops++;
}

static void
remove_ops(FzCodeUnit *u, uint32_t at, uint32_t n)
{
    for (; n > 0 && at < u->nops; n--) {
        memmove(u->ops + at, u->ops + at + 1,
                (u->nops - at - 1) * sizeof(FzCodeOp));
        u->nops--;
        move(u, at, -1);
    }
}

// ---------------------------------------------------------------------------
// Changes. `a` is a byte, `b` two.

static void
change_operand(FzCodeUnit *u, uint32_t at, uint32_t b)
{
    FzCodeOp *op = &u->ops[at];
    if (op->op < RT_OP_COUNT) {
        op->arg = fit(u, op->op, b);
    }
}

// Another instruction that pops and pushes as many.
static void
change_opcode(FzCodeUnit *u, uint32_t at, uint32_t a, uint32_t b)
{
    FzCodeOp *op = &u->ops[at];
    if (op->op >= RT_OP_COUNT) {
        return;
    }
    for (unsigned i = 0; i < RT_OP_COUNT; i++) {
        unsigned other = (a + i) % RT_OP_COUNT;
        if (other != op->op &&
            opcode_info[other].pops == opcode_info[op->op].pops &&
            opcode_info[other].pushes == opcode_info[op->op].pushes)
        {
            bool same_kind = opcode_info[other].argument ==
                             opcode_info[op->op].argument;
            op->op = (uint8_t)other;
            op->arg = same_kind ? op->arg : fit(u, other, b);
            return;
        }
    }
}

// Whether there is an operand for it.
static bool
suits(const FzCodeUnit *u, const Snippet *snippet)
{
    for (int i = 0; i < snippet->n; i++) {
        unsigned op = snippet->ops[i].op;
        uint32_t n = 1;
        switch ((ArgumentKind)opcode_info[op].argument) {
        case ARG_CONST:
            n = u->nconsts;
            break;
        case ARG_NAME:
            n = u->nnames;
            break;
        case ARG_LOCAL:
            n = u->head[FZ_CODE_LOCALS];
            break;
        case ARG_DEREF:
            n = u->head[FZ_CODE_CELLS] + u->head[FZ_CODE_FREES];
            break;
        default:
            break;
        }
        bool yields = op == RT_OP_YIELD_VALUE || op == RT_OP_YIELD_FROM;
        if (n == 0 ||
            (yields && (u->head[FZ_CODE_FLAGS] & RT_CO_GENERATOR) == 0))
        {
            return false;
        }
    }
    return true;
}

static int
pops_of(const FzCodeOp *op)
{
    int n = opcode_info[op->op].pops;
    switch (op->op) {
    case RT_OP_BUILD_MAP:
        return 2 * (int)op->arg;
    case RT_OP_CALL:
    case RT_OP_LIST_APPEND:
    case RT_OP_SET_ADD:
        return (int)op->arg + 1;
    case RT_OP_CALL_METHOD:
    case RT_OP_CALL_METHOD_NO_INTERRUPT:
    case RT_OP_CALL_KW:
    case RT_OP_MAP_ADD:
        return (int)op->arg + 2;
    default:
        return n >= 0 ? n : (int)op->arg;
    }
}

static int
pushes_of(const FzCodeOp *op)
{
    int n = opcode_info[op->op].pushes;
    switch (op->op) {
    case RT_OP_COPY_AT:
        return (int)op->arg + 1;
    case RT_OP_UNPACK_EX:
        return (int)(op->arg & 0xff) + 1 + (int)(op->arg >> 8);
    default:
        return n >= 0 ? n : (int)op->arg;
    }
}

// What is on the stack at `at`, as far as one pass tells; 0 if it does not.
static int
depth_at(const FzCodeUnit *u, uint32_t at)
{
    enum { MAX_OPS = 1024 };
    int16_t depths[MAX_OPS];
    if (u->nops > MAX_OPS) {
        return 0;
    }
    for (uint32_t i = 0; i < u->nops; i++) {
        depths[i] = -1;
    }
    depths[0] = 0;
    for (uint32_t i = 0; i < u->nentries; i++) {
        if (u->entries[i].handler < u->nops) {
            depths[u->entries[i].handler] =
                (int16_t)(u->entries[i].depth % MAX_OPS + 1);
        }
    }
    for (uint32_t i = 0; i < at; i++) {
        const FzCodeOp *op = &u->ops[i];
        if (op->op >= RT_OP_COUNT || depths[i] < 0) {
            continue;
        }
        int floor = depths[i] - pops_of(op);
        int depth = (floor + pushes_of(op)) % MAX_OPS;
        if (has_target(op) && op->arg < u->nops && depths[op->arg] < 0) {
            depths[op->arg] =
                (int16_t)(op->op == RT_OP_FOR_ITER ? floor : depth);
        }
        bool goes_on = op->op != RT_OP_RETURN_VALUE && op->op != RT_OP_RAISE &&
                       op->op != RT_OP_RERAISE &&
                       op->op != RT_OP_JUMP_FORWARD &&
                       op->op != RT_OP_JUMP_BACKWARD &&
                       op->op != RT_OP_JUMP_BACKWARD_NO_INTERRUPT;
        if (goes_on && depths[i + 1] < 0) {
            depths[i + 1] = (int16_t)depth;
        }
    }
    return depths[at] > 0 ? depths[at] : 0;
}

// What the instructions before `at` raise is forgotten, and `at` is next.
static void
guard(FzCodeUnit *u, uint32_t start, uint32_t at, int depth)
{
    if (u->nentries == u->max_entries) {
        return;
    }
    memmove(u->entries + 1, u->entries, u->nentries * sizeof(FzCodeEntry));
    u->entries[0] = (FzCodeEntry){ start, at, u->nops, (uint32_t)depth };
    u->nentries++;
    insert(u, u->nops, RT_OP_PUSH_EXC_INFO, 0);
    insert(u, u->nops, RT_OP_POP_EXCEPT, 0);
    insert(u, u->nops, RT_OP_JUMP_BACKWARD, at);
}

// Mostly the result is dropped, and so is an exception: what follows is to be
// executed, too.
static void
insert_snippet(FzCodeUnit *u, uint32_t at, uint32_t a, uint32_t b)
{
    const Snippet *snippet = &snippets[a % SNIPPETS];
    for (uint32_t i = 1; i < SNIPPETS && !suits(u, snippet); i++) {
        snippet = &snippets[(a + i) % SNIPPETS];
    }
    if (u->nops + MAX_SNIPPET + 3 > u->max_ops) {
        return;
    }
    int depth = depth_at(u, at);
    for (int i = snippet->n; i-- > 0;) {
        unsigned op = snippet->ops[i].op;
        if (op == RT_OP_STORE_FAST && (b & 0x300) != 0) {
            op = RT_OP_POP_TOP;
        }
        uint32_t arg = snippet->ops[i].arg >= 0
            ? (uint32_t)snippet->ops[i].arg
            : fit(u, op, b >> i | b << (16 - i));
        insert(u, at, op, arg);
    }
    if ((b & 0x1c00) != 0) {
        guard(u, at, at + (uint32_t)snippet->n, depth);
    }
}

// Instructions of the unit once more, elsewhere.
static void
repeat(FzCodeUnit *u, uint32_t at, uint32_t a, uint32_t b)
{
    FzCodeOp copies[8];
    uint32_t n = 1 + a % 8;
    uint32_t from = b % u->nops;
    n = n < u->nops - from ? n : u->nops - from;
    memcpy(copies, u->ops + from, n * sizeof(FzCodeOp));
    while (n-- > 0) {
        insert(u, at, copies[n].op, copies[n].arg);
    }
}

// An entry for a range around `at`, mostly with a handler of its own at the
// end, which returns, goes back, or raises again.
static void
insert_entry(FzCodeUnit *u, uint32_t at, uint32_t a, uint32_t b)
{
    if (u->nentries == u->max_entries) {
        return;
    }
    FzCodeEntry entry = {
        .start = at,
        .end = at + 1 + (b >> 8) % (u->nops - at),
        .handler = u->nops,
        .depth = a >> 6 & 3,
    };
    switch (a & 0x38) {
    case 0:
        entry.handler = (b >> 8) + (b & 0xff);
        break;
    case 8:
        insert(u, u->nops, RT_OP_RERAISE, 0);
        break;
    default:
        insert(u, u->nops, RT_OP_PUSH_EXC_INFO, 0);
        insert(u, u->nops, RT_OP_POP_EXCEPT, 0);
        if ((a & 2) != 0) {
            insert(u, u->nops, RT_OP_LOAD_CONST, fit(u, RT_OP_LOAD_CONST, b));
            insert(u, u->nops, RT_OP_RETURN_VALUE, 0);
        }
        else {
            insert(u, u->nops, (a & 4) != 0 ? RT_OP_JUMP_BACKWARD
                   : RT_OP_JUMP_BACKWARD_NO_INTERRUPT, b % u->nops);
        }
        break;
    }
    uint32_t place = b % (u->nentries + 1);
    memmove(u->entries + place + 1, u->entries + place,
            (u->nentries - place) * sizeof(FzCodeEntry));
    u->entries[place] = entry;
    u->nentries++;
}

static void
change_entry(FzCodeUnit *u, uint32_t at, uint32_t a, uint32_t b)
{
    if (u->nentries == 0) {
        insert_entry(u, at, a, b);
        return;
    }
    FzCodeEntry *e = &u->entries[b % u->nentries];
    switch (a % 6) {
    case 0:
        e->start = at;
        break;
    case 1:
        e->end = at;
        break;
    case 2:
        e->handler = at;
        break;
    case 3:
        e->depth += (a & 8) != 0 ? 1u : -1u;
        break;
    case 4:
        u->nentries--;
        *e = u->entries[u->nentries];
        break;
    default: {
        FzCodeEntry *other = &u->entries[at % u->nentries];
        FzCodeEntry swapped = *other;
        *other = *e;
        *e = swapped;
        break;
    }
    }
}

static void
change_head(FzCodeUnit *u, uint32_t a, uint32_t b)
{
    static const uint8_t numbers[] = { 0, 1, 2, 3, 8, 255 };
    uint32_t *number = &u->head[a % FZ_CODE_FIRST_LINE];
    if (a % FZ_CODE_FIRST_LINE == FZ_CODE_FLAGS) {
        *number ^= 1u << b % 4;
    }
    else if (b % 3 == 0) {
        *number = numbers[(b >> 2) % sizeof(numbers)];
    }
    else if (b % 3 == 1 && *number > 0) {
        --*number;
    }
    else {
        ++*number;
    }
}

static void
change_const(const FzCodeFile *file, FzCodeUnit *u, uint32_t a, uint32_t b)
{
    static const uint64_t ints[] = {
        0, 1, 2, 6, 126, 512, 1ull << 33, UINT64_MAX, UINT64_MAX - 1,
        1ull << 62,
    };
    static const uint8_t floats[][8] = {
        { 0 }, { 0, 0, 0, 0, 0, 0, 0xf0, 0x7f },
        { 0, 0, 0, 0, 0, 0, 0xf8, 0x7f },
        { 0, 0, 0, 0, 0, 0, 0xe0, 0x3f },
    };
    if (u->nconsts == 0) {
        return;
    }
    FzCodeValue *value = &u->consts[b % u->nconsts];
    switch (a % 8) {
    case 0:
        *value = (FzCodeValue){ .tag = "NTF."[a >> 3 & 3] };
        break;
    case 1:
    case 2:
        *value = (FzCodeValue){ .tag = 'i' };
        value->number = ints[(a >> 3) % (sizeof(ints) / sizeof(ints[0]))];
        break;
    case 3:
        *value = (FzCodeValue){ .tag = 's', .n = b % file->nstrings };
        break;
    case 4:
        *value = (FzCodeValue){ .tag = 'f', .n = 8 };
        value->bytes = floats[a >> 3 & 3];
        break;
    case 5:
        *value = (FzCodeValue){ .tag = '(' };
        break;
    case 6:
        *value = (FzCodeValue){ .tag = 'l', .n = 20 };
        value->bytes = (const uint8_t *)"-ffeeddccbbaa99887766";
        break;
    default: {
        FzCodeValue *other = &u->consts[(b >> 8) % u->nconsts];
        FzCodeValue swapped = *other;
        *other = *value;
        *value = swapped;
        break;
    }
    }
}

void
FzCode_Mutate(const FzCodeFile *file, FzCodeUnit *u, FzCodeBytes *bytes)
{
    uint32_t kind = FzCodeBytes_Take(bytes, 1);
    uint32_t at = FzCodeBytes_Take(bytes, 2);
    uint32_t a = FzCodeBytes_Take(bytes, 1);
    uint32_t b = FzCodeBytes_Take(bytes, 2);
    if (u->nops == 0) {
        return;
    }
    at %= u->nops;
    // The first ones are mostly taken, the last ones seldom.
    switch (kind % 32) {
    default:
        insert_snippet(u, at, a, b);
        break;
    case 10:
    case 11:
    case 12:
    case 13:
        change_operand(u, at, b);
        break;
    case 14:
    case 15:
    case 16:
    case 17:
    case 18:
        change_opcode(u, at, a, b);
        break;
    case 19:
    case 20:
        change_const(file, u, a, b);
        break;
    case 21:
    case 22:
    case 23:
        insert_entry(u, at, a, b);
        break;
    case 24:
    case 25:
        change_entry(u, at, a, b);
        break;
    case 26:
        change_head(u, a, b);
        break;
    case 27:
        remove_ops(u, at, 1 + (a < 192 ? 0 : a % 4));
        break;
    case 28:
    case 29:
        repeat(u, at, a, b);
        break;
    case 30:
        if (u->nnames > 0) {
            u->names[at % u->nnames] = b % file->nstrings;
        }
        break;
    case 31:
        // Anything at all.
        u->ops[at] = (FzCodeOp){ (uint8_t)a, b };
        break;
    }
}

// verify_loops.c: code in which a thread could go round for ever without
// passing the eval breaker is refused: a request to stop the world, or for the
// GIL, would never be seen.
//
// An instruction leads to its successors; those that check the breaker on their
// way lead nowhere here, but to their handler: what raises has not checked. If
// all of that can be taken away from its beginnings on, there is no such loop.
// Unreachable code is no exception, and every instruction is taken to raise.
// Mirrors nothing: CPython trusts its compiler to emit unchecked jumps only
// where they end.

#include "verify.h"

enum { MAX_SUCCESSORS = 3 };

static bool
has_unchecked_jump(const RtCodeSpec *spec)
{
    for (size_t i = 0; i < spec->ninstructions; i++) {
        if (RtInstruction_Opcode(spec->instructions[i]) ==
            RT_OP_JUMP_BACKWARD_NO_INTERRUPT) {
            return true;
        }
    }
    return false;
}

// Without the handler. The number of them.
static int
get_successors(const RtCodeSpec *spec, uint32_t pc, uint32_t *out)
{
    RtInstruction instruction = spec->instructions[pc];
    uint32_t arg = RtInstruction_Arg(instruction);
    int n = 0;
    switch (RtInstruction_Opcode(instruction)) {
    case RT_OP_JUMP_BACKWARD:
    case RT_OP_CALL:
    case RT_OP_CALL_METHOD:
    case RT_OP_CALL_KW:
    case RT_OP_CALL_EX:
        return 0;
    case RT_OP_RETURN_VALUE:
    case RT_OP_RAISE:
    case RT_OP_RERAISE:
        return 0;
    case RT_OP_JUMP_FORWARD:
    case RT_OP_JUMP_BACKWARD_NO_INTERRUPT:
        out[n++] = arg;
        return n;
    case RT_OP_FOR_ITER:
    case RT_OP_POP_JUMP_IF_FALSE:
    case RT_OP_POP_JUMP_IF_TRUE:
        out[n++] = arg;
        break;
    default:
        break;
    }
    if (pc + 1 < spec->ninstructions) {
        out[n++] = pc + 1;
    }
    return n;
}

typedef struct Graph {
    const RtCodeSpec *spec;
    const uint32_t *entry_of;
    uint32_t *incoming;         // edges from what is not taken away yet
    uint32_t *worklist;         // without any
    size_t nwork;
} Graph;

static int
get_edges(const Graph *g, uint32_t pc, uint32_t *out)
{
    int n = get_successors(g->spec, pc, out);
    if (g->entry_of[pc] != RT_VERIFY_NO_ENTRY) {
        out[n++] = g->spec->exceptions[g->entry_of[pc]].handler;
    }
    return n;
}

static void
count_edges(Graph *g)
{
    uint32_t out[MAX_SUCCESSORS];
    size_t n = g->spec->ninstructions;
    for (size_t i = 0; i < n; i++) {
        g->incoming[i] = 0;
    }
    for (uint32_t pc = 0; pc < n; pc++) {
        for (int k = get_edges(g, pc, out); k-- > 0;) {
            g->incoming[out[k]]++;
        }
    }
    for (uint32_t pc = 0; pc < n; pc++) {
        if (g->incoming[pc] == 0) {
            g->worklist[g->nwork++] = pc;
        }
    }
}

// The number of instructions that could be taken away.
static size_t
take_away(Graph *g)
{
    uint32_t out[MAX_SUCCESSORS];
    size_t taken = 0;
    while (g->nwork > 0) {
        uint32_t pc = g->worklist[--g->nwork];
        taken++;
        for (int k = get_edges(g, pc, out); k-- > 0;) {
            if (--g->incoming[out[k]] == 0) {
                g->worklist[g->nwork++] = out[k];
            }
        }
    }
    return taken;
}

ssize_t
RtVerify_FindUncheckedLoop(const RtCodeSpec *spec, const uint32_t *entry_of,
                           uint32_t *scratch)
{
    if (!has_unchecked_jump(spec)) {
        return -1;
    }
    size_t n = spec->ninstructions;
    Graph g = { spec, entry_of, scratch, scratch + n, 0 };
    count_edges(&g);
    if (take_away(&g) == n) {
        return -1;
    }
    uint32_t pc = 0;
    while (g.incoming[pc] == 0) {
        pc++;
    }
    return (ssize_t)pc;
}

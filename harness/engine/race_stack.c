// race_stack.c: call stacks of threads, as nodes of one tree: a stack is the
// index of its innermost node, so that every access record can carry one.
//
// The tree outlives a run (programs call the same paths again) until it has
// grown large; then it is cut down between two runs.

#include <stdlib.h>
#include <string.h>

#include "race_internal.h"

enum {
    FIRST_NODES = 4096,
    MAX_NODES = 1 << 16,
};

typedef struct Node {
    uintptr_t pc;               // call site in the caller
    uint32_t parent;
    uint32_t last_child;        // the one entered last: often the next, too
} Node;

uint32_t fz_race_context[FZ_MAX_THREADS];

static Node *nodes;             // [0]: the root, its own parent
static uint32_t nnodes, nodes_capacity;
static uint32_t *table;         // node indices by (parent, pc); twice as long

static size_t
home_of(uint32_t parent, uintptr_t pc)
{
    uint64_t h = (pc ^ (uint64_t)parent << 40 ^ parent) * 0x9e3779b97f4a7c15u;
    return (size_t)(h >> 32) & (2 * (size_t)nodes_capacity - 1);
}

static void
insert(uint32_t index)
{
    size_t i = home_of(nodes[index].parent, nodes[index].pc);
    while (table[i] != 0) {
        i = (i + 1) & (2 * (size_t)nodes_capacity - 1);
    }
    table[i] = index;
}

static void
set_capacity(uint32_t capacity)
{
    nodes_capacity = capacity;
    nodes = realloc(nodes, capacity * sizeof(Node));
    free(table);
    table = calloc(2 * (size_t)capacity, sizeof(uint32_t));
    FZ_ASSERT(nodes != NULL);
    FZ_ASSERT(table != NULL);
    for (uint32_t i = 1; i < nnodes; i++) {
        insert(i);
    }
}

void
FzRaceStack_Reset(void)
{
    memset(fz_race_context, 0, sizeof(fz_race_context));
    if (nodes == NULL || nnodes > MAX_NODES) {
        nnodes = 1;
        set_capacity(FIRST_NODES);
        nodes[0] = (Node){0, 0, 0};
    }
}

// The child of a node for a call site, made if need be.
static uint32_t
find_child(uint32_t parent, uintptr_t pc)
{
    size_t i = home_of(parent, pc);
    uint32_t index;
    while ((index = table[i]) != 0) {
        if (nodes[index].pc == pc && nodes[index].parent == parent) {
            return index;
        }
        i = (i + 1) & (2 * (size_t)nodes_capacity - 1);
    }
    if (nnodes == nodes_capacity) {
        set_capacity(nodes_capacity * 2);
    }
    index = nnodes++;
    nodes[index] = (Node){pc, parent, 0};
    insert(index);
    return index;
}

void
FzRace_FunctionEntry(uint32_t thread, uintptr_t pc)
{
    uint32_t parent = fz_race_context[thread];
    uint32_t child = nodes[parent].last_child;
    if (child == 0 || nodes[child].pc != pc) {
        child = find_child(parent, pc);
        nodes[parent].last_child = child;
    }
    fz_race_context[thread] = child;
}

void
FzRace_FunctionExit(uint32_t thread)
{
    fz_race_context[thread] = nodes[fz_race_context[thread]].parent;
}

uint32_t
FzRaceStack_Unwind(uint32_t context, uintptr_t *stack, uint32_t max)
{
    uint32_t depth = 0;
    while (context != 0 && depth < max) {
        stack[depth++] = nodes[context].pc;
        context = nodes[context].parent;
    }
    return depth;
}

// verify.c: decides whether a code object can be run without checks.
//
// Abstract interpretation of the value stack over all paths, exception edges
// included. The state before an instruction is the depth of the stack and the
// slots that may hold NULL (the self slot of LOAD_METHOD); it must be the same
// along all paths, so each instruction is looked at once. Every operand is
// checked, also of instructions that no path reaches.
//
// Only JUMP_BACKWARD* go back: exception handlers lie behind their range. That
// each cycle passes the eval breaker is looked at apart (verify_loops.c).
// Mirrors the stack effects of Python/flowgraph.c (CPython 3.13); departs:
// CPython trusts its bytecode and has no verifier.

#include "verify.h"

#include "rt_types.h"
#include "rtcore_heap.h"        // RtMem_Malloc
#include "rtcore_object.h"      // Rt_IS_TYPE

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef enum ArgumentKind {
    ARG_NONE, ARG_CONST, ARG_NAME, ARG_LOCAL, ARG_COUNT, ARG_TARGET,
    ARG_BINARY, ARG_COMPARE, ARG_FLAG, ARG_DEREF,
} ArgumentKind;

typedef struct OpcodeInfo {
    const char *name;
    int8_t argument;            // ArgumentKind
    int8_t pops;                // -1: from the argument
    int8_t pushes;
} OpcodeInfo;

static const OpcodeInfo opcode_info[RT_OP_COUNT] = {
#define RT_OPCODE(name, argument, pops, pushes, text) \
    [RT_OP_##name] = { #name, ARG_##argument, pops, pushes },
#include "opcodes.def"
};

// What is known before an instruction.
typedef struct AbstractState {
    int32_t depth;              // -1: not reached yet
    // 1 + index of the LOAD_METHOD that pushed the topmost slot that may be
    // NULL, or 0. Its slot is that instruction's depth, and the next slot below
    // is in that instruction's own state.
    uint32_t null_top;
} AbstractState;

// Two words: what comes after the states needs as many.
_Static_assert(sizeof(AbstractState) == 2 * sizeof(uint32_t), "scratch");

typedef struct Verifier {
    const RtCodeSpec *spec;
    AbstractState *states;
    uint32_t *worklist;
    uint32_t *entry_of;         // innermost entry, or RT_VERIFY_NO_ENTRY
    size_t nwork;
    int max_depth;
    uint32_t pc;                // instruction in hand
    char *why;
    size_t why_size;
} Verifier;

static int
reject(Verifier *v, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// Names the instruction in hand. -1.
static int
reject(Verifier *v, const char *format, ...)
{
    if (v->why_size == 0) {
        return -1;
    }
    unsigned op = RtInstruction_Opcode(v->spec->instructions[v->pc]);
    const char *name = op < RT_OP_COUNT ? opcode_info[op].name : "?";
    int n = snprintf(v->why, v->why_size, "instruction %u (%s): ", v->pc,
                     name);
    if (n > 0 && (size_t)n < v->why_size) {
        va_list args;
        va_start(args, format);
        vsnprintf(v->why + n, v->why_size - (size_t)n, format, args);
        va_end(args);
    }
    return -1;
}

static int
reject_whole(char *why, size_t why_size, const char *message)
{
    if (why_size > 0) {
        snprintf(why, why_size, "code: %s", message);
    }
    return -1;
}

// ---------------------------------------------------------------------------
// What can be said without the stack.

static int
check_target(Verifier *v, uint32_t target, RtOpcode op)
{
    if (target >= v->spec->ninstructions) {
        return reject(v, "target %u is outside of the code", target);
    }
    bool backward = target <= v->pc;
    if (backward != (op == RT_OP_JUMP_BACKWARD ||
                     op == RT_OP_JUMP_BACKWARD_NO_INTERRUPT)) {
        return reject(v, "target %u is in the wrong direction", target);
    }
    return 0;
}

static int
check_const(Verifier *v, uint32_t arg, RtOpcode op)
{
    RtObject *consts = v->spec->consts;
    if (arg >= (size_t)RtTuple_Size(consts)) {
        return reject(v, "constant %u does not exist", arg);
    }
    RtObject *value = RtTuple_GetItem(consts, (ssize_t)arg);
    if (value == NULL) {
        return reject(v, "constant %u is unset", arg);
    }
    if (op != RT_OP_MAKE_FUNCTION && op != RT_OP_MAKE_CLOSURE) {
        return 0;
    }
    if (!Rt_IS_TYPE(value, &RtCode_Type)) {
        return reject(v, "constant %u is not code", arg);
    }
    if (op == RT_OP_MAKE_FUNCTION &&
        ((RtCodeObject *)value)->co_nfreevars != 0)
    {
        return reject(v, "constant %u needs a closure", arg);
    }
    return 0;
}

static int
check_name(Verifier *v, uint32_t arg)
{
    RtObject *names = v->spec->names;
    if (arg >= (size_t)RtTuple_Size(names)) {
        return reject(v, "name %u does not exist", arg);
    }
    RtObject *name = RtTuple_GetItem(names, (ssize_t)arg);
    if (name == NULL || !Rt_IS_TYPE(name, &RtStr_Type)) {
        return reject(v, "name %u is not a str", arg);
    }
    return 0;
}

static int
check_limit(Verifier *v, uint32_t arg, uint32_t limit, const char *what)
{
    if (arg >= limit) {
        return reject(v, "%s %u is not below %u", what, arg, limit);
    }
    return 0;
}

static int
num_cells(const RtCodeSpec *spec)
{
    return spec->ncellvars + spec->nfreevars;
}

// Counts that are not just bounded by the stack.
static int
check_count(Verifier *v, uint32_t arg, RtOpcode op)
{
    uint32_t low = 0, high = RT_CODE_MAX_STACK;
    switch (op) {
    case RT_OP_RAISE:
        high = 2;
        break;
    case RT_OP_SET_FUNCTION_ATTRIBUTE:
        high = 1;
        break;
    case RT_OP_BUILD_SLICE:
        low = 2, high = 3;
        break;
    case RT_OP_CONVERT_VALUE:
        low = 1, high = 3;
        break;
    case RT_OP_COPY_AT:
    case RT_OP_SWAP_AT:
    case RT_OP_LIST_APPEND:
    case RT_OP_SET_ADD:
    case RT_OP_MAP_ADD:
        low = 1;
        break;
    case RT_OP_UNPACK_EX:
        high = 0xffff;
        break;
    default:
        break;
    }
    if (arg < low) {
        return reject(v, "count %u is below %u", arg, low);
    }
    return check_limit(v, arg, high + 1, "count");
}

static int
check_operand(Verifier *v)
{
    RtInstruction instruction = v->spec->instructions[v->pc];
    RtOpcode op = RtInstruction_Opcode(instruction);
    uint32_t arg = RtInstruction_Arg(instruction);
    if (op >= RT_OP_COUNT) {
        return reject(v, "unknown opcode %u", (unsigned)op);
    }
    if ((op == RT_OP_YIELD_VALUE || op == RT_OP_YIELD_FROM) &&
        (v->spec->flags & RT_CO_GENERATOR) == 0)
    {
        return reject(v, "the code is not a generator's");
    }
    switch ((ArgumentKind)opcode_info[op].argument) {
    case ARG_NONE:
        return check_limit(v, arg, 1, "unused argument");
    case ARG_CONST:
        return check_const(v, arg, op);
    case ARG_NAME:
        return check_name(v, arg);
    case ARG_LOCAL:
        return check_limit(v, arg, (uint32_t)v->spec->nlocals, "local");
    case ARG_COUNT:
        return check_count(v, arg, op);
    case ARG_TARGET:
        return check_target(v, arg, op);
    case ARG_BINARY:
        return check_limit(v, arg, RT_NB_COUNT, "operation");
    case ARG_COMPARE:
        return check_limit(v, arg, RT_GE + 1, "comparison");
    case ARG_FLAG:
        return check_limit(v, arg, 2, "flag");
    case ARG_DEREF:
        return check_limit(v, arg, (uint32_t)num_cells(v->spec), "cell");
    }
    return reject(v, "unknown kind of argument");
}

static bool
are_parameters_valid(const RtCodeSpec *spec)
{
    if (spec->argcount < 0 || spec->argcount > spec->nlocals ||
        spec->posonlyargcount < 0 || spec->posonlyargcount > spec->argcount ||
        spec->kwonlyargcount < 0 || spec->kwonlyargcount > spec->nlocals)
    {
        return false;
    }
    int nparams = spec->argcount + spec->kwonlyargcount +
                  ((spec->flags & RT_CO_VARARGS) != 0) +
                  ((spec->flags & RT_CO_VARKEYWORDS) != 0);
    // Without names there is nothing that a keyword could mean.
    return nparams <= spec->nlocals &&
           (spec->varnames != NULL || nparams == spec->argcount);
}

static bool
are_names_valid(const RtCodeSpec *spec)
{
    RtObject *names = spec->varnames;
    if (names == NULL) {
        return true;
    }
    if (!Rt_IS_TYPE(names, &RtTuple_Type) ||
        RtTuple_Size(names) != spec->nlocals + num_cells(spec))
    {
        return false;
    }
    for (ssize_t i = 0; i < RtTuple_Size(names); i++) {
        RtObject *name = RtTuple_GetItem(names, i);
        if (name == NULL || !Rt_IS_TYPE(name, &RtStr_Type)) {
            return false;
        }
    }
    return true;
}

static int
check_header(const RtCodeSpec *spec, char *why, size_t why_size)
{
    if (spec->ninstructions == 0 || spec->instructions == NULL) {
        return reject_whole(why, why_size, "no instructions");
    }
    if (spec->ninstructions > RT_CODE_MAX_INSTRUCTIONS) {
        return reject_whole(why, why_size, "too many instructions");
    }
    if (spec->nlocals < 0 || spec->nlocals > RT_CODE_MAX_LOCALS) {
        return reject_whole(why, why_size, "bad number of locals");
    }
    if (spec->ncellvars < 0 || spec->nfreevars < 0 ||
        spec->ncellvars > RT_CODE_MAX_LOCALS ||
        spec->nfreevars > RT_CODE_MAX_LOCALS)
    {
        return reject_whole(why, why_size, "bad number of cells");
    }
    if ((spec->flags & ~(uint32_t)RT_CO_ALL) != 0) {
        return reject_whole(why, why_size, "unknown flags");
    }
    if (!are_parameters_valid(spec)) {
        return reject_whole(why, why_size, "bad number of arguments");
    }
    if (!are_names_valid(spec)) {
        return reject_whole(why, why_size, "bad names of variables");
    }
    if (spec->consts == NULL || !Rt_IS_TYPE(spec->consts, &RtTuple_Type)) {
        return reject_whole(why, why_size, "constants are not a tuple");
    }
    if (spec->names == NULL || !Rt_IS_TYPE(spec->names, &RtTuple_Type)) {
        return reject_whole(why, why_size, "names are not a tuple");
    }
    if (spec->nexceptions > 0 && spec->exceptions == NULL) {
        return reject_whole(why, why_size, "no exception table");
    }
    if (spec->nexceptions > RT_CODE_MAX_EXCEPTIONS) {
        return reject_whole(why, why_size, "too many exception entries");
    }
    return 0;
}

static int
check_exception_entry(const RtCodeSpec *spec, size_t i, char *why,
                      size_t why_size)
{
    const RtExceptionEntry *e = &spec->exceptions[i];
    const char *fault = NULL;
    if (e->start >= e->end || e->end > spec->ninstructions) {
        fault = "range is empty or outside of the code";
    }
    else if (e->handler >= spec->ninstructions) {
        fault = "handler is outside of the code";
    }
    else if (e->handler < e->end) {
        fault = "handler is not behind its range";
    }
    else if (e->depth >= RT_CODE_MAX_STACK) {
        fault = "depth is too large";
    }
    if (fault == NULL) {
        return 0;
    }
    if (why_size > 0) {
        snprintf(why, why_size, "exception entry %zu (instructions %u to %u): "
                 "%s", i, e->start, e->end, fault);
    }
    return -1;
}

// ---------------------------------------------------------------------------
// The stack.

static uint32_t
null_slot(const Verifier *v, uint32_t null_top)
{
    return (uint32_t)v->states[null_top - 1].depth;
}

static uint32_t
null_below(const Verifier *v, uint32_t null_top)
{
    return v->states[null_top - 1].null_top;
}

static bool
same_null_slots(const Verifier *v, uint32_t a, uint32_t b)
{
    while (a != b) {
        if (a == 0 || b == 0 || null_slot(v, a) != null_slot(v, b)) {
            return false;
        }
        a = null_below(v, a);
        b = null_below(v, b);
    }
    return true;
}

// The state `depth, null_top` reaches `target`.
static int
flow_to(Verifier *v, size_t target, int32_t depth, uint32_t null_top)
{
    if (target >= v->spec->ninstructions) {
        return reject(v, "runs off the end of the code");
    }
    if (depth > RT_CODE_MAX_STACK) {
        return reject(v, "the stack grows beyond %d", RT_CODE_MAX_STACK);
    }
    AbstractState *state = &v->states[target];
    if (state->depth < 0) {
        state->depth = depth;
        state->null_top = null_top;
        if (depth > v->max_depth) {
            v->max_depth = depth;
        }
        v->worklist[v->nwork++] = (uint32_t)target;
        return 0;
    }
    if (state->depth != depth) {
        return reject(v, "instruction %zu is reached with stack depth %d "
                      "and %d", target, state->depth, depth);
    }
    if (!same_null_slots(v, state->null_top, null_top)) {
        return reject(v, "instruction %zu is reached with different method "
                      "slots", target);
    }
    return 0;
}

static int
instruction_pops(RtOpcode op, uint32_t arg)
{
    int pops = opcode_info[op].pops;
    if (pops >= 0) {
        return pops;
    }
    switch (op) {
    case RT_OP_BUILD_MAP:
        return 2 * (int)arg;
    case RT_OP_CALL:
        return (int)arg + 1;
    case RT_OP_CALL_METHOD:
    case RT_OP_CALL_METHOD_NO_INTERRUPT:
    case RT_OP_CALL_KW:
    case RT_OP_MAP_ADD:
        return (int)arg + 2;
    case RT_OP_LIST_APPEND:
    case RT_OP_SET_ADD:
        return (int)arg + 1;
    default:
        return (int)arg;
    }
}

static int
instruction_pushes(RtOpcode op, uint32_t arg)
{
    int pushes = opcode_info[op].pushes;
    if (pushes >= 0) {
        return pushes;
    }
    switch (op) {
    case RT_OP_COPY_AT:
        return (int)arg + 1;
    case RT_OP_UNPACK_EX:
        return (int)(arg & 0xff) + 1 + (int)(arg >> 8);
    default:
        return (int)arg;
    }
}

static bool
can_raise(RtOpcode op)
{
    switch (op) {
    case RT_OP_NOP:
    case RT_OP_LOAD_CONST:
    case RT_OP_STORE_FAST:
    case RT_OP_POP_TOP:
    case RT_OP_COPY:
    case RT_OP_SWAP:
    case RT_OP_IS_OP:
    case RT_OP_JUMP_FORWARD:
    case RT_OP_JUMP_BACKWARD_NO_INTERRUPT:
    case RT_OP_RETURN_VALUE:
    case RT_OP_PUSH_EXC_INFO:
    case RT_OP_POP_EXCEPT:
    case RT_OP_COPY_FREE_VARS:
    case RT_OP_COPY_AT:
    case RT_OP_SWAP_AT:
    case RT_OP_POP_EXCEPT_UNDER:
        return false;
    default:
        return true;
    }
}

// Slots at `floor` and above are used by the instruction: none may be NULL,
// except the self slot of CALL_METHOD. Sets the list of those left.
static int
use_slots(Verifier *v, RtOpcode op, int32_t floor, uint32_t *null_top)
{
    if (*null_top == 0 || null_slot(v, *null_top) < (uint32_t)floor) {
        return 0;
    }
    if ((op == RT_OP_CALL_METHOD || op == RT_OP_CALL_METHOD_NO_INTERRUPT) &&
        null_slot(v, *null_top) == (uint32_t)floor + 1)
    {
        *null_top = null_below(v, *null_top);
        if (*null_top == 0 || null_slot(v, *null_top) < (uint32_t)floor) {
            return 0;
        }
    }
    return reject(v, "uses the self slot of a method");
}

// An exception in the instruction in hand.
static int
flow_to_handler(Verifier *v, int32_t floor, uint32_t null_top)
{
    uint32_t index = v->entry_of[v->pc];
    if (index == RT_VERIFY_NO_ENTRY) {
        return 0;
    }
    const RtExceptionEntry *e = &v->spec->exceptions[index];
    if ((int64_t)e->depth > floor) {
        return reject(v, "may raise with %d items on the stack, its handler "
                      "%u needs %u", floor, e->handler, e->depth);
    }
    while (null_top != 0 && null_slot(v, null_top) >= e->depth) {
        null_top = null_below(v, null_top);
    }
    return flow_to(v, e->handler, (int32_t)e->depth + 1, null_top);
}

static int
step(Verifier *v)
{
    RtInstruction instruction = v->spec->instructions[v->pc];
    RtOpcode op = RtInstruction_Opcode(instruction);
    uint32_t arg = RtInstruction_Arg(instruction);
    AbstractState state = v->states[v->pc];

    int pops = instruction_pops(op, arg);
    int32_t floor = state.depth - pops;
    if (floor < 0) {
        return reject(v, "pops %d of %d items", pops, state.depth);
    }
    uint32_t null_top = state.null_top;
    // They also look at the exception below, which stays.
    bool peeks = op == RT_OP_PUSH_EXC_INFO || op == RT_OP_CHECK_EXC_MATCH;
    int32_t used = peeks ? floor - 1 : floor;
    if (used < 0) {
        return reject(v, "the stack is empty");
    }
    if (use_slots(v, op, used, &null_top) < 0) {
        return -1;
    }
    if (can_raise(op) && flow_to_handler(v, floor, null_top) < 0) {
        return -1;
    }

    int32_t depth = floor + instruction_pushes(op, arg);
    switch (op) {
    case RT_OP_RETURN_VALUE:
    case RT_OP_RAISE:
    case RT_OP_RERAISE:
        return 0;
    case RT_OP_JUMP_FORWARD:
    case RT_OP_JUMP_BACKWARD:
    case RT_OP_JUMP_BACKWARD_NO_INTERRUPT:
        return flow_to(v, arg, depth, null_top);
    case RT_OP_FOR_ITER:
        if (flow_to(v, arg, floor, null_top) < 0) {
            return -1;
        }
        break;
    case RT_OP_POP_JUMP_IF_FALSE:
    case RT_OP_POP_JUMP_IF_TRUE:
        if (flow_to(v, arg, depth, null_top) < 0) {
            return -1;
        }
        break;
    case RT_OP_LOAD_METHOD:
        // Its own state says where the slot is: it pops one and pushes the
        // slot on top of another.
        null_top = v->pc + 1;
        break;
    default:
        break;
    }
    return flow_to(v, (size_t)v->pc + 1, depth, null_top);
}

static int
interpret(Verifier *v)
{
    size_t n = v->spec->ninstructions;
    for (size_t i = 0; i < n; i++) {
        v->states[i].depth = -1;
        v->states[i].null_top = 0;
        v->entry_of[i] = RT_VERIFY_NO_ENTRY;
    }
    // Inner ranges come first, so they are written last.
    for (size_t i = v->spec->nexceptions; i-- > 0;) {
        const RtExceptionEntry *e = &v->spec->exceptions[i];
        for (uint32_t pc = e->start; pc < e->end; pc++) {
            v->entry_of[pc] = (uint32_t)i;
        }
    }
    v->pc = 0;
    if (flow_to(v, 0, 0, 0) < 0) {
        return -1;
    }
    while (v->nwork > 0) {
        v->pc = v->worklist[--v->nwork];
        if (step(v) < 0) {
            return -1;
        }
    }
    // The states are not needed any more.
    ssize_t loop = RtVerify_FindUncheckedLoop(v->spec, v->entry_of,
                                              (uint32_t *)v->states);
    if (loop >= 0) {
        v->pc = (uint32_t)loop;
        return reject(v, "a loop that never passes the eval breaker leads "
                      "here");
    }
    return v->max_depth;
}

int
RtCode_Verify(const RtCodeSpec *spec, char *why, size_t why_size)
{
    if (check_header(spec, why, why_size) < 0) {
        return -1;
    }
    for (size_t i = 0; i < spec->nexceptions; i++) {
        if (check_exception_entry(spec, i, why, why_size) < 0) {
            return -1;
        }
    }
    Verifier v = { .spec = spec, .why = why, .why_size = why_size };
    size_t n = spec->ninstructions;
    for (size_t i = 0; i < n; i++) {
        v.pc = (uint32_t)i;
        if (check_operand(&v) < 0) {
            return -1;
        }
    }
    // One block: states, worklist, entry_of.
    void *scratch = RtMem_Malloc(
        n * (sizeof(AbstractState) + 2 * sizeof(uint32_t)));
    if (scratch == NULL) {
        reject_whole(why, why_size, "out of memory");
        return RT_VERIFY_NO_MEMORY;
    }
    v.states = scratch;
    v.worklist = (uint32_t *)(v.states + n);
    v.entry_of = v.worklist + n;
    int depth = interpret(&v);
    RtMem_Free(scratch);
    return depth;
}

// lower_prelude.c: the functions of the prelude (lift.c) that print the final
// state of shared objects, line by line as they stand there.

#include "lower_internal.h"
#include "rt_types.h"

static void
load_fast(FzEmitter *e, uint32_t local)
{
    FzEmit_Op(e, RT_OP_LOAD_FAST, local);
}

// `x = x + 1` or `x = x + <local>`.
static void
emit_add(FzEmitter *e, uint32_t local, uint32_t other)
{
    load_fast(e, local);
    if (other == 0) {
        FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_1);
    }
    else {
        load_fast(e, other);
    }
    FzEmit_Op(e, RT_OP_BINARY_OP, RT_NB_ADD);
    FzEmit_Op(e, RT_OP_STORE_FAST, local);
}

// `if isinstance(item, type):`; returns the jump over what follows.
static uint32_t
emit_isinstance(FzEmitter *e, uint32_t item, unsigned type)
{
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_isinstance);
    load_fast(e, item);
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, type);
    FzEmit_Op(e, RT_OP_CALL, 2);
    return FzEmit_Op(e, RT_OP_POP_JUMP_IF_FALSE, 0);
}

// `x.append(item)`.
static void
emit_append(FzEmitter *e, uint32_t list, uint32_t item)
{
    load_fast(e, list);
    FzEmit_Name(e, RT_OP_LOAD_METHOD, FZ_NAME_append);
    load_fast(e, item);
    FzEmit_Op(e, RT_OP_CALL_METHOD, 1);
    FzEmit_Op(e, RT_OP_POP_TOP, 0);
}

RtObject *
FzLower_Show(FzEmitter *e)
{
    enum { NAME, ITEMS, NUMBER, TEXT, OTHER, ITEM, NLOCALS };
    FzEmit_Begin(e, -1);
    e->line = FZ_PRELUDE_SHOW + 1;
    for (uint32_t local = NUMBER; local <= OTHER; local++) {
        FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_0);
        FzEmit_Op(e, RT_OP_STORE_FAST, local);
    }
    e->line++;
    load_fast(e, ITEMS);
    FzEmit_Op(e, RT_OP_GET_ITER, 0);
    uint32_t head = FzEmit_Op(e, RT_OP_FOR_ITER, 0);
    FzEmit_Op(e, RT_OP_STORE_FAST, ITEM);
    e->line++;
    uint32_t not_int = emit_isinstance(e, ITEM, FZ_NAME_int);
    e->line++;
    emit_add(e, NUMBER, ITEM);
    FzEmit_Op(e, RT_OP_JUMP_BACKWARD, head);
    FzEmit_PatchHere(e, not_int);
    e->line++;
    uint32_t not_str = emit_isinstance(e, ITEM, FZ_NAME_str);
    e->line++;
    emit_add(e, TEXT, 0);
    FzEmit_Op(e, RT_OP_JUMP_BACKWARD, head);
    FzEmit_PatchHere(e, not_str);
    e->line += 2;
    emit_add(e, OTHER, 0);
    FzEmit_Op(e, RT_OP_JUMP_BACKWARD, head);
    FzEmit_PatchHere(e, head);
    e->line++;
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_print);
    load_fast(e, NAME);
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_len);
    load_fast(e, ITEMS);
    FzEmit_Op(e, RT_OP_CALL, 1);
    for (uint32_t local = NUMBER; local <= OTHER; local++) {
        load_fast(e, local);
    }
    FzEmit_Op(e, RT_OP_CALL, 5);
    FzEmit_Op(e, RT_OP_RETURN_VALUE, 0);
    return FzEmit_Finish(e, "show", NLOCALS, 2);
}

RtObject *
FzLower_Flat(FzEmitter *e)
{
    enum { ITEMS, OUT, KEY, VALUE, NLOCALS };
    FzEmit_Begin(e, -1);
    e->line = FZ_PRELUDE_FLAT + 1;
    FzEmit_Op(e, RT_OP_BUILD_LIST, 0);
    FzEmit_Op(e, RT_OP_STORE_FAST, OUT);
    e->line++;
    load_fast(e, ITEMS);
    FzEmit_CallMethod(e, FZ_NAME_items);
    FzEmit_Op(e, RT_OP_GET_ITER, 0);
    uint32_t head = FzEmit_Op(e, RT_OP_FOR_ITER, 0);
    FzEmit_Op(e, RT_OP_UNPACK_SEQUENCE, 2);
    FzEmit_Op(e, RT_OP_STORE_FAST, KEY);
    FzEmit_Op(e, RT_OP_STORE_FAST, VALUE);
    e->line++;
    emit_append(e, OUT, KEY);
    e->line++;
    emit_append(e, OUT, VALUE);
    FzEmit_Op(e, RT_OP_JUMP_BACKWARD, head);
    FzEmit_PatchHere(e, head);
    e->line++;
    load_fast(e, OUT);
    FzEmit_Op(e, RT_OP_RETURN_VALUE, 0);
    return FzEmit_Finish(e, "flat", NLOCALS, 1);
}

RtObject *
FzLower_Attributes(FzEmitter *e)
{
    enum { ITEM, OUT, NLOCALS };
    FzEmit_Begin(e, -1);
    e->line = FZ_PRELUDE_ATTRIBUTES + 1;
    FzEmit_Op(e, RT_OP_BUILD_LIST, 0);
    FzEmit_Op(e, RT_OP_STORE_FAST, OUT);
    for (unsigned i = 0; i < FZ_NUM_ATTRS; i++) {
        e->line++;
        uint32_t start = e->n;
        load_fast(e, OUT);
        FzEmit_Name(e, RT_OP_LOAD_METHOD, FZ_NAME_append);
        load_fast(e, ITEM);
        FzEmit_Name(e, RT_OP_LOAD_ATTR, FZ_NAME_X + i);
        FzEmit_Op(e, RT_OP_CALL_METHOD, 1);
        FzEmit_Op(e, RT_OP_POP_TOP, 0);
        uint32_t end = e->n;
        uint32_t done = FzEmit_Op(e, RT_OP_JUMP_FORWARD, 0);
        e->line++;
        FzEmit_Exception(e, start, end, e->n, 0);
        FzEmit_Op(e, RT_OP_PUSH_EXC_INFO, 0);
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_AttributeError);
        FzEmit_Op(e, RT_OP_CHECK_EXC_MATCH, 0);
        uint32_t other = FzEmit_Op(e, RT_OP_POP_JUMP_IF_FALSE, 0);
        FzEmit_Op(e, RT_OP_POP_EXCEPT, 0);
        uint32_t handled = FzEmit_Op(e, RT_OP_JUMP_FORWARD, 0);
        FzEmit_PatchHere(e, other);
        FzEmit_Op(e, RT_OP_RERAISE, 0);
        FzEmit_PatchHere(e, done);
        FzEmit_PatchHere(e, handled);
    }
    e->line++;
    load_fast(e, OUT);
    FzEmit_Op(e, RT_OP_RETURN_VALUE, 0);
    return FzEmit_Finish(e, "attributes", NLOCALS, 1);
}

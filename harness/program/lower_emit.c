// lower_emit.c: building one code object. The emitter lies on its caller's
// stack; nothing is allocated before FzEmit_Finish().

#include <string.h>

#include "lower_internal.h"
#include "rt_types.h"
#include "rtcore_object.h"

RtObject *fz_lower_names[FZ_NAME_COUNT];

void
FzEmit_Begin(FzEmitter *e, int block)
{
    e->block = block;
    e->line = 0;
    e->n = 0;
    e->nexceptions = 0;
    e->nnames = 0;
    e->flags = 0;
    e->qualname = NULL;
    e->ncellvars = 0;
    e->nfreevars = 0;
    memset(e->name_index, 0, sizeof(e->name_index));
}

uint32_t
FzEmit_Op(FzEmitter *e, RtOpcode op, uint32_t arg)
{
    FZ_ASSERT(e->n < FZ_MAX_INSTRUCTIONS);
    e->code[e->n] = RtInstruction_Make(op, arg);
    e->lines[e->n] = e->line;
    return e->n++;
}

void
FzEmit_Name(FzEmitter *e, RtOpcode op, unsigned name)
{
    if (e->name_index[name] == 0) {
        e->names[e->nnames++] = fz_lower_names[name];
        e->name_index[name] = (uint8_t)e->nnames;
    }
    FzEmit_Op(e, op, e->name_index[name] - 1u);
}

void
FzEmit_Exception(FzEmitter *e, uint32_t start, uint32_t end, uint32_t handler,
                 uint32_t depth)
{
    FZ_ASSERT(e->nexceptions < FZ_MAX_EXCEPTIONS);
    e->exceptions[e->nexceptions++] =
        (RtExceptionEntry){ start, end, handler, depth };
}

void
FzEmit_PatchHere(FzEmitter *e, uint32_t at)
{
    e->code[at] = RtInstruction_Make(RtInstruction_Opcode(e->code[at]), e->n);
}

void
FzEmit_CallMethod(FzEmitter *e, unsigned name)
{
    FzEmit_Name(e, RT_OP_LOAD_METHOD, name);
    FzEmit_Op(e, RT_OP_CALL_METHOD, 0);
}

RtObject *
FzEmit_Finish(FzEmitter *e, const char *name, int nlocals, int argcount)
{
    RtObject *names = RtTuple_FromArray(e->names, e->nnames);
    if (names == NULL) {
        return NULL;
    }
    RtObject *qualname = NULL;
    if (e->qualname != NULL &&
        (qualname = RtStr_FromString(e->qualname)) == NULL)
    {
        Rt_DECREF(names);
        return NULL;
    }
    RtCodeSpec spec = {
        .name = name,
        .qualname = qualname,
        .filename = "program",
        .nlocals = nlocals,
        .argcount = argcount,
        .instructions = e->code,
        .ninstructions = e->n,
        .lines = e->lines,
        .exceptions = e->exceptions,
        .nexceptions = e->nexceptions,
        .consts = e->consts,
        .names = names,
        .flags = e->flags,
        .ncellvars = e->ncellvars,
        .nfreevars = e->nfreevars,
    };
    RtObject *code = RtCode_New(&spec);
    Rt_XDECREF(qualname);
    Rt_DECREF(names);
    return code;
}

// lower_class.c: special methods to bytecode, and the making of classes. The
// bodies are those of ops.c, line by line; shared objects are globals here.

#include "lower_internal.h"
#include "rt_types.h"

enum { SELF = 0, OTHER = 1 };

static void
emit_attr_x(FzEmitter *e, uint32_t local)
{
    FzEmit_Op(e, RT_OP_LOAD_FAST, local);
    FzEmit_Name(e, RT_OP_LOAD_ATTR, FZ_NAME_X);
}

static void
emit_return_const(FzEmitter *e, unsigned index)
{
    FzEmit_Op(e, RT_OP_LOAD_CONST, index);
    FzEmit_Op(e, RT_OP_RETURN_VALUE, 0);
}

// A statement that calls a function without arguments.
static void
emit_call(FzEmitter *e, unsigned name)
{
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, name);
    FzEmit_Op(e, RT_OP_CALL, 0);
    FzEmit_Op(e, RT_OP_POP_TOP, 0);
}

// `g.append(self[.x])`, or `g[key] = self[.x]` for a dict.
static void
emit_publish(FzEmitter *e, int target, bool attribute, unsigned key)
{
    bool is_dict = e->program->shared[target].kind == FZ_SHARED_DICT;
    if (!is_dict) {
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_S + (unsigned)target);
        FzEmit_Name(e, RT_OP_LOAD_METHOD, FZ_NAME_append);
    }
    FzEmit_Op(e, RT_OP_LOAD_FAST, SELF);
    if (attribute) {
        FzEmit_Name(e, RT_OP_LOAD_ATTR, FZ_NAME_X);
    }
    if (!is_dict) {
        FzEmit_Op(e, RT_OP_CALL_METHOD, 1);
        FzEmit_Op(e, RT_OP_POP_TOP, 0);
    }
    else {
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_S + (unsigned)target);
        FzEmit_Op(e, RT_OP_LOAD_CONST, key);
        FzEmit_Op(e, RT_OP_STORE_SUBSCR, 0);
    }
}

static void
emit_return_is(FzEmitter *e)
{
    FzEmit_Op(e, RT_OP_LOAD_FAST, SELF);
    FzEmit_Op(e, RT_OP_LOAD_FAST, OTHER);
    FzEmit_Op(e, RT_OP_IS_OP, 0);
    FzEmit_Op(e, RT_OP_RETURN_VALUE, 0);
}

static void
emit_return_equal(FzEmitter *e)
{
    emit_attr_x(e, SELF);
    emit_attr_x(e, OTHER);
    FzEmit_Op(e, RT_OP_COMPARE_OP, RT_EQ);
    FzEmit_Op(e, RT_OP_RETURN_VALUE, 0);
}

static void
lower_eq(FzEmitter *e, int target, uint8_t body)
{
    uint32_t skip;
    switch (body) {
    case FZ_EQ_TRUE:
        emit_return_const(e, FZ_CONST_TRUE);
        break;
    case FZ_EQ_GROW:
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_len);
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_S + (unsigned)target);
        FzEmit_Op(e, RT_OP_CALL, 1);
        FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_8);
        FzEmit_Op(e, RT_OP_COMPARE_OP, RT_LT);
        skip = FzEmit_Op(e, RT_OP_POP_JUMP_IF_FALSE, 0);
        e->line++;
        emit_publish(e, target, true, FZ_CONST_STR_G);
        FzEmit_PatchHere(e, skip);
        e->line++;
        emit_return_is(e);
        break;
    case FZ_EQ_CLEAR:
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_S + (unsigned)target);
        FzEmit_CallMethod(e, FZ_NAME_clear);
        FzEmit_Op(e, RT_OP_POP_TOP, 0);
        e->line++;
        emit_return_is(e);
        break;
    case FZ_EQ_YIELD:
        emit_call(e, FZ_NAME_sched_yield);
        e->line++;
        emit_return_equal(e);
        break;
    default:
        emit_return_equal(e);
        break;
    }
}

static void
lower_hash(FzEmitter *e, uint8_t body)
{
    switch (body) {
    case FZ_HASH_ATTR:
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_hash);
        emit_attr_x(e, SELF);
        FzEmit_Op(e, RT_OP_CALL, 1);
        FzEmit_Op(e, RT_OP_RETURN_VALUE, 0);
        break;
    case FZ_HASH_YIELD:
        emit_call(e, FZ_NAME_sched_yield);
        e->line++;
        emit_return_const(e, FZ_CONST_2);
        break;
    default:
        emit_return_const(e, FZ_CONST_1);
        break;
    }
}

static void
lower_resurrect(FzEmitter *e, int target)
{
    FzEmit_Op(e, RT_OP_LOAD_FAST, SELF);
    FzEmit_Name(e, RT_OP_LOAD_ATTR, FZ_NAME_r);
    uint32_t skip = FzEmit_Op(e, RT_OP_POP_JUMP_IF_TRUE, 0);
    e->line++;
    FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_TRUE);
    FzEmit_Op(e, RT_OP_LOAD_FAST, SELF);
    FzEmit_Name(e, RT_OP_STORE_ATTR, FZ_NAME_r);
    e->line++;
    emit_publish(e, target, false, FZ_CONST_STR_R);
    FzEmit_PatchHere(e, skip);
}

static void
lower_del(FzEmitter *e, int target, uint8_t body)
{
    switch (body) {
    case FZ_DEL_PUBLISH:
        emit_publish(e, target, true, FZ_CONST_STR_D);
        break;
    case FZ_DEL_RESURRECT:
        lower_resurrect(e, target);
        break;
    case FZ_DEL_COLLECT:
        emit_call(e, FZ_NAME_gc_collect);
        break;
    case FZ_DEL_YIELD:
        emit_call(e, FZ_NAME_sched_yield);
        break;
    case FZ_DEL_PENDING:
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_pending_call);
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_sched_yield);
        FzEmit_Op(e, RT_OP_CALL, 1);
        FzEmit_Op(e, RT_OP_POP_TOP, 0);
        break;
    default:
        break;
    }
    emit_return_const(e, FZ_CONST_NONE);
}

RtObject *
FzLower_Method(FzEmitter *e, int cls, FzMethodKind kind)
{
    static const char *const names[FZ_METHOD_KINDS] = {
        "__eq__", "__hash__", "__del__",
    };
    int target = FzProgram_ClassTarget(e->program, cls);
    uint8_t body = FzClass_Method(&e->program->classes[cls], kind);
    FzEmit_Begin(e, -1);
    e->line = e->layout->method_line[cls][kind] + 1u;
    switch (kind) {
    case FZ_METHOD_EQ:
        lower_eq(e, target, body);
        break;
    case FZ_METHOD_HASH:
        lower_hash(e, body);
        break;
    default:
        lower_del(e, target, body);
        break;
    }
    int nargs = kind == FZ_METHOD_EQ ? 2 : 1;
    return FzEmit_Finish(e, names[kind], nargs, nargs);
}

void
FzLower_MakeClass(FzEmitter *e, int cls, const uint32_t *codes)
{
    const FzClass *c = &e->program->classes[cls];
    e->line = e->layout->class_line[cls];
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_type);
    FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_MODULE_CLASSES + (unsigned)cls);
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL,
                c->base == 0 ? (unsigned)FZ_NAME_object
                             : FZ_NAME_C + c->base - 1u);
    FzEmit_Op(e, RT_OP_BUILD_TUPLE, 1);
    uint32_t nitems = 1;
    FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_MODULE_STR_X);
    FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_0);
    if (c->del == FZ_DEL_RESURRECT) {
        FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_STR_R);
        FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_FALSE);
        nitems++;
    }
    for (unsigned kind = 0; kind < FZ_METHOD_KINDS; kind++) {
        if (codes[kind] != 0) {
            FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_MODULE_METHODS + kind);
            FzEmit_Op(e, RT_OP_MAKE_FUNCTION, codes[kind]);
            nitems++;
        }
    }
    FzEmit_Op(e, RT_OP_BUILD_MAP, nitems);
    FzEmit_Op(e, RT_OP_CALL, 3);
    FzEmit_Name(e, RT_OP_STORE_GLOBAL, FZ_NAME_C + (unsigned)cls);
}

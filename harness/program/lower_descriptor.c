// lower_descriptor.c: operations on descriptors and slots to bytecode, and the
// functions of the prelude (lift.c) that they use, line by line as they stand
// there.
//
// What a descriptor keeps stands in the attribute `c` of the instance, which is
// none itself: no attribute of the program leads back to its own descriptor.

#include "lower_internal.h"
#include "rt_types.h"
#include "rtcore_object.h"

// `return obj.c`, where obj is that argument.
static RtObject *
lower_take(FzEmitter *e, const char *name, uint32_t line, uint32_t obj,
           int nargs)
{
    FzEmit_Begin(e, -1);
    e->line = line + 1;
    FzEmit_Op(e, RT_OP_LOAD_FAST, obj);
    FzEmit_Name(e, RT_OP_LOAD_ATTR, FZ_NAME_c);
    FzEmit_Op(e, RT_OP_RETURN_VALUE, 0);
    return FzEmit_Finish(e, name, nargs, nargs);
}

// `obj.c = value`, where obj is that argument and value the next.
static RtObject *
lower_put(FzEmitter *e, const char *name, uint32_t line, uint32_t obj)
{
    int nargs = (int)obj + 2;
    FzEmit_Begin(e, -1);
    e->line = line + 1;
    FzEmit_Op(e, RT_OP_LOAD_FAST, obj + 1);
    FzEmit_Op(e, RT_OP_LOAD_FAST, obj);
    FzEmit_Name(e, RT_OP_STORE_ATTR, FZ_NAME_c);
    FzEmit_Op(e, RT_OP_LOAD_CONST, FZ_CONST_NONE);
    FzEmit_Op(e, RT_OP_RETURN_VALUE, 0);
    return FzEmit_Finish(e, name, nargs, nargs);
}

RtObject *
FzLower_Take(FzEmitter *e)
{
    return lower_take(e, "take", FZ_PRELUDE_TAKE, 0, 1);
}

RtObject *
FzLower_Put(FzEmitter *e)
{
    return lower_put(e, "put", FZ_PRELUDE_PUT, 0);
}

RtObject *
FzLower_Fetch(FzEmitter *e)
{
    return lower_take(e, "fetch", FZ_PRELUDE_FETCH, 1, 3);
}

RtObject *
FzLower_Hold(FzEmitter *e)
{
    return lower_put(e, "hold", FZ_PRELUDE_HOLD, 1);
}

// 'a', '__slots__', 'x', 'y'.
static RtObject *
slotted_consts(void)
{
    static const char *const texts[] = { "a", "__slots__", "x", "y" };
    enum { N = sizeof(texts) / sizeof(texts[0]) };
    RtObject *consts = RtTuple_New(N);
    for (ssize_t i = 0; consts != NULL && i < N; i++) {
        RtObject *text = RtStr_FromString(texts[i]);
        if (text == NULL) {
            Rt_CLEAR(consts);
        }
        else {
            RtTuple_SetItem(consts, i, text);
        }
    }
    return consts;
}

RtObject *
FzLower_Slotted(FzEmitter *e)
{
    enum { NAME, SLOTS, X, Y };
    RtObject *common = e->consts;
    RtObject *consts = slotted_consts();
    if (consts == NULL) {
        return NULL;
    }
    FzEmit_Begin(e, -1);
    e->consts = consts;
    e->line = FZ_PRELUDE_SLOTTED + 1;
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_type);
    FzEmit_Op(e, RT_OP_LOAD_CONST, NAME);
    FzEmit_Op(e, RT_OP_LOAD_FAST, 0);
    FzEmit_Op(e, RT_OP_BUILD_TUPLE, 1);
    FzEmit_Op(e, RT_OP_LOAD_CONST, SLOTS);
    FzEmit_Op(e, RT_OP_LOAD_CONST, X);
    FzEmit_Op(e, RT_OP_LOAD_CONST, Y);
    FzEmit_Op(e, RT_OP_BUILD_TUPLE, 2);
    FzEmit_Op(e, RT_OP_BUILD_MAP, 1);
    FzEmit_Op(e, RT_OP_CALL, 3);
    FzEmit_Op(e, RT_OP_CALL, 0);
    FzEmit_Op(e, RT_OP_RETURN_VALUE, 0);
    RtObject *code = FzEmit_Finish(e, "slotted", 1, 1);
    e->consts = common;
    Rt_DECREF(consts);
    return code;
}

// ---------------------------------------------------------------------------
// Operations.

// Pushes `name(<operand k>)`.
static void
push_wrapped(FzEmitter *e, const FzOp *op, unsigned name, int k)
{
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, name);
    FzLower_Operand(e, op, k);
    FzEmit_Op(e, RT_OP_CALL, 1);
}

// `a.attr = <top of stack>`.
static void
store_on(FzEmitter *e, const FzOp *op, unsigned attr)
{
    FzLower_Operand(e, op, 0);
    FzEmit_Name(e, RT_OP_STORE_ATTR, attr);
}

static void
set_method(FzEmitter *e, const FzOp *op, unsigned func, unsigned attr)
{
    FzEmit_Name(e, RT_OP_LOAD_GLOBAL, func);
    store_on(e, op, attr);
}

static void
delete_method(FzEmitter *e, const FzOp *op, unsigned attr)
{
    FzLower_Operand(e, op, 0);
    FzEmit_Name(e, RT_OP_DELETE_ATTR, attr);
}

// Pushes the operand k and takes one of its attributes x, y, z.
static void
push_attr(FzEmitter *e, const FzOp *op, int k, unsigned attr)
{
    FzLower_Operand(e, op, k);
    FzEmit_Name(e, RT_OP_LOAD_ATTR, FZ_NAME_X + attr);
}

static bool
lower_slot(FzEmitter *e, const FzOp *op)
{
    switch (op->op) {
    case FZ_OP_SLOTS_NEW:
        push_wrapped(e, op, FZ_NAME_slotted, 2);
        store_on(e, op, FZ_NAME_X + op->b);
        return true;
    case FZ_OP_SLOT_SET:
        FzLower_Operand(e, op, 2);
        push_attr(e, op, 0, op->b);
        FzEmit_Name(e, RT_OP_STORE_ATTR, FZ_NAME_X);
        return true;
    case FZ_OP_SLOT_GET:
        push_attr(e, op, 1, op->c);
        FzEmit_Name(e, RT_OP_LOAD_ATTR, FZ_NAME_X);
        FzLower_Store(e, op->a);
        return true;
    case FZ_OP_SLOT_DEL:
        push_attr(e, op, 0, op->b);
        FzEmit_Name(e, RT_OP_DELETE_ATTR, FZ_NAME_X);
        return true;
    case FZ_OP_SUPER_GET:
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_super);
        FzLower_Operand(e, op, 1);
        FzLower_Operand(e, op, 2);
        FzEmit_Op(e, RT_OP_CALL, 2);
        FzEmit_Name(e, RT_OP_LOAD_ATTR, FZ_NAME_X);
        FzLower_Store(e, op->a);
        return true;
    default:
        return false;
    }
}

bool
FzLower_Descriptor(FzEmitter *e, const FzOp *op)
{
    switch (op->op) {
    case FZ_OP_PROPERTY_SET:
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_property);
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_take);
        FzEmit_Name(e, RT_OP_LOAD_GLOBAL, FZ_NAME_put);
        FzEmit_Op(e, RT_OP_CALL, 2);
        store_on(e, op, FZ_NAME_X + op->b);
        return true;
    case FZ_OP_CLASSMETHOD_SET:
        push_wrapped(e, op, FZ_NAME_classmethod, 2);
        store_on(e, op, FZ_NAME_X + op->b);
        return true;
    case FZ_OP_STATICMETHOD_SET:
        push_wrapped(e, op, FZ_NAME_staticmethod, 2);
        store_on(e, op, FZ_NAME_X + op->b);
        return true;
    case FZ_OP_GET_SET:
        set_method(e, op, FZ_NAME_fetch, FZ_NAME___get__);
        return true;
    case FZ_OP_GET_DEL:
        delete_method(e, op, FZ_NAME___get__);
        return true;
    case FZ_OP_SETTER_SET:
        set_method(e, op, FZ_NAME_hold, FZ_NAME___set__);
        return true;
    case FZ_OP_SETTER_DEL:
        delete_method(e, op, FZ_NAME___set__);
        return true;
    default:
        return lower_slot(e, op);
    }
}

// weakproxy.c: weak proxies: a weak reference that does what its referent does.
//
// A proxy lies in the list of its referent as any other reference does, and is
// looked after by weakref.c. Whatever it is asked, it asks the referent, which
// it holds as long as that takes; ReferenceError once the referent is gone.
// A proxy may lead back to itself, so each question counts as recursion.
// Mirrors the proxies of Objects/weakrefobject.c (CPython 3.13); departs: no
// __bytes__, __reversed__, __index__, __int__, __float__, nor pow() of three.

#include "rtcore_weakref.h"

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_types.h"

// The referent, or the object itself if it is no proxy, with a reference. NULL:
// ReferenceError.
static RtObject *
unwrap(RtObject *op)
{
    if (!RtWeakProxy_Check(op)) {
        return Rt_NewRef(op);
    }
    RtObject *inner = RtWeakref_GetRef(op);
    if (inner == NULL) {
        RtErr_SetString(&RtExc_ReferenceError,
                        "weakly-referenced object no longer exists");
    }
    return inner;
}

static RtObject *
enter(RtObject *op)
{
    RtObject *inner = unwrap(op);
    if (inner != NULL && RtRecursion_Enter(rt_while_calling) < 0) {
        Rt_CLEAR(inner);
    }
    return inner;
}

// The referent may die of it: what was raised stays.
static void
leave(RtObject *inner)
{
    RtRecursion_Leave();
    RtObject *exc = RtErr_GetRaisedException();
    Rt_DECREF(inner);
    if (exc != NULL) {
        RtErr_SetRaisedException(exc);
    }
}

// ---------------------------------------------------------------------------
// One operand.

static RtObject *
ask(RtObject *op, unaryfunc question)
{
    RtObject *inner = enter(op);
    if (inner == NULL) {
        return NULL;
    }
    RtObject *result = question(inner);
    leave(inner);
    return result;
}

#define UNARY(name, question) \
    static RtObject * \
    name(RtObject *op) \
    { \
        return ask(op, question); \
    }

UNARY(proxy_str, RtObject_Str)
UNARY(proxy_iter, RtObject_GetIter)
UNARY(proxy_negative, RtNumber_Negative)
UNARY(proxy_positive, RtNumber_Positive)
UNARY(proxy_invert, RtNumber_Invert)
UNARY(proxy_absolute, RtNumber_Absolute)

static RtObject *
next_of(RtObject *op)
{
    if (Rt_TYPE(op)->tp_iternext == NULL) {
        RtErr_Format(&RtExc_TypeError,
                     "Weakref proxy referenced a non-iterator '%s' object",
                     Rt_TYPE(op)->tp_name);
        return NULL;
    }
    return RtIter_Next(op);
}

UNARY(proxy_iternext, next_of)

static int
proxy_bool(RtObject *op)
{
    RtObject *inner = enter(op);
    if (inner == NULL) {
        return -1;
    }
    int truth = RtObject_IsTrue(inner);
    leave(inner);
    return truth;
}

static ssize_t
proxy_length(RtObject *op)
{
    RtObject *inner = enter(op);
    if (inner == NULL) {
        return -1;
    }
    ssize_t length = RtObject_Length(inner);
    leave(inner);
    return length;
}

// That of the proxy: it may be printed when the referent is gone.
static RtObject *
proxy_repr(RtObject *op)
{
    unsigned long long key = RtAddress_Key(op);
    RtObject *inner = RtWeakref_GetRef(op);
    if (inner == NULL) {
        return RtStr_FromFormat("<weakproxy at 0x%llx; dead>", key);
    }
    RtObject *text = RtStr_FromFormat(
        "<weakproxy at 0x%llx; to '%s' at 0x%llx>", key,
        Rt_TYPE(inner)->tp_name, (unsigned long long)RtAddress_Key(inner));
    Rt_DECREF(inner);
    return text;
}

// ---------------------------------------------------------------------------
// Two operands, either of which may be a proxy.

static RtObject *
ask_both(RtObject *a, RtObject *b, int op,
         RtObject *(*question)(RtObject *, RtObject *, int))
{
    RtObject *x = enter(a);
    if (x == NULL) {
        return NULL;
    }
    RtObject *y = unwrap(b);
    RtObject *result = y == NULL ? NULL : question(x, y, op);
    leave(x);
    if (y != NULL) {
        RtObject *exc = RtErr_GetRaisedException();
        Rt_DECREF(y);
        if (exc != NULL) {
            RtErr_SetRaisedException(exc);
        }
    }
    return result;
}

static RtObject *
proxy_richcompare(RtObject *a, RtObject *b, int op)
{
    return ask_both(a, b, op, RtObject_RichCompare);
}

static RtObject *
operate(RtObject *a, RtObject *b, int op)
{
    return RtNumber_BinaryOp(a, b, (RtBinaryOp)op);
}

#define BINARY(name, op) \
    static RtObject * \
    name(RtObject *a, RtObject *b) \
    { \
        return ask_both(a, b, op, operate); \
    }

BINARY(proxy_add, RT_NB_ADD)
BINARY(proxy_subtract, RT_NB_SUBTRACT)
BINARY(proxy_multiply, RT_NB_MULTIPLY)
BINARY(proxy_floor_divide, RT_NB_FLOOR_DIVIDE)
BINARY(proxy_remainder, RT_NB_REMAINDER)
BINARY(proxy_and, RT_NB_AND)
BINARY(proxy_or, RT_NB_OR)
BINARY(proxy_xor, RT_NB_XOR)
BINARY(proxy_true_divide, RT_NB_TRUE_DIVIDE)
BINARY(proxy_power, RT_NB_POWER)
BINARY(proxy_lshift, RT_NB_LSHIFT)
BINARY(proxy_rshift, RT_NB_RSHIFT)
BINARY(proxy_matrix_multiply, RT_NB_MATRIX_MULTIPLY)

static RtObject *
divide(RtObject *a, RtObject *b, int op)
{
    (void)op;
    return RtNumber_Divmod(a, b);
}

static RtObject *
proxy_divmod(RtObject *a, RtObject *b)
{
    return ask_both(a, b, 0, divide);
}

static RtObject *
operate_in_place(RtObject *a, RtObject *b, int op)
{
    return RtNumber_InPlaceOp(a, b, (RtBinaryOp)op);
}

RtObject *
RtWeakProxy_InPlaceOp(RtObject *a, RtObject *b, RtBinaryOp op)
{
    return ask_both(a, b, op, operate_in_place);
}

// ---------------------------------------------------------------------------
// Attributes, items, calls.

static RtObject *
proxy_getattro(RtObject *op, RtObject *name)
{
    RtObject *inner = enter(op);
    if (inner == NULL) {
        return NULL;
    }
    RtObject *value = RtObject_GetAttr(inner, name);
    leave(inner);
    return value;
}

static int
proxy_setattro(RtObject *op, RtObject *name, RtObject *value)
{
    RtObject *inner = enter(op);
    if (inner == NULL) {
        return -1;
    }
    int status = RtObject_SetAttr(inner, name, value);
    leave(inner);
    return status;
}

static RtObject *
proxy_subscript(RtObject *op, RtObject *key)
{
    RtObject *inner = enter(op);
    if (inner == NULL) {
        return NULL;
    }
    RtObject *value = RtObject_GetItem(inner, key);
    leave(inner);
    return value;
}

static int
proxy_ass_subscript(RtObject *op, RtObject *key, RtObject *value)
{
    RtObject *inner = enter(op);
    if (inner == NULL) {
        return -1;
    }
    int status = value == NULL ? RtObject_DelItem(inner, key)
                               : RtObject_SetItem(inner, key, value);
    leave(inner);
    return status;
}

static int
proxy_contains(RtObject *op, RtObject *value)
{
    RtObject *inner = enter(op);
    if (inner == NULL) {
        return -1;
    }
    int found = RtSequence_Contains(inner, value);
    leave(inner);
    return found;
}

static RtObject *
proxy_call_kw(RtObject *op, RtObject *const *args, ssize_t nargs,
              RtObject *kwnames)
{
    RtObject *inner = enter(op);
    if (inner == NULL) {
        return NULL;
    }
    RtObject *result = RtObject_VectorcallKw(inner, args, nargs, kwnames);
    leave(inner);
    return result;
}

static RtObject *
proxy_call(RtObject *op, RtObject *const *args, ssize_t nargs)
{
    return proxy_call_kw(op, args, nargs, NULL);
}

// ---------------------------------------------------------------------------

#define PROXY_TYPE(name) \
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type), \
    .tp_name = name, \
    .tp_basicsize = sizeof(RtWeakReference), \
    .tp_flags = RT_TPFLAGS_HAVE_GC | RT_TPFLAGS_WEAKREF_SUBCLASS, \
    .tp_dealloc = RtWeakref_Dealloc, \
    .tp_traverse = RtWeakref_Traverse, \
    .tp_clear = RtWeakref_ClearSlots, \
    .tp_repr = proxy_repr, \
    .tp_str = proxy_str, \
    .tp_hash = RtObject_HashNotImplemented, \
    .tp_richcompare = proxy_richcompare, \
    .tp_iter = proxy_iter, \
    .tp_iternext = proxy_iternext, \
    .tp_getattro = proxy_getattro, \
    .tp_setattro = proxy_setattro, \
    .nb_add = proxy_add, \
    .nb_subtract = proxy_subtract, \
    .nb_multiply = proxy_multiply, \
    .nb_floor_divide = proxy_floor_divide, \
    .nb_remainder = proxy_remainder, \
    .nb_and = proxy_and, \
    .nb_or = proxy_or, \
    .nb_xor = proxy_xor, \
    .nb_true_divide = proxy_true_divide, \
    .nb_power = proxy_power, \
    .nb_lshift = proxy_lshift, \
    .nb_rshift = proxy_rshift, \
    .nb_matrix_multiply = proxy_matrix_multiply, \
    .nb_divmod = proxy_divmod, \
    .nb_negative = proxy_negative, \
    .nb_positive = proxy_positive, \
    .nb_invert = proxy_invert, \
    .nb_absolute = proxy_absolute, \
    .nb_bool = proxy_bool, \
    .mp_length = proxy_length, \
    .mp_subscript = proxy_subscript, \
    .mp_ass_subscript = proxy_ass_subscript, \
    .sq_contains = proxy_contains

RtTypeObject RtWeakProxy_Type = {
    PROXY_TYPE("weakref.ProxyType"),
};

// Of what can be called: whoever asks callable() sees the type.
RtTypeObject RtWeakCallableProxy_Type = {
    PROXY_TYPE("weakref.CallableProxyType"),
    .tp_call = proxy_call,
    .tp_call_kw = proxy_call_kw,
};

// abstract.c: the object protocol: what every object can be asked, by the slots
// of its type.
//
// Nothing here has state or takes a lock. Slots may run code of the program,
// which may change any object that is not immutable.
// Mirrors Objects/abstract.c and Objects/object.c (CPython 3.13); departs: one
// set of number slots with a reflected call by the same slot, no sequence
// slots, no buffer protocol.

#include "rtcore_bytes.h"
#include "rtcore_object.h"

#include <string.h>

#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_heap.h"
#include "rtcore_type.h"
#include "rtcore_types.h"
#include "rtcore_weakref.h"

enum { SMALL_CALL = 8 };        // arguments of a call that needs no block

// ---------------------------------------------------------------------------
// repr, str, hash, truth, length.

static RtObject *
check_str_result(RtObject *result, const char *method)
{
    if (result == NULL ||
        RtType_HasFeature(Rt_TYPE(result), RT_TPFLAGS_STR_SUBCLASS))
    {
        return result;
    }
    RtErr_Format(&RtExc_TypeError, "%s returned non-string (type %s)", method,
                 Rt_TYPE(result)->tp_name);
    Rt_DECREF(result);
    return NULL;
}

RtObject *
RtObject_Repr(RtObject *op)
{
    unaryfunc repr = Rt_TYPE(op)->tp_repr;
    rt_assert(repr != NULL);
    return check_str_result(repr(op), "__repr__");
}

RtObject *
RtObject_Str(RtObject *op)
{
    if (Rt_IS_TYPE(op, &RtStr_Type)) {
        return Rt_NewRef(op);
    }
    unaryfunc str = Rt_TYPE(op)->tp_str;
    if (str == NULL) {
        return RtObject_Repr(op);
    }
    return check_str_result(str(op), "__str__");
}

ssize_t
RtObject_Hash(RtObject *op)
{
    hashfunc hash = Rt_TYPE(op)->tp_hash;
    return hash == NULL ? RtObject_HashNotImplemented(op) : hash(op);
}

ssize_t
RtObject_HashNotImplemented(RtObject *op)
{
    RtErr_Format(&RtExc_TypeError, "unhashable type: '%s'",
                 Rt_TYPE(op)->tp_name);
    return -1;
}

int
RtObject_IsTrue(RtObject *op)
{
    if (op == Rt_True) {
        return 1;
    }
    if (op == Rt_False || op == Rt_None) {
        return 0;
    }
    RtTypeObject *type = Rt_TYPE(op);
    if (type->nb_bool != NULL) {
        return type->nb_bool(op);
    }
    if (type->mp_length != NULL) {
        ssize_t length = type->mp_length(op);
        return length < 0 ? -1 : length != 0;
    }
    return 1;
}

ssize_t
RtObject_Length(RtObject *op)
{
    lenfunc length = Rt_TYPE(op)->mp_length;
    if (length == NULL) {
        RtErr_Format(&RtExc_TypeError, "object of type '%s' has no len()",
                     Rt_TYPE(op)->tp_name);
        return -1;
    }
    return length(op);
}

// ---------------------------------------------------------------------------
// Comparison.

static const int swapped_op[] = {
    [RT_LT] = RT_GT, [RT_LE] = RT_GE, [RT_EQ] = RT_EQ,
    [RT_NE] = RT_NE, [RT_GT] = RT_LT, [RT_GE] = RT_LE,
};

static const char *const op_names[] = {
    [RT_LT] = "<", [RT_LE] = "<=", [RT_EQ] = "==",
    [RT_NE] = "!=", [RT_GT] = ">", [RT_GE] = ">=",
};

// The answer of one side: NotImplemented (borrowed: it is immortal) if it has
// none.
static RtObject *
ask_richcompare(RtObject *self, RtObject *other, int op)
{
    richcmpfunc compare = Rt_TYPE(self)->tp_richcompare;
    return compare == NULL ? Rt_NotImplemented : compare(self, other, op);
}

RtObject *
RtObject_RichCompare(RtObject *a, RtObject *b, int op)
{
    rt_assert(op >= RT_LT);
    rt_assert(op <= RT_GE);
    // A subclass on the right is asked first.
    bool b_first = Rt_TYPE(a) != Rt_TYPE(b) &&
                   RtType_IsSubtype(Rt_TYPE(b), Rt_TYPE(a));
    if (b_first) {
        RtObject *result = ask_richcompare(b, a, swapped_op[op]);
        if (result != Rt_NotImplemented) {
            return result;
        }
    }
    RtObject *result = ask_richcompare(a, b, op);
    if (result != Rt_NotImplemented) {
        return result;
    }
    if (!b_first) {
        result = ask_richcompare(b, a, swapped_op[op]);
        if (result != Rt_NotImplemented) {
            return result;
        }
    }
    if (op == RT_EQ || op == RT_NE) {
        return RtBool_FromInt((a == b) == (op == RT_EQ));
    }
    RtErr_Format(&RtExc_TypeError,
                 "'%s' not supported between instances of '%s' and '%s'",
                 op_names[op], Rt_TYPE(a)->tp_name, Rt_TYPE(b)->tp_name);
    return NULL;
}

int
RtObject_RichCompareBool(RtObject *a, RtObject *b, int op)
{
    if (a == b) {
        if (op == RT_EQ) {
            return 1;
        }
        if (op == RT_NE) {
            return 0;
        }
    }
    RtObject *result = RtObject_RichCompare(a, b, op);
    if (result == NULL) {
        return -1;
    }
    int truth = RtObject_IsTrue(result);
    Rt_DECREF(result);
    return truth;
}

// ---------------------------------------------------------------------------
// Items and iteration.

RtObject *
RtObject_GetItem(RtObject *op, RtObject *key)
{
    binaryfunc subscript = Rt_TYPE(op)->mp_subscript;
    if (subscript == NULL) {
        RtErr_Format(&RtExc_TypeError, "'%s' object is not subscriptable",
                     Rt_TYPE(op)->tp_name);
        return NULL;
    }
    return subscript(op, key);
}

int
RtObject_SetItem(RtObject *op, RtObject *key, RtObject *value)
{
    objobjargproc assign = Rt_TYPE(op)->mp_ass_subscript;
    if (assign == NULL) {
        RtErr_Format(&RtExc_TypeError,
                     "'%s' object does not support item assignment",
                     Rt_TYPE(op)->tp_name);
        return -1;
    }
    return assign(op, key, value);
}

int
RtObject_DelItem(RtObject *op, RtObject *key)
{
    objobjargproc assign = Rt_TYPE(op)->mp_ass_subscript;
    if (assign == NULL) {
        RtErr_Format(&RtExc_TypeError,
                     "'%s' object doesn't support item deletion",
                     Rt_TYPE(op)->tp_name);
        return -1;
    }
    return assign(op, key, NULL);
}

// Whether it can be gone through by subscripts: of a class of a program.
static bool
has_items(RtObject *op)
{
    return RtType_IsHeap(Rt_TYPE(op)) && Rt_TYPE(op)->mp_subscript != NULL;
}

static int
contains_by_iteration(RtObject *op, RtObject *value)
{
    if (Rt_TYPE(op)->tp_iter == NULL && !has_items(op)) {
        RtErr_Format(&RtExc_TypeError, "argument of type '%s' is not iterable",
                     Rt_TYPE(op)->tp_name);
        return -1;
    }
    RtObject *iter = RtObject_GetIter(op);
    if (iter == NULL) {
        return -1;
    }
    int found = 0;
    RtObject *item;
    while (found == 0 && (item = RtIter_Next(iter)) != NULL) {
        found = RtObject_RichCompareBool(item, value, RT_EQ);
        Rt_DECREF(item);
    }
    Rt_DECREF(iter);
    if (found == 0 && RtErr_Occurred() != NULL) {
        return -1;
    }
    return found;
}

int
RtSequence_Contains(RtObject *op, RtObject *value)
{
    objobjproc contains = Rt_TYPE(op)->sq_contains;
    return contains == NULL ? contains_by_iteration(op, value)
                            : contains(op, value);
}

RtObject *
RtObject_GetIter(RtObject *op)
{
    unaryfunc get_iter = Rt_TYPE(op)->tp_iter;
    if (get_iter == NULL) {
        if (has_items(op)) {
            return RtSeqIter_New(op);
        }
        RtErr_Format(&RtExc_TypeError, "'%s' object is not iterable",
                     Rt_TYPE(op)->tp_name);
        return NULL;
    }
    RtObject *iter = get_iter(op);
    if (iter != NULL && Rt_TYPE(iter)->tp_iternext == NULL) {
        RtErr_Format(&RtExc_TypeError,
                     "iter() returned non-iterator of type '%s'",
                     Rt_TYPE(iter)->tp_name);
        Rt_DECREF(iter);
        return NULL;
    }
    return iter;
}

RtObject *
RtIter_Next(RtObject *iter)
{
    unaryfunc next = Rt_TYPE(iter)->tp_iternext;
    if (next == NULL) {
        RtErr_Format(&RtExc_TypeError, "'%s' object is not an iterator",
                     Rt_TYPE(iter)->tp_name);
        return NULL;
    }
    RtObject *item = next(iter);
    if (item == NULL && RtErr_Occurred() != NULL &&
        RtErr_ExceptionMatches(&RtExc_StopIteration))
    {
        RtErr_Clear();
    }
    return item;
}

RtObject *
RtIter_NextOfInner(RtObject *iter)
{
    if (RtRecursion_Enter(rt_while_calling) < 0) {
        return NULL;
    }
    RtObject *item = RtIter_Next(iter);
    RtRecursion_Leave();
    return item;
}

// ---------------------------------------------------------------------------
// Calls.

RtObject *
RtObject_Vectorcall(RtObject *callable, RtObject *const *args, ssize_t nargs)
{
    rt_assert(nargs >= 0);
    rt_assert(RtErr_Occurred() == NULL);
    vectorcallfunc call = Rt_TYPE(callable)->tp_call;
    if (call == NULL) {
        RtErr_Format(&RtExc_TypeError, "'%s' object is not callable",
                     Rt_TYPE(callable)->tp_name);
        return NULL;
    }
    RtObject *result = call(callable, args, nargs);
    rt_assert((result == NULL) == (RtErr_Occurred() != NULL));
    return result;
}

RtObject *
RtObject_CallNoArgs(RtObject *callable)
{
    return RtObject_Vectorcall(callable, NULL, 0);
}

RtObject *
RtObject_CallOneArg(RtObject *callable, RtObject *arg)
{
    return RtObject_Vectorcall(callable, &arg, 1);
}

RtObject *
RtObject_CallPrepend(RtObject *callable, RtObject *self,
                     RtObject *const *args, ssize_t nargs)
{
    RtObject *small[SMALL_CALL + 1];
    RtObject **all = small;
    if (nargs > SMALL_CALL) {
        all = RtMem_Malloc((size_t)(nargs + 1) * sizeof(RtObject *));
        if (all == NULL) {
            return RtErr_NoMemory();
        }
    }
    all[0] = self;
    if (nargs > 0) {
        memcpy(all + 1, args, (size_t)nargs * sizeof(RtObject *));
    }
    RtObject *result = RtObject_Vectorcall(callable, all, nargs + 1);
    if (all != small) {
        RtMem_Free(all);
    }
    return result;
}

static RtObject *
call_attribute(RtObject *func, RtObject *self, RtObject *const *args,
               ssize_t nargs)
{
    if (RtType_IsMethod(func)) {
        return RtObject_CallPrepend(func, self, args, nargs);
    }
    descrgetfunc get = Rt_TYPE(func)->tp_descr_get;
    if (get == NULL) {
        return RtObject_Vectorcall(func, args, nargs);
    }
    RtTypeObject *type = Rt_TYPE(self);
    Rt_INCREF(type);
    RtObject *bound = get(func, self, (RtObject *)type);
    Rt_DECREF(type);
    if (bound == NULL) {
        return NULL;
    }
    RtObject *result = RtObject_Vectorcall(bound, args, nargs);
    Rt_DECREF(bound);
    return result;
}

RtObject *
RtObject_CallAttribute(RtObject *func, RtObject *self, RtObject *const *args,
                       ssize_t nargs)
{
    if (RtRecursion_Enter(rt_while_calling) < 0) {
        return NULL;
    }
    RtObject *result = call_attribute(func, self, args, nargs);
    RtRecursion_Leave();
    return result;
}

int
RtObject_CallSpecial(RtObject *op, RtObject *name, RtObject **result)
{
    *result = NULL;
    if (!RtType_IsHeap(Rt_TYPE(op))) {
        return 0;
    }
    RtObject *func = RtType_LookupRef(Rt_TYPE(op), name);
    if (func == NULL) {
        return 0;
    }
    *result = RtObject_CallAttribute(func, op, NULL, 0);
    Rt_DECREF(func);
    return *result == NULL ? -1 : 1;
}

RtObject *
RtObject_CallMethod(RtObject *op, RtObject *name, RtObject *const *args,
                    ssize_t nargs)
{
    RtObject *method;
    int unbound = RtObject_GetMethod(op, name, &method);
    if (unbound < 0) {
        return NULL;
    }
    RtObject *result = unbound
        ? RtObject_CallPrepend(method, op, args, nargs)
        : RtObject_Vectorcall(method, args, nargs);
    Rt_DECREF(method);
    return result;
}

// ---------------------------------------------------------------------------
// Numbers.

static const struct {
    size_t slot;                // offset in RtTypeObject
    const char *symbol;
} binary_ops[RT_NB_COUNT] = {
    [RT_NB_ADD] = { offsetof(RtTypeObject, nb_add), "+" },
    [RT_NB_SUBTRACT] = { offsetof(RtTypeObject, nb_subtract), "-" },
    [RT_NB_MULTIPLY] = { offsetof(RtTypeObject, nb_multiply), "*" },
    [RT_NB_FLOOR_DIVIDE] = { offsetof(RtTypeObject, nb_floor_divide), "//" },
    [RT_NB_REMAINDER] = { offsetof(RtTypeObject, nb_remainder), "%" },
    [RT_NB_AND] = { offsetof(RtTypeObject, nb_and), "&" },
    [RT_NB_OR] = { offsetof(RtTypeObject, nb_or), "|" },
    [RT_NB_XOR] = { offsetof(RtTypeObject, nb_xor), "^" },
    [RT_NB_TRUE_DIVIDE] = { offsetof(RtTypeObject, nb_true_divide), "/" },
    [RT_NB_POWER] = { offsetof(RtTypeObject, nb_power), "** or pow()" },
    [RT_NB_LSHIFT] = { offsetof(RtTypeObject, nb_lshift), "<<" },
    [RT_NB_RSHIFT] = { offsetof(RtTypeObject, nb_rshift), ">>" },
    [RT_NB_MATRIX_MULTIPLY] =
        { offsetof(RtTypeObject, nb_matrix_multiply), "@" },
};

static binaryfunc
binary_slot(RtObject *op, RtBinaryOp which)
{
    char *type = (char *)Rt_TYPE(op);
    return *(binaryfunc *)(type + binary_ops[which].slot);
}

static RtObject *
ask_binary(binaryfunc slot, RtObject *a, RtObject *b)
{
    return slot == NULL ? Rt_NotImplemented : slot(a, b);
}

// NotImplemented (borrowed) if neither operand can do it.
static RtObject *
binary_op(RtObject *a, RtObject *b, RtBinaryOp op)
{
    rt_assert(op < RT_NB_COUNT);
    // Each slot is called with the operands in order and sees for itself which
    // of them is its own.
    binaryfunc a_slot = binary_slot(a, op);
    binaryfunc b_slot = binary_slot(b, op);
    if (a_slot == b_slot) {
        b_slot = NULL;
    }
    if (a_slot != NULL && b_slot != NULL &&
        RtType_IsSubtype(Rt_TYPE(b), Rt_TYPE(a)))
    {
        RtObject *result = b_slot(a, b);
        if (result != Rt_NotImplemented) {
            return result;
        }
        b_slot = NULL;
    }
    RtObject *result = ask_binary(a_slot, a, b);
    if (result != Rt_NotImplemented) {
        return result;
    }
    return ask_binary(b_slot, a, b);
}

static RtObject *
unsupported(RtObject *a, RtObject *b, const char *symbol, const char *equals)
{
    RtErr_Format(&RtExc_TypeError,
                 "unsupported operand type(s) for %s%s: '%s' and '%s'",
                 symbol, equals, Rt_TYPE(a)->tp_name, Rt_TYPE(b)->tp_name);
    return NULL;
}

// The built-in type of a sequence that can be added to others, or NULL.
static RtTypeObject *
concat_type(RtObject *op)
{
    RtTypeObject *types[] = {
        &RtStr_Type, &RtList_Type, &RtTuple_Type, &RtDeque_Type,
        &RtBytes_Type, &RtByteArray_Type,
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (RtType_IsSubtype(Rt_TYPE(op), types[i])) {
            return types[i];
        }
    }
    return NULL;
}

bool
RtSequence_AsksOther(RtObject *b)
{
    return Rt_TYPE(b)->nb_add != NULL &&
           (RtType_IsHeap(Rt_TYPE(b)) || RtWeakProxy_Check(b));
}

RtObject *
RtSequence_BadConcat(RtObject *a, RtObject *b)
{
    RtTypeObject *type = concat_type(a);
    const char *name = type->tp_name;
    if (type == &RtBytes_Type || type == &RtByteArray_Type) {
        RtErr_Format(&RtExc_TypeError, "can't concat %s to %s",
                     Rt_TYPE(b)->tp_name, name);
        return NULL;
    }
    const char *dot = strrchr(name, '.');
    name = dot == NULL ? name : dot + 1;
    RtErr_Format(&RtExc_TypeError,
                 "can only concatenate %s (not \"%s\") to %s", name,
                 Rt_TYPE(b)->tp_name, name);
    return NULL;
}

RtObject *
RtNumber_BinaryOp(RtObject *a, RtObject *b, RtBinaryOp op)
{
    RtObject *result = binary_op(a, b, op);
    if (result != Rt_NotImplemented) {
        return result;
    }
    if (op == RT_NB_ADD && concat_type(a) != NULL) {
        return RtSequence_BadConcat(a, b);
    }
    return unsupported(a, b, binary_ops[op].symbol, "");
}

RtObject *
RtNumber_InPlaceOp(RtObject *a, RtObject *b, RtBinaryOp op)
{
    RtObject *result = Rt_NotImplemented;
    if (RtType_IsHeap(Rt_TYPE(a))) {
        result = RtTypeSlots_CallInPlace(a, b, op);
    }
    if (result == Rt_NotImplemented) {
        result = RtNumber_InPlaceBuiltin(a, b, op);
    }
    if (result == Rt_NotImplemented) {
        result = binary_op(a, b, op);
    }
    if (result != Rt_NotImplemented) {
        return result;
    }
    if (op == RT_NB_ADD && concat_type(a) != NULL) {
        return RtSequence_BadConcat(a, b);
    }
    const char *symbol = op == RT_NB_POWER ? "**" : binary_ops[op].symbol;
    return unsupported(a, b, symbol, "=");
}

static RtObject *
bad_unary(RtObject *op, const char *symbol)
{
    RtErr_Format(&RtExc_TypeError, "bad operand type for unary %s: '%s'",
                 symbol, Rt_TYPE(op)->tp_name);
    return NULL;
}

RtObject *
RtNumber_Absolute(RtObject *op)
{
    unaryfunc absolute = Rt_TYPE(op)->nb_absolute;
    if (absolute == NULL) {
        RtErr_Format(&RtExc_TypeError, "bad operand type for abs(): '%s'",
                     Rt_TYPE(op)->tp_name);
        return NULL;
    }
    return absolute(op);
}

RtObject *
RtNumber_Divmod(RtObject *a, RtObject *b)
{
    RtObject *const operands[2] = { a, b };
    binaryfunc tried = NULL;
    for (int i = 0; i < 2; i++) {
        binaryfunc slot = Rt_TYPE(operands[i])->nb_divmod;
        if (slot == NULL || slot == tried) {
            continue;
        }
        tried = slot;
        RtObject *result = slot(a, b);
        if (result != Rt_NotImplemented) {
            return result;
        }
    }
    RtErr_Format(&RtExc_TypeError,
                 "unsupported operand type(s) for divmod(): '%s' and '%s'",
                 Rt_TYPE(a)->tp_name, Rt_TYPE(b)->tp_name);
    return NULL;
}

RtObject *
RtNumber_Negative(RtObject *op)
{
    unaryfunc negative = Rt_TYPE(op)->nb_negative;
    return negative == NULL ? bad_unary(op, "-") : negative(op);
}

RtObject *
RtNumber_Positive(RtObject *op)
{
    unaryfunc positive = Rt_TYPE(op)->nb_positive;
    return positive == NULL ? bad_unary(op, "+") : positive(op);
}

RtObject *
RtNumber_Invert(RtObject *op)
{
    unaryfunc invert = Rt_TYPE(op)->nb_invert;
    return invert == NULL ? bad_unary(op, "~") : invert(op);
}

// long.c: int.
//
// An int holds an int64_t and never changes. -5 to 256 are immortal objects in
// static memory, so that the commonest numbers are never counted or freed.
// Other ints that die wait on a list of the thread for the next one it makes;
// their head is one at any time: a reader with a stale pointer finds no
// reference there, or another int than the one he looks for.
// Mirrors Objects/longobject.c (CPython 3.13); departs: 64 bits, beyond which
// arithmetic raises OverflowError; a free list, as 3.14 has it.

#include "rtcore_types.h"
#include "rt_errors.h"
#include "rtcore_heap.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { FREE_INTS = 100 };       // of a thread, as in 3.14

static RtLongObject small_ints[RT_SMALL_INT_MAX - RT_SMALL_INT_MIN + 1];

int
RtLong_InitSmall(void)
{
    for (int v = RT_SMALL_INT_MIN; v <= RT_SMALL_INT_MAX; v++) {
        small_ints[v - RT_SMALL_INT_MIN] = (RtLongObject){
            .ob_base = RT_OBJECT_HEAD_IMMORTAL(&RtLong_Type),
            .value = v,
        };
    }
    return 0;
}

// The link of a dead int stands in its value.
static RtObject **
next_free(RtObject *op)
{
    _Static_assert(sizeof(RtObject *) <= sizeof(int64_t), "a link fits");
    return (RtObject **)&((RtLongObject *)op)->value;
}

// NULL: none waits.
static inline RtObject *
take_free(RtThreadState *tstate)
{
    RtObject *op = tstate->free_ints;
    if (op != NULL) {
        tstate->free_ints = *next_free(op);
        tstate->free_ints_room++;
        RtObject_Reuse(op, &RtLong_Type);
    }
    return op;
}

static inline bool
put_free(RtThreadState *tstate, RtObject *op)
{
    if (tstate == NULL || tstate->free_ints_room <= 0 || !RtMem_MayReuse()) {
        return false;
    }
    *next_free(op) = tstate->free_ints;
    tstate->free_ints = op;
    tstate->free_ints_room--;
    return true;
}

void
RtLong_InitFreeList(RtThreadState *tstate)
{
    tstate->free_ints = NULL;
    tstate->free_ints_room = FREE_INTS;
}

void
RtLong_CloseFreeList(RtThreadState *tstate)
{
    tstate->free_ints_room = 0;
    RtObject *op = tstate->free_ints;
    tstate->free_ints = NULL;
    while (op != NULL) {
        RtObject *next = *next_free(op);
        RtObject_Free(op);
        op = next;
    }
}

static RtObject *
long_new_of_type(RtTypeObject *type, int64_t value)
{
    RtLongObject *op = (RtLongObject *)RtObject_New(type, 0);
    if (op != NULL) {
        op->value = value;
    }
    return (RtObject *)op;
}

RtObject *
RtLong_FromInt64(int64_t value)
{
    if (value >= RT_SMALL_INT_MIN && value <= RT_SMALL_INT_MAX) {
        return &small_ints[value - RT_SMALL_INT_MIN].ob_base;
    }
    RtThreadState *tstate = RtThreadState_Get();
    RtObject *op = tstate == NULL ? NULL : take_free(tstate);
    if (op == NULL) {
        return long_new_of_type(&RtLong_Type, value);
    }
    ((RtLongObject *)op)->value = value;
    return op;
}

int64_t
RtLong_AsInt64(RtObject *op)
{
    if (!RtLong_Check(op)) {
        RtErr_Format(&RtExc_TypeError,
                     "'%s' object cannot be interpreted as an integer",
                     Rt_TYPE(op)->tp_name);
        return -1;
    }
    return RtLong_VALUE(op);
}

int
RtLong_AsIndex(RtObject *op, ssize_t *result, const char *what)
{
    if (!RtLong_Check(op)) {
        RtErr_Format(&RtExc_TypeError, "%s, not %s", what,
                     Rt_TYPE(op)->tp_name);
        return -1;
    }
    *result = (ssize_t)RtLong_VALUE(op);
    return 0;
}

// ---------------------------------------------------------------------------
// Arithmetic.

static RtObject *
overflow(void)
{
    RtErr_SetString(&RtExc_OverflowError, "int result does not fit 64 bits");
    return NULL;
}

#define NEED_INTS(a, b) \
    do { \
        if (!RtLong_Check(a) || !RtLong_Check(b)) { \
            return Rt_NotImplemented; \
        } \
    } while (0)

static RtObject *
long_add(RtObject *a, RtObject *b)
{
    NEED_INTS(a, b);
    int64_t result;
    if (__builtin_add_overflow(RtLong_VALUE(a), RtLong_VALUE(b), &result)) {
        return overflow();
    }
    return RtLong_FromInt64(result);
}

static RtObject *
long_subtract(RtObject *a, RtObject *b)
{
    NEED_INTS(a, b);
    int64_t result;
    if (__builtin_sub_overflow(RtLong_VALUE(a), RtLong_VALUE(b), &result)) {
        return overflow();
    }
    return RtLong_FromInt64(result);
}

static RtObject *
long_multiply(RtObject *a, RtObject *b)
{
    NEED_INTS(a, b);
    int64_t result;
    if (__builtin_mul_overflow(RtLong_VALUE(a), RtLong_VALUE(b), &result)) {
        return overflow();
    }
    return RtLong_FromInt64(result);
}

// Rounds towards minus infinity, where C rounds towards zero.
static RtObject *
long_floor_divide(RtObject *a, RtObject *b)
{
    NEED_INTS(a, b);
    int64_t x = RtLong_VALUE(a);
    int64_t y = RtLong_VALUE(b);
    if (y == 0) {
        RtErr_SetString(&RtExc_ZeroDivisionError,
                        "integer division or modulo by zero");
        return NULL;
    }
    if (x == INT64_MIN && y == -1) {
        return overflow();
    }
    int64_t quotient = x / y;
    if (x % y != 0 && (x < 0) != (y < 0)) {
        quotient--;
    }
    return RtLong_FromInt64(quotient);
}

// The remainder has the sign of the divisor.
static RtObject *
long_remainder(RtObject *a, RtObject *b)
{
    NEED_INTS(a, b);
    int64_t x = RtLong_VALUE(a);
    int64_t y = RtLong_VALUE(b);
    if (y == 0) {
        RtErr_SetString(&RtExc_ZeroDivisionError, "integer modulo by zero");
        return NULL;
    }
    if (y == -1) {
        return RtLong_FromInt64(0);
    }
    int64_t remainder = x % y;
    if (remainder != 0 && (remainder < 0) != (y < 0)) {
        remainder += y;
    }
    return RtLong_FromInt64(remainder);
}

static RtObject *
long_and(RtObject *a, RtObject *b)
{
    NEED_INTS(a, b);
    return RtLong_FromInt64(RtLong_VALUE(a) & RtLong_VALUE(b));
}

static RtObject *
long_or(RtObject *a, RtObject *b)
{
    NEED_INTS(a, b);
    return RtLong_FromInt64(RtLong_VALUE(a) | RtLong_VALUE(b));
}

static RtObject *
long_xor(RtObject *a, RtObject *b)
{
    NEED_INTS(a, b);
    return RtLong_FromInt64(RtLong_VALUE(a) ^ RtLong_VALUE(b));
}

static RtObject *
long_negative(RtObject *a)
{
    if (RtLong_VALUE(a) == INT64_MIN) {
        return overflow();
    }
    return RtLong_FromInt64(-RtLong_VALUE(a));
}

static int
long_bool(RtObject *a)
{
    return RtLong_VALUE(a) != 0;
}

// ---------------------------------------------------------------------------
// Protocol slots.

static RtObject *
long_repr(RtObject *op)
{
    return RtStr_FromFormat("%" PRId64, RtLong_VALUE(op));
}

// CPython's hash: the value modulo the Mersenne prime 2**61 - 1, with its sign.
static ssize_t
long_hash(RtObject *op)
{
    const uint64_t modulus = ((uint64_t)1 << 61) - 1;
    int64_t value = RtLong_VALUE(op);
    uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;
    ssize_t hash = (ssize_t)(magnitude % modulus);
    if (value < 0) {
        hash = -hash;
    }
    return hash == -1 ? -2 : hash;
}

static RtObject *
long_richcompare(RtObject *a, RtObject *b, int op)
{
    NEED_INTS(a, b);
    int64_t x = RtLong_VALUE(a);
    int64_t y = RtLong_VALUE(b);
    return RtCompare_Answer((x > y) - (x < y), op);
}

static void
long_dealloc(RtObject *op)
{
    if (!Rt_IS_TYPE(op, &RtLong_Type) ||
        !put_free(RtThreadState_Get(), op))
    {
        RtObject_Free(op);
    }
}

// ---------------------------------------------------------------------------
// int(x)

static int
invalid_literal(RtObject *text)
{
    RtObject *repr = RtObject_Repr(text);
    if (repr != NULL) {
        RtErr_Format(&RtExc_ValueError,
                     "invalid literal for int() with base 10: %s",
                     RtStr_AsUTF8(repr));
        Rt_DECREF(repr);
    }
    return -1;
}

// Decimal digits with single underscores between them, sign and white space
// around.
static int
parse_int(RtObject *text, int64_t *result)
{
    const char *s = RtStr_AsUTF8(text);
    const char *end = s + Rt_SIZE(text);
    while (s < end && isspace((unsigned char)*s)) {
        s++;
    }
    while (end > s && isspace((unsigned char)end[-1])) {
        end--;
    }
    bool negative = s < end && *s == '-';
    if (s < end && (*s == '-' || *s == '+')) {
        s++;
    }
    if (s == end || !isdigit((unsigned char)*s)) {
        return invalid_literal(text);
    }
    int64_t value = 0;
    bool too_big = false;
    for (; s < end; s++) {
        if (*s == '_' && s + 1 < end && s[1] != '_') {
            continue;
        }
        if (!isdigit((unsigned char)*s)) {
            return invalid_literal(text);
        }
        int digit = *s - '0';
        too_big |= __builtin_mul_overflow(value, 10, &value);
        too_big |= __builtin_add_overflow(value, negative ? -digit : digit,
                                          &value);
    }
    if (too_big) {
        (void)overflow();
        return -1;
    }
    *result = value;
    return 0;
}

// x.__int__() of a class that a program defined.
static int
convert_by_method(RtObject *x, int64_t *result)
{
    RtObject *name = RtStr_FromString("__int__");
    if (name == NULL) {
        return -1;
    }
    RtObject *method = RtType_LookupRef(Rt_TYPE(x), name);
    Rt_DECREF(name);
    if (method == NULL) {
        if (RtErr_Occurred() == NULL) {
            RtErr_Format(&RtExc_TypeError,
                         "int() argument must be a string, a bytes-like "
                         "object or a real number, not '%s'",
                         Rt_TYPE(x)->tp_name);
        }
        return -1;
    }
    RtObject *value = RtObject_CallOneArg(method, x);
    Rt_DECREF(method);
    if (value == NULL) {
        return -1;
    }
    int status = 0;
    if (RtLong_Check(value)) {
        *result = RtLong_VALUE(value);
    }
    else {
        RtErr_Format(&RtExc_TypeError, "__int__ returned non-int (type %s)",
                     Rt_TYPE(value)->tp_name);
        status = -1;
    }
    Rt_DECREF(value);
    return status;
}

static RtObject *
long_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    if (RtArg_CheckMax("int", nargs, 1) < 0) {
        return NULL;
    }
    int64_t value = 0;
    if (nargs == 1) {
        RtObject *x = args[0];
        int status = 0;
        if (RtLong_Check(x)) {
            value = RtLong_VALUE(x);
        }
        else if (RtStr_Check(x)) {
            status = parse_int(x, &value);
        }
        else {
            status = convert_by_method(x, &value);
        }
        if (status < 0) {
            return NULL;
        }
    }
    if (type == &RtLong_Type) {
        return RtLong_FromInt64(value);
    }
    return long_new_of_type(type, value);
}

RtTypeObject RtLong_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "int",
    .tp_basicsize = sizeof(RtLongObject),
    .tp_flags = RT_TPFLAGS_BASETYPE | RT_TPFLAGS_LONG_SUBCLASS,
    .tp_dealloc = long_dealloc,
    .tp_repr = long_repr,
    .tp_hash = long_hash,
    .tp_richcompare = long_richcompare,
    .tp_new = long_new,
    .nb_add = long_add,
    .nb_subtract = long_subtract,
    .nb_multiply = long_multiply,
    .nb_floor_divide = long_floor_divide,
    .nb_remainder = long_remainder,
    .nb_and = long_and,
    .nb_or = long_or,
    .nb_xor = long_xor,
    .nb_negative = long_negative,
    .nb_bool = long_bool,
};

// long.c: int.
//
// An int never changes. -5 to 256 are immortal objects in static memory, so
// that the commonest numbers are never counted or freed. What fits 64 bits is
// computed here; long_big.c, long_bits.c, long_text.c and long_float.c have the
// rest (rtcore_long.h).
// Others that die wait for the next one that their thread makes
// (rtcore_long_free.h).
// Mirrors Objects/longobject.c (CPython 3.13); departs: compact ints have 64
// bits; a free list, as 3.14 has it.

#include "rtcore_long.h"

#include "rt_errors.h"
#include "rtcore_heap.h"
#include "rtcore_long_free.h"
#include "rtcore_type.h"

#include <math.h>
#include <string.h>

enum { FREE_INTS = 100 };       // of a thread, as in 3.14

RtLongObject rt_small_ints[RT_SMALL_INT_MAX - RT_SMALL_INT_MIN + 1];

int
RtLong_InitSmall(void)
{
    for (int v = RT_SMALL_INT_MIN; v <= RT_SMALL_INT_MAX; v++) {
        rt_small_ints[v - RT_SMALL_INT_MIN] = (RtLongObject){
            .ob_base = RT_OBJECT_HEAD_IMMORTAL(&RtLong_Type),
            .value = v,
        };
    }
    return 0;
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
        RtObject *next = *RtLong_NextFree(op);
        RtObject_Free(op);
        op = next;
    }
}

// An int of a subtype with the value of `value`.
static RtObject *
long_new_of_type(RtTypeObject *type, RtObject *value)
{
    RtLongView view;
    RtLongLimbs *limbs = NULL;
    if (!RtLong_IsCompact(value)) {
        RtLong_GetView(value, &view);
        limbs = RtLimbs_New(view.size);
        if (limbs == NULL) {
            return NULL;
        }
        limbs->size = view.size;
        limbs->negative = view.negative;
        memcpy(limbs->limb, view.limb, (size_t)view.size * sizeof(uint64_t));
    }
    RtLongObject *op = (RtLongObject *)RtObject_New(type, 0);
    if (op == NULL) {
        RtLimbs_Free(limbs);
        return NULL;
    }
    op->value = RtLong_VALUE(value);
    op->limbs = limbs;
    return (RtObject *)op;
}

RtObject *
RtLong_FromInt64(int64_t value)
{
    if (RtLong_IsSmall(value)) {
        return RtLong_Small(value);
    }
    RtThreadState *tstate = RtThreadState_Get();
    RtObject *op = tstate == NULL ? NULL : RtLong_TryMake(tstate, value);
    if (op != NULL) {
        return op;
    }
    op = RtObject_New(&RtLong_Type, 0);
    if (op != NULL) {
        ((RtLongObject *)op)->value = value;
    }
    return op;
}

RtObject *
RtLong_FromUInt64(uint64_t value)
{
    return RtLong_FromInt128((__int128)value);
}

// ---------------------------------------------------------------------------
// As C has numbers.

bool
RtIndex_Check(RtObject *op)
{
    if (RtLong_Check(op)) {
        return true;
    }
    if (!RtType_IsHeap(Rt_TYPE(op))) {
        return false;
    }
    RtObject *method = RtType_LookupRef(Rt_TYPE(op), rt_name_index);
    Rt_XDECREF(method);
    return method != NULL;
}

RtObject *
RtNumber_Index(RtObject *op)
{
    if (RtLong_Check(op)) {
        return Rt_NewRef(op);
    }
    RtObject *result;
    int found = RtObject_CallSpecial(op, rt_name_index, &result);
    if (found == 0) {
        RtErr_Format(&RtExc_TypeError,
                     "'%s' object cannot be interpreted as an integer",
                     Rt_TYPE(op)->tp_name);
    }
    if (found <= 0 || RtLong_Check(result)) {
        return result;
    }
    RtErr_Format(&RtExc_TypeError, "__index__ returned non-int (type %s)",
                 Rt_TYPE(result)->tp_name);
    Rt_DECREF(result);
    return NULL;
}

int64_t
RtLong_AsInt64(RtObject *op)
{
    RtObject *number = RtNumber_Index(op);
    if (number == NULL) {
        return -1;
    }
    bool compact = RtLong_IsCompact(number);
    int64_t value = RtLong_VALUE(number);
    Rt_DECREF(number);
    if (!compact) {
        RtErr_SetString(&RtExc_OverflowError,
                        "Python int too large to convert to C long");
        return -1;
    }
    return value;
}

int
RtLong_AsIndex(RtObject *op, ssize_t *result, const char *what)
{
    if (!RtIndex_Check(op)) {
        RtErr_Format(&RtExc_TypeError, "%s, not %s", what,
                     Rt_TYPE(op)->tp_name);
        return -1;
    }
    RtObject *number = RtNumber_Index(op);
    if (number == NULL) {
        return -1;
    }
    bool compact = RtLong_IsCompact(number);
    *result = (ssize_t)RtLong_VALUE(number);
    Rt_DECREF(number);
    if (!compact) {
        RtErr_Format(&RtExc_IndexError,
                     "cannot fit '%s' into an index-sized integer",
                     Rt_TYPE(op)->tp_name);
        return -1;
    }
    return 0;
}

int
RtLong_AsRepeatCount(RtObject *op, ssize_t *count)
{
    if (!RtIndex_Check(op)) {
        return 1;
    }
    RtObject *number = RtNumber_Index(op);
    if (number == NULL) {
        return -1;
    }
    bool compact = RtLong_IsCompact(number);
    int64_t value = RtLong_VALUE(number);
    Rt_DECREF(number);
    *count = value < 0 ? 0 : (ssize_t)value;
    if (!compact) {
        RtErr_Format(&RtExc_OverflowError,
                     "cannot fit '%s' into an index-sized integer",
                     Rt_TYPE(op)->tp_name);
        return -1;
    }
    return 0;
}

// ---------------------------------------------------------------------------
// Arithmetic: in 64 bits if operands and result fit them.

#define NEED_INTS(a, b) \
    do { \
        if (!RtLong_Check(a) || !RtLong_Check(b)) { \
            return Rt_NotImplemented; \
        } \
    } while (0)

static inline bool
both_compact(RtObject *a, RtObject *b)
{
    return RtLong_IsCompact(a) && RtLong_IsCompact(b);
}

static RtObject *
long_add(RtObject *a, RtObject *b)
{
    NEED_INTS(a, b);
    int64_t result;
    if (!both_compact(a, b) ||
        __builtin_add_overflow(RtLong_VALUE(a), RtLong_VALUE(b), &result))
    {
        return RtLong_AddBig(a, b, false);
    }
    return RtLong_FromInt64(result);
}

static RtObject *
long_subtract(RtObject *a, RtObject *b)
{
    NEED_INTS(a, b);
    int64_t result;
    if (!both_compact(a, b) ||
        __builtin_sub_overflow(RtLong_VALUE(a), RtLong_VALUE(b), &result))
    {
        return RtLong_AddBig(a, b, true);
    }
    return RtLong_FromInt64(result);
}

static RtObject *
long_multiply(RtObject *a, RtObject *b)
{
    NEED_INTS(a, b);
    int64_t result;
    if (!both_compact(a, b) ||
        __builtin_mul_overflow(RtLong_VALUE(a), RtLong_VALUE(b), &result))
    {
        return RtLong_MultiplyBig(a, b);
    }
    return RtLong_FromInt64(result);
}

// 0, or -1 with ZeroDivisionError.
static int
check_divisor(RtObject *b, const char *message)
{
    if (RtLong_VALUE(b) != 0) {
        return 0;
    }
    RtErr_SetString(&RtExc_ZeroDivisionError, message);
    return -1;
}

// Rounds towards minus infinity, where C rounds towards zero.
static RtObject *
long_floor_divide(RtObject *a, RtObject *b)
{
    NEED_INTS(a, b);
    if (check_divisor(b, "integer division or modulo by zero") < 0) {
        return NULL;
    }
    int64_t x = RtLong_VALUE(a);
    int64_t y = RtLong_VALUE(b);
    if (!both_compact(a, b) || (x == INT64_MIN && y == -1)) {
        RtObject *result;
        return RtLong_DivmodBig(a, b, &result, NULL) < 0 ? NULL : result;
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
    if (check_divisor(b, "integer modulo by zero") < 0) {
        return NULL;
    }
    int64_t x = RtLong_VALUE(a);
    int64_t y = RtLong_VALUE(b);
    if (!both_compact(a, b)) {
        RtObject *result;
        return RtLong_DivmodBig(a, b, NULL, &result) < 0 ? NULL : result;
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
long_divmod(RtObject *a, RtObject *b)
{
    NEED_INTS(a, b);
    if (check_divisor(b, "integer division or modulo by zero") < 0) {
        return NULL;
    }
    RtObject *items[2];
    if (RtLong_DivmodBig(a, b, &items[0], &items[1]) < 0) {
        return NULL;
    }
    RtObject *pair = RtTuple_FromArray(items, 2);
    Rt_DECREF(items[0]);
    Rt_DECREF(items[1]);
    return pair;
}

static RtObject *
long_true_divide(RtObject *a, RtObject *b)
{
    NEED_INTS(a, b);
    return RtLong_TrueDivide(a, b);
}

static RtObject *
long_power(RtObject *a, RtObject *b)
{
    NEED_INTS(a, b);
    if (RtLong_VALUE(b) >= 0) {
        return RtLong_Power(a, b, NULL);
    }
    double x = RtLong_ToDouble(a);
    double y = RtErr_Occurred() != NULL ? -1.0 : RtLong_ToDouble(b);
    return RtErr_Occurred() != NULL ? NULL : RtFloat_Power(x, y);
}

// How far to shift: beyond all memory for what is too large. -1: ValueError.
static int
shift_count(RtObject *b, size_t *n)
{
    if (RtLong_VALUE(b) < 0) {
        RtErr_SetString(&RtExc_ValueError, "negative shift count");
        return -1;
    }
    *n = (size_t)RtLong_VALUE(b);
    return 0;
}

static RtObject *
long_lshift(RtObject *a, RtObject *b)
{
    NEED_INTS(a, b);
    size_t n;
    if (shift_count(b, &n) < 0) {
        return NULL;
    }
    int64_t x = RtLong_VALUE(a);
    if (RtLong_IsCompact(a) && n < 62 && x >= -1 - (INT64_MAX >> n) &&
        x <= INT64_MAX >> n)
    {
        return RtLong_FromInt64((int64_t)((uint64_t)x << n));
    }
    return RtLong_ShiftLeft(a, n);
}

static RtObject *
long_rshift(RtObject *a, RtObject *b)
{
    NEED_INTS(a, b);
    size_t n;
    if (shift_count(b, &n) < 0) {
        return NULL;
    }
    if (RtLong_IsCompact(a)) {
        return RtLong_FromInt64(RtLong_VALUE(a) >> (n > 63 ? 63 : n));
    }
    return RtLong_ShiftRight(a, n);
}

static RtObject *
long_and(RtObject *a, RtObject *b)
{
    NEED_INTS(a, b);
    return both_compact(a, b)
        ? RtLong_FromInt64(RtLong_VALUE(a) & RtLong_VALUE(b))
        : RtLong_Bitwise(a, b, '&');
}

static RtObject *
long_or(RtObject *a, RtObject *b)
{
    NEED_INTS(a, b);
    return both_compact(a, b)
        ? RtLong_FromInt64(RtLong_VALUE(a) | RtLong_VALUE(b))
        : RtLong_Bitwise(a, b, '|');
}

static RtObject *
long_xor(RtObject *a, RtObject *b)
{
    NEED_INTS(a, b);
    return both_compact(a, b)
        ? RtLong_FromInt64(RtLong_VALUE(a) ^ RtLong_VALUE(b))
        : RtLong_Bitwise(a, b, '^');
}

static RtObject *
long_negative(RtObject *a)
{
    int64_t value = RtLong_VALUE(a);
    if (!RtLong_IsCompact(a) || value == INT64_MIN) {
        return RtLong_NegateBig(a, value > 0);
    }
    return RtLong_FromInt64(-value);
}

RtObject *
RtLong_Exact(RtObject *a)
{
    if (RtLong_CheckExact(a)) {
        return Rt_NewRef(a);
    }
    return RtLong_IsCompact(a) ? RtLong_FromInt64(RtLong_VALUE(a))
                               : RtLong_NegateBig(a, RtLong_VALUE(a) < 0);
}

static RtObject *
long_absolute(RtObject *a)
{
    return RtLong_VALUE(a) < 0 ? long_negative(a) : RtLong_Exact(a);
}

// -a - 1
static RtObject *
long_invert(RtObject *a)
{
    if (RtLong_IsCompact(a)) {
        return RtLong_FromInt64(~RtLong_VALUE(a));
    }
    return RtLong_Bitwise(a, RtLong_FromInt64(-1), '^');
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
    return RtLong_Format(op, 10, false);
}

// CPython's hash: the value modulo the Mersenne prime 2**61 - 1, with its sign.
static ssize_t
long_hash(RtObject *op)
{
    const uint64_t modulus = ((uint64_t)1 << 61) - 1;
    if (!RtLong_IsCompact(op)) {
        return RtLong_HashBig(op);
    }
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
    return RtCompare_Answer(RtLong_Compare(a, b), op);
}

static void
long_dealloc(RtObject *op)
{
    if (!RtLong_IsCompact(op)) {
        RtLimbs_Free(((RtLongObject *)op)->limbs);
    }
    RtThreadState *tstate = RtThreadState_Get();
    if (tstate == NULL || !RtLong_CheckExact(op) || !RtLong_MayKeep(tstate)) {
        RtObject_Free(op);
        return;
    }
    ((RtLongObject *)op)->limbs = NULL;
#ifdef RT_GIL_DISABLED
    // Perhaps it was another thread's, or merged.
    rt_assert(rt_atomic_load_uint8_owned(&op->ob_mutex.bits) == 0);
    rt_atomic_store_uintptr_owned(&op->ob_tid, tstate->thread_id);
    rt_atomic_store_ssize_owned(&op->ob_ref_shared, 0);
#endif
    RtLong_Keep(tstate, op);
}

// ---------------------------------------------------------------------------
// int(x, base)

// What x says by __int__, __index__ or __trunc__.
static RtObject *
convert_by_method(RtObject *x)
{
    RtObject *const methods[] = {
        rt_name_int, rt_name_index, rt_name_trunc,
    };
    for (int i = 0; i < 3; i++) {
        RtObject *value;
        int found = RtObject_CallSpecial(x, methods[i], &value);
        if (found < 0 || (found > 0 && RtLong_Check(value))) {
            return value;
        }
        if (found > 0) {
            RtErr_Format(&RtExc_TypeError, "%s returned non-int (type %s)",
                         RtStr_AsUTF8(methods[i]), Rt_TYPE(value)->tp_name);
            Rt_DECREF(value);
            return NULL;
        }
    }
    RtErr_Format(&RtExc_TypeError, "int() argument must be a string, a "
                 "bytes-like object or a real number, not '%s'",
                 Rt_TYPE(x)->tp_name);
    return NULL;
}

static RtObject *
from_float(double value)
{
    if (isnan(value) || isinf(value)) {
        RtErr_Format(isnan(value) ? &RtExc_ValueError : &RtExc_OverflowError,
                     "cannot convert float %s to integer",
                     isnan(value) ? "NaN" : "infinity");
        return NULL;
    }
    return RtLong_FromDouble(value);
}

RtObject *
RtNumber_Long(RtObject *x)
{
    if (RtLong_Check(x)) {
        return RtLong_Exact(x);
    }
    if (RtFloat_CheckExact(x)) {
        return from_float(RtFloat_VALUE(x));
    }
    if (RtStr_Check(x)) {
        return RtLong_FromText(x, 10);
    }
    RtObject *number;
    if (RtLong_FromBytesLike(x, 10, &number)) {
        return number;
    }
    if (RtType_IsHeap(Rt_TYPE(x)) && RtFloat_Check(x)) {
        RtObject *value;
        int found = RtObject_CallSpecial(x, rt_name_int, &value);
        return found != 0 ? value : from_float(RtFloat_VALUE(x));
    }
    return convert_by_method(x);
}

static RtObject *
from_text_in_base(RtObject *x, RtObject *base_object)
{
    int64_t base = RtLong_AsInt64(base_object);
    if (base == -1 && RtErr_Occurred() != NULL) {
        return NULL;
    }
    if (base != 0 && (base < 2 || base > 36)) {
        RtErr_SetString(&RtExc_ValueError,
                        "int() base must be >= 2 and <= 36, or 0");
        return NULL;
    }
    if (!RtStr_Check(x)) {
        RtObject *number;
        if (RtLong_FromBytesLike(x, (int)base, &number)) {
            return number;
        }
        RtErr_SetString(&RtExc_TypeError, "int() can't convert non-string "
                        "with explicit base");
        return NULL;
    }
    return RtLong_FromText(x, (int)base);
}

// int(x=0, /), int(x, /, base)
static RtObject *
long_new_kw(RtTypeObject *type, RtObject *const *args, ssize_t nargs,
            RtObject *kwnames)
{
    static const char *const names[] = { "", "base", NULL };
    RtObject *values[2];
    if (RtArg_CheckMax("int", nargs, 2) < 0 ||
        RtArg_Unpack("int", names, 2, 0, args, nargs, kwnames, values) < 0)
    {
        return NULL;
    }
    if (values[0] == NULL && values[1] != NULL) {
        RtErr_SetString(&RtExc_TypeError, "int() missing string argument");
        return NULL;
    }
    RtObject *value = values[0] == NULL ? RtLong_FromInt64(0)
                      : values[1] == NULL ? RtNumber_Long(values[0])
                      : from_text_in_base(values[0], values[1]);
    if (value == NULL || (type == &RtLong_Type && RtLong_CheckExact(value))) {
        return value;
    }
    RtObject *result = type == &RtLong_Type ? RtLong_Exact(value)
                                            : long_new_of_type(type, value);
    Rt_DECREF(value);
    return result;
}

static RtObject *
long_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    return long_new_kw(type, args, nargs, NULL);
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
    .tp_new_kw = long_new_kw,
    .nb_add = long_add,
    .nb_subtract = long_subtract,
    .nb_multiply = long_multiply,
    .nb_floor_divide = long_floor_divide,
    .nb_remainder = long_remainder,
    .nb_and = long_and,
    .nb_or = long_or,
    .nb_xor = long_xor,
    .nb_true_divide = long_true_divide,
    .nb_power = long_power,
    .nb_lshift = long_lshift,
    .nb_rshift = long_rshift,
    .nb_divmod = long_divmod,
    .nb_negative = long_negative,
    .nb_positive = RtLong_Exact,
    .nb_absolute = long_absolute,
    .nb_invert = long_invert,
    .nb_bool = long_bool,
    .tp_methods = rt_long_methods,
    .tp_class_methods = rt_long_class_methods,
    .tp_getset = rt_long_getset,
};

// str.c: str, and the table of immortal strs.
//
// A str is bytes of UTF-8 with a NUL behind them. Its hash and its length are
// computed when it is made, so that nothing of it ever changes and no access
// takes a lock. The table of interned strs grows at start-up only and is read
// without a lock.
// Mirrors Objects/unicodeobject.c (CPython 3.13); departs: UTF-8 only, so that
// to find a character of what is not ASCII walks; FNV-1a hash without a seed,
// nothing is interned at run time.

#include "rtcore_types.h"
#include "rt_errors.h"
#include "rtcore_bytes.h"
#include "rtcore_format.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static inline RtStrObject *
as_str(RtObject *op)
{
    rt_assert(RtStr_Check(op));
    return (RtStrObject *)op;
}

// ---------------------------------------------------------------------------
// Making strs.

enum { LONG_TEXT = 64 };

// The same in every process: no seed. Never -1, which means an error.
static ssize_t
hash_bytes(const char *bytes, ssize_t size)
{
    uint64_t hash = 14695981039346656037u;
    ssize_t i = 0;
    // Long texts in words, the same on every machine.
    for (; size - i > LONG_TEXT; i += (ssize_t)sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, bytes + i, sizeof(word));
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    for (; i < size; i++) {
        hash = (hash ^ (unsigned char)bytes[i]) * 1099511628211u;
    }
    // The low bits choose the slot of a dict: fold the high ones in.
    hash ^= hash >> 32;
    return (ssize_t)hash == -1 ? -2 : (ssize_t)hash;
}

// A str whose bytes the caller fills before str_seal().
static RtStrObject *
str_alloc(ssize_t size)
{
    if (size > RT_SEQUENCE_SIZE_MAX) {
        return RtErr_NoMemory();
    }
    RtStrObject *op = (RtStrObject *)RtObject_New(&RtStr_Type, size);
    if (op != NULL) {
        Rt_SIZE(op) = size;
        op->data[size] = '\0';
    }
    return op;
}

static ssize_t
count_chars(const char *data, ssize_t size)
{
    ssize_t rest = 0;           // bytes that continue a character
    for (ssize_t i = 0; i < size; i++) {
        rest += ((unsigned char)data[i] & 0xc0) == 0x80;
    }
    return size - rest;
}

static RtObject *
str_seal(RtStrObject *op)
{
    op->hash = hash_bytes(op->data, Rt_SIZE(op));
    op->length = count_chars(op->data, Rt_SIZE(op));
    return (RtObject *)op;
}

RtObject *
RtStr_FromStringAndSize(const char *utf8, ssize_t size)
{
    rt_assert(size >= 0);
    RtStrObject *op = str_alloc(size);
    if (op == NULL) {
        return NULL;
    }
    memcpy(op->data, utf8, (size_t)size);
    return str_seal(op);
}

RtObject *
RtStr_FromString(const char *utf8)
{
    return RtStr_FromStringAndSize(utf8, (ssize_t)strlen(utf8));
}

RtObject *
RtStr_FromFormat(const char *format, ...)
{
    char small[256];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(small, sizeof(small), format, args);
    va_end(args);
    if (size < 0) {
        RtErr_SetString(&RtExc_SystemError, "invalid format");
        return NULL;
    }
    if ((size_t)size < sizeof(small)) {
        return RtStr_FromStringAndSize(small, size);
    }
    RtStrObject *op = str_alloc(size);
    if (op == NULL) {
        return NULL;
    }
    va_start(args, format);
    vsnprintf(op->data, (size_t)size + 1, format, args);
    va_end(args);
    return str_seal(op);
}

const char *
RtStr_AsUTF8(RtObject *op)
{
    return as_str(op)->data;
}

bool
RtStr_Equal(RtObject *a, RtObject *b)
{
    return a == b
           || (as_str(a)->hash == as_str(b)->hash && Rt_SIZE(a) == Rt_SIZE(b)
               && memcmp(as_str(a)->data, as_str(b)->data,
                         (size_t)Rt_SIZE(a)) == 0);
}

RtObject *
RtStr_Concat(RtObject *a, RtObject *b)
{
    size_t na = (size_t)Rt_SIZE(a);
    size_t nb = (size_t)Rt_SIZE(b);
    RtStrObject *op = str_alloc((ssize_t)(na + nb));
    if (op == NULL) {
        return NULL;
    }
    memcpy(op->data, as_str(a)->data, na);
    memcpy(op->data + na, as_str(b)->data, nb);
    return str_seal(op);
}

// ---------------------------------------------------------------------------
// Interned strs: an open-addressed table, at most half full.

static struct {
    RtObject **slots;
    size_t mask;                // slots - 1
    size_t used;
} interned;

static RtObject **
interned_slot(RtObject **slots, size_t mask, const char *text, ssize_t size,
              ssize_t hash)
{
    size_t i = (size_t)hash & mask;
    while (slots[i] != NULL) {
        if (as_str(slots[i])->hash == hash && Rt_SIZE(slots[i]) == size
            && memcmp(as_str(slots[i])->data, text, (size_t)size) == 0) {
            break;
        }
        i = (i + 1) & mask;
    }
    return &slots[i];
}

static int
interned_grow(void)
{
    size_t mask = interned.slots == NULL ? 255 : interned.mask * 2 + 1;
    RtObject **slots = RtMem_Calloc(mask + 1, sizeof(RtObject *));
    if (slots == NULL) {
        (void)RtErr_NoMemory();
        return -1;
    }
    for (size_t i = 0; interned.slots != NULL && i <= interned.mask; i++) {
        RtObject *op = interned.slots[i];
        if (op != NULL) {
            *interned_slot(slots, mask, as_str(op)->data, Rt_SIZE(op),
                           as_str(op)->hash) = op;
        }
    }
    RtMem_Free(interned.slots);
    interned.slots = slots;
    interned.mask = mask;
    return 0;
}

RtObject *
RtStr_InternStatic(const char *utf8)
{
    ssize_t size = (ssize_t)strlen(utf8);
    ssize_t hash = hash_bytes(utf8, size);
    if (interned.slots != NULL) {
        RtObject *found = *interned_slot(interned.slots, interned.mask, utf8,
                                         size, hash);
        if (found != NULL) {
            return found;
        }
    }
    if ((interned.slots == NULL || interned.used * 2 >= interned.mask)
        && interned_grow() < 0) {
        return NULL;
    }
    RtObject *op = RtStr_FromStringAndSize(utf8, size);
    if (op == NULL) {
        return NULL;
    }
    RtObject_SetImmortal(op);
    *interned_slot(interned.slots, interned.mask, utf8, size, hash) = op;
    interned.used++;
    return op;
}

RtObject *
RtStr_FindStatic(const char *utf8, ssize_t size)
{
    return *interned_slot(interned.slots, interned.mask, utf8, size,
                          hash_bytes(utf8, size));
}

// ---------------------------------------------------------------------------
// Protocol slots.

static void
str_dealloc(RtObject *op)
{
    RtObject_Free(op);
}

static RtObject *
str_repr(RtObject *op)
{
    return RtStr_ReprOf(op, false);
}

static RtObject *
str_str(RtObject *op)
{
    return Rt_NewRef(op);
}

static ssize_t
str_hash(RtObject *op)
{
    return as_str(op)->hash;
}

static RtObject *
str_richcompare(RtObject *a, RtObject *b, int op)
{
    if (!RtStr_Check(a) || !RtStr_Check(b)) {
        return Rt_NotImplemented;
    }
    if (op == RT_EQ || op == RT_NE) {
        return RtBool_FromInt(RtStr_Equal(a, b) == (op == RT_EQ));
    }
    ssize_t na = Rt_SIZE(a);
    ssize_t nb = Rt_SIZE(b);
    int order = memcmp(as_str(a)->data, as_str(b)->data,
                       (size_t)(na < nb ? na : nb));
    if (order == 0) {
        order = (na > nb) - (na < nb);
    }
    return RtCompare_Answer(order, op);
}

static ssize_t
str_length(RtObject *op)
{
    return RtStr_LENGTH(op);
}

static RtObject *
str_subscript(RtObject *op, RtObject *key)
{
    if (RtSlice_Check(key)) {
        return RtStr_GetSlice(op, key);
    }
    if (!RtIndex_Check(key)) {
        RtErr_Format(&RtExc_TypeError,
                     "string indices must be integers, not '%s'",
                     Rt_TYPE(key)->tp_name);
        return NULL;
    }
    ssize_t i;
    if (RtLong_AsIndex(key, &i, "") < 0) {
        return NULL;
    }
    if (i < 0) {
        i += RtStr_LENGTH(op);
    }
    if (i < 0 || i >= RtStr_LENGTH(op)) {
        RtErr_SetString(&RtExc_IndexError, "string index out of range");
        return NULL;
    }
    return RtStr_TryGetItem(op, RtStr_ByteOffset(op, i));
}

static int
str_contains(RtObject *op, RtObject *value)
{
    if (!RtStr_Check(value)) {
        RtErr_Format(&RtExc_TypeError, "'in <string>' requires string as "
                     "left operand, not %s", Rt_TYPE(value)->tp_name);
        return -1;
    }
    return memmem(as_str(op)->data, (size_t)Rt_SIZE(op), as_str(value)->data,
                  (size_t)Rt_SIZE(value)) != NULL;
}

static RtObject *
str_add(RtObject *a, RtObject *b)
{
    if (!RtStr_Check(a)) {
        return Rt_NotImplemented;
    }
    if (!RtStr_Check(b)) {
        return RtSequence_AsksOther(b) ? Rt_NotImplemented
                                       : RtSequence_BadConcat(a, b);
    }
    return RtStr_Concat(a, b);
}

static RtObject *
str_remainder(RtObject *a, RtObject *b)
{
    return RtStr_Check(a) ? RtStr_Percent(a, b) : Rt_NotImplemented;
}

static RtObject *
str_multiply(RtObject *a, RtObject *b)
{
    RtObject *op = RtStr_Check(a) ? a : b;
    RtObject *count = op == a ? b : a;
    ssize_t n;
    int status = RtStr_Check(op) ? RtLong_AsRepeatCount(count, &n) : 1;
    if (status != 0) {
        return status < 0 ? NULL : Rt_NotImplemented;
    }
    ssize_t unit = Rt_SIZE(op);
    ssize_t size;
    if (__builtin_mul_overflow(n, unit, &size)) {
        return RtErr_NoMemory();
    }
    RtStrObject *result = str_alloc(size);
    if (result == NULL) {
        return NULL;
    }
    for (ssize_t at = 0; at < size && unit > 0; at += unit) {
        memcpy(result->data + at, as_str(op)->data, (size_t)unit);
    }
    return str_seal(result);
}

// str(object='', encoding, errors)
static RtObject *
str_new_kw(RtTypeObject *type, RtObject *const *args, ssize_t nargs,
           RtObject *kwnames)
{
    (void)type;
    static const char *const names[] = { "object", "encoding", "errors",
                                         NULL };
    RtObject *values[3];
    if (RtArg_Unpack("str", names, 3, 0, args, nargs, kwnames, values) < 0) {
        return NULL;
    }
    if (values[0] == NULL) {
        return RtStr_FromStringAndSize("", 0);
    }
    if (values[1] == NULL && values[2] == NULL) {
        return RtObject_Str(values[0]);
    }
    const char *texts[2];
    if (RtCodec_Names("str", values + 1, texts) < 0) {
        return NULL;
    }
    if (RtStr_Check(values[0])) {
        RtErr_SetString(&RtExc_TypeError, "decoding str is not supported");
        return NULL;
    }
    RtObject *bytes = RtBytes_FromLike(values[0]);
    if (bytes == NULL) {
        if (RtErr_Occurred() == NULL) {
            RtErr_Format(&RtExc_TypeError, "decoding to str: need a "
                         "bytes-like object, %s found",
                         Rt_TYPE(values[0])->tp_name);
        }
        return NULL;
    }
    RtObject *result = RtBytes_Decode(bytes, texts[0], texts[1]);
    Rt_DECREF(bytes);
    return result;
}

static RtObject *
str_new(RtTypeObject *type, RtObject *const *args, ssize_t nargs)
{
    if (RtArg_CheckMax("str", nargs, 3) < 0) {
        return NULL;
    }
    return str_new_kw(type, args, nargs, NULL);
}

RtTypeObject RtStr_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "str",
    .tp_basicsize = sizeof(RtStrObject) + 1,
    .tp_itemsize = 1,
    .tp_flags = RT_TPFLAGS_STR_SUBCLASS,
    .tp_dealloc = str_dealloc,
    .tp_repr = str_repr,
    .tp_str = str_str,
    .tp_hash = str_hash,
    .tp_richcompare = str_richcompare,
    .tp_iter = RtSeqIter_New,
    .tp_new = str_new,
    .tp_new_kw = str_new_kw,
    .nb_add = str_add,
    .nb_multiply = str_multiply,
    .mp_length = str_length,
    .mp_subscript = str_subscript,
    .sq_contains = str_contains,
    .tp_methods = rt_str_methods,
    .tp_class_methods = rt_str_class_methods,
    .nb_remainder = str_remainder,
};
